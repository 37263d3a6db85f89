/* From an attempt to a verdict, and to the result that is kept. */
#include <stdlib.h>
#include <string.h>

#include "conformance/attempt.h"
#include "conformance/attempt_inside.h"
#include "conformance/judge.h"
#include "conformance/text.h"

/* -- what is kept ------------------------------------------------------------------------------ */

static void keep_reply(const attempt *self, const ttl_reply *from, ttl_reply *to) {
    for (size_t i = 0; i < from->node_count; i++) {
        const ttl_node *node = &from->nodes[i];
        if (!ttl_reply_has_text(node->type)) {
            if (node->type == TTL_REPLY_INTEGER) ttl_reply_add_integer(to, node->is.integer);
            else if (node->type == TTL_REPLY_BOOLEAN)
                ttl_reply_add_boolean(to, node->is.integer != 0);
            else ttl_reply_add_node(to, node->type, node->length);
            continue;
        }
        size_t length;
        char *text = attempt_plain_bytes(self, ttl_reply_text(from, i), &length);
        ttl_reply_add_text(to, node->type, (ttl_bytes){text, length});
        free(text);
    }
}

static void keep_command(const attempt *self, size_t index, result_step *to) {
    const attempt_step *from = &self->steps[index];
    ttl_reply_add_node(&to->command, TTL_REPLY_ARRAY, from->argc);
    for (size_t i = 0; i < from->argc; i++) {
        size_t length;
        char *text = attempt_plain_bytes(self, from->argv[i], &length);
        ttl_reply_add_bulk(&to->command, (ttl_bytes){text, length});
        free(text);
    }
}

static bool is_on_replica(const vector *self, const vector_step *step) {
    return step->action <= VECTOR_AWAIT && vector_is_on_replica(self, step->connection);
}

static void keep_step(const attempt *self, size_t index, result_step *to) {
    const vector_step *step = &self->vector->steps[index];
    const attempt_step *from = &self->steps[index];
    result_step_init(to);
    if (step->connection > 0 || is_on_replica(self->vector, step))
        to->connection = text_copy(self->vector->connections[step->connection]);
    to->at_ms = step->at_ms;
    if (from->argc == 0) return;
    keep_command(self, index, to);
    char *expected = expectation_text(from->outcome->reply, &self->world);
    to->expected = attempt_plain_text(self, expected);
    free(expected);
    to->uses_t0 = expectation_t0(from->outcome->reply) != VECTOR_T0_UNNAMED;
    to->checks_events = from->outcome->checks_events;
    if (!from->answered) return;
    to->answered = true;
    to->polls = from->poll_count;
    to->protocol = from->protocol;
    to->sent_us = from->moments.sent_us;
    to->received_us = from->moments.received_us;
    keep_reply(self, &from->reply, &to->reply);
    if (self->vector->has_events) attempt_list_events(self, index, &to->events, &to->wanted_events);
}

static void keep_steps(const attempt *self, result_vector *result) {
    result->step_count = self->vector->step_count;
    result->steps = memory_zeroed(result->step_count, sizeof *result->steps);
    result->t0_ms = self->world.t0_ms;
    for (size_t i = 0; i < result->step_count; i++) keep_step(self, i, &result->steps[i]);
    if (self->answered > 0)
        result->duration_us = self->is_virtual
                                  ? self->vector->steps[self->answered - 1].at_ms * 1000
                                  : self->steps[self->answered - 1].moments.received_us;
}

/* -- verdicts ---------------------------------------------------------------------------------- */

/* Gives a step its verdict. The reason becomes the step's. */
static void judge(result_step *step, verdict value, const char *class, char *reason) {
    step->judged = true;
    step->verdict = value;
    free(step->class);
    free(step->reason);
    step->class = text_copy(class);
    step->reason = reason;
}

/* Which steps match the vector; their results say why not. */
static void match_steps(const attempt *self, result_vector *result) {
    for (size_t i = 0; i < result->step_count && self->steps[i].answered; i++) {
        attempt_mismatch found = attempt_match(self, i, !self->is_virtual);
        judge(&result->steps[i], found.class == NULL ? VERDICT_PASS : VERDICT_FAIL, found.class,
              found.reason);
    }
}

