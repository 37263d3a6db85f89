#include "engine/deadline.h"

/* ---- reading */

ttl_status reply_invalid_deadline(struct call *call) {
    bool quoted = call_has(call, TRAIT_COMMAND_IS_QUOTED);
    ttl_bytes parts[] = {
        ttl_bytes_of(quoted ? "ERR invalid expire time in '" : "ERR invalid expire time in "),
        ttl_bytes_of(call->command->name), ttl_bytes_of(quoted ? "' command" : "")};
    return reply_error_parts(call, parts, 3);
}

/* Arithmetic that wraps, as that of the servers which do not check. */
static int64_t wrapping_multiply(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a * (uint64_t)b);
}
static int64_t wrapping_add(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* The instant that a spelled amount means; false: it does not fit into 64 bits.
 * (rule expire.overflow-is-an-error) */
static bool deadline_of(const struct call *call, int64_t amount, struct deadline_spelling spelling,
                        ttl_instant *deadline) {
    const ttl_instant epoch = {0, TTL_ORIGIN_EPOCH};
    ttl_instant origin = spelling.is_absolute ? epoch : call->engine->now;
    bool checked = call_has(call, TRAIT_EXPIRE_OVERFLOW_REFUSED);
    if (spelling.in_seconds) {
        const int64_t most = INT64_MAX / MS_PER_SECOND, least = INT64_MIN / MS_PER_SECOND;
        if (checked && (amount > most || amount < least)) return false;
        amount = wrapping_multiply(amount, MS_PER_SECOND);
    }
    if (checked && origin.ms > 0 && amount > INT64_MAX - origin.ms) return false;
    *deadline = (ttl_instant){wrapping_add(origin.ms, amount), origin.origin};
    return true;
}

bool deadline_parse_positive(struct call *call, size_t index, struct deadline_spelling spelling,
                             ttl_instant *deadline) {
    int64_t amount;
    if (!call_integer(call, index, &amount)) return false;
    /* (rule psetex.zero-is-an-error, psetex.negative-is-an-error) */
    if (amount > 0 && deadline_of(call, amount, spelling, deadline)) return true;
    reply_invalid_deadline(call);
    return false;
}

bool deadline_parse_any(struct call *call, size_t index, struct deadline_spelling spelling,
                        ttl_instant *deadline) {
    int64_t amount;
    if (!call_integer(call, index, &amount)) return false;
    if (deadline_of(call, amount, spelling, deadline)) return true;
    reply_invalid_deadline(call);
    return false;
}

/* ---- comparing */

bool deadline_is_later(const ttl_engine *engine, ttl_instant a, ttl_instant b) {
    return ttl_instant_is_after(engine->timeline, a, b);
}

bool deadline_has_passed(const ttl_engine *engine, ttl_instant deadline) {
    /* A deadline that wrapped around below zero is none at all to who reads the key. */
    if (deadline.ms < 0 && deadline.origin == TTL_ORIGIN_EPOCH &&
        !ttl_dialect_has(&engine->dialect, TRAIT_EXPIRE_OVERFLOW_REFUSED))
        return false;
    return deadline_is_later(engine, engine->now, deadline);
}

bool deadline_is_not_ahead(const ttl_engine *engine, ttl_instant deadline) {
    return !deadline_is_later(engine, deadline, engine->now);
}

/* ---- telling */

/* Rounds half up, as TTL and EXPIRETIME do; unsigned, so that the last instants do not overflow.
 * (rule ttl.rounds-half-up) */
static int64_t seconds_rounded(int64_t ms) {
    return (int64_t)(((uint64_t)ms + MS_PER_SECOND / 2) / MS_PER_SECOND);
}

int64_t deadline_left_ms(const ttl_engine *engine, ttl_instant deadline) {
    int64_t left_ms = wrapping_add(deadline.ms, -engine->now.ms);
    return left_ms < 0 ? 0 : left_ms;
}

ttl_status reply_remaining(struct call *call, ttl_instant deadline, bool in_seconds) {
    int64_t left_ms = deadline_left_ms(call->engine, deadline);
    return reply_integer(call, in_seconds ? seconds_rounded(left_ms) : left_ms);
}

ttl_status reply_moment(struct call *call, ttl_instant deadline, bool in_seconds) {
    return reply_integer(call, in_seconds ? seconds_rounded(deadline.ms) : deadline.ms);
}
