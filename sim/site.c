#include "sim/site.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/random.h"
#include "sim/text.h"

enum { US_PER_MS = 1000, QUIET_CYCLES = 64 };
#define FAR_MS (INT64_C(1) << 53)

static const struct {
    const char *name, *text, *promise;
} laws[SIM_LAWS] = {
    [SIM_LAWS_HOLD] = {"none", "all laws hold", "all laws hold"},
    [SIM_LAW_DEAD_READ] = {"dead-read", "something dead was read", "nothing dead is read"},
    [SIM_LAW_ALIVE_LOST] = {"alive-lost", "something alive was lost", "nothing alive is lost"},
    [SIM_LAW_TTL_GREW] = {"ttl-grew",
                          "a TTL grew though nothing touched the key and the clock did not go back",
                          "a TTL never grows untouched, unless the clock goes back"},
    [SIM_LAW_ANNOUNCED] = {"announced",
                           "an expiry was announced that was none, or for the second time",
                           "an expiry is announced when the key is dead, and once"},
    [SIM_LAW_UNANNOUNCED] = {"unannounced", "a dead key was met and its expiry not announced",
                             "the expiry of a dead key that a command meets is announced"},
    [SIM_LAW_ORDER] = {"order", "the cycle reclaimed keys out of the order of their deadlines",
                       "the cycle reclaims keys in the order of their deadlines"},
    [SIM_LAW_TOLD] = {"told",
                      "a subscriber was told of something else than what happened, or not in order",
                      "a subscriber is told of what happens, once, and in its order"},
    [SIM_LAW_WAITS] = {"waits",
                       "who waits was not served, or served too early, too late or out of turn",
                       "who waits is served when there is something to take, or his time is over"},
    [SIM_LAW_COUNT] = {"count", "the number of keys that wait for their deadline is wrong",
                       "as many keys wait for their deadline as have one"},
    [SIM_LAW_REPLY] = {"reply", "the engine's reply is not the model's",
                       "a command answers as the naive model does"},
    [SIM_LAW_REPLICA] = {"replica", "after quiet, replica and primary disagree",
                         "after quiet, replica and primary agree"},
    [SIM_LAW_RESTART] = {"restart", "a restart lost or revived something",
                         "a restart loses no deadline and revives nothing"},
    [SIM_LAW_QUIET] = {"quiet", "after quiet, an expiry was still not announced",
                       "after quiet, every expiry was announced"},
};

static const char *const step_names[SIM_STEP_KINDS] = {"command", "cycle",   "time-out", "hang-up",
                                                       "sync",    "read",    "save",     "restart",
                                                       "crash",   "promote", "quiet"};

static const char *const mark_names[SIM_SITE_MARKS] = {
    "lazy expiry",
    "active expiry",
    "a read in the millisecond of the deadline",
    "the server's clock went back",
    "the replica got changes",
    "the replica was asked for a dead key that it still had",
    "a snapshot was taken",
    "a restart from the log",
    "a restart from a snapshot",
    "a promotion",
    "a wrong type",
    "an invalid time",
    "a deadline past 2^53",
    "a transaction was executed",
    "time went on within a transaction",
    "a change broke a watch",
    "a death broke a watch",
    "a scan came to its end",
    "databases were swapped over keys that had deadlines",
    "a subscriber was told of an event",
    "a subscriber was told of a death",
    "a command met a dead field",
    "the cycle reclaimed dead fields",
    "a client had to wait for something to take",
    "a client that waited was served",
    "a client that waited was answered nil",
};

const char *sim_law_text(sim_law law) {
    return laws[law].text;
}

const char *sim_law_promise(sim_law law) {
    return laws[law].promise;
}

const char *sim_law_name(sim_law law) {
    return laws[law].name;
}

bool sim_law_is_liveness(sim_law law) {
    return law == SIM_LAW_QUIET;
}

const char *sim_step_kind_name(sim_step_kind kind) {
    return step_names[kind];
}

const char *sim_mark_name(sim_mark mark) {
    return mark_names[mark];
}

/* ---- life */

static sim_server *primary_of(sim_site *site) {
    return &site->servers[site->primary];
}

static sim_server *replica_of(sim_site *site) {
    return &site->servers[!site->primary];
}

/* A primary begins, with nobody connected. */
static void serve(sim_site *site) {
    sim_model *model = &primary_of(site)->model;
    for (uint8_t i = 0; i < SIM_PEERS; i++) {
        sim_peer_reset(&site->peers[i]);
        sim_server_hang_up(primary_of(site), i);
    }
    model->peers = site->peers;
    model->peer_count = SIM_PEERS;
    model->watched = 0;
    model->notify = NULL;
    site->waiting = 0;
    primary_of(site)->has_listeners = false;
}

