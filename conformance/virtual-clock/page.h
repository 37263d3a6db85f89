/* The control page: how the harness tells a server what time it is.
 *
 *      harness --- writes ---> [ one page of a file ] <--- reads --- preload library in the server
 *
 * The page holds two readings; `generation` counts how often the time was set, and its lowest bit
 * says which of them holds. A writer fills the other one and then counts up, so a reader is never
 * kept waiting, not even by a writer that died half way. A reader that sees the generation move
 * while it reads begins again.
 *
 * A reading is a straight line: at the real (monotonic) instant `real_us` the virtual clock said
 * `virtual_us`, and since then it has gone `rate_ppm` microseconds for each second. Rate 0 is a
 * frozen clock.
 *
 * A server's timers go by the monotonic clock, which runs on. `timers_ahead_us` is added to it:
 * what is put there makes timers due, so that nobody has to wait for them. It only grows.
 *
 * Invariants: one writer; every field is accessed atomically; the layout is fixed by the version,
 * because the two sides may have been built at different times.
 * Cost of reading a frozen clock: four loads and one counter; a running one adds a system call.
 * Ownership: the harness makes and removes the file; a server only maps it.
 */
#ifndef TTLSPEC_CONFORMANCE_VIRTUAL_CLOCK_PAGE_H
#define TTLSPEC_CONFORMANCE_VIRTUAL_CLOCK_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

/* The environment variable that names the file. */
#define CLOCK_PAGE_VARIABLE "TTLSPEC_CLOCK_PAGE"

enum {
    CLOCK_PAGE_MAGIC = 0x6b6c6374, /* "tclk" */
    CLOCK_PAGE_VERSION = 2,
    CLOCK_PAGE_SIZE = 4096,
    CLOCK_RATE_REAL_PPM = 1000000, /* as fast as the real clock */
};

typedef struct page_reading {
    _Atomic int64_t virtual_us; /* since the epoch */
    _Atomic int64_t real_us;    /* CLOCK_MONOTONIC */
    _Atomic int64_t rate_ppm;
} page_reading;

typedef struct clock_page {
    _Atomic uint32_t magic; /* written last: a page without it is not ready */
    _Atomic uint32_t version;
    _Atomic uint32_t generation;
    _Atomic uint32_t process; /* who mapped the page last, 0: nobody */
    page_reading readings[2]; /* the one at generation & 1 holds */
    _Atomic uint64_t asked;   /* how often the library answered from the page */
    _Atomic int64_t timers_ahead_us;
} clock_page;

_Static_assert(sizeof(clock_page) == 80, "the layout of version 2");

/* What the virtual clock says, microseconds since the epoch. `monotonic_us` is asked only of a
 * clock that runs. */
static inline int64_t clock_page_now_us(const clock_page *page, int64_t (*monotonic_us)(void)) {
    for (;;) {
        uint32_t generation = atomic_load_explicit(&page->generation, memory_order_acquire);
        const page_reading *reading = &page->readings[generation & 1];
        int64_t now_us = atomic_load_explicit(&reading->virtual_us, memory_order_relaxed);
        int64_t real_us = atomic_load_explicit(&reading->real_us, memory_order_relaxed);
        int64_t rate_ppm = atomic_load_explicit(&reading->rate_ppm, memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&page->generation, memory_order_relaxed) != generation) continue;
        if (rate_ppm == 0) return now_us;
        double elapsed_us = (double)(monotonic_us() - real_us);
        return now_us + (int64_t)(elapsed_us * ((double)rate_ppm / CLOCK_RATE_REAL_PPM));
    }
}

#endif
