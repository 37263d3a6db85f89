#include "sim/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/host.h"
#include "sim/queue.h"
#include "sim/wall.h"

#define US_PER_S  INT64_C(1000000)
#define US_PER_MS INT64_C(1000)
#define EPOCH_US  (INT64_C(1800000000) * US_PER_S)

enum {
    TICK_US = 100000, /* the active cycle, ten times a second */
    SERVICE_US = 5,   /* a command takes the server so long */
    INBOX = 32,       /* messages that wait for a client; more are dropped */
    EVENTS_MAX = 10000000,
};

enum event_kind {
    EVENT_WAKE,
    EVENT_ARRIVE,
    EVENT_REPLY,
    EVENT_MESSAGE,
    EVENT_TIMEOUT,
    EVENT_LEAVE,
    EVENT_CYCLE
};

/* What a client waits for. */
enum actor_state {
    ACTOR_RUNS,
    ACTOR_WAITS,   /* for a moment */
    ACTOR_EXPECTS, /* a reply */
    ACTOR_AWAITS,  /* a message */
    ACTOR_ENDED
};

#define NO_CONNECTION SIZE_MAX

struct actor {
    char name[PLAY_NAME_SIZE];
    const scenario_client *kind;
    scenario_value variables[SCENARIO_VARIABLES];
    int64_t loops[SCENARIO_LOOPS];
    size_t pc;
    enum actor_state state;
    uint32_t wakes;   /* timers that were set: only the last counts */
    int64_t until_us; /* of the clock that never jumps */
    bool has_paused;  /* before this instruction */
    int64_t paused_until_us;
    size_t main, listener; /* connections */
    uint64_t request;      /* the number of the last */
    unsigned retries_left;
    uint32_t commands;
    int64_t arrival_us, answer_us; /* of the last message each way: the next comes no earlier */
    sim_wall steady, wall;
    scenario_value inbox[INBOX];
    size_t inbox_count;
    struct {
        bool is_in, has_limit;
        int64_t until_us;
    } places[SCENARIO_PLACES];
};

/* A command on its way, its reply, or a message of a subscription. */
struct message {
    unsigned client;
    size_t connection;
    uint64_t request;
    const scenario_instruction *step;
    bool was_delayed;
    size_t argc;
    char text[SCENARIO_ARGUMENTS][SCENARIO_TEXT_SIZE];
    scenario_value value;
    uint32_t next_free;
};

struct play {
    const scenario *scenario;
    const play_schedule *given;
    play_observe *observe;
    void *context;
    host host;
    choices choices;
    promise_watch watch;
    sim_queue queue;
    sim_wall wall; /* of the servers */
    struct actor actors[SCENARIO_CLIENTS];
    const char *names[SCENARIO_CLIENTS];
    unsigned actor_count, at_work;
    struct message *messages;
    uint32_t message_count, message_capacity, first_free;
    ttl_reply reply;
    int64_t now_us, busy_until_us, cycle_us, crashes_left, failovers_left;
    const char *trouble, *trouble_pointer;
    uint64_t digest, events, commands;
    uint64_t moments[PLAY_MOMENTS];
    bool has_ended;
};

static const char *const moment_names[PLAY_MOMENTS] = {
    "command", "message",      "enter",        "leave",      "mark",
    "pause",   "crash",        "command lost", "reply lost", "message lost",
    "gave up", "server pause", "clock jump",   "failover"};

const char *play_moment_name(play_moment_kind kind) {
    return moment_names[kind];
}

/* ---- small things */

static void plan(play *self, int64_t at_us, enum event_kind kind, uint32_t node, uint64_t payload) {
    sim_queue_add(&self->queue, (sim_event){at_us, 0, (uint32_t)kind, node, payload});
}

