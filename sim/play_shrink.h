/* The shrinker of plays: from the choices that broke a promise to the fewest and smallest that
 * still do.
 *
 * Of a play of many commands its front is cut off first: the clients begin in the middle of their
 * loops. Then it takes out whole clients, then faults of a kind, then choices in chunks that get
 * smaller, down to single ones; it lets clients end after fewer commands, and wait longer where
 * they would ask again and again; it lets things go wrong sooner, and makes pauses, waits and
 * latencies shorter; and begins anew until nothing smaller fails. Then it leaves out rounds of
 * loops; and where that helps no more it adds: losses, longer waits, the worst of what goes wrong,
 * and clients that are drawn anew (play_shorter.h), if that saves commands. Last it rounds times.
 * All seeds are its own: the same play always shrinks to the same.
 *
 * What stays breaks the same promise, with no more commands than before, and where nothing is wrong
 * it breaks none of safety.
 *
 * Who does nothing owes everything; so where a promise of liveness is broken no client ends early.
 * One is left out only if the scenario as it should be keeps its promises without it. What is
 * broken has to be broken at the end of all programs; but the play is cut short when somebody has
 * waited longer for what never comes than anybody waits in the scenario as it should be: an
 * excerpt. First each thing that is not usual is tried by itself, at any place, with all clients
 * and with two.
 */
#ifndef TTLSPEC_SIM_PLAY_SHRINK_H
#define TTLSPEC_SIM_PLAY_SHRINK_H

#include "sim/play.h"

/* The schedule of a seed. The caller frees it. */
void play_schedule_of_seed(play_schedule *schedule, const scenario *script, uint64_t seed);
void play_schedule_free(play_schedule *schedule);

/* Shrinks in place a schedule that breaks a promise. `right` is the scenario as it should be; it
 * may be the same, and is then played with nothing going wrong. Returns how many plays it took. */
size_t play_shrink(play_schedule *schedule, const scenario *script, const scenario *right);

#endif
