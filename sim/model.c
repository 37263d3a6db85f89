#include "sim/model_inside.h"

#include <stdio.h>
#include <string.h>

enum { MS_PER_SECOND = 1000 };

/* ---- dialects */

enum {
    REDIS_7_2 = SIM_CUTS_INDEX,
    REDIS_7_4 =
        REDIS_7_2 | SIM_READS_LAST | SIM_HAS_NOVALUES | SIM_HAS_FIELDS | SIM_FIELDS_OF_REDIS,
    REDIS_8 = REDIS_7_4 | SIM_CYCLE_AT_DEADLINE | SIM_HAS_HSETEX,
    REDIS_8_6 = REDIS_8 | SIM_RESTORE_LOOKS | SIM_HAS_MSETEX | SIM_HAS_DELEX,
    REDICT_7_3 = REDIS_7_2 | SIM_READS_LAST | SIM_HAS_NOVALUES | SIM_HAS_NO_LAST,
    VALKEY_8_0 = REDICT_7_3 | SIM_SET_PAST_DELETES | SIM_TYPE_FIRST | SIM_NOT_IN_MULTI,
    VALKEY_8_1 = VALKEY_8_0 | SIM_PAST_IS_EXPIRED,
    VALKEY_9 = (VALKEY_8_1 & ~SIM_HAS_NO_LAST) | SIM_GETEX_TIME_FIRST | SIM_NAMES_REFUSED |
               SIM_HAS_MSETEX | SIM_HAS_FIELDS | SIM_HAS_HSETEX | SIM_LTRIM_MAY_REST |
               SIM_HAS_DELIFEQ,
};

const char *const sim_dialects[] = {"redis-7.0",  "redis-7.2", "redis-7.4",  "redis-8.0",
                                    "redis-8.2",  "redis-8.6", "redict-7.3", "valkey-8.0",
                                    "valkey-8.1", "valkey-9.1"};
static const unsigned dialect_traits[SIM_DIALECTS] = {
    SIM_TIME_GOES_ON, REDIS_7_2,  REDIS_7_4,  REDIS_8,    REDIS_8,
    REDIS_8_6,        REDICT_7_3, VALKEY_8_0, VALKEY_8_1, VALKEY_9};

unsigned sim_dialect_traits(uint8_t dialect) {
    return dialect_traits[dialect];
}

bool sim_dialect_knows(unsigned traits, sim_op_kind kind) {
    switch (kind) {
    case SIM_OP_MSETEX: return traits & SIM_HAS_MSETEX;
    case SIM_OP_DIGEST:
    case SIM_OP_DELEX:
    case SIM_OP_DELEX_OTHERS: return traits & SIM_HAS_DELEX;
    case SIM_OP_DELIFEQ: return traits & SIM_HAS_DELIFEQ;
    default: return true;
    }
}

uint8_t sim_dialect_of_name(const char *name) {
    uint8_t dialect = 0;
    while (dialect < SIM_DIALECTS && strcmp(sim_dialects[dialect], name) != 0) dialect++;
    return dialect;
}

/* ---- keys */

sim_model sim_model_emptied(const sim_model *model) {
    return (sim_model){.traits = model->traits};
}

bool sim_model_may_reclaim(const sim_model *model, uint8_t slot, int64_t now_ms) {
    const sim_model_key *one = &model->keys[slot];
    bool is_at_deadline = one->is_present && one->is_volatile && now_ms == one->deadline_ms;
    return sim_model_is_dead(one, now_ms) ||
           (is_at_deadline && model->traits & SIM_CYCLE_AT_DEADLINE);
}

bool sim_model_is_dead(const sim_model_key *key, int64_t now_ms) {
    return key->is_present && key->is_volatile && now_ms > key->deadline_ms;
}

/* Redis' own words: a key that was dead when it was watched and goes is no change. */
void model_touch(sim_model *model, uint8_t slot, bool is_gone) {
    uint64_t bit = UINT64_C(1) << slot;
    model->changed |= bit;
    if (!(model->watched & bit)) return;
    for (size_t i = 0; i < model->peer_count; i++) {
        sim_peer *peer = &model->peers[i];
        if (!(peer->watched & bit)) continue;
        if (is_gone && peer->was_dead & bit) peer->was_dead &= ~bit;
        else peer->is_broken = true;
    }
}