static uint32_t message_new(play *self) {
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

static void message_free(play *self, uint32_t index) {
    self->messages[index].next_free = self->first_free;
    self->first_free = index;
}

static void tell(play *self, play_moment moment) {
    self->moments[moment.kind]++;
    moment.at_us = self->now_us;
    moment.wall_us = sim_wall_at(&self->wall, self->now_us);
    sim_digest_mix(&self->digest, (uint64_t)moment.kind << 32 | moment.client);
    if (self->observe != NULL) self->observe(self->context, &moment);
}

static void stumble(play *self, const char *trouble, const scenario_instruction *step) {
    self->trouble = trouble;
    self->trouble_pointer = step->pointer;
    self->has_ended = true;
}

static unsigned number_of(const play *self, const struct actor *actor) {
    return (unsigned)(actor - self->actors);
}

static int64_t steady_us(const play *self, const struct actor *actor) {
    return sim_wall_at(&actor->steady, self->now_us);
}

static void mix_text(play *self, const char *text) {
    for (; *text != '\0'; text++) sim_digest_mix(&self->digest, (unsigned char)*text);
}

/* ---- the server */

static void plan_cycle(play *self) {
    int64_t at_ms;
    if (!host_next_expiry(&self->host, &at_ms)) return;
    int64_t at_us = sim_wall_when(&self->wall, self->now_us, at_ms * US_PER_MS);
    at_us = (at_us / TICK_US + 1) * TICK_US;
    if (at_us == self->cycle_us) return;
    self->cycle_us = at_us;
    plan(self, at_us, EVENT_CYCLE, 0, 0);
}

static void replicate(play *self) {
    if (!self->scenario->has_replica) return;
    int64_t most_us = self->scenario->bounds.replica_lag_ms * US_PER_MS;
    int64_t lag_us = choices_span(&self->choices, CHOICE_SERVER, CHOICE_LAG, 0, most_us);
    host_replicate(&self->host, self->now_us + lag_us);
}

static void run_cycle(play *self) {
    self->cycle_us = 0;
    if (self->now_us < self->busy_until_us) {
        self->cycle_us = (self->busy_until_us / TICK_US + 1) * TICK_US;
        plan(self, self->cycle_us, EVENT_CYCLE, 0, 0);
        return;
    }
    host_cycle(&self->host, sim_wall_at(&self->wall, self->now_us));
    replicate(self);
    plan_cycle(self);
}

static scenario_value value_of_reply(const ttl_reply *reply, bool *fits) {
    const ttl_node *node = &reply->nodes[0];
    scenario_value value = {.kind = SCENARIO_NIL};
    if (node->type == TTL_REPLY_INTEGER) return scenario_value_of_integer(node->is.integer);
    if (ttl_reply_is_aggregate(node->type)) return scenario_value_of_integer(node->length);
    if (!ttl_reply_has_text(node->type)) return value;
    ttl_bytes text = ttl_reply_text(reply, 0);
    bool is_error = node->type == TTL_REPLY_ERROR;
    if (is_error && text.length >= SCENARIO_TEXT_SIZE) text.length = SCENARIO_TEXT_SIZE - 1;
    value = scenario_value_of_text(text.data, text.length, fits);
    if (is_error) value.kind = SCENARIO_ERROR;
    return value;
}

static int64_t draw_latency(play *self, unsigned client, choice_kind kind) {
    const int64_t *latency_us = self->scenario->bounds.latency_us;
    return choices_span(&self->choices, client, kind, latency_us[0], latency_us[1]);
}

/* To a client, behind all that goes there already. */
static int64_t answer_moment(play *self, unsigned client) {
    struct actor *actor = &self->actors[client];
    int64_t at_us = self->now_us + SERVICE_US + draw_latency(self, client, CHOICE_LATENCY_BACK);
    if (at_us < actor->answer_us) at_us = actor->answer_us;
    actor->answer_us = at_us;
    return at_us;
}

/* Faults of the server come before it runs a command. True: the command has to wait, or is gone. */
static bool server_fails(play *self, uint32_t index) {
    const scenario_bounds *bounds = &self->scenario->bounds;
    struct message *message = &self->messages[index];
    int64_t pause_us = choices_fault(&self->choices, CHOICE_SERVER, CHOICE_SERVER_PAUSE, 0,
                                     bounds->server_pause_ms * US_PER_MS);
    int64_t jump_us =
        choices_fault(&self->choices, CHOICE_SERVER, CHOICE_JUMP,
                      bounds->server_jump_ms[0] * US_PER_MS, bounds->server_jump_ms[1] * US_PER_MS);
    jump_us -= jump_us % US_PER_MS; /* as a vector can say it */
    if (jump_us != 0) {
        sim_wall_jump(&self->wall, self->now_us, jump_us);
        tell(self, (play_moment){.kind = PLAY_CLOCK_JUMP, .amount_us = jump_us});
    }
    if (self->failovers_left > 0 &&
        choices_fault(&self->choices, CHOICE_SERVER, CHOICE_FAILOVER, 0, 1) != 0) {
        self->failovers_left--;
        uint64_t first_lost;
        size_t lost = host_promote(&self->host, self->now_us, &first_lost);
        tell(self, (play_moment){.kind = PLAY_FAILOVER,
                                 .amount_us = (int64_t)lost,
                                 .first_lost = first_lost});
        return false;
    }
    if (pause_us == 0) return false;
    tell(self, (play_moment){.kind = PLAY_SERVER_PAUSE, .amount_us = pause_us});
    self->busy_until_us = self->now_us + pause_us;
    message->was_delayed = true;
    plan(self, self->busy_until_us, EVENT_ARRIVE, message->client, index);
    return true;
}

static void server_run(play *self, uint32_t index) {
    struct message *message = &self->messages[index];
    struct actor *actor = &self->actors[message->client];
    const scenario_instruction *step = message->step;
    ttl_bytes argv[SCENARIO_ARGUMENTS];
    bool fits = true;
    for (size_t i = 0; i < message->argc; i++) argv[i] = ttl_bytes_of(message->text[i]);
    int64_t wall_us = sim_wall_at(&self->wall, self->now_us);
    unsigned client = message->client;
    size_t connection = message->connection;
    if (step->asks_replica) {
        host_read_replica(&self->host, self->now_us, wall_us, message->argc, argv, &self->reply);
    } else {
        host_execute(&self->host, connection, wall_us, message->argc, argv, &self->reply);
        replicate(self);
    }
    self->commands++;
    self->busy_until_us = self->now_us + SERVICE_US;
    message = &self->messages[index]; /* a message of a subscription may have moved them */
    for (size_t i = 0; i < message->argc; i++) argv[i] = ttl_bytes_of(message->text[i]);
    message->value = value_of_reply(&self->reply, &fits);
    tell(self, (play_moment){.kind = PLAY_COMMAND,
                             .client = client,
                             .argc = message->argc,
                             .argv = argv,
                             .step = step,
                             .connection = connection,
                             .reply = &self->reply,
                             .asks_replica = step->asks_replica,
                             .is_late = message->request != actor->request});
    mix_text(self, message->value.text);
    if (!fits) stumble(self, "a reply is longer than 63 bytes", step);
    plan_cycle(self);
    bool is_lost = choices_chance(&self->choices, client, CHOICE_LOST_BACK,
                                  self->scenario->bounds.loss_per_1000);
    if (is_lost) tell(self, (play_moment){.kind = PLAY_REPLY_LOST, .client = client});
    if (is_lost) message_free(self, index);
    else plan(self, answer_moment(self, client), EVENT_REPLY, client, index);
}

static void server_arrive(play *self, uint32_t index) {
    struct message *message = &self->messages[index];
    if (self->now_us < self->busy_until_us) {
        plan(self, self->busy_until_us, EVENT_ARRIVE, message->client, index);
        return;
    }
    if (!message->was_delayed && server_fails(self, index)) return;
    if (host_is_connected(&self->host, message->connection)) server_run(self, index);
    else message_free(self, index);
}

/* A message of a subscription sets out. */
static void take_message(void *context, const host_connection *connection, ttl_bytes payload) {
    play *self = context;
    unsigned client = connection->client;
    size_t listener = self->actors[client].listener;
    if (listener == NO_CONNECTION || self->host.connections[listener] != connection) return;
    bool fits = true;
    if (choices_chance(&self->choices, client, CHOICE_LOST_BACK,
                       self->scenario->bounds.loss_per_1000)) {
        tell(self, (play_moment){.kind = PLAY_MESSAGE_LOST, .client = client});
        return;
    }
    uint32_t index = message_new(self);
    struct message *message = &self->messages[index];
    message->client = client;
    message->connection = listener;
    message->value = scenario_value_of_text(payload.data, payload.length, &fits);
    plan(self, answer_moment(self, client), EVENT_MESSAGE, client, index);
}

/* ---- sending */

static void actor_transmit(play *self, struct actor *actor) {
    const scenario_instruction *step = &actor->kind->program[actor->pc];
    unsigned client = number_of(self, actor);
    size_t *connection = step->listens ? &actor->listener : &actor->main;
    if (*connection == NO_CONNECTION) *connection = host_connect(&self->host, client);
    uint32_t index = message_new(self);
    struct message *message = &self->messages[index];
    *message = (struct message){.client = client,
                                .connection = *connection,
                                .request = ++actor->request,
                                .step = step,
                                .argc = step->argc};
    bool fits = true;
    ttl_bytes argv[SCENARIO_ARGUMENTS];
    for (size_t i = 0; i < step->argc; i++) {
        scenario_fill(&step->argv[i], actor->variables, message->text[i], &fits);
        argv[i] = ttl_bytes_of(message->text[i]);
    }
    if (!fits) stumble(self, "an argument gets longer than 63 bytes", step);
    actor->state = ACTOR_EXPECTS;
    plan(self, self->now_us + step->timeout_ms * US_PER_MS, EVENT_TIMEOUT, client, actor->request);
    int64_t at_us = self->now_us + draw_latency(self, client, CHOICE_LATENCY_TO);
    if (choices_chance(&self->choices, client, CHOICE_LOST_TO,
                       self->scenario->bounds.loss_per_1000)) {
        tell(self,
             (play_moment){
                 .kind = PLAY_COMMAND_LOST, .client = client, .argc = step->argc, .argv = argv});
        message_free(self, index);
        return;
    }
    if (at_us < actor->arrival_us) at_us = actor->arrival_us;
    actor->arrival_us = at_us;
    plan(self, at_us, EVENT_ARRIVE, client, index);
}

/* ---- programs */

static void actor_wait_until(play *self, struct actor *actor, int64_t until_us) {
    actor->state = ACTOR_WAITS;
    actor->until_us = until_us;
    int64_t at_us = sim_wall_when(&actor->steady, self->now_us, until_us);
    plan(self, at_us, EVENT_WAKE, number_of(self, actor), ++actor->wakes);
}

static void actor_stand_still(play *self, struct actor *actor, int64_t for_us) {
    actor->state = ACTOR_WAITS;
    actor->until_us = INT64_MIN;
    actor->paused_until_us = self->now_us + for_us;
    plan(self, actor->paused_until_us, EVENT_WAKE, number_of(self, actor), ++actor->wakes);
}

static void actor_end(play *self, struct actor *actor) {
    actor->state = ACTOR_ENDED;
    self->at_work--;
}

/* It ends in the middle of its program: nothing of it goes on. */
static void actor_die(play *self, struct actor *actor) {
    promise_client_gone(&self->watch, number_of(self, actor));
    for (size_t i = 0; i < SCENARIO_PLACES; i++) actor->places[i].is_in = false;
    actor_end(self, actor);
}

/* True: it stands still, or is no more, instead of going on with its instruction. */
static bool actor_fails(play *self, struct actor *actor) {
    unsigned client = number_of(self, actor);
    const scenario_bounds *bounds = &self->scenario->bounds;
    if (actor->has_paused) return false;
    actor->has_paused = true;
    if (self->crashes_left > 0 && choices_fault(&self->choices, client, CHOICE_CRASH, 0, 1) != 0) {
        self->crashes_left--;
        tell(self, (play_moment){.kind = PLAY_CRASH, .client = client});
        actor_die(self, actor);
        return true;
    }
    int64_t pause_us =
        choices_fault(&self->choices, client, CHOICE_PAUSE, 0, bounds->client_pause_ms * US_PER_MS);
    if (pause_us == 0) return false;
    tell(self, (play_moment){.kind = PLAY_PAUSE, .client = client, .amount_us = pause_us});
    actor_stand_still(self, actor, pause_us);
    return true;
}

static void actor_leave(play *self, struct actor *actor, size_t place) {
    if (!actor->places[place].is_in) return;
    actor->places[place].is_in = false;
    promise_leave(&self->watch, place, number_of(self, actor));
    tell(self, (play_moment){.kind = PLAY_LEAVE,
                             .client = number_of(self, actor),
                             .name = self->scenario->places[place]});
}

/* A place that may be held no longer is not entered. */
static void actor_enter(play *self, struct actor *actor, const scenario_instruction *step,
                        int64_t until_ms) {
    size_t place = step->place;
    unsigned client = number_of(self, actor);
    if (step->has_limit && until_ms * US_PER_MS <= steady_us(self, actor)) return;
    actor->places[place].has_limit = step->has_limit;
    if (step->has_limit) {
        actor->places[place].until_us = until_ms * US_PER_MS;
        int64_t at_us = sim_wall_when(&actor->steady, self->now_us, actor->places[place].until_us);
        plan(self, at_us, EVENT_LEAVE, client, place);
    }
    if (actor->places[place].is_in) return;
    actor->places[place].is_in = true;
    tell(self, (play_moment){
                   .kind = PLAY_ENTER, .client = client, .name = self->scenario->places[place]});
    promise_enter(&self->watch, place, client, self->now_us);
}

static void actor_mark(play *self, struct actor *actor, const scenario_instruction *step) {
    char of[SCENARIO_TEXT_SIZE];
    bool fits = true;
    scenario_fill(&step->of, actor->variables, of, &fits);
    if (!fits) stumble(self, "a name gets longer than 63 bytes", step);
    unsigned client = number_of(self, actor);
    tell(self, (play_moment){.kind = PLAY_MARK, .client = client, .name = step->name, .of = of});
    mix_text(self, of);
    promise_mark(&self->watch, step->name, of, client, self->now_us);
}

static void actor_take_reply(struct actor *actor, const scenario_instruction *step,
                             const scenario_value *value) {
    if (step->into != 0) actor->variables[step->into] = *value;
    actor->pc++;
    actor->has_paused = false;
    actor->state = ACTOR_RUNS;
}

static void actor_send(play *self, struct actor *actor, const scenario_instruction *step) {
    uint32_t limit =
        self->given == NULL ? PLAY_NO_LIMIT : self->given->limits[number_of(self, actor)];
    if (actor->commands == limit) {
        actor_die(self, actor);
        return;
    }
    actor->commands++;
    actor->retries_left = step->retries;
    if (step->sent != 0)
        actor->variables[step->sent] =
            scenario_value_of_integer(steady_us(self, actor) / US_PER_MS);
    actor_transmit(self, actor);
}

static void actor_await(play *self, struct actor *actor, const scenario_instruction *step) {
    if (actor->inbox_count == 0) {
        actor_wait_until(self, actor, steady_us(self, actor) + step->timeout_ms * US_PER_MS);
        actor->state = ACTOR_AWAITS;
        return;
    }
    scenario_value first = actor->inbox[0];
    memmove(&actor->inbox[0], &actor->inbox[1], --actor->inbox_count * sizeof first);
    actor_take_reply(actor, step, &first);
}

/* From low to high milliseconds, by the clock that never jumps. */
static void actor_wait(play *self, struct actor *actor, int64_t low_ms, int64_t high_ms) {
    int64_t wait_ms = high_ms <= low_ms ? low_ms
                                        : choices_span(&self->choices, number_of(self, actor),
                                                       CHOICE_WAIT, low_ms, high_ms);
    actor_wait_until(self, actor, steady_us(self, actor) + wait_ms * US_PER_MS);
}

/* What only changes the client itself. NULL, or what is wrong. */
static const char *actor_think(struct actor *actor, const scenario_instruction *step) {
    bool holds = true;
    const char *wrong = NULL;
    scenario_value value;
    size_t next = actor->pc + 1;
    switch (step->verb) {
    case SCENARIO_SET:
        wrong = scenario_evaluate(&step->low, actor->variables, &value);
        if (wrong == NULL) actor->variables[step->into] = value;
        break;
    case SCENARIO_UNLESS:
        wrong = scenario_holds(&step->condition, actor->variables, &holds);
        if (!holds) next = step->target;
        break;
    case SCENARIO_JUMP: next = step->target; break;
    case SCENARIO_COUNT: actor->loops[step->loop] = 0; break;
    default: /* SCENARIO_AGAIN */
        if (actor->loops[step->loop]++ >= step->rounds) next = step->target;
    }
    actor->pc = next;
    actor->has_paused = false;
    return wrong;
}

/* What the world notices. */
static const char *actor_act(play *self, struct actor *actor, const scenario_instruction *step) {
    int64_t low = 0, high = 0;
    const char *wrong = NULL;
    if (step->low.count > 0) wrong = scenario_number(&step->low, actor->variables, &low);
    high = low;
    if (wrong == NULL && step->high.count > 0)
        wrong = scenario_number(&step->high, actor->variables, &high);
    if (wrong != NULL) return wrong;
    switch (step->verb) {
    case SCENARIO_DO: actor_send(self, actor, step); return NULL;
    case SCENARIO_AWAIT: actor_await(self, actor, step); return NULL;
    case SCENARIO_WAIT: actor_wait(self, actor, low, high); return NULL;
    case SCENARIO_WAIT_UNTIL: actor_wait_until(self, actor, low * US_PER_MS); return NULL;
    case SCENARIO_ENTER: actor_enter(self, actor, step, low); break;
    case SCENARIO_LEAVE: actor_leave(self, actor, step->place); break;
    default: actor_mark(self, actor, step);
    }
    actor->pc++;
    actor->has_paused = false;
    return NULL;
}

static bool is_thought(scenario_verb verb) {
    return verb >= SCENARIO_UNLESS || verb == SCENARIO_SET;
}

static void actor_run(play *self, struct actor *actor) {
    while (actor->state == ACTOR_RUNS && !self->has_ended && self->watch.broken == NULL) {
        const scenario_instruction *step = &actor->kind->program[actor->pc];
        const char *wrong = NULL;
        if (step->verb == SCENARIO_END) {
            actor_end(self, actor);
            return;
        }
        actor->variables[SCENARIO_NOW] =
            scenario_value_of_integer(steady_us(self, actor) / US_PER_MS);
        actor->variables[SCENARIO_WALL] =
            scenario_value_of_integer(sim_wall_at(&actor->wall, self->now_us) / US_PER_MS);
        if (is_thought(step->verb)) wrong = actor_think(actor, step);
        else if (!actor_fails(self, actor)) wrong = actor_act(self, actor, step);
        if (wrong != NULL) stumble(self, wrong, step);
    }
}

/* ---- what comes to a client */

static void actor_wake(play *self, struct actor *actor, uint64_t wakes) {
    bool waits = actor->state == ACTOR_WAITS || actor->state == ACTOR_AWAITS;
    if (!waits || wakes != actor->wakes) return;
    if (steady_us(self, actor) < actor->until_us) {
        enum actor_state state = actor->state;
        actor_wait_until(self, actor, actor->until_us);
        actor->state = state;
        return;
    }
    const scenario_instruction *step = &actor->kind->program[actor->pc];
    bool stood_still = actor->until_us == INT64_MIN;
    if (actor->state == ACTOR_AWAITS)
        actor_take_reply(actor, step, &(scenario_value){.kind = SCENARIO_NIL});
    else if (!stood_still) actor_take_reply(actor, step, &actor->variables[step->into]);
    actor->state = ACTOR_RUNS;
    actor_run(self, actor);
}

static void actor_hear(play *self, struct actor *actor, uint32_t index) {
    struct message *message = &self->messages[index];
    bool is_expected = actor->state == ACTOR_EXPECTS && message->request == actor->request;
    scenario_value value = message->value;
    message_free(self, index);
    if (!is_expected) return;
    actor_take_reply(actor, &actor->kind->program[actor->pc], &value);
    actor_run(self, actor);
}

static void actor_get_message(play *self, struct actor *actor, uint32_t index) {
    scenario_value value = self->messages[index].value;
    message_free(self, index);
    if (actor->state == ACTOR_ENDED || actor->inbox_count == INBOX) return;
    tell(self,
         (play_moment){.kind = PLAY_MESSAGE, .client = number_of(self, actor), .name = value.text});
    actor->inbox[actor->inbox_count++] = value;
    if (actor->state != ACTOR_AWAITS) return;
    actor->state = ACTOR_RUNS;
    actor_run(self, actor);
}

/* The connection is given up; the next command opens another one. */
static void actor_time_out(play *self, struct actor *actor, uint64_t request) {
    if (actor->state != ACTOR_EXPECTS || request != actor->request) return;
    const scenario_instruction *step = &actor->kind->program[actor->pc];
    *(step->listens ? &actor->listener : &actor->main) = NO_CONNECTION;
    actor->request++;
    actor->arrival_us = actor->answer_us = self->now_us;
    tell(self, (play_moment){.kind = PLAY_GAVE_UP, .client = number_of(self, actor)});
    if (actor->retries_left > 0) {
        actor->retries_left--;
        actor_transmit(self, actor);
        return;
    }
    actor_take_reply(actor, step, &(scenario_value){.kind = SCENARIO_LOST});
    actor_run(self, actor);
}

static void actor_must_leave(play *self, struct actor *actor, size_t place) {
    if (!actor->places[place].is_in || !actor->places[place].has_limit) return;
    int64_t until_us = actor->places[place].until_us;
    if (steady_us(self, actor) >= until_us) {
        actor_leave(self, actor, place);
        return;
    }
    plan(self, sim_wall_when(&actor->steady, self->now_us, until_us), EVENT_LEAVE,
         number_of(self, actor), place);
}

/* ---- the loop */

static void handle(play *self, const sim_event *event) {
    struct actor *actor = &self->actors[event->node];
    bool is_actors = event->kind != EVENT_ARRIVE && event->kind != EVENT_CYCLE;
    if (is_actors && self->now_us < actor->paused_until_us) {
        plan(self, actor->paused_until_us, (enum event_kind)event->kind, event->node,
             event->payload);
        return;
    }
    switch ((enum event_kind)event->kind) {
    case EVENT_WAKE: actor_wake(self, actor, event->payload); break;
    case EVENT_ARRIVE: server_arrive(self, (uint32_t)event->payload); break;
    case EVENT_REPLY: actor_hear(self, actor, (uint32_t)event->payload); break;
    case EVENT_MESSAGE: actor_get_message(self, actor, (uint32_t)event->payload); break;
    case EVENT_TIMEOUT: actor_time_out(self, actor, event->payload); break;
    case EVENT_LEAVE: actor_must_leave(self, actor, event->payload); break;
    case EVENT_CYCLE:
        if (event->at_us == self->cycle_us) run_cycle(self);
    }
}

bool play_step(play *self) {
    sim_event event;
    if (self->has_ended) return false;
    if (self->at_work == 0 || !sim_queue_take(&self->queue, &event)) {
        promise_finish(&self->watch);
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
    if (is_absent) actor_end(self, actor);
    else actor_stand_still(self, actor, 0);
}

play *play_new(const play_options *options) {
    play *self = calloc(1, sizeof *self);
    if (self == NULL) abort();
    self->scenario = options->scenario;
    self->given = options->given;
    self->observe = options->observe;
    self->context = options->context;
    self->first_free = UINT32_MAX;
    self->crashes_left = self->scenario->bounds.client_crashes;
    self->failovers_left = self->scenario->bounds.failovers;
    ttl_reply_init(&self->reply, ttl_allocator_libc());
    host_open(&self->host, self->scenario, options->seed);
    self->host.on_message = take_message;
    self->host.context = self;
    choices_begin(&self->choices, options->seed,
                  options->given == NULL ? NULL : &options->given->choices, options->taken);
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
                         .trouble = self->trouble,
                         .trouble_pointer = self->trouble_pointer,
                         .digest = self->digest,
                         .events = self->events,
                         .commands = self->commands,
                         .span_us = self->now_us,
                         .moments = self->moments};
}

const char *play_client_name(const play *self, unsigned client) {
    return client < self->actor_count ? self->actors[client].name : NULL;
}
