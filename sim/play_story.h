/* The story of a play: what happened, a line each, as a person reads it.
 *
 *         0.100 ms  worker-1  SET lock worker-1 NX PX 1000 -> OK
 *         0.200 ms  worker-1  enters "lock"
 */
#ifndef TTLSPEC_SIM_PLAY_STORY_H
#define TTLSPEC_SIM_PLAY_STORY_H

#include <stdio.h>

#include "sim/play.h"

/* What happened, without when and to whom: `enters "lock"`. */
void play_story_words(FILE *out, const scenario *script, const play_moment *moment);
/* Is it a clock that is wrong from the beginning? Then there are words for it, too. */
bool play_story_is_clock(const choice *one);
void play_story_clock_words(FILE *out, const choice *one);
/* Of the moments the first and the last are told, `lines` at most; 0: all. Returns how many moments
 * there were. `out` may be NULL: they are only counted. */
size_t play_story_write(FILE *out, const scenario *script, const play_schedule *schedule,
                        size_t lines);

#endif
