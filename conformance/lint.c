#include "conformance/lint.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "conformance/known_commands.h"

static void style(problem_list *problems, const vector_place *place, const char *sentence) {
    problem_add(problems, PROBLEM_STYLE, place->file, place->pointer, place->line, "%s", sentence);
}

static void lint_id(const vector *self, problem_list *problems) {
    size_t length = strlen(self->suite->name);
    if (length == 0) return; /* the loader told that the suite has no name */
    if (strncmp(self->id, self->suite->name, length) == 0 && self->id[length] == '.') return;
    problem_add(problems, PROBLEM_STYLE, self->place.file, self->place.pointer, self->place.line,
                "the id does not begin with its suite: expected \"%s.\"", self->suite->name);
}

/* A sentence begins in lower case, or with the name of a command or an option: GT, PSETEX. */
static bool begins_as_law(const char *title) {
    size_t word = strcspn(title, " '");
    if (!isupper((unsigned char)title[0])) return true;
    for (size_t i = 1; i < word; i++)
        if (islower((unsigned char)title[i])) return false;
    return word > 1;
}

static void lint_title(const vector *self, problem_list *problems) {
    static const char *const wishes[] = {"test ",   "tests ",    "check ",  "checks ",
                                         "verify ", "verifies ", "should ", "ensure "};
    const char *title = self->title;
    char last = title[strlen(title) - 1];
    if (strchr(title, ' ') == NULL || last == '.' || last == '?' || last == '!' ||
        !begins_as_law(title))
        style(problems, &self->place,
              "a title is a law: a sentence, in lower case at its "
              "beginning, without a stop at its end");
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
        if (strncmp(title, wishes[i], strlen(wishes[i])) == 0)
            style(problems, &self->place,
                  "a title is a law: it says what holds, not what is to be tested");
}

static bool has_between(const expectation *expected) {
    if (expected->kind == EXPECTATION_BETWEEN) return true;
    for (size_t i = 0; i < expected->count; i++)
        if (has_between(&expected->children[i])) return true;
    return false;
}

static const known_command *command_of(const vector_step *step) {
    const vector_text *name = &step->argv[0];
    return name->count == 1 ? known_command_find(name->pieces[0].bytes.data) : NULL;
}

static void lint_step(const vector_step *step, problem_list *problems) {
    const known_command *command = command_of(step);
    if (command == NULL || !command->answers_a_time) return;
    bool between = has_between(step->outcome.reply);
    for (size_t i = 0; i < step->variant_count; i++)
        if (has_between(step->variants[i].outcome.reply)) between = true;
    if (between)
        style(problems, &step->place,
              "a time has no range: write its value at the exact "
              "millisecond; what a live server may answer is the judge's");
}

static void lint_end(const vector *self, problem_list *problems) {
    const vector_step *last = &self->steps[self->step_count - 1];
    int64_t before_ms = self->step_count > 1 ? last[-1].at_ms : 0;
    if (last->at_ms > before_ms && last->outcome.reply->kind == EXPECTATION_ANYTHING &&
        !last->outcome.checks_events)
        style(problems, &last->place,
              "the vector ends by waiting for a step that shows nothing: leave it out");
}

static void lint_replica(const vector *self, problem_list *problems) {
    if ((self->needs & VECTOR_NEEDS_REPLICA) == 0) return;
    for (size_t i = 0; i < self->connection_count; i++)
        if (vector_is_on_replica(self, i)) return;
    style(problems, &self->place, "the vector needs \"replica\" and sends nothing to it");
}

static void lint_rules(const vector_set *set, problem_list *problems) {
    for (size_t i = 0; i < set->rule_count; i++) {
        const vector_rule *rule = set->rules[i];
        bool named = false;
        for (size_t v = 0; v < set->count && !named; v++)
            named = vector_has_rule(set->vectors[v], rule->id);
        if (!named)
            problem_add(problems, PROBLEM_STYLE, rule->place.file, rule->place.pointer,
                        rule->place.line, "no vector names the rule \"%s\"", rule->id);
    }
}

static bool has_directory(const char *const *paths, size_t count) {
    struct stat about;
    for (size_t i = 0; i < count; i++)
        if (stat(paths[i], &about) == 0 && S_ISDIR(about.st_mode)) return true;
    return false;
}

size_t lint_paths(const char *const *paths, size_t count, const loader_options *options,
                  lint_report *report, void *context) {
    vector_set set = {.count = 0};
    problem_list problems = {.count = 0};
    bool sound = loader_load(&set, paths, count, options, &problems);
    for (size_t i = 0; i < set.count; i++) {
        const vector *one = set.vectors[i];
        lint_id(one, &problems);
        lint_title(one, &problems);
        for (size_t s = 0; s < one->step_count; s++) lint_step(&one->steps[s], &problems);
        lint_end(one, &problems);
        lint_replica(one, &problems);
    }
    if (sound && has_directory(paths, count)) lint_rules(&set, &problems);
    for (size_t i = 0; i < problems.count; i++) report(context, &problems.problems[i]);
    size_t findings = problems.count;
    problem_list_free(&problems);
    vector_set_free(&set);
    return findings;
}
