/* Collections: lists, hashes, sets and sorted sets, as far as deadlines meet them.
 *
 * All four are one structure: an array of members in a defined order (list: position; hash and
 * set: insertion; sorted set: score, then bytes). That is what small collections are in Redis too,
 * and what a reference needs; members are found by walking.
 *
 * Invariants: a collection in a keyspace is never empty (emptying it removes the key); members of
 * a hash, set or sorted set are distinct.
 * Cost: O(n) for most operations.
 * Ownership: a collection owns its members' bytes.
 */
#ifndef ENGINE_OBJECT_H
#define ENGINE_OBJECT_H

#include <stddef.h>

#include "engine/keyspace.h"

struct member {
    ttl_bytes bytes; /* list element, set or sorted-set member, hash field */
    ttl_bytes value; /* hash: the field's value; else empty */
    double score;    /* sorted set; else 0 */
};

struct collection {
    struct member *members;
    size_t count, capacity;
};

/* For keyspace_init: gives a collection back. */
void object_release(struct memory *memory, enum value_type type, void *object);
/* A copy with bytes of its own; NULL: no memory. */
struct collection *collection_copy(struct memory *memory, const struct collection *collection);

#endif
