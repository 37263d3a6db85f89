/* SORT, with STORE: by the elements themselves. BY and GET, which look at other keys, it knows
 * not. */
#include "engine/db.h"
#include "engine/edit.h"
#include "engine/number.h"
#include "engine/rule.h"
#include "engine/zrange.h"

struct sorting {
    bool is_alpha, is_descending;
    int64_t offset, limit; /* LIMIT; -1: all */
    size_t store;          /* the argument that names the destination; 0: none */
};

/* A server with BY and GET answers something else than the error that comes from here. */
static void sort_lacks(struct call *call) {
    const ttl_timeline *timeline = call->engine->timeline;
    if (timeline != NULL)
        timeline->give_up(timeline->context,
                          "SORT with BY or GET is more than the reference engine does");
}

/* ---- reading: each answers its error itself and returns false */

static bool parse_options(struct call *call, struct sorting *sorting) {
    RULE("sort.error-order");
    for (size_t i = 2; i < call->argc; i++) {
        size_t rest = call->argc - i - 1;
        if (call_is_word(call, i, "ASC")) {
            sorting->is_descending = false;
        } else if (call_is_word(call, i, "DESC")) {
            sorting->is_descending = true;
        } else if (call_is_word(call, i, "ALPHA")) {
            sorting->is_alpha = true;
        } else if (rest >= 2 && call_is_word(call, i, "LIMIT")) {
            if (!call_integer(call, i + 1, &sorting->offset) ||
                !call_integer(call, i + 2, &sorting->limit))
                return false;
            i += 2;
        } else if (rest >= 1 && call_is_word(call, i, "STORE")) {
            sorting->store = ++i;
        } else {
            if (call_is_word(call, i, "BY") || call_is_word(call, i, "GET")) sort_lacks(call);
            reply_syntax_error(call);
            return false;
        }
    }
    return true;
}

static bool look_up(struct call *call, const struct sorting *sorting,
                    const struct collection **collection) {
    ttl_bytes name = call->argv[1];
    struct key key = sorting->store > 0 ? source_lookup(call, name) : db_read(call, name);
    bool has_elements =
        key.record != NULL && (key.record->type == VALUE_SET || key.record->type == VALUE_ZSET);
    if (!has_elements && !db_check_type(call, key, VALUE_LIST)) return false;
    *collection = key.record == NULL ? NULL : key_collection(key);
    return true;
}

/* ---- sorting */

/* What is beyond a double's range is infinite or zero, as in Redis since 8.0. */
static bool element_number(struct call *call, struct member *element) {
    bool is_decimal = call_has(call, TRAIT_SCORE_BOUND_IS_DECIMAL);
    bool is_refused = element->bytes.length == 0 && call_has(call, TRAIT_SORT_EMPTY_IS_REFUSED);
    if (!is_refused && (!is_decimal || number_is_decimal(element->bytes)) &&
        number_parse_bound(element->bytes, &element->score))
        return true;
    RULE("sort.needs-numbers");
    reply_error(call, "ERR One or more scores can't be converted into double");
    return false;
}

static int element_order(const struct member *a, const struct member *b) {
    if (a->score != b->score) return a->score < b->score ? -1 : 1;
    return bytes_order(a->bytes, b->bytes);
}

/* Copies the elements, each to its place; `score` is its number, or 0. False: the answer has been
 * given, or `*status` says that there is no memory. */
static bool sort_elements(struct call *call, const struct sorting *sorting,
                          const struct collection *from, struct collection *sorted,
                          ttl_status *status) {
    struct memory *memory = &call->engine->memory;
    RULE("sort.order");
    for (size_t i = 0; from != NULL && i < from->count; i++) {
        struct member element = {.bytes = from->members[i].bytes};
        if (!sorting->is_alpha && !element_number(call, &element)) return false;
        size_t place = sorted->count;
        for (; place > 0; place--) {
            int order = element_order(&element, &sorted->members[place - 1]);
            if (sorting->is_descending ? order <= 0 : order >= 0) break;
        }
        struct member copy;
        *status = collection_reserve(memory, sorted, 1);
        if (*status == TTL_OK) *status = member_copy(memory, &element, &copy);
        if (*status != TTL_OK) return false;
        collection_insert(sorted, place, copy);
    }
    return true;
}

static void cut_elements(struct memory *memory, const struct sorting *sorting,
                         struct collection *sorted) {
    RULE("sort.limit");
    size_t first = 0, count = sorted->count;
    if (sorting->offset > 0)
        first = (uint64_t)sorting->offset < count ? (size_t)sorting->offset : count;
    size_t rest = count - first;
    size_t kept =
        sorting->limit >= 0 && (uint64_t)sorting->limit < rest ? (size_t)sorting->limit : rest;
    collection_remove(memory, sorted, first + kept, rest - kept);
    collection_remove(memory, sorted, 0, first);
}

ttl_status sort_command(struct call *call) {
    struct memory *memory = &call->engine->memory;
    struct sorting sorting = {.limit = -1};
    const struct collection *from;
    if (!parse_options(call, &sorting) || !look_up(call, &sorting, &from)) return TTL_OK;
    struct collection *sorted = collection_new(memory, 0);
    if (sorted == NULL) return TTL_NO_MEMORY;
    ttl_status status = TTL_OK;
    if (!sort_elements(call, &sorting, from, sorted, &status)) {
        collection_free(memory, sorted);
        return status;
    }
    cut_elements(memory, &sorting, sorted);
    for (size_t i = 0; i < sorted->count; i++) sorted->members[i].score = 0;
    if (sorting.store > 0)
        return store_collection(call, call->argv[sorting.store], VALUE_LIST, sorted, "sortstore");
    reply_array(call, sorted->count);
    for (size_t i = 0; i < sorted->count; i++) reply_bulk(call, sorted->members[i].bytes);
    collection_free(memory, sorted);
    return TTL_OK;
}
