/* Lists. */
#include "engine/blocked.h"
#include "engine/change.h"
#include "engine/db.h"
#include "engine/edit.h"
#include "engine/rule.h"

enum list_end { LIST_LEFT, LIST_RIGHT };

static const char *const push_events[] = {[LIST_LEFT] = "lpush", [LIST_RIGHT] = "rpush"};
static const char *const pop_events[] = {[LIST_LEFT] = "lpop", [LIST_RIGHT] = "rpop"};

/* Where the next element of this end goes. */
static size_t list_place(const struct collection *list, enum list_end end) {
    return end == LIST_LEFT ? 0 : list->count;
}

/* ---- pushing */

static ttl_status push_generic(struct call *call, enum list_end end, bool only_if_there) {
    ttl_bytes name = call->argv[1];
    struct memory *memory = &call->engine->memory;
    struct key key;
    if (!call_write(call, VALUE_LIST, &key)) return TTL_OK;
    if (key.record == NULL && only_if_there) return reply_integer(call, 0);
    struct collection *batch = batch_of_arguments(call, 2, 1);
    if (batch == NULL) return TTL_NO_MEMORY;
    struct edit edit;
    if (edit_begin(&edit, call, name, key, VALUE_LIST, batch->count) != TTL_OK) {
        collection_free(memory, batch);
        return TTL_NO_MEMORY;
    }
    for (size_t i = 0; i < batch->count; i++)
        collection_insert(edit.collection, list_place(edit.collection, end),
                          member_move(&batch->members[i]));
    collection_free(memory, batch);
    edit_commit(&edit);
    db_announce(call, EVENT_LIST, push_events[end], name);
    return reply_integer(call, (int64_t)edit.collection->count);
}

ttl_status lpush_command(struct call *call) {
    return push_generic(call, LIST_LEFT, false);
}

ttl_status rpush_command(struct call *call) {
    return push_generic(call, LIST_RIGHT, false);
}

ttl_status lpushx_command(struct call *call) {
    return push_generic(call, LIST_LEFT, true);
}

ttl_status rpushx_command(struct call *call) {
    return push_generic(call, LIST_RIGHT, true);
}

/* ---- popping */

/* Reads the count of LPOP key count; false: the answer has been given. */
static bool pop_count(struct call *call, int64_t *count) {
    if (call->argc > 3) {
        reply_wrong_arity(call);
        return false;
    }
    if (!argument_integer(call->argv[2], count) || *count < 0) {
        reply_error(call, "ERR value is out of range, must be positive");
        return false;
    }
    RULE("lpop.count-zero");
    if (*count > 0 || !call_has(call, TRAIT_LPOP_COUNT_OF_NOTHING)) return true;
    ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
    return false;
}

static ttl_status reply_no_list(struct call *call, bool has_count) {
    bool is_plain = !has_count || call_has(call, TRAIT_LPOP_COUNT_OF_NOTHING);
    ttl_reply_add_node(call->reply, is_plain ? TTL_REPLY_NIL : TTL_REPLY_NIL_ARRAY, 0);
    return TTL_OK;
}

/* Answers so many elements of a list that has them, and takes them out. */
static ttl_status list_pop(struct call *call, ttl_bytes name, struct key key, enum list_end end,
                           size_t count) {
    struct collection *list = key_collection(key);
    for (size_t i = 0; i < count; i++)
        reply_bulk(call, list->members[end == LIST_LEFT ? i : list->count - 1 - i].bytes);
    if (call->reply->failed) return TTL_NO_MEMORY;
    if (count == 0) return TTL_OK;
    collection_remove(&call->engine->memory, list, end == LIST_LEFT ? 0 : list->count - count,
                      count);
    announce_removal(call, name, key, pop_events[end]);
    return TTL_OK;
}

