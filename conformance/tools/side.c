#include "conformance/tools/side.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "conformance/tools/canonical.h"
#include "ttlspec/engine.h"

/* Answered to the listener's PING: all that it heard before lies before this. */
static const char mark[] = "end-of-step";

enum { ANSWER_MS = 3000, SERVER_STARTS_MS = 1700000000 };

void buffer_add(diff_buffer *buffer, const void *data, size_t length) {
    if (buffer->length + length > buffer->capacity) {
        buffer->capacity = 2 * (buffer->length + length) + 256;
        buffer->data = realloc(buffer->data, buffer->capacity);
        if (buffer->data == NULL) abort();
    }
    if (length > 0) memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
}

static void buffer_take(diff_buffer *buffer, size_t length) {
    memmove(buffer->data, buffer->data + length, buffer->length - length);
    buffer->length -= length;
}

/* ---- what both sides have in common: a connection's bytes become answers ---- */

/* Which orders the commands have that a connection has queued since MULTI. */
typedef struct diff_queue {
    reply_order orders[SCRIPT_STEPS_MAX];
    size_t count;
} diff_queue;

typedef struct diff_transcript {
    diff_queue queues[SCRIPT_CONNECTIONS];
} diff_transcript;

static bool text_begins(const char *data, size_t length, const char *prefix) {
    return length >= strlen(prefix) && memcmp(data, prefix, strlen(prefix)) == 0;
}

/* Keeps the queue of the connection and returns its answer's canonical length. */
static size_t reply_settle(diff_transcript *transcript, const diff_script *script,
                           const diff_step *step, char *data, size_t length) {
    diff_queue *queue = &transcript->queues[step->connection];
    ttl_bytes name = step_argument(script, step, 0);
    reply_order order = step_order(script, step);
    if (text_begins(data, length, "+QUEUED")) {
        queue->orders[queue->count++] = order;
        return length;
    }
    if (ttl_bytes_is_word(name, "MULTI") && data[0] == '+') queue->count = 0;
    size_t settled = resp_canonical(data, length, order, queue->orders, queue->count);
    if (order == ORDER_QUEUED) queue->count = 0;
    return settled;
}

/* Events of a command that walks the keyspace come in the keyspace's order. */
static void events_settle(const diff_script *script, const diff_step *step, char *data,
                          size_t length) {
    reply_order order = step_order(script, step);
    if (order == ORDER_EXACT || length == 0) return;
    char header[32];
    long count = 0;
    for (size_t at = 0; at < length; count++) {
        long size = resp_length(data + at, length - at);
        if (size <= 0) return;
        at += (size_t)size;
    }
    int header_length = snprintf(header, sizeof header, "*%ld\r\n", count);
    char *whole = malloc(length + sizeof header);
    if (whole == NULL) abort();
    memcpy(whole, header, (size_t)header_length);
    memcpy(whole + header_length, data, length);
    resp_canonical(whole, length + (size_t)header_length, ORDER_FREE, NULL, 0);
    memcpy(data, whole + header_length, length);
    free(whole);
}

static void answer_add(diff_side *side, const diff_script *script, const diff_step *step,
                       diff_transcript *transcript, diff_buffer *reply, diff_buffer *events) {
    diff_answer *answer = &side->answers[side->answered++];
    size_t length = reply->length;
    if (length > 0 && step->connection != CONNECTION_LISTENER) {
        length = reply_settle(transcript, script, step, reply->data, length);
    }
    events_settle(script, step, events->data, events->length);
    answer->reply = side->bytes.length;
    answer->reply_length = length;
    buffer_add(&side->bytes, reply->data, length);
    answer->events = side->bytes.length;
    answer->events_length = events->length;
    buffer_add(&side->bytes, events->data, events->length);
    reply->length = events->length = 0;
}

static const char *const listen_words[] = {"PSUBSCRIBE", "__key*__:*"};
static const char *const mark_words[] = {"PING", mark};

/* ---- the engine ---- */

typedef struct engine_run {
    int64_t now_us;
    diff_buffer pushed; /* to the listener */
    diff_buffer elsewhere;
    ttl_session *sessions[SCRIPT_CONNECTIONS];
} engine_run;

