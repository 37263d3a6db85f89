/* Driving the active cycle of a real server: see target_exec.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/target_exec.h"

enum {
    /* A cycle may begin in the middle of a database; the next one begins at its beginning. */
    CYCLES = 2,
    CYCLE_WAIT_US = 2000000, /* a server that takes longer has no active cycle */
    STEP_BACK_MS = 10,       /* the canary is put in so long ago, to live for a millisecond */
};

/* True when some key has a deadline: in INFO keyspace "expires=3". */
static bool has_volatile_keys(const char *info) {
    for (const char *at = info; (at = strstr(at, "expires=")) != NULL; at++)
        if (at[strlen("expires=")] != '0') return true;
    return false;
}

static bool may_have_dead_keys(exec_target *self, bool *may, char *error) {
    redisReply *reply = live_ask(self->control, error, "INFO", "keyspace", NULL);
    if (reply == NULL) return false;
    *may = reply->str != NULL && has_volatile_keys(reply->str);
    freeReplyObject(reply);
    return true;
}

static bool allow_expiry(exec_target *self, bool allowed, char *error) {
    const char *words[] = {"DEBUG", "SET-ACTIVE-EXPIRE", allowed ? "1" : "0", NULL};
    return !self->has_debug || exec_tell(self->control, error, words);
}

static void step_back(exec_target *self, int64_t by_ms) {
    virtual_clock_set(&self->clock, (EXEC_T0_MS + self->at_ms - by_ms) * 1000);
}

static bool put_canary(exec_target *self, char *error) {
    step_back(self, STEP_BACK_MS);
    bool put = exec_tell(self->canary, error,
                         (const char *[]){"SET", "ttlspec:canary", "1", "PX", "1", NULL});
    step_back(self, 0);
    return put;
}

/* Asks whether the canary is gone, once. Servers before 6.2 take their timers from the wall clock,
 * and run their cron only when it moves: every turn of this wheel takes it back and forth. */
static bool poll_canary(exec_target *self, bool *is_gone, char *error) {
    step_back(self, STEP_BACK_MS);
    bool asked = exec_tell(self->canary, error, (const char *[]){"PING", NULL});
    step_back(self, 0);
    redisReply *reply = asked ? live_ask(self->canary, error, "DBSIZE", NULL) : NULL;
    if (reply == NULL) return false;
    *is_gone = reply->type == REDIS_REPLY_INTEGER && reply->integer == 0;
    freeReplyObject(reply);
    return true;
}

static bool run_cycle(exec_target *self, char *error) {
    int64_t deadline_us = live_now_us() + CYCLE_WAIT_US;
    bool is_gone = false;
    if (!put_canary(self, error) || !allow_expiry(self, true, error)) return false;
    while (!is_gone && !self->has_no_cycle) {
        if (!poll_canary(self, &is_gone, error)) return false;
        self->has_no_cycle = !is_gone && live_now_us() > deadline_us;
    }
    if (!allow_expiry(self, false, error)) return false;
    return is_gone || exec_tell(self->canary, error, (const char *[]){"FLUSHDB", NULL});
}

bool exec_cycle_drive(exec_target *self, char *error) {
    bool may = false;
    if (self->canary == NULL || self->has_no_cycle) return true;
    if (!may_have_dead_keys(self, &may, error)) return false;
    for (int i = 0; may && i < CYCLES; i++)
        if (!run_cycle(self, error)) return false;
    return true;
}
