/* A squad: vectors on several processes of one server at once, each in exact virtual time.
 *
 *      places  [ 0 | 1 | 2 | 3 | 4 | ... ]     each member takes the next one
 *                  |   |
 *        member 0 -'   '- member 1              a thread and a target each
 *
 * Member 0 is the caller with the target that is open already. The others open targets like it,
 * each in its own thread, because a server dies with the thread that started it; one that cannot be
 * opened is done without. A member whose target is lost takes nothing more, and the others go on.
 *
 * The members share what nobody writes: the vectors. `keep` is called by one member at a time.
 * Ownership: a squad borrows everything, and closes the targets that it opened.
 */
#ifndef CONFORMANCE_SQUAD_H
#define CONFORMANCE_SQUAD_H

#include <signal.h>

#include "conformance/results.h"
#include "conformance/target.h"

enum {
    SQUAD_LOST_AFTER = 3, /* vectors in a row that could not even begin: the target is gone */
    SQUAD_WORTH = 100,    /* for fewer vectors one more process is not worth its start */
};

typedef enum squad_end {
    SQUAD_DONE,
    SQUAD_NEVER_BEGAN, /* done too, and the target was not there */
    SQUAD_INTERRUPTED, /* there is no result */
} squad_end;

typedef struct squad_options {
    target *target;
    size_t jobs; /* members at most; 0: one for each processor, as far as they are worth it */
    const volatile sig_atomic_t *is_interrupted; /* may be NULL */
    squad_end (*run)(const void *context, target *on, size_t place, result_vector *result);
    void (*keep)(void *context, size_t place, const result_vector *result);
    void *context;
} squad_options;

/* Runs the vectors in these places. Returns how many of them were taken: all, unless it was
 * interrupted, which `*interrupted` says, or every target was lost. */
size_t squad_run(const squad_options *options, const size_t *places, size_t count,
                 bool *interrupted);

#endif
