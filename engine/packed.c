#include "engine/packed.h"

enum { PACKED_END = 255, FAR_BEFORE = 254 };

/* ---- bytes */

static bool packed_fail(struct packed *packed) {
    packed->is_bad = true;
    return false;
}

/* `count` bytes, which are then passed over; NULL: there are not as many. */
static const uint8_t *packed_take(struct packed *packed, uint64_t count) {
    const uint8_t *from = packed->at;
    if (packed->is_bad || (uint64_t)(packed->end - from) < count) {
        packed->is_bad = true;
        return NULL;
    }
    packed->at += count;
    return from;
}

static bool take_string(struct packed *packed, uint64_t length, ttl_bytes *entry) {
    const uint8_t *from = packed_take(packed, length);
    if (from == NULL) return false;
    *entry = (ttl_bytes){(const char *)from, (size_t)length};
    return true;
}

static uint64_t little_endian(const uint8_t *bytes, unsigned count) {
    uint64_t value = 0;
    while (count-- > 0) value = value << 8 | bytes[count];
    return value;
}

static bool give_integer(struct packed *packed, int64_t value, ttl_bytes *entry) {
    *entry = (ttl_bytes){packed->room, number_format_integer(value, packed->room)};
    return true;
}

/* An integer of so many bytes, in two's complement. */
static bool take_integer(struct packed *packed, unsigned count, ttl_bytes *entry) {
    const uint8_t *bytes = packed_take(packed, count);
    if (bytes == NULL) return false;
    unsigned unused = 64 - 8 * count;
    return give_integer(packed, (int64_t)(little_endian(bytes, count) << unused) >> unused, entry);
}

/* ---- the three forms */

static bool ziplist_next(struct packed *packed, ttl_bytes *entry) {
    const uint8_t *before = packed_take(packed, 1), *head = NULL, *more;
    if (before != NULL && *before == FAR_BEFORE && packed_take(packed, 4) == NULL) return false;
    if (before != NULL) head = packed_take(packed, 1);
    if (head == NULL) return false;
    switch (*head >> 6) {
    case 0: return take_string(packed, *head, entry);
    case 1:
        more = packed_take(packed, 1);
        return more != NULL && take_string(packed, (*head & 63u) << 8 | *more, entry);
    case 2:
        more = packed_take(packed, 4);
        if (more == NULL) return false;
        return take_string(packed,
                           (uint64_t)more[0] << 24 | (uint64_t)more[1] << 16 |
                               (uint64_t)more[2] << 8 | more[3],
                           entry);
    default: break;
    }
    switch (*head) {
    case 0xc0: return take_integer(packed, 2, entry);
    case 0xd0: return take_integer(packed, 4, entry);
    case 0xe0: return take_integer(packed, 8, entry);
    case 0xf0: return take_integer(packed, 3, entry);
    case 0xfe: return take_integer(packed, 1, entry);
    default: break;
    }
    if (*head > 0xf0 && *head < 0xfe) return give_integer(packed, (*head & 15) - 1, entry);
    return packed_fail(packed);
}

static bool listpack_entry(struct packed *packed, ttl_bytes *entry) {
    const uint8_t *head = packed_take(packed, 1), *more = NULL;
    if (head == NULL) return false;
    if (*head < 0x80) return give_integer(packed, *head, entry);
    if (*head < 0xc0) return take_string(packed, *head & 63u, entry);
    if (*head < 0xf0) {
        more = packed_take(packed, 1);
        if (more == NULL) return false;
        if (*head >= 0xe0) return take_string(packed, (*head & 15u) << 8 | *more, entry);
        int64_t value = (*head & 31) << 8 | *more;
        return give_integer(packed, value >= 1 << 12 ? value - (1 << 13) : value, entry);
    }
    switch (*head) {
    case 0xf0:
        more = packed_take(packed, 4);
        return more != NULL && take_string(packed, little_endian(more, 4), entry);
    case 0xf1: return take_integer(packed, 2, entry);
    case 0xf2: return take_integer(packed, 3, entry);
    case 0xf3: return take_integer(packed, 4, entry);
    case 0xf4: return take_integer(packed, 8, entry);
    default: return packed_fail(packed);
    }
}

/* Behind each entry stands how long it is, in as many bytes as that takes with seven bits each. */
static bool listpack_next(struct packed *packed, ttl_bytes *entry) {
    const uint8_t *from = packed->at;
    if (!listpack_entry(packed, entry)) return false;
    unsigned bytes = 1;
    for (uint64_t length = (uint64_t)(packed->at - from); length > 127; length >>= 7) bytes++;
    return packed_take(packed, bytes) != NULL;
}

/* ---- all of them */

struct packed packed_begin(enum packed_form form, ttl_bytes block) {
    static const unsigned heads[] = {
        [PACKED_ZIPLIST] = 10, [PACKED_LISTPACK] = 6, [PACKED_INTSET] = 8};
    const uint8_t *bytes = (const uint8_t *)block.data;
    struct packed packed = {.form = form, .at = bytes, .end = bytes + block.length};
    const uint8_t *head = packed_take(&packed, heads[form]);
    if (head == NULL) return packed;
    uint64_t first = little_endian(head, 4);
    if (form == PACKED_INTSET) {
        bool is_width = first == 2 || first == 4 || first == 8;
        packed.width = (uint32_t)first;
        packed.is_bad = !is_width || little_endian(head + 4, 4) * first != block.length - 8;
    } else {
        packed.is_bad = first != block.length || block.data[block.length - 1] != (char)PACKED_END;
    }
    return packed;
}

bool packed_next(struct packed *packed, ttl_bytes *entry) {
    if (packed->is_bad || packed->at == packed->end) return false;
    if (packed->form == PACKED_INTSET) return take_integer(packed, packed->width, entry);
    if (*packed->at == PACKED_END) {
        packed->is_bad = packed->at + 1 != packed->end;
        return false;
    }
    bool next =
        packed->form == PACKED_ZIPLIST ? ziplist_next(packed, entry) : listpack_next(packed, entry);
    return next || packed_fail(packed);
}
