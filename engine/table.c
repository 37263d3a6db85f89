#include "engine/table.h"

#include <string.h>

#include "engine/require.h"

enum { TABLE_BITS_LEAST = 4, TABLE_BITS_MOST = 32 };

void table_init(struct table *table, struct memory *memory) {
    *table = (struct table){.memory = memory};
}

static size_t table_slots(const struct table *table) {
    return table->slots == NULL ? 0 : table->mask + 1;
}

void table_free(struct table *table) {
    memory_give(table->memory, table->slots, table_slots(table) * sizeof *table->slots);
    table_init(table, table->memory);
}

static void table_place(struct table *table, uint64_t slot) {
    size_t i = table_home(table, table_slot_hash(slot));
    while (table->slots[i] != 0) i = (i + 1) & table->mask;
    table->slots[i] = slot;
}

static ttl_status table_rehash(struct table *table, unsigned bits) {
    struct table larger = *table;
    larger.mask = ((size_t)1 << bits) - 1;
    larger.shift = 64 - bits;
    larger.slots = memory_take_zeroed(table->memory, (larger.mask + 1) * sizeof *larger.slots);
    if (larger.slots == NULL) return TTL_NO_MEMORY;
    for (size_t i = 0; i < table_slots(table); i++)
        if (table->slots[i] != 0) table_place(&larger, table->slots[i]);
    memory_give(table->memory, table->slots, table_slots(table) * sizeof *table->slots);
    *table = larger;
    return TTL_OK;
}

ttl_status table_reserve(struct table *table, size_t extra) {
    size_t needed = table->count + extra;
    if (needed * 4 <= table_slots(table) * 3) return TTL_OK;
    unsigned bits = TABLE_BITS_LEAST;
    while (((size_t)1 << bits) * 3 < needed * 4) bits++;
    return bits > TABLE_BITS_MOST ? TTL_NO_MEMORY : table_rehash(table, bits);
}

void table_insert(struct table *table, uint32_t hash, uint32_t handle) {
    require((table->count + 1) * 4 <= table_slots(table) * 3);
    table_place(table, (uint64_t)hash << 32 | handle);
    table->count++;
}

size_t table_slot_of(const struct table *table, uint32_t hash, uint32_t handle) {
    uint64_t wanted = (uint64_t)hash << 32 | handle;
    size_t i = table_home(table, hash);
    while (table->slots[i] != wanted) {
        require(table->slots[i] != 0);
        i = (i + 1) & table->mask;
    }
    return i;
}

/* Closes the gap at `gap`: the next entry of the run that may live there moves back, and so on. */
static void table_close_gap(struct table *table, size_t gap) {
    for (size_t i = (gap + 1) & table->mask; table->slots[i] != 0; i = (i + 1) & table->mask) {
        size_t home = table_home(table, table_slot_hash(table->slots[i]));
        size_t displaced = (i - home) & table->mask;
        if (displaced < ((i - gap) & table->mask)) continue;
        table->slots[gap] = table->slots[i];
        gap = i;
    }
    table->slots[gap] = 0;
}

void table_remove(struct table *table, size_t slot) {
    table_close_gap(table, slot);
    table->count--;
}

void table_trim(struct table *table) {
    size_t slots = table_slots(table);
    if (slots >> TABLE_BITS_LEAST <= 2 || table->count * 8 >= slots) return;
    /* A quarter of the slots, half of them taken. Where there is no memory for the smaller table,
     * the larger one does as well. */
    (void)table_rehash(table, 64 - table->shift - 2);
}

uint32_t table_scan(const struct table *table, uint32_t cursor,
                    void (*visit)(void *context, uint32_t handle), void *context) {
    if (table->count == 0) return 0;
    size_t home = table_home(table, cursor);
    for (size_t i = home; table->slots[i] != 0; i = (i + 1) & table->mask)
        if (table_home(table, table_slot_hash(table->slots[i])) == home)
            visit(context, table_slot_handle(table->slots[i]));
    return home == table->mask ? 0 : (uint32_t)((uint64_t)(home + 1) << table->shift >> 32);
}
