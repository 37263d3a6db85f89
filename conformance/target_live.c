/* A live server as a target: hiredis, real time, and a control connection of our own beside those
 * of the vector's turn, for TIME, for settings and for clearing up. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/live.h"
#include "conformance/number.h"
#include "conformance/target.h"
#include "conformance/text.h"

/* The clock is read more than once: each reading narrows what its offset can be. */
enum { CLOCK_READINGS = 3 };

typedef struct live_target {
    target base;
    live_address address;
    bool exclusive;
    const volatile sig_atomic_t *is_interrupted;
    redisContext *control;
    char *own_events; /* notify-keyspace-events before we changed it; NULL: we did not */
    int64_t clock_ms; /* of a manual clock: what it told before we moved it */
    int64_t at_ms;    /* how far after T0 we have moved it */
    /* Of the turn: */
    target_turn turn;
    size_t connection_count;
    redisContext *connections[TARGET_CONNECTIONS_MAX];
    bool subscribed[TARGET_CONNECTIONS_MAX];
    redisContext *subscriber;
    char *settings[TARGET_SETTINGS_MAX]; /* their values before the turn */
    int64_t began_us;                    /* T0 on our monotonic clock */
    /* The server's clock minus our monotonic one lies between these. */
    int64_t offset_low_us, offset_high_us;
} live_target;

/* -- the control connection --------------------------------------------------------------- */

/* The control connection, made anew when the last one broke. */
static bool control_ready(live_target *self, char *error) {
    if (self->control != NULL && self->control->err == 0) return true;
    if (self->control != NULL) redisFree(self->control);
    self->control = live_connect(&self->address, error);
    return self->control != NULL;
}

/* Sends what must be sent but whose answer changes nothing. */
static void tell(live_target *self, const char *a, const char *b, const char *c, const char *d) {
    char ignored[TARGET_ERROR_SIZE];
    if (!control_ready(self, ignored)) return;
    redisReply *reply = live_ask(self->control, ignored, a, b, c, d, NULL);
    if (reply != NULL) freeReplyObject(reply);
}

/* -- the server's clock --------------------------------------------------------------------- */

static int64_t floor_divide(int64_t number, int64_t by) {
    return number / by - (number % by < 0);
}

static bool reply_number(const redisReply *reply, int64_t *number) {
    return reply->type == REDIS_REPLY_STRING &&
           number_parse(reply->str, (size_t)reply->len, number);
}

/* Reads TIME once: the offset lies between what it said minus when the reply came, and minus when
 * it was asked. */
static bool read_clock(live_target *self, int64_t *low_us, int64_t *high_us, char *error) {
    int64_t sent_us = live_now_us(), seconds = 0, micros = 0;
    redisReply *reply = live_ask(self->control, error, "TIME", NULL);
    int64_t received_us = live_now_us();
    if (reply == NULL) return false;
    bool sound = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
                 reply_number(reply->element[0], &seconds) &&
                 reply_number(reply->element[1], &micros);
    if (!sound) snprintf(error, TARGET_ERROR_SIZE, "does not answer TIME as Redis does");
    freeReplyObject(reply);
    *low_us = seconds * 1000000 + micros - received_us;
    *high_us = seconds * 1000000 + micros - sent_us;
    return sound;
}

/* What several readings agree on. A clock that was set between them agrees on nothing: then all
 * that any of them allows. */
static bool read_offset(live_target *self, int64_t *low_us, int64_t *high_us, char *error) {
    int64_t widest_low = INT64_MAX, widest_high = INT64_MIN;
    *low_us = INT64_MIN;
    *high_us = INT64_MAX;
    for (int i = 0; i < CLOCK_READINGS; i++) {
        int64_t low, high;
        if (!read_clock(self, &low, &high, error)) return false;
        if (low < widest_low) widest_low = low;
        if (high > widest_high) widest_high = high;
        if (low > *low_us) *low_us = low;
        if (high < *high_us) *high_us = high;
    }
    if (*low_us <= *high_us) return true;
    *low_us = widest_low;
    *high_us = widest_high;
    return true;
}

