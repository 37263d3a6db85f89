/* Lint: the habits of the project, on top of what the loader refuses. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/lint.h"
#include "conformance/tests/written.h"

typedef struct findings {
    size_t count;
    size_t errors;
    char *text; /* the sentences, one a line */
} findings;

static void note(void *context, const problem *found) {
    findings *all = context;
    all->count++;
    all->errors += found->kind == PROBLEM_ERROR;
    text_replace(&all->text, "%s%s\n", all->text == NULL ? "" : all->text, found->text);
}

static const char rulebook[] =
    "{\"rules\": [{\"id\": \"r\", \"text\": \"a rule\", \"source\": {\"title\": \"here\"}}]}";

/* Lints one vector, as a file or as its directory; compares the sentences. */
static void expect_of(bool whole_directory, const char *rules, const char *vector_json,
                      const char *sentences) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json", rules);
    char *text = text_format("{\"suite\": \"s\", \"vectors\": [%s]}", vector_json);
    const char *path = written_file(&files, "s.json", text);
    if (whole_directory) path = files.directory;
    findings found = {0, 0, text_copy("")};
    ck_assert_uint_eq(lint_paths(&path, 1, NULL, note, &found), found.count);
    ck_assert_str_eq(found.text, sentences);
    free(found.text);
    free(text);
    written_end(&files);
}

static void expect_vector(const char *id, const char *title, const char *steps,
                          const char *sentences) {
    char *json =
        text_format("{\"id\": \"%s\", \"title\": \"%s\", \"rules\": [\"r\"], \"steps\": [%s]}", id,
                    title, steps);
    expect_of(false, rulebook, json, sentences);
    free(json);
}

static const char ping[] = "{\"do\": [\"PING\"], \"reply\": {\"status\": \"PONG\"}}";

START_TEST(an_id_begins_with_its_suite) {
    static const char told[] = "the id does not begin with its suite: expected \"s.\"\n";
    expect_vector("s.a", "a law holds", ping, "");
    expect_vector("t.a", "a law holds", ping, told);
    expect_vector("s", "a law holds", ping, told);
    expect_vector("sa.b", "a law holds", ping, told);
}
END_TEST

START_TEST(a_title_is_a_law) {
    static const char told[] = "a title is a law: a sentence, in lower case at its beginning, "
                               "without a stop at its end\n";
    static const char wish[] = "a title is a law: it says what holds, not what is to be tested\n";
    expect_vector("s.a", "GT never applies", ping, "");
    expect_vector("s.a", "PEXPIRE's GT never applies", ping, "");
    expect_vector("s.a", "the key is there", ping, "");
    expect_vector("s.a", "The key is there", ping, told);
    expect_vector("s.a", "the key is there.", ping, told);
    expect_vector("s.a", "is the key there?", ping, told);
    expect_vector("s.a", "key", ping, told);
    expect_vector("s.a", "test that the key is there", ping, wish);
    expect_vector("s.a", "should keep the key", ping, wish);
}
END_TEST

START_TEST(a_time_has_no_range) {
    static const char told[] =
        "a time has no range: write its value at the exact millisecond; what a live server may "
        "answer is the judge's\n";
    expect_vector("s.a", "a law holds",
                  "{\"do\": [\"pttl\", \"{k}\"], \"reply\": {\"between\": [\"1\", \"9\"]}}", told);
    expect_vector("s.a", "a law holds",
                  "{\"do\": [\"TTL\", \"{k}\"], \"reply\": 1, \"for\": [{\"only\": [\"valkey\"], "
                  "\"reply\": {\"any-of\": [{\"between\": [\"1\", \"9\"]}]}}]}",
                  told);
    expect_vector("s.a", "a law holds",
                  "{\"do\": [\"EXISTS\", \"{k}\"], \"reply\": {\"between\": [\"0\", \"1\"]}}", "");
}
END_TEST

START_TEST(a_vector_does_not_end_by_waiting) {
    static const char told[] =
        "the vector ends by waiting for a step that shows nothing: leave it out\n";
    static const char wait[] =
        "{\"do\": [\"PING\"], \"reply\": 1}, {\"at\": \"9\", \"do\": [\"PING\"], \"reply\": "
        "{\"anything\": true}%s}";
    char *steps = text_format(wait, "");
    expect_vector("s.a", "a law holds", steps, told);
    text_replace(&steps, wait, ", \"events\": [{\"expired\": \"{k}\"}]");
    expect_vector("s.a", "a law holds", steps, "");
    free(steps);
    expect_vector("s.a", "a law holds", "{\"do\": [\"PING\"], \"reply\": {\"anything\": true}}",
                  "");
}
END_TEST

START_TEST(every_rule_is_named_by_some_vector) {
    static const char two_rules[] =
        "{\"rules\": [{\"id\": \"r\", \"text\": \"a rule\", \"source\": {\"title\": \"here\"}},"
        "{\"id\": \"lonely\", \"text\": \"a rule\", \"source\": {\"title\": \"here\"}}]}";
    static const char vector_json[] =
        "{\"id\": \"s.a\", \"title\": \"a law holds\", \"rules\": [\"r\"], \"steps\": [{\"do\": "
        "[\"PING\"], \"reply\": null}]}";
    expect_of(true, rulebook, vector_json, "");
    expect_of(true, two_rules, vector_json, "no vector names the rule \"lonely\"\n");
    /* One file of many cannot be expected to name them all. */
    expect_of(false, two_rules, vector_json, "");
}
END_TEST

START_TEST(what_the_loader_refuses_is_reported_as_errors) {
    const char *path = "conformance/tests/bad/at.json";
    findings found = {0, 0, text_copy("")};
    ck_assert_uint_eq(lint_paths(&path, 1, NULL, note, &found), 5);
    ck_assert_uint_eq(found.errors, 5);
    free(found.text);
}
END_TEST

START_TEST(the_vectors_of_the_project_keep_its_habits) {
    const char *path = "vectors";
    findings found = {0, 0, text_copy("")};
    lint_paths(&path, 1, NULL, note, &found);
    ck_assert_str_eq(found.text, "");
    free(found.text);
}
END_TEST

START_TEST(a_replica_that_is_needed_is_used) {
    static const char json[] =
        "{\"id\": \"s.a\", \"title\": \"a law holds\", \"rules\": [\"r\"], "
        "\"needs\": [\"replica\"], \"steps\": [{%s\"do\": [\"PING\"], \"reply\": null}]}";
    static const char *const on[] = {"\"on\": \"replica\", ", "\"on\": \"replicas\", ", ""};
    for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
        char *text = text_format(json, on[i]);
        expect_of(false, rulebook, text,
                  i == 0 ? "" : "the vector needs \"replica\" and sends nothing to it\n");
        free(text);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lint");
    TCase *tests = tcase_create("lint");
    tcase_add_test(tests, an_id_begins_with_its_suite);
    tcase_add_test(tests, a_title_is_a_law);
    tcase_add_test(tests, a_time_has_no_range);
    tcase_add_test(tests, a_vector_does_not_end_by_waiting);
    tcase_add_test(tests, every_rule_is_named_by_some_vector);
    tcase_add_test(tests, what_the_loader_refuses_is_reported_as_errors);
    tcase_add_test(tests, the_vectors_of_the_project_keep_its_habits);
    tcase_add_test(tests, a_replica_that_is_needed_is_used);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
