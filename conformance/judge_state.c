/* Names of states. Two branches that come to the same state have the same future, so the second one
 * need not be followed. A state is what the engine holds and has announced, what is known of
 * moments that still matter, and who has run. */
#include "conformance/judge_inside.h"
#include "conformance/mix.h"

#include <stdlib.h>

#include "engine/keyspace.h"
#include "engine/state.h"

enum { LIVING_MOST = 64 };

/* ---- hashing, twice over: no two states are to be taken for one */

static const judge_name name_of_nothing = {UINT64_C(0x243f6a8885a308d3),
                                           UINT64_C(0x13198a2e03707344)};

static void name_fold(judge_name *name, uint64_t value) {
    name->a = mix_bits(name->a + value);
    name->b = mix_bits((name->b ^ value) + UINT64_C(0x9e3779b97f4a7c15));
}

static void name_fold_bytes(judge_name *name, ttl_bytes bytes) {
    name_fold(name, bytes.length);
    for (size_t i = 0; i < bytes.length; i++) name_fold(name, (unsigned char)bytes.data[i]);
}

/* For things that stand in no order. */
static void name_add(judge_name *name, const judge_name *other) {
    name->a += other->a;
    name->b += other->b;
}

/* ---- the order, as far as it matters */

void judge_name_order(judge *self, size_t unit) {
    judge_name own = name_of_nothing;
    judge_name others = {0, 0};
    name_fold(&own, unit);
    const history_entry *entry = &self->history->entries[unit];
    for (size_t p = self->position; p-- > 0 && self->latest_received[p] >= entry->sent_us;) {
        size_t other = self->order[p];
        if (self->history->entries[other].connection == entry->connection) continue;
        if (!judge_units_meet(self, unit, other)) continue;
        judge_name pair = own;
        name_fold(&pair, other);
        name_add(&others, &pair);
    }
    name_fold(&own, others.a);
    name_fold(&own, others.b);
    for (size_t i = self->log_start; i < self->log_at; i++) name_fold(&own, self->log[i]);
    judge_name *after = &self->orders[self->position + 1];
    *after = self->orders[self->position];
    name_add(after, &own);
}

/* ---- what the engine holds */

typedef struct judge_holdings {
    const judge *judge;
    const struct keyspace *keyspace;
    judge_name sum;
    bool has_object; /* a value that is no string: its content is not looked at */
    uint32_t origins[LIVING_MOST];
    size_t origin_count; /* LIVING_MOST: too many */
} judge_holdings;

/* A moment, whatever its number is in this branch: its unit, and which reading of that. */
static void fold_moment(const judge *self, judge_name *name, uint32_t origin) {
    size_t unit = self->moments[origin - 1].unit, reading = 0;
    for (uint32_t o = origin - 1; o > 0 && self->moments[o - 1].unit == unit; o--) reading++;
    name_fold(name, unit);
    name_fold(name, reading);
}

static void visit_holding(void *context, uint32_t handle) {
    judge_holdings *holdings = context;
    const struct record *record = keyspace_at(holdings->keyspace, handle).record;
    judge_name own = name_of_nothing;
    name_fold_bytes(&own, record_name(record));
    if (record->type == VALUE_STRING) name_fold_bytes(&own, record_string(record));
    else holdings->has_object = true;
    if (record_is_volatile(record)) {
        ttl_instant deadline = record_deadline(record);
        name_fold(&own, (uint64_t)deadline.ms);
        if (deadline.origin != TTL_ORIGIN_EPOCH) {
            fold_moment(holdings->judge, &own, deadline.origin);
            if (holdings->origin_count < LIVING_MOST)
                holdings->origins[holdings->origin_count++] = deadline.origin;
        }
    }
    name_add(&holdings->sum, &own);
}

