#include "conformance/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/attempt.h"
#include "conformance/glob.h"
#include "conformance/text.h"

/* -- what a target cannot run ------------------------------------------------------------------ */

static const char *advice(unsigned capability) {
    if (capability == VECTOR_NEEDS_EXCLUSIVE_DB)
        return ": the target may hold other data (--exclusive says that it does not)";
    if (capability == VECTOR_NEEDS_DEBUG)
        return ": DEBUG is refused, or the server is not granted by --exclusive";
    if (capability == VECTOR_NEEDS_VIRTUAL_CLOCK) return ": the target lives in real time";
    if (capability == VECTOR_NEEDS_RESTART) return ": it is not ours to start";
    if (capability == VECTOR_NEEDS_RESP3)
        return ": this build talks to servers through a hiredis older than 1.0";
    return "";
}

static char *lacking_reason(const target *on, const vector *what) {
    for (unsigned bit = 1; bit != 0 && bit <= what->needs; bit <<= 1)
        if ((what->needs & bit) != 0 && (on->capabilities & bit) == 0)
            return text_format("needs %s%s", vector_capability_name(bit), advice(bit));
    return NULL;
}

/* Events of a class that is announced only when asked for. */
static char *silent_event_reason(const runner *self, const vector *what) {
    static const struct {
        const char *name;
        char class;
    } optional[] = {{"new", 'n'}, {"keymiss", 'm'}, {"overwritten", 'o'}, {"type_changed", 'c'}};
    if (self->target->is_virtual) return NULL;
    for (size_t i = 0; i < what->step_count; i++) {
        const vector_outcome *outcome = vector_step_outcome(&what->steps[i], &self->spec);
        for (size_t e = 0; outcome->checks_events && e < outcome->event_count; e++)
            for (size_t o = 0; o < sizeof optional / sizeof *optional; o++)
                if (strcmp(outcome->events[e].name, optional[o].name) == 0 &&
                    strchr(self->target->event_classes, optional[o].class) == NULL)
                    return text_format("keyspace events of class %c are not announced",
                                       optional[o].class);
    }
    return NULL;
}

char *runner_skip_reason(const runner *self, const vector *what) {
    for (size_t i = 0; i < self->skip_count; i++)
        if (glob_matches_id(self->skip_globs[i], what->id))
            return text_format("--skip %s", self->skip_globs[i]);
    const known_line *line =
        self->baseline == NULL ? NULL : known_find(self->baseline, what->id, &self->spec);
    if (line != NULL && line->kind == KNOWN_LINE_SKIP) return text_copy(line->reason);
    if (!vector_scope_holds(&what->scope, &self->spec)) {
        char reason[128];
        vector_scope_reason(&what->scope, &self->spec, reason, sizeof reason);
        return text_copy(reason);
    }
    char *lacking = lacking_reason(self->target, what);
    if (lacking != NULL) return lacking;
    if (what->connection_count > TARGET_CONNECTIONS_MAX)
        return text_format("uses more than %d connections", TARGET_CONNECTIONS_MAX);
    if (!what->has_events) return NULL;
    if (!self->target->has_events) return text_copy(self->target->no_events);
    return silent_event_reason(self, what);
}

/* -- running ----------------------------------------------------------------------------------- */

static void describe(const vector *what, result_vector *result) {
    *result = (result_vector){
        .id = text_copy(what->id),
        .title = text_copy(what->title),
        .suite = text_copy(what->suite->name),
        .file = text_copy(what->place.file),
        .line = what->place.line,
        .is_should = what->level == VECTOR_SHOULD,
        .rule_count = what->rule_count,
        .rules = memory_zeroed(what->rule_count, sizeof *result->rules),
        .tag_count = what->tag_count,
        .tags = memory_zeroed(what->tag_count, sizeof *result->tags),
    };
    for (size_t i = 0; i < what->rule_count; i++) {
        const vector_rule *rule = what->rules[i];
        const char *source = rule->source_url != NULL ? rule->source_url : rule->source_title;
        result->rules[i] =
            (result_rule){text_copy(rule->id), text_copy(rule->text), text_copy(source)};
    }
    for (size_t i = 0; i < what->tag_count; i++) result->tags[i] = text_copy(what->tags[i]);
}

/* Runs one vector into `result`. `lost` counts the turns in a row that could not begin. False:
 * interrupted, `result` holds nothing. */
static bool run_vector(const runner *self, const vector *what, size_t index, size_t *lost,
                       result_vector *result) {
    char *prefix = text_format("ttlspec:%s:%zu:", self->run_id, index);
    bool is_interrupted = false, again = true;
    for (int tried = 1; again && !is_interrupted; tried++) {
        attempt turn;
        describe(what, result);
        attempt_run(&turn, self->target, what, &self->spec, prefix);
        is_interrupted = turn.is_interrupted;
        if (!is_interrupted) attempt_decide(&turn, result);
        *lost = turn.never_began ? *lost + 1 : 0;
        attempt_free(&turn);
        result->attempts = tried;
        again = result->verdict == VERDICT_INCONCLUSIVE && tried < RUNNER_ATTEMPTS_MAX;
        if (again || is_interrupted) result_vector_free(result);
    }
    free(prefix);
    return !is_interrupted;
}

static void keep_without_running(const vector *what, verdict value, char *reason,
                                 result_vector *result) {
    describe(what, result);
    result->verdict = value;
    result->reason = reason;
}

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* False: interrupted, `result` holds nothing. */
static bool run_or_skip(const runner *self, const vector *what, size_t index, size_t *lost,
                        result_vector *result) {
    char *reason = runner_skip_reason(self, what);
    if (reason != NULL) {
        keep_without_running(what, VERDICT_SKIP, reason, result);
        return true;
    }
    if (*lost < RUNNER_LOST_AFTER) return run_vector(self, what, index, lost, result);
    reason = text_format("not tried: the target was lost %d vectors in a row", RUNNER_LOST_AFTER);
    keep_without_running(what, VERDICT_ERROR, reason, result);
    return true;
}

void runner_run(const runner *self, const vector *const *vectors, size_t count, result_run *run) {
    int64_t began_us = now_us();
    size_t lost = 0;
    for (size_t i = 0; i < count && !run->interrupted; i++) {
        if (self->on_progress != NULL) self->on_progress(self->progress_context, i, count, run);
        bool was_told = self->is_interrupted != NULL && *self->is_interrupted;
        result_vector result;
        if (was_told || !run_or_skip(self, vectors[i], i, &lost, &result)) run->interrupted = true;
        else *result_run_add(run) = result;
    }
    run->duration_us = now_us() - began_us;
    if (self->baseline != NULL) known_apply(self->baseline, &self->spec, run);
    if (self->on_progress != NULL) self->on_progress(self->progress_context, count, count, run);
}
