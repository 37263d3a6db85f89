/* Lists, sets and sorted sets of the model, piece by piece. All elements of a list are alike, all
 * scores are 1: so members of a sorted set stand in the order of their numbers. */
#include "sim/model_inside.h"

#define ALL_MEMBERS ((UINT32_C(1) << SIM_MEMBERS) - 1)

static uint8_t slot_of(const struct act *act, const sim_model_key *key) {
    return (uint8_t)(key - act->model->keys);
}

/* Something went: with the last of it the key. */
static void shrink(struct act *act, const sim_model_key *key) {
    if (key->members == 0) sim_model_remove(act->model, slot_of(act, key));
    else model_touch(act->model, slot_of(act, key), false);
}

static sim_model_key *made(struct act *act, uint8_t slot, sim_type type) {
    sim_model_key *key = &act->model->keys[slot];
    if (!key->is_present) model_put(act, key, (sim_model_key){.type = (uint8_t)type});
    return key;
}

/* ---- lists */

static void answer_elements(struct act *act, uint32_t count) {
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, count);
    while (count-- > 0) ttl_reply_add_bulk(act->reply, ttl_bytes_of("x"));
}

static void do_ltrim(struct act *act, uint32_t most) {
    sim_model_key *key = model_open(act);
    if (key == NULL) return;
    bool cuts = key->members > most;
    if (cuts) key->members = most;
    if (cuts || !(act->model->traits & SIM_LTRIM_MAY_REST)) shrink(act, key);
    model_answer_ok(act);
}

static void do_lpos_least(struct act *act) {
    if (act->model->traits & SIM_CUTS_INDEX) {
        model_answer_error(act, "ERR value is out of range, value must between "
                                "-9223372036854775807 and 9223372036854775807");
        return;
    }
    const sim_model_key *key = model_open(act);
    if (key != NULL) model_answer_integer(act, key->members - 1);
}

static void do_lmove(struct act *act) {
    sim_model_key *from = model_open(act), *to;
    if (from == NULL) return;
    uint8_t slot = model_slot(act, act->op->other);
    if (!model_has_type(act, model_find(act, slot), SIM_LIST)) return;
    ttl_reply_add_bulk(act->reply, ttl_bytes_of("x"));
    to = made(act, slot, SIM_LIST);
    to->members++;
    from->members--;
    model_touch(act->model, slot, false);
    shrink(act, from);
}

/* The first of two keys that is there; NULL: none is, or it is of another type. */
static sim_model_key *first_of(struct act *act) {
    sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    if (key == NULL) key = model_find(act, model_slot(act, act->op->other));
    if (!model_has_type(act, key, sim_phrase_of(act->op)->type)) return NULL;
    if (key == NULL) ttl_reply_add_node(act->reply, TTL_REPLY_NIL_ARRAY, 0);
    return key;
}

/* ---- sorted sets */

/* So many members, from one end. */
static uint32_t members_at(uint32_t members, int count, bool is_last) {
    uint32_t taken = 0;
    for (; count > 0 && members != 0; count--) {
        uint32_t bit = is_last ? UINT32_C(1) << (31 - __builtin_clz(members)) : members & -members;
        taken |= bit;
        members &= ~bit;
    }
    return taken;
}

static void answer_member(struct act *act, uint8_t number) {
    ttl_reply_add_bulk(act->reply, sim_member_name(number));
    ttl_reply_add_text(act->reply, TTL_REPLY_DOUBLE, ttl_bytes_of("1"));
}

static void do_zpop(struct act *act, int count, bool is_last) {
    sim_model_key *key = model_open(act);
    if (key == NULL) return;
    uint32_t taken = members_at(key->members, count, is_last);
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2 * (size_t)__builtin_popcount(taken));
    for (uint8_t i = 0; i < SIM_MEMBERS; i++) {
        uint8_t number = is_last ? (uint8_t)(SIM_MEMBERS - 1 - i) : i;
        if (taken >> number & 1) answer_member(act, number);
    }
    key->members &= ~taken;
    shrink(act, key);
}

/* ---- the first of several */

static void answer_name(struct act *act, const sim_model_key *key, size_t length) {
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, length);
    ttl_reply_add_bulk(act->reply, sim_key_name(slot_of(act, key) % SIM_KEYS));
}

static void pop_elements(struct act *act, sim_model_key *key, bool in_array) {
    uint32_t most = in_array ? 2 : 1, count = key->members < most ? key->members : most;
    answer_name(act, key, 2);
    if (in_array) answer_elements(act, count);
    else ttl_reply_add_bulk(act->reply, ttl_bytes_of("x"));
    key->members -= count;
    shrink(act, key);
}

