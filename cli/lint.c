/* ttlspec lint: everything that is wrong with vector files, with file, line and place. */
#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "conformance/lint.h"

static const char usage[] =
    "usage: ttlspec lint [PATH...]\n"
    "\n"
    "Says everything that is wrong with these vector files or directories (default: vectors).\n"
    "Exit status: 0 nothing, 2 something.\n";

static void print(void *context, const problem *found) {
    (void)context;
    problem_print(found, stdout);
    putchar('\n');
}

int lint_main(int argc, char **argv) {
    static const struct option known[] = {{"help", no_argument, NULL, 'h'}, {0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option != 'h') return cli_complain_option("lint", option, argv);
        fputs(usage, stdout);
        return STATUS_CONFORMANT;
    }
    const char *usual = cli_usual_place();
    size_t given = (size_t)(argc - optind);
    size_t found = given > 0
                       ? lint_paths((const char *const *)argv + optind, given, NULL, print, NULL)
                       : lint_paths(&usual, 1, NULL, print, NULL);
    if (found > 0) cli_complain("lint", "%zu finding%s", found, found == 1 ? "" : "s");
    bool printed = cli_flush_stdout("lint");
    return found == 0 && printed ? STATUS_CONFORMANT : STATUS_WRONG;
}
