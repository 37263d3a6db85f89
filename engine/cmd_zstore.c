/* ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE; ZUNION, ZINTER, ZDIFF, ZINTERCARD. */
#include <math.h>

#include "engine/db.h"
#include "engine/edit.h"
#include "engine/rule.h"
#include "engine/score.h"
#include "engine/zrange.h"

enum zset_operation { ZSET_INTERSECTION, ZSET_UNION, ZSET_DIFFERENCE };
enum aggregate { AGGREGATE_SUM, AGGREGATE_MIN, AGGREGATE_MAX };

/* What becomes of the result. */
enum destination { RESULT_STORED, RESULT_READ, RESULT_COUNTED };

struct source {
    const struct collection *collection; /* NULL: no such key */
    bool is_set;                         /* all its scores are 1 */
    double weight;
};

struct zstore {
    enum zset_operation operation;
    enum destination destination;
    enum aggregate aggregate;
    size_t first; /* the argument that names the first source */
    struct source *sources;
    size_t count;
    bool with_scores; /* of one that is read */
    int64_t limit;    /* of one that is counted; 0: none */
};

static const char *const store_events[] = {
    [ZSET_INTERSECTION] = "zinterstore",
    [ZSET_UNION] = "zunionstore",
    [ZSET_DIFFERENCE] = "zdiffstore",
};

/* ---- reading: each answers its error itself and returns false */

static void reply_no_sources(struct call *call) {
    RULE("zstore.needs-a-source");
    bool quoted = call_has(call, TRAIT_COMMAND_IS_QUOTED);
    bool named = call_has(call, TRAIT_ZSTORE_NAMES_COMMAND);
    ttl_bytes parts[] = {ttl_bytes_of("ERR at least 1 input key is needed for "),
                         ttl_bytes_of(quoted ? "'" : ""),
                         ttl_bytes_of(named ? call->command->name : "ZUNIONSTORE/ZINTERSTORE"),
                         ttl_bytes_of(quoted ? "' command" : "")};
    reply_error_parts(call, parts, sizeof parts / sizeof *parts);
}

static bool parse_count(struct call *call, struct zstore *zstore) {
    int64_t given;
    RULE("zstore.error-order");
    if (!call_integer(call, zstore->first - 1, &given)) return false;
    if (given < 1) {
        reply_no_sources(call);
        return false;
    }
    if ((uint64_t)given > call->argc - zstore->first) {
        reply_syntax_error(call);
        return false;
    }
    zstore->count = (size_t)given;
    return true;
}

static bool look_up_sources(struct call *call, struct zstore *zstore) {
    for (size_t i = 0; i < zstore->count; i++) {
        ttl_bytes name = call->argv[zstore->first + i];
        bool is_stored = zstore->destination == RESULT_STORED;
        struct key key = is_stored ? source_lookup(call, name) : db_read(call, name);
        bool is_set = key.record != NULL && key.record->type == VALUE_SET;
        if (!is_set && !db_check_type(call, key, VALUE_ZSET)) return false;
        const struct collection *collection = key.record == NULL ? NULL : key_collection(key);
        zstore->sources[i] = (struct source){collection, is_set, 1};
    }
    return true;
}

static bool parse_weights(struct call *call, size_t first, struct zstore *zstore) {
    for (size_t i = 0; i < zstore->count; i++)
        if (!call_score(call, first + i, "ERR weight value is not a float",
                        &zstore->sources[i].weight))
            return false;
    return true;
}

static bool parse_aggregate(const struct call *call, size_t index, enum aggregate *aggregate) {
    static const char *const words[] = {
        [AGGREGATE_SUM] = "SUM", [AGGREGATE_MIN] = "MIN", [AGGREGATE_MAX] = "MAX"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!call_is_word(call, index, words[i])) continue;
        *aggregate = (enum aggregate)i;
        return true;
    }
    return false;
}

static bool parse_limit(struct call *call, size_t index, struct zstore *zstore) {
    bool fits = argument_integer(call->argv[index], &zstore->limit) && zstore->limit >= 0;
    return fits || call_refuse(call, "ERR LIMIT can't be negative");
}

