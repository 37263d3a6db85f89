/* Vectors side by side on a real server: how long it takes, what is left behind, and when the
 * server's clock or the server itself is no good. */
#include "conformance/crew.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "conformance/live.h"
#include "conformance/tests/real_server.h"
#include "conformance/tests/run_suite.h"

enum { MANY = 60 };
#define START_MS INT64_C(1800000000000)

/* A server whose clock is ours, and yet takes itself for one in real time. */
typedef struct fixture {
    real_server server;
    char url[128];
    suite_file file;
    results all;
    runner how;
    target *on;
    result_run *run;
} fixture;

static void fixture_start(fixture *self, int64_t rate_ppm) {
    *self = (fixture){.how = {.run_id = "test"}};
    real_server_start(&self->server, "redis-server", START_MS);
    virtual_clock_run(&self->server.clock, rate_ppm);
    snprintf(self->url, sizeof self->url, "unix://%s", self->server.process.socket);
}

static void fixture_run(fixture *self, const char *body) {
    suite_load(&self->file, body);
    self->on = open_target(self->url, true);
    self->run = run_all(&self->all, &self->file, self->on, &self->how);
}

static void fixture_stop(fixture *self) {
    target_close(self->on);
    real_server_stop(&self->server);
    results_free(&self->all);
    suite_free(&self->file);
}

/* Many vectors of the same steps; more fields may stand before them. The caller frees the text. */
static char *many_with(const char *fields, const char *steps) {
    char *text = text_copy("");
    for (int i = 0; i < MANY; i++) {
        char *longer = text_format("%s%s{\"id\": \"t.n%d\", \"title\": \"a law\", "
                                   "\"rules\": [\"r.one\"], %s\"steps\": [%s]}",
                                   text, i == 0 ? "" : ",", i, fields, steps);
        free(text);
        text = longer;
    }
    return text;
}

static char *many(const char *steps) {
    return many_with("", steps);
}

#define LIVES                                                                                      \
    STEP("\"PSETEX\", \"{k}\", \"400\", \"v\"", OK) "," AT("300", "\"GET\", \"{k}\"", "\"v\"")

static void check_all(const result_run *run, size_t count, verdict value, const char *reason) {
    ck_assert_uint_eq(run->count, count);
    for (size_t i = 0; i < run->count; i++) check(&run->vectors[i], value, NULL, reason);
}

START_TEST(vectors_that_wait_do_not_wait_for_one_another) {
    fixture self;
    fixture_start(&self, 1000000);
    char *body = many(LIVES);
    fixture_run(&self, body);
    check_all(self.run, MANY, VERDICT_PASS, NULL);
    ck_assert_int_lt(self.run->duration_us, MANY * INT64_C(300000) / 4);
    ck_assert_str_eq(self.run->vectors[7].id, "t.n7");
    ck_assert_str_eq(real_server_say(&self.server, "DBSIZE"), "0");
    free(body);
    fixture_stop(&self);
}
END_TEST

#define ON_B(command, reply) "{\"on\": \"b\", \"do\": [" command "], \"reply\": " reply "}"
#define AWAIT(at, reply)     "{\"at\": \"" at "\", \"await\": \"b\", \"reply\": " reply "}"
#define PENDING              "{\"pending\": true}"

/* Each has two connections, of which one is left waiting; what it is told stays with it. */
START_TEST(clients_that_are_left_waiting_do_not_wait_for_one_another) {
    fixture self;
    fixture_start(&self, 1000000);
    char *body = many(ON_B("\"BLPOP\", \"{k}\", \"0\"", PENDING) "," AWAIT("150", PENDING) "," AT(
        "300", "\"RPUSH\", \"{k}\", \"a\"", "1") "," AWAIT("300", "[\"{k}\", \"a\"]"));
    fixture_run(&self, body);
    check_all(self.run, MANY, VERDICT_PASS, NULL);
    ck_assert_int_lt(self.run->duration_us, MANY * INT64_C(300000) / 4);
    ck_assert_str_eq(real_server_say(&self.server, "DBSIZE"), "0");
    free(body);
    fixture_stop(&self);
}
END_TEST

