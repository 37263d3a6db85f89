/* Holding one step against its vector: the reply, then the events. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/attempt.h"
#include "conformance/attempt_inside.h"
#include "conformance/text.h"

/* -- keys as the vector writes them ---------------------------------------------------------- */

static size_t key_name_length(const char *text, size_t length) {
    size_t used = 0;
    while (used < length &&
           ((text[used] >= 'a' && text[used] <= 'z') || (text[used] >= '0' && text[used] <= '9')))
        used++;
    return used;
}

char *attempt_plain_bytes(const attempt *self, ttl_bytes from, size_t *length) {
    ttl_bytes prefix = self->world.key_prefix;
    char *text = memory_zeroed(from.length + 2 * (from.length / (prefix.length + 1)) + 3, 1);
    size_t used = 0;
    for (size_t i = 0; i < from.length;) {
        bool is_key = prefix.length > 0 && from.length - i >= prefix.length &&
                      memcmp(from.data + i, prefix.data, prefix.length) == 0;
        if (!is_key) {
            text[used++] = from.data[i++];
            continue;
        }
        i += prefix.length;
        size_t name = key_name_length(from.data + i, from.length - i);
        text[used++] = '{';
        memcpy(text + used, from.data + i, name);
        used += name;
        text[used++] = '}';
        i += name;
    }
    *length = used;
    return text;
}

char *attempt_plain_text(const attempt *self, const char *text) {
    size_t length;
    return attempt_plain_bytes(self, ttl_bytes_of(text), &length);
}

/* -- events ---------------------------------------------------------------------------------- */

/* Events that a server announces only to who asks for their class by name. */
static const char *const optional_events[] = {"new", "keymiss", "overwritten", "type_changed"};

/* Does the vector name such an event anywhere? Then it is about them. */
static bool wants_event(const attempt *self, const char *name) {
    for (size_t i = 0; i < self->vector->step_count; i++) {
        const vector_outcome *outcome = vector_step_outcome(&self->vector->steps[i], self->spec);
        for (size_t e = 0; outcome->checks_events && e < outcome->event_count; e++)
            if (strcmp(outcome->events[e].name, name) == 0) return true;
    }
    return false;
}

bool attempt_ignores_event(const attempt *self, ttl_bytes name, bool lenient_expiry) {
    if (lenient_expiry && ttl_bytes_is_word(name, "expired")) return true;
    for (size_t i = 0; i < sizeof optional_events / sizeof *optional_events; i++)
        if (ttl_bytes_is_word(name, optional_events[i]))
            return !wants_event(self, optional_events[i]);
    return false;
}

size_t attempt_next_event(const attempt *self, const ttl_reply *events, size_t node, bool lenient) {
    while (node < events->node_count &&
           attempt_ignores_event(self, ttl_reply_text(events, node + 1), lenient))
        node = ttl_reply_next(events, node);
    return node;
}

/* The event at a node of an event list, in its own parts: name, key, database. */
static bool event_equals(const attempt *self, const ttl_reply *seen, size_t node,
                         const vector_event *wanted) {
    arena scratch = {NULL};
    ttl_bytes key = vector_text_filled(&wanted->key, &self->world, &scratch);
    bool equal = ttl_bytes_is_word(ttl_reply_text(seen, node + 1), wanted->name) &&
                 ttl_bytes_equal(ttl_reply_text(seen, node + 2), key);
    if (equal && wanted->database != NULL) {
        char number[24] = {0};
        size_t length = vector_text_fill(wanted->database, &self->world, number, sizeof number - 1);
        equal =
            length < sizeof number && strtoll(number, NULL, 10) == seen->nodes[node + 3].is.integer;
    }
    arena_free(&scratch);
    return equal;
}

static bool events_match(const attempt *self, size_t step, bool lenient) {
    const vector_outcome *outcome = self->steps[step].outcome;
    const ttl_reply *seen = &self->steps[step].events;
    size_t node = attempt_next_event(self, seen, 1, lenient);
    for (size_t i = 0; i < outcome->event_count; i++) {
        const vector_event *wanted = &outcome->events[i];
        if (lenient && strcmp(wanted->name, "expired") == 0) continue;
        if (node >= seen->node_count || !event_equals(self, seen, node, wanted)) return false;
        node = attempt_next_event(self, seen, ttl_reply_next(seen, node), lenient);
    }
    return node >= seen->node_count;
}

