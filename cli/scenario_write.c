#include "cli/scenario_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scenario_loading.h"
#include "cli/sim.h"
#include "conformance/expectation.h"
#include "conformance/number.h"
#include "conformance/reply_json.h"

#define US_PER_MS INT64_C(1000)
#define MS_PER_S  INT64_C(1000)

const char *scenario_variant(const scenario *script) {
    if (script->way != NULL) return script->way;
    return script->wrong != NULL ? "wrong" : "within";
}

/* ---- the vector */

struct writing {
    FILE *out;
    const scenario *script;
    bool has_begun;
    const char *why_not;      /* no vector */
    int64_t t0_ms, jumped_us; /* what the clock showed at first; by how much it was set since */
    bool moves_clock;
    size_t connections[SCENARIO_CLIENTS]; /* the first of each client, plus one */
    /* A replica of a vector is never behind. So it is promoted before the first command that it
     * would lose, and the old server goes on until it fails. */
    unsigned failovers;
    uint64_t commands, promoted_before; /* counted from 1; 0: at the failover itself */
    bool has_failed;
};

static void look(void *context, const play_moment *moment) {
    struct writing *writing = context;
    writing->moves_clock = writing->moves_clock || moment->kind == PLAY_CLOCK_JUMP;
    writing->has_begun = writing->has_begun || moment->kind == PLAY_COMMAND;
    if (moment->kind == PLAY_FAILOVER) {
        writing->promoted_before = moment->first_lost;
        if (++writing->failovers > 1) writing->why_not = "a replica takes over twice in it";
    }
    if (moment->kind == PLAY_COMMAND && moment->asks_replica)
        writing->why_not = "a replica is asked in it";
}

static void act(struct writing *writing, const play_schedule *schedule, play_observe *observe) {
    play *one = play_new(&(play_options){
        .scenario = writing->script, .given = schedule, .observe = observe, .context = writing});
    while (play_step(one)) continue;
    play_free(one);
}

const char *scenario_why_no_vector(const scenario *script, const play_schedule *schedule) {
    struct writing writing = {.script = script};
    act(&writing, schedule, look);
    if (writing.why_not == NULL && !writing.has_begun) return "no command is in it";
    return writing.why_not;
}

/* A number that is near the beginning counts from there. */
static bool counts_from_t0(int64_t number, int64_t t0_ms, char text[40]) {
    const int64_t near_ms = INT64_C(86400000) * 365, near_s = near_ms / MS_PER_S;
    int64_t t0_s = t0_ms / MS_PER_S;
    const char *unit = "";
    int64_t offset = number - t0_ms;
    if (llabs(number - t0_s) < near_s) offset = number - t0_s, unit = "s";
    else if (llabs(offset) >= near_ms) return false;
    if (offset == 0) snprintf(text, 40, "{t0%s}", unit);
    else snprintf(text, 40, "{t0%s%+" PRId64 "}", unit, offset);
    return true;
}

static void put_word(struct writing *writing, ttl_bytes word, bool is_key) {
    char text[SCENARIO_TEXT_SIZE + 8];
    int64_t number;
    snprintf(text, sizeof text, "%s%.*s", is_key ? "{k}:" : "", (int)word.length, word.data);
    if (!is_key && number_parse(word.data, word.length, &number))
        counts_from_t0(number, writing->t0_ms, text);
    json_write_string(writing->out, text);
}

static void put_reply(struct writing *writing, const ttl_reply *reply) {
    char text[40];
    bool counts = reply->nodes[0].type == TTL_REPLY_INTEGER &&
                  counts_from_t0(reply->nodes[0].is.integer, writing->t0_ms, text);
    if (counts) fprintf(writing->out, "{\"integer\": \"%s\"}", text);
    else expectation_write_reply(writing->out, reply, 2);
}

