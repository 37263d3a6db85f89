#include "sim/world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/network.h"
#include "sim/queue.h"
#include "sim/random.h"
#include "sim/text.h"
#include "sim/wall.h"
#include "sim/workload.h"

#define US_PER_S    INT64_C(1000000)
#define US_PER_MS   INT64_C(1000)
#define US_PER_YEAR (INT64_C(365) * 86400 * US_PER_S)

enum {
    CLIENTS_MAX = 8,
    PIPELINE_MAX = 8,
    WAITING_MAX = 4096, /* messages that wait at the server; more are lost, as by a full queue */
    LISTENERS_MAX = 3,
    FAULTS_MAX = 24,
    RETRIES_MAX = 3,
    READS_EACH = 4,   /* syncs: so often a client asks the replica, at some later moment */
    TICK_US = 100000, /* the active cycle, ten times a second */
    IDLE_CYCLES = 10, /* in a row, before they become rarer */
    /* A client's last connections, which may have something under way, and its proxy's. */
    PROXY_SESSION = SIM_SESSIONS_EACH - 1,
};

/* Numbers of messages of and to subscribers: no client's commands have them. */
#define LISTENERS_FROM (UINT64_C(1) << 40)

_Static_assert(LISTENERS_MAX <= SIM_PEERS - SIM_LISTENER, "each subscriber has a session");
_Static_assert(CLIENTS_MAX *SIM_SESSIONS_EACH <= SIM_PEERS, "each client has its sessions");

enum event_kind {
    EVENT_SEND,
    EVENT_ARRIVE,
    EVENT_RUN,
    EVENT_REPLY,
    EVENT_TIMEOUT,
    EVENT_CYCLE,
    EVENT_TIME_OUT,
    EVENT_SYNC,
    EVENT_READ,
    EVENT_LISTEN,
    EVENT_TOLD,
    EVENT_FAULT,
    EVENT_HEAL
};

/* A subscriber beside a client, whose link it shares. */
struct listener {
    sim_random draws;
    bool is_connected, is_torn;
    uint32_t connection;
    uint64_t messages;
    int64_t told_us;    /* when its last message comes: the next comes no earlier */
    int64_t said_us;    /* when it spoke last */
    uint32_t published; /* messages to it that set out */
};

/* A command on its way, or its reply. */
struct message {
    sim_op op;
    uint64_t id;
    uint32_t client, connection;
    uint32_t next_free;
    uint32_t era; /* how often the server had begun anew when it was sent */
    uint8_t attempt;
    bool is_copy; /* that a proxy made: nobody waits for its answer */
};

struct client {
    sim_random draws, programs, fields, phrases, waits;
    sim_program program; /* what is sent before anything else is drawn, from `next_op` on */
    size_t next_op;
    sim_wall wall;
    uint64_t quota, next_id; /* commands still to draw; the number of the next */
    uint32_t connection;
    struct {
        sim_op op;
        uint64_t id;
        uint8_t attempts;
        bool is_of_program;
    } waiting[PIPELINE_MAX]; /* sent and not answered */
    size_t waiting_count, depth;
    unsigned retries;
    int64_t progress_us;                /* when it last heard something */
    int64_t arrival_us;                 /* of its last command: the next comes no earlier */
    int64_t answer_us;                  /* and of its last reply */
    uint64_t last_run_id;               /* the highest that the server ran */
    uint32_t served[SIM_SESSIONS_EACH]; /* by session: which connection, from 1; 0: none */
    bool has_timer, will_send, is_torn; /* its connection lost something: no more gets through */
};

struct sim_world {
    sim_site site;
    sim_queue queue;
    sim_recording *recording;
    const sim_witness *witness;
    sim_workload workload;
    sim_random reads; /* at the replica */
    sim_op armed;     /* the last command that gave a field a deadline */
    sim_wall wall;    /* of the server */
    sim_network network;
    int64_t now_us, gap_us, timeout_us, service_us, lag_us;
    struct client clients[CLIENTS_MAX];
    unsigned client_count;
    struct listener listeners[LISTENERS_MAX];
    unsigned listener_count;
    struct message *messages;
    uint32_t message_count, message_capacity, first_free;
    uint32_t waiting[WAITING_MAX]; /* messages at the server, in order of arrival */
    size_t waiting_first, waiting_count;
    int64_t busy_until_us, cycle_us; /* when the cycle is planned; 0: it is not */
    int64_t cycle_stalled_until_us, idle_cycles;
    sim_schedule faults;         /* those of a time */
    int64_t time_out_us;         /* when who waits is to be answered; 0: that is not planned */
    uint32_t blocked[SIM_PEERS]; /* by session: the message whose command waits */
    bool sync_planned;
    uint64_t commands_left, events, commands;
    uint64_t digest;
    bool is_healing, has_ended;
    uint32_t era; /* how often the server began anew */
    int64_t worked_us, end_us;
    sim_law law;
    uint64_t fault_marks[SIM_FAULT_KINDS], chances[SIM_CHANCES];
};

static const char *const chance_names[SIM_CHANCES] = {
    "a command was lost",
    "a reply was lost",
    "a client sent again",
    "a command ran twice",
    "a command ran late",
    "a client gave up",
    "a command had to wait",
    "a client began a transaction again",
    "a subscriber heard an event",
    "an event was lost with its subscriber's connection",
    "a command came on a connection that is no more",
};

const char *sim_chance_name(sim_chance chance) {
    return chance_names[chance];
}

/* ---- recording */

void sim_recording_add(sim_recording *recording, sim_step step) {
    if (recording->count == recording->capacity) {
        recording->capacity = recording->capacity == 0 ? 256 : recording->capacity * 2;
        recording->steps =
            realloc(recording->steps, recording->capacity * sizeof *recording->steps);
        if (recording->steps == NULL) abort();
    }
    recording->steps[recording->count++] = step;
}

void sim_recording_free(sim_recording *recording) {
    free(recording->steps);
    *recording = (sim_recording){0};
}

/* ---- small things */

static void plan(sim_world *world, int64_t at_us, enum event_kind kind, uint32_t node,
                 uint64_t payload) {
    sim_queue_add(&world->queue, (sim_event){at_us, 0, (uint32_t)kind, node, payload});
}

