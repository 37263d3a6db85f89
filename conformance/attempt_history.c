/* Putting a live attempt to the judge. */
#include <stdlib.h>
#include <string.h>

#include "conformance/attempt.h"
#include "conformance/attempt_inside.h"
#include "conformance/text.h"
#include "ttlspec/memory.h"

static const char clock_name[] = "ttlspec:clock", listener_name[] = "ttlspec:events";

static int64_t earliest_us(const attempt *self) {
    int64_t earliest = self->steps[0].moments.sent_us;
    for (size_t i = 0; i < self->reading_count; i++)
        if (self->readings[i].sent_us < earliest) earliest = self->readings[i].sent_us;
    return earliest;
}

static void add_reading(history *to, clock_reading reading, int64_t base_us) {
    static const ttl_bytes words[] = {{"TIME", 4}};
    char seconds[24], micros[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)(reading.server_us / 1000000));
    snprintf(micros, sizeof micros, "%lld", (long long)(reading.server_us % 1000000));
    history_entry entry = {.connection = history_connection(to, clock_name),
                           .sent_us = reading.sent_us - base_us,
                           .received_us = reading.received_us - base_us,
                           .argc = 1,
                           .argv = words,
                           .protocol = 2};
    ttl_reply_init(&entry.reply, ttl_allocator_libc());
    ttl_reply_add_node(&entry.reply, TTL_REPLY_ARRAY, 2);
    ttl_reply_add_bulk(&entry.reply, ttl_bytes_of(seconds));
    ttl_reply_add_bulk(&entry.reply, ttl_bytes_of(micros));
    history_append(to, &entry);
    ttl_reply_free(&entry.reply);
}

/* A connection that was opened on another database than the first. It was so before its first
 * command was sent; saying that it happened just then says less than is known. */
static void add_select(history *to, size_t connection, int database, int64_t at_us) {
    char number[16];
    snprintf(number, sizeof number, "%d", database);
    ttl_bytes words[] = {ttl_bytes_of("SELECT"), ttl_bytes_of(number)};
    history_entry entry = {.connection = connection,
                           .sent_us = at_us,
                           .received_us = at_us,
                           .argc = 2,
                           .argv = words,
                           .protocol = 2};
    ttl_reply_init(&entry.reply, ttl_allocator_libc());
    ttl_reply_add_text(&entry.reply, TTL_REPLY_STATUS, ttl_bytes_of("OK"));
    history_append(to, &entry);
    ttl_reply_free(&entry.reply);
}

/* Adds what a step was answered once: a poll is as many commands as it was answered. */
static void add_answer(const attempt *self, size_t index, const ttl_reply *reply,
                       target_moments moments, history *to) {
    const attempt_step *step = &self->steps[index];
    const char *name = self->vector->connections[self->vector->steps[index].connection];
    size_t known = to->connection_count, connection = history_connection(to, name);
    history_entry entry = {.connection = connection,
                           .sent_us = moments.sent_us,
                           .received_us = moments.received_us,
                           .argc = step->argc,
                           .argv = step->argv,
                           .protocol = step->protocol,
                           .reply = *reply};
    bool is_first = connection == known;
    if (is_first && self->world.databases[0] != 0)
        add_select(to, connection, self->world.databases[0], entry.sent_us);
    entry.line = (int)to->count + 2; /* in the file that it can be saved as */
    history_append(to, &entry);
}

static target_moments since(target_moments moments, int64_t base_us) {
    return (target_moments){moments.sent_us - base_us, moments.received_us - base_us};
}

/* How many events of a step the history has. */
static size_t event_count(const attempt_step *step) {
    return step->heard_us > 0 && step->events.node_count > 0 ? step->events.nodes[0].length : 0;
}

/* The listener had asked for all until then when the step before was answered. */
static void add_events(const attempt *self, size_t index, int64_t base_us, history *to) {
    const attempt_step *step = &self->steps[index];
    const ttl_reply *events = &step->events;
    int64_t since_us =
        index == 0 ? step->moments.sent_us : self->steps[index - 1].moments.received_us;
    for (size_t i = 0, node = 1; i < event_count(step); i++, node = ttl_reply_next(events, node)) {
        const ttl_bytes words[] = {ttl_reply_text(events, node + 1),
                                   ttl_reply_text(events, node + 2)};
        history_entry entry = {.connection = history_connection(to, listener_name),
                               .sent_us = since_us - base_us,
                               .received_us = step->heard_us - base_us,
                               .argc = 2,
                               .argv = words,
                               .protocol = 2,
                               .is_event = true,
                               .database = (int)events->nodes[node + 3].is.integer,
                               .line = (int)to->count + 2};
        history_append(to, &entry);
    }
}

/* The step that received the reply of this one's command; SIZE_MAX: none has. */
static size_t receiver_of(const attempt *self, size_t index) {
    const vector_step *steps = self->vector->steps;
    if (!attempt_step_is_pending(&self->steps[index])) return index;
    for (size_t i = index + 1; i < self->answered; i++)
        if (steps[i].action == VECTOR_AWAIT && steps[i].connection == steps[index].connection &&
            !attempt_step_is_pending(&self->steps[i]))
            return i;
    return SIZE_MAX;
}

