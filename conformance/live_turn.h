/* What a vector's turn says to a real server: its connections, commands and keyspace events,
 * whoever started that server and whatever its clock does.
 *
 * Ownership: a turn owns its connections until live_turn_close. Where a function answers false,
 * `error` (TARGET_ERROR_SIZE bytes) has the sentence.
 */
#ifndef CONFORMANCE_LIVE_TURN_H
#define CONFORMANCE_LIVE_TURN_H

#include "conformance/live.h"
#include "conformance/target.h"

typedef struct live_turn {
    size_t connection_count;
    redisContext *connections[TARGET_CONNECTIONS_MAX];
    bool subscribed[TARGET_CONNECTIONS_MAX];
    redisContext *subscriber;
} live_turn;

/* Opens the turn's connections, and one that hears its events when it wants them. `on` is told
 * what protocol each speaks. */
bool live_turn_open(live_turn *self, target *on, const live_address *address,
                    const target_turn *turn, char *error);
/* May be called in any state. */
void live_turn_close(live_turn *self);

/* Sends a command and waits for its reply; `moments` are CLOCK_MONOTONIC. */
bool live_turn_execute(live_turn *self, target *on, size_t connection, size_t argc,
                       const ttl_bytes *argv, ttl_reply *reply, target_moments *moments,
                       char *error);
/* Sends a command; its reply is to be taken later. */
bool live_turn_send(live_turn *self, size_t connection, size_t argc, const ttl_bytes *argv,
                    char *error);
/* Takes the reply of a command that was sent: TTL_REPLY_PENDING if it does not come within so many
 * milliseconds. */
bool live_turn_await(live_turn *self, size_t connection, int wait_ms, ttl_reply *reply,
                     char *error);
/* As target_events. */
bool live_turn_events(live_turn *self, ttl_reply *events, char *error);

/* Appends [name, key, database] from ["pmessage", pattern, "__keyspace@0__:key", name]. False: it
 * is no such message. */
bool live_add_event(ttl_reply *events, const redisReply *message);
/* What a connection speaks after a command and its reply. */
int live_protocol_after(int protocol, size_t argc, const ttl_bytes *argv, const redisReply *reply);

/* Fills `server`, and the dialect when there is one, from what INFO says. */
void live_recognise(target *on, const char *info);

#endif
