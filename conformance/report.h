/* Reports: results rendered for people, build servers and pages. Rendering never runs anything.
 *
 *      text       for a terminal: each difference with its timeline, then a table
 *      json       complete: what `ttlspec diff` reads
 *      junit      one suite for each target
 *      tap        version 13, with YAML blocks
 *      markdown   a table and the differences
 *      github     annotations of a workflow run
 *      html       one page that needs nothing else
 *
 * In all of them a skip is never a pass and inconclusive is neither.
 */
#ifndef CONFORMANCE_REPORT_H
#define CONFORMANCE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conformance/results.h"

typedef struct report_style {
    bool color;
    bool verbose; /* passes and skips are listed too */
} report_style;

typedef struct report_format {
    const char *name;
    const char *file; /* its name in a directory of reports */
    void (*write)(const results *all, const report_style *style, FILE *out);
} report_format;

/* Ends with a format whose name is NULL. */
extern const report_format report_formats[];
/* NULL: there is no such format. */
const report_format *report_find(const char *name);
/* Renders into a file, whole or not at all. False: `error` says why not. */
bool report_save(const results *all, const report_format *format, const char *path, char **error);
/* Every format, and badge.json, into a directory that is made if it is missing. What can be
 * written is, whatever else fails; `error` has a line for each that could not. */
bool report_save_all(const results *all, const char *directory, char **error);
/* The history of each difference that a live target has, as DIRECTORY/histories/ID.jsonl, and the
 * name of that file into its result: before the reports that name it. */
bool report_save_histories(results *all, const char *directory, char **error);

void report_write_text(const results *all, const report_style *style, FILE *out);
void report_write_json(const results *all, const report_style *style, FILE *out);
void report_write_junit(const results *all, const report_style *style, FILE *out);
void report_write_tap(const results *all, const report_style *style, FILE *out);
void report_write_markdown(const results *all, const report_style *style, FILE *out);
void report_write_github(const results *all, const report_style *style, FILE *out);
void report_write_html(const results *all, const report_style *style, FILE *out);
/* What shields.io reads from an endpoint. */
void report_write_badge(const results *all, FILE *out);

/* What the reports share. */

/* "pass", or what the baseline makes of it: "known", "flaky", "fixed". */
const char *report_outcome(const result_vector *vector);
/* True when a person should look at this vector: it differs, broke, was missed or is fixed. */
bool report_is_notable(const result_vector *vector);
/* One sentence: why it came out so. The caller frees. */
char *report_reason(const result_vector *vector);
/* The whole story of one vector: rules, timeline, reason, how to run it again. */
void report_write_block(const result_run *run, const result_vector *vector,
                        const report_style *style, FILE *out);
/* How to look at its saved history again, and what comes of it. NULL: there is none. The caller
 * frees. */
char *report_judge(const result_vector *vector);
/* The command line that runs just this vector again. The caller frees. */
char *report_again(const result_run *run, const result_vector *vector);
/* The last line: "conformant", "2 differences" ... The caller frees. */
char *report_conclusion(const results *all);

#endif