void sim_site_open(sim_site *site, const sim_site_options *options) {
    *site = (sim_site){.has_log = options->has_log, .has_replica = options->has_replica};
    const sim_hooks *hooks = options->hooks;
    if (hooks != NULL && hooks->begin != NULL) hooks->begin(hooks->context);
    ttl_reply_init(&site->reply, ttl_allocator_libc());
    ttl_reply_init(&site->expected, ttl_allocator_libc());
    ttl_reply_init(&site->served, ttl_allocator_libc());
    sim_log *log = site->has_log ? &site->log : NULL;
    sim_server_open(&site->servers[0], hooks, options->dialect, options->seed, log);
    if (site->has_replica) {
        sim_server_open(&site->servers[1], hooks, options->dialect, options->seed + 1, log);
        sim_server_set_replica(&site->servers[1], true);
    }
    serve(site);
    site->saved_model = sim_model_emptied(&site->servers[0].model);
    site->last_wall_us = INT64_MIN;
}

void sim_site_close(sim_site *site) {
    sim_server_close(&site->servers[0]);
    if (site->has_replica) sim_server_close(&site->servers[1]);
    ttl_reply_free(&site->reply);
    ttl_reply_free(&site->expected);
    ttl_reply_free(&site->served);
    sim_log_free(&site->log);
    for (size_t i = 0; i < SIM_PEERS; i++) sim_peer_reset(&site->peers[i]);
}

static int64_t floor_ms(int64_t us) {
    return us / US_PER_MS - (us % US_PER_MS < 0);
}

bool sim_site_next_timeout(sim_site *site, int64_t *at_ms) {
    return site->waiting > 0 && ttl_engine_next_timeout(primary_of(site)->engine, at_ms);
}

bool sim_site_next_expiry(sim_site *site, int64_t *at_ms) {
    return ttl_engine_next_expiry(primary_of(site)->engine, at_ms);
}

/* ---- the log */

/* The unit that was executed, if it changed anything: what the engine told of it, and the keys as
 * the model has them now. */
static void log_unit(sim_site *site) {
    sim_model *model = &primary_of(site)->model;
    uint64_t changed = model->changed;
    model->changed = 0;
    if (!site->has_log || changed == 0) return;
    for (; changed != 0; changed &= changed - 1) {
        uint8_t slot = (uint8_t)__builtin_ctzll(changed);
        sim_log_add_key(&site->log, slot, &model->keys[slot]);
    }
    sim_log_end_unit(&site->log);
}

/* ---- saying how a law was broken */

static void say(sim_site *site, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));

static void say(sim_site *site, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(site->what, sizeof site->what, format, arguments);
    va_end(arguments);
}

static void say_replies(sim_site *site, const sim_op *op) {
    char command[SIM_COMMAND_TEXT], got[SIM_REPLY_TEXT], right[SIM_REPLY_TEXT];
    sim_text_command(op, command);
    sim_text_reply(&site->reply, got);
    sim_text_reply(&site->expected, right);
    say(site, "%s answered %s, right is %s", command, got, right);
}

/* Slots that were announced, and those that had to be. */
struct announced {
    const char *event;
    const uint8_t *got, *right;
    size_t got_count, right_count;
};

static void say_announced(sim_site *site, const sim_op *op, const struct announced *of) {
    char command[SIM_COMMAND_TEXT], text[SIM_SLOT_TEXT];
    size_t at = 0;
    while (at < of->got_count && at < of->right_count && of->got[at] == of->right[at]) at++;
    bool is_missing = at < of->right_count;
    sim_text_command(op, command);
    say(site, "%s %s `%s` of %s", command,
        is_missing ? "met what is dead and did not announce" : "announced", of->event,
        sim_slot_text(is_missing ? of->right[at] : of->got[at], text));
}

/* ---- laws */

/* Does the reply tell that there is a key? */
static bool tells_of_a_key(const sim_op *op, const ttl_reply *reply) {
    if (reply->node_count == 0) return false;
    const ttl_node *node = &reply->nodes[0];
    switch ((sim_op_kind)op->kind) {
    case SIM_OP_TTL:
    case SIM_OP_PTTL:
    case SIM_OP_EXPIRETIME:
    case SIM_OP_PEXPIRETIME: return node->type == TTL_REPLY_INTEGER && node->is.integer != -2;
    case SIM_OP_TYPE: return !ttl_bytes_is_word(ttl_reply_text(reply, 0), "none");
    default: break;
    }
    if (node->type == TTL_REPLY_INTEGER) return node->is.integer != 0;
    return node->type == TTL_REPLY_BULK;
}

static bool only_reads(sim_op_kind kind) {
    return kind == SIM_OP_GET || kind == SIM_OP_EXISTS || kind == SIM_OP_TYPE ||
           kind == SIM_OP_RANDOMKEY || kind == SIM_OP_HGET || kind == SIM_OP_HEXISTS ||
           (kind >= SIM_OP_TTL && kind <= SIM_OP_PEXPIRETIME);
}

