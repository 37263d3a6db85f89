#include "sim/play_shrink.h"

#include <stdlib.h>
#include <string.h>

#include "sim/play_draft.h"
#include "sim/play_rounds.h"
#include "sim/play_shorter.h"

#define US_PER_MS INT64_C(1000)

/* What plays may take: all together, a second or so; at first; each thing that is tried then. */
enum { EVENTS_IN_ALL = 9000000, EVENTS_MAX = 2000000, EVENTS_ALONE = EVENTS_MAX / 2 };

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

/* ---- taking out */

static bool remove_between(play_shrinking *s, size_t from, size_t to) {
    if (play_draft_is_spent(s)) return false;
    play_draft_begin(s);
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        if (i < from || i >= to)
            choice_list_add(&s->draft.choices, s->schedule->choices.choices[i]);
    return s->draft.choices.count < s->schedule->choices.count && play_draft_keep(s);
}

/* `who`: CHOICE_WHO is everybody. */
static bool remove_kind(play_shrinking *s, unsigned who, choice_kind kind) {
    if (play_draft_is_spent(s)) return false;
    play_draft_without_all(s, who, kind, 0);
    return s->draft.choices.count < s->schedule->choices.count && play_draft_keep(s);
}

static bool limit_client(play_shrinking *s, unsigned client, uint32_t limit) {
    if (s->schedule->limits[client] <= limit || play_draft_is_spent(s)) return false;
    play_draft_copy(s);
    s->draft.limits[client] = limit;
    return play_draft_keep(s);
}

static bool remove_clients(play_shrinking *s) {
    bool smaller = false;
    for (unsigned client = 0; client < play_client_count(s->script); client++)
        smaller = limit_client(s, client, 0) || smaller;
    return smaller;
}

static bool remove_kinds(play_shrinking *s) {
    bool smaller = false;
    for (int kind = CHOICE_KINDS - 1; kind >= 0; kind--) {
        bool all = remove_kind(s, CHOICE_WHO, (choice_kind)kind);
        for (unsigned who = 0; !all && who < CHOICE_WHO; who++)
            smaller = remove_kind(s, who, (choice_kind)kind) || smaller;
        smaller = all || smaller;
    }
    return smaller;
}

/* No fewer at once than `least`. */
static bool remove_chunks(play_shrinking *s, size_t least) {
    bool smaller = false;
    for (size_t size = s->schedule->choices.count / 2 + 1; size > 0 && size >= least; size /= 2)
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
static bool remove_commands(play_shrinking *s) {
    enum { COMMANDS_TRIED = 64 };
    bool smaller = false;
    for (unsigned client = 0; client < play_client_count(s->script); client++)
        for (uint32_t limit = 0; limit < COMMANDS_TRIED; limit++)
            if (s->schedule->limits[client] <= limit) break;
            else if (limit_client(s, client, limit)) smaller = true;
    return smaller;
}

/* May more be tried, of a client that is there? */
static bool may_go_on(const play_shrinking *s, unsigned client) {
    return s->schedule->limits[client] > 0 && !play_draft_is_spent(s);
}

/* Keeps the draft with one more choice, if fewer commands are run then. */
static bool keep_with(play_shrinking *s, choice one) {
    play_draft_add(s, one);
    return play_draft_keep_fewer(s);
}

/* Who waits longer asks less often. */
static bool wait_longer(play_shrinking *s) {
    enum { WAITS_TRIED = 16 };
    static const choice_kind kinds[] = {CHOICE_WAIT, CHOICE_PAUSE};
    bool smaller = false;
    for (uint8_t client = 0; client < play_client_count(s->script); client++)
        for (uint32_t nth = 0; nth < WAITS_TRIED && may_go_on(s, client); nth++)
            for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
                play_draft_without(s, client, kinds[i], nth);
                smaller =
                    keep_with(s, (choice){nth, client, (uint8_t)kinds[i], INT64_MAX}) || smaller;
            }
    return smaller;
}

/* The draft in which nothing befalls a client but two waits, with which the time passes. */
static void draft_two_waits(play_shrinking *s, uint8_t client, uint32_t first, uint32_t second) {
    int64_t each_ms = s->span_us / US_PER_MS / 2;
    play_draft_without_all(s, client, CHOICE_KINDS, 0);
    play_draft_add(s, (choice){first, client, CHOICE_WAIT, each_ms});
    play_draft_add(s, (choice){second, client, CHOICE_WAIT, each_ms});
}

