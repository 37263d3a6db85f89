/* The naive model: what a keyspace with deadlines is, as plainly as it can be said.
 *
 * An array of keys, each with a value and perhaps a deadline, searched from end to end. There is no
 * index, no hash, no sharing and no cleverness, so that it can be checked by reading it. It answers
 * the commands of op.h as a dialect of Redis does, and says which dead keys a command met.
 *
 * Invariant: a key that is not present has no value and no deadline.
 * Cost: a command is a few comparisons; looking for what is due is a scan of all keys.
 * A model is a value: assigning it takes a snapshot.
 */
#ifndef TTLSPEC_SIM_MODEL_H
#define TTLSPEC_SIM_MODEL_H

#include "sim/op.h"
#include "ttlspec/reply.h"

enum { SIM_TEXT_SIZE = 40, SIM_MET = 4 };

/* In what dialects differ, as far as a model shows it. */
enum {
    SIM_CYCLE_AT_DEADLINE = 1, /* the cycle reclaims in the millisecond of the deadline already */
    SIM_SET_PAST_DELETES = 2,  /* SET with a deadline that is not ahead deletes */
    SIM_PAST_IS_EXPIRED = 4,   /* what a deadline in the past deletes is announced as expired */
    SIM_GETEX_TIME_FIRST = 8,  /* GETEX looks at the time before it looks for the key */
};

/* The dialects of worlds, by number; 0 is the usual one. */
extern const char *const sim_dialects[];
enum { SIM_DIALECTS = 10 };
unsigned sim_dialect_traits(uint8_t dialect);
/* SIM_DIALECTS: there is none of this name. */
uint8_t sim_dialect_of_name(const char *name);

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
    unsigned traits; /* of its dialect */
    /* The dead keys that the last command met and reclaimed, in order. */
    uint8_t met[SIM_MET];
    size_t met_count;
} sim_model;

/* Executes a command at a moment, in milliseconds since the epoch. The answer is appended to
 * `reply`. */
void sim_model_execute(sim_model *model, const sim_op *op, int64_t now_ms, ttl_reply *reply);
bool sim_model_is_dead(const sim_model_key *key, int64_t now_ms);
/* May the active cycle reclaim this key now? */
bool sim_model_may_reclaim(const sim_model *model, uint8_t key, int64_t now_ms);
/* Without keys, of the same dialect. */
sim_model sim_model_emptied(const sim_model *model);
/* Reclaims a dead key. */
void sim_model_remove(sim_model *model, uint8_t key);
/* How many keys there are, the dead too; how many of them have a deadline. */
size_t sim_model_count(const sim_model *model, size_t *volatile_count);
/* A dead key that is not reclaimed; SIM_KEYS: there is none. */
uint8_t sim_model_first_dead(const sim_model *model, int64_t now_ms);
/* Is there a later deadline that comes at `until_ms` or before? The first of them. */
bool sim_model_next_deadline(const sim_model *model, int64_t until_ms, int64_t *deadline_ms);

#endif
