#include "conformance/history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation.h"
#include "conformance/json.h"
#include "conformance/notation.h"
#include "conformance/number.h"
#include "conformance/reply_json.h"
#include "conformance/text.h"
#include "ttlspec/dialect.h"

static const char history_format[] = "1";

enum { RATE_PPM_MAX = 500000, DATABASE_MAX = 65535 };

/* -- in memory ----------------------------------------------------------------------------------
 */

void history_init(history *self) {
    *self = (history){.rate_ppm = -1};
}

void history_free(history *self) {
    for (size_t i = 0; i < self->count; i++) ttl_reply_free(&self->entries[i].reply);
    free(self->entries);
    free(self->connections);
    free(self->last_of);
    arena_free(&self->arena);
    history_init(self);
}

size_t history_connection(history *self, const char *name) {
    for (size_t i = 0; i < self->connection_count; i++) {
        if (strcmp(self->connections[i], name) == 0) return i;
    }
    size_t index = self->connection_count;
    self->connections = memory_grown(self->connections, index, sizeof *self->connections);
    self->last_of = memory_grown(self->last_of, index, sizeof *self->last_of);
    self->connections[index] = arena_copy(&self->arena, name);
    self->last_of[index] = SIZE_MAX;
    self->connection_count++;
    return index;
}

static bool is_moment(int64_t us) {
    return us >= 0 && us <= NUMBER_EXACT_MAX;
}

/* What keeps this entry from following `last` on its connection. */
static const char *entry_wrong_after(const history_entry *last, const history_entry *entry) {
    if (entry->sent_us < last->sent_us) {
        return "expected commands of a connection in the order in which they were sent, found one "
               "sent before its predecessor";
    }
    if (entry->received_us == HISTORY_NO_REPLY) return NULL;
    if (last->received_us == HISTORY_NO_REPLY) {
        return "expected no reply, because replies come in order and the command before it on "
               "this connection has none";
    }
    if (entry->received_us < last->received_us) {
        return "expected replies of a connection in the order of its commands, found one received "
               "before its predecessor's";
    }
    return NULL;
}

static const char *entry_wrong(const history *self, const history_entry *entry) {
    if (entry->argc == 0) return "expected at least the name of a command";
    if (!is_moment(entry->sent_us)) return "expected `sent_us` from 0 to 2^53";
    bool answered = entry->received_us != HISTORY_NO_REPLY;
    if (answered && !is_moment(entry->received_us)) return "expected `received_us` from 0 to 2^53";
    if (answered && entry->received_us < entry->sent_us) {
        return "expected `received_us` not before `sent_us`";
    }
    if (entry->is_event) {
        if (entry->argc != 2 || !answered)
            return "expected an event, its key and when it was heard";
    } else if (answered && entry->reply.node_count == 0) {
        return "expected a reply";
    }
    if (!answered && entry->reply.node_count != 0) {
        return "expected no reply where `received_us` is null";
    }
    if (entry->protocol != 2 && entry->protocol != 3) return "expected protocol 2 or 3";
    size_t last = self->last_of[entry->connection];
    return last == SIZE_MAX ? NULL : entry_wrong_after(&self->entries[last], entry);
}

const char *history_append(history *self, const history_entry *entry) {
    const char *wrong = entry_wrong(self, entry);
    if (wrong != NULL) return wrong;
    history_entry copy = *entry;
    ttl_bytes *argv = arena_take_array(&self->arena, entry->argc, sizeof *argv);
    for (size_t i = 0; i < entry->argc; i++) {
        argv[i] = arena_copy_bytes(&self->arena, entry->argv[i].data, entry->argv[i].length);
    }
    copy.argv = argv;
    ttl_reply_init(&copy.reply, ttl_allocator_libc());
    if (entry->reply.node_count > 0) ttl_reply_add_copy(&copy.reply, &entry->reply, 0);
    if (copy.reply.failed) arena_out_of_memory();
    self->entries = memory_grown(self->entries, self->count, sizeof *self->entries);
    self->last_of[entry->connection] = self->count;
    self->entries[self->count++] = copy;
    return NULL;
}

/* -- reading ------------------------------------------------------------------------------------
 */

/* One line being read. */
typedef struct reading {
    history *history;
    json_document document; /* of this line alone */
    int line;
    problem_list *problems;
    bool sound;
} reading;