void sim_model_remove(sim_model *model, uint8_t slot) {
    model->keys[slot] = (sim_model_key){0};
    model_touch(model, slot, true);
}

size_t sim_model_count(const sim_model *model, uint8_t database) {
    size_t count = 0;
    for (size_t i = 0; i < SIM_KEYS; i++) count += model->keys[database * SIM_KEYS + i].is_present;
    return count;
}

size_t sim_model_count_volatile(const sim_model *model) {
    size_t count = 0;
    for (size_t i = 0; i < SIM_SLOTS; i++) count += model->keys[i].is_volatile;
    return count;
}

uint8_t sim_model_first_dead(const sim_model *model, int64_t now_ms) {
    uint8_t slot = 0;
    while (slot < SIM_SLOTS && !sim_model_is_dead(&model->keys[slot], now_ms)) slot++;
    return slot;
}

uint8_t sim_model_first_dead_field(const sim_model *model, int64_t now_ms) {
    uint8_t slot = 0;
    while (slot < SIM_SLOTS && sim_model_first_field_ms(&model->keys[slot]) >= now_ms) slot++;
    return slot;
}

const char *sim_slot_text(uint8_t slot, char *text) {
    if (slot >= SIM_SLOTS) return "no key";
    if (slot < SIM_KEYS) snprintf(text, SIM_SLOT_TEXT, "k%d", slot);
    else snprintf(text, SIM_SLOT_TEXT, "k%d of database %d", slot % SIM_KEYS, slot / SIM_KEYS);
    return text;
}

uint8_t model_slot(const struct act *act, uint8_t number) {
    return (uint8_t)(act->peer->database * SIM_KEYS + number);
}

sim_model_key *model_key(struct act *act, uint8_t number) {
    return &act->model->keys[model_slot(act, number)];
}

void model_reclaim(struct act *act, uint8_t slot) {
    act->model->met[act->model->met_count++] = slot;
    sim_model_remove(act->model, slot);
}

sim_model_key *model_find(struct act *act, uint8_t slot) {
    sim_model_key *key = &act->model->keys[slot];
    if (sim_model_is_dead(key, act->now_ms)) model_reclaim(act, slot);
    return key->is_present ? key : NULL;
}

static sim_model_key *find(struct act *act, uint8_t number) {
    return model_find(act, model_slot(act, number));
}

static void remove_key(struct act *act, uint8_t number) {
    sim_model_remove(act->model, model_slot(act, number));
}

/* A deadline that is not ahead deletes at once. */
static void remove_past(struct act *act, uint8_t number) {
    remove_key(act, number);
    if (act->model->traits & SIM_PAST_IS_EXPIRED)
        act->model->met[act->model->met_count++] = model_slot(act, number);
}

static void changed(struct act *act, const sim_model_key *key) {
    model_touch(act->model, (uint8_t)(key - act->model->keys), false);
}

void model_arm(struct act *act, sim_model_key *key, int64_t deadline_ms) {
    key->is_volatile = true;
    key->deadline_ms = deadline_ms;
    key->arming = act->model->armings++;
    changed(act, key);
}

static void disarm(struct act *act, sim_model_key *key) {
    key->is_volatile = false;
    key->deadline_ms = 0;
    key->arming = 0;
    changed(act, key);
}

/* A key with another value and no deadline, in the place of whatever there was. */
void model_put(struct act *act, sim_model_key *key, sim_model_key value) {
    if (!key->is_present) act->model->came[value.type] |= UINT64_C(1) << (key - act->model->keys);
    value.born = key->is_present ? key->born : ++act->model->births;
    value.is_present = true;
    *key = value;
    changed(act, key);
}

/* ---- answers */

void model_answer_integer(struct act *act, int64_t integer) {
    ttl_reply_add_integer(act->reply, integer);
}

void model_answer_ok(struct act *act) {
    ttl_reply_add_status(act->reply, "OK");
}

