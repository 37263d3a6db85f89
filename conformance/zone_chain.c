/* Explanations: the circle of the fewest constraints whose sum is below nothing.
 *
 * A constraint x - y <= c is an arrow from y to x of length c; a contradiction is a circle shorter
 * than nothing (Bellman and Ford). The search goes by the number of arrows: after n rounds each
 * variable knows its shortest way from the source over at most n constraints. A round has three
 * passes, so that the two arrows of a tick cost nothing:
 *
 *      0  constraints           1  a variable to its tick, rounding down        2  and back
 *
 * Rounding is right when the source is itself a tick, so every tick is a source in turn; circles
 * without ticks are found from the variable that the last constraint names.
 */
#include "conformance/zone_inside.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"
#include "engine/require.h"

enum { CHAIN_PASSES = 3, CHAIN_UNCHANGED = -1 };

/* The sum of a few bounds may pass ZONE_LIMIT on its way back to something small. */
#define CHAIN_FAR    (4 * ZONE_LIMIT)
#define CHAIN_NO_WAY INT64_MAX

typedef struct chain_search {
    const zone *zone;
    size_t count; /* constraints, oldest last but for the culprits, which are first */
    zone_constraint *arrows;
    size_t culprits;
    int64_t *way;      /* by variable: the shortest so far */
    int64_t *way_then; /* before this pass */
    int32_t *came_by;  /* [pass][variable]: the arrow, or CHAIN_UNCHANGED */
    size_t pass_capacity;
    zone_chain *best;
    size_t best_rounds; /* SIZE_MAX: nothing was found yet */
} chain_search;

void zone_chain_free(zone_chain *chain) {
    free(chain->constraints);
    *chain = (zone_chain){0};
}

/* Which pass of a round an arrow belongs to. */
static size_t chain_pass_of(const zone *z, const zone_constraint *arrow) {
    if (arrow->tag != ZONE_TAG_TICK) return 0;
    return z->is_tick[arrow->x] ? 1 : 2;
}

static int32_t *chain_came_by(const chain_search *search, size_t pass) {
    return search->came_by + pass * search->zone->variable_count;
}

/* Follows the arrows of one pass from where the last one ended. True: something got shorter. */
static bool chain_run_pass(chain_search *search, zone_variable source, size_t pass) {
    const zone *z = search->zone;
    size_t variables = z->variable_count;
    if (pass == search->pass_capacity) {
        search->pass_capacity *= 2;
        search->came_by = memory_resized(search->came_by, search->pass_capacity * variables,
                                         sizeof *search->came_by);
    }
    int32_t *came_by = chain_came_by(search, pass);
    for (size_t v = 0; v < variables; v++) came_by[v] = CHAIN_UNCHANGED;
    memcpy(search->way_then, search->way, variables * sizeof *search->way);
    bool shorter = false;
    for (size_t a = 0; a < search->count; a++) {
        const zone_constraint *arrow = &search->arrows[a];
        if (search->way_then[arrow->y] == CHAIN_NO_WAY) continue;
        if (arrow->bound_us > ZONE_LIMIT || chain_pass_of(z, arrow) != pass % CHAIN_PASSES)
            continue;
        int64_t way = search->way_then[arrow->y] + arrow->bound_us;
        if (z->is_tick[source] && z->is_tick[arrow->x]) way = zone_floor(way, z->tick_us);
        if (way >= search->way[arrow->x] || way > CHAIN_FAR) continue;
        if (way < -CHAIN_FAR) way = -CHAIN_FAR;
        search->way[arrow->x] = way;
        came_by[arrow->x] = (int32_t)a;
        shorter = true;
    }
    return shorter;
}

