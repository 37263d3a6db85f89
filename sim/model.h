/* The naive model: what a keyspace with deadlines is, as plainly as it can be said.
 *
 * An array of keys, each with a value and perhaps a deadline, searched from end to end; one for
 * each database, one behind the other, and a key's place in there is its slot. There is no index,
 * no hash, no sharing and no cleverness, so that it can be checked by reading it. It answers the
 * commands of op.h as a dialect of Redis does, and says which dead keys a command met.
 *
 * Invariant: a key that is not present has no value and no deadline.
 * Cost: a command is a few comparisons; looking for what is due is a scan of all keys.
 * A model is a value: assigning it takes a snapshot.
 */
#ifndef TTLSPEC_SIM_MODEL_H
#define TTLSPEC_SIM_MODEL_H

#include "sim/op.h"
#include "ttlspec/reply.h"

enum { SIM_HEEDED = 16, SIM_TEXT_SIZE = 40, SIM_MET = 128, SIM_SLOTS = SIM_DATABASES * SIM_KEYS };

/* In what dialects differ, as far as a model shows it. */
enum {
    SIM_CYCLE_AT_DEADLINE = 1, /* the cycle reclaims in the millisecond of the deadline already */
    SIM_SET_PAST_DELETES = 2,  /* SET with a deadline that is not ahead deletes */
    SIM_PAST_IS_EXPIRED = 4,   /* what a deadline in the past deletes is announced as expired */
    SIM_GETEX_TIME_FIRST = 8,  /* GETEX looks at the time before it looks for the key */
    SIM_TIME_GOES_ON = 16,     /* within a transaction what remains is counted from a later time */
    SIM_NOT_IN_MULTI = 64,     /* MULTI and WATCH spoil the transaction in which they come */
    SIM_NAMES_REFUSED = 128,   /* and are named in the error */
    SIM_RESTORE_LOOKS = 256,   /* RESTORE with REPLACE looks for the key, and meets a dead one */
    SIM_CUTS_INDEX = 512,      /* LSET takes the low 32 bits of its index */
    SIM_HAS_MSETEX = 1024,
    SIM_HAS_FIELDS = 2048,      /* fields of hashes may have deadlines */
    SIM_FIELDS_OF_REDIS = 4096, /* as Redis has them, not as Valkey does (model_fields.c) */
    SIM_HAS_HSETEX = 8192,      /* HSETEX, HGETEX and HGETDEL */
    SIM_READS_LAST = 16384,     /* XREAD takes + for the last entry */
    SIM_HAS_NOVALUES = 524288,  /* HSCAN takes NOVALUES */
    SIM_LTRIM_MAY_REST = 32768, /* LTRIM that cuts nothing off breaks no watch */
    SIM_HAS_NO_LAST = 65536,    /* XREAD refuses + of a stream that never had an entry */
    SIM_HAS_DELEX = 131072,     /* DELEX and DIGEST */
    SIM_HAS_DELIFEQ = 262144,
    SIM_TYPE_FIRST = 32, /* SCAN looks at the type before it reclaims, and refuses a wrong one */
};

/* The dialects of worlds, by number; 0 is the usual one. */
extern const char *const sim_dialects[];
enum { SIM_DIALECTS = 10 };
unsigned sim_dialect_traits(uint8_t dialect);
/* Has a dialect of these traits the command? */
bool sim_dialect_knows(unsigned traits, sim_op_kind kind);
/* SIM_DIALECTS: there is none of this name. */
uint8_t sim_dialect_of_name(const char *name);

enum { SIM_SLOT_TEXT = 24 };

/* Of a sketch: whom it has counted nobody can say. */
#define SIM_UNKNOWN_MEMBERS UINT32_MAX
enum { SIM_HEAD = 16 }; /* bytes of a hidden string that are known */

typedef struct sim_model_key {
    bool is_present, is_volatile;
    bool is_hidden; /* of a string: only its head is known (model_text.c) */
    uint8_t type, length;
    uint32_t members; /* of a list: how many; of the others, but a stream: a bit for each; of a
                         sketch: who is counted */
    int64_t deadline_ms;
    uint64_t arming; /* the order in which deadlines were set */
    uint64_t born;   /* the order in which keys came into being */
    union {
        int64_t fields_ms[SIM_MEMBERS]; /* of a hash, by field: its deadline; 0: none */
        struct {
            int64_t last_ms, sequence; /* its last id */
            int64_t length;
        } stream;
    };
    union {
        char text[SIM_TEXT_SIZE];    /* of a string */
        int32_t values[SIM_MEMBERS]; /* of a hash, by field; of a sorted set the scores */
    };
} sim_model_key;

