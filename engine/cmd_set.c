/* Sets. */
#include "engine/change.h"
#include "engine/db.h"
#include "engine/edit.h"
#include "engine/engine.h"
#include "engine/rule.h"

/* ---- order: by value while all members are integers, by insertion from then on */

/* The place of an integer in a set of integers. */
static size_t set_place_of(const struct collection *set, int64_t value) {
    size_t place = 0;
    for (int64_t other; place < set->count; place++)
        if (!argument_integer(set->members[place].bytes, &other) || other > value) break;
    return place;
}

void set_insert(struct collection *set, struct member member) {
    int64_t value;
    set->only_integers = set->only_integers && argument_integer(member.bytes, &value);
    collection_insert(set, set->only_integers ? set_place_of(set, value) : set->count, member);
}

/* ---- adding and removing */

static bool set_has_all(const struct call *call, struct key key) {
    if (key.record == NULL) return false;
    const struct collection *set = key_collection(key);
    for (size_t i = 2; i < call->argc; i++)
        if (!collection_has(set, call->argv[i])) return false;
    return true;
}

ttl_status sadd_command(struct call *call) {
    ttl_bytes name = call->argv[1];
    struct memory *memory = &call->engine->memory;
    int64_t added = 0;
    struct key key;
    if (!call_write(call, VALUE_SET, &key)) return TTL_OK;
    if (set_has_all(call, key)) return reply_integer(call, 0);
    struct collection *batch = batch_of_arguments(call, 2, 1);
    if (batch == NULL) return TTL_NO_MEMORY;
    struct edit edit;
    if (edit_begin(&edit, call, name, key, VALUE_SET, batch->count) != TTL_OK) {
        collection_free(memory, batch);
        return TTL_NO_MEMORY;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (collection_has(edit.collection, batch->members[i].bytes)) continue;
        set_insert(edit.collection, member_move(&batch->members[i]));
        added++;
    }
    collection_free(memory, batch);
    edit_commit(&edit);
    db_announce(call, EVENT_SET, "sadd", name);
    return reply_integer(call, added);
}

ttl_status srem_command(struct call *call) {
    int64_t removed = 0;
    struct key key;
    if (!call_write(call, VALUE_SET, &key)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, 0);
    struct collection *set = key_collection(key);
    for (size_t i = 2; i < call->argc; i++) {
        size_t place = collection_find(set, call->argv[i]);
        if (place == set->count) continue;
        collection_remove(&call->engine->memory, set, place, 1);
        removed++;
    }
    if (removed > 0) announce_removal(call, call->argv[1], key, "srem");
    return reply_integer(call, removed);
}

/* ---- SPOP */

/* Takes `count` members, drawn at random, out of the set. */
static void set_draw(ttl_engine *engine, struct collection *set, size_t count,
                     struct collection *drawn) {
    bool all = count == set->count;
    while (drawn->count < count) {
        size_t place = all ? 0 : (size_t)(engine_random(engine) % set->count);
        collection_insert(drawn, drawn->count, collection_take(set, place));
    }
}

/* Which members were drawn is chance: replicas are told to remove these. */
static void tell_drawn(struct call *call, const struct collection *drawn) {
    RULE("replica.loses-what-was-drawn");
    for (size_t i = 0; i < drawn->count; i++)
        change_tell(
            call, 3,
            (const ttl_bytes[]){ttl_bytes_of("SREM"), call->argv[1], drawn->members[i].bytes});
}

static ttl_status set_pop(struct call *call, struct key key, size_t count) {
    struct memory *memory = &call->engine->memory;
    struct collection *drawn = collection_new(memory, count);
    if (drawn == NULL) return TTL_NO_MEMORY;
    if (count < key_collection(key)->count)
        call_leave_open(call, "SPOP was not answered, or ran in a script: which members it drew "
                              "is not known");
    set_draw(call->engine, key_collection(key), count, drawn);
    tell_drawn(call, drawn);
    announce_removal(call, call->argv[1], key, "spop");
    for (size_t i = 0; i < count; i++) reply_bulk(call, drawn->members[i].bytes);
    collection_free(memory, drawn);
    return TTL_OK;
}

static bool spop_count(struct call *call, int64_t *count) {
    bool is_integer = argument_integer(call->argv[2], count);
    if (is_integer && *count >= 0) return true;
    RULE("spop.bad-count");
    if (!call_has(call, TRAIT_SPOP_COUNT_IS_INDEX))
        reply_error(call, "ERR value is out of range, must be positive");
    else if (is_integer) reply_error(call, "ERR index out of range");
    else reply_not_integer(call);
    return false;
}

static ttl_status spop_with_count(struct call *call) {
    int64_t wanted;
    struct key key;
    if (!spop_count(call, &wanted)) return TTL_OK;
    if (!call_write(call, VALUE_SET, &key)) return TTL_OK;
    size_t size = key.record == NULL ? 0 : key_collection(key)->count;
    size_t count = (uint64_t)wanted < size ? (size_t)wanted : size;
    ttl_reply_add_node(call->reply, TTL_REPLY_SET, count);
    return count == 0 ? TTL_OK : set_pop(call, key, count);
}