static bool parse_options(struct call *call, struct zstore *zstore) {
    bool is_counted = zstore->destination == RESULT_COUNTED;
    bool takes_options = zstore->operation != ZSET_DIFFERENCE && !is_counted;
    for (size_t i = zstore->first + zstore->count; i < call->argc; i++) {
        size_t rest = call->argc - i - 1;
        if (takes_options && rest >= zstore->count && call_is_word(call, i, "WEIGHTS")) {
            if (!parse_weights(call, i + 1, zstore)) return false;
            i += zstore->count;
        } else if (takes_options && rest >= 1 && call_is_word(call, i, "AGGREGATE") &&
                   parse_aggregate(call, i + 1, &zstore->aggregate)) {
            i++;
        } else if (zstore->destination == RESULT_READ && call_is_word(call, i, "WITHSCORES")) {
            zstore->with_scores = true;
        } else if (is_counted && rest >= 1 && call_is_word(call, i, "LIMIT")) {
            if (!parse_limit(call, ++i, zstore)) return false;
        } else {
            reply_syntax_error(call);
            return false;
        }
    }
    return true;
}

/* ---- working out the result, its members in no order yet */

static size_t source_count(const struct source *source) {
    return source->collection == NULL ? 0 : source->collection->count;
}

/* From the smallest to the greatest: a sum of fractions and infinities depends on the order. */
static void sort_sources(struct zstore *zstore) {
    for (size_t i = 1; i < zstore->count; i++) {
        struct source source = zstore->sources[i];
        size_t place = i;
        for (; place > 0 && source_count(&zstore->sources[place - 1]) > source_count(&source);
             place--)
            zstore->sources[place] = zstore->sources[place - 1];
        zstore->sources[place] = source;
    }
}

static double number_or_zero(double score) {
    RULE("zstore.nan-is-zero");
    return isnan(score) ? 0 : score;
}

/* The score of a member, at this place of the source, times its weight: 0 times infinity is NaN. */
static double score_weighted(const struct source *source, size_t place) {
    return source->weight * (source->is_set ? 1 : source->collection->members[place].score);
}

static double score_aggregated(enum aggregate aggregate, double score, double other) {
    RULE("zstore.aggregate");
    switch (aggregate) {
    case AGGREGATE_SUM: return number_or_zero(score + other);
    case AGGREGATE_MIN: return other < score ? other : score;
    case AGGREGATE_MAX: break;
    }
    return other > score ? other : score;
}

static bool source_find(const struct source *source, ttl_bytes bytes, size_t *place) {
    if (source->collection == NULL) return false;
    *place = collection_find(source->collection, bytes);
    return *place < source->collection->count;
}

/* Does the member of the first source belong to the result, and with which score? */
static bool first_is_kept(const struct zstore *zstore, size_t place, double *score) {
    bool intersects = zstore->operation == ZSET_INTERSECTION;
    ttl_bytes bytes = zstore->sources[0].collection->members[place].bytes;
    *score = number_or_zero(score_weighted(&zstore->sources[0], place));
    for (size_t i = 1; i < zstore->count; i++) {
        const struct source *source = &zstore->sources[i];
        if (source_find(source, bytes, &place) != intersects) return false;
        if (intersects)
            *score = score_aggregated(zstore->aggregate, *score, score_weighted(source, place));
    }
    return true;
}

static ttl_status result_add(struct memory *memory, struct collection *result, ttl_bytes bytes,
                             double score) {
    struct member member = {.bytes = bytes, .score = score};
    if (collection_reserve(memory, result, 1) != TTL_OK) return TTL_NO_MEMORY;
    return collection_append_copy(memory, result, &member);
}

static ttl_status fill_from_first(struct memory *memory, const struct zstore *zstore,
                                  struct collection *result) {
    double score;
    for (size_t i = 0; i < source_count(&zstore->sources[0]); i++) {
        ttl_bytes bytes = zstore->sources[0].collection->members[i].bytes;
        if (first_is_kept(zstore, i, &score) && result_add(memory, result, bytes, score) != TTL_OK)
            return TTL_NO_MEMORY;
    }
    return TTL_OK;
}

static ttl_status add_source(struct memory *memory, const struct zstore *zstore, size_t which,
                             struct collection *result) {
    const struct source *source = &zstore->sources[which];
    for (size_t i = 0; i < source_count(source); i++) {
        ttl_bytes bytes = source->collection->members[i].bytes;
        double score = number_or_zero(score_weighted(source, i));
        size_t place = collection_find(result, bytes);
        if (place == result->count) {
            if (result_add(memory, result, bytes, score) != TTL_OK) return TTL_NO_MEMORY;
            continue;
        }
        double *kept = &result->members[place].score;
        *kept = score_aggregated(zstore->aggregate, *kept, score);
    }
    return TTL_OK;
}

