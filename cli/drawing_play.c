#include "cli/drawing_play.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"
#include "sim/play_story.h"

enum {
    US_PER_MS = 1000,
    LANES = SCENARIO_CLIENTS + 2, /* clients are the first */
    RECENT = 32,                  /* points of a lane at which an arrow may still begin */
};

/* Somebody stands still, or a change is on its way to the replica: until then. */
struct lasting {
    int64_t until_us;
    size_t lane, span; /* of who stands still */
    size_t since;      /* of a change: the point at which it was made */
};

struct key {
    char name[SCENARIO_TEXT_SIZE];
    drawing_deadline deadline;
};

struct telling {
    drawing *line;
    play *play;
    const scenario *script;
    size_t server, replica; /* lanes */
    size_t recent[LANES][RECENT], recent_count[LANES];
    size_t places[SCENARIO_CLIENTS][SCENARIO_PLACES]; /* spans */
    struct lasting *pauses, *changes;
    size_t pause_count, change_count;
    struct key *keys;
    size_t key_count;
    int64_t last_us, last_wall_us;
};

/* ---- points */

static size_t point_new(struct telling *t, size_t lane, int64_t at_us) {
    size_t point = drawing_add_point(t->line, at_us);
    t->recent[lane][t->recent_count[lane]++ % RECENT] = point;
    return point;
}

/* A point of the lane at this moment; a new one, if it needs words and none has them: an arrow that
 * is alone can be drawn in the row of its other end. */
static size_t point_at(struct telling *t, size_t lane, int64_t at_us, bool with_words) {
    for (size_t i = 0; i < RECENT && i < t->recent_count[lane]; i++) {
        size_t point = t->recent[lane][(t->recent_count[lane] - 1 - i) % RECENT];
        const drawing_point *found = &t->line->points[point];
        if (found->at_us == at_us && (!with_words || *found->words != '\0')) return point;
    }
    return point_new(t, lane, at_us);
}

/* Words as the story has them, which writes to a file. */
struct words {
    FILE *out;
    char *text;
    size_t size;
};

static void words_begin(struct words *words) {
    *words = (struct words){0};
    words->out = open_memstream(&words->text, &words->size);
    if (words->out == NULL) arena_out_of_memory();
}

static void say_words(struct telling *t, size_t point, size_t lane, drawing_tone tone,
                      struct words *words) {
    if (fclose(words->out) != 0) arena_out_of_memory();
    drawing_say(t->line, point, lane, tone, "%s", words->text);
    free(words->text);
}

static void say_moment(struct telling *t, size_t point, size_t lane, const play_moment *moment) {
    static const drawing_tone tones[PLAY_MOMENTS] = {
        [PLAY_PAUSE] = DRAWING_FAULT,        [PLAY_CRASH] = DRAWING_FAULT,
        [PLAY_COMMAND_LOST] = DRAWING_FAULT, [PLAY_REPLY_LOST] = DRAWING_FAULT,
        [PLAY_MESSAGE_LOST] = DRAWING_FAULT, [PLAY_GAVE_UP] = DRAWING_FAULT,
        [PLAY_SERVER_PAUSE] = DRAWING_FAULT, [PLAY_CLOCK_JUMP] = DRAWING_FAULT,
        [PLAY_FAILOVER] = DRAWING_FAULT,
    };
    struct words words;
    words_begin(&words);
    play_story_words(words.out, t->script, moment);
    say_words(t, point, lane, tones[moment->kind], &words);
}

/* ---- keys */

static void know_key(struct telling *t, ttl_bytes name) {
    for (size_t i = 0; i < t->key_count; i++)
        if (ttl_bytes_equal(ttl_bytes_of(t->keys[i].name), name)) return;
    t->keys = memory_grown(t->keys, t->key_count, sizeof *t->keys);
    struct key *key = &t->keys[t->key_count++];
    *key = (struct key){.deadline = {.bar = DRAWING_NONE, .key = DRAWING_NONE}};
    snprintf(key->name, sizeof key->name, "%.*s", (int)name.length, name.data);
}

static void read_keys(struct telling *t, const play_moment *moment, size_t point) {
    for (size_t i = 0; i < moment->argc && moment->kind == PLAY_COMMAND; i++)
        if (moment->step->argv[i].is_key) know_key(t, moment->argv[i]);
    for (size_t i = 0; i < t->key_count; i++) {
        int64_t deadline_ms = play_deadline(t->play, t->keys[i].name);
        drawing_reading reading = {.name = t->keys[i].name,
                                   .is_volatile = deadline_ms >= 0,
                                   .deadline_ms = deadline_ms,
                                   .point = point,
                                   .wall_us = moment->wall_us,
                                   .last_us = t->last_us,
                                   .last_wall_us = t->last_wall_us};
        drawing_read_key(t->line, &t->keys[i].deadline, &reading);
    }
    t->last_us = moment->at_us;
    t->last_wall_us = moment->wall_us;
}

/* ---- what lasts */