/* Of keys that are listed there are too many, or too few. */
static sim_law law_of_list(const sim_site *site) {
    size_t shown = site->reply.node_count, right = site->expected.node_count;
    if (shown == right) return SIM_LAW_REPLY;
    return shown > right ? SIM_LAW_DEAD_READ : SIM_LAW_ALIVE_LOST;
}

static sim_law law_of_reply(sim_site *site, const sim_op *op) {
    if (ttl_reply_equal(&site->reply, &site->expected)) return SIM_LAWS_HOLD;
    say_replies(site, op);
    if (op->kind == SIM_OP_KEYS || op->kind == SIM_OP_SCAN) return law_of_list(site);
    bool told = tells_of_a_key(op, &site->reply), right = tells_of_a_key(op, &site->expected);
    if (only_reads(op->kind) && told && !right) return SIM_LAW_DEAD_READ;
    if (only_reads(op->kind) && !told && right) return SIM_LAW_ALIVE_LOST;
    return SIM_LAW_REPLY;
}

/* Watched from outside, by replies alone: the model has no part in this, but for what changed. */
static sim_law law_of_ttl(sim_site *site, const sim_op *op, int64_t now_ms, uint8_t database) {
    for (uint64_t changed = primary_of(site)->model.changed; changed != 0; changed &= changed - 1)
        site->watch[__builtin_ctzll(changed)].is_known = false;
    if (op->kind != SIM_OP_PTTL || site->reply.nodes[0].type != TTL_REPLY_INTEGER)
        return SIM_LAWS_HOLD;
    size_t slot = (size_t)database * SIM_KEYS + op->key;
    int64_t left_ms = site->reply.nodes[0].is.integer;
    bool grew = site->watch[slot].is_known && left_ms > site->watch[slot].left_ms &&
                now_ms >= site->watch[slot].seen_ms;
    if (grew)
        say(site, "PTTL k%d said %" PRId64 " and, untouched, later %" PRId64, op->key,
            site->watch[slot].left_ms, left_ms);
    site->watch[slot].is_known = left_ms >= 0;
    site->watch[slot].left_ms = left_ms;
    site->watch[slot].seen_ms = now_ms;
    return grew ? SIM_LAW_TTL_GREW : SIM_LAWS_HOLD;
}

static sim_law law_of_some(sim_site *site, const sim_op *op, const struct announced *of) {
    if (of->got_count == of->right_count && memcmp(of->got, of->right, of->right_count) == 0)
        return SIM_LAWS_HOLD;
    say_announced(site, op, of);
    return of->got_count < of->right_count ? SIM_LAW_UNANNOUNCED : SIM_LAW_ANNOUNCED;
}

static sim_law law_of_announced(sim_site *site, const sim_op *op) {
    const sim_server *server = primary_of(site);
    const sim_model *model = &server->model;
    const struct announced keys = {"expired", server->announced, model->met,
                                   server->announced_count, model->met_count};
    const struct announced fields = {"hexpired", server->hexpired, model->fields_met,
                                     server->hexpired_count, model->fields_met_count};
    sim_law law = law_of_some(site, op, &keys);
    return law == SIM_LAWS_HOLD ? law_of_some(site, op, &fields) : law;
}

/* What is told to one connection, against what it must be told of all that happened. */
static sim_law law_of_listener(sim_site *site, uint8_t session) {
    const sim_server *server = primary_of(site);
    sim_push right[SIM_PUSHES_EACH];
    size_t at = 0;
    for (size_t i = 0; i < server->happened_count; i++) {
        size_t count =
            sim_model_published(&server->model, &site->peers[session], &server->happened[i], right);
        for (size_t j = 0; j < count; j++, at++) {
            while (at < server->push_count && server->pushes[at].session != session) at++;
            bool is_right =
                at < server->push_count && strcmp(server->pushes[at].text, right[j].text) == 0;
            site->marks[SIM_MARK_TOLD]++;
            site->marks[SIM_MARK_TOLD_OF_DEATH] += server->happened[i].kind == 'x';
            if (is_right) continue;
            say(site, "a subscriber heard \"%s\", right is \"%s\"",
                at < server->push_count ? server->pushes[at].text : "nothing", right[j].text);
            return SIM_LAW_TOLD;
        }
    }
    while (at < server->push_count && server->pushes[at].session != session) at++;
    if (at == server->push_count) return SIM_LAWS_HOLD;
    say(site, "a subscriber heard \"%s\", right is nothing", server->pushes[at].text);
    return SIM_LAW_TOLD;
}

