/* The connections of a crew: a pool that vectors lease from, those that a vector keeps, and three
 * of its own, to read the clock, to hear events and to clear up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/crew_inside.h"
#include "conformance/text.h"

enum { BLIND_AFTER = 3, DEAF_AFTER = 3, CLEANING_MS = 2000 };

/* Tags of the watch and the janitor, who have no tenant. The janitor's TAG_EMPTIED + n: database n
 * is empty. The watch's TAG_AT_REST + n: asked for the vector with this serial number. */
enum { TAG_TIME = 1, TAG_CLEANED, TAG_EMPTIED, TAG_AT_REST = 2 };

/* A tag of the subscriber's, whose others are serial numbers. */
#define TAG_SUBSCRIBED (SIZE_MAX - 2)

static const ttl_bytes ping = {"PING", 4};

/* -- opening and closing ------------------------------------------------------------------- */

static void remove_link(live_link **links, size_t *count, const live_link *link) {
    for (size_t i = 0; i < *count; i++) {
        if (links[i] != link) continue;
        links[i] = links[--*count];
        return;
    }
}

static bool is_own(const crew *self, const live_link *link) {
    return link == self->watch || link == self->janitor || link == self->subscriber;
}

static void shut(crew *self, live_link *link) {
    remove_link(self->links, &self->link_count, link);
    remove_link(self->idle_links, &self->idle_count, link);
    if (!is_own(self, link)) self->pool_count--;
    live_link_close(link);
}

static void on_reply(void *owner, live_link *link, size_t tag, const redisReply *reply,
                     target_moments moments);
static void on_broken(void *owner, live_link *link);
static void on_rest(void *owner);

static const live_link_events link_events = {on_reply, on_broken, on_rest};

static live_link *open_link(crew *self, char *error) {
    live_link *link =
        live_link_open(&self->loop, self->options.target->address, &link_events, self, error);
    if (link == NULL) return NULL;
    self->links = memory_grown(self->links, self->link_count, sizeof(live_link *));
    self->links[self->link_count++] = link;
    return link;
}

void crew_close_links(crew *self) {
    while (self->link_count > 0) shut(self, self->links[0]);
    self->watch = self->janitor = self->subscriber = NULL;
}

void crew_break_late_links(crew *self) {
    int answer_ms = live_answer_ms(self->options.target->address);
    int64_t since_us = live_now_us() - answer_ms * INT64_C(1000);
    char error[64];
    snprintf(error, sizeof error, "did not answer within %d s", answer_ms / 1000);
    for (size_t i = self->link_count; i-- > 0;)
        if (i < self->link_count && live_link_is_late(self->links[i], since_us))
            live_link_break(self->links[i], error);
}

/* -- leasing --------------------------------------------------------------------------------- */

static live_link *pool_link(crew *self, char *error) {
    if (self->idle_count > 0) return self->idle_links[--self->idle_count];
    live_link *link = open_link(self, error);
    self->pool_count += link != NULL;
    return link;
}

bool crew_lease(crew *self, crew_hand *hand) {
    char error[TARGET_ERROR_SIZE];
    bool is_free = self->idle_count > 0 || self->pool_count < self->options.jobs ||
                   self->pool_count == self->kept_count;
    if (!is_free) {
        self->waiting = memory_grown(self->waiting, self->waiting_count, sizeof(crew_hand *));
        self->waiting[self->waiting_count++] = hand;
        return false;
    }
    hand->leased = pool_link(self, error);
    if (hand->leased != NULL) {
        hand->leased->tenant = hand;
        return true;
    }
    self->lost++;
    crew_hand_fail(self, hand, error);
    return false;
}

void crew_serve_waiting(crew *self) {
    while (self->waiting_count > 0 &&
           (self->idle_count > 0 || self->pool_count < self->options.jobs ||
            self->pool_count == self->kept_count)) {
        crew_hand *hand = self->waiting[0];
        memmove(self->waiting, self->waiting + 1, --self->waiting_count * sizeof *self->waiting);
        crew_hand_work(self, hand);
    }
}

