#include "cli/scenario.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/scenario_loading.h"
#include "conformance/text.h"

static const char here[] = "sim/scenarios", installed[] = TTLSPEC_DATADIR "/scenarios",
                  suffix[] = ".json";

/* ---- where they are */

static const char *usual_place(void) {
    return access(here, R_OK) == 0 ? here : installed;
}

const char *scenario_path(const char *name) {
    static char path[512];
    if (strchr(name, '/') != NULL || strstr(name, suffix) != NULL) return name;
    snprintf(path, sizeof path, "%s/%s%s", usual_place(), name, suffix);
    return path;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **scenario_names(void) {
    size_t count = 0;
    char **names = memory_zeroed(1, sizeof *names);
    DIR *directory = opendir(usual_place());
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        size_t length = strlen(entry->d_name), end = strlen(suffix);
        if (length <= end || strcmp(entry->d_name + length - end, suffix) != 0) continue;
        names = memory_resized(names, count + 2, sizeof *names);
        names[count++] = text_format("%.*s", (int)(length - end), entry->d_name);
        names[count] = NULL;
    }
    if (directory != NULL) closedir(directory);
    qsort(names, count, sizeof *names, compare_names);
    return names;
}

/* ---- names that programs give */

/* Variables are what some step sets; told once, where they are set. */
static void gather_variable(scenario_loading *self, const cJSON *name) {
    const char *text = cJSON_IsString(name) ? name->valuestring : "";
    if (!loading_is_id(text, false)) {
        loading_expected(&self->base, name,
                         "the name of a variable: lower-case letters, digits and hyphens");
    } else if (scenario_variable(self, text, strlen(text)) < SCENARIO_BUILT_IN) {
        loading_expected(&self->base, name, "a name other than me, number, now and wall");
    } else if (scenario_variable(self, text, strlen(text)) == SCENARIO_VARIABLES) {
        if (self->variable_count == SCENARIO_VARIABLES)
            loading_error(&self->base, name, "more than %d variables", SCENARIO_VARIABLES);
        else self->variables[self->variable_count++] = text;
    }
}

static void gather_variables(scenario_loading *self, const cJSON *item) {
    static const char *const fields[] = {"reply", "sent", "set", "await"};
    for (size_t i = 0; cJSON_IsObject(item) && i < sizeof fields / sizeof *fields; i++) {
        const cJSON *name = loading_field(item, fields[i]);
        if (name != NULL) gather_variable(self, name);
    }
    for (const cJSON *child = item == NULL ? NULL : item->child; child != NULL; child = child->next)
        gather_variables(self, child);
}

/* Does some step of the file name this place or mark? */
static bool is_named(const cJSON *item, const char *field, const char *name) {
    const cJSON *named = cJSON_IsObject(item) ? loading_field(item, field) : NULL;
    if (cJSON_IsString(named) && strcmp(named->valuestring, name) == 0) return true;
    for (const cJSON *child = item == NULL ? NULL : item->child; child != NULL; child = child->next)
        if (is_named(child, field, name)) return true;
    return false;
}

size_t scenario_place(scenario_loading *self, const cJSON *at, const char *name) {
    scenario *script = self->script;
    for (size_t i = 0; i < script->place_count; i++)
        if (strcmp(script->places[i], name) == 0) return i;
    if (script->place_count == SCENARIO_PLACES) {
        loading_error(&self->base, at, "more than %d places", SCENARIO_PLACES);
        return 0;
    }
    script->places[script->place_count] = name;
    return script->place_count++;
}

/* ---- promises */

static void read_mark(scenario_loading *self, const cJSON *root, const cJSON *promise,
                      const char *field, const char *by, const char **into) {
    const char *name = loading_id(&self->base, promise, field, false);
    if (name == NULL) return;
    *into = name;
    if (!is_named(loading_field(root, "clients"), by, name) &&
        !is_named(loading_field(root, "procedures"), by, name))
        loading_error(&self->base, loading_field(promise, field),
                      "this promise cannot be evaluated: no program has a step \"%s\": \"%s\"", by,
                      name);
}

static void read_count(scenario_loading *self, const cJSON *promise, const char *field,
                       int64_t most, int64_t *into) {
    const cJSON *item = loading_field(promise, field);
    if (item == NULL)
        loading_error(&self->base, promise,
                      "this promise cannot be evaluated: expected a field \"%s\"", field);
    else scenario_read_whole(self, item, 1, most, "a number", into);
}

