#include "cli/drawing_world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/text.h"
#include "sim/text.h"

enum { US_PER_MS = 1000 };

/* A message that is under way. */
struct flight {
    sim_message_name message;
    uint32_t connection;
    bool is_copy;
    size_t point;
    const char *words;
};

struct drawing_witness {
    sim_witness witness;
    drawing *line;
    size_t client_count, server, replica; /* lanes; clients are the first */
    size_t flight_count, ran_count;
    struct flight *flights; /* requests */
    struct flight *ran;     /* answers: from where the command ran */
    size_t deadline_count;
    drawing_deadline *deadlines;
    int64_t last_us, last_wall_us;
    size_t last_point;
    size_t spans[SIM_FAULT_TIMED]; /* the one that is open */
    bool is_quiet;
};

/* ---- words */

static const char *span_words(int64_t us, char text[SIM_SPAN_TEXT]) {
    sim_text_span(us, text);
    return text;
}

/* ---- keys */

static void read_keys(drawing_witness *self, const sim_sight *sight, size_t point) {
    sim_key_sight key;
    for (size_t i = 0; sight->key != NULL && sight->key(sight->source, i, &key); i++) {
        if (i == self->deadline_count) {
            self->deadlines =
                memory_grown(self->deadlines, self->deadline_count, sizeof *self->deadlines);
            self->deadlines[self->deadline_count++] =
                (drawing_deadline){.bar = DRAWING_NONE, .key = DRAWING_NONE};
        }
        const char *name = drawing_words(self->line, "%.*s", (int)key.name.length, key.name.data);
        if (key.database > 0)
            name = drawing_words(self->line, "%s of database %d", name, key.database);
        drawing_reading reading = {.name = name,
                                   .is_volatile = key.is_present && key.is_volatile,
                                   .deadline_ms = key.deadline_ms,
                                   .point = point,
                                   .wall_us = sight->wall_us,
                                   .last_us = self->last_us,
                                   .last_wall_us = self->last_wall_us};
        drawing_read_key(self->line, &self->deadlines[i], &reading);
    }
    self->last_us = sight->at_us;
    self->last_wall_us = sight->wall_us;
}

/* ---- messages */

static void add_flight(struct flight **flights, size_t *count, const sim_sight *sight, size_t point,
                       const char *words) {
    *flights = memory_grown(*flights, *count, sizeof **flights);
    (*flights)[(*count)++] =
        (struct flight){sight->message, sight->connection, sight->is_copy, point, words};
}

static bool is_of(const struct flight *flight, const sim_sight *sight) {
    return flight->message.node == sight->message.node &&
           flight->message.number == sight->message.number &&
           flight->message.attempt == sight->message.attempt &&
           flight->connection == sight->connection && flight->is_copy == sight->is_copy;
}

/* Takes the flight of a message out of the list. False: there is none. */
static bool take_flight(struct flight *flights, size_t *count, const sim_sight *sight,
                        struct flight *flight) {
    for (size_t i = *count; i > 0; i--) {
        if (!is_of(&flights[i - 1], sight)) continue;
        *flight = flights[i - 1];
        memmove(&flights[i - 1], &flights[i], (*count - i) * sizeof *flights);
        (*count)--;
        return true;
    }
    return false;
}

static void see_sent(drawing_witness *self, const sim_sight *sight) {
    size_t point = drawing_add_point(self->line, sight->at_us);
    const char *command = drawing_command_words(self->line, sight->argc, sight->argv);
    const char *words = drawing_words(self->line, "%s%s", command,
                                      sight->is_copy               ? " (passed on again)"
                                      : sight->message.attempt > 0 ? " (sent again)"
                                                                   : "");
    add_flight(&self->flights, &self->flight_count, sight, point, words);
}

static void see_lost(drawing_witness *self, const sim_sight *sight) {
    struct flight flight;
    bool is_request = sight->message.way == SIM_REQUEST;
    size_t client = sight->message.node;
    if (!is_request) {
        if (!take_flight(self->ran, &self->ran_count, sight, &flight)) return;
        drawing_add_arrow(self->line, (drawing_arrow){.kind = DRAWING_LOST,
                                                      .from = self->server,
                                                      .to = client,
                                                      .since = flight.point});
        drawing_say(self->line, flight.point, client, DRAWING_FAULT, "the answer is lost");
        return;
    }
    if (!take_flight(self->flights, &self->flight_count, sight, &flight)) return;
    drawing_add_arrow(self->line, (drawing_arrow){.kind = DRAWING_LOST,
                                                  .from = client,
                                                  .to = self->server,
                                                  .since = flight.point});
    drawing_say(self->line, flight.point, client, DRAWING_FAULT, "%s is lost", flight.words);
}

