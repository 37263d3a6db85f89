/* What zone.c (the matrix) and zone_chain.c (explanations) share. Nobody else includes this. */
#ifndef CONFORMANCE_ZONE_INSIDE_H
#define CONFORMANCE_ZONE_INSIDE_H

#include "conformance/zone.h"

enum { ZONE_NO_SLOT = -1 };

/* What was added, newest first. Zones that were copied share the older part, so a copy costs
 * nothing here however long a history has become. */
typedef struct zone_record {
    struct zone_record *older;
    size_t references;
    size_t count;
    zone_constraint constraints[];
} zone_record;

typedef struct zone_slot {
    zone_variable variable;
    bool is_tick;
} zone_slot;

/* A variable lives in a slot: a row and a column. Slots are kept dense, so forgetting moves the
 * last one into the gap. */
struct zone {
    int64_t tick_us;
    size_t count, capacity; /* slots; the matrix has rows of `capacity` */
    int64_t *bounds;
    zone_slot *slots;
    size_t ticks;       /* how many slots are ticks, */
    size_t *tick_slots; /* and which */
    size_t variable_count, variable_capacity;
    int32_t *slot_of; /* by variable */
    bool *is_tick;    /* by variable, the forgotten too */
    int64_t *scratch; /* four vectors of `capacity` */
    size_t *columns;  /* scratch too */
    zone_record *record;
    bool empty;
};

/* The largest multiple of `tick_us` that is not above `value`. */
static inline int64_t zone_floor(int64_t value, int64_t tick_us) {
    int64_t rest = value % tick_us;
    return value - (rest < 0 ? rest + tick_us : rest);
}

/* A sum of two bounds. Saturation only ever says less. */
static inline int64_t zone_sum(int64_t a, int64_t b) {
    if (a > ZONE_LIMIT || b > ZONE_LIMIT || a + b > ZONE_LIMIT) return ZONE_INFINITY;
    return a + b < -ZONE_LIMIT ? -ZONE_LIMIT : a + b;
}

#endif
