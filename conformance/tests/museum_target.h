/* A wrong server: the reference engine behind a wrapper that commits one planted fault.
 *
 *      vector --> [ wrapper: bends the command or its reply ] --> target "engine"
 *                        `- a session of its own, to look at keys without being seen
 *
 * Before a replica stands a wrapper of its own, which commits the faults that are a replica's.
 *
 * What a row of the table can say is in `museum_fault`. Templates are commands with blanks between
 * their words and semicolons between them; $1, $2, ... stand for the arguments.
 * Replies are written short: 7, v, nil, +OK, -ERR ..., [a b].
 * What does not fit into the room for that is not bent. The arguments that a bend sees are filled
 * up with empty ones, so it may look at more than a client sent.
 * Ownership: the wrapper owns the target behind it.
 */
#ifndef CONFORMANCE_TESTS_MUSEUM_TARGET_H
#define CONFORMANCE_TESTS_MUSEUM_TARGET_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/target.h"

enum { MUSEUM_WORDS = 16, MUSEUM_TEXT = 512, MUSEUM_TEXT_MOST = MUSEUM_TEXT - 64 };

/* In which state the first key must be. */
typedef enum museum_when {
    WHEN_ANY,
    WHEN_GONE,
    WHEN_PERSISTENT,
    WHEN_VOLATILE,
} museum_when;

typedef struct museum_target museum_target;
typedef bool museum_bend(museum_target *self, size_t connection, size_t argc, const ttl_bytes *argv,
                         ttl_reply *reply);

typedef struct museum_fault {
    const char *vectors;  /* which of them must catch it: a glob */
    const char *shows;    /* how: "TTL -1", the step that fails and what it answers. "* ..." is any
                           * command, "... x*" whatever begins with x; "events": those differ;
                           * "APPEND broken": the connection is lost */
    const char *commands; /* whom it is about, with blanks in between; NULL: the bend alone */
    /* It is committed only when all of these hold: */
    const char *having; /* this word is among the arguments */
    size_t argc;        /* so many words; 0: any */
    museum_when when;
    size_t argument; /* the number in this argument ... */
    int64_t above;   /* ... is above this, or 0 */
    int64_t below;   /* ... is below this, or 0 */
    size_t name_above;
    /* What is done: */
    int64_t add; /* to that number */
    const char *before, *instead, *after;
    const char *answer;  /* this, whatever the engine said */
    size_t keeps;        /* the key of this argument has the deadline that it had before */
    bool revives;        /* keys that died are there for the command, with their last value ... */
    bool buries;         /* ... and not after it */
    bool breaks;         /* the connection is lost */
    bool freezes;        /* the clock stands still */
    const char *mutes;   /* this event is not announced */
    bool on_replica;     /* it is the replica that does so, and to whom these commands are sent */
    const char *there;   /* done on the replica after the command */
    const char *reloads; /* done to the last key that all this held for, after a restart */
    int64_t summer_ms;   /* from then on the clock is an hour ahead */
    museum_bend *bend;   /* sees every command that passes the conditions, and runs it */
    const char *dialect; /* NULL: the usual one */
} museum_fault;

struct museum_target {
    target base;
    target *inner;
    const museum_fault *fault;
    size_t own;             /* the wrapper's own session */
    museum_target *replica; /* the wrapper before the replica */
    bool is_replica;
    int64_t now_ms;
    int64_t memo;          /* what a bend has to remember; 0 at the beginning of a turn */
    ttl_reply answer;      /* of a command that was sent; pending: the engine has it */
    char key[MUSEUM_TEXT]; /* of the last command that it was committed to, for `reloads` */
};

/* ---- running things */

static inline bool museum_run(museum_target *self, size_t connection, size_t argc,
                              const ttl_bytes *argv, ttl_reply *reply) {
    target_moments moments;
    char error[TARGET_ERROR_SIZE];
    return target_execute(self->inner, connection, argc, argv, reply, &moments, error);
}

