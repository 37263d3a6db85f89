#include "cli/serve_connection.h"

#include <stdlib.h>
#include <string.h>

enum {
    OUTPUT_PAUSE_BYTES = 1024 * 1024,        /* waiting for the client: read no more from it */
    INPUT_PAUSE_BYTES = 1024 * 1024,         /* sent behind a command that waits: the same */
    OUTPUT_ABANDON_BYTES = 32 * 1024 * 1024, /* messages to a subscriber that does not read */
    LINGER_MS = 1000,
    EXPIRY_CHECK_MS = 1000, /* the wall clock may be set meanwhile: look again after this long */
};

struct connection {
    serve_server *server;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } is;
    connection *next, *previous;
    connection *next_to_flush;
    bool is_to_flush;

    ttl_session *session;
    request_reader reader;
    request_buffer output;  /* replies and messages that no write carries yet */
    request_buffer sending; /* what the write under way carries */
    uv_write_t write;
    uv_shutdown_t shutdown;
    uv_timer_t linger; /* rings when the client has had long enough to hang up */
    int open_handles;  /* the stream and the timer: the last one frees all */
    bool is_writing;
    bool is_paused;    /* has fallen behind: not read from */
    bool has_ended;    /* the client sends no more */
    bool is_leaving;   /* to be hung up on when all is sent; what it still sends is not heard */
    bool is_lingering; /* all is sent, and that nothing more follows */
    bool is_to_go_on;  /* the command that waited is answered: what came behind it is not */
    size_t held_bytes; /* so much came behind it */
};

static void connection_work(connection *client);
static void connection_wake(connection *client);

/* -- leaving ---------------------------------------------------------------------------------- */

static void connection_forget_flush(connection *client) {
    connection **at = &client->server->awaiting_flush;
    while (*at && *at != client) at = &(*at)->next_to_flush;
    if (*at) *at = client->next_to_flush;
    client->is_to_flush = false;
}

static void on_closed(uv_handle_t *handle) {
    connection *client = handle->data;
    if (--client->open_handles > 0) return;
    if (client->session) ttl_session_free(client->session);
    request_reader_free(&client->reader);
    request_buffer_free(&client->output);
    request_buffer_free(&client->sending);
    free(client);
}

void connection_close(connection *client) {
    if (uv_is_closing(&client->is.handle)) return;
    connection_forget_flush(client);
    if (client->previous) client->previous->next = client->next;
    else client->server->connections = client->next;
    if (client->next) client->next->previous = client->previous;
    uv_close(&client->is.handle, on_closed);
    uv_close((uv_handle_t *)&client->linger, on_closed);
}

static void on_linger_over(uv_timer_t *timer) {
    connection_close(timer->data);
}

static void on_shutdown(uv_shutdown_t *shutdown, int status) {
    if (status != 0) connection_close(shutdown->handle->data);
}

/* The end, said to the client. Closing a socket with bytes in it that nobody read takes back the
 * replies that the client has not read: so it is closed when the client has hung up too. */
static void connection_linger(connection *client) {
    if (client->has_ended) {
        connection_close(client);
        return;
    }
    if (client->is_lingering) return;
    client->is_lingering = true;
    if (uv_shutdown(&client->shutdown, &client->is.stream, on_shutdown) != 0) {
        connection_close(client);
        return;
    }
    uv_timer_start(&client->linger, on_linger_over, LINGER_MS, 0);
}

/* -- sending ---------------------------------------------------------------------------------- */

static size_t connection_backlog(const connection *client) {
    return client->output.length + client->sending.length;
}

static void on_written(uv_write_t *write, int status);

static void connection_flush(connection *client) {
    if (client->is_writing || uv_is_closing(&client->is.handle)) return;
    if (!client->output.length) {
        if (client->is_leaving) connection_linger(client);
        return;
    }
    request_buffer spare = client->sending;
    client->sending = client->output;
    client->output = spare;
    client->output.length = 0;
    client->is_writing = true;
    uv_buf_t buffer = {.base = client->sending.data, .len = client->sending.length};
    if (uv_write(&client->write, &client->is.stream, &buffer, 1, on_written) != 0) {
        client->is_writing = false;
        connection_close(client);
    }
}

static bool output_write(void *context, const char *data, size_t length) {
    connection *client = context;
    return request_buffer_add(&client->output, data, length);
}

