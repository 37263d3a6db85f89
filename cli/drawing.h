/* A timeline: what happened on which lane, and when; the one drawing behind `ttlspec show`.
 *
 *      lanes    clients, servers, replicas: side by side, time runs down
 *      points   moments, each a row of its own, in the order of their time, then as they were added
 *      words    what happened at a point, on which lane
 *      arrows   messages, from a point of one lane to a point of another
 *      bars     deadlines, each in the column of its key, from when it was set until it came
 *      spans    faults: a partition, a pause, a clock that is off, as long as they last; and places
 *               where a client is: a critical section
 *
 * Two renderers draw it: as text for a terminal (drawing_text.c) and as SVG (drawing_svg.c). They
 * share the layout below, so that they say the same.
 * Ownership: the timeline owns its strings, as copies, until drawing_free.
 */
#ifndef TTLSPEC_CLI_DRAWING_H
#define TTLSPEC_CLI_DRAWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conformance/arena.h"
#include "ttlspec/reply.h"

#define DRAWING_NONE SIZE_MAX

typedef enum drawing_lane_kind {
    DRAWING_CLIENT,
    DRAWING_SERVER,
    DRAWING_REPLICA,
} drawing_lane_kind;

typedef enum drawing_tone {
    DRAWING_PLAIN,
    DRAWING_NOTE,    /* of lesser weight */
    DRAWING_EXPIRED, /* a deadline came */
    DRAWING_FAULT,   /* something goes wrong on purpose */
    DRAWING_WRONG,   /* what must not happen */
} drawing_tone;

typedef struct drawing_lane {
    drawing_lane_kind kind;
    const char *name;
} drawing_lane;

typedef struct drawing_point {
    int64_t at_us;
    size_t lane; /* whose words these are; DRAWING_NONE: nobody's */
    drawing_tone tone;
    const char *words; /* "" : none */
} drawing_point;

typedef enum drawing_arrow_kind {
    DRAWING_REQUEST,
    DRAWING_ANSWER,
    DRAWING_LOST, /* on its way to lane `to`, which it never reaches; `until` is of no meaning */
    DRAWING_SYNC,
} drawing_arrow_kind;

typedef struct drawing_arrow {
    drawing_arrow_kind kind;
    size_t from, to;     /* lanes */
    size_t since, until; /* points */
    const char *words;   /* where its end has a row of its own */
} drawing_arrow;

typedef enum drawing_bar_end {
    DRAWING_OPEN,    /* the deadline lies beyond the drawing */
    DRAWING_DIED,    /* it came */
    DRAWING_CHANGED, /* another took its place */
    DRAWING_DROPPED, /* the key is persistent now, or gone */
} drawing_bar_end;

typedef struct drawing_bar {
    size_t key;          /* column */
    size_t since, until; /* points; DRAWING_NONE: to the end */
    drawing_bar_end end;
    const char *words; /* how long it was to be: "100 ms" */
} drawing_bar;

typedef enum drawing_span_kind {
    DRAWING_TROUBLE,
    DRAWING_PLACE,
} drawing_span_kind;

typedef struct drawing_span {
    drawing_span_kind kind;
    size_t lane;
    size_t since, until; /* points; DRAWING_NONE: to the end */
    const char *words;
} drawing_span;

typedef struct drawing {
    arena arena;
    const char *title, *subtitle; /* NULL: none */
    const char *lesson;           /* what is learnt from it, below; NULL: nothing */
    size_t lane_count, point_count, arrow_count, bar_count, span_count, key_count;
    drawing_lane *lanes;
    drawing_point *points;
    drawing_arrow *arrows;
    drawing_bar *bars;
    drawing_span *spans;
    const char **keys;
} drawing;

void drawing_init(drawing *self);
void drawing_free(drawing *self);

