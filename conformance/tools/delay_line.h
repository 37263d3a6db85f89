/* A delay line: bytes on their way, in one direction of one connection.
 *
 *      add at 10.000 ms ---> [ chunk, due 11.250 | chunk, due 14.003 | end, due 14.003 ] ---> take
 *
 * Each chunk is late by an amount drawn at random between the line's least and most; one that would
 * overtake its predecessor is due with it. The end of the stream is a chunk like others. The line
 * reads no clock: whoever uses it says what time it is, so the same seed and the same moments give
 * the same line.
 *
 * Invariants: what comes out is what went in, in its order, and never before it is due; each chunk
 * is due from min_us to max_us after it was added, or together with the one before it.
 * Cost: O(1) each. Ownership: a line owns its chunks until they are taken; a chunk that was taken
 * is the caller's, who frees it with free().
 */
#ifndef CONFORMANCE_DELAY_LINE_H
#define CONFORMANCE_DELAY_LINE_H

#include <stddef.h>
#include <stdint.h>

typedef struct delay_chunk {
    struct delay_chunk *next;
    int64_t due_us;
    size_t length; /* 0: the end of the stream */
    char data[];
} delay_chunk;

typedef struct delay_line {
    uint64_t random;
    int64_t min_us, max_us; /* how late a chunk may be */
    int64_t last_due_us;
    size_t length; /* bytes on their way */
    delay_chunk *first, *last;
} delay_line;

/* An empty line. Those of one seed that differ in `number` draw different delays. */
void delay_line_init(delay_line *self, uint64_t seed, uint64_t number, int64_t min_us,
                     int64_t max_us);
/* Forgets what is on its way. */
void delay_line_free(delay_line *self);

/* Puts a copy of the bytes on their way; none at all are the end of the stream. */
void delay_line_add(delay_line *self, const char *data, size_t length, int64_t now_us);
/* When the first chunk is due; INT64_MAX: nothing is on its way. */
int64_t delay_line_due_us(const delay_line *self);
/* The first chunk, if it is due. NULL: none is. */
delay_chunk *delay_line_take(delay_line *self, int64_t now_us);

#endif
