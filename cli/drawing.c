#include "cli/drawing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"
#include "conformance/expectation.h"
#include "conformance/text.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000, S_PER_MINUTE = 60, S_PER_HOUR = 3600, S_PER_DAY = 86400 };

void drawing_init(drawing *self) {
    *self = (drawing){0};
}

void drawing_free(drawing *self) {
    free(self->lanes);
    free(self->points);
    free(self->arrows);
    free(self->bars);
    free(self->spans);
    free(self->keys);
    arena_free(&self->arena);
    *self = (drawing){0};
}

/* ---- adding */

size_t drawing_add_lane(drawing *self, drawing_lane_kind kind, const char *name) {
    self->lanes = memory_grown(self->lanes, self->lane_count, sizeof *self->lanes);
    self->lanes[self->lane_count] = (drawing_lane){kind, arena_copy(&self->arena, name)};
    return self->lane_count++;
}

size_t drawing_add_key(drawing *self, const char *name) {
    self->keys = memory_grown(self->keys, self->key_count, sizeof *self->keys);
    self->keys[self->key_count] = arena_copy(&self->arena, name);
    return self->key_count++;
}

size_t drawing_add_point(drawing *self, int64_t at_us) {
    self->points = memory_grown(self->points, self->point_count, sizeof *self->points);
    self->points[self->point_count] = (drawing_point){at_us, DRAWING_NONE, DRAWING_PLAIN, ""};
    return self->point_count++;
}

size_t drawing_add_arrow(drawing *self, drawing_arrow arrow) {
    self->arrows = memory_grown(self->arrows, self->arrow_count, sizeof *self->arrows);
    self->arrows[self->arrow_count] = arrow;
    return self->arrow_count++;
}

void drawing_add_exchange(drawing *self, size_t client, size_t server, size_t point) {
    drawing_add_arrow(self, (drawing_arrow){DRAWING_REQUEST, client, server, point, point, NULL});
    drawing_add_arrow(self, (drawing_arrow){DRAWING_ANSWER, server, client, point, point, NULL});
}

size_t drawing_add_bar(drawing *self, drawing_bar bar) {
    self->bars = memory_grown(self->bars, self->bar_count, sizeof *self->bars);
    self->bars[self->bar_count] = bar;
    return self->bar_count++;
}

size_t drawing_add_span(drawing *self, drawing_span span) {
    self->spans = memory_grown(self->spans, self->span_count, sizeof *self->spans);
    self->spans[self->span_count] = span;
    return self->span_count++;
}

const char *drawing_words(drawing *self, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = text_format_list(format, arguments);
    va_end(arguments);
    const char *copy = arena_copy(&self->arena, text);
    free(text);
    return copy;
}

const char *drawing_command_words(drawing *self, size_t argc, const ttl_bytes *argv) {
    const char *words = "";
    for (size_t i = 0; i < argc; i++)
        words = drawing_words(self, "%s%s%.*s", words, i == 0 ? "" : " ", (int)argv[i].length,
                              argv[i].data);
    return words;
}

const char *drawing_reply_words(drawing *self, const ttl_reply *reply) {
    if (reply->node_count == 0) return "";
    ttl_reply_type type = reply->nodes[0].type;
    if (type == TTL_REPLY_NIL || type == TTL_REPLY_NIL_ARRAY) return "nil";
    if (type == TTL_REPLY_PENDING) return "waits";
    if (type == TTL_REPLY_STATUS || type == TTL_REPLY_ERROR) {
        char *plain = text_copy_bytes(ttl_reply_text(reply, 0));
        const char *said = arena_copy(&self->arena, plain);
        free(plain);
        return said;
    }
    char *text = expectation_text_of_reply(reply, 2);
    const char *words = arena_copy(&self->arena, text);
    free(text);
    return words;
}

