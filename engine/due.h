/* Hashes whose fields have deadlines, in the order in which the next of those fields is due.
 *
 *      due_index  [ h2 ]            a binary heap by (moment, order of entry)
 *                 /    \
 *             [ h1 ] [ h7 ] <---> collection.due: each knows its place, so that it can leave
 *
 * One entry a hash, not one a field: small hashes are walked anyhow. A hash enters with its first
 * volatile field and is moved when its fields change; when it is freed it leaves by itself. Redis
 * lets some stay after their last such field is gone, until the active cycle comes to them.
 *
 * Invariants: no entry lies before its parent; a hash is in one index or none; only deadlines since
 * the epoch have a moment here, symbolic ones (see deadline.h) rest.
 * Cost: O(log n) to enter, move and leave, and a walk over the fields; the first is at hand. 48
 * bytes a hash that has or had such fields, nothing for others.
 * Ownership: the index owns its heap; a collection owns its entry. */
#ifndef ENGINE_DUE_H
#define ENGINE_DUE_H

#include "engine/keyspace.h"
#include "engine/object.h"

struct due_hash {
    struct due_index *index; /* NULL: it is in none */
    size_t place;            /* in the heap */
    slab_handle key;
    int64_t at_ms; /* when its next field is due; INT64_MAX: none that is known */
    uint64_t order;
};

struct due_index {
    struct due_hash **heap;
    size_t count, capacity;
    uint64_t entries; /* that there were so far */
};

/* Makes room, so that this hash can enter the index; TTL_NO_MEMORY changes nothing. */
ttl_status due_reserve(struct memory *memory, struct due_index *index, struct collection *hash);

/* The fields of `hash`, the value of `key`, may have changed: it enters the index if it has
 * volatile ones (due_reserve came before), is moved, or leaves. `stays`: it stays without any. */
void due_settle(struct due_index *index, slab_handle key, struct collection *hash, bool stays);
/* Takes a hash that is in this or another index, or in none, as the value of `key` of this one. */
void due_carry(struct due_index *index, slab_handle key, struct collection *hash);

/* The first that is due at `limit_ms` or before; NULL: none is. */
struct due_hash *due_first(const struct due_index *index, int64_t limit_ms);

/* The hash is freed: it leaves. */
void due_forget(struct memory *memory, struct collection *hash);
/* Gives the heap back; the index is empty. */
void due_free(struct memory *memory, struct due_index *index);

#endif
