#include "engine/dump.h"

#include <math.h>
#include <string.h>

#include "engine/dialect.h"
#include "engine/edit.h"
#include "engine/number.h"
#include "engine/packed.h"

/* The types of values, as the byte at the beginning says them. */
enum dump_type {
    TYPE_STRING = 0,
    TYPE_LIST = 1,
    TYPE_SET = 2,
    TYPE_ZSET = 3, /* scores as text */
    TYPE_HASH = 4,
    TYPE_ZSET_2 = 5, /* scores as binary64 */
    TYPE_LIST_ZIPLIST = 10,
    TYPE_SET_INTSET = 11,
    TYPE_ZSET_ZIPLIST = 12,
    TYPE_HASH_ZIPLIST = 13,
    TYPE_QUICKLIST = 14, /* ziplists */
    TYPE_HASH_LISTPACK = 16,
    TYPE_ZSET_LISTPACK = 17,
    TYPE_QUICKLIST_2 = 18, /* listpacks, or elements alone */
    TYPE_SET_LISTPACK = 20,
    TYPE_HASH_2 = 22,           /* Valkey: each value with a deadline behind it */
    TYPE_HASH_DEADLINES = 24,   /* Redis: each field with its distance to the first before it */
    TYPE_HASH_LISTPACK_EX = 25, /* Redis: a deadline for every two entries */
};

enum {
    FOOTER = 10,
    VERSION_WRITTEN = 6,
    VERSION_OF_DEADLINES = 12, /* of fields: in Redis, and in Valkey */
    VERSION_OF_HASH_2 = 80,
    VERSION_OF_ALL = 9, /* of Redis 5 to 6.2: no dialect is older */
    SCORE_NAN = 253,
    SCORE_INFINITY = 254,
    SCORE_MINUS_INFINITY = 255,
    NODE_PLAIN = 1, /* of TYPE_QUICKLIST_2 */
    NODE_PACKED = 2,
};

/* The versions after that, and who reads them. 13 was seen in Redis 8.6.3, not in 8.0.6. */
static const struct payload_version {
    uint16_t version;
    ttl_versions redis, valkey;
} payload_versions[] = {
    {10, SINCE(7, 0, 0), ALWAYS}, {11, SINCE(7, 2, 0), ALWAYS}, {12, SINCE(7, 4, 0), NEVER},
    {13, SINCE(8, 6, 0), NEVER},  {80, NEVER, SINCE(9, 0, 0)},
};

/* ---- the footer */

/* CRC-64 of Jones (reflected, begun with 0), bit by bit: payloads are short. */
static uint64_t crc64(ttl_bytes bytes) {
    const uint64_t polynomial = UINT64_C(0x95ac9329ac4bc9b5);
    uint64_t crc = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        crc ^= (unsigned char)bytes.data[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ ((crc & 1) != 0 ? polynomial : 0);
    }
    return crc;
}

static bool version_is_read(const ttl_dialect *dialect, unsigned version) {
    if (version <= VERSION_OF_ALL) return true;
    for (size_t i = 0; i < sizeof payload_versions / sizeof *payload_versions; i++)
        if (payload_versions[i].version == version)
            return dialect_in(dialect, payload_versions[i].redis, payload_versions[i].valkey);
    return false;
}

bool dump_is_whole(const ttl_dialect *dialect, ttl_bytes payload) {
    if (payload.length < FOOTER) return false;
    const unsigned char *footer = (const unsigned char *)payload.data + (payload.length - FOOTER);
    uint64_t crc = 0;
    for (int i = 9; i >= 2; i--) crc = crc << 8 | footer[i];
    return version_is_read(dialect, footer[0] | (unsigned)footer[1] << 8) &&
           crc64((ttl_bytes){payload.data, payload.length - 8}) == crc;
}

/* ---- writing */

static void write_number(struct text *text, uint64_t number, unsigned bytes) {
    char little_endian[8];
    for (unsigned i = 0; i < bytes; i++) little_endian[i] = (char)(number >> 8 * i & 255);
    text_add_bytes(text, (ttl_bytes){little_endian, bytes});
}

static void write_length(struct text *text, uint64_t length) {
    if (length < 1u << 6) {
        write_number(text, length, 1);
    } else if (length < 1u << 14) {
        write_number(text, length >> 8 | 0x40, 1);
        write_number(text, length & 255, 1);
    } else {
        bool is_long = (uint64_t)length > UINT32_MAX;
        write_number(text, is_long ? 0x81 : 0x80, 1);
        for (int shift = is_long ? 56 : 24; shift >= 0; shift -= 8)
            write_number(text, length >> shift & 255, 1);
    }
}

