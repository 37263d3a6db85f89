#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conformance/glob.h"
#include "conformance/loader.h"
#include "conformance/text.h"

/* -- sentences --------------------------------------------------------------------------------- */

int cli_complain(const char *command, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "ttlspec %s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    putc('\n', stderr);
    return STATUS_WRONG;
}

int cli_complain_option(const char *command, int option, char **argv) {
    const char *culprit = argv[optind - 1];
    if (option == ':') return cli_complain(command, "%s wants a value", culprit);
    return cli_complain(command, "there is no option %s; see ttlspec %s --help", culprit, command);
}

bool cli_flush_stdout(const char *command) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    cli_complain(command, "standard output cannot be written: %s", strerror(errno));
    return false;
}

void cli_list_add(cli_list *list, const char *value) {
    list->values = memory_grown(list->values, list->count, sizeof *list->values);
    list->values[list->count++] = value;
}

void cli_list_free(cli_list *list) {
    free(list->values);
    *list = (cli_list){0};
}

/* -- vectors ----------------------------------------------------------------------------------- */

const char *cli_usual_place(void) {
    struct stat about;
    return stat("vectors", &about) == 0 && S_ISDIR(about.st_mode) ? "vectors"
                                                                  : TTLSPEC_DATADIR "/vectors";
}

bool cli_load(const char *command, const cli_list *places, vector_set *set) {
    const char *usual = cli_usual_place();
    problem_list problems = {0};
    bool loaded = places->count > 0
                      ? loader_load(set, places->values, places->count, NULL, &problems)
                      : loader_load(set, &usual, 1, NULL, &problems);
    for (size_t i = 0; i < problems.count; i++) {
        problem_print(&problems.problems[i], stderr);
        putc('\n', stderr);
    }
    if (!loaded)
        cli_complain(command, "%zu problem%s in the vectors: nothing was run", problems.count,
                     problems.count == 1 ? "" : "s");
    problem_list_free(&problems);
    return loaded;
}

/* -- selection --------------------------------------------------------------------------------- */

bool cli_parse_shard(const char *text, cli_selection *selection) {
    char *end;
    if (*text < '1' || *text > '9') return false;
    unsigned long shard = strtoul(text, &end, 10);
    if (*end != '/' || end[1] < '1' || end[1] > '9') return false;
    unsigned long count = strtoul(end + 1, &end, 10);
    selection->shard = shard;
    selection->shard_count = count;
    return *end == '\0' && shard <= count && count < 100000;
}

void cli_selection_free(cli_selection *selection) {
    cli_list_free(&selection->run);
    cli_list_free(&selection->skip);
    cli_list_free(&selection->rules);
    cli_list_free(&selection->tags);
}

static bool any_has_tag(const vector_set *set, const char *tag) {
    for (size_t i = 0; i < set->count; i++)
        if (vector_has_tag(set->vectors[i], tag)) return true;
    return false;
}

bool cli_selection_check(const char *command, const cli_selection *selection,
                         const vector_set *set) {
    for (size_t i = 0; i < selection->rules.count; i++)
        if (vector_set_find_rule(set, selection->rules.values[i]) == NULL) {
            cli_complain(command, "there is no rule %s; ttlspec rules lists them",
                         selection->rules.values[i]);
            return false;
        }
    for (size_t i = 0; i < selection->tags.count; i++)
        if (!any_has_tag(set, selection->tags.values[i])) {
            cli_complain(command, "no vector has the tag %s; ttlspec list --summary lists them",
                         selection->tags.values[i]);
            return false;
        }
    return true;
}

static bool matches_any(const cli_list *globs, const char *id) {
    for (size_t i = 0; i < globs->count; i++)
        if (glob_matches_id(globs->values[i], id)) return true;
    return globs->count == 0;
}

static bool is_meant(const cli_selection *selection, const vector *what) {
    bool has_rule = selection->rules.count == 0, has_tag = selection->tags.count == 0;
    for (size_t i = 0; i < selection->rules.count; i++)
        has_rule = has_rule || vector_has_rule(what, selection->rules.values[i]);
    for (size_t i = 0; i < selection->tags.count; i++)
        has_tag = has_tag || vector_has_tag(what, selection->tags.values[i]);
    return has_rule && has_tag && matches_any(&selection->run, what->id);
}

const vector **cli_select(const cli_selection *selection, const vector_set *set, size_t *count) {
    const vector **chosen = memory_zeroed(set->count, sizeof *chosen);
    size_t meant = 0;
    *count = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (!is_meant(selection, set->vectors[i])) continue;
        bool is_ours =
            selection->shard_count == 0 || meant % selection->shard_count + 1 == selection->shard;
        meant++;
        if (is_ours) chosen[(*count)++] = set->vectors[i];
    }
    return chosen;
}
