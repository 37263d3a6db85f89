/* Bits: GETBIT, SETBIT, BITCOUNT, BITPOS. */
#include "engine/bits.h"
#include "engine/db.h"
#include "engine/rule.h"
#include "engine/string_edit.h"

static const int64_t STRING_MOST = 512 * 1024 * 1024; /* bytes a value may have */

bool call_bit_offset(struct call *call, size_t index, unsigned width, uint64_t *offset) {
    ttl_bytes text = call->argv[index];
    bool counts_fields = width > 0 && text.length > 0 && text.data[0] == '#';
    if (counts_fields) text = (ttl_bytes){text.data + 1, text.length - 1};
    int64_t given;
    RULE("bits.error-order");
    bool is_integer = argument_integer(text, &given);
    if (is_integer && counts_fields) given = (int64_t)((uint64_t)given * width);
    if (!is_integer || given < 0 || given / BITS_IN_BYTE >= STRING_MOST)
        return call_refuse(call, "ERR bit offset is not an integer or out of range");
    *offset = (uint64_t)given;
    return true;
}

/* Looks up argument 1; false: WRONGTYPE was answered. A string that is not there has no bytes. */
static bool read_string(struct call *call, struct key *key, ttl_bytes *string) {
    *key = db_read(call, call->argv[1]);
    if (!db_check_type(call, *key, VALUE_STRING)) return false;
    *string = key->record == NULL ? (ttl_bytes){"", 0} : record_string(key->record);
    return true;
}

/* ---- GETBIT, SETBIT */

ttl_status getbit_command(struct call *call) {
    uint64_t offset;
    struct key key;
    ttl_bytes string;
    if (!call_bit_offset(call, 2, 0, &offset)) return TTL_OK;
    if (!read_string(call, &key, &string)) return TTL_OK;
    return reply_integer(call, bit_at(string, offset));
}

static ttl_status set_bit(struct call *call, struct key key, uint64_t offset, unsigned bit) {
    ttl_bytes name = call->argv[1];
    ttl_bytes old = key.record == NULL ? (ttl_bytes){"", 0} : record_string(key.record);
    size_t length = (size_t)(offset / BITS_IN_BYTE) + 1;
    unsigned was = bit_at(old, offset);
    bool changes = old.length < length || was != bit;
    RULE("bits.same-is-no-change");
    if (!changes && call_has(call, TRAIT_SAME_BITS_ARE_NO_CHANGE)) return reply_integer(call, was);
    if (length < old.length) length = old.length;
    char *bytes = string_extend_quietly(call, key, name, length);
    if (bytes == NULL) return TTL_NO_MEMORY;
    bit_put(bytes, offset, bit == 1);
    RULE("event.setbit");
    db_touch(call, name);
    db_announce(call, EVENT_STRING, "setbit", name);
    return reply_integer(call, was);
}

