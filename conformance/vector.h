/* Vectors in memory: what must happen, at which millisecond, for which servers.
 *
 *      vector_set
 *        |- suites        one file each
 *        |- rules         of rules.json
 *        `- vectors       flat, in order of file and place; tables of examples are expanded
 *             `- steps    at_ms never goes backwards
 *                  `- outcome, and variants of it for some dialects
 *
 * Invariants, all held by the loader: ids are unique in a set; every rule that a vector names is
 * in the set; a vector has at least one step; every step has at least one argument, in a command
 * the name of a known one; every step has an expected reply; the
 * restarts of a vector are all from a snapshot, or all from an append-only file; only a vector
 * that needs "replica" has steps on the replica, and it restarts nothing; while a command is
 * pending on a connection its only steps are awaits, and a vector with one restarts nothing.
 * Ownership: the set's arena owns everything; pointers are good until vector_set_free.
 */
#ifndef CONFORMANCE_VECTOR_H
#define CONFORMANCE_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conformance/arena.h"
#include "conformance/expectation.h"
#include "conformance/vector_text.h"
#include "ttlspec/dialect.h"

/* Where something stands: file, line (1 is the first; 0: none), RFC 6901 pointer. */
typedef struct vector_place {
    const char *file;
    const char *pointer;
    int line;
} vector_place;

enum { VECTOR_FAMILIES = TTL_FAMILY_REDICT + 1 };

/* For which dialects something holds. A family that is not named has no bound. `until` is the
 * last version for which it holds: until 7.2 includes every 7.2. */
typedef struct vector_scope {
    struct {
        bool excluded; /* `only` names other families */
        ttl_version since, until;
    } families[VECTOR_FAMILIES];
} vector_scope;

bool vector_scope_holds(const vector_scope *scope, const ttl_dialect *dialect);
/* Why it does not hold, for a skip: "only since redis 7.0.0". As snprintf. Call only when it does
 * not hold. */
int vector_scope_reason(const vector_scope *scope, const ttl_dialect *dialect, char *buffer,
                        size_t size);

/* What a target must be able to do: a target without it skips the vector. */
typedef enum vector_capability {
    VECTOR_NEEDS_EXCLUSIVE_DB = 1 << 0,  /* exclusive-db: no other keys in the database */
    VECTOR_NEEDS_VIRTUAL_CLOCK = 1 << 1, /* virtual-clock: exact milliseconds, any distance */
    VECTOR_NEEDS_RESTART = 1 << 2,       /* restart: the server can be stopped and started */
    VECTOR_NEEDS_DEBUG = 1 << 3,         /* debug: DEBUG is allowed */
    VECTOR_NEEDS_DATABASES = 1 << 4,     /* databases: a second database, {db2} */
    VECTOR_NEEDS_RESP3 = 1 << 5,         /* resp3: the client can speak RESP3 */
    VECTOR_NEEDS_REPLICA = 1 << 6,       /* replica: a second server that follows the first */
    VECTOR_NEEDS_CLOCK_RATE = 1 << 7,    /* clock-rate: its clock runs as fast as we say */
    VECTOR_NEEDS_BLOCKING = 1 << 8,      /* blocking: a reply may be left pending */
} vector_capability;

/* The name of one capability; NULL when the bit means none. */
const char *vector_capability_name(unsigned capability);
/* The bit of a name; 0 when there is no such capability. */
unsigned vector_capability_parse(const char *name);

typedef enum vector_level { VECTOR_MUST, VECTOR_SHOULD } vector_level;

/* A keyspace event that must be emitted. */
typedef struct vector_event {
    const char *name;            /* "expired" */
    vector_text key;             /* "{k}" */
    const vector_text *database; /* "{db2}"; NULL: not compared */
} vector_event;

/* What a step must lead to. `events` are those emitted after the previous step of the vector and
 * until this step's reply, in order, on keys of the run's namespace. */
typedef struct vector_outcome {
    const expectation *reply;
    bool checks_events; /* false: the step says nothing of events */
    size_t event_count;
    const vector_event *events;
} vector_outcome;

typedef struct vector_variant {
    vector_scope scope;
    vector_outcome outcome;
} vector_variant;

/* What a step does. Only a command goes to the server; the others are the target's own to do, and
 * their arguments say so to a reader: "restart" "rdb", "clock" "-1000", "clock" "rate" "60",
 * "await". But for an await they expect any reply. */
