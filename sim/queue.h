/* What is still to happen in a world: events in the order of their moment, and among those of one
 * moment in the order in which they were planned. So the order never depends on how the queue is
 * built.
 *
 * The queue is a binary heap. Cost: O(log n) for both calls; allocates only when it grows.
 * Ownership: the queue owns its events; they are values.
 */
#ifndef TTLSPEC_SIM_QUEUE_H
#define TTLSPEC_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sim_event {
    int64_t at_us; /* true time of the world */
    uint64_t sequence;
    uint32_t kind, node; /* what the world makes of them */
    uint64_t payload;
} sim_event;

typedef struct sim_queue {
    sim_event *events;
    size_t count, capacity;
    uint64_t planned;
} sim_queue;

void sim_queue_free(sim_queue *queue);
/* `event.sequence` is given by the queue. */
void sim_queue_add(sim_queue *queue, sim_event event);
/* Takes the next event. False: there is none. */
bool sim_queue_take(sim_queue *queue, sim_event *event);

#endif
