/* The clock of `ttlspec serve`: the machine's, or one that stands still until it is told.
 *
 *      TTLSPEC CLOCK GET            the present, milliseconds since the epoch
 *      TTLSPEC CLOCK ADVANCE ms     moves it on; answers the new present
 *      TTLSPEC CLOCK SET ms         moves it anywhere, back too; answers the new present
 *
 * A manual clock begins at the wall-clock time of the start, so that absolute deadlines mean what
 * a client expects, and without a fraction of a millisecond, so that arithmetic on it is exact.
 *
 * Ownership: a plain value; nothing to free.
 */
#ifndef TTLSPEC_CLI_SERVE_CLOCK_H
#define TTLSPEC_CLI_SERVE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "ttlspec/engine.h"

typedef struct serve_clock {
    bool manual;
    bool moved;     /* a client has told a manual clock the time at least once */
    int64_t now_us; /* of a manual clock */
} serve_clock;

void serve_clock_init(serve_clock *clock, bool manual);
/* Microseconds since the epoch. */
int64_t serve_clock_now_us(const serve_clock *clock);
/* The same clock as the engine takes it. */
ttl_clock serve_clock_for_engine(serve_clock *clock);

/* Answers the command if it is TTLSPEC, and tells whether it was. */
bool serve_clock_answer(serve_clock *clock, size_t argc, const ttl_bytes *argv, ttl_reply *reply);

#endif
