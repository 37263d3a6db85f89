/* The servers of a play: a primary, its connections, and perhaps a replica that lags.
 *
 *      connection ---> primary ---> changes (key, value, deadline; when the replica has them)
 *      connection ---'     `--> messages of subscriptions        `---> replica
 *
 * A change is the state of a key after a unit, so a replica needs to know no command; therefore
 * keys are strings where there is a replica. The replica expires nothing by itself, but shows
 * nothing that is dead by its clock. It takes over with what it has; the old primary's connections
 * are broken then, and a new replica begins with what the new primary has.
 *
 * Cost: a command, and with a replica a read of each key that it touched.
 * Ownership: the host owns engines, connections and changes.
 */
#ifndef TTLSPEC_SIM_HOST_H
#define TTLSPEC_SIM_HOST_H

#include <stdio.h>

#include "sim/scenario.h"
#include "ttlspec/engine.h"

enum { HOST_TOUCHED = 32 };

typedef struct host host;

typedef struct host_node {
    host *host;
    ttl_engine *engine;
    ttl_session *own; /* nobody's: to look and to write with */
    int64_t wall_us;  /* what its clock shows */
    bool is_frozen;   /* it shows 0: nothing dies */
} host_node;

typedef struct host_connection {
    host *host;
    ttl_session *session;
    unsigned client;
    uint32_t epoch; /* how many primaries there were before */
} host_connection;

typedef struct host_change {
    int64_t due_us; /* true time at which the replica has it */
    uint64_t unit;  /* the command that changed it, or the last one before */
    bool is_present;
    int64_t deadline_ms; /* -1: none */
    char key[SCENARIO_TEXT_SIZE], value[SCENARIO_TEXT_SIZE];
} host_change;

struct host {
    host_node nodes[2];
    int primary;
    uint32_t epoch;
    bool has_replica;
    ttl_dialect dialect;
    uint64_t seed;
    host_connection **connections;
    size_t connection_count, connection_capacity;
    host_change *changes;
    size_t change_count, change_capacity, applied;
    uint64_t units;                                 /* commands that primaries ran */
    char touched[HOST_TOUCHED][SCENARIO_TEXT_SIZE]; /* keys of the last unit */
    size_t touched_count;
    ttl_reply aside;
    /* A message of a subscription: its last part. */
    void (*on_message)(void *context, const host_connection *connection, ttl_bytes payload);
    void (*on_reclaimed)(void *context, const char *key); /* by the cycle; may be NULL */
    void *context;
    bool is_in_cycle;
};

/* Fill in what is told to whom afterwards. The host must not be moved. */
void host_open(host *self, const scenario *script, uint64_t seed);
void host_close(host *self);

/* The number of a new connection to the primary. */
size_t host_connect(host *self, unsigned client);
/* Does the connection lead to the present primary? */
bool host_is_connected(const host *self, size_t connection);
/* A command, when the primary's clock shows `wall_us`; on a connection that leads to it. */
void host_execute(host *self, size_t connection, int64_t wall_us, size_t argc,
                  const ttl_bytes *argv, ttl_reply *reply);
void host_cycle(host *self, int64_t wall_us);
/* What the last unit or cycle changed will be at the replica at this moment, or after what came
 * before. Returns the moment; 0: nothing was changed. */
int64_t host_replicate(host *self, int64_t due_us);
/* A command that only reads, and names one key, as the replica answers it. */
void host_read_replica(host *self, int64_t now_us, int64_t wall_us, size_t argc,
                       const ttl_bytes *argv, ttl_reply *reply);
/* The replica takes over. Returns how many changes are lost; `first_lost` is told the number of the
 * command that made the first of them, from 1; 0: none is lost. */
size_t host_promote(host *self, int64_t now_us, uint64_t *first_lost);
/* The deadline of a key of the primary in milliseconds since the epoch; -1: it has none; -2: there
 * is no such key. */
int64_t host_deadline(host *self, const char *key);
/* All keys of both servers, a line each, when the primary's clock shows `wall_us`. */
void host_print(host *self, int64_t wall_us, FILE *out);
/* When the active cycle would first have something to do, by the primary's clock. */
bool host_next_expiry(host *self, int64_t *at_ms);

#endif
