/* The server behind `ttlspec serve`: one engine, one event loop, a connection for each client.
 *
 *      client === connection: request_reader -> [ engine ] -> output ===> client
 *                                                   |  ^
 *                     pub/sub to other connections <'  '- expiry timer, exactly when due
 *
 * Everything runs in the loop's thread, one request at a time, so the engine sees one order of
 * commands. A client that sends faster than it reads is not read from until it has caught up; a
 * subscriber that does not read at all is hung up on before it fills the memory. What a client
 * sends while its command waits (BLPOP) is executed when that is answered; if it hangs up it waits
 * no more.
 *
 * Ownership: the server owns its connections; a connection owns its session and its buffers, and
 * frees itself once the loop has let go of its handle.
 */
#ifndef TTLSPEC_CLI_SERVE_CONNECTION_H
#define TTLSPEC_CLI_SERVE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "cli/serve_clock.h"
#include "cli/serve_request.h"
#include "ttlspec/engine.h"

enum { SERVER_INPUT_SIZE = 64 * 1024 };

typedef struct connection connection;

typedef struct serve_server {
    uv_loop_t loop;
    serve_clock clock;
    ttl_engine *engine;
    uv_timer_t expiry; /* rings when the first deadline is due, of a key or of who waits */
    connection *connections;
    connection *awaiting_flush; /* have output that no write carries yet */
    bool has_failed;            /* for want of memory: the loop was stopped */
    ttl_reply reply;            /* of the command that runs; its buffers are kept */
    char input[SERVER_INPUT_SIZE];
} serve_server;

/* Takes the next client of `listener`, which is a TCP or a pipe handle whose `data` is the server.
 */
void connection_accept(uv_stream_t *listener);
/* Hangs up at once. What was not sent is lost. */
void connection_close(connection *client);

/* What follows each batch of commands: messages to other clients are sent, those that were waiting
 * go on, and the expiry timer is set to the deadline that is now the first. */
void server_settle(serve_server *server);
/* Answers who has waited long enough, and runs the active cycle, at the clock's present. */
void server_expire(serve_server *server);

#endif
