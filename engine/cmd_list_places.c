/* Lists by value and by place: LTRIM, LREM, LINSERT, LPOS. */
#include "engine/db.h"
#include "engine/edit.h"
#include "engine/rule.h"

/* ---- LTRIM, LREM */

ttl_status ltrim_command(struct call *call) {
    struct memory *memory = &call->engine->memory;
    int64_t start, stop;
    struct key key;
    if (!call_integer(call, 2, &start) || !call_integer(call, 3, &stop)) return TTL_OK;
    if (!call_write(call, VALUE_LIST, &key)) return TTL_OK;
    if (key.record == NULL) return reply_ok(call);
    struct collection *list = key_collection(key);
    struct span kept = collection_span(list, start, stop);
    RULE("ltrim.is-always-a-change");
    if (kept.count == list->count && call_has(call, TRAIT_LTRIM_OF_NOTHING_IS_NO_CHANGE)) {
        db_announce(call, EVENT_LIST, "ltrim", call->argv[1]);
        return reply_ok(call);
    }
    collection_remove(memory, list, kept.first + kept.count, list->count - kept.first - kept.count);
    collection_remove(memory, list, 0, kept.first);
    announce_removal(call, call->argv[1], key, "ltrim");
    return reply_ok(call);
}

/* An integer that can be negated. False: the answer has been given. */
static bool call_symmetric(struct call *call, size_t index, int64_t *integer) {
    if (!call_integer(call, index, integer)) return false;
    RULE("list.least-integer-refused");
    if (*integer != INT64_MIN || !call_has(call, TRAIT_LIST_LEAST_REFUSED)) return true;
    reply_error(call, "ERR value is out of range, value must between -9223372036854775807 and "
                      "9223372036854775807");
    return false;
}

/* Removes at most `most` of the elements, from the left, or the last of them. */
static int64_t list_remove(struct memory *memory, struct collection *list, ttl_bytes bytes,
                           uint64_t most, bool from_right) {
    int64_t removed = 0;
    for (size_t i = list->count, left = 0; i > 0 && (uint64_t)removed < most; i--) {
        size_t place = from_right ? i - 1 : left;
        if (!ttl_bytes_equal(list->members[place].bytes, bytes)) {
            left++;
            continue;
        }
        collection_remove(memory, list, place, 1);
        removed++;
    }
    return removed;
}

ttl_status lrem_command(struct call *call) {
    int64_t count;
    struct key key;
    if (!call_symmetric(call, 2, &count)) return TTL_OK;
    if (!call_write(call, VALUE_LIST, &key)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, 0);
    uint64_t most = count < 0 ? 0 - (uint64_t)count : (uint64_t)count;
    int64_t removed = list_remove(&call->engine->memory, key_collection(key), call->argv[3],
                                  count == 0 ? UINT64_MAX : most, count < 0);
    RULE("collection.nothing-removed-is-no-change");
    if (removed > 0) announce_removal(call, call->argv[1], key, "lrem");
    return reply_integer(call, removed);
}

/* ---- LINSERT */

ttl_status linsert_command(struct call *call) {
    struct memory *memory = &call->engine->memory;
    bool is_after = call_is_word(call, 2, "AFTER");
    struct key key;
    if (!is_after && !call_is_word(call, 2, "BEFORE")) return reply_syntax_error(call);
    if (!call_write(call, VALUE_LIST, &key)) return TTL_OK;
    RULE("linsert.needs-a-pivot");
    if (key.record == NULL) return reply_integer(call, 0);
    struct collection *list = key_collection(key);
    size_t place = collection_find(list, call->argv[3]);
    if (place == list->count) return reply_integer(call, -1);
    struct member wanted = {.bytes = call->argv[4]}, copy;
    if (member_copy(memory, &wanted, &copy) != TTL_OK) return TTL_NO_MEMORY;
    struct edit edit;
    if (edit_begin(&edit, call, call->argv[1], key, VALUE_LIST, 1) != TTL_OK) {
        member_release(memory, &copy);
        return TTL_NO_MEMORY;
    }
    collection_insert(list, place + (is_after ? 1 : 0), copy);
    edit_commit(&edit);
    db_announce(call, EVENT_LIST, "linsert", call->argv[1]);
    return reply_integer(call, (int64_t)list->count);
}