static uint32_t message_new(sim_world *world, const struct message *message) {
    uint32_t index = world->first_free;
    if (index != UINT32_MAX) {
        world->first_free = world->messages[index].next_free;
    } else {
        index = world->message_count++;
        if (index == world->message_capacity) {
            world->message_capacity = index == 0 ? 64 : index * 2;
            world->messages =
                realloc(world->messages, world->message_capacity * sizeof *world->messages);
            if (world->messages == NULL) abort();
        }
    }
    world->messages[index] = *message;
    return index;
}

static void message_free(sim_world *world, uint32_t index) {
    world->messages[index].next_free = world->first_free;
    world->first_free = index;
}

/* ---- what a witness sees */

static bool tell_key(const void *source, size_t number, sim_key_sight *key) {
    const sim_model *model = source;
    if (number >= SIM_SLOTS) return false;
    *key = (sim_key_sight){.name = sim_key_name((uint8_t)(number % SIM_KEYS)),
                           .database = (int)(number / SIM_KEYS),
                           .is_present = model->keys[number].is_present,
                           .is_volatile = model->keys[number].is_volatile,
                           .deadline_ms = model->keys[number].deadline_ms};
    return true;
}

static void tell(sim_world *world, sim_sight sight) {
    const sim_server *server = &world->site.servers[world->site.primary];
    sight.at_us = world->now_us;
    sight.wall_us = sim_wall_at(&world->wall, world->now_us);
    sight.key = tell_key;
    sight.source = &server->model;
    if (sight.kind == SIM_RAN || sight.kind == SIM_CYCLE || sight.kind == SIM_QUIET)
        for (size_t i = 0; i < server->announced_count; i++)
            if (server->announced[i] < SIM_SLOTS)
                sight.expired[sight.expired_count++] =
                    sim_key_name(server->announced[i] % SIM_KEYS);
    world->witness->see(world->witness->context, &sight);
}

static void tell_message(sim_world *world, sim_sight_kind kind, uint8_t way,
                         const struct message *message) {
    sim_rendered rendered;
    if (world->witness == NULL) return;
    sim_op_render(&message->op, &rendered);
    tell(world, (sim_sight){.kind = kind,
                            .message = {message->id, message->client, message->attempt, way},
                            .connection = message->connection,
                            .is_copy = message->is_copy,
                            .argc = rendered.argc,
                            .argv = rendered.argv,
                            .reply = &world->site.reply});
}

/* A command ran, and this is its answer; of one that waited, it ran when it was served. Or it found
 * nothing to take, and waits. */
static void tell_at_server(sim_world *world, sim_sight_kind kind, const struct message *message,
                           const ttl_reply *reply) {
    sim_rendered rendered;
    if (world->witness == NULL) return;
    sim_op_render(&message->op, &rendered);
    int64_t goes_on_us = message->op.kind == SIM_OP_EXEC ? message->op.amount : 0;
    tell(world,
         (sim_sight){.kind = kind,
                     .again_us = sim_wall_at(&world->wall, world->now_us) + goes_on_us,
                     .message = {message->id, message->client, message->attempt, SIM_REQUEST},
                     .connection = message->connection,
                     .is_copy = message->is_copy,
                     .argc = rendered.argc,
                     .argv = rendered.argv,
                     .reply = reply});
}

static void tell_step(sim_world *world, sim_step_kind kind) {
    static const sim_sight_kind sights[SIM_STEP_KINDS] = {
        [SIM_STEP_COMMAND] = SIM_RAN,     [SIM_STEP_CYCLE] = SIM_CYCLE,
        [SIM_STEP_SYNC] = SIM_SYNC,       [SIM_STEP_SAVE] = SIM_SAVE,
        [SIM_STEP_RESTART] = SIM_RESTART, [SIM_STEP_CRASH] = SIM_CRASH,
        [SIM_STEP_PROMOTE] = SIM_PROMOTE, [SIM_STEP_QUIET] = SIM_QUIET,
    };
    bool is_told = kind != SIM_STEP_COMMAND && kind != SIM_STEP_READ && kind != SIM_STEP_HANG_UP &&
                   kind != SIM_STEP_TIME_OUT;
    if (world->witness != NULL && is_told) tell(world, (sim_sight){.kind = sights[kind]});
}

static void tell_fault(sim_world *world, sim_sight_kind kind, const sim_fault *fault) {
    if (world->witness != NULL) tell(world, (sim_sight){.kind = kind, .fault = fault});
}

/* ---- the server */

static void plan_cycle(sim_world *world) {
    int64_t at_ms, shown_us = sim_wall_at(&world->wall, world->now_us);
    if (!sim_site_next_expiry(&world->site, &at_ms)) return;
    if (at_ms > (shown_us + 2 * US_PER_YEAR) / US_PER_MS) return;
    int64_t at_us = sim_wall_when(&world->wall, world->now_us, at_ms * US_PER_MS);
    if (at_us < world->cycle_stalled_until_us) at_us = world->cycle_stalled_until_us;
    /* A clock that stands still, or a cycle that does nothing, is not asked for ever. */
    int64_t tired = world->idle_cycles < IDLE_CYCLES ? 0 : world->idle_cycles - IDLE_CYCLES;
    at_us = (at_us / TICK_US + (INT64_C(1) << (tired < 20 ? tired : 20))) * TICK_US;
    if (at_us == world->cycle_us) return;
    world->cycle_us = at_us;
    plan(world, at_us, EVENT_CYCLE, 0, 0);
}

static void plan_sync(sim_world *world) {
    const sim_site *site = &world->site;
    if (!site->has_replica || world->sync_planned || site->applied == site->log.count) return;
    world->sync_planned = true;
    plan(world, world->now_us + world->lag_us, EVENT_SYNC, 0, site->log.count - site->applied);
}

static void plan_read(sim_world *world) {
    uint64_t span_us = (uint64_t)world->lag_us * 4 + TICK_US;
    if (!sim_random_chance(&world->reads, 1, READS_EACH)) return;
    int64_t in_us = (int64_t)sim_random_below(&world->reads, span_us);
    plan(world, world->now_us + in_us, EVENT_READ, 0, 0);
}

static uint32_t host_of(const sim_world *world, uint32_t listener) {
    return listener % world->client_count;
}

