/* Strings of the model, byte by byte and bit by bit, and the sketches of PFADD. Of a sketch, and of
 * what is made from one, it knows the first bytes, which are all that its commands tell apart, and
 * whom it has counted; the others are hidden, and what is said of them is the server's to say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/model_inside.h"

enum { BITS = 8, ENCODING = 4, SPARSE = 1, COUNT = 8, IS_STALE = 15, STALE_BIT = 0x80 };

/* The key of the command; false: it is of another type, and that was answered. */
static bool find_string(struct act *act, uint8_t number, sim_model_key **key) {
    *key = model_find(act, model_slot(act, number));
    return model_has_type(act, *key, SIM_STRING);
}

static void changed(struct act *act) {
    model_touch(act->model, model_slot(act, act->op->key), false);
}

static sim_model_key *made(struct act *act) {
    return model_made(act, model_slot(act, act->op->key), SIM_STRING);
}

/* ---- parts of the text */

static void answer_bytes(struct act *act, const sim_model_key *key, size_t from, size_t count) {
    ttl_reply_add_bulk(act->reply, (ttl_bytes){key->text + from, count});
}

static void do_getrange(struct act *act) {
    static const sim_model_key nothing = {0};
    sim_model_key *key;
    bool is_end = act->op->kind == SIM_OP_SUBSTR;
    if (!find_string(act, act->op->key, &key)) return;
    const sim_model_key *text = key == NULL ? &nothing : key;
    if (is_end && text->is_hidden && model_agrees_if(act, TTL_REPLY_BULK)) return;
    size_t most = is_end ? 2 : SIM_HEAD, count = text->length < most ? text->length : most;
    answer_bytes(act, text, is_end ? text->length - count : 0, count);
}

/* A number as C reads it, with nothing before it and nothing behind. */
static bool read_float(const sim_model_key *key, long double *number) {
    char text[SIM_TEXT_SIZE + 1] = "", *end;
    memcpy(text, key->text, key->length);
    *number = strtold(text, &end);
    bool begins_blank = text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r');
    return !key->is_hidden && key->length > 0 && end == text + key->length && !begins_blank;
}

/* Whole numbers are told as such; how a fraction is written is the server's affair. */
static void do_incrbyfloat(struct act *act) {
    sim_model_key *key;
    long double number = 0;
    char text[SIM_TEXT_SIZE + 1];
    if (!find_string(act, act->op->key, &key)) return;
    if (key != NULL && !read_float(key, &number)) {
        model_answer_error(act, "ERR value is not a valid float");
        return;
    }
    size_t length = (size_t)snprintf(text, sizeof text, "%.0Lf", number + 1);
    ttl_bytes written = {text, length};
    bool is_whole = strtold(text, NULL) == number + 1;
    if (!is_whole && model_is_told(act, TTL_REPLY_BULK))
        written = ttl_reply_text(act->told->reply, act->at);
    if (written.length > SIM_TEXT_SIZE) written.length = SIM_TEXT_SIZE;
    key = made(act);
    memset(key->text, 0, sizeof key->text);
    memcpy(key->text, written.data, written.length);
    key->length = (uint8_t)written.length;
    changed(act);
    ttl_reply_add_bulk(act->reply, written);
}

/* ---- two texts */

static size_t common_length(const sim_model_key *a, const sim_model_key *b) {
    size_t lengths[SIM_TEXT_SIZE + 1][SIM_TEXT_SIZE + 1] = {{0}};
    for (size_t i = 1; i <= a->length; i++)
        for (size_t j = 1; j <= b->length; j++) {
            size_t without =
                lengths[i - 1][j] > lengths[i][j - 1] ? lengths[i - 1][j] : lengths[i][j - 1];
            bool is_same = a->text[i - 1] == b->text[j - 1];
            lengths[i][j] = is_same ? lengths[i - 1][j - 1] + 1 : without;
        }
    return lengths[a->length][b->length];
}

static bool is_within(ttl_bytes part, const sim_model_key *key) {
    size_t found = 0;
    for (size_t i = 0; i < key->length && found < part.length; i++)
        found += key->text[i] == part.data[found];
    return found == part.length;
}

