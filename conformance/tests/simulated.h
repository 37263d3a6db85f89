/* Traffic with a server whose every moment is known, recorded as if it was not.
 *
 *      client  --sent-->  [ latency ]  --runs-->  engine on a clock of its own  --received-->
 *
 * The server's clock has an offset and a rate of its own; each command runs at one moment between
 * its sending and its reply. What is recorded is a history: brackets on the client's clock.
 * Deterministic: the same seed gives the same history.
 */
#ifndef CONFORMANCE_TESTS_SIMULATED_H
#define CONFORMANCE_TESTS_SIMULATED_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/history.h"
#include "ttlspec/engine.h"
#include "ttlspec/scripting.h"

enum { SIM_WORDS = 16, SIM_TEXT = 256, SIM_CONNECTIONS = 6, SIM_TOLD = 64 };

typedef struct simulated_server simulated_server;

/* How a server bends a command. NULL: it does not. Runs it with server_run, and what else it likes;
 * `reply` holds what it answers. */
typedef void server_bend(simulated_server *server, size_t argc, const ttl_bytes *argv,
                         ttl_reply *reply);

struct simulated_server {
    ttl_engine *engine;
    ttl_session *sessions[SIM_CONNECTIONS];
    size_t connection; /* whose command is running */
    ttl_timeline timeline;
    int64_t wall_us;    /* what its clock shows */
    int64_t reading_us; /* how long it takes until it reads its clock again within a unit */
    int64_t took_us;    /* how long the unit took, by its own clock */
    size_t told_count;  /* numbers that the present unit has told, when it did */
    int64_t told[SIM_TOLD];
    ttl_told_kind told_kinds[SIM_TOLD];
    server_bend *bend;
    const void *fault;      /* whose planted fault it is */
    int64_t last_us;        /* for faults: when the command before ran */
    int64_t granularity_us; /* for faults: its clock shows multiples of this */
    int64_t memo;           /* for faults: what they have to remember */
    void (*hear)(void *ear, const ttl_event *event); /* told of keyspace events; may be NULL */
    void *ear;
};

/* ---- chance */

static inline uint64_t sim_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
/* From 0 to below `bound`. */
static inline int64_t sim_below(uint64_t *state, int64_t bound) {
    return bound <= 0 ? 0 : (int64_t)(sim_random(state) % (uint64_t)bound);
}
static inline bool sim_chance(uint64_t *state, int percent) {
    return sim_below(state, 100) < percent;
}

/* ---- the server */

static inline ttl_instant server_now(void *context, bool again) {
    simulated_server *server = context;
    if (again) {
        server->wall_us += server->reading_us;
        server->took_us += server->reading_us;
    }
    int64_t us = server->wall_us;
    if (server->granularity_us > 0) us -= us % server->granularity_us;
    return ttl_instant_at(us / 1000);
}

static inline bool server_is_after(void *context, ttl_instant a, ttl_instant b) {
    (void)context, (void)a, (void)b;
    abort(); /* all its instants have one origin */
}

static inline uint32_t server_tell(void *context, const ttl_told *told) {
    simulated_server *server = context;
    if (server->told_count == SIM_TOLD) abort();
    int64_t value = told->high;
    if (told->kind == TTL_TOLD_NOW_S) value = server->wall_us / 1000000;
    if (told->kind == TTL_TOLD_NOW_US) value = server->wall_us % 1000000;
    server->told[server->told_count] = value;
    server->told_kinds[server->told_count] = told->kind;
    return (uint32_t)server->told_count++;
}

/* What is a server's own affair it does as it likes. */
static inline void server_choose(void *context, const char *why) {
    (void)context, (void)why;
}

static inline void server_announce(void *context, const ttl_event *event) {
    const simulated_server *server = context;
    if (server->hear != NULL) server->hear(server->ear, event);
}

static inline void server_open(simulated_server *server, ttl_dialect dialect, server_bend *bend) {
    *server = (simulated_server){.bend = bend};
    server->timeline = (ttl_timeline){
        .context = server,
        .now = server_now,
        .is_after = server_is_after,
        .tell = server_tell,
        .give_up = server_choose,
    };
    ttl_engine_options options = {.allocator = ttl_allocator_libc(),
                                  .dialect = dialect,
                                  .seed = 1,
                                  .keeps_ages = true,
                                  .scripting = &ttl_scripting_lua,
                                  .timeline = &server->timeline,
                                  .on_event = server_announce,
                                  .event_context = server};
    server->engine = ttl_engine_new(&options);
    if (server->engine == NULL) abort();
}

static inline void server_close(simulated_server *server) {
    for (size_t i = 0; i < SIM_CONNECTIONS; i++) ttl_session_free(server->sessions[i]);
    ttl_engine_free(server->engine);
}

