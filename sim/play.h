/* A play: a scenario that is acted out, from one seed.
 *
 *      actor worker-1 --.   latency, loss
 *      actor worker-2 ---+------------------>  host (primary, replica)
 *      actor worker-3 --'                        |  active cycle, ten times a second
 *            `--- marks, places ---> promises <--'
 *
 * Actors run their programs; each has one request under way at most, a connection for commands and
 * one for subscriptions, and two clocks: one that never jumps, and a wall clock. A request that is
 * not answered in time is given up with its connection, and perhaps sent again; the command may run
 * all the same, late. Everything that may go wrong is a choice (choices.h) within the scenario's
 * bounds. An actor may stand still or end before anything that it does.
 *
 * True time is in microseconds and jumps from event to event. The play ends with a broken promise,
 * or when all programs have ended; then the promises of liveness are asked for.
 *
 * The same seed, or the same schedule, gives the same play with the same digest on every machine.
 */
#ifndef TTLSPEC_SIM_PLAY_H
#define TTLSPEC_SIM_PLAY_H

#include <stdio.h>

#include "sim/choices.h"
#include "sim/promise.h"
#include "ttlspec/reply.h"

enum { PLAY_NAME_SIZE = 40 };

/* A play that was found, and made small: instead of a seed. */
typedef struct play_schedule {
    choice_list choices;
    uint32_t limits[SCENARIO_CLIENTS]; /* a client ends when it would send one more command */
    int64_t until_us;                  /* the play is cut short then; 0: it is not */
} play_schedule;

#define PLAY_NO_LIMIT UINT32_MAX

typedef enum play_moment_kind {
    PLAY_COMMAND, /* a server ran a command */
    PLAY_MESSAGE, /* a client got a message of a subscription */
    PLAY_ENTER,
    PLAY_LEAVE,
    PLAY_MARK,
    PLAY_PAUSE,
    PLAY_CRASH,
    PLAY_COMMAND_LOST,
    PLAY_REPLY_LOST,
    PLAY_MESSAGE_LOST,
    PLAY_GAVE_UP, /* no reply came in time */
    PLAY_SERVER_PAUSE,
    PLAY_CLOCK_JUMP,
    PLAY_FAILOVER,
    PLAY_MOMENTS,
    /* Too small for a story; told to who draws (`is_thorough`). */
    PLAY_HEARD = PLAY_MOMENTS, /* a client got the reply that it waits for */
    PLAY_REFUSED,              /* a command came to a server after its connection was broken */
    PLAY_STOPPED,              /* a client would send one more command than it is given */
    PLAY_EXPIRED,              /* the server's active cycle reclaimed a key */
    PLAY_ROUND,                /* a client begins a round of a loop that may leave rounds out */
} play_moment_kind;

/* Something that happened, for who tells the story. Good during the call. */
typedef struct play_moment {
    play_moment_kind kind;
    int64_t at_us, wall_us; /* true time; the primary's clock, since the epoch */
    unsigned client;        /* not of the server's own */
    size_t argc;            /* of a command, and of one that was lost */
    const ttl_bytes *argv;
    const scenario_instruction *step; /* that sent it */
    size_t connection;                /* a number of its own for each */
    const ttl_reply *reply;
    bool asks_replica;
    bool is_late;          /* its client had given it up */
    int64_t since_us;      /* when what came now set out: a command, a reply, a message */
    int64_t replicated_us; /* when the replica has what was changed; 0: nothing was */
    int64_t amount_us;     /* of a pause, of a jump; of a failover: changes that are lost */
    uint64_t first_lost; /* of a failover: the number of the command that is lost first; 0: none */
    struct {
        size_t depth;           /* loops that this one is in */
        uint32_t loop;          /* the how many-th loop that the client entered */
        int64_t number;         /* from 0, with those that were left out */
        const uint32_t *counts; /* how many choices of each kind the client has met by now */
    } round;
    const char *name, *of; /* of a mark; of a place; the payload of a message; a key that expired */
} play_moment;

typedef void play_observe(void *context, const play_moment *moment);

typedef struct play_options {
    const scenario *scenario;
    uint64_t seed;
    const play_schedule *given; /* NULL: the seed decides; its choices are sorted */
    unsigned
        redrawn; /* a bit for each client, and the server, of whom the seed decides all the same */
    choice_list *taken;    /* what was not usual; may be NULL */
    bool is_eager;         /* the active cycle runs before every command, too */
    bool is_thorough;      /* who observes is told what is too small for a story, too */
    play_observe *observe; /* may be NULL */
    void *context;
} play_options;

typedef struct play play;

play *play_new(const play_options *options);
void play_free(play *self);
/* Goes on to the next event. False: the play has ended. */
bool play_step(play *self);

typedef struct play_report {
    const scenario_promise *broken; /* NULL: all promises held */
    const char *what;               /* how it was broken */
    unsigned breaker;
    int64_t owed_us;             /* of liveness: since when the breaker waits */
    int64_t longest_wait_us;     /* from what happened to what it leads to, where it came */
    const char *trouble;         /* a program cannot go on: a sentence; NULL: it could */
    const char *trouble_pointer; /* where in the scenario's file */
    uint64_t digest, events, commands;
    int64_t span_us;
    const uint64_t *moments; /* how often each kind came */
} play_report;

/* Good as long as the play. */
play_report play_tell(const play *self);
/* The state of the play, for a person: clients, servers and their keys. */
void play_print(play *self, FILE *out);
/* The deadline of a key of the primary, in milliseconds since the epoch; -1: it has none; -2: there
 * is no such key. Changes nothing. */
int64_t play_deadline(play *self, const char *key);
/* "worker-2"; NULL: there are no more clients. */
const char *play_client_name(const play *self, unsigned client);
unsigned play_client_count(const scenario *script);
void play_client_name_of(const scenario *script, unsigned client, char name[PLAY_NAME_SIZE]);

const char *play_moment_name(play_moment_kind kind);

#endif