/* Runs the commands of a template; `reply` is the last one's. */
static inline bool museum_do(museum_target *self, size_t connection, const char *template,
                             const ttl_bytes *argv, ttl_reply *reply) {
    char text[MUSEUM_TEXT];
    size_t length = 0, count = 0;
    ttl_bytes words[MUSEUM_WORDS] = {{text, 0}};
    for (const char *at = template;; at++) {
        if (*at == '$') {
            ttl_bytes word = argv[*++at - '0'];
            memcpy(text + length, word.data, word.length);
            length += word.length;
            words[count].length += word.length;
        } else if (*at != ' ' && *at != ';' && *at != '\0') {
            text[length++] = *at;
            words[count].length++;
        } else {
            if (words[count].length > 0) count++;
            words[count] = (ttl_bytes){text + length, 0};
            if (*at == ' ') continue;
            if (!museum_run(self, connection, count, words, reply)) return false;
            if (*at == '\0') return true;
            words[count = 0] = (ttl_bytes){text + length, 0};
        }
    }
}

/* Asks aside, in the database 0, for an integer. */
static inline int64_t museum_ask(museum_target *self, const char *template, const ttl_bytes *argv) {
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    museum_do(self, self->own, template, argv, &reply);
    bool is_integer = reply.node_count == 1 && reply.nodes[0].type == TTL_REPLY_INTEGER;
    int64_t answer = is_integer ? reply.nodes[0].is.integer : 0;
    ttl_reply_free(&reply);
    return answer;
}

/* Does it for every key of a database, as $1. */
static inline void museum_each(museum_target *self, const char *database, const char *template) {
    ttl_reply keys;
    ttl_reply_init(&keys, ttl_allocator_libc());
    ttl_bytes argv[] = {ttl_bytes_of("SELECT"), ttl_bytes_of(database)};
    museum_do(self, self->own, "SELECT $1; KEYS *", argv, &keys);
    for (size_t i = 1; i < keys.node_count; i++) {
        ttl_bytes words[] = {argv[0], ttl_reply_text(&keys, i)};
        museum_ask(self, template, words);
    }
    museum_ask(self, "SELECT 0", argv);
    ttl_reply_free(&keys);
}

static inline int64_t museum_number(ttl_bytes word) {
    char text[32] = {0};
    memcpy(text, word.data, word.length < 31 ? word.length : 31);
    return strtoll(text, NULL, 10);
}

static inline void museum_answer(const char *answer, ttl_reply *reply) {
    ttl_reply_clear(reply);
    if (*answer == '+') ttl_reply_add_status(reply, answer + 1);
    else if (*answer == '-') ttl_reply_add_error(reply, answer + 1);
    else if (*answer == ':') ttl_reply_add_integer(reply, strtoll(answer + 1, NULL, 10));
    else if (strcmp(answer, "nil") == 0) ttl_reply_add_nil(reply);
    else ttl_reply_add_bulk(reply, ttl_bytes_of(answer));
}

/* ---- the dead: the last value of every key lies in database 15, from where it may come back */

static inline void museum_remember_dead(museum_target *self, size_t argc, const ttl_bytes *argv) {
    if (argc < 2 || museum_ask(self, "COPY $1 $1 DB 15 REPLACE", argv) != 1) return;
    museum_ask(self, "SELECT 15; PERSIST $1; PEXPIRE $1 3600000; SELECT 0", argv);
}

/* True: the first argument is a key that came back. Without a key all of them do. */
static inline bool museum_revive(museum_target *self, size_t argc, const ttl_bytes *argv) {
    bool is_of_key = argc > 1 && museum_ask(self, "SELECT 15; EXISTS $1", argv) == 1;
    bool is_back = is_of_key && museum_ask(self, "COPY $1 $1 DB 0", argv) == 1;
    if (!is_of_key) museum_each(self, "15", "COPY $1 $1 DB 0");
    museum_ask(self, "SELECT 0", argv);
    return is_back;
}

