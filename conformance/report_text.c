/* The report for a terminal, and the block that tells the story of one vector. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation.h"
#include "conformance/report.h"
#include "conformance/text.h"

enum { CELL_MAX = 44, TIMELINE_COLUMNS = 7, SUMMARY_COLUMNS = 10, TABLE_COLUMNS_MAX = 12 };

/* -- colours ----------------------------------------------------------------------------------- */

static const char *paint(const report_style *style, const char *code) {
    return style->color ? code : "";
}
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define DIM    "\033[2m"
#define BOLD   "\033[1m"
#define RESET  "\033[0m"

static const char *color_of(const result_vector *one) {
    if (one->known == KNOWN_FIXED) return RED;
    if (one->known != KNOWN_NOT) return DIM;
    switch (one->verdict) {
    case VERDICT_PASS: return GREEN;
    case VERDICT_FAIL:
    case VERDICT_ERROR: return RED;
    case VERDICT_WARNING:
    case VERDICT_INCONCLUSIVE: return YELLOW;
    case VERDICT_SKIP: return DIM;
    }
    return "";
}

/* -- tables ------------------------------------------------------------------------------------ */

/* Rows of cells, printed with aligned columns. */
typedef struct table {
    size_t columns, rows;
    char **cells;
    bool right[TABLE_COLUMNS_MAX]; /* numbers stand to the right */
} table;

/* The cell becomes the table's. */
static void table_add(table *self, char *cell) {
    self->cells = memory_grown(self->cells, self->rows, sizeof *self->cells);
    self->cells[self->rows++] = cell;
}

static void table_free(table *self) {
    for (size_t i = 0; i < self->rows; i++) free(self->cells[i]);
    free(self->cells);
}

static void pad(FILE *out, size_t count) {
    fprintf(out, "%*s", (int)count, "");
}

static size_t column_width(const table *self, size_t column) {
    size_t widest = 0;
    for (size_t i = column; i < self->rows; i += self->columns) {
        size_t width = text_width(self->cells[i]);
        if (width > widest) widest = width;
    }
    return widest;
}

static void table_row(const table *self, size_t row, const size_t *widths, FILE *out) {
    size_t last = self->columns;
    while (last > 0 && self->cells[row * self->columns + last - 1][0] == '\0') last--;
    for (size_t c = 0; c < last; c++) {
        const char *cell = self->cells[row * self->columns + c];
        size_t gap = widths[c] - text_width(cell);
        if (c > 0) fputs("  ", out);
        if (self->right[c]) pad(out, gap);
        fputs(cell, out);
        if (!self->right[c] && c + 1 < last) pad(out, gap);
    }
    putc('\n', out);
}

static void table_print(const table *self, const char *indent, const report_style *style,
                        FILE *out) {
    size_t widths[TABLE_COLUMNS_MAX];
    for (size_t c = 0; c < self->columns; c++) widths[c] = column_width(self, c);
    for (size_t row = 0; row < self->rows / self->columns; row++) {
        fputs(indent, out);
        if (row == 0) fputs(paint(style, DIM), out);
        table_row(self, row, widths, out);
        if (row == 0) fputs(paint(style, RESET), out);
    }
}

/* -- one vector -------------------------------------------------------------------------------- */

/* Cuts a text that is too long for a cell, between characters. Takes and gives ownership. */
static char *cut(char *text) {
    if (text_width(text) <= CELL_MAX) return text;
    size_t width = 0;
    char *at = text;
    for (; *at != '\0' && width < CELL_MAX - 3; at++)
        width += ((unsigned char)at[1] & 0xC0) != 0x80;
    *at = '\0';
    text_replace(&text, "%s...", text);
    return text;
}

