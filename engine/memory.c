#include "engine/memory.h"

#include <stdint.h>
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

ttl_status memory_copy_bytes(struct memory *memory, ttl_bytes from, ttl_bytes *copy) {
    *copy = (ttl_bytes){NULL, 0};
    if (from.length == 0) return TTL_OK;
    char *data = memory_take(memory, from.length);
    if (data == NULL) return TTL_NO_MEMORY;
    memcpy(data, from.data, from.length);
    *copy = (ttl_bytes){data, from.length};
    return TTL_OK;
}

void memory_give_bytes(struct memory *memory, ttl_bytes *copy) {
    memory_give(memory, (void *)(uintptr_t)copy->data, copy->length);
    *copy = (ttl_bytes){NULL, 0};
}
