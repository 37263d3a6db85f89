/* libttlclock.so: gives an unmodified server our clock.
 *
 * Loaded with LD_PRELOAD, it answers the three calls by which a server learns the wall-clock time
 * from the page that TTLSPEC_CLOCK_PAGE names. Every other clock is the kernel's: a server's timers
 * run on the monotonic one, so its cron and its active expiry go on while the wall clock stands.
 * The page may put that one ahead.
 *
 * jemalloc's background thread keeps the kernel's time. It adds to the time of day how long it
 * means to sleep, and the kernel wakes it at that moment; one that is past by the kernel's clock
 * would not let it sleep at all, and it would eat a processor.
 *
 * Valkey from 9.1 on adds the processor's time-stamp counter to a time that it read earlier, which
 * no library call shows; it does so only when /proc/cpuinfo lists `constant_tsc`. So the library
 * answers the opening of that file with a copy without the flag, and the server asks for the time
 * again.
 *
 * It must load into any server's process, through any release's C library: nothing here allocates
 * before main, and no symbol is used that glibc 2.17 did not have (memfd_create is called by its
 * number). _IO_fopen is glibc's own other name for fopen: the way to the real one without dlsym,
 * which moved between libraries in glibc 2.34.
 *
 * Without the variable, or with a file that is not a page of this version, all is as if the
 * library were not there; the harness notices by asking the server for its time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "conformance/virtual-clock/page.h"

#define EXPORT __attribute__((visibility("default")))

enum { MICROSECONDS = 1000000, NANOSECONDS = 1000000000 };

static clock_page *page; /* NULL: the kernel's clock */

FILE *_IO_fopen(const char *path, const char *mode);

/* The kernel's clock without a system call, as the C library has it: a server reads the monotonic
 * clock several times for each command, and a system call is ten times as dear. NULL: there is
 * none. */
typedef int clock_function(clockid_t clock, struct timespec *now);
static clock_function *fast_clock;

#if defined(__aarch64__)
static const char fast_clock_name[] = "__kernel_clock_gettime";
#else
static const char fast_clock_name[] = "__vdso_clock_gettime";
#endif

/* Finds it in the small library that the kernel maps into every process (the vDSO). In there, as
 * linkers lay it out, the names begin where the symbols end. */
static clock_function *fast_clock_find(void) {
    const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
    if (image == NULL) return NULL;
    const ElfW(Ehdr) *header = (const void *)image;
    const ElfW(Phdr) *segment = (const void *)(image + header->e_phoff);
    const ElfW(Dyn) *dynamic = NULL;
    const char *base = NULL, *names = NULL;
    const ElfW(Sym) *symbol = NULL;
    for (int i = 0; i < header->e_phnum; i++, segment++) {
        if (segment->p_type == PT_LOAD && base == NULL) base = image - segment->p_vaddr;
        if (segment->p_type == PT_DYNAMIC) dynamic = (const void *)(image + segment->p_offset);
    }
    for (; base != NULL && dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
        if (dynamic->d_tag == DT_STRTAB) names = base + dynamic->d_un.d_ptr;
        if (dynamic->d_tag == DT_SYMTAB) symbol = (const void *)(base + dynamic->d_un.d_ptr);
    }
    if (names == NULL || symbol == NULL) return NULL;
    for (; (const char *)(symbol + 1) <= names; symbol++) {
        if (strcmp(names + symbol->st_name, fast_clock_name) != 0) continue;
        return (clock_function *)(uintptr_t)(base + symbol->st_value);
    }
    return NULL;
}

static int kernel_clock(clockid_t clock, struct timespec *now) {
    if (fast_clock == NULL) return (int)syscall(SYS_clock_gettime, clock, now);
    int error = fast_clock(clock, now); /* as the kernel: minus the errno */
    if (error == 0) return 0;
    errno = -error;
    return -1;
}

