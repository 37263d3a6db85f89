/* Faults that are planted between a world and its engine, to see whether the world finds them.
 *
 * Each is what somebody could get wrong in a server: an option that is ignored, a deadline that is
 * lost on the way, a moment that is one millisecond off, a log that forgets. A fault is a set of
 * hooks (server.h); nothing of the engine is changed for it.
 */
#ifndef TTLSPEC_SIM_PLANTED_H
#define TTLSPEC_SIM_PLANTED_H

#include "sim/server.h"

typedef struct planted planted;

/* What a fault does in the place of each hook; NULL: nothing. */
typedef struct planted_kind {
    const char *name;
    void (*execute)(planted *fault, sim_server *server, sim_op op, ttl_reply *reply);
    void (*cycle)(planted *fault, sim_server *server);
    int64_t (*now)(planted *fault, int64_t wall_us);
    bool (*keeps)(planted *fault, sim_change *change);
    bool (*applies)(planted *fault, sim_change *change);
    bool (*announces)(planted *fault, const ttl_event *event);
    bool is_long; /* shows only after many commands: cannot be told in ten steps */
} planted_kind;

struct planted {
    const planted_kind *kind;
    sim_hooks hooks;
    int64_t shift_us, last_us; /* added to the clock; the latest reading of it */
    uint64_t count;
    bool in_cycle;
};

extern const planted_kind planted_kinds[];
extern const size_t planted_count;

/* The hooks point to the fault: it must not be moved afterwards. */
void planted_init(planted *fault, const planted_kind *kind);

#endif