static ttl_status result_fill(struct memory *memory, const struct zstore *zstore,
                              struct collection *result) {
    if (zstore->operation != ZSET_UNION) return fill_from_first(memory, zstore, result);
    for (size_t i = 0; i < zstore->count; i++)
        if (add_source(memory, zstore, i, result) != TTL_OK) return TTL_NO_MEMORY;
    return TTL_OK;
}

/* ---- storing it, or telling it */

/* The members in order; they are taken from the result. NULL: no memory. A minus zero that is
 * stored may lose its sign. */
static struct collection *result_sort(struct call *call, struct collection *result, bool is_kept) {
    struct collection *sorted = collection_new(&call->engine->memory, result->count);
    for (size_t i = 0; sorted != NULL && i < result->count; i++) {
        struct member member = member_move(&result->members[i]);
        if (is_kept) member.score = score_kept(call, member.score);
        zset_insert(sorted, member);
    }
    return sorted;
}

static ttl_status result_use(struct call *call, const struct zstore *zstore,
                             struct collection *result) {
    if (zstore->destination == RESULT_COUNTED) {
        int64_t count = (int64_t)result->count;
        RULE("zintercard.limit");
        return reply_integer(call,
                             zstore->limit > 0 && zstore->limit < count ? zstore->limit : count);
    }
    bool is_stored = zstore->destination == RESULT_STORED;
    struct collection *sorted = result_sort(call, result, is_stored);
    if (sorted == NULL) return TTL_NO_MEMORY;
    if (is_stored)
        return store_collection(call, call->argv[1], VALUE_ZSET, sorted,
                                store_events[zstore->operation]);
    const struct zrange all = {.with_scores = zstore->with_scores};
    reply_members(call, sorted, (struct span){0, sorted->count}, &all);
    collection_free(&call->engine->memory, sorted);
    return TTL_OK;
}

static ttl_status zstore_run(struct call *call, struct zstore *zstore) {
    struct memory *memory = &call->engine->memory;
    if (!look_up_sources(call, zstore) || !parse_options(call, zstore)) return TTL_OK;
    if (zstore->operation != ZSET_DIFFERENCE) sort_sources(zstore);
    struct collection *result = collection_new(memory, 0);
    if (result == NULL) return TTL_NO_MEMORY;
    ttl_status status = result_fill(memory, zstore, result);
    if (status == TTL_OK) status = result_use(call, zstore, result);
    collection_free(memory, result);
    return status;
}

static ttl_status zstore_generic(struct call *call, enum zset_operation operation,
                                 enum destination destination) {
    struct memory *memory = &call->engine->memory;
    struct zstore zstore = {.operation = operation, .destination = destination};
    zstore.first = destination == RESULT_STORED ? 3 : 2;
    if (!parse_count(call, &zstore)) return TTL_OK;
    size_t size = zstore.count * sizeof *zstore.sources;
    zstore.sources = memory_take(memory, size);
    if (zstore.sources == NULL) return TTL_NO_MEMORY;
    ttl_status status = zstore_run(call, &zstore);
    memory_give(memory, zstore.sources, size);
    return status;
}

ttl_status zinterstore_command(struct call *call) {
    return zstore_generic(call, ZSET_INTERSECTION, RESULT_STORED);
}

ttl_status zunionstore_command(struct call *call) {
    return zstore_generic(call, ZSET_UNION, RESULT_STORED);
}

ttl_status zdiffstore_command(struct call *call) {
    return zstore_generic(call, ZSET_DIFFERENCE, RESULT_STORED);
}

ttl_status zinter_command(struct call *call) {
    return zstore_generic(call, ZSET_INTERSECTION, RESULT_READ);
}

ttl_status zunion_command(struct call *call) {
    return zstore_generic(call, ZSET_UNION, RESULT_READ);
}

ttl_status zdiff_command(struct call *call) {
    return zstore_generic(call, ZSET_DIFFERENCE, RESULT_READ);
}

ttl_status zintercard_command(struct call *call) {
    return zstore_generic(call, ZSET_INTERSECTION, RESULT_COUNTED);
}
