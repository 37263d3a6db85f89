/* Drafts: what the shrinker of plays tries, and what it takes.
 *
 *      schedule --(something left out, moved, drawn)--> draft --(fails as well?)--> schedule
 *
 * A draft is taken when it breaks the same promise with no more commands, and where the scenario as
 * it should be keeps its promises of safety with the same choices: the mistake alone is to blame.
 *
 * Cost: a draft is a play, or two to four. Ownership: the schedule is the caller's; the draft is
 * freed by play_draft_free.
 */
#ifndef TTLSPEC_SIM_PLAY_DRAFT_H
#define TTLSPEC_SIM_PLAY_DRAFT_H

#include "sim/play.h"

typedef struct play_shrinking {
    const scenario *script, *right;
    play_schedule *schedule; /* the smallest by now */
    play_schedule draft;
    choice_list taken; /* what the last play of a draft met */
    const scenario_promise *broken;
    bool is_excerpt; /* of liveness: only the beginning of the play counts */
    bool asks_right; /* the right scenario kept its promises at first, and has to with all drafts */
    uint64_t commands; /* that the servers ran */
    int64_t span_us;   /* that the play takes */
    size_t plays;
    uint64_t drawn;               /* short plays; each is drawn once */
    uint64_t events, events_most; /* of all, as play_draft_play counts; how many may be by now */
} play_shrinking;

/* False: the schedule breaks no promise. `right` is the scenario as it should be, or the same. */
bool play_draft_open(play_shrinking *s, play_schedule *schedule, const scenario *script,
                     const scenario *right);
void play_draft_free(play_shrinking *s);

/* All events that there may be are spent: no draft is kept any more, so none has to be made. */
bool play_draft_is_spent(const play_shrinking *s);

/* The draft becomes empty; the schedule; the schedule without the choice of this name; without all
 * from the how many-th on, of anybody (CHOICE_WHO) and of any kind (CHOICE_KINDS). */
void play_draft_begin(play_shrinking *s);
void play_draft_copy(play_shrinking *s);
void play_draft_without(play_shrinking *s, unsigned who, unsigned kind, uint32_t nth);
void play_draft_without_all(play_shrinking *s, unsigned who, unsigned kind, uint32_t from);
void play_draft_add(play_shrinking *s, choice one);
/* What the last play met becomes all that the draft has. */
void play_draft_take_met(play_shrinking *s);

/* Plays to the end, or until so many commands were run, and frees the play. To begin one costs as
 * much as some events, and is counted so. */
play_report play_draft_play(play_shrinking *s, play *one, uint64_t commands_most);
/* Does the right scenario keep its promises with the draft? Where one of safety is broken by who is
 * shrunk, only those of safety count: who ends early owes what others wait for. */
bool play_draft_right_holds(play_shrinking *s);

/* Takes the draft, if it fails, with no more commands; of its choices those that were met. */
bool play_draft_keep(play_shrinking *s);
/* The same, if fewer commands are run. */
bool play_draft_keep_fewer(play_shrinking *s);

#endif
