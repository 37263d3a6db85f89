/* The loader: what it makes of sound files, and the sentence for every kind of bad one. */
#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/loader.h"
#include "conformance/tests/written.h"

/* What one call of the loader gave. */
typedef struct loaded {
    vector_set set;
    problem_list problems;
    char *told;
    bool sound;
} loaded;

static void load(loaded *self, const char *path, const loader_options *options) {
    *self = (loaded){.told = NULL};
    self->sound = loader_load(&self->set, &path, 1, options, &self->problems);
    self->told = problems_text(&self->problems);
}

static void loaded_free(loaded *self) {
    free(self->told);
    problem_list_free(&self->problems);
    vector_set_free(&self->set);
}

static const char rulebook[] =
    "{\"rules\": [{\"id\": \"r\", \"text\": \"a rule\", \"source\": {\"title\": \"here\"}},"
    " {\"id\": \"r.new\", \"text\": \"a newer rule\", \"source\": {\"title\": \"here\", \"url\": "
    "\"https://example.org/\"}, \"since\": {\"redis\": \"7.0\"}}]}";

/* Loads one file with these vectors, beside a rulebook. */
static void load_vectors(loaded *self, const char *vectors) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json", rulebook);
    char *text = text_format("{\"suite\": \"s\", \"vectors\": [\n%s\n]}", vectors);
    load(self, written_file(&files, "s.json", text), NULL);
    free(text);
    written_end(&files);
}

static void load_sound(loaded *self, const char *vectors) {
    load_vectors(self, vectors);
    ck_assert_str_eq(self->told, "");
    ck_assert(self->sound);
}

/* One vector with these steps. */
static void load_steps(loaded *self, const char *steps) {
    char *vectors = text_format(
        "{\"id\": \"s.a\", \"title\": \"t\", \"rules\": [\"r\"], \"steps\": [%s]}", steps);
    load_sound(self, vectors);
    free(vectors);
}

static void expect_text(const vector_text *text, const char *wanted) {
    char *printed = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&printed, &length);
    ck_assert_ptr_nonnull(out);
    vector_text_print(text, out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(printed, wanted);
    free(printed);
}

static void expect_reply(const expectation *reply, const char *wanted) {
    char *text = expectation_text(reply, NULL);
    ck_assert_str_eq(text, wanted);
    free(text);
}

/* The text of bad/NAME.txt: one line for each problem in bad/NAME.json. */
static void expect_bad_file(const char *name) {
    char *path = text_format("conformance/tests/bad/%s", name);
    char *told_path = text_format("%.*s.txt", (int)(strlen(path) - strlen(".json")), path);
    char *error = NULL;
    size_t length = 0;
    char *expected = text_read_file(told_path, &length, &error);
    ck_assert_msg(expected != NULL, "%s", error);
    loaded got;
    load(&got, path, NULL);
    ck_assert_msg(!got.sound, "%s was taken for sound", path);
    ck_assert_msg(strcmp(got.told, expected) == 0, "%s:\n%s", path, got.told);
    loaded_free(&got);
    free(expected);
    free(told_path);
    free(path);
}

START_TEST(every_bad_file_gets_its_sentences) {
    DIR *directory = opendir("conformance/tests/bad");
    ck_assert_ptr_nonnull(directory);
    size_t files = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *end = strstr(entry->d_name, ".json");
        if (end == NULL || strcmp(entry->d_name, "rules.json") == 0) continue;
        expect_bad_file(entry->d_name);
        files++;
    }
    closedir(directory);
    ck_assert_uint_gt(files, 20);
}
END_TEST

