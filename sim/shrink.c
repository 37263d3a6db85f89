#include "sim/shrink.h"

#include <stdlib.h>
#include <string.h>

#define US_PER_MS INT64_C(1000)
#define US_PER_S  INT64_C(1000000)

enum { REPLAYS_MAX = 20000 };

/* ---- replaying */

sim_replayed sim_replay(const sim_recording *steps, const sim_hooks *hooks, sim_observe *observe,
                        void *context) {
    sim_replayed result = {.law = SIM_LAWS_HOLD, .at = steps->count};
    sim_site_options options = {.hooks = hooks, .seed = steps->seed, .dialect = steps->dialect};
    for (size_t i = 0; i < steps->count; i++) {
        uint8_t kind = steps->steps[i].kind;
        bool needs_log = kind >= SIM_STEP_SYNC && kind <= SIM_STEP_PROMOTE;
        options.has_log = options.has_log || needs_log;
        options.has_replica = options.has_replica || kind == SIM_STEP_SYNC ||
                              kind == SIM_STEP_READ || kind == SIM_STEP_PROMOTE;
    }
    sim_site *site = malloc(sizeof *site);
    if (site == NULL) abort();
    sim_site_open(site, &options);
    for (size_t i = 0; i < steps->count && result.law == SIM_LAWS_HOLD; i++) {
        result.law = sim_site_step(site, &steps->steps[i]);
        result.at = i;
        if (observe != NULL) observe(context, &steps->steps[i], site);
    }
    result.digest = site->digest;
    memcpy(result.what, site->what, sizeof result.what);
    sim_site_close(site);
    free(site);
    return result;
}

/* ---- trying */

struct shrinking {
    sim_recording *steps;
    sim_recording draft;
    const sim_hooks *hooks;
    sim_law law; /* that is broken */
    size_t replays;
};

static void draft_begin(struct shrinking *s) {
    s->draft.count = 0;
    for (size_t i = 0; i < s->steps->count; i++) sim_recording_add(&s->draft, s->steps->steps[i]);
}

/* Keeps the draft when it still fails; steps after the one that fails go too. */
static bool draft_keep(struct shrinking *s) {
    if (s->replays >= REPLAYS_MAX) return false;
    s->replays++;
    sim_replayed replayed = sim_replay(&s->draft, s->hooks, NULL, NULL);
    if (replayed.law != s->law) return false;
    s->draft.count = replayed.at + 1;
    sim_recording old = *s->steps;
    *s->steps = s->draft;
    s->draft = old;
    return true;
}

/* ---- removing */

typedef bool doomed(const sim_step *step, size_t index, size_t from, size_t to);

static bool remove_if(struct shrinking *s, doomed *is_doomed, size_t from, size_t to) {
    s->draft.count = 0;
    for (size_t i = 0; i < s->steps->count; i++)
        if (!is_doomed(&s->steps->steps[i], i, from, to))
            sim_recording_add(&s->draft, s->steps->steps[i]);
    return s->draft.count < s->steps->count && draft_keep(s);
}

static bool is_of_client(const sim_step *step, size_t index, size_t from, size_t to) {
    (void)index, (void)to;
    bool is_said = step->kind == SIM_STEP_COMMAND || step->kind == SIM_STEP_HANG_UP;
    return is_said && step->client == from;
}

static bool is_of_kind(const sim_step *step, size_t index, size_t from, size_t to) {
    (void)index, (void)to;
    return step->kind == from;
}

static bool is_between(const sim_step *step, size_t index, size_t from, size_t to) {
    (void)step;
    return index >= from && index < to;
}

static bool is_either(const sim_step *step, size_t index, size_t from, size_t to) {
    (void)step;
    return index == from || index == to;
}

static bool remove_whole(struct shrinking *s) {
    bool smaller = false;
    for (size_t kind = SIM_STEP_CYCLE; kind < SIM_STEP_KINDS; kind++)
        smaller = remove_if(s, is_of_kind, kind, 0) || smaller;
    for (size_t client = 0; client < 8; client++)
        smaller = remove_if(s, is_of_client, client, 0) || smaller;
    return smaller;
}

static bool remove_chunks(struct shrinking *s) {
    bool smaller = false;
    for (size_t size = s->steps->count / 2; size > 0; size /= 2)
        for (size_t end = s->steps->count; end > 0;) {
            size_t from = end > size ? end - size : 0;
            bool removed = remove_if(s, is_between, from, end);
            smaller = removed || smaller;
            end = from < s->steps->count ? from : s->steps->count;
        }
    return smaller;
}

