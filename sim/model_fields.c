/* Deadlines of fields. No field of a world lives to see its own: it is decades away, or was not
 * ahead when it was given, and then the field goes at once. */
#include "sim/model_inside.h"

enum { MS_PER_SECOND = 1000, MISSING = -2, PERSISTENT = -1 };

static void answer_one(struct act *act, int64_t integer) {
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 1);
    model_answer_integer(act, integer);
}

static bool condition_holds(const sim_op *op, int64_t present_ms, int64_t deadline_ms) {
    bool is_armed = present_ms != 0;
    if (op->flags & SIM_NX && is_armed) return false;
    if (op->flags & SIM_XX && !is_armed) return false;
    if (op->flags & SIM_GT) return is_armed && deadline_ms > present_ms;
    return !(op->flags & SIM_LT) || !is_armed || deadline_ms < present_ms;
}

static int64_t deadline_of(const struct act *act) {
    int64_t deadline_ms = act->op->amount;
    if (sim_op_is_in_seconds(act->op)) deadline_ms *= MS_PER_SECOND;
    return sim_op_is_absolute(act->op) ? deadline_ms : deadline_ms + act->present_ms;
}

static int64_t expire(struct act *act, uint8_t slot, uint8_t field) {
    sim_model_key *key = &act->model->keys[slot];
    int64_t deadline_ms = deadline_of(act);
    if (!condition_holds(act->op, key->fields_ms[field], deadline_ms)) return 0;
    bool is_past = deadline_ms <= act->present_ms;
    key->fields_ms[field] = is_past ? 0 : deadline_ms;
    if (is_past) key->members &= ~(UINT32_C(1) << field);
    if (key->members == 0) sim_model_remove(act->model, slot);
    else model_touch(act->model, slot, false);
    return is_past ? 2 : 1;
}

static int64_t persist(struct act *act, uint8_t slot, uint8_t field) {
    int64_t *deadline_ms = &act->model->keys[slot].fields_ms[field];
    if (*deadline_ms == 0) return PERSISTENT;
    *deadline_ms = 0;
    model_touch(act->model, slot, false);
    return 1;
}

/* The deadline that HGETEX or HSETEX gives a field; one that is not ahead takes it away. */
static void rearm(struct act *act, uint8_t slot, uint8_t field, int64_t deadline_ms) {
    sim_model_key *key = &act->model->keys[slot];
    bool is_past = act->op->form != SIM_NO_TIME && deadline_ms <= act->present_ms;
    key->fields_ms[field] = is_past ? 0 : deadline_ms;
    if (is_past) key->members &= ~(UINT32_C(1) << field);
    if (key->members == 0) sim_model_remove(act->model, slot);
    else model_touch(act->model, slot, false);
}

/* The value of a field, before anything is done to it. */
static void answer_value(struct act *act, bool is_there) {
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 1);
    if (is_there) ttl_reply_add_bulk(act->reply, ttl_bytes_of("1"));
    else ttl_reply_add_nil(act->reply);
}

static void do_hsetex(struct act *act, uint8_t slot, uint8_t field, bool is_there) {
    sim_model_key *key = &act->model->keys[slot];
    bool may = act->op->flags & SIM_NX ? !is_there : is_there || !(act->op->flags & SIM_XX);
    model_answer_integer(act, may);
    if (!may) return;
    if (!key->is_present) model_put(act, key, (sim_model_key){.type = SIM_HASH});
    key->members |= UINT32_C(1) << field;
    int64_t deadline_ms = act->op->form != SIM_NO_TIME ? deadline_of(act) : 0;
    if (act->op->flags & SIM_KEEPTTL) deadline_ms = key->fields_ms[field];
    rearm(act, slot, field, deadline_ms);
}

static void do_hgetex(struct act *act, uint8_t slot, uint8_t field) {
    if (act->op->form != SIM_NO_TIME) rearm(act, slot, field, deadline_of(act));
    else if (act->op->flags & SIM_PERSIST) persist(act, slot, field);
}

static void do_hgetdel(struct act *act, uint8_t slot, uint8_t field) {
    sim_model_key *key = &act->model->keys[slot];
    key->members &= ~(UINT32_C(1) << field);
    rearm(act, slot, field, 0);
}

static int64_t tell(const struct act *act, uint8_t slot, uint8_t field) {
    sim_op_kind kind = act->op->kind;
    int64_t told_ms = act->model->keys[slot].fields_ms[field];
    bool is_up = act->model->traits & SIM_FIELD_SECONDS_UP;
    if (told_ms == 0) return PERSISTENT;
    if (kind == SIM_OP_HTTL || kind == SIM_OP_HPTTL) told_ms -= act->present_ms;
    if (kind == SIM_OP_HPTTL || kind == SIM_OP_HPEXPIRETIME) return told_ms;
    return (told_ms + (is_up ? MS_PER_SECOND - 1 : MS_PER_SECOND / 2)) / MS_PER_SECOND;
}

void model_do_field(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key), field = act->op->value % SIM_MEMBERS;
    const sim_model_key *key = model_find(act, slot);
    if (key != NULL && key->type != SIM_HASH) {
        model_answer_error(act,
                           "WRONGTYPE Operation against a key holding the wrong kind of value");
        return;
    }
    sim_op_kind kind = act->op->kind;
    bool is_there = key != NULL && key->members >> field & 1;
    bool tells_value = kind == SIM_OP_HGETEX || kind == SIM_OP_HGETDEL;
    if (tells_value) answer_value(act, is_there);
    else if (kind == SIM_OP_HSETEX) do_hsetex(act, slot, field, is_there);
    else if (!is_there) answer_one(act, MISSING);
    if (!is_there || kind == SIM_OP_HSETEX) return;
    switch (kind) {
    case SIM_OP_HGETEX: do_hgetex(act, slot, field); break;
    case SIM_OP_HGETDEL: do_hgetdel(act, slot, field); break;
    case SIM_OP_HTTL:
    case SIM_OP_HPTTL:
    case SIM_OP_HEXPIRETIME:
    case SIM_OP_HPEXPIRETIME: answer_one(act, tell(act, slot, field)); break;
    case SIM_OP_HPERSIST: answer_one(act, persist(act, slot, field)); break;
    default: answer_one(act, expire(act, slot, field));
    }
}
