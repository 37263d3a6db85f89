/* BITFIELD, BITFIELD_RO: integers of any width, anywhere in a string. */
#include "engine/bits.h"
#include "engine/db.h"
#include "engine/rule.h"
#include "engine/string_edit.h"

enum { WIDTH_MOST = 64, FIRST_OPERATION = 2 };

enum overflow { OVERFLOW_WRAP, OVERFLOW_SAT, OVERFLOW_FAIL };
enum operation_kind { FIELD_GET, FIELD_SET, FIELD_INCRBY };

struct operation {
    enum operation_kind kind;
    enum overflow overflow;
    bool is_signed;
    unsigned width;
    uint64_t offset;
    int64_t value; /* of SET and INCRBY */
};

/* What is read from the arguments, one operation after another. */
struct reader {
    size_t place;
    bool is_refused;        /* it was answered what is wrong */
    enum overflow overflow; /* of those that follow */
    struct operation operation;
};

/* ---- reading: each answers its error itself and returns false */

static bool parse_overflow(struct call *call, size_t index, enum overflow *overflow) {
    static const char *const words[] = {
        [OVERFLOW_WRAP] = "WRAP", [OVERFLOW_SAT] = "SAT", [OVERFLOW_FAIL] = "FAIL"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!call_is_word(call, index, words[i])) continue;
        *overflow = (enum overflow)i;
        return true;
    }
    return call_refuse(call, "ERR Invalid OVERFLOW type specified");
}

static bool parse_type(struct call *call, size_t index, struct operation *operation) {
    ttl_bytes text = call->argv[index];
    char sign = text.length > 0 ? text.data[0] : '\0';
    int64_t width = 0;
    operation->is_signed = sign == 'i';
    int64_t most = operation->is_signed ? WIDTH_MOST : WIDTH_MOST - 1;
    bool has_sign = sign == 'i' || sign == 'u';
    bool fits = has_sign && argument_integer((ttl_bytes){text.data + 1, text.length - 1}, &width) &&
                width >= 1 && width <= most;
    operation->width = (unsigned)width;
    return fits || call_refuse(call, "ERR Invalid bitfield type. Use something like i16 u8. Note "
                                     "that u64 is not supported but i64 is.");
}

/* GET type offset, SET type offset value, INCRBY type offset value. */
static bool parse_operation(struct call *call, struct reader *reader) {
    static const char *const words[] = {
        [FIELD_GET] = "GET", [FIELD_SET] = "SET", [FIELD_INCRBY] = "INCRBY"};
    struct operation *operation = &reader->operation;
    size_t place = reader->place, rest = call->argc - place - 1;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t arguments = i == FIELD_GET ? 2 : 3;
        if (rest < arguments || !call_is_word(call, place, words[i])) continue;
        *operation =
            (struct operation){.kind = (enum operation_kind)i, .overflow = reader->overflow};
        reader->place += 1 + arguments;
        return parse_type(call, place + 1, operation) &&
               call_bit_offset(call, place + 2, operation->width, &operation->offset) &&
               (i == FIELD_GET || call_integer(call, place + 3, &operation->value));
    }
    reply_syntax_error(call);
    return false;
}

/* The next operation; false: there is none. */
static bool read_operation(struct call *call, struct reader *reader) {
    while (!reader->is_refused && reader->place + 1 < call->argc &&
           call_is_word(call, reader->place, "OVERFLOW")) {
        reader->is_refused = !parse_overflow(call, reader->place + 1, &reader->overflow);
        reader->place += 2;
    }
    if (reader->is_refused || reader->place >= call->argc) return false;
    reader->is_refused = !parse_operation(call, reader);
    return !reader->is_refused;
}

/* Reads them all; false: it was answered what is wrong. `*length`: bytes that those which write
 * need, 0 where all read. */
static bool read_all(struct call *call, size_t *count, size_t *length) {
    struct reader reader = {.place = FIRST_OPERATION};
    const struct operation *operation = &reader.operation;
    for (*count = *length = 0; read_operation(call, &reader); ++*count) {
        size_t end = (size_t)((operation->offset + operation->width - 1) / BITS_IN_BYTE) + 1;
        if (operation->kind != FIELD_GET && end > *length) *length = end;
    }
    return !reader.is_refused;
}

/* ---- fields */

static uint64_t width_mask(unsigned width) {
    return UINT64_MAX >> (WIDTH_MOST - width);
}

/* A signed one as the 64 bits of its value. */
static uint64_t field_get(const struct operation *operation, ttl_bytes string) {
    uint64_t value = 0, mask = width_mask(operation->width);
    for (unsigned i = 0; i < operation->width; i++)
        value = value << 1 | bit_at(string, operation->offset + i);
    bool is_negative = operation->is_signed && (value >> (operation->width - 1) & 1) != 0;
    return is_negative ? value | ~mask : value;
}

static void field_put(const struct operation *operation, char *bytes, uint64_t value) {
    for (unsigned i = 0; i < operation->width; i++)
        bit_put(bytes, operation->offset + i, (value >> (operation->width - 1 - i) & 1) != 0);
}

