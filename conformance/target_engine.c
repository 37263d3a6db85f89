/* The reference engine as a target: a fresh one for each vector, and a clock that only we move.
 *
 * Where a vector lets the clock run, each look at it takes a millisecond of real time, and the
 * active cycle rests.
 *
 * It has no files, so a restart is a model of one: the sessions are gone, the keyspace stays,
 * active expiry is on again, and what is dead when the server comes up is reclaimed before anybody
 * is there to be told. Settings and statistics are not set back.
 *
 * A replica is a second such target with an engine and a clock of its own. What the first engine
 * tells of its changes is executed there at once, so it is never behind.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/target.h"
#include "conformance/text.h"
#include "ttlspec/engine.h"

/* 2026-01-01T00:00:00Z: where time begins for every vector. A whole second. */
#define ENGINE_T0_MS INT64_C(1767225600000)
/* So that hash order and RANDOMKEY are the same in every run. */
enum { ENGINE_SEED = 20260101 };

typedef struct engine_target {
    target base;
    ttl_dialect dialect;
    int64_t now_us;
    int64_t rate; /* of a clock that runs */
    ttl_engine *engine;
    size_t session_count; /* those that are open */
    size_t connection_count;
    ttl_session *sessions[TARGET_CONNECTIONS_MAX];
    ttl_reply answers[TARGET_CONNECTIONS_MAX]; /* that nobody has asked for yet; empty: none */
    ttl_reply events; /* name, key, database, name, key ... without their arrays */
    size_t event_count;
    ttl_bytes key_prefix;
    /* Of a replica: */
    ttl_session *primary; /* says what the other engine did; NULL: it follows nobody */
    bool is_behind;       /* there was no memory for something that it said */
} engine_target;

static int64_t clock_now_us(void *context) {
    engine_target *self = context;
    self->now_us += self->rate * 1000;
    return self->now_us;
}

static bool starts_with(ttl_bytes text, ttl_bytes prefix) {
    return text.length >= prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
}

static void keep_event(void *context, const ttl_event *event) {
    engine_target *self = context;
    if (!starts_with(event->key, self->key_prefix)) return;
    ttl_reply_add_node(&self->events, TTL_REPLY_ARRAY, 3);
    ttl_reply_add_bulk(&self->events, ttl_bytes_of(event->name));
    ttl_reply_add_bulk(&self->events, event->key);
    ttl_reply_add_integer(&self->events, event->database);
    self->event_count++;
}

static void forget_events(engine_target *self) {
    ttl_reply_clear(&self->events);
    ttl_reply_add_node(&self->events, TTL_REPLY_ARRAY, 0);
    self->event_count = 0;
}

static bool no_memory(char *error) {
    snprintf(error, TARGET_ERROR_SIZE, "there is no memory for the engine");
    return false;
}

/* ---- a replica ---- */

/* False: there is no memory. */
static bool execute_as_primary(engine_target *self, size_t argc, const ttl_bytes *argv) {
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    bool done = ttl_session_execute(self->primary, argc, argv, &reply) == TTL_OK;
    ttl_reply_free(&reply);
    return done;
}

static void follow_change(void *context, int database, size_t argc, const ttl_bytes *argv) {
    const engine_target *followed = context;
    engine_target *self = (engine_target *)followed->base.replica;
    if (self == NULL || self->primary == NULL) return;
    char number[16];
    snprintf(number, sizeof number, "%d", database);
    const ttl_bytes words[] = {ttl_bytes_of("SELECT"), ttl_bytes_of(number)};
    if (!execute_as_primary(self, 2, words) || !execute_as_primary(self, argc, argv))
        self->is_behind = true;
}

static bool engine_synchronise(target *base, char *error) {
    return ((engine_target *)base->replica)->is_behind ? no_memory(error) : true;
}

static void follow_nobody(engine_target *self) {
    if (self->primary != NULL) ttl_session_free(self->primary);
    self->primary = NULL;
}

static bool engine_promote(target *base, char *error) {
    (void)error;
    engine_target *self = (engine_target *)base->replica;
    follow_nobody(self);
    ttl_engine_set_replica(self->engine, false);
    return true;
}

/* False: there is no memory. */
static bool follow(engine_target *self) {
    static const ttl_session_options as_primary = {.is_primary = true};
    ttl_engine_set_replica(self->engine, true);
    if (self->primary == NULL) self->primary = ttl_session_new(self->engine, &as_primary);
    return self->primary != NULL;
}

static bool engine_resync(target *base, char *error) {
    const engine_target *self = (const engine_target *)base;
    engine_target *replica = (engine_target *)base->replica;
    bool done = ttl_engine_copy(self->engine, replica->engine) == TTL_OK && follow(replica);
    return done ? true : no_memory(error);
}

/* ---- a turn ---- */

