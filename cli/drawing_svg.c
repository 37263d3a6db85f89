/* A timeline as SVG: one file without scripts or fonts of its own, for a page, a printer, a dark
 * screen. Rows lie as far apart as their times suggest: each tenfold gap is a little wider. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/drawing.h"
#include "conformance/text.h"

enum {
    MARGIN = 24,
    TITLE_HEIGHT = 26,
    SUBTITLE_HEIGHT = 20,
    HEAD_HEIGHT = 44,
    ROW_HEIGHT = 26,
    MINOR_HEIGHT = 15,
    GAP_STEP = 5, /* pixels that each tenfold gap adds */
    LANE_WIDTH = 96,
    KEY_WIDTH = 60,
    BAR_WIDTH = 12,
    LETTER = 8, /* of monospace at 12.5 px, rounded up */
    LESSON_LETTER = 7,
    LESSON_COLUMNS = 110,
    LOST_PART = 45, /* per cent of the way that a lost message is drawn */
};

typedef struct plate {
    const drawing *line;
    const drawing_layout *layout;
    FILE *out;
    int *y; /* of each row */
    int *lane_x, *key_x;
    int time_x, words_x, top, bottom, width, height;
    bool names_lanes;
    drawing_time_form form;
} plate;

static const char style[] =
    "<style>\n"
    "svg{--paper:#fff;--ink:#1b2733;--soft:#66758a;--rule:#d5dde6;--stripe:#f5f8fb;"
    "--go:#2563ac;--back:#7b93b3;--bar:#e8a33d;--bar-edge:#b97714;--dead:#b3261e;"
    "--fault:#8e44ad;--fault-fill:#8e44ad1f;--wrong-fill:#fdebea;--server:#0f766e;"
    "--place:#4d8b31;"
    "background:var(--paper);color-scheme:light dark}\n"
    "@media (prefers-color-scheme:dark){svg{--paper:#10161d;--ink:#e3eaf2;--soft:#8d9db1;"
    "--rule:#2b3643;--stripe:#161e27;--go:#6cb0ff;--back:#7089a8;--bar:#e0a040;"
    "--bar-edge:#f4c374;--dead:#ff7b72;--fault:#c792ea;--fault-fill:#c792ea26;"
    "--wrong-fill:#3a1719;--server:#4fd1c5;--place:#8fcf6a}}\n"
    "@media print{svg{--paper:#fff;--ink:#000;--soft:#444;--rule:#bbb;--stripe:#fff;"
    "--go:#1d4f91;--back:#58708f;--bar:#eebb66;--bar-edge:#8a560a;--dead:#9c1c15;"
    "--fault:#6c2f88;--fault-fill:#6c2f8814;--wrong-fill:#fff;--server:#0b5d56;"
    "--place:#3c7124}}\n"
    "text{font:12.5px/1 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    "fill:var(--ink)}\n"
    ".paper{fill:var(--paper)}.stripe{fill:var(--stripe)}.wrong-row{fill:var(--wrong-fill)}\n"
    ".title{font:600 17px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    ".subtitle{font:13.5px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "fill:var(--soft)}\n"
    ".lesson{font:italic 13.5px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    ".head{font:600 12.5px system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    ".time,.note,.name{fill:var(--soft)}.small{font-size:10.5px;fill:var(--soft)}\n"
    ".expired{fill:var(--bar-edge)}.fault{fill:var(--fault)}"
    ".wrong{fill:var(--dead);font-weight:700}\n"
    ".lane{stroke:var(--rule);stroke-width:1.5}\n"
    ".dot{fill:var(--go)}.dot.server{fill:var(--server)}.dot.fault{fill:var(--fault)}"
    ".dot.note{fill:var(--soft)}.dot.wrong{fill:var(--dead)}.dot.expired{fill:var(--bar-edge)}\n"
    ".request{stroke:var(--go);stroke-width:1.6;fill:none}\n"
    ".answer{stroke:var(--back);stroke-width:1.3;fill:none}\n"
    ".sync{stroke:var(--server);stroke-width:1.6;fill:none;stroke-dasharray:2 3}\n"
    ".lost{stroke:var(--dead);stroke-width:1.5;fill:none;stroke-dasharray:5 4}\n"
    ".cross{stroke:var(--dead);stroke-width:2}\n"
    ".bar{fill:var(--bar);fill-opacity:.75}.cap{fill:var(--bar-edge)}.death{fill:var(--dead)}\n"
    ".span{fill:var(--fault-fill);stroke:var(--fault);stroke-width:1;stroke-dasharray:3 3}\n"
    ".place{fill:var(--place);fill-opacity:.45;stroke:var(--place);stroke-width:1}\n"
    ".tip-request{fill:var(--go)}.tip-answer{fill:var(--back)}.tip-sync{fill:var(--server)}\n"
    "</style>\n";

static const char *const tone_classes[] = {
    [DRAWING_PLAIN] = "",      [DRAWING_NOTE] = "note",   [DRAWING_EXPIRED] = "expired",
    [DRAWING_FAULT] = "fault", [DRAWING_WRONG] = "wrong",
};

static void put_xml(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '<') fputs("&lt;", out);
        else if (*text == '>') fputs("&gt;", out);
        else if (*text == '&') fputs("&amp;", out);
        else if (*text == '"') fputs("&quot;", out);
        else if ((unsigned char)*text < ' ') putc(' ', out);
        else putc(*text, out);
    }
}

