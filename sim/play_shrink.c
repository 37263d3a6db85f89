#include "sim/play_shrink.h"

#include <stdlib.h>
#include <string.h>

#define US_PER_MS INT64_C(1000)

/* What all plays together may take: a second or two. */
enum { EVENTS_MAX = 1000000, EVENTS_ALONE = EVENTS_MAX / 2 };

/* ---- schedules */

static play *play_to_end(const scenario *script, uint64_t seed, const play_schedule *given,
                         choice_list *taken) {
    play *one =
        play_new(&(play_options){.scenario = script, .seed = seed, .given = given, .taken = taken});
    while (play_step(one)) continue;
    return one;
}

void play_schedule_of_seed(play_schedule *schedule, const scenario *script, uint64_t seed) {
    *schedule = (play_schedule){0};
    for (size_t i = 0; i < SCENARIO_CLIENTS; i++) schedule->limits[i] = PLAY_NO_LIMIT;
    play_free(play_to_end(script, seed, NULL, &schedule->choices));
    choice_list_sort(&schedule->choices);
}

void play_schedule_free(play_schedule *schedule) {
    choice_list_free(&schedule->choices);
}

/* ---- trying */

struct shrinking {
    const scenario *script, *right;
    play_schedule *schedule;
    play_schedule draft;
    const scenario_promise *broken;
    bool is_excerpt;   /* of liveness: only the beginning of the play counts */
    uint64_t commands; /* that the servers ran */
    int64_t span_us;   /* that the play takes */
    size_t plays;
    uint64_t events, events_most; /* of all of them; and how many there may be by now */
};

static void draft_begin(struct shrinking *s) {
    memcpy(s->draft.limits, s->schedule->limits, sizeof s->draft.limits);
    s->draft.choices.count = 0;
    s->draft.until_us = 0;
}

static void draft_copy(struct shrinking *s) {
    draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        choice_list_add(&s->draft.choices, s->schedule->choices.choices[i]);
}

/* Plays to the end, and frees the play. */
static play_report play_draft(struct shrinking *s, play *one) {
    while (play_step(one)) continue;
    play_report report = play_tell(one);
    s->plays++;
    s->events += report.events;
    play_free(one);
    return report;
}

/* Takes the draft, if it fails; `taken` are the choices of it that were met. */
static void draft_end(struct shrinking *s, bool fails, const play_report *report,
                      choice_list *taken) {
    if (!fails) {
        choice_list_free(taken);
        return;
    }
    choice_list_sort(taken);
    choice_list_free(&s->schedule->choices);
    s->schedule->choices = *taken;
    memcpy(s->schedule->limits, s->draft.limits, sizeof s->draft.limits);
    s->schedule->until_us = s->draft.until_us;
    s->commands = report->commands;
    s->span_us = report->span_us;
}

/* ---- excerpts */

/* How long anybody waits where nothing is wrong: in the right scenario, with the draft's clients.
 * -1: it does not keep its promises with them. */
