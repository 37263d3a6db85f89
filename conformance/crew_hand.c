/* One vector of a crew on its way through its steps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/crew_inside.h"
#include "conformance/live_turn.h"
#include "conformance/text.h"

enum {
    AHEAD_US = 1000,        /* from taking a vector on to its first step */
    SLOT_US = 500,          /* between the beginnings of two vectors that wait */
    POLL_SLOT_US = 8000,    /* the same of two that poll, so that they do not delay each other */
    PHASE_US = 100,         /* into the millisecond: the server's clock is known so well */
    SECOND_AHEAD_US = 5000, /* the same for those that begin with a second of the server's */
    SECOND_SLOT_US = 25,    /* they share a millisecond */
    SECOND_SLOTS = 24,
};

bool crew_hand_fits(const crew *self, const vector *what) {
    if (!crew_needs_own_links(what) || self->kept_count == 0) return true;
    size_t jobs = self->options.jobs, wanted = what->connection_count;
    size_t most = jobs - (jobs / 2 < 4 ? jobs / 2 : 4);
    return self->kept_count + wanted <= most &&
           self->pool_count - self->idle_count + wanted <= jobs;
}

/* -- coming and going ------------------------------------------------------------------------ */

crew_hand *crew_hand_new(crew *self, const crew_task *task) {
    crew_hand *hand = memory_zeroed(1, sizeof *hand);
    hand->serial = self->serial++;
    hand->number = task->number;
    hand->waits = crew_waits(task->what);
    hand->is_last = task->is_last;
    hand->keeps_links = crew_needs_own_links(task->what);
    bool has_events = task->what->has_events;
    /* The subscriber hears of those keys only that somebody wants to hear of. */
    char *prefix = text_format("ttlspec:%s:%s%zu:%zu:", self->options.run_id, has_events ? "e" : "",
                               hand->serial, hand->number);
    attempt_begin(&hand->turn, self->options.target, task->what, self->options.spec, prefix);
    free(prefix);
    for (size_t i = 0; i < task->what->step_count && has_events; i++)
        ttl_reply_add_node(&hand->turn.steps[i].events, TTL_REPLY_ARRAY, 0);
    for (size_t i = 0; i < TARGET_CONNECTIONS_MAX; i++) hand->protocols[i] = 2;
    self->hand_count++;
    if (!hand->waits) self->busy++;
    if (hand->is_last) self->last_count++;
    self->working = memory_grown(self->working, self->working_count, sizeof(crew_hand *));
    self->working[self->working_count++] = hand;
    return hand;
}

void crew_hand_free(crew *self, crew_hand *hand) {
    attempt_free(&hand->turn);
    free(hand);
    self->hand_count--;
}

crew_hand *crew_hand_find(crew *self, size_t serial) {
    for (size_t i = 0; i < self->working_count; i++)
        if (self->working[i]->serial == serial) return self->working[i];
    return NULL;
}

/* Of those at work that switch the active cycle off: may it be switched on again? */
static void release_parked(crew *self) {
    for (size_t i = 0; i < self->working_count; i++) {
        const crew_hand *it = self->working[i];
        if ((it->turn.vector->needs & VECTOR_NEEDS_DEBUG) != 0 && !it->is_parked) return;
    }
    size_t count = 0;
    crew_hand **parked = memory_zeroed(self->working_count + 1, sizeof *parked);
    for (size_t i = 0; i < self->working_count; i++)
        if (self->working[i]->is_parked) parked[count++] = self->working[i];
    for (size_t i = 0; i < count; i++) crew_sleep(self, parked[i], live_now_us());
    for (size_t i = 0; i < count; i++)
        parked[i]->is_parked = false, parked[i]->may_switch_on = true;
    free(parked);
}

static void set_polling(crew *self, crew_hand *hand, bool polls) {
    if (polls && !hand->is_polling) self->polling++;
    if (!polls && hand->is_polling) self->polling--;
    hand->is_polling = polls;
}

