#include "sim/planted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLANTED_AGES_US (INT64_C(200) * 365 * 86400 * 1000000)

/* ---- what faults are made of */

static void planted_right(sim_server *server, sim_op op, ttl_reply *reply) {
    sim_server_engine_execute(server, &op, reply);
}

/* What the model knows of the connection that is served; not of one that only looks. */
static const sim_peer *planted_peer(const sim_server *server) {
    static const sim_peer nobody = {0};
    bool is_client = server->model.peers != NULL && server->session < SIM_PEERS;
    return is_client ? &server->model.peers[server->session] : &nobody;
}

/* Another command, whose reply and whose events nobody sees. */
static int64_t planted_aside_in(sim_server *server, uint8_t database, sim_op op) {
    ttl_reply aside;
    int64_t integer = 0;
    bool was_frozen = server->is_frozen;
    ttl_reply_init(&aside, ttl_allocator_libc());
    server->is_frozen = true;
    sim_server_ask(server, database, &op, &aside);
    server->is_frozen = was_frozen;
    if (aside.nodes[0].type == TTL_REPLY_INTEGER) integer = aside.nodes[0].is.integer;
    ttl_reply_free(&aside);
    return integer;
}

static int64_t planted_aside(sim_server *server, sim_op op) {
    return planted_aside_in(server, server->database, op);
}

static void planted_persist(sim_server *server, uint8_t key) {
    planted_aside(server, (sim_op){.kind = SIM_OP_PERSIST, .key = key});
}

static int64_t planted_deadline(sim_server *server, uint8_t key) {
    return planted_aside(server, (sim_op){.kind = SIM_OP_PEXPIRETIME, .key = key});
}

static void planted_arm(sim_server *server, uint8_t key, int64_t deadline_ms) {
    planted_aside(server, (sim_op){.kind = SIM_OP_PEXPIREAT, .key = key, .amount = deadline_ms});
}

static void planted_integer(ttl_reply *reply, int64_t integer) {
    ttl_reply_clear(reply);
    ttl_reply_add_integer(reply, integer);
}

static bool planted_is_expire(const sim_op *op) {
    return op->kind >= SIM_OP_EXPIRE && op->kind <= SIM_OP_PEXPIREAT;
}

#define PLANTED_EXECUTE(name)                                                                      \
    static void name(planted *fault, sim_server *server, sim_op op, ttl_reply *reply)

/* ---- options that are ignored */

