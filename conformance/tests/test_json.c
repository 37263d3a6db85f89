/* The strict reading of JSON: every kind of malformed text has its sentence and its line. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>

#include "conformance/json.h"
#include "conformance/number.h"
#include "conformance/tests/written.h"

/* Reads a text; returns what was wrong with it. The caller frees. */
static char *read_all(const char *text, size_t length, bool *understood) {
    json_document document;
    problem_list problems = {.count = 0};
    *understood = json_read_text(&document, "f.json", text, length, &problems);
    if (*understood) json_free(&document);
    char *told = problems_text(&problems);
    problem_list_free(&problems);
    return told;
}

static void expect_bytes(const char *text, size_t length, bool understandable, const char *told) {
    bool understood = false;
    char *actual = read_all(text, length, &understood);
    ck_assert_str_eq(actual, told);
    ck_assert_int_eq(understood, understandable);
    free(actual);
}

static void expect_refused(const char *text, const char *told) {
    expect_bytes(text, strlen(text), false, told);
}

/* The document can be read, but it may not be used. */
static void expect_told(const char *text, const char *told) {
    expect_bytes(text, strlen(text), true, told);
}

START_TEST(sound_json_is_taken_silently) {
    static const char *const sound[] = {
        "{}",
        "[]",
        " \n\t\r[1, -1, 0, true, false, null, \"\"]\n",
        "\"a\"",
        "7",
        "{\"a\": {\"b\": [[], {}]}, \"b\": {\"a\": 1}}",
        "\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9 \\ud83d\\ude00\"",
        "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"",
        "[9007199254740992, -9007199254740992]"};
    for (size_t i = 0; i < sizeof sound / sizeof *sound; i++) expect_told(sound[i], "");
}
END_TEST

START_TEST(an_unfinished_or_overfull_document_is_refused) {
    expect_refused("", "f.json:1: the file is empty: expected an object\n");
    expect_refused("\n\n", "f.json:3: the file is empty: expected an object\n");
    expect_refused("{\"a\":", "f.json:1: the file ends too early: expected a value\n");
    expect_refused("[1,\n2", "f.json:2: expected ',' or ']' after an element\n");
    expect_refused("[\"a", "f.json:1: /0: the file ends inside a string\n");
    expect_refused("[\"a\\", "f.json:1: /0: the file ends inside a string\n");
    expect_refused("{} {}", "f.json:1: expected nothing after the document\n");
    expect_refused("\xEF\xBB\xBF{}",
                   "f.json:1: the file begins with a byte order mark; save it without\n");
}
END_TEST

START_TEST(a_slip_of_syntax_is_refused_at_its_line) {
    expect_refused("{\n\"a\" 1}", "f.json:2: expected ':' after a key\n");
    expect_refused("{\n\"a\": 1\n\"b\": 2}", "f.json:3: expected ',' or '}' after a member\n");
    expect_refused("{\"a\": 1,}", "f.json:1: expected a key: a string in double quotes\n");
    expect_refused("{'a': 1}", "f.json:1: expected a key: a string in double quotes\n");
    expect_refused("[1,]", "f.json:1: /1: expected a value\n");
    expect_refused("[nul]", "f.json:1: /0: expected a value\n");
    expect_refused("// no\n{}", "f.json:1: expected a value\n");
    expect_refused("[NaN]", "f.json:1: /0: expected a value\n");
}
END_TEST

START_TEST(strings_hold_only_what_json_allows) {
    expect_refused("\"a\nb\"", "f.json:1: a string ends on the line where it began\n");
    expect_refused("\"\t\"",
                   "f.json:1: a control character in a string is written \\t or \\u00XX\n");
    expect_refused("\"\\x41\"",
                   "f.json:1: expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX\n");
    expect_refused("\"\\u12g4\"", "f.json:1: expected four hexadecimal digits after \\u\n");
    expect_refused("\"\\u12", "f.json:1: expected four hexadecimal digits after \\u\n");
}
END_TEST

