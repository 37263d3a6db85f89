/* Packed lists: small collections as Redis keeps them in one block of bytes, read entry by entry.
 *
 *      ziplist    bytes 4 | tail 4 | count 2 | (length before | entry)... | 255     until 6.2
 *      listpack   bytes 4 |          count 2 | (entry | length)...        | 255     since 7.0
 *      intset     width 4 | count 4          | integers                             sets
 *
 * They are met in the payloads of DUMP. Every length is checked against the block: what does not
 * fit makes the list bad, and a bad list has no entries any more.
 * Cost: constant for each entry. Ownership: the block is the caller's; an entry is a view into it,
 * or into the reader's own room when it is an integer. */
#ifndef ENGINE_PACKED_H
#define ENGINE_PACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/number.h"
#include "ttlspec/bytes.h"

enum packed_form { PACKED_ZIPLIST, PACKED_LISTPACK, PACKED_INTSET };

struct packed {
    enum packed_form form;
    const uint8_t *at, *end;
    uint32_t width; /* of the integers of an intset, in bytes */
    bool is_bad;
    char room[NUMBER_INTEGER_ROOM];
};

struct packed packed_begin(enum packed_form form, ttl_bytes block);
/* The next entry, good until the next call. False: there is none, or the list is bad. */
bool packed_next(struct packed *packed, ttl_bytes *entry);

#endif