START_TEST(a_vector_is_loaded_as_it_was_written) {
    loaded got;
    load_sound(&got,
               "{\"id\": \"s.a\", \"title\": \"the title\", \"about\": \"more\", \"rules\": "
               "[\"r\", \"r.new\"], \"tags\": [\"slow\"], \"level\": \"should\", \"needs\": "
               "[\"debug\", \"virtual-clock\"],\n \"steps\": [\n {\"do\": [\"SET\", \"{k}\", "
               "{\"hex\": \"00\"}], \"reply\": {\"status\": \"OK\"}},\n {\"at\": \"100\", \"on\": "
               "\"other\", \"do\": [\"get\", \"{k}\"], \"reply\": \"v\"},\n {\"do\": [\"PING\"], "
               "\"reply\": {\"status\": \"PONG\"}}]}");
    const vector *one = vector_set_find(&got.set, "s.a");
    ck_assert_ptr_nonnull(one);
    ck_assert_str_eq(one->title, "the title");
    ck_assert_str_eq(one->about, "more");
    ck_assert_str_eq(one->suite->name, "s");
    ck_assert_ptr_null(one->example);
    ck_assert_uint_eq(one->rule_count, 2);
    ck_assert(vector_has_rule(one, "r.new") && !vector_has_rule(one, "r.old"));
    ck_assert(vector_has_tag(one, "slow") && !vector_has_tag(one, "fast"));
    ck_assert_int_eq(one->level, VECTOR_SHOULD);
    ck_assert_uint_eq(one->needs, VECTOR_NEEDS_DEBUG | VECTOR_NEEDS_VIRTUAL_CLOCK);
    ck_assert_int_eq(one->place.line, 2);
    ck_assert_str_eq(one->place.pointer, "/vectors/0");
    ck_assert_uint_eq(one->connection_count, 2);
    ck_assert_str_eq(one->connections[0], "main");
    ck_assert_str_eq(one->connections[1], "other");
    ck_assert_uint_eq(one->step_count, 3);
    const vector_step *steps = one->steps;
    ck_assert(!steps[0].has_at && steps[1].has_at && !steps[2].has_at);
    ck_assert_int_eq(steps[0].at_ms, 0);
    ck_assert_int_eq(steps[1].at_ms, 100);
    ck_assert_int_eq(steps[2].at_ms, 100);
    ck_assert_uint_eq(steps[1].connection, 1);
    ck_assert_uint_eq(steps[2].connection, 0);
    ck_assert_uint_eq(steps[0].argc, 3);
    expect_text(&steps[0].argv[1], "\"{k}\"");
    expect_text(&steps[0].argv[2], "{\"hex\": \"00\"}");
    expect_reply(steps[1].outcome.reply, "\"v\"");
    ck_assert_int_eq(steps[1].place.line, 5);
    ck_assert_str_eq(steps[1].place.pointer, "/vectors/0/steps/1");
    ck_assert_int_eq(one->length_ms, 100);
    ck_assert(one->t0 == VECTOR_T0_UNNAMED && !one->has_events);
    loaded_free(&got);
}
END_TEST

START_TEST(what_a_vector_does_not_say_has_its_usual_value) {
    loaded got;
    load_steps(&got, "{\"do\": [\"PING\"], \"reply\": {\"status\": \"PONG\"}}");
    const vector *one = got.set.vectors[0];
    ck_assert_int_eq(one->level, VECTOR_MUST);
    ck_assert_uint_eq(one->needs, 0);
    ck_assert_uint_eq(one->tag_count, 0);
    ck_assert_ptr_null(one->about);
    static const char *const dialects[] = {"redis-6.0", "redis-8.6", "valkey-9.1"};
    for (size_t i = 0; i < 3; i++) {
        ttl_dialect dialect;
        ck_assert(ttl_dialect_parse(dialects[i], &dialect));
        ck_assert(vector_scope_holds(&one->scope, &dialect));
    }
    loaded_free(&got);
}
END_TEST

START_TEST(t0_and_its_unit_are_noticed_in_arguments_and_replies) {
    loaded got;
    load_steps(&got, "{\"do\": [\"PEXPIREAT\", \"{k}\", \"{t0+5}\"], \"reply\": 0}");
    ck_assert_int_eq(got.set.vectors[0]->t0, VECTOR_T0_IN_MS);
    loaded_free(&got);
    load_steps(&got, "{\"do\": [\"PING\"], \"reply\": 1, \"for\": [{\"only\": [\"valkey\"], "
                     "\"reply\": [0, {\"integer\": \"{t0s}\"}]}]}");
    ck_assert_int_eq(got.set.vectors[0]->t0, VECTOR_T0_IN_SECONDS);
    loaded_free(&got);
}
END_TEST

START_TEST(the_second_database_is_a_need) {
    loaded got;
    load_steps(&got, "{\"do\": [\"MOVE\", \"{k}\", \"{db2}\"], \"reply\": 0}");
    ck_assert_uint_eq(got.set.vectors[0]->needs, VECTOR_NEEDS_DATABASES);
    loaded_free(&got);
    load_steps(&got, "{\"do\": [\"SELECT\", \"{db}\"], \"reply\": {\"status\": \"OK\"}}");
    ck_assert_uint_eq(got.set.vectors[0]->needs, 0);
    loaded_free(&got);
}
END_TEST