void drawing_say(drawing *self, size_t point, size_t lane, drawing_tone tone, const char *format,
                 ...) {
    drawing_point *where = &self->points[point];
    va_list arguments;
    va_start(arguments, format);
    char *text = text_format_list(format, arguments);
    va_end(arguments);
    bool is_first = *where->words == '\0';
    if (is_first) where->lane = lane;
    where->words = is_first ? arena_copy(&self->arena, text)
                            : arena_format(&self->arena, "%s; %s", where->words, text);
    if (tone > where->tone) where->tone = tone;
    free(text);
}

/* ---- deadlines */

static void end_bar(drawing *self, drawing_deadline *deadline, size_t point, drawing_bar_end end) {
    self->bars[deadline->bar].until = point;
    self->bars[deadline->bar].end = end;
    deadline->bar = DRAWING_NONE;
}

/* The deadline was passed: between two points, unless the clock jumped over it. */
static void end_at_deadline(drawing *self, drawing_deadline *deadline,
                            const drawing_reading *reading) {
    int64_t now_us = self->points[reading->point].at_us;
    size_t point = reading->point;
    if (deadline->deadline_ms < INT64_MAX / US_PER_MS - 1) {
        int64_t dead_us = (deadline->deadline_ms + 1) * US_PER_MS;
        int64_t at_us = reading->last_us + (dead_us - reading->last_wall_us);
        if (at_us > reading->last_us && at_us < now_us) {
            point = drawing_add_point(self, at_us);
            drawing_say(self, point, DRAWING_NONE, DRAWING_EXPIRED, "%s is dead", reading->name);
        }
    }
    end_bar(self, deadline, point, DRAWING_DIED);
}

static const char *left_words(drawing *self, int64_t left_ms) {
    if (left_ms < 0) return "";
    if (left_ms < 10 * MS_PER_S) return drawing_words(self, "%" PRId64 " ms", left_ms);
    int64_t left_s = left_ms / MS_PER_S;
    if (left_s < 3 * S_PER_MINUTE) return drawing_words(self, "%" PRId64 " s", left_s);
    if (left_s < 3 * S_PER_HOUR)
        return drawing_words(self, "%" PRId64 " min", left_s / S_PER_MINUTE);
    if (left_s < 3 * S_PER_DAY) return drawing_words(self, "%" PRId64 " h", left_s / S_PER_HOUR);
    if (left_s < INT64_C(3000) * S_PER_DAY)
        return drawing_words(self, "%" PRId64 " d", left_s / S_PER_DAY);
    return drawing_words(self, "%.3g years", (double)left_s / (365.25 * S_PER_DAY));
}

void drawing_read_key(drawing *self, drawing_deadline *deadline, const drawing_reading *reading) {
    int64_t now_ms = reading->wall_us / US_PER_MS;
    bool is_open = deadline->bar != DRAWING_NONE;
    bool waits = reading->is_volatile && reading->deadline_ms >= now_ms;
    if (is_open && now_ms > deadline->deadline_ms) end_at_deadline(self, deadline, reading);
    else if (is_open && !waits) end_bar(self, deadline, reading->point, DRAWING_DROPPED);
    else if (is_open && reading->deadline_ms != deadline->deadline_ms)
        end_bar(self, deadline, reading->point, DRAWING_CHANGED);
    if (!waits || deadline->bar != DRAWING_NONE) return;
    if (deadline->key == DRAWING_NONE) deadline->key = drawing_add_key(self, reading->name);
    deadline->deadline_ms = reading->deadline_ms;
    deadline->bar = drawing_add_bar(
        self, (drawing_bar){.key = deadline->key,
                            .since = reading->point,
                            .until = DRAWING_NONE,
                            .words = left_words(self, reading->deadline_ms - now_ms)});
}

/* ---- layout */

struct placed {
    int64_t at_us;
    size_t point;
};

static int compare_placed(const void *left, const void *right) {
    const struct placed *a = left, *b = right;
    if (a->at_us != b->at_us) return a->at_us < b->at_us ? -1 : 1;
    return (a->point > b->point) - (a->point < b->point);
}

