/* Expected replies against actual ones: which difference is of which class, and how it reads. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation.h"
#include "conformance/loading.h"
#include "ttlspec/memory.h"

static const vector_world world = {{"run7:", 5}, 1700000000000, {3, 4}};

/* An expectation, read as a vector writes it. */
typedef struct reading {
    vector_set set;
    problem_list problems;
    json_document document;
    const expectation *expected;
} reading;

static void read_expectation(reading *self, const char *written) {
    *self = (reading){.expected = NULL};
    ck_assert(json_read_text(&self->document, "f.json", written, strlen(written), &self->problems));
    loading from = {.set = &self->set, .problems = &self->problems, .document = &self->document};
    self->expected = loading_expectation(&from, self->document.root);
    ck_assert_msg(self->expected != NULL, "%s", written);
}

static void reading_free(reading *self) {
    json_free(&self->document);
    problem_list_free(&self->problems);
    vector_set_free(&self->set);
}

typedef void build_reply(ttl_reply *reply);

/* Judges, and compares class, path and both sides. NULL: what is not looked at. */
static void expect_over(int protocol, const char *written, build_reply *build,
                        expectation_class class, const char *path, const char *expected,
                        const char *actual) {
    reading read;
    read_expectation(&read, written);
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    build(&reply);
    expectation_mismatch mismatch;
    expectation_class judged =
        expectation_match(read.expected, &reply, protocol, &world, &mismatch);
    ck_assert_msg(judged == class, "%s: %s", written, expectation_class_name(judged));
    ck_assert_int_eq(expectation_match(read.expected, &reply, protocol, &world, NULL), class);
    if (class == EXPECTATION_MATCHES) {
        ck_assert_ptr_null(mismatch.path);
    } else {
        if (path != NULL) ck_assert_str_eq(mismatch.path, path);
        if (expected != NULL) ck_assert_str_eq(mismatch.expected, expected);
        if (actual != NULL) ck_assert_str_eq(mismatch.actual, actual);
    }
    expectation_mismatch_free(&mismatch);
    ttl_reply_free(&reply);
    reading_free(&read);
}

static void expect(const char *written, build_reply *build, expectation_class class) {
    expect_over(2, written, build, class, NULL, NULL, NULL);
    expect_over(3, written, build, class, NULL, NULL, NULL);
}

static void bulk(ttl_reply *reply) {
    ttl_reply_add_bulk(reply, ttl_bytes_of("v"));
}
static void empty_bulk(ttl_reply *reply) {
    ttl_reply_add_bulk(reply, ttl_bytes_of(""));
}
static void binary(ttl_reply *reply) {
    ttl_reply_add_bulk(reply, (ttl_bytes){"a\0\xFF", 3});
}
static void key(ttl_reply *reply) {
    ttl_reply_add_bulk(reply, ttl_bytes_of("run7:k2"));
}
static void ok(ttl_reply *reply) {
    ttl_reply_add_status(reply, "OK");
}
static void seven(ttl_reply *reply) {
    ttl_reply_add_integer(reply, 7);
}
static void greatest(ttl_reply *reply) {
    ttl_reply_add_integer(reply, INT64_MAX);
}
static void deadline(ttl_reply *reply) {
    ttl_reply_add_integer(reply, 1700000000100);
}
static void deadline_s(ttl_reply *reply) {
    ttl_reply_add_integer(reply, 1700000001);
}
static void nil(ttl_reply *reply) {
    ttl_reply_add_nil(reply);
}
static void nil_array(ttl_reply *reply) {
    ttl_reply_add_node(reply, TTL_REPLY_NIL_ARRAY, 0);
}
static void wrongtype(ttl_reply *reply) {
    ttl_reply_add_error(reply, "WRONGTYPE not a string");
}
static void nothing(ttl_reply *reply) {
    (void)reply;
}
static void info(ttl_reply *reply) {
    ttl_reply_add_bulk(reply, ttl_bytes_of("a:1\r\nexpires=2"));
}

static void letters(ttl_reply *reply, ttl_reply_type type, const char *texts) {
    ttl_reply_add_node(reply, type, strlen(texts));
    for (; *texts != '\0'; texts++) ttl_reply_add_bulk(reply, (ttl_bytes){texts, 1});
}

