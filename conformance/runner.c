#include "conformance/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/attempt.h"
#include "conformance/crew.h"
#include "conformance/glob.h"
#include "conformance/live.h"
#include "conformance/squad.h"
#include "conformance/stretch.h"
#include "conformance/text.h"

/* -- what a target cannot run ------------------------------------------------------------------ */

static const char *advice(unsigned capability) {
    if (capability == VECTOR_NEEDS_EXCLUSIVE_DB)
        return ": the target may hold other data (--exclusive says that it does not)";
    if (capability == VECTOR_NEEDS_DEBUG)
        return ": DEBUG is refused, or the server is not granted by --exclusive";
    if (capability == VECTOR_NEEDS_VIRTUAL_CLOCK) return ": the target lives in real time";
    if (capability == VECTOR_NEEDS_RESTART || capability == VECTOR_NEEDS_REPLICA)
        return ": it is not ours to start";
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

static char *lost_reason(void) {
    return text_format("not tried: the target was lost %d vectors in a row", SQUAD_LOST_AFTER);
}

/* What is kept, and in which place of the suite it belongs. */
typedef struct running {
    const runner *self;
    const vector *const *vectors;
    size_t count;
    result_run *run;
    size_t *places; /* of the results, as far as they have come */
    /* Of those that run side by side: */
    crew *members;
    int *tries;   /* by place */
    arena longer; /* vectors that were stretched */
} running;

/* By how much the times of a vector are stretched when it is tried again. */
static const int stretches[RUNNER_ATTEMPTS_MAX + 1] = {1, 1, 2, 4, 8};

/* What is run when it is tried for the so-manieth time. */
static const vector *vector_of_try(const running *state, size_t place, int tried, arena *memory) {
    const vector *what = state->vectors[place];
    if (stretches[tried] == 1) return what;
    const vector *longer = vector_stretched(what, &state->self->spec, stretches[tried], memory);
    return longer != NULL ? longer : what;
}

static void keep(void *context, size_t place, const result_vector *result) {
    running *state = context;
    state->places = memory_grown(state->places, state->run->count, sizeof *state->places);
    state->places[state->run->count] = place;
    *result_run_add(state->run) = *result;
    const runner *self = state->self;
    if (self->on_progress != NULL && state->run->count < state->count)
        self->on_progress(self->progress_context, state->run->count, state->count, state->run);
}

static void keep_without_running(running *state, size_t place, verdict value, char *reason) {
    result_vector result;
    describe(state->vectors[place], &result);
    result.verdict = value;
    result.reason = reason;
    keep(state, place, &result);
}

/* Runs one vector on a target that has nothing else to do. */
static squad_end run_alone(const void *context, target *on, size_t place, result_vector *result) {
    const running *state = context;
    const runner *self = state->self;
    char *prefix = text_format("ttlspec:%s:%zu:", self->run_id, place);
    squad_end end = SQUAD_DONE;
    bool again = true;
    for (int tried = 1; again && end != SQUAD_INTERRUPTED; tried++) {
        attempt turn;
        arena memory = {NULL};
        const vector *what = vector_of_try(state, place, tried, &memory);
        describe(state->vectors[place], result);
        attempt_run(&turn, on, what, &self->spec, prefix);
        if (!turn.is_interrupted) attempt_decide(&turn, result);
        end = turn.never_began ? SQUAD_NEVER_BEGAN : SQUAD_DONE;
        if (turn.is_interrupted) end = SQUAD_INTERRUPTED;
        attempt_free(&turn);
        arena_free(&memory);
        result->attempts = tried;
        if (what != state->vectors[place]) result->stretch = stretches[tried];
        again = result->verdict == VERDICT_INCONCLUSIVE && tried < RUNNER_ATTEMPTS_MAX;
        if (again || end == SQUAD_INTERRUPTED) result_vector_free(result);
    }
    free(prefix);
    return end;
}

/* One after another on each process of the target. */
static void run_each(running *state, const size_t *places, size_t count) {
    squad_options options = {.target = state->self->target,
                             .jobs = state->self->jobs,
                             .is_interrupted = state->self->is_interrupted,
                             .run = run_alone,
                             .keep = keep,
                             .context = state};
    bool interrupted = false;
    size_t taken = squad_run(&options, places, count, &interrupted);
    for (size_t i = taken; i < count && !interrupted; i++)
        keep_without_running(state, places[i], VERDICT_ERROR, lost_reason());
    if (interrupted) state->run->interrupted = true;
}

/* -- side by side ------------------------------------------------------------------------------ */

static void try_again(running *state, size_t place, int tries) {
    crew_task task = {.what = vector_of_try(state, place, tries + 1, &state->longer),
                      .number = place,
                      .is_last = tries + 1 == RUNNER_ATTEMPTS_MAX};
    crew_again(state->members, &task);
}

/* In the judge's thread: nothing of the run may change. */
static void *decide(void *context, size_t place, const attempt *turn) {
    const running *state = context;
    result_vector *result = memory_zeroed(1, sizeof *result);
    describe(state->vectors[place], result);
    attempt_decide(turn, result);
    return result;
}

static void take_verdict(void *context, size_t place, const attempt *turn, void *decided) {
    running *state = context;
    result_vector *result = decided;
    result->attempts = ++state->tries[place];
    if (turn->vector != state->vectors[place]) result->stretch = stretches[result->attempts];
    if (result->verdict == VERDICT_INCONCLUSIVE && result->attempts < RUNNER_ATTEMPTS_MAX) {
        try_again(state, place, result->attempts);
        result_vector_free(result);
    } else {
        keep(state, place, result);
    }
    free(result);
}

static void run_crew(running *state, const size_t *places, size_t count) {
    const runner *self = state->self;
    crew_options options = {.target = self->target,
                            .spec = &self->spec,
                            .run_id = self->run_id,
                            .jobs = self->jobs,
                            .is_interrupted = self->is_interrupted,
                            .decide = decide,
                            .on_done = take_verdict,
                            .context = state};
    state->members = crew_new(&options);
    state->tries = memory_zeroed(state->count, sizeof *state->tries);
    crew_task *tasks = memory_zeroed(count + 1, sizeof *tasks);
    for (size_t i = 0; i < count; i++)
        tasks[i] = (crew_task){.what = state->vectors[places[i]], .number = places[i]};
    if (!crew_run(state->members, tasks, count)) state->run->interrupted = true;
    crew_free(state->members);
    free(state->tries);
    arena_free(&state->longer);
    free(tasks);
}

/* -- the whole ----------------------------------------------------------------------------------*/

/* Vectors that are run in the same way: some places of the suite. */
typedef struct errand {
    size_t count;
    size_t *places;
} errand;

static errand errand_new(const running *state) {
    return (errand){0, memory_zeroed(state->count + 1, sizeof(size_t))};
}

/* Puts the results into the order of the suite. */
static void sort_results(running *state) {
    result_run *run = state->run;
    result_vector **by_place = memory_zeroed(state->count + 1, sizeof *by_place);
    result_vector *sorted = memory_zeroed(run->count + 1, sizeof *sorted);
    for (size_t i = 0; i < run->count; i++) by_place[state->places[i]] = &run->vectors[i];
    for (size_t i = 0, to = 0; i < state->count; i++)
        if (by_place[i] != NULL) sorted[to++] = *by_place[i];
    memcpy(run->vectors, sorted, run->count * sizeof *sorted);
    free(sorted);
    free(by_place);
}

/* Where each vector runs, unless it is skipped. */
static void sort_out(running *state, errand *together, errand *alone) {
    target *on = state->self->target;
    bool is_live = on->address != NULL;
    for (size_t i = 0; i < state->count; i++) {
        const vector *what = state->vectors[i];
        char *reason = runner_skip_reason(state->self, what);
        if (reason != NULL) {
            keep_without_running(state, i, VERDICT_SKIP, reason);
            continue;
        }
        errand *to = is_live && crew_can_run(on, &state->self->spec, what) ? together : alone;
        to->places[to->count++] = i;
    }
}

void runner_run(const runner *self, const vector *const *vectors, size_t count, result_run *run) {
    int64_t began_us = live_now_us();
    running state = {.self = self, .vectors = vectors, .count = count, .run = run};
    errand together = errand_new(&state), alone = errand_new(&state);
    if (self->on_progress != NULL) self->on_progress(self->progress_context, 0, count, run);
    sort_out(&state, &together, &alone);
    if (together.count > 0) run_crew(&state, together.places, together.count);
    if (!run->interrupted) run_each(&state, alone.places, alone.count);
    sort_results(&state);
    free(state.places);
    free(together.places);
    free(alone.places);
    run->duration_us = live_now_us() - began_us;
    if (self->baseline != NULL) known_apply(self->baseline, &self->spec, run);
    if (self->on_progress != NULL) self->on_progress(self->progress_context, count, count, run);
}
