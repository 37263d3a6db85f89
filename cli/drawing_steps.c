/* The steps of a site as a timeline. A step knows what the server's clock showed, and nothing of
 * the network: a command is sent, run and answered at one point. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/drawing_world.h"
#include "conformance/text.h"
#include "sim/text.h"

enum { US_PER_MS = 1000, CLIENTS_MAX = 256 };

struct telling {
    drawing *line;
    size_t lane_of[CLIENTS_MAX]; /* of a client */
    size_t server, replica;
    int64_t at_us, wall_us; /* since the beginning, which never goes back; what the clock showed */
    bool has_begun;
    size_t last_point;
    drawing_deadline deadlines[SIM_SLOTS];
};

static void read_keys(struct telling *t, const sim_step *step, const sim_site *site, size_t point,
                      int64_t last_us, int64_t last_wall_us) {
    const sim_model *model = &site->servers[site->primary].model;
    for (uint8_t i = 0; i < SIM_SLOTS; i++) {
        char name[SIM_SLOT_TEXT];
        drawing_reading reading = {.name = sim_slot_text(i, name),
                                   .is_volatile = model->keys[i].is_volatile,
                                   .deadline_ms = model->keys[i].deadline_ms,
                                   .point = point,
                                   .wall_us = step->wall_us,
                                   .last_us = last_us,
                                   .last_wall_us = last_wall_us};
        drawing_read_key(t->line, &t->deadlines[i], &reading);
    }
}

static void tell_command(struct telling *t, const sim_step *step, const sim_site *site,
                         size_t point) {
    char command[SIM_COMMAND_TEXT];
    size_t lane = t->lane_of[step->client];
    sim_text_command(&step->op, command);
    const char *reply = drawing_reply_words(t->line, &site->reply);
    drawing_say(t->line, point, lane, DRAWING_PLAIN, "%s -> %s", command, reply);
    drawing_add_exchange(t->line, lane, t->server, point);
}

static void tell_other(struct telling *t, const sim_step *step, size_t point) {
    static const char *const words[SIM_STEP_KINDS] = {
        [SIM_STEP_CYCLE] = "the active cycle runs",
        [SIM_STEP_TIME_OUT] = "who has waited long enough is answered",
        [SIM_STEP_HANG_UP] = "a client has another connection",
        [SIM_STEP_SYNC] = "the replica gets changes",
        [SIM_STEP_READ] = "the replica is asked",
        [SIM_STEP_SAVE] = "a snapshot is taken",
        [SIM_STEP_RESTART] = "restart, from the log",
        [SIM_STEP_CRASH] = "restart, from the snapshot",
        [SIM_STEP_PROMOTE] = "the replica is promoted",
        [SIM_STEP_QUIET] = "all is quiet",
    };
    bool is_sync = step->kind == SIM_STEP_SYNC && t->replica != DRAWING_NONE;
    bool is_there = is_sync || (step->kind == SIM_STEP_READ && t->replica != DRAWING_NONE);
    bool is_fault = step->kind >= SIM_STEP_SAVE && step->kind < SIM_STEP_QUIET;
    drawing_say(t->line, point, is_there ? t->replica : t->server,
                is_fault ? DRAWING_FAULT : DRAWING_NOTE, "%s", words[step->kind]);
    if (is_sync)
        drawing_add_arrow(t->line, (drawing_arrow){.kind = DRAWING_SYNC,
                                                   .from = t->server,
                                                   .to = t->replica,
                                                   .since = point,
                                                   .until = point});
}

static void tell_step(void *context, const sim_step *step, const sim_site *site) {
    struct telling *t = context;
    int64_t last_us = t->at_us, last_wall_us = t->has_begun ? t->wall_us : step->wall_us;
    int64_t passed_us = step->wall_us - last_wall_us;
    if (passed_us > 0) t->at_us += passed_us;
    t->wall_us = step->wall_us;
    t->has_begun = true;
    size_t point = drawing_add_point(t->line, t->at_us);
    if (passed_us < 0) {
        char span[SIM_SPAN_TEXT];
        sim_text_span(-passed_us, span);
        drawing_say(t->line, point, t->server, DRAWING_FAULT, "the clock is set back by %s", span);
    }
    if (step->kind == SIM_STEP_COMMAND) tell_command(t, step, site, point);
    else tell_other(t, step, point);
    const sim_server *server = &site->servers[site->primary];
    char name[SIM_SLOT_TEXT];
    for (size_t i = 0; i < server->announced_count && step->kind <= SIM_STEP_CYCLE; i++)
        drawing_say(t->line, point, t->server, DRAWING_PLAIN, "%s expired",
                    sim_slot_text(server->announced[i], name));
    read_keys(t, step, site, point, last_us, last_wall_us);
    t->last_point = point;
}

static void add_lanes(struct telling *t, const sim_recording *steps) {
    bool is_there[CLIENTS_MAX] = {false}, has_replica = false;
    for (size_t i = 0; i < steps->count; i++) {
        const sim_step *step = &steps->steps[i];
        if (step->kind == SIM_STEP_COMMAND) is_there[step->client] = true;
        has_replica = has_replica || step->kind == SIM_STEP_SYNC || step->kind == SIM_STEP_PROMOTE;
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        char name[32];
        if (!is_there[i]) continue;
        snprintf(name, sizeof name, "client %zu", i);
        t->lane_of[i] = drawing_add_lane(t->line, DRAWING_CLIENT, name);
    }
    t->server = drawing_add_lane(t->line, DRAWING_SERVER, "server");
    t->replica = DRAWING_NONE;
    if (has_replica) t->replica = drawing_add_lane(t->line, DRAWING_REPLICA, "replica");
}

void drawing_of_steps(drawing *line, const sim_recording *steps, const sim_hooks *hooks) {
    struct telling *t = memory_zeroed(1, sizeof *t);
    t->line = line;
    for (size_t i = 0; i < SIM_SLOTS; i++)
        t->deadlines[i] = (drawing_deadline){.bar = DRAWING_NONE, .key = DRAWING_NONE};
    add_lanes(t, steps);
    sim_replayed end = sim_replay(steps, hooks, tell_step, t);
    if (end.law != SIM_LAWS_HOLD)
        drawing_say(line, t->last_point, t->server, DRAWING_WRONG, "%s", end.what);
    free(t);
}
