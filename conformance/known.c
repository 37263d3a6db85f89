#include "conformance/known.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/glob.h"
#include "conformance/text.h"

static const char blanks[] = " \t\r";

/* -- reading ---------------------------------------------------------------------------------- */

/* The next word of a line; advances past it. Its length is 0 at the end. */
static ttl_bytes next_word(const char **at) {
    *at += strspn(*at, blanks);
    ttl_bytes word = {*at, strcspn(*at, blanks)};
    *at += word.length;
    return word;
}

static bool word_is(ttl_bytes word, const char *text) {
    return ttl_bytes_equal(word, ttl_bytes_of(text));
}

/* "valkey", "valkey-8.1", "valkey-8.0..8.1", "redis-7.2..". */
static bool parse_range(ttl_bytes word, known_range *range) {
    const char *dash = memchr(word.data, '-', word.length);
    size_t family_length = dash == NULL ? word.length : (size_t)(dash - word.data);
    if (!ttl_family_parse(word.data, family_length, &range->family)) return false;
    range->since = (ttl_version){0, 0, 0};
    range->until = (ttl_version){TTL_VERSION_ANY, TTL_VERSION_ANY, TTL_VERSION_ANY};
    if (dash == NULL) return true;
    const char *from = dash + 1, *end = word.data + word.length, *dots = NULL;
    for (const char *at = from; at + 1 < end && dots == NULL; at++)
        if (at[0] == '.' && at[1] == '.') dots = at;
    const char *from_end = dots == NULL ? end : dots, *to = dots == NULL ? from : dots + 2;
    bool open_from = dots != NULL && from_end == from, open_to = dots != NULL && to == end;
    return (open_from || ttl_version_parse(from, (size_t)(from_end - from), 0, &range->since)) &&
           (open_to || ttl_version_parse(to, (size_t)(end - to), TTL_VERSION_ANY, &range->until));
}

/* Reads "[a b c]", if the line has it here. NULL: fine. */
static const char *parse_ranges(known_line *line, const char **at) {
    *at += strspn(*at, blanks);
    if (**at != '[') return NULL;
    const char *close = strchr(*at, ']');
    if (close == NULL) return "the bracket of versions is not closed";
    char *inside = text_copy_bytes((ttl_bytes){*at + 1, (size_t)(close - *at - 1)});
    const char *rest = inside, *wrong = NULL;
    for (ttl_bytes word; wrong == NULL && (word = next_word(&rest)).length > 0;) {
        if (word.data[word.length - 1] == ',') word.length--;
        line->ranges = memory_grown(line->ranges, line->range_count, sizeof *line->ranges);
        if (!parse_range(word, &line->ranges[line->range_count++]))
            wrong = "in brackets stand servers: redis, redis-7.0, valkey-8.0..8.1";
    }
    free(inside);
    *at = close + 1;
    return wrong;
}

/* NULL: the line is sound. */
static const char *parse_line(known_line *line) {
    const char *at = line->text;
    ttl_bytes kind = next_word(&at);
    line->is_comment = kind.length == 0 || kind.data[0] == '#';
    if (line->is_comment) return NULL;
    if (word_is(kind, "fail")) line->kind = KNOWN_LINE_FAIL;
    else if (word_is(kind, "flaky")) line->kind = KNOWN_LINE_FLAKY;
    else if (word_is(kind, "skip")) line->kind = KNOWN_LINE_SKIP;
    else return "a line begins with fail, flaky or skip";
    ttl_bytes glob = next_word(&at);
    if (glob.length == 0) return "the pattern of ids is missing";
    line->glob = text_copy_bytes(glob);
    const char *wrong = parse_ranges(line, &at);
    if (wrong != NULL) return wrong;
    at += strspn(at, blanks);
    size_t length = strlen(at);
    while (length > 0 && strchr(blanks, at[length - 1]) != NULL) length--;
    if (length == 0) return "the reason is missing: words or a link, after the pattern";
    line->reason = text_copy_bytes((ttl_bytes){at, length});
    return NULL;
}

static known_line *add_line(known *baseline) {
    baseline->lines = memory_grown(baseline->lines, baseline->count, sizeof *baseline->lines);
    known_line *line = &baseline->lines[baseline->count++];
    *line = (known_line){.number = (int)baseline->count};
    return line;
}

bool known_read(known *baseline, const char *path, char **error) {
    size_t length;
    *baseline = (known){0};
    char *data = text_read_file(path, &length, error);
    if (data == NULL) return false;
    baseline->path = text_copy(path);
    const char *wrong = NULL;
    for (const char *at = data; *at != '\0' && wrong == NULL;) {
        size_t line_length = strcspn(at, "\n");
        known_line *line = add_line(baseline);
        line->text = text_copy_bytes((ttl_bytes){at, line_length});
        wrong = parse_line(line);
        if (wrong != NULL) *error = text_format("%s:%d: %s", path, line->number, wrong);
        at += line_length + (at[line_length] == '\n');
    }
    free(data);
    if (wrong != NULL) known_free(baseline);
    return wrong == NULL;
}