void crew_drop_waiting(crew *self) {
    while (self->waiting_count > 0) crew_hand_drop(self, self->waiting[--self->waiting_count]);
    for (size_t i = self->working_count; i-- > 0;)
        if (i < self->working_count && self->working[i]->is_parked)
            crew_hand_drop(self, self->working[i]);
}

static void greet_in(live_link *link, int database) {
    char number[16];
    snprintf(number, sizeof number, "%d", database);
    const ttl_bytes select[] = {ttl_bytes_of("SELECT"), ttl_bytes_of(number)};
    live_link_greet(link, 2, select);
}

bool crew_open_own(crew *self, crew_hand *hand, char *error) {
    static const ttl_bytes flush = {"FLUSHDB", 7};
    size_t count = hand->turn.vector->connection_count;
    while (self->idle_count > 0 && self->pool_count + count > self->options.jobs)
        shut(self, self->idle_links[self->idle_count - 1]);
    for (size_t i = 0; i < count; i++) {
        live_link *link = open_link(self, error);
        if (link == NULL) return false;
        link->tenant = hand;
        hand->own[i] = link;
        self->pool_count++;
        self->kept_count++;
        if (hand->has_database) greet_in(link, hand->turn.world.databases[0]);
        if (hand->has_database && i == 0) live_link_greet(link, 1, &flush);
        if (link->is_broken) return false;
    }
    return true;
}

void crew_give_back(crew *self, crew_hand *hand) {
    live_link *link = hand->leased;
    hand->leased = NULL;
    if (link == NULL) return;
    link->tenant = NULL;
    if (link->count > 0) { /* answers that nobody waits for any more */
        shut(self, link);
        return;
    }
    self->idle_links = memory_grown(self->idle_links, self->idle_count, sizeof(live_link *));
    self->idle_links[self->idle_count++] = link;
}

void crew_release(crew *self, crew_hand *hand) {
    crew_give_back(self, hand);
    for (size_t i = 0; i < TARGET_CONNECTIONS_MAX; i++) {
        if (hand->own[i] == NULL) continue;
        shut(self, hand->own[i]);
        self->kept_count--;
        hand->own[i] = NULL;
    }
}

/* -- the crew's own links -------------------------------------------------------------------- */

static void note_time(crew *self, const redisReply *reply, target_moments moments) {
    self->reads_clock = false;
    self->watch_failures = 0;
    bool is_sound = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
                    reply->element[0]->type == REDIS_REPLY_STRING &&
                    reply->element[1]->type == REDIS_REPLY_STRING;
    if (!is_sound) {
        self->is_blind = true;
        return;
    }
    int64_t seconds = strtoll(reply->element[0]->str, NULL, 10);
    int64_t micros = strtoll(reply->element[1]->str, NULL, 10);
    server_clock_read(&self->clock, (clock_reading){moments.sent_us, moments.received_us,
                                                    seconds * 1000000 + micros});
    crew_cover(self);
}

static bool has_watch(crew *self, char *error) {
    if (self->watch == NULL) self->watch = open_link(self, error);
    return self->watch != NULL;
}

bool crew_ask_rest(crew *self, size_t serial) {
    char error[TARGET_ERROR_SIZE];
    if (!has_watch(self, error)) return false;
    live_link_send(self->watch, TAG_AT_REST + serial, 1, &ping);
    live_link_flush(self->watch);
    return self->watch != NULL;
}

void crew_read_clock(crew *self) {
    static const ttl_bytes words[] = {{"TIME", 4}};
    char error[TARGET_ERROR_SIZE];
    if (self->reads_clock || self->is_blind) return;
    if (!has_watch(self, error)) {
        self->is_blind = ++self->watch_failures >= BLIND_AFTER;
        return;
    }
    self->reads_clock = true;
    live_link_send(self->watch, TAG_TIME, 1, words);
    live_link_flush(self->watch);
}

static void note_deaf(crew *self, const char *why) {
    if (++self->subscriber_failures >= DEAF_AFTER)
        snprintf(self->deaf, sizeof self->deaf, "%s", why);
}

