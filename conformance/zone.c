#include "conformance/zone_inside.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"
#include "engine/require.h"

static int64_t *zone_row(const zone *z, size_t slot) {
    return z->bounds + slot * z->capacity;
}

static size_t zone_slot_of(const zone *z, zone_variable variable) {
    require(variable < z->variable_count);
    require(z->slot_of[variable] != ZONE_NO_SLOT);
    return (size_t)z->slot_of[variable];
}

/* The four vectors that a change needs; see zone_spread. */
typedef struct zone_reach {
    int64_t *left, *right;           /* by slot, not through ticks */
    int64_t *tick_left, *tick_right; /* by slot of a tick, through ticks */
} zone_reach;

static zone_reach zone_reach_of(const zone *z) {
    int64_t *scratch = z->scratch;
    size_t n = z->capacity;
    zone_reach reach = {scratch, scratch + n, scratch + 2 * n, scratch + 3 * n};
    for (size_t i = 0; i < 4 * n; i++) scratch[i] = ZONE_INFINITY;
    return reach;
}

static void zone_record_drop(zone_record *record) {
    while (record != NULL && --record->references == 0) {
        zone_record *older = record->older;
        free(record);
        record = older;
    }
}

static void zone_remember(zone *z, size_t count, const zone_constraint *constraints) {
    zone_record *record = memory_zeroed(1, sizeof *record + count * sizeof *constraints);
    *record = (zone_record){.older = z->record, .references = 1, .count = count};
    memcpy(record->constraints, constraints, count * sizeof *constraints);
    z->record = record;
}

/* Gives the matrix room for `capacity` slots. */
static void zone_widen(zone *z, size_t capacity) {
    int64_t *bounds = memory_zeroed(capacity * capacity, sizeof *bounds);
    for (size_t i = 0; i < z->count; i++) {
        memcpy(bounds + i * capacity, zone_row(z, i), z->count * sizeof *bounds);
    }
    free(z->bounds);
    z->bounds = bounds;
    z->capacity = capacity;
    z->slots = memory_resized(z->slots, capacity, sizeof *z->slots);
    z->scratch = memory_resized(z->scratch, 4 * capacity, sizeof *z->scratch);
    z->columns = memory_resized(z->columns, capacity, sizeof *z->columns);
    z->tick_slots = memory_resized(z->tick_slots, capacity, sizeof *z->tick_slots);
}

static zone_variable zone_new_variable(zone *z, bool is_tick) {
    if (z->count == z->capacity) zone_widen(z, 2 * z->capacity);
    if (z->variable_count == z->variable_capacity) {
        size_t capacity = 2 * z->variable_capacity;
        z->slot_of = memory_resized(z->slot_of, capacity, sizeof *z->slot_of);
        z->is_tick = memory_resized(z->is_tick, capacity, sizeof *z->is_tick);
        z->variable_capacity = capacity;
    }
    size_t slot = z->count++;
    zone_variable variable = (zone_variable)z->variable_count++;
    z->slots[slot] = (zone_slot){variable, is_tick};
    z->slot_of[variable] = (int32_t)slot;
    z->is_tick[variable] = is_tick;
    if (is_tick) z->tick_slots[z->ticks++] = slot;
    for (size_t i = 0; i <= slot; i++) {
        zone_row(z, slot)[i] = zone_row(z, i)[slot] = ZONE_INFINITY;
    }
    zone_row(z, slot)[slot] = 0;
    return variable;
}

zone_variable zone_add_variable(zone *z) {
    return zone_new_variable(z, false);
}

zone *zone_new(int64_t tick_us) {
    require(tick_us > 0);
    enum { SLOTS = 16, VARIABLES = 64 };
    zone *z = memory_zeroed(1, sizeof *z);
    z->tick_us = tick_us;
    zone_widen(z, SLOTS);
    z->slot_of = memory_zeroed(VARIABLES, sizeof *z->slot_of);
    z->is_tick = memory_zeroed(VARIABLES, sizeof *z->is_tick);
    z->variable_capacity = VARIABLES;
    (void)zone_new_variable(z, true); /* the reference is 0, a multiple of anything */
    return z;
}

