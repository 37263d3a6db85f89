#include "conformance/interned.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"

enum { FIRST_SLOTS = 1024 };

/* FNV-1a. The strings are our own: nobody chooses them to collide. */
static size_t hash_of(const char *text) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32);
}

/* Where the string is, or would be. */
static size_t slot_of(const interned *set, const char *text) {
    size_t at = hash_of(text) & (set->slot_count - 1);
    while (set->slots[at] != 0 && strcmp(set->strings[set->slots[at] - 1], text) != 0)
        at = (at + 1) & (set->slot_count - 1);
    return at;
}

/* Keeps the table at most half full. */
static void make_room(interned *set) {
    if (2 * (set->count + 1) <= set->slot_count) return;
    set->slot_count = set->slot_count == 0 ? FIRST_SLOTS : 2 * set->slot_count;
    free(set->slots);
    set->slots = memory_zeroed(set->slot_count, sizeof *set->slots);
    for (size_t i = 0; i < set->count; i++) set->slots[slot_of(set, set->strings[i])] = i + 1;
}

size_t interned_add(interned *set, const char *text) {
    make_room(set);
    size_t at = slot_of(set, text);
    if (set->slots[at] == 0) {
        set->strings = memory_grown(set->strings, set->count, sizeof *set->strings);
        set->strings[set->count++] = text_copy(text);
        set->slots[at] = set->count;
    }
    return set->slots[at] - 1;
}

void interned_free(interned *set) {
    for (size_t i = 0; i < set->count; i++) free(set->strings[i]);
    free(set->strings);
    free(set->slots);
    *set = (interned){0};
}