static void begin_step(struct writing *writing, const play_moment *moment) {
    if (!writing->has_begun) writing->t0_ms = moment->wall_us / US_PER_MS / MS_PER_S * MS_PER_S;
    int64_t at_ms = (moment->wall_us - writing->jumped_us) / US_PER_MS - writing->t0_ms;
    fprintf(writing->out, "%s\n        {\"at\": \"%" PRId64 "\", ", writing->has_begun ? "," : "",
            at_ms);
    writing->has_begun = true;
}

static void put_promotion(struct writing *writing, const play_moment *moment) {
    begin_step(writing, moment);
    fputs("\"promote\": \"replica\"}", writing->out);
}

/* The client's name; its later connections have the number of the connection behind it. */
static void put_connection(struct writing *writing, const play_moment *moment) {
    char name[PLAY_NAME_SIZE];
    size_t *first = &writing->connections[moment->client];
    if (*first == 0) *first = moment->connection + 1;
    play_client_name_of(writing->script, moment->client, name);
    fprintf(writing->out, "\"on\": \"%s%s", writing->has_failed ? "replica-" : "", name);
    if (*first != moment->connection + 1) fprintf(writing->out, "-again-%zu", moment->connection);
    putc('"', writing->out);
}

static void put_step(void *context, const play_moment *moment) {
    struct writing *writing = context;
    if (moment->kind == PLAY_COMMAND && ++writing->commands == writing->promoted_before)
        put_promotion(writing, moment);
    if (moment->kind == PLAY_FAILOVER) {
        if (writing->promoted_before == 0) put_promotion(writing, moment);
        writing->has_failed = true;
    }
    if (moment->kind == PLAY_CLOCK_JUMP) {
        /* At the moment before the jump, so that `at` goes on from there. */
        play_moment before = *moment;
        before.wall_us -= moment->amount_us;
        begin_step(writing, &before);
        writing->jumped_us += moment->amount_us;
        fprintf(writing->out, "\"clock\": \"%" PRId64 "\"}", moment->amount_us / US_PER_MS);
        return;
    }
    if (moment->kind != PLAY_COMMAND || moment->step->listens) return;
    begin_step(writing, moment);
    put_connection(writing, moment);
    fputs(", \"do\": [", writing->out);
    for (size_t i = 0; i < moment->argc; i++) {
        if (i > 0) fputs(", ", writing->out);
        put_word(writing, moment->argv[i], moment->step->argv[i].is_key);
    }
    fputs("], \"reply\": ", writing->out);
    put_reply(writing, moment->reply);
    putc('}', writing->out);
}

/* A server that runs a vector may reclaim whatever its cycle would, before every command: with that
 * the versions in question are compared. */
static uint64_t digest_in(const scenario *script, const play_schedule *schedule,
                          ttl_dialect dialect) {
    scenario other = *script;
    other.dialect = dialect;
    play *one = play_new(&(play_options){.scenario = &other, .given = schedule, .is_eager = true});
    while (play_step(one)) continue;
    uint64_t digest = play_tell(one).digest;
    play_free(one);
    return digest;
}

/* Of the dialects that the project names, the last of a family in which the play goes the same way
 * as in its own, before the first in which it does not. Nothing: it does so in none. `is_newest`:
 * in all. */
static const char *last_alike(const scenario *script, const play_schedule *schedule,
                              ttl_family family, bool *is_newest) {
    uint64_t digest = digest_in(script, schedule, script->dialect);
    const char *last = NULL;
    *is_newest = true;
    for (size_t i = 0; ttl_dialect_names[i] != NULL && *is_newest; i++) {
        ttl_dialect dialect;
        bool is_named = ttl_dialect_parse(ttl_dialect_names[i], &dialect);
        bool is_older = family == script->dialect.family &&
                        ttl_version_compare(dialect.version, script->dialect.version) < 0;
        if (!is_named || dialect.family != family || is_older) continue;
        if (digest_in(script, schedule, dialect) == digest) last = ttl_dialect_names[i];
        else *is_newest = false;
    }
    return last;
}

