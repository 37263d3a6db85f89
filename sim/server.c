#include "sim/server.h"

#include <stdlib.h>
#include <string.h>

/* ---- what the engine asks and tells */

static int64_t tell_time(void *context) {
    sim_server *server = context;
    if (server->is_frozen && !server->tells_moment) return 0;
    const sim_hooks *hooks = server->hooks;
    int64_t wall_us = server->now_us + (server->readings++ > 0 ? server->goes_on_us : 0);
    if (hooks == NULL || hooks->now_us == NULL) return wall_us;
    return hooks->now_us(hooks->context, wall_us);
}

static uint8_t slot_of(const ttl_event *event) {
    uint8_t key = sim_key_number(event->key);
    return key == SIM_KEYS ? SIM_SLOTS : (uint8_t)(event->database * SIM_KEYS + key);
}

static void note_happened(sim_server *server, const ttl_event *event) {
    if (strchr("oc", event->kind) != NULL) return; /* that nobody asks for */
    if (server->happened_count == server->happened_capacity) {
        server->happened_capacity = server->happened_count == 0 ? 16 : server->happened_count * 2;
        server->happened =
            realloc(server->happened, server->happened_capacity * sizeof *server->happened);
        if (server->happened == NULL) abort();
    }
    server->happened[server->happened_count++] =
        (sim_happening){event->name, event->kind, slot_of(event)};
}

/* What subscribers are told, as words. */
static void note_push(void *context, ttl_session *session, const ttl_reply *message) {
    const struct sim_ear *ear = context;
    sim_server *server = ear->server;
    (void)session;
    if (server->push_count == server->push_capacity) {
        server->push_capacity = server->push_count == 0 ? 16 : server->push_count * 2;
        server->pushes = realloc(server->pushes, server->push_capacity * sizeof *server->pushes);
        if (server->pushes == NULL) abort();
    }
    sim_push *push = &server->pushes[server->push_count++];
    size_t length = 0;
    *push = (sim_push){.session = ear->session};
    for (size_t i = 1; i < message->node_count; i++) {
        ttl_bytes word = ttl_reply_text(message, i);
        if (length + word.length + 2 > sizeof push->text) break;
        if (i > 1) push->text[length++] = ' ';
        memcpy(push->text + length, word.data, word.length);
        length += word.length;
    }
}

static void note_unblocked(void *context, ttl_session *session, const ttl_reply *reply) {
    const struct sim_ear *ear = context;
    sim_server *server = ear->server;
    (void)session;
    if (server->unblocked_count == SIM_PEERS) abort();
    struct sim_unblocked *one = &server->unblocked[server->unblocked_count++];
    one->session = ear->session;
    ttl_reply_clear(&one->reply);
    ttl_reply_add_copy(&one->reply, reply, 0);
}

static void note_event(void *context, const ttl_event *event) {
    sim_server *server = context;
    const sim_hooks *hooks = server->hooks;
    if (server->is_frozen || event->kind == 'm' || event->kind == 'n') return;
    if (hooks != NULL && hooks->announces != NULL && !hooks->announces(hooks->context, event))
        return;
    server->events += event->kind != 'x';
    if (server->has_listeners) note_happened(server, event);
    bool is_of_fields = event->kind == 'h' && strcmp(event->name, "hexpired") == 0;
    if (is_of_fields && server->hexpired_count < SIM_ANNOUNCED)
        server->hexpired[server->hexpired_count++] = slot_of(event);
    if (event->kind != 'x' || server->announced_count == SIM_ANNOUNCED) return;
    server->announced[server->announced_count++] = slot_of(event);
}

static void note_change(void *context, int database, size_t argc, const ttl_bytes *argv) {
    const sim_server *server = context;
    const sim_hooks *hooks = server->hooks;
    sim_change change = {.database = database, .argc = argc};
    if (server->is_frozen) return;
    if (argc > SIM_CHANGE_WORDS) abort();
    for (size_t i = 0; i < argc; i++) change.argv[i] = argv[i];
    if (hooks == NULL || hooks->keeps == NULL || hooks->keeps(hooks->context, &change))
        sim_log_add_change(server->log, &change);
}

/* ---- life */

static void start_engine(sim_server *server) {
    ttl_engine_options options = {
        .clock = {.context = server, .now_us = tell_time, .runs = true},
        .allocator = ttl_allocator_libc(),
        .seed = server->seed,
        .databases = SIM_DATABASES,
        .on_event = note_event,
        .event_context = server,
        .on_change = server->log == NULL ? NULL : note_change,
        .change_context = server,
        .keeps_ages = true,
        .scripting = &sim_scripting,
    };
    if (!ttl_dialect_parse(sim_dialects[server->dialect], &options.dialect)) abort();
    server->engine = ttl_engine_new(&options);
    if (server->engine == NULL) abort();
    ttl_engine_set_replica(server->engine, server->is_replica);
}

