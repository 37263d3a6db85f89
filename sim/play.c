#include "sim/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/play_inside.h"

#define EPOCH_US (INT64_C(1800000000) * US_PER_S)

enum { EVENTS_MAX = 10000000 };

static const char *const moment_names[PLAY_MOMENTS] = {
    "command", "message",      "enter",        "leave",      "mark",
    "pause",   "crash",        "command lost", "reply lost", "message lost",
    "gave up", "server pause", "clock jump",   "failover"};

const char *play_moment_name(play_moment_kind kind) {
    return moment_names[kind];
}

/* ---- small things */

void play_plan(play *self, int64_t at_us, enum event_kind kind, uint32_t node, uint64_t payload) {
    sim_queue_add(&self->queue, (sim_event){at_us, 0, (uint32_t)kind, node, payload});
}

uint32_t play_message_new(play *self) {
    uint32_t index = self->first_free;
    if (index != UINT32_MAX) {
        self->first_free = self->messages[index].next_free;
        return index;
    }
    index = self->message_count++;
    if (index == self->message_capacity) {
        self->message_capacity = index == 0 ? 16 : index * 2;
        self->messages = realloc(self->messages, self->message_capacity * sizeof *self->messages);
        if (self->messages == NULL) abort();
    }
    return index;
}

void play_message_free(play *self, uint32_t index) {
    self->messages[index].next_free = self->first_free;
    self->first_free = index;
}

static void tell(const play *self, play_moment *moment) {
    moment->at_us = self->now_us;
    moment->wall_us = sim_wall_at(&self->wall, self->now_us);
    if (self->observe != NULL) self->observe(self->context, moment);
}

void play_note(play *self, play_moment moment) {
    self->moments[moment.kind]++;
    sim_digest_mix(&self->digest, (uint64_t)moment.kind << 32 | moment.client);
    tell(self, &moment);
}

void play_note_small(play *self, play_moment moment) {
    if (self->is_thorough) tell(self, &moment);
}

void play_stumble(play *self, const char *trouble, const scenario_instruction *step) {
    self->trouble = trouble;
    self->trouble_pointer = step->pointer;
    self->has_ended = true;
}

unsigned play_number_of(const play *self, const struct actor *actor) {
    return (unsigned)(actor - self->actors);
}

int64_t play_steady_us(const play *self, const struct actor *actor) {
    return sim_wall_at(&actor->steady, self->now_us);
}

void play_mix_text(play *self, const char *text) {
    for (; *text != '\0'; text++) sim_digest_mix(&self->digest, (unsigned char)*text);
}

int64_t play_draw_latency(play *self, unsigned client, choice_kind kind) {
    const int64_t *latency_us = self->scenario->bounds.latency_us;
    return choices_span(&self->choices, client, kind, latency_us[0], latency_us[1]);
}

/* ---- the loop */

static void handle(play *self, const sim_event *event) {
    struct actor *actor = &self->actors[event->node];
    bool is_actors = event->kind != EVENT_ARRIVE && event->kind != EVENT_CYCLE;
    if (is_actors && self->now_us < actor->paused_until_us) {
        play_plan(self, actor->paused_until_us, (enum event_kind)event->kind, event->node,
                  event->payload);
        return;
    }
    switch ((enum event_kind)event->kind) {
    case EVENT_WAKE: play_actor_wake(self, actor, event->payload); break;
    case EVENT_ARRIVE: play_server_arrive(self, (uint32_t)event->payload); break;
    case EVENT_REPLY: play_actor_hear(self, actor, (uint32_t)event->payload); break;
    case EVENT_MESSAGE: play_actor_message(self, actor, (uint32_t)event->payload); break;
    case EVENT_TIMEOUT: play_actor_time_out(self, actor, event->payload); break;
    case EVENT_LEAVE: play_actor_must_leave(self, actor, event->payload); break;
    case EVENT_CYCLE:
        if (event->at_us == self->cycle_us) play_server_cycle(self);
    }
}

bool play_step(play *self) {
    sim_event event;
    if (self->has_ended) return false;
    int64_t until_us = self->given == NULL ? 0 : self->given->until_us;
    bool goes_on = self->at_work > 0 && sim_queue_take(&self->queue, &event);
    bool is_cut = goes_on && until_us > 0 && event.at_us > until_us;
    if (!goes_on || is_cut) {
        if (is_cut) self->now_us = until_us;
        promise_finish(&self->watch, is_cut ? until_us : 0);
        self->has_ended = true;
        return false;
    }
    self->now_us = event.at_us;
    if (self->events++ == EVENTS_MAX) abort(); /* programs are bounded */
    sim_digest_mix(&self->digest, (uint64_t)event.at_us);
    sim_digest_mix(&self->digest, (uint64_t)event.kind << 32 | event.node);
    handle(self, &event);
    if (self->watch.broken != NULL) self->has_ended = true;
    return !self->has_ended;
}