START_TEST(events_have_a_name_a_key_and_perhaps_a_database) {
    loaded got;
    load_steps(
        &got, "{\"do\": [\"MOVE\", \"{k}\", \"{db2}\"], \"reply\": 1, \"events\": [{\"move_from\": "
              "\"{k}\"}, {\"db\": \"{db2}\", \"move_to\": \"{k}\"}]},"
              "{\"do\": [\"PING\"], \"reply\": null, \"events\": []},"
              "{\"do\": [\"PING\"], \"reply\": null}");
    const vector_step *steps = got.set.vectors[0]->steps;
    ck_assert(got.set.vectors[0]->has_events);
    ck_assert(steps[0].outcome.checks_events && steps[1].outcome.checks_events);
    ck_assert(!steps[2].outcome.checks_events);
    ck_assert_uint_eq(steps[0].outcome.event_count, 2);
    ck_assert_uint_eq(steps[1].outcome.event_count, 0);
    const vector_event *events = steps[0].outcome.events;
    ck_assert_str_eq(events[0].name, "move_from");
    ck_assert_ptr_null(events[0].database);
    ck_assert_str_eq(events[1].name, "move_to");
    expect_text(&events[1].key, "\"{k}\"");
    expect_text(events[1].database, "\"{db2}\"");
    loaded_free(&got);
}
END_TEST

static const vector_outcome *outcome_for(const vector_step *step, const char *name) {
    ttl_dialect dialect;
    ck_assert(ttl_dialect_parse(name, &dialect));
    return vector_step_outcome(step, &dialect);
}

START_TEST(the_first_variant_that_holds_replaces_what_it_names) {
    loaded got;
    load_steps(&got,
               "{\"do\": [\"SET\", \"{k}\", \"v\"], \"reply\": 1, \"events\": [{\"set\": \"{k}\"}],"
               "\"for\": [{\"until\": {\"redis\": \"6\"}, \"reply\": 2},"
               "{\"until\": {\"redis\": \"7.0\"}, \"reply\": 3, \"events\": []},"
               "{\"only\": [\"valkey\"], \"since\": {\"valkey\": \"9\"}, \"events\": []}]}");
    const vector_step *step = got.set.vectors[0]->steps;
    expect_reply(outcome_for(step, "redis-6.2")->reply, "2");
    ck_assert_uint_eq(outcome_for(step, "redis-6.2")->event_count, 1);
    expect_reply(outcome_for(step, "redis-7.0.15")->reply, "3");
    ck_assert(outcome_for(step, "redis-7.0.15")->checks_events);
    ck_assert_uint_eq(outcome_for(step, "redis-7.0.15")->event_count, 0);
    expect_reply(outcome_for(step, "redis-7.2.0")->reply, "1");
    expect_reply(outcome_for(step, "valkey-9.1")->reply, "2");
    loaded_free(&got);
}
END_TEST

START_TEST(bounds_are_inclusive_and_by_family) {
    loaded got;
    load_sound(&got,
               "{\"id\": \"s.a\", \"title\": \"t\", \"rules\": [\"r\"], \"since\": {\"redis\": "
               "\"6.2\"}, \"until\": {\"redis\": \"7.2\", \"valkey\": \"8.0.1\"}, \"only\": "
               "[\"redis\", \"valkey\"], \"steps\": [{\"do\": [\"PING\"], \"reply\": null}]}");
    static const struct {
        const char *dialect, *reason; /* NULL: it holds */
    } cases[] = {
        {"redis-6.0.16", "only since redis 6.2.0"},
        {"redis-6.2.0", NULL},
        {"redis-7.2", NULL},
        {"redis-7.2.9", NULL},
        {"redis-7.4.0", "only until redis 7.2"},
        {"valkey-7.2.5", NULL},
        {"valkey-8.0.1", NULL},
        {"valkey-8.0.2", "only until valkey 8.0.1"},
        {"redict-7.3.0", "not for redict"},
    };
    const vector_scope *scope = &got.set.vectors[0]->scope;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ttl_dialect dialect;
        char reason[64];
        ck_assert(ttl_dialect_parse(cases[i].dialect, &dialect));
        ck_assert_msg(vector_scope_holds(scope, &dialect) == (cases[i].reason == NULL), "%s",
                      cases[i].dialect);
        if (cases[i].reason == NULL) continue;
        vector_scope_reason(scope, &dialect, reason, sizeof reason);
        ck_assert_str_eq(reason, cases[i].reason);
    }
    loaded_free(&got);
}
END_TEST

