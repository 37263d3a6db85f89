/* What is still to happen in a world: events in the order of their moment, and among those of one
 * moment in the order in which they were planned. So the order never depends on how the queue is
 * built.
 *
 *      near: [ ... later, soon, next ]   sorted; what is taken stands last
 *      far:  a binary heap               nothing in it comes before anything near
 *
 * Most of what is planned comes soon, and most worlds have little under way: then a call moves a
 * few events of a sorted array and never asks the heap.
 * Cost: some moves near, O(log n) far; allocates only when the heap grows.
 * Ownership: the queue owns its events; they are values.
 */
#ifndef TTLSPEC_SIM_QUEUE_H
#define TTLSPEC_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_QUEUE_NEAR = 32 };

typedef struct sim_event {
    int64_t at_us; /* true time of the world */
    uint64_t sequence;
    uint32_t kind, node; /* what the world makes of them */
    uint64_t payload;
} sim_event;

typedef struct sim_queue {
    sim_event near[SIM_QUEUE_NEAR];
    size_t near_count;
    sim_event *far;
    size_t far_count, far_capacity;
    uint64_t planned;
} sim_queue;

void sim_queue_free(sim_queue *queue);
/* `event.sequence` is given by the queue. */
void sim_queue_add(sim_queue *queue, sim_event event);
/* Takes the next event. False: there is none. */
bool sim_queue_take(sim_queue *queue, sim_event *event);

#endif