/* The steps that differ from the vector though an instant explains them: they were missed, if in
 * virtual time the reference does what the vector says. */
static void excuse_missed(result_vector *result, size_t count, const bool *agrees) {
    for (size_t i = 0; i < count; i++) {
        result_step *step = &result->steps[i];
        if (step->verdict != VERDICT_FAIL || !agrees[i]) continue;
        char *reason = text_format("%s: right for a moment between sending and reply, but not for "
                                   "the millisecond that the vector is about",
                                   step->reason);
        judge(step, VERDICT_INCONCLUSIVE, "missed", reason);
    }
}

/* Nothing explains the step, though the reference can follow the vector up to here. */
static void convict(result_step *step, const char *proof) {
    char *was = step->verdict == VERDICT_FAIL
                    ? text_format("%s; ", step->reason)
                    : text_copy("as the vector wants, but it is not legal by the time: ");
    char *reason = text_format("%s%s", was, proof);
    char *class = text_copy(step->verdict == VERDICT_FAIL ? step->class : "time");
    judge(step, VERDICT_FAIL, class, reason);
    free(class);
    free(was);
}

static bool agrees_until(const bool *agrees, size_t last) {
    for (size_t i = 0; i <= last; i++)
        if (!agrees[i]) return false;
    return true;
}

/* Does the judge not look at what is wrong with this step? */
static bool is_beyond_judge(const attempt *self, const result_step *step, size_t index) {
    static const char *const commands[] = {"SCAN",   "INFO",  "COMMAND", "CLIENT",
                                           "CONFIG", "DEBUG", "HELLO"};
    if (step->class == NULL) return false;
    if (strcmp(step->class, "events") == 0 || strcmp(step->class, "wording") == 0) return true;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (ttl_bytes_is_word(self->steps[index].argv[0], commands[i])) return true;
    return false;
}

/* Some histories cannot be judged at all: deadlines that wrap around, unknown commands. */
static bool was_searched(const judge_result *found) {
    return found->answer != JUDGE_UNDECIDED || strncmp(found->reason, "given up", 8) == 0;
}