static int64_t wait_in_right(struct shrinking *s) {
    size_t count = s->draft.choices.count;
    if (s->right == s->script) s->draft.choices.count = 0;
    s->draft.until_us = 0;
    play_report report =
        play_draft(s, play_new(&(play_options){.scenario = s->right, .given = &s->draft}));
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

/* Cuts the draft when its client has waited longer than anybody has to, with its next command. How
 * many commands that leaves. */
static uint64_t draft_cut(struct shrinking *s, const play_report *whole,
                          const struct sightings *seen, int64_t wait_us) {
    int64_t long_us = whole->owed_us + wait_us + 1;
    uint64_t commands = 0;
    s->draft.until_us = 0;
    for (size_t i = 0; i < seen->count && s->draft.until_us == 0; i++)
        if (seen->all[i].client == whole->breaker && seen->all[i].at_us >= long_us)
            s->draft.until_us = seen->all[i].at_us;
    if (s->draft.until_us == 0) s->draft.until_us = long_us;
    while (commands < seen->count && seen->all[commands].at_us <= s->draft.until_us) commands++;
    return commands;
}

/* The draft breaks the same promise when it goes on to the end of all programs, and has no more
 * commands where it is cut. */
static bool draft_keep_excerpt(struct shrinking *s) {
    struct sightings seen = {0};
    choice_list taken = {0};
    s->draft.until_us = 0;
    play *one = play_new(&(play_options){
        .scenario = s->script, .given = &s->draft, .observe = see_command, .context = &seen});
    play_report whole = play_draft(s, one);
    int64_t wait_us = whole.broken == s->broken ? wait_in_right(s) : -1;
    bool fails = wait_us >= 0 && draft_cut(s, &whole, &seen, wait_us) <= s->commands;
    free(seen.all);
    if (!fails) return false;
    play_report cut = play_draft(
        s, play_new(&(play_options){.scenario = s->script, .given = &s->draft, .taken = &taken}));
    fails = cut.broken == s->broken && cut.breaker == whole.breaker &&
            cut.owed_us == whole.owed_us && cut.commands <= s->commands;
    draft_end(s, fails, &cut, &taken);
    return fails;
}

/* Keeps the draft when it still fails, with no more commands; of its choices those that were met.
 */
static bool draft_keep(struct shrinking *s) {
    if (s->events >= s->events_most) return false;
    if (s->is_excerpt) return draft_keep_excerpt(s);
    choice_list taken = {0};
    play_report report = play_draft(
        s, play_new(&(play_options){.scenario = s->script, .given = &s->draft, .taken = &taken}));
    bool fails = report.broken == s->broken && report.commands <= s->commands;
    draft_end(s, fails, &report, &taken);
    return fails;
}

/* ---- taking out */

static bool remove_between(struct shrinking *s, size_t from, size_t to) {
    draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        if (i < from || i >= to)
            choice_list_add(&s->draft.choices, s->schedule->choices.choices[i]);
    return s->draft.choices.count < s->schedule->choices.count && draft_keep(s);
}

/* `who`: CHOICE_WHO is everybody. */
static bool remove_kind(struct shrinking *s, unsigned who, choice_kind kind) {
    draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice *one = &s->schedule->choices.choices[i];
        if (one->kind != kind || (who != CHOICE_WHO && one->who != who))
            choice_list_add(&s->draft.choices, *one);
    }
    return s->draft.choices.count < s->schedule->choices.count && draft_keep(s);
}

static bool limit_client(struct shrinking *s, unsigned client, uint32_t limit) {
    if (s->schedule->limits[client] <= limit) return false;
    draft_copy(s);
    s->draft.limits[client] = limit;
    return draft_keep(s);
}

static bool remove_clients(struct shrinking *s) {
    bool smaller = false;
    for (unsigned client = 0; client < play_client_count(s->script); client++)
        smaller = limit_client(s, client, 0) || smaller;
    return smaller;
}

static bool remove_kinds(struct shrinking *s) {
    bool smaller = false;
    for (int kind = CHOICE_KINDS - 1; kind >= 0; kind--) {
        bool all = remove_kind(s, CHOICE_WHO, (choice_kind)kind);
        for (unsigned who = 0; !all && who < CHOICE_WHO; who++)
            smaller = remove_kind(s, who, (choice_kind)kind) || smaller;
        smaller = all || smaller;
    }
    return smaller;
}

static bool remove_chunks(struct shrinking *s) {
    bool smaller = false;
    for (size_t size = s->schedule->choices.count / 2 + 1; size > 0; size /= 2)
        for (size_t end = s->schedule->choices.count; end > 0;) {
            size_t from = end > size ? end - size : 0;
            smaller = remove_between(s, from, end) || smaller;
            end = from < s->schedule->choices.count ? from : s->schedule->choices.count;
        }
    return smaller;
}

/* ---- making smaller */

/* The fewest commands with which it fails: found from below, because more may hide what fewer
 * show. */
static bool remove_commands(struct shrinking *s) {
    enum { COMMANDS_TRIED = 64 };
    bool smaller = false;
    for (unsigned client = 0; client < play_client_count(s->script); client++)
        for (uint32_t limit = 0; limit < COMMANDS_TRIED; limit++)
            if (s->schedule->limits[client] <= limit) break;
            else if (limit_client(s, client, limit)) smaller = true;
    return smaller;
}