static void read_promise(scenario_loading *self, const cJSON *root, const cJSON *item,
                         scenario_promise *into) {
    static const char *const known[] = {"id",   "title", "never-together", "at-most", "of",
                                        "once", "never", "leads-to",       "from",    "within-ms",
                                        NULL};
    if (!loading_check_object(&self->base, item, known)) return;
    into->id = loading_id(&self->base, item, "id", false);
    into->title = loading_text(&self->base, item, "title", true);
    size_t found = 0;
    for (int kind = SCENARIO_NEVER_TOGETHER; kind <= SCENARIO_LEADS_TO; kind++) {
        if (loading_field(item, scenario_promise_kind_name((scenario_promise_kind)kind)) == NULL)
            continue;
        into->kind = (scenario_promise_kind)kind;
        found++;
    }
    if (found != 1) {
        loading_error(&self->base, item,
                      "this promise cannot be evaluated: expected one of the fields "
                      "\"never-together\", \"at-most\", \"once\", \"never\" and \"leads-to\"");
        return;
    }
    switch (into->kind) {
    case SCENARIO_NEVER_TOGETHER:
        read_mark(self, root, item, "never-together", "enter", &into->name);
        break;
    case SCENARIO_AT_MOST_WITHIN:
        read_count(self, item, "at-most", 10000, &into->count);
        read_count(self, item, "within-ms", SCENARIO_MS_MAX, &into->within_ms);
        read_mark(self, root, item, "of", "mark", &into->name);
        break;
    case SCENARIO_ONCE: read_mark(self, root, item, "once", "mark", &into->name); break;
    case SCENARIO_NEVER: read_mark(self, root, item, "never", "mark", &into->name); break;
    case SCENARIO_LEADS_TO:
        read_mark(self, root, item, "from", "mark", &into->name);
        read_mark(self, root, item, "leads-to", "mark", &into->then);
    }
}

static void read_promises(scenario_loading *self, const cJSON *root) {
    const cJSON *list = loading_list(&self->base, root, "promises", true);
    if (list == NULL) return;
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        if (self->script->promise_count == SCENARIO_PROMISES) {
            loading_error(&self->base, item, "more than %d promises", SCENARIO_PROMISES);
            return;
        }
        read_promise(self, root, item, &self->script->promises[self->script->promise_count++]);
    }
}

/* ---- bounds */

typedef struct bound {
    const char *name;
    size_t offset; /* of an int64_t, or of two */
    bool is_range;
    int64_t low, high;
} bound;

#define BOUND(name, field, is_range, low, high)                                                    \
    { name, offsetof(scenario_bounds, field), is_range, low, high }

static const bound bounds[] = {
    BOUND("latency-us", latency_us, true, 0, 60000000),
    BOUND("loss-per-1000", loss_per_1000, false, 0, 1000),
    BOUND("client-pause-ms", client_pause_ms, false, 0, SCENARIO_MS_MAX),
    BOUND("client-crashes", client_crashes, false, 0, SCENARIO_CLIENTS),
    BOUND("client-offset-ms", client_offset_ms, false, 0, SCENARIO_MS_MAX),
    BOUND("client-drift-ppm", client_drift_ppm, false, 0, 500000),
    BOUND("server-pause-ms", server_pause_ms, false, 0, SCENARIO_MS_MAX),
    BOUND("server-drift-ppm", server_drift_ppm, false, 0, 500000),
    BOUND("server-jump-ms", server_jump_ms, true, -SCENARIO_MS_MAX, SCENARIO_MS_MAX),
    BOUND("replica-lag-ms", replica_lag_ms, false, 0, SCENARIO_MS_MAX),
    BOUND("failovers", failovers, false, 0, 8),
};
enum { BOUNDS = sizeof bounds / sizeof *bounds };

static void read_bound(scenario_loading *self, const cJSON *item, const bound *one, int64_t *into) {
    int64_t pair[2] = {0, 0};
    const char *what =
        arena_format(&self->base.set->arena, "the bound \"%s\" as a whole number", one->name);
    if (!one->is_range) {
        scenario_read_whole(self, item, one->low, one->high, what, into);
        return;
    }
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2) {
        loading_expected(&self->base, item, "the least and the most, in an array");
        return;
    }
    bool sets_back = one->low < 0; /* a clock is set back, ahead, or either, but it may be not */
    arena *memory = &self->base.set->arena;
    const char *lower = arena_format(memory, "the lower end of \"%s\"", one->name);
    const char *upper = arena_format(memory, "the upper end of \"%s\"", one->name);
    if (!scenario_read_whole(self, item->child, one->low, sets_back ? 0 : one->high, lower,
                             &pair[0]) ||
        !scenario_read_whole(self, item->child->next, sets_back ? 0 : pair[0], one->high, upper,
                             &pair[1]))
        return;
    memcpy(into, pair, sizeof pair);
}