/* Of several that are as long any one will do. */
static void do_lcs(struct act *act) {
    static const sim_model_key nothing = {0};
    const sim_model_key *keys[2];
    bool fits = true, is_hidden = false, is_length = act->op->kind == SIM_OP_LCS_LEN;
    for (int i = 0; i < 2; i++) {
        keys[i] = model_find(act, model_slot(act, i == 0 ? act->op->key : act->op->other));
        if (keys[i] == NULL) keys[i] = &nothing;
        fits = fits && keys[i]->type == SIM_STRING;
        is_hidden = is_hidden || keys[i]->is_hidden;
    }
    if (!fits) {
        model_answer_error(act, "ERR The specified keys must contain string values");
        return;
    }
    if (is_hidden && model_agrees_if(act, is_length ? TTL_REPLY_INTEGER : TTL_REPLY_BULK)) return;
    size_t length = common_length(keys[0], keys[1]);
    if (is_length) {
        model_answer_integer(act, (int64_t)length);
        return;
    }
    ttl_bytes told = {0};
    if (model_is_told(act, TTL_REPLY_BULK)) told = ttl_reply_text(act->told->reply, act->at);
    if (told.length == length && is_within(told, keys[0]) && is_within(told, keys[1]))
        ttl_reply_add_bulk(act->reply, told);
    else ttl_reply_add_bulk(act->reply, (ttl_bytes){keys[0]->text, length});
}

/* ---- what it holds */

/* Of what it is a digest the model does not ask. */
static void do_digest(struct act *act) {
    sim_model_key *key;
    if (!find_string(act, act->op->key, &key)) return;
    if (key == NULL) ttl_reply_add_nil(act->reply);
    else if (!model_agrees_if(act, TTL_REPLY_BULK)) ttl_reply_add_bulk(act->reply, (ttl_bytes){0});
}

/* DELEX IFEQ, DELEX IFNE, DELIFEQ */
static void do_delete_if(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key);
    const sim_model_key *key = model_find(act, slot);
    bool is_of_redis = act->op->kind != SIM_OP_DELIFEQ;
    if (is_of_redis && key != NULL && key->type != SIM_STRING) {
        model_answer_error(act, "ERR Key should be of string type if conditions are specified");
        return;
    }
    if (!model_has_type(act, key, SIM_STRING)) return;
    char text[8];
    size_t length = sim_value_text(act->op->value, text);
    bool is_equal = key != NULL && !key->is_hidden && key->length == length &&
                    memcmp(key->text, text, length) == 0;
    bool goes = key != NULL && is_equal == (act->op->kind != SIM_OP_DELEX_OTHERS);
    if (goes) sim_model_remove(act->model, slot);
    model_answer_integer(act, goes);
}

/* ---- bits, the first one the highest of the first byte; those of commands are near the front */

static unsigned bit_at(const sim_model_key *key, size_t offset) {
    size_t place = offset / BITS;
    if (key == NULL || place >= key->length) return 0;
    return (unsigned char)key->text[place] >> (BITS - 1 - offset % BITS) & 1;
}

static void put_bit(sim_model_key *key, size_t offset, bool bit) {
    unsigned mask = 1U << (BITS - 1 - offset % BITS);
    char *byte = &key->text[offset / BITS];
    *byte = (char)(bit ? (unsigned char)*byte | mask : (unsigned char)*byte & ~mask);
}

/* So many bits as a number. */
static unsigned bits_at(const sim_model_key *key, size_t offset, unsigned width) {
    unsigned number = 0;
    for (unsigned i = 0; i < width; i++) number = number << 1 | bit_at(key, offset + i);
    return number;
}

static void put_bits(struct act *act, size_t offset, unsigned width, unsigned number) {
    size_t length = (offset + width - 1) / BITS + 1;
    sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    bool is_same = key != NULL && key->length >= length && bits_at(key, offset, width) == number;
    if (is_same) return;
    key = made(act);
    if (key->length < length) key->length = (uint8_t)length;
    for (unsigned i = 0; i < width; i++) put_bit(key, offset + i, number >> (width - 1 - i) & 1);
    changed(act);
}

