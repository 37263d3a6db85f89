/* Subscribers of the model: what they listen to, and what they must be told of what happened. */
#include <stdio.h>
#include <string.h>

#include "sim/model_inside.h"

/* ---- subscriptions */

static void answer_subscribed(struct act *act) {
    static const char *const words[] = {"subscribe", "psubscribe", "unsubscribe", "punsubscribe"};
    char name[SIM_CHANNEL_TEXT];
    ttl_reply_add_node(act->reply, TTL_REPLY_PUSH, 3);
    ttl_reply_add_bulk(act->reply, ttl_bytes_of(words[act->op->kind - SIM_OP_SUBSCRIBE]));
    ttl_reply_add_bulk(act->reply, ttl_bytes_of(sim_channel_text(act->op, name)));
    model_answer_integer(act, (int64_t)act->peer->heeded_count);
}

static bool is_same_channel(const sim_op *a, const sim_op *b) {
    char left[SIM_CHANNEL_TEXT], right[SIM_CHANNEL_TEXT];
    return strcmp(sim_channel_text(a, left), sim_channel_text(b, right)) == 0;
}

static void do_subscribe(struct act *act, bool is_pattern) {
    sim_peer *peer = act->peer;
    sim_op wanted = *act->op;
    wanted.kind = is_pattern ? SIM_OP_PSUBSCRIBE : SIM_OP_SUBSCRIBE;
    bool ends = act->op->kind != wanted.kind;
    size_t at = 0;
    while (at < peer->heeded_count &&
           (peer->heeded[at].kind != wanted.kind || !is_same_channel(&peer->heeded[at], &wanted)))
        at++;
    bool is_there = at < peer->heeded_count;
    if (ends && is_there) {
        peer->heeded_count--;
        memmove(&peer->heeded[at], &peer->heeded[at + 1],
                (peer->heeded_count - at) * sizeof *peer->heeded);
    }
    if (!ends && !is_there && peer->heeded_count < SIM_HEEDED)
        peer->heeded[peer->heeded_count++] = wanted;
    answer_subscribed(act);
}

void model_do_listen(struct act *act) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_NOTIFY:
        act->model->notify = sim_notify_flags(act->op);
        model_answer_ok(act);
        break;
    case SIM_OP_SUBSCRIBE:
    case SIM_OP_UNSUBSCRIBE: do_subscribe(act, false); break;
    default: do_subscribe(act, true);
    }
}

/* A connection that listens may do little else. */
bool model_refuses_listener(struct act *act) {
    char error[192], name[32];
    sim_op_kind kind = act->op->kind;
    if (act->peer->heeded_count == 0 || kind == SIM_OP_RESET) return false;
    if (kind >= SIM_OP_SUBSCRIBE && kind <= SIM_OP_PUNSUBSCRIBE) return false;
    if (kind == SIM_OP_MSETEX && !(act->model->traits & SIM_HAS_MSETEX)) return false;
    if (kind == SIM_OP_ODD) { /* many commands, each with a fault of its own */
        ttl_reply_add_copy(act->reply, act->told->reply, act->at);
        return true;
    }
    snprintf(name, sizeof name, "%s", sim_op_name(kind));
    for (char *c = name; *c != '\0'; c++) *c = (char)(*c + ('a' - 'A'));
    if (kind == SIM_OP_NOTIFY) strcat(name, "|set");
    bool ends = kind == SIM_OP_EXEC;
    if (ends) model_leave(act);
    else if (act->peer->in_multi) act->peer->has_failed = true;
    snprintf(error, sizeof error,
             "%s Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
             "are allowed in this context",
             ends ? "EXECABORT Transaction discarded because of:" : "ERR", name);
    model_answer_error(act, error);
    return true;
}

/* ---- what is published */

static bool is_told(const char *flags, char letter) {
    return strchr(flags, letter) != NULL || strchr(flags, 'A') != NULL;
}

/* Adds the messages that one subscription brings. */
static size_t add_message(const sim_op *heeded, const char *channel, const char *payload,
                          const sim_happening *event, bool is_by_key, sim_push *pushes) {
    char name[SIM_CHANNEL_TEXT], *at = pushes->text;
    if (!sim_channel_fits(heeded, event, is_by_key)) return 0;
    if (heeded->kind == SIM_OP_SUBSCRIBE) {
        at = sim_put_word(at, "message ");
    } else {
        at = sim_put_word(at, "pmessage ");
        at = sim_put_word(at, sim_channel_text(heeded, name));
        at = sim_put_word(at, " ");
    }
    at = sim_put_word(at, channel);
    at = sim_put_word(at, " ");
    sim_put_word(at, payload);
    return 1;
}

size_t sim_model_published(const sim_model *model, const sim_peer *peer, const sim_happening *event,
                           sim_push *pushes) {
    char channel[SIM_CHANNEL_TEXT];
    size_t count = 0;
    const char *flags = model->notify;
    if (flags == NULL || event->slot >= SIM_SLOTS || !is_told(flags, event->kind)) return 0;
    const char *key = sim_key_name(event->slot % SIM_KEYS).data;
    for (int way = 0; way < 2; way++) {
        bool is_by_key = way == 0;
        if (strchr(flags, is_by_key ? 'K' : 'E') == NULL) continue;
        sim_keyspace_channel(event->slot / SIM_KEYS, is_by_key, is_by_key ? key : event->name,
                             channel);
        for (int patterns = 0; patterns < 2; patterns++)
            for (size_t i = 0; i < peer->heeded_count; i++)
                if ((peer->heeded[i].kind == SIM_OP_PSUBSCRIBE) == patterns)
                    count += add_message(&peer->heeded[i], channel, is_by_key ? event->name : key,
                                         event, is_by_key, &pushes[count]);
    }
    return count;
}
