/* Putting a live attempt to the window: what it must explain, step by step. */
#include <stdlib.h>
#include <string.h>

#include "conformance/attempt.h"
#include "conformance/attempt_inside.h"
#include "conformance/text.h"

enum { LEGAL_MAX = 5, KEYS_MAX = 16 };

/* How often `expired` was announced for a key until now: by the server, by an engine that reclaims
 * at once, by one that waits until a command meets the key. The first lies between the others. */
typedef struct expiry_count {
    ttl_bytes key;
    size_t seen, prompt, lazy;
} expiry_count;

typedef struct explanation {
    const attempt *turn;
    char **seen; /* the observed replies as text */
    bool moving; /* inside EXEC, replies count from the moment of each command in it */
    size_t furthest, legal_count;
    char *legal[LEGAL_MAX];
    size_t key_count;
    expiry_count keys[KEYS_MAX];
} explanation;

/* -- replies ---------------------------------------------------------------------------------- */

/* Does the expectation leave a right server a choice? */
static bool is_free(const expectation *expected) {
    switch (expected->kind) {
    case EXPECTATION_CONTAINS:
    case EXPECTATION_BETWEEN:
    case EXPECTATION_ANYTHING:
    case EXPECTATION_UNORDERED:
    case EXPECTATION_ANY_OF:
    case EXPECTATION_MAP:
    case EXPECTATION_SET: return true;
    default: break;
    }
    for (size_t i = 0; i < expected->count; i++)
        if (is_free(&expected->children[i])) return true;
    return false;
}

static bool matches(const explanation *self, size_t step, const ttl_reply *reply, int protocol) {
    const attempt *turn = self->turn;
    return expectation_match(turn->steps[step].outcome->reply, reply, protocol, &turn->world,
                             NULL) == EXPECTATION_MATCHES;
}

/* The number of keys counts dead ones that are not yet reclaimed: anything between is right. */
static bool counts_between(const attempt_step *step, const window_step_view *view) {
    if (!ttl_bytes_is_word(step->argv[0], "DBSIZE")) return false;
    if (step->reply.nodes[0].type != TTL_REPLY_INTEGER) return false;
    int64_t seen = step->reply.nodes[0].is.integer;
    return view->prompt->nodes[0].is.integer <= seen && seen <= view->lazy->nodes[0].is.integer;
}

/* Before time was frozen inside EXEC, each command in it had a moment of its own, later than the
 * first by no more than the bracket leaves: a number that counts from the present may differ by
 * that much, and TIME by anything. */
static bool moved_within(const ttl_reply *seen, const ttl_reply *oracle, int64_t slack_ms) {
    if (seen->node_count != oracle->node_count) return false;
    for (size_t i = 0; i < seen->node_count; i++) {
        const ttl_node *a = &seen->nodes[i], *b = &oracle->nodes[i];
        if (a->type != b->type) return false;
        if (a->type == TTL_REPLY_INTEGER) {
            int64_t low = a->is.integer < b->is.integer ? a->is.integer : b->is.integer;
            int64_t high = a->is.integer < b->is.integer ? b->is.integer : a->is.integer;
            if (low < 0 ? low != high : high - low > slack_ms) return false;
        } else if (ttl_reply_is_aggregate(a->type)) {
            if (a->length != b->length) return false;
            bool is_time = i > 0 && a->length == 2;
            if (is_time) i = ttl_reply_next(seen, i) - 1;
        } else if (ttl_reply_has_text(a->type) &&
                   !ttl_bytes_equal(ttl_reply_text(seen, i), ttl_reply_text(oracle, i))) {
            return false;
        }
    }
    return true;
}

static bool explains_one(explanation *self, size_t step, const ttl_reply *oracle,
                         const window_step_view *view, bool keep) {
    const attempt_step *seen = &self->turn->steps[step];
    char *text = expectation_text_of_reply(oracle, view->protocol);
    bool same = strcmp(text, self->seen[step]) == 0;
    if (!same && is_free(seen->outcome->reply))
        same = matches(self, step, &seen->reply, seen->protocol) &&
               matches(self, step, oracle, view->protocol);
    if (!same && self->moving && ttl_bytes_is_word(seen->argv[0], "EXEC"))
        same = moved_within(&seen->reply, oracle, view->slack_ms);
    bool is_new = keep && !same && self->legal_count < LEGAL_MAX;
    for (size_t i = 0; i < self->legal_count; i++)
        is_new = is_new && strcmp(self->legal[i], text) != 0;
    if (is_new) self->legal[self->legal_count++] = text;
    else free(text);
    return same;
}

static void forget_legal(explanation *self) {
    for (size_t i = 0; i < self->legal_count; i++) free(self->legal[i]);
    self->legal_count = 0;
}

static bool explains_reply(explanation *self, size_t step, const window_step_view *view) {
    if (step > self->furthest) {
        forget_legal(self);
        self->furthest = step;
    }
    bool keep = step == self->furthest;
    return explains_one(self, step, view->prompt, view, keep) ||
           explains_one(self, step, view->lazy, view, keep) ||
           counts_between(&self->turn->steps[step], view);
}

/* -- events ------------------------------------------------------------------------------------ */

