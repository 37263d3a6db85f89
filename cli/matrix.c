/* ttlspec matrix: the results of many servers side by side. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "conformance/matrix.h"
#include "conformance/report_html.h"
#include "conformance/text.h"

static const char usage[] =
    "usage: ttlspec matrix --out DIR RESULTS...\n"
    "\n"
    "Puts the runs in these results files (`ttlspec run --report json=FILE`) side by side, in "
    "this\n"
    "order: DIR/matrix.json, DIR/matrix.md and DIR/index.html, a page that needs nothing else. A\n"
    "server's run is compared with that of the engine in the same dialect, when there is one.\n"
    "Exit status: as of `ttlspec run`, over all runs; 1 also when the engine and a server of its\n"
    "dialect do not agree; 2 a file is wrong.\n";

static const struct {
    const char *file;
    void (*write)(const matrix *from, FILE *out);
} pages[] = {
    {"matrix.json", matrix_write_json},
    {"matrix.md", matrix_write_markdown},
    {"index.html", report_html_write_matrix},
};

/* Renders in memory, so that a full disk leaves the old file as it was. */
static bool save(const matrix *from, size_t page, const char *directory) {
    char *data = NULL, *error = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&data, &length);
    if (out == NULL) return false;
    pages[page].write(from, out);
    fclose(out);
    char *path = text_format("%s/%s", directory, pages[page].file);
    bool done = text_write_file(path, data, length, &error);
    if (!done) cli_complain("matrix", "%s", error);
    free(path), free(data), free(error);
    return done;
}

/* The runs of `from` become `all`'s. */
static void take_runs(results *all, results *from) {
    if (all->made_by == NULL) all->made_by = text_copy(from->made_by);
    for (size_t i = 0; i < from->count; i++) {
        *results_add_run(all) = from->runs[i];
        from->runs[i] = (result_run){0};
    }
    results_free(from);
}

static void print_servers(const matrix *self) {
    for (size_t r = 0; r < self->run_count; r++) {
        const matrix_run *column = &self->runs[r];
        result_counts counts = result_run_count(column->run);
        if (column->is_paired) continue;
        printf("%-28s", column->name);
        if (column->run->unusable != NULL) {
            printf("  could not be used: %s\n", column->run->unusable);
            continue;
        }
        for (int v = 0; v < VERDICT_COUNT; v++)
            if (counts.of[v] > 0) printf("  %zu %s", counts.of[v], verdict_name((verdict)v));
        if (column->pair != MATRIX_NO_PAIR)
            printf("  the engine agrees on %zu of %zu", column->agreed, column->compared);
        putchar('\n');
    }
}

static bool all_agree(const matrix *self) {
    for (size_t r = 0; r < self->run_count; r++)
        if (self->runs[r].agreed != self->runs[r].compared) return false;
    return true;
}

static int make(const results *all, const char *directory) {
    matrix made;
    matrix_build(&made, all);
    bool saved = true;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        saved = save(&made, i, directory) && saved;
    print_servers(&made);
    int status = results_status(all);
    if (status == STATUS_CONFORMANT && !all_agree(&made)) status = STATUS_DIFFERENCE;
    matrix_free(&made);
    return saved ? status : STATUS_WRONG;
}

int matrix_main(int argc, char **argv) {
    static const struct option known[] = {
        {"help", no_argument, NULL, 'h'}, {"out", required_argument, NULL, 'o'}, {0}};
    const char *directory = NULL;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":ho:", known, NULL)) != -1;) {
        if (option == 'o') {
            directory = optarg;
            continue;
        }
        if (option != 'h') return cli_complain_option("matrix", option, argv);
        fputs(usage, stdout);
        return STATUS_CONFORMANT;
    }
    if (directory == NULL) return cli_complain("matrix", "--out DIR says where it goes");
    if (optind == argc) return cli_complain("matrix", "which results? See ttlspec matrix --help");
    results all = {0};
    char *error = NULL;
    bool sound = true;
    for (int i = optind; i < argc && sound; i++) {
        results one = {0};
        sound = results_read(&one, argv[i], &error);
        if (sound) take_runs(&all, &one);
    }
    int status = sound ? make(&all, directory) : cli_complain("matrix", "%s", error);
    results_free(&all);
    free(error);
    return cli_flush_stdout("matrix") || status != STATUS_CONFORMANT ? status : STATUS_WRONG;
}
