/* How fast the engine is and how much memory a key costs, through its public API with argument
 * vectors, beside the figures that the project promises.
 *
 *      build/bench/bench_engine [--keys N] [--quick]
 *
 * Prints one aligned line a measurement. The machine's own numbers stand on top: figures of
 * different machines are not to be compared, ratios are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ttlspec/ttlspec.h"

enum {
    KEY_LENGTH = 16,
    PIPELINE = 16, /* how far ahead a caller with a pipeline asks for memory */
    US_PER_MS = 1000,
    HOUR_MS = 3600 * 1000,
};

/* ---- a clock that is moved by hand, and a stopwatch */

static int64_t clock_now_us(void *context) {
    return *(int64_t *)context;
}

static double stopwatch_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* ---- commands prepared beforehand, as a parser would hand them over */

struct world {
    int64_t now_us;
    ttl_engine *engine;
    ttl_session *session;
    ttl_reply reply;
    size_t keys;
    char *names; /* KEY_LENGTH bytes each, in the random order in which they are used */
    uint64_t random;
};

static void fail(const char *what) {
    fprintf(stderr, "bench_engine: %s\n", what);
    exit(3);
}

static ttl_bytes name_of(const struct world *world, size_t index) {
    return (ttl_bytes){world->names + index * KEY_LENGTH, KEY_LENGTH};
}

static void world_shuffle(struct world *world) {
    for (size_t i = world->keys; i-- > 1;) {
        char swapped[KEY_LENGTH], *a = world->names + i * KEY_LENGTH;
        char *b = world->names + random_next(&world->random) % (i + 1) * KEY_LENGTH;
        memcpy(swapped, a, KEY_LENGTH);
        memcpy(a, b, KEY_LENGTH);
        memcpy(b, swapped, KEY_LENGTH);
    }
}

static void world_open(struct world *world, size_t keys) {
    *world = (struct world){
        .now_us = INT64_C(1767225600000000), .keys = keys, .random = 88172645463325252u};
    ttl_engine_options options = {.clock = {.context = &world->now_us, .now_us = clock_now_us},
                                  .allocator = ttl_allocator_libc(),
                                  .seed = 1};
    ttl_dialect_parse(ttl_dialect_default, &options.dialect);
    world->engine = ttl_engine_new(&options);
    world->session = ttl_session_new(world->engine, NULL);
    ttl_reply_init(&world->reply, ttl_allocator_libc());
    world->names = malloc(keys * KEY_LENGTH + 1);
    if (world->engine == NULL || world->session == NULL || world->names == NULL)
        fail("there is no memory for this many keys");
    for (size_t i = 0; i < keys; i++) {
        char name[32];
        snprintf(name, sizeof name, "key:%012" PRIu32, (uint32_t)i);
        memcpy(world->names + i * KEY_LENGTH, name, KEY_LENGTH);
    }
    world_shuffle(world);
}

static void world_close(struct world *world) {
    ttl_reply_free(&world->reply);
    ttl_session_free(world->session);
    ttl_engine_free(world->engine);
    free(world->names);
}

/* ---- one command over and over, on keys in random order */

static size_t write_number(char *text, uint64_t number) {
    return (size_t)snprintf(text, 24, "%" PRIu64, number);
}

struct prepared {
    char (*times)[24];
    size_t *lengths;
};

enum { TIMES = 1 << 16 }; /* different deadlines, spread over an hour */

static struct prepared times_prepare(uint64_t *random) {
    struct prepared prepared = {malloc(TIMES * sizeof *prepared.times),
                                malloc(TIMES * sizeof *prepared.lengths)};
    if (prepared.times == NULL || prepared.lengths == NULL) fail("there is no memory");
    for (size_t i = 0; i < TIMES; i++)
        prepared.lengths[i] =
            write_number(prepared.times[i], 1000 + random_next(random) % (HOUR_MS - 1000));
    return prepared;
}

static double run_command(struct world *world, const char *command, const struct prepared *times,
                          size_t operations, bool pipelined) {
    ttl_bytes argv[4] = {ttl_bytes_of(command)};
    size_t argc = strcmp(command, "PTTL") == 0 ? 2 : strcmp(command, "PEXPIRE") == 0 ? 3 : 4;
    argv[3] = ttl_bytes_of("val");
    double started = stopwatch_ns();
    for (size_t i = 0; i < operations; i++) {
        if (pipelined) {
            ttl_bytes ahead[2] = {argv[0], name_of(world, (i + PIPELINE) % world->keys)};
            ttl_session_prefetch(world->session, 2, ahead);
        }
        argv[1] = name_of(world, i % world->keys);
        argv[2] = (ttl_bytes){times->times[i % TIMES], times->lengths[i % TIMES]};
        if (ttl_session_execute(world->session, argc, argv, &world->reply) != TTL_OK)
            fail("the engine ran out of memory");
        if (world->reply.nodes[0].type == TTL_REPLY_ERROR) fail("a command was refused");
    }
    return (stopwatch_ns() - started) / (double)operations;
}