PLANTED_EXECUTE(ignore_gt) {
    (void)fault;
    if (planted_is_expire(&op)) op.flags &= (uint8_t)~SIM_GT;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(ignore_lt) {
    (void)fault;
    if (planted_is_expire(&op)) op.flags &= (uint8_t)~SIM_LT;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(ignore_nx) {
    (void)fault;
    if (planted_is_expire(&op)) op.flags &= (uint8_t)~SIM_NX;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(ignore_xx) {
    (void)fault;
    if (planted_is_expire(&op)) op.flags &= (uint8_t)~SIM_XX;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(swap_gt_and_lt) {
    (void)fault;
    if (planted_is_expire(&op) && op.flags == SIM_GT) op.flags = SIM_LT;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(ignore_keepttl) {
    (void)fault;
    op.flags &= (uint8_t)~SIM_KEEPTTL;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(always_keepttl) {
    (void)fault;
    if (op.kind == SIM_OP_SET && op.form == SIM_NO_TIME) op.flags |= SIM_KEEPTTL;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(set_ignores_xx) {
    (void)fault;
    if (op.kind == SIM_OP_SET) op.flags &= (uint8_t)~SIM_XX;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(getex_ignores_persist) {
    (void)fault;
    if (op.kind == SIM_OP_GETEX) op.flags = 0;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(copy_always_replaces) {
    (void)fault;
    if (op.kind == SIM_OP_COPY) op.flags = SIM_REPLACE;
    planted_right(server, op, reply);
}

/* ---- deadlines that are lost, or kept too long */

PLANTED_EXECUTE(persist_does_nothing) {
    (void)fault;
    bool is_persist = op.kind == SIM_OP_PERSIST;
    int64_t deadline_ms = is_persist ? planted_deadline(server, op.key) : 0;
    planted_right(server, op, reply);
    if (is_persist && deadline_ms > 0 && reply->nodes[0].is.integer == 1)
        planted_arm(server, op.key, deadline_ms);
}
PLANTED_EXECUTE(incr_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind >= SIM_OP_INCR && op.kind <= SIM_OP_INCRBY) planted_persist(server, op.key);
}
PLANTED_EXECUTE(setrange_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_SETRANGE) planted_persist(server, op.key);
}
PLANTED_EXECUTE(hset_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_HSET) planted_persist(server, op.key);
}
PLANTED_EXECUTE(getset_keeps_deadline) {
    (void)fault;
    int64_t deadline_ms = op.kind == SIM_OP_GETSET ? planted_deadline(server, op.key) : 0;
    planted_right(server, op, reply);
    if (deadline_ms > 0) planted_arm(server, op.key, deadline_ms);
}
PLANTED_EXECUTE(mset_keeps_deadline) {
    (void)fault;
    int64_t deadline_ms = op.kind == SIM_OP_MSET ? planted_deadline(server, op.key) : 0;
    planted_right(server, op, reply);
    if (deadline_ms > 0) planted_arm(server, op.key, deadline_ms);
}
PLANTED_EXECUTE(rename_loses_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_RENAME && op.key != op.other) planted_persist(server, op.other);
}
PLANTED_EXECUTE(rename_keeps_targets_deadline) {
    (void)fault;
    bool matters = op.kind == SIM_OP_RENAME && op.key != op.other;
    int64_t deadline_ms = matters ? planted_deadline(server, op.other) : 0;
    planted_right(server, op, reply);
    if (deadline_ms > 0) planted_arm(server, op.other, deadline_ms);
}
PLANTED_EXECUTE(copy_loses_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    bool copied = op.kind == SIM_OP_COPY && reply->nodes[0].is.integer == 1;
    if (copied && reply->nodes[0].type == TTL_REPLY_INTEGER) planted_persist(server, op.other);
}
PLANTED_EXECUTE(hexpire_ignores_nx) {
    (void)fault;
    if (sim_op_is_of_field(op.kind)) op.flags &= (uint8_t)~SIM_NX;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(copy_loses_fields) {
    (void)fault;
    planted_right(server, op, reply);
    bool has_fields = server->model.traits & SIM_HAS_FIELDS;
    for (uint8_t i = 0; i < SIM_MEMBERS && op.kind == SIM_OP_COPY && has_fields; i++)
        planted_aside(server, (sim_op){.kind = SIM_OP_HPERSIST, .key = op.other, .value = i});
}
PLANTED_EXECUTE(getdel_does_not_delete) {
    (void)fault;
    if (op.kind == SIM_OP_GETDEL) op.kind = SIM_OP_GET;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(every_97th_deadline_is_lost) {
    planted_right(server, op, reply);
    if (planted_is_expire(&op) && ++fault->count % 97 == 0) planted_persist(server, op.key);
}

/* ---- times that are read wrongly */

PLANTED_EXECUTE(pexpire_one_ms_longer) {
    (void)fault;
    if (op.kind == SIM_OP_PEXPIRE && op.amount > 0 && op.amount < INT64_MAX) op.amount++;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(past_expireat_is_ignored) {
    (void)fault;
    bool is_past = op.kind == SIM_OP_PEXPIREAT && op.amount < server->now_us / 1000;
    if (is_past) op.kind = SIM_OP_EXISTS, op.other = op.key, op.flags = 0;
    planted_right(server, op, reply);
    if (is_past && reply->nodes[0].is.integer > 0) planted_integer(reply, 1);
}
PLANTED_EXECUTE(negative_pexpire_is_one_ms) {
    (void)fault;
    if (op.kind == SIM_OP_PEXPIRE && op.amount <= 0) op.amount = 1;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(overflow_is_clamped) {
    (void)fault;
    int64_t most = INT64_MAX - server->now_us / 1000;
    if (op.kind == SIM_OP_PEXPIRE && op.amount > most) op.amount = most;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(psetex_takes_zero) {
    (void)fault;
    if (op.kind == SIM_OP_PSETEX && op.amount == 0) op.amount = 1;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(seconds_are_32_bits) {
    (void)fault;
    if (op.kind == SIM_OP_EXPIRE && op.amount > INT32_MAX) op.amount = (int32_t)op.amount;
    planted_right(server, op, reply);
}

/* ---- times that are told wrongly */

PLANTED_EXECUTE(ttl_rounds_down) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind != SIM_OP_TTL || reply->nodes[0].is.integer < 0) return;
    op.kind = SIM_OP_PTTL;
    planted_right(server, op, reply);
    planted_integer(reply, reply->nodes[0].is.integer / 1000);
}
PLANTED_EXECUTE(pttl_one_less) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_PTTL && reply->nodes[0].is.integer > 0) reply->nodes[0].is.integer--;
}
PLANTED_EXECUTE(pttl_grows) {
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_PTTL && reply->nodes[0].is.integer > 0)
        reply->nodes[0].is.integer += (int64_t)(fault->count++ * 1000);
}
PLANTED_EXECUTE(missing_is_persistent) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_TTL && reply->nodes[0].is.integer == -2) planted_integer(reply, -1);
}

/* ---- the dead */

PLANTED_EXECUTE(exists_counts_the_dead) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_EXISTS;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(type_sees_the_dead) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_TYPE;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(replica_shows_the_dead) {
    (void)fault;
    server->is_frozen = server->is_replica;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(replica_reclaims_the_dead) {
    (void)fault;
    bool is_replica = server->is_replica;
    ttl_engine_set_replica(server->engine, false);
    planted_right(server, op, reply);
    ttl_engine_set_replica(server->engine, is_replica);
}
PLANTED_EXECUTE(setnx_is_refused_by_the_dead) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_SETNX;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
static void planted_shifted(planted *fault, sim_server *server, sim_op op, ttl_reply *reply,
                            int64_t shift_us) {
    fault->shift_us = shift_us;
    planted_right(server, op, reply);
    fault->shift_us = 0;
}
PLANTED_EXECUTE(get_one_ms_early) {
    planted_shifted(fault, server, op, reply, op.kind == SIM_OP_GET ? 1000 : 0);
}
PLANTED_EXECUTE(get_one_ms_late) {
    planted_shifted(fault, server, op, reply, op.kind == SIM_OP_GET ? -1000 : 0);
}
PLANTED_EXECUTE(field_one_ms_late) {
    planted_shifted(fault, server, op, reply, op.kind == SIM_OP_HGET ? -1000 : 0);
}
PLANTED_EXECUTE(sets_count_the_dead) {
    bool reads_sets = op.kind >= SIM_OP_SINTER && op.kind <= SIM_OP_SINTERCARD;
    planted_shifted(fault, server, op, reply, reads_sets ? -100000 : 0);
}
PLANTED_EXECUTE(pfcount_counts_the_dead) {
    bool counts = op.kind == SIM_OP_PFCOUNT || op.kind == SIM_OP_PFCOUNT_BOTH;
    planted_shifted(fault, server, op, reply, counts ? -100000 : 0);
}
PLANTED_EXECUTE(hash_dies_with_its_field) {
    planted_right(server, op, reply);
    bool emptied = server->hexpired_count > 0 && op.kind == SIM_OP_HEXISTS;
    if (emptied) planted_aside(server, (sim_op){.kind = SIM_OP_UNLINK, .key = op.key});
    (void)fault;
}

/* ---- streams, elements, counts */

PLANTED_EXECUTE(xadd_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_XADD) planted_persist(server, op.key);
}
PLANTED_EXECUTE(zpop_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_ZPOPMIN) planted_persist(server, op.key);
}
PLANTED_EXECUTE(smove_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_SMOVE) planted_persist(server, op.other);
}
PLANTED_EXECUTE(bits_drop_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind >= SIM_OP_SETBIT && op.kind <= SIM_OP_BITFIELD) planted_persist(server, op.key);
}
PLANTED_EXECUTE(pfadd_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_PFADD) planted_persist(server, op.key);
}
PLANTED_EXECUTE(zincrby_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_ZINCRBY) planted_persist(server, op.key);
}
PLANTED_EXECUTE(incrbyfloat_drops_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_INCRBYFLOAT) planted_persist(server, op.key);
}
PLANTED_EXECUTE(zunion_forgets_the_second) {
    (void)fault;
    if (op.kind == SIM_OP_ZUNION) op.other = op.key;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(hincrby_drops_field) {
    (void)fault;
    sim_op drop = {.kind = SIM_OP_HPERSIST, .key = op.key, .value = op.value};
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_HINCRBY) planted_aside(server, drop);
}
PLANTED_EXECUTE(dead_streams_have_groups) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_XPENDING;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(waits_too_long) {
    (void)fault;
    if (sim_op_waits(op.kind) && op.amount != 0) op.amount += 125;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(waits_for_one_key) {
    (void)fault;
    if (op.kind == SIM_OP_BLPOP || op.kind == SIM_OP_BZPOPMIN) op.other = op.key;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(xadd_one_ms_early) {
    fault->shift_us = op.kind == SIM_OP_XADD ? -1000 : 0;
    planted_right(server, op, reply);
    fault->shift_us = 0;
}

PLANTED_EXECUTE(scan_shows_the_dead) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_SCAN;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(keys_shows_the_dead) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_KEYS;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(randomkey_names_the_dead) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_RANDOMKEY;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(scan_leaves_one_out) {
    (void)fault;
    planted_right(server, op, reply);
    bool has_any = op.kind == SIM_OP_SCAN && reply->node_count > 3;
    if (!has_any) return;
    reply->node_count--;
    reply->nodes[2].length--;
}

/* ---- transactions */

PLANTED_EXECUTE(watch_does_nothing) {
    (void)fault;
    if (op.kind == SIM_OP_WATCH) op = (sim_op){.kind = SIM_OP_UNWATCH};
    planted_right(server, op, reply);
}
/* What has a deadline is taken for dead already, so that its death is no news. */
PLANTED_EXECUTE(death_breaks_no_watch) {
    fault->shift_us = op.kind == SIM_OP_WATCH ? PLANTED_AGES_US : 0;
    planted_right(server, op, reply);
    fault->shift_us = 0;
}
PLANTED_EXECUTE(dead_when_watched_breaks) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_WATCH;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(unwatch_does_nothing) {
    (void)fault;
    bool is_unwatch = op.kind == SIM_OP_UNWATCH;
    if (is_unwatch) op = (sim_op){.kind = SIM_OP_SELECT, .database = server->database};
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(discard_executes) {
    (void)fault;
    bool discards = op.kind == SIM_OP_DISCARD && planted_peer(server)->in_multi;
    if (discards) op.kind = SIM_OP_EXEC;
    planted_right(server, op, reply);
    if (!discards) return;
    ttl_reply_clear(reply);
    ttl_reply_add_status(reply, "OK");
}
/* Within a transaction nobody waits; by itself the same command would. */
static bool planted_may_wait(const sim_peer *peer) {
    for (size_t i = 0; i < peer->queue_count; i++)
        if (sim_op_waits(peer->queue[i].kind)) return true;
    return false;
}
/* Each command of a transaction by itself, a millisecond after the other. */
PLANTED_EXECUTE(time_moves_in_exec) {
    const sim_peer *peer = planted_peer(server);
    bool matters = op.kind == SIM_OP_EXEC && peer->in_multi && peer->watched == 0;
    if (!matters || peer->has_failed || planted_may_wait(peer)) {
        planted_right(server, op, reply);
        return;
    }
    ttl_reply one;
    planted_right(server, (sim_op){.kind = SIM_OP_DISCARD}, reply);
    ttl_reply_clear(reply);
    ttl_reply_add_node(reply, TTL_REPLY_ARRAY, peer->queue_count);
    ttl_reply_init(&one, ttl_allocator_libc());
    for (size_t i = 0; i < peer->queue_count; i++) {
        planted_right(server, peer->queue[i], &one);
        ttl_reply_add_copy(reply, &one, 0);
        fault->shift_us += 1000;
    }
    ttl_reply_free(&one);
    fault->shift_us = 0;
}

/* ---- payloads and scripts */

PLANTED_EXECUTE(restore_keeps_deadline) {
    (void)fault;
    bool matters = op.kind == SIM_OP_RESTORE && op.flags & SIM_REPLACE && op.amount == 0;
    int64_t deadline_ms = matters ? planted_deadline(server, op.key) : 0;
    planted_right(server, op, reply);
    if (deadline_ms > 0) planted_arm(server, op.key, deadline_ms);
}
PLANTED_EXECUTE(restore_forgets_time) {
    (void)fault;
    if (op.kind == SIM_OP_RESTORE && op.amount > 0) op.amount = 0;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(restore_ignores_absttl) {
    (void)fault;
    if (op.kind == SIM_OP_RESTORE) op.form = SIM_NO_TIME;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(restore_always_replaces) {
    (void)fault;
    if (op.kind == SIM_OP_RESTORE) op.flags = SIM_REPLACE;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(scripts_see_the_dead) {
    (void)fault;
    server->is_frozen = op.kind == SIM_OP_EVAL && sim_script_of(&op) == SIM_SCRIPT_TAKES;
    planted_right(server, op, reply);
    server->is_frozen = false;
}
PLANTED_EXECUTE(scripts_lose_times) {
    (void)fault;
    planted_right(server, op, reply);
    if (op.kind == SIM_OP_EVAL && sim_script_of(&op) == SIM_SCRIPT_TAKES)
        planted_persist(server, op.key);
}
PLANTED_EXECUTE(stores_keep_deadline) {
    (void)fault;
    bool matters = op.kind >= SIM_OP_SUNIONSTORE && op.kind <= SIM_OP_ZDIFFSTORE;
    int64_t deadline_ms = matters ? planted_deadline(server, op.key) : 0;
    planted_right(server, op, reply);
    if (deadline_ms > 0) planted_arm(server, op.key, deadline_ms);
}

/* ---- subscribers */

/* The last message to anybody, once more. */
PLANTED_EXECUTE(publish_twice) {
    (void)fault;
    planted_right(server, op, reply);
    if (server->push_count == 0 || server->push_count == server->push_capacity) return;
    server->pushes[server->push_count] = server->pushes[server->push_count - 1];
    server->push_count++;
}
PLANTED_EXECUTE(publish_backwards) {
    (void)fault;
    planted_right(server, op, reply);
    for (size_t i = 0; i < server->push_count / 2; i++) {
        sim_push other = server->pushes[server->push_count - 1 - i];
        server->pushes[server->push_count - 1 - i] = server->pushes[i];
        server->pushes[i] = other;
    }
}
static void cycle_publishes_twice(planted *fault, sim_server *server) {
    (void)fault;
    sim_server_engine_cycle(server);
    if (server->push_count == 0 || server->push_count == server->push_capacity) return;
    server->pushes[server->push_count] = server->pushes[server->push_count - 1];
    server->push_count++;
}
static void cycle_publishes_nothing(planted *fault, sim_server *server) {
    (void)fault;
    sim_server_engine_cycle(server);
    server->push_count = 0;
}

/* ---- databases */

PLANTED_EXECUTE(select_does_nothing) {
    (void)fault;
    if (op.kind == SIM_OP_SELECT) op.database = server->database;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(swapdb_does_nothing) {
    (void)fault;
    if (op.kind == SIM_OP_SWAPDB) op.database = 0;
    planted_right(server, op, reply);
}
PLANTED_EXECUTE(swapdb_loses_deadlines) {
    (void)fault;
    planted_right(server, op, reply);
    for (uint8_t i = 0; i < SIM_KEYS && op.kind == SIM_OP_SWAPDB && op.database > 0; i++)
        planted_aside_in(server, 0, (sim_op){.kind = SIM_OP_PERSIST, .key = i});
}
PLANTED_EXECUTE(move_loses_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    bool moved = op.kind == SIM_OP_MOVE && reply->nodes[0].type == TTL_REPLY_INTEGER;
    if (moved && reply->nodes[0].is.integer == 1)
        planted_aside_in(server, op.database, (sim_op){.kind = SIM_OP_PERSIST, .key = op.key});
}
PLANTED_EXECUTE(copy_to_loses_deadline) {
    (void)fault;
    planted_right(server, op, reply);
    bool copied = op.kind == SIM_OP_COPY_TO && reply->nodes[0].type == TTL_REPLY_INTEGER;
    if (copied && reply->nodes[0].is.integer == 1)
        planted_aside_in(server, op.database, (sim_op){.kind = SIM_OP_PERSIST, .key = op.other});
}
PLANTED_EXECUTE(flushall_flushes_one) {
    (void)fault;
    if (op.kind == SIM_OP_FLUSHALL) op.kind = SIM_OP_FLUSHDB;
    planted_right(server, op, reply);
}

/* ---- announcements and the cycle */

static bool swallow_lazy(planted *fault, const ttl_event *event) {
    return fault->in_cycle || event->kind != 'x';
}
static bool swallow_active(planted *fault, const ttl_event *event) {
    return !fault->in_cycle || event->kind != 'x';
}
static bool swallow_hexpired(planted *fault, const ttl_event *event) {
    (void)fault;
    return strcmp(event->name, "hexpired") != 0;
}
PLANTED_EXECUTE(announce_twice) {
    (void)fault;
    planted_right(server, op, reply);
    if (server->announced_count == 0 || op.kind != SIM_OP_GET) return;
    server->announced[server->announced_count] = server->announced[0];
    server->announced_count++;
}
static void cycle_never(planted *fault, sim_server *server) {
    (void)fault, (void)server;
}
static void cycle_early(planted *fault, sim_server *server) {
    fault->shift_us = 1000;
    sim_server_engine_cycle(server);
    fault->shift_us = 0;
}
static void cycle_stops_at_last(planted *fault, sim_server *server) {
    if (fault->count++ < 5) sim_server_engine_cycle(server);
}
static void cycle_in_reverse(planted *fault, sim_server *server) {
    (void)fault;
    sim_server_engine_cycle(server);
    for (size_t i = 0; i < server->announced_count / 2; i++) {
        uint8_t other = server->announced[server->announced_count - 1 - i];
        server->announced[server->announced_count - 1 - i] = server->announced[i];
        server->announced[i] = other;
    }
}
static void cycle_marked(planted *fault, sim_server *server) {
    fault->in_cycle = true;
    sim_server_engine_cycle(server);
    fault->in_cycle = false;
}

/* ---- clocks */

static int64_t clock_of_16_ms(planted *fault, int64_t wall_us) {
    (void)fault;
    return wall_us - wall_us % 16000;
}
static int64_t clock_never_back(planted *fault, int64_t wall_us) {
    if (wall_us > fault->last_us) fault->last_us = wall_us;
    return fault->last_us;
}
static int64_t clock_of_32_bits(planted *fault, int64_t wall_us) {
    (void)fault;
    return wall_us % (INT64_C(1) << 31 << 20);
}

/* ---- log and replica */

static bool change_is(const sim_change *change, const char *word) {
    return ttl_bytes_is_word(change->argv[0], word);
}

static bool change_has_moment(const sim_change *change) {
    return change_is(change, "SET") && change->argc == 5 &&
           ttl_bytes_is_word(change->argv[3], "PXAT");
}

/* Another number in the place of a word. */
static void change_number(sim_change *change, size_t at, int64_t by, int64_t multiple) {
    char digits[24]; /* nothing ends them where they come from */
    snprintf(digits, sizeof digits, "%.*s", (int)change->argv[at].length, change->argv[at].data);
    int64_t number = strtoll(digits, NULL, 10);
    if (number < INT64_MAX - by) number += by;
    number -= number % multiple;
    change->argv[at] = (ttl_bytes){change->room, sim_integer_text(number, change->room)};
}

static bool log_loses_times(planted *fault, sim_change *change) {
    (void)fault;
    if (change_has_moment(change)) change->argc = 3;
    return true;
}
static bool log_loses_persist(planted *fault, sim_change *change) {
    (void)fault;
    return !change_is(change, "PERSIST");
}
static bool log_loses_deletions(planted *fault, sim_change *change) {
    (void)fault;
    return !change_is(change, "DEL") && !change_is(change, "UNLINK");
}
static bool log_loses_claims(planted *fault, sim_change *change) {
    (void)fault;
    return !change_is(change, "XCLAIM");
}
static bool log_loses_dead_fields(planted *fault, sim_change *change) {
    (void)fault;
    return !change_is(change, "HDEL");
}
static bool log_rounds_to_seconds(planted *fault, sim_change *change) {
    (void)fault;
    if (change_is(change, "PEXPIREAT")) change_number(change, 2, 0, 1000);
    return true;
}
static bool log_loses_every_64th(planted *fault, sim_change *change) {
    (void)change;
    return ++fault->count % 64 != 0;
}
static bool apply_without_keepttl(planted *fault, sim_change *change) {
    (void)fault;
    bool keeps = change_is(change, "SET") && change->argc > 3;
    for (size_t i = 3; i < change->argc && keeps; i++)
        if (ttl_bytes_is_word(change->argv[i], "KEEPTTL")) change->argv[i] = ttl_bytes_of("GET");
    return true;
}
static bool apply_no_pexpireat(planted *fault, sim_change *change) {
    (void)fault;
    return !change_is(change, "PEXPIREAT");
}
static bool apply_no_hpexpireat(planted *fault, sim_change *change) {
    (void)fault;
    return !change_is(change, "HPEXPIREAT");
}
static bool apply_one_ms_later(planted *fault, sim_change *change) {
    (void)fault;
    if (change_has_moment(change)) change_number(change, 4, 1, 1);
    return true;
}

const planted_kind planted_kinds[] = {
    {"EXPIRE ignores GT", .execute = ignore_gt},
    {"EXPIRE ignores LT", .execute = ignore_lt},
    {"EXPIRE ignores NX", .execute = ignore_nx},
    {"EXPIRE ignores XX", .execute = ignore_xx},
    {"GT means LT", .execute = swap_gt_and_lt},
    {"SET ignores KEEPTTL", .execute = ignore_keepttl},
    {"SET keeps the deadline", .execute = always_keepttl},
    {"SET ignores XX", .execute = set_ignores_xx},
    {"GETEX ignores PERSIST", .execute = getex_ignores_persist},
    {"COPY always replaces", .execute = copy_always_replaces},
    {"PERSIST does nothing", .execute = persist_does_nothing},
    {"INCR drops the deadline", .execute = incr_drops_deadline},
    {"SETRANGE drops the deadline", .execute = setrange_drops_deadline},
    {"HSET drops the deadline", .execute = hset_drops_deadline},
    {"GETSET keeps the deadline", .execute = getset_keeps_deadline},
    {"MSET keeps the deadline", .execute = mset_keeps_deadline},
    {"RENAME loses the deadline", .execute = rename_loses_deadline},
    {"RENAME keeps its target's", .execute = rename_keeps_targets_deadline},
    {"COPY loses the deadline", .execute = copy_loses_deadline},
    {"HEXPIRE ignores NX", .execute = hexpire_ignores_nx},
    {"COPY loses deadlines of fields", .execute = copy_loses_fields},
    {"GETDEL does not delete", .execute = getdel_does_not_delete},
    {"every 97th deadline is lost", .execute = every_97th_deadline_is_lost, .is_long = true},
    {"PEXPIRE is one ms longer", .execute = pexpire_one_ms_longer},
    {"PEXPIREAT in the past ignored", .execute = past_expireat_is_ignored},
    {"negative PEXPIRE is one ms", .execute = negative_pexpire_is_one_ms},
    {"overflow is clamped", .execute = overflow_is_clamped},
    {"PSETEX takes zero", .execute = psetex_takes_zero},
    {"seconds are 32 bits", .execute = seconds_are_32_bits},
    {"TTL rounds down", .execute = ttl_rounds_down},
    {"PTTL is one less", .execute = pttl_one_less},
    {"PTTL grows", .execute = pttl_grows},
    {"missing is persistent to TTL", .execute = missing_is_persistent},
    {"EXISTS counts the dead", .execute = exists_counts_the_dead},
    {"TYPE sees the dead", .execute = type_sees_the_dead},
    {"a replica shows the dead", .execute = replica_shows_the_dead},
    {"a replica reclaims the dead", .execute = replica_reclaims_the_dead},
    {"SCAN shows the dead", .execute = scan_shows_the_dead},
    {"SCAN leaves one out", .execute = scan_leaves_one_out},
    {"KEYS shows the dead", .execute = keys_shows_the_dead},
    {"RANDOMKEY names the dead", .execute = randomkey_names_the_dead},
    {"WATCH does nothing", .execute = watch_does_nothing},
    {"a death breaks no WATCH", .execute = death_breaks_no_watch},
    {"dead when watched breaks", .execute = dead_when_watched_breaks},
    {"UNWATCH does nothing", .execute = unwatch_does_nothing},
    {"DISCARD executes", .execute = discard_executes},
    {"time moves within EXEC", .execute = time_moves_in_exec},
    {"RESTORE keeps the old deadline", .execute = restore_keeps_deadline},
    {"RESTORE forgets the time", .execute = restore_forgets_time},
    {"RESTORE ignores ABSTTL", .execute = restore_ignores_absttl},
    {"RESTORE always replaces", .execute = restore_always_replaces},
    {"scripts see the dead", .execute = scripts_see_the_dead},
    {"scripts lose times", .execute = scripts_lose_times},
    {"stores keep the deadline", .execute = stores_keep_deadline},
    {"an event is published twice", .execute = publish_twice},
    {"events are published backwards", .execute = publish_backwards},
    {"an expiry is published twice", .cycle = cycle_publishes_twice},
    {"the cycle publishes nothing", .cycle = cycle_publishes_nothing},
    {"SELECT does nothing", .execute = select_does_nothing},
    {"SWAPDB does nothing", .execute = swapdb_does_nothing},
    {"SWAPDB loses deadlines", .execute = swapdb_loses_deadlines},
    {"MOVE loses the deadline", .execute = move_loses_deadline},
    {"COPY DB loses the deadline", .execute = copy_to_loses_deadline},
    {"FLUSHALL flushes only one", .execute = flushall_flushes_one},
    {"SETNX refused by the dead", .execute = setnx_is_refused_by_the_dead},
    {"GET dies one ms early", .execute = get_one_ms_early},
    {"GET dies one ms late", .execute = get_one_ms_late},
    {"XADD drops the deadline", .execute = xadd_drops_deadline},
    {"ZPOPMIN drops the deadline", .execute = zpop_drops_deadline},
    {"SMOVE drops the deadline", .execute = smove_drops_deadline},
    {"HINCRBY drops the field's", .execute = hincrby_drops_field},
    {"bits drop the deadline", .execute = bits_drop_deadline},
    {"PFADD drops the deadline", .execute = pfadd_drops_deadline},
    {"ZINCRBY drops the deadline", .execute = zincrby_drops_deadline},
    {"INCRBYFLOAT drops it, too", .execute = incrbyfloat_drops_deadline},
    {"ZUNION reads only the first", .execute = zunion_forgets_the_second},
    {"sets count the dead", .execute = sets_count_the_dead},
    {"PFCOUNT counts the dead", .execute = pfcount_counts_the_dead},
    {"dead streams have groups", .execute = dead_streams_have_groups},
    {"ids are one ms early", .execute = xadd_one_ms_early},
    {"timeouts are an eighth longer", .execute = waits_too_long},
    {"who waits has one key", .execute = waits_for_one_key},
    {"HGET dies one ms late", .execute = field_one_ms_late},
    {"a dead field takes all along", .execute = hash_dies_with_its_field},
    {"hexpired not announced", .announces = swallow_hexpired},
    {"lazy expiry not announced", .cycle = cycle_marked, .announces = swallow_lazy},
    {"active expiry not announced", .cycle = cycle_marked, .announces = swallow_active},
    {"lazy expiry announced twice", .execute = announce_twice},
    {"the cycle never runs", .cycle = cycle_never},
    {"the cycle stops after five", .cycle = cycle_stops_at_last},
    {"the cycle is one ms early", .cycle = cycle_early},
    {"the cycle goes backwards", .cycle = cycle_in_reverse},
    {"the clock ticks in 16 ms", .now = clock_of_16_ms},
    {"the clock never goes back", .now = clock_never_back},
    {"the clock wraps around", .now = clock_of_32_bits},
    {"the log loses times of SET", .keeps = log_loses_times},
    {"the log loses PERSIST", .keeps = log_loses_persist},
    {"the log loses deletions", .keeps = log_loses_deletions},
    {"the log loses deliveries", .keeps = log_loses_claims},
    {"the log loses dead fields", .keeps = log_loses_dead_fields},
    {"the log rounds to seconds", .keeps = log_rounds_to_seconds},
    {"the log loses every 64th", .keeps = log_loses_every_64th, .is_long = true},
    {"replica ignores KEEPTTL", .applies = apply_without_keepttl},
    {"replica ignores PEXPIREAT", .applies = apply_no_pexpireat},
    {"replica ignores HPEXPIREAT", .applies = apply_no_hpexpireat},
    {"replica adds one ms", .applies = apply_one_ms_later},
};
const size_t planted_count = sizeof planted_kinds / sizeof *planted_kinds;

/* ---- as hooks */

static void planted_begin(void *context) {
    planted *fault = context;
    fault->shift_us = fault->last_us = 0;
    fault->count = 0;
    fault->in_cycle = false;
}
static int64_t planted_now_us(void *context, int64_t wall_us) {
    planted *fault = context;
    int64_t now_us = wall_us + fault->shift_us;
    return fault->kind->now == NULL ? now_us : fault->kind->now(fault, now_us);
}
static void planted_do_execute(void *context, sim_server *server, const sim_op *op,
                               ttl_reply *reply) {
    planted *fault = context;
    /* Faults are in commands that are executed, not in those that wait for EXEC. */
    if (server->is_queued) sim_server_engine_execute(server, op, reply);
    else fault->kind->execute(fault, server, *op, reply);
}
static void planted_do_cycle(void *context, sim_server *server) {
    planted *fault = context;
    fault->kind->cycle(fault, server);
}
static bool planted_do_announces(void *context, const ttl_event *event) {
    planted *fault = context;
    return fault->kind->announces(fault, event);
}
static bool planted_do_keeps(void *context, sim_change *change) {
    planted *fault = context;
    return fault->kind->keeps(fault, change);
}
static bool planted_do_applies(void *context, sim_change *change) {
    planted *fault = context;
    return fault->kind->applies(fault, change);
}

void planted_init(planted *fault, const planted_kind *kind) {
    *fault = (planted){.kind = kind};
    fault->hooks = (sim_hooks){.context = fault,
                               .begin = planted_begin,
                               .now_us = planted_now_us,
                               .execute = kind->execute ? planted_do_execute : NULL,
                               .cycle = kind->cycle ? planted_do_cycle : NULL,
                               .announces = kind->announces ? planted_do_announces : NULL,
                               .keeps = kind->keeps ? planted_do_keeps : NULL,
                               .applies = kind->applies ? planted_do_applies : NULL};
}
