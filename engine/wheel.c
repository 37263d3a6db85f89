#include "engine/wheel.h"

#include <string.h>

#include "engine/require.h"

enum {
    OVERDUE_FIRST = 16,
    SPARE_MOST = 2 * WHEEL_SLOTS, /* chunks kept for the next spread */
    STALE_TOLERATED = 1024,       /* fewer stale entries than this are never swept */
};

/* Deadlines are signed; their ordinals are unsigned and in the same order, so that levels and
 * slots are plain bytes. */
static uint64_t ordinal_of(int64_t ms) {
    return (uint64_t)ms ^ (UINT64_C(1) << 63);
}

static int64_t ordinal_ms(uint64_t ordinal) {
    return (int64_t)(ordinal ^ (UINT64_C(1) << 63));
}

static unsigned level_of(uint64_t base, uint64_t ordinal) {
    uint64_t difference = base ^ ordinal;
    return difference == 0 ? 0 : (63 - (unsigned)__builtin_clzll(difference)) / 8;
}

static unsigned slot_of(uint64_t ordinal, unsigned level) {
    return (ordinal >> (8 * level)) & 0xff;
}

/* The first ordinal of a slot: base above the level, the slot's byte, zeros below. */
static uint64_t slot_start(uint64_t base, unsigned level, unsigned slot) {
    uint64_t below = (UINT64_C(1) << (8 * level)) - 1;
    uint64_t byte = UINT64_C(0xff) << (8 * level);
    return (base & ~(below | byte)) | (uint64_t)slot << (8 * level);
}

void wheel_init(struct wheel *wheel, struct memory *memory, struct wheel_owner owner,
                int64_t base_ms) {
    *wheel = (struct wheel){.memory = memory, .owner = owner, .base = ordinal_of(base_ms)};
}

/* ---- slots */

/* The first occupied slot of a level; WHEEL_SLOTS when there is none. */
static unsigned level_first(const struct wheel *wheel, unsigned level) {
    for (unsigned word = 0; word < WHEEL_SLOTS / 64; word++)
        if (wheel->occupied[level][word] != 0)
            return word * 64 + (unsigned)__builtin_ctzll(wheel->occupied[level][word]);
    return WHEEL_SLOTS;
}

