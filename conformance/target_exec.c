/* A server that we start ourselves as a target: it lives under the virtual clock, so vectors run
 * at their exact milliseconds, without sleeping. */
#include "conformance/target_exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"

/* -- a vector's turn ------------------------------------------------------------------------ */

static void restore_settings(exec_target *self) {
    char ignored[TARGET_ERROR_SIZE];
    for (size_t i = 0; i < self->turn.setting_count; i++) {
        const char *name = self->turn.settings[i];
        const char *words[] = {"CONFIG", "SET", name, self->settings[i], NULL};
        /* Asked for its event classes, a server does not tell all of them. */
        if (self->control != NULL && strcmp(name, "notify-keyspace-events") == 0)
            exec_set_events(self);
        else if (self->settings[i] != NULL && self->control != NULL)
            exec_tell(self->control, ignored, words);
        free(self->settings[i]);
        self->settings[i] = NULL;
    }
    self->turn.setting_count = 0;
}

/* Empties the server and sets its clock to T0, in one exchange. Newer servers hand a plain FLUSHALL
 * to another thread and make us wait for it: not in MULTI. A replica is emptied by whom it
 * follows. */
static bool begin_anew(exec_target *self, char *error) {
    static const char *const commands[] = {"MULTI", "FLUSHALL", "EXEC"};
    size_t count = self->follows ? 0 : sizeof commands / sizeof *commands;
    exec_clock_move(self, 0);
    self->is_active = true;
    if (self->was_told_of_expiry &&
        !exec_tell(self->control, error, (const char *[]){"DEBUG", "SET-ACTIVE-EXPIRE", "0", NULL}))
        return false;
    self->was_told_of_expiry = false;
    for (size_t i = 0; i < count; i++) redisAppendCommand(self->control, commands[i]);
    redisAppendCommand(self->control, "TIME");
    bool done = true;
    for (size_t i = 0; i < count; i++) done = exec_hear(self->control, commands[i], error) && done;
    return exec_clock_hear(self, error) && done;
}

/* Opens what the turn needs, when the server is ready. */
static bool open_turn(exec_target *self, const target_turn *turn, char *error) {
    for (size_t i = 0; i < turn->setting_count; i++)
        self->settings[i] = live_setting(self->control, turn->settings[i]);
    return live_turn_open(&self->connections, &self->base, &self->address, turn, error);
}

static bool begin_pair(exec_target *self, char *error) {
    return exec_replica_attach(self, error) && begin_anew(self, error) &&
           exec_replica_begin(self, error);
}

static bool exec_begin(target *base, const target_turn *turn, char *error) {
    exec_target *self = (exec_target *)base;
    bool is_lasting = turn->restart != VECTOR_COMMAND, has_replica = turn->replica != NULL;
    self->turn = *turn;
    base->t0_ms = EXEC_T0_MS;
    if (!has_replica) exec_replica_dismiss(self);
    if (!is_lasting && !exec_server_revive(self, error)) return false;
    bool ready = !is_lasting || exec_server_keep_data(self, error);
    ready = ready && (has_replica ? begin_pair(self, error) : begin_anew(self, error));
    ready = ready && open_turn(self, turn, error);
    if (!ready) exec_server_explain(self, error);
    return ready;
}

static bool exec_wait(target *base, int64_t at_ms) {
    exec_target *self = (exec_target *)base;
    if (self->rate != 0) return exec_clock_reach(self, at_ms);
    if (at_ms != self->at_ms) exec_clock_move(self, at_ms);
    return self->is_interrupted == NULL || !*self->is_interrupted;
}

/* A replica has no cycle of its own, and while the clock runs that of the server rests. */
bool exec_catch_up(exec_target *self, char *error) {
    if (self->rate != 0) return true;
    if (self->has_moved && !exec_clock_await(self, error)) return false;
    bool is_to_be_driven = self->turn.wants_active_expiry && self->is_active && !self->follows;
    if (is_to_be_driven && !self->is_driven && !exec_cycle_drive(self, error)) return false;
    self->is_driven = true;
    return true;
}

/* DEBUG SET-ACTIVE-EXPIRE says whether we drive the cycle; by itself it must not run. */
static bool heed_expiry(exec_target *self, size_t argc, const ttl_bytes *argv, char *error) {
    if (argc != 3 || !ttl_bytes_is_word(argv[0], "DEBUG") ||
        !ttl_bytes_is_word(argv[1], "SET-ACTIVE-EXPIRE"))
        return true;
    self->was_told_of_expiry = true;
    self->is_active = !ttl_bytes_is_word(argv[2], "0");
    return exec_tell(self->control, error,
                     (const char *[]){"DEBUG", "SET-ACTIVE-EXPIRE", "0", NULL});
}

