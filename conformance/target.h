/* Targets: what vectors are run against. One interface over an engine and over a live server.
 *
 *      engine[:DIALECT]                          in process, virtual time: exact
 *      redis://[user:pass@]host:port[/db]        live, real time
 *      unix://PATH                               the same through a socket file; a server whose
 *                                                clock obeys `TTLSPEC CLOCK SET` in virtual time
 *      exec:COMMAND ...                          a server that we start, under the virtual clock
 *
 * A vector's turn:  begin, then for each step wait and execute (and events), then settle, end.
 * In a turn that wants one, a target has a replica, a target of its own for as long as the turn
 * lasts: it is waited for, executed on and asked for events like any other, and it begins and ends
 * with the target that it follows.
 * Every turn has connections of its own, opened at `begin`, so that nothing (a queue, a watch, a
 * selected database) is left to the next one. Keys of the turn lie below its prefix; `end` removes
 * those it is told of, even over a broken connection, by opening another.
 *
 * Time: moments are microseconds since T0, the beginning of the turn. When a command was sent and
 * when its reply came is known exactly; when the server ran it is known only to lie between. Of a
 * live server's clock `readings` tell: TIME, asked before the first step and after the last.
 *
 * Where a function answers false, `error` (TARGET_ERROR_SIZE bytes) has a sentence without the
 * password; an empty one means that the run was interrupted.
 * A program that talks to live servers has to ignore SIGPIPE: a server that is gone is an error.
 * Ownership: a target owns its connections and its name until target_close.
 */
#ifndef CONFORMANCE_TARGET_H
#define CONFORMANCE_TARGET_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conformance/server_clock.h"
#include "conformance/vector.h"
#include "ttlspec/dialect.h"
#include "ttlspec/reply.h"

enum {
    TARGET_ERROR_SIZE = 1280, /* the last words of a server, too */
    TARGET_NAME_SIZE = 256,
    TARGET_CONNECTIONS_MAX = 16,
    TARGET_SETTINGS_MAX = 8,
    TARGET_DATABASES_MAX = 16, /* more are not looked for */
    TARGET_ANSWER_MS = 5000,   /* a server that says nothing for so long never answers */
};

typedef struct target target;
struct live_address;

typedef struct target_options {
    const ttl_dialect *spec;                     /* of the engine; NULL: as it is named */
    bool exclusive;                              /* the user grants the whole server */
    const char *password;                        /* where the URL has none; may be NULL */
    const volatile sig_atomic_t *is_interrupted; /* may be NULL */
    int answer_ms; /* how long a live server may be silent when it was asked; 0: TARGET_ANSWER_MS */
    int start_ms;  /* how long a server of exec: may take to answer; 0: as usual */
} target_options;

/* What a vector's turn needs of the target. */
typedef struct target_turn {
    ttl_bytes key_prefix;
    size_t connection_count;
    bool needs_whole_second; /* as T0 */
    bool wants_events;
    bool is_exclusive;        /* needs the keyspace to itself: it is emptied before and after */
    bool wants_active_expiry; /* dead keys are reclaimed before each step, unless DEBUG forbids */
    vector_action restart;    /* how a step restarts the server; VECTOR_COMMAND: none does */
    size_t setting_count;
    const char *settings[TARGET_SETTINGS_MAX]; /* what the vector sets by CONFIG SET */
    const struct target_turn *replica;         /* what it needs of the replica; NULL: none */
} target_turn;

/* When something was sent and answered, microseconds since T0. */
typedef struct target_moments {
    int64_t sent_us, received_us;
} target_moments;

typedef struct target_operations {
    bool (*begin)(target *base, const target_turn *turn, char *error);
    bool (*wait)(target *base, int64_t at_ms);
    bool (*execute)(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                    ttl_reply *reply, target_moments *moments, char *error);
    bool (*events)(target *base, ttl_reply *events, char *error);
    bool (*settle)(target *base, char *error);
    void (*end)(target *base, size_t key_count, const ttl_bytes *keys);
    void (*close)(target *base);
} target_operations;

