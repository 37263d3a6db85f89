/* The judge on small histories, each about one thing. What it says of random traffic is in
 * test_judge_sound.c, what it says of wrong servers in test_judge_sharp.c. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/judge.h"
#include "conformance/text.h"

/* ---- writing histories */

/* "!expired k": an event that was heard. */
static void add_event(char **json, const char *on, long long sent, long long heard,
                      const char *event) {
    char name[32], key[32];
    ck_assert_int_eq(sscanf(event, "!%31s %31s", name, key), 2);
    text_replace(json,
                 "%s{\"on\": \"%s\", \"sent_us\": %lld, \"received_us\": %lld, \"event\": \"%s\", "
                 "\"key\": \"%s\"}\n",
                 *json, on, sent, heard, name, key);
}

/* A history of lines "on sent received command -> reply"; the reply is JSON, "-" for none. */
static void read_lines(const char *spec, const char *lines, history *to) {
    char *json = text_format("{\"history\": \"1\", \"spec\": \"%s\"}\n", spec);
    while (*lines != '\0') {
        char on[8], command[160], reply[160];
        long long sent, received;
        int used = 0;
        int read = sscanf(lines, "%7s %lld %lld %159[^>]> %159[^\n]\n%n", on, &sent, &received,
                          command, reply, &used);
        ck_assert_msg(read == 5, "not a line: %s", lines);
        lines += used;
        command[strlen(command) - 2] = '\0'; /* the " -" of the arrow */
        if (*command == '!') {
            add_event(&json, on, sent, received, command);
            continue;
        }
        char *words = text_copy("");
        for (char *word = strtok(command, " "); word != NULL; word = strtok(NULL, " "))
            text_replace(&words, "%s%s\"%s\"", words, *words == '\0' ? "" : ", ", word);
        bool answered = strcmp(reply, "-") != 0;
        text_replace(&json, "%s{\"on\": \"%s\", \"sent_us\": %lld, \"do\": [%s], ", json, on, sent,
                     words);
        if (answered)
            text_replace(&json, "%s\"received_us\": %lld, \"reply\": %s}\n", json, received, reply);
        else text_replace(&json, "%s\"received_us\": null}\n", json);
        free(words);
    }
    problem_list problems = {0};
    history_init(to);
    bool fine = history_read(to, "test", json, strlen(json), &problems);
    for (size_t i = 0; i < problems.count; i++) problem_print(&problems.problems[i], stderr);
    ck_assert_msg(fine, "%s", json);
    problem_list_free(&problems);
    free(json);
}

static judge_result judged_at(const char *spec, int64_t rate_ppm, const char *lines) {
    history recorded;
    judge_options options = {.rate_ppm = rate_ppm};
    ck_assert(ttl_dialect_parse(spec, &options.dialect));
    read_lines(spec, lines, &recorded);
    judge_result result = judge_history(&recorded, &options);
    history_free(&recorded);
    return result;
}

/* Who is told the truth goes no other way: one engine for the plan, one for the history. */
static void ck_takes_the_truth(const char *spec, const judge_hint *hints, const char *lines) {
    history recorded;
    judge_options options = {.rate_ppm = JUDGE_RATE_PPM, .hints = hints};
    ck_assert(ttl_dialect_parse(spec, &options.dialect));
    read_lines(spec, lines, &recorded);
    judge_result result = judge_history(&recorded, &options);
    ck_assert_str_eq(judge_answer_name(result.answer), "pass");
    ck_assert_uint_eq(result.runs, 2);
    judge_result_free(&result);
    history_free(&recorded);
}

static judge_answer answer_of(const char *spec, const char *lines) {
    judge_result result = judged_at(spec, JUDGE_RATE_PPM, lines);
    judge_answer answer = result.answer;
    judge_result_free(&result);
    return answer;
}

#define ck_judged(spec, wanted, lines)                                                             \
    ck_assert_str_eq(judge_answer_name(answer_of(spec, lines)), wanted)

/* ---- deadlines */

#define PSETEX_100 "a 12000 12031 PSETEX k 100 v -> {\"status\": \"OK\"}\n"

START_TEST(a_key_is_dead_one_millisecond_after_its_deadline) {
    /* Set between 12.000 and 12.031: its deadline's millisecond is over at 113.031 at the latest.
     * Read after 500 ppm more than that. */
    ck_judged("redis-7.2.4", "fail", PSETEX_100 "a 113090 113099 GET k -> \"v\"\n");
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "a 113090 113099 GET k -> null\n");
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "a 113070 113079 GET k -> \"v\"\n");
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "a 113070 113079 GET k -> null\n");
}
END_TEST

START_TEST(a_key_is_alive_in_the_millisecond_of_its_deadline) {
    ck_judged("redis-7.2.4", "fail", PSETEX_100 "a 111900 111940 GET k -> null\n");
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "a 111900 111940 GET k -> \"v\"\n");
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "a 111900 112060 GET k -> null\n");
}
END_TEST

START_TEST(where_the_active_cycle_comes_at_the_deadline_the_key_may_be_gone_then) {
    /* One moment: 100 ms later, in the millisecond of the deadline if both are told alike. */
    static const char lines[] = "a 1000 1010 TIME -> [\"1767225600\", \"500\"]\n"
                                "a 1010 1011 SET k v PXAT 1767225600050 -> {\"status\": \"OK\"}\n"
                                "a 50000 59000 MULTI -> {\"status\": \"OK\"}\n"
                                "a 50000 59000 TIME -> {\"status\": \"QUEUED\"}\n"
                                "a 50000 59000 GET k -> {\"status\": \"QUEUED\"}\n"
                                "a 50000 59000 EXEC -> [[\"1767225600\", \"50900\"], null]\n";
    ck_judged("redis-7.4.1", "fail", lines);
    ck_judged("redis-8.6", "pass", lines);
}
END_TEST

START_TEST(seconds_are_told_rounded_half_up) {
    static const char set[] = "a 0 10 PSETEX k 2500 v -> {\"status\": \"OK\"}\n";
    char *right = text_format("%sa 300 310 TTL k -> 2\n", set);
    char *wrong = text_format("%sa 3000 3010 TTL k -> 3\n", set);
    ck_judged("redis-7.2.4", "pass", right);
    ck_judged("redis-7.2.4", "fail", wrong);
    free(right), free(wrong);
}
END_TEST

