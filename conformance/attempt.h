/* An attempt: one turn of a vector on a target, as it went; and what follows from it.
 *
 * On a target in virtual time every step ran in its exact millisecond, so replies are held against
 * the vector directly. On a live one the history is put to the judge: it fails only when no moments
 * within what was observed explain it, and where some do, but not those that the vector is about,
 * they were missed and nothing is decided.
 *
 * Ownership: an attempt owns its replies and, by its arena, all arguments; the vector, the target
 * and the dialect must outlive it.
 */
#ifndef CONFORMANCE_ATTEMPT_H
#define CONFORMANCE_ATTEMPT_H

#include "conformance/history.h"
#include "conformance/results.h"
#include "conformance/target.h"
#include "conformance/vector.h"

typedef struct attempt_step {
    size_t argc;
    const ttl_bytes *argv; /* placeholders filled */
    const vector_outcome *outcome;
    bool answered;
    ttl_reply reply, events; /* events: an array of arrays [name, key, database] */
    int protocol;
    target_moments moments;
    int64_t heard_us;  /* by when all its events were heard; 0: that is not known */
    size_t poll_count; /* of a poll: the replies before this one */
    struct attempt_poll *polls;
} attempt_step;

/* Its command is left waiting. */
static inline bool attempt_step_is_pending(const attempt_step *step) {
    return step->reply.node_count > 0 && step->reply.nodes[0].type == TTL_REPLY_PENDING;
}

/* The vector says that there is a reply: it is not left waiting. */
static inline bool attempt_step_must_be_answered(const attempt_step *step) {
    return step->outcome->reply->kind != EXPECTATION_PENDING;
}

/* What a poll was answered before its reply turned. */
typedef struct attempt_poll {
    ttl_reply reply;
    target_moments moments;
} attempt_poll;

typedef struct attempt {
    const vector *vector;
    const ttl_dialect *spec;
    arena arena;
    vector_world world;
    bool is_virtual;
    bool is_moved;   /* its steps run at other moments than the vector's */
    size_t answered; /* how many steps were */
    attempt_step *steps;
    bool is_interrupted;
    char error[TARGET_ERROR_SIZE]; /* "": the target did not break */
    bool never_began;              /* it broke before the first step */
    bool was_disturbed;            /* it needs the server to itself, and had it not */
    size_t reading_count;          /* of a live server's clock, in the time of `moments` */
    clock_reading readings[2];
} attempt;

/* An attempt of which nothing has happened yet. */
void attempt_begin(attempt *self, const target *on, const vector *what, const ttl_dialect *spec,
                   const char *prefix);
/* Fills the arguments, once it is known when the vector begins, by the server's clock. */
void attempt_place(attempt *self, int64_t t0_ms);
/* The keys that the attempt may have made; the caller frees the array. */
ttl_bytes *attempt_keys(attempt *self, size_t *count);

/* A connection whose command waits takes no other one, and where none waits nothing comes: is this
 * step no longer possible, because what the vector expects before it was missed? */
bool attempt_ends_before(const attempt *self, size_t step);

/* When the first key that is left after these steps dies, in milliseconds since T0, by the
 * reference. False: none does. */
bool attempt_next_expiry(const attempt *self, size_t steps, int64_t *at_ms);

/* Runs the vector once, with keys below `prefix`, and clears up. */
void attempt_run(attempt *self, target *on, const vector *what, const ttl_dialect *spec,
                 const char *prefix);
void attempt_free(attempt *self);

/* Writes the verdict, and that of each step, into a result that has nothing of an attempt yet. */
void attempt_decide(const attempt *self, result_vector *result);

/* A reply to a poll has come: must it be sent again? Then the reply is kept among those before. */
bool attempt_polls_on(attempt *self, size_t step);

/* The parts of deciding, for tests and for one another. */

/* What is wrong with a step when its reply and events are held against the vector. */
typedef struct attempt_mismatch {
    const char *class; /* NULL: nothing is wrong */
    char *reason;
} attempt_mismatch;
/* `lenient_expiry`: leave `expired` out of the events, whose moment is the server's own affair. */
attempt_mismatch attempt_match(const attempt *self, size_t step, bool lenient_expiry);

/* What was seen, as the judge takes it; what was heard of keyspace events too, if asked for. The
 * caller frees it with history_free. */
void attempt_history(const attempt *self, bool with_events, history *to);

#endif
