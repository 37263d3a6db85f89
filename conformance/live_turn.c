#include "conformance/live_turn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"

/* -- commands ------------------------------------------------------------------------------- */

static bool is_word(const redisReply *reply, const char *word) {
    bool is_text = reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS;
    return is_text && ttl_bytes_is_word((ttl_bytes){reply->str, (size_t)reply->len}, word);
}

static bool is_message(const redisReply *reply) {
    return reply->elements >= 3 &&
           (is_word(reply->element[0], "message") || is_word(reply->element[0], "pmessage"));
}

static bool is_any_word(ttl_bytes text, const char *const *words) {
    for (; *words != NULL; words++)
        if (ttl_bytes_is_word(text, *words)) return true;
    return false;
}

/* How many replies a command has: one, or one for each channel that it names. */
static size_t reply_count(size_t argc, const ttl_bytes *argv) {
    static const char *const many[] = {"SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE",
                                       NULL};
    return argc > 1 && is_any_word(argv[0], many) ? argc - 1 : 1;
}

/* The next reply that answers a command; messages on the way are dropped, as the engine does. */
static redisReply *next_reply(redisContext *connection, bool subscribed, char *error) {
    for (void *reply; redisGetReply(connection, &reply) == REDIS_OK; freeReplyObject(reply))
        if (!subscribed || !is_message(reply)) return reply;
    live_complain(connection, error);
    return NULL;
}

int live_protocol_after(int protocol, size_t argc, const ttl_bytes *argv, const redisReply *reply) {
    if (reply->type == REDIS_REPLY_ERROR) return protocol;
    if (ttl_bytes_is_word(argv[0], "RESET")) return 2;
    if (!ttl_bytes_is_word(argv[0], "HELLO") || argc < 2) return protocol;
    return ttl_bytes_is_word(argv[1], "3") ? 3 : 2;
}

static void append(redisContext *context, size_t argc, const ttl_bytes *argv) {
    const char **arguments = memory_zeroed(argc, sizeof *arguments);
    size_t *lengths = memory_zeroed(argc, sizeof *lengths);
    for (size_t i = 0; i < argc; i++) {
        arguments[i] = argv[i].data;
        lengths[i] = argv[i].length;
    }
    errno = 0;
    redisAppendCommandArgv(context, (int)argc, arguments, lengths);
    free(arguments);
    free(lengths);
}

bool live_turn_send(live_turn *self, size_t connection, size_t argc, const ttl_bytes *argv,
                    char *error) {
    redisContext *context = self->connections[connection];
    int is_sent = 0;
    append(context, argc, argv);
    while (is_sent == 0 && redisBufferWrite(context, &is_sent) == REDIS_OK) {
    }
    if (context->err != 0) live_complain(context, error);
    return context->err == 0;
}

bool live_turn_await(live_turn *self, size_t connection, int wait_ms, ttl_reply *reply,
                     char *error) {
    redisContext *context = self->connections[connection];
    struct pollfd readable = {.fd = context->fd, .events = POLLIN};
    ttl_reply_clear(reply);
    if (poll(&readable, 1, wait_ms) == 0) {
        ttl_reply_add_node(reply, TTL_REPLY_PENDING, 0);
        return true;
    }
    errno = 0;
    redisReply *answer = next_reply(context, false, error);
    if (answer == NULL) return false;
    live_convert(reply, answer);
    freeReplyObject(answer);
    return true;
}

bool live_turn_execute(live_turn *self, target *on, size_t connection, size_t argc,
                       const ttl_bytes *argv, ttl_reply *reply, target_moments *moments,
                       char *error) {
    static const char *const subscribing[] = {"SUBSCRIBE", "PSUBSCRIBE", NULL};
    redisContext *context = self->connections[connection];
    if (is_any_word(argv[0], subscribing)) self->subscribed[connection] = true;
    moments->sent_us = live_now_us();
    append(context, argc, argv);
    redisReply *answer = next_reply(context, self->subscribed[connection], error);
    for (size_t i = reply_count(argc, argv); answer != NULL && i > 1; i--) {
        freeReplyObject(answer);
        answer = next_reply(context, self->subscribed[connection], error);
    }
    moments->received_us = live_now_us();
    if (answer == NULL) return false;
    on->protocols[connection] = live_protocol_after(on->protocols[connection], argc, argv, answer);
    ttl_reply_clear(reply);
    live_convert(reply, answer);
    freeReplyObject(answer);
    return true;
}

/* -- keyspace events ------------------------------------------------------------------------ */

