/* Which planted faults the vectors of each rule catch: reports/faults.json, which `ttlspec rules`
 * reads. Two tables of wrong servers are run: the bug museum's, and the judge's (planted.h).
 *
 *      CK_RUN_CASE=making FAULTS_TABLE=faults.json build/tests/conformance/test_faults
 *
 * (make faults) runs all vectors on all of them and writes the table. For each fault it names each
 * rule that some vector caught it by, with the first such vector. The test takes nothing of that on
 * trust: every vector that is named has to pass on the right engine and to fail on the wrong one.
 *
 * A wrapper may disturb a vector by itself: one that does not pass behind a wrapper without a fault
 * says nothing of faults, and is left out.
 */
#include <check.h>

#include "conformance/json.h"
#include "conformance/loader.h"
#include "conformance/runner.h"
#include "conformance/tests/museum_faults.h"
#include "conformance/tests/planted_target.h"
#include "conformance/tests/written.h"

enum { FAULTS = MUSEUM_FAULTS + PLANTED_FAULTS, NAME_SIZE = 128, TIMEOUT_S = 120 };

static const char table_file[] = "reports/faults.json";

/* ---- the wrong servers, counted through both tables */

static bool is_of_museum(size_t fault) {
    return fault < MUSEUM_FAULTS;
}

static const planted *planted_at(size_t fault) {
    return &planted_faults[fault - MUSEUM_FAULTS];
}

/* Made of another dialect than it claims, it differs in more than the fault. */
static bool is_left_out(size_t fault) {
    return !is_of_museum(fault) && planted_at(fault)->made_of != NULL;
}

/* Two faults of the museum may be after the same vectors. */
static void fault_name(size_t fault, char name[NAME_SIZE]) {
    if (!is_of_museum(fault)) {
        snprintf(name, NAME_SIZE, "%s", planted_at(fault)->name);
        return;
    }
    int same = 1;
    const char *glob = museum_faults[fault].vectors;
    for (size_t i = 0; i < fault; i++) same += strcmp(museum_faults[i].vectors, glob) == 0;
    snprintf(name, NAME_SIZE, same > 1 ? "%s (%d)" : "%s", glob, same);
}

/* The name of the dialect; NULL: the usual one. */
static const char *fault_claims(size_t fault) {
    return is_of_museum(fault) ? museum_faults[fault].dialect : planted_at(fault)->claims;
}

static ttl_dialect fault_dialect(size_t fault) {
    const char *named = fault_claims(fault);
    ttl_dialect dialect;
    ck_assert(ttl_dialect_parse(named == NULL ? ttl_dialect_default : named, &dialect));
    return dialect;
}

static target *open_engine(ttl_dialect dialect) {
    static char error[TARGET_ERROR_SIZE];
    target_options options = {.exclusive = true, .spec = &dialect};
    bool is_usage;
    target *on = target_open("engine", &options, &is_usage, error);
    ck_assert_msg(on != NULL, "%s", error);
    return on;
}

static target *open_fault(size_t fault) {
    ttl_dialect dialect = fault_dialect(fault);
    if (!is_of_museum(fault)) return planted_open(planted_at(fault), dialect);
    return museum_open(open_engine(dialect), &museum_faults[fault]);
}

/* The same wrapper without the fault. */
static target *open_control(size_t fault) {
    static const museum_fault none = {.commands = ""}, revives = {.commands = "", .revives = true};
    static const planted right = {.name = "right", .command = "none"};
    ttl_dialect dialect = fault_dialect(fault);
    if (!is_of_museum(fault)) return planted_open(&right, dialect);
    return museum_open(open_engine(dialect), museum_faults[fault].revives ? &revives : &none);
}

/* ---- running vectors */

static bool is_caught(verdict value) {
    return value == VERDICT_FAIL || value == VERDICT_WARNING || value == VERDICT_ERROR;
}

/* Runs them and closes the target; `outcomes` has room for so many. */
static void run_on(target *on, const vector *const *vectors, size_t count, verdict *outcomes) {
    results all = {0};
    result_run *run = results_add_run(&all);
    runner how = {.target = on, .spec = on->dialect, .run_id = "faults"};
    runner_run(&how, vectors, count, run);
    ck_assert_uint_eq(run->count, count);
    for (size_t i = 0; i < count; i++) outcomes[i] = run->vectors[i].verdict;
    results_free(&all);
    target_close(on);
}

/* All vectors, loaded once for all tests. */
static vector_set set;

static void unload_vectors(void) {
    vector_set_free(&set);
}

static void load_vectors(void) {
    static const char *const path = "vectors";
    problem_list problems = {0};
    set = (vector_set){0};
    bool loaded = loader_load(&set, &path, 1, NULL, &problems);
    char *wrong = problems_text(&problems);
    ck_assert_msg(loaded, "%s", wrong);
    free(wrong);
    problem_list_free(&problems);
}

/* ---- making the table */

/* What all vectors say behind the wrapper alone: the same for most faults. The caller owns it. */
static verdict *control_outcomes(size_t fault) {
    static verdict *learnt[3];
    bool revives = is_of_museum(fault) && museum_faults[fault].revives;
    bool is_usual = fault_claims(fault) == NULL;
    size_t kind = !is_of_museum(fault) ? 2 : revives;
    verdict *outcomes = calloc(set.count, sizeof *outcomes);
    if (is_usual && learnt[kind] != NULL)
        return memcpy(outcomes, learnt[kind], set.count * sizeof *outcomes);
    run_on(open_control(fault), set.vectors, set.count, outcomes);
    if (is_usual) learnt[kind] = calloc(set.count, sizeof *outcomes);
    if (is_usual) memcpy(learnt[kind], outcomes, set.count * sizeof *outcomes);
    return outcomes;
}

