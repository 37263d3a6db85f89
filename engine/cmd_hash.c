/* Hashes: writing fields, and looking them up one by one. */
#include <math.h>

#include "engine/change.h"
#include "engine/db.h"
#include "engine/hash.h"
#include "engine/number.h"
#include "engine/rule.h"

/* ---- writing */

static ttl_status hash_set(struct call *call, struct hash_written *written) {
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
        hash_put(call, edit.collection, member_move(&batch->members[i]), written);
    collection_free(memory, batch);
    hash_commit(&edit, written, "hset");
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
    struct hash_written written = {0};
    if (!hash_may_set(call)) return TTL_OK;
    if (hash_set(call, &written) != TTL_OK) return TTL_NO_MEMORY;
    return reply_unsure(call, written.created, written.unsure);
}

ttl_status hmset_command(struct call *call) {
    struct hash_written written = {0};
    if (!hash_may_set(call)) return TTL_OK;
    if (hash_set(call, &written) != TTL_OK) return TTL_NO_MEMORY;
    return reply_ok(call);
}

/* Writes one field, with the deadline that `field` has. On TTL_NO_MEMORY nothing has changed. */
static ttl_status hash_set_one(struct call *call, struct key key, const struct member *field,
                               const char *event) {
    struct memory *memory = &call->engine->memory;
    struct hash_written written = {0};
    struct member copy;
    struct edit edit;
    if (member_copy(memory, field, &copy) != TTL_OK) return TTL_NO_MEMORY;
    if (edit_begin(&edit, call, call->argv[1], key, VALUE_HASH, 1) != TTL_OK) {
        member_release(memory, &copy);
        return TTL_NO_MEMORY;
    }
    hash_put(call, edit.collection, copy, &written);
    hash_commit(&edit, &written, event);
    return TTL_OK;
}

/* Valkey, whose reads reclaim nothing, tells what came of it: a replica may have the dead field. */
static void tell_one(struct call *call, const struct member *field, bool was_volatile) {
    if (!was_volatile || call_has(call, TRAIT_FIELD_READ_RECLAIMS)) return;
    RULE("hash-field.replica-follows");
    ttl_instant deadline = {0, TTL_ORIGIN_EPOCH};
    if (field->is_volatile) deadline = member_deadline(field);
    change_tell_field_value(call, field->bytes, field->value,
                            field->is_volatile ? &deadline : NULL);
}

/* The field as it is before HINCRBY and its like write it: with its value and its deadline if it
 * lives, empty if there is none. `was_volatile`: it has, or had, a deadline. */
struct present {
    struct key key;
    struct member field;
    bool exists, was_volatile;
};

static bool hash_present(struct call *call, struct present *present) {
    struct fields fields;
    if (!call_write(call, VALUE_HASH, &present->key)) return false;
    fields_open(&fields, call, present->key);
    ttl_bytes name = call->argv[2];
    present->field = (struct member){.bytes = name};
    size_t place = fields.hash == NULL ? 0 : collection_find(fields.hash, name);
    present->was_volatile = fields.hash != NULL && place < fields.hash->count &&
                            fields.hash->members[place].is_volatile;
    ptrdiff_t living = fields_find(&fields, name);
    if (living != HASH_NONE) present->field = fields.hash->members[living];
    fields_close(&fields);
    present->key = fields.key;
    present->field.bytes = name;
    present->exists = living != HASH_NONE;
    return true;
}

ttl_status hsetnx_command(struct call *call) {
    struct present present;
    if (!hash_present(call, &present)) return TTL_OK;
    if (present.exists) return reply_integer(call, 0);
    present.field.value = call->argv[3];
    if (hash_set_one(call, present.key, &present.field, "hset") != TTL_OK) return TTL_NO_MEMORY;
    tell_one(call, &present.field, present.was_volatile);
    return reply_integer(call, 1);
}

ttl_status hdel_command(struct call *call) {
    int64_t removed = 0, unsure = 0;
    struct key key;
    if (!call_write(call, VALUE_HASH, &key)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, 0);
    struct collection *hash = key_collection(key);
    bool had_volatile = hash->volatile_count > 0;
    for (size_t i = 2; i < call->argc; i++) {
        size_t place = collection_find(hash, call->argv[i]);
        if (!hash_finds(call, hash, place)) continue;
        unsure += call->engine->timeline != NULL && field_is_dead(call, hash, place);
        if (had_volatile) hash_take(call, hash, place, false);
        else collection_remove(&call->engine->memory, hash, place, 1);
        removed++;
    }
    if (had_volatile) {
        RULE("hash-field.hdel-of-dead");
        hash_settle(call, key, true);
    }
    if (removed > 0) announce_removal(call, call->argv[1], key, "hdel");
    return reply_unsure(call, removed - unsure, unsure);
}

