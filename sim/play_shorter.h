/* Short plays: what breaks a promise in few commands is found sooner among short plays than by any
 * number of steps from a long one.
 *
 * Each is drawn once, and is a draft in which some clients are there, and of some of them (or all,
 * and the server) everything is drawn anew, from seeds that are always the same; it is left as soon
 * as it has run as many commands as the schedule.
 *
 * Cost: at most some thousand plays, each shorter than the schedule's.
 */
#ifndef TTLSPEC_SIM_PLAY_SHORTER_H
#define TTLSPEC_SIM_PLAY_SHORTER_H

#include "sim/play_draft.h"

/* Takes the first that breaks the same promise of safety in fewer commands. */
bool play_shorter(play_shrinking *s);
/* The same of a long play, at first: in very few commands. */
bool play_shortest(play_shrinking *s);

#endif
