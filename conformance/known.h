/* The baseline: accepted differences, one in each line of a file that people read and review.
 *
 *      # comment
 *      fail  pexpire.gt.**  [valkey-8.1 valkey-9..]  https://example.org/issues/12
 *      flaky info.avg-ttl                            counts what is sampled
 *      skip  memory.**                               not for this server
 *
 * fail: it must fail; when it passes the line is stale, and that fails the gate. flaky: it may
 * pass or fail. skip: it does not run. In brackets stand the servers for which the line holds, any
 * of several: a family, a version (7.0 is every 7.0), a range A..B with either end left out. The
 * rest of the line is the reason, which has to be there. The first line that holds for a vector
 * and a dialect counts.
 *
 * Ownership: a baseline owns its lines until known_free.
 */
#ifndef CONFORMANCE_KNOWN_H
#define CONFORMANCE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "conformance/results.h"
#include "conformance/vector.h"
#include "ttlspec/dialect.h"

typedef enum known_kind { KNOWN_LINE_FAIL, KNOWN_LINE_FLAKY, KNOWN_LINE_SKIP } known_kind;

/* One bracketed range of versions of a family, both ends in it. */
typedef struct known_range {
    ttl_family family;
    ttl_version since, until;
} known_range;

typedef struct known_line {
    int number; /* in the file, from 1 */
    char *text; /* the whole line as it stands there; comments have nothing else */
    bool is_comment;
    known_kind kind;
    char *glob, *reason;
    size_t range_count;
    known_range *ranges; /* none: every server */
} known_line;

typedef struct known {
    char *path;
    size_t count;
    known_line *lines;
} known;

/* False: `error` says what is wrong, with file and line. An empty baseline is {0}. */
bool known_read(known *baseline, const char *path, char **error);
void known_free(known *baseline);
/* A pattern that matches no vector is a mistake or stale. False: `error` names the line. */
bool known_check(const known *baseline, const vector_set *set, char **error);
/* The line for a vector held to a dialect; NULL: none. */
const known_line *known_find(const known *baseline, const char *id, const ttl_dialect *dialect);
/* Marks the vectors of a run: known, flaky, fixed. */
void known_apply(const known *baseline, const ttl_dialect *dialect, result_run *run);

/* Writes the baseline that accepts these results, in the old one's order with its comments: lines
 * of what passes now go, new failures are added. False: `error` says why. */
bool known_update(const known *baseline, const results *all, const char *path, char **error);

#endif