/* Numbers that were told stand in the reply as what they are. */
static inline void server_fill_told(const simulated_server *server, ttl_reply *reply) {
    ttl_reply filled;
    ttl_reply_init(&filled, ttl_allocator_libc());
    for (size_t i = 0; i < reply->node_count; i++) {
        const ttl_node *node = &reply->nodes[i];
        char text[32];
        switch (node->type) {
        case TTL_REPLY_TOLD:
            snprintf(text, sizeof text, "%lld", (long long)server->told[node->is.integer]);
            if (server->told_kinds[node->is.integer] != TTL_TOLD_COUNT)
                ttl_reply_add_bulk(&filled, ttl_bytes_of(text));
            else ttl_reply_add_integer(&filled, server->told[node->is.integer]);
            break;
        case TTL_REPLY_INTEGER: ttl_reply_add_integer(&filled, node->is.integer); break;
        default:
            if (ttl_reply_has_text(node->type))
                ttl_reply_add_text(&filled, node->type, ttl_reply_text(reply, i));
            else ttl_reply_add_node(&filled, node->type, node->length);
        }
    }
    ttl_reply_free(reply);
    *reply = filled;
}

/* Runs a command rightly. */
static inline void server_run(simulated_server *server, size_t argc, const ttl_bytes *argv,
                              ttl_reply *reply) {
    ttl_session **session = &server->sessions[server->connection];
    if (*session == NULL) *session = ttl_session_new(server->engine, NULL);
    server->told_count = 0;
    if (*session == NULL || ttl_session_execute(*session, argc, argv, reply) != TTL_OK) abort();
    server_fill_told(server, reply);
}

/* A command as one string, its words parted by blanks. */
static inline size_t words_of(const char *text, ttl_bytes words[SIM_WORDS]) {
    size_t count = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (length > 0 && count < SIM_WORDS) words[count++] = (ttl_bytes){text, length};
        text += length;
        text += strspn(text, " ");
    }
    return count;
}

static inline void server_run_text(simulated_server *server, const char *text, ttl_reply *reply) {
    ttl_bytes words[SIM_WORDS];
    server_run(server, words_of(text, words), words, reply);
}

/* ---- the world between */

typedef struct simulation {
    uint64_t random;
    simulated_server server;
    history *history;
    int64_t now_us;                       /* the client's clock */
    int64_t offset_us, rate_ppm;          /* of the server's clock */
    int64_t latency_us;                   /* the longest of one way, there or back */
    int64_t busy_until_us;                /* the server does one thing at a time */
    int64_t received_us[SIM_CONNECTIONS]; /* the last reply */
    int64_t sent_us[SIM_CONNECTIONS];
} simulation;

static inline int64_t sim_wall_us(const simulation *self, int64_t at_us) {
    return self->offset_us + at_us + at_us / 1000000 * self->rate_ppm +
           at_us % 1000000 * self->rate_ppm / 1000000;
}

static inline void sim_open(simulation *self, history *to, ttl_dialect dialect, server_bend *bend,
                            uint64_t seed) {
    memset(self, 0, sizeof *self);
    self->random = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
    self->history = to;
    server_open(&self->server, dialect, bend);
    self->server.timeline.context = &self->server;
    self->now_us = sim_below(&self->random, 1000000);
    /* Some year; any microsecond. */
    self->offset_us = INT64_C(1767225600000000) + sim_below(&self->random, INT64_C(100000000000));
}

static inline void sim_close(simulation *self) {
    server_close(&self->server);
}

/* Runs a command at a moment that was settled, and tells how long it took. */
static inline void sim_execute(simulation *self, size_t connection, int64_t runs_us, size_t argc,
                               const ttl_bytes *argv, ttl_reply *reply) {
    simulated_server *server = &self->server;
    server->connection = connection;
    server->wall_us = sim_wall_us(self, runs_us);
    server->took_us = 0;
    if (server->bend != NULL) server->bend(server, argc, argv, reply);
    else server_run(server, argc, argv, reply);
    server->last_us = server->wall_us;
    /* By the client's clock, generously: an odd microsecond may be lost to the rate. */
    self->busy_until_us = runs_us + server->took_us + server->took_us / 1000 + 1;
}

static inline void sim_record(simulation *self, size_t connection, int64_t sent_us,
                              int64_t received_us, size_t argc, const ttl_bytes *argv,
                              const ttl_reply *reply) {
    char name[2] = {(char)('a' + connection), '\0'};
    history_entry entry = {.connection = history_connection(self->history, name),
                           .sent_us = sent_us,
                           .received_us = received_us,
                           .argc = argc,
                           .argv = argv,
                           .protocol = 2};
    if (reply != NULL) entry.reply = *reply;
    else ttl_reply_init(&entry.reply, ttl_allocator_libc());
    const char *wrong = history_append(self->history, &entry);
    if (wrong != NULL) {
        fprintf(stderr, "simulated history: %s\n", wrong);
        abort();
    }
}

#endif
