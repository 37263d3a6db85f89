/* COMMAND: what the two documents that this project starts from say of PSETEX and PEXPIRE, and
 * what holds for every command of every dialect. */
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

/* ---- the documents */

START_TEST(psetex_is_told_as_documented) {
    expect_in("redis-6.0", "COMMAND INFO psetex",
              "*1 *7 $6 psetex :4 *2 +write +denyoom :1 :1 :1 *3 +@write +@string +@slow ");
    expect_in("redis-7.0", "COMMAND INFO PSETEX",
              "*1 *10 $6 psetex :4 *2 +write +denyoom :1 :1 :1 *3 +@write +@string +@slow *0 "
              "*1 *6 $5 flags *2 +OW +update "
              "$12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 "
              "$9 find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :0 $7 keystep :1 "
              "$5 limit :0 *0 ");
}
END_TEST

START_TEST(pexpire_is_told_as_documented) {
    expect_in("redis-6.0", "COMMAND INFO pexpire",
              "*1 *7 $7 pexpire :3 *2 +write +fast :1 :1 :1 *3 +@keyspace +@write +@fast ");
    expect_in("valkey-9.1", "COMMAND INFO pexpire",
              "*1 *10 $7 pexpire :-3 *2 +write +fast :1 :1 :1 *3 +@keyspace +@write +@fast *0 "
              "*1 *6 $5 flags *2 +RW +update "
              "$12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 "
              "$9 find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :0 $7 keystep :1 "
              "$5 limit :0 *0 ");
}
END_TEST

START_TEST(sets_and_maps_are_such_in_resp3) {
    world_open(&world, "redis-7.0");
    world_do(&world, "COMMAND INFO psetex");
    world.text[0] = '\0';
    ck_assert(ttl_reply_encode(&world.reply, 3, world_write, &world));
    ck_assert_ptr_nonnull(strstr(world.text, "~2\r\n+write\r\n+denyoom\r\n"));
    ck_assert_ptr_nonnull(
        strstr(world.text, "~1\r\n%3\r\n$5\r\nflags\r\n~2\r\n+OW\r\n+update\r\n"));
    world_close(&world);
}
END_TEST

/* ---- several keys */

START_TEST(two_runs_of_keys_have_two_specs) {
    const char *rename = world_do_in("redis-7.0", "COMMAND INFO rename");
    ck_assert_ptr_nonnull(strstr(rename, "*3 +RW +access +delete $12 begin_search"));
    ck_assert_ptr_nonnull(
        strstr(rename, "*2 +OW +update $12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :2 "
                       "$9 find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :0 "));
    const char *store = world_do_in("redis-8.0", "COMMAND INFO sunionstore");
    ck_assert_ptr_nonnull(
        strstr(store, "*2 +RO +access $12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :2 "
                      "$9 find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :-1 "));
    ck_assert_ptr_nonnull(strstr(world_do_in("redis-7.0", "COMMAND INFO set"),
                                 "*8 $5 notes $48 RW and ACCESS due to the optional `GET` argument "
                                 "$5 flags *4 +RW +access +update +variable_flags "));
}
END_TEST

START_TEST(getkeys_finds_the_keys) {
    world_open(&world, "redis-7.2");
    expect(&world, "COMMAND GETKEYS PEXPIRE k 100 GT", "*1 $1 k ");
    expect(&world, "COMMAND GETKEYS MSET a 1 b 2", "*2 $1 a $1 b ");
    expect(&world, "COMMAND GETKEYS DEL a b c", "*3 $1 a $1 b $1 c ");
    expect(&world, "COMMAND GETKEYS RENAME a b", "*2 $1 a $1 b ");
    expect(&world, "COMMAND GETKEYS COPY a b REPLACE", "*2 $1 a $1 b ");
    expect(&world, "COMMAND GETKEYS SUNIONSTORE d a b", "*3 $1 d $1 a $1 b ");
    expect(&world, "COMMAND GETKEYS PING a", "-ERR The command has no key arguments ");
    expect(&world, "COMMAND GETKEYS CONFIG GET x", "-ERR The command has no key arguments ");
    expect(&world, "COMMAND GETKEYS CONFIG NOPE", "-ERR Invalid command specified ");
    expect(&world, "COMMAND GETKEYS NOPE a", "-ERR Invalid command specified ");
    expect(&world, "COMMAND GETKEYS SET a",
           "-ERR Invalid number of arguments specified for command ");
    world_close(&world);
    expect_in("redis-7.0", "COMMAND GETKEYS DBSIZE",
              "-ERR wrong number of arguments for 'command|getkeys' command ");
    expect_in("redis-6.0", "COMMAND GETKEYS EXPIRE k 1 GT",
              "-ERR Invalid number of arguments specified for command ");
}
END_TEST

