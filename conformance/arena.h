/* An arena: memory for many small things that are given back together.
 *
 * Vectors are loaded once and kept to the end of the run, so nothing in them is freed alone. When
 * the system has no memory left the arena says so on stderr and ends the process with status 3:
 * before a vector has run there is no result to lose.
 * Cost: an allocation is a bump of a pointer. Ownership: the arena owns all that it handed out.
 */
#ifndef CONFORMANCE_ARENA_H
#define CONFORMANCE_ARENA_H

#include <stddef.h>

#include "ttlspec/bytes.h"

typedef struct arena_block arena_block;

typedef struct arena {
    arena_block *newest;
} arena;

/* An arena begins as {NULL}. Gives all its memory back; it may be used again. */
void arena_free(arena *memory);
/* `size` zeroed bytes, aligned for any type. */
void *arena_take(arena *memory, size_t size);
/* `count` zeroed elements of `size` bytes. */
void *arena_take_array(arena *memory, size_t count, size_t size);
/* What the arena does when there is no memory left; for what else loads vectors. */
_Noreturn void arena_out_of_memory(void);
/* A copy of a C string. */
char *arena_copy(arena *memory, const char *text);
/* A copy of bytes, with a NUL after them that is not counted. */
ttl_bytes arena_copy_bytes(arena *memory, const char *data, size_t length);
/* As printf, into the arena. */
char *arena_format(arena *memory, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
