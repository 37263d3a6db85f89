#include "sim/play_draft.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_OF_BEGINNING = 50 };

/* ---- drafts */

bool play_draft_is_spent(const play_shrinking *s) {
    return s->events >= s->events_most;
}

void play_draft_begin(play_shrinking *s) {
    memcpy(s->draft.limits, s->schedule->limits, sizeof s->draft.limits);
    s->draft.choices.count = 0;
    s->draft.until_us = 0;
}

void play_draft_copy(play_shrinking *s) {
    play_draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        choice_list_add(&s->draft.choices, s->schedule->choices.choices[i]);
}

void play_draft_without(play_shrinking *s, unsigned who, unsigned kind, uint32_t nth) {
    play_draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice *one = &s->schedule->choices.choices[i];
        if (one->who != who || one->kind != kind || one->nth != nth)
            choice_list_add(&s->draft.choices, *one);
    }
}

void play_draft_without_all(play_shrinking *s, unsigned who, unsigned kind, uint32_t from) {
    play_draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice *one = &s->schedule->choices.choices[i];
        bool is_meant = (who == CHOICE_WHO || one->who == who) &&
                        (kind == CHOICE_KINDS || one->kind == kind) && one->nth >= from;
        if (!is_meant) choice_list_add(&s->draft.choices, *one);
    }
}

void play_draft_add(play_shrinking *s, choice one) {
    choice_list_insert(&s->draft.choices, one);
}

void play_draft_free(play_shrinking *s) {
    choice_list_free(&s->draft.choices);
    choice_list_free(&s->taken);
}

/* ---- trying */

play_report play_draft_play(play_shrinking *s, play *one, uint64_t commands_most) {
    while (play_tell(one).commands <= commands_most && play_step(one)) continue;
    play_report report = play_tell(one);
    s->plays++;
    s->events += EVENTS_OF_BEGINNING + report.events;
    play_free(one);
    return report;
}

/* ---- taking */

void play_draft_take_met(play_shrinking *s) {
    choice_list old = s->draft.choices;
    choice_list_sort(&s->taken);
    s->draft.choices = s->taken;
    s->taken = old;
}

static void draft_take(play_shrinking *s, const play_report *report) {
    choice_list old = s->schedule->choices;
    s->schedule->choices = s->draft.choices;
    s->draft.choices = old;
    memcpy(s->schedule->limits, s->draft.limits, sizeof s->draft.limits);
    s->schedule->until_us = s->draft.until_us;
    s->commands = report->commands;
    s->span_us = report->span_us;
}

/* ---- excerpts */

/* How long anybody waits where nothing is wrong: in the right scenario, with the draft's clients.
 * -1: it does not keep its promises with them. */
static int64_t wait_in_right(play_shrinking *s) {
    size_t count = s->draft.choices.count;
    if (s->right == s->script) s->draft.choices.count = 0;
    s->draft.until_us = 0;
    play_report report = play_draft_play(
        s, play_new(&(play_options){.scenario = s->right, .given = &s->draft}), UINT64_MAX);
    s->draft.choices.count = count;
    return report.broken == NULL && report.trouble == NULL ? report.longest_wait_us : -1;
}

/* When who sent a command that a server ran. */
struct sighting {
    int64_t at_us;
    unsigned client;
};

struct sightings {
    struct sighting *all;
    size_t count, capacity;
};

static void see_command(void *context, const play_moment *moment) {
    struct sightings *seen = context;
    if (moment->kind != PLAY_COMMAND) return;
    if (seen->count == seen->capacity) {
        seen->capacity = seen->capacity == 0 ? 256 : seen->capacity * 2;
        seen->all = realloc(seen->all, seen->capacity * sizeof *seen->all);
        if (seen->all == NULL) abort();
    }
    seen->all[seen->count++] = (struct sighting){moment->at_us, moment->client};
}

/* Cuts the draft when its client has waited longer than anybody has to, with its next command, or
 * so many later. How many commands that leaves. */
