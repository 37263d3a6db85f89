/* A text of a vector: an argument, or a text in an expected reply, with its placeholders parsed.
 *
 *      "{k}*"      pieces:  KEY "k" | BYTES "*"
 *
 *      {k} {k2} {k3} ...   a key in the run's own namespace: the world's prefix, then the name
 *      {db} {db2}          the number of the run's database, and of a second one
 *      {t0} {t0+5} {t0-5}  T0, the vector's beginning, in milliseconds since the epoch, and an
 * offset {t0s} {t0s+5} ...   the same in whole seconds
 *
 * T0 is captured once for each run of a vector, so what one step wrote and what a later one reads
 * back are the same number on a virtual clock and on a live one. T0 is a whole second: T0 mod 1000
 * is 0, so that {t0s} loses nothing. Offsets stay within 2^53, so that T0 plus an offset never
 * overflows.
 * Ownership: texts live in the arena of the set they were loaded into.
 */
#ifndef CONFORMANCE_VECTOR_TEXT_H
#define CONFORMANCE_VECTOR_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conformance/arena.h"
#include "ttlspec/bytes.h"

typedef enum vector_text_kind {
    VECTOR_TEXT_BYTES,    /* as they are */
    VECTOR_TEXT_KEY,      /* {k}, {k2} */
    VECTOR_TEXT_DATABASE, /* {db}, {db2} */
    VECTOR_TEXT_T0_MS,    /* {t0}, {t0+5} */
    VECTOR_TEXT_T0_S,     /* {t0s}, {t0s-5} */
} vector_text_kind;

/* How a text names T0. One that names it in seconds can tell whether it is a whole second. */
typedef enum vector_t0 { VECTOR_T0_UNNAMED, VECTOR_T0_IN_MS, VECTOR_T0_IN_SECONDS } vector_t0;

typedef struct vector_text_piece {
    vector_text_kind kind;
    ttl_bytes bytes; /* of bytes: themselves; of a key: its name, "k2" */
    int64_t number;  /* of T0: the offset, in the unit of the kind; of a database: 0 or 1 */
} vector_text_piece;

typedef struct vector_text {
    size_t count;
    const vector_text_piece *pieces;
} vector_text;

/* What the placeholders stand for in one run of one vector. */
typedef struct vector_world {
    ttl_bytes key_prefix; /* free of glob characters: keys are used in patterns */
    int64_t t0_ms;        /* a whole second where the vector names it in seconds */
    int databases[2];     /* the run's own, and a second one */
} vector_world;

/* Parses a text as it stands in a vector file. False: `*wrong` says what was expected. A brace
 * that opens no placeholder is refused: such bytes are written {"hex": ...} in a vector. */
bool vector_text_parse(arena *memory, const char *source, vector_text *text, const char **wrong);
/* A text of bytes without placeholders. */
vector_text vector_text_of_bytes(arena *memory, const char *data, size_t length);
/* Fills the placeholders: writes at most `size` bytes, no NUL, and returns the whole length. */
size_t vector_text_fill(const vector_text *text, const vector_world *world, char *buffer,
                        size_t size);
/* The filled text, taken from the arena. */
ttl_bytes vector_text_filled(const vector_text *text, const vector_world *world, arena *memory);
/* Writes the text as it stands in the file, as JSON: "{k}*", or {"hex": "00ff"}. */
void vector_text_print(const vector_text *text, FILE *out);
/* In which unit the text names T0; seconds, where it does in both. */
vector_t0 vector_text_t0(const vector_text *text);
/* True when the text names {db2}. */
bool vector_text_uses_second_database(const vector_text *text);

#endif