bool crew_hears(crew *self) {
    char error[TARGET_ERROR_SIZE];
    if (self->hears || self->deaf[0] != '\0') return true;
    if (self->subscriber != NULL) return false;
    self->subscriber = open_link(self, error);
    if (self->subscriber == NULL) {
        note_deaf(self, error);
        return false;
    }
    char *pattern = text_format("__keyspace@*__:ttlspec:%s:e*", self->options.run_id);
    ttl_bytes words[] = {ttl_bytes_of("PSUBSCRIBE"), ttl_bytes_of(pattern)};
    live_link_send(self->subscriber, TAG_SUBSCRIBED, 2, words);
    live_link_flush(self->subscriber);
    free(pattern);
    return false;
}

/* Messages stand in the stream before the answer to a PING that is sent after the replies to what
 * caused them. */
bool crew_ask_events(crew *self, crew_hand *hand) {
    if (self->subscriber == NULL) return false;
    live_link_send(self->subscriber, hand->serial, 1, &ping);
    live_link_flush(self->subscriber);
    return true;
}

static void hear(crew *self, size_t tag, const redisReply *reply) {
    if (tag == TAG_SUBSCRIBED) {
        self->hears = reply->type != REDIS_REPLY_ERROR;
        if (!self->hears)
            snprintf(self->deaf, sizeof self->deaf, "refused PSUBSCRIBE: %.160s", reply->str);
        return;
    }
    if (tag != LIVE_LINK_MESSAGE) {
        crew_hand *asked = crew_hand_find(self, tag);
        if (asked != NULL && asked->awaits_events) crew_hand_events_are_in(self, asked);
        return;
    }
    const char *at = strstr(reply->element[2]->str, ":e");
    while (at != NULL && strtoull(at + 2, NULL, 10) == 0 && at[2] != '0') at = strstr(at + 2, ":e");
    crew_hand *hand = at == NULL ? NULL : crew_hand_find(self, strtoull(at + 2, NULL, 10));
    if (hand != NULL) crew_hand_event(hand, reply);
}

static void clean_in(crew *self, int database, size_t tag, size_t count, const ttl_bytes *words) {
    char number[16];
    snprintf(number, sizeof number, "%d", database);
    ttl_bytes select[] = {ttl_bytes_of("SELECT"), ttl_bytes_of(number)};
    if (database != self->options.target->databases[0])
        live_link_send(self->janitor, TAG_CLEANED, 2, select);
    live_link_send(self->janitor, tag, count, words);
    snprintf(number, sizeof number, "%d", self->options.target->databases[0]);
    select[1] = ttl_bytes_of(number);
    if (database != self->options.target->databases[0])
        live_link_send(self->janitor, TAG_CLEANED, 2, select);
}

static void empty_databases(crew *self, const crew_hand *hand) {
    static const ttl_bytes flush = {"FLUSHDB", 7};
    bool has_two = (hand->turn.vector->needs & VECTOR_NEEDS_DATABASES) != 0;
    for (size_t i = 0; i < 1 + (size_t)has_two; i++) {
        int database = hand->turn.world.databases[i];
        clean_in(self, database, TAG_EMPTIED + (size_t)database, 1, &flush);
    }
    live_link_flush(self->janitor);
}

void crew_clean(crew *self, crew_hand *hand) {
    const target *on = self->options.target;
    char error[TARGET_ERROR_SIZE];
    if (hand->next > 0 && self->janitor == NULL) self->janitor = open_link(self, error);
    if (hand->next == 0 || self->janitor == NULL) {
        if (hand->has_database) crew_give_back_databases(self);
        return;
    }
    if (hand->has_database) {
        empty_databases(self, hand);
        return;
    }
    size_t count;
    ttl_bytes *keys = attempt_keys(&hand->turn, &count);
    ttl_bytes *words = memory_zeroed(count + 1, sizeof *words);
    words[0] = ttl_bytes_of("DEL");
    for (size_t i = 0; i < count; i++) words[i + 1] = keys[i];
    if (count > 0) clean_in(self, on->databases[0], TAG_CLEANED, count + 1, words);
    if (count > 0 && (hand->turn.vector->needs & VECTOR_NEEDS_DATABASES) != 0)
        clean_in(self, on->databases[1], TAG_CLEANED, count + 1, words);
    live_link_flush(self->janitor);
    free(words);
    free(keys);
}

