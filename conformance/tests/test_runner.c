/* The runner: verdicts on the engine, on a real server, and when a target breaks. */
#include "conformance/runner.h"

#include <hiredis/hiredis.h>
#include <signal.h>

#include "conformance/attempt.h"
#include "conformance/process.h"
#include "conformance/tests/run_suite.h"
#include "conformance/text.h"

/* A real server in real time, and a connection beside the target's. */
typedef struct fixture {
    const char *command[2];
    server_options options;
    server_process process;
    redisContext *direct;
    char url[128];
} fixture;

static void fixture_start(fixture *self) {
    char wrong[SERVER_ERROR_SIZE];
    *self = (fixture){.command = {"redis-server", NULL}};
    self->options = (server_options){.command = self->command};
    ck_assert_msg(server_start(&self->process, &self->options, wrong), "%s", wrong);
    self->direct = server_connect(&self->process, wrong);
    ck_assert_msg(self->direct != NULL, "%s", wrong);
    snprintf(self->url, sizeof self->url, "unix://%s", self->process.socket);
}

static void fixture_stop(fixture *self) {
    redisFree(self->direct);
    server_stop(&self->process);
}

static long long ask_integer(fixture *self, const char *command) {
    redisReply *reply = redisCommand(self->direct, command);
    ck_assert_ptr_nonnull(reply);
    long long integer = reply->integer;
    freeReplyObject(reply);
    return integer;
}

/* -- the engine --------------------------------------------------------------------------- */

/* In the millisecond of the deadline itself Redis 8 may already have removed it. */
#define RIGHT                                                                                      \
    VECTOR("t.right", "",                                                                          \
           STEP("\"PSETEX\", \"{k}\", \"100\", \"v\"", OK) "," AT(                                 \
               "99", "\"GET\", \"{k}\"", "\"v\"") "," AT("101", "\"GET\", \"{k}\"", "null"))
#define WRONG                                                                                      \
    VECTOR("t.wrong", "", STEP("\"SET\", \"{k}\", \"v\"", OK) "," STEP("\"STRLEN\", \"{k}\"", "2"))

START_TEST(a_right_vector_passes_and_a_wrong_one_fails_with_what_was_wanted) {
    suite_file file;
    suite_load(&file, RIGHT "," WRONG);
    results all = {0};
    runner how = {0};
    target *on = open_target("engine", false);
    result_run *run = run_all(&all, &file, on, &how);
    check(&run->vectors[0], VERDICT_PASS, NULL, NULL);
    check(&run->vectors[1], VERDICT_FAIL, "value", "expected 2, got 1");
    const result_step *culprit = result_vector_culprit(&run->vectors[1]);
    ck_assert_ptr_eq(culprit, &run->vectors[1].steps[1]);
    ck_assert(ttl_bytes_equal(ttl_reply_text(&culprit->command, 2), ttl_bytes_of("{k}")));
    target_close(on);
    results_free(&all);
    suite_free(&file);
}
END_TEST

START_TEST(what_nothing_promises_is_a_warning) {
    suite_file file;
    suite_load(&file, VECTOR("t.should", "\"level\": \"should\", ", STEP("\"PING\"", OK)));
    results all = {0};
    runner how = {0};
    target *on = open_target("engine", false);
    check(&run_all(&all, &file, on, &how)->vectors[0], VERDICT_WARNING, "value", NULL);
    target_close(on);
    results_free(&all);
    suite_free(&file);
}
END_TEST

#define EVENTS(events, command)                                                                    \
    "{\"do\": [" command "], \"reply\": " OK ", \"events\": [" events "]}"

START_TEST(events_are_held_against_the_vector) {
    suite_file file;
    suite_load(
        &file,
        VECTOR(
            "t.events", "",
            EVENTS(
                "{\"set\": \"{k}\"}, {\"expire\": \"{k}\"}",
                "\"PSETEX\", \"{k}\", \"9\", \"v\"")) "," VECTOR("t.events.wrong", "",
                                                                 EVENTS(
                                                                     "{\"del\": \"{k}\"}",
                                                                     "\"SET\", \"{k}\", \"v\"")));
    results all = {0};
    runner how = {0};
    target *on = open_target("engine", false);
    result_run *run = run_all(&all, &file, on, &how);
    check(&run->vectors[0], VERDICT_PASS, NULL, NULL);
    check(&run->vectors[1], VERDICT_FAIL, "events", "[\"del {k}\"], saw [\"set {k}\"]");
    target_close(on);
    results_free(&all);
    suite_free(&file);
}
END_TEST