/* Where the vector holds: from the play's own version on, as long as nothing is answered in
 * another way. */
static void put_versions(FILE *out, const scenario *script, const play_schedule *schedule) {
    char name[40], only[80] = "", until[120] = "";
    bool holds_in_all = true;
    ttl_dialect_name(&script->dialect, name, sizeof name);
    fprintf(out, "      \"since\": {\"%s\": \"%s\"},\n", ttl_family_name(script->dialect.family),
            strchr(name, '-') + 1);
    for (int family = 0; ttl_family_name((ttl_family)family) != NULL; family++) {
        bool is_newest;
        const char *word = ttl_family_name((ttl_family)family);
        const char *last = last_alike(script, schedule, (ttl_family)family, &is_newest);
        holds_in_all = holds_in_all && last != NULL;
        if (last == NULL) continue;
        snprintf(only + strlen(only), sizeof only - strlen(only), "%s\"%s\"",
                 only[0] == '\0' ? "" : ", ", word);
        if (!is_newest)
            snprintf(until + strlen(until), sizeof until - strlen(until), "%s\"%s\": \"%s\"",
                     until[0] == '\0' ? "" : ", ", word, strchr(last, '-') + 1);
    }
    if (until[0] != '\0') fprintf(out, "      \"until\": {%s},\n", until);
    if (!holds_in_all) fprintf(out, "      \"only\": [%s],\n", only);
}

void scenario_write_vector(FILE *out, const scenario *script, uint64_t seed,
                           const play_schedule *schedule) {
    struct writing writing = {.out = out, .script = script};
    play *one = play_new(&(play_options){.scenario = script, .given = schedule});
    while (play_step(one)) continue;
    const scenario_promise *broken = play_tell(one).broken;
    play_free(one);
    act(&writing, schedule, look);
    writing.has_begun = false;
    fprintf(out, "{\n  \"suite\": \"%s\",\n  \"about\": ", script->id);
    json_write_string(out, script->title);
    fprintf(out, ",\n  \"vectors\": [\n    { \"id\": \"%s.%s-%" PRIx64 "\",\n      \"title\": ",
            script->id, scenario_variant(script), seed);
    json_write_string(out, "what the server answers while this happens");
    if (broken != NULL) {
        char about[200];
        snprintf(about, sizeof about, "A promise is broken by it: %s.", broken->title);
        fputs(",\n      \"about\": ", out);
        json_write_string(out, about);
    }
    fputs(",\n      \"rules\": [", out);
    for (size_t i = 0; i < script->promise_count; i++)
        fprintf(out, "%s\"%s.%s\"", i == 0 ? "" : ", ", script->id, script->promises[i].id);
    fputs("],\n", out);
    put_versions(out, script, schedule);
    if (writing.moves_clock || writing.failovers > 0)
        fprintf(out, "      \"needs\": [%s%s%s],\n", writing.moves_clock ? "\"virtual-clock\"" : "",
                writing.moves_clock && writing.failovers > 0 ? ", " : "",
                writing.failovers > 0 ? "\"replica\"" : "");
    fputs("      \"steps\": [", out);
    act(&writing, schedule, put_step);
    fputs(" ] } ] }\n", out);
}

void scenario_write_rules(FILE *out, const scenario *script) {
    fputs("{\n  \"rules\": [", out);
    for (size_t i = 0; i < script->promise_count; i++) {
        char title[300];
        snprintf(title, sizeof title, "Promised: %s.", script->promises[i].title);
        fprintf(out, "%s\n    {\"id\": \"%s.%s\", \"text\": ", i == 0 ? "" : ",", script->id,
                script->promises[i].id);
        json_write_string(out, title);
        fputs(",\n     \"source\": {\"title\": ", out);
        json_write_string(out, script->title);
        fputs("}}", out);
    }
    fputs(" ] }\n", out);
}

/* ---- the play */

