/* What the files of `ttlspec run` share. */
#ifndef TTLSPEC_CLI_RUN_H
#define TTLSPEC_CLI_RUN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/cli.h"
#include "conformance/known.h"
#include "conformance/report.h"
#include "conformance/results.h"
#include "ttlspec/dialect.h"

enum { RUN_JOBS_MAX = 10000, RUN_TIMEOUT_MAX_S = 3600 };

typedef struct run_report_file {
    const report_format *format;
    const char *path;
} run_report_file;

typedef struct run_options {
    cli_list targets, vectors;
    cli_selection selection;
    const char *spec_name; /* NULL: each target is held to the version that it claims */
    ttl_dialect spec;
    bool exclusive, strict;
    int64_t jobs, timeout_s; /* 0: as usual */
    const char *known, *update_known, *out;
    const report_format *printed; /* on standard output; NULL: none */
    report_style style;
    size_t file_count;
    run_report_file *files;
    bool wants_github_summary;
} run_options;

typedef struct run_session {
    const run_options *options;
    const known *baseline;
    const vector **vectors;
    size_t vector_count;
    char run_id[24];
} run_session;

/* Writes what was asked for, each report by itself. False: one could not be, and it was said. */
bool run_write_reports(const run_options *options, results *all);

/* A bar on stderr when that is a terminal. Fits runner.on_progress. */
void run_show_progress(void *context, size_t done, size_t total, const result_run *run);

/* From now on the first Ctrl-C (or SIGTERM) asks the run to end well, the second one ends it. */
void run_listen_for_interrupts(void);
const volatile sig_atomic_t *run_interrupted(void);

#endif
