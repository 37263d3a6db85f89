/* Which rules of the engine the worlds of a campaign reach.
 *
 *      usual world:  sim_world_*          an engine without marks, which cost nothing there
 *      marked world: marked_sim_world_*   the same code, whose engine calls at each mark
 *
 * The build compiles the engine twice and renames the second one; what a marked world does, and its
 * digest, is what the usual one does. A campaign runs some of its worlds marked. What worlds cannot
 * reach is a table with reasons, in the order in which it is told.
 *
 * Cost: a mark is a search in a small table by the address of its text.
 */
#ifndef TTLSPEC_CLI_SIM_RULES_H
#define TTLSPEC_CLI_SIM_RULES_H

#include "sim/world.h"

/* One a rule that the engine marks, in the order of rule_marks (cli/rules.h), and room for more. */
enum { SIM_RULES = 1024 };

typedef struct sim_world_kind {
    sim_world *(*new)(const sim_world_options *options);
    bool (*step)(sim_world *world);
    sim_world_report (*tell)(const sim_world *world);
    void (*free)(sim_world *world);
} sim_world_kind;

extern const sim_world_kind sim_usual_world, sim_marked_world;

/* From now on marks that this process reaches are counted there. */
void sim_rules_count(uint64_t counts[SIM_RULES]);
/* What was reached, what never was, and what worlds cannot reach. */
void sim_rules_print(const uint64_t counts[SIM_RULES], uint64_t worlds);

#endif
