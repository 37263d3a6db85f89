/* `since`, `until` and `only`: for which servers something holds. */
#include <string.h>

#include "conformance/loading.h"

static bool parse_family(loading *self, const cJSON *at, const char *name, ttl_family *family) {
    if (ttl_family_parse(name, strlen(name), family)) return true;
    loading_error(self, at, "unknown server family \"%s\": expected redis, valkey or redict", name);
    return false;
}

/* One bound of each family that is named: a lower one, or an upper one. */
static void read_bounds(loading *self, const cJSON *object, const char *name, bool lower,
                        vector_scope *scope) {
    const cJSON *bounds = loading_field(object, name);
    if (bounds == NULL) return;
    if (!cJSON_IsObject(bounds) || bounds->child == NULL) {
        loading_expected(self, bounds, "versions by server family, such as {\"redis\": \"7.0\"}");
        return;
    }
    for (const cJSON *bound = bounds->child; bound != NULL; bound = bound->next) {
        ttl_family family = TTL_FAMILY_REDIS;
        ttl_version version = {0, 0, 0};
        if (!parse_family(self, bound, bound->string, &family)) continue;
        if (!cJSON_IsString(bound) ||
            !ttl_version_parse(bound->valuestring, strlen(bound->valuestring),
                               lower ? 0 : TTL_VERSION_ANY, &version)) {
            loading_expected(self, bound, "a version, such as \"7.0\" or \"7.0.15\"");
            continue;
        }
        if (lower) scope->families[family].since = version;
        else scope->families[family].until = version;
        if (ttl_version_compare(scope->families[family].since, scope->families[family].until) > 0)
            loading_error(self, bound, "no %s is this old and this new: `since` is after `until`",
                          bound->string);
    }
}

static void read_only(loading *self, const cJSON *object, vector_scope *scope) {
    const cJSON *only = loading_list(self, object, "only", false);
    if (only == NULL) return;
    for (size_t i = 0; i < VECTOR_FAMILIES; i++) scope->families[i].excluded = true;
    for (const cJSON *item = only->child; item != NULL; item = item->next) {
        ttl_family family = TTL_FAMILY_REDIS;
        if (!cJSON_IsString(item)) loading_expected(self, item, "the name of a server family");
        else if (parse_family(self, item, item->valuestring, &family))
            scope->families[family].excluded = false;
    }
}

vector_scope loading_scope(loading *self, const cJSON *object) {
    vector_scope scope;
    for (size_t i = 0; i < VECTOR_FAMILIES; i++) {
        scope.families[i].excluded = false;
        scope.families[i].since = (ttl_version){0, 0, 0};
        scope.families[i].until = (ttl_version){TTL_VERSION_ANY, TTL_VERSION_ANY, TTL_VERSION_ANY};
    }
    read_bounds(self, object, "since", true, &scope);
    read_bounds(self, object, "until", false, &scope);
    read_only(self, object, &scope);
    return scope;
}
