/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Pure; owns nothing; cost is linear. */
#ifndef CONFORMANCE_UTF8_H
#define CONFORMANCE_UTF8_H

#include <stddef.h>

/* How many bytes the character at `data` has; 0: these bytes begin no character. */
size_t utf8_character_length(const char *data, size_t length);
/* How many bytes at the beginning are whole, valid characters. */
size_t utf8_valid_length(const char *data, size_t length);
/* Writes a code point, at most 4 bytes; returns how many. */
size_t utf8_encode(unsigned code_point, char *buffer);

#endif
