/* The window: legal for some instants, or for none. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation.h"
#include "conformance/window.h"

enum { STEPS_MAX = 8, WORDS_MAX = 6 };
#define T0 INT64_C(1767225600000)

/* A history under test: commands as words, brackets from T0, replies as a vector writes them. */
typedef struct history {
    size_t count;
    window_step steps[STEPS_MAX];
    ttl_bytes words[STEPS_MAX][WORDS_MAX];
    char text[STEPS_MAX][64];
    const char *replies[STEPS_MAX];
    size_t limit;
} history;

static void history_add(history *self, int64_t from_ms, int64_t to_ms, const char *command,
                        const char *reply) {
    size_t at = self->count++, argc = 0;
    char *rest = NULL;
    ck_assert_uint_lt(at, STEPS_MAX);
    ck_assert_uint_lt(strlen(command), sizeof self->text[at]);
    strcpy(self->text[at], command);
    for (char *word = strtok_r(self->text[at], " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest))
        self->words[at][argc++] = ttl_bytes_of(word);
    self->steps[at] = (window_step){0, argc, self->words[at], T0 + from_ms, T0 + to_ms};
    self->replies[at] = reply;
}

static bool explains(void *context, size_t step, const window_step_view *view) {
    const history *self = context;
    char *prompt = expectation_text_of_reply(view->prompt, 2);
    char *lazy = expectation_text_of_reply(view->lazy, 2);
    bool same = strcmp(prompt, self->replies[step]) == 0 || strcmp(lazy, self->replies[step]) == 0;
    free(prompt);
    free(lazy);
    return same;
}

static window_result ask(history *self) {
    ttl_dialect dialect;
    ck_assert(ttl_dialect_parse("redis-7.0", &dialect));
    window_question question = {.dialect = &dialect,
                                .connection_count = 1,
                                .count = self->count,
                                .steps = self->steps,
                                .limit = self->limit,
                                .context = self,
                                .explains = explains};
    return window_ask(&question);
}

static window_answer answer_of(history *self) {
    window_result result = ask(self);
    window_result_free(&result);
    return result.answer;
}

#define OK "{\"status\": \"OK\"}"

/* What PTTL may say at [50, 53] of a deadline of 100 ms set at [0, 2]: 47 to 52, nothing else. */
START_TEST(a_remaining_time_is_legal_exactly_within_its_brackets) {
    char reply[8];
    snprintf(reply, sizeof reply, "%d", _i);
    history self = {0};
    history_add(&self, 0, 2, "PSETEX k 100 v", OK);
    history_add(&self, 50, 53, "PTTL k", reply);
    bool is_legal = _i >= 47 && _i <= 52;
    ck_assert_int_eq(answer_of(&self), is_legal ? WINDOW_EXPLAINED : WINDOW_UNEXPLAINED);
}
END_TEST

/* Two readings must agree on one deadline. */
START_TEST(readings_that_contradict_each_other_are_never_legal) {
    history self = {0};
    history_add(&self, 0, 9, "PSETEX k 100 v", OK);
    history_add(&self, 50, 50, "PTTL k", "55");
    history_add(&self, 60, 60, "PTTL k", "45");
    ck_assert_int_eq(answer_of(&self), WINDOW_EXPLAINED);
    self.replies[2] = "46";
    ck_assert_int_eq(answer_of(&self), WINDOW_UNEXPLAINED);
}
END_TEST

START_TEST(a_key_lives_through_the_millisecond_of_its_deadline_and_no_longer) {
    history self = {0};
    history_add(&self, 0, 0, "PSETEX k 100 v", OK);
    history_add(&self, 100, 100, "GET k", "\"v\"");
    ck_assert_int_eq(answer_of(&self), WINDOW_EXPLAINED);
    self.replies[1] = "null";
    ck_assert_int_eq(answer_of(&self), WINDOW_UNEXPLAINED);
    self.steps[1].latest_ms++;
    ck_assert_int_eq(answer_of(&self), WINDOW_EXPLAINED);
}
END_TEST

/* A command that neither sets nor tells time still divides at a deadline in its bracket. */
START_TEST(a_deletion_may_come_before_or_after_the_deadline) {
    history self = {0};
    history_add(&self, 0, 0, "PSETEX k 100 v", OK);
    history_add(&self, 99, 102, "DEL k", "1");
    history_add(&self, 99, 102, "EXISTS k", "0");
    ck_assert_int_eq(answer_of(&self), WINDOW_EXPLAINED);
    self.replies[1] = "0";
    ck_assert_int_eq(answer_of(&self), WINDOW_EXPLAINED);
    self.replies[2] = "1";
    ck_assert_int_eq(answer_of(&self), WINDOW_UNEXPLAINED);
}
END_TEST

START_TEST(instants_never_go_backwards) {
    history self = {0};
    history_add(&self, 0, 0, "PSETEX k 100 v", OK);
    history_add(&self, 95, 110, "GET k", "null");
    history_add(&self, 96, 110, "GET k", "\"v\"");
    window_result result = ask(&self);
    ck_assert_int_eq(result.answer, WINDOW_UNEXPLAINED);
    ck_assert_uint_eq(result.furthest, 2);
    window_result_free(&result);
    self.replies[2] = "null";
    result = ask(&self);
    ck_assert_int_eq(result.answer, WINDOW_EXPLAINED);
    for (size_t i = 1; i < self.count; i++)
        ck_assert(result.instants_ms[i] >= result.instants_ms[i - 1]);
    window_result_free(&result);
}
END_TEST

/* An earlier step is chosen again when only that saves a later one. */
START_TEST(the_search_goes_back_to_the_step_that_set_the_deadline) {
    history self = {0};
    history_add(&self, 0, 20, "PSETEX k 100 v", OK);
    history_add(&self, 20, 20, "SET other v", OK);
    history_add(&self, 119, 119, "PTTL k", "0");
    window_result result = ask(&self);
    ck_assert_int_eq(result.answer, WINDOW_EXPLAINED);
    ck_assert_int_eq(result.instants_ms[0], T0 + 19);
    window_result_free(&result);
}
END_TEST

START_TEST(a_search_without_end_says_so) {
    history self = {.limit = 50};
    history_add(&self, 0, 1000, "PSETEX k 5000 v", OK);
    history_add(&self, 1000, 2000, "PEXPIRE k 5000", "1");
    history_add(&self, 2000, 2000, "PTTL k", "1");
    window_result result = ask(&self);
    ck_assert_int_eq(result.answer, WINDOW_EXHAUSTED);
    ck_assert_uint_le(result.engine_steps, 50 + self.count);
    window_result_free(&result);
}
END_TEST

START_TEST(when_a_dead_key_is_reclaimed_is_the_servers_affair) {
    history self = {0};
    history_add(&self, 0, 0, "PSETEX k 100 v", OK);
    history_add(&self, 200, 200, "DBSIZE", "1");
    ck_assert_int_eq(answer_of(&self), WINDOW_EXPLAINED);
    self.replies[1] = "0";
    ck_assert_int_eq(answer_of(&self), WINDOW_EXPLAINED);
    self.replies[1] = "2";
    ck_assert_int_eq(answer_of(&self), WINDOW_UNEXPLAINED);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("window");
    TCase *tests = tcase_create("window");
    tcase_add_loop_test(tests, a_remaining_time_is_legal_exactly_within_its_brackets, 40, 60);
    tcase_add_test(tests, readings_that_contradict_each_other_are_never_legal);
    tcase_add_test(tests, a_key_lives_through_the_millisecond_of_its_deadline_and_no_longer);
    tcase_add_test(tests, a_deletion_may_come_before_or_after_the_deadline);
    tcase_add_test(tests, instants_never_go_backwards);
    tcase_add_test(tests, the_search_goes_back_to_the_step_that_set_the_deadline);
    tcase_add_test(tests, a_search_without_end_says_so);
    tcase_add_test(tests, when_a_dead_key_is_reclaimed_is_the_servers_affair);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
