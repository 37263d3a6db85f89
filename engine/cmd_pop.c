/* What takes elements off the first of several keys, or off an end of a sorted set: LMPOP, ZMPOP,
 * ZPOPMIN, ZPOPMAX; and those of them that wait for something to take. */
#include "engine/blocked.h"
#include "engine/change.h"
#include "engine/db.h"
#include "engine/edit.h"
#include "engine/number.h"
#include "engine/rule.h"
#include "engine/score.h"

enum pop_end { POP_FIRST, POP_LAST };

static const struct pop_kind {
    enum value_type type;
    const char *words[2], *events[2];
} list_kind = {VALUE_LIST, {"LEFT", "RIGHT"}, {"lpop", "rpop"}},
  zset_kind = {VALUE_ZSET, {"MIN", "MAX"}, {"zpopmin", "zpopmax"}};

struct pop {
    const struct pop_kind *kind;
    enum pop_end end;
    size_t first_key, keys;
    int64_t count;
};

/* ---- reading */

static bool call_positive(struct call *call, size_t index, const char *error, int64_t *integer) {
    return (argument_integer(call->argv[index], integer) && *integer > 0) ||
           call_refuse(call, error);
}

/* numkeys key [key ...] LEFT|RIGHT|MIN|MAX [COUNT count] */
static bool pop_parse(struct call *call, struct pop *pop) {
    int64_t keys;
    if (!call_positive(call, pop->first_key - 1, "ERR numkeys should be greater than 0", &keys))
        return false;
    if ((uint64_t)keys >= call->argc - pop->first_key) return call_refuse(call, "ERR syntax error");
    pop->keys = (size_t)keys;
    size_t at = pop->first_key + pop->keys;
    if (call_is_word(call, at, pop->kind->words[POP_FIRST])) pop->end = POP_FIRST;
    else if (call_is_word(call, at, pop->kind->words[POP_LAST])) pop->end = POP_LAST;
    else return call_refuse(call, "ERR syntax error");
    if (++at == call->argc) return true;
    if (at + 1 == call->argc || !call_is_word(call, at, "COUNT"))
        return call_refuse(call, "ERR syntax error");
    if (!call_positive(call, at + 1, "ERR count should be greater than 0", &pop->count))
        return false;
    return at + 2 == call->argc || call_refuse(call, "ERR syntax error");
}

/* ---- popping */

static void reply_member(struct call *call, const struct member *member, bool with_score) {
    reply_bulk(call, member->bytes);
    if (with_score) reply_score(call, member->score);
}

static ttl_status pop_remove(struct call *call, const struct pop *pop, ttl_bytes name,
                             struct key key, size_t count) {
    struct collection *from = key_collection(key);
    if (call->reply->failed) return TTL_NO_MEMORY;
    if (count == 0) return TTL_OK;
    collection_remove(&call->engine->memory, from, pop->end == POP_FIRST ? 0 : from->count - count,
                      count);
    announce_removal(call, name, key, pop->kind->events[pop->end]);
    return TTL_OK;
}

/* Takes as many as wanted, and as there are. In pairs: each member with its score is an array. */
static ttl_status pop_take(struct call *call, const struct pop *pop, ttl_bytes name, struct key key,
                           bool in_pairs) {
    const struct collection *from = key_collection(key);
    bool with_scores = pop->kind->type == VALUE_ZSET;
    size_t count = (uint64_t)pop->count < from->count ? (size_t)pop->count : from->count;
    reply_array(call, with_scores && !in_pairs ? 2 * count : count);
    for (size_t i = 0; i < count; i++) {
        if (with_scores && in_pairs) reply_array(call, 2);
        reply_member(call, &from->members[pop->end == POP_FIRST ? i : from->count - 1 - i],
                     with_scores);
    }
    return pop_remove(call, pop, name, key, count);
}

/* LMPOP 1 name LEFT COUNT count: what was taken by who waited. */
static void tell_pop(struct call *call, const struct pop *pop, ttl_bytes name) {
    char digits[NUMBER_INTEGER_ROOM];
    const char *command = pop->kind->type == VALUE_LIST ? "LMPOP" : "ZMPOP";
    const ttl_bytes words[] = {ttl_bytes_of(command),
                               ttl_bytes_of("1"),
                               name,
                               ttl_bytes_of(pop->kind->words[pop->end]),
                               ttl_bytes_of("COUNT"),
                               {digits, number_format_integer(pop->count, digits)}};
    change_tell(call, sizeof words / sizeof *words, words);
}

/* Where keys begin behind their number; before that stands the timeout of a command that waits. */
enum { FIRST_KEY = 2, FIRST_KEY_TIMED = 3 };

