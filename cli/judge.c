/* ttlspec judge: could a right server have answered like this? */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "conformance/judge.h"
#include "conformance/number.h"
#include "conformance/text.h"

static const char usage[] =
    "usage: ttlspec judge HISTORY [--spec DIALECT] [--rate PPM]\n"
    "\n"
    "Says whether a server that treats time the way Redis does could have given the replies of\n"
    "this recorded traffic (docs/history-format.md); if not, prints the chain that shows why.\n"
    "\n"
    "  --spec DIALECT   the behaviour it is held to: redis-7.0.15, valkey-8.1 ...; without it,\n"
    "                   what the file says\n"
    "  --rate PPM       how much the server's clock may run faster or slower than the recorder's,\n"
    "                   in parts per million (500)\n"
    "\n"
    "Exit status: 0 it could, 1 it could not, 2 the command line or the file is wrong, 4 nothing\n"
    "was decided.\n";

enum { RATE_PPM_MAX = 500000 };

typedef struct judge_arguments {
    const char *path, *spec;
    int64_t rate_ppm; /* -1: not given */
} judge_arguments;

static int parse(judge_arguments *arguments, int argc, char **argv, bool *is_done) {
    static const struct option known[] = {{"help", no_argument, NULL, 'h'},
                                          {"spec", required_argument, NULL, 's'},
                                          {"rate", required_argument, NULL, 'r'},
                                          {0}};
    *arguments = (judge_arguments){.rate_ppm = -1};
    *is_done = true;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        switch (option) {
        case 'h': fputs(usage, stdout); return STATUS_CONFORMANT;
        case 's': arguments->spec = optarg; break;
        case 'r':
            if (number_parse_digits(optarg, strlen(optarg), RATE_PPM_MAX, &arguments->rate_ppm))
                break;
            return cli_complain("judge", "--rate takes parts per million, from 0 to %d, not %s",
                                RATE_PPM_MAX, optarg);
        default: return cli_complain_option("judge", option, argv);
        }
    }
    if (argc - optind != 1)
        return cli_complain("judge", "which history? One file; see ttlspec judge --help");
    arguments->path = argv[optind];
    *is_done = false;
    return STATUS_CONFORMANT;
}

/* "traffic.jsonl:4", or the number of the entry where no line is known. */
static void print_place(const history *traffic, const char *path, size_t entry) {
    int line = traffic->entries[entry].line;
    if (line > 0) printf("%s:%d", path, line);
    else printf("%s, entry %zu", path, entry + 1);
}

static void print_chain(const judge_result *result) {
    size_t width = 0;
    for (size_t i = 0; i < result->link_count; i++) {
        size_t own = text_width(result->links[i].formula);
        if (own > width) width = own;
    }
    putchar('\n');
    for (size_t i = 0; i < result->link_count; i++) {
        const judge_link *link = &result->links[i];
        printf("  %s%*s  %14.3f ms   %s\n", link->formula, (int)(width - text_width(link->formula)),
               "", (double)link->bound_us / 1000.0, link->text);
    }
    printf("  %*s  %14.3f ms   the sum%s: below nothing\n", (int)width, "",
           (double)result->miss_us / -1000.0,
           result->rounds ? ", whole milliseconds between ticks" : "");
}

static int print_result(const history *traffic, const char *path, const judge_result *result) {
    switch (result->answer) {
    case JUDGE_PASS:
        printf("pass: %zu commands, %zu questions of time", traffic->count, result->questions);
        if (result->open_questions > 0) printf(", %zu of them open", result->open_questions);
        else if (result->questions > 0)
            printf(", the nearest decided by %.3f ms", (double)result->slack_us / 1000.0);
        putchar('\n');
        return STATUS_CONFORMANT;
    case JUDGE_FAIL:
        fputs("FAIL ", stdout);
        print_place(traffic, path, result->entry);
        printf(": %s\n", result->reason);
        if (result->link_count > 0) print_chain(result);
        return STATUS_DIFFERENCE;
    case JUDGE_UNDECIDED: break;
    }
    fputs("undecided ", stdout);
    print_place(traffic, path, result->entry);
    printf(": %s\n", result->reason);
    return STATUS_UNDECIDED;
}

static int judge_file(const judge_arguments *arguments, const history *traffic) {
    const char *spec = arguments->spec != NULL ? arguments->spec : traffic->spec;
    judge_options options = {.rate_ppm = JUDGE_RATE_PPM};
    if (traffic->rate_ppm >= 0) options.rate_ppm = traffic->rate_ppm;
    if (arguments->rate_ppm >= 0) options.rate_ppm = arguments->rate_ppm;
    if (spec == NULL)
        return cli_complain("judge", "%s does not say what it is held to: --spec DIALECT says it",
                            arguments->path);
    if (!ttl_dialect_parse(spec, &options.dialect))
        return cli_complain("judge", "\"%.64s\" is no dialect: one is redis-7.0, valkey-8.1.1",
                            spec);
    judge_result result = judge_history(traffic, &options);
    int status = print_result(traffic, arguments->path, &result);
    judge_result_free(&result);
    return status;
}

int judge_main(int argc, char **argv) {
    judge_arguments arguments;
    bool is_done;
    int status = parse(&arguments, argc, argv, &is_done);
    if (is_done) return status;
    history traffic;
    problem_list problems = {0};
    history_init(&traffic);
    if (history_load(&traffic, arguments.path, &problems)) {
        status = judge_file(&arguments, &traffic);
    } else {
        for (size_t i = 0; i < problems.count; i++) {
            problem_print(&problems.problems[i], stderr);
            fputc('\n', stderr);
        }
        status = STATUS_WRONG;
    }
    problem_list_free(&problems);
    history_free(&traffic);
    return cli_flush_stdout("judge") || status != STATUS_CONFORMANT ? status : STATUS_WRONG;
}
