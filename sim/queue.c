#include "sim/queue.h"

#include <stdlib.h>
#include <string.h>

enum { NEAR_HALF = SIM_QUEUE_NEAR / 2 };

void sim_queue_free(sim_queue *queue) {
    free(queue->far);
    *queue = (sim_queue){0};
}

/* ---- far */

static bool is_before(const sim_event *a, const sim_event *b) {
    return a->at_us < b->at_us || (a->at_us == b->at_us && a->sequence < b->sequence);
}

static void far_add(sim_queue *queue, sim_event event) {
    if (queue->far_count == queue->far_capacity) {
        queue->far_capacity = queue->far_capacity == 0 ? 64 : queue->far_capacity * 2;
        queue->far = realloc(queue->far, queue->far_capacity * sizeof *queue->far);
        if (queue->far == NULL) abort();
    }
    size_t at = queue->far_count++;
    for (; at > 0 && is_before(&event, &queue->far[(at - 1) / 2]); at = (at - 1) / 2)
        queue->far[at] = queue->far[(at - 1) / 2];
    queue->far[at] = event;
}

static sim_event far_take(sim_queue *queue) {
    sim_event first = queue->far[0], last = queue->far[--queue->far_count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < queue->far_count; at = child) {
        if (child + 1 < queue->far_count && is_before(&queue->far[child + 1], &queue->far[child]))
            child++;
        if (!is_before(&queue->far[child], &last)) break;
        queue->far[at] = queue->far[child];
    }
    queue->far[at] = last;
    return first;
}

/* ---- near */

/* The later half goes to the heap. */
static void make_room(sim_queue *queue) {
    for (size_t i = 0; i < NEAR_HALF; i++) far_add(queue, queue->near[i]);
    queue->near_count -= NEAR_HALF;
    memmove(queue->near, queue->near + NEAR_HALF, queue->near_count * sizeof *queue->near);
}

static void fetch(sim_queue *queue) {
    size_t count = queue->far_count < NEAR_HALF ? queue->far_count : NEAR_HALF;
    for (size_t i = count; i-- > 0;) queue->near[i] = far_take(queue);
    queue->near_count = count;
}

/* What is planned last comes last of its moment, so the moment alone says where. */
void sim_queue_add(sim_queue *queue, sim_event event) {
    event.sequence = queue->planned++;
    if (queue->near_count == SIM_QUEUE_NEAR) make_room(queue);
    if (queue->far_count > 0 && event.at_us >= queue->far[0].at_us) {
        far_add(queue, event);
        return;
    }
    size_t at = queue->near_count++;
    for (; at > 0 && queue->near[at - 1].at_us <= event.at_us; at--)
        queue->near[at] = queue->near[at - 1];
    queue->near[at] = event;
}

bool sim_queue_take(sim_queue *queue, sim_event *event) {
    if (queue->near_count == 0) fetch(queue);
    if (queue->near_count == 0) return false;
    *event = queue->near[--queue->near_count];
    return true;
}
