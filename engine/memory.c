#include "engine/memory.h"

#include <string.h>

#include "engine/require.h"

void *memory_take(struct memory *memory, size_t size) {
    require(size > 0);
    void *block = memory->allocator.allocate(memory->allocator.context, size);
    if (block != NULL) memory->held += size;
    return block;
}

void *memory_take_zeroed(struct memory *memory, size_t size) {
    void *block = memory_take(memory, size);
    if (block != NULL) memset(block, 0, size);
    return block;
}

void *memory_resize(struct memory *memory, void *block, size_t old_size, size_t new_size) {
    if (block == NULL) return memory_take(memory, new_size);
    void *moved = memory->allocator.resize(memory->allocator.context, block, old_size, new_size);
    if (moved != NULL) memory->held = memory->held - old_size + new_size;
    return moved;
}

void memory_give(struct memory *memory, void *block, size_t size) {
    if (block == NULL) return;
    require(memory->held >= size);
    memory->held -= size;
    memory->allocator.release(memory->allocator.context, block, size);
}
