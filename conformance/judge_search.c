/* The search: orders of units and answers to questions, depth first. */
#include "conformance/judge_inside.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"
#include "engine/state.h"

enum { JUDGE_SEED = 20260101 };

/* ---- the engine */

static void engine_or_exit(const void *made) {
    if (made != NULL) return;
    arena_out_of_memory();
}

void judge_engine_free(judge *self) {
    for (size_t i = 0; self->sessions != NULL && i < self->history->connection_count; i++) {
        ttl_session_free(self->sessions[i]);
        self->sessions[i] = NULL;
    }
    ttl_engine_free(self->engine);
    self->engine = NULL;
}

void judge_engine_begin(judge *self) {
    judge_engine_free(self);
    ttl_engine_options options = {.allocator = ttl_allocator_libc(),
                                  .dialect = self->options.dialect,
                                  .seed = JUDGE_SEED,
                                  .timeline = &self->timeline,
                                  .scripting = &ttl_scripting_lua,
                                  .on_event = judge_note_event,
                                  .event_context = self};
    judge_forget_events(self);
    self->engine = ttl_engine_new(&options);
    engine_or_exit(self->engine);
    self->moment_at = self->relation_at = self->log_at = 0;
    self->runs++;
}

static ttl_session *session_of(judge *self, size_t connection) {
    ttl_session **session = &self->sessions[connection];
    if (*session == NULL) *session = ttl_session_new(self->engine, NULL);
    engine_or_exit(*session);
    return *session;
}

/* Looks at the keys that a command names: then those that are dead are there no more. */
static void reclaim(judge *self, ttl_session *session, const judge_unit *unit) {
    ttl_bytes *words = memory_zeroed(unit->argc, sizeof *words);
    memcpy(words, unit->argv, unit->argc * sizeof *words);
    words[0] = ttl_bytes_of("EXISTS");
    if (ttl_session_execute(session, unit->argc, words, &self->reply) != TTL_OK)
        engine_or_exit(NULL);
    ttl_reply_clear(&self->reply);
    free(words);
}

void judge_execute(judge *self, size_t index) {
    const judge_unit *unit = &self->units[index];
    self->order[self->position] = index;
    self->log_start = self->log_at;
    if (unit->is_left_out) {
        judge_enter(self, index);
        return;
    }
    ttl_session *session = session_of(self, self->history->entries[index].connection);
    if (unit->is_event) {
        judge_hear(self, index, session);
        return;
    }
    if (unit->reclaims) reclaim(self, session, unit);
    if (ttl_session_execute(session, unit->argc, unit->argv, &self->reply) != TTL_OK)
        engine_or_exit(NULL);
}

/* The unit at the present position has run: the next of its connection waits. */
static void advance(judge *self, size_t index) {
    if (self->is_concurrent) judge_name_order(self, index);
    self->next_of[self->history->entries[index].connection] = self->units[index].next_of_connection;
    self->position++;
}

void judge_rerun(judge *self, size_t position) {
    judge_engine_begin(self);
    size_t connections = self->history->connection_count;
    memcpy(self->next_of, self->first_of_connection, connections * sizeof *self->next_of);
    self->position = 0;
    while (self->position < position) {
        size_t unit = self->order[self->position];
        judge_execute(self, unit);
        advance(self, unit);
    }
}

/* ---- choices */

static judge_choice *choice_add(judge *self) {
    if (self->choice_count == self->choice_capacity) {
        size_t capacity = self->choice_capacity == 0 ? 16 : 2 * self->choice_capacity;
        self->choices = memory_resized(self->choices, capacity, sizeof *self->choices);
        memset(self->choices + self->choice_capacity, 0,
               (capacity - self->choice_capacity) * sizeof *self->choices);
        self->choice_capacity = capacity;
    }
    judge_choice *choice = &self->choices[self->choice_count++];
    judge_known_copy(&choice->known, &self->known);
    choice->position = self->position;
    choice->log_count = self->log_count;
    choice->moment_count = self->moment_count;
    choice->relation_count = self->relation_count;
    choice->fact_count = self->fact_count;
    return choice;
}

