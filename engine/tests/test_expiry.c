/* The laws of time, through the public API. What vectors can say is said in vectors/; here is what
 * a vector cannot see: the active cycle, the order in which keys go, the next moment. */
#include "support.h"

START_TEST(a_key_lives_through_the_millisecond_of_its_deadline) {
    struct world w;
    world_open(&w, "redis-7.0");
    expect(&w, "PSETEX k 100 v", "+OK ");
    world_advance_ms(&w, 100);
    expect(&w, "GET k", "$1 v ");
    expect(&w, "PTTL k", ":0 ");
    world_advance_ms(&w, 1);
    expect(&w, "GET k", "$-1 ");
    ck_assert_str_eq(w.events, "set k, expire k, expired k");
    world_close(&w);
}
END_TEST

START_TEST(the_active_cycle_removes_in_order_of_deadline_then_arming) {
    struct world w;
    world_open(&w, "redis-7.0");
    world_do(&w, "PSETEX c 30 v");
    world_do(&w, "PSETEX a 20 v");
    world_do(&w, "PSETEX b 20 v");
    world_do(&w, "PSETEX d 10000 v");
    world_do(&w, "SET p v");
    world_do(&w, "PEXPIRE a 20");
    w.events[0] = '\0';
    world_advance_ms(&w, 1000);
    size_t removed;
    ck_assert_int_eq(ttl_engine_expire(w.engine, &removed), TTL_OK);
    ck_assert_uint_eq(removed, 3);
    ck_assert_str_eq(w.events, "expired b, expired a, expired c");
    expect(&w, "DBSIZE", ":2 ");
    world_close(&w);
}
END_TEST

START_TEST(changing_a_value_in_place_does_not_change_its_turn) {
    struct world w;
    world_open(&w, "redis-7.0");
    world_do(&w, "PSETEX a 20 v");
    world_do(&w, "PSETEX b 20 v");
    for (int i = 0; i < 200; i++) world_do(&w, "APPEND a 0123456789");
    w.events[0] = '\0';
    world_advance_ms(&w, 21);
    ck_assert_int_eq(ttl_engine_expire(w.engine, NULL), TTL_OK);
    ck_assert_str_eq(w.events, "expired a, expired b");
    world_close(&w);
}
END_TEST

START_TEST(the_next_expiry_is_exact) {
    struct world w;
    int64_t at_ms;
    world_open(&w, "redis-7.0");
    ck_assert(!ttl_engine_next_expiry(w.engine, &at_ms));
    world_do(&w, "PSETEX far 100000000 v");
    world_do(&w, "PSETEX near 777 v");
    ck_assert(ttl_engine_next_expiry(w.engine, &at_ms));
    ck_assert_int_eq(at_ms, WORLD_START_MS + 778);
    world_do(&w, "PERSIST near");
    ck_assert(ttl_engine_next_expiry(w.engine, &at_ms));
    ck_assert_int_eq(at_ms, WORLD_START_MS + 100000001);
    world_do(&w, "PSETEX sooner 5 v");
    ck_assert(ttl_engine_next_expiry(w.engine, &at_ms));
    ck_assert_int_eq(at_ms, WORLD_START_MS + 6);
    world_close(&w);
}
END_TEST

START_TEST(redis_8_reclaims_actively_in_the_millisecond_of_the_deadline) {
    struct world w;
    size_t removed;
    static const struct {
        const char *dialect;
        size_t removed;
    } rows[] = {{"redis-7.0", 0}, {"redis-8.6", 1}, {"valkey-9.1", 0}};
    for (size_t i = 0; i < 3; i++) {
        world_open(&w, rows[i].dialect);
        world_do(&w, "PSETEX k 100 v");
        world_advance_ms(&w, 100);
        ck_assert_int_eq(ttl_engine_expire(w.engine, &removed), TTL_OK);
        ck_assert_uint_eq(removed, rows[i].removed);
        world_close(&w);
    }
}
END_TEST

START_TEST(a_clock_that_goes_back_revives_no_key_and_keeps_the_order) {
    struct world w;
    world_open(&w, "redis-7.0");
    world_do(&w, "PSETEX a 100 v");
    world_advance_ms(&w, 50);
    ck_assert_int_eq(ttl_engine_expire(w.engine, NULL), TTL_OK);
    world_advance_ms(&w, -40);
    expect(&w, "PTTL a", ":90 ");
    world_do(&w, "PSETEX b 5 v");
    world_advance_ms(&w, 200);
    w.events[0] = '\0';
    ck_assert_int_eq(ttl_engine_expire(w.engine, NULL), TTL_OK);
    ck_assert_str_eq(w.events, "expired b, expired a");
    world_close(&w);
}
END_TEST

START_TEST(a_dead_key_is_counted_until_it_is_reclaimed) {
    struct world w;
    world_open(&w, "redis-7.0");
    world_do(&w, "PSETEX k 1 v");
    world_advance_ms(&w, 2);
    expect(&w, "DBSIZE", ":1 ");
    expect(&w, "EXISTS k", ":0 ");
    expect(&w, "DBSIZE", ":0 ");
    world_close(&w);
}
END_TEST

