/* The server of exec:, from its start to its end, and the time that it is told. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "conformance/number.h"
#include "conformance/target_exec.h"
#include "conformance/text.h"
#include "conformance/virtual-clock/page.h"

enum {
    CLOCK_TRIES = 200, /* how often the server is asked whether it has seen a move */
    END_WAIT_MS = 300, /* how long after it broke a connection a server may take to be gone */
    POLL_MS = 2,
    RUN_LOOK_US = 20000, /* how often a running clock is looked at */
    WORDS_SHOWN = 600,
    REWRITE_WAIT_US = 5000000, /* a server that takes longer to rewrite a few keys never ends */
};

bool exec_hear(redisContext *on, const char *command, char *error) {
    void *next = NULL;
    errno = 0;
    if (redisGetReply(on, &next) != REDIS_OK) {
        live_complain(on, error);
        return false;
    }
    redisReply *reply = next;
    bool done = reply->type != REDIS_REPLY_ERROR;
    if (!done) snprintf(error, TARGET_ERROR_SIZE, "refused %s: %.160s", command, reply->str);
    freeReplyObject(reply);
    return done;
}

bool exec_tell(redisContext *on, char *error, const char *const *words) {
    int count = 0;
    while (words[count] != NULL) count++;
    redisAppendCommandArgv(on, count, (const char **)words, NULL);
    return exec_hear(on, words[0], error);
}

/* -- the clock ------------------------------------------------------------------------------ */

void exec_clock_move(exec_target *self, int64_t at_ms) {
    self->at_ms = at_ms;
    self->rate = 0;
    self->has_moved = true;
    self->is_driven = false;
    virtual_clock_set(&self->clock, (EXEC_T0_MS + at_ms) * 1000);
}

/* Hears the answer to TIME. False: the connection broke, or that is no answer to TIME. */
static bool hear_time_us(exec_target *self, int64_t *time_us, char *error) {
    int64_t seconds = 0, micros = 0;
    void *next = NULL;
    errno = 0;
    if (redisGetReply(self->control, &next) != REDIS_OK) {
        live_complain(self->control, error);
        return false;
    }
    redisReply *reply = next;
    bool sound = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;
    for (size_t i = 0; sound && i < 2; i++)
        sound = reply->element[i]->type == REDIS_REPLY_STRING &&
                number_parse(reply->element[i]->str, (size_t)reply->element[i]->len,
                             i == 0 ? &seconds : &micros);
    freeReplyObject(reply);
    if (!sound) snprintf(error, TARGET_ERROR_SIZE, "does not answer TIME as Redis does");
    *time_us = seconds * 1000000 + micros;
    return sound;
}

bool exec_clock_hear(exec_target *self, char *error) {
    int64_t set_us = (EXEC_T0_MS + self->at_ms) * 1000, told_us = 0;
    for (int i = 0; i < CLOCK_TRIES; i++) {
        if (i > 0) redisAppendCommand(self->control, "TIME");
        if (!hear_time_us(self, &told_us, error)) return false;
        if (told_us != set_us) continue;
        self->has_moved = false;
        return true;
    }
    snprintf(error, TARGET_ERROR_SIZE,
             "does not follow the virtual clock: set to %lld us, TIME says %lld", (long long)set_us,
             (long long)told_us);
    return false;
}

bool exec_clock_await(exec_target *self, char *error) {
    redisAppendCommand(self->control, "TIME");
    return exec_clock_hear(self, error);
}

int64_t exec_clock_shows_us(const exec_target *self) {
    if (self->rate == 0) return self->at_ms * 1000;
    return virtual_clock_now_us(&self->clock) - EXEC_T0_MS * 1000;
}

bool exec_clock_run(exec_target *self, int64_t rate, char *error) {
    int64_t told_us = 0;
    self->rate = rate;
    if (rate == 0) return true;
    virtual_clock_run(&self->clock, rate * CLOCK_RATE_REAL_PPM);
    int64_t before_us = virtual_clock_now_us(&self->clock);
    redisAppendCommand(self->control, "TIME");
    if (!hear_time_us(self, &told_us, error)) return false;
    if (told_us >= before_us && told_us <= virtual_clock_now_us(&self->clock)) return true;
    snprintf(error, TARGET_ERROR_SIZE,
             "does not follow the virtual clock, which runs %lld times as fast as real time",
             (long long)rate);
    return false;
}

