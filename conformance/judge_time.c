/* The timeline that the judge gives to the engine: readings of the clock are unknowns, comparing
 * them is a question to the zone, and what replies tell is asserted. */
#include "conformance/judge_inside.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"
#include "engine/command.h"
#include "engine/dialect.h"
#include "engine/keyspace.h"
#include "engine/require.h"
#include "engine/state.h"

enum { MS_PER_S = 1000, US_PER_MS = 1000 };

#define US_PER_S     INT64_C(1000000)
#define US_FAR       ZONE_LIMIT
#define CLOCK_US_MAX (JUDGE_CLOCK_MS_MAX * US_PER_MS + US_PER_MS - 1)

static const judge_moment *moment_of(const judge *self, uint32_t origin) {
    require(origin != TTL_ORIGIN_EPOCH && origin <= self->moment_count);
    return &self->moments[origin - 1];
}

/* ---- brackets */

/* (1 + rate) times a distance on our clock, (1 - rate) where it is negative; rounded up. */
static int64_t stretched(const judge *self, int64_t us) {
    int64_t size = us < 0 ? -us : us, rate = self->options.rate_ppm;
    int64_t whole = size / US_PER_S * rate, rest = size % US_PER_S * rate;
    return us + whole + (rest + US_PER_S - 1) / US_PER_S;
}

/* Did x run before y, by its connection or because the order that is tried puts it there? */
static bool runs_before(const judge *self, uint32_t x, uint32_t y) {
    const judge_moment *a = moment_of(self, x), *b = moment_of(self, y);
    if (a->unit == b->unit) return x < y;
    return a->position < b->position && judge_units_meet(self, a->unit, b->unit);
}

static int64_t bracket_us(const judge *self, uint32_t x, uint32_t y) {
    int64_t received_us = self->received_us[moment_of(self, x)->unit];
    if (received_us == INT64_MAX) return ZONE_INFINITY;
    return stretched(self, received_us - self->sent_us[moment_of(self, y)->unit]);
}

int64_t judge_apart_us(const judge *self, uint32_t x, uint32_t y) {
    int64_t apart_us = bracket_us(self, x, y);
    return apart_us > 0 && runs_before(self, x, y) ? 0 : apart_us;
}

/* ---- what is known */

void judge_known_begin(judge_known *known) {
    zone_free(known->zone);
    known->zone = zone_new(JUDGE_TICK_US);
    known->count = 0;
    known->sweep_at = JUDGE_SWEEP_MIN;
    known->uses = 0;
}

void judge_known_copy(judge_known *to, const judge_known *from) {
    if (to->zone == NULL) to->zone = zone_copy(from->zone);
    else zone_assign(to->zone, from->zone);
    zone *kept = to->zone;
    *to = *from;
    to->zone = kept;
}

static void name_variable(judge *self, zone_variable variable, uint32_t origin, bool is_tick) {
    if (variable >= self->variable_capacity) {
        self->variable_capacity = 2 * (size_t)variable + 16;
        self->variables =
            memory_resized(self->variables, self->variable_capacity, sizeof *self->variables);
    }
    self->variables[variable] = (judge_variable){origin, is_tick};
}

/* Leaves a moment out of the zone. Where nothing but brackets is known of it, that loses nothing; a
 * moment that is needed again is attached again. */
static void detach(judge *self, size_t gone) {
    judge_known *known = &self->known;
    zone_forget(known->zone, known->attached[gone].wall);
    zone_forget(known->zone, known->attached[gone].tick);
    known->attached[gone] = known->attached[--known->count];
    if (gone < known->count) self->moments[known->attached[gone].origin - 1].slot = gone;
}

/* Makes room for one more moment: the zone is not to grow with the history. What replies forced on
 * the one that leaves is lost for what comes later, so it is the one that was asked for the longest
 * ago; those that are tied to the epoch are last. */
static void keep_room(judge *self) {
    judge_known *known = &self->known;
    if (known->count < JUDGE_KEPT) return;
    size_t gone = 0;
    for (size_t i = 1; i < known->count; i++) {
        const judge_attached *it = &known->attached[i], *worst = &known->attached[gone];
        bool older = it->used < worst->used;
        if (it->is_pinned != worst->is_pinned ? worst->is_pinned : older) gone = i;
    }
    detach(self, gone);
}

/* ---- moments that nothing depends on any more */