static void close_sessions(engine_target *self) {
    for (size_t i = 0; i < self->session_count; i++) ttl_session_free(self->sessions[i]);
    self->session_count = 0;
}

static void keep_answer(void *context, ttl_session *session, const ttl_reply *reply) {
    engine_target *self = context;
    size_t connection = 0;
    while (self->sessions[connection] != session) connection++;
    ttl_reply_add_copy(&self->answers[connection], reply, 0);
}

static bool open_sessions(engine_target *self, char *error) {
    const ttl_session_options options = {.on_unblock = keep_answer, .unblock_context = self};
    for (size_t i = 0; i < self->connection_count; i++) {
        self->sessions[i] = ttl_session_new(self->engine, &options);
        ttl_reply_clear(&self->answers[i]);
        if (self->sessions[i] == NULL) return no_memory(error);
        self->session_count++;
        self->base.protocols[i] = 2;
    }
    return true;
}

static void engine_end(target *base, size_t key_count, const ttl_bytes *keys) {
    engine_target *self = (engine_target *)base;
    if (base->replica != NULL) target_end(base->replica, key_count, keys);
    if (base->replica != NULL) target_close(base->replica);
    base->replica = NULL;
    close_sessions(self);
    follow_nobody(self);
    if (self->engine != NULL) ttl_engine_free(self->engine);
    self->engine = NULL;
}

static bool open_engine(engine_target *self, const target_turn *turn, char *error) {
    self->key_prefix = turn->key_prefix;
    self->now_us = ENGINE_T0_MS * 1000;
    self->rate = 0;
    self->base.t0_ms = ENGINE_T0_MS;
    forget_events(self);
    ttl_engine_options options = {
        .clock = {self, clock_now_us, true},
        .allocator = ttl_allocator_libc(),
        .dialect = self->dialect,
        .seed = ENGINE_SEED,
        .on_event = keep_event,
        .event_context = self,
        .keeps_ages = true,
        .scripting = &ttl_scripting_lua,
    };
    if (turn->replica != NULL) options.on_change = follow_change;
    options.change_context = self;
    self->engine = ttl_engine_new(&options);
    if (self->engine == NULL) return no_memory(error);
    self->connection_count = turn->connection_count;
    return open_sessions(self, error);
}

static engine_target *engine_target_new(const ttl_dialect *dialect);

static bool open_replica(engine_target *self, const target_turn *turn, char *error) {
    engine_target *replica = engine_target_new(&self->dialect);
    self->base.replica = &replica->base;
    if (!open_engine(replica, turn, error)) return false;
    return follow(replica) ? true : no_memory(error);
}

static bool engine_begin(target *base, const target_turn *turn, char *error) {
    engine_target *self = (engine_target *)base;
    engine_end(base, 0, NULL);
    return open_engine(self, turn, error) &&
           (turn->replica == NULL || open_replica(self, turn->replica, error));
}

/* As the server's own at its start: active expiry is allowed. */
static bool allow_expiry(engine_target *self) {
    const ttl_bytes words[] = {ttl_bytes_of("DEBUG"), ttl_bytes_of("SET-ACTIVE-EXPIRE"),
                               ttl_bytes_of("1")};
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    ttl_session *session = ttl_session_new(self->engine, NULL);
    bool done = session != NULL && ttl_session_execute(session, 3, words, &reply) == TTL_OK;
    if (session != NULL) ttl_session_free(session);
    ttl_reply_free(&reply);
    return done;
}

static bool engine_restart(target *base, vector_action action, int64_t at_ms, char *error) {
    (void)action;
    engine_target *self = (engine_target *)base;
    close_sessions(self);
    self->now_us = (ENGINE_T0_MS + at_ms) * 1000;
    if (!allow_expiry(self) || ttl_engine_expire(self->engine, NULL) != TTL_OK)
        return no_memory(error);
    forget_events(self);
    return open_sessions(self, error);
}

static bool engine_wait(target *base, int64_t at_ms) {
    engine_target *self = (engine_target *)base;
    int64_t until_us = (ENGINE_T0_MS + at_ms) * 1000;
    if (self->rate != 0) {
        if (self->now_us < until_us) self->now_us = until_us;
        return true;
    }
    self->now_us = until_us;
    ttl_engine_time_out(self->engine);
    return ttl_engine_expire(self->engine, NULL) == TTL_OK;
}

static bool engine_run_clock(target *base, int64_t at_ms, int64_t rate, char *error) {
    (void)error;
    engine_target *self = (engine_target *)base;
    self->now_us = (ENGINE_T0_MS + at_ms) * 1000;
    self->rate = rate;
    return true;
}

