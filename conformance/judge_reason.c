/* Why nothing explains a history: the branch that came farthest is gone again up to the unit that
 * it could not explain; there the answers are looked for with which the reply would have been
 * right, and the zone says why they cannot be. */
#include "conformance/judge_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation_reply.h"
#include "conformance/text.h"

enum { FREE_RUNS_MAX = 64, SHOWN_BYTES = 48 };

enum { FREE_ANSWER = 1, FREE_FLIPPED = 2 };

/* How far what is known had come when a unit began. */
typedef struct judge_start {
    size_t log_count, moment_count, relation_count, fact_count;
} judge_start;

typedef struct judge_reasons {
    judge *judge;
    judge_start *starts; /* by position */
    judge_known before;  /* what was known when the last unit began */
    zone_chain chain;    /* the smallest so far */
    judge_fact *facts;   /* those that its tags name */
    judge_variable *variables;
    size_t fact_count;
} judge_reasons;

/* ---- going the way again */

static void start_note(const judge *self, judge_start *start) {
    *start =
        (judge_start){self->log_count, self->moment_count, self->relation_count, self->fact_count};
}

static void start_restore(judge *self, const judge_start *start) {
    self->log_count = start->log_count;
    self->moment_count = start->moment_count;
    self->relation_count = start->relation_count;
    self->fact_count = start->fact_count;
}

/* Goes the best branch again, to the beginning of its last unit. */
static bool go_again(judge_reasons *reasons) {
    judge *self = reasons->judge;
    self->script = self->best_log;
    judge_forget_all(self);
    bool fits = true;
    for (size_t p = 0; p < self->best_position && fits; p++) {
        start_note(self, &reasons->starts[p]);
        fits = judge_step(self, self->best_order[p]);
    }
    self->script = NULL;
    start_note(self, &reasons->starts[self->best_position]);
    judge_known_copy(&reasons->before, &self->known);
    return fits;
}

/* ---- answers of one's own choice */

/* What a run with free answers found. True: go on. */
typedef bool free_visit(judge_reasons *reasons, void *context);

/* Runs the unit at `position` with every choice of answers, or as many as are worth the while, and
 * shows those with which its reply is right. Without `knows` only the replies are looked at. */
static void run_freely(judge_reasons *reasons, size_t position, size_t unit, bool knows,
                       free_visit *visit, void *context) {
    judge *self = reasons->judge;
    self->free_count = 0;
    for (size_t run = 0; run < FREE_RUNS_MAX; run++) {
        start_restore(self, &reasons->starts[position]);
        judge_rerun(self, position);
        judge_known_copy(&self->known, &reasons->before);
        self->is_dead = !knows;
        self->is_free = true;
        self->free_at = 0;
        judge_execute(self, unit);
        bool matches = judge_matches(self, unit);
        self->is_free = false;
        if (matches && !visit(reasons, context)) return;
        self->free_count = self->free_at;
        while (self->free_count > 0 && (self->free_log[self->free_count - 1] & FREE_FLIPPED) != 0)
            self->free_count--;
        if (self->free_count == 0) return;
        self->free_log[self->free_count - 1] ^= FREE_ANSWER;
        self->free_log[self->free_count - 1] |= FREE_FLIPPED;
    }
}

static bool chain_is_smaller(const zone_chain *chain, const zone_chain *than) {
    if (than->count == 0) return true;
    if (chain->count != than->count) return chain->count < than->count;
    return chain->total_us < than->total_us;
}

/* Keeps the smallest chain. */
static bool visit_chain(judge_reasons *reasons, void *context) {
    (void)context;
    judge *self = reasons->judge;
    zone_chain chain = {0};
    if (!self->is_dead || !zone_explain(self->known.zone, &chain)) return true;
    if (!chain_is_smaller(&chain, &reasons->chain)) {
        zone_chain_free(&chain);
        return true;
    }
    zone_chain_free(&reasons->chain);
    reasons->chain = chain;
    size_t facts = self->fact_count * sizeof *reasons->facts;
    size_t variables = self->variable_capacity * sizeof *reasons->variables;
    reasons->facts = memory_resized(reasons->facts, 1, facts + 1);
    reasons->variables = memory_resized(reasons->variables, 1, variables + 1);
    memcpy(reasons->facts, self->facts, facts);
    memcpy(reasons->variables, self->variables, variables);
    reasons->fact_count = self->fact_count;
    return true;
}

