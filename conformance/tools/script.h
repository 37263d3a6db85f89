/* Scripts of the differential check: a few commands with moves of the clock between them, made from
 * a grammar of the commands and from the values at which servers differ.
 *
 * Three connections take part: 0 and 1 execute commands; 2 listens to keyspace events and takes the
 * commands of pub/sub.
 *
 * A script is a plain value: it is copied by assignment, and what the generator makes depends on
 * nothing but the seed.
 */
#ifndef TTLSPEC_CONFORMANCE_TOOLS_SCRIPT_H
#define TTLSPEC_CONFORMANCE_TOOLS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ttlspec/bytes.h"

enum {
    STEP_ARGUMENTS_MAX = 20,
    SCRIPT_STEPS_MAX = 48,
    SCRIPT_TEXT_SIZE = 8192,
    SCRIPT_CONNECTIONS = 3,
    CONNECTION_LISTENER = 2,
};

/* Where a right server is free in what it answers. */
typedef enum reply_order {
    ORDER_EXACT,
    ORDER_FREE,       /* the elements come in any order */
    ORDER_FREE_PAIRS, /* as keys and values */
    ORDER_SCAN,       /* a cursor and elements in any order */
    ORDER_DEEP,       /* free at every level */
    ORDER_TYPE_ONLY,  /* the value is the server's own, and what comes after depends on it */
    ORDER_OPAQUE,     /* the value is the server's own */
    ORDER_IDENTITY,   /* HELLO: the connection's id is the server's own */
    ORDER_QUEUED,     /* EXEC: each element as its command says */
} reply_order;

typedef struct diff_step {
    int connection;
    int64_t move_ms; /* of the clock, before the command */
    size_t count;
    uint16_t offset[STEP_ARGUMENTS_MAX], length[STEP_ARGUMENTS_MAX];
} diff_step;

typedef struct diff_script {
    int64_t start_ms; /* virtual time, since the epoch */
    bool listens;     /* connection 2 subscribes to all events first */
    size_t count;
    diff_step steps[SCRIPT_STEPS_MAX];
    size_t text_length;
    char text[SCRIPT_TEXT_SIZE];
} diff_script;

typedef struct diff_generator {
    uint64_t state;
    const char *only; /* a command that every script is to be about; NULL: all in turn */
    size_t turn;
} diff_generator;

/* Makes the next script. */
void script_generate(diff_generator *generator, diff_script *script);
/* An argument of a step as bytes. */
ttl_bytes step_argument(const diff_script *script, const diff_step *step, size_t index);
/* How free a server is in answering this step. */
reply_order step_order(const diff_script *script, const diff_step *step);
/* Prints it on one line: "PSETEX a 10 v; +11 GET a". */
void script_print(const diff_script *script, FILE *file);

#endif
