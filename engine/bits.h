/* Bits of a string, the first one the highest of the first byte; beyond its end they are zeros. */
#ifndef ENGINE_BITS_H
#define ENGINE_BITS_H

#include "engine/command.h"

enum { BITS_IN_BYTE = 8 };

static inline unsigned bit_at(ttl_bytes bytes, uint64_t offset) {
    uint64_t place = offset / BITS_IN_BYTE;
    if (place >= bytes.length) return 0;
    return (unsigned char)bytes.data[place] >> (BITS_IN_BYTE - 1 - offset % BITS_IN_BYTE) & 1;
}

static inline void bit_put(char *bytes, uint64_t offset, bool bit) {
    unsigned mask = 1U << (BITS_IN_BYTE - 1 - offset % BITS_IN_BYTE);
    char *byte = &bytes[offset / BITS_IN_BYTE];
    *byte = (char)(bit ? (unsigned char)*byte | mask : (unsigned char)*byte & ~mask);
}

/* The bit that argument `index` says; of fields `width` bits wide "#2" is the third one, 0: there
 * are no fields. Answers the error and returns false where it is none. */
bool call_bit_offset(struct call *call, size_t index, unsigned width, uint64_t *offset);

#endif