/* Time that passes in many rounds may pass in two waits as well, and with fewer commands. */
static bool wait_twice(play_shrinking *s) {
    enum { WAITS_TRIED = 5, COMMANDS_TRIED = 12 };
    for (uint8_t client = 0; client < play_client_count(s->script); client++)
        for (uint32_t limit = 1; limit < COMMANDS_TRIED && limit < s->schedule->limits[client] &&
                                 !play_draft_is_spent(s);
             limit++)
            for (uint32_t second = 1; second < WAITS_TRIED; second++)
                for (uint32_t first = 0; first < second; first++) {
                    draft_two_waits(s, client, first, second);
                    s->draft.limits[client] = limit;
                    if (play_draft_keep_fewer(s)) return true;
                }
    return false;
}

/* Can a choice of this kind concern a client, or the server? */
static bool may_befall(const play_shrinking *s, unsigned who, choice_kind kind) {
    bool is_servers = kind >= CHOICE_SERVER_PAUSE && kind != CHOICE_FEWER;
    if (who == CHOICE_SERVER) return is_servers || kind == CHOICE_DRIFT;
    return !is_servers && who < play_client_count(s->script);
}

/* One thing of each kind that the schedule has, the worst of it; an end and a loss also where it
 * has none. */
static void worst_values(const play_shrinking *s, int64_t values[CHOICE_KINDS]) {
    const scenario_bounds *bounds = &s->script->bounds;
    memset(values, 0, CHOICE_KINDS * sizeof *values);
    values[CHOICE_CRASH] = bounds->client_crashes > 0;
    values[CHOICE_LOST_TO] = values[CHOICE_LOST_BACK] = bounds->loss_per_1000 > 0;
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice *one = &s->schedule->choices.choices[i];
        if (llabs(one->value) > llabs(values[one->kind])) values[one->kind] = one->value;
    }
}

/* That alone, at any place, with all clients, and with two. */
static void try_places(play_shrinking *s, choice one) {
    enum { PLACES_TRIED = 25 };
    unsigned count = play_client_count(s->script);
    for (one.nth = 0; one.nth < PLACES_TRIED; one.nth++)
        for (unsigned other = 0; other <= count && s->events < EVENTS_ALONE; other++) {
            play_draft_begin(s);
            for (unsigned client = 0; client < count && other < count; client++)
                if (client != one.who && client != other) s->draft.limits[client] = 0;
            keep_with(s, one);
        }
}

/* One thing that is not usual, by itself, whoever it befalls: sooner than any number of steps from
 * many things to few may end there. */
static void try_alone(play_shrinking *s) {
    int64_t values[CHOICE_KINDS];
    worst_values(s, values);
    for (int kind = CHOICE_KINDS - 1; kind >= 0; kind--)
        for (uint8_t who = 0; who < CHOICE_WHO; who++)
            if (values[kind] != 0 && may_befall(s, who, (choice_kind)kind))
                try_places(s, (choice){0, who, (uint8_t)kind, values[kind]});
}

/* What goes wrong goes wrong sooner: in the first round of a loop and not in the third. */
static bool move_earlier(play_shrinking *s) {
    enum { PLACES_TRIED = 40 };
    bool smaller = false;
    for (size_t i = 0; i < s->schedule->choices.count && !play_draft_is_spent(s); i++) {
        const choice one = s->schedule->choices.choices[i];
        bool moved = false;
        for (uint32_t nth = 0; !moved && nth < one.nth && nth < PLACES_TRIED; nth++)
            for (int is_longest = 0; !moved && is_longest < 2; is_longest++) {
                int64_t most = one.value < 0 ? INT64_MIN : INT64_MAX;
                play_draft_without(s, one.who, one.kind, one.nth);
                moved =
                    keep_with(s, (choice){nth, one.who, one.kind, is_longest ? most : one.value});
            }
        smaller = moved || smaller;
    }
    return smaller;
}

static bool try_value(play_shrinking *s, size_t index, int64_t value) {
    if (index >= s->schedule->choices.count || play_draft_is_spent(s)) return false;
    int64_t before = s->schedule->choices.choices[index].value;
    bool is_nearer = (value < 0) == (before < 0) || value == 0;
    if (!is_nearer || llabs(value) >= llabs(before)) return false;
    play_draft_copy(s);
    s->draft.choices.choices[index].value = value;
    return play_draft_keep(s);
}

