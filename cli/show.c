/* ttlspec show: vectors and histories for a person to read, with a drawing of each. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/drawing_vector.h"
#include "conformance/expectation.h"
#include "conformance/text.h"

static const char usage[] =
    "usage: ttlspec show [--vectors PATH] [--svg FILE] ID|HISTORY...\n"
    "\n"
    "Shows vectors: title, rules with their sources, steps; and histories "
    "(docs/history-format.md):\n"
    "what the judge says of them. Draws a timeline of each: a lane for each client and the "
    "server,\n"
    "messages as arrows, deadlines as bars. A world is drawn by ttlspec sim --show.\n"
    "\n"
    "  --svg FILE       draw it into a file instead; of one vector or one history\n"
    "  --spec DIALECT   what a history is held to; without it, what it says\n"
    "  --vectors PATH   where the vectors are\n";

typedef struct show_arguments {
    cli_list places;
    const char *svg, *spec;
    size_t count;
    char **names;
} show_arguments;

static void print_events(const vector_outcome *outcome) {
    if (!outcome->checks_events) return;
    printf("          events");
    for (size_t i = 0; i < outcome->event_count; i++) {
        printf("%s %s ", i > 0 ? "," : "", outcome->events[i].name);
        vector_text_print(&outcome->events[i].key, stdout);
    }
    puts(outcome->event_count == 0 ? " none" : "");
}

static void print_outcome(const vector_outcome *outcome) {
    char *expected = expectation_text(outcome->reply, NULL);
    puts(expected);
    free(expected);
    print_events(outcome);
}

static void print_step(const vector *one, const vector_step *step) {
    printf("%6" PRId64 " ms ", step->at_ms);
    if (one->connection_count > 1) printf(" %s>", one->connections[step->connection]);
    for (size_t i = 0; i < step->argc; i++) {
        putchar(' ');
        vector_text_print(&step->argv[i], stdout);
    }
    if (vector_step_polls(step)) printf("   until, at %" PRId64 " ms,", step->turns_ms);
    printf("\n          -> ");
    print_outcome(&step->outcome);
    for (size_t i = 0; i < step->variant_count; i++) {
        printf("          or, on some servers -> ");
        print_outcome(&step->variants[i].outcome);
    }
}

static void print_scope(const vector_scope *scope) {
    for (size_t i = 0; i < VECTOR_FAMILIES; i++) {
        ttl_version since = scope->families[i].since, until = scope->families[i].until;
        const char *family = ttl_family_name((ttl_family)i);
        if (scope->families[i].excluded) printf("  not for %s\n", family);
        else if (since.major > 0)
            printf("  since %s %u.%u.%u\n", family, since.major, since.minor, since.patch);
        if (!scope->families[i].excluded && until.major != TTL_VERSION_ANY) {
            printf("  until %s %u", family, until.major);
            if (until.minor != TTL_VERSION_ANY) printf(".%u", until.minor);
            if (until.patch != TTL_VERSION_ANY) printf(".%u", until.patch);
            putchar('\n');
        }
    }
}

static void print_vector(const vector *one) {
    printf("%s: %s\n", one->id, one->title);
    if (one->about != NULL) printf("  %s\n", one->about);
    printf("  %s:%d, level %s\n", one->place.file, one->place.line,
           one->level == VECTOR_MUST ? "must" : "should");
    print_scope(&one->scope);
    for (unsigned bit = 1; bit != 0 && bit <= one->needs; bit <<= 1)
        if ((one->needs & bit) != 0) printf("  needs %s\n", vector_capability_name(bit));
    for (size_t i = 0; i < one->tag_count; i++) printf("  tag %s\n", one->tags[i]);
    for (size_t i = 0; i < one->rule_count; i++) {
        const vector_rule *rule = one->rules[i];
        printf("  rule %s: %s\n", rule->id, rule->text);
        if (rule->source_title != NULL) printf("       %s\n", rule->source_title);
        if (rule->source_url != NULL) printf("       %s\n", rule->source_url);
    }
    for (size_t i = 0; i < one->step_count; i++) print_step(one, &one->steps[i]);
}

/* Without a title: it was said. */
static int draw_below(const drawing *line) {
    drawing bare = *line;
    bare.title = bare.subtitle = NULL;
    putchar('\n');
    return drawing_draw("show", &bare, NULL, 0);
}

