/* Results: complete in their file, and what follows from them for the gate. */
#include "conformance/tests/made_results.h"
#include "conformance/tests/written.h"

START_TEST(what_is_written_is_read_back_and_writes_the_same) {
    results all = {.made_by = text_copy("0.1.0")};
    result_run *run = made_run(&all, "redis://127.0.0.1:6379", "redis-7.0.15");
    result_vector *one = made_vector(run, "psetex.one", VERDICT_FAIL);
    made_step(one, "EXPIRE", 0, VERDICT_FAIL)->uses_t0 = true;
    result_step *step = made_step(one, "GET", INT64_MIN, VERDICT_PASS);
    ttl_reply_clear(&step->reply);
    ttl_reply_add_node(&step->reply, TTL_REPLY_ARRAY, 6);
    ttl_reply_add_bulk(&step->reply, (ttl_bytes){"\0\xff{}", 4});
    ttl_reply_add_integer(&step->reply, INT64_MIN);
    ttl_reply_add_nil(&step->reply);
    ttl_reply_add_status(&step->reply, "OK");
    ttl_reply_add_error(&step->reply, "ERR \"quoted\"\n");
    ttl_reply_add_node(&step->reply, TTL_REPLY_ARRAY, 0);
    step->checks_events = true;
    ttl_reply_add_node(&step->wanted_events, TTL_REPLY_ARRAY, 0);
    made_vector(run, "psetex.two", VERDICT_SKIP);
    char *first = made_text(&all, results_write);
    written files;
    written_begin(&files);
    const char *path = written_file(&files, "results.json", first);
    results again;
    char *error = NULL;
    ck_assert_msg(results_read(&again, path, &error), "%s", error);
    char *second = made_text(&again, results_write);
    ck_assert_str_eq(first, second);
    free(first);
    free(second);
    results_free(&all);
    results_free(&again);
    written_end(&files);
}
END_TEST

START_TEST(what_is_not_a_results_file_is_refused_with_a_sentence) {
    static const char *const wrong[] = {
        "{",
        "[]",
        "{}",
        "{\"format\":2,\"runs\":[]}",
        "{\"format\":1,\"runs\":[]}",
        "{\"format\":1,\"runs\":[{\"target\":7,\"vectors\":[]}]}",
        "{\"format\":1,\"runs\":[{\"target\":\"engine\",\"vectors\":[{\"id\":\"a\"}]}]}",
        "{\"format\":1,\"runs\":[]} trailing"};
    written files;
    written_begin(&files);
    const char *path = written_file(&files, "results.json", wrong[_i]);
    results all;
    char *error = NULL;
    ck_assert(!results_read(&all, path, &error));
    ck_assert_ptr_nonnull(strstr(error, "results.json"));
    ck_assert_uint_eq(all.count, 0);
    free(error);
    written_end(&files);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named) {
    results all;
    char *error = NULL;
    ck_assert(!results_read(&all, "/nonexistent/results.json", &error));
    ck_assert_ptr_nonnull(strstr(error, "/nonexistent/results.json"));
    free(error);
}
END_TEST

/* The status of one run with one vector that came out so. */
static int status_of(verdict value, known_state known, bool strict) {
    results all = {0};
    result_run *run = made_run(&all, "engine", "redis-7.0");
    run->strict = strict;
    made_vector(run, "psetex.one", value)->known = known;
    int status = results_status(&all);
    results_free(&all);
    return status;
}

START_TEST(a_skip_and_an_inconclusive_decide_nothing) {
    ck_assert_int_eq(status_of(VERDICT_PASS, KNOWN_NOT, false), 0);
    ck_assert_int_eq(status_of(VERDICT_SKIP, KNOWN_NOT, false), 4);
    ck_assert_int_eq(status_of(VERDICT_INCONCLUSIVE, KNOWN_NOT, false), 4);
    results none = {0};
    ck_assert_int_eq(results_status(&none), 4);
}
END_TEST

START_TEST(a_failure_fails_the_gate_unless_it_is_known) {
    ck_assert_int_eq(status_of(VERDICT_FAIL, KNOWN_NOT, false), 1);
    ck_assert_int_eq(status_of(VERDICT_FAIL, KNOWN_FAILS, false), 0);
    ck_assert_int_eq(status_of(VERDICT_FAIL, KNOWN_FLAKES, false), 0);
    ck_assert_int_eq(status_of(VERDICT_PASS, KNOWN_FIXED, false), 1);
}
END_TEST

START_TEST(a_warning_fails_only_when_strict) {
    ck_assert_int_eq(status_of(VERDICT_WARNING, KNOWN_NOT, false), 0);
    ck_assert_int_eq(status_of(VERDICT_WARNING, KNOWN_NOT, true), 1);
}
END_TEST

START_TEST(a_broken_target_is_no_difference) {
    ck_assert_int_eq(status_of(VERDICT_ERROR, KNOWN_NOT, false), 3);
    results all = {0};
    made_vector(made_run(&all, "engine", "redis-7.0"), "psetex.one", VERDICT_FAIL);
    made_run(&all, "unix:///nowhere", NULL)->unusable = text_copy("could not be reached");
    ck_assert_int_eq(results_status(&all), 3);
    results_free(&all);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("results");
    TCase *tests = tcase_create("results");
    tcase_add_test(tests, what_is_written_is_read_back_and_writes_the_same);
    tcase_add_loop_test(tests, what_is_not_a_results_file_is_refused_with_a_sentence, 0, 8);
    tcase_add_test(tests, a_file_that_is_not_there_is_named);
    tcase_add_test(tests, a_skip_and_an_inconclusive_decide_nothing);
    tcase_add_test(tests, a_failure_fails_the_gate_unless_it_is_known);
    tcase_add_test(tests, a_warning_fails_only_when_strict);
    tcase_add_test(tests, a_broken_target_is_no_difference);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
