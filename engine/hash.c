#include "engine/hash.h"

#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/rule.h"
#include "engine/session.h"

/* ---- looking */

bool field_is_dead(const struct call *call, const struct collection *hash, size_t place) {
    const struct member *field = &hash->members[place];
    if (hash->volatile_count == 0 || !field->is_volatile) return false;
    if (call->session->options.is_primary) return false;
    call->engine->looks_at_field = true;
    bool is_dead = deadline_has_passed(call->engine, member_deadline(field));
    call->engine->looks_at_field = false;
    return is_dead;
}

size_t hash_count_living(const struct call *call, const struct collection *hash) {
    size_t count = hash->count;
    for (size_t i = 0; i < hash->count && hash->volatile_count > 0; i++)
        count -= field_is_dead(call, hash, i);
    return count;
}

void fields_open(struct fields *fields, struct call *call, struct key key) {
    struct collection *hash = key.record == NULL ? NULL : key_collection(key);
    *fields = (struct fields){call, call->argv[1], key, hash, 0};
}

/* A dead field goes: it counts, and replicas are told. */
static void reclaim(ttl_engine *engine, const struct database *db, ttl_bytes name,
                    struct collection *hash, size_t place) {
    RULE("hash-field.counted-in-info", "hash-field.replica-told");
    if (engine->timeline != NULL && engine->watch_count > 0)
        engine->timeline->give_up(engine->timeline->context, HASH_WATCH_IS_OPEN);
    engine->statistics.expired_fields++;
    change_tell_field_expired(engine, db->id, name, hash->members[place].bytes);
    collection_remove(&engine->memory, hash, place, 1);
}

static bool reads_reclaim(const struct call *call) {
    return call_has(call, TRAIT_FIELD_READ_RECLAIMS) && !call->engine->is_replica;
}

ptrdiff_t fields_find(struct fields *fields, ttl_bytes field) {
    struct call *call = fields->call;
    if (fields->hash == NULL) return HASH_NONE;
    size_t place = collection_find(fields->hash, field);
    if (place == fields->hash->count) return HASH_NONE;
    if (!field_is_dead(call, fields->hash, place)) return (ptrdiff_t)place;
    RULE("hash-field.dead-do-not-exist", "hash-field.dies");
    if (!reads_reclaim(call)) {
        RULE("hash-field.replica-hides-dead");
        return HASH_NONE;
    }
    RULE("hash-field.reads-reclaim");
    reclaim(call->engine, call->db, fields->name, fields->hash, place);
    fields->reclaimed++;
    return HASH_NONE;
}

void fields_reclaim_all(struct fields *fields) {
    struct call *call = fields->call;
    if (fields->hash == NULL || fields->hash->volatile_count == 0 || !reads_reclaim(call)) return;
    for (size_t i = fields->hash->count; i-- > 0;) {
        if (!field_is_dead(call, fields->hash, i)) continue;
        reclaim(call->engine, call->db, fields->name, fields->hash, i);
        fields->reclaimed++;
    }
    if (fields->reclaimed > 0) hash_settle(call, fields->key, true);
}

/* The key went with its last field. */
static bool is_emptied(const struct fields *fields) {
    return fields->reclaimed > 0 && fields->hash->count == 0;
}

/* HMGET counts what it reclaims without the field with which the key goes. */
static bool is_silent(const struct fields *fields) {
    const struct call *call = fields->call;
    return call->command->run == hmget_command && fields->reclaimed == 1 && is_emptied(fields) &&
           call_has(call, TRAIT_HMGET_LAST_IS_SILENT);
}

void fields_announce(struct fields *fields) {
    struct call *call = fields->call;
    if (fields->reclaimed == 0) return;
    session_key_touched(call->engine, call->db, fields->name, false);
    if (!is_silent(fields)) db_announce(call, EVENT_HASH, "hexpired", fields->name);
    if (fields->hash->due != NULL) hash_settle(call, fields->key, false);
}

/* A key whose hash has no fields any more. */
static void drop_emptied(ttl_engine *engine, struct database *db, struct key key, ttl_bytes name,
                         bool is_announced) {
    RULE("hash-field.last-field-takes-key");
    session_key_touched(engine, db, name, true);
    if (is_announced) event_emit(engine, db->id, EVENT_GENERIC, "del", name);
    keyspace_remove(&db->keyspace, key);
}

