/* The naive model: what a keyspace with deadlines is, as plainly as it can be said.
 *
 * An array of keys, each with a value and perhaps a deadline, searched from end to end. There is no
 * index, no hash, no sharing and no cleverness, so that it can be checked by reading it. It answers
 * the commands of op.h as Redis 7.0 does, and says which dead keys a command met.
 *
 * Invariant: a key that is not present has no value and no deadline.
 * Cost: a command is a few comparisons; looking for what is due is a scan of all keys.
 * A model is a value: assigning it takes a snapshot.
 */
#ifndef TTLSPEC_SIM_MODEL_H
#define TTLSPEC_SIM_MODEL_H

#include "sim/op.h"
#include "ttlspec/reply.h"

enum { SIM_TEXT_SIZE = 40 };

typedef enum sim_type {
    SIM_STRING,
    SIM_LIST,
    SIM_HASH,
    SIM_SET_TYPE,
    SIM_ZSET,
} sim_type;

typedef struct sim_model_key {
    bool is_present, is_volatile;
    uint8_t type, length;
    uint32_t members; /* of a list: how many; of the others: a bit for each */
    int64_t deadline_ms;
    uint64_t arming; /* the order in which deadlines were set */
    char text[SIM_TEXT_SIZE];
} sim_model_key;

typedef struct sim_model {
    sim_model_key keys[SIM_KEYS];
    uint64_t armings;
    /* The dead keys that the last command met and reclaimed, in order. */
    uint8_t met[2];
    size_t met_count;
} sim_model;

/* Executes a command at a moment, in milliseconds since the epoch. The answer is appended to
 * `reply`. */
void sim_model_execute(sim_model *model, const sim_op *op, int64_t now_ms, ttl_reply *reply);
bool sim_model_is_dead(const sim_model_key *key, int64_t now_ms);
/* Reclaims a dead key. */
void sim_model_remove(sim_model *model, uint8_t key);
/* How many keys there are, the dead too; how many of them have a deadline. */
size_t sim_model_count(const sim_model *model, size_t *volatile_count);
/* A dead key that is not reclaimed; SIM_KEYS: there is none. */
uint8_t sim_model_first_dead(const sim_model *model, int64_t now_ms);
/* Is there a later deadline that comes at `until_ms` or before? The first of them. */
bool sim_model_next_deadline(const sim_model *model, int64_t until_ms, int64_t *deadline_ms);

#endif
