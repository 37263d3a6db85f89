/* ttlspec diff: where do runs differ from the first one? */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "conformance/diff.h"
#include "conformance/results.h"
#include "conformance/text.h"

static const char usage[] =
    "usage: ttlspec diff RESULTS RESULTS...\n"
    "\n"
    "Compares the runs in these results files (`ttlspec run --report json=FILE`, or results.json "
    "of\n"
    "`--out`): each run with the first one. One file that holds several runs is enough.\n"
    "Exit status: 0 no difference, 1 a difference, 2 a file is wrong, 4 nothing to compare.\n";

/* Compares every other run with the first. Returns an exit status. */
static int compare(const results *files, size_t count) {
    const result_run *first = NULL;
    size_t compared = 0, differing = 0, runs = 0;
    for (size_t f = 0; f < count; f++)
        for (size_t r = 0; r < files[f].count; r++) {
            runs++;
            if (first == NULL) {
                first = &files[f].runs[r];
                continue;
            }
            diff found = diff_runs(first, &files[f].runs[r]);
            diff_print(&found, stdout);
            compared += found.compared;
            differing += found.count;
            diff_free(&found);
        }
    if (runs < 2) return cli_complain("diff", "there is only one run: nothing to compare it with");
    if (differing > 0) return STATUS_DIFFERENCE;
    return compared > 0 ? STATUS_CONFORMANT : STATUS_UNDECIDED;
}

int diff_main(int argc, char **argv) {
    static const struct option known[] = {{"help", no_argument, NULL, 'h'}, {0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option != 'h') return cli_complain_option("diff", option, argv);
        fputs(usage, stdout);
        return STATUS_CONFORMANT;
    }
    size_t count = (size_t)(argc - optind), read = 0;
    if (count == 0) return cli_complain("diff", "which results? See ttlspec diff --help");
    results *files = memory_zeroed(count, sizeof *files);
    char *error = NULL;
    while (read < count && results_read(&files[read], argv[optind + (int)read], &error)) read++;
    int status = read == count ? compare(files, count) : cli_complain("diff", "%s", error);
    for (size_t i = 0; i < read; i++) results_free(&files[i]);
    free(files);
    free(error);
    return cli_flush_stdout("diff") || status != STATUS_CONFORMANT ? status : STATUS_WRONG;
}
