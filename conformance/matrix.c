#include "conformance/matrix.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation.h"
#include "conformance/reply_json.h"
#include "conformance/text.h"

/* -- stories --------------------------------------------------------------------------------- */

static char *reply_text(const ttl_reply *reply, int protocol) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return text_copy("null");
    expectation_write_reply(out, reply, protocol);
    fclose(out);
    return text;
}

static void write_events(FILE *out, const ttl_reply *events) {
    putc(',', out);
    if (events->node_count == 0) putc('0', out);
    else expectation_write_reply(out, events, 2);
}

/* [at, connection or 0, command, reply, expected, verdict, reason or 0, events, wanted events].
 * The reply is 0 when it is what was expected, -1 when none came, else alone in an array. */
static void write_step(FILE *out, const result_step *step) {
    char *reply = step->answered ? reply_text(&step->reply, step->protocol) : NULL;
    bool is_same = reply != NULL && step->expected != NULL && strcmp(reply, step->expected) == 0;
    fprintf(out, "[%" PRId64 ",", step->at_ms);
    if (step->connection == NULL) putc('0', out);
    else json_write_string(out, step->connection);
    putc(',', out);
    expectation_write_reply(out, &step->command, 2);
    if (is_same) fputs(",0", out);
    else if (reply == NULL) fputs(",-1", out);
    else fprintf(out, ",[%s]", reply);
    free(reply);
    fprintf(out, ",%s,\"%c\",", step->expected == NULL ? "null" : step->expected,
            step->judged ? verdict_name(step->verdict)[0] : '-');
    if (step->reason == NULL) putc('0', out);
    else json_write_string(out, step->reason);
    write_events(out, &step->events);
    if (step->checks_events) write_events(out, &step->wanted_events);
    putc(']', out);
}

static size_t step_number(matrix *self, const result_step *step) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return 0;
    write_step(out, step);
    fclose(out);
    size_t number = interned_add(&self->steps, text);
    free(text);
    return number;
}

static char *story_text(matrix *self, const result_vector *cell) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return text_copy("[0,[]]");
    putc('[', out);
    if (cell->reason == NULL) putc('0', out);
    else json_write_string(out, cell->reason);
    fputs(",[", out);
    for (size_t i = 0; i < cell->step_count; i++)
        fprintf(out, i > 0 ? ",%zu" : "%zu", step_number(self, &cell->steps[i]));
    fputs("]]", out);
    fclose(out);
    return text;
}

static size_t row_story(matrix_row *row, char *text) {
    for (size_t i = 0; i < row->story_count; i++) {
        if (strcmp(row->story_texts[i], text) != 0) continue;
        free(text);
        return i;
    }
    row->story_texts = memory_grown(row->story_texts, row->story_count, sizeof *row->story_texts);
    row->story_texts[row->story_count] = text;
    return row->story_count++;
}

/* -- rows ------------------------------------------------------------------------------------ */

/* The row of a vector. Runs have their vectors in the same order, so the guess is nearly always
 * right. */
static matrix_row *row_of(matrix *self, const result_vector *vector, size_t guess) {
    if (guess < self->row_count && strcmp(self->rows[guess].vector->id, vector->id) == 0)
        return &self->rows[guess];
    for (size_t i = 0; i < self->row_count; i++)
        if (strcmp(self->rows[i].vector->id, vector->id) == 0) return &self->rows[i];
    self->rows = memory_grown(self->rows, self->row_count, sizeof *self->rows);
    matrix_row *row = &self->rows[self->row_count++];
    *row = (matrix_row){.vector = vector,
                        .cells = memory_zeroed(self->run_count, sizeof *row->cells),
                        .stories = memory_zeroed(self->run_count, sizeof *row->stories)};
    return row;
}

static bool is_decided(const result_vector *cell) {
    return cell != NULL && cell->verdict != VERDICT_SKIP;
}

