/* The fields of a hash as commands see them: a field whose deadline has passed is not there.
 *
 *      look      fields_open ---> fields_find ... ---> fields_close     Redis reclaims what is dead
 *      change    edit_begin ---> hash_put ... ---> hash_commit          see edit.h
 *      remove    hash_take ... ---> hash_announce_removal
 *
 * A dead field that nobody has reclaimed is still in the way: Redis writes over it and removes it
 * as if it lived, Valkey as if it were not there.
 *
 * Cost: a hash without volatile fields pays for one comparison of a count with 0. */
#ifndef ENGINE_HASH_H
#define ENGINE_HASH_H

#include "engine/edit.h"

/* Why a history is left open in which a field of a watched hash is dead. */
#define HASH_WATCH_IS_OPEN                                                                         \
    "a field of a watched hash is dead: whether that breaks the watch turns on when it is "        \
    "reclaimed, which is the server's own affair"

/* ---- looking */

/* Is this field dead for who asks? On the link from its primary a replica sees the dead, too. */
bool field_is_dead(const struct call *call, const struct collection *hash, size_t place);
/* The fields that live. */
size_t hash_count_living(const struct call *call, const struct collection *hash);

/* A hash that a command looks into. */
struct fields {
    struct call *call;
    ttl_bytes name;
    struct key key;          /* its record is NULL when there is none, or none is left */
    struct collection *hash; /* then NULL, too */
    size_t reclaimed;
};

void fields_open(struct fields *fields, struct call *call, struct key key);
/* The place of a living field, HASH_NONE: there is none. A dead one is reclaimed on the way where
 * the dialect's reads do that; then places change. */
enum { HASH_NONE = -1 };
ptrdiff_t fields_find(struct fields *fields, ttl_bytes field);
/* Reclaims all that are dead. */
void fields_reclaim_all(struct fields *fields);
/* Says that fields were reclaimed, if any were. */
void fields_announce(struct fields *fields);
/* When no field is left the key goes. */
void fields_drop_emptied(struct fields *fields);
/* Both. */
void fields_close(struct fields *fields);
/* Reclaims the fields of a hash that are due at `limit_ms`, as the active cycle does. */
void hash_expire(ttl_engine *engine, struct database *db, struct key key, int64_t limit_ms);

/* ---- changing */

/* What became of fields that were written. */
struct hash_written {
    int64_t created;
    int64_t unsure;  /* overwritten while they were dead, or created: who knows */
    int64_t expired; /* of the created ones: they took the place of one that was dead */
};

/* Moves a field into the hash, which has room for it. */
void hash_put(struct call *call, struct collection *hash, struct member field,
              struct hash_written *written);
/* After hash_put: says what changed, then that the command's `event` took place. */
void hash_commit(struct edit *edit, const struct hash_written *written, const char *event);
/* Answers a count of which so many are unsure. */
ttl_status reply_unsure(struct call *call, int64_t count, int64_t unsure);

/* Is the field at `place` one that HDEL and HEXPIRE find? */
bool hash_finds(const struct call *call, const struct collection *hash, size_t place);
/* Removes a field, whose deadline has passed as soon as it was given if `is_past`. Tells it. */
void hash_take(struct call *call, struct collection *hash, size_t place, bool is_past);
/* What is announced when a deadline in the past has removed fields. */
const char *hash_past_event(const struct call *call);
/* Fields were removed, or given deadlines: the index follows. `leaves`: with its last volatile
 * field the hash leaves the index, in Redis too. */
void hash_settle(struct call *call, struct key key, bool leaves);

#endif