/* Tells a manual clock (`ttlspec serve --clock manual`) the time. A server that does not obey is
 * found out by the next command. */
static void set_clock(live_target *self, int64_t now_ms) {
    char number[24];
    snprintf(number, sizeof number, "%" PRId64, now_ms);
    tell(self, "TTLSPEC", "CLOCK", "SET", number);
}

/* The earliest whole millisecond (or second) of the server's clock that has surely not begun. */
static void choose_t0(live_target *self, bool whole_second) {
    self->at_ms = 0;
    if (self->base.is_virtual) {
        self->base.t0_ms = (self->clock_ms / 1000 + 1) * 1000;
        set_clock(self, self->base.t0_ms);
        return;
    }
    int64_t unit_us = whole_second ? 1000000 : 1000;
    int64_t latest_us = live_now_us() + self->offset_high_us;
    int64_t t0_us = (floor_divide(latest_us, unit_us) + 1) * unit_us;
    self->base.t0_ms = t0_us / 1000;
    self->began_us = t0_us - self->offset_low_us;
}

static bool live_settle(target *base, char *error) {
    live_target *self = (live_target *)base;
    int64_t low, high;
    if (base->is_virtual) return true;
    if (!read_offset(self, &low, &high, error)) return false;
    if (low < self->offset_low_us) self->offset_low_us = low;
    if (high > self->offset_high_us) self->offset_high_us = high;
    return true;
}

static target_range live_bracket(const target *base, target_moments moments) {
    const live_target *self = (const live_target *)base;
    int64_t virtual_ms = base->t0_ms + moments.sent_us / 1000;
    if (base->is_virtual) return (target_range){virtual_ms, virtual_ms};
    int64_t sent_us = self->began_us + moments.sent_us;
    int64_t received_us = self->began_us + moments.received_us;
    return (target_range){floor_divide(sent_us + self->offset_low_us, 1000),
                          floor_divide(received_us + self->offset_high_us, 1000)};
}

static bool is_interrupted(const live_target *self) {
    return self->is_interrupted != NULL && *self->is_interrupted;
}

static bool live_wait(target *base, int64_t at_ms) {
    live_target *self = (live_target *)base;
    if (base->is_virtual) {
        if (at_ms != self->at_ms) set_clock(self, base->t0_ms + at_ms);
        self->at_ms = at_ms;
        return !is_interrupted(self);
    }
    int64_t until_us = self->began_us + at_ms * 1000;
    struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    while (!is_interrupted(self) && live_now_us() < until_us)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    return !is_interrupted(self);
}

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

static void note_protocol(live_target *self, size_t connection, size_t argc, const ttl_bytes *argv,
                          const redisReply *reply) {
    if (reply->type == REDIS_REPLY_ERROR) return;
    if (ttl_bytes_is_word(argv[0], "RESET")) self->base.protocols[connection] = 2;
    if (ttl_bytes_is_word(argv[0], "HELLO") && argc > 1)
        self->base.protocols[connection] = ttl_bytes_is_word(argv[1], "3") ? 3 : 2;
}

static int64_t since_t0_us(const live_target *self) {
    return self->base.is_virtual ? self->at_ms * 1000 : live_now_us() - self->began_us;
}

