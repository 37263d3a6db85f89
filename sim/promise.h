/* Who watches over the promises of a scenario: told of every mark, and of who is where.
 *
 * Moments are true time of the play, in microseconds. A watch says at once when a promise of safety
 * is broken; one of liveness is asked for at the end.
 *
 * Cost: a mark looks at the open entries of the promises that name it.
 * Ownership: the watch owns its notes; scenario and names outlive it.
 */
#ifndef TTLSPEC_SIM_PROMISE_H
#define TTLSPEC_SIM_PROMISE_H

#include "sim/scenario.h"

enum { PROMISE_WHAT_SIZE = 320 };

typedef struct promise_note {
    char of[SCENARIO_TEXT_SIZE];
    unsigned client;
    int64_t at_us;
} promise_note;

typedef struct promise_watch {
    const scenario *scenario;
    struct {
        promise_note *notes; /* what matters still, in order */
        size_t count, capacity;
    } promises[SCENARIO_PROMISES];
    struct {
        bool is_in;
        int64_t since_us;
    } places[SCENARIO_PLACES][SCENARIO_CLIENTS];
    const scenario_promise *broken; /* NULL: all hold */
    unsigned breaker;               /* the client that broke it */
    int64_t owed_us;                /* of liveness: since when it waits */
    int64_t longest_us;             /* the longest wait for what something leads to */
    char what[PROMISE_WHAT_SIZE];   /* how, without a capital and a stop */
    const char *const *clients;     /* their names */
} promise_watch;

/* `clients`: the names of all, by number. */
void promise_watch_begin(promise_watch *watch, const scenario *script, const char *const *clients);
void promise_watch_end(promise_watch *watch);

void promise_enter(promise_watch *watch, size_t place, unsigned client, int64_t at_us);
void promise_leave(promise_watch *watch, size_t place, unsigned client);
/* `of`: to whom it happened; may be empty. */
void promise_mark(promise_watch *watch, const char *name, const char *of, unsigned client,
                  int64_t at_us);
/* The client is no more: it is nowhere, and owes nothing. */
void promise_client_gone(promise_watch *watch, unsigned client);
/* Nothing happens any more: looks at the promises of liveness. `cut_us`: because the play is cut
 * short then; 0: it is not. */
void promise_finish(promise_watch *watch, int64_t cut_us);

#endif
