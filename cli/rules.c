/* ttlspec rules: the rulebook, and what holds each rule. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/rules.h"
#include "conformance/text.h"

#include <cjson/cJSON.h>

static const char rules_usage[] =
    "usage: ttlspec rules [--vectors PATH] [--matrix FILE] [--markdown | --summary]\n"
    "\n"
    "Lists the rules of behaviour: id, how many vectors exercise it, the rule, its source, the\n"
    "mark where the reference engine implements it, the planted faults that its vectors catch\n"
    "(reports/faults.json, where there is one), and the servers that differ in it according to\n"
    "a matrix (default: reports/matrix.json, where there is one). --summary only counts.\n";

static const char usual_matrix[] = "reports/matrix.json";
/* Made, and proven, by test_faults. */
static const char usual_faults[] = "reports/faults.json";
/* Of the letters of verdicts in a matrix: fail, warning, error. */
static const char DIFFERING[] = "fwe";

enum { OPTION_VECTORS = 256, OPTION_MATRIX, OPTION_MARKDOWN, OPTION_SUMMARY, OPTION_HELP };

static const struct option known_options[] = {
    {"vectors", required_argument, NULL, OPTION_VECTORS},
    {"matrix", required_argument, NULL, OPTION_MATRIX},
    {"markdown", no_argument, NULL, OPTION_MARKDOWN},
    {"summary", no_argument, NULL, OPTION_SUMMARY},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

typedef struct rules_options {
    cli_list vectors;
    const char *matrix; /* NULL: nobody said */
    enum rules_form { FORM_TEXT, FORM_MARKDOWN, FORM_SUMMARY } form;
} rules_options;

/* What is counted of all rules. */
typedef struct rules_tally {
    size_t marked, exercised, catching, differing;
} rules_tally;

static int parse(rules_options *options, int argc, char **argv, bool *is_done) {
    *options = (rules_options){0};
    *is_done = true;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":", known_options, NULL)) != -1;) {
        switch (option) {
        case OPTION_VECTORS: cli_list_add(&options->vectors, optarg); break;
        case OPTION_MATRIX: options->matrix = optarg; break;
        case OPTION_MARKDOWN: options->form = FORM_MARKDOWN; break;
        case OPTION_SUMMARY: options->form = FORM_SUMMARY; break;
        case OPTION_HELP: fputs(rules_usage, stdout); return STATUS_CONFORMANT;
        default: return cli_complain_option("rules", option, argv);
        }
    }
    if (optind < argc)
        return cli_complain("rules", "what is %s? See ttlspec rules --help", argv[optind]);
    *is_done = false;
    return STATUS_CONFORMANT;
}

/* -- the matrix -------------------------------------------------------------------------------- */

/* What a matrix.json says, and those of its vectors in which some run differs. */
typedef struct difference_table {
    cJSON *root; /* NULL: there is no matrix */
    size_t count;
    const cJSON **rows;
} difference_table;

static const char *member_text(const cJSON *object, const char *name) {
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(member) ? member->valuestring : "";
}

static bool collect_rows(difference_table *table) {
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(table->root, "vectors"), *row;
    if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(table->root, "runs"))) return false;
    if (!cJSON_IsArray(rows)) return false;
    cJSON_ArrayForEach(row, rows) {
        if (strpbrk(member_text(row, "verdicts"), DIFFERING) == NULL) continue;
        table->rows = memory_grown(table->rows, table->count, sizeof *table->rows);
        table->rows[table->count++] = row;
    }
    return true;
}

/* The file that is named, or else the usual one where there is one. False: it cannot be read, which
 * was said on stderr. `root` is NULL where there is none, or where it is no JSON. */
static bool table_read(const char *path, const char *usual, cJSON **root) {
    *root = NULL;
    if (path == NULL && access(usual, R_OK) != 0) return true;
    char *error = NULL;
    size_t length;
    char *text = text_read_file(path == NULL ? usual : path, &length, &error);
    if (text == NULL) {
        cli_complain("rules", "%s", error);
        free(error);
        return false;
    }
    *root = cJSON_Parse(text);
    free(text);
    return true;
}

/* False: what is wrong was said on stderr. */
static bool differences_read(const char *path, difference_table *table) {
    *table = (difference_table){0};
    if (path == NULL && access(usual_matrix, R_OK) != 0) return true;
    if (!table_read(path, usual_matrix, &table->root)) return false;
    if (path == NULL) path = usual_matrix;
    if (collect_rows(table)) return true;
    cli_complain("rules", "%s is no matrix.json of ttlspec matrix", path);
    return false;
}

static void differences_free(difference_table *table) {
    free(table->rows);
    cJSON_Delete(table->root);
}

/* In how many vectors of the rule the run of this column differs. */
static size_t count_differing(const difference_table *table, size_t column, const vector_set *set,
                              const vector_rule *rule) {
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const char *verdicts = member_text(table->rows[i], "verdicts");
        if (strlen(verdicts) <= column || strchr(DIFFERING, verdicts[column]) == NULL) continue;
        const vector *one = vector_set_find(set, member_text(table->rows[i], "id"));
        count += one != NULL && vector_has_rule(one, rule->id);
    }
    return count;
}

/* Prints "redis 8.6.3 (2), valkey 9.1.2 (1)" behind `before`; the engine is no server. Returns how
 * many differ, and prints nothing where that is none. */
static size_t tell_differing(const difference_table *table, const vector_set *set,
                             const vector_rule *rule, const char *before) {
    size_t column = 0, servers = 0;
    const cJSON *run;
    cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(table->root, "runs")) {
        const char *name = member_text(run, "name");
        size_t count = count_differing(table, column++, set, rule);
        if (count == 0 || strncmp(name, "engine", strlen("engine")) == 0) continue;
        if (before != NULL) printf("%s%s (%zu)", servers > 0 ? ", " : before, name, count);
        servers++;
    }
    return servers;
}

