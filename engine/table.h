/* The index of keys: an open-addressing hash table of 8-byte slots.
 *
 *      slot     hash (32 bits) | handle (32 bits)           0: empty
 *      home     the top bits of the hash: slots lie in hash order, but for what probing moved
 *
 * Linear probing; removal shifts back, so there are no tombstones. Because homes are the top bits,
 * a position in hash space means the same keys however large the table is: that is SCAN's cursor,
 * and why SCAN returns every key that was there throughout, growth and removals notwithstanding.
 *
 * Invariants: at most 3/4 of the slots are taken; each entry is reached from its home without
 * crossing an empty slot.
 * Cost: one cache line for most look-ups; 8 bytes a slot.
 * Ownership: the table owns its slots; handles are the caller's.
 */
#ifndef ENGINE_TABLE_H
#define ENGINE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/memory.h"

struct table {
    struct memory *memory;
    uint64_t *slots;
    size_t mask; /* number of slots less one; 0 with `slots` NULL */
    unsigned shift;
    size_t count;
};

void table_init(struct table *table, struct memory *memory);
void table_free(struct table *table);
/* Makes room for `extra` more entries, so that as many table_insert cannot fail. */
ttl_status table_reserve(struct table *table, size_t extra);
void table_insert(struct table *table, uint32_t hash, uint32_t handle);
/* Removes the entry at a slot that table_slot_of gave. */
void table_remove(struct table *table, size_t slot);
/* Gives memory back when few slots are left in use. Voids what table_reserve promised. */
void table_trim(struct table *table);
/* The slot of an entry that is there. */
size_t table_slot_of(const struct table *table, uint32_t hash, uint32_t handle);

static inline size_t table_home(const struct table *table, uint32_t hash) {
    return (size_t)((uint64_t)hash << 32 >> table->shift);
}
static inline uint32_t table_slot_hash(uint64_t slot) {
    return (uint32_t)(slot >> 32);
}
static inline uint32_t table_slot_handle(uint64_t slot) {
    return (uint32_t)slot;
}

/* The handle of the entry with this hash that `matches` accepts; 0: there is none. */
static inline uint32_t table_find(const struct table *table, uint32_t hash,
                                  bool (*matches)(const void *context, uint32_t handle),
                                  const void *context) {
    if (table->count == 0) return 0;
    for (size_t i = table_home(table, hash);; i = (i + 1) & table->mask) {
        uint64_t slot = table->slots[i];
        if (slot == 0) return 0;
        if (table_slot_hash(slot) == hash && matches(context, table_slot_handle(slot)))
            return table_slot_handle(slot);
    }
}

/* Visits, in hash order, the entries of the home slot at `cursor` (a position in hash space);
 * returns the next position, 0 after the last. `visit` must not change the table. */
uint32_t table_scan(const struct table *table, uint32_t cursor,
                    void (*visit)(void *context, uint32_t handle), void *context);

#endif
