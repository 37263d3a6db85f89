#include "conformance/report_html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/reply_json.h"
#include "conformance/text.h"

static void write_string(FILE *out, const char *text) {
    if (text == NULL) putc('0', out);
    else json_write_string(out, text);
}

static void write_run(const matrix *from, size_t index, FILE *out) {
    const matrix_run *column = &from->runs[index];
    result_counts counts = result_run_count(column->run);
    fputs(index > 0 ? ",\n{\"name\":" : "\n{\"name\":", out);
    write_string(out, column->name);
    fputs(",\"target\":", out);
    write_string(out, column->run->target);
    fputs(",\"spec\":", out);
    write_string(out, column->run->dialect);
    fputs(",\"started\":", out);
    write_string(out, column->run->started);
    fputs(",\"unusable\":", out);
    write_string(out, column->run->unusable);
    fprintf(
        out, ",\"engine\":%d,\"live\":%d,\"paired\":%d,\"pair\":%d,\"compared\":%zu,\"agreed\":%zu",
        column->is_engine, column->is_live, column->is_paired,
        column->pair == MATRIX_NO_PAIR ? -1 : (int)column->pair, column->compared, column->agreed);
    fprintf(out, ",\"us\":%" PRId64 ",\"counts\":[", column->run->duration_us);
    for (int v = 0; v < VERDICT_COUNT; v++) fprintf(out, v > 0 ? ",%zu" : "%zu", counts.of[v]);
    fputs("]}", out);
}

/* Rules by number, in order of first use. */
static size_t rule_number(interned *rules, const result_rule *rule) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return 0;
    putc('[', out);
    write_string(out, rule->id);
    putc(',', out);
    write_string(out, rule->text);
    putc(',', out);
    write_string(out, rule->source);
    putc(']', out);
    fclose(out);
    size_t number = interned_add(rules, text);
    free(text);
    return number;
}

/* All cells when they are the same, else one for each run. */
static void write_stories(const matrix *from, const matrix_row *row, FILE *out) {
    if (row->story_count == 1) {
        putc('0', out);
        return;
    }
    putc('[', out);
    for (size_t r = 0; r < from->run_count; r++)
        fprintf(out, r > 0 ? ",%zu" : "%zu", row->stories[r]);
    putc(']', out);
}

/* [id, title, suite, place, should, rules, kind, verdicts, story of each run, T0, stories] */
static void write_row(const matrix *from, const matrix_row *row, interned *rules, FILE *out) {
    const result_vector *vector = row->vector;
    putc('[', out);
    write_string(out, vector->id);
    putc(',', out);
    write_string(out, vector->title);
    putc(',', out);
    write_string(out, vector->suite);
    char *place = text_format("%s:%d", vector->file, vector->line);
    putc(',', out);
    write_string(out, place);
    free(place);
    fprintf(out, ",%d,[", vector->is_should);
    for (size_t i = 0; i < vector->rule_count; i++)
        fprintf(out, i > 0 ? ",%zu" : "%zu", rule_number(rules, &vector->rules[i]));
    fprintf(out, "],%d,\"", (int)row->kind);
    for (size_t r = 0; r < from->run_count; r++)
        putc(row->cells[r] == NULL ? '-' : verdict_name(row->cells[r]->verdict)[0], out);
    fputs("\",", out);
    write_stories(from, row, out);
    int64_t t0_ms = 0;
    for (size_t r = 0; r < from->run_count && t0_ms == 0; r++)
        if (row->cells[r] != NULL) t0_ms = row->cells[r]->t0_ms;
    fprintf(out, ",%" PRId64 ",[", t0_ms);
    for (size_t s = 0; s < row->story_count; s++)
        fprintf(out, s > 0 ? ",%s" : "%s", row->story_texts[s]);
    fputs("]]", out);
}

static void write_list(const char *name, const interned *list, FILE *out) {
    fprintf(out, ",\n\"%s\":[", name);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, i > 0 ? ",\n%s" : "\n%s", list->strings[i]);
    putc(']', out);
}

static void write_data(const matrix *from, FILE *out) {
    interned rules = {0};
    fputs("{\"made\":", out);
    write_string(out, from->all->made_by);
    fputs(",\"runs\":[", out);
    for (size_t r = 0; r < from->run_count; r++) write_run(from, r, out);
    fputs("],\n\"rows\":[", out);
    for (size_t i = 0; i < from->row_count; i++) {
        fputs(i > 0 ? ",\n" : "\n", out);
        write_row(from, &from->rows[i], &rules, out);
    }
    putc(']', out);
    write_list("rules", &rules, out);
    write_list("steps", &from->steps, out);
    fputs("}\n", out);
    interned_free(&rules);
}

/* In JSON "<" stands only inside strings, where it may be written as an escape; so nothing in the
 * data can end the element that holds it. */
static void write_escaped(const char *data, FILE *out) {
    for (const char *at = data; *at != '\0';) {
        size_t plain = strcspn(at, "<");
        fwrite(at, 1, plain, out);
        at += plain;
        if (*at == '<') {
            fputs("\\u003c", out);
            at++;
        }
    }
}

void report_html_write_matrix(const matrix *from, FILE *out) {
    char *data = NULL;
    size_t length = 0;
    FILE *buffer = open_memstream(&data, &length);
    if (buffer == NULL) return;
    write_data(from, buffer);
    fclose(buffer);
    for (const char *const *line = report_html_page; *line != NULL; line++) {
        if (strcmp(*line, "@DATA@\n") == 0) write_escaped(data, out);
        else fputs(*line, out);
    }
    free(data);
}

void report_write_html(const results *all, const report_style *style, FILE *out) {
    (void)style;
    matrix from;
    matrix_build(&from, all);
    report_html_write_matrix(&from, out);
    matrix_free(&from);
}
