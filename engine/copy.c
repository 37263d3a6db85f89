#include "engine/copy.h"

#include "engine/engine.h"
#include "engine/object.h"
#include "engine/rule.h"
#include "engine/session.h"
#include "engine/stream.h"

struct key copy_draft(struct keyspace *keyspace, ttl_bytes name, const struct record *from) {
    if (from->type == VALUE_STRING)
        return keyspace_draft_string(keyspace, name, record_string(from));
    void *copy = from->type == VALUE_STREAM
                     ? (void *)stream_copy(keyspace->memory, record_outside(from))
                     : (void *)collection_copy(keyspace->memory, record_outside(from));
    if (copy == NULL) return (struct key){NULL, SLAB_NONE};
    struct key draft = keyspace_draft_object(keyspace, name, from->type, copy);
    if (draft.record == NULL) object_release(keyspace->memory, from->type, copy);
    return draft;
}

static struct collection *hash_of(const struct record *record) {
    return record->type == VALUE_HASH ? record_outside(record) : NULL;
}

ttl_status copy_fields_reserve(struct database *db, const struct record *draft) {
    struct collection *hash = hash_of(draft);
    if (hash == NULL || hash->volatile_count == 0) return TTL_OK;
    return due_reserve(db->keyspace.memory, &db->due, hash);
}

void copy_fields_settle(struct database *db, struct key copy) {
    struct collection *hash = hash_of(copy.record);
    if (hash == NULL || hash->due == NULL) return;
    RULE("hash-field.copied");
    due_settle(&db->due, copy.handle, hash, false);
}

/* ---- all that another engine has */

struct copying {
    const struct keyspace *from;
    struct database *db; /* that gets the copies */
    ttl_status status;
};

/* The dead, too. */
static void copy_key(void *context, uint32_t handle) {
    struct copying *copying = context;
    struct keyspace *to = &copying->db->keyspace;
    const struct record *record = keyspace_at(copying->from, handle).record;
    bool is_volatile = record_is_volatile(record);
    if (copying->status != TTL_OK) return;
    copying->status = TTL_NO_MEMORY;
    if (is_volatile && keyspace_reserve_deadline(to) != TTL_OK) return;
    struct key draft = copy_draft(to, record_name(record), record);
    if (draft.record == NULL) return;
    if (copy_fields_reserve(copying->db, draft.record) != TTL_OK) {
        keyspace_discard(to, draft);
        return;
    }
    keyspace_link(to, draft);
    RULE("replica.copy-has-the-dead");
    if (is_volatile) keyspace_arm(to, draft, record_deadline(record));
    copy_fields_settle(copying->db, draft);
    copying->status = TTL_OK;
}

static ttl_status copy_database(const struct database *from, struct database *to) {
    struct copying copying = {&from->keyspace, to, TTL_OK};
    uint32_t cursor = 0;
    do cursor = table_scan(&from->keyspace.table, cursor, copy_key, &copying);
    while (cursor != 0);
    return copying.status;
}

ttl_status ttl_engine_copy(const ttl_engine *from, ttl_engine *to) {
    engine_begin_unit(to);
    for (int i = 0; i < to->database_count; i++) {
        struct database *db = to->databases[i];
        const struct database *source = i < from->database_count ? from->databases[i] : NULL;
        if (db != NULL) {
            session_database_touched(to, db, NULL);
            keyspace_reset(&db->keyspace, to->now.ms);
        }
        if (source == NULL) continue;
        db = engine_database(to, i);
        if (db == NULL || copy_database(source, db) != TTL_OK) return TTL_NO_MEMORY;
    }
    return TTL_OK;
}