static void write_string(struct text *text, ttl_bytes string) {
    write_length(text, string.length);
    text_add_bytes(text, string);
}

static void write_score(struct text *text, double score) {
    char digits[NUMBER_DOUBLE_ROOM];
    if (isinf(score)) {
        write_number(text, score > 0 ? SCORE_INFINITY : SCORE_MINUS_INFINITY, 1);
        return;
    }
    size_t length = number_format_double(score, digits);
    write_number(text, length, 1);
    text_add_bytes(text, (ttl_bytes){digits, length});
}

static void write_collection(struct text *text, enum value_type type,
                             const struct collection *collection) {
    write_length(text, collection->count);
    for (size_t i = 0; i < collection->count; i++) {
        const struct member *member = &collection->members[i];
        write_string(text, member->bytes);
        if (type == VALUE_HASH) write_string(text, member->value);
        if (type == VALUE_ZSET) write_score(text, member->score);
    }
}

/* A hash whose fields have deadlines, as Valkey writes it. */
static void write_hash_2(struct text *text, const struct collection *hash) {
    write_length(text, hash->count);
    for (size_t i = 0; i < hash->count; i++) {
        const struct member *field = &hash->members[i];
        write_string(text, field->bytes);
        write_string(text, field->value);
        write_number(text, field->is_volatile ? (uint64_t)field->deadline_ms : UINT64_MAX, 8);
    }
}

/* The same, as Redis writes it: deadlines are counted from the first of them, and from 1. */
static void write_hash_deadlines(struct text *text, const struct collection *hash) {
    int64_t first_ms = INT64_MAX;
    for (size_t i = 0; i < hash->count; i++) {
        const struct member *field = &hash->members[i];
        if (field->is_volatile && field->deadline_ms < first_ms) first_ms = field->deadline_ms;
    }
    write_number(text, (uint64_t)first_ms, 8);
    write_length(text, hash->count);
    for (size_t i = 0; i < hash->count; i++) {
        const struct member *field = &hash->members[i];
        write_length(text, field->is_volatile ? (uint64_t)(field->deadline_ms - first_ms) + 1 : 0);
        write_string(text, field->bytes);
        write_string(text, field->value);
    }
}

static bool has_field_deadlines(const struct record *record) {
    if (record->type != VALUE_HASH) return false;
    const struct collection *hash = record_outside(record);
    return hash->volatile_count > 0;
}

/* Writes the value, and returns the version of the payload. */
static unsigned write_value(struct text *text, const ttl_dialect *dialect,
                            const struct record *record) {
    static const enum dump_type types[VALUE_TYPES] = {
        [VALUE_STRING] = TYPE_STRING, [VALUE_LIST] = TYPE_LIST, [VALUE_HASH] = TYPE_HASH,
        [VALUE_SET] = TYPE_SET,       [VALUE_ZSET] = TYPE_ZSET,
    };
    bool has_deadlines = has_field_deadlines(record);
    if (has_deadlines && ttl_dialect_has(dialect, TRAIT_DUMP_HASH_2)) {
        write_number(text, TYPE_HASH_2, 1);
        write_hash_2(text, record_outside(record));
        return VERSION_OF_HASH_2;
    }
    if (has_deadlines) {
        write_number(text, TYPE_HASH_DEADLINES, 1);
        write_hash_deadlines(text, record_outside(record));
        return VERSION_OF_DEADLINES;
    }
    write_number(text, types[record->type], 1);
    if (record->type == VALUE_STRING) write_string(text, record_string(record));
    else write_collection(text, record->type, record_outside(record));
    return VERSION_WRITTEN;
}

void dump_write(struct text *text, const ttl_dialect *dialect, const struct record *record) {
    size_t from = text->length;
    unsigned version = write_value(text, dialect, record);
    write_number(text, version, 2);
    if (text->failed) return;
    write_number(text, crc64((ttl_bytes){text->data + from, text->length - from}), 8);
}

/* ---- reading */

struct reader {
    struct memory *memory;
    const unsigned char *at, *end;
    enum dump_status status; /* the first that went wrong */
    int64_t first_ms;        /* from which TYPE_HASH_DEADLINES counts */
};

