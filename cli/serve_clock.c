#include "cli/serve_clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { US_PER_MS = 1000 };
static const int64_t latest_ms = INT64_MAX / US_PER_MS;

static int64_t real_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void serve_clock_init(serve_clock *clock, bool manual) {
    int64_t now_us = real_now_us();
    *clock = (serve_clock){.manual = manual, .now_us = now_us - now_us % US_PER_MS};
}

int64_t serve_clock_now_us(const serve_clock *clock) {
    return clock->manual ? clock->now_us : real_now_us();
}

static int64_t engine_now_us(void *context) {
    return serve_clock_now_us(context);
}

ttl_clock serve_clock_for_engine(serve_clock *clock) {
    return (ttl_clock){.context = clock, .now_us = engine_now_us};
}

/* A whole number of milliseconds, nothing around it. */
static bool parse_ms(ttl_bytes text, int64_t *ms) {
    char digits[24];
    if (text.length == 0 || text.length >= sizeof digits) return false;
    memcpy(digits, text.data, text.length);
    digits[text.length] = 0;
    if (digits[0] != '-' && (digits[0] < '0' || digits[0] > '9')) return false;
    char *end;
    errno = 0;
    *ms = strtoll(digits, &end, 10);
    return errno == 0 && end == digits + text.length;
}

static void clock_move(serve_clock *clock, int64_t from_ms, ttl_bytes by, ttl_reply *reply) {
    int64_t ms;
    if (!parse_ms(by, &ms)) {
        ttl_reply_add_error(reply, "ERR value is not an integer or out of range");
    } else if (ms < 0) {
        ttl_reply_add_error(reply,
                            "ERR the time must not be negative; SET can move the clock back");
    } else if (ms > latest_ms - from_ms) {
        ttl_reply_add_error(reply, "ERR the time is later than this clock can show");
    } else {
        clock->now_us = (from_ms + ms) * US_PER_MS;
        clock->moved = true;
        ttl_reply_add_integer(reply, from_ms + ms);
    }
}

bool serve_clock_answer(serve_clock *clock, size_t argc, const ttl_bytes *argv, ttl_reply *reply) {
    if (!ttl_bytes_is_word(argv[0], "ttlspec")) return false;

    ttl_reply_clear(reply);
    bool is_clock = argc >= 3 && ttl_bytes_is_word(argv[1], "clock");
    bool gets = is_clock && ttl_bytes_is_word(argv[2], "get");
    bool advances = is_clock && ttl_bytes_is_word(argv[2], "advance");
    bool sets = is_clock && ttl_bytes_is_word(argv[2], "set");
    if (!gets && !advances && !sets) {
        ttl_reply_add_error(reply,
                            "ERR unknown subcommand. Try TTLSPEC CLOCK GET, ADVANCE ms or SET ms.");
    } else if (argc != (gets ? 3 : 4)) {
        ttl_reply_add_error(reply, "ERR wrong number of arguments for 'ttlspec|clock' command");
    } else if (!clock->manual) {
        ttl_reply_add_error(reply, "ERR this clock is real and moves by itself; only serve --clock "
                                   "manual can be told the time");
    } else if (gets) {
        ttl_reply_add_integer(reply, clock->now_us / US_PER_MS);
    } else {
        clock_move(clock, sets ? 0 : clock->now_us / US_PER_MS, argv[3], reply);
    }
    return true;
}
