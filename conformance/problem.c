#include "conformance/problem.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"

void problem_list_free(problem_list *list) {
    free(list->problems);
    arena_free(&list->arena);
    *list = (problem_list){0};
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A table of examples meets one mistake of its vector once for each row. */
static bool is_known(const problem_list *list, const problem *self) {
    for (size_t i = 0; i < list->count; i++) {
        const problem *other = &list->problems[i];
        if (other->kind == self->kind && other->line == self->line &&
            same_text(other->text, self->text) && same_text(other->pointer, self->pointer) &&
            same_text(other->file, self->file))
            return true;
    }
    return false;
}

/* A sentence quotes files, and files may hold what a terminal obeys. */
static void blank_controls(char *text) {
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F) *text = '?';
}

void problem_add(problem_list *list, problem_kind kind, const char *file, const char *pointer,
                 int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = text_format_list(format, arguments);
    va_end(arguments);
    blank_controls(text);

    problem found = {kind, file, pointer, line, text};
    if (!is_known(list, &found)) {
        if (list->count == list->capacity) {
            size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
            problem *problems = realloc(list->problems, capacity * sizeof *problems);
            if (problems == NULL) arena_out_of_memory();
            list->problems = problems;
            list->capacity = capacity;
        }
        found.file = file == NULL ? NULL : arena_copy(&list->arena, file);
        found.pointer = pointer == NULL ? NULL : arena_copy(&list->arena, pointer);
        found.text = arena_copy(&list->arena, text);
        list->problems[list->count++] = found;
    }
    free(text);
}

void problem_print(const problem *self, FILE *out) {
    if (self->file != NULL) fputs(self->file, out);
    if (self->line > 0) fprintf(out, ":%d", self->line);
    if (self->file != NULL) fputs(": ", out);
    if (self->pointer != NULL && self->pointer[0] != '\0') fprintf(out, "%s: ", self->pointer);
    fputs(self->text, out);
}
