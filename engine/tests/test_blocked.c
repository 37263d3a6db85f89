/* Clients that wait: who is answered, when, in which order, and what happens without memory. */
#include "support.h"

enum { CLIENTS = 5, KEYS = 3 };

/* A session that may wait; what it was answered in the end. */
struct client {
    ttl_session *session;
    ttl_reply reply;
    char answer[256];
};

static struct world world;
static struct client clients[CLIENTS];

static bool answer_write(void *context, const char *data, size_t length) {
    struct client *client = context;
    size_t at = strlen(client->answer);
    for (size_t i = 0; i < length && at + 1 < sizeof client->answer; i++)
        if (data[i] != '\n') client->answer[at++] = data[i] == '\r' ? ' ' : data[i];
    client->answer[at] = '\0';
    return true;
}

static void client_on_unblock(void *context, ttl_session *session, const ttl_reply *reply) {
    ck_assert(!ttl_session_is_blocked(session));
    ck_assert(ttl_reply_encode(reply, 2, answer_write, context));
}

static void open_clients(const char *dialect) {
    world_open(&world, dialect);
    for (size_t i = 0; i < CLIENTS; i++) {
        ttl_session_options options = {.on_unblock = client_on_unblock,
                                       .unblock_context = &clients[i]};
        clients[i] = (struct client){0};
        clients[i].session = ttl_session_new(world.engine, &options);
        ck_assert_ptr_nonnull(clients[i].session);
        ttl_reply_init(&clients[i].reply, ttl_allocator_libc());
    }
}

static void close_clients(void) {
    for (size_t i = 0; i < CLIENTS; i++) {
        ttl_session_free(clients[i].session);
        ttl_reply_free(&clients[i].reply);
    }
    world_close(&world);
}

static ttl_status client_try(struct client *client, const char *line) {
    char copy[512];
    ttl_bytes argv[32];
    snprintf(copy, sizeof copy, "%s", line);
    size_t argc = words_of(copy, argv, 32);
    client->answer[0] = '\0';
    return ttl_session_execute(client->session, argc, argv, &client->reply);
}

static void waits(struct client *client, const char *line) {
    ck_assert_int_eq(client_try(client, line), TTL_OK);
    ck_assert_uint_eq(client->reply.node_count, 1);
    ck_assert_int_eq(client->reply.nodes[0].type, TTL_REPLY_PENDING);
    ck_assert(ttl_session_is_blocked(client->session));
}

START_TEST(a_session_that_takes_no_late_replies_never_waits) {
    open_clients("redis-7.2");
    expect(&world, "BLPOP k 0", "*-1 ");
    expect(&world, "BLMOVE k l LEFT LEFT 0", "$-1 ");
    ck_assert(!ttl_session_is_blocked(world.session));
    close_clients();
}
END_TEST

START_TEST(the_next_timeout_is_the_millisecond_after_the_first_one_ends) {
    int64_t at_ms = 0;
    open_clients("redis-7.2");
    ck_assert(!ttl_engine_next_timeout(world.engine, &at_ms));
    waits(&clients[0], "BLPOP k 0");
    ck_assert(!ttl_engine_next_timeout(world.engine, &at_ms));
    waits(&clients[1], "BLPOP k 2");
    waits(&clients[2], "BLPOP k 0.5");
    ck_assert(ttl_engine_next_timeout(world.engine, &at_ms));
    ck_assert_int_eq(at_ms, WORLD_START_MS + 501);
    world_advance_ms(&world, 500);
    ttl_engine_time_out(world.engine);
    ck_assert_str_eq(clients[2].answer, "");
    world_advance_ms(&world, 1);
    ttl_engine_time_out(world.engine);
    ck_assert_str_eq(clients[2].answer, "*-1 ");
    ck_assert(ttl_engine_next_timeout(world.engine, &at_ms));
    ck_assert_int_eq(at_ms, WORLD_START_MS + 2001);
    close_clients();
}
END_TEST

START_TEST(whose_time_has_passed_is_answered_before_the_next_command) {
    open_clients("redis-7.2");
    waits(&clients[0], "BLPOP k 0.1");
    world_advance_ms(&world, 101);
    expect(&world, "RPUSH k a", ":1 ");
    ck_assert_str_eq(clients[0].answer, "*-1 ");
    expect(&world, "LLEN k", ":1 ");
    close_clients();
}
END_TEST

START_TEST(a_session_may_end_while_it_waits) {
    open_clients("redis-7.2");
    waits(&clients[0], "BLPOP k 0");
    waits(&clients[1], "BLPOP k 0");
    ttl_session_free(clients[0].session);
    clients[0].session = NULL;
    expect(&world, "RPUSH k a", ":1 ");
    ck_assert_str_eq(clients[1].answer, "*2 $1 k $1 a ");
    close_clients();
}
END_TEST

static const struct {
    const char *waiting, *making, *made, *answer;
} waits_for[] = {
    {"BLPOP k k2 0", "RPUSH k2 a", ":1 ", "*2 $2 k2 $1 a "},
    {"XREAD BLOCK 0 STREAMS k k2 $ $", "XADD k2 1-1 f v", "$3 1-1 ",
     "*1 *2 $2 k2 *1 *2 $3 1-1 *2 $1 f $1 v "},
};