enum { SLOTS_SPARE = 8 };

void zone_assign(zone *to, const zone *from) {
    if (to == from) return;
    if (to->capacity < from->count) { /* a copy seldom grows, and there may be thousands */
        to->count = 0;
        zone_widen(to, (from->count + SLOTS_SPARE) / SLOTS_SPARE * SLOTS_SPARE);
    }
    if (to->variable_capacity < from->variable_count) {
        size_t capacity = from->variable_capacity;
        to->slot_of = memory_resized(to->slot_of, capacity, sizeof *to->slot_of);
        to->is_tick = memory_resized(to->is_tick, capacity, sizeof *to->is_tick);
        to->variable_capacity = capacity;
    }
    to->tick_us = from->tick_us;
    to->count = from->count;
    to->ticks = from->ticks;
    to->variable_count = from->variable_count;
    to->empty = from->empty;
    for (size_t i = 0; i < from->count; i++) {
        memcpy(zone_row(to, i), zone_row(from, i), from->count * sizeof *from->bounds);
    }
    memcpy(to->slots, from->slots, from->count * sizeof *from->slots);
    memcpy(to->tick_slots, from->tick_slots, from->ticks * sizeof *from->tick_slots);
    memcpy(to->slot_of, from->slot_of, from->variable_count * sizeof *from->slot_of);
    memcpy(to->is_tick, from->is_tick, from->variable_count * sizeof *from->is_tick);
    if (from->record != NULL) from->record->references++;
    zone_record_drop(to->record);
    to->record = from->record;
}

zone *zone_copy(const zone *from) {
    zone *to = zone_new(from->tick_us);
    zone_assign(to, from);
    return to;
}

void zone_free(zone *z) {
    if (z == NULL) return;
    zone_record_drop(z->record);
    free(z->bounds);
    free(z->slots);
    free(z->slot_of);
    free(z->is_tick);
    free(z->scratch);
    free(z->columns);
    free(z->tick_slots);
    free(z);
}

size_t zone_size(const zone *z) {
    return z->count;
}

bool zone_is_empty(const zone *z) {
    return z->empty;
}

/* left[i] bounds i - p and right[j] bounds p - j, for some point p: then their sum bounds i - j.
 * Two ticks are left out. Columns without a bound are passed over once, not once for each row. */
static void zone_spread_stretches(zone *z, const int64_t *left, const int64_t *right) {
    size_t *columns = z->columns, count = 0;
    for (size_t j = 0; j < z->count; j++) {
        if (right[j] <= ZONE_LIMIT && !z->slots[j].is_tick) columns[count++] = j;
    }
    size_t without_ticks = count;
    for (size_t t = 0; t < z->ticks; t++) {
        if (right[z->tick_slots[t]] <= ZONE_LIMIT) columns[count++] = z->tick_slots[t];
    }
    for (size_t i = 0; i < z->count; i++) {
        if (left[i] > ZONE_LIMIT) continue;
        int64_t *row = zone_row(z, i);
        size_t until = z->slots[i].is_tick ? without_ticks : count;
        for (size_t c = 0; c < until; c++) {
            int64_t bound = left[i] + right[columns[c]];
            if (bound >= row[columns[c]] || bound > ZONE_LIMIT) continue;
            row[columns[c]] = bound < -ZONE_LIMIT ? -ZONE_LIMIT : bound;
        }
    }
}

/* Carries left and right on through the ticks: a tick that is bounded by a tick that is bounded.
 * True: one of them got tighter. */
