/* What the parts of a play share: the loop (play.c), the clients (play_actor.c) and the way to the
 * servers and back (play_server.c). */
#ifndef TTLSPEC_SIM_PLAY_INSIDE_H
#define TTLSPEC_SIM_PLAY_INSIDE_H

#include "sim/host.h"
#include "sim/play.h"
#include "sim/queue.h"
#include "sim/wall.h"

#define US_PER_S  INT64_C(1000000)
#define US_PER_MS INT64_C(1000)

enum { INBOX = 32 }; /* messages that wait for a client; more are dropped */

enum event_kind {
    EVENT_WAKE,
    EVENT_ARRIVE,
    EVENT_REPLY,
    EVENT_MESSAGE,
    EVENT_TIMEOUT,
    EVENT_LEAVE,
    EVENT_CYCLE
};

/* What a client waits for. */
enum actor_state {
    ACTOR_RUNS,
    ACTOR_WAITS,   /* for a moment */
    ACTOR_EXPECTS, /* a reply */
    ACTOR_AWAITS,  /* a message */
    ACTOR_ENDED
};

#define NO_CONNECTION SIZE_MAX

struct actor {
    char name[PLAY_NAME_SIZE];
    const scenario_client *kind;
    scenario_value variables[SCENARIO_VARIABLES];
    int64_t loops[SCENARIO_LOOPS];
    uint32_t
        entered[SCENARIO_LOOPS]; /* the number of the loop, of those that may leave out rounds */
    size_t pc;
    enum actor_state state;
    uint32_t wakes;   /* timers that were set: only the last counts */
    int64_t until_us; /* of the clock that never jumps */
    bool has_paused;  /* before this instruction */
    int64_t paused_until_us;
    size_t main, listener; /* connections */
    uint64_t request;      /* the number of the last */
    unsigned retries_left;
    uint32_t commands;
    int64_t arrival_us, answer_us; /* of the last message each way: the next comes no earlier */
    sim_wall steady, wall;
    scenario_value inbox[INBOX];
    size_t inbox_count;
    struct {
        bool is_in, has_limit;
        int64_t until_us;
    } places[SCENARIO_PLACES];
};

/* A command on its way, its reply, or a message of a subscription. */
struct message {
    unsigned client;
    size_t connection;
    uint64_t request;
    const scenario_instruction *step;
    int64_t sent_us; /* the command, or its reply; or a message of a subscription */
    bool was_delayed;
    size_t argc;
    char text[SCENARIO_ARGUMENTS][SCENARIO_TEXT_SIZE];
    scenario_value value;
    uint32_t next_free;
};

struct play {
    const scenario *scenario;
    const play_schedule *given;
    play_observe *observe;
    void *context;
    host host;
    choices choices;
    promise_watch watch;
    sim_queue queue;
    sim_wall wall; /* of the servers */
    struct actor actors[SCENARIO_CLIENTS];
    const char *names[SCENARIO_CLIENTS];
    unsigned actor_count, at_work;
    struct message *messages;
    uint32_t message_count, message_capacity, first_free;
    ttl_reply reply;
    int64_t now_us, busy_until_us, cycle_us, crashes_left, failovers_left;
    const char *trouble, *trouble_pointer;
    uint64_t digest, events, commands;
    uint64_t moments[PLAY_MOMENTS];
    bool has_ended, is_eager, is_thorough;
};

/* ---- the loop */

void play_plan(play *self, int64_t at_us, enum event_kind kind, uint32_t node, uint64_t payload);
/* The number of a message that is free to be filled. It may move the others. */
uint32_t play_message_new(play *self);
void play_message_free(play *self, uint32_t index);
/* Something happened: counted, told, and part of the digest. */
void play_note(play *self, play_moment moment);
/* The same of what is too small for a story: told to who is thorough. */
void play_note_small(play *self, play_moment moment);
void play_mix_text(play *self, const char *text);
/* The play ends, because a program cannot go on. */
void play_stumble(play *self, const char *trouble, const scenario_instruction *step);
unsigned play_number_of(const play *self, const struct actor *actor);
/* What the client's clock shows that never jumps. */
int64_t play_steady_us(const play *self, const struct actor *actor);
int64_t play_draw_latency(play *self, unsigned client, choice_kind kind);

/* ---- to the servers and back */

void play_server_arrive(play *self, uint32_t message);
void play_server_cycle(play *self);
/* For the host: a message of a subscription sets out. */
void play_server_message(void *context, const host_connection *connection, ttl_bytes payload);
/* For the host, too: the cycle reclaimed a key. */
void play_server_reclaimed(void *context, const char *key);

/* ---- clients: what happens to them */

void play_actor_end(play *self, struct actor *actor);
void play_actor_stand_still(play *self, struct actor *actor, int64_t for_us);
void play_actor_wake(play *self, struct actor *actor, uint64_t wakes);
void play_actor_hear(play *self, struct actor *actor, uint32_t message);
void play_actor_message(play *self, struct actor *actor, uint32_t message);
void play_actor_time_out(play *self, struct actor *actor, uint64_t request);
void play_actor_must_leave(play *self, struct actor *actor, size_t place);

#endif
