/* Sets of the model, and what is read of several sets or sorted sets together. */
#include "sim/model_inside.h"

/* ---- members in any order */

static uint8_t member_number(ttl_bytes name) {
    uint8_t number = 0;
    while (number < SIM_MEMBERS && !ttl_bytes_equal(name, sim_member_name(number))) number++;
    return number;
}

/* The members that were told, each once; false: something else was. */
static bool read_told(const struct act *act, ttl_reply_type type, uint32_t *members) {
    const ttl_reply *told = act->told->reply;
    *members = 0;
    if (!model_is_told(act, type)) return false;
    for (size_t i = 1; i <= told->nodes[act->at].length; i++) {
        uint8_t number = member_number(ttl_reply_text(told, act->at + i));
        if (number == SIM_MEMBERS || *members >> number & 1) return false;
        *members |= UINT32_C(1) << number;
    }
    return true;
}

static void answer_names(struct act *act, ttl_reply_type type, uint32_t members) {
    ttl_reply_add_node(act->reply, type, (size_t)__builtin_popcount(members));
    for (uint8_t i = 0; i < SIM_MEMBERS; i++)
        if (members >> i & 1) ttl_reply_add_bulk(act->reply, sim_member_name(i));
}

static void answer_all(struct act *act, uint32_t members) {
    uint32_t told;
    if (read_told(act, TTL_REPLY_SET, &told) && told == members) model_agree(act);
    else answer_names(act, TTL_REPLY_SET, members);
}

uint8_t model_answer_one_of(struct act *act, uint32_t members) {
    uint8_t number = SIM_MEMBERS;
    if (model_is_told(act, TTL_REPLY_BULK))
        number = member_number(ttl_reply_text(act->told->reply, act->at));
    if (number == SIM_MEMBERS || !(members >> number & 1)) number = (uint8_t)__builtin_ctz(members);
    ttl_reply_add_bulk(act->reply, sim_member_name(number));
    return number;
}

void model_answer_some_of(struct act *act, ttl_reply_type type, uint32_t members, int most) {
    uint32_t told;
    int count = __builtin_popcount(members);
    bool is_right = read_told(act, type, &told) && (told & ~members) == 0 &&
                    __builtin_popcount(told) == (count < most ? count : most);
    if (is_right) model_agree(act);
    else answer_names(act, type, members);
}

/* So many, of which some may come again. */
static void answer_again(struct act *act, uint32_t members, size_t count) {
    const ttl_reply *told = act->told->reply;
    bool is_right = model_is_told(act, TTL_REPLY_ARRAY) && told->nodes[act->at].length == count;
    for (size_t i = 1; i <= count && is_right; i++) {
        uint8_t number = member_number(ttl_reply_text(told, act->at + i));
        is_right = number < SIM_MEMBERS && members >> number & 1;
    }
    if (is_right) model_agree(act);
    else answer_names(act, TTL_REPLY_ARRAY, members);
}

void model_begin_scanned(struct act *act, size_t count) {
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2);
    ttl_reply_add_bulk(act->reply, ttl_bytes_of("0"));
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, count);
}

static void answer_scanned(struct act *act, uint32_t members) {
    struct act inner = *act;
    uint32_t told;
    inner.at += 2;
    bool is_one =
        model_is_told(act, TTL_REPLY_ARRAY) && act->told->reply->nodes[act->at].length == 2;
    if (is_one && read_told(&inner, TTL_REPLY_ARRAY, &told) && told == members) {
        model_agree(act);
        return;
    }
    model_begin_scanned(act, (size_t)__builtin_popcount(members));
    for (uint8_t i = 0; i < SIM_MEMBERS; i++)
        if (members >> i & 1) ttl_reply_add_bulk(act->reply, sim_member_name(i));
}

/* ---- several together */

bool model_read_group(struct act *act, uint8_t number, sim_type type, struct group *group) {
    const sim_model_key *key = model_find(act, model_slot(act, number));
    bool is_set = key != NULL && key->type == SIM_SET_TYPE;
    *group = (struct group){0};
    if (!is_set && !model_has_type(act, key, type)) return false;
    if (key == NULL) return true;
    group->members = key->members;
    for (int i = 0; i < SIM_MEMBERS; i++) group->scores[i] = is_set ? 1 : key->values[i];
    return true;
}

/* The score of a member of both. */
static int32_t score_of_both(const struct act *act, int32_t a, int32_t b) {
    bool is_stored = act->op->kind == SIM_OP_ZUNIONSTORE || act->op->kind == SIM_OP_ZINTERSTORE;
    if (!is_stored) return a + b;
    return a < b ? a : b;
}

