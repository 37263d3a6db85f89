/* A server that we start: exact milliseconds, an active cycle that comes when it is wanted, and
 * nothing left behind, however it ends. */
#include <check.h>
#include <dirent.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conformance/target_exec.h"
#include "conformance/text.h"

static char error[TARGET_ERROR_SIZE];
static const target_turn plain = {.key_prefix = {"p:", 2}, .connection_count = 1};

static target *open_exec(const char *command) {
    static const target_options options = {0};
    bool is_usage = false;
    target *on = target_open(command, &options, &is_usage, error);
    ck_assert_msg(on != NULL, "%s", error);
    return on;
}

static void begin(target *on, const target_turn *turn) {
    ck_assert_msg(target_begin(on, turn, error), "%s", error);
}

/* Runs the words of `line` at T0 + at_ms; the reply as an integer, -1 for a nil. */
static int64_t say(target *on, int64_t at_ms, const char *line) {
    ttl_bytes argv[16];
    size_t argc = 0;
    char words[256], *rest = NULL;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = ttl_bytes_of(word);
    ttl_reply reply;
    target_moments moments;
    ttl_reply_init(&reply, ttl_allocator_libc());
    ck_assert(target_wait(on, at_ms));
    ck_assert_msg(target_execute(on, 0, argc, argv, &reply, &moments, error), "%s: %s", line,
                  error);
    ck_assert_int_eq(moments.sent_us, at_ms * 1000);
    int64_t value = reply.nodes[0].type == TTL_REPLY_INTEGER ? reply.nodes[0].is.integer : 0;
    if (reply.nodes[0].type == TTL_REPLY_NIL) value = -1;
    ck_assert_msg(reply.nodes[0].type != TTL_REPLY_ERROR, "%s is refused", line);
    ttl_reply_free(&reply);
    return value;
}

/* True when `line` breaks the target. */
static bool breaks(target *on, const char *line) {
    ttl_bytes argv[4];
    size_t argc = 0;
    char words[64], *rest = NULL;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = ttl_bytes_of(word);
    ttl_reply reply;
    target_moments moments;
    ttl_reply_init(&reply, ttl_allocator_libc());
    bool broke = !target_execute(on, 0, argc, argv, &reply, &moments, error);
    ttl_reply_free(&reply);
    return broke;
}

