/* Ranges of a sorted set: what ZRANGE and ZRANGESTORE select, by index, by score or by bytes.
 *
 * A sorted set is an array in order, so whatever is selected is a span of it. */
#ifndef ENGINE_ZRANGE_H
#define ENGINE_ZRANGE_H

#include "engine/command.h"
#include "engine/object.h"

enum zrange_by { ZRANGE_BY_INDEX, ZRANGE_BY_SCORE, ZRANGE_BY_LEX };

/* One end of a range by score or by bytes. */
struct zrange_end {
    double score;
    ttl_bytes bytes;
    int infinity; /* by bytes: -1 for "-", 1 for "+", else 0 */
    bool is_exclusive;
};

struct zrange {
    enum zrange_by by;
    bool reversed, with_scores;
    bool is_fixed;                 /* `by` and `reversed` are the command's, and no options */
    int64_t offset, limit;         /* LIMIT; -1: all */
    int64_t start, stop;           /* by index, as they were given */
    struct zrange_end least, most; /* by score, by bytes; REV has them the other way round */
};

/* Reads the range at argument `first` and the options after it; answers the error and returns
 * false where it is none. */
bool zrange_parse(struct call *call, size_t first, struct zrange *range);
/* The same of ZREVRANGE, ZRANGEBYSCORE and their like, at argument 2. */
bool zrange_parse_kind(struct call *call, enum zrange_by by, bool reversed, struct zrange *range);
/* The same of the two ends alone, the least one first. */
bool zrange_parse_ends(struct call *call, size_t first, enum zrange_by by, struct zrange *range);
/* What it selects. Of a reversed one the last of the span comes first. */
struct span zrange_span(const struct zrange *range, const struct collection *zset);

/* Answers the members of a span, with their scores where the range asks for them. */
void reply_members(struct call *call, const struct collection *zset, struct span span,
                   const struct zrange *range);

/* memcmp of bytes, the shorter of equal ones first. */
int bytes_order(ttl_bytes a, ttl_bytes b);

#endif
