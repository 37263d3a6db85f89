/* What replicas are told: each line as a real server writes it into its stream, and whoever does
 * what he is told has what the server has. */
#include "engine/tests/support.h"

/* A primary; what it tells, in one line each; and a replica that does it, unless that is NULL. */
struct pair {
    struct world primary, replica;
    ttl_session *link;
    char told[8192];
};

static void note_change(void *context, int database, size_t argc, const ttl_bytes *argv) {
    struct pair *pair = context;
    size_t length = strlen(pair->told);
    for (size_t i = 0; i < argc; i++) {
        int size = (int)argv[i].length;
        length += (size_t)snprintf(pair->told + length, sizeof pair->told - length, "%s%.*s",
                                   i == 0 ? "" : " ", size, argv[i].data);
        if (length > sizeof pair->told / 2) length = 0;
    }
    snprintf(pair->told + length, sizeof pair->told - length, "\n");
    if (pair->link == NULL) return;
    char number[16];
    snprintf(number, sizeof number, "%d", database);
    const ttl_bytes select[] = {ttl_bytes_of("SELECT"), ttl_bytes_of(number)};
    ck_assert_int_eq(ttl_session_execute(pair->link, 2, select, &pair->replica.reply), TTL_OK);
    ck_assert_int_eq(ttl_session_execute(pair->link, argc, argv, &pair->replica.reply), TTL_OK);
    ck_assert_msg(pair->replica.reply.nodes[0].type != TTL_REPLY_ERROR, "refused: %.*s",
                  (int)argv[0].length, argv[0].data);
}

static void world_open_telling(struct pair *pair, const char *dialect) {
    struct world *world = &pair->primary;
    *world = (struct world){.now_us = WORLD_START_MS * 1000};
    ttl_engine_options options = {.clock = {.context = world, .now_us = world_now_us},
                                  .allocator = test_allocator(&world->memory),
                                  .seed = 7,
                                  .on_change = note_change,
                                  .change_context = pair};
    ck_assert(ttl_dialect_parse(dialect, &options.dialect));
    world->engine = ttl_engine_new(&options);
    ck_assert_ptr_nonnull(world->engine);
    world->session = ttl_session_new(world->engine, NULL);
    ttl_reply_init(&world->reply, ttl_allocator_libc());
}

static void pair_open(struct pair *pair, const char *dialect, bool has_replica) {
    memset(pair, 0, sizeof *pair);
    world_open_telling(pair, dialect);
    if (!has_replica) return;
    world_open(&pair->replica, dialect);
    ttl_engine_set_replica(pair->replica.engine, true);
    ttl_session_options as_primary = {.is_primary = true};
    pair->link = ttl_session_new(pair->replica.engine, &as_primary);
}

static void pair_close(struct pair *pair) {
    world_close(&pair->primary);
    if (pair->link == NULL) return;
    ttl_session_free(pair->link);
    world_close(&pair->replica);
}

static void say(struct pair *pair, const char *line) {
    pair->told[0] = '\0';
    world_do(&pair->primary, line);
}

/* ---- what is told of one command */

