/* Messages: who is subscribed to which channels and patterns, and the giving out of messages.
 *
 *      PUBLISH c m --> subscribers of channel c, oldest subscription first
 *                  --> subscribers of patterns that match c, oldest subscription first
 *
 * A message reaches a session through its on_push, as a push of three or four elements; one that
 * cannot be built for want of memory is dropped, and nothing else.
 *
 * Invariants: a session is subscribed to a channel or pattern at most once; its counts are the
 * numbers of its subscriptions in the engine's list.
 * Cost: a message, a subscription and its end each walk the list of all subscriptions.
 * Ownership: the list owns the subscriptions; on_push must neither execute commands nor free
 * sessions. */
#ifndef ENGINE_PUBSUB_H
#define ENGINE_PUBSUB_H

#include "engine/command.h"

/* Gives a message out; returns how many subscriptions it went to. */
size_t pubsub_publish(ttl_engine *engine, ttl_bytes channel, ttl_bytes message);
/* How many channels, or patterns, there are subscriptions to, as PUBSUB and INFO count them. */
size_t pubsub_count_names(const ttl_engine *engine, bool patterns);
/* Is this the oldest subscription to its channel or pattern? */
bool pubsub_is_first(const ttl_engine *engine, const struct subscription *subscription);
/* Ends all subscriptions of a session without a word, as RESET and the end of a session do. */
void pubsub_unsubscribe_all(ttl_session *session);

/* A session that has subscribed and speaks RESP2 may execute only a few commands: may it execute
 * this one? If not, answers the error. */
bool pubsub_allows(struct call *call);
/* Is the session one of those? PING answers it otherwise. */
bool pubsub_holds(const ttl_session *session);

static inline size_t pubsub_count(const ttl_session *session) {
    return session->channel_count + session->pattern_count;
}

#endif
