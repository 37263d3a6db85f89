#include "sim/play_shorter.h"

/* How many are tried for each command that the schedule has, and at most. */
enum { SHORT_PLAYS_EACH = 1500, SHORT_PLAYS = 20000 };
/* At first: the commands that a play may have, doubled up to the last; and how many are tried. */
enum { SHORT_FIRST = 8, SHORT_LAST = 16, SHORT_PLAYS_FIRST = 5000 };

#define EVERYBODY ((1U << CHOICE_WHO) - 1)

/* Some of all clients, and nothing given: everything is drawn. */
static unsigned draft_some(play_shrinking *s, sim_random *stream) {
    unsigned count = play_client_count(s->script);
    unsigned there = 1 + (unsigned)sim_random_below(stream, (1U << count) - 1);
    play_draft_begin(s);
    for (unsigned client = 0; client < count; client++)
        s->draft.limits[client] = (there >> client & 1) != 0 ? PLAY_NO_LIMIT : 0;
    return EVERYBODY;
}

/* The schedule, of which one client is drawn anew, or the server, or both. */
static unsigned draft_one_anew(play_shrinking *s, sim_random *stream) {
    unsigned client = (unsigned)sim_random_below(stream, play_client_count(s->script));
    unsigned redrawn = (unsigned)sim_random_below(stream, 4);
    play_draft_copy(s);
    unsigned whom = (redrawn == 0 ? 0 : 1U << client) | (redrawn < 2 ? 1U << CHOICE_SERVER : 0);
    if (redrawn > 0) s->draft.limits[client] = PLAY_NO_LIMIT;
    return whom;
}

/* Draws a play. True: it broke the promise in so many commands, and the choices that it met are the
 * draft's. */
static bool draw(play_shrinking *s, uint64_t seed, uint64_t most) {
    sim_random stream = sim_random_stream(seed, "short", 0);
    bool is_fresh = sim_random_chance(&stream, 3, 4);
    unsigned redrawn = is_fresh ? draft_some(s, &stream) : draft_one_anew(s, &stream);
    s->taken.count = 0;
    play *one = play_new(&(play_options){.scenario = s->script,
                                         .seed = seed,
                                         .given = &s->draft,
                                         .redrawn = redrawn,
                                         .taken = &s->taken});
    play_report report = play_draft_play(s, one, most);
    bool fails = report.broken == s->broken && report.commands <= most;
    if (fails) play_draft_take_met(s);
    return fails;
}

static bool draw_some(play_shrinking *s, uint64_t plays, uint64_t most) {
    while (plays-- > 0 && !play_draft_is_spent(s))
        if (draw(s, ++s->drawn, most) && play_draft_keep_fewer(s)) return true;
    return false;
}

bool play_shorter(play_shrinking *s) {
    uint64_t plays = s->commands * SHORT_PLAYS_EACH;
    if (plays > SHORT_PLAYS) plays = SHORT_PLAYS;
    return s->commands > 1 && draw_some(s, plays, s->commands - 1);
}

bool play_shortest(play_shrinking *s) {
    for (uint64_t most = SHORT_FIRST; most <= s->commands / 2 && most <= SHORT_LAST; most *= 2)
        if (draw_some(s, SHORT_PLAYS_FIRST, most)) return true;
    return false;
}