static void hold_databases(judge_holdings *holdings) {
    const ttl_engine *engine = holdings->judge->engine;
    for (int i = 0; i < engine->database_count; i++) {
        const struct database *db = engine->databases[i];
        if (db == NULL || keyspace_count(&db->keyspace) == 0) continue;
        judge_name before = holdings->sum;
        holdings->sum = (judge_name){0, 0};
        holdings->keyspace = &db->keyspace;
        uint32_t cursor = 0;
        do cursor = table_scan(&db->keyspace.table, cursor, visit_holding, holdings);
        while (cursor != 0);
        judge_name own = before;
        name_fold(&own, (uint64_t)i);
        name_fold(&own, holdings->sum.a);
        name_fold(&own, holdings->sum.b);
        holdings->sum = own;
    }
}

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void fold_bracket(const judge *self, judge_name *name, size_t unit) {
    name_fold(name, unit);
    name_fold(name, (uint64_t)self->sent_us[unit]);
    name_fold(name, (uint64_t)self->received_us[unit]);
}

/* The moments that deadlines count from, in the order in which they were. */
static void fold_living(judge_holdings *holdings, judge_name *name) {
    const judge *self = holdings->judge;
    qsort(holdings->origins, holdings->origin_count, sizeof *holdings->origins, by_number);
    for (size_t i = 0; i < holdings->origin_count; i++)
        fold_bracket(self, name, self->moments[holdings->origins[i] - 1].unit);
}

/* What others did to the keys that sessions watch; all else of them is their own doing. */
static void fold_watches(const judge *self, judge_name *name) {
    for (size_t c = 0; c < self->history->connection_count; c++) {
        const ttl_session *session = self->sessions[c];
        if (session == NULL || session->watch_count == 0) continue;
        name_fold(name, c);
        name_fold(name, session->watch_broken);
        for (size_t i = 0; i < session->watch_count; i++)
            name_fold(name, session->watches[i].was_expired);
    }
}

/* What was announced and nobody has heard yet: there may come somebody who did. */
static void fold_events(const judge *self, judge_name *name) {
    judge_name sum = {0, 0};
    for (size_t i = 0; i < self->emitted_count; i++) {
        const judge_emitted *it = &self->emitted[i];
        if (it->is_heard) continue;
        judge_name own = name_of_nothing;
        name_fold_bytes(&own, ttl_bytes_of(it->name));
        name_fold_bytes(&own, it->key);
        name_fold(&own, (uint64_t)it->database);
        name_add(&sum, &own);
    }
    name_fold(name, sum.a);
    name_fold(name, sum.b);
}

/* ---- who has run */

/* Units that ran and overlap with one that waits may still narrow its bracket, and it theirs. */
static void fold_run(const judge *self, judge_name *name) {
    int64_t waits_from_us = INT64_MAX;
    for (size_t c = 0; c < self->history->connection_count; c++) {
        size_t unit = self->next_of[c];
        name_fold(name, unit);
        if (unit != SIZE_MAX && self->history->entries[unit].sent_us < waits_from_us)
            waits_from_us = self->history->entries[unit].sent_us;
    }
    judge_name sum = {0, 0};
    for (size_t p = self->position; p-- > 0 && self->latest_received[p] >= waits_from_us;) {
        judge_name own = name_of_nothing;
        fold_bracket(self, &own, self->order[p]);
        name_add(&sum, &own);
    }
    name_fold(name, sum.a);
    name_fold(name, sum.b);
}

judge_name judge_state(const judge *self) {
    judge_name name = name_of_nothing;
    judge_holdings holdings = {.judge = self, .sum = name_of_nothing};
    fold_run(self, &name);
    hold_databases(&holdings);
    name_fold(&name, holdings.sum.a);
    name_fold(&name, holdings.sum.b);
    fold_living(&holdings, &name);
    fold_watches(self, &name);
    fold_events(self, &name);
    /* What answers and replies tied together, and what lists and sets hold, is told by the order
     * and the answers that led to it. */
    bool is_simple =
        self->known.count == 0 && !holdings.has_object && holdings.origin_count < LIVING_MOST;
    if (!is_simple) {
        name_fold(&name, self->orders[self->position].a);
        name_fold(&name, self->orders[self->position].b);
    }
    return name;
}