static void answer_nil(struct act *act) {
    ttl_reply_add_nil(act->reply);
}

void model_answer_error(struct act *act, const char *error) {
    ttl_reply_add_error(act->reply, error);
}

static void answer_text(struct act *act, const sim_model_key *key) {
    if (key == NULL) answer_nil(act);
    else if (!key->is_hidden || !model_agrees_if(act, TTL_REPLY_BULK))
        ttl_reply_add_bulk(act->reply, (ttl_bytes){key->text, key->length});
}

void model_answer_length(struct act *act, const sim_model_key *key) {
    bool is_hidden = key != NULL && key->is_hidden;
    if (is_hidden && model_agrees_if(act, TTL_REPLY_INTEGER)) return;
    model_answer_integer(act, key == NULL ? 0 : key->length);
}

/* ---- time */

void model_refuse_time(struct act *act) {
    char error[64];
    int length = snprintf(error, sizeof error, "ERR invalid expire time in '");
    for (const char *at = sim_op_name(act->op->kind); *at != '\0'; at++)
        error[length++] = (char)(*at - 'A' + 'a');
    snprintf(error + length, sizeof error - (size_t)length, "' command");
    model_answer_error(act, error);
}

/* The deadline that the command says. False: it does not fit into 64 bits, or has to be above zero
 * and is not; the error was answered. */
static bool read_deadline(struct act *act, bool must_be_positive, int64_t *deadline_ms) {
    int64_t amount = act->op->amount;
    bool fits = amount > 0 || !must_be_positive;
    if (sim_op_is_in_seconds(act->op)) {
        fits = fits && amount <= INT64_MAX / MS_PER_SECOND && amount >= INT64_MIN / MS_PER_SECOND;
        if (fits) amount *= MS_PER_SECOND;
    }
    if (!sim_op_is_absolute(act->op)) {
        fits = fits && (amount <= 0 || act->present_ms <= INT64_MAX - amount);
        if (fits) amount += act->present_ms;
    }
    *deadline_ms = amount;
    if (!fits) model_refuse_time(act);
    return fits;
}

static int64_t rounded_seconds(int64_t ms) {
    return (int64_t)(((uint64_t)ms + MS_PER_SECOND / 2) / MS_PER_SECOND);
}

/* ---- strings */

static sim_model_key *put_text(struct act *act, uint8_t number, const char *text, size_t length) {
    sim_model_key *key = model_key(act, number), value = {.length = (uint8_t)length};
    memcpy(value.text, text, length);
    model_put(act, key, value);
    return key;
}

static sim_model_key *put_value(struct act *act, uint8_t number) {
    char text[8];
    size_t length = sim_value_text(act->op->value, text);
    return put_text(act, number, text, length);
}

static void do_set(struct act *act) {
    const sim_op *op = act->op;
    int64_t deadline_ms = 0;
    bool is_timed = op->form != SIM_NO_TIME, answers_old = op->flags & SIM_GET;
    if (is_timed && !read_deadline(act, true, &deadline_ms)) return;
    sim_model_key *old = find(act, op->key);
    if (answers_old && !model_has_type(act, old, SIM_STRING)) return;
    if (answers_old) answer_text(act, old);
    bool refused = (op->flags & SIM_NX && old != NULL) || (op->flags & SIM_XX && old == NULL);
    if (refused) {
        if (!answers_old) answer_nil(act);
        return;
    }
    if (op->flags & SIM_KEEPTTL && old != NULL && old->is_volatile) {
        is_timed = true;
        deadline_ms = old->deadline_ms;
    }
    bool is_past = op->form != SIM_NO_TIME && deadline_ms <= act->present_ms;
    if (is_past && act->model->traits & SIM_SET_PAST_DELETES) {
        if (old != NULL) remove_past(act, op->key);
    } else {
        sim_model_key *key = put_value(act, op->key);
        if (is_timed) model_arm(act, key, deadline_ms);
    }
    if (!answers_old) model_answer_ok(act);
}