/* Nobody serves it, and the vector says that somebody does. */
START_TEST(a_reply_that_must_come_and_does_not_is_a_difference_and_stops_nobody) {
    fixture self;
    fixture_start(&self, 1000000);
    char *body = text_format(
        "%s,%s",
        VECTOR("t.waits", "",
               ON_B("\"BLPOP\", \"{k}\", \"0\"", PENDING) "," AWAIT("50", "[\"{k}\", \"a\"]")),
        VECTOR("t.lives", "", LIVES));
    fixture_run(&self, body);
    check(&self.run->vectors[0], VERDICT_FAIL, NULL, NULL);
    check(&self.run->vectors[1], VERDICT_PASS, NULL, NULL);
    free(body);
    fixture_stop(&self);
}
END_TEST

/* How many of many began on a whole second of the server's clock. */
static size_t count_whole_seconds(const char *steps) {
    fixture self;
    fixture_start(&self, 1000000);
    char *body = many(steps);
    fixture_run(&self, body);
    check_all(self.run, MANY, VERDICT_PASS, NULL);
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++) count += self.run->vectors[i].t0_ms % 1000 == 0;
    free(body);
    fixture_stop(&self);
    return count;
}

START_TEST(only_a_vector_that_names_seconds_waits_for_a_whole_one) {
    ck_assert_uint_eq(
        count_whole_seconds(STEP("\"SET\", \"{k}\", \"v\", \"EXAT\", \"{t0s+100}\"", OK) "," STEP(
            "\"PEXPIRETIME\", \"{k}\"", "{\"integer\": \"{t0+100000}\"}")),
        MANY);
    ck_assert_uint_lt(
        count_whole_seconds(STEP("\"SET\", \"{k}\", \"v\", \"PXAT\", \"{t0+100000}\"", OK) "," STEP(
            "\"PEXPIRETIME\", \"{k}\"", "{\"integer\": \"{t0+100000}\"}")),
        MANY);
}
END_TEST

#define EXCLUSIVE "\"needs\": [\"exclusive-db\"], "

START_TEST(each_vector_that_needs_a_database_to_itself_has_one_of_its_own) {
    fixture self;
    fixture_start(&self, 1000000);
    char *body = many_with(EXCLUSIVE, STEP("\"PSETEX\", \"{k}\", \"400\", \"v\"",
                                           OK) "," AT("300", "\"DBSIZE\"", "1"));
    fixture_run(&self, body);
    check_all(self.run, MANY, VERDICT_PASS, NULL);
    ck_assert_int_lt(self.run->duration_us, MANY * INT64_C(300000) / 4);
    ck_assert_ptr_null(strstr(real_server_say(&self.server, "INFO keyspace"), "keys="));
    free(body);
    fixture_stop(&self);
}
END_TEST

/* What dies and what is read is counted for the whole server: were others at work meanwhile, there
 * would be more. */
#define COUNTS(id)                                                                                 \
    VECTOR(                                                                                        \
        id, EXCLUSIVE,                                                                             \
        STEP("\"CONFIG\", \"RESETSTAT\"", OK) "," STEP(                                            \
            "\"PSETEX\", \"{k}\", \"50\", \"v\"",                                                  \
            OK) "," AT("100", "\"GET\", \"{k}\"",                                                  \
                       "null") "," STEP("\"INFO\", \"stats\"",                                     \
                                        "{\"contains\": \"expired_keys:1\\r\\nexpired_stale\"}"))

START_TEST(a_vector_that_counts_what_the_whole_server_does_runs_in_silence) {
    fixture self;
    fixture_start(&self, 1000000);
    char *others = many(
        STEP("\"PSETEX\", \"{k}\", \"40\", \"v\"", OK) "," AT("90", "\"GET\", \"{k}\"", "null"));
    char *body = text_format("%s,%s,%s,%s", others, COUNTS("c.a"), COUNTS("c.b"),
                             VECTOR("c.sleeps", "",
                                    STEP("\"PSETEX\", \"{k}\", \"600\", \"v\"",
                                         OK) "," AT("700", "\"GET\", \"{k}\"", "null")));
    fixture_run(&self, body);
    check_all(self.run, MANY + 3, VERDICT_PASS, NULL);
    ck_assert_int_lt(self.run->duration_us, INT64_C(1300000));
    free(body);
    free(others);
    fixture_stop(&self);
}
END_TEST

