/* Histories: what is written is read back byte for byte, and what is wrong is said with its line.
 */
#include "conformance/history.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static history loaded;
static problem_list problems;

static void set_up(void) {
    history_init(&loaded);
}

static void tear_down(void) {
    history_free(&loaded);
    problem_list_free(&problems);
}

static bool read_text(const char *text) {
    return history_read(&loaded, "h.jsonl", text, strlen(text), &problems);
}

static char *written(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    history_write(&loaded, out);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

static const char whole[] =
    "{\"history\": \"1\", \"spec\": \"redis-7.0.15\", \"rate_ppm\": \"200\", \"about\": \"two\"}\n"
    "{\"on\": \"a\", \"sent_us\": \"0\", \"received_us\": \"31\", \"do\": [\"SET\", \"k\", \"v\"], "
    "\"reply\": {\"status\": \"OK\"}}\n"
    "{\"on\": \"a\", \"sent_us\": \"10\", \"received_us\": \"40\", \"do\": [\"GET\", {\"hex\": "
    "\"00ff\"}], "
    "\"reply\": null}\n"
    "{\"on\": \"b\", \"sent_us\": \"5\", \"received_us\": \"9007199254740992\", \"do\": [\"PTTL\", "
    "\"k\"], "
    "\"reply\": {\"integer\": \"9223372036854775807\"}}\n"
    "{\"on\": \"b\", \"sent_us\": \"6\", \"received_us\": \"9007199254740992\", \"do\": "
    "[\"EXEC\"], "
    "\"protocol\": 3, \"reply\": [1, \"\", {\"error\": \"ERR no\"}, {\"map\": [[\"a\", []]]}]}\n"
    "{\"on\": \"b\", \"sent_us\": \"7\", \"received_us\": null, \"do\": [\"GET\", \"k\"]}\n";

START_TEST(what_is_written_reads_back_to_the_same_bytes) {
    bool sound = read_text(whole);
    for (size_t i = 0; i < problems.count; i++) problem_print(&problems.problems[i], stderr);
    ck_assert(sound);
    char *text = written();
    ck_assert_str_eq(text, whole);
    free(text);
}
END_TEST

START_TEST(a_history_is_in_memory_what_the_file_says) {
    ck_assert(read_text(whole));
    ck_assert_str_eq(loaded.spec, "redis-7.0.15");
    ck_assert_int_eq(loaded.rate_ppm, 200);
    ck_assert_uint_eq(loaded.connection_count, 2);
    ck_assert_str_eq(loaded.connections[1], "b");
    ck_assert_uint_eq(loaded.count, 5);
    const history_entry *get = &loaded.entries[1];
    ck_assert_uint_eq(get->argc, 2);
    ck_assert_mem_eq(get->argv[1].data, "\0\xff", 2);
    ck_assert_uint_eq(get->argv[1].length, 2);
    ck_assert_int_eq(get->sent_us, 10);
    ck_assert_int_eq(get->line, 3);
    ck_assert_int_eq(get->reply.nodes[0].type, TTL_REPLY_NIL);
    ck_assert_int_eq(loaded.entries[2].reply.nodes[0].is.integer, INT64_MAX);
    ck_assert_int_eq(loaded.entries[4].received_us, HISTORY_NO_REPLY);
    ck_assert_uint_eq(loaded.entries[4].reply.node_count, 0);
}
END_TEST

START_TEST(an_event_is_read_and_written_like_a_command) {
    static const char text[] =
        "{\"history\": \"1\"}\n"
        "{\"on\": \"ear\", \"sent_us\": \"0\", \"received_us\": \"12\", \"event\": \"expired\", "
        "\"key\": {\"hex\": \"00ff\"}, \"db\": 3}\n";
    ck_assert(read_text(text));
    const history_entry *event = &loaded.entries[0];
    ck_assert(event->is_event);
    ck_assert_int_eq(event->database, 3);
    ck_assert_int_eq(event->received_us, 12);
    ck_assert_mem_eq(event->argv[1].data, "\0\xff", 2);
    char *again = written();
    ck_assert_str_eq(again, text);
    free(again);
}
END_TEST

START_TEST(numbers_may_be_plain_and_blank_lines_and_a_missing_head_are_fine) {
    ck_assert(read_text("\n{\"on\":\"x\",\"sent_us\":1,\"received_us\":2,\"do\":[\"PING\"],"
                        "\"reply\":{\"status\":\"PONG\"}}\r\n  \n"));
    ck_assert_uint_eq(loaded.count, 1);
    ck_assert_int_eq(loaded.entries[0].received_us, 2);
    ck_assert_int_eq(loaded.entries[0].line, 2);
    ck_assert_int_eq(loaded.rate_ppm, -1);
    ck_assert_ptr_null(loaded.spec);
}
END_TEST

/* -- what is wrong ------------------------------------------------------------------------------
 */

#define ENTRY(sent, received, rest)                                                                \
    "{\"on\":\"a\",\"sent_us\":" sent ",\"received_us\":" received "," rest "}\n"
#define PING "\"do\":[\"PING\"],\"reply\":{\"status\":\"PONG\"}"

static const struct wrong {
    const char *text;
    int line;
    const char *pointer, *says;
} wrongs[] = {
    {"", 0, NULL, "expected a history"},
    {"{\"history\":\"1\"}\n", 0, NULL, "at least one command"},
    {"{\"history\":\"2\"}\n", 1, "/history", "expected \"1\""},
    {"{\"history\":1}\n", 1, "/history", "expected \"1\""},
    {"{\"history\":\"1\",\"spec\":\"redis\"}\n", 1, "/spec", "expected a dialect"},
    {"{\"history\":\"1\",\"rate_ppm\":-1}\n", 1, "/rate_ppm", "expected a whole number"},
    {"{\"history\":\"1\",\"rate_ppm\":\"500001\"}\n", 1, "/rate_ppm", "from 0 to 500000"},
    {"{\"history\":\"1\",\"speck\":\"x\"}\n", 1, "/speck", "no field of this name"},
    {ENTRY("1", "2", PING) "{\"history\":\"1\"}\n", 2, "/history", "on the first line only"},
    {"nonsense\n", 1, NULL, ""},
    {ENTRY("1", "2", PING) "{\"on\":\n", 2, NULL, ""},
    {"[]\n", 1, "", "expected an object"},
    {ENTRY("1", "2", PING ",\"on\":\"b\""), 1, NULL, ""},
    {ENTRY("1", "2", PING ",\"ON\":\"b\""), 1, "/ON", "no field of this name"},
    {"{\"sent_us\":1,\"received_us\":2," PING "}\n", 1, "", "expected `on`"},
    {"{\"on\":7,\"sent_us\":1,\"received_us\":2," PING "}\n", 1, "/on", "expected `on`"},
    {"{\"on\":\"a\",\"received_us\":2," PING "}\n", 1, "", "expected `sent_us`"},
    {"{\"on\":\"a\",\"sent_us\":2," PING "}\n", 1, "", "expected `received_us`"},
    {ENTRY("-1", "2", PING), 1, "/sent_us", "expected a whole number"},
    {ENTRY("\"1.5\"", "2", PING), 1, "/sent_us", "found another string"},
    {ENTRY("\"9007199254740993\"", "2", PING), 1, "/sent_us", "to 9007199254740992"},
    {ENTRY("true", "2", PING), 1, "/sent_us", "found something else"},
    {ENTRY("3", "2", PING), 1, "", "not before `sent_us`"},
    {ENTRY("1", "2", "\"do\":[],\"reply\":1"), 1, "/do", "expected `do`"},
    {ENTRY("1", "2", "\"reply\":1"), 1, "", "expected `do`"},
    {ENTRY("1", "2", "\"do\":[\"GET\",7],\"reply\":1"), 1, "/do/1", "expected a string"},
    {ENTRY("1", "2", "\"do\":[\"GET\",{\"hex\":\"0\"}],\"reply\":1"), 1, "/do/1", "hex digits"},
    {ENTRY("1", "2", "\"do\":[\"GET\",{\"status\":\"k\"}],\"reply\":1"), 1, "/do/1", "a string"},
    {ENTRY("1", "2", "\"do\":[\"PING\"]"), 1, "", "expected `reply`"},
    {ENTRY("1", "2", "\"do\":[\"PING\"],\"reply\":{\"what\":1}"), 1, "/reply", "expected a reply"},
    {ENTRY("1", "2", "\"do\":[\"PING\"],\"reply\":true"), 1, "/reply", "expected a reply"},
    {ENTRY("1", "null", PING), 1, "", "expected no reply where"},
    {ENTRY("1", "2", "\"protocol\":1," PING), 1, "/protocol", "expected 2 or 3"},
    {ENTRY("1", "2", "\"event\":\"del\""), 1, "", "expected `key`"},
    {ENTRY("1", "2", "\"event\":7,\"key\":\"k\""), 1, "/event", "expected a string"},
    {ENTRY("1", "2", "\"event\":\"del\",\"key\":\"k\",\"db\":-1"), 1, "/db", "a whole number"},
    {ENTRY("1", "null", "\"event\":\"del\",\"key\":\"k\""), 1, "", "when it was heard"},
    {ENTRY("1", "2", "\"event\":\"del\",\"key\":\"k\",\"do\":[\"PING\"]"), 1, "/do", "no field"},
    {ENTRY("5", "6", PING) ENTRY("4", "7", PING), 2, "", "sent before its predecessor"},
    {ENTRY("4", "8", PING) ENTRY("5", "7", PING), 2, "", "received before its predecessor"},
    {ENTRY("1", "null", "\"do\":[\"PING\"]") ENTRY("2", "3", PING), 2, "", "before it on this"},
};

START_TEST(what_is_wrong_is_said_with_line_and_place) {
    const struct wrong *wrong = &wrongs[_i];
    ck_assert_msg(!read_text(wrong->text), "taken: %s", wrong->text);
    ck_assert_uint_ge(problems.count, 1);
    const problem *first = &problems.problems[0];
    ck_assert_str_eq(first->file, "h.jsonl");
    ck_assert_msg(first->line == wrong->line, "line %d: %s", first->line, wrong->text);
    if (wrong->pointer != NULL) ck_assert_str_eq(first->pointer, wrong->pointer);
    ck_assert_msg(strstr(first->text, wrong->says) != NULL, "\"%s\" does not say \"%s\"",
                  first->text, wrong->says);
}
END_TEST

START_TEST(all_problems_of_a_file_are_told_and_sound_entries_kept) {
    ck_assert(!read_text(ENTRY("3", "2", PING) ENTRY("4", "5", PING) ENTRY("x", "5", PING)
                             ENTRY("6", "7", "\"do\":[1],\"reply\":true")));
    ck_assert_uint_eq(problems.count, 4);
    ck_assert_uint_eq(loaded.count, 1);
    ck_assert_int_eq(loaded.entries[0].sent_us, 4);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named) {
    ck_assert(!history_load(&loaded, "/nowhere/h.jsonl", &problems));
    ck_assert_uint_eq(problems.count, 1);
    ck_assert_ptr_nonnull(strstr(problems.problems[0].text, "/nowhere/h.jsonl"));
}
END_TEST

START_TEST(a_file_is_read_as_its_text_is) {
    char path[] = "/tmp/ttlspec-history-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, whole, strlen(whole)), (ssize_t)strlen(whole));
    ck_assert_int_eq(close(file), 0);
    ck_assert(history_load(&loaded, path, &problems));
    ck_assert_int_eq(unlink(path), 0);
    char *text = written();
    ck_assert_str_eq(text, whole);
    free(text);
}
END_TEST

/* -- recording ----------------------------------------------------------------------------------
 */

START_TEST(what_is_appended_is_a_copy) {
    char key[] = "k", command[] = "GET";
    ttl_bytes argv[] = {ttl_bytes_of(command), ttl_bytes_of(key)};
    history_entry entry = {.sent_us = 1, .received_us = 2, .argc = 2, .argv = argv, .protocol = 2};
    entry.connection = history_connection(&loaded, "a");
    ck_assert_uint_eq(history_connection(&loaded, "a"), entry.connection);
    ttl_reply_init(&entry.reply, ttl_allocator_libc());
    ttl_reply_add_bulk(&entry.reply, ttl_bytes_of("v"));
    ck_assert_ptr_null(history_append(&loaded, &entry));
    ttl_reply_free(&entry.reply);
    key[0] = 'x';
    const history_entry *kept = &loaded.entries[0];
    ck_assert(ttl_bytes_equal(kept->argv[1], ttl_bytes_of("k")));
    ck_assert(ttl_bytes_equal(ttl_reply_text(&kept->reply, 0), ttl_bytes_of("v")));
}
END_TEST

START_TEST(what_breaks_an_invariant_is_not_appended) {
    ttl_bytes argv[] = {ttl_bytes_of("PING")};
    history_entry entry = {.sent_us = 5, .received_us = 4, .argc = 1, .argv = argv, .protocol = 2};
    entry.connection = history_connection(&loaded, "a");
    ttl_reply_init(&entry.reply, ttl_allocator_libc());
    ck_assert_ptr_nonnull(history_append(&loaded, &entry));
    entry.received_us = 6;
    ck_assert_ptr_nonnull(history_append(&loaded, &entry)); /* no reply */
    ttl_reply_add_status(&entry.reply, "PONG");
    entry.argc = 0;
    ck_assert_ptr_nonnull(history_append(&loaded, &entry));
    ck_assert_uint_eq(loaded.count, 0);
    entry.argc = 1;
    ck_assert_ptr_null(history_append(&loaded, &entry));
    ttl_reply_free(&entry.reply);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("history");
    TCase *laws = tcase_create("laws");
    tcase_add_checked_fixture(laws, set_up, tear_down);
    tcase_add_test(laws, an_event_is_read_and_written_like_a_command);
    tcase_add_test(laws, what_is_written_reads_back_to_the_same_bytes);
    tcase_add_test(laws, a_history_is_in_memory_what_the_file_says);
    tcase_add_test(laws, numbers_may_be_plain_and_blank_lines_and_a_missing_head_are_fine);
    tcase_add_loop_test(laws, what_is_wrong_is_said_with_line_and_place, 0,
                        (int)(sizeof wrongs / sizeof *wrongs));
    tcase_add_test(laws, all_problems_of_a_file_are_told_and_sound_entries_kept);
    tcase_add_test(laws, a_file_that_is_not_there_is_named);
    tcase_add_test(laws, a_file_is_read_as_its_text_is);
    tcase_add_test(laws, what_is_appended_is_a_copy);
    tcase_add_test(laws, what_breaks_an_invariant_is_not_appended);
    suite_add_tcase(suite, laws);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
