/* The TTL family: setting, dropping and telling deadlines. */
#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/expire_options.h"
#include "engine/rule.h"

/* ---- EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT */

static ttl_status expire_generic(struct call *call, struct deadline_spelling spelling) {
    struct expire_options options;
    ttl_instant deadline;
    if (!expire_options_parse(call, call->argc, &options)) return TTL_OK;
    if (!deadline_parse_any(call, 2, spelling, &deadline)) return TTL_OK;
    ttl_bytes name = call->argv[1];
    RULE("expire.error-order", "expire.reply-is-an-integer", "expire.any-key-name");
    struct key key = db_write(call, name);
    if (key.record == NULL) {
        RULE("expire.missing-key");
        return reply_integer(call, 0);
    }
    ttl_instant present = {0, TTL_ORIGIN_EPOCH};
    bool is_volatile = record_is_volatile(key.record);
    if (is_volatile) present = record_deadline(key.record);
    if (!expire_condition_holds(call, &options, is_volatile ? &present : NULL, deadline)) {
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

typedef ttl_status tell_deadline(struct call *call, ttl_instant deadline, enum deadline_unit unit);

static ttl_status ttl_generic(struct call *call, tell_deadline *tell, enum deadline_unit unit) {
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
    return tell(call, record_deadline(key.record), unit);
}

ttl_status ttl_command(struct call *call) {
    return ttl_generic(call, reply_remaining, IN_SECONDS);
}

ttl_status pttl_command(struct call *call) {
    return ttl_generic(call, reply_remaining, IN_MS);
}

ttl_status expiretime_command(struct call *call) {
    return ttl_generic(call, reply_moment, IN_SECONDS);
}

ttl_status pexpiretime_command(struct call *call) {
    return ttl_generic(call, reply_moment, IN_MS);
}
