/* Phrases: what a model knows of commands of which it does not know the whole answer. */
#include <string.h>

#include "sim/model_inside.h"

void model_agree(struct act *act) {
    ttl_reply_add_copy(act->reply, act->told->reply, act->at);
}

bool model_is_told(const struct act *act, ttl_reply_type type) {
    const ttl_reply *told = act->told->reply;
    return act->at < told->node_count && told->nodes[act->at].type == type;
}

bool model_agrees_if(struct act *act, ttl_reply_type type) {
    bool is_it = model_is_told(act, type);
    if (is_it) model_agree(act);
    return is_it;
}

bool model_agrees_with_error(struct act *act, const char *beginning) {
    size_t length = strlen(beginning);
    bool is_one = model_is_told(act, TTL_REPLY_ERROR);
    ttl_bytes text = is_one ? ttl_reply_text(act->told->reply, act->at) : (ttl_bytes){0};
    bool is_right = is_one && text.length >= length && memcmp(text.data, beginning, length) == 0;
    if (is_right) model_agree(act);
    return is_right;
}

static void answer_error_like(struct act *act, const char *beginning) {
    if (!model_agrees_with_error(act, beginning)) model_answer_error(act, beginning);
}

/* An array without anything may be that of a map, or of a set. */
static ttl_reply_type told_kind_of_array(const struct act *act) {
    if (model_is_told(act, TTL_REPLY_MAP)) return TTL_REPLY_MAP;
    return model_is_told(act, TTL_REPLY_SET) ? TTL_REPLY_SET : TTL_REPLY_ARRAY;
}

static void answer_missing(struct act *act) {
    const char *missing = sim_phrase_of(act->op)->missing;
    if (missing[0] == '-') answer_error_like(act, missing + 1);
    else if (missing[0] == ':') model_answer_integer(act, 0);
    else if (missing[0] == '+') model_answer_ok(act);
    else if (strcmp(missing, "*0") == 0) ttl_reply_add_node(act->reply, told_kind_of_array(act), 0);
    else if (strcmp(missing, "*scanned") == 0) model_begin_scanned(act, 0);
    else if (strcmp(missing, "*nil") == 0) ttl_reply_add_node(act->reply, TTL_REPLY_NIL_ARRAY, 0);
    else ttl_reply_add_nil(act->reply);
}

bool model_has_type(struct act *act, const sim_model_key *key, sim_type type) {
    if (key == NULL || key->type == type) return true;
    model_answer_error(act, "WRONGTYPE Operation against a key holding the wrong kind of value");
    return false;
}

sim_model_key *model_open(struct act *act) {
    sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    if (!model_has_type(act, key, sim_phrase_of(act->op)->type)) return NULL;
    if (key == NULL) answer_missing(act);
    return key;
}

void model_note(struct act *act) {
    act->model->changed |= UINT64_C(1) << model_slot(act, act->op->key);
}

/* So many entries of a stream went. */
static void do_cut(struct act *act, sim_model_key *key) {
    int64_t told = -1;
    if (model_is_told(act, TTL_REPLY_INTEGER)) told = act->told->reply->nodes[act->at].is.integer;
    bool may_be = told >= 0 && told <= key->stream.length;
    if (!may_be) told = 0;
    key->stream.length -= told;
    if (told > 0) model_touch(act->model, model_slot(act, act->op->key), false);
    model_answer_integer(act, told);
}

static void do_exact(struct act *act, sim_type type) {
    static void (*const doers[SIM_TYPES])(struct act *) = {
        [SIM_STRING] = model_do_text, [SIM_LIST] = model_do_elements,
        [SIM_HASH] = model_do_hash,   [SIM_SET_TYPE] = model_do_set,
        [SIM_ZSET] = model_do_zset,   [SIM_STREAM] = model_do_stream};
    doers[type](act);
}

void model_do_phrase(struct act *act) {
    const sim_phrase *phrase = sim_phrase_of(act->op);
    sim_model_key *key = NULL;
    switch ((sim_effect)phrase->effect) {
    case SIM_EXACT: do_exact(act, phrase->type); return;
    case SIM_WAITS: model_do_wait(act); return;
    case SIM_COMPLAINS: model_find(act, model_slot(act, act->op->key)); /* fall through */
    case SIM_SAYS: answer_error_like(act, phrase->missing + 1); return;
    default: key = model_open(act);
    }
    if (key == NULL) return;
    if (phrase->effect == SIM_CUTS) {
        do_cut(act, key);
        return;
    }
    if (phrase->effect == SIM_NOTES) model_note(act);
    model_agree(act);
}
