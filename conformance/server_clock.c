#include "conformance/server_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { RATE_PPM = 500, RATES_ALIKE_PERCENT = 60, VAGUE_MAX = 20 };

static int64_t width_us(clock_reading reading) {
    return reading.received_us - reading.sent_us;
}

/* How far ahead of what a sound clock can have moved; negative: how far behind. */
static int64_t excess_us(clock_reading from, clock_reading to) {
    int64_t moved_us = to.server_us - from.server_us;
    int64_t most_us = to.received_us - from.sent_us, least_us = to.sent_us - from.received_us;
    most_us += most_us * RATE_PPM / 1000000 + 1;
    if (least_us < 0) least_us = 0;
    least_us -= least_us * RATE_PPM / 1000000 + 1;
    if (moved_us > most_us) return moved_us - most_us;
    return moved_us < least_us ? moved_us - least_us : 0;
}

/* So slow that another rate than ours could hide in them? */
static bool is_vague(clock_reading from, clock_reading to) {
    return 4 * (width_us(from) + width_us(to)) > to.sent_us - from.received_us;
}

static double rate_of(clock_reading from, clock_reading to) {
    int64_t ours_us = (to.sent_us + to.received_us - from.sent_us - from.received_us) / 2;
    return (double)(to.server_us - from.server_us) / (double)(ours_us > 0 ? ours_us : 1);
}

static void accuse(server_clock *self) {
    double first = self->rates[0], last = self->rates[1], apart = first - last;
    bool are_alike = self->odd > 1 && (apart < 0 ? -apart : apart) * 100 <=
                                          RATES_ALIKE_PERCENT * (first < 0 ? -first : first);
    bool stands = self->odd > 1 && first == 0 && last == 0;
    if (stands)
        snprintf(self->fault, sizeof self->fault,
                 "has a clock that stands still: TIME answered %" PRId64 ".%06d again and again",
                 self->last.server_us / 1000000, (int)(self->last.server_us % 1000000));
    else if (are_alike)
        snprintf(self->fault, sizeof self->fault,
                 "has a clock that runs at %.3f times the rate of ours, by its answers to TIME",
                 last);
    else
        snprintf(self->fault, sizeof self->fault,
                 "has a clock that jumped %s by at least %.3f ms during the run, by its answers to "
                 "TIME",
                 self->jump_us < 0 ? "back" : "forward",
                 (double)(self->jump_us < 0 ? -self->jump_us : self->jump_us) / 1000.0);
}

void server_clock_read(server_clock *self, clock_reading reading) {
    bool is_first = self->count++ == 0;
    self->before = self->last;
    self->last = reading;
    if (is_first || width_us(reading) <= width_us(self->sharpest)) self->sharpest = reading;
    if (is_first || self->fault[0] != '\0') return;
    int64_t ahead_us = excess_us(self->before, reading);
    if (ahead_us == 0 && self->odd == 0) return;
    if (ahead_us != 0) {
        if (self->odd == 0) self->jump_us = ahead_us;
        self->rates[self->odd > 0] = rate_of(self->before, reading);
        self->odd++;
    }
    self->is_suspect = true;
    if (ahead_us == 0 && is_vague(self->before, reading) && ++self->vague < VAGUE_MAX) return;
    if (ahead_us == 0 || self->odd > 1) accuse(self);
}

int64_t server_clock_offset_us(const server_clock *self) {
    clock_reading best = self->sharpest;
    return best.server_us - (best.sent_us + best.received_us) / 2;
}