static bool zone_reach_ticks(const zone *z, const int64_t *left, const int64_t *right,
                             const zone_reach *reach) {
    bool tighter = false;
    for (size_t b = 0; b < z->ticks; b++) {
        size_t by = z->tick_slots[b];
        const int64_t *row = zone_row(z, by);
        for (size_t t = 0; t < z->ticks && right[by] <= ZONE_LIMIT; t++) {
            size_t y = z->tick_slots[t];
            int64_t bound = zone_sum(right[by], row[y]);
            if (bound >= reach->tick_right[y]) continue;
            reach->tick_right[y] = bound;
            tighter = true;
        }
        for (size_t t = 0; t < z->ticks && left[by] <= ZONE_LIMIT; t++) {
            size_t x = z->tick_slots[t];
            int64_t bound = zone_sum(zone_row(z, x)[by], left[by]);
            if (bound >= reach->tick_left[x]) continue;
            reach->tick_left[x] = bound;
            tighter = true;
        }
    }
    return tighter;
}

/* True: the difference of two ticks got tighter. */
static bool zone_spread_ticks(zone *z, const zone_reach *reach) {
    bool tighter = false;
    for (size_t t = 0; t < z->ticks; t++) {
        size_t x = z->tick_slots[t];
        if (reach->tick_left[x] > ZONE_LIMIT) continue;
        int64_t *row = zone_row(z, x);
        for (size_t u = 0; u < z->ticks; u++) {
            size_t y = z->tick_slots[u];
            int64_t bound = zone_sum(reach->tick_left[x], reach->tick_right[y]);
            /* Entries are multiples, so what is below one is so after rounding too. */
            if (bound >= row[y]) continue;
            row[y] = zone_floor(bound, z->tick_us);
            tighter = true;
        }
    }
    return tighter;
}

/* A variable whose way out and back adds up to less than nothing. */
static bool zone_contradicts(const zone *z, const zone_reach *reach) {
    for (size_t i = 0; i < z->count; i++) {
        bool is_tick = z->slots[i].is_tick;
        int64_t left = is_tick ? reach->tick_left[i] : reach->left[i];
        int64_t right = is_tick ? reach->tick_right[i] : reach->right[i];
        if (zone_sum(left, right) < 0) return true;
    }
    return false;
}

/* Enters what follows from new bounds around a point: the heart of the zone. A stretch passes the
 * point once, so one sweep closes the stretches. A way over ticks may gain from passing it again:
 * each stretch is rounded for itself. So ticks are swept until nothing moves; the number of
 * stretches that a sweep has seen more than doubles, and there is seldom a third one. */
static bool zone_spread(zone *z, const zone_reach *reach) {
    (void)zone_reach_ticks(z, reach->left, reach->right, reach);
    zone_spread_stretches(z, reach->left, reach->right);
    do {
        if (zone_contradicts(z, reach)) {
            z->empty = true;
            return false;
        }
        if (!zone_spread_ticks(z, reach)) return true;
    } while (zone_reach_ticks(z, reach->tick_left, reach->tick_right, reach));
    return true;
}

/* From u - p <= bound: what bounds i - p, by a way that does not pass through a tick. */
static void zone_reach_left(const zone *z, int64_t *left, size_t u, int64_t bound) {
    if (bound >= left[u]) return; /* and so would be all that follows from it */
    left[u] = bound;
    if (z->slots[u].is_tick) return;
    for (size_t i = 0; i < z->count; i++) {
        int64_t sum = zone_sum(zone_row(z, i)[u], bound);
        if (sum < left[i]) left[i] = sum;
    }
}

/* From p - v <= bound: what bounds p - j. */
static void zone_reach_right(const zone *z, int64_t *right, size_t v, int64_t bound) {
    if (bound >= right[v]) return;
    right[v] = bound;
    if (z->slots[v].is_tick) return;
    const int64_t *row = zone_row(z, v);
    for (size_t j = 0; j < z->count; j++) {
        int64_t sum = zone_sum(bound, row[j]);
        if (sum < right[j]) right[j] = sum;
    }
}

static int64_t zone_clamp(int64_t bound) {
    return bound < -ZONE_LIMIT ? -ZONE_LIMIT : bound;
}