/* Two that only go together, as a command and its opposite do. */
static bool remove_pairs(struct shrinking *s) {
    if (s->steps->count > 40) return false;
    for (size_t i = 0; i + 1 < s->steps->count; i++)
        for (size_t j = i + 1; j < s->steps->count; j++)
            if (remove_if(s, is_either, i, j)) return true;
    return false;
}

/* ---- making smaller */

/* Replaces one step. */
static bool try_step(struct shrinking *s, size_t index, sim_step step) {
    if (memcmp(&step, &s->steps->steps[index], sizeof step) == 0) return false;
    draft_begin(s);
    s->draft.steps[index] = step;
    return draft_keep(s);
}

/* All that comes from `index` on comes earlier or later by so much. */
static bool try_shift(struct shrinking *s, size_t index, int64_t by_us) {
    if (by_us == 0) return false;
    draft_begin(s);
    for (size_t i = index; i < s->draft.count; i++) s->draft.steps[i].wall_us += by_us;
    return draft_keep(s);
}

/* The gap before a step becomes `size_us` long; to where it came from. */
static bool try_gap(struct shrinking *s, size_t index, int64_t size_us) {
    int64_t gap_us = s->steps->steps[index].wall_us - s->steps->steps[index - 1].wall_us;
    int64_t sign = gap_us < 0 ? -1 : 1;
    return size_us < sign * gap_us && try_shift(s, index, sign * size_us - gap_us);
}

/* No gap, one of a millisecond, one of whole seconds; less by half of it, a quarter, and so on to a
 * millisecond; one of whole milliseconds. */
static bool shorten_gap(struct shrinking *s, size_t index) {
    int64_t size_us = llabs(s->steps->steps[index].wall_us - s->steps->steps[index - 1].wall_us);
    const int64_t shorter_us[] = {0, US_PER_MS, 2 * US_PER_MS, size_us / US_PER_S * US_PER_S};
    for (size_t i = 0; i < sizeof shorter_us / sizeof *shorter_us; i++)
        if (try_gap(s, index, shorter_us[i])) return true;
    for (int64_t by_us = size_us / 2; by_us >= US_PER_MS; by_us /= 2)
        if (try_gap(s, index, (size_us - by_us) / US_PER_MS * US_PER_MS)) return true;
    return try_gap(s, index, size_us / US_PER_MS * US_PER_MS) ||
           (size_us >= US_PER_MS && try_gap(s, index, size_us - US_PER_MS));
}

/* The world begins at a whole second, which is where a vector begins; absolute times move along. */
static bool align_start(struct shrinking *s) {
    int64_t off_us = s->steps->steps[0].wall_us % US_PER_S;
    return off_us != 0 && try_shift(s, 0, -off_us);
}

static bool try_amount(struct shrinking *s, size_t index, int64_t amount) {
    sim_step step = s->steps->steps[index];
    step.op.amount = amount;
    return try_step(s, index, step);
}

static bool simplify_amount(struct shrinking *s, size_t index) {
    sim_step step = s->steps->steps[index];
    int64_t amount = step.op.amount;
    int64_t origin = 0; /* what the amount is counted from, so that it becomes small */
    if (step.kind != SIM_STEP_COMMAND || !sim_op_has_time(&step.op)) return false;
    if (sim_op_is_of_field(step.op.kind)) return false; /* no field lives to see its deadline */
    if (sim_op_is_absolute(&step.op)) origin = step.wall_us / US_PER_MS;
    if (origin > 0 && sim_op_is_in_seconds(&step.op)) origin /= 1000;
    int64_t left;
    if (__builtin_sub_overflow(amount, origin, &left)) return false;
    static const int64_t simple[] = {1, 2, 10, 100, 1000};
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++)
        if (simple[i] < left && try_amount(s, index, origin + simple[i])) return true;
    for (int64_t by = left / 2; by > 0; by /= 2)
        if (try_amount(s, index, origin + left - by)) return true;
    return left > 1 && try_amount(s, index, origin + left - 1);
}