static void put_text(const plate *p, int x, int y, const char *class, const char *anchor,
                     const char *text) {
    fprintf(p->out, "<text x=\"%d\" y=\"%d\"", x, y);
    if (*class != '\0') fprintf(p->out, " class=\"%s\"", class);
    if (anchor != NULL) fprintf(p->out, " text-anchor=\"%s\"", anchor);
    fputs(" xml:space=\"preserve\">", p->out);
    put_xml(p->out, text);
    fputs("</text>\n", p->out);
}

/* ---- where things lie */

static const drawing_point *point_of(const plate *p, size_t row) {
    return &p->line->points[p->layout->rows[row].point];
}

/* The height at which a point lies; one above the first row that is drawn is at the top. */
static int y_of(const plate *p, size_t point) {
    if (point == DRAWING_NONE) return p->bottom;
    size_t row = p->layout->row_of[point];
    return row < p->layout->first ? p->top : p->y[row];
}

static bool is_above(const plate *p, size_t point) {
    return point != DRAWING_NONE && p->layout->row_of[point] < p->layout->first;
}

static int gap_pixels(int64_t gap_us) {
    return gap_us < 1000 ? 0 : (int)(log10((double)gap_us / 100.0) * GAP_STEP);
}

static void measure_rows(plate *p, int y) {
    for (size_t row = p->layout->first; row < p->layout->count; row++) {
        if (row > p->layout->first)
            y += gap_pixels(point_of(p, row)->at_us - point_of(p, row - 1)->at_us);
        int height = p->layout->rows[row].is_minor ? MINOR_HEIGHT : ROW_HEIGHT;
        p->y[row] = y + height / 2;
        y += height;
    }
    p->bottom = y + 6;
}

static size_t lesson_columns(const plate *p) {
    int columns = (p->width - 2 * MARGIN) / LESSON_LETTER;
    return (size_t)(columns < LESSON_COLUMNS ? columns : LESSON_COLUMNS);
}

static int lesson_lines(const plate *p) {
    int lines = 0;
    for (const char *text = p->line->lesson; text != NULL && *text != '\0'; lines++) {
        text += text_line_length(text, lesson_columns(p));
        text += *text == ' ';
    }
    return lines;
}