/* -- a real server ------------------------------------------------------------------------- */

START_TEST(a_wrong_vector_fails_on_a_right_server_too) {
    suite_file file;
    fixture server;
    suite_load(&file, RIGHT "," WRONG);
    fixture_start(&server);
    results all = {0};
    runner how = {0};
    target *on = open_target(server.url, false);
    result_run *run = run_all(&all, &file, on, &how);
    ck_assert_int_ne(run->vectors[0].verdict, VERDICT_FAIL); /* its moment may be missed */
    check(&run->vectors[1], VERDICT_FAIL, "value", "expected 2, got 1");
    target_close(on);
    fixture_stop(&server);
    results_free(&all);
    suite_free(&file);
}
END_TEST

START_TEST(a_server_that_holds_other_data_is_left_as_it_was) {
    suite_file file;
    fixture server;
    suite_load(&file,
               RIGHT "," WRONG "," VECTOR(
                   "t.flush", "\"needs\": [\"exclusive-db\"], ",
                   STEP("\"FLUSHALL\"",
                        OK)) "," VECTOR("t.alone", "\"needs\": [\"exclusive-db\"], ",
                                        STEP("\"DBSIZE\"",
                                             "0")) "," VECTOR("t.config",
                                                              "\"needs\": [\"exclusive-db\"], ",
                                                              STEP("\"CONFIG\", \"SET\", "
                                                                   "\"maxmemory\", \"1gb\"",
                                                                   OK)));
    fixture_start(&server);
    freeReplyObject(redisCommand(server.direct, "SET mine v"));
    results all = {0};
    runner how = {0};
    target *on = open_target(server.url, false);
    result_run *run = run_all(&all, &file, on, &how);
    for (size_t i = 2; i < run->count; i++)
        check(&run->vectors[i], VERDICT_SKIP, NULL, "needs exclusive-db");
    target_close(on);
    ck_assert_int_eq(ask_integer(&server, "DBSIZE"), 1);
    ck_assert_int_eq(ask_integer(&server, "EXISTS mine"), 1);
    fixture_stop(&server);
    results_free(&all);
    suite_free(&file);
}
END_TEST

START_TEST(a_granted_server_is_emptied_and_set_back) {
    suite_file file;
    fixture server;
    suite_load(&file, VECTOR("t.alone", "\"needs\": [\"exclusive-db\"], ",
                             STEP("\"CONFIG\", \"SET\", \"hz\", \"50\"", OK) "," STEP(
                                 "\"SET\", \"{k}\", \"v\"", OK) "," STEP("\"DBSIZE\"", "1")));
    fixture_start(&server);
    freeReplyObject(redisCommand(server.direct, "SET mine v"));
    results all = {0};
    runner how = {0};
    target *on = open_target(server.url, true);
    check(&run_all(&all, &file, on, &how)->vectors[0], VERDICT_PASS, NULL, NULL);
    target_close(on);
    ck_assert_int_eq(ask_integer(&server, "DBSIZE"), 0);
    redisReply *reply = redisCommand(server.direct, "CONFIG GET hz");
    ck_assert_str_eq(reply->element[1]->str, "10");
    freeReplyObject(reply);
    fixture_stop(&server);
    results_free(&all);
    suite_free(&file);
}
END_TEST

/* -- verdicts on live histories ------------------------------------------------------------- */

/* A vector that the engine has run, to be told as a live server might have answered it. */
typedef struct telling {
    suite_file file;
    target *on;
    ttl_dialect spec;
    attempt turn;
} telling;

static void tell(telling *self, const char *body, size_t number, const char *engine) {
    suite_load(&self->file, body);
    self->on = open_target(engine, true);
    self->spec = self->on->dialect;
    attempt_run(&self->turn, self->on, self->file.set.vectors[number], &self->spec,
                "ttlspec:test:0:");
    self->turn.is_virtual = false;
}

/* An answer is to be put into the reply. */
static ttl_reply *tell_step(telling *self, size_t step, int64_t sent_ms, int64_t received_ms) {
    self->turn.steps[step].moments = (target_moments){sent_ms * 1000, received_ms * 1000};
    return &self->turn.steps[step].reply;
}

