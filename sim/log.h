/* The log of a site: what its primary told of each unit, as servers write it into their log and
 * send it to their replicas, and beside it what became of the model's keys.
 *
 *      unit ---> words: SET k v PXAT 1767225610000   (engine/change.h)   ---> an engine
 *           `--> keys:  k is now this                                    ---> a model
 *
 * Cost: some bytes for each change. Ownership: the log owns all of it.
 */
#ifndef TTLSPEC_SIM_LOG_H
#define TTLSPEC_SIM_LOG_H

#include "sim/model.h"

enum { SIM_CHANGE_WORDS = 72, SIM_CHANGE_ROOM = 24 };

/* A change as its primary told it. */
typedef struct sim_change {
    int database;
    size_t argc;
    ttl_bytes argv[SIM_CHANGE_WORDS];
    char room[SIM_CHANGE_ROOM]; /* for a word that somebody puts in the place of another */
} sim_change;

typedef struct sim_log {
    struct sim_unit {
        size_t bytes, keys; /* where those of the unit end */
    } * units;
    size_t count, capacity;
    char *bytes;
    size_t byte_count, byte_capacity;
    struct sim_logged_key {
        uint8_t slot;
        sim_model_key key;
    } * keys;
    size_t key_count, key_capacity;
} sim_log;

void sim_log_free(sim_log *log);
/* Adds to the unit that is being written. */
void sim_log_add_change(sim_log *log, const sim_change *change);
void sim_log_add_key(sim_log *log, uint8_t slot, const sim_model_key *key);
/* Ends the unit. */
void sim_log_end_unit(sim_log *log);
/* Forgets all units from this one on, and one that was not ended. */
void sim_log_cut(sim_log *log, size_t count);
/* The changes of a unit, one after another: `*at` is 0 at first. False: there are no more. */
bool sim_log_read(const sim_log *log, size_t unit, size_t *at, sim_change *change);
/* Does to the model what the unit did. */
void sim_log_apply_keys(const sim_log *log, size_t unit, sim_model *model);

#endif