/* A message of a subscriber, or to it. */
static sim_fate listener_send(sim_world *world, uint32_t number, uint8_t way) {
    struct listener *listener = &world->listeners[number];
    sim_message_name name = {.number = LISTENERS_FROM * (number + 1) + ++listener->messages,
                             .node = host_of(world, number),
                             .way = way};
    return sim_network_send(&world->network, name);
}

/* What was published goes to subscribers, in order; with a connection that is lost all is that was
 * to come on it. */
static void deliver(sim_world *world) {
    const sim_server *server = &world->site.servers[world->site.primary];
    for (size_t i = 0; i < server->push_count; i++) {
        uint32_t number = server->pushes[i].session - SIM_LISTENER;
        struct listener *listener = &world->listeners[number];
        sim_fate fate = {.is_lost = true};
        if (!listener->is_torn) fate = listener_send(world, number, SIM_ANSWER);
        listener->is_torn = fate.is_lost;
        world->chances[SIM_CHANCE_EVENT_LOST] += fate.is_lost;
        if (fate.is_lost) continue;
        int64_t told_us = world->now_us + fate.latency_us;
        if (told_us < listener->told_us) told_us = listener->told_us;
        listener->told_us = told_us;
        plan(world, told_us, EVENT_TOLD, number,
             (uint64_t)listener->connection << 32 | ++listener->published);
        if (world->witness != NULL)
            tell(world, (sim_sight){.kind = SIM_PUBLISHED,
                                    .message = {.number = listener->published, .node = number},
                                    .connection = listener->connection,
                                    .since_us = listener->said_us,
                                    .text = server->pushes[i].text});
    }
}

/* Does a step of the site, and plans what follows from it. */
static void site_do(sim_world *world, sim_step_kind kind, const sim_op *op, uint32_t client,
                    uint8_t session) {
    sim_step step = {.wall_us = sim_wall_at(&world->wall, world->now_us),
                     .kind = (uint8_t)kind,
                     .client = (uint8_t)client,
                     .session = session};
    if (op != NULL) step.op = *op;
    if (sim_op_is_of_field(step.op.kind) && sim_op_has_time(&step.op)) world->armed = step.op;
    if (world->recording != NULL) sim_recording_add(world->recording, step);
    world->law = sim_site_step(&world->site, &step);
    tell_step(world, kind);
    if (world->law != SIM_LAWS_HOLD) world->has_ended = true;
    if (kind == SIM_STEP_TIME_OUT) return;
    bool publishes = kind == SIM_STEP_COMMAND || kind == SIM_STEP_CYCLE;
    if (publishes && world->listener_count > 0) deliver(world);
    if (kind == SIM_STEP_READ || kind == SIM_STEP_HANG_UP) return;
    const sim_server *server = &world->site.servers[world->site.primary];
    if (kind == SIM_STEP_COMMAND && server->events == 0 && server->announced_count == 0) return;
    if (server->announced_count + server->hexpired_count > 0) world->idle_cycles = 0;
    else if (kind == SIM_STEP_CYCLE) world->idle_cycles++;
    plan_cycle(world);
    plan_sync(world);
}

/* A client asks the replica, which may lag, but knows what is dead. */
static void read_replica(sim_world *world) {
    sim_op op = sim_workload_read(&world->workload, &world->reads, &world->armed);
    site_do(world, SIM_STEP_READ, &op, 0, 0);
    world->commands++;
    if (world->witness == NULL) return;
    sim_rendered rendered;
    sim_op_render(&op, &rendered);
    tell(world, (sim_sight){.kind = SIM_READ,
                            .argc = rendered.argc,
                            .argv = rendered.argv,
                            .reply = &world->site.reply});
}

/* ---- who waits at the server */

/* When the first has waited long enough. A clock that does not get there is asked again. */
static void plan_time_out(sim_world *world) {
    int64_t at_ms;
    if (!sim_site_next_timeout(&world->site, &at_ms)) return;
    int64_t at_us = sim_wall_when(&world->wall, world->now_us, at_ms * US_PER_MS);
    if (at_us < world->busy_until_us) at_us = world->busy_until_us;
    if (at_us <= world->now_us) at_us = world->now_us + TICK_US;
    if (world->time_out_us > world->now_us && world->time_out_us <= at_us) return;
    world->time_out_us = at_us;
    plan(world, at_us, EVENT_TIME_OUT, 0, 0);
}

/* Its connection is no more: nobody hears what it waited for. */
static void forget_blocked(sim_world *world, uint8_t session) {
    if (world->blocked[session] == UINT32_MAX) return;
    message_free(world, world->blocked[session]);
    world->blocked[session] = UINT32_MAX;
}

/* The answer to a message goes on its way. */
static void answer_message(sim_world *world, uint32_t index) {
    struct message *message = &world->messages[index];
    struct client *client = &world->clients[message->client];
    sim_message_name name = {message->id, message->client, message->attempt, SIM_ANSWER};
    bool is_heard = !message->is_copy && message->connection == client->connection;
    sim_fate fate = {.is_lost = true};
    if (is_heard) fate = sim_network_send(&world->network, name);
    if (fate.is_lost) {
        world->chances[SIM_CHANCE_REPLY_LOST] += is_heard;
        if (!message->is_copy) tell_message(world, SIM_LOST, SIM_ANSWER, message);
        message_free(world, index);
        return;
    }
    int64_t answer_us = world->busy_until_us + fate.latency_us;
    if (answer_us < world->now_us) answer_us = world->now_us;
    if (answer_us < client->answer_us) answer_us = client->answer_us;
    client->answer_us = answer_us;
    plan(world, answer_us, EVENT_REPLY, message->client, index);
}

/* Those who waited and have been answered in the last unit: nil before anything was done, the
 * others after it. */
static void answer_unblocked(sim_world *world, bool is_before) {
    const sim_server *server = &world->site.servers[world->site.primary];
    for (size_t i = 0; i < server->unblocked_count; i++) {
        const ttl_reply *reply = &server->unblocked[i].reply;
        uint8_t session = server->unblocked[i].session;
        uint32_t index = world->blocked[session];
        bool is_nil = reply->nodes[0].type == TTL_REPLY_NIL_ARRAY;
        if (index == UINT32_MAX || is_nil != is_before) continue;
        world->blocked[session] = UINT32_MAX;
        tell_at_server(world, SIM_RAN, &world->messages[index], reply);
        answer_message(world, index);
    }
    plan_time_out(world);
}

