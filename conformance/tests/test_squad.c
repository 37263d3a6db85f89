/* Several processes of one server: the results of one, whatever happens to some of them. */
#include "conformance/squad.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

#include "conformance/tests/run_suite.h"

enum { VECTORS = 40, JOBS = 3 };

/* Vectors t.v0 ... that pass, but those at each `every`-th place, which are `other`. */
static void load_many(suite_file *file, const char *other, int every) {
    char *body = text_copy("");
    for (int i = 0; i < VECTORS; i++) {
        const char *steps = every > 0 && i % every == 0
                                ? other
                                : STEP("\"PSETEX\", \"{k}\", \"100\", \"v\"",
                                       OK) "," AT("100", "\"PTTL\", \"{k}\"", "0");
        text_replace(&body,
                     "%s%s{\"id\": \"t.v%d\", \"title\": \"a law\", \"rules\": [\"r.one\"], "
                     "\"needs\": [\"debug\"], \"steps\": [%s]}",
                     body, i > 0 ? "," : "", i, steps);
    }
    suite_load(file, body);
    free(body);
}

static result_run *run_abreast(results *all, const suite_file *file, target *on, size_t jobs) {
    runner how = {.jobs = jobs};
    return run_all(all, file, on, &how);
}

START_TEST(several_processes_give_the_results_of_one_in_the_order_of_the_suite) {
    suite_file file;
    load_many(&file, STEP("\"PING\"", OK), 7);
    target *on = open_target("exec:redis-server", false);
    for (size_t jobs = 0; jobs <= JOBS; jobs++) {
        results all = {0};
        result_run *run = run_abreast(&all, &file, on, jobs);
        ck_assert_uint_eq(run->count, VECTORS);
        for (size_t i = 0; i < run->count; i++) {
            ck_assert_str_eq(run->vectors[i].id, file.set.vectors[i]->id);
            check(&run->vectors[i], i % 7 == 0 ? VERDICT_FAIL : VERDICT_PASS, NULL, NULL);
        }
        results_free(&all);
    }
    target_close(on);
    suite_free(&file);
}
END_TEST

START_TEST(a_process_that_crashes_costs_only_the_vector_that_it_ran) {
    suite_file file;
    load_many(&file, STEP("\"DEBUG\", \"SEGFAULT\"", OK), 9);
    target *on = open_target("exec:redis-server", false);
    results all = {0};
    result_run *run = run_abreast(&all, &file, on, JOBS);
    ck_assert_uint_eq(run->count, VECTORS);
    for (size_t i = 0; i < run->count; i++)
        check(&run->vectors[i], i % 9 == 0 ? VERDICT_ERROR : VERDICT_PASS, NULL,
              i % 9 == 0 ? "was killed by signal 11" : NULL);
    results_free(&all);
    target_close(on);
    suite_free(&file);
}
END_TEST

/* The reply as an integer; 0: it is none. */
static int64_t ask(target *on, const char *const *words) {
    ttl_bytes argv[4];
    size_t argc = 0;
    char error[TARGET_ERROR_SIZE];
    for (; words[argc] != NULL; argc++) argv[argc] = ttl_bytes_of(words[argc]);
    ttl_reply reply;
    target_moments moments;
    ttl_reply_init(&reply, ttl_allocator_libc());
    ck_assert_msg(target_execute(on, 0, argc, argv, &reply, &moments, error), "%s", error);
    int64_t value = reply.nodes[0].type == TTL_REPLY_INTEGER ? reply.nodes[0].is.integer : 0;
    ttl_reply_free(&reply);
    return value;
}

/* Who holds a copy of a connection keeps the server from seeing that it was closed. */
START_TEST(a_process_holds_no_connection_to_another) {
    static const target_turn turn = {.key_prefix = {"p:", 2}, .connection_count = 1};
    char error[TARGET_ERROR_SIZE];
    target *on = open_target("exec:redis-server", false), *other;
    ck_assert_msg(target_begin(on, &turn, error), "%s", error);
    ask(on, (const char *[]){"SUBSCRIBE", "c", NULL});
    other = on->another(on, error);
    ck_assert_msg(other != NULL, "%s", error);
    target_end(on, 0, NULL);
    ck_assert_msg(target_begin(on, &turn, error), "%s", error);
    ck_assert_int_eq(ask(on, (const char *[]){"PUBLISH", "c", "m", NULL}), 0);
    target_end(on, 0, NULL);
    target_close(other);
    target_close(on);
}
END_TEST

