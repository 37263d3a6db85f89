/* Text that is put together piece by piece: what INFO and CLIENT INFO answer.
 *
 * Cost: amortised constant for each byte.
 * Ownership: the text owns its bytes until text_free; when memory runs out it is marked `failed`,
 * and what follows is dropped. */
#ifndef ENGINE_TEXT_H
#define ENGINE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/memory.h"
#include "ttlspec/bytes.h"

struct text {
    struct memory *memory;
    char *data;
    size_t length, capacity;
    bool failed;
};

void text_add(struct text *text, const char *piece);
void text_add_bytes(struct text *text, ttl_bytes piece);
void text_add_integer(struct text *text, int64_t number);
void text_free(struct text *text);

static inline ttl_bytes text_bytes(const struct text *text) {
    return (ttl_bytes){text->data, text->length};
}

#endif
