/* Everything that depends on time: reading a deadline from an argument, asking whether it has
 * passed, comparing two, telling what is left. No other file compares instants.
 *
 *      argument  --unit, origin-->  deadline (an instant)  --now-->  dead? later? remaining?
 */
#ifndef ENGINE_DEADLINE_H
#define ENGINE_DEADLINE_H

#include "engine/command.h"

enum { MS_PER_SECOND = 1000 };

/* How an argument spells a deadline: `PX 100`, `EXAT 1767225600`, PEXPIRE's operand ... */
struct deadline_spelling {
    bool in_seconds;
    bool is_absolute; /* since the epoch; otherwise from now */
};

/* Reads the deadline that SET, SETEX, GETEX and their kin are given: it must be positive.
 * Otherwise answers the dialect's error and returns false. */
bool deadline_parse_positive(struct call *call, size_t index, struct deadline_spelling spelling,
                             ttl_instant *deadline);
/* Reads the deadline that the EXPIRE family is given: it may be zero, negative or past. */
bool deadline_parse_any(struct call *call, size_t index, struct deadline_spelling spelling,
                        ttl_instant *deadline);

/* Reads the deadline that a field of a hash is given: it may be zero or past, but not negative, and
 * Redis keeps it within 46 bits. */
bool deadline_parse_of_field(struct call *call, size_t index, struct deadline_spelling spelling,
                             ttl_instant *deadline);

/* The deadline that RESTORE is given, which is not negative. Nothing is checked: a sum beyond 64
 * bits wraps around into the past. */
ttl_instant deadline_of_restore(const struct call *call, int64_t amount_ms, bool is_absolute);

/* Is a key with this deadline dead now? In the millisecond of its deadline it is alive. */
bool deadline_has_passed(const ttl_engine *engine, ttl_instant deadline);
/* Has the millisecond of this deadline begun? */
bool deadline_has_come(const ttl_engine *engine, ttl_instant deadline);
/* Is this no time in the future? Setting such a deadline deletes the key. */
bool deadline_is_not_ahead(const ttl_engine *engine, ttl_instant deadline);
/* Is `a` later than `b`? */
bool deadline_is_later(const ttl_engine *engine, ttl_instant a, ttl_instant b);

/* The present as the id of a new entry of a stream has it; where it is not known that is said. */
uint64_t deadline_present_ms(struct call *call);
/* Have `least_ms` gone by from `since` to `now`? */
bool deadline_has_elapsed(const ttl_engine *engine, ttl_instant since, ttl_instant now,
                          int64_t least_ms);
/* When XCLAIM says that an entry was delivered: `amount_ms` before now, or after the epoch; now, if
 * that is no time from the epoch to now. */
ttl_instant deadline_of_claim(const ttl_engine *engine, ttl_instant now, int64_t amount_ms,
                              bool is_absolute);

/* The present in whole seconds since the epoch, as ages are kept; 0 where it is not known. */
uint32_t deadline_present_s(const ttl_engine *engine);

/* What is left until the deadline, in milliseconds; nothing once it has passed. */
int64_t deadline_left_ms(const ttl_engine *engine, ttl_instant deadline);
/* How a time is answered. */
enum deadline_unit { IN_MS, IN_SECONDS, IN_SECONDS_ROUNDED_UP };

/* Answers what is left until the deadline. */
ttl_status reply_remaining(struct call *call, ttl_instant deadline, enum deadline_unit unit);
/* Answers how long ago something was, in milliseconds; nothing where that is yet to come. */
ttl_status reply_elapsed(struct call *call, ttl_instant since, ttl_instant now);
/* Answers the deadline itself, since the epoch. */
ttl_status reply_moment(struct call *call, ttl_instant deadline, enum deadline_unit unit);

#endif
