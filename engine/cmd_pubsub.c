/* SUBSCRIBE, UNSUBSCRIBE, PSUBSCRIBE, PUNSUBSCRIBE, PUBLISH, PUBSUB. */
#include <string.h>

#include "engine/glob.h"
#include "engine/pubsub.h"
#include "engine/subcommand.h"

/* ---- confirmations
 *
 * A command about several channels answers several messages: the first ones are pushed, the last
 * one is its reply. */

static void confirmation_build(ttl_reply *reply, const char *what, const ttl_bytes *name,
                               size_t count) {
    ttl_reply_add_node(reply, TTL_REPLY_PUSH, 3);
    ttl_reply_add_bulk(reply, ttl_bytes_of(what));
    if (name == NULL) ttl_reply_add_nil(reply);
    else ttl_reply_add_bulk(reply, *name);
    ttl_reply_add_integer(reply, (int64_t)count);
}

static void confirm(struct call *call, const char *what, const ttl_bytes *name, bool is_last) {
    ttl_session *session = call->session;
    if (is_last) {
        confirmation_build(call->reply, what, name, pubsub_count(session));
        return;
    }
    if (session->options.on_push == NULL) return;
    ttl_reply push;
    ttl_reply_init(&push, call->engine->session_memory.allocator);
    confirmation_build(&push, what, name, pubsub_count(session));
    if (!push.failed) session->options.on_push(session->options.push_context, session, &push);
    ttl_reply_free(&push);
}

/* ---- subscribing */

static size_t *count_of(ttl_session *session, bool is_pattern) {
    return is_pattern ? &session->pattern_count : &session->channel_count;
}

/* The link that points to the session's subscription, or to the end of the list. */
static struct subscription **subscription_link(ttl_session *session, ttl_bytes name,
                                               bool is_pattern) {
    struct subscription **link = &session->engine->subscriptions;
    for (; *link != NULL; link = &(*link)->next) {
        const struct subscription *each = *link;
        if (each->session == session && each->is_pattern == is_pattern &&
            ttl_bytes_equal((ttl_bytes){each->name, each->length}, name))
            break;
    }
    return link;
}

static struct subscription *subscription_new(ttl_session *session, ttl_bytes name,
                                             bool is_pattern) {
    struct subscription *made =
        memory_take(&session->engine->session_memory, sizeof *made + name.length);
    if (made == NULL) return NULL;
    made->next = NULL;
    made->session = session;
    made->is_pattern = is_pattern;
    made->length = name.length;
    if (name.length > 0) memcpy(made->name, name.data, name.length);
    return made;
}

static void subscription_free(ttl_engine *engine, struct subscription *subscription) {
    memory_give(&engine->session_memory, subscription, sizeof *subscription + subscription->length);
}

/* One subscription for each argument, in reverse order; NULL: no memory. */
static struct subscription *subscriptions_draft(struct call *call, bool is_pattern) {
    struct subscription *drafts = NULL;
    for (size_t i = 1; i < call->argc; i++) {
        struct subscription *made = subscription_new(call->session, call->argv[i], is_pattern);
        if (made == NULL) break;
        made->next = drafts;
        drafts = made;
        if (i + 1 == call->argc) return drafts;
    }
    while (drafts != NULL) {
        struct subscription *next = drafts->next;
        subscription_free(call->engine, drafts);
        drafts = next;
    }
    return NULL;
}

static struct subscription *reversed(struct subscription *list) {
    struct subscription *result = NULL;
    while (list != NULL) {
        struct subscription *next = list->next;
        list->next = result;
        result = list;
        list = next;
    }
    return result;
}