/* What is over by now, in its order. */
static void end_pauses(struct telling *t, int64_t now_us) {
    size_t kept = 0;
    for (size_t i = 0; i < t->pause_count; i++) {
        const struct lasting pause = t->pauses[i];
        if (pause.until_us > now_us) {
            t->pauses[kept++] = pause;
            continue;
        }
        size_t point = point_new(t, pause.lane, pause.until_us);
        drawing_say(t->line, point, pause.lane, DRAWING_NOTE, "goes on");
        t->line->spans[pause.span].until = point;
    }
    t->pause_count = kept;
}

static void begin_pause(struct telling *t, size_t lane, size_t point, const play_moment *moment) {
    size_t span = drawing_add_span(
        t->line, (drawing_span){
                     .lane = lane, .since = point, .until = DRAWING_NONE, .words = "stands still"});
    t->pauses = memory_grown(t->pauses, t->pause_count, sizeof *t->pauses);
    t->pauses[t->pause_count++] =
        (struct lasting){.until_us = moment->at_us + moment->amount_us, .lane = lane, .span = span};
}

static void end_changes(struct telling *t, int64_t now_us, bool are_lost) {
    size_t kept = 0;
    for (size_t i = 0; i < t->change_count; i++) {
        const struct lasting change = t->changes[i];
        bool comes = change.until_us <= now_us;
        if (!comes && !are_lost) {
            t->changes[kept++] = change;
            continue;
        }
        size_t until = change.since;
        if (comes && change.until_us > t->line->points[change.since].at_us) {
            until = point_new(t, t->replica, change.until_us);
            drawing_say(t->line, until, t->replica, DRAWING_NOTE, "has what was changed");
        }
        drawing_add_arrow(t->line, (drawing_arrow){.kind = comes ? DRAWING_SYNC : DRAWING_LOST,
                                                   .from = t->server,
                                                   .to = t->replica,
                                                   .since = change.since,
                                                   .until = until});
    }
    t->change_count = kept;
}

/* ---- messages */

static void tell_command(struct telling *t, const play_moment *moment) {
    size_t lane = moment->asks_replica ? t->replica : t->server;
    size_t since = point_at(t, moment->client, moment->since_us, true);
    size_t point = point_new(t, lane, moment->at_us);
    const char *command = drawing_command_words(t->line, moment->argc, moment->argv);
    drawing_add_arrow(t->line, (drawing_arrow){.kind = DRAWING_REQUEST,
                                               .from = moment->client,
                                               .to = lane,
                                               .since = since,
                                               .until = point,
                                               .words = command});
    say_moment(t, point, moment->client, moment);
    read_keys(t, moment, point);
    if (moment->replicated_us == 0) return;
    t->changes = memory_grown(t->changes, t->change_count, sizeof *t->changes);
    t->changes[t->change_count++] =
        (struct lasting){.until_us = moment->replicated_us, .since = point};
}

/* A reply or a message of a subscription has come, or is lost on its way. */
static void tell_answer(struct telling *t, const play_moment *moment) {
    size_t server = t->server;
    if (moment->kind == PLAY_HEARD && moment->asks_replica) server = t->replica;
    size_t since = point_at(t, server, moment->since_us, false);
    size_t until = point_at(t, moment->client, moment->at_us, moment->kind == PLAY_HEARD);
    drawing_add_arrow(t->line, (drawing_arrow){.kind = DRAWING_ANSWER,
                                               .from = server,
                                               .to = moment->client,
                                               .since = since,
                                               .until = until});
    if (moment->kind == PLAY_MESSAGE) say_moment(t, until, moment->client, moment);
}

static void tell_lost(struct telling *t, const play_moment *moment) {
    bool is_command = moment->kind == PLAY_COMMAND_LOST;
    bool is_reply = moment->kind == PLAY_REPLY_LOST;
    size_t from = is_command ? moment->client : moment->asks_replica ? t->replica : t->server;
    size_t point =
        is_reply ? point_at(t, from, moment->at_us, true) : point_new(t, from, moment->at_us);
    drawing_add_arrow(t->line, (drawing_arrow){.kind = DRAWING_LOST,
                                               .from = from,
                                               .to = is_command ? t->server : moment->client,
                                               .since = point});
    say_moment(t, point, moment->client, moment);
}

/* A command that comes on a connection which the failover broke. */
static void tell_refused(struct telling *t, const play_moment *moment) {
    size_t point = point_new(t, t->server, moment->at_us);
    drawing_add_arrow(t->line,
                      (drawing_arrow){.kind = DRAWING_REQUEST,
                                      .from = moment->client,
                                      .to = t->server,
                                      .since = point_at(t, moment->client, moment->since_us, true),
                                      .until = point});
    drawing_say(t->line, point, moment->client, DRAWING_FAULT,
                "its connection was broken: the command is not run");
}

/* ---- clients and servers */

static void leave_place(struct telling *t, unsigned client, size_t place, size_t point) {
    if (t->places[client][place] != DRAWING_NONE)
        t->line->spans[t->places[client][place]].until = point;
    t->places[client][place] = DRAWING_NONE;
}

