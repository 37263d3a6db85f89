/* A JSON document whose every value knows where it stands.
 *
 *      text --> scanner --> places [0] {line 1}  [1] {line 2, parent 0, "suite"} ...
 *        '----> cJSON ----> tree;  item->valueint is the number of its place
 *
 * cJSON parses, but it takes what JSON does not allow, and knows no lines. So the scanner walks the
 * text first: it refuses malformed JSON and UTF-8, duplicate keys, NUL, and numbers that are not
 * whole or that a double cannot hold, and notes the place of each value in the order in which the
 * values begin; the tree in that order is numbered alike. A copy of an item keeps its number, so
 * that an expanded table still says where its parts come from.
 * Ownership: the document owns text, tree and places until json_free.
 */
#ifndef CONFORMANCE_JSON_H
#define CONFORMANCE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "conformance/arena.h"
#include "conformance/problem.h"

/* Where one value stands. */
typedef struct json_place {
    int line;
    int parent;      /* place of the array or object that holds it; -1: the document */
    const char *key; /* in an object; NULL in an array */
    int index;       /* in an array */
} json_place;

typedef struct json_document {
    const char *file;
    cJSON *root;
    size_t place_count, place_capacity;
    json_place *places;
    arena arena; /* keys */
} json_document;

enum { JSON_DEPTH_MAX = 64 };

/* Reads a file. False: `problems` says why, and the document holds nothing. A document whose
 * problems do not keep it from being understood is read all the same: look at the count of the
 * problems. `file` must outlive the document. */
bool json_read_file(json_document *document, const char *file, problem_list *problems);
/* The same of a text of `length` bytes with a NUL behind them; `file` names it in problems. */
bool json_read_text(json_document *document, const char *file, const char *text, size_t length,
                    problem_list *problems);
void json_free(json_document *document);

/* The line of an item, or of what it was copied from. */
int json_line(const json_document *document, const cJSON *item);
/* RFC 6901, into the arena. */
const char *json_pointer(const json_document *document, const cJSON *item, arena *memory);
/* The same of a place. */
const char *json_pointer_of_place(const json_document *document, int place, arena *memory);

#endif
