/* Patterns of KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET, as Redis reads them.
 *
 *      *      any bytes, also none          [a-c]   one of a range, or of a set
 *      ?      any one byte                  [^ab]   none of a set
 *      \x     the byte x itself
 *
 * Nothing is an error: a set that is not closed ends with the pattern, a range may run backwards,
 * `[]` matches nothing and `[^]` any one byte. Bytes of a range compare as signed ones.
 * Cost: at most the product of both lengths; no recursion, no memory. */
#ifndef ENGINE_GLOB_H
#define ENGINE_GLOB_H

#include <stdbool.h>

#include "ttlspec/bytes.h"

bool glob_matches(ttl_bytes pattern, ttl_bytes text);
/* The same without regard to upper and lower case (ASCII). */
bool glob_matches_any_case(ttl_bytes pattern, ttl_bytes text);

#endif