typedef struct judge_living {
    const struct keyspace *keyspace;
    judge_known *known;
    bool *groups; /* by slot: something in the group of this one is still counted from */
} judge_living;

static void group_lives(judge_living *living, uint32_t group) {
    for (size_t i = 0; i < living->known->count; i++)
        if (living->known->attached[i].group == group) living->groups[i] = true;
}

static void origin_lives(judge_living *living, uint32_t origin) {
    for (size_t i = 0; i < living->known->count; i++)
        if (living->known->attached[i].origin == origin && !living->groups[i])
            group_lives(living, living->known->attached[i].group);
}

static void visit_record(void *context, uint32_t handle) {
    judge_living *living = context;
    const struct record *record = keyspace_at(living->keyspace, handle).record;
    if (record_is_volatile(record)) origin_lives(living, record_deadline(record).origin);
    if (record->type != VALUE_HASH) return;
    const struct collection *hash = record_outside(record);
    for (size_t i = 0; i < hash->count && hash->volatile_count > 0; i++)
        if (hash->members[i].is_volatile) origin_lives(living, hash->members[i].origin);
}

/* A moment from which no deadline in the keyspace counts any more, and which answers and replies
 * connect with no other such, tells later ones nothing but how much the clocks drift. Between two
 * units, so that nobody holds one in his hand. */
static void sweep(judge *self) {
    judge_known *known = &self->known;
    bool groups[JUDGE_KEPT] = {false};
    judge_living living = {.known = known, .groups = groups};
    for (int i = 0; i < self->engine->database_count; i++) {
        const struct database *db = self->engine->databases[i];
        if (db == NULL || (db->keyspace.resting_count == 0 && db->due.count == 0)) continue;
        living.keyspace = &db->keyspace;
        uint32_t cursor = 0;
        do cursor = table_scan(&db->keyspace.table, cursor, visit_record, &living);
        while (cursor != 0);
    }
    for (size_t i = 0; i < known->count; i++)
        if (known->attached[i].is_pinned && !groups[i])
            group_lives(&living, known->attached[i].group);
    for (size_t i = known->count; i-- > 0;) {
        if (groups[i]) continue;
        groups[i] = groups[known->count - 1];
        detach(self, i);
    }
    known->sweep_at = 2 * known->count < JUDGE_SWEEP_MIN ? JUDGE_SWEEP_MIN : 2 * known->count;
}

static void join_groups(judge *self, zone_variable x, zone_variable y) {
    uint32_t one = self->variables[x].origin, other = self->variables[y].origin;
    if (x == ZONE_REFERENCE || y == ZONE_REFERENCE) return;
    uint32_t from = 0, to = 0;
    for (size_t i = 0; i < self->known.count; i++) {
        if (self->known.attached[i].origin == one) from = self->known.attached[i].group;
        if (self->known.attached[i].origin == other) to = self->known.attached[i].group;
    }
    for (size_t i = 0; i < self->known.count; i++)
        if (self->known.attached[i].group == from) self->known.attached[i].group = to;
}

static judge_attached *attached_of(judge *self, uint32_t origin) {
    size_t slot = moment_of(self, origin)->slot;
    judge_known *known = &self->known;
    if (slot < known->count && known->attached[slot].origin == origin)
        return &known->attached[slot];
    for (size_t i = 0; i < known->count; i++) { /* its slot is that of another branch */
        if (known->attached[i].origin != origin) continue;
        self->moments[origin - 1].slot = i;
        return &known->attached[i];
    }
    return NULL;
}

/* All that brackets and order say of a moment and those that are attached, as one star. */
static void attach_to_all(judge *self, const judge_attached *fresh) {
    judge_known *known = &self->known;
    zone_constraint star[2 * JUDGE_KEPT + 2];
    size_t count = 0;
    star[count++] = (zone_constraint){fresh->wall, ZONE_REFERENCE, CLOCK_US_MAX, FACT_CLOCK};
    star[count++] = (zone_constraint){ZONE_REFERENCE, fresh->wall, 0, FACT_CLOCK};
    for (size_t i = 0; i < known->count; i++) {
        const judge_attached *other = &known->attached[i];
        int64_t after_us = judge_apart_us(self, fresh->origin, other->origin);
        int64_t before_us = judge_apart_us(self, other->origin, fresh->origin);
        bool is_first = after_us == 0 && runs_before(self, fresh->origin, other->origin);
        bool is_last = before_us == 0 && runs_before(self, other->origin, fresh->origin);
        star[count++] = (zone_constraint){fresh->wall, other->wall, after_us,
                                          is_first ? FACT_ORDER : FACT_BRACKET};
        star[count++] = (zone_constraint){other->wall, fresh->wall, before_us,
                                          is_last ? FACT_ORDER : FACT_BRACKET};
    }
    if (!zone_attach(known->zone, fresh->wall, count, star)) self->is_dead = true;
}