/* The points in order of time. */
static size_t *order_points(const drawing *self) {
    struct placed *placed = memory_zeroed(self->point_count + 1, sizeof *placed);
    size_t *order = memory_zeroed(self->point_count + 1, sizeof *order);
    for (size_t i = 0; i < self->point_count; i++)
        placed[i] = (struct placed){self->points[i].at_us, i};
    qsort(placed, self->point_count, sizeof *placed, compare_placed);
    for (size_t i = 0; i < self->point_count; i++) order[i] = placed[i].point;
    free(placed);
    return order;
}

/* How many arrows begin or end at each point. */
static size_t *count_arrows(const drawing *self) {
    size_t *counts = memory_zeroed(self->point_count + 1, sizeof *counts);
    for (size_t i = 0; i < self->arrow_count; i++) {
        counts[self->arrows[i].since]++;
        if (self->arrows[i].kind != DRAWING_LOST) counts[self->arrows[i].until]++;
    }
    for (size_t i = 0; i < self->bar_count; i++) {
        counts[self->bars[i].since] += 2;
        if (self->bars[i].until != DRAWING_NONE) counts[self->bars[i].until] += 2;
    }
    for (size_t i = 0; i < self->span_count; i++) {
        counts[self->spans[i].since] += 2;
        if (self->spans[i].until != DRAWING_NONE) counts[self->spans[i].until] += 2;
    }
    return counts;
}

/* Joins a point to the row of its neighbour when nothing but one arrow stands between them. */
static void join_neighbours(const drawing *self, size_t *place_of, size_t *joined,
                            const size_t *counts) {
    for (size_t i = 0; i < self->arrow_count; i++) {
        const drawing_arrow *arrow = &self->arrows[i];
        if (arrow->kind == DRAWING_LOST) continue;
        size_t from = place_of[arrow->since], to = place_of[arrow->until];
        if (to != from + 1) continue;
        bool from_is_bare = counts[arrow->since] == 1 && *self->points[arrow->since].words == '\0';
        bool to_is_bare = counts[arrow->until] == 1 && *self->points[arrow->until].words == '\0';
        if (from_is_bare) joined[from] = to;
        else if (to_is_bare) joined[to] = from;
    }
}

drawing_layout drawing_lay_out(const drawing *self, size_t rows_max) {
    size_t count = self->point_count;
    drawing_layout layout = {.rows = memory_zeroed(count + 1, sizeof *layout.rows),
                             .row_of = memory_zeroed(count + 1, sizeof *layout.row_of)};
    size_t *order = order_points(self);
    size_t *place_of = memory_zeroed(count + 1, sizeof *place_of);
    size_t *joined = memory_zeroed(count + 1, sizeof *joined);
    size_t *counts = count_arrows(self);
    for (size_t i = 0; i < count; i++) place_of[order[i]] = i, joined[i] = DRAWING_NONE;
    join_neighbours(self, place_of, joined, counts);
    size_t total = 0;
    for (size_t i = 0; i < count; i++) total += joined[i] == DRAWING_NONE;
    layout.first = rows_max > 0 && total > rows_max ? total - rows_max : 0;
    for (size_t i = 0; i < count; i++) {
        if (joined[i] != DRAWING_NONE) continue;
        layout.row_of[order[i]] = layout.count;
        layout.rows[layout.count++] =
            (drawing_row){order[i], *self->points[order[i]].words == '\0'};
    }
    for (size_t i = 0; i < count; i++)
        if (joined[i] != DRAWING_NONE) layout.row_of[order[i]] = layout.row_of[order[joined[i]]];
    free(order);
    free(place_of);
    free(joined);
    free(counts);
    return layout;
}

bool drawing_shows_lane(const drawing *self, const drawing_layout *layout, size_t lane) {
    if (self->lanes[lane].kind != DRAWING_CLIENT) return true;
    for (size_t row = layout->first; row < layout->count; row++)
        if (self->points[layout->rows[row].point].lane == lane) return true;
    for (size_t i = 0; i < self->arrow_count; i++) {
        const drawing_arrow *arrow = &self->arrows[i];
        if (arrow->from != lane && arrow->to != lane) continue;
        if (layout->row_of[arrow->since] >= layout->first) return true;
        if (arrow->kind != DRAWING_LOST && layout->row_of[arrow->until] >= layout->first)
            return true;
    }
    return false;
}