static void empty_array(ttl_reply *reply) {
    letters(reply, TTL_REPLY_ARRAY, "");
}
static void array_cab(ttl_reply *reply) {
    letters(reply, TTL_REPLY_ARRAY, "cab");
}
static void set_cab(ttl_reply *reply) {
    letters(reply, TTL_REPLY_SET, "cab");
}
static void map_cdab(ttl_reply *reply) {
    letters(reply, TTL_REPLY_MAP, "cdab");
}
static void push_ab(ttl_reply *reply) {
    letters(reply, TTL_REPLY_PUSH, "ab");
}
static void yes(ttl_reply *reply) {
    ttl_reply_add_boolean(reply, true);
}
static void half(ttl_reply *reply) {
    ttl_reply_add_text(reply, TTL_REPLY_DOUBLE, ttl_bytes_of("0.5"));
}
static void verbatim(ttl_reply *reply) {
    ttl_reply_add_text(reply, TTL_REPLY_VERBATIM, ttl_bytes_of("expires=2"));
}

/* What EXEC answers: [OK, 1, [x, ERR busy], ERR no]. */
static void nested(ttl_reply *reply) {
    ttl_reply_add_node(reply, TTL_REPLY_ARRAY, 4);
    ttl_reply_add_status(reply, "OK");
    ttl_reply_add_integer(reply, 1);
    ttl_reply_add_node(reply, TTL_REPLY_ARRAY, 2);
    ttl_reply_add_bulk(reply, ttl_bytes_of("x"));
    ttl_reply_add_error(reply, "ERR busy");
    ttl_reply_add_error(reply, "ERR no");
}

START_TEST(a_reply_matches_what_was_written_for_it) {
    expect("\"v\"", bulk, EXPECTATION_MATCHES);
    expect("\"\"", empty_bulk, EXPECTATION_MATCHES);
    expect("{\"hex\": \"6100fF\"}", binary, EXPECTATION_MATCHES);
    expect("{\"status\": \"OK\"}", ok, EXPECTATION_MATCHES);
    expect("7", seven, EXPECTATION_MATCHES);
    expect("{\"integer\": \"7\"}", seven, EXPECTATION_MATCHES);
    expect("{\"error\": \"WRONGTYPE not a string\"}", wrongtype, EXPECTATION_MATCHES);
    expect("[]", empty_array, EXPECTATION_MATCHES);
    expect("[\"c\", \"a\", \"b\"]", array_cab, EXPECTATION_MATCHES);
    expect("{\"anything\": true}", nested, EXPECTATION_MATCHES);
    expect("{\"contains\": \"expires=\"}", info, EXPECTATION_MATCHES);
}
END_TEST

START_TEST(a_big_integer_never_passes_through_a_double) {
    expect("{\"integer\": \"9223372036854775807\"}", greatest, EXPECTATION_MATCHES);
    expect("{\"integer\": \"9223372036854775806\"}", greatest, EXPECTATION_VALUE);
    expect_over(2, "7", greatest, EXPECTATION_VALUE, "", "7",
                "{\"integer\": \"9223372036854775807\"}");
}
END_TEST

START_TEST(null_is_either_nil) {
    expect("null", nil, EXPECTATION_MATCHES);
    expect("null", nil_array, EXPECTATION_MATCHES);
}
END_TEST

START_TEST(placeholders_stand_for_the_world_of_the_run) {
    expect("\"{k2}\"", key, EXPECTATION_MATCHES);
    expect("{\"integer\": \"{t0+100}\"}", deadline, EXPECTATION_MATCHES);
    expect("{\"integer\": \"{t0s+1}\"}", deadline_s, EXPECTATION_MATCHES);
    expect("{\"integer\": \"{t0}\"}", deadline, EXPECTATION_VALUE);
    expect_over(2, "\"{k}\"", key, EXPECTATION_VALUE, "", "\"run7:k\"", "\"run7:k2\"");
    expect_over(2, "{\"integer\": \"{t0-1}\"}", deadline, EXPECTATION_VALUE, "", "1699999999999",
                "1700000000100");
}
END_TEST

START_TEST(another_value_of_the_right_type_is_a_difference_of_value) {
    expect("\"w\"", bulk, EXPECTATION_VALUE);
    expect("8", seven, EXPECTATION_VALUE);
    expect("{\"status\": \"QUEUED\"}", ok, EXPECTATION_VALUE);
    expect("[\"c\", \"a\"]", array_cab, EXPECTATION_VALUE);
    expect("[\"a\", \"b\", \"c\"]", array_cab, EXPECTATION_VALUE);
    expect("{\"contains\": \"expires=3\"}", info, EXPECTATION_VALUE);
    expect("{\"between\": [\"8\", \"9\"]}", seven, EXPECTATION_VALUE);
}
END_TEST

