/* Markdown, for a page or the summary of a build; and annotations of a GitHub workflow. */
#include <stdlib.h>
#include <string.h>

#include "conformance/report.h"
#include "conformance/text.h"

/* A cell of a table: no pipe and no newline ends it early. */
static void write_cell(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (strchr("|\\`*_<>[]", *text) != NULL) putc('\\', out);
        putc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

static void write_summary(const results *all, FILE *out) {
    fputs("| target | server | spec | pass | fail | warning | inconclusive | skip | error | "
          "known |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|\n",
          out);
    for (size_t i = 0; i < all->count; i++) {
        const result_run *run = &all->runs[i];
        result_counts counts = result_run_count(run);
        fputs("| ", out);
        write_cell(out, run->target);
        fputs(" | ", out);
        write_cell(out, run->server == NULL ? "" : run->server);
        fputs(" | ", out);
        write_cell(out, run->dialect == NULL ? "" : run->dialect);
        for (int v = 0; v < VERDICT_COUNT; v++) fprintf(out, " | %zu", counts.of[v]);
        fprintf(out, " | %zu |\n", counts.known + counts.flaky);
    }
}

static void write_run(const result_run *run, FILE *out) {
    static const report_style plain = {false, false};
    bool has_heading = false;
    if (run->unusable != NULL) {
        fputs("\n**", out);
        write_cell(out, run->target);
        fputs("** could not be used: ", out);
        write_cell(out, run->unusable);
        putc('\n', out);
    }
    for (size_t i = 0; i < run->count; i++) {
        const result_vector *one = &run->vectors[i];
        if (!report_is_notable(one)) continue;
        if (!has_heading) {
            fputs("\n## ", out);
            write_cell(out, run->target);
            putc('\n', out);
            has_heading = true;
        }
        fprintf(out, "\n### %s: ", report_outcome(one));
        write_cell(out, one->id);
        /* Four backticks: a reply may hold three. */
        fputs("\n\n````text\n", out);
        report_write_block(run, one, &plain, out);
        fputs("````\n", out);
    }
}

void report_write_markdown(const results *all, const report_style *style, FILE *out) {
    (void)style;
    char *conclusion = report_conclusion(all);
    fputs("# ttlspec: ", out);
    write_cell(out, conclusion);
    fputs("\n\n", out);
    free(conclusion);
    write_summary(all, out);
    for (size_t i = 0; i < all->count; i++) write_run(&all->runs[i], out);
}

/* -- annotations ------------------------------------------------------------------------------- */

/* Workflow commands escape with percent codes; properties also their separators. */
static void write_escaped(FILE *out, const char *text, bool is_property) {
    for (; *text != '\0'; text++) {
        bool must = strchr(is_property ? "%\r\n:," : "%\r\n", *text) != NULL;
        if (must) fprintf(out, "%%%02X", (unsigned)(unsigned char)*text);
        else putc(*text, out);
    }
}

static const char *severity(const result_vector *one, bool strict) {
    if (result_vector_gates(one, strict) || one->verdict == VERDICT_ERROR) return "error";
    return one->verdict == VERDICT_WARNING ? "warning" : "notice";
}

static void write_annotation(const result_run *run, const result_vector *one, FILE *out) {
    char *reason = report_reason(one), *again = report_again(run, one);
    char *title = text_format("%s on %s", one->id, run->target);
    char *message = text_format("%s\n%s\nagain: %s", one->title, reason, again);
    fprintf(out, "::%s file=", severity(one, run->strict));
    write_escaped(out, one->file, true);
    fprintf(out, ",line=%d,title=", one->line > 0 ? one->line : 1);
    write_escaped(out, title, true);
    fputs("::", out);
    write_escaped(out, message, false);
    putc('\n', out);
    free(reason), free(again), free(title), free(message);
}

void report_write_github(const results *all, const report_style *style, FILE *out) {
    (void)style;
    for (size_t r = 0; r < all->count; r++) {
        const result_run *run = &all->runs[r];
        if (run->unusable != NULL) {
            fputs("::error title=ttlspec::", out);
            write_escaped(out, run->target, false);
            fputs(" could not be used: ", out);
            write_escaped(out, run->unusable, false);
            putc('\n', out);
        }
        for (size_t i = 0; i < run->count; i++)
            if (report_is_notable(&run->vectors[i])) write_annotation(run, &run->vectors[i], out);
    }
    char *conclusion = report_conclusion(all);
    fputs(results_status(all) == 0 ? "::notice title=ttlspec::" : "::error title=ttlspec::", out);
    write_escaped(out, conclusion, false);
    putc('\n', out);
    free(conclusion);
}
