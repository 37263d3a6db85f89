/* A failing world on paper: its seed, the faults and the commands that matter. What `ttlspec sim`
 * writes, and --replay takes; docs/schedule-format.md. */
#ifndef TTLSPEC_CLI_SIM_SCHEDULE_H
#define TTLSPEC_CLI_SIM_SCHEDULE_H

#include "cli/sim.h"

/* Takes faults and commands out of the world of a seed, as long as it breaks the same law, and
 * writes what is left. Returns false when the file cannot be written, which it said. */
bool sim_schedule_save(const sim_arguments *arguments, uint64_t seed, sim_law law, const char *path,
                       size_t *faults, size_t *commands);
/* Is this a file of a world? What is no JSON is none. */
bool sim_schedule_is_file(const char *path);
/* Reads seed, commands and planted fault into the arguments, and the rest into `schedule`, which
 * they point to then. False: it was said what is wrong. */
bool sim_schedule_load(const char *path, sim_arguments *arguments, sim_schedule *schedule);

#endif