/* It is at work no more. */
static void leave(crew *self, crew_hand *hand) {
    bool is_debug = (hand->turn.vector->needs & VECTOR_NEEDS_DEBUG) != 0;
    self->used_debug |= is_debug && hand->turn.answered < hand->turn.vector->step_count;
    if (self->silent == hand) {
        hand->turn.was_disturbed |= live_now_us() > self->silence_ends_us;
        self->silent = NULL;
    }
    crew_release(self, hand);
    if (!hand->waits) self->busy--;
    if (hand->is_last) self->last_count--;
    set_polling(self, hand, false);
    hand->awaits_reply = false;
    for (size_t i = 0; i < self->working_count; i++) {
        if (self->working[i] != hand) continue;
        self->working[i] = self->working[--self->working_count];
        break;
    }
    crew_clean(self, hand);
    release_parked(self);
}

/* Those that wait are judged first: it takes long to try them again. */
static void finish(crew *self, crew_hand *hand) {
    leave(self, hand);
    hand->ended_us = live_now_us();
    self->done = memory_grown(self->done, self->done_count, sizeof(crew_hand *));
    size_t at = self->done_count++;
    for (; at > 0 && hand->waits && !self->done[at - 1]->waits; at--)
        self->done[at] = self->done[at - 1];
    self->done[at] = hand;
}

void crew_hand_fail(crew *self, crew_hand *hand, const char *error) {
    snprintf(hand->turn.error, sizeof hand->turn.error, "%s", error);
    if (hand->next == 0) hand->turn.never_began = true;
    finish(self, hand);
}

void crew_hand_drop(crew *self, crew_hand *hand) {
    leave(self, hand);
    crew_hand_free(self, hand);
}

/* -- beginning ------------------------------------------------------------------------------- */

static int64_t aligned(int64_t us, int64_t unit_us) {
    return (us + unit_us - 1) / unit_us * unit_us;
}

static bool has_poll(const vector *what) {
    for (size_t i = 0; i < what->step_count; i++)
        if (vector_step_polls(&what->steps[i])) return true;
    return false;
}

/* The first moment of the server's clock for a vector that waits. */
static int64_t choose_t0_us(crew *self, crew_hand *hand, int64_t now_us) {
    if (hand->turn.vector->t0 == VECTOR_T0_IN_SECONDS) {
        int64_t second_us = aligned(now_us + SECOND_AHEAD_US, 1000000);
        if (second_us > self->second_us) {
            self->second_us = second_us;
            self->second_slots = 0;
        } else if (self->second_slots == SECOND_SLOTS) {
            self->second_us += 1000000;
            self->second_slots = 0;
        }
        hand->phase_us = PHASE_US + SECOND_SLOT_US * (int64_t)self->second_slots++;
        return self->second_us;
    }
    /* What was missed before, and what sees that no reply comes, has a millisecond of its own. */
    bool is_tight = hand->is_last || (hand->turn.vector->needs & VECTOR_NEEDS_BLOCKING) != 0;
    int64_t unit_us = is_tight ? 1000 : SLOT_US;
    int64_t slot_us = aligned(now_us + AHEAD_US, unit_us);
    bool polls = has_poll(hand->turn.vector);
    int64_t *next_us = polls ? &self->next_poll_us : &self->next_t0_us;
    if (slot_us < *next_us) slot_us = *next_us;
    *next_us = slot_us + (polls ? POLL_SLOT_US : unit_us);
    hand->phase_us = PHASE_US + slot_us % 1000;
    return slot_us - slot_us % 1000;
}

static int64_t due_us(const crew_hand *hand) {
    return hand->began_us + hand->turn.vector->steps[hand->next].at_ms * 1000 + hand->phase_us;
}

/* The numbers that {db} and {db2} stand for are its own. */
static void take_databases(crew *self, crew_hand *hand) {
    unsigned needs = hand->turn.vector->needs;
    if ((needs & VECTOR_NEEDS_EXCLUSIVE_DB) == 0) return;
    hand->has_database = true;
    hand->turn.world.databases[0] = crew_take_database(self);
    if ((needs & VECTOR_NEEDS_DATABASES) != 0)
        hand->turn.world.databases[1] = crew_take_database(self);
}