/* ---- counters */

/* Writes what has become of the field, and tells it. */
static ttl_status counter_set(struct call *call, struct present *present, ttl_bytes value,
                              const char *event) {
    if (present->was_volatile) RULE("hash-field.in-place-keeps");
    present->field.value = value;
    if (hash_set_one(call, present->key, &present->field, event) != TTL_OK) return TTL_NO_MEMORY;
    tell_one(call, &present->field, present->was_volatile);
    return TTL_OK;
}

ttl_status hincrby_command(struct call *call) {
    int64_t amount, value = 0;
    struct present present;
    if (!call_integer(call, 3, &amount)) return TTL_OK;
    if (!hash_present(call, &present)) return TTL_OK;
    if (present.exists && !argument_integer(present.field.value, &value))
        return reply_error(call, "ERR hash value is not an integer");
    if ((amount < 0 && value < INT64_MIN - amount) || (amount > 0 && value > INT64_MAX - amount))
        return reply_error(call, "ERR increment or decrement would overflow");
    value += amount;
    char text[NUMBER_INTEGER_ROOM];
    ttl_bytes written = {text, number_format_integer(value, text)};
    if (counter_set(call, &present, written, "hincrby") != TTL_OK) return TTL_NO_MEMORY;
    return reply_integer(call, value);
}

/* The sum is no number. Old servers have made a hash by then, and leave it there without fields. */
static ttl_status reply_no_sum(struct call *call, struct key key) {
    struct edit edit;
    RULE("hincrbyfloat.infinite");
    if (key.record == NULL && call_has(call, TRAIT_HINCRBYFLOAT_INFINITE_IS_LATE)) {
        if (edit_begin(&edit, call, call->argv[1], key, VALUE_HASH, 0) != TTL_OK)
            return TTL_NO_MEMORY;
        edit_commit(&edit);
    }
    return reply_error(call, "ERR increment would produce NaN or Infinity");
}

ttl_status hincrbyfloat_command(struct call *call) {
    long double amount, value = 0;
    struct present present;
    if (!number_parse_long_double(call->argv[3], &amount))
        return reply_error(call, "ERR value is not a valid float");
    if (isinf(amount) && !call_has(call, TRAIT_HINCRBYFLOAT_INFINITE_IS_LATE))
        return reply_error(call, "ERR value is NaN or Infinity");
    if (!hash_present(call, &present)) return TTL_OK;
    if (present.exists && !number_parse_long_double(present.field.value, &value))
        return reply_error(call, "ERR hash value is not a float");
    char text[NUMBER_LONG_DOUBLE_ROOM];
    size_t length = number_format_long_double(value + amount, text);
    if (length == 0) return reply_no_sum(call, present.key);
    ttl_bytes written = {text, length};
    if (counter_set(call, &present, written, "hincrbyfloat") != TTL_OK) return TTL_NO_MEMORY;
    return reply_bulk(call, written);
}

/* ---- looking */

/* Opens the hash of argument 1 for reading; false: the answer has been given. */
static bool fields_read(struct fields *fields, struct call *call) {
    struct key key = db_read(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_HASH)) return false;
    fields_open(fields, call, key);
    return true;
}

/* Answers the value of a field, nil where there is none. */
static ttl_status reply_field(struct fields *fields, ttl_bytes field) {
    ptrdiff_t place = fields_find(fields, field);
    return place == HASH_NONE ? reply_nil(fields->call)
                              : reply_bulk(fields->call, fields->hash->members[place].value);
}

ttl_status hget_command(struct call *call) {
    struct fields fields;
    if (!fields_read(&fields, call)) return TTL_OK;
    reply_field(&fields, call->argv[2]);
    fields_close(&fields);
    return TTL_OK;
}

ttl_status hmget_command(struct call *call) {
    struct fields fields;
    if (!fields_read(&fields, call)) return TTL_OK;
    reply_array(call, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++) reply_field(&fields, call->argv[i]);
    fields_close(&fields);
    return TTL_OK;
}

ttl_status hexists_command(struct call *call) {
    struct fields fields;
    if (!fields_read(&fields, call)) return TTL_OK;
    bool exists = fields_find(&fields, call->argv[2]) != HASH_NONE;
    fields_close(&fields);
    return reply_integer(call, exists);
}

ttl_status hstrlen_command(struct call *call) {
    struct fields fields;
    if (!fields_read(&fields, call)) return TTL_OK;
    ptrdiff_t place = fields_find(&fields, call->argv[2]);
    size_t length = place == HASH_NONE ? 0 : fields.hash->members[place].value.length;
    fields_close(&fields);
    return reply_integer(call, (int64_t)length);
}
