/* Hashes. */
#include "engine/db.h"
#include "engine/edit.h"
#include "engine/number.h"

/* ---- writing */

/* Moves a field into the hash, which has room for it; true: it is a new one. */
static bool hash_put(struct memory *memory, struct collection *hash, struct member field) {
    size_t place = collection_find(hash, field.bytes);
    if (place == hash->count) {
        collection_insert(hash, place, field);
        return true;
    }
    member_release(memory, &hash->members[place]);
    hash->members[place] = field;
    return false;
}

static ttl_status hash_set(struct call *call, int64_t *created) {
    ttl_bytes name = call->argv[1];
    struct memory *memory = &call->engine->memory;
    struct key key = db_write(call, name);
    struct collection *batch = batch_of_arguments(call, 2, 2);
    if (batch == NULL) return TTL_NO_MEMORY;
    struct edit edit;
    if (edit_begin(&edit, call, name, key, VALUE_HASH, batch->count) != TTL_OK) {
        collection_free(memory, batch);
        return TTL_NO_MEMORY;
    }
    for (size_t i = 0; i < batch->count; i++)
        *created += hash_put(memory, edit.collection, member_move(&batch->members[i]));
    collection_free(memory, batch);
    edit_commit(&edit);
    db_announce(call, EVENT_HASH, "hset", name);
    return TTL_OK;
}

/* What stands before the writing in HSET and HMSET; false: the answer has been given. */
static bool hash_may_set(struct call *call) {
    struct key key;
    if (call->argc % 2 == 0) return call_write(call, VALUE_HASH, &key);
    reply_wrong_arity(call);
    return false;
}

ttl_status hset_command(struct call *call) {
    int64_t created = 0;
    if (!hash_may_set(call)) return TTL_OK;
    if (hash_set(call, &created) != TTL_OK) return TTL_NO_MEMORY;
    return reply_integer(call, created);
}

ttl_status hmset_command(struct call *call) {
    int64_t created = 0;
    if (!hash_may_set(call)) return TTL_OK;
    if (hash_set(call, &created) != TTL_OK) return TTL_NO_MEMORY;
    return reply_ok(call);
}

ttl_status hdel_command(struct call *call) {
    int64_t removed = 0;
    struct key key;
    if (!call_write(call, VALUE_HASH, &key)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, 0);
    struct collection *hash = key_collection(key);
    for (size_t i = 2; i < call->argc; i++) {
        size_t place = collection_find(hash, call->argv[i]);
        if (place == hash->count) continue;
        collection_remove(&call->engine->memory, hash, place, 1);
        removed++;
    }
    if (removed > 0) announce_removal(call, call->argv[1], key, "hdel");
    return reply_integer(call, removed);
}

/* The number in a field, 0 where there is none; false: the answer has been given. */
static bool hash_counter(struct call *call, struct key key, ttl_bytes field, int64_t *value) {
    *value = 0;
    if (key.record == NULL) return true;
    const struct collection *hash = key_collection(key);
    size_t place = collection_find(hash, field);
    if (place == hash->count) return true;
    if (argument_integer(hash->members[place].value, value)) return true;
    reply_error(call, "ERR hash value is not an integer");
    return false;
}

ttl_status hincrby_command(struct call *call) {
    ttl_bytes name = call->argv[1], field = call->argv[2];
    struct memory *memory = &call->engine->memory;
    int64_t amount, value;
    struct key key;
    if (!call_integer(call, 3, &amount)) return TTL_OK;
    if (!call_write(call, VALUE_HASH, &key)) return TTL_OK;
    if (!hash_counter(call, key, field, &value)) return TTL_OK;
    if ((amount < 0 && value < INT64_MIN - amount) || (amount > 0 && value > INT64_MAX - amount))
        return reply_error(call, "ERR increment or decrement would overflow");
    value += amount;
    char text[NUMBER_INTEGER_ROOM];
    struct member wanted = {field, {text, number_format_integer(value, text)}, 0}, copy;
    struct edit edit;
    if (member_copy(memory, &wanted, &copy) != TTL_OK) return TTL_NO_MEMORY;
    if (edit_begin(&edit, call, name, key, VALUE_HASH, 1) != TTL_OK) {
        member_release(memory, &copy);
        return TTL_NO_MEMORY;
    }
    hash_put(memory, edit.collection, copy);
    edit_commit(&edit);
    db_announce(call, EVENT_HASH, "hincrby", name);
    return reply_integer(call, value);
}

/* ---- looking */

/* The field's member; NULL: none of that name, or no hash at all. */
static const struct member *hash_field(const struct collection *hash, ttl_bytes field) {
    if (hash == NULL) return NULL;
    size_t place = collection_find(hash, field);
    return place == hash->count ? NULL : &hash->members[place];
}

static ttl_status reply_field(struct call *call, const struct member *member) {
    return member == NULL ? reply_nil(call) : reply_bulk(call, member->value);
}

ttl_status hget_command(struct call *call) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    return reply_field(call, hash_field(hash, call->argv[2]));
}

ttl_status hmget_command(struct call *call) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    reply_array(call, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++) reply_field(call, hash_field(hash, call->argv[i]));
    return TTL_OK;
}

ttl_status hexists_command(struct call *call) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    return reply_integer(call, hash_field(hash, call->argv[2]) != NULL);
}

ttl_status hlen_command(struct call *call) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    return reply_integer(call, hash == NULL ? 0 : (int64_t)hash->count);
}

ttl_status hgetall_command(struct call *call) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    size_t count = hash == NULL ? 0 : hash->count;
    ttl_reply_add_node(call->reply, TTL_REPLY_MAP, 2 * count);
    for (size_t i = 0; i < count; i++) {
        reply_bulk(call, hash->members[i].bytes);
        reply_bulk(call, hash->members[i].value);
    }
    return TTL_OK;
}

ttl_status hkeys_command(struct call *call) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    size_t count = hash == NULL ? 0 : hash->count;
    reply_array(call, count);
    for (size_t i = 0; i < count; i++) reply_bulk(call, hash->members[i].bytes);
    return TTL_OK;
}

ttl_status hvals_command(struct call *call) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    size_t count = hash == NULL ? 0 : hash->count;
    reply_array(call, count);
    for (size_t i = 0; i < count; i++) reply_bulk(call, hash->members[i].value);
    return TTL_OK;
}
