#include "engine/db.h"

#include <string.h>

#include "engine/blocked.h"
#include "engine/change.h"
#include "engine/deadline.h"
#include "engine/hash.h"
#include "engine/rule.h"
#include "engine/session.h"

static const struct key NO_KEY = {NULL, SLAB_NONE};

static const struct {
    const char *name;
    enum event_kind kind;
} value_types[VALUE_TYPES] = {
    [VALUE_STRING] = {"string", EVENT_STRING}, [VALUE_LIST] = {"list", EVENT_LIST},
    [VALUE_HASH] = {"hash", EVENT_HASH},       [VALUE_SET] = {"set", EVENT_SET},
    [VALUE_ZSET] = {"zset", EVENT_ZSET},       [VALUE_STREAM] = {"stream", EVENT_STREAM},
};

enum event_kind value_event_kind(enum value_type type) {
    return value_types[type].kind;
}

const char *value_type_name(enum value_type type) {
    return value_types[type].name;
}

/* ---- looking up */

bool db_is_alive(const struct call *call, const struct record *record) {
    RULE("replica.applies-to-the-dead");
    return !record_is_volatile(record) || call->session->options.is_primary ||
           !deadline_has_passed(call->engine, record_deadline(record));
}

static void announce_expired(ttl_engine *engine, struct database *db, ttl_bytes name) {
    RULE("info.expired-keys");
    engine->statistics.expired_keys++;
    session_key_touched(engine, db, name, true);
    RULE("event.expired");
    event_emit(engine, db->id, EVENT_EXPIRED, "expired", name);
    change_tell_expired(engine, db->id, name);
}

void db_reclaim(ttl_engine *engine, struct database *db, struct key key, ttl_bytes name) {
    announce_expired(engine, db, name);
    keyspace_remove(&db->keyspace, key);
}

void db_reclaim_read(struct call *call, struct key key, bool announce_miss) {
    ttl_bytes name = record_name(key.record);
    if (call->engine->is_replica) {
        if (announce_miss) db_announce(call, EVENT_MISS, "keymiss", name);
        return;
    }
    announce_expired(call->engine, call->db, name);
    if (announce_miss) db_announce(call, EVENT_MISS, "keymiss", name);
    keyspace_remove(&call->db->keyspace, key);
}

/* What a client of a replica sees of a dead key: nothing, and it stays. Before 7.0 scripts, and
 * commands that write on a replica that lets them, saw it as it was. */
static struct key dead_on_replica(const struct call *call, struct key key) {
    bool only_reads = (call->command->flags & COMMAND_READONLY) != 0 && !call->session->in_script;
    bool is_shown = !only_reads && !call_has(call, TRAIT_REPLICA_HIDES_FROM_ALL);
    RULE("replica.hides-the-dead", "replica.keeps-the-dead", "replica.script-hides-the-dead");
    return is_shown ? key : NO_KEY;
}

/* Does this command look at keys without using them? */
static bool only_looks(const struct command *command) {
    static command_run *const runs[] = {ttl_command,         pttl_command, expiretime_command,
                                        pexpiretime_command, type_command, exists_command,
                                        object_command};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
        if (command->run == runs[i]) return true;
    return false;
}

static void note_use(const struct call *call, struct database *db, struct key key) {
    RULE("object.idle-since-use");
    if (key.record != NULL && !only_looks(call->command))
        keyspace_set_used(&db->keyspace, key, deadline_present_s(call->engine));
}

/* When a history is judged: a hash all of whose fields are dead is there or not, as the server
 * likes. Commands of hashes answer the same either way, unless the key has a deadline to lose. */
void db_note_hollow(const struct call *call, const struct record *record) {
    const ttl_timeline *timeline = call->engine->timeline;
    if (timeline == NULL || record == NULL || record->type != VALUE_HASH) return;
    const struct collection *hash = record_outside(record);
    if (hash->volatile_count == 0 || hash->volatile_count < hash->count) return;
    if (call->command->group == GROUP_HASH && !record_is_volatile(record)) return;
    if (hash_count_living(call, hash) > 0) return;
    timeline->give_up(timeline->context, "all fields of a hash are dead: whether the key is still "
                                         "there is the server's own affair");
}