static int64_t engine_now_us(void *context) {
    return ((engine_run *)context)->now_us;
}

static bool encode_to_buffer(void *context, const char *data, size_t length) {
    buffer_add(context, data, length);
    return true;
}

static void engine_push(void *context, ttl_session *session, const ttl_reply *message) {
    engine_run *run = context;
    bool heard = session == run->sessions[CONNECTION_LISTENER];
    ttl_reply_encode(message, ttl_session_protocol(session), encode_to_buffer,
                     heard ? &run->pushed : &run->elsewhere);
}

/* Executes a command; what it answers goes to `bytes`, after what it pushed to the same session. */
static void engine_execute(engine_run *run, int connection, const ttl_bytes *argv, size_t count,
                           diff_buffer *bytes) {
    ttl_reply reply;
    ttl_session *session = run->sessions[connection];
    ttl_reply_init(&reply, ttl_allocator_libc());
    if (ttl_session_execute(session, count, argv, &reply) != TTL_OK) abort();
    if (connection == CONNECTION_LISTENER) {
        buffer_add(bytes, run->pushed.data, run->pushed.length);
        run->pushed.length = 0;
    } else {
        buffer_add(bytes, run->elsewhere.data, run->elsewhere.length);
        run->elsewhere.length = 0;
    }
    ttl_reply_encode(&reply, ttl_session_protocol(session), encode_to_buffer, bytes);
    ttl_reply_free(&reply);
}

static void engine_step(diff_side *side, engine_run *run, const diff_script *script,
                        const diff_step *step, diff_transcript *transcript) {
    ttl_bytes argv[STEP_ARGUMENTS_MAX];
    diff_buffer reply = {0}, nothing = {0};
    for (size_t i = 0; i < step->count; i++) argv[i] = step_argument(script, step, i);
    run->now_us += step->move_ms * 1000;
    engine_execute(run, step->connection, argv, step->count, &reply);
    /* Unless each step is listened to, what was pushed waits for the listener's own next step. */
    answer_add(side, script, step, transcript, &reply, script->listens ? &run->pushed : &nothing);
    free(reply.data);
}

static bool engine_side_run(diff_side *side, const diff_script *script) {
    engine_run run = {.now_us = script->start_ms * 1000};
    diff_transcript transcript = {0};
    diff_buffer ignored = {0};
    ttl_engine *engine = ttl_engine_new(&(ttl_engine_options){
        .clock = {.context = &run, .now_us = engine_now_us},
        .allocator = ttl_allocator_libc(),
        .dialect = side->dialect,
        .seed = 1,
        .keeps_ages = true,
        .scripting = &ttl_scripting_lua,
    });
    if (engine == NULL) abort();
    for (int i = 0; i < SCRIPT_CONNECTIONS; i++) {
        run.sessions[i] = ttl_session_new(
            engine, &(ttl_session_options){.on_push = engine_push, .push_context = &run});
        if (run.sessions[i] == NULL) abort();
    }
    if (script->listens) {
        ttl_bytes argv[] = {ttl_bytes_of(listen_words[0]), ttl_bytes_of(listen_words[1])};
        engine_execute(&run, CONNECTION_LISTENER, argv, 2, &ignored);
    }
    for (size_t i = 0; i < script->count; i++) {
        engine_step(side, &run, script, &script->steps[i], &transcript);
    }
    for (int i = 0; i < SCRIPT_CONNECTIONS; i++) ttl_session_free(run.sessions[i]);
    ttl_engine_free(engine);
    free(ignored.data);
    free(run.pushed.data);
    free(run.elsewhere.data);
    return true;
}

/* ---- a real server ---- */

static int socket_connect(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connection < 0) return -1;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) == 0) return connection;
    close(connection);
    return -1;
}

static bool server_send(int connection, const ttl_bytes *argv, size_t count) {
    char header[32];
    diff_buffer out = {0};
    buffer_add(&out, header, (size_t)snprintf(header, sizeof header, "*%zu\r\n", count));
    for (size_t i = 0; i < count; i++) {
        int length = snprintf(header, sizeof header, "$%zu\r\n", argv[i].length);
        buffer_add(&out, header, (size_t)length);
        buffer_add(&out, argv[i].data, argv[i].length);
        buffer_add(&out, "\r\n", 2);
    }
    bool sent = send(connection, out.data, out.length, MSG_NOSIGNAL) == (ssize_t)out.length;
    free(out.data);
    return sent;
}

