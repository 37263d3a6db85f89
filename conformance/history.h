/* Histories: what was sent to a server and what it answered, with the moments of both.
 *
 *      {"history": "1", "spec": "redis-7.0.15"}
 *      {"on": "a", "sent_us": 0, "received_us": 31, "do": ["SET", "k", "v", "PX", "100"],
 *       "reply": {"status": "OK"}}
 *      {"on": "a", "sent_us": 115200, "received_us": 115229, "do": ["GET", "k"], "reply": "v"}
 *
 * A file of JSON Lines (each object on one line) that anyone can write, from any language:
 * docs/history-format.md. It is what the judge takes.
 *
 * Order. Entries stand in the order of their lines. The commands of one connection were sent in
 * that order, and a server runs and answers them in that order; that they may be pipelined is why
 * a command can be sent before its predecessor was answered. Between connections the lines say
 * nothing: only the moments do. A command ran at one moment between its sending and its reply; one
 * that no reply came to ran at some moment after its sending, or never.
 *
 * A keyspace event that was heard is an entry too: announced at one moment between sent_us, when it
 * had surely not been yet, and received_us, when it was there.
 *
 * Invariants, held by the loader and by history_append alike: sent_us <= received_us; on one
 * connection neither ever goes back, and after a command without a reply none has one; a command
 * has at least its name; moments are from 0 to 2^53.
 * Cost: linear. Ownership: the history owns all that it was given, as copies, until history_free.
 */
#ifndef CONFORMANCE_HISTORY_H
#define CONFORMANCE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conformance/arena.h"
#include "conformance/problem.h"
#include "ttlspec/bytes.h"
#include "ttlspec/reply.h"

/* received_us of a command that no reply came to. */
#define HISTORY_NO_REPLY INT64_C(-1)

typedef struct history_entry {
    size_t connection;   /* index in the history's connections */
    int64_t sent_us;     /* not after the first byte left */
    int64_t received_us; /* not before the last byte came; HISTORY_NO_REPLY */
    size_t argc;         /* at least 1 */
    const ttl_bytes *argv;
    int protocol;    /* 2 or 3: how the reply came */
    ttl_reply reply; /* empty when none came, and of an event */
    bool is_event;   /* a keyspace event that was heard: argv is its name and its key */
    int database;    /* of the event's key */
    int line;        /* in the file; 0: it was not read from one */
} history_entry;

typedef struct history {
    arena arena;
    const char *spec;  /* the dialect the server should be held to; NULL: the file does not say */
    const char *about; /* NULL: the file does not say */
    int64_t rate_ppm;  /* bound on the rate of the clocks; -1: the file does not say */
    size_t connection_count, connection_capacity;
    const char **connections; /* names, in order of first use */
    size_t *last_of;          /* by connection: its last entry */
    size_t count, capacity;
    history_entry *entries;
} history;

/* A history without entries. */
void history_init(history *history);
void history_free(history *history);

/* The index of a connection of this name, which is new if need be. */
size_t history_connection(history *history, const char *name);
/* Adds an entry; arguments and reply are copied. NULL: done. Otherwise what was expected, a
 * sentence that is good for ever, and nothing was added. */
const char *history_append(history *history, const history_entry *entry);

/* Reads a file into an empty history. False: `problems` says where and what was expected; entries
 * without a problem are there all the same. */
bool history_load(history *history, const char *path, problem_list *problems);
/* The same of a text of `length` bytes with a NUL behind them; `file` names it in problems. */
bool history_read(history *history, const char *file, const char *text, size_t length,
                  problem_list *problems);

/* Writes the whole history, one entry a line; what is read back writes the same bytes again. */
void history_write(const history *history, FILE *out);
/* The first line, and one entry: for a recorder that writes while it goes. */
void history_write_head(const history *history, FILE *out);
void history_write_entry(const history *history, const history_entry *entry, FILE *out);

#endif
