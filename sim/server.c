#include "sim/server.h"

#include <stdlib.h>

enum { US_PER_MS = 1000 };

/* ---- what the engine asks and tells */

static int64_t tell_time(void *context) {
    const sim_server *server = context;
    if (server->is_frozen) return 0;
    const sim_hooks *hooks = server->hooks;
    if (hooks == NULL || hooks->now_us == NULL) return server->now_us;
    return hooks->now_us(hooks->context, server->now_us);
}

static void note_event(void *context, const ttl_event *event) {
    sim_server *server = context;
    const sim_hooks *hooks = server->hooks;
    if (server->is_frozen || event->kind == 'm' || event->kind == 'n') return;
    if (hooks != NULL && hooks->announces != NULL && !hooks->announces(hooks->context, event))
        return;
    if (event->kind == 'x') {
        uint8_t key = sim_key_number(event->key);
        if (server->announced_count < SIM_ANNOUNCED)
            server->announced[server->announced_count++] = key;
    } else if (event->kind == 'g' && event->name[0] == 'e') {
        server->events |= SIM_EVENT_EXPIRE;
    } else if (event->kind == 'g' && event->name[0] == 'd') {
        server->events |= SIM_EVENT_DEL;
    } else if (event->kind == 'g' && event->name[0] == 'p') {
        server->events |= SIM_EVENT_PERSIST;
    } else {
        server->events |= SIM_EVENT_OTHER;
    }
}

/* ---- life */

static void start_engine(sim_server *server) {
    ttl_engine_options options = {
        .clock = {.context = server, .now_us = tell_time},
        .allocator = ttl_allocator_libc(),
        .seed = server->seed,
        .databases = 1,
        .on_event = note_event,
        .event_context = server,
    };
    if (!ttl_dialect_parse(sim_dialects[server->dialect], &options.dialect)) abort();
    server->engine = ttl_engine_new(&options);
    if (server->engine == NULL) abort();
    server->session = ttl_session_new(server->engine, NULL);
    if (server->session == NULL) abort();
}

void sim_server_open(sim_server *server, const sim_hooks *hooks, uint8_t dialect, uint64_t seed) {
    *server = (sim_server){.hooks = hooks, .dialect = dialect, .seed = seed};
    server->model.traits = sim_dialect_traits(dialect);
    start_engine(server);
}

void sim_server_close(sim_server *server) {
    if (server->session != NULL) ttl_session_free(server->session);
    ttl_engine_free(server->engine);
    server->session = NULL;
    server->engine = NULL;
}

void sim_server_restart_engine(sim_server *server) {
    sim_server_close(server);
    start_engine(server);
}

/* ---- commands */

void sim_server_engine_execute(sim_server *server, const sim_op *op, ttl_reply *reply) {
    sim_rendered rendered;
    sim_op_render(op, &rendered);
    if (ttl_session_execute(server->session, rendered.argc, rendered.argv, reply) != TTL_OK)
        abort();
}

void sim_server_engine_cycle(sim_server *server) {
    if (ttl_engine_expire(server->engine, NULL) != TTL_OK) abort();
}

void sim_server_execute(sim_server *server, const sim_op *op, ttl_reply *reply) {
    const sim_hooks *hooks = server->hooks;
    server->announced_count = 0;
    server->events = 0;
    if (hooks != NULL && hooks->execute != NULL) hooks->execute(hooks->context, server, op, reply);
    else sim_server_engine_execute(server, op, reply);
}

void sim_server_read(sim_server *server, const sim_op *op, ttl_reply *reply) {
    ttl_engine_set_replica(server->engine, server->is_replica = true);
    sim_server_execute(server, op, reply);
    ttl_engine_set_replica(server->engine, server->is_replica = false);
}

void sim_server_cycle(sim_server *server) {
    const sim_hooks *hooks = server->hooks;
    server->announced_count = 0;
    server->events = 0;
    if (hooks != NULL && hooks->cycle != NULL) hooks->cycle(hooks->context, server);
    else sim_server_engine_cycle(server);
}

void sim_server_apply(sim_server *server, sim_op change) {
    const sim_hooks *hooks = server->hooks;
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    sim_model_execute(&server->model, &change, 0, &reply);
    server->is_frozen = true;
    if (hooks == NULL || hooks->applies == NULL || hooks->applies(hooks->context, &change))
        sim_server_engine_execute(server, &change, &reply);
    server->is_frozen = false;
    ttl_reply_free(&reply);
}

/* ---- comparing */

uint8_t sim_server_difference(sim_server *server, ttl_reply *engine, ttl_reply *model) {
    static const sim_op_kind looks[] = {SIM_OP_PEXPIRETIME, SIM_OP_TYPE, SIM_OP_GET, SIM_OP_LLEN};
    uint8_t key = 0;
    bool is_equal = true;
    server->is_frozen = true;
    for (; key < SIM_KEYS && is_equal; key++) {
        for (size_t i = 0; i < sizeof looks / sizeof *looks && is_equal; i++) {
            sim_op look = {.kind = (uint8_t)looks[i], .key = key};
            sim_server_engine_execute(server, &look, engine);
            ttl_reply_clear(model);
            sim_model_execute(&server->model, &look, 0, model);
            is_equal = ttl_reply_equal(engine, model);
        }
        if (!is_equal) break;
    }
    server->is_frozen = false;
    return key;
}