START_TEST(subcommands_are_told_within_and_alone_since_7_0) {
    world_open(&world, "redis-7.0");
    expect(&world, "COMMAND INFO config|get",
           "*1 *10 $10 config|get :-3 *4 +admin +noscript +loading +stale :0 :0 :0 "
           "*3 +@admin +@slow +@dangerous *0 *0 *0 ");
    ck_assert_ptr_nonnull(strstr(world_do(&world, "COMMAND INFO config"), " *10 $10 config|get "));
    expect(&world, "COMMAND INFO config|nope get|x nope", "*3 $-1 $-1 $-1 ");
    world_close(&world);
    expect_in("redis-6.0", "COMMAND INFO config|get", "*1 $-1 ");
    expect_in("redis-6.0", "COMMAND INFO", "*0 ");
}
END_TEST

/* ---- every command of every dialect */

/* The names and arities of all commands that the open world tells. */
struct told {
    char name[32];
    int64_t arity;
};

enum { TOLD_MOST = 256 };

static size_t tell_all(struct told *told) {
    const ttl_reply *reply = &world.reply;
    ck_assert_int_eq(world_try(&world, "COMMAND"), TTL_OK);
    size_t count = reply->nodes[0].length, node = 1;
    ck_assert_uint_lt(count, TOLD_MOST);
    for (size_t i = 0; i < count; i++) {
        ttl_bytes name = ttl_reply_text(reply, node + 1);
        snprintf(told[i].name, sizeof told[i].name, "%.*s", (int)name.length, name.data);
        told[i].arity = reply->nodes[node + 2].is.integer;
        node = ttl_reply_next(reply, node);
    }
    ck_assert_uint_eq(node, reply->node_count);
    return count;
}

START_TEST(command_is_told_once_and_counted) {
    struct told told[TOLD_MOST];
    char line[64];
    world_open(&world, ttl_dialect_names[_i]);
    size_t count = tell_all(told);
    snprintf(line, sizeof line, ":%zu ", count);
    expect(&world, "COMMAND COUNT", line);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) ck_assert_str_ne(told[i].name, told[j].name);
    world_close(&world);
}
END_TEST

START_TEST(command_refuses_fewer_arguments_than_its_arity) {
    struct told told[TOLD_MOST];
    world_open(&world, ttl_dialect_names[_i]);
    size_t count = tell_all(told);
    for (size_t i = 0; i < count; i++) {
        int64_t least = told[i].arity < 0 ? -told[i].arity : told[i].arity;
        ttl_bytes argv[16];
        char reply[128];
        argv[0] = ttl_bytes_of(told[i].name);
        for (size_t j = 1; j < 16; j++) argv[j] = ttl_bytes_of("1");
        snprintf(reply, sizeof reply, "ERR wrong number of arguments for '%.80s' command",
                 told[i].name);
        for (int64_t argc = 1; argc < least; argc++) {
            ck_assert_int_eq(ttl_session_execute(world.session, (size_t)argc, argv, &world.reply),
                             TTL_OK);
            ttl_bytes text = ttl_reply_text(&world.reply, 0);
            ck_assert(ttl_bytes_equal(text, ttl_bytes_of(reply)));
        }
    }
    world_close(&world);
}
END_TEST

START_TEST(commands_come_with_their_versions) {
    expect_in("redis-6.0", "COMMAND INFO getex getdel copy reset quit expiretime",
              "*6 $-1 $-1 $-1 $-1 $-1 $-1 ");
    ck_assert_ptr_null(
        strstr(world_do_in("redis-6.2", "COMMAND INFO getex getdel copy reset"), "$-1"));
    ck_assert_ptr_null(strstr(world_do_in("redis-7.0", "COMMAND INFO expiretime quit"), "$-1"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("introspect");
    int dialects = 0;
    while (ttl_dialect_names[dialects] != NULL) dialects++;
    TCase *documents = tcase_create("documents");
    tcase_add_test(documents, psetex_is_told_as_documented);
    tcase_add_test(documents, pexpire_is_told_as_documented);
    tcase_add_test(documents, sets_and_maps_are_such_in_resp3);
    suite_add_tcase(suite, documents);
    TCase *keys = tcase_create("keys");
    tcase_add_test(keys, two_runs_of_keys_have_two_specs);
    tcase_add_test(keys, getkeys_finds_the_keys);
    tcase_add_test(keys, subcommands_are_told_within_and_alone_since_7_0);
    suite_add_tcase(suite, keys);
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, command_is_told_once_and_counted, 0, dialects);
    tcase_add_loop_test(all, command_refuses_fewer_arguments_than_its_arity, 0, dialects);
    tcase_add_test(all, commands_come_with_their_versions);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