/* Waits for more bytes. False: the server closed, or says nothing. */
static bool server_read(int connection, diff_buffer *in) {
    char chunk[16384];
    struct pollfd wait = {.fd = connection, .events = POLLIN};
    if (poll(&wait, 1, ANSWER_MS) <= 0) return false;
    ssize_t length = read(connection, chunk, sizeof chunk);
    if (length <= 0) return false;
    buffer_add(in, chunk, (size_t)length);
    return true;
}

/* Moves one whole reply from the connection to `reply`. */
static bool server_reply(diff_side *side, int connection, diff_buffer *reply) {
    diff_buffer *in = &side->incoming[connection];
    for (;;) {
        long length = in->length == 0 ? 0 : resp_length(in->data, in->length);
        if (length < 0) return false;
        if (length > 0) {
            buffer_add(reply, in->data, (size_t)length);
            buffer_take(in, (size_t)length);
            return true;
        }
        if (!server_read(side->connections[connection], in)) return false;
    }
}

static bool server_call(diff_side *side, int connection, const char *const *words, size_t count,
                        diff_buffer *reply) {
    ttl_bytes argv[STEP_ARGUMENTS_MAX];
    for (size_t i = 0; i < count; i++) argv[i] = ttl_bytes_of(words[i]);
    reply->length = 0;
    return server_send(side->connections[connection], argv, count) &&
           server_reply(side, connection, reply);
}

/* All that the listener was sent until now, without the mark that ends it. */
static bool server_heard(diff_side *side, diff_buffer *heard) {
    ttl_bytes argv[] = {ttl_bytes_of(mark_words[0]), ttl_bytes_of(mark_words[1])};
    if (!server_send(side->connections[CONNECTION_LISTENER], argv, 2)) return false;
    for (;;) {
        size_t before = heard->length;
        if (!server_reply(side, CONNECTION_LISTENER, heard)) return false;
        const char *last = heard->data + before;
        size_t length = heard->length - before;
        if (length < sizeof mark + 3) continue;
        bool subscribed = last[0] == '*' &&
                          memcmp(last + length - sizeof mark - 1, mark, sizeof mark - 1) == 0 &&
                          text_begins(last, length, "*2\r\n$4\r\npong\r\n");
        bool plain = last[0] == '$' && text_begins(last, length, "$11\r\nend-of-step\r\n");
        if (!subscribed && !plain) continue;
        heard->length = before;
        return true;
    }
}

static void clock_move(diff_side *side, int64_t move_ms) {
    if (move_ms == 0) return;
    virtual_clock_set(&side->clock, virtual_clock_now_us(&side->clock) + move_ms * 1000);
}

/* How many steps from `at` on can be sent at once: those of one connection at one instant, when
 * nobody listens to each. */
static size_t batch_length(const diff_script *script, size_t at) {
    const diff_step *first = &script->steps[at];
    size_t length = 1;
    if (script->listens || first->connection == CONNECTION_LISTENER) return 1;
    while (at + length < script->count && script->steps[at + length].move_ms == 0 &&
           script->steps[at + length].connection == first->connection) {
        length++;
    }
    return length;
}

static bool step_send(diff_side *side, const diff_script *script, const diff_step *step) {
    ttl_bytes argv[STEP_ARGUMENTS_MAX];
    for (size_t i = 0; i < step->count; i++) argv[i] = step_argument(script, step, i);
    return server_send(side->connections[step->connection], argv, step->count);
}

static bool step_receive(diff_side *side, const diff_script *script, const diff_step *step,
                         diff_transcript *transcript) {
    diff_buffer reply = {0}, events = {0};
    bool listener = step->connection == CONNECTION_LISTENER;
    bool answered = listener || server_reply(side, step->connection, &reply);
    if (answered && (script->listens || listener)) {
        answered = server_heard(side, listener ? &reply : &events);
    }
    if (answered) answer_add(side, script, step, transcript, &reply, &events);
    free(reply.data);
    free(events.data);
    return answered;
}

