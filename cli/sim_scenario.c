/* ttlspec sim --scenario: real uses played within their bounds, and beyond them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/scenario_write.h"
#include "cli/sim_play.h"
#include "conformance/text.h"
#include "sim/play_story.h"
#include "sim/text.h"

enum {
    PATH_SIZE = 512,
    STORY_LINES = 60,
    LESSON_COLUMNS = 92,
};

/* ---- saying */

void sim_scenario_print_problems(problem_list *problems) {
    for (size_t i = 0; i < problems->count; i++) {
        problem_print(&problems->problems[i], stderr);
        putc('\n', stderr);
    }
    problem_list_free(problems);
}

/* " --scenario lease-lock --beyond=pause": what is played, as options. */
static void put_options(const sim_arguments *arguments) {
    const scenario *script = arguments->script;
    fputs(" --scenario ", stdout);
    text_shell_word(stdout, ttl_bytes_of(arguments->scenario));
    if (script->way != NULL) printf(" --beyond=%s", script->way);
    if (script->wrong == NULL) return;
    fputs(" --plant ", stdout);
    text_shell_word(stdout, ttl_bytes_of(script->wrong));
}

/* What is played, for a person. */
static void put_title(const scenario *script) {
    fputs(script->id, stdout);
    if (script->way != NULL) printf(", beyond its bounds (%s)", script->way);
    if (script->wrong != NULL) printf(", with a mistake (%s)", script->wrong);
}

/* A paragraph, its lines broken at blanks. */
static void put_lesson(const char *lesson) {
    while (lesson != NULL && *lesson != '\0') {
        size_t length = text_line_length(lesson, LESSON_COLUMNS);
        printf("  %.*s\n", (int)length, lesson);
        lesson += length + strspn(lesson + length, " ");
    }
}

/* ---- the block */

int sim_scenario_tell_trouble(const sim_arguments *arguments, const play_report *report,
                              uint64_t seed) {
    fprintf(stderr, "%s: %s: %s\n", arguments->script->file, report->trouble_pointer,
            report->trouble);
    return cli_complain("sim", "seed 0x%" PRIx64 " of %s cannot be played to its end", seed,
                        arguments->script->id);
}

play *sim_scenario_act(const scenario *script, uint64_t seed, const play_schedule *given) {
    play *one = play_new(&(play_options){.scenario = script, .seed = seed, .given = given});
    while (play_step(one)) continue;
    return one;
}

int sim_scenario_status(const scenario_promise *broken) {
    return scenario_promise_is_liveness(broken) ? SIM_STATUS_LIVENESS : SIM_STATUS_SAFETY;
}

/* What broke, and the story that leads to it. */
static void print_block(const scenario *script, const play_schedule *schedule, size_t before,
                        size_t plays, double took) {
    play *one = sim_scenario_act(script, 0, schedule);
    play_report report = play_tell(one);
    printf("  %s\n", report.what);
    play_free(one);
    size_t moments = play_story_write(NULL, script, schedule, 0);
    if (plays > 0)
        printf("%zu moments led to it, with %zu choices that were not usual, of %zu (%zu plays, "
               "%.0f ms):\n",
               moments, schedule->choices.count, before, plays, took * 1e3);
    play_story_write(stdout, script, schedule, STORY_LINES);
    if (schedule->until_us > 0)
        puts("  (cut short: it goes on like this to the end of all programs, and where nothing is "
             "wrong\n  nobody waits so long)");
}

size_t sim_scenario_shrink(play_schedule *schedule, const scenario *script, scenario_file *file) {
    scenario right = *script;
    bool is_right = script->way == NULL && script->wrong == NULL;
    if (!is_right) scenario_compile(file, NULL, NULL, &right);
    return play_shrink(schedule, script, is_right ? script : &right);
}

