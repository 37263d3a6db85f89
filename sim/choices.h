/* The choices of a play: everything that its seed decides.
 *
 * How long a message takes, how long a client waits, whether it stands still now: each is a choice,
 * named by who is concerned, of what kind it is and the how many-th of those it is. Each has a
 * usual value, which is what happens when nothing is chosen: the shortest latency, no pause. So a
 * play is told by the choices that are not usual, and becomes simpler when one is left out; the
 * others keep their names and so their places.
 *
 *      from a seed:  draws, and notes what is not usual      replayed:  looks it up
 *
 * Cost: a choice is a draw or a step of a cursor. Ownership: the list owns its choices.
 */
#ifndef TTLSPEC_SIM_CHOICES_H
#define TTLSPEC_SIM_CHOICES_H

#include "sim/random.h"
#include "sim/scenario.h"

typedef enum choice_kind {
    CHOICE_LATENCY_TO, /* microseconds, to the server */
    CHOICE_LATENCY_BACK,
    CHOICE_WAIT,    /* milliseconds */
    CHOICE_LOST_TO, /* 1: the connection breaks, and takes the command along */
    CHOICE_LOST_BACK,
    CHOICE_PAUSE,  /* microseconds that a client stands still */
    CHOICE_CRASH,  /* 1 */
    CHOICE_OFFSET, /* microseconds that a client's wall clock is off */
    CHOICE_DRIFT,  /* millionths that a clock is too fast */
    CHOICE_SERVER_PAUSE,
    CHOICE_JUMP,     /* microseconds that the server's wall clock is set ahead */
    CHOICE_LAG,      /* microseconds that the replica is behind */
    CHOICE_FAILOVER, /* 1 */
    CHOICE_FEWER,    /* rounds that a loop leaves out; no seed draws it, only who shrinks a play */
    CHOICE_KINDS
} choice_kind;

/* Whom a choice concerns: a client by its number, or the server. */
enum { CHOICE_SERVER = SCENARIO_CLIENTS, CHOICE_WHO };

typedef struct choice {
    uint32_t nth; /* from 0 */
    uint8_t who, kind;
    int64_t value;
} choice;

typedef struct choice_list {
    choice *choices; /* in order of who, kind and nth, once choice_list_sort was called */
    size_t count, capacity;
} choice_list;

void choice_list_add(choice_list *list, choice one);
void choice_list_sort(choice_list *list);
/* Into a sorted list, in its place. */
void choice_list_insert(choice_list *list, choice one);
void choice_list_free(choice_list *list);

typedef struct choices {
    uint64_t seed;
    const choice_list *given; /* NULL: drawn from the seed */
    choice_list *taken;       /* what was not usual; may be NULL */
    unsigned redrawn; /* a bit for each whose choices the seed decides although others' are given */
    uint32_t count[CHOICE_WHO][CHOICE_KINDS];
    size_t cursor[CHOICE_WHO][CHOICE_KINDS]; /* in `given` */
    bool is_ready[CHOICE_WHO][CHOICE_KINDS];
    sim_random streams[CHOICE_WHO][CHOICE_KINDS];
    uint64_t rates[CHOICE_KINDS]; /* a fault comes once in so many */
} choices;

/* `given` must be sorted. Either list must outlive the choices. */
void choices_begin(choices *self, uint64_t seed, const choice_list *given, choice_list *taken);
/* low to high, often near the ends; usually low. */
int64_t choices_span(choices *self, unsigned who, choice_kind kind, int64_t low, int64_t high);
/* Usually 0; in some plays often, in some seldom, from low to high. low <= 0 <= high. */
int64_t choices_fault(choices *self, unsigned who, choice_kind kind, int64_t low, int64_t high);
/* Usually false; true so many times in a thousand. */
bool choices_chance(choices *self, unsigned who, choice_kind kind, int64_t per_1000);

/* Usually 0, also where a seed draws; at most `high`. */
int64_t choices_given(choices *self, unsigned who, choice_kind kind, int64_t high);

/* The kind as a word: "latency-to". */
const char *choice_kind_name(choice_kind kind);
/* Is it a fault, and not merely a time? */
bool choice_kind_is_fault(choice_kind kind);

#endif
