/* The clients of a play: their programs, step by step. */
#include <string.h>

#include "sim/play_inside.h"

#define NO_LOOP UINT32_MAX /* one that leaves out no rounds */

/* ---- sending */

static void actor_transmit(play *self, struct actor *actor) {
    const scenario_instruction *step = &actor->kind->program[actor->pc];
    unsigned client = play_number_of(self, actor);
    size_t *connection = step->listens ? &actor->listener : &actor->main;
    if (*connection == NO_CONNECTION) *connection = host_connect(&self->host, client);
    uint32_t index = play_message_new(self);
    struct message *message = &self->messages[index];
    *message = (struct message){.client = client,
                                .connection = *connection,
                                .request = ++actor->request,
                                .step = step,
                                .sent_us = self->now_us,
                                .argc = step->argc};
    bool fits = true;
    ttl_bytes argv[SCENARIO_ARGUMENTS];
    for (size_t i = 0; i < step->argc; i++) {
        scenario_fill(&step->argv[i], actor->variables, message->text[i], &fits);
        argv[i] = ttl_bytes_of(message->text[i]);
    }
    if (!fits) play_stumble(self, "an argument gets longer than 63 bytes", step);
    actor->state = ACTOR_EXPECTS;
    play_plan(self, self->now_us + step->timeout_ms * US_PER_MS, EVENT_TIMEOUT, client,
              actor->request);
    int64_t at_us = self->now_us + play_draw_latency(self, client, CHOICE_LATENCY_TO);
    if (choices_chance(&self->choices, client, CHOICE_LOST_TO,
                       self->scenario->bounds.loss_per_1000)) {
        play_note(self, (play_moment){.kind = PLAY_COMMAND_LOST,
                                      .client = client,
                                      .argc = step->argc,
                                      .argv = argv});
        play_message_free(self, index);
        return;
    }
    if (at_us < actor->arrival_us) at_us = actor->arrival_us;
    actor->arrival_us = at_us;
    play_plan(self, at_us, EVENT_ARRIVE, client, index);
}

/* ---- programs */

static void actor_wait_until(play *self, struct actor *actor, int64_t until_us) {
    actor->state = ACTOR_WAITS;
    actor->until_us = until_us;
    int64_t at_us = sim_wall_when(&actor->steady, self->now_us, until_us);
    play_plan(self, at_us, EVENT_WAKE, play_number_of(self, actor), ++actor->wakes);
}

void play_actor_stand_still(play *self, struct actor *actor, int64_t for_us) {
    actor->state = ACTOR_WAITS;
    actor->until_us = INT64_MIN;
    actor->paused_until_us = self->now_us + for_us;
    play_plan(self, actor->paused_until_us, EVENT_WAKE, play_number_of(self, actor),
              ++actor->wakes);
}

void play_actor_end(play *self, struct actor *actor) {
    actor->state = ACTOR_ENDED;
    self->at_work--;
}

/* It ends in the middle of its program: nothing of it goes on. */
static void actor_die(play *self, struct actor *actor) {
    promise_client_gone(&self->watch, play_number_of(self, actor));
    for (size_t i = 0; i < SCENARIO_PLACES; i++) actor->places[i].is_in = false;
    play_actor_end(self, actor);
}

/* True: it stands still, or is no more, instead of going on with its instruction. */
static bool actor_fails(play *self, struct actor *actor) {
    unsigned client = play_number_of(self, actor);
    const scenario_bounds *bounds = &self->scenario->bounds;
    if (actor->has_paused) return false;
    actor->has_paused = true;
    if (self->crashes_left > 0 && choices_fault(&self->choices, client, CHOICE_CRASH, 0, 1) != 0) {
        self->crashes_left--;
        play_note(self, (play_moment){.kind = PLAY_CRASH, .client = client});
        actor_die(self, actor);
        return true;
    }
    int64_t pause_us =
        choices_fault(&self->choices, client, CHOICE_PAUSE, 0, bounds->client_pause_ms * US_PER_MS);
    if (pause_us == 0) return false;
    play_note(self, (play_moment){.kind = PLAY_PAUSE, .client = client, .amount_us = pause_us});
    play_actor_stand_still(self, actor, pause_us);
    return true;
}