START_TEST(a_table_becomes_one_vector_for_each_row) {
    loaded got;
    load_sound(
        &got,
        "{\"id\": \"s.t\", \"title\": \"<what> is <reply>\", \"rules\": [\"r\"], \"since\": "
        "\"<since>\", \"steps\": [{\"at\": \"<at>\", \"do\": [\"PSETEX\", \"{k}\", "
        "\"{t0<offset>}\", \"<what>:<reply>\"], \"reply\": \"<reply>\"},"
        "{\"do\": [\"ECHO\", {\"hex\": \"<hex>\"}], \"reply\": [\"<reply>\", \"<\", \"<B>\"]}],"
        "\"examples\": {\"columns\": [\"id\", \"what\", \"at\", \"offset\", \"reply\", \"hex\", "
        "\"since\"],\n"
        "\"rows\": [[\"zero\", \"nought\", \"0\", \"\", 0, \"\", {\"redis\": \"7.0\"}],\n"
        "[\"big\", \"<at>\", \"9\", \"+9\", 9007199254740992, \"00Ff\", {\"redis\": \"8\"}]]}}");
    ck_assert_uint_eq(got.set.count, 2);
    const vector *zero = got.set.vectors[0], *big = got.set.vectors[1];
    ck_assert_str_eq(zero->id, "s.t.zero");
    ck_assert_str_eq(zero->example, "zero");
    ck_assert_str_eq(zero->title, "nought is 0");
    ck_assert_str_eq(big->id, "s.t.big");
    ck_assert_str_eq(big->title, "<at> is 9007199254740992");
    ck_assert_int_eq(big->length_ms, 9);
    expect_text(&zero->steps[0].argv[2], "\"{t0}\"");
    expect_text(&big->steps[0].argv[2], "\"{t0+9}\"");
    expect_text(&big->steps[0].argv[3], "\"<at>:9007199254740992\"");
    expect_text(&big->steps[1].argv[1], "{\"hex\": \"00ff\"}");
    expect_reply(zero->steps[0].outcome.reply, "0");
    expect_reply(big->steps[1].outcome.reply, "[9007199254740992, \"<\", \"<B>\"]");
    ck_assert_int_eq(zero->place.line, 2);
    ck_assert_uint_eq(big->scope.families[TTL_FAMILY_REDIS].since.major, 8);
    loaded_free(&got);
}
END_TEST

START_TEST(a_cell_may_be_any_json_value) {
    loaded got;
    load_sound(&got,
               "{\"id\": \"s.t\", \"title\": \"t\", \"rules\": [\"r\"], \"steps\": [{\"do\": "
               "\"<do>\", \"reply\": \"<reply>\", \"events\": \"<events>\"}], \"examples\": "
               "{\"columns\": [\"id\", \"do\", \"reply\", \"events\"], \"rows\": ["
               "[\"a\", [\"PING\"], null, []],"
               "[\"b\", [\"SET\", \"{k}\", \"v\"], {\"error\": \"ERR x\"}, [{\"set\": \"{k}\"}]],"
               "[\"c\", [\"PING\"], [1, [\"x\"]], []]]}}");
    ck_assert_uint_eq(got.set.count, 3);
    expect_reply(got.set.vectors[0]->steps[0].outcome.reply, "null");
    expect_reply(got.set.vectors[1]->steps[0].outcome.reply, "{\"error\": \"ERR x\"}");
    expect_reply(got.set.vectors[2]->steps[0].outcome.reply, "[1, [\"x\"]]");
    ck_assert_uint_eq(got.set.vectors[1]->steps[0].argc, 3);
    ck_assert_uint_eq(got.set.vectors[1]->steps[0].outcome.event_count, 1);
    loaded_free(&got);
}
END_TEST

