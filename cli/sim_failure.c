/* What is told of a seed that broke a law: one block, and files. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/drawing_world.h"
#include "cli/sim_schedule.h"
#include "conformance/target.h"
#include "sim/shrink.h"
#include "sim/write.h"

enum { PATH_SIZE = 512, SEEDS_TO_FIND = 4000 };

/* ---- files */

/* Opens DIR/sim-SEED.SUFFIX, or DIR/NAME, for writing. NULL: it was said why. */
static FILE *open_in(const char *directory, const char *name, char path[PATH_SIZE]) {
    snprintf(path, PATH_SIZE, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) cli_complain("sim", "%s cannot be written: %s", path, strerror(errno));
    return file;
}

/* Closes, and says so on standard output. */
static void close_written(FILE *file, const char *path, const char *what) {
    bool is_whole = !ferror(file);
    if (fclose(file) != 0 || !is_whole)
        cli_complain("sim", "%s cannot be written: %s", path, strerror(errno));
    else printf("  wrote %s: %s\n", path, what);
}

static bool make_directory(const char *directory) {
    if (mkdir(directory, 0777) == 0 || errno == EEXIST) return true;
    cli_complain("sim", "%s cannot be made: %s", directory, strerror(errno));
    return false;
}

/* The vector, with its rulebook beside it. */
static bool write_vector(const char *directory, const sim_recording *steps, uint64_t seed,
                         sim_law law, char path[PATH_SIZE]) {
    char name[64], rules[PATH_SIZE];
    FILE *file = open_in(directory, "rules.json", rules);
    if (file == NULL) return false;
    sim_write_rules(file);
    fclose(file);
    snprintf(name, sizeof name, "sim-%" PRIx64 ".json", seed);
    file = open_in(directory, name, path);
    if (file == NULL) return false;
    sim_write_vector(file, steps, seed, law);
    fclose(file);
    return true;
}

static void write_files(const sim_arguments *arguments, const sim_recording *steps, uint64_t seed,
                        sim_law law, const sim_hooks *hooks) {
    char name[64], path[PATH_SIZE];
    const char *why;
    if (!make_directory(arguments->out)) return;
    if (!sim_write_can_be_vector(steps, &why)) {
        printf("  no vector: %s\n", why);
    } else if (write_vector(arguments->out, steps, seed, law, path)) {
        printf("  wrote %s: what a right server does; ttlspec run --vectors %s %s%s\n", path, path,
               steps->dialect == 0 ? "exec:redis-server" : "engine:",
               steps->dialect == 0 ? "" : sim_dialects[steps->dialect]);
    }
    snprintf(name, sizeof name, "sim-%" PRIx64 ".txt", seed);
    FILE *file = open_in(arguments->out, name, path);
    if (file == NULL) return;
    sim_write_steps(file, steps, hooks);
    close_written(file, path, "the steps");
    drawing line;
    drawing_init(&line);
    drawing_of_steps(&line, steps, hooks);
    line.title = sim_law_text(law);
    line.subtitle = drawing_words(&line, "The least that seed 0x%" PRIx64 " needs for it", seed);
    snprintf(path, sizeof path, "%s/sim-%" PRIx64 ".svg", arguments->out, seed);
    if (drawing_draw("sim", &line, path, 0) == STATUS_CONFORMANT)
        printf("  wrote %s: the steps, drawn\n", path);
    drawing_free(&line);
    size_t faults, commands;
    snprintf(path, sizeof path, "%s/sim-%" PRIx64 ".world", arguments->out, seed);
    if (sim_schedule_save(arguments, seed, law, path, &faults, &commands))
        printf("  wrote %s: the world, with %zu faults and %zu commands; ttlspec sim --replay %s\n",
               path, faults, commands, path);
}

/* ---- the block */

static void run_to_end(const sim_arguments *arguments, uint64_t seed, const sim_hooks *hooks,
                       sim_recording *recording, uint64_t *event) {
    sim_world *world = sim_world_of(arguments, seed, hooks, recording, NULL);
    while (sim_world_step(world)) continue;
    *event = sim_world_tell(world).events;
    sim_world_free(world);
}

void sim_put_options(const sim_arguments *arguments) {
    printf(" --commands %" PRIu64, arguments->commands);
    if (arguments->dialect != NULL) printf(" --spec %s", arguments->dialect);
    if (arguments->plant != NULL) printf(" --plant '%s'", arguments->plant->name);
}