/* The command as it was sent; what has blanks or quotes stands in JSON. */
static char *command_text(const result_step *step) {
    char *text = text_copy(step->connection == NULL ? "" : step->connection);
    if (*text != '\0') text_replace(&text, "%s> ", text);
    for (size_t i = 1; i < step->command.node_count; i++) {
        ttl_bytes argument = ttl_reply_text(&step->command, i);
        char *word = text_copy_bytes(argument);
        bool plain = argument.length > 0;
        for (size_t c = 0; c < argument.length; c++)
            plain = plain && argument.data[c] > ' ' && argument.data[c] != '"';
        if (!plain) {
            ttl_reply one;
            ttl_reply_init(&one, ttl_allocator_libc());
            ttl_reply_add_bulk(&one, argument);
            free(word);
            word = expectation_text_of_reply(&one, 2);
            ttl_reply_free(&one);
        }
        text_replace(&text, "%s%s%s", text, i > 1 ? " " : "", word);
        free(word);
    }
    return text;
}

static char *milliseconds(int64_t micros) {
    return text_format("%s%" PRId64 ".%03" PRId64, micros < 0 ? "-" : "",
                       (micros < 0 ? -micros : micros) / 1000,
                       (micros < 0 ? -micros : micros) % 1000);
}

/* The command, and how often it was sent. */
static char *sent_text(const result_step *step) {
    char *command = command_text(step);
    if (step->polls > 0) text_replace(&command, "%s (%zu times)", command, step->polls + 1);
    return command;
}

static void add_timeline_row(table *rows, const result_step *step, const result_step *culprit) {
    table_add(rows, text_copy(step == culprit ? ">" : ""));
    table_add(rows, text_format("%" PRId64, step->at_ms));
    table_add(rows, step->answered ? milliseconds(step->sent_us) : text_copy(""));
    table_add(rows, step->answered ? milliseconds(step->received_us) : text_copy(""));
    table_add(rows, cut(sent_text(step)));
    table_add(rows, cut(step->answered ? expectation_text_of_reply(&step->reply, step->protocol)
                                       : text_copy("(none)")));
    table_add(rows, cut(text_copy(step->expected == NULL ? "" : step->expected)));
}

static void write_timeline(const result_vector *one, const report_style *style, FILE *out) {
    static const char *const heads[] = {"",        "at ms", "sent",    "received",
                                        "command", "reply", "expected"};
    table rows = {.columns = TIMELINE_COLUMNS, .right = {false, true, true, true}};
    for (size_t i = 0; i < rows.columns; i++) table_add(&rows, text_copy(heads[i]));
    const result_step *culprit = result_vector_culprit(one);
    for (size_t i = 0; i < one->step_count; i++) add_timeline_row(&rows, &one->steps[i], culprit);
    table_print(&rows, "  ", style, out);
    table_free(&rows);
}

void report_write_block(const result_run *run, const result_vector *one, const report_style *style,
                        FILE *out) {
    const char *dim = paint(style, DIM), *reset = paint(style, RESET);
    fprintf(out, "%s%s%s %s%s%s: %s\n", paint(style, color_of(one)), report_outcome(one), reset,
            paint(style, BOLD), one->id, reset, one->title);
    for (size_t i = 0; i < one->rule_count; i++) {
        const result_rule *rule = &one->rules[i];
        fprintf(out, "  %srule%s   %s: %s\n", dim, reset, rule->id, rule->text);
        if (rule->source != NULL) fprintf(out, "         %s%s%s\n", dim, rule->source, reset);
    }
    if (one->step_count > 0 && one->verdict != VERDICT_PASS) write_timeline(one, style, out);
    char *reason = report_reason(one), *again = report_again(run, one), *judge = report_judge(one);
    fprintf(out, "  %swhy%s    %s\n", dim, reset, reason);
    if (one->attempts > 1) fprintf(out, "  %stried%s  %d times", dim, reset, one->attempts);
    if (one->attempts > 1 && one->stretch > 1)
        fprintf(out, ", the last time with %d times its times", one->stretch);
    if (one->attempts > 1) putc('\n', out);
    if (judge != NULL) fprintf(out, "  %sjudge%s  %s\n", dim, reset, judge);
    if (one->line > 0) fprintf(out, "  %swhere%s  %s:%d\n", dim, reset, one->file, one->line);
    fprintf(out, "  %sagain%s  %s\n\n", dim, reset, again);
    free(reason);
    free(again);
    free(judge);
}

/* -- the whole --------------------------------------------------------------------------------- */

