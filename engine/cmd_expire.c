/* The TTL family: setting, dropping and telling deadlines. */
#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/rule.h"

/* ---- EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT */

struct expire_options {
    bool nx, xx, gt, lt;
};

/* Reads NX, XX, GT and LT: repeated as often as one likes, but not against each other. */
static bool expire_options_parse(struct call *call, struct expire_options *options) {
    *options = (struct expire_options){0};
    RULE("expire.repeated-option");
    for (size_t i = 3; i < call->argc; i++) {
        if (call_is_word(call, i, "NX")) {
            options->nx = true;
        } else if (call_is_word(call, i, "XX")) {
            options->xx = true;
        } else if (call_is_word(call, i, "GT")) {
            options->gt = true;
        } else if (call_is_word(call, i, "LT")) {
            options->lt = true;
        } else {
            RULE("expire.unknown-option");
            ttl_bytes parts[] = {ttl_bytes_of("ERR Unsupported option "), call->argv[i]};
            reply_error_parts(call, parts, 2);
            return false;
        }
    }
    if (options->nx && (options->xx || options->gt || options->lt)) {
        RULE("expire.nx-excludes-others");
        reply_error(call, "ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if (options->gt && options->lt) {
        RULE("expire.gt-excludes-lt");
        reply_error(call, "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

/* May the deadline be set on this key? A persistent key counts as one whose deadline is infinitely
 * far. */
static bool expire_condition_holds(const struct call *call, const struct expire_options *options,
                                   const struct record *record, ttl_instant deadline) {
    const ttl_engine *engine = call->engine;
    if (!record_is_volatile(record)) {
        RULE("expire.gt-infinite", "expire.lt-infinite", "expire.xx");
        return !options->xx && !options->gt;
    }
    if (options->nx) {
        RULE("expire.nx");
        return false;
    }
    ttl_instant present = record_deadline(record);
    if (options->gt && !deadline_is_later(engine, deadline, present)) {
        RULE("expire.gt");
        return false;
    }
    if (options->lt && !deadline_is_later(engine, present, deadline)) {
        RULE("expire.lt");
        return false;
    }
    RULE("expire.xx-with-gt-or-lt");
    return true;
}

static ttl_status expire_generic(struct call *call, struct deadline_spelling spelling) {
    struct expire_options options;
    ttl_instant deadline;
    if (!expire_options_parse(call, &options)) return TTL_OK;
    if (!deadline_parse_any(call, 2, spelling, &deadline)) return TTL_OK;
    ttl_bytes name = call->argv[1];
    RULE("expire.error-order", "expire.reply-is-an-integer", "expire.any-key-name");
    struct key key = db_write(call, name);
    if (key.record == NULL) {
        RULE("expire.missing-key");
        return reply_integer(call, 0);
    }
    if (!expire_condition_holds(call, &options, key.record, deadline)) {
        RULE("expire.condition-before-deletion", "event.refused-is-silent");
        return reply_integer(call, 0);
    }
    if (deadline_is_not_ahead(call->engine, deadline)) {
        RULE("expire.zero-deletes", "expire.negative-deletes", "expireat.past-deletes");
        db_delete_past(call, key, name);
        return reply_integer(call, 1);
    }
    if (keyspace_reserve_deadline(&call->db->keyspace) != TTL_OK) return TTL_NO_MEMORY;
    RULE("expire.sets-deadline", "expire.replaces-deadline", "expire.keeps-the-value",
         "expire.any-type", "psetex.pexpire-changes-only-the-deadline");
    db_arm(call, key, deadline);
    change_tell_deadline(call, name, deadline);
    RULE("event.expire");
    db_announce(call, EVENT_GENERIC, "expire", name);
    return reply_integer(call, 1);
}

ttl_status expire_command(struct call *call) {
    RULE("expire.unit-is-seconds");
    return expire_generic(call, (struct deadline_spelling){true, false});
}

ttl_status pexpire_command(struct call *call) {
    RULE("expire.unit-is-milliseconds");
    return expire_generic(call, (struct deadline_spelling){false, false});
}

ttl_status expireat_command(struct call *call) {
    RULE("expireat.absolute-seconds");
    return expire_generic(call, (struct deadline_spelling){true, true});
}

ttl_status pexpireat_command(struct call *call) {
    RULE("pexpireat.absolute-milliseconds");
    return expire_generic(call, (struct deadline_spelling){false, true});
}

ttl_status persist_command(struct call *call) {
    ttl_bytes name = call->argv[1];
    struct key key = db_write(call, name);
    if (key.record == NULL || !record_is_volatile(key.record)) {
        RULE("persist.missing-is-zero", "persist.persistent-is-zero");
        return reply_integer(call, 0);
    }
    RULE("persist.drops-deadline");
    keyspace_persist(&call->db->keyspace, key);
    db_touch(call, name);
    RULE("event.persist");
    db_announce(call, EVENT_GENERIC, "persist", name);
    return reply_integer(call, 1);
}

/* ---- TTL, PTTL, EXPIRETIME, PEXPIRETIME */

enum { TTL_OF_PERSISTENT = -1, TTL_OF_MISSING = -2 };

typedef ttl_status tell_deadline(struct call *call, ttl_instant deadline, bool in_seconds);

static ttl_status ttl_generic(struct call *call, tell_deadline *tell, bool in_seconds) {
    struct key key = db_read(call, call->argv[1]);
    if (key.record == NULL) {
        RULE("ttl.missing-is-minus-two", "expiretime.missing-is-minus-two");
        return reply_integer(call, TTL_OF_MISSING);
    }
    if (!record_is_volatile(key.record)) {
        RULE("ttl.persistent-is-minus-one", "expiretime.persistent-is-minus-one");
        return reply_integer(call, TTL_OF_PERSISTENT);
    }
    RULE("ttl.reads-only");
    return tell(call, record_deadline(key.record), in_seconds);
}

ttl_status ttl_command(struct call *call) {
    return ttl_generic(call, reply_remaining, true);
}

ttl_status pttl_command(struct call *call) {
    return ttl_generic(call, reply_remaining, false);
}

ttl_status expiretime_command(struct call *call) {
    return ttl_generic(call, reply_moment, true);
}

ttl_status pexpiretime_command(struct call *call) {
    return ttl_generic(call, reply_moment, false);
}
