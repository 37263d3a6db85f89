/* The zone against judges that cannot be wrong: Floyd and Warshall from scratch where there are no
 * ticks, and trying every small assignment where there are. TTLSPEC_SEED repeats a run. */
#include "conformance/zone.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- a generator of our own, so that a seed means the same everywhere (xorshift64*) ------------ */

static uint64_t seed, state;

static uint64_t random_bits(void) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

static int64_t random_between(int64_t low, int64_t high) {
    return low + (int64_t)(random_bits() % (uint64_t)(high - low + 1));
}

static void begin_random(void) {
    state = seed;
}

/* -- a small world: a few variables, some with ticks, and every assignment of them ------------- */

enum { TICK = 3, REACH = 4, VARIABLES = 3, MOMENTS = 2 * VARIABLES + 2, CONSTRAINTS = 10 };

typedef struct small_world {
    zone *zone;
    size_t moments; /* the reference, variables and ticks, as numbered */
    bool is_tick[MOMENTS];
    size_t of[MOMENTS]; /* of a tick: its variable */
    bool forgotten[MOMENTS];
    size_t count;
    zone_constraint constraints[CONSTRAINTS + 2 * VARIABLES];
} small_world;

static int64_t floor_to_tick(int64_t value) {
    int64_t ticks = value / TICK;
    if (value % TICK < 0) ticks--;
    return ticks * TICK;
}

static bool holds(const small_world *world, const int64_t *values, size_t from, size_t count) {
    for (size_t i = from; i < from + count; i++) {
        const zone_constraint *it = &world->constraints[i];
        if (values[it->x] - values[it->y] > it->bound_us) return false;
    }
    return true;
}

/* Fills `values` with assignment number `index`. False: there is none of that number. */
static bool assignment_at(const small_world *world, int64_t index, int64_t *values) {
    values[0] = 0;
    for (size_t m = 1; m < world->moments; m++) {
        if (world->is_tick[m]) {
            values[m] = floor_to_tick(values[world->of[m]]);
        } else {
            values[m] = index % (2 * REACH + 1) - REACH;
            index /= 2 * REACH + 1;
        }
    }
    return index == 0;
}

/* upper[x][y]: the largest x - y over all assignments. False: there are none. */
static bool try_everything(const small_world *world, int64_t upper[MOMENTS][MOMENTS]) {
    int64_t values[MOMENTS];
    bool found = false;
    for (int64_t index = 0; assignment_at(world, index, values); index++) {
        if (!holds(world, values, 0, world->count)) continue;
        for (size_t x = 0; x < world->moments; x++) {
            for (size_t y = 0; y < world->moments; y++) {
                int64_t difference = values[x] - values[y];
                if (!found || difference > upper[x][y]) upper[x][y] = difference;
            }
        }
        found = true;
    }
    return found;
}

static void world_add_tick(small_world *world, size_t of) {
    size_t tick = zone_add_tick(world->zone, (zone_variable)of);
    ck_assert_uint_eq(tick, world->moments);
    world->is_tick[tick] = true;
    world->of[tick] = of;
    world->moments++;
}

/* Variables within the reach of the enumeration; each has a tick or not. */
static void world_begin(small_world *world) {
    *world = (small_world){.zone = zone_new(TICK), .moments = 1, .is_tick = {true}};
    for (int v = 0; v < VARIABLES; v++) {
        zone_variable variable = zone_add_variable(world->zone);
        size_t at = world->count;
        ck_assert_uint_eq(variable, world->moments++);
        world->constraints[world->count++] = (zone_constraint){variable, 0, REACH, 100};
        world->constraints[world->count++] = (zone_constraint){0, variable, REACH, 100};
        ck_assert(zone_attach(world->zone, variable, 2, world->constraints + at));
        if (random_bits() % 3 != 0) world_add_tick(world, variable);
    }
}

static size_t world_pick(const small_world *world) {
    size_t moment;
    do moment = (size_t)(random_bits() % world->moments);
    while (world->forgotten[moment]);
    return moment;
}

static zone_constraint world_invent(const small_world *world) {
    size_t x = world_pick(world), y = world_pick(world);
    return (zone_constraint){(zone_variable)x, (zone_variable)y, random_between(-REACH, REACH + 2),
                             (uint32_t)world->count};
}