START_TEST(nil_is_the_absent_value_of_strings_and_aggregates) {
    expect("\"v\"", nil, EXPECTATION_VALUE);
    expect("[]", nil_array, EXPECTATION_VALUE);
    expect("null", bulk, EXPECTATION_VALUE);
    expect("null", array_cab, EXPECTATION_VALUE);
    expect("7", nil, EXPECTATION_TYPE);
    expect("null", seven, EXPECTATION_TYPE);
    expect("{\"status\": \"OK\"}", nil, EXPECTATION_TYPE);
    expect("null", ok, EXPECTATION_TYPE);
    expect("null", wrongtype, EXPECTATION_TYPE);
}
END_TEST

START_TEST(another_type_is_a_difference_of_type) {
    expect("\"7\"", seven, EXPECTATION_TYPE);
    expect("7", bulk, EXPECTATION_TYPE);
    expect("\"OK\"", ok, EXPECTATION_TYPE);
    expect("{\"status\": \"v\"}", bulk, EXPECTATION_TYPE);
    expect("{\"error\": \"WRONGTYPE\"}", ok, EXPECTATION_TYPE);
    expect("{\"status\": \"OK\"}", wrongtype, EXPECTATION_TYPE);
    expect("[]", bulk, EXPECTATION_TYPE);
    expect("{\"between\": [\"0\", \"9\"]}", bulk, EXPECTATION_TYPE);
    expect("{\"contains\": \"v\"}", ok, EXPECTATION_TYPE);
}
END_TEST

START_TEST(no_reply_is_not_any_reply) {
    expect("{\"anything\": true}", nothing, EXPECTATION_TYPE);
    expect("null", nothing, EXPECTATION_TYPE);
    expect_over(2, "[1]", nothing, EXPECTATION_TYPE, "", "[1]", "\"(no reply)\"");
}
END_TEST

START_TEST(errors_differ_by_code_or_only_by_wording) {
    expect("{\"error\": \"WRONGTYPE something else\"}", wrongtype, EXPECTATION_WORDING);
    expect("{\"error\": \"WRONGTYPE\"}", wrongtype, EXPECTATION_WORDING);
    expect("{\"error\": \"ERR not a string\"}", wrongtype, EXPECTATION_ERROR_CODE);
    expect("{\"error\": \"WRONGTYP\"}", wrongtype, EXPECTATION_ERROR_CODE);
}
END_TEST

START_TEST(the_gravest_difference_names_the_reply) {
    expect_over(2,
                "[{\"status\": \"OK\"}, 1, [\"x\", {\"error\": \"ERR idle\"}], {\"error\": "
                "\"ERR no\"}]",
                nested, EXPECTATION_WORDING, "[2][1]", "{\"error\": \"ERR idle\"}",
                "{\"error\": \"ERR busy\"}");
    expect_over(2,
                "[{\"status\": \"OK\"}, 2, [\"x\", {\"error\": \"ERR idle\"}], {\"error\": "
                "\"NO no\"}]",
                nested, EXPECTATION_VALUE, "[1]", "2", "1");
    expect_over(2,
                "[{\"status\": \"OK\"}, 2, [3, {\"error\": \"ERR idle\"}], {\"error\": "
                "\"ERR no\"}]",
                nested, EXPECTATION_TYPE, "[2][0]", "3", "\"x\"");
    expect_over(2, "[{\"status\": \"OK\"}, 1, [\"x\"], {\"error\": \"ERR no\"}]", nested,
                EXPECTATION_VALUE, "[2]", "[\"x\"]", "[\"x\", {\"error\": \"ERR busy\"}]");
}
END_TEST

START_TEST(any_of_takes_any_and_fails_as_its_mildest) {
    expect("{\"any-of\": [8, 7]}", seven, EXPECTATION_MATCHES);
    expect("{\"any-of\": [null, \"v\"]}", bulk, EXPECTATION_MATCHES);
    expect("{\"any-of\": [null, \"v\"]}", nil, EXPECTATION_MATCHES);
    expect("{\"any-of\": [\"x\", 8]}", seven, EXPECTATION_VALUE);
    expect("{\"any-of\": [\"x\", null]}", seven, EXPECTATION_TYPE);
    expect_over(2, "[{\"any-of\": [1, 2]}, \"a\", \"b\"]", array_cab, EXPECTATION_TYPE, "[0]",
                "{\"any-of\": [1, 2]}", "\"c\"");
}
END_TEST

START_TEST(between_includes_both_ends) {
    expect("{\"between\": [\"7\", \"7\"]}", seven, EXPECTATION_MATCHES);
    expect("{\"between\": [\"0\", \"7\"]}", seven, EXPECTATION_MATCHES);
    expect("{\"between\": [\"7\", \"9223372036854775807\"]}", greatest, EXPECTATION_MATCHES);
    expect("{\"between\": [\"-9\", \"6\"]}", seven, EXPECTATION_VALUE);
}
END_TEST

