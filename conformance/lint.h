/* Lint: everything the loader refuses, and the habits of the project that it does not enforce.
 *
 *  - an id begins with its suite's name
 *  - a title is a law: a sentence that begins in lower case or with the name of a command, has no
 *    stop at its end, and is no wish ("test that", "should")
 *  - times are the judge's: no `between` in the reply of a command that answers a time
 *  - a vector does not end by waiting for a step that shows nothing
 *  - a rule that no vector names is not exercised (only when a directory was given)
 */
#ifndef CONFORMANCE_LINT_H
#define CONFORMANCE_LINT_H

#include <stddef.h>

#include "conformance/loader.h"
#include "conformance/problem.h"

typedef void lint_report(void *context, const problem *problem);

/* Lints the paths, telling each finding in order. Returns how many there were. */
size_t lint_paths(const char *const *paths, size_t count, const loader_options *options,
                  lint_report *report, void *context);

#endif
