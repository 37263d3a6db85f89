#include "sim/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/text.h"

/* ---- what the engine asks and tells */

static int64_t tell_time(void *context) {
    const host_node *node = context;
    return node->is_frozen ? 0 : node->wall_us;
}

static void note_touched(void *context, const ttl_event *event) {
    const host_node *node = context;
    host *self = node->host;
    bool is_change = event->kind != 'm' && event->kind != 'n';
    bool is_primary = node == &self->nodes[self->primary];
    if (!is_primary || node->is_frozen || !is_change) return;
    if (event->kind == 'x' && self->is_in_cycle && self->on_reclaimed != NULL) {
        char key[SCENARIO_TEXT_SIZE];
        snprintf(key, sizeof key, "%.*s", (int)event->key.length, event->key.data);
        self->on_reclaimed(self->context, key);
    }
    if (!self->has_replica) return;
    if (event->key.length >= SCENARIO_TEXT_SIZE) abort();
    for (size_t i = 0; i < self->touched_count; i++)
        if (ttl_bytes_equal(ttl_bytes_of(self->touched[i]), event->key)) return;
    if (self->touched_count == HOST_TOUCHED) abort();
    char *key = self->touched[self->touched_count++];
    memcpy(key, event->key.data, event->key.length);
    key[event->key.length] = '\0';
}

static void take_push(void *context, ttl_session *session, const ttl_reply *message) {
    const host_connection *connection = context;
    const host *self = connection->host;
    (void)session;
    if (message->node_count < 4) return;
    ttl_bytes kind = ttl_reply_text(message, 1);
    if (!ttl_bytes_is_word(kind, "message") && !ttl_bytes_is_word(kind, "pmessage")) return;
    self->on_message(self->context, connection, ttl_reply_text(message, message->node_count - 1));
}

/* ---- nodes */

static void node_say(host_node *node, size_t argc, const char *const *words, ttl_reply *reply) {
    ttl_bytes argv[4];
    for (size_t i = 0; i < argc; i++) argv[i] = ttl_bytes_of(words[i]);
    if (ttl_session_execute(node->own, argc, argv, reply) != TTL_OK) abort();
}

static void node_open(host *self, host_node *node) {
    static const char *const notify[] = {"CONFIG", "SET", "notify-keyspace-events", "KEA"};
    ttl_engine_options options = {
        .clock = {.context = node, .now_us = tell_time},
        .allocator = ttl_allocator_libc(),
        .dialect = self->dialect,
        .seed = self->seed,
        .databases = 1,
        .on_event = note_touched,
        .event_context = node,
    };
    node->host = self;
    node->engine = ttl_engine_new(&options);
    if (node->engine == NULL) abort();
    node->own = ttl_session_new(node->engine, NULL);
    if (node->own == NULL) abort();
    node_say(node, 4, notify, &self->aside);
}

static void node_close(host_node *node) {
    if (node->engine == NULL) return;
    ttl_session_free(node->own);
    ttl_engine_free(node->engine);
    *node = (host_node){0};
}

static int64_t node_number(host *self, host_node *node, const char *command, const char *key) {
    node_say(node, 2, (const char *const[]){command, key}, &self->aside);
    return self->aside.nodes[0].is.integer;
}

/* With the clock at 0 a deadline is as far away as it is. -1: there is none; -2: no key. */
static int64_t node_deadline(host *self, host_node *node, const char *key) {
    bool was_frozen = node->is_frozen;
    node->is_frozen = true;
    int64_t deadline_ms = node_number(self, node, "PTTL", key);
    node->is_frozen = was_frozen;
    return deadline_ms;
}

/* ---- life */

void host_open(host *self, const scenario *script, uint64_t seed) {
    *self = (host){.has_replica = script->has_replica, .dialect = script->dialect, .seed = seed};
    ttl_reply_init(&self->aside, ttl_allocator_libc());
    node_open(self, &self->nodes[0]);
    if (self->has_replica) node_open(self, &self->nodes[1]);
}

/* The sessions of the primary go before it does. */
static void hang_up(host *self) {
    for (size_t i = 0; i < self->connection_count; i++) {
        host_connection *connection = self->connections[i];
        if (connection->session != NULL) ttl_session_free(connection->session);
        connection->session = NULL;
    }
}

