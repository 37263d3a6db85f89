#include "sim/play_rounds.h"

#include <stdlib.h>
#include <string.h>

#define US_PER_MS INT64_C(1000)

/* ---- seeing */

static void see_round(void *context, const play_moment *moment) {
    play_rounds *rounds = context;
    if (moment->kind != PLAY_ROUND) return;
    if (rounds->count == rounds->capacity) {
        rounds->capacity = rounds->capacity == 0 ? 64 : rounds->capacity * 2;
        rounds->all = realloc(rounds->all, rounds->capacity * sizeof *rounds->all);
        if (rounds->all == NULL) abort();
    }
    play_round *one = &rounds->all[rounds->count++];
    *one = (play_round){.client = moment->client,
                        .depth = moment->round.depth,
                        .loop = moment->round.loop,
                        .number = moment->round.number,
                        .at_us = moment->at_us};
    memcpy(one->counts, moment->round.counts, sizeof one->counts);
}

void play_rounds_see(play_shrinking *s, play_rounds *rounds) {
    rounds->count = 0;
    play_draft_play(s,
                    play_new(&(play_options){.scenario = s->script,
                                             .given = s->schedule,
                                             .is_thorough = true,
                                             .observe = see_round,
                                             .context = rounds}),
                    s->commands);
}

void play_rounds_free(play_rounds *rounds) {
    free(rounds->all);
    *rounds = (play_rounds){0};
}

bool play_rounds_of(const play_rounds *rounds, unsigned client, uint32_t loop,
                    const play_round **first, const play_round **last) {
    *first = *last = NULL;
    for (size_t i = 0; i < rounds->count; i++) {
        const play_round *one = &rounds->all[i];
        if (one->client != client || one->loop != loop) continue;
        if (*first == NULL) *first = one;
        *last = one;
    }
    return *first != NULL;
}

/* ---- leaving out */

static bool is_dropped(choice *one, const play_round *from, const play_round *to) {
    if (one->who != from->client || one->nth < from->counts[one->kind]) return false;
    if (one->nth < to->counts[one->kind]) return true;
    one->nth -= to->counts[one->kind] - from->counts[one->kind];
    return false;
}

/* In place of what the draft has of this name. */
static void put(play_shrinking *s, choice one) {
    choice_list *list = &s->draft.choices;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const choice *old = &list->choices[i];
        if (old->who != one.who || old->kind != one.kind || old->nth != one.nth)
            list->choices[kept++] = *old;
    }
    list->count = kept;
    choice_list_insert(list, one);
}

void play_rounds_skip(play_shrinking *s, const play_round *from, const play_round *to) {
    choice_list *list = &s->draft.choices;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!is_dropped(&list->choices[i], from, to)) list->choices[kept++] = list->choices[i];
    list->count = kept;
    put(s, (choice){from->loop, (uint8_t)from->client, CHOICE_FEWER, to->number});
}

/* Keeps the draft, if fewer commands are run. The right scenario has to bear it, so that the
 * mistake alone is to blame. */
static bool keep(play_shrinking *s) {
    if (!s->asks_right && !play_draft_right_holds(s)) return false;
    return play_draft_keep_fewer(s);
}

/* ---- all clients at once */

/* Where a client is at a moment: in which round of its outermost loop. */
static bool round_at(const play_rounds *rounds, unsigned client, int64_t at_us,
                     const play_round **first, const play_round **now) {
    *now = NULL;
    for (size_t i = 0; i < rounds->count && rounds->all[i].at_us <= at_us; i++)
        if (rounds->all[i].client == client && rounds->all[i].depth == 0) *now = &rounds->all[i];
    const play_round *last;
    return *now != NULL && play_rounds_of(rounds, client, (*now)->loop, first, &last);
}

/* Who would begin too soon, compared with the others, waits so much longer. */
static void wait_first(play_shrinking *s, const play_round *first, int64_t longer_us) {
    uint32_t nth = first->counts[CHOICE_WAIT];
    int64_t value = longer_us / US_PER_MS;
    for (size_t i = 0; i < s->draft.choices.count; i++) {
        const choice *one = &s->draft.choices.choices[i];
        if (one->who == first->client && one->kind == CHOICE_WAIT && one->nth == nth)
            value += one->value;
    }
    if (value > 0) put(s, (choice){nth, (uint8_t)first->client, CHOICE_WAIT, value});
}

