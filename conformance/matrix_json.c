/* matrix.json: who was asked, and one line for each vector. */
#include <inttypes.h>
#include <string.h>

#include "conformance/matrix.h"
#include "conformance/reply_json.h"

enum { MATRIX_FORMAT = 1 };

static const char *const kind_names[] = {"differs", "varies", "partial", "same"};

static void write_text(FILE *out, const char *name, const char *text) {
    if (text == NULL) return;
    fprintf(out, ",\"%s\":", name);
    json_write_string(out, text);
}

static void write_run(const matrix *self, size_t index, FILE *out) {
    const matrix_run *column = &self->runs[index];
    result_counts counts = result_run_count(column->run);
    fputs(index > 0 ? ",\n  {\"name\":" : "\n  {\"name\":", out);
    json_write_string(out, column->name);
    write_text(out, "target", column->run->target);
    write_text(out, "server", column->run->server);
    write_text(out, "spec", column->run->dialect);
    write_text(out, "started", column->run->started);
    write_text(out, "unusable", column->run->unusable);
    fprintf(out, ",\"duration_us\":\"%" PRId64 "\",\"counts\":{\"total\":%zu",
            column->run->duration_us, counts.total);
    for (int v = 0; v < VERDICT_COUNT; v++)
        fprintf(out, ",\"%s\":%zu", verdict_name((verdict)v), counts.of[v]);
    putc('}', out);
    if (column->pair != MATRIX_NO_PAIR)
        fprintf(out, ",\"engine\":{\"compared\":%zu,\"agreed\":%zu}", column->compared,
                column->agreed);
    putc('}', out);
}

/* "pps-": the first letters of the verdicts, in the order of the runs. */
static void write_row(const matrix *self, const matrix_row *row, FILE *out) {
    fputs("  {\"id\":", out);
    json_write_string(out, row->vector->id);
    fprintf(out, ",\"kind\":\"%s\",\"verdicts\":\"", kind_names[row->kind]);
    for (size_t r = 0; r < self->run_count; r++)
        putc(row->cells[r] == NULL ? '-' : verdict_name(row->cells[r]->verdict)[0], out);
    fputs("\",\"answers\":[", out);
    for (size_t r = 0; r < self->run_count; r++)
        fprintf(out, r > 0 ? ",%zu" : "%zu", row->stories[r]);
    fputs("]}", out);
}

void matrix_write_json(const matrix *self, FILE *out) {
    fprintf(out, "{\"format\":%d", MATRIX_FORMAT);
    write_text(out, "ttlspec", self->all->made_by);
    fputs(",\"runs\":[", out);
    for (size_t r = 0; r < self->run_count; r++) write_run(self, r, out);
    fputs("],\n \"vectors\":[\n", out);
    for (size_t i = 0; i < self->row_count; i++) {
        write_row(self, &self->rows[i], out);
        fputs(i + 1 < self->row_count ? ",\n" : "\n", out);
    }
    fputs(" ]}\n", out);
}
