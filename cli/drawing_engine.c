#include "cli/drawing_engine.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"

enum { US_PER_MS = 1000, SEED = 1, DATABASES = 2 };

struct side {
    ttl_engine *engine;
    ttl_session **sessions;
    ttl_reply *answers; /* of commands that were pending; empty: none has come */
    size_t count;
    ttl_session *asking;
};

struct watched {
    ttl_bytes key;
    const char *names[DATABASES];
    drawing_deadline deadlines[DATABASES];
};

struct drawing_engine {
    drawing *line;
    struct side runs, is_asked;
    size_t connection_count, watched_count;
    struct watched *watched;
    int64_t wall_us, last_us, last_wall_us;
    int databases;
    char *expired; /* "k, k2"; NULL: none */
    ttl_reply aside;
};

static void *needed(void *made) {
    if (made == NULL) arena_out_of_memory();
    return made;
}

static int64_t tell_time(void *context) {
    return ((const drawing_engine *)context)->wall_us;
}

static void note_event(void *context, const ttl_event *event) {
    drawing_engine *self = context;
    if (event->kind != 'x') return;
    char *key = text_copy_bytes(event->key);
    if (self->expired == NULL) self->expired = text_copy(key);
    else text_replace(&self->expired, "%s, %s", self->expired, key);
    free(key);
}

static void keep_answer(void *context, ttl_session *session, const ttl_reply *reply) {
    struct side *side = context;
    for (size_t i = 0; i < side->count; i++)
        if (side->sessions[i] == session) ttl_reply_add_copy(&side->answers[i], reply, 0);
}

/* ---- life */

static void open_sessions(const drawing_engine *self, struct side *side) {
    const ttl_session_options options = {.on_unblock = keep_answer, .unblock_context = side};
    for (size_t i = 0; i < self->connection_count; i++)
        side->sessions[i] = needed(ttl_session_new(side->engine, &options));
    side->asking = needed(ttl_session_new(side->engine, NULL));
}

static void close_sessions(const drawing_engine *self, struct side *side) {
    for (size_t i = 0; i < self->connection_count; i++) ttl_session_free(side->sessions[i]);
    ttl_session_free(side->asking);
}

static void open_side(drawing_engine *self, struct side *side, const ttl_dialect *dialect,
                      bool is_heard) {
    ttl_engine_options options = {.clock = {.context = self, .now_us = tell_time},
                                  .allocator = ttl_allocator_libc(),
                                  .dialect = *dialect,
                                  .seed = SEED,
                                  .on_event = is_heard ? note_event : NULL,
                                  .event_context = self};
    side->engine = needed(ttl_engine_new(&options));
    side->sessions = memory_zeroed(self->connection_count + 1, sizeof(ttl_session *));
    side->answers = memory_zeroed(self->connection_count + 1, sizeof *side->answers);
    side->count = self->connection_count;
    for (size_t i = 0; i < side->count; i++)
        ttl_reply_init(&side->answers[i], ttl_allocator_libc());
    open_sessions(self, side);
}

static void close_side(const drawing_engine *self, struct side *side) {
    close_sessions(self, side);
    ttl_engine_free(side->engine);
    for (size_t i = 0; i < side->count; i++) ttl_reply_free(&side->answers[i]);
    free(side->answers);
    free(side->sessions);
}

drawing_engine *drawing_engine_new(drawing *line, const ttl_dialect *dialect,
                                   size_t connection_count, bool has_second) {
    drawing_engine *self = memory_zeroed(1, sizeof *self);
    self->line = line;
    self->connection_count = connection_count;
    self->databases = has_second ? DATABASES : 1;
    ttl_reply_init(&self->aside, ttl_allocator_libc());
    open_side(self, &self->runs, dialect, true);
    open_side(self, &self->is_asked, dialect, false);
    return self;
}

void drawing_engine_free(drawing_engine *self) {
    close_side(self, &self->runs);
    close_side(self, &self->is_asked);
    ttl_reply_free(&self->aside);
    free(self->watched);
    free(self->expired);
    free(self);
}

void drawing_engine_restart(drawing_engine *self) {
    struct side *sides[] = {&self->runs, &self->is_asked};
    for (size_t i = 0; i < 2; i++) {
        close_sessions(self, sides[i]);
        open_sessions(self, sides[i]);
    }
}

