/* What a real server writes to its append-only file about deadlines: never how long, always until
 * when, so that whoever reads it later, at any time, has the same deadline. On redis-server and on
 * every server of the fleet, when `make fleet` has fetched one. */
#include <glob.h>
#include <stdlib.h>

#include "conformance/tests/real_server.h"
#include "conformance/text.h"

#define T0_MS INT64_C(1767225600000) /* 2026-01-01 */

/* What a server says of each command, by what it is. */
typedef struct kind {
    bool has_pxat;       /* SET with PXAT, GETEX and COPY: Redis 6.2 */
    const char *removal; /* the word for a key that expired */
} kind;

static kind kind_of(real_server *server) {
    kind found = {.has_pxat = true, .removal = "DEL"};
    redisReply *reply = redisCommand(server->context, "INFO server");
    ck_assert(reply != NULL && reply->str != NULL);
    if (strstr(reply->str, "redis_version:6.0.") != NULL) found.has_pxat = false;
    if (strstr(reply->str, "valkey_version:") != NULL) found.removal = "UNLINK";
    freeReplyObject(reply);
    return found;
}

/* -- reading the file ----------------------------------------------------------------------- */

/* Its path: a file of its own before 7.0, since then the first increment in a directory. */
static char *file_path(const real_server *server) {
    static const char *const names[] = {"appendonlydir/appendonly.aof.1.incr.aof",
                                        "appendonly.aof"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = text_format("%s/%s", server->process.scratch.path, names[i]);
        FILE *file = fopen(path, "rb");
        if (file != NULL) {
            fclose(file);
            return path;
        }
        free(path);
    }
    ck_abort_msg("there is no append-only file");
    return NULL;
}

/* The commands in it, one a line: "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n" becomes "DEL k". */
static char *file_commands(const real_server *server) {
    char *path = file_path(server), *error = NULL, *commands = text_copy("");
    size_t length = 0;
    char *data = text_read_file(path, &length, &error);
    ck_assert_msg(data != NULL, "%s", error);
    for (char *at = data; *at != '\0';) {
        ck_assert_int_eq(*at, '*');
        long count = strtol(at + 1, &at, 10);
        at += 2;
        for (long i = 0; i < count; i++) {
            ck_assert_int_eq(*at, '$');
            long size = strtol(at + 1, &at, 10);
            text_replace(&commands, "%s%s%.*s", commands, i > 0 ? " " : "", (int)size, at + 2);
            at += size + 4;
        }
        text_replace(&commands, "%s\n", commands);
    }
    free(data);
    free(path);
    return commands;
}

/* -- the laws ------------------------------------------------------------------------------- */

static void start(real_server *server, const char *program) {
    static const char *const keeping[] = {"--appendonly", "yes", "--appendfsync", "no", NULL};
    real_server_start_with(server, program, keeping, T0_MS);
}

/* What was written after the first line, which is always SELECT 0. */
static void expect(real_server *server, const char *wanted) {
    char *commands = file_commands(server);
    ck_assert_msg(strncmp(commands, "SELECT 0\n", 9) == 0, "%s", commands);
    ck_assert_str_eq(commands + 9, wanted);
    free(commands);
}

static void each_arming_is_a_moment(const char *program) {
    real_server server;
    start(&server, program);
    bool has_pxat = kind_of(&server).has_pxat;
    real_server_say(&server, "PSETEX a 100 v");
    real_server_say(&server, "SETEX b 60 v");
    real_server_say(&server, "SET c v PX 100");
    virtual_clock_set(&server.clock, (T0_MS + 5) * 1000);
    real_server_say(&server, "SET d v EX 1");
    real_server_say(&server, "SET e v");
    real_server_say(&server, "PEXPIRE e 100");
    real_server_say(&server, "EXPIRE e 1");
    real_server_say(&server, "EXPIREAT e 1767225700");
    real_server_say(&server, "PEXPIREAT e 1767225700123");
    real_server_say(&server, "PERSIST e");
    real_server_say(&server, "RENAME d f");
    if (has_pxat) real_server_say(&server, "GETEX e PX 100");
    if (has_pxat) real_server_say(&server, "GETEX e PERSIST");
    expect(&server, has_pxat ? "SET a v PXAT 1767225600100\n"
                               "SET b v PXAT 1767225660000\n"
                               "SET c v PXAT 1767225600100\n"
                               "SET d v PXAT 1767225601005\n"
                               "SET e v\n"
                               "PEXPIREAT e 1767225600105\n"
                               "PEXPIREAT e 1767225601005\n"
                               "PEXPIREAT e 1767225700000\n"
                               "PEXPIREAT e 1767225700123\n"
                               "PERSIST e\n"
                               "RENAME d f\n"
                               "PEXPIREAT e 1767225600105\n"
                               "PERSIST e\n"
                             : "SET a v\n"
                               "PEXPIREAT a 1767225600100\n"
                               "SET b v\n"
                               "PEXPIREAT b 1767225660000\n"
                               "SET c v\n"
                               "PEXPIREAT c 1767225600100\n"
                               "SET d v\n"
                               "PEXPIREAT d 1767225601005\n"
                               "SET e v\n"
                               "PEXPIREAT e 1767225600105\n"
                               "PEXPIREAT e 1767225601005\n"
                               "PEXPIREAT e 1767225700000\n"
                               "PEXPIREAT e 1767225700123\n"
                               "PERSIST e\n"
                               "RENAME d f\n");
    real_server_stop(&server);
}

static void an_end_is_a_removal(const char *program) {
    real_server server;
    start(&server, program);
    kind of = kind_of(&server);
    real_server_say(&server, "SET a v");
    real_server_say(&server, "SET b v");
    real_server_say(&server, "PEXPIREAT b 1767225600100");
    real_server_say(&server, "PEXPIRE a -1");
    virtual_clock_set(&server.clock, (T0_MS + 101) * 1000);
    ck_assert_str_eq(real_server_say(&server, "GET b"), "(nil)");
    char *wanted = text_format("SET a v\nSET b v\nPEXPIREAT b 1767225600100\n%s a\n%s b\n",
                               of.removal, of.removal);
    expect(&server, wanted);
    free(wanted);
    real_server_stop(&server);
}

/* Nothing of what changed nothing. */
static void what_is_refused_is_not_written(const char *program) {
    real_server server;
    start(&server, program);
    real_server_say(&server, "PEXPIRE a 100");
    real_server_say(&server, "PSETEX a 0 v");
    real_server_say(&server, "SET a v");
    real_server_say(&server, "PERSIST a");
    real_server_say(&server, "SET a w NX PX 100");
    real_server_say(&server, "TTL a");
    expect(&server, "SET a v\n");
    real_server_stop(&server);
}

static void on_every_server(void (*law)(const char *program)) {
    const char *fleet = getenv("FLEET");
    char *pattern = text_format("%s/*/run", fleet == NULL ? "fleet" : fleet);
    glob_t found;
    law("redis-server");
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) law(found.gl_pathv[i]);
        globfree(&found);
    }
    free(pattern);
}

START_TEST(a_deadline_is_written_as_a_moment) {
    on_every_server(each_arming_is_a_moment);
}
END_TEST

START_TEST(a_key_that_expired_is_written_as_removed) {
    on_every_server(an_end_is_a_removal);
}
END_TEST

START_TEST(what_changes_nothing_is_not_written) {
    on_every_server(what_is_refused_is_not_written);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("append_only_file");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, a_deadline_is_written_as_a_moment);
    tcase_add_test(all, a_key_that_expired_is_written_as_removed);
    tcase_add_test(all, what_changes_nothing_is_not_written);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
