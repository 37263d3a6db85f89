/* Timelines of worlds: what a witness saw, and the steps of a site. */
#ifndef TTLSPEC_CLI_DRAWING_WORLD_H
#define TTLSPEC_CLI_DRAWING_WORLD_H

#include "cli/drawing.h"
#include "sim/shrink.h"
#include "sim/world.h"

typedef struct drawing_witness drawing_witness;

/* The timeline must outlive the witness. What comes after all is healed is not drawn. */
drawing_witness *drawing_witness_new(drawing *line);
void drawing_witness_free(drawing_witness *self);
const sim_witness *drawing_witness_of(drawing_witness *self);
/* Gives the world's nodes their lanes; before its first step. */
void drawing_witness_begin(drawing_witness *self, const sim_world *world);
/* Says what law the world broke, if it broke one. */
void drawing_witness_end(drawing_witness *self, const sim_world *world);

/* The steps of a site, replayed; they know no network, so all arrows are level. */
void drawing_of_steps(drawing *line, const sim_recording *steps, const sim_hooks *hooks);

#endif
