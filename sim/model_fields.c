/* Fields of hashes, and their deadlines. A dead field that nobody has reclaimed is in the way:
 * Redis' reads reclaim it, and its writes take it for one that lives; to Valkey it is not there. */
#include "sim/model_inside.h"

enum { MS_PER_SECOND = 1000, MISSING = -2, PERSISTENT = -1 };
#define REDIS_MOST_MS (INT64_MAX >> 17)

static bool has(const struct act *act, unsigned trait) {
    return act->model->traits & trait;
}

/* ---- fields that die */

static bool field_is_there(const sim_model_key *key, uint8_t field) {
    return key->is_present && key->members >> field & 1;
}

bool sim_model_field_is_dead(const sim_model_key *key, uint8_t field, int64_t now_ms) {
    return key->fields_ms[field] != 0 && now_ms > key->fields_ms[field];
}

static bool has_come(const struct act *act, const sim_model_key *key, uint8_t field) {
    return key->fields_ms[field] != 0 && act->now_ms >= key->fields_ms[field];
}

static void take_field(sim_model_key *key, uint8_t field) {
    key->members &= ~(UINT32_C(1) << field);
    key->fields_ms[field] = 0;
}

/* `hexpired` of the key. */
static void note_expired(sim_model *model, uint8_t slot) {
    model->fields_met[model->fields_met_count++] = slot;
}

/* After a field went: its key does with the last one. */
static void settle(sim_model *model, uint8_t slot) {
    if (model->keys[slot].members == 0) sim_model_remove(model, slot);
    else model_touch(model, slot, false);
}

/* A dead field goes; `drops`: an emptied key, too. Unlike one that went at once it was a change. */
static void reclaim(struct act *act, uint8_t slot, uint8_t field, bool drops) {
    take_field(&act->model->keys[slot], field);
    model_touch(act->model, slot, false);
    note_expired(act->model, slot);
    if (drops) settle(act->model, slot);
}

static bool meet(struct act *act, uint8_t slot, uint8_t field, bool drops) {
    const sim_model_key *key = &act->model->keys[slot];
    if (!field_is_there(key, field)) return false;
    if (!sim_model_field_is_dead(key, field, act->now_ms)) return true;
    if (has(act, SIM_FIELDS_OF_REDIS) && !act->model->is_replica) reclaim(act, slot, field, drops);
    return false;
}

bool model_meet_field(struct act *act, uint8_t slot, uint8_t field) {
    return meet(act, slot, field, true);
}

bool model_finds_field(const struct act *act, const sim_model_key *key, uint8_t field) {
    bool is_dead = sim_model_field_is_dead(key, field, act->now_ms);
    return field_is_there(key, field) && (has(act, SIM_FIELDS_OF_REDIS) || !is_dead);
}

/* Valkey counts a field that is written over from the millisecond of its deadline on as expired. */
static bool is_over(const struct act *act, const sim_model_key *key, uint8_t field) {
    return !has(act, SIM_FIELDS_OF_REDIS) && field_is_there(key, field) &&
           has_come(act, key, field);
}

bool model_write_field(struct act *act, sim_model_key *key, uint8_t field) {
    bool over = is_over(act, key, field), is_new = over || !field_is_there(key, field);
    if (over) note_expired(act->model, (uint8_t)(key - act->model->keys));
    take_field(key, field);
    key->members |= UINT32_C(1) << field;
    key->values[field] = 1;
    return is_new;
}

void model_take_field(struct act *act, uint8_t slot, uint8_t field) {
    take_field(&act->model->keys[slot], field);
    settle(act->model, slot);
}

int64_t sim_model_first_field_ms(const sim_model_key *key) {
    int64_t first_ms = INT64_MAX;
    if (key->type != SIM_HASH) return first_ms;
    for (int i = 0; i < SIM_MEMBERS; i++)
        if (key->fields_ms[i] != 0 && key->fields_ms[i] < first_ms) first_ms = key->fields_ms[i];
    return first_ms;
}

void sim_model_reclaim_fields(sim_model *model, uint8_t slot, int64_t now_ms) {
    sim_model_key *key = &model->keys[slot];
    for (uint8_t i = 0; i < SIM_MEMBERS; i++)
        if (key->fields_ms[i] != 0 && key->fields_ms[i] <= now_ms) take_field(key, i);
    model_touch(model, slot, false);
    settle(model, slot);
}

void model_leave_dead_fields(struct act *act, sim_model_key *key) {
    for (uint8_t i = 0; i < SIM_MEMBERS && key->type == SIM_HASH; i++)
        if (sim_model_field_is_dead(key, i, act->now_ms)) take_field(key, i);
}

