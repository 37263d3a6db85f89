/* Clients of the model that wait: what they wait for, for how long, and who has to be served. Whom
 * a server serves it says itself; here it is held against what may be. */
#include "sim/model_inside.h"

static bool is_move(sim_op_kind kind) {
    return kind == SIM_OP_BLMOVE || kind == SIM_OP_BRPOPLPUSH;
}

static int key_count(sim_op_kind kind) {
    bool is_one = kind == SIM_OP_BRPOP || kind == SIM_OP_BZPOPMAX || is_move(kind);
    return is_one ? 1 : 2;
}

static uint8_t slot_of_key(const sim_peer *peer, const sim_op *op, int i) {
    return (uint8_t)(peer->database * SIM_KEYS + (i == 0 ? op->key : op->other));
}

/* Takes from the first of the keys that has something; `only`: from this one, if it is a slot.
 * False: there is nothing to take. */
static bool take(struct act *act, uint8_t only) {
    for (int i = 0; i < key_count(act->op->kind); i++) {
        uint8_t slot = slot_of_key(act->peer, act->op, i);
        if (only != SIM_SLOTS && slot != only) continue;
        sim_model_key *key = model_find(act, slot);
        if (!model_has_type(act, key, sim_phrase_of(act->op)->type)) return true;
        if (key == NULL) continue;
        model_pop_from(act, key);
        return true;
    }
    return false;
}

static void begin_to_wait(struct act *act) {
    sim_peer *peer = act->peer;
    peer->wait.is_on = true;
    peer->wait.op = *act->op;
    peer->wait.until_ms = act->op->amount == 0 ? INT64_MAX : act->now_ms + act->op->amount;
    peer->wait.order = ++act->model->waits;
    ttl_reply_add_node(act->reply, TTL_REPLY_PENDING, 0);
}

void model_do_wait(struct act *act) {
    if (take(act, SIM_SLOTS)) return;
    if (!act->is_in_exec) begin_to_wait(act);
    else
        ttl_reply_add_node(act->reply, is_move(act->op->kind) ? TTL_REPLY_NIL : TTL_REPLY_NIL_ARRAY,
                           0);
}

/* Before 7.2 who waited is given the key that woke him: the one that the answer names. */
static uint8_t woken_by(const struct act *act) {
    const ttl_reply *told = act->told->reply;
    if (!(act->model->traits & SIM_TIME_GOES_ON) || told->nodes[0].type != TTL_REPLY_ARRAY)
        return SIM_SLOTS;
    uint8_t key = sim_key_number(ttl_reply_text(told, 1));
    return key == SIM_KEYS ? SIM_SLOTS : (uint8_t)(act->peer->database * SIM_KEYS + key);
}

void sim_model_serve(sim_model *model, sim_peer *peer, int64_t now_ms, const sim_told *told,
                     ttl_reply *reply) {
    sim_op op = peer->wait.op;
    struct act act = {model, peer, &op, now_ms, now_ms, told, 0, reply, false};
    if (take(&act, woken_by(&act))) peer->wait.is_on = false;
    else ttl_reply_add_node(reply, TTL_REPLY_PENDING, 0);
}

bool sim_model_must_be_served(const sim_model *model, const sim_peer *peer, int64_t now_ms) {
    const sim_op *op = &peer->wait.op;
    if (!peer->wait.is_on) return false;
    for (int i = 0; i < key_count(op->kind); i++) {
        uint8_t slot = slot_of_key(peer, op, i), type = sim_phrase_of(op)->type;
        const sim_model_key *key = &model->keys[slot];
        bool is_it = key->is_present && key->type == type && !sim_model_is_dead(key, now_ms);
        if (is_it && model->came[type] >> slot & 1) return true;
    }
    return false;
}

bool sim_model_waits_longer(const sim_peer *one, const sim_peer *served) {
    const sim_op *op = &one->wait.op, *got = &served->wait.op;
    bool is_same = one->wait.is_on && one->database == served->database &&
                   sim_phrase_of(op)->type == sim_phrase_of(got)->type;
    bool is_of_one = key_count(op->kind) == 1 && key_count(got->kind) == 1;
    return is_same && is_of_one && op->key == got->key && one->wait.order < served->wait.order;
}