/* After SET k 10 PX 150000, in the first millisecond; before 7.0 and from then on. */
static const struct telling {
    const char *line, *before, *now;
} tellings[] = {
    {"SET k v", "SET k v\n", "SET k v\n"},
    {"SETEX k 100 v", "SETEX k 100 v\n", "SET k v PXAT 1767225700000\n"},
    {"PSETEX k 100 v", "PSETEX k 100 v\n", "SET k v PXAT 1767225600100\n"},
    {"SET k v EX 100", "SET k v EX 100\n", "SET k v PXAT 1767225700000\n"},
    {"SET k v PX 1 XX", "SET k v PX 1 XX\n", "SET k v PXAT 1767225600001\n"},
    {"SET k v EX 100 NX", "", ""},
    {"SET k v KEEPTTL", "SET k v KEEPTTL\n", "SET k v KEEPTTL\n"},
    {"SET k v EX 0", "", ""},
    {"EXPIRE k 100", "EXPIRE k 100\n", "PEXPIREAT k 1767225700000\n"},
    {"PEXPIRE k 100", "PEXPIRE k 100\n", "PEXPIREAT k 1767225600100\n"},
    {"EXPIREAT k 1767225700", "EXPIREAT k 1767225700\n", "PEXPIREAT k 1767225700000\n"},
    {"PEXPIREAT k 1767225700123", "PEXPIREAT k 1767225700123\n", "PEXPIREAT k 1767225700123\n"},
    {"EXPIRE k -1", "DEL k\n", "DEL k\n"},
    {"EXPIRE j 100", "", ""},
    {"PERSIST k", "PERSIST k\n", "PERSIST k\n"},
    {"PERSIST j", "", ""},
    {"RENAME k j", "RENAME k j\n", "RENAME k j\n"},
    {"SETNX k v", "", ""},
    {"APPEND k x", "APPEND k x\n", "APPEND k x\n"},
    {"DEL k j", "DEL k j\n", "DEL k j\n"},
    {"DEL j", "", ""},
    {"GET k", "", ""},
    {"TTL k", "", ""},
    {"GETEX k EX 100", "", "PEXPIREAT k 1767225700000\n"},
    {"GETEX k PERSIST", "", "PERSIST k\n"},
    {"GETEX k PXAT 1", "", "DEL k\n"},
    {"GETEX k", "", ""},
};
enum { TELLINGS = sizeof tellings / sizeof *tellings };

START_TEST(each_change_is_told_as_real_servers_tell_it) {
    const struct telling *one = &tellings[_i];
    for (int modern = 0; modern < 2; modern++) {
        struct pair pair;
        pair_open(&pair, modern ? "redis-7.0" : "redis-6.0", false);
        say(&pair, "SET k 10 PX 150000");
        say(&pair, one->line);
        ck_assert_str_eq(pair.told, modern ? one->now : one->before);
        pair_close(&pair);
    }
}
END_TEST

START_TEST(a_death_is_told_before_what_met_it) {
    struct pair pair;
    pair_open(&pair, "redis-7.0", false);
    say(&pair, "SET k 5 PX 100");
    world_advance_ms(&pair.primary, 101);
    say(&pair, "INCR k");
    ck_assert_str_eq(pair.told, "DEL k\nINCR k\n");
    say(&pair, "SET j v PX 100");
    world_advance_ms(&pair.primary, 101);
    pair.told[0] = '\0';
    ck_assert_int_eq(ttl_engine_expire(pair.primary.engine, NULL), TTL_OK);
    ck_assert_str_eq(pair.told, "DEL j\n");
    pair_close(&pair);
}
END_TEST

START_TEST(what_came_of_chance_is_said) {
    struct pair pair;
    pair_open(&pair, "redis-7.0", false);
    say(&pair, "SADD s only");
    say(&pair, "SPOP s");
    ck_assert_str_eq(pair.told, "SREM s only\n");
    pair_close(&pair);
}
END_TEST

/* What came of conditions, and of a time given twice, is one moment. */
START_TEST(many_strings_are_told_with_one_moment) {
    struct pair pair;
    pair_open(&pair, "redis-8.6", true);
    say(&pair, "MSETEX 2 a v b w EX 50 NX EX 100");
    ck_assert_str_eq(pair.told, "MSETEX 2 a v b w PXAT 1767225700000\n");
    say(&pair, "MSETEX 1 a v KEEPTTL");
    ck_assert_str_eq(pair.told, "MSETEX 1 a v KEEPTTL\n");
    say(&pair, "MSETEX 1 a v NX EX 5");
    ck_assert_str_eq(pair.told, "");
    pair_close(&pair);
}
END_TEST

START_TEST(a_transaction_is_told_command_by_command) {
    struct pair pair;
    pair_open(&pair, "redis-7.0", false);
    say(&pair, "MULTI");
    say(&pair, "SETEX k 100 v");
    say(&pair, "EXPIRE k 200");
    say(&pair, "GET k");
    ck_assert_str_eq(pair.told, "");
    say(&pair, "EXEC");
    ck_assert_str_eq(pair.told, "SET k v PXAT 1767225700000\nPEXPIREAT k 1767225800000\n");
    pair_close(&pair);
}
END_TEST

/* ---- a replica has what its primary has */

