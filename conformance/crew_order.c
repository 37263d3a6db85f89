/* Who may begin, and when: what kinds of vectors there are, and moments at which nothing stirs. */
#include <stdlib.h>
#include <string.h>

#include "conformance/crew_inside.h"
#include "conformance/number.h"
#include "conformance/text.h"

enum {
    BUSY_MAX = 8, /* vectors that never wait, at a time: a server runs one command at a time */
    UNJUDGED_MAX = 4096, /* so that those that are done do not pile up */
    SILENCE_US = 10000,  /* a silent vector is done so long before anything stirs */
    LAST_MAX = 16,       /* of those that come last, at a time */
    LAST_WORTH = 64,     /* so many wait to come last: for more it would take too long */
};

/* -- what kind of vector it is --------------------------------------------------------------- */

/* The words of an argument; {NULL, 0} where it has placeholders. */
static ttl_bytes words_of(const vector_text *text) {
    bool is_plain = text->count == 1 && text->pieces[0].kind == VECTOR_TEXT_BYTES;
    return is_plain ? text->pieces[0].bytes : (ttl_bytes){NULL, 0};
}

static bool is_any_word(ttl_bytes word, const char *const *words) {
    for (; *words != NULL; words++)
        if (ttl_bytes_is_word(word, *words)) return true;
    return false;
}

static bool uses_any(const vector *what, const char *const *words) {
    for (size_t i = 0; i < what->step_count; i++) {
        ttl_bytes name = words_of(&what->steps[i].argv[0]);
        if (name.data == NULL || is_any_word(name, words)) return true;
    }
    return false;
}

bool crew_needs_own_links(const vector *what) {
    static const char *const lasting[] = {"MULTI",   "EXEC",  "DISCARD", "WATCH", "UNWATCH",
                                          "SELECT",  "HELLO", "AUTH",    "RESET", "CLIENT",
                                          "MONITOR", "QUIT",  NULL};
    return (what->needs & (VECTOR_NEEDS_EXCLUSIVE_DB | VECTOR_NEEDS_BLOCKING)) != 0 ||
           uses_any(what, lasting);
}

bool crew_waits(const vector *what) {
    return what->t0 != VECTOR_T0_UNNAMED || what->length_ms > 0;
}

static bool is_setting(const vector_step *step) {
    return ttl_bytes_is_word(words_of(&step->argv[0]), "CONFIG") &&
           (step->argc < 2 || !ttl_bytes_is_word(words_of(&step->argv[1]), "RESETSTAT"));
}

/* Does it name another database than {db} and {db2}? That may be somebody else's. */
static bool names_database(const target *on, const vector_step *step) {
    static const char *const naming[] = {"SELECT", "SWAPDB", "MOVE", "COPY", NULL};
    if (!is_any_word(words_of(&step->argv[0]), naming)) return false;
    for (size_t i = 1; i < step->argc; i++) {
        ttl_bytes word = words_of(&step->argv[i]);
        int64_t number;
        if (word.data != NULL && number_parse(word.data, word.length, &number) && number >= 0 &&
            number < (int64_t)on->database_count)
            return true;
    }
    return false;
}

/* INFO of the keyspace that looks at the line of its own database only. */
static bool is_own_line(const vector_step *step, const ttl_dialect *spec) {
    return step->argc == 2 && ttl_bytes_is_word(words_of(&step->argv[1]), "keyspace") &&
           expectation_uses_database(vector_step_outcome(step, spec)->reply);
}

/* Does it tell of the keys in all databases? Those who sleep have some there. */
static bool tells_all_databases(const vector_step *step, const ttl_dialect *spec) {
    if (!ttl_bytes_is_word(words_of(&step->argv[0]), "INFO") || is_own_line(step, spec))
        return false;
    for (size_t i = 1; i < step->argc; i++)
        if (ttl_bytes_is_word(words_of(&step->argv[i]), "keyspace")) return true;
    return false;
}

bool crew_can_run(const target *on, const ttl_dialect *spec, const vector *what) {
    static const char *const alone[] = {"SUBSCRIBE",    "PSUBSCRIBE", "UNSUBSCRIBE",
                                        "PUNSUBSCRIBE", "FLUSHALL",   NULL};
    if (uses_any(what, alone)) return false;
    bool is_exclusive = (what->needs & VECTOR_NEEDS_EXCLUSIVE_DB) != 0;
    for (size_t i = 0; i < what->step_count; i++) {
        const vector_step *step = &what->steps[i];
        bool is_everybodys = names_database(on, step) || tells_all_databases(step, spec);
        if (is_setting(step) || (is_exclusive && is_everybodys)) return false;
    }
    return !is_exclusive || on->database_count >= 4;
}

/* Does a reply tell of more than the database? INFO does, unless the vector looks at its own line
 * of the keyspace only; what statistics count is everybody's. */
