/* The window: is there an instant for each command, between its sending and its reply, at which
 * the reference engine gives the replies that a live server gave?
 *
 *      step 0   |--x-------|                        a bracket of whole milliseconds for each step
 *      step 1              |----x--|                instants x never go backwards
 *      step 2                      |x------|        some choice of them explains every reply,
 *                                                   or none does
 *
 * The engine itself is the oracle: the steps are replayed on a fresh one at chosen instants, depth
 * first. There is no tolerance: whatever was seen is legal at some choice or at none. When a live
 * server reclaims a dead key is its own affair, so two engines are replayed side by side, one that
 * reclaims at once and one that does so only when a command meets the key; the truth lies between.
 *
 * What keeps the search small: an instant matters only to a command that sets or tells time, or
 * when a deadline lies in its bracket; and of a command that changes nothing only the earliest
 * instant that explains it has to be tried, because it leaves most room for what follows.
 *
 * Cost: one replay when brackets are a millisecond wide, which is usual; at worst the limit on
 * engine steps, and then the answer is WINDOW_EXHAUSTED.
 * Ownership: steps and what they point to are only read; a result owns its arrays until
 * window_result_free.
 */
#ifndef CONFORMANCE_WINDOW_H
#define CONFORMANCE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ttlspec/bytes.h"
#include "ttlspec/dialect.h"
#include "ttlspec/reply.h"

typedef struct window_step {
    size_t connection;
    size_t argc;
    const ttl_bytes *argv;
    int64_t earliest_ms, latest_ms; /* the server's clock, both ends in it */
} window_step;

/* What the oracle did at one step: when dead keys go at once, and when they stay until they are
 * met. Events are an array of arrays [name, key, database]. */
typedef struct window_step_view {
    const ttl_reply *prompt, *lazy;
    const ttl_reply *prompt_events, *lazy_events;
    int protocol;
    int64_t slack_ms; /* how much later than the chosen instant the step may have ended */
} window_step_view;

typedef struct window_question {
    const ttl_dialect *dialect;
    size_t connection_count;
    size_t count;
    const window_step *steps;
    size_t limit; /* of engine steps; 0: WINDOW_STEPS_MAX */
    void *context;
    /* Does what the oracle does explain what was seen at this step? */
    bool (*explains)(void *context, size_t step, const window_step_view *view);
} window_question;

enum { WINDOW_STEPS_MAX = 20000 };

typedef enum window_answer {
    WINDOW_EXPLAINED,
    WINDOW_UNEXPLAINED, /* no choice of instants explains the step `furthest` */
    WINDOW_EXHAUSTED,   /* the limit was reached before either was known */
} window_answer;

typedef struct window_result {
    window_answer answer;
    size_t furthest;      /* the last step that any choice reached */
    int64_t *instants_ms; /* of an explained history, one for each step */
    size_t engine_steps;
} window_result;

window_result window_ask(const window_question *question);
void window_result_free(window_result *result);

/* Is this a command whose reply counts from the present (TTL, PTTL, TIME), so that it differs from
 * moment to moment on a right server? */
bool window_tells_time(ttl_bytes command);

#endif
