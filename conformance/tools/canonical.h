/* The canonical form of RESP bytes: what is the server's own choice is taken out. */
#ifndef TTLSPEC_CONFORMANCE_TOOLS_CANONICAL_H
#define TTLSPEC_CONFORMANCE_TOOLS_CANONICAL_H

#include <stddef.h>

#include "conformance/tools/script.h"

/* The length of the first whole reply in `data`. 0: it is not all there yet. -1: not RESP. */
long resp_length(const char *data, size_t length);
/* Rewrites one whole reply in place and returns its new length, never a greater one. `queued` holds
 * the orders of the commands of an EXEC. */
size_t resp_canonical(char *data, size_t length, reply_order order, const reply_order *queued,
                      size_t queued_count);

#endif