/* The session of a message's connection. False: the server has it no more. */
static bool find_session(sim_world *world, const struct message *message, uint8_t *session) {
    struct client *client = &world->clients[message->client];
    uint8_t own = message->is_copy ? PROXY_SESSION : (uint8_t)(message->connection % PROXY_SESSION);
    *session = (uint8_t)(message->client * SIM_SESSIONS_EACH + own);
    uint32_t number = message->connection + 1;
    if (message->era != world->era || number < client->served[own]) return false;
    if (client->served[own] != 0 && client->served[own] != number) {
        site_do(world, SIM_STEP_HANG_UP, NULL, message->client, *session);
        forget_blocked(world, *session);
    }
    client->served[own] = number;
    return true;
}

/* A server that begins anew has none of the connections that there were. */
static void lose_connections(sim_world *world) {
    world->era++;
    for (uint8_t i = 0; i < SIM_PEERS; i++) forget_blocked(world, i);
    for (unsigned i = 0; i < world->client_count; i++) {
        world->clients[i].is_torn = true;
        memset(world->clients[i].served, 0, sizeof world->clients[i].served);
    }
    for (unsigned i = 0; i < world->listener_count; i++) world->listeners[i].is_connected = false;
}

/* ---- subscribers */

static void listener_say(sim_world *world, uint32_t number, sim_op op) {
    world->listeners[number].said_us = world->now_us;
    site_do(world, SIM_STEP_COMMAND, &op, host_of(world, number), (uint8_t)(SIM_LISTENER + number));
    answer_unblocked(world, true);
}

static void listener_connect(sim_world *world, uint32_t number) {
    struct listener *listener = &world->listeners[number];
    uint64_t bits = sim_random_next(&listener->draws);
    if (listener_send(world, number, SIM_REQUEST).is_lost) return;
    if (listener->connection++ > 0)
        site_do(world, SIM_STEP_HANG_UP, NULL, host_of(world, number),
                (uint8_t)(SIM_LISTENER + number));
    listener->is_connected = true;
    listener->is_torn = false;
    listener->told_us = world->now_us;
    listener_say(world, number, (sim_op){.kind = SIM_OP_NOTIFY, .value = bits & 7});
    listener_say(
        world, number,
        (sim_op){.kind = SIM_OP_SUBSCRIBE, .extra = bits >> 3 & 1, .database = bits >> 4 & 1});
}

/* From time to time it listens to something else, or does what it may not, or notices that its
 * connection is no more. */
static void listener_act(sim_world *world, uint32_t number) {
    static const uint8_t kinds[] = {SIM_OP_SUBSCRIBE,   SIM_OP_PSUBSCRIBE,   SIM_OP_PSUBSCRIBE,
                                    SIM_OP_UNSUBSCRIBE, SIM_OP_PUNSUBSCRIBE, SIM_OP_GET};
    struct listener *listener = &world->listeners[number];
    uint64_t bits = sim_random_next(&listener->draws);
    if (!listener->is_connected || listener->is_torn) listener_connect(world, number);
    else if (listener_send(world, number, SIM_REQUEST).is_lost) listener->is_torn = true;
    else
        listener_say(world, number,
                     (sim_op){.kind = kinds[bits % sizeof kinds],
                              .key = bits >> 8 & 3,
                              .extra = (uint8_t)((bits >> 16) % 3),
                              .database = bits >> 24 & 1});
    if (world->is_healing) return;
    int64_t in_us = (int64_t)sim_random_below(&listener->draws, (uint64_t)world->gap_us * 128 + 1);
    plan(world, world->now_us + 1 + in_us, EVENT_LISTEN, number, 0);
}

/* What was published comes, unless its connection was given up meanwhile. */
static void listener_hear(sim_world *world, uint32_t number, uint64_t payload) {
    uint32_t connection = (uint32_t)(payload >> 32);
    if (connection != world->listeners[number].connection) return;
    world->chances[SIM_CHANCE_EVENT_HEARD]++;
    if (world->witness == NULL) return;
    tell(world, (sim_sight){.kind = SIM_TOLD,
                            .message = {.number = payload & UINT32_MAX, .node = number},
                            .connection = connection});
}

static void run_command(sim_world *world, uint32_t index) {
    struct message *message = &world->messages[index];
    struct client *client = &world->clients[message->client];
    uint8_t session;
    if (!find_session(world, message, &session) || world->blocked[session] != UINT32_MAX) {
        world->chances[SIM_CHANCE_RESET]++;
        tell_message(world, SIM_LOST, SIM_REQUEST, message);
        message_free(world, index);
        return;
    }
    world->commands++;
    if (message->id <= client->last_run_id) world->chances[SIM_CHANCE_TWICE]++;
    else client->last_run_id = message->id;
    if (message->connection != client->connection) world->chances[SIM_CHANCE_LATE]++;
    /* A clock that stands still does so within a unit, too. */
    if (message->op.kind == SIM_OP_EXEC && world->wall.is_stalled) message->op.amount = 0;
    site_do(world, SIM_STEP_COMMAND, &message->op, message->client, session);
    world->busy_until_us = world->now_us + world->service_us;
    if (message->op.kind == SIM_OP_EXEC) world->busy_until_us += message->op.amount;
    answer_unblocked(world, true);
    if (world->site.peers[session].wait.is_on) {
        world->blocked[session] = index;
        tell_at_server(world, SIM_BLOCKED, message, &world->site.reply);
    } else {
        tell_at_server(world, SIM_RAN, message, &world->site.reply);
        answer_message(world, index);
    }
    answer_unblocked(world, false);
}

static void server_run(sim_world *world) {
    uint32_t index = world->waiting[world->waiting_first];
    world->waiting_first = (world->waiting_first + 1) % WAITING_MAX;
    world->waiting_count--;
    run_command(world, index);
    if (world->waiting_count > 0) plan(world, world->busy_until_us, EVENT_RUN, 0, 0);
}

static void server_arrive(sim_world *world, uint32_t index) {
    if (world->waiting_count == 0 && world->now_us >= world->busy_until_us) {
        run_command(world, index);
        return;
    }
    if (world->waiting_count == WAITING_MAX) {
        tell_message(world, SIM_LOST, SIM_REQUEST, &world->messages[index]);
        message_free(world, index);
        return;
    }
    world->chances[SIM_CHANCE_QUEUED]++;
    size_t last = (world->waiting_first + world->waiting_count++) % WAITING_MAX;
    world->waiting[last] = index;
    if (world->waiting_count == 1) plan(world, world->busy_until_us, EVENT_RUN, 0, 0);
}