static sim_law law_of_told(sim_site *site) {
    sim_law law = SIM_LAWS_HOLD;
    if (!primary_of(site)->has_listeners) return law;
    for (uint8_t i = SIM_LISTENER; i < SIM_PEERS && law == SIM_LAWS_HOLD; i++)
        if (site->peers[i].heeded_count > 0) law = law_of_listener(site, i);
    return law;
}

static sim_law law_of_count(sim_site *site) {
    sim_server *server = primary_of(site);
    size_t right = sim_model_count_volatile(&server->model);
    size_t waiting = ttl_engine_volatile_keys(server->engine);
    if (waiting == right) return SIM_LAWS_HOLD;
    say(site, "%zu keys wait for their deadline, right are %zu", waiting, right);
    return SIM_LAW_COUNT;
}

/* ---- steps */

/* `was_broken`: the watches of the connection, before the command. */
static void mark_unit(sim_site *site, const sim_op *op, const sim_peer *peer, bool was_broken) {
    const ttl_reply *right = &site->expected;
    const sim_server *server = primary_of(site);
    switch ((sim_op_kind)op->kind) {
    case SIM_OP_EXEC:
        site->marks[SIM_MARK_EXECUTED] += right->nodes[0].type == TTL_REPLY_ARRAY;
        site->marks[SIM_MARK_TIME_WENT_ON] +=
            op->amount > 0 && server->model.traits & SIM_TIME_GOES_ON;
        if (right->nodes[0].type == TTL_REPLY_NIL_ARRAY)
            site->marks[was_broken ? SIM_MARK_WATCH_BROKE : SIM_MARK_WATCHED_DIED]++;
        break;
    case SIM_OP_SCAN:
        site->marks[SIM_MARK_SCANNED] += op->amount != 0 && peer->scan.cursor == 0;
        break;
    case SIM_OP_SWAPDB:
        site->marks[SIM_MARK_SWAPPED] += sim_model_count_volatile(&server->model) > 0;
        break;
    default: break;
    }
}

static void mark_command(sim_site *site, const sim_op *op, int64_t now_ms, uint8_t database) {
    const sim_model *model = &primary_of(site)->model;
    const sim_model_key *key = &model->keys[database * SIM_KEYS + op->key];
    const ttl_reply *right = &site->expected;
    site->ops[op->kind]++;
    site->marks[SIM_MARK_LAZY] += model->met_count;
    site->marks[SIM_MARK_FIELD_MET] += model->fields_met_count;
    site->marks[SIM_MARK_IN_DEADLINE_MS] += key->is_volatile && key->deadline_ms == now_ms;
    site->marks[SIM_MARK_FAR_DEADLINE] += key->is_volatile && key->deadline_ms > FAR_MS;
    if (right->nodes[0].type != TTL_REPLY_ERROR) return;
    ttl_bytes text = ttl_reply_text(right, 0);
    site->marks[SIM_MARK_WRONGTYPE] += text.data[0] == 'W';
    site->marks[SIM_MARK_INVALID_TIME] += text.length > 11 && text.data[4] == 'i';
}

static sim_told told_of(const sim_site *site, const sim_server *server) {
    return (sim_told){&site->reply, server->announced, server->announced_count};
}

static void mix_reply(uint64_t *digest, const ttl_reply *reply) {
    for (size_t i = 0; i < reply->node_count; i++) {
        const ttl_node *node = &reply->nodes[i];
        sim_digest_mix(digest, (uint64_t)node->type << 32 | node->length);
        sim_digest_mix(digest, (uint64_t)node->is.integer);
    }
    for (size_t i = 0; i < reply->text_length; i += sizeof(uint64_t)) {
        size_t left = reply->text_length - i;
        uint64_t bytes = 0;
        memcpy(&bytes, reply->text + i, left < sizeof bytes ? left : sizeof bytes);
        sim_digest_mix(digest, sim_little_endian(bytes));
    }
}

/* ---- who waits */

static sim_law say_wait(sim_site *site, const sim_op *op, const char *what) {
    char command[SIM_COMMAND_TEXT];
    sim_text_command(op, command);
    say(site, "%s: %s", command, what);
    return SIM_LAW_WAITS;
}

/* Those whose time has passed, and no others, are answered nil, before anything else is done.
 * `*count` is told how many. */
static sim_law law_of_timeouts(sim_site *site, int64_t now_ms, size_t *count) {
    sim_server *server = primary_of(site);
    *count = 0;
    for (; *count < server->unblocked_count; ++*count) {
        const struct sim_unblocked *one = &server->unblocked[*count];
        sim_peer *peer = &site->peers[one->session];
        if (one->reply.nodes[0].type != TTL_REPLY_NIL_ARRAY) break;
        if (!peer->wait.is_on || now_ms <= peer->wait.until_ms)
            return say_wait(site, &peer->wait.op, "answered nil before its time was over");
        peer->wait.is_on = false;
        site->waiting--;
        site->marks[SIM_MARK_TIMED_OUT]++;
    }
    for (size_t i = 0; i < SIM_LISTENER; i++)
        if (site->peers[i].wait.is_on && now_ms > site->peers[i].wait.until_ms)
            return say_wait(site, &site->peers[i].wait.op, "waits though its time is over");
    return SIM_LAWS_HOLD;
}