/* -- planted faults ---------------------------------------------------------------------------- */

static bool faults_read(cJSON **root) {
    if (access(usual_faults, R_OK) != 0) {
        *root = NULL;
        return true;
    }
    if (!table_read(NULL, usual_faults, root)) return false;
    if (cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(*root, "faults"))) return true;
    cli_complain("rules", "%s is no table of faults: `make faults` makes it", usual_faults);
    return false;
}

/* Prints the faults that vectors of the rule catch, behind `before`, and returns how many. */
static size_t tell_caught(const cJSON *root, const vector_rule *rule, const char *before) {
    size_t count = 0;
    const cJSON *fault;
    cJSON_ArrayForEach(fault, cJSON_GetObjectItemCaseSensitive(root, "faults")) {
        const cJSON *caught = cJSON_GetObjectItemCaseSensitive(fault, "caught");
        if (cJSON_GetObjectItemCaseSensitive(caught, rule->id) == NULL) continue;
        if (before != NULL) printf("%s%s", count > 0 ? ", " : before, member_text(fault, "fault"));
        count++;
    }
    if (before != NULL && count > 0) putchar('\n');
    return count;
}

/* -- rules ------------------------------------------------------------------------------------- */

static const rule_mark *mark_of(const vector_rule *rule) {
    for (const rule_mark *mark = rule_marks; mark->id != NULL; mark++)
        if (strcmp(mark->id, rule->id) == 0) return mark;
    return NULL;
}

static void print_text(const vector_rule *rule, const rule_mark *mark, size_t vectors) {
    printf("%s (%zu vector%s)\n  %s\n", rule->id, vectors, vectors == 1 ? "" : "s", rule->text);
    if (rule->source_title != NULL) printf("  %s\n", rule->source_title);
    if (rule->source_url != NULL) printf("  %s\n", rule->source_url);
    if (mark != NULL) printf("  engine: %s:%d\n", mark->file, mark->line);
}

static void print_markdown(const vector_rule *rule, const rule_mark *mark, size_t vectors) {
    printf("| `%s` | ", rule->id);
    for (const char *at = rule->text; *at != '\0'; at++)
        printf(*at == '|' || *at == '*' || *at == '_' ? "\\%c" : "%c", *at);
    printf(" | %zu | ", vectors);
    if (mark != NULL) printf("%s:%d", mark->file, mark->line);
}

/* All that rules are told with. */
typedef struct rules_sources {
    vector_set set;
    difference_table differences;
    cJSON *faults; /* NULL: there is no table */
} rules_sources;

static void tell_rule(const rules_sources *of, const vector_rule *rule, enum rules_form form,
                      rules_tally *tally) {
    static const char *const before[] = {"  differs: ", "", NULL};
    static const char *const after[] = {"\n", " |\n", ""};
    const rule_mark *mark = mark_of(rule);
    const vector_set *set = &of->set;
    size_t vectors = 0;
    for (size_t i = 0; i < set->count; i++) vectors += vector_has_rule(set->vectors[i], rule->id);
    tally->marked += mark != NULL;
    tally->exercised += vectors > 0;
    if (form == FORM_TEXT) print_text(rule, mark, vectors);
    if (form == FORM_MARKDOWN) print_markdown(rule, mark, vectors);
    size_t caught = tell_caught(of->faults, rule, form == FORM_TEXT ? "  catches: " : NULL);
    tally->catching += caught > 0;
    if (form == FORM_MARKDOWN) printf(" | %zu | ", caught);
    size_t servers = tell_differing(&of->differences, set, rule, before[form]);
    if (servers > 0 || form == FORM_MARKDOWN) fputs(after[form], stdout);
    tally->differing += servers > 0;
}

static void print_summary(const rules_sources *of, const rules_tally *tally) {
    printf("%zu rules: %zu exercised by vectors, %zu marked in the engine", of->set.rule_count,
           tally->exercised, tally->marked);
    if (of->faults != NULL)
        printf(", %zu whose vectors catch one of %d planted faults", tally->catching,
               cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(of->faults, "faults")));
    if (of->differences.root != NULL) printf(", some server differs in %zu", tally->differing);
    putchar('\n');
}

static void tell_rules(const rules_sources *of, enum rules_form form) {
    rules_tally tally = {0};
    if (form == FORM_MARKDOWN)
        puts(
            "# The rules of time\n\nMade by `ttlspec rules --markdown`. Which planted faults the "
            "vectors of a rule catch\nis listed in `faults.json`, and proven by a test.\n\n"
            "| rule | what it says | vectors | in the engine | faults caught | servers that differ "
            "|\n| --- | --- | ---: | --- | ---: | --- |");
    for (size_t i = 0; i < of->set.rule_count; i++) tell_rule(of, of->set.rules[i], form, &tally);
    if (form == FORM_MARKDOWN) putchar('\n');
    if (form != FORM_TEXT) print_summary(of, &tally);
}

static int rules_with(const rules_options *options) {
    rules_sources of = {0};
    bool loaded = differences_read(options->matrix, &of.differences) && faults_read(&of.faults) &&
                  cli_load("rules", &options->vectors, &of.set);
    if (loaded) tell_rules(&of, options->form);
    differences_free(&of.differences);
    cJSON_Delete(of.faults);
    vector_set_free(&of.set);
    return cli_flush_stdout("rules") && loaded ? STATUS_CONFORMANT : STATUS_WRONG;
}

int rules_main(int argc, char **argv) {
    rules_options options;
    bool is_done;
    int status = parse(&options, argc, argv, &is_done);
    if (!is_done) status = rules_with(&options);
    cli_list_free(&options.vectors);
    return status;
}
