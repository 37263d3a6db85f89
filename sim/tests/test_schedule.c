/* Schedules: what goes wrong, written down, given, and shrunk. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sim/network.h"
#include "sim/shrink.h"

enum { SEEDS = 150, COMMANDS = 300, TRIES_MAX = 5000 };

static sim_world_report run_whole(const sim_world_options *options, sim_schedule *sent) {
    sim_world *world = sim_world_new(options);
    while (sim_world_step(world)) continue;
    sim_world_report report = sim_world_tell(world);
    if (sent != NULL) sim_world_list_sent(world, sent);
    report.what = NULL;
    report.ops = report.marks = report.faults = report.chances = NULL;
    sim_world_free(world);
    return report;
}

static bool is_same_step(const sim_step *a, const sim_step *b) {
    return a->wall_us == b->wall_us && a->kind == b->kind && a->client == b->client &&
           memcmp(&a->op, &b->op, sizeof a->op) == 0;
}

START_TEST(a_world_that_is_given_what_went_wrong_does_the_same_step_by_step) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        sim_recording drawn = {0}, given = {0};
        sim_schedule decided = {0}, again = {0};
        sim_world_options options = {
            .seed = seed, .commands = COMMANDS, .recording = &drawn, .decided = &decided};
        run_whole(&options, NULL);
        sim_schedule_order(&decided);
        options.recording = &given;
        options.schedule = &decided;
        options.decided = &again;
        run_whole(&options, NULL);
        sim_schedule_order(&again);
        ck_assert_uint_eq(drawn.count, given.count);
        for (size_t i = 0; i < drawn.count; i++)
            ck_assert_msg(is_same_step(&drawn.steps[i], &given.steps[i]), "seed %d, step %zu",
                          (int)seed, i);
        ck_assert_uint_eq(decided.count, again.count);
        sim_recording_free(&drawn);
        sim_recording_free(&given);
        sim_schedule_free(&decided);
        sim_schedule_free(&again);
    }
}
END_TEST

START_TEST(the_fate_of_a_message_depends_on_no_other_message) {
    sim_network network = {.key = sim_network_key(7), .latency_us = 100, .is_lossy = true};
    sim_fate all[64];
    for (uint64_t i = 0; i < 64; i++)
        all[i] = sim_network_send(&network, (sim_message_name){.number = i});
    for (uint64_t i = 1; i < 64; i += 3) {
        sim_fate one = sim_network_send(&network, (sim_message_name){.number = i});
        ck_assert_int_eq(one.is_lost, all[i].is_lost);
        ck_assert_int_eq(one.latency_us, all[i].latency_us);
    }
}
END_TEST

START_TEST(a_given_fault_of_a_message_meets_that_message_alone) {
    sim_schedule given = {0};
    sim_message_name doomed = {.node = 1, .number = 5, .attempt = 2, .way = SIM_ANSWER};
    sim_message_name late = {.number = 4};
    sim_schedule_add(&given, (sim_fault){.kind = SIM_FAULT_LOST, .node = 1, .message = doomed});
    sim_schedule_add(&given, (sim_fault){.kind = SIM_FAULT_LATE, .amount = 900, .message = late});
    sim_schedule_order(&given);
    sim_network calm = {.key = 1, .latency_us = 10}, network = calm;
    network.given = &given;
    ck_assert(sim_network_send(&network, doomed).is_lost);
    ck_assert_int_eq(sim_network_send(&network, late).latency_us,
                     sim_network_send(&calm, late).latency_us + 900);
    doomed.attempt = 1;
    ck_assert(!sim_network_send(&network, doomed).is_lost);
    sim_schedule_free(&given);
}
END_TEST

START_TEST(a_command_that_is_taken_out_is_not_sent_and_shifts_no_other) {
    sim_recording all = {0}, fewer = {0};
    sim_schedule schedule = {0}, sent = {0};
    sim_world_options options = {.seed = 3,
                                 .commands = 50,
                                 .profile = SIM_PROFILE_CALM,
                                 .schedule = &schedule,
                                 .recording = &all};
    run_whole(&options, &sent);
    ck_assert_uint_eq(sent.unsent_count, 50);
    sim_schedule_add_unsent(&schedule, 0, 17);
    options.recording = &fewer;
    run_whole(&options, NULL);
    size_t at[2] = {0}, count = 0;
    for (; at[0] < all.count && at[1] < fewer.count; at[0]++) {
        if (all.steps[at[0]].kind != SIM_STEP_COMMAND) continue;
        if (++count == 17) continue;
        while (fewer.steps[at[1]].kind != SIM_STEP_COMMAND) at[1]++;
        ck_assert_int_eq(all.steps[at[0]].op.kind, fewer.steps[at[1]].op.kind);
        ck_assert_int_eq(all.steps[at[0]].op.key, fewer.steps[at[1]++].op.key);
    }
    sim_recording_free(&all);
    sim_recording_free(&fewer);
    sim_schedule_free(&schedule);
    sim_schedule_free(&sent);
}
END_TEST

/* Fails with the partition of node 2 and the loss of message 7 together. */
static bool fails_of_two(void *context, const sim_schedule *schedule) {
    bool cut_off = false, loses = false;
    (void)context;
    for (size_t i = 0; i < schedule->count; i++) {
        const sim_fault *fault = &schedule->faults[i];
        if (fault->kind == SIM_FAULT_PARTITION && fault->node == 2 && fault->for_us >= 40)
            cut_off = true;
        if (fault->kind == SIM_FAULT_LOST && fault->message.number == 7) loses = true;
    }
    return cut_off && loses && !sim_schedule_is_unsent(schedule, 0, 9);
}

