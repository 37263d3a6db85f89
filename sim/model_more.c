/* What else clients of a model do: payloads, scripts, sets that are stored, what is said badly. */
#include <string.h>

#include "sim/model_inside.h"

/* ---- payloads */

static void do_dump(struct act *act) {
    const sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    if (key == NULL) ttl_reply_add_nil(act->reply);
    else if (model_is_told(act, TTL_REPLY_BULK)) model_agree(act);
    else if (key->type == SIM_STREAM && model_agrees_with_error(act, "ERR this engine")) return;
    else ttl_reply_add_bulk(act->reply, ttl_bytes_of("a payload"));
}

/* The value of the payload that goes with a command (op.c). */
static sim_model_key restored(const sim_op *op) {
    sim_model_key value = {.type = op->value % SIM_PAYLOADS, .members = 1};
    if (value.type == SIM_STRING) value.members = 0, value.length = 1, value.text[0] = '1';
    if (value.type == SIM_HASH || value.type == SIM_ZSET) value.values[0] = 1;
    return value;
}

static void do_restore(struct act *act) {
    const sim_op *op = act->op;
    uint8_t slot = model_slot(act, op->key);
    sim_model_key *key = &act->model->keys[slot], value = restored(op);
    bool replaces = op->flags & SIM_REPLACE;
    if (!replaces || act->model->traits & SIM_RESTORE_LOOKS) model_find(act, slot);
    if (!replaces && key->is_present) {
        model_answer_error(act, "BUSYKEY Target key name already exists.");
        return;
    }
    if (op->amount < 0) {
        model_answer_error(act, "ERR Invalid TTL value, must be >= 0");
        return;
    }
    int64_t deadline_ms = op->amount + (sim_op_is_absolute(op) ? 0 : act->present_ms);
    bool is_past = op->amount > 0 && deadline_ms <= act->present_ms;
    if (is_past && key->is_present) sim_model_remove(act->model, slot);
    if (!is_past) model_put(act, key, value);
    if (!is_past && op->amount > 0) model_arm(act, key, deadline_ms);
    model_answer_ok(act);
}

/* ---- scripts: the same that they say in Lua (script.c) */

static void run_part(struct act *act, sim_op part) {
    const sim_op *op = act->op;
    act->op = &part;
    model_run(act);
    act->op = op;
}

/* What remains, as Lua has it. */
static void tell_by_script(struct act *act) {
    ttl_reply *reply = act->reply;
    size_t at = reply->node_count;
    run_part(act, (sim_op){.kind = SIM_OP_PTTL, .key = act->op->key});
    reply->nodes[at].is.integer = sim_script_integer(reply->nodes[at].is.integer);
}

static void do_eval(struct act *act) {
    const sim_op *op = act->op;
    sim_op set = {.kind = SIM_OP_SET, .key = op->key, .value = op->value};
    sim_op arm = {.kind = SIM_OP_PEXPIRE, .key = op->key, .amount = op->amount};
    uint8_t database = act->peer->database;
    const sim_model_key *key;
    switch (sim_script_of(op)) {
    case SIM_SCRIPT_EXTENDS:
        key = model_find(act, model_slot(act, op->key));
        if (key != NULL && key->is_volatile) run_part(act, arm);
        else model_answer_integer(act, 0);
        break;
    case SIM_SCRIPT_TAKES:
        if (model_find(act, model_slot(act, op->key)) != NULL) {
            model_answer_integer(act, 0);
            break;
        }
        set.form = SIM_PX;
        set.amount = op->amount;
        run_part(act, set);
        break;
    case SIM_SCRIPT_SELECTS:
        act->peer->database = 1;
        run_part(act, set);
        act->peer->database = database;
        break;
    default: tell_by_script(act);
    }
}

/* ---- strings, sets and lists */

