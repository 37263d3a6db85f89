/* What the clients of a world sent and heard, and what its subscribers were told, as a history for
 * the judge.
 *
 * A recorder is a witness of a world. Its clock jumps ahead and stands still with the server's, so
 * that to the judge that is one of a steady rate. Its history ends where the server's clock goes
 * back or swings, and where a server forgets (a crash, a promotion): beyond, a right server may
 * contradict itself, and the judge has nothing to say.
 *
 * A command that waited in vain ran when it found nothing: nothing that came afterwards, in a way
 * that need not wake it, makes its answer wrong. What a proxy sends again stands where it ran, on a
 * connection of the proxy's.
 * Ownership: the recorder owns what it heard; a history is the caller's to free.
 */
#ifndef TTLSPEC_CLI_SIM_JUDGE_H
#define TTLSPEC_CLI_SIM_JUDGE_H

#include "conformance/judge.h"
#include "sim/world.h"

typedef struct sim_recorder sim_recorder;

sim_recorder *sim_recorder_new(void);
/* What the history is held to: a name that outlives the recorder. Without it, redis-7.0. */
void sim_recorder_set_dialect(sim_recorder *recorder, const char *dialect);
void sim_recorder_free(sim_recorder *recorder);
const sim_witness *sim_recorder_witness(sim_recorder *recorder);
typedef struct sim_recorder_sum {
    size_t commands, events;
    bool was_cut; /* the history ends before the world */
} sim_recorder_sum;
/* What is in a history of the recorder's. */
sim_recorder_sum sim_recorder_tell(const sim_recorder *recorder, const history *traffic);
/* Judges; `traffic` is what was judged: where it becomes the server's own affair what is right (the
 * order of what SORT does not sort), all up to there. The judge is told what really happened
 * (judge_hint): asked is whether it takes the truth, not whether it finds it among 10^30 orders. */
judge_result sim_recorder_judge(const sim_recorder *recorder, history *traffic);

#endif