static void decide(telling *self, verdict value, const char *class, const char *why) {
    result_vector result = {0};
    attempt_decide(&self->turn, &result);
    result.id = text_copy("t.told");
    check(&result, value, class, why);
    result_vector_free(&result);
    attempt_free(&self->turn);
    target_close(self->on);
    suite_free(&self->file);
}

/* RIGHT, asked first after 50 ms, then with the moments and the reply that are given. */
static void decide_last(int64_t sent_ms, int64_t received_ms, bool is_alive, verdict value,
                        const char *class) {
    telling told;
    tell(&told, RIGHT, 0, "engine");
    tell_step(&told, 1, 50, 50);
    ttl_reply *reply = tell_step(&told, 2, sent_ms, received_ms);
    ttl_reply_clear(reply);
    if (is_alive) ttl_reply_add_bulk(reply, ttl_bytes_of("v"));
    else ttl_reply_add_nil(reply);
    decide(&told, value, class, NULL);
}

START_TEST(a_reply_that_is_legal_for_a_moment_in_its_bracket_never_fails) {
    decide_last(101, 101, false, VERDICT_PASS, NULL);
    decide_last(100, 103, false, VERDICT_PASS, NULL);
    decide_last(100, 103, true, VERDICT_INCONCLUSIVE, "missed");
    decide_last(100, 100000, true, VERDICT_INCONCLUSIVE, "missed");
}
END_TEST

/* Milliseconds are floors: 101 ms later the key may live, 102 ms later it may not. */
START_TEST(a_reply_that_is_legal_for_no_moment_fails) {
    decide_last(101, 150, true, VERDICT_INCONCLUSIVE, "missed");
    decide_last(103, 150, true, VERDICT_FAIL, "value");
}
END_TEST

/* The vector wants a nil and gets one, but at that time the key was alive. */
START_TEST(a_wanted_reply_at_a_moment_when_it_is_wrong_fails) {
    decide_last(99, 99, false, VERDICT_FAIL, "time");
}
END_TEST

/* A live vector that needs the server to itself, and had it not: the count may be of others. */
START_TEST(what_differs_when_others_were_at_work_is_not_held_against_the_server) {
    for (size_t i = 0; i < 2; i++) {
        telling told;
        tell(&told, WRONG "," RIGHT, i, "engine");
        told.turn.was_disturbed = true;
        decide(&told, VERDICT_INCONCLUSIVE, "missed", "another vector was at work meanwhile");
    }
}
END_TEST

#define SCANS                                                                                      \
    VECTOR("t.scans", "\"needs\": [\"exclusive-db\"], ",                                           \
           STEP("\"SET\", \"{k}\", \"v\", \"PX\", \"15\"", OK) "," AT("90", "\"SCAN\", \"0\"",     \
                                                                      "[\"0\", []]"))

/* As a live server that lists the key might have answered it. */
static void decide_scan(int64_t set_received_ms, int64_t scan_sent_ms, verdict value) {
    telling told;
    tell(&told, SCANS, 0, "engine");
    tell_step(&told, 0, 0, set_received_ms);
    ttl_reply *reply = tell_step(&told, 1, scan_sent_ms, 177);
    ttl_reply_clear(reply);
    ttl_reply_add_node(reply, TTL_REPLY_ARRAY, 2);
    ttl_reply_add_bulk(reply, ttl_bytes_of("0"));
    ttl_reply_add_node(reply, TTL_REPLY_ARRAY, 1);
    ttl_reply_add_bulk(reply, ttl_bytes_of("ttlspec:test:0:k"));
    decide(&told, value, NULL, NULL);
}

/* The judge does not look at SCAN. At the earliest and at the latest moments the key was dead; but
 * it may have been stored late and looked for early. */
START_TEST(what_is_not_judged_fails_only_if_it_is_wrong_however_long_it_took) {
    decide_scan(116, 117, VERDICT_INCONCLUSIVE);
    decide_scan(100, 117, VERDICT_FAIL);
}
END_TEST

#define WAITS                                                                                      \
    VECTOR("t.waits", "",                                                                          \
           "{\"on\": \"b\", \"do\": [\"BLPOP\", \"{k}\", \"{k2}\", \"0.1\"], \"reply\": "          \
           "{\"pending\": true}}")