typedef enum vector_action {
    VECTOR_COMMAND,
    VECTOR_AWAIT,             /* the reply of the command that is pending on the connection */
    VECTOR_MOVE_CLOCK,        /* the wall clock of the servers, or of the replica alone */
    VECTOR_RUN_CLOCK,         /* it is put to the step's moment, and runs at a rate from there */
    VECTOR_PROMOTE,           /* the replica follows nobody any more */
    VECTOR_RESYNC,            /* the replica takes a copy of the server anew, and follows it */
    VECTOR_RESTART_AOF,       /* ended in order, started again from its append-only file */
    VECTOR_RESTART_REWRITTEN, /* the same, after that file was rewritten from what is in memory */
    VECTOR_RESTART_RDB,       /* saved, ended, started again from its snapshot */
    VECTOR_RESTART_KILLED     /* SIGKILL, started again from its append-only file */
} vector_action;

static inline bool vector_action_restarts(vector_action action) {
    return action >= VECTOR_RESTART_AOF;
}

/* How far before T0 a wall clock may be moved: 30 years. */
#define VECTOR_PAST_MAX_MS INT64_C(946080000000)
/* How fast a wall clock may run, and for how long it may be waited for, in real time. */
/* For how long a poll may wait for its reply to turn. */
enum { VECTOR_POLL_MAX_MS = 1000 };
enum { VECTOR_RATE_MAX = 1000000000, VECTOR_RUN_MAX_MS = 10000 };

typedef struct vector_step {
    vector_action action;
    int64_t at_ms;   /* since the vector began; a step that does not say has the last one's */
    int64_t wall_ms; /* what the wall clock shows then, since T0: other than at_ms once moved */
    int64_t replica_wall_ms; /* the same of the replica's wall clock */
    int64_t rate;            /* of the wall clock from here on, times real time; 0: it stands */
    /* Of a poll: when its reply turns, since the vector began, after at_ms. 0: it is none. A poll
     * sends its command again until the reply is what the outcome says. */
    int64_t turns_ms;
    bool has_at;       /* the file says `at` */
    bool may_block;    /* by its name: its reply may be left pending */
    size_t connection; /* index in the vector's connections */
    size_t argc;
    const vector_text *argv;
    vector_outcome outcome; /* where no variant holds */
    size_t variant_count;
    const vector_variant *variants; /* `for`: the first that holds replaces the outcome */
    vector_place place;
} vector_step;

/* No reply is expected yet, by no variant: the command blocks. */
static inline bool vector_step_is_pending(const vector_step *step) {
    return step->outcome.reply != NULL && step->outcome.reply->kind == EXPECTATION_PENDING;
}
static inline bool vector_step_polls(const vector_step *step) {
    return step->turns_ms > 0;
}
/* When it is over: the next one is not earlier. */
static inline int64_t vector_step_end_ms(const vector_step *step) {
    return vector_step_polls(step) ? step->turns_ms : step->at_ms;
}

/* What the step must lead to on a server of this dialect. */
const vector_outcome *vector_step_outcome(const vector_step *step, const ttl_dialect *dialect);

/* A rule of behaviour, of rules.json. */
typedef struct vector_rule {
    const char *id; /* "expire.gt-infinite" */
    const char *text;
    const char *source_title, *source_url; /* the URL may be NULL */
    vector_scope scope;
    vector_place place;
} vector_rule;

typedef struct vector_suite {
    const char *name;  /* "pexpire" */
    const char *about; /* may be NULL */
    const char *file;
} vector_suite;

typedef struct vector {
    const char *id;      /* with the row's id at the end, when it came from a table */
    const char *example; /* the row's id; NULL: no table */
    const char *title;
    const char *about; /* may be NULL */
    const vector_suite *suite;
    size_t rule_count; /* at least 1 */
    const vector_rule *const *rules;
    size_t tag_count;
    const char *const *tags;
    vector_level level;
    vector_scope scope;
    unsigned needs; /* vector_capability bits */
    vector_t0 t0;   /* in seconds: begin the vector on a whole second */
    bool has_events;
    size_t connection_count;
    const char *const *connections; /* in order of first use; the usual one is "main" */
    size_t step_count;              /* at least 1 */
    const vector_step *steps;
    int64_t length_ms; /* at_ms of the last step */
    vector_place place;
} vector;

/* Does this connection lead to the replica? Those called "replica" or "replica-..." do. */
bool vector_is_on_replica(const vector *self, size_t connection);
bool vector_has_rule(const vector *self, const char *rule_id);
bool vector_has_tag(const vector *self, const char *tag);

typedef struct vector_set {
    arena arena;
    size_t suite_count, suite_capacity;
    const vector_suite **suites;
    size_t count, capacity;
    const vector **vectors;
    size_t rule_count, rule_capacity;
    const vector_rule **rules;
} vector_set;

/* A set begins as {0}. Gives everything back. */
void vector_set_free(vector_set *set);
/* NULL: none of that id. */
const vector *vector_set_find(const vector_set *set, const char *id);
const vector_rule *vector_set_find_rule(const vector_set *set, const char *id);

#endif
