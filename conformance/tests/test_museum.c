/* The bug museum: every vector of vectors/bugs catches the bug that it is named after, planted in
 * the engine, by the answer that was reported; and museum.json lists every bug and every vector.
 */
#include <check.h>

#include "conformance/glob.h"
#include "conformance/json.h"
#include "conformance/loader.h"
#include "conformance/runner.h"
#include "conformance/tests/museum_faults.h"
#include "conformance/tests/written.h"

static const char museum_file[] = "conformance/tests/museum.json";

static void load_vectors(vector_set *set) {
    static const char *const path = "vectors/bugs";
    problem_list problems = {0};
    *set = (vector_set){0};
    bool loaded = loader_load(set, &path, 1, NULL, &problems);
    char *wrong = problems_text(&problems);
    ck_assert_msg(loaded, "%s", wrong);
    free(wrong);
    problem_list_free(&problems);
}

static target *open_engine(const char *dialect) {
    static char error[TARGET_ERROR_SIZE];
    target_options options = {.exclusive = true};
    char name[64];
    bool is_usage;
    snprintf(name, sizeof name, "engine:%s", dialect);
    target *on = target_open(name, &options, &is_usage, error);
    ck_assert_msg(on != NULL, "%s", error);
    return on;
}

static result_vector *run_one(results *all, target *on, const vector *one) {
    result_run *run = results_add_run(all);
    runner how = {.target = on, .spec = on->dialect, .run_id = "museum"};
    runner_run(&how, &one, 1, run);
    ck_assert_uint_eq(run->count, 1);
    return &run->vectors[0];
}

/* ---- replies, written short */

typedef struct short_text {
    char text[MUSEUM_TEXT];
    size_t length;
} short_text;

static void short_add(short_text *self, const char *text, size_t length) {
    if (length >= sizeof self->text - self->length) length = sizeof self->text - self->length - 1;
    memcpy(self->text + self->length, text, length);
    self->length += length;
    self->text[self->length] = '\0';
}

static void short_node(short_text *self, const ttl_reply *reply, size_t index) {
    const ttl_node *node = &reply->nodes[index];
    char number[32];
    if (node->type == TTL_REPLY_INTEGER) {
        int length = snprintf(number, sizeof number, "%" PRId64, node->is.integer);
        short_add(self, number, (size_t)length);
    } else if (ttl_reply_is_aggregate(node->type)) {
        short_add(self, "[", 1);
        size_t at = index + 1;
        for (uint32_t i = 0; i < node->length; i++, at = ttl_reply_next(reply, at)) {
            if (i > 0) short_add(self, " ", 1);
            short_node(self, reply, at);
        }
        short_add(self, "]", 1);
    } else if (ttl_reply_has_text(node->type)) {
        ttl_bytes text = ttl_reply_text(reply, index);
        if (node->type == TTL_REPLY_STATUS) short_add(self, "+", 1);
        if (node->type == TTL_REPLY_ERROR) short_add(self, "-", 1);
        short_add(self, text.data, text.length);
    } else if (node->type == TTL_REPLY_PENDING) short_add(self, "pending", 7);
    else short_add(self, "nil", 3);
}

/* How a vector gave the fault away, as `shows` of a fault tells it. */
static short_text short_symptom(const result_vector *outcome) {
    short_text self = {.length = 0};
    const result_step *culprit = result_vector_culprit(outcome);
    if (culprit == NULL) return self;
    if (outcome->class != NULL && strcmp(outcome->class, "events") == 0) {
        short_add(&self, "events", 6);
        return self;
    }
    ttl_bytes name = ttl_reply_text(&culprit->command, 1);
    short_add(&self, name.data, name.length);
    short_add(&self, " ", 1);
    if (culprit->answered) short_node(&self, &culprit->reply, 0);
    else short_add(&self, "broken", 6);
    return self;
}

static bool is_shown(const char *shows, const char *symptom) {
    if (*shows == '*') {
        shows++;
        symptom += strcspn(symptom, " ");
    }
    size_t length = strlen(shows);
    if (length > 0 && shows[length - 1] == '*') return strncmp(shows, symptom, length - 1) == 0;
    return strcmp(shows, symptom) == 0;
}

/* ---- the faults */

static void check_caught(const museum_fault *fault, const vector *one) {
    const char *dialect = fault->dialect == NULL ? ttl_dialect_default : fault->dialect;
    results all = {0};
    target *right = open_engine(dialect), *wrong = museum_open(open_engine(dialect), fault);
    const result_vector *outcome = run_one(&all, right, one);
    ck_assert_msg(outcome->verdict == VERDICT_PASS, "%s: %s on the right engine: %s", one->id,
                  verdict_name(outcome->verdict), outcome->reason);
    outcome = run_one(&all, wrong, one);
    bool is_caught = outcome->verdict == VERDICT_FAIL || outcome->verdict == VERDICT_ERROR;
    ck_assert_msg(is_caught, "%s: %s, so the bug is not caught", one->id,
                  verdict_name(outcome->verdict));
    short_text symptom = short_symptom(outcome);
    ck_assert_msg(is_shown(fault->shows, symptom.text),
                  "%s: shows \"%s\" where \"%s\" was reported", one->id, symptom.text,
                  fault->shows);
    target_close(right);
    target_close(wrong);
    results_free(&all);
}

