/* A world: clients, a network, a site of servers, and everything that can go wrong with them, from
 * one seed.
 *
 *      client 0 --.   latency, loss,
 *      client 1 ---+--- partition --->  queue -> site (primary, log, replica)
 *      client 2 --'                        ^ active cycle, ten times a second
 *
 *      every node has a wall clock of its own: off, drifting, jumping, swinging, stalled
 *
 * True time is in microseconds and jumps from event to event. A connection keeps the order of its
 * commands; several do not. A client that waits too long opens a new connection and sends again, so
 * a command may run twice, or late. A server does one command at a time. Its active cycle runs at
 * multiples of 100 ms of true time, but only those are visited at which something may be due.
 *
 * A run has two phases. First the clients work and faults happen: laws of safety hold at each step.
 * Then everything heals, what is under way arrives, and the deadlines of the coming years pass: now
 * the laws of liveness must hold.
 *
 * The same seed gives the same events with the same digest, on every machine.
 */
#ifndef TTLSPEC_SIM_WORLD_H
#define TTLSPEC_SIM_WORLD_H

#include <stdio.h>

#include "sim/schedule.h"
#include "sim/site.h"
#include "sim/witness.h"

typedef enum sim_profile {
    SIM_PROFILE_SWARM, /* everything is drawn: how many clients, which faults, a replica or none */
    SIM_PROFILE_CALM,  /* one client, one server, no faults */
    SIM_PROFILE_FULL,  /* four clients, log, replica, faults of every kind */
} sim_profile;

/* What faults lead to. */
typedef enum sim_chance {
    SIM_CHANCE_COMMAND_LOST,
    SIM_CHANCE_REPLY_LOST,
    SIM_CHANCE_RETRY,
    SIM_CHANCE_TWICE, /* a command ran for the second time */
    SIM_CHANCE_LATE,  /* a command ran after its client had given up the connection */
    SIM_CHANCE_GAVE_UP,
    SIM_CHANCE_QUEUED,      /* a command waited for the server */
    SIM_CHANCE_BEGAN_AGAIN, /* a client tried a transaction once more, from its beginning */
    SIM_CHANCE_EVENT_HEARD, /* a subscriber */
    SIM_CHANCE_EVENT_LOST,  /* with the connection of its subscriber */
    SIM_CHANCE_RESET,       /* a command came on a connection that the server has no more */
    SIM_CHANCES
} sim_chance;

/* The steps of a site, as they happened. */
typedef struct sim_recording {
    sim_step *steps;
    size_t count, capacity;
    uint8_t dialect; /* of the site, of sim_dialects */
    uint64_t seed;   /* of its engines, which draw by it */
} sim_recording;

void sim_recording_add(sim_recording *recording, sim_step step);
void sim_recording_free(sim_recording *recording);

typedef struct sim_world_options {
    uint64_t seed;
    uint64_t commands; /* of all clients together */
    sim_profile profile;
    const char *dialect;      /* of sim_dialects; NULL: drawn from the seed */
    const sim_hooks *hooks;   /* may be NULL */
    sim_recording *recording; /* may be NULL: nothing is recorded */
    /* What goes wrong; NULL: that is drawn from the seed. Must outlive the world. */
    const sim_schedule *schedule;
    sim_schedule *decided;      /* what went wrong is added here; may be NULL */
    const sim_witness *witness; /* may be NULL; must outlive the world */
} sim_world_options;

typedef struct sim_world sim_world;

sim_world *sim_world_new(const sim_world_options *options);
void sim_world_free(sim_world *world);
/* Goes on to the next event. False: the world has ended, well or with a broken law. */
bool sim_world_step(sim_world *world);

typedef struct sim_world_report {
    sim_law law;      /* that was broken, if one was */
    const char *what; /* how; good as long as the world */
    uint64_t digest, events, commands;
    int64_t span_us; /* true time from the beginning until the clients had done their work */
    int64_t now_us;  /* true time now */
    const char *dialect;
    unsigned clients;
    bool has_replica;
    const uint64_t *ops, *marks, *faults, *chances; /* how often each came */
} sim_world_report;

sim_world_report sim_world_tell(const sim_world *world);
/* Adds the names of all commands that are sent or are still to be, as `unsent` of a schedule would
 * name them. */
void sim_world_list_sent(const sim_world *world, sim_schedule *sent);
/* The state of everything, for a person. */
void sim_world_print(sim_world *world, FILE *out);

const char *sim_chance_name(sim_chance chance);

#endif