const judge_attached *judge_attach(judge *self, uint32_t origin) {
    judge_attached *there = attached_of(self, origin);
    judge_known *known = &self->known;
    if (there != NULL) {
        there->used = ++known->uses;
        return there;
    }
    keep_room(self);
    judge_attached fresh = {.origin = origin, .used = ++known->uses, .group = origin};
    fresh.wall = zone_add_variable(known->zone);
    name_variable(self, fresh.wall, origin, false);
    attach_to_all(self, &fresh);
    fresh.tick = zone_add_tick(known->zone, fresh.wall);
    name_variable(self, fresh.tick, origin, true);
    self->moments[origin - 1].slot = known->count;
    known->attached[known->count] = fresh;
    if (zone_size(known->zone) > self->peak) self->peak = zone_size(known->zone);
    return &known->attached[known->count++];
}

bool judge_assert(judge *self, zone_constraint constraint, const judge_fact *fact) {
    self->facts = memory_grown(self->facts, self->fact_count, sizeof *self->facts);
    constraint.tag = FACT_FIRST + (uint32_t)self->fact_count;
    self->facts[self->fact_count++] = *fact;
    join_groups(self, constraint.x, constraint.y);
    if (!zone_add(self->known.zone, constraint)) self->is_dead = true;
    return !self->is_dead;
}

/* ---- questions */

static zone_variable tick_of(judge *self, uint32_t origin) {
    if (origin == TTL_ORIGIN_EPOCH) return ZONE_REFERENCE;
    return judge_attach(self, origin)->tick;
}

/* p - q in microseconds, as far as the zone reaches. */
static int64_t distance_us(int64_t p_ms, int64_t q_ms) {
    const int64_t far_ms = US_FAR / US_PER_MS;
    bool overflows = q_ms < 0 ? p_ms > INT64_MAX + q_ms : p_ms < INT64_MIN + q_ms;
    if (overflows) return q_ms < 0 ? US_FAR : -US_FAR;
    int64_t ms = p_ms - q_ms;
    return ms > far_ms ? US_FAR : ms < -far_ms ? -US_FAR : ms * US_PER_MS;
}

/* The most that tick x - tick y can be, by the brackets of the two alone. */
static int64_t ticks_apart_us(const judge *self, uint32_t x, uint32_t y) {
    if (x == TTL_ORIGIN_EPOCH) return 0; /* the clock shows no time before 1970 */
    if (y == TTL_ORIGIN_EPOCH) return CLOCK_US_MAX - CLOCK_US_MAX % JUDGE_TICK_US;
    int64_t us = judge_apart_us(self, x, y);
    if (us > US_FAR) return ZONE_INFINITY;
    return us + JUDGE_TICK_US - 1;
}

static void note_slack(judge *self, int64_t slack_us) {
    if (slack_us < self->slack_us) self->slack_us = slack_us;
}

static void note_idle_slack(judge *self, int64_t slack_us) {
    if (slack_us < 0) slack_us = 0;
    if (slack_us < self->idle_slack_us) self->idle_slack_us = slack_us;
}

/* "Is a after b?" as two constraints between ticks; numbers in `x` and `y` are origins here. */
typedef struct judge_question {
    ttl_instant a, b;
    zone_constraint yes, no;
    bool is_of_deadline; /* is b, a deadline, past now? */
} judge_question;

/* How much earlier than after its deadline may it be found dead? In Valkey a key may not, but a
 * field of a hash may. */
static int64_t yes_slack_us(const judge *self) {
    bool is_early = self->fields_die_early && self->engine->looks_at_field;
    return is_early ? JUDGE_TICK_US : self->yes_slack_us;
}