/* The draft that begins with the rounds of this moment. */
static void draft_from(play_shrinking *s, const play_rounds *rounds, int64_t at_us,
                       bool in_their_time) {
    const play_round *first, *now;
    int64_t least_us = INT64_MAX;
    unsigned count = play_client_count(s->script);
    play_draft_copy(s);
    for (unsigned client = 0; client < count; client++)
        if (round_at(rounds, client, at_us, &first, &now) && now->at_us - first->at_us < least_us)
            least_us = now->at_us - first->at_us;
    for (unsigned client = 0; client < count; client++) {
        if (!round_at(rounds, client, at_us, &first, &now)) continue;
        if (now != first) play_rounds_skip(s, first, now);
        if (in_their_time) wait_first(s, first, now->at_us - first->at_us - least_us);
    }
}

/* In the time that they had to each other, or all at once. */
static bool cut_at(play_shrinking *s, const play_rounds *rounds, int64_t at_us) {
    for (int in_their_time = 1; in_their_time >= 0 && !play_draft_is_spent(s); in_their_time--) {
        draft_from(s, rounds, at_us, in_their_time != 0);
        if (keep(s)) return true;
    }
    return false;
}

bool play_rounds_cut_front(play_shrinking *s) {
    static const int64_t left_of_64[] = {1, 2, 4, 8, 16, 32, 48, 56, 60, 62};
    enum { TRIED = sizeof left_of_64 / sizeof *left_of_64 };
    play_rounds rounds = {0};
    bool smaller = false;
    for (size_t i = 0; i < TRIED; i++) {
        if (i == 0) play_rounds_see(s, &rounds);
        if (!cut_at(s, &rounds, s->span_us - s->span_us / 64 * left_of_64[i])) continue;
        smaller = true;
        i = SIZE_MAX; /* anew */
    }
    play_rounds_free(&rounds);
    return smaller;
}

/* ---- one client after the other */

/* The loop leaves out rounds; what befell the client later befalls it as much sooner, or where it
 * did. */
static bool leave_out(play_shrinking *s, const play_round *first, const play_round *to) {
    play_draft_copy(s);
    play_rounds_skip(s, first, to);
    if (keep(s)) return true;
    play_draft_copy(s);
    put(s, (choice){first->loop, (uint8_t)first->client, CHOICE_FEWER, to->number});
    return keep(s);
}

static bool leave_out_all(play_shrinking *s, const play_round *first) {
    play_draft_copy(s);
    put(s, (choice){first->loop, (uint8_t)first->client, CHOICE_FEWER, INT64_MAX});
    return keep(s);
}

static const play_round *round_of(const play_rounds *rounds, const play_round *first,
                                  int64_t number) {
    for (const play_round *one = first; one < rounds->all + rounds->count; one++)
        if (one->client == first->client && one->loop == first->loop && one->number == number)
            return one;
    return NULL;
}

static bool remove_of(play_shrinking *s, unsigned client, uint32_t loop) {
    play_rounds rounds = {0};
    const play_round *first, *last;
    bool smaller = false;
    play_rounds_see(s, &rounds);
    bool is_there = play_rounds_of(&rounds, client, loop, &first, &last);
    if (is_there && leave_out_all(s, first)) smaller = true, is_there = false;
    for (int64_t by = is_there ? last->number - first->number : 0; by > 0; by /= 2) {
        play_rounds_see(s, &rounds);
        if (play_draft_is_spent(s) || !play_rounds_of(&rounds, client, loop, &first, &last)) break;
        const play_round *to = round_of(&rounds, first, first->number + by);
        if (to != NULL && leave_out(s, first, to)) smaller = true;
    }
    play_rounds_free(&rounds);
    return smaller;
}

bool play_rounds_remove(play_shrinking *s) {
    enum { LOOPS_TRIED = 6 };
    bool smaller = false;
    for (unsigned client = 0; client < play_client_count(s->script); client++)
        for (uint32_t loop = 0; loop < LOOPS_TRIED && s->schedule->limits[client] > 0; loop++)
            smaller = remove_of(s, client, loop) || smaller;
    return smaller;
}