START_TEST(without_memory_nobody_begins_to_wait) {
    open_clients("redis-7.2");
    for (size_t n = 1;; n++) {
        world.memory.calls = 0;
        world.memory.fail_at = n;
        ttl_status status = client_try(&clients[0], waits_for[_i].waiting);
        bool reached = world.memory.calls >= n;
        world.memory.fail_at = 0;
        ck_assert_int_eq(status, reached ? TTL_NO_MEMORY : TTL_OK);
        ck_assert_int_eq(ttl_session_is_blocked(clients[0].session), !reached);
        if (!reached) break;
    }
    expect(&world, waits_for[_i].making, waits_for[_i].made);
    ck_assert_str_eq(clients[0].answer, waits_for[_i].answer);
    close_clients();
}
END_TEST

START_TEST(who_waits_as_a_group_hears_of_the_death_from_the_cycle) {
    open_clients("redis-7.2");
    expect(&world, "XGROUP CREATE k g $ MKSTREAM", "+OK ");
    expect(&world, "PEXPIRE k 100", ":1 ");
    waits(&clients[0], "XREADGROUP GROUP g c BLOCK 0 STREAMS k >");
    waits(&clients[1], "XREAD BLOCK 0 STREAMS k $");
    world_advance_ms(&world, 101);
    ck_assert_int_eq(ttl_engine_expire(world.engine, NULL), TTL_OK);
    ck_assert_str_eq(clients[0].answer, "-NOGROUP No such key 'k' or consumer group 'g' in "
                                        "XREADGROUP with GROUP option ");
    ck_assert(ttl_session_is_blocked(clients[1].session));
    close_clients();
}
END_TEST

/* What cannot be wrong: for each push, ask everybody who waits, who has waited longest first. */
struct naive {
    bool waits[CLIENTS];
    size_t order[CLIENTS], last;
    int wants[CLIENTS]; /* a key, or all of them: KEYS */
    int64_t until_ms[CLIENTS];
    size_t count[KEYS];
};

static int naive_server(const struct naive *naive, int key) {
    int best = -1;
    for (int i = 0; i < CLIENTS; i++) {
        bool fits = naive->waits[i] && (naive->wants[i] == key || naive->wants[i] == KEYS);
        if (fits && (best < 0 || naive->order[i] < naive->order[best])) best = i;
    }
    return best;
}

static void naive_wait(struct naive *naive, uint64_t *random, int64_t now_ms) {
    static const char *const lines[] = {"BLPOP k0 %s", "BLPOP k1 %s", "BLPOP k2 %s",
                                        "BLPOP k0 k1 k2 %s"};
    size_t who = random_below(random, CLIENTS);
    int wants = (int)random_below(random, KEYS + 1);
    int64_t ms = (int64_t)random_below(random, 30);
    char line[64], seconds[32];
    if (naive->waits[who]) return;
    for (int key = 0; key < KEYS; key++)
        if ((wants == key || wants == KEYS) && naive->count[key] > 0) return;
    snprintf(seconds, sizeof seconds, "0.%03d", (int)ms);
    snprintf(line, sizeof line, lines[wants], seconds); /* NOLINT: the formats are those above */
    waits(&clients[who], line);
    naive->waits[who] = true;
    naive->order[who] = ++naive->last;
    naive->wants[who] = wants;
    naive->until_ms[who] = ms == 0 ? INT64_MAX : now_ms + ms;
}

static void naive_push(struct naive *naive, int key) {
    char line[64], answer[64];
    snprintf(line, sizeof line, "RPUSH k%d a b", key);
    (void)world_do(&world, line);
    bool came = naive->count[key] == 0;
    naive->count[key] += 2;
    for (int who; came && naive->count[key] > 0 && (who = naive_server(naive, key)) >= 0;) {
        snprintf(answer, sizeof answer, "*2 $2 k%d $1 %c ", key,
                 naive->count[key] == 2 ? 'a' : 'b');
        ck_assert_str_eq(clients[who].answer, answer);
        naive->waits[who] = false;
        naive->count[key]--;
    }
}

START_TEST(who_is_served_is_who_a_naive_queue_serves) {
    struct naive naive = {.last = 0};
    uint64_t random = 20260101;
    open_clients("redis-7.0");
    for (int turn = 0; turn < 20000; turn++) {
        int64_t now_ms = world.now_us / 1000;
        uint64_t what = random_below(&random, 4);
        int key = (int)random_below(&random, KEYS);
        char line[64];
        if (what < 2) naive_wait(&naive, &random, now_ms);
        else if (what == 2) naive_push(&naive, key);
        else {
            snprintf(line, sizeof line, "DEL k%d", key);
            (void)world_do(&world, line);
            naive.count[key] = 0;
        }
        world_advance_ms(&world, (int64_t)random_below(&random, 5));
        ttl_engine_time_out(world.engine);
        for (int i = 0; i < CLIENTS; i++) {
            if (naive.waits[i] && naive.until_ms[i] < world.now_us / 1000) {
                ck_assert_str_eq(clients[i].answer, "*-1 ");
                naive.waits[i] = false;
            }
            ck_assert_int_eq(ttl_session_is_blocked(clients[i].session), naive.waits[i]);
        }
    }
    close_clients();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("blocked");
    TCase *tests = tcase_create("waiting");
    tcase_add_test(tests, a_session_that_takes_no_late_replies_never_waits);
    tcase_add_test(tests, the_next_timeout_is_the_millisecond_after_the_first_one_ends);
    tcase_add_test(tests, whose_time_has_passed_is_answered_before_the_next_command);
    tcase_add_test(tests, a_session_may_end_while_it_waits);
    tcase_add_loop_test(tests, without_memory_nobody_begins_to_wait, 0,
                        sizeof waits_for / sizeof *waits_for);
    tcase_add_test(tests, who_waits_as_a_group_hears_of_the_death_from_the_cycle);
    tcase_add_test(tests, who_is_served_is_who_a_naive_queue_serves);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
