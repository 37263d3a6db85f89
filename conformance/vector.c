#include "conformance/vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const capability_names[] = {"exclusive-db", "virtual-clock", "restart",
                                               "debug",        "databases",     "resp3",
                                               "replica",      "clock-rate",    "blocking"};
enum { CAPABILITIES = sizeof capability_names / sizeof *capability_names };

const char *vector_capability_name(unsigned capability) {
    for (unsigned i = 0; i < CAPABILITIES; i++)
        if (capability == 1U << i) return capability_names[i];
    return NULL;
}

unsigned vector_capability_parse(const char *name) {
    for (unsigned i = 0; i < CAPABILITIES; i++)
        if (strcmp(name, capability_names[i]) == 0) return 1U << i;
    return 0;
}

bool vector_scope_holds(const vector_scope *scope, const ttl_dialect *dialect) {
    size_t family = (size_t)dialect->family;
    return !scope->families[family].excluded &&
           ttl_version_compare(dialect->version, scope->families[family].since) >= 0 &&
           ttl_version_compare(dialect->version, scope->families[family].until) <= 0;
}

/* A version, without the parts that an upper bound leaves open. */
static void version_print(ttl_version version, char *buffer, size_t size) {
    if (version.minor == TTL_VERSION_ANY) snprintf(buffer, size, "%u", version.major);
    else if (version.patch == TTL_VERSION_ANY)
        snprintf(buffer, size, "%u.%u", version.major, version.minor);
    else snprintf(buffer, size, "%u.%u.%u", version.major, version.minor, version.patch);
}

int vector_scope_reason(const vector_scope *scope, const ttl_dialect *dialect, char *buffer,
                        size_t size) {
    size_t family = (size_t)dialect->family;
    const char *name = ttl_family_name(dialect->family);
    if (scope->families[family].excluded) return snprintf(buffer, size, "not for %s", name);
    bool early = ttl_version_compare(dialect->version, scope->families[family].since) < 0;
    char bound[24];
    version_print(early ? scope->families[family].since : scope->families[family].until, bound,
                  sizeof bound);
    return snprintf(buffer, size, "only %s %s %s", early ? "since" : "until", name, bound);
}

const vector_outcome *vector_step_outcome(const vector_step *step, const ttl_dialect *dialect) {
    for (size_t i = 0; i < step->variant_count; i++)
        if (vector_scope_holds(&step->variants[i].scope, dialect))
            return &step->variants[i].outcome;
    return &step->outcome;
}

bool vector_is_on_replica(const vector *self, size_t connection) {
    static const char word[] = "replica";
    const char *name = self->connections[connection];
    if (strncmp(name, word, sizeof word - 1) != 0) return false;
    return name[sizeof word - 1] == '\0' || name[sizeof word - 1] == '-';
}

bool vector_has_rule(const vector *self, const char *rule_id) {
    for (size_t i = 0; i < self->rule_count; i++)
        if (strcmp(self->rules[i]->id, rule_id) == 0) return true;
    return false;
}

bool vector_has_tag(const vector *self, const char *tag) {
    for (size_t i = 0; i < self->tag_count; i++)
        if (strcmp(self->tags[i], tag) == 0) return true;
    return false;
}

void vector_set_free(vector_set *set) {
    free(set->suites);
    free(set->vectors);
    free(set->rules);
    arena_free(&set->arena);
    *set = (vector_set){0};
}

const vector *vector_set_find(const vector_set *set, const char *id) {
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->vectors[i]->id, id) == 0) return set->vectors[i];
    return NULL;
}

const vector_rule *vector_set_find_rule(const vector_set *set, const char *id) {
    for (size_t i = 0; i < set->rule_count; i++)
        if (strcmp(set->rules[i]->id, id) == 0) return set->rules[i];
    return NULL;
}