static void do_setnx(struct act *act) {
    bool is_free = find(act, act->op->key) == NULL;
    if (is_free) put_value(act, act->op->key);
    model_answer_integer(act, is_free);
}

static void do_setex(struct act *act) {
    int64_t deadline_ms;
    if (!read_deadline(act, true, &deadline_ms)) return;
    find(act, act->op->key);
    model_arm(act, put_value(act, act->op->key), deadline_ms);
    model_answer_ok(act);
}

static void do_get(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    if (model_has_type(act, key, SIM_STRING)) answer_text(act, key);
}

static void do_getex(struct act *act) {
    int64_t deadline_ms = 0;
    bool is_timed = act->op->form != SIM_NO_TIME;
    bool time_first = is_timed && act->model->traits & SIM_GETEX_TIME_FIRST;
    if (time_first && !read_deadline(act, true, &deadline_ms)) return;
    sim_model_key *key = find(act, act->op->key);
    if (key == NULL) {
        answer_nil(act);
        return;
    }
    if (!model_has_type(act, key, SIM_STRING)) return;
    if (is_timed && !time_first && !read_deadline(act, true, &deadline_ms)) return;
    answer_text(act, key);
    if (is_timed && deadline_ms <= act->present_ms) remove_past(act, act->op->key);
    else if (is_timed) model_arm(act, key, deadline_ms);
    else if (act->op->flags & SIM_PERSIST && key->is_volatile) disarm(act, key);
}

static void do_getdel(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, SIM_STRING)) return;
    answer_text(act, key);
    if (key != NULL) remove_key(act, act->op->key);
}

static void do_getset(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, SIM_STRING)) return;
    answer_text(act, key);
    put_value(act, act->op->key);
}

static void do_strlen(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    if (model_has_type(act, key, SIM_STRING)) model_answer_length(act, key);
}

static void do_setrange(struct act *act) {
    uint8_t offset = act->op->value % 8;
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, SIM_STRING)) return;
    if (key == NULL) key = put_text(act, act->op->key, "", 0);
    if (key->length <= offset) key->length = offset + 1;
    key->text[offset] = '7';
    changed(act, key);
    model_answer_length(act, key);
}

/* The text as a number, as Redis takes one: no blanks, no leading zero, no plus. */
static bool read_number(const sim_model_key *key, int64_t *number) {
    char again[24];
    uint64_t magnitude = 0;
    bool is_negative = key->length > 0 && key->text[0] == '-';
    if (key->is_hidden || key->length == 0 || key->length > 19) return false;
    for (size_t i = is_negative; i < key->length; i++) {
        if (key->text[i] < '0' || key->text[i] > '9') return false;
        magnitude = magnitude * 10 + (uint64_t)(key->text[i] - '0');
    }
    if (magnitude > INT64_MAX) return false;
    *number = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    size_t length = sim_integer_text(*number, again);
    return length == key->length && memcmp(again, key->text, length) == 0;
}

static void do_increment(struct act *act, int64_t by) {
    int64_t number = 0;
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, SIM_STRING)) return;
    if (key != NULL && !read_number(key, &number)) {
        model_answer_error(act, "ERR value is not an integer or out of range");
        return;
    }
    if ((by > 0 && number > INT64_MAX - by) || (by < 0 && number < INT64_MIN - by)) {
        model_answer_error(act, "ERR increment or decrement would overflow");
        return;
    }
    if (key == NULL) key = put_text(act, act->op->key, "", 0);
    memset(key->text, 0, sizeof key->text);
    key->length = (uint8_t)sim_integer_text(number + by, key->text);
    changed(act, key);
    model_answer_integer(act, number + by);
}

/* ---- deadlines */