bool drawing_shows_key(const drawing *self, const drawing_layout *layout, size_t key) {
    for (size_t i = 0; i < self->bar_count; i++) {
        const drawing_bar *bar = &self->bars[i];
        if (bar->key != key) continue;
        if (layout->row_of[bar->since] >= layout->first) return true;
        if (bar->until != DRAWING_NONE && layout->row_of[bar->until] >= layout->first) return true;
    }
    return false;
}

void drawing_layout_free(drawing_layout *layout) {
    free(layout->rows);
    free(layout->row_of);
    *layout = (drawing_layout){0};
}

/* ---- times */

drawing_time_form drawing_choose_form(const drawing *self, const drawing_layout *layout) {
    int64_t last_us = 0;
    bool is_whole = true;
    for (size_t row = layout->first; row < layout->count; row++) {
        last_us = self->points[layout->rows[row].point].at_us;
        is_whole = is_whole && last_us % US_PER_MS == 0;
    }
    int64_t last_s = last_us / US_PER_MS / MS_PER_S;
    if (last_s >= S_PER_DAY) return DRAWING_DAYS;
    if (last_s >= 100) return DRAWING_CLOCK;
    return is_whole ? DRAWING_WHOLE_MS : DRAWING_MS;
}

void drawing_time_text(int64_t us, drawing_time_form form, char text[32]) {
    int64_t ms = us / US_PER_MS, s = ms / MS_PER_S;
    int hours = (int)(s / S_PER_HOUR % 24), minutes = (int)(s / S_PER_MINUTE % 60);
    switch (form) {
    case DRAWING_WHOLE_MS: snprintf(text, 32, "%" PRId64 " ms", ms); break;
    case DRAWING_MS: snprintf(text, 32, "%" PRId64 ".%03d ms", ms, (int)(us % US_PER_MS)); break;
    case DRAWING_CLOCK:
        snprintf(text, 32, "%02d:%02d:%02d.%03d", hours, minutes, (int)(s % 60),
                 (int)(ms % MS_PER_S));
        break;
    case DRAWING_DAYS:
        snprintf(text, 32, "%" PRId64 " d %02d:%02d:%02d", s / S_PER_DAY, hours, minutes,
                 (int)(s % 60));
        break;
    }
}

/* ---- style */

static bool says_utf8(const char *locale) {
    return strstr(locale, "UTF-8") != NULL || strstr(locale, "utf8") != NULL ||
           strstr(locale, "utf-8") != NULL || strstr(locale, "UTF8") != NULL;
}

drawing_style drawing_style_of_stdout(void) {
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *no_color = getenv("NO_COLOR"), *locale = "";
    for (size_t i = 0; i < 3 && *locale == '\0'; i++)
        if (getenv(variables[i]) != NULL) locale = getenv(variables[i]);
    bool is_plain = no_color != NULL && *no_color != '\0', is_terminal = isatty(STDOUT_FILENO);
    struct winsize size;
    bool has_size = is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    return (drawing_style){.has_color = is_terminal && !is_plain,
                           .has_unicode = says_utf8(locale),
                           .width = has_size ? size.ws_col : 0};
}

int drawing_draw(const char *command, const drawing *line, const char *path, size_t rows_max) {
    if (path == NULL) {
        drawing_style style = drawing_style_of_stdout();
        style.rows_max = rows_max;
        drawing_write_text(line, &style, stdout);
        return STATUS_CONFORMANT;
    }
    FILE *file = fopen(path, "w");
    if (file != NULL) drawing_write_svg(line, rows_max, file);
    bool is_whole = file != NULL && !ferror(file);
    if (file != NULL && fclose(file) != 0) is_whole = false;
    if (!is_whole) return cli_complain(command, "%s cannot be written: %s", path, strerror(errno));
    return STATUS_CONFORMANT;
}
