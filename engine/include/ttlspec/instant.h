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

/* Who orders instants of different origins. A concrete engine has none. */
typedef struct ttl_timeline {
    void *context;
    /* Is `a` later than `b`? Called only when their origins differ. */
    bool (*is_after)(void *context, ttl_instant a, ttl_instant b);
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