/* An await is no command: what it received belongs to the one that was pending. */
static size_t answer_count(const attempt *self, size_t index) {
    bool is_await = self->vector->steps[index].action == VECTOR_AWAIT;
    return is_await ? 0 : 1 + self->steps[index].poll_count;
}

static void add_step(const attempt *self, size_t index, int64_t base_us, history *to) {
    const attempt_step *step = &self->steps[index];
    if (answer_count(self, index) == 0) return;
    for (size_t p = 0; p < step->poll_count; p++) {
        const attempt_poll *poll = &step->polls[p];
        add_answer(self, index, &poll->reply, since(poll->moments, base_us), to);
    }
    static const ttl_reply nothing;
    size_t receiver = receiver_of(self, index);
    bool is_answered = receiver != SIZE_MAX;
    target_moments moments = since(step->moments, base_us);
    moments.received_us =
        is_answered ? self->steps[receiver].moments.received_us - base_us : HISTORY_NO_REPLY;
    add_answer(self, index, is_answered ? &self->steps[receiver].reply : &nothing, moments, to);
}

void attempt_history(const attempt *self, bool with_events, history *to) {
    char spec[64];
    history_init(to);
    ttl_dialect_name(self->spec, spec, sizeof spec);
    to->spec = arena_copy(&to->arena, spec);
    to->about = arena_copy(&to->arena, self->vector->id);
    int64_t base_us = earliest_us(self);
    if (self->reading_count > 0) add_reading(to, self->readings[0], base_us);
    for (size_t i = 0; i < self->answered; i++) {
        add_step(self, i, base_us, to);
        if (with_events) add_events(self, i, base_us, to);
    }
    if (self->reading_count > 1) add_reading(to, self->readings[1], base_us);
}

/* Only what steps were answered has a line. */
size_t attempt_step_of(const attempt *self, const history *seen, size_t entry) {
    if (entry >= seen->count || seen->entries[entry].line == 0) return SIZE_MAX;
    bool with_events = false;
    for (size_t i = 0; i < seen->count; i++) with_events |= seen->entries[i].is_event;
    size_t before = 0, step = 0;
    for (size_t i = 0; i < entry; i++) before += seen->entries[i].line > 0;
    for (;; step++) {
        const attempt_step *it = &self->steps[step];
        size_t own = answer_count(self, step) + (with_events ? event_count(it) : 0);
        if (before < own) return step;
        before -= own;
    }
}

/* Does the reference do a step as the vector says, when those before `cut` ran at the earliest
 * moments that their brackets allow and the others at the latest, or the other way round? */
static bool agrees_at(const attempt *self, size_t step, size_t cut, bool is_late_first) {
    size_t count = self->vector->step_count;
    int64_t *at_us = memory_zeroed(count, sizeof *at_us), last_us = 0;
    for (size_t i = 0; i < count; i++) {
        target_moments it = self->steps[i].moments;
        int64_t us = (i < cut) == is_late_first ? it.received_us : it.sent_us;
        if (us > last_us) last_us = us;
        at_us[i] = last_us;
    }
    bool *agrees = attempt_reference(self, at_us), agreed = agrees[step];
    free(agrees);
    free(at_us);
    return agreed;
}

bool attempt_holds_at_all_moments(const attempt *self, size_t step) {
    bool holds = true;
    for (size_t cut = 0; cut <= step && holds; cut++)
        holds = agrees_at(self, step, cut, true) && agrees_at(self, step, cut, false);
    return holds;
}

/* With no question open all moments within the brackets lead the engine the same way; with more
 * room than the widest bracket, those do that miss what a reply told, too. */
bool attempt_is_firm(const attempt *self, const judge_result *found) {
    if (found->answer != JUDGE_PASS || found->open_questions > 0) return false;
    int64_t widest_us = 0;
    for (size_t i = 0; i < self->answered; i++) {
        target_moments it = self->steps[i].moments;
        if (it.received_us - it.sent_us > widest_us) widest_us = it.received_us - it.sent_us;
    }
    int64_t slack_us = found->slack_us;
    if (found->idle_slack_us < slack_us) slack_us = found->idle_slack_us;
    return slack_us > 2 * widest_us + 3000;
}

char *attempt_proof(const attempt *self, const judge_result *found) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return text_copy(found->reason);
    fputs(found->reason, out);
    for (size_t i = 0; i < found->link_count; i++) {
        const judge_link *link = &found->links[i];
        fprintf(out, "%s%s [%.3f ms: %s]", i == 0 ? "; the chain: " : ", ", link->formula,
                (double)link->bound_us / 1000.0, link->text);
    }
    if (found->link_count > 0)
        fprintf(out, "; in sum %.3f ms: below nothing", (double)found->miss_us / -1000.0);
    fclose(out);
    char *plain = attempt_plain_text(self, text);
    free(text);
    return plain;
}