static void pop_members(struct act *act, sim_model_key *key) {
    uint32_t taken = members_at(key->members, 2, false);
    answer_name(act, key, 2);
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, (size_t)__builtin_popcount(taken));
    for (uint8_t i = 0; i < SIM_MEMBERS; i++) {
        if (!(taken >> i & 1)) continue;
        ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2);
        answer_member(act, i);
    }
    key->members &= ~taken;
    shrink(act, key);
}

static void pop_member(struct act *act, sim_model_key *key, bool is_last) {
    uint32_t taken = members_at(key->members, 1, is_last);
    answer_name(act, key, 3);
    answer_member(act, (uint8_t)__builtin_ctz(taken));
    key->members &= ~taken;
    shrink(act, key);
}

void model_pop_from(struct act *act, sim_model_key *key) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_BLMOVE: do_lmove(act); break;
    case SIM_OP_BLPOP:
    case SIM_OP_BRPOP: pop_elements(act, key, false); break;
    case SIM_OP_LMPOP:
    case SIM_OP_BLMPOP: pop_elements(act, key, true); break;
    case SIM_OP_BZPOPMIN: pop_member(act, key, false); break;
    case SIM_OP_BZPOPMAX: pop_member(act, key, true); break;
    default: pop_members(act, key);
    }
}

static void do_mpop(struct act *act) {
    sim_model_key *key = first_of(act);
    if (key != NULL) model_pop_from(act, key);
}

static void do_zremrange(struct act *act) {
    sim_model_key *key = model_open(act);
    uint32_t taken;
    if (key == NULL) return;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_ZREMRANGEBYRANK: taken = members_at(key->members, 1, false); break;
    case SIM_OP_ZREMRANGEBYLEX: taken = key->members & 6; break;
    default: taken = key->members;
    }
    model_answer_integer(act, __builtin_popcount(taken));
    key->members &= ~taken;
    if (taken != 0) shrink(act, key);
}

static void do_range_store(struct act *act) {
    const sim_model_key *from = model_find(act, model_slot(act, act->op->other));
    if (model_has_type(act, from, SIM_ZSET))
        model_store(act, SIM_ZSET, from == NULL ? 0 : from->members & ALL_MEMBERS);
}

/* ---- sets */

static void do_smove(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key), to_slot = model_slot(act, act->op->other);
    uint32_t bit = UINT32_C(1) << act->op->value % SIM_MEMBERS;
    sim_model_key *from = model_find(act, slot), *to = model_find(act, to_slot);
    if (from == NULL) {
        model_answer_integer(act, 0);
        return;
    }
    if (!model_has_type(act, from, SIM_SET_TYPE) || !model_has_type(act, to, SIM_SET_TYPE)) return;
    bool has = from->members & bit;
    model_answer_integer(act, has);
    if (!has || from == to) return;
    from->members &= ~bit;
    shrink(act, from);
    to = made(act, to_slot, SIM_SET_TYPE);
    if (!(to->members & bit)) model_touch(act->model, to_slot, false);
    to->members |= bit;
}

/* ---- all of them */

/* What changes nothing where there is a key. */
static void do_nothing(struct act *act, int64_t answer) {
    if (model_open(act) != NULL) model_answer_integer(act, answer);
}

static void do_list(struct act *act) {
    sim_model_key *key;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_LTRIM: do_ltrim(act, 2); return;
    case SIM_OP_LTRIM_ALL: do_ltrim(act, 0); return;
    case SIM_OP_LREM_NONE:
    case SIM_OP_LPOS: do_nothing(act, 0); return;
    case SIM_OP_LINSERT_NONE: do_nothing(act, -1); return;
    case SIM_OP_LPOS_LEAST: do_lpos_least(act); return;
    case SIM_OP_LMPOP: do_mpop(act); return;
    case SIM_OP_LMOVE: do_lmove(act); return;
    default: key = model_open(act);
    }
    if (key == NULL) return;
    if (act->op->kind == SIM_OP_LRANGE) {
        answer_elements(act, key->members);
        return;
    }
    bool inserts = act->op->kind == SIM_OP_LINSERT;
    key->members = inserts ? key->members + 1 : key->members - 1;
    model_answer_integer(act, inserts ? key->members : 1);
    shrink(act, key);
}

void model_do_elements(struct act *act) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_SMOVE: do_smove(act); break;
    case SIM_OP_ZPOPMIN: do_zpop(act, 1, false); break;
    case SIM_OP_ZPOPMAX: do_zpop(act, 2, true); break;
    case SIM_OP_ZMPOP: do_mpop(act); break;
    case SIM_OP_ZREMRANGEBYRANK:
    case SIM_OP_ZREMRANGEBYSCORE:
    case SIM_OP_ZREMRANGEBYLEX: do_zremrange(act); break;
    case SIM_OP_ZREMRANGE_NONE: do_nothing(act, 0); break;
    case SIM_OP_ZRANGESTORE:
    case SIM_OP_GEOSEARCHSTORE:
    case SIM_OP_GEORADIUS: do_range_store(act); break;
    default: do_list(act);
    }
}