static int show_vector(const show_arguments *arguments, const vector *one) {
    drawing line;
    int status;
    drawing_init(&line);
    drawing_of_vector(&line, one);
    if (arguments->svg == NULL) print_vector(one);
    if (arguments->svg != NULL) status = drawing_draw("show", &line, arguments->svg, 0);
    else status = draw_below(&line);
    drawing_free(&line);
    return status;
}

/* ---- histories */

static int show_traffic(const show_arguments *arguments, const char *path, const history *traffic) {
    const char *spec = arguments->spec != NULL ? arguments->spec : traffic->spec;
    judge_options options = {.rate_ppm = JUDGE_RATE_PPM};
    if (traffic->rate_ppm >= 0) options.rate_ppm = traffic->rate_ppm;
    if (spec == NULL) spec = ttl_dialect_default;
    if (!ttl_dialect_parse(spec, &options.dialect))
        return cli_complain("show", "\"%.64s\" is no dialect: one is redis-7.0, valkey-8.1.1",
                            spec);
    judge_result result = judge_history(traffic, &options);
    drawing line;
    drawing_init(&line);
    drawing_of_history(&line, traffic, &options.dialect, &result);
    line.title = drawing_words(&line, "%s: %s", path, judge_answer_name(result.answer));
    line.subtitle = result.reason != NULL
                        ? drawing_words(&line, "%s", result.reason)
                        : drawing_words(&line, "%zu commands, as %s answers", traffic->count, spec);
    int status = drawing_draw("show", &line, arguments->svg, 0);
    drawing_free(&line);
    judge_result_free(&result);
    return status;
}

static int show_history(const show_arguments *arguments, const char *path) {
    history traffic;
    problem_list problems = {0};
    int status = STATUS_WRONG;
    history_init(&traffic);
    if (history_load(&traffic, path, &problems)) status = show_traffic(arguments, path, &traffic);
    for (size_t i = 0; i < problems.count; i++) {
        problem_print(&problems.problems[i], stderr);
        fputc('\n', stderr);
    }
    problem_list_free(&problems);
    history_free(&traffic);
    return status;
}

/* ---- all of them */

static bool is_file(const char *name) {
    struct stat what;
    return stat(name, &what) == 0 && S_ISREG(what.st_mode);
}

/* Shows each; an id that there is not is said, and the others are shown all the same. */
static int show(const show_arguments *arguments) {
    int status = STATUS_CONFORMANT;
    vector_set set = {0};
    bool has_set = false;
    for (size_t i = 0; i < arguments->count; i++) {
        const char *name = arguments->names[i];
        int own;
        if (is_file(name)) {
            own = show_history(arguments, name);
        } else {
            if (!has_set && !cli_load("show", &arguments->places, &set)) return STATUS_WRONG;
            has_set = true;
            const vector *one = vector_set_find(&set, name);
            own = one != NULL ? show_vector(arguments, one)
                              : cli_complain("show",
                                             "there is no vector and no file %s; ttlspec list "
                                             "lists the vectors",
                                             name);
        }
        if (own != STATUS_CONFORMANT) status = own;
    }
    vector_set_free(&set);
    return status;
}

int show_main(int argc, char **argv) {
    static const struct option known[] = {{"vectors", required_argument, NULL, 'v'},
                                          {"svg", required_argument, NULL, 's'},
                                          {"spec", required_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    show_arguments arguments = {0};
    int status = STATUS_CONFORMANT;
    bool is_done = false;
    opterr = 0;
    for (int option; !is_done && (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        is_done = option != 'v' && option != 's' && option != 'd';
        if (option == 'v') cli_list_add(&arguments.places, optarg);
        else if (option == 's') arguments.svg = optarg;
        else if (option == 'd') arguments.spec = optarg;
        else if (option == 'h') fputs(usage, stdout);
        else status = cli_complain_option("show", option, argv);
    }
    arguments.count = (size_t)(argc - optind);
    arguments.names = argv + optind;
    if (!is_done && arguments.count == 0)
        status = cli_complain("show", "which vector, which history? See ttlspec show --help");
    else if (!is_done && arguments.svg != NULL && arguments.count > 1)
        status = cli_complain("show", "--svg draws one vector or one history into its file");
    else if (!is_done) status = show(&arguments);
    if (!cli_flush_stdout("show")) status = STATUS_WRONG;
    cli_list_free(&arguments.places);
    return status;
}
