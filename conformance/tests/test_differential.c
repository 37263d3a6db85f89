/* The differential check's own parts: what it takes for equal, and the scripts it makes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The tool is a program, not a library: its parts are taken in whole. */
#include "conformance/tools/canonical.c"
#include "conformance/tools/script.c"

static const char *canonical(const char *reply, reply_order order, const reply_order *queued,
                             size_t count) {
    static char text[512];
    strcpy(text, reply);
    text[resp_canonical(text, strlen(text), order, queued, count)] = 0;
    return text;
}

START_TEST(a_reply_is_measured_only_when_it_is_whole) {
    static const char *const replies[] = {"+OK\r\n",
                                          "$3\r\na\r\n\r\n",
                                          "$-1\r\n",
                                          "*-1\r\n",
                                          "*2\r\n:1\r\n*1\r\n$0\r\n\r\n",
                                          "%1\r\n+a\r\n~2\r\n_\r\n,1.5\r\n",
                                          "=7\r\ntxt:abc\r\n"};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        size_t length = strlen(replies[i]);
        for (size_t j = 0; j < length; j++) ck_assert_int_eq(resp_length(replies[i], j), 0);
        ck_assert_int_eq(resp_length(replies[i], length), (long)length);
    }
    ck_assert_int_eq(resp_length("HTTP/1.1\r\n", 10), -1);
}
END_TEST

START_TEST(what_a_server_is_free_in_is_equal_and_nothing_else) {
    static const reply_order queued[] = {ORDER_EXACT, ORDER_FREE};
    ck_assert_str_eq(canonical("*2\r\n$1\r\nb\r\n$1\r\na\r\n", ORDER_FREE, NULL, 0),
                     "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    ck_assert_str_eq(canonical("*2\r\n$1\r\nb\r\n$1\r\na\r\n", ORDER_EXACT, NULL, 0),
                     "*2\r\n$1\r\nb\r\n$1\r\na\r\n");
    ck_assert_str_eq(canonical("%2\r\n+b\r\n+1\r\n+a\r\n+2\r\n", ORDER_FREE_PAIRS, NULL, 0),
                     "%2\r\n+a\r\n+2\r\n+b\r\n+1\r\n");
    ck_assert_str_eq(canonical("*2\r\n$1\r\n0\r\n*2\r\n+b\r\n+a\r\n", ORDER_SCAN, NULL, 0),
                     "*2\r\n$1\r\n0\r\n*2\r\n+a\r\n+b\r\n");
    ck_assert_str_eq(
        canonical("*2\r\n*2\r\n+b\r\n+a\r\n*2\r\n+b\r\n+a\r\n", ORDER_QUEUED, queued, 2),
        "*2\r\n*2\r\n+b\r\n+a\r\n*2\r\n+a\r\n+b\r\n");
    ck_assert_str_eq(canonical("$1\r\nk\r\n", ORDER_TYPE_ONLY, NULL, 0), "$\r\n");
    ck_assert_str_eq(canonical("$-1\r\n", ORDER_TYPE_ONLY, NULL, 0), "_\r\n");
    ck_assert_str_eq(canonical("-ERR no\r\n", ORDER_TYPE_ONLY, NULL, 0), "-ERR no\r\n");
    ck_assert_str_eq(
        canonical("$35\r\n# Stats\r\nx:1\r\nexpired_keys:7\r\nz:2\r\n", ORDER_EXACT, NULL, 0),
        "+expired_keys:7\r\n");
    ck_assert_str_eq(
        canonical("*4\r\n$2\r\nid\r\n:77\r\n$4\r\nmode\r\n+x\r\n", ORDER_IDENTITY, NULL, 0),
        "*4\r\n$2\r\nid\r\n:\r\n$4\r\nmode\r\n+x\r\n");
}
END_TEST

START_TEST(the_same_seed_makes_the_same_scripts) {
    static diff_script one, other;
    diff_generator a = {.state = 7}, b = {.state = 7};
    for (int i = 0; i < 2000; i++) {
        memset(&one, 0, sizeof one);
        memset(&other, 0, sizeof other);
        script_generate(&a, &one);
        script_generate(&b, &other);
        ck_assert_mem_eq(&one, &other, sizeof one);
        ck_assert_uint_gt(one.count, 0);
        for (size_t j = 0; j < one.count; j++) ck_assert_uint_gt(one.steps[j].count, 0);
    }
}
END_TEST

START_TEST(every_command_gets_its_turn) {
    static diff_script script;
    bool seen[SHAPES] = {false};
    diff_generator generator = {.state = 1};
    for (size_t i = 0; i < SHAPES; i++) {
        script_generate(&generator, &script);
        for (size_t j = 0; j < script.count; j++) {
            ttl_bytes name = step_argument(&script, &script.steps[j], 0);
            const command_shape *shape = shape_named(name.data, name.length);
            for (size_t k = 0; k < SHAPES && shape != NULL; k++)
                seen[k] = seen[k] || strcmp(shapes[k].name, shape->name) == 0;
        }
    }
    for (size_t i = 0; i < SHAPES; i++) ck_assert_msg(seen[i], "%s", shapes[i].name);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("differential");
    TCase *tests = tcase_create("differential");
    tcase_add_test(tests, a_reply_is_measured_only_when_it_is_whole);
    tcase_add_test(tests, what_a_server_is_free_in_is_equal_and_nothing_else);
    tcase_add_test(tests, the_same_seed_makes_the_same_scripts);
    tcase_add_test(tests, every_command_gets_its_turn);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