static void measure(plate *p) {
    const drawing *line = p->line;
    size_t name_width = 0, words_width = 0, clients = 0;
    p->form = drawing_choose_form(line, p->layout);
    p->time_x = MARGIN + 12 * LETTER;
    int x = p->time_x + LANE_WIDTH / 2 + 8;
    for (size_t i = 0; i < line->lane_count; i++) {
        size_t width = text_width(line->lanes[i].name);
        p->lane_x[i] = -1;
        if (!drawing_shows_lane(line, p->layout, i)) continue;
        clients += line->lanes[i].kind == DRAWING_CLIENT;
        if (width > name_width) name_width = width;
        p->lane_x[i] = x;
        x += LANE_WIDTH;
    }
    x -= LANE_WIDTH / 4;
    for (size_t i = 0; i < line->key_count; i++) {
        p->key_x[i] = -1;
        if (!drawing_shows_key(line, p->layout, i)) continue;
        p->key_x[i] = x;
        x += KEY_WIDTH;
    }
    p->names_lanes = clients > 1 || line->lane_count > clients + 1;
    p->words_x = x + 4;
    for (size_t row = p->layout->first; row < p->layout->count; row++) {
        size_t width = text_width(point_of(p, row)->words);
        if (width > words_width) words_width = width;
    }
    if (p->names_lanes) words_width += name_width + 2;
    p->width = p->words_x + (int)words_width * LETTER + MARGIN;
    size_t title = line->title == NULL ? 0 : text_width(line->title);
    if (p->width < 2 * MARGIN + (int)title * 10) p->width = 2 * MARGIN + (int)title * 10;
    p->top = MARGIN + (line->title != NULL ? TITLE_HEIGHT : 0) +
             (line->subtitle != NULL ? SUBTITLE_HEIGHT : 0) + HEAD_HEIGHT;
    measure_rows(p, p->top + 4);
    int lines = lesson_lines(p);
    p->height = p->bottom + MARGIN + (lines > 0 ? lines * SUBTITLE_HEIGHT + MARGIN / 2 : 0);
}

/* ---- behind */

static void draw_rows(const plate *p) {
    bool is_striped = false;
    for (size_t row = p->layout->first; row < p->layout->count; row++) {
        if (p->layout->rows[row].is_minor) continue;
        bool is_wrong = point_of(p, row)->tone == DRAWING_WRONG;
        is_striped = !is_striped;
        if (!is_striped && !is_wrong) continue;
        fprintf(p->out,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\" "
                "class=\"%s\"/>\n",
                MARGIN - 8, p->y[row] - ROW_HEIGHT / 2, p->width - 2 * MARGIN + 16, ROW_HEIGHT,
                is_wrong ? "wrong-row" : "stripe");
    }
}

static void draw_lanes(const plate *p) {
    for (size_t i = 0; i < p->line->lane_count; i++) {
        if (p->lane_x[i] < 0) continue;
        put_text(p, p->lane_x[i], p->top - 14, "head", "middle", p->line->lanes[i].name);
        fprintf(p->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"lane\"/>\n",
                p->lane_x[i], p->top - 4, p->lane_x[i], p->bottom);
    }
    for (size_t i = 0; i < p->line->key_count; i++)
        if (p->key_x[i] >= 0)
            put_text(p, p->key_x[i] + BAR_WIDTH / 2, p->top - 14, "head", "middle",
                     p->line->keys[i]);
}

/* Trouble around its lane, a place on it: a client may stand still where it is. */
static void draw_span(const plate *p, const drawing_span *span) {
    bool is_place = span->kind == DRAWING_PLACE;
    if (is_above(p, span->until) || p->lane_x[span->lane] < 0) return;
    int from = y_of(p, span->since), to = y_of(p, span->until), half = is_place ? 6 : 13;
    fprintf(p->out,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\" class=\"%s\"><title>",
            p->lane_x[span->lane] - half, from, 2 * half, to > from + 4 ? to - from : 4,
            is_place ? 3 : 8, is_place ? "place" : "span");
    put_xml(p->out, span->words);
    fputs("</title></rect>\n", p->out);
    if (is_place && !is_above(p, span->since))
        put_text(p, p->lane_x[span->lane] + 16, from + 15, "small", NULL, span->words);
}

static void draw_spans(const plate *p) {
    for (size_t i = 0; i < p->line->span_count; i++)
        if (p->line->spans[i].kind == DRAWING_TROUBLE) draw_span(p, &p->line->spans[i]);
    for (size_t i = 0; i < p->line->span_count; i++)
        if (p->line->spans[i].kind == DRAWING_PLACE) draw_span(p, &p->line->spans[i]);
}