/* ---- committing the fault */

static inline bool museum_names(const char *names, ttl_bytes command) {
    char name[32];
    int length;
    for (; sscanf(names, " %31s%n", name, &length) == 1; names += length)
        if (ttl_bytes_is_word(command, name)) return true;
    return false;
}

static inline bool museum_holds(museum_target *self, size_t argc, const ttl_bytes *argv) {
    const museum_fault *fault = self->fault;
    if (fault->on_replica != self->is_replica) return false;
    if (fault->commands != NULL && !museum_names(fault->commands, argv[0])) return false;
    if (fault->argc != 0 && argc != fault->argc) return false;
    if (fault->name_above != 0 && argv[1].length <= fault->name_above) return false;
    if (fault->having != NULL) {
        size_t at = 1;
        while (at < argc && !ttl_bytes_is_word(argv[at], fault->having)) at++;
        if (at == argc) return false;
    }
    if (fault->argument >= argc) return false;
    int64_t number = museum_number(argv[fault->argument]);
    if (fault->above != 0 && number <= fault->above) return false;
    if (fault->below != 0 && number >= fault->below) return false;
    if (fault->when == WHEN_ANY) return true;
    int64_t left = museum_ask(self, "PTTL $1", argv);
    if (fault->when == WHEN_GONE) return left == -2;
    return fault->when == WHEN_PERSISTENT ? left == -1 : left >= 0;
}

static inline bool museum_bent(museum_target *self, size_t connection, size_t argc,
                               const ttl_bytes *argv, ttl_reply *reply) {
    const museum_fault *fault = self->fault;
    ttl_bytes words[MUSEUM_WORDS];
    char number[32];
    if (fault->bend != NULL) return fault->bend(self, connection, argc, argv, reply);
    if (fault->breaks) return false;
    bool revived = fault->revives && museum_revive(self, argc, argv);
    int64_t kept = -1;
    if (fault->keeps != 0) kept = museum_ask(self, "PTTL $1", argv + fault->keeps - 1);
    bool works = true;
    memcpy(words, argv, argc * sizeof *words);
    if (fault->add != 0) {
        snprintf(number, sizeof number, "%" PRId64,
                 museum_number(argv[fault->argument]) + fault->add);
        words[fault->argument] = ttl_bytes_of(number);
    }
    if (fault->before != NULL) works = museum_do(self, connection, fault->before, argv, reply);
    if (fault->instead != NULL)
        works = works && museum_do(self, connection, fault->instead, argv, reply);
    else works = works && museum_run(self, connection, argc, words, reply);
    if (fault->after != NULL) museum_ask(self, fault->after, argv);
    if (kept >= 0) {
        snprintf(number, sizeof number, "PEXPIRE $1 %" PRId64, kept);
        museum_ask(self, number, argv + fault->keeps - 1);
    }
    if (revived && fault->buries) museum_ask(self, "DEL $1", argv);
    if (fault->answer != NULL) museum_answer(fault->answer, reply);
    return works;
}

static inline void museum_do_there(museum_target *self, const ttl_bytes *argv) {
    museum_ask(self->replica, "CONFIG SET replica-read-only no", argv);
    museum_ask(self->replica, self->fault->there, argv);
    museum_ask(self->replica, "CONFIG SET replica-read-only yes", argv);
}

static inline bool museum_fits(size_t argc, const ttl_bytes *argv) {
    size_t length = 0;
    for (size_t i = 0; i < argc; i++) length += argv[i].length + 1;
    return argc <= MUSEUM_WORDS && length <= MUSEUM_TEXT_MOST;
}