START_TEST(where_no_other_process_can_be_started_the_first_does_all) {
    suite_file file;
    load_many(&file, NULL, 0);
    target *on = open_target("exec:redis-server", false);
    char *before = text_copy(getenv("TMPDIR"));
    setenv("TMPDIR", "/proc/nothing", 1);
    results all = {0};
    result_run *run = run_abreast(&all, &file, on, JOBS);
    ck_assert_uint_eq(run->count, VECTORS);
    ck_assert_uint_eq(result_run_count(run).of[VERDICT_PASS], VECTORS);
    results_free(&all);
    if (before != NULL) setenv("TMPDIR", before, 1);
    else unsetenv("TMPDIR");
    free(before);
    target_close(on);
    suite_free(&file);
}
END_TEST

/* -- members that are lost --------------------------------------------------------------------- */

/* What the callbacks share; the targets are engines, never used. */
typedef struct scripted {
    target *lost;   /* on this one nothing begins */
    size_t stop_at; /* this place is interrupted */
    size_t kept, errors;
} scripted;

static squad_end run_scripted(const void *context, target *on, size_t place,
                              result_vector *result) {
    const scripted *self = context;
    *result = (result_vector){.verdict = VERDICT_PASS};
    if (place == self->stop_at) return SQUAD_INTERRUPTED;
    if (on != self->lost) return SQUAD_DONE;
    result->verdict = VERDICT_ERROR;
    return SQUAD_NEVER_BEGAN;
}

static void keep_scripted(void *context, size_t place, const result_vector *result) {
    (void)place;
    scripted *self = context;
    self->kept++;
    self->errors += result->verdict == VERDICT_ERROR;
}

static size_t run_script(scripted *self, target *on, bool *interrupted) {
    size_t places[VECTORS];
    for (size_t i = 0; i < VECTORS; i++) places[i] = i;
    squad_options options = {
        .target = on, .jobs = JOBS, .run = run_scripted, .keep = keep_scripted, .context = self};
    return squad_run(&options, places, VECTORS, interrupted);
}

static target *another_engine(const target *base, char *error) {
    (void)base, (void)error;
    return open_target("engine", false);
}

START_TEST(a_lost_member_takes_no_more_and_the_others_go_on) {
    target *on = open_target("engine", false);
    bool interrupted = true;
    scripted alone = {.lost = on, .stop_at = SIZE_MAX};
    ck_assert_uint_eq(run_script(&alone, on, &interrupted), SQUAD_LOST_AFTER);
    ck_assert_uint_eq(alone.errors, SQUAD_LOST_AFTER);
    ck_assert(!interrupted);
    on->another = another_engine;
    scripted one_of_many = {.lost = on, .stop_at = SIZE_MAX};
    ck_assert_uint_eq(run_script(&one_of_many, on, &interrupted), VECTORS);
    ck_assert_uint_eq(one_of_many.kept, VECTORS);
    ck_assert_uint_le(one_of_many.errors, SQUAD_LOST_AFTER);
    target_close(on);
}
END_TEST

START_TEST(an_interruption_of_one_ends_all_and_keeps_what_was_decided) {
    target *on = open_target("engine", false);
    bool interrupted = false;
    on->another = another_engine;
    scripted stopped = {.stop_at = VECTORS / 2};
    ck_assert_uint_ge(run_script(&stopped, on, &interrupted), VECTORS / 2 + 1);
    ck_assert(interrupted);
    ck_assert_uint_ge(stopped.kept, VECTORS / 2 - JOBS);
    target_close(on);
}
END_TEST

int main(void) {
    signal(SIGPIPE, SIG_IGN); /* as ttlspec does */
    Suite *suite = suite_create("squad");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 30);
    tcase_add_test(all, several_processes_give_the_results_of_one_in_the_order_of_the_suite);
    tcase_add_test(all, a_process_that_crashes_costs_only_the_vector_that_it_ran);
    tcase_add_test(all, a_process_holds_no_connection_to_another);
    tcase_add_test(all, where_no_other_process_can_be_started_the_first_does_all);
    tcase_add_test(all, a_lost_member_takes_no_more_and_the_others_go_on);
    tcase_add_test(all, an_interruption_of_one_ends_all_and_keeps_what_was_decided);
    suite_add_tcase(suite, all);
    SRunner *tests = srunner_create(suite);
    srunner_run_all(tests, CK_ENV);
    int failed = srunner_ntests_failed(tests);
    srunner_free(tests);
    return failed == 0 ? 0 : 1;
}
