/* Driving the active cycle of a real server: see target_exec.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/target_exec.h"

enum {
    /* A cycle visits the databases in turn and may stop in the middle of one. From one canary to
     * the next each is visited once, and a visit looks at no fewer keys than this. */
    CYCLES = 2,
    KEYS_A_VISIT = 20,
    TIMERS_POLLS = 100, /* a cron that never ran meanwhile waits for the wall clock */
    CYCLE_POLLS = 1000, /* a server whose canary lives longer has no active cycle */
    CRON_US = 1000000,  /* no server's timers are further apart */
    /* The canary is put in so long ago, to live for a millisecond. More than a second: less is no
     * step back to a server whose timers look at the wall clock. */
    STEP_BACK_MS = 1500,
};

/* The sum of what stands behind `word` in a text: 3 of "expires=3". */
static long sum_of(const char *word, const char *text) {
    long sum = 0;
    while ((text = strstr(text, word)) != NULL) sum += strtol(text += strlen(word), NULL, 10);
    return sum;
}

/* How many keys have deadlines, or hold fields that have: what INFO keyspace tells. */
static bool count_volatile(exec_target *self, long *count, char *error) {
    redisReply *reply = live_ask(self->control, error, "INFO", "keyspace", NULL);
    if (reply == NULL) return false;
    const char *text = reply->str == NULL ? "" : reply->str;
    *count = sum_of("expires=", text) + sum_of("subexpiry=", text) +
             sum_of("keys_with_volatile_items=", text);
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

/* Active expiry is not allowed yet, so nothing else sees that the clock went back. */
static bool put_canary(exec_target *self, char *error) {
    step_back(self, STEP_BACK_MS);
    bool put = exec_tell(self->canary, error,
                         (const char *[]){"SET", "ttlspec:canary", "1", "PX", "1", NULL});
    step_back(self, 0);
    return put;
}

/* Servers before 6.2 take their timers from the wall clock, and run their cron when it moves. They
 * run it after the commands that woke them and before they answer those. So at the answer to this
 * PING the cron has run, long before the present, and it runs again in the present, when the next
 * command comes. */
bool exec_cron_run(exec_target *self, char *error) {
    step_back(self, STEP_BACK_MS);
    bool turned = exec_tell(self->control, error, (const char *[]){"PING", NULL});
    step_back(self, 0);
    virtual_clock_hasten_timers(&self->clock, CRON_US);
    return turned;
}

/* The cron is due when a command comes, and runs before that one is answered. */
static bool poll_canary(exec_target *self, bool *is_gone, char *error) {
    if (self->has_wall_timers) {
        if (!exec_cron_run(self, error)) return false;
    } else virtual_clock_hasten_timers(&self->clock, CRON_US);
    redisReply *reply = live_ask(self->canary, error, "DBSIZE", NULL);
    if (reply == NULL) return false;
    *is_gone = reply->type == REDIS_REPLY_INTEGER && reply->integer == 0;
    freeReplyObject(reply);
    return true;
}

/* Puts in a canary and waits until it is gone. */
static bool run_cycle(exec_target *self, int polls, bool *is_gone, char *error) {
    *is_gone = false;
    if (!put_canary(self, error) || !allow_expiry(self, true, error)) return false;
    for (int i = 0; i < polls && !*is_gone; i++)
        if (!poll_canary(self, is_gone, error)) return false;
    if (!allow_expiry(self, false, error)) return false;
    return *is_gone || exec_tell(self->canary, error, (const char *[]){"FLUSHDB", NULL});
}

bool exec_cycle_learn(exec_target *self, char *error) {
    bool is_gone = false;
    self->has_cycle = self->has_wall_timers = false;
    if (self->canary == NULL) return true;
    if (!run_cycle(self, TIMERS_POLLS, &is_gone, error)) return false;
    self->has_wall_timers = !is_gone;
    if (!is_gone && !run_cycle(self, CYCLE_POLLS, &is_gone, error)) return false;
    self->has_cycle = is_gone;
    return true;
}

bool exec_cycle_drive(exec_target *self, char *error) {
    long count = 0;
    bool is_gone = true;
    if (!self->has_cycle) return true;
    if (!count_volatile(self, &count, error)) return false;
    long cycles = count == 0 ? 0 : CYCLES + count / KEYS_A_VISIT;
    for (long i = 0; i < cycles && is_gone; i++)
        if (!run_cycle(self, CYCLE_POLLS, &is_gone, error)) return false;
    if (!is_gone) snprintf(error, TARGET_ERROR_SIZE, "reclaims dead keys no more");
    return is_gone;
}
