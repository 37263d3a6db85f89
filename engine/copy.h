/* Copies of keys: for COPY, and for a replica that begins to follow. */
#ifndef ENGINE_COPY_H
#define ENGINE_COPY_H

#include "engine/state.h"

/* A draft of `name` with a value of its own, equal to that of `from`, and no deadline. Its record
 * is NULL when there is no memory. */
struct key copy_draft(struct keyspace *keyspace, ttl_bytes name, const struct record *from);

/* A copy of a hash has its fields' deadlines: makes room for them in the index of a database, so
 * that copy_fields_settle cannot fail. */
ttl_status copy_fields_reserve(struct database *db, const struct record *draft);
/* The copy enters the index. */
void copy_fields_settle(struct database *db, struct key copy);

#endif
