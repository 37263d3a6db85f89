/* What a zone costs: a moment that is tied to all others, a question, a copy, and a history of
 * moments as a judge would add them.
 *
 *      build/bench/conformance/bench_zone
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "conformance/zone.h"

enum { TICK_US = 1000, PACE_US = 20000, WIDTH_US = 300, ROUNDS_US = 200000 };

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Two variables for each unit, as the judge has them. */
typedef struct moment {
    zone_variable wall, tick;
    int64_t sent_us, received_us;
} moment;

/* Ties a new moment to the last `count` of the others by their brackets. */
static moment tie(zone *z, const moment *others, size_t count, int64_t sent_us) {
    moment it = {.sent_us = sent_us, .received_us = sent_us + WIDTH_US};
    it.wall = zone_add_variable(z);
    zone_constraint *star = malloc((2 * count + 1) * sizeof *star);
    if (star == NULL) abort();
    for (size_t i = 0; i < count; i++) {
        const moment *other = &others[i];
        int64_t most = it.received_us - other->sent_us, least = it.sent_us - other->received_us;
        star[2 * i] = (zone_constraint){it.wall, other->wall, most + most / 2000 + 1, 0};
        star[2 * i + 1] = (zone_constraint){other->wall, it.wall, -(least - least / 2000) + 1, 0};
    }
    if (!zone_attach(z, it.wall, 2 * count, star)) abort();
    free(star);
    it.tick = zone_add_tick(z, it.wall);
    return it;
}

/* Every tenth unit sets a deadline, the others ask whether it has passed. `keep`: how many moments
 * stay; the older are forgotten, as when no deadline counts from them any more. */
static void judge_like(size_t units, size_t keep) {
    moment *moments = malloc(units * sizeof *moments);
    if (moments == NULL) abort();
    int64_t begin = now_ns();
    int rounds = 0;
    size_t size = 0;
    do {
        zone *z = zone_new(TICK_US);
        size_t oldest = 0;
        for (size_t i = 0; i < units; i++) {
            moments[i] = tie(z, moments + oldest, i - oldest, (int64_t)i * PACE_US);
            moment setter = moments[i - i % 10 < oldest ? oldest : i - i % 10];
            bool after = zone_ask(z, setter.tick, moments[i].tick, -101 * TICK_US) == ZONE_IMPLIED;
            zone_constraint answer = {moments[i].tick, setter.tick, 100 * TICK_US, 0};
            if (after) answer = (zone_constraint){setter.tick, moments[i].tick, -101 * TICK_US, 0};
            if (!zone_add(z, answer)) abort();
            while (i - oldest >= keep) {
                zone_forget(z, moments[oldest].wall);
                zone_forget(z, moments[oldest++].tick);
            }
        }
        size = zone_size(z);
        zone_free(z);
        rounds++;
    } while (now_ns() - begin < ROUNDS_US * INT64_C(1000));
    double us = (double)(now_ns() - begin) / 1000.0 / rounds;
    printf("%6zu units, %4zu moments kept: %10.1f us, %8.2f us a unit (%zu variables at the end)\n",
           units, keep, us, us / (double)units, size);
    free(moments);
}

static void primitives(size_t units) {
    moment *moments = malloc(units * sizeof *moments);
    zone *z = zone_new(TICK_US);
    if (moments == NULL) abort();
    for (size_t i = 0; i < units; i++) moments[i] = tie(z, moments, i, (int64_t)i * PACE_US);
    enum { COPIES = 200, QUESTIONS = 1000000 };
    zone *copy = zone_copy(z);
    int64_t begin = now_ns();
    for (int i = 0; i < COPIES; i++) zone_assign(copy, z);
    double copy_us = (double)(now_ns() - begin) / 1000.0 / COPIES;
    begin = now_ns();
    uint64_t implied = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        zone_variable a = moments[i % units].tick, b = moments[(i * 7 + 1) % units].tick;
        implied += zone_ask(z, a, b, 100 * TICK_US) == ZONE_IMPLIED;
    }
    double ask_ns = (double)(now_ns() - begin) / QUESTIONS;
    zone_constraint lie = {moments[0].tick, moments[units - 1].tick, 0, 1};
    zone_constraint wish = {moments[units - 1].wall, moments[0].wall, WIDTH_US, 2};
    zone_chain chain = {0};
    begin = now_ns();
    bool refuted = units > 1 && zone_refute(z, wish, &chain);
    double refute_ms = (double)(now_ns() - begin) / 1e6;
    begin = now_ns();
    (void)zone_add(copy, lie);
    double add_us = (double)(now_ns() - begin) / 1000.0;
    printf("%6zu units: a copy %8.1f us, a question %5.1f ns, a constraint %7.1f us, ", units,
           copy_us, ask_ns, add_us);
    printf("a refutation %8.2f ms%s (%" PRIu64 " implied)\n", refute_ms,
           refuted ? "" : " (possible)", implied);
    zone_chain_free(&chain);
    zone_free(copy);
    zone_free(z);
    free(moments);
}

int main(void) {
    puts("A history as a judge adds it: a moment with its tick, tied to all that are kept, a");
    puts("question, an answer that binds.");
    static const size_t lengths[][2] = {{50, 50},  {50, 8},    {200, 200},
                                        {200, 16}, {1000, 16}, {1000, 64}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        judge_like(lengths[i][0], lengths[i][1]);
    }
    puts("\nOne at a time, in a zone of so many units.");
    static const size_t sizes[] = {10, 50, 200};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) primitives(sizes[i]);
    return 0;
}