static judge_question question_of(const judge *self, ttl_instant a, ttl_instant b) {
    int64_t us = distance_us(a.ms, b.ms);
    judge_question question = {
        a, b, {b.origin, a.origin, us - JUDGE_TICK_US, 0}, {a.origin, b.origin, -us, 0}, false};
    question.is_of_deadline = a.ms == 0 && a.origin != TTL_ORIGIN_EPOCH &&
                              moment_of(self, a.origin)->position == self->position;
    if (question.is_of_deadline) question.yes.bound_us += yes_slack_us(self);
    return question;
}

static judge_fact fact_of_answer(const judge *self, const judge_question *question, bool answer) {
    return (judge_fact){.unit = self->order[self->position],
                        .a = question->a,
                        .b = question->b,
                        .answer = answer,
                        .is_of_deadline = question->is_of_deadline};
}

static bool is_text(const ttl_reply *reply, const ttl_node *node, const char *text) {
    return ttl_reply_has_text(node->type) &&
           ttl_bytes_is_word(ttl_reply_text(reply, (size_t)(node - reply->nodes)), text);
}

/* Would a key that is there no more explain what was observed? A guess, that saves going back. */
static bool seems_dead(const judge *self) {
    size_t unit = self->order[self->position], part = unit;
    if (self->units[unit].is_event) return true;
    const ttl_node *node = judge_expected_node(self, unit, &part);
    if (node == NULL) return false;
    const judge_unit *what = &self->units[part];
    ttl_bytes name = what->argv[0];
    bool is_nothing = node->type == TTL_REPLY_NIL || node->type == TTL_REPLY_NIL_ARRAY ||
                      (ttl_reply_is_aggregate(node->type) && node->length == 0) ||
                      is_text(self->units[unit].expected, node, "none");
    bool is_number = node->type == TTL_REPLY_INTEGER;
    int64_t number = is_number ? node->is.integer : 0;
    if (ttl_bytes_is_word(name, "set")) {
        bool needs_none = false, needs_one = false;
        for (size_t i = 3; i < what->argc; i++) {
            needs_none |= ttl_bytes_is_word(what->argv[i], "nx");
            needs_one |= ttl_bytes_is_word(what->argv[i], "xx");
        }
        if (needs_none || needs_one) return is_nothing == needs_one;
    }
    /* A TTL of 0 is that of a key in its last millisecond. */
    if (ttl_bytes_is_word(name, "pttl") || ttl_bytes_is_word(name, "ttl"))
        return is_number && number == -2;
    if (ttl_bytes_is_word(name, "setnx") || ttl_bytes_is_word(name, "msetnx")) return number == 1;
    if (ttl_bytes_is_word(name, "incr")) return is_number && number == 1;
    if (ttl_bytes_is_word(name, "decr")) return is_number && number == -1;
    if (ttl_bytes_is_word(name, "append"))
        return is_number && what->argc == 3 && (size_t)number == what->argv[2].length;
    return is_nothing || (is_number && (number == 0 || number == -2));
}

/* The millisecond of an instant, as who knows the moments says. */
static int64_t hinted_ms(const judge *self, ttl_instant at) {
    if (at.origin == TTL_ORIGIN_EPOCH) return at.ms;
    size_t unit = moment_of(self, at.origin)->unit;
    const judge_hint *hint = &self->options.hints[unit];
    bool is_again = at.origin > 1 && moment_of(self, at.origin - 1)->unit == unit;
    int64_t wall_us = is_again && hint->again_us != 0 ? hint->again_us : hint->wall_us;
    return wall_us / US_PER_MS + at.ms;
}

static bool guessed(const judge *self, const judge_question *question) {
    if (self->options.hints != NULL) {
        int64_t a_ms = hinted_ms(self, question->a), b_ms = hinted_ms(self, question->b);
        bool may_be_gone = a_ms == b_ms && question->is_of_deadline && yes_slack_us(self) > 0;
        const judge_hint *hint = &self->options.hints[self->order[self->position]];
        return a_ms > b_ms || (may_be_gone && hint->cycled_us / US_PER_MS == b_ms);
    }
    return question->is_of_deadline == seems_dead(self);
}

/* In a search for an explanation any answer may be given. What it would need is added, until it
 * contradicts: that contradiction is the explanation. */