/* The draft without the choice of this name. */
static void draft_without(struct shrinking *s, unsigned who, unsigned kind, uint32_t nth) {
    draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice *one = &s->schedule->choices.choices[i];
        if (one->who != who || one->kind != kind || one->nth != nth)
            choice_list_add(&s->draft.choices, *one);
    }
}

/* Keeps the draft with one more choice, if fewer commands are run then. */
static bool keep_with(struct shrinking *s, choice one) {
    uint64_t commands = s->commands;
    if (commands == 0) return false;
    choice_list_add(&s->draft.choices, one);
    choice_list_sort(&s->draft.choices);
    s->commands--;
    if (draft_keep(s)) return true;
    s->commands = commands;
    return false;
}

/* Who waits longer asks less often. */
static bool wait_longer(struct shrinking *s) {
    enum { WAITS_TRIED = 16 };
    static const choice_kind kinds[] = {CHOICE_WAIT, CHOICE_PAUSE};
    bool smaller = false;
    for (uint8_t client = 0; client < play_client_count(s->script); client++)
        for (uint32_t nth = 0; nth < WAITS_TRIED && s->schedule->limits[client] > 0; nth++)
            for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                draft_without(s, client, kinds[i], nth);
                smaller =
                    keep_with(s, (choice){nth, client, (uint8_t)kinds[i], INT64_MAX}) || smaller;
            }
    return smaller;
}

/* Does the right scenario keep its promises with the draft? */
static bool right_holds(struct shrinking *s) {
    if (s->right == s->script) return true;
    play_report report =
        play_draft(s, play_new(&(play_options){.scenario = s->right, .given = &s->draft}));
    return report.broken == NULL && report.trouble == NULL;
}

static int64_t value_of(const struct shrinking *s, unsigned who, unsigned kind, uint32_t nth) {
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice *one = &s->schedule->choices.choices[i];
        if (one->who == who && one->kind == kind && one->nth == nth) return one->value;
    }
    return 0;
}

/* So many rounds more that a loop of a client leaves out, and so many commands and waits of it that
 * go with each of them. */
struct fewer {
    uint8_t client;
    uint32_t nth;
    int64_t rounds;
    uint32_t commands, waits;
};

/* The draft without those rounds; what befell the client later befalls it as much sooner. */
static choice draft_fewer(struct shrinking *s, const struct fewer *fewer) {
    int64_t value = value_of(s, fewer->client, CHOICE_FEWER, fewer->nth);
    bool is_all = fewer->rounds == INT64_MAX;
    draft_without(s, fewer->client, CHOICE_FEWER, fewer->nth);
    for (size_t i = 0; i < s->draft.choices.count; i++) {
        choice *one = &s->draft.choices.choices[i];
        uint32_t each = one->kind == CHOICE_WAIT ? fewer->waits : fewer->commands;
        uint64_t by = is_all ? 0 : (uint64_t)fewer->rounds * each;
        if (one->who == fewer->client && one->kind < CHOICE_OFFSET && one->nth >= by)
            one->nth -= (uint32_t)by;
    }
    choice_list_sort(&s->draft.choices);
    return (choice){fewer->nth, fewer->client, CHOICE_FEWER,
                    is_all ? INT64_MAX : value + fewer->rounds};
}

static bool leave_out_rounds(struct shrinking *s, struct fewer fewer) {
    choice one = draft_fewer(s, &fewer);
    choice_list_add(&s->draft.choices, one);
    choice_list_sort(&s->draft.choices);
    if (!right_holds(s)) return false;
    one = draft_fewer(s, &fewer);
    return keep_with(s, one);
}

/* Does anything befall this client, that could come sooner? */
static bool has_choices(const struct shrinking *s, uint8_t client) {
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        if (s->schedule->choices.choices[i].who == client) return true;
    return false;
}

static bool remove_rounds_of(struct shrinking *s, uint8_t client, uint32_t nth) {
    enum { COMMANDS_EACH = 6, WAITS_EACH = 2 };
    static const int64_t rounds[] = {INT64_MAX, 32, 16, 8, 4, 2, 1};
    bool smaller = false;
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        struct fewer fewer = {.client = client, .nth = nth, .rounds = rounds[i]};
        bool is_done = leave_out_rounds(s, fewer);
        bool may_shift = rounds[i] < 32 && has_choices(s, client);
        for (fewer.commands = 1; may_shift && !is_done && fewer.commands <= COMMANDS_EACH;
             fewer.commands++)
            for (fewer.waits = 0; !is_done && fewer.waits <= WAITS_EACH; fewer.waits++)
                is_done = leave_out_rounds(s, fewer);
        smaller = is_done || smaller;
    }
    return smaller;
}