START_TEST(deadlines_at_the_end_of_time_are_told_exactly) {
    ck_judged("redis-7.2.4", "pass",
              "a 0 10 SET k v -> {\"status\": \"OK\"}\n"
              "a 10 20 PEXPIRE k 9000000000000000000 -> 1\n"
              "a 3000 3010 PTTL k -> {\"integer\": \"8999999999999999997\"}\n");
    ck_judged("redis-7.2.4", "fail",
              "a 0 10 SET k v -> {\"status\": \"OK\"}\n"
              "a 10 20 PEXPIRE k 9000000000000000000 -> 1\n"
              "a 3000 3010 PTTL k -> {\"integer\": \"8999999999999999999\"}\n");
    ck_judged("redis-7.2.4", "pass",
              "a 0 10 SET k v -> {\"status\": \"OK\"}\n"
              "a 10 20 PEXPIRE k 9223372036854775807 -> "
              "{\"error\": \"ERR invalid expire time in 'pexpire' command\"}\n");
    ck_judged("redis-7.2.4", "pass",
              "a 0 10 SET k v -> {\"status\": \"OK\"}\n"
              "a 10 20 PEXPIREAT k 9223372036854775807 -> 1\n"
              "a 30 40 EXPIRETIME k -> {\"integer\": \"9223372036854776\"}\n");
}
END_TEST

/* ---- what differences know and intervals do not */

#define BLOCK(sent, received, one, two, reply)                                                     \
    "a " sent " " received " MULTI -> {\"status\": \"OK\"}\n"                                      \
    "a " sent " " received " " one " -> {\"status\": \"QUEUED\"}\n"                                \
    "a " sent " " received " " two " -> {\"status\": \"QUEUED\"}\n"                                \
    "a " sent " " received " EXEC -> " reply "\n"
#define SET_BOTH                                                                                   \
    BLOCK("100", "190", "PSETEX a 100 v", "PSETEX b 100 v",                                        \
          "[{\"status\": \"OK\"}, {\"status\": \"OK\"}]")
#define GET_BOTH(reply) SET_BOTH BLOCK("100200", "101100", "GET a", "GET b", reply)

START_TEST(two_keys_with_one_deadline_die_together) {
    ck_judged("redis-7.2.4", "fail", GET_BOTH("[null, \"v\"]"));
    ck_judged("redis-7.2.4", "fail", GET_BOTH("[\"v\", null]"));
    ck_judged("redis-7.2.4", "pass", GET_BOTH("[null, null]"));
    ck_judged("redis-7.2.4", "pass", GET_BOTH("[\"v\", \"v\"]"));
}
END_TEST

START_TEST(a_key_found_dead_stays_dead) {
    ck_judged("redis-7.2.4", "fail",
              PSETEX_100 "a 112500 112600 GET k -> null\n"
                         "a 112600 112700 GET k -> \"v\"\n");
    ck_judged("redis-7.2.4", "pass",
              PSETEX_100 "a 112500 112600 GET k -> \"v\"\n"
                         "a 112600 112700 GET k -> null\n");
}
END_TEST

START_TEST(a_block_is_one_instant_since_7_2) {
    static const char lines[] = "a 0 10 PSETEX k 100 v -> {\"status\": \"OK\"}\n" BLOCK(
        "20000", "22000", "PTTL k", "PTTL k", "[80, 79]");
    ck_judged("redis-7.2.4", "fail", lines);
    ck_judged("redis-7.0.15", "pass", lines);
}
END_TEST

START_TEST(the_bound_on_the_rate_is_part_of_the_proof) {
    /* 100 s in which the server's clock went 100.1 s. */
    static const char lines[] = "a 0 10 TIME -> [\"1767225600\", \"0\"]\n"
                                "a 100000000 100000010 TIME -> [\"1767225700\", \"100000\"]\n";
    judge_result strict = judged_at("redis-7.2.4", 500, lines);
    judge_result lax = judged_at("redis-7.2.4", 1500, lines);
    ck_assert_int_eq(strict.answer, JUDGE_FAIL);
    ck_assert_int_eq(lax.answer, JUDGE_PASS);
    judge_result_free(&strict);
    judge_result_free(&lax);
}
END_TEST

/* ---- several connections */

START_TEST(overlapping_commands_ran_in_some_order) {
    static const char set[] = "a 100 900 SET k v -> {\"status\": \"OK\"}\n";
    static const char *const reads[] = {"null", "\"v\""};
    for (size_t i = 0; i < 2; i++) {
        char *lines = text_format("%sb 200 800 GET k -> %s\n", set, reads[i]);
        ck_judged("redis-7.2.4", "pass", lines);
        text_replace(&lines, "%sb 200 800 GET k -> %s\nc 300 700 GET k -> %s\n", set, reads[i],
                     reads[1 - i]);
        ck_judged("redis-7.2.4", "pass", lines);
        free(lines);
    }
    ck_judged("redis-7.2.4", "fail",
              "a 100 900 SET k v -> {\"status\": \"OK\"}\n"
              "b 901 999 GET k -> null\n");
}
END_TEST

/* Both ran while the other was under way, and both answers come of one order alone. */
START_TEST(a_command_meets_all_the_keys_that_it_counts) {
    ck_judged("redis-7.2.4", "pass",
              "a 100 900 ZINTERSTORE to 2 x y -> 0\n"
              "b 200 300 SET y v -> {\"status\": \"OK\"}\n");
}
END_TEST

/* Before 7.2 it takes from the key that woke it: that is the one that is there, if one alone is. */
START_TEST(who_waited_for_several_keys_took_from_the_one_that_is_there) {
    static const char *const dialects[] = {"redis-7.0.15", "redis-7.2.4"};
    static const char push[] = "b 100 110 RPUSH y v -> 1\n";
    for (size_t i = 0; i < 2; i++) {
        char *served = text_format("a 0 200 BLPOP x y 1 -> [\"y\", \"v\"]\n%s", push);
        char *other = text_format("a 0 200 BLPOP x y 1 -> [\"x\", \"v\"]\n%s", push);
        char *in_vain = text_format("a 0 200 BLPOP x y 1 -> null\n%s", push);
        char *both = text_format("%sb 120 130 RPUSH x v -> 1\na 140 200 BLPOP x y 1 -> [\"y\", "
                                 "\"v\"]\n",
                                 push);
        ck_judged(dialects[i], "pass", served);
        ck_judged(dialects[i], "fail", other);
        ck_judged(dialects[i], "pass", in_vain);
        ck_judged(dialects[i], i == 0 ? "undecided" : "fail", both);
        free(served), free(other), free(in_vain), free(both);
    }
}
END_TEST

