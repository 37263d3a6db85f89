/* Tables of scenarios: how soon each mistake, and each way beyond the bounds, breaks a promise. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/sim_scenario.h"
#include "sim/play_shrink.h"

typedef struct found {
    const scenario_promise *broken;
    uint64_t seeds; /* that it took */
    uint64_t seed;
    double found_s, shrunk_s;
    size_t commands, before, after; /* commands of the shrunk play; choices */
} found;

static void count_commands(void *context, const play_moment *moment) {
    size_t *count = context;
    *count += moment->kind == PLAY_COMMAND;
}

/* The first seed that breaks a promise, and how small it gets. */
static found find_and_shrink(const scenario *script, scenario_file *file, uint64_t seed,
                             uint64_t seeds) {
    found result = {0};
    double begin = sim_processor_seconds();
    for (; result.broken == NULL && result.seeds < seeds; result.seeds++) {
        result.seed = seed + result.seeds;
        play *one = sim_scenario_act(script, result.seed, NULL);
        result.broken = play_tell(one).broken;
        play_free(one);
    }
    result.found_s = sim_processor_seconds() - begin;
    if (result.broken == NULL) return result;
    begin = sim_processor_seconds();
    play_schedule schedule;
    play_schedule_of_seed(&schedule, script, result.seed);
    result.before = schedule.choices.count;
    sim_scenario_shrink(&schedule, script, file);
    result.after = schedule.choices.count;
    result.shrunk_s = sim_processor_seconds() - begin;
    play *one = play_new(&(play_options){.scenario = script,
                                         .given = &schedule,
                                         .observe = count_commands,
                                         .context = &result.commands});
    while (play_step(one)) continue;
    play_free(one);
    play_schedule_free(&schedule);
    return result;
}

static void print_found(const char *name, const found *result) {
    printf("  %-52s %6" PRIu64 " %6.0f ms  %5zu %6.0f ms  %s\n", name, result->seeds,
           result->found_s * 1e3, result->commands, result->shrunk_s * 1e3,
           result->broken == NULL ? "NOT FOUND" : result->broken->id);
}

static void print_table_head(const char *what) {
    printf("%-54s %6s %9s  %5s %9s  %s\n", what, "seeds", "found", "steps", "shrunk", "promise");
}

/* Calls `each` for all scenarios there are. False: one cannot be read. */
static bool for_each_scenario(void (*each)(void *context, scenario_file *file), void *context) {
    char **names = scenario_names();
    bool is_sound = true;
    for (size_t i = 0; names[i] != NULL; i++) {
        problem_list problems = {0};
        scenario_file file;
        if (scenario_file_open(&file, scenario_path(names[i]), &problems)) {
            each(context, &file);
            scenario_file_close(&file);
        } else {
            is_sound = false;
        }
        sim_scenario_print_problems(&problems);
        free(names[i]);
    }
    free(names);
    return is_sound;
}

struct table {
    const sim_arguments *arguments;
    sim_planted_sum sum;
    int status;
};

static void print_mistakes(void *context, scenario_file *file) {
    struct table *table = context;
    for (size_t i = 0; i < file->wrong_count; i++) {
        scenario script;
        scenario_compile(file, NULL, file->wrongs[i], &script);
        if (i == 0) print_table_head(script.id);
        found result = find_and_shrink(&script, file, table->arguments->seed, SEEDS_BEYOND);
        print_found(file->wrongs[i], &result);
        table->sum.planted++;
        table->sum.found += result.broken != NULL;
    }
}

sim_planted_sum sim_print_planted_scenarios(const sim_arguments *arguments) {
    struct table table = {.arguments = arguments};
    for_each_scenario(print_mistakes, &table);
    return table.sum;
}

/* Within the bounds, then each way beyond them. */
static void print_scenario(void *context, scenario_file *file) {
    struct table *table = context;
    sim_arguments arguments = *table->arguments;
    scenario script;
    scenario_compile(file, NULL, NULL, &script);
    arguments.scenario = script.id;
    arguments.script = &script;
    if (arguments.seeds == 0) arguments.seeds = SEEDS_WITHIN;
    printf("\n%s: %s\n", script.id, script.title);
    for (size_t i = 0; i < script.promise_count; i++)
        printf("  promises that %s\n", script.promises[i].title);
    int status = table->status == STATUS_INTERRUPTED ? table->status
                                                     : sim_scenario_campaign(&arguments, file);
    if (status != STATUS_CONFORMANT) table->status = status;
    for (size_t i = 0; i < file->way_count && status == STATUS_CONFORMANT; i++) {
        scenario_compile(file, file->ways[i], NULL, &script);
        if (i == 0) print_table_head("  beyond its bounds");
        found result = find_and_shrink(&script, file, arguments.seed, SEEDS_BEYOND);
        print_found(file->ways[i], &result);
        if (result.broken == NULL) table->status = STATUS_UNDECIDED;
    }
}

int sim_print_scenarios(const sim_arguments *arguments) {
    struct table table = {.arguments = arguments};
    if (!for_each_scenario(print_scenario, &table)) return STATUS_WRONG;
    return table.status;
}