static void read_bounds(scenario_loading *self, const cJSON *item) {
    const char *known[BOUNDS + 1] = {NULL};
    for (size_t i = 0; i < BOUNDS; i++) known[i] = bounds[i].name;
    if (item == NULL || !loading_check_object(&self->base, item, known)) return;
    for (size_t i = 0; i < BOUNDS; i++) {
        const cJSON *one = loading_field(item, bounds[i].name);
        void *field = (char *)&self->script->bounds + bounds[i].offset;
        if (one != NULL) read_bound(self, one, &bounds[i], field);
    }
    if (self->script->bounds.failovers > 0 && !self->script->has_replica)
        loading_error(&self->base, item,
                      "a failover needs a replica: \"server\": {\"replica\": true}");
}

/* ---- the whole */

static void read_server(scenario_loading *self, const cJSON *server) {
    static const char *const known[] = {"dialect", "replica", NULL};
    if (server == NULL || !loading_check_object(&self->base, server, known)) return;
    const cJSON *dialect = loading_field(server, "dialect");
    const cJSON *replica = loading_field(server, "replica");
    if (dialect != NULL && (!cJSON_IsString(dialect) ||
                            !ttl_dialect_parse(dialect->valuestring, &self->script->dialect)))
        loading_expected(&self->base, dialect, "a dialect such as \"redis-7.0\"");
    if (replica != NULL && !cJSON_IsBool(replica))
        loading_expected(&self->base, replica, "true or false");
    if (cJSON_IsTrue(replica)) self->script->has_replica = true;
}

static void read_client(scenario_loading *self, const cJSON *item) {
    static const char *const known[] = {"name", "count", "program", "about", NULL};
    scenario *script = self->script;
    if (!loading_check_object(&self->base, item, known)) return;
    unsigned clients = 0;
    for (size_t i = 0; i < script->client_count; i++) clients += script->clients[i].count;
    scenario_client client = {.name = loading_id(&self->base, item, "name", false), .count = 1};
    const cJSON *count = loading_field(item, "count");
    int64_t number = 1;
    if (client.name != NULL && strlen(client.name) > 20)
        loading_expected(&self->base, loading_field(item, "name"), "at most 20 letters");
    if (clients == SCENARIO_CLIENTS) {
        loading_error(&self->base, item, "more than %d clients", SCENARIO_CLIENTS);
        return;
    }
    if (count != NULL)
        scenario_read_whole(self, count, 1, SCENARIO_CLIENTS - (int64_t)clients,
                            "how many, eight in all", &number);
    client.count = (unsigned)number;
    const cJSON *program = loading_list(&self->base, item, "program", true);
    if (program != NULL) scenario_read_program(self, program, &client);
    script->clients[script->client_count++] = client;
}

/* The one of this name in a list of variants; NULL: none. */
static const cJSON *find_variant(const cJSON *list, const char *name) {
    for (const cJSON *item = list == NULL ? NULL : list->child; item != NULL && name != NULL;
         item = item->next) {
        const cJSON *found = loading_field(item, "name");
        if (cJSON_IsString(found) && strcmp(found->valuestring, name) == 0) return item;
    }
    return NULL;
}

static void check_procedures(scenario_loading *self, const cJSON *procedures) {
    if (procedures == NULL) return;
    if (!cJSON_IsObject(procedures)) {
        loading_expected(&self->base, procedures, "an object with steps by name");
        return;
    }
    for (const cJSON *one = procedures->child; one != NULL; one = one->next)
        if (!cJSON_IsArray(one)) loading_expected(&self->base, one, "an array of steps");
}

