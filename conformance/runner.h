/* The runner: vectors on one target, into results; on a live server in real time side by side, as
 * a crew, on one that we start one after another on each of several processes, as a squad.
 *
 * A vector that the target cannot run is skipped, with the reason; one whose moments were missed
 * is tried again; one during which the target breaks is an error, and the next one begins with
 * fresh connections. Whatever was decided before an interruption is in the results.
 * Ownership: the runner borrows everything that it is given.
 */
#ifndef CONFORMANCE_RUNNER_H
#define CONFORMANCE_RUNNER_H

#include <signal.h>

#include "conformance/known.h"
#include "conformance/results.h"
#include "conformance/target.h"
#include "conformance/vector.h"

enum {
    RUNNER_ATTEMPTS_MAX = 4, /* of a vector whose moments were missed: it is tried again 3 times */
};

typedef struct runner {
    target *target;
    ttl_dialect spec; /* which behaviour the target is held to */
    const char *run_id;
    size_t jobs;           /* connections to a live server, processes of one of ours; 0: as usual */
    const known *baseline; /* may be NULL */
    size_t skip_count;
    const char *const *skip_globs;
    const volatile sig_atomic_t *is_interrupted; /* may be NULL */
    /* Told before each vector and once at the end, when done == total. May be NULL. */
    void (*on_progress)(void *context, size_t done, size_t total, const result_run *run);
    void *progress_context;
} runner;

/* Fills the vectors of `run`; its other fields are the caller's. */
void runner_run(const runner *runner, const vector *const *vectors, size_t count, result_run *run);
/* Why this target cannot run the vector, on the heap; NULL: it can. */
char *runner_skip_reason(const runner *runner, const vector *vector);

#endif