static bool reader_fail(struct reader *reader, enum dump_status status) {
    if (reader->status == DUMP_OK) reader->status = status;
    return false;
}

static const unsigned char *read_bytes(struct reader *reader, uint64_t count) {
    const unsigned char *from = reader->at;
    if (reader->status != DUMP_OK || (uint64_t)(reader->end - from) < count) {
        reader_fail(reader, DUMP_BAD);
        return NULL;
    }
    reader->at += count;
    return from;
}

static uint64_t big_endian(const unsigned char *bytes, unsigned count) {
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) value = value << 8 | bytes[i];
    return value;
}

/* A length, or the number of an encoding: then `is_encoding` is told so. */
static bool read_head(struct reader *reader, uint64_t *length, bool *is_encoding) {
    const unsigned char *head = read_bytes(reader, 1);
    if (head == NULL) return false;
    *is_encoding = *head >> 6 == 3;
    *length = *head & 63;
    if (*head >> 6 == 0 || *is_encoding) return true;
    unsigned more = *head >> 6 == 1 ? 1 : *head == 0x80 ? 4 : *head == 0x81 ? 8 : 0;
    if (more == 0) return reader_fail(reader, DUMP_BAD);
    const unsigned char *bytes = read_bytes(reader, more);
    if (bytes == NULL) return false;
    *length = big_endian(bytes, more) | (more == 1 ? *length << 8 : 0);
    return true;
}

static bool read_length(struct reader *reader, uint64_t *length) {
    bool is_encoding;
    if (!read_head(reader, length, &is_encoding)) return false;
    return !is_encoding || reader_fail(reader, DUMP_BAD);
}

static bool read_copy(struct reader *reader, ttl_bytes from, ttl_bytes *copy) {
    if (memory_copy_bytes(reader->memory, from, copy) == TTL_OK) return true;
    return reader_fail(reader, DUMP_NO_MEMORY);
}

static bool read_encoded_integer(struct reader *reader, unsigned bytes, ttl_bytes *string) {
    char digits[NUMBER_INTEGER_ROOM];
    const unsigned char *from = read_bytes(reader, bytes);
    if (from == NULL) return false;
    uint32_t value = 0;
    for (unsigned i = bytes; i-- > 0;) value = value << 8 | from[i];
    unsigned unused = 32 - 8 * bytes;
    int64_t integer = (int32_t)(value << unused) >> unused;
    return read_copy(reader, (ttl_bytes){digits, number_format_integer(integer, digits)}, string);
}

/* LZF: runs of bytes as they stand, and references to what was written before. */
static bool lzf_expand(const unsigned char *in, const unsigned char *end, char *out, size_t room) {
    size_t made = 0;
    while (in < end) {
        unsigned head = *in++;
        if (head < 32) {
            size_t run = head + 1;
            if ((size_t)(end - in) < run || room - made < run) return false;
            memcpy(out + made, in, run);
            in += run;
            made += run;
            continue;
        }
        size_t length = head >> 5;
        if (length == 7 && in < end) length += *in++;
        length += 2;
        if (in == end) return false;
        size_t back = ((size_t)(head & 31) << 8 | *in++) + 1;
        if (back > made || room - made < length) return false;
        for (; length > 0; length--, made++) out[made] = out[made - back];
    }
    return made == room;
}

enum { EXPANDED_MOST = 512 * 1024 * 1024 };

static bool read_compressed(struct reader *reader, ttl_bytes *string) {
    uint64_t packed, length;
    if (!read_length(reader, &packed) || !read_length(reader, &length)) return false;
    const unsigned char *from = read_bytes(reader, packed);
    if (from == NULL) return false;
    /* Three bytes never stand for more than 264. */
    if (length == 0 || length > EXPANDED_MOST || length / 264 > packed)
        return reader_fail(reader, DUMP_BAD);
    char *bytes = memory_take(reader->memory, (size_t)length);
    if (bytes == NULL) return reader_fail(reader, DUMP_NO_MEMORY);
    *string = (ttl_bytes){bytes, (size_t)length};
    if (lzf_expand(from, from + packed, bytes, (size_t)length)) return true;
    memory_give_bytes(reader->memory, string);
    return reader_fail(reader, DUMP_BAD);
}

enum { ENCODED_8_BITS, ENCODED_16_BITS, ENCODED_32_BITS, ENCODED_LZF };