static bool needs_silence(const vector *what, const ttl_dialect *spec) {
    if ((what->needs & VECTOR_NEEDS_EXCLUSIVE_DB) == 0) return false;
    for (size_t i = 0; i < what->step_count; i++) {
        const vector_step *step = &what->steps[i];
        ttl_bytes name = words_of(&step->argv[0]);
        if (ttl_bytes_is_word(name, "CONFIG")) return true;
        if (!ttl_bytes_is_word(name, "INFO")) continue;
        if (!is_own_line(step, spec)) return true;
    }
    return false;
}

static crew_queue queue_of(const crew *self, const crew_task *task) {
    const vector *what = task->what;
    bool is_debug = (what->needs & VECTOR_NEEDS_DEBUG) != 0;
    bool is_exclusive = (what->needs & VECTOR_NEEDS_EXCLUSIVE_DB) != 0;
    if (needs_silence(what, self->options.spec)) return is_debug ? CREW_SILENT_DEBUG : CREW_SILENT;
    if (task->is_last && !is_debug) return CREW_LAST;
    if (is_exclusive) return is_debug ? CREW_DEBUG_OWN_DATABASE : CREW_OWN_DATABASE;
    if (is_debug) return CREW_DEBUG;
    return crew_waits(what) ? CREW_WAITING : CREW_INSTANT;
}

/* -- queues ---------------------------------------------------------------------------------- */

