/* One play of a scenario: drawn, stopped, written, run on another target. Each is of a seed, or of
 * what is given instead, and returns the exit status. */
#ifndef TTLSPEC_CLI_SIM_PLAY_H
#define TTLSPEC_CLI_SIM_PLAY_H

#include "cli/sim_scenario.h"

/* Draws up to `arguments->until`, into a file or, where `path` is NULL, on standard output. The
 * status is that of what came of the play. */
int sim_play_draw(const sim_arguments *arguments, uint64_t seed, const play_schedule *given,
                  const char *path, size_t rows);

/* Stops at event `arguments->until` and prints the state. */
int sim_play_until(const sim_arguments *arguments, uint64_t seed, const play_schedule *given);
/* OUT/SCENARIO/: rulebook, vector, play and drawing of a broken promise. False: it was said why. */
bool sim_play_write(const sim_arguments *arguments, const scenario_file *file, uint64_t seed,
                    const play_schedule *schedule);
/* As a vector on `arguments->on`, whose replies must be those of the play. */
int sim_play_run_on(const sim_arguments *arguments, uint64_t seed, const play_schedule *given);

#endif
