#include "engine/keyspace.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/require.h"

/* A string that does not fit into its record. */
struct long_string {
    size_t capacity;
    char bytes[];
};

/* A value that is outside leaves a pointer in the record, so there is always room for one. */
enum { VALUE_ROOM_LEAST = sizeof(void *), VALUE_INSIDE_MOST = 256 };

#define RECORD_HEADER offsetof(struct record, bytes)

/* ---- the wheel's questions */

static bool arming_is_live(const void *context, const struct wheel_entry *entry) {
    const struct keyspace *keyspace = context;
    const struct record *record = slab_at(&keyspace->slab, entry->handle);
    return record != NULL && record->by.arm == entry->arm &&
           record->deadline_ms == entry->deadline_ms;
}

static void record_fetch(const void *context, const struct wheel_entry *entry) {
    const struct keyspace *keyspace = context;
    const char *record = slab_at(&keyspace->slab, entry->handle);
    __builtin_prefetch(record);
    __builtin_prefetch(record + RECORD_HEADER);
}

void keyspace_init(struct keyspace *keyspace, struct memory *memory, uint64_t seed, int64_t now_ms,
                   void (*release_object)(struct memory *, enum value_type, void *)) {
    *keyspace = (struct keyspace){.memory = memory, .seed = seed, .release_object = release_object};
    slab_init(&keyspace->slab, memory);
    table_init(&keyspace->table, memory);
    struct wheel_owner owner = {keyspace, arming_is_live, record_fetch};
    wheel_init(&keyspace->wheel, memory, owner, now_ms);
}

/* ---- records */

static size_t record_room(const struct keyspace *keyspace, struct key key) {
    return slab_block_size(&keyspace->slab, key.handle) - RECORD_HEADER - key.record->name_length -
           keyspace->age_room;
}

static char *record_value(struct record *record) {
    return record->bytes + record->name_length;
}

void *record_outside(const struct record *record) {
    void *pointer;
    memcpy(&pointer, record->bytes + record->name_length, sizeof pointer);
    return pointer;
}

static size_t long_string_size(size_t capacity) {
    return sizeof(struct long_string) + capacity;
}

static void record_set_outside(struct record *record, void *pointer) {
    memcpy(record_value(record), &pointer, sizeof pointer);
}

ttl_bytes record_string(const struct record *record) {
    require(record->type == VALUE_STRING);
    const char *data = record->bytes + record->name_length;
    if ((record->flags & RECORD_OUTSIDE) != 0) {
        const struct long_string *string = record_outside(record);
        data = string->bytes;
    }
    return (ttl_bytes){data, record->value_length};
}

static void record_release_value(struct keyspace *keyspace, struct record *record) {
    if ((record->flags & RECORD_OUTSIDE) == 0) return;
    void *outside = record_outside(record);
    if (outside == NULL) return;
    if (record->type == VALUE_STRING) {
        struct long_string *string = outside;
        memory_give(keyspace->memory, string, long_string_size(string->capacity));
    } else {
        keyspace->release_object(keyspace->memory, record->type, outside);
    }
}

static void record_free(struct keyspace *keyspace, struct key key) {
    record_release_value(keyspace, key.record);
    key.record->by.arm = 0;
    slab_give(&keyspace->slab, key.handle);
}

void keyspace_reset(struct keyspace *keyspace, int64_t now_ms) {
    for (size_t i = 0; keyspace->table.slots != NULL && i <= keyspace->table.mask; i++) {
        uint32_t handle = table_slot_handle(keyspace->table.slots[i]);
        if (handle != SLAB_NONE) record_release_value(keyspace, slab_at(&keyspace->slab, handle));
    }
    wheel_free(&keyspace->wheel);
    table_free(&keyspace->table);
    slab_reset(&keyspace->slab);
    size_t age_room = keyspace->age_room;
    keyspace_init(keyspace, keyspace->memory, keyspace->seed, now_ms, keyspace->release_object);
    keyspace->age_room = age_room;
}

/* ---- ages */

void keyspace_keep_ages(struct keyspace *keyspace) {
    require(keyspace_count(keyspace) == 0);
    keyspace->age_room = sizeof(uint32_t);
}

/* The end of the record's block. */
static char *age_place(const struct keyspace *keyspace, struct key key) {
    size_t size = slab_block_size(&keyspace->slab, key.handle);
    return (char *)key.record + size - keyspace->age_room;
}

uint32_t keyspace_used_s(const struct keyspace *keyspace, struct key key) {
    uint32_t used_s = 0;
    memcpy(&used_s, age_place(keyspace, key), keyspace->age_room);
    return used_s;
}

void keyspace_set_used(struct keyspace *keyspace, struct key key, uint32_t used_s) {
    memcpy(age_place(keyspace, key), &used_s, keyspace->age_room);
}

/* ---- finding */

static uint32_t name_hash(const struct keyspace *keyspace, ttl_bytes name) {
    return (uint32_t)(XXH3_64bits_withSeed(name.data, name.length, keyspace->seed) >> 32);
}

struct name_in {
    const struct keyspace *keyspace;
    ttl_bytes name;
};

