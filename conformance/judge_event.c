/* Keyspace events that were heard.
 *
 * An event was announced in the moment of the command that it is about, by the time that it was
 * heard. So it stands for the question whether the engine has emitted it when it is its turn; each
 * one that was emitted can be heard once by each connection. When a dead key is reclaimed is the
 * server's affair: `expired` is right as soon as the key is dead, and never before. So its turn
 * looks at the key, and that is a question of time like any other.
 *
 * That an event was not heard says nothing: who listened for what is not known.
 */
#include <stdlib.h>
#include <string.h>

#include "conformance/judge_inside.h"
#include "conformance/text.h"

bool judge_knows_event(ttl_bytes name) {
    /* Announced only to who asks for them, by commands too that are not judged; one whose command
     * is judged by another; and one that a server announces when it reclaims fields, which it does
     * when it likes. */
    static const char *const unknown[] = {"keymiss", "new",     "overwritten", "type_changed",
                                          "spop",    "evicted", "hexpired",    NULL};
    for (size_t i = 0; unknown[i] != NULL; i++)
        if (ttl_bytes_is_word(name, unknown[i])) return false;
    return true;
}

void judge_note_event(void *context, const ttl_event *event) {
    judge *self = context;
    if (self->ear_count == 0) return;
    self->emitted = memory_grown(self->emitted, self->emitted_count, sizeof *self->emitted);
    self->emitted[self->emitted_count++] =
        (judge_emitted){text_copy(event->name),
                        {text_copy_bytes(event->key), event->key.length},
                        event->database,
                        memory_zeroed(self->ear_count, sizeof(bool))};
}

void judge_forget_events(judge *self) {
    for (size_t i = 0; i < self->emitted_count; i++) {
        free(self->emitted[i].name);
        free((char *)self->emitted[i].key.data);
        free(self->emitted[i].is_heard);
    }
    self->emitted_count = 0;
}

/* Takes one that the engine has emitted and that this connection has not heard yet. */
static bool was_emitted(judge *self, const history_entry *heard) {
    size_t ear = self->ears[heard->connection];
    for (size_t i = 0; i < self->emitted_count; i++) {
        judge_emitted *it = &self->emitted[i];
        if (it->is_heard[ear] || it->database != heard->database ||
            !ttl_bytes_is_word(heard->argv[0], it->name) ||
            !ttl_bytes_equal(it->key, heard->argv[1]))
            continue;
        it->is_heard[ear] = true;
        return true;
    }
    return false;
}

/* Looks at the key in its database: if it is dead it is reclaimed now. */
static void look_at_key(judge *self, const history_entry *heard, ttl_session *session) {
    char number[16];
    snprintf(number, sizeof number, "%d", heard->database);
    const ttl_bytes select[] = {ttl_bytes_of("SELECT"), ttl_bytes_of(number)};
    const ttl_bytes exists[] = {ttl_bytes_of("EXISTS"), heard->argv[1]};
    if (ttl_session_execute(session, 2, select, &self->reply) != TTL_OK ||
        ttl_session_execute(session, 2, exists, &self->reply) != TTL_OK)
        arena_out_of_memory();
}

void judge_hear(judge *self, size_t unit, ttl_session *session) {
    const history_entry *heard = &self->history->entries[unit];
    /* A hash goes with its last field. */
    bool is_death =
        ttl_bytes_is_word(heard->argv[0], "expired") || ttl_bytes_is_word(heard->argv[0], "del");
    judge_attend(self, unit);
    bool found = was_emitted(self, heard);
    if (!found && is_death) {
        look_at_key(self, heard, session);
        found = was_emitted(self, heard);
    }
    ttl_reply_clear(&self->reply);
    ttl_reply_add_integer(&self->reply, found);
}