enum way { TOGETHER, IN_BOTH, IN_FIRST };

static struct group joined(const struct act *act, const struct group *a, const struct group *b,
                           enum way way) {
    struct group both = *a;
    for (int i = 0; i < SIM_MEMBERS && way != IN_FIRST; i++) {
        bool in_a = a->members >> i & 1, in_b = b->members >> i & 1;
        if (in_a && in_b) both.scores[i] = score_of_both(act, a->scores[i], b->scores[i]);
        else if (in_b) both.scores[i] = b->scores[i];
    }
    if (way == TOGETHER) both.members |= b->members;
    else if (way == IN_BOTH) both.members &= b->members;
    else both.members &= ~b->members;
    return both;
}

static enum way way_of(sim_op_kind kind) {
    switch (kind) {
    case SIM_OP_SUNION:
    case SIM_OP_SUNIONSTORE:
    case SIM_OP_ZUNION:
    case SIM_OP_ZUNIONSTORE: return TOGETHER;
    case SIM_OP_SDIFF:
    case SIM_OP_SDIFFSTORE:
    case SIM_OP_ZDIFF:
    case SIM_OP_ZDIFFSTORE: return IN_FIRST;
    default: return IN_BOTH;
    }
}

bool model_join(struct act *act, uint8_t first, uint8_t second, sim_type type,
                struct group *result) {
    struct group a, b;
    if (!model_read_group(act, first, type, &a)) return false;
    if (!model_read_group(act, second, type, &b)) return false;
    *result = joined(act, &a, &b, way_of(act->op->kind));
    return true;
}

void model_store(struct act *act, sim_type type, const struct group *group) {
    uint8_t slot = model_slot(act, act->op->key);
    sim_model_key *key = &act->model->keys[slot];
    sim_model_key value = {.type = (uint8_t)type, .members = group->members};
    for (int i = 0; i < SIM_MEMBERS && type == SIM_ZSET; i++) value.values[i] = group->scores[i];
    /* Nothing, over a dead key, takes it away without a look at it. */
    if (group->members == 0 && key->is_present) sim_model_remove(act->model, slot);
    if (group->members != 0) model_find(act, slot), model_put(act, key, value);
    model_answer_integer(act, __builtin_popcount(group->members));
}

void model_do_store(struct act *act, sim_type type) {
    struct group group;
    if (model_join(act, act->op->other, act->op->value % SIM_KEYS, type, &group))
        model_store(act, type, &group);
}

/* SINTER, SUNION, SDIFF; SINTERCARD, which is told how many are enough. */
static void do_joined(struct act *act) {
    struct group group;
    if (!model_join(act, act->op->key, act->op->other, SIM_SET_TYPE, &group)) return;
    int count = __builtin_popcount(group.members);
    if (act->op->kind != SIM_OP_SINTERCARD) answer_all(act, group.members);
    else model_answer_integer(act, count < 2 ? count : 2);
}

/* ---- one set */

static void do_smismember(struct act *act) {
    const sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    if (!model_has_type(act, key, SIM_SET_TYPE)) return;
    uint32_t members = key == NULL ? 0 : key->members;
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2);
    model_answer_integer(act, members >> act->op->value % SIM_MEMBERS & 1);
    model_answer_integer(act, members & 1);
}

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
    model_shrink(act, from);
    to = model_made(act, to_slot, SIM_SET_TYPE);
    if (!(to->members & bit)) model_touch(act->model, to_slot, false);
    to->members |= bit;
}

void model_do_set(struct act *act) {
    const sim_model_key *key;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_SMOVE: do_smove(act); return;
    case SIM_OP_SMISMEMBER: do_smismember(act); return;
    case SIM_OP_SINTER:
    case SIM_OP_SUNION:
    case SIM_OP_SDIFF:
    case SIM_OP_SINTERCARD: do_joined(act); return;
    default: key = model_open(act);
    }
    if (key == NULL) return;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_SMEMBERS: answer_all(act, key->members); break;
    case SIM_OP_SRANDMEMBER: model_answer_one_of(act, key->members); break;
    case SIM_OP_SRANDMEMBER_SOME:
        model_answer_some_of(act, TTL_REPLY_ARRAY, key->members, 2);
        break;
    case SIM_OP_SRANDMEMBER_AGAIN: answer_again(act, key->members, 3); break;
    default: answer_scanned(act, key->members);
    }
}