/* # is a key, % a small number. */
static const char *const scripts[] = {
    "SET # %",
    "SET # % PX %",
    "SET # % KEEPTTL",
    "SET # % XX GET",
    "SET # % NX PX %",
    "PSETEX # % v",
    "SETEX # % v",
    "GETEX # PX %",
    "GETEX # PERSIST",
    "GETDEL #",
    "GETSET # %",
    "PEXPIRE # %",
    "PEXPIRE # % GT",
    "PEXPIRE # % LT",
    "PEXPIRE # -1",
    "PERSIST #",
    "INCR #",
    "INCRBYFLOAT # 0.5",
    "APPEND # x",
    "SETRANGE # % y",
    "DELEX # IFEQ %",
    "DELEX # IFNE %",
    "SETBIT # % 1",
    "BITFIELD # INCRBY u4 % 9",
    "BITFIELD # OVERFLOW SAT SET u2 % 9",
    "MSET # % # %",
    "MSETNX # % # %",
    "MSETEX 2 # % # %",
    "MSETEX 2 # % # % PX %",
    "MSETEX 2 # % # % PX 9 NX EX %",
    "MSETEX 1 # % XX PX % PX 5",
    "MSETEX 2 # % # % KEEPTTL",
    "PFADD # % x%",
    "PFCOUNT #",
    "PFMERGE # #",
    "BITOP OR # # #",
    "BITOP NOT # #",
    "DEL # #",
    "RENAME # #",
    "RENAMENX # #",
    "COPY # #",
    "COPY # # REPLACE",
    "COPY # # DB 1",
    "MOVE # 1",
    "SELECT 1",
    "SELECT 0",
    "SWAPDB 0 1",
    "LPUSH # %",
    "RPUSH # % %",
    "LPOP #",
    "RPOP # 2",
    "RPOPLPUSH # #",
    "LSET # 0 z",
    "LTRIM # 0 %",
    "LREM # -1 %",
    "LINSERT # AFTER % z",
    "LMPOP 2 # # LEFT COUNT 2",
    "BLPOP # # 0",
    "BRPOPLPUSH # # 0",
    "BLMOVE # # LEFT LEFT 0",
    "BLMPOP 0 2 # # RIGHT COUNT 2",
    "BZPOPMIN # # 0",
    "BZMPOP 0 2 # # MAX COUNT 2",
    "SADD # % %",
    "SREM # %",
    "SMOVE # # %",
    "SPOP #",
    "SPOP # 2",
    "SUNIONSTORE # # #",
    "SINTERSTORE # # #",
    "SORT # ALPHA DESC STORE #",
    "SORT # LIMIT 0 2 STORE #",
    "SORT # ALPHA BY * GET # GET * STORE #",
    "ZUNIONSTORE # 2 # # WEIGHTS % %",
    "GEOADD # 1% 2 m%%",
    "GEORADIUS # 10 2 900 km STORE #",
    "GEOSEARCHSTORE # # FROMLONLAT 10 2 BYBOX 900 900 km STOREDIST",
    "ZINTERSTORE # 2 # #",
    "ZDIFFSTORE # 2 # #",
    "HSET # f%% %",
    "HDEL # f%%",
    "HINCRBY # f%% %",
    "HSETNX # f% %",
    "HINCRBYFLOAT # f% 0.5",
    "HSET # f% %",
    "HMGET # f1 f2 f3 f4",
    "HRANDFIELD #",
    "HPEXPIRE # % FIELDS 2 f% f%",
    "HPEXPIRE # % GT FIELDS 3 f1 f2 f3",
    "HPEXPIRE # 0 FIELDS 1 f%",
    "HPERSIST # FIELDS 2 f% f%",
    "HGETEX # PX % FIELDS 2 f% f%",
    "HGETEX # PERSIST FIELDS 1 f%",
    "HSETEX # PX % FIELDS 2 f% % f% %",
    "HSETEX # FNX KEEPTTL FIELDS 1 f% %",
    "HSETEX # PX 0 FIELDS 1 f% %",
    "HGETDEL # FIELDS 2 f% f%",
    "ZADD # % m%%",
    "ZINCRBY # % m%%",
    "ZREM # m%%",
    "ZPOPMIN # %",
    "ZMPOP 2 # # MAX",
    "ZREMRANGEBYSCORE # % %",
    "XADD # * f %",
    "XADD # MAXLEN 3 * f %",
    "XADD # 5-* f %",
    "XDEL # 5-0",
    "XTRIM # MAXLEN 2",
    "XGROUP CREATE # g 0 MKSTREAM",
    "XGROUP SETID # g 0",
    "XGROUP DELCONSUMER # g c",
    "XREADGROUP GROUP g c COUNT 2 STREAMS # >",
    "XREADGROUP GROUP g d NOACK STREAMS # # > >",
    "XCLAIM # g d 0 5-0 5-1 JUSTID FORCE",
    "XAUTOCLAIM # g c % 0 COUNT 2",
    "XACK # g 5-0",
    "GET #",
    "EXISTS #",
    "RANDOMKEY",
    "SCAN 0",
    "MULTI",
    "EXEC",
    "DISCARD",
    "FLUSHDB",
    "ZRANGESTORE # # 0 1",
};
enum {
    SCRIPTS = sizeof scripts / sizeof *scripts,
    KEYS = 5,
    STEPS = 400,
    LOOK_EACH = 8,
    COPY_EACH = 64,
    RUNS = 20
};

