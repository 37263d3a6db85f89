/* ttlspec sim: worlds from a seed, in which timing bugs are found. */
#include "cli/sim.h"
#include "cli/sim_schedule.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim/text.h"

static const char usage[] =
    "usage: ttlspec sim [OPTION...]\n"
    "\n"
    "Runs worlds of clients, network, clocks and servers, each from one seed, and judges every\n"
    "step: nothing dead is read, nothing alive is lost, each expiry is announced once, the\n"
    "engine equals a naive model, replica and restarted server equal the primary.\n"
    "\n"
    "  --seed SEED           the first seed: decimal, 0x..., or a commit's 40 digits (drawn)\n"
    "  --seeds N             so many seeds, one after another (1)\n"
    "  --commands N          commands in each world (1000)\n"
    "  --spec DIALECT        the worlds' dialect, as redis-7.0, valkey-8.1 (each draws its own)\n"
    "  --jobs N              worker processes (one a processor)\n"
    "  --judge N             judge what the clients of each Nth world saw; 0: of none (64)\n"
    "  --check-determinism   run each seed twice, side by side; stop where they differ\n"
    "  --until N             stop at event N and print the state of the world or the play\n"
    "  --show                draw the world or the play of the seed: its last rows, up to "
    "--until N\n"
    "  --last N              so many rows of it (40); 0: all\n"
    "  --svg FILE            draw it into a file instead\n"
    "  --out DIR             where a failure's vector, story and drawing go (ttlspec-sim)\n"
    "  --on TARGET           run the seed on a target too: exec:redis-server, engine:redis-7.2\n"
    "  --plant NAME          plant a fault between the world and its engine, to see it found\n"
    "  --planted             plant each in turn, and print how soon it is found\n"
    "  --scenario NAME|FILE  play a scenario, a real use of expiry as clients' programs, within "
    "its\n"
    "                        bounds (1000 seeds)\n"
    "  --beyond[=WAY]        the same beyond its bounds, until a promise breaks (10000 seeds)\n"
    "  --scenarios           each scenario within its bounds, and in each way beyond them\n"
    "  --replay FILE|DIR     play again what a failure wrote; a world is drawn; all of a "
    "directory\n"
    "\n"
    "Exit status: 0 all laws and promises held; 1 one of safety was broken; 2 a mistake on the\n"
    "command line or in a scenario; 4 nothing broke beyond the bounds; 5 one of liveness was\n"
    "broken; 6 a seed went two ways; 7 a worker crashed; 130 interrupted.\n";

enum {
    COMMANDS_USUAL = 1000,
    JUDGE_USUAL = 64,
    ROWS_USUAL = 40,
    JOBS_MOST = 64,
    COMMIT_DIGITS = 40,
    SEED_DIGITS = 16
};

/* ---- worlds */

const sim_hooks *sim_plant(const sim_arguments *arguments, planted *fault) {
    if (arguments->plant == NULL) return NULL;
    planted_init(fault, arguments->plant);
    return &fault->hooks;
}

sim_world_options sim_world_options_of(const sim_arguments *arguments, uint64_t seed,
                                       const sim_hooks *hooks, sim_recording *recording,
                                       const sim_witness *witness) {
    return (sim_world_options){.seed = seed,
                               .commands = arguments->commands,
                               .hooks = hooks,
                               .recording = recording,
                               .witness = witness,
                               .dialect = arguments->dialect,
                               .schedule = arguments->schedule};
}

sim_world *sim_world_of(const sim_arguments *arguments, uint64_t seed, const sim_hooks *hooks,
                        sim_recording *recording, const sim_witness *witness) {
    sim_world_options options = sim_world_options_of(arguments, seed, hooks, recording, witness);
    return sim_world_new(&options);
}

/* Two worlds of the same seed, event by event; the engine of the second tells its rules, which must
 * change nothing. */
