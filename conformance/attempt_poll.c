/* Polls: a command that is sent again until its reply turns. */
#include <string.h>

#include "conformance/attempt.h"
#include "conformance/text.h"

enum {
    PATIENCE_MS = 50,  /* after its moment, where that is not exactly known */
    POLLS_MAX = 20000, /* a server that answers in 10 us, for as long as a vector may poll */
};

/* Is there no use in asking again? In virtual time its moment is exact. */
static bool is_over(const attempt *self, const vector_step *step, const attempt_step *seen) {
    int64_t lasts_ms = step->turns_ms - step->at_ms;
    int64_t began_us =
        seen->poll_count > 0 ? seen->polls[0].moments.sent_us : seen->moments.sent_us;
    bool is_exact = self->is_virtual && !self->is_moved;
    if (!self->is_virtual) began_us = step->at_ms * 1000;
    return seen->moments.received_us >= began_us + (lasts_ms + (is_exact ? 0 : PATIENCE_MS)) * 1000;
}

bool attempt_polls_on(attempt *self, size_t index) {
    const vector_step *step = &self->vector->steps[index];
    attempt_step *seen = &self->steps[index];
    bool has_turned = expectation_match(seen->outcome->reply, &seen->reply, seen->protocol,
                                        &self->world, NULL) == EXPECTATION_MATCHES;
    if (has_turned || seen->poll_count == POLLS_MAX || is_over(self, step, seen)) return false;
    seen->polls = memory_grown(seen->polls, seen->poll_count, sizeof *seen->polls);
    seen->polls[seen->poll_count++] = (attempt_poll){seen->reply, seen->moments};
    ttl_reply_init(&seen->reply, ttl_allocator_libc());
    return true;
}