static ttl_status subscribe(struct call *call, const char *what, bool is_pattern) {
    struct subscription *drafts = reversed(subscriptions_draft(call, is_pattern));
    if (drafts == NULL) return TTL_NO_MEMORY;
    for (size_t i = 1; i < call->argc; i++) {
        struct subscription *draft = drafts;
        drafts = draft->next;
        draft->next = NULL;
        struct subscription **link = subscription_link(call->session, call->argv[i], is_pattern);
        if (*link != NULL) {
            subscription_free(call->engine, draft);
        } else {
            *link = draft;
            ++*count_of(call->session, is_pattern);
        }
        confirm(call, what, &call->argv[i], i + 1 == call->argc);
    }
    return TTL_OK;
}

ttl_status subscribe_command(struct call *call) {
    return subscribe(call, "subscribe", false);
}

ttl_status psubscribe_command(struct call *call) {
    return subscribe(call, "psubscribe", true);
}

/* ---- unsubscribing */

static void subscription_end(ttl_session *session, struct subscription **link) {
    struct subscription *ended = *link;
    *link = ended->next;
    --*count_of(session, ended->is_pattern);
    subscription_free(session->engine, ended);
}

/* Ends all of the session's subscriptions of one sort, the oldest first. */
static void unsubscribe_all(struct call *call, const char *what, bool is_pattern) {
    ttl_session *session = call->session;
    size_t *left = count_of(session, is_pattern);
    if (*left == 0) confirm(call, what, NULL, true);
    for (struct subscription **link = &call->engine->subscriptions; *left > 0;) {
        struct subscription *each = *link;
        if (each->session != session || each->is_pattern != is_pattern) {
            link = &each->next;
            continue;
        }
        ttl_bytes name = {each->name, each->length};
        *link = each->next;
        --*left;
        confirm(call, what, &name, *left == 0);
        subscription_free(call->engine, each);
    }
}

static ttl_status unsubscribe(struct call *call, const char *what, bool is_pattern) {
    if (call->argc == 1) {
        unsubscribe_all(call, what, is_pattern);
        return TTL_OK;
    }
    for (size_t i = 1; i < call->argc; i++) {
        struct subscription **link = subscription_link(call->session, call->argv[i], is_pattern);
        if (*link != NULL) subscription_end(call->session, link);
        confirm(call, what, &call->argv[i], i + 1 == call->argc);
    }
    return TTL_OK;
}

ttl_status unsubscribe_command(struct call *call) {
    return unsubscribe(call, "unsubscribe", false);
}

ttl_status punsubscribe_command(struct call *call) {
    return unsubscribe(call, "punsubscribe", true);
}

/* ---- publishing and asking */

ttl_status publish_command(struct call *call) {
    return reply_integer(call, (int64_t)pubsub_publish(call->engine, call->argv[1], call->argv[2]));
}

ttl_status pubsub_command(struct call *call) {
    return subcommand_run(call);
}

ttl_status pubsub_channels(struct call *call) {
    if (call->argc > 3) return reply_subcommand_syntax(call);
    size_t head = call->reply->node_count, found = 0;
    reply_array(call, 0);
    for (const struct subscription *each = call->engine->subscriptions; each != NULL;
         each = each->next) {
        ttl_bytes name = {each->name, each->length};
        if (each->is_pattern || !pubsub_is_first(call->engine, each)) continue;
        if (call->argc == 3 && !glob_matches(call->argv[2], name)) continue;
        reply_bulk(call, name);
        found++;
    }
    ttl_reply_set_length(call->reply, head, found);
    return TTL_OK;
}

ttl_status pubsub_numsub(struct call *call) {
    reply_array(call, 2 * (call->argc - 2));
    for (size_t i = 2; i < call->argc; i++) {
        int64_t subscribers = 0;
        for (const struct subscription *each = call->engine->subscriptions; each != NULL;
             each = each->next)
            subscribers += !each->is_pattern &&
                           ttl_bytes_equal((ttl_bytes){each->name, each->length}, call->argv[i]);
        reply_bulk(call, call->argv[i]);
        reply_integer(call, subscribers);
    }
    return TTL_OK;
}

ttl_status pubsub_numpat(struct call *call) {
    return reply_integer(call, (int64_t)pubsub_count_names(call->engine, true));
}
