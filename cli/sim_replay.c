/* What failures wrote, all of a directory again: has it been mended, and does it stay so? */
#define _XOPEN_SOURCE 700 /* nftw */
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario_write.h"
#include "cli/sim_scenario.h"
#include "cli/sim_schedule.h"
#include "conformance/text.h"

struct paths {
    char **all;
    size_t count;
};

/* nftw takes no context. */
static struct paths found;

static bool has_end(const char *path, const char *end) {
    size_t length = strlen(path), tail = strlen(end);
    return length > tail && strcmp(path + length - tail, end) == 0;
}

static int take_path(const char *path, const struct stat *about, int kind, struct FTW *place) {
    (void)about;
    (void)place;
    if (kind != FTW_F || (!has_end(path, ".play") && !has_end(path, ".world"))) return 0;
    found.all = memory_grown(found.all, found.count, sizeof *found.all);
    found.all[found.count++] = text_copy(path);
    return 0;
}

static int compare_paths(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Each tells what came of a file in one line, and returns its exit status. */

static int replay_play(const char *path) {
    problem_list problems = {0};
    scenario_play read;
    if (!scenario_read_play(&read, path, &problems)) {
        sim_scenario_print_problems(&problems);
        return STATUS_WRONG;
    }
    problem_list_free(&problems);
    play *one = sim_scenario_act(&read.script, 0, &read.schedule);
    play_report report = play_tell(one);
    int status = report.trouble != NULL  ? STATUS_WRONG
                 : report.broken == NULL ? STATUS_CONFORMANT
                                         : sim_scenario_status(report.broken);
    printf("%s: %s%s\n", path, report.broken != NULL ? "broken: " : "",
           report.trouble != NULL  ? report.trouble
           : report.broken == NULL ? "all promises held"
                                   : report.broken->title);
    play_free(one);
    scenario_play_close(&read);
    return status;
}

static int replay_world(const sim_arguments *given, const char *path) {
    sim_arguments arguments = *given;
    sim_schedule schedule = {0};
    planted fault;
    if (!sim_schedule_load(path, &arguments, &schedule)) return STATUS_WRONG;
    sim_world *world =
        sim_world_of(&arguments, arguments.seed, sim_plant(&arguments, &fault), NULL, NULL);
    while (sim_world_step(world)) continue;
    sim_law law = sim_world_tell(world).law;
    printf("%s: %s%s\n", path, law == SIM_LAWS_HOLD ? "all laws held" : "broken: ",
           law == SIM_LAWS_HOLD ? "" : sim_law_text(law));
    sim_world_free(world);
    sim_schedule_free(&schedule);
    if (law == SIM_LAWS_HOLD) return STATUS_CONFORMANT;
    return sim_law_is_liveness(law) ? SIM_STATUS_LIVENESS : SIM_STATUS_SAFETY;
}

/* Safety before liveness; a file that is wrong before both. */
static int worse(int one, int other) {
    static const int order[] = {STATUS_WRONG, SIM_STATUS_SAFETY, SIM_STATUS_LIVENESS};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (one == order[i] || other == order[i]) return order[i];
    return STATUS_CONFORMANT;
}

int sim_replay_all(const sim_arguments *arguments) {
    enum { OPEN_MOST = 16 };
    int status = STATUS_CONFORMANT;
    size_t broken = 0, wrong = 0;
    found = (struct paths){0};
    nftw(arguments->replay, take_path, OPEN_MOST, FTW_PHYS);
    qsort(found.all, found.count, sizeof *found.all, compare_paths);
    for (size_t i = 0; i < found.count; i++) {
        const char *path = found.all[i];
        int one = has_end(path, ".play") ? replay_play(path) : replay_world(arguments, path);
        broken += one == SIM_STATUS_SAFETY || one == SIM_STATUS_LIVENESS;
        wrong += one == STATUS_WRONG;
        status = worse(status, one);
        free(found.all[i]);
    }
    free(found.all);
    if (found.count == 0)
        return cli_complain("sim", "%s holds no .play and no .world: nothing to play again",
                            arguments->replay);
    printf("%zu of %zu broken\n", broken, found.count - wrong);
    return status;
}