bool exec_clock_reach(exec_target *self, int64_t at_ms) {
    for (;;) {
        if (self->is_interrupted != NULL && *self->is_interrupted) return false;
        int64_t left_us = at_ms * 1000 - exec_clock_shows_us(self);
        if (left_us <= 0) return true;
        int64_t real_us = left_us / self->rate + 1;
        if (real_us > RUN_LOOK_US) real_us = RUN_LOOK_US;
        nanosleep(&(struct timespec){0, real_us * 1000}, NULL);
    }
}

/* -- what the server is --------------------------------------------------------------------- */

static void connections_drop(exec_target *self) {
    live_turn_close(&self->connections);
    if (self->control != NULL) redisFree(self->control);
    if (self->canary != NULL) redisFree(self->canary);
    self->control = self->canary = NULL;
}

/* The last database, where no vector goes; without one that is neither 0 nor 1 there is no canary,
 * and the active cycle cannot be driven. */
static void open_canary(exec_target *self) {
    char ignored[TARGET_ERROR_SIZE], last[24] = "15";
    redisReply *reply = live_ask(self->control, ignored, "CONFIG", "GET", "databases", NULL);
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
        snprintf(last, sizeof last, "%ld", strtol(reply->element[1]->str, NULL, 10) - 1);
    if (reply != NULL) freeReplyObject(reply);
    if (strtol(last, NULL, 10) < 2) return;
    self->canary = live_connect(&self->address, ignored);
    if (self->canary == NULL) return;
    if (exec_tell(self->canary, ignored, (const char *[]){"SELECT", last, NULL})) return;
    redisFree(self->canary);
    self->canary = NULL;
}

/* Those that only some versions know are tried first: Redis 7.0 forgets the class n when it refuses
 * a later setting. */
bool exec_set_events(exec_target *self) {
    static const char *const classes[] = {"KEAmnoc", "KEAmn", "KEAm", "KEA"};
    char ignored[TARGET_ERROR_SIZE];
    bool done = false;
    for (size_t i = 0; i < sizeof classes / sizeof *classes && !done; i++) {
        const char *words[] = {"CONFIG", "SET", "notify-keyspace-events", classes[i], NULL};
        done = exec_tell(self->control, ignored, words);
    }
    return done;
}

/* How a turn wants it: a quick cron, so that the active cycle comes soon when it is wanted, and
 * events. A server that does not know a setting does without. */
static void set_up(exec_target *self) {
    char ignored[TARGET_ERROR_SIZE];
    exec_tell(self->control, ignored, (const char *[]){"CONFIG", "SET", "hz", "500", NULL});
    self->has_debug = exec_tell(self->control, ignored,
                                (const char *[]){"DEBUG", "SET-ACTIVE-EXPIRE", "0", NULL});
    self->base.has_events = exec_set_events(self);
    self->base.no_events = "keyspace events cannot be seen: CONFIG SET is refused";
}

static void learn_capabilities(exec_target *self) {
    char ignored[TARGET_ERROR_SIZE];
    target *base = &self->base;
    base->capabilities = VECTOR_NEEDS_EXCLUSIVE_DB | VECTOR_NEEDS_VIRTUAL_CLOCK |
                         VECTOR_NEEDS_CLOCK_RATE | VECTOR_NEEDS_BLOCKING;
    base->databases[1] = 1;
    if (self->has_debug) base->capabilities |= VECTOR_NEEDS_DEBUG;
    if (exec_tell(self->control, ignored, (const char *[]){"SELECT", "1", NULL}))
        base->capabilities |= VECTOR_NEEDS_DATABASES;
    exec_tell(self->control, ignored, (const char *[]){"SELECT", "0", NULL});
    if (server_takes_options(&self->server)) base->capabilities |= VECTOR_NEEDS_RESTART;
    bool has_port = server_takes_options(&self->server) || self->server.port != 0;
    if (has_port && exec_tell(self->control, ignored, exec_words_of_promotion))
        base->capabilities |= VECTOR_NEEDS_REPLICA;
#if HIREDIS_MAJOR >= 1
    base->capabilities |= VECTOR_NEEDS_RESP3;
#endif
}