__attribute__((format(printf, 3, 4))) static void reading_wrong(reading *self, const cJSON *item,
                                                                const char *format, ...) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    arena pointer = {NULL};
    problem_add(self->problems, PROBLEM_ERROR, self->document.file,
                json_pointer(&self->document, item, &pointer), self->line, "%s", text);
    arena_free(&pointer);
    self->sound = false;
}

static const cJSON *reading_field(const reading *self, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(self->document.root, name);
}

/* Complains of every field that is not in the NULL-terminated list. */
static void reading_known_fields(reading *self, const char *const *names) {
    const cJSON *field;
    cJSON_ArrayForEach(field, self->document.root) {
        size_t i = 0;
        while (names[i] != NULL && strcmp(names[i], field->string) != 0) i++;
        if (names[i] == NULL) reading_wrong(self, field, "expected no field of this name");
    }
}

/* A whole number from 0 to `max`, as a number or as a string of digits. */
static bool reading_number(reading *self, const cJSON *item, int64_t max, int64_t *number) {
    if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= (double)max) {
        *number = (int64_t)item->valuedouble;
        return true;
    }
    if (cJSON_IsString(item) &&
        number_parse_digits(item->valuestring, strlen(item->valuestring), max, number)) {
        return true;
    }
    reading_wrong(self, item, "expected a whole number from 0 to %" PRId64 ", found %s", max,
                  cJSON_IsString(item)   ? "another string"
                  : cJSON_IsNumber(item) ? "another number"
                                         : "something else");
    return false;
}

/* A string, or {"hex": "00ff"}; bytes by way of a reply, which is read just so. */
static bool reading_argument(reading *self, const cJSON *item, ttl_reply *scratch) {
    bool is_text = cJSON_IsString(item);
    bool is_hex = cJSON_IsObject(item) && cJSON_GetObjectItemCaseSensitive(item, "hex") != NULL;
    if ((is_text || is_hex) && reply_read_json(scratch, item)) return true;
    reading_wrong(self, item, "expected a string, or {\"hex\": ...} with pairs of hex digits");
    return false;
}

static void reading_arguments(reading *self, history_entry *entry) {
    const cJSON *list = reading_field(self, "do");
    if (!cJSON_IsArray(list) || list->child == NULL) {
        reading_wrong(self, list != NULL ? list : self->document.root,
                      "expected `do`, an array that begins with the name of a command");
        return;
    }
    size_t count = (size_t)cJSON_GetArraySize(list);
    ttl_bytes *argv = arena_take_array(&self->history->arena, count, sizeof *argv);
    ttl_reply scratch;
    ttl_reply_init(&scratch, ttl_allocator_libc());
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        if (!reading_argument(self, item, &scratch)) continue;
        ttl_bytes text = ttl_reply_text(&scratch, 0);
        argv[entry->argc++] = arena_copy_bytes(&self->history->arena, text.data, text.length);
    }
    ttl_reply_free(&scratch);
    entry->argv = argv;
}

static void reading_moments(reading *self, history_entry *entry) {
    const cJSON *sent = reading_field(self, "sent_us");
    const cJSON *received = reading_field(self, "received_us");
    if (sent == NULL) {
        reading_wrong(self, self->document.root, "expected `sent_us`, microseconds");
    } else {
        (void)reading_number(self, sent, NUMBER_EXACT_MAX, &entry->sent_us);
    }
    entry->received_us = HISTORY_NO_REPLY;
    if (received == NULL) {
        reading_wrong(self, self->document.root,
                      "expected `received_us`, microseconds, or null when no reply came");
    } else if (!cJSON_IsNull(received)) {
        (void)reading_number(self, received, NUMBER_EXACT_MAX, &entry->received_us);
    }
}

static void reading_reply(reading *self, history_entry *entry) {
    const cJSON *protocol = reading_field(self, "protocol"), *reply = reading_field(self, "reply");
    int64_t number = 2;
    if (protocol != NULL && reading_number(self, protocol, 3, &number) && number < 2) {
        reading_wrong(self, protocol, "expected 2 or 3");
    }
    entry->protocol = (int)number;
    if (reply != NULL && !reply_read_json(&entry->reply, reply)) {
        reading_wrong(self, reply,
                      "expected a reply: \"text\", 7, null, [...], {\"status\": ...}, "
                      "{\"error\": ...} ...");
    }
    if (reply == NULL && entry->received_us != HISTORY_NO_REPLY) {
        reading_wrong(self, self->document.root, "expected `reply`, because one was received");
    }
}