START_TEST(a_mistake_in_a_cell_is_told_at_the_cell) {
    loaded got;
    load_vectors(&got, "{\"id\": \"s.t\", \"title\": \"t\", \"rules\": [\"r\"], \"steps\": "
                       "[{\"do\": [\"PING\"], \"reply\": \"<reply>\"}],\n\"examples\": "
                       "{\"columns\": [\"id\", \"reply\"], \"rows\": [[\"a\", null],\n"
                       "[\"b\", {\"statuz\": 1}]]}}");
    ck_assert(!got.sound);
    ck_assert_uint_eq(got.problems.count, 1);
    ck_assert_int_eq(got.problems.problems[0].line, 4);
    ck_assert_str_eq(got.problems.problems[0].pointer, "/vectors/0/examples/rows/1/1/statuz");
    loaded_free(&got);
}
END_TEST

START_TEST(an_exclusive_database_may_be_touched_anywhere) {
    loaded got;
    load_sound(&got, "{\"id\": \"s.a\", \"title\": \"t\", \"rules\": [\"r\"], \"needs\": "
                     "[\"exclusive-db\"], \"steps\": [{\"do\": [\"FLUSHALL\"], \"reply\": "
                     "{\"status\": \"OK\"}}, {\"do\": [\"SET\", \"\", \"v\"], \"reply\": null}]}");
    loaded_free(&got);
}
END_TEST

static bool knows_frob(void *context, const char *name) {
    ++*(int *)context;
    return strcmp(name, "FROB") == 0;
}

START_TEST(the_caller_may_say_which_commands_there_are) {
    int calls = 0;
    const loader_options options = {knows_frob, &calls};
    written files;
    written_begin(&files);
    written_file(&files, "rules.json", rulebook);
    const char *path = written_file(
        &files, "s.json",
        "{\"suite\": \"s\", \"vectors\": [{\"id\": \"s.a\", \"title\": \"t\", \"rules\": [\"r\"], "
        "\"steps\": [{\"do\": [\"FROB\"], \"reply\": 1}, {\"do\": [\"PING\"], \"reply\": 1}]}]}");
    loaded got;
    load(&got, path, &options);
    ck_assert_int_eq(calls, 2);
    ck_assert_uint_eq(got.problems.count, 1);
    ck_assert_str_eq(got.problems.problems[0].pointer, "/vectors/0/steps/1/do/0");
    loaded_free(&got);
    written_end(&files);
}
END_TEST

static char *suite_with(const char *suite, const char *id) {
    return text_format("{\"suite\": \"%s\", \"vectors\": [{\"id\": \"%s\", \"title\": \"t\", "
                       "\"rules\": [\"r\"], \"steps\": [{\"do\": [\"PING\"], \"reply\": null}]}]}",
                       suite, id);
}

static const char *written_suite(written *files, const char *name, const char *id) {
    char *text = suite_with("s", id);
    const char *path = written_file(files, name, text);
    free(text);
    return path;
}

START_TEST(a_directory_is_read_deep_down_in_order_of_names) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json", rulebook);
    written_suite(&files, "b.json", "s.b");
    written_suite(&files, "a.json", "s.a");
    written_directory(&files, "aa");
    written_suite(&files, "aa/z.json", "s.z");
    written_directory(&files, "schema");
    written_file(&files, "schema/x.schema.json", "{}");
    written_file(&files, ".hidden.json", "{}");
    written_file(&files, "README.md", "no vector");
    loaded got;
    load(&got, files.directory, NULL);
    ck_assert_str_eq(got.told, "");
    ck_assert_uint_eq(got.set.count, 3);
    ck_assert_str_eq(got.set.vectors[0]->id, "s.a");
    ck_assert_str_eq(got.set.vectors[1]->id, "s.z");
    ck_assert_str_eq(got.set.vectors[2]->id, "s.b");
    ck_assert_uint_eq(got.set.suite_count, 3);
    ck_assert_uint_eq(got.set.rule_count, 2);
    ck_assert_ptr_nonnull(vector_set_find_rule(&got.set, "r.new"));
    loaded_free(&got);
    written_end(&files);
}
END_TEST

START_TEST(a_file_that_is_named_twice_is_read_once) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json", rulebook);
    const char *file = written_suite(&files, "a.json", "s.a");
    const char *paths[] = {files.directory, file};
    vector_set set = {.count = 0};
    problem_list problems = {.count = 0};
    ck_assert(loader_load(&set, paths, 2, NULL, &problems));
    ck_assert_uint_eq(set.count, 1);
    problem_list_free(&problems);
    vector_set_free(&set);
    written_end(&files);
}
END_TEST

