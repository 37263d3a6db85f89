/* A play on paper: the file that plays it again, and the vector of what its server was asked.
 *
 * Ownership: nothing is kept.
 */
#ifndef TTLSPEC_CLI_SCENARIO_WRITE_H
#define TTLSPEC_CLI_SCENARIO_WRITE_H

#include <stdio.h>

#include "cli/scenario.h"
#include "sim/play_shrink.h"

/* The way beyond the bounds, "wrong", or "within": a word for names of files. */
const char *scenario_variant(const scenario *script);

/* docs/scenario-format.md, "A play": scenario and schedule, so that it needs no other file. */
void scenario_write_play(FILE *out, const scenario_file *file, const scenario *script,
                         uint64_t seed, const play_schedule *schedule);

/* A play that was read. */
typedef struct scenario_play {
    scenario_file file;
    scenario script;
    play_schedule schedule;
    uint64_t seed; /* where it was found */
} scenario_play;

/* False: `problems` says why. Else scenario_play_close gives it back. */
bool scenario_read_play(scenario_play *into, const char *path, problem_list *problems);
void scenario_play_close(scenario_play *self);

/* Can the play be a vector? NULL: it can; else why not, "a replica is asked in it". */
const char *scenario_why_no_vector(const scenario *script, const play_schedule *schedule);
/* All that the server was asked, in its order, with what it answers at those milliseconds. */
void scenario_write_vector(FILE *out, const scenario *script, uint64_t seed,
                           const play_schedule *schedule);
/* The rulebook that the vector names: the scenario's promises. */
void scenario_write_rules(FILE *out, const scenario *script);

#endif
