/* A collection that a command looks at or changes: what lists, hashes, sets and sorted sets share.
 *
 * A change goes through an edit. Copying the new members and edit_begin may fail and change
 * nothing; from then on nothing can fail.
 *
 *      copy the new members ---> edit_begin ---> insert ---> edit_commit ---> announce
 *
 * Changing in place keeps the deadline; a removal that empties the collection removes the key.
 * (rule collection.change-keeps-deadline, collection.emptied-is-gone)
 */
#ifndef ENGINE_EDIT_H
#define ENGINE_EDIT_H

#include "engine/command.h"
#include "engine/keyspace.h"
#include "engine/object.h"

/* ---- looking */

/* The collection of a key that is there. */
struct collection *key_collection(struct key key);
/* Looks up argument 1 for reading; false: the answer has been given, WRONGTYPE. `*collection` is
 * NULL where there is no such key. */
bool call_read(struct call *call, enum value_type type, const struct collection **collection);
/* Looks up argument 1 for writing; false: WRONGTYPE was answered. */
bool call_write(struct call *call, enum value_type type, struct key *key);

/* ---- changing */

struct edit {
    struct call *call;
    ttl_bytes name;
    struct key key; /* a draft when it is new */
    bool is_new;
    struct collection *collection;
};

/* Opens the collection of `key` (what db_write gave for `name`), or drafts a new one where there
 * is none, with room for `more` members. */
ttl_status edit_begin(struct edit *edit, struct call *call, ttl_bytes name, struct key key,
                      enum value_type type, size_t more);
/* There is no memory for what belongs to it: nothing has changed. */
void edit_abandon(struct edit *edit);
/* Puts the draft into the keyspace, or says that the key is changed in place. */
void edit_commit(struct edit *edit);

/* Members were removed from the collection of `key`: announces `event`; when none is left, removes
 * the key and announces `del`. */
void announce_removal(struct call *call, ttl_bytes name, struct key key, const char *event);

/* Looks up a source of SINTERSTORE, ZRANGESTORE and their like. */
struct key source_lookup(struct call *call, ttl_bytes name);
/* Puts `result` where `name` was, whatever that was, with no deadline, announces `event` and
 * answers the number of members; an empty one deletes `name` instead. `result` is taken in any
 * case. (rule store.drops-deadline, store.empty-deletes) */
ttl_status store_collection(struct call *call, ttl_bytes name, enum value_type type,
                            struct collection *result, const char *event);

/* ---- order: a set or a sorted set has room for a member that it does not have: moves it to its
 * place */

void set_insert(struct collection *set, struct member member);
void zset_insert(struct collection *zset, struct member member);

/* ---- batches: the new members of one command, copied before the first change */

/* A batch of the `count` members that argv[first], argv[first + step], ... name; of a hash each
 * with the value that follows. NULL: no memory. */
struct collection *batch_of_arguments(struct call *call, size_t first, size_t step);

#endif
