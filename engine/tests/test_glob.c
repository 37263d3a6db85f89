#include <check.h>
#include <stdlib.h>

#include "engine/glob.h"

/* A row holds where `matches` says so; the rows are what KEYS answers on real servers. */
static const struct row {
    const char *pattern, *text;
    bool matches;
} rows[] = {
    {"*", "", true},          {"", "", true},         {"", "a", false},
    {"?", "", false},         {"?", "x", true},       {"a**b", "ab", true},
    {"*a*b*", "axbyb", true}, {"*a*b", "abx", false}, {"[abc]", "b", true},
    {"[^abc]", "b", false},   {"[^abc]", "d", true},  {"[c-a]", "b", true},
    {"[a", "a", true},        {"[^", "x", true},      {"[", "[", false},
    {"[]", "]", false},       {"[]a]", "a", false},   {"[^]", "]", true},
    {"[^]a]", "b", false},    {"a\\", "a\\", true},   {"\\", "\\", true},
    {"\\*", "*", true},       {"\\*", "x", false},    {"\\[a]", "[a]", true},
    {"[\\]]", "]", true},     {"[\\", "\\", true},    {"[a-", "-", true},
    {"[a-]", "^", true},      {"[a-]", "-", false},   {"[-a]", "-", true},
    {"[\\a-c]", "b", false},  {"[\\a-c]", "-", true}, {"[a-c-e]", "-", true},
    {"[a-c-e]", "d", false},  {"[^^]", "^", false},   {"[^-^]", "-", false},
    {"a]", "a]", true},       {"*[b]", "aXb", true},  {"h[^e]llo", "hello", false},
    {"k*", "K1", false},
};

START_TEST(pattern_matches_as_keys_does) {
    const struct row *row = &rows[_i];
    ck_assert_msg(glob_matches(ttl_bytes_of(row->pattern), ttl_bytes_of(row->text)) == row->matches,
                  "%s on %s", row->pattern, row->text);
}
END_TEST

START_TEST(bytes_beyond_ascii_and_nul_are_bytes) {
    ck_assert(glob_matches((ttl_bytes){"a?c", 3}, (ttl_bytes){"a\0c", 3}));
    ck_assert(glob_matches((ttl_bytes){"\xff*", 2}, (ttl_bytes){"\xff\xfe", 2}));
    ck_assert(!glob_matches((ttl_bytes){"\0", 1}, (ttl_bytes){"", 0}));
}
END_TEST

START_TEST(case_is_ignored_only_on_demand) {
    ck_assert(glob_matches_any_case(ttl_bytes_of("MAX[A-Z]*"), ttl_bytes_of("maxmemory")));
    ck_assert(!glob_matches(ttl_bytes_of("MAX*"), ttl_bytes_of("maxmemory")));
}
END_TEST

START_TEST(many_stars_cost_a_product_and_no_more) {
    char text[4096], pattern[64];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = i % 2 == 0 ? '*' : 'a';
    pattern[sizeof pattern - 1] = 'b';
    ck_assert(!glob_matches((ttl_bytes){pattern, sizeof pattern}, (ttl_bytes){text, sizeof text}));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("glob");
    TCase *tests = tcase_create("glob");
    tcase_add_loop_test(tests, pattern_matches_as_keys_does, 0, (int)(sizeof rows / sizeof *rows));
    tcase_add_test(tests, bytes_beyond_ascii_and_nul_are_bytes);
    tcase_add_test(tests, case_is_ignored_only_on_demand);
    tcase_add_test(tests, many_stars_cost_a_product_and_no_more);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
