/* A timeline in a terminal: time, lanes, columns of keys, and words, row after row. */
#include <stdlib.h>
#include <string.h>

#include "cli/drawing.h"
#include "conformance/text.h"

enum { LANE_GAP = 3, LANE_LEAST = 7, KEY_LEAST = 2, STUB = 3, LESSON_COLUMNS = 96 };

typedef enum glyph {
    GLYPH_BLANK,
    GLYPH_LANE,
    GLYPH_SPAN,  /* a lane with which something is wrong */
    GLYPH_PLACE, /* a lane whose client is in a place */
    GLYPH_DOT,
    GLYPH_LINE,
    GLYPH_FLIGHT, /* of a message that is under way for longer */
    GLYPH_RIGHT,
    GLYPH_LEFT,
    GLYPH_LOST,
    GLYPH_BAR,
    GLYPH_BAR_BEGIN,
    GLYPH_BAR_CHANGE,
    GLYPH_BAR_DIED,
    GLYPH_BAR_DROPPED,
} glyph;

static const char *const glyphs[][2] = {
    [GLYPH_BLANK] = {" ", " "},       [GLYPH_LANE] = {"|", "│"},
    [GLYPH_SPAN] = {":", "░"},        [GLYPH_PLACE] = {"%", "█"},
    [GLYPH_DOT] = {"*", "●"},         [GLYPH_LINE] = {"-", "─"},
    [GLYPH_FLIGHT] = {".", "╌"},      [GLYPH_RIGHT] = {">", "▶"},
    [GLYPH_LEFT] = {"<", "◀"},        [GLYPH_LOST] = {"x", "✕"},
    [GLYPH_BAR] = {"#", "┃"},         [GLYPH_BAR_BEGIN] = {"+", "╻"},
    [GLYPH_BAR_CHANGE] = {"+", "╂"},  [GLYPH_BAR_DIED] = {"X", "╹"},
    [GLYPH_BAR_DROPPED] = {"=", "╵"},
};

typedef enum color {
    COLOR_NONE,
    COLOR_DIM,
    COLOR_BLUE,
    COLOR_GREEN,
    COLOR_YELLOW,
    COLOR_MAGENTA,
    COLOR_RED
} color;

static const char *const colors[] = {
    [COLOR_NONE] = "",          [COLOR_DIM] = "\033[2m",     [COLOR_BLUE] = "\033[34m",
    [COLOR_GREEN] = "\033[32m", [COLOR_YELLOW] = "\033[33m", [COLOR_MAGENTA] = "\033[35m",
    [COLOR_RED] = "\033[1;31m",
};

static const color tones[] = {
    [DRAWING_PLAIN] = COLOR_NONE,    [DRAWING_NOTE] = COLOR_DIM,  [DRAWING_EXPIRED] = COLOR_YELLOW,
    [DRAWING_FAULT] = COLOR_MAGENTA, [DRAWING_WRONG] = COLOR_RED,
};

typedef struct cell {
    glyph glyph;
    color color;
} cell;

typedef struct sheet {
    const drawing *line;
    const drawing_layout *layout;
    const drawing_style *style;
    FILE *out;
    size_t *lane_x, *key_x; /* the column of each; SIZE_MAX: not drawn */
    size_t width, name_width, time_width;
    bool names_lanes;
    drawing_time_form form;
    cell *cells;
} sheet;

/* ---- one row of cells */

static void put(sheet *s, size_t x, glyph g, color c) {
    if (x < s->width) s->cells[x] = (cell){g, c};
}

/* A place beside its lane, so that a client which stands still in it is seen to do both. */
static void put_span(sheet *s, size_t row, const drawing_span *span) {
    size_t since = s->layout->row_of[span->since], x = s->lane_x[span->lane];
    size_t until = span->until == DRAWING_NONE ? SIZE_MAX : s->layout->row_of[span->until];
    if (x == SIZE_MAX || row < since || row > until) return;
    if (span->kind == DRAWING_TROUBLE) put(s, x, GLYPH_SPAN, COLOR_MAGENTA);
    else if (x > 0) put(s, x - 1, GLYPH_PLACE, COLOR_GREEN);
}

static void put_lanes(sheet *s, size_t row) {
    for (size_t x = 0; x < s->width; x++) put(s, x, GLYPH_BLANK, COLOR_NONE);
    for (size_t i = 0; i < s->line->lane_count; i++)
        if (s->lane_x[i] != SIZE_MAX) put(s, s->lane_x[i], GLYPH_LANE, COLOR_DIM);
    for (size_t i = 0; i < s->line->span_count; i++) put_span(s, row, &s->line->spans[i]);
}