static void do_bit(struct act *act) {
    sim_model_key *key;
    size_t offset = act->op->value % SIM_SMALL;
    if (!find_string(act, act->op->key, &key)) return;
    model_answer_integer(act, bit_at(key, offset));
    if (act->op->kind != SIM_OP_GETBIT) put_bits(act, offset, 1, act->op->kind == SIM_OP_SETBIT);
}

static void do_bitcount(struct act *act) {
    sim_model_key *key;
    bool is_whole = act->op->kind == SIM_OP_BITCOUNT;
    if (!find_string(act, act->op->key, &key)) return;
    if (is_whole && key != NULL && key->is_hidden && model_agrees_if(act, TTL_REPLY_INTEGER))
        return;
    int64_t count = 0;
    size_t from = is_whole ? 0 : 1, to = is_whole ? SIM_TEXT_SIZE * BITS : 9 + 1;
    for (size_t i = from; i < to; i++) count += bit_at(key, i);
    model_answer_integer(act, count);
}

static void do_bitpos(struct act *act) {
    sim_model_key *key;
    if (!find_string(act, act->op->key, &key)) return;
    size_t offset = 0, end = key == NULL ? 0 : (size_t)key->length * BITS;
    while (offset < end && bit_at(key, offset) == 0) offset++;
    if (offset == end && key != NULL && key->is_hidden && model_agrees_if(act, TTL_REPLY_INTEGER))
        return;
    model_answer_integer(act, offset < end ? (int64_t)offset : -1);
}

/* Fields of four bits, or eight, that one begins at a small number. */
static void do_bitfield(struct act *act) {
    sim_model_key *key;
    bool may_fail = act->op->kind == SIM_OP_BITFIELD_FAIL;
    bool is_wide = act->op->kind == SIM_OP_BITFIELD_RO;
    size_t offset = may_fail ? 0 : act->op->value % SIM_SMALL;
    if (!find_string(act, act->op->key, &key)) return;
    int number = (int)bits_at(key, offset, is_wide ? 8 : 4), signed_number = number;
    if (number >= 8) signed_number -= 16;
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 1);
    if (is_wide) {
        model_answer_integer(act, number);
    } else if (act->op->kind == SIM_OP_BITFIELD_GET) {
        model_answer_integer(act, signed_number);
    } else if (act->op->kind == SIM_OP_BITFIELD) {
        number = (number + 3) % 16;
        model_answer_integer(act, number);
        put_bits(act, offset, 4, (unsigned)number);
    } else if (signed_number > 0) { /* seven is the most that fits */
        ttl_reply_add_nil(act->reply);
    } else {
        model_answer_integer(act, signed_number + 7);
        put_bits(act, offset, 4, (unsigned)(signed_number + 7) % 16);
    }
}

/* ---- sketches */

static bool is_sketch(const sim_model_key *key) {
    return key->is_hidden && memcmp(key->text, "HYLL", 4) == 0 && key->text[ENCODING] == SPARSE;
}

/* Who is counted in a key; nobody in one that is not there. False: it is no sketch, and that was
 * answered. */
static bool read_sketch(struct act *act, uint8_t number, sim_model_key **key, uint32_t *members) {
    if (!find_string(act, number, key)) return false;
    *members = *key == NULL ? 0 : (*key)->members;
    if (*key == NULL || is_sketch(*key)) return true;
    model_answer_error(act, "WRONGTYPE Key is not a valid HyperLogLog string value.");
    return false;
}

/* What came of bits of others may be broken inside. */
static bool agrees_that_broken(struct act *act, uint32_t members) {
    return members == SIM_UNKNOWN_MEMBERS && model_agrees_with_error(act, "INVALIDOBJ");
}

static void write_sketch(struct act *act, uint32_t members) {
    static const char head[SIM_HEAD] = {'H', 'Y', 'L', 'L', SPARSE};
    sim_model_key *key = made(act);
    if (!key->is_hidden) memcpy(key->text, head, SIM_HEAD);
    key->is_hidden = true;
    key->length = SIM_HEAD;
    key->members = members;
    key->text[IS_STALE] |= (char)STALE_BIT;
    changed(act);
}

