#include "engine/deadline.h"

#include "engine/engine.h"
#include "engine/rule.h"

/* ---- reading */

/* "-ERR invalid expire time in ..." as the dialect words it. */
static ttl_status reply_invalid_deadline(struct call *call) {
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

bool deadline_is_later(const ttl_engine *engine, ttl_instant a, ttl_instant b) {
    return ttl_instant_is_after(engine->timeline, a, b);
}

/* The instant that a spelled amount means; false: it does not fit into 64 bits. */
static bool deadline_of(const struct call *call, int64_t amount, struct deadline_spelling spelling,
                        ttl_instant *deadline) {
    const ttl_instant epoch = {0, TTL_ORIGIN_EPOCH};
    ttl_instant origin = spelling.is_absolute ? epoch : engine_now_again(call->engine);
    bool checked = call_has(call, TRAIT_EXPIRE_OVERFLOW_REFUSED);
    if (spelling.in_seconds) {
        const int64_t most = INT64_MAX / MS_PER_SECOND, least = INT64_MIN / MS_PER_SECOND;
        if (checked && (amount > most || amount < least)) {
            RULE("setex.overflow-is-an-error", "expire.overflow-is-an-error");
            return false;
        }
        amount = wrapping_multiply(amount, MS_PER_SECOND);
    }
    if (checked && amount > 0 && !spelling.is_absolute) {
        ttl_instant last = ttl_instant_at(INT64_MAX - amount); /* that the amount still fits on */
        if (deadline_is_later(call->engine, origin, last)) {
            RULE("psetex.overflow-is-an-error", "set.overflow-is-an-error",
                 "getex.overflow-is-an-error");
            return false;
        }
    }
    RULE("psetex.large-is-legal", "setex.large-is-legal", "expire.large-is-legal",
         "set.largest-deadline-is-legal", "pexpireat.largest-deadline-is-legal");
    if (!checked) RULE("number.overflow-wrapped-before-6.2");
    *deadline = (ttl_instant){wrapping_add(origin.ms, amount), origin.origin};
    return true;
}

bool deadline_parse_positive(struct call *call, size_t index, struct deadline_spelling spelling,
                             ttl_instant *deadline) {
    int64_t amount;
    if (!call_integer(call, index, &amount)) {
        RULE("psetex.non-integer-is-an-error", "setex.non-integer-is-an-error",
             "set.time-is-checked", "getex.time-is-checked");
        return false;
    }
    if (amount > 0 && deadline_of(call, amount, spelling, deadline)) return true;
    RULE("psetex.zero-is-an-error", "psetex.negative-is-an-error", "setex.zero-is-an-error",
         "setex.negative-is-an-error", "set.zero-is-an-error", "set.negative-is-an-error",
         "getex.zero-is-an-error", "getex.negative-is-an-error");
    reply_invalid_deadline(call);
    return false;
}

bool deadline_parse_any(struct call *call, size_t index, struct deadline_spelling spelling,
                        ttl_instant *deadline) {
    int64_t amount;
    if (!call_integer(call, index, &amount)) {
        RULE("expire.non-integer-is-an-error");
        return false;
    }
    if (deadline_of(call, amount, spelling, deadline)) return true;
    reply_invalid_deadline(call);
    return false;
}

/* Redis keeps the deadlines of fields in 48 bits, and two of those for later use. */
static const int64_t FIELD_MOST_MS = INT64_MAX >> 17;

/* Does the deadline that a field is given, `amount` from `origin` on, fit in there? */
static bool field_deadline_fits(const struct call *call, int64_t amount,
                                struct deadline_spelling spelling) {
    if (amount > (spelling.in_seconds ? FIELD_MOST_MS / MS_PER_SECOND : FIELD_MOST_MS))
        return false;
    if (spelling.is_absolute) return true;
    int64_t amount_ms = spelling.in_seconds ? amount * MS_PER_SECOND : amount;
    ttl_instant last = ttl_instant_at(FIELD_MOST_MS - amount_ms);
    return !deadline_is_later(call->engine, engine_now_again(call->engine), last);
}

bool deadline_parse_of_field(struct call *call, size_t index, struct deadline_spelling spelling,
                             ttl_instant *deadline) {
    int64_t amount;
    bool is_narrow = call_has(call, TRAIT_FIELD_DEADLINE_46_BITS);
    if (!call_integer(call, index, &amount)) return false;
    if (amount < 0 && is_narrow) {
        RULE("hash-field.negative-refused");
        reply_error(call, "ERR invalid expire time, must be >= 0");
        return false;
    }
    bool fits = amount >= 0 && (!is_narrow || field_deadline_fits(call, amount, spelling));
    if (fits && deadline_of(call, amount, spelling, deadline)) return true;
    RULE("hash-field.overflow-refused", "hash-field.redis-cap", "hgetex.time-in-range",
         "hsetex.time-in-range");
    reply_invalid_deadline(call);
    return false;
}

ttl_instant deadline_of_restore(const struct call *call, int64_t amount_ms, bool is_absolute) {
    if (is_absolute) return ttl_instant_at(amount_ms);
    ttl_instant now = engine_now_again(call->engine);
    return (ttl_instant){wrapping_add(now.ms, amount_ms), now.origin};
}

/* ---- comparing */

bool deadline_has_passed(const ttl_engine *engine, ttl_instant deadline) {
    /* A deadline that wrapped around below zero is none at all to who reads the key. */
    if (deadline.ms < 0 && deadline.origin == TTL_ORIGIN_EPOCH &&
        !ttl_dialect_has(&engine->dialect, TRAIT_EXPIRE_OVERFLOW_REFUSED))
        return false;
    RULE("expire.deadline-inclusive", "clock.rate");
    return deadline_is_later(engine, engine->now, deadline);
}

bool deadline_has_come(const ttl_engine *engine, ttl_instant deadline) {
    return !deadline_is_later(engine, deadline, engine->now);
}

bool deadline_is_not_ahead(const ttl_engine *engine, ttl_instant deadline) {
    RULE("replica.past-deadline-is-kept");
    if (engine->is_replica) return false;
    RULE("expire.now-deletes");
    return !deadline_is_later(engine, deadline, engine_now_again(engine));
}

bool deadline_has_elapsed(const ttl_engine *engine, ttl_instant since, ttl_instant now,
                          int64_t least_ms) {
    bool overflows = least_ms > 0 && since.ms > INT64_MAX - least_ms;
    int64_t ms = overflows ? INT64_MAX : wrapping_add(since.ms, least_ms);
    RULE("stream.min-idle-inclusive");
    return !deadline_is_later(engine, (ttl_instant){ms, since.origin}, now);
}

ttl_instant deadline_of_claim(const ttl_engine *engine, ttl_instant now, int64_t amount_ms,
                              bool is_absolute) {
    ttl_instant delivered = {amount_ms, TTL_ORIGIN_EPOCH};
    if (!is_absolute)
        delivered =
            (ttl_instant){wrapping_add(now.ms, wrapping_multiply(amount_ms, -1)), now.origin};
    RULE("xclaim.bogus-time-is-now");
    if (deadline_is_later(engine, ttl_instant_at(0), delivered)) return now;
    return deadline_is_later(engine, delivered, now) ? now : delivered;
}

/* ---- telling */

uint64_t deadline_present_ms(struct call *call) {
    call_leave_open(call,
                    "the id that XADD made of the clock is not known: it was not answered, or "
                    "a script was");
    if (call->engine->timeline != NULL) return 0;
    int64_t now_ms = engine_now_again(call->engine).ms;
    return now_ms < 0 ? 0 : (uint64_t)now_ms;
}

uint32_t deadline_present_s(const ttl_engine *engine) {
    int64_t now_ms = engine->timeline == NULL ? engine->now.ms : 0;
    return now_ms < 0 ? 0 : (uint32_t)(now_ms / MS_PER_SECOND);
}

/* Rounds half up, as TTL and EXPIRETIME do; unsigned, so that the last instants do not overflow. */
static int64_t seconds_rounded(int64_t ms) {
    RULE("ttl.rounds-half-up", "expiretime.rounds-half-up", "ttl.zero-while-alive");
    return (int64_t)(((uint64_t)ms + MS_PER_SECOND / 2) / MS_PER_SECOND);
}

/* Of two instants of one origin. */
static int64_t left_between(ttl_instant now, ttl_instant deadline) {
    int64_t left_ms = wrapping_add(deadline.ms, -now.ms);
    return left_ms < 0 ? 0 : left_ms;
}

int64_t deadline_left_ms(const ttl_engine *engine, ttl_instant deadline) {
    return left_between(engine->now, deadline);
}

/* In whole seconds, where that is asked for. */
static int64_t in_unit(int64_t ms, enum deadline_unit unit) {
    if (unit == IN_MS) return ms;
    if (unit == IN_SECONDS) return seconds_rounded(ms);
    return ms / MS_PER_SECOND + (ms % MS_PER_SECOND > 0);
}

/* A number that the timeline has to find, since the engine cannot subtract these instants. */
static ttl_status reply_told(struct call *call, ttl_told_kind kind, ttl_instant deadline,
                             ttl_instant now) {
    const ttl_timeline *timeline = call->engine->timeline;
    const ttl_told told = {.kind = kind, .deadline = deadline, .now = now};
    ttl_reply_add_told(call->reply, timeline->tell(timeline->context, &told));
    return TTL_OK;
}

ttl_status reply_remaining(struct call *call, ttl_instant deadline, enum deadline_unit unit) {
    static const ttl_told_kind kinds[] = {TTL_TOLD_LEFT_MS, TTL_TOLD_LEFT_S, TTL_TOLD_LEFT_S_UP};
    ttl_instant now = engine_now_again(call->engine);
    if (now.origin != deadline.origin) return reply_told(call, kinds[unit], deadline, now);
    RULE("clock.jump-back");
    int64_t left_ms = left_between(now, deadline);
    RULE("ttl.remaining", "ttl.counts-down", "ttl.falls-each-millisecond");
    return reply_integer(call, in_unit(left_ms, unit));
}

ttl_status reply_elapsed(struct call *call, ttl_instant since, ttl_instant now) {
    RULE("stream.idle-counts-up");
    if (now.origin != since.origin) return reply_told(call, TTL_TOLD_LEFT_MS, now, since);
    return reply_integer(call, left_between(since, now));
}

ttl_status reply_moment(struct call *call, ttl_instant deadline, enum deadline_unit unit) {
    static const ttl_told_kind kinds[] = {TTL_TOLD_MOMENT_MS, TTL_TOLD_MOMENT_S,
                                          TTL_TOLD_MOMENT_S_UP};
    if (deadline.origin != TTL_ORIGIN_EPOCH)
        return reply_told(call, kinds[unit], deadline, call->engine->now);
    RULE("expiretime.tells-the-second", "pexpiretime.tells-the-millisecond",
         "expiretime.does-not-count-down");
    return reply_integer(call, in_unit(deadline.ms, unit));
}