/* May its reply be another one a little later, because it tells the time, or was waited for? */
static bool hangs_on_time(const attempt *self, size_t step) {
    static const char *const commands[] = {"TTL",  "PTTL",       "TIME",
                                           "EXEC", "EXPIRETIME", "PEXPIRETIME"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (ttl_bytes_is_word(self->steps[step].argv[0], commands[i])) return true;
    return self->vector->steps[step].may_block || self->vector->steps[step].action == VECTOR_AWAIT;
}

/* Steps that differ from the vector, though a right server could have answered so: their moment was
 * missed. Where no moment that the brackets allow makes a difference to what is done, what the
 * vector says of things that the judge does not look at holds all the same. */
static void weigh_differences(const attempt *self, const judge_result *found,
                              result_vector *result) {
    bool *agrees = attempt_reference(self, NULL);
    bool is_firm = attempt_is_firm(self, found), is_unjudged = !was_searched(found);
    for (size_t i = 0; i < result->step_count; i++) {
        if (result->steps[i].verdict != VERDICT_FAIL) continue;
        bool may_count = (is_firm && is_beyond_judge(self, &result->steps[i], i)) ||
                         (is_unjudged && !hangs_on_time(self, i));
        if (may_count && attempt_holds_at_all_moments(self, i)) agrees[i] = false;
    }
    excuse_missed(result, result->step_count, agrees);
    free(agrees);
}

static bool matches_all(const result_vector *result) {
    for (size_t i = 0; i < result->step_count; i++)
        if (result->steps[i].verdict != VERDICT_PASS) return false;
    return true;
}

/* No right server can have answered so, if the reference itself follows the vector that far. */
static void decide_unexplained(const attempt *self, const judge_result *found, size_t step,
                               result_vector *result) {
    bool *agrees = attempt_reference(self, NULL);
    if (step < result->step_count && agrees_until(agrees, step)) {
        char *proof = attempt_proof(self, found);
        excuse_missed(result, step, agrees);
        convict(&result->steps[step], proof);
        free(proof);
    }
    free(agrees);
}

/* A difference can be looked at again without the server. */
static void keep_history(const history *seen, const judge_result *found, result_vector *result) {
    bool differs = false;
    for (size_t i = 0; i < result->step_count; i++)
        differs |= result->steps[i].judged && result->steps[i].verdict == VERDICT_FAIL;
    if (!differs) return;
    size_t length = 0;
    FILE *out = open_memstream(&result->history, &length);
    if (out == NULL) return;
    history_write(seen, out);
    fclose(out);
    result->is_proven = found->answer == JUDGE_FAIL;
}

/* What was heard can contradict, too. When an event was announced is known so badly that it says
 * nothing else: how near the replies were to undecidable is told without it. */
static void judge_events(const attempt *self, const judge_options *options, history *seen,
                         judge_result *found) {
    if (!self->vector->has_events) return;
    history_free(seen);
    attempt_history(self, true, seen);
    judge_result heard = judge_history(seen, options);
    if (heard.answer == JUDGE_FAIL) {
        judge_result silent = *found;
        *found = heard;
        heard = silent;
    }
    judge_result_free(&heard);
}

static void decide_live(const attempt *self, result_vector *result) {
    history seen;
    attempt_history(self, false, &seen);
    judge_options options = {.dialect = *self->spec, .rate_ppm = JUDGE_RATE_PPM};
    judge_result found = judge_history(&seen, &options);
    if (found.answer == JUDGE_PASS) judge_events(self, &options, &seen, &found);
    bool was_given_up = found.answer == JUDGE_UNDECIDED && was_searched(&found);
    result->has_slack = found.answer == JUDGE_PASS && found.slack_us < INT64_MAX;
    if (result->has_slack) result->slack_us = found.slack_us;
    if (found.answer == JUDGE_FAIL)
        decide_unexplained(self, &found, attempt_step_of(self, &seen, found.entry), result);
    else if (!matches_all(result)) weigh_differences(self, &found, result);
    else if (was_given_up)
        judge(&result->steps[result->step_count - 1], VERDICT_INCONCLUSIVE, "missed",
              text_copy("replies came so late that their possible moments are too many to search"));
    keep_history(&seen, &found, result);
    judge_result_free(&found);
    history_free(&seen);
}

static void summarise(const attempt *self, result_vector *result) {
    const result_step *worst = NULL;
    for (size_t i = 0; i < result->step_count; i++) {
        const result_step *step = &result->steps[i];
        if (!step->judged || step->verdict == VERDICT_PASS) continue;
        if (worst == NULL || (worst->verdict != VERDICT_FAIL && step->verdict == VERDICT_FAIL))
            worst = step;
    }
    if (worst == NULL) return;
    bool is_warning = worst->verdict == VERDICT_FAIL && self->vector->level == VECTOR_SHOULD;
    result->verdict = is_warning ? VERDICT_WARNING : worst->verdict;
    result->class = text_copy(worst->class);
    result->reason = text_copy(worst->reason);
}

static void decide_broken(const attempt *self, result_vector *result) {
    result->verdict = VERDICT_ERROR;
    result->reason = text_format("the target %s", self->error);
    for (size_t i = 0; i < result->step_count; i++) {
        bool is_culprit = !self->never_began && i == self->answered;
        if (is_culprit) judge(&result->steps[i], VERDICT_ERROR, NULL, text_copy(result->reason));
    }
}

/* What it saw may be of others: it needs the server to itself. So whatever differs says nothing. */
static void decide_disturbed(const attempt *self, result_vector *result) {
    for (size_t i = 0; i < self->answered; i++)
        if (result->steps[i].verdict == VERDICT_FAIL || i + 1 == self->answered)
            judge(&result->steps[i], VERDICT_INCONCLUSIVE, "missed",
                  text_copy("another vector was at work meanwhile, because replies came late"));
}

void attempt_decide(const attempt *self, result_vector *result) {
    keep_steps(self, result);
    match_steps(self, result);
    if (self->error[0] != '\0') {
        decide_broken(self, result);
        return;
    }
    if (self->was_disturbed) decide_disturbed(self, result);
    else if (!self->is_virtual) decide_live(self, result);
    summarise(self, result);
}
