/* The wall clock of a node: what it believes the time to be.
 *
 *      wall = base + elapsed * (1 + drift) + strobe
 *
 * True time of the world is microseconds from 0. A wall clock may be off from the start, drift,
 * jump, swing to and fro, and stall; each change takes effect at a true moment. Whole numbers only.
 */
#ifndef TTLSPEC_SIM_WALL_H
#define TTLSPEC_SIM_WALL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_wall {
    int64_t base_us, since_us; /* what it showed at the true moment `since_us` */
    int64_t drift_ppm;
    bool is_stalled;
    int64_t strobe_us, strobe_period_us; /* 0: it does not swing */
} sim_wall;

/* Microseconds since the epoch at the true moment `now_us`, which is not before the last change. */
int64_t sim_wall_at(const sim_wall *wall, int64_t now_us);
/* A true moment at which the clock may first show `wall_us`, not before `now_us`. A guess when the
 * clock swings or stalls: ask sim_wall_at. */
int64_t sim_wall_when(const sim_wall *wall, int64_t now_us, int64_t wall_us);

void sim_wall_jump(sim_wall *wall, int64_t now_us, int64_t by_us);
void sim_wall_set_drift(sim_wall *wall, int64_t now_us, int64_t ppm);
void sim_wall_stall(sim_wall *wall, int64_t now_us, bool is_stalled);
void sim_wall_strobe(sim_wall *wall, int64_t now_us, int64_t by_us, int64_t period_us);

#endif