static ttl_status pop_generic(struct call *call, enum list_end end) {
    ttl_bytes name = call->argv[1];
    bool has_count = call->argc > 2;
    int64_t wanted = 1;
    if (has_count && !pop_count(call, &wanted)) return TTL_OK;
    struct key key;
    if (!call_write(call, VALUE_LIST, &key)) return TTL_OK;
    if (key.record == NULL) return reply_no_list(call, has_count);
    const struct collection *list = key_collection(key);
    size_t count = (uint64_t)wanted < list->count ? (size_t)wanted : list->count;
    if (has_count) reply_array(call, count);
    return list_pop(call, name, key, end, count);
}

ttl_status lpop_command(struct call *call) {
    return pop_generic(call, LIST_LEFT);
}

ttl_status rpop_command(struct call *call) {
    return pop_generic(call, LIST_RIGHT);
}

/* Of the first of the keys that has a list. */
static ttl_status blocking_pop(struct call *call, enum list_end end) {
    struct wait wait = {.type = VALUE_LIST, .first_key = 1, .key_count = call->argc - 2};
    if (!call_timeout(call, call->argc - 1, &wait)) return TTL_OK;
    for (size_t i = 1; i <= wait.key_count; i++) {
        if (!call_may_take(call, i)) continue;
        ttl_bytes name = call->argv[i];
        struct key key = db_write(call, name);
        if (!db_check_type(call, key, VALUE_LIST)) return TTL_OK;
        RULE("blocking.dead-is-not-there");
        if (key.record == NULL) continue;
        RULE("blocking.first-of-its-keys");
        reply_array(call, 2);
        reply_bulk(call, name);
        if (list_pop(call, name, key, end, 1) != TTL_OK) return TTL_NO_MEMORY;
        RULE("blocking.replica-is-told");
        change_tell_short(call, end == LIST_LEFT ? "LPOP" : "RPOP", name);
        return TTL_OK;
    }
    return call_block(call, &wait, TTL_REPLY_NIL_ARRAY);
}

ttl_status blpop_command(struct call *call) {
    return blocking_pop(call, LIST_LEFT);
}

ttl_status brpop_command(struct call *call) {
    return blocking_pop(call, LIST_RIGHT);
}

/* ---- from one list to another, or around one */

/* Takes the element out of `from` and puts it into the edit's list, which may be the same. */
static void list_move(struct collection *from, enum list_end from_end, struct collection *to,
                      enum list_end to_end) {
    struct member member = collection_take(from, from_end == LIST_LEFT ? 0 : from->count - 1);
    collection_insert(to, list_place(to, to_end), member);
}

/* `wait`: for a source, where there is none; NULL: not. */
static ttl_status move_generic(struct call *call, enum list_end from_end, enum list_end to_end,
                               const struct wait *wait) {
    ttl_bytes from_name = call->argv[1], to_name = call->argv[2];
    struct key from;
    if (!call_write(call, VALUE_LIST, &from)) return TTL_OK;
    if (from.record == NULL)
        return wait == NULL ? reply_nil(call) : call_block(call, wait, TTL_REPLY_NIL);
    struct key to = db_write(call, to_name);
    if (!db_check_type(call, to, VALUE_LIST)) return TTL_OK;
    struct collection *list = key_collection(from);
    reply_bulk(call, list->members[from_end == LIST_LEFT ? 0 : list->count - 1].bytes);
    if (call->reply->failed) return TTL_NO_MEMORY;
    struct edit edit;
    if (edit_begin(&edit, call, to_name, to, VALUE_LIST, 1) != TTL_OK) return TTL_NO_MEMORY;
    list_move(list, from_end, edit.collection, to_end);
    edit_commit(&edit);
    db_announce(call, EVENT_LIST, push_events[to_end], to_name);
    announce_removal(call, from_name, from, pop_events[from_end]);
    return TTL_OK;
}

ttl_status rpoplpush_command(struct call *call) {
    return move_generic(call, LIST_RIGHT, LIST_LEFT, NULL);
}

