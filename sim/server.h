/* A server of a world: the engine, and beside it the naive model that it must equal.
 *
 *      command ---> [ hooks ] ---> engine ---> reply, events
 *              `--------------> model  ---> the right reply, the right events
 *
 * The engine's clock is what the world says, in microseconds since the epoch, or frozen at 0 while
 * the server reads back its log or follows a primary: then nothing dies by itself.
 *
 * Hooks stand between the world and the engine, so that tests can plant faults there. A world for
 * a user has none.
 * Ownership: the server owns engine, session and model; hooks are the caller's.
 */
#ifndef TTLSPEC_SIM_SERVER_H
#define TTLSPEC_SIM_SERVER_H

#include "sim/model.h"
#include "ttlspec/engine.h"

typedef struct sim_server sim_server;

/* Each may be NULL: then what a right server does is done. */
typedef struct sim_hooks {
    void *context;
    /* A world, or the replay of one, begins. */
    void (*begin)(void *context);
    /* What the engine is told for the time. */
    int64_t (*now_us)(void *context, int64_t wall_us);
    /* Executes a command: sim_server_engine_execute, with a twist. */
    void (*execute)(void *context, sim_server *server, const sim_op *op, ttl_reply *reply);
    /* Runs the active cycle: sim_server_engine_cycle, with a twist. */
    void (*cycle)(void *context, sim_server *server);
    /* False: this keyspace event is swallowed. */
    bool (*announces)(void *context, const ttl_event *event);
    /* A change on its way to the log and to the replica. False: it is lost. */
    bool (*keeps)(void *context, sim_op *change);
    /* A change as a replica, or a server that reads its log, applies it. False: it is not. */
    bool (*applies)(void *context, sim_op *change);
} sim_hooks;

/* What the keyspace events of a unit tell. */
enum {
    SIM_EVENT_EXPIRE = 1,
    SIM_EVENT_DEL = 2,
    SIM_EVENT_PERSIST = 4,
    SIM_EVENT_OTHER = 8, /* any other change */
};

enum { SIM_ANNOUNCED = 2 * SIM_KEYS };

struct sim_server {
    const sim_hooks *hooks;
    uint64_t seed;
    uint8_t dialect;
    ttl_engine *engine;
    ttl_session *session;
    sim_model model;
    int64_t now_us;
    bool is_frozen;
    bool is_replica; /* while it is read from as one */
    /* Of the unit that was executed last: `expired` as it was announced, and the other events. */
    uint8_t announced[SIM_ANNOUNCED];
    size_t announced_count;
    unsigned events;
};

void sim_server_open(sim_server *server, const sim_hooks *hooks, uint8_t dialect, uint64_t seed);
void sim_server_close(sim_server *server);
/* Forgets all keys of the engine, as a process that ends does. The model stays. */
void sim_server_restart_engine(sim_server *server);

/* A command on the engine, by way of the hooks. The reply is cleared first. */
void sim_server_execute(sim_server *server, const sim_op *op, ttl_reply *reply);
/* A command that only reads, as a replica answers it: a dead key is hidden, and kept. */
void sim_server_read(sim_server *server, const sim_op *op, ttl_reply *reply);
void sim_server_cycle(sim_server *server);
/* A change of the stream, on engine and model, with the clock frozen. */
void sim_server_apply(sim_server *server, sim_op change);
/* The same without any hook. */
void sim_server_engine_execute(sim_server *server, const sim_op *op, ttl_reply *reply);
void sim_server_engine_cycle(sim_server *server);

/* The first key in which the engine's state is not the model's; SIM_KEYS: they are equal. Asks with
 * the clock frozen, so that asking changes nothing. */
uint8_t sim_server_difference(sim_server *server, ttl_reply *engine, ttl_reply *model);

#endif
