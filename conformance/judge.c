#include "conformance/judge.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/judge_inside.h"
#include "conformance/text.h"
#include "engine/dialect.h"

/* A key may be found dead in the very millisecond of its deadline where the active cycle does not
 * wait for the next one. */
static int64_t yes_slack_of(const ttl_dialect *dialect) {
    return ttl_dialect_has(dialect, TRAIT_ACTIVE_AT_DEADLINE) ? JUDGE_TICK_US : 0;
}

static void judge_begin(judge *self) {
    size_t count = self->history->count, connections = self->history->connection_count;
    self->timeline = judge_timeline(self);
    self->sessions = memory_zeroed(connections, sizeof *self->sessions);
    self->order = memory_zeroed(count, sizeof *self->order);
    self->best_order = memory_zeroed(count, sizeof *self->best_order);
    self->next_of = memory_zeroed(connections, sizeof *self->next_of);
    self->sent_us = memory_zeroed(count, sizeof *self->sent_us);
    self->received_us = memory_zeroed(count, sizeof *self->received_us);
    self->latest_sent = memory_zeroed(count, sizeof *self->latest_sent);
    self->latest_received = memory_zeroed(count, sizeof *self->latest_received);
    self->orders = memory_zeroed(count + 1, sizeof *self->orders);
    self->slack_us = self->idle_slack_us = INT64_MAX;
    ttl_reply_init(&self->reply, ttl_allocator_libc());
}

static void judge_end(judge *self) {
    judge_engine_free(self);
    judge_forget_events(self);
    free(self->emitted);
    for (size_t i = 0; i < self->choice_capacity; i++) {
        zone_free(self->choices[i].known.zone);
        free(self->choices[i].units);
    }
    void *owned[] = {self->sessions,    self->order,           self->best_order, self->next_of,
                     self->sent_us,     self->received_us,     self->orders,     self->log,
                     self->latest_sent, self->latest_received, self->moments,    self->relations,
                     self->facts,       self->variables,       self->choices,    self->failed,
                     self->free_log,    self->best_log,        self->free_asked};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    zone_free(self->known.zone);
    ttl_reply_free(&self->reply);
    judge_plan_free(self);
    arena_free(&self->arena);
}

static void tell_why_undecided(const judge *self, judge_result *result) {
    result->is_beyond = self->given_up != NULL;
    if (result->is_beyond) result->entry = self->given_up_at;
    result->reason = result->is_beyond
                         ? text_copy(self->given_up)
                         : text_format("given up after running it %zu times", self->runs);
}

judge_result judge_history(const history *given, const judge_options *options) {
    judge self = {.history = given, .options = *options};
    if (self.options.runs_max == 0) self.options.runs_max = JUDGE_RUNS_MAX;
    self.yes_slack_us = yes_slack_of(&options->dialect);
    self.fields_die_early = ttl_dialect_has(&options->dialect, TRAIT_INFO_VOLATILE_ITEMS);
    judge_result result = {
        .answer = JUDGE_UNDECIDED, .slack_us = INT64_MAX, .idle_slack_us = INT64_MAX};
    judge_begin(&self);
    judge_engine_begin(&self); /* the plan asks it what it knows */
    if (judge_plan(&self, &result.reason, &result.entry)) {
        result.answer = judge_search(&self);
        result.slack_us = self.slack_us;
        result.idle_slack_us = self.idle_slack_us;
        result.questions = self.questions;
        result.open_questions = self.open_questions;
        if (result.answer == JUDGE_FAIL) judge_explain(&self, &result);
        if (result.answer == JUDGE_UNDECIDED) tell_why_undecided(&self, &result);
    }
    result.runs = self.runs;
    result.peak = self.peak;
    judge_end(&self);
    return result;
}

void judge_result_free(judge_result *result) {
    for (size_t i = 0; i < result->link_count; i++) {
        free(result->links[i].formula);
        free(result->links[i].text);
    }
    free(result->links);
    free(result->reason);
    *result = (judge_result){.answer = JUDGE_UNDECIDED};
}

const char *judge_answer_name(judge_answer answer) {
    switch (answer) {
    case JUDGE_PASS: return "pass";
    case JUDGE_FAIL: return "fail";
    case JUDGE_UNDECIDED: return "undecided";
    }
    return "?";
}