/* ---- clients */

static void client_transmit(sim_world *world, uint32_t number, size_t place) {
    struct client *client = &world->clients[number];
    struct message message = {.op = client->waiting[place].op,
                              .id = client->waiting[place].id,
                              .client = number,
                              .connection = client->connection,
                              .era = world->era,
                              .attempt = client->waiting[place].attempts++};
    if (!client->has_timer) {
        client->has_timer = true;
        plan(world, world->now_us + world->timeout_us, EVENT_TIMEOUT, number, 0);
    }
    tell_message(world, SIM_SENT, SIM_REQUEST, &message);
    sim_fate fate = {.is_lost = true};
    if (!client->is_torn)
        fate = sim_network_send(
            &world->network, (sim_message_name){message.id, number, message.attempt, SIM_REQUEST});
    if (fate.is_lost) {
        client->is_torn = true;
        tell_message(world, SIM_LOST, SIM_REQUEST, &message);
        world->chances[SIM_CHANCE_COMMAND_LOST]++;
        return;
    }
    int64_t arrival_us = world->now_us + fate.latency_us;
    if (arrival_us < client->arrival_us) arrival_us = client->arrival_us;
    client->arrival_us = arrival_us;
    plan(world, arrival_us, EVENT_ARRIVE, number, message_new(world, &message));
    /* A proxy that knows transactions keeps each on its connection, and waits once. */
    bool is_once = message.op.kind == SIM_OP_MULTI || sim_op_waits(message.op.kind);
    if (fate.again_us == 0 || is_once) return;
    message.is_copy = true;
    tell_message(world, SIM_SENT, SIM_REQUEST, &message);
    plan(world, arrival_us + fate.again_us, EVENT_ARRIVE, number, message_new(world, &message));
}

static void client_plan_send(sim_world *world, uint32_t number) {
    struct client *client = &world->clients[number];
    if (client->will_send || client->quota == 0 || client->waiting_count == client->depth) return;
    /* On a connection that may have to wait nothing more is said. */
    if (client->waiting_count > 0 &&
        sim_op_waits(client->waiting[client->waiting_count - 1].op.kind))
        return;
    client->will_send = true;
    uint64_t bits =
        sim_network_draw(&world->network, (sim_message_name){client->next_id + 1, number, 0, 0});
    int64_t gap_us = (int64_t)((bits >> 32) * (uint64_t)world->gap_us >> 31);
    plan(world, world->now_us + gap_us, EVENT_SEND, number, 0);
}

/* What the client draws next: its program, then another, or a plain command. */
static sim_op draw_op(sim_world *world, struct client *client, int64_t shown_ms, bool *is_of) {
    *is_of = client->next_op < client->program.count;
    if (!*is_of) {
        sim_workload_program(&world->workload, &client->programs, shown_ms, &client->program);
        sim_workload_phrase(&world->workload, &client->phrases, &client->program);
        sim_workload_wait(&world->workload, &client->waits, &client->program);
        sim_workload_let_fields_die(&world->workload, &client->fields, shown_ms, &client->program);
        client->next_op = 0;
        *is_of = client->program.count > 0;
    }
    if (*is_of) return client->program.ops[client->next_op++];
    return sim_workload_op(&world->workload, &client->draws, shown_ms);
}

static void client_send(sim_world *world, uint32_t number) {
    struct client *client = &world->clients[number];
    bool is_of_program;
    client->will_send = false;
    int64_t shown_ms = sim_wall_at(&client->wall, world->now_us) / US_PER_MS;
    sim_op op = draw_op(world, client, shown_ms, &is_of_program);
    op = sim_workload_kept(&world->workload, op);
    client->quota--;
    world->commands_left--;
    client->next_id++;
    const sim_schedule *given = world->network.given;
    if (given == NULL || !sim_schedule_is_unsent(given, number, client->next_id)) {
        size_t place = client->waiting_count++;
        if (place == 0) client->progress_us = world->now_us;
        client->waiting[place].op = op;
        client->waiting[place].id = client->next_id;
        client->waiting[place].attempts = 0;
        client->waiting[place].is_of_program = is_of_program;
        client_transmit(world, number, place);
    }
    client_plan_send(world, number);
}

/* What was sent on a connection is answered in order, so the reply is that of the first. */
static void client_hear(sim_world *world, uint32_t number, uint32_t index) {
    struct client *client = &world->clients[number];
    const struct message *message = &world->messages[index];
    bool is_expected = message->connection == client->connection && client->waiting_count > 0 &&
                       client->waiting[0].id == message->id;
    if (is_expected) tell_message(world, SIM_HEARD, SIM_ANSWER, message);
    message_free(world, index);
    if (!is_expected) return;
    client->waiting_count--;
    memmove(&client->waiting[0], &client->waiting[1],
            client->waiting_count * sizeof client->waiting[0]);
    client->progress_us = world->now_us;
    client->retries = 0;
    client_plan_send(world, number);
}

/* A transaction that was cut off begins again: what was under way of it is forgotten. A client that
 * is made badly does not know, and sends again what had no answer; so does one whose program was
 * all sent. */
static void begin_program_again(sim_world *world, struct client *client) {
    size_t kept = 0;
    bool is_careful = sim_random_chance(&client->programs, 3, 4);
    if (client->next_op == client->program.count || !is_careful) return;
    for (size_t i = 0; i < client->waiting_count; i++)
        if (!client->waiting[i].is_of_program) client->waiting[kept++] = client->waiting[i];
    client->waiting_count = kept;
    client->next_op = 0;
    world->chances[SIM_CHANCE_BEGAN_AGAIN]++;
}

static void client_reconnect(sim_world *world, uint32_t number) {
    struct client *client = &world->clients[number];
    tell_message(world, SIM_CLOSED, SIM_ANSWER,
                 &(struct message){.client = number, .connection = client->connection});
    client->connection++;
    client->is_torn = false;
    client->arrival_us = client->answer_us = world->now_us;
    client->progress_us = world->now_us;
    if (client->retries++ == RETRIES_MAX) {
        world->chances[SIM_CHANCE_GAVE_UP]++;
        client->waiting_count = client->program.count = client->next_op = 0;
        client->retries = 0;
        client_plan_send(world, number);
        return;
    }
    world->chances[SIM_CHANCE_RETRY]++;
    if (client->program.count > 0) begin_program_again(world, client);
    for (size_t i = 0; i < client->waiting_count; i++) client_transmit(world, number, i);
    client_plan_send(world, number);
}