/* A string of its own memory. */
static bool read_string(struct reader *reader, ttl_bytes *string) {
    uint64_t length;
    bool is_encoding;
    *string = (ttl_bytes){NULL, 0};
    if (!read_head(reader, &length, &is_encoding)) return false;
    if (!is_encoding) {
        const unsigned char *from = read_bytes(reader, length);
        return from != NULL &&
               read_copy(reader, (ttl_bytes){(const char *)from, (size_t)length}, string);
    }
    switch (length) {
    case ENCODED_8_BITS: return read_encoded_integer(reader, 1, string);
    case ENCODED_16_BITS: return read_encoded_integer(reader, 2, string);
    case ENCODED_32_BITS: return read_encoded_integer(reader, 4, string);
    case ENCODED_LZF: return read_compressed(reader, string);
    default: return reader_fail(reader, DUMP_BAD);
    }
}

static bool read_score(struct reader *reader, enum dump_type type, double *score) {
    if (type == TYPE_ZSET_2) {
        const unsigned char *from = read_bytes(reader, 8);
        if (from == NULL) return false;
        uint64_t bits = 0;
        for (int i = 7; i >= 0; i--) bits = bits << 8 | from[i];
        memcpy(score, &bits, sizeof *score);
        return !isnan(*score) || reader_fail(reader, DUMP_BAD);
    }
    const unsigned char *length = read_bytes(reader, 1);
    if (length == NULL) return false;
    if (*length == SCORE_INFINITY || *length == SCORE_MINUS_INFINITY) {
        *score = *length == SCORE_INFINITY ? HUGE_VAL : -HUGE_VAL;
        return true;
    }
    const unsigned char *digits = *length == SCORE_NAN ? NULL : read_bytes(reader, *length);
    ttl_bytes text = {(const char *)digits, *length};
    return (digits != NULL && number_parse_double(text, score)) || reader_fail(reader, DUMP_BAD);
}

/* ---- deadlines of fields */

static bool read_8_bytes(struct reader *reader, uint64_t *number) {
    const unsigned char *from = read_bytes(reader, 8);
    if (from == NULL) return false;
    *number = 0;
    for (int i = 7; i >= 0; i--) *number = *number << 8 | from[i];
    return true;
}

static bool set_deadline(struct reader *reader, struct member *field, uint64_t deadline_ms) {
    if (deadline_ms > INT64_MAX) return reader_fail(reader, DUMP_BAD);
    field->is_volatile = true;
    field->deadline_ms = (int64_t)deadline_ms;
    return true;
}

/* What stands before a field, and behind its value. */
static bool read_before(struct reader *reader, enum dump_type type, struct member *field) {
    uint64_t distance = 0;
    if (type != TYPE_HASH_DEADLINES) return true;
    if (!read_length(reader, &distance)) return false;
    if (distance > INT64_MAX) return reader_fail(reader, DUMP_BAD);
    return distance == 0 || set_deadline(reader, field, (uint64_t)reader->first_ms + distance - 1);
}

static bool read_behind(struct reader *reader, enum dump_type type, struct member *field) {
    uint64_t deadline_ms;
    if (type != TYPE_HASH_2) return true;
    if (!read_8_bytes(reader, &deadline_ms)) return false;
    return deadline_ms == UINT64_MAX || set_deadline(reader, field, deadline_ms);
}

/* What stands before all fields. */
static bool read_first_deadline(struct reader *reader, enum dump_type type) {
    uint64_t first_ms = 0;
    if (type != TYPE_HASH_DEADLINES && type != TYPE_HASH_LISTPACK_EX) return true;
    if (!read_8_bytes(reader, &first_ms)) return false;
    reader->first_ms = (int64_t)first_ms;
    return first_ms <= INT64_MAX || reader_fail(reader, DUMP_BAD);
}

/* ---- collections */

/* Takes the member, whose bytes are its own, into the collection; each only once but in a list. */
static bool collect(struct reader *reader, struct dump_value *value, struct member member) {
    struct collection *into = value->collection;
    bool is_list = value->type == VALUE_LIST;
    if (!is_list && collection_has(into, member.bytes)) reader_fail(reader, DUMP_BAD);
    else if (collection_reserve(reader->memory, into, 1) != TTL_OK)
        reader_fail(reader, DUMP_NO_MEMORY);
    if (reader->status != DUMP_OK) {
        member_release(reader->memory, &member);
        return false;
    }
    if (value->type == VALUE_ZSET) zset_insert(into, member);
    else if (value->type == VALUE_SET) set_insert(into, member);
    else collection_insert(into, into->count, member);
    return true;
}