START_TEST(what_is_not_utf8_is_refused) {
    static const char *const malformed[] = {"\"\x80\"",
                                            "\"\xC3(\"",
                                            "\"\xC0\x80\"",
                                            "\"\xE0\x80\x80\"",
                                            "\"\xED\xA0\x80\"",
                                            "\"\xF0\x80\x80\x80\"",
                                            "\"\xF4\x90\x80\x80\"",
                                            "\"\xFF\"",
                                            "\"\xE2\x82"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        expect_refused(malformed[i], "f.json:1: malformed UTF-8; raw bytes are written "
                                     "{\"hex\": \"...\"}\n");
    static const char *const halves[] = {"\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"",
                                         "\"\\ud83dx\""};
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++)
        expect_refused(halves[i], "f.json:1: half of a surrogate pair is no character; raw bytes "
                                  "are written {\"hex\": \"...\"}\n");
}
END_TEST

START_TEST(nul_is_refused_raw_and_escaped) {
    expect_bytes("\"a\0b\"", 5, false, "f.json:1: the file holds a NUL byte; it must be text\n");
    expect_bytes("[1,\0]", 5, false, "f.json:1: /1: the file holds a NUL byte; it must be text\n");
    expect_bytes("{}\0", 3, false, "f.json:1: expected nothing after the document\n");
    expect_told("[\"a\\u0000b\"]", "f.json:1: /0: a text cannot hold NUL; raw bytes are written "
                                   "{\"hex\": \"00\"}\n");
}
END_TEST

START_TEST(duplicate_keys_are_told_at_any_depth) {
    expect_told("{\"a\": 1,\n\"a\": 2}",
                "f.json:2: duplicate key \"a\": it already stands on line 1\n");
    expect_told("[0, {\"x\": {\"k\": 1,\n\n\"b\": 2, \"k\": 3}}]",
                "f.json:3: /1/x: duplicate key \"k\": it already stands on line 1\n");
    /* The same key, written in another way. */
    expect_told("{\"ab\": 1, \"a\\u0062\": 2}",
                "f.json:1: duplicate key \"ab\": it already stands on line 1\n");
}
END_TEST

START_TEST(keys_that_differ_in_case_are_different) {
    expect_told("{\"a\": 1, \"A\": 2}", "");
}
END_TEST

START_TEST(a_number_that_a_double_cannot_hold_is_told) {
    static const char told[] = "f.json:1: /0: a double does not hold this number exactly; write it "
                               "as a string: {\"integer\": \"...\"}\n";
    expect_told("[9007199254740993]", told);
    expect_told("[-9007199254740993]", told);
    expect_told("[9223372036854775807]", told);
    expect_told("[99999999999999999999999]", told);
    expect_told("[-0]", told);
    expect_refused("[1111111111111111111111111111111111111111111111111111111111111111]",
                   "f.json:1: /0: a double does not hold this number exactly; write it as a "
                   "string: {\"integer\": \"...\"}\n"
                   "f.json:1: /0: no number is this long\n");
}
END_TEST

START_TEST(a_number_with_point_or_exponent_is_told) {
    static const char told[] = "f.json:1: /0: expected a whole number without point or exponent; a "
                               "double is written {\"double\": \"1.5\"}\n";
    expect_told("[1.5]", told);
    expect_told("[1.0]", told);
    expect_told("[1e3]", told);
    expect_told("[1E-3]", told);
}
END_TEST

START_TEST(a_malformed_number_is_refused) {
    expect_refused("[01]", "f.json:1: /0: a number does not begin with 0\n");
    expect_refused("[-]", "f.json:1: /0: expected a value\n");
    expect_refused("[+1]", "f.json:1: /0: expected a value\n");
    expect_refused("[1.]", "f.json:1: /0: expected digits after the point\n");
    expect_refused("[1e]", "f.json:1: /0: expected digits in the exponent\n");
    expect_refused("[.5]", "f.json:1: /0: expected a value\n");
}
END_TEST

