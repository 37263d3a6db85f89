#include "engine/due.h"

#include "engine/require.h"

/* ---- the heap */

static bool is_before(const struct due_hash *a, const struct due_hash *b) {
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void put(struct due_index *index, size_t place, struct due_hash *entry) {
    index->heap[place] = entry;
    entry->place = place;
}

static void sift_up(struct due_index *index, struct due_hash *entry) {
    size_t place = entry->place;
    while (place > 0 && is_before(entry, index->heap[(place - 1) / 2])) {
        put(index, place, index->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(index, place, entry);
}

static void sift_down(struct due_index *index, struct due_hash *entry) {
    size_t place = entry->place;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= index->count) break;
        if (child + 1 < index->count && is_before(index->heap[child + 1], index->heap[child]))
            child++;
        if (!is_before(index->heap[child], entry)) break;
        put(index, place, index->heap[child]);
        place = child;
    }
    put(index, place, entry);
}

static void enter(struct due_index *index, struct due_hash *entry) {
    require(index->count < index->capacity);
    entry->index = index;
    entry->order = index->entries++;
    put(index, index->count++, entry);
    sift_up(index, entry);
}

static void leave(struct due_hash *entry) {
    struct due_index *index = entry->index;
    if (index == NULL) return;
    struct due_hash *last = index->heap[--index->count];
    entry->index = NULL;
    if (last == entry) return;
    put(index, entry->place, last);
    sift_up(index, last);
    sift_down(index, last);
}

/* ---- moments */

static int64_t next_moment(const struct collection *hash) {
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < hash->count && hash->volatile_count > 0; i++) {
        const struct member *field = &hash->members[i];
        bool is_known = field->is_volatile && field->origin == TTL_ORIGIN_EPOCH;
        if (is_known && field->deadline_ms < next_ms) next_ms = field->deadline_ms;
    }
    return next_ms;
}

ttl_status due_reserve(struct memory *memory, struct due_index *index, struct collection *hash) {
    enum { FIRST = 8 };
    if (index->count == index->capacity) {
        size_t capacity = index->capacity == 0 ? FIRST : 2 * index->capacity;
        struct due_hash **heap =
            memory_resize(memory, index->heap, index->capacity * sizeof(struct due_hash *),
                          capacity * sizeof(struct due_hash *));
        if (heap == NULL) return TTL_NO_MEMORY;
        index->heap = heap;
        index->capacity = capacity;
    }
    if (hash->due != NULL) return TTL_OK;
    hash->due = memory_take_zeroed(memory, sizeof *hash->due);
    if (hash->due == NULL) return TTL_NO_MEMORY;
    return TTL_OK;
}

void due_settle(struct due_index *index, slab_handle key, struct collection *hash, bool stays) {
    struct due_hash *entry = hash->due;
    if (entry == NULL) {
        require(hash->volatile_count == 0);
        return;
    }
    bool is_in = entry->index != NULL;
    if (hash->volatile_count == 0) {
        if (!stays) leave(entry);
        return;
    }
    entry->key = key;
    entry->at_ms = next_moment(hash);
    if (!is_in) {
        enter(index, entry);
        return;
    }
    sift_up(index, entry);
    sift_down(index, entry);
}

void due_carry(struct due_index *index, slab_handle key, struct collection *hash) {
    struct due_hash *entry = hash->due;
    if (entry == NULL || entry->index == NULL) return;
    entry->key = key;
    if (entry->index == index) return;
    leave(entry);
    enter(index, entry);
}

struct due_hash *due_first(const struct due_index *index, int64_t limit_ms) {
    if (index->count == 0 || index->heap[0]->at_ms > limit_ms) return NULL;
    return index->heap[0]->at_ms == INT64_MAX ? NULL : index->heap[0];
}

void due_forget(struct memory *memory, struct collection *hash) {
    leave(hash->due);
    memory_give(memory, hash->due, sizeof *hash->due);
    hash->due = NULL;
}

void due_free(struct memory *memory, struct due_index *index) {
    require(index->count == 0);
    memory_give(memory, index->heap, index->capacity * sizeof *index->heap);
    *index = (struct due_index){.entries = index->entries};
}