#define CLOCK_US INT64_C(1767225600000000)

START_TEST(a_transaction_without_an_answer_meets_the_keys_that_wait_in_it) {
    const judge_hint hints[] = {{0, CLOCK_US, 0, 0},
                                {1, CLOCK_US + 1, 0, 0},
                                {2, CLOCK_US + 2, 0, 0},
                                {3, CLOCK_US + 3, 0, 0}};
    ck_takes_the_truth("redis-7.2.4", hints,
                       "a 10 0 MULTI -> -\n"
                       "a 20 0 SET k v -> -\n"
                       "a 30 0 EXEC -> -\n"
                       "b 100 110 GET k -> \"v\"\n");
}
END_TEST

START_TEST(whether_a_key_is_gone_in_its_last_millisecond_the_cycle_tells) {
    static const char set[] = "a 0 10 PSETEX k 1 0 -> {\"status\": \"OK\"}\n"
                              "a 10 2000 INCR k -> 1\n";
    judge_hint hints[] = {
        {0, CLOCK_US + 200, 0, 0}, {1, CLOCK_US + 1300, 0, 0}, {2, CLOCK_US + 3200, 0, 0}};
    char *lived = text_format("%sa 3000 3010 GET k -> null\n", set);
    char *died = text_format("%sa 3000 3010 GET k -> \"1\"\n", set);
    ck_takes_the_truth("redis-8.6", hints, lived);
    hints[1].cycled_us = CLOCK_US + 1100;
    ck_takes_the_truth("redis-8.6", hints, died);
    free(lived), free(died);
}
END_TEST

START_TEST(who_knows_the_moments_knows_the_second_one_of_a_unit_too) {
    judge_hint hints[] = {{0, CLOCK_US, 0, 0},
                          {1, CLOCK_US, 0, 0},
                          {2, CLOCK_US + 100, 0, CLOCK_US + 7100},
                          {3, CLOCK_US + 8000, 0, 0}};
    ck_takes_the_truth("redis-7.0.15", hints,
                       "a 0 10 MULTI -> {\"status\": \"OK\"}\n"
                       "a 20 30 PSETEX k 2 1 -> {\"status\": \"QUEUED\"}\n"
                       "a 40 9000 EXEC -> [{\"status\": \"OK\"}]\n"
                       "b 50 9000 SETNX k 2 -> 0\n");
}
END_TEST

START_TEST(an_order_that_explains_one_reply_has_to_explain_all) {
    /* b sees the write, then c, sent after b was answered, does not. */
    ck_judged("redis-7.2.4", "fail",
              "a 100 900 SET k v -> {\"status\": \"OK\"}\n"
              "b 200 300 GET k -> \"v\"\n"
              "c 400 500 GET k -> null\n");
    ck_judged("redis-7.2.4", "pass",
              "a 100 900 SET k v -> {\"status\": \"OK\"}\n"
              "b 200 300 GET k -> null\n"
              "c 400 500 GET k -> \"v\"\n");
}
END_TEST

START_TEST(a_lost_command_may_have_run_late_or_never) {
    static const char *const reads[] = {"null", "\"v\""};
    for (size_t i = 0; i < 2; i++) {
        char *lines = text_format("a 100 0 SET k v -> -\nb 5000 5010 GET k -> %s\n", reads[i]);
        ck_judged("redis-7.2.4", "pass", lines);
        free(lines);
    }
    ck_judged("redis-7.2.4", "fail",
              "a 100 0 SET k v -> -\n"
              "b 5000 5010 GET k -> \"v\"\n"
              "b 5020 5030 GET k -> null\n");
    ck_judged("redis-7.2.4", "fail", "b 50 60 GET k -> \"v\"\na 100 0 SET k v -> -\n");
}
END_TEST

START_TEST(order_between_connections_narrows_brackets) {
    /* b saw what a wrote and was answered at 0.3 ms: so a ran before that, whatever its reply took.
     * Its key, of 100 ms, is dead 102 ms later. */
    ck_judged("redis-7.2.4", "fail",
              "a 100 90000 PSETEX k 100 v -> {\"status\": \"OK\"}\n"
              "b 200 300 GET k -> \"v\"\n"
              "b 102300 102310 GET k -> \"v\"\n");
    ck_judged("redis-7.2.4", "pass",
              "a 100 90000 PSETEX k 100 v -> {\"status\": \"OK\"}\n"
              "b 200 300 GET k -> null\n"
              "b 102300 102310 GET k -> \"v\"\n");
}
END_TEST

/* ---- what a server is free in */

START_TEST(when_the_dead_are_reclaimed_is_the_servers_own_affair) {
    static const char *const sizes[] = {"0", "1"};
    for (size_t i = 0; i < 2; i++) {
        char *lines = text_format("%sa 200000 200010 DBSIZE -> %s\n", PSETEX_100, sizes[i]);
        ck_judged("redis-7.2.4", "pass", lines);
        free(lines);
    }
    ck_judged("redis-7.2.4", "fail", PSETEX_100 "a 200000 200010 DBSIZE -> 2\n");
}
END_TEST

#define FIELD_100 "a 0 10 HSET k f v g w -> 2\na 10000 10010 HPEXPIRE k 100 FIELDS 1 f -> [1]\n"

