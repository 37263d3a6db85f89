/* Streams: entries in the order of their ids, and the groups that read them.
 *
 *      entries   1000-0  1000-1  1005-0 ...           ids only grow; what is deleted is gone
 *      group     last delivered id, consumers, pending
 *      pending   id, consumer, when it was delivered, how often
 *
 * When something was delivered is an instant, so that how long ago that is can be asked where no
 * clock is known, too. (instant.h)
 *
 * As with collections, what may fail for want of memory comes first and changes nothing; what
 * changes a stream comes second and cannot fail. Invariants: entries, and what is pending, are in
 * order of ids, each id once; `last` is no less than any id. An empty stream is a stream.
 * Cost: adding at the end is O(1), finding O(log n), removing O(n).
 * Ownership: a stream owns all of it.
 */
#ifndef ENGINE_STREAM_H
#define ENGINE_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/memory.h"
#include "ttlspec/instant.h"

struct stream_id {
    uint64_t ms, sequence;
};

#define STREAM_ID_FIRST ((struct stream_id){0, 0})
#define STREAM_ID_LAST  ((struct stream_id){UINT64_MAX, UINT64_MAX})

struct stream_entry {
    struct stream_id id;
    size_t count;     /* of words: fields and values in turn */
    ttl_bytes *words; /* one block: the array, then the bytes */
    size_t size;      /* of the block */
};

struct stream_consumer {
    ttl_bytes name;
    ttl_instant seen, active; /* asked for something; got something */
    bool was_active;
};

struct stream_pending {
    struct stream_id id;
    struct stream_consumer *consumer;
    ttl_instant delivered;
    int64_t deliveries;
};

struct stream_group {
    ttl_bytes name;
    struct stream_id last; /* delivered */
    struct stream_pending *pending;
    size_t pending_count, pending_capacity;
    struct stream_consumer **consumers; /* in order of their names */
    size_t consumer_count, consumer_capacity;
};

struct stream {
    struct stream_entry *entries;
    size_t count, capacity;
    struct stream_id last;    /* that was ever given */
    struct stream_id deleted; /* the greatest that XDEL removed */
    struct stream_group **groups;
    size_t group_count, group_capacity;
};

/* Entries, or what is pending, next to each other. */
struct stream_span {
    size_t first, end;
};

/* ---- ids */

int stream_id_order(struct stream_id a, struct stream_id b);
/* The id after, and the one before; false: there is none. */
bool stream_id_next(struct stream_id *id);
bool stream_id_previous(struct stream_id *id);
enum { STREAM_ID_ROOM = 48 };
/* "1000-0"; returns the length. */
size_t stream_id_format(struct stream_id id, char text[STREAM_ID_ROOM]);

/* ---- first what may fail: NULL, or TTL_NO_MEMORY */

struct stream *stream_new(struct memory *memory);
struct stream *stream_copy(struct memory *memory, const struct stream *stream);
/* An entry with copies of these words. */
ttl_status stream_entry_new(struct memory *memory, struct stream_id id, size_t count,
                            const ttl_bytes *words, struct stream_entry *entry);
/* Makes room for one more entry. */
ttl_status stream_reserve(struct memory *memory, struct stream *stream);
/* Makes room for `more` in what is pending. */
ttl_status stream_reserve_pending(struct memory *memory, struct stream_group *group, size_t more);
/* Adds a group; one of this name must not be there. */
struct stream_group *stream_add_group(struct memory *memory, struct stream *stream, ttl_bytes name,
                                      struct stream_id last);
/* Adds a consumer, seen now; one of this name must not be there. */
struct stream_consumer *stream_add_consumer(struct memory *memory, struct stream_group *group,
                                            ttl_bytes name, ttl_instant now);

/* ---- then what cannot */

void stream_free(struct memory *memory, struct stream *stream);
void stream_entry_release(struct memory *memory, struct stream_entry *entry);
/* Puts an entry at the end. Needs stream_reserve before; the entry belongs to the stream. */
void stream_append(struct stream *stream, struct stream_entry entry);
void stream_remove(struct memory *memory, struct stream *stream, struct stream_span span);
void stream_remove_group(struct memory *memory, struct stream *stream, struct stream_group *group);
/* Removes a consumer, with what is pending for it; returns how much that was. */
size_t stream_remove_consumer(struct memory *memory, struct stream_group *group,
                              struct stream_consumer *consumer);
/* What is pending under this id; it is made where there is none, for nobody. Needs
 * stream_reserve_pending before. */
struct stream_pending *stream_pend(struct stream_group *group, struct stream_id id);
void stream_forget_pending(struct stream_group *group, size_t place);

/* ---- finding: entries and what is pending with an id from `first` to `last` */

struct stream_span stream_between(const struct stream *stream, struct stream_id first,
                                  struct stream_id last);
struct stream_span stream_pending_between(const struct stream_group *group, struct stream_id first,
                                          struct stream_id last);
/* NULL: there is none. */
const struct stream_entry *stream_find(const struct stream *stream, struct stream_id id);
struct stream_group *stream_find_group(const struct stream *stream, ttl_bytes name);
struct stream_consumer *stream_find_consumer(const struct stream_group *group, ttl_bytes name);
size_t stream_pending_of(const struct stream_group *group, const struct stream_consumer *consumer);

#endif