bool zone_add(zone *z, zone_constraint constraint) {
    size_t x = zone_slot_of(z, constraint.x), y = zone_slot_of(z, constraint.y);
    int64_t bound = zone_clamp(constraint.bound_us);
    if (z->empty) return false;
    if (bound > ZONE_LIMIT) return true;
    zone_remember(z, 1, &constraint);
    if (zone_row(z, x)[y] <= bound) return true;
    zone_reach reach = zone_reach_of(z);
    zone_reach_left(z, reach.left, x, bound);
    zone_reach_right(z, reach.right, y, 0);
    return zone_spread(z, &reach);
}

bool zone_attach(zone *z, zone_variable fresh, size_t count, const zone_constraint *constraints) {
    if (z->empty) return false;
    size_t point = zone_slot_of(z, fresh);
    zone_remember(z, count, constraints);
    zone_reach reach = zone_reach_of(z);
    reach.left[point] = reach.right[point] = 0;
    for (size_t i = 0; i < count; i++) {
        const zone_constraint *it = &constraints[i];
        require((it->x == fresh) != (it->y == fresh));
        if (it->bound_us > ZONE_LIMIT) continue;
        int64_t bound = zone_clamp(it->bound_us);
        if (it->x == fresh) {
            zone_reach_right(z, reach.right, zone_slot_of(z, it->y), bound);
        } else {
            zone_reach_left(z, reach.left, zone_slot_of(z, it->x), bound);
        }
    }
    return zone_spread(z, &reach);
}

/* The tightest bound of tick - y. */
static int64_t zone_upper_of_tick(const zone *z, size_t tick, size_t y) {
    const int64_t *row = zone_row(z, tick);
    int64_t upper = row[y];
    if (z->slots[y].is_tick) return upper;
    for (size_t t = 0; t < z->ticks; t++) {
        size_t by = z->tick_slots[t];
        int64_t bound = zone_sum(row[by], zone_row(z, by)[y]);
        if (bound < upper) upper = bound;
    }
    return upper;
}

/* The tightest bound of x - y when one of them is a tick, or there is but one tick. Else a bound
 * that may be a little wide: rounding can be gained on two stretches that share both variables. */
static int64_t zone_upper_in_sight(const zone *z, size_t x, size_t y) {
    if (z->slots[x].is_tick) return zone_upper_of_tick(z, x, y);
    const int64_t *row = zone_row(z, x);
    int64_t upper = row[y];
    for (size_t t = 0; t < z->ticks; t++) {
        size_t by = z->tick_slots[t];
        if (row[by] > ZONE_LIMIT) continue;
        int64_t bound = zone_sum(row[by], zone_upper_of_tick(z, by, y));
        if (bound < upper) upper = bound;
    }
    return upper;
}

static int64_t zone_floor_bound(const zone *z, int64_t bound) {
    return bound > ZONE_LIMIT ? bound : zone_floor(bound, z->tick_us);
}

/* Nothing follows from a tick for others than itself, so only its own row and column are new. */
zone_variable zone_add_tick(zone *z, zone_variable of) {
    require(!z->slots[zone_slot_of(z, of)].is_tick);
    zone_variable tick = zone_new_variable(z, true);
    size_t x = zone_slot_of(z, of), k = zone_slot_of(z, tick);
    int64_t rest = z->tick_us - 1;
    zone_constraint both[] = {{tick, of, 0, ZONE_TAG_TICK}, {of, tick, rest, ZONE_TAG_TICK}};
    zone_remember(z, 2, both);
    for (size_t j = 0; j < z->count && !z->empty; j++) {
        if (j == k) continue;
        int64_t above = zone_row(z, x)[j], below = zone_row(z, j)[x];
        if (z->slots[j].is_tick) {
            above = zone_floor_bound(z, zone_upper_in_sight(z, x, j));
            below = zone_floor_bound(z, zone_sum(zone_upper_of_tick(z, j, x), rest));
        } else {
            below = zone_sum(below, rest);
        }
        zone_row(z, k)[j] = above;
        zone_row(z, j)[k] = below;
    }
    return tick;
}