START_TEST(unordered_pairs_every_element_with_one_of_its_own) {
    expect("{\"unordered\": [\"a\", \"b\", \"c\"]}", array_cab, EXPECTATION_MATCHES);
    expect("{\"unordered\": [\"a\", \"b\", \"b\"]}", array_cab, EXPECTATION_VALUE);
    expect("{\"unordered\": [\"a\", \"b\"]}", array_cab, EXPECTATION_VALUE);
    expect("{\"unordered\": []}", empty_array, EXPECTATION_MATCHES);
    expect("{\"unordered\": [\"v\"]}", bulk, EXPECTATION_TYPE);
    /* The first alternative taken greedily would leave nothing for the others. */
    expect("{\"unordered\": [{\"any-of\": [\"c\", \"a\"]}, {\"any-of\": [\"c\", \"b\"]}, \"c\"]}",
           array_cab, EXPECTATION_MATCHES);
    expect("{\"unordered\": [{\"anything\": true}, \"c\", \"a\"]}", array_cab, EXPECTATION_MATCHES);
}
END_TEST

START_TEST(what_resp2_cannot_say_is_compared_as_it_says_it) {
    static const struct {
        const char *own, *as_resp2;
        build_reply *build;
    } cases[] = {
        {"{\"map\": [[\"a\", \"b\"], [\"c\", \"d\"]]}", "[\"c\", \"d\", \"a\", \"b\"]", map_cdab},
        {"{\"set\": [\"a\", \"b\", \"c\"]}", "[\"c\", \"a\", \"b\"]", set_cab},
        {"{\"push\": [\"a\", \"b\"]}", "[\"a\", \"b\"]", push_ab},
        {"{\"boolean\": true}", "1", yes},
        {"{\"double\": \"0.5\"}", "\"0.5\"", half},
        {"{\"verbatim\": \"expires=2\"}", "\"expires=2\"", verbatim},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect(cases[i].own, cases[i].build, EXPECTATION_MATCHES);
        expect_over(2, cases[i].as_resp2, cases[i].build, EXPECTATION_MATCHES, NULL, NULL, NULL);
        expect_over(3, cases[i].as_resp2, cases[i].build, EXPECTATION_TYPE, NULL, NULL, NULL);
    }
    expect_over(3, "{\"contains\": \"expires\"}", verbatim, EXPECTATION_MATCHES, NULL, NULL, NULL);
    expect_over(2, "{\"set\": [\"a\", \"b\", \"c\"]}", array_cab, EXPECTATION_MATCHES, NULL, NULL,
                NULL);
    expect_over(3, "{\"set\": [\"a\", \"b\", \"c\"]}", array_cab, EXPECTATION_TYPE, NULL, NULL,
                NULL);
    expect("{\"map\": [[\"a\", \"d\"], [\"c\", \"b\"]]}", map_cdab, EXPECTATION_VALUE);
    expect("{\"boolean\": false}", yes, EXPECTATION_VALUE);
}
END_TEST

