#include "cli/sim_play.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/drawing_play.h"
#include "cli/scenario_write.h"

enum { PATH_SIZE = 512 };

/* ---- drawn */

int sim_play_draw(const sim_arguments *arguments, uint64_t seed, const play_schedule *given,
                  const char *path, size_t rows) {
    const scenario *script = arguments->script;
    drawing line;
    drawing_init(&line);
    play *one = drawing_of_play(&line, script, seed, given, arguments->until);
    play_report report = play_tell(one);
    const char *how =
        script->way != NULL     ? drawing_words(&line, ", beyond its bounds (%s)", script->way)
        : script->wrong != NULL ? drawing_words(&line, ", with a mistake (%s)", script->wrong)
                                : "";
    line.title = drawing_words(&line, "%s%s: seed 0x%" PRIx64, script->id, how, seed);
    line.subtitle =
        drawing_words(&line, "%" PRIu64 " events, %" PRIu64 " commands: all promises held",
                      report.events, report.commands);
    int status = STATUS_CONFORMANT;
    if (report.trouble != NULL) {
        status = sim_scenario_tell_trouble(arguments, &report, seed);
        line.subtitle = report.trouble;
    } else if (report.broken != NULL) {
        status = sim_scenario_status(report.broken);
        line.subtitle = drawing_words(&line, "Promised: %s. Broken at event %" PRIu64,
                                      report.broken->title, report.events);
        line.lesson = script->lesson;
    }
    int drawn = drawing_draw("sim", &line, path, rows);
    play_free(one);
    drawing_free(&line);
    return drawn == STATUS_CONFORMANT ? status : drawn;
}

/* ---- stopped */

int sim_play_until(const sim_arguments *arguments, uint64_t seed, const play_schedule *given) {
    play *one =
        play_new(&(play_options){.scenario = arguments->script, .seed = seed, .given = given});
    while (play_tell(one).events < arguments->until && play_step(one)) continue;
    play_report report = play_tell(one);
    int status = STATUS_CONFORMANT;
    if (report.trouble != NULL) {
        status = sim_scenario_tell_trouble(arguments, &report, seed);
    } else {
        printf("seed 0x%" PRIx64 "\n", seed);
        play_print(one, stdout);
    }
    play_free(one);
    return status;
}

/* ---- files */

static FILE *open_beside(const char *directory, const char *name, char path[PATH_SIZE]) {
    snprintf(path, PATH_SIZE, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) cli_complain("sim", "%s cannot be written: %s", path, strerror(errno));
    return file;
}

static bool close_whole(FILE *file, const char *path) {
    bool is_whole = !ferror(file);
    is_whole = fclose(file) == 0 && is_whole;
    if (!is_whole) cli_complain("sim", "%s cannot be written: %s", path, strerror(errno));
    return is_whole;
}

static bool make_directory(const char *directory) {
    if (mkdir(directory, 0777) == 0 || errno == EEXIST) return true;
    cli_complain("sim", "%s cannot be made: %s", directory, strerror(errno));
    return false;
}

/* The vector of what the servers were asked, with its rulebook, as DIRECTORY/WAY-SEED.json. False:
 * it was said why. */
static bool write_vector(const scenario *script, uint64_t seed, const play_schedule *schedule,
                         const char *directory, char path[PATH_SIZE]) {
    char name[PATH_SIZE / 2];
    FILE *out = open_beside(directory, "rules.json", path);
    if (out == NULL) return false;
    scenario_write_rules(out, script);
    if (!close_whole(out, path)) return false;
    snprintf(name, sizeof name, "%s-%" PRIx64 ".json", scenario_variant(script), seed);
    out = open_beside(directory, name, path);
    if (out == NULL) return false;
    scenario_write_vector(out, script, seed, schedule);
    return close_whole(out, path);
}

/* OUT/SCENARIO. False: it cannot be made, and it was said why. */
static bool make_place(const sim_arguments *arguments, char directory[PATH_SIZE / 2]) {
    snprintf(directory, PATH_SIZE / 2, "%s/%s", arguments->out, arguments->script->id);
    return make_directory(arguments->out) && make_directory(directory);
}

bool sim_play_write(const sim_arguments *arguments, const scenario_file *file, uint64_t seed,
                    const play_schedule *schedule) {
    const scenario *script = arguments->script;
    const char *variant = scenario_variant(script);
    char directory[PATH_SIZE / 2], name[PATH_SIZE / 2], path[PATH_SIZE];
    if (!make_place(arguments, directory)) return false;
    snprintf(name, sizeof name, "%s-%" PRIx64 ".play", variant, seed);
    FILE *out = open_beside(directory, name, path);
    if (out == NULL) return false;
    scenario_write_play(out, file, script, seed, schedule);
    if (!close_whole(out, path)) return false;
    printf("  wrote %s: the play; ttlspec sim --replay %s\n", path, path);
    snprintf(path, sizeof path, "%s/%s-%" PRIx64 ".svg", directory, variant, seed);
    if (sim_play_draw(arguments, seed, schedule, path, 0) == STATUS_WRONG) return false;
    printf("  wrote %s: the moments, drawn; in the terminal with --replay ... --show\n", path);
    const char *why_not = scenario_why_no_vector(script, schedule);
    if (why_not != NULL) {
        printf("  no vector: %s\n", why_not);
        return true;
    }
    if (!write_vector(script, seed, schedule, directory, path)) return false;
    printf("  wrote %s: what its server was asked; ttlspec run --vectors %s exec:redis-server\n",
           path, path);
    return true;
}

/* ---- elsewhere */

int sim_play_run_on(const sim_arguments *arguments, uint64_t seed, const play_schedule *given) {
    const scenario *script = arguments->script;
    play_schedule drawn = {0};
    char directory[PATH_SIZE / 2], path[PATH_SIZE], target[PATH_SIZE];
    if (given == NULL) play_schedule_of_seed(&drawn, script, seed);
    const play_schedule *schedule = given == NULL ? &drawn : given;
    const char *why_not = scenario_why_no_vector(script, schedule);
    bool is_written = why_not == NULL && make_place(arguments, directory) &&
                      write_vector(script, seed, schedule, directory, path);
    play_schedule_free(&drawn);
    if (why_not != NULL)
        return cli_complain("sim", "seed 0x%" PRIx64 " cannot be run elsewhere: %s", seed, why_not);
    if (!is_written) return STATUS_WRONG;
    printf("seed 0x%" PRIx64 " of %s as a vector: %s\n", seed, script->id, path);
    fflush(stdout);
    snprintf(target, sizeof target, "%s", arguments->on);
    char *argv[] = {"run", "--vectors", path, target, NULL};
    optind = 1;
    return run_main(4, argv);
}