START_TEST(a_field_dies_after_its_deadline_and_the_others_stay) {
    static const char *const specs[] = {"redis-8.6", "valkey-9.1"};
    for (size_t i = 0; i < 2; i++) {
        ck_judged(specs[i], "pass", FIELD_100 "a 100000 100010 HGET k f -> \"v\"\n");
        ck_judged(specs[i], "fail", FIELD_100 "a 100000 100010 HGET k f -> null\n");
        ck_judged(specs[i], "pass", FIELD_100 "a 200000 200010 HGET k f -> null\n");
        ck_judged(specs[i], "fail", FIELD_100 "a 200000 200010 HGET k f -> \"v\"\n");
        ck_judged(specs[i], "fail", FIELD_100 "a 200000 200010 HGET k g -> null\n");
        ck_judged(specs[i], "pass", FIELD_100 "a 60000 60010 HPTTL k FIELDS 2 f g -> [50, -1]\n");
        ck_judged(specs[i], "fail", FIELD_100 "a 60000 60010 HPTTL k FIELDS 2 f g -> [60, -1]\n");
        ck_judged(specs[i], "pass", FIELD_100 "a 200000 200010 HGETALL k -> [\"g\", \"w\"]\n");
    }
    ck_judged("redis-8.6", "pass", FIELD_100 "a 60000 60010 HTTL k FIELDS 1 f -> [1]\n");
    ck_judged("redis-8.6", "fail", FIELD_100 "a 60000 60010 HTTL k FIELDS 1 f -> [0]\n");
    ck_judged("valkey-9.1", "pass", FIELD_100 "a 60000 60010 HTTL k FIELDS 1 f -> [0]\n");
    ck_judged("valkey-9.1", "fail", FIELD_100 "a 60000 60010 HTTL k FIELDS 1 f -> [1]\n");
}
END_TEST

START_TEST(the_cycle_may_take_a_field_in_the_millisecond_of_its_deadline) {
    static const char *const specs[] = {"redis-8.6", "valkey-9.1"};
    for (size_t i = 0; i < 2; i++) {
        ck_judged(specs[i], "pass", FIELD_100 "a 110060 110070 HGET k f -> null\n");
        ck_judged(specs[i], "pass", FIELD_100 "a 110060 110070 HGET k f -> \"v\"\n");
        ck_judged(specs[i], "fail", FIELD_100 "a 108000 108900 HGET k f -> null\n");
    }
    ck_judged("valkey-9.1", "fail",
              "a 0 10 PSETEX k 100 v -> {\"status\": \"OK\"}\na 99000 99900 GET k -> null\n");
}
END_TEST

START_TEST(when_dead_fields_are_reclaimed_is_the_servers_own_affair) {
    ck_judged("redis-8.6", "pass", FIELD_100 "a 200000 200010 HLEN k -> 2\n");
    ck_judged("redis-8.6", "pass", FIELD_100 "a 200000 200010 HLEN k -> 1\n");
    ck_judged("redis-8.6", "fail", FIELD_100 "a 200000 200010 HLEN k -> 0\n");
    ck_judged("redis-8.6", "fail", FIELD_100 "a 60000 60010 HLEN k -> 1\n");
    ck_judged("redis-8.6", "pass", FIELD_100 "a 200000 200010 HSET k f x -> 1\n");
    ck_judged("redis-8.6", "pass", FIELD_100 "a 200000 200010 HSET k f x -> 0\n");
    ck_judged("valkey-9.1", "fail", FIELD_100 "a 200000 200010 HSET k f x -> 0\n");
    ck_judged("redis-8.6", "pass", FIELD_100 "a 200000 200010 HDEL k f -> 0\n");
    ck_judged("redis-8.6", "pass", FIELD_100 "a 200000 200010 HDEL k f -> 1\n");
    ck_judged("valkey-9.1", "fail", FIELD_100 "a 200000 200010 HDEL k f -> 1\n");
    ck_judged("redis-8.6", "undecided",
              FIELD_100 "a 200000 200010 HEXPIRE k 9 FIELDS 1 f -> [1]\n");
    for (int is_gone = 0; is_gone < 2; is_gone++)
        ck_judged("redis-8.6", "undecided",
                  is_gone ? FIELD_100 "a 200000 200010 HSETEX k KEEPTTL FIELDS 1 f x -> 1\n"
                                      "a 210000 210010 HTTL k FIELDS 1 f -> [-1]\n"
                          : FIELD_100 "a 200000 200010 HSETEX k KEEPTTL FIELDS 1 f x -> 1\n"
                                      "a 210000 210010 HTTL k FIELDS 1 f -> [-2]\n");
    ck_judged("redis-8.6", "pass", FIELD_100 "ear 0 200000 !hexpired k -> !\n");
}
END_TEST

START_TEST(a_key_without_living_fields_may_be_there_or_not) {
    static const char hollow[] =
        "a 0 10 HSET k f v -> 1\na 10000 10010 HPEXPIRE k 100 FIELDS 1 f -> [1]\n";
    static const char *const lines[] = {
        "a 200000 200010 HLEN k -> 0\n",      "a 200000 200010 HLEN k -> 1\n",
        "a 200000 200010 HGETALL k -> []\n",  "a 200000 200010 DBSIZE -> 0\n",
        "a 200000 200010 DBSIZE -> 1\n",      "a 60000 60010 EXISTS k -> 1\n",
        "a 200000 200010 HSETNX k f w -> 1\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char *all = text_format("%s%s", hollow, lines[i]);
        ck_judged("redis-8.6", "pass", all);
        ck_judged("valkey-9.1", "pass", all);
        free(all);
    }
    char *exists = text_format("%sa 200000 200010 EXISTS k -> 1\n", hollow);
    ck_judged("redis-8.6", "undecided", exists);
    free(exists);
    char *heard = text_format("%sear 0 200000 !del k -> !\n", hollow);
    ck_judged("redis-8.6", "undecided", heard);
    free(heard);
}
END_TEST

START_TEST(a_death_is_announced_after_it_and_as_late_as_the_server_likes) {
    ck_judged("redis-7.2.4", "fail", PSETEX_100 "ear 0 111900 !expired k -> !\n");
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "ear 0 113200 !expired k -> !\n");
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "ear 900000 950000 !expired k -> !\n");
    ck_judged("redis-7.2.4", "pass",
              PSETEX_100 "a 200000 200100 GET k -> null\near 0 200200 !expired k -> !\n");
    /* It was dead when that was heard, so it is dead afterwards. */
    ck_judged("redis-7.2.4", "fail",
              PSETEX_100 "ear 0 113040 !expired k -> !\na 113050 113060 GET k -> \"v\"\n");
    /* Nobody says who listened: that nothing was heard is no fault. */
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "a 200000 200100 GET k -> null\n");
}
END_TEST

