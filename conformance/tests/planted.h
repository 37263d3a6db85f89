/* Wrong servers: the reference engine behind a wrapper that bends one thing each.
 *
 * Most are told by a row of a table: which command, and what is done instead of it, before it or
 * after it, to a number in it or to the number it answers. $1, $2, ... are the arguments.
 * The scenario is what a client does to find it: "MS COMMAND | MS COMMAND ..."; "A; B; C" is sent
 * at once; # is the number of the round, @N the server's millisecond plus N, ~N its second plus N.
 */
#ifndef CONFORMANCE_TESTS_PLANTED_H
#define CONFORMANCE_TESTS_PLANTED_H

#include <inttypes.h>

#include "conformance/tests/simulated.h"

typedef struct planted {
    const char *name, *scenario;
    const char *command; /* NULL: the custom one sees every command */
    size_t argc;         /* 0: any */
    const char *instead, *before, *after;
    size_t argument;    /* a number in the command: */
    int64_t add, times; /* times 0: once */
    int64_t reply_add;  /* to positive numbers that are answered */
    const char *ghost;  /* what is answered for a key that is dead: "1", "v", "+string" */
    server_bend *custom;
    int64_t granularity_us, reading_us;
    const char *claims;  /* the dialect; NULL: the usual one */
    const char *made_of; /* the dialect of the engine behind, where it is not the one claimed */
} planted;

/* ---- what wrappers are made of */

static inline void integer_reply(ttl_reply *reply, int64_t integer) {
    ttl_reply_clear(reply);
    ttl_reply_add_integer(reply, integer);
}

static inline bool answers_integer(const ttl_reply *reply) {
    return reply->node_count == 1 && reply->nodes[0].type == TTL_REPLY_INTEGER;
}

static inline int64_t number_in(ttl_bytes word) {
    char text[32] = {0};
    memcpy(text, word.data, word.length < 31 ? word.length : 31);
    return strtoll(text, NULL, 10);
}

/* Fills $1 ... of a template. */
static inline void run_template(simulated_server *server, const char *template,
                                const ttl_bytes *argv, ttl_reply *reply) {
    char text[SIM_TEXT];
    size_t at = 0;
    for (; *template != '\0'; template ++) {
        if (*template != '$') {
            text[at++] = *template;
            continue;
        }
        ttl_bytes word = argv[*++template - '0'];
        memcpy(text + at, word.data, word.length);
        at += word.length;
    }
    text[at] = '\0';
    server_run_text(server, text, reply);
}

/* Runs something aside and tells the integer that it answers. */
static inline int64_t run_aside(simulated_server *server, const char *template,
                                const ttl_bytes *argv) {
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    run_template(server, template, argv, &reply);
    int64_t answer = answers_integer(&reply) ? reply.nodes[0].is.integer : 0;
    ttl_reply_free(&reply);
    return answer;
}

static inline void run_with_number(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                   size_t argument, int64_t number, ttl_reply *reply) {
    ttl_bytes words[SIM_WORDS];
    char text[32];
    memcpy(words, argv, argc * sizeof *words);
    snprintf(text, sizeof text, "%" PRId64, number);
    words[argument] = ttl_bytes_of(text);
    server_run(server, argc, words, reply);
}

static inline bool is_nothing(const ttl_reply *reply) {
    ttl_reply_type type = reply->nodes[0].type;
    bool is_none = type == TTL_REPLY_STATUS && ttl_bytes_is_word(ttl_reply_text(reply, 0), "none");
    return type == TTL_REPLY_NIL || is_none ||
           (type == TTL_REPLY_ARRAY && reply->nodes[0].length == 0) ||
           (type == TTL_REPLY_INTEGER && reply->nodes[0].is.integer <= 0);
}

static inline void ghost_reply(const char *ghost, ttl_reply *reply) {
    if (!is_nothing(reply)) return;
    ttl_reply_clear(reply);
    if (*ghost == '+') ttl_reply_add_status(reply, ghost + 1);
    else if (*ghost == '*') {
        ttl_reply_add_node(reply, TTL_REPLY_ARRAY, 1);
        ttl_reply_add_bulk(reply, ttl_bytes_of(ghost + 1));
    } else if (*ghost == ':') ttl_reply_add_integer(reply, strtoll(ghost + 1, NULL, 10));
    else ttl_reply_add_bulk(reply, ttl_bytes_of(ghost));
}

/* Bends as the row says. */
static inline void bend_by_row(simulated_server *server, size_t argc, const ttl_bytes *argv,
                               ttl_reply *reply) {
    const planted *row = server->fault;
    bool is_meant = row->command == NULL || ttl_bytes_is_word(argv[0], row->command);
    if (!is_meant || (row->argc != 0 && argc != row->argc)) {
        server_run(server, argc, argv, reply);
        return;
    }
    if (row->custom != NULL) {
        row->custom(server, argc, argv, reply);
        return;
    }
    if (row->before != NULL) (void)run_aside(server, row->before, argv);
    if (row->instead != NULL) run_template(server, row->instead, argv, reply);
    else if (row->argument != 0) {
        int64_t times = row->times == 0 ? 1 : row->times;
        int64_t number = number_in(argv[row->argument]) * times + row->add;
        run_with_number(server, argc, argv, row->argument, number, reply);
    } else server_run(server, argc, argv, reply);
    if (row->after != NULL && !is_nothing(reply)) (void)run_aside(server, row->after, argv);
    for (size_t i = 0; i < reply->node_count; i++)
        if (reply->nodes[i].type == TTL_REPLY_INTEGER && reply->nodes[i].is.integer > 0)
            reply->nodes[i].is.integer += row->reply_add;
    if (row->ghost != NULL) ghost_reply(row->ghost, reply);
}