void crew_hand_begin(crew *self, crew_hand *hand, bool is_silent) {
    char error[TARGET_ERROR_SIZE];
    take_databases(self, hand);
    if (is_silent) self->silent = hand;
    if (hand->keeps_links && !crew_open_own(self, hand, error)) {
        self->lost++;
        crew_hand_fail(self, hand, error);
        return;
    }
    int64_t offset_us = server_clock_offset_us(&self->clock), now_us = live_now_us() + offset_us;
    int64_t t0_us = hand->waits ? choose_t0_us(self, hand, now_us) : now_us;
    hand->began_us = t0_us - offset_us;
    attempt_place(&hand->turn, t0_us / 1000);
    if (hand->waits) crew_sleep(self, hand, due_us(hand));
    else crew_hand_work(self, hand);
}

/* -- steps ----------------------------------------------------------------------------------- */

/* DEBUG SET-ACTIVE-EXPIRE 1: as long as others need it off, this has to wait. */
static bool switches_on(const crew_hand *hand, size_t step) {
    const attempt_step *it = &hand->turn.steps[step];
    return it->argc == 3 && ttl_bytes_is_word(it->argv[0], "DEBUG") &&
           ttl_bytes_is_word(it->argv[1], "SET-ACTIVE-EXPIRE") &&
           ttl_bytes_is_word(it->argv[2], "1");
}

/* Is it a step whose reply may not come? One that has to come at once is like any other. */
static bool may_wait(const vector *what, size_t step) {
    bool may_block = what->steps[step].may_block && (what->needs & VECTOR_NEEDS_BLOCKING) != 0;
    return may_block || what->steps[step].action == VECTOR_AWAIT;
}

/* Does the step go out together with the one before it? */
static bool joins(const crew_hand *hand, size_t step) {
    const vector *what = hand->turn.vector;
    return !what->has_events && what->steps[step].at_ms == what->steps[step - 1].at_ms &&
           what->steps[step].connection == what->steps[step - 1].connection &&
           !may_wait(what, step) && !switches_on(hand, step);
}

static void park(crew *self, crew_hand *hand) {
    hand->is_parked = true;
    crew_give_back(self, hand);
    release_parked(self);
}

/* All that go out together. */
static void send_steps(crew *self, crew_hand *hand) {
    const vector *what = hand->turn.vector;
    live_link *link = crew_link_of(hand, hand->next);
    do {
        const attempt_step *step = &hand->turn.steps[hand->next];
        if (vector_step_polls(&what->steps[hand->next])) set_polling(self, hand, true);
        live_link_send(link, hand->next++, step->argc, step->argv);
    } while (hand->next < what->step_count && joins(hand, hand->next));
    live_link_flush(link);
}

void crew_hand_work(crew *self, crew_hand *hand) {
    const vector *what = hand->turn.vector;
    hand->stirs_us = 0;
    if (self->silent != NULL && self->silent != hand) self->silent->turn.was_disturbed = true;
    bool parks = switches_on(hand, hand->next) && !hand->may_switch_on;
    if (parks) {
        park(self, hand);
        return;
    }
    if (what->has_events && self->deaf[0] != '\0') {
        crew_hand_fail(self, hand, self->deaf);
        return;
    }
    if (attempt_ends_before(&hand->turn, hand->next)) {
        finish(self, hand);
        return;
    }
    if (!hand->keeps_links && hand->leased == NULL && !crew_lease(self, hand)) return;
    if (hand->next == 0 && self->clock.count > 0 && !self->is_blind) {
        hand->turn.readings[0] = self->clock.last;
        hand->turn.reading_count = 1;
    }
    if (may_wait(what, hand->next)) crew_await(self, hand, hand->next++);
    else send_steps(self, hand);
}