static void slot_vacate(struct wheel *wheel, unsigned level, unsigned slot) {
    wheel->levels[level].slots[slot] = (struct wheel_slot){NULL, NULL};
    wheel->occupied[level][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

/* ---- chunks */

static struct wheel_chunk *chunk_take(struct wheel *wheel) {
    struct wheel_chunk *chunk = wheel->spare;
    require(chunk != NULL);
    wheel->spare = chunk->next;
    wheel->spare_count--;
    chunk->next = NULL;
    chunk->first = chunk->end = 0;
    return chunk;
}

static void chunk_give(struct wheel *wheel, struct wheel_chunk *chunk) {
    if (wheel->spare_count >= SPARE_MOST) {
        memory_give(wheel->memory, chunk, sizeof *chunk);
        return;
    }
    chunk->next = wheel->spare;
    wheel->spare = chunk;
    wheel->spare_count++;
}

static void chunks_free(struct wheel *wheel, struct wheel_chunk *chunk) {
    while (chunk != NULL) {
        struct wheel_chunk *next = chunk->next;
        memory_give(wheel->memory, chunk, sizeof *chunk);
        chunk = next;
    }
}

void wheel_free(struct wheel *wheel) {
    for (unsigned level = 0; level < WHEEL_LEVELS; level++)
        for (unsigned slot = level_first(wheel, level); slot < WHEEL_SLOTS;
             slot = level_first(wheel, level)) {
            chunks_free(wheel, wheel->levels[level].slots[slot].head);
            slot_vacate(wheel, level, slot);
        }
    chunks_free(wheel, wheel->spare);
    memory_give(wheel->memory, wheel->levels, WHEEL_LEVELS * sizeof *wheel->levels);
    memory_give(wheel->memory, wheel->row, wheel->row_capacity * sizeof *wheel->row);
    memory_give(wheel->memory, wheel->overdue, wheel->overdue_capacity * sizeof *wheel->overdue);
    wheel_init(wheel, wheel->memory, wheel->owner, ordinal_ms(wheel->base));
}

/* ---- room */

static ttl_status overdue_reserve(struct wheel *wheel, size_t extra) {
    size_t needed = wheel->overdue_count + extra;
    if (needed <= wheel->overdue_capacity) return TTL_OK;
    size_t capacity = wheel->overdue_capacity == 0 ? OVERDUE_FIRST : wheel->overdue_capacity;
    while (capacity < needed) capacity *= 2;
    struct wheel_overdue *overdue =
        memory_resize(wheel->memory, wheel->overdue, wheel->overdue_capacity * sizeof *overdue,
                      capacity * sizeof *overdue);
    if (overdue == NULL) return TTL_NO_MEMORY;
    wheel->overdue = overdue;
    wheel->overdue_capacity = capacity;
    return TTL_OK;
}

static ttl_status chunks_reserve(struct wheel *wheel, size_t chunks) {
    while (wheel->spare_count < chunks) {
        struct wheel_chunk *chunk = memory_take(wheel->memory, sizeof *chunk);
        if (chunk == NULL) return TTL_NO_MEMORY;
        chunk->next = wheel->spare;
        wheel->spare = chunk;
        wheel->spare_count++;
    }
    return TTL_OK;
}

ttl_status wheel_reserve(struct wheel *wheel, size_t extra) {
    if (wheel->levels == NULL) {
        wheel->levels = memory_take_zeroed(wheel->memory, WHEEL_LEVELS * sizeof *wheel->levels);
        if (wheel->levels == NULL) return TTL_NO_MEMORY;
    }
    if (overdue_reserve(wheel, extra) != TTL_OK) return TTL_NO_MEMORY;
    return chunks_reserve(wheel, extra);
}

/* ---- the heap of what is overdue */

static bool overdue_before(const struct wheel_overdue *a, const struct wheel_overdue *b) {
    if (a->entry.deadline_ms != b->entry.deadline_ms)
        return a->entry.deadline_ms < b->entry.deadline_ms;
    return a->sequence < b->sequence;
}

static void overdue_swap(struct wheel *wheel, size_t i, size_t j) {
    struct wheel_overdue swapped = wheel->overdue[i];
    wheel->overdue[i] = wheel->overdue[j];
    wheel->overdue[j] = swapped;
}

static void overdue_sift_down(struct wheel *wheel, size_t i) {
    for (;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        const struct wheel_overdue *heap = wheel->overdue;
        if (left < wheel->overdue_count && overdue_before(&heap[left], &heap[least])) least = left;
        if (right < wheel->overdue_count && overdue_before(&heap[right], &heap[least]))
            least = right;
        if (least == i) return;
        overdue_swap(wheel, i, least);
        i = least;
    }
}

static void overdue_push(struct wheel *wheel, struct wheel_entry entry, uint64_t sequence) {
    require(wheel->overdue_count < wheel->overdue_capacity);
    size_t i = wheel->overdue_count++;
    wheel->overdue[i] = (struct wheel_overdue){entry, sequence};
    while (i > 0 && overdue_before(&wheel->overdue[i], &wheel->overdue[(i - 1) / 2])) {
        overdue_swap(wheel, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static void overdue_pop(struct wheel *wheel) {
    wheel->overdue[0] = wheel->overdue[--wheel->overdue_count];
    overdue_sift_down(wheel, 0);
}

/* ---- arming */

static void wheel_append(struct wheel *wheel, struct wheel_entry entry) {
    uint64_t ordinal = ordinal_of(entry.deadline_ms);
    unsigned level = level_of(wheel->base, ordinal);
    unsigned slot = slot_of(ordinal, level);
    struct wheel_slot *place = &wheel->levels[level].slots[slot];
    if (place->tail == NULL) {
        place->head = place->tail = chunk_take(wheel);
        wheel->occupied[level][slot / 64] |= UINT64_C(1) << (slot % 64);
    } else if (place->tail->end == WHEEL_CHUNK_ENTRIES) {
        place->tail->next = chunk_take(wheel);
        place->tail = place->tail->next;
    }
    place->tail->entries[place->tail->end++] = entry;
}

void wheel_arm(struct wheel *wheel, int64_t deadline_ms, uint32_t handle, uint64_t sequence) {
    struct wheel_entry entry = {deadline_ms, handle, (uint32_t)sequence};
    wheel->count++;
    if (ordinal_of(deadline_ms) < wheel->base) overdue_push(wheel, entry, sequence);
    else wheel_append(wheel, entry);
}

/* ---- sweeping */

static bool entry_is_live(const struct wheel *wheel, const struct wheel_entry *entry) {
    return wheel->owner.is_live(wheel->owner.context, entry);
}

/* Moves the live entries of a slot together, in order, into as few of its chunks as they need. */
static void slot_sweep(struct wheel *wheel, unsigned level, unsigned slot) {
    struct wheel_slot *place = &wheel->levels[level].slots[slot];
    struct wheel_chunk *into = place->head;
    uint32_t end = 0;
    for (struct wheel_chunk *from = place->head; from != NULL; from = from->next) {
        for (uint32_t i = from->first; i < from->end; i++)
            wheel->owner.fetch(wheel->owner.context, &from->entries[i]);
        for (uint32_t i = from->first, stop = from->end; i < stop; i++) {
            if (!entry_is_live(wheel, &from->entries[i])) continue;
            if (end == WHEEL_CHUNK_ENTRIES) {
                into->first = 0;
                into->end = end;
                into = into->next;
                end = 0;
            }
            into->entries[end++] = from->entries[i];
        }
    }
    struct wheel_chunk *rest = end == 0 ? place->head : into->next;
    if (end == 0) {
        slot_vacate(wheel, level, slot);
    } else {
        into->first = 0;
        into->end = end;
        into->next = NULL;
        place->tail = into;
    }
    while (rest != NULL) {
        struct wheel_chunk *next = rest->next;
        chunk_give(wheel, rest);
        rest = next;
    }
}

static void overdue_sweep(struct wheel *wheel) {
    size_t kept = 0;
    for (size_t i = 0; i < wheel->overdue_count; i++)
        if (entry_is_live(wheel, &wheel->overdue[i].entry))
            wheel->overdue[kept++] = wheel->overdue[i];
    wheel->overdue_count = kept;
    for (size_t i = kept / 2; i-- > 0;) overdue_sift_down(wheel, i);
}

static void row_sweep(struct wheel *wheel) {
    size_t end = 0;
    for (size_t i = wheel->row_first; i < wheel->row_end; i++)
        if (entry_is_live(wheel, &wheel->row[i])) wheel->row[end++] = wheel->row[i];
    wheel->row_first = 0;
    wheel->row_end = end;
}

static void wheel_sweep(struct wheel *wheel) {
    for (unsigned level = 0; level < WHEEL_LEVELS; level++)
        for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
            if (wheel->levels[level].slots[slot].head != NULL) slot_sweep(wheel, level, slot);
    row_sweep(wheel);
    overdue_sweep(wheel);
    wheel->count -= wheel->stale;
    wheel->stale = 0;
}

void wheel_note_stale(struct wheel *wheel) {
    wheel->stale++;
    require(wheel->stale <= wheel->count);
    if (wheel->stale > wheel->count - wheel->stale + STALE_TOLERATED) wheel_sweep(wheel);
}

/* ---- taking out */

/* Spreads a slot over the levels below; the base moves to the slot's start. What it needs is set
 * aside first, so that nothing is left half spread. */
static ttl_status slot_spread(struct wheel *wheel, unsigned level, unsigned slot) {
    size_t chunks = wheel->count < WHEEL_SLOTS ? wheel->count : (size_t)WHEEL_SLOTS;
    if (chunks_reserve(wheel, chunks) != TTL_OK) return TTL_NO_MEMORY;
    struct wheel_chunk *chunk = wheel->levels[level].slots[slot].head;
    slot_vacate(wheel, level, slot);
    wheel->base = slot_start(wheel->base, level, slot);
    while (chunk != NULL) {
        for (uint32_t i = chunk->first; i < chunk->end; i++) wheel_append(wheel, chunk->entries[i]);
        struct wheel_chunk *next = chunk->next;
        chunk_give(wheel, chunk);
        chunk = next;
    }
    return TTL_OK;
}

static ttl_status row_reserve(struct wheel *wheel, size_t needed) {
    if (needed <= wheel->row_capacity) return TTL_OK;
    struct wheel_entry *row = memory_resize(
        wheel->memory, wheel->row, wheel->row_capacity * sizeof *row, needed * sizeof *row);
    if (row == NULL) return TTL_NO_MEMORY;
    wheel->row = row;
    wheel->row_capacity = needed;
    return TTL_OK;
}

/* Where in the row the entries of each millisecond of a slot begin; returns how many there are. */
static size_t row_plan(const struct wheel_chunk *chunk, size_t starts[WHEEL_SLOTS]) {
    size_t counts[WHEEL_SLOTS] = {0}, total = 0;
    for (; chunk != NULL; chunk = chunk->next)
        for (uint32_t i = chunk->first; i < chunk->end; i++)
            counts[slot_of(ordinal_of(chunk->entries[i].deadline_ms), 0)]++;
    for (unsigned ms = 0; ms < WHEEL_SLOTS; ms++) {
        starts[ms] = total;
        total += counts[ms];
    }
    return total;
}

/* Sorts a slot of level 1 into the row, which is empty; the base moves to the slot's start. */
static ttl_status slot_sort(struct wheel *wheel, unsigned slot) {
    size_t starts[WHEEL_SLOTS];
    struct wheel_chunk *chunk = wheel->levels[1].slots[slot].head;
    size_t total = row_plan(chunk, starts);
    if (row_reserve(wheel, total) != TTL_OK) return TTL_NO_MEMORY;
    slot_vacate(wheel, 1, slot);
    wheel->base = slot_start(wheel->base, 1, slot);
    wheel->row_first = 0;
    wheel->row_end = total;
    while (chunk != NULL) {
        for (uint32_t i = chunk->first; i < chunk->end; i++) {
            const struct wheel_entry *entry = &chunk->entries[i];
            wheel->owner.fetch(wheel->owner.context, entry);
            wheel->row[starts[slot_of(ordinal_of(entry->deadline_ms), 0)]++] = *entry;
        }
        struct wheel_chunk *next = chunk->next;
        chunk_give(wheel, chunk);
        chunk = next;
    }
    return TTL_OK;
}

/* The first entry of level 0; NULL: there is none. */
static struct wheel_entry *level_0_first(const struct wheel *wheel) {
    if (wheel->levels == NULL) return NULL;
    unsigned slot = level_first(wheel, 0);
    if (slot == WHEEL_SLOTS) return NULL;
    struct wheel_chunk *head = wheel->levels[0].slots[slot].head;
    return &head->entries[head->first];
}

/* Is the row's first entry before all of level 0? */
static bool row_leads(const struct wheel *wheel) {
    if (wheel->row_first == wheel->row_end) return false;
    const struct wheel_entry *other = level_0_first(wheel);
    return other == NULL || wheel->row[wheel->row_first].deadline_ms <= other->deadline_ms;
}

/* The first entry of the row and of level 0 together; NULL: there is none. */
static struct wheel_entry *first_at_hand(const struct wheel *wheel) {
    return row_leads(wheel) ? &wheel->row[wheel->row_first] : level_0_first(wheel);
}

/* Brings the first slot that begins at `limit` or before down, level by level, and shows its first
 * entry if that is due at `limit`; NULL with TTL_OK when none is. */
static ttl_status wheel_first(struct wheel *wheel, uint64_t limit, struct wheel_entry **first) {
    *first = first_at_hand(wheel);
    for (unsigned level = 1; *first == NULL && wheel->levels != NULL && level < WHEEL_LEVELS;) {
        unsigned slot = level_first(wheel, level);
        if (slot == WHEEL_SLOTS) {
            level++;
            continue;
        }
        if (slot_start(wheel->base, level, slot) > limit) break;
        ttl_status status = level == 1 ? slot_sort(wheel, slot) : slot_spread(wheel, level, slot);
        if (status != TTL_OK) return status;
        *first = first_at_hand(wheel);
        level = 1;
    }
    if (*first != NULL && ordinal_of((*first)->deadline_ms) <= limit) return TTL_OK;
    *first = NULL;
    /* Nothing waits at the limit or before: the base may move up to there. */
    if (limit > wheel->base && limit != UINT64_MAX) wheel->base = limit;
    return TTL_OK;
}

/* The first entry that is due, live or stale, where it lies; NULL with TTL_OK: there is none. */
static ttl_status wheel_next(struct wheel *wheel, int64_t limit_ms, struct wheel_entry **next) {
    if (wheel->overdue_count == 0) return wheel_first(wheel, ordinal_of(limit_ms), next);
    *next = &wheel->overdue[0].entry;
    if ((*next)->deadline_ms > limit_ms) *next = NULL;
    return TTL_OK;
}

/* Removes the first `count` entries of the first chunk of level 0. */
static void chunk_consume(struct wheel *wheel, uint32_t count) {
    unsigned slot = level_first(wheel, 0);
    struct wheel_slot *place = &wheel->levels[0].slots[slot];
    struct wheel_chunk *chunk = place->head;
    chunk->first += count;
    if (chunk->first < chunk->end) return;
    place->head = chunk->next;
    if (place->head == NULL) slot_vacate(wheel, 0, slot);
    chunk_give(wheel, chunk);
}

/* Removes what wheel_next has just shown, and the `count - 1` entries after it. */
static void wheel_consume(struct wheel *wheel, size_t count) {
    wheel->count -= count;
    if (wheel->overdue_count > 0) overdue_pop(wheel);
    else if (row_leads(wheel)) wheel->row_first += count;
    else chunk_consume(wheel, (uint32_t)count);
}

void wheel_drop_stale(struct wheel *wheel) {
    require(wheel->stale > 0);
    wheel->stale--;
}

ttl_status wheel_peek(struct wheel *wheel, int64_t limit_ms, struct wheel_entry *entry,
                      bool *found) {
    for (;;) {
        struct wheel_entry *next;
        if (wheel_next(wheel, limit_ms, &next) != TTL_OK) return TTL_NO_MEMORY;
        *found = next != NULL;
        if (next == NULL) return TTL_OK;
        *entry = *next;
        if (entry_is_live(wheel, entry)) return TTL_OK;
        wheel_consume(wheel, 1);
        wheel_drop_stale(wheel);
    }
}

/* How many entries, `most` at the most, stand in order from the one that wheel_next has just shown
 * and are due too. All of a chunk of level 0 have one deadline. */
static size_t wheel_run(const struct wheel *wheel, int64_t limit_ms, size_t most) {
    if (wheel->overdue_count > 0) return 1;
    const struct wheel_entry *other = level_0_first(wheel);
    if (!row_leads(wheel)) {
        const struct wheel_chunk *head = wheel->levels[0].slots[level_first(wheel, 0)].head;
        size_t run = head->end - head->first;
        return run < most ? run : most;
    }
    if (other != NULL && other->deadline_ms < limit_ms) limit_ms = other->deadline_ms;
    size_t run = 0, waiting = wheel->row_end - wheel->row_first;
    while (run < most && run < waiting &&
           wheel->row[wheel->row_first + run].deadline_ms <= limit_ms)
        run++;
    return run;
}

ttl_status wheel_take(struct wheel *wheel, int64_t limit_ms, struct wheel_entry *entries,
                      size_t most, size_t *count) {
    *count = 0;
    while (*count < most) {
        struct wheel_entry *next;
        if (wheel_next(wheel, limit_ms, &next) != TTL_OK) return TTL_NO_MEMORY;
        if (next == NULL) break;
        size_t run = wheel_run(wheel, limit_ms, most - *count);
        memcpy(entries + *count, next, run * sizeof *entries);
        *count += run;
        wheel_consume(wheel, run);
    }
    return TTL_OK;
}