/* One timer a client: it looks when it was last content, and comes again. */
static void client_timeout(sim_world *world, uint32_t number) {
    struct client *client = &world->clients[number];
    client->has_timer = false;
    if (client->waiting_count == 0) return;
    int64_t due_us = client->progress_us + world->timeout_us;
    if (due_us <= world->now_us) client_reconnect(world, number);
    due_us = client->progress_us + world->timeout_us;
    if (client->waiting_count == 0 || client->has_timer) return;
    client->has_timer = true;
    plan(world, due_us, EVENT_TIMEOUT, number, 0);
}

/* ---- faults */

/* Whether what is planned for the active cycle may be wrong now. */
static bool moves_cycle(sim_fault_kind kind) {
    return kind >= SIM_FAULT_CYCLE_STALL && kind <= SIM_FAULT_CLOCK_STALL;
}

/* Faults that are drawn message by message are written down so (network.h). */
static void note_fault(sim_world *world, const sim_fault *fault) {
    bool is_of_messages = fault->kind >= SIM_FAULT_LOSS && fault->kind <= SIM_FAULT_DOUBLES;
    world->fault_marks[fault->kind]++;
    if (world->network.decided != NULL && !is_of_messages)
        sim_schedule_add(world->network.decided, *fault);
}

static void site_begin_anew(sim_world *world, sim_step_kind kind) {
    site_do(world, kind, NULL, 0, 0);
    lose_connections(world);
}

static void fault_begin(sim_world *world, size_t index) {
    const sim_fault *fault = &world->faults.faults[index];
    if (world->is_healing) return;
    note_fault(world, fault);
    int64_t now_us = world->now_us;
    switch (fault->kind) {
    case SIM_FAULT_PARTITION: world->network.cut_off |= UINT64_C(1) << fault->node; break;
    case SIM_FAULT_LOSS: world->network.is_lossy = true; break;
    case SIM_FAULT_SLOW: world->network.is_slow = true; break;
    case SIM_FAULT_DOUBLES: world->network.is_doubling = true; break;
    case SIM_FAULT_PAUSE:
        if (world->busy_until_us < now_us + fault->for_us)
            world->busy_until_us = now_us + fault->for_us;
        break;
    case SIM_FAULT_CYCLE_STALL: world->cycle_stalled_until_us = now_us + fault->for_us; break;
    case SIM_FAULT_JUMP_AHEAD: sim_wall_jump(&world->wall, now_us, fault->amount); break;
    case SIM_FAULT_JUMP_BACK: sim_wall_jump(&world->wall, now_us, -fault->amount); break;
    case SIM_FAULT_DRIFT: sim_wall_set_drift(&world->wall, now_us, fault->amount % 1000); break;
    case SIM_FAULT_STROBE:
        sim_wall_strobe(&world->wall, now_us, fault->amount % US_PER_S, fault->for_us / 9 + 1);
        break;
    case SIM_FAULT_CLOCK_STALL: sim_wall_stall(&world->wall, now_us, true); break;
    case SIM_FAULT_CLIENT_CLOCK:
        sim_wall_jump(&world->clients[fault->node].wall, now_us, fault->amount);
        break;
    case SIM_FAULT_SAVE: site_do(world, SIM_STEP_SAVE, NULL, 0, 0); break;
    case SIM_FAULT_RESTART: site_begin_anew(world, SIM_STEP_RESTART); break;
    case SIM_FAULT_CRASH: site_begin_anew(world, SIM_STEP_CRASH); break;
    case SIM_FAULT_PROMOTE: site_begin_anew(world, SIM_STEP_PROMOTE); break;
    default: break;
    }
    tell_fault(world, SIM_BEGAN, fault);
    if (moves_cycle(fault->kind)) plan_cycle(world), plan_time_out(world);
    plan(world, now_us + fault->for_us, EVENT_HEAL, 0, index);
}

static void fault_heal(sim_world *world, const sim_fault *fault) {
    switch (fault->kind) {
    case SIM_FAULT_PARTITION: world->network.cut_off &= ~(UINT64_C(1) << fault->node); break;
    case SIM_FAULT_LOSS: world->network.is_lossy = false; break;
    case SIM_FAULT_SLOW: world->network.is_slow = false; break;
    case SIM_FAULT_DOUBLES: world->network.is_doubling = false; break;
    case SIM_FAULT_STROBE: sim_wall_strobe(&world->wall, world->now_us, 0, 1); break;
    case SIM_FAULT_CLOCK_STALL: sim_wall_stall(&world->wall, world->now_us, false); break;
    case SIM_FAULT_CYCLE_STALL: world->cycle_stalled_until_us = 0; break;
    default: break;
    }
}

/* ---- the second phase */

static bool clients_are_done(const sim_world *world) {
    if (world->commands_left > 0) return false;
    for (unsigned i = 0; i < world->client_count; i++)
        if (world->clients[i].waiting_count > 0) return false;
    return true;
}

static void heal_all(sim_world *world) {
    world->is_healing = true;
    for (size_t i = 0; i < world->faults.count; i++) fault_heal(world, &world->faults.faults[i]);
    tell_fault(world, SIM_HEALED, NULL);
    world->worked_us = world->now_us;
    world->end_us = world->now_us + US_PER_YEAR;
    plan_cycle(world);
}

/* Nothing is under way any more. */
static void finish(sim_world *world) {
    if (world->now_us < world->end_us) world->now_us = world->end_us;
    site_do(world, SIM_STEP_QUIET, NULL, 0, 0);
    world->has_ended = true;
}

/* ---- the loop */

