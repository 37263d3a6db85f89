/* What a world costs: commands a second of one core, and how much time they stand for. Counted in
 * processor time, so that a busy machine does not matter.
 *
 *      build/bench/sim/bench_sim
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/text.h"
#include "sim/world.h"

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void bench(const char *name, sim_profile profile, uint64_t worlds, uint64_t commands) {
    double begin = seconds();
    uint64_t done = 0;
    double span_us = 0;
    for (uint64_t seed = 1; seed <= worlds; seed++) {
        sim_world_options options = {.seed = seed, .commands = commands, .profile = profile};
        sim_world *world = sim_world_new(&options);
        while (sim_world_step(world)) continue;
        sim_world_report report = sim_world_tell(world);
        done += report.commands;
        span_us += (double)report.span_us;
        if (report.law != SIM_LAWS_HOLD) printf("seed %" PRIu64 ": %s\n", seed, report.what);
        sim_world_free(world);
    }
    double took = seconds() - begin;
    char span[SIM_SPAN_TEXT], gap[SIM_SPAN_TEXT];
    sim_text_span((int64_t)(span_us / (double)worlds), span);
    sim_text_span((int64_t)(span_us / (double)done), gap);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-34s %8.2f M commands/s  %10" PRIu64 " commands in %.2f s; a world spans %s, %.3g "
           "times real time, mean gap %s; memory %ld kB\n",
           name, (double)done / took / 1e6, done, took, span, span_us * 1e-6 / took, gap,
           usage.ru_maxrss);
}

int main(void) {
    bench("one client, one server", SIM_PROFILE_CALM, 8, 500000);
    bench("replica, log, faults, all laws", SIM_PROFILE_FULL, 8, 250000);
    bench("10,000 seeds of 1,000 commands", SIM_PROFILE_SWARM, 10000, 1000);
    return 0;
}
