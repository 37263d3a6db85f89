/* Scores of sorted sets, as commands read, keep and tell them. */
#ifndef ENGINE_SCORE_H
#define ENGINE_SCORE_H

#include "engine/command.h"
#include "engine/object.h"

/* What ZADD is asked for. */
enum zadd_flag {
    ZADD_NX = 1 << 0,
    ZADD_XX = 1 << 1,
    ZADD_GT = 1 << 2,
    ZADD_LT = 1 << 3,
    ZADD_CH = 1 << 4,
    ZADD_INCR = 1 << 5,
};

/* The score that argument `index` spells; answers `error` and returns false where it is none. */
bool call_score(struct call *call, size_t index, const char *error, double *score);
/* Answers a score: a double. */
void reply_score(struct call *call, double score);
/* The same as a bulk string, whatever the protocol. */
void reply_score_bulk(struct call *call, double score);
/* A score as it is kept. */
double score_kept(const struct call *call, double score);
/* Adds members with their scores to the sorted set that argument 1 names, as ZADD does, and answers
 * for it. Takes the batch; NULL: there was no memory for it. */
ttl_status zset_add(struct call *call, unsigned flags, struct collection *batch);

#endif
