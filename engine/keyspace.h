/* A keyspace: the keys of one database, their values, and the index of their deadlines.
 *
 *      name --hash--> table --handle--> slab:  [ record | name | value ]
 *                                                  ^
 *      time ---------> wheel --handle--------------'
 *
 * The keyspace knows deadlines but no time: whether a key is dead is asked in db.h. It knows
 * bytes but no types: a value is either bytes or a pointer that the layer above owns.
 *
 * A record never moves while its key lives: its handle names it. A value that outgrows the room in
 * its record moves outside; so the arming order of keys with equal deadlines is untouched by
 * in-place changes.
 *
 * What may fail for want of memory comes first and changes nothing (draft, reserve); what changes
 * the keyspace comes second and cannot fail (link, arm, remove). Commands are built of these, so
 * each is done wholly or not at all.
 *
 * Invariants: a key is in the table exactly once; it is volatile exactly if one live entry of the
 * wheel points to it, from keyspace_take_due to its removal excepted; `arm` of a record is 0
 * exactly if no entry does.
 * Cost: 26 bytes a record, 8 to 21 in the table, 16 in the wheel when volatile; a look-up reads
 * two cache lines.
 * Ownership: the keyspace owns records and outside strings; objects behind pointers are released
 * by the `release_object` it was given.
 */
#ifndef ENGINE_KEYSPACE_H
#define ENGINE_KEYSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/memory.h"
#include "engine/slab.h"
#include "engine/table.h"
#include "engine/wheel.h"
#include "ttlspec/bytes.h"
#include "ttlspec/instant.h"

enum value_type {
    VALUE_STRING,
    VALUE_LIST,
    VALUE_HASH,
    VALUE_SET,
    VALUE_ZSET,
    VALUE_STREAM,
    VALUE_TYPES
};

enum record_flag {
    RECORD_VOLATILE = 1, /* it has a deadline */
    RECORD_OUTSIDE = 2,  /* its value is a pointer: a long string, or an object */
    RECORD_RESTING = 4,  /* its deadline is symbolic: kept here, not in the wheel */
};

struct record {
    int64_t deadline_ms; /* of a volatile key; in whole milliseconds after its origin */
    union {
        uint32_t arm;    /* the arming that counts; 0: not in the wheel */
        uint32_t origin; /* of a resting deadline */
    } by;
    uint32_t hash;
    uint32_t name_length;
    uint32_t value_length; /* of a string, wherever it is */
    uint8_t type;          /* enum value_type */
    uint8_t flags;         /* enum record_flag */
    char bytes[];          /* name, then the value or the pointer to it */
};

/* A key that was found, or drafted. `record` is NULL where there is none. */
struct key {
    struct record *record;
    slab_handle handle;
};

struct keyspace {
    struct memory *memory;
    struct slab slab;
    struct table table;
    struct wheel wheel;
    uint64_t seed;
    uint64_t armings;      /* how many deadlines were set so far */
    size_t volatile_count; /* keys with a deadline */
    size_t resting_count;  /* of them, those with a symbolic one */
    size_t drafts;         /* records that are not linked yet */
    size_t age_room;       /* bytes of a record that say when it was used last; 0: none do */
    void (*release_object)(struct memory *memory, enum value_type type, void *object);
};

void keyspace_init(struct keyspace *keyspace, struct memory *memory, uint64_t seed, int64_t now_ms,
                   void (*release_object)(struct memory *, enum value_type, void *));
/* Removes every key and gives all memory back; the keyspace may be used again. */
void keyspace_reset(struct keyspace *keyspace, int64_t now_ms);

/* From now on each record says when it was used last, in 4 bytes more. There must be none yet. */
void keyspace_keep_ages(struct keyspace *keyspace);

static inline size_t keyspace_count(const struct keyspace *keyspace) {
    return keyspace->table.count;
}

/* ---- finding */

struct key keyspace_find(const struct keyspace *keyspace, ttl_bytes name);
struct key keyspace_at(const struct keyspace *keyspace, slab_handle handle);
/* Asks for the memory behind a name, ahead of time, in two steps: first for its slot of the table;
 * once that may be there, for the record that it leads to. Returns what the second step wants. */
