/* The baseline: read strictly, applied exactly, never stale. */
#include "conformance/known.h"
#include "conformance/tests/made_results.h"
#include "conformance/tests/written.h"

static ttl_dialect dialect_of(const char *name) {
    ttl_dialect dialect;
    ck_assert(ttl_dialect_parse(name, &dialect));
    return dialect;
}

static known baseline_of(written *files, const char *text) {
    known baseline;
    char *error = NULL;
    ck_assert_msg(known_read(&baseline, written_file(files, "known.txt", text), &error), "%s",
                  error);
    return baseline;
}

START_TEST(a_line_that_says_too_little_is_refused_with_its_number) {
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {"# fine\nmaybe psetex.one why\n", ":2: a line begins with"},
        {"fail\n", ":1: the pattern"},
        {"fail psetex.one\n", ":1: the reason"},
        {"fail psetex.one [redis-7.0]  \n", ":1: the reason"},
        {"fail psetex.one [redis-7.0 why\n", ":1: the bracket"},
        {"fail psetex.one [oracle-7] why\n", ":1: in brackets"},
    };
    written files;
    written_begin(&files);
    known baseline;
    char *error = NULL;
    ck_assert(!known_read(&baseline, written_file(&files, "known.txt", rows[_i].text), &error));
    ck_assert_msg(strstr(error, rows[_i].wanted) != NULL, "%s", error);
    free(error);
    written_end(&files);
}
END_TEST

START_TEST(a_line_holds_for_the_servers_in_its_brackets) {
    static const struct {
        const char *range, *dialect;
        bool holds;
    } rows[] = {
        {"redis", "redis-6.0.16", true},          {"redis", "valkey-8.0.1", false},
        {"redis-7.0", "redis-7.0.15", true},      {"redis-7.0", "redis-7.2.4", false},
        {"redis-7", "redis-7.4.1", true},         {"redis-7.0.14", "redis-7.0.15", false},
        {"redis-6.2..7.0", "redis-7.0.15", true}, {"redis-6.2..7.0", "redis-6.0.16", false},
        {"redis-7.2..", "redis-8.6.3", true},     {"redis-..6.2", "redis-7.0.0", false},
        {"valkey, redis-8", "redis-8.0.2", true},
    };
    char text[128];
    written files;
    written_begin(&files);
    snprintf(text, sizeof text, "fail psetex.** [%s] why not\n", rows[_i].range);
    known baseline = baseline_of(&files, text);
    ttl_dialect dialect = dialect_of(rows[_i].dialect);
    const known_line *line = known_find(&baseline, "psetex.one", &dialect);
    ck_assert_msg((line != NULL) == rows[_i].holds, "%s %s", rows[_i].range, rows[_i].dialect);
    if (line != NULL) ck_assert_str_eq(line->reason, "why not");
    known_free(&baseline);
    written_end(&files);
}
END_TEST

START_TEST(a_pattern_that_matches_no_vector_is_an_error) {
    written files;
    written_begin(&files);
    known baseline = baseline_of(&files, "fail psetex.one why\nskip pexpire.* why\n");
    vector one = {.id = "psetex.one"}, two = {.id = "pexpire.one"};
    const vector *list[] = {&one, &two};
    vector_set set = {.count = 2, .vectors = list};
    char *error = NULL;
    ck_assert(known_check(&baseline, &set, &error));
    set.count = 1;
    ck_assert(!known_check(&baseline, &set, &error));
    ck_assert_ptr_nonnull(strstr(error, "known.txt:2: no vector matches pexpire.*"));
    free(error);
    known_free(&baseline);
    written_end(&files);
}
END_TEST

START_TEST(a_known_failure_must_still_fail) {
    written files;
    written_begin(&files);
    known baseline = baseline_of(&files, "fail a.* why\nflaky b why\n");
    ttl_dialect dialect = dialect_of("redis-7.0");
    results all = {0};
    result_run *run = made_run(&all, "engine", "redis-7.0");
    made_vector(run, "a.fails", VERDICT_FAIL);
    made_vector(run, "a.passes", VERDICT_PASS);
    made_vector(run, "a.missed", VERDICT_INCONCLUSIVE);
    made_vector(run, "b", VERDICT_PASS);
    made_vector(run, "c", VERDICT_FAIL);
    known_apply(&baseline, &dialect, run);
    static const known_state wanted[] = {KNOWN_FAILS, KNOWN_FIXED, KNOWN_NOT, KNOWN_FLAKES,
                                         KNOWN_NOT};
    for (size_t i = 0; i < run->count; i++) ck_assert_int_eq(run->vectors[i].known, wanted[i]);
    ck_assert_uint_eq(result_run_count(run).gate, 2);
    results_free(&all);
    known_free(&baseline);
    written_end(&files);
}
END_TEST

START_TEST(an_update_keeps_what_is_true_drops_what_is_stale_and_adds_what_is_new) {
    written files;
    written_begin(&files);
    known baseline = baseline_of(&files, "# ours\nfail a link\nfail b stale\nfail x.* partly\n"
                                         "skip s never\nfail z [valkey] elsewhere\n");
    results all = {0};
    result_run *run = made_run(&all, "engine", "redis-7.0");
    made_vector(run, "a", VERDICT_FAIL);
    made_vector(run, "b", VERDICT_PASS);
    made_vector(run, "n", VERDICT_FAIL);
    made_vector(run, "x.one", VERDICT_FAIL);
    made_vector(run, "x.two", VERDICT_PASS);
    made_vector(run, "z", VERDICT_PASS);
    const char *path = written_path(&files, "new.txt");
    char *error = NULL;
    ck_assert_msg(known_update(&baseline, &all, path, &error), "%s", error);
    size_t length;
    char *text = text_read_file(path, &length, &error);
    ck_assert_str_eq(text, "# ours\nfail a link\nskip s never\nfail z [valkey] elsewhere\n"
                           "fail n [redis-7.0] expected 1, got 0\n"
                           "fail x.one [redis-7.0] partly\n");
    free(text);
    results_free(&all);
    known_free(&baseline);
    written_end(&files);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("known");
    TCase *tests = tcase_create("known");
    tcase_add_loop_test(tests, a_line_that_says_too_little_is_refused_with_its_number, 0, 6);
    tcase_add_loop_test(tests, a_line_holds_for_the_servers_in_its_brackets, 0, 11);
    tcase_add_test(tests, a_pattern_that_matches_no_vector_is_an_error);
    tcase_add_test(tests, a_known_failure_must_still_fail);
    tcase_add_test(tests, an_update_keeps_what_is_true_drops_what_is_stale_and_adds_what_is_new);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
