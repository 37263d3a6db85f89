/* What separates the dialects: each trait of the engine, and the vector that shows it.
 *
 * Which vector that is is not written down but found: the engine of a dialect is given one trait
 * the other way round and held to the dialect as it is. The first vector that fails shows the
 * trait. A trait that no vector shows is a gap in the vectors.
 *
 * Cost: two runs of all vectors on the engine for each trait.
 */
#ifndef CONFORMANCE_DIALECTS_H
#define CONFORMANCE_DIALECTS_H

#include <stddef.h>

#include "conformance/vector.h"
#include "ttlspec/dialect.h"

/* The first vector that tells a server with this trait from one without; NULL: none does. */
const vector *dialects_witness(const vector_set *set, size_t trait);

enum { DIALECTS_VERSIONS_SIZE = 64 };
/* "always", "never", "since 7.0", "before 6.2", "6.2 to 7.2". */
void dialects_versions_text(ttl_versions versions, char text[DIALECTS_VERSIONS_SIZE]);

#endif
