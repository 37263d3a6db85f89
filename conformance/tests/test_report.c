/* Reports: every format says what the results say, and nothing else. */
#include "conformance/report.h"

#include <sys/stat.h>

#include "conformance/tests/made_results.h"
#include "conformance/tests/written.h"

static const report_style plain = {false, false};

/* A run with one of each outcome that matters. */
static results made_all(void) {
    results all = {.made_by = text_copy("0.1.0")};
    result_run *run = made_run(&all, "unix:///s", "redis-7.0.15");
    made_vector(run, "a.pass", VERDICT_PASS);
    result_vector *fails = made_vector(run, "b.fail", VERDICT_FAIL);
    made_step(fails, "EXPIRE", 0, VERDICT_FAIL);
    made_vector(run, "c.skip", VERDICT_SKIP);
    made_vector(run, "d.missed", VERDICT_INCONCLUSIVE);
    result_vector *known = made_vector(run, "e.known", VERDICT_FAIL);
    known->known = KNOWN_FAILS;
    known->known_reason = text_copy("issue #1");
    return all;
}

static char *rendered(const results *all, const char *format) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(out);
    report_find(format)->write(all, &plain, out);
    fclose(out);
    return text;
}

#define has(text, part)   ck_assert_msg(strstr(text, part) != NULL, "no %s in:\n%s", part, text)
#define lacks(text, part) ck_assert_msg(strstr(text, part) == NULL, "%s in:\n%s", part, text)

START_TEST(text_tells_the_whole_story_of_a_failure) {
    results all = made_all();
    char *text = rendered(&all, "text");
    has(text, "fail b.fail: a law <of> \"time\" & keys");
    has(text, "rule   expire.gt: GT is later only");
    has(text, "at ms   sent  received  command     reply  expected");
    has(text, ">      0  1.500     1.700  EXPIRE {k}  0      1");
    has(text, "value: expected 1, got 0");
    has(text, "vectors/psetex.json:7");
    has(text, "ttlspec run unix:///s --run b.fail");
    has(text, "1 difference\n");
    lacks(text, "a.pass");
    lacks(text, "e.known:");
    lacks(text, "\033");
    free(text);
    results_free(&all);
}
END_TEST

START_TEST(junit_counts_neither_skips_nor_missed_moments_as_passes) {
    results all = made_all();
    char *text = rendered(&all, "junit");
    has(text, "tests=\"5\" failures=\"1\" errors=\"0\" skipped=\"3\"");
    has(text, "<testcase classname=\"psetex\" name=\"a.pass\"");
    has(text, "a law &lt;of&gt; &quot;time&quot; &amp; keys");
    has(text, "<skipped message=\"inconclusive: ");
    has(text, "<skipped message=\"known: known to fail (issue #1)");
    free(text);
    results_free(&all);
}
END_TEST

START_TEST(tap_has_a_line_for_each_vector) {
    results all = made_all();
    char *text = rendered(&all, "tap");
    has(text,
        "TAP version 13\n1..5\nok 1 - unix:///s a.pass\nnot ok 2 - unix:///s b.fail\n  ---\n");
    has(text, "ok 3 - unix:///s c.skip # SKIP expected");
    has(text, "ok 4 - unix:///s d.missed # SKIP inconclusive: ");
    has(text, "not ok 5 - unix:///s e.known # TODO issue \\#1\n");
    lacks(text, "Bail out!");
    all.runs[0].interrupted = true;
    free(text);
    text = rendered(&all, "tap");
    has(text, "Bail out! interrupted");
    free(text);
    results_free(&all);
}
END_TEST

START_TEST(github_annotates_the_line_of_the_vector) {
    results all = made_all();
    free(all.runs[0].vectors[1].title);
    all.runs[0].vectors[1].title = text_copy("100% sure\nof it");
    char *text = rendered(&all, "github");
    has(text, "::error file=vectors/psetex.json,line=7,title=b.fail on unix%3A///s::"
              "100%25 sure%0Aof it%0A");
    has(text, "::notice file=vectors/psetex.json,line=7,title=d.missed");
    has(text, "::error title=ttlspec::1 difference\n");
    lacks(text, "e.known");
    free(text);
    results_free(&all);
}
END_TEST

START_TEST(markdown_escapes_what_would_end_a_cell) {
    results all = made_all();
    text_replace(&all.runs[0].server, "a|b");
    char *text = rendered(&all, "markdown");
    has(text, "| unix:///s | a\\|b | redis-7.0.15 | 1 | 2 | 0 | 1 | 1 | 0 | 1 |");
    has(text, "### fail: b.fail");
    free(text);
    results_free(&all);
}
END_TEST

START_TEST(a_target_that_could_not_be_used_is_in_every_report) {
    results all = {0};
    result_run *run = made_run(&all, "redis://h:1", NULL);
    run->unusable = text_copy("could not be reached: refused");
    for (const report_format *format = report_formats; format->name != NULL; format++) {
        char *text = rendered(&all, format->name);
        has(text, "could not be reached: refused");
        free(text);
    }
    results_free(&all);
}
END_TEST

START_TEST(one_report_that_cannot_be_written_does_not_lose_the_others) {
    results all = made_all();
    written files;
    written_begin(&files);
    char *blocked = text_format("%s/junit.xml", files.directory), *error = NULL;
    ck_assert_int_eq(mkdir(blocked, 0700), 0);
    ck_assert(!report_save_all(&all, files.directory, &error));
    ck_assert_msg(strstr(error, "junit.xml: cannot be written: ") != NULL, "%s", error);
    ck_assert_ptr_null(strchr(error, '\n'));
    rmdir(blocked);
    static const char *const names[] = {"report.txt", "results.json", "report.tap", "report.md",
                                        "github.txt", "badge.json",   "index.html"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *path = written_path(&files, names[i]);
        struct stat about;
        ck_assert_msg(stat(path, &about) == 0 && about.st_size > 0, "%s", path);
    }
    free(blocked);
    free(error);
    results_free(&all);
    written_end(&files); /* fails when anything else was left there */
}
END_TEST

START_TEST(a_full_disk_is_said_in_a_sentence) {
    results all = made_all();
    char *error = NULL;
    ck_assert(!report_save(&all, report_find("text"), "/dev/full", &error));
    ck_assert_msg(strstr(error, "/dev/full: cannot be written: No space left") != NULL, "%s",
                  error);
    free(error);
    results_free(&all);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");
    tcase_add_test(tests, text_tells_the_whole_story_of_a_failure);
    tcase_add_test(tests, junit_counts_neither_skips_nor_missed_moments_as_passes);
    tcase_add_test(tests, tap_has_a_line_for_each_vector);
    tcase_add_test(tests, github_annotates_the_line_of_the_vector);
    tcase_add_test(tests, markdown_escapes_what_would_end_a_cell);
    tcase_add_test(tests, a_target_that_could_not_be_used_is_in_every_report);
    tcase_add_test(tests, one_report_that_cannot_be_written_does_not_lose_the_others);
    tcase_add_test(tests, a_full_disk_is_said_in_a_sentence);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
