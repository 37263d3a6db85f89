/* The index of deadlines: a radix heap laid out as a wheel. Exact to the millisecond.
 *
 *      base            the instant before which nothing waits in the wheel
 *      level           the highest byte in which a deadline differs from base       8 levels
 *      slot            that byte of the deadline                                    256 slots each
 *
 *        level 0   [ms.0][ms.1]..[ms.255]     one deadline a slot: what was armed for the 256 ms
 *                                             that the row covers, after the row was made
 *        level 1   [256 ms][256 ms]...        a slot is sorted into the row when its time comes
 *        level 2   [65.5 s][65.5 s]...        a slot is spread over level 1 when its time comes
 *        ...
 *      row             the entries of one slot of level 1, in order
 *      overdue         a binary heap: what was armed for a moment before base
 *
 * Entries leave in (deadline, arming order): equal deadlines share a slot at every moment, are
 * appended at its end, and are spread and sorted in order, so the first armed is the first out;
 * what lies in the row was armed before what lies in level 0 for the same deadline. The base
 * moves forward only, straight to where something waits; occupancy bitmaps find that in a few
 * instructions, however far it is. What is armed before the base (a clock that went back, a
 * deadline in the past) waits in the heap, which is always first.
 *
 * Entries are not cancelled: the owner keeps the truth (which arming of a key is the one that
 * counts) and is asked when an entry comes out, or when stale entries outnumber the others and
 * are swept. That makes re-arming an append, with no neighbour to visit.
 *
 * Invariants: every entry of the wheel has deadline >= base; those of the heap were < base when
 * they were armed; the level and slot of an entry are those given above for the present base.
 * Cost: arming is O(1); an entry moves at most 7 times in its life (2 or 3 in practice); 16 bytes
 * an entry, stale ones too, in 1 KiB chunks.
 * Ownership: the wheel owns its chunks; what an entry's handle means is the owner's.
 */
#ifndef ENGINE_WHEEL_H
#define ENGINE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/memory.h"

enum { WHEEL_LEVELS = 8, WHEEL_SLOTS = 256, WHEEL_CHUNK_ENTRIES = 63 };

struct wheel_entry {
    int64_t deadline_ms;
    uint32_t handle;
    uint32_t arm; /* the low half of the arming number: tells this arming from others */
};

struct wheel_chunk {
    struct wheel_chunk *next;
    uint32_t first, end; /* entries [first, end) wait */
    struct wheel_entry entries[WHEEL_CHUNK_ENTRIES];
};

struct wheel_slot {
    struct wheel_chunk *head, *tail;
};

struct wheel_level {
    struct wheel_slot slots[WHEEL_SLOTS];
};

/* An entry of the heap, with its whole arming number. */
struct wheel_overdue {
    struct wheel_entry entry;
    uint64_t sequence;
};

/* Whose deadlines these are. */
struct wheel_owner {
    const void *context;
    /* Is this arming the one that counts? */
    bool (*is_live)(const void *context, const struct wheel_entry *entry);
    /* This entry will be asked about: fetch the memory of its handle. */
    void (*fetch)(const void *context, const struct wheel_entry *entry);
};

struct wheel {
    struct memory *memory;
    struct wheel_owner owner;
    uint64_t base;              /* an ordinal: see wheel.c */
    struct wheel_level *levels; /* WHEEL_LEVELS of them; NULL until something is armed */
    uint64_t occupied[WHEEL_LEVELS][WHEEL_SLOTS / 64];
    struct wheel_entry *row; /* entries [row_first, row_end) wait */
    size_t row_first, row_end, row_capacity;
    struct wheel_overdue *overdue;
    size_t overdue_count, overdue_capacity;
    struct wheel_chunk *spare;
    size_t spare_count;
    size_t count; /* entries that wait, stale ones too */
    size_t stale;
};

void wheel_init(struct wheel *wheel, struct memory *memory, struct wheel_owner owner,
                int64_t base_ms);
void wheel_free(struct wheel *wheel);
/* Makes room, so that `extra` calls of wheel_arm cannot fail. */
ttl_status wheel_reserve(struct wheel *wheel, size_t extra);
/* `sequence` grows from call to call. Needs room. */
void wheel_arm(struct wheel *wheel, int64_t deadline_ms, uint32_t handle, uint64_t sequence);
/* One more of the entries that wait is stale. May sweep. */
void wheel_note_stale(struct wheel *wheel);
/* Shows the first live entry in (deadline, arming) order that is due at `limit_ms` or before.
 * `*found` is false when there is none. Stale entries are dropped on the way. */
ttl_status wheel_peek(struct wheel *wheel, int64_t limit_ms, struct wheel_entry *entry,
                      bool *found);
/* Takes the first entries out, in order, `most` at the most and at least one if any is due. They
 * may be stale: the caller looks, and says wheel_drop_stale of those that are. So many can be
 * taken and their memory be fetched before the first is looked at. On TTL_NO_MEMORY the `*count`
 * entries before were taken. */
ttl_status wheel_take(struct wheel *wheel, int64_t limit_ms, struct wheel_entry *entries,
                      size_t most, size_t *count);
void wheel_drop_stale(struct wheel *wheel);

#endif