static expiry_count *count_of_key(explanation *self, ttl_bytes key) {
    for (size_t i = 0; i < self->key_count; i++)
        if (ttl_bytes_equal(self->keys[i].key, key)) return &self->keys[i];
    if (self->key_count == KEYS_MAX) return NULL;
    self->keys[self->key_count] = (expiry_count){.key = key};
    return &self->keys[self->key_count++];
}

/* The bytes of a key that outlive the reply they stand in. */
static ttl_bytes kept_key(const explanation *self, ttl_bytes key) {
    for (size_t i = 0; i < self->turn->vector->step_count; i++)
        for (size_t a = 0; a < self->turn->steps[i].argc; a++)
            if (ttl_bytes_equal(self->turn->steps[i].argv[a], key))
                return self->turn->steps[i].argv[a];
    return (ttl_bytes){NULL, 0};
}

/* Adds the `expired` events of a list to the counter at this offset of an expiry_count. */
static void count_expired(explanation *self, const ttl_reply *events, size_t offset) {
    for (size_t node = 1; node < events->node_count; node = ttl_reply_next(events, node)) {
        if (!ttl_bytes_is_word(ttl_reply_text(events, node + 1), "expired")) continue;
        ttl_bytes key = kept_key(self, ttl_reply_text(events, node + 2));
        expiry_count *count = key.data == NULL ? NULL : count_of_key(self, key);
        if (count != NULL) ++*(size_t *)(void *)((char *)count + offset);
    }
}

static bool same_events(const attempt *turn, const ttl_reply *a, const ttl_reply *b) {
    size_t i = attempt_next_event(turn, a, 1, true), j = attempt_next_event(turn, b, 1, true);
    while (i < a->node_count && j < b->node_count) {
        if (!ttl_bytes_equal(ttl_reply_text(a, i + 1), ttl_reply_text(b, j + 1)) ||
            !ttl_bytes_equal(ttl_reply_text(a, i + 2), ttl_reply_text(b, j + 2)))
            return false;
        i = attempt_next_event(turn, a, ttl_reply_next(a, i), true);
        j = attempt_next_event(turn, b, ttl_reply_next(b, j), true);
    }
    return i >= a->node_count && j >= b->node_count;
}

/* What the server announced after a step's reply but before it was asked about is counted with
 * that step, so the promptest engine's count is that of the next step. */
static bool explains_events(explanation *self, size_t step, const window_step_view *view) {
    const attempt *turn = self->turn;
    if (!turn->vector->has_events) return true;
    if (step == 0) self->key_count = 0;
    const ttl_reply *seen = &turn->steps[step].events;
    count_expired(self, view->prompt_events, offsetof(expiry_count, prompt));
    bool sound = true;
    for (size_t i = 0; i < self->key_count; i++)
        sound = sound && self->keys[i].seen <= self->keys[i].prompt;
    count_expired(self, view->lazy_events, offsetof(expiry_count, lazy));
    count_expired(self, seen, offsetof(expiry_count, seen));
    for (size_t i = 0; i < self->key_count; i++)
        sound = sound && self->keys[i].seen >= self->keys[i].lazy;
    return sound && same_events(turn, seen, view->lazy_events);
}

static bool explains(void *context, size_t step, const window_step_view *view) {
    return explains_reply(context, step, view) && explains_events(context, step, view);
}

/* -- asking ------------------------------------------------------------------------------------ */

static bool time_moves_in_exec(const ttl_dialect *spec) {
    for (size_t i = 0; i < ttl_trait_count(); i++)
        if (strcmp(ttl_trait_at(i).id, "exec.time-is-frozen") == 0)
            return !ttl_dialect_has(spec, i);
    return false;
}

/* "3 or 4" from what was legal. */
static char *legal_text(const attempt *turn, explanation *self) {
    if (self->legal_count == 0) return NULL;
    char *text = text_copy(self->legal[0]);
    for (size_t i = 1; i < self->legal_count; i++) {
        char *longer = text_format("%s or %s", text, self->legal[i]);
        free(text);
        text = longer;
    }
    char *plain = attempt_plain_text(turn, text);
    free(text);
    return plain;
}

attempt_explanation attempt_explain(const attempt *turn) {
    size_t count = turn->vector->step_count;
    window_step *steps = memory_zeroed(count, sizeof *steps);
    explanation self = {.turn = turn, .seen = memory_zeroed(count, sizeof *self.seen)};
    self.moving = time_moves_in_exec(turn->spec);
    for (size_t i = 0; i < count; i++) {
        const attempt_step *from = &turn->steps[i];
        steps[i] = (window_step){turn->vector->steps[i].connection, from->argc, from->argv,
                                 from->range.earliest_ms, from->range.latest_ms};
        self.seen[i] = expectation_text_of_reply(&from->reply, from->protocol);
    }
    window_question question = {.dialect = turn->spec,
                                .connection_count = turn->vector->connection_count,
                                .count = count,
                                .steps = steps,
                                .context = &self,
                                .explains = explains};
    window_result result = window_ask(&question);
    attempt_explanation answer = {result.answer, result.furthest, legal_text(turn, &self)};
    window_result_free(&result);
    forget_legal(&self);
    for (size_t i = 0; i < count; i++) free(self.seen[i]);
    free(self.seen);
    free(steps);
    return answer;
}