static void put_bar(sheet *s, size_t row, const drawing_bar *bar) {
    size_t x = s->key_x[bar->key], since = s->layout->row_of[bar->since];
    size_t until = bar->until == DRAWING_NONE ? SIZE_MAX : s->layout->row_of[bar->until];
    if (x == SIZE_MAX || row < since || row > until) return;
    bool had_one = s->cells[x].glyph == GLYPH_BAR_CHANGE;
    if (row == until && bar->end == DRAWING_DIED) put(s, x, GLYPH_BAR_DIED, COLOR_YELLOW);
    else if (row == until && bar->end == DRAWING_DROPPED)
        put(s, x, GLYPH_BAR_DROPPED, COLOR_YELLOW);
    else if (row == until && bar->end == DRAWING_CHANGED) put(s, x, GLYPH_BAR_CHANGE, COLOR_YELLOW);
    else if (row == since && !had_one) put(s, x, GLYPH_BAR_BEGIN, COLOR_YELLOW);
    else if (row > since) put(s, x, GLYPH_BAR, COLOR_YELLOW);
}

/* A line between two lanes, or its first cells only. */
static void put_line(sheet *s, size_t from, size_t to, size_t length, glyph g) {
    bool goes_right = to > from;
    size_t far = goes_right ? to - from : from - to;
    for (size_t i = 1; i < far && i <= length; i++) {
        size_t x = goes_right ? from + i : from - i;
        glyph there = s->cells[x].glyph;
        if (there != GLYPH_RIGHT && there != GLYPH_LEFT) put(s, x, g, COLOR_BLUE);
    }
}

static void put_arrow(sheet *s, size_t row, const drawing_arrow *arrow) {
    size_t from = s->lane_x[arrow->from], to = s->lane_x[arrow->to];
    if (from == SIZE_MAX || to == SIZE_MAX) return;
    size_t since = s->layout->row_of[arrow->since];
    bool goes_right = to > from;
    if (arrow->kind == DRAWING_LOST) {
        if (row != since) return;
        put(s, from, GLYPH_DOT, COLOR_BLUE);
        put_line(s, from, to, STUB, GLYPH_LINE);
        put(s, goes_right ? from + STUB + 1 : from - STUB - 1, GLYPH_LOST, COLOR_RED);
        return;
    }
    size_t until = s->layout->row_of[arrow->until];
    if (row == since) {
        put(s, from, GLYPH_DOT, COLOR_BLUE);
        if (until != since) put_line(s, from, to, STUB, GLYPH_FLIGHT);
    }
    if (row != until) return;
    put_line(s, from, to, SIZE_MAX, until == since ? GLYPH_LINE : GLYPH_FLIGHT);
    put(s, goes_right ? to - 1 : to + 1, goes_right ? GLYPH_RIGHT : GLYPH_LEFT, COLOR_BLUE);
    put(s, to, GLYPH_DOT, COLOR_BLUE);
}

static void put_row(sheet *s, size_t row) {
    const drawing *line = s->line;
    const drawing_point *point = &line->points[s->layout->rows[row].point];
    put_lanes(s, row);
    for (size_t i = 0; i < line->bar_count; i++) put_bar(s, row, &line->bars[i]);
    for (size_t i = 0; i < line->arrow_count; i++) put_arrow(s, row, &line->arrows[i]);
    bool is_bare = point->lane != DRAWING_NONE && *point->words != '\0';
    if (is_bare && s->cells[s->lane_x[point->lane]].glyph != GLYPH_DOT)
        put(s, s->lane_x[point->lane], GLYPH_DOT, tones[point->tone]);
}

/* ---- printing */

static void set_color(const sheet *s, color c) {
    if (s->style->has_color) fputs(c == COLOR_NONE ? "\033[0m" : colors[c], s->out);
}

static void print_cells(const sheet *s, size_t width) {
    color last = COLOR_NONE;
    for (size_t x = 0; x < width; x++) {
        const cell *c = &s->cells[x];
        if (c->glyph != GLYPH_BLANK && c->color != last) {
            set_color(s, COLOR_NONE);
            if (c->color != COLOR_NONE) set_color(s, c->color);
            last = c->color;
        }
        fputs(glyphs[c->glyph][s->style->has_unicode], s->out);
    }
    if (last != COLOR_NONE) set_color(s, COLOR_NONE);
}

/* What a row without words of its own is about: the message that leaves or comes, as words of the
 * client. */
static drawing_point words_at(const sheet *s, size_t at) {
    drawing_point point = s->line->points[at];
    for (size_t i = 0; i < s->line->arrow_count && *point.words == '\0'; i++) {
        const drawing_arrow *arrow = &s->line->arrows[i];
        if ((arrow->since != at && arrow->until != at) || arrow->words == NULL) continue;
        point.words = arrow->words;
        point.tone = DRAWING_NOTE;
        point.lane = arrow->kind == DRAWING_ANSWER ? arrow->to : arrow->from;
    }
    return point;
}

/* As much as there is room for. */
static void print_cut(const sheet *s, const char *words) {
    size_t before = s->time_width + 2 + s->width + 2 + (s->names_lanes ? s->name_width + 2 : 0);
    size_t room = s->style->width > before + 1 ? s->style->width - before : SIZE_MAX;
    if (s->style->width == 0 || text_width(words) <= room) {
        fputs(words, s->out);
        return;
    }
    for (size_t column = 0; *words != '\0'; words++) {
        bool is_first_byte = ((unsigned char)*words & 0xc0) != 0x80;
        if (is_first_byte && ++column >= room - 1) break;
        putc(*words, s->out);
    }
    fputs(s->style->has_unicode ? "…" : "~", s->out);
}