/* ---- in front */

static void draw_bar(const plate *p, const drawing_bar *bar) {
    int x = p->key_x[bar->key], from = y_of(p, bar->since), to = y_of(p, bar->until);
    if (x < 0 || is_above(p, bar->until)) return;
    bool is_open = bar->until == DRAWING_NONE;
    if (to < from + 3) to = from + 3;
    fprintf(p->out,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\" %s><title>%s</title>"
            "</rect>\n",
            x, from, BAR_WIDTH, to - from, is_open ? "fill=\"url(#fade)\"" : "class=\"bar\"",
            bar->words);
    if (!is_above(p, bar->since))
        fprintf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"3\" class=\"cap\"/>\n",
                x - 2, from - 1, BAR_WIDTH + 4);
    if (bar->end == DRAWING_DIED && !is_open)
        fprintf(p->out, "<circle cx=\"%d\" cy=\"%d\" r=\"5\" class=\"death\"/>\n",
                x + BAR_WIDTH / 2, to);
    if (to - from >= ROW_HEIGHT - 6 && !is_above(p, bar->since))
        put_text(p, x + BAR_WIDTH + 3, from + 11, "small", NULL, bar->words);
}

static void draw_cross(const plate *p, int x, int y) {
    fprintf(p->out, "<path d=\"M%d %dl9 9m0 -9l-9 9\" class=\"cross\"/>\n", x - 4, y - 4);
}

static void draw_arrow(const plate *p, const drawing_arrow *arrow) {
    static const char *const classes[] = {"request", "answer", "lost", "sync"};
    int from = p->lane_x[arrow->from], to = p->lane_x[arrow->to];
    if (from < 0 || to < 0) return;
    int y = y_of(p, arrow->since), side = to > from ? 1 : -1;
    bool is_lost = arrow->kind == DRAWING_LOST;
    if (is_lost ? is_above(p, arrow->since) : is_above(p, arrow->until)) return;
    int until = is_lost ? y + 8 : y_of(p, arrow->until);
    int end = is_lost ? from + (to - from) * LOST_PART / 100 : to - side * 7;
    /* A request and its answer in one row lie side by side. */
    int shift = !is_lost && until == y ? (arrow->kind == DRAWING_ANSWER ? 3 : -3) : 0;
    fprintf(p->out, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"%s\"", from + side * 4,
            y + shift, end, until + shift, classes[arrow->kind]);
    if (is_lost) fputs("/>\n", p->out), draw_cross(p, end, until);
    else fprintf(p->out, " marker-end=\"url(#tip-%s)\"/>\n", classes[arrow->kind]);
}

static void draw_dot(const plate *p, size_t lane, int y, const char *class) {
    if (p->lane_x[lane] < 0) return;
    bool is_client = p->line->lanes[lane].kind == DRAWING_CLIENT;
    fprintf(p->out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" class=\"dot%s %s\"/>\n", p->lane_x[lane],
            y, is_client ? "" : " server", class);
}

static void draw_dots(const plate *p) {
    for (size_t i = 0; i < p->line->arrow_count; i++) {
        const drawing_arrow *arrow = &p->line->arrows[i];
        if (!is_above(p, arrow->since)) draw_dot(p, arrow->from, y_of(p, arrow->since), "");
        if (arrow->kind != DRAWING_LOST && !is_above(p, arrow->until))
            draw_dot(p, arrow->to, y_of(p, arrow->until), "");
    }
    for (size_t row = p->layout->first; row < p->layout->count; row++) {
        const drawing_point *point = point_of(p, row);
        if (point->lane != DRAWING_NONE && point->tone != DRAWING_PLAIN)
            draw_dot(p, point->lane, p->y[row], tone_classes[point->tone]);
    }
}