/* False: there is no memory for it, and the client is gone. */
static bool connection_send(connection *client, const ttl_reply *reply) {
    if (!reply->failed &&
        ttl_reply_encode(reply, ttl_session_protocol(client->session), output_write, client)) {
        return true;
    }
    connection_close(client);
    return false;
}

static void connection_send_error(connection *client, const char *error) {
    ttl_reply *reply = &client->server->reply;
    ttl_reply_clear(reply);
    ttl_reply_add_error(reply, error);
    connection_send(client, reply);
}

static void connection_flush_later(connection *client) {
    if (client->is_to_flush) return;
    client->is_to_flush = true;
    client->next_to_flush = client->server->awaiting_flush;
    client->server->awaiting_flush = client;
}

static void on_push(void *context, ttl_session *session, const ttl_reply *message) {
    connection *client = context;
    (void)session;
    if (client->is_leaving || uv_is_closing(&client->is.handle)) return;
    if (!connection_send(client, message)) return;
    if (connection_backlog(client) > OUTPUT_ABANDON_BYTES) connection_close(client);
    else connection_flush_later(client);
}

static void on_unblock(void *context, ttl_session *session, const ttl_reply *reply) {
    connection *client = context;
    (void)session;
    if (uv_is_closing(&client->is.handle) || !connection_send(client, reply)) return;
    client->is_to_go_on = true;
    connection_flush_later(client);
}

/* -- the engine ------------------------------------------------------------------------------- */

void server_expire(serve_server *server) {
    ttl_engine_time_out(server->engine);
    /* Without memory it stops early, and the next time goes on. */
    ttl_engine_expire(server->engine, NULL);
}

static void on_expiry(uv_timer_t *timer);

/* Sets the timer to the next timeout, and to the next deadline of a key if those count. Time passes
 * by itself only on a real clock. */
static void server_ring(serve_server *server, bool keys_count) {
    int64_t due_ms = INT64_MAX, key_ms;
    bool is_due = ttl_engine_next_timeout(server->engine, &due_ms);
    if (keys_count && ttl_engine_next_expiry(server->engine, &key_ms)) {
        is_due = true;
        if (key_ms < due_ms) due_ms = key_ms;
    }
    if (server->clock.manual || !is_due) {
        uv_timer_stop(&server->expiry);
        return;
    }
    int64_t now_ms = serve_clock_now_us(&server->clock) / 1000;
    int64_t wait_ms = due_ms <= now_ms ? 0 : due_ms - now_ms;
    if (wait_ms > EXPIRY_CHECK_MS) wait_ms = EXPIRY_CHECK_MS;
    uv_update_time(&server->loop);
    uv_timer_start(&server->expiry, on_expiry, (uint64_t)wait_ms, 0);
}

static void server_flush(serve_server *server) {
    while (server->awaiting_flush) {
        connection *client = server->awaiting_flush;
        server->awaiting_flush = client->next_to_flush;
        client->is_to_flush = false;
        if (client->is_to_go_on) connection_wake(client);
        else connection_flush(client);
    }
}

void server_settle(serve_server *server) {
    server_flush(server);
    server_ring(server, true);
}

/* DEBUG SET-ACTIVE-EXPIRE 0 leaves what is due where it is: no need to ring for it again before the
 * next command. */
static void on_expiry(uv_timer_t *timer) {
    serve_server *server = timer->data;
    size_t removed = 0;
    ttl_engine_time_out(server->engine);
    ttl_engine_expire(server->engine, &removed);
    server_flush(server);
    int64_t due_ms;
    bool is_left = removed == 0 && ttl_engine_next_expiry(server->engine, &due_ms) &&
                   due_ms <= serve_clock_now_us(&server->clock) / 1000;
    server_ring(server, !is_left);
}

static bool lets_cycle_go_on(const request_reader *request) {
    return request->argc == 3 && ttl_bytes_is_word(request->argv[0], "DEBUG") &&
           ttl_bytes_is_word(request->argv[1], "SET-ACTIVE-EXPIRE");
}

static void connection_execute(connection *client) {
    serve_server *server = client->server;
    const request_reader *request = &client->reader;
    ttl_reply *reply = &server->reply;
    if (serve_clock_answer(&server->clock, request->argc, request->argv, reply)) {
        server_expire(server);
    } else if (ttl_session_execute(client->session, request->argc, request->argv, reply) !=
               TTL_OK) {
        connection_send_error(client, "ERR out of memory");
        return;
    } else if (server->clock.manual && lets_cycle_go_on(request)) {
        /* On a manual clock there is no later moment at which it would. */
        server_expire(server);
    }
    if (ttl_session_is_blocked(client->session)) return;
    connection_send(client, reply);
    if (ttl_session_is_closing(client->session)) client->is_leaving = true;
}

