#include "cli/drawing_vector.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/drawing_engine.h"
#include "conformance/text.h"

enum { US_PER_MS = 1000 };

/* 2026-01-01T00:00:00Z, where the engine begins each vector. */
#define T0_MS INT64_C(1767225600000)

static ttl_dialect dialect_for(const vector *one) {
    ttl_dialect dialect, usual;
    (void)ttl_dialect_parse(ttl_dialect_default, &usual);
    if (vector_scope_holds(&one->scope, &usual)) return usual;
    for (size_t i = 0; ttl_dialect_names[i] != NULL; i++)
        if (ttl_dialect_parse(ttl_dialect_names[i], &dialect) &&
            vector_scope_holds(&one->scope, &dialect))
            return dialect;
    return usual;
}

struct showing {
    drawing *line;
    const vector *one;
    drawing_engine *engine;
    size_t server; /* lane; connections are those before it */
    vector_world world;
    ttl_reply reply;
};

static bool uses_second_database(const vector *one) {
    for (size_t i = 0; i < one->step_count; i++)
        for (size_t j = 0; j < one->steps[i].argc; j++)
            if (vector_text_uses_second_database(&one->steps[i].argv[j])) return true;
    return false;
}

static void show_command(struct showing *s, const vector_step *step, size_t point) {
    drawing *line = s->line;
    ttl_bytes *argv = arena_take_array(&line->arena, step->argc, sizeof *argv);
    char *command = text_copy("");
    for (size_t i = 0; i < step->argc; i++) {
        const vector_text *text = &step->argv[i];
        argv[i] = vector_text_filled(text, &s->world, &line->arena);
        if (text->count == 1 && text->pieces[0].kind == VECTOR_TEXT_KEY)
            drawing_engine_watch(s->engine, argv[i]);
        char *word = text_copy_bytes(argv[i]);
        text_replace(&command, "%s%s%s", command, i == 0 ? "" : " ", word);
        free(word);
    }
    drawing_engine_execute(s->engine, step->connection, step->argc, argv, &s->reply);
    drawing_say(line, point, step->connection, DRAWING_PLAIN, "%s -> %s", command,
                drawing_reply_words(line, &s->reply));
    drawing_add_exchange(line, step->connection, s->server, point);
    free(command);
}

static void show_await(struct showing *s, const vector_step *step, size_t point) {
    drawing_engine_await(s->engine, step->connection, &s->reply);
    bool is_pending = s->reply.nodes[0].type == TTL_REPLY_PENDING;
    drawing_say(s->line, point, step->connection, DRAWING_PLAIN, "%s%s",
                is_pending ? "waits" : "-> ",
                is_pending ? "" : drawing_reply_words(s->line, &s->reply));
}

/* What a step that is no command did, as a sentence. */
static const char *other_words(struct showing *s, const vector_step *step) {
    drawing *line = s->line;
    bool is_of_replica = step->replica_wall_ms != step->wall_ms;
    switch (step->action) {
    case VECTOR_MOVE_CLOCK:
        return drawing_words(line, "%s shows %" PRId64 " ms since the beginning now",
                             is_of_replica ? "the replica's clock" : "the clock",
                             is_of_replica ? step->replica_wall_ms : step->wall_ms);
    case VECTOR_RUN_CLOCK:
        if (step->rate == 0) return "the clock stands";
        return drawing_words(line, "the clock runs %" PRId64 " times as fast as real time",
                             step->rate);
    case VECTOR_PROMOTE: return "the replica is promoted";
    case VECTOR_RESTART_RDB: return "restart, from its snapshot";
    case VECTOR_RESTART_REWRITTEN: return "restart, from its rewritten append-only file";
    default: return "restart, from its append-only file";
    }
}

static void show_other(struct showing *s, const vector_step *step, size_t point) {
    if (vector_action_restarts(step->action)) drawing_engine_restart(s->engine);
    drawing_say(s->line, point, s->server, DRAWING_FAULT, "%s", other_words(s, step));
}

static void show_step(struct showing *s, const vector_step *step) {
    const char *expired;
    int64_t at_us = step->at_ms * US_PER_MS;
    drawing_engine_set_clock(s->engine, (T0_MS + step->wall_ms) * US_PER_MS);
    drawing_engine_expire(s->engine);
    if ((expired = drawing_engine_expired(s->engine)) != NULL) {
        size_t cycle = drawing_add_point(s->line, at_us);
        drawing_say(s->line, cycle, s->server, DRAWING_EXPIRED, "active cycle: %s expired",
                    expired);
        drawing_engine_read(s->engine, cycle);
    }
    size_t point = drawing_add_point(s->line, at_us);
    if (step->action == VECTOR_COMMAND) show_command(s, step, point);
    else if (step->action == VECTOR_AWAIT) show_await(s, step, point);
    else show_other(s, step, point);
    if ((expired = drawing_engine_expired(s->engine)) != NULL)
        drawing_say(s->line, point, s->server, DRAWING_PLAIN, "%s expired", expired);
    drawing_engine_read(s->engine, point);
}

void drawing_of_vector(drawing *line, const vector *one) {
    ttl_dialect dialect = dialect_for(one);
    char name[64];
    struct showing s = {.line = line, .one = one, .world = {.t0_ms = T0_MS, .databases = {0, 1}}};
    for (size_t i = 0; i < one->connection_count; i++)
        drawing_add_lane(line, DRAWING_CLIENT, one->connections[i]);
    ttl_dialect_name(&dialect, name, sizeof name);
    s.server = drawing_add_lane(line, DRAWING_SERVER, name);
    line->title = drawing_words(line, "%s", one->id);
    line->subtitle = drawing_words(line, "%s", one->title);
    s.engine = drawing_engine_new(line, &dialect, one->connection_count, uses_second_database(one));
    ttl_reply_init(&s.reply, ttl_allocator_libc());
    for (size_t i = 0; i < one->step_count; i++) show_step(&s, &one->steps[i]);
    ttl_reply_free(&s.reply);
    drawing_engine_free(s.engine);
}
