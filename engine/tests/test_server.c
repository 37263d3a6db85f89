/* CONFIG, DEBUG, INFO, TIME and what a connection says of itself. */
#include "support.h"

static struct world world;

static const char *world_do_in(const char *dialect, const char *line) {
    static char reply[sizeof world.text];
    world_open(&world, dialect);
    snprintf(reply, sizeof reply, "%s", world_do(&world, line));
    world_close(&world);
    return reply;
}

#define expect_in(dialect, line, reply) ck_assert_str_eq(world_do_in(dialect, line), reply)

/* ---- subcommands */

START_TEST(subcommand_that_is_not_there_is_named) {
    expect_in("redis-6.0", "CONFIG NOPE",
              "-ERR Unknown subcommand or wrong number of arguments for 'NOPE'. Try CONFIG HELP. ");
    expect_in("redis-6.0", "CLIENT NOPE",
              "-ERR Unknown subcommand or wrong number of arguments for 'NOPE'. Try CLIENT HELP ");
    expect_in("redis-7.0", "CONFIG NOPE", "-ERR unknown subcommand 'NOPE'. Try CONFIG HELP. ");
    expect_in("redis-7.0", "CLIENT SETINFO LIB-NAME x",
              "-ERR unknown subcommand 'SETINFO'. Try CLIENT HELP. ");
    expect_in("redis-7.2", "CLIENT SETINFO LIB-NAME x", "+OK ");
    expect_in("redis-7.0", "DEBUG NOPE",
              "-ERR unknown subcommand or wrong number of arguments for 'NOPE'. Try DEBUG HELP. ");
}
END_TEST

START_TEST(arguments_of_a_subcommand_are_counted) {
    expect_in("redis-6.0", "CONFIG GET",
              "-ERR Unknown subcommand or wrong number of arguments for 'GET'. Try CONFIG HELP. ");
    expect_in("redis-7.0", "CONFIG GET",
              "-ERR wrong number of arguments for 'config|get' command ");
    expect_in("redis-7.0", "CONFIG", "-ERR wrong number of arguments for 'config' command ");
    expect_in("redis-7.0", "PUBSUB CHANNELS a b",
              "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB "
              "HELP. ");
}
END_TEST

START_TEST(subcommands_are_checked_before_they_are_queued_since_7_0) {
    world_open(&world, "redis-7.0");
    expect(&world, "MULTI", "+OK ");
    expect(&world, "CONFIG GET", "-ERR wrong number of arguments for 'config|get' command ");
    expect(&world, "EXEC", "-EXECABORT Transaction discarded because of previous errors. ");
    world_close(&world);
    world_open(&world, "redis-6.0");
    expect(&world, "MULTI", "+OK ");
    expect(&world, "CONFIG NOPE", "+QUEUED ");
    expect(&world, "EXEC",
           "*1 -ERR Unknown subcommand or wrong number of arguments for 'NOPE'. Try CONFIG HELP. ");
    world_close(&world);
}
END_TEST

/* ---- CONFIG */

START_TEST(config_get_takes_patterns_and_tells_each_setting_once) {
    world_open(&world, "redis-7.0");
    expect(&world, "CONFIG GET databases", "*2 $9 databases $2 16 ");
    expect(&world, "CONFIG GET DataBases DATABASES", "*2 $9 DataBases $2 16 ");
    expect(&world, "CONFIG GET DATA* databases", "*2 $9 databases $2 16 ");
    expect(&world, "CONFIG GET nope", "*0 ");
    expect(&world, "CONFIG GET maxmemory*",
           "*4 $9 maxmemory $1 0 $16 maxmemory-policy $10 noeviction ");
    world_close(&world);
    expect_in("redis-6.0", "CONFIG GET DATABASES", "*2 $9 databases $2 16 ");
}
END_TEST

START_TEST(config_set_says_what_is_wrong_with_the_first_bad_setting) {
    expect_in("redis-7.0", "CONFIG SET nope 1 databases 1",
              "-ERR Unknown option or number of arguments for CONFIG SET - 'nope' ");
    expect_in("redis-7.0", "CONFIG SET databases 1 nope 1",
              "-ERR CONFIG SET failed (possibly related to argument 'databases') - can't set "
              "immutable config ");
    expect_in("redis-7.0", "CONFIG SET notify-keyspace-events K notify-keyspace-events E",
              "-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - "
              "duplicate parameter ");
    expect_in("redis-7.0", "CONFIG SET Notify-Keyspace-Events q",
              "-ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - "
              "Invalid event class character. Use 'Ag$lshzxeKEtmdn'. ");
    expect_in("redis-7.0", "CONFIG SET databases 1 x", "-ERR syntax error ");
    expect_in("redis-6.0", "CONFIG SET databases 1",
              "-ERR Unsupported CONFIG parameter: databases ");
    expect_in("redis-6.0", "CONFIG SET notify-keyspace-events q",
              "-ERR Invalid argument 'q' for CONFIG SET 'notify-keyspace-events' ");
}
END_TEST