static bool check_determinism(const sim_arguments *arguments, uint64_t seed) {
    static const sim_world_kind *const kinds[2] = {&sim_usual_world, &sim_marked_world};
    planted faults[2];
    sim_world *worlds[2];
    bool goes_on = true, is_same = true;
    sim_world_report reports[2];
    for (int i = 0; i < 2; i++) {
        sim_world_options options =
            sim_world_options_of(arguments, seed, sim_plant(arguments, &faults[i]), NULL, NULL);
        worlds[i] = kinds[i]->new (&options);
    }
    while (goes_on && is_same) {
        goes_on = kinds[0]->step(worlds[0]);
        is_same = kinds[1]->step(worlds[1]) == goes_on;
        for (int i = 0; i < 2; i++) reports[i] = kinds[i]->tell(worlds[i]);
        is_same = is_same && reports[0].digest == reports[1].digest;
    }
    if (!is_same) {
        printf("seed 0x%" PRIx64 " went two ways at event %" PRIu64 "\n"
               "  look: ttlspec sim --seed 0x%" PRIx64,
               seed, reports[0].events, seed);
        sim_put_options(arguments);
        printf(" --until %" PRIu64 "\n", reports[0].events);
    }
    for (int i = 0; i < 2; i++) kinds[i]->free(worlds[i]);
    return is_same;
}

static int print_until(const sim_arguments *arguments) {
    planted fault;
    const sim_hooks *hooks = sim_plant(arguments, &fault);
    sim_world *world = sim_world_of(arguments, arguments->seed, hooks, NULL, NULL);
    while (sim_world_tell(world).events < arguments->until && sim_world_step(world)) continue;
    printf("seed 0x%" PRIx64 "\n", arguments->seed);
    sim_world_print(world, stdout);
    sim_world_free(world);
    return STATUS_CONFORMANT;
}

/* ---- what a campaign came to */

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double sim_seconds(void) {
    return seconds_of(CLOCK_MONOTONIC);
}

