/* What the shrinker leaves of every scenario's mistakes, and of its ways beyond the bounds: it is
 * short, breaks what it broke, and nothing smaller does. Prints a table. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sim_scenario.h"
#include "sim/play_draft.h"
#include "sim/play_shrink.h"

enum { SEEDS_MAX = 10000, STEPS_MAX = 10 };

/* Those that fewer commands cannot break: docs/scenario-format.md says why. */
static const struct {
    const char *scenario, *variant;
    uint64_t commands;
} longer[] = {
    {"fixed-window", "every call sets the deadline anew", 16},
    {"fixed-window", "only the first call sets the deadline", 23},
    {"fixed-window", "NX on a server that does not know it", 16},
    {"fixed-window", "look first, then count", 25},
    {"fixed-window", "clock-ahead", 16},
    {"fixed-window", "clock-back", 15},
    {"sliding-window", "only the present second is counted", 24},
    {"sliding-window", "the counters live too short", 24},
    {"sliding-window", "client-clocks", 24},
    {"sliding-window", "slow-network", 24},
    {"sliding-window", "clock-ahead", 24},
};

static uint64_t commands_most(const scenario *script) {
    const char *variant = script->way != NULL ? script->way : script->wrong;
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
        if (strcmp(longer[i].scenario, script->id) == 0 && strcmp(longer[i].variant, variant) == 0)
            return longer[i].commands;
    return STEPS_MAX;
}

static const scenario_promise *first_broken(const scenario *script, play_schedule *schedule) {
    const scenario_promise *broken = NULL;
    uint64_t seed = 0;
    while (broken == NULL && seed < SEEDS_MAX) {
        play *one = sim_scenario_act(script, ++seed, NULL);
        broken = play_tell(one).broken;
        play_free(one);
    }
    play_schedule_of_seed(schedule, script, seed);
    return broken;
}

/* Tries all that is smaller by one: a choice, or the last command of a client. */
static void check_nothing_smaller(play_shrinking *s) {
    for (size_t i = 0; i < s->schedule->choices.count; i++) {
        const choice one = s->schedule->choices.choices[i];
        play_draft_without(s, one.who, one.kind, one.nth);
        ck_assert_msg(!play_draft_keep(s), "needless: %s of %u, the one with number %" PRIu32,
                      choice_kind_name((choice_kind)one.kind), one.who, one.nth);
    }
    for (unsigned client = 0; client < play_client_count(s->script); client++) {
        uint32_t limit = s->schedule->limits[client];
        if (limit == 0 || limit == PLAY_NO_LIMIT) continue;
        play_draft_copy(s);
        s->draft.limits[client] = limit - 1;
        ck_assert_msg(!play_draft_keep(s), "needless: the last command of client %u", client);
    }
}

static void check_variant(scenario_file *file, const char *way, const char *wrong) {
    scenario script, right;
    play_schedule schedule;
    play_shrinking s;
    scenario_compile(file, way, wrong, &script);
    scenario_compile(file, NULL, NULL, &right);
    const scenario_promise *broken = first_broken(&script, &schedule);
    ck_assert_msg(broken != NULL, "%s: %s breaks nothing", script.id, way != NULL ? way : wrong);
    play_shrink(&schedule, &script, &right);
    ck_assert(play_draft_open(&s, &schedule, &script, &right));
    printf("# %-16s %-50s %3" PRIu64 " commands, %2zu choices\n", script.id,
           way != NULL ? way : wrong, s.commands, schedule.choices.count);
    ck_assert_ptr_eq(s.broken, broken);
    ck_assert_msg(s.is_excerpt || s.asks_right, "the mistake is not alone to blame");
    ck_assert_uint_le(s.commands, commands_most(&script));
    check_nothing_smaller(&s);
    play_draft_free(&s);
    play_schedule_free(&schedule);
}

START_TEST(what_breaks_a_promise_is_told_in_a_few_commands_and_nothing_smaller_breaks_it) {
    char **names = scenario_names();
    problem_list problems = {0};
    scenario_file file;
    ck_assert(scenario_file_open(&file, scenario_path(names[_i]), &problems));
    for (size_t i = 0; i < file.wrong_count; i++) check_variant(&file, NULL, file.wrongs[i]);
    for (size_t i = 0; i < file.way_count; i++) check_variant(&file, file.ways[i], NULL);
    scenario_file_close(&file);
    for (size_t i = 0; names[i] != NULL; i++) free(names[i]);
    free(names);
}
END_TEST

int main(void) {
    char **names = scenario_names();
    int count = 0;
    while (names[count] != NULL) free(names[count++]);
    free(names);
    Suite *suite = suite_create("shrunk");
    TCase *plays = tcase_create("plays");
    tcase_set_timeout(plays, 240);
    tcase_add_loop_test(
        plays, what_breaks_a_promise_is_told_in_a_few_commands_and_nothing_smaller_breaks_it, 0,
        count);
    suite_add_tcase(suite, plays);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
