#include <stdlib.h>

#include "cli/drawing_engine.h"
#include "cli/drawing_vector.h"
#include "conformance/text.h"

enum { US_PER_S = 1000000 };

/* 2026-01-01T00:00:00Z: where the server's clock begins, when nothing says more. */
#define T0_US (INT64_C(1767225600) * US_PER_S)

/* An entry at the moment at which it is drawn. */
struct placed {
    int64_t ran_us;
    size_t entry;
};

static int compare_placed(const void *left, const void *right) {
    const struct placed *a = left, *b = right;
    if (a->ran_us != b->ran_us) return a->ran_us < b->ran_us ? -1 : 1;
    return (a->entry > b->entry) - (a->entry < b->entry);
}

/* The middle of each bracket, and on one connection never before its predecessor's. */
static struct placed *place_entries(const history *traffic) {
    struct placed *placed = memory_zeroed(traffic->count + 1, sizeof *placed);
    int64_t *last_us = memory_zeroed(traffic->connection_count + 1, sizeof *last_us);
    for (size_t i = 0; i < traffic->count; i++) {
        const history_entry *entry = &traffic->entries[i];
        bool has_reply = entry->received_us != HISTORY_NO_REPLY;
        int64_t ran_us = entry->sent_us;
        if (has_reply) ran_us += (entry->received_us - entry->sent_us) / 2;
        if (ran_us < last_us[entry->connection]) ran_us = last_us[entry->connection];
        last_us[entry->connection] = ran_us;
        placed[i] = (struct placed){ran_us, i};
    }
    free(last_us);
    qsort(placed, traffic->count, sizeof *placed, compare_placed);
    return placed;
}

/* Where the server's clock was at moment 0 of the recorder: the first TIME that was answered tells,
 * nearly. */
static int64_t clock_at_zero(const history *traffic) {
    for (size_t i = 0; i < traffic->count; i++) {
        const history_entry *entry = &traffic->entries[i];
        if (!ttl_bytes_is_word(entry->argv[0], "time") || entry->reply.node_count != 3) continue;
        char *seconds = text_copy_bytes(ttl_reply_text(&entry->reply, 1));
        char *micros = text_copy_bytes(ttl_reply_text(&entry->reply, 2));
        int64_t us = strtoll(seconds, NULL, 10) * US_PER_S + strtoll(micros, NULL, 10);
        free(seconds);
        free(micros);
        return us - (entry->sent_us + entry->received_us) / 2;
    }
    return T0_US;
}

static char *command_of(const history_entry *entry) {
    char *command = text_copy("");
    for (size_t i = 0; i < entry->argc; i++) {
        char *word = text_copy_bytes(entry->argv[i]);
        text_replace(&command, "%s%s%s", command, i == 0 ? "" : " ", word);
        free(word);
    }
    return command;
}

static void draw_entry(drawing *line, const history_entry *entry, size_t server, int64_t begin_us,
                       int64_t ran_us, const char *blame, size_t *point) {
    char *command = command_of(entry);
    bool has_reply = entry->received_us != HISTORY_NO_REPLY;
    if (!has_reply) {
        *point = drawing_add_point(line, entry->sent_us - begin_us);
        drawing_say(line, *point, entry->connection, DRAWING_FAULT, "%s, no reply", command);
        drawing_add_arrow(line, (drawing_arrow){.kind = DRAWING_LOST,
                                                .from = entry->connection,
                                                .to = server,
                                                .since = *point});
        free(command);
        return;
    }
    size_t sent = drawing_add_point(line, entry->sent_us - begin_us);
    *point = drawing_add_point(line, ran_us - begin_us);
    size_t received = drawing_add_point(line, entry->received_us - begin_us);
    const char *reply = drawing_reply_words(line, &entry->reply);
    if (blame != NULL) drawing_say(line, *point, entry->connection, DRAWING_WRONG, "%s", blame);
    else drawing_say(line, *point, entry->connection, DRAWING_PLAIN, "%s -> %s", command, reply);
    drawing_add_arrow(line, (drawing_arrow){.kind = DRAWING_REQUEST,
                                            .from = entry->connection,
                                            .to = server,
                                            .since = sent,
                                            .until = *point,
                                            .words = drawing_words(line, "%s", command)});
    drawing_add_arrow(line, (drawing_arrow){.kind = DRAWING_ANSWER,
                                            .from = server,
                                            .to = entry->connection,
                                            .since = *point,
                                            .until = received,
                                            .words = drawing_words(line, "-> %s", reply)});
    free(command);
}

/* All that could be a key; those that never get a deadline are not drawn. */
static void watch_keys(drawing_engine *engine, const history *traffic) {
    for (size_t i = 0; i < traffic->count; i++)
        if (traffic->entries[i].argc > 1) drawing_engine_watch(engine, traffic->entries[i].argv[1]);
}

void drawing_of_history(drawing *line, const history *traffic, const ttl_dialect *dialect,
                        const judge_result *result) {
    for (size_t i = 0; i < traffic->connection_count; i++)
        drawing_add_lane(line, DRAWING_CLIENT, traffic->connections[i]);
    size_t server = drawing_add_lane(line, DRAWING_SERVER, "server");
    struct placed *placed = place_entries(traffic);
    int64_t begin_us = traffic->count > 0 ? traffic->entries[0].sent_us : 0;
    for (size_t i = 1; i < traffic->count; i++)
        if (traffic->entries[i].sent_us < begin_us) begin_us = traffic->entries[i].sent_us;
    int64_t zero_us = clock_at_zero(traffic);
    drawing_engine *engine = drawing_engine_new(line, dialect, traffic->connection_count, false);
    watch_keys(engine, traffic);
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    for (size_t i = 0; i < traffic->count; i++) {
        const history_entry *entry = &traffic->entries[placed[i].entry];
        size_t point;
        bool is_blamed =
            result != NULL && result->answer == JUDGE_FAIL && result->entry == placed[i].entry;
        draw_entry(line, entry, server, begin_us, placed[i].ran_us,
                   is_blamed ? result->reason : NULL, &point);
        if (entry->received_us == HISTORY_NO_REPLY) continue;
        drawing_engine_set_clock(engine, zero_us + placed[i].ran_us);
        drawing_engine_execute(engine, entry->connection, entry->argc, entry->argv, &reply);
        drawing_engine_read(engine, point);
    }
    ttl_reply_free(&reply);
    drawing_engine_free(engine);
    free(placed);
}