static bool live_execute(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                         ttl_reply *reply, target_moments *moments, char *error) {
    static const char *const subscribing[] = {"SUBSCRIBE", "PSUBSCRIBE", NULL};
    live_target *self = (live_target *)base;
    redisContext *context = self->connections[connection];
    const char **arguments = memory_zeroed(argc, sizeof *arguments);
    size_t *lengths = memory_zeroed(argc, sizeof *lengths);
    for (size_t i = 0; i < argc; i++) {
        arguments[i] = argv[i].data;
        lengths[i] = argv[i].length;
    }
    if (is_any_word(argv[0], subscribing)) self->subscribed[connection] = true;
    errno = 0;
    moments->sent_us = since_t0_us(self);
    redisAppendCommandArgv(context, (int)argc, arguments, lengths);
    redisReply *answer = next_reply(context, self->subscribed[connection], error);
    for (size_t i = reply_count(argc, argv); answer != NULL && i > 1; i--) {
        freeReplyObject(answer);
        answer = next_reply(context, self->subscribed[connection], error);
    }
    moments->received_us = since_t0_us(self);
    free(arguments);
    free(lengths);
    if (answer == NULL) return false;
    note_protocol(self, connection, argc, argv, answer);
    ttl_reply_clear(reply);
    live_convert(reply, answer);
    freeReplyObject(answer);
    return true;
}

/* -- keyspace events ------------------------------------------------------------------------ */

/* Appends [name, key, database] from ["pmessage", pattern, "__keyspace@0__:key", name]. */
static bool add_event(ttl_reply *events, const redisReply *message) {
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
static bool live_events(target *base, ttl_reply *events, char *error) {
    live_target *self = (live_target *)base;
    size_t count = 0;
    ttl_reply_clear(events);
    ttl_reply_add_node(events, TTL_REPLY_ARRAY, 0);
    redisAppendCommand(self->subscriber, "PING");
    errno = 0;
    for (void *next; redisGetReply(self->subscriber, &next) == REDIS_OK; freeReplyObject(next)) {
        const redisReply *reply = next;
        if (reply->elements == 4 && is_word(reply->element[0], "pmessage")) {
            count += add_event(events, reply);
            continue;
        }
        freeReplyObject(next);
        ttl_reply_set_length(events, 0, count);
        return true;
    }
    live_complain(self->subscriber, error);
    return false;
}

static bool subscribe(live_target *self, char *error) {
    self->subscriber = live_connect(&self->address, error);
    if (self->subscriber == NULL) return false;
    char *pattern = text_format("__keyspace@*__:%.*s*", (int)self->turn.key_prefix.length,
                                self->turn.key_prefix.data);
    redisReply *reply = live_ask(self->subscriber, error, "PSUBSCRIBE", pattern, NULL);
    free(pattern);
    bool done = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    if (reply != NULL && !done)
        snprintf(error, TARGET_ERROR_SIZE, "refused PSUBSCRIBE: %.160s", reply->str);
    freeReplyObject(reply);
    return done;
}

/* -- a vector's turn ------------------------------------------------------------------------ */

/* The value of a setting, on the heap; NULL: it cannot be read. */
static char *setting_value(live_target *self, const char *name) {
    char ignored[TARGET_ERROR_SIZE];
    if (!control_ready(self, ignored)) return NULL;
    redisReply *reply = live_ask(self->control, ignored, "CONFIG", "GET", name, NULL);
    bool sound = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
                 reply->element[1]->type == REDIS_REPLY_STRING;
    char *value = sound ? text_copy(reply->element[1]->str) : NULL;
    if (reply != NULL) freeReplyObject(reply);
    return value;
}

static void empty_and_remember(live_target *self) {
    for (size_t i = 0; i < self->turn.setting_count; i++)
        self->settings[i] = setting_value(self, self->turn.settings[i]);
    tell(self, "FLUSHALL", NULL, NULL, NULL);
}

static void empty_and_restore(live_target *self) {
    tell(self, "FLUSHALL", NULL, NULL, NULL);
    for (size_t i = 0; i < self->turn.setting_count; i++) {
        if (self->settings[i] != NULL)
            tell(self, "CONFIG", "SET", self->turn.settings[i], self->settings[i]);
        free(self->settings[i]);
        self->settings[i] = NULL;
    }
    if ((self->base.capabilities & VECTOR_NEEDS_DEBUG) != 0)
        tell(self, "DEBUG", "SET-ACTIVE-EXPIRE", "1", NULL);
}

static bool live_begin(target *base, const target_turn *turn, char *error) {
    live_target *self = (live_target *)base;
    self->turn = *turn;
    if (!control_ready(self, error)) return false;
    if (turn->is_exclusive) empty_and_remember(self);
    for (size_t i = 0; i < turn->connection_count; i++) {
        self->connections[i] = live_connect(&self->address, error);
        if (self->connections[i] == NULL) return false;
        self->connection_count++;
        self->subscribed[i] = false;
        base->protocols[i] = 2;
#if HIREDIS_MAJOR >= 1
        redisSetPushCallback(self->connections[i], NULL);
#endif
    }
    if (turn->wants_events && !subscribe(self, error)) return false;
    if (!base->is_virtual && !read_offset(self, &self->offset_low_us, &self->offset_high_us, error))
        return false;
    choose_t0(self, turn->uses_t0);
    return true;
}

static void remove_keys(live_target *self, int database, size_t count, const ttl_bytes *keys) {
    char number[16], ignored[TARGET_ERROR_SIZE];
    snprintf(number, sizeof number, "%d", database);
    tell(self, "SELECT", number, NULL, NULL);
    if (!control_ready(self, ignored)) return;
    for (size_t i = 0; i < count; i++) {
        const char *argv[] = {"DEL", keys[i].data};
        const size_t lengths[] = {3, keys[i].length};
        redisReply *reply = redisCommandArgv(self->control, 2, argv, lengths);
        if (reply == NULL) return;
        freeReplyObject(reply);
    }
}

static void live_end(target *base, size_t key_count, const ttl_bytes *keys) {
    live_target *self = (live_target *)base;
    bool has_second = (base->capabilities & VECTOR_NEEDS_DATABASES) != 0;
    /* The connections first: one with an open MULTI or a watch must not see the clearing up. */
    for (size_t i = 0; i < self->connection_count; i++) redisFree(self->connections[i]);
    self->connection_count = 0;
    if (self->subscriber != NULL) redisFree(self->subscriber);
    self->subscriber = NULL;
    if (has_second) remove_keys(self, base->databases[1], key_count, keys);
    remove_keys(self, base->databases[0], key_count, keys);
    if (self->turn.is_exclusive) empty_and_restore(self);
}

static void live_close(target *base) {
    live_target *self = (live_target *)base;
    if (self->own_events != NULL)
        tell(self, "CONFIG", "SET", "notify-keyspace-events", self->own_events);
    if (base->is_virtual) set_clock(self, self->clock_ms);
    free(self->own_events);
    if (self->control != NULL) redisFree(self->control);
    live_address_free(&self->address);
    free(self);
}

static const target_operations live_operations = {
    live_begin,  live_wait,    live_execute, live_events,
    live_settle, live_bracket, live_end,     live_close,
};

/* -- getting to know it --------------------------------------------------------------------- */

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
static void recognise(target *base, const char *info) {
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
        base->has_dialect = true;
        base->dialect = ttl_dialect_of(families[i].family, version);
        snprintf(base->server, sizeof base->server, "%s %s", ttl_family_name(families[i].family),
                 text);
        return;
    }
    snprintf(base->server, sizeof base->server, "a server that gives no version");
}

