/* Faults that are planted on purpose: the world finds each, and the shrinker tells each as a short
 * story. Prints a table. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/planted.h"
#include "sim/shrink.h"
#include "sim/text.h"

enum { SEEDS_MAX = 4000, COMMANDS = 1000, STEPS_MAX = 10 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The law that a world with this fault breaks, and the steps that led there. */
static sim_law run(const sim_hooks *hooks, uint64_t seed, sim_recording *recording) {
    sim_world_options options = {
        .seed = seed, .commands = COMMANDS, .hooks = hooks, .recording = recording};
    sim_world *world = sim_world_new(&options);
    while (sim_world_step(world)) continue;
    sim_law law = sim_world_tell(world).law;
    sim_world_free(world);
    return law;
}

START_TEST(a_planted_fault_is_found_and_told_in_at_most_ten_steps) {
    planted fault;
    planted_init(&fault, &planted_kinds[_i]);
    double begin = seconds();
    uint64_t seed = 1;
    sim_recording recording = {0};
    sim_law law = run(&fault.hooks, seed, NULL);
    while (law == SIM_LAWS_HOLD && seed < SEEDS_MAX) law = run(&fault.hooks, ++seed, NULL);
    double found = seconds() - begin;
    ck_assert_msg(law != SIM_LAWS_HOLD, "%s was not found in %d seeds", fault.kind->name,
                  SEEDS_MAX);
    run(&fault.hooks, seed, &recording);
    size_t before = recording.count;
    begin = seconds();
    size_t replays = sim_shrink(&recording, &fault.hooks);
    double shrunk = seconds() - begin;
    sim_replayed replayed = sim_replay(&recording, &fault.hooks, NULL, NULL);
    printf("# %-30s seeds %4" PRIu64
           "  %7.1f ms  steps %5zu -> %2zu in %7.1f ms, %5zu replays: %s\n",
           fault.kind->name, seed, found * 1e3, before, recording.count, shrunk * 1e3, replays,
           sim_law_text(replayed.law));
    ck_assert_int_ne(replayed.law, SIM_LAWS_HOLD);
    ck_assert_uint_eq(replayed.at, recording.count - 1);
    if (!fault.kind->is_long) ck_assert_uint_le(recording.count, STEPS_MAX);
    ck_assert(sim_replay(&recording, NULL, NULL, NULL).law == SIM_LAWS_HOLD);
    sim_recording_free(&recording);
}
END_TEST

/* Steps without those two, which may be one and the same. */
static sim_law law_without(const sim_recording *steps, const sim_hooks *hooks, size_t one,
                           size_t other) {
    sim_recording fewer = {.dialect = steps->dialect, .seed = steps->seed};
    for (size_t i = 0; i < steps->count; i++)
        if (i != one && i != other) sim_recording_add(&fewer, steps->steps[i]);
    sim_law law = fewer.count == 0 ? SIM_LAWS_HOLD : sim_replay(&fewer, hooks, NULL, NULL).law;
    sim_recording_free(&fewer);
    return law;
}

/* Everything from a step on comes a millisecond nearer to the one before. */
static sim_law law_sooner(sim_recording *steps, const sim_hooks *hooks, size_t from) {
    int64_t gap_us = steps->steps[from].wall_us - steps->steps[from - 1].wall_us;
    int64_t by_us = gap_us < 0 ? -1000 : 1000;
    if (llabs(gap_us) < 1000) return SIM_LAWS_HOLD;
    for (size_t i = from; i < steps->count; i++) steps->steps[i].wall_us -= by_us;
    sim_law law = sim_replay(steps, hooks, NULL, NULL).law;
    for (size_t i = from; i < steps->count; i++) steps->steps[i].wall_us += by_us;
    return law;
}