/* What a server keeps of a connection. */
typedef struct sim_peer {
    uint8_t database;
    bool in_multi, has_failed; /* a queued command was refused */
    bool is_broken;            /* a watched key was changed */
    sim_op *queue;
    size_t queue_count, queue_capacity;
    sim_op heeded[SIM_HEEDED]; /* what it is subscribed to */
    size_t heeded_count;
    uint64_t watched, was_dead; /* slots: those that are, and were dead already then */
    struct {
        bool is_on;
        sim_op op;
        int64_t until_ms; /* INT64_MAX: for ever */
        uint64_t order;
    } wait; /* for something to take */
    struct {
        bool is_on;
        uint8_t database, wants; /* in which one, and what is looked for (sim_op.extra) */
        int64_t cursor;          /* where it goes on */
        uint32_t must, seen;     /* keys that lived all the while; that were shown */
        uint64_t born[SIM_KEYS]; /* of those, so that one which came anew is known */
    } scan;
} sim_peer;

typedef struct sim_model {
    sim_model_key keys[SIM_SLOTS]; /* of one database after the other */
    uint64_t armings, births, waits;
    unsigned traits; /* of its dialect */
    /* Connections, whose watches break; NULL: there are none. */
    sim_peer *peers;
    size_t peer_count;
    const char *notify; /* notify-keyspace-events; NULL: none */
    uint64_t watched;   /* slots that anybody watches */
    bool is_replica;    /* it refuses what writes */
    uint64_t changed;   /* slots that changed since somebody set this to 0 */
    /* By type: slots where there was no key and one of it came, since somebody set this to 0. */
    uint64_t came[SIM_TYPES];
    /* The dead keys that the last command met and reclaimed, in order: their slots. */
    uint8_t met[SIM_MET];
    size_t met_count;
    /* The slots of hashes of which it announced that fields had expired. */
    uint8_t fields_met[SIM_MET];
    size_t fields_met_count;
} sim_model;

/* What a server answered and announced, for what the model cannot know: the order of a hash table,
 * and what chance drew. It is checked, never believed. */
typedef struct sim_told {
    const ttl_reply *reply;
    const uint8_t *announced;
    size_t announced_count;
} sim_told;

/* Executes a command at a moment, in milliseconds since the epoch. The answer is appended to
 * `reply`. */
void sim_model_execute(sim_model *model, sim_peer *peer, const sim_op *op, int64_t now_ms,
                       const sim_told *told, ttl_reply *reply);
bool sim_model_is_dead(const sim_model_key *key, int64_t now_ms);
/* May the active cycle reclaim this key now? */
bool sim_model_may_reclaim(const sim_model *model, uint8_t slot, int64_t now_ms);
/* Without keys, of the same dialect. */
sim_model sim_model_emptied(const sim_model *model);
/* Reclaims a dead key. */
void sim_model_remove(sim_model *model, uint8_t slot);
/* How many keys a database has, the dead too. */
size_t sim_model_count(const sim_model *model, uint8_t database);
/* How many keys have a deadline, in all databases. */
size_t sim_model_count_volatile(const sim_model *model);
/* The slot of a dead key that is not reclaimed; SIM_SLOTS: there is none. */
uint8_t sim_model_first_dead(const sim_model *model, int64_t now_ms);
bool sim_model_field_is_dead(const sim_model_key *key, uint8_t field, int64_t now_ms);
/* The first deadline of a field; INT64_MAX: there is none. */
int64_t sim_model_first_field_ms(const sim_model_key *key);
/* Reclaims the fields of a hash that are due, as the active cycle does: at their deadline. */
void sim_model_reclaim_fields(sim_model *model, uint8_t slot, int64_t now_ms);
/* The slot of a hash with fields that are dead and not reclaimed; SIM_SLOTS: there is none. */
uint8_t sim_model_first_dead_field(const sim_model *model, int64_t now_ms);
/* Who waits is served: his command is run again. PENDING: there is nothing to take. */
void sim_model_serve(sim_model *model, sim_peer *peer, int64_t now_ms, const sim_told *told,
                     ttl_reply *reply);
/* Does he wait though what he waits for came to be in this unit? */
bool sim_model_must_be_served(const sim_model *model, const sim_peer *peer, int64_t now_ms);
/* Has he waited for the same, and longer than the one that was served? */
bool sim_model_waits_longer(const sim_peer *one, const sim_peer *served);
/* A message to a subscriber, its parts one behind the other. */
typedef struct sim_push {
    uint8_t session;
    char text[127];
} sim_push;
enum { SIM_PUSHES_EACH = 2 * SIM_HEEDED };
/* What the connection must be told of an event, in order. Returns how many messages. */
size_t sim_model_published(const sim_model *model, const sim_peer *peer, const sim_happening *event,
                           sim_push *pushes);
/* A connection ends; what comes next in its place is a new one. */
void sim_peer_reset(sim_peer *peer);
/* A command waits for EXEC. */
void sim_peer_enqueue(sim_peer *peer, const sim_op *op);
/* "k3", or "k3 of database 1". `text` has room for SIM_SLOT_TEXT bytes. */
const char *sim_slot_text(uint8_t slot, char *text);

#endif