static bool server_batch(diff_side *side, const diff_script *script, diff_transcript *transcript) {
    const diff_step *steps = &script->steps[side->answered];
    size_t length = batch_length(script, side->answered);
    clock_move(side, steps[0].move_ms);
    for (size_t i = 0; i < length; i++) {
        if (!step_send(side, script, &steps[i])) return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!step_receive(side, script, &steps[i], transcript)) return false;
    }
    return true;
}

static void connections_close(diff_side *side) {
    for (int i = 0; i < SCRIPT_CONNECTIONS; i++) {
        if (side->connections[i] >= 0) close(side->connections[i]);
        side->connections[i] = -1;
        side->incoming[i].length = 0;
    }
}

static bool server_prepare(diff_side *side, const diff_script *script) {
    static const char *const wishes[][4] = {
        {"DEBUG", "SET-ACTIVE-EXPIRE", "0", NULL},
        {"FLUSHALL", NULL},
        {"CONFIG", "SET", "notify-keyspace-events", ""},
        {"CONFIG", "RESETSTAT", NULL},
    };
    diff_buffer reply = {0};
    connections_close(side);
    virtual_clock_set(&side->clock, script->start_ms * 1000);
    bool ready = true;
    for (int i = 0; i < SCRIPT_CONNECTIONS && ready; i++) {
        side->connections[i] = socket_connect(side->server.socket);
        ready = side->connections[i] >= 0;
    }
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes && ready; i++) {
        size_t count = 0;
        while (count < 4 && wishes[i][count] != NULL) count++;
        ready = server_call(side, 0, wishes[i], count, &reply) && reply.data[0] == '+';
    }
    if (ready && script->listens) {
        ready = server_call(side, CONNECTION_LISTENER, listen_words, 2, &reply);
    }
    free(reply.data);
    return ready;
}

static bool server_side_run(diff_side *side, const diff_script *script) {
    diff_transcript transcript = {0};
    bool ready = server_prepare(side, script);
    while (ready && side->answered < script->count) {
        ready = server_batch(side, script, &transcript);
    }
    if (ready) return true;
    connections_close(side);
    server_last_words(&side->server, side->error, sizeof side->error);
    char ignored[SERVER_ERROR_SIZE];
    server_end(&side->server, SIGKILL);
    server_start_again(&side->server, ignored);
    return false;
}

static bool server_side_open(diff_side *side) {
    if (!preload_find(side->preload, sizeof side->preload)) {
        snprintf(side->error, sizeof side->error, "libttlclock.so is not built");
        return false;
    }
    int64_t start_us = SERVER_STARTS_MS * INT64_C(1000000);
    if (!scratch_open(&side->scratch, side->error)) return false;
    if (!virtual_clock_init(&side->clock, side->scratch.path, start_us, side->error)) return false;
    side->command[0] = side->name;
    side->options =
        (server_options){.command = side->command, .clock = &side->clock, .preload = side->preload};
    return server_start(&side->server, &side->options, side->error) &&
           server_obeys_clock(&side->server, side->error);
}

/* ---- either ---- */

bool side_open(diff_side *side, const char *name) {
    static const char prefix[] = "engine:";
    *side = (diff_side){.name = name, .connections = {-1, -1, -1}};
    side->is_engine = strncmp(name, prefix, sizeof prefix - 1) == 0;
    if (!side->is_engine) {
        if (server_side_open(side)) return true;
        side_close(side);
        return false;
    }
    if (ttl_dialect_parse(name + sizeof prefix - 1, &side->dialect)) return true;
    snprintf(side->error, sizeof side->error, "no such dialect: %s", name + sizeof prefix - 1);
    return false;
}

void side_close(diff_side *side) {
    if (!side->is_engine) {
        connections_close(side);
        server_stop(&side->server);
        virtual_clock_free(&side->clock);
        scratch_close(&side->scratch);
        for (int i = 0; i < SCRIPT_CONNECTIONS; i++) free(side->incoming[i].data);
    }
    free(side->bytes.data);
}

bool side_run(diff_side *side, const diff_script *script) {
    side->bytes.length = 0;
    side->answered = 0;
    return side->is_engine ? engine_side_run(side, script) : server_side_run(side, script);
}