static void draw_line(uint64_t *random, char *line, size_t size) {
    /* FLUSHDB and its like would leave little to look at. */
    size_t which = random_below(random, SCRIPTS);
    if (strcmp(scripts[which], "FLUSHDB") == 0 && random_below(random, 10) > 0) which = 0;
    size_t length = 0;
    for (const char *at = scripts[which]; *at != '\0' && length + 8 < size; at++) {
        if (*at == '#')
            length += (size_t)snprintf(line + length, size - length, "k%d",
                                       (int)random_below(random, KEYS));
        else if (*at == '%')
            length += (size_t)snprintf(line + length, size - length, "%d",
                                       (int)random_below(random, 9) + 1);
        else line[length++] = *at;
    }
    line[length] = '\0';
}

/* Value and deadline of each key of both databases, seen from the epoch: there nothing is dead. */
static void expect_the_same(struct pair *pair, uint64_t run, int step) {
    static const char *const looks[] = {"DUMP %s", "PTTL %s", "TYPE %s", "XRANGE %s - +",
                                        "XPENDING %s g - + 99"};
    struct world *worlds[] = {&pair->primary, &pair->replica};
    int64_t now_us[] = {pair->primary.now_us, pair->replica.now_us};
    ttl_session *sessions[2], *own[2];
    static char seen[2][65536];
    for (int w = 0; w < 2; w++) {
        worlds[w]->now_us = 0;
        sessions[w] = worlds[w]->session;
        own[w] = worlds[w]->session = ttl_session_new(worlds[w]->engine, NULL);
    }
    for (int database = 0; database < 2; database++)
        for (int key = 0; key < KEYS; key++)
            for (size_t l = 0; l < sizeof looks / sizeof *looks; l++) {
                char select[24], name[16], line[48];
                snprintf(select, sizeof select, "SELECT %d", database);
                snprintf(name, sizeof name, "k%d", key);
                snprintf(line, sizeof line, looks[l], name);
                for (int w = 0; w < 2; w++) {
                    world_do(worlds[w], select);
                    snprintf(seen[w], sizeof seen[w], "%s", world_do(worlds[w], line));
                }
                ck_assert_msg(strcmp(seen[0], seen[1]) == 0,
                              "run %d, step %d, db %d: %s: %s and %s", (int)run, step, database,
                              line, seen[0], seen[1]);
            }
    for (int w = 0; w < 2; w++) {
        ttl_session_free(own[w]);
        worlds[w]->session = sessions[w];
        worlds[w]->now_us = now_us[w];
    }
}

/* Valkey's COPY leaves the fields behind that are dead by the clock of who copies. */
static bool copies_by_the_clock(const char *dialect, const char *line) {
    return strncmp(dialect, "valkey", 6) == 0 && strncmp(line, "COPY", 4) == 0;
}