/* Before 7.2 the judge does not judge a command that waits for several keys. When it is known at
 * last what it was answered, its timeout may have passed. */
START_TEST(what_a_client_that_waited_was_told_late_is_not_held_against_the_server) {
    telling told;
    tell(&told, WAITS, 0, "engine:redis-7.0");
    ttl_reply *reply = tell_step(&told, 0, 4, 168);
    ttl_reply_clear(reply);
    ttl_reply_add_nil(reply);
    decide(&told, VERDICT_INCONCLUSIVE, "missed", NULL);
}
END_TEST

#define COUNTS                                                                                     \
    VECTOR("t.counts", "\"needs\": [\"exclusive-db\"], ",                                          \
           STEP("\"SET\", \"{k}\", \"v\", \"PX\", \"15\"", OK) "," AT(                             \
               "30", "\"PSETEX\", \"{k}\", \"100000\", \"w\"",                                     \
               OK) "," STEP("\"INFO\", \"stats\"", "{\"contains\": \"expired_keys:1\\r\\n\"}"))

/* The key that was written over counts as expired, or not: what the judge looks at does not show
 * whether it was dead, but INFO does. So a server that counted none is accused only where the key
 * must have been dead. */
static void decide_count(int64_t set_received_ms, int64_t psetex_sent_ms, verdict value) {
    telling told;
    tell(&told, COUNTS, 0, "engine:redis-7.0");
    tell_step(&told, 0, 0, set_received_ms);
    tell_step(&told, 1, psetex_sent_ms, 45);
    ttl_reply *reply = tell_step(&told, 2, psetex_sent_ms, 45);
    ttl_reply_clear(reply);
    ttl_reply_add_bulk(reply, ttl_bytes_of("expired_keys:0\r\n"));
    decide(&told, value, NULL, NULL);
}

START_TEST(
    what_only_info_shows_of_a_key_that_was_written_over_fails_only_if_it_must_have_been_dead) {
    decide_count(21, 31, VERDICT_INCONCLUSIVE);
    decide_count(1, 45, VERDICT_FAIL);
}
END_TEST

/* -- polls ------------------------------------------------------------------------------------ */

#define POLL(at, command, until, turns)                                                            \
    "{\"at\": \"" at "\", \"poll\": [" command "], \"until\": " until ", \"turns\": \"" turns "\"" \
    "}"
#define SET_60 STEP("\"SET\", \"{k}\", \"v\", \"PX\", \"60\"", OK)
#define PTTL   "\"PTTL\", \"{k}\""
#define POLLS                                                                                      \
    VECTOR("t.right", "",                                                                          \
           SET_60 "," POLL("55", PTTL, "-2", "61") "," STEP("\"GET\", \"{k}\"", "null"))           \
    "," VECTOR("t.zero", "",                                                                       \
               SET_60 "," POLL("55", PTTL, "0", "60") "," STEP(PTTL, "0") "," AT(                  \
                   "70", PTTL,                                                                     \
                   "-2")) "," VECTOR("t.early", "",                                                \
                                     SET_60 "," POLL(                                              \
                                         "55", PTTL, "-2",                                         \
                                         "62")) "," VECTOR("t.late", "",                           \
                                                           SET_60 "," POLL(                        \
                                                               "55", PTTL, "-2",                   \
                                                               "60")) "," VECTOR("t.seen", "",     \
                                                                                 SET_60 "," POLL(  \
                                                                                     "61", PTTL,   \
                                                                                     "-2", "62"))

START_TEST(in_virtual_time_a_poll_turns_in_its_millisecond) {
    suite_file file;
    suite_load(&file, POLLS);
    results all = {0};
    runner how = {0};
    target *on = open_target("engine", false);
    const result_run *run = run_all(&all, &file, on, &how);
    check(&run->vectors[0], VERDICT_PASS, NULL, NULL);
    ck_assert_uint_eq(run->vectors[0].steps[1].polls, 6);
    check(&run->vectors[1], VERDICT_PASS, NULL, NULL);
    check(&run->vectors[2], VERDICT_FAIL, "time", "turned at 61 ms, not at 62");
    check(&run->vectors[3], VERDICT_FAIL, "value", "expected -2, got 0");
    check(&run->vectors[4], VERDICT_FAIL, "time", "turned at 61 ms, not at 62");
    target_close(on);
    results_free(&all);
    suite_free(&file);
}
END_TEST

