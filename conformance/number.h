/* Whole numbers written as text, never by way of a double. Pure; owns nothing. */
#ifndef CONFORMANCE_NUMBER_H
#define CONFORMANCE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2^53: up to here a double holds every whole number exactly. */
#define NUMBER_EXACT_MAX INT64_C(9007199254740992)

/* Reads decimal digits without sign, space or leading zero, at most `max`. */
bool number_parse_digits(const char *text, size_t length, int64_t max, int64_t *number);
/* Reads any int64 in its shortest form: digits, a minus before them if it is negative. */
bool number_parse(const char *text, size_t length, int64_t *number);

#endif
