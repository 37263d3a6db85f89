/* What a real server under the virtual clock costs: checked steps a second on one redis-server
 * through a unix socket, and what the clock itself costs the server.
 *
 *      build/bench/conformance/bench_exec      from the root of the project: it runs ./vectors
 */
#define _GNU_SOURCE /* sched_setaffinity */
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/live.h"
#include "conformance/loader.h"
#include "conformance/process.h"
#include "conformance/runner.h"
#include "conformance/target_exec.h"

enum { RUNS = 3, JOBS = 2, ROUNDS = 15, REQUESTS = 50000 };

/* -- processor time -------------------------------------------------------------------------- */

/* Microseconds of processor time that all threads of the process have used. */
static double cpu_us(pid_t process) {
    char path[64];
    double used_us = 0;
    glob_t threads;
    snprintf(path, sizeof path, "/proc/%d/task/*/schedstat", (int)process);
    if (glob(path, 0, NULL, &threads) != 0) return 0;
    for (size_t i = 0; i < threads.gl_pathc; i++) {
        double used_ns = 0;
        FILE *stat = fopen(threads.gl_pathv[i], "r");
        if (stat == NULL) continue;
        if (fscanf(stat, "%lf", &used_ns) == 1) used_us += used_ns / 1e3;
        fclose(stat);
    }
    globfree(&threads);
    return used_us;
}

/* -- checked steps --------------------------------------------------------------------------- */

/* The vectors that one process runs: those that restart it, and those that need a replica beside
 * it, cost what starting a server costs. */
static size_t of_one_process(const vector_set *set, const vector **steady) {
    const unsigned more = VECTOR_NEEDS_RESTART | VECTOR_NEEDS_REPLICA;
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        if ((set->vectors[i]->needs & more) == 0) steady[count++] = set->vectors[i];
    return count;
}

/* We and the server wait for one another: on one processor neither has to be woken on another one,
 * which on an idle machine takes longer than the step. False: it is not ours to say. */
static bool share_processor(pid_t server, cpu_set_t *before) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    return sched_getaffinity(0, sizeof *before, before) == 0 &&
           sched_setaffinity(0, sizeof one, &one) == 0 &&
           sched_setaffinity(server, sizeof one, &one) == 0;
}

static void part_processors(pid_t server, const cpu_set_t *before) {
    sched_setaffinity(0, sizeof *before, before);
    sched_setaffinity(server, sizeof *before, before);
}

/* The best of some runs on so many processes of the server. */
static void bench_jobs(target *on, const vector **steady, size_t steady_count, size_t jobs) {
    double best = 0, least_us = 0;
    size_t steps = 0, vectors = 0;
    for (int i = 0; i < RUNS; i++) {
        results all = {0};
        result_run *run = results_add_run(&all);
        runner how = {.target = on, .spec = on->dialect, .run_id = "bench", .jobs = jobs};
        pid_t server = ((exec_target *)on)->server.pid;
        double used_us = -cpu_us(getpid()) - cpu_us(server);
        runner_run(&how, steady, steady_count, run);
        used_us += cpu_us(getpid()) + cpu_us(server);
        steps = vectors = 0;
        for (size_t v = 0; v < run->count; v++) {
            vectors += run->vectors[v].step_count > 0;
            steps += run->vectors[v].step_count;
        }
        double rate = (double)steps * 1e6 / (double)run->duration_us;
        if (rate > best) best = rate;
        if (i == 0 || used_us < least_us) least_us = used_us;
        results_free(&all);
    }
    printf(
        "  checked steps  %8.0f a second on %zu process%s (%zu steps of %zu vectors, the best of "
        "%d runs)\n",
        best, jobs, jobs == 1 ? "" : "es", steps, vectors, RUNS);
    if (jobs == 1)
        printf("                 %8.1f us of processor each, ours and the server's\n",
               least_us / (double)steps);
}

static void bench_steps(target *on, const vector_set *set) {
    const vector **steady = calloc(set->count, sizeof *steady);
    if (steady == NULL) return;
    size_t steady_count = of_one_process(set, steady);
    printf("exec: %s under the virtual clock\n", on->server);
    for (size_t jobs = 1; jobs <= JOBS; jobs++) bench_jobs(on, steady, steady_count, jobs);
    pid_t server = ((exec_target *)on)->server.pid;
    cpu_set_t before;
    if (share_processor(server, &before)) {
        puts("  where that one process shares a processor with us:");
        bench_jobs(on, steady, steady_count, 1);
        part_processors(server, &before);
    }
    free(steady);
}