static inline bool museum_execute(target *base, size_t connection, size_t argc,
                                  const ttl_bytes *argv, ttl_reply *reply, target_moments *moments,
                                  char *error) {
    museum_target *self = (museum_target *)base;
    moments->sent_us = moments->received_us = self->now_ms * 1000;
    ttl_bytes words[MUSEUM_WORDS];
    for (size_t i = 0; i < MUSEUM_WORDS; i++) words[i] = i < argc ? argv[i] : ttl_bytes_of("");
    bool fits = museum_fits(argc, argv), is_meant = fits && museum_holds(self, argc, words);
    bool works = is_meant ? museum_bent(self, connection, argc, words, reply)
                          : museum_run(self, connection, argc, argv, reply);
    if (!works) snprintf(error, TARGET_ERROR_SIZE, "the server closed the connection");
    bool has_there = self->fault->there != NULL && self->replica != NULL;
    if (is_meant && has_there) museum_do_there(self, words);
    if (self->fault->revives && fits) museum_remember_dead(self, argc, argv);
    if (is_meant && self->fault->reloads != NULL) {
        memcpy(self->key, words[1].data, words[1].length);
        self->key[words[1].length] = '\0';
    }
    base->protocols[connection] = self->inner->protocols[connection];
    return works;
}

static inline bool museum_send(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                               int64_t *sent_us, char *error) {
    museum_target *self = (museum_target *)base;
    target_moments moments;
    *sent_us = self->now_ms * 1000;
    return museum_execute(base, connection, argc, argv, &self->answer, &moments, error);
}

static inline bool museum_await(target *base, size_t connection, bool must_come, ttl_reply *reply,
                                target_moments *moments, char *error) {
    museum_target *self = (museum_target *)base;
    bool is_here = self->answer.node_count > 0 && self->answer.nodes[0].type != TTL_REPLY_PENDING;
    if (!is_here)
        return self->inner->await(self->inner, connection, must_come, reply, moments, error);
    moments->sent_us = moments->received_us = self->now_ms * 1000;
    ttl_reply_clear(reply);
    ttl_reply_add_copy(reply, &self->answer, 0);
    ttl_reply_clear(&self->answer);
    return true;
}

/* ---- the target */

static inline void museum_begin_state(museum_target *self, size_t own) {
    target *base = &self->base;
    self->own = own;
    self->memo = self->now_ms = 0;
    ttl_reply_clear(&self->answer);
    self->key[0] = '\0';
    base->t0_ms = self->inner->t0_ms;
    memcpy(base->protocols, self->inner->protocols, sizeof base->protocols);
}

/* A wrapper of what the turn opened. */
static inline void museum_begin_replica(museum_target *self) {
    museum_target *replica = malloc(sizeof *replica);
    if (replica == NULL) abort();
    target *inner = self->inner->replica;
    *replica =
        (museum_target){.base = *inner, .inner = inner, .fault = self->fault, .is_replica = true};
    replica->base.operations = self->base.operations;
    replica->base.send = self->base.send;
    replica->base.await = self->base.await;
    ttl_reply_init(&replica->answer, ttl_allocator_libc());
    museum_begin_state(replica, self->own);
    self->replica = replica;
    self->base.replica = &replica->base;
}

static inline bool museum_begin(target *base, const target_turn *turn, char *error) {
    museum_target *self = (museum_target *)base;
    target_turn more = *turn, of_replica;
    size_t own = more.connection_count++;
    if (turn->replica != NULL) {
        of_replica = *turn->replica;
        of_replica.connection_count++;
        more.replica = &of_replica;
    }
    bool begun = target_begin(self->inner, &more, error);
    museum_begin_state(self, own);
    if (begun && turn->replica != NULL) museum_begin_replica(self);
    return begun;
}

static inline bool museum_synchronise(target *base, char *error) {
    target *inner = ((museum_target *)base)->inner;
    return inner->synchronise(inner, error);
}

static inline bool museum_resync(target *base, char *error) {
    target *inner = ((museum_target *)base)->inner;
    return inner->resync(inner, error);
}

