/* What the parts of the loader share: where they are, and how they tell what is wrong.
 *
 * A part that meets a mistake tells it with loading_error and goes on as far as it can, so that one
 * run names every mistake. `faults` counts them: who wants to know whether something was sound
 * compares the count before and after.
 * Ownership: everything that outlives the loading is in the set's arena.
 */
#ifndef CONFORMANCE_LOADING_H
#define CONFORMANCE_LOADING_H

#include "conformance/json.h"
#include "conformance/loader.h"

typedef struct loading {
    vector_set *set;
    const loader_options *options;
    problem_list *problems;
    const json_document *document;
    size_t faults;
} loading;

/* Tells a problem of the item. */
void loading_error(loading *self, const cJSON *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "expected WHAT, found ...". Always false. */
bool loading_expected(loading *self, const cJSON *found, const char *what);
vector_place loading_place(const loading *self, const cJSON *item);

/* Fields of an object. NULL: there is none; keys are compared exactly. */
const cJSON *loading_field(const cJSON *object, const char *name);
/* False: it is no object. Tells every field that is not among `known`, which ends with NULL. */
bool loading_check_object(loading *self, const cJSON *item, const char *const *known);
/* Texts are copied to the set's arena. NULL: it is missing (told if `required`) or wrong (told). */
const char *loading_text(loading *self, const cJSON *object, const char *name, bool required);
/* An array with at least one element. NULL: missing (told if `required`) or wrong (told). */
const cJSON *loading_list(loading *self, const cJSON *object, const char *name, bool required);
/* Lower-case words of letters, digits and hyphens; joined by dots if `dots` says so. */
bool loading_is_id(const char *text, bool dots);
/* Such a field. NULL: missing or wrong, and told. */
const char *loading_id(loading *self, const cJSON *object, const char *name, bool dots);

/* `since`, `until` and `only` of an object. */
vector_scope loading_scope(loading *self, const cJSON *object);
/* A string with placeholders, or {"hex": ...}. False: told. */
bool loading_vector_text(loading *self, const cJSON *item, vector_text *text);
/* An expected reply. NULL: told. */
const expectation *loading_expectation(loading *self, const cJSON *item);
/* The steps of a vector, with its connections. Its needs must have been read before. */
void loading_steps(loading *self, const cJSON *steps, vector *into);
/* One vector, or as many as its table of examples has rows. */
void loading_vector(loading *self, const cJSON *json, const vector_suite *suite);
/* The rules of a rules.json, added to the set. */
void loading_rules(loading *self, const cJSON *root);
/* Calls `each` with a copy of the vector for every row, placeholders replaced. */
typedef void loading_each_row(loading *self, const cJSON *json, const vector_suite *suite,
                              const char *row);
void loading_expand_examples(loading *self, const cJSON *json, const vector_suite *suite,
                             loading_each_row *each);

#endif
