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

#include "sim/log.h"
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
    bool (*keeps)(void *context, sim_change *change);
    /* A change as a replica, or a server that reads its log, applies it. False: it is not. */
    bool (*applies)(void *context, sim_change *change);
} sim_hooks;

/* A client's last connections, and that of its proxy. */
enum { SIM_SESSIONS_EACH = 4, SIM_LISTENER = 32 }; /* the first session that only listens */
/* Connections: of clients; of whoever looks at a replica or a state; of a primary that tells. */
enum { SIM_PEERS = 40, SIM_OWN = SIM_PEERS, SIM_LINK, SIM_SESSIONS };
enum { SIM_ANNOUNCED = 2 * SIM_SLOTS };

struct sim_server {
    const sim_hooks *hooks;
    uint64_t seed;
    uint8_t dialect;
    ttl_engine *engine;
    ttl_session *sessions[SIM_SESSIONS]; /* NULL: there is none yet */
    uint8_t session, database;           /* of the command that is being executed */
    bool is_queued;                      /* it is only put into a transaction */
    uint8_t own_database, link_database;
    sim_model model;
    int64_t now_us;
    int64_t goes_on_us; /* so much later the clock is, for who asks again within a unit */
    size_t readings;    /* of the clock, within the unit */
    bool is_frozen;
    bool tells_moment; /* ... but what it applies names a past moment, which may not be to come */
    bool is_replica;
    bool has_listeners; /* somebody is subscribed: what happens is written down */
    struct sim_ear {
        sim_server *server;
        uint8_t session;
    } ears[SIM_SESSIONS];
    sim_push *pushes; /* to subscribers, of the last unit */
    size_t push_count, push_capacity;
    sim_happening *happened; /* and all events of it */
    size_t happened_count, happened_capacity;
    struct sim_unblocked {
        uint8_t session;
        ttl_reply reply;
    } unblocked[SIM_PEERS]; /* who waited and was answered in the last unit, in that order */
    size_t unblocked_count;
    sim_log *log; /* where its changes go; NULL: nowhere */
    /* Of the unit that was executed last: the slots of what was announced as expired, and how many
     * other events there were. */
    uint8_t announced[SIM_ANNOUNCED];
    size_t announced_count;
    uint8_t hexpired[SIM_ANNOUNCED]; /* of hashes: that fields had expired */
    size_t hexpired_count;
    unsigned events;
};

void sim_server_open(sim_server *server, const sim_hooks *hooks, uint8_t dialect, uint64_t seed,
                     sim_log *log);
void sim_server_close(sim_server *server);
/* Forgets all keys and connections of the engine, as a process that ends does. The model stays. */
void sim_server_restart_engine(sim_server *server);
/* Becomes a replica, or is no longer one. */
void sim_server_set_replica(sim_server *server, bool is_replica);
/* A connection ends. */
void sim_server_hang_up(sim_server *server, uint8_t session);

/* A command of a connection on the engine, by way of the hooks. `peer` is what the model knows of
 * the connection before it. The reply is cleared first. */
void sim_server_execute(sim_server *server, uint8_t session, const sim_peer *peer, const sim_op *op,
                        ttl_reply *reply);
/* A command that only reads, in the database that it names. */
void sim_server_read(sim_server *server, const sim_op *op, ttl_reply *reply);
void sim_server_cycle(sim_server *server);
/* Answers those who have waited long enough. */
void sim_server_time_out(sim_server *server);
/* The unit of a log, on engine and model. A server that reads its own log is frozen meanwhile. */
void sim_server_apply(sim_server *server, const sim_log *log, size_t unit);
/* What `from` has, on engine and model: what a replica gets when it begins. */
void sim_server_copy(sim_server *server, const sim_server *from);
/* What is executed without any hook: the command of the connection that is served. */
void sim_server_engine_execute(sim_server *server, const sim_op *op, ttl_reply *reply);
void sim_server_engine_cycle(sim_server *server);
/* A command of nobody, in a database. */
void sim_server_ask(sim_server *server, uint8_t database, const sim_op *op, ttl_reply *reply);

/* The slot of the first key in which the engine's state is not the model's; SIM_SLOTS: they are
 * equal. Asks with the clock frozen, so that asking changes nothing. */
uint8_t sim_server_difference(sim_server *server, ttl_reply *engine, ttl_reply *model);

#endif
