/* What the files of `ttlspec sim --scenario` share. */
#ifndef TTLSPEC_CLI_SIM_SCENARIO_H
#define TTLSPEC_CLI_SIM_SCENARIO_H

#include "cli/scenario.h"
#include "cli/sim.h"

/* When nobody says how many. */
enum { SEEDS_WITHIN = 1000, SEEDS_BEYOND = 10000 };

/* Prints the problems on stderr, and frees them. */
void sim_scenario_print_problems(problem_list *problems);
/* Says that a program cannot go on, and where. Returns the exit status. */
int sim_scenario_tell_trouble(const sim_arguments *arguments, const play_report *report,
                              uint64_t seed);
/* The exit status of a broken promise. */
int sim_scenario_status(const scenario_promise *broken);
/* Plays to the end: a seed, or what is given. The caller frees it. */
play *sim_scenario_act(const scenario *script, uint64_t seed, const play_schedule *given);
/* Plays all seeds of what the arguments name, and tells what came of it. The exit status. */
int sim_scenario_campaign(const sim_arguments *arguments, scenario_file *file);
/* Shrinks a schedule that breaks a promise of the script. Returns how many plays it took. */
size_t sim_scenario_shrink(play_schedule *schedule, const scenario *script, scenario_file *file);
/* --scenarios. Returns the exit status. */
int sim_print_scenarios(const sim_arguments *arguments);

#endif