uint32_t keyspace_prefetch_slot(const struct keyspace *keyspace, ttl_bytes name);
void keyspace_prefetch_record(const struct keyspace *keyspace, uint32_t hash);
/* One key at random, if there is any; `draw` is a random number. */
struct key keyspace_pick(const struct keyspace *keyspace, uint64_t draw);

/* ---- reading a record */

static inline ttl_bytes record_name(const struct record *record) {
    return (ttl_bytes){record->bytes, record->name_length};
}
static inline bool record_is_volatile(const struct record *record) {
    return (record->flags & RECORD_VOLATILE) != 0;
}
/* The deadline of a volatile key. */
static inline ttl_instant record_deadline(const struct record *record) {
    bool resting = (record->flags & RECORD_RESTING) != 0;
    return (ttl_instant){record->deadline_ms,
                         resting ? record->by.origin : (uint32_t)TTL_ORIGIN_EPOCH};
}
/* What a pointer in the record points to: an object, or a long string. */
void *record_outside(const struct record *record);
/* The value of a string key. */
ttl_bytes record_string(const struct record *record);

/* When the key was used last, in seconds since the epoch; 0 where ages are not kept. */
uint32_t keyspace_used_s(const struct keyspace *keyspace, struct key key);

/* ---- changing: first what may fail */

/* A new key that is in nobody's way yet: a string with this value. NULL record: no memory. */
struct key keyspace_draft_string(struct keyspace *keyspace, ttl_bytes name, ttl_bytes value);
/* The same with an object of the layer above; on success it belongs to the key. */
struct key keyspace_draft_object(struct keyspace *keyspace, ttl_bytes name, enum value_type type,
                                 void *object);
/* A draft of `name` with the value of `from`: that is how a key changes its name. A value outside
 * the record belongs to both until keyspace_forget_value takes it from one of them. */
struct key keyspace_draft_renamed(struct keyspace *keyspace, ttl_bytes name, struct key from);
/* Drops a draft, its value too. */
void keyspace_discard(struct keyspace *keyspace, struct key draft);
/* Makes room for a deadline, so that the next keyspace_arm cannot fail. */
ttl_status keyspace_reserve_deadline(struct keyspace *keyspace);
/* The same for the next `count` of them. */
ttl_status keyspace_reserve_deadlines(struct keyspace *keyspace, size_t count);
/* Makes room for a string value of `length` bytes in place; the value stays as it is. */
ttl_status keyspace_reserve_string(struct keyspace *keyspace, struct key key, size_t length);

/* ---- then what cannot */

/* Puts a draft into the keyspace; no key of its name may be there. */
void keyspace_link(struct keyspace *keyspace, struct key draft);
void keyspace_remove(struct keyspace *keyspace, struct key key);
/* The key no longer owns its outside value: another one does. */
void keyspace_forget_value(struct key key);
/* Sets or replaces the deadline. Needs keyspace_reserve_deadline before. */
void keyspace_arm(struct keyspace *keyspace, struct key key, ttl_instant deadline);
/* Drops the deadline, if there is one. */
void keyspace_persist(struct keyspace *keyspace, struct key key);
/* Changes a string's length within the room that keyspace_reserve_string made; returns its bytes
 * to be written. New bytes are undefined. */
char *keyspace_resize_string(struct key key, size_t length);

void keyspace_set_used(struct keyspace *keyspace, struct key key, uint32_t used_s);

/* ---- deadlines in order */

/* The first key in (deadline, arming) order with a deadline at `limit_ms` or before; its record is
 * NULL when there is none. */
ttl_status keyspace_first_due(struct keyspace *keyspace, int64_t limit_ms, struct key *key);

/* Keys that were taken out of the wheel together, so that memory answers for all at once. */
enum { KEY_BATCH = 64 };
struct key_batch {
    struct key keys[KEY_BATCH];
    size_t count;
    bool more; /* there may be more: ask again */
};

/* Takes the next keys that are due at `limit_ms` or before out of the index, in order. The caller
 * removes each of them. On TTL_NO_MEMORY those in the batch are due all the same. */
ttl_status keyspace_take_due(struct keyspace *keyspace, int64_t limit_ms, struct key_batch *batch);

#endif
