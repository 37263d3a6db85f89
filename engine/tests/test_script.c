/* Scripts: one unit, one instant, and what becomes of them when memory runs out. */
#include "support.h"

/* Moves on whenever it is read: what reads it twice sees two moments. */
static int64_t restless_now_us(void *context) {
    struct world *w = context;
    return w->now_us += 5000;
}

static void world_open_with(struct world *w, const char *dialect, const ttl_scripting *scripting,
                            int64_t (*now_us)(void *context)) {
    *w = (struct world){.now_us = WORLD_START_MS * 1000};
    ttl_engine_options options = {.clock = {.context = w, .now_us = now_us},
                                  .allocator = test_allocator(&w->memory),
                                  .seed = 7,
                                  .on_event = world_on_event,
                                  .event_context = w,
                                  .scripting = scripting};
    ck_assert(ttl_dialect_parse(dialect, &options.dialect));
    w->engine = ttl_engine_new(&options);
    w->session = ttl_session_new(w->engine, NULL);
    ttl_reply_init(&w->reply, ttl_allocator_libc());
}

static void world_open_lua(struct world *w, const char *dialect) {
    world_open_with(w, dialect, &ttl_scripting_lua, world_now_us);
}

/* EVAL of a text, which has blanks in it, with one key. */
static ttl_status world_try_eval(struct world *w, const char *text, const char *key) {
    const ttl_bytes argv[] = {ttl_bytes_of("EVAL"), ttl_bytes_of(text), ttl_bytes_of("1"),
                              ttl_bytes_of(key)};
    return ttl_session_execute(w->session, 4, argv, &w->reply);
}

static const char *world_eval(struct world *w, const char *text) {
    ck_assert_int_eq(world_try_eval(w, text, "k"), TTL_OK);
    w->text[0] = '\0';
    ck_assert(ttl_reply_encode(&w->reply, ttl_session_protocol(w->session), world_write, w));
    return w->text;
}

START_TEST(without_an_interpreter_there_is_no_eval) {
    struct world w;
    world_open(&w, "redis-7.0");
    expect(&w, "EVAL text 0",
           "-ERR unknown command 'EVAL', with args beginning with: 'text' '0'  ");
    expect(&w, "SCRIPT FLUSH",
           "-ERR unknown command 'SCRIPT', with args beginning with: 'FLUSH'  ");
    world_do(&w, "COMMAND COUNT");
    int64_t without = w.reply.nodes[0].is.integer;
    world_close(&w);
    world_open_lua(&w, "redis-7.0");
    world_do(&w, "COMMAND COUNT");
    ck_assert_int_eq(w.reply.nodes[0].is.integer, without + 5);
    world_close(&w);
}
END_TEST

START_TEST(the_clock_is_read_once_for_a_whole_script) {
    struct world w;
    world_open_with(&w, "redis-7.0", &ttl_scripting_lua, restless_now_us);
    ck_assert_str_eq(world_eval(&w, "redis.call('SET', KEYS[1], 'v', 'PX', '1') "
                                    "for i = 1, 100 do redis.call('GET', KEYS[1]) end "
                                    "return redis.call('PTTL', KEYS[1])"),
                     ":1\r\n");
    ck_assert_str_eq(world_eval(&w, "return redis.call('EXISTS', KEYS[1])"), ":0\r\n");
    world_close(&w);
}
END_TEST

START_TEST(a_script_speaks_resp2_and_its_session_what_it_spoke) {
    struct world w;
    world_open_lua(&w, "redis-7.0");
    world_do(&w, "HELLO 3");
    world_do(&w, "ZADD k 1.5 m");
    ck_assert_str_eq(world_eval(&w, "return redis.call('ZSCORE', KEYS[1], 'm')"), "$3\r\n1.5\r\n");
    ck_assert_str_eq(world_eval(&w, "return #redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')"),
                     ":2\r\n");
    ck_assert_str_eq(world_eval(&w, "return false"), "_\r\n");
    ck_assert_int_eq(ttl_session_protocol(w.session), 3);
    world_close(&w);
}
END_TEST

START_TEST(no_script_reaches_outside) {
    static const char *const names[] = {"io",       "os",    "debug", "require", "package",
                                        "loadfile", "print", "load",  "dofile",  "loadstring"};
    struct world w;
    world_open_lua(&w, "redis-7.0");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64];
        snprintf(text, sizeof text, "return type(%s)", names[i]);
        ck_assert_ptr_nonnull(strstr(world_eval(&w, text), "nonexistent global"));
    }
    ck_assert_str_eq(world_eval(&w, "return type(math.random)"), "$3\r\nnil\r\n");
    ck_assert_ptr_nonnull(strstr(world_eval(&w, "x = 1"), "-ERR "));
    ck_assert_ptr_nonnull(strstr(world_eval(&w, "setmetatable(_G, nil)"), "-ERR "));
    world_close(&w);
}
END_TEST

START_TEST(a_value_within_itself_is_an_error) {
    struct world w;
    world_open_lua(&w, "redis-7.0");
    ck_assert_str_eq(world_eval(&w, "local t = {} t[1] = t return t"),
                     "-ERR reached lua stack limit\r\n");
    ck_assert_str_eq(world_eval(&w, "return redis.call('SET', KEYS[1], 'v')"), "+OK\r\n");
    world_close(&w);
}
END_TEST

/* ---- when memory runs out */

static const char *const SCRIPTS[] = {
    "return {1, 'two', {3}}",
    "redis.call('SET', KEYS[1], 'v', 'PX', 5000) return redis.call('PTTL', KEYS[1])",
    "for i = 1, 5 do redis.call('RPUSH', KEYS[1], i) end return redis.call('LLEN', KEYS[1])",
    "redis.pcall('NOSUCH') return redis.pcall('GET')",
    "pcall(redis.call, 'SET', KEYS[1], 'a') return redis.call('APPEND', KEYS[1], 'b')",
    "local d = redis.call('DUMP', 'made') return redis.call('RESTORE', KEYS[1], 0, d)",
    "error('boom')",
    "this is no program",
};

/* Runs a script of which the n-th allocation fails; false when it makes fewer. Either it has done
 * nothing, or it says that what it did stays, or all is well. */
static bool script_survives(const char *text, size_t n) {
    struct world w;
    world_open_lua(&w, "redis-7.0");
    world_do(&w, "SET made value");
    w.memory.calls = 0;
    w.memory.fail_at = n;
    ttl_status status = world_try_eval(&w, text, "k");
    bool reached = w.memory.calls >= n;
    w.memory.fail_at = 0;
    if (status == TTL_NO_MEMORY) expect(&w, "EXISTS k", ":0 ");
    ck_assert_str_eq(world_eval(&w, "return redis.call('SET', KEYS[1], 'after')"), "+OK\r\n");
    world_close(&w);
    return reached;
}

START_TEST(every_allocation_of_a_script_may_fail_once) {
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof *SCRIPTS; i++) {
        size_t n = 1;
        while (script_survives(SCRIPTS[i], n)) n++;
        ck_assert_uint_gt(n, 50);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("script");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 120);
    tcase_add_test(laws, without_an_interpreter_there_is_no_eval);
    tcase_add_test(laws, the_clock_is_read_once_for_a_whole_script);
    tcase_add_test(laws, a_script_speaks_resp2_and_its_session_what_it_spoke);
    tcase_add_test(laws, no_script_reaches_outside);
    tcase_add_test(laws, a_value_within_itself_is_an_error);
    tcase_add_test(laws, every_allocation_of_a_script_may_fail_once);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