static bool simplify_op(struct shrinking *s, size_t index) {
    sim_step step = s->steps->steps[index];
    if (step.kind == SIM_STEP_READ) step.kind = SIM_STEP_COMMAND; /* a vector can tell it then */
    if (try_step(s, index, step)) return true;
    if (step.kind != SIM_STEP_COMMAND || s->steps->steps[index].kind == SIM_STEP_READ) return false;
    bool smaller = false;
    for (int bit = 0; bit < 8; bit++) {
        if (!(s->steps->steps[index].op.flags >> bit & 1)) continue;
        step = s->steps->steps[index];
        step.op.flags &= (uint8_t) ~(1U << bit);
        smaller = try_step(s, index, step) || smaller;
    }
    step = s->steps->steps[index];
    step = s->steps->steps[index];
    bool is_scan = step.op.kind == SIM_OP_SCAN;
    if (is_scan) step.op.extra = 0, step.op.value = 100; /* a vector can tell it then */
    if (step.op.kind == SIM_OP_EXEC) step.op.amount = 0;
    smaller = try_step(s, index, step) || smaller;
    for (uint8_t value = 1; value < 3; value++) {
        step = s->steps->steps[index];
        if (is_scan || step.op.value <= value) continue;
        step.op.value = value;
        if (try_step(s, index, step)) return true;
    }
    step = s->steps->steps[index];
    bool is_timed_set = step.op.kind == SIM_OP_SET && step.op.form != SIM_NO_TIME;
    if (!is_timed_set) return smaller;
    step.op.form = SIM_NO_TIME;
    step.op.amount = 0;
    return try_step(s, index, step) || smaller;
}

/* Any key becomes the first one that is free, in all steps at once. */
static bool rename_keys(struct shrinking *s) {
    bool used[SIM_KEYS] = {false}, smaller = false;
    for (size_t i = 0; i < s->steps->count; i++) {
        used[s->steps->steps[i].op.key] = true;
        used[s->steps->steps[i].op.other] = true;
    }
    uint8_t to = 0;
    for (uint8_t from = 0; from < SIM_KEYS; from++) {
        if (!used[from]) continue;
        draft_begin(s);
        for (size_t i = 0; from != to && i < s->draft.count; i++) {
            sim_op *op = &s->draft.steps[i].op;
            if (op->key == from) op->key = to;
            if (op->other == from) op->other = to;
        }
        if (from != to) smaller = draft_keep(s) || smaller;
        to++;
    }
    return smaller;
}

/* Two keys become one. */
static bool merge_keys(struct shrinking *s) {
    for (uint8_t from = 1; from < SIM_KEYS; from++) {
        draft_begin(s);
        bool is_used = false;
        for (size_t i = 0; i < s->draft.count; i++) {
            sim_op *op = &s->draft.steps[i].op;
            is_used = is_used || op->key == from || op->other == from;
            if (op->key == from) op->key = 0;
            if (op->other == from) op->other = 0;
        }
        if (is_used && draft_keep(s)) return true;
    }
    return false;
}

/* All that one connection did comes on another one. */
static bool merge_sessions(struct shrinking *s) {
    bool smaller = false;
    for (uint8_t from = SIM_PEERS; from-- > 1;)
        for (uint8_t to = 0; to < from; to++) {
            bool has_from = false, has_to = to == 0;
            draft_begin(s);
            for (size_t i = 0; i < s->draft.count; i++) {
                sim_step *step = &s->draft.steps[i];
                has_to = has_to || step->session == to;
                if (step->session != from) continue;
                has_from = true;
                step->session = to;
                step->client = to / SIM_SESSIONS_EACH;
            }
            if (!has_from) break;
            if (has_to && draft_keep(s)) {
                smaller = true;
                break;
            }
        }
    return smaller;
}

static bool make_smaller(struct shrinking *s) {
    bool smaller = align_start(s);
    smaller = merge_sessions(s) || smaller;
    smaller = merge_keys(s) || smaller;
    smaller = rename_keys(s) || smaller;
    for (size_t i = 0; i < s->steps->count; i++) smaller = simplify_op(s, i) || smaller;
    for (size_t i = 1; i < s->steps->count; i++)
        while (i < s->steps->count && shorten_gap(s, i)) smaller = true;
    for (size_t i = 0; i < s->steps->count; i++)
        while (i < s->steps->count && simplify_amount(s, i)) smaller = true;
    return smaller;
}

size_t sim_shrink(sim_recording *steps, const sim_hooks *hooks) {
    struct shrinking s = {
        .steps = steps, .draft = {.dialect = steps->dialect, .seed = steps->seed}, .hooks = hooks};
    sim_replayed first = sim_replay(steps, hooks, NULL, NULL);
    s.law = first.law;
    steps->count = first.at + (first.law != SIM_LAWS_HOLD);
    bool smaller = first.law != SIM_LAWS_HOLD;
    while (smaller && s.replays < REPLAYS_MAX) {
        smaller = remove_whole(&s);
        smaller = remove_chunks(&s) || smaller;
        smaller = remove_pairs(&s) || smaller;
        smaller = make_smaller(&s) || smaller;
    }
    sim_recording_free(&s.draft);
    return s.replays;
}