static bool same_text(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_reply(const ttl_reply *a, const ttl_reply *b) {
    return a->node_count == b->node_count && (a->node_count == 0 || ttl_reply_equal(a, b));
}

/* Was the same expected of both? */
static bool same_expectation(const result_vector *a, const result_vector *b) {
    if (a->step_count != b->step_count) return false;
    for (size_t i = 0; i < a->step_count; i++)
        if (!same_text(a->steps[i].expected, b->steps[i].expected) ||
            !same_reply(&a->steps[i].wanted_events, &b->steps[i].wanted_events))
            return false;
    return true;
}

/* A skip for what the target cannot do says nothing of what the version does. */
static bool is_missing_there(const result_vector *cell) {
    return cell != NULL && cell->verdict == VERDICT_SKIP && cell->reason != NULL &&
           strncmp(cell->reason, "needs ", strlen("needs ")) != 0;
}

static matrix_kind kind_of(const matrix *self, const matrix_row *row) {
    const result_vector *first = NULL;
    bool varies = false, is_partial = false;
    for (size_t i = 0; i < self->run_count; i++) {
        const result_vector *cell = row->cells[i];
        is_partial = is_partial || is_missing_there(cell);
        if (!is_decided(cell)) continue;
        if (cell->verdict != VERDICT_PASS) return MATRIX_DIFFERS;
        if (self->runs[i].is_live) continue;
        varies = varies || (first != NULL && !same_expectation(first, cell));
        if (first == NULL) first = cell;
    }
    if (varies) return MATRIX_VARIES;
    return is_partial && first != NULL ? MATRIX_PARTIAL : MATRIX_SAME;
}

static void sort_rows(matrix *self) {
    matrix_row *sorted = memory_zeroed(self->row_count, sizeof *sorted);
    size_t count = 0;
    for (int kind = 0; kind < MATRIX_KINDS; kind++)
        for (size_t i = 0; i < self->row_count; i++)
            if ((int)self->rows[i].kind == kind) sorted[count++] = self->rows[i];
    free(self->rows);
    self->rows = sorted;
}

/* -- runs ------------------------------------------------------------------------------------ */

static void name_run(matrix_run *to) {
    const result_run *run = to->run;
    to->is_engine = strncmp(run->target, "engine", 6) == 0;
    const char *server = run->server == NULL ? run->target : run->server;
    bool is_ours = strncmp(run->target, "exec:", 5) == 0;
    to->is_live = !to->is_engine && !is_ours;
    if (to->is_engine) to->name = text_format("engine %s", run->dialect);
    else to->name = text_format(is_ours ? "%s" : "%s in real time", server);
    to->pair = MATRIX_NO_PAIR;
}

static void pair_runs(matrix *self) {
    for (size_t i = 0; i < self->run_count; i++) name_run(&self->runs[i]);
    for (size_t i = 0; i < self->run_count; i++) {
        matrix_run *server = &self->runs[i];
        if (server->is_engine || server->run->dialect == NULL) continue;
        for (size_t e = 0; e < self->run_count && server->pair == MATRIX_NO_PAIR; e++) {
            matrix_run *engine = &self->runs[e];
            bool fits = engine->is_engine && engine->run->dialect != NULL &&
                        strcmp(engine->run->dialect, server->run->dialect) == 0;
            if (fits) server->pair = e;
        }
        if (server->pair != MATRIX_NO_PAIR) self->runs[server->pair].is_paired = true;
    }
}

static bool both_decided(const matrix *self, const matrix_row *row, size_t run) {
    size_t pair = self->runs[run].pair;
    return pair != MATRIX_NO_PAIR && is_decided(row->cells[run]) && is_decided(row->cells[pair]);
}

bool matrix_disagrees(const matrix *self, const matrix_row *row, size_t run) {
    return both_decided(self, row, run) &&
           row->cells[run]->verdict != row->cells[self->runs[run].pair]->verdict;
}

static void count_agreement(matrix *self) {
    for (size_t r = 0; r < self->run_count; r++)
        for (size_t i = 0; i < self->row_count; i++) {
            self->runs[r].compared += both_decided(self, &self->rows[i], r);
            self->runs[r].agreed +=
                both_decided(self, &self->rows[i], r) && !matrix_disagrees(self, &self->rows[i], r);
        }
}

/* -- the whole ------------------------------------------------------------------------------- */

void matrix_build(matrix *self, const results *all) {
    *self = (matrix){.all = all, .run_count = all->count};
    self->runs = memory_zeroed(all->count, sizeof *self->runs);
    for (size_t r = 0; r < all->count; r++) {
        const result_run *run = &all->runs[r];
        self->runs[r].run = run;
        for (size_t i = 0; i < run->count; i++) {
            matrix_row *row = row_of(self, &run->vectors[i], i);
            row->cells[r] = &run->vectors[i];
            row->stories[r] = row_story(row, story_text(self, &run->vectors[i]));
        }
    }
    pair_runs(self);
    for (size_t i = 0; i < self->row_count; i++) {
        self->rows[i].kind = kind_of(self, &self->rows[i]);
        self->of_kind[self->rows[i].kind]++;
    }
    sort_rows(self);
    count_agreement(self);
}

void matrix_free(matrix *self) {
    for (size_t i = 0; i < self->row_count; i++) {
        for (size_t s = 0; s < self->rows[i].story_count; s++) free(self->rows[i].story_texts[s]);
        free(self->rows[i].story_texts);
        free(self->rows[i].cells);
        free(self->rows[i].stories);
    }
    for (size_t i = 0; i < self->run_count; i++) free(self->runs[i].name);
    free(self->rows);
    free(self->runs);
    interned_free(&self->steps);
    *self = (matrix){0};
}
