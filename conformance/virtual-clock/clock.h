/* The harness' side of the virtual clock: a control page that it makes, sets and removes.
 *
 *      virtual_clock_init(&clock, directory, start_us, error);
 *      setenv ... (server_start does) ; the server now lives at start_us
 *      virtual_clock_set(&clock, start_us + 100000);      the server sees it at its next look
 *
 * The clock stands still between two settings unless it was told to run. It is set from one
 * thread; any number of servers may read it.
 *
 * Cost: setting is five stores. Moving ten years costs as much as moving a millisecond.
 * Ownership: the clock owns its mapping and its file; virtual_clock_free removes both.
 */
#ifndef TTLSPEC_CONFORMANCE_VIRTUAL_CLOCK_CLOCK_H
#define TTLSPEC_CONFORMANCE_VIRTUAL_CLOCK_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct clock_page;

enum { VIRTUAL_CLOCK_PATH_SIZE = 512, VIRTUAL_CLOCK_ERROR_SIZE = 1024 };

typedef struct virtual_clock {
    struct clock_page *page;
    char path[VIRTUAL_CLOCK_PATH_SIZE]; /* what CLOCK_PAGE_VARIABLE has to say to a server */
} virtual_clock;

/* Makes the page in `directory` (which is the caller's own: nobody else may write there), frozen
 * at `now_us` microseconds since the epoch. False: a sentence in `error`
 * (VIRTUAL_CLOCK_ERROR_SIZE bytes). */
bool virtual_clock_init(virtual_clock *clock, const char *directory, int64_t now_us, char *error);
/* Removes the page. A server that still has it mapped keeps the last time. */
void virtual_clock_free(virtual_clock *clock);

/* Stands still at `now_us` from this call on. Any time may follow any other. */
void virtual_clock_set(virtual_clock *clock, int64_t now_us);
/* Runs from the clock's present, `rate_ppm` virtual microseconds for each real second: 1000000 is
 * real time, 0 stops, a negative rate runs back. */
void virtual_clock_run(virtual_clock *clock, int64_t rate_ppm);
int64_t virtual_clock_now_us(const virtual_clock *clock);
/* The servers' timers are due so much sooner: their monotonic clock jumps ahead, the wall clock
 * does not. */
void virtual_clock_hasten_timers(virtual_clock *clock, int64_t by_us);

/* How often servers were answered from the page: a server that is never counted does not use it. */
uint64_t virtual_clock_asked(const virtual_clock *clock);
/* The last process that mapped the page; 0: none did. */
pid_t virtual_clock_process(const virtual_clock *clock);

#endif
