/* Plays: what a seed decides, what promises see, what servers do, and how a play gets small. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sim/host.h"
#include "sim/play_shrink.h"
#include "sim/tests/made_scenario.h"

/* ---- choices */

START_TEST(choices_that_were_taken_give_the_same_when_they_are_given) {
    choices drawn, given;
    choice_list taken = {0};
    int64_t first[60], again[60];
    choices_begin(&drawn, 5, NULL, &taken);
    for (int i = 0; i < 60; i++)
        first[i] = i % 3 == 0   ? choices_span(&drawn, (unsigned)i % 2, CHOICE_WAIT, 10, 500)
                   : i % 3 == 1 ? choices_fault(&drawn, 1, CHOICE_JUMP, -50, 70)
                                : choices_chance(&drawn, 0, CHOICE_LOST_TO, 300);
    choice_list_sort(&taken);
    choices_begin(&given, 6, &taken, NULL);
    for (int i = 0; i < 60; i++)
        again[i] = i % 3 == 0   ? choices_span(&given, (unsigned)i % 2, CHOICE_WAIT, 10, 500)
                   : i % 3 == 1 ? choices_fault(&given, 1, CHOICE_JUMP, -50, 70)
                                : choices_chance(&given, 0, CHOICE_LOST_TO, 300);
    ck_assert_mem_eq(first, again, sizeof first);
    choice_list_free(&taken);
}
END_TEST

START_TEST(who_is_drawn_anew_does_not_shift_what_is_given_to_others) {
    choices mixed, drawn;
    choice wait = {1, 0, CHOICE_WAIT, 77};
    const choice_list list = {&wait, 1, 1};
    choices_begin(&mixed, 5, &list, NULL);
    choices_begin(&drawn, 5, NULL, NULL);
    mixed.redrawn = 1U << 1;
    for (int64_t i = 0; i < 60; i++) {
        ck_assert_int_eq(choices_span(&mixed, 0, CHOICE_WAIT, 10, 500), i == 1 ? 77 : 10);
        ck_assert_int_eq(choices_span(&mixed, 1, CHOICE_WAIT, 10, 500),
                         choices_span(&drawn, 1, CHOICE_WAIT, 10, 500));
    }
}
END_TEST

START_TEST(what_is_given_stays_within_what_the_scenario_allows) {
    choices given;
    choice_list list = {0};
    choice_list_add(&list, (choice){1, 0, CHOICE_WAIT, INT64_MAX});
    choice_list_add(&list, (choice){2, 0, CHOICE_WAIT, -9});
    choice_list_sort(&list);
    choices_begin(&given, 0, &list, NULL);
    ck_assert_int_eq(choices_span(&given, 0, CHOICE_WAIT, 10, 20), 10);
    ck_assert_int_eq(choices_span(&given, 0, CHOICE_WAIT, 10, 20), 20);
    ck_assert_int_eq(choices_span(&given, 0, CHOICE_WAIT, 10, 20), 10);
    choice_list_free(&list);
}
END_TEST

/* ---- promises */

static const char *const people[] = {"a", "b", "c"};

static void watch_one(promise_watch *watch, scenario *script, scenario_promise promise) {
    *script = (scenario){.promise_count = 1, .place_count = 1, .places = {"lock"}};
    promise.id = promise.title = "p";
    script->promises[0] = promise;
    promise_watch_begin(watch, script, people);
}

START_TEST(two_in_one_place_break_never_together_and_one_after_another_do_not) {
    promise_watch watch;
    scenario script;
    watch_one(&watch, &script, (scenario_promise){.kind = SCENARIO_NEVER_TOGETHER, .name = "lock"});
    promise_enter(&watch, 0, 0, 10);
    promise_leave(&watch, 0, 0);
    promise_enter(&watch, 0, 1, 20);
    promise_client_gone(&watch, 1);
    promise_enter(&watch, 0, 2, 30);
    promise_enter(&watch, 0, 2, 31);
    ck_assert_ptr_null(watch.broken);
    promise_enter(&watch, 0, 0, 40);
    ck_assert_ptr_nonnull(watch.broken);
    ck_assert_str_eq(watch.what, "a is in \"lock\" from 0.040 ms on, and c has been there since "
                                 "0.030 ms");
    promise_watch_end(&watch);
}
END_TEST