/* Fills a gap with the last slot, which is the one after the count. */
static void zone_move_last(zone *z, size_t gone) {
    size_t last = z->count;
    if (gone == last) return;
    memcpy(zone_row(z, gone), zone_row(z, last), (last + 1) * sizeof *z->bounds);
    for (size_t i = 0; i < last; i++) zone_row(z, i)[gone] = zone_row(z, i)[last];
    zone_row(z, gone)[gone] = 0;
    z->slots[gone] = z->slots[last];
    z->slot_of[z->slots[gone].variable] = (int32_t)gone;
}

void zone_forget(zone *z, zone_variable variable) {
    require(variable != ZONE_REFERENCE);
    size_t gone = zone_slot_of(z, variable), last = z->count - 1;
    if (z->slots[gone].is_tick && !z->empty) {
        /* Stretches that met at the tick become one. */
        zone_reach reach = zone_reach_of(z);
        for (size_t i = 0; i < z->count; i++) reach.left[i] = zone_row(z, i)[gone];
        memcpy(reach.right, zone_row(z, gone), z->count * sizeof *reach.right);
        zone_spread_stretches(z, reach.left, reach.right);
    }
    z->slot_of[variable] = ZONE_NO_SLOT;
    z->count = last;
    zone_move_last(z, gone);
    z->ticks = 0;
    for (size_t i = 0; i < z->count; i++) {
        if (z->slots[i].is_tick) z->tick_slots[z->ticks++] = i;
    }
}

static bool zone_sees_all(const zone *z, size_t x, size_t y) {
    return z->ticks == 1 || z->slots[x].is_tick || z->slots[y].is_tick;
}

/* Does any assignment have x - y <= bound? Tried on a copy. */
static bool zone_allows(const zone *z, zone_variable x, zone_variable y, int64_t bound) {
    zone *copy = zone_copy(z);
    bool allows = zone_add(copy, (zone_constraint){x, y, bound, 0});
    zone_free(copy);
    return allows;
}

int64_t zone_upper(const zone *z, zone_variable x, zone_variable y) {
    require(!z->empty);
    size_t x_slot = zone_slot_of(z, x), y_slot = zone_slot_of(z, y);
    int64_t upper = zone_upper_in_sight(z, x_slot, y_slot);
    if (upper > ZONE_LIMIT || zone_sees_all(z, x_slot, y_slot)) return upper;
    /* x - y >= d is y - x <= -d. Steps back that double, then halves. */
    int64_t step = 1, high = upper;
    if (zone_allows(z, y, x, -high)) return high;
    while (!zone_allows(z, y, x, -(high - step))) {
        high -= step;
        step *= 2;
    }
    int64_t low = high - step;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (zone_allows(z, y, x, -middle)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

zone_answer zone_ask(const zone *z, zone_variable x, zone_variable y, int64_t bound_us) {
    require(!z->empty);
    size_t x_slot = zone_slot_of(z, x), y_slot = zone_slot_of(z, y);
    bool is_bound = bound_us <= ZONE_LIMIT, sees_all = zone_sees_all(z, x_slot, y_slot);
    int64_t bound = is_bound ? zone_clamp(bound_us) : ZONE_LIMIT;
    if (zone_upper_in_sight(z, x_slot, y_slot) <= bound && bound_us >= bound) return ZONE_IMPLIED;
    /* x - y is at least -upper(y, x). */
    bool above = zone_sum(zone_upper_in_sight(z, y_slot, x_slot), bound) < 0;
    if (above && is_bound) return ZONE_IMPOSSIBLE;
    if (sees_all || bound != bound_us) return ZONE_POSSIBLE;
    if (!zone_allows(z, y, x, -bound - 1)) return ZONE_IMPLIED;
    return zone_allows(z, x, y, bound) ? ZONE_POSSIBLE : ZONE_IMPOSSIBLE;
}
