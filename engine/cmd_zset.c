/* Sorted sets. */
#include <math.h>

#include "engine/db.h"
#include "engine/edit.h"
#include "engine/number.h"
#include "engine/require.h"
#include "engine/rule.h"
#include "engine/score.h"
#include "engine/zrange.h"

/* ---- order: by score, then by bytes */

static bool member_is_before(const struct member *a, const struct member *b) {
    if (a->score < b->score) return true;
    return a->score == b->score && bytes_order(a->bytes, b->bytes) < 0;
}

void zset_insert(struct collection *zset, struct member member) {
    size_t place = zset->count;
    while (place > 0 && member_is_before(&member, &zset->members[place - 1])) place--;
    collection_insert(zset, place, member);
}

/* ---- scores */

static void reply_score_as(struct call *call, ttl_reply_type type, double score) {
    char text[NUMBER_DOUBLE_ROOM];
    RULE("zset.score-text");
    size_t length = call_has(call, TRAIT_SCORE_SHORTEST) ? number_format_shortest(score, text)
                                                         : number_format_double(score, text);
    ttl_reply_add_text(call->reply, type, (ttl_bytes){text, length});
}

void reply_score(struct call *call, double score) {
    reply_score_as(call, TTL_REPLY_DOUBLE, score);
}

void reply_score_bulk(struct call *call, double score) {
    reply_score_as(call, TTL_REPLY_BULK, score);
}

double score_kept(const struct call *call, double score) {
    RULE("zset.negative-zero");
    return score == 0 && !call_has(call, TRAIT_SCORE_KEEPS_NEGATIVE_ZERO) ? 0 : score;
}

bool call_score(struct call *call, size_t index, const char *error, double *score) {
    ttl_bytes text = call->argv[index];
    RULE("zset.hexadecimal-score");
    bool is_decimal = call_has(call, TRAIT_SCORE_IS_DECIMAL);
    if ((!is_decimal || number_is_decimal(text)) && number_parse_double(text, score)) return true;
    reply_error(call, error);
    return false;
}

/* ---- ZADD, ZINCRBY */

struct zadd {
    unsigned flags;
    size_t first; /* the argument with the first score */
    int64_t added, updated;
    bool skipped; /* the last member was left as it was by NX, XX, GT or LT */
    double score; /* of the last member, when it was not skipped */
};

static unsigned zadd_flag_at(const struct call *call, size_t index) {
    static const struct {
        const char *word;
        enum zadd_flag flag;
    } words[] = {{"NX", ZADD_NX}, {"XX", ZADD_XX},     {"CH", ZADD_CH},
                 {"GT", ZADD_GT}, {"INCR", ZADD_INCR}, {"LT", ZADD_LT}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        bool compares = (words[i].flag & (ZADD_GT | ZADD_LT)) != 0;
        RULE("zadd.gt-lt");
        if (compares && !call_has(call, TRAIT_ZADD_COMPARES)) continue;
        if (call_is_word(call, index, words[i].word)) return words[i].flag;
    }
    return 0;
}

/* Reads the options; false: the answer has been given. */
static bool zadd_parse(struct call *call, struct zadd *zadd) {
    size_t first = 2;
    for (unsigned flag; first < call->argc && (flag = zadd_flag_at(call, first)) != 0; first++)
        zadd->flags |= flag;
    zadd->first = first;
    unsigned flags = zadd->flags;
    size_t rest = call->argc - first;
    bool nx = (flags & ZADD_NX) != 0, gt = (flags & ZADD_GT) != 0, lt = (flags & ZADD_LT) != 0;
    const char *error = NULL;
    if (rest == 0 || rest % 2 != 0) error = "ERR syntax error";
    else if (nx && (flags & ZADD_XX) != 0)
        error = "ERR XX and NX options at the same time are not compatible";
    else if ((gt && nx) || (lt && nx) || (gt && lt))
        error = "ERR GT, LT, and/or NX options at the same time are not compatible";
    else if ((flags & ZADD_INCR) != 0 && rest > 2)
        error = "ERR INCR option supports a single increment-element pair";
    if (error != NULL) reply_error(call, error);
    return error == NULL;
}

