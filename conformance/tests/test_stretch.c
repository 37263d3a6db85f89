/* Stretched vectors: what becomes longer, and what must stay as it is. */
#include "conformance/stretch.h"

#include "conformance/tests/run_suite.h"

enum { TIMES = 8 };

typedef struct fixture {
    suite_file file;
    arena memory;
    const vector *given, *longer;
} fixture;

static fixture stretched(const char *steps) {
    fixture self = {.memory = {NULL}};
    ttl_dialect spec;
    ck_assert(ttl_dialect_parse("redis-7.0", &spec));
    char *body = text_format("{\"id\": \"t.one\", \"title\": \"a law\", \"rules\": [\"r.one\"], "
                             "\"steps\": [%s]}",
                             steps);
    suite_load(&self.file, body);
    free(body);
    self.given = self.file.set.vectors[0];
    self.longer = vector_stretched(self.given, &spec, TIMES, &self.memory);
    return self;
}

static void stretched_free(fixture *self) {
    arena_free(&self->memory);
    suite_free(&self->file);
}

static void check_word(const fixture *self, size_t step, size_t place, const char *word) {
    const vector_text *text = &self->longer->steps[step].argv[place];
    ck_assert_uint_eq(text->count, 1);
    char *is = text_copy_bytes(text->pieces[0].bytes);
    ck_assert_str_eq(is, word);
    free(is);
}

static const expectation *reply_of(const fixture *self, size_t step) {
    return self->longer->steps[step].outcome.reply;
}

START_TEST(moments_durations_and_times_told_grow_together) {
    fixture self = stretched(STEP("\"SET\", \"{k}\", \"60\", \"PX\", \"60\"", OK) "," STEP(
        "\"PTTL\", \"{k}\"",
        "60") "," STEP("\"EXPIRE\", \"{k2}\", \"60\"",
                       "0") "," STEP("\"STRLEN\", \"{k}\"",
                                     "2") "," AT("30", "\"GET\", \"{k}\"",
                                                 "\"60\"") "," AT("90", "\"GET\", \"{k}\"",
                                                                  "null"));
    ck_assert_ptr_nonnull(self.longer);
    check_word(&self, 0, 2, "60");
    check_word(&self, 0, 4, "480");
    ck_assert_int_eq(reply_of(&self, 1)->low, 480);
    check_word(&self, 2, 2, "480");
    ck_assert_int_eq(reply_of(&self, 3)->low, 2);
    ck_assert_int_eq(self.longer->steps[4].at_ms, 240);
    ck_assert_int_eq(self.longer->steps[5].wall_ms, 720);
    ck_assert_int_eq(self.longer->length_ms, 720);
    ck_assert_int_eq(self.given->steps[5].at_ms, 90);
    stretched_free(&self);
}
END_TEST

START_TEST(offsets_from_t0_grow_in_commands_and_replies) {
    fixture self = stretched(STEP("\"SET\", \"{k}\", \"v\"", OK) "," STEP(
        "\"PEXPIREAT\", \"{k}\", \"{t0+100}\"",
        "1") "," STEP("\"PEXPIRETIME\", \"{k}\"",
                      "{\"integer\": \"{t0+100}\"}") "," AT("200", "\"GET\", \"{k}\"", "null"));
    ck_assert_ptr_nonnull(self.longer);
    ck_assert_int_eq(self.longer->steps[1].argv[2].pieces[0].number, 800);
    ck_assert_int_eq(reply_of(&self, 2)->low, 800);
    stretched_free(&self);
}
END_TEST

#define QUEUED "{\"status\": \"QUEUED\"}"

START_TEST(what_a_block_answers_grows_where_its_commands_tell_times) {
    fixture self = stretched(
        STEP("\"MULTI\"", OK) "," STEP("\"SET\", \"{k}\", \"v\", \"EX\", \"1\"", QUEUED) "," STEP(
            "\"TTL\", \"{k}\"",
            QUEUED) "," STEP("\"STRLEN\", \"{k}\"",
                             QUEUED) "," STEP("\"EXEC\"", "[" OK ", 1, 1]") "," AT("1200",
                                                                                   "\"GET\", "
                                                                                   "\"{k}\"",
                                                                                   "null"));
    ck_assert_ptr_nonnull(self.longer);
    check_word(&self, 1, 4, "8");
    ck_assert_int_eq(reply_of(&self, 4)->children[1].low, 8);
    ck_assert_int_eq(reply_of(&self, 4)->children[2].low, 1);
    stretched_free(&self);
}
END_TEST

static void check_stays(const char *steps) {
    fixture self = stretched(steps);
    ck_assert_ptr_null(self.longer);
    stretched_free(&self);
}

#define SET(ms) STEP("\"SET\", \"{k}\", \"v\", \"PX\", \"" ms "\"", OK)

/* Stretched, the step after the deadline would come eight milliseconds after it. */
START_TEST(a_vector_about_a_millisecond_stays_as_it_is) {
    check_stays(SET("60") "," AT("61", "\"GET\", \"{k}\"", "null"));
    check_stays(SET("60") "," AT("60", "\"GET\", \"{k}\"", "\"v\""));
    check_stays(SET("60") "," AT("20", "\"PTTL\", \"{k}\"", "40"));
}
END_TEST

/* 100.6 s are told as 101, eight times as much as 805, which is not eight times 101. */
START_TEST(times_that_do_not_grow_alike_stay_as_they_are) {
    check_stays(
        SET("100600") "," STEP("\"TTL\", \"{k}\"", "101") "," AT("250", "\"TTL\", \"{k}\"", "100"));
}
END_TEST

START_TEST(what_does_not_wait_or_would_wait_too_long_stays_as_it_is) {
    check_stays(SET("100") "," STEP("\"PTTL\", \"{k}\"", "100"));
    check_stays(SET("100") "," AT("3000", "\"GET\", \"{k}\"", "null"));
}
END_TEST

/* The reference does not do what it says even as it is. */
START_TEST(a_wrong_vector_stays_as_it_is) {
    check_stays(SET("100") "," AT("300", "\"GET\", \"{k}\"", "\"v\""));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("stretch");
    TCase *tests = tcase_create("stretch");
    tcase_add_test(tests, moments_durations_and_times_told_grow_together);
    tcase_add_test(tests, offsets_from_t0_grow_in_commands_and_replies);
    tcase_add_test(tests, what_a_block_answers_grows_where_its_commands_tell_times);
    tcase_add_test(tests, a_vector_about_a_millisecond_stays_as_it_is);
    tcase_add_test(tests, times_that_do_not_grow_alike_stay_as_they_are);
    tcase_add_test(tests, what_does_not_wait_or_would_wait_too_long_stays_as_it_is);
    tcase_add_test(tests, a_wrong_vector_stays_as_it_is);
    suite_add_tcase(suite, tests);
    SRunner *tested = srunner_create(suite);
    srunner_run_all(tested, CK_ENV);
    int failed = srunner_ntests_failed(tested);
    srunner_free(tested);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
