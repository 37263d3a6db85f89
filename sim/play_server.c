/* The way to the servers and back: what they do, and what becomes of it. */
#include "sim/play_inside.h"

enum {
    TICK_US = 100000, /* the active cycle, ten times a second */
    SERVICE_US = 5,   /* a command takes the server so long */
};

static void plan_cycle(play *self) {
    int64_t at_ms;
    if (!host_next_expiry(&self->host, &at_ms)) return;
    int64_t at_us = sim_wall_when(&self->wall, self->now_us, at_ms * US_PER_MS);
    at_us = (at_us / TICK_US + 1) * TICK_US;
    if (at_us == self->cycle_us) return;
    self->cycle_us = at_us;
    play_plan(self, at_us, EVENT_CYCLE, 0, 0);
}

/* When the replica has what was changed; 0: nothing was. */
static int64_t replicate(play *self) {
    if (!self->scenario->has_replica) return 0;
    int64_t most_us = self->scenario->bounds.replica_lag_ms * US_PER_MS;
    int64_t lag_us = choices_span(&self->choices, CHOICE_SERVER, CHOICE_LAG, 0, most_us);
    return host_replicate(&self->host, self->now_us + lag_us);
}

void play_server_reclaimed(void *context, const char *key) {
    play_note_small(context, (play_moment){.kind = PLAY_EXPIRED, .name = key});
}

void play_server_cycle(play *self) {
    self->cycle_us = 0;
    if (self->now_us < self->busy_until_us) {
        self->cycle_us = (self->busy_until_us / TICK_US + 1) * TICK_US;
        play_plan(self, self->cycle_us, EVENT_CYCLE, 0, 0);
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

/* To a client, behind all that goes there already. */
static int64_t answer_moment(play *self, unsigned client) {
    struct actor *actor = &self->actors[client];
    int64_t at_us =
        self->now_us + SERVICE_US + play_draw_latency(self, client, CHOICE_LATENCY_BACK);
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
        play_note(self, (play_moment){.kind = PLAY_CLOCK_JUMP, .amount_us = jump_us});
    }
    if (self->failovers_left > 0 &&
        choices_fault(&self->choices, CHOICE_SERVER, CHOICE_FAILOVER, 0, 1) != 0) {
        self->failovers_left--;
        uint64_t first_lost;
        size_t lost = host_promote(&self->host, self->now_us, &first_lost);
        play_note(self, (play_moment){.kind = PLAY_FAILOVER,
                                      .amount_us = (int64_t)lost,
                                      .first_lost = first_lost});
        return false;
    }
    if (pause_us == 0) return false;
    play_note(self, (play_moment){.kind = PLAY_SERVER_PAUSE, .amount_us = pause_us});
    self->busy_until_us = self->now_us + pause_us;
    message->was_delayed = true;
    play_plan(self, self->busy_until_us, EVENT_ARRIVE, message->client, index);
    return true;
}

static void server_run(play *self, uint32_t index) {
    struct message *message = &self->messages[index];
    struct actor *actor = &self->actors[message->client];
    const scenario_instruction *step = message->step;
    ttl_bytes argv[SCENARIO_ARGUMENTS];
    bool fits = true;
    for (size_t i = 0; i < message->argc; i++) argv[i] = ttl_bytes_of(message->text[i]);
    int64_t wall_us = sim_wall_at(&self->wall, self->now_us), replicated_us = 0;
    unsigned client = message->client;
    size_t connection = message->connection;
    if (self->is_eager) {
        host_cycle(&self->host, wall_us);
        host_replicate(&self->host, self->now_us);
    }
    if (step->asks_replica) {
        host_read_replica(&self->host, self->now_us, wall_us, message->argc, argv, &self->reply);
    } else {
        host_execute(&self->host, connection, wall_us, message->argc, argv, &self->reply);
        replicated_us = replicate(self);
    }
    self->commands++;
    self->busy_until_us = self->now_us + SERVICE_US;
    message = &self->messages[index]; /* a message of a subscription may have moved them */
    for (size_t i = 0; i < message->argc; i++) argv[i] = ttl_bytes_of(message->text[i]);
    message->value = value_of_reply(&self->reply, &fits);
    play_note(self, (play_moment){.kind = PLAY_COMMAND,
                                  .client = client,
                                  .argc = message->argc,
                                  .argv = argv,
                                  .step = step,
                                  .connection = connection,
                                  .reply = &self->reply,
                                  .asks_replica = step->asks_replica,
                                  .is_late = message->request != actor->request,
                                  .since_us = message->sent_us,
                                  .replicated_us = replicated_us});
    message->sent_us = self->now_us;
    play_mix_text(self, message->value.text);
    if (!fits) play_stumble(self, "a reply is longer than 63 bytes", step);
    plan_cycle(self);
    bool is_lost = choices_chance(&self->choices, client, CHOICE_LOST_BACK,
                                  self->scenario->bounds.loss_per_1000);
    if (is_lost)
        play_note(self, (play_moment){.kind = PLAY_REPLY_LOST,
                                      .client = client,
                                      .asks_replica = step->asks_replica});
    if (is_lost) play_message_free(self, index);
    else play_plan(self, answer_moment(self, client), EVENT_REPLY, client, index);
}

void play_server_arrive(play *self, uint32_t index) {
    struct message *message = &self->messages[index];
    if (self->now_us < self->busy_until_us) {
        play_plan(self, self->busy_until_us, EVENT_ARRIVE, message->client, index);
        return;
    }
    if (!message->was_delayed && server_fails(self, index)) return;
    if (host_is_connected(&self->host, message->connection)) {
        server_run(self, index);
        return;
    }
    play_note_small(self, (play_moment){.kind = PLAY_REFUSED,
                                        .client = message->client,
                                        .since_us = message->sent_us});
    play_message_free(self, index);
}

/* A message of a subscription sets out. */
void play_server_message(void *context, const host_connection *connection, ttl_bytes payload) {
    play *self = context;
    unsigned client = connection->client;
    size_t listener = self->actors[client].listener;
    if (listener == NO_CONNECTION || self->host.connections[listener] != connection) return;
    bool fits = true;
    if (choices_chance(&self->choices, client, CHOICE_LOST_BACK,
                       self->scenario->bounds.loss_per_1000)) {
        play_note(self, (play_moment){.kind = PLAY_MESSAGE_LOST, .client = client});
        return;
    }
    uint32_t index = play_message_new(self);
    struct message *message = &self->messages[index];
    message->client = client;
    message->connection = listener;
    message->sent_us = self->now_us;
    message->value = scenario_value_of_text(payload.data, payload.length, &fits);
    play_plan(self, answer_moment(self, client), EVENT_MESSAGE, client, index);
}