/* The new members, copied, with their scores. NULL: there is no memory. */
static struct collection *zadd_batch(struct call *call, const struct zadd *zadd) {
    struct memory *memory = &call->engine->memory;
    struct collection *batch = collection_new(memory, (call->argc - zadd->first) / 2);
    if (batch == NULL) return NULL;
    for (size_t i = zadd->first; i < call->argc; i += 2) {
        struct member member = {.bytes = call->argv[i + 1]};
        require(number_parse_double(call->argv[i], &member.score));
        if (collection_append_copy(memory, batch, &member) == TTL_OK) continue;
        collection_free(memory, batch);
        return NULL;
    }
    return batch;
}

/* Do NX, GT and LT let a member that is there have this score? */
static bool zadd_may_update(const struct zadd *zadd, double old_score, double score) {
    if ((zadd->flags & ZADD_NX) != 0) return false;
    if ((zadd->flags & ZADD_GT) != 0) return score > old_score;
    return (zadd->flags & ZADD_LT) == 0 || score < old_score;
}

static void zadd_apply(const struct call *call, struct zadd *zadd, struct collection *zset,
                       struct member *member) {
    size_t place = collection_find(zset, member->bytes);
    bool is_new = place == zset->count;
    double old_score = is_new ? 0 : zset->members[place].score;
    double score = member->score;
    if ((zadd->flags & ZADD_INCR) != 0 && !is_new) score += old_score;
    zadd->skipped =
        is_new ? (zadd->flags & ZADD_XX) != 0 : !zadd_may_update(zadd, old_score, score);
    if (zadd->skipped) return;
    zadd->score = score;
    if (!is_new && score == old_score) return;
    struct member moved = is_new ? member_move(member) : collection_take(zset, place);
    moved.score = score_kept(call, score);
    zset_insert(zset, moved);
    if (is_new) zadd->added++;
    else zadd->updated++;
}

/* INCR may only make a number: the one error that depends on what is there. */
static bool zadd_makes_nan(const struct zadd *zadd, struct key key, const struct member *member) {
    if ((zadd->flags & ZADD_INCR) == 0 || key.record == NULL) return false;
    const struct collection *zset = key_collection(key);
    size_t place = collection_find(zset, member->bytes);
    if (place == zset->count || (zadd->flags & ZADD_NX) != 0) return false;
    return isnan(zset->members[place].score + member->score);
}

static ttl_status reply_zadd(struct call *call, const struct zadd *zadd) {
    if ((zadd->flags & ZADD_INCR) == 0)
        return reply_integer(call,
                             zadd->added + ((zadd->flags & ZADD_CH) != 0 ? zadd->updated : 0));
    if (zadd->skipped) return reply_nil(call);
    reply_score(call, zadd->score);
    return TTL_OK;
}

static ttl_status zadd_write(struct call *call, struct zadd *zadd, struct key key,
                             struct collection *batch) {
    struct edit edit;
    if (zadd_makes_nan(zadd, key, &batch->members[0]))
        return reply_error(call, "ERR resulting score is not a number (NaN)");
    if (edit_begin(&edit, call, call->argv[1], key, VALUE_ZSET, batch->count) != TTL_OK)
        return TTL_NO_MEMORY;
    for (size_t i = 0; i < batch->count; i++)
        zadd_apply(call, zadd, edit.collection, &batch->members[i]);
    if (zadd->added + zadd->updated > 0) {
        edit_commit(&edit);
        db_announce(call, EVENT_ZSET, (zadd->flags & ZADD_INCR) != 0 ? "zincr" : "zadd",
                    call->argv[1]);
    }
    return reply_zadd(call, zadd);
}

/* Takes the batch. */
static ttl_status zadd_run(struct call *call, struct zadd *zadd, struct collection *batch) {
    struct key key;
    ttl_status status = TTL_OK;
    if (batch == NULL) return TTL_NO_MEMORY;
    if (call_write(call, VALUE_ZSET, &key)) {
        zadd->skipped = key.record == NULL && (zadd->flags & ZADD_XX) != 0;
        status = zadd->skipped ? reply_zadd(call, zadd) : zadd_write(call, zadd, key, batch);
    }
    collection_free(&call->engine->memory, batch);
    return status;
}

