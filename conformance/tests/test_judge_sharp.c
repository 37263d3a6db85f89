/* The judge finds wrong servers: each of those in planted.h at 50 us latency. And it says how slow
 * the way there may be until it cannot any more: the table that docs/verdicts.md shows.
 *
 *      JUDGE_TABLE=1 build/tests/conformance/test_judge_sharp
 *
 * prints that table.
 */
#include <check.h>

#include "conformance/judge.h"
#include "conformance/tests/planted.h"

enum { ROUNDS = 12, SEEDS = 3, CLAIMED_ROUND_TRIP_US = 50, TIMEOUT_S = 600, MS = 1000 };

static const char usual[] = "redis-7.2.4";

static ttl_dialect claimed_by(const planted *row) {
    ttl_dialect dialect;
    ck_assert(ttl_dialect_parse(row->claims == NULL ? usual : row->claims, &dialect));
    return dialect;
}

/* ---- playing a scenario */

typedef struct stage {
    simulation sim;
    int64_t round_trip_us, answered_us;
    int round;
} stage;

/* Fills #, @ and ~ of a command. */
static void fill_command(const stage *self, const char *from, size_t length, int64_t sent_us,
                         char *to) {
    int64_t ms = sim_wall_us(&self->sim, sent_us) / MS;
    for (size_t i = 0; i < length; i++) {
        if (from[i] == '#') to += sprintf(to, "%d", self->round);
        else if (from[i] == '@' || from[i] == '~') {
            char *end;
            int64_t add = strtoll(from + i + 1, &end, 10);
            to += sprintf(to, "%" PRId64, from[i] == '@' ? ms + add : ms / MS + add);
            i = (size_t)(end - from) - 1;
        } else *to++ = from[i];
    }
    *to = '\0';
}

/* Sends the commands of one step at once: they run in turn, and are answered at once. */
static void play_step(stage *self, const char *commands, size_t length, int64_t sent_us) {
    enum { MOST = 8 };
    char texts[MOST][SIM_TEXT];
    ttl_reply replies[MOST];
    ttl_bytes words[MOST][SIM_WORDS];
    size_t argc[MOST], count = 0;
    int64_t runs_us = sent_us + self->round_trip_us / 2;
    for (const char *at = commands; at < commands + length && count < MOST; count++) {
        size_t left = length - (size_t)(at - commands);
        const char *end = memchr(at, ';', left);
        size_t own = end == NULL ? left : (size_t)(end - at);
        fill_command(self, at, own, sent_us, texts[count]);
        argc[count] = words_of(texts[count], words[count]);
        ttl_reply_init(&replies[count], ttl_allocator_libc());
        sim_execute(&self->sim, 0, runs_us, argc[count], words[count], &replies[count]);
        runs_us = self->sim.busy_until_us;
        at += own;
        at += strspn(at, "; ");
    }
    self->answered_us = runs_us + self->round_trip_us - self->round_trip_us / 2;
    for (size_t i = 0; i < count; i++) {
        sim_record(&self->sim, 0, sent_us, self->answered_us, argc[i], words[i], &replies[i]);
        ttl_reply_free(&replies[i]);
    }
}

static void play_round(stage *self, const char *scenario) {
    int64_t began_us = self->answered_us + MS + sim_below(&self->sim.random, 7 * MS);
    for (const char *step = scenario; *step != '\0';) {
        char *commands;
        double at_ms = strtod(step, &commands);
        commands += strspn(commands, " ");
        size_t length = strcspn(commands, "|");
        step = commands + length + (commands[length] == '|');
        while (length > 0 && commands[length - 1] == ' ') length--;
        int64_t sent_us = began_us + (int64_t)(at_ms * MS);
        if (sent_us < self->answered_us) sent_us = self->answered_us;
        play_step(self, commands, length, sent_us);
    }
}

static void play(const planted *row, bool is_bent, int64_t round_trip_us, uint64_t seed,
                 history *to) {
    ttl_dialect dialect = claimed_by(row);
    if (is_bent && row->made_of != NULL) ck_assert(ttl_dialect_parse(row->made_of, &dialect));
    stage self = {.round_trip_us = round_trip_us};
    sim_open(&self.sim, to, dialect, is_bent ? bend_by_row : NULL, seed);
    self.sim.server.fault = row;
    if (is_bent) {
        self.sim.server.granularity_us = row->granularity_us;
        self.sim.server.reading_us = row->reading_us;
    }
    self.answered_us = self.sim.now_us;
    for (self.round = 0; self.round < ROUNDS; self.round++) play_round(&self, row->scenario);
    sim_close(&self.sim);
}

static judge_answer verdict(const planted *row, bool is_bent, int64_t round_trip_us,
                            uint64_t seed) {
    history recorded;
    judge_options options = {.rate_ppm = JUDGE_RATE_PPM, .dialect = claimed_by(row)};
    history_init(&recorded);
    play(row, is_bent, round_trip_us, seed, &recorded);
    judge_result result = judge_history(&recorded, &options);
    judge_answer answer = result.answer;
    if (getenv("JUDGE_SHOW") != NULL && seed == 1)
        printf("%-40s %s %s\n", row->name, judge_answer_name(answer),
               result.reason == NULL ? "" : result.reason);
    judge_result_free(&result);
    history_free(&recorded);
    return answer;
}

static bool is_found(const planted *row, int64_t round_trip_us) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        if (verdict(row, true, round_trip_us, seed) != JUDGE_FAIL) return false;
    return true;
}

START_TEST(every_planted_fault_is_found_at_50_us) {
    const planted *row = &planted_faults[_i];
    ck_assert_msg(is_found(row, CLAIMED_ROUND_TRIP_US), "not found: %s", row->name);
}
END_TEST

START_TEST(the_same_scenario_on_a_right_server_passes) {
    const planted *row = &planted_faults[_i];
    static const int64_t round_trips[] = {50, 1500, 40000, 700000};
    for (size_t i = 0; i < sizeof round_trips / sizeof *round_trips; i++)
        ck_assert_msg(verdict(row, false, round_trips[i], 1) == JUDGE_PASS, "accused: %s",
                      row->name);
}
END_TEST

/* ---- the table */

static void print_row(const planted *row) {
    static const int64_t round_trips[] = {50,     100,     200,     500,     1000,    2000,
                                          5000,   10000,   20000,   50000,   100000,  200000,
                                          500000, 1000000, 2000000, 5000000, 10000000};
    for (size_t i = 0; i < sizeof round_trips / sizeof *round_trips; i++) {
        if (is_found(row, round_trips[i])) continue;
        if (round_trips[i] < MS) printf("| %s | %d us |\n", row->name, (int)round_trips[i]);
        else printf("| %s | %d ms |\n", row->name, (int)(round_trips[i] / MS));
        return;
    }
    printf("| %s | found at any |\n", row->name);
}

START_TEST(table_of_the_smallest_latency_that_hides_each) {
    if (getenv("JUDGE_TABLE") == NULL) return;
    printf("| planted fault | undecidable from a round trip of |\n| --- | --- |\n");
    for (size_t i = 0; i < PLANTED_FAULTS; i++) print_row(&planted_faults[i]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("judge: sharp");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, TIMEOUT_S);
    tcase_add_loop_test(all, every_planted_fault_is_found_at_50_us, 0, PLANTED_FAULTS);
    tcase_add_loop_test(all, the_same_scenario_on_a_right_server_passes, 0, PLANTED_FAULTS);
    tcase_add_test(all, table_of_the_smallest_latency_that_hides_each);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