START_TEST(a_death_is_announced_once) {
    ck_judged("redis-7.2.4", "fail",
              PSETEX_100 "ear 0 200000 !expired k -> !\near 0 300000 !expired k -> !\n");
    ck_judged("redis-7.2.4", "pass",
              PSETEX_100 "ear 0 200000 !expired k -> !\n"
                         "a 210000 210100 PSETEX k 10 v -> {\"status\": \"OK\"}\n"
                         "ear 0 300000 !expired k -> !\n");
}
END_TEST

START_TEST(each_connection_that_listens_hears_an_event_once) {
    ck_judged("redis-7.2.4", "pass",
              PSETEX_100 "ear 0 200000 !expired k -> !\near2 0 300000 !expired k -> !\n");
    ck_judged("redis-7.2.4", "pass",
              PSETEX_100 "ear2 0 12100 !set k -> !\near 0 12200 !set k -> !\n");
    ck_judged("redis-7.2.4", "fail",
              PSETEX_100 "ear 0 12100 !set k -> !\near2 0 12200 !set k -> !\n"
                         "ear2 0 12300 !set k -> !\n");
    ck_judged("redis-7.2.4", "fail",
              PSETEX_100 "ear2 0 113200 !expired k -> !\near 0 111900 !expired k -> !\n");
}
END_TEST

START_TEST(an_event_shows_what_a_command_wrote_over) {
    static const char set[] = "a 0 10 SET k v PX 100 -> {\"status\": \"OK\"}\n"
                              "a 20000 20010 SET k v EXAT 1 -> {\"status\": \"OK\"}\n";
    char *deleted = text_format("%sear 15000 20010 !del k -> !\n", set);
    char *expired = text_format("%sear 15000 20010 !expired k -> !\n", set);
    ck_judged("valkey-8.0", "pass", deleted);
    ck_judged("valkey-8.0", "fail", expired);
    free(deleted), free(expired);
}
END_TEST

START_TEST(an_event_is_that_of_a_command_before_it) {
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "ear 0 12100 !set k -> !\n");
    ck_judged("redis-7.2.4", "fail", PSETEX_100 "ear 0 11000 !set k -> !\n");
    ck_judged("redis-7.2.4", "fail", PSETEX_100 "ear 0 12100 !set other -> !\n");
    ck_judged("redis-7.2.4", "fail", PSETEX_100 "ear 0 50000 !del k -> !\n");
    /* Of what is announced only to who asks for it nothing is said. */
    ck_judged("redis-7.2.4", "pass", PSETEX_100 "ear 0 50000 !keymiss k -> !\n");
}
END_TEST

START_TEST(an_event_may_be_heard_before_its_transaction_is_over) {
    static const char lines[] = "ear 0 1100 !set k -> !\n"
                                "a 0 10 MULTI -> {\"status\": \"OK\"}\n"
                                "a 20 30 SET k v -> {\"status\": \"QUEUED\"}\n"
                                "a 40 50 PEXPIRE k 3 -> {\"status\": \"QUEUED\"}\n"
                                "a 1000 4000 EXEC -> [{\"status\": \"OK\"}, 1]\n"
                                "b 6500 6600 GET k -> \"v\"\n";
    ck_judged("redis-7.0.15", "pass", lines); /* PEXPIRE reads the clock anew */
    ck_judged("redis-7.2.4", "fail", lines);
}
END_TEST

