/* The loader: vector files in, a set of vectors out, or every reason why not.
 *
 * A path is a file, or a directory: then all its *.json files, deep down, in order of their names,
 * without rules.json, hidden files and directories named `schema`. The rules of a file are those of
 * the nearest rules.json: in the file's directory or the closest directory above it.
 *
 * Nothing is guessed: an unknown field, a number that a double cannot hold, a text that is not
 * UTF-8 is a problem with file, line and JSON pointer. A file with a problem gives its sound
 * vectors all the same, but loader_load says false: nobody should run half a suite unknowingly.
 */
#ifndef CONFORMANCE_LOADER_H
#define CONFORMANCE_LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "conformance/problem.h"
#include "conformance/vector.h"

typedef struct loader_options {
    /* Is there a command of this name (any case)? NULL: the loader's own list. */
    bool (*knows_command)(void *context, const char *name);
    void *context;
} loader_options;

/* Adds what the paths hold to the set. False: `problems` holds at least one more error. */
bool loader_load(vector_set *set, const char *const *paths, size_t count,
                 const loader_options *options, problem_list *problems);

#endif
