/* A run of bytes that somebody else owns: a key, a value, an argument.
 *
 * Keys and values of Redis are binary: they may hold NUL and are never NUL-terminated. A
 * `ttl_bytes` is a view; it is good for as long as the memory it points to is.
 */
#ifndef TTLSPEC_BYTES_H
#define TTLSPEC_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct ttl_bytes {
    const char *data;
    size_t length;
} ttl_bytes;

/* A view of a C string, without its NUL. */
static inline ttl_bytes ttl_bytes_of(const char *text) {
    return (ttl_bytes){text, strlen(text)};
}

static inline bool ttl_bytes_equal(ttl_bytes a, ttl_bytes b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* True when `bytes` is `word` in any mixture of upper and lower case (ASCII, no locale), as
 * Redis compares command names and options. */
bool ttl_bytes_is_word(ttl_bytes bytes, const char *word);

#endif
