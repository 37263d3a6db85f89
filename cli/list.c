/* ttlspec list: what there is to run. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "conformance/glob.h"
#include "conformance/text.h"

static const char list_usage[] =
    "usage: ttlspec list [--vectors PATH] [--run GLOB] [--skip GLOB] [--rule ID] [--tag TAG]\n"
    "                    [--shard I/N] [--summary]\n"
    "\n"
    "Lists vectors with their titles; with --summary how many there are of each kind.\n";

enum {
    OPTION_VECTORS = 256,
    OPTION_RUN,
    OPTION_SKIP,
    OPTION_RULE,
    OPTION_TAG,
    OPTION_SHARD,
    OPTION_SUMMARY,
    OPTION_HELP
};

static const struct option known_options[] = {
    {"vectors", required_argument, NULL, OPTION_VECTORS},
    {"help", no_argument, NULL, OPTION_HELP},
    {"run", required_argument, NULL, OPTION_RUN},
    {"skip", required_argument, NULL, OPTION_SKIP},
    {"rule", required_argument, NULL, OPTION_RULE},
    {"tag", required_argument, NULL, OPTION_TAG},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"summary", no_argument, NULL, OPTION_SUMMARY},
    {0},
};

typedef struct list_options {
    cli_list vectors;
    cli_selection selection;
    bool summary;
} list_options;

static int parse(list_options *options, int argc, char **argv, bool *is_done) {
    *options = (list_options){0};
    *is_done = true;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":", known_options, NULL)) != -1;) {
        switch (option) {
        case OPTION_VECTORS: cli_list_add(&options->vectors, optarg); break;
        case OPTION_RUN: cli_list_add(&options->selection.run, optarg); break;
        case OPTION_SKIP: cli_list_add(&options->selection.skip, optarg); break;
        case OPTION_RULE: cli_list_add(&options->selection.rules, optarg); break;
        case OPTION_TAG: cli_list_add(&options->selection.tags, optarg); break;
        case OPTION_SUMMARY: options->summary = true; break;
        case OPTION_SHARD:
            if (cli_parse_shard(optarg, &options->selection)) break;
            return cli_complain("list", "--shard wants I/N, I from 1 to N, not %s", optarg);
        case OPTION_HELP: fputs(list_usage, stdout); return STATUS_CONFORMANT;
        default: return cli_complain_option("list", option, argv);
        }
    }
    if (optind < argc)
        return cli_complain("list", "what is %s? See ttlspec list --help", argv[optind]);
    *is_done = false;
    return STATUS_CONFORMANT;
}

/* -- list -------------------------------------------------------------------------------------- */

static bool is_skipped(const cli_list *globs, const char *id) {
    for (size_t i = 0; i < globs->count; i++)
        if (glob_matches_id(globs->values[i], id)) return true;
    return false;
}

static void print_vectors(const vector *const *vectors, size_t count) {
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = text_width(vectors[i]->id);
        if (own > width) width = own;
    }
    for (size_t i = 0; i < count; i++)
        printf("%-*s  %s\n", (int)width, vectors[i]->id, vectors[i]->title);
}

/* Names with how often each was counted, in the order in which they came up. */
typedef struct tally {
    size_t count;
    struct {
        const char *name;
        size_t times;
    } * items;
} tally;

static void tally_add(tally *self, const char *name) {
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->items[i].name, name) != 0) continue;
        self->items[i].times++;
        return;
    }
    self->items = memory_grown(self->items, self->count, sizeof *self->items);
    self->items[self->count].name = name;
    self->items[self->count++].times = 1;
}

static void tally_print(tally *self, const char *heading) {
    if (self->count > 0) printf("\n%s\n", heading);
    for (size_t i = 0; i < self->count; i++)
        printf("%6zu  %s\n", self->items[i].times, self->items[i].name);
    free(self->items);
}

static void print_summary(const vector *const *vectors, size_t count) {
    tally suites = {0}, tags = {0}, needs = {0}, rules = {0};
    size_t steps = 0, should = 0;
    int64_t longest_ms = 0;
    for (size_t i = 0; i < count; i++) {
        const vector *one = vectors[i];
        steps += one->step_count;
        should += one->level == VECTOR_SHOULD;
        if (one->length_ms > longest_ms) longest_ms = one->length_ms;
        tally_add(&suites, one->suite->name);
        for (size_t t = 0; t < one->tag_count; t++) tally_add(&tags, one->tags[t]);
        for (size_t r = 0; r < one->rule_count; r++) tally_add(&rules, one->rules[r]->id);
        for (unsigned bit = 1; bit != 0 && bit <= one->needs; bit <<= 1)
            if ((one->needs & bit) != 0) tally_add(&needs, vector_capability_name(bit));
    }
    printf("%zu vectors with %zu steps for %zu rules; %zu of them at level should\n", count, steps,
           rules.count, should);
    printf("the longest takes %" PRId64 " ms\n", longest_ms);
    tally_print(&suites, "suites");
    tally_print(&tags, "tags");
    tally_print(&needs, "needs");
    free(rules.items);
}

static int list_with(const list_options *options) {
    vector_set set = {0};
    int status = STATUS_WRONG;
    if (cli_load("list", &options->vectors, &set) &&
        cli_selection_check("list", &options->selection, &set)) {
        size_t count, kept = 0;
        const vector **chosen = cli_select(&options->selection, &set, &count);
        for (size_t i = 0; i < count; i++)
            if (!is_skipped(&options->selection.skip, chosen[i]->id)) chosen[kept++] = chosen[i];
        if (options->summary) print_summary(chosen, kept);
        else print_vectors(chosen, kept);
        free(chosen);
        status = cli_flush_stdout("list") ? STATUS_CONFORMANT : STATUS_WRONG;
    }
    vector_set_free(&set);
    return status;
}

int list_main(int argc, char **argv) {
    list_options options;
    bool is_done;
    int status = parse(&options, argc, argv, &is_done);
    if (!is_done) status = list_with(&options);
    cli_list_free(&options.vectors);
    cli_selection_free(&options.selection);
    return status;
}
