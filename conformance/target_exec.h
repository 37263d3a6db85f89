/* What the files of the target exec: share: a server that we start ourselves, under our clock.
 *
 *      exec_target
 *        |- clock        a page in a scratch directory; every turn begins at the same T0
 *        |- server       started on a socket or a port of its own, killed at the end
 *        |- control      TIME after each move, settings, flushing
 *        |- canary       a connection in the server's last database, see below
 *        |- turn         the connections of the vector's turn
 *        `- follower     the replica: an exec_target of its own, once a turn has wanted one
 *
 * Active expiry is off in the server, except while we drive it. A vector whose outcome depends on
 * the active cycle needs the virtual clock, and for such a vector the cycle is driven to its end
 * before each step, as the engine's is: a canary key is put into the last database when it is
 * already dead, active expiry is allowed, and once the canary is gone the cycle has passed through
 * every database. (A canary counts in expired_keys.) DEBUG SET-ACTIVE-EXPIRE in a vector says
 * whether the cycle is driven from there on.
 *
 * Only a turn that restarts the server has one that keeps its data: it is started anew for that
 * turn, in a directory of its own, and after it once more without.
 *
 * A replica is a second server of the same command line, which the first turn that wants one
 * starts, with a clock page of its own; the server itself is then started anew with a port, since
 * replication does not go through unix sockets. It follows until a turn without a replica begins.
 *
 * Ownership: an exec_target owns everything in it until its close; a replica borrows its words.
 */
#ifndef CONFORMANCE_TARGET_EXEC_H
#define CONFORMANCE_TARGET_EXEC_H

#include "conformance/live_turn.h"
#include "conformance/process.h"
#include "conformance/target.h"

/* 2026-01-01T00:00:00Z, a whole second: as in the engine, so that their answers can be compared. */
#define EXEC_T0_MS INT64_C(1767225600000)

typedef struct exec_target {
    target base;
    const volatile sig_atomic_t *is_interrupted;
    char *command;
    char **words; /* the same, cut, then NULL */
    scratch_directory scratch;
    virtual_clock clock;
    char preload[1024];
    server_options options;
    server_process server;
    live_address address;
    redisContext *control, *canary;
    bool is_suspect;      /* it broke a connection: ask whether it lives before it is used again */
    bool has_debug;       /* DEBUG SET-ACTIVE-EXPIRE is obeyed */
    bool has_cycle;       /* dead keys are reclaimed while active expiry is allowed */
    bool has_wall_timers; /* its cron runs only when the wall clock moves */
    /* Of a turn that restarts the server: */
    int data_count; /* how many there were; each has its own directory */
    char data_path[SCRATCH_PATH_SIZE + 32];
    const char *data_arguments[8]; /* then NULL */
    struct exec_target *follower;  /* NULL: no turn has wanted a replica yet */
    bool follows;                  /* it is a replica, and the link is up */
    /* Of the turn: */
    target_turn turn;
    live_turn connections;
    char *settings[TARGET_SETTINGS_MAX]; /* their values before the turn */
    int64_t at_ms;                       /* what the clock shows, since T0; or where it began */
    int64_t rate;                        /* to run, so many times as fast as real time; 0: not */
    bool has_moved;          /* the clock, since the server was last asked for the time */
    bool is_driven;          /* the cycle was, since the clock was moved or a command sent */
    bool is_active;          /* active expiry is on, as the vector sees it */
    bool was_told_of_expiry; /* the vector said DEBUG SET-ACTIVE-EXPIRE */
} exec_target;

/* Cuts a command line into words as a shell does: blanks part them, quotes and backslashes keep
 * them together. They end with NULL. NULL: a quote is left open, or there is no word. */
char **exec_words_split(const char *text);
void exec_words_free(char **words);

/* Starts the server, or starts it again after it ended, and makes it ready for turns. */
bool exec_server_start(exec_target *self, char *error);
bool exec_server_revive(exec_target *self, char *error);
/* Starts it anew with a loopback port, if it has none. */
bool exec_server_open_port(exec_target *self, char *error);
/* Starts the server anew for a turn that restarts it: it keeps its data in a directory of the
 * turn's own and, unless the turn is about snapshots, writes every command to its append-only file
 * before it answers. */
bool exec_server_keep_data(exec_target *self, char *error);
/* For target.restart: ends it and starts it again with its data, and makes it ready. */
bool exec_server_restart(exec_target *self, vector_action action, int64_t at_ms, char *error);
/* After such a turn: the next one begins with a server that keeps nothing. */
void exec_server_forget_data(exec_target *self);
/* Leaves no process, socket or file. May be called in any state. */
void exec_server_stop(exec_target *self);
/* After a broken connection: says in `error` how the server ended, when it did. */
void exec_server_explain(exec_target *self, char *error);

/* Sets the clock to T0 + at_ms. */
void exec_clock_move(exec_target *self, int64_t at_ms);
/* Lets the clock run from where it stands. False: the server does not follow it. */
bool exec_clock_run(exec_target *self, int64_t rate, char *error);
/* Waits until a running clock shows T0 + at_ms. False: interrupted. */
bool exec_clock_reach(exec_target *self, int64_t at_ms);
/* What the clock shows, microseconds since T0. */
int64_t exec_clock_shows_us(const exec_target *self);
/* Waits until the server tells exactly that time. */
bool exec_clock_await(exec_target *self, char *error);
/* The same when TIME was already sent on `control`, behind other commands. */
bool exec_clock_hear(exec_target *self, char *error);

/* REPLICAOF NO ONE */
extern const char *const exec_words_of_promotion[];
/* Sends words on a connection of ours, NULL at the end; the reply changes nothing. */
bool exec_tell(redisContext *on, char *error, const char *const *words);
/* Takes the next reply, to `command`, of those that were sent. */
bool exec_hear(redisContext *on, const char *command, char *error);
/* Has every class of keyspace events announced that the server knows. False: it knows none. */
bool exec_set_events(exec_target *self);
/* Finds out whether the server has an active cycle, and by what clock it runs. */
bool exec_cycle_learn(exec_target *self, char *error);
/* Lets the cron run of a server whose timers look at the wall clock, which stands still; others are
 * not disturbed. The clock steps back for it: active expiry is not allowed meanwhile. */
bool exec_cron_run(exec_target *self, char *error);
/* Lets the active cycle reclaim all that is dead, when there may be something. */
bool exec_cycle_drive(exec_target *self, char *error);
/* Brings the server to the step's moment: it has seen the time, and what a vector that asks for it
 * may see gone is gone. */
bool exec_catch_up(exec_target *self, char *error);

/* The turn wants a replica: it is started, or started again, and follows; then the server is
 * emptied and both begin their turns. */
bool exec_replica_attach(exec_target *self, char *error);
bool exec_replica_begin(exec_target *self, char *error);
/* The turn that begins wants no replica. May be called in any state. */
void exec_replica_dismiss(exec_target *self);
/* Waits until the replica has done all that the server did. */
bool exec_replica_await(exec_target *self, char *error);
/* For target.synchronise, target.promote and target.resync. */
bool exec_replica_synchronise(target *base, char *error);
bool exec_replica_promote(target *base, char *error);
bool exec_replica_resync(target *base, char *error);
void exec_replica_close(exec_target *self);
/* A target that is not yet started. Takes the words, unless it is a replica's. */
exec_target *exec_target_new(char **words, const volatile sig_atomic_t *is_interrupted,
                             int start_ms);

#endif
