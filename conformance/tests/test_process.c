/* Server processes: started, answered for, and gone without a trace. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conformance/tests/real_server.h"

static char error[SERVER_ERROR_SIZE];

static void sleep_ms(int ms) {
    struct timespec pause = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&pause, NULL);
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* Starts a shell script as a server, which must fail, and leaves the sentence in `error`. */
static void start_script(const char *script, int start_ms) {
    const char *command[] = {"sh", "-c", script, "sh", "{port}", NULL};
    server_options options = {.command = command, .start_ms = start_ms};
    server_process server;
    ck_assert(!server_start(&server, &options, error));
    ck_assert(!server_is_running(&server));
    ck_assert(!exists(server.log));
}

START_TEST(a_server_leaves_nothing_behind) {
    const char *command[] = {"redis-server", NULL};
    server_options options = {.command = command, .tcp = true};
    server_process server;
    ck_assert_msg(server_start(&server, &options, error), "%s", error);
    pid_t pid = server.pid, keeper = server.scratch.keeper;
    ck_assert(exists(server.socket) && server.port > 0);
    char path[SCRATCH_PATH_SIZE];
    snprintf(path, sizeof path, "%s", server.scratch.path);
    server_stop(&server);
    ck_assert(!exists(path));
    ck_assert(kill(pid, 0) != 0 && errno == ESRCH);
    ck_assert(kill(keeper, 0) != 0 && errno == ESRCH);
    server_stop(&server);
}
END_TEST

START_TEST(a_server_is_found_by_the_port_in_its_command_line) {
    const char *command[] = {"redis-server", "--port", "{port}",     "--dir",   "{dir}",
                             "--save",       "",       "--loglevel", "warning", NULL};
    server_options options = {.command = command};
    server_process server;
    ck_assert_msg(server_start(&server, &options, error), "%s", error);
    ck_assert_str_eq(server.socket, "");
    redisContext *context = server_connect(&server, error);
    ck_assert_msg(context != NULL, "%s", error);
    redisFree(context);
    server_stop(&server);
}
END_TEST

START_TEST(a_server_can_be_killed_and_started_again_in_its_place) {
    const char *command[] = {"redis-server", NULL};
    const char *more[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};
    server_options options = {.command = command, .arguments = more};
    real_server server = {.options = options};
    ck_assert_msg(server_start(&server.process, &server.options, error), "%s", error);
    server.context = server_connect(&server.process, error);
    ck_assert_str_eq(real_server_say(&server, "SET k kept"), "OK");
    redisFree(server.context);
    server_end(&server.process, SIGKILL);
    ck_assert(!server_is_running(&server.process));
    ck_assert_msg(server_start_again(&server.process, error), "%s", error);
    server.context = server_connect(&server.process, error);
    ck_assert_str_eq(real_server_say(&server, "GET k"), "kept");
    redisFree(server.context);
    server_stop(&server.process);
}
END_TEST

START_TEST(debug_is_allowed_where_it_must_be) {
    glob_t fleet;
    char old[] = "fleet/redis-6.0*/run";
    bool have_old = glob(old, 0, NULL, &fleet) == 0;
    for (int i = 0; i < 1 + have_old; i++) {
        real_server server;
        real_server_start(&server, i == 0 ? "redis-server" : fleet.gl_pathv[0], 0);
        ck_assert_str_eq(real_server_say(&server, "DEBUG SET-ACTIVE-EXPIRE 1"), "OK");
        real_server_stop(&server);
    }
    if (have_old) globfree(&fleet);
}
END_TEST