START_TEST(at_most_counts_any_span_of_that_length) {
    promise_watch watch;
    scenario script;
    watch_one(&watch, &script,
              (scenario_promise){
                  .kind = SCENARIO_AT_MOST_WITHIN, .name = "m", .count = 2, .within_ms = 10});
    promise_mark(&watch, "m", "", 0, 0);
    promise_mark(&watch, "m", "", 0, 9000);
    promise_mark(&watch, "other", "", 0, 9500);
    promise_mark(&watch, "m", "", 0, 10000);
    ck_assert_ptr_null(watch.broken);
    promise_mark(&watch, "m", "", 0, 18999);
    ck_assert_ptr_nonnull(watch.broken);
    promise_watch_end(&watch);
}
END_TEST

START_TEST(once_is_by_name) {
    promise_watch watch;
    scenario script;
    watch_one(&watch, &script, (scenario_promise){.kind = SCENARIO_ONCE, .name = "ran"});
    promise_mark(&watch, "ran", "x", 0, 0);
    promise_mark(&watch, "ran", "y", 1, 1);
    ck_assert_ptr_null(watch.broken);
    promise_mark(&watch, "ran", "x", 1, 2);
    ck_assert_ptr_nonnull(watch.broken);
    promise_watch_end(&watch);
}
END_TEST

START_TEST(what_leads_to_something_is_owed_until_the_end_but_not_by_the_dead) {
    promise_watch watch;
    scenario script;
    watch_one(&watch, &script,
              (scenario_promise){.kind = SCENARIO_LEADS_TO, .name = "asks", .then = "has"});
    promise_mark(&watch, "asks", "x", 0, 0);
    promise_mark(&watch, "asks", "y", 1, 1);
    promise_mark(&watch, "has", "x", 2, 2);
    promise_client_gone(&watch, 1);
    promise_finish(&watch, 0);
    ck_assert_ptr_null(watch.broken);
    promise_mark(&watch, "has", "z", 0, 3);
    promise_mark(&watch, "asks", "z", 0, 4);
    promise_finish(&watch, 0);
    ck_assert_ptr_nonnull(watch.broken);
    promise_watch_end(&watch);
}
END_TEST

START_TEST(the_longest_wait_is_of_what_came_and_who_waits_still_has_its_moment) {
    promise_watch watch;
    scenario script;
    watch_one(&watch, &script,
              (scenario_promise){.kind = SCENARIO_LEADS_TO, .name = "asks", .then = "has"});
    promise_mark(&watch, "asks", "x", 0, 1000);
    promise_mark(&watch, "asks", "y", 1, 2000);
    promise_mark(&watch, "has", "x", 2, 5000);
    promise_mark(&watch, "asks", "x", 0, 5000);
    promise_mark(&watch, "has", "x", 0, 6000);
    ck_assert_int_eq(watch.longest_us, 4000);
    promise_finish(&watch, 9000);
    ck_assert_ptr_nonnull(watch.broken);
    ck_assert_int_eq(watch.owed_us, 2000);
    ck_assert_str_eq(watch.what, "\"asks\" happened to y at 2.000 ms, and \"has\" never did until "
                                 "9.000 ms, where the play is cut short");
    promise_watch_end(&watch);
}
END_TEST

/* ---- servers */

static int64_t ask(host *servers, size_t connection, int64_t wall_ms, const char *const *words,
                   size_t argc, bool of_replica) {
    ttl_bytes argv[6];
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    for (size_t i = 0; i < argc; i++) argv[i] = ttl_bytes_of(words[i]);
    if (of_replica) host_read_replica(servers, wall_ms * 1000, wall_ms * 1000, argc, argv, &reply);
    else host_execute(servers, connection, wall_ms * 1000, argc, argv, &reply);
    const ttl_node *node = &reply.nodes[0];
    int64_t number = node->type == TTL_REPLY_INTEGER ? node->is.integer
                     : node->type == TTL_REPLY_NIL   ? -99
                                                     : (int64_t)node->length;
    ttl_reply_free(&reply);
    return number;
}
#define ASK(servers, at, connection, ...)                                                          \
    ask(servers, connection, at, (const char *const[]){__VA_ARGS__},                               \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), false)
#define ASK_REPLICA(servers, at, ...)                                                              \
    ask(servers, 0, at, (const char *const[]){__VA_ARGS__},                                        \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), true)