static bool learn_version(exec_target *self, char *error) {
    redisReply *reply = live_ask(self->control, error, "INFO", "server", NULL);
    if (reply == NULL) return false;
    bool is_text = reply->type != REDIS_REPLY_ERROR && reply->str != NULL;
    live_recognise(&self->base, is_text ? reply->str : "");
    freeReplyObject(reply);
    return true;
}

/* -- starting and ending -------------------------------------------------------------------- */

static bool connect_anew(exec_target *self, char *error) {
    connections_drop(self);
    self->is_suspect = false;
    self->control = live_connect(&self->address, error);
    if (self->control == NULL) return false;
    set_up(self);
    open_canary(self);
    return true;
}

static bool greet(exec_target *self, char *error) {
    if (!connect_anew(self, error) || !learn_version(self, error)) return false;
    learn_capabilities(self);
    return exec_cycle_learn(self, error);
}

bool exec_server_start(exec_target *self, char *error) {
    char reason[SERVER_ERROR_SIZE] = "";
    if (!preload_find(self->preload, sizeof self->preload)) {
        snprintf(error, TARGET_ERROR_SIZE,
                 "could not be started: libttlclock.so, which gives it our clock, is not beside "
                 "this program nor where it is installed");
        return false;
    }
    self->options.command = (const char *const *)self->words;
    self->options.clock = &self->clock;
    self->options.preload = self->preload;
    bool obeys = false, started = scratch_open(&self->scratch, reason) &&
                                  virtual_clock_init(&self->clock, self->scratch.path,
                                                     EXEC_T0_MS * 1000, reason) &&
                                  server_start(&self->server, &self->options, reason);
    if (started) obeys = server_obeys_clock(&self->server, reason);
    if (!obeys) {
        snprintf(error, TARGET_ERROR_SIZE, "could not be %s: %s", started ? "used" : "started",
                 reason);
        return false;
    }
    bool by_socket = self->server.socket[0] != '\0';
    self->address = (live_address){.path = by_socket ? text_copy(self->server.socket) : NULL,
                                   .host = by_socket ? NULL : text_copy("127.0.0.1"),
                                   .port = self->server.port};
    return greet(self, error);
}

/* What was learnt of it at its first start still holds. Nobody follows it any more. */
static bool start_again(exec_target *self, char *error) {
    char reason[SERVER_ERROR_SIZE] = "";
    self->follows = false;
    if (self->follower != NULL) self->follower->follows = false;
    if (server_start_again(&self->server, reason)) return connect_anew(self, error);
    snprintf(error, TARGET_ERROR_SIZE, "could not be started again: %s", reason);
    return false;
}

bool exec_server_open_port(exec_target *self, char *error) {
    char reason[SERVER_ERROR_SIZE] = "";
    if (self->server.port != 0) return true;
    connections_drop(self);
    server_end(&self->server, SIGKILL);
    self->options.tcp = true;
    if (server_start_elsewhere(&self->server, reason)) return connect_anew(self, error);
    snprintf(error, TARGET_ERROR_SIZE, "could not be started with a port: %s", reason);
    return false;
}

bool exec_server_revive(exec_target *self, char *error) {
    char reason[SERVER_ERROR_SIZE] = "";
    bool answers = !self->is_suspect && self->control != NULL && self->control->err == 0;
    if (!answers && self->control != NULL && server_is_running(&self->server))
        answers = exec_tell(self->control, reason, (const char *[]){"PING", NULL});
    self->is_suspect = false;
    if (answers) return true;
    connections_drop(self);
    server_end(&self->server, SIGKILL);
    return start_again(self, error);
}

/* -- with data that outlives it ------------------------------------------------------------- */

/* Written to the file before the answer, whatever the policy of fsync: no power fails here. */
bool exec_server_keep_data(exec_target *self, char *error) {
    snprintf(self->data_path, sizeof self->data_path, "%s/data-%d", self->scratch.path,
             self->data_count++);
    if (mkdir(self->data_path, S_IRWXU) != 0) {
        snprintf(error, TARGET_ERROR_SIZE, "no directory for its data: %s", strerror(errno));
        return false;
    }
    const char *words[] = {"--dir", self->data_path, "--appendonly", "yes", "--appendfsync", "no"};
    size_t count = self->turn.restart == VECTOR_RESTART_RDB ? 2 : sizeof words / sizeof *words;
    memset(self->data_arguments, 0, sizeof self->data_arguments);
    memcpy(self->data_arguments, words, count * sizeof *words);
    self->options.arguments = self->data_arguments;
    server_end(&self->server, SIGKILL);
    return start_again(self, error);
}