static void do_expire(struct act *act) {
    const uint8_t flags = act->op->flags;
    int64_t deadline_ms;
    if (flags & SIM_NX && flags & (SIM_XX | SIM_GT | SIM_LT)) {
        model_answer_error(act,
                           "ERR NX and XX, GT or LT options at the same time are not compatible");
        return;
    }
    if (flags & SIM_GT && flags & SIM_LT) {
        model_answer_error(act, "ERR GT and LT options at the same time are not compatible");
        return;
    }
    if (!read_deadline(act, false, &deadline_ms)) return;
    sim_model_key *key = find(act, act->op->key);
    bool holds = key != NULL;
    if (holds && flags & SIM_NX) holds = !key->is_volatile;
    if (holds && flags & SIM_XX) holds = key->is_volatile;
    if (holds && flags & SIM_GT) holds = key->is_volatile && deadline_ms > key->deadline_ms;
    if (holds && flags & SIM_LT) holds = !key->is_volatile || deadline_ms < key->deadline_ms;
    model_answer_integer(act, holds);
    if (!holds) return;
    if (deadline_ms <= act->present_ms) remove_past(act, act->op->key);
    else model_arm(act, key, deadline_ms);
}

static void do_persist(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    bool holds = key != NULL && key->is_volatile;
    if (holds) disarm(act, key);
    model_answer_integer(act, holds);
}

static void do_tell(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    sim_op_kind kind = act->op->kind;
    if (key == NULL || !key->is_volatile) {
        model_answer_integer(act, key == NULL ? -2 : -1);
        return;
    }
    bool is_moment = kind == SIM_OP_EXPIRETIME || kind == SIM_OP_PEXPIRETIME;
    bool in_seconds = kind == SIM_OP_TTL || kind == SIM_OP_EXPIRETIME;
    int64_t told = key->deadline_ms - (is_moment ? 0 : act->present_ms);
    /* Nothing that lives has less than nothing left, even if time went on. */
    if (!is_moment && told < 0) told = 0;
    model_answer_integer(act, in_seconds ? rounded_seconds(told) : told);
}

/* ---- keys of any type */

static void do_count(struct act *act, bool removes) {
    const sim_op *op = act->op;
    int64_t count = 0;
    for (int i = 0; i < (sim_op_has_other(op) ? 2 : 1); i++) {
        uint8_t number = i == 0 ? op->key : op->other;
        if (find(act, number) == NULL) continue;
        count++;
        if (removes) remove_key(act, number);
    }
    model_answer_integer(act, count);
}

static void do_type(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    ttl_reply_add_status(act->reply, key == NULL ? "none" : sim_type_names[key->type]);
}

/* Value and deadline of one key, under another name. */
static void carry(struct act *act, const sim_model_key *from, uint8_t slot) {
    sim_model_key *to = &act->model->keys[slot];
    model_put(act, to, *from);
    if (to->is_volatile) model_arm(act, to, from->deadline_ms);
}

static void do_rename(struct act *act, bool only_if_free) {
    const sim_op *op = act->op;
    sim_model_key *from = find(act, op->key);
    if (from == NULL) {
        model_answer_error(act, "ERR no such key");
        return;
    }
    bool is_same = op->key == op->other;
    bool is_free = !is_same && find(act, op->other) == NULL;
    if (!is_same && (is_free || !only_if_free)) {
        carry(act, from, model_slot(act, op->other));
        remove_key(act, op->key);
    }
    if (only_if_free) model_answer_integer(act, is_free);
    else model_answer_ok(act);
}

static void do_copy(struct act *act) {
    const sim_op *op = act->op;
    uint8_t database = op->kind == SIM_OP_COPY_TO ? op->database : act->peer->database;
    uint8_t slot = (uint8_t)(database * SIM_KEYS + op->other);
    if (slot == model_slot(act, op->key)) {
        model_answer_error(act, "ERR source and destination objects are the same");
        return;
    }
    sim_model_key *from = find(act, op->key);
    bool may = from != NULL && (model_find(act, slot) == NULL || op->flags & SIM_REPLACE);
    if (may) carry(act, from, slot);
    if (may && !(act->model->traits & SIM_FIELDS_OF_REDIS))
        model_leave_dead_fields(act, &act->model->keys[slot]);
    model_answer_integer(act, may);
}

static void do_move(struct act *act) {
    const sim_op *op = act->op;
    uint8_t slot = (uint8_t)(op->database * SIM_KEYS + op->key);
    if (op->database == act->peer->database) {
        model_answer_error(act, "ERR source and destination objects are the same");
        return;
    }
    sim_model_key *from = find(act, op->key);
    bool may = from != NULL && model_find(act, slot) == NULL;
    if (may) carry(act, from, slot), remove_key(act, op->key);
    model_answer_integer(act, may);
}

