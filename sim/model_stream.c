/* Streams of the model: how long one is, and its last id. What its entries are it does not know. */
#include "sim/model_inside.h"

enum { CUT_TO = 3 }; /* by XADD with MAXLEN (phrase.h) */

/* The id that comes next: by the clock, or of the millisecond that is said. False: it does not come
 * after the last one. */
static bool next_id(const struct act *act, int64_t *ms, int64_t *sequence) {
    int64_t last_ms = *ms, wanted_ms = act->present_ms;
    bool is_said = act->op->kind == SIM_OP_XADD_AT;
    if (is_said) wanted_ms = act->op->value % SIM_SMALL;
    if (is_said && wanted_ms < last_ms) return false;
    if (wanted_ms > last_ms) *ms = wanted_ms, *sequence = 0;
    else ++*sequence;
    return true;
}

static void answer_id(struct act *act, int64_t ms, int64_t sequence) {
    char text[48];
    size_t length = sim_integer_text(ms, text);
    text[length++] = '-';
    length += sim_integer_text(sequence, text + length);
    ttl_reply_add_bulk(act->reply, (ttl_bytes){text, length});
}

static void do_xadd(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key);
    sim_model_key *key = model_find(act, slot);
    if (!model_has_type(act, key, SIM_STREAM)) return;
    if (key == NULL && act->op->kind == SIM_OP_XADD_NOMKSTREAM) {
        ttl_reply_add_nil(act->reply);
        return;
    }
    int64_t ms = key == NULL ? 0 : key->stream.last_ms;
    int64_t sequence = key == NULL ? 0 : key->stream.sequence;
    if (!next_id(act, &ms, &sequence)) {
        model_answer_error(act, "ERR The ID specified in XADD is equal or smaller than the target "
                                "stream top item");
        return;
    }
    if (key == NULL) {
        key = &act->model->keys[slot];
        model_put(act, key, (sim_model_key){.type = SIM_STREAM});
    }
    key->stream.last_ms = ms;
    key->stream.sequence = sequence;
    key->stream.length++;
    bool is_cut = act->op->kind == SIM_OP_XADD_MAXLEN && key->stream.length > CUT_TO;
    if (is_cut) key->stream.length = CUT_TO;
    model_touch(act->model, slot, false);
    answer_id(act, ms, sequence);
}

static void do_xrange(struct act *act) {
    const sim_model_key *key = model_open(act);
    if (key == NULL) return;
    bool is_whole = model_is_told(act, TTL_REPLY_ARRAY) &&
                    act->told->reply->nodes[act->at].length == (size_t)key->stream.length;
    if (is_whole) model_agree(act);
    else ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, (size_t)key->stream.length);
}

static void do_xsetid(struct act *act) {
    sim_model_key *key = model_open(act);
    if (key == NULL || model_agrees_with_error(act, "ERR The ID specified in XSETID")) return;
    key->stream.last_ms = act->op->value % SIM_SMALL;
    key->stream.sequence = 0;
    model_note(act);
    model_answer_ok(act);
}

static bool has_last_id(const sim_model_key *key) {
    return key->stream.last_ms != 0 || key->stream.sequence != 0;
}

static void do_xread_last(struct act *act) {
    const sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    if (!model_has_type(act, key, SIM_STREAM)) return;
    if (!(act->model->traits & SIM_READS_LAST))
        model_answer_error(act, "ERR Invalid stream ID specified as stream command argument");
    else if (key == NULL) ttl_reply_add_node(act->reply, TTL_REPLY_NIL_ARRAY, 0);
    else if (act->model->traits & SIM_HAS_NO_LAST && !has_last_id(key))
        model_answer_error(act, "ERR the stream last element ID is 0-0");
    else model_agree(act);
}

static void do_make_group(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key);
    const sim_model_key *key = model_find(act, slot);
    if (!model_has_type(act, key, SIM_STREAM)) return;
    if (key == NULL) model_put(act, &act->model->keys[slot], (sim_model_key){.type = SIM_STREAM});
    else if (model_agrees_with_error(act, "BUSYGROUP")) return;
    model_note(act);
    model_answer_ok(act);
}

void model_do_stream(struct act *act) {
    const sim_model_key *key;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_XLEN:
        key = model_open(act);
        if (key != NULL) model_answer_integer(act, key->stream.length);
        break;
    case SIM_OP_XRANGE: do_xrange(act); break;
    case SIM_OP_XSETID: do_xsetid(act); break;
    case SIM_OP_XREAD_LAST: do_xread_last(act); break;
    case SIM_OP_XGROUP_MAKE: do_make_group(act); break;
    default: do_xadd(act);
    }
}