/* {"event": "expired", "key": "k", "db": 0} instead of a command and its reply. */
static void reading_event(reading *self, history_entry *entry) {
    const cJSON *name = reading_field(self, "event"), *key = reading_field(self, "key");
    const cJSON *database = reading_field(self, "db");
    const cJSON *parts[] = {name, key};
    ttl_bytes *argv = arena_take_array(&self->history->arena, 2, sizeof *argv);
    ttl_reply scratch;
    ttl_reply_init(&scratch, ttl_allocator_libc());
    entry->is_event = true;
    entry->argv = argv;
    entry->argc = 2;
    entry->protocol = 2;
    for (size_t i = 0; i < 2; i++) {
        if (parts[i] == NULL)
            reading_wrong(self, self->document.root, "expected `key`, that of the event");
        else if (reading_argument(self, parts[i], &scratch)) {
            ttl_bytes text = ttl_reply_text(&scratch, 0);
            argv[i] = arena_copy_bytes(&self->history->arena, text.data, text.length);
            ttl_reply_clear(&scratch);
        }
    }
    ttl_reply_free(&scratch);
    int64_t number = 0;
    if (database != NULL) (void)reading_number(self, database, DATABASE_MAX, &number);
    entry->database = (int)number;
}

static void reading_entry(reading *self) {
    static const char *const command_fields[] = {"on",    "sent_us",  "received_us", "do",
                                                 "reply", "protocol", NULL};
    static const char *const event_fields[] = {"on",  "sent_us", "received_us", "event",
                                               "key", "db",      NULL};
    bool is_event = reading_field(self, "event") != NULL;
    history_entry entry = {.line = self->line};
    ttl_reply_init(&entry.reply, ttl_allocator_libc());
    reading_known_fields(self, is_event ? event_fields : command_fields);
    const cJSON *on = reading_field(self, "on");
    if (on == NULL || !cJSON_IsString(on) || on->valuestring[0] == '\0') {
        reading_wrong(self, on != NULL ? on : self->document.root,
                      "expected `on`, the name of a connection");
    } else {
        entry.connection = history_connection(self->history, on->valuestring);
    }
    if (is_event) reading_event(self, &entry);
    else reading_arguments(self, &entry);
    reading_moments(self, &entry);
    if (!is_event) reading_reply(self, &entry);
    const char *wrong = self->sound ? history_append(self->history, &entry) : NULL;
    if (wrong != NULL) reading_wrong(self, self->document.root, "%s", wrong);
    ttl_reply_free(&entry.reply);
}

static void reading_head(reading *self, bool is_first) {
    static const char *const fields[] = {"history", "spec", "about", "rate_ppm", NULL};
    history *into = self->history;
    reading_known_fields(self, fields);
    const cJSON *version = reading_field(self, "history"), *spec = reading_field(self, "spec");
    const cJSON *about = reading_field(self, "about"), *rate = reading_field(self, "rate_ppm");
    if (!is_first) {
        reading_wrong(self, version, "expected `history` on the first line only");
    } else if (!cJSON_IsString(version) || strcmp(version->valuestring, history_format) != 0) {
        reading_wrong(self, version, "expected \"%s\", the version of the format", history_format);
    }
    ttl_dialect dialect;
    if (spec != NULL &&
        (!cJSON_IsString(spec) || !ttl_dialect_parse(spec->valuestring, &dialect))) {
        reading_wrong(self, spec, "expected a dialect, as \"redis-7.0\" or \"valkey-8.1.1\"");
    } else if (spec != NULL) {
        into->spec = arena_copy(&into->arena, spec->valuestring);
    }
    if (about != NULL && !cJSON_IsString(about)) {
        reading_wrong(self, about, "expected a string");
    } else if (about != NULL) {
        into->about = arena_copy(&into->arena, about->valuestring);
    }
    if (rate != NULL) (void)reading_number(self, rate, RATE_PPM_MAX, &into->rate_ppm);
}

/* Problems of the JSON itself count lines from the line. */
static void reading_take_problems(reading *self, const problem_list *found) {
    for (size_t i = 0; i < found->count; i++) {
        const problem *it = &found->problems[i];
        problem_add(self->problems, it->kind, it->file, it->pointer, self->line, "%s", it->text);
        self->sound = false;
    }
}