static bool answer_freely(judge *self, judge_question question) {
    if (self->free_at == self->free_count) {
        self->free_log = memory_grown(self->free_log, self->free_count, 1);
        self->free_log[self->free_count++] = guessed(self, &question);
    }
    self->free_asked = memory_grown(self->free_asked, self->free_at, sizeof *self->free_asked);
    self->free_asked[self->free_at] = (judge_asked){question.a, question.b};
    bool answer = (self->free_log[self->free_at++] & 1) != 0;
    if (self->is_dead) return answer;
    question.yes.x = question.no.y = tick_of(self, question.b.origin);
    question.yes.y = question.no.x = tick_of(self, question.a.origin);
    judge_fact fact = fact_of_answer(self, &question, answer);
    if (!self->is_dead) (void)judge_assert(self, answer ? question.yes : question.no, &fact);
    return answer;
}

static bool answer_noted(judge *self, bool answer) {
    self->log = memory_grown(self->log, self->log_count, sizeof *self->log);
    self->log[self->log_count++] = answer;
    self->log_at = self->log_count;
    return answer;
}

/* Asks the zone; where it allows both, one is chosen and the other is left for later. */
static bool answer_of_zone(judge *self, judge_question question) {
    question.yes.x = tick_of(self, question.b.origin);
    question.no.x = question.yes.y = tick_of(self, question.a.origin);
    question.no.y = question.yes.x;
    if (self->is_dead) return false;
    const zone *z = self->known.zone;
    const zone_constraint *yes = &question.yes, *no = &question.no;
    bool may = zone_ask(z, yes->x, yes->y, yes->bound_us) != ZONE_IMPOSSIBLE;
    bool may_not = zone_ask(z, no->x, no->y, no->bound_us) != ZONE_IMPOSSIBLE;
    if (may != may_not) {
        const zone_constraint *it = may ? yes : no;
        note_slack(self, it->bound_us - zone_upper(z, it->x, it->y) + 1);
        return answer_noted(self, may);
    }
    self->open_questions++;
    note_slack(self, 0);
    bool answer = self->script != NULL ? self->script[self->log_count] : guessed(self, &question);
    judge_fact fact = fact_of_answer(self, &question, answer);
    judge_fact other = fact_of_answer(self, &question, !answer);
    if (self->script == NULL) judge_branch(self, !answer, answer ? *no : *yes, &other);
    (void)answer_noted(self, answer);
    (void)judge_assert(self, answer ? *yes : *no, &fact);
    return answer;
}

/* Is this a question whose answer nothing shows, because the key is written over, and nobody hears
 * what is announced of it? Not the one whether a deadline fits into 64 bits: that is about the end
 * of time. */
static bool is_idle(const judge *self, const judge_question *question) {
    bool is_of_end = question->b.origin == TTL_ORIGIN_EPOCH && question->b.ms > JUDGE_CLOCK_MS_MAX;
    if (!question->is_of_deadline || is_of_end || self->ear_count > 0) return false;
    size_t unit = self->order[self->position], part = unit;
    (void)judge_expected_node(self, unit, &part);
    return self->units[part].writes_blindly;
}

static bool timeline_is_after(void *context, ttl_instant a, ttl_instant b) {
    judge *self = context;
    if (self->log_at < self->log_count) return self->log[self->log_at++] != 0;
    judge_question question = question_of(self, a, b);
    bool is_of_nobody = is_idle(self, &question);
    if (!is_of_nobody && self->is_free) return answer_freely(self, question);
    if (!is_of_nobody && self->is_dead) return false;
    const zone_constraint *yes = &question.yes, *no = &question.no;
    /* Brackets alone, without the zone. Below the next millisecond is within a bound. Where dying
     * early is allowed, one answer is certain only where the other cannot be given too. */
    int64_t room_us = JUDGE_TICK_US - 1 - (question.is_of_deadline ? yes_slack_us(self) : 0);
    int64_t yes_room_us = yes->bound_us + room_us - ticks_apart_us(self, yes->x, yes->y);
    int64_t no_room_us = no->bound_us + room_us - ticks_apart_us(self, no->x, no->y);
    if (is_of_nobody) {
        note_idle_slack(self, yes_room_us > no_room_us ? yes_room_us : no_room_us);
        return answer_noted(self, true);
    }
    self->questions++;
    if (yes_room_us < 0 && no_room_us < 0) return answer_of_zone(self, question);
    note_slack(self, yes_room_us >= 0 ? yes_room_us : no_room_us);
    return answer_noted(self, yes_room_us >= 0);
}