static void put_who(FILE *out, const scenario *script, unsigned who) {
    char name[PLAY_NAME_SIZE] = "server";
    if (who != CHOICE_SERVER) play_client_name_of(script, who, name);
    json_write_string(out, name);
}

void scenario_write_play(FILE *out, const scenario_file *file, const scenario *script,
                         uint64_t seed, const play_schedule *schedule) {
    fprintf(out, "{\n  \"play\": \"%s\",\n  \"seed\": \"0x%" PRIx64 "\",\n", script->id, seed);
    if (script->way != NULL) fprintf(out, "  \"beyond\": \"%s\",\n", script->way);
    if (script->wrong != NULL) {
        fputs("  \"wrong\": ", out);
        json_write_string(out, script->wrong);
        fputs(",\n", out);
    }
    fputs("  \"commands\": [", out);
    for (unsigned i = 0; i < play_client_count(script); i++) {
        if (i > 0) fputs(", ", out);
        if (schedule->limits[i] == PLAY_NO_LIMIT) fputs("null", out);
        else fprintf(out, "%" PRIu32, schedule->limits[i]);
    }
    fputs("],\n", out);
    if (schedule->until_us > 0)
        fprintf(out, "  \"until-us\": \"%" PRId64 "\",\n", schedule->until_us);
    fputs("  \"choices\": [", out);
    for (size_t i = 0; i < schedule->choices.count; i++) {
        const choice *one = &schedule->choices.choices[i];
        fprintf(out, "%s\n    {\"who\": ", i == 0 ? "" : ",");
        put_who(out, script, one->who);
        fprintf(out, ", \"what\": \"%s\", \"nth\": %" PRIu32 ", \"value\": \"%" PRId64 "\"}",
                choice_kind_name((choice_kind)one->kind), one->nth, one->value);
    }
    char *text = cJSON_Print(file->root);
    if (text == NULL) arena_out_of_memory();
    fprintf(out, " ],\n  \"scenario\": %s\n}\n", text);
    cJSON_free(text);
}

static bool read_who(scenario_loading *self, const cJSON *at, uint8_t *who) {
    if (cJSON_IsString(at) && strcmp(at->valuestring, "server") == 0) {
        *who = CHOICE_SERVER;
        return true;
    }
    for (unsigned client = 0; cJSON_IsString(at) && client < play_client_count(self->script);
         client++) {
        char name[PLAY_NAME_SIZE];
        play_client_name_of(self->script, client, name);
        *who = (uint8_t)client;
        if (strcmp(name, at->valuestring) == 0) return true;
    }
    return loading_expected(&self->base, at, "a client of the scenario, or \"server\"");
}

static bool read_what(scenario_loading *self, const cJSON *at, uint8_t *what) {
    for (int kind = 0; cJSON_IsString(at) && kind < CHOICE_KINDS; kind++) {
        *what = (uint8_t)kind;
        if (strcmp(choice_kind_name((choice_kind)kind), at->valuestring) == 0) return true;
    }
    return loading_expected(&self->base, at, "a kind of choice such as \"pause\"");
}

static bool read_integer(scenario_loading *self, const cJSON *at, int64_t *value) {
    if (cJSON_IsString(at) && number_parse(at->valuestring, strlen(at->valuestring), value))
        return true;
    return loading_expected(&self->base, at, "a whole number as a string");
}

static void read_choice(scenario_loading *self, const cJSON *item, choice_list *into) {
    static const char *const known[] = {"who", "what", "nth", "value", NULL};
    choice one = {0};
    int64_t nth = 0;
    if (!loading_check_object(&self->base, item, known)) return;
    for (size_t i = 0; known[i] != NULL; i++)
        if (loading_field(item, known[i]) == NULL) {
            loading_error(&self->base, item, "expected a field \"%s\"", known[i]);
            return;
        }
    if (!read_who(self, loading_field(item, "who"), &one.who) ||
        !read_what(self, loading_field(item, "what"), &one.kind) ||
        !scenario_read_whole(self, loading_field(item, "nth"), 0, UINT32_MAX - 1, "the how many-th",
                             &nth))
        return;
    one.nth = (uint32_t)nth;
    if (read_integer(self, loading_field(item, "value"), &one.value)) choice_list_add(into, one);
}

