/* ttlspec show: one vector for a person to read. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "conformance/expectation.h"
#include "conformance/text.h"

static const char usage[] = "usage: ttlspec show [--vectors PATH] ID...\n"
                            "\n"
                            "Shows vectors: title, rules with their sources, steps.\n";

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

/* Shows each; an id that there is not is said, and the others are shown all the same. */
static int show(const vector_set *set, size_t count, char **ids) {
    int status = STATUS_CONFORMANT;
    for (size_t i = 0; i < count; i++) {
        const vector *one = vector_set_find(set, ids[i]);
        if (one != NULL) print_vector(one);
        else
            status = cli_complain("show", "there is no vector %s; ttlspec list lists them", ids[i]);
    }
    return status;
}

int show_main(int argc, char **argv) {
    static const struct option known[] = {
        {"vectors", required_argument, NULL, 'v'}, {"help", no_argument, NULL, 'h'}, {0}};
    cli_list places = {0};
    vector_set set = {0};
    int status = STATUS_CONFORMANT;
    bool is_done = false;
    opterr = 0;
    for (int option; !is_done && (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        is_done = option != 'v';
        if (option == 'v') cli_list_add(&places, optarg);
        else if (option == 'h') fputs(usage, stdout);
        else status = cli_complain_option("show", option, argv);
    }
    if (!is_done && optind == argc) {
        status = cli_complain("show", "which vector? See ttlspec show --help");
    } else if (!is_done) {
        bool loaded = cli_load("show", &places, &set);
        status = loaded ? show(&set, (size_t)(argc - optind), argv + optind) : STATUS_WRONG;
        if (!cli_flush_stdout("show")) status = STATUS_WRONG;
    }
    cli_list_free(&places);
    vector_set_free(&set);
    return status;
}
