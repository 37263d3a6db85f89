/* Numbers as text, the way Redis reads and writes them.
 *
 * Reading and writing of binary fractions is the C library's own (strtod, and snprintf, which does
 * no I/O): number.c is the one place of the engine that asks for them. Both follow LC_NUMERIC; a
 * program that sets it keeps it at "C", as every server does.
 *
 * Cost: constant; number_format_shortest tries up to 17 precisions.
 * Ownership: callers own the buffers; nothing here is NUL-terminated.
 */
#ifndef ENGINE_NUMBER_H
#define ENGINE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ttlspec/bytes.h"

enum {
    NUMBER_INTEGER_ROOM = 24,
    NUMBER_DOUBLE_ROOM = 40,
    NUMBER_LONG_DOUBLE_ROOM = 5 * 1024, /* every digit of the greatest one */
    NUMBER_TEXT_MOST = 5 * 1024 - 1,    /* longer texts are no numbers here */
};

/* ---- reading: false where the bytes are no such number */

/* A score or an increment: no blank before it, nothing after it, no NaN, nothing too great or too
 * small to be told from infinity or zero. "inf" is one. */
bool number_parse_double(ttl_bytes bytes, double *number);
/* The same for INCRBYFLOAT. */
bool number_parse_long_double(ttl_bytes bytes, long double *number);
/* The end of a range of scores: as above, but blanks before it, nothing at all (0), and what is
 * too great (infinity) or too small (0) will do. */
bool number_parse_bound(ttl_bytes bytes, double *number);
/* Could the bytes be a decimal number, or a word like "inf": nothing in hexadecimal, no blank
 * before it? Newer servers have readers of their own, which know no more than that. */
bool number_is_decimal(ttl_bytes bytes);
/* A cursor, as strtoul reads one: nothing at all is 0, and -1 is the greatest. No blank before it,
 * nothing after it. */
bool number_parse_unsigned(ttl_bytes bytes, uint64_t *number);

/* ---- writing: each returns the length */

size_t number_format_integer(int64_t number, char text[NUMBER_INTEGER_ROOM]);
/* 17 significant digits, as "%.17g" writes them: scores before Redis 7.2. */
size_t number_format_double(double number, char text[NUMBER_DOUBLE_ROOM]);
/* The fewest digits that are read back as the same number; whole numbers without an exponent as
 * far as they fit into 63 bits: scores since Redis 7.2. Those servers use Grisu2, which for about
 * two in a thousand numbers, all of 16 or 17 digits, ends in another digit than the nearest. */
size_t number_format_shortest(double number, char text[NUMBER_DOUBLE_ROOM]);
/* With so many digits after the point, as "%.4f" writes them. */
size_t number_format_fixed(double number, int digits, char text[NUMBER_LONG_DOUBLE_ROOM]);
/* As people write it: 17 digits after the point at most, never an exponent. 0: it is NaN or
 * infinite. */
size_t number_format_long_double(long double number, char text[NUMBER_LONG_DOUBLE_ROOM]);

#endif
