#include "conformance/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/json_scan.h"
#include "conformance/text.h"

/* Numbers the tree in document order, as the scanner numbered the places. */
static int number_items(cJSON *item, int next) {
    item->valueint = next++;
    for (cJSON *child = item->child; child != NULL; child = child->next)
        next = number_items(child, next);
    return next;
}

bool json_read_text(json_document *document, const char *file, const char *text, size_t length,
                    problem_list *problems) {
    *document = (json_document){.file = file};
    if (!json_scan(document, text, length, problems)) {
        json_free(document);
        return false;
    }
    document->root = cJSON_ParseWithLengthOpts(text, length + 1, NULL, true);
    if (document->root == NULL) arena_out_of_memory(); /* the scanner saw that it is JSON */
    int count = number_items(document->root, 0);
    assert((size_t)count == document->place_count);
    return true;
}

bool json_read_file(json_document *document, const char *file, problem_list *problems) {
    *document = (json_document){.file = file};
    size_t length = 0;
    char *error = NULL;
    char *text = text_read_file(file, &length, &error);
    if (text == NULL) {
        problem_add(problems, PROBLEM_ERROR, NULL, NULL, 0, "%s", error); /* it names the file */
        free(error);
        return false;
    }
    bool sound = json_read_text(document, file, text, length, problems);
    free(text);
    return sound;
}

void json_free(json_document *document) {
    cJSON_Delete(document->root);
    free(document->places);
    arena_free(&document->arena);
    *document = (json_document){.file = document->file};
}

int json_line(const json_document *document, const cJSON *item) {
    return document->places[item->valueint].line;
}

/* A key in a pointer: "~" and "/" have names there. */
static const char *escape_key(const char *key, arena *memory) {
    char *escaped = arena_take(memory, 2 * strlen(key) + 1), *to = escaped;
    for (; *key != '\0'; key++) {
        if (*key != '~' && *key != '/') {
            *to++ = *key;
            continue;
        }
        *to++ = '~';
        *to++ = *key == '~' ? '0' : '1';
    }
    *to = '\0';
    return escaped;
}

const char *json_pointer_of_place(const json_document *document, int place, arena *memory) {
    if (place < 0 || document->places[place].parent < 0) return "";
    const json_place *here = &document->places[place];
    const char *parent = json_pointer_of_place(document, here->parent, memory);
    if (here->key != NULL)
        return arena_format(memory, "%s/%s", parent, escape_key(here->key, memory));
    return arena_format(memory, "%s/%d", parent, here->index);
}

const char *json_pointer(const json_document *document, const cJSON *item, arena *memory) {
    return json_pointer_of_place(document, item->valueint, memory);
}
