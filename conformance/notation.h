/* Notation: bytes as a vector writes them, which is JSON.
 *
 * Text is a JSON string; bytes that no JSON string of ours may hold, a NUL or what is not UTF-8,
 * become {"hex": "00ff"}. The output is valid JSON for any bytes. Pure but for the stream.
 */
#ifndef CONFORMANCE_NOTATION_H
#define CONFORMANCE_NOTATION_H

#include <stdio.h>

#include "ttlspec/bytes.h"

/* A string or an object with `hex`. */
void notation_write_bytes(FILE *out, ttl_bytes bytes);

#endif