static bool read_info(live_target *self, char *error) {
    redisReply *reply = live_ask(self->control, error, "INFO", "server", NULL);
    if (reply == NULL) return false;
    bool refused = reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOAUTH", 6) == 0;
    if (refused) snprintf(error, TARGET_ERROR_SIZE, "wants a password: %.160s", reply->str);
    bool has_text = reply->type != REDIS_REPLY_ERROR && reply->str != NULL;
    recognise(&self->base, has_text ? reply->str : "");
    freeReplyObject(reply);
    return !refused;
}

/* "A" stands for every class but those that have to be asked for. */
static void note_event_classes(target *base, const char *flags) {
    static const char needed[] = "g$lshzx";
    char *classes = base->event_classes;
    size_t size = sizeof base->event_classes;
    snprintf(classes, size, "%.20s%s", flags, strchr(flags, 'A') != NULL ? needed : "");
    base->has_events = strchr(flags, 'K') != NULL && strspn(needed, classes) == strlen(needed);
}

static void learn_events(live_target *self) {
    target *base = &self->base;
    base->no_events = "keyspace events cannot be seen: notify-keyspace-events lacks K or one of "
                      "g$lshzx (--exclusive lets ttlspec set it for the run)";
    char *flags = setting_value(self, "notify-keyspace-events");
    if (flags == NULL) {
        base->no_events = "keyspace events cannot be seen: CONFIG GET is refused";
        return;
    }
    if (self->exclusive) {
        /* Newer servers have classes that older ones refuse, and then refuse the whole. */
        self->own_events = flags;
        tell(self, "CONFIG", "SET", "notify-keyspace-events", "KEA");
        tell(self, "CONFIG", "SET", "notify-keyspace-events", "KEAmn");
        tell(self, "CONFIG", "SET", "notify-keyspace-events", "KEAmnoc");
        flags = setting_value(self, "notify-keyspace-events");
    }
    note_event_classes(base, flags == NULL ? "" : flags);
    if (flags != self->own_events) free(flags);
}