void sim_server_open(sim_server *server, const sim_hooks *hooks, uint8_t dialect, uint64_t seed,
                     sim_log *log) {
    *server = (sim_server){.hooks = hooks, .dialect = dialect, .seed = seed, .log = log};
    server->model.traits = sim_dialect_traits(dialect);
    for (size_t i = 0; i < SIM_PEERS; i++)
        ttl_reply_init(&server->unblocked[i].reply, ttl_allocator_libc());
    start_engine(server);
}

void sim_server_hang_up(sim_server *server, uint8_t session) {
    if (server->sessions[session] != NULL) ttl_session_free(server->sessions[session]);
    server->sessions[session] = NULL;
}

static void stop_engine(sim_server *server) {
    for (uint8_t i = 0; i < SIM_SESSIONS; i++) sim_server_hang_up(server, i);
    ttl_engine_free(server->engine);
    server->engine = NULL;
    server->own_database = server->link_database = 0;
}

void sim_server_close(sim_server *server) {
    stop_engine(server);
    free(server->pushes);
    free(server->happened);
    for (size_t i = 0; i < SIM_PEERS; i++) ttl_reply_free(&server->unblocked[i].reply);
    server->pushes = NULL;
    server->happened = NULL;
}

void sim_server_restart_engine(sim_server *server) {
    stop_engine(server);
    start_engine(server);
}

void sim_server_set_replica(sim_server *server, bool is_replica) {
    server->is_replica = is_replica;
    ttl_engine_set_replica(server->engine, is_replica);
}

/* ---- commands */

static void execute(sim_server *server, uint8_t session, size_t argc, const ttl_bytes *argv,
                    ttl_reply *reply) {
    if (server->sessions[session] == NULL) {
        server->ears[session] = (struct sim_ear){server, session};
        bool is_client = session < SIM_LISTENER;
        ttl_session_options options = {.is_primary = session == SIM_LINK,
                                       .on_unblock = is_client ? note_unblocked : NULL,
                                       .unblock_context = &server->ears[session],
                                       .on_push = note_push,
                                       .push_context = &server->ears[session]};
        server->sessions[session] = ttl_session_new(server->engine, &options);
        if (server->sessions[session] == NULL) abort();
    }
    server->readings = 0;
    if (ttl_session_execute(server->sessions[session], argc, argv, reply) != TTL_OK) abort();
}

static void execute_op(sim_server *server, uint8_t session, const sim_op *op, ttl_reply *reply) {
    sim_rendered rendered;
    sim_op_render(op, &rendered);
    execute(server, session, rendered.argc, rendered.argv, reply);
}

/* The connection has this database from now on. */
static void select_database(sim_server *server, uint8_t session, uint8_t *selected,
                            uint8_t database, ttl_reply *reply) {
    if (*selected == database) return;
    *selected = database;
    execute_op(server, session, &(sim_op){.kind = SIM_OP_SELECT, .database = database}, reply);
}

void sim_server_engine_execute(sim_server *server, const sim_op *op, ttl_reply *reply) {
    execute_op(server, server->session, op, reply);
}

void sim_server_engine_cycle(sim_server *server) {
    server->readings = 0;
    if (ttl_engine_expire(server->engine, NULL) != TTL_OK) abort();
}

void sim_server_ask(sim_server *server, uint8_t database, const sim_op *op, ttl_reply *reply) {
    select_database(server, SIM_OWN, &server->own_database, database, reply);
    execute_op(server, SIM_OWN, op, reply);
}

static void begin_unit(sim_server *server) {
    server->announced_count = server->push_count = server->happened_count = 0;
    server->hexpired_count = server->unblocked_count = 0;
    server->events = 0;
}

static void execute_hooked(sim_server *server, const sim_op *op, ttl_reply *reply) {
    const sim_hooks *hooks = server->hooks;
    begin_unit(server);
    if (hooks != NULL && hooks->execute != NULL) hooks->execute(hooks->context, server, op, reply);
    else sim_server_engine_execute(server, op, reply);
}

void sim_server_execute(sim_server *server, uint8_t session, const sim_peer *peer, const sim_op *op,
                        ttl_reply *reply) {
    server->session = session;
    server->database = peer->database;
    server->is_queued = peer->in_multi && op->kind != SIM_OP_EXEC && op->kind != SIM_OP_DISCARD;
    server->goes_on_us = op->kind == SIM_OP_EXEC ? op->amount : 0;
    execute_hooked(server, op, reply);
    server->goes_on_us = 0;
}

void sim_server_read(sim_server *server, const sim_op *op, ttl_reply *reply) {
    select_database(server, SIM_OWN, &server->own_database, op->database, reply);
    server->session = SIM_OWN;
    server->database = op->database;
    server->is_queued = false;
    execute_hooked(server, op, reply);
}

void sim_server_cycle(sim_server *server) {
    const sim_hooks *hooks = server->hooks;
    begin_unit(server);
    if (hooks != NULL && hooks->cycle != NULL) hooks->cycle(hooks->context, server);
    else sim_server_engine_cycle(server);
}