/* ---- times */

static bool refuse_time(struct act *act) {
    model_refuse_time(act);
    return false;
}

/* The deadline that the command says, 0: it says none. False: it cannot be one; the error was
 * answered. */
static bool read_time(struct act *act, int64_t *deadline_ms) {
    int64_t amount = act->op->amount, most_ms = INT64_MAX;
    *deadline_ms = 0;
    if (!sim_op_has_time(act->op)) return true;
    if (has(act, SIM_FIELDS_OF_REDIS)) most_ms = REDIS_MOST_MS;
    if (amount < 0 && has(act, SIM_FIELDS_OF_REDIS)) {
        model_answer_error(act, "ERR invalid expire time, must be >= 0");
        return false;
    }
    if (amount < 0) return refuse_time(act);
    if (sim_op_is_in_seconds(act->op)) {
        if (amount > most_ms / MS_PER_SECOND) return refuse_time(act);
        amount *= MS_PER_SECOND;
    }
    int64_t from_ms = sim_op_is_absolute(act->op) ? 0 : act->present_ms;
    if (amount > most_ms || (amount > 0 && from_ms > most_ms - amount)) return refuse_time(act);
    *deadline_ms = from_ms + amount;
    return true;
}

/* ---- commands */

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

/* A deadline for a field that is there; one that is not ahead takes it away. */
static bool arm(struct act *act, uint8_t slot, uint8_t field, int64_t deadline_ms) {
    sim_model_key *key = &act->model->keys[slot];
    bool is_past = deadline_ms <= act->present_ms;
    if (is_past && !has(act, SIM_FIELDS_OF_REDIS)) note_expired(act->model, slot);
    if (is_past) {
        model_take_field(act, slot, field);
        return false;
    }
    key->fields_ms[field] = deadline_ms;
    model_touch(act->model, slot, false);
    return true;
}

static int64_t expire(struct act *act, uint8_t slot, uint8_t field, int64_t deadline_ms) {
    if (!condition_holds(act->op, act->model->keys[slot].fields_ms[field], deadline_ms)) return 0;
    return arm(act, slot, field, deadline_ms) ? 1 : 2;
}

static int64_t persist(struct act *act, uint8_t slot, uint8_t field) {
    sim_model_key *key = &act->model->keys[slot];
    if (key->fields_ms[field] == 0) return PERSISTENT;
    key->fields_ms[field] = 0;
    model_touch(act->model, slot, false);
    return 1;
}

static int64_t tell(const struct act *act, uint8_t slot, uint8_t field) {
    const sim_model_key *key = &act->model->keys[slot];
    sim_op_kind kind = act->op->kind;
    int64_t told_ms = key->fields_ms[field];
    bool is_redis = has(act, SIM_FIELDS_OF_REDIS);
    if (told_ms == 0) return PERSISTENT;
    if (is_redis && has_come(act, key, field)) return MISSING;
    if (kind == SIM_OP_HTTL || kind == SIM_OP_HPTTL) told_ms -= act->present_ms;
    if (kind == SIM_OP_HPTTL || kind == SIM_OP_HPEXPIRETIME) return told_ms;
    uint64_t half = is_redis ? MS_PER_SECOND - 1 : MS_PER_SECOND / 2;
    return (int64_t)(((uint64_t)told_ms + half) / MS_PER_SECOND);
}

void model_answer_field(struct act *act, const sim_model_key *key, uint8_t field) {
    char text[24];
    ttl_reply_add_bulk(act->reply, (ttl_bytes){text, sim_integer_text(key->values[field], text)});
}

/* The value of a field, before anything is done to it. */
static void answer_value(struct act *act, uint8_t slot, uint8_t field, bool is_there) {
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 1);
    if (is_there) model_answer_field(act, &act->model->keys[slot], field);
    else ttl_reply_add_nil(act->reply);
}

/* Do the conditions hold? A dead field that is met goes; its key only if nothing is written. */
static bool may_set(struct act *act, uint8_t slot, uint8_t field) {
    uint8_t conditions = act->op->flags & (SIM_NX | SIM_XX);
    if (conditions == 0) return true;
    size_t met = act->model->fields_met_count;
    bool is_there = meet(act, slot, field, false);
    bool may = is_there == (conditions == SIM_XX);
    bool is_emptied = act->model->fields_met_count > met && act->model->keys[slot].members == 0;
    if (!may && is_emptied) sim_model_remove(act->model, slot);
    return may;
}