/* True when the command is answered, and not by an error. */
static bool can(live_target *self, const char *a, const char *b, const char *c) {
    char ignored[TARGET_ERROR_SIZE];
    if (!control_ready(self, ignored)) return false;
    redisReply *reply = live_ask(self->control, ignored, a, b, c, NULL);
    bool done = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    if (reply != NULL) freeReplyObject(reply);
    return done;
}

/* A server whose clock stands still until it is told lives in virtual time. Others do not know
 * the command. */
static void learn_clock(live_target *self) {
    char ignored[TARGET_ERROR_SIZE];
    if (!control_ready(self, ignored)) return;
    redisReply *reply = live_ask(self->control, ignored, "TTLSPEC", "CLOCK", "ADVANCE", "0", NULL);
    if (reply == NULL) return;
    if (reply->type == REDIS_REPLY_INTEGER) {
        self->base.is_virtual = true;
        self->base.capabilities |= VECTOR_NEEDS_VIRTUAL_CLOCK;
        self->clock_ms = reply->integer;
    }
    freeReplyObject(reply);
}

static void learn_capabilities(live_target *self) {
    target *base = &self->base;
    char own[16], second[16];
    int other = self->address.database == 0 ? 1 : 0;
    base->databases[0] = self->address.database;
    base->databases[1] = other;
    snprintf(own, sizeof own, "%d", base->databases[0]);
    snprintf(second, sizeof second, "%d", other);
    if (can(self, "SELECT", second, NULL)) base->capabilities |= VECTOR_NEEDS_DATABASES;
    can(self, "SELECT", own, NULL);
#if HIREDIS_MAJOR >= 1
    base->capabilities |= VECTOR_NEEDS_RESP3;
#endif
    if (self->exclusive) {
        base->capabilities |= VECTOR_NEEDS_EXCLUSIVE_DB;
        if (can(self, "DEBUG", "SET-ACTIVE-EXPIRE", "1")) base->capabilities |= VECTOR_NEEDS_DEBUG;
    }
    learn_events(self);
    learn_clock(self);
}

target *target_open_live(const char *url, const target_options *options, bool *is_usage,
                         char *error) {
    live_target *self = memory_zeroed(1, sizeof *self);
    target *base = &self->base;
    base->operations = &live_operations;
    if (!live_address_parse(&self->address, url, error)) {
        *is_usage = true;
        live_close(base);
        return NULL;
    }
    if (self->address.password == NULL) self->address.password = text_copy(options->password);
    self->exclusive = options->exclusive;
    self->is_interrupted = options->is_interrupted;
    live_address_name(&self->address, base->name, sizeof base->name);
    if (!control_ready(self, error) || !read_info(self, error)) {
        live_close(base);
        return NULL;
    }
    learn_capabilities(self);
    return base;
}
