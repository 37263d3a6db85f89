/* SHA-1, by which servers name scripts. Nothing here is a secret: it only has to be the same.
 *
 * Cost: linear. Owns nothing. */
#ifndef ENGINE_DIGEST_H
#define ENGINE_DIGEST_H

#include "ttlspec/scripting.h"

/* Writes the digest as hexadecimal digits in lower case, with a NUL. */
void digest_of(ttl_bytes text, char digest[TTL_DIGEST_LENGTH + 1]);

#endif