static void handle(sim_world *world, const sim_event *event) {
    switch ((enum event_kind)event->kind) {
    case EVENT_SEND: client_send(world, event->node); break;
    case EVENT_ARRIVE: server_arrive(world, (uint32_t)event->payload); break;
    case EVENT_RUN: server_run(world); break;
    case EVENT_REPLY: client_hear(world, event->node, (uint32_t)event->payload); break;
    case EVENT_TIMEOUT: client_timeout(world, event->node); break;
    case EVENT_CYCLE:
        if (event->at_us != world->cycle_us) break;
        world->cycle_us = 0;
        site_do(world, SIM_STEP_CYCLE, NULL, 0, 0);
        break;
    case EVENT_TIME_OUT:
        if (event->at_us != world->time_out_us) break;
        world->time_out_us = 0;
        site_do(world, SIM_STEP_TIME_OUT, NULL, 0, 0);
        answer_unblocked(world, true);
        break;
    case EVENT_SYNC:
        world->sync_planned = false;
        site_do(world, SIM_STEP_SYNC, &(sim_op){.amount = (int64_t)event->payload}, 0, 0);
        plan_read(world);
        break;
    case EVENT_READ: read_replica(world); break;
    case EVENT_LISTEN: listener_act(world, event->node); break;
    case EVENT_TOLD: listener_hear(world, event->node, event->payload); break;
    case EVENT_FAULT: fault_begin(world, event->payload); break;
    case EVENT_HEAL: {
        const sim_fault *fault = &world->faults.faults[event->payload];
        fault_heal(world, fault);
        tell_fault(world, SIM_HEALED, fault);
        if (moves_cycle(fault->kind)) plan_cycle(world), plan_time_out(world);
        break;
    }
    }
}

bool sim_world_step(sim_world *world) {
    sim_event event;
    if (world->has_ended) return false;
    if (!world->is_healing && clients_are_done(world)) heal_all(world);
    bool has_event = sim_queue_take(&world->queue, &event);
    if (!has_event || (world->is_healing && event.at_us > world->end_us)) {
        finish(world);
        return false;
    }
    world->now_us = event.at_us;
    world->events++;
    sim_digest_mix(&world->digest, (uint64_t)event.at_us);
    sim_digest_mix(&world->digest, (uint64_t)event.kind << 32 | event.node);
    handle(world, &event);
    return !world->has_ended;
}

/* ---- beginning */

static void draw_faults(sim_world *world, const sim_world_options *options) {
    sim_random stream = sim_random_stream(options->seed, "faults", 0);
    if (options->profile == SIM_PROFILE_CALM) return;
    uint64_t per_client = options->commands / world->client_count + 1;
    uint64_t span_us = per_client * (uint64_t)(world->gap_us + world->network.latency_us);
    uint64_t enabled = sim_random_next(&stream) | sim_random_next(&stream);
    size_t wanted = sim_random_below(&stream, FAULTS_MAX + 1);
    if (options->profile == SIM_PROFILE_FULL) enabled = UINT64_MAX, wanted = FAULTS_MAX;
    else if (sim_random_chance(&stream, 1, 4)) wanted = 0;
    for (size_t i = 0; i < wanted; i++) {
        sim_fault fault = {.kind = (sim_fault_kind)sim_random_below(&stream, SIM_FAULT_TIMED)};
        fault.at_us = (int64_t)sim_random_below(&stream, span_us);
        fault.for_us = 1 + (int64_t)sim_random_below(&stream, span_us / 16 + 1000);
        fault.amount = 1 + (int64_t)sim_random_below(&stream, span_us / 4 + 1000);
        fault.node = (uint32_t)sim_random_below(&stream, world->client_count);
        if (enabled >> fault.kind & 1) sim_schedule_add(&world->faults, fault);
    }
    sim_schedule_order(&world->faults);
}

static bool can_happen(const sim_world *world, const sim_fault *fault) {
    if (fault->node >= world->client_count) return false;
    if (fault->kind == SIM_FAULT_PROMOTE) return world->site.has_replica;
    return fault->kind < SIM_FAULT_SAVE || world->site.has_log;
}

static void plan_faults(sim_world *world, const sim_world_options *options) {
    const sim_schedule *given = options->schedule;
    if (given == NULL) draw_faults(world, options);
    for (size_t i = 0; given != NULL && i < sim_schedule_timed(given); i++)
        sim_schedule_add(&world->faults, given->faults[i]);
    for (size_t i = 0; i < world->faults.count; i++)
        if (can_happen(world, &world->faults.faults[i]))
            plan(world, world->faults.faults[i].at_us, EVENT_FAULT, 0, i);
}

static void draw_clients(sim_world *world, const sim_world_options *options, sim_random *stream) {
    int64_t epoch_us = sim_random_between(stream, 1000000000, 4000000000) * US_PER_S;
    epoch_us += (int64_t)sim_random_below(stream, (uint64_t)US_PER_S);
    world->wall.base_us = epoch_us;
    world->commands_left = options->commands;
    for (uint32_t i = 0; i < world->client_count; i++) {
        struct client *client = &world->clients[i];
        client->draws = sim_random_stream(options->seed, "client", i);
        client->programs = sim_random_stream(options->seed, "programs", i);
        client->waits = sim_random_stream(options->seed, "waits", i);
        client->phrases = sim_random_stream(options->seed, "phrases", i);
        client->fields = sim_random_stream(options->seed, "fields", i);
        client->wall.base_us = epoch_us + sim_random_between(stream, -50000, 50000);
        client->wall.drift_ppm = sim_random_between(stream, -100, 100);
        client->depth = (size_t)sim_random_between(stream, 1, PIPELINE_MAX);
        client->quota =
            options->commands / world->client_count + (i < options->commands % world->client_count);
        client_plan_send(world, i);
    }
}

static void draw_listeners(sim_world *world, const sim_world_options *options) {
    sim_random stream = sim_random_stream(options->seed, "listeners", 0);
    bool is_heard = sim_random_chance(&stream, 1, 3);
    if (!is_heard || options->profile == SIM_PROFILE_CALM) return;
    world->listener_count = (unsigned)sim_random_between(&stream, 1, LISTENERS_MAX);
    for (uint32_t i = 0; i < world->listener_count; i++) {
        world->listeners[i].draws = sim_random_stream(options->seed, "listener", i);
        plan(world, (int64_t)sim_random_below(&stream, (uint64_t)world->gap_us + 1), EVENT_LISTEN,
             i, 0);
    }
}

static uint8_t draw_dialect(const sim_world_options *options) {
    if (options->dialect != NULL) return sim_dialect_of_name(options->dialect);
    sim_random stream = sim_random_stream(options->seed, "dialect", 0);
    return (uint8_t)sim_random_below(&stream, SIM_DIALECTS);
}