START_TEST(a_server_that_cannot_be_run_is_named_with_the_reason) {
    static const struct {
        const char *program, *reason;
    } cases[] = {{"no-such-server", "cannot run no-such-server: No such file or directory"},
                 {"/dev/null", "cannot run /dev/null: Permission denied"},
                 {"/", "cannot run /: "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *command[] = {cases[i].program, NULL};
        server_options options = {.command = command};
        server_process server;
        ck_assert(!server_start(&server, &options, error));
        ck_assert_msg(strncmp(error, cases[i].reason, strlen(cases[i].reason)) == 0, "%s", error);
    }
}
END_TEST

START_TEST(a_server_that_ends_at_once_is_quoted) {
    start_script("echo one; echo two >&2; exit 3", 0);
    ck_assert_str_eq(error, "sh ended with status 3 before it answered; its last words: one | two");
    start_script("kill -9 $$", 0);
    ck_assert_str_eq(error, "sh was killed by signal 9 before it answered; its last words: (none)");
    const char *command[] = {"redis-server", NULL}, *more[] = {"--no-such-option", "1", NULL};
    server_options options = {.command = command, .arguments = more};
    server_process server;
    ck_assert(!server_start(&server, &options, error));
    ck_assert_msg(strstr(error, "no-such-option") != NULL, "%s", error);
}
END_TEST

START_TEST(a_server_that_never_answers_is_given_up) {
    start_script("echo waiting; exec sleep 60", 150);
    ck_assert_str_eq(error, "sh does not answer after 150 ms; its last words: waiting");
    start_script("trap '' TERM; while :; do sleep 1; done", 150);
}
END_TEST

START_TEST(a_server_that_listens_late_is_waited_for) {
    const char *command[] = {"sh", "-c",
                             "sleep 0.4; exec redis-server --port 0 --save '' --unixsocket \"$0\"",
                             "{socket}", NULL};
    server_options options = {.command = command};
    server_process server;
    ck_assert_msg(server_start(&server, &options, error), "%s", error);
    server_stop(&server);
}
END_TEST

START_TEST(a_server_that_ignores_the_clock_is_found_out) {
    /* the library is loaded, and loses its page before the server starts */
    char script[] = "unset LD_PRELOAD; exec redis-server --port 0 --save '' --unixsocket {socket}";
    const char *command[] = {"sh", "-c", script, NULL};
    real_server server;
    real_server_start(&server, "redis-server", 1000000);
    server_process deaf;
    server_options options = server.options;
    options.command = command;
    ck_assert_msg(server_start(&deaf, &options, error), "%s", error);
    ck_assert(!server_obeys_clock(&deaf, error));
    ck_assert_msg(strstr(error, "does not obey the virtual clock") != NULL, "%s", error);
    server_stop(&deaf);
    real_server_stop(&server);
}
END_TEST

/* A process of its own starts a server, tells us its directory and its id, and dies by SIGKILL. */
START_TEST(a_server_does_not_survive_our_death) {
    int tell[2];
    server_process server = {.pid = 0};
    ck_assert_int_eq(pipe(tell), 0);
    pid_t child = fork();
    if (child == 0) {
        const char *command[] = {"redis-server", NULL};
        server_options options = {.command = command};
        if (!server_start(&server, &options, error)) _exit(1);
        if (write(tell[1], &server, sizeof server) != sizeof server) _exit(1);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(read(tell[0], &server, sizeof server), sizeof server);
    for (int i = 0; i < 300 && (exists(server.scratch.path) || exists(server.socket)); i++) {
        sleep_ms(10);
    }
    ck_assert(!exists(server.scratch.path));
    /* whoever inherits it reaps it in his own time: a zombie is dead */
    char stat_path[64], state = 'Z';
    snprintf(stat_path, sizeof stat_path, "/proc/%d/stat", (int)server.pid);
    FILE *stat_file = fopen(stat_path, "r");
    if (stat_file != NULL) {
        ck_assert_int_eq(fscanf(stat_file, "%*d (%*[^)]) %c", &state), 1);
        fclose(stat_file);
    }
    ck_assert_int_eq(state, 'Z');
    close(tell[0]);
    close(tell[1]);
}
END_TEST

START_TEST(a_directory_that_cannot_be_written_is_an_error) {
    const char *before = getenv("TMPDIR");
    char *kept = before == NULL ? NULL : strdup(before);
    scratch_directory scratch;
    setenv("TMPDIR", "/proc/nothing", 1);
    ck_assert(!scratch_open(&scratch, error));
    ck_assert_msg(strstr(error, "cannot make a directory in /proc/nothing") != NULL, "%s", error);
    setenv("TMPDIR", "/tmp/a-name-so-long-that-no-socket-below-it-could-ever-be-bound-by-anybody",
           1);
    ck_assert(!scratch_open(&scratch, error));
    ck_assert_msg(strstr(error, "too long") != NULL, "%s", error);
    if (kept == NULL) unsetenv("TMPDIR");
    else setenv("TMPDIR", kept, 1);
    free(kept);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("process");
    TCase *tests = tcase_create("process");
    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, a_server_leaves_nothing_behind);
    tcase_add_test(tests, a_server_is_found_by_the_port_in_its_command_line);
    tcase_add_test(tests, a_server_can_be_killed_and_started_again_in_its_place);
    tcase_add_test(tests, debug_is_allowed_where_it_must_be);
    tcase_add_test(tests, a_server_that_cannot_be_run_is_named_with_the_reason);
    tcase_add_test(tests, a_server_that_ends_at_once_is_quoted);
    tcase_add_test(tests, a_server_that_never_answers_is_given_up);
    tcase_add_test(tests, a_server_that_listens_late_is_waited_for);
    tcase_add_test(tests, a_server_that_ignores_the_clock_is_found_out);
    tcase_add_test(tests, a_server_does_not_survive_our_death);
    tcase_add_test(tests, a_directory_that_cannot_be_written_is_an_error);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
