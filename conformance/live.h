/* One connection to a live server: hiredis, with sentences for what can go wrong.
 *
 * Ownership: a connection is a redisContext of the caller's, freed with redisFree.
 */
#ifndef CONFORMANCE_LIVE_H
#define CONFORMANCE_LIVE_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ttlspec/reply.h"

/* Where a server is, and as whom to talk to it. */
typedef struct live_address {
    char *path; /* of a unix socket; NULL: host and port */
    char *host;
    int port, database;
    int answer_ms;         /* how long it may be silent when it was asked; 0: TARGET_ANSWER_MS */
    char *user, *password; /* NULL: none. The password is never shown */
} live_address;

/* Reads redis://[user:pass@]host[:port][/db] or unix://PATH. False: `error` says what is wrong. */
bool live_address_parse(live_address *address, const char *url, char *error);
void live_address_free(live_address *address);
/* The URL without its password. */
void live_address_name(const live_address *address, char *buffer, size_t size);

int live_answer_ms(const live_address *address);
/* Connects, authenticates, selects the database. NULL: `error` has the sentence. */
redisContext *live_connect(const live_address *address, char *error);
/* Sends a command of C strings that ends with NULL and waits for its reply; the caller frees it
 * with freeReplyObject. NULL: the connection is broken, `error` has the sentence. */
redisReply *live_ask(redisContext *connection, char *error, ...);
/* The value of a setting, on the heap; NULL: it cannot be read. */
char *live_setting(redisContext *connection, const char *name);
/* Why this connection is broken, as a sentence. */
void live_complain(const redisContext *connection, char *error);
/* Appends hiredis' reply as ours. */
void live_convert(ttl_reply *to, const redisReply *from);

/* CLOCK_MONOTONIC in microseconds. */
int64_t live_now_us(void);

#endif