bool live_add_event(ttl_reply *events, const redisReply *message) {
    const redisReply *channel = message->element[2];
    const char *at = memchr(channel->str, '@', (size_t)channel->len);
    const char *key = strstr(channel->str, "__:");
    if (at == NULL || key == NULL) return false;
    key += 3;
    ttl_reply_add_node(events, TTL_REPLY_ARRAY, 3);
    ttl_reply_add_bulk(events, ttl_bytes_of(message->element[3]->str));
    ttl_reply_add_bulk(events,
                       (ttl_bytes){key, (size_t)channel->len - (size_t)(key - channel->str)});
    ttl_reply_add_integer(events, strtol(at + 1, NULL, 10));
    return true;
}

/* The server puts messages into the subscriber's stream when the commands run, so whatever comes
 * before the answer to a PING sent now is all that was announced until now. */
bool live_turn_events(live_turn *self, ttl_reply *events, char *error) {
    size_t count = 0;
    ttl_reply_clear(events);
    ttl_reply_add_node(events, TTL_REPLY_ARRAY, 0);
    redisAppendCommand(self->subscriber, "PING");
    errno = 0;
    for (void *next; redisGetReply(self->subscriber, &next) == REDIS_OK; freeReplyObject(next)) {
        const redisReply *reply = next;
        if (reply->elements == 4 && is_word(reply->element[0], "pmessage")) {
            count += live_add_event(events, reply);
            continue;
        }
        freeReplyObject(next);
        ttl_reply_set_length(events, 0, count);
        return true;
    }
    live_complain(self->subscriber, error);
    return false;
}

static bool subscribe(live_turn *self, const live_address *address, ttl_bytes key_prefix,
                      char *error) {
    self->subscriber = live_connect(address, error);
    if (self->subscriber == NULL) return false;
    char *pattern = text_format("__keyspace@*__:%.*s*", (int)key_prefix.length, key_prefix.data);
    redisReply *reply = live_ask(self->subscriber, error, "PSUBSCRIBE", pattern, NULL);
    free(pattern);
    bool done = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    if (reply != NULL && !done)
        snprintf(error, TARGET_ERROR_SIZE, "refused PSUBSCRIBE: %.160s", reply->str);
    freeReplyObject(reply);
    return done;
}

/* -- connections ---------------------------------------------------------------------------- */

bool live_turn_open(live_turn *self, target *on, const live_address *address,
                    const target_turn *turn, char *error) {
    for (size_t i = 0; i < turn->connection_count; i++) {
        self->connections[i] = live_connect(address, error);
        if (self->connections[i] == NULL) return false;
        self->connection_count++;
        self->subscribed[i] = false;
        on->protocols[i] = 2;
#if HIREDIS_MAJOR >= 1
        redisSetPushCallback(self->connections[i], NULL);
#endif
    }
    return !turn->wants_events || subscribe(self, address, turn->key_prefix, error);
}

void live_turn_close(live_turn *self) {
    for (size_t i = 0; i < self->connection_count; i++) redisFree(self->connections[i]);
    self->connection_count = 0;
    if (self->subscriber != NULL) redisFree(self->subscriber);
    self->subscriber = NULL;
}

/* -- who a server is ------------------------------------------------------------------------ */

/* The text after `name:` in INFO's answer, up to the end of its line. */
static bool info_field(const char *info, const char *name, char *value, size_t size) {
    size_t length = strlen(name);
    for (const char *line = info; line != NULL; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, name, length) != 0 || line[length] != ':') continue;
        snprintf(value, size, "%.*s", (int)strcspn(line + length + 1, "\r\n"), line + length + 1);
        return true;
    }
    return false;
}

/* Forks go by their own version; the redis_version that they also give is what they stem from. */
void live_recognise(target *on, const char *info) {
    static const struct {
        const char *field;
        ttl_family family;
    } families[] = {{"valkey_version", TTL_FAMILY_VALKEY},
                    {"redict_version", TTL_FAMILY_REDICT},
                    {"redis_version", TTL_FAMILY_REDIS}};
    char text[32];
    ttl_version version;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (!info_field(info, families[i].field, text, sizeof text)) continue;
        size_t digits = strspn(text, "0123456789.");
        if (!ttl_version_parse(text, digits, 0, &version)) continue;
        on->has_dialect = true;
        on->dialect = ttl_dialect_of(families[i].family, version);
        snprintf(on->server, sizeof on->server, "%s %s", ttl_family_name(families[i].family), text);
        return;
    }
    snprintf(on->server, sizeof on->server, "a server that gives no version");
}