static void do_pfadd(struct act *act) {
    sim_model_key *key;
    uint32_t members, more = 0;
    if (!read_sketch(act, act->op->key, &key, &members)) return;
    if (agrees_that_broken(act, members)) return;
    if (act->op->kind == SIM_OP_PFADD) more = UINT32_C(1) << act->op->value % SIM_MEMBERS;
    bool adds = key == NULL || (members | more) != members;
    if (members == SIM_UNKNOWN_MEMBERS && model_is_told(act, TTL_REPLY_INTEGER) && more != 0)
        adds = act->told->reply->nodes[act->at].is.integer == 1;
    if (adds) write_sketch(act, members | more);
    model_answer_integer(act, adds);
}

/* So few are counted exactly. */
static int64_t count_of(struct act *act, uint32_t members) {
    if (members != SIM_UNKNOWN_MEMBERS) return __builtin_popcount(members);
    return model_is_told(act, TTL_REPLY_INTEGER) ? act->told->reply->nodes[act->at].is.integer : -1;
}

/* Of one key: what was counted last is kept in it, and to keep it is a change. */
static void do_pfcount(struct act *act) {
    sim_model_key *key;
    uint32_t members;
    uint64_t count = 0;
    if (!read_sketch(act, act->op->key, &key, &members)) return;
    if (key == NULL) {
        model_answer_integer(act, 0);
        return;
    }
    if (!(key->text[IS_STALE] & STALE_BIT)) {
        for (int i = BITS - 1; i >= 0; i--) count = count << BITS | (uint8_t)key->text[COUNT + i];
        model_answer_integer(act, (int64_t)count);
        return;
    }
    if (agrees_that_broken(act, members)) return;
    count = (uint64_t)count_of(act, members);
    for (int i = 0; i < BITS; i++) key->text[COUNT + i] = (char)(count >> (BITS * i));
    changed(act);
    model_answer_integer(act, (int64_t)count);
}

/* Who is counted in either, read one after the other. False: that is no question, and was
 * answered. */
static bool read_both(struct act *act, uint32_t *members) {
    sim_model_key *key;
    uint32_t more;
    if (!read_sketch(act, act->op->key, &key, members)) return false;
    if (agrees_that_broken(act, *members)) return false;
    if (!read_sketch(act, act->op->other, &key, &more)) return false;
    if (agrees_that_broken(act, more)) return false;
    *members |= more;
    return true;
}

static void do_pf(struct act *act) {
    uint32_t members;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_PFCOUNT: do_pfcount(act); break;
    case SIM_OP_PFCOUNT_BOTH:
        if (read_both(act, &members)) model_answer_integer(act, count_of(act, members));
        break;
    case SIM_OP_PFMERGE:
        if (!read_both(act, &members)) break;
        write_sketch(act, members);
        model_answer_ok(act);
        break;
    default: do_pfadd(act);
    }
}

/* ---- all of them */

void model_do_text(struct act *act) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_GETRANGE:
    case SIM_OP_SUBSTR: do_getrange(act); break;
    case SIM_OP_INCRBYFLOAT: do_incrbyfloat(act); break;
    case SIM_OP_LCS:
    case SIM_OP_LCS_LEN: do_lcs(act); break;
    case SIM_OP_DIGEST: do_digest(act); break;
    case SIM_OP_DELEX:
    case SIM_OP_DELEX_OTHERS:
    case SIM_OP_DELIFEQ: do_delete_if(act); break;
    case SIM_OP_GETBIT:
    case SIM_OP_SETBIT:
    case SIM_OP_SETBIT_OFF: do_bit(act); break;
    case SIM_OP_BITCOUNT:
    case SIM_OP_BITCOUNT_OF: do_bitcount(act); break;
    case SIM_OP_BITPOS: do_bitpos(act); break;
    case SIM_OP_BITFIELD_GET:
    case SIM_OP_BITFIELD:
    case SIM_OP_BITFIELD_FAIL:
    case SIM_OP_BITFIELD_RO: do_bitfield(act); break;
    default: do_pf(act);
    }
}
