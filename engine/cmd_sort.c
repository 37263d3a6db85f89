/* SORT, SORT_RO: by the elements themselves or by what stands in other keys (BY); answered or
 * stored are the elements, or what stands in other keys (GET).
 *
 *      elements --weigh--> with numbers or texts --arrange--> in order --cut--> --GET--> result
 */
#include "engine/db.h"
#include "engine/edit.h"
#include "engine/number.h"
#include "engine/rule.h"
#include "engine/zrange.h"

struct sorting {
    struct call *call;
    bool is_alpha, is_descending;
    bool is_unsorted;      /* BY names no keys: the elements stay in their order */
    int64_t offset, limit; /* LIMIT; -1: all */
    size_t by, store;      /* the argument that is the pattern, or the destination; 0: none */
    size_t gets;           /* how many patterns of GET there are */
};

/* ---- patterns: "weight_*" is a key for each element, "weight_*->field" a field of a hash */

/* The place of the text in the pattern, which to servers ends at its first NUL; its length when it
 * is not there. */
static size_t pattern_find(ttl_bytes pattern, size_t from, ttl_bytes text) {
    for (size_t i = from; i < pattern.length && pattern.data[i] != '\0'; i++)
        if (pattern.length - i >= text.length &&
            memcmp(pattern.data + i, text.data, text.length) == 0)
            return i;
    return pattern.length;
}

static bool pattern_names_keys(ttl_bytes pattern) {
    return pattern_find(pattern, 0, ttl_bytes_of("*")) < pattern.length;
}

/* What stands in the key, or the field of it, where the pattern leads; false: nothing. It is good
 * until the next look-up. */
static bool value_at(const struct sorting *sorting, ttl_bytes name, ttl_bytes field,
                     ttl_bytes *value) {
    struct call *call = sorting->call;
    RULE("sort.dead-key-is-missing");
    struct key key = sorting->store > 0 ? source_lookup(call, name) : db_read(call, name);
    bool is_hash = field.length > 0;
    if (key.record == NULL || key.record->type != (is_hash ? VALUE_HASH : VALUE_STRING))
        return false;
    if (!is_hash) {
        *value = record_string(key.record);
        return true;
    }
    const struct collection *hash = key_collection(key);
    size_t place = collection_find(hash, field);
    if (place == hash->count) return false;
    *value = hash->members[place].value;
    return true;
}

/* The same for the pattern of an argument and an element. */
static ttl_status look_up_pattern(const struct sorting *sorting, size_t argument, ttl_bytes element,
                                  bool *found, ttl_bytes *value) {
    struct memory *memory = &sorting->call->engine->memory;
    ttl_bytes pattern = sorting->call->argv[argument], field = {NULL, 0};
    size_t star = pattern_find(pattern, 0, ttl_bytes_of("*"));
    *value = element;
    *found = pattern.length == 1 && pattern.data[0] == '#';
    if (star == pattern.length) return TTL_OK;
    size_t end = pattern_find(pattern, star + 1, ttl_bytes_of("->"));
    if (end + 2 < pattern.length)
        field = (ttl_bytes){pattern.data + end + 2, pattern.length - end - 2};
    else end = pattern.length;
    size_t length = end - 1 + element.length;
    char *name = memory_take(memory, length + 1);
    if (name == NULL) return TTL_NO_MEMORY;
    memcpy(name, pattern.data, star);
    if (element.length > 0) memcpy(name + star, element.data, element.length);
    memcpy(name + star + element.length, pattern.data + star + 1, end - star - 1);
    *found = value_at(sorting, (ttl_bytes){name, length}, field, value);
    memory_give(memory, name, length + 1);
    return TTL_OK;
}

/* ---- reading: each answers its error itself and returns false */

static bool parse_options(struct call *call, struct sorting *sorting) {
    bool may_store = call->command->run == sort_command;
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
        } else if (may_store && rest >= 1 && call_is_word(call, i, "STORE")) {
            sorting->store = ++i;
        } else if (rest >= 1 && call_is_word(call, i, "BY")) {
            sorting->by = ++i;
            if (!pattern_names_keys(call->argv[i])) sorting->is_unsorted = true;
        } else if (rest >= 1 && call_is_word(call, i, "GET")) {
            sorting->gets++;
            i++;
        } else {
            reply_syntax_error(call);
            return false;
        }
    }
    return true;
}