START_TEST(no_active_expiry_after_debug_turned_it_off) {
    struct world w;
    size_t removed;
    world_open(&w, "redis-7.0");
    expect(&w, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK ");
    world_do(&w, "PSETEX k 1 v");
    world_advance_ms(&w, 10);
    ck_assert_int_eq(ttl_engine_expire(w.engine, &removed), TTL_OK);
    ck_assert_uint_eq(removed, 0);
    expect(&w, "DBSIZE", ":1 ");
    expect(&w, "DEBUG SET-ACTIVE-EXPIRE 1", "+OK ");
    ck_assert_int_eq(ttl_engine_expire(w.engine, &removed), TTL_OK);
    ck_assert_uint_eq(removed, 1);
    world_close(&w);
}
END_TEST

/* ---- the whole keyspace against an array that is searched from end to end */

enum { NAIVE_KEYS = 60 };

struct naive {
    bool exists[NAIVE_KEYS], is_volatile[NAIVE_KEYS];
    int64_t deadline_ms[NAIVE_KEYS];
    int value[NAIVE_KEYS];
};

static bool naive_alive(const struct naive *naive, size_t k, int64_t now_ms) {
    return naive->exists[k] && !(naive->is_volatile[k] && now_ms > naive->deadline_ms[k]);
}

static void naive_reap(struct naive *naive, int64_t now_ms) {
    for (size_t k = 0; k < NAIVE_KEYS; k++)
        if (!naive_alive(naive, k, now_ms)) naive->exists[k] = false;
}

static void check_key(struct world *w, const struct naive *naive, size_t k, int64_t now_ms) {
    char line[64], reply[64];
    bool alive = naive_alive(naive, k, now_ms);
    snprintf(line, sizeof line, "PTTL key:%zu", k);
    int64_t left = alive ? naive->is_volatile[k] ? naive->deadline_ms[k] - now_ms : -1 : -2;
    snprintf(reply, sizeof reply, ":%lld ", (long long)left);
    expect(w, line, reply);
    if (!alive) return;
    snprintf(line, sizeof line, "GET key:%zu", k);
    char value[32];
    int length = snprintf(value, sizeof value, "%d", naive->value[k]);
    snprintf(reply, sizeof reply, "$%d %s ", length, value);
    expect(w, line, reply);
}

static void step_write(struct world *w, struct naive *naive, uint64_t *random, int64_t now_ms) {
    char line[96];
    size_t k = random_below(random, NAIVE_KEYS), j = random_below(random, NAIVE_KEYS);
    int64_t ttl = 1 + (int64_t)random_below(random, random_below(random, 2) ? 50 : 100000);
    int value = (int)random_below(random, 1000);
    bool alive = naive_alive(naive, k, now_ms);
    switch (random_below(random, 7)) {
    case 0:
        snprintf(line, sizeof line, "SET key:%zu %d", k, value);
        naive->exists[k] = true, naive->is_volatile[k] = false, naive->value[k] = value;
        break;
    case 1:
        snprintf(line, sizeof line, "PSETEX key:%zu %lld %d", k, (long long)ttl, value);
        naive->exists[k] = naive->is_volatile[k] = true;
        naive->deadline_ms[k] = now_ms + ttl, naive->value[k] = value;
        break;
    case 2:
        snprintf(line, sizeof line, "PEXPIRE key:%zu %lld", k, (long long)ttl);
        if (alive) naive->is_volatile[k] = true, naive->deadline_ms[k] = now_ms + ttl;
        break;
    case 3:
        snprintf(line, sizeof line, "PERSIST key:%zu", k);
        if (alive) naive->is_volatile[k] = false;
        break;
    case 4:
        snprintf(line, sizeof line, "DEL key:%zu", k);
        naive->exists[k] = false;
        break;
    case 5:
        snprintf(line, sizeof line, "INCR key:%zu", k);
        if (!alive) naive->exists[k] = true, naive->is_volatile[k] = false, naive->value[k] = 0;
        naive->value[k]++;
        break;
    default:
        snprintf(line, sizeof line, "RENAME key:%zu key:%zu", k, j);
        if (!alive || k == j) break;
        naive->exists[j] = true, naive->is_volatile[j] = naive->is_volatile[k];
        naive->deadline_ms[j] = naive->deadline_ms[k], naive->value[j] = naive->value[k];
        naive->exists[k] = false;
        break;
    }
    world_do(w, line);
}

START_TEST(the_engine_agrees_with_a_naive_model) {
    struct world w;
    struct naive naive = {.value = {0}};
    uint64_t random = 0xabcdef + (uint64_t)_i * 1001;
    world_open(&w, "redis-7.0");
    for (int step = 0; step < 8000; step++) {
        int64_t now_ms = w.now_us / 1000;
        step_write(&w, &naive, &random, now_ms);
        check_key(&w, &naive, random_below(&random, NAIVE_KEYS), now_ms);
        if (random_below(&random, 4) == 0) world_advance_ms(&w, (int64_t)random_below(&random, 60));
        if (random_below(&random, 30) == 0) {
            ck_assert_int_eq(ttl_engine_expire(w.engine, NULL), TTL_OK);
            naive_reap(&naive, w.now_us / 1000);
            size_t alive = 0;
            for (size_t k = 0; k < NAIVE_KEYS; k++) alive += naive.exists[k];
            char reply[32];
            snprintf(reply, sizeof reply, ":%zu ", alive);
            expect(&w, "DBSIZE", reply);
        }
    }
    world_close(&w);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("expiry");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 60);
    tcase_add_test(laws, a_key_lives_through_the_millisecond_of_its_deadline);
    tcase_add_test(laws, the_active_cycle_removes_in_order_of_deadline_then_arming);
    tcase_add_test(laws, changing_a_value_in_place_does_not_change_its_turn);
    tcase_add_test(laws, the_next_expiry_is_exact);
    tcase_add_test(laws, redis_8_reclaims_actively_in_the_millisecond_of_the_deadline);
    tcase_add_test(laws, a_clock_that_goes_back_revives_no_key_and_keeps_the_order);
    tcase_add_test(laws, a_dead_key_is_counted_until_it_is_reclaimed);
    tcase_add_test(laws, no_active_expiry_after_debug_turned_it_off);
    tcase_add_loop_test(laws, the_engine_agrees_with_a_naive_model, 0, 6);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
