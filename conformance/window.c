#include "conformance/window.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"
#include "ttlspec/engine.h"

/* One engine of the two that are replayed side by side. */
typedef struct shadow {
    int64_t now_ms;
    bool is_prompt;
    ttl_engine *engine;
    ttl_session **sessions;
    ttl_reply reply, events;
    size_t event_count;
} shadow;

/* Which instants a step can tell apart. */
typedef enum step_kind {
    STEP_PLAIN,  /* only whether keys are alive */
    STEP_READER, /* changes nothing: the earliest instant that explains it is the best */
    STEP_TIMED,  /* sets a deadline from the present, or may */
} step_kind;

typedef struct search {
    const window_question *question;
    shadow shadows[2];
    step_kind *kinds;
    int64_t *instants_ms; /* the choice that is being tried */
    bool *is_pinned;      /* no other instant of this step has to be tried */
    size_t engine_steps, limit, furthest;
} search;

/* -- which commands care -------------------------------------------------------------------- */

static bool is_one_of(ttl_bytes command, const char *const *words) {
    for (; *words != NULL; words++)
        if (ttl_bytes_is_word(command, *words)) return true;
    return false;
}

bool window_tells_time(ttl_bytes command) {
    static const char *const words[] = {"TTL", "PTTL", "TIME", "INFO", NULL};
    return is_one_of(command, words);
}

/* SET and GETEX set a deadline from the present with EX or PX only. */
static bool sets_from_now(const window_step *step) {
    static const char *const commands[] = {"SET", "GETEX", NULL};
    static const char *const options[] = {"EX", "PX", NULL};
    if (!is_one_of(step->argv[0], commands)) return false;
    for (size_t i = 2; i < step->argc; i++)
        if (is_one_of(step->argv[i], options)) return true;
    return false;
}

static step_kind kind_of(const window_step *step) {
    static const char *const readers[] = {
        "TTL",      "PTTL",   "EXPIRETIME", "PEXPIRETIME", "TIME",      "GET",     "MGET", "TYPE",
        "EXISTS",   "STRLEN", "GETRANGE",   "TOUCH",       "HGET",      "HGETALL", "HLEN", "LLEN",
        "LRANGE",   "SCARD",  "SISMEMBER",  "ZCARD",       "ZSCORE",    "PING",    "ECHO", "KEYS",
        "SMEMBERS", "ZRANGE", "DBSIZE",     "INFO",        "RANDOMKEY", NULL};
    static const char *const timed[] = {"SETEX",    "PSETEX",    "EXPIRE",    "PEXPIRE",
                                        "EXPIREAT", "PEXPIREAT", "EXEC",      "RESTORE",
                                        "HEXPIRE",  "HPEXPIRE",  "HEXPIREAT", NULL};
    ttl_bytes command = step->argv[0];
    if (is_one_of(command, readers)) return STEP_READER;
    return is_one_of(command, timed) || sets_from_now(step) ? STEP_TIMED : STEP_PLAIN;
}

/* -- replaying ------------------------------------------------------------------------------ */

static int64_t shadow_now_us(void *context) {
    return ((shadow *)context)->now_ms * 1000;
}

static void shadow_event(void *context, const ttl_event *event) {
    shadow *self = context;
    ttl_reply_add_node(&self->events, TTL_REPLY_ARRAY, 3);
    ttl_reply_add_bulk(&self->events, ttl_bytes_of(event->name));
    ttl_reply_add_bulk(&self->events, event->key);
    ttl_reply_add_integer(&self->events, event->database);
    ttl_reply_set_length(&self->events, 0, ++self->event_count);
}

static void shadow_drop(shadow *self, size_t session_count) {
    for (size_t i = 0; i < session_count; i++)
        if (self->sessions[i] != NULL) ttl_session_free(self->sessions[i]);
    memset(self->sessions, 0, session_count * sizeof *self->sessions);
    if (self->engine != NULL) ttl_engine_free(self->engine);
    self->engine = NULL;
}

/* A fresh engine. False: there is no memory. */
static bool shadow_begin(shadow *self, const window_question *question) {
    shadow_drop(self, question->connection_count);
    self->now_ms = question->count > 0 ? question->steps[0].earliest_ms : 0;
    ttl_engine_options options = {
        .clock = {self, shadow_now_us},
        .allocator = ttl_allocator_libc(),
        .dialect = *question->dialect,
        .on_event = shadow_event,
        .event_context = self,
    };
    self->engine = ttl_engine_new(&options);
    for (size_t i = 0; self->engine != NULL && i < question->connection_count; i++) {
        self->sessions[i] = ttl_session_new(self->engine, NULL);
        if (self->sessions[i] == NULL) return false;
    }
    return self->engine != NULL;
}

/* Moves the engine's clock on. */
static bool shadow_move(shadow *self, int64_t at_ms) {
    self->now_ms = at_ms;
    ttl_reply_clear(&self->events);
    ttl_reply_add_node(&self->events, TTL_REPLY_ARRAY, 0);
    self->event_count = 0;
    return !self->is_prompt || ttl_engine_expire(self->engine, NULL) == TTL_OK;
}

