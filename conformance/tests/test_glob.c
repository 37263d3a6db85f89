/* Globs over ids. */
#include <check.h>
#include <stdlib.h>

#include "conformance/glob.h"

START_TEST(a_plain_glob_matches_itself_alone) {
    ck_assert(glob_matches_id("psetex.zero", "psetex.zero"));
    ck_assert(!glob_matches_id("psetex.zero", "psetex.zeros"));
    ck_assert(!glob_matches_id("psetex.zero", "psetex.zer"));
    ck_assert(!glob_matches_id("psetex.zero", "Psetex.zero"));
    ck_assert(glob_matches_id("", ""));
    ck_assert(!glob_matches_id("", "a"));
}
END_TEST

START_TEST(a_star_is_one_segment_or_a_part_of_it) {
    ck_assert(glob_matches_id("psetex.*", "psetex.zero"));
    ck_assert(!glob_matches_id("psetex.*", "psetex.errors.zero"));
    ck_assert(!glob_matches_id("psetex.*", "psetex"));
    ck_assert(glob_matches_id("*.zero", "psetex.zero"));
    ck_assert(glob_matches_id("p*x.z*", "psetex.zero"));
    ck_assert(glob_matches_id("*", "psetex"));
    ck_assert(!glob_matches_id("*", "psetex.zero"));
    ck_assert(glob_matches_id("*.*.zero", "psetex.errors.zero"));
    ck_assert(glob_matches_id("pse*tex", "psetex"));
}
END_TEST

START_TEST(two_stars_are_any_run_of_segments) {
    ck_assert(glob_matches_id("**", "psetex.errors.zero"));
    ck_assert(glob_matches_id("psetex.**", "psetex.errors.zero"));
    ck_assert(glob_matches_id("**.zero", "psetex.errors.zero"));
    ck_assert(glob_matches_id("psetex.**.zero", "psetex.a.b.c.zero"));
    ck_assert(glob_matches_id("p**o", "psetex.errors.zero"));
    ck_assert(!glob_matches_id("psetex.**.one", "psetex.errors.zero"));
}
END_TEST

START_TEST(two_stars_as_a_segment_also_stand_for_none) {
    ck_assert(glob_matches_id("psetex.**", "psetex"));
    ck_assert(glob_matches_id("**.zero", "zero"));
    ck_assert(glob_matches_id("psetex.**.zero", "psetex.zero"));
    ck_assert(!glob_matches_id("psetex.**", "psetexx"));
    ck_assert(!glob_matches_id("psetex.**.zero", "psetexzero"));
    ck_assert(!glob_matches_id("**.zero", "nonzero"));
}
END_TEST

START_TEST(a_dot_in_a_glob_is_a_dot) {
    ck_assert(!glob_matches_id("psetex.zero", "psetex-zero"));
    ck_assert(!glob_matches_id("psetex.zero", "psetexxzero"));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("glob");
    TCase *tests = tcase_create("glob");
    tcase_add_test(tests, a_plain_glob_matches_itself_alone);
    tcase_add_test(tests, a_star_is_one_segment_or_a_part_of_it);
    tcase_add_test(tests, two_stars_are_any_run_of_segments);
    tcase_add_test(tests, two_stars_as_a_segment_also_stand_for_none);
    tcase_add_test(tests, a_dot_in_a_glob_is_a_dot);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