/* False where it cannot be told, too: then it is not sound, and `error` says why. */
static bool is_rewriting(exec_target *self, bool *is_sound, char *error) {
    *is_sound = false;
    if (!exec_cron_run(self, error)) return false;
    redisReply *reply = live_ask(self->control, error, "INFO", "persistence", NULL);
    if (reply == NULL) return false;
    const char *text = reply->str == NULL ? "" : reply->str;
    bool is_idle = strstr(text, "aof_rewrite_in_progress:0") != NULL &&
                   strstr(text, "aof_rewrite_scheduled:0") != NULL;
    *is_sound = is_idle && strstr(text, "aof_last_bgrewrite_status:ok") != NULL;
    if (is_idle && !*is_sound) snprintf(error, TARGET_ERROR_SIZE, "could not rewrite its file");
    freeReplyObject(reply);
    return !is_idle;
}

/* The server rewrites in a process of its own, and its cron puts the file in place. */
static bool rewrite_file(exec_target *self, char *error) {
    int64_t deadline_us = live_now_us() + REWRITE_WAIT_US;
    bool is_sound;
    if (!exec_tell(self->control, error, (const char *[]){"BGREWRITEAOF", NULL})) return false;
    while (is_rewriting(self, &is_sound, error)) {
        if (live_now_us() > deadline_us) {
            snprintf(error, TARGET_ERROR_SIZE, "is still rewriting its append-only file");
            return false;
        }
        nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
    }
    return is_sound;
}

/* Killed, or told to end; SIGTERM is not heeded by those whose timers look at a clock that stands
 * still. */
static bool end_for_restart(exec_target *self, vector_action action, char *error) {
    if (action == VECTOR_RESTART_RDB &&
        !exec_tell(self->control, error, (const char *[]){"SAVE", NULL}))
        return false;
    if (action == VECTOR_RESTART_REWRITTEN && !rewrite_file(self, error)) return false;
    if (action == VECTOR_RESTART_KILLED) {
        server_end(&self->server, SIGKILL);
        return true;
    }
    redisAppendCommand(self->control, "SHUTDOWN NOSAVE");
    void *reply = NULL;
    if (redisGetReply(self->control, &reply) == REDIS_OK) freeReplyObject(reply);
    server_end(&self->server, SIGTERM);
    return true;
}

bool exec_server_restart(exec_target *self, vector_action action, int64_t at_ms, char *error) {
    if (!end_for_restart(self, action, error)) return false;
    connections_drop(self);
    exec_clock_move(self, at_ms);
    self->is_active = true;
    self->was_told_of_expiry = false;
    return start_again(self, error) &&
           live_turn_open(&self->connections, &self->base, &self->address, &self->turn, error);
}

void exec_server_forget_data(exec_target *self) {
    connections_drop(self);
    server_end(&self->server, SIGKILL);
    self->options.arguments = NULL;
}

void exec_server_stop(exec_target *self) {
    connections_drop(self);
    /* Nothing of it is to be kept, and a server whose clock stands still may not heed SIGTERM. */
    server_end(&self->server, SIGKILL);
    server_stop(&self->server);
    virtual_clock_free(&self->clock);
    scratch_close(&self->scratch);
    live_address_free(&self->address);
}

void exec_server_explain(exec_target *self, char *error) {
    self->is_suspect = true;
    for (int waited_ms = 0; waited_ms < END_WAIT_MS; waited_ms += POLL_MS) {
        if (!server_is_running(&self->server)) break;
        nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
    }
    if (server_is_running(&self->server)) return;
    char words[WORDS_SHOWN], how[64];
    int status = self->server.status;
    if (WIFSIGNALED(status)) snprintf(how, sizeof how, "was killed by signal %d", WTERMSIG(status));
    else snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(status));
    server_last_words(&self->server, words, sizeof words);
    snprintf(error, TARGET_ERROR_SIZE, "%s; its last words: %s", how,
             words[0] == '\0' ? "(none)" : words);
}
