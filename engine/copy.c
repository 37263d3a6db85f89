#include "engine/copy.h"

#include "engine/engine.h"
#include "engine/object.h"
#include "engine/rule.h"
#include "engine/session.h"

struct key copy_draft(struct keyspace *keyspace, ttl_bytes name, const struct record *from) {
    if (from->type == VALUE_STRING)
        return keyspace_draft_string(keyspace, name, record_string(from));
    struct collection *copy = collection_copy(keyspace->memory, record_outside(from));
    if (copy == NULL) return (struct key){NULL, SLAB_NONE};
    struct key draft = keyspace_draft_object(keyspace, name, from->type, copy);
    if (draft.record == NULL) object_release(keyspace->memory, from->type, copy);
    return draft;
}

/* ---- all that another engine has */

struct copying {
    const struct keyspace *from;
    struct keyspace *to;
    ttl_status status;
};

/* The dead, too. */
static void copy_key(void *context, uint32_t handle) {
    struct copying *copying = context;
    const struct record *record = keyspace_at(copying->from, handle).record;
    bool is_volatile = record_is_volatile(record);
    if (copying->status != TTL_OK) return;
    copying->status = TTL_NO_MEMORY;
    if (is_volatile && keyspace_reserve_deadline(copying->to) != TTL_OK) return;
    struct key draft = copy_draft(copying->to, record_name(record), record);
    if (draft.record == NULL) return;
    keyspace_link(copying->to, draft);
    RULE("replica.copy-has-the-dead");
    if (is_volatile) keyspace_arm(copying->to, draft, record_deadline(record));
    copying->status = TTL_OK;
}

static ttl_status copy_database(const struct database *from, struct database *to) {
    struct copying copying = {&from->keyspace, &to->keyspace, TTL_OK};
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