static int64_t monotonic_us(void) {
    struct timespec now;
    kernel_clock(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

__attribute__((constructor)) static void page_map(void) {
    const char *path = getenv(CLOCK_PAGE_VARIABLE);
    if (path == NULL) return;
    fast_clock = fast_clock_find();
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    off_t size = lseek(file, 0, SEEK_END); /* to touch a page past the end of a file is fatal */
    clock_page *mapped = MAP_FAILED;
    if (size >= CLOCK_PAGE_SIZE) {
        mapped = mmap(NULL, CLOCK_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    close(file);
    if (mapped == MAP_FAILED) return;
    if (atomic_load(&mapped->magic) != CLOCK_PAGE_MAGIC ||
        atomic_load(&mapped->version) != CLOCK_PAGE_VERSION) {
        munmap(mapped, CLOCK_PAGE_SIZE);
        return;
    }
    page = mapped;
    atomic_store(&page->process, (uint32_t)getpid());
}

/* The virtual time, split into whole seconds and the microseconds above them, also before 1970. */
static void virtual_now(time_t *seconds, long *microseconds) {
    int64_t now_us = clock_page_now_us(page, monotonic_us);
    int64_t rest_us = now_us % MICROSECONDS;
    if (rest_us < 0) rest_us += MICROSECONDS;
    *seconds = (time_t)((now_us - rest_us) / MICROSECONDS);
    *microseconds = (long)rest_us;
    atomic_fetch_add_explicit(&page->asked, 1, memory_order_relaxed);
}

/* Whose time this thread lives by, found out when it first asks. */
enum { THREAD_UNKNOWN, THREAD_VIRTUAL, THREAD_REAL };
static __thread __attribute__((tls_model("initial-exec"))) char thread_time;

static bool thread_learn(void) {
    static const char allocator[] = "jemalloc";
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    bool is_allocator = strncmp(name, allocator, sizeof allocator - 1) == 0;
    thread_time = is_allocator ? THREAD_REAL : THREAD_VIRTUAL;
    return !is_allocator;
}

static inline bool is_virtual(void) {
    return page != NULL &&
           (thread_time == THREAD_VIRTUAL || (thread_time == THREAD_UNKNOWN && thread_learn()));
}

/* The kernel's monotonic clock, put ahead. */
static int timers_clock(struct timespec *now) {
    int64_t ahead_us = atomic_load_explicit(&page->timers_ahead_us, memory_order_relaxed);
    int failed = kernel_clock(CLOCK_MONOTONIC, now);
    if (failed || ahead_us == 0) return failed;
    int64_t nanoseconds = now->tv_nsec + ahead_us % MICROSECONDS * 1000;
    now->tv_sec += (time_t)(ahead_us / MICROSECONDS + nanoseconds / NANOSECONDS);
    now->tv_nsec = (long)(nanoseconds % NANOSECONDS);
    return 0;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *now) {
    bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if ((!is_wall && clock != CLOCK_MONOTONIC) || !is_virtual()) return kernel_clock(clock, now);
    if (!is_wall) return timers_clock(now);
    long microseconds;
    virtual_now(&now->tv_sec, &microseconds);
    now->tv_nsec = microseconds * 1000;
    return 0;
}

EXPORT int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    if (!is_virtual()) return (int)syscall(SYS_gettimeofday, now, zone);
    if (zone != NULL) memset(zone, 0, sizeof(struct timezone));
    virtual_now(&now->tv_sec, &now->tv_usec);
    return 0;
}

EXPORT time_t time(time_t *result) {
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}

/* Copies the whole of `from` to `to`. Returns how many bytes, -1 on an error. */
static off_t file_copy(int from, int to) {
    char buffer[4096];
    off_t total = 0;
    for (;;) {
        ssize_t length = read(from, buffer, sizeof buffer);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) return length < 0 ? -1 : total;
        if (write(to, buffer, (size_t)length) != length) return -1;
        total += length;
    }
}

/* Overwrites every `constant_tsc` in `file` with blanks. */
static int file_hide_flag(int file, off_t size) {
    static const char flag[] = "constant_tsc";
    const size_t length = sizeof flag - 1;
    char *text = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (text == MAP_FAILED) return -1;
    char *end = text + size;
    for (char *at = text; (at = memmem(at, (size_t)(end - at), flag, length)) != NULL;) {
        memset(at, ' ', length);
    }
    munmap(text, (size_t)size);
    return 0;
}

/* /proc/cpuinfo without the flag, as a stream. NULL: it could not be made. */
static FILE *cpuinfo_open(void) {
    int original = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
    if (original < 0) return NULL;
    int copy = (int)syscall(SYS_memfd_create, "cpuinfo", 1U /* MFD_CLOEXEC */);
    off_t size = copy < 0 ? -1 : file_copy(original, copy);
    close(original);
    FILE *stream = NULL;
    if (size > 0 && file_hide_flag(copy, size) == 0 && lseek(copy, 0, SEEK_SET) == 0) {
        stream = fdopen(copy, "r");
    }
    if (stream == NULL && copy >= 0) close(copy);
    return stream;
}

EXPORT FILE *fopen(const char *restrict path, const char *restrict mode) {
    if (page != NULL && strcmp(path, "/proc/cpuinfo") == 0) {
        FILE *stream = cpuinfo_open();
        if (stream != NULL) return stream;
    }
    return _IO_fopen(path, mode);
}

EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode) {
    return fopen(path, mode);
}
