/* What the files of an attempt share. */
#ifndef CONFORMANCE_ATTEMPT_INSIDE_H
#define CONFORMANCE_ATTEMPT_INSIDE_H

#include "conformance/attempt.h"
#include "conformance/judge.h"

/* The bytes with the run's keys as the vector writes them: {k}. NUL-terminated; caller frees. */
char *attempt_plain_bytes(const attempt *self, ttl_bytes from, size_t *length);
char *attempt_plain_text(const attempt *self, const char *text);

/* True for events that this vector does not look at. */
bool attempt_ignores_event(const attempt *self, ttl_bytes name, bool lenient_expiry);
/* The first event at or after `node` of an event list that is looked at; past the end: none is. */
size_t attempt_next_event(const attempt *self, const ttl_reply *events, size_t node, bool lenient);
/* What a step announced and should have, as arrays of "name {key}". Both replies are empty. */
void attempt_list_events(const attempt *self, size_t step, ttl_reply *seen, ttl_reply *wanted);

/* Which steps of the vector the reference engine of this dialect does as the vector says, in
 * virtual time; at the moments `at_us`, which never go back, or when the vector says. The caller
 * frees. */
bool *attempt_reference(const attempt *self, const int64_t *at_us);
/* Does it do this step as the vector says, however the brackets stretch or shrink the time that
 * went by before it, between any of the steps? */
bool attempt_holds_at_all_moments(const attempt *self, size_t step);
/* Did the judge find that no moment within the brackets makes a difference to what is done? */
bool attempt_is_firm(const attempt *self, const judge_result *found);
/* The step of the vector that an entry of its history is; SIZE_MAX: none is. */
size_t attempt_step_of(const attempt *self, const history *seen, size_t entry);
/* Why no right server can have answered so, with the chain. The caller frees. */
char *attempt_proof(const attempt *self, const judge_result *found);

#endif