ttl_status zset_add(struct call *call, unsigned flags, struct collection *batch) {
    struct zadd zadd = {.flags = flags};
    return zadd_run(call, &zadd, batch);
}

static ttl_status zadd_generic(struct call *call, unsigned flags) {
    struct zadd zadd = {.flags = flags};
    double score;
    if (!zadd_parse(call, &zadd)) return TTL_OK;
    for (size_t i = zadd.first; i < call->argc; i += 2)
        if (!call_score(call, i, "ERR value is not a valid float", &score)) return TTL_OK;
    return zadd_run(call, &zadd, zadd_batch(call, &zadd));
}

ttl_status zadd_command(struct call *call) {
    return zadd_generic(call, 0);
}

ttl_status zincrby_command(struct call *call) {
    return zadd_generic(call, ZADD_INCR);
}

/* ---- removing, looking */

ttl_status zrem_command(struct call *call) {
    int64_t removed = 0;
    struct key key;
    if (!call_write(call, VALUE_ZSET, &key)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, 0);
    struct collection *zset = key_collection(key);
    for (size_t i = 2; i < call->argc; i++) {
        size_t place = collection_find(zset, call->argv[i]);
        if (place == zset->count) continue;
        collection_remove(&call->engine->memory, zset, place, 1);
        removed++;
    }
    if (removed > 0) announce_removal(call, call->argv[1], key, "zrem");
    return reply_integer(call, removed);
}

/* Removes what lies in a range, given by its two ends. */
static ttl_status remove_range(struct call *call, enum zrange_by by, const char *event) {
    struct zrange range;
    struct key key;
    if (!zrange_parse_ends(call, 2, by, &range)) return TTL_OK;
    if (!call_write(call, VALUE_ZSET, &key)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, 0);
    struct collection *zset = key_collection(key);
    struct span span = zrange_span(&range, zset);
    collection_remove(&call->engine->memory, zset, span.first, span.count);
    RULE("event.zremrange");
    if (span.count > 0) announce_removal(call, call->argv[1], key, event);
    return reply_integer(call, (int64_t)span.count);
}

ttl_status zremrangebyrank_command(struct call *call) {
    return remove_range(call, ZRANGE_BY_INDEX, "zremrangebyrank");
}

ttl_status zremrangebyscore_command(struct call *call) {
    return remove_range(call, ZRANGE_BY_SCORE, "zremrangebyscore");
}

ttl_status zremrangebylex_command(struct call *call) {
    return remove_range(call, ZRANGE_BY_LEX, "zremrangebylex");
}

ttl_status zcard_command(struct call *call) {
    const struct collection *zset;
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    return reply_integer(call, zset == NULL ? 0 : (int64_t)zset->count);
}

static ttl_status count_between(struct call *call, enum zrange_by by) {
    struct zrange range;
    const struct collection *zset;
    if (!zrange_parse_ends(call, 2, by, &range)) return TTL_OK;
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    return reply_integer(call, zset == NULL ? 0 : (int64_t)zrange_span(&range, zset).count);
}

ttl_status zcount_command(struct call *call) {
    return count_between(call, ZRANGE_BY_SCORE);
}

ttl_status zlexcount_command(struct call *call) {
    return count_between(call, ZRANGE_BY_LEX);
}

ttl_status zmscore_command(struct call *call) {
    const struct collection *zset;
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    reply_array(call, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++) {
        size_t place = zset == NULL ? 0 : collection_find(zset, call->argv[i]);
        if (zset == NULL || place == zset->count) reply_nil(call);
        else reply_score(call, zset->members[place].score);
    }
    return TTL_OK;
}

ttl_status zscore_command(struct call *call) {
    const struct collection *zset;
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    size_t place = zset == NULL ? 0 : collection_find(zset, call->argv[2]);
    if (zset == NULL || place == zset->count) return reply_nil(call);
    reply_score(call, zset->members[place].score);
    return TTL_OK;
}

/* ---- ZRANK, ZREVRANK */

