#include "conformance/loading.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/number.h"
#include "conformance/text.h"

void loading_error(loading *self, const cJSON *at, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *sentence = text_format_list(format, arguments);
    va_end(arguments);
    arena scratch = {NULL};
    problem_add(self->problems, PROBLEM_ERROR, self->document->file,
                json_pointer(self->document, at, &scratch), json_line(self->document, at), "%s",
                sentence);
    arena_free(&scratch);
    free(sentence);
    self->faults++;
}

bool loading_expected(loading *self, const cJSON *found, const char *what) {
    if (cJSON_IsString(found))
        loading_error(self, found, "expected %s, found \"%s\"", what, found->valuestring);
    else if (cJSON_IsNumber(found))
        loading_error(self, found, "expected %s, found the number %.0f", what, found->valuedouble);
    else
        loading_error(self, found, "expected %s, found %s", what,
                      cJSON_IsObject(found)  ? "an object"
                      : cJSON_IsArray(found) ? "an array"
                      : cJSON_IsNull(found)  ? "null"
                      : cJSON_IsTrue(found)  ? "true"
                                             : "false");
    return false;
}

vector_place loading_place(const loading *self, const cJSON *item) {
    return (vector_place){self->document->file,
                          json_pointer(self->document, item, &self->set->arena),
                          json_line(self->document, item)};
}

const cJSON *loading_field(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* "a, b or c" */
static char *join_names(const char *const *names) {
    char *text = text_copy(names[0]);
    for (size_t i = 1; names[i] != NULL; i++) {
        char *longer = text_format("%s%s%s", text, names[i + 1] == NULL ? " or " : ", ", names[i]);
        free(text);
        text = longer;
    }
    return text;
}

bool loading_check_object(loading *self, const cJSON *item, const char *const *known) {
    if (!cJSON_IsObject(item)) return loading_expected(self, item, "an object");
    for (const cJSON *member = item->child; member != NULL; member = member->next) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], member->string) != 0) i++;
        if (known[i] != NULL) continue;
        char *names = join_names(known);
        loading_error(self, member, "unknown field \"%s\": expected %s", member->string, names);
        free(names);
    }
    return true;
}

const char *loading_text(loading *self, const cJSON *object, const char *name, bool required) {
    const cJSON *item = loading_field(object, name);
    if (item == NULL) {
        if (required) loading_error(self, object, "expected a field \"%s\" with a text", name);
        return NULL;
    }
    if (cJSON_IsString(item) && item->valuestring[0] != '\0')
        return arena_copy(&self->set->arena, item->valuestring);
    loading_expected(self, item, "a text that is not empty");
    return NULL;
}

const cJSON *loading_list(loading *self, const cJSON *object, const char *name, bool required) {
    const cJSON *item = loading_field(object, name);
    if (item == NULL) {
        if (required) loading_error(self, object, "expected a field \"%s\" with an array", name);
        return NULL;
    }
    if (cJSON_IsArray(item) && item->child != NULL) return item;
    if (cJSON_IsArray(item)) loading_error(self, item, "expected at least one element, found none");
    else loading_expected(self, item, "an array");
    return NULL;
}

bool loading_is_id(const char *text, bool dots) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (;;) {
        size_t word = strspn(text, letters);
        if (word == 0) return false;
        text += word;
        if (*text == '\0') return true;
        if (*text != '-' && !(dots && *text == '.')) return false;
        text++;
    }
}

const char *loading_id(loading *self, const cJSON *object, const char *name, bool dots) {
    const char *id = loading_text(self, object, name, true);
    if (id == NULL || loading_is_id(id, dots)) return id;
    loading_expected(
        self, loading_field(object, name),
        dots ? "an id: lower-case words joined by dots, such as \"pexpire.gt.persistent\""
             : "a name: lower-case letters, digits and hyphens, such as \"pexpire\"");
    return NULL;
}

static bool parse_hex(const char *text, arena *memory, vector_text *into) {
    size_t digits = strlen(text);
    if (digits % 2 != 0 || strspn(text, "0123456789abcdefABCDEF") != digits) return false;
    char *bytes = arena_take(memory, digits / 2 + 1);
    for (size_t i = 0; i < digits / 2; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        bytes[i] = (char)strtoul(pair, NULL, 16);
    }
    *into = vector_text_of_bytes(memory, bytes, digits / 2);
    return true;
}

bool loading_vector_text(loading *self, const cJSON *item, vector_text *text) {
    static const char *const known[] = {"hex", NULL};
    if (cJSON_IsString(item)) {
        const char *wrong = NULL;
        if (vector_text_parse(&self->set->arena, item->valuestring, text, &wrong)) return true;
        loading_error(self, item, "%s; found \"%s\"", wrong, item->valuestring);
        return false;
    }
    if (!cJSON_IsObject(item))
        return loading_expected(self, item, "a string, or an object {\"hex\": \"00ff\"}");
    if (!loading_check_object(self, item, known)) return false;
    const cJSON *hex = loading_field(item, "hex");
    if (hex == NULL) return loading_expected(self, item, "an object {\"hex\": \"00ff\"}");
    if (cJSON_IsString(hex) && parse_hex(hex->valuestring, &self->set->arena, text)) return true;
    return loading_expected(self, hex, "pairs of hexadecimal digits, such as \"00ff\"");
}