void judge_branch(judge *self, bool other, zone_constraint constraint, const judge_fact *fact) {
    judge_choice *choice = choice_add(self);
    choice->is_order = false;
    choice->answer = other;
    choice->constraint = constraint;
    choice->fact = *fact;
}

/* ---- which unit may run next */

static int64_t received_or_never(const judge *self, size_t unit) {
    int64_t received_us = self->history->entries[unit].received_us;
    return received_us == HISTORY_NO_REPLY ? INT64_MAX : received_us;
}

/* The waiting unit that was answered first: who was sent after that has to wait for it. */
static int64_t first_answer_us(const judge *self) {
    int64_t first_us = INT64_MAX;
    for (size_t c = 0; c < self->history->connection_count; c++) {
        size_t unit = self->next_of[c];
        if (unit != SIZE_MAX && received_or_never(self, unit) < first_us)
            first_us = received_or_never(self, unit);
    }
    return first_us;
}

/* Could anything that waits run before this unit and matter to it? */
static bool may_be_overtaken(const judge *self, size_t unit) {
    int64_t until_us = received_or_never(self, unit);
    size_t own = self->history->entries[unit].connection;
    for (size_t c = 0; c < self->history->connection_count; c++) {
        for (size_t u = self->next_of[c]; c != own && u != SIZE_MAX;
             u = self->units[u].next_of_connection) {
            if (self->history->entries[u].sent_us > until_us) break;
            if (judge_units_meet(self, unit, u)) return true;
        }
    }
    return false;
}

static int64_t rank(const judge *self, size_t unit) {
    const judge_hint *hints = self->options.hints;
    return hints != NULL ? hints[unit].rank : received_or_never(self, unit);
}

/* Fills `units` (room for each connection) with those that may run next, of lowest rank first.
 * One that nothing can overtake is the only one: whatever order there is, it can stand here. */
static size_t candidates(const judge *self, size_t *units) {
    int64_t first_us = first_answer_us(self);
    size_t count = 0;
    for (size_t c = 0; c < self->history->connection_count; c++) {
        size_t unit = self->next_of[c];
        if (unit == SIZE_MAX || self->history->entries[unit].sent_us > first_us) continue;
        size_t at = count++;
        for (; at > 0 && rank(self, units[at - 1]) > rank(self, unit); at--)
            units[at] = units[at - 1];
        units[at] = unit;
    }
    for (size_t i = 0; i < count && count > 1; i++) {
        if (!self->units[units[i]].is_answered || may_be_overtaken(self, units[i])) continue;
        units[0] = units[i];
        return 1;
    }
    return count;
}

/* ---- states that were tried */

static bool is_free_place(const judge_name *name) {
    return name->a == 0 && name->b == 0;
}

static void failed_put(judge *self, judge_name name) {
    size_t mask = self->failed_capacity - 1, at = (size_t)name.a & mask;
    while (!is_free_place(&self->failed[at])) at = (at + 1) & mask;
    self->failed[at] = name;
}

static void failed_grow(judge *self) {
    judge_name *old = self->failed;
    size_t capacity = self->failed_capacity;
    self->failed_capacity = capacity == 0 ? 256 : 2 * capacity;
    self->failed = memory_zeroed(self->failed_capacity, sizeof *self->failed);
    for (size_t i = 0; i < capacity; i++)
        if (!is_free_place(&old[i])) failed_put(self, old[i]);
    free(old);
}

/* Was the search in this state before? Then it failed from here. If not, it is noted. */
static bool state_has_failed(judge *self) {
    judge_name name = judge_state(self);
    if (2 * self->failed_count >= self->failed_capacity) failed_grow(self);
    size_t mask = self->failed_capacity - 1;
    for (size_t at = (size_t)name.a & mask; !is_free_place(&self->failed[at]); at = (at + 1) & mask)
        if (self->failed[at].a == name.a && self->failed[at].b == name.b) return true;
    failed_put(self, name);
    self->failed_count++;
    return false;
}

