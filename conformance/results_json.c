#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation.h"
#include "conformance/number.h"
#include "conformance/reply_json.h"
#include "conformance/results.h"
#include "conformance/text.h"

/* The version of the file format: raised when a reader of the old one would misread. */
enum { RESULTS_FORMAT = 1 };

/* -- writing -------------------------------------------------------------------------------- */

/* `,"name":"text"`, or nothing for NULL. Every object begins with a field that is always there. */
static void write_text(FILE *out, const char *name, const char *text) {
    if (text == NULL) return;
    fprintf(out, ",\"%s\":", name);
    json_write_string(out, text);
}

static void write_number(FILE *out, const char *name, int64_t number) {
    fprintf(out, ",\"%s\":\"%" PRId64 "\"", name, number);
}

static void write_flag(FILE *out, const char *name, bool flag) {
    if (flag) fprintf(out, ",\"%s\":true", name);
}

static void write_reply(FILE *out, const char *name, const ttl_reply *reply, int protocol) {
    if (reply->node_count == 0) return;
    fprintf(out, ",\"%s\":", name);
    expectation_write_reply(out, reply, protocol);
}

static void write_step(FILE *out, const result_step *step) {
    fprintf(out, "\n      {\"at\":\"%" PRId64 "\"", step->at_ms);
    write_text(out, "on", step->connection);
    write_reply(out, "do", &step->command, 2);
    if (step->answered) {
        write_number(out, "sent_us", step->sent_us);
        write_number(out, "received_us", step->received_us);
        if (step->polls > 0) fprintf(out, ",\"polls\":%zu", step->polls);
        write_reply(out, "reply", &step->reply, step->protocol);
    }
    if (step->protocol != 2) fprintf(out, ",\"protocol\":%d", step->protocol);
    if (step->expected != NULL) fprintf(out, ",\"expected\":%s", step->expected);
    write_flag(out, "uses_t0", step->uses_t0);
    write_reply(out, "events", &step->events, 2);
    if (step->checks_events) write_reply(out, "expected_events", &step->wanted_events, 2);
    if (step->judged) write_text(out, "verdict", verdict_name(step->verdict));
    write_text(out, "class", step->class);
    write_text(out, "reason", step->reason);
    putc('}', out);
}

static void write_rules(FILE *out, const result_vector *vector) {
    fputs(",\"rules\":[", out);
    for (size_t i = 0; i < vector->rule_count; i++) {
        fputs(i > 0 ? ",{\"id\":" : "{\"id\":", out);
        json_write_string(out, vector->rules[i].id);
        write_text(out, "text", vector->rules[i].text);
        write_text(out, "source", vector->rules[i].source);
        putc('}', out);
    }
    fputs("],\"tags\":[", out);
    for (size_t i = 0; i < vector->tag_count; i++) {
        if (i > 0) putc(',', out);
        json_write_string(out, vector->tags[i]);
    }
    putc(']', out);
}

static const char *const known_names[] = {NULL, "fails", "flakes", "fixed"};

static void write_vector(FILE *out, const result_vector *vector) {
    fputs("\n    {\"id\":", out);
    json_write_string(out, vector->id);
    write_text(out, "verdict", verdict_name(vector->verdict));
    write_text(out, "class", vector->class);
    write_text(out, "reason", vector->reason);
    write_text(out, "title", vector->title);
    write_text(out, "suite", vector->suite);
    write_text(out, "file", vector->file);
    fprintf(out, ",\"line\":%d,\"level\":\"%s\",\"attempts\":%d", vector->line,
            vector->is_should ? "should" : "must", vector->attempts);
    if (vector->stretch > 1) fprintf(out, ",\"stretch\":%d", vector->stretch);
    write_text(out, "history", vector->history_file);
    if (vector->history_file != NULL) write_flag(out, "proven", vector->is_proven);
    write_number(out, "t0_ms", vector->t0_ms);
    write_number(out, "duration_us", vector->duration_us);
    if (vector->has_slack) write_number(out, "slack_us", vector->slack_us);
    write_text(out, "known", known_names[vector->known]);
    write_text(out, "known_reason", vector->known_reason);
    write_rules(out, vector);
    fputs(",\"steps\":[", out);
    for (size_t i = 0; i < vector->step_count; i++) {
        if (i > 0) putc(',', out);
        write_step(out, &vector->steps[i]);
    }
    fputs("]}", out);
}

