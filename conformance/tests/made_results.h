/* Results that a test makes up. */
#ifndef CONFORMANCE_TESTS_MADE_RESULTS_H
#define CONFORMANCE_TESTS_MADE_RESULTS_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/results.h"
#include "conformance/text.h"

static inline result_run *made_run(results *all, const char *target, const char *dialect) {
    result_run *run = results_add_run(all);
    run->target = text_copy(target);
    run->dialect = text_copy(dialect);
    run->server = text_copy("redis 7.0.15");
    run->started = text_copy("2026-11-21T00:00:00Z");
    run->arguments = text_copy(target);
    return run;
}

static inline result_vector *made_vector(result_run *run, const char *id, verdict value) {
    result_vector *one = result_run_add(run);
    one->id = text_copy(id);
    one->title = text_copy("a law <of> \"time\" & keys");
    one->suite = text_copy("psetex");
    one->file = text_copy("vectors/psetex.json");
    one->line = 7;
    one->attempts = 1;
    one->verdict = value;
    one->t0_ms = INT64_C(1767225600000);
    if (value != VERDICT_PASS) one->reason = text_copy("expected 1, got 0");
    if (value == VERDICT_FAIL) one->class = text_copy("value");
    one->rule_count = 1;
    one->rules = memory_zeroed(1, sizeof *one->rules);
    one->rules[0] = (result_rule){text_copy("expire.gt"), text_copy("GT is later only"), NULL};
    one->tags = memory_zeroed(1, sizeof *one->tags);
    return one;
}

/* Adds a step that was answered with an integer and judged. */
static inline result_step *made_step(result_vector *one, const char *command, int64_t answer,
                                     verdict value) {
    one->steps = memory_resized(one->steps, one->step_count + 1, sizeof *one->steps);
    result_step *step = &one->steps[one->step_count++];
    result_step_init(step);
    ttl_reply_add_node(&step->command, TTL_REPLY_ARRAY, 2);
    ttl_reply_add_bulk(&step->command, ttl_bytes_of(command));
    ttl_reply_add_bulk(&step->command, ttl_bytes_of("{k}"));
    ttl_reply_add_integer(&step->reply, answer);
    step->answered = step->judged = true;
    step->verdict = value;
    step->sent_us = 1500;
    step->received_us = 1700;
    step->expected = text_copy("1");
    if (value != VERDICT_PASS) step->reason = text_copy("expected 1, got 0");
    return step;
}

/* What a writer writes, as one text. */
static inline char *made_text(const results *all, void (*write)(const results *, FILE *)) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(out);
    write(all, out);
    fclose(out);
    return text;
}

#endif