struct target {
    const target_operations *operations;
    char name[TARGET_NAME_SIZE];        /* without a password */
    char server[64];                    /* "redis 7.0.15" */
    bool has_dialect;                   /* false: it does not say what it is */
    ttl_dialect dialect;                /* what it claims to be */
    unsigned capabilities;              /* vector_capability bits */
    bool is_virtual;                    /* its time is exactly what we say */
    bool has_events;                    /* keyspace events can be seen; else */
    const char *no_events;              /* why not */
    char event_classes[32];             /* the classes that are announced: "g$lshzxetn" */
    const struct live_address *address; /* of a live server in real time; else NULL */
    /* Ends the server as the action says and starts it again at T0 + at_ms, with new connections
     * for the turn. NULL: the target lacks the capability. */
    bool (*restart)(target *base, vector_action action, int64_t at_ms, char *error);
    /* Puts the clock to T0 + at_ms and lets it run from there, `rate` times as fast as real time;
     * 0: it stands. NULL: the target lacks the capability. */
    bool (*run_clock)(target *base, int64_t at_ms, int64_t rate, char *error);
    /* Sends a command without waiting for its reply; `sent_us` is when. What it came to is to be
     * asked with `await`: the reply, if there is one when the server has done all that it does by
     * itself at this moment; else TTL_REPLY_PENDING, and it can be asked again. In real time one
     * that `must_come` is waited for a second. NULL: the target lacks the capability. */
    bool (*send)(target *base, size_t connection, size_t argc, const ttl_bytes *argv,
                 int64_t *sent_us, char *error);
    bool (*await)(target *base, size_t connection, bool must_come, ttl_reply *reply,
                  target_moments *moments, char *error);
    /* Opens one more target like this one, independent of it, for another thread. NULL: there can
     * be none beside it. */
    target *(*another)(const target *base, char *error);
    /* Has the target do what it does by itself at this moment, and waits until the replica has done
     * all that the target did. (What was executed has reached the replica when it is answered.)
     * NULL: it lacks the capability. */
    bool (*synchronise)(target *base, char *error);
    /* From now on the replica follows nobody. */
    bool (*promote)(target *base, char *error);
    /* The replica drops what it has, gets all that the target has, and follows it from now on. */
    bool (*resync)(target *base, char *error);
    /* Of the turn that has begun: */
    target *replica; /* NULL: the turn wants none */
    int64_t t0_ms;
    size_t reading_count; /* of a live server's clock: before the first step and after the last */
    clock_reading readings[2];
    int databases[2];
    size_t database_count; /* that can be selected, of a live server that is ours; else 0 */
    int protocols[TARGET_CONNECTIONS_MAX]; /* what each connection speaks, 2 or 3 */
};

/* Does the text name a target at all? Connects to nothing. False: `error` says what is wrong. */
bool target_check(const char *text, char *error);
/* NULL: it could not be used, or the text names no target; `is_usage` tells which. */
target *target_open(const char *text, const target_options *options, bool *is_usage, char *error);
void target_close(target *base);

static inline bool target_begin(target *t, const target_turn *turn, char *error) {
    return t->operations->begin(t, turn, error);
}
/* Until T0 + at_ms, or later where the clock runs. False: interrupted. */
static inline bool target_wait(target *t, int64_t at_ms) {
    return t->operations->wait(t, at_ms);
}
static inline bool target_execute(target *t, size_t connection, size_t argc, const ttl_bytes *argv,
                                  ttl_reply *reply, target_moments *moments, char *error) {
    return t->operations->execute(t, connection, argc, argv, reply, moments, error);
}
/* What was announced below the turn's prefix since it was last asked: an array of arrays [name,
 * key, database]. Complete for every command that was answered before. */
static inline bool target_events(target *t, ttl_reply *events, char *error) {
    return t->operations->events(t, events, error);
}
/* Reads the clock once more, when all steps are done. */
static inline bool target_settle(target *t, char *error) {
    return t->operations->settle(t, error);
}
static inline void target_end(target *t, size_t key_count, const ttl_bytes *keys) {
    t->operations->end(t, key_count, keys);
}

/* The kinds of targets, for target_open. */
target *target_open_engine(const char *dialect, const target_options *options, bool *is_usage,
                           char *error);
target *target_open_live(const char *url, const target_options *options, bool *is_usage,
                         char *error);
target *target_open_exec(const char *command, const target_options *options, bool *is_usage,
                         char *error);

#endif