/* Who ends its loops sooner: what comes after them is reached in fewer steps. The right scenario
 * has to bear it, so that the mistake alone is to blame. */
static bool remove_rounds(struct shrinking *s) {
    enum { LOOPS_TRIED = 6 };
    bool smaller = false;
    for (uint8_t client = 0; client < play_client_count(s->script); client++)
        for (uint32_t nth = 0; nth < LOOPS_TRIED && s->schedule->limits[client] > 0; nth++)
            smaller = remove_rounds_of(s, client, nth) || smaller;
    return smaller;
}

/* The draft in which nothing befalls a client but two waits, with which the time passes. */
static void draft_two_waits(struct shrinking *s, uint8_t client, uint32_t first, uint32_t second) {
    int64_t each_ms = s->span_us / US_PER_MS / 2;
    draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        if (s->schedule->choices.choices[i].who != client)
            choice_list_add(&s->draft.choices, s->schedule->choices.choices[i]);
    choice_list_add(&s->draft.choices, (choice){first, client, CHOICE_WAIT, each_ms});
    choice_list_add(&s->draft.choices, (choice){second, client, CHOICE_WAIT, each_ms});
    choice_list_sort(&s->draft.choices);
}

/* Time that passes in many rounds may pass in two waits as well, and with fewer commands. */
static bool wait_twice(struct shrinking *s) {
    enum { WAITS_TRIED = 5, COMMANDS_TRIED = 12 };
    for (uint8_t client = 0; client < play_client_count(s->script); client++)
        for (uint32_t limit = 1; limit < COMMANDS_TRIED && limit < s->schedule->limits[client];
             limit++)
            for (uint32_t second = 1; second < WAITS_TRIED; second++)
                for (uint32_t first = 0; first < second; first++) {
                    uint64_t commands = s->commands;
                    draft_two_waits(s, client, first, second);
                    s->draft.limits[client] = limit;
                    s->commands--;
                    if (draft_keep(s)) return true;
                    s->commands = commands;
                }
    return false;
}

/* One thing that is not usual, by itself, whoever it befalls: sooner than any number of steps from
 * many things to few may end there. */
static void try_alone(struct shrinking *s) {
    enum { PLACES_TRIED = 25 };
    bool is_known[CHOICE_KINDS] = {false};
    int64_t values[CHOICE_KINDS] = {0};
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice *one = &s->schedule->choices.choices[i];
        is_known[one->kind] = true;
        if (llabs(one->value) > llabs(values[one->kind])) values[one->kind] = one->value;
    }
    for (int kind = CHOICE_KINDS - 1; kind >= 0; kind--)
        for (uint8_t who = 0; is_known[kind] && who < CHOICE_WHO; who++)
            for (uint32_t nth = 0; nth < PLACES_TRIED && s->events < EVENTS_ALONE; nth++) {
                draft_begin(s);
                keep_with(s, (choice){nth, who, (uint8_t)kind, values[kind]});
            }
}

/* What goes wrong goes wrong sooner: in the first round of a loop and not in the third. */
static bool move_earlier(struct shrinking *s) {
    enum { PLACES_TRIED = 40 };
    bool smaller = false;
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice one = s->schedule->choices.choices[i];
        bool moved = false;
        for (uint32_t nth = 0; !moved && nth < one.nth && nth < PLACES_TRIED; nth++)
            for (int is_longest = 0; !moved && is_longest < 2; is_longest++) {
                int64_t most = one.value < 0 ? INT64_MIN : INT64_MAX;
                draft_without(s, one.who, one.kind, one.nth);
                moved =
                    keep_with(s, (choice){nth, one.who, one.kind, is_longest ? most : one.value});
            }
        smaller = moved || smaller;
    }
    return smaller;
}

