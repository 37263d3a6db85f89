/* Instants: when something happens, as an offset in milliseconds from an origin.
 *
 *      origin 0 (the epoch)            every instant of a simulation, every absolute deadline
 *      origin 1, 2, 3 ...              "the unknown moment at which unit n ran", when a live
 *                                      history is judged
 *
 * Two instants of one origin compare as integers: that is the fast path, and the only path of a
 * concrete engine. Two instants of different origins are a question that only the timeline that
 * was given to the engine can answer. Whatever in the engine depends on time asks through here.
 *
 * Cost: a concrete comparison is two integer comparisons, both predicted.
 */
#ifndef TTLSPEC_INSTANT_H
#define TTLSPEC_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

enum { TTL_ORIGIN_EPOCH = 0 };

typedef struct ttl_instant {
    int64_t ms;      /* offset from the origin, milliseconds */
    uint32_t origin; /* TTL_ORIGIN_EPOCH, or a number that the timeline knows */
} ttl_instant;

/* What a reply tells of instants that the engine cannot subtract itself: the relation that an
 * observed number asserts. `deadline` and `now` as the kind needs them. */
typedef enum ttl_told_kind {
    TTL_TOLD_LEFT_MS,     /* PTTL: deadline - now in ms, 0 where that is negative */
    TTL_TOLD_LEFT_S,      /* TTL: the same, (ms + 500) / 1000 */
    TTL_TOLD_MOMENT_MS,   /* PEXPIRETIME: deadline since the epoch in ms */
    TTL_TOLD_MOMENT_S,    /* EXPIRETIME: the same, (ms + 500) / 1000 */
    TTL_TOLD_NOW_S,       /* TIME: now in whole seconds ... */
    TTL_TOLD_NOW_US,      /* ... and the microseconds of the second */
    TTL_TOLD_LEFT_S_UP,   /* HTTL of Redis: left, (ms + 999) / 1000 */
    TTL_TOLD_MOMENT_S_UP, /* HEXPIRETIME of Redis: the deadline, (ms + 999) / 1000 */
    TTL_TOLD_COUNT,       /* DBSIZE: any number from low to high */
} ttl_told_kind;

typedef struct ttl_told {
    ttl_told_kind kind;
    ttl_instant deadline, now;
    int64_t low, high;
} ttl_told;

/* Who knows instants of different origins, when a history is judged. A concrete engine has none. */
typedef struct ttl_timeline {
    void *context;
    /* The present: an instant of an origin of its own for each unit. `again`: another reading of
     * the clock within the unit, by a dialect that reads it more than once. */
    ttl_instant (*now)(void *context, bool again);
    /* Is `a` later than `b`? Called only when their origins differ. */
    bool (*is_after)(void *context, ttl_instant a, ttl_instant b);
    /* Takes note of a relation; its number goes into the reply as a node TTL_REPLY_TOLD. */
    uint32_t (*tell)(void *context, const ttl_told *told);
    /* Said when a command has come to something that the timeline, or this engine, cannot know:
     * what is answered from now on means nothing. `why` is a sentence, and outlives everything. */
    void (*give_up)(void *context, const char *why);
} ttl_timeline;

static inline ttl_instant ttl_instant_at(int64_t epoch_ms) {
    return (ttl_instant){epoch_ms, TTL_ORIGIN_EPOCH};
}

static inline bool ttl_instant_is_after(const ttl_timeline *timeline, ttl_instant a,
                                        ttl_instant b) {
    if (a.origin == b.origin) return a.ms > b.ms;
    return timeline->is_after(timeline->context, a, b);
}

#endif
