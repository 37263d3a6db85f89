/* A scenario: a real use of expiry as programs of clients, what must never happen, and within which
 * bounds that is promised. Data; docs/scenario-format.md is the file it is read from.
 *
 *      program:  do SET lock {me} NX PX 1000     promise:  never together in "lock"
 *                enter "lock" until ...          bounds:   latency 0.1 to 20 ms, loss 2 in 100 ...
 *                wait, leave, ...
 *
 * A program is flat: blocks and loops have become jumps, procedures are written out where they are
 * called. Every loop has a bound, so every program ends.
 * Ownership: whoever loaded it owns all of it; here everything is only read.
 */
#ifndef TTLSPEC_SIM_SCENARIO_H
#define TTLSPEC_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ttlspec/dialect.h"

enum {
    SCENARIO_TEXT_SIZE = 64, /* of a value, its NUL included */
    SCENARIO_VARIABLES = 32,
    SCENARIO_ARGUMENTS = 12,
    SCENARIO_CLIENTS = 8,
    SCENARIO_LOOPS = 16,
    SCENARIO_PLACES = 4,
    SCENARIO_PROMISES = 8,
    SCENARIO_OPERANDS = 8,
};

/* ---- values */

typedef enum scenario_value_kind {
    SCENARIO_NIL,
    SCENARIO_INTEGER,
    SCENARIO_TEXT,
    SCENARIO_ERROR, /* an error reply; its text */
    SCENARIO_LOST,  /* no reply came */
} scenario_value_kind;

typedef struct scenario_value {
    scenario_value_kind kind;
    int64_t integer; /* an array's is the number of its elements */
    char text[SCENARIO_TEXT_SIZE];
} scenario_value;

/* The first variables of every client; their values come from the play. */
enum {
    SCENARIO_ME,     /* the client's name: "worker-2" */
    SCENARIO_NUMBER, /* its number among those of its kind, from 1 */
    SCENARIO_NOW,    /* milliseconds of a clock that never jumps */
    SCENARIO_WALL,   /* milliseconds since the epoch, as the client's wall clock shows them */
    SCENARIO_BUILT_IN,
};

/* ---- texts and terms */

typedef struct scenario_piece {
    const char *text; /* NULL: a variable */
    size_t variable;
} scenario_piece;

typedef struct scenario_template {
    size_t count;
    const scenario_piece *pieces;
    bool is_key; /* as an argument: of the commands' own keys */
} scenario_template;

/* "{begun} + 900": operands joined from left to right. One operand alone may be any text. */
typedef struct scenario_expression {
    size_t count;
    const scenario_template *operands;
    char operators[SCENARIO_OPERANDS]; /* before each operand but the first: + - * / */
} scenario_expression;

typedef enum scenario_comparison {
    SCENARIO_EQUAL,
    SCENARIO_UNEQUAL,
    SCENARIO_LESS,
    SCENARIO_AT_MOST,
    SCENARIO_GREATER,
    SCENARIO_AT_LEAST,
} scenario_comparison;

typedef struct scenario_condition {
    scenario_expression left, right;
    scenario_comparison comparison;
} scenario_condition;

/* ---- programs */

typedef enum scenario_verb {
    SCENARIO_DO,         /* sends a command and takes its reply */
    SCENARIO_AWAIT,      /* the next message of a subscription */
    SCENARIO_WAIT,       /* from `low` to `high` milliseconds */
    SCENARIO_WAIT_UNTIL, /* the client's own {now} is `low` */
    SCENARIO_SET,        /* a variable becomes `low` */
    SCENARIO_ENTER,      /* the client is in a place, at most until its own {now} is `low` */
    SCENARIO_LEAVE,
    SCENARIO_MARK,   /* tells the promises of something that happened to somebody */
    SCENARIO_UNLESS, /* jumps when the condition does not hold */
    SCENARIO_JUMP,
    SCENARIO_COUNT, /* begins a loop */
    SCENARIO_AGAIN, /* counts a round; jumps when all are done */
    SCENARIO_END,
} scenario_verb;