static void write_run(FILE *out, const result_run *run) {
    fputs("\n  {\"target\":", out);
    json_write_string(out, run->target);
    write_text(out, "spec", run->dialect);
    write_text(out, "server", run->server);
    write_text(out, "started", run->started);
    write_text(out, "unusable", run->unusable);
    write_text(out, "arguments", run->arguments);
    write_flag(out, "interrupted", run->interrupted);
    write_flag(out, "strict", run->strict);
    write_number(out, "duration_us", run->duration_us);
    result_counts counts = result_run_count(run);
    fprintf(out, ",\n   \"counts\":{\"total\":%zu", counts.total);
    for (int i = 0; i < VERDICT_COUNT; i++)
        fprintf(out, ",\"%s\":%zu", verdict_name((verdict)i), counts.of[i]);
    fprintf(out, ",\"known\":%zu,\"flaky\":%zu,\"fixed\":%zu}", counts.known, counts.flaky,
            counts.fixed);
    fputs(",\n   \"vectors\":[", out);
    for (size_t i = 0; i < run->count; i++) {
        if (i > 0) putc(',', out);
        write_vector(out, &run->vectors[i]);
    }
    fputs("]}", out);
}

void results_write(const results *all, FILE *out) {
    fprintf(out, "{\"format\":%d", RESULTS_FORMAT);
    write_text(out, "ttlspec", all->made_by);
    fprintf(out, ",\"status\":%d,\"runs\":[", results_status(all));
    for (size_t i = 0; i < all->count; i++) {
        if (i > 0) putc(',', out);
        write_run(out, &all->runs[i]);
    }
    fputs("]}\n", out);
}

/* -- reading -------------------------------------------------------------------------------- */

/* Where a reader is: the first thing that is wrong, NULL as long as nothing is. */
typedef struct reader {
    char *wrong;
} reader;