static sim_law law_of_served(sim_site *site, const struct sim_unblocked *one, int64_t now_ms) {
    sim_server *server = primary_of(site);
    sim_peer *peer = &site->peers[one->session];
    const sim_told told = {&one->reply, server->announced, server->announced_count};
    if (!peer->wait.is_on) return say_wait(site, &peer->wait.op, "answered though nobody waits");
    for (size_t i = 0; i < SIM_LISTENER; i++)
        if (sim_model_waits_longer(&site->peers[i], peer))
            return say_wait(site, &peer->wait.op, "served before one that has waited longer");
    ttl_reply_clear(&site->served);
    sim_model_serve(&server->model, peer, now_ms, &told, &site->served);
    site->waiting -= !peer->wait.is_on;
    site->marks[SIM_MARK_SERVED]++;
    if (ttl_reply_equal(&one->reply, &site->served)) return SIM_LAWS_HOLD;
    return say_wait(site, &peer->wait.op, "answered with something else than there was to take");
}

static sim_law law_of_waits(sim_site *site, size_t from, int64_t now_ms) {
    const sim_server *server = primary_of(site);
    sim_law law = SIM_LAWS_HOLD;
    for (size_t i = from; i < server->unblocked_count && law == SIM_LAWS_HOLD; i++)
        law = law_of_served(site, &server->unblocked[i], now_ms);
    for (size_t i = 0; i < SIM_LISTENER && law == SIM_LAWS_HOLD; i++)
        if (sim_model_must_be_served(&server->model, &site->peers[i], now_ms))
            law =
                say_wait(site, &site->peers[i].wait.op, "waits though there is something to take");
    return law;
}

static sim_law do_time_out(sim_site *site, int64_t now_ms) {
    size_t count;
    sim_server_time_out(primary_of(site));
    sim_law law = law_of_timeouts(site, now_ms, &count);
    bool is_more = law == SIM_LAWS_HOLD && count < primary_of(site)->unblocked_count;
    return is_more ? say_wait(site, &(sim_op){0}, "served where nothing was done") : law;
}

/* ---- commands */

static sim_law do_command(sim_site *site, const sim_step *step, int64_t now_ms) {
    sim_server *server = primary_of(site);
    sim_peer *peer = &site->peers[step->session];
    uint8_t database = peer->database;
    bool was_broken = peer->is_broken, anybody_waits = site->waiting > 0;
    size_t timeouts = 0;
    sim_op op = step->op;
    server->unblocked_count = 0;
    if (peer->wait.is_on) return SIM_LAWS_HOLD; /* its connection says nothing more until then */
    if (op.kind == SIM_OP_SCAN) op.amount = peer->scan.cursor;
    sim_server_execute(server, step->session, peer, &op, &site->reply);
    sim_law law = anybody_waits ? law_of_timeouts(site, now_ms, &timeouts) : SIM_LAWS_HOLD;
    if (law != SIM_LAWS_HOLD) return law;
    ttl_reply_clear(&site->expected);
    if (anybody_waits) memset(server->model.came, 0, sizeof server->model.came);
    sim_told told = told_of(site, server);
    sim_model_execute(&server->model, peer, &op, now_ms, &told, &site->expected);
    site->waiting += peer->wait.is_on;
    site->marks[SIM_MARK_WAITED] += peer->wait.is_on;
    mark_command(site, &op, now_ms, database);
    if (op.kind >= SIM_OP_PLAIN) mark_unit(site, &op, peer, was_broken);
    law = law_of_reply(site, &op);
    if (law == SIM_LAWS_HOLD && anybody_waits) law = law_of_waits(site, timeouts, now_ms);
    sim_law of_ttl = law_of_ttl(site, &op, now_ms, database);
    if (law == SIM_LAWS_HOLD || of_ttl != SIM_LAWS_HOLD) law = of_ttl;
    if (law == SIM_LAWS_HOLD) law = law_of_announced(site, &op);
    if (law == SIM_LAWS_HOLD) law = law_of_told(site);
    if (law == SIM_LAWS_HOLD) log_unit(site);
    if (op.kind >= SIM_OP_SUBSCRIBE && op.kind <= SIM_OP_PUNSUBSCRIBE) server->has_listeners = true;
    return law;
}

