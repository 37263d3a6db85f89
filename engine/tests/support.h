/* What the engine's tests share: a generator, an allocator that counts and fails on demand, a
 * clock that is moved by hand, and a way to say commands as a line of words. */
#ifndef ENGINE_TESTS_SUPPORT_H
#define ENGINE_TESTS_SUPPORT_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ttlspec/ttlspec.h"

static inline uint64_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline uint64_t random_below(uint64_t *state, uint64_t limit) {
    return random_next(state) % limit;
}

/* The n-th allocation from now on fails, once; 0: none does. Bytes held are counted. */
struct test_memory {
    size_t fail_at, calls, held;
};

static inline bool test_memory_fails(struct test_memory *memory) {
    return ++memory->calls == memory->fail_at;
}

static inline void *test_allocate(void *context, size_t size) {
    struct test_memory *memory = context;
    if (test_memory_fails(memory)) return NULL;
    memory->held += size;
    return malloc(size);
}

static inline void *test_resize(void *context, void *block, size_t old_size, size_t new_size) {
    struct test_memory *memory = context;
    if (test_memory_fails(memory)) return NULL;
    memory->held = memory->held - old_size + new_size;
    return realloc(block, new_size);
}

static inline void test_release(void *context, void *block, size_t size) {
    struct test_memory *memory = context;
    memory->held -= size;
    free(block);
}

static inline ttl_allocator test_allocator(struct test_memory *memory) {
    return (ttl_allocator){memory, test_allocate, test_resize, test_release};
}

/* An engine with one session, a clock in microseconds and a log of its events. */
struct world {
    int64_t now_us;
    struct test_memory memory;
    ttl_engine *engine;
    ttl_session *session;
    ttl_reply reply;
    char text[65536];  /* the last reply as RESP */
    char events[8192]; /* "set k, expire k" since world_forget_events */
};

static const int64_t WORLD_START_MS = INT64_C(1767225600000);

static inline int64_t world_now_us(void *context) {
    return ((struct world *)context)->now_us;
}

static inline void world_on_event(void *context, const ttl_event *event) {
    struct world *world = context;
    if (event->kind == 'n' || event->kind == 'm' || event->kind == 'o' || event->kind == 'c')
        return;
    size_t length = strlen(world->events);
    snprintf(world->events + length, sizeof world->events - length, "%s%s %.*s",
             length == 0 ? "" : ", ", event->name, (int)event->key.length, event->key.data);
}

static inline void world_open(struct world *world, const char *dialect) {
    *world = (struct world){.now_us = WORLD_START_MS * 1000};
    ttl_engine_options options = {.clock = {.context = world, .now_us = world_now_us},
                                  .allocator = test_allocator(&world->memory),
                                  .seed = 7,
                                  .on_event = world_on_event,
                                  .event_context = world};
    ck_assert(ttl_dialect_parse(dialect, &options.dialect));
    world->engine = ttl_engine_new(&options);
    ck_assert_ptr_nonnull(world->engine);
    world->session = ttl_session_new(world->engine, NULL);
    ck_assert_ptr_nonnull(world->session);
    ttl_reply_init(&world->reply, ttl_allocator_libc());
}

static inline void world_close(struct world *world) {
    ttl_reply_free(&world->reply);
    ttl_session_free(world->session);
    ttl_engine_free(world->engine);
    ck_assert_uint_eq(world->memory.held, 0);
}

static inline void world_advance_ms(struct world *world, int64_t ms) {
    world->now_us += ms * 1000;
}

static inline bool world_write(void *context, const char *data, size_t length) {
    struct world *world = context;
    size_t at = strlen(world->text);
    if (at + length >= sizeof world->text) return false;
    memcpy(world->text + at, data, length);
    world->text[at + length] = '\0';
    return true;
}

/* Turns "hex:00ff" into the bytes it spells, in its own place. */
static inline ttl_bytes word_bytes(char *word) {
    if (strncmp(word, "hex:", 4) != 0) return ttl_bytes_of(word);
    size_t length = strlen(word + 4) / 2;
    for (size_t i = 0; i < length; i++) {
        const char digits[] = {word[4 + 2 * i], word[5 + 2 * i], '\0'};
        word[i] = (char)strtoul(digits, NULL, 16);
    }
    return (ttl_bytes){word, length};
}

/* Splits a line at blanks; '' is the empty argument. Returns the number of words. */
static inline size_t words_of(char *line, ttl_bytes *words, size_t most) {
    size_t count = 0;
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        ck_assert_uint_lt(count, most);
        words[count++] = strcmp(word, "''") == 0 ? (ttl_bytes){"", 0} : word_bytes(word);
    }
    return count;
}

static inline ttl_status world_try(struct world *world, const char *line) {
    char copy[4096];
    ttl_bytes argv[256];
    snprintf(copy, sizeof copy, "%s", line);
    size_t argc = words_of(copy, argv, 256);
    return ttl_session_execute(world->session, argc, argv, &world->reply);
}

/* Executes a line and returns the reply as RESP 2 with "\r\n" shown as a blank: ":1 ", "$1 v ". */
static inline const char *world_do(struct world *world, const char *line) {
    ck_assert_int_eq(world_try(world, line), TTL_OK);
    world->text[0] = '\0';
    ck_assert(ttl_reply_encode(&world->reply, 2, world_write, world));
    char *to = world->text;
    for (const char *from = world->text; *from != '\0'; from++)
        if (*from != '\n') *to++ = *from == '\r' ? ' ' : *from;
    *to = '\0';
    return world->text;
}

#define expect(world, line, reply) ck_assert_str_eq(world_do(world, line), reply)

static inline int run_suite(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
