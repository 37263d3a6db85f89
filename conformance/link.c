#include "conformance/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"

/* A tag of the link's own. */
#define TAG_GREETING SIZE_MAX

static void on_ready(uv_poll_t *handle, int status, int events);

static void listen_for(live_link *self, bool also_writable) {
    uv_poll_start(&self->poll, UV_READABLE | (also_writable ? UV_WRITABLE : 0), on_ready);
}

void live_link_break(live_link *self, const char *reason) {
    if (self->is_broken) return;
    self->is_broken = true;
    uv_poll_stop(&self->poll);
    snprintf(self->error, sizeof self->error, "%s", reason);
    if (self->is_open) self->events->on_broken(self->owner, self);
}

static void break_by_context(live_link *self) {
    char error[TARGET_ERROR_SIZE];
    if (self->greetings > 0 && self->context->err == REDIS_ERR_IO)
        snprintf(error, sizeof error, "could not be reached: %s", self->context->errstr);
    else live_complain(self->context, error);
    live_link_break(self, error);
}

/* -- sending -------------------------------------------------------------------------------- */

void live_link_send(live_link *self, size_t tag, size_t argc, const ttl_bytes *argv) {
    if (self->is_broken) return;
    const char **arguments = memory_zeroed(argc, sizeof *arguments);
    size_t *lengths = memory_zeroed(argc, sizeof *lengths);
    for (size_t i = 0; i < argc; i++) {
        arguments[i] = argv[i].data;
        lengths[i] = argv[i].length;
    }
    redisAppendCommandArgv(self->context, (int)argc, arguments, lengths);
    free(arguments);
    free(lengths);
    if (self->count == self->capacity) {
        size_t capacity = self->capacity == 0 ? 16 : 2 * self->capacity;
        live_link_pending *wider = memory_zeroed(capacity, sizeof *wider);
        for (size_t i = 0; i < self->count; i++)
            wider[i] = self->pending[(self->begin + i) % self->capacity];
        free(self->pending);
        self->pending = wider;
        self->capacity = capacity;
        self->begin = 0;
    }
    self->pending[(self->begin + self->count++) % self->capacity] = (live_link_pending){tag, 0};
    self->unsent++;
}

static void write_on(live_link *self) {
    int done = 0;
    errno = 0;
    if (redisBufferWrite(self->context, &done) != REDIS_OK) break_by_context(self);
    else listen_for(self, !done);
}

void live_link_flush(live_link *self) {
    if (self->is_broken) return;
    int64_t now_us = live_now_us();
    for (; self->unsent > 0; self->unsent--)
        self->pending[(self->begin + self->count - self->unsent) % self->capacity].sent_us = now_us;
    write_on(self);
}

bool live_link_is_late(const live_link *self, int64_t since_us) {
    if (self->is_broken || self->is_patient || self->count == self->unsent) return false;
    return self->pending[self->begin].sent_us < since_us;
}

/* -- receiving ------------------------------------------------------------------------------ */

static void take_greeting(live_link *self, const redisReply *reply) {
    self->greetings--;
    if (reply->type != REDIS_REPLY_ERROR) return;
    char error[TARGET_ERROR_SIZE];
    snprintf(error, sizeof error, "refused the connection: %.160s", reply->str);
    live_link_break(self, error);
}

/* What a subscribed connection is told belongs to no command. */
static bool is_message(const redisReply *reply) {
    return reply->elements == 4 && reply->element[0]->type == REDIS_REPLY_STRING &&
           strcmp(reply->element[0]->str, "pmessage") == 0;
}

static void hand_out(live_link *self, const redisReply *reply, int64_t now_us) {
    if (is_message(reply)) {
        self->events->on_reply(self->owner, self, LIVE_LINK_MESSAGE, reply,
                               (target_moments){now_us, now_us});
        return;
    }
    if (self->count == 0) {
        live_link_break(self, "sent what nobody asked for");
        return;
    }
    live_link_pending of = self->pending[self->begin];
    self->begin = (self->begin + 1) % self->capacity;
    self->count--;
    if (of.tag == TAG_GREETING) take_greeting(self, reply);
    else
        self->events->on_reply(self->owner, self, of.tag, reply,
                               (target_moments){of.sent_us, now_us});
}

static void read_on(live_link *self) {
    errno = 0;
    int status = redisBufferRead(self->context);
    int64_t now_us = live_now_us();
    while (!self->is_broken && status == REDIS_OK) {
        void *reply = NULL;
        status = redisGetReplyFromReader(self->context, &reply);
        if (status != REDIS_OK || reply == NULL) break;
        hand_out(self, reply, now_us);
        freeReplyObject(reply);
    }
    if (!self->is_broken && status != REDIS_OK) break_by_context(self);
}

void live_link_leave_unread(live_link *self) {
    if (!self->is_broken) uv_poll_stop(&self->poll);
}

void live_link_look(live_link *self) {
    if (self->is_broken) return;
    listen_for(self, false);
    read_on(self);
}

static void on_ready(uv_poll_t *handle, int status, int events) {
    live_link *self = handle->data;
    void *owner = self->owner;
    const live_link_events *told = self->events;
    if (!self->is_broken && (status < 0 || (events & UV_READABLE) != 0)) read_on(self);
    if (!self->is_broken && (events & UV_WRITABLE) != 0) write_on(self);
    told->on_rest(owner);
}

/* -- opening and closing -------------------------------------------------------------------- */

void live_link_greet(live_link *self, size_t argc, const ttl_bytes *argv) {
    live_link_send(self, TAG_GREETING, argc, argv);
    self->greetings++;
    live_link_flush(self);
}

static void greet(live_link *self, const live_address *address) {
    char number[16];
    snprintf(number, sizeof number, "%d", address->database);
    ttl_bytes words[3];
    size_t count = 0;
    words[count++] = ttl_bytes_of("AUTH");
    if (address->user != NULL) words[count++] = ttl_bytes_of(address->user);
    if (address->password != NULL) {
        words[count++] = ttl_bytes_of(address->password);
        live_link_greet(self, count, words);
    }
    words[0] = ttl_bytes_of("SELECT");
    words[1] = ttl_bytes_of(number);
    live_link_greet(self, 2, words);
}

live_link *live_link_open(uv_loop_t *loop, const live_address *address,
                          const live_link_events *events, void *owner, char *error) {
    redisContext *context = address->path != NULL
                                ? redisConnectUnixNonBlock(address->path)
                                : redisConnectNonBlock(address->host, address->port);
    if (context == NULL || context->err != 0) {
        snprintf(error, TARGET_ERROR_SIZE, "could not be reached: %s",
                 context == NULL ? "there is no memory" : context->errstr);
        if (context != NULL) redisFree(context);
        return NULL;
    }
    live_link *self = memory_zeroed(1, sizeof *self);
    self->context = context;
    self->events = events;
    self->owner = owner;
    uv_poll_init(loop, &self->poll, context->fd);
    self->poll.data = self;
    greet(self, address);
    self->is_open = true;
    if (!self->is_broken) return self;
    snprintf(error, TARGET_ERROR_SIZE, "%s", self->error);
    live_link_close(self);
    return NULL;
}

static void on_closed(uv_handle_t *handle) {
    live_link *self = handle->data;
    redisFree(self->context);
    free(self->pending);
    free(self);
}

void live_link_close(live_link *self) {
    if (self == NULL) return;
    self->is_broken = true;
    uv_poll_stop(&self->poll);
    uv_close((uv_handle_t *)&self->poll, on_closed);
}