static void do_mget(struct act *act) {
    size_t at = act->at;
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2);
    for (int i = 0; i < 2; i++) {
        sim_model_key *key = find(act, i == 0 ? act->op->key : act->op->other);
        act->at = at + 1 + (size_t)i;
        answer_text(act, key != NULL && key->type == SIM_STRING ? key : NULL);
    }
    act->at = at;
}

static void do_mset(struct act *act, bool only_if_free) {
    const sim_op *op = act->op;
    bool is_taken = only_if_free && (find(act, op->key) != NULL || find(act, op->other) != NULL);
    for (int i = 0; i < 2 && !is_taken; i++) {
        uint8_t number = i == 0 ? op->key : op->other;
        find(act, number);
        put_value(act, number);
    }
    if (only_if_free) model_answer_integer(act, !is_taken);
    else model_answer_ok(act);
}

static void answer_unknown(struct act *act) {
    sim_rendered rendered;
    char error[256];
    sim_op_render(act->op, &rendered);
    size_t length = (size_t)snprintf(
        error, sizeof error,
        "ERR unknown command '%s', with args beginning with: ", sim_op_name(act->op->kind));
    for (size_t i = 1; i < rendered.argc; i++)
        length += (size_t)snprintf(error + length, sizeof error - length, "'%.*s' ",
                                   (int)rendered.argv[i].length, rendered.argv[i].data);
    model_answer_error(act, error);
}

static void do_msetex(struct act *act) {
    const sim_op *op = act->op;
    int64_t deadline_ms = 0;
    bool is_timed = op->form != SIM_NO_TIME;
    if (is_timed && !read_deadline(act, true, &deadline_ms)) return;
    for (int i = 0; i < 2 && op->flags & (SIM_NX | SIM_XX); i++) {
        bool is_there = find(act, i == 0 ? op->key : op->other) != NULL;
        if (is_there != (bool)(op->flags & SIM_NX)) continue;
        model_answer_integer(act, 0);
        return;
    }
    for (int i = 0; i < 2; i++) {
        uint8_t number = i == 0 ? op->key : op->other;
        sim_model_key *old = find(act, number);
        bool keeps = op->flags & SIM_KEEPTTL && old != NULL && old->is_volatile;
        int64_t until_ms = keeps ? old->deadline_ms : deadline_ms;
        sim_model_key *key = put_value(act, number);
        if (keeps || is_timed) model_arm(act, key, until_ms);
    }
    model_answer_integer(act, 1);
}

/* ---- collections */

static sim_model_key *find_or_put(struct act *act, sim_type type) {
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, type)) return NULL;
    return key != NULL ? key : model_made(act, model_slot(act, act->op->key), type);
}

static void do_push(struct act *act, bool only_if_there) {
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, SIM_LIST)) return;
    if (key == NULL && only_if_there) {
        model_answer_integer(act, 0);
        return;
    }
    if (key == NULL) key = find_or_put(act, SIM_LIST);
    changed(act, key);
    model_answer_integer(act, ++key->members);
}

/* All elements are alike, so it does not matter from which end one is taken. */
static void do_pop(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, SIM_LIST)) return;
    if (key == NULL) {
        answer_nil(act);
        return;
    }
    ttl_reply_add_bulk(act->reply, ttl_bytes_of("x"));
    key->members--;
    model_shrink(act, key);
}

static void do_llen(struct act *act) {
    sim_model_key *key = find(act, act->op->key);
    if (model_has_type(act, key, SIM_LIST))
        model_answer_integer(act, key == NULL ? 0 : key->members);
}

/* ZADD, and GEOADD with CH: all members have the score 1, until ZINCRBY comes. */
static void do_score(struct act *act) {
    sim_model_key *key = find_or_put(act, SIM_ZSET);
    uint8_t number = act->op->value % SIM_MEMBERS;
    if (key == NULL) return;
    bool is_new = !(key->members >> number & 1), changes = model_put_score(act, key, number, 1);
    model_answer_integer(act, act->op->kind == SIM_OP_GEOADD ? changes : is_new);
}

