/* matrix.md: servers, differences, and what separates the versions. */
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation.h"
#include "conformance/matrix.h"
#include "conformance/text.h"

static void write_cell(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (strchr("|\\`*_<>[]", *text) != NULL) putc('\\', out);
        putc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

/* Text between backticks; a pipe would end the cell even there. */
static void write_code(FILE *out, const char *text) {
    putc('`', out);
    for (; *text != '\0'; text++) {
        if (*text == '|') putc('\\', out);
        putc(*text == '\n' || *text == '\r' || *text == '`' ? ' ' : *text, out);
    }
    putc('`', out);
}

/* -- servers --------------------------------------------------------------------------------- */

static void write_server(const matrix *self, size_t index, FILE *out) {
    const matrix_run *column = &self->runs[index];
    result_counts counts = result_run_count(column->run);
    fputs("| ", out);
    write_cell(out, column->name);
    if (column->run->unusable != NULL) {
        fputs(" | could not be used: ", out);
        write_cell(out, column->run->unusable);
        fputs(" | | | | | |\n", out);
        return;
    }
    fprintf(out, " | %zu | %zu | %zu | %zu | %zu", counts.of[VERDICT_PASS],
            counts.of[VERDICT_FAIL] + counts.of[VERDICT_WARNING], counts.of[VERDICT_INCONCLUSIVE],
            counts.of[VERDICT_ERROR], counts.of[VERDICT_SKIP]);
    if (column->pair == MATRIX_NO_PAIR) fputs(" | ", out);
    else fprintf(out, " | %zu of %zu", column->agreed, column->compared);
    fprintf(out, " | %.1f |\n", (double)column->run->duration_us / 1e6);
}

static void write_servers(const matrix *self, FILE *out) {
    fputs("| server | pass | differ | undecided | broke | skipped | engine agrees | seconds |\n"
          "|---|--:|--:|--:|--:|--:|--:|--:|\n",
          out);
    for (size_t r = 0; r < self->run_count; r++)
        if (!self->runs[r].is_paired) write_server(self, r, out);
}

/* -- differences ----------------------------------------------------------------------------- */

static void write_difference(const matrix *self, const matrix_row *row, FILE *out) {
    fputs("- ", out);
    write_code(out, row->vector->id);
    fputs(": ", out);
    write_cell(out, row->vector->title);
    putc('\n', out);
    for (size_t r = 0; r < self->run_count; r++) {
        const result_vector *cell = row->cells[r];
        bool is_told =
            cell != NULL && cell->verdict != VERDICT_PASS && cell->verdict != VERDICT_SKIP;
        if (!is_told) continue;
        fputs("  - ", out);
        write_cell(out, self->runs[r].name);
        fprintf(out, ": %s, ", verdict_name(cell->verdict));
        write_cell(out, cell->reason == NULL ? "" : cell->reason);
        putc('\n', out);
    }
}

static void write_differences(const matrix *self, FILE *out) {
    fputs("\n## Differences\n\n", out);
    if (self->of_kind[MATRIX_DIFFERS] == 0) {
        fputs("None: every server does what its version is held to.\n", out);
        return;
    }
    for (size_t i = 0; i < self->row_count; i++)
        if (self->rows[i].kind == MATRIX_DIFFERS) write_difference(self, &self->rows[i], out);
}

/* -- what separates versions ----------------------------------------------------------------- */

static const char *expected_of(const result_vector *cell, size_t step) {
    const char *expected = cell->steps[step].expected;
    return expected == NULL ? "" : expected;
}

/* What was expected of a step, the events too where the reply is not what varies. The caller
 * frees. */
static char *expectation_of(const result_vector *cell, size_t step, bool with_events) {
    const char *reply = expected_of(cell, step);
    if (!with_events || cell->steps[step].wanted_events.node_count == 0) return text_copy(reply);
    char *events = expectation_text_of_reply(&cell->steps[step].wanted_events, 2);
    char *text = text_format("%s %s", reply, events);
    free(events);
    return text;
}

static bool is_shown(const matrix *self, const matrix_row *row, size_t run) {
    const result_vector *cell = row->cells[run];
    return !self->runs[run].is_engine && !self->runs[run].is_live && cell != NULL &&
           cell->step_count > 0;
}

/* The first step of which not the same was expected; `with_events`: only the events vary. */
static size_t varying_step(const matrix *self, const matrix_row *row, bool with_events) {
    const result_vector *first = NULL;
    for (size_t r = 0; r < self->run_count; r++) {
        if (!is_shown(self, row, r)) continue;
        if (first == NULL) first = row->cells[r];
        for (size_t s = 0; s < first->step_count && s < row->cells[r]->step_count; s++) {
            char *a = expectation_of(first, s, with_events);
            char *b = expectation_of(row->cells[r], s, with_events);
            bool differs = strcmp(a, b) != 0;
            free(a), free(b);
            if (differs) return s;
        }
    }
    return (size_t)-1;
}

/* How many servers were expected to answer a step with this. */
static size_t count_answer(const matrix *self, const matrix_row *row, size_t step, bool with_events,
                           const char *answer, bool *is_among) {
    size_t count = 0;
    for (size_t r = 0; r < self->run_count; r++) {
        is_among[r] = false;
        if (!is_shown(self, row, r)) continue;
        char *text = expectation_of(row->cells[r], step, with_events);
        is_among[r] = strcmp(text, answer) == 0;
        count += is_among[r];
        free(text);
    }
    return count;
}

/* "`"v"` redis 7.0.15, redis 8.0.2; `null` the others": what more than half of them answer comes
 * last. */
static void write_answers(const matrix *self, const matrix_row *row, size_t step, bool with_events,
                          FILE *out) {
    bool *is_done = memory_zeroed(self->run_count, sizeof *is_done);
    bool *is_among = memory_zeroed(self->run_count, sizeof *is_among);
    size_t all = 0;
    char *usual = NULL;
    for (size_t r = 0; r < self->run_count; r++) all += is_shown(self, row, r);
    for (size_t r = 0; r < self->run_count; r++) {
        if (is_done[r] || !is_shown(self, row, r)) continue;
        char *text = expectation_of(row->cells[r], step, with_events);
        bool is_usual = 2 * count_answer(self, row, step, with_events, text, is_among) > all;
        if (!is_usual) write_code(out, text);
        const char *separator = " ";
        for (size_t other = r; other < self->run_count; other++) {
            if (!is_among[other]) continue;
            is_done[other] = true;
            if (is_usual) continue;
            fputs(separator, out);
            write_cell(out, self->runs[other].name);
            separator = ", ";
        }
        if (is_usual) usual = text;
        else fputs("; ", out);
        if (!is_usual) free(text);
    }
    if (usual != NULL) write_code(out, usual);
    if (usual != NULL) fputs(" the others", out);
    free(usual), free(is_done), free(is_among);
}

static void write_variation(const matrix *self, const matrix_row *row, FILE *out) {
    bool with_events = false;
    size_t step = varying_step(self, row, with_events);
    if (step == (size_t)-1) step = varying_step(self, row, with_events = true);
    if (step == (size_t)-1) return;
    const result_vector *sample = NULL;
    for (size_t r = 0; r < self->run_count && sample == NULL; r++)
        if (is_shown(self, row, r)) sample = row->cells[r];
    char *command = expectation_text_of_reply(&sample->steps[step].command, 2);
    fputs("| ", out);
    write_code(out, row->vector->id);
    fputs(" | ", out);
    write_code(out, command);
    fputs(" | ", out);
    write_answers(self, row, step, with_events, out);
    fputs(" |\n", out);
    free(command);
}

static void write_variations(const matrix *self, FILE *out) {
    fprintf(out,
            "\n## What separates the versions\n\n%zu vectors are answered differently by some "
            "versions; the first step that\nshows it:\n\n| vector | command | answers |\n"
            "|---|---|---|\n",
            self->of_kind[MATRIX_VARIES]);
    for (size_t i = 0; i < self->row_count; i++)
        if (self->rows[i].kind == MATRIX_VARIES) write_variation(self, &self->rows[i], out);
}

void matrix_write_markdown(const matrix *self, FILE *out) {
    fprintf(out, "# Real servers under the virtual clock\n\n%zu vectors, made by ttlspec %s.\n\n",
            self->row_count, self->all->made_by == NULL ? "" : self->all->made_by);
    write_servers(self, out);
    write_differences(self, out);
    if (self->of_kind[MATRIX_VARIES] > 0) write_variations(self, out);
}