START_TEST(a_choice_at_random_has_to_be_one_of_those_there_are) {
    static const char sets[] = "a 0 10 SET k v -> {\"status\": \"OK\"}\n"
                               "a 20 30 SADD s x y z -> 3\n";
    static const char *const cases[][2] = {
        {"a 40 50 RANDOMKEY -> \"s\"\n", "pass"},
        {"a 40 50 RANDOMKEY -> \"t\"\n", "fail"},
        {"a 40 50 SPOP s -> \"y\"\na 60 70 SMEMBERS s -> [\"z\", \"x\"]\n", "pass"},
        {"a 40 50 SPOP s -> \"y\"\na 60 70 SMEMBERS s -> [\"z\", \"y\"]\n", "fail"},
        {"a 40 50 SPOP s 2 -> [\"y\", \"w\"]\n", "fail"},
        /* Not answered: nobody knows which one is gone, unless it is all of them. */
        {"b 40 0 SPOP s -> -\na 60 70 SMEMBERS s -> [\"z\", \"y\"]\n", "undecided"},
        {"b 40 0 SPOP s 3 -> -\na 60 70 SMEMBERS s -> [\"z\"]\n", "fail"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *lines = text_format("%s%s", sets, cases[i][0]);
        ck_judged("redis-7.2.4", cases[i][1], lines);
        free(lines);
    }
}
END_TEST

#define WATCH_INSIDE                                                                               \
    "a 0 10 MULTI -> {\"status\": \"OK\"}\na 20 30 PERSIST k -> {\"status\": \"QUEUED\"}\n"        \
    "a 40 50 WATCH k -> {\"error\": \"ERR WATCH inside MULTI is not allowed\"}\n"

START_TEST(a_watch_that_was_refused_inside_a_transaction_waits_for_nothing) {
    ck_judged("redis-6.0", "pass", WATCH_INSIDE "a 60 70 EXEC -> [0]\n");
    ck_judged("redis-7.0", "pass", WATCH_INSIDE "a 60 70 EXEC -> [0]\n");
    ck_judged("redis-6.0", "fail", WATCH_INSIDE "a 60 70 EXEC -> [1]\n");
}
END_TEST

#define EVAL_GET "EVAL return(redis.call('GET',KEYS[1])) 1 k"

START_TEST(a_script_is_judged_like_the_commands_it_calls) {
    ck_judged("redis-7.2", "pass", PSETEX_100 "a 50000 50031 " EVAL_GET " -> \"v\"\n");
    ck_judged("redis-7.2", "pass", PSETEX_100 "a 112100 112931 " EVAL_GET " -> null\n");
    ck_judged("redis-7.2", "fail", PSETEX_100 "a 50000 50031 " EVAL_GET " -> null\n");
    ck_judged("redis-7.2", "fail", PSETEX_100 "a 115200 115231 " EVAL_GET " -> \"v\"\n");
    /* It is one instant: what lived at the first look lives at the second. */
    ck_judged("redis-7.2", "fail",
              PSETEX_100
              "a 113000 113531 EVAL "
              "return(redis.call('EXISTS',KEYS[1])==redis.call('EXISTS',KEYS[1])) 1 k -> "
              "null\n");
}
END_TEST

START_TEST(a_script_in_a_block_is_one_of_its_parts) {
    ck_judged("redis-7.2", "pass",
              "a 1000 1031 MULTI -> {\"status\": \"OK\"}\n"
              "a 1040 1051 EVAL redis.call('SET',KEYS[1],'v')return(1) 1 k -> "
              "{\"status\": \"QUEUED\"}\n"
              "a 1060 1071 SMEMBERS s -> {\"status\": \"QUEUED\"}\n"
              "a 1080 1091 EXEC -> [1, []]\n");
}
END_TEST

START_TEST(a_script_that_may_act_upon_a_time_is_not_decided) {
    static const char *const scripts[] = {
        "return(redis.call('PTTL',KEYS[1]))", "return(redis.call('TIME'))",
        "return(redis.call('RANDOMKEY'))",    "return(cjson.encode(1))",
        "return(redis.setresp(3))",           "#!lua\\nreturn(61)",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        char lines[512];
        snprintf(lines, sizeof lines, "%sa 50000 50031 EVAL %s 1 k -> 61\n", PSETEX_100,
                 scripts[i]);
        judge_result result = judged_at("redis-7.2", JUDGE_RATE_PPM, lines);
        ck_assert_int_eq(result.answer, JUDGE_UNDECIDED);
        ck_assert_ptr_nonnull(strstr(result.reason, "a script"));
        judge_result_free(&result);
    }
    /* What is no time is no matter. */
    ck_judged("redis-7.2", "fail",
              "a 50000 50031 EVAL return(redis.call('PTTL',KEYS[1])) 1 k -> 61\n");
}
END_TEST

START_TEST(a_restored_key_dies_at_its_deadline) {
    static const char lines[] =
        "{\"history\": \"1\", \"spec\": \"redis-7.2\"}\n"
        "{\"on\": \"a\", \"sent_us\": 12000, \"received_us\": 12031, \"do\": [\"RESTORE\", \"k\", "
        "\"100\", {\"hex\": \"000176060007e5a632ec6db65d\"}], \"reply\": {\"status\": \"OK\"}}\n"
        "{\"on\": \"a\", \"sent_us\": %d, \"received_us\": %d, \"do\": [\"GET\", \"k\"], "
        "\"reply\": \"v\"}\n";
    static const struct {
        int sent_us;
        judge_answer answer;
    } reads[] = {{50000, JUDGE_PASS}, {115200, JUDGE_FAIL}};
    for (size_t i = 0; i < 2; i++) {
        char *json = text_format(lines, reads[i].sent_us, reads[i].sent_us + 31);
        problem_list problems = {0};
        history recorded;
        judge_options options = {.rate_ppm = JUDGE_RATE_PPM};
        ck_assert(ttl_dialect_parse("redis-7.2", &options.dialect));
        history_init(&recorded);
        ck_assert(history_read(&recorded, "test", json, strlen(json), &problems));
        judge_result result = judge_history(&recorded, &options);
        ck_assert_int_eq(result.answer, reads[i].answer);
        judge_result_free(&result);
        history_free(&recorded);
        free(json);
    }
}
END_TEST

START_TEST(who_gives_up_says_where) {
    judge_result result = judged_at("redis-7.2.4", JUDGE_RATE_PPM,
                                    "a 0 10 SADD s x y -> 2\n"
                                    "a 10 20 SORT s BY nosort -> [\"y\", \"x\"]\n"
                                    "a 20 30 GET k -> null\n");
    ck_assert_str_eq(judge_answer_name(result.answer), "undecided");
    ck_assert(result.is_beyond);
    ck_assert_uint_eq(result.entry, 1);
    judge_result_free(&result);
}
END_TEST

START_TEST(sort_reads_what_its_patterns_name_at_one_moment) {
#define SORTED                                                                                     \
    "a 0 10 RPUSH l k -> 1\n"                                                                      \
    "a 10 20 MSET w_k 7 v_k x -> {\"status\": \"OK\"}\n" PSETEX_100
    ck_judged("redis-7.2.4", "fail", SORTED "a 113090 113099 SORT l GET * -> [\"v\"]\n");
    ck_judged("redis-7.2.4", "pass", SORTED "a 113090 113099 SORT l BY w_* GET * -> [null]\n");
    ck_judged("redis-7.2.4", "fail", SORTED "a 90000 90099 SORT l GET * GET # -> [null, \"k\"]\n");
    ck_judged("redis-7.2.4", "fail",
              SORTED "a 112000 112070 SORT l GET * GET * -> [\"v\", null]\n");
    ck_judged("redis-7.2.4", "undecided",
              "a 0 10 SADD s x y -> 2\na 10 20 SORT s BY nosort -> [\"y\", \"x\"]\n");
    ck_judged("redis-7.2.4", "undecided",
              "a 0 10 RPUSH l x y -> 2\na 10 20 SORT l BY w_* ALPHA -> [\"y\", \"x\"]\n");
    ck_judged("redis-7.2.4", "pass",
              "a 0 10 RPUSH l y x -> 2\na 10 20 SORT l BY w_* -> [\"x\", \"y\"]\n");
}
END_TEST

START_TEST(what_is_refused_in_a_transaction_spoils_it_whoever_knows_the_command) {
    static const char *const refused[] = {"NOSUCHCOMMAND", "OBJECT nosuch k", "TTL"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        static const char *const answers[][2] = {{"{\"error\": \"EXECABORT Spoilt.\"}", "pass"},
                                                 {"[1]", "fail"}};
        for (size_t j = 0; j < 2; j++) {
            char lines[512];
            snprintf(lines, sizeof lines,
                     "%sa 13000 13010 MULTI -> {\"status\": \"OK\"}\n"
                     "a 14000 14010 PERSIST k -> {\"status\": \"QUEUED\"}\n"
                     "a 15000 15010 %s -> {\"error\": \"ERR what?\"}\n"
                     "a 16000 16010 EXEC -> %s\n",
                     PSETEX_100, refused[i], answers[j][0]);
            ck_judged("redis-7.2.4", answers[j][1], lines);
        }
    }
}
END_TEST

START_TEST(what_is_not_judged_may_wait_in_a_transaction_however_that_ends) {
    static const char *const ends[][2] = {
        {"", "DISCARD -> {\"status\": \"OK\"}"},
        {"", "EXEC -> [1, 7]"},
        {"", "EXEC -> -"},
        {"b 12990 12999 SET w v -> {\"status\": \"OK\"}\n", "EXEC -> null"}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char lines[512];
        snprintf(lines, sizeof lines,
                 "%sa 12900 12910 WATCH w -> {\"status\": \"OK\"}\n"
                 "%sa 13000 13010 MULTI -> {\"status\": \"OK\"}\n"
                 "a 14000 14010 PERSIST k -> {\"status\": \"QUEUED\"}\n"
                 "a 15000 15010 OBJECT IDLETIME k -> {\"status\": \"QUEUED\"}\n"
                 "a 16000 16010 %s\n",
                 PSETEX_100, ends[i][0], ends[i][1]);
        ck_judged("redis-7.2.4", "pass", lines);
    }
}
END_TEST

START_TEST(a_transaction_that_nothing_is_known_of_may_have_run) {
    static const char lost[] = "a 10 0 MULTI -> -\n"
                               "a 20 0 OBJECT IDLETIME k -> -\n"
                               "a 30 0 SET k v EXAT 9999999999 -> -\n"
                               "a 35 0 EXPIREAT k 8888888888 -> -\n"
                               "a 40 0 EXEC -> -\n";
    static const char *const seen[][2] = {
        {"b 100 200 GET k -> \"v\"\n", "pass"},
        {"b 100 200 GET k -> null\n", "pass"},
        {"b 100 200 GET k -> null\nb 300 400 GET k -> \"v\"\n", "pass"},
        {"b 100 200 GET k -> \"w\"\n", "fail"},
        {"ear 0 200 !expire k -> !\near 0 200 !expire k -> !\n", "pass"},
        {"ear 0 200 !expire k -> !\near 0 200 !persist k -> !\n", "fail"},
    };
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
        char lines[512];
        snprintf(lines, sizeof lines, "%s%s", lost, seen[i][0]);
        ck_judged("redis-7.2.4", seen[i][1], lines);
    }
}
END_TEST