struct key db_write_in(struct call *call, struct database *db, ttl_bytes name) {
    struct key key = keyspace_find(&db->keyspace, name);
    if (key.record == NULL || db_is_alive(call, key.record)) {
        if (call->engine->keeps_ages) note_use(call, db, key);
        db_note_hollow(call, key.record);
        return key;
    }
    if (call->engine->is_replica) {
        RULE("replica.write-meets-the-dead");
        if (!call_has(call, TRAIT_REPLICA_WRITES_RECLAIM)) return key;
    }
    RULE("expire.dead-keys-do-not-exist", "psetex.key-expires", "setex.key-expires",
         "psetex.short-deadline-may-pass-before-the-next-command", "event.expired-before-write");
    db_reclaim(call->engine, db, key, name);
    return NO_KEY;
}

struct key db_write(struct call *call, ttl_bytes name) {
    return db_write_in(call, call->db, name);
}

struct key db_delete(struct call *call, ttl_bytes name) {
    if (!call->engine->is_replica) return db_write(call, name);
    RULE("replica.del-finds-the-dead");
    return keyspace_find(&call->db->keyspace, name);
}

static struct key db_look_up_to_read(struct call *call, ttl_bytes name) {
    if (!call->engine->is_replica) return db_write(call, name);
    struct key key = keyspace_find(&call->db->keyspace, name);
    if (key.record == NULL || db_is_alive(call, key.record)) return key;
    return dead_on_replica(call, key);
}

struct key db_read(struct call *call, ttl_bytes name) {
    RULE("info.hits-and-misses");
    struct key key = db_look_up_to_read(call, name);
    if (key.record != NULL) {
        RULE("in-place.reads-keep-deadline");
        call->engine->statistics.keyspace_hits++;
    } else {
        call->engine->statistics.keyspace_misses++;
        RULE("event.keymiss");
        db_announce(call, EVENT_MISS, "keymiss", name);
    }
    return key;
}

struct key db_look(struct call *call, ttl_bytes name) {
    struct statistics *statistics = &call->engine->statistics;
    struct key key = db_look_up_to_read(call, name);
    RULE("object.misses-count");
    if (key.record != NULL) statistics->keyspace_hits++;
    else if (call_has(call, TRAIT_OBJECT_COUNTS_MISSES)) statistics->keyspace_misses++;
    return key;
}

bool db_check_type(struct call *call, struct key key, enum value_type type) {
    if (key.record == NULL || key.record->type == type) return true;
    RULE("collection.wrong-type-keeps-deadline");
    reply_wrong_type(call);
    return false;
}

/* ---- changing */

static void note_change(ttl_engine *engine, struct database *db, ttl_bytes name, bool removed) {
    engine->changes++;
    session_key_touched(engine, db, name, removed);
}

void db_announce_overwrite(struct call *call, struct database *db, ttl_bytes name,
                           bool type_changes) {
    if (!call_has(call, TRAIT_EVENT_OVERWRITTEN)) return;
    RULE("event.overwritten");
    event_emit(call->engine, db->id, EVENT_OVERWRITTEN, "overwritten", name);
    if (type_changes) event_emit(call->engine, db->id, EVENT_TYPE_CHANGED, "type_changed", name);
}

