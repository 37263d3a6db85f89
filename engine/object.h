/* Collections: lists, hashes, sets and sorted sets, as far as deadlines meet them.
 *
 * All four are one structure: an array of members in a defined order (list: position; hash:
 * insertion; set: insertion, or value while it only ever held integers; sorted set: score, then
 * bytes). That is what small collections are in Redis too, and what a reference needs; members are
 * found by walking.
 *
 * What may fail for want of memory comes first and changes nothing (copy, reserve); what changes a
 * collection comes second and cannot fail (insert, take, remove).
 *
 * Invariants: a collection in a keyspace is never empty, since emptying it removes the key (but for
 * two faults of servers, see COPY and HINCRBYFLOAT); members of a hash, set or sorted set are
 * distinct; empty bytes have no memory, their `data` is NULL.
 * Cost: O(n) for most operations.
 * Ownership: a collection owns its members' bytes.
 */
#ifndef ENGINE_OBJECT_H
#define ENGINE_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/keyspace.h"

struct member {
    ttl_bytes bytes; /* list element, set or sorted-set member, hash field */
    ttl_bytes value; /* hash: the field's value; else empty */
    union {
        double score;        /* sorted set; else 0 */
        int64_t deadline_ms; /* hash: of a volatile field, in milliseconds after its origin */
    };
    uint32_t origin;
    bool is_volatile; /* hash: the field has a deadline */
};

struct due_hash;

struct collection {
    struct member *members;
    size_t count, capacity;
    bool only_integers;    /* a set: every member it ever had spells an integer */
    size_t volatile_count; /* a hash: fields with a deadline */
    struct due_hash *due;  /* a hash that has, or had, such fields: its place in due.h */
};

/* The deadline of a volatile field. */
static inline ttl_instant member_deadline(const struct member *member) {
    return (ttl_instant){member->deadline_ms, member->origin};
}

/* For keyspace_init: gives a collection back. */
void object_release(struct memory *memory, enum value_type type, void *object);

/* ---- first what may fail: NULL, or TTL_NO_MEMORY */

/* An empty one with room for this many members. */
struct collection *collection_new(struct memory *memory, size_t room);
/* A copy with bytes of its own. */
struct collection *collection_copy(struct memory *memory, const struct collection *collection);
/* Makes room for `more` members. */
ttl_status collection_reserve(struct memory *memory, struct collection *collection, size_t more);
/* A member with copies of these bytes. */
ttl_status member_copy(struct memory *memory, const struct member *from, struct member *copy);
/* Appends such a member; needs collection_reserve before, all the same. */
ttl_status collection_append_copy(struct memory *memory, struct collection *collection,
                                  const struct member *from);

/* ---- then what cannot */

void collection_free(struct memory *memory, struct collection *collection);
void member_release(struct memory *memory, struct member *member);
/* Needs collection_reserve before; the member's bytes now belong to the collection. */
void collection_insert(struct collection *collection, size_t index, struct member member);
/* Removes a member and hands its bytes to the caller. */
struct member collection_take(struct collection *collection, size_t index);
/* Removes members [index, index + count). */
void collection_remove(struct memory *memory, struct collection *collection, size_t index,
                       size_t count);
/* Hands a member to the caller and leaves an empty one in its place. */
struct member member_move(struct member *member);
/* Puts a member in the place of another one, which is released. */
void collection_replace(struct memory *memory, struct collection *collection, size_t index,
                        struct member member);
/* Gives a field of a hash a deadline, in the place of any other; NULL: takes it away. */
void collection_set_deadline(struct collection *hash, size_t index, const ttl_instant *deadline);

/* Members next to each other. */
struct span {
    size_t first, count;
};

/* The members from index `start` to index `end`, both included, negative ones counted from the
 * end, as far as there are any. */
struct span collection_span(const struct collection *collection, int64_t start, int64_t end);
/* The first member with these bytes; `count` of the collection when there is none. */
size_t collection_find(const struct collection *collection, ttl_bytes bytes);
bool collection_has(const struct collection *collection, ttl_bytes bytes);

#endif