static void actor_leave(play *self, struct actor *actor, size_t place) {
    if (!actor->places[place].is_in) return;
    actor->places[place].is_in = false;
    promise_leave(&self->watch, place, play_number_of(self, actor));
    play_note(self, (play_moment){.kind = PLAY_LEAVE,
                                  .client = play_number_of(self, actor),
                                  .name = self->scenario->places[place]});
}

/* A place that may be held no longer is not entered. */
static void actor_enter(play *self, struct actor *actor, const scenario_instruction *step,
                        int64_t until_ms) {
    size_t place = step->place;
    unsigned client = play_number_of(self, actor);
    if (step->has_limit && until_ms * US_PER_MS <= play_steady_us(self, actor)) return;
    actor->places[place].has_limit = step->has_limit;
    if (step->has_limit) {
        actor->places[place].until_us = until_ms * US_PER_MS;
        int64_t at_us = sim_wall_when(&actor->steady, self->now_us, actor->places[place].until_us);
        play_plan(self, at_us, EVENT_LEAVE, client, place);
    }
    if (actor->places[place].is_in) return;
    actor->places[place].is_in = true;
    play_note(
        self,
        (play_moment){.kind = PLAY_ENTER, .client = client, .name = self->scenario->places[place]});
    promise_enter(&self->watch, place, client, self->now_us);
}

static void actor_mark(play *self, struct actor *actor, const scenario_instruction *step) {
    char of[SCENARIO_TEXT_SIZE];
    bool fits = true;
    scenario_fill(&step->of, actor->variables, of, &fits);
    if (!fits) play_stumble(self, "a name gets longer than 63 bytes", step);
    unsigned client = play_number_of(self, actor);
    play_note(self,
              (play_moment){.kind = PLAY_MARK, .client = client, .name = step->name, .of = of});
    play_mix_text(self, of);
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
        self->given == NULL ? PLAY_NO_LIMIT : self->given->limits[play_number_of(self, actor)];
    if (actor->commands == limit) {
        play_note_small(self,
                        (play_moment){.kind = PLAY_STOPPED, .client = play_number_of(self, actor)});
        actor_die(self, actor);
        return;
    }
    actor->commands++;
    actor->retries_left = step->retries;
    if (step->sent != 0)
        actor->variables[step->sent] =
            scenario_value_of_integer(play_steady_us(self, actor) / US_PER_MS);
    actor_transmit(self, actor);
}