static bool world_add(small_world *world, zone_constraint constraint) {
    world->constraints[world->count++] = constraint;
    return zone_add(world->zone, constraint);
}

static void assert_bounds(const small_world *world, const zone *z,
                          int64_t upper[MOMENTS][MOMENTS]) {
    for (size_t x = 0; x < world->moments; x++) {
        for (size_t y = 0; y < world->moments; y++) {
            if (world->forgotten[x] || world->forgotten[y]) continue;
            int64_t told = zone_upper(z, (zone_variable)x, (zone_variable)y);
            ck_assert_msg(told == upper[x][y],
                          "seed %" PRIu64 ": x%zu - x%zu is at most %" PRId64 ", told %" PRId64,
                          seed, x, y, upper[x][y], told);
        }
    }
}

static void assert_answers(const small_world *world, int64_t upper[MOMENTS][MOMENTS]) {
    size_t x = world_pick(world), y = world_pick(world);
    for (int64_t bound = -3 * REACH; bound <= 3 * REACH; bound++) {
        zone_answer expected = upper[x][y] <= bound    ? ZONE_IMPLIED
                               : -upper[y][x] <= bound ? ZONE_POSSIBLE
                                                       : ZONE_IMPOSSIBLE;
        zone_answer told = zone_ask(world->zone, (zone_variable)x, (zone_variable)y, bound);
        ck_assert_msg(told == expected, "seed %" PRIu64, seed);
    }
}

/* Can it be forgotten without loss? */
static bool is_forgettable(const small_world *world, size_t moment) {
    if (moment == ZONE_REFERENCE) return false;
    for (size_t i = 0; i < world->count && world->is_tick[moment]; i++) {
        const zone_constraint *it = &world->constraints[i];
        if (it->x == moment || it->y == moment) return false;
    }
    return true;
}

/* Adds constraints until the zone is empty, or there are enough, checking all after each. */
static void world_live(small_world *world, bool forgets) {
    int64_t upper[MOMENTS][MOMENTS];
    for (int i = 0; i < CONSTRAINTS; i++) {
        bool added = world_add(world, world_invent(world));
        bool exists = try_everything(world, upper);
        ck_assert_msg(added == exists, "seed %" PRIu64 ": added %d, exists %d", seed, added,
                      exists);
        ck_assert(zone_is_empty(world->zone) == !exists);
        if (!exists) return;
        assert_bounds(world, world->zone, upper);
        assert_answers(world, upper);
        size_t victim = world_pick(world);
        if (forgets && is_forgettable(world, victim) && random_bits() % 3 == 0) {
            zone_forget(world->zone, (zone_variable)victim);
            world->forgotten[victim] = true;
            assert_bounds(world, world->zone, upper);
        }
    }
}

START_TEST(the_zone_is_empty_and_tight_exactly_as_all_assignments_say) {
    begin_random();
    for (int round = 0; round < 300; round++) {
        small_world world;
        world_begin(&world);
        world_live(&world, false);
        zone_free(world.zone);
    }
}
END_TEST

START_TEST(forgetting_a_variable_keeps_all_that_follows_from_it) {
    begin_random();
    for (int round = 0; round < 300; round++) {
        small_world world;
        world_begin(&world);
        world_live(&world, true);
        zone_free(world.zone);
    }
}
END_TEST

/* -- many variables, no ticks: Floyd and Warshall ---------------------------------------------- */

enum { MANY = 20 };

