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

ttl_status smismember_command(struct call *call) {
    const struct collection *set;
    if (!call_read(call, VALUE_SET, &set)) return TTL_OK;
    reply_array(call, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++)
        reply_integer(call, set != NULL && collection_has(set, call->argv[i]));
    return TTL_OK;
}

ttl_status smembers_command(struct call *call) {
    const struct collection *set;
    if (!call_read(call, VALUE_SET, &set)) return TTL_OK;
    size_t count = set == NULL ? 0 : set->count;
    ttl_reply_add_node(call->reply, TTL_REPLY_SET, count);
    for (size_t i = 0; i < count; i++) reply_bulk(call, set->members[i].bytes);
    return TTL_OK;
}

/* ---- SMOVE */

/* Adds the member to the set of `to`, or to a new one; nothing changes where it has it already. */
static void smove_add(struct call *call, struct edit *edit, struct member member) {
    ttl_bytes name = call->argv[2];
    if (!edit->is_new && collection_has(edit->collection, member.bytes)) {
        member_release(&call->engine->memory, &member);
        return;
    }
    set_insert(edit->collection, member);
    edit_commit(edit);
    db_announce(call, EVENT_SET, "sadd", name);
}

/* What makes room comes before the first change. */
static ttl_status smove_run(struct call *call, struct key from, struct key to, size_t place) {
    struct edit edit;
    if (edit_begin(&edit, call, call->argv[2], to, VALUE_SET, 1) != TTL_OK) return TTL_NO_MEMORY;
    struct member member = collection_take(key_collection(from), place);
    RULE("smove.keeps-both-deadlines", "smove.is-a-change-of-both", "event.smove");
    announce_removal(call, call->argv[1], from, "srem");
    smove_add(call, &edit, member);
    return reply_integer(call, 1);
}

ttl_status smove_command(struct call *call) {
    struct key from = db_write(call, call->argv[1]);
    struct key to = db_write(call, call->argv[2]);
    RULE("smove.error-order");
    if (from.record == NULL) return reply_integer(call, 0);
    if (!db_check_type(call, from, VALUE_SET) || !db_check_type(call, to, VALUE_SET)) return TTL_OK;
    const struct collection *set = key_collection(from);
    size_t place = collection_find(set, call->argv[3]);
    if (place == set->count) return reply_integer(call, 0);
    if (from.record == to.record) return reply_integer(call, 1);
    return smove_run(call, from, to, place);
}

/* ---- several sets at once */

enum set_operation { SET_INTERSECTION, SET_UNION, SET_DIFFERENCE };

static const char *const store_events[] = {
    [SET_INTERSECTION] = "sinterstore",
    [SET_UNION] = "sunionstore",
    [SET_DIFFERENCE] = "sdiffstore",
};

/* The sets that some arguments name, and what is to come of them. */
struct sources {
    enum set_operation operation;
    bool is_read; /* by a command that stores nothing */
    size_t first, count;
    const struct collection **sets; /* NULL: no such key */
};

static bool sources_look_up(struct call *call, struct sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        ttl_bytes name = call->argv[sources->first + i];
        struct key key = sources->is_read ? db_read(call, name) : source_lookup(call, name);
        if (!db_check_type(call, key, VALUE_SET)) return false;
        sources->sets[i] = key.record == NULL ? NULL : key_collection(key);
    }
    return true;
}

/* Does the member, of the source `from`, belong to the result? */
static bool result_wants(const struct sources *sources, size_t from, ttl_bytes bytes) {
    for (size_t i = 0; i < sources->count; i++) {
        if (i == from) continue;
        const struct collection *other = sources->sets[i];
        bool has = other != NULL && collection_has(other, bytes);
        if (sources->operation == SET_INTERSECTION && !has) return false;
        if (sources->operation == SET_DIFFERENCE && has) return false;
    }
    return true;
}

static ttl_status result_add(struct memory *memory, struct collection *result,
                             const struct sources *sources, size_t from) {
    const struct collection *source = sources->sets[from];
    for (size_t i = 0; source != NULL && i < source->count; i++) {
        const struct member *member = &source->members[i];
        if (collection_has(result, member->bytes)) continue;
        if (sources->operation != SET_UNION && !result_wants(sources, from, member->bytes))
            continue;
        struct member copy;
        if (collection_reserve(memory, result, 1) != TTL_OK) return TTL_NO_MEMORY;
        if (member_copy(memory, member, &copy) != TTL_OK) return TTL_NO_MEMORY;
        set_insert(result, copy);
    }
    return TTL_OK;
}