static void read_plain(struct reader *reader, enum dump_type type, struct dump_value *value) {
    uint64_t count;
    if (!read_length(reader, &count)) return;
    for (; count > 0 && reader->status == DUMP_OK; count--) {
        struct member member = {.score = 0};
        bool whole = read_before(reader, type, &member) && read_string(reader, &member.bytes);
        if (whole && value->type == VALUE_HASH)
            whole = read_string(reader, &member.value) && read_behind(reader, type, &member);
        if (whole && value->type == VALUE_ZSET) whole = read_score(reader, type, &member.score);
        if (!whole) member_release(reader->memory, &member);
        else collect(reader, value, member);
    }
}

static bool read_packed_deadline(struct reader *reader, struct packed *packed,
                                 struct member *field) {
    ttl_bytes entry;
    int64_t deadline_ms;
    if (!packed_next(packed, &entry) || !argument_integer(entry, &deadline_ms) || deadline_ms < 0)
        return reader_fail(reader, DUMP_BAD);
    return deadline_ms == 0 || set_deadline(reader, field, (uint64_t)deadline_ms);
}

/* The second half of what a hash or a sorted set holds for each member. */
static bool read_other_half(struct reader *reader, enum dump_type type, struct packed *packed,
                            const struct dump_value *value, struct member *member) {
    ttl_bytes entry;
    if (value->type != VALUE_HASH && value->type != VALUE_ZSET) return true;
    if (!packed_next(packed, &entry)) return reader_fail(reader, DUMP_BAD);
    if (value->type == VALUE_HASH)
        return read_copy(reader, entry, &member->value) &&
               (type != TYPE_HASH_LISTPACK_EX || read_packed_deadline(reader, packed, member));
    return number_parse_double(entry, &member->score) || reader_fail(reader, DUMP_BAD);
}

static void read_packed(struct reader *reader, enum dump_type type, enum packed_form form,
                        struct dump_value *value) {
    ttl_bytes block, entry;
    if (!read_string(reader, &block)) return;
    struct packed packed = packed_begin(form, block);
    while (reader->status == DUMP_OK && packed_next(&packed, &entry)) {
        struct member member = {.score = 0};
        if (read_copy(reader, entry, &member.bytes) &&
            read_other_half(reader, type, &packed, value, &member))
            collect(reader, value, member);
        else member_release(reader->memory, &member);
    }
    if (packed.is_bad) reader_fail(reader, DUMP_BAD);
    memory_give_bytes(reader->memory, &block);
}

static void read_quicklist(struct reader *reader, enum dump_type type, struct dump_value *value) {
    uint64_t count, container = NODE_PACKED;
    bool is_second = type == TYPE_QUICKLIST_2;
    if (!read_length(reader, &count)) return;
    for (; count > 0 && reader->status == DUMP_OK; count--) {
        struct member member = {.score = 0};
        if (is_second && !read_length(reader, &container)) return;
        if (container == NODE_PACKED)
            read_packed(reader, type, is_second ? PACKED_LISTPACK : PACKED_ZIPLIST, value);
        else if (container != NODE_PLAIN) reader_fail(reader, DUMP_BAD);
        else if (read_string(reader, &member.bytes)) collect(reader, value, member);
    }
}

enum dump_layout { LAYOUT_NONE, LAYOUT_PLAIN, LAYOUT_PACKED, LAYOUT_QUICKLIST };