/* ---- readings */

/* A unit that overlaps others narrows their brackets, and they narrow its own: who ran before it
 * ran before it was answered, and it ran after they were sent. But an event may be heard while its
 * unit goes on, and reads its clock again. True: it does. */
static bool narrow_brackets(judge *self, size_t unit) {
    bool narrows = false;
    bool may_go_on = self->units[unit].is_event && self->engine->reads_again;
    for (size_t p = self->position; p-- > 0;) {
        bool may = self->latest_sent[p] > self->sent_us[unit] ||
                   self->latest_received[p] > self->received_us[unit];
        if (!may) break;
        size_t other = self->order[p];
        if (!judge_units_meet(self, unit, other)) continue;
        if (self->sent_us[other] > self->sent_us[unit]) {
            self->sent_us[unit] = self->sent_us[other];
            narrows = true;
        }
        if (!may_go_on && self->received_us[other] > self->received_us[unit]) {
            self->received_us[other] = self->received_us[unit];
            narrows = true;
        }
    }
    return narrows;
}

void judge_enter(judge *self, size_t unit) {
    const history_entry *entry = &self->history->entries[unit];
    bool answered = entry->received_us != HISTORY_NO_REPLY;
    size_t p = self->position;
    self->sent_us[unit] = entry->sent_us;
    self->received_us[unit] = answered ? entry->received_us : INT64_MAX;
    int64_t sent_us = self->sent_us[unit], received_us = self->received_us[unit];
    bool narrows = self->is_concurrent && narrow_brackets(self, unit);
    if (p > 0 && self->latest_sent[p - 1] > sent_us) sent_us = self->latest_sent[p - 1];
    if (p > 0 && self->latest_received[p - 1] > received_us)
        received_us = self->latest_received[p - 1];
    self->latest_sent[p] = sent_us;
    self->latest_received[p] = received_us;
    bool is_new = self->moment_at == self->moment_count && self->log_at == self->log_count;
    self->is_crowded = narrows && is_new && self->known.count > 0;
    if (is_new && self->known.count >= self->known.sweep_at) sweep(self);
}

static ttl_instant timeline_now(void *context, bool again) {
    judge *self = context;
    size_t unit = self->order[self->position];
    if (!again) judge_enter(self, unit);
    if (self->moment_at == self->moment_count) {
        self->moments = memory_grown(self->moments, self->moment_count, sizeof *self->moments);
        self->moments[self->moment_count++] = (judge_moment){unit, self->position, SIZE_MAX};
    }
    uint32_t origin = (uint32_t)++self->moment_at;
    /* What narrowed others has to stand between them. */
    if (self->is_crowded && !self->is_free) (void)judge_attach(self, origin);
    self->is_crowded = false;
    return (ttl_instant){0, origin};
}

/* Where a unit reads its clock again it may go on behind what was heard of it: then the event
 * stands at no moment that is known. */
void judge_attend(judge *self, size_t unit) {
    if (self->engine->reads_again) judge_enter(self, unit);
    else (void)timeline_now(self, false);
}

/* ---- relations */

static uint32_t timeline_tell(void *context, const ttl_told *told) {
    judge *self = context;
    if (self->relation_at == self->relation_count) {
        self->relations =
            memory_grown(self->relations, self->relation_count, sizeof *self->relations);
        self->relations[self->relation_count++] = *told;
    }
    return (uint32_t)self->relation_at++;
}

/* The least and the most that a distance can be of which `value` was told. */
static void told_range(ttl_told_kind kind, int64_t value, int64_t *least_ms, int64_t *most_ms) {
    bool is_up = kind == TTL_TOLD_LEFT_S_UP || kind == TTL_TOLD_MOMENT_S_UP;
    bool in_seconds = kind == TTL_TOLD_LEFT_S || kind == TTL_TOLD_MOMENT_S || is_up;
    bool is_left =
        kind == TTL_TOLD_LEFT_MS || kind == TTL_TOLD_LEFT_S || kind == TTL_TOLD_LEFT_S_UP;
    const int64_t below_ms = is_up ? MS_PER_S - 1 : MS_PER_S / 2;
    const int64_t above_ms = MS_PER_S - 1 - below_ms;
    const int64_t limit = INT64_MAX / MS_PER_S - 1;
    bool is_high = in_seconds && value > limit, is_low = in_seconds && value < -limit;
    if (is_high) value = limit;
    if (is_low) value = -limit;
    *least_ms = in_seconds ? value * MS_PER_S - below_ms : value;
    *most_ms = in_seconds ? value * MS_PER_S + above_ms : value;
    if (is_high) *most_ms = INT64_MAX; /* past the last whole second there is no end */
    if (is_low) *least_ms = INT64_MIN;
    if (is_left && value == 0) *least_ms = INT64_MIN; /* below nothing is told as nothing */
}

