/* What the clients of a world do at random.
 *
 * Each world draws its own weights: some commands never come, some often (a swarm), keys are few or
 * many and some of them hot, and times are those around which servers err: none, one, the present
 * and its neighbours, whole seconds and halves, the ends of the number range. Two worlds are unlike
 * each other on purpose.
 *
 * Cost: a command takes a handful of draws and no memory.
 */
#ifndef TTLSPEC_SIM_WORKLOAD_H
#define TTLSPEC_SIM_WORKLOAD_H

#include "sim/op.h"
#include "sim/random.h"

enum {
    SIM_WORKLOAD_SLOTS = 256,
    SIM_WORKLOAD_OTHERS = 64,
    SIM_WORKLOAD_PHRASES = 128,
    SIM_PROGRAM_OPS = 12
};

typedef struct sim_workload {
    uint8_t slots[SIM_WORKLOAD_SLOTS]; /* kinds of commands, as often as their weight */
    uint8_t keys, hot_keys;
    uint8_t extremes;             /* of 256 times, so many are extreme */
    int64_t span_ms;              /* ordinary times are around this */
    int64_t gap_ms;               /* between two commands of a client, on an average */
    uint8_t transactions, others; /* of 256 commands, before so many comes a transaction or one of
                                     the other commands */
    uint8_t other_slots[SIM_WORKLOAD_OTHERS]; /* the same of the others */
    uint8_t phrases;                          /* of 256, the same of those that have a phrase */
    uint8_t phrase_slots[SIM_WORKLOAD_PHRASES];
    uint8_t waits; /* of 256, the same of what waits, or is waited for */
    bool has_databases;
    bool has_fields, has_hsetex; /* what the dialect has of deadlines of fields */
    /* There is a log, or a replica, of a server whose own go astray: those of Valkey take the dead
     * fields of a hash along that COPY leaves behind, and HPERSIST revives them there. */
    bool goes_astray;
} sim_workload;

/* A transaction, or a scan to its end: what a client sends one after another. */
typedef struct sim_program {
    sim_op ops[SIM_PROGRAM_OPS];
    size_t count;
} sim_program;

/* The plain commands are drawn from a stream that the others, which have one of their own, never
 * shift. */
sim_workload sim_workload_draw(sim_random *stream, sim_random *others, sim_random *phrases);
/* How often clients wait, and make what others wait for. */
void sim_workload_draw_waits(sim_workload *workload, sim_random *stream);
/* `now_ms`: what the client's clock shows. */
sim_op sim_workload_op(const sim_workload *workload, sim_random *stream, int64_t now_ms);

/* A command in the place of one by which the log of the world would go astray. */
sim_op sim_workload_kept(const sim_workload *workload, sim_op op);
/* What comes before the next command, from a stream for that: nothing, another command, a
 * transaction. */
void sim_workload_program(const sim_workload *workload, sim_random *stream, int64_t now_ms,
                          sim_program *program);
/* The same of commands that have a phrase, where nothing has come yet. */
void sim_workload_phrase(const sim_workload *workload, sim_random *stream, sim_program *program);
/* The same of commands that may have to wait, and of what others wait for. */
void sim_workload_wait(const sim_workload *workload, sim_random *stream, sim_program *program);
/* Some of the deadlines that its commands give fields come soon, or cannot be. */
void sim_workload_let_fields_die(const sim_workload *workload, sim_random *stream, int64_t now_ms,
                                 sim_program *program);
/* A command that only reads; many that look at a field look at the one that `armed` names. */
sim_op sim_workload_read(const sim_workload *workload, sim_random *stream, const sim_op *armed);

#endif