/* -- receiving -------------------------------------------------------------------------------- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    connection *client = handle->data;
    (void)suggested;
    /* libuv fills it and hands it over before it asks again: one is enough for all. */
    *buffer = uv_buf_init(client->server->input, SERVER_INPUT_SIZE);
}

static void connection_pause(connection *client) {
    client->is_paused = true;
    uv_read_stop(&client->is.stream);
}

/* Who has hung up waits for nothing: what comes from now on is for others. */
static void connection_hang_up(connection *client) {
    if (ttl_session_is_blocked(client->session)) {
        ttl_session_free(client->session);
        client->session = NULL;
    }
    connection_close(client);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    connection *client = stream->data;
    if (length == 0) return;
    bool waits = ttl_session_is_blocked(client->session);
    if (length == UV_EOF && !waits) {
        /* It may have shut down one direction only: it still gets its replies. */
        client->has_ended = true;
        uv_read_stop(stream);
    } else if (length < 0 || !request_reader_feed(&client->reader, buffer->base, (size_t)length)) {
        connection_hang_up(client);
        return;
    }
    if (waits && (client->held_bytes += (size_t)length) > INPUT_PAUSE_BYTES)
        connection_pause(client);
    connection_work(client);
}

/* Executes what has arrived, up to a command that waits, as long as the client takes the answers.
 */
static void connection_go_on(connection *client) {
    request_state state = REQUEST_READY;
    while (!client->is_leaving && !uv_is_closing(&client->is.handle) &&
           !ttl_session_is_blocked(client->session)) {
        if (connection_backlog(client) > OUTPUT_PAUSE_BYTES) {
            connection_pause(client);
            break;
        }
        state = request_reader_next(&client->reader);
        if (state != REQUEST_READY) break;
        connection_execute(client);
    }
    if (state == REQUEST_BROKEN) connection_send_error(client, client->reader.error);
    if (state == REQUEST_BROKEN || (state == REQUEST_INCOMPLETE && client->has_ended)) {
        client->is_leaving = true;
    }
    connection_flush(client);
}

/* Its command is answered that waited. */
static void connection_wake(connection *client) {
    client->is_to_go_on = false;
    if (client->held_bytes > INPUT_PAUSE_BYTES) {
        client->is_paused = false;
        uv_read_start(&client->is.stream, on_room, on_read);
    }
    client->held_bytes = 0;
    connection_go_on(client);
}

static void connection_work(connection *client) {
    serve_server *server = client->server;
    connection_go_on(client);
    server_settle(server);
}

static void on_written(uv_write_t *write, int status) {
    connection *client = write->handle->data;
    client->is_writing = false;
    client->sending.length = 0;
    if (status != 0) {
        connection_close(client);
        return;
    }
    if (client->is_paused && connection_backlog(client) <= OUTPUT_PAUSE_BYTES / 2) {
        client->is_paused = false;
        if (!client->has_ended) uv_read_start(&client->is.stream, on_room, on_read);
        connection_work(client);
        return;
    }
    connection_flush(client);
}

void connection_accept(uv_stream_t *listener) {
    serve_server *server = listener->data;
    connection *client = calloc(1, sizeof *client);
    if (!client) {
        /* libuv offers no way to turn a client away, and listens no more until it is accepted. */
        server->has_failed = true;
        uv_stop(&server->loop);
        return;
    }
    client->server = server;
    if (listener->type == UV_TCP) uv_tcp_init(&server->loop, &client->is.tcp);
    else uv_pipe_init(&server->loop, &client->is.pipe, 0);
    uv_timer_init(&server->loop, &client->linger);
    client->is.handle.data = client;
    client->linger.data = client;
    client->open_handles = 2;
    client->next = server->connections;
    if (client->next) client->next->previous = client;
    server->connections = client;

    ttl_session_options options = {.on_push = on_push,
                                   .push_context = client,
                                   .on_unblock = on_unblock,
                                   .unblock_context = client};
    client->session = ttl_session_new(server->engine, &options);
    if (!client->session || !request_reader_init(&client->reader) ||
        uv_accept(listener, &client->is.stream) != 0 ||
        uv_read_start(&client->is.stream, on_room, on_read) != 0) {
        connection_close(client);
        return;
    }
    if (listener->type == UV_TCP) uv_tcp_nodelay(&client->is.tcp, 1);
}