START_TEST(an_id_belongs_to_one_vector_in_all_files) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json", rulebook);
    written_suite(&files, "a.json", "s.same");
    written_suite(&files, "b.json", "s.same");
    loaded got;
    load(&got, files.directory, NULL);
    char *expected = text_format("%s/b.json:1: /vectors/0: duplicate id \"s.same\": "
                                 "%s/a.json:1 has it too\n",
                                 files.directory, files.directory);
    ck_assert_str_eq(got.told, expected);
    ck_assert(!got.sound);
    free(expected);
    loaded_free(&got);
    written_end(&files);
}
END_TEST

START_TEST(a_rule_id_belongs_to_one_rule) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json",
                 "{\"rules\": [{\"id\": \"r\", \"text\": \"a\", \"source\": {\"title\": \"x\"}},\n"
                 "{\"id\": \"r\", \"text\": \"b\", \"source\": {\"title\": \"x\"}}]}");
    loaded got;
    load(&got, written_suite(&files, "a.json", "s.a"), NULL);
    char *expected = text_format("%s/rules.json:2: /rules/1/id: duplicate id \"r\": "
                                 "%s/rules.json:1 has it too\n",
                                 files.directory, files.directory);
    ck_assert_str_eq(got.told, expected);
    free(expected);
    loaded_free(&got);
    written_end(&files);
}
END_TEST

START_TEST(a_bad_rulebook_is_told) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json",
                 "{\"rules\": [{\"id\": \"r\", \"text\": \"a\"},\n{\"id\": \"R\", \"text\": \"\", "
                 "\"source\": {\"title\": \"x\", \"author\": \"y\"}, \"since\": 7}]}");
    loaded got;
    load(&got, written_suite(&files, "a.json", "s.a"), NULL);
    static const char *const told[] = {
        "rules.json:1: /rules/0: expected a field \"source\", such as {\"title\": \"EXPIRE\"}\n",
        "rules.json:2: /rules/1/id: expected an id: lower-case words joined by dots, such as "
        "\"pexpire.gt.persistent\", found \"R\"\n",
        "rules.json:2: /rules/1/text: expected a text that is not empty, found \"\"\n",
        "rules.json:2: /rules/1/source/author: unknown field \"author\": expected title or url\n",
        "rules.json:2: /rules/1/since: expected versions by server family, such as {\"redis\": "
        "\"7.0\"}, found the number 7\n"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        ck_assert_msg(strstr(got.told, told[i]) != NULL, "%s", got.told);
    loaded_free(&got);
    written_end(&files);
}
END_TEST

START_TEST(a_path_that_is_not_there_is_told) {
    loaded got;
    load(&got, "conformance/tests/nowhere.json", NULL);
    ck_assert(!got.sound);
    ck_assert_str_eq(got.told, "conformance/tests/nowhere.json: cannot be read: No such file or "
                               "directory\n");
    loaded_free(&got);
}
END_TEST

START_TEST(a_directory_without_vectors_is_told) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json", rulebook);
    loaded got;
    load(&got, files.directory, NULL);
    char *expected = text_format("%s: a directory without vectors: expected files named *.json\n",
                                 files.directory);
    ck_assert(!got.sound);
    ck_assert_str_eq(got.told, expected);
    free(expected);
    loaded_free(&got);
    written_end(&files);
}
END_TEST

START_TEST(vectors_without_a_rulebook_are_told) {
    written files;
    written_begin(&files);
    const char *path = written_suite(&files, "a.json", "s.a");
    loaded got;
    load(&got, path, NULL);
    char *expected =
        text_format("%s: there is no rules.json beside it or in a directory above: its "
                    "rules cannot be looked up\n",
                    path);
    ck_assert_str_eq(got.told, expected);
    free(expected);
    loaded_free(&got);
    written_end(&files);
}
END_TEST

START_TEST(one_bad_file_does_not_hide_another) {
    written files;
    written_begin(&files);
    written_file(&files, "rules.json", rulebook);
    written_file(&files, "a.json", "{");
    written_file(&files, "b.json", "[]");
    written_suite(&files, "c.json", "s.c");
    loaded got;
    load(&got, files.directory, NULL);
    ck_assert(!got.sound);
    ck_assert_uint_eq(got.problems.count, 2);
    ck_assert_uint_eq(got.set.count, 1);
    loaded_free(&got);
    written_end(&files);
}
END_TEST