/* Those that wait for a second of the clock, then the longest, so that the others fit beside. */
static int by_length(const void *a, const void *b) {
    const crew_task *x = a, *y = b;
    bool x_first = x->what->t0 == VECTOR_T0_IN_SECONDS,
         y_first = y->what->t0 == VECTOR_T0_IN_SECONDS;
    if (x_first != y_first) return x_first ? -1 : 1;
    if (x->what->length_ms != y->what->length_ms)
        return x->what->length_ms > y->what->length_ms ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

void crew_again(crew *self, const crew_task *missed) {
    const crew_line *last = &self->lines[CREW_LAST];
    crew_task task = *missed;
    task.is_last |= last->count - last->next < LAST_WORTH;
    crew_line *line = &self->lines[queue_of(self, &task)];
    line->tasks = memory_grown(line->tasks, line->count, sizeof *line->tasks);
    size_t waiting = line->count++ - line->next;
    memmove(line->tasks + line->next + 1, line->tasks + line->next, waiting * sizeof *line->tasks);
    line->tasks[line->next] = task;
    self->left++;
}

void crew_line_up(crew *self, const crew_task *tasks, size_t count) {
    crew_forget_queues(self);
    self->left = count;
    for (size_t i = 0; i < count; i++) {
        crew_line *line = &self->lines[queue_of(self, &tasks[i])];
        line->tasks = memory_grown(line->tasks, line->count, sizeof *line->tasks);
        line->tasks[line->count++] = tasks[i];
    }
    for (int q = 0; q < CREW_QUEUES; q++)
        if (self->lines[q].count > 0)
            qsort(self->lines[q].tasks, self->lines[q].count, sizeof(crew_task), by_length);
}

void crew_forget_queues(crew *self) {
    for (int q = 0; q < CREW_QUEUES; q++) free(self->lines[q].tasks);
    memset(self->lines, 0, sizeof self->lines);
    self->left = 0;
}

static bool is_empty(const crew *self, crew_queue queue) {
    return self->lines[queue].next == self->lines[queue].count;
}

/* -- silence --------------------------------------------------------------------------------- */

/* When it does something, or one of its keys dies, next. 0: at any time, as where clients wait. */
static int64_t stirs_us(crew_hand *hand) {
    if (!hand->is_asleep || (hand->turn.vector->needs & VECTOR_NEEDS_BLOCKING) != 0) return 0;
    if (hand->stirs_us == 0) {
        int64_t at_ms, first_us = hand->due_us;
        if (attempt_next_expiry(&hand->turn, hand->next, &at_ms) &&
            hand->began_us + at_ms * 1000 < first_us)
            first_us = hand->began_us + at_ms * 1000;
        hand->stirs_us = first_us;
    }
    return hand->stirs_us;
}

/* Until when do all that are at work sleep, and their keys live? Those that never wait are left
 * out if `but_instants`: they are over in no time. 0: some do not. */
static int64_t silent_until_us(crew *self, bool but_instants, bool but_debug) {
    int64_t first_us = INT64_MAX;
    for (size_t i = 0; i < self->working_count; i++) {
        crew_hand *hand = self->working[i];
        bool is_debug = (hand->turn.vector->needs & VECTOR_NEEDS_DEBUG) != 0;
        if ((but_instants && !hand->waits) || (but_debug && is_debug)) continue;
        int64_t us = stirs_us(hand);
        if (us < first_us) first_us = us;
    }
    return first_us;
}

static bool is_debug_at_work(const crew *self) {
    for (size_t i = 0; i < self->working_count; i++)
        if ((self->working[i]->turn.vector->needs & VECTOR_NEEDS_DEBUG) != 0) return true;
    return false;
}

static int64_t over_by_us(const vector *what) {
    return live_now_us() + what->length_ms * 1000 + SILENCE_US;
}

/* -- beginning ------------------------------------------------------------------------------- */

static bool has_databases(const crew *self, const vector *what) {
    if ((what->needs & VECTOR_NEEDS_EXCLUSIVE_DB) == 0) return true;
    size_t wanted = (what->needs & VECTOR_NEEDS_DATABASES) != 0 ? 2 : 1;
    size_t there = 0;
    for (size_t i = 0; i < self->options.target->database_count; i++)
        there += !self->is_database_taken[i];
    return there >= wanted;
}

/* Those that switch the active cycle off come when none is left that counts on it: all others are
 * over, or asleep longer than this one lasts. */
static bool debug_may_begin(crew *self, const vector *what) {
    if (!is_empty(self, CREW_WAITING) || !is_empty(self, CREW_OWN_DATABASE)) return false;
    return silent_until_us(self, true, true) > over_by_us(what);
}

/* One that looks at the whole server comes when nothing else stirs; those that never wait are
 * held back for it. */
static bool silent_may_begin(crew *self, const vector *what) {
    for (crew_queue q = CREW_WAITING; q < CREW_SILENT; q++)
        if (!is_empty(self, q)) return false;
    if (!has_databases(self, what)) return false;
    if (silent_until_us(self, true, false) <= over_by_us(what)) return false;
    self->holds_instants = true;
    if (self->janitor != NULL && self->janitor->count > 0) return false;
    self->silence_ends_us = silent_until_us(self, false, false);
    return self->silence_ends_us > over_by_us(what);
}

/* Of all others at work: when does the first one do something? */
static int64_t others_sleep_until_us(const crew *self) {
    int64_t first_us = INT64_MAX;
    for (size_t i = 0; i < self->working_count; i++) {
        const crew_hand *hand = self->working[i];
        int64_t us = hand->is_asleep ? hand->due_us : 0;
        if (!hand->is_last && us < first_us) first_us = us;
    }
    return first_us;
}

static bool last_may_begin(crew *self, const vector *what) {
    for (crew_queue q = 0; q < CREW_LAST; q++)
        if (!is_empty(self, q)) return false;
    if (is_debug_at_work(self) || !has_databases(self, what)) return false;
    return self->last_count < LAST_MAX && others_sleep_until_us(self) > over_by_us(what);
}

static bool may_begin(crew *self, crew_queue queue, const vector *what) {
    if (!crew_hand_fits(self, what) || (what->has_events && !crew_hears(self))) return false;
    switch (queue) {
    case CREW_WAITING: return !is_debug_at_work(self);
    case CREW_OWN_DATABASE: return !is_debug_at_work(self) && has_databases(self, what);
    case CREW_DEBUG: return debug_may_begin(self, what);
    case CREW_DEBUG_OWN_DATABASE: return has_databases(self, what) && debug_may_begin(self, what);
    case CREW_SILENT:
    case CREW_SILENT_DEBUG: return silent_may_begin(self, what);
    case CREW_INSTANT:
        return self->busy < BUSY_MAX && self->done_count < UNJUDGED_MAX && !self->holds_instants &&
               self->polling == 0;
    case CREW_LAST: return last_may_begin(self, what);
    case CREW_QUEUES: break;
    }
    return false;
}

/* Vectors begin when the clock has been read: they have to know what time it is. */
static bool knows_time(const crew *self) {
    return self->clock.count > 1 || self->is_blind;
}

bool crew_next(crew *self, crew_task *task, bool *is_silent) {
    if (self->left == 0 || self->is_closing || !knows_time(self)) return false;
    if (self->silent != NULL) return false;
    self->holds_instants = false;
    for (crew_queue q = 0; q < CREW_QUEUES; q++) {
        crew_line *line = &self->lines[q];
        if (is_empty(self, q) || !may_begin(self, q, line->tasks[line->next].what)) continue;
        *task = line->tasks[line->next++];
        *is_silent = q == CREW_SILENT || q == CREW_SILENT_DEBUG;
        self->left--;
        return true;
    }
    return false;
}

bool crew_take_any(crew *self, crew_task *task) {
    for (crew_queue q = 0; q < CREW_QUEUES; q++) {
        crew_line *line = &self->lines[q];
        if (is_empty(self, q)) continue;
        *task = line->tasks[line->next++];
        self->left--;
        return true;
    }
    return false;
}

/* -- databases of one's own ------------------------------------------------------------------ */

int crew_take_database(crew *self) {
    for (size_t i = 0; i < self->options.target->database_count; i++) {
        if (self->is_database_taken[i]) continue;
        self->is_database_taken[i] = true;
        return (int)i;
    }
    return -1;
}

static void take_databases(crew *self, const int *databases) {
    for (size_t i = 0; i < 2; i++)
        if (databases[i] < TARGET_DATABASES_MAX) self->is_database_taken[databases[i]] = true;
}

void crew_give_back_databases(crew *self) {
    memset(self->is_database_taken, 0, sizeof self->is_database_taken);
    take_databases(self, self->options.target->databases);
    for (size_t i = 0; i < self->working_count; i++)
        take_databases(self, self->working[i]->turn.world.databases);
}