START_TEST(a_reply_reads_as_a_vector_writes_it) {
    static const struct {
        build_reply *build;
        const char *in_resp2, *in_resp3;
    } cases[] = {
        {bulk, "\"v\"", "\"v\""},
        {binary, "{\"hex\": \"6100ff\"}", "{\"hex\": \"6100ff\"}"},
        {info, "\"a:1\\r\\nexpires=2\"", "\"a:1\\r\\nexpires=2\""},
        {nested,
         "[{\"status\": \"OK\"}, 1, [\"x\", {\"error\": \"ERR busy\"}], {\"error\": \"ERR no\"}]",
         "[{\"status\": \"OK\"}, 1, [\"x\", {\"error\": \"ERR busy\"}], {\"error\": \"ERR no\"}]"},
        {nil_array, "null", "null"},
        {empty_array, "[]", "[]"},
        {map_cdab, "[\"c\", \"d\", \"a\", \"b\"]", "{\"map\": [[\"c\", \"d\"], [\"a\", \"b\"]]}"},
        {yes, "1", "{\"boolean\": true}"},
        {half, "\"0.5\"", "{\"double\": \"0.5\"}"},
        {nothing, "\"(no reply)\"", "\"(no reply)\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ttl_reply reply;
        ttl_reply_init(&reply, ttl_allocator_libc());
        cases[i].build(&reply);
        char *in_resp2 = expectation_text_of_reply(&reply, 2);
        char *in_resp3 = expectation_text_of_reply(&reply, 3);
        ck_assert_str_eq(in_resp2, cases[i].in_resp2);
        ck_assert_str_eq(in_resp3, cases[i].in_resp3);
        free(in_resp2);
        free(in_resp3);
        ttl_reply_free(&reply);
    }
}
END_TEST

START_TEST(an_expectation_reads_as_it_was_written) {
    static const char *const written[] = {
        "\"v\"",
        "\"{k}:{k2}*\"",
        "{\"hex\": \"00ff\"}",
        "null",
        "-7",
        "{\"integer\": \"9223372036854775807\"}",
        "{\"integer\": \"{t0+100}\"}",
        "{\"integer\": \"{t0s-1}\"}",
        "{\"integer\": \"{t0}\"}",
        "[\"a\", [1, null], []]",
        "{\"status\": \"OK\"}",
        "{\"error\": \"ERR no \\\"such\\\" thing\"}",
        "{\"unordered\": [\"a\", {\"any-of\": [1, 2]}]}",
        "{\"between\": [\"0\", \"3\"]}",
        "{\"contains\": \"x\"}",
        "{\"anything\": true}",
        "{\"map\": [[\"a\", 1], [\"b\", 2]]}",
        "{\"map\": []}",
        "{\"set\": [1]}",
        "{\"push\": [\"message\", \"{k}\"]}",
        "{\"double\": \"1.5\"}",
        "{\"boolean\": false}",
        "{\"verbatim\": \"x\"}",
    };
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        reading read;
        read_expectation(&read, written[i]);
        char *text = expectation_text(read.expected, NULL);
        ck_assert_str_eq(text, written[i]);
        free(text);
        reading_free(&read);
    }
}
END_TEST

START_TEST(an_argument_is_filled_from_the_world) {
    static const struct {
        const char *source, *filled;
    } cases[] = {
        {"", ""},
        {"plain }", "plain }"},
        {"{k}", "run7:k"},
        {"{k2}:{k}*", "run7:k2:run7:k*"},
        {"{t0}", "1700000000000"},
        {"{t0+100}", "1700000000100"},
        {"{t0-9007199254740992}", "-9005499254740992"},
        {"{t0s}", "1700000000"},
        {"{t0s-1}", "1699999999"},
        {"__keyspace@{db}__:{k999}", "__keyspace@3__:run7:k999"},
        {"{db2}", "4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arena memory = {NULL};
        vector_text text;
        const char *wrong = NULL;
        ck_assert(vector_text_parse(&memory, cases[i].source, &text, &wrong));
        ttl_bytes filled = vector_text_filled(&text, &world, &memory);
        ck_assert_uint_eq(filled.length, strlen(cases[i].filled));
        ck_assert_str_eq(filled.data, cases[i].filled);
        char small[4] = "xxx";
        ck_assert_uint_eq(vector_text_fill(&text, &world, small, 2), filled.length);
        ck_assert_int_eq(memcmp(small, cases[i].filled, filled.length < 2 ? filled.length : 2), 0);
        ck_assert_int_eq(small[2], 'x');
        arena_free(&memory);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("expectation");
    TCase *tests = tcase_create("expectation");
    tcase_add_test(tests, a_reply_matches_what_was_written_for_it);
    tcase_add_test(tests, a_big_integer_never_passes_through_a_double);
    tcase_add_test(tests, null_is_either_nil);
    tcase_add_test(tests, placeholders_stand_for_the_world_of_the_run);
    tcase_add_test(tests, another_value_of_the_right_type_is_a_difference_of_value);
    tcase_add_test(tests, nil_is_the_absent_value_of_strings_and_aggregates);
    tcase_add_test(tests, another_type_is_a_difference_of_type);
    tcase_add_test(tests, no_reply_is_not_any_reply);
    tcase_add_test(tests, errors_differ_by_code_or_only_by_wording);
    tcase_add_test(tests, the_gravest_difference_names_the_reply);
    tcase_add_test(tests, any_of_takes_any_and_fails_as_its_mildest);
    tcase_add_test(tests, between_includes_both_ends);
    tcase_add_test(tests, unordered_pairs_every_element_with_one_of_its_own);
    tcase_add_test(tests, what_resp2_cannot_say_is_compared_as_it_says_it);
    tcase_add_test(tests, a_reply_reads_as_a_vector_writes_it);
    tcase_add_test(tests, an_expectation_reads_as_it_was_written);
    tcase_add_test(tests, an_argument_is_filled_from_the_world);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
