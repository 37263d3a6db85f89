/* The story of a play: what happened, a line each, as a person reads it.
 *
 *         0.100 ms  worker-1  SET lock worker-1 NX PX 1000 -> OK
 *         0.200 ms  worker-1  enters "lock"
 */
#ifndef TTLSPEC_SIM_PLAY_STORY_H
#define TTLSPEC_SIM_PLAY_STORY_H

#include <stdio.h>

#include "sim/play.h"

/* Of the moments the first and the last are told, `lines` at most; 0: all. Returns how many moments
 * there were. `out` may be NULL: they are only counted. */
size_t play_story_write(FILE *out, const scenario *script, const play_schedule *schedule,
                        size_t lines);

#endif