static void do_hsetex(struct act *act, uint8_t slot, uint8_t field, int64_t deadline_ms) {
    sim_model_key *key = &act->model->keys[slot];
    bool may = may_set(act, slot, field);
    model_answer_integer(act, may);
    if (!may) return;
    bool is_timed = act->op->form != SIM_NO_TIME, is_past = is_timed && deadline_ms <= act->now_ms;
    bool keeps = act->op->flags & SIM_KEEPTTL && !is_over(act, key, field);
    if (keeps) deadline_ms = key->fields_ms[field];
    if (!key->is_present) model_put(act, key, (sim_model_key){.type = SIM_HASH});
    size_t met = act->model->fields_met_count;
    model_write_field(act, key, field);
    if (is_past) act->model->fields_met_count = met; /* it is announced when it goes again */
    if (is_timed) arm(act, slot, field, deadline_ms);
    else key->fields_ms[field] = keeps ? deadline_ms : 0;
    if (!is_timed) model_touch(act->model, slot, false);
}

static void do_hgetex(struct act *act, uint8_t slot, uint8_t field, int64_t deadline_ms) {
    bool is_there = model_meet_field(act, slot, field);
    answer_value(act, slot, field, is_there);
    if (!is_there) return;
    if (act->op->form != SIM_NO_TIME) arm(act, slot, field, deadline_ms);
    else if (act->op->flags & SIM_PERSIST) persist(act, slot, field);
}

static void do_hgetdel(struct act *act, uint8_t slot, uint8_t field) {
    bool is_there = model_meet_field(act, slot, field);
    answer_value(act, slot, field, is_there);
    if (is_there) model_take_field(act, slot, field);
}

/* Those that answer with a number for the field. */
static void do_one(struct act *act, uint8_t slot, uint8_t field, int64_t deadline_ms) {
    const sim_model_key *key = &act->model->keys[slot];
    sim_op_kind kind = act->op->kind;
    bool lives = field_is_there(key, field) && !sim_model_field_is_dead(key, field, act->now_ms);
    if (kind >= SIM_OP_HTTL && kind <= SIM_OP_HPEXPIRETIME)
        answer_one(act, lives ? tell(act, slot, field) : MISSING);
    else if (kind == SIM_OP_HPERSIST) answer_one(act, lives ? persist(act, slot, field) : MISSING);
    else if (model_finds_field(act, key, field))
        answer_one(act, expire(act, slot, field, deadline_ms));
    else answer_one(act, MISSING);
}

/* Redis looks at the key before it reads the time, but for HSETEX; Valkey only for HGETEX and
 * HSETEX. */
static bool reads_time_first(const struct act *act) {
    sim_op_kind kind = act->op->kind;
    if (has(act, SIM_FIELDS_OF_REDIS)) return kind == SIM_OP_HSETEX;
    return kind != SIM_OP_HSETEX && kind != SIM_OP_HGETEX;
}

void model_do_field(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key), field = act->op->value % SIM_MEMBERS;
    int64_t deadline_ms;
    bool time_first = reads_time_first(act);
    if (time_first && !read_time(act, &deadline_ms)) return;
    if (!model_has_type(act, model_find(act, slot), SIM_HASH)) return;
    if (!time_first && !read_time(act, &deadline_ms)) return;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_HSETEX: do_hsetex(act, slot, field, deadline_ms); break;
    case SIM_OP_HGETEX: do_hgetex(act, slot, field, deadline_ms); break;
    case SIM_OP_HGETDEL: do_hgetdel(act, slot, field); break;
    default: do_one(act, slot, field, deadline_ms);
    }
}

/* ---- phrases (phrase.h) */

static int count_living(const struct act *act, const sim_model_key *key) {
    int count = 0;
    for (uint8_t i = 0; i < SIM_MEMBERS; i++)
        count += field_is_there(key, i) && !sim_model_field_is_dead(key, i, act->now_ms);
    return count;
}

/* HSETNX where there is none, HINCRBY and HINCRBYFLOAT: a deadline stays with what is counted. */
static void do_count(struct act *act, uint8_t slot, uint8_t field) {
    sim_model_key *key = &act->model->keys[slot];
    bool is_there = model_meet_field(act, slot, field), sets = act->op->kind == SIM_OP_HSETNX;
    int64_t deadline_ms = is_there ? key->fields_ms[field] : 0;
    int32_t value = is_there ? key->values[field] : 0;
    if (sets) model_answer_integer(act, !is_there);
    if (sets && is_there) return;
    if (!key->is_present) model_put(act, key, (sim_model_key){.type = SIM_HASH});
    model_write_field(act, key, field);
    key->fields_ms[field] = deadline_ms;
    key->values[field] = value + 1;
    model_touch(act->model, slot, false);
    if (act->op->kind == SIM_OP_HINCRBY) model_answer_integer(act, value + 1);
    else if (!sets) model_answer_field(act, key, field);
}

