/* The rulebook: rules.json. */
#include "conformance/loading.h"
#include "conformance/text.h"

static void add_rule(vector_set *set, const vector_rule *rule) {
    if (set->rule_count == set->rule_capacity) {
        set->rule_capacity = set->rule_capacity == 0 ? 64 : 2 * set->rule_capacity;
        set->rules = memory_resized(set->rules, set->rule_capacity, sizeof *set->rules);
    }
    set->rules[set->rule_count++] = rule;
}

static void read_rule(loading *self, const cJSON *json) {
    static const char *const known[] = {"id", "text", "source", "since", "until", "only", NULL};
    static const char *const known_of_source[] = {"title", "url", NULL};
    size_t faults = self->faults;
    if (!loading_check_object(self, json, known)) return;
    vector_rule *rule = arena_take(&self->set->arena, sizeof *rule);
    rule->id = loading_id(self, json, "id", true);
    rule->text = loading_text(self, json, "text", true);
    const cJSON *source = loading_field(json, "source");
    if (source == NULL) {
        loading_error(self, json, "expected a field \"source\", such as {\"title\": \"EXPIRE\"}");
    } else if (loading_check_object(self, source, known_of_source)) {
        rule->source_title = loading_text(self, source, "title", true);
        rule->source_url = loading_text(self, source, "url", false);
    }
    rule->scope = loading_scope(self, json);
    rule->place = loading_place(self, json);
    if (self->faults != faults) return;
    const vector_rule *other = vector_set_find_rule(self->set, rule->id);
    if (other == NULL) add_rule(self->set, rule);
    else
        loading_error(self, loading_field(json, "id"), "duplicate id \"%s\": %s:%d has it too",
                      rule->id, other->place.file, other->place.line);
}

void loading_rules(loading *self, const cJSON *root) {
    static const char *const known[] = {"$schema", "rules", NULL};
    if (!loading_check_object(self, root, known)) return;
    loading_text(self, root, "$schema", false);
    const cJSON *rules = loading_list(self, root, "rules", true);
    if (rules == NULL) return;
    for (const cJSON *item = rules->child; item != NULL; item = item->next) read_rule(self, item);
}