void host_close(host *self) {
    hang_up(self);
    for (size_t i = 0; i < self->connection_count; i++) free(self->connections[i]);
    free(self->connections);
    free(self->changes);
    node_close(&self->nodes[0]);
    node_close(&self->nodes[1]);
    ttl_reply_free(&self->aside);
}

/* ---- the primary */

size_t host_connect(host *self, unsigned client) {
    if (self->connection_count == self->connection_capacity) {
        self->connection_capacity =
            self->connection_capacity == 0 ? 8 : self->connection_capacity * 2;
        self->connections =
            realloc(self->connections, self->connection_capacity * sizeof(host_connection *));
        if (self->connections == NULL) abort();
    }
    host_connection *connection = malloc(sizeof *connection);
    if (connection == NULL) abort();
    *connection = (host_connection){.host = self, .client = client, .epoch = self->epoch};
    ttl_session_options options = {.on_push = take_push, .push_context = connection};
    connection->session = ttl_session_new(self->nodes[self->primary].engine, &options);
    if (connection->session == NULL) abort();
    self->connections[self->connection_count] = connection;
    return self->connection_count++;
}

bool host_is_connected(const host *self, size_t connection) {
    return self->connections[connection]->epoch == self->epoch;
}

void host_execute(host *self, size_t connection, int64_t wall_us, size_t argc,
                  const ttl_bytes *argv, ttl_reply *reply) {
    self->nodes[self->primary].wall_us = wall_us;
    self->touched_count = 0;
    self->units++;
    ttl_session *session = self->connections[connection]->session;
    if (ttl_session_execute(session, argc, argv, reply) != TTL_OK) abort();
}

void host_cycle(host *self, int64_t wall_us) {
    host_node *primary = &self->nodes[self->primary];
    primary->wall_us = wall_us;
    self->touched_count = 0;
    self->is_in_cycle = true;
    if (ttl_engine_expire(primary->engine, NULL) != TTL_OK) abort();
    self->is_in_cycle = false;
}

int64_t host_deadline(host *self, const char *key) {
    return node_deadline(self, &self->nodes[self->primary], key);
}

bool host_next_expiry(host *self, int64_t *at_ms) {
    return ttl_engine_next_expiry(self->nodes[self->primary].engine, at_ms);
}

/* ---- the replica */

static host_change *change_new(host *self) {
    if (self->change_count == self->change_capacity) {
        self->change_capacity = self->change_capacity == 0 ? 32 : self->change_capacity * 2;
        self->changes = realloc(self->changes, self->change_capacity * sizeof *self->changes);
        if (self->changes == NULL) abort();
    }
    return &self->changes[self->change_count++];
}

int64_t host_replicate(host *self, int64_t due_us) {
    host_node *primary = &self->nodes[self->primary];
    if (self->change_count > 0 && self->changes[self->change_count - 1].due_us > due_us)
        due_us = self->changes[self->change_count - 1].due_us;
    for (size_t i = 0; i < self->touched_count; i++) {
        const char *key = self->touched[i];
        host_change change = {.due_us = due_us,
                              .unit = self->units,
                              .deadline_ms = node_deadline(self, primary, key)};
        change.is_present = change.deadline_ms != -2;
        memcpy(change.key, key, SCENARIO_TEXT_SIZE);
        primary->is_frozen = true;
        node_say(primary, 2, (const char *const[]){"GET", key}, &self->aside);
        primary->is_frozen = false;
        ttl_bytes value = {0};
        if (self->aside.nodes[0].type == TTL_REPLY_BULK) value = ttl_reply_text(&self->aside, 0);
        if (value.length >= SCENARIO_TEXT_SIZE) abort();
        if (value.length > 0) memcpy(change.value, value.data, value.length);
        *change_new(self) = change;
    }
    if (self->touched_count == 0) return 0;
    self->touched_count = 0;
    return due_us;
}

static void apply(host *self, host_node *node, const host_change *change) {
    node->is_frozen = true;
    if (change->is_present)
        node_say(node, 3, (const char *const[]){"SET", change->key, change->value}, &self->aside);
    else node_say(node, 2, (const char *const[]){"DEL", change->key}, &self->aside);
    if (change->is_present && change->deadline_ms >= 0) {
        char deadline[24];
        snprintf(deadline, sizeof deadline, "%" PRId64, change->deadline_ms);
        node_say(node, 3, (const char *const[]){"PEXPIREAT", change->key, deadline}, &self->aside);
    }
    node->is_frozen = false;
}