static void go_on(crew *self, crew_hand *hand) {
    if (hand->next == hand->turn.vector->step_count) {
        finish(self, hand);
        return;
    }
    if (self->is_closing) {
        crew_hand_drop(self, hand);
        return;
    }
    if (self->clock.fault[0] != '\0') {
        crew_hand_fail(self, hand, self->clock.fault);
        return;
    }
    const vector *what = hand->turn.vector;
    bool at_once =
        what->steps[hand->next].at_ms == vector_step_end_ms(&what->steps[hand->next - 1]);
    if (at_once || due_us(hand) <= live_now_us()) {
        crew_hand_work(self, hand);
        return;
    }
    crew_give_back(self, hand);
    crew_sleep(self, hand, due_us(hand));
}

void crew_hand_end_step(crew *self, crew_hand *hand) {
    hand->awaits_reply = false;
    hand->turn.steps[hand->turn.answered++].answered = true;
    if (hand->turn.answered < hand->next) return;
    if (!hand->turn.vector->has_events) {
        go_on(self, hand);
        return;
    }
    hand->awaits_events = true;
    if (!crew_ask_events(self, hand))
        crew_hand_fail(self, hand, "closed the connection that heard its keyspace events");
}

/* What is awaited answers a command that may have been sent by an earlier step. */
void crew_hand_reply(crew *self, crew_hand *hand, size_t index, const redisReply *reply,
                     target_moments moments) {
    if (hand->awaits_reply) {
        index = hand->next - 1;
        crew_link_of(hand, index)->is_patient = false;
        moments.sent_us = hand->turn.steps[index].moments.sent_us + hand->began_us;
    }
    attempt_step *step = &hand->turn.steps[index];
    size_t connection = hand->turn.vector->steps[index].connection;
    self->lost = 0;
    live_convert(&step->reply, reply);
    step->moments =
        (target_moments){moments.sent_us - hand->began_us, moments.received_us - hand->began_us};
    int *protocol = &hand->protocols[connection];
    step->protocol = *protocol = live_protocol_after(*protocol, step->argc, step->argv, reply);
    bool polls = vector_step_polls(&hand->turn.vector->steps[index]) && !self->is_closing &&
                 self->clock.fault[0] == '\0';
    if (polls && attempt_polls_on(&hand->turn, index)) {
        live_link *link = crew_link_of(hand, index);
        live_link_send(link, index, step->argc, step->argv);
        live_link_flush(link);
        return;
    }
    if (vector_step_polls(&hand->turn.vector->steps[index])) set_polling(self, hand, false);
    crew_hand_end_step(self, hand);
}

void crew_hand_event(crew_hand *hand, const redisReply *message) {
    size_t step = hand->turn.answered - hand->awaits_events;
    if (step >= hand->turn.vector->step_count) return;
    hand->event_count += live_add_event(&hand->turn.steps[step].events, message);
}

void crew_hand_events_are_in(crew *self, crew_hand *hand) {
    attempt_step *step = &hand->turn.steps[hand->turn.answered - 1];
    hand->awaits_events = false;
    step->heard_us = live_now_us() - hand->began_us;
    ttl_reply_set_length(&step->events, 0, hand->event_count);
    hand->event_count = 0;
    go_on(self, hand);
}

bool crew_clock_covers(crew *self, crew_hand *hand) {
    return hand->is_covered || self->is_blind;
}

/* All that ended before this reading. */
void crew_cover(crew *self) {
    clock_reading now = self->clock.last;
    if (self->clock.is_suspect) return;
    for (size_t i = 0; i < self->done_count; i++) {
        crew_hand *hand = self->done[i];
        attempt *turn = &hand->turn;
        if (hand->is_covered || now.sent_us < hand->ended_us) continue;
        hand->is_covered = true;
        if (turn->reading_count == 1) turn->readings[turn->reading_count++] = now;
        for (size_t r = 0; r < turn->reading_count; r++) {
            turn->readings[r].sent_us -= hand->began_us;
            turn->readings[r].received_us -= hand->began_us;
        }
    }
}