static bool close_from_scratch(int64_t bounds[MANY][MANY]) {
    for (size_t k = 0; k < MANY; k++) {
        for (size_t i = 0; i < MANY; i++) {
            for (size_t j = 0; j < MANY; j++) {
                if (bounds[i][k] == ZONE_INFINITY || bounds[k][j] == ZONE_INFINITY) continue;
                int64_t sum = bounds[i][k] + bounds[k][j];
                if (sum < bounds[i][j]) bounds[i][j] = sum;
            }
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        if (bounds[i][i] < 0) return false;
    }
    return true;
}

static void compare_with_scratch(int64_t given[MANY][MANY], const zone *z) {
    int64_t closed[MANY][MANY];
    memcpy(closed, given, sizeof closed);
    ck_assert_msg(close_from_scratch(closed) == !zone_is_empty(z), "seed %" PRIu64, seed);
    for (zone_variable x = 0; x < MANY && !zone_is_empty(z); x++) {
        for (zone_variable y = 0; y < MANY; y++) {
            ck_assert_msg(zone_upper(z, x, y) == closed[x][y], "seed %" PRIu64, seed);
        }
    }
}

START_TEST(forgetting_any_tick_never_invents) {
    begin_random();
    for (int round = 0; round < 200; round++) {
        small_world world;
        world_begin(&world);
        for (int i = 0; i < 4 && world_add(&world, world_invent(&world));) i++;
        int64_t upper[MOMENTS][MOMENTS];
        bool exists = try_everything(&world, upper);
        for (size_t m = 1; m < world.moments && exists; m++) {
            if (!world.is_tick[m]) continue;
            zone_forget(world.zone, (zone_variable)m);
            world.forgotten[m] = true;
        }
        for (size_t x = 0; x < world.moments && exists; x++) {
            for (size_t y = 0; y < world.moments; y++) {
                if (world.forgotten[x] || world.forgotten[y]) continue;
                ck_assert_int_ge(zone_upper(world.zone, (zone_variable)x, (zone_variable)y),
                                 upper[x][y]);
            }
        }
        zone_free(world.zone);
    }
}
END_TEST

START_TEST(closing_step_by_step_is_closing_from_scratch) {
    begin_random();
    for (int round = 0; round < 40; round++) {
        zone *z = zone_new(1000);
        int64_t given[MANY][MANY];
        for (size_t i = 0; i < MANY * MANY; i++) {
            given[i / MANY][i % MANY] = i / MANY == i % MANY ? 0 : ZONE_INFINITY;
        }
        for (int v = 1; v < MANY; v++) (void)zone_add_variable(z);
        for (int i = 0; i < 80 && !zone_is_empty(z); i++) {
            size_t x = (size_t)random_between(0, MANY - 1), y = (size_t)random_between(0, MANY - 1);
            int64_t bound = random_between(-50000, 1000000);
            if (bound < given[x][y]) given[x][y] = bound;
            (void)zone_add(z, (zone_constraint){(zone_variable)x, (zone_variable)y, bound, 0});
            compare_with_scratch(given, z);
        }
        zone_free(z);
    }
}
END_TEST

START_TEST(attaching_at_once_is_adding_one_by_one) {
    begin_random();
    for (int round = 0; round < 300; round++) {
        small_world world;
        world_begin(&world);
        for (int i = 0; i < 3; i++) {
            if (!world_add(&world, world_invent(&world))) break;
        }
        if (!zone_is_empty(world.zone)) {
            zone *other = zone_copy(world.zone);
            zone_variable fresh = zone_add_variable(world.zone);
            ck_assert_uint_eq(zone_add_variable(other), fresh);
            zone_constraint star[4];
            bool possible = true;
            for (int i = 0; i < 4; i++) {
                zone_variable end = (zone_variable)world_pick(&world);
                bool up = random_bits() % 2 == 0;
                star[i] = (zone_constraint){up ? fresh : end, up ? end : fresh,
                                            random_between(-REACH, REACH), 0};
                possible = zone_add(other, star[i]);
            }
            ck_assert_msg(zone_attach(world.zone, fresh, 4, star) == possible, "seed %" PRIu64,
                          seed);
            for (zone_variable x = 0; x <= fresh && possible; x++) {
                for (zone_variable y = 0; y <= fresh; y++) {
                    ck_assert_int_eq(zone_upper(world.zone, x, y), zone_upper(other, x, y));
                }
            }
            zone_free(other);
        }
        zone_free(world.zone);
    }
}
END_TEST

/* -- explanations -------------------------------------------------------------------------------
 */

static size_t chain_price(const zone_chain *chain) {
    size_t price = 0;
    for (size_t i = 0; i < chain->count; i++) price += chain->constraints[i].tag != ZONE_TAG_TICK;
    return price;
}

static void assert_is_circle(const zone_chain *chain) {
    ck_assert_uint_gt(chain->count, 0);
    ck_assert_int_lt(chain->total_us, 0);
    for (size_t i = 0; i < chain->count; i++) {
        size_t next = (i + 1) % chain->count;
        ck_assert_uint_eq(chain->constraints[i].y, chain->constraints[next].x);
    }
}

/* How many steps has the circle in this choice of the world's constraints, in a zone of their own?
 * SIZE_MAX: they do not contradict each other. */
static size_t steps_of(const small_world *like, uint32_t chosen) {
    zone *z = zone_new(TICK);
    for (size_t m = 1; m < like->moments; m++) {
        if (like->is_tick[m]) {
            (void)zone_add_tick(z, (zone_variable)like->of[m]);
        } else {
            (void)zone_add_variable(z);
        }
    }
    for (size_t i = 0; i < like->count; i++) {
        if (chosen >> i & 1) (void)zone_add(z, like->constraints[i]);
    }
    zone_chain chain = {0};
    size_t steps = zone_explain(z, &chain) ? chain_price(&chain) : SIZE_MAX;
    zone_chain_free(&chain);
    zone_free(z);
    return steps;
}

static uint32_t find_constraint(const small_world *world, const zone_constraint *wanted) {
    for (uint32_t i = 0; i < world->count; i++) {
        const zone_constraint *it = &world->constraints[i];
        if (it->x == wanted->x && it->y == wanted->y && it->bound_us == wanted->bound_us) return i;
    }
    ck_abort_msg("seed %" PRIu64 ": a constraint that nobody added", seed);
    return 0;
}

static void assert_smallest(const small_world *world, const zone_chain *chain) {
    assert_is_circle(chain);
    uint32_t chosen = 0;
    for (size_t i = 0; i < chain->count; i++) {
        if (chain->constraints[i].tag == ZONE_TAG_TICK) continue;
        chosen |= UINT32_C(1) << find_constraint(world, &chain->constraints[i]);
    }
    ck_assert_msg(steps_of(world, chosen) != SIZE_MAX, "seed %" PRIu64 ": it is no proof", seed);
    /* Nothing smaller contradicts itself, but where a constraint has to be used twice. */
    size_t steps = chain_price(chain);
    for (uint32_t other = 1; other < UINT32_C(1) << world->count; other++) {
        if (__builtin_popcount(other) >= __builtin_popcount(chosen)) continue;
        ck_assert_msg(steps_of(world, other) >= steps, "seed %" PRIu64 ": %zu steps", seed, steps);
    }
}

START_TEST(an_empty_zone_is_explained_in_the_fewest_steps) {
    begin_random();
    int explained = 0;
    for (int round = 0; round < 120; round++) {
        small_world world;
        world_begin(&world);
        int added = 0;
        while (added < 6 && world_add(&world, world_invent(&world))) {
            size_t victim = world_pick(&world);
            if (random_bits() % 8 == 0 && victim != ZONE_REFERENCE) {
                zone_forget(world.zone, (zone_variable)victim);
                world.forgotten[victim] = true;
            }
            added++;
        }
        zone_chain chain = {0};
        ck_assert(zone_explain(world.zone, &chain) == zone_is_empty(world.zone));
        if (zone_is_empty(world.zone)) {
            assert_smallest(&world, &chain);
            zone_constraint last = chain.constraints[chain.count - 1];
            ck_assert_uint_eq(find_constraint(&world, &last),
                              find_constraint(&world, &world.constraints[world.count - 1]));
            explained++;
        }
        zone_chain_free(&chain);
        zone_free(world.zone);
    }
    ck_assert_int_gt(explained, 10);
}
END_TEST

START_TEST(what_is_impossible_is_refuted_without_changing_the_zone) {
    begin_random();
    int refuted = 0;
    for (int round = 0; round < 200; round++) {
        small_world world;
        world_begin(&world);
        for (int i = 0; i < 4 && world_add(&world, world_invent(&world));) i++;
        zone_constraint wish = world_invent(&world);
        zone_chain chain = {0};
        if (!zone_is_empty(world.zone)) {
            bool impossible =
                zone_ask(world.zone, wish.x, wish.y, wish.bound_us) == ZONE_IMPOSSIBLE;
            ck_assert(zone_refute(world.zone, wish, &chain) == impossible);
            ck_assert(!zone_is_empty(world.zone));
            if (impossible) {
                world.constraints[world.count++] = wish;
                assert_smallest(&world, &chain);
                refuted++;
            }
        }
        zone_chain_free(&chain);
        zone_free(world.zone);
    }
    ck_assert_int_gt(refuted, 5);
}
END_TEST

START_TEST(a_contradiction_of_one_attachment_is_explained) {
    zone *z = zone_new(1000);
    zone_variable early = zone_add_variable(z), late = zone_add_variable(z);
    ck_assert(zone_add(z, (zone_constraint){early, late, -50, 1}));
    zone_variable between = zone_add_variable(z);
    zone_constraint star[] = {{between, early, 10, 2}, {late, between, 30, 3}};
    ck_assert(!zone_attach(z, between, 2, star));
    zone_chain chain = {0};
    ck_assert(zone_explain(z, &chain));
    assert_is_circle(&chain);
    ck_assert_uint_eq(chain.count, 3);
    ck_assert_int_eq(chain.total_us, -10);
    zone_chain_free(&chain);
    zone_free(z);
}
END_TEST

/* -- ticks: what they are for -------------------------------------------------------------------
 */

START_TEST(a_microsecond_may_turn_a_millisecond_and_no_more) {
    zone *z = zone_new(1000);
    zone_variable first = zone_add_variable(z), second = zone_add_variable(z);
    zone_variable first_tick = zone_add_tick(z, first), second_tick = zone_add_tick(z, second);
    ck_assert(zone_add(z, (zone_constraint){second, first, 1, 0}));
    ck_assert(zone_add(z, (zone_constraint){first, second, -1, 0}));
    ck_assert_int_eq(zone_upper(z, second_tick, first_tick), 1000);
    ck_assert_int_eq(-zone_upper(z, first_tick, second_tick), 0);
    zone_free(z);
}
END_TEST

/* Intervals cannot see this: each reply alone is possible. */
START_TEST(one_deadline_cannot_be_both_past_and_not_past_at_one_moment) {
    zone *z = zone_new(1000);
    zone_variable set = zone_add_variable(z), read = zone_add_variable(z);
    zone_variable set_tick = zone_add_tick(z, set), read_tick = zone_add_tick(z, read);
    ck_assert(zone_add(z, (zone_constraint){read, set, 600000, 1}));
    ck_assert(zone_add(z, (zone_constraint){set, read, 0, 2}));
    ck_assert_int_eq(zone_ask(z, read_tick, set_tick, 100000), ZONE_POSSIBLE);
    ck_assert(zone_add(z, (zone_constraint){set_tick, read_tick, -101000, 3}));
    ck_assert(!zone_add(z, (zone_constraint){read_tick, set_tick, 100000, 4}));
    zone_chain chain = {0};
    ck_assert(zone_explain(z, &chain));
    ck_assert_uint_eq(chain.count, 2);
    ck_assert_int_eq(chain.total_us, -1000);
    ck_assert_uint_eq(chain.constraints[0].tag, 3);
    ck_assert_uint_eq(chain.constraints[1].tag, 4);
    zone_chain_free(&chain);
    zone_free(z);
}
END_TEST

START_TEST(the_reference_is_a_tick) {
    zone *z = zone_new(1000);
    zone_variable read = zone_add_variable(z), read_tick = zone_add_tick(z, read);
    ck_assert(zone_add(z, (zone_constraint){read, ZONE_REFERENCE, -1, 0}));
    ck_assert_int_eq(zone_upper(z, read_tick, ZONE_REFERENCE), -1000);
    ck_assert_int_eq(zone_upper(z, read, ZONE_REFERENCE), -1);
    ck_assert(zone_add(z, (zone_constraint){ZONE_REFERENCE, read_tick, 1999, 0}));
    ck_assert_int_eq(zone_upper(z, ZONE_REFERENCE, read), 1000);
    zone_free(z);
}
END_TEST

/* -- the rest -----------------------------------------------------------------------------------
 */

START_TEST(a_copy_lives_its_own_life) {
    zone *z = zone_new(1000);
    zone_variable x = zone_add_variable(z);
    ck_assert(zone_add(z, (zone_constraint){x, 0, 10, 1}));
    zone *copy = zone_copy(z), *kept = zone_copy(z);
    ck_assert(!zone_add(copy, (zone_constraint){0, x, -11, 2}));
    ck_assert(!zone_is_empty(z));
    for (int i = 0; i < 100; i++) (void)zone_add_variable(z);
    ck_assert(zone_add(z, (zone_constraint){x, 0, 3, 3}));
    ck_assert_int_eq(zone_upper(kept, x, 0), 10);
    zone_assign(kept, z);
    zone_free(z);
    ck_assert_int_eq(zone_upper(kept, x, 0), 3);
    ck_assert_uint_eq(zone_size(kept), 102);
    zone_assign(kept, copy);
    ck_assert(zone_is_empty(kept));
    zone_chain chain = {0};
    ck_assert(zone_explain(kept, &chain));
    ck_assert_uint_eq(chain.count, 2);
    zone_chain_free(&chain);
    zone_free(copy);
    zone_free(kept);
}
END_TEST

START_TEST(bounds_that_are_too_far_say_less_and_never_invent) {
    static const int64_t far[] = {INT64_MIN,  INT64_MIN + 1,  -ZONE_LIMIT - 1, -ZONE_LIMIT,
                                  ZONE_LIMIT, ZONE_LIMIT + 1, ZONE_INFINITY,   INT64_MAX};
    enum { FAR = sizeof far / sizeof *far };
    begin_random();
    for (int round = 0; round < 200; round++) {
        zone *z = zone_new(1000);
        zone_variable moments[9];
        int64_t values[9];
        for (size_t i = 0; i < 9; i++) {
            moments[i] = i == 0 ? 0 : zone_add_variable(z);
            values[i] = i == 0 ? 0 : random_between(-ZONE_LIMIT / 2, ZONE_LIMIT / 2);
        }
        /* These hold of the values, so they can never contradict each other. */
        for (int i = 0; i < 60; i++) {
            size_t x = random_bits() % 9, y = random_bits() % 9;
            int64_t bound = far[random_bits() % FAR], difference = values[x] - values[y];
            if (bound < difference) bound = difference;
            ck_assert_msg(zone_add(z, (zone_constraint){moments[x], moments[y], bound, 0}),
                          "seed %" PRIu64, seed);
            ck_assert(zone_upper(z, moments[x], moments[y]) >= difference);
            ck_assert(zone_ask(z, moments[x], moments[y], INT64_MIN) != ZONE_IMPLIED);
            ck_assert(zone_ask(z, moments[x], moments[y], INT64_MAX) != ZONE_IMPOSSIBLE);
        }
        zone_free(z);
    }
}
END_TEST

START_TEST(an_empty_zone_stays_empty) {
    zone *z = zone_new(1000);
    zone_variable x = zone_add_variable(z);
    ck_assert(!zone_add(z, (zone_constraint){x, x, -1, 7}));
    zone_variable y = zone_add_variable(z);
    ck_assert(!zone_add(z, (zone_constraint){x, y, 5, 8}));
    ck_assert(!zone_attach(z, y, 0, NULL));
    zone_forget(z, y);
    ck_assert(zone_is_empty(z));
    zone_chain chain = {0};
    ck_assert(zone_explain(z, &chain));
    ck_assert_uint_eq(chain.count, 1);
    ck_assert_uint_eq(chain.constraints[0].tag, 7);
    zone_chain_free(&chain);
    zone_free(z);
}
END_TEST

int main(void) {
    const char *given = getenv("TTLSPEC_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : 20261121;
    if (seed == 0) seed = 1;
    printf("test_zone: TTLSPEC_SEED=%" PRIu64 "\n", seed);
    Suite *suite = suite_create("zone");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 60);
    tcase_add_test(laws, the_zone_is_empty_and_tight_exactly_as_all_assignments_say);
    tcase_add_test(laws, forgetting_a_variable_keeps_all_that_follows_from_it);
    tcase_add_test(laws, forgetting_any_tick_never_invents);
    tcase_add_test(laws, closing_step_by_step_is_closing_from_scratch);
    tcase_add_test(laws, attaching_at_once_is_adding_one_by_one);
    tcase_add_test(laws, an_empty_zone_is_explained_in_the_fewest_steps);
    tcase_add_test(laws, what_is_impossible_is_refuted_without_changing_the_zone);
    tcase_add_test(laws, a_contradiction_of_one_attachment_is_explained);
    tcase_add_test(laws, a_microsecond_may_turn_a_millisecond_and_no_more);
    tcase_add_test(laws, one_deadline_cannot_be_both_past_and_not_past_at_one_moment);
    tcase_add_test(laws, the_reference_is_a_tick);
    tcase_add_test(laws, a_copy_lives_its_own_life);
    tcase_add_test(laws, bounds_that_are_too_far_say_less_and_never_invent);
    tcase_add_test(laws, an_empty_zone_stays_empty);
    suite_add_tcase(suite, laws);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
