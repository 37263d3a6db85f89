#include "engine/zrange.h"

#include "engine/number.h"
#include "engine/rule.h"

int bytes_order(ttl_bytes a, ttl_bytes b) {
    size_t common = a.length < b.length ? a.length : b.length;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* ---- reading: each answers its error itself and returns false */

/* Before 6.2 there was WITHSCORES and nothing else, looked at after the indices. */
static bool parse_indices_only(struct call *call, struct zrange *range) {
    if (!call_integer(call, 2, &range->start) || !call_integer(call, 3, &range->stop)) return false;
    range->with_scores = call->argc == 5 && call_is_word(call, 4, "WITHSCORES");
    return call->argc == 4 || range->with_scores || call_refuse(call, "ERR syntax error");
}

static bool parse_options(struct call *call, size_t first, struct zrange *range) {
    bool is_new = call_has(call, TRAIT_ZRANGE_FORMS);
    bool takes_scores = first != 3 && (is_new || range->by != ZRANGE_BY_LEX);
    for (size_t i = first + 2; i < call->argc; i++) {
        bool by_is_open = !range->is_fixed && range->by == ZRANGE_BY_INDEX;
        if (takes_scores && call_is_word(call, i, "WITHSCORES")) {
            range->with_scores = true;
        } else if (call_is_word(call, i, "LIMIT") && i + 2 < call->argc) {
            if (!call_integer(call, i + 1, &range->offset) ||
                !call_integer(call, i + 2, &range->limit))
                return false;
            i += 2;
        } else if (!range->is_fixed && !range->reversed && call_is_word(call, i, "REV")) {
            range->reversed = true;
        } else if (by_is_open && call_is_word(call, i, "BYLEX")) {
            range->by = ZRANGE_BY_LEX;
        } else if (by_is_open && call_is_word(call, i, "BYSCORE")) {
            range->by = ZRANGE_BY_SCORE;
        } else {
            return call_refuse(call, "ERR syntax error");
        }
    }
    if (range->limit != -1 && range->by == ZRANGE_BY_INDEX)
        return call_refuse(call,
                           "ERR syntax error, LIMIT is only supported in combination with either "
                           "BYSCORE or BYLEX");
    if (range->with_scores && range->by == ZRANGE_BY_LEX)
        return call_refuse(call,
                           "ERR syntax error, WITHSCORES not supported in combination with BYLEX");
    return true;
}

static ttl_bytes bytes_after_first(ttl_bytes bytes) {
    return (ttl_bytes){bytes.data + 1, bytes.length - 1};
}

static bool parse_score_end(const struct call *call, ttl_bytes text, struct zrange_end *end) {
    end->is_exclusive = text.length > 0 && text.data[0] == '(';
    if (end->is_exclusive) text = bytes_after_first(text);
    RULE("zset.hexadecimal-bound");
    if (call_has(call, TRAIT_SCORE_BOUND_IS_DECIMAL) && !number_is_decimal(text)) return false;
    return number_parse_bound(text, &end->score);
}

static bool parse_lex_end(ttl_bytes text, struct zrange_end *end) {
    char mark = text.length > 0 ? text.data[0] : '\0';
    *end = (struct zrange_end){.is_exclusive = mark == '('};
    if (mark == '-' || mark == '+') {
        end->infinity = mark == '-' ? -1 : 1;
        return text.length == 1;
    }
    if (mark != '(' && mark != '[') return false;
    end->bytes = bytes_after_first(text);
    return true;
}

static bool parse_ends(struct call *call, size_t first, struct zrange *range) {
    ttl_bytes least = call->argv[first + (range->reversed ? 1 : 0)];
    ttl_bytes most = call->argv[first + (range->reversed ? 0 : 1)];
    if (range->by == ZRANGE_BY_INDEX)
        return call_integer(call, first, &range->start) &&
               call_integer(call, first + 1, &range->stop);
    if (range->by == ZRANGE_BY_SCORE)
        return (parse_score_end(call, least, &range->least) &&
                parse_score_end(call, most, &range->most)) ||
               call_refuse(call, "ERR min or max is not a float");
    return (parse_lex_end(least, &range->least) && parse_lex_end(most, &range->most)) ||
           call_refuse(call, "ERR min or max not valid string range item");
}

bool zrange_parse(struct call *call, size_t first, struct zrange *range) {
    *range = (struct zrange){.limit = -1};
    if (!call_has(call, TRAIT_ZRANGE_FORMS)) return parse_indices_only(call, range);
    return parse_options(call, first, range) && parse_ends(call, first, range);
}

/* Before 6.2 the ends were looked at first. */
bool zrange_parse_kind(struct call *call, enum zrange_by by, bool reversed, struct zrange *range) {
    *range = (struct zrange){.by = by, .reversed = reversed, .is_fixed = true, .limit = -1};
    RULE("zrange.options-first");
    if (call_has(call, TRAIT_ZRANGE_FORMS))
        return parse_options(call, 2, range) && parse_ends(call, 2, range);
    if (by == ZRANGE_BY_INDEX) return parse_indices_only(call, range);
    return parse_ends(call, 2, range) && parse_options(call, 2, range);
}

bool zrange_parse_ends(struct call *call, size_t first, enum zrange_by by, struct zrange *range) {
    *range = (struct zrange){.by = by, .limit = -1};
    return parse_ends(call, first, range);
}

/* ---- selecting */

/* Below zero: the member lies before the end; zero: on it. */
static int end_order(const struct zrange *range, const struct member *member,
                     const struct zrange_end *end) {
    if (range->by == ZRANGE_BY_SCORE)
        return (member->score > end->score) - (member->score < end->score);
    return end->infinity != 0 ? -end->infinity : bytes_order(member->bytes, end->bytes);
}

static bool is_past_least(const struct zrange *range, const struct member *member) {
    int order = end_order(range, member, &range->least);
    return range->least.is_exclusive ? order > 0 : order >= 0;
}

static bool is_before_most(const struct zrange *range, const struct member *member) {
    int order = end_order(range, member, &range->most);
    return range->most.is_exclusive ? order < 0 : order <= 0;
}

/* The members between the ends. By bytes that only means something where all scores are equal;
 * elsewhere it is what walking finds, from the first that is past the least end (reversed: from
 * the last that is before the most) to the first that is out of the range. */
static struct span span_between(const struct zrange *range, const struct collection *zset) {
    size_t first = 0, end = zset->count;
    const struct member *members = zset->members;
    if (!is_past_least(range, &members[end - 1]) || !is_before_most(range, &members[0]))
        return (struct span){0, 0};
    if (range->reversed) {
        while (end > 0 && !is_before_most(range, &members[end - 1])) end--;
        for (first = end; first > 0 && is_past_least(range, &members[first - 1]);) first--;
    } else {
        while (first < end && !is_past_least(range, &members[first])) first++;
        for (end = first; end < zset->count && is_before_most(range, &members[end]);) end++;
    }
    return (struct span){first, end - first};
}

static struct span span_limited(const struct zrange *range, struct span span) {
    if (range->offset < 0 || (uint64_t)range->offset >= span.count) return (struct span){0, 0};
    size_t skipped = (size_t)range->offset, kept = span.count - skipped;
    if (range->limit >= 0 && (uint64_t)range->limit < kept) kept = (size_t)range->limit;
    size_t first =
        range->reversed ? span.first + span.count - skipped - kept : span.first + skipped;
    return (struct span){first, kept};
}

struct span zrange_span(const struct zrange *range, const struct collection *zset) {
    if (range->by != ZRANGE_BY_INDEX) return span_limited(range, span_between(range, zset));
    struct span span = collection_span(zset, range->start, range->stop);
    if (range->reversed) span.first = zset->count - span.first - span.count;
    return span;
}