/* Reads one line, of which `text` is a copy that ends with a NUL. */
static bool reading_line(reading *self, const char *file, const char *text, size_t length) {
    self->sound = true;
    problem_list found = {0};
    bool is_json = json_read_text(&self->document, file, text, length, &found);
    reading_take_problems(self, &found);
    problem_list_free(&found);
    if (!is_json) return false;
    if (!cJSON_IsObject(self->document.root)) {
        reading_wrong(self, self->document.root, "expected an object on each line");
    } else if (reading_field(self, "history") != NULL) {
        reading_head(self, self->line == 1);
    } else {
        reading_entry(self);
    }
    json_free(&self->document);
    return self->sound;
}

static bool is_blank(const char *text, size_t length) {
    return strspn(text, " \t\r") >= length;
}

bool history_read(history *self, const char *file, const char *text, size_t length,
                  problem_list *problems) {
    reading state = {.history = self, .problems = problems};
    bool sound = true;
    size_t lines_of_json = 0;
    for (size_t at = 0; at < length;) {
        const char *newline = memchr(text + at, '\n', length - at);
        size_t size = newline != NULL ? (size_t)(newline - text) - at : length - at;
        char *line = text_copy_bytes((ttl_bytes){text + at, size});
        state.line++;
        if (!is_blank(line, size)) {
            lines_of_json++;
            sound = reading_line(&state, file, line, size) && sound;
        }
        free(line);
        at += size + 1;
    }
    if (sound && self->count == 0) {
        problem_add(problems, PROBLEM_ERROR, file, NULL, 0,
                    lines_of_json == 0 ? "expected a history: one JSON object on each line, found "
                                         "nothing"
                                       : "expected at least one command after the first line");
        sound = false;
    }
    return sound;
}

bool history_load(history *self, const char *path, problem_list *problems) {
    size_t length = 0;
    char *error = NULL, *text = text_read_file(path, &length, &error);
    if (text == NULL) {
        problem_add(problems, PROBLEM_ERROR, NULL, NULL, 0, "%s", error); /* it names the file */
        free(error);
        return false;
    }
    bool sound = history_read(self, path, text, length, problems);
    free(text);
    return sound;
}

/* -- writing ------------------------------------------------------------------------------------
 */

void history_write_head(const history *self, FILE *out) {
    fprintf(out, "{\"history\": \"%s\"", history_format);
    if (self->spec != NULL) {
        fputs(", \"spec\": ", out);
        json_write_string(out, self->spec);
    }
    if (self->rate_ppm >= 0) fprintf(out, ", \"rate_ppm\": \"%" PRId64 "\"", self->rate_ppm);
    if (self->about != NULL) {
        fputs(", \"about\": ", out);
        json_write_string(out, self->about);
    }
    fputs("}\n", out);
}

void history_write_entry(const history *self, const history_entry *entry, FILE *out) {
    fputs("{\"on\": ", out);
    json_write_string(out, self->connections[entry->connection]);
    fprintf(out, ", \"sent_us\": \"%" PRId64 "\", \"received_us\": ", entry->sent_us);
    bool answered = entry->received_us != HISTORY_NO_REPLY;
    if (answered) {
        fprintf(out, "\"%" PRId64 "\"", entry->received_us);
    } else {
        fputs("null", out);
    }
    if (entry->is_event) {
        fputs(", \"event\": ", out);
        notation_write_bytes(out, entry->argv[0]);
        fputs(", \"key\": ", out);
        notation_write_bytes(out, entry->argv[1]);
        fprintf(out, ", \"db\": %d}\n", entry->database);
        return;
    }
    fputs(", \"do\": [", out);
    for (size_t i = 0; i < entry->argc; i++) {
        if (i > 0) fputs(", ", out);
        notation_write_bytes(out, entry->argv[i]);
    }
    putc(']', out);
    if (entry->protocol != 2) fprintf(out, ", \"protocol\": %d", entry->protocol);
    if (answered) {
        fputs(", \"reply\": ", out);
        expectation_write_reply(out, &entry->reply, entry->protocol);
    }
    fputs("}\n", out);
}

void history_write(const history *self, FILE *out) {
    history_write_head(self, out);
    for (size_t i = 0; i < self->count; i++) history_write_entry(self, &self->entries[i], out);
}
