/* Deadlines of fields: setting, dropping and telling them. */
#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/field_options.h"
#include "engine/hash.h"
#include "engine/rule.h"

/* What these commands answer for a field. */
enum {
    FIELD_MISSING = -2,
    FIELD_PERSISTENT = -1,
    FIELD_REFUSED = 0,
    FIELD_DONE = 1,
    FIELD_DELETED = 2,
};

static ttl_status reply_all_missing(struct call *call, const struct field_list *list) {
    RULE("hash-field.missing");
    reply_array(call, list->count);
    for (size_t i = 0; i < list->count; i++) reply_integer(call, FIELD_MISSING);
    return TTL_OK;
}

/* Redis looks the key up, and at its type, before it reads the options; Valkey after. Each function
 * is called before and after; false: WRONGTYPE was answered. */
static bool look_up(struct call *call, bool is_before, bool to_write, struct key *key) {
    if (is_before != call_has(call, TRAIT_FIELD_KEY_FIRST)) return true;
    *key = to_write ? db_write(call, call->argv[1]) : db_read(call, call->argv[1]);
    RULE("hash-field.order-of-errors", "hash-field.wrong-type");
    return db_check_type(call, *key, VALUE_HASH);
}

/* ---- HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT */

struct expiring {
    struct call *call;
    struct collection *hash;
    struct expire_options options;
    ttl_instant deadline;
    bool is_past;
    size_t changed;
};

/* When a history is judged: Redis gives a dead field its life back, unless it was reclaimed before,
 * and when that happens is the server's own affair. */
static void note_revival(struct call *call, const struct collection *hash, size_t place) {
    const ttl_timeline *timeline = call->engine->timeline;
    if (timeline != NULL && field_is_dead(call, hash, place))
        timeline->give_up(timeline->context,
                          "a deadline is given to a field that is dead: whether it had been "
                          "reclaimed is the server's own affair");
}

/* Gives one field the deadline; what is answered for it. */
static int64_t expire_field(struct expiring *it, ttl_bytes field) {
    struct call *call = it->call;
    size_t place = collection_find(it->hash, field);
    if (!hash_finds(call, it->hash, place)) return FIELD_MISSING;
    RULE("hash-field.set-revives");
    note_revival(call, it->hash, place);
    const struct member *member = &it->hash->members[place];
    ttl_instant present = member_deadline(member);
    RULE("hash-field.nx", "hash-field.xx", "hash-field.gt", "hash-field.lt",
         "hash-field.past-under-condition", "hash-field.condition-not-met-is-zero");
    if (!expire_condition_holds(call, &it->options, member->is_volatile ? &present : NULL,
                                it->deadline))
        return FIELD_REFUSED;
    it->changed++;
    if (it->is_past) {
        RULE("hash-field.past-deletes");
        hash_take(call, it->hash, place, true);
        return FIELD_DELETED;
    }
    RULE("hash-field.armed", "hash-field.key-deadline-apart");
    change_tell_field_deadline(call, member->bytes, it->deadline);
    collection_set_deadline(it->hash, place, &it->deadline);
    return FIELD_DONE;
}

static ttl_status expire_generic(struct call *call, struct deadline_spelling spelling) {
    struct expiring it = {.call = call};
    struct field_list list;
    struct key key = {NULL, SLAB_NONE};
    if (!look_up(call, true, true, &key)) return TTL_OK;
    if (!field_expire_parse(call, spelling, &it.options, &it.deadline, &list)) return TTL_OK;
    if (!look_up(call, false, true, &key)) return TTL_OK;
    if (key.record == NULL) return reply_all_missing(call, &list);
    it.hash = key_collection(key);
    it.is_past = deadline_is_not_ahead(call->engine, it.deadline);
    if (due_reserve(&call->engine->memory, &call->db->due, it.hash) != TTL_OK) return TTL_NO_MEMORY;
    bool had_volatile = it.hash->volatile_count > 0;
    RULE("hash-field.units", "hash-field.one-answer-each");
    reply_array(call, list.count);
    for (size_t i = 0; i < list.count; i++)
        reply_integer(call, expire_field(&it, field_at(call, &list, i)));
    hash_settle(call, key, had_volatile);
    if (it.changed == 0) return TTL_OK;
    RULE("hash-field.events", "hash-field.watch-sees", "hash-field.in-transactions");
    if (it.is_past) {
        announce_removal(call, call->argv[1], key, hash_past_event(call));
        return TTL_OK;
    }
    db_touch(call, call->argv[1]);
    db_announce(call, EVENT_HASH, "hexpire", call->argv[1]);
    return TTL_OK;
}

