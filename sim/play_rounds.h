/* Rounds of loops, and plays that leave some out.
 *
 * A client that leaves out rounds does at once what it did later. All that befell it from there on
 * is to befall it still, at the same command; so the choices that it met in the rounds between are
 * dropped, and the later ones get smaller numbers.
 *
 *      choices   0 1 2 | 3 4 | 5 6 | 7 8 9
 *      rounds           first        the first that is not left out
 *      draft     0 1 2 |             3 4 5
 *
 * Cost: to see the rounds of a play is to play it. Ownership: play_rounds_free frees them.
 */
#ifndef TTLSPEC_SIM_PLAY_ROUNDS_H
#define TTLSPEC_SIM_PLAY_ROUNDS_H

#include "sim/play_draft.h"

/* A client begins a round. */
typedef struct play_round {
    unsigned client;
    size_t depth;
    uint32_t loop;
    int64_t number, at_us;
    uint32_t counts[CHOICE_KINDS];
} play_round;

typedef struct play_rounds {
    play_round *all; /* in order of time */
    size_t count, capacity;
} play_rounds;

/* The rounds of the schedule. */
void play_rounds_see(play_shrinking *s, play_rounds *rounds);
void play_rounds_free(play_rounds *rounds);
/* The first and the last round of a client's how many-th loop. False: it has none. */
bool play_rounds_of(const play_rounds *rounds, unsigned client, uint32_t loop,
                    const play_round **first, const play_round **last);
/* In the draft the client goes from the beginning of one round to that of another of its loop. */
void play_rounds_skip(play_shrinking *s, const play_round *from, const play_round *to);

/* The play begins in its middle, with all clients: as late as it may. */
bool play_rounds_cut_front(play_shrinking *s);
/* Clients leave out rounds one by one. */
bool play_rounds_remove(play_shrinking *s);

#endif