static bool name_matches(const void *context, uint32_t handle) {
    const struct name_in *wanted = context;
    const struct record *record = slab_at(&wanted->keyspace->slab, handle);
    return record->name_length == wanted->name.length &&
           memcmp(record->bytes, wanted->name.data, wanted->name.length) == 0;
}

struct key keyspace_at(const struct keyspace *keyspace, slab_handle handle) {
    struct record *record = handle == SLAB_NONE ? NULL : slab_at(&keyspace->slab, handle);
    return (struct key){record, handle};
}

struct key keyspace_find(const struct keyspace *keyspace, ttl_bytes name) {
    struct name_in wanted = {keyspace, name};
    uint32_t hash = name_hash(keyspace, name);
    return keyspace_at(keyspace, table_find(&keyspace->table, hash, name_matches, &wanted));
}

static void slot_fetch(const struct keyspace *keyspace, uint32_t hash) {
    __builtin_prefetch(&keyspace->table.slots[table_home(&keyspace->table, hash)]);
}

uint32_t keyspace_prefetch_slot(const struct keyspace *keyspace, ttl_bytes name) {
    uint32_t hash = name_hash(keyspace, name);
    if (keyspace->table.count > 0) slot_fetch(keyspace, hash);
    return hash;
}

void keyspace_prefetch_record(const struct keyspace *keyspace, uint32_t hash) {
    const struct table *table = &keyspace->table;
    if (table->count == 0) return;
    for (size_t i = table_home(table, hash); table->slots[i] != 0; i = (i + 1) & table->mask) {
        if (table_slot_hash(table->slots[i]) != hash) continue;
        const char *record = slab_at(&keyspace->slab, table_slot_handle(table->slots[i]));
        __builtin_prefetch(record);
        __builtin_prefetch(record + RECORD_HEADER + sizeof(int64_t));
        return;
    }
}

struct key keyspace_pick(const struct keyspace *keyspace, uint64_t draw) {
    if (keyspace->table.count == 0) return (struct key){NULL, SLAB_NONE};
    size_t slot = (size_t)draw & keyspace->table.mask;
    while (keyspace->table.slots[slot] == 0) slot = (slot + 1) & keyspace->table.mask;
    return keyspace_at(keyspace, table_slot_handle(keyspace->table.slots[slot]));
}

/* ---- drafts */

static const struct key NO_KEY = {NULL, SLAB_NONE};

/* A record with `room` bytes for its value, in nobody's way yet. */
static struct key draft_new(struct keyspace *keyspace, ttl_bytes name, enum value_type type,
                            size_t room) {
    if (name.length > UINT32_MAX || room > UINT32_MAX) return NO_KEY;
    if (table_reserve(&keyspace->table, keyspace->drafts + 1) != TTL_OK) return NO_KEY;
    if (room < VALUE_ROOM_LEAST) room = VALUE_ROOM_LEAST;
    size_t size = RECORD_HEADER + name.length + room + keyspace->age_room;
    slab_handle handle = slab_take(&keyspace->slab, size);
    if (handle == SLAB_NONE) return NO_KEY;
    struct key key = keyspace_at(keyspace, handle);
    key.record->deadline_ms = 0;
    key.record->by.arm = 0;
    key.record->hash = name_hash(keyspace, name);
    key.record->name_length = (uint32_t)name.length;
    key.record->value_length = 0;
    key.record->type = (uint8_t)type;
    key.record->flags = 0;
    memcpy(key.record->bytes, name.data, name.length);
    keyspace->drafts++;
    return key;
}

struct key keyspace_draft_string(struct keyspace *keyspace, ttl_bytes name, ttl_bytes value) {
    size_t room = value.length <= VALUE_INSIDE_MOST ? value.length : 0;
    struct key key = draft_new(keyspace, name, VALUE_STRING, room);
    if (key.record == NULL) return NO_KEY;
    if (keyspace_reserve_string(keyspace, key, value.length) != TTL_OK) {
        keyspace_discard(keyspace, key);
        return NO_KEY;
    }
    char *bytes = keyspace_resize_string(key, value.length);
    if (value.length > 0) memcpy(bytes, value.data, value.length);
    return key;
}

struct key keyspace_draft_object(struct keyspace *keyspace, ttl_bytes name, enum value_type type,
                                 void *object) {
    struct key key = draft_new(keyspace, name, type, 0);
    if (key.record == NULL) return NO_KEY;
    key.record->flags = RECORD_OUTSIDE;
    record_set_outside(key.record, object);
    return key;
}

struct key keyspace_draft_renamed(struct keyspace *keyspace, ttl_bytes name, struct key from) {
    if ((from.record->flags & RECORD_OUTSIDE) == 0)
        return keyspace_draft_string(keyspace, name, record_string(from.record));
    struct key key =
        keyspace_draft_object(keyspace, name, from.record->type, record_outside(from.record));
    if (key.record != NULL) key.record->value_length = from.record->value_length;
    return key;
}

void keyspace_discard(struct keyspace *keyspace, struct key draft) {
    keyspace->drafts--;
    record_free(keyspace, draft);
}