static void open_host(host *servers) {
    scenario script = {.has_replica = true};
    ck_assert(ttl_dialect_parse("redis-7.0", &script.dialect));
    host_open(servers, &script, 1);
}

START_TEST(a_replica_lags_shows_nothing_dead_and_deletes_nothing_by_itself) {
    host servers;
    open_host(&servers);
    size_t main = host_connect(&servers, 0);
    ASK(&servers, 1000, main, "SET", "k", "v", "PX", "100");
    host_replicate(&servers, 1050 * 1000);
    ck_assert_int_eq(ASK_REPLICA(&servers, 1049, "GET", "k"), -99);
    ck_assert_int_eq(ASK_REPLICA(&servers, 1060, "PTTL", "k"), 40);
    ck_assert_int_eq(ASK_REPLICA(&servers, 1100, "GET", "k"), 1);
    ck_assert_int_eq(ASK_REPLICA(&servers, 1101, "GET", "k"), -99);
    ck_assert_int_eq(ASK_REPLICA(&servers, 1101, "PTTL", "k"), -2);
    /* The primary, whose clock is behind, makes it live on. */
    ASK(&servers, 1090, main, "PEXPIRE", "k", "500");
    host_replicate(&servers, 1102 * 1000);
    ck_assert_int_eq(ASK_REPLICA(&servers, 1103, "GET", "k"), 1);
    host_close(&servers);
}
END_TEST

START_TEST(a_failover_loses_what_the_replica_has_not_got_and_breaks_connections) {
    host servers;
    uint64_t first_lost;
    open_host(&servers);
    size_t main = host_connect(&servers, 0);
    ASK(&servers, 1000, main, "SET", "k", "v", "PX", "5000");
    host_replicate(&servers, 1001 * 1000);
    ASK(&servers, 1000, main, "SET", "other", "v");
    host_replicate(&servers, 1200 * 1000);
    ASK(&servers, 1000, main, "DEL", "k");
    host_replicate(&servers, 1100 * 1000); /* in order: not before the last */
    ck_assert_uint_eq(host_promote(&servers, 1150 * 1000, &first_lost), 2);
    ck_assert_uint_eq(first_lost, 2);
    ck_assert(!host_is_connected(&servers, main));
    size_t again = host_connect(&servers, 0);
    ck_assert_int_eq(ASK(&servers, 1150, again, "PTTL", "k"), 4850);
    ck_assert_int_eq(ASK(&servers, 1150, again, "GET", "other"), -99);
    ck_assert_int_eq(ASK_REPLICA(&servers, 1150, "PTTL", "k"), 4850);
    host_close(&servers);
}
END_TEST

/* ---- plays */

static play_report play_seed(const scenario *script, uint64_t seed, play **one) {
    *one = play_new(&(play_options){.scenario = script, .seed = seed});
    while (play_step(*one)) continue;
    return play_tell(*one);
}

/* The first seed that breaks a promise; 0: none of so many. */
static uint64_t first_broken(const scenario *script, uint64_t seeds) {
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        play *one;
        bool is_broken = play_seed(script, seed, &one).broken != NULL;
        play_free(one);
        if (is_broken) return seed;
    }
    return 0;
}

START_TEST(a_lease_that_is_trusted_less_than_it_lasts_is_never_held_twice) {
    made_scenario made;
    made_scenario_lock(&made, "70");
    ck_assert_uint_eq(first_broken(&made.script, 3000), 0);
}
END_TEST

START_TEST(a_lease_that_is_trusted_too_long_is_held_twice_in_some_seed) {
    made_scenario made;
    made_scenario_lock(&made, "140");
    ck_assert_uint_ne(first_broken(&made.script, 100), 0);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_play_and_its_choices_give_it_again) {
    made_scenario made;
    made_scenario_lock(&made, "70");
    for (uint64_t seed = 1; seed <= 50; seed++) {
        play *one, *two;
        play_schedule schedule;
        uint64_t digest = play_seed(&made.script, seed, &one).digest;
        ck_assert_uint_eq(play_seed(&made.script, seed, &two).digest, digest);
        play_free(one);
        play_free(two);
        play_schedule_of_seed(&schedule, &made.script, seed);
        one = play_new(&(play_options){.scenario = &made.script, .given = &schedule});
        while (play_step(one)) continue;
        ck_assert_uint_eq(play_tell(one).digest, digest);
        play_free(one);
        play_schedule_free(&schedule);
    }
}
END_TEST