/* As often as may be; what is proven is proven of each reply. */
START_TEST(in_real_time_each_reply_to_a_poll_is_judged) {
    suite_file file;
    suite_load(&file, VECTOR("t.right", "", SET_60 "," POLL("40", PTTL, "-2", "61")));
    fixture server;
    fixture_start(&server);
    results all = {0};
    runner how = {0};
    target *on = open_target(server.url, false);
    const result_vector *one = &run_all(&all, &file, on, &how)->vectors[0];
    ck_assert(one->verdict == VERDICT_PASS || one->verdict == VERDICT_INCONCLUSIVE);
    ck_assert(one->verdict != VERDICT_PASS || one->steps[1].polls > 0);
    target_close(on);
    fixture_stop(&server);
    results_free(&all);
    suite_free(&file);
}
END_TEST

/* The key was stored at 0 and died in the millisecond of its deadline; or, it was first asked for
 * when it was dead. */
static void decide_poll(size_t polls, const int64_t *at_us, const int64_t *values, verdict value,
                        const char *class) {
    telling told;
    tell(&told, VECTOR("t.right", "", SET_60 "," POLL("55", PTTL, "-2", "61")), 0, "engine");
    attempt_step *step = &told.turn.steps[1];
    while (step->poll_count > polls) ttl_reply_free(&step->polls[--step->poll_count].reply);
    for (size_t i = 0; i < polls; i++) {
        ttl_reply_clear(&step->polls[i].reply);
        ttl_reply_add_integer(&step->polls[i].reply, values[i]);
        step->polls[i].moments = (target_moments){at_us[i], at_us[i] + 50};
    }
    step->moments = (target_moments){at_us[polls], at_us[polls] + 50};
    decide(&told, value, class, NULL);
}

START_TEST(a_poll_sees_the_millisecond_of_the_deadline) {
    static const int64_t at_us[] = {59000, 59900, 60100, 60800, 61500};
    decide_poll(4, at_us, (int64_t[]){1, 1, 0, 0}, VERDICT_PASS, NULL);
    /* One millisecond is told for more than one, */
    static const int64_t long_us[] = {59000, 60100, 60800, 61200, 61500};
    decide_poll(4, long_us, (int64_t[]){1, 0, 0, 0}, VERDICT_FAIL, "time");
    /* and the key is gone in the millisecond in which one was left. */
    static const int64_t soon_us[] = {59100, 59300, 59500};
    decide_poll(2, soon_us, (int64_t[]){2, 1}, VERDICT_FAIL, "time");
    static const int64_t late_us[] = {90000};
    decide_poll(0, late_us, NULL, VERDICT_INCONCLUSIVE, "missed");
}
END_TEST

/* -- trouble --------------------------------------------------------------------------------- */

typedef struct trouble {
    fixture *server;
    volatile sig_atomic_t interrupted;
    size_t after;
} trouble;

static void cause_trouble(void *context, size_t done, size_t total, const result_run *run) {
    (void)total, (void)run;
    trouble *self = context;
    if (done != self->after) return;
    if (self->server != NULL) server_end(&self->server->process, SIGKILL);
    else self->interrupted = 1;
}

#define SIMPLE(id) VECTOR(id, "", STEP("\"SET\", \"{k}\", \"v\"", OK))
#define SIX                                                                                        \
    SIMPLE("t.a")                                                                                  \
    "," SIMPLE("t.b") "," SIMPLE("t.c") "," SIMPLE("t.d") "," SIMPLE("t.e") "," SIMPLE("t.f")
#define ALONE(id) VECTOR(id, "\"needs\": [\"exclusive-db\"], ", STEP("\"FLUSHALL\"", OK))
#define LONG(id)                                                                                   \
    VECTOR(id, "", STEP("\"SET\", \"{k}\", \"v\"", OK) "," AT("900", "\"GET\", \"{k}\"", "\"v\""))

/* The server dies as soon as the first verdict is there. */
static result_run *run_to_death(results *all, suite_file *file, const char *body, runner *how) {
    fixture server;
    suite_load(file, body);
    fixture_start(&server);
    trouble cause = {.server = &server, .after = 1};
    how->on_progress = cause_trouble;
    how->progress_context = &cause;
    target *on = open_target(server.url, true);
    result_run *run = run_all(all, file, on, how);
    target_close(on);
    fixture_stop(&server);
    return run;
}