static int tell_failure(const sim_arguments *arguments, scenario_file *file, uint64_t seed) {
    const scenario *script = arguments->script;
    play_schedule schedule;
    play *one = sim_scenario_act(script, seed, NULL);
    play_report report = play_tell(one);
    if (report.trouble != NULL) {
        int status = sim_scenario_tell_trouble(arguments, &report, seed);
        play_free(one);
        return status;
    }
    const scenario_promise *broken = report.broken;
    uint64_t event = report.events;
    play_free(one);
    double begin = sim_seconds();
    play_schedule_of_seed(&schedule, script, seed);
    size_t before = schedule.choices.count;
    size_t plays = sim_scenario_shrink(&schedule, script, file);
    printf("seed 0x%" PRIx64 " of ", seed);
    put_title(script);
    printf(" broke a promise of %s at event %" PRIu64 ": %s\n",
           scenario_promise_is_liveness(broken) ? "liveness" : "safety", event, broken->title);
    print_block(script, &schedule, before, plays, sim_seconds() - begin);
    put_lesson(script->lesson);
    fputs("  again: ttlspec sim", stdout);
    put_options(arguments);
    printf(" --seed 0x%" PRIx64 "\n", seed);
    bool is_written = sim_play_write(arguments, file, seed, &schedule);
    play_schedule_free(&schedule);
    return is_written ? sim_scenario_status(broken) : STATUS_WRONG;
}

/* ---- campaigns */

static bool check_determinism(const sim_arguments *arguments, uint64_t seed) {
    play_options options = {.scenario = arguments->script, .seed = seed};
    play *plays[2] = {play_new(&options), play_new(&options)};
    play_report reports[2];
    bool goes_on = true, is_same = true;
    while (goes_on && is_same) {
        goes_on = play_step(plays[0]);
        is_same = play_step(plays[1]) == goes_on;
        for (int i = 0; i < 2; i++) reports[i] = play_tell(plays[i]);
        is_same = is_same && reports[0].digest == reports[1].digest;
    }
    if (!is_same)
        printf("seed 0x%" PRIx64 " went two ways at event %" PRIu64 "\n", seed, reports[0].events);
    for (int i = 0; i < 2; i++) play_free(plays[i]);
    return is_same;
}

/* What the bounds allow and never came. */
static void print_missed(const scenario *script, const sim_campaign *total) {
    const scenario_bounds *bounds = &script->bounds;
    const struct {
        bool is_allowed;
        play_moment_kind kind;
    } faults[] = {{bounds->loss_per_1000 > 0, PLAY_COMMAND_LOST},
                  {bounds->loss_per_1000 > 0, PLAY_REPLY_LOST},
                  {bounds->client_pause_ms > 0, PLAY_PAUSE},
                  {bounds->client_crashes > 0, PLAY_CRASH},
                  {bounds->server_pause_ms > 0, PLAY_SERVER_PAUSE},
                  {bounds->server_jump_ms[0] < 0 || bounds->server_jump_ms[1] > 0, PLAY_CLOCK_JUMP},
                  {bounds->failovers > 0, PLAY_FAILOVER}};
    bool has_missed = false;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (!faults[i].is_allowed || total->moments[faults[i].kind] > 0) continue;
        printf("%s%s", has_missed ? ", " : "  never came: ", play_moment_name(faults[i].kind));
        has_missed = true;
    }
    if (has_missed) putchar('\n');
    else puts("  everything that the bounds allow came at least once");
}

static void print_held(const sim_arguments *arguments, const sim_campaign *total, double took) {
    char span[SIM_SPAN_TEXT];
    sim_text_span((int64_t)total->span_us, span);
    printf("%" PRIu64 " seed%s of ", total->seeds, total->seeds == 1 ? "" : "s");
    put_title(arguments->script);
    printf(" from 0x%" PRIx64 ": all promises held\n", arguments->seed);
    printf("  %" PRIu64 " commands, %" PRIu64
           " events in %.2f s; they span %s, %.2g times real time"
           "\n",
           total->commands, total->events, took, span, total->span_us / 1e6 / took);
    print_missed(arguments->script, total);
    printf("  digest %016" PRIx64 "\n", total->digest);
}

static int tell_crash(const sim_arguments *arguments, const sim_campaign_end *end) {
    printf("a worker crashed (signal %d) in seed 0x%" PRIx64 "\n  again: ttlspec sim",
           end->crashed_by, end->crashed_seed);
    put_options(arguments);
    printf(" --seed 0x%" PRIx64 " --jobs 1\n", end->crashed_seed);
    return SIM_STATUS_CRASHED;
}

