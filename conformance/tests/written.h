/* Files that a test writes into a directory of its own, and problems as one text. */
#ifndef CONFORMANCE_TESTS_WRITTEN_H
#define CONFORMANCE_TESTS_WRITTEN_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/problem.h"
#include "conformance/text.h"

enum { WRITTEN_MAX = 32 };

typedef struct written {
    char directory[32];
    size_t count;
    char *paths[WRITTEN_MAX]; /* files and directories, in the order in which they were made */
} written;

static inline void written_begin(written *self) {
    *self = (written){.directory = "/tmp/ttlspec-test-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(self->directory));
}

static inline const char *written_path(written *self, const char *name) {
    ck_assert_uint_lt(self->count, WRITTEN_MAX);
    return self->paths[self->count++] = text_format("%s/%s", self->directory, name);
}

static inline const char *written_directory(written *self, const char *name) {
    const char *path = written_path(self, name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    return path;
}

static inline const char *written_bytes(written *self, const char *name, const char *data,
                                        size_t length) {
    const char *path = written_path(self, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

static inline const char *written_file(written *self, const char *name, const char *text) {
    return written_bytes(self, name, text, strlen(text));
}

static inline void written_end(written *self) {
    while (self->count > 0) {
        char *path = self->paths[--self->count];
        ck_assert_int_eq(remove(path), 0);
        free(path);
    }
    ck_assert_int_eq(rmdir(self->directory), 0);
}

/* Every problem on a line of its own. The caller frees the text. */
static inline char *problems_text(const problem_list *problems) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; i < problems->count; i++) {
        problem_print(&problems->problems[i], out);
        fputc('\n', out);
    }
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

#endif
