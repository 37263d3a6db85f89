/* The shrinker: from the steps that broke a law to the fewest and simplest that still do.
 *
 * It removes faults of a kind and whole clients, then steps in chunks that get smaller, down to
 * single ones and pairs; then it makes keys fewer, and gaps, times and values smaller; and begins
 * anew until nothing smaller fails. It draws nothing: the same steps always shrink to the same.
 *
 * What stays breaks the same law.
 */
#ifndef TTLSPEC_SIM_SHRINK_H
#define TTLSPEC_SIM_SHRINK_H

#include "sim/world.h"

typedef struct sim_replayed {
    sim_law law;
    size_t at; /* the step that broke it */
    uint64_t digest;
    char what[SIM_WHAT_SIZE];
} sim_replayed;

/* Told each step and the site after it. */
typedef void sim_observe(void *context, const sim_step *step, const sim_site *site);
/* Gives the steps to a fresh site. `observe` may be NULL. */
sim_replayed sim_replay(const sim_recording *steps, const sim_hooks *hooks, sim_observe *observe,
                        void *context);

/* Shrinks in place. `steps` must break a law. Returns how many replays it took. */
size_t sim_shrink(sim_recording *steps, const sim_hooks *hooks);

#endif
