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
 *      model_text.c, model_elements.c, model_sets.c, model_zset.c and model_stream.c
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
/* Answers that its time is none; the error names the command. */
void model_refuse_time(struct act *act);

/* How long a string is. */
void model_answer_length(struct act *act, const sim_model_key *key);
/* Was this told, in the place of the answer? */
bool model_is_told(const struct act *act, ttl_reply_type type);
/* Answers what was told; only where it is of this type. */
void model_agree(struct act *act);
bool model_agrees_if(struct act *act, ttl_reply_type type);

/* Is it a key of this type, or none? Answers the error when it is not. */
bool model_has_type(struct act *act, const sim_model_key *key, sim_type type);
/* Members, and the scores that they have in a sorted set; in a set that is 1. */
struct group {
    uint32_t members;
    int32_t scores[SIM_MEMBERS];
};

/* Those of a key: a set, or one of this type. False: it is none, and that was answered. */
bool model_read_group(struct act *act, uint8_t number, sim_type type, struct group *group);
/* Those of two keys, as the command puts them together. False as above. */
bool model_join(struct act *act, uint8_t first, uint8_t second, sim_type type,
                struct group *result);
/* What becomes of a key in which members are stored, or none; answers how many. */
void model_store(struct act *act, sim_type type, const struct group *group);
void model_do_store(struct act *act, sim_type type);
/* Answers one of them, which is its result, or several different ones, but no more than that: any,
 * as it was told. */
uint8_t model_answer_one_of(struct act *act, uint32_t members);
void model_answer_some_of(struct act *act, ttl_reply_type type, uint32_t members, int most);
/* The whole of a scan, with this many parts behind it. */
void model_begin_scanned(struct act *act, size_t count);
/* Something went: with the last of it the key. */
void model_shrink(struct act *act, const sim_model_key *key);
/* The key of a slot, which comes into being where there is none. */
sim_model_key *model_made(struct act *act, uint8_t slot, sim_type type);
/* Begins an array of this length with the name of the key. */
void model_answer_name(struct act *act, const sim_model_key *key, size_t length);
/* LMPOP, ZMPOP */
void model_do_mpop(struct act *act);

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
void model_pop_from_zset(struct act *act, sim_model_key *key);
/* A score for a member, in the place of whatever there was. True: that is a change. */
bool model_put_score(struct act *act, sim_model_key *key, uint8_t number, int32_t score);
void model_answer_score(struct act *act, int32_t score);
void model_do_stream(struct act *act);
void model_do_elements(struct act *act);
void model_do_text(struct act *act);
void model_do_set(struct act *act);
void model_do_zset(struct act *act);
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