START_TEST(what_stays_of_a_schedule_is_what_matters) {
    sim_schedule schedule = {0}, sent = {0};
    for (uint32_t i = 0; i < 40; i++) {
        sim_schedule_add(&schedule, (sim_fault){.kind = i % SIM_FAULT_TIMED,
                                                .node = i % 4,
                                                .at_us = 1000 - i,
                                                .for_us = 100});
        sim_schedule_add(&schedule, (sim_fault){.kind = SIM_FAULT_LOST, .message = {.number = i}});
        sim_schedule_add_unsent(&sent, 0, i);
    }
    sim_schedule_add(&schedule, (sim_fault){.kind = SIM_FAULT_PARTITION, .node = 2, .for_us = 99});
    sim_schedule_order(&schedule);
    ck_assert(fails_of_two(NULL, &schedule));
    sim_schedule_shrink(&schedule, &sent, TRIES_MAX, fails_of_two, NULL);
    ck_assert_uint_eq(schedule.count, 2);
    ck_assert_int_eq(schedule.faults[0].kind, SIM_FAULT_PARTITION);
    ck_assert_int_eq(schedule.faults[0].for_us, 49);
    ck_assert_int_eq(schedule.faults[1].kind, SIM_FAULT_LOST);
    ck_assert_uint_eq(schedule.unsent_count, 39);
    sim_schedule_free(&schedule);
    sim_schedule_free(&sent);
}
END_TEST

START_TEST(every_kind_of_fault_has_a_name_of_its_own) {
    for (int kind = 0; kind < SIM_FAULT_KINDS; kind++)
        ck_assert_int_eq(sim_fault_of_name(sim_fault_name((sim_fault_kind)kind)), kind);
    ck_assert_int_eq(sim_fault_of_name("boredom"), SIM_FAULT_KINDS);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("schedule");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_world_that_is_given_what_went_wrong_does_the_same_step_by_step);
    tcase_add_test(tests, the_fate_of_a_message_depends_on_no_other_message);
    tcase_add_test(tests, a_given_fault_of_a_message_meets_that_message_alone);
    tcase_add_test(tests, a_command_that_is_taken_out_is_not_sent_and_shifts_no_other);
    tcase_add_test(tests, what_stays_of_a_schedule_is_what_matters);
    tcase_add_test(tests, every_kind_of_fault_has_a_name_of_its_own);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
