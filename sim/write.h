/* A story on paper: the steps of a site as a JSON vector, and as a table.
 *
 * Both are told as they should have gone: replies are the model's.
 */
#ifndef TTLSPEC_SIM_WRITE_H
#define TTLSPEC_SIM_WRITE_H

#include <stdio.h>

#include "sim/shrink.h"

/* Can these steps be a vector? Not when the clock goes back, a server restarts or is promoted, or a
 * client that may wait gives up: `why` is told then. */
bool sim_write_can_be_vector(const sim_recording *steps, const char **why);
/* Does this step end a connection on which a command may still wait? In a vector it waits on. */
bool sim_write_leaves_waiting(const sim_recording *steps, size_t at);
/* Changes commands that no vector can tell into such as it can: a scan that goes on, a part of a
 * name, time that goes on within a transaction, fields that die; and leaves out subscribers. */
void sim_write_make_tellable(sim_recording *steps);
/* The file of one vector, docs/vector-format.md. `law`: the one that it shows. */
void sim_write_vector(FILE *out, const sim_recording *steps, uint64_t seed, sim_law law);
/* The rulebook that the vector names. */
void sim_write_rules(FILE *out);
/* One line a step: when, who, what, and what was answered; the hooks are those of the server. */
void sim_write_steps(FILE *out, const sim_recording *steps, const sim_hooks *hooks);

#endif