static void print_words(const sheet *s, const drawing_point *point) {
    fputs("  ", s->out);
    const char *name = "";
    if (s->names_lanes && point->lane != DRAWING_NONE) name = s->line->lanes[point->lane].name;
    if (s->names_lanes) {
        set_color(s, COLOR_DIM);
        fprintf(s->out, "%s%*s  ", name, (int)(s->name_width - text_width(name)), "");
        set_color(s, COLOR_NONE);
    }
    color c = tones[point->tone];
    if (c != COLOR_NONE) set_color(s, c);
    print_cut(s, point->words);
    if (c != COLOR_NONE) set_color(s, COLOR_NONE);
}

static void print_row(sheet *s, size_t row) {
    char time[32];
    drawing_point point = words_at(s, s->layout->rows[row].point);
    size_t width = s->width;
    put_row(s, row);
    drawing_time_text(point.at_us, s->form, time);
    set_color(s, COLOR_DIM);
    fprintf(s->out, "%*s", (int)s->time_width, time);
    set_color(s, COLOR_NONE);
    fputs("  ", s->out);
    while (*point.words == '\0' && width > 0 && s->cells[width - 1].glyph == GLYPH_BLANK) width--;
    print_cells(s, width);
    if (*point.words != '\0') print_words(s, &point);
    putc('\n', s->out);
}

static void print_centered(const sheet *s, size_t *at, size_t x, const char *name) {
    size_t width = text_width(name), left = x > width / 2 ? x - width / 2 : 0;
    if (left < *at) left = *at;
    fprintf(s->out, "%*s%s", (int)(left - *at), "", name);
    *at = left + width;
}

static void print_head(const sheet *s) {
    const drawing *line = s->line;
    if (line->title != NULL) fprintf(s->out, "%s\n", line->title);
    if (line->subtitle != NULL) fprintf(s->out, "  %s\n", line->subtitle);
    if (s->layout->first > 0)
        fprintf(s->out, "%*s  (%zu rows before these)\n", (int)s->time_width, "", s->layout->first);
    set_color(s, COLOR_DIM);
    fprintf(s->out, "%*s  ", (int)s->time_width, "");
    size_t at = 0;
    for (size_t i = 0; i < line->lane_count; i++)
        if (s->lane_x[i] != SIZE_MAX) print_centered(s, &at, s->lane_x[i], line->lanes[i].name);
    for (size_t i = 0; i < line->key_count; i++)
        if (s->key_x[i] != SIZE_MAX) print_centered(s, &at, s->key_x[i], line->keys[i]);
    set_color(s, COLOR_NONE);
    putc('\n', s->out);
}

static void measure(sheet *s) {
    const drawing *line = s->line;
    char time[32];
    size_t x = 0, clients = 0;
    for (size_t i = 0; i < line->lane_count; i++) {
        size_t width = text_width(line->lanes[i].name);
        s->lane_x[i] = SIZE_MAX;
        if (!drawing_shows_lane(line, s->layout, i)) continue;
        clients += line->lanes[i].kind == DRAWING_CLIENT;
        if (width > s->name_width) s->name_width = width;
        if (width < LANE_LEAST) width = LANE_LEAST;
        s->lane_x[i] = x + width / 2;
        x += width + LANE_GAP;
    }
    for (size_t i = 0; i < line->key_count; i++) {
        size_t width = text_width(line->keys[i]);
        s->key_x[i] = SIZE_MAX;
        if (!drawing_shows_key(line, s->layout, i)) continue;
        if (width < KEY_LEAST) width = KEY_LEAST;
        s->key_x[i] = x + width / 2;
        x += width + 1;
    }
    s->width = x;
    s->names_lanes = clients > 1 || line->lane_count > clients + 1;
    s->form = drawing_choose_form(line, s->layout);
    for (size_t i = s->layout->first; i < s->layout->count; i++) {
        drawing_time_text(line->points[s->layout->rows[i].point].at_us, s->form, time);
        if (strlen(time) > s->time_width) s->time_width = strlen(time);
    }
}

static void print_lesson(const sheet *s) {
    for (const char *text = s->line->lesson; text != NULL && *text != '\0';) {
        size_t length = text_line_length(text, LESSON_COLUMNS);
        fprintf(s->out, "  %.*s\n", (int)length, text);
        text += length + strspn(text + length, " ");
    }
}

void drawing_write_text(const drawing *self, const drawing_style *style, FILE *out) {
    drawing_layout layout = drawing_lay_out(self, style->rows_max);
    sheet s = {.line = self, .layout = &layout, .style = style, .out = out};
    s.lane_x = memory_zeroed(self->lane_count + 1, sizeof *s.lane_x);
    s.key_x = memory_zeroed(self->key_count + 1, sizeof *s.key_x);
    measure(&s);
    s.cells = memory_zeroed(s.width + 1, sizeof *s.cells);
    print_head(&s);
    for (size_t row = layout.first; row < layout.count; row++) print_row(&s, row);
    print_lesson(&s);
    free(s.cells);
    free(s.lane_x);
    free(s.key_x);
    drawing_layout_free(&layout);
}