/* An intersection goes through its smallest source, as the servers do: that decides the order of
 * its members. */
static size_t sources_smallest(const struct sources *sources) {
    size_t smallest = 0, least = SIZE_MAX;
    for (size_t i = 0; i < sources->count; i++) {
        size_t count = sources->sets[i] == NULL ? 0 : sources->sets[i]->count;
        if (count >= least) continue;
        least = count;
        smallest = i;
    }
    return smallest;
}

static ttl_status result_fill(struct memory *memory, struct collection *result,
                              const struct sources *sources) {
    if (sources->operation == SET_INTERSECTION)
        return result_add(memory, result, sources, sources_smallest(sources));
    size_t count = sources->operation == SET_UNION ? sources->count : 1;
    for (size_t i = 0; i < count; i++)
        if (result_add(memory, result, sources, i) != TTL_OK) return TTL_NO_MEMORY;
    return TTL_OK;
}

/* Works out what comes of the sources; `*result` is NULL when the answer has been given. */
static ttl_status sources_combine(struct call *call, struct sources *sources,
                                  struct collection **result) {
    struct memory *memory = &call->engine->memory;
    size_t size = sources->count * sizeof *sources->sets;
    ttl_status status = TTL_OK;
    *result = NULL;
    sources->sets = memory_take(memory, size);
    if (sources->sets == NULL) return TTL_NO_MEMORY;
    if (sources_look_up(call, sources)) {
        *result = collection_new(memory, 0);
        status = *result == NULL ? TTL_NO_MEMORY : result_fill(memory, *result, sources);
    }
    if (status != TTL_OK && *result != NULL) collection_free(memory, *result);
    memory_give(memory, sources->sets, size);
    return status;
}

static ttl_status store_generic(struct call *call, enum set_operation operation) {
    struct sources sources = {operation, false, 2, call->argc - 2, NULL};
    struct collection *result;
    ttl_status status = sources_combine(call, &sources, &result);
    if (status != TTL_OK || result == NULL) return status;
    return store_collection(call, call->argv[1], VALUE_SET, result, store_events[operation]);
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

static ttl_status read_generic(struct call *call, enum set_operation operation) {
    struct sources sources = {operation, true, 1, call->argc - 1, NULL};
    struct collection *result;
    ttl_status status = sources_combine(call, &sources, &result);
    if (status != TTL_OK || result == NULL) return status;
    ttl_reply_add_node(call->reply, TTL_REPLY_SET, result->count);
    for (size_t i = 0; i < result->count; i++) reply_bulk(call, result->members[i].bytes);
    collection_free(&call->engine->memory, result);
    return TTL_OK;
}

ttl_status sinter_command(struct call *call) {
    return read_generic(call, SET_INTERSECTION);
}

ttl_status sunion_command(struct call *call) {
    return read_generic(call, SET_UNION);
}

ttl_status sdiff_command(struct call *call) {
    return read_generic(call, SET_DIFFERENCE);
}

/* ---- SINTERCARD */

/* numkeys key [key ...] [LIMIT limit]; false: the answer has been given. */
static bool intercard_parse(struct call *call, struct sources *sources, int64_t *limit) {
    int64_t keys = 0;
    const char *error = NULL;
    if (!argument_integer(call->argv[1], &keys) || keys < 1)
        error = "ERR numkeys should be greater than 0";
    else if ((uint64_t)keys > call->argc - 2)
        error = "ERR Number of keys can't be greater than number of args";
    *sources = (struct sources){SET_INTERSECTION, true, 2, (size_t)keys, NULL};
    for (size_t i = 2 + (size_t)keys; error == NULL && i < call->argc; i += 2) {
        if (i + 1 == call->argc || !call_is_word(call, i, "LIMIT")) error = "ERR syntax error";
        else if (!argument_integer(call->argv[i + 1], limit) || *limit < 0)
            error = "ERR LIMIT can't be negative";
    }
    if (error != NULL) reply_error(call, error);
    return error == NULL;
}

ttl_status sintercard_command(struct call *call) {
    struct sources sources;
    struct collection *result;
    int64_t limit = 0;
    if (!intercard_parse(call, &sources, &limit)) return TTL_OK;
    ttl_status status = sources_combine(call, &sources, &result);
    if (status != TTL_OK || result == NULL) return status;
    int64_t count = (int64_t)result->count;
    collection_free(&call->engine->memory, result);
    return reply_integer(call, limit > 0 && limit < count ? limit : count);
}
