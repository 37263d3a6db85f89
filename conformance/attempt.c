#include "conformance/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"
#include "ttlspec/engine.h"

/* -- running -------------------------------------------------------------------------------- */

static void note_setting(target_turn *turn, const vector_text *name) {
    if (name->count != 1) return;
    const char *noted = name->pieces[0].bytes.data;
    for (size_t i = 0; i < turn->setting_count; i++)
        if (strcmp(turn->settings[i], noted) == 0) return;
    if (turn->setting_count < TARGET_SETTINGS_MAX) turn->settings[turn->setting_count++] = noted;
}

/* What the vector sets by CONFIG SET, on the server or on its replica: names, to be put back. */
static void note_settings(target_turn *turn, const vector *what, bool on_replica) {
    for (size_t i = 0; i < what->step_count; i++) {
        const vector_step *step = &what->steps[i];
        bool is_set = step->argc >= 4 &&
                      vector_is_on_replica(what, step->connection) == on_replica &&
                      step->argv[0].count == 1 && step->argv[1].count == 1 &&
                      ttl_bytes_is_word(step->argv[0].pieces[0].bytes, "CONFIG") &&
                      ttl_bytes_is_word(step->argv[1].pieces[0].bytes, "SET");
        for (size_t name = 2; is_set && name + 1 < step->argc; name += 2)
            note_setting(turn, &step->argv[name]);
    }
}

typedef struct key_list {
    size_t count;
    ttl_bytes *keys;
} key_list;

static void key_list_add(key_list *list, ttl_bytes key) {
    for (size_t i = 0; i < list->count; i++)
        if (ttl_bytes_equal(list->keys[i], key)) return;
    list->keys = memory_grown(list->keys, list->count, sizeof *list->keys);
    list->keys[list->count++] = key;
}

/* Adds the keys that an argument names. */
static void collect_keys(attempt *self, key_list *list, const vector_text *argument) {
    for (size_t i = 0; i < argument->count; i++) {
        if (argument->pieces[i].kind != VECTOR_TEXT_KEY) continue;
        vector_text text = {1, &argument->pieces[i]};
        key_list_add(list, vector_text_filled(&text, &self->world, &self->arena));
    }
}

static void fill_step(attempt *self, size_t index) {
    const vector_step *from = &self->vector->steps[index];
    attempt_step *to = &self->steps[index];
    ttl_bytes *argv = arena_take_array(&self->arena, from->argc, sizeof *argv);
    for (size_t i = 0; i < from->argc; i++)
        argv[i] = vector_text_filled(&from->argv[i], &self->world, &self->arena);
    to->argc = from->argc;
    to->argv = argv;
    to->outcome = vector_step_outcome(from, self->spec);
}

/* What a target has to do for a step that is no command. A move of the clock is done by the next
 * step's wait; a restart waits for its own moment while the server is down. */
static bool do_action(target *on, const vector_step *step, char *error) {
    if (vector_action_restarts(step->action))
        return on->restart(on, step->action, step->wall_ms, error);
    if (step->action == VECTOR_RUN_CLOCK)
        return on->run_clock(on, step->wall_ms, step->rate, error);
    if (step->action == VECTOR_PROMOTE) return on->synchronise(on, error) && on->promote(on, error);
    if (step->action == VECTOR_RESYNC) return on->synchronise(on, error) && on->resync(on, error);
    return true;
}

static bool run_action(attempt *self, target *on, size_t index) {
    const vector_step *step = &self->vector->steps[index];
    attempt_step *seen = &self->steps[index];
    if (!do_action(on, step, self->error)) return false;
    ttl_reply_add_status(&seen->reply, "OK");
    seen->moments.sent_us = seen->moments.received_us = step->wall_ms * 1000;
    seen->protocol = 2;
    seen->answered = true;
    self->answered++;
    return true;
}

/* Each server is brought to the step's moment by its own clock. */
static bool wait_for_step(target *on, const vector_step *step, int64_t at_ms) {
    return target_wait(on, at_ms) &&
           (on->replica == NULL || target_wait(on->replica, step->replica_wall_ms));
}

/* In virtual time a poll is sent again in the next millisecond, otherwise at once. */
static bool wait_for_poll(attempt *self, target *on, size_t index, int64_t at_ms) {
    const vector_step *step = &self->vector->steps[index];
    int64_t polled = (int64_t)self->steps[index].poll_count;
    if (polled == 0 || !on->is_virtual || wait_for_step(on, step, at_ms + polled)) return true;
    self->is_interrupted = true;
    return false;
}

/* Sends the step's command. One that may block is not waited for: its reply is there when the
 * server has come to rest, or it is pending. */
