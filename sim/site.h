/* A site: a server with its log and its replica, given one step after another, and judged at each.
 *
 *      step ---> primary ---> log ---> (lag) ---> replica
 *                  |            `-- a restart reads it back
 *                  `- laws: nothing dead is read, nothing alive is lost, ...
 *
 * A site knows no network and no true time: a step says what happens and what the wall clock
 * shows. So a list of steps replays exactly what a world did to its server, without the world.
 * That is what the shrinker works on.
 *
 * Cost: a step executes its command twice, on the engine and on the naive model.
 * Ownership: the site owns its servers and its log.
 */
#ifndef TTLSPEC_SIM_SITE_H
#define TTLSPEC_SIM_SITE_H

#include "sim/server.h"

typedef enum sim_step_kind {
    SIM_STEP_COMMAND,
    SIM_STEP_CYCLE,    /* the active cycle runs */
    SIM_STEP_TIME_OUT, /* who has waited long enough is answered */
    SIM_STEP_HANG_UP,  /* a connection ends; what comes next in its place is a new one */
    SIM_STEP_SYNC,     /* the replica gets op.amount more units of the log */
    SIM_STEP_READ,     /* the replica is asked: op only reads, in the database that it names */
    SIM_STEP_SAVE,     /* a snapshot is taken */
    SIM_STEP_RESTART,  /* the server ends, and reads back its whole log */
    SIM_STEP_CRASH,    /* the server ends, and reads back its last snapshot */
    SIM_STEP_PROMOTE,  /* the replica takes over; what it has not got is lost */
    SIM_STEP_QUIET,    /* nothing is under way any more: what must happen has happened */
    SIM_STEP_KINDS
} sim_step_kind;

typedef struct sim_step {
    int64_t wall_us; /* what the server's wall clock shows */
    sim_op op;
    uint8_t kind, client, session; /* its client is session / SIM_SESSIONS_EACH */
} sim_step;

/* What a site promises; each is a law that a step can break. */
typedef enum sim_law {
    SIM_LAWS_HOLD,
    SIM_LAW_DEAD_READ,   /* nothing dead is read */
    SIM_LAW_ALIVE_LOST,  /* nothing alive is lost */
    SIM_LAW_TTL_GREW,    /* a TTL never grows untouched, unless the clock goes back */
    SIM_LAW_ANNOUNCED,   /* an expiry is announced when the key is dead, and once; by no replica */
    SIM_LAW_UNANNOUNCED, /* a dead key that a command meets is announced */
    SIM_LAW_ORDER,       /* the cycle reclaims in order of deadlines, then of arming */
    SIM_LAW_TOLD,        /* subscribers are told of what happens, once, and in its order */
    SIM_LAW_WAITS,       /* who waits is served when there is something, or when his time is over */
    SIM_LAW_COUNT,       /* as many keys wait for their deadline as there are */
    SIM_LAW_REPLY,       /* engine equals model, in all it answers */
    SIM_LAW_REPLICA,     /* after quiet, replica equals primary */
    SIM_LAW_RESTART,     /* a restart loses nothing and revives nothing */
    SIM_LAW_QUIET,       /* after quiet, every expiry was announced: the law of liveness */
    SIM_LAWS
} sim_law;

/* What happened, so that a campaign can say what never did. */
typedef enum sim_mark {
    SIM_MARK_LAZY,
    SIM_MARK_ACTIVE,
    SIM_MARK_IN_DEADLINE_MS,
    SIM_MARK_CLOCK_BACK,
    SIM_MARK_SYNC,
    SIM_MARK_DEAD_AT_REPLICA,
    SIM_MARK_SAVE,
    SIM_MARK_RESTART,
    SIM_MARK_CRASH,
    SIM_MARK_PROMOTE,
    SIM_MARK_WRONGTYPE,
    SIM_MARK_INVALID_TIME,
    SIM_MARK_FAR_DEADLINE,
    SIM_MARK_EXECUTED,
    SIM_MARK_TIME_WENT_ON,
    SIM_MARK_WATCH_BROKE,
    SIM_MARK_WATCHED_DIED,
    SIM_MARK_SCANNED,
    SIM_MARK_SWAPPED,
    SIM_MARK_TOLD,
    SIM_MARK_TOLD_OF_DEATH,
    SIM_MARK_FIELD_MET,
    SIM_MARK_FIELD_CYCLE,
    SIM_MARK_WAITED,
    SIM_MARK_SERVED,
    SIM_MARK_TIMED_OUT,
    SIM_SITE_MARKS
} sim_mark;

enum { SIM_WHAT_SIZE = 400 };

typedef struct sim_site {
    sim_server servers[2];
    int primary;
    bool has_replica, has_log;
    sim_peer peers[SIM_PEERS]; /* connections to the primary, by session */
    sim_log log;
    size_t applied; /* how many units of the log the replica has */
    size_t waiting; /* connections whose command waits for something to take */
    size_t saved;   /* how many of them the snapshot has, and the model of that moment */
    sim_model saved_model;
    uint64_t saved_unknown;
    int64_t last_wall_us;
    struct {
        bool is_known;
        int64_t seen_ms, left_ms;
    } watch[SIM_SLOTS]; /* the last PTTL that was seen of a key that nothing touched since */
    ttl_reply reply, expected, served; /* served: what who waited has to be answered */
    uint64_t digest;
    uint64_t steps;
    uint64_t marks[SIM_SITE_MARKS];
    uint64_t ops[SIM_OP_KINDS];
    char what[SIM_WHAT_SIZE]; /* how a law was broken */
} sim_site;

typedef struct sim_site_options {
    const sim_hooks *hooks; /* may be NULL */
    uint64_t seed;
    uint8_t dialect;           /* of sim_dialects */
    bool has_log, has_replica; /* a replica needs the log */
} sim_site_options;

void sim_site_open(sim_site *site, const sim_site_options *options);
void sim_site_close(sim_site *site);
/* Does one step. The law that it broke, or SIM_LAWS_HOLD. */
sim_law sim_site_step(sim_site *site, const sim_step *step);
/* When the active cycle would first have something to do, as the wall clock shows it, in
 * milliseconds. False: never. */
bool sim_site_next_expiry(sim_site *site, int64_t *at_ms);
/* When the first of those who wait has waited long enough, in the same way. */
bool sim_site_next_timeout(sim_site *site, int64_t *at_ms);

/* What happened, and what is promised instead: sentences without a capital and a stop. */
const char *sim_law_text(sim_law law);
const char *sim_law_promise(sim_law law);
/* The law as a word: "dead-read". */
const char *sim_law_name(sim_law law);
bool sim_law_is_liveness(sim_law law);
const char *sim_step_kind_name(sim_step_kind kind);
const char *sim_mark_name(sim_mark mark);

#endif
