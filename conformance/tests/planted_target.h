/* A wrong server of planted.h as a target, so that vectors can be run on it: in virtual time, with
 * lazy expiry only. It announces no events and cannot be restarted.
 *
 * What cannot stand in a template, or does not fit into the room for it, is not bent. The arguments
 * that a bend sees are filled up with empty ones, so it may look at more than a client sent.
 */
#ifndef CONFORMANCE_TESTS_PLANTED_TARGET_H
#define CONFORMANCE_TESTS_PLANTED_TARGET_H

#include "conformance/target.h"
#include "conformance/tests/planted.h"

enum { PLANTED_TEXT_MOST = SIM_TEXT - 64 };
#define PLANTED_T0_MS INT64_C(1767225600000)

typedef struct planted_target {
    target base;
    simulated_server server;
    const planted *row;
} planted_target;

static inline bool planted_fits(size_t argc, const ttl_bytes *argv) {
    size_t length = 0;
    for (size_t i = 0; i < argc; i++) {
        length += argv[i].length + 1;
        if (argv[i].length == 0 || memchr(argv[i].data, ' ', argv[i].length) != NULL) return false;
    }
    return argc <= SIM_WORDS && length <= PLANTED_TEXT_MOST;
}

static inline bool planted_execute(target *base, size_t connection, size_t argc,
                                   const ttl_bytes *argv, ttl_reply *reply, target_moments *moments,
                                   char *error) {
    (void)error;
    simulated_server *server = &((planted_target *)base)->server;
    ttl_bytes words[SIM_WORDS];
    for (size_t i = 0; i < SIM_WORDS; i++) words[i] = i < argc ? argv[i] : ttl_bytes_of("");
    int64_t wall_us = server->wall_us;
    server->connection = connection;
    if (planted_fits(argc, argv)) bend_by_row(server, argc, words, reply);
    else server_run(server, argc, argv, reply);
    server->last_us = wall_us;
    server->wall_us = wall_us;
    moments->sent_us = moments->received_us = wall_us - PLANTED_T0_MS * 1000;
    return true;
}

static inline void planted_end(target *base, size_t key_count, const ttl_bytes *keys) {
    (void)key_count, (void)keys;
    planted_target *self = (planted_target *)base;
    if (self->server.engine != NULL) server_close(&self->server);
    self->server.engine = NULL;
}

static inline bool planted_begin(target *base, const target_turn *turn, char *error) {
    planted_target *self = (planted_target *)base;
    planted_end(base, 0, NULL);
    if (turn->connection_count > SIM_CONNECTIONS) {
        snprintf(error, TARGET_ERROR_SIZE, "has no more than %d connections", SIM_CONNECTIONS);
        return false;
    }
    server_open(&self->server, base->dialect, NULL);
    self->server.fault = self->row;
    self->server.granularity_us = self->row->granularity_us;
    self->server.reading_us = self->row->reading_us;
    self->server.wall_us = PLANTED_T0_MS * 1000;
    base->t0_ms = PLANTED_T0_MS;
    for (size_t i = 0; i < TARGET_CONNECTIONS_MAX; i++) base->protocols[i] = 2;
    return true;
}

static inline bool planted_wait(target *base, int64_t at_ms) {
    ((planted_target *)base)->server.wall_us = (PLANTED_T0_MS + at_ms) * 1000;
    return true;
}

static inline bool planted_events(target *base, ttl_reply *events, char *error) {
    (void)base, (void)error;
    ttl_reply_clear(events);
    ttl_reply_add_node(events, TTL_REPLY_ARRAY, 0);
    return true;
}

static inline bool planted_settle(target *base, char *error) {
    (void)base, (void)error;
    return true;
}

static inline void planted_close(target *base) {
    planted_end(base, 0, NULL);
    free(base);
}

static const target_operations planted_operations = {
    planted_begin,  planted_wait, planted_execute, planted_events,
    planted_settle, planted_end,  planted_close,
};

static inline target *planted_open(const planted *row, ttl_dialect dialect) {
    planted_target *self = calloc(1, sizeof *self);
    if (self == NULL) abort();
    self->row = row;
    self->base.operations = &planted_operations;
    snprintf(self->base.name, sizeof self->base.name, "%s", row->name);
    self->base.has_dialect = self->base.is_virtual = true;
    self->base.dialect = dialect;
    self->base.no_events = "it announces none";
    self->base.capabilities = VECTOR_NEEDS_EXCLUSIVE_DB | VECTOR_NEEDS_VIRTUAL_CLOCK |
                              VECTOR_NEEDS_DEBUG | VECTOR_NEEDS_DATABASES;
    self->base.databases[1] = 1;
    return &self->base;
}

#endif