/* least <= x - y <= most, as two constraints with one fact. */
static bool assert_between(judge *self, zone_variable x, zone_variable y, int64_t least_us,
                           int64_t most_us, const judge_fact *fact) {
    zone_constraint both[] = {{x, y, most_us, 0}, {y, x, -least_us, 0}};
    for (size_t i = 0; i < 2; i++) {
        if (both[i].bound_us >= US_FAR) continue;
        if (!judge_assert(self, both[i], fact)) return self->is_free;
    }
    return true;
}

static bool tell_deadline(judge *self, const judge_fact *fact) {
    const ttl_told *told = &fact->told;
    bool is_moment = told->kind == TTL_TOLD_MOMENT_MS || told->kind == TTL_TOLD_MOMENT_S ||
                     told->kind == TTL_TOLD_MOMENT_S_UP;
    if (fact->value < 0 && !is_moment) return false;
    if (self->is_dead) return self->is_free;
    int64_t least_ms, most_ms;
    told_range(told->kind, fact->value, &least_ms, &most_ms);
    ttl_instant against = is_moment ? (ttl_instant){0, TTL_ORIGIN_EPOCH} : told->now;
    zone_variable x = tick_of(self, told->deadline.origin), y = tick_of(self, against.origin);
    if (self->is_dead) return self->is_free;
    uint32_t origins[] = {told->deadline.origin, against.origin};
    bool is_pinned = origins[0] == TTL_ORIGIN_EPOCH || origins[1] == TTL_ORIGIN_EPOCH;
    for (size_t i = 0; i < 2 && is_pinned; i++) {
        if (origins[i] == TTL_ORIGIN_EPOCH) continue;
        attached_of(self, origins[i])->is_pinned = true;
    }
    int64_t offset_ms = told->deadline.ms - against.ms;
    return assert_between(self, x, y, distance_us(least_ms, offset_ms),
                          distance_us(most_ms, offset_ms), fact);
}

static bool tell_now(judge *self, const judge_fact *fact) {
    if (fact->value < 0 || fact->value >= US_PER_S) return false;
    if (self->told_now_s < 0 || self->told_now_s > CLOCK_US_MAX / US_PER_S) return false;
    if (self->is_dead) return self->is_free;
    int64_t us = self->told_now_s * US_PER_S + fact->value;
    zone_variable wall = judge_attach(self, fact->told.now.origin)->wall;
    attached_of(self, fact->told.now.origin)->is_pinned = true;
    return assert_between(self, wall, ZONE_REFERENCE, us, us, fact);
}

bool judge_tell(judge *self, uint32_t relation, int64_t value) {
    require(relation < self->relation_count);
    const judge_fact fact = {.unit = self->order[self->position],
                             .is_told = true,
                             .told = self->relations[relation],
                             .value = value};
    switch (fact.told.kind) {
    case TTL_TOLD_COUNT: return value >= fact.told.low && value <= fact.told.high;
    case TTL_TOLD_NOW_S: self->told_now_s = value; return true;
    case TTL_TOLD_NOW_US: return tell_now(self, &fact);
    case TTL_TOLD_LEFT_MS:
    case TTL_TOLD_LEFT_S:
    case TTL_TOLD_MOMENT_MS:
    case TTL_TOLD_LEFT_S_UP:
    case TTL_TOLD_MOMENT_S:
    case TTL_TOLD_MOMENT_S_UP: return tell_deadline(self, &fact);
    }
    return false;
}

static void timeline_give_up(void *context, const char *why) {
    judge *self = context;
    self->given_up = why;
    self->given_up_at = self->order[self->position];
}

ttl_timeline judge_timeline(judge *self) {
    return (ttl_timeline){self, timeline_now, timeline_is_after, timeline_tell, timeline_give_up};
}