static bool try_value(struct shrinking *s, size_t index, int64_t value) {
    if (index >= s->schedule->choices.count) return false;
    int64_t before = s->schedule->choices.choices[index].value;
    bool is_nearer = (value < 0) == (before < 0) || value == 0;
    if (!is_nearer || llabs(value) >= llabs(before)) return false;
    draft_copy(s);
    s->draft.choices.choices[index].value = value;
    return draft_keep(s);
}

static bool shorten(struct shrinking *s, size_t index) {
    const choice *one = &s->schedule->choices.choices[index];
    int64_t value = one->value, unit = one->kind == CHOICE_WAIT ? 1 : US_PER_MS;
    const int64_t shorter[] = {value / 2 / unit * unit,
                               (value - value / 8) / unit * unit,
                               (value - value / 64) / unit * unit,
                               value / (100 * unit) * (100 * unit),
                               value / (10 * unit) * (10 * unit),
                               value / unit * unit,
                               value - unit};
    for (size_t i = 0; i < sizeof shorter / sizeof *shorter; i++)
        if (try_value(s, index, shorter[i])) return true;
    return false;
}

static bool make_smaller(struct shrinking *s) {
    enum { STEPS_MAX = 60 }; /* of one choice in a turn */
    bool smaller = false;
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        for (int step = 0; step < STEPS_MAX && i < s->schedule->choices.count && shorten(s, i);
             step++)
            smaller = true;
    return smaller;
}

/* Round times, a little longer than they have to be: what is true in a single millisecond only
 * cannot be shown on a server in real time. */
static void round_times(struct shrinking *s) {
    enum { ROUND = 50, SHORT = 20 };
    static const choice_kind kinds[] = {CHOICE_WAIT, CHOICE_PAUSE, CHOICE_SERVER_PAUSE,
                                        CHOICE_JUMP};
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            const choice one = s->schedule->choices.choices[i];
            int64_t unit = one.kind == CHOICE_WAIT ? 1 : US_PER_MS, sign = one.value < 0 ? -1 : 1;
            if (one.kind != kinds[k] || sign * one.value <= SHORT * unit) continue;
            draft_copy(s);
            s->draft.choices.choices[i].value =
                sign * ((sign * one.value + ROUND * unit - 1) / (ROUND * unit)) * ROUND * unit;
            draft_keep(s);
            break;
        }
}

static void take_out_and_shorten(struct shrinking *s, bool is_safety) {
    bool smaller = true;
    while (smaller && s->events < s->events_most) {
        smaller = (is_safety || s->is_excerpt) && remove_clients(s);
        smaller = remove_kinds(s) || smaller;
        smaller = remove_chunks(s) || smaller;
        smaller = (is_safety && remove_commands(s)) || smaller;
        smaller = wait_longer(s) || smaller;
        smaller = move_earlier(s) || smaller;
        smaller = make_smaller(s) || smaller;
    }
}

size_t play_shrink(play_schedule *schedule, const scenario *script, const scenario *right) {
    enum { TURNS = 3 };
    struct shrinking s = {
        .script = script, .right = right, .schedule = schedule, .events_most = EVENTS_MAX};
    draft_copy(&s);
    play_report first =
        play_draft(&s, play_new(&(play_options){.scenario = script, .given = schedule}));
    s.broken = first.broken;
    s.commands = first.commands;
    s.span_us = first.span_us;
    bool is_broken = s.broken != NULL;
    bool is_safety = is_broken && !scenario_promise_is_liveness(s.broken);
    s.is_excerpt = is_broken && !is_safety;
    if (s.is_excerpt) s.is_excerpt = draft_keep(&s);
    if (s.is_excerpt) try_alone(&s);
    if (is_broken) take_out_and_shorten(&s, is_safety);
    for (int turn = 0; turn < TURNS && is_broken; turn++) {
        s.events_most = s.events + EVENTS_ALONE;
        bool smaller = is_safety && wait_twice(&s);
        if (!remove_rounds(&s) && !smaller) break;
        take_out_and_shorten(&s, is_safety);
    }
    s.events_most = UINT64_MAX;
    if (is_broken) round_times(&s);
    while (is_broken && remove_chunks(&s)) continue; /* what longer times made needless */
    choice_list_free(&s.draft.choices);
    return s.plays;
}