/* Hashes whose fields were reclaimed: some were due, and in order. */
static sim_law do_cycle_of_fields(sim_site *site, int64_t now_ms) {
    sim_server *server = primary_of(site);
    int64_t last_ms[SIM_DATABASES] = {0};
    char text[SIM_SLOT_TEXT];
    for (size_t i = 0; i < server->hexpired_count; i++) {
        uint8_t slot = server->hexpired[i];
        int64_t first_ms =
            slot < SIM_SLOTS ? sim_model_first_field_ms(&server->model.keys[slot]) : INT64_MAX;
        if (first_ms > now_ms) {
            say(site, "the cycle announced `hexpired` of %s, of which no field is due",
                sim_slot_text(slot, text));
            return SIM_LAW_ANNOUNCED;
        }
        if (first_ms < last_ms[slot / SIM_KEYS]) {
            say(site, "the cycle reclaimed fields of %s after those of a hash that was due later",
                sim_slot_text(slot, text));
            return SIM_LAW_ORDER;
        }
        last_ms[slot / SIM_KEYS] = first_ms;
        sim_model_reclaim_fields(&server->model, slot, now_ms);
        if (!server->model.keys[slot].is_present) site->watch[slot].is_known = false;
        site->marks[SIM_MARK_FIELD_CYCLE]++;
    }
    return SIM_LAWS_HOLD;
}

/* The cycle may be late with any key, but what it reclaims must be dead, and in order. */
static sim_law do_cycle_of_keys(sim_site *site, int64_t now_ms) {
    sim_server *server = primary_of(site);
    sim_model_key last[SIM_DATABASES];
    char text[SIM_SLOT_TEXT];
    for (size_t i = 0; i < SIM_DATABASES; i++) last[i] = (sim_model_key){.deadline_ms = INT64_MIN};
    for (size_t i = 0; i < server->announced_count; i++) {
        uint8_t slot = server->announced[i];
        if (slot >= SIM_SLOTS || !sim_model_may_reclaim(&server->model, slot, now_ms)) {
            say(site, "the cycle announced `expired` of %s, which is not dead",
                sim_slot_text(slot, text));
            return SIM_LAW_ANNOUNCED;
        }
        sim_model_key key = server->model.keys[slot], *before = &last[slot / SIM_KEYS];
        if (key.deadline_ms < before->deadline_ms ||
            (key.deadline_ms == before->deadline_ms && key.arming < before->arming)) {
            say(site, "the cycle reclaimed %s after a key with a later deadline",
                sim_slot_text(slot, text));
            return SIM_LAW_ORDER;
        }
        *before = key;
        sim_model_remove(&server->model, slot);
        site->watch[slot].is_known = false;
        site->marks[SIM_MARK_ACTIVE]++;
    }
    return SIM_LAWS_HOLD;
}

static sim_law do_cycle(sim_site *site, int64_t now_ms) {
    sim_server_cycle(primary_of(site));
    sim_law law = do_cycle_of_keys(site, now_ms);
    if (law == SIM_LAWS_HOLD) law = do_cycle_of_fields(site, now_ms);
    if (law != SIM_LAWS_HOLD) return law;
    log_unit(site);
    law = law_of_told(site);
    return law == SIM_LAWS_HOLD ? law_of_count(site) : law;
}

static void do_sync(sim_site *site, int64_t units) {
    if (!site->has_replica) return;
    replica_of(site)->now_us = primary_of(site)->now_us;
    for (; units > 0 && site->applied < site->log.count; units--)
        sim_server_apply(replica_of(site), &site->log, site->applied++);
    site->marks[SIM_MARK_SYNC]++;
}

/* The replica shows what it was sent, but nothing that is dead, and reclaims and announces nothing:
 * it waits for the primary's word. */
static sim_law do_read(sim_site *site, const sim_op *op, int64_t now_ms) {
    if (!site->has_replica) return SIM_LAWS_HOLD;
    sim_server *server = replica_of(site);
    sim_model shown = server->model;
    sim_peer peer = {.database = op->database};
    shown.is_replica = true;
    server->now_us = primary_of(site)->now_us;
    sim_server_read(server, op, &site->reply);
    ttl_reply_clear(&site->expected);
    sim_told told = told_of(site, server);
    sim_model_execute(&shown, &peer, op, now_ms, &told, &site->expected);
    site->marks[SIM_MARK_DEAD_AT_REPLICA] += shown.met_count > 0;
    sim_law law = law_of_reply(site, op);
    if (law != SIM_LAWS_HOLD) return law;
    size_t right = sim_model_count_volatile(&server->model);
    size_t waiting = ttl_engine_volatile_keys(server->engine);
    size_t announced = server->announced_count + server->hexpired_count;
    if (announced == 0 && waiting == right) return SIM_LAWS_HOLD;
    say(site, "the replica announced %zu expiries, and %zu of %zu keys wait for their deadline",
        announced, waiting, right);
    return announced > 0 ? SIM_LAW_ANNOUNCED : SIM_LAW_COUNT;
}

static void forget_watches(sim_site *site) {
    memset(site->watch, 0, sizeof site->watch);
}