static uint64_t draft_cut(play_shrinking *s, const play_report *whole, const struct sightings *seen,
                          int64_t wait_us, uint64_t later) {
    int64_t long_us = whole->owed_us + wait_us + 1;
    uint64_t commands = 0, passed = 0;
    s->draft.until_us = later == 0 ? long_us : whole->span_us;
    for (size_t i = 0; i < seen->count && passed <= later; i++)
        if (seen->all[i].client == whole->breaker && seen->all[i].at_us >= long_us &&
            passed++ == later)
            s->draft.until_us = seen->all[i].at_us;
    while (commands < seen->count && seen->all[commands].at_us <= s->draft.until_us) commands++;
    return commands;
}

/* The draft is cut, at first as soon as it may be. There somebody else may wait longer still, who
 * ends later or gets it: then it is cut later. */
static bool draft_keep_cut(play_shrinking *s, const play_report *whole,
                           const struct sightings *seen, int64_t wait_us) {
    for (uint64_t later = 0; draft_cut(s, whole, seen, wait_us, later) <= s->commands;
         later = 2 * later + 1) {
        s->taken.count = 0;
        play_report cut =
            play_draft_play(s,
                            play_new(&(play_options){
                                .scenario = s->script, .given = &s->draft, .taken = &s->taken}),
                            UINT64_MAX);
        bool is_same = cut.broken == s->broken && cut.breaker == whole->breaker;
        if (is_same && cut.owed_us == whole->owed_us && cut.commands <= s->commands) {
            play_draft_take_met(s);
            draft_take(s, &cut);
            return true;
        }
        if (s->draft.until_us >= whole->span_us) return false;
    }
    return false;
}

/* The draft breaks the same promise when it goes on to the end of all programs, and has no more
 * commands where it is cut. */
static bool draft_keep_excerpt(play_shrinking *s) {
    struct sightings seen = {0};
    s->draft.until_us = 0;
    play *one = play_new(&(play_options){
        .scenario = s->script, .given = &s->draft, .observe = see_command, .context = &seen});
    play_report whole = play_draft_play(s, one, UINT64_MAX);
    int64_t wait_us = whole.broken == s->broken ? wait_in_right(s) : -1;
    bool is_kept = wait_us >= 0 && draft_keep_cut(s, &whole, &seen, wait_us);
    free(seen.all);
    return is_kept;
}

/* ---- all drafts */

bool play_draft_right_holds(play_shrinking *s) {
    if (s->right == s->script) return true;
    play *one = play_new(&(play_options){.scenario = s->right, .given = &s->draft});
    play_report report = play_draft_play(s, one, UINT64_MAX);
    bool is_owed = report.broken != NULL && scenario_promise_is_liveness(report.broken);
    return report.trouble == NULL && (report.broken == NULL || (is_owed && !s->is_excerpt));
}

bool play_draft_keep(play_shrinking *s) {
    if (play_draft_is_spent(s)) return false;
    if (s->is_excerpt) return draft_keep_excerpt(s);
    s->taken.count = 0;
    play *one =
        play_new(&(play_options){.scenario = s->script, .given = &s->draft, .taken = &s->taken});
    play_report report = play_draft_play(s, one, s->commands);
    bool fails = report.broken == s->broken && report.commands <= s->commands;
    if (!fails) return false;
    play_draft_take_met(s);
    if (s->asks_right && !play_draft_right_holds(s)) return false;
    draft_take(s, &report);
    return true;
}

bool play_draft_keep_fewer(play_shrinking *s) {
    if (s->commands == 0) return false;
    s->commands--;
    if (play_draft_keep(s)) return true;
    s->commands++;
    return false;
}

bool play_draft_open(play_shrinking *s, play_schedule *schedule, const scenario *script,
                     const scenario *right) {
    *s = (play_shrinking){
        .script = script, .right = right, .schedule = schedule, .events_most = UINT64_MAX};
    play *one = play_new(&(play_options){.scenario = script, .given = schedule});
    play_report first = play_draft_play(s, one, UINT64_MAX);
    s->broken = first.broken;
    s->commands = first.commands;
    s->span_us = first.span_us;
    if (s->broken == NULL) return false;
    play_draft_copy(s);
    if (scenario_promise_is_liveness(s->broken)) {
        s->is_excerpt = true;
        s->is_excerpt = play_draft_keep(s);
    } else {
        s->asks_right = right != script && play_draft_right_holds(s);
    }
    return true;
}
