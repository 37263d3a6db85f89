/* The network of a world: what becomes of each message.
 *
 *      message ---> [ cut off? lost? late? twice? ] ---> lost, or arrives after latency_us
 *
 * That depends on the seed, on the message's name, and on what is wrong with the network at that
 * moment, and on nothing else: there is no stream of numbers that one message could shift for the
 * next. Faults are drawn, and written down when somebody asks for it, or given (schedule.h).
 *
 * Cost: two multiplications a message; in a given run a search in the list.
 * Ownership: schedules are the caller's.
 */
#ifndef TTLSPEC_SIM_NETWORK_H
#define TTLSPEC_SIM_NETWORK_H

#include "sim/schedule.h"

typedef struct sim_network {
    uint64_t key; /* from the seed: sim_network_key */
    int64_t latency_us;
    uint64_t cut_off;                    /* a bit for each node, of a partition */
    bool is_lossy, is_slow, is_doubling; /* in a drawn run */
    const sim_schedule *given;           /* NULL: faults are drawn */
    sim_schedule *decided;               /* NULL: they are not written down */
    uint64_t *marks; /* by kind of fault, how often it came; NULL: not counted */
} sim_network;

typedef struct sim_fate {
    bool is_lost;
    int64_t latency_us;
    int64_t again_us; /* a second copy comes so much after the first; 0: none does */
} sim_fate;

uint64_t sim_network_key(uint64_t seed);
sim_fate sim_network_send(sim_network *network, sim_message_name message);
/* A number that belongs to the message, for what else a run has to draw for it. */
uint64_t sim_network_draw(const sim_network *network, sim_message_name message);

#endif