typedef struct scenario_instruction {
    scenario_verb verb;
    size_t argc;
    const scenario_template *argv;
    bool asks_replica, listens; /* a command: of the replica; on the connection that subscribes */
    bool has_limit;             /* ENTER: `low` counts */
    size_t into, sent;          /* variables; 0: none */
    int64_t timeout_ms;
    unsigned retries;
    scenario_expression low, high;
    scenario_condition condition;
    size_t target; /* of a jump */
    size_t loop;   /* which counter; of AGAIN `rounds` is its end, of COUNT what may be left out */
    int64_t rounds;
    const char *name; /* a place, or what is marked */
    size_t place;     /* number of the place */
    scenario_template of;
    const char *pointer; /* where it stands in the file */
} scenario_instruction;

typedef struct scenario_client {
    const char *name;
    unsigned count;
    size_t length;
    const scenario_instruction *program;
} scenario_client;

/* ---- promises */

typedef enum scenario_promise_kind {
    SCENARIO_NEVER_TOGETHER, /* no two clients are in a place at once */
    SCENARIO_AT_MOST_WITHIN, /* so many marks in any span of time */
    SCENARIO_ONCE,           /* at most one mark of each name */
    SCENARIO_NEVER,          /* no mark */
    SCENARIO_LEADS_TO,       /* each mark is followed by another of the same name: liveness */
} scenario_promise_kind;

typedef struct scenario_promise {
    scenario_promise_kind kind;
    const char *id;    /* a word */
    const char *title; /* the promise as a sentence, without a capital and a stop */
    const char *name;  /* the place or the mark */
    const char *then;  /* LEADS_TO: the mark that must follow */
    int64_t count, within_ms;
} scenario_promise;

/* ---- bounds */

/* What may go wrong, and how far; 0: not at all. */
typedef struct scenario_bounds {
    int64_t latency_us[2];    /* of each message, each way */
    int64_t loss_per_1000;    /* messages: the connection breaks */
    int64_t client_pause_ms;  /* a client stands still, at most so long */
    int64_t client_crashes;   /* so many clients end in the middle of their program */
    int64_t client_offset_ms; /* wall clocks are off by this, either way */
    int64_t client_drift_ppm; /* clients' clocks run so much too fast or slow */
    int64_t server_pause_ms;
    int64_t server_drift_ppm;
    int64_t server_jump_ms[2]; /* the server's wall clock is set back (negative) or ahead */
    int64_t replica_lag_ms;
    int64_t failovers; /* the replica takes over; what it has not got is lost */
} scenario_bounds;

typedef struct scenario {
    const char *id;    /* "lease-lock" */
    const char *title; /* what it is, as a sentence */
    const char *file;
    const char *way;    /* beyond the bounds: which way; NULL: within */
    const char *wrong;  /* the mistake that is planted; NULL: none */
    const char *lesson; /* of the way or the mistake: what a user learns; may be NULL */
    ttl_dialect dialect;
    bool has_replica;
    size_t client_count; /* kinds of clients */
    scenario_client clients[SCENARIO_CLIENTS];
    size_t promise_count;
    scenario_promise promises[SCENARIO_PROMISES];
    size_t place_count;
    const char *places[SCENARIO_PLACES];
    size_t variable_count;
    const char *variables[SCENARIO_VARIABLES]; /* their names */
    scenario_bounds bounds;
} scenario;

/* "never-together", as the file names it. */
const char *scenario_promise_kind_name(scenario_promise_kind kind);
bool scenario_promise_is_liveness(const scenario_promise *promise);

/* ---- values and what is made of them */

/* What a client knows: `variables` has SCENARIO_VARIABLES elements. */
void scenario_fill(const scenario_template *text, const scenario_value *variables,
                   char out[SCENARIO_TEXT_SIZE], bool *fits);
/* NULL: `value` is right; else what is wrong, as a sentence. */
const char *scenario_evaluate(const scenario_expression *expression,
                              const scenario_value *variables, scenario_value *value);
/* An expression that must be a number. */
const char *scenario_number(const scenario_expression *expression, const scenario_value *variables,
                            int64_t *number);
const char *scenario_holds(const scenario_condition *condition, const scenario_value *variables,
                           bool *holds);
scenario_value scenario_value_of_integer(int64_t integer);
scenario_value scenario_value_of_text(const char *text, size_t length, bool *fits);

#endif
