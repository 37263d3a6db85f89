/* Connections of the model: the database they use, transactions, watches. */
#include <stdlib.h>
#include <string.h>

#include "sim/model_inside.h"

void sim_peer_reset(sim_peer *peer) {
    free(peer->queue);
    *peer = (sim_peer){0};
}

void sim_peer_enqueue(sim_peer *peer, const sim_op *op) {
    if (peer->queue_count == peer->queue_capacity) {
        peer->queue_capacity = peer->queue_capacity == 0 ? 8 : peer->queue_capacity * 2;
        peer->queue = realloc(peer->queue, peer->queue_capacity * sizeof *peer->queue);
        if (peer->queue == NULL) abort();
    }
    peer->queue[peer->queue_count++] = *op;
}

/* ---- watches */

static void note_watched(sim_model *model) {
    model->watched = 0;
    for (size_t i = 0; i < model->peer_count; i++) model->watched |= model->peers[i].watched;
}

static void unwatch(struct act *act) {
    act->peer->watched = act->peer->was_dead = 0;
    act->peer->is_broken = false;
    note_watched(act->model);
}

/* MULTI or WATCH, inside of MULTI. */
static void refuse_inside(struct act *act, const char *old, const char *named) {
    unsigned traits = act->model->traits;
    const char *error =
        traits & SIM_NOT_IN_MULTI ? "ERR Command not allowed inside a transaction" : old;
    if (traits & SIM_NAMES_REFUSED) error = named;
    if (traits & SIM_NOT_IN_MULTI) act->peer->has_failed = true;
    model_answer_error(act, error);
}

static void do_watch(struct act *act) {
    sim_peer *peer = act->peer;
    if (peer->in_multi) {
        refuse_inside(act, "ERR WATCH inside MULTI is not allowed",
                      "ERR Command 'watch' not allowed inside a transaction");
        return;
    }
    for (int i = 0; i < 2; i++) {
        uint8_t number = i == 0 ? act->op->key : act->op->other;
        const sim_model_key *key = model_key(act, number);
        uint64_t bit = UINT64_C(1) << (key - act->model->keys);
        if (!(peer->watched & bit) && sim_model_is_dead(key, act->now_ms)) peer->was_dead |= bit;
        peer->watched |= bit;
    }
    note_watched(act->model);
    model_answer_ok(act);
}

/* Has a watched key died since? One that was dead already does not count. */
static bool has_dead_watch(const struct act *act) {
    for (uint8_t slot = 0; slot < SIM_SLOTS; slot++) {
        bool lived = (act->peer->watched & ~act->peer->was_dead) >> slot & 1;
        if (lived && sim_model_is_dead(&act->model->keys[slot], act->now_ms)) return true;
    }
    return false;
}

void model_leave(struct act *act) {
    act->peer->in_multi = act->peer->has_failed = false;
    act->peer->queue_count = 0;
    unwatch(act);
}

/* ---- whole databases */

/* What takes a key's place; a key that goes, or comes dead, is no change where it was dead. */
static void note_exchanged(struct act *act, uint8_t slot, const sim_model_key *next) {
    uint64_t bit = UINT64_C(1) << slot;
    bool was_there = act->model->keys[slot].is_present;
    if (!was_there && !next->is_present) return;
    for (size_t i = 0; i < act->model->peer_count; i++) {
        sim_peer *peer = &act->model->peers[i];
        bool was_dead = peer->was_dead & bit, comes_dead = sim_model_is_dead(next, act->now_ms);
        if (!(peer->watched & bit)) continue;
        if (was_dead && !next->is_present) peer->was_dead &= ~bit;
        else if (comes_dead && (was_dead || !was_there)) peer->was_dead |= bit;
        else peer->is_broken = true;
    }
}

static void do_swapdb(struct act *act) {
    model_answer_ok(act);
    if (act->op->database == 0) return;
    for (uint8_t i = 0; i < SIM_KEYS; i++) {
        sim_model_key *a = &act->model->keys[i], *b = &act->model->keys[SIM_KEYS + i], old = *a;
        note_exchanged(act, i, b);
        note_exchanged(act, SIM_KEYS + i, a);
        *a = *b;
        *b = old;
        if (a->is_present) act->model->came[a->type] |= UINT64_C(1) << i;
        if (b->is_present) act->model->came[b->type] |= UINT64_C(1) << (SIM_KEYS + i);
    }
    act->model->changed = UINT64_MAX;
}

