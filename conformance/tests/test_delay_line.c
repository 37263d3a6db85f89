/* What travels on a delay line arrives whole, in order, and as late as was asked for. */
#include <check.h>
#include <stdlib.h>

/* The tool is a program, not a library: its part is taken in whole. */
#include "conformance/tools/delay_line.c"

enum { CHUNKS = 5000, MIN_US = 1500, MAX_US = 20000 };

/* Adds CHUNKS numbers, `gap_us` apart, and writes down when each is due. */
static void due_moments(uint64_t seed, uint64_t number, int64_t gap_us, int64_t *due_us) {
    delay_line line;
    delay_line_init(&line, seed, number, MIN_US, MAX_US);
    for (int i = 0; i < CHUNKS; i++) delay_line_add(&line, (const char *)&i, sizeof i, i * gap_us);
    for (int i = 0; i < CHUNKS; i++) {
        due_us[i] = delay_line_due_us(&line);
        free(delay_line_take(&line, due_us[i]));
    }
    delay_line_free(&line);
}

START_TEST(nothing_overtakes_and_nothing_is_lost) {
    delay_line line;
    delay_line_init(&line, 7, 1, MIN_US, MAX_US);
    int added = 0, taken = 0;
    for (int64_t now_us = 0; taken < CHUNKS; now_us += 100) {
        if (added < CHUNKS) {
            delay_line_add(&line, (const char *)&added, sizeof added, now_us);
            added++;
        }
        for (delay_chunk *chunk; (chunk = delay_line_take(&line, now_us)) != NULL; free(chunk)) {
            int number;
            ck_assert_uint_eq(chunk->length, sizeof number);
            memcpy(&number, chunk->data, sizeof number);
            ck_assert_int_eq(number, taken++);
        }
        ck_assert_uint_eq(line.length, (size_t)(added - taken) * sizeof added);
    }
    ck_assert_int_eq(delay_line_due_us(&line), INT64_MAX);
}
END_TEST

START_TEST(each_is_late_by_what_was_asked_for) {
    static int64_t due_us[CHUNKS];
    int64_t least_us = INT64_MAX, most_us = 0;
    due_moments(3, 0, 2 * MAX_US, due_us);
    for (int i = 0; i < CHUNKS; i++) {
        int64_t late_us = due_us[i] - i * (int64_t)(2 * MAX_US);
        if (late_us < least_us) least_us = late_us;
        if (late_us > most_us) most_us = late_us;
    }
    ck_assert_int_ge(least_us, MIN_US);
    ck_assert_int_lt(least_us, MIN_US + 100);
    ck_assert_int_le(most_us, MAX_US);
    ck_assert_int_gt(most_us, MAX_US - 100);
}
END_TEST

START_TEST(nothing_comes_before_it_is_due) {
    delay_line line;
    delay_line_init(&line, 1, 1, MIN_US, MAX_US);
    delay_line_add(&line, "a", 1, 50);
    ck_assert_ptr_null(delay_line_take(&line, delay_line_due_us(&line) - 1));
    delay_chunk *chunk = delay_line_take(&line, delay_line_due_us(&line));
    ck_assert_ptr_nonnull(chunk);
    free(chunk);
}
END_TEST

START_TEST(the_end_comes_last) {
    delay_line line;
    delay_line_init(&line, 1, 1, MIN_US, MAX_US);
    delay_line_add(&line, "last words", 10, 0);
    delay_line_add(&line, NULL, 0, 0);
    delay_chunk *words = delay_line_take(&line, INT64_MAX);
    delay_chunk *end = delay_line_take(&line, INT64_MAX);
    ck_assert_uint_eq(words->length, 10);
    ck_assert_uint_eq(end->length, 0);
    ck_assert_int_ge(end->due_us, words->due_us);
    free(words);
    free(end);
}
END_TEST

START_TEST(the_same_seed_is_the_same_line_and_another_is_another) {
    static int64_t first_us[CHUNKS], again_us[CHUNKS], other_us[CHUNKS];
    due_moments(11, 4, MAX_US, first_us);
    due_moments(11, 4, MAX_US, again_us);
    ck_assert_mem_eq(first_us, again_us, sizeof first_us);
    due_moments(11, 5, MAX_US, other_us);
    ck_assert_mem_ne(first_us, other_us, sizeof first_us);
    due_moments(12, 4, MAX_US, other_us);
    ck_assert_mem_ne(first_us, other_us, sizeof first_us);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("delay_line");
    TCase *tests = tcase_create("delay_line");
    tcase_add_test(tests, nothing_overtakes_and_nothing_is_lost);
    tcase_add_test(tests, each_is_late_by_what_was_asked_for);
    tcase_add_test(tests, nothing_comes_before_it_is_due);
    tcase_add_test(tests, the_end_comes_last);
    tcase_add_test(tests, the_same_seed_is_the_same_line_and_another_is_another);
    suite_add_tcase(suite, tests);
    SRunner *tested = srunner_create(suite);
    srunner_run_all(tested, CK_ENV);
    int failed = srunner_ntests_failed(tested);
    srunner_free(tested);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
