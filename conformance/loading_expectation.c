/* An expected reply, as a vector writes it, parsed into a pattern. */
#include <string.h>

#include "conformance/loading.h"
#include "conformance/number.h"

static bool parse(loading *self, const cJSON *item, expectation *into);

static bool parse_children(loading *self, const cJSON *list, expectation *into) {
    if (!cJSON_IsArray(list)) return loading_expected(self, list, "an array of expected replies");
    into->count = (size_t)cJSON_GetArraySize(list);
    expectation *children =
        arena_take_array(&self->set->arena, into->count, sizeof *into->children);
    into->children = children;
    bool sound = true;
    for (const cJSON *item = list->child; item != NULL; item = item->next)
        if (!parse(self, item, children++)) sound = false;
    return sound;
}

/* Pairs lie flat in the pattern, as they do in a reply: key, value, key, value. */
static bool parse_map(loading *self, const cJSON *list, expectation *into) {
    if (!cJSON_IsArray(list)) return loading_expected(self, list, "an array of [key, value] pairs");
    into->count = 2 * (size_t)cJSON_GetArraySize(list);
    expectation *children =
        arena_take_array(&self->set->arena, into->count, sizeof *into->children);
    into->children = children;
    bool sound = true;
    for (const cJSON *pair = list->child; pair != NULL; pair = pair->next, children += 2) {
        if (!cJSON_IsArray(pair) || cJSON_GetArraySize(pair) != 2) {
            sound = loading_expected(self, pair, "a pair: [key, value]");
            continue;
        }
        if (!parse(self, pair->child, &children[0])) sound = false;
        if (!parse(self, pair->child->next, &children[1])) sound = false;
    }
    return sound;
}

/* Decimal digits, or a time that counts from the vector's beginning. */
static bool parse_integer(loading *self, const cJSON *item, expectation *into) {
    static const char wanted[] =
        "an integer as a string: \"9223372036854775807\", \"{t0+100}\" or \"{t0s+1}\"";
    vector_text text;
    const char *wrong = NULL;
    if (!cJSON_IsString(item)) return loading_expected(self, item, wanted);
    if (number_parse(item->valuestring, strlen(item->valuestring), &into->low)) return true;
    if (!vector_text_parse(&self->set->arena, item->valuestring, &text, &wrong) ||
        text.count != 1 || vector_text_t0(&text) == VECTOR_T0_UNNAMED)
        return loading_expected(self, item, wanted);
    into->base =
        text.pieces[0].kind == VECTOR_TEXT_T0_S ? EXPECTATION_FROM_T0_S : EXPECTATION_FROM_T0_MS;
    into->low = text.pieces[0].number;
    return true;
}

static bool parse_bound(const cJSON *item, int64_t *number) {
    return cJSON_IsString(item) &&
           number_parse(item->valuestring, strlen(item->valuestring), number);
}

static bool parse_between(loading *self, const cJSON *item, expectation *into) {
    if (cJSON_IsArray(item) && cJSON_GetArraySize(item) == 2 &&
        parse_bound(item->child, &into->low) && parse_bound(item->child->next, &into->high) &&
        into->low <= into->high)
        return true;
    return loading_expected(self, item,
                            "two integers as strings, the smaller first, such as [\"0\", \"3\"]");
}

static bool parse_any_of(loading *self, const cJSON *item, expectation *into) {
    if (!cJSON_IsArray(item) || item->child == NULL)
        return loading_expected(self, item, "an array with at least one expected reply");
    return parse_children(self, item, into);
}

static bool parse_boolean(loading *self, const cJSON *item, expectation *into) {
    into->low = cJSON_IsTrue(item);
    return cJSON_IsBool(item) || loading_expected(self, item, "true or false");
}

static bool parse_anything(loading *self, const cJSON *item, expectation *into) {
    into->kind = EXPECTATION_ANYTHING;
    return cJSON_IsTrue(item) || loading_expected(self, item, "true");
}

static bool parse_text(loading *self, const cJSON *item, expectation *into) {
    return loading_vector_text(self, item, &into->text);
}

/* An object with one member, whose name says what kind of reply is expected. */
static bool parse_object(loading *self, const cJSON *object, expectation *into) {
    static const struct {
        const char *name;
        expectation_kind kind;
        bool (*parse)(loading *, const cJSON *, expectation *);
    } forms[] = {
        {"status", EXPECTATION_STATUS, parse_text},
        {"error", EXPECTATION_ERROR, parse_text},
        {"integer", EXPECTATION_INTEGER, parse_integer},
        {"unordered", EXPECTATION_UNORDERED, parse_children},
        {"any-of", EXPECTATION_ANY_OF, parse_any_of},
        {"between", EXPECTATION_BETWEEN, parse_between},
        {"contains", EXPECTATION_CONTAINS, parse_text},
        {"anything", EXPECTATION_ANYTHING, parse_anything},
        {"map", EXPECTATION_MAP, parse_map},
        {"set", EXPECTATION_SET, parse_children},
        {"push", EXPECTATION_PUSH, parse_children},
        {"double", EXPECTATION_DOUBLE, parse_text},
        {"boolean", EXPECTATION_BOOLEAN, parse_boolean},
        {"verbatim", EXPECTATION_VERBATIM, parse_text},
    };
    const cJSON *member = object->child;
    if (member == NULL || member->next != NULL) {
        loading_error(self, object,
                      "expected an object with one member, such as "
                      "{\"status\": \"OK\"}, found %d",
                      cJSON_GetArraySize(object));
        return false;
    }
    if (strcmp(member->string, "hex") == 0) {
        into->kind = EXPECTATION_BULK;
        return loading_vector_text(self, object, &into->text);
    }
    if (strcmp(member->string, "pending") == 0)
        return loading_expected(self, object, "{\"pending\": true} as the whole reply, or none");
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(forms[i].name, member->string) != 0) continue;
        into->kind = forms[i].kind;
        return forms[i].parse(self, member, into);
    }
    loading_error(self, member,
                  "unknown kind of reply \"%s\": expected hex, status, error, "
                  "integer, unordered, any-of, between, contains, anything, map, "
                  "set, push, double, boolean or verbatim",
                  member->string);
    return false;
}

static bool parse(loading *self, const cJSON *item, expectation *into) {
    *into = (expectation){.kind = EXPECTATION_NIL};
    if (cJSON_IsObject(item)) return parse_object(self, item, into);
    if (cJSON_IsNull(item)) return true;
    if (cJSON_IsString(item)) {
        into->kind = EXPECTATION_BULK;
        return loading_vector_text(self, item, &into->text);
    }
    if (cJSON_IsNumber(item)) {
        into->kind = EXPECTATION_INTEGER;
        into->low = (int64_t)item->valuedouble; /* exact: the scanner refuses any other */
        return true;
    }
    if (cJSON_IsArray(item)) {
        into->kind = EXPECTATION_ARRAY;
        return parse_children(self, item, into);
    }
    return loading_expected(self, item, "a reply; a boolean is written {\"boolean\": true}");
}

/* Only a whole reply can be pending. */
static bool is_pending(const cJSON *item) {
    const cJSON *member = cJSON_IsObject(item) ? item->child : NULL;
    return member != NULL && member->next == NULL && strcmp(member->string, "pending") == 0 &&
           cJSON_IsTrue(member);
}

const expectation *loading_expectation(loading *self, const cJSON *item) {
    expectation *into = arena_take(&self->set->arena, sizeof *into);
    if (is_pending(item)) {
        into->kind = EXPECTATION_PENDING;
        return into;
    }
    return parse(self, item, into) ? into : NULL;
}
