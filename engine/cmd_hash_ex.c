/* HGETEX, HGETDEL and HSETEX: fields and their deadlines at once. */
#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/field_options.h"
#include "engine/hash.h"
#include "engine/rule.h"

/* A living field's value, with its place; HASH_NONE and nil: there is none. */
static ptrdiff_t reply_value(struct fields *fields, ttl_bytes field) {
    ptrdiff_t place = fields_find(fields, field);
    RULE("hgetex.answers-values");
    if (place == HASH_NONE) reply_nil(fields->call);
    else reply_bulk(fields->call, fields->hash->members[place].value);
    return place;
}

/* ---- HGETDEL */

ttl_status hgetdel_command(struct call *call) {
    struct field_list list;
    struct fields fields;
    struct key key = {NULL, SLAB_NONE};
    size_t removed = 0;
    bool key_first = call_has(call, TRAIT_FIELD_KEY_FIRST);
    if (key_first && !call_write(call, VALUE_HASH, &key)) return TTL_OK;
    if (!field_list_parse(call, true, &list)) return TTL_OK;
    if (!key_first && !call_write(call, VALUE_HASH, &key)) return TTL_OK;
    fields_open(&fields, call, key);
    bool had_volatile = key.record != NULL && fields.hash->volatile_count > 0;
    reply_array(call, list.count);
    for (size_t i = 0; i < list.count; i++) {
        ptrdiff_t place = reply_value(&fields, field_at(call, &list, i));
        if (place == HASH_NONE) continue;
        RULE("hgetdel.answers-and-deletes");
        hash_take(call, fields.hash, (size_t)place, false);
        removed++;
    }
    fields_announce(&fields);
    if (removed == 0) {
        fields_drop_emptied(&fields);
        return TTL_OK;
    }
    hash_settle(call, key, had_volatile);
    announce_removal(call, call->argv[1], key, "hdel");
    return TTL_OK;
}

/* ---- HGETEX */

/* What the options do to a field that was found. True: it changed. */
static bool getex_change(struct call *call, const struct field_options *options,
                         struct collection *hash, size_t place, bool is_past) {
    ttl_bytes field = hash->members[place].bytes;
    if (options->persist) {
        if (!hash->members[place].is_volatile) return false;
        RULE("hgetex.persist");
        change_tell_persisted(call, field);
        collection_set_deadline(hash, place, NULL);
        return true;
    }
    RULE("hgetex.plain-keeps");
    if (!options->has_deadline) return false;
    RULE("hgetex.arms", "hgetex.past-deletes");
    if (is_past) {
        hash_take(call, hash, place, true);
        return true;
    }
    change_tell_field_deadline(call, field, options->deadline);
    collection_set_deadline(hash, place, &options->deadline);
    return true;
}

/* Announces what was done; the key goes with its last field. */
static ttl_status getex_announce(struct fields *fields, const struct field_options *options,
                                 bool is_past) {
    struct call *call = fields->call;
    if (is_past) {
        announce_removal(call, fields->name, fields->key, hash_past_event(call));
        return TTL_OK;
    }
    db_touch(call, fields->name);
    db_announce(call, EVENT_HASH, options->persist ? "hpersist" : "hexpire", fields->name);
    return TTL_OK;
}

/* Valkey looks the key up as one that is read. */
static bool getex_look_up(struct call *call, struct key *key) {
    bool is_read = call_has(call, TRAIT_HGETEX_IS_A_READ);
    *key = is_read ? db_read(call, call->argv[1]) : db_write(call, call->argv[1]);
    RULE("hgetex.order-of-errors", "hgetex.counts-as-read");
    return db_check_type(call, *key, VALUE_HASH);
}

ttl_status hgetex_command(struct call *call) {
    struct field_options options;
    struct fields fields;
    struct key key = {NULL, SLAB_NONE};
    bool key_first = call_has(call, TRAIT_FIELD_KEY_FIRST);
    if (key_first && !getex_look_up(call, &key)) return TTL_OK;
    if (!field_options_parse(call, false, &options)) return TTL_OK;
    if (!key_first && !getex_look_up(call, &key)) return TTL_OK;
    if (!field_options_read_deadline(call, &options)) return TTL_OK;
    bool is_past = options.has_deadline && deadline_is_not_ahead(call->engine, options.deadline);
    fields_open(&fields, call, key);
    if (fields.hash != NULL && options.has_deadline &&
        due_reserve(&call->engine->memory, &call->db->due, fields.hash) != TTL_OK)
        return TTL_NO_MEMORY;
    size_t changed = 0;
    bool had_volatile = fields.hash != NULL && fields.hash->volatile_count > 0;
    reply_array(call, options.list.count);
    for (size_t i = 0; i < options.list.count; i++) {
        ptrdiff_t place = reply_value(&fields, field_at(call, &options.list, i));
        if (place == HASH_NONE) continue;
        changed += getex_change(call, &options, fields.hash, (size_t)place, is_past);
    }
    fields_announce(&fields);
    if (fields.hash != NULL) hash_settle(call, key, is_past && had_volatile);
    if (changed > 0) return getex_announce(&fields, &options, is_past);
    fields_drop_emptied(&fields);
    return TTL_OK;
}

/* ---- HSETEX */

/* Do the conditions hold? Redis reclaims the dead fields that it meets; an emptied hash stays only
 * if it is written to. */