/* Where the sum lies: -1 below the least value of the field, 1 above the greatest, 0 within. */
static int side_of_signed(const struct operation *operation, int64_t value, int64_t increment) {
    int64_t most = (int64_t)(width_mask(operation->width) >> 1), least = -most - 1;
    if (value > most) return 1;
    if (value < least) return -1;
    if (increment > 0) return (uint64_t)increment > (uint64_t)most - (uint64_t)value;
    return UINT64_C(0) - (uint64_t)increment > (uint64_t)value - (uint64_t)least ? -1 : 0;
}

static int side_of_unsigned(const struct operation *operation, uint64_t value, int64_t increment) {
    uint64_t most = width_mask(operation->width);
    if (value > most) return 1;
    if (increment > 0) return (uint64_t)increment > most - value;
    return UINT64_C(0) - (uint64_t)increment > value ? -1 : 0;
}

/* A sum cut to the field, or brought back to the nearest value that fits. */
static uint64_t field_fit(const struct operation *operation, uint64_t sum, int side) {
    uint64_t mask = width_mask(operation->width);
    uint64_t most = operation->is_signed ? mask >> 1 : mask;
    uint64_t least = operation->is_signed ? ~most : 0;
    if (side != 0 && operation->overflow == OVERFLOW_SAT) return side > 0 ? most : least;
    bool is_negative = operation->is_signed && (sum >> (operation->width - 1) & 1) != 0;
    return is_negative ? sum | ~mask : sum & mask;
}

/* The value that SET or INCRBY puts in the place of `old`; false: it does not fit, and FAIL was
 * asked for. */
static bool field_next(const struct operation *operation, uint64_t old, uint64_t *next) {
    bool adds = operation->kind == FIELD_INCRBY;
    uint64_t value = adds ? old : (uint64_t)operation->value;
    int64_t increment = adds ? operation->value : 0;
    RULE("bitfield.overflow");
    int side = operation->is_signed ? side_of_signed(operation, (int64_t)value, increment)
                                    : side_of_unsigned(operation, value, increment);
    *next = field_fit(operation, value + (uint64_t)increment, side);
    return side == 0 || operation->overflow != OVERFLOW_FAIL;
}

/* ---- running them */

static ttl_status read_fields(struct call *call, struct key key, size_t count) {
    ttl_bytes string = key.record == NULL ? (ttl_bytes){"", 0} : record_string(key.record);
    struct reader reader = {.place = FIRST_OPERATION};
    reply_array(call, count);
    while (read_operation(call, &reader))
        reply_integer(call, (int64_t)field_get(&reader.operation, string));
    return TTL_OK;
}

enum outcome { FIELD_READ, FIELD_REFUSED, FIELD_SAME, FIELD_CHANGED };

/* Runs one operation, and answers it. */
static enum outcome run_operation(struct call *call, const struct operation *operation, char *bytes,
                                  size_t length) {
    uint64_t old = field_get(operation, (ttl_bytes){bytes, length}), next;
    if (operation->kind == FIELD_GET) {
        reply_integer(call, (int64_t)old);
        return FIELD_READ;
    }
    if (!field_next(operation, old, &next)) {
        reply_nil(call);
        return FIELD_REFUSED;
    }
    field_put(operation, bytes, next);
    reply_integer(call, (int64_t)(operation->kind == FIELD_SET ? old : next));
    return old == next ? FIELD_SAME : FIELD_CHANGED;
}

static ttl_status write_fields(struct call *call, struct key key, size_t count, size_t length) {
    ttl_bytes name = call->argv[1];
    bool is_longer = key.record == NULL || length > key.record->value_length;
    if (!is_longer) length = key.record->value_length;
    char *bytes = string_extend_quietly(call, key, name, length);
    if (bytes == NULL) return TTL_NO_MEMORY;
    struct reader reader = {.place = FIRST_OPERATION};
    bool changes = false;
    reply_array(call, count);
    while (read_operation(call, &reader)) {
        enum outcome outcome = run_operation(call, &reader.operation, bytes, length);
        RULE("bitfield.refused-changes-are-silent");
        changes |= outcome == FIELD_CHANGED || (outcome == FIELD_SAME && is_longer);
    }
    if (!changes && call_has(call, TRAIT_SAME_BITS_ARE_NO_CHANGE)) return TTL_OK;
    db_touch(call, name);
    db_announce(call, EVENT_STRING, "setbit", name);
    return TTL_OK;
}

static ttl_status bitfield_generic(struct call *call, bool is_reader) {
    size_t count, length;
    if (!read_all(call, &count, &length)) return TTL_OK;
    if (length > 0 && is_reader)
        return reply_error(call, "ERR BITFIELD_RO only supports the GET subcommand");
    ttl_bytes name = call->argv[1];
    RULE("bitfield.get-makes-no-key");
    struct key key = length > 0 ? db_write(call, name) : db_read(call, name);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    return length > 0 ? write_fields(call, key, count, length) : read_fields(call, key, count);
}

ttl_status bitfield_command(struct call *call) {
    return bitfield_generic(call, false);
}

ttl_status bitfield_ro_command(struct call *call) {
    return bitfield_generic(call, true);
}