/* HMSET; HMGET of two; HSTRLEN */
static void do_hmset(struct act *act, uint8_t slot, uint8_t field) {
    sim_model_key *key = model_made(act, slot, SIM_HASH);
    model_write_field(act, key, field);
    model_touch(act->model, slot, false);
    model_answer_ok(act);
}

/* What it reclaims is told once; Redis does not count the field with which the key goes. */
static void do_hmget(struct act *act, uint8_t slot, uint8_t field) {
    const sim_model_key *key = &act->model->keys[slot];
    size_t before = act->model->fields_met_count;
    bool was_there = key->is_present;
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2);
    for (int i = 0; i < 2; i++, field = 0) {
        if (model_meet_field(act, slot, field)) model_answer_field(act, key, field);
        else ttl_reply_add_nil(act->reply);
    }
    bool is_silent = was_there && !key->is_present && has(act, SIM_FIELDS_OF_REDIS);
    size_t most = act->model->fields_met_count == before + 1 && is_silent ? before : before + 1;
    if (act->model->fields_met_count > most) act->model->fields_met_count = most;
}

static void do_hstrlen(struct act *act, uint8_t slot, uint8_t field) {
    char text[24];
    bool is_there = model_meet_field(act, slot, field);
    int32_t value = is_there ? act->model->keys[slot].values[field] : 0;
    model_answer_integer(act, is_there ? (int64_t)sim_integer_text(value, text) : 0);
}

/* All that live, and no other. */
static void do_list_fields(struct act *act) {
    const sim_model_key *key = model_open(act);
    const ttl_reply *told = act->told->reply;
    if (key == NULL) return;
    bool in_pairs = act->op->kind == SIM_OP_HGETALL;
    ttl_reply_type type = in_pairs ? TTL_REPLY_MAP : TTL_REPLY_ARRAY;
    size_t count = (size_t)count_living(act, key) * (in_pairs ? 2 : 1);
    bool is_right = model_is_told(act, type) && told->nodes[act->at].length == count;
    if (is_right) model_agree(act);
    else ttl_reply_add_node(act->reply, type, count);
}

static void do_hscan(struct act *act) {
    const sim_model_key *key = model_open(act);
    const ttl_reply *told = act->told->reply;
    if (key == NULL) return;
    bool names_only = act->op->kind == SIM_OP_HSCAN_NAMES;
    if (names_only && !has(act, SIM_HAS_NOVALUES)) {
        model_answer_error(act, "ERR syntax error");
        return;
    }
    size_t count = (size_t)count_living(act, key) * (names_only ? 1 : 2);
    bool is_right = act->at + 2 < told->node_count && model_is_told(act, TTL_REPLY_ARRAY) &&
                    told->nodes[act->at + 2].type == TTL_REPLY_ARRAY &&
                    told->nodes[act->at + 2].length == count;
    if (is_right) model_agree(act);
    else model_begin_scanned(act, count);
}

/* Reclaims all that are dead at once, where reads do that; and draws one that lives. */
static void do_draw_field(struct act *act) {
    sim_model_key *key = model_open(act);
    uint8_t slot = model_slot(act, act->op->key);
    if (key == NULL) return;
    uint32_t before = key->members, living = 0;
    for (uint8_t i = 0; i < SIM_MEMBERS; i++)
        if (!sim_model_field_is_dead(key, i, act->now_ms)) living |= key->members & 1U << i;
    if (has(act, SIM_FIELDS_OF_REDIS) && living != before) {
        model_leave_dead_fields(act, key);
        model_touch(act->model, slot, false);
        note_expired(act->model, slot);
        settle(act->model, slot);
    }
    if (living == 0) ttl_reply_add_nil(act->reply);
    else model_answer_one_of(act, living);
}

void model_do_hash(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key), field = act->op->value % SIM_MEMBERS;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_HGETALL:
    case SIM_OP_HKEYS:
    case SIM_OP_HVALS: do_list_fields(act); return;
    case SIM_OP_HRANDFIELD: do_draw_field(act); return;
    case SIM_OP_HSCAN:
    case SIM_OP_HSCAN_NAMES: do_hscan(act); return;
    default:
        if (!model_has_type(act, model_find(act, slot), SIM_HASH)) return;
    }
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_HMSET: do_hmset(act, slot, field); break;
    case SIM_OP_HMGET: do_hmget(act, slot, field); break;
    case SIM_OP_HSTRLEN: do_hstrlen(act, slot, field); break;
    default: do_count(act, slot, field);
    }
}