void fields_drop_emptied(struct fields *fields) {
    if (!is_emptied(fields)) return;
    drop_emptied(fields->call->engine, fields->call->db, fields->key, fields->name,
                 !is_silent(fields));
    fields->key = (struct key){NULL, SLAB_NONE};
    fields->hash = NULL;
}

void fields_close(struct fields *fields) {
    fields_announce(fields);
    fields_drop_emptied(fields);
}

/* The millisecond of the deadline is not waited for, unlike that of a key's in Valkey. */
void hash_expire(ttl_engine *engine, struct database *db, struct key key, int64_t limit_ms) {
    struct collection *hash = key_collection(key);
    ttl_bytes name = record_name(key.record);
    size_t before = hash->count;
    for (size_t i = hash->count; i-- > 0;) {
        const struct member *field = &hash->members[i];
        RULE("hash-field.cycle-reclaims", "hash-field.cycle-at-the-deadline");
        if (field->is_volatile && field->deadline_ms <= limit_ms)
            reclaim(engine, db, name, hash, i);
    }
    due_settle(&db->due, key.handle, hash, false);
    if (hash->count == before) return;
    session_key_touched(engine, db, name, false);
    event_emit(engine, db->id, EVENT_HASH, "hexpired", name);
    if (hash->count == 0) drop_emptied(engine, db, key, name, true);
}

/* ---- changing */

/* Is a field with this deadline one that a write finds dead? In Valkey it is, from the millisecond
 * of its deadline on. */
static bool is_over(const struct call *call, const struct member *field) {
    return field->is_volatile && call_has(call, TRAIT_FIELD_WRITE_ENDS_EARLY) &&
           !call->session->options.is_primary &&
           deadline_has_come(call->engine, member_deadline(field));
}

/* When a history is judged: was the field that is written over there, or had it been reclaimed? */
static bool is_unsure(const struct call *call, const struct collection *hash, size_t place) {
    return call->engine->timeline != NULL && field_is_dead(call, hash, place);
}

void hash_put(struct call *call, struct collection *hash, struct member field,
              struct hash_written *written) {
    size_t place = collection_find(hash, field.bytes);
    if (place == hash->count) {
        collection_insert(hash, place, field);
        written->created++;
        return;
    }
    if (hash->volatile_count > 0) {
        RULE("hash-field.hset-drops", "hsetex.plain-drops");
        bool over = is_over(call, &hash->members[place]);
        written->expired += over;
        written->created += over;
        if (!over) written->unsure += is_unsure(call, hash, place);
    }
    collection_replace(&call->engine->memory, hash, place, field);
}

void hash_commit(struct edit *edit, const struct hash_written *written, const char *event) {
    struct call *call = edit->call;
    edit_commit(edit);
    if (edit->collection->due != NULL) hash_settle(call, edit->key, false);
    if (written->expired > 0) {
        call->engine->statistics.expired_fields += written->expired;
        db_announce(call, EVENT_HASH, "hexpired", edit->name);
    }
    db_announce(call, EVENT_HASH, event, edit->name);
}

ttl_status reply_unsure(struct call *call, int64_t count, int64_t unsure) {
    const ttl_timeline *timeline = call->engine->timeline;
    if (unsure == 0) return reply_integer(call, count);
    const ttl_told told = {.kind = TTL_TOLD_COUNT, .low = count, .high = count + unsure};
    ttl_reply_add_told(call->reply, timeline->tell(timeline->context, &told));
    return TTL_OK;
}

bool hash_finds(const struct call *call, const struct collection *hash, size_t place) {
    if (place == hash->count) return false;
    if (hash->volatile_count == 0 || call_has(call, TRAIT_FIELD_READ_RECLAIMS)) return true;
    return !field_is_dead(call, hash, place);
}

void hash_take(struct call *call, struct collection *hash, size_t place, bool is_past) {
    RULE("hash-field.deleted-with-deadline");
    call->engine->statistics.expired_fields += is_past;
    change_tell_field(call, "HDEL", hash->members[place].bytes);
    collection_remove(&call->engine->memory, hash, place, 1);
}

const char *hash_past_event(const struct call *call) {
    return call_has(call, TRAIT_FIELD_PAST_IS_HDEL) ? "hdel" : "hexpired";
}

void hash_settle(struct call *call, struct key key, bool leaves) {
    RULE("hash-field.counted-until-the-cycle");
    bool stays = !leaves && call_has(call, TRAIT_INFO_SUBEXPIRY);
    due_settle(&call->db->due, key.handle, key_collection(key), stays);
}
