#include "conformance/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conformance/reply_json.h"
#include "conformance/text.h"

const report_format report_formats[] = {
    {"text", "report.txt", report_write_text},        {"json", "results.json", report_write_json},
    {"junit", "junit.xml", report_write_junit},       {"tap", "report.tap", report_write_tap},
    {"markdown", "report.md", report_write_markdown}, {"github", "github.txt", report_write_github},
    {"html", "index.html", report_write_html},        {NULL, NULL, NULL},
};

const report_format *report_find(const char *name) {
    for (const report_format *format = report_formats; format->name != NULL; format++)
        if (strcmp(format->name, name) == 0) return format;
    return NULL;
}

/* -- saving ------------------------------------------------------------------------------------ */

static bool save(const char *path, char *data, size_t length, char **error) {
    if (data == NULL) {
        *error = text_format("%s: cannot be written: there is no memory", path);
        return false;
    }
    bool done = text_write_file(path, data, length, error);
    free(data);
    return done;
}

bool report_save(const results *all, const report_format *format, const char *path, char **error) {
    static const report_style plain = {false, false};
    char *data = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&data, &length);
    if (out != NULL) {
        format->write(all, &plain, out);
        fclose(out);
    }
    return save(path, data, length, error);
}

static bool save_badge(const results *all, const char *path, char **error) {
    char *data = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&data, &length);
    if (out != NULL) {
        report_write_badge(all, out);
        fclose(out);
    }
    return save(path, data, length, error);
}

/* As mkdir -p. */
static bool make_directory(const char *path, char **error) {
    char *part = text_copy(path);
    bool made = true;
    for (char *at = part + 1; made && *part != '\0'; at++) {
        char was = *at;
        if (was != '/' && was != '\0') continue;
        *at = '\0';
        made = mkdir(part, 0777) == 0 || errno == EEXIST;
        *at = was;
        if (was == '\0') break;
    }
    struct stat about;
    if (made && (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))) {
        errno = ENOTDIR;
        made = false;
    }
    if (!made) *error = text_format("%s: cannot be made: %s", path, strerror(errno));
    free(part);
    return made;
}

/* Adds a sentence to those there are. */
static void add_error(char **errors, char *error) {
    if (*errors == NULL) {
        *errors = error;
        return;
    }
    text_replace(errors, "%s\n%s", *errors, error);
    free(error);
}

bool report_save_all(const results *all, const char *directory, char **error) {
    *error = NULL;
    if (!make_directory(directory, error)) return false;
    char *wrong = NULL, *path = NULL;
    for (const report_format *format = report_formats; format->name != NULL; format++) {
        text_replace(&path, "%s/%s", directory, format->file);
        if (!report_save(all, format, path, &wrong)) add_error(error, wrong);
    }
    text_replace(&path, "%s/badge.json", directory);
    if (!save_badge(all, path, &wrong)) add_error(error, wrong);
    free(path);
    return *error == NULL;
}

/* DIRECTORY/histories/ID.jsonl; of a vector that several targets differ in, with the target's
 * number. */
static bool save_history(result_vector *one, const char *directory, size_t run, char **error) {
    char *path = run == 0 ? text_format("%s/%s.jsonl", directory, one->id)
                          : text_format("%s/%s.target-%zu.jsonl", directory, one->id, run + 1);
    bool saved = text_write_file(path, one->history, strlen(one->history), error);
    if (saved) one->history_file = path;
    else free(path);
    return saved;
}

bool report_save_histories(results *all, const char *directory, char **error) {
    char *place = text_format("%s/histories", directory), *wrong = NULL;
    bool is_made = false;
    *error = NULL;
    for (size_t i = 0; i < all->count; i++) {
        for (size_t v = 0; v < all->runs[i].count; v++) {
            result_vector *one = &all->runs[i].vectors[v];
            if (one->history == NULL) continue;
            is_made = is_made || make_directory(place, &wrong);
            if (!is_made || !save_history(one, place, i, &wrong)) add_error(error, wrong);
            if (!is_made) break;
        }
    }
    free(place);
    return *error == NULL;
}

/* -- what the reports share -------------------------------------------------------------------- */

void report_write_json(const results *all, const report_style *style, FILE *out) {
    (void)style;
    results_write(all, out);
}

const char *report_outcome(const result_vector *one) {
    switch (one->known) {
    case KNOWN_FAILS: return "known";
    case KNOWN_FLAKES: return "flaky";
    case KNOWN_FIXED: return "fixed";
    case KNOWN_NOT: break;
    }
    return verdict_name(one->verdict);
}

bool report_is_notable(const result_vector *one) {
    if (one->known == KNOWN_FIXED) return true;
    if (one->known != KNOWN_NOT) return false;
    return one->verdict != VERDICT_PASS && one->verdict != VERDICT_SKIP;
}

char *report_reason(const result_vector *one) {
    const char *known = one->known_reason == NULL ? "" : one->known_reason;
    const char *reason = one->reason == NULL ? "" : one->reason;
    switch (one->known) {
    case KNOWN_FAILS: return text_format("known to fail (%s): %s", known, reason);
    case KNOWN_FLAKES: return text_format("known to flake (%s)", known);
    case KNOWN_FIXED:
        return text_format("passes, but the baseline says that it fails (%s): remove the line",
                           known);
    case KNOWN_NOT: break;
    }
    return one->class == NULL ? text_copy(reason) : text_format("%s: %s", one->class, reason);
}

char *report_again(const result_run *run, const result_vector *one) {
    return text_format("ttlspec run %s --run %s", run->arguments == NULL ? "" : run->arguments,
                       one->id);
}

char *report_judge(const result_vector *one) {
    if (one->history_file == NULL) return NULL;
    return text_format("ttlspec judge %s%s", one->history_file,
                       one->is_proven ? ""
                                      : " (which finds no fault with the times: "
                                        "what the vector expects is not of that kind)");
}

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

char *report_conclusion(const results *all) {
    size_t differences = 0, passes = 0, errors = 0;
    const char *unusable = NULL;
    bool interrupted = false;
    for (size_t i = 0; i < all->count; i++) {
        result_counts counts = result_run_count(&all->runs[i]);
        differences += counts.gate;
        passes += counts.of[VERDICT_PASS];
        errors += counts.of[VERDICT_ERROR];
        interrupted = interrupted || all->runs[i].interrupted;
        if (all->runs[i].unusable != NULL) unusable = all->runs[i].target;
    }
    const char *early = interrupted ? "interrupted: " : "";
    if (unusable != NULL) return text_format("%s%s could not be used", early, unusable);
    if (differences > 0)
        return text_format("%s%zu difference%s", early, differences, plural(differences));
    if (errors > 0)
        return text_format("%sthe target broke in %zu vector%s", early, errors, plural(errors));
    switch (results_status(all)) {
    case 0: return text_format("%sconformant: %zu passed", early, passes);
    default: return text_format("%snothing was decided", early);
    }
}

void report_write_badge(const results *all, FILE *out) {
    char *conclusion = report_conclusion(all);
    int status = results_status(all);
    fputs("{\"schemaVersion\":1,\"label\":\"ttlspec\",\"message\":", out);
    json_write_string(out, conclusion);
    fprintf(out, ",\"color\":\"%s\"}\n",
            status == 0   ? "brightgreen"
            : status == 1 ? "red"
                          : "grey");
    free(conclusion);
}