static void do_member_add(struct act *act, sim_type type) {
    sim_model_key *key = find_or_put(act, type);
    uint32_t bit = UINT32_C(1) << act->op->value % SIM_MEMBERS;
    if (key == NULL) return;
    model_answer_integer(act, !(key->members & bit));
    if (!(key->members & bit)) changed(act, key);
    key->members |= bit;
}

static void do_hset(struct act *act) {
    sim_model_key *key = find_or_put(act, SIM_HASH);
    if (key == NULL) return;
    model_answer_integer(act, model_write_field(act, key, act->op->value % SIM_MEMBERS));
    changed(act, key);
}

static void do_member_remove(struct act *act, sim_type type) {
    sim_model_key *key = find(act, act->op->key);
    uint32_t bit = UINT32_C(1) << act->op->value % SIM_MEMBERS;
    if (!model_has_type(act, key, type)) return;
    bool had = key != NULL && key->members & bit;
    model_answer_integer(act, had);
    if (!had) return;
    key->members &= ~bit;
    model_shrink(act, key);
}

static void do_hdel(struct act *act) {
    uint8_t field = act->op->value % SIM_MEMBERS;
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, SIM_HASH)) return;
    bool had = key != NULL && model_finds_field(act, key, field);
    model_answer_integer(act, had);
    if (had) model_take_field(act, model_slot(act, act->op->key), field);
}

/* How many members there are. */
static void do_member_count(struct act *act, sim_type type) {
    sim_model_key *key = find(act, act->op->key);
    if (!model_has_type(act, key, type)) return;
    uint32_t members = key == NULL ? 0 : key->members;
    int64_t count = 0;
    for (int i = 0; i < SIM_MEMBERS; i++) count += members >> i & 1;
    model_answer_integer(act, count);
}

/* Is the member there, and what is its value or score? */
static void do_member_look(struct act *act, sim_type type, bool tells_value) {
    sim_model_key *key = find(act, act->op->key);
    uint8_t member = act->op->value % SIM_MEMBERS;
    if (!model_has_type(act, key, type)) return;
    bool has = key != NULL && key->members >> member & 1;
    if (has && type == SIM_HASH) has = model_meet_field(act, model_slot(act, act->op->key), member);
    if (!tells_value) model_answer_integer(act, has);
    else if (!has) answer_nil(act);
    else if (type == SIM_HASH) model_answer_field(act, key, member);
    else model_answer_score(act, key->values[member]);
}

/* ---- all of them */

static void do_collection(struct act *act) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_HSET: do_hset(act); break;
    case SIM_OP_HGET: do_member_look(act, SIM_HASH, true); break;
    case SIM_OP_HEXISTS: do_member_look(act, SIM_HASH, false); break;
    case SIM_OP_HLEN: do_member_count(act, SIM_HASH); break;
    case SIM_OP_HDEL: do_hdel(act); break;
    case SIM_OP_SADD: do_member_add(act, SIM_SET_TYPE); break;
    case SIM_OP_SREM: do_member_remove(act, SIM_SET_TYPE); break;
    case SIM_OP_SISMEMBER: do_member_look(act, SIM_SET_TYPE, false); break;
    case SIM_OP_SCARD: do_member_count(act, SIM_SET_TYPE); break;
    case SIM_OP_ZADD: do_score(act); break;
    case SIM_OP_ZREM: do_member_remove(act, SIM_ZSET); break;
    case SIM_OP_ZSCORE: do_member_look(act, SIM_ZSET, true); break;
    case SIM_OP_ZCARD: do_member_count(act, SIM_ZSET); break;
    case SIM_OP_LPUSH:
    case SIM_OP_RPUSH: do_push(act, false); break;
    case SIM_OP_LPUSHX:
    case SIM_OP_RPUSHX: do_push(act, true); break;
    case SIM_OP_LLEN: do_llen(act); break;
    default: do_pop(act);
    }
}

