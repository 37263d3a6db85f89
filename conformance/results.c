#include "conformance/results.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"

static const char *const verdict_names[] = {
    "pass", "fail", "warning", "inconclusive", "skip", "error",
};

const char *verdict_name(verdict value) {
    return verdict_names[value];
}

bool verdict_parse(const char *name, verdict *value) {
    for (int i = 0; i < VERDICT_COUNT; i++) {
        if (strcmp(name, verdict_names[i]) != 0) continue;
        *value = (verdict)i;
        return true;
    }
    return false;
}

void result_step_init(result_step *step) {
    ttl_allocator libc = ttl_allocator_libc();
    memset(step, 0, sizeof *step);
    step->protocol = 2;
    ttl_reply_init(&step->command, libc);
    ttl_reply_init(&step->reply, libc);
    ttl_reply_init(&step->events, libc);
    ttl_reply_init(&step->wanted_events, libc);
}

static void result_step_free(result_step *step) {
    ttl_reply_free(&step->command);
    ttl_reply_free(&step->reply);
    ttl_reply_free(&step->events);
    ttl_reply_free(&step->wanted_events);
    free(step->connection);
    free(step->expected);
    free(step->class);
    free(step->reason);
}

void result_vector_free(result_vector *vector) {
    for (size_t i = 0; i < vector->step_count; i++) result_step_free(&vector->steps[i]);
    for (size_t i = 0; i < vector->rule_count; i++) {
        free(vector->rules[i].id);
        free(vector->rules[i].text);
        free(vector->rules[i].source);
    }
    for (size_t i = 0; i < vector->tag_count; i++) free(vector->tags[i]);
    free(vector->steps);
    free(vector->rules);
    free(vector->tags);
    free(vector->id);
    free(vector->title);
    free(vector->suite);
    free(vector->file);
    free(vector->class);
    free(vector->reason);
    free(vector->known_reason);
    free(vector->history);
    free(vector->history_file);
    memset(vector, 0, sizeof *vector);
}

static void result_run_free(result_run *run) {
    for (size_t i = 0; i < run->count; i++) result_vector_free(&run->vectors[i]);
    free(run->vectors);
    free(run->target);
    free(run->dialect);
    free(run->server);
    free(run->started);
    free(run->unusable);
    free(run->arguments);
}

void results_free(results *all) {
    for (size_t i = 0; i < all->count; i++) result_run_free(&all->runs[i]);
    free(all->runs);
    free(all->made_by);
    memset(all, 0, sizeof *all);
}

result_run *results_add_run(results *all) {
    all->runs = memory_grown(all->runs, all->count, sizeof *all->runs);
    result_run *run = &all->runs[all->count++];
    memset(run, 0, sizeof *run);
    return run;
}

result_vector *result_run_add(result_run *run) {
    run->vectors = memory_grown(run->vectors, run->count, sizeof *run->vectors);
    result_vector *vector = &run->vectors[run->count++];
    memset(vector, 0, sizeof *vector);
    return vector;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

result_resolution result_run_resolution(const result_run *run) {
    result_resolution found = {0};
    size_t count = 0;
    int64_t *widths_us = NULL;
    for (size_t i = 0; i < run->count; i++) {
        const result_vector *one = &run->vectors[i];
        found.again += one->attempts > 1;
        bool has_passed = one->has_slack && one->verdict == VERDICT_PASS;
        bool is_narrow = has_passed && one->slack_us > 0;
        found.open += has_passed && one->slack_us == 0;
        if (is_narrow && (!found.is_known || one->slack_us < found.narrowest->slack_us))
            found.narrowest = one;
        found.is_known = found.is_known || is_narrow;
        for (size_t s = 0; s < one->step_count; s++) {
            const result_step *step = &one->steps[s];
            if (!step->answered) continue;
            widths_us = memory_grown(widths_us, count, sizeof *widths_us);
            widths_us[count++] = step->received_us - step->sent_us;
        }
    }
    if (count > 0) qsort(widths_us, count, sizeof *widths_us, by_size);
    if (count > 0) found.bracket_us = widths_us[count / 2];
    if (count > 0) found.widest_bracket_us = widths_us[count * 99 / 100];
    free(widths_us);
    return found;
}

bool result_vector_gates(const result_vector *vector, bool strict) {
    if (vector->known == KNOWN_FIXED) return true;
    if (vector->known != KNOWN_NOT) return false;
    return vector->verdict == VERDICT_FAIL || (strict && vector->verdict == VERDICT_WARNING);
}

result_counts result_run_count(const result_run *run) {
    result_counts counts = {.total = run->count};
    for (size_t i = 0; i < run->count; i++) {
        const result_vector *vector = &run->vectors[i];
        counts.of[vector->verdict]++;
        counts.known += vector->known == KNOWN_FAILS;
        counts.flaky += vector->known == KNOWN_FLAKES;
        counts.fixed += vector->known == KNOWN_FIXED;
        counts.gate += result_vector_gates(vector, run->strict);
    }
    return counts;
}

const result_step *result_vector_culprit(const result_vector *vector) {
    for (size_t i = 0; i < vector->step_count; i++)
        if (vector->steps[i].judged && vector->steps[i].verdict != VERDICT_PASS)
            return &vector->steps[i];
    return NULL;
}

enum { STATUS_CONFORMANT = 0, STATUS_DIFFERENCE = 1, STATUS_UNUSABLE = 3, STATUS_UNDECIDED = 4 };

int results_status(const results *all) {
    bool unusable = false, broken = false, differs = false, decided = all->count > 0;
    for (size_t i = 0; i < all->count; i++) {
        const result_run *run = &all->runs[i];
        result_counts counts = result_run_count(run);
        unusable = unusable || run->unusable != NULL;
        broken = broken || counts.of[VERDICT_ERROR] > 0;
        differs = differs || counts.gate > 0;
        decided =
            decided &&
            counts.of[VERDICT_PASS] + counts.of[VERDICT_FAIL] + counts.of[VERDICT_WARNING] > 0;
    }
    if (unusable) return STATUS_UNUSABLE;
    if (differs) return STATUS_DIFFERENCE;
    if (broken) return STATUS_UNUSABLE;
    return decided ? STATUS_CONFORMANT : STATUS_UNDECIDED;
}