static void print_again(const sim_arguments *arguments, uint64_t seed) {
    printf("  again: ttlspec sim --seed 0x%" PRIx64, seed);
    sim_put_options(arguments);
}

/* All laws held, and yet the judge does not pass what the clients saw. */
static int tell_verdict(const sim_arguments *arguments, uint64_t seed) {
    planted fault;
    history traffic;
    char name[64], path[PATH_SIZE];
    sim_recorder *recorder = sim_recorder_new();
    sim_world *world = sim_world_of(arguments, seed, sim_plant(arguments, &fault), NULL,
                                    sim_recorder_witness(recorder));
    while (sim_world_step(world)) continue;
    sim_recorder_set_dialect(recorder, sim_world_tell(world).dialect);
    sim_world_free(world);
    judge_result result = sim_recorder_judge(recorder, &traffic);
    printf("seed 0x%" PRIx64 ": all laws held, and the judge says %s of what the clients saw\n",
           seed, judge_answer_name(result.answer));
    printf("  command %zu of %zu: %s\n", result.entry + 1, traffic.count, result.reason);
    print_again(arguments, seed);
    puts(" --judge 1");
    snprintf(name, sizeof name, "sim-%" PRIx64 ".jsonl", seed);
    FILE *file = make_directory(arguments->out) ? open_in(arguments->out, name, path) : NULL;
    if (file != NULL) {
        history_write(&traffic, file);
        close_written(file, path, "the history; ttlspec judge reads it");
    }
    judge_result_free(&result);
    history_free(&traffic);
    sim_recorder_free(recorder);
    return SIM_STATUS_SAFETY;
}

int sim_tell_failure(const sim_arguments *arguments, uint64_t seed) {
    planted fault;
    const sim_hooks *hooks = sim_plant(arguments, &fault);
    sim_recording steps = {0};
    uint64_t event;
    run_to_end(arguments, seed, hooks, &steps, &event);
    size_t before = steps.count;
    if (sim_replay(&steps, hooks, NULL, NULL).law == SIM_LAWS_HOLD) {
        sim_recording_free(&steps);
        return tell_verdict(arguments, seed);
    }
    double begin = sim_seconds();
    size_t replays = sim_shrink(&steps, hooks);
    double took = sim_seconds() - begin;
    sim_replayed end = sim_replay(&steps, hooks, NULL, NULL);
    bool is_liveness = sim_law_is_liveness(end.law);
    printf("seed 0x%" PRIx64 " broke a law of %s at event %" PRIu64 ": %s\n", seed,
           is_liveness ? "liveness" : "safety", event, sim_law_text(end.law));
    printf("  %s\n", end.what);
    printf("%zu step%s lead%s to it, of %zu (%zu replays, %.0f ms):\n", steps.count,
           steps.count == 1 ? "" : "s", steps.count == 1 ? "s" : "", before, replays, took * 1e3);
    sim_write_steps(stdout, &steps, hooks);
    print_again(arguments, seed);
    putchar('\n');
    write_files(arguments, &steps, seed, end.law, hooks);
    sim_recording_free(&steps);
    return is_liveness ? SIM_STATUS_LIVENESS : SIM_STATUS_SAFETY;
}

/* ---- the table of planted faults */

int sim_print_planted(const sim_arguments *arguments) {
    size_t missed = 0;
    double all = sim_processor_seconds();
    printf("%-30s %6s %9s  %14s %9s  %s\n", "planted fault", "seeds", "found", "steps", "shrunk",
           "law");
    for (size_t i = 0; i < planted_count; i++) {
        planted fault;
        sim_arguments one = *arguments;
        sim_recording steps = {0};
        sim_law law = SIM_LAWS_HOLD;
        uint64_t tried = 0, event;
        double begin = sim_processor_seconds();
        one.plant = &planted_kinds[i];
        const sim_hooks *hooks = sim_plant(&one, &fault);
        for (; law == SIM_LAWS_HOLD && tried < SEEDS_TO_FIND; tried++) {
            steps.count = 0;
            run_to_end(&one, one.seed + tried, hooks, &steps, &event);
            law = sim_replay(&steps, hooks, NULL, NULL).law;
        }
        double found = sim_processor_seconds() - begin;
        size_t before = steps.count;
        begin = sim_processor_seconds();
        if (law != SIM_LAWS_HOLD) sim_shrink(&steps, hooks);
        else missed++;
        printf("%-30s %6" PRIu64 " %6.0f ms  %5zu -> %5zu %6.0f ms  %s\n", fault.kind->name, tried,
               found * 1e3, before, steps.count, (sim_processor_seconds() - begin) * 1e3,
               law == SIM_LAWS_HOLD ? "NOT FOUND" : sim_law_name(law));
        sim_recording_free(&steps);
    }
    sim_planted_sum scenarios = sim_print_planted_scenarios(arguments);
    missed += scenarios.planted - scenarios.found;
    size_t planted_in_all = planted_count + scenarios.planted;
    printf("%zu of %zu found in %.1f s of the processor, from seed 0x%" PRIx64 "\n",
           planted_in_all - missed, planted_in_all, sim_processor_seconds() - all, arguments->seed);
    return missed == 0 ? STATUS_CONFORMANT : SIM_STATUS_SAFETY;
}