/* Keys of those who sleep would stand in the answer. */
START_TEST(a_vector_that_is_told_of_all_databases_comes_when_they_are_empty) {
    fixture self;
    fixture_start(&self, 1000000);
    char *others = many(LIVES);
    char *body = text_format(
        "%s,%s", others,
        VECTOR("t.empty", EXCLUSIVE, STEP("\"INFO\", \"keyspace\"", "\"# Keyspace\\r\\n\"")));
    fixture_run(&self, body);
    check_all(self.run, MANY + 1, VERDICT_PASS, NULL);
    free(body);
    free(others);
    fixture_stop(&self);
}
END_TEST

START_TEST(few_connections_are_enough) {
    fixture self;
    fixture_start(&self, 1000000);
    self.how.jobs = 2;
    ck_assert_str_eq(real_server_say(&self.server, "CONFIG SET maxclients 8"), "OK");
    char *body = many(LIVES);
    fixture_run(&self, body);
    check_all(self.run, MANY, VERDICT_PASS, NULL);
    free(body);
    fixture_stop(&self);
}
END_TEST

START_TEST(a_clock_that_stands_still_is_named_and_nothing_fails_for_it) {
    fixture self;
    fixture_start(&self, 0);
    char *body = many(LIVES);
    fixture_run(&self, body);
    check_all(self.run, MANY, VERDICT_ERROR, "stands still");
    ck_assert_str_eq(real_server_say(&self.server, "DBSIZE"), "0");
    free(body);
    fixture_stop(&self);
}
END_TEST

START_TEST(a_clock_that_runs_twice_as_fast_is_named_and_nothing_fails_for_it) {
    fixture self;
    fixture_start(&self, 2000000);
    char *body = many(LIVES);
    fixture_run(&self, body);
    /* On a busy machine its rate can look like jumps. */
    check_all(self.run, MANY, VERDICT_ERROR, "the target has a clock that ");
    free(body);
    fixture_stop(&self);
}
END_TEST

typedef struct clock_move {
    virtual_clock *clock;
    int64_t to_us;
} clock_move;

static void set_clock(void *context, size_t done, size_t total, const result_run *run) {
    (void)total, (void)run;
    const clock_move *move = context;
    if (done != 1) return;
    virtual_clock_set(move->clock, move->to_us);
    virtual_clock_run(move->clock, 1000000);
}

#define SHORT VECTOR("t.short", "", STEP("\"SET\", \"{k}\", \"v\"", OK))

/* The first verdict is kept, then the clock is set: of the others none may fail for it. */
static void check_set_clock(int64_t from_start_ms) {
    fixture self;
    fixture_start(&self, 1000000);
    clock_move move = {&self.server.clock, (START_MS + from_start_ms) * 1000};
    self.how.on_progress = set_clock;
    self.how.progress_context = &move;
    char *others = many(LIVES), *body = text_format("%s,%s", SHORT, others);
    fixture_run(&self, body);
    check(&self.run->vectors[0], VERDICT_PASS, NULL, NULL);
    for (size_t i = 1; i < self.run->count; i++)
        check(&self.run->vectors[i], VERDICT_ERROR, NULL, "the target has a clock that ");
    free(body);
    free(others);
    fixture_stop(&self);
}

START_TEST(a_clock_that_is_set_back_during_the_run_is_named_and_nothing_fails_for_it) {
    check_set_clock(-5000);
}
END_TEST

START_TEST(a_clock_that_is_set_forward_during_the_run_is_named_and_nothing_fails_for_it) {
    check_set_clock(3600000);
}
END_TEST

static void stop_server(void *context, size_t done, size_t total, const result_run *run) {
    (void)total, (void)run;
    const real_server *server = context;
    if (done == 1) kill(server->process.pid, SIGSTOP);
}

START_TEST(a_server_that_stops_answering_is_an_error_within_the_patience) {
    fixture self;
    fixture_start(&self, 1000000);
    self.how.on_progress = stop_server;
    self.how.progress_context = &self.server;
    char *others = many(LIVES), *body = text_format("%s,%s", SHORT, others);
    fixture_run(&self, body);
    kill(self.server.process.pid, SIGCONT);
    check(&self.run->vectors[0], VERDICT_PASS, NULL, NULL);
    for (size_t i = 1; i < self.run->count; i++)
        check(&self.run->vectors[i], VERDICT_ERROR, NULL, "did not answer within 5 s");
    ck_assert_int_lt(self.run->duration_us, INT64_C(20000000));
    free(body);
    free(others);
    fixture_stop(&self);
}
END_TEST