/* ---- those that a row cannot tell */

/* The deadline counts from the whole second of the clock. */
static inline void bend_from_second(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                    ttl_reply *reply) {
    (void)argc;
    int64_t at_ms = (server->wall_us / 1000000 + number_in(argv[2])) * 1000;
    const ttl_bytes words[] = {ttl_bytes_of("PEXPIREAT"), argv[1], ttl_bytes_of("0")};
    run_with_number(server, 3, words, 2, at_ms, reply);
}

/* The deadline counts from when the command before ran. */
static inline void bend_from_last(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                  ttl_reply *reply) {
    int64_t late_ms = server->wall_us / 1000 - server->last_us / 1000;
    run_with_number(server, argc, argv, 2, number_in(argv[2]) - late_ms, reply);
}

static inline void rounded_reply(simulated_server *server, const char *template, int64_t add,
                                 const ttl_bytes *argv, ttl_reply *reply) {
    int64_t ms = run_aside(server, template, argv);
    integer_reply(reply, ms < 0 ? ms : (ms + add) / 1000);
}
static inline void bend_ttl_down(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                 ttl_reply *reply) {
    (void)argc;
    rounded_reply(server, "PTTL $1", 0, argv, reply);
}
static inline void bend_ttl_up(simulated_server *server, size_t argc, const ttl_bytes *argv,
                               ttl_reply *reply) {
    (void)argc;
    rounded_reply(server, "PTTL $1", 999, argv, reply);
}
static inline void bend_moment_down(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                    ttl_reply *reply) {
    (void)argc;
    rounded_reply(server, "PEXPIRETIME $1", 0, argv, reply);
}

/* Dead in the very millisecond of the deadline. */
static inline void bend_dead_at_deadline(simulated_server *server, size_t argc,
                                         const ttl_bytes *argv, ttl_reply *reply) {
    if (argc > 1 && run_aside(server, "PTTL $1", argv) == 0)
        (void)run_aside(server, "DEL $1", argv);
    server_run(server, argc, argv, reply);
}

/* Every read begins the deadline anew. */
static inline void bend_sliding(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                ttl_reply *reply) {
    if (ttl_bytes_is_word(argv[0], "psetex")) server->memo = number_in(argv[2]);
    server_run(server, argc, argv, reply);
    if (!ttl_bytes_is_word(argv[0], "get") || is_nothing(reply)) return;
    char text[64];
    snprintf(text, sizeof text, "PEXPIRE $1 %" PRId64, server->memo);
    (void)run_aside(server, text, argv);
}

/* PTTL tells what was set, not what is left. */
static inline void bend_frozen_pttl(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                    ttl_reply *reply) {
    if (ttl_bytes_is_word(argv[0], "psetex")) server->memo = number_in(argv[2]);
    server_run(server, argc, argv, reply);
    if (ttl_bytes_is_word(argv[0], "pttl") && reply->nodes[0].is.integer > 0)
        integer_reply(reply, server->memo);
}

/* No deadline is a deadline of zero: later than that is any, sooner than that is none. */
static inline void bend_gt_zero(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                ttl_reply *reply) {
    bool is_persistent = run_aside(server, "PTTL $1", argv) == -1;
    if (is_persistent) argc = 3;
    server_run(server, argc, argv, reply);
}
static inline void bend_lt_zero(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                ttl_reply *reply) {
    if (run_aside(server, "PTTL $1", argv) == -1) integer_reply(reply, 0);
    else server_run(server, argc, argv, reply);
}

static inline void deadline_in_tens(simulated_server *server, const ttl_bytes *argv, int64_t add,
                                    ttl_reply *reply) {
    int64_t at_ms = (server->wall_us / 1000 + number_in(argv[2]) + add) / 10 * 10;
    const ttl_bytes words[] = {ttl_bytes_of("PEXPIREAT"), argv[1], ttl_bytes_of("0")};
    run_with_number(server, 3, words, 2, at_ms, reply);
}
static inline void bend_tens_down(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                  ttl_reply *reply) {
    (void)argc;
    deadline_in_tens(server, argv, 0, reply);
}
static inline void bend_tens_up(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                ttl_reply *reply) {
    (void)argc;
    deadline_in_tens(server, argv, 9, reply);
}

/* TIME is five milliseconds ahead of what deadlines are compared with. */
static inline void bend_time_ahead(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                   ttl_reply *reply) {
    server->wall_us += 5000;
    server_run(server, argc, argv, reply);
    server->wall_us -= 5000;
}