void attempt_list_events(const attempt *self, size_t step, ttl_reply *seen, ttl_reply *wanted) {
    const attempt_step *from = &self->steps[step];
    size_t count = 0;
    ttl_reply_add_node(seen, TTL_REPLY_ARRAY, 0);
    for (size_t node = attempt_next_event(self, &from->events, 1, false);
         node < from->events.node_count;) {
        char *key = text_copy_bytes(ttl_reply_text(&from->events, node + 2));
        char *name = text_copy_bytes(ttl_reply_text(&from->events, node + 1));
        char *text = text_format("%s %s", name, key), *plain = attempt_plain_text(self, text);
        ttl_reply_add_bulk(seen, ttl_bytes_of(plain));
        free(plain), free(text), free(name), free(key);
        count++;
        node = attempt_next_event(self, &from->events, ttl_reply_next(&from->events, node), false);
    }
    ttl_reply_set_length(seen, 0, count);
    const vector_outcome *outcome = from->outcome;
    ttl_reply_add_node(wanted, TTL_REPLY_ARRAY, outcome->event_count);
    for (size_t i = 0; i < outcome->event_count; i++) {
        arena scratch = {NULL};
        ttl_bytes key = vector_text_filled(&outcome->events[i].key, &self->world, &scratch);
        char *text = arena_format(&scratch, "%s %s", outcome->events[i].name, key.data);
        char *plain = attempt_plain_text(self, text);
        ttl_reply_add_bulk(wanted, ttl_bytes_of(plain));
        free(plain);
        arena_free(&scratch);
    }
}

/* -- the step ---------------------------------------------------------------------------------- */

static attempt_mismatch match_events(const attempt *self, size_t step, bool lenient) {
    attempt_mismatch nothing = {NULL, NULL};
    const attempt_step *from = &self->steps[step];
    if (!from->outcome->checks_events || events_match(self, step, lenient)) return nothing;
    ttl_reply seen, wanted;
    ttl_reply_init(&seen, ttl_allocator_libc());
    ttl_reply_init(&wanted, ttl_allocator_libc());
    attempt_list_events(self, step, &seen, &wanted);
    char *seen_text = expectation_text_of_reply(&seen, 2);
    char *wanted_text = expectation_text_of_reply(&wanted, 2);
    attempt_mismatch mismatch = {
        "events", text_format("expected the events %s, saw %s", wanted_text, seen_text)};
    free(seen_text), free(wanted_text);
    ttl_reply_free(&seen), ttl_reply_free(&wanted);
    return mismatch;
}

/* In virtual time the millisecond at which a poll's reply turns is exact. In real time it has to
 * have been seen at all: that the reply was another before. */
static attempt_mismatch match_turn(const attempt *self, size_t index) {
    const vector_step *step = &self->vector->steps[index];
    const attempt_step *from = &self->steps[index];
    attempt_mismatch nothing = {NULL, NULL};
    bool is_exact = self->is_virtual && !self->is_moved;
    int64_t turned_ms = step->at_ms + (int64_t)from->poll_count;
    if (!vector_step_polls(step)) return nothing;
    if (!self->is_virtual && from->poll_count == 0)
        return (attempt_mismatch){"time", text_copy("turned before it was asked")};
    if (!is_exact || turned_ms == step->turns_ms) return nothing;
    return (attempt_mismatch){"time", text_format("turned at %" PRId64 " ms, not at %" PRId64,
                                                  turned_ms, step->turns_ms)};
}

attempt_mismatch attempt_match(const attempt *self, size_t step, bool lenient_expiry) {
    const attempt_step *from = &self->steps[step];
    attempt_mismatch turn = match_turn(self, step);
    expectation_mismatch found = {NULL, NULL, NULL};
    expectation_class class =
        expectation_match(from->outcome->reply, &from->reply, from->protocol, &self->world, &found);
    if (class == EXPECTATION_MATCHES && turn.class != NULL) return turn;
    free(turn.reason);
    if (class == EXPECTATION_MATCHES) return match_events(self, step, lenient_expiry);
    char *expected = attempt_plain_text(self, found.expected);
    char *actual = attempt_plain_text(self, found.actual);
    bool is_part = found.path != NULL && *found.path != '\0';
    attempt_mismatch mismatch = {expectation_class_name(class),
                                 text_format("%s%sexpected %s, got %s", is_part ? found.path : "",
                                             is_part ? ": " : "", expected, actual)};
    free(expected), free(actual);
    expectation_mismatch_free(&found);
    return mismatch;
}