static bool same_instant(ttl_instant a, ttl_instant b) {
    return a.ms == b.ms && a.origin == b.origin;
}

/* Is there a run with which the reply is right although this question is answered otherwise? */
typedef struct judge_doubt {
    const judge_fact *fact;
    bool found;
} judge_doubt;

static bool visit_doubt(judge_reasons *reasons, void *context) {
    judge_doubt *doubt = context;
    const judge *self = reasons->judge;
    bool asked = false;
    for (size_t i = 0; i < self->free_at; i++) {
        const judge_asked *it = &self->free_asked[i];
        if (!same_instant(it->a, doubt->fact->a) || !same_instant(it->b, doubt->fact->b)) continue;
        asked = true;
        if (((self->free_log[i] & FREE_ANSWER) != 0) != doubt->fact->answer) doubt->found = true;
    }
    if (!asked) doubt->found = true;
    return !doubt->found;
}

/* Did its own reply force this answer? Otherwise it is one of two that were tried. */
static bool fact_is_forced(judge_reasons *reasons, const judge_fact *fact) {
    judge *self = reasons->judge;
    if (fact->is_told || fact->unit == self->best_unit) return true;
    size_t position = 0;
    while (self->best_order[position] != fact->unit) position++;
    judge_doubt doubt = {fact, false};
    run_freely(reasons, position, fact->unit, false, visit_doubt, &doubt);
    return !doubt.found;
}

/* ---- words */

/* "line 4", or "entry 3" of a history that no file holds. */
static char *place_text(const judge *self, size_t entry) {
    int line = self->history->entries[entry].line;
    return line > 0 ? text_format("line %d", line) : text_format("entry %zu", entry + 1);
}

static char *shortened(char *text) {
    size_t length = strlen(text);
    if (length <= SHOWN_BYTES) return text;
    while (length > SHOWN_BYTES || ((unsigned char)text[length] & 0xc0) == 0x80) length--;
    text_replace(&text, "%.*s...", (int)length, text);
    return text;
}

/* "PSETEX k 100 v" */
static char *command_text(const judge *self, size_t entry) {
    const history_entry *it = &self->history->entries[entry];
    char *buffer = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&buffer, &size);
    if (out == NULL) return text_copy("?");
    for (size_t i = 0; i < it->argc; i++) {
        if (i > 0) fputc(' ', out);
        text_shell_word(out, it->argv[i]);
    }
    fclose(out);
    return shortened(buffer);
}

/* "GET k answered "v"" */
static char *answered_text(const judge *self, size_t entry) {
    const history_entry *it = &self->history->entries[entry];
    char *command = command_text(self, entry);
    if (it->is_event) {
        char *heard = text_format("%s was announced", command);
        free(command);
        return heard;
    }
    char *reply = shortened(expectation_text_of_reply(&it->reply, it->protocol));
    char *text = text_format("%s answered %s", command, reply);
    free(command), free(reply);
    return text;
}

/* Whole milliseconds without a fraction, others to the microsecond. */
static char *ms_text(int64_t us) {
    int64_t size = us < 0 ? -us : us;
    if (size % 1000 == 0) return text_format("%" PRId64 " ms", us / 1000);
    return text_format("%s%" PRId64 ".%03d ms", us < 0 ? "-" : "", size / 1000, (int)(size % 1000));
}

/* "w(4)", the wall clock when line 4 ran; "k(4)", its tick; a dash for each later reading. */
static char *variable_text(const judge_reasons *reasons, zone_variable variable) {
    if (variable == ZONE_REFERENCE) return text_copy("epoch");
    const judge *self = reasons->judge;
    judge_variable it = reasons->variables[variable];
    const judge_moment *moment = &self->moments[it.origin - 1];
    int line = self->history->entries[moment->unit].line;
    size_t number = line > 0 ? (size_t)line : moment->unit + 1;
    char *text = text_format("%c(%zu", it.is_tick ? 'k' : 'w', number);
    for (uint32_t o = it.origin - 1; o > 0 && self->moments[o - 1].unit == moment->unit; o--)
        text_replace(&text, "%s'", text);
    text_replace(&text, "%s)", text);
    return text;
}

/* The entry whose moment a variable is; SIZE_MAX: the epoch. */
static size_t entry_of(const judge_reasons *reasons, zone_variable variable) {
    if (variable == ZONE_REFERENCE) return SIZE_MAX;
    return reasons->judge->moments[reasons->variables[variable].origin - 1].unit;
}