/* As a server that swaps, or that somebody debugs: it goes on when some have lost patience. */
static void stop_server_for_a_while(void *context, size_t done, size_t total,
                                    const result_run *run) {
    const real_server *server = context;
    stop_server(context, done, total, run);
    if (done != 1 || fork() != 0) return;
    struct timespec while_it_stops = {5, 500000000};
    nanosleep(&while_it_stops, NULL);
    kill(server->process.pid, SIGCONT);
    _exit(0);
}

START_TEST(a_server_that_goes_on_loses_only_the_vectors_that_it_did_not_answer) {
    fixture self;
    fixture_start(&self, 1000000);
    self.how.jobs = 4; /* the others have sent nothing when it stops */
    self.how.on_progress = stop_server_for_a_while;
    self.how.progress_context = &self.server;
    char *others = many(LIVES), *body = text_format("%s,%s", SHORT, others);
    fixture_run(&self, body);
    size_t lost = 0;
    for (size_t i = 0; i < self.run->count; i++) {
        const result_vector *one = &self.run->vectors[i];
        lost += one->verdict == VERDICT_ERROR;
        if (one->verdict == VERDICT_ERROR)
            check(one, VERDICT_ERROR, NULL, "did not answer within 5 s");
        else check(one, VERDICT_PASS, NULL, NULL);
    }
    ck_assert_uint_ge(lost, 1);
    ck_assert_uint_le(lost, self.how.jobs);
    ck_assert_str_eq(real_server_say(&self.server, "DBSIZE"), "0");
    free(body);
    free(others);
    fixture_stop(&self);
}
END_TEST

static void close_all(void *context, size_t done, size_t total, const result_run *run) {
    (void)total, (void)run;
    if (done == 1) real_server_say(context, "CLIENT KILL TYPE normal");
}

#define KEEPS                                                                                      \
    VECTOR("t.keeps", "",                                                                          \
           STEP("\"MULTI\"", OK) "," STEP(                                                         \
               "\"SET\", \"{k}\", \"v\"",                                                          \
               "{\"status\": \"QUEUED\"}") "," AT("300", "\"EXEC\"", "[{\"status\": \"OK\"}]"))

START_TEST(a_connection_that_is_closed_midway_costs_the_vectors_that_need_it) {
    fixture self;
    fixture_start(&self, 1000000);
    self.how.jobs = 4; /* no more can be in flight, however busy the machine is */
    self.how.on_progress = close_all;
    self.how.progress_context = &self.server;
    char *others = many(LIVES), *body = text_format("%s,%s,%s", SHORT, KEEPS, others);
    fixture_run(&self, body);
    check(&self.run->vectors[0], VERDICT_PASS, NULL, NULL);
    check(&self.run->vectors[1], VERDICT_ERROR, NULL, "closed the connection");
    size_t in_flight = 0;
    for (size_t i = 2; i < self.run->count; i++)
        in_flight += self.run->vectors[i].verdict != VERDICT_PASS;
    ck_assert_uint_le(in_flight, self.how.jobs);
    ck_assert_str_eq(real_server_say(&self.server, "DBSIZE"), "0");
    free(body);
    free(others);
    fixture_stop(&self);
}
END_TEST

/* Nobody listens to it while it waits, so that it is closed shows when its reply is looked for. */
START_TEST(a_client_that_waits_on_a_connection_that_is_closed_is_an_error) {
    fixture self;
    fixture_start(&self, 1000000);
    self.how.on_progress = close_all;
    self.how.progress_context = &self.server;
    char *body =
        text_format("%s,%s", SHORT,
                    VECTOR("t.waits", "",
                           ON_B("\"BLPOP\", \"{k}\", \"0\"", PENDING) "," AWAIT("300", PENDING)));
    fixture_run(&self, body);
    check(&self.run->vectors[0], VERDICT_PASS, NULL, NULL);
    check(&self.run->vectors[1], VERDICT_ERROR, NULL, "closed the connection");
    ck_assert_ptr_nonnull(
        strstr(real_server_say(&self.server, "INFO clients"), "blocked_clients:0"));
    free(body);
    fixture_stop(&self);
}
END_TEST

