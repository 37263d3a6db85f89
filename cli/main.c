/* ttlspec: does a server treat time the way Redis does? */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *summary;
} subcommands[] = {
    {"run", run_main, "run vectors on targets and report what differs"},
    {"diff", diff_main, "compare the results of runs with one another"},
    {"matrix", matrix_main, "the results of many servers side by side, as a page"},
    {"lint", lint_main, "say everything that is wrong with vector files"},
    {"list", list_main, "list the vectors"},
    {"show", show_main, "show one vector: its rules and steps"},
    {"rules", rules_main, "list the rules of behaviour and where each comes from"},
    {"dialects", dialects_main, "list what separates the versions and families of servers"},
    {"judge", judge_main, "say whether recorded traffic could be that of a right server"},
    {"sim", sim_main, "worlds from a seed, in which timing bugs are found and shrunk"},
    {"serve", serve_main, "the reference engine as a server, for any Redis client"},
};
enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

static void print_usage(FILE *out) {
    fputs("usage: ttlspec COMMAND [ARGUMENT...]\n\n"
          "Says whether a server treats time the way Redis does.\n\n",
          out);
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        fprintf(out, "  %-8s %s\n", subcommands[i].name, subcommands[i].summary);
    fputs(
        "\nttlspec COMMAND --help says more. Exit status: 0 conformant, 1 a difference was found,\n"
        "2 the command line, a vector or a baseline is wrong, 3 a target could not be used,\n"
        "4 nothing was decided.\n",
        out);
}

int main(int argc, char **argv) {
    const char *name = argc < 2 ? "" : argv[1];
    for (size_t i = 0; i < SUBCOMMANDS; i++)
        if (strcmp(name, subcommands[i].name) == 0) return subcommands[i].main(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0) {
        puts("ttlspec " TTLSPEC_VERSION);
        return STATUS_CONFORMANT;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return STATUS_CONFORMANT;
    }
    if (*name == '\0') print_usage(stderr);
    else fprintf(stderr, "ttlspec: there is no command %s; see ttlspec --help\n", name);
    return STATUS_WRONG;
}