/* ---- links */

static char *bracket_text(const judge *self, size_t x, size_t y) {
    const history_entry *answered = &self->history->entries[x], *sent = &self->history->entries[y];
    char *place_x = place_text(self, x), *place_y = place_text(self, y);
    char *received = ms_text(answered->received_us), *from = ms_text(sent->sent_us);
    char *text;
    if (answered->received_us == HISTORY_NO_REPLY)
        text = text_format("%s ran before one that was answered, %s was sent at %s", place_x,
                           place_y, from);
    else if (x == y) text = text_format("%s: sent at %s, answered by %s", place_x, from, received);
    else
        text = text_format("%s was answered by %s, %s was sent at %s", place_x, received, place_y,
                           from);
    free(place_x), free(place_y), free(received), free(from);
    return text;
}

static char *order_text(const judge *self, size_t x, size_t y) {
    char *place_x = place_text(self, x), *place_y = place_text(self, y);
    bool is_given = self->history->entries[x].connection == self->history->entries[y].connection;
    char *text = text_format("%s ran before %s%s", place_x, place_y,
                             is_given ? "" : ", and no other order explains more");
    free(place_x), free(place_y);
    return text;
}

static const char *answer_says(const judge_fact *fact) {
    if (fact->is_of_deadline) return fact->answer ? "the key was dead" : "the key was alive";
    return fact->answer ? "the one deadline was later" : "the one deadline was not later";
}

static char *fact_text(judge_reasons *reasons, const judge_fact *fact) {
    const judge *self = reasons->judge;
    char *place = place_text(self, fact->unit), *answered = answered_text(self, fact->unit);
    char *text;
    if (fact->is_told) text = text_format("%s: %s", place, answered);
    else if (fact_is_forced(reasons, fact))
        text = text_format("%s: %s, so %s", place, answered, answer_says(fact));
    else
        text =
            text_format("%s: if %s; if not, the replies fit even less", place, answer_says(fact));
    free(place), free(answered);
    return text;
}

static char *link_text(judge_reasons *reasons, const zone_constraint *it) {
    size_t x = entry_of(reasons, it->x), y = entry_of(reasons, it->y);
    switch (it->tag) {
    case ZONE_TAG_TICK: return text_copy("a tick is the floor of its moment");
    case FACT_CLOCK: return text_copy("the server's clock shows a time after 1970");
    case FACT_BRACKET: return bracket_text(reasons->judge, x, y);
    case FACT_ORDER: return order_text(reasons->judge, x, y);
    default: return fact_text(reasons, &reasons->facts[it->tag - FACT_FIRST]);
    }
}

static judge_link link_of(judge_reasons *reasons, const zone_constraint *it) {
    char *x = variable_text(reasons, it->x), *y = variable_text(reasons, it->y);
    judge_link link = {.entries = {entry_of(reasons, it->x), entry_of(reasons, it->y)},
                       .bound_us = it->bound_us};
    int64_t size_us = it->bound_us < 0 ? -it->bound_us : it->bound_us;
    if (size_us == 0) link.formula = text_format("%s <= %s", x, y);
    else
        link.formula =
            text_format("%s <= %s %c %" PRId64 ".%03d ms", x, y, it->bound_us < 0 ? '-' : '+',
                        size_us / 1000, (int)(size_us % 1000));
    link.text = link_text(reasons, it);
    free(x), free(y);
    return link;
}

/* ---- the sentence */

/* The link that the last unit itself put in: what is wrong about it. */
static const zone_constraint *culprit_of(const judge_reasons *reasons) {
    for (size_t i = reasons->chain.count; i-- > 0;) {
        const zone_constraint *it = &reasons->chain.constraints[i];
        if (it->tag < FACT_FIRST || it->tag == ZONE_TAG_TICK) continue;
        if (reasons->facts[it->tag - FACT_FIRST].unit == reasons->judge->best_unit) return it;
    }
    return NULL;
}

