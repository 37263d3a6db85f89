#include "engine/pubsub.h"

#include <string.h>

#include "engine/glob.h"
#include "engine/rule.h"
#include "engine/session.h"
#include "engine/subcommand.h"

/* ---- giving out */

static void subscription_push(const struct subscription *subscription, ttl_bytes channel,
                              ttl_bytes message) {
    ttl_session *session = subscription->session;
    if (session->options.on_push == NULL) return;
    bool is_pattern = subscription->is_pattern;
    ttl_reply push;
    ttl_reply_init(&push, session->engine->session_memory.allocator);
    ttl_reply_add_node(&push, TTL_REPLY_PUSH, is_pattern ? 4 : 3);
    ttl_reply_add_bulk(&push, ttl_bytes_of(is_pattern ? "pmessage" : "message"));
    if (is_pattern)
        ttl_reply_add_bulk(&push, (ttl_bytes){subscription->name, subscription->length});
    ttl_reply_add_bulk(&push, channel);
    ttl_reply_add_bulk(&push, message);
    if (!push.failed) session->options.on_push(session->options.push_context, session, &push);
    ttl_reply_free(&push);
}

static bool subscription_hears(const struct subscription *subscription, ttl_bytes channel) {
    ttl_bytes name = {subscription->name, subscription->length};
    return subscription->is_pattern ? glob_matches(name, channel) : ttl_bytes_equal(name, channel);
}

/* (rule pubsub.channels-before-patterns) */
size_t pubsub_publish(ttl_engine *engine, ttl_bytes channel, ttl_bytes message) {
    size_t receivers = 0;
    for (int patterns = 0; patterns <= 1; patterns++)
        for (struct subscription *each = engine->subscriptions; each != NULL; each = each->next) {
            if (each->is_pattern != (patterns == 1) || !subscription_hears(each, channel)) continue;
            subscription_push(each, channel, message);
            receivers++;
        }
    return receivers;
}

/* ---- counting */

bool pubsub_is_first(const ttl_engine *engine, const struct subscription *subscription) {
    ttl_bytes name = {subscription->name, subscription->length};
    const struct subscription *each = engine->subscriptions;
    for (; each != subscription; each = each->next)
        if (each->is_pattern == subscription->is_pattern &&
            ttl_bytes_equal((ttl_bytes){each->name, each->length}, name))
            return false;
    return true;
}

size_t pubsub_count_names(const ttl_engine *engine, bool patterns) {
    bool all = patterns && ttl_dialect_has(&engine->dialect, TRAIT_NUMPAT_COUNTS_ALL);
    size_t count = 0;
    if (patterns) RULE("pubsub.numpat");
    for (const struct subscription *each = engine->subscriptions; each != NULL; each = each->next)
        count += each->is_pattern == patterns && (all || pubsub_is_first(engine, each));
    return count;
}

/* ---- ending */

void pubsub_unsubscribe_all(ttl_session *session) {
    ttl_engine *engine = session->engine;
    for (struct subscription **link = &engine->subscriptions; *link != NULL;) {
        struct subscription *each = *link;
        if (each->session != session) {
            link = &each->next;
            continue;
        }
        *link = each->next;
        memory_give(&engine->session_memory, each, sizeof *each + each->length);
    }
    session->channel_count = session->pattern_count = 0;
}

/* ---- what a subscribed session may do */

bool pubsub_holds(const ttl_session *session) {
    return session->protocol == 2 && pubsub_count(session) > 0;
}

static bool command_is_for_subscribers(const struct command *command) {
    return command->run == subscribe_command || command->run == unsubscribe_command ||
           command->run == psubscribe_command || command->run == punsubscribe_command ||
           command->run == ping_command || command->run == quit_command ||
           command->run == reset_command;
}

static const char *allowed_commands(const struct call *call) {
    if (call_has(call, TRAIT_PUBSUB_SHARDS))
        return "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
               "this context";
    if (command_find(call->engine, ttl_bytes_of("reset")) != NULL)
        return "': only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
               "context";
    return "': only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT are allowed in this context";
}

static bool command_ends_subscriptions(const struct command *command) {
    return command->run == unsubscribe_command || command->run == punsubscribe_command;
}

bool pubsub_allows(struct call *call) {
    RULE("pubsub.unsubscribe-from-nothing");
    if (call_has(call, TRAIT_UNSUBSCRIBE_REFUSED) && pubsub_count(call->session) == 0 &&
        command_ends_subscriptions(call->command)) {
        ttl_bytes parts[] = {ttl_bytes_of("NOSUB '"), ttl_bytes_of(call->command->name),
                             ttl_bytes_of("' command executed not in subscribed mode")};
        reply_error_parts(call, parts, 3);
        return false;
    }
    if (!pubsub_holds(call->session) || command_is_for_subscribers(call->command)) return true;
    RULE("pubsub.context");
    bool is_exec = call->command->run == exec_command;
    if (is_exec) session_leave_multi(call->session);
    ttl_bytes parts[] = {
        ttl_bytes_of(is_exec ? "EXECABORT Transaction discarded because of: " : "ERR "),
        ttl_bytes_of("Can't execute '"), ttl_bytes_of(subcommand_full_name(call)),
        ttl_bytes_of(allowed_commands(call))};
    reply_error_parts(call, parts, 4);
    return false;
}
