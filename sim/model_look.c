/* What has an order of its own, or is drawn: the model cannot know the answer, but whether it may
 * be one. What it accepts it answers too; else it answers what would have been right. */
#include <stdlib.h>

#include "sim/model_inside.h"

/* ---- what was told */

static bool is_alive(const struct act *act, uint8_t number) {
    const sim_model_key *key = &act->model->keys[act->peer->database * SIM_KEYS + number];
    return key->is_present && !sim_model_is_dead(key, act->now_ms);
}

/* Living keys that are looked for, a bit for each. */
static uint32_t wanted(const struct act *act, uint8_t wants) {
    uint32_t keys = 0;
    for (uint8_t i = 0; i < SIM_KEYS; i++) {
        uint8_t type = act->model->keys[act->peer->database * SIM_KEYS + i].type;
        if (is_alive(act, i) && sim_op_wants(wants, i, type)) keys |= UINT32_C(1) << i;
    }
    return keys;
}

/* The keys of an array at this node. False: it is none, or has one twice, or what is no key. */
static bool read_keys(const ttl_reply *told, size_t at, uint32_t *keys) {
    *keys = 0;
    if (at >= told->node_count || told->nodes[at].type != TTL_REPLY_ARRAY) return false;
    for (size_t i = 1; i <= told->nodes[at].length; i++) {
        uint8_t key = sim_key_number(ttl_reply_text(told, at + i));
        if (key == SIM_KEYS || *keys >> key & 1) return false;
        *keys |= UINT32_C(1) << key;
    }
    return true;
}

static void answer_keys(struct act *act, uint32_t keys) {
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, (size_t)__builtin_popcount(keys));
    for (uint8_t i = 0; i < SIM_KEYS; i++)
        if (keys >> i & 1) ttl_reply_add_bulk(act->reply, sim_key_name(i));
}

/* The dead that the server came across and announced: those of this database that come next. */
static void reclaim_told(struct act *act, uint8_t wants) {
    const sim_told *told = act->told;
    uint8_t database = act->peer->database;
    bool type_first = act->model->traits & SIM_TYPE_FIRST;
    while (act->model->met_count < told->announced_count) {
        uint8_t slot = told->announced[act->model->met_count];
        if (slot >= SIM_SLOTS || slot / SIM_KEYS != database) return;
        const sim_model_key *key = &act->model->keys[slot];
        uint8_t names = type_first ? wants : wants % SIM_WANTS_TYPE;
        if (!sim_model_is_dead(key, act->now_ms) ||
            !sim_op_wants(names, slot % SIM_KEYS, key->type))
            return;
        model_reclaim(act, slot);
    }
}

/* ---- KEYS, RANDOMKEY */

static void do_keys(struct act *act) {
    uint32_t shown, right = wanted(act, act->op->extra % SIM_WANTS_TYPE);
    if (read_keys(act->told->reply, act->at, &shown) && shown == right) model_agree(act);
    else answer_keys(act, right);
}

/* A replica that has no key without a deadline may give up, and name a dead one. */
static bool may_be_dead(const struct act *act) {
    if (act->model->peers != NULL) return false;
    for (uint8_t i = 0; i < SIM_KEYS; i++) {
        const sim_model_key *key = &act->model->keys[act->peer->database * SIM_KEYS + i];
        if (key->is_present && !key->is_volatile) return false;
    }
    return true;
}

static void do_randomkey(struct act *act) {
    const ttl_reply *told = act->told->reply;
    reclaim_told(act, 0);
    uint32_t right = wanted(act, 0);
    uint8_t key = SIM_KEYS;
    bool is_there = act->at < told->node_count;
    if (is_there && told->nodes[act->at].type == TTL_REPLY_BULK)
        key = sim_key_number(ttl_reply_text(told, act->at));
    if (key < SIM_KEYS && (right >> key & 1)) model_agree(act);
    else if (key < SIM_KEYS && model_key(act, key)->is_present && may_be_dead(act))
        model_agree(act);
    else if (right == 0) ttl_reply_add_nil(act->reply);
    else ttl_reply_add_bulk(act->reply, sim_key_name((uint8_t)__builtin_ctz(right)));
}

/* ---- SCAN */

static void begin_scan(struct act *act) {
    sim_peer *peer = act->peer;
    peer->scan.is_on = true;
    peer->scan.database = peer->database;
    peer->scan.wants = act->op->extra;
    peer->scan.must = wanted(act, act->op->extra);
    peer->scan.seen = 0;
    for (uint8_t i = 0; i < SIM_KEYS; i++) peer->scan.born[i] = model_key(act, i)->born;
}

/* What must be shown in the end: what lives, all the time from the beginning. */
static void go_on(struct act *act) {
    sim_peer *peer = act->peer;
    peer->scan.must &= wanted(act, peer->scan.wants);
    for (uint8_t i = 0; i < SIM_KEYS; i++)
        if (model_key(act, i)->born != peer->scan.born[i]) peer->scan.must &= ~(UINT32_C(1) << i);
    if (peer->scan.database != peer->database || peer->scan.wants != act->op->extra)
        peer->scan.is_on = false;
}

/* The whole of a scan is at its end: has something been left out? */
static uint32_t end_scan(sim_peer *peer) {
    uint32_t left_out = peer->scan.is_on ? peer->scan.must & ~peer->scan.seen : 0;
    peer->scan.is_on = false;
    return left_out;
}

static void do_scan(struct act *act) {
    const ttl_reply *told = act->told->reply;
    sim_peer *peer = act->peer;
    uint32_t shown = 0, left_out = 0;
    if (act->op->amount == 0) begin_scan(act);
    else go_on(act);
    reclaim_told(act, act->op->extra);
    uint32_t right = wanted(act, act->op->extra);
    bool is_one = act->at + 2 < told->node_count && told->nodes[act->at].type == TTL_REPLY_ARRAY &&
                  told->nodes[act->at].length == 2 && read_keys(told, act->at + 2, &shown);
    peer->scan.seen |= shown;
    if (is_one) {
        char digits[24] = "";
        ttl_bytes text = ttl_reply_text(told, act->at + 1);
        for (size_t i = 0; i < text.length && i < 20; i++) digits[i] = text.data[i];
        peer->scan.cursor = strtoll(digits, NULL, 10);
        if (peer->scan.cursor == 0) left_out = end_scan(peer);
    }
    if (is_one && (shown & ~right) == 0 && left_out == 0) {
        model_agree(act);
        return;
    }
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2);
    ttl_reply_add_bulk(act->reply, ttl_bytes_of("0"));
    answer_keys(act, (shown & right) | left_out);
}

void model_do_look(struct act *act) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_KEYS: do_keys(act); break;
    case SIM_OP_SCAN: do_scan(act); break;
    default: do_randomkey(act);
    }
}
