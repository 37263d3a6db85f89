/* BITOP: bits of several strings put together, and stored where another value was. */
#include <string.h>

#include "engine/db.h"
#include "engine/rule.h"

enum { FIRST_SOURCE = 3 };

/* What a place in the sources has in common, bit by bit. */
struct bits {
    uint8_t first; /* the first source's */
    uint8_t rest;  /* set in any of the others */
    uint8_t all;   /* set in all */
    uint8_t odd;   /* set in an odd number */
    uint8_t twice; /* set in two or more */
};

static uint8_t bits_and(struct bits bits) {
    return bits.all;
}
static uint8_t bits_or(struct bits bits) {
    return bits.first | bits.rest;
}
static uint8_t bits_xor(struct bits bits) {
    return bits.odd;
}
static uint8_t bits_not(struct bits bits) {
    return (uint8_t)~bits.first;
}
static uint8_t bits_diff(struct bits bits) {
    return bits.first & (uint8_t)~bits.rest;
}
static uint8_t bits_diff1(struct bits bits) {
    return bits.rest & (uint8_t)~bits.first;
}
static uint8_t bits_andor(struct bits bits) {
    return bits.first & bits.rest;
}
static uint8_t bits_one(struct bits bits) {
    return (bits.first | bits.rest) & (uint8_t)~bits.twice;
}

static const struct operation {
    const char *word;
    uint8_t (*result)(struct bits bits);
    bool is_since_8_2;
    size_t least, most; /* sources */
    const char *refusal;
} operations[] = {
    {"AND", bits_and, false, 1, SIZE_MAX, NULL},
    {"OR", bits_or, false, 1, SIZE_MAX, NULL},
    {"XOR", bits_xor, false, 1, SIZE_MAX, NULL},
    {"NOT", bits_not, false, 1, 1, "ERR BITOP NOT must be called with a single source key."},
    {"DIFF", bits_diff, true, 2, SIZE_MAX,
     "ERR BITOP DIFF must be called with at least two source keys."},
    {"DIFF1", bits_diff1, true, 2, SIZE_MAX,
     "ERR BITOP DIFF1 must be called with at least two source keys."},
    {"ANDOR", bits_andor, true, 2, SIZE_MAX,
     "ERR BITOP ANDOR must be called with at least two source keys."},
    {"ONE", bits_one, true, 1, SIZE_MAX, NULL},
};

/* The operation that argument 1 names, for as many sources as there are; NULL: it was answered why
 * there is none. */
static const struct operation *operation_read(struct call *call) {
    size_t sources = call->argc - FIRST_SOURCE;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        const struct operation *it = &operations[i];
        if (!call_is_word(call, 1, it->word)) continue;
        RULE("bitop.more-operations");
        if (it->is_since_8_2 && !call_has(call, TRAIT_BITOP_DIFF)) break;
        if (sources >= it->least && sources <= it->most) return it;
        RULE("bitop.operation-before-type");
        reply_error(call, it->refusal);
        return NULL;
    }
    reply_syntax_error(call);
    return NULL;
}

/* Looks all sources up, so that what was dead is gone; false: one has another type. */
static bool sources_check(struct call *call, size_t *longest) {
    *longest = 0;
    for (size_t i = FIRST_SOURCE; i < call->argc; i++) {
        RULE("bitop.dead-source-is-missing");
        struct key key = db_read(call, call->argv[i]);
        if (!db_check_type(call, key, VALUE_STRING)) return false;
        if (key.record != NULL && key.record->value_length > *longest)
            *longest = key.record->value_length;
    }
    return true;
}

/* The source that argument `index` names; one that is not there is empty. */
static ttl_bytes source_at(const struct call *call, size_t index) {
    struct key key = keyspace_find(&call->db->keyspace, call->argv[index]);
    return key.record == NULL ? (ttl_bytes){"", 0} : record_string(key.record);
}

/* A source that is too short has zeros there. */
static struct bits bits_at(const struct call *call, size_t place) {
    struct bits bits = {.all = UINT8_MAX};
    uint8_t any = 0;
    for (size_t i = FIRST_SOURCE; i < call->argc; i++) {
        ttl_bytes source = source_at(call, i);
        uint8_t byte = place < source.length ? (uint8_t)source.data[place] : 0;
        if (i == FIRST_SOURCE) bits.first = byte;
        else bits.rest |= byte;
        bits.all &= byte;
        bits.odd ^= byte;
        bits.twice |= any & byte;
        any |= byte;
    }
    return bits;
}

/* As with the *STORE of sets, nobody looks whether what is deleted was dead. */
static void store_nothing(struct call *call, ttl_bytes name) {
    struct key old = keyspace_find(&call->db->keyspace, name);
    if (old.record == NULL) return;
    RULE("bitop.empty-deletes", "event.bitop");
    db_remove(call, old);
    db_announce(call, EVENT_GENERIC, "del", name);
}

static ttl_status store_bits(struct call *call, const struct operation *operation, ttl_bytes name,
                             size_t length) {
    struct memory *memory = &call->engine->memory;
    char *bytes = memory_take(memory, length);
    if (bytes == NULL) return TTL_NO_MEMORY;
    for (size_t i = 0; i < length; i++) bytes[i] = (char)operation->result(bits_at(call, i));
    RULE("bitop.drops-deadline");
    ttl_status status =
        db_set_string(call, db_write(call, name), name, (ttl_bytes){bytes, length}, NULL);
    memory_give(memory, bytes, length);
    if (status == TTL_OK) db_announce(call, EVENT_STRING, "set", name);
    return status;
}

ttl_status bitop_command(struct call *call) {
    const struct operation *operation = operation_read(call);
    size_t length;
    if (operation == NULL || !sources_check(call, &length)) return TTL_OK;
    ttl_bytes name = call->argv[2];
    if (length == 0) store_nothing(call, name);
    else if (store_bits(call, operation, name, length) != TTL_OK) return TTL_NO_MEMORY;
    return reply_integer(call, (int64_t)length);
}