START_TEST(a_command_that_the_engine_does_not_have_is_not_decided) {
    static const char *const commands[][2] = {{"MIGRATE k", "MIGRATE"},
                                              {"FUNCTION LIST", "FUNCTION"}};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char lines[256];
        snprintf(lines, sizeof lines, "%sa 20000 20010 %s -> []\n", PSETEX_100, commands[i][0]);
        judge_result result = judged_at("redis-7.2.4", 500, lines);
        ck_assert_int_eq(result.answer, JUDGE_UNDECIDED);
        ck_assert_ptr_nonnull(strstr(result.reason, commands[i][1]));
        judge_result_free(&result);
    }
    ck_judged("redis-8.6", "undecided", "a 0 10 XADD s KEEPREF MAXLEN 1 7-0 f v -> \"7-0\"\n");
    ck_judged("redis-7.2.4", "pass", "a 0 10 AUTH secret -> {\"status\": \"OK\"}\n");
    ck_judged("redis-7.2.4", "pass", "a 0 10 NONSENSE -> {\"error\": \"ERR unknown command\"}\n");
    ck_judged("redis-6.0.16", "fail",
              "a 0 10 SET k v -> {\"status\": \"OK\"}\n"
              "a 20 30 GETDEL k -> \"v\"\n");
}
END_TEST

START_TEST(a_star_behind_the_id_of_xadd_is_a_word) {
    static const char *const added[] = {"XADD s 3-1 * f", "XADD s MAXLEN = 9 3-1 * f"};
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        char lines[256];
        snprintf(lines, sizeof lines,
                 "a 0 10 %s -> \"3-1\"\n"
                 "a 20 30 XRANGE s - + -> [[\"3-1\", [\"*\", \"f\"]]]\n",
                 added[i]);
        ck_judged("redis-8.6", "pass", lines);
    }
    ck_judged("redis-8.6", "pass",
              "a 0 10 XADD s NOMKSTREAM * * f -> null\n"
              "a 20 30 XADD s MAXLEN = 9 * * f -> \"5-0\"\n"
              "a 40 50 XRANGE s - + -> [[\"5-0\", [\"*\", \"f\"]]]\n");
}
END_TEST

/* ---- reasons */

/* Adds up a chain as a person would: from formula to formula, whole milliseconds between ticks. */
static int64_t sum_of(const judge_result *result) {
    size_t count = result->link_count, first = count;
    char from[64][24], to[64][24];
    ck_assert_uint_lt(count, 64);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(sscanf(result->links[i].formula, "%23s <= %23s", from[i], to[i]), 2);
        bool is_tick = from[i][0] == 'k' || from[i][0] == 'e';
        if (is_tick && first == count) first = i;
    }
    int64_t total_us = 0, stretch_us = 0;
    size_t start = first == count ? 0 : first;
    for (size_t n = 0; n < count; n++) {
        size_t i = (start + n) % count;
        ck_assert_str_eq(to[i], from[(i + 1) % count]);
        stretch_us += result->links[i].bound_us;
        bool ends = to[i][0] == 'k' || to[i][0] == 'e';
        if (!ends && n + 1 < count) continue;
        int64_t rest = stretch_us % 1000;
        if (first != count && rest != 0) stretch_us -= rest < 0 ? rest + 1000 : rest;
        total_us += stretch_us;
        stretch_us = 0;
    }
    return total_us;
}

#define TIME_AT_0 "a 0 10 TIME -> [\"1767225600\", \"0\"]\n"
#define TOLD_200  "a 40 50 PEXPIRETIME k -> {\"integer\": \"1767225600200\"}\n"

START_TEST(a_failure_is_a_circle_that_anyone_can_add_up) {
    static const char *const histories[] = {
        PSETEX_100 "a 115200 115229 GET k -> \"v\"\n",
        PSETEX_100 "a 50000 50010 PTTL k -> 62\na 50020 50030 GET k -> null\n",
        PSETEX_100 "a 50000 50010 PTTL k -> 90\n",
        PSETEX_100 "a 50000 50010 PEXPIRE k 10 GT -> 1\n",
        GET_BOTH("[null, \"v\"]"),
        TIME_AT_0 "a 20 30 PSETEX k 100 v -> {\"status\": \"OK\"}\n" TOLD_200,
        TIME_AT_0 "b 5000 5010 TIME -> [\"1767225600\", \"9000\"]\n",
    };
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        judge_result result = judged_at("redis-7.2.4", JUDGE_RATE_PPM, histories[i]);
        ck_assert_int_eq(result.answer, JUDGE_FAIL);
        ck_assert_uint_gt(result.link_count, 1);
        ck_assert_int_lt(sum_of(&result), 0);
        ck_assert_int_eq(sum_of(&result), -result.miss_us);
        judge_result_free(&result);
    }
}
END_TEST