static const cJSON *field(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void complain(reader *in, const char *where, const char *wanted) {
    if (in->wrong == NULL) in->wrong = text_format("`%s` should be %s", where, wanted);
}

static char *read_text(reader *in, const cJSON *object, const char *name, bool needed) {
    const cJSON *json = field(object, name);
    if (cJSON_IsString(json)) return text_copy(json->valuestring);
    if (json != NULL || needed) complain(in, name, "a string");
    return NULL;
}

static int64_t read_number(reader *in, const cJSON *object, const char *name) {
    const cJSON *json = field(object, name);
    int64_t number = 0;
    if (json == NULL) return 0;
    if (!cJSON_IsString(json) ||
        !number_parse(json->valuestring, strlen(json->valuestring), &number))
        complain(in, name, "a whole number in a string");
    return number;
}

static int read_small(reader *in, const cJSON *object, const char *name, int missing) {
    const cJSON *json = field(object, name);
    if (json == NULL) return missing;
    if (!cJSON_IsNumber(json)) complain(in, name, "a number");
    return json->valueint;
}

static bool read_verdict(reader *in, const cJSON *object, verdict *value) {
    const cJSON *json = field(object, "verdict");
    if (json == NULL) return false;
    if (cJSON_IsString(json) && verdict_parse(json->valuestring, value)) return true;
    complain(in, "verdict", "pass, fail, warning, inconclusive, skip or error");
    return false;
}

static const cJSON *read_list(reader *in, const cJSON *object, const char *name, size_t *count) {
    const cJSON *json = field(object, name);
    *count = 0;
    if (!cJSON_IsArray(json)) {
        complain(in, name, "an array");
        return NULL;
    }
    *count = (size_t)cJSON_GetArraySize(json);
    return json;
}

static bool read_reply(reader *in, const cJSON *object, const char *name, ttl_reply *reply) {
    const cJSON *json = field(object, name);
    if (json == NULL) return false;
    if (reply_read_json(reply, json)) return true;
    complain(in, name, "a reply as a vector writes it");
    return false;
}

static void read_step(reader *in, const cJSON *json, result_step *step) {
    result_step_init(step);
    step->at_ms = read_number(in, json, "at");
    step->connection = read_text(in, json, "on", false);
    if (!read_reply(in, json, "do", &step->command)) complain(in, "do", "an array");
    step->sent_us = read_number(in, json, "sent_us");
    step->received_us = read_number(in, json, "received_us");
    step->answered = read_reply(in, json, "reply", &step->reply);
    step->polls = (size_t)read_small(in, json, "polls", 0);
    step->protocol = read_small(in, json, "protocol", 2);
    const cJSON *expected = field(json, "expected");
    if (expected != NULL) step->expected = cJSON_PrintUnformatted(expected);
    step->uses_t0 = cJSON_IsTrue(field(json, "uses_t0"));
    read_reply(in, json, "events", &step->events);
    step->checks_events = read_reply(in, json, "expected_events", &step->wanted_events);
    step->judged = read_verdict(in, json, &step->verdict);
    step->class = read_text(in, json, "class", false);
    step->reason = read_text(in, json, "reason", false);
}

static void read_rules(reader *in, const cJSON *json, result_vector *vector) {
    const cJSON *list = read_list(in, json, "rules", &vector->rule_count), *item;
    vector->rules = memory_zeroed(vector->rule_count, sizeof *vector->rules);
    size_t i = 0;
    cJSON_ArrayForEach(item, list) {
        vector->rules[i].id = read_text(in, item, "id", true);
        vector->rules[i].text = read_text(in, item, "text", false);
        vector->rules[i++].source = read_text(in, item, "source", false);
    }
    list = read_list(in, json, "tags", &vector->tag_count);
    vector->tags = memory_zeroed(vector->tag_count, sizeof *vector->tags);
    i = 0;
    cJSON_ArrayForEach(item, list) {
        if (!cJSON_IsString(item)) complain(in, "tags", "an array of strings");
        vector->tags[i++] = text_copy(cJSON_IsString(item) ? item->valuestring : "");
    }
}

static void read_vector(reader *in, const cJSON *json, result_vector *vector) {
    vector->id = read_text(in, json, "id", true);
    if (!read_verdict(in, json, &vector->verdict)) complain(in, "verdict", "there");
    vector->class = read_text(in, json, "class", false);
    vector->reason = read_text(in, json, "reason", false);
    vector->title = read_text(in, json, "title", true);
    vector->suite = read_text(in, json, "suite", true);
    vector->file = read_text(in, json, "file", true);
    vector->line = read_small(in, json, "line", 0);
    const cJSON *level = field(json, "level");
    vector->is_should = cJSON_IsString(level) && strcmp(level->valuestring, "should") == 0;
    vector->attempts = read_small(in, json, "attempts", 1);
    vector->stretch = read_small(in, json, "stretch", 1);
    vector->history_file = read_text(in, json, "history", false);
    vector->is_proven = cJSON_IsTrue(field(json, "proven"));
    vector->t0_ms = read_number(in, json, "t0_ms");
    vector->duration_us = read_number(in, json, "duration_us");
    vector->has_slack = field(json, "slack_us") != NULL;
    if (vector->has_slack) vector->slack_us = read_number(in, json, "slack_us");
    const cJSON *known = field(json, "known");
    for (int i = KNOWN_FAILS; i <= KNOWN_FIXED; i++)
        if (cJSON_IsString(known) && strcmp(known->valuestring, known_names[i]) == 0)
            vector->known = (known_state)i;
    vector->known_reason = read_text(in, json, "known_reason", false);
    read_rules(in, json, vector);
    const cJSON *list = read_list(in, json, "steps", &vector->step_count), *item;
    vector->steps = memory_zeroed(vector->step_count, sizeof *vector->steps);
    size_t i = 0;
    cJSON_ArrayForEach(item, list) read_step(in, item, &vector->steps[i++]);
}

static void read_run(reader *in, const cJSON *json, result_run *run) {
    run->target = read_text(in, json, "target", true);
    run->dialect = read_text(in, json, "spec", false);
    run->server = read_text(in, json, "server", false);
    run->started = read_text(in, json, "started", false);
    run->unusable = read_text(in, json, "unusable", false);
    run->arguments = read_text(in, json, "arguments", false);
    run->interrupted = cJSON_IsTrue(field(json, "interrupted"));
    run->strict = cJSON_IsTrue(field(json, "strict"));
    run->duration_us = read_number(in, json, "duration_us");
    size_t count;
    const cJSON *list = read_list(in, json, "vectors", &count), *item;
    cJSON_ArrayForEach(item, list) read_vector(in, item, result_run_add(run));
}

static void read_results(reader *in, const cJSON *json, results *all) {
    const cJSON *format = field(json, "format");
    if (!cJSON_IsNumber(format) || format->valueint != RESULTS_FORMAT) {
        complain(in, "format", "1: is this a results file of ttlspec?");
        return;
    }
    all->made_by = read_text(in, json, "ttlspec", false);
    size_t count;
    const cJSON *list = read_list(in, json, "runs", &count), *item;
    cJSON_ArrayForEach(item, list) read_run(in, item, results_add_run(all));
}

/* What is wrong with the JSON; NULL: nothing, and `all` holds what it says. */
static char *results_of_json(results *all, const cJSON *json) {
    reader in = {NULL};
    read_results(&in, json, all);
    if (in.wrong == NULL && all->count == 0) in.wrong = text_copy("it holds no runs");
    if (in.wrong != NULL) results_free(all);
    return in.wrong;
}

bool results_read(results *all, const char *path, char **error) {
    memset(all, 0, sizeof *all);
    size_t length;
    char *data = text_read_file(path, &length, error);
    if (data == NULL) return false;
    const char *end = data;
    cJSON *json = cJSON_ParseWithLengthOpts(data, length + 1, &end, true);
    char *wrong = NULL;
    if (json == NULL) {
        int line = 1;
        for (const char *at = data; at < end; at++) line += *at == '\n';
        *error = text_format("%s:%d: is not JSON", path, line);
    } else if ((wrong = results_of_json(all, json)) != NULL) {
        *error = text_format("%s: is not a results file: %s", path, wrong);
    }
    bool sound = json != NULL && wrong == NULL;
    free(wrong);
    free(data);
    cJSON_Delete(json);
    return sound;
}
