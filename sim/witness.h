/* A witness of a world is told everything that happens in it, and changes nothing: what a judge of
 * histories and a drawing are made from.
 *
 *      client:   SENT ----> LOST | RAN ----> LOST | HEARD
 *                      `--> BLOCKED ----> RAN, if it is answered
 *                CLOSED: the client gave up the connection, nothing on it is heard any more
 *      server:   RAN, CYCLE, SYNC, READ, SAVE, RESTART, CRASH, PROMOTE, each with what expired
 *      world:    FAULT begins, HEALED ends, QUIET
 *      subscriber: PUBLISHED ----> TOLD, of each message that is not lost on its way
 *
 * A sight and all that it points to are good only during the call.
 */
#ifndef TTLSPEC_SIM_WITNESS_H
#define TTLSPEC_SIM_WITNESS_H

#include "sim/schedule.h"
#include "ttlspec/bytes.h"
#include "ttlspec/reply.h"

typedef enum sim_sight_kind {
    SIM_SENT,
    SIM_LOST, /* the message will not arrive; `message` says which way it went */
    SIM_RAN,
    SIM_HEARD,
    SIM_CLOSED,
    SIM_CYCLE,
    SIM_SYNC,
    SIM_READ, /* the replica was asked */
    SIM_SAVE,
    SIM_RESTART,
    SIM_CRASH,
    SIM_PROMOTE,
    SIM_QUIET,
    SIM_BEGAN, /* a fault */
    SIM_HEALED,
    SIM_PUBLISHED, /* a message sets out to a subscriber, before the unit that it is of RAN */
    SIM_TOLD,      /* and comes to it */
    SIM_BLOCKED,   /* a command found nothing to take; if it is answered later, it RAN */
    SIM_SIGHTS
} sim_sight_kind;

/* A key as the server has it. */
typedef struct sim_key_sight {
    ttl_bytes name;
    int database;
    bool is_present, is_volatile;
    int64_t deadline_ms;
} sim_key_sight;

typedef struct sim_sight sim_sight;
struct sim_sight {
    sim_sight_kind kind;
    int64_t at_us;    /* true time of the world */
    int64_t wall_us;  /* what the server's clock shows */
    int64_t again_us; /* RAN: and what it shows if it is asked again within the unit */
    /* Of SENT to HEARD; its node is the client, also of CLOSED. Of PUBLISHED and TOLD: a number of
     * its own for each message of a subscriber, which is the node. */
    sim_message_name message;
    uint32_t connection; /* the how manieth of the client, of the subscriber */
    int64_t since_us;    /* PUBLISHED: when the subscriber sent what it was answered last before */
    const char *text;    /* PUBLISHED: "message", or "pmessage" and a pattern; channel; payload */
    bool is_copy;        /* that a proxy sent: nobody waits for its answer */
    size_t argc;         /* the command, of SENT, RAN and READ */
    const ttl_bytes *argv;
    const ttl_reply *reply; /* of RAN and READ */
    const sim_fault *fault; /* of BEGAN and HEALED; NULL: all are healed */
    size_t expired_count;   /* of RAN and CYCLE: keys whose `expired` was announced */
    ttl_bytes expired[128];
    /* Keys of the server from number 0 on. False: there are no more. NULL: nobody can say. */
    bool (*key)(const void *source, size_t number, sim_key_sight *key);
    const void *source;
};

typedef struct sim_witness {
    void *context;
    void (*see)(void *context, const sim_sight *sight);
} sim_witness;

#endif