ttl_status brpoplpush_command(struct call *call) {
    struct wait wait = {.type = VALUE_LIST, .first_key = 1, .key_count = 1};
    if (!call_timeout(call, 3, &wait)) return TTL_OK;
    return move_generic(call, LIST_RIGHT, LIST_LEFT, &wait);
}

static bool call_list_end(struct call *call, size_t index, enum list_end *end) {
    if (call_is_word(call, index, "LEFT")) *end = LIST_LEFT;
    else if (call_is_word(call, index, "RIGHT")) *end = LIST_RIGHT;
    else {
        reply_syntax_error(call);
        return false;
    }
    return true;
}

ttl_status lmove_command(struct call *call) {
    enum list_end from_end, to_end;
    if (!call_list_end(call, 3, &from_end) || !call_list_end(call, 4, &to_end)) return TTL_OK;
    return move_generic(call, from_end, to_end, NULL);
}

ttl_status blmove_command(struct call *call) {
    enum list_end from_end, to_end;
    struct wait wait = {.type = VALUE_LIST, .first_key = 1, .key_count = 1};
    if (!call_list_end(call, 3, &from_end) || !call_list_end(call, 4, &to_end)) return TTL_OK;
    if (!call_timeout(call, 5, &wait)) return TTL_OK;
    return move_generic(call, from_end, to_end, &wait);
}

/* ---- by index */

ttl_status llen_command(struct call *call) {
    const struct collection *list;
    if (!call_read(call, VALUE_LIST, &list)) return TTL_OK;
    return reply_integer(call, list == NULL ? 0 : (int64_t)list->count);
}

/* The place that an index means, negative ones counted from the end; false: there is none. */
static bool list_index(const struct collection *list, int64_t index, size_t *place) {
    int64_t count = (int64_t)list->count;
    if (index < -count || index >= count) return false;
    *place = (size_t)(index < 0 ? index + count : index);
    return true;
}

ttl_status lindex_command(struct call *call) {
    const struct collection *list;
    int64_t index;
    size_t place;
    if (!call_read(call, VALUE_LIST, &list)) return TTL_OK;
    if (list == NULL) return reply_nil(call);
    if (!call_integer(call, 2, &index)) return TTL_OK;
    if (!list_index(list, index, &place)) return reply_nil(call);
    return reply_bulk(call, list->members[place].bytes);
}

ttl_status lset_command(struct call *call) {
    struct memory *memory = &call->engine->memory;
    struct key key = db_write(call, call->argv[1]);
    int64_t index;
    size_t place;
    if (key.record == NULL) return reply_error(call, "ERR no such key");
    if (!db_check_type(call, key, VALUE_LIST)) return TTL_OK;
    if (!call_integer(call, 2, &index)) return TTL_OK;
    RULE("lset.index-is-cut");
    if (call_has(call, TRAIT_LSET_INDEX_IS_CUT)) index = (int32_t)(uint32_t)(uint64_t)index;
    struct collection *list = key_collection(key);
    if (!list_index(list, index, &place)) return reply_error(call, "ERR index out of range");
    struct member wanted = {.bytes = call->argv[3]}, copy;
    if (member_copy(memory, &wanted, &copy) != TTL_OK) return TTL_NO_MEMORY;
    member_release(memory, &list->members[place]);
    list->members[place] = copy;
    db_touch(call, call->argv[1]);
    db_announce(call, EVENT_LIST, "lset", call->argv[1]);
    return reply_ok(call);
}

ttl_status lrange_command(struct call *call) {
    const struct collection *list;
    int64_t start, end;
    if (!call_integer(call, 2, &start) || !call_integer(call, 3, &end)) return TTL_OK;
    if (!call_read(call, VALUE_LIST, &list)) return TTL_OK;
    if (list == NULL) return reply_array(call, 0);
    struct span span = collection_span(list, start, end);
    reply_array(call, span.count);
    for (size_t i = 0; i < span.count; i++) reply_bulk(call, list->members[span.first + i].bytes);
    return TTL_OK;
}