static void see_ran(drawing_witness *self, const sim_sight *sight) {
    struct flight flight;
    size_t point = drawing_add_point(self->line, sight->at_us), client = sight->message.node;
    const char *command = drawing_command_words(self->line, sight->argc, sight->argv);
    const char *reply = drawing_reply_words(self->line, sight->reply);
    drawing_say(self->line, point, client, DRAWING_PLAIN, "%s -> %s", command, reply);
    for (size_t i = 0; i < sight->expired_count; i++)
        drawing_say(self->line, point, client, DRAWING_PLAIN, "%.*s expired",
                    (int)sight->expired[i].length, sight->expired[i].data);
    if (take_flight(self->flights, &self->flight_count, sight, &flight))
        drawing_add_arrow(self->line, (drawing_arrow){.kind = DRAWING_REQUEST,
                                                      .from = client,
                                                      .to = self->server,
                                                      .since = flight.point,
                                                      .until = point,
                                                      .words = flight.words});
    add_flight(&self->ran, &self->ran_count, sight, point,
               drawing_words(self->line, "-> %s", reply));
    self->last_point = point;
    read_keys(self, sight, point);
}

static void see_heard(drawing_witness *self, const sim_sight *sight) {
    struct flight flight;
    if (!take_flight(self->ran, &self->ran_count, sight, &flight)) return;
    drawing_add_arrow(self->line,
                      (drawing_arrow){.kind = DRAWING_ANSWER,
                                      .from = self->server,
                                      .to = sight->message.node,
                                      .since = flight.point,
                                      .until = drawing_add_point(self->line, sight->at_us),
                                      .words = flight.words});
}

/* ---- faults */

static size_t lane_of_fault(const drawing_witness *self, const sim_fault *fault) {
    bool is_clients = fault->kind == SIM_FAULT_PARTITION || fault->kind == SIM_FAULT_CLIENT_CLOCK;
    return is_clients && fault->node < self->client_count ? fault->node : self->server;
}

static const char *fault_words(drawing_witness *self, const sim_fault *fault) {
    char span[SIM_SPAN_TEXT];
    switch (fault->kind) {
    case SIM_FAULT_JUMP_AHEAD:
        return drawing_words(self->line, "the clock jumps %s ahead",
                             span_words(fault->amount, span));
    case SIM_FAULT_JUMP_BACK:
        return drawing_words(self->line, "the clock jumps %s back",
                             span_words(fault->amount, span));
    case SIM_FAULT_CLIENT_CLOCK:
        return drawing_words(self->line, "its clock jumps %s ahead",
                             span_words(fault->amount, span));
    default:
        return drawing_words(self->line, "%s for %s", sim_fault_name(fault->kind),
                             span_words(fault->for_us, span));
    }
}

/* Those that are over at once, or have a sight of their own. */
static bool has_span(sim_fault_kind kind) {
    return kind < SIM_FAULT_SAVE && kind != SIM_FAULT_JUMP_AHEAD && kind != SIM_FAULT_JUMP_BACK &&
           kind != SIM_FAULT_CLIENT_CLOCK && kind != SIM_FAULT_DRIFT;
}

static void see_fault(drawing_witness *self, const sim_sight *sight) {
    const sim_fault *fault = sight->fault;
    if (fault->kind >= SIM_FAULT_SAVE) return;
    size_t point = drawing_add_point(self->line, sight->at_us);
    size_t lane = lane_of_fault(self, fault);
    drawing_say(self->line, point, lane, DRAWING_FAULT, "%s", fault_words(self, fault));
    read_keys(self, sight, point);
    if (!has_span(fault->kind)) return;
    self->spans[fault->kind] =
        drawing_add_span(self->line, (drawing_span){.lane = lane,
                                                    .since = point,
                                                    .until = DRAWING_NONE,
                                                    .words = sim_fault_name(fault->kind)});
}

static void end_span(drawing_witness *self, sim_fault_kind kind, int64_t at_us) {
    if (self->spans[kind] == DRAWING_NONE) return;
    drawing_span *span = &self->line->spans[self->spans[kind]];
    span->until = drawing_add_point(self->line, at_us);
    drawing_say(self->line, span->until, span->lane, DRAWING_NOTE, "%s: over", span->words);
    self->spans[kind] = DRAWING_NONE;
}

static void see_healed(drawing_witness *self, const sim_sight *sight) {
    if (sight->fault != NULL) {
        if (sight->fault->kind < SIM_FAULT_TIMED) end_span(self, sight->fault->kind, sight->at_us);
        return;
    }
    for (int kind = 0; kind < SIM_FAULT_TIMED; kind++)
        end_span(self, (sim_fault_kind)kind, sight->at_us);
    self->is_quiet = true;
}

