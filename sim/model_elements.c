/* Lists of the model, piece by piece: all elements are alike. And who takes from the first key that
 * has something. */
#include "sim/model_inside.h"

static uint8_t slot_of(const struct act *act, const sim_model_key *key) {
    return (uint8_t)(key - act->model->keys);
}

void model_shrink(struct act *act, const sim_model_key *key) {
    if (key->members == 0) sim_model_remove(act->model, slot_of(act, key));
    else model_touch(act->model, slot_of(act, key), false);
}

sim_model_key *model_made(struct act *act, uint8_t slot, sim_type type) {
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
    if (cuts || !(act->model->traits & SIM_LTRIM_MAY_REST)) model_shrink(act, key);
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
    to = model_made(act, slot, SIM_LIST);
    to->members++;
    from->members--;
    model_touch(act->model, slot, false);
    model_shrink(act, from);
}

/* The first of two keys that is there; NULL: none is, or it is of another type. */
static sim_model_key *first_of(struct act *act) {
    sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    if (key == NULL) key = model_find(act, model_slot(act, act->op->other));
    if (!model_has_type(act, key, sim_phrase_of(act->op)->type)) return NULL;
    if (key == NULL) ttl_reply_add_node(act->reply, TTL_REPLY_NIL_ARRAY, 0);
    return key;
}

/* ---- the first of several */

void model_answer_name(struct act *act, const sim_model_key *key, size_t length) {
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, length);
    ttl_reply_add_bulk(act->reply, sim_key_name(slot_of(act, key) % SIM_KEYS));
}

static void pop_elements(struct act *act, sim_model_key *key, bool in_array) {
    uint32_t most = in_array ? 2 : 1, count = key->members < most ? key->members : most;
    model_answer_name(act, key, 2);
    if (in_array) answer_elements(act, count);
    else ttl_reply_add_bulk(act->reply, ttl_bytes_of("x"));
    key->members -= count;
    model_shrink(act, key);
}

void model_pop_from(struct act *act, sim_model_key *key) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_BLMOVE:
    case SIM_OP_BRPOPLPUSH: do_lmove(act); break;
    case SIM_OP_BLPOP:
    case SIM_OP_BRPOP: pop_elements(act, key, false); break;
    case SIM_OP_LMPOP:
    case SIM_OP_BLMPOP: pop_elements(act, key, true); break;
    default: model_pop_from_zset(act, key);
    }
}

void model_do_mpop(struct act *act) {
    sim_model_key *key = first_of(act);
    if (key != NULL) model_pop_from(act, key);
}

/* ---- all of them */

/* What changes nothing where there is a key. */
static void do_nothing(struct act *act, int64_t answer) {
    if (model_open(act) != NULL) model_answer_integer(act, answer);
}

static void do_one_more_or_less(struct act *act, sim_model_key *key) {
    bool inserts = act->op->kind == SIM_OP_LINSERT;
    key->members = inserts ? key->members + 1 : key->members - 1;
    model_answer_integer(act, inserts ? key->members : 1);
    model_shrink(act, key);
}

void model_do_elements(struct act *act) {
    sim_model_key *key;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_LTRIM: do_ltrim(act, 2); return;
    case SIM_OP_LTRIM_ALL: do_ltrim(act, 0); return;
    case SIM_OP_LREM_NONE:
    case SIM_OP_LPOS: do_nothing(act, 0); return;
    case SIM_OP_LINSERT_NONE: do_nothing(act, -1); return;
    case SIM_OP_LPOS_LEAST: do_lpos_least(act); return;
    case SIM_OP_LMPOP: model_do_mpop(act); return;
    case SIM_OP_LMOVE:
    case SIM_OP_RPOPLPUSH: do_lmove(act); return;
    default: key = model_open(act);
    }
    if (key == NULL) return;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_LRANGE: answer_elements(act, key->members); break;
    case SIM_OP_LINDEX: ttl_reply_add_bulk(act->reply, ttl_bytes_of("x")); break;
    default: do_one_more_or_less(act, key);
    }
}