ttl_status spop_command(struct call *call) {
    struct key key;
    if (call->argc == 3) return spop_with_count(call);
    if (call->argc > 3) return reply_syntax_error(call);
    if (!call_write(call, VALUE_SET, &key)) return TTL_OK;
    return key.record == NULL ? reply_nil(call) : set_pop(call, key, 1);
}

/* ---- looking */

ttl_status scard_command(struct call *call) {
    const struct collection *set;
    if (!call_read(call, VALUE_SET, &set)) return TTL_OK;
    return reply_integer(call, set == NULL ? 0 : (int64_t)set->count);
}

ttl_status sismember_command(struct call *call) {
    const struct collection *set;
    if (!call_read(call, VALUE_SET, &set)) return TTL_OK;
    return reply_integer(call, set != NULL && collection_has(set, call->argv[2]));
}

ttl_status smembers_command(struct call *call) {
    const struct collection *set;
    if (!call_read(call, VALUE_SET, &set)) return TTL_OK;
    size_t count = set == NULL ? 0 : set->count;
    ttl_reply_add_node(call->reply, TTL_REPLY_SET, count);
    for (size_t i = 0; i < count; i++) reply_bulk(call, set->members[i].bytes);
    return TTL_OK;
}

/* ---- SINTERSTORE, SUNIONSTORE, SDIFFSTORE */

enum set_operation { SET_INTERSECTION, SET_UNION, SET_DIFFERENCE };

static const char *const store_events[] = {
    [SET_INTERSECTION] = "sinterstore",
    [SET_UNION] = "sunionstore",
    [SET_DIFFERENCE] = "sdiffstore",
};

/* The set that argument `index` names; NULL: no such key. All were looked up already, so no look
 * at the time is needed: what was dead is gone. */
static const struct collection *source_at(const struct call *call, size_t index) {
    struct key key = keyspace_find(&call->db->keyspace, call->argv[index]);
    return key.record == NULL ? NULL : key_collection(key);
}

static bool sources_check(struct call *call) {
    for (size_t i = 2; i < call->argc; i++)
        if (!db_check_type(call, source_lookup(call, call->argv[i]), VALUE_SET)) return false;
    return true;
}

/* Does the member, of the source at `from`, belong to the result? */
static bool result_wants(const struct call *call, enum set_operation operation, size_t from,
                         ttl_bytes bytes) {
    for (size_t i = 2; i < call->argc; i++) {
        if (i == from) continue;
        const struct collection *other = source_at(call, i);
        bool has = other != NULL && collection_has(other, bytes);
        if (operation == SET_INTERSECTION && !has) return false;
        if (operation == SET_DIFFERENCE && has) return false;
    }
    return true;
}

static ttl_status result_add(struct call *call, struct collection *result,
                             enum set_operation operation, size_t from) {
    struct memory *memory = &call->engine->memory;
    const struct collection *source = source_at(call, from);
    for (size_t i = 0; source != NULL && i < source->count; i++) {
        const struct member *member = &source->members[i];
        if (collection_has(result, member->bytes)) continue;
        if (operation != SET_UNION && !result_wants(call, operation, from, member->bytes)) continue;
        struct member copy;
        if (collection_reserve(memory, result, 1) != TTL_OK) return TTL_NO_MEMORY;
        if (member_copy(memory, member, &copy) != TTL_OK) return TTL_NO_MEMORY;
        set_insert(result, copy);
    }
    return TTL_OK;
}

/* An intersection goes through its smallest source, as the servers do: that decides the order of
 * its members. */
static size_t sources_smallest(const struct call *call) {
    size_t smallest = 2, least = SIZE_MAX;
    for (size_t i = 2; i < call->argc; i++) {
        const struct collection *source = source_at(call, i);
        size_t count = source == NULL ? 0 : source->count;
        if (count >= least) continue;
        least = count;
        smallest = i;
    }
    return smallest;
}

static ttl_status result_fill(struct call *call, struct collection *result,
                              enum set_operation operation) {
    if (operation == SET_INTERSECTION)
        return result_add(call, result, operation, sources_smallest(call));
    size_t last = operation == SET_UNION ? call->argc - 1 : 2;
    for (size_t i = 2; i <= last; i++)
        if (result_add(call, result, operation, i) != TTL_OK) return TTL_NO_MEMORY;
    return TTL_OK;
}

static ttl_status store_generic(struct call *call, enum set_operation operation) {
    struct memory *memory = &call->engine->memory;
    if (!sources_check(call)) return TTL_OK;
    struct collection *result = collection_new(memory, 0);
    if (result == NULL) return TTL_NO_MEMORY;
    if (result_fill(call, result, operation) == TTL_OK)
        return store_collection(call, call->argv[1], VALUE_SET, result, store_events[operation]);
    collection_free(memory, result);
    return TTL_NO_MEMORY;
}

ttl_status sinterstore_command(struct call *call) {
    return store_generic(call, SET_INTERSECTION);
}

ttl_status sunionstore_command(struct call *call) {
    return store_generic(call, SET_UNION);
}

ttl_status sdiffstore_command(struct call *call) {
    return store_generic(call, SET_DIFFERENCE);
}
