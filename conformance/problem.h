/* Problems: what is wrong in a file, where, and what was expected; gathered, not only the first.
 *
 *      vectors/pexpire.json:12: /vectors/0/steps/1/at: expected ..., found ...
 *
 * Invariants: problems stand in the order in which they were found; the same one is kept once.
 * Ownership: the list owns its texts until problem_list_free.
 */
#ifndef CONFORMANCE_PROBLEM_H
#define CONFORMANCE_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conformance/arena.h"

typedef enum problem_kind {
    PROBLEM_ERROR, /* the file cannot be used */
    PROBLEM_STYLE, /* it can, but it breaks a habit of the project: lint says so */
} problem_kind;

typedef struct problem {
    problem_kind kind;
    const char *file;
    const char *pointer; /* RFC 6901; "" is the whole document, NULL: not inside a document */
    int line;            /* from 1; 0: there is none */
    const char *text;    /* one sentence, without a stop */
} problem;

typedef struct problem_list {
    arena arena;
    size_t count, capacity;
    problem *problems;
} problem_list;

/* A list begins as {0}. */
void problem_list_free(problem_list *list);
void problem_add(problem_list *list, problem_kind kind, const char *file, const char *pointer,
                 int line, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* "file:line: pointer: text", leaving out what there is not. No newline. */
void problem_print(const problem *self, FILE *out);

#endif
