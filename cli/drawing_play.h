/* Timelines of plays: a lane for each client, the server and its replica; where clients are, who
 * stands still, and the moment in which a promise is broken. */
#ifndef TTLSPEC_CLI_DRAWING_PLAY_H
#define TTLSPEC_CLI_DRAWING_PLAY_H

#include "cli/drawing.h"
#include "sim/play.h"

/* Draws a play: of a seed, or what is given; up to its end, or so many events; 0: all. The caller
 * frees what is returned, which tells what came of it. */
play *drawing_of_play(drawing *line, const scenario *script, uint64_t seed,
                      const play_schedule *given, uint64_t until);

#endif
