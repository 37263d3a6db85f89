#include "conformance/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK_BYTES = 64 * 1024, STATUS_OUT_OF_MEMORY = 3 };

struct arena_block {
    arena_block *older;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

_Noreturn void arena_out_of_memory(void) {
    fputs("ttlspec: there is not enough memory\n", stderr);
    exit(STATUS_OUT_OF_MEMORY);
}

void arena_free(arena *memory) {
    while (memory->newest != NULL) {
        arena_block *older = memory->newest->older;
        free(memory->newest);
        memory->newest = older;
    }
}

/* A big request gets a block of its own behind the newest, whose free space stays in use. */
static arena_block *add_block(arena *memory, size_t size) {
    bool own = size > ARENA_BLOCK_BYTES / 4;
    size_t bytes = own ? size : ARENA_BLOCK_BYTES;
    arena_block *block = malloc(sizeof *block + bytes);
    if (block == NULL) arena_out_of_memory();
    block->size = bytes;
    block->used = 0;
    if (own && memory->newest != NULL) {
        block->older = memory->newest->older;
        memory->newest->older = block;
    } else {
        block->older = memory->newest;
        memory->newest = block;
    }
    return block;
}

void *arena_take(arena *memory, size_t size) {
    const size_t alignment = alignof(max_align_t);
    if (size > SIZE_MAX / 2) arena_out_of_memory();
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    arena_block *block = memory->newest;
    if (block == NULL || block->size - block->used < rounded) block = add_block(memory, rounded);
    void *taken = block->bytes + block->used;
    block->used += rounded;
    return memset(taken, 0, rounded);
}

void *arena_take_array(arena *memory, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / 2 / size) arena_out_of_memory();
    return arena_take(memory, count * size);
}

ttl_bytes arena_copy_bytes(arena *memory, const char *data, size_t length) {
    char *copy = arena_take(memory, length + 1);
    if (length > 0) memcpy(copy, data, length);
    return (ttl_bytes){copy, length};
}

char *arena_copy(arena *memory, const char *text) {
    size_t size = strlen(text) + 1;
    return memcpy(arena_take(memory, size), text, size);
}

char *arena_format(arena *memory, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) arena_out_of_memory();
    char *text = arena_take(memory, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
