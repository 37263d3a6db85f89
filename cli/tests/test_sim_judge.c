/* What a recorder makes of the sights of a world: a history that the judge takes as it happened. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sim_judge.h"

#define WALL_US INT64_C(1767225600000000)

enum { WORDS_MOST = 8, ENGINES_OF_THE_TRUTH = 2 };

typedef struct scene {
    sim_recorder *recorder;
    int64_t at_us,
        ahead_us; /* ahead_us: so much the server's clock shows more than it began with */
} scene;

/* What is seen of a command of client 0, 1 ...; those of one client differ in how many words they
 * have. `answer`: "-" is nil, "+" that it has to wait, "!" that a script is missed, and else a
 * number. */
static void see(scene *on, sim_sight_kind kind, uint32_t client, bool is_copy, const char *command,
                const char *answer) {
    const sim_witness *witness = sim_recorder_witness(on->recorder);
    char text[64];
    ttl_bytes argv[WORDS_MOST];
    size_t argc = 0;
    strcpy(text, command);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = ttl_bytes_of(word);
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    if (*answer == '-') ttl_reply_add_node(&reply, TTL_REPLY_NIL_ARRAY, 0);
    else if (*answer == '+') ttl_reply_add_node(&reply, TTL_REPLY_PENDING, 0);
    else if (*answer == '!') ttl_reply_add_error(&reply, "NOSCRIPT No matching script.");
    else ttl_reply_add_integer(&reply, atoi(answer));
    witness->see(witness->context, &(sim_sight){.kind = kind,
                                                .at_us = on->at_us,
                                                .wall_us = WALL_US + on->at_us + on->ahead_us,
                                                .message = {.number = argc, .node = client},
                                                .is_copy = is_copy,
                                                .argc = argc,
                                                .argv = argv,
                                                .reply = &reply});
    ttl_reply_free(&reply);
}

/* It is sent, runs and is answered within three microseconds. */
static void run(scene *on, uint32_t client, const char *command, const char *answer) {
    static const sim_sight_kind kinds[] = {SIM_SENT, SIM_RAN, SIM_HEARD};
    for (size_t i = 0; i < 3; i++, on->at_us++) see(on, kinds[i], client, false, command, answer);
}

static void see_event(scene *on, sim_sight_kind kind, const char *text) {
    const sim_witness *witness = sim_recorder_witness(on->recorder);
    witness->see(witness->context, &(sim_sight){.kind = kind,
                                                .at_us = on->at_us,
                                                .wall_us = WALL_US + on->at_us,
                                                .message = {.number = 1, .node = 9},
                                                .text = text});
}

static void see_fault(scene *on, sim_sight_kind kind, sim_fault fault) {
    const sim_witness *witness = sim_recorder_witness(on->recorder);
    witness->see(witness->context, &(sim_sight){.kind = kind, .at_us = on->at_us, .fault = &fault});
    on->at_us++;
}

/* The judge takes `commands` of it, which are all but for those behind what is not judged. */
static void ck_taken_up_to(scene *on, size_t commands, bool is_cut) {
    history traffic;
    judge_result result = sim_recorder_judge(on->recorder, &traffic);
    sim_recorder_sum sum = sim_recorder_tell(on->recorder, &traffic);
    ck_assert_str_eq(judge_answer_name(result.answer), "pass");
    ck_assert_uint_eq(result.runs, ENGINES_OF_THE_TRUTH);
    ck_assert_int_eq(sum.was_cut, is_cut);
    ck_assert_uint_eq(sum.commands, commands);
    judge_result_free(&result);
    history_free(&traffic);
    sim_recorder_free(on->recorder);
}

static void ck_taken(scene *on, size_t commands) {
    ck_taken_up_to(on, commands, false);
}

START_TEST(who_waits_in_vain_ran_when_there_was_nothing) {
    scene on = {.recorder = sim_recorder_new()};
    see(&on, SIM_SENT, 0, false, "BLPOP k j 1", "+");
    see(&on, SIM_BLOCKED, 0, false, "BLPOP k j 1", "+");
    on.at_us++;
    run(&on, 1, "HSET k f v", "1");
    on.at_us = 1001000;
    see(&on, SIM_RAN, 0, false, "BLPOP k j 1", "-");
    see(&on, SIM_HEARD, 0, false, "BLPOP k j 1", "-");
    run(&on, 1, "DEL k j", "1");
    ck_taken(&on, 3);
}
END_TEST

START_TEST(who_is_told_of_what_was_served_is_told_behind_it_though_an_answer_was_lost) {
    scene on = {.recorder = sim_recorder_new()};
    see(&on, SIM_SENT, 0, false, "BLMOVE k j LEFT LEFT 1", "+");
    see(&on, SIM_BLOCKED, 0, false, "BLMOVE k j LEFT LEFT 1", "+");
    on.at_us++;
    see(&on, SIM_SENT, 1, false, "RPUSH k 7", "1");
    see_event(&on, SIM_PUBLISHED, "message __keyevent@0__:lpush j");
    see(&on, SIM_RAN, 1, false, "RPUSH k 7", "1");
    see(&on, SIM_LOST, 1, false, "RPUSH k 7", "1");
    see(&on, SIM_RAN, 0, false, "BLMOVE k j LEFT LEFT 1", "7");
    on.at_us++;
    see_event(&on, SIM_TOLD, NULL);
    run(&on, 2, "LLEN j", "1");
    ck_taken(&on, 3);
}
END_TEST