static sim_law law_of_state(sim_site *site, sim_server *server, sim_law law) {
    char got[SIM_REPLY_TEXT], right[SIM_REPLY_TEXT];
    char text[SIM_SLOT_TEXT];
    uint8_t slot = sim_server_difference(server, &site->reply, &site->expected);
    if (slot == SIM_SLOTS) return SIM_LAWS_HOLD;
    sim_text_reply(&site->reply, got);
    sim_text_reply(&site->expected, right);
    say(site, "%s has %s, right is %s", sim_slot_text(slot, text), got, right);
    return law;
}

/* What the model does not know, as a number: what streams hold and what is pending in their groups,
 * and strings that are hidden. It is the same of servers that agree. How often something was
 * delivered is not: who asks for it again is told nobody. */
static uint64_t unknown_of(sim_site *site, sim_server *server) {
    enum { HIDDEN = 2, LOOKS };
    static const sim_op_kind looks[LOOKS] = {SIM_OP_XRANGE, SIM_OP_XPENDING, [HIDDEN] = SIM_OP_GET};
    uint64_t digest = 0;
    server->is_frozen = true;
    for (uint8_t slot = 0; slot < SIM_SLOTS; slot++) {
        const sim_model_key *key = &server->model.keys[slot];
        bool is_stream = key->type == SIM_STREAM;
        if (!key->is_present || !(is_stream || key->is_hidden)) continue;
        for (size_t i = is_stream ? 0 : HIDDEN; i < (is_stream ? HIDDEN : LOOKS); i++) {
            sim_op look = {.kind = (uint8_t)looks[i], .key = slot % SIM_KEYS};
            sim_server_ask(server, slot / SIM_KEYS, &look, &site->reply);
            mix_reply(&digest, &site->reply);
        }
    }
    server->is_frozen = false;
    return digest;
}

static sim_law law_of_unknown(sim_site *site, sim_server *server, uint64_t right, sim_law law) {
    if (unknown_of(site, server) == right) return SIM_LAWS_HOLD;
    say(site, "its streams, what is pending in their groups, or its sketches are others");
    return law;
}

/* A server begins to follow: it gets what its primary has. */
static void follow(sim_site *site) {
    sim_server *replica = replica_of(site);
    sim_server_restart_engine(replica);
    sim_server_set_replica(replica, true);
    sim_server_copy(replica, primary_of(site));
    site->applied = site->log.count;
}

/* `model` and `unknown`: what the server must be again when it has read the first `count` units of
 * its log. */
static sim_law do_restart(sim_site *site, size_t count, sim_model model, uint64_t unknown) {
    sim_server *server = primary_of(site);
    bool rewinds = count < site->log.count;
    sim_server_restart_engine(server);
    server->model = sim_model_emptied(&server->model);
    for (size_t i = 0; i < count; i++) sim_server_apply(server, &site->log, i);
    server->model = model;
    sim_log_cut(&site->log, count);
    serve(site);
    forget_watches(site);
    sim_law law = law_of_state(site, server, SIM_LAW_RESTART);
    if (law == SIM_LAWS_HOLD) law = law_of_unknown(site, server, unknown, SIM_LAW_RESTART);
    if (rewinds && site->has_replica) follow(site);
    return law;
}

static sim_law do_promote(sim_site *site) {
    if (!site->has_replica) return SIM_LAWS_HOLD;
    site->primary = !site->primary;
    sim_server_set_replica(primary_of(site), false);
    sim_log_cut(&site->log, site->applied);
    if (site->saved > site->log.count) {
        site->saved = 0;
        site->saved_model = sim_model_emptied(&site->saved_model);
        site->saved_unknown = 0;
    }
    serve(site);
    forget_watches(site);
    sim_law law = law_of_state(site, primary_of(site), SIM_LAW_REPLICA);
    follow(site);
    return law;
}

static void do_hang_up(sim_site *site, uint8_t session) {
    sim_model *model = &primary_of(site)->model;
    site->waiting -= site->peers[session].wait.is_on;
    sim_peer_reset(&site->peers[session]);
    sim_server_hang_up(primary_of(site), session);
    model->watched = 0;
    for (size_t i = 0; i < SIM_PEERS; i++) model->watched |= site->peers[i].watched;
}

/* A key, or a field, that is dead and was not announced. */
static sim_law law_of_quiet(sim_site *site, int64_t now_ms) {
    const sim_model *model = &primary_of(site)->model;
    uint8_t key = sim_model_first_dead(model, now_ms);
    uint8_t hash = sim_model_first_dead_field(model, now_ms);
    char text[SIM_SLOT_TEXT];
    if (key < SIM_SLOTS)
        say(site, "%s died at %" PRId64 " and `expired` was not announced at %" PRId64,
            sim_slot_text(key, text), model->keys[key].deadline_ms, now_ms);
    else if (hash < SIM_SLOTS)
        say(site, "a field of %s died at %" PRId64 " and `hexpired` was not announced at %" PRId64,
            sim_slot_text(hash, text), sim_model_first_field_ms(&model->keys[hash]), now_ms);
    else return SIM_LAWS_HOLD;
    return SIM_LAW_QUIET;
}