/* The next pattern of GET behind an argument of a command that was read well. */
static size_t next_get(const struct call *call, size_t i) {
    for (i++;; i++) {
        if (call_is_word(call, i, "GET")) return i + 1;
        if (call_is_word(call, i, "LIMIT")) i += 2;
        if (call_is_word(call, i, "BY") || call_is_word(call, i, "STORE")) i++;
    }
}

/* Without an order a set is sorted all the same where others have to come to the same: in what is
 * stored, and in scripts. */
static void settle_order(struct call *call, struct sorting *sorting, struct key key) {
    if (!sorting->is_unsorted || key.record->type != VALUE_SET) return;
    RULE("sort.unsorted");
    if (sorting->store > 0 || call->session->in_script) {
        sorting->is_unsorted = false;
        sorting->is_alpha = true;
        sorting->by = 0;
    } else if (key_collection(key)->count > 1) {
        call_leave_open(call,
                        "in which order SORT answers the members of a set that it is not to sort "
                        "is the server's own affair");
    }
}

/* Looks the key up and copies its elements. NULL: the answer has been given, or `*status` says that
 * there is no memory. */
static struct collection *elements_copy(struct call *call, struct sorting *sorting,
                                        ttl_status *status) {
    ttl_bytes name = call->argv[1];
    struct memory *memory = &call->engine->memory;
    struct key key = sorting->store > 0 ? source_lookup(call, name) : db_read(call, name);
    bool is_keyed =
        key.record != NULL && (key.record->type == VALUE_SET || key.record->type == VALUE_ZSET);
    if (!is_keyed && !db_check_type(call, key, VALUE_LIST)) return NULL;
    if (key.record != NULL) settle_order(call, sorting, key);
    struct collection *sorted = key.record != NULL ? collection_copy(memory, key_collection(key))
                                                   : collection_new(memory, 0);
    if (sorted == NULL) *status = TTL_NO_MEMORY;
    return sorted;
}

/* ---- sorting: an element has its number as score; with ALPHA and BY it has its text as value,
 * and 1 for a score when there is one */

/* What is beyond a double's range is infinite or zero, as in Redis since 8.0. */
static bool element_number(const struct call *call, ttl_bytes bytes, double *number) {
    bool is_decimal = call_has(call, TRAIT_SCORE_BOUND_IS_DECIMAL);
    bool is_refused = bytes.length == 0 && call_has(call, TRAIT_SORT_EMPTY_IS_REFUSED);
    return !is_refused && (!is_decimal || number_is_decimal(bytes)) &&
           number_parse_bound(bytes, number);
}

/* Elements without a weight stay at 0, and before all others with ALPHA. */
static ttl_status element_weigh(const struct sorting *sorting, struct member *element,
                                bool *are_numbers) {
    struct memory *memory = &sorting->call->engine->memory;
    ttl_bytes weight = element->bytes;
    bool found = true;
    if (sorting->by > 0) {
        RULE("sort.by");
        if (look_up_pattern(sorting, sorting->by, element->bytes, &found, &weight) != TTL_OK)
            return TTL_NO_MEMORY;
    }
    if (!found) return TTL_OK;
    if (!sorting->is_alpha) {
        if (!element_number(sorting->call, weight, &element->score)) *are_numbers = false;
        return TTL_OK;
    }
    if (sorting->by == 0) return TTL_OK;
    element->score = 1;
    return memory_copy_bytes(memory, weight, &element->value);
}

/* False: the answer has been given, or `*status` says that there is no memory. All are weighed, so
 * all dead keys are met, before a weight that is no number is an error. */
static bool elements_weigh(const struct sorting *sorting, struct collection *sorted,
                           ttl_status *status) {
    bool are_numbers = true;
    for (size_t i = 0; i < sorted->count; i++) {
        sorted->members[i].score = 0;
        if (sorting->is_unsorted) continue;
        *status = element_weigh(sorting, &sorted->members[i], &are_numbers);
        if (*status != TTL_OK) return false;
    }
    if (are_numbers) return true;
    RULE("sort.needs-numbers");
    reply_error(sorting->call, "ERR One or more scores can't be converted into double");
    return false;
}

static int element_order(const struct sorting *sorting, const struct member *a,
                         const struct member *b) {
    bool by_text = sorting->is_alpha && sorting->by > 0;
    int order = (a->score > b->score) - (a->score < b->score);
    if (order == 0)
        order = by_text ? bytes_order(a->value, b->value) : bytes_order(a->bytes, b->bytes);
    return sorting->is_descending ? -order : order;
}