/* ---- on another target */

/* Steps up to the first that a vector cannot tell: it has no more than so many connections. */
static void cut_for_vector(sim_recording *steps) {
    size_t at = 0, connections = 0;
    bool is_open[SIM_PEERS] = {false};
    for (int64_t last_us = INT64_MIN; at < steps->count; at++) {
        const sim_step *step = &steps->steps[at];
        if (step->kind >= SIM_STEP_SAVE || step->wall_us < last_us) break;
        if (sim_write_leaves_waiting(steps, at)) break;
        if (step->kind == SIM_STEP_HANG_UP) is_open[step->session] = false;
        if (step->kind == SIM_STEP_COMMAND && !is_open[step->session]) {
            if (connections == TARGET_CONNECTIONS_MAX) break;
            is_open[step->session] = true;
            connections++;
        }
        last_us = step->wall_us;
    }
    while (at > 0 && steps->steps[at - 1].kind == SIM_STEP_READ) at--;
    steps->count = at;
}

static size_t count_commands(const sim_recording *steps) {
    size_t count = 0;
    for (size_t i = 0; i < steps->count; i++) count += steps->steps[i].kind == SIM_STEP_COMMAND;
    return count;
}

/* The newest dialect of worlds that is not newer than what the target says it is. */
static const char *dialect_of_target(const char *text) {
    char error[TARGET_ERROR_SIZE] = "";
    bool is_usage;
    target_options options = {.password = getenv("TTLSPEC_PASSWORD")};
    target *on = target_open(text, &options, &is_usage, error);
    const char *found = sim_dialects[0];
    ttl_dialect one;
    if (on == NULL) return found; /* it is asked again by those who say what is wrong with it */
    ttl_version version = {on->dialect.version.major, on->dialect.version.minor, TTL_VERSION_ANY};
    for (size_t i = 0; i < SIM_DIALECTS && on->has_dialect; i++) {
        if (!ttl_dialect_parse(sim_dialects[i], &one) || one.family != on->dialect.family) continue;
        if (ttl_version_compare(one.version, version) <= 0) found = sim_dialects[i];
    }
    target_close(on);
    return found;
}

int sim_run_on(const sim_arguments *arguments) {
    sim_recording steps = {0};
    uint64_t event;
    char path[PATH_SIZE];
    const char *why;
    sim_arguments usual = *arguments;
    if (usual.dialect == NULL) usual.dialect = dialect_of_target(arguments->on);
    run_to_end(&usual, usual.seed, NULL, &steps, &event);
    size_t all = count_commands(&steps);
    sim_write_make_tellable(&steps);
    cut_for_vector(&steps);
    size_t told = count_commands(&steps);
    if (!sim_write_can_be_vector(&steps, &why)) {
        sim_recording_free(&steps);
        return cli_complain("sim", "seed 0x%" PRIx64 " cannot be run elsewhere: %s",
                            arguments->seed, why);
    }
    bool written = make_directory(arguments->out) &&
                   write_vector(arguments->out, &steps, arguments->seed, SIM_LAW_REPLY, path);
    sim_recording_free(&steps);
    if (!written) return STATUS_WRONG;
    printf("seed 0x%" PRIx64 " as a vector: %s, ", arguments->seed, path);
    if (told == all) printf("all %zu commands\n", all);
    else
        printf("the first %zu of %zu commands, up to where the clock goes back, a server restarts, "
               "who waits gives up, or there are too many connections\n",
               told, all);
    fflush(stdout);
    char other[PATH_SIZE];
    snprintf(other, sizeof other, "%s", arguments->on);
    char *argv[] = {"run", "--vectors", path, other, NULL};
    optind = 1;
    return run_main(4, argv);
}
