/* The replica of a server that we start: see target_exec.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/target_exec.h"

enum {
    LINK_WAIT_US = 10000000, /* how long a replica may take to get its first copy */
    LAG_WAIT_US = 5000000,   /* how long it may be behind */
    POLL_NS = 200000,
    FAST_RATE_PPM = 50000000, /* fifty seconds a second */
};

const char *const exec_words_of_promotion[] = {"REPLICAOF", "NO", "ONE", NULL};

/* -- what INFO replication tells ------------------------------------------------------------- */

typedef struct link_state {
    bool is_up;       /* the replica has its copy */
    bool is_online;   /* the server sends it what follows */
    long long offset; /* of the stream, as far as this server has it */
} link_state;

static long long number_after(const char *info, const char *name, long long missing) {
    const char *at = strstr(info, name);
    return at == NULL ? missing : strtoll(at + strlen(name), NULL, 10);
}

static bool read_link(exec_target *server, const char *offset_name, link_state *state,
                      char *error) {
    redisReply *reply = live_ask(server->control, error, "INFO", "replication", NULL);
    if (reply == NULL) return false;
    const char *info = reply->str == NULL ? "" : reply->str;
    state->is_up = strstr(info, "master_link_status:up") != NULL;
    state->is_online = strstr(info, "state=online") != NULL;
    state->offset = number_after(info, offset_name, -1);
    freeReplyObject(reply);
    return true;
}

static void pause_shortly(void) {
    nanosleep(&(struct timespec){0, POLL_NS}, NULL);
}

static bool is_interrupted(const exec_target *self) {
    return self->is_interrupted != NULL && *self->is_interrupted;
}

/* -- beginning and ending -------------------------------------------------------------------- */

/* Clocks that are moved by years do not end the link. The first copy is made in a file and loaded
 * without one: all other ways wait for a timer, some a second long. What a server does not know it
 * does without. */
static void set_up_link(exec_target *server) {
    static const char *const settings[][2] = {{"repl-timeout", "2147483647"},
                                              {"repl-diskless-sync", "no"},
                                              {"repl-diskless-load", "swapdb"}};
    char ignored[TARGET_ERROR_SIZE];
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const char *words[] = {"CONFIG", "SET", settings[i][0], settings[i][1], NULL};
        exec_tell(server->control, ignored, words);
    }
}

static bool follow(exec_target *self, char *error) {
    exec_target *replica = self->follower;
    char port[16];
    replica->follows = false;
    snprintf(port, sizeof port, "%d", self->server.port);
    set_up_link(self);
    set_up_link(replica);
    if (!exec_tell(replica->control, error, exec_words_of_promotion)) return false;
    const char *words[] = {"REPLICAOF", "127.0.0.1", port, NULL};
    if (!exec_tell(replica->control, error, words)) return false;
    link_state own = {.is_online = false}, state = {.is_up = false};
    for (int64_t end_us = live_now_us() + LINK_WAIT_US; live_now_us() < end_us;) {
        if (!read_link(replica, "slave_repl_offset:", &state, error)) return false;
        if (!read_link(self, "master_repl_offset:", &own, error)) return false;
        replica->follows = state.is_up && own.is_online;
        if (replica->follows || is_interrupted(self)) return true;
        pause_shortly();
    }
    snprintf(error, TARGET_ERROR_SIZE, "has a replica that gets no copy of it");
    return false;
}

/* Servers before 6.2 copy themselves only while the wall clock goes on. Afterwards the clocks show
 * again what they did; dead keys that were copied meanwhile were dead all the same, and active
 * expiry is forbidden. */
static bool follow_in_time(exec_target *self, char *error) {
    virtual_clock_run(&self->clock, FAST_RATE_PPM);
    virtual_clock_run(&self->follower->clock, FAST_RATE_PPM);
    bool done = follow(self, error);
    exec_clock_move(self, self->at_ms);
    exec_clock_move(self->follower, self->follower->at_ms);
    return done;
}

bool exec_replica_attach(exec_target *self, char *error) {
    if (!exec_server_open_port(self, error)) return false;
    if (self->follower == NULL) {
        self->follower = exec_target_new(self->words, self->is_interrupted, self->options.start_ms);
        if (!exec_server_start(self->follower, error)) {
            exec_replica_close(self);
            return false;
        }
    }
    if (!exec_server_revive(self->follower, error)) return false;
    return self->follower->follows || follow_in_time(self, error);
}

bool exec_replica_begin(exec_target *self, char *error) {
    self->base.replica = &self->follower->base;
    return target_begin(self->base.replica, self->turn.replica, error) &&
           exec_replica_synchronise(&self->base, error);
}

void exec_replica_dismiss(exec_target *self) {
    char ignored[TARGET_ERROR_SIZE];
    if (self->follower == NULL || !self->follower->follows) return;
    exec_tell(self->follower->control, ignored, exec_words_of_promotion);
    self->follower->follows = false;
}

void exec_replica_close(exec_target *self) {
    if (self->follower == NULL) return;
    exec_server_stop(self->follower);
    free(self->follower);
    self->follower = NULL;
}

/* -- during a turn --------------------------------------------------------------------------- */

bool exec_replica_await(exec_target *self, char *error) {
    exec_target *replica = self->follower;
    if (!replica->follows) return true;
    link_state own, state = {.offset = -1};
    if (!read_link(self, "master_repl_offset:", &own, error)) return false;
    for (int64_t end_us = live_now_us() + LAG_WAIT_US; live_now_us() < end_us;) {
        if (!read_link(replica, "slave_repl_offset:", &state, error)) return false;
        if ((state.is_up && state.offset >= own.offset) || is_interrupted(self)) return true;
        pause_shortly();
    }
    replica->follows = false;
    snprintf(error, TARGET_ERROR_SIZE,
             "has a replica that does not catch up: it is at %lld of %lld%s", state.offset,
             own.offset, state.is_up ? "" : ", and the link is down");
    return false;
}

bool exec_replica_synchronise(target *base, char *error) {
    exec_target *self = (exec_target *)base;
    return !self->follower->follows ||
           (exec_catch_up(self, error) && exec_replica_await(self, error));
}

bool exec_replica_promote(target *base, char *error) {
    exec_target *replica = ((exec_target *)base)->follower;
    if (!exec_tell(replica->control, error, exec_words_of_promotion)) return false;
    replica->follows = false;
    return true;
}

/* A server that was its own master for a moment asks for the whole. */
bool exec_replica_resync(target *base, char *error) {
    return follow_in_time((exec_target *)base, error);
}