static bool send_and_await(attempt *self, target *server, size_t index) {
    const vector_step *step = &self->vector->steps[index];
    attempt_step *seen = &self->steps[index];
    bool is_await = step->action == VECTOR_AWAIT;
    bool must_come = attempt_step_must_be_answered(seen);
    int64_t sent_us = 0;
    if (!is_await &&
        !server->send(server, step->connection, seen->argc, seen->argv, &sent_us, self->error))
        return false;
    bool done = server->await(server, step->connection, must_come, &seen->reply, &seen->moments,
                              self->error);
    if (!is_await) seen->moments.sent_us = sent_us;
    return done;
}

static bool send_and_hear(attempt *self, target *server, size_t index) {
    const vector_step *step = &self->vector->steps[index];
    attempt_step *seen = &self->steps[index];
    bool may_wait = step->action == VECTOR_AWAIT || step->may_block;
    bool done = may_wait && server->send != NULL
                    ? send_and_await(self, server, index)
                    : target_execute(server, step->connection, seen->argc, seen->argv, &seen->reply,
                                     &seen->moments, self->error);
    if (done) seen->protocol = server->protocols[step->connection];
    return done;
}

bool attempt_ends_before(const attempt *self, size_t index) {
    const vector_step *steps = self->vector->steps;
    bool waits = false;
    for (size_t i = 0; i < index; i++)
        if (steps[i].action <= VECTOR_AWAIT && steps[i].connection == steps[index].connection)
            waits = attempt_step_is_pending(&self->steps[i]);
    return waits != (steps[index].action == VECTOR_AWAIT);
}

/* A step on the replica comes after all that the server did until then, also by itself. */
static bool execute_step(attempt *self, target *on, size_t index, int64_t at_ms) {
    const vector_step *step = &self->vector->steps[index];
    attempt_step *seen = &self->steps[index];
    bool on_replica = vector_is_on_replica(self->vector, step->connection);
    target *server = on_replica ? on->replica : on;
    if (attempt_ends_before(self, index)) return false;
    if (on_replica && !on->synchronise(on, self->error)) return false;
    do {
        if (!wait_for_poll(self, on, index, at_ms)) return false;
        if (!send_and_hear(self, server, index)) return false;
    } while (vector_step_polls(step) && attempt_polls_on(self, index));
    seen->answered = true;
    self->answered++;
    return !self->vector->has_events || target_events(server, &seen->events, self->error);
}

/* False: the turn ends here. */
static bool run_step(attempt *self, target *on, size_t index, int64_t at_ms) {
    const vector_step *step = &self->vector->steps[index];
    if (step->action == VECTOR_MOVE_CLOCK || vector_action_restarts(step->action))
        return run_action(self, on, index);
    if (!wait_for_step(on, step, at_ms)) {
        self->is_interrupted = true;
        return false;
    }
    if (step->action > VECTOR_AWAIT) return run_action(self, on, index);
    return execute_step(self, on, index, at_ms);
}

static void run_turn(attempt *self, target *on, const target_turn *turn, const int64_t *at_us) {
    const vector *what = self->vector;
    if (!target_begin(on, turn, self->error)) {
        self->never_began = true;
        return;
    }
    attempt_place(self, on->t0_ms);
    for (size_t i = 0; i < what->step_count; i++) {
        int64_t at_ms = at_us == NULL ? what->steps[i].wall_ms : at_us[i] / 1000;
        if (!run_step(self, on, i, at_ms)) return;
    }
    if (!target_settle(on, self->error)) return;
    self->reading_count = on->reading_count;
    memcpy(self->readings, on->readings, sizeof self->readings);
}

void attempt_begin(attempt *self, const target *on, const vector *what, const ttl_dialect *spec,
                   const char *prefix) {
    memset(self, 0, sizeof *self);
    self->vector = what;
    self->spec = spec;
    self->is_virtual = on->is_virtual;
    self->world.key_prefix = arena_copy_bytes(&self->arena, prefix, strlen(prefix));
    memcpy(self->world.databases, on->databases, sizeof self->world.databases);
    self->steps = memory_zeroed(what->step_count, sizeof *self->steps);
    for (size_t i = 0; i < what->step_count; i++) {
        ttl_reply_init(&self->steps[i].reply, ttl_allocator_libc());
        ttl_reply_init(&self->steps[i].events, ttl_allocator_libc());
    }
}

/* Where no text names T0, the turn may begin at any time, and results tell whole seconds. */
void attempt_place(attempt *self, int64_t t0_ms) {
    bool is_exact = self->vector->t0 == VECTOR_T0_IN_MS;
    self->world.t0_ms = is_exact ? t0_ms : t0_ms - t0_ms % 1000;
    for (size_t i = 0; i < self->vector->step_count; i++) fill_step(self, i);
}