static int tell_interrupted(const sim_arguments *arguments, const sim_campaign *total,
                            const sim_campaign_end *end) {
    printf("interrupted: %" PRIu64 " of %" PRIu64 " seeds of ", total->seeds, arguments->seeds);
    put_title(arguments->script);
    fputs(" done, all promises held\n  go on: ttlspec sim", stdout);
    put_options(arguments);
    printf(" --seed 0x%" PRIx64 " --seeds %" PRIu64 "\n", end->next_seed,
           arguments->seeds - (end->next_seed - arguments->seed));
    return STATUS_INTERRUPTED;
}

/* All seeds of what the arguments name. */
int sim_scenario_campaign(const sim_arguments *arguments, scenario_file *file) {
    sim_campaign total = {0};
    double begin = sim_seconds();
    if (!sim_all_agree(arguments, check_determinism)) return SIM_STATUS_UNLIKE;
    sim_campaign_end end = sim_campaign_run(arguments, &total);
    if (end.crashed_by != 0) return tell_crash(arguments, &end);
    if (end.has_failed) return tell_failure(arguments, file, end.failed_seed);
    if (end.was_interrupted) return tell_interrupted(arguments, &total, &end);
    print_held(arguments, &total, sim_seconds() - begin);
    return arguments->script->way == NULL ? STATUS_CONFORMANT : STATUS_UNDECIDED;
}

/* ---- one scenario */

