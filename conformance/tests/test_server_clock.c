/* The server's clock: what is sound, and what is named when it is not. */
#include "conformance/server_clock.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Readings 20 ms apart that take 200 us each, of a clock that runs at `rate` times ours and is set
 * forward by `jump_us` before the third. */
static server_clock read_clock(double rate, int64_t jump_us, int count) {
    server_clock clock = {0};
    for (int i = 0; i < count; i++) {
        int64_t ours_us = i * INT64_C(20000);
        int64_t server_us = 1767225600000000 + (int64_t)((double)ours_us * rate);
        if (i >= 2) server_us += jump_us;
        server_clock_read(&clock, (clock_reading){ours_us, ours_us + 200, server_us + 100});
        if (clock.is_suspect && clock.fault[0] != '\0') break;
    }
    return clock;
}

START_TEST(a_sound_clock_is_never_suspected) {
    ck_assert(!read_clock(1.0, 0, 1000).is_suspect);
    ck_assert(!read_clock(1.0004, 0, 1000).is_suspect);
    ck_assert(!read_clock(0.9996, 0, 1000).is_suspect);
}
END_TEST

START_TEST(a_clock_that_stands_still_is_named) {
    server_clock clock = read_clock(0.0, 0, 10);
    ck_assert_ptr_nonnull(strstr(clock.fault, "stands still"));
    ck_assert_uint_eq(clock.count, 3);
}
END_TEST

START_TEST(a_clock_of_another_rate_is_named) {
    ck_assert_ptr_nonnull(strstr(read_clock(2.0, 0, 10).fault, "2.000 times"));
    ck_assert_ptr_nonnull(strstr(read_clock(0.5, 0, 10).fault, "0.500 times"));
}
END_TEST

START_TEST(a_clock_that_is_set_is_named) {
    ck_assert_ptr_nonnull(strstr(read_clock(1.0, 3600000000, 10).fault, "jumped forward"));
    ck_assert_ptr_nonnull(strstr(read_clock(1.0, -5000, 10).fault, "jumped back"));
    ck_assert_ptr_nonnull(strstr(read_clock(1.0, 5000, 10).fault, "jumped forward"));
}
END_TEST

START_TEST(a_slow_answer_excuses_what_it_hides) {
    server_clock clock = {0};
    server_clock_read(&clock, (clock_reading){0, 100, 1000000});
    server_clock_read(&clock, (clock_reading){20000, 520000, 1500000});
    ck_assert(!clock.is_suspect);
    ck_assert_int_eq(server_clock_offset_us(&clock), 1000000 - 50);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("server_clock");
    TCase *tests = tcase_create("server_clock");
    tcase_add_test(tests, a_sound_clock_is_never_suspected);
    tcase_add_test(tests, a_clock_that_stands_still_is_named);
    tcase_add_test(tests, a_clock_of_another_rate_is_named);
    tcase_add_test(tests, a_clock_that_is_set_is_named);
    tcase_add_test(tests, a_slow_answer_excuses_what_it_hides);
    suite_add_tcase(suite, tests);
    SRunner *tested = srunner_create(suite);
    srunner_run_all(tested, CK_ENV);
    int failed = srunner_ntests_failed(tested);
    srunner_free(tested);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
