#include "engine/edit.h"

#include "engine/db.h"
#include "engine/rule.h"

/* ---- looking */

struct collection *key_collection(struct key key) {
    return record_outside(key.record);
}

bool call_read(struct call *call, enum value_type type, const struct collection **collection) {
    struct key key = db_read(call, call->argv[1]);
    if (!db_check_type(call, key, type)) return false;
    *collection = key.record == NULL ? NULL : key_collection(key);
    return true;
}

bool call_write(struct call *call, enum value_type type, struct key *key) {
    *key = db_write(call, call->argv[1]);
    return db_check_type(call, *key, type);
}

/* ---- changing */

ttl_status edit_begin(struct edit *edit, struct call *call, ttl_bytes name, struct key key,
                      enum value_type type, size_t more) {
    struct memory *memory = &call->engine->memory;
    *edit = (struct edit){call, name, key, key.record == NULL, NULL};
    if (!edit->is_new) {
        edit->collection = key_collection(key);
        return collection_reserve(memory, edit->collection, more);
    }
    edit->collection = collection_new(memory, more);
    if (edit->collection == NULL) return TTL_NO_MEMORY;
    edit->key = keyspace_draft_object(&call->db->keyspace, name, type, edit->collection);
    if (edit->key.record != NULL) return TTL_OK;
    collection_free(memory, edit->collection);
    return TTL_NO_MEMORY;
}

void edit_abandon(struct edit *edit) {
    if (edit->is_new) keyspace_discard(&edit->call->db->keyspace, edit->key);
}

void edit_commit(struct edit *edit) {
    RULE("collection.change-keeps-deadline");
    if (edit->is_new) db_put(edit->call, (struct key){NULL, SLAB_NONE}, edit->key);
    else db_touch(edit->call, edit->name);
}

void announce_removal(struct call *call, ttl_bytes name, struct key key, const char *event) {
    enum event_kind kind = value_event_kind(key.record->type);
    bool is_empty = key_collection(key)->count == 0;
    if (is_empty) db_remove(call, key);
    else db_touch(call, name);
    db_announce(call, kind, event, name);
    if (!is_empty) return;
    RULE("collection.emptied-is-gone", "event.emptied");
    db_announce(call, EVENT_GENERIC, "del", name);
}

struct key source_lookup(struct call *call, ttl_bytes name) {
    RULE("store.sources-are-read");
    bool is_read = call_has(call, TRAIT_STORE_SOURCES_ARE_READ);
    return is_read ? db_read(call, name) : db_write(call, name);
}

/* An empty result deletes the destination. Servers do that without a look at its deadline, so a
 * dead one is announced as deleted, not as expired. */
static ttl_status store_nothing(struct call *call, ttl_bytes name, enum value_type type) {
    struct key old = keyspace_find(&call->db->keyspace, name);
    if (old.record != NULL) {
        RULE("store.empty-deletes");
        db_remove(call, old);
        db_announce(call, EVENT_GENERIC, "del", name);
    } else if (call_has(call, TRAIT_STORE_NOTHING_TOUCHES) && type == VALUE_SET &&
               call->command->run != sinterstore_command) {
        RULE("watch.empty-store-in-6.0");
        db_touch(call, name);
    }
    return reply_integer(call, 0);
}

ttl_status store_collection(struct call *call, ttl_bytes name, enum value_type type,
                            struct collection *result, const char *event) {
    struct keyspace *keyspace = &call->db->keyspace;
    int64_t count = (int64_t)result->count;
    if (count == 0) {
        collection_free(&call->engine->memory, result);
        return store_nothing(call, name, type);
    }
    struct key draft = keyspace_draft_object(keyspace, name, type, result);
    if (draft.record == NULL) {
        collection_free(&call->engine->memory, result);
        return TTL_NO_MEMORY;
    }
    RULE("store.over-dead");
    bool is_silent = call_has(call, TRAIT_STORE_OVER_DEAD_IS_SILENT) && type != VALUE_LIST;
    struct key old = is_silent ? keyspace_find(keyspace, name) : db_write(call, name);
    RULE("store.drops-deadline", "event.store", "event.sortstore");
    db_put(call, old, draft);
    db_announce(call, value_event_kind(type), event, name);
    return reply_integer(call, count);
}

/* ---- batches */

struct collection *batch_of_arguments(struct call *call, size_t first, size_t step) {
    struct memory *memory = &call->engine->memory;
    struct collection *batch = collection_new(memory, (call->argc - first) / step);
    if (batch == NULL) return NULL;
    for (size_t i = first; i + step <= call->argc; i += step) {
        struct member member = {.bytes = call->argv[i]};
        if (step == 2) member.value = call->argv[i + 1];
        if (collection_append_copy(memory, batch, &member) == TTL_OK) continue;
        collection_free(memory, batch);
        return NULL;
    }
    return batch;
}