/* Skips are many and their reasons few: each reason once, with how many it explains. */
static void write_skips(const result_run *run, FILE *out) {
    for (size_t i = 0; i < run->count; i++) {
        if (run->vectors[i].verdict != VERDICT_SKIP) continue;
        const char *reason = run->vectors[i].reason;
        bool is_first = true;
        size_t count = 0;
        for (size_t j = 0; j < run->count; j++) {
            bool same = run->vectors[j].verdict == VERDICT_SKIP &&
                        strcmp(run->vectors[j].reason, reason) == 0;
            is_first = is_first && !(same && j < i);
            count += same;
        }
        if (is_first) fprintf(out, "  %zu skipped: %s\n", count, reason);
    }
}

static void write_run(const result_run *run, const report_style *style, FILE *out) {
    fprintf(out, "%s%s%s", paint(style, BOLD), run->target, paint(style, RESET));
    if (run->server != NULL) fprintf(out, " (%s)", run->server);
    if (run->dialect != NULL) fprintf(out, " held to %s", run->dialect);
    fprintf(out, "\n");
    if (run->unusable != NULL) fprintf(out, "  %s\n", run->unusable);
    for (size_t i = 0; style->verbose && i < run->count; i++) {
        const result_vector *one = &run->vectors[i];
        if (!report_is_notable(one) && one->verdict != VERDICT_SKIP)
            fprintf(out, "  %s %s: %s\n", report_outcome(one), one->id, one->title);
    }
    write_skips(run, out);
    putc('\n', out);
    for (size_t i = 0; i < run->count; i++)
        if (report_is_notable(&run->vectors[i]))
            report_write_block(run, &run->vectors[i], style, out);
}

static char *count_text(size_t count) {
    return text_format("%zu", count);
}

static void write_summary(const results *all, const report_style *style, FILE *out) {
    static const char *const heads[] = {"target",       "spec", "pass",  "fail",  "warning",
                                        "inconclusive", "skip", "error", "known", "seconds"};
    table rows = {.columns = SUMMARY_COLUMNS};
    for (size_t i = 0; i < SUMMARY_COLUMNS; i++) {
        table_add(&rows, text_copy(heads[i]));
        rows.right[i] = i > 1;
    }
    for (size_t i = 0; i < all->count; i++) {
        const result_run *run = &all->runs[i];
        result_counts counts = result_run_count(run);
        table_add(&rows, text_copy(run->target));
        table_add(&rows, text_copy(run->dialect == NULL ? "" : run->dialect));
        for (int v = 0; v < VERDICT_COUNT; v++) table_add(&rows, count_text(counts.of[v]));
        table_add(&rows, count_text(counts.known + counts.flaky));
        table_add(&rows, text_format("%.2f", (double)run->duration_us / 1e6));
    }
    table_print(&rows, "", style, out);
    table_free(&rows);
}

/* How finely each live target could be looked at. */
static void write_resolutions(const results *all, FILE *out) {
    for (size_t i = 0; i < all->count; i++) {
        result_resolution found = result_run_resolution(&all->runs[i]);
        if (!found.is_known) continue;
        fprintf(out,
                "\n%s: from sending to reply %.3f ms (median), %.3f ms (99th percentile);\n"
                "  the narrowest moment was decided with %.3f ms to spare (%s); %zu passed with a "
                "reply\n"
                "  that could have been another; %zu tried again\n",
                all->runs[i].target, (double)found.bracket_us / 1e3,
                (double)found.widest_bracket_us / 1e3, (double)found.narrowest->slack_us / 1e3,
                found.narrowest->id, found.open, found.again);
    }
}

void report_write_text(const results *all, const report_style *style, FILE *out) {
    for (size_t i = 0; i < all->count; i++) write_run(&all->runs[i], style, out);
    write_summary(all, style, out);
    write_resolutions(all, out);
    char *conclusion = report_conclusion(all);
    int status = results_status(all);
    fprintf(out, "\n%s%s%s\n",
            paint(style, status == 0   ? GREEN
                         : status == 4 ? YELLOW
                                       : RED),
            conclusion, paint(style, RESET));
    free(conclusion);
}