/* A cycle may be late with a key, but not for ever: it is run as long as there is work for it. */
static sim_law do_quiet(sim_site *site, int64_t now_ms) {
    sim_server *server = primary_of(site);
    sim_law law = do_cycle(site, now_ms);
    for (int i = 0; i < QUIET_CYCLES && law == SIM_LAWS_HOLD; i++)
        if (law_of_quiet(site, now_ms) != SIM_LAWS_HOLD) law = do_cycle(site, now_ms);
    if (law == SIM_LAWS_HOLD) law = law_of_quiet(site, now_ms);
    if (law != SIM_LAWS_HOLD) return law;
    law = law_of_state(site, server, SIM_LAW_REPLY);
    if (law != SIM_LAWS_HOLD || !site->has_replica) return law;
    do_sync(site, INT64_MAX);
    /* The replica's own model went through changes; what it must equal is the primary's. */
    sim_model own = replica_of(site)->model;
    replica_of(site)->model = server->model;
    law = law_of_state(site, replica_of(site), SIM_LAW_REPLICA);
    if (law == SIM_LAWS_HOLD)
        law = law_of_unknown(site, replica_of(site), unknown_of(site, server), SIM_LAW_REPLICA);
    replica_of(site)->model = own;
    return law;
}

static void save(sim_site *site) {
    site->saved = site->log.count;
    site->saved_model = primary_of(site)->model;
    site->saved_unknown = unknown_of(site, primary_of(site));
}

static sim_law do_other(sim_site *site, const sim_step *step, int64_t now_ms) {
    sim_law law = SIM_LAWS_HOLD;
    switch ((sim_step_kind)step->kind) {
    case SIM_STEP_HANG_UP: do_hang_up(site, step->session); break;
    case SIM_STEP_SYNC: do_sync(site, step->op.amount); break;
    case SIM_STEP_READ:
        law = do_read(site, &step->op, now_ms);
        if (site->has_replica) mix_reply(&site->digest, &site->reply);
        break;
    case SIM_STEP_SAVE:
        site->marks[SIM_MARK_SAVE]++;
        save(site);
        break;
    case SIM_STEP_RESTART:
        site->marks[SIM_MARK_RESTART]++;
        law = do_restart(site, site->log.count, primary_of(site)->model,
                         unknown_of(site, primary_of(site)));
        break;
    case SIM_STEP_CRASH:
        site->marks[SIM_MARK_CRASH]++;
        law = do_restart(site, site->saved, site->saved_model, site->saved_unknown);
        break;
    case SIM_STEP_PROMOTE:
        site->marks[SIM_MARK_PROMOTE]++;
        law = do_promote(site);
        break;
    default: law = do_quiet(site, now_ms);
    }
    return law;
}

sim_law sim_site_step(sim_site *site, const sim_step *step) {
    sim_server *server = primary_of(site);
    int64_t now_ms = floor_ms(step->wall_us);
    site->marks[SIM_MARK_CLOCK_BACK] += step->wall_us < site->last_wall_us;
    site->last_wall_us = step->wall_us;
    server->now_us = step->wall_us;
    site->steps++;
    sim_digest_mix(&site->digest, (uint64_t)step->wall_us);
    sim_digest_mix(&site->digest, (uint64_t)step->kind << 8 | step->op.kind);
    sim_law law;
    if (step->kind == SIM_STEP_COMMAND) {
        law = do_command(site, step, now_ms);
        mix_reply(&site->digest, &site->reply);
    } else if (step->kind == SIM_STEP_CYCLE) {
        law = do_cycle(site, now_ms);
    } else if (step->kind == SIM_STEP_TIME_OUT) {
        law = do_time_out(site, now_ms);
    } else {
        law = do_other(site, step, now_ms);
    }
    server = primary_of(site);
    sim_digest_mix(&site->digest, server->announced_count << 8 | server->events);
    if (server->hexpired_count > 0) sim_digest_mix(&site->digest, server->hexpired_count);
    if (server->has_listeners) sim_digest_mix(&site->digest, server->push_count);
    bool may_unblock = step->kind == SIM_STEP_COMMAND || step->kind == SIM_STEP_TIME_OUT;
    for (size_t i = 0; i < server->unblocked_count && may_unblock; i++)
        mix_reply(&site->digest, &server->unblocked[i].reply);
    for (size_t i = 0; i < server->announced_count; i++)
        sim_digest_mix(&site->digest, server->announced[i]);
    return law;
}