START_TEST(a_reason_says_what_when_and_by_how_much) {
    judge_result result =
        judged_at("redis-7.2.4", JUDGE_RATE_PPM, PSETEX_100 "a 115200 115229 GET k -> \"v\"\n");
    ck_assert_str_eq(result.reason,
                     "GET k answered \"v\": the key was alive at least 3 ms past its deadline");
    ck_assert_uint_eq(result.entry, 1);
    ck_assert_int_eq(result.miss_us, 3000);
    ck_assert_uint_eq(result.link_count, 4);
    judge_result_free(&result);
    result = judged_at("redis-7.2.4", JUDGE_RATE_PPM, PSETEX_100 "a 13000 13029 GET k -> \"w\"\n");
    ck_assert_str_eq(result.reason, "GET k answered \"w\", expected \"v\"");
    ck_assert_uint_eq(result.link_count, 0);
    judge_result_free(&result);
}
END_TEST

START_TEST(a_pass_says_how_near_it_was) {
    /* Alive for certain until the sent PSETEX's own millisecond and 100 more are over. */
    judge_result result =
        judged_at("redis-7.2.4", 0, PSETEX_100 "a 111900 111940 GET k -> \"v\"\n");
    ck_assert_int_eq(result.answer, JUDGE_PASS);
    ck_assert_uint_eq(result.open_questions, 0);
    ck_assert_int_eq(result.slack_us, 112000 - 111940);
    judge_result_free(&result);
    result = judged_at("redis-7.2.4", 0, PSETEX_100 "a 111900 112940 GET k -> \"v\"\n");
    ck_assert_int_eq(result.slack_us, 0);
    ck_assert_uint_eq(result.open_questions, 1);
    judge_result_free(&result);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("judge");
    TCase *all = tcase_create("all");
    TCase *events = tcase_create("events");
    tcase_add_test(events, a_field_dies_after_its_deadline_and_the_others_stay);
    tcase_add_test(events, the_cycle_may_take_a_field_in_the_millisecond_of_its_deadline);
    tcase_add_test(events, when_dead_fields_are_reclaimed_is_the_servers_own_affair);
    tcase_add_test(events, a_key_without_living_fields_may_be_there_or_not);
    tcase_add_test(events, a_death_is_announced_after_it_and_as_late_as_the_server_likes);
    tcase_add_test(events, a_death_is_announced_once);
    tcase_add_test(events, each_connection_that_listens_hears_an_event_once);
    tcase_add_test(events, an_event_shows_what_a_command_wrote_over);
    tcase_add_test(events, an_event_is_that_of_a_command_before_it);
    suite_add_tcase(suite, events);
    tcase_add_test(all, a_key_is_dead_one_millisecond_after_its_deadline);
    tcase_add_test(all, a_key_is_alive_in_the_millisecond_of_its_deadline);
    tcase_add_test(all, where_the_active_cycle_comes_at_the_deadline_the_key_may_be_gone_then);
    tcase_add_test(all, seconds_are_told_rounded_half_up);
    tcase_add_test(all, deadlines_at_the_end_of_time_are_told_exactly);
    tcase_add_test(all, two_keys_with_one_deadline_die_together);
    tcase_add_test(all, a_key_found_dead_stays_dead);
    tcase_add_test(all, a_block_is_one_instant_since_7_2);
    tcase_add_test(all, the_bound_on_the_rate_is_part_of_the_proof);
    tcase_add_test(all, overlapping_commands_ran_in_some_order);
    tcase_add_test(all, a_command_meets_all_the_keys_that_it_counts);
    tcase_add_test(all, who_waited_for_several_keys_took_from_the_one_that_is_there);
    tcase_add_test(all, a_transaction_without_an_answer_meets_the_keys_that_wait_in_it);
    tcase_add_test(all, whether_a_key_is_gone_in_its_last_millisecond_the_cycle_tells);
    tcase_add_test(all, who_knows_the_moments_knows_the_second_one_of_a_unit_too);
    tcase_add_test(all, an_order_that_explains_one_reply_has_to_explain_all);
    tcase_add_test(all, a_lost_command_may_have_run_late_or_never);
    tcase_add_test(all, order_between_connections_narrows_brackets);
    tcase_add_test(all, when_the_dead_are_reclaimed_is_the_servers_own_affair);
    tcase_add_test(all, an_event_may_be_heard_before_its_transaction_is_over);
    tcase_add_test(all, a_choice_at_random_has_to_be_one_of_those_there_are);
    tcase_add_test(all, a_script_is_judged_like_the_commands_it_calls);
    tcase_add_test(all, a_script_in_a_block_is_one_of_its_parts);
    tcase_add_test(all, a_script_that_may_act_upon_a_time_is_not_decided);
    tcase_add_test(all, a_restored_key_dies_at_its_deadline);
    tcase_add_test(all, who_gives_up_says_where);
    tcase_add_test(all, sort_reads_what_its_patterns_name_at_one_moment);
    tcase_add_test(all, what_is_refused_in_a_transaction_spoils_it_whoever_knows_the_command);
    tcase_add_test(all, what_is_not_judged_may_wait_in_a_transaction_however_that_ends);
    tcase_add_test(all, a_transaction_that_nothing_is_known_of_may_have_run);
    tcase_add_test(all, a_command_that_the_engine_does_not_have_is_not_decided);
    tcase_add_test(all, a_star_behind_the_id_of_xadd_is_a_word);
    tcase_add_test(all, a_watch_that_was_refused_inside_a_transaction_waits_for_nothing);
    tcase_add_test(all, a_failure_is_a_circle_that_anyone_can_add_up);
    tcase_add_test(all, a_reason_says_what_when_and_by_how_much);
    tcase_add_test(all, a_pass_says_how_near_it_was);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