START_TEST(nesting_has_a_bottom) {
    char deep[2 * (JSON_DEPTH_MAX + 1) + 1];
    memset(deep, '[', JSON_DEPTH_MAX + 1);
    memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    deep[sizeof deep - 1] = '\0';
    bool understood = true;
    char *told = read_all(deep, strlen(deep), &understood);
    ck_assert(!understood);
    ck_assert_ptr_nonnull(strstr(told, "nested deeper than 64 levels"));
    free(told);
    deep[sizeof deep - 2] = '\0';
    told = read_all(deep + 1, strlen(deep + 1), &understood);
    ck_assert(understood);
    ck_assert_str_eq(told, "");
    free(told);
}
END_TEST

START_TEST(every_value_knows_its_line_and_pointer) {
    static const char text[] = "{\n  \"a\": [10,\n    {\"b/c~d\": \"x\"}],\n\n  \"\": null\n}";
    json_document document;
    problem_list problems = {.count = 0};
    arena memory = {NULL};
    ck_assert(json_read_text(&document, "f.json", text, strlen(text), &problems));
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(document.root, "a");
    const cJSON *inner = a->child->next;
    ck_assert_int_eq(json_line(&document, document.root), 1);
    ck_assert_str_eq(json_pointer(&document, document.root, &memory), "");
    ck_assert_int_eq(json_line(&document, a), 2);
    ck_assert_str_eq(json_pointer(&document, a->child, &memory), "/a/0");
    ck_assert_int_eq(json_line(&document, inner), 3);
    ck_assert_str_eq(json_pointer(&document, inner->child, &memory), "/a/1/b~1c~0d");
    ck_assert_int_eq(json_line(&document, a->next), 5);
    ck_assert_str_eq(json_pointer(&document, a->next, &memory), "/");
    arena_free(&memory);
    json_free(&document);
    problem_list_free(&problems);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told_by_name) {
    static const char *const paths[] = {"conformance/tests/no-such-file.json", "conformance/tests"};
    for (size_t i = 0; i < 2; i++) {
        json_document document;
        problem_list problems = {.count = 0};
        ck_assert(!json_read_file(&document, paths[i], &problems));
        char *told = problems_text(&problems);
        ck_assert_ptr_nonnull(strstr(told, paths[i]));
        free(told);
        problem_list_free(&problems);
    }
}
END_TEST

START_TEST(whole_numbers_are_read_to_the_last_digit) {
    static const struct {
        const char *text;
        bool is_number;
        int64_t number;
    } cases[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9007199254740993", true, INT64_C(9007199254740993)},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"-0", false, 0},
        {"00", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x1", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t number = 0;
        ck_assert_int_eq(number_parse(cases[i].text, strlen(cases[i].text), &number),
                         cases[i].is_number);
        if (cases[i].is_number) ck_assert_int_eq(number, cases[i].number);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");
    tcase_add_test(tests, sound_json_is_taken_silently);
    tcase_add_test(tests, an_unfinished_or_overfull_document_is_refused);
    tcase_add_test(tests, a_slip_of_syntax_is_refused_at_its_line);
    tcase_add_test(tests, strings_hold_only_what_json_allows);
    tcase_add_test(tests, what_is_not_utf8_is_refused);
    tcase_add_test(tests, nul_is_refused_raw_and_escaped);
    tcase_add_test(tests, duplicate_keys_are_told_at_any_depth);
    tcase_add_test(tests, keys_that_differ_in_case_are_different);
    tcase_add_test(tests, a_number_that_a_double_cannot_hold_is_told);
    tcase_add_test(tests, a_number_with_point_or_exponent_is_told);
    tcase_add_test(tests, a_malformed_number_is_refused);
    tcase_add_test(tests, nesting_has_a_bottom);
    tcase_add_test(tests, every_value_knows_its_line_and_pointer);
    tcase_add_test(tests, a_file_that_cannot_be_read_is_told_by_name);
    tcase_add_test(tests, whole_numbers_are_read_to_the_last_digit);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