ttl_bytes *attempt_keys(attempt *self, size_t *count) {
    key_list list = {0, NULL};
    for (size_t i = 0; i < self->vector->step_count; i++)
        for (size_t a = 0; a < self->vector->steps[i].argc; a++)
            collect_keys(self, &list, &self->vector->steps[i].argv[a]);
    *count = list.count;
    return list.keys;
}

/* `at_us`: when each step is run, of a target in virtual time; NULL: when the vector says. */
static void attempt_run_at(attempt *self, target *on, const vector *what, const ttl_dialect *spec,
                           const char *prefix, const int64_t *at_us) {
    attempt_begin(self, on, what, spec, prefix);
    self->is_moved = at_us != NULL;
    target_turn turn = {.key_prefix = self->world.key_prefix,
                        .connection_count = what->connection_count,
                        .needs_whole_second = what->t0 == VECTOR_T0_IN_SECONDS,
                        .wants_events = what->has_events,
                        .is_exclusive = (what->needs & VECTOR_NEEDS_EXCLUSIVE_DB) != 0,
                        .wants_active_expiry = (what->needs & VECTOR_NEEDS_VIRTUAL_CLOCK) != 0};
    target_turn of_replica = turn;
    for (size_t i = 0; i < what->step_count; i++)
        if (vector_action_restarts(what->steps[i].action)) turn.restart = what->steps[i].action;
    note_settings(&turn, what, false);
    note_settings(&of_replica, what, true);
    if ((what->needs & VECTOR_NEEDS_REPLICA) != 0) turn.replica = &of_replica;
    run_turn(self, on, &turn, at_us);
    size_t count = 0;
    ttl_bytes *keys = self->never_began ? NULL : attempt_keys(self, &count);
    target_end(on, count, keys);
    free(keys);
}

void attempt_run(attempt *self, target *on, const vector *what, const ttl_dialect *spec,
                 const char *prefix) {
    attempt_run_at(self, on, what, spec, prefix, NULL);
}

bool *attempt_reference(const attempt *self, const int64_t *at_us) {
    size_t count = self->vector->step_count;
    bool *agrees = memory_zeroed(count, sizeof *agrees);
    char error[TARGET_ERROR_SIZE] = "";
    bool is_usage;
    target_options options = {.spec = self->spec};
    target *engine = target_open_engine(NULL, &options, &is_usage, error);
    if (engine == NULL) return agrees;
    attempt reference;
    attempt_run_at(&reference, engine, self->vector, self->spec, "reference:", at_us);
    for (size_t i = 0; i < count && reference.steps[i].answered; i++) {
        attempt_mismatch found = attempt_match(&reference, i, true);
        agrees[i] = found.class == NULL;
        free(found.reason);
    }
    attempt_free(&reference);
    target_close(engine);
    return agrees;
}

/* The clock of an engine that lives for one question: T0 and the step's own milliseconds. */
typedef struct step_clock {
    int64_t now_us;
} step_clock;

static int64_t step_now_us(void *context) {
    return ((step_clock *)context)->now_us;
}

bool attempt_next_expiry(const attempt *self, size_t steps, int64_t *at_ms) {
    step_clock now = {self->world.t0_ms * 1000};
    ttl_engine_options options = {.clock = {.context = &now, .now_us = step_now_us},
                                  .allocator = ttl_allocator_libc(),
                                  .dialect = *self->spec};
    ttl_engine *engine = ttl_engine_new(&options);
    if (engine == NULL) arena_out_of_memory();
    ttl_session *sessions[TARGET_CONNECTIONS_MAX] = {NULL};
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    for (size_t i = 0; i < steps; i++) {
        ttl_session **session = &sessions[self->vector->steps[i].connection];
        if (*session == NULL) *session = ttl_session_new(engine, NULL);
        now.now_us = (self->world.t0_ms + self->vector->steps[i].at_ms) * 1000;
        bool done = *session != NULL && ttl_session_execute(*session, self->steps[i].argc,
                                                            self->steps[i].argv, &reply) == TTL_OK;
        if (!done) arena_out_of_memory();
    }
    bool found = ttl_engine_next_expiry(engine, at_ms);
    *at_ms -= found ? self->world.t0_ms : 0;
    for (size_t i = 0; i < TARGET_CONNECTIONS_MAX; i++) ttl_session_free(sessions[i]);
    ttl_engine_free(engine);
    ttl_reply_free(&reply);
    return found;
}

void attempt_free(attempt *self) {
    for (size_t i = 0; self->steps != NULL && i < self->vector->step_count; i++) {
        ttl_reply_free(&self->steps[i].reply);
        ttl_reply_free(&self->steps[i].events);
        for (size_t p = 0; p < self->steps[i].poll_count; p++)
            ttl_reply_free(&self->steps[i].polls[p].reply);
        free(self->steps[i].polls);
    }
    free(self->steps);
    arena_free(&self->arena);
    memset(self, 0, sizeof *self);
}