static bool setex_may(struct fields *fields, const struct field_options *options) {
    struct call *call = fields->call;
    bool exists = fields->key.record != NULL;
    RULE("hsetex.fnx", "hsetex.fxx", "hsetex.key-conditions");
    if ((options->only_new && exists) || (options->only_present && !exists)) return false;
    if (!options->only_new_fields && !options->only_present_fields) return true;
    bool holds = true;
    for (size_t i = 0; i < options->list.count && holds; i++) {
        bool found = fields_find(fields, field_at(call, &options->list, i)) != HASH_NONE;
        holds = found == options->only_present_fields;
    }
    fields_announce(fields);
    if (!holds) fields_drop_emptied(fields);
    return holds;
}

/* The fields with their new deadlines. NULL: no memory. */
static struct collection *setex_batch(struct call *call, const struct field_options *options) {
    struct memory *memory = &call->engine->memory;
    const struct field_list *list = &options->list;
    struct collection *batch = collection_new(memory, list->count);
    for (size_t i = 0; batch != NULL && i < list->count; i++) {
        struct member member = {.bytes = field_at(call, list, i),
                                .value = call->argv[list->first + i * list->step + 1]};
        if (collection_append_copy(memory, batch, &member) == TTL_OK) continue;
        collection_free(memory, batch);
        return NULL;
    }
    return batch;
}

/* A field of the batch takes the deadline that it is to have: none that has passed, since it goes
 * again. With KEEPTTL that is the present one,
 * in Redis even of a field that is dead. */
static void setex_choose_deadline(const struct call *call, const struct field_options *options,
                                  bool is_past, const struct collection *hash,
                                  struct member *field) {
    if (options->has_deadline && !is_past) {
        field->is_volatile = true;
        field->deadline_ms = options->deadline.ms;
        field->origin = options->deadline.origin;
    }
    size_t place = options->keep_deadline ? collection_find(hash, field->bytes) : hash->count;
    if (place == hash->count || !hash->members[place].is_volatile) return;
    const struct member *present = &hash->members[place];
    RULE("hsetex.keepttl");
    bool over = call_has(call, TRAIT_FIELD_WRITE_ENDS_EARLY) &&
                !call->session->options.is_primary &&
                deadline_has_come(call->engine, member_deadline(present));
    if (over) return;
    if (call->engine->timeline != NULL && field_is_dead(call, hash, place))
        call_leave_open(call,
                        "KEEPTTL finds a field that is dead: whether it had been reclaimed is "
                        "the server's own affair");
    field->is_volatile = true;
    field->deadline_ms = present->deadline_ms;
    field->origin = present->origin;
}

/* The deadline had passed when it was given: the fields go again, as soon as they are there. */
static ttl_status setex_past(struct call *call, const struct field_options *options,
                             const struct edit *edit, bool had_volatile) {
    struct collection *hash = edit->collection;
    RULE("hsetex.past-deletes");
    for (size_t i = 0; i < options->list.count; i++) {
        size_t place = collection_find(hash, field_at(call, &options->list, i));
        if (place < hash->count) hash_take(call, hash, place, true);
    }
    hash_settle(call, edit->key, had_volatile);
    announce_removal(call, edit->name, edit->key, hash_past_event(call));
    return reply_integer(call, 1);
}

static void setex_tell(struct call *call, const struct field_options *options,
                       const struct collection *hash) {
    RULE("hsetex.arms");
    for (size_t i = 0; i < options->list.count; i++) {
        size_t place = collection_find(hash, field_at(call, &options->list, i));
        const struct member *field = &hash->members[place];
        ttl_instant deadline = member_deadline(field);
        change_tell_field_value(call, field->bytes, field->value,
                                field->is_volatile ? &deadline : NULL);
    }
}

static ttl_status setex_write(struct call *call, struct key key,
                              const struct field_options *options) {
    struct memory *memory = &call->engine->memory;
    struct hash_written written = {0};
    struct edit edit;
    bool is_past = options->has_deadline && deadline_is_not_ahead(call->engine, options->deadline);
    struct collection *batch = setex_batch(call, options);
    if (batch == NULL) return TTL_NO_MEMORY;
    if (edit_begin(&edit, call, call->argv[1], key, VALUE_HASH, batch->count) != TTL_OK) {
        collection_free(memory, batch);
        return TTL_NO_MEMORY;
    }
    if (due_reserve(memory, &call->db->due, edit.collection) != TTL_OK) {
        edit_abandon(&edit);
        collection_free(memory, batch);
        return TTL_NO_MEMORY;
    }
    bool had_volatile = edit.collection->volatile_count > 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct member field = member_move(&batch->members[i]);
        setex_choose_deadline(call, options, is_past, edit.collection, &field);
        hash_put(call, edit.collection, field, &written);
    }
    collection_free(memory, batch);
    if (is_past) written.expired = 0; /* they are announced when they go */
    hash_commit(&edit, &written, "hset");
    if (options->has_deadline && (!is_past || !call_has(call, TRAIT_FIELD_PAST_IS_HDEL)))
        db_announce(call, EVENT_HASH, "hexpire", edit.name);
    if (is_past) return setex_past(call, options, &edit, had_volatile);
    setex_tell(call, options, edit.collection);
    return reply_integer(call, 1);
}

ttl_status hsetex_command(struct call *call) {
    struct field_options options;
    struct fields fields;
    struct key key;
    if (!field_options_parse(call, true, &options)) return TTL_OK;
    if (!call_write(call, VALUE_HASH, &key)) return TTL_OK;
    if (!field_options_read_deadline(call, &options)) return TTL_OK;
    fields_open(&fields, call, key);
    if (!setex_may(&fields, &options)) return reply_integer(call, 0);
    return setex_write(call, key, &options);
}