START_TEST(a_server_that_dies_is_an_error_and_loses_no_result) {
    suite_file file;
    results all = {0};
    runner how = {0};
    result_run *run = run_to_death(
        &all, &file, SIMPLE("t.a") "," LONG("t.b") "," LONG("t.c") "," LONG("t.d"), &how);
    ck_assert_uint_eq(run->count, 4);
    check(&run->vectors[0], VERDICT_PASS, NULL, NULL);
    for (size_t i = 1; i < 4; i++) check(&run->vectors[i], VERDICT_ERROR, NULL, "the target ");
    results_free(&all);
    suite_free(&file);
}
END_TEST

START_TEST(a_server_that_is_lost_is_not_tried_for_ever) {
    suite_file file;
    results all = {0};
    runner how = {0};
    result_run *run = run_to_death(&all, &file,
                                   SIMPLE("t.a") "," ALONE("t.b") "," ALONE("t.c") "," ALONE(
                                       "t.d") "," ALONE("t.e") "," ALONE("t.f"),
                                   &how);
    ck_assert_uint_eq(run->count, 6);
    check(&run->vectors[0], VERDICT_PASS, NULL, NULL);
    check(&run->vectors[1], VERDICT_ERROR, NULL, "the target ");
    check(&run->vectors[5], VERDICT_ERROR, NULL, "not tried: the target was lost");
    results_free(&all);
    suite_free(&file);
}
END_TEST

START_TEST(an_interruption_keeps_what_was_decided) {
    suite_file file;
    suite_load(&file, SIX);
    trouble cause = {.after = 2};
    results all = {0};
    runner how = {.on_progress = cause_trouble,
                  .progress_context = &cause,
                  .is_interrupted = &cause.interrupted};
    target *on = open_target("engine", false);
    result_run *run = run_all(&all, &file, on, &how);
    ck_assert(run->interrupted);
    ck_assert_uint_eq(run->count, 2);
    target_close(on);
    results_free(&all);
    suite_free(&file);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("runner");
    TCase *tests = tcase_create("runner");
    tcase_set_timeout(tests, 30);
    tcase_add_test(tests, a_right_vector_passes_and_a_wrong_one_fails_with_what_was_wanted);
    tcase_add_test(tests, what_nothing_promises_is_a_warning);
    tcase_add_test(tests, events_are_held_against_the_vector);
    tcase_add_test(tests, a_wrong_vector_fails_on_a_right_server_too);
    tcase_add_test(tests, a_server_that_holds_other_data_is_left_as_it_was);
    tcase_add_test(tests, a_granted_server_is_emptied_and_set_back);
    tcase_add_test(tests, a_reply_that_is_legal_for_a_moment_in_its_bracket_never_fails);
    tcase_add_test(tests, a_reply_that_is_legal_for_no_moment_fails);
    tcase_add_test(tests, what_differs_when_others_were_at_work_is_not_held_against_the_server);
    tcase_add_test(tests, a_wanted_reply_at_a_moment_when_it_is_wrong_fails);
    tcase_add_test(tests, what_is_not_judged_fails_only_if_it_is_wrong_however_long_it_took);
    tcase_add_test(tests, what_a_client_that_waited_was_told_late_is_not_held_against_the_server);
    tcase_add_test(
        tests,
        what_only_info_shows_of_a_key_that_was_written_over_fails_only_if_it_must_have_been_dead);
    tcase_add_test(tests, in_virtual_time_a_poll_turns_in_its_millisecond);
    tcase_add_test(tests, in_real_time_each_reply_to_a_poll_is_judged);
    tcase_add_test(tests, a_poll_sees_the_millisecond_of_the_deadline);
    tcase_add_test(tests, a_server_that_dies_is_an_error_and_loses_no_result);
    tcase_add_test(tests, a_server_that_is_lost_is_not_tried_for_ever);
    tcase_add_test(tests, an_interruption_keeps_what_was_decided);
    suite_add_tcase(suite, tests);
    SRunner *tested = srunner_create(suite);
    signal(SIGPIPE, SIG_IGN); /* as every program that talks to servers has to */
    srunner_run_all(tested, CK_ENV);
    int failed = srunner_ntests_failed(tested);
    srunner_free(tested);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