static void draw_words(const plate *p) {
    size_t name_width = 0;
    for (size_t i = 0; i < p->line->lane_count; i++) {
        size_t width = text_width(p->line->lanes[i].name);
        if (width > name_width) name_width = width;
    }
    int indent = p->names_lanes ? (int)(name_width + 2) * LETTER : 0;
    for (size_t row = p->layout->first; row < p->layout->count; row++) {
        char time[32];
        const drawing_point *point = point_of(p, row);
        int y = p->y[row] + 4;
        drawing_time_text(point->at_us, p->form, time);
        bool is_minor = p->layout->rows[row].is_minor;
        put_text(p, p->time_x, y, is_minor ? "small" : "time", "end", time);
        if (is_minor) continue;
        if (p->names_lanes && point->lane != DRAWING_NONE)
            put_text(p, p->words_x, y, "name", NULL, p->line->lanes[point->lane].name);
        put_text(p, p->words_x + indent, y, tone_classes[point->tone], NULL, point->words);
    }
}

static void draw_head(const plate *p) {
    static const char *const tips[] = {"request", "answer", "sync"};
    int y = MARGIN + 14;
    fprintf(p->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>",
            p->width, p->height, p->width, p->height);
    put_xml(p->out, p->line->title != NULL ? p->line->title : "A timeline");
    fprintf(p->out, "</title>\n%s<defs>\n", style);
    for (size_t i = 0; i < 3; i++)
        fprintf(p->out,
                "<marker id=\"tip-%s\" viewBox=\"0 0 8 8\" markerWidth=\"6.5\" "
                "markerHeight=\"6.5\" refX=\"6\" refY=\"4\" orient=\"auto\">"
                "<path d=\"M0 .6L8 4L0 7.4z\" class=\"tip-%s\"/></marker>\n",
                tips[i], tips[i]);
    fputs("<linearGradient id=\"fade\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\">"
          "<stop offset=\"0\" style=\"stop-color:var(--bar)\" stop-opacity=\".75\"/>"
          "<stop offset=\"1\" style=\"stop-color:var(--bar)\" stop-opacity=\".1\"/>"
          "</linearGradient>\n</defs>\n<rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n",
          p->out);
    if (p->line->title != NULL) put_text(p, MARGIN, y, "title", NULL, p->line->title);
    y += TITLE_HEIGHT - 4;
    if (p->line->subtitle != NULL) put_text(p, MARGIN, y, "subtitle", NULL, p->line->subtitle);
    if (p->layout->first > 0) {
        char text[48];
        snprintf(text, sizeof text, "%zu rows before these", p->layout->first);
        put_text(p, p->words_x, p->top - 14, "note", NULL, text);
    }
}

static void draw_lesson(const plate *p) {
    int y = p->bottom + MARGIN + 8;
    for (const char *text = p->line->lesson; text != NULL && *text != '\0'; y += SUBTITLE_HEIGHT) {
        char line[2 * LESSON_COLUMNS];
        size_t length = text_line_length(text, lesson_columns(p));
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        put_text(p, MARGIN, y, "lesson", NULL, line);
        text += length;
        text += *text == ' ';
    }
}

void drawing_write_svg(const drawing *self, size_t rows_max, FILE *out) {
    drawing_layout layout = drawing_lay_out(self, rows_max);
    plate p = {.line = self, .layout = &layout, .out = out};
    p.y = memory_zeroed(layout.count + 1, sizeof *p.y);
    p.lane_x = memory_zeroed(self->lane_count + 1, sizeof *p.lane_x);
    p.key_x = memory_zeroed(self->key_count + 1, sizeof *p.key_x);
    measure(&p);
    draw_head(&p);
    draw_rows(&p);
    draw_lanes(&p);
    draw_spans(&p);
    for (size_t i = 0; i < self->bar_count; i++) draw_bar(&p, &self->bars[i]);
    for (size_t i = 0; i < self->arrow_count; i++) draw_arrow(&p, &self->arrows[i]);
    draw_dots(&p);
    draw_words(&p);
    draw_lesson(&p);
    fputs("</svg>\n", out);
    free(p.y);
    free(p.lane_x);
    free(p.key_x);
    drawing_layout_free(&layout);
}