static void elements_reverse(struct collection *sorted) {
    for (size_t i = 0; i < sorted->count; i++)
        collection_insert(sorted, i, collection_take(sorted, sorted->count - 1));
}

static void elements_arrange(const struct sorting *sorting, struct collection *sorted) {
    if (sorting->is_unsorted) {
        RULE("sort.unsorted-list");
        if (sorting->is_descending) elements_reverse(sorted);
        return;
    }
    RULE("sort.order");
    for (size_t i = 1; i < sorted->count; i++) {
        struct member element = collection_take(sorted, i);
        size_t place = i;
        int order = 1;
        while (place > 0 &&
               (order = element_order(sorting, &sorted->members[place - 1], &element)) > 0)
            place--;
        if (order == 0 && !ttl_bytes_equal(sorted->members[place - 1].bytes, element.bytes))
            call_leave_open(sorting->call,
                            "in which order SORT has elements of one weight with ALPHA "
                            "is the server's own affair");
        collection_insert(sorted, place, element);
    }
}

static void elements_cut(struct memory *memory, const struct sorting *sorting,
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

/* ---- the result */

/* What GET finds for one element: appended to `result`, where nothing is an empty element, or
 * answered when that is NULL. */
static ttl_status element_get(const struct sorting *sorting, ttl_bytes element,
                              struct collection *result) {
    struct call *call = sorting->call;
    RULE("sort.get");
    for (size_t i = 0, argument = 1; i < sorting->gets; i++) {
        struct member found = {.score = 0};
        bool is_there;
        argument = next_get(call, argument);
        if (look_up_pattern(sorting, argument, element, &is_there, &found.bytes) != TTL_OK)
            return TTL_NO_MEMORY;
        if (!is_there) found.bytes = (ttl_bytes){NULL, 0};
        if (result != NULL) {
            if (collection_append_copy(&call->engine->memory, result, &found) != TTL_OK)
                return TTL_NO_MEMORY;
        } else if (is_there) {
            reply_bulk(call, found.bytes);
        } else {
            reply_nil(call);
        }
    }
    return TTL_OK;
}

static ttl_status elements_answer(const struct sorting *sorting, const struct collection *sorted) {
    struct call *call = sorting->call;
    reply_array(call, sorted->count * (sorting->gets > 0 ? sorting->gets : 1));
    for (size_t i = 0; i < sorted->count; i++) {
        if (sorting->gets == 0) reply_bulk(call, sorted->members[i].bytes);
        else if (element_get(sorting, sorted->members[i].bytes, NULL) != TTL_OK)
            return TTL_NO_MEMORY;
    }
    return TTL_OK;
}

static ttl_status elements_store(const struct sorting *sorting, const struct collection *sorted) {
    struct call *call = sorting->call;
    struct memory *memory = &call->engine->memory;
    size_t count = sorted->count * (sorting->gets > 0 ? sorting->gets : 1);
    struct collection *result = collection_new(memory, count);
    if (result == NULL) return TTL_NO_MEMORY;
    for (size_t i = 0; i < sorted->count; i++) {
        struct member element = {.bytes = sorted->members[i].bytes};
        ttl_status status = sorting->gets > 0 ? element_get(sorting, element.bytes, result)
                                              : collection_append_copy(memory, result, &element);
        if (status == TTL_OK) continue;
        collection_free(memory, result);
        return status;
    }
    return store_collection(call, call->argv[sorting->store], VALUE_LIST, result, "sortstore");
}

ttl_status sort_command(struct call *call) {
    struct memory *memory = &call->engine->memory;
    struct sorting sorting = {.call = call, .limit = -1};
    ttl_status status = TTL_OK;
    if (!parse_options(call, &sorting)) return TTL_OK;
    struct collection *sorted = elements_copy(call, &sorting, &status);
    if (sorted == NULL) return status;
    if (elements_weigh(&sorting, sorted, &status)) {
        elements_arrange(&sorting, sorted);
        elements_cut(memory, &sorting, sorted);
        status = sorting.store > 0 ? elements_store(&sorting, sorted)
                                   : elements_answer(&sorting, sorted);
    }
    collection_free(memory, sorted);
    return status;
}

ttl_status sort_ro_command(struct call *call) {
    return sort_command(call);
}
