/* What the clients of a world do at random.
 *
 * Each world draws its own weights: some commands never come, some often (a swarm), keys are few or
 * many and some of them hot, and times are those around which servers err: none, one, the present
 * and its neighbours, whole seconds and halves, the ends of the number range. Two worlds are unlike
 * each other on purpose.
 *
 * Cost: a command takes a handful of draws and no memory.
 */
#ifndef TTLSPEC_SIM_WORKLOAD_H
#define TTLSPEC_SIM_WORKLOAD_H

#include "sim/op.h"
#include "sim/random.h"

enum { SIM_WORKLOAD_SLOTS = 256 };

typedef struct sim_workload {
    uint8_t slots[SIM_WORKLOAD_SLOTS]; /* kinds of commands, as often as their weight */
    uint8_t keys, hot_keys;
    uint8_t extremes; /* of 256 times, so many are extreme */
    int64_t span_ms;  /* ordinary times are around this */
} sim_workload;

sim_workload sim_workload_draw(sim_random *stream);
/* `now_ms`: what the client's clock shows. */
sim_op sim_workload_op(const sim_workload *workload, sim_random *stream, int64_t now_ms);

/* A command that only reads. */
sim_op sim_workload_read(const sim_workload *workload, sim_random *stream);

#endif
