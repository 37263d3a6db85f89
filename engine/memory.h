/* The injected allocator with a count beside it: everything the engine holds, it holds from here.
 *
 * Every function may answer NULL where memory runs out; nothing has changed then. */
#ifndef ENGINE_MEMORY_H
#define ENGINE_MEMORY_H

#include <stddef.h>

#include "ttlspec/bytes.h"
#include "ttlspec/memory.h"

struct memory {
    ttl_allocator allocator;
    size_t held; /* bytes */
};

void *memory_take(struct memory *memory, size_t size);
/* As memory_take, every byte zero. */
void *memory_take_zeroed(struct memory *memory, size_t size);
/* `old_size` 0 with `block` NULL is a first allocation. */
void *memory_resize(struct memory *memory, void *block, size_t old_size, size_t new_size);
/* `block` may be NULL. */
void memory_give(struct memory *memory, void *block, size_t size);

/* A copy of bytes, to be given back by memory_give_bytes. Nothing is taken for an empty one. */
ttl_status memory_copy_bytes(struct memory *memory, ttl_bytes from, ttl_bytes *copy);
/* Gives a copy back and leaves it empty. */
void memory_give_bytes(struct memory *memory, ttl_bytes *copy);

#endif
