/* What judging costs: histories of growing length on one connection, and a few commands on more
 * and more connections that overlap wholly.
 *
 *      build/bench/conformance/bench_judge
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "conformance/judge.h"
#include "conformance/tests/simulated.h"

enum { ROUNDS_US = 300000, PACE_US = 2000, LATENCY_US = 60 };

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Judges again and again for a while; the time of one. */
static double judge_us(const history *recorded, judge_result *last) {
    judge_options options = {.rate_ppm = JUDGE_RATE_PPM};
    if (!ttl_dialect_parse("redis-7.0.15", &options.dialect)) abort();
    int64_t begin = now_ns();
    int rounds = 0;
    *last = judge_history(recorded, &options);
    for (; now_ns() - begin < ROUNDS_US * INT64_C(1000); rounds++) {
        judge_result_free(last);
        *last = judge_history(recorded, &options);
    }
    return (double)(now_ns() - begin) / 1000.0 / (rounds + 1);
}

/* ---- length */

/* How the commands of a history are asked about time. */
typedef struct workload {
    const char *name;
    const char *const *commands;
    size_t count;
    int64_t latency_us;
    bool is_wrong;
} workload;

/* With a wrong reply at its end, if need be: then all that was open is tried both ways. */
static void record_sequence(const workload *kind, size_t length, bool is_wrong, history *to) {
    simulation sim;
    ttl_dialect dialect;
    ttl_reply reply;
    if (!ttl_dialect_parse("redis-7.0.15", &dialect)) abort();
    sim_open(&sim, to, dialect, NULL, 7);
    ttl_reply_init(&reply, ttl_allocator_libc());
    int64_t sent_us = sim.now_us;
    for (size_t i = 0; i < length; i++) {
        ttl_bytes words[SIM_WORDS];
        size_t argc = words_of(kind->commands[i % kind->count], words);
        sim_execute(&sim, 0, sent_us + kind->latency_us / 2, argc, words, &reply);
        int64_t received_us = sent_us + kind->latency_us + 2;
        sim_record(&sim, 0, sent_us, received_us, argc, words, &reply);
        sent_us = received_us + PACE_US + sim_below(&sim.random, 700);
    }
    if (is_wrong) {
        const ttl_bytes words[] = {ttl_bytes_of("GET"), ttl_bytes_of("none")};
        ttl_reply_clear(&reply);
        ttl_reply_add_bulk(&reply, ttl_bytes_of("v"));
        sim_record(&sim, 0, sent_us, sent_us + 10, 2, words, &reply);
    }
    ttl_reply_free(&reply);
    sim_close(&sim);
}

static void length_table(void) {
    static const char *const plain[] = {"SET k v PX 1000", "GET k", "EXISTS k", "APPEND k w",
                                        "STRLEN k"};
    static const char *const telling[] = {"PSETEX k 100 v", "PTTL k", "GET k", "PTTL k", "TTL k"};
    static const char *const open[] = {"PSETEX k 3 v", "GET k", "PSETEX l 4 v", "GET k", "GET l"};
    static const workload kinds[] = {{"decided by brackets alone", plain, 5, LATENCY_US, false},
                                     {"with PTTL and TTL", telling, 5, LATENCY_US, false},
                                     {"at the deadline, 2 ms on the way", open, 5, 2000, false},
                                     {"the same, then a wrong reply", open, 5, 2000, true}};
    static const size_t lengths[] = {10, 50, 100, 200, 500, 1000};
    puts("One connection. us for the whole history, and the share of open questions:");
    printf("%-34s", "");
    for (size_t l = 0; l < 6; l++) printf("  %6zu steps", lengths[l]);
    putchar('\n');
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        printf("%-34s", kinds[k].name);
        judge_result result = {.questions = 1};
        for (size_t l = 0; l < 6; l++) {
            history recorded;
            history_init(&recorded);
            record_sequence(&kinds[k], lengths[l], kinds[k].is_wrong, &recorded);
            judge_result_free(&result);
            printf("  %12.0f", judge_us(&recorded, &result));
            if (result.answer != (kinds[k].is_wrong ? JUDGE_FAIL : JUDGE_PASS)) abort();
            history_free(&recorded);
        }
        printf("   %zu of %zu open, %zu variables, %zu runs\n", result.open_questions,
               result.questions, result.peak, result.runs);
        judge_result_free(&result);
    }
}

/* ---- overlap */

/* `width` connections that each send one command at the same moment, all with one bracket. A wrong
 * reply at the end makes the judge try every order. */
static void record_overlap(size_t width, bool shares, bool is_wrong, history *to) {
    history_init(to);
    int64_t sent_us = 1000;
    for (size_t round = 0; round < 3; round++, sent_us += 1000)
        for (size_t c = 0; c < width; c++) {
            char name[8], key[8], value[8];
            snprintf(name, sizeof name, "c%zu", c);
            snprintf(key, sizeof key, "k%zu", shares ? 0 : c);
            snprintf(value, sizeof value, "%zu", round * width + c);
            const ttl_bytes words[] = {ttl_bytes_of("SET"), ttl_bytes_of(key), ttl_bytes_of(value)};
            history_entry entry = {.connection = history_connection(to, name),
                                   .sent_us = sent_us,
                                   .received_us = sent_us + 500,
                                   .argc = 3,
                                   .argv = words,
                                   .protocol = 2};
            ttl_reply_init(&entry.reply, ttl_allocator_libc());
            ttl_reply_add_status(&entry.reply, "OK");
            if (history_append(to, &entry) != NULL) abort();
            ttl_reply_free(&entry.reply);
        }
    const ttl_bytes words[] = {ttl_bytes_of("GET"), ttl_bytes_of("k0")};
    history_entry entry = {
        .sent_us = sent_us, .received_us = sent_us + 50, .argc = 2, .argv = words, .protocol = 2};
    char value[8];
    snprintf(value, sizeof value, "%zu", is_wrong ? 0 : 2 * width);
    ttl_reply_init(&entry.reply, ttl_allocator_libc());
    ttl_reply_add_bulk(&entry.reply, ttl_bytes_of(value));
    if (history_append(to, &entry) != NULL) abort();
    ttl_reply_free(&entry.reply);
}

static void overlap_table(void) {
    puts(
        "\nOverlap: three rounds of as many SETs at once, then a GET. us, and runs of the engine:");
    printf("%-34s", "");
    for (size_t width = 1; width <= 6; width++) printf("  %9zu at once", width);
    putchar('\n');
    static const char *const names[] = {"own keys, right", "own keys, wrong", "one key, right",
                                        "one key, wrong"};
    for (size_t kind = 0; kind < 4; kind++) {
        printf("%-34s", names[kind]);
        for (size_t width = 1; width <= 6; width++) {
            history recorded;
            judge_result result;
            record_overlap(width, kind >= 2, kind % 2 == 1, &recorded);
            double us = judge_us(&recorded, &result);
            printf("  %8.0f %6zu%s", us, result.runs,
                   result.answer == JUDGE_UNDECIDED ? "?"
                   : result.answer == JUDGE_FAIL    ? "!"
                                                    : " ");
            judge_result_free(&result);
            history_free(&recorded);
        }
        putchar('\n');
    }
    puts("(! fail, ? given up)");
}

int main(void) {
    length_table();
    overlap_table();
    return 0;
}