/* Each returns the number of what was added. */
size_t drawing_add_lane(drawing *self, drawing_lane_kind kind, const char *name);
size_t drawing_add_key(drawing *self, const char *name);
size_t drawing_add_point(drawing *self, int64_t at_us);
size_t drawing_add_arrow(drawing *self, drawing_arrow arrow);
/* A request and its answer at one point. */
void drawing_add_exchange(drawing *self, size_t client, size_t server, size_t point);
size_t drawing_add_bar(drawing *self, drawing_bar bar);
size_t drawing_add_span(drawing *self, drawing_span span);
/* Adds words to a point; several are joined by a semicolon. The weightiest tone stays. */
void drawing_say(drawing *self, size_t point, size_t lane, drawing_tone tone, const char *format,
                 ...) __attribute__((__format__(__printf__, 5, 6)));
/* A reply in few words: "OK", "nil", an error without its quotes. */
const char *drawing_reply_words(drawing *self, const ttl_reply *reply);
const char *drawing_command_words(drawing *self, size_t argc, const ttl_bytes *argv);
/* A copy that lives as long as the timeline. */
const char *drawing_words(drawing *self, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/* Bars from what a server says of its keys, moment after moment. */
typedef struct drawing_deadline {
    size_t bar; /* the one that is open; DRAWING_NONE: none */
    int64_t deadline_ms;
    size_t key; /* column; DRAWING_NONE: the key never had a deadline */
} drawing_deadline;

/* What is known of a key at a point. `wall_us` is what the server's clock shows then, and
 * `last_wall_us` what it showed at the point before, at `last_us`: a deadline between the two gets
 * a point of its own, at its moment. */
typedef struct drawing_reading {
    const char *name;
    bool is_volatile; /* there is a key, and it has a deadline */
    int64_t deadline_ms;
    size_t point;
    int64_t wall_us, last_us, last_wall_us;
} drawing_reading;

void drawing_read_key(drawing *self, drawing_deadline *deadline, const drawing_reading *reading);

/* ---- layout */

typedef struct drawing_row {
    size_t point;
    bool is_minor; /* it says nothing of its own: an arrow begins or ends here */
} drawing_row;

/* Rows from top to bottom. A point at which nothing but one arrow begins or ends, next to its other
 * end, has no row of its own: the arrow is drawn level, in the row of the other. */
typedef struct drawing_layout {
    size_t count, first; /* rows; the first that is drawn */
    drawing_row *rows;
    size_t *row_of; /* of each point */
} drawing_layout;

/* `rows_max`: the last so many rows are kept; 0: all. */
drawing_layout drawing_lay_out(const drawing *self, size_t rows_max);
/* Does anything happen on this client's lane where it is drawn? Servers are always drawn. */
bool drawing_shows_lane(const drawing *self, const drawing_layout *layout, size_t lane);
/* Does anything happen in the column of this key where it is drawn? */
bool drawing_shows_key(const drawing *self, const drawing_layout *layout, size_t key);
void drawing_layout_free(drawing_layout *layout);
/* How times are written: in the same form all over one drawing. */
typedef enum drawing_time_form {
    DRAWING_WHOLE_MS, /* "12 ms" */
    DRAWING_MS,       /* "12.345 ms" */
    DRAWING_CLOCK,    /* "00:01:42.146" */
    DRAWING_DAYS,     /* "3 d 04:05:06" */
} drawing_time_form;

drawing_time_form drawing_choose_form(const drawing *self, const drawing_layout *layout);
void drawing_time_text(int64_t us, drawing_time_form form, char text[32]);

/* ---- drawing */

typedef struct drawing_style {
    bool has_color;   /* ANSI colours */
    bool has_unicode; /* lines and arrows of UTF-8; else ASCII */
    size_t rows_max;  /* 0: all */
    size_t width;     /* of the terminal: longer lines are cut; 0: none are */
} drawing_style;

/* What standard output is: colour on a terminal without NO_COLOR, UTF-8 where the locale's name
 * says so. */
drawing_style drawing_style_of_stdout(void);
void drawing_write_text(const drawing *self, const drawing_style *style, FILE *out);
void drawing_write_svg(const drawing *self, size_t rows_max, FILE *out);
/* As text on standard output, or as SVG into a file; `path` NULL: the first. Returns the exit
 * status of a subcommand, which has complained when it is not 0. */
int drawing_draw(const char *command, const drawing *self, const char *path, size_t rows_max);

#endif
