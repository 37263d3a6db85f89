/* ttlspec dialects: what separates the versions and families, trait by trait. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "conformance/dialects.h"

static const char usage[] =
    "usage: ttlspec dialects [--witness] [--markdown] [--vectors PATH]\n"
    "\n"
    "Lists what separates the servers' families and versions, one trait a line.\n"
    "\n"
    "  --witness    find the vector that shows each trait: the engine is run with that trait\n"
    "               turned round, and held to what it should be (some seconds)\n"
    "  --markdown   as a document\n"
    "\n"
    "Exit status: 1 if --witness finds no vector for some trait.\n";

static const char document[] =
    "# What separates the dialects\n"
    "\n"
    "Each line is a trait of the reference engine: what the servers of some versions do and those\n"
    "of others do not. The vector beside it shows the trait: an engine that has the trait the\n"
    "other way round fails it. `ttlspec show ID` shows a vector, and `ttlspec run` holds a server\n"
    "to it. Redict has the traits of Redis 7.2.4, from which it was forked, but for those that\n"
    "speak of it. This page is printed by `ttlspec dialects --witness --markdown`.\n"
    "\n"
    "| trait | Redis | Valkey | what | shown by |\n"
    "| --- | --- | --- | --- | --- |\n";

typedef struct dialects_options {
    bool witness, markdown;
} dialects_options;

static void print_trait(const dialects_options *options, const ttl_trait *trait,
                        const char *witness) {
    char redis[DIALECTS_VERSIONS_SIZE], valkey[DIALECTS_VERSIONS_SIZE];
    dialects_versions_text(trait->redis, redis);
    dialects_versions_text(trait->valkey, valkey);
    if (options->markdown) {
        printf("| %s | %s | %s | %s | %s%s%s |\n", trait->id, redis, valkey, trait->text,
               witness[0] == '\0' ? "" : "`", witness, witness[0] == '\0' ? "" : "`");
        return;
    }
    printf("%-32s redis %-18s valkey %-18s\n    %s\n", trait->id, redis, valkey, trait->text);
    if (options->witness) printf("    shown by %s\n", witness[0] == '\0' ? "no vector" : witness);
}

/* Returns how many traits no vector shows, where that was asked. */
static size_t print_traits(const dialects_options *options, const vector_set *set) {
    size_t unshown = 0, count = ttl_trait_count();
    bool draws = options->witness && isatty(STDERR_FILENO);
    for (size_t i = 0; i < count; i++) {
        const ttl_trait trait = ttl_trait_at(i);
        const vector *witness = NULL;
        if (draws) fprintf(stderr, "\r%zu of %zu traits\r", i + 1, count);
        if (options->witness) {
            witness = dialects_witness(set, i);
            unshown += witness == NULL;
        }
        print_trait(options, &trait, witness == NULL ? "" : witness->id);
    }
    return unshown;
}

static int list_dialects(const dialects_options *options, const cli_list *places) {
    vector_set set = {0};
    if (options->witness && !cli_load("dialects", places, &set)) return STATUS_WRONG;
    if (options->markdown) fputs(document, stdout);
    size_t unshown = print_traits(options, &set);
    vector_set_free(&set);
    if (!cli_flush_stdout("dialects")) return STATUS_WRONG;
    if (unshown == 0) return STATUS_CONFORMANT;
    fprintf(stderr, "ttlspec dialects: no vector shows %zu of the traits\n", unshown);
    return STATUS_DIFFERENCE;
}

int dialects_main(int argc, char **argv) {
    static const struct option known[] = {{"witness", no_argument, NULL, 'w'},
                                          {"markdown", no_argument, NULL, 'm'},
                                          {"vectors", required_argument, NULL, 'v'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    dialects_options options = {0};
    cli_list places = {0};
    int status = STATUS_CONFORMANT;
    bool is_done = false;
    opterr = 0;
    for (int option; !is_done && (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        is_done = strchr("wmv", option) == NULL;
        if (option == 'w') options.witness = true;
        else if (option == 'm') options.markdown = true;
        else if (option == 'v') cli_list_add(&places, optarg);
        else if (option == 'h') fputs(usage, stdout);
        else status = cli_complain_option("dialects", option, argv);
    }
    if (!is_done && optind < argc)
        status = cli_complain("dialects", "%s is one argument too many", argv[optind]);
    else if (!is_done) status = list_dialects(&options, &places);
    cli_list_free(&places);
    return status;
}
