/* Comparing runs: what is a difference, and what is not. */
#include "conformance/diff.h"
#include "conformance/tests/made_results.h"

/* Two runs with one vector each, and their comparison. */
typedef struct pair {
    results all;
    result_vector *left, *right;
} pair;

static void pair_make(pair *self, verdict left, verdict right) {
    *self = (pair){0};
    made_run(&self->all, "engine", "redis-7.0");
    made_run(&self->all, "unix:///s", "redis-7.0.15");
    self->left = made_vector(&self->all.runs[0], "psetex.one", left);
    self->right = made_vector(&self->all.runs[1], "psetex.one", right);
}

static size_t pair_differences(pair *self) {
    diff found = diff_runs(&self->all.runs[0], &self->all.runs[1]);
    size_t count = found.count;
    diff_free(&found);
    return count;
}

START_TEST(the_same_run_differs_in_nothing) {
    pair self;
    pair_make(&self, VERDICT_FAIL, VERDICT_FAIL);
    made_step(self.left, "EXPIRE", 0, VERDICT_FAIL);
    made_step(self.right, "EXPIRE", 0, VERDICT_FAIL);
    ck_assert_uint_eq(pair_differences(&self), 0);
    results_free(&self.all);
}
END_TEST

START_TEST(another_verdict_is_a_difference) {
    pair self;
    pair_make(&self, VERDICT_PASS, VERDICT_ERROR);
    ck_assert_uint_eq(pair_differences(&self), 1);
    results_free(&self.all);
}
END_TEST

START_TEST(another_reply_is_a_difference_though_both_verdicts_are_the_same) {
    pair self;
    pair_make(&self, VERDICT_FAIL, VERDICT_FAIL);
    made_step(self.left, "EXPIRE", 0, VERDICT_FAIL);
    made_step(self.right, "EXPIRE", 2, VERDICT_FAIL);
    ck_assert_uint_eq(pair_differences(&self), 1);
    results_free(&self.all);
}
END_TEST

START_TEST(a_choice_that_the_vector_leaves_is_no_difference) {
    pair self;
    pair_make(&self, VERDICT_PASS, VERDICT_PASS);
    made_step(self.left, "RANDOMKEY", 3, VERDICT_PASS);
    made_step(self.right, "RANDOMKEY", 4, VERDICT_PASS);
    ck_assert_uint_eq(pair_differences(&self), 0);
    results_free(&self.all);
}
END_TEST

START_TEST(replies_that_are_right_for_different_versions_differ) {
    pair self;
    pair_make(&self, VERDICT_PASS, VERDICT_PASS);
    made_step(self.left, "EXPIRE", 1, VERDICT_PASS);
    text_replace(&made_step(self.right, "EXPIRE", 2, VERDICT_PASS)->expected, "2");
    ck_assert_uint_eq(pair_differences(&self), 1);
    results_free(&self.all);
}
END_TEST

START_TEST(moments_are_compared_from_the_beginning_of_their_run) {
    pair self;
    pair_make(&self, VERDICT_FAIL, VERDICT_FAIL);
    self.right->t0_ms = self.left->t0_ms + 5000000;
    made_step(self.left, "PEXPIRETIME", self.left->t0_ms + 100, VERDICT_FAIL)->uses_t0 = true;
    result_step *step = made_step(self.right, "PEXPIRETIME", self.right->t0_ms + 100, VERDICT_FAIL);
    step->uses_t0 = true;
    ck_assert_uint_eq(pair_differences(&self), 0);
    step->reply.nodes[0].is.integer = self.right->t0_ms / 1000 + 100;
    ck_assert_uint_eq(pair_differences(&self), 0);
    step->reply.nodes[0].is.integer = self.right->t0_ms + 101;
    ck_assert_uint_eq(pair_differences(&self), 1);
    results_free(&self.all);
}
END_TEST

START_TEST(what_one_of_them_left_undecided_is_counted_and_not_compared) {
    pair self;
    pair_make(&self, VERDICT_PASS, VERDICT_INCONCLUSIVE);
    made_vector(&self.all.runs[0], "psetex.two", VERDICT_PASS);
    made_vector(&self.all.runs[1], "psetex.two", VERDICT_SKIP);
    made_vector(&self.all.runs[1], "psetex.three", VERDICT_FAIL);
    diff found = diff_runs(&self.all.runs[0], &self.all.runs[1]);
    ck_assert_uint_eq(found.count, 0);
    ck_assert_uint_eq(found.compared, 0);
    ck_assert_uint_eq(found.undecided, 2);
    ck_assert_uint_eq(found.only_left, 0);
    ck_assert_uint_eq(found.only_right, 1);
    diff_free(&found);
    results_free(&self.all);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("diff");
    TCase *tests = tcase_create("diff");
    tcase_add_test(tests, the_same_run_differs_in_nothing);
    tcase_add_test(tests, another_verdict_is_a_difference);
    tcase_add_test(tests, another_reply_is_a_difference_though_both_verdicts_are_the_same);
    tcase_add_test(tests, a_choice_that_the_vector_leaves_is_no_difference);
    tcase_add_test(tests, replies_that_are_right_for_different_versions_differ);
    tcase_add_test(tests, moments_are_compared_from_the_beginning_of_their_run);
    tcase_add_test(tests, what_one_of_them_left_undecided_is_counted_and_not_compared);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
