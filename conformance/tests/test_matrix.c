/* The matrix: what is worth reading comes first, and equal stories are told once. */
#include "conformance/matrix.h"

#include <check.h>

#include "conformance/report_html.h"
#include "conformance/tests/made_results.h"

START_TEST(equal_strings_have_one_number) {
    interned set = {0};
    char text[16];
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "%zx", i * 7919);
            ck_assert_uint_eq(interned_add(&set, text), i);
        }
    ck_assert_uint_eq(set.count, 5000);
    ck_assert_str_eq(set.strings[3], "5ccd");
    interned_free(&set);
}
END_TEST

/* A vector of one step that expects this and gets it. */
static result_vector *expecting(result_run *run, const char *id, const char *expected,
                                int64_t answer) {
    result_vector *one = made_vector(run, id, VERDICT_PASS);
    result_step *step = made_step(one, "PTTL", answer, VERDICT_PASS);
    free(step->expected);
    step->expected = text_copy(expected);
    return one;
}

START_TEST(differences_come_before_variations_before_gaps_before_the_rest) {
    results all = {0};
    const char *const dialects[] = {"redis-6.0", "redis-7.0"};
    for (int i = 0; i < 2; i++) {
        result_run *run = made_run(&all, "exec:redis-server", dialects[i]);
        expecting(run, "t.same", "1", 1);
        result_vector *gap = made_vector(run, "t.gap", i == 0 ? VERDICT_SKIP : VERDICT_PASS);
        if (i == 0) free(gap->reason), gap->reason = text_copy("only since redis 7.0.0");
        made_vector(run, "t.fails", i == 0 ? VERDICT_PASS : VERDICT_FAIL);
        expecting(run, "t.varies", i == 0 ? "1" : "2", i + 1);
        result_vector *lacks = made_vector(run, "t.lacks", i == 0 ? VERDICT_SKIP : VERDICT_PASS);
        if (i == 0) free(lacks->reason), lacks->reason = text_copy("needs resp3");
    }
    static const char *const order[] = {"t.fails", "t.varies", "t.gap", "t.same", "t.lacks"};
    static const matrix_kind kinds[] = {MATRIX_DIFFERS, MATRIX_VARIES, MATRIX_PARTIAL, MATRIX_SAME,
                                        MATRIX_SAME};
    matrix made;
    matrix_build(&made, &all);
    ck_assert_uint_eq(made.row_count, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_str_eq(made.rows[i].vector->id, order[i]);
        ck_assert_int_eq(made.rows[i].kind, kinds[i]);
    }
    ck_assert_uint_eq(made.of_kind[MATRIX_SAME], 2);
    matrix_free(&made);
    results_free(&all);
}
END_TEST

START_TEST(what_went_the_same_way_is_told_once) {
    results all = {0};
    static const int64_t answers[] = {1, 2, 1};
    for (size_t i = 0; i < 3; i++)
        expecting(made_run(&all, "exec:redis-server", "redis-7.0"), "t.one", "1", answers[i]);
    matrix made;
    matrix_build(&made, &all);
    ck_assert_uint_eq(made.rows[0].story_count, 2);
    ck_assert_uint_eq(made.rows[0].stories[0], made.rows[0].stories[2]);
    ck_assert_uint_ne(made.rows[0].stories[0], made.rows[0].stories[1]);
    ck_assert_uint_eq(made.steps.count, 2);
    matrix_free(&made);
    results_free(&all);
}
END_TEST

START_TEST(a_server_is_held_against_the_engine_of_its_dialect) {
    results all = {0};
    result_run *server = made_run(&all, "exec:redis-server", "redis-7.0");
    made_vector(server, "t.both", VERDICT_PASS);
    made_vector(server, "t.odd", VERDICT_FAIL);
    made_vector(server, "t.skipped", VERDICT_SKIP);
    made_run(&all, "engine:redis-6.0", "redis-6.0");
    result_run *engine = made_run(&all, "engine:redis-7.0", "redis-7.0");
    made_vector(engine, "t.skipped", VERDICT_PASS);
    made_vector(engine, "t.odd", VERDICT_PASS);
    made_vector(engine, "t.both", VERDICT_PASS);
    made_vector(engine, "t.only-here", VERDICT_PASS);
    matrix made;
    matrix_build(&made, &all);
    ck_assert_uint_eq(made.runs[0].pair, 2);
    ck_assert(made.runs[2].is_paired && !made.runs[1].is_paired);
    ck_assert_uint_eq(made.runs[0].compared, 2);
    ck_assert_uint_eq(made.runs[0].agreed, 1);
    ck_assert_uint_eq(made.row_count, 4);
    ck_assert_str_eq(made.rows[0].vector->id, "t.odd");
    ck_assert(matrix_disagrees(&made, &made.rows[0], 0));
    matrix_free(&made);
    results_free(&all);
}
END_TEST

START_TEST(what_depends_on_when_it_was_asked_separates_no_versions) {
    results all = {0};
    expecting(made_run(&all, "exec:redis-server", "redis-7.0"), "t.one", "1", 1);
    expecting(made_run(&all, "redis://127.0.0.1:6379", "redis-7.0"), "t.one", "2", 2);
    matrix made;
    matrix_build(&made, &all);
    ck_assert_int_eq(made.rows[0].kind, MATRIX_SAME);
    ck_assert_str_eq(made.runs[1].name, "redis 7.0.15 in real time");
    matrix_free(&made);
    results_free(&all);
}
END_TEST

static void write_page(const results *all, FILE *out) {
    report_write_html(all, NULL, out);
}

START_TEST(no_text_ends_the_data_of_the_page) {
    results all = {0};
    result_vector *one = expecting(made_run(&all, "engine", "redis-7.0"), "t.one", "1", 1);
    free(one->title);
    one->title = text_copy("</script><script>alert(1)</script>");
    char *page = made_text(&all, write_page);
    ck_assert_ptr_nonnull(strstr(page, "\\u003c/script>\\u003cscript>alert(1)"));
    ck_assert_ptr_null(strstr(page, "<script>alert(1)"));
    ck_assert_ptr_null(strstr(page, "@DATA@"));
    free(page);
    results_free(&all);
}
END_TEST

START_TEST(a_run_that_could_not_be_is_a_column_too) {
    results all = {0};
    result_run *run = results_add_run(&all);
    run->target = text_copy("exec:none");
    run->unusable = text_copy("could not be started: cannot run none");
    matrix made;
    matrix_build(&made, &all);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    matrix_write_markdown(&made, out);
    matrix_write_json(&made, out);
    report_html_write_matrix(&made, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "| exec:none | could not be used: could not be started"));
    free(text);
    matrix_free(&made);
    results_free(&all);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("matrix");
    TCase *all = tcase_create("all");
    tcase_add_test(all, equal_strings_have_one_number);
    tcase_add_test(all, differences_come_before_variations_before_gaps_before_the_rest);
    tcase_add_test(all, what_went_the_same_way_is_told_once);
    tcase_add_test(all, a_server_is_held_against_the_engine_of_its_dialect);
    tcase_add_test(all, what_depends_on_when_it_was_asked_separates_no_versions);
    tcase_add_test(all, no_text_ends_the_data_of_the_page);
    tcase_add_test(all, a_run_that_could_not_be_is_a_column_too);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