struct looking {
    play *one;
    size_t heard, commands;
};

static void look_at_keys(void *context, const play_moment *moment) {
    struct looking *looking = context;
    looking->heard += moment->kind == PLAY_HEARD;
    looking->commands += moment->kind == PLAY_COMMAND;
    (void)play_deadline(looking->one, "lock");
}

START_TEST(who_looks_at_all_that_happens_changes_nothing) {
    made_scenario made;
    made_scenario_lock(&made, "70");
    size_t heard = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        play *one;
        struct looking looking = {0};
        uint64_t digest = play_seed(&made.script, seed, &one).digest;
        play_free(one);
        looking.one = play_new(&(play_options){.scenario = &made.script,
                                               .seed = seed,
                                               .is_thorough = true,
                                               .observe = look_at_keys,
                                               .context = &looking});
        while (play_step(looking.one)) continue;
        ck_assert_uint_eq(play_tell(looking.one).digest, digest);
        ck_assert_uint_le(looking.heard, looking.commands);
        heard += looking.heard;
        play_free(looking.one);
    }
    ck_assert_uint_gt(heard, 50);
}
END_TEST

START_TEST(a_play_that_is_cut_short_is_the_beginning_of_the_whole) {
    made_scenario made;
    made_scenario_lock(&made, "70");
    for (uint64_t seed = 1; seed <= 50; seed++) {
        play *one;
        play_schedule schedule;
        uint64_t commands = play_seed(&made.script, seed, &one).commands;
        int64_t half_us = play_tell(one).span_us / 2;
        play_free(one);
        play_schedule_of_seed(&schedule, &made.script, seed);
        schedule.until_us = half_us + 1;
        one = play_new(&(play_options){.scenario = &made.script, .given = &schedule});
        while (play_step(one)) continue;
        ck_assert_int_eq(play_tell(one).span_us, schedule.until_us);
        ck_assert_uint_le(play_tell(one).commands, commands);
        play_free(one);
        play_schedule_free(&schedule);
    }
}
END_TEST

START_TEST(a_play_shrinks_to_a_few_commands_and_always_to_the_same) {
    made_scenario made;
    made_scenario_lock(&made, "140");
    uint64_t seed = first_broken(&made.script, 100);
    play_schedule first, again;
    play_schedule_of_seed(&first, &made.script, seed);
    play_schedule_of_seed(&again, &made.script, seed);
    play_shrink(&first, &made.script, &made.script);
    play_shrink(&again, &made.script, &made.script);
    ck_assert_uint_eq(first.choices.count, again.choices.count);
    for (size_t i = 0; i < first.choices.count; i++)
        ck_assert_int_eq(first.choices.choices[i].value, again.choices.choices[i].value);
    play *one = play_new(&(play_options){.scenario = &made.script, .given = &first});
    while (play_step(one)) continue;
    ck_assert_ptr_nonnull(play_tell(one).broken);
    ck_assert_uint_le(play_tell(one).commands, 3);
    play_free(one);
    play_schedule_free(&first);
    play_schedule_free(&again);
}
END_TEST

static play_report report_of(const scenario *script, const play_schedule *schedule) {
    play *one = play_new(&(play_options){.scenario = script, .given = schedule});
    while (play_step(one)) continue;
    play_report report = play_tell(one);
    play_free(one);
    return report;
}

START_TEST(of_a_shrunk_play_no_choice_and_no_last_command_can_be_left_out) {
    made_scenario made;
    made_scenario_lock(&made, "140");
    for (uint64_t seed = 1; seed <= 200; seed++) {
        play_schedule schedule;
        play_schedule_of_seed(&schedule, &made.script, seed);
        if (report_of(&made.script, &schedule).broken != NULL) {
            play_shrink(&schedule, &made.script, &made.script);
            uint64_t commands = report_of(&made.script, &schedule).commands;
            for (size_t i = 0; i < schedule.choices.count; i++) {
                const choice left_out = schedule.choices.choices[i];
                choice *place = &schedule.choices.choices[i];
                size_t behind = (--schedule.choices.count - i) * sizeof *place;
                memmove(place, place + 1, behind);
                play_report report = report_of(&made.script, &schedule);
                ck_assert(report.broken == NULL || report.commands > commands);
                memmove(place + 1, place, behind);
                *place = left_out;
                schedule.choices.count++;
            }
            for (size_t i = 0; i < SCENARIO_CLIENTS; i++) {
                uint32_t limit = schedule.limits[i];
                if (limit == 0 || limit == PLAY_NO_LIMIT) continue;
                schedule.limits[i]--;
                ck_assert_ptr_null(report_of(&made.script, &schedule).broken);
                schedule.limits[i] = limit;
            }
        }
        play_schedule_free(&schedule);
    }
}
END_TEST

