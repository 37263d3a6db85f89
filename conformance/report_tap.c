/* TAP 13. A known difference is a TODO, as TAP means it: it may fail. */
#include <stdlib.h>
#include <string.h>

#include "conformance/reply_json.h"
#include "conformance/report.h"
#include "conformance/text.h"

/* TAP's lines end at a newline and a # begins a directive. */
static void write_description(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '#' || *text == '\\') putc('\\', out);
        putc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

static void write_field(FILE *out, const char *name, const char *text) {
    if (text == NULL) return;
    fprintf(out, "  %s: ", name);
    json_write_string(out, text); /* a JSON string is a YAML one */
    putc('\n', out);
}

static void write_yaml(const result_run *run, const result_vector *one, FILE *out) {
    char *again = report_again(run, one), *reason = report_reason(one);
    fputs("  ---\n", out);
    write_field(out, "verdict", verdict_name(one->verdict));
    write_field(out, "class", one->class);
    write_field(out, "message", reason);
    write_field(out, "title", one->title);
    fputs("  rules:\n", out);
    for (size_t i = 0; i < one->rule_count; i++) {
        fputs("    - ", out);
        json_write_string(out, one->rules[i].id);
        putc('\n', out);
    }
    write_field(out, "again", again);
    fputs("  ...\n", out);
    free(again);
    free(reason);
}

static void write_line(const result_run *run, const result_vector *one, size_t number, FILE *out) {
    bool fails = result_vector_gates(one, run->strict) || one->verdict == VERDICT_ERROR ||
                 (one->known == KNOWN_FAILS);
    fprintf(out, "%s %zu - ", fails ? "not ok" : "ok", number);
    write_description(out, run->target);
    fputs(" ", out);
    write_description(out, one->id);
    bool is_excused =
        one->known == KNOWN_FAILS || (one->known == KNOWN_FLAKES && one->verdict != VERDICT_PASS);
    if (is_excused) {
        fputs(" # TODO ", out);
        write_description(out, one->known_reason);
    } else if (one->verdict == VERDICT_SKIP || one->verdict == VERDICT_INCONCLUSIVE) {
        fputs(one->verdict == VERDICT_SKIP ? " # SKIP " : " # SKIP inconclusive: ", out);
        if (one->reason != NULL) write_description(out, one->reason);
    }
    putc('\n', out);
    if (report_is_notable(one)) write_yaml(run, one, out);
}

void report_write_tap(const results *all, const report_style *style, FILE *out) {
    (void)style;
    size_t total = 0, number = 0;
    for (size_t i = 0; i < all->count; i++) total += all->runs[i].count;
    fprintf(out, "TAP version 13\n1..%zu\n", total);
    for (size_t r = 0; r < all->count; r++) {
        const result_run *run = &all->runs[r];
        for (size_t i = 0; i < run->count; i++) write_line(run, &run->vectors[i], ++number, out);
        if (run->unusable != NULL) {
            fputs("Bail out! ", out);
            write_description(out, run->unusable);
            putc('\n', out);
        } else if (run->interrupted) {
            fputs("Bail out! interrupted\n", out);
        }
    }
}
