/* The one file of the engine that calls malloc: for callers that want nothing special. */
#include <stdlib.h>

#include "ttlspec/memory.h"

static void *libc_allocate(void *context, size_t size) {
    (void)context;
    return malloc(size);
}

static void *libc_resize(void *context, void *memory, size_t old_size, size_t new_size) {
    (void)context;
    (void)old_size;
    return realloc(memory, new_size);
}

static void libc_release(void *context, void *memory, size_t size) {
    (void)context;
    (void)size;
    free(memory);
}

ttl_allocator ttl_allocator_libc(void) {
    return (ttl_allocator){NULL, libc_allocate, libc_resize, libc_release};
}