/* The key `to` has after the command the deadline that the key `from` had before it. */
static inline void run_with_deadline(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                     ttl_bytes from, ttl_bytes to, ttl_reply *reply) {
    const ttl_bytes keys[] = {ttl_bytes_of(""), from, to};
    char text[64];
    int64_t at_ms = run_aside(server, "PEXPIRETIME $1", keys);
    server_run(server, argc, argv, reply);
    snprintf(text, sizeof text, "PEXPIREAT $2 %" PRId64, at_ms);
    if (at_ms > 0) (void)run_aside(server, text, keys);
}

/* RENAME leaves the deadline of the name that it takes over. */
static inline void bend_rename_keeps(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                     ttl_reply *reply) {
    run_with_deadline(server, argc, argv, argv[2], argv[2], reply);
}

/* Where a search, or SORT, stores: behind STORE or STOREDIST, or first; empty: nowhere. */
static inline ttl_bytes destination_of(size_t argc, const ttl_bytes *argv) {
    if (ttl_bytes_is_word(argv[0], "geosearchstore")) return argv[1];
    for (size_t i = 2; i + 1 < argc; i++)
        if (ttl_bytes_is_word(argv[i], "store") || ttl_bytes_is_word(argv[i], "storedist"))
            return argv[i + 1];
    return ttl_bytes_of("");
}

/* What is stored leaves the deadline of what it takes the place of. */
static inline void bend_store_keeps(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                    ttl_reply *reply) {
    ttl_bytes to = destination_of(argc, argv);
    if (to.length == 0) server_run(server, argc, argv, reply);
    else run_with_deadline(server, argc, argv, to, to, reply);
}

/* What a search stores has the deadline of where it was found. */
static inline void bend_store_inherits(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                       ttl_reply *reply) {
    run_with_deadline(server, argc, argv, argv[2], argv[1], reply);
}

/* GET of SORT finds a value where there is none. */
static inline void bend_sort_gets_dead(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                       ttl_reply *reply) {
    ttl_reply right;
    ttl_reply_init(&right, ttl_allocator_libc());
    server_run(server, argc, argv, &right);
    ttl_reply_add_node(reply, right.nodes[0].type, right.node_count - 1);
    for (size_t i = 1; i < right.node_count; i++) {
        bool is_nil = right.nodes[i].type == TTL_REPLY_NIL;
        ttl_reply_add_bulk(reply, is_nil ? ttl_bytes_of("v") : ttl_reply_text(&right, i));
    }
    ttl_reply_free(&right);
}

/* NX sees a key that is dead: the write is refused for as long as nobody else wrote. */
static inline void bend_nx_sees_dead(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                     ttl_reply *reply) {
    if (ttl_bytes_is_word(argv[0], "setnx")) integer_reply(reply, 0);
    else server_run(server, argc, argv, reply);
}

/* A late EXPIRE is measured from its arrival a while ago: the clock of the event loop is stale. */
static inline void bend_stale_clock(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                    ttl_reply *reply) {
    server->wall_us -= 2000;
    server_run(server, argc, argv, reply);
    server->wall_us += 2000;
}

/* HSET leaves the field the deadline that it had. */
static inline void bend_hset_keeps(simulated_server *server, size_t argc, const ttl_bytes *argv,
                                   ttl_reply *reply) {
    char text[64];
    run_template(server, "HPTTL $1 FIELDS 1 $2", argv, reply);
    bool is_hash = reply->node_count == 2 && reply->nodes[1].type == TTL_REPLY_INTEGER;
    int64_t left = is_hash ? reply->nodes[1].is.integer : -2;
    ttl_reply_clear(reply);
    server_run(server, argc, argv, reply);
    snprintf(text, sizeof text, "HPEXPIRE $1 %" PRId64 " FIELDS 1 $2", left);
    if (left > 0) (void)run_aside(server, text, argv);
}

/* ---- the table */

#define EDGE(set)       "0 " set " | 99.8 GET k# | 101.2 GET k#"
#define FIELD_EDGE(set) "0 " set " | 99.8 HGET k# f | 101.2 HGET k# f"
#define FIELDS          "redis-8.6"

