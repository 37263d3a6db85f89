/* One play of a scenario: drawn. */
#ifndef TTLSPEC_CLI_SIM_PLAY_H
#define TTLSPEC_CLI_SIM_PLAY_H

#include "cli/sim_scenario.h"

/* Draws the play of a seed, or what is given: up to `arguments->until`, into a file or, where
 * `path` is NULL, on standard output. Returns the exit status of what came of the play. */
int sim_play_draw(const sim_arguments *arguments, uint64_t seed, const play_schedule *given,
                  const char *path, size_t rows);

#endif