static bool exec_execute(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                         ttl_reply *reply, target_moments *moments, char *error) {
    exec_target *self = (exec_target *)base;
    bool done = exec_catch_up(self, error);
    int64_t sent_us = exec_clock_shows_us(self);
    done = done &&
           live_turn_execute(&self->connections, base, connection, argc, argv, reply, moments,
                             error) &&
           heed_expiry(self, argc, argv, error) &&
           (base->replica == NULL || exec_replica_await(self, error));
    self->is_driven = false;
    if (!done) exec_server_explain(self, error);
    moments->sent_us = sent_us;
    moments->received_us = exec_clock_shows_us(self);
    return done;
}

/* At the answer to the first PING the server has done what was sent before; at the second its
 * answers have left, those to clients that waited too. */
static bool come_to_rest(exec_target *self, char *error) {
    static const char *const words[] = {"PING", NULL};
    target *replica = self->base.replica;
    return exec_tell(self->control, error, words) && exec_tell(self->control, error, words) &&
           (replica == NULL || exec_replica_await(self, error));
}

static bool exec_send(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                      int64_t *sent_us, char *error) {
    exec_target *self = (exec_target *)base;
    *sent_us = exec_clock_shows_us(self);
    bool done = exec_catch_up(self, error) &&
                live_turn_send(&self->connections, connection, argc, argv, error);
    self->is_driven = false;
    if (!done) exec_server_explain(self, error);
    return done;
}

static bool exec_await(target *base, size_t connection, bool must_come, ttl_reply *reply,
                       target_moments *moments, char *error) {
    (void)must_come;
    exec_target *self = (exec_target *)base;
    moments->sent_us = exec_clock_shows_us(self);
    bool done = exec_catch_up(self, error) && come_to_rest(self, error) &&
                live_turn_await(&self->connections, connection, 0, reply, error);
    moments->received_us = exec_clock_shows_us(self);
    if (!done) exec_server_explain(self, error);
    return done;
}

static bool exec_run_clock(target *base, int64_t at_ms, int64_t rate, char *error) {
    exec_target *self = (exec_target *)base;
    exec_clock_move(self, at_ms);
    bool done = exec_clock_await(self, error) && exec_clock_run(self, rate, error);
    if (!done) exec_server_explain(self, error);
    return done;
}

static bool exec_restart(target *base, vector_action action, int64_t at_ms, char *error) {
    exec_target *self = (exec_target *)base;
    bool done = exec_server_restart(self, action, at_ms, error);
    if (!done) exec_server_explain(self, error);
    return done;
}

static bool exec_events(target *base, ttl_reply *events, char *error) {
    exec_target *self = (exec_target *)base;
    bool done = live_turn_events(&self->connections, events, error);
    if (!done) exec_server_explain(self, error);
    return done;
}

static bool exec_settle(target *base, char *error) {
    (void)base, (void)error;
    return true;
}

/* The next turn empties the server. */
static void exec_end(target *base, size_t key_count, const ttl_bytes *keys) {
    exec_target *self = (exec_target *)base;
    if (base->replica != NULL) target_end(base->replica, key_count, keys);
    base->replica = NULL;
    live_turn_close(&self->connections);
    restore_settings(self);
    if (self->turn.restart != VECTOR_COMMAND) exec_server_forget_data(self);
    self->turn.restart = VECTOR_COMMAND;
}

static void exec_close(target *base) {
    exec_target *self = (exec_target *)base;
    exec_replica_close(self);
    exec_server_stop(self);
    exec_words_free(self->words);
    free(self->command);
    free(self);
}

static const target_operations exec_operations = {
    exec_begin, exec_wait, exec_execute, exec_events, exec_settle, exec_end, exec_close,
};

static target *exec_another(const target *base, char *error) {
    const exec_target *self = (const exec_target *)base;
    target_options options = {.is_interrupted = self->is_interrupted,
                              .start_ms = self->options.start_ms};
    bool is_usage;
    return target_open_exec(self->command, &options, &is_usage, error);
}

exec_target *exec_target_new(char **words, const volatile sig_atomic_t *is_interrupted,
                             int start_ms) {
    exec_target *self = memory_zeroed(1, sizeof *self);
    target *base = &self->base;
    base->operations = &exec_operations;
    base->restart = exec_restart;
    base->send = exec_send;
    base->await = exec_await;
    base->run_clock = exec_run_clock;
    base->another = exec_another;
    base->synchronise = exec_replica_synchronise;
    base->promote = exec_replica_promote;
    base->resync = exec_replica_resync;
    base->is_virtual = true;
    self->words = words;
    self->is_interrupted = is_interrupted;
    self->options.start_ms = start_ms;
    return self;
}

target *target_open_exec(const char *command, const target_options *options, bool *is_usage,
                         char *error) {
    char **words = exec_words_split(command);
    if (words == NULL) {
        *is_usage = true;
        snprintf(error, TARGET_ERROR_SIZE,
                 "no command, or a quote that is not closed: one is exec:redis-server");
        return NULL;
    }
    exec_target *self = exec_target_new(words, options->is_interrupted, options->start_ms);
    self->command = text_copy(command);
    snprintf(self->base.name, sizeof self->base.name, "exec:%s", command);
    if (exec_server_start(self, error)) return &self->base;
    exec_close(&self->base);
    return NULL;
}
