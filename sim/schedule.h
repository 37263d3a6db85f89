/* What goes wrong in a run, as a list: faults that can be written down while they happen, given to
 * another run, and taken out one by one.
 *
 *      drawn run    seed --> faults happen --> each is written down ("decided")
 *      given run    schedule --> these faults happen, and no other
 *      shrinking    schedule --> the fewest and smallest faults with which the run still fails
 *
 * A fault is of a time (a partition from `at_us` for `for_us`) or of one message, which is named by
 * whose it is, its number, the attempt and the way: a name that does not depend on any other fault.
 * So taking out one never moves another. A run that is given what a drawn run wrote down does the
 * same, step by step.
 *
 * Commands can be taken out too: `unsent` lists those that a run draws and does not send.
 *
 * Invariant: the faults of messages stand behind the others, in the order of their names
 * (sim_schedule_order sees to that). Ownership: a schedule owns its lists until sim_schedule_free.
 */
#ifndef TTLSPEC_SIM_SCHEDULE_H
#define TTLSPEC_SIM_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum sim_fault_kind {
    SIM_FAULT_PARTITION, /* a client cannot reach the server, nor be reached */
    SIM_FAULT_LOSS,      /* one message in eight is lost: told as SIM_FAULT_LOST of each */
    SIM_FAULT_SLOW,      /* latency is a thousand times as much: told as SIM_FAULT_LATE */
    SIM_FAULT_DOUBLES,   /* one command in eight is passed on twice: told as SIM_FAULT_TWICE */
    SIM_FAULT_PAUSE,     /* the server does nothing for a while */
    SIM_FAULT_CYCLE_STALL,
    SIM_FAULT_JUMP_AHEAD,
    SIM_FAULT_JUMP_BACK,
    SIM_FAULT_DRIFT,
    SIM_FAULT_STROBE,
    SIM_FAULT_CLOCK_STALL,
    SIM_FAULT_CLIENT_CLOCK,
    SIM_FAULT_SAVE,
    SIM_FAULT_RESTART,
    SIM_FAULT_CRASH,
    SIM_FAULT_PROMOTE,
    SIM_FAULT_TIMED, /* those before are of a time, those behind of one message */
    SIM_FAULT_LOST = SIM_FAULT_TIMED,
    SIM_FAULT_LATE,  /* by `amount` microseconds */
    SIM_FAULT_TWICE, /* a proxy passes a command on again, `amount` microseconds later */
    SIM_FAULT_KINDS
} sim_fault_kind;

enum { SIM_REQUEST, SIM_ANSWER }; /* the two ways of a message */

/* The name of a message. */
typedef struct sim_message_name {
    uint64_t number; /* of the command among those of its node, from 1 */
    uint32_t node;
    uint8_t attempt, way; /* from 0, each time it is sent; SIM_REQUEST, SIM_ANSWER */
} sim_message_name;

typedef struct sim_fault {
    sim_fault_kind kind;
    uint32_t node;            /* whose: the client; of a server's fault the server */
    int64_t at_us, for_us;    /* of a fault of a time */
    int64_t amount;           /* how much, in microseconds; of a drift parts per million */
    sim_message_name message; /* of a fault of a message */
} sim_fault;

typedef struct sim_schedule {
    sim_fault *faults;
    size_t count, capacity;
    sim_message_name *unsent; /* attempt and way are 0 */
    size_t unsent_count, unsent_capacity;
} sim_schedule;

void sim_schedule_free(sim_schedule *schedule);
void sim_schedule_add(sim_schedule *schedule, sim_fault fault);
void sim_schedule_add_unsent(sim_schedule *schedule, uint32_t node, uint64_t number);
/* Puts the lists into the order in which they are searched. */
void sim_schedule_order(sim_schedule *schedule);
/* How many faults are of a time: those at the beginning of the list. */
size_t sim_schedule_timed(const sim_schedule *schedule);
/* The fault of this kind that a message meets; NULL: none. O(log n). */
const sim_fault *sim_schedule_find(const sim_schedule *schedule, sim_fault_kind kind,
                                   sim_message_name message);
/* Is this command taken out? O(log n). */
bool sim_schedule_is_unsent(const sim_schedule *schedule, uint32_t node, uint64_t number);

/* Does the run still fail with this schedule? It may be given any that the shrinker thinks of. */
typedef bool sim_schedule_fails(void *context, const sim_schedule *schedule);
/* Takes out faults, all of a kind, then in chunks, down to single ones; then makes what stays
 * shorter and smaller; and begins anew until nothing smaller fails. Then commands in the same way:
 * `sent` names those that the run sent; those that it sends at last stay in it. Returns the number
 * of tries, `tries_max` at most. Draws nothing: the same schedule always shrinks to the same. */
size_t sim_schedule_shrink(sim_schedule *schedule, sim_schedule *sent, size_t tries_max,
                           sim_schedule_fails *fails, void *context);

/* The members "faults" and "sent" of a JSON object, docs/schedule-format.md; no comma behind the
 * last. `sent` is what sim_schedule_shrink left of it. */
void sim_schedule_write(const sim_schedule *schedule, const sim_schedule *sent, FILE *out);
/* "partition", "clock ahead": as it stands in the file. */
const char *sim_fault_name(sim_fault_kind kind);
/* SIM_FAULT_KINDS: there is none of this name. */
sim_fault_kind sim_fault_of_name(const char *name);

#endif