/* ---- the search */

static bool all_answered_ran(const judge *self) {
    for (size_t c = 0; c < self->history->connection_count; c++) {
        size_t unit = self->next_of[c];
        if (unit != SIZE_MAX && self->units[unit].is_answered) return false;
    }
    return true;
}

/* The unit that runs next. SIZE_MAX: none that was not tried. */
static size_t choose_unit(judge *self) {
    if (!self->is_concurrent) return self->position;
    size_t *units = memory_zeroed(self->history->connection_count, sizeof *units);
    size_t count = candidates(self, units);
    if (count < 2) {
        size_t unit = count == 0 ? SIZE_MAX : units[0];
        free(units);
        return unit;
    }
    if (state_has_failed(self)) {
        free(units);
        return SIZE_MAX;
    }
    judge_choice *choice = choice_add(self);
    choice->is_order = true;
    free(choice->units);
    choice->units = units;
    choice->unit_count = count;
    choice->next_unit = 1;
    return units[0];
}

/* Keeps the branch that came farthest: its order and its answers, from which all else follows. */
static void keep_best(judge *self, size_t unit) {
    if (self->has_best && self->position <= self->best_position) return;
    self->has_best = true;
    self->best_position = self->position;
    self->best_unit = unit;
    self->best_log_count = self->log_start;
    size_t units = self->position * sizeof *self->order;
    memcpy(self->best_order, self->order, units);
    self->best_log = memory_resized(self->best_log, self->log_start, sizeof *self->log);
    if (self->log_start > 0) memcpy(self->best_log, self->log, self->log_start);
}

bool judge_step(judge *self, size_t unit) {
    judge_execute(self, unit);
    if (self->is_dead || !judge_matches(self, unit) || self->is_dead) return false;
    advance(self, unit);
    return true;
}

/* Takes up what the last choice left, with the unit that runs then. False: nothing is left. */
static bool go_back(judge *self, size_t *unit) {
    if (self->choice_count == 0) return false;
    judge_choice *choice = &self->choices[self->choice_count - 1];
    self->is_dead = false;
    self->log_count = choice->log_count;
    self->moment_count = choice->moment_count;
    self->relation_count = choice->relation_count;
    self->fact_count = choice->fact_count;
    judge_known_copy(&self->known, &choice->known);
    judge_rerun(self, choice->position);
    bool is_last = !choice->is_order || choice->next_unit + 1 == choice->unit_count;
    if (is_last) self->choice_count--; /* what it holds stays until the place is used again */
    if (choice->is_order) {
        *unit = choice->units[choice->next_unit++];
        return true;
    }
    *unit = self->order[self->position];
    self->log = memory_grown(self->log, self->log_count, sizeof *self->log);
    self->log[self->log_count++] = choice->answer;
    (void)judge_assert(self, choice->constraint, &choice->fact);
    return true;
}

void judge_forget_all(judge *self) {
    self->log_count = self->moment_count = self->relation_count = self->fact_count = 0;
    self->choice_count = 0;
    self->is_dead = false;
    judge_known_begin(&self->known);
    judge_rerun(self, 0);
}

judge_answer judge_search(judge *self) {
    judge_forget_all(self);
    size_t resumed = SIZE_MAX;
    for (;;) {
        while (resumed != SIZE_MAX || !all_answered_ran(self)) {
            size_t unit = resumed != SIZE_MAX ? resumed : choose_unit(self);
            resumed = SIZE_MAX;
            if (unit == SIZE_MAX) break;
            bool explained = judge_step(self, unit);
            if (self->given_up != NULL) return JUDGE_UNDECIDED;
            if (explained) continue;
            keep_best(self, unit);
            break;
        }
        if (all_answered_ran(self)) return JUDGE_PASS;
        if (self->runs >= self->options.runs_max) return JUDGE_UNDECIDED;
        if (!go_back(self, &resumed)) return JUDGE_FAIL;
    }
}