static int bench_vectors(void) {
    static const target_options options = {0};
    char error[TARGET_ERROR_SIZE];
    bool is_usage = false;
    const char *place = "vectors";
    vector_set set = {0};
    problem_list problems = {0};
    if (!loader_load(&set, &place, 1, NULL, &problems)) {
        fputs("bench_exec: there are no sound vectors in ./vectors\n", stderr);
        return 2;
    }
    target *on = target_open("exec:redis-server", &options, &is_usage, error);
    if (on == NULL) fprintf(stderr, "bench_exec: redis-server %s\n", error);
    else bench_steps(on, &set);
    int status = on == NULL ? 3 : 0;
    target_close(on);
    problem_list_free(&problems);
    vector_set_free(&set);
    return status;
}

/* -- the clock's cost ------------------------------------------------------------------------ */

/* Requests a second that redis-benchmark gets. */
static double benchmark(const server_process *server) {
    char command[512], line[512];
    double rate = 0;
    snprintf(command, sizeof command,
             "redis-benchmark -s %s -c 20 -P 4 -n %d -r 1000 --csv psetex key:__rand_int__ 100000 v"
             " 2>/dev/null",
             server->socket, REQUESTS);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) return 0;
    while (fgets(line, sizeof line, pipe) != NULL) {
        const char *comma = strstr(line, "\",\"");
        if (comma != NULL && strtod(comma + 3, NULL) > 0) rate = strtod(comma + 3, NULL);
    }
    pclose(pipe);
    return rate;
}

typedef struct side {
    server_options options;
    server_process server;
    double rate[ROUNDS], cpu[ROUNDS]; /* requests a second, and microseconds for each */
} side;

static bool side_start(side *self, virtual_clock *clock, const char *preload) {
    static const char *const command[] = {"redis-server", NULL};
    char error[SERVER_ERROR_SIZE];
    self->options = (server_options){.command = command, .clock = clock, .preload = preload};
    bool started = server_start(&self->server, &self->options, error);
    if (!started) fprintf(stderr, "bench_exec: %s\n", error);
    return started;
}

static void measure(side *self, int round) {
    double before = cpu_us(self->server.pid);
    self->rate[round] = benchmark(&self->server);
    self->cpu[round] = (cpu_us(self->server.pid) - before) / REQUESTS;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values) {
    double sorted[ROUNDS];
    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, compare_doubles);
    return sorted[ROUNDS / 2];
}

static double median_ratio(const double *over, const double *under) {
    double ratios[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) ratios[i] = under[i] > 0 ? over[i] / under[i] : 0;
    return median(ratios);
}

/* Both servers in turn, now the one first and now the other, so that what else the machine does
 * falls on both; and each round by itself, so that a slow one does not count more than another. */
static void compare(side sides[2]) {
    static const char *const names[] = {"without the clock", "with it"};
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < 2; i++) measure(&sides[(round + i) % 2], round);
    for (int i = 0; i < 2; i++)
        printf("  redis-benchmark %-18s %8.0f requests a second, %.2f us of processor each\n",
               names[i], median(sides[i].rate), median(sides[i].cpu));
    printf(
        "  under the clock: %.1f %% of the throughput, %.1f %% of the processor time (medians of "
        "%d rounds)\n",
        100 * median_ratio(sides[1].rate, sides[0].rate),
        100 * median_ratio(sides[1].cpu, sides[0].cpu), ROUNDS);
}

static int bench_clock(void) {
    char preload[1024], error[SERVER_ERROR_SIZE];
    scratch_directory scratch;
    virtual_clock clock;
    side sides[2] = {0};
    if (system("command -v redis-benchmark >/dev/null") != 0) {
        puts("  without redis-benchmark the clock's own cost is left out");
        return 0;
    }
    if (!preload_find(preload, sizeof preload) || !scratch_open(&scratch, error)) return 3;
    bool ready = virtual_clock_init(&clock, scratch.path, INT64_C(1767225600000000), error) &&
                 side_start(&sides[0], NULL, NULL) && side_start(&sides[1], &clock, preload);
    if (ready) compare(sides);
    for (int i = 0; i < 2; i++) server_stop(&sides[i].server);
    virtual_clock_free(&clock);
    scratch_close(&scratch);
    return ready ? 0 : 3;
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    int status = bench_vectors();
    return status != 0 ? status : bench_clock();
}
