/* What takes elements off the first of several keys, or off an end of a sorted set: LMPOP, ZMPOP,
 * ZPOPMIN, ZPOPMAX. */
#include "engine/db.h"
#include "engine/edit.h"
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

static bool refuse(struct call *call, const char *error) {
    reply_error(call, error);
    return false;
}

static bool call_positive(struct call *call, size_t index, const char *error, int64_t *integer) {
    return (argument_integer(call->argv[index], integer) && *integer > 0) || refuse(call, error);
}

/* numkeys key [key ...] LEFT|RIGHT|MIN|MAX [COUNT count] */
static bool pop_parse(struct call *call, struct pop *pop) {
    int64_t keys;
    if (!call_positive(call, 1, "ERR numkeys should be greater than 0", &keys)) return false;
    if ((uint64_t)keys >= call->argc - 2) return refuse(call, "ERR syntax error");
    pop->keys = (size_t)keys;
    size_t at = pop->first_key + pop->keys;
    if (call_is_word(call, at, pop->kind->words[POP_FIRST])) pop->end = POP_FIRST;
    else if (call_is_word(call, at, pop->kind->words[POP_LAST])) pop->end = POP_LAST;
    else return refuse(call, "ERR syntax error");
    if (++at == call->argc) return true;
    if (at + 1 == call->argc || !call_is_word(call, at, "COUNT"))
        return refuse(call, "ERR syntax error");
    if (!call_positive(call, at + 1, "ERR count should be greater than 0", &pop->count))
        return false;
    return at + 2 == call->argc || refuse(call, "ERR syntax error");
}

/* ---- popping */

static void reply_member(struct call *call, const struct member *member, bool with_score) {
    reply_bulk(call, member->bytes);
    if (with_score) reply_score(call, member->score);
}

/* Takes as many as wanted, and as there are. In pairs: each member with its score is an array. */
static ttl_status pop_take(struct call *call, const struct pop *pop, ttl_bytes name, struct key key,
                           bool in_pairs) {
    struct collection *from = key_collection(key);
    bool with_scores = pop->kind->type == VALUE_ZSET;
    size_t count = (uint64_t)pop->count < from->count ? (size_t)pop->count : from->count;
    reply_array(call, with_scores && !in_pairs ? 2 * count : count);
    for (size_t i = 0; i < count; i++) {
        if (with_scores && in_pairs) reply_array(call, 2);
        reply_member(call, &from->members[pop->end == POP_FIRST ? i : from->count - 1 - i],
                     with_scores);
    }
    if (call->reply->failed) return TTL_NO_MEMORY;
    if (count == 0) return TTL_OK;
    collection_remove(&call->engine->memory, from, pop->end == POP_FIRST ? 0 : from->count - count,
                      count);
    announce_removal(call, name, key, pop->kind->events[pop->end]);
    return TTL_OK;
}

static ttl_status pop_first_of(struct call *call, const struct pop_kind *kind) {
    struct pop pop = {.kind = kind, .first_key = 2, .count = 1};
    if (!pop_parse(call, &pop)) return TTL_OK;
    RULE("pop.passes-over-the-dead");
    for (size_t i = 0; i < pop.keys; i++) {
        ttl_bytes name = call->argv[pop.first_key + i];
        struct key key = db_write(call, name);
        if (key.record == NULL) continue;
        if (!db_check_type(call, key, kind->type)) return TTL_OK;
        reply_array(call, 2);
        reply_bulk(call, name);
        return pop_take(call, &pop, name, key, true);
    }
    ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
    return TTL_OK;
}

ttl_status lmpop_command(struct call *call) {
    return pop_first_of(call, &list_kind);
}

ttl_status zmpop_command(struct call *call) {
    return pop_first_of(call, &zset_kind);
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
           refuse(call, "ERR value is out of range, must be positive");
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
