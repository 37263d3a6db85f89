/* A live server's clock, as its answers to TIME show it.
 *
 *      ours     sent |------| received           sent |------| received
 *      TIME              12.000100                        12.050090
 *
 * Each answer says what the clock showed at some moment between its sending and its arrival. Two of
 * them bound how far the clock moved, and a clock that moved less or more, by more than the rate of
 * two sound clocks can differ, stands still, runs at another rate, or was set. Which of them it is
 * shows the reading after next, so while `is_suspect` holds nothing should be decided.
 *
 * Cost: constant. Ownership: there is none.
 */
#ifndef CONFORMANCE_SERVER_CLOCK_H
#define CONFORMANCE_SERVER_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All in microseconds: on our clock, and since the epoch on the server's. */
typedef struct clock_reading {
    int64_t sent_us, received_us, server_us;
} clock_reading;

typedef struct server_clock {
    size_t count; /* of readings */
    clock_reading last, before, sharpest;
    size_t odd;      /* how many distances in a row no sound clock could have moved */
    double rates[2]; /* how fast it ran meanwhile, by the first and by the last of them */
    int64_t jump_us; /* how far ahead of a sound clock it got in the first of them */
    size_t vague;    /* readings since then that were too slow to tell which */
    bool is_suspect;
    char fault[192]; /* "": none is known; else what follows "the target ..." */
} server_clock;

/* Takes a reading later than all before. */
void server_clock_read(server_clock *clock, clock_reading reading);
/* The server's clock minus ours, as well as it is known. */
int64_t server_clock_offset_us(const server_clock *clock);

#endif