static bool shorten(play_shrinking *s, size_t index) {
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

static bool make_smaller(play_shrinking *s) {
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
static void round_times(play_shrinking *s) {
    enum { ROUND = 50, SHORT = 20 };
    static const choice_kind kinds[] = {CHOICE_WAIT, CHOICE_PAUSE, CHOICE_SERVER_PAUSE,
                                        CHOICE_JUMP};
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            const choice one = s->schedule->choices.choices[i];
            int64_t unit = one.kind == CHOICE_WAIT ? 1 : US_PER_MS, sign = one.value < 0 ? -1 : 1;
            if (one.kind != kinds[k] || sign * one.value <= SHORT * unit) continue;
            play_draft_copy(s);
            s->draft.choices.choices[i].value =
                sign * ((sign * one.value + ROUND * unit - 1) / (ROUND * unit)) * ROUND * unit;
            play_draft_keep(s);
            break;
        }
}

/* What is lost is not run; who waits for the reply in vain does not ask again so soon. */
static bool lose_more(play_shrinking *s) {
    enum { PLACES_TRIED = 40 };
    bool smaller = false;
    if (s->script->bounds.loss_per_1000 == 0) return false;
    for (uint8_t client = 0; client < play_client_count(s->script); client++)
        for (uint32_t nth = 0;
             nth < PLACES_TRIED && nth < s->schedule->limits[client] && !play_draft_is_spent(s);
             nth++) {
            play_draft_without(s, client, CHOICE_LOST_TO, nth);
            smaller = keep_with(s, (choice){nth, client, CHOICE_LOST_TO, 1}) || smaller;
        }
    return smaller;
}

/* The same of one command of a loop in all its rounds: time passes as in a wait. */
static bool lose_often(play_shrinking *s) {
    enum { FROM_MOST = 8, EACH_MOST = 4, PLACES = 40 };
    bool smaller = false;
    if (s->script->bounds.loss_per_1000 == 0) return false;
    for (uint8_t client = 0; client < play_client_count(s->script); client++)
        for (uint32_t from = 0; from < FROM_MOST && may_go_on(s, client); from++)
            for (uint32_t each = 1; each <= EACH_MOST; each++) {
                play_draft_copy(s);
                for (uint32_t nth = from; nth < PLACES; nth += each)
                    choice_list_add(&s->draft.choices, (choice){nth, client, CHOICE_LOST_TO, 1});
                choice_list_sort(&s->draft.choices);
                smaller = play_draft_keep_fewer(s) || smaller;
            }
    return smaller;
}

static void take_out_and_shorten(play_shrinking *s) {
    bool may_end = !scenario_promise_is_liveness(s->broken), smaller = true;
    while (smaller && !play_draft_is_spent(s)) {
        smaller = (may_end || s->is_excerpt) && remove_clients(s);
        smaller = remove_kinds(s) || smaller;
        smaller = remove_chunks(s, 1) || smaller;
        smaller = (may_end && remove_commands(s)) || smaller;
        smaller = wait_longer(s) || smaller;
        smaller = move_earlier(s) || smaller;
        smaller = make_smaller(s) || smaller;
    }
}

/* Of a client, or the server, all that takes time takes the longest, from the how many-th on. */
static bool draft_longest(play_shrinking *s, uint8_t who, choice_kind kind, uint32_t from) {
    enum { PLACES = 64 };
    if (play_draft_is_spent(s)) return false;
    play_draft_without_all(s, who, kind, from);
    for (uint32_t nth = from; nth < PLACES; nth++)
        choice_list_add(&s->draft.choices, (choice){nth, who, (uint8_t)kind, INT64_MAX});
    choice_list_sort(&s->draft.choices);
    return play_draft_keep_fewer(s);
}

/* Time that passes in many rounds passes in fewer, when each takes longer. */
static bool wait_longest(play_shrinking *s) {
    enum { FROM_MOST = 8 };
    static const choice_kind kinds[] = {CHOICE_WAIT, CHOICE_PAUSE, CHOICE_SERVER_PAUSE,
                                        CHOICE_LATENCY_TO, CHOICE_LATENCY_BACK};
    bool smaller = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (uint8_t who = 0; who < CHOICE_WHO; who++)
            for (uint32_t from = 0; from < FROM_MOST; from++)
                smaller = draft_longest(s, who, kinds[i], from) || smaller;
    return smaller;
}

static void allow(play_shrinking *s, uint64_t events) {
    s->events_most = s->events + events;
    if (s->events_most > EVENTS_IN_ALL) s->events_most = EVENTS_IN_ALL;
}

/* What goes wrong goes as wrong as it may: what was made as small as possible leaves no room for
 * longer waits. */
static void worsen(play_shrinking *s) {
    static const choice_kind kinds[] = {CHOICE_JUMP, CHOICE_PAUSE, CHOICE_SERVER_PAUSE};
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            const choice one = s->schedule->choices.choices[i];
            if (one.kind != kinds[k] || play_draft_is_spent(s)) continue;
            play_draft_copy(s);
            s->draft.choices.choices[i].value = one.value < 0 ? INT64_MIN : INT64_MAX;
            play_draft_keep(s);
            break;
        }
}