/* ---- running */

void drawing_engine_set_clock(drawing_engine *self, int64_t wall_us) {
    self->wall_us = wall_us;
}

static void execute(ttl_session *session, size_t argc, const ttl_bytes *argv, ttl_reply *reply) {
    if (ttl_session_execute(session, argc, argv, reply) != TTL_OK) arena_out_of_memory();
}

void drawing_engine_execute(drawing_engine *self, size_t connection, size_t argc,
                            const ttl_bytes *argv, ttl_reply *reply) {
    execute(self->runs.sessions[connection], argc, argv, reply);
    execute(self->is_asked.sessions[connection], argc, argv, &self->aside);
}

void drawing_engine_await(drawing_engine *self, size_t connection, ttl_reply *reply) {
    ttl_reply *answer = &self->runs.answers[connection];
    ttl_reply_clear(reply);
    if (answer->node_count == 0) ttl_reply_add_node(reply, TTL_REPLY_PENDING, 0);
    else ttl_reply_add_copy(reply, answer, 0);
    ttl_reply_clear(answer);
    ttl_reply_clear(&self->is_asked.answers[connection]);
}

void drawing_engine_expire(drawing_engine *self) {
    ttl_engine_time_out(self->runs.engine);
    ttl_engine_time_out(self->is_asked.engine);
    if (ttl_engine_expire(self->runs.engine, NULL) != TTL_OK ||
        ttl_engine_expire(self->is_asked.engine, NULL) != TTL_OK)
        arena_out_of_memory();
}

const char *drawing_engine_expired(drawing_engine *self) {
    if (self->expired == NULL) return NULL;
    const char *words = drawing_words(self->line, "%s", self->expired);
    free(self->expired);
    self->expired = NULL;
    return words;
}

/* ---- deadlines */

void drawing_engine_watch(drawing_engine *self, ttl_bytes key) {
    for (size_t i = 0; i < self->watched_count; i++)
        if (ttl_bytes_equal(self->watched[i].key, key)) return;
    self->watched = memory_grown(self->watched, self->watched_count, sizeof *self->watched);
    struct watched *watched = &self->watched[self->watched_count++];
    char *name = text_copy_bytes(key);
    watched->key = arena_copy_bytes(&self->line->arena, key.data, key.length);
    watched->names[0] = drawing_words(self->line, "%s", name);
    watched->names[1] = drawing_words(self->line, "%s, db 1", name);
    for (size_t i = 0; i < DATABASES; i++)
        watched->deadlines[i] = (drawing_deadline){.bar = DRAWING_NONE, .key = DRAWING_NONE};
    free(name);
}

static void read_key(drawing_engine *self, struct watched *watched, int database, size_t point) {
    const ttl_bytes words[] = {ttl_bytes_of("PTTL"), watched->key};
    execute(self->is_asked.asking, 2, words, &self->aside);
    const ttl_node *node = &self->aside.nodes[0];
    int64_t left_ms = node->type == TTL_REPLY_INTEGER ? node->is.integer : -1;
    int64_t now_ms = self->wall_us / US_PER_MS;
    drawing_reading reading = {.name = watched->names[database],
                               .is_volatile = left_ms >= 0,
                               .deadline_ms = left_ms >= 0 ? now_ms + left_ms : 0,
                               .point = point,
                               .wall_us = self->wall_us,
                               .last_us = self->last_us,
                               .last_wall_us = self->last_wall_us};
    drawing_read_key(self->line, &watched->deadlines[database], &reading);
}

void drawing_engine_read(drawing_engine *self, size_t point) {
    static const char *const numbers[] = {"0", "1"};
    for (int database = 0; database < self->databases; database++) {
        const ttl_bytes select[] = {ttl_bytes_of("SELECT"), ttl_bytes_of(numbers[database])};
        execute(self->is_asked.asking, 2, select, &self->aside);
        for (size_t i = 0; i < self->watched_count; i++)
            read_key(self, &self->watched[i], database, point);
    }
    self->last_us = self->line->points[point].at_us;
    self->last_wall_us = self->wall_us;
}
