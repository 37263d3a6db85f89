/* Where the engine's memory comes from: three functions that the caller gives.
 *
 * Sizes are passed back on release, so that an allocator needs no headers of its own and a
 * caller can count bytes exactly. Any of `allocate` and `resize` may answer NULL: the engine
 * then leaves the keyspace unchanged, or the command wholly done, and says TTL_NO_MEMORY.
 */
#ifndef TTLSPEC_MEMORY_H
#define TTLSPEC_MEMORY_H

#include <stddef.h>

typedef struct ttl_allocator {
    void *context;
    /* `size` is never zero. NULL: there is no memory. */
    void *(*allocate)(void *context, size_t size);
    /* As realloc: on NULL the old memory stays as it was. */
    void *(*resize)(void *context, void *memory, size_t old_size, size_t new_size);
    void (*release)(void *context, void *memory, size_t size);
} ttl_allocator;

typedef enum ttl_status {
    TTL_OK = 0,
    TTL_NO_MEMORY, /* an allocation failed */
} ttl_status;

/* The C library's malloc, realloc and free behind the interface. */
ttl_allocator ttl_allocator_libc(void);

#endif