static void run_script(const char *dialect, uint64_t run, bool has_own_clock) {
    struct pair pair;
    uint64_t random = run * 7919 + 1;
    char line[128];
    pair_open(&pair, dialect, true);
    for (int step = 0; step < STEPS; step++) {
        draw_line(&random, line, sizeof line);
        if (has_own_clock && copies_by_the_clock(dialect, line)) continue;
        say(&pair, line);
        if (random_below(&random, 4) == 0) world_advance_ms(&pair.primary, 3);
        if (random_below(&random, 20) == 0) ttl_engine_expire(pair.primary.engine, NULL);
        pair.replica.now_us = pair.primary.now_us;
        if (has_own_clock)
            pair.replica.now_us += (int64_t)random_below(&random, 20000000) - 10000000;
        world_do(&pair.replica, "GET k1");
        world_do(&pair.replica, "SCAN 0");
        ttl_engine_expire(pair.replica.engine, NULL);
        if (step % COPY_EACH == 0)
            ck_assert_int_eq(ttl_engine_copy(pair.primary.engine, pair.replica.engine), TTL_OK);
        if (step % LOOK_EACH == 0) expect_the_same(&pair, run, step);
    }
    pair_close(&pair);
}

START_TEST(a_replica_has_what_its_primary_has_whatever_its_clock_shows) {
    for (uint64_t run = 0; run < RUNS; run++) {
        run_script("redis-7.0", run, true);
        run_script("redis-8.6", run, true);
        run_script("valkey-9.1", run, true);
    }
}
END_TEST

START_TEST(before_moments_were_told_it_has_that_while_the_clocks_are_one) {
    for (uint64_t run = 0; run < RUNS; run++) run_script("redis-6.0", run, false);
}
END_TEST

/* ---- a copy */

START_TEST(a_copy_has_all_keys_and_none_of_what_there_was) {
    struct pair pair;
    pair_open(&pair, "redis-7.0", true);
    say(&pair, "SET k1 v PX 100");
    say(&pair, "RPUSH k2 a b");
    say(&pair, "EXPIRE k2 100");
    say(&pair, "SELECT 1");
    say(&pair, "ZADD k3 1 m");
    world_advance_ms(&pair.primary, 200);
    ttl_engine_set_replica(pair.replica.engine, false);
    world_do(&pair.replica, "FLUSHALL");
    world_do(&pair.replica, "SET k4 own");
    ck_assert_int_eq(ttl_engine_copy(pair.primary.engine, pair.replica.engine), TTL_OK);
    ttl_engine_set_replica(pair.replica.engine, true);
    expect_the_same(&pair, 0, 0);
    expect(&pair.replica, "DBSIZE", ":2 ");
    pair_close(&pair);
}
END_TEST

START_TEST(a_copy_without_memory_is_told_and_leaks_nothing) {
    ttl_status status = TTL_NO_MEMORY;
    for (size_t fail_at = 1; status != TTL_OK; fail_at++) {
        struct pair pair;
        pair_open(&pair, "redis-7.0", true);
        say(&pair, "SET k1 v PX 100");
        say(&pair, "HSET k2 f v");
        say(&pair, "SELECT 3");
        say(&pair, "SADD k3 a b");
        pair.replica.memory.calls = 0;
        pair.replica.memory.fail_at = fail_at;
        status = ttl_engine_copy(pair.primary.engine, pair.replica.engine);
        pair.replica.memory.fail_at = 0;
        ck_assert_uint_lt(fail_at, 1000);
        pair_close(&pair);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("change");
    TCase *tests = tcase_create("change");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, each_change_is_told_as_real_servers_tell_it, 0, TELLINGS);
    tcase_add_test(tests, a_death_is_told_before_what_met_it);
    tcase_add_test(tests, what_came_of_chance_is_said);
    tcase_add_test(tests, many_strings_are_told_with_one_moment);
    tcase_add_test(tests, a_transaction_is_told_command_by_command);
    tcase_add_test(tests, a_copy_has_all_keys_and_none_of_what_there_was);
    tcase_add_test(tests, a_copy_without_memory_is_told_and_leaks_nothing);
    tcase_add_test(tests, a_replica_has_what_its_primary_has_whatever_its_clock_shows);
    tcase_add_test(tests, before_moments_were_told_it_has_that_while_the_clocks_are_one);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