START_TEST(a_reported_bug_is_caught_by_the_answer_that_was_reported) {
    const museum_fault *fault = &museum_faults[_i];
    vector_set set;
    load_vectors(&set);
    size_t caught = 0;
    for (size_t i = 0; i < set.count; i++) {
        if (!glob_matches_id(fault->vectors, set.vectors[i]->id)) continue;
        check_caught(fault, set.vectors[i]);
        caught++;
    }
    ck_assert_msg(caught > 0, "no vector is called %s", fault->vectors);
    vector_set_free(&set);
}
END_TEST

START_TEST(every_vector_of_the_museum_has_its_fault) {
    vector_set set;
    load_vectors(&set);
    for (size_t i = 0; i < set.count; i++) {
        size_t at = 0;
        while (at < MUSEUM_FAULTS &&
               !glob_matches_id(museum_faults[at].vectors, set.vectors[i]->id))
            at++;
        ck_assert_msg(at < MUSEUM_FAULTS, "no fault is planted for %s", set.vectors[i]->id);
    }
    vector_set_free(&set);
}
END_TEST

/* A wrapper without a fault changes nothing: what is caught is the fault. */
START_TEST(without_a_fault_everything_passes) {
    static const museum_fault none = {.commands = ""};
    vector_set set;
    load_vectors(&set);
    results all = {0};
    target *on = museum_open(open_engine(ttl_dialect_default), &none);
    for (size_t i = 0; i < set.count; i++) {
        verdict got = run_one(&all, on, set.vectors[i])->verdict;
        ck_assert_msg(got == VERDICT_PASS || got == VERDICT_SKIP, "%s: %s", set.vectors[i]->id,
                      verdict_name(got));
    }
    target_close(on);
    results_free(&all);
    vector_set_free(&set);
}
END_TEST

/* ---- the list */

/* Is this the vector, or the table that it is a row of? */
static bool is_named(const char *name, const char *id) {
    size_t length = strlen(name);
    return strncmp(name, id, length) == 0 && (id[length] == '\0' || id[length] == '.');
}

static void check_bug(const cJSON *bug, const cJSON *reasons, const vector_set *set, bool *listed) {
    const char *citation = cJSON_GetObjectItemCaseSensitive(bug, "bug")->valuestring;
    const cJSON *vectors = cJSON_GetObjectItemCaseSensitive(bug, "vectors");
    const cJSON *waits_for = cJSON_GetObjectItemCaseSensitive(bug, "waits_for"), *name;
    ck_assert_msg((vectors == NULL) != (waits_for == NULL),
                  "%s has either vectors or a reason why not", citation);
    if (waits_for != NULL)
        ck_assert_msg(cJSON_GetObjectItemCaseSensitive(reasons, waits_for->valuestring) != NULL,
                      "%s waits for an unknown thing", citation);
    cJSON_ArrayForEach(name, vectors) {
        size_t found = 0;
        for (size_t i = 0; i < set->count; i++) {
            if (!is_named(name->valuestring, set->vectors[i]->id)) continue;
            size_t length = strlen(citation);
            const char *about = set->vectors[i]->about;
            ck_assert_msg(about != NULL && strncmp(about, citation, length) == 0 &&
                              about[length] == ':',
                          "%s does not cite %s", set->vectors[i]->id, citation);
            listed[i] = true;
            found++;
        }
        ck_assert_msg(found > 0, "%s: there is no vector %s", citation, name->valuestring);
    }
}

START_TEST(the_list_has_every_bug_once_every_vector_and_no_other) {
    vector_set set;
    load_vectors(&set);
    problem_list problems = {0};
    json_document document;
    ck_assert(json_read_file(&document, museum_file, &problems));
    const cJSON *bugs = cJSON_GetObjectItemCaseSensitive(document.root, "bugs"), *bug;
    const cJSON *reasons = cJSON_GetObjectItemCaseSensitive(document.root, "reasons");
    bool *listed = calloc(set.count, sizeof *listed);
    ck_assert_int_gt(cJSON_GetArraySize(bugs), 0);
    cJSON_ArrayForEach(bug, bugs) {
        const char *citation = cJSON_GetObjectItemCaseSensitive(bug, "bug")->valuestring;
        for (const cJSON *other = bug->next; other != NULL; other = other->next)
            ck_assert_str_ne(cJSON_GetObjectItemCaseSensitive(other, "bug")->valuestring, citation);
        check_bug(bug, reasons, &set, listed);
    }
    for (size_t i = 0; i < set.count; i++)
        ck_assert_msg(listed[i], "%s is not listed", set.vectors[i]->id);
    free(listed);
    json_free(&document);
    problem_list_free(&problems);
    vector_set_free(&set);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("museum");
    TCase *tests = tcase_create("museum");
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, a_reported_bug_is_caught_by_the_answer_that_was_reported, 0,
                        MUSEUM_FAULTS);
    tcase_add_test(tests, every_vector_of_the_museum_has_its_fault);
    tcase_add_test(tests, without_a_fault_everything_passes);
    tcase_add_test(tests, the_list_has_every_bug_once_every_vector_and_no_other);
    suite_add_tcase(suite, tests);
    SRunner *tested = srunner_create(suite);
    srunner_run_all(tested, CK_ENV);
    int failed = srunner_ntests_failed(tested);
    srunner_free(tested);
    return failed == 0 ? 0 : 1;
}
