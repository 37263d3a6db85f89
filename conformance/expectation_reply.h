/* What matching and rendering share: how a reply is seen by the session that received it. */
#ifndef CONFORMANCE_EXPECTATION_REPLY_H
#define CONFORMANCE_EXPECTATION_REPLY_H

#include "conformance/expectation.h"

/* The type as this protocol sends it: RESP2 knows neither maps nor sets, pushes, doubles, booleans
 * or verbatim strings. */
static inline ttl_reply_type expectation_type_on_wire(ttl_reply_type type, int protocol) {
    if (protocol >= 3) return type;
    switch (type) {
    case TTL_REPLY_MAP:
    case TTL_REPLY_SET:
    case TTL_REPLY_PUSH: return TTL_REPLY_ARRAY;
    case TTL_REPLY_DOUBLE:
    case TTL_REPLY_VERBATIM: return TTL_REPLY_BULK;
    case TTL_REPLY_BOOLEAN: return TTL_REPLY_INTEGER;
    case TTL_REPLY_STATUS:
    case TTL_REPLY_ERROR:
    case TTL_REPLY_INTEGER:
    case TTL_REPLY_BULK:
    case TTL_REPLY_NIL:
    case TTL_REPLY_NIL_ARRAY:
    case TTL_REPLY_ARRAY:
    case TTL_REPLY_TOLD:
    case TTL_REPLY_PENDING: return type;
    }
    return type;
}

/* The number that an expected integer stands for. The world may be NULL when the number does not
 * count from T0. */
int64_t expectation_integer(const expectation *expected, const vector_world *world);
/* The tree that begins at node `index`, as a vector writes it. The caller frees the text. */
char *expectation_text_of_node(const ttl_reply *reply, size_t index, int protocol);

#endif