START_TEST(what_a_terminal_obeys_is_not_quoted) {
    loaded got;
    load_vectors(&got, "{\"id\": \"\\u001b[2J\", \"title\": \"t\", \"rules\": [\"r\"], "
                       "\"steps\": [{\"do\": [\"PING\"], \"reply\": null}]}");
    ck_assert(!got.sound);
    ck_assert_ptr_null(strchr(got.told, '\x1b'));
    ck_assert_ptr_nonnull(strstr(got.told, "found \"?[2J\""));
    loaded_free(&got);
}
END_TEST

START_TEST(a_moved_clock_shows_another_time_than_has_passed) {
    static const int64_t at_ms[] = {0, 100, 150, 150}, wall_ms[] = {0, 1100, 1150, -350};
    loaded got;
    load_sound(&got, "{\"id\": \"s.a\", \"title\": \"t\", \"rules\": [\"r\"], \"needs\": "
                     "[\"virtual-clock\"], \"steps\": [{\"do\": [\"PING\"], \"reply\": null}, "
                     "{\"at\": \"100\", \"clock\": \"1000\"}, "
                     "{\"at\": \"150\", \"do\": [\"PING\"], \"reply\": null}, "
                     "{\"clock\": \"-1500\"}]}");
    const vector *one = got.set.vectors[0];
    for (size_t i = 0; i < one->step_count; i++) {
        ck_assert_int_eq(one->steps[i].action, i % 2 == 1 ? VECTOR_MOVE_CLOCK : VECTOR_COMMAND);
        ck_assert_int_eq(one->steps[i].at_ms, at_ms[i]);
        ck_assert_int_eq(one->steps[i].wall_ms, wall_ms[i]);
    }
    ck_assert_int_eq(one->length_ms, 150);
    loaded_free(&got);
}
END_TEST

START_TEST(a_replica_has_a_clock_and_connections_of_its_own) {
    static const int64_t wall_ms[] = {0, 1000, 1005, 1005, 1005},
                         replica_wall_ms[] = {0, 1000, 1005, 755, 755};
    static const bool on_replica[] = {false, true, true, false};
    loaded got;
    load_sound(&got, "{\"id\": \"s.a\", \"title\": \"t\", \"rules\": [\"r\"], \"needs\": "
                     "[\"virtual-clock\", \"replica\"], \"steps\": ["
                     "{\"do\": [\"PING\"], \"reply\": null}, {\"clock\": \"1000\"}, "
                     "{\"at\": \"5\", \"on\": \"replica\", \"do\": [\"PING\"], \"reply\": null}, "
                     "{\"clock\": \"-250\", \"of\": \"replica\"}, {\"promote\": \"replica\"}, "
                     "{\"on\": \"replica-2\", \"do\": [\"PING\"], \"reply\": null}, "
                     "{\"on\": \"replicas\", \"do\": [\"PING\"], \"reply\": null}]}");
    const vector *one = got.set.vectors[0];
    for (size_t i = 0; i < sizeof wall_ms / sizeof *wall_ms; i++) {
        ck_assert_int_eq(one->steps[i].wall_ms, wall_ms[i]);
        ck_assert_int_eq(one->steps[i].replica_wall_ms, replica_wall_ms[i]);
    }
    ck_assert_int_eq(one->steps[4].action, VECTOR_PROMOTE);
    for (size_t i = 0; i < one->connection_count; i++)
        ck_assert_int_eq(vector_is_on_replica(one, i), on_replica[i]);
    loaded_free(&got);
}
END_TEST

START_TEST(a_clock_that_runs_does_so_until_it_is_told_otherwise) {
    static const int64_t rates[] = {0, 60, 60, 0};
    loaded got;
    load_sound(&got, "{\"id\": \"s.a\", \"title\": \"t\", \"rules\": [\"r\"], \"needs\": "
                     "[\"clock-rate\"], \"steps\": [{\"do\": [\"PING\"], \"reply\": null}, "
                     "{\"at\": \"100\", \"clock\": {\"rate\": \"60\"}}, "
                     "{\"at\": \"150\", \"do\": [\"PING\"], \"reply\": null}, "
                     "{\"clock\": {\"rate\": \"0\"}}]}");
    const vector *one = got.set.vectors[0];
    for (size_t i = 0; i < one->step_count; i++) {
        ck_assert_int_eq(one->steps[i].action, i % 2 == 1 ? VECTOR_RUN_CLOCK : VECTOR_COMMAND);
        ck_assert_int_eq(one->steps[i].rate, rates[i]);
        ck_assert_int_eq(one->steps[i].wall_ms, one->steps[i].at_ms);
    }
    ck_assert_uint_eq(one->steps[1].argc, 3);
    expect_text(&one->steps[1].argv[2], "\"60\"");
    loaded_free(&got);
}
END_TEST