START_TEST(what_a_proxy_sends_again_stands_where_it_ran) {
    scene on = {.recorder = sim_recorder_new()};
    static const char *const commands[] = {"DBSIZE", "INCRBY k 5"};
    for (size_t i = 0; i < 2; i++) {
        see(&on, SIM_SENT, 0, true, commands[i], "0");
        on.at_us++;
    }
    see(&on, SIM_RAN, 0, true, commands[1], "5");
    on.at_us++;
    run(&on, 1, "INCRBY k 1", "6");
    see(&on, SIM_RAN, 0, true, commands[0], "1");
    ck_taken(&on, 3);
}
END_TEST

START_TEST(where_the_servers_clock_jumps_ahead_a_deadline_has_passed) {
    scene on = {.recorder = sim_recorder_new()};
    run(&on, 0, "INCR k", "1");
    run(&on, 0, "PEXPIRE k 100", "1");
    see_fault(&on, SIM_BEGAN, (sim_fault){.kind = SIM_FAULT_JUMP_AHEAD, .amount = 100000});
    on.ahead_us = 100000;
    on.at_us += 2000;
    run(&on, 0, "EXISTS k", "0");
    ck_taken(&on, 3);
}
END_TEST

START_TEST(where_the_servers_clock_stands_still_no_deadline_passes) {
    scene on = {.recorder = sim_recorder_new()};
    run(&on, 0, "INCR k", "1");
    run(&on, 0, "PEXPIRE k 100", "1");
    see_fault(&on, SIM_BEGAN, (sim_fault){.kind = SIM_FAULT_CLOCK_STALL});
    on.at_us += 5000000;
    on.ahead_us = -5000000;
    run(&on, 0, "EXISTS k", "1");
    see_fault(&on, SIM_HEALED, (sim_fault){.kind = SIM_FAULT_CLOCK_STALL});
    on.at_us += 101000;
    run(&on, 0, "EXISTS k", "0");
    ck_taken(&on, 4);
}
END_TEST

START_TEST(a_clock_that_goes_back_ends_the_history) {
    scene on = {.recorder = sim_recorder_new()};
    history traffic;
    run(&on, 0, "INCR k", "1");
    see_fault(&on, SIM_BEGAN, (sim_fault){.kind = SIM_FAULT_JUMP_BACK, .amount = 1000000});
    run(&on, 0, "INCR k", "9");
    judge_result result = sim_recorder_judge(on.recorder, &traffic);
    ck_assert_uint_eq(traffic.count, 1);
    ck_assert(sim_recorder_tell(on.recorder, &traffic).was_cut);
    judge_result_free(&result);
    history_free(&traffic);
    sim_recorder_free(on.recorder);
}
END_TEST

/* All within one moment: that what is left out ran before what is heard shows in no time. */
START_TEST(what_was_heard_behind_the_end_of_a_history_was_not_heard_in_it) {
    scene on = {.recorder = sim_recorder_new()};
    see(&on, SIM_SENT, 0, false, "INCRBY k 1", "2");
    see(&on, SIM_SENT, 1, false, "XINFO GROUPS k", "0");
    see(&on, SIM_SENT, 2, false, "INCR k", "1");
    see(&on, SIM_RAN, 2, false, "INCR k", "1");
    see(&on, SIM_RAN, 0, false, "INCRBY k 1", "2");
    see(&on, SIM_HEARD, 0, false, "INCRBY k 1", "2");
    see(&on, SIM_HEARD, 2, false, "INCR k", "1");
    see(&on, SIM_RAN, 1, false, "XINFO GROUPS k", "0");
    see(&on, SIM_HEARD, 1, false, "XINFO GROUPS k", "0");
    ck_taken_up_to(&on, 1, true);
}
END_TEST

START_TEST(a_server_that_began_anew_need_not_have_its_scripts) {
    scene on = {.recorder = sim_recorder_new()};
    run(&on, 0, "EVAL return(1) 0", "1");
    see(&on, SIM_RESTART, 0, false, "", "0");
    run(&on, 0, "INCR k", "1");
    run(&on, 1, "EVALSHA 930269f31393d0be681588b6ab08dccee7d6bb67 0", "!");
    ck_taken_up_to(&on, 3, true);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("sim_judge");
    TCase *all = tcase_create("all");
    tcase_add_test(all, who_waits_in_vain_ran_when_there_was_nothing);
    tcase_add_test(all, who_is_told_of_what_was_served_is_told_behind_it_though_an_answer_was_lost);
    tcase_add_test(all, what_a_proxy_sends_again_stands_where_it_ran);
    tcase_add_test(all, a_server_that_began_anew_need_not_have_its_scripts);
    tcase_add_test(all, what_was_heard_behind_the_end_of_a_history_was_not_heard_in_it);
    tcase_add_test(all, where_the_servers_clock_jumps_ahead_a_deadline_has_passed);
    tcase_add_test(all, where_the_servers_clock_stands_still_no_deadline_passes);
    tcase_add_test(all, a_clock_that_goes_back_ends_the_history);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
