/* Many seeds at once: worker processes that share nothing but a page of counters. A worker that
 * crashes leaves its seed there. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, which POSIX forgot */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/sim.h"
#include "sim/random.h"

/* The engine of each so manieth world tells which of its rules it reaches. */
enum { WORKERS_MOST = 64, MARKED_EACH = 8 };

/* What a worker may keep of the memory of worlds that are over, for those to come. */
enum { KEPT_KB = 24 * 1024 };

typedef struct worker {
    pid_t pid;
    uint64_t at; /* the number of the seed that it is at; all of its own before are done */
    bool has_failed;
    uint64_t failed;
    long resident_kb[SIM_MILESTONES];
    sim_campaign sum;
} worker;

typedef struct board {
    volatile sig_atomic_t stops;
    worker workers[WORKERS_MOST];
} board;

/* For the signal handler alone. */
static board *shared;

static void ask_to_stop(int signal_number) {
    (void)signal_number;
    shared->stops = 1;
}

static void listen_for_interrupts(void) {
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void add_counts(uint64_t *to, const uint64_t *from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

/* The digest of a sum does not depend on the order in which seeds were done. */
static void add_sums(sim_campaign *sum, const sim_world_report *report, uint64_t seed) {
    uint64_t digest = seed;
    sim_digest_mix(&digest, report->digest);
    sum->digest += digest;
    sum->seeds++;
    sum->commands += report->commands;
    sum->events += report->events;
    sum->span_us += (double)report->span_us;
}

static void add_report(sim_campaign *sum, const sim_world_report *report, uint64_t seed) {
    add_sums(sum, report, seed);
    add_counts(sum->ops, report->ops, SIM_OP_KINDS);
    add_counts(sum->marks, report->marks, SIM_SITE_MARKS);
    add_counts(sum->faults, report->faults, SIM_FAULT_KINDS);
    add_counts(sum->chances, report->chances, SIM_CHANCES);
    sum->dialects[sim_dialect_of_name(report->dialect)]++;
}

/* False: the judge does not pass what the clients saw. */
static bool judge_world(sim_campaign *sum, const sim_recorder *recorder) {
    history traffic;
    judge_result result = sim_recorder_judge(recorder, &traffic);
    bool passes = result.answer == JUDGE_PASS;
    sim_recorder_sum told = sim_recorder_tell(recorder, &traffic);
    sum->judged++;
    sum->judged_in_part += told.was_cut;
    sum->judged_commands += told.commands;
    sum->judged_events += told.events;
    judge_result_free(&result);
    history_free(&traffic);
    return passes;
}

static bool run_play(const sim_arguments *arguments, uint64_t seed, sim_campaign *sum) {
    play *one = play_new(&(play_options){.scenario = arguments->script, .seed = seed});
    while (play_step(one)) continue;
    play_report report = play_tell(one);
    bool holds = report.broken == NULL && report.trouble == NULL;
    sim_world_report same = {.digest = report.digest,
                             .commands = report.commands,
                             .events = report.events,
                             .span_us = report.span_us};
    if (holds) add_sums(sum, &same, seed);
    add_counts(sum->moments, report.moments, PLAY_MOMENTS);
    play_free(one);
    return holds;
}

static bool somebody_failed_before(const board *b, uint64_t number) {
    for (size_t i = 0; i < WORKERS_MOST; i++)
        if (b->workers[i].has_failed && b->workers[i].failed < number) return true;
    return false;
}

/* ---- memory */

/* What this process takes of the memory now; 0: nobody says. */
static long resident_kb(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What is free goes back to the system. */
static void give_back(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/* Notes what it takes at a tenth, a half and the end of all seeds, when nothing is kept: if that
 * grows, something is lost. */
static void note_memory(worker *self, uint64_t done, uint64_t seeds) {
    const uint64_t milestones[SIM_MILESTONES] = {seeds / 10, seeds / 2, seeds};
    for (size_t i = 0; i < SIM_MILESTONES; i++) {
        if (self->resident_kb[i] != 0 || done < milestones[i]) continue;
        give_back();
        self->resident_kb[i] = resident_kb();
    }
}

/* ---- work */

/* Runs one world. False: it failed. */
static bool run_world(const sim_arguments *arguments, uint64_t seed, sim_campaign *sum) {
    planted fault;
    bool is_judged = arguments->judge > 0 && seed % arguments->judge == 0;
    sim_recorder *recorder = is_judged ? sim_recorder_new() : NULL;
    const sim_witness *witness = is_judged ? sim_recorder_witness(recorder) : NULL;
    const sim_world_kind *kind = seed % MARKED_EACH == 0 ? &sim_marked_world : &sim_usual_world;
    sim_world_options options =
        sim_world_options_of(arguments, seed, sim_plant(arguments, &fault), NULL, witness);
    sim_world *world = kind->new (&options);
    while (kind->step(world)) continue;
    sim_world_report report = kind->tell(world);
    sum->marked += kind == &sim_marked_world;
    if (is_judged) sim_recorder_set_dialect(recorder, report.dialect);
    bool holds = report.law == SIM_LAWS_HOLD && (!is_judged || judge_world(sum, recorder));
    if (holds) add_report(sum, &report, seed);
    if (is_judged) sim_recorder_free(recorder);
    kind->free(world);
    if (is_judged && resident_kb() > KEPT_KB) give_back();
    return holds;
}

/* Each `jobs`-th seed. Goes on while an earlier seed may still fail, so that the first that fails
 * is the same one whatever the number of workers. */
static void work(const sim_arguments *arguments, board *b, uint64_t first) {
    worker *self = &b->workers[first];
    sim_rules_count(self->sum.rules);
    for (uint64_t i = first; i < arguments->seeds; i += arguments->jobs) {
        self->at = i;
        note_memory(self, i, arguments->seeds);
        if (b->stops || somebody_failed_before(b, i)) return;
        uint64_t seed = arguments->seed + i;
        bool holds = arguments->script == NULL ? run_world(arguments, seed, &self->sum)
                                               : run_play(arguments, seed, &self->sum);
        if (holds) continue;
        self->failed = i;
        self->has_failed = true;
        return;
    }
    self->at = arguments->seeds;
    note_memory(self, arguments->seeds, arguments->seeds);
}

/* A worker that crashes stops the others: its seed is what there is to tell. */
static void wait_for_all(board *b, const sim_arguments *arguments, sim_campaign_end *end) {
    for (uint64_t waited = 0; waited < arguments->jobs;) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, 0);
        if (pid < 0 && errno != EINTR) abort();
        if (pid < 0) continue;
        waited++;
        if (!WIFSIGNALED(status) || end->crashed_by != 0) continue;
        end->crashed_by = WTERMSIG(status);
        for (uint64_t i = 0; i < arguments->jobs; i++)
            if (b->workers[i].pid == pid) end->crashed_seed = arguments->seed + b->workers[i].at;
        b->stops = 1;
    }
}

static void sum_up(const board *b, const sim_arguments *arguments, sim_campaign *total,
                   sim_campaign_end *end) {
    uint64_t next = arguments->seeds;
    for (uint64_t i = 0; i < arguments->jobs; i++) {
        const worker *one = &b->workers[i];
        const sim_campaign *sum = &one->sum;
        if (one->at < next) next = one->at;
        if (one->has_failed &&
            (!end->has_failed || arguments->seed + one->failed < end->failed_seed)) {
            end->has_failed = true;
            end->failed_seed = arguments->seed + one->failed;
        }
        for (size_t m = 0; m < SIM_MILESTONES; m++)
            if (one->resident_kb[m] > end->resident_kb[m])
                end->resident_kb[m] = one->resident_kb[m];
        total->seeds += sum->seeds;
        total->commands += sum->commands;
        total->events += sum->events;
        total->span_us += sum->span_us;
        total->digest += sum->digest;
        total->judged += sum->judged;
        total->judged_in_part += sum->judged_in_part;
        total->judged_commands += sum->judged_commands;
        total->judged_events += sum->judged_events;
        add_counts(total->ops, sum->ops, SIM_OP_KINDS);
        add_counts(total->marks, sum->marks, SIM_SITE_MARKS);
        add_counts(total->faults, sum->faults, SIM_FAULT_KINDS);
        add_counts(total->chances, sum->chances, SIM_CHANCES);
        add_counts(total->moments, sum->moments, PLAY_MOMENTS);
        add_counts(total->dialects, sum->dialects, SIM_DIALECTS);
        total->marked += sum->marked;
        add_counts(total->rules, sum->rules, SIM_RULES);
    }
    end->next_seed = arguments->seed + next;
    end->was_interrupted = b->stops && next < arguments->seeds;
}

bool sim_all_agree(const sim_arguments *arguments,
                   bool (*agrees)(const sim_arguments *arguments, uint64_t seed)) {
    if (!arguments->checks_determinism) return true;
    for (uint64_t i = 0; i < arguments->seeds; i++)
        if (!agrees(arguments, arguments->seed + i)) return false;
    printf("%" PRIu64 " seed%s went the same way twice\n", arguments->seeds,
           arguments->seeds == 1 ? "" : "s");
    return true;
}

sim_campaign_end sim_campaign_run(const sim_arguments *given, sim_campaign *total) {
    sim_campaign_end end = {0};
    sim_arguments arguments = *given;
    if (arguments.jobs > arguments.seeds) arguments.jobs = arguments.seeds;
    board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) abort();
    shared = b;
    listen_for_interrupts();
    fflush(NULL);
    for (uint64_t i = 0; i < arguments.jobs; i++) {
        b->workers[i].at = i;
        pid_t pid = fork();
        if (pid < 0) abort();
        if (pid == 0) {
            work(&arguments, b, i);
            _exit(0);
        }
        b->workers[i].pid = pid;
    }
    wait_for_all(b, &arguments, &end);
    sum_up(b, &arguments, total, &end);
    munmap(b, sizeof *b);
    return end;
}
