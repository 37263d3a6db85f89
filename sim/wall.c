#include "sim/wall.h"

enum { MILLION = 1000000 };

/* Without the swing. */
static int64_t steady(const sim_wall *wall, int64_t now_us) {
    if (wall->is_stalled) return wall->base_us;
    int64_t elapsed_us = now_us - wall->since_us;
    if (wall->drift_ppm == 0) return wall->base_us + elapsed_us;
    int64_t drift_us =
        elapsed_us / MILLION * wall->drift_ppm + elapsed_us % MILLION * wall->drift_ppm / MILLION;
    return wall->base_us + elapsed_us + drift_us;
}

int64_t sim_wall_at(const sim_wall *wall, int64_t now_us) {
    int64_t shown_us = steady(wall, now_us);
    if (wall->strobe_us == 0) return shown_us;
    bool is_away = (now_us - wall->since_us) / wall->strobe_period_us % 2 == 1;
    return is_away ? shown_us + wall->strobe_us : shown_us;
}

int64_t sim_wall_when(const sim_wall *wall, int64_t now_us, int64_t wall_us) {
    int64_t missing_us = wall_us - sim_wall_at(wall, now_us);
    return missing_us <= 0 ? now_us : now_us + missing_us - missing_us / MILLION * wall->drift_ppm;
}

/* From here on the clock is counted from what it shows now. */
static void rebase(sim_wall *wall, int64_t now_us) {
    wall->base_us = steady(wall, now_us);
    wall->since_us = now_us;
}

void sim_wall_jump(sim_wall *wall, int64_t now_us, int64_t by_us) {
    rebase(wall, now_us);
    wall->base_us += by_us;
}

void sim_wall_set_drift(sim_wall *wall, int64_t now_us, int64_t ppm) {
    rebase(wall, now_us);
    wall->drift_ppm = ppm;
}

void sim_wall_stall(sim_wall *wall, int64_t now_us, bool is_stalled) {
    rebase(wall, now_us);
    wall->is_stalled = is_stalled;
}

void sim_wall_strobe(sim_wall *wall, int64_t now_us, int64_t by_us, int64_t period_us) {
    rebase(wall, now_us);
    wall->strobe_us = by_us;
    wall->strobe_period_us = period_us;
}