ttl_status setbit_command(struct call *call) {
    uint64_t offset;
    int64_t bit;
    if (!call_bit_offset(call, 2, 0, &offset)) return TTL_OK;
    if (!argument_integer(call->argv[3], &bit) || bit < 0 || bit > 1)
        return reply_error(call, "ERR bit is not an integer or out of range");
    struct key key = db_write(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    return set_bit(call, key, offset, (unsigned)bit);
}

/* ---- ranges: of bytes, or of bits since 7.0 */

struct bit_range {
    size_t first;     /* the argument where it begins, when there is one */
    bool is_of_count; /* of BITCOUNT, which reads it in its own order */
    bool has_end, in_bits;
    int64_t start, end;
};

/* BITCOUNT: ends that are counted from the end, the last one first. */
static bool range_is_backwards(const struct bit_range *range) {
    return range->is_of_count && range->start < 0 && range->end < 0 && range->start > range->end;
}

static bool parse_unit(struct call *call, struct bit_range *range) {
    size_t index = range->first + 2;
    RULE("bits.unit");
    range->in_bits = call_is_word(call, index, "BIT");
    return range->in_bits || call_is_word(call, index, "BYTE") ||
           call_refuse(call, "ERR syntax error");
}

/* Redis reads the unit of BITCOUNT last, and before 7.2 not where it makes no difference. */
static bool parse_end(struct call *call, struct bit_range *range, bool has_unit) {
    bool unit_last = range->is_of_count && !call_has(call, TRAIT_BITCOUNT_END_IS_FREE);
    if (has_unit && !unit_last && !parse_unit(call, range)) return false;
    if (!call_integer(call, range->first + 1, &range->end)) return false;
    if (!has_unit || !unit_last) return true;
    bool is_settled = range_is_backwards(range) && !call_has(call, TRAIT_BIT_RANGE_FIRST);
    return is_settled || parse_unit(call, range);
}

/* false: the error has been answered. */
static bool parse_range(struct call *call, struct bit_range *range) {
    size_t given = call->argc - range->first, most = call_has(call, TRAIT_BIT_RANGES) ? 3 : 2;
    RULE("bitcount.end-is-free", "bits.range-before-key");
    bool needs_end = range->is_of_count && !call_has(call, TRAIT_BITCOUNT_END_IS_FREE);
    if (given > most || (given == 1 && needs_end)) return call_refuse(call, "ERR syntax error");
    range->end = -1;
    if (given > 0 && !call_integer(call, range->first, &range->start)) return false;
    range->has_end = given > 1;
    return !range->has_end || parse_end(call, range, given > 2);
}

static uint64_t index_from_start(int64_t index, uint64_t count) {
    if (index >= 0) return (uint64_t)index;
    uint64_t back = UINT64_C(0) - (uint64_t)index;
    return back > count ? 0 : count - back;
}

/* The bits from `*from` up to before `*to`; none where they are equal. */
static void range_bits(const struct bit_range *range, ttl_bytes string, uint64_t *from,
                       uint64_t *to) {
    uint64_t unit = range->in_bits ? 1 : BITS_IN_BYTE;
    uint64_t count = string.length * BITS_IN_BYTE / unit;
    uint64_t first = index_from_start(range->start, count);
    uint64_t last = index_from_start(range->end, count);
    *from = *to = 0;
    if (range_is_backwards(range) || first > last || first >= count) return;
    if (last >= count) last = count - 1;
    *from = first * unit;
    *to = (last + 1) * unit;
}

/* ---- BITCOUNT */

ttl_status bitcount_command(struct call *call) {
    struct bit_range range = {.first = 2, .is_of_count = true};
    struct key key;
    ttl_bytes string;
    bool range_first = call_has(call, TRAIT_BIT_RANGE_FIRST);
    if (range_first && !parse_range(call, &range)) return TTL_OK;
    if (!read_string(call, &key, &string)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, 0);
    if (!range_first && !parse_range(call, &range)) return TTL_OK;
    uint64_t from, to;
    int64_t count = 0;
    range_bits(&range, string, &from, &to);
    for (; from < to; from++) count += bit_at(string, from);
    return reply_integer(call, count);
}

/* ---- BITPOS */

/* Behind the end of the string there are zeros, as long as the range may go on there. */
static int64_t find_bit(const struct bit_range *range, ttl_bytes string, unsigned bit) {
    uint64_t from, to;
    range_bits(range, string, &from, &to);
    if (from == to) return -1;
    while (from < to && bit_at(string, from) != bit) from++;
    if (from < to) return (int64_t)from;
    return bit == 0 && !range->has_end ? (int64_t)to : -1;
}

ttl_status bitpos_command(struct call *call) {
    struct bit_range range = {.first = 3};
    int64_t bit;
    struct key key;
    ttl_bytes string;
    if (!call_integer(call, 2, &bit)) return TTL_OK;
    if (bit != 0 && bit != 1) return reply_error(call, "ERR The bit argument must be 1 or 0.");
    bool range_first = call_has(call, TRAIT_BIT_RANGE_FIRST);
    if (range_first && !parse_range(call, &range)) return TTL_OK;
    if (!read_string(call, &key, &string)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, bit == 1 ? -1 : 0);
    if (!range_first && !parse_range(call, &range)) return TTL_OK;
    return reply_integer(call, find_bit(&range, string, (unsigned)bit));
}