static bool is_among(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static int complain_of_variant(const scenario_file *file, const char *what, const char *name,
                               const char *const *names, size_t count) {
    fprintf(stderr, "ttlspec sim: %s has no %s \"%s\"%s", file->path, what, name,
            count == 0 ? "" : ": it has ");
    for (size_t i = 0; i < count; i++) fprintf(stderr, "%s\"%s\"", i == 0 ? "" : ", ", names[i]);
    putc('\n', stderr);
    return STATUS_WRONG;
}

static int complain_of_way(const scenario_file *file) {
    fprintf(stderr, "ttlspec sim: one play is wanted, and %s can go beyond its bounds in %zu ways:",
            file->path, file->way_count);
    for (size_t i = 0; i < file->way_count; i++)
        fprintf(stderr, "%s --beyond=%s", i == 0 ? "" : ",", file->ways[i]);
    putc('\n', stderr);
    return STATUS_WRONG;
}

static bool wants_one(const sim_arguments *arguments) {
    return arguments->shows || arguments->has_until || arguments->on != NULL;
}

/* One play: of the seed, or what is given. */
static int run_one(const sim_arguments *arguments, uint64_t seed, const play_schedule *given) {
    if (arguments->on != NULL) return sim_play_run_on(arguments, seed, given);
    if (arguments->shows)
        return sim_play_draw(arguments, seed, given, arguments->svg, arguments->last);
    return sim_play_until(arguments, seed, given);
}

/* A campaign, or the play of one seed. */
static int run_variant(const sim_arguments *arguments, scenario_file *file) {
    return wants_one(arguments) ? run_one(arguments, arguments->seed, NULL)
                                : sim_scenario_campaign(arguments, file);
}

/* In each way beyond the bounds. The status of the first promise that broke, unless a way is left
 * in which none did. */
static int run_beyond(sim_arguments *arguments, scenario_file *file) {
    int status = STATUS_CONFORMANT;
    for (size_t i = 0; i < file->way_count; i++) {
        scenario script;
        if (arguments->way != NULL && strcmp(arguments->way, file->ways[i]) != 0) continue;
        scenario_compile(file, file->ways[i], NULL, &script);
        arguments->script = &script;
        int one = run_variant(arguments, file);
        bool goes_on = one == SIM_STATUS_SAFETY || one == SIM_STATUS_LIVENESS;
        if (!goes_on) return one;
        if (status == STATUS_CONFORMANT) status = one;
    }
    return status;
}

/* A name that is no path and no scenario's. */
static bool is_unknown(const char *name) {
    char **names = scenario_names();
    bool is_path = strcmp(scenario_path(name), name) == 0, is_known = is_path;
    for (size_t i = 0; names[i] != NULL; i++) is_known = is_known || strcmp(names[i], name) == 0;
    if (!is_known) fprintf(stderr, "ttlspec sim: there is no scenario %s; there are", name);
    for (size_t i = 0; names[i] != NULL; i++) {
        if (!is_known) fprintf(stderr, "%s %s", i == 0 ? "" : ",", names[i]);
        free(names[i]);
    }
    if (!is_known) putc('\n', stderr);
    free(names);
    return !is_known;
}

static int run_scenario(const sim_arguments *given) {
    sim_arguments arguments = *given;
    problem_list problems = {0};
    scenario_file file;
    scenario script;
    int status;
    if (is_unknown(given->scenario)) return STATUS_WRONG;
    if (!scenario_file_open(&file, scenario_path(given->scenario), &problems)) {
        sim_scenario_print_problems(&problems);
        return cli_complain("sim", "%s cannot be played", given->scenario);
    }
    problem_list_free(&problems);
    if (arguments.seeds == 0) arguments.seeds = given->is_beyond ? SEEDS_BEYOND : SEEDS_WITHIN;
    if (given->is_beyond && given->plant_name != NULL) {
        status = cli_complain("sim", "--plant is within the bounds, --beyond is not: choose one");
    } else if (given->way != NULL && !is_among(file.ways, file.way_count, given->way)) {
        status = complain_of_variant(&file, "way beyond its bounds", given->way, file.ways,
                                     file.way_count);
    } else if (given->plant_name != NULL &&
               !is_among(file.wrongs, file.wrong_count, given->plant_name)) {
        status =
            complain_of_variant(&file, "mistake", given->plant_name, file.wrongs, file.wrong_count);
    } else if (given->is_beyond && file.way_count == 0) {
        status = cli_complain("sim", "%s names no way beyond its bounds", file.path);
    } else if (given->is_beyond && given->way == NULL && wants_one(given) && file.way_count > 1) {
        status = complain_of_way(&file);
    } else if (given->is_beyond) {
        status = run_beyond(&arguments, &file);
    } else {
        scenario_compile(&file, NULL, given->plant_name, &script);
        arguments.script = &script;
        status = run_variant(&arguments, &file);
    }
    scenario_file_close(&file);
    return status;
}

/* ---- playing again */

static int tell_replay(const char *path, const scenario_play *found) {
    play *one = sim_scenario_act(&found->script, 0, &found->schedule);
    play_report report = play_tell(one);
    int status = STATUS_CONFORMANT;
    put_title(&found->script);
    if (report.trouble != NULL) {
        fprintf(stderr, "%s: %s: %s\n", path, report.trouble_pointer, report.trouble);
        status = STATUS_WRONG;
    } else if (report.broken == NULL) {
        puts(": all promises held");
        play_story_write(stdout, &found->script, &found->schedule, STORY_LINES);
    } else {
        status = sim_scenario_status(report.broken);
        printf(": a promise of %s is broken: %s\n",
               scenario_promise_is_liveness(report.broken) ? "liveness" : "safety",
               report.broken->title);
        print_block(&found->script, &found->schedule, 0, 0, 0);
        put_lesson(found->script.lesson);
    }
    play_free(one);
    return status;
}

static int run_replay(const sim_arguments *given) {
    problem_list problems = {0};
    sim_arguments arguments = *given;
    scenario_play found;
    if (!scenario_read_play(&found, given->replay, &problems)) {
        sim_scenario_print_problems(&problems);
        return cli_complain("sim", "%s cannot be played", given->replay);
    }
    problem_list_free(&problems);
    arguments.script = &found.script;
    int status = wants_one(given) ? run_one(&arguments, found.seed, &found.schedule)
                                  : tell_replay(given->replay, &found);
    scenario_play_close(&found);
    return status;
}

/* ---- the subcommand */

int sim_scenario_main(const sim_arguments *arguments) {
    if (arguments->shows_planted)
        return cli_complain("sim", "--planted is of all scenarios: leave the other options out");
    if (arguments->shows_scenarios && wants_one(arguments))
        return cli_complain("sim",
                            "--show, --until and --on are of one play: of which --scenario?");
    if (arguments->replay != NULL) return run_replay(arguments);
    if (arguments->scenario != NULL) return run_scenario(arguments);
    return sim_print_scenarios(arguments);
}