static void actor_await(play *self, struct actor *actor, const scenario_instruction *step) {
    if (actor->inbox_count == 0) {
        actor_wait_until(self, actor, play_steady_us(self, actor) + step->timeout_ms * US_PER_MS);
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
                                        : choices_span(&self->choices, play_number_of(self, actor),
                                                       CHOICE_WAIT, low_ms, high_ms);
    actor_wait_until(self, actor, play_steady_us(self, actor) + wait_ms * US_PER_MS);
}

static void actor_begin_loop(play *self, struct actor *actor, const scenario_instruction *step) {
    unsigned client = play_number_of(self, actor);
    actor->loops[step->loop] = 0;
    actor->entered[step->loop] = NO_LOOP;
    if (step->rounds == 0) return;
    actor->entered[step->loop] = self->choices.count[client][CHOICE_FEWER];
    actor->loops[step->loop] = choices_given(&self->choices, client, CHOICE_FEWER, step->rounds);
}

static void note_round(play *self, const struct actor *actor, size_t depth) {
    unsigned client = play_number_of(self, actor);
    if (actor->entered[depth] == NO_LOOP) return;
    play_note_small(self, (play_moment){.kind = PLAY_ROUND,
                                        .client = client,
                                        .round = {depth, actor->entered[depth], actor->loops[depth],
                                                  self->choices.count[client]}});
}

/* What only changes the client itself. NULL, or what is wrong. */
static const char *actor_think(play *self, struct actor *actor, const scenario_instruction *step) {
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
    case SCENARIO_COUNT: actor_begin_loop(self, actor, step); break;
    default: /* SCENARIO_AGAIN */
        if (actor->loops[step->loop] >= step->rounds) next = step->target;
        else note_round(self, actor, step->loop);
        actor->loops[step->loop]++;
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
    actor->variables[SCENARIO_NOW] =
        scenario_value_of_integer(play_steady_us(self, actor) / US_PER_MS);
    actor->variables[SCENARIO_WALL] =
        scenario_value_of_integer(sim_wall_at(&actor->wall, self->now_us) / US_PER_MS);
    while (actor->state == ACTOR_RUNS && !self->has_ended && self->watch.broken == NULL) {
        const scenario_instruction *step = &actor->kind->program[actor->pc];
        const char *wrong = NULL;
        if (step->verb == SCENARIO_END) {
            play_actor_end(self, actor);
            return;
        }
        if (is_thought(step->verb)) wrong = actor_think(self, actor, step);
        else if (!actor_fails(self, actor)) wrong = actor_act(self, actor, step);
        if (wrong != NULL) play_stumble(self, wrong, step);
    }
}

/* ---- what comes to a client */

void play_actor_wake(play *self, struct actor *actor, uint64_t wakes) {
    bool waits = actor->state == ACTOR_WAITS || actor->state == ACTOR_AWAITS;
    if (!waits || wakes != actor->wakes) return;
    if (play_steady_us(self, actor) < actor->until_us) {
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

void play_actor_hear(play *self, struct actor *actor, uint32_t index) {
    struct message *message = &self->messages[index];
    bool is_expected = actor->state == ACTOR_EXPECTS && message->request == actor->request;
    scenario_value value = message->value;
    int64_t since_us = message->sent_us;
    bool asks_replica = message->step->asks_replica;
    play_message_free(self, index);
    if (!is_expected) return;
    play_note_small(self, (play_moment){.kind = PLAY_HEARD,
                                        .client = play_number_of(self, actor),
                                        .since_us = since_us,
                                        .asks_replica = asks_replica});
    actor_take_reply(actor, &actor->kind->program[actor->pc], &value);
    actor_run(self, actor);
}

void play_actor_message(play *self, struct actor *actor, uint32_t index) {
    scenario_value value = self->messages[index].value;
    int64_t since_us = self->messages[index].sent_us;
    play_message_free(self, index);
    if (actor->state == ACTOR_ENDED || actor->inbox_count == INBOX) return;
    play_note(self, (play_moment){.kind = PLAY_MESSAGE,
                                  .client = play_number_of(self, actor),
                                  .since_us = since_us,
                                  .name = value.text});
    actor->inbox[actor->inbox_count++] = value;
    if (actor->state != ACTOR_AWAITS) return;
    actor->state = ACTOR_RUNS;
    actor_run(self, actor);
}

/* The connection is given up; the next command opens another one. */
void play_actor_time_out(play *self, struct actor *actor, uint64_t request) {
    if (actor->state != ACTOR_EXPECTS || request != actor->request) return;
    const scenario_instruction *step = &actor->kind->program[actor->pc];
    *(step->listens ? &actor->listener : &actor->main) = NO_CONNECTION;
    actor->request++;
    actor->arrival_us = actor->answer_us = self->now_us;
    play_note(self, (play_moment){.kind = PLAY_GAVE_UP, .client = play_number_of(self, actor)});
    if (actor->retries_left > 0) {
        actor->retries_left--;
        actor_transmit(self, actor);
        return;
    }
    actor_take_reply(actor, step, &(scenario_value){.kind = SCENARIO_LOST});
    actor_run(self, actor);
}

void play_actor_must_leave(play *self, struct actor *actor, size_t place) {
    if (!actor->places[place].is_in || !actor->places[place].has_limit) return;
    int64_t until_us = actor->places[place].until_us;
    if (play_steady_us(self, actor) >= until_us) {
        actor_leave(self, actor, place);
        return;
    }
    play_plan(self, sim_wall_when(&actor->steady, self->now_us, until_us), EVENT_LEAVE,
              play_number_of(self, actor), place);
}
