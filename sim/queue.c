#include "sim/queue.h"

#include <stdlib.h>

static bool is_before(const sim_event *a, const sim_event *b) {
    return a->at_us < b->at_us || (a->at_us == b->at_us && a->sequence < b->sequence);
}

void sim_queue_free(sim_queue *queue) {
    free(queue->events);
    *queue = (sim_queue){0};
}

void sim_queue_add(sim_queue *queue, sim_event event) {
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity == 0 ? 64 : queue->capacity * 2;
        queue->events = realloc(queue->events, queue->capacity * sizeof *queue->events);
        if (queue->events == NULL) abort();
    }
    event.sequence = queue->planned++;
    size_t at = queue->count++;
    for (; at > 0 && is_before(&event, &queue->events[(at - 1) / 2]); at = (at - 1) / 2)
        queue->events[at] = queue->events[(at - 1) / 2];
    queue->events[at] = event;
}

bool sim_queue_take(sim_queue *queue, sim_event *event) {
    if (queue->count == 0) return false;
    *event = queue->events[0];
    sim_event last = queue->events[--queue->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < queue->count; at = child) {
        if (child + 1 < queue->count && is_before(&queue->events[child + 1], &queue->events[child]))
            child++;
        if (!is_before(&queue->events[child], &last)) break;
        queue->events[at] = queue->events[child];
    }
    queue->events[at] = last;
    return true;
}
