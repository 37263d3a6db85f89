/* What the shrinker leaves of every scenario's mistakes, and of its ways beyond the bounds: it is
 * short, breaks what it broke, and nothing smaller does. Prints a table. */
#include <cJSON.h>
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

/* The commands that are left of what this seed breaks. */
static uint64_t commands_left(scenario_file *file, const char *way, const char *wrong,
                              uint64_t seed) {
    scenario script, right;
    play_schedule schedule;
    play_shrinking s;
    scenario_compile(file, way, wrong, &script);
    scenario_compile(file, NULL, NULL, &right);
    play_schedule_of_seed(&schedule, &script, seed);
    play_shrink(&schedule, &script, &right);
    ck_assert(play_draft_open(&s, &schedule, &script, &right));
    ck_assert_msg(s.is_excerpt || s.asks_right, "the mistake is not alone to blame");
    uint64_t commands = s.commands;
    play_draft_free(&s);
    play_schedule_free(&schedule);
    return commands;
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

/* Of these seeds ten times as much was left as of the first one: a jump of a clock was made as
 * small as possible before the waits were long; short plays were looked for among long ones; and
 * where an excerpt was cut somebody else waited longer still. */
static const struct {
    const char *scenario, *way, *wrong;
    uint64_t seed, commands;
} others[] = {
    {"fixed-window", "clock-back", NULL, 4, 17},
    {"lease-lock", "slow-network", NULL, 17719, STEPS_MAX},
    {"lease-lock", NULL, "the lock gets its deadline in a second command", 80, STEPS_MAX},
    {"delayed-job", NULL, "a claim is known by its worker alone", 10, STEPS_MAX},
};

START_TEST(no_more_is_left_of_another_seed) {
    problem_list problems = {0};
    scenario_file file;
    ck_assert(scenario_file_open(&file, scenario_path(others[_i].scenario), &problems));
    uint64_t left = commands_left(&file, others[_i].way, others[_i].wrong, others[_i].seed);
    ck_assert_uint_le(left, others[_i].commands);
    scenario_file_close(&file);
}
END_TEST

/* Of these seeds a command was lost where its client may as well stand still, as another does. */
START_TEST(one_kind_of_thing_goes_wrong_where_that_is_enough) {
    static const uint64_t seeds[] = {0x3, 0x6, 0x13};
    problem_list problems = {0};
    scenario_file file;
    scenario script, right;
    play_schedule schedule;
    ck_assert(scenario_file_open(&file, scenario_path("lease-lock"), &problems));
    scenario_compile(&file, "pause", NULL, &script);
    scenario_compile(&file, NULL, NULL, &right);
    play_schedule_of_seed(&schedule, &script, seeds[_i]);
    play_shrink(&schedule, &script, &right);
    ck_assert_uint_eq(schedule.choices.count, 2);
    for (size_t i = 0; i < schedule.choices.count; i++)
        ck_assert_str_eq(choice_kind_name((choice_kind)schedule.choices.choices[i].kind),
                         choice_kind_name(CHOICE_PAUSE));
    play_schedule_free(&schedule);
    scenario_file_close(&file);
}
END_TEST

/* ---- plays of a thousand commands */

static void repeat_oftener(cJSON *item, int times) {
    if (item->string != NULL && strcmp(item->string, "repeat") == 0)
        cJSON_SetNumberValue(item, item->valuedouble * times);
    for (cJSON *child = item->child; child != NULL; child = child->next)
        repeat_oftener(child, times);
}

/* The scenario, with loops that go on so many times as long. */
static void open_longer(scenario_file *file, const char *name, int times) {
    enum { SIZE_MAX_OF_FILE = 100000 };
    char *text = calloc(1, SIZE_MAX_OF_FILE), path[] = "/tmp/longer-XXXXXX";
    problem_list problems = {0};
    FILE *in = fopen(scenario_path(name), "r");
    ck_assert(text != NULL && in != NULL);
    ck_assert_uint_gt(fread(text, 1, SIZE_MAX_OF_FILE - 1, in), 0);
    fclose(in);
    cJSON *root = cJSON_Parse(text);
    free(text);
    repeat_oftener(root, times);
    text = cJSON_PrintUnformatted(root);
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    FILE *out = fdopen(descriptor, "w");
    fputs(text, out);
    fclose(out);
    free(text);
    cJSON_Delete(root);
    ck_assert(scenario_file_open(file, path, &problems));
    unlink(path);
}

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The first seed that breaks a promise after so many commands. */
static uint64_t first_long(const scenario *script, uint64_t commands) {
    for (uint64_t seed = 1; seed < SEEDS_MAX; seed++) {
        play *one = sim_scenario_act(script, seed, NULL);
        play_report report = play_tell(one);
        play_free(one);
        if (report.broken != NULL && report.commands >= commands) return seed;
    }
    return 0;
}

static const struct {
    const char *scenario, *way, *wrong;
    uint64_t commands;
} long_plays[] = {
    {"fixed-window", NULL, "every call sets the deadline anew", 16},
    {"fixed-window", "clock-back", NULL, 16},
    {"sliding-session", NULL, "data is saved without KEEPTTL", STEPS_MAX},
    {"sliding-session", "clock-back", NULL, STEPS_MAX},
    {"sliding-session", "slow-network", NULL, STEPS_MAX},
};

START_TEST(of_a_thousand_commands_no_more_is_left_and_it_takes_less_than_two_seconds) {
    enum { TIMES = 40, COMMANDS = 900 };
    scenario_file file;
    scenario script;
    open_longer(&file, long_plays[_i].scenario, TIMES);
    scenario_compile(&file, long_plays[_i].way, long_plays[_i].wrong, &script);
    uint64_t seed = first_long(&script, COMMANDS);
    ck_assert_uint_ne(seed, 0);
    double begin = processor_seconds();
    uint64_t left = commands_left(&file, long_plays[_i].way, long_plays[_i].wrong, seed);
    double took = processor_seconds() - begin;
    printf("# %-16s longer, seed %2" PRIu64 " %40" PRIu64 " commands, %4.0f ms\n", script.id, seed,
           left, took * 1e3);
    ck_assert_uint_le(left, long_plays[_i].commands);
    ck_assert_double_lt(took, 2);
    scenario_file_close(&file);
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
    tcase_add_loop_test(plays, no_more_is_left_of_another_seed, 0, sizeof others / sizeof *others);
    tcase_add_loop_test(plays, one_kind_of_thing_goes_wrong_where_that_is_enough, 0, 3);
    tcase_add_loop_test(plays,
                        of_a_thousand_commands_no_more_is_left_and_it_takes_less_than_two_seconds,
                        0, sizeof long_plays / sizeof *long_plays);
    suite_add_tcase(suite, plays);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