static bool shadow_execute(shadow *self, const window_step *step) {
    ttl_session *session = self->sessions[step->connection];
    return ttl_session_execute(session, step->argc, step->argv, &self->reply) == TTL_OK;
}

/* True when the instants up to `to_ms` are not all the same to a plain step: a key dies on the way.
 * A dead key that waits to be reclaimed hides the next one, so it counts too. */
static bool deadline_before(ttl_engine *engine, int64_t to_ms) {
    int64_t at_ms;
    return ttl_engine_next_expiry(engine, &at_ms) && at_ms <= to_ms;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* Runs step `i` at its chosen instant. False: the step is not explained. */
static bool try_step(search *self, size_t i) {
    const window_question *question = self->question;
    const window_step *step = &question->steps[i];
    shadow *prompt = &self->shadows[0], *lazy = &self->shadows[1];
    int64_t at_ms = self->instants_ms[i];
    self->engine_steps++;
    if (!shadow_move(prompt, at_ms) || !shadow_move(lazy, at_ms)) return false;
    self->is_pinned[i] =
        self->kinds[i] == STEP_PLAIN && !deadline_before(prompt->engine, step->latest_ms);
    if (!shadow_execute(prompt, step) || !shadow_execute(lazy, step)) return false;
    window_step_view view = {&prompt->reply,
                             &lazy->reply,
                             &prompt->events,
                             &lazy->events,
                             ttl_session_protocol(prompt->sessions[step->connection]),
                             step->latest_ms - at_ms};
    return question->explains(question->context, i, &view);
}

/* Replays all steps with their chosen instants, choosing the earliest for those from `chosen` on.
 * Returns how many steps were explained. */
static size_t replay(search *self, size_t chosen) {
    const window_question *question = self->question;
    for (size_t s = 0; s < 2; s++)
        if (!shadow_begin(&self->shadows[s], question)) return 0;
    for (size_t i = 0; i < question->count; i++) {
        int64_t before_ms = i == 0 ? INT64_MIN : self->instants_ms[i - 1];
        if (i >= chosen) self->instants_ms[i] = later(question->steps[i].earliest_ms, before_ms);
        if (self->instants_ms[i] > question->steps[i].latest_ms || !try_step(self, i)) return i;
    }
    return question->count;
}

/* Moves the last step at or before `failed` that has another instant to it. Returns how many steps
 * are chosen then; 0: none has. */
static size_t advance(search *self, size_t failed) {
    for (size_t i = failed + 1; i-- > 0;) {
        bool is_settled = self->is_pinned[i] || (i < failed && self->kinds[i] == STEP_READER);
        if (is_settled || self->instants_ms[i] >= self->question->steps[i].latest_ms) continue;
        self->instants_ms[i]++;
        return i + 1;
    }
    return 0;
}

static window_answer seek(search *self) {
    for (size_t chosen = 0;;) {
        size_t explained = replay(self, chosen);
        if (explained == self->question->count) return WINDOW_EXPLAINED;
        self->furthest = explained > self->furthest ? explained : self->furthest;
        chosen = advance(self, explained);
        if (chosen == 0) return WINDOW_UNEXPLAINED;
        if (self->engine_steps >= self->limit) return WINDOW_EXHAUSTED;
    }
}

window_result window_ask(const window_question *question) {
    search self = {.question = question,
                   .limit = question->limit > 0 ? question->limit : WINDOW_STEPS_MAX,
                   .kinds = memory_zeroed(question->count, sizeof *self.kinds),
                   .instants_ms = memory_zeroed(question->count, sizeof *self.instants_ms),
                   .is_pinned = memory_zeroed(question->count, sizeof *self.is_pinned)};
    for (size_t i = 0; i < question->count; i++) self.kinds[i] = kind_of(&question->steps[i]);
    for (size_t s = 0; s < 2; s++) {
        shadow *each = &self.shadows[s];
        each->is_prompt = s == 0;
        each->sessions = memory_zeroed(question->connection_count, sizeof *each->sessions);
        ttl_reply_init(&each->reply, ttl_allocator_libc());
        ttl_reply_init(&each->events, ttl_allocator_libc());
    }
    window_result result = {.answer = seek(&self)};
    result.furthest = self.furthest;
    result.instants_ms = self.instants_ms;
    result.engine_steps = self.engine_steps;
    for (size_t s = 0; s < 2; s++) {
        shadow_drop(&self.shadows[s], question->connection_count);
        ttl_reply_free(&self.shadows[s].reply);
        ttl_reply_free(&self.shadows[s].events);
        free(self.shadows[s].sessions);
    }
    free(self.kinds);
    free(self.is_pinned);
    return result;
}

void window_result_free(window_result *result) {
    free(result->instants_ms);
    result->instants_ms = NULL;
}
