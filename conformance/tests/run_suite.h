/* For tests: vectors written as macros, loaded, and run on a target. */
#ifndef CONFORMANCE_TESTS_RUN_SUITE_H
#define CONFORMANCE_TESTS_RUN_SUITE_H

#include <check.h>
#include <string.h>

#include "conformance/loader.h"
#include "conformance/runner.h"
#include "conformance/tests/written.h"
#include "conformance/text.h"

static const char suite_rules[] =
    "{\"rules\": [{\"id\": \"r.one\", \"text\": \"One rule.\", \"source\": {\"title\": \"T\"}}]}";

/* Vectors that stand in a file of their own, loaded. `body` is what `vectors` holds. */
typedef struct suite_file {
    written files;
    vector_set set;
} suite_file;

static inline void suite_load(suite_file *self, const char *body) {
    *self = (suite_file){0};
    written_begin(&self->files);
    written_file(&self->files, "rules.json", suite_rules);
    char *text = text_format("{\"suite\": \"t\", \"vectors\": [%s]}", body);
    const char *path = written_file(&self->files, "t.json", text);
    problem_list problems = {0};
    bool loaded = loader_load(&self->set, &path, 1, NULL, &problems);
    char *wrong = problems_text(&problems);
    ck_assert_msg(loaded, "%s", wrong);
    free(wrong);
    problem_list_free(&problems);
    free(text);
}

static inline void suite_free(suite_file *self) {
    vector_set_free(&self->set);
    written_end(&self->files);
}

/* One vector: its id and its steps; more fields may stand before `steps`. */
#define VECTOR(id, fields, steps)                                                                  \
    "{\"id\": \"" id "\", \"title\": \"a law\", \"rules\": [\"r.one\"], " fields                   \
    "\"steps\": [" steps "]}"
#define STEP(command, reply)   "{\"do\": [" command "], \"reply\": " reply "}"
#define AT(ms, command, reply) "{\"at\": \"" ms "\", \"do\": [" command "], \"reply\": " reply "}"
#define OK                     "{\"status\": \"OK\"}"

static inline target *open_target(const char *name, bool exclusive) {
    static char error[TARGET_ERROR_SIZE];
    target_options options = {.exclusive = exclusive};
    bool is_usage;
    target *on = target_open(name, &options, &is_usage, error);
    ck_assert_msg(on != NULL, "%s", error);
    return on;
}

/* Runs all vectors of the file on this target. */
static inline result_run *run_all(results *all, const suite_file *file, target *on, runner *how) {
    result_run *run = results_add_run(all);
    how->target = on;
    how->spec = on->dialect;
    how->run_id = "test";
    runner_run(how, file->set.vectors, file->set.count, run);
    return run;
}

static inline void check(const result_vector *one, verdict value, const char *class,
                         const char *reason) {
    ck_assert_msg(one->verdict == value, "%s: %s, %s", one->id, verdict_name(one->verdict),
                  one->reason == NULL ? "" : one->reason);
    if (class != NULL) ck_assert_str_eq(one->class, class);
    if (reason != NULL) ck_assert_msg(strstr(one->reason, reason) != NULL, "%s", one->reason);
}

#endif
