/* The virtual clock: its page by itself, and what real servers make of it. The servers are the
 * installed redis-server and whatever the fleet directory holds. */
#include <check.h>
#include <glob.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "conformance/tests/real_server.h"
#include "conformance/virtual-clock/page.h"

static const int64_t start_ms = 1700000000123;

static glob_t fleet;
static size_t server_count = 1;

static const char *server_at(int index) {
    return index == 0 ? "redis-server" : fleet.gl_pathv[index - 1];
}

static void sleep_ms(int ms) {
    struct timespec pause = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&pause, NULL);
}

/* What stands in /proc/PID/stat between the state and the times. */
#define REST_OF_STAT " %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"

static void clock_open(scratch_directory *scratch, virtual_clock *clock, int64_t now_us) {
    char error[SERVER_ERROR_SIZE];
    ck_assert_msg(scratch_open(scratch, error), "%s", error);
    ck_assert_msg(virtual_clock_init(clock, scratch->path, now_us, error), "%s", error);
}

START_TEST(a_frozen_clock_says_what_was_set) {
    static const int64_t instants_us[] = {0, 1, -1, -1500000, INT64_MAX, INT64_MIN, 1 << 30};
    scratch_directory scratch;
    virtual_clock clock;
    clock_open(&scratch, &clock, 42);
    ck_assert_int_eq(virtual_clock_now_us(&clock), 42);
    for (size_t i = 0; i < sizeof instants_us / sizeof *instants_us; i++) {
        virtual_clock_set(&clock, instants_us[i]);
        ck_assert_int_eq(virtual_clock_now_us(&clock), instants_us[i]);
    }
    ck_assert_uint_eq(virtual_clock_asked(&clock), 0);
    ck_assert_int_eq(virtual_clock_process(&clock), 0);
    virtual_clock_free(&clock);
    ck_assert_int_ne(access(clock.path, F_OK), 0);
    scratch_close(&scratch);
}
END_TEST

START_TEST(a_running_clock_keeps_its_rate_and_stops_where_it_is) {
    scratch_directory scratch;
    virtual_clock clock;
    clock_open(&scratch, &clock, 0);
    virtual_clock_run(&clock, 1000 * (int64_t)CLOCK_RATE_REAL_PPM);
    sleep_ms(20);
    int64_t ran_us = virtual_clock_now_us(&clock);
    ck_assert_int_ge(ran_us, 20 * 1000 * 1000);
    virtual_clock_run(&clock, -1000 * (int64_t)CLOCK_RATE_REAL_PPM);
    sleep_ms(20);
    virtual_clock_run(&clock, 0);
    int64_t stopped_us = virtual_clock_now_us(&clock);
    sleep_ms(5);
    ck_assert_int_eq(virtual_clock_now_us(&clock), stopped_us);
    virtual_clock_free(&clock);
    scratch_close(&scratch);
}
END_TEST

START_TEST(a_second_page_in_the_same_place_is_refused) {
    char error[SERVER_ERROR_SIZE];
    scratch_directory scratch;
    virtual_clock clock, other;
    clock_open(&scratch, &clock, 0);
    ck_assert(!virtual_clock_init(&other, scratch.path, 0, error));
    ck_assert_ptr_nonnull(strstr(error, "File exists"));
    ck_assert(!virtual_clock_init(&other, "/nonexistent", 0, error));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    virtual_clock_free(&clock);
    scratch_close(&scratch);
}
END_TEST

START_TEST(a_server_obeys_the_clock_to_the_microsecond) {
    char error[SERVER_ERROR_SIZE];
    real_server server;
    real_server_start(&server, server_at(_i), start_ms);
    ck_assert_msg(server_obeys_clock(&server.process, error), "%s", error);
    ck_assert_int_eq(virtual_clock_process(&server.clock), server.process.pid);
    ck_assert_uint_gt(virtual_clock_asked(&server.clock), 0);
    real_server_stop(&server);
}
END_TEST

START_TEST(a_key_lives_in_the_millisecond_of_its_deadline_and_is_dead_in_the_next) {
    real_server server;
    real_server_start(&server, server_at(_i), start_ms);
    real_server_say(&server, "DEBUG SET-ACTIVE-EXPIRE 0");
    ck_assert_str_eq(real_server_say(&server, "PSETEX k 100 v"), "OK");
    virtual_clock_set(&server.clock, (start_ms + 1) * 1000);
    ck_assert_str_eq(real_server_say(&server, "PTTL k"), "99");
    virtual_clock_set(&server.clock, (start_ms + 100) * 1000 + 999);
    ck_assert_str_eq(real_server_say(&server, "GET k"), "v");
    ck_assert_str_eq(real_server_say(&server, "PTTL k"), "0");
    virtual_clock_set(&server.clock, (start_ms + 101) * 1000);
    ck_assert_str_eq(real_server_say(&server, "GET k"), "(nil)");
    ck_assert_str_eq(real_server_say(&server, "PTTL k"), "-2");
    real_server_stop(&server);
}
END_TEST