void sim_server_time_out(sim_server *server) {
    begin_unit(server);
    server->readings = 0;
    ttl_engine_time_out(server->engine);
}

/* ---- the log, and what a primary has */

void sim_server_apply(sim_server *server, const sim_log *log, size_t unit) {
    const sim_hooks *hooks = server->hooks;
    ttl_reply reply;
    size_t at = 0;
    sim_change change;
    ttl_reply_init(&reply, ttl_allocator_libc());
    server->is_frozen = true;
    while (sim_log_read(log, unit, &at, &change)) {
        if (hooks != NULL && hooks->applies != NULL && !hooks->applies(hooks->context, &change))
            continue;
        uint8_t database = (uint8_t)change.database;
        select_database(server, SIM_LINK, &server->link_database, database, &reply);
        server->tells_moment = ttl_bytes_is_word(change.argv[0], "XCLAIM");
        execute(server, SIM_LINK, change.argc, change.argv, &reply);
        server->tells_moment = false;
    }
    server->is_frozen = false;
    sim_log_apply_keys(log, unit, &server->model);
    ttl_reply_free(&reply);
}

void sim_server_copy(sim_server *server, const sim_server *from) {
    sim_model model = from->model;
    model.peers = NULL;
    model.peer_count = 0;
    model.watched = 0;
    /* Of those that come with a copy nobody says which was armed first. */
    for (size_t i = 0; i < SIM_SLOTS; i++) model.keys[i].arming = 0;
    server->model = model;
    if (ttl_engine_copy(from->engine, server->engine) != TTL_OK) abort();
}

/* ---- comparing */

static bool is_same_answer(sim_server *server, uint8_t database, sim_op look, ttl_reply *engine,
                           ttl_reply *model) {
    sim_peer peer = {.database = database};
    sim_server_ask(server, peer.database, &look, engine);
    ttl_reply_clear(model);
    sim_model_execute(&server->model, &peer, &look, 0, NULL, model);
    return ttl_reply_equal(engine, model);
}

static bool is_same_look(sim_server *server, uint8_t slot, sim_op_kind kind, ttl_reply *engine,
                         ttl_reply *model) {
    sim_op look = {.kind = (uint8_t)kind, .key = slot % SIM_KEYS};
    return is_same_answer(server, slot / SIM_KEYS, look, engine, model);
}

static bool is_same_field(sim_server *server, uint8_t slot, uint8_t field, ttl_reply *engine,
                          ttl_reply *model) {
    sim_op look = {.kind = SIM_OP_HGET, .key = slot % SIM_KEYS, .value = field};
    if (!is_same_answer(server, slot / SIM_KEYS, look, engine, model)) return false;
    if (!(server->model.traits & SIM_HAS_FIELDS)) return true;
    look.kind = SIM_OP_HPEXPIRETIME;
    return is_same_answer(server, slot / SIM_KEYS, look, engine, model);
}

static bool is_same_score(sim_server *server, uint8_t slot, uint8_t member, ttl_reply *engine,
                          ttl_reply *model) {
    sim_op look = {.kind = SIM_OP_ZSCORE, .key = slot % SIM_KEYS, .value = member};
    return is_same_answer(server, slot / SIM_KEYS, look, engine, model);
}

/* Where the model has no key, one look says whether the engine has one. */
static bool is_same_key(sim_server *server, uint8_t slot, ttl_reply *engine, ttl_reply *model) {
    static const sim_op_kind looks[SIM_TYPES] = {
        [SIM_STRING] = SIM_OP_GET,     [SIM_LIST] = SIM_OP_LLEN,  [SIM_HASH] = SIM_OP_HLEN,
        [SIM_SET_TYPE] = SIM_OP_SCARD, [SIM_ZSET] = SIM_OP_ZCARD, [SIM_STREAM] = SIM_OP_XLEN};
    const sim_model_key *key = &server->model.keys[slot];
    if (!is_same_look(server, slot, SIM_OP_PEXPIRETIME, engine, model)) return false;
    if (!key->is_present) return true;
    sim_op_kind look = key->is_hidden ? SIM_OP_GETRANGE : looks[key->type];
    bool is_same = is_same_look(server, slot, SIM_OP_TYPE, engine, model) &&
                   is_same_look(server, slot, look, engine, model);
    for (uint8_t i = 0; i < SIM_MEMBERS && is_same && key->type == SIM_HASH; i++)
        is_same = is_same_field(server, slot, i, engine, model);
    for (uint8_t i = 0; i < SIM_MEMBERS && is_same && key->type == SIM_ZSET; i++)
        is_same = is_same_score(server, slot, i, engine, model);
    return is_same;
}

uint8_t sim_server_difference(sim_server *server, ttl_reply *engine, ttl_reply *model) {
    uint8_t slot = 0;
    server->is_frozen = true;
    while (slot < SIM_SLOTS && is_same_key(server, slot, engine, model)) slot++;
    server->is_frozen = false;
    return slot;
}
