/* What the files of the model share: a command that is being executed.
 *
 *      model.c       strings, deadlines, keys, collections
 *      model_peer.c  connections: databases, transactions, watches
 *      model_look.c  what has an order of its own: KEYS, SCAN, RANDOMKEY
 *      model_listen.c subscribers
 *      model_fields.c deadlines of fields
 *      model_wait.c  who waits for something to take
 *      model_more.c  payloads, scripts, sets that are stored, what is said badly
 *      model_phrase.c what has a phrase (phrase.h); known exactly of it is what stands in
 *      model_elements.c and model_stream.c
 */
#ifndef TTLSPEC_SIM_MODEL_INSIDE_H
#define TTLSPEC_SIM_MODEL_INSIDE_H

#include "sim/model.h"

/* A command that is being executed. */
struct act {
    sim_model *model;
    sim_peer *peer;
    const sim_op *op;
    int64_t now_ms;     /* what is dead is dead by this */
    int64_t present_ms; /* what remains, and what a relative time counts from */
    const sim_told *told;
    size_t at; /* the node of its reply in `told` */
    ttl_reply *reply;
    bool is_in_exec;
};

sim_model_key *model_key(struct act *act, uint8_t number);
uint8_t model_slot(const struct act *act, uint8_t number);
/* Another value without a deadline, in the place of whatever there was; and a deadline for it. */
void model_put(struct act *act, sim_model_key *key, sim_model_key value);
void model_arm(struct act *act, sim_model_key *key, int64_t deadline_ms);
/* The key as a command finds it: one that is dead is reclaimed on the way. NULL: there is none. */
sim_model_key *model_find(struct act *act, uint8_t slot);
/* A key that changed, or went. Watches break by it. */
void model_touch(sim_model *model, uint8_t slot, bool is_gone);
/* A dead key goes. */
void model_reclaim(struct act *act, uint8_t slot);
void model_answer_integer(struct act *act, int64_t integer);
void model_answer_ok(struct act *act);
void model_answer_error(struct act *act, const char *error);

/* Is it a key of this type, or none? Answers the error when it is not. */
bool model_has_type(struct act *act, const sim_model_key *key, sim_type type);
/* What becomes of a key in which members are stored, or none; answers how many. */
void model_store(struct act *act, sim_type type, uint32_t members);

/* A command outside of any transaction, or when its time has come. */
void model_run(struct act *act);
void model_do_peer(struct act *act);
/* A transaction and its watches end. */
void model_leave(struct act *act);
void model_do_look(struct act *act);
void model_do_listen(struct act *act);
void model_do_more(struct act *act);
void model_do_phrase(struct act *act);
void model_do_wait(struct act *act);
/* Takes from the key, and answers what BLPOP and its kin do. */
void model_pop_from(struct act *act, sim_model_key *key);
void model_do_stream(struct act *act);
void model_do_elements(struct act *act);
void model_do_hash(struct act *act);
/* The key of a phrase; NULL: there is none of its type, and that was answered. */
sim_model_key *model_open(struct act *act);
/* The server told an error that begins so: answers it too. */
bool model_agrees_with_error(struct act *act, const char *beginning);
/* The key of the command has changed in a way that breaks no watch. */
void model_note(struct act *act);
void model_do_field(struct act *act);
/* Is the field there for who reads it? A dead one is reclaimed on the way where reads do that. */
bool model_meet_field(struct act *act, uint8_t slot, uint8_t field);
/* Is it there for HDEL and HEXPIRE? */
bool model_finds_field(const struct act *act, const sim_model_key *key, uint8_t field);
/* A field with 1 in it and without a deadline, in the place of whatever there was. True: it counts
 * as a new one. */
bool model_write_field(struct act *act, sim_model_key *key, uint8_t field);
/* Answers its value. */
void model_answer_field(struct act *act, const sim_model_key *key, uint8_t field);
/* A field goes, and with the last one its key. */
void model_take_field(struct act *act, uint8_t slot, uint8_t field);
/* What COPY of Valkey does not copy. */
void model_leave_dead_fields(struct act *act, sim_model_key *key);
/* Answers the error. */
bool model_refuses_listener(struct act *act);

#endif
