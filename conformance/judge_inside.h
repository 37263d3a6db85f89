/* What the files of the judge share. Nobody else includes this.
 *
 *      judge.c          the answer: options in, result out
 *      judge_plan.c     what each entry means: what is run for it, what is compared, what it meets
 *      judge_time.c     the engine's timeline: moments, questions, relations, the zone
 *      judge_match.c    is this reply what was observed?
 *      judge_event.c    keyspace events that were heard
 *      judge_search.c   orders and answers, depth first; the engine is run again to go back
 *      judge_state.c    when two branches have come to the same
 *      judge_reason.c   why nothing explains it
 */
#ifndef CONFORMANCE_JUDGE_INSIDE_H
#define CONFORMANCE_JUDGE_INSIDE_H

#include "conformance/judge.h"
#include "conformance/zone.h"
#include "ttlspec/engine.h"

enum {
    JUDGE_KEPT = 64,     /* moments in the zone at a time; see keep_room */
    JUDGE_SWEEP_MIN = 8, /* fewer are not worth a look */
    JUDGE_TICK_US = 1000,
};

/* ---- the plan: one unit for each entry of the history, under the same number */

typedef enum judge_mode {
    JUDGE_EXACT,
    JUDGE_UNORDERED, /* the children of an array in some order, one at a time ... */
    JUDGE_PAIRS,     /* ... or by twos: field and value */
    JUDGE_ANYTHING,  /* not judged */
} judge_mode;

typedef struct judge_unit {
    bool is_left_out; /* not run: nothing depends on it, and its reply is not judged */
    bool is_answered;
    bool reclaims;       /* a WATCH: of its keys the dead are gone */
    bool is_event;       /* a keyspace event that was heard; see judge_event.c */
    bool writes_blindly; /* nothing shows whether what it writes over was dead */
    judge_mode mode;
    size_t argc;
    const ttl_bytes *argv;     /* what is run: mostly what was sent */
    const ttl_reply *expected; /* what has to come: mostly what was observed */
    ttl_reply own;             /* where it is not */
    size_t part_count;         /* of an EXEC: the entries of its block */
    size_t *parts;
    bool meets_all; /* it may touch any key */
    size_t key_count;
    uint64_t *keys; /* hashes of the names that it may touch */
    size_t next_of_connection;
} judge_unit;

/* ---- what is known, as far as the search has come */

/* One reading of the server's clock; the origin of its instants is its index + 1. */
typedef struct judge_moment {
    size_t unit, position; /* whose, and when in the order that is tried */
    size_t slot;           /* where it was attached last; see judge_attached */
} judge_moment;

/* A moment that the zone knows. */
typedef struct judge_attached {
    uint32_t origin;
    zone_variable wall, tick;
    uint64_t used;  /* when it was asked for last */
    uint32_t group; /* those with which answers and replies connect it have the same */
    bool is_pinned; /* it is tied to the epoch */
} judge_attached;

typedef struct judge_known {
    zone *zone;
    size_t count;
    size_t sweep_at; /* at how many to look for those that nothing depends on */
    uint64_t uses;
    judge_attached attached[JUDGE_KEPT];
} judge_known;

/* A variable of the zone: the reading that it belongs to. */
typedef struct judge_variable {
    uint32_t origin;
    bool is_tick;
} judge_variable;

/* Why a constraint holds. Its tag: one of these, or FACT_FIRST + an index into the facts. */
enum { FACT_CLOCK = 1, FACT_BRACKET, FACT_ORDER, FACT_FIRST = 16 };

typedef struct judge_fact {
    size_t unit;
    bool is_told;                /* a reply told it; otherwise the answer to a question */
    ttl_instant a, b;            /* of an answer: is a after b? */
    bool answer, is_of_deadline; /* ... asked to know whether something has expired */
    ttl_told told;
    int64_t value; /* what the reply said */
} judge_fact;

typedef struct judge_asked {
    ttl_instant a, b;
} judge_asked;

/* A point where something else can be tried. */
typedef struct judge_choice {
    bool is_order;
    size_t position; /* units that had run */
    size_t log_count, moment_count, relation_count, fact_count;
    judge_known known; /* before the choice */
    /* an answer: the other one, and what it adds */
    bool answer;
    zone_constraint constraint;
    judge_fact fact;
    /* an order: what else may run here */
    size_t *units;
    size_t unit_count, next_unit;
} judge_choice;

/* Names a state; two numbers, so that no two are taken for one. */
typedef struct judge_name {
    uint64_t a, b;
} judge_name;

/* A keyspace event that the engine emitted. */
typedef struct judge_emitted {
    char *name;
    ttl_bytes key;
    int database;
    bool *is_heard; /* by each ear: an entry of the history says so */
} judge_emitted;

