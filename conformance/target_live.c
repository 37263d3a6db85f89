/* A live server as a target: hiredis, real time, and a control connection of our own beside those
 * of the vector's turn, for TIME, for settings and for clearing up. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/live_turn.h"
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
    live_turn connections;
    char *settings[TARGET_SETTINGS_MAX]; /* their values before the turn */
    clock_reading last;
    int64_t began_us; /* T0 on our monotonic clock */
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
    self->last = (clock_reading){sent_us, received_us, seconds * 1000000 + micros};
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

/* Keeps the last reading, in the turn's own time. */
static void keep_reading(live_target *self) {
    clock_reading reading = self->last;
    reading.sent_us -= self->began_us;
    reading.received_us -= self->began_us;
    self->base.readings[self->base.reading_count++] = reading;
}

static bool live_settle(target *base, char *error) {
    live_target *self = (live_target *)base;
    int64_t low, high;
    if (base->is_virtual) return true;
    if (!read_offset(self, &low, &high, error)) return false;
    if (low < self->offset_low_us) self->offset_low_us = low;
    if (high > self->offset_high_us) self->offset_high_us = high;
    keep_reading(self);
    return true;
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

static bool live_execute(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                         ttl_reply *reply, target_moments *moments, char *error) {
    live_target *self = (live_target *)base;
    if (!live_turn_execute(&self->connections, base, connection, argc, argv, reply, moments, error))
        return false;
    int64_t at_us = self->at_ms * 1000;
    *moments = base->is_virtual ? (target_moments){at_us, at_us}
                                : (target_moments){moments->sent_us - self->began_us,
                                                   moments->received_us - self->began_us};
    return true;
}

/* A moment of the turn. */
static int64_t now_us(const live_target *self) {
    return self->base.is_virtual ? self->at_ms * 1000 : live_now_us() - self->began_us;
}

static bool live_send(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                      int64_t *sent_us, char *error) {
    live_target *self = (live_target *)base;
    *sent_us = now_us(self);
    return live_turn_send(&self->connections, connection, argc, argv, error);
}

/* How long a reply that must come is waited for: servers look at timeouts ten times a second. */
enum { AWAIT_MS = 1000 };

/* By the answer to a second PING the server has said what it had to say before the first. */
static bool live_await(target *base, size_t connection, bool must_come, ttl_reply *reply,
                       target_moments *moments, char *error) {
    live_target *self = (live_target *)base;
    int wait_ms = must_come && !base->is_virtual ? AWAIT_MS : 0;
    moments->sent_us = now_us(self);
    for (int i = 0; i < 2 && wait_ms == 0; i++) tell(self, "PING", NULL, NULL, NULL);
    bool done = live_turn_await(&self->connections, connection, wait_ms, reply, error);
    moments->received_us = now_us(self);
    return done;
}

static bool live_events(target *base, ttl_reply *events, char *error) {
    return live_turn_events(&((live_target *)base)->connections, events, error);
}

/* -- a vector's turn ------------------------------------------------------------------------ */

/* The value of a setting, on the heap; NULL: it cannot be read. */
static char *setting_value(live_target *self, const char *name) {
    char ignored[TARGET_ERROR_SIZE];
    if (!control_ready(self, ignored)) return NULL;
    return live_setting(self->control, name);
}

/* True when the command, of at most four words, is answered, and not by an error. */
static bool can(live_target *self, const char *const words[4]) {
    char ignored[TARGET_ERROR_SIZE];
    if (!control_ready(self, ignored)) return false;
    redisReply *reply =
        live_ask(self->control, ignored, words[0], words[1], words[2], words[3], NULL);
    bool done = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    if (reply != NULL) freeReplyObject(reply);
    return done;
}

/* Sets every class that the server knows; newer ones refuse nothing that older ones know, and one
 * that is not known makes the whole be refused. What was accepted is kept here, because some
 * versions do not tell all of it when asked. */
static const char *set_events(live_target *self) {
    static const char *const flags[] = {"KEAmnoc", "KEAmn", "KEAm", "KEA"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const char *const words[] = {"CONFIG", "SET", "notify-keyspace-events", flags[i]};
        if (can(self, words)) return flags[i];
    }
    return "";
}

static void empty_and_remember(live_target *self) {
    for (size_t i = 0; i < self->turn.setting_count; i++)
        self->settings[i] = setting_value(self, self->turn.settings[i]);
    tell(self, "FLUSHALL", NULL, NULL, NULL);
}

static void empty_and_restore(live_target *self) {
    tell(self, "FLUSHALL", NULL, NULL, NULL);
    for (size_t i = 0; i < self->turn.setting_count; i++) {
        /* Asked for its event classes, a server does not tell all of them. */
        if (self->own_events != NULL &&
            strcmp(self->turn.settings[i], "notify-keyspace-events") == 0)
            set_events(self);
        else if (self->settings[i] != NULL)
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
    if (!live_turn_open(&self->connections, base, &self->address, turn, error)) return false;
    if (!base->is_virtual && !read_offset(self, &self->offset_low_us, &self->offset_high_us, error))
        return false;
    choose_t0(self, turn->needs_whole_second);
    base->reading_count = 0;
    if (!base->is_virtual) keep_reading(self);
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
    live_turn_close(&self->connections);
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
    live_begin, live_wait, live_execute, live_events, live_settle, live_end, live_close,
};

/* -- getting to know it --------------------------------------------------------------------- */

static bool read_info(live_target *self, char *error) {
    redisReply *reply = live_ask(self->control, error, "INFO", "server", NULL);
    if (reply == NULL) return false;
    bool refused = reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOAUTH", 6) == 0;
    if (refused) snprintf(error, TARGET_ERROR_SIZE, "wants a password: %.160s", reply->str);
    bool has_text = reply->type != REDIS_REPLY_ERROR && reply->str != NULL;
    live_recognise(&self->base, has_text ? reply->str : "");
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
    note_event_classes(base, self->exclusive ? set_events(self) : flags);
    if (self->exclusive) self->own_events = flags;
    else free(flags);
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

/* Each vector that needs a database to itself can have one, if the server is ours. */
static size_t count_databases(live_target *self) {
    size_t count = 0;
    for (char number[16]; count < TARGET_DATABASES_MAX; count++) {
        snprintf(number, sizeof number, "%zu", count);
        if (!can(self, (const char *[4]){"SELECT", number})) break;
    }
    return count;
}

static void learn_capabilities(live_target *self) {
    target *base = &self->base;
    base->capabilities |= VECTOR_NEEDS_BLOCKING;
    char own[16], second[16];
    int other = self->address.database == 0 ? 1 : 0;
    base->databases[0] = self->address.database;
    base->databases[1] = other;
    snprintf(own, sizeof own, "%d", base->databases[0]);
    snprintf(second, sizeof second, "%d", other);
    if (can(self, (const char *[4]){"SELECT", second}))
        base->capabilities |= VECTOR_NEEDS_DATABASES;
    if (self->exclusive) base->database_count = count_databases(self);
    can(self, (const char *[4]){"SELECT", own});
#if HIREDIS_MAJOR >= 1
    base->capabilities |= VECTOR_NEEDS_RESP3;
#endif
    if (self->exclusive) {
        base->capabilities |= VECTOR_NEEDS_EXCLUSIVE_DB;
        if (can(self, (const char *[4]){"DEBUG", "SET-ACTIVE-EXPIRE", "1"}))
            base->capabilities |= VECTOR_NEEDS_DEBUG;
    }
    learn_events(self);
    learn_clock(self);
}

target *target_open_live(const char *url, const target_options *options, bool *is_usage,
                         char *error) {
    live_target *self = memory_zeroed(1, sizeof *self);
    target *base = &self->base;
    base->operations = &live_operations;
    base->send = live_send;
    base->await = live_await;
    if (!live_address_parse(&self->address, url, error)) {
        *is_usage = true;
        live_close(base);
        return NULL;
    }
    if (self->address.password == NULL) self->address.password = text_copy(options->password);
    self->address.answer_ms = options->answer_ms;
    self->exclusive = options->exclusive;
    self->is_interrupted = options->is_interrupted;
    live_address_name(&self->address, base->name, sizeof base->name);
    if (!control_ready(self, error) || !read_info(self, error)) {
        live_close(base);
        return NULL;
    }
    learn_capabilities(self);
    if (!base->is_virtual) base->address = &self->address;
    return base;
}