static ttl_status pop_first_of(struct call *call, const struct pop_kind *kind, size_t first_key) {
    struct pop pop = {.kind = kind, .first_key = first_key, .count = 1};
    struct wait wait = {.type = kind->type, .first_key = first_key};
    bool waits = first_key == FIRST_KEY_TIMED;
    if (!pop_parse(call, &pop)) return TTL_OK;
    wait.key_count = pop.keys;
    if (waits && !call_timeout(call, 1, &wait)) return TTL_OK;
    RULE("pop.passes-over-the-dead");
    for (size_t i = first_key; i < first_key + pop.keys; i++) {
        ttl_bytes name = call->argv[i];
        if (!call_may_take(call, i)) continue;
        struct key key = db_write(call, name);
        if (key.record == NULL) continue;
        if (!db_check_type(call, key, kind->type)) return TTL_OK;
        reply_array(call, 2);
        reply_bulk(call, name);
        ttl_status status = pop_take(call, &pop, name, key, true);
        if (status == TTL_OK && waits) tell_pop(call, &pop, name);
        return status;
    }
    if (waits) return call_block(call, &wait, TTL_REPLY_NIL_ARRAY);
    ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
    return TTL_OK;
}

ttl_status lmpop_command(struct call *call) {
    return pop_first_of(call, &list_kind, FIRST_KEY);
}

ttl_status zmpop_command(struct call *call) {
    return pop_first_of(call, &zset_kind, FIRST_KEY);
}

ttl_status blmpop_command(struct call *call) {
    return pop_first_of(call, &list_kind, FIRST_KEY_TIMED);
}

ttl_status bzmpop_command(struct call *call) {
    return pop_first_of(call, &zset_kind, FIRST_KEY_TIMED);
}

/* ---- ZPOPMIN, ZPOPMAX */

/* Reads the count; false: the answer has been given. */
static bool zpop_count(struct call *call, int64_t *count) {
    RULE("zpop.bad-count");
    bool is_integer = argument_integer(call->argv[2], count);
    if (!call_has(call, TRAIT_ZPOP_COUNT_IS_CHECKED)) {
        if (!is_integer) reply_not_integer(call);
        else if (*count <= 0) reply_array(call, 0);
        return is_integer && *count > 0;
    }
    return (is_integer && *count >= 0) ||
           call_refuse(call, "ERR value is out of range, must be positive");
}

static ttl_status zpop_generic(struct call *call, enum pop_end end) {
    struct pop pop = {.kind = &zset_kind, .end = end, .count = 1};
    bool has_count = call->argc > 2;
    struct key key;
    if (call->argc > 3) return reply_syntax_error(call);
    if (has_count && !zpop_count(call, &pop.count)) return TTL_OK;
    if (!call_write(call, VALUE_ZSET, &key)) return TTL_OK;
    if (key.record == NULL) return reply_array(call, 0);
    RULE("zpop.keeps-deadline");
    return pop_take(call, &pop, call->argv[1], key, has_count && call->session->protocol >= 3);
}

ttl_status zpopmin_command(struct call *call) {
    return zpop_generic(call, POP_FIRST);
}

ttl_status zpopmax_command(struct call *call) {
    return zpop_generic(call, POP_LAST);
}

/* ---- BZPOPMIN, BZPOPMAX */

static ttl_status blocking_zpop(struct call *call, enum pop_end end) {
    struct pop pop = {.kind = &zset_kind, .end = end, .count = 1};
    struct wait wait = {.type = VALUE_ZSET, .first_key = 1, .key_count = call->argc - 2};
    if (!call_timeout(call, call->argc - 1, &wait)) return TTL_OK;
    for (size_t i = 1; i <= wait.key_count; i++) {
        ttl_bytes name = call->argv[i];
        if (!call_may_take(call, i)) continue;
        struct key key = db_write(call, name);
        if (!db_check_type(call, key, VALUE_ZSET)) return TTL_OK;
        if (key.record == NULL) continue;
        const struct collection *zset = key_collection(key);
        reply_array(call, 3);
        reply_bulk(call, name);
        reply_member(call, &zset->members[end == POP_FIRST ? 0 : zset->count - 1], true);
        if (pop_remove(call, &pop, name, key, 1) != TTL_OK) return TTL_NO_MEMORY;
        change_tell_short(call, end == POP_FIRST ? "ZPOPMIN" : "ZPOPMAX", name);
        return TTL_OK;
    }
    return call_block(call, &wait, TTL_REPLY_NIL_ARRAY);
}

ttl_status bzpopmin_command(struct call *call) {
    return blocking_zpop(call, POP_FIRST);
}

ttl_status bzpopmax_command(struct call *call) {
    return blocking_zpop(call, POP_LAST);
}