START_TEST(no_seed_leaves_out_rounds_and_who_shrinks_may) {
    choices drawn, given;
    choice rounds = {0, 1, CHOICE_FEWER, 100};
    const choice_list list = {&rounds, 1, 1};
    for (uint64_t seed = 1; seed <= 100; seed++) {
        choices_begin(&drawn, seed, NULL, NULL);
        ck_assert_int_eq(choices_given(&drawn, 1, CHOICE_FEWER, 7), 0);
    }
    choices_begin(&given, 1, &list, NULL);
    ck_assert_int_eq(choices_given(&given, 1, CHOICE_FEWER, 7), 7);
    ck_assert_int_eq(choices_given(&given, 1, CHOICE_FEWER, 7), 0);
}
END_TEST

START_TEST(faults_come_within_their_bounds_and_not_without) {
    made_scenario made;
    made_scenario_lock(&made, "70");
    made.script.bounds.client_crashes = 1;
    uint64_t seen[PLAY_MOMENTS] = {0};
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        play *one;
        play_report report = play_seed(&made.script, seed, &one);
        ck_assert_uint_le(report.moments[PLAY_CRASH], 1);
        for (size_t i = 0; i < PLAY_MOMENTS; i++) seen[i] += report.moments[i];
        play_free(one);
    }
    static const play_moment_kind come[] = {PLAY_COMMAND_LOST, PLAY_REPLY_LOST, PLAY_GAVE_UP,
                                            PLAY_PAUSE,        PLAY_CRASH,      PLAY_SERVER_PAUSE};
    for (size_t i = 0; i < sizeof come / sizeof *come; i++) ck_assert_uint_gt(seen[come[i]], 0);
    ck_assert_uint_eq(seen[PLAY_CLOCK_JUMP], 0);
    ck_assert_uint_eq(seen[PLAY_FAILOVER], 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("play");
    TCase *parts = tcase_create("parts");
    tcase_add_test(parts, choices_that_were_taken_give_the_same_when_they_are_given);
    tcase_add_test(parts, who_is_drawn_anew_does_not_shift_what_is_given_to_others);
    tcase_add_test(parts, what_is_given_stays_within_what_the_scenario_allows);
    tcase_add_test(parts, two_in_one_place_break_never_together_and_one_after_another_do_not);
    tcase_add_test(parts, at_most_counts_any_span_of_that_length);
    tcase_add_test(parts, once_is_by_name);
    tcase_add_test(parts, what_leads_to_something_is_owed_until_the_end_but_not_by_the_dead);
    tcase_add_test(parts, the_longest_wait_is_of_what_came_and_who_waits_still_has_its_moment);
    tcase_add_test(parts, a_replica_lags_shows_nothing_dead_and_deletes_nothing_by_itself);
    tcase_add_test(parts, a_failover_loses_what_the_replica_has_not_got_and_breaks_connections);
    suite_add_tcase(suite, parts);
    TCase *plays = tcase_create("plays");
    tcase_set_timeout(plays, 60);
    tcase_add_test(plays, a_lease_that_is_trusted_less_than_it_lasts_is_never_held_twice);
    tcase_add_test(plays, a_lease_that_is_trusted_too_long_is_held_twice_in_some_seed);
    tcase_add_test(plays, the_same_seed_gives_the_same_play_and_its_choices_give_it_again);
    tcase_add_test(plays, who_looks_at_all_that_happens_changes_nothing);
    tcase_add_test(plays, a_play_that_is_cut_short_is_the_beginning_of_the_whole);
    tcase_add_test(plays, a_play_shrinks_to_a_few_commands_and_always_to_the_same);
    tcase_add_test(plays, of_a_shrunk_play_no_choice_and_no_last_command_can_be_left_out);
    tcase_add_test(plays, no_seed_leaves_out_rounds_and_who_shrinks_may);
    tcase_add_test(plays, faults_come_within_their_bounds_and_not_without);
    suite_add_tcase(suite, plays);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