sim_world *sim_world_new(const sim_world_options *options) {
    sim_world *world = calloc(1, sizeof *world);
    if (world == NULL) abort();
    sim_random stream = sim_random_stream(options->seed, "world", 0);
    world->recording = options->recording;
    world->witness = options->witness;
    world->first_free = UINT32_MAX;
    sim_random others = sim_random_stream(options->seed, "others", 0);
    sim_random phrases = sim_random_stream(options->seed, "phrase weights", 0);
    world->workload = sim_workload_draw(&stream, &others, &phrases);
    sim_random waits = sim_random_stream(options->seed, "how often it waits", 0);
    sim_workload_draw_waits(&world->workload, &waits);
    memset(world->blocked, 255, sizeof world->blocked);
    if (options->profile == SIM_PROFILE_CALM)
        world->workload.waits = world->workload.transactions = world->workload.others =
            world->workload.phrases = 0;
    world->reads = sim_random_stream(options->seed, "reads", 0);
    world->client_count = (unsigned)sim_random_between(&stream, 1, CLIENTS_MAX);
    world->gap_us = INT64_C(16) << sim_random_below(&stream, 20);
    world->workload.gap_ms = world->gap_us / US_PER_MS + 1;
    world->network = (sim_network){.key = sim_network_key(options->seed),
                                   .latency_us = sim_random_between(&stream, 20, 2000),
                                   .given = options->schedule,
                                   .decided = options->decided,
                                   .marks = world->fault_marks};
    world->service_us = sim_random_between(&stream, 1, 20);
    world->timeout_us = sim_random_between(&stream, 5000, 1000000);
    world->lag_us = sim_random_between(&stream, 100, 200000);
    sim_site_options site = {.hooks = options->hooks,
                             .seed = options->seed,
                             .dialect = draw_dialect(options),
                             .has_log = sim_random_chance(&stream, 1, 2),
                             .has_replica = sim_random_chance(&stream, 1, 2)};
    world->workload.has_fields = (sim_dialect_traits(site.dialect) & SIM_HAS_FIELDS) != 0;
    world->workload.has_hsetex = (sim_dialect_traits(site.dialect) & SIM_HAS_HSETEX) != 0;
    if (options->profile == SIM_PROFILE_CALM) {
        world->client_count = 1;
        site.has_log = false;
    } else if (options->profile == SIM_PROFILE_FULL) {
        world->client_count = 4;
        site.has_log = site.has_replica = true;
    }
    site.has_replica = site.has_replica && site.has_log;
    bool is_of_redis = sim_dialect_traits(site.dialect) & SIM_FIELDS_OF_REDIS;
    world->workload.goes_astray = site.has_log && world->workload.has_fields && !is_of_redis;
    if (world->recording != NULL) {
        world->recording->dialect = site.dialect;
        world->recording->seed = options->seed;
    }
    sim_site_open(&world->site, &site);
    draw_clients(world, options, &stream);
    draw_listeners(world, options);
    plan_faults(world, options);
    return world;
}

void sim_world_free(sim_world *world) {
    sim_site_close(&world->site);
    sim_queue_free(&world->queue);
    sim_schedule_free(&world->faults);
    free(world->messages);
    free(world);
}

/* ---- telling */

sim_world_report sim_world_tell(const sim_world *world) {
    uint64_t digest = world->digest;
    sim_digest_mix(&digest, world->site.digest);
    return (sim_world_report){.law = world->law,
                              .what = world->site.what,
                              .digest = digest,
                              .events = world->events,
                              .commands = world->commands,
                              .span_us = world->is_healing ? world->worked_us : world->now_us,
                              .now_us = world->now_us,
                              .dialect = sim_dialects[world->site.servers[0].dialect],
                              .clients = world->client_count,
                              .has_replica = world->site.has_replica,
                              .ops = world->site.ops,
                              .marks = world->site.marks,
                              .faults = world->fault_marks,
                              .chances = world->chances};
}

static uint64_t last_number(const struct client *client) {
    return client->next_id + client->quota;
}

void sim_world_list_sent(const sim_world *world, sim_schedule *sent) {
    for (uint32_t i = 0; i < world->client_count; i++)
        for (uint64_t number = 1; number <= last_number(&world->clients[i]); number++)
            if (world->network.given == NULL ||
                !sim_schedule_is_unsent(world->network.given, i, number))
                sim_schedule_add_unsent(sent, i, number);
}

static void print_keys(const sim_world *world, FILE *out) {
    const sim_model *model = &world->site.servers[world->site.primary].model;
    for (uint8_t i = 0; i < SIM_SLOTS; i++) {
        const sim_model_key *key = &model->keys[i];
        char name[SIM_SLOT_TEXT];
        if (!key->is_present) continue;
        fprintf(out, "  %-4s %-6s", sim_slot_text(i, name), sim_type_names[key->type]);
        if (key->is_volatile) {
            int64_t now_ms = sim_wall_at(&world->wall, world->now_us) / US_PER_MS;
            fprintf(out, " deadline %" PRId64 ", %s %" PRId64 " ms", key->deadline_ms,
                    now_ms > key->deadline_ms ? "dead for" : "left",
                    now_ms > key->deadline_ms ? now_ms - key->deadline_ms
                                              : key->deadline_ms - now_ms);
        }
        putc('\n', out);
    }
}

void sim_world_print(sim_world *world, FILE *out) {
    char span[SIM_SPAN_TEXT];
    sim_text_span(world->now_us, span);
    fprintf(out, "event %" PRIu64 ", %s after the beginning (%" PRId64 " us)\n", world->events,
            span, world->now_us);
    fprintf(out, "server: its clock shows %" PRId64 " us; %" PRIu64 " commands done, %zu wait\n",
            sim_wall_at(&world->wall, world->now_us), world->commands, world->waiting_count);
    if (world->site.has_replica)
        fprintf(out, "replica: has %zu of %zu changes\n", world->site.applied,
                world->site.log.count);
    print_keys(world, out);
    for (unsigned i = 0; i < world->client_count; i++) {
        const struct client *client = &world->clients[i];
        fprintf(out, "client %u: %" PRIu64 " commands to come, %zu unanswered%s\n", i,
                client->quota, client->waiting_count,
                world->network.cut_off >> i & 1 ? ", cut off" : "");
    }
}