START_TEST(a_command_line_is_cut_as_a_shell_cuts_it) {
    static const struct {
        const char *text, *words[5];
    } cases[] = {{"redis-server", {"redis-server"}},
                 {"  a  b\tc ", {"a", "b", "c"}},
                 {"sh -c 'a \"b\" c'", {"sh", "-c", "a \"b\" c"}},
                 {"a \"b \\\" c\" ''", {"a", "b \" c", ""}},
                 {"a\\ b c'd'e", {"a b", "cde"}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char **words = exec_words_split(cases[i].text);
        size_t at = 0;
        for (; cases[i].words[at] != NULL; at++) ck_assert_str_eq(words[at], cases[i].words[at]);
        ck_assert_ptr_null(words[at]);
        exec_words_free(words);
    }
    ck_assert_ptr_null(exec_words_split("a 'b"));
    ck_assert_ptr_null(exec_words_split("  "));
}
END_TEST

START_TEST(a_step_runs_at_exactly_its_millisecond) {
    target *on = open_exec("exec:redis-server");
    const int64_t ten_years_ms = INT64_C(315360000000);
    for (int turn = 0; turn < 2; turn++) {
        begin(on, &plain);
        ck_assert_int_eq(on->t0_ms, EXEC_T0_MS);
        say(on, 0, "PSETEX p:k 100 v");
        ck_assert_int_eq(say(on, 100, "PTTL p:k"), 0);
        ck_assert_int_eq(say(on, 101, "GET p:k"), -1);
        say(on, 101, "PSETEX p:k 315360000000 v");
        ck_assert_int_eq(say(on, ten_years_ms, "PTTL p:k"), 101);
        ck_assert_int_eq(say(on, ten_years_ms + 102, "EXISTS p:k"), 0);
        target_end(on, 0, NULL);
    }
    target_close(on);
}
END_TEST

/* Runs a command at T0 + at_ms at the earliest; `moments` say when it was. */
static void ping(target *on, int64_t at_ms, target_moments *moments) {
    ttl_bytes words[] = {ttl_bytes_of("PING")};
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    ck_assert(target_wait(on, at_ms));
    ck_assert_msg(target_execute(on, 0, 1, words, &reply, moments, error), "%s", error);
    ttl_reply_free(&reply);
}

START_TEST(a_clock_that_runs_is_waited_for_and_tells_when_a_step_was) {
    target *on = open_exec("exec:redis-server");
    target_moments first, second;
    begin(on, &plain);
    say(on, 0, "PSETEX p:k 60000 v");
    ck_assert_msg(on->run_clock(on, 0, 1000, error), "%s", error);
    ping(on, 0, &first);
    ck_assert_int_gt(first.sent_us, 0);
    ck_assert_int_gt(first.received_us, first.sent_us);
    ping(on, 60001, &second);
    ck_assert_int_ge(second.sent_us, 60001000);
    ck_assert_msg(on->run_clock(on, 70000, 0, error), "%s", error);
    ck_assert_int_eq(say(on, 70000, "EXISTS p:k"), 0);
    ck_assert_msg(on->run_clock(on, 70000, 1, error), "%s", error);
    target_end(on, 0, NULL);
    begin(on, &plain);
    say(on, 0, "PSETEX p:k 1000 v");
    ck_assert_int_eq(say(on, 0, "PTTL p:k"), 1000);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(a_turn_finds_nothing_of_the_one_before) {
    target *on = open_exec("exec:redis-server");
    begin(on, &plain);
    say(on, 0, "SET p:k v");
    say(on, 0, "SELECT 1");
    say(on, 0, "SET p:k v");
    say(on, 0, "MULTI");
    target_end(on, 0, NULL);
    begin(on, &plain);
    ck_assert_int_eq(say(on, 0, "DBSIZE"), 0);
    say(on, 0, "SELECT 1");
    ck_assert_int_eq(say(on, 0, "DBSIZE"), 0);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

static void put_keys(target *on, int count) {
    char line[64];
    for (int i = 0; i < count; i++) {
        snprintf(line, sizeof line, "SET p:%d v PX %d", i, 10 + 2 * i);
        say(on, 0, line);
    }
}

/* With `program` any server; its turn may be one that needs the active cycle. */
static void check_active_cycle(const char *program) {
    enum { KEYS = 30 };
    target_turn wanting = plain;
    wanting.wants_active_expiry = true;
    target *on = open_exec(program);
    begin(on, &wanting);
    put_keys(on, KEYS);
    ck_assert_int_eq(say(on, 21, "DBSIZE"), KEYS - 6); /* deadlines at 10, 12 ... 20 */
    ck_assert_int_eq(say(on, 11 + 2 * KEYS, "DBSIZE"), 0);
    target_end(on, 0, NULL);
    begin(on, &wanting);
    say(on, 0, "DEBUG SET-ACTIVE-EXPIRE 0");
    put_keys(on, KEYS);
    ck_assert_int_eq(say(on, 1000, "DBSIZE"), KEYS);
    say(on, 1000, "DEBUG SET-ACTIVE-EXPIRE 1");
    ck_assert_int_eq(say(on, 1000, "DBSIZE"), 0);
    target_end(on, 0, NULL);
    target_close(on);
}

START_TEST(what_is_dead_is_reclaimed_before_a_step_that_may_see_it) {
    check_active_cycle("exec:redis-server");
    glob_t fleet;
    if (glob("fleet/*/run", 0, NULL, &fleet) != 0) return;
    for (size_t i = 0; i < fleet.gl_pathc; i++) {
        char *command = text_format("exec:%s", fleet.gl_pathv[i]);
        check_active_cycle(command);
        free(command);
    }
    globfree(&fleet);
}
END_TEST

START_TEST(the_active_cycle_never_comes_unasked) {
    target *on = open_exec("exec:redis-server");
    begin(on, &plain);
    put_keys(on, 5);
    ck_assert_int_eq(say(on, 1000, "DBSIZE"), 5);
    nanosleep(&(struct timespec){0, 20000000}, NULL); /* ten rounds of the server's cron */
    ck_assert_int_eq(say(on, 1000, "DBSIZE"), 5);
    ck_assert_int_eq(say(on, 1000, "EXISTS p:1"), 0);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(a_server_that_ends_is_explained_and_started_again) {
    target *on = open_exec("exec:redis-server");
    begin(on, &plain);
    ck_assert(breaks(on, "SHUTDOWN NOSAVE"));
    ck_assert_msg(strncmp(error, "ended with status 0; its last words: ", 37) == 0, "%s", error);
    target_end(on, 0, NULL);
    begin(on, &plain);
    ck_assert_int_eq(say(on, 7, "DBSIZE"), 0);
    kill(((exec_target *)on)->server.pid, SIGKILL);
    ck_assert(breaks(on, "PING"));
    ck_assert_msg(strncmp(error, "was killed by signal 9", 22) == 0, "%s", error);
    target_end(on, 0, NULL);
    begin(on, &plain);
    ck_assert_int_eq(say(on, 7, "DBSIZE"), 0);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(a_broken_connection_of_a_server_that_lives_costs_only_its_turn) {
    target *on = open_exec("exec:redis-server");
    pid_t process = ((exec_target *)on)->server.pid;
    begin(on, &plain);
    say(on, 0, "QUIT");
    ck_assert(breaks(on, "PING"));
    target_end(on, 0, NULL);
    begin(on, &plain);
    ck_assert_int_eq(say(on, 0, "DBSIZE"), 0);
    ck_assert_int_eq(((exec_target *)on)->server.pid, process);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(what_cannot_be_used_is_told_in_a_sentence) {
    static const struct {
        const char *command, *says;
        bool is_usage;
        int start_ms;
    } cases[] = {
        {"exec:", "no command", true, 0},
        {"exec:sh -c 'open", "a quote that is not closed", true, 0},
        {"exec:no-such-server", "could not be started: cannot run no-such-server: No", false, 0},
        {"exec:/dev/null", "could not be started: cannot run /dev/null: Permission", false, 0},
        {"exec:sh -c 'echo no; exit 4'", "sh ended with status 4 before it answered", false, 0},
        {"exec:sh -c 'echo no; exec sleep 60'", "does not answer after 200 ms; its last words: no",
         false, 200},
        {"exec:sh -c 'unset LD_PRELOAD; exec redis-server --port 0 --unixsocket {socket}'",
         "could not be used: sh does not obey the virtual clock", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        target_options options = {.start_ms = cases[i].start_ms};
        bool is_usage = false;
        ck_assert_ptr_null(target_open(cases[i].command, &options, &is_usage, error));
        ck_assert_int_eq(is_usage, cases[i].is_usage);
        ck_assert_msg(strstr(error, cases[i].says) != NULL, "%s: %s", cases[i].command, error);
    }
}
END_TEST

START_TEST(a_server_with_a_port_of_its_own_is_reached_there) {
    target *on = open_exec("exec:redis-server --port {port} --save ''");
    begin(on, &plain);
    say(on, 0, "PSETEX p:k 100 v");
    ck_assert_int_eq(say(on, 99, "PTTL p:k"), 1);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

static void restart(target *on, vector_action how, int64_t at_ms) {
    ck_assert_msg(on->restart(on, how, at_ms, error), "%s", error);
}

START_TEST(a_restarted_server_has_its_data_and_the_next_turn_has_none) {
    static const vector_action all[] = {VECTOR_RESTART_AOF, VECTOR_RESTART_REWRITTEN,
                                        VECTOR_RESTART_RDB, VECTOR_RESTART_KILLED};
    target *on = open_exec("exec:redis-server");
    ck_assert(on->capabilities & VECTOR_NEEDS_RESTART);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        target_turn turn = plain;
        turn.restart = all[i];
        begin(on, &turn);
        ck_assert_int_eq(say(on, 0, "EXISTS p:k p:x"), 0);
        say(on, 0, "SET p:x v");
        say(on, 0, "PSETEX p:k 1000 v");
        pid_t process = ((exec_target *)on)->server.pid;
        restart(on, all[i], 400);
        ck_assert_int_ne(((exec_target *)on)->server.pid, process);
        ck_assert_int_eq(say(on, 400, "PTTL p:k"), 600);
        restart(on, all[i], 1001);
        ck_assert_int_eq(say(on, 1001, "EXISTS p:k"), 0);
        ck_assert_int_eq(say(on, 1001, "PTTL p:x"), -1);
        target_end(on, 0, NULL);
    }
    begin(on, &plain);
    ck_assert_int_eq(say(on, 0, "EXISTS p:x"), 0);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

/* Writes what no server reads into its append-only file, wherever its version keeps that. */
static void spoil_file(const exec_target *self) {
    static const char *const names[] = {"appendonlydir/appendonly.aof.1.incr.aof",
                                        "appendonly.aof"};
    size_t spoilt = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = text_format("%s/%s", self->data_path, names[i]);
        FILE *file = fopen(path, "r+b");
        free(path);
        if (file == NULL) continue;
        fputs("no command", file);
        fclose(file);
        spoilt++;
    }
    ck_assert_uint_gt(spoilt, 0);
}

START_TEST(a_server_that_cannot_read_its_data_costs_only_its_turn) {
    target *on = open_exec("exec:redis-server");
    target_turn turn = plain;
    turn.restart = VECTOR_RESTART_KILLED;
    begin(on, &turn);
    say(on, 0, "SET p:k v");
    spoil_file((exec_target *)on);
    ck_assert(!on->restart(on, VECTOR_RESTART_KILLED, 10, error));
    ck_assert_msg(strstr(error, "last words") != NULL, "%s", error);
    target_end(on, 0, NULL);
    begin(on, &turn);
    ck_assert_int_eq(say(on, 0, "EXISTS p:k"), 0);
    target_end(on, 0, NULL);
    begin(on, &plain);
    ck_assert_int_eq(say(on, 0, "EXISTS p:k"), 0);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(a_server_with_options_of_its_own_is_not_restarted) {
    target *on = open_exec("exec:redis-server --port {port} --save ''");
    ck_assert(!(on->capabilities & VECTOR_NEEDS_RESTART));
    target_close(on);
}
END_TEST

static const target_turn paired = {
    .key_prefix = {"p:", 2}, .connection_count = 1, .replica = &plain};

static exec_target *follower_of(target *on) {
    return ((exec_target *)on)->follower;
}

static void synchronise(target *on) {
    ck_assert_msg(on->synchronise(on, error), "%s", error);
}

START_TEST(a_replica_is_there_only_in_turns_that_want_one) {
    target *on = open_exec("exec:redis-server");
    ck_assert(on->capabilities & VECTOR_NEEDS_REPLICA);
    begin(on, &plain);
    ck_assert_ptr_null(follower_of(on));
    ck_assert_ptr_null(on->replica);
    target_end(on, 0, NULL);
    begin(on, &paired);
    say(on, 0, "PSETEX p:k 100 v");
    ck_assert_int_eq(say(on->replica, 30, "PTTL p:k"), 70);
    target_end(on, 0, NULL);
    ck_assert_ptr_null(on->replica);
    begin(on, &plain);
    ck_assert(!follower_of(on)->follows);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(a_replica_has_done_all_that_its_server_did) {
    target *on = open_exec("exec:redis-server");
    target_turn driven = paired;
    driven.wants_active_expiry = true;
    begin(on, &driven);
    for (int i = 0; i < 50; i++) say(on, 0, "INCR p:n");
    say(on, 0, "PEXPIRE p:n 100");
    ck_assert_int_eq(say(on->replica, 0, "DBSIZE"), 1);
    ck_assert(target_wait(on, 101));
    synchronise(on);
    ck_assert_int_eq(say(on->replica, 0, "DBSIZE"), 0);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(the_next_turn_has_a_replica_that_follows_and_is_empty) {
    target *on = open_exec("exec:redis-server");
    for (int i = 0; i < 3; i++) {
        begin(on, &paired);
        ck_assert_int_eq(say(on->replica, 0, "EXISTS p:k p:own"), 0);
        say(on, 0, "SET p:k v");
        ck_assert_int_eq(say(on->replica, 0, "EXISTS p:k"), 1);
        ck_assert_msg(on->promote(on, error), "%s", error);
        say(on->replica, 0, "SET p:own v");
        ck_assert_int_eq(say(on, 0, "EXISTS p:own"), 0);
        target_end(on, 0, NULL);
    }
    target_close(on);
}
END_TEST

START_TEST(a_replica_that_copies_anew_follows_from_there) {
    target *on = open_exec("exec:redis-server");
    begin(on, &paired);
    say(on, 0, "PSETEX p:k 1000 v");
    ck_assert_msg(on->promote(on, error), "%s", error);
    say(on->replica, 0, "SET p:own v");
    say(on, 100, "SET p:n 1");
    ck_assert(target_wait(on->replica, 300));
    ck_assert_msg(on->resync(on, error), "%s", error);
    ck_assert_int_eq(say(on->replica, 300, "PTTL p:k"), 700);
    ck_assert_int_eq(say(on, 100, "PTTL p:k"), 900);
    ck_assert_int_eq(say(on->replica, 300, "EXISTS p:own p:n"), 1);
    say(on, 100, "DEL p:n");
    ck_assert_int_eq(say(on->replica, 300, "EXISTS p:n"), 0);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(a_clock_of_years_does_not_part_a_replica) {
    static const int64_t years_ms = INT64_C(630720000000);
    target *on = open_exec("exec:redis-server");
    begin(on, &paired);
    say(on, 0, "SET p:k v");
    say(on->replica, years_ms, "PTTL p:k");
    say(on, -years_ms / 2, "INCR p:n");
    nanosleep(&(struct timespec){1, 500000000}, NULL); /* time for the cron to think of the link */
    say(on, years_ms, "INCR p:n");
    synchronise(on);
    ck_assert_int_eq(say(on->replica, 0, "EXISTS p:k p:n"), 2);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

START_TEST(a_replica_that_ends_costs_only_its_turn) {
    target *on = open_exec("exec:redis-server");
    begin(on, &paired);
    kill(follower_of(on)->server.pid, SIGKILL);
    ck_assert(!on->synchronise(on, error) || breaks(on->replica, "PING"));
    target_end(on, 0, NULL);
    begin(on, &paired);
    say(on, 0, "SET p:k v");
    ck_assert_int_eq(say(on->replica, 0, "EXISTS p:k"), 1);
    kill(((exec_target *)on)->server.pid, SIGKILL);
    ck_assert(breaks(on, "PING"));
    target_end(on, 0, NULL);
    begin(on, &paired);
    ck_assert_int_eq(say(on->replica, 0, "EXISTS p:k"), 0);
    say(on, 0, "SET p:k v");
    ck_assert_int_eq(say(on->replica, 0, "EXISTS p:k"), 1);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

static int entries_in(const char *path) {
    DIR *directory = opendir(path);
    int count = -2; /* "." and ".." */
    ck_assert(directory != NULL);
    while (readdir(directory) != NULL) count++;
    closedir(directory);
    return count;
}

START_TEST(nothing_is_left_behind) {
    char own[] = "/tmp/ttlspec-test-XXXXXX";
    ck_assert(mkdtemp(own) != NULL);
    char *before = text_copy(getenv("TMPDIR"));
    setenv("TMPDIR", own, 1);
    target *on = open_exec("exec:redis-server");
    begin(on, &paired);
    pid_t processes[] = {((exec_target *)on)->server.pid, follower_of(on)->server.pid};
    say(on, 0, "SET p:k v");
    ck_assert_int_gt(entries_in(own), 0);
    target_close(on); /* in the middle of a turn */
    ck_assert_int_eq(entries_in(own), 0);
    for (size_t i = 0; i < 2; i++) ck_assert_int_ne(kill(processes[i], 0), 0);
    if (before != NULL) setenv("TMPDIR", before, 1);
    else unsetenv("TMPDIR");
    free(before);
    rmdir(own);
}
END_TEST

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as ttlspec does */
    Suite *suite = suite_create("target_exec");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 30);
    tcase_add_test(all, a_command_line_is_cut_as_a_shell_cuts_it);
    tcase_add_test(all, a_step_runs_at_exactly_its_millisecond);
    tcase_add_test(all, a_clock_that_runs_is_waited_for_and_tells_when_a_step_was);
    tcase_add_test(all, a_turn_finds_nothing_of_the_one_before);
    tcase_add_test(all, what_is_dead_is_reclaimed_before_a_step_that_may_see_it);
    tcase_add_test(all, the_active_cycle_never_comes_unasked);
    tcase_add_test(all, a_server_that_ends_is_explained_and_started_again);
    tcase_add_test(all, a_broken_connection_of_a_server_that_lives_costs_only_its_turn);
    tcase_add_test(all, what_cannot_be_used_is_told_in_a_sentence);
    tcase_add_test(all, a_server_with_a_port_of_its_own_is_reached_there);
    tcase_add_test(all, a_restarted_server_has_its_data_and_the_next_turn_has_none);
    tcase_add_test(all, a_server_that_cannot_read_its_data_costs_only_its_turn);
    tcase_add_test(all, a_server_with_options_of_its_own_is_not_restarted);
    tcase_add_test(all, a_replica_is_there_only_in_turns_that_want_one);
    tcase_add_test(all, a_replica_has_done_all_that_its_server_did);
    tcase_add_test(all, the_next_turn_has_a_replica_that_follows_and_is_empty);
    tcase_add_test(all, a_replica_that_copies_anew_follows_from_there);
    tcase_add_test(all, a_clock_of_years_does_not_part_a_replica);
    tcase_add_test(all, a_replica_that_ends_costs_only_its_turn);
    tcase_add_test(all, nothing_is_left_behind);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
