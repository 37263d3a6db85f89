/* Copies of keys: for COPY, and for a replica that begins to follow. */
#ifndef ENGINE_COPY_H
#define ENGINE_COPY_H

#include "engine/keyspace.h"

/* A draft of `name` with a value of its own, equal to that of `from`, and no deadline. Its record
 * is NULL when there is no memory. */
struct key copy_draft(struct keyspace *keyspace, ttl_bytes name, const struct record *from);

#endif