static void do_dbsize(struct act *act) {
    model_answer_integer(act, (int64_t)sim_model_count(act->model, act->peer->database));
}

/* Those that came later (sim_op_kind). */
static void run_other(struct act *act) {
    if (!sim_dialect_knows(act->model->traits, act->op->kind)) {
        answer_unknown(act);
        return;
    }
    if (sim_op_is_phrase(act->op->kind)) {
        model_do_phrase(act);
        return;
    }
    if (sim_op_is_of_field(act->op->kind)) {
        model_do_field(act);
        return;
    }
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_MOVE: do_move(act); break;
    case SIM_OP_COPY_TO: do_copy(act); break;
    case SIM_OP_KEYS:
    case SIM_OP_SCAN:
    case SIM_OP_RANDOMKEY: model_do_look(act); break;
    case SIM_OP_SELECT:
    case SIM_OP_SWAPDB:
    case SIM_OP_FLUSHDB:
    case SIM_OP_FLUSHALL:
    case SIM_OP_UNWATCH: model_do_peer(act); break;
    case SIM_OP_INCRMOST: do_increment(act, INT64_MAX); break;
    case SIM_OP_MSETEX: do_msetex(act); break;
    case SIM_OP_GEOADD: do_score(act); break;
    case SIM_OP_RESET: model_do_peer(act); break;
    case SIM_OP_NOTIFY:
    case SIM_OP_SUBSCRIBE:
    case SIM_OP_PSUBSCRIBE:
    case SIM_OP_UNSUBSCRIBE:
    case SIM_OP_PUNSUBSCRIBE: model_do_listen(act); break;
    default: model_do_more(act);
    }
}

void model_run(struct act *act) {
    bool is_write = act->op->kind == SIM_OP_DEL;
    if (act->model->is_replica && is_write) {
        model_answer_error(act, "READONLY You can't write against a read only replica.");
        return;
    }
    if (act->op->kind >= SIM_OP_PLAIN) {
        run_other(act);
        return;
    }
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_SET: do_set(act); break;
    case SIM_OP_SETNX: do_setnx(act); break;
    case SIM_OP_SETEX:
    case SIM_OP_PSETEX: do_setex(act); break;
    case SIM_OP_GET: do_get(act); break;
    case SIM_OP_GETEX: do_getex(act); break;
    case SIM_OP_GETDEL: do_getdel(act); break;
    case SIM_OP_GETSET: do_getset(act); break;
    case SIM_OP_STRLEN: do_strlen(act); break;
    case SIM_OP_SETRANGE: do_setrange(act); break;
    case SIM_OP_INCR: do_increment(act, 1); break;
    case SIM_OP_DECR: do_increment(act, -1); break;
    case SIM_OP_INCRBY: do_increment(act, (int64_t)act->op->value - 128); break;
    case SIM_OP_DECRBY: do_increment(act, 128 - (int64_t)act->op->value); break;
    case SIM_OP_EXPIRE:
    case SIM_OP_PEXPIRE:
    case SIM_OP_EXPIREAT:
    case SIM_OP_PEXPIREAT: do_expire(act); break;
    case SIM_OP_PERSIST: do_persist(act); break;
    case SIM_OP_TTL:
    case SIM_OP_PTTL:
    case SIM_OP_EXPIRETIME:
    case SIM_OP_PEXPIRETIME: do_tell(act); break;
    case SIM_OP_EXISTS:
    case SIM_OP_TOUCH: do_count(act, false); break;
    case SIM_OP_DEL:
    case SIM_OP_UNLINK: do_count(act, true); break;
    case SIM_OP_TYPE: do_type(act); break;
    case SIM_OP_RENAME: do_rename(act, false); break;
    case SIM_OP_RENAMENX: do_rename(act, true); break;
    case SIM_OP_COPY: do_copy(act); break;
    case SIM_OP_DBSIZE: do_dbsize(act); break;
    case SIM_OP_MGET: do_mget(act); break;
    case SIM_OP_MSET: do_mset(act, false); break;
    case SIM_OP_MSETNX: do_mset(act, true); break;
    default: do_collection(act);
    }
}