/* Writes down the circle that came home to its source in `pass`, the culprit last. */
static void chain_keep(chain_search *search, zone_variable source, size_t pass) {
    zone_chain *best = search->best;
    zone_chain_free(best);
    best->total_us = search->way[source];
    best->constraints = memory_zeroed(pass + 1, sizeof *best->constraints);
    size_t last = 0;
    zone_variable at = source;
    for (size_t p = pass + 1; p-- > 0;) {
        int32_t a = chain_came_by(search, p)[at];
        if (a == CHAIN_UNCHANGED) continue;
        if ((size_t)a < search->culprits) last = best->count;
        best->constraints[best->count++] = search->arrows[a];
        at = search->arrows[a].y;
    }
    zone_constraint *turned = memory_zeroed(best->count, sizeof *turned);
    for (size_t i = 0; i < best->count; i++) {
        turned[i] = best->constraints[(last + 1 + i) % best->count];
    }
    free(best->constraints);
    best->constraints = turned;
}

/* Looks for a circle through `source` that beats the best one. */
static void chain_try(chain_search *search, zone_variable source) {
    size_t variables = search->zone->variable_count;
    for (size_t v = 0; v < variables; v++) search->way[v] = CHAIN_NO_WAY;
    search->way[source] = 0;
    size_t quiet = 0;
    for (size_t pass = 0; quiet < CHAIN_PASSES; pass++) {
        size_t round = pass / CHAIN_PASSES;
        if (round > search->best_rounds || round > search->count) return;
        quiet = chain_run_pass(search, source, pass) ? 0 : quiet + 1;
        if (search->way[source] >= 0) continue;
        bool better = round < search->best_rounds || search->way[source] < search->best->total_us;
        if (better) chain_keep(search, source, pass);
        search->best_rounds = round;
        return;
    }
}

static size_t chain_gather(chain_search *search, size_t at, const zone_record *record) {
    for (; record != NULL; record = record->older) {
        memcpy(search->arrows + at, record->constraints, record->count * sizeof *search->arrows);
        at += record->count;
    }
    return at;
}

/* The smallest circle in the record, with `extra` (may be NULL) before it. `culprits`: how many
 * constraints at the beginning made the contradiction; every circle passes one of them. */
static bool chain_find(const zone *z, const zone_constraint *extra, size_t culprits,
                       zone_chain *chain) {
    size_t variables = z->variable_count, count = extra != NULL;
    for (const zone_record *r = z->record; r != NULL; r = r->older) count += r->count;
    chain_search search = {.zone = z,
                           .count = count,
                           .arrows = memory_zeroed(count, sizeof *search.arrows),
                           .culprits = culprits,
                           .way = memory_zeroed(variables, sizeof *search.way),
                           .way_then = memory_zeroed(variables, sizeof *search.way_then),
                           .came_by = memory_zeroed(variables, sizeof *search.came_by),
                           .pass_capacity = 1,
                           .best = chain,
                           .best_rounds = SIZE_MAX};
    if (extra != NULL) search.arrows[0] = *extra;
    require(chain_gather(&search, extra != NULL, z->record) == count);
    for (size_t a = 0; a < count; a++) {
        int64_t bound_us = search.arrows[a].bound_us;
        if (bound_us < -ZONE_LIMIT) search.arrows[a].bound_us = -ZONE_LIMIT;
        if (bound_us > ZONE_LIMIT) search.arrows[a].bound_us = ZONE_INFINITY; /* no bound at all */
    }
    zone_chain_free(chain);
    for (size_t a = 0; a < culprits && search.best_rounds > 0; a++) {
        chain_try(&search, search.arrows[a].x);
        chain_try(&search, search.arrows[a].y);
        if (culprits > 1) break; /* all of them name one variable, which is one of these two */
    }
    for (size_t v = 0; v < variables; v++) {
        if (z->is_tick[v]) chain_try(&search, (zone_variable)v);
    }
    free(search.arrows);
    free(search.way);
    free(search.way_then);
    free(search.came_by);
    return search.best_rounds != SIZE_MAX;
}

bool zone_explain(const zone *z, zone_chain *chain) {
    if (!z->empty) return false;
    return chain_find(z, NULL, z->record->count, chain);
}

bool zone_refute(const zone *z, zone_constraint constraint, zone_chain *chain) {
    if (zone_ask(z, constraint.x, constraint.y, constraint.bound_us) != ZONE_IMPOSSIBLE) {
        return false;
    }
    return chain_find(z, &constraint, 1, chain);
}