void keyspace_forget_value(struct key key) {
    if ((key.record->flags & RECORD_OUTSIDE) == 0) return;
    record_set_outside(key.record, NULL);
    key.record->value_length = 0;
}

void keyspace_link(struct keyspace *keyspace, struct key draft) {
    require(keyspace->drafts > 0);
    keyspace->drafts--;
    table_insert(&keyspace->table, draft.record->hash, draft.handle);
}

void keyspace_remove(struct keyspace *keyspace, struct key key) {
    keyspace_persist(keyspace, key);
    size_t slot = table_slot_of(&keyspace->table, key.record->hash, key.handle);
    table_remove(&keyspace->table, slot);
    record_free(keyspace, key);
    if (keyspace->drafts == 0) table_trim(&keyspace->table);
}

/* ---- values in place */

ttl_status keyspace_reserve_string(struct keyspace *keyspace, struct key key, size_t length) {
    struct record *record = key.record;
    require(record->type == VALUE_STRING);
    if (length > UINT32_MAX) return TTL_NO_MEMORY;
    bool outside = (record->flags & RECORD_OUTSIDE) != 0;
    struct long_string *old = outside ? record_outside(record) : NULL;
    size_t room = outside ? old->capacity : record_room(keyspace, key);
    if (length <= room) return TTL_OK;
    struct long_string *moved =
        memory_resize(keyspace->memory, old, outside ? long_string_size(old->capacity) : 0,
                      long_string_size(length));
    if (moved == NULL) return TTL_NO_MEMORY;
    if (!outside) memcpy(moved->bytes, record_value(record), record->value_length);
    moved->capacity = length;
    record->flags |= RECORD_OUTSIDE;
    record_set_outside(record, moved);
    return TTL_OK;
}

char *keyspace_resize_string(struct key key, size_t length) {
    struct record *record = key.record;
    record->value_length = (uint32_t)length;
    if ((record->flags & RECORD_OUTSIDE) == 0) return record_value(record);
    struct long_string *string = record_outside(record);
    require(length <= string->capacity);
    return string->bytes;
}

/* ---- deadlines */

ttl_status keyspace_reserve_deadline(struct keyspace *keyspace) {
    return keyspace_reserve_deadlines(keyspace, 1);
}

ttl_status keyspace_reserve_deadlines(struct keyspace *keyspace, size_t count) {
    return wheel_reserve(&keyspace->wheel, count);
}

void keyspace_arm(struct keyspace *keyspace, struct key key, ttl_instant deadline) {
    keyspace_persist(keyspace, key);
    struct record *record = key.record;
    record->deadline_ms = deadline.ms;
    record->flags |= RECORD_VOLATILE;
    keyspace->volatile_count++;
    if (deadline.origin != TTL_ORIGIN_EPOCH) {
        record->flags |= RECORD_RESTING;
        record->by.origin = deadline.origin;
        keyspace->resting_count++;
        return;
    }
    /* Number 0 means "not armed", also in the half that the record keeps. */
    if ((uint32_t)++keyspace->armings == 0) keyspace->armings++;
    record->by.arm = (uint32_t)keyspace->armings;
    wheel_arm(&keyspace->wheel, deadline.ms, key.handle, keyspace->armings);
}

void keyspace_persist(struct keyspace *keyspace, struct key key) {
    struct record *record = key.record;
    if (!record_is_volatile(record)) return;
    bool resting = (record->flags & RECORD_RESTING) != 0;
    bool waits = !resting && record->by.arm != 0;
    record->flags &= (uint8_t) ~(RECORD_VOLATILE | RECORD_RESTING);
    record->by.arm = 0;
    keyspace->volatile_count--;
    if (resting) keyspace->resting_count--;
    if (waits) wheel_note_stale(&keyspace->wheel);
}

ttl_status keyspace_first_due(struct keyspace *keyspace, int64_t limit_ms, struct key *key) {
    struct wheel_entry entry;
    bool found = false;
    ttl_status status = wheel_peek(&keyspace->wheel, limit_ms, &entry, &found);
    *key = found ? keyspace_at(keyspace, entry.handle) : NO_KEY;
    return status;
}

ttl_status keyspace_take_due(struct keyspace *keyspace, int64_t limit_ms, struct key_batch *batch) {
    struct wheel_entry entries[KEY_BATCH];
    struct wheel *wheel = &keyspace->wheel;
    size_t taken;
    ttl_status status = wheel_take(wheel, limit_ms, entries, KEY_BATCH, &taken);
    for (size_t i = 0; i < taken; i++) record_fetch(keyspace, &entries[i]);
    batch->count = 0;
    for (size_t i = 0; i < taken; i++) {
        if (!arming_is_live(keyspace, &entries[i])) {
            wheel_drop_stale(wheel);
            continue;
        }
        struct key key = keyspace_at(keyspace, entries[i].handle);
        key.record->by.arm = 0;
        slot_fetch(keyspace, key.record->hash);
        batch->keys[batch->count++] = key;
    }
    batch->more = taken == KEY_BATCH;
    return status;
}