static inline bool museum_promote(target *base, char *error) {
    target *inner = ((museum_target *)base)->inner;
    return inner->promote(inner, error);
}

static inline int64_t museum_clock_ms(const museum_target *self, int64_t at_ms) {
    bool is_summer = self->fault->summer_ms != 0 && at_ms >= self->fault->summer_ms;
    return is_summer ? at_ms + 3600000 : at_ms;
}

static inline bool museum_wait(target *base, int64_t at_ms) {
    museum_target *self = (museum_target *)base;
    self->now_ms = at_ms;
    return self->fault->freezes || target_wait(self->inner, museum_clock_ms(self, at_ms));
}

static inline bool museum_run_clock(target *base, int64_t at_ms, int64_t rate, char *error) {
    museum_target *self = (museum_target *)base;
    self->now_ms = at_ms;
    return self->inner->run_clock(self->inner, museum_clock_ms(self, at_ms), rate, error);
}

static inline bool museum_restart(target *base, vector_action action, int64_t at_ms, char *error) {
    museum_target *self = (museum_target *)base;
    const ttl_bytes words[] = {ttl_bytes_of("RESTART"), ttl_bytes_of(self->key)};
    self->now_ms = at_ms;
    bool works = self->inner->restart(self->inner, action, museum_clock_ms(self, at_ms), error);
    if (!works || self->key[0] == '\0') return works;
    if (self->fault->revives) museum_revive(self, 2, words);
    museum_ask(self, self->fault->reloads, words);
    return true;
}

static inline bool museum_events(target *base, ttl_reply *events, char *error) {
    museum_target *self = (museum_target *)base;
    if (self->fault->mutes == NULL) return target_events(self->inner, events, error);
    ttl_reply all;
    ttl_reply_init(&all, ttl_allocator_libc());
    bool works = target_events(self->inner, &all, error);
    ttl_reply_clear(events);
    ttl_reply_add_node(events, TTL_REPLY_ARRAY, 0);
    size_t heard = 0;
    for (size_t i = 1; i < all.node_count; i = ttl_reply_next(&all, i)) {
        if (ttl_bytes_is_word(ttl_reply_text(&all, i + 1), self->fault->mutes)) continue;
        ttl_reply_add_copy(events, &all, i);
        heard++;
    }
    ttl_reply_set_length(events, 0, heard);
    ttl_reply_free(&all);
    return works;
}

static inline bool museum_settle(target *base, char *error) {
    return target_settle(((museum_target *)base)->inner, error);
}

static inline void museum_end(target *base, size_t key_count, const ttl_bytes *keys) {
    museum_target *self = (museum_target *)base;
    target_end(self->inner, key_count, keys);
    if (self->replica != NULL) ttl_reply_free(&self->replica->answer);
    free(self->replica);
    self->replica = NULL;
    base->replica = NULL;
}

static inline void museum_close(target *base) {
    museum_target *self = (museum_target *)base;
    target_close(self->inner);
    ttl_reply_free(&self->answer);
    free(self);
}

static const target_operations museum_operations = {
    museum_begin,  museum_wait, museum_execute, museum_events,
    museum_settle, museum_end,  museum_close,
};

/* A wrapper around `inner`, which it closes with itself. */
static inline target *museum_open(target *inner, const museum_fault *fault) {
    museum_target *self = malloc(sizeof *self);
    if (self == NULL) abort();
    *self = (museum_target){.base = *inner, .inner = inner, .fault = fault};
    self->base.address = NULL; /* or a crew would pass by what is planted */
    self->base.operations = &museum_operations;
    self->base.restart = museum_restart;
    self->base.run_clock = museum_run_clock;
    self->base.synchronise = museum_synchronise;
    self->base.promote = museum_promote;
    self->base.resync = museum_resync;
    self->base.send = museum_send;
    self->base.await = museum_await;
    ttl_reply_init(&self->answer, ttl_allocator_libc());
    return &self->base;
}

#endif