static char *told_sentence(const judge_reasons *reasons, const zone_constraint *it,
                           const judge_fact *fact, const char *answered, const char *miss) {
    bool is_now = fact->told.kind == TTL_TOLD_NOW_US;
    uint32_t origin = is_now ? fact->told.now.origin : fact->told.deadline.origin;
    uint32_t x = it->x == ZONE_REFERENCE ? TTL_ORIGIN_EPOCH : reasons->variables[it->x].origin;
    const char *few = is_now ? "too early" : "too little", *many = is_now ? "too late" : "too much";
    return text_format("%s: at least %s %s", answered, miss, x == origin ? few : many);
}

/* Do several answers within the last unit stand in the chain? Then they contradict one another. */
static bool is_between_parts(const judge_reasons *reasons) {
    size_t parts = 0;
    for (size_t i = 0; i < reasons->chain.count; i++) {
        uint32_t tag = reasons->chain.constraints[i].tag;
        if (tag == FACT_BRACKET || tag == FACT_CLOCK) return false;
        if (tag < FACT_FIRST || tag == ZONE_TAG_TICK) continue;
        parts += reasons->facts[tag - FACT_FIRST].unit == reasons->judge->best_unit;
    }
    return parts > 1;
}

static char *sentence_of_chain(const judge_reasons *reasons) {
    const judge *self = reasons->judge;
    const zone_constraint *it = culprit_of(reasons);
    char *answered = answered_text(self, self->best_unit);
    char *miss = ms_text(-reasons->chain.total_us), *text;
    const judge_fact *fact = it == NULL ? NULL : &reasons->facts[it->tag - FACT_FIRST];
    if (is_between_parts(reasons)) {
        text = text_format("%s: its parts contradict one another by %s", answered, miss);
    } else if (fact != NULL && fact->is_told) {
        text = told_sentence(reasons, it, fact, answered, miss);
    } else if (fact != NULL && fact->is_of_deadline) {
        text = text_format(fact->answer ? "%s: the key was dead at least %s before it may be"
                                        : "%s: the key was alive at least %s past its deadline",
                           answered, miss);
    } else {
        text = text_format("%s: that misses what is known of time by at least %s", answered, miss);
    }
    free(answered), free(miss);
    return text;
}

/* No answer makes the reply right: says what would have been. */
static char *sentence_of_reply(judge_reasons *reasons) {
    judge *self = reasons->judge;
    size_t unit = self->best_unit;
    start_restore(self, &reasons->starts[self->best_position]);
    judge_rerun(self, self->best_position);
    judge_known_copy(&self->known, &reasons->before);
    self->is_dead = false;
    judge_execute(self, unit);
    char *answered = answered_text(self, unit), *expected;
    const ttl_node *made = self->reply.nodes;
    if (self->reply.node_count == 1 && made->type == TTL_REPLY_TOLD &&
        self->relations[made->is.integer].kind == TTL_TOLD_COUNT) {
        const ttl_told *told = &self->relations[made->is.integer];
        expected = text_format("from %" PRId64 " to %" PRId64, told->low, told->high);
    } else if (self->units[unit].is_event) {
        expected = text_copy("a command before it that does so");
    } else {
        int protocol = self->history->entries[unit].protocol;
        expected = shortened(expectation_text_of_reply(&self->reply, protocol));
    }
    char *text = text_format("%s, expected %s", answered, expected);
    free(answered), free(expected);
    return text;
}

static bool chain_rounds(const zone_chain *chain) {
    for (size_t i = 0; i < chain->count; i++)
        if (chain->constraints[i].tag == ZONE_TAG_TICK) return true;
    return false;
}

void judge_explain(judge *self, judge_result *result) {
    judge_reasons reasons = {.judge = self};
    reasons.starts = memory_zeroed(self->history->count + 1, sizeof *reasons.starts);
    result->entry = self->best_unit;
    if (go_again(&reasons))
        run_freely(&reasons, self->best_position, self->best_unit, true, visit_chain, NULL);
    const zone_chain *chain = &reasons.chain;
    if (chain->count == 0) {
        result->reason = sentence_of_reply(&reasons);
    } else {
        result->reason = sentence_of_chain(&reasons);
        result->miss_us = -chain->total_us;
        result->rounds = chain_rounds(chain);
        result->links = memory_zeroed(chain->count, sizeof *result->links);
        for (size_t i = 0; i < chain->count; i++)
            result->links[result->link_count++] = link_of(&reasons, &chain->constraints[i]);
    }
    zone_chain_free(&reasons.chain);
    zone_free(reasons.before.zone);
    free(reasons.starts), free(reasons.facts), free(reasons.variables);
}