static void print_speed(const char *command, size_t keys, double ns, const char *how) {
    printf("  %-8s %10zu keys  %-10s %7.1f ns  %6.2f million/s\n", command, keys, how, ns,
           1e3 / ns);
    fflush(stdout);
}

static double resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;
    if (file == NULL) return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
    fclose(file);
    return (double)pages * 4096;
}

/* Lets an hour pass and drives all keys to expiry. */
static void print_expiry(struct world *world, const char *how) {
    world->now_us += (int64_t)(HOUR_MS + 1000) * US_PER_MS;
    size_t removed = 0;
    double started = stopwatch_ns();
    if (ttl_engine_expire(world->engine, &removed) != TTL_OK || removed != world->keys)
        fail("not every key expired");
    double ns = (stopwatch_ns() - started) / (double)world->keys;
    printf("  expiry   %10zu keys  %7.1f ns a key, in exact order, deadlines over an hour, %s\n",
           world->keys, ns, how);
}

static void measure(size_t keys) {
    struct world world;
    world_open(&world, keys);
    struct prepared times = times_prepare(&world.random);
    size_t operations = keys < 1000000 ? 2000000 : keys;
    double resident = resident_bytes();
    double ns = run_command(&world, "PSETEX", &times, keys, false);
    print_speed("PSETEX", keys, ns, "new keys");
    double held = (double)ttl_engine_memory(world.engine) / (double)keys;
    resident = (resident_bytes() - resident) / (double)keys;
    printf("  memory   %10zu keys  %.1f bytes a key held, %.1f resident, key and value bytes (%d) "
           "left out\n",
           keys, held - KEY_LENGTH - 3, resident - KEY_LENGTH - 3, KEY_LENGTH + 3);
    print_expiry(&world, "each armed once");
    run_command(&world, "PSETEX", &times, keys, false);
    /* Keys are used in another order than that in which they came: their records lie anywhere. */
    world_shuffle(&world);
    for (int pipelined = 0; pipelined < 2; pipelined++) {
        const char *how = pipelined ? "pipelined" : "one by one";
        static const char *const commands[] = {"PSETEX", "PEXPIRE", "PTTL"};
        for (size_t i = 0; i < 3; i++)
            print_speed(commands[i], keys,
                        run_command(&world, commands[i], &times, operations, pipelined), how);
    }
    print_expiry(&world, "each armed anew, six times over");
    free(times.times);
    free(times.lengths);
    world_close(&world);
}

/* The latency of memory, by a walk in which each step depends on the last: what every figure above
 * is made of. */
static void print_machine(void) {
    enum { STEPS = 2000000, CELLS = 1 << 24 };
    uint32_t *next = malloc(CELLS * sizeof *next);
    if (next == NULL) fail("there is no memory");
    uint64_t random = 88172645463325252u;
    for (uint32_t i = 0; i < CELLS; i++) next[i] = i;
    for (uint32_t i = CELLS; i-- > 1;) {
        uint32_t j = (uint32_t)(random_next(&random) % i);
        uint32_t swapped = next[i];
        next[i] = next[j];
        next[j] = swapped;
    }
    uint32_t at = 0;
    double started = stopwatch_ns();
    for (size_t i = 0; i < STEPS; i++) at = next[at];
    double ns = (stopwatch_ns() - started) / STEPS;
    printf("this machine: %.0f ns for a load that misses the caches (%u)\n", ns, at & 1);
    free(next);
}

int main(int argc, char **argv) {
    static const size_t sizes[] = {100000, 1000000, 10000000};
    size_t most = sizes[2];
    if (argc == 3 && strcmp(argv[1], "--keys") == 0) most = strtoul(argv[2], NULL, 10);
    else if (argc != 1) {
        fprintf(stderr, "usage: bench_engine [--keys MOST]\n");
        return 2;
    }
    print_machine();
    for (size_t i = 0; i < 3; i++)
        if (sizes[i] <= most) measure(sizes[i]);
    return 0;
}