ttl_status hexpire_command(struct call *call) {
    return expire_generic(call, (struct deadline_spelling){true, false});
}

ttl_status hpexpire_command(struct call *call) {
    return expire_generic(call, (struct deadline_spelling){false, false});
}

ttl_status hexpireat_command(struct call *call) {
    return expire_generic(call, (struct deadline_spelling){true, true});
}

ttl_status hpexpireat_command(struct call *call) {
    return expire_generic(call, (struct deadline_spelling){false, true});
}

/* ---- HPERSIST */

ttl_status hpersist_command(struct call *call) {
    struct field_list list;
    struct key key = {NULL, SLAB_NONE};
    size_t changed = 0;
    if (!look_up(call, true, true, &key)) return TTL_OK;
    if (!field_list_parse(call, true, &list)) return TTL_OK;
    if (!look_up(call, false, true, &key)) return TTL_OK;
    if (key.record == NULL) return reply_all_missing(call, &list);
    struct collection *hash = key_collection(key);
    reply_array(call, list.count);
    for (size_t i = 0; i < list.count; i++) {
        size_t place = collection_find(hash, field_at(call, &list, i));
        if (place == hash->count || field_is_dead(call, hash, place)) {
            reply_integer(call, FIELD_MISSING);
        } else if (!hash->members[place].is_volatile) {
            reply_integer(call, FIELD_PERSISTENT);
        } else {
            RULE("hash-field.persisted");
            collection_set_deadline(hash, place, NULL);
            RULE("hash-field.replica-persists-the-dead");
            if (!call_has(call, TRAIT_HPERSIST_AS_GIVEN))
                change_tell_persisted(call, hash->members[place].bytes);
            reply_integer(call, FIELD_DONE);
            changed++;
        }
    }
    hash_settle(call, key, false);
    if (changed == 0) return TTL_OK;
    db_touch(call, call->argv[1]);
    db_announce(call, EVENT_HASH, "hpersist", call->argv[1]);
    return TTL_OK;
}

/* ---- HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME */

/* Redis tells nothing of a field any more in the millisecond of its deadline, though it is read. */
static bool is_told(const struct call *call, const struct collection *hash, size_t place) {
    if (place == hash->count || field_is_dead(call, hash, place)) return false;
    const struct member *field = &hash->members[place];
    RULE("hash-field.deadline-inclusive");
    return !field->is_volatile || !call_has(call, TRAIT_FIELD_TTL_ENDS_EARLY) ||
           !deadline_has_come(call->engine, member_deadline(field));
}

typedef ttl_status tell_deadline(struct call *call, ttl_instant deadline, enum deadline_unit unit);

static ttl_status ttl_generic(struct call *call, tell_deadline *tell, enum deadline_unit unit) {
    struct field_list list;
    struct key key = {NULL, SLAB_NONE};
    if (!look_up(call, true, false, &key)) return TTL_OK;
    if (!field_list_parse(call, false, &list)) return TTL_OK;
    if (!look_up(call, false, false, &key)) return TTL_OK;
    if (key.record == NULL) return reply_all_missing(call, &list);
    const struct collection *hash = key_collection(key);
    RULE("hash-field.httl-rounds", "hash-field.hexpiretime-rounds");
    if (unit == IN_SECONDS && call_has(call, TRAIT_FIELD_TTL_ROUNDS_UP))
        unit = IN_SECONDS_ROUNDED_UP;
    reply_array(call, list.count);
    for (size_t i = 0; i < list.count; i++) {
        size_t place = collection_find(hash, field_at(call, &list, i));
        RULE("hash-field.told");
        if (!is_told(call, hash, place)) reply_integer(call, FIELD_MISSING);
        else if (!hash->members[place].is_volatile) reply_integer(call, FIELD_PERSISTENT);
        else tell(call, member_deadline(&hash->members[place]), unit);
    }
    return TTL_OK;
}

ttl_status httl_command(struct call *call) {
    return ttl_generic(call, reply_remaining, IN_SECONDS);
}

ttl_status hpttl_command(struct call *call) {
    return ttl_generic(call, reply_remaining, IN_MS);
}

ttl_status hexpiretime_command(struct call *call) {
    return ttl_generic(call, reply_moment, IN_SECONDS);
}

ttl_status hpexpiretime_command(struct call *call) {
    return ttl_generic(call, reply_moment, IN_MS);
}