START_TEST(ten_years_pass_at_once) {
    real_server server;
    const int64_t ten_years_ms = 3650LL * 24 * 3600 * 1000;
    real_server_start(&server, server_at(_i), start_ms);
    ck_assert_str_eq(real_server_say(&server, "SET k v EX 315360000"), "OK");
    virtual_clock_set(&server.clock, (start_ms + ten_years_ms - 1000) * 1000);
    ck_assert_str_eq(real_server_say(&server, "TTL k"), "1");
    virtual_clock_set(&server.clock, (start_ms + ten_years_ms + 1) * 1000);
    ck_assert_str_eq(real_server_say(&server, "TTL k"), "-2");
    real_server_stop(&server);
}
END_TEST

/* Before 6.2 the timers hang on the wall clock too: this move of more than their period is what
 * makes them run. */
START_TEST(active_expiry_runs_while_the_wall_clock_stands) {
    real_server server;
    real_server_start(&server, server_at(_i), start_ms);
    ck_assert_str_eq(real_server_say(&server, "PSETEX k 100 v"), "OK");
    virtual_clock_set(&server.clock, (start_ms + 101) * 1000);
    for (int i = 0; i < 300 && strcmp(real_server_say(&server, "DBSIZE"), "0") != 0; i++) {
        sleep_ms(10);
    }
    ck_assert_str_eq(real_server_say(&server, "DBSIZE"), "0");
    real_server_stop(&server);
}
END_TEST

/* By themselves they would run once a second. One round of the cron may stop in the middle of the
 * keys, two see them all. */
START_TEST(hastened_timers_run_with_the_next_command) {
    real_server server;
    int64_t now_ms = start_ms;
    real_server_start(&server, server_at(_i), start_ms);
    real_server_say(&server, "CONFIG SET hz 1");
    for (int i = 0; i < 20; i++) {
        real_server_say(&server, "PSETEX k 100 v");
        virtual_clock_set(&server.clock, (now_ms += 2000) * 1000);
        virtual_clock_hasten_timers(&server.clock, 2000000);
        real_server_say(&server, "PING");
        virtual_clock_hasten_timers(&server.clock, 2000000);
        real_server_say(&server, "PING");
        ck_assert_str_eq(real_server_say(&server, "DBSIZE"), "0");
    }
    real_server_stop(&server);
}
END_TEST

/* Of all threads of the process, in ticks of the kernel's clock. */
static long processor_ticks(pid_t process) {
    char path[64];
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "r");
    ck_assert(file != NULL);
    ck_assert_int_eq(fscanf(file, "%*d (%*[^)]) %*c" REST_OF_STAT " %ld %ld", &user, &system), 2);
    fclose(file);
    return user + system;
}

/* The allocator's thread gives memory back in the background, and sleeps in between. */
START_TEST(a_server_that_has_nothing_to_do_sleeps) {
    real_server server;
    char line[64];
    real_server_start(&server, server_at(_i), start_ms);
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof line, "SETRANGE k%d %d v", i, 100000 + 100 * i);
        real_server_say(&server, line);
    }
    for (int i = 0; i < 200; i++) {
        snprintf(line, sizeof line, "DEL k%d", i);
        real_server_say(&server, line);
    }
    long before = processor_ticks(server.process.pid);
    sleep_ms(500);
    long used = processor_ticks(server.process.pid) - before;
    ck_assert_msg(4 * used < sysconf(_SC_CLK_TCK) / 2, "%ld ticks in half a second", used);
    real_server_stop(&server);
}
END_TEST

int main(void) {
    if (glob("fleet/*/run", 0, NULL, &fleet) == 0) server_count += fleet.gl_pathc;
    Suite *suite = suite_create("virtual clock");
    TCase *page = tcase_create("page"), *servers = tcase_create("servers");
    tcase_add_test(page, a_frozen_clock_says_what_was_set);
    tcase_add_test(page, a_running_clock_keeps_its_rate_and_stops_where_it_is);
    tcase_add_test(page, a_second_page_in_the_same_place_is_refused);
    int count = (int)server_count;
    tcase_set_timeout(servers, 20);
    tcase_add_loop_test(servers, a_server_obeys_the_clock_to_the_microsecond, 0, count);
    tcase_add_loop_test(
        servers, a_key_lives_in_the_millisecond_of_its_deadline_and_is_dead_in_the_next, 0, count);
    tcase_add_loop_test(servers, ten_years_pass_at_once, 0, count);
    tcase_add_loop_test(servers, active_expiry_runs_while_the_wall_clock_stands, 0, count);
    tcase_add_loop_test(servers, hastened_timers_run_with_the_next_command, 0, count);
    tcase_add_loop_test(servers, a_server_that_has_nothing_to_do_sleeps, 0, count);
    suite_add_tcase(suite, page);
    suite_add_tcase(suite, servers);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    globfree(&fleet);
    return failed == 0 ? 0 : 1;
}
