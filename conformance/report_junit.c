/* JUnit's XML: a suite for each target, a class for each suite of vectors. */
#include <stdlib.h>
#include <string.h>

#include "conformance/report.h"
#include "conformance/text.h"
#include "conformance/utf8.h"

/* Text or an attribute of XML 1.0; what it cannot hold becomes U+FFFD. */
static void write_xml(FILE *out, const char *text) {
    for (size_t left = strlen(text); left > 0;) {
        size_t length = utf8_character_length(text, left);
        unsigned char c = (unsigned char)*text;
        if (length == 0 || (c < ' ' && c != '\n' && c != '\t')) fputs("\xEF\xBF\xBD", out);
        else if (c == '&') fputs("&amp;", out);
        else if (c == '<') fputs("&lt;", out);
        else if (c == '>') fputs("&gt;", out);
        else if (c == '"') fputs("&quot;", out);
        else if (c == '\n') fputs("&#10;", out);
        else fwrite(text, 1, length, out);
        if (length == 0) length = 1;
        text += length;
        left -= length;
    }
}

static void write_attribute(FILE *out, const char *name, const char *value) {
    fprintf(out, " %s=\"", name);
    write_xml(out, value);
    putc('"', out);
}

/* What JUnit calls it; NULL: it passed. Inconclusive is not a pass, so it is skipped. */
static const char *element_of(const result_vector *one, bool strict) {
    if (result_vector_gates(one, strict)) return "failure";
    if (one->known == KNOWN_FAILS) return "skipped";
    if (one->known == KNOWN_FLAKES && one->verdict != VERDICT_PASS) return "skipped";
    switch (one->verdict) {
    case VERDICT_ERROR: return "error";
    case VERDICT_SKIP:
    case VERDICT_INCONCLUSIVE: return "skipped";
    default: return NULL;
    }
}

static char *block_text(const result_run *run, const result_vector *one) {
    static const report_style plain = {false, false};
    char *text = NULL;
    size_t length = 0;
    FILE *block = open_memstream(&text, &length);
    if (block == NULL) return text_copy("");
    report_write_block(run, one, &plain, block);
    fclose(block);
    return text == NULL ? text_copy("") : text;
}

static void write_outcome(const result_run *run, const result_vector *one, FILE *out) {
    const char *element = element_of(one, run->strict);
    char *reason = report_reason(one);
    bool is_pass = one->verdict == VERDICT_PASS && element == NULL;
    if (is_pass) {
        free(reason);
        return;
    }
    char *block = block_text(run, one);
    if (element == NULL) {
        fputs("\n      <system-out>", out);
        write_xml(out, block);
        fputs("</system-out>\n    ", out);
    } else {
        bool is_skip = strcmp(element, "skipped") == 0;
        char *message =
            text_format("%s%s%s", is_skip ? report_outcome(one) : "", is_skip ? ": " : "", reason);
        fprintf(out, "\n      <%s", element);
        write_attribute(out, "message", message);
        free(message);
        if (!is_skip) {
            write_attribute(out, "type", one->class == NULL ? report_outcome(one) : one->class);
            putc('>', out);
            write_xml(out, block);
            fprintf(out, "</%s>\n    ", element);
        } else {
            fputs("/>\n    ", out);
        }
    }
    free(block);
    free(reason);
}

static void write_case(const result_run *run, const result_vector *one, FILE *out) {
    fputs("    <testcase", out);
    write_attribute(out, "classname", one->suite);
    write_attribute(out, "name", one->id);
    write_attribute(out, "file", one->file);
    fprintf(out, " line=\"%d\" time=\"%.3f\">", one->line, (double)one->duration_us / 1e6);
    write_outcome(run, one, out);
    fputs("</testcase>\n", out);
}

/* How many cases of a run have this element. */
static size_t count_of(const result_run *run, const char *element) {
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++) {
        const char *own = element_of(&run->vectors[i], run->strict);
        count += own != NULL && strcmp(own, element) == 0;
    }
    return count;
}

static void write_suite(const result_run *run, FILE *out) {
    size_t unusable = run->unusable != NULL;
    fputs("  <testsuite", out);
    write_attribute(out, "name", run->target);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
            run->count + unusable, count_of(run, "failure"), count_of(run, "error") + unusable,
            count_of(run, "skipped"), (double)run->duration_us / 1e6);
    if (run->started != NULL) write_attribute(out, "timestamp", run->started);
    fputs(">\n    <properties>", out);
    if (run->dialect != NULL) {
        fputs("<property name=\"spec\"", out);
        write_attribute(out, "value", run->dialect);
        fputs("/>", out);
    }
    if (run->server != NULL) {
        fputs("<property name=\"server\"", out);
        write_attribute(out, "value", run->server);
        fputs("/>", out);
    }
    fputs("</properties>\n", out);
    if (run->unusable != NULL) {
        fputs("    <testcase classname=\"ttlspec\" name=\"target\"><error", out);
        write_attribute(out, "message", run->unusable);
        fputs("/></testcase>\n", out);
    }
    for (size_t i = 0; i < run->count; i++) write_case(run, &run->vectors[i], out);
    fputs("  </testsuite>\n", out);
}

void report_write_junit(const results *all, const report_style *style, FILE *out) {
    (void)style;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ttlspec\">\n", out);
    for (size_t i = 0; i < all->count; i++) write_suite(&all->runs[i], out);
    fputs("</testsuites>\n", out);
}