static void tell_client(struct telling *t, const play_moment *moment) {
    unsigned client = moment->client;
    size_t point = point_at(t, client, moment->at_us, false), place = 0;
    bool names_place = moment->kind == PLAY_ENTER || moment->kind == PLAY_LEAVE;
    while (names_place && strcmp(t->script->places[place], moment->name) != 0) place++;
    switch (moment->kind) {
    case PLAY_ENTER:
        t->places[client][place] =
            drawing_add_span(t->line, (drawing_span){.kind = DRAWING_PLACE,
                                                     .lane = client,
                                                     .since = point,
                                                     .until = DRAWING_NONE,
                                                     .words = t->script->places[place]});
        break;
    case PLAY_LEAVE: leave_place(t, client, place, point); break;
    case PLAY_PAUSE: begin_pause(t, client, point, moment); break;
    case PLAY_CRASH:
    case PLAY_STOPPED:
        for (place = 0; place < SCENARIO_PLACES; place++) leave_place(t, client, place, point);
        break;
    default: break;
    }
    if (moment->kind == PLAY_STOPPED)
        drawing_say(t->line, point, client, DRAWING_NOTE, "does no more");
    else say_moment(t, point, client, moment);
}

static void tell_server(struct telling *t, const play_moment *moment) {
    size_t point = point_new(t, t->server, moment->at_us);
    if (moment->kind == PLAY_EXPIRED)
        drawing_say(t->line, point, t->server, DRAWING_EXPIRED, "active cycle: %s expired",
                    moment->name);
    else say_moment(t, point, t->server, moment);
    if (moment->kind == PLAY_SERVER_PAUSE) begin_pause(t, t->server, point, moment);
    if (moment->kind == PLAY_FAILOVER) end_changes(t, moment->at_us, true);
    if (moment->kind != PLAY_SERVER_PAUSE) read_keys(t, moment, point);
}

static void tell(void *context, const play_moment *moment) {
    struct telling *t = context;
    end_pauses(t, moment->at_us);
    end_changes(t, moment->at_us, false);
    switch (moment->kind) {
    case PLAY_COMMAND: tell_command(t, moment); break;
    case PLAY_HEARD:
    case PLAY_MESSAGE: tell_answer(t, moment); break;
    case PLAY_COMMAND_LOST:
    case PLAY_REPLY_LOST:
    case PLAY_MESSAGE_LOST: tell_lost(t, moment); break;
    case PLAY_REFUSED: tell_refused(t, moment); break;
    case PLAY_SERVER_PAUSE:
    case PLAY_CLOCK_JUMP:
    case PLAY_FAILOVER:
    case PLAY_EXPIRED: tell_server(t, moment); break;
    case PLAY_ROUND: break;
    default: tell_client(t, moment);
    }
}

/* ---- beginning and end */

static void add_lanes(struct telling *t) {
    char name[PLAY_NAME_SIZE];
    for (unsigned i = 0; i < play_client_count(t->script); i++) {
        play_client_name_of(t->script, i, name);
        drawing_add_lane(t->line, DRAWING_CLIENT, name);
    }
    t->server = drawing_add_lane(t->line, DRAWING_SERVER, "server");
    t->replica = DRAWING_NONE;
    if (t->script->has_replica) t->replica = drawing_add_lane(t->line, DRAWING_REPLICA, "replica");
}

/* Clocks that are wrong from the beginning. */
static void tell_clocks(struct telling *t, const choice_list *taken) {
    for (size_t i = 0; i < taken->count; i++) {
        const choice *one = &taken->choices[i];
        size_t lane = one->who == CHOICE_SERVER ? t->server : one->who;
        if (!play_story_is_clock(one)) continue;
        struct words words;
        words_begin(&words);
        play_story_clock_words(words.out, one);
        say_words(t, point_at(t, lane, 0, false), lane, DRAWING_FAULT, &words);
    }
}

/* The moment in which a promise is broken has a row of its own. */
static void tell_end(struct telling *t) {
    play_report report = play_tell(t->play);
    end_pauses(t, report.span_us);
    end_changes(t, report.span_us, false);
    if (report.broken == NULL && report.trouble == NULL) return;
    bool is_broken = report.broken != NULL;
    size_t lane = is_broken ? report.breaker : t->server;
    drawing_say(t->line, drawing_add_point(t->line, report.span_us), lane, DRAWING_WRONG, "%s",
                is_broken ? report.what : report.trouble);
}

play *drawing_of_play(drawing *line, const scenario *script, uint64_t seed,
                      const play_schedule *given, uint64_t until) {
    struct telling *t = memory_zeroed(1, sizeof *t);
    choice_list taken = {0};
    t->line = line;
    t->script = script;
    memset(t->places, 0xff, sizeof t->places);
    add_lanes(t);
    t->play = play_new(&(play_options){.scenario = script,
                                       .seed = seed,
                                       .given = given,
                                       .taken = &taken,
                                       .is_thorough = true,
                                       .observe = tell,
                                       .context = t});
    tell_clocks(t, &taken);
    while ((until == 0 || play_tell(t->play).events < until) && play_step(t->play)) continue;
    tell_end(t);
    play *one = t->play;
    choice_list_free(&taken);
    free(t->pauses);
    free(t->changes);
    free(t->keys);
    free(t);
    return one;
}