static ttl_status reply_rank(struct call *call, bool reversed) {
    const struct collection *zset;
    bool with_score = call->argc == 4;
    if (call->argc > 4) return reply_wrong_arity(call);
    RULE("zrank.withscore");
    if (with_score && !call_is_word(call, 3, "WITHSCORE")) return reply_syntax_error(call);
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    size_t place = zset == NULL ? 0 : collection_find(zset, call->argv[2]);
    if (zset == NULL || place == zset->count) {
        ttl_reply_add_node(call->reply, with_score ? TTL_REPLY_NIL_ARRAY : TTL_REPLY_NIL, 0);
        return TTL_OK;
    }
    if (with_score) reply_array(call, 2);
    reply_integer(call, (int64_t)(reversed ? zset->count - 1 - place : place));
    if (with_score) reply_score(call, zset->members[place].score);
    return TTL_OK;
}

ttl_status zrank_command(struct call *call) {
    return reply_rank(call, false);
}

ttl_status zrevrank_command(struct call *call) {
    return reply_rank(call, true);
}

/* ---- ZRANGE and its kin, ZRANGESTORE */

/* RESP3 has pairs where RESP2 has members and scores in turn. */
void reply_members(struct call *call, const struct collection *zset, struct span span,
                   const struct zrange *range) {
    bool three = call->session->protocol >= 3, scores = range->with_scores;
    reply_array(call, scores && !three ? 2 * span.count : span.count);
    for (size_t i = 0; i < span.count; i++) {
        size_t place = range->reversed ? span.first + span.count - 1 - i : span.first + i;
        if (scores && three) reply_array(call, 2);
        reply_bulk(call, zset->members[place].bytes);
        if (scores) reply_score(call, zset->members[place].score);
    }
}

static ttl_status reply_range(struct call *call, const struct zrange *range) {
    const struct collection *zset;
    if (!call_read(call, VALUE_ZSET, &zset)) return TTL_OK;
    if (zset == NULL) return reply_array(call, 0);
    reply_members(call, zset, zrange_span(range, zset), range);
    return TTL_OK;
}

ttl_status zrange_command(struct call *call) {
    struct zrange range;
    return zrange_parse(call, 2, &range) ? reply_range(call, &range) : TTL_OK;
}

static ttl_status range_of_kind(struct call *call, enum zrange_by by, bool reversed) {
    struct zrange range;
    return zrange_parse_kind(call, by, reversed, &range) ? reply_range(call, &range) : TTL_OK;
}

ttl_status zrevrange_command(struct call *call) {
    return range_of_kind(call, ZRANGE_BY_INDEX, true);
}

ttl_status zrangebyscore_command(struct call *call) {
    return range_of_kind(call, ZRANGE_BY_SCORE, false);
}

ttl_status zrevrangebyscore_command(struct call *call) {
    return range_of_kind(call, ZRANGE_BY_SCORE, true);
}

ttl_status zrangebylex_command(struct call *call) {
    return range_of_kind(call, ZRANGE_BY_LEX, false);
}

ttl_status zrevrangebylex_command(struct call *call) {
    return range_of_kind(call, ZRANGE_BY_LEX, true);
}

ttl_status zrangestore_command(struct call *call) {
    struct memory *memory = &call->engine->memory;
    struct zrange range;
    if (!zrange_parse(call, 3, &range)) return TTL_OK;
    struct key source = source_lookup(call, call->argv[2]);
    if (!db_check_type(call, source, VALUE_ZSET)) return TTL_OK;
    struct span span = {0, 0};
    if (source.record != NULL) span = zrange_span(&range, key_collection(source));
    struct collection *result = collection_new(memory, span.count);
    if (result == NULL) return TTL_NO_MEMORY;
    for (size_t i = 0; i < span.count; i++) {
        const struct member *member = &key_collection(source)->members[span.first + i];
        if (collection_append_copy(memory, result, member) == TTL_OK) continue;
        collection_free(memory, result);
        return TTL_NO_MEMORY;
    }
    return store_collection(call, call->argv[1], VALUE_ZSET, result, "zrangestore");
}