static void stop_waiting(uv_timer_t *handle) {
    uv_stop(handle->loop);
}

/* Who was to switch the active cycle on again may have broken off. */
static void switch_cycle_on(crew *self) {
    static const ttl_bytes words[] = {{"DEBUG", 5}, {"SET-ACTIVE-EXPIRE", 17}, {"1", 1}};
    char error[TARGET_ERROR_SIZE];
    if (self->used_debug && self->janitor == NULL) self->janitor = open_link(self, error);
    if (!self->used_debug || self->janitor == NULL) return;
    live_link_send(self->janitor, TAG_CLEANED, 3, words);
    live_link_flush(self->janitor);
}

void crew_finish_cleaning(crew *self) {
    switch_cycle_on(self);
    if (self->janitor == NULL || self->janitor->count == 0) return;
    self->is_cleaning = true;
    uv_timer_start(&self->tick, stop_waiting, CLEANING_MS, 0);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&self->tick);
}

/* -- what links tell ------------------------------------------------------------------------- */

static void on_reply(void *owner, live_link *link, size_t tag, const redisReply *reply,
                     target_moments moments) {
    crew *self = owner;
    if (link == self->watch && tag == TAG_TIME) note_time(self, reply, moments);
    else if (link == self->watch) crew_await_ping(self, tag - TAG_AT_REST);
    else if (link == self->subscriber) hear(self, tag, reply);
    else if (link == self->janitor && tag >= TAG_EMPTIED)
        self->is_database_taken[tag - TAG_EMPTIED] = false;
    else if (link != self->janitor && link->tenant != NULL)
        crew_hand_reply(self, link->tenant, tag, reply, moments);
}

/* Those that have begun have missed what was announced meanwhile. */
static void lose_subscriber(crew *self, const char *error) {
    self->subscriber = NULL;
    self->hears = false;
    note_deaf(self, error);
    for (size_t i = self->working_count; i-- > 0;)
        if (i < self->working_count && self->working[i]->turn.vector->has_events)
            crew_hand_break(self, self->working[i], error);
}

static void on_broken(void *owner, live_link *link) {
    crew *self = owner;
    crew_hand *hand = link->tenant;
    char error[TARGET_ERROR_SIZE];
    snprintf(error, sizeof error, "%s", link->error);
    bool never_began = link->greetings > 0, is_subscriber = link == self->subscriber;
    bool was_kept = false;
    for (size_t i = 0; hand != NULL && i < TARGET_CONNECTIONS_MAX; i++)
        was_kept |= hand->own[i] == link;
    shut(self, link);
    if (link == self->watch) {
        self->watch = NULL;
        self->reads_clock = false;
        self->is_blind = ++self->watch_failures >= BLIND_AFTER;
        crew_await_lost(self);
    }
    if (link == self->janitor) {
        self->janitor = NULL;
        crew_give_back_databases(self);
    }
    if (is_subscriber) lose_subscriber(self, error);
    if (hand == NULL) return;
    for (size_t i = 0; i < TARGET_CONNECTIONS_MAX; i++)
        if (hand->own[i] == link) hand->own[i] = NULL;
    self->kept_count -= was_kept;
    if (hand->leased == link) hand->leased = NULL;
    if (never_began) self->lost++;
    if (hand->turn.answered == 0 && never_began) hand->turn.never_began = true;
    crew_hand_break(self, hand, error);
}

static void on_rest(void *owner) {
    crew *self = owner;
    if (self->is_cleaning) {
        if (self->janitor == NULL || self->janitor->count == 0) uv_stop(&self->loop);
        return;
    }
    crew_look_around(self);
}