static void pause_server(void *context, size_t done, size_t total, const result_run *run) {
    (void)total, (void)run;
    if (done == 1) real_server_say(context, "CLIENT PAUSE 600 ALL");
}

/* It answers long after the deadline what it was asked before: the moment was missed. */
START_TEST(a_vector_whose_moment_was_missed_is_tried_again_with_longer_times) {
    fixture self;
    fixture_start(&self, 1000000);
    self.how.on_progress = pause_server;
    self.how.progress_context = &self.server;
    char *body = text_format("%s,%s", SHORT, VECTOR("t.lives", "", LIVES));
    fixture_run(&self, body);
    check(&self.run->vectors[1], VERDICT_PASS, NULL, NULL);
    ck_assert_int_eq(self.run->vectors[1].attempts, 2);
    ck_assert_int_eq(self.run->vectors[1].stretch, 2);
    ck_assert_int_eq(self.run->vectors[1].steps[1].at_ms, 600);
    free(body);
    fixture_stop(&self);
}
END_TEST

#define SWITCHES                                                                                   \
    VECTOR("t.switches", "\"needs\": [\"debug\"], ",                                               \
           STEP("\"DEBUG\", \"SET-ACTIVE-EXPIRE\", \"0\"",                                         \
                OK) "," STEP("\"MULTI\"", OK) "," AT("300", "\"EXEC\"", "[]"))

START_TEST(the_active_cycle_is_on_again_when_the_vector_that_switched_it_off_broke) {
    fixture self;
    fixture_start(&self, 1000000);
    self.how.on_progress = close_all;
    self.how.progress_context = &self.server;
    char *body = text_format("%s,%s", SHORT, SWITCHES);
    fixture_run(&self, body);
    check(&self.run->vectors[1], VERDICT_ERROR, NULL, "closed the connection");
    real_server_say(&self.server, "SET dies v PX 20");
    struct timespec while_it_dies = {0, 500000000};
    nanosleep(&while_it_dies, NULL);
    ck_assert_str_eq(real_server_say(&self.server, "DBSIZE"), "0");
    free(body);
    fixture_stop(&self);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("crew");
    TCase *tests = tcase_create("crew");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, vectors_that_wait_do_not_wait_for_one_another);
    tcase_add_test(tests, clients_that_are_left_waiting_do_not_wait_for_one_another);
    tcase_add_test(tests, a_reply_that_must_come_and_does_not_is_a_difference_and_stops_nobody);
    tcase_add_test(tests, only_a_vector_that_names_seconds_waits_for_a_whole_one);
    tcase_add_test(tests, each_vector_that_needs_a_database_to_itself_has_one_of_its_own);
    tcase_add_test(tests, a_vector_that_counts_what_the_whole_server_does_runs_in_silence);
    tcase_add_test(tests, a_vector_that_is_told_of_all_databases_comes_when_they_are_empty);
    tcase_add_test(tests, few_connections_are_enough);
    tcase_add_test(tests, a_clock_that_stands_still_is_named_and_nothing_fails_for_it);
    tcase_add_test(tests, a_clock_that_runs_twice_as_fast_is_named_and_nothing_fails_for_it);
    tcase_add_test(tests,
                   a_clock_that_is_set_back_during_the_run_is_named_and_nothing_fails_for_it);
    tcase_add_test(tests,
                   a_clock_that_is_set_forward_during_the_run_is_named_and_nothing_fails_for_it);
    tcase_add_test(tests, a_server_that_stops_answering_is_an_error_within_the_patience);
    tcase_add_test(tests, a_server_that_goes_on_loses_only_the_vectors_that_it_did_not_answer);
    tcase_add_test(tests, a_connection_that_is_closed_midway_costs_the_vectors_that_need_it);
    tcase_add_test(tests, a_client_that_waits_on_a_connection_that_is_closed_is_an_error);
    tcase_add_test(tests, a_vector_whose_moment_was_missed_is_tried_again_with_longer_times);
    tcase_add_test(tests, the_active_cycle_is_on_again_when_the_vector_that_switched_it_off_broke);
    suite_add_tcase(suite, tests);
    SRunner *tested = srunner_create(suite);
    signal(SIGPIPE, SIG_IGN);
    srunner_run_all(tested, CK_ENV);
    int failed = srunner_ntests_failed(tested);
    srunner_free(tested);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