static const planted planted_faults[] = {
    {.name = "PSETEX one ms late",
     .scenario = EDGE("PSETEX k# 100 v"),
     .command = "psetex",
     .argument = 2,
     .add = 1},
    {.name = "PSETEX one ms early",
     .scenario = EDGE("PSETEX k# 100 v"),
     .command = "psetex",
     .argument = 2,
     .add = -1},
    {.name = "SET PX one ms late",
     .scenario = EDGE("SET k# v PX 100"),
     .command = "set",
     .argument = 4,
     .add = 1},
    {.name = "SET PX one ms early",
     .scenario = EDGE("SET k# v PX 100"),
     .command = "set",
     .argument = 4,
     .add = -1},
    {.name = "PEXPIRE one ms late",
     .scenario = EDGE("SET k# v; PEXPIRE k# 100"),
     .command = "pexpire",
     .argument = 2,
     .add = 1},
    {.name = "PEXPIREAT one ms early",
     .scenario =
         "0 SET k# v | 1 TIME | 2 PEXPIREAT k# @100 | 100.2 TIME; GET k#; TIME | 101.2 GET k#",
     .command = "pexpireat",
     .argument = 2,
     .add = -1},
    {.name = "GETEX PX one ms late",
     .scenario = EDGE("SET k# v; GETEX k# PX 100"),
     .command = "getex",
     .argument = 3,
     .add = 1},
    {.name = "dead at its deadline",
     .scenario = "0 PSETEX k# 100 v | 99.8 GET k#",
     .command = "get",
     .custom = bend_dead_at_deadline},
    {.name = "EXPIRE counts from the whole second",
     .scenario = "0 SET k# v; EXPIRE k# 1 | 900 GET k#",
     .command = "expire",
     .custom = bend_from_second},
    {.name = "a second is 1024 ms",
     .scenario = "0 SET k# v; EXPIRE k# 1 | 1010 GET k#",
     .command = "expire",
     .instead = "PEXPIRE $1 1024"},
    {.name = "SETEX takes milliseconds",
     .scenario = "0 SETEX k# 1 v | 100 GET k#",
     .command = "setex",
     .instead = "PSETEX $1 $2 $3"},
    {.name = "PEXPIRE counts from the command before",
     .scenario = "0 SET k# v | 40 PEXPIRE k# 100 | 120 GET k#",
     .command = "pexpire",
     .custom = bend_from_last},
    {.name = "deadline rounded down to 10 ms",
     .scenario = EDGE("SET k# v; PEXPIRE k# 100"),
     .command = "pexpire",
     .custom = bend_tens_down},
    {.name = "deadline rounded up to 10 ms",
     .scenario = EDGE("SET k# v; PEXPIRE k# 100"),
     .command = "pexpire",
     .custom = bend_tens_up},
    {.name = "clock in steps of 10 ms",
     .scenario = "0 PSETEX k# 100 v | 95 PTTL k# | 96 PTTL k# | 97 PTTL k# | 98 PTTL k#",
     .command = "none",
     .granularity_us = 10000},
    {.name = "GET on a clock that is 2 ms old",
     .scenario = "0 PSETEX k# 100 v | 101.3 GET k#",
     .command = "get",
     .custom = bend_stale_clock},
    {.name = "TTL rounded down",
     .scenario = "0 PSETEX k# 2900 v | 100 TTL k#",
     .command = "ttl",
     .custom = bend_ttl_down},
    {.name = "TTL rounded up",
     .scenario = "0 PSETEX k# 2400 v | 100 TTL k#",
     .command = "ttl",
     .custom = bend_ttl_up},
    {.name = "PTTL one too many",
     .scenario = "0 PSETEX k# 100 v | 30.5 PTTL k#",
     .command = "pttl",
     .reply_add = 1},
    {.name = "PTTL one too few",
     .scenario = "0 PSETEX k# 100 v | 30.5 PTTL k#",
     .command = "pttl",
     .reply_add = -1},
    {.name = "PTTL tells what was set",
     .scenario = "0 PSETEX k# 100 v | 30 PTTL k#",
     .custom = bend_frozen_pttl},
    {.name = "EXPIRETIME truncated",
     .scenario = "0 SET k# v PXAT @1900; SET l# v PXAT @2400 | 3 EXPIRETIME k#; EXPIRETIME l#",
     .command = "expiretime",
     .custom = bend_moment_down},
    {.name = "PEXPIRETIME one too many",
     .scenario = "0 TIME | 1 PSETEX k# 100 v | 3 PEXPIRETIME k#; TIME",
     .command = "pexpiretime",
     .reply_add = 1},
    {.name = "TIME 5 ms ahead of deadlines",
     .scenario = "0 TIME | 1 PSETEX k# 100 v | 3 PEXPIRETIME k#",
     .command = "time",
     .custom = bend_time_ahead},
    {.name = "clock read again inside EXEC",
     .scenario = "0 PSETEX k# 100 v | 20 MULTI; PTTL k#; PTTL k#; EXEC",
     .command = "none",
     .reading_us = 600,
     .made_of = "redis-7.0.15"},
    {.name = "GT takes no deadline for zero",
     .scenario = "0 SET k# v | 1 PEXPIRE k# 100 GT | 5 PTTL k#",
     .command = "pexpire",
     .custom = bend_gt_zero},
    {.name = "LT takes no deadline for zero",
     .scenario = "0 SET k# v | 1 PEXPIRE k# 100 LT | 5 PTTL k#",
     .command = "pexpire",
     .custom = bend_lt_zero},
    {.name = "GT ignored",
     .scenario = "0 PSETEX k# 500 v | 5 PEXPIRE k# 100 GT | 9 PTTL k#",
     .command = "pexpire",
     .instead = "PEXPIRE $1 $2"},
    {.name = "LT ignored",
     .scenario = "0 PSETEX k# 50 v | 5 PEXPIRE k# 900 LT | 9 PTTL k#",
     .command = "pexpire",
     .instead = "PEXPIRE $1 $2"},
    {.name = "NX ignored by PEXPIRE",
     .scenario = "0 PSETEX k# 50 v | 5 PEXPIRE k# 900 NX",
     .command = "pexpire",
     .instead = "PEXPIRE $1 $2"},
    {.name = "XX ignored by PEXPIRE",
     .scenario = "0 SET k# v | 5 PEXPIRE k# 900 XX",
     .command = "pexpire",
     .instead = "PEXPIRE $1 $2"},
    {.name = "a past deadline does not delete",
     .scenario = "0 SET k# v | 5 PEXPIRE k# -1 | 9 GET k#",
     .command = "pexpire",
     .instead = "EXISTS $1"},
    {.name = "PEXPIRE 0 waits a millisecond",
     .scenario = "0 SET k# v; PEXPIRE k# 0; GET k#",
     .command = "pexpire",
     .instead = "PEXPIRE $1 1"},
    {.name = "PERSIST ignored",
     .scenario = "0 PSETEX k# 50 v | 5 PERSIST k# | 9 PTTL k#",
     .command = "persist",
     .instead = "EXISTS $1"},
    {.name = "overwrite keeps the old deadline",
     .scenario = "0 PSETEX k# 50 v | 5 SET k# w | 90 GET k#",
     .command = "set",
     .argc = 3,
     .instead = "SET $1 $2 KEEPTTL"},
    {.name = "KEEPTTL ignored",
     .scenario = "0 PSETEX k# 50 v | 5 SET k# w KEEPTTL | 90 GET k#",
     .command = "set",
     .argc = 4,
     .instead = "SET $1 $2"},
    {.name = "GETSET keeps the deadline",
     .scenario = "0 PSETEX k# 50 v | 5 GETSET k# w | 90 GET k#",
     .command = "getset",
     .instead = "SET $1 $2 KEEPTTL GET"},
    {.name = "MSET keeps the deadline",
     .scenario = "0 PSETEX k# 50 v | 5 MSET k# w | 90 GET k#",
     .command = "mset",
     .instead = "SET $1 $2 KEEPTTL"},
    {.name = "GETEX without effect",
     .scenario = "0 PSETEX k# 50 v | 5 GETEX k# PX 500 | 90 GET k#",
     .command = "getex",
     .instead = "GET $1"},
    {.name = "GETEX PERSIST ignored",
     .scenario = "0 PSETEX k# 50 v | 5 GETEX k# PERSIST | 90 GET k#",
     .command = "getex",
     .instead = "GET $1"},
    {.name = "GETDEL leaves the key",
     .scenario = "0 PSETEX k# 500 v | 5 GETDEL k# | 9 GET k#",
     .command = "getdel",
     .instead = "GET $1"},
    {.name = "APPEND drops the deadline",
     .scenario = "0 PSETEX k# 50 v | 5 APPEND k# w | 90 GET k#",
     .command = "append",
     .after = "PERSIST $1"},
    {.name = "INCR drops the deadline",
     .scenario = "0 SET k# 1 PX 50 | 5 INCR k# | 90 GET k#",
     .command = "incr",
     .after = "PERSIST $1"},
    {.name = "SETRANGE drops the deadline",
     .scenario = "0 PSETEX k# 50 v | 5 SETRANGE k# 1 w | 90 GET k#",
     .command = "setrange",
     .after = "PERSIST $1"},
    {.name = "SETBIT drops the deadline",
     .scenario = "0 PSETEX k# 50 v | 5 SETBIT k# 1 0 | 90 EXISTS k#",
     .command = "setbit",
     .after = "PERSIST $1"},
    {.name = "BITFIELD drops the deadline",
     .scenario = "0 PSETEX k# 50 v | 5 BITFIELD k# SET u8 0 1 | 90 BITCOUNT k#",
     .command = "bitfield",
     .after = "PERSIST $1"},
    {.name = "LPUSH drops the deadline",
     .scenario = "0 LPUSH k# a; PEXPIRE k# 50 | 5 LPUSH k# b | 90 LLEN k#",
     .command = "lpush",
     .after = "PERSIST $1"},
    {.name = "HSET drops the deadline",
     .scenario = "0 HSET k# f v; PEXPIRE k# 50 | 5 HSET k# g w | 90 HLEN k#",
     .command = "hset",
     .after = "PERSIST $1"},
    {.name = "RENAME drops the deadline",
     .scenario = "0 PSETEX k# 50 v | 5 RENAME k# l# | 90 GET l#",
     .command = "rename",
     .after = "PERSIST $2"},
    {.name = "RENAME leaves the deadline of the other",
     .scenario = "0 PSETEX l# 50 v; SET k# w | 5 RENAME k# l# | 90 GET l#",
     .command = "rename",
     .custom = bend_rename_keeps},
    {.name = "COPY drops the deadline",
     .scenario = "0 PSETEX k# 50 v | 5 COPY k# l# | 90 GET l#",
     .command = "copy",
     .after = "PERSIST $2"},
    {.name = "RENAMENX drops the deadline",
     .scenario = "0 PSETEX l# 50 v | 5 RENAMENX l# m# | 90 GET m#",
     .command = "renamenx",
     .after = "PERSIST $2"},
    {.name = "reads begin the deadline anew",
     .scenario = "0 PSETEX k# 100 v | 60 GET k# | 130 GET k#",
     .custom = bend_sliding},
    {.name = "EXISTS counts the dead",
     .scenario = "0 PSETEX k# 20 v | 50 EXISTS k#",
     .command = "exists",
     .ghost = ":1"},
    {.name = "GET reads the dead",
     .scenario = "0 PSETEX k# 20 v | 50 GET k#",
     .command = "get",
     .ghost = "v"},
    {.name = "TYPE knows the dead",
     .scenario = "0 PSETEX k# 20 v | 50 TYPE k#",
     .command = "type",
     .ghost = "+string"},
    {.name = "STRLEN measures the dead",
     .scenario = "0 PSETEX k# 20 v | 50 STRLEN k#",
     .command = "strlen",
     .ghost = ":1"},
    {.name = "GETBIT reads the dead",
     .scenario = "0 PSETEX k# 20 v | 50 GETBIT k# 1",
     .command = "getbit",
     .ghost = ":1"},
    {.name = "ZRANGEBYSCORE lists the dead",
     .scenario = "0 ZADD k# 1 m; PEXPIRE k# 20 | 50 ZRANGEBYSCORE k# 0 9",
     .command = "zrangebyscore",
     .ghost = "*m"},
    {.name = "ZUNION finds the dead",
     .scenario = "0 ZADD k# 1 m; PEXPIRE k# 20 | 50 ZUNION 1 k#",
     .command = "zunion",
     .ghost = "*m"},
    {.name = "DEL counts the dead",
     .scenario = "0 PSETEX k# 20 v | 50 DEL k#",
     .command = "del",
     .ghost = ":1"},
    {.name = "KEYS lists the dead",
     .scenario = "0 FLUSHALL; PSETEX k 20 v | 50 KEYS *",
     .command = "keys",
     .ghost = "*k"},
    {.name = "RANDOMKEY picks the dead",
     .scenario = "0 FLUSHALL; PSETEX k 20 v | 50 RANDOMKEY",
     .command = "randomkey",
     .ghost = "k"},
    {.name = "DBSIZE counts what never was",
     .scenario = "0 FLUSHALL; PSETEX k 20 v | 5 DBSIZE",
     .command = "dbsize",
     .reply_add = 1},
    {.name = "PTTL is -1 for the dead",
     .scenario = "0 PSETEX k# 20 v | 50 PTTL k#",
     .command = "pttl",
     .ghost = ":-1"},
    {.name = "SETNX is refused by the dead",
     .scenario = "0 PSETEX k# 20 v | 50 SETNX k# w",
     .custom = bend_nx_sees_dead},
    {.name = "XX writes over the dead",
     .scenario = "0 PSETEX k# 20 v | 50 SET k# w XX",
     .command = "set",
     .ghost = "+OK"},
    {.name = "WATCH does not see a death",
     .scenario = "0 PSETEX k# 20 v | 5 WATCH k# | 50 MULTI; PING; EXEC",
     .command = "watch",
     .instead = "UNWATCH"},

    /* ---- deadlines of fields */
    {.name = "SORT sorts the dead",
     .scenario = "0 RPUSH k# 1; PEXPIRE k# 20 | 50 SORT k#",
     .command = "sort",
     .ghost = "*1"},
    {.name = "SORT drops the deadline of the list",
     .scenario = "0 RPUSH k# 1; PEXPIRE k# 50 | 5 SORT k# | 90 EXISTS k#",
     .command = "sort",
     .after = "PERSIST $1"},
    {.name = "GET of SORT reads the dead",
     .scenario = "0 RPUSH k# 1; PSETEX l#:1 20 v | 50 SORT k# GET l#:*",
     .command = "sort",
     .argc = 4,
     .custom = bend_sort_gets_dead},
    {.name = "SORT stores under the old deadline",
     .scenario = "0 RPUSH k# 1; PSETEX l# 50 v | 5 SORT k# STORE l# | 90 EXISTS l#",
     .command = "sort",
     .custom = bend_store_keeps},
    {.name = "GEOADD drops the deadline",
     .scenario = "0 GEOADD k# 13 38 p; PEXPIRE k# 50 | 5 GEOADD k# 15 37 q | 90 EXISTS k#",
     .command = "geoadd",
     .after = "PERSIST $1"},
    {.name = "GEODIST measures the dead",
     .scenario = "0 GEOADD k# 13 38 p; PEXPIRE k# 20 | 50 GEODIST k# p p",
     .command = "geodist",
     .ghost = "0.0000"},
    {.name = "GEOSEARCH finds the dead",
     .scenario = "0 GEOADD k# 13 38 p; PEXPIRE k# 20 | 50 GEOSEARCH k# FROMLONLAT 13 38 BYRADIUS "
                 "9 km",
     .command = "geosearch",
     .ghost = "*p"},
    {.name = "GEORADIUS drops the deadline",
     .scenario = "0 GEOADD k# 13 38 p; PEXPIRE k# 50 | 5 GEORADIUS k# 13 38 9 km | 90 EXISTS k#",
     .command = "georadius",
     .after = "PERSIST $1"},
    {.name = "GEORADIUS stores under the old deadline",
     .scenario = "0 GEOADD k# 13 38 p; PSETEX l# 50 v | 5 GEORADIUS k# 13 38 9 km STORE l# | "
                 "90 EXISTS l#",
     .command = "georadius",
     .custom = bend_store_keeps},
    {.name = "GEOSEARCHSTORE stores under the old deadline",
     .scenario = "0 GEOADD k# 13 38 p; PSETEX l# 50 v | 5 GEOSEARCHSTORE l# k# FROMMEMBER p "
                 "BYRADIUS 9 km | 90 EXISTS l#",
     .command = "geosearchstore",
     .custom = bend_store_keeps},
    {.name = "GEOSEARCHSTORE takes the deadline over",
     .scenario = "0 GEOADD k# 13 38 p; PEXPIRE k# 50 | 5 GEOSEARCHSTORE l# k# FROMMEMBER p "
                 "BYRADIUS 9 km | 90 EXISTS l#",
     .command = "geosearchstore",
     .custom = bend_store_inherits},
    {.name = "HPEXPIRE one ms late",
     .scenario = FIELD_EDGE("HSET k# f v; HPEXPIRE k# 100 FIELDS 1 f"),
     .command = "hpexpire",
     .argument = 2,
     .add = 1,
     .claims = FIELDS},
    {.name = "HGETEX PX one ms late",
     .scenario = FIELD_EDGE("HSET k# f v; HGETEX k# PX 100 FIELDS 1 f"),
     .command = "hgetex",
     .argument = 3,
     .add = 1,
     .claims = FIELDS},
    {.name = "HSETEX PX one ms late",
     .scenario = FIELD_EDGE("HSETEX k# PX 100 FIELDS 1 f v"),
     .command = "hsetex",
     .argument = 3,
     .add = 1,
     .claims = FIELDS},
    {.name = "HEXPIRE takes milliseconds",
     .scenario = "0 HSET k# f v; HEXPIRE k# 1 FIELDS 1 f | 100 HGET k# f",
     .command = "hexpire",
     .argc = 6,
     .instead = "HPEXPIRE $1 $2 $3 $4 $5",
     .claims = FIELDS},
    {.name = "HPTTL one too many",
     .scenario = "0 HSETEX k# PX 100 FIELDS 1 f v | 30.5 HPTTL k# FIELDS 1 f",
     .command = "hpttl",
     .reply_add = 1,
     .claims = FIELDS},
    {.name = "HTTL rounded down",
     .scenario = "0 HSETEX k# PX 2400 FIELDS 1 f v | 100 HTTL k# FIELDS 1 f",
     .command = "httl",
     .reply_add = -1,
     .claims = FIELDS},
    {.name = "HPERSIST leaves a deadline",
     .scenario = "0 HSETEX k# PX 50 FIELDS 1 f v | 5 HPERSIST k# FIELDS 1 f | 90 HGET k# f",
     .command = "hpersist",
     .argc = 5,
     .after = "HPEXPIRE $1 50 FIELDS 1 $4",
     .claims = FIELDS},
    {.name = "HSET keeps the deadline of the field",
     .scenario = "0 HSETEX k# PX 50 FIELDS 1 f v | 5 HSET k# f w | 90 HGET k# f",
     .command = "hset",
     .custom = bend_hset_keeps,
     .claims = FIELDS},
    {.name = "HINCRBY drops the deadline of the field",
     .scenario = "0 HSETEX k# PX 50 FIELDS 1 f 1 | 5 HINCRBY k# f 1 | 90 HGET k# f",
     .command = "hincrby",
     .after = "HPERSIST $1 FIELDS 1 $2",
     .claims = FIELDS},
    {.name = "HINCRBYFLOAT drops the deadline of the field",
     .scenario = "0 HSETEX k# PX 50 FIELDS 1 f 1 | 5 HINCRBYFLOAT k# f 1.5 | 90 HGET k# f",
     .command = "hincrbyfloat",
     .after = "HPERSIST $1 FIELDS 1 $2",
     .claims = FIELDS},
    {.name = "NX ignored by HPEXPIRE",
     .scenario = "0 HSETEX k# PX 50000 FIELDS 1 f v | 5 HPEXPIRE k# 900 NX FIELDS 1 f",
     .command = "hpexpire",
     .argc = 7,
     .instead = "HPEXPIRE $1 $2 $4 $5 $6",
     .claims = FIELDS},
    {.name = "GT of HPEXPIRE takes no deadline for zero",
     .scenario = "0 HSET k# f v | 5 HPEXPIRE k# 900 GT FIELDS 1 f",
     .command = "hpexpire",
     .argc = 7,
     .instead = "HPEXPIRE $1 $2 $4 $5 $6",
     .claims = FIELDS},
    {.name = "a past deadline does not delete the field",
     .scenario = "0 HSET k# f v | 5 HPEXPIRE k# 0 FIELDS 1 f | 9 HGET k# f",
     .command = "hpexpire",
     .after = "HSET $1 $5 v",
     .claims = FIELDS},
    {.name = "HPEXPIRE arms the key as well",
     .scenario = "0 HSET k# f v g w; HPEXPIRE k# 50 FIELDS 1 f | 100 HGET k# g",
     .command = "hpexpire",
     .argc = 6,
     .after = "PEXPIRE $1 $2",
     .claims = FIELDS},
    {.name = "RENAME drops the deadline of the field",
     .scenario = "0 HSETEX k# PX 50 FIELDS 1 f v | 5 RENAME k# l# | 90 HGET l# f",
     .command = "rename",
     .after = "HPERSIST $2 FIELDS 1 f",
     .claims = FIELDS},
    {.name = "COPY drops the deadline of the field",
     .scenario = "0 HSETEX k# PX 50 FIELDS 1 f v | 5 COPY k# l# | 90 HGET l# f",
     .command = "copy",
     .after = "HPERSIST $2 FIELDS 1 f",
     .claims = FIELDS},
    {.name = "HGET reads the dead",
     .scenario = "0 HSETEX k# PX 20 FIELDS 1 f v | 50 HGET k# f",
     .command = "hget",
     .ghost = "v",
     .claims = FIELDS},
    {.name = "HEXISTS counts the dead",
     .scenario = "0 HSETEX k# PX 20 FIELDS 1 f v | 50 HEXISTS k# f",
     .command = "hexists",
     .ghost = ":1",
     .claims = FIELDS},
    {.name = "HGETEX without effect",
     .scenario = "0 HSETEX k# PX 50 FIELDS 1 f v | 5 HGETEX k# PX 500 FIELDS 1 f | 90 HGET k# f",
     .command = "hgetex",
     .argc = 7,
     .instead = "HGETEX $1 $4 $5 $6",
     .claims = FIELDS},
    {.name = "HSETEX ignores KEEPTTL",
     .scenario = "0 HSETEX k# PX 50 FIELDS 1 f v | 5 HSETEX k# KEEPTTL FIELDS 1 f w | 90 HGET k# f",
     .command = "hsetex",
     .argc = 7,
     .instead = "HSETEX $1 $3 $4 $5 $6",
     .claims = FIELDS},
    {.name = "HGETDEL leaves the field",
     .scenario = "0 HSETEX k# PX 500 FIELDS 1 f v | 5 HGETDEL k# FIELDS 1 f | 9 HGET k# f",
     .command = "hgetdel",
     .argc = 5,
     .instead = "HGETEX $1 $2 $3 $4",
     .claims = FIELDS},

    /* ---- streams, and what changes collections in place */
    {.name = "XCLAIM one ms early",
     .scenario = "0 XADD k# 1-1 f v; XGROUP CREATE k# g 0; XREADGROUP GROUP g c STREAMS k# > | "
                 "98.9 XCLAIM k# g d 100 1-1 JUSTID",
     .command = "xclaim",
     .argument = 4,
     .add = -1},
    {.name = "XCLAIM one ms late",
     .scenario = "0 XADD k# 1-1 f v; XGROUP CREATE k# g 0; XREADGROUP GROUP g c STREAMS k# > | "
                 "100.1 XCLAIM k# g d 100 1-1 JUSTID",
     .command = "xclaim",
     .argument = 4,
     .add = 1},
    {.name = "XAUTOCLAIM one ms early",
     .scenario = "0 XADD k# 1-1 f v; XGROUP CREATE k# g 0; XREADGROUP GROUP g c STREAMS k# > | "
                 "98.9 XAUTOCLAIM k# g d 100 0 JUSTID",
     .command = "xautoclaim",
     .argument = 4,
     .add = -1},
    {.name = "XCLAIM leaves an entry idle",
     .scenario = "0 XADD k# 1-1 f v; XGROUP CREATE k# g 0; XREADGROUP GROUP g c STREAMS k# > | 60 "
                 "XCLAIM k# g d 0 1-1 JUSTID | 65 XCLAIM k# g e 50 1-1 JUSTID",
     .command = "xclaim",
     .argc = 7,
     .instead = "XCLAIM $1 $2 $3 $4 $5 $6 IDLE 60"},
    {.name = "XREADGROUP acknowledges",
     .scenario = "0 XADD k# 1-1 f v; XGROUP CREATE k# g 0; XREADGROUP GROUP g c STREAMS k# > | 20 "
                 "XPENDING k# g",
     .command = "xreadgroup",
     .after = "XACK $5 $2 1-1"},
    {.name = "XADD drops the deadline",
     .scenario = "0 XADD k# 1-1 f v; PEXPIRE k# 50; XADD k# 2-1 f v | 90 XLEN k#",
     .command = "xadd",
     .after = "PERSIST $1"},
    {.name = "LTRIM drops the deadline",
     .scenario = "0 RPUSH k# a b; PEXPIRE k# 50; LTRIM k# 0 0 | 90 LLEN k#",
     .command = "ltrim",
     .after = "PERSIST $1"},
    {.name = "SMOVE drops the deadline",
     .scenario = "0 SADD k# a b; PEXPIRE k# 50; SMOVE k# x# a | 90 SCARD k#",
     .command = "smove",
     .after = "PERSIST $1"},
};
enum { PLANTED_FAULTS = sizeof planted_faults / sizeof *planted_faults };

#endif