static void read_until(scenario_loading *self, const cJSON *at, int64_t *until_us) {
    if (at == NULL || !read_integer(self, at, until_us) || *until_us > 0) return;
    loading_expected(&self->base, at, "a moment after the beginning");
}

static void read_limits(scenario_loading *self, const cJSON *list, uint32_t *limits) {
    unsigned client = 0;
    for (size_t i = 0; i < SCENARIO_CLIENTS; i++) limits[i] = PLAY_NO_LIMIT;
    if (list == NULL) return;
    for (const cJSON *item = list->child; item != NULL; item = item->next, client++) {
        int64_t limit = PLAY_NO_LIMIT;
        if (client == play_client_count(self->script)) {
            loading_error(&self->base, item, "the scenario has no more clients");
            return;
        }
        if (!cJSON_IsNull(item))
            scenario_read_whole(self, item, 0, UINT32_MAX - 1, "commands, or null", &limit);
        limits[client] = (uint32_t)limit;
    }
}

/* The variant that a field names; NULL: none. False: there is none of this name. */
static bool read_variant(loading *base, const cJSON *at, const char *const *names, size_t count,
                         const char **into) {
    if (at == NULL) return true;
    for (size_t i = 0; i < count && cJSON_IsString(at); i++) {
        *into = names[i];
        if (strcmp(names[i], at->valuestring) == 0) return true;
    }
    return loading_expected(base, at, "the name of one that the scenario has");
}

bool scenario_read_play(scenario_play *into, const char *path, problem_list *problems) {
    static const char *const known[] = {"play",     "seed",    "beyond",   "wrong", "commands",
                                        "until-us", "choices", "scenario", NULL};
    json_document document;
    *into = (scenario_play){0};
    if (!json_read_file(&document, path, problems)) return false;
    const cJSON *root = document.root, *script = loading_field(root, "scenario");
    if (script == NULL || loading_field(root, "play") == NULL) {
        problem_add(problems, PROBLEM_ERROR, path, "", 1,
                    "expected a play, with the fields \"play\" and \"scenario\"");
        json_free(&document);
        return false;
    }
    if (!scenario_file_take(&into->file, &document, script, problems)) return false;
    scenario_file *file = &into->file;
    scenario_loading self = {
        .base = {.set = &file->set, .problems = problems, .document = &file->document},
        .script = &into->script};
    const char *way = NULL, *wrong = NULL;
    const cJSON *seed = loading_field(root, "seed");
    loading_check_object(&self.base, root, known);
    if (seed != NULL && !(cJSON_IsString(seed) && sim_parse_seed(seed->valuestring, &into->seed)))
        loading_expected(&self.base, seed, "a seed, as a string");
    if (read_variant(&self.base, loading_field(root, "beyond"), file->ways, file->way_count,
                     &way) &&
        read_variant(&self.base, loading_field(root, "wrong"), file->wrongs, file->wrong_count,
                     &wrong)) {
        scenario_compile(file, way, wrong, &into->script);
        read_limits(&self, loading_list(&self.base, root, "commands", true), into->schedule.limits);
        read_until(&self, loading_field(root, "until-us"), &into->schedule.until_us);
        const cJSON *list = loading_field(root, "choices");
        for (const cJSON *item = list == NULL ? NULL : list->child; item != NULL; item = item->next)
            read_choice(&self, item, &into->schedule.choices);
        choice_list_sort(&into->schedule.choices);
    }
    if (problems->count == 0) return true;
    scenario_play_close(into);
    return false;
}

void scenario_play_close(scenario_play *self) {
    play_schedule_free(&self->schedule);
    scenario_file_close(&self->file);
}
