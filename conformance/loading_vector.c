/* One entry of a file's `vectors`: a vector, or a table of them. */
#include <string.h>

#include "conformance/loading.h"
#include "conformance/text.h"

static void add_vector(vector_set *set, const vector *added) {
    if (set->count == set->capacity) {
        set->capacity = set->capacity == 0 ? 64 : 2 * set->capacity;
        set->vectors = memory_resized(set->vectors, set->capacity, sizeof *set->vectors);
    }
    set->vectors[set->count++] = added;
}

static void read_rules(loading *self, const cJSON *json, vector *into) {
    const cJSON *list = loading_list(self, json, "rules", true);
    if (list == NULL) return;
    const vector_rule **rules =
        arena_take_array(&self->set->arena, (size_t)cJSON_GetArraySize(list), sizeof *rules);
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        if (!cJSON_IsString(item)) {
            loading_expected(self, item, "the id of a rule");
            continue;
        }
        const vector_rule *rule = vector_set_find_rule(self->set, item->valuestring);
        if (rule == NULL)
            loading_error(self, item, "no rule \"%s\" in rules.json", item->valuestring);
        else rules[into->rule_count++] = rule;
    }
    into->rules = rules;
}

static void read_tags(loading *self, const cJSON *json, vector *into) {
    const cJSON *list = loading_list(self, json, "tags", false);
    if (list == NULL) return;
    const char **tags =
        arena_take_array(&self->set->arena, (size_t)cJSON_GetArraySize(list), sizeof *tags);
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        if (cJSON_IsString(item) && loading_is_id(item->valuestring, false))
            tags[into->tag_count++] = arena_copy(&self->set->arena, item->valuestring);
        else loading_expected(self, item, "a tag: lower-case letters, digits and hyphens");
    }
    into->tags = tags;
}

static unsigned read_needs(loading *self, const cJSON *json) {
    unsigned needs = 0;
    const cJSON *list = loading_list(self, json, "needs", false);
    if (list == NULL) return 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        unsigned bit = cJSON_IsString(item) ? vector_capability_parse(item->valuestring) : 0;
        if (bit == 0)
            loading_expected(self, item,
                             "a capability: exclusive-db, virtual-clock, restart, "
                             "debug, databases, resp3, replica, clock-rate or blocking");
        needs |= bit;
    }
    return needs;
}

static vector_level read_level(loading *self, const cJSON *json) {
    const cJSON *level = loading_field(json, "level");
    if (level == NULL) return VECTOR_MUST;
    if (cJSON_IsString(level) && strcmp(level->valuestring, "must") == 0) return VECTOR_MUST;
    if (cJSON_IsString(level) && strcmp(level->valuestring, "should") == 0) return VECTOR_SHOULD;
    loading_expected(self, level, "\"must\" or \"should\"");
    return VECTOR_MUST;
}

/* A vector whose examples, if it had any, are already filled in. */
static void read_vector(loading *self, const cJSON *json, const vector_suite *suite,
                        const char *row) {
    size_t faults = self->faults;
    vector *into = arena_take(&self->set->arena, sizeof *into);
    const char *id = loading_id(self, json, "id", true);
    into->example = row == NULL ? NULL : arena_copy(&self->set->arena, row);
    into->id = row == NULL || id == NULL
                   ? id
                   : arena_format(&self->set->arena, "%s.%s", id, into->example);
    into->title = loading_text(self, json, "title", true);
    into->about = loading_text(self, json, "about", false);
    into->suite = suite;
    into->place = loading_place(self, json);
    read_rules(self, json, into);
    read_tags(self, json, into);
    into->level = read_level(self, json);
    into->scope = loading_scope(self, json);
    into->needs = read_needs(self, json);
    const cJSON *steps = loading_list(self, json, "steps", true);
    if (steps != NULL) loading_steps(self, steps, into);
    if (self->faults == faults) add_vector(self->set, into);
}

void loading_vector(loading *self, const cJSON *json, const vector_suite *suite) {
    static const char *const known[] = {"id",    "title",    "about", "rules", "tags",
                                        "level", "since",    "until", "only",  "needs",
                                        "steps", "examples", NULL};
    if (!loading_check_object(self, json, known)) return;
    if (loading_field(json, "examples") == NULL) read_vector(self, json, suite, NULL);
    else loading_expand_examples(self, json, suite, read_vector);
}