START_TEST(resetstat_forgets_what_was_counted) {
    world_open(&world, "redis-7.0");
    expect(&world, "GET k", "$-1 ");
    ck_assert_ptr_nonnull(strstr(world_do(&world, "INFO stats"), " keyspace_misses:1 "));
    expect(&world, "CONFIG RESETSTAT", "+OK ");
    ck_assert_ptr_nonnull(strstr(world_do(&world, "INFO stats"), " keyspace_misses:0 "));
    world_close(&world);
}
END_TEST

/* ---- DEBUG */

START_TEST(active_cycle_rests_while_debug_says_so) {
    static const struct {
        const char *argument;
        size_t removed;
    } cases[] = {{"0", 0}, {"1", 1}, {"x", 0}, {"2", 1}, {"-1", 1}, {"00", 0}, {"01", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[64];
        size_t removed;
        world_open(&world, "redis-7.0");
        expect(&world, "PSETEX k 10 v", "+OK ");
        snprintf(line, sizeof line, "DEBUG SET-ACTIVE-EXPIRE %s", cases[i].argument);
        expect(&world, line, "+OK ");
        world_advance_ms(&world, 11);
        ck_assert_int_eq(ttl_engine_expire(world.engine, &removed), TTL_OK);
        ck_assert_uint_eq(removed, cases[i].removed);
        world_close(&world);
    }
}
END_TEST

/* ---- INFO and TIME */

START_TEST(info_claims_the_version_as_the_server_of_the_dialect_does) {
    expect_in("redis-6.0.16", "INFO server",
              "$55 # Server redis_version:6.0.16 redis_mode:standalone  ");
    ck_assert_ptr_nonnull(strstr(world_do_in("redis-7.0", "INFO server"), " redis_version:7.0 "));
    ck_assert_ptr_nonnull(
        strstr(world_do_in("valkey-8.1.1", "INFO server"),
               "# Server redis_version:7.2.4 server_name:valkey valkey_version:8.1.1 "));
    ck_assert_ptr_nonnull(strstr(world_do_in("redict-7.3.6", "INFO server"),
                                 "# Server redict_version:7.3.6 redict_mode:standalone "
                                 "redis_version:7.2.4 "));
}
END_TEST

START_TEST(info_keyspace_counts_keys_and_deadlines) {
    world_open(&world, "redis-7.0");
    expect(&world, "INFO keyspace", "$12 # Keyspace  ");
    expect(&world, "SET k v", "+OK ");
    expect(&world, "PSETEX p 1000 v", "+OK ");
    expect(&world, "PSETEX q 3000 v", "+OK ");
    expect(&world, "INFO keyspace", "$44 # Keyspace db0:keys=3,expires=2,avg_ttl=0  ");
    ck_assert_int_eq(ttl_engine_expire(world.engine, NULL), TTL_OK);
    expect(&world, "INFO keyspace", "$47 # Keyspace db0:keys=3,expires=2,avg_ttl=2000  ");
    expect(&world, "SELECT 9", "+OK ");
    expect(&world, "SET k v", "+OK ");
    ck_assert_ptr_nonnull(strstr(world_do(&world, "INFO KEYSPACE"), " db9:keys=1,expires=0,"));
    world_close(&world);
    world_open(&world, "redis-8.0");
    world_do(&world, "SET k v");
    ck_assert_ptr_nonnull(strstr(world_do(&world, "INFO keyspace"), ",avg_ttl=0,subexpiry=0 "));
    world_close(&world);
    world_open(&world, "valkey-9.1");
    world_do(&world, "SET k v");
    ck_assert_ptr_nonnull(
        strstr(world_do(&world, "INFO keyspace"), ",avg_ttl=0,keys_with_volatile_items=0 "));
    world_close(&world);
}
END_TEST

START_TEST(info_stats_counts_lazily_and_actively_expired_keys) {
    world_open(&world, "redis-7.0");
    expect(&world, "PSETEX a 10 v", "+OK ");
    expect(&world, "PSETEX b 10 v", "+OK ");
    world_advance_ms(&world, 11);
    expect(&world, "GET a", "$-1 ");
    ck_assert_ptr_nonnull(strstr(world_do(&world, "INFO stats"), " expired_keys:1 "));
    ck_assert_int_eq(ttl_engine_expire(world.engine, NULL), TTL_OK);
    ck_assert_ptr_nonnull(strstr(world_do(&world, "INFO stats"), " expired_keys:2 "));
    world_close(&world);
}
END_TEST

START_TEST(info_gives_the_sections_that_were_asked_for) {
    expect_in("redis-7.0", "INFO nope", "$0  ");
    expect_in("redis-7.0", "INFO keyspace CLUSTER",
              "$44 # Cluster cluster_enabled:0  # Keyspace  ");
    expect_in("redis-6.0", "INFO keyspace cluster", "-ERR syntax error ");
    const char *all = world_do_in("redis-7.0", "INFO");
    ck_assert_ptr_nonnull(strstr(all, "# Server "));
    ck_assert_ptr_nonnull(strstr(all, "# Clients "));
    ck_assert_ptr_nonnull(strstr(all, "# Stats "));
    ck_assert_ptr_nonnull(strstr(all, "# Keyspace "));
}
END_TEST

START_TEST(info_without_memory_is_refused) {
    world_open(&world, "redis-7.0");
    world.memory.calls = 0;
    world.memory.fail_at = 1;
    ck_assert_int_eq(world_try(&world, "INFO"), TTL_NO_MEMORY);
    world.memory.fail_at = 0;
    ck_assert_int_eq(world_try(&world, "INFO"), TTL_OK);
    world_close(&world);
}
END_TEST

START_TEST(time_is_the_injected_clock) {
    world_open(&world, "redis-7.0");
    world.now_us = INT64_C(1767225600123456);
    expect(&world, "TIME", "*2 $10 1767225600 $6 123456 ");
    world.now_us = INT64_C(-1);
    expect(&world, "TIME", "*2 $2 -1 $6 999999 ");
    world_close(&world);
}
END_TEST

/* ---- connections */

START_TEST(ping_and_echo_give_back_what_they_are_given) {
    world_open(&world, "redis-7.0");
    expect(&world, "PING", "+PONG ");
    expect(&world, "PING hello", "$5 hello ");
    expect(&world, "PING a b", "-ERR wrong number of arguments for 'ping' command ");
    expect(&world, "ECHO ''", "$0  ");
    world_close(&world);
}
END_TEST

START_TEST(hello_chooses_the_protocol) {
    world_open(&world, "redis-7.0.15");
    expect(&world, "HELLO",
           "*14 $6 server $5 redis $7 version $6 7.0.15 $5 proto :2 $2 id :1 $4 mode $10 "
           "standalone $4 role $6 master $7 modules *0 ");
    ck_assert_int_eq(ttl_session_protocol(world.session), 2);
    world_do(&world, "HELLO 3 SETNAME me");
    ck_assert_int_eq(ttl_session_protocol(world.session), 3);
    expect(&world, "CLIENT GETNAME", "$2 me ");
    expect(&world, "HELLO 4", "-NOPROTO unsupported protocol version ");
    expect(&world, "HELLO x", "-ERR Protocol version is not an integer or out of range ");
    expect(&world, "HELLO 2 NOPE", "-ERR Syntax error in HELLO option 'NOPE' ");
    expect(&world, "HELLO 2 AUTH someone secret",
           "-WRONGPASS invalid username-password pair or user is disabled. ");
    ck_assert_int_eq(ttl_session_protocol(world.session), 3);
    ck_assert_int_eq(world_do(&world, "HELLO 2 AUTH default any")[0], '*');
    ck_assert_int_eq(ttl_session_protocol(world.session), 2);
    world_close(&world);
    expect_in("redis-6.0", "HELLO", "-ERR wrong number of arguments for 'hello' command ");
    expect_in("redis-6.0", "HELLO x", "-NOPROTO unsupported protocol version ");
}
END_TEST

START_TEST(hello_options_take_effect_one_by_one_until_7_0) {
    world_open(&world, "redis-7.0");
    world_do(&world, "HELLO 2 SETNAME early NOPE");
    expect(&world, "CLIENT GETNAME", "$5 early ");
    world_close(&world);
    world_open(&world, "redis-7.2");
    world_do(&world, "HELLO 2 SETNAME early NOPE");
    expect(&world, "CLIENT GETNAME", "$-1 ");
    world_close(&world);
}
END_TEST

START_TEST(client_name_is_visible_ascii) {
    world_open(&world, "redis-7.0");
    expect(&world, "CLIENT SETNAME a", "+OK ");
    expect(&world, "CLIENT SETNAME ''", "+OK ");
    expect(&world, "CLIENT GETNAME", "$-1 ");
    expect(&world, "CLIENT SETNAME a\tb",
           "-ERR Client names cannot contain spaces, newlines or special characters. ");
    expect(&world, "CLIENT ID", ":1 ");
    world_close(&world);
}
END_TEST

START_TEST(client_name_without_memory_stays) {
    static const char *const lines[] = {"CLIENT SETNAME new", "HELLO 3 SETNAME new"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        world_open(&world, "redis-7.2");
        expect(&world, "CLIENT SETNAME old", "+OK ");
        world.memory.calls = 0;
        world.memory.fail_at = 1;
        ck_assert_int_eq(world_try(&world, lines[i]), TTL_NO_MEMORY);
        world.memory.fail_at = 0;
        expect(&world, "CLIENT GETNAME", "$3 old ");
        ck_assert_int_eq(ttl_session_protocol(world.session), 2);
        world_close(&world);
    }
}
END_TEST

START_TEST(client_info_tells_what_the_engine_knows) {
    world_open(&world, "redis-7.2");
    expect(&world, "SELECT 4", "+OK ");
    expect(&world, "CLIENT SETNAME me", "+OK ");
    expect(&world, "CLIENT SETINFO LIB-NAME lib", "+OK ");
    expect(&world, "CLIENT INFO",
           "$122 id=1 name=me flags=N db=4 sub=0 psub=0 ssub=0 multi=-1 cmd=client|info "
           "user=default redir=-1 resp=2 lib-name=lib lib-ver= ");
    expect(&world, "MULTI", "+OK ");
    expect(&world, "CLIENT INFO", "+QUEUED ");
    ck_assert_ptr_nonnull(strstr(world_do(&world, "EXEC"), " flags=x "));
    world_close(&world);
}
END_TEST

START_TEST(reset_makes_the_session_as_new) {
    world_open(&world, "redis-7.0");
    world_do(&world, "HELLO 3 SETNAME me");
    expect(&world, "SELECT 4", "+OK ");
    expect(&world, "SET k v", "+OK ");
    expect(&world, "WATCH k", "+OK ");
    expect(&world, "MULTI", "+OK ");
    expect(&world, "SET k w", "+QUEUED ");
    expect(&world, "RESET", "+RESET ");
    expect(&world, "EXEC", "-ERR EXEC without MULTI ");
    expect(&world, "CLIENT GETNAME", "$-1 ");
    expect(&world, "GET k", "$-1 ");
    ck_assert_int_eq(ttl_session_protocol(world.session), 2);
    world_close(&world);
    expect_in("redis-6.0", "RESET", "-ERR unknown command `RESET`, with args beginning with:  ");
}
END_TEST

START_TEST(quit_answers_and_closes) {
    world_open(&world, "redis-7.0");
    ck_assert(!ttl_session_is_closing(world.session));
    expect(&world, "MULTI", "+OK ");
    expect(&world, "QUIT now", "+OK ");
    ck_assert(ttl_session_is_closing(world.session));
    world_close(&world);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("server");
    TCase *subcommands = tcase_create("subcommands");
    tcase_add_test(subcommands, subcommand_that_is_not_there_is_named);
    tcase_add_test(subcommands, arguments_of_a_subcommand_are_counted);
    tcase_add_test(subcommands, subcommands_are_checked_before_they_are_queued_since_7_0);
    suite_add_tcase(suite, subcommands);
    TCase *server = tcase_create("server");
    tcase_add_test(server, config_get_takes_patterns_and_tells_each_setting_once);
    tcase_add_test(server, config_set_says_what_is_wrong_with_the_first_bad_setting);
    tcase_add_test(server, resetstat_forgets_what_was_counted);
    tcase_add_test(server, active_cycle_rests_while_debug_says_so);
    tcase_add_test(server, info_claims_the_version_as_the_server_of_the_dialect_does);
    tcase_add_test(server, info_keyspace_counts_keys_and_deadlines);
    tcase_add_test(server, info_stats_counts_lazily_and_actively_expired_keys);
    tcase_add_test(server, info_gives_the_sections_that_were_asked_for);
    tcase_add_test(server, info_without_memory_is_refused);
    tcase_add_test(server, time_is_the_injected_clock);
    suite_add_tcase(suite, server);
    TCase *connection = tcase_create("connection");
    tcase_add_test(connection, ping_and_echo_give_back_what_they_are_given);
    tcase_add_test(connection, hello_chooses_the_protocol);
    tcase_add_test(connection, hello_options_take_effect_one_by_one_until_7_0);
    tcase_add_test(connection, client_name_is_visible_ascii);
    tcase_add_test(connection, client_name_without_memory_stays);
    tcase_add_test(connection, client_info_tells_what_the_engine_knows);
    tcase_add_test(connection, reset_makes_the_session_as_new);
    tcase_add_test(connection, quit_answers_and_closes);
    suite_add_tcase(suite, connection);
    return run_suite(suite);
}