static void put(struct call *call, struct database *db, struct key old, struct key draft) {
    bool replaces = old.record != NULL;
    bool type_changes = replaces && old.record->type != draft.record->type;
    if (replaces) keyspace_remove(&db->keyspace, old);
    keyspace_link(&db->keyspace, draft);
    if (call->engine->keeps_ages) note_use(call, db, draft);
    ttl_bytes name = record_name(draft.record);
    if (call->engine->blocked_count > 0) {
        RULE("blocking.not-woken-by-an-overwrite");
        bool wakes =
            call->command->access == KEYS_STORE_COUNTED && call_has(call, TRAIT_ZSTORE_WAKES);
        if (!replaces || wakes) blocked_key_came(call->engine, db, draft);
        if (replaces) blocked_key_goes(call->engine, db, name);
    }
    if (replaces) db_announce_overwrite(call, db, name, type_changes);
    if (replaces || !call_has(call, TRAIT_EVENT_NEW)) return;
    RULE("event.new");
    event_emit(call->engine, db->id, EVENT_NEW, "new", name);
}

void db_put_in(struct call *call, struct database *db, struct key old, struct key draft) {
    put(call, db, old, draft);
    note_change(call->engine, db, record_name(draft.record), false);
}

void db_put_quietly(struct call *call, struct key draft) {
    put(call, call->db, NO_KEY, draft);
}

void db_put(struct call *call, struct key old, struct key draft) {
    db_put_in(call, call->db, old, draft);
}

/* A string over a string: the record stays. */
static ttl_status set_string_in_place(struct call *call, struct key key, ttl_bytes value) {
    struct keyspace *keyspace = &call->db->keyspace;
    if (keyspace_reserve_string(keyspace, key, value.length) != TTL_OK) return TTL_NO_MEMORY;
    char *bytes = keyspace_resize_string(key, value.length);
    if (value.length > 0) memmove(bytes, value.data, value.length);
    RULE("overwrite.drops-deadline");
    keyspace_persist(keyspace, key);
    db_touch(call, record_name(key.record));
    db_announce_overwrite(call, call->db, record_name(key.record), false);
    return TTL_OK;
}

ttl_status db_set_string(struct call *call, struct key old, ttl_bytes name, ttl_bytes value,
                         const ttl_instant *deadline) {
    struct keyspace *keyspace = &call->db->keyspace;
    if (deadline != NULL && keyspace_reserve_deadline(keyspace) != TTL_OK) return TTL_NO_MEMORY;
    struct key key = old;
    if (old.record != NULL && old.record->type == VALUE_STRING) {
        if (set_string_in_place(call, key, value) != TTL_OK) return TTL_NO_MEMORY;
    } else {
        key = keyspace_draft_string(keyspace, name, value);
        if (key.record == NULL) return TTL_NO_MEMORY;
        db_put(call, old, key);
    }
    /* What there was is gone; this is the new one, if any. */
    RULE("set.overwrite-drops-deadline");
    if (deadline != NULL) db_arm(call, key, *deadline);
    return TTL_OK;
}

void db_remove_in(struct call *call, struct database *db, struct key key) {
    note_change(call->engine, db, record_name(key.record), true);
    keyspace_remove(&db->keyspace, key);
}

void db_remove(struct call *call, struct key key) {
    db_remove_in(call, call->db, key);
}

void db_touch(struct call *call, ttl_bytes name) {
    note_change(call->engine, call->db, name, false);
}

void db_arm(struct call *call, struct key key, ttl_instant deadline) {
    RULE("expire.deadline-belongs-to-key", "watch.deadline-is-a-change");
    keyspace_arm(&call->db->keyspace, key, deadline);
    db_touch(call, record_name(key.record));
}

void db_announce(struct call *call, enum event_kind kind, const char *name, ttl_bytes key) {
    event_emit(call->engine, call->db->id, kind, name, key);
}

void db_delete_past(struct call *call, struct key key, ttl_bytes name) {
    bool counts_as_expired = call_has(call, TRAIT_PAST_DEADLINE_IS_EXPIRED);
    RULE("event.past-expire", "info.past-expire");
    db_remove(call, key);
    if (counts_as_expired) {
        call->engine->statistics.expired_keys++;
        db_announce(call, EVENT_EXPIRED, "expired", name);
    } else {
        db_announce(call, EVENT_GENERIC, "del", name);
    }
    change_tell_short(call, "DEL", name);
}