/* ---- beginning */

unsigned play_client_count(const scenario *script) {
    unsigned count = 0;
    for (size_t i = 0; i < script->client_count; i++) count += script->clients[i].count;
    return count;
}

void play_client_name_of(const scenario *script, unsigned client, char name[PLAY_NAME_SIZE]) {
    size_t kind = 0;
    for (; client >= script->clients[kind].count; kind++) client -= script->clients[kind].count;
    const char *word = script->clients[kind].name;
    if (script->clients[kind].count == 1) snprintf(name, PLAY_NAME_SIZE, "%s", word);
    else snprintf(name, PLAY_NAME_SIZE, "%s-%u", word, client + 1);
}

static void actor_begin(play *self, const scenario_client *kind, unsigned number) {
    const scenario_bounds *bounds = &self->scenario->bounds;
    unsigned client = self->actor_count++;
    struct actor *actor = &self->actors[client];
    bool fits = true;
    actor->kind = kind;
    actor->main = actor->listener = NO_CONNECTION;
    play_client_name_of(self->scenario, client, actor->name);
    self->names[client] = actor->name;
    actor->variables[SCENARIO_ME] = scenario_value_of_text(actor->name, strlen(actor->name), &fits);
    actor->variables[SCENARIO_NUMBER] = scenario_value_of_integer(number);
    int64_t off_us = bounds->client_offset_ms * US_PER_MS, ppm = bounds->client_drift_ppm;
    actor->wall.base_us =
        EPOCH_US + choices_fault(&self->choices, client, CHOICE_OFFSET, -off_us, off_us);
    actor->wall.drift_ppm = actor->steady.drift_ppm =
        choices_fault(&self->choices, client, CHOICE_DRIFT, -ppm, ppm);
    self->at_work++;
    bool is_absent = self->given != NULL && self->given->limits[client] == 0;
    if (is_absent) play_actor_end(self, actor);
    else play_actor_stand_still(self, actor, 0);
}

play *play_new(const play_options *options) {
    play *self = calloc(1, sizeof *self);
    if (self == NULL) abort();
    self->scenario = options->scenario;
    self->given = options->given;
    self->observe = options->observe;
    self->context = options->context;
    self->is_eager = options->is_eager;
    self->is_thorough = options->is_thorough;
    self->first_free = UINT32_MAX;
    self->crashes_left = self->scenario->bounds.client_crashes;
    self->failovers_left = self->scenario->bounds.failovers;
    ttl_reply_init(&self->reply, ttl_allocator_libc());
    host_open(&self->host, self->scenario, options->seed);
    self->host.on_message = play_server_message;
    self->host.on_reclaimed = play_server_reclaimed;
    self->host.context = self;
    choices_begin(&self->choices, options->seed,
                  options->given == NULL ? NULL : &options->given->choices, options->taken);
    self->choices.redrawn = options->redrawn;
    promise_watch_begin(&self->watch, self->scenario, self->names);
    int64_t ppm = self->scenario->bounds.server_drift_ppm;
    self->wall.base_us = EPOCH_US;
    self->wall.drift_ppm = choices_fault(&self->choices, CHOICE_SERVER, CHOICE_DRIFT, -ppm, ppm);
    for (size_t i = 0; i < self->scenario->client_count; i++)
        for (unsigned number = 1; number <= self->scenario->clients[i].count; number++)
            actor_begin(self, &self->scenario->clients[i], number);
    return self;
}

void play_free(play *self) {
    host_close(&self->host);
    promise_watch_end(&self->watch);
    sim_queue_free(&self->queue);
    ttl_reply_free(&self->reply);
    free(self->messages);
    free(self);
}

/* ---- telling */

play_report play_tell(const play *self) {
    return (play_report){.broken = self->watch.broken,
                         .what = self->watch.what,
                         .breaker = self->watch.breaker,
                         .owed_us = self->watch.owed_us,
                         .longest_wait_us = self->watch.longest_us,
                         .trouble = self->trouble,
                         .trouble_pointer = self->trouble_pointer,
                         .digest = self->digest,
                         .events = self->events,
                         .commands = self->commands,
                         .span_us = self->now_us,
                         .moments = self->moments};
}

int64_t play_deadline(play *self, const char *key) {
    return host_deadline(&self->host, key);
}

const char *play_client_name(const play *self, unsigned client) {
    return client < self->actor_count ? self->actors[client].name : NULL;
}