/* Any member may be drawn, but one that is there. */
static void do_spop(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key);
    sim_model_key *key = model_find(act, slot);
    if (!model_has_type(act, key, SIM_SET_TYPE)) return;
    if (key == NULL) {
        ttl_reply_add_nil(act->reply);
        return;
    }
    key->members &= ~(UINT32_C(1) << model_answer_one_of(act, key->members));
    model_shrink(act, key);
}

static void do_lset(struct act *act) {
    const sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    bool is_far = sim_lset_index(act->op) != 0 && !(act->model->traits & SIM_CUTS_INDEX);
    if (key == NULL) model_answer_error(act, "ERR no such key");
    else if (!model_has_type(act, key, SIM_LIST)) return;
    else if (is_far) model_answer_error(act, "ERR index out of range");
    else {
        model_touch(act->model, model_slot(act, act->op->key), false);
        model_answer_ok(act);
    }
}

/* Nothing is appended; and yet a key that was not there is now. */
static void do_append(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key);
    sim_model_key *key = model_find(act, slot);
    if (!model_has_type(act, key, SIM_STRING)) return;
    if (key == NULL) model_put(act, &act->model->keys[slot], (sim_model_key){.type = SIM_STRING});
    else model_touch(act->model, slot, false);
    model_answer_length(act, &act->model->keys[slot]);
}

static void do_bitop(struct act *act) {
    const uint8_t numbers[2] = {act->op->other, act->op->value % SIM_KEYS};
    sim_model_key sources[2] = {{0}, {0}}, result = {.type = SIM_STRING};
    for (int i = 0; i < 2; i++) {
        const sim_model_key *key = model_find(act, model_slot(act, numbers[i]));
        if (!model_has_type(act, key, SIM_STRING)) return;
        if (key != NULL) sources[i] = *key;
        if (sources[i].length > result.length) result.length = sources[i].length;
        result.is_hidden = result.is_hidden || sources[i].is_hidden;
    }
    if (result.is_hidden) result.members = SIM_UNKNOWN_MEMBERS, result.length = SIM_HEAD;
    for (size_t i = 0; i < result.length; i++) {
        char a = i < sources[0].length ? sources[0].text[i] : '\0';
        char b = i < sources[1].length ? sources[1].text[i] : '\0';
        int operation = act->op->extra % SIM_BIT_OPERATIONS;
        result.text[i] = (char)(operation == SIM_OR ? a | b : operation == SIM_AND ? a & b : a ^ b);
    }
    uint8_t slot = model_slot(act, act->op->key);
    sim_model_key *key = &act->model->keys[slot];
    if (result.length == 0 && key->is_present) sim_model_remove(act->model, slot);
    if (result.length > 0) model_find(act, slot), model_put(act, key, result);
    model_answer_length(act, &result);
}

/* ---- what is said badly, or looks at something else */

static void do_odd(struct act *act) {
    const sim_odd *odd = sim_odd_of(act->op);
    uint8_t slot = model_slot(act, act->op->key);
    size_t met = act->model->met_count;
    bool is_met = met < act->told->announced_count && act->told->announced[met] == slot;
    if (odd->reads && is_met) model_find(act, slot);
    if (odd->reply == NULL && act->at < act->told->reply->node_count) model_agree(act);
    else model_answer_error(act, odd->reply == NULL ? "" : odd->reply);
}

void model_do_more(struct act *act) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_DUMP: do_dump(act); break;
    case SIM_OP_RESTORE: do_restore(act); break;
    case SIM_OP_EVAL: do_eval(act); break;
    case SIM_OP_ODD: do_odd(act); break;
    case SIM_OP_SPOP: do_spop(act); break;
    case SIM_OP_LSET: do_lset(act); break;
    case SIM_OP_APPEND: do_append(act); break;
    case SIM_OP_BITOP: do_bitop(act); break;
    case SIM_OP_SUNIONSTORE:
    case SIM_OP_SINTERSTORE:
    case SIM_OP_SDIFFSTORE: model_do_store(act, SIM_SET_TYPE); break;
    default: model_do_store(act, SIM_ZSET);
    }
}