static void catch_up(host *self, int64_t now_us) {
    host_node *replica = &self->nodes[!self->primary];
    while (self->applied < self->change_count && self->changes[self->applied].due_us <= now_us)
        apply(self, replica, &self->changes[self->applied++]);
}

void host_read_replica(host *self, int64_t now_us, int64_t wall_us, size_t argc,
                       const ttl_bytes *argv, ttl_reply *reply) {
    char key[SCENARIO_TEXT_SIZE];
    host_node *replica = &self->nodes[!self->primary];
    catch_up(self, now_us);
    replica->wall_us = wall_us;
    snprintf(key, sizeof key, "%.*s", (int)argv[1].length, argv[1].data);
    int64_t deadline_ms = node_deadline(self, replica, key);
    ttl_bytes asked[SCENARIO_ARGUMENTS];
    memcpy(asked, argv, argc * sizeof *argv);
    /* What is dead to it is not deleted before the primary says so: it answers as of no key. No
     * scenario can name the key without a name. */
    if (deadline_ms >= 0 && deadline_ms < wall_us / 1000) asked[1] = ttl_bytes_of("");
    if (ttl_session_execute(replica->own, argc, asked, reply) != TTL_OK) abort();
}

size_t host_promote(host *self, int64_t now_us, uint64_t *first_lost) {
    catch_up(self, now_us);
    size_t lost = self->change_count - self->applied;
    *first_lost = lost == 0 ? 0 : self->changes[self->applied].unit;
    hang_up(self);
    node_close(&self->nodes[self->primary]);
    self->primary = !self->primary;
    self->epoch++;
    self->change_count = self->applied;
    host_node *replica = &self->nodes[!self->primary];
    node_open(self, replica);
    for (size_t i = 0; i < self->change_count; i++) apply(self, replica, &self->changes[i]);
    return lost;
}

/* ---- printing */

static void print_key(host *self, host_node *node, const char *key, int64_t wall_us, FILE *out) {
    int64_t deadline_ms = node_deadline(self, node, key), now_ms = wall_us / 1000;
    char value[SIM_REPLY_TEXT];
    node->is_frozen = true;
    node_say(node, 2, (const char *const[]){"GET", key}, &self->aside);
    bool is_string = self->aside.nodes[0].type == TTL_REPLY_BULK;
    if (!is_string) node_say(node, 2, (const char *const[]){"TYPE", key}, &self->aside);
    sim_text_reply(&self->aside, value);
    node->is_frozen = false;
    fprintf(out, "  %-20s %s", key, value);
    if (deadline_ms < 0) fputs(", without a deadline\n", out);
    else if (deadline_ms < now_ms)
        fprintf(out, ", dead for %" PRId64 " ms\n", now_ms - deadline_ms);
    else fprintf(out, ", %" PRId64 " ms left\n", deadline_ms - now_ms);
}

static void print_node(host *self, host_node *node, int64_t wall_us, FILE *out) {
    ttl_reply keys;
    ttl_reply_init(&keys, ttl_allocator_libc());
    node->is_frozen = true;
    node_say(node, 2, (const char *const[]){"KEYS", "*"}, &keys);
    node->is_frozen = false;
    if (keys.node_count == 1) fputs("  no key\n", out);
    for (size_t i = 1; i < keys.node_count; i++) {
        char key[SCENARIO_TEXT_SIZE];
        ttl_bytes name = ttl_reply_text(&keys, i);
        snprintf(key, sizeof key, "%.*s", (int)name.length, name.data);
        print_key(self, node, key, wall_us, out);
    }
    ttl_reply_free(&keys);
}

void host_print(host *self, int64_t wall_us, FILE *out) {
    fprintf(out, "server: its clock shows %" PRId64 " us; %" PRIu64 " commands done\n", wall_us,
            self->units);
    print_node(self, &self->nodes[self->primary], wall_us, out);
    if (!self->has_replica) return;
    fprintf(out, "replica: has %zu of %zu changes\n", self->applied, self->change_count);
    print_node(self, &self->nodes[!self->primary], wall_us, out);
}