static void compile(scenario_file *file, const char *way, const char *wrong, scenario *into,
                    problem_list *problems) {
    static const char *const built_in[] = {"me", "number", "now", "wall"};
    const cJSON *root = file->root;
    scenario_loading self = {
        .base = {.set = &file->set, .problems = problems, .document = &file->document},
        .script = into,
        .procedures = loading_field(root, "procedures"),
    };
    for (size_t i = 0; i < SCENARIO_BUILT_IN; i++) self.variables[i] = built_in[i];
    self.variable_count = SCENARIO_BUILT_IN;
    const cJSON *beyond = find_variant(loading_field(root, "beyond"), way);
    const cJSON *mistake = find_variant(loading_field(root, "wrong"), wrong);
    const cJSON *variant = beyond != NULL ? beyond : mistake;
    *into = (scenario){.file = file->path, .way = way, .wrong = wrong};
    if (!ttl_dialect_parse("redis-7.0", &into->dialect)) abort();
    into->id = loading_id(&self.base, root, "scenario", false);
    into->title = loading_text(&self.base, root, "title", true);
    loading_text(&self.base, root, "about", false);
    if (variant != NULL) into->lesson = loading_text(&self.base, variant, "lesson", true);
    read_server(&self, loading_field(root, "server"));
    if (mistake != NULL) {
        self.instead = loading_field(mistake, "procedures");
        read_server(&self, loading_field(mistake, "server"));
    }
    check_procedures(&self, self.procedures);
    check_procedures(&self, self.instead);
    gather_variables(&self, loading_field(root, "clients"));
    gather_variables(&self, self.procedures);
    gather_variables(&self, self.instead);
    const cJSON *clients = loading_list(&self.base, root, "clients", true);
    for (const cJSON *item = clients == NULL ? NULL : clients->child; item != NULL;
         item = item->next)
        read_client(&self, item);
    read_promises(&self, root);
    read_bounds(&self, loading_field(root, "bounds"));
    if (variant != NULL) read_bounds(&self, loading_field(variant, "bounds"));
    into->variable_count = self.variable_count;
    memcpy(into->variables, self.variables, sizeof into->variables);
}

void scenario_compile(scenario_file *file, const char *way, const char *wrong, scenario *into) {
    problem_list problems = {0};
    compile(file, way, wrong, into, &problems);
    if (problems.count > 0) abort(); /* it was checked when the file was opened */
    problem_list_free(&problems);
}

/* The names of variants; each is compiled once, so that every mistake is told at once. */
static void open_variants(scenario_file *file, const char *field, const char *const *known,
                          const char **names, size_t *count, problem_list *problems) {
    loading base = {.set = &file->set, .problems = problems, .document = &file->document};
    const cJSON *list = loading_field(file->root, field);
    if (list == NULL || (list = loading_list(&base, file->root, field, false)) == NULL) return;
    bool is_way = strcmp(field, "beyond") == 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        scenario unused;
        if (!loading_check_object(&base, item, known)) continue;
        const char *name = is_way ? loading_id(&base, item, "name", false)
                                  : loading_text(&base, item, "name", true);
        if (name == NULL) continue;
        if (*count == SCENARIO_VARIANTS || find_variant(list, name) != item) {
            loading_error(&base, item, "expected at most %d, each with a name of its own",
                          SCENARIO_VARIANTS);
            continue;
        }
        names[(*count)++] = name;
        compile(file, is_way ? name : NULL, is_way ? NULL : name, &unused, problems);
    }
}

bool scenario_file_take(scenario_file *file, json_document *document, const cJSON *root,
                        problem_list *problems) {
    static const char *const fields[] = {"$schema", "scenario", "title",      "about",
                                         "server",  "clients",  "procedures", "promises",
                                         "bounds",  "beyond",   "wrong",      NULL};
    static const char *const way_fields[] = {"name", "bounds", "lesson", "about", NULL};
    static const char *const wrong_fields[] = {"name",   "procedures", "server", "bounds",
                                               "lesson", "about",      NULL};
    scenario unused;
    *file = (scenario_file){.document = *document, .root = root};
    *document = (json_document){.file = document->file};
    loading base = {.set = &file->set, .problems = problems, .document = &file->document};
    file->path = arena_copy(&file->set.arena, document->file);
    if (loading_check_object(&base, root, fields)) {
        compile(file, NULL, NULL, &unused, problems);
        open_variants(file, "beyond", way_fields, file->ways, &file->way_count, problems);
        open_variants(file, "wrong", wrong_fields, file->wrongs, &file->wrong_count, problems);
    }
    if (problems->count == 0) return true;
    scenario_file_close(file);
    return false;
}

bool scenario_file_open(scenario_file *file, const char *path, problem_list *problems) {
    json_document document;
    if (!json_read_file(&document, path, problems)) return false;
    return scenario_file_take(file, &document, document.root, problems);
}

void scenario_file_close(scenario_file *file) {
    json_free(&file->document);
    vector_set_free(&file->set);
}