START_TEST(of_a_shrunk_story_no_step_no_two_and_no_millisecond_can_be_left_out) {
    enum { FROM = 5000, PAIRED_MOST = 40 };
    planted fault;
    planted_init(&fault, &planted_kinds[_i]);
    uint64_t seed = FROM;
    sim_recording recording = {0};
    sim_law law;
    do law = run(&fault.hooks, ++seed, NULL);
    while (law == SIM_LAWS_HOLD && seed < FROM + SEEDS_MAX);
    run(&fault.hooks, seed, &recording);
    sim_shrink(&recording, &fault.hooks);
    size_t paired = recording.count > PAIRED_MOST ? 1 : recording.count;
    for (size_t i = 0; i < recording.count; i++) {
        for (size_t j = i; j < recording.count && j < i + paired; j++)
            ck_assert_msg(law_without(&recording, &fault.hooks, i, j) != law,
                          "%s, seed %" PRIu64 ": steps %zu and %zu of %zu are needless",
                          fault.kind->name, seed, i, j, recording.count);
        ck_assert_msg(i == 0 || law_sooner(&recording, &fault.hooks, i) != law,
                      "%s, seed %" PRIu64 ": step %zu may come sooner", fault.kind->name, seed, i);
    }
    sim_recording_free(&recording);
}
END_TEST

static planted *plant(const char *name) {
    static planted fault;
    size_t i = 0;
    while (strcmp(planted_kinds[i].name, name) != 0) i++;
    planted_init(&fault, &planted_kinds[i]);
    return &fault;
}

START_TEST(a_number_of_a_change_ends_where_its_word_does) {
    planted *fault = plant("replica adds one ms");
    const char *words[] = {"SET", "k", "v", "PXAT", "100777"};
    sim_change change = {.argc = 5};
    for (size_t i = 0; i < 5; i++) change.argv[i] = ttl_bytes_of(words[i]);
    change.argv[4].length = 3;
    ck_assert(fault->hooks.applies(fault, &change));
    ck_assert_uint_eq(change.argv[4].length, 3);
    ck_assert_mem_eq(change.argv[4].data, "101", 3);
}
END_TEST

/* By itself BLPOP would wait, and its connection would say nothing more. */
START_TEST(a_fault_of_transactions_leaves_alone_those_in_which_somebody_would_wait) {
    planted *fault = plant("time moves within EXEC");
    const sim_op ops[] = {{.kind = SIM_OP_MULTI},
                          {.kind = SIM_OP_BLPOP},
                          {.kind = SIM_OP_GET},
                          {.kind = SIM_OP_EXEC}};
    sim_recording steps = {0};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        sim_recording_add(&steps, (sim_step){.kind = SIM_STEP_COMMAND, .op = ops[i]});
    ck_assert_int_eq(sim_replay(&steps, &fault->hooks, NULL, NULL).law, SIM_LAWS_HOLD);
    sim_recording_free(&steps);
}
END_TEST

START_TEST(shrinking_is_deterministic) {
    planted fault;
    planted_init(&fault, &planted_kinds[0]);
    sim_recording first = {0}, second = {0};
    uint64_t seed = 1;
    while (run(&fault.hooks, seed, NULL) == SIM_LAWS_HOLD) seed++;
    run(&fault.hooks, seed, &first);
    run(&fault.hooks, seed, &second);
    sim_shrink(&first, &fault.hooks);
    sim_shrink(&second, &fault.hooks);
    ck_assert_uint_eq(first.count, second.count);
    ck_assert_mem_eq(first.steps, second.steps, first.count * sizeof *first.steps);
    sim_recording_free(&first);
    sim_recording_free(&second);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("planted");
    TCase *faults = tcase_create("faults");
    tcase_set_timeout(faults, 60);
    tcase_add_loop_test(faults, a_planted_fault_is_found_and_told_in_at_most_ten_steps, 0,
                        (int)planted_count);
    tcase_add_loop_test(faults, of_a_shrunk_story_no_step_no_two_and_no_millisecond_can_be_left_out,
                        0, (int)planted_count);
    tcase_add_test(faults, a_number_of_a_change_ends_where_its_word_does);
    tcase_add_test(faults, a_fault_of_transactions_leaves_alone_those_in_which_somebody_would_wait);
    tcase_add_test(faults, shrinking_is_deterministic);
    suite_add_tcase(suite, faults);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
