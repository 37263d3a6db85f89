/* The state of a play, for a person. */
#include <inttypes.h>

#include "sim/play_inside.h"

static void print_us(FILE *out, int64_t us) {
    fprintf(out, "%" PRId64 ".%03d ms", us / US_PER_MS, (int)(us % US_PER_MS));
}

static void print_state(const play *self, const struct actor *actor, FILE *out) {
    static const char *const states[] = {
        [ACTOR_RUNS] = "runs",
        [ACTOR_WAITS] = "waits",
        [ACTOR_EXPECTS] = "expects a reply",
        [ACTOR_AWAITS] = "awaits a message",
        [ACTOR_ENDED] = "has ended",
    };
    fputs(states[actor->state], out);
    if (actor->state != ACTOR_ENDED)
        fprintf(out, " at %s", actor->kind->program[actor->pc].pointer);
    if (actor->state != ACTOR_ENDED && self->now_us < actor->paused_until_us) {
        fputs(", stands still until ", out);
        print_us(out, actor->paused_until_us);
    }
}

static void print_variables(const scenario *script, const struct actor *actor, FILE *out) {
    static const char *const words[] = {
        [SCENARIO_NIL] = "nil",
        [SCENARIO_ERROR] = "error",
        [SCENARIO_LOST] = "lost",
    };
    for (size_t i = SCENARIO_BUILT_IN; i < script->variable_count; i++) {
        const scenario_value *value = &actor->variables[i];
        if (value->kind == SCENARIO_NIL) continue;
        fprintf(out, " {%s} = ", script->variables[i]);
        if (value->kind == SCENARIO_INTEGER) fprintf(out, "%" PRId64, value->integer);
        else fputs(value->kind == SCENARIO_TEXT ? value->text : words[value->kind], out);
    }
}

static void print_actor(const play *self, const struct actor *actor, FILE *out) {
    const scenario *script = self->scenario;
    fprintf(out, "%s: {now} = %" PRId64 ", %" PRIu32 " commands sent, ", actor->name,
            play_steady_us(self, actor) / US_PER_MS, actor->commands);
    print_state(self, actor, out);
    for (size_t i = 0; i < script->place_count; i++)
        if (actor->places[i].is_in) fprintf(out, ", is in \"%s\"", script->places[i]);
    if (actor->inbox_count > 0) fprintf(out, ", %zu messages wait for it", actor->inbox_count);
    fputs("\n ", out);
    print_variables(script, actor, out);
    putc('\n', out);
}

void play_print(play *self, FILE *out) {
    fprintf(out, "event %" PRIu64 ", ", self->events);
    print_us(out, self->now_us);
    fputs(" after the beginning\n", out);
    host_print(&self->host, sim_wall_at(&self->wall, self->now_us), out);
    if (self->now_us < self->busy_until_us) {
        fputs("  the server stands still until ", out);
        print_us(out, self->busy_until_us);
        putc('\n', out);
    }
    for (unsigned i = 0; i < self->actor_count; i++) print_actor(self, &self->actors[i], out);
    if (self->watch.broken != NULL)
        fprintf(out, "broken: %s: %s\n", self->watch.broken->title, self->watch.what);
}