/* ---- LPOS */

struct position {
    int64_t rank, count, most; /* most: comparisons; 0: any number */
    bool has_count;
};

static bool position_rank(struct call *call, size_t index, struct position *wanted) {
    if (!call_symmetric(call, index, &wanted->rank)) return false;
    if (wanted->rank != 0) return true;
    return call_refuse(call,
                       call_has(call, TRAIT_LPOS_OWN_ERRORS)
                           ? "ERR RANK can't be zero: use 1 to start from the first match, 2 from "
                             "the second ... or use negative to start from the end of the list"
                           : "ERR RANK can't be zero: use 1 to start from the first match, 2 from "
                             "the second, ...");
}

/* A number that is not negative; before 7.0 what is no number had the usual error. */
static bool position_number(struct call *call, size_t index, const char *error, int64_t *number) {
    bool is_integer = argument_integer(call->argv[index], number);
    if (is_integer && *number >= 0) return true;
    RULE("lpos.bad-number");
    if (is_integer || call_has(call, TRAIT_LPOS_OWN_ERRORS)) return call_refuse(call, error);
    reply_not_integer(call);
    return false;
}

static bool position_option(struct call *call, size_t index, struct position *wanted) {
    if (call_is_word(call, index, "RANK")) return position_rank(call, index + 1, wanted);
    if (call_is_word(call, index, "COUNT")) {
        wanted->has_count = true;
        return position_number(call, index + 1, "ERR COUNT can't be negative", &wanted->count);
    }
    if (call_is_word(call, index, "MAXLEN"))
        return position_number(call, index + 1, "ERR MAXLEN can't be negative", &wanted->most);
    reply_syntax_error(call);
    return false;
}

static bool position_parse(struct call *call, struct position *wanted) {
    *wanted = (struct position){.rank = 1, .count = 1};
    for (size_t i = 3; i < call->argc; i += 2) {
        if (i + 1 == call->argc) {
            reply_syntax_error(call);
            return false;
        }
        if (!position_option(call, i, wanted)) return false;
    }
    return true;
}

/* How many matches are passed over. Before 7.2 the least integer, which has no opposite, meant none
 * of those from the right. */
static uint64_t position_skips(int64_t rank) {
    if (rank == INT64_MIN) return 0;
    return (uint64_t)(rank < 0 ? -rank : rank) - 1;
}

/* Answers the places, one after the other, and returns how many. */
static size_t reply_positions(struct call *call, const struct collection *list,
                              const struct position *wanted) {
    bool from_right = wanted->rank < 0;
    uint64_t skipped = position_skips(wanted->rank);
    size_t found = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (wanted->most > 0 && i >= (uint64_t)wanted->most) break;
        size_t place = from_right ? list->count - 1 - i : i;
        if (!ttl_bytes_equal(list->members[place].bytes, call->argv[2])) continue;
        if (skipped > 0) {
            skipped--;
            continue;
        }
        reply_integer(call, (int64_t)place);
        if (++found == (uint64_t)wanted->count) break;
    }
    return found;
}

ttl_status lpos_command(struct call *call) {
    struct position wanted;
    const struct collection *list;
    if (!position_parse(call, &wanted)) return TTL_OK;
    if (!call_read(call, VALUE_LIST, &list)) return TTL_OK;
    size_t head = call->reply->node_count;
    if (wanted.has_count) reply_array(call, 0);
    size_t found = list == NULL ? 0 : reply_positions(call, list, &wanted);
    if (wanted.has_count) ttl_reply_set_length(call->reply, head, found);
    else if (found == 0) return reply_nil(call);
    return TTL_OK;
}