static void do_flush(struct act *act, uint8_t database) {
    static const sim_model_key nothing = {0};
    for (uint8_t i = 0; i < SIM_KEYS; i++) {
        uint8_t slot = (uint8_t)(database * SIM_KEYS + i);
        note_exchanged(act, slot, &nothing);
        act->model->keys[slot] = nothing;
    }
    act->model->changed = UINT64_MAX;
}

void model_do_peer(struct act *act) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_SWAPDB: do_swapdb(act); return;
    case SIM_OP_FLUSHDB: do_flush(act, act->peer->database); break;
    case SIM_OP_FLUSHALL:
        for (uint8_t i = 0; i < SIM_DATABASES; i++) do_flush(act, i);
        break;
    case SIM_OP_RESET:
        model_leave(act);
        act->peer->database = 0;
        act->peer->heeded_count = 0;
        ttl_reply_add_status(act->reply, "RESET");
        return;
    case SIM_OP_SELECT: act->peer->database = act->op->database; break;
    default: unwatch(act);
    }
    model_answer_ok(act);
}

/* ---- transactions */

static void do_multi(struct act *act) {
    if (act->peer->in_multi) {
        refuse_inside(act, "ERR MULTI calls can not be nested",
                      "ERR Command 'multi' not allowed inside a transaction");
        return;
    }
    act->peer->in_multi = true;
    model_answer_ok(act);
}

static void do_discard(struct act *act) {
    if (!act->peer->in_multi) {
        model_answer_error(act, "ERR DISCARD without MULTI");
        return;
    }
    model_leave(act);
    model_answer_ok(act);
}

static void run_queue(struct act *act) {
    sim_peer *peer = act->peer;
    const ttl_reply *told = act->told->reply;
    bool fits = told->node_count > 0 && told->nodes[0].type == TTL_REPLY_ARRAY &&
                told->nodes[0].length == peer->queue_count;
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, peer->queue_count);
    act->at = 1;
    act->is_in_exec = true;
    for (size_t i = 0; i < peer->queue_count; i++) {
        act->op = &peer->queue[i];
        model_run(act);
        if (fits) act->at = ttl_reply_next(told, act->at);
    }
    peer->queue_count = 0;
}

static void do_exec(struct act *act) {
    sim_peer *peer = act->peer;
    if (!peer->in_multi) {
        model_answer_error(act, "ERR EXEC without MULTI");
        return;
    }
    bool has_failed = peer->has_failed, is_broken = peer->is_broken || has_dead_watch(act);
    if (has_failed || is_broken) {
        model_leave(act);
        if (has_failed)
            model_answer_error(act, "EXECABORT Transaction discarded because of previous errors.");
        else ttl_reply_add_node(act->reply, TTL_REPLY_NIL_ARRAY, 0);
        return;
    }
    unwatch(act);
    peer->in_multi = false;
    if (act->model->traits & SIM_TIME_GOES_ON) act->present_ms += act->op->amount / 1000;
    run_queue(act);
}

void sim_model_execute(sim_model *model, sim_peer *peer, const sim_op *op, int64_t now_ms,
                       const sim_told *told, ttl_reply *reply) {
    struct act act = {model, peer, op, now_ms, now_ms, told, 0, reply, false};
    model->met_count = model->fields_met_count = 0;
    if (model_refuses_listener(&act)) return;
    switch ((sim_op_kind)op->kind) {
    case SIM_OP_MULTI: do_multi(&act); break;
    case SIM_OP_EXEC: do_exec(&act); break;
    case SIM_OP_DISCARD: do_discard(&act); break;
    case SIM_OP_WATCH: do_watch(&act); break;
    case SIM_OP_RESET: model_run(&act); break;
    default:
        if (!peer->in_multi) {
            model_run(&act);
            break;
        }
        if (!sim_dialect_knows(model->traits, op->kind) ||
            (op->kind == SIM_OP_ODD && sim_odd_of(op)->is_refused)) {
            peer->has_failed = true;
            model_run(&act);
            break;
        }
        sim_peer_enqueue(peer, op);
        ttl_reply_add_status(reply, "QUEUED");
    }
}