/* RANDOMKEY draws by the names of keys, which differ from run to run: that proves nothing. */
static bool is_of_chance(const vector *one) {
    return strncmp(one->id, "dead-keys.randomkey", strlen("dead-keys.randomkey")) == 0;
}

static void write_fault(FILE *to, size_t fault, bool is_last) {
    char name[NAME_SIZE];
    verdict *right = control_outcomes(fault), *wrong = calloc(set.count, sizeof *wrong);
    run_on(open_fault(fault), set.vectors, set.count, wrong);
    fault_name(fault, name);
    fprintf(to, "    {\"fault\": \"%s\", \"caught\": {", name);
    const char *between = "";
    for (size_t r = 0; r < set.rule_count; r++) {
        size_t i = 0;
        while (i < set.count &&
               !(right[i] == VERDICT_PASS && is_caught(wrong[i]) && !is_of_chance(set.vectors[i]) &&
                 vector_has_rule(set.vectors[i], set.rules[r]->id)))
            i++;
        if (i == set.count) continue;
        fprintf(to, "%s\"%s\": \"%s\"", between, set.rules[r]->id, set.vectors[i]->id);
        between = ", ";
    }
    fprintf(to, "}}%s\n", is_last ? "" : ",");
    free(right);
    free(wrong);
}

START_TEST(the_table_is_made_where_it_is_asked_for) {
    const char *path = getenv("FAULTS_TABLE");
    if (path == NULL) return;
    FILE *to = fopen(path, "w");
    ck_assert_msg(to != NULL, "%s cannot be written", path);
    fputs("{\n  \"faults\": [\n", to);
    for (size_t fault = 0; fault < FAULTS; fault++)
        if (!is_left_out(fault)) write_fault(to, fault, fault + 1 == FAULTS);
    fputs("  ]\n}\n", to);
    ck_assert_int_eq(fclose(to), 0);
}
END_TEST

/* ---- proving it */

/* The entry of the fault; NULL: there is none. */
static const cJSON *entry_of(const cJSON *faults, const char *name) {
    const cJSON *entry;
    cJSON_ArrayForEach(
        entry, faults) if (strcmp(cJSON_GetObjectItemCaseSensitive(entry, "fault")->valuestring,
                                  name) == 0) return entry;
    return NULL;
}

/* The vectors that the entry names, each once; the rules that it names are theirs. */
static size_t witnesses_of(const cJSON *entry, const vector **named) {
    size_t count = 0;
    const cJSON *claim;
    cJSON_ArrayForEach(claim, cJSON_GetObjectItemCaseSensitive(entry, "caught")) {
        const vector *one = vector_set_find(&set, claim->valuestring);
        ck_assert_msg(one != NULL, "there is no vector %s: `make faults`", claim->valuestring);
        ck_assert_msg(vector_has_rule(one, claim->string), "%s is no vector of %s: `make faults`",
                      one->id, claim->string);
        size_t i = 0;
        while (i < count && named[i] != one) i++;
        if (i == count) named[count++] = one;
    }
    return count;
}

START_TEST(every_fault_is_caught_by_the_vectors_that_the_table_names) {
    if (is_left_out((size_t)_i)) return;
    problem_list problems = {0};
    json_document document;
    char name[NAME_SIZE];
    ck_assert(json_read_file(&document, table_file, &problems));
    fault_name((size_t)_i, name);
    const cJSON *entry = entry_of(cJSON_GetObjectItemCaseSensitive(document.root, "faults"), name);
    ck_assert_msg(entry != NULL, "%s has no entry \"%s\": `make faults`", table_file, name);
    const vector **named = calloc(set.rule_count, sizeof *named);
    size_t count = witnesses_of(entry, named);
    ck_assert_msg(count > 0 || !is_of_museum((size_t)_i), "nothing catches %s", name);
    verdict *outcomes = calloc(count + 1, sizeof *outcomes);
    run_on(open_control((size_t)_i), named, count, outcomes);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(outcomes[i] == VERDICT_PASS, "%s without a fault: %s: `make faults`",
                      named[i]->id, verdict_name(outcomes[i]));
    run_on(open_fault((size_t)_i), named, count, outcomes);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(is_caught(outcomes[i]), "%s does not catch \"%s\": %s: `make faults`",
                      named[i]->id, name, verdict_name(outcomes[i]));
    free(outcomes);
    free(named);
    json_free(&document);
    problem_list_free(&problems);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("faults");
    TCase *making = tcase_create("making"), *tests = tcase_create("faults");
    tcase_set_timeout(making, getenv("FAULTS_TABLE") == NULL ? TIMEOUT_S : 10 * TIMEOUT_S);
    tcase_set_timeout(tests, TIMEOUT_S);
    tcase_add_unchecked_fixture(making, load_vectors, unload_vectors);
    tcase_add_unchecked_fixture(tests, load_vectors, unload_vectors);
    tcase_add_test(making, the_table_is_made_where_it_is_asked_for);
    tcase_add_loop_test(tests, every_fault_is_caught_by_the_vectors_that_the_table_names, 0,
                        FAULTS);
    suite_add_tcase(suite, making);
    suite_add_tcase(suite, tests);
    SRunner *tested = srunner_create(suite);
    srunner_run_all(tested, CK_ENV);
    int failed = srunner_ntests_failed(tested);
    srunner_free(tested);
    return failed == 0 ? 0 : 1;
}
