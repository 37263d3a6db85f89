#include "conformance/virtual-clock/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "conformance/virtual-clock/page.h"

static int64_t monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Puts a reading in force. The store of the generation publishes it; the fence keeps its fields
 * from being written before the former generation is there for every reader. */
static void page_set(clock_page *page, int64_t virtual_us, int64_t rate_ppm) {
    uint32_t next = atomic_load_explicit(&page->generation, memory_order_relaxed) + 1;
    page_reading *reading = &page->readings[next & 1];
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&reading->virtual_us, virtual_us, memory_order_relaxed);
    atomic_store_explicit(&reading->real_us, monotonic_us(), memory_order_relaxed);
    atomic_store_explicit(&reading->rate_ppm, rate_ppm, memory_order_relaxed);
    atomic_store_explicit(&page->generation, next, memory_order_release);
}

static bool page_fail(virtual_clock *clock, int file, char *error) {
    snprintf(error, VIRTUAL_CLOCK_ERROR_SIZE, "cannot make the virtual clock's page %s: %s",
             clock->path, strerror(errno));
    if (file >= 0) {
        close(file);
        unlink(clock->path);
    }
    clock->page = NULL;
    return false;
}

bool virtual_clock_init(virtual_clock *clock, const char *directory, int64_t now_us, char *error) {
    clock->page = NULL;
    int length = snprintf(clock->path, sizeof clock->path, "%s/clock", directory);
    if (length < 0 || (size_t)length >= sizeof clock->path) {
        errno = ENAMETOOLONG;
        return page_fail(clock, -1, error);
    }
    int file = open(clock->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0 || ftruncate(file, CLOCK_PAGE_SIZE) != 0) return page_fail(clock, file, error);
    void *mapped = mmap(NULL, CLOCK_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) return page_fail(clock, file, error);
    close(file);
    clock->page = mapped;
    atomic_store(&clock->page->version, CLOCK_PAGE_VERSION);
    page_set(clock->page, now_us, 0);
    atomic_store(&clock->page->magic, CLOCK_PAGE_MAGIC);
    return true;
}

void virtual_clock_free(virtual_clock *clock) {
    if (clock->page == NULL) return;
    munmap(clock->page, CLOCK_PAGE_SIZE);
    unlink(clock->path);
    clock->page = NULL;
}

void virtual_clock_set(virtual_clock *clock, int64_t now_us) {
    page_set(clock->page, now_us, 0);
}

void virtual_clock_run(virtual_clock *clock, int64_t rate_ppm) {
    page_set(clock->page, virtual_clock_now_us(clock), rate_ppm);
}

int64_t virtual_clock_now_us(const virtual_clock *clock) {
    return clock_page_now_us(clock->page, monotonic_us);
}

void virtual_clock_hasten_timers(virtual_clock *clock, int64_t by_us) {
    atomic_fetch_add_explicit(&clock->page->timers_ahead_us, by_us, memory_order_relaxed);
}

uint64_t virtual_clock_asked(const virtual_clock *clock) {
    return atomic_load_explicit(&clock->page->asked, memory_order_relaxed);
}

pid_t virtual_clock_process(const virtual_clock *clock) {
    return (pid_t)atomic_load_explicit(&clock->page->process, memory_order_relaxed);
}