typedef struct judge {
    const history *history;
    judge_options options;
    arena arena;
    int64_t yes_slack_us;  /* how much earlier than after its deadline a key may be found dead */
    bool fields_die_early; /* fields of hashes may be, by a millisecond, where keys may not */
    judge_unit *units;
    size_t *first_of_connection;
    size_t *ears; /* by connection: its number among those that hear events; SIZE_MAX: it is none */
    size_t ear_count;
    bool is_concurrent; /* some units of different connections overlap in time */

    /* the run of the engine */
    ttl_engine *engine;
    ttl_session **sessions;
    ttl_reply reply;
    ttl_timeline timeline;
    size_t runs;
    size_t moment_at, relation_at, log_at; /* how far this run has come in what is known */
    size_t emitted_count;
    judge_emitted *emitted; /* only if the history has events */
    size_t log_start;       /* where the questions of the present unit begin */

    /* the branch: what was decided */
    size_t *order; /* units, by position */
    size_t position;
    judge_name *orders;                     /* of what was decided on the way, by position */
    size_t *next_of;                        /* by connection: the unit that waits; SIZE_MAX: none */
    int64_t *sent_us, *received_us;         /* by unit: narrowed by the order */
    int64_t *latest_sent, *latest_received; /* by position: the latest of all up to there */
    uint8_t *log;                           /* the answer to each question, in turn */
    size_t log_count;
    judge_moment *moments;
    size_t moment_count;
    ttl_told *relations;
    size_t relation_count;
    judge_fact *facts;
    size_t fact_count;
    judge_variable *variables; /* by variable of the zone */
    size_t variable_capacity;
    judge_known known;
    bool is_dead;         /* what is known contradicts itself */
    const char *given_up; /* why no more can be judged; NULL: all can */
    size_t given_up_at;   /* in which unit */
    bool is_crowded;      /* the unit that begins narrowed the bracket of another */
    int64_t told_now_s;   /* the first half of what TIME told */

    judge_choice *choices;
    size_t choice_count, choice_capacity;
    judge_name *failed; /* states that were tried: an open hash table */
    size_t failed_count, failed_capacity;

    /* a search for an explanation: answers are given, not asked for */
    bool is_free;
    uint8_t *free_log; /* lowest bit: the answer */
    judge_asked *free_asked;
    size_t free_at, free_count;

    /* the branch that explained most */
    bool has_best;
    size_t best_position, best_unit, best_log_count;
    size_t *best_order;
    uint8_t *best_log;
    const uint8_t *script; /* answers for open questions, to go that way again; NULL: none */

    int64_t slack_us, idle_slack_us;
    size_t questions, open_questions, peak;
} judge;

/* judge_plan.c. False: it cannot be judged, and `reason` says why. */
bool judge_plan(judge *self, char **reason, size_t *entry);
void judge_plan_free(judge *self);
/* Does it matter which of the two runs first? */
bool judge_units_meet(const judge *self, size_t a, size_t b);

/* judge_time.c */
ttl_timeline judge_timeline(judge *self);
/* The zone of nothing. */
void judge_known_begin(judge_known *known);
void judge_known_copy(judge_known *to, const judge_known *from);
/* Adds what a number that a reply told asserts. False: it contradicts. */
bool judge_tell(judge *self, uint32_t relation, int64_t value);
/* The slot of a moment in the zone, attached if need be. */
const judge_attached *judge_attach(judge *self, uint32_t origin);
/* The most that the wall clock of x can have been after that of y, by their brackets and order. */
int64_t judge_apart_us(const judge *self, uint32_t x, uint32_t y);
/* Adds one constraint to what is known, with a fact as its reason. False: it contradicts. */
bool judge_assert(judge *self, zone_constraint constraint, const judge_fact *fact);

/* judge_match.c. Told numbers are asserted on the way. */
bool judge_matches(judge *self, size_t unit);
/* What should come next in the reply that is being built; NULL: nothing. `part`: the unit whose
 * command is running, in a block not that of EXEC. */
const ttl_node *judge_expected_node(const judge *self, size_t unit, size_t *part);

/* judge_event.c */
/* Can something be said of this event at all? */
bool judge_knows_event(ttl_bytes name);
/* Notes what the engine emits. Fits ttl_engine_options.on_event. */
void judge_note_event(void *judge, const ttl_event *event);
void judge_forget_events(judge *self);
/* Runs a unit that is an event: the reply is 1 if it was announced by now, else 0. */
void judge_hear(judge *self, size_t unit, ttl_session *session);

/* The unit at the present position begins: its bracket, as far as the order narrows it. */
void judge_enter(judge *self, size_t unit);
/* The same of an event: it has a moment, though it may ask for none. */
void judge_attend(judge *self, size_t unit);

/* judge_search.c */
judge_answer judge_search(judge *self);
/* Begins anew, with nothing known and a fresh engine. */
void judge_forget_all(judge *self);
/* Remembers that a question had two answers: the other one is for later. */
void judge_branch(judge *self, bool other, zone_constraint constraint, const judge_fact *fact);
/* A fresh engine that has run `position` units of the order along the log. */
void judge_rerun(judge *self, size_t position);
/* Runs one unit at the present position, nothing more. */
void judge_execute(judge *self, size_t unit);
/* Runs it and goes on to the next position. False: it cannot have answered like that. */
bool judge_step(judge *self, size_t unit);
/* A fresh engine. */
void judge_engine_begin(judge *self);
void judge_engine_free(judge *self);

/* judge_state.c */
judge_name judge_state(const judge *self);
/* Names what was decided up to and with the unit at the present position: of those that meet and
 * could run in either order which came first, and the answers. Orders that differ only in units
 * that do not meet have one name. */
void judge_name_order(judge *self, size_t unit);

/* judge_reason.c. Fills in why the best branch ended. */
void judge_explain(judge *self, judge_result *result);

#endif