double sim_processor_seconds(void) {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

static void print_figures(const sim_arguments *arguments, const sim_campaign *total,
                          const sim_campaign_end *end, double took) {
    char span[SIM_SPAN_TEXT], gap[SIM_SPAN_TEXT];
    double per_command = total->commands == 0 ? 0 : total->span_us / (double)total->commands;
    sim_text_span((int64_t)total->span_us, span);
    sim_text_span((int64_t)per_command, gap);
    printf("%" PRIu64 " seed%s from 0x%" PRIx64 ": all laws held\n", total->seeds,
           total->seeds == 1 ? "" : "s", arguments->seed);
    printf("  %" PRIu64 " commands, %" PRIu64 " events in %.2f s: %.2f M commands/s\n",
           total->commands, total->events, took, (double)total->commands / took / 1e6);
    printf("  they span %s, %.2g times real time, with a mean gap of %s between commands\n", span,
           total->span_us / 1e6 / took, gap);
    if (total->judged > 0)
        printf("  the judge passed what the clients of %" PRIu64 " worlds saw, %" PRIu64
               " commands and %" PRIu64 " events; of %" PRIu64
               " up to where the clock goes back, something is lost, or a server may do as it "
               "likes\n",
               total->judged, total->judged_commands, total->judged_events, total->judged_in_part);
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    printf("  no worker took more than %ld kB of memory", used.ru_maxrss);
    if (end->resident_kb[0] > 0)
        printf("; %ld kB after a tenth of its seeds, %ld after half, %ld after all",
               end->resident_kb[0], end->resident_kb[1], end->resident_kb[2]);
    putchar('\n');
    printf("  digest %016" PRIx64 "\n", total->digest);
}

/* One more thing that never came, and how it is said. */
static void print_one_missed(size_t *missed, const char *name, const char *words) {
    printf("%s%s%s%s", (*missed)++ == 0 ? "  never came: " : ", ", name, *words == '\0' ? "" : " ",
           words);
}

static void print_missed(const sim_campaign *total) {
    size_t missed = 0;
    for (int i = 0; i < SIM_OP_KINDS; i++) {
        const sim_op op = {.kind = (uint8_t)i};
        const char *words = sim_op_is_phrase(op.kind) ? sim_phrase_of(&op)->words : "";
        if (total->ops[i] == 0) print_one_missed(&missed, sim_op_name(op.kind), words);
    }
    for (int i = 0; i < SIM_SITE_MARKS; i++)
        if (total->marks[i] == 0) print_one_missed(&missed, sim_mark_name((sim_mark)i), "");
    for (int i = 0; i < SIM_FAULT_KINDS; i++)
        if (total->faults[i] == 0) print_one_missed(&missed, sim_fault_name((sim_fault_kind)i), "");
    for (int i = 0; i < SIM_CHANCES; i++)
        if (total->chances[i] == 0) print_one_missed(&missed, sim_chance_name((sim_chance)i), "");
    for (int i = 0; i < SIM_DIALECTS; i++)
        if (total->dialects[i] == 0) print_one_missed(&missed, sim_dialects[i], "");
    if (missed == 0) puts("  every command, fault, rare state and dialect came at least once");
    else putchar('\n');
}

static int run_campaign(const sim_arguments *arguments) {
    sim_campaign total = {0};
    double begin = sim_seconds();
    if (!sim_all_agree(arguments, check_determinism)) return SIM_STATUS_UNLIKE;
    sim_campaign_end end = sim_campaign_run(arguments, &total);
    if (end.crashed_by != 0) {
        printf("a worker crashed (signal %d) in seed 0x%" PRIx64 "\n"
               "  again: ttlspec sim --seed 0x%" PRIx64,
               end.crashed_by, end.crashed_seed, end.crashed_seed);
        sim_put_options(arguments);
        puts(" --jobs 1");
        return SIM_STATUS_CRASHED;
    }
    if (end.has_failed) return sim_tell_failure(arguments, end.failed_seed);
    if (end.was_interrupted) {
        printf("interrupted: %" PRIu64 " of %" PRIu64 " seeds done, all laws held\n"
               "  go on: ttlspec sim --seed 0x%" PRIx64 " --seeds %" PRIu64,
               total.seeds, arguments->seeds, end.next_seed,
               arguments->seeds - (end.next_seed - arguments->seed));
        sim_put_options(arguments);
        putchar('\n');
        return STATUS_INTERRUPTED;
    }
    print_figures(arguments, &total, &end, sim_seconds() - begin);
    print_missed(&total);
    sim_rules_print(total.rules, total.marked);
    return STATUS_CONFORMANT;
}

/* ---- the command line */

static bool parse_count(const char *text, uint64_t most, uint64_t *count) {
    char *end;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *count = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *count >= 1 && *count <= most;
}

static bool parse_count_or_none(const char *text, uint64_t most, uint64_t *count) {
    *count = 0;
    return strcmp(text, "0") == 0 || parse_count(text, most, count);
}

bool sim_parse_seed(const char *text, uint64_t *seed) {
    char digits[SEED_DIGITS + 1], *end;
    size_t length = strlen(text);
    bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (is_hex) text += 2;
    bool is_commit = !is_hex && length == COMMIT_DIGITS &&
                     strspn(text, "0123456789abcdefABCDEF") == COMMIT_DIGITS;
    if (is_commit) {
        memcpy(digits, text, SEED_DIGITS);
        digits[SEED_DIGITS] = '\0';
        text = digits;
    }
    if (strspn(text, is_hex || is_commit ? "0123456789abcdefABCDEF" : "0123456789") == 0)
        return false;
    errno = 0;
    *seed = strtoull(text, &end, is_hex || is_commit ? 16 : 10);
    return errno == 0 && *end == '\0';
}

/* Nobody said: any will do, and it is printed. */
static uint64_t drawn_seed(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = (uint64_t)now.tv_sec * 1000000007 ^ (uint64_t)now.tv_nsec << 20;
    return seed ^ (uint64_t)getpid() << 40;
}

const planted_kind *sim_find_planted(const char *name) {
    for (size_t i = 0; i < planted_count; i++)
        if (strcmp(planted_kinds[i].name, name) == 0) return &planted_kinds[i];
    return NULL;
}

enum option_code {
    OPTION_SEED = 256,
    OPTION_SEEDS,
    OPTION_COMMANDS,
    OPTION_JOBS,
    OPTION_JUDGE,
    OPTION_CHECK,
    OPTION_UNTIL,
    OPTION_SHOW,
    OPTION_LAST,
    OPTION_SVG,
    OPTION_OUT,
    OPTION_ON,
    OPTION_SPEC,
    OPTION_PLANT,
    OPTION_PLANTED,
    OPTION_SCENARIO,
    OPTION_BEYOND,
    OPTION_SCENARIOS,
    OPTION_REPLAY,
    OPTION_HELP,
};

static const struct option known[] = {{"seed", required_argument, NULL, OPTION_SEED},
                                      {"seeds", required_argument, NULL, OPTION_SEEDS},
                                      {"commands", required_argument, NULL, OPTION_COMMANDS},
                                      {"jobs", required_argument, NULL, OPTION_JOBS},
                                      {"judge", required_argument, NULL, OPTION_JUDGE},
                                      {"check-determinism", no_argument, NULL, OPTION_CHECK},
                                      {"until", required_argument, NULL, OPTION_UNTIL},
                                      {"show", no_argument, NULL, OPTION_SHOW},
                                      {"last", required_argument, NULL, OPTION_LAST},
                                      {"svg", required_argument, NULL, OPTION_SVG},
                                      {"out", required_argument, NULL, OPTION_OUT},
                                      {"on", required_argument, NULL, OPTION_ON},
                                      {"spec", required_argument, NULL, OPTION_SPEC},
                                      {"plant", required_argument, NULL, OPTION_PLANT},
                                      {"planted", no_argument, NULL, OPTION_PLANTED},
                                      {"scenario", required_argument, NULL, OPTION_SCENARIO},
                                      {"beyond", optional_argument, NULL, OPTION_BEYOND},
                                      {"scenarios", no_argument, NULL, OPTION_SCENARIOS},
                                      {"replay", required_argument, NULL, OPTION_REPLAY},
                                      {"help", no_argument, NULL, OPTION_HELP},
                                      {0}};

static int take_number(int option, sim_arguments *arguments) {
    const uint64_t most = UINT64_C(1) << 48;
    switch (option) {
    case OPTION_SEED:
        if (sim_parse_seed(optarg, &arguments->seed)) return STATUS_CONFORMANT;
        return cli_complain("sim", "%s is no seed: decimal, 0x and hexadecimal, or a commit",
                            optarg);
    case OPTION_SEEDS:
        if (parse_count(optarg, most, &arguments->seeds)) return STATUS_CONFORMANT;
        break;
    case OPTION_COMMANDS:
        if (parse_count(optarg, most, &arguments->commands)) return STATUS_CONFORMANT;
        break;
    case OPTION_JOBS:
        if (parse_count(optarg, JOBS_MOST, &arguments->jobs)) return STATUS_CONFORMANT;
        return cli_complain("sim", "--jobs is a number from 1 to %d, not %s", JOBS_MOST, optarg);
    case OPTION_JUDGE:
        if (parse_count_or_none(optarg, most, &arguments->judge)) return STATUS_CONFORMANT;
        return cli_complain("sim", "--judge is a number from 0 to %" PRIu64 ", not %s", most,
                            optarg);
    case OPTION_LAST:
        if (parse_count_or_none(optarg, most, &arguments->last)) return STATUS_CONFORMANT;
        return cli_complain("sim", "--last is a number from 0 to %" PRIu64 ", not %s", most,
                            optarg);
    default:
        arguments->has_until = true;
        if (parse_count(optarg, most, &arguments->until)) return STATUS_CONFORMANT;
    }
    return cli_complain("sim", "%s is no number from 1 to %" PRIu64, optarg, most);
}

/* "redis-7.0, redis-7.2 ..." */
static const char *dialect_names(void) {
    static char names[16 * SIM_DIALECTS];
    names[0] = '\0';
    for (size_t i = 0; i < SIM_DIALECTS; i++) {
        if (i > 0) strcat(names, ", ");
        strcat(names, sim_dialects[i]);
    }
    return names;
}

/* `is_done`: there is nothing to run any more. */
static int take_option(int option, char **argv, sim_arguments *arguments, bool *is_done) {
    switch (option) {
    case OPTION_SEED:
    case OPTION_SEEDS:
    case OPTION_COMMANDS:
    case OPTION_JOBS:
    case OPTION_JUDGE:
    case OPTION_LAST:
    case OPTION_UNTIL: return take_number(option, arguments);
    case OPTION_CHECK: arguments->checks_determinism = true; break;
    case OPTION_SHOW: arguments->shows = true; break;
    case OPTION_SVG:
        arguments->svg = optarg;
        arguments->shows = true;
        break;
    case OPTION_OUT: arguments->out = optarg; break;
    case OPTION_ON: arguments->on = optarg; break;
    case OPTION_PLANTED: arguments->shows_planted = true; break;
    case OPTION_PLANT: arguments->plant_name = optarg; break;
    case OPTION_SPEC:
        arguments->dialect = optarg;
        if (sim_dialect_of_name(optarg) == SIM_DIALECTS)
            return cli_complain("sim", "worlds have no dialect %s; they have %s", optarg,
                                dialect_names());
        break;
    case OPTION_SCENARIO: arguments->scenario = optarg; break;
    case OPTION_BEYOND:
        arguments->is_beyond = true;
        arguments->way = optarg;
        break;
    case OPTION_SCENARIOS: arguments->shows_scenarios = true; break;
    case OPTION_REPLAY: arguments->replay = optarg; break;
    case OPTION_HELP:
        fputs(usage, stdout);
        *is_done = true;
        break;
    default: return cli_complain_option("sim", option, argv);
    }
    return STATUS_CONFORMANT;
}

static bool is_directory(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Options that are of no use together are not passed over. */
static int check_together(const sim_arguments *arguments) {
    bool stops = arguments->has_until && !arguments->shows;
    int ways = arguments->shows + stops + (arguments->on != NULL) + arguments->shows_planted +
               arguments->checks_determinism;
    if (ways > 1)
        return cli_complain("sim", "--show, --until, --on, --planted and --check-determinism are "
                                   "each for themselves, but --show goes --until an event");
    if (ways > 0 && arguments->replay != NULL && is_directory(arguments->replay))
        return cli_complain("sim", "%s is a directory: one file of it can be shown",
                            arguments->replay);
    bool is_played = arguments->scenario != NULL || arguments->shows_scenarios;
    bool is_worlds = arguments->dialect != NULL || arguments->commands != COMMANDS_USUAL ||
                     arguments->judge != JUDGE_USUAL;
    if (is_played && is_worlds)
        return cli_complain("sim", "--spec, --commands and --judge are for worlds; a scenario says "
                                   "itself what its server and its clients are");
    return STATUS_CONFORMANT;
}

/* A world that a failure wrote is drawn, or stopped at an event. */
static int replay_world(sim_arguments *arguments) {
    sim_schedule schedule = {0};
    int status = STATUS_WRONG;
    if (sim_schedule_load(arguments->replay, arguments, &schedule))
        status = arguments->on != NULL                       ? sim_run_on(arguments)
                 : arguments->has_until && !arguments->shows ? print_until(arguments)
                                                             : sim_show(arguments);
    sim_schedule_free(&schedule);
    return status;
}

int sim_main(int argc, char **argv) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    sim_arguments arguments = {.seed = drawn_seed(),
                               .commands = COMMANDS_USUAL,
                               .judge = JUDGE_USUAL,
                               .last = ROWS_USUAL,
                               .jobs = processors < 1 ? 1 : (uint64_t)processors,
                               .out = "ttlspec-sim"};
    if (arguments.jobs > JOBS_MOST) arguments.jobs = JOBS_MOST;
    int status = STATUS_CONFORMANT;
    bool is_done = false;
    opterr = 0;
    for (int option;
         status == STATUS_CONFORMANT && (option = getopt_long(argc, argv, ":", known, NULL)) != -1;)
        status = take_option(option, argv, &arguments, &is_done);
    if (status != STATUS_CONFORMANT || is_done) return status;
    if (optind < argc)
        return cli_complain("sim", "%s is no option; see ttlspec sim --help", argv[optind]);
    status = check_together(&arguments);
    if (status != STATUS_CONFORMANT) return status;
    if (arguments.replay != NULL && is_directory(arguments.replay)) {
        status = sim_replay_all(&arguments);
        return cli_flush_stdout("sim") ? status : STATUS_WRONG;
    }
    if (arguments.replay != NULL && sim_schedule_is_file(arguments.replay)) {
        status = replay_world(&arguments);
        return cli_flush_stdout("sim") ? status : STATUS_WRONG;
    }
    if (arguments.scenario != NULL || arguments.shows_scenarios || arguments.replay != NULL) {
        status = sim_scenario_main(&arguments);
        return cli_flush_stdout("sim") ? status : STATUS_WRONG;
    }
    if (arguments.is_beyond)
        return cli_complain("sim", "--beyond is beyond the bounds of a --scenario: which one?");
    if (arguments.plant_name != NULL) arguments.plant = sim_find_planted(arguments.plant_name);
    if (arguments.plant_name != NULL && arguments.plant == NULL)
        return cli_complain("sim", "there is no fault %s; ttlspec sim --planted lists them",
                            arguments.plant_name);
    if (arguments.seeds == 0) arguments.seeds = 1;
    if (arguments.shows_planted) status = sim_print_planted(&arguments);
    else if (arguments.shows) status = sim_show(&arguments);
    else if (arguments.has_until) status = print_until(&arguments);
    else if (arguments.on != NULL) status = sim_run_on(&arguments);
    else status = run_campaign(&arguments);
    return cli_flush_stdout("sim") ? status : STATUS_WRONG;
}