static const struct layout {
    enum dump_layout layout;
    enum value_type type;
    enum packed_form form;
} layouts[] = {
    [TYPE_LIST] = {LAYOUT_PLAIN, VALUE_LIST, 0},
    [TYPE_SET] = {LAYOUT_PLAIN, VALUE_SET, 0},
    [TYPE_ZSET] = {LAYOUT_PLAIN, VALUE_ZSET, 0},
    [TYPE_HASH] = {LAYOUT_PLAIN, VALUE_HASH, 0},
    [TYPE_ZSET_2] = {LAYOUT_PLAIN, VALUE_ZSET, 0},
    [TYPE_LIST_ZIPLIST] = {LAYOUT_PACKED, VALUE_LIST, PACKED_ZIPLIST},
    [TYPE_SET_INTSET] = {LAYOUT_PACKED, VALUE_SET, PACKED_INTSET},
    [TYPE_ZSET_ZIPLIST] = {LAYOUT_PACKED, VALUE_ZSET, PACKED_ZIPLIST},
    [TYPE_HASH_ZIPLIST] = {LAYOUT_PACKED, VALUE_HASH, PACKED_ZIPLIST},
    [TYPE_QUICKLIST] = {LAYOUT_QUICKLIST, VALUE_LIST, 0},
    [TYPE_HASH_LISTPACK] = {LAYOUT_PACKED, VALUE_HASH, PACKED_LISTPACK},
    [TYPE_ZSET_LISTPACK] = {LAYOUT_PACKED, VALUE_ZSET, PACKED_LISTPACK},
    [TYPE_QUICKLIST_2] = {LAYOUT_QUICKLIST, VALUE_LIST, 0},
    [TYPE_SET_LISTPACK] = {LAYOUT_PACKED, VALUE_SET, PACKED_LISTPACK},
    [TYPE_HASH_2] = {LAYOUT_PLAIN, VALUE_HASH, 0},
    [TYPE_HASH_DEADLINES] = {LAYOUT_PLAIN, VALUE_HASH, 0},
    [TYPE_HASH_LISTPACK_EX] = {LAYOUT_PACKED, VALUE_HASH, PACKED_LISTPACK},
};

static bool type_is_read(const ttl_dialect *dialect, unsigned type) {
    if (type == TYPE_HASH_2) return ttl_dialect_has(dialect, TRAIT_DUMP_HASH_2);
    if (type == TYPE_HASH_DEADLINES || type == TYPE_HASH_LISTPACK_EX)
        return ttl_dialect_has(dialect, TRAIT_INFO_SUBEXPIRY);
    return type < sizeof layouts / sizeof *layouts && layouts[type].layout != LAYOUT_NONE;
}

static void read_members(struct reader *reader, enum dump_type type, struct dump_value *value) {
    const struct layout *layout = &layouts[type];
    if (!read_first_deadline(reader, type)) return;
    switch (layout->layout) {
    case LAYOUT_PLAIN: read_plain(reader, type, value); break;
    case LAYOUT_PACKED: read_packed(reader, type, layout->form, value); break;
    case LAYOUT_QUICKLIST: read_quicklist(reader, type, value); break;
    case LAYOUT_NONE: break;
    }
    if (value->collection->count == 0) reader_fail(reader, DUMP_BAD);
}

static void read_collection(struct reader *reader, enum dump_type type, struct dump_value *value) {
    value->type = layouts[type].type;
    value->collection = collection_new(reader->memory, 0);
    if (value->collection == NULL) {
        reader_fail(reader, DUMP_NO_MEMORY);
        return;
    }
    read_members(reader, type, value);
    if (reader->status != DUMP_OK) dump_release(reader->memory, value);
}

enum dump_status dump_read(struct memory *memory, const ttl_dialect *dialect, ttl_bytes payload,
                           struct dump_value *value) {
    const unsigned char *bytes = (const unsigned char *)payload.data;
    struct reader reader = {memory, bytes, bytes + payload.length, DUMP_OK, 0};
    *value = (struct dump_value){.type = VALUE_STRING};
    const unsigned char *type = read_bytes(&reader, 1);
    if (type == NULL) return DUMP_BAD;
    if (*type == TYPE_STRING) {
        read_string(&reader, &value->string);
        return reader.status;
    }
    if (!type_is_read(dialect, *type)) return DUMP_BAD;
    read_collection(&reader, (enum dump_type) * type, value);
    return reader.status;
}

/* ---- the value */

void dump_release(struct memory *memory, struct dump_value *value) {
    memory_give_bytes(memory, &value->string);
    if (value->collection != NULL) collection_free(memory, value->collection);
    value->collection = NULL;
}

struct key dump_draft(struct keyspace *keyspace, ttl_bytes name, struct dump_value *value) {
    if (value->collection != NULL) {
        struct key key = keyspace_draft_object(keyspace, name, value->type, value->collection);
        if (key.record != NULL) value->collection = NULL;
        return key;
    }
    struct key key = keyspace_draft_string(keyspace, name, value->string);
    if (key.record != NULL) memory_give_bytes(keyspace->memory, &value->string);
    return key;
}