static bool engine_execute(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                           ttl_reply *reply, target_moments *moments, char *error) {
    engine_target *self = (engine_target *)base;
    ttl_session *session = self->sessions[connection];
    moments->sent_us = moments->received_us = self->now_us - ENGINE_T0_MS * 1000;
    if (ttl_session_execute(session, argc, argv, reply) != TTL_OK) return no_memory(error);
    if (reply->node_count == 0 || ttl_reply_next(reply, 0) != reply->node_count) {
        snprintf(error, TARGET_ERROR_SIZE, "not one answer to one command");
        return false;
    }
    base->protocols[connection] = ttl_session_protocol(session);
    return true;
}

static bool engine_send(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                        int64_t *sent_us, char *error) {
    engine_target *self = (engine_target *)base;
    *sent_us = self->now_us - ENGINE_T0_MS * 1000;
    ttl_session *session = self->sessions[connection];
    ttl_reply *answer = &self->answers[connection];
    if (ttl_session_execute(session, argc, argv, answer) != TTL_OK) return no_memory(error);
    if (ttl_session_is_blocked(session)) ttl_reply_clear(answer);
    base->protocols[connection] = ttl_session_protocol(session);
    return true;
}

static bool engine_await(target *base, size_t connection, bool must_come, ttl_reply *reply,
                         target_moments *moments, char *error) {
    (void)must_come;
    engine_target *self = (engine_target *)base;
    ttl_reply *answer = &self->answers[connection];
    moments->sent_us = moments->received_us = self->now_us - ENGINE_T0_MS * 1000;
    ttl_reply_clear(reply);
    if (answer->node_count == 0) ttl_reply_add_node(reply, TTL_REPLY_PENDING, 0);
    else ttl_reply_add_copy(reply, answer, 0);
    bool whole = !answer->failed && !reply->failed;
    ttl_reply_clear(answer);
    return whole ? true : no_memory(error);
}

static bool engine_events(target *base, ttl_reply *events, char *error) {
    engine_target *self = (engine_target *)base;
    ttl_reply_set_length(&self->events, 0, self->event_count);
    ttl_reply_clear(events);
    ttl_reply_add_copy(events, &self->events, 0);
    bool whole = !self->events.failed && !events->failed;
    forget_events(self);
    return whole ? true : no_memory(error);
}

static bool engine_settle(target *base, char *error) {
    (void)base, (void)error;
    return true;
}

static void engine_close(target *base) {
    engine_target *self = (engine_target *)base;
    engine_end(base, 0, NULL);
    ttl_reply_free(&self->events);
    for (size_t i = 0; i < TARGET_CONNECTIONS_MAX; i++) ttl_reply_free(&self->answers[i]);
    free(base);
}

static const target_operations engine_operations = {
    engine_begin,  engine_wait, engine_execute, engine_events,
    engine_settle, engine_end,  engine_close,
};

static engine_target *engine_target_new(const ttl_dialect *dialect) {
    engine_target *self = memory_zeroed(1, sizeof *self);
    self->dialect = *dialect;
    ttl_reply_init(&self->events, ttl_allocator_libc());
    for (size_t i = 0; i < TARGET_CONNECTIONS_MAX; i++)
        ttl_reply_init(&self->answers[i], ttl_allocator_libc());
    target *base = &self->base;
    base->operations = &engine_operations;
    base->restart = engine_restart;
    base->send = engine_send;
    base->await = engine_await;
    base->run_clock = engine_run_clock;
    base->synchronise = engine_synchronise;
    base->promote = engine_promote;
    base->resync = engine_resync;
    base->has_dialect = base->is_virtual = base->has_events = true;
    base->dialect = *dialect;
    base->capabilities = VECTOR_NEEDS_EXCLUSIVE_DB | VECTOR_NEEDS_VIRTUAL_CLOCK |
                         VECTOR_NEEDS_RESTART | VECTOR_NEEDS_DEBUG | VECTOR_NEEDS_DATABASES |
                         VECTOR_NEEDS_RESP3 | VECTOR_NEEDS_REPLICA | VECTOR_NEEDS_CLOCK_RATE |
                         VECTOR_NEEDS_BLOCKING;
    base->databases[1] = 1;
    ttl_dialect_name(dialect, base->server, sizeof base->server);
    return self;
}

target *target_open_engine(const char *dialect, const target_options *options, bool *is_usage,
                           char *error) {
    ttl_dialect meant;
    const char *named = dialect == NULL ? ttl_dialect_default : dialect;
    if (!ttl_dialect_parse(named, &meant)) {
        *is_usage = true;
        snprintf(error, TARGET_ERROR_SIZE, "\"%.64s\" is no dialect", named);
        return NULL;
    }
    if (dialect == NULL && options->spec != NULL) meant = *options->spec;
    target *base = &engine_target_new(&meant)->base;
    if (dialect == NULL) snprintf(base->name, sizeof base->name, "engine");
    else snprintf(base->name, sizeof base->name, "engine:%s", base->server);
    return base;
}