void known_free(known *baseline) {
    for (size_t i = 0; i < baseline->count; i++) {
        free(baseline->lines[i].text);
        free(baseline->lines[i].glob);
        free(baseline->lines[i].reason);
        free(baseline->lines[i].ranges);
    }
    free(baseline->lines);
    free(baseline->path);
    *baseline = (known){0};
}

/* -- asking ------------------------------------------------------------------------------------ */

bool known_check(const known *baseline, const vector_set *set, char **error) {
    for (size_t i = 0; i < baseline->count; i++) {
        const known_line *line = &baseline->lines[i];
        bool is_used = line->is_comment;
        for (size_t v = 0; v < set->count && !is_used; v++)
            is_used = glob_matches_id(line->glob, set->vectors[v]->id);
        if (is_used) continue;
        *error = text_format("%s:%d: no vector matches %s: the line is mistaken or stale",
                             baseline->path, line->number, line->glob);
        return false;
    }
    return true;
}

static bool line_holds(const known_line *line, const ttl_dialect *dialect) {
    for (size_t i = 0; i < line->range_count; i++) {
        const known_range *range = &line->ranges[i];
        if (range->family == dialect->family &&
            ttl_version_compare(dialect->version, range->since) >= 0 &&
            ttl_version_compare(dialect->version, range->until) <= 0)
            return true;
    }
    return line->range_count == 0;
}

const known_line *known_find(const known *baseline, const char *id, const ttl_dialect *dialect) {
    for (size_t i = 0; i < baseline->count; i++) {
        const known_line *line = &baseline->lines[i];
        if (!line->is_comment && glob_matches_id(line->glob, id) && line_holds(line, dialect))
            return line;
    }
    return NULL;
}

static bool is_difference(verdict value) {
    return value == VERDICT_FAIL || value == VERDICT_WARNING;
}

void known_apply(const known *baseline, const ttl_dialect *dialect, result_run *run) {
    for (size_t i = 0; i < run->count; i++) {
        result_vector *one = &run->vectors[i];
        const known_line *line = known_find(baseline, one->id, dialect);
        if (line == NULL || line->kind == KNOWN_LINE_SKIP) continue;
        bool differs = is_difference(one->verdict), passes = one->verdict == VERDICT_PASS;
        if (!differs && !passes) continue;
        if (line->kind == KNOWN_LINE_FLAKY) one->known = KNOWN_FLAKES;
        else one->known = differs ? KNOWN_FAILS : KNOWN_FIXED;
        one->known_reason = text_copy(line->reason);
    }
}

/* -- updating ---------------------------------------------------------------------------------- */

/* How the vectors under a line came out in all runs for whose dialect it holds. */
typedef struct line_use {
    size_t differing, passing;
} line_use;

static line_use use_of_line(const known_line *line, const results *all) {
    line_use use = {0, 0};
    for (size_t r = 0; r < all->count; r++) {
        ttl_dialect dialect;
        const result_run *run = &all->runs[r];
        if (run->dialect == NULL || !ttl_dialect_parse(run->dialect, &dialect)) continue;
        if (!line_holds(line, &dialect)) continue;
        for (size_t i = 0; i < run->count; i++) {
            if (!glob_matches_id(line->glob, run->vectors[i].id)) continue;
            use.differing += is_difference(run->vectors[i].verdict);
            use.passing += run->vectors[i].verdict == VERDICT_PASS;
        }
    }
    return use;
}

/* A line stays as long as it is true: a `fail` under which something passes is not. */
static bool line_stays(const known_line *line, const results *all) {
    if (line->is_comment || line->kind != KNOWN_LINE_FAIL) return true;
    return use_of_line(line, all).passing == 0;
}

/* Adds a line for each failure that no remaining line covers. */
static void write_new(const known *baseline, const results *all, const result_run *run, FILE *out) {
    ttl_dialect dialect;
    if (run->dialect == NULL || !ttl_dialect_parse(run->dialect, &dialect)) return;
    for (size_t i = 0; i < run->count; i++) {
        const result_vector *one = &run->vectors[i];
        if (!is_difference(one->verdict)) continue;
        const known_line *line = known_find(baseline, one->id, &dialect);
        if (line != NULL && line_stays(line, all)) continue;
        const char *reason = line != NULL ? line->reason : one->reason;
        fprintf(out, "fail %s [%s] ", one->id, run->dialect);
        for (const char *at = reason == NULL ? "differs" : reason; *at != '\0'; at++)
            putc(*at == '\n' || *at == '\r' ? ' ' : *at, out);
        putc('\n', out);
    }
}

bool known_update(const known *baseline, const results *all, const char *path, char **error) {
    char *data = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&data, &length);
    if (out == NULL) {
        *error = text_format("%s: cannot be written: there is no memory", path);
        return false;
    }
    if (baseline->count == 0)
        fputs("# Accepted differences: fail|flaky|skip ID-GLOB [servers] reason or link\n", out);
    for (size_t i = 0; i < baseline->count; i++)
        if (line_stays(&baseline->lines[i], all)) fprintf(out, "%s\n", baseline->lines[i].text);
    for (size_t i = 0; i < all->count; i++) write_new(baseline, all, &all->runs[i], out);
    fclose(out);
    bool done = text_write_file(path, data, length, error);
    free(data);
    return done;
}