START_TEST(a_restart_says_how) {
    static const vector_action actions[] = {VECTOR_RESTART_AOF, VECTOR_RESTART_KILLED};
    loaded got;
    load_sound(&got, "{\"id\": \"s.a\", \"title\": \"t\", \"rules\": [\"r\"], \"needs\": "
                     "[\"restart\"], \"steps\": [{\"restart\": \"aof\"}, "
                     "{\"at\": \"5\", \"restart\": \"killed\"}]}");
    const vector *one = got.set.vectors[0];
    for (size_t i = 0; i < one->step_count; i++) {
        ck_assert_int_eq(one->steps[i].action, actions[i]);
        ck_assert_uint_eq(one->steps[i].argc, 2);
        expect_text(&one->steps[i].argv[0], "\"restart\"");
    }
    loaded_free(&got);
}
END_TEST

START_TEST(the_vectors_of_the_project_are_sound) {
    loaded got;
    load(&got, "vectors", NULL);
    ck_assert_str_eq(got.told, "");
    ck_assert(got.sound);
    ck_assert_uint_ge(got.set.count, 150);
    loaded_free(&got);
}
END_TEST

static TCase *cases_of_content(void) {
    TCase *tests = tcase_create("content");
    tcase_add_test(tests, a_vector_is_loaded_as_it_was_written);
    tcase_add_test(tests, what_a_vector_does_not_say_has_its_usual_value);
    tcase_add_test(tests, t0_and_its_unit_are_noticed_in_arguments_and_replies);
    tcase_add_test(tests, the_second_database_is_a_need);
    tcase_add_test(tests, events_have_a_name_a_key_and_perhaps_a_database);
    tcase_add_test(tests, the_first_variant_that_holds_replaces_what_it_names);
    tcase_add_test(tests, bounds_are_inclusive_and_by_family);
    tcase_add_test(tests, a_table_becomes_one_vector_for_each_row);
    tcase_add_test(tests, a_cell_may_be_any_json_value);
    tcase_add_test(tests, an_exclusive_database_may_be_touched_anywhere);
    tcase_add_test(tests, a_directory_is_read_deep_down_in_order_of_names);
    tcase_add_test(tests, a_file_that_is_named_twice_is_read_once);
    tcase_add_test(tests, a_moved_clock_shows_another_time_than_has_passed);
    tcase_add_test(tests, a_replica_has_a_clock_and_connections_of_its_own);
    tcase_add_test(tests, a_clock_that_runs_does_so_until_it_is_told_otherwise);
    tcase_add_test(tests, a_restart_says_how);
    tcase_add_test(tests, the_vectors_of_the_project_are_sound);
    return tests;
}

static TCase *cases_of_mistakes(void) {
    TCase *tests = tcase_create("mistakes");
    tcase_add_test(tests, every_bad_file_gets_its_sentences);
    tcase_add_test(tests, a_mistake_in_a_cell_is_told_at_the_cell);
    tcase_add_test(tests, the_caller_may_say_which_commands_there_are);
    tcase_add_test(tests, an_id_belongs_to_one_vector_in_all_files);
    tcase_add_test(tests, a_rule_id_belongs_to_one_rule);
    tcase_add_test(tests, a_bad_rulebook_is_told);
    tcase_add_test(tests, a_path_that_is_not_there_is_told);
    tcase_add_test(tests, a_directory_without_vectors_is_told);
    tcase_add_test(tests, vectors_without_a_rulebook_are_told);
    tcase_add_test(tests, one_bad_file_does_not_hide_another);
    tcase_add_test(tests, what_a_terminal_obeys_is_not_quoted);
    return tests;
}

int main(void) {
    Suite *suite = suite_create("loader");
    suite_add_tcase(suite, cases_of_content());
    suite_add_tcase(suite, cases_of_mistakes());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