/* ---- the server */

static void see_server(drawing_witness *self, const sim_sight *sight) {
    static const char *const words[SIM_SIGHTS] = {
        [SIM_SAVE] = "a snapshot is taken",
        [SIM_RESTART] = "restart, from the log",
        [SIM_CRASH] = "restart, from the snapshot: what came after it is lost",
        [SIM_PROMOTE] = "the replica is promoted: what it had not got is lost",
    };
    if (sight->kind == SIM_CYCLE && sight->expired_count == 0) return;
    size_t point = drawing_add_point(self->line, sight->at_us);
    self->last_point = point;
    if (sight->kind == SIM_CYCLE) {
        char *keys = text_copy("");
        for (size_t i = 0; i < sight->expired_count; i++)
            text_replace(&keys, "%s%s%.*s", keys, i == 0 ? "" : ", ", (int)sight->expired[i].length,
                         sight->expired[i].data);
        drawing_say(self->line, point, self->server, DRAWING_EXPIRED, "active cycle: %s expired",
                    keys);
        free(keys);
    } else if (sight->kind == SIM_SYNC && self->replica != DRAWING_NONE) {
        drawing_add_arrow(self->line, (drawing_arrow){.kind = DRAWING_SYNC,
                                                      .from = self->server,
                                                      .to = self->replica,
                                                      .since = point,
                                                      .until = point});
        drawing_say(self->line, point, self->replica, DRAWING_NOTE, "the replica gets changes");
    } else if (sight->kind == SIM_READ && self->replica != DRAWING_NONE) {
        drawing_say(self->line, point, self->replica, DRAWING_PLAIN, "%.*s %.*s -> %s",
                    (int)sight->argv[0].length, sight->argv[0].data, (int)sight->argv[1].length,
                    sight->argv[1].data, drawing_reply_words(self->line, sight->reply));
    } else if (words[sight->kind] != NULL) {
        drawing_say(self->line, point, self->server, DRAWING_FAULT, "%s", words[sight->kind]);
    }
    read_keys(self, sight, point);
}

static void see(void *context, const sim_sight *sight) {
    drawing_witness *self = context;
    if (self->is_quiet) return;
    switch (sight->kind) {
    case SIM_SENT: see_sent(self, sight); break;
    case SIM_LOST: see_lost(self, sight); break;
    case SIM_RAN: see_ran(self, sight); break;
    case SIM_HEARD: see_heard(self, sight); break;
    case SIM_CLOSED:
        drawing_say(self->line, drawing_add_point(self->line, sight->at_us), sight->message.node,
                    DRAWING_NOTE, "no answer in time: a new connection");
        break;
    case SIM_BEGAN: see_fault(self, sight); break;
    case SIM_HEALED: see_healed(self, sight); break;
    case SIM_BLOCKED: break; /* what comes of it is drawn */
    case SIM_PUBLISHED:
    case SIM_TOLD: break; /* subscribers are not drawn */
    default: see_server(self, sight);
    }
}

/* ---- life */

drawing_witness *drawing_witness_new(drawing *line) {
    drawing_witness *self = memory_zeroed(1, sizeof *self);
    self->witness = (sim_witness){self, see};
    self->line = line;
    self->replica = self->last_point = DRAWING_NONE;
    for (size_t i = 0; i < SIM_FAULT_TIMED; i++) self->spans[i] = DRAWING_NONE;
    return self;
}

void drawing_witness_free(drawing_witness *self) {
    free(self->flights);
    free(self->ran);
    free(self->deadlines);
    free(self);
}

const sim_witness *drawing_witness_of(drawing_witness *self) {
    return &self->witness;
}

void drawing_witness_begin(drawing_witness *self, const sim_world *world) {
    sim_world_report report = sim_world_tell(world);
    char name[32];
    for (unsigned i = 0; i < report.clients; i++) {
        snprintf(name, sizeof name, "client %u", i);
        drawing_add_lane(self->line, DRAWING_CLIENT, name);
    }
    self->client_count = report.clients;
    self->server = drawing_add_lane(self->line, DRAWING_SERVER, "server");
    if (report.has_replica)
        self->replica = drawing_add_lane(self->line, DRAWING_REPLICA, "replica");
}

void drawing_witness_end(drawing_witness *self, const sim_world *world) {
    sim_world_report report = sim_world_tell(world);
    if (report.law == SIM_LAWS_HOLD) return;
    size_t point = self->last_point;
    if (self->is_quiet || point == DRAWING_NONE)
        point = drawing_add_point(self->line, report.now_us);
    drawing_say(self->line, point, self->server, DRAWING_WRONG, "%s", report.what);
}