/* What is left of a play of safety may be shorter still when more goes wrong in it. */
static bool add(play_shrinking *s) {
    bool smaller = wait_twice(s);
    worsen(s);
    smaller = wait_longest(s) || smaller;
    smaller = lose_often(s) || smaller;
    allow(s, EVENTS_MAX);
    smaller = play_shorter(s) || smaller;
    allow(s, EVENTS_ALONE);
    return lose_more(s) || smaller;
}

/* A long play loses much at once, before each thing in it is tried. */
static void make_short(play_shrinking *s) {
    enum { LONG = 256, PARTS = 32 };
    bool smaller = true;
    allow(s, 2 * EVENTS_MAX);
    while (smaller && s->commands > LONG && !play_draft_is_spent(s)) {
        smaller = play_rounds_cut_front(s);
        smaller = play_rounds_remove(s) || smaller;
        smaller = remove_clients(s) || smaller;
        smaller = remove_kinds(s) || smaller;
        smaller = remove_chunks(s, s->schedule->choices.count / PARTS) || smaller;
    }
}

/* Somebody stands still in this story: may he stand still, too, whose command was lost? About as
 * long as the story is. */
static bool stand_instead(play_shrinking *s, size_t index) {
    enum { PLACES = 8 };
    const choice lost = s->schedule->choices.choices[index];
    for (uint32_t nth = 0; nth < PLACES && !play_draft_is_spent(s); nth++)
        for (int64_t part = 8; part > 4; part--) {
            play_draft_without(s, lost.who, lost.kind, lost.nth);
            play_draft_add(s, (choice){nth, lost.who, CHOICE_PAUSE, s->span_us * part / 8});
            if (play_draft_keep(s)) return true;
        }
    return false;
}

/* Of two stories of one length the better one is that in which one kind of thing goes wrong. */
static bool make_alike(play_shrinking *s) {
    bool has_pause = false, is_other = false;
    for (size_t i = 0; i < s->schedule->choices.count; i++)
        has_pause = has_pause || s->schedule->choices.choices[i].kind == CHOICE_PAUSE;
    for (size_t i = 0; i < s->schedule->choices.count && has_pause; i++) {
        choice_kind kind = s->schedule->choices.choices[i].kind;
        bool is_lost = kind == CHOICE_LOST_TO || kind == CHOICE_LOST_BACK;
        if (!is_lost || !stand_instead(s, i)) continue;
        is_other = true;
        i = SIZE_MAX; /* anew */
    }
    return is_other;
}

static void shrink_broken(play_shrinking *s) {
    enum { TURNS = 4 };
    bool smaller = true;
    bool is_safety = !scenario_promise_is_liveness(s->broken);
    if (s->is_excerpt) try_alone(s);
    if (is_safety) play_shortest(s);
    make_short(s);
    allow(s, EVENTS_MAX);
    take_out_and_shorten(s);
    for (int turn = 0; turn < TURNS && smaller; turn++) {
        allow(s, EVENTS_ALONE);
        smaller = play_rounds_remove(s);
        if (smaller) take_out_and_shorten(s);
        else if (is_safety) smaller = add(s);
        if (smaller) take_out_and_shorten(s);
    }
    s->events_most = s->events + EVENTS_MAX;
    take_out_and_shorten(s);
    if (make_alike(s)) take_out_and_shorten(s);
    round_times(s);
    while (remove_chunks(s, 1)) continue; /* what longer times made needless */
}

size_t play_shrink(play_schedule *schedule, const scenario *script, const scenario *right) {
    play_shrinking s;
    if (play_draft_open(&s, schedule, script, right)) {
        allow(&s, EVENTS_MAX);
        shrink_broken(&s);
    }
    play_draft_free(&s);
    return s.plays;
}
