/* Zones: what is known of some unknown moments, as bounds on their differences.
 *
 *      x - y <= c          one entry of the matrix, in row x and column y
 *
 *                 ref   sent   t1          A variable is an integer number of microseconds.
 *          ref  [  0     -5    -5 ]        Variable 0 is the reference: its value is 0.
 *          sent [  5      0     0 ]        The matrix is kept closed: what follows from two
 *          t1   [ 17     12     0 ]        entries stands in a third.
 *
 * This is the difference bound matrix of timed automata, and the simple temporal problem of
 * planning (docs/verdicts.md names the literature). One thing is added: *ticks*. A clock that is
 * read in whole milliseconds shows the floor of its time. The tick of x is a variable K that is a
 * multiple of the tick's length with K <= x < K + length, so a bound on the difference of two ticks
 * is rounded down to a whole multiple. The reference is a tick, since 0 is a multiple. That is
 * exact: the zone is empty precisely when no assignment of integers satisfies every constraint, and
 * every bound it tells is reached by one.
 *
 * How ticks stay exact and cheap: an entry of two ticks is the tightest bound there is; any other
 * entry is the tightest that can be derived without passing *through* a tick, and what passes
 * through ticks is found when it is asked for. Rounding is done where a stretch between two ticks
 * ends; ticks differ by multiples, so rounding one stretch never undoes another. A way may use one
 * constraint in two stretches and gain twice, which a matrix without ticks never has to consider.
 *
 * A bound past +-ZONE_LIMIT saturates towards saying less: a zone may forget what lies 36 thousand
 * years away; it never invents.
 *
 * Cost, n variables: a variable O(n); a constraint O(n^2), sweeps over the ticks repeated until
 * nothing moves, which is seldom more than twice; a copy O(n^2). Asking of two ticks O(1), of a
 * tick and a variable O(n), of two variables O(n^2) where there are ticks, and in doubt the price
 * of a few copies. An explanation searches all constraints ever added: milliseconds, paid only when
 * there is something to explain.
 *
 * Ownership: a zone owns its matrix; copies share the record of constraints, so a zone and its
 * copies belong to one thread. Running out of memory ends the process with a sentence.
 */
#ifndef CONFORMANCE_ZONE_H
#define CONFORMANCE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct zone zone;
/* Numbers from 0 in the order of adding; a forgotten number is not given again. */
typedef uint32_t zone_variable;

enum { ZONE_REFERENCE = 0 };

#define ZONE_LIMIT    ((int64_t)1 << 60)
#define ZONE_INFINITY ((int64_t)1 << 62)

/* The tag of the two constraints that tie a tick to its variable; a caller's tags are others. */
#define ZONE_TAG_TICK UINT32_MAX

/* x - y <= bound_us. The tag is the caller's, to know the constraint again in a chain. */
typedef struct zone_constraint {
    zone_variable x, y;
    int64_t bound_us;
    uint32_t tag;
} zone_constraint;

typedef enum zone_answer {
    ZONE_IMPOSSIBLE, /* no assignment has it */
    ZONE_POSSIBLE,   /* some have it, some do not */
    ZONE_IMPLIED,    /* every assignment has it */
} zone_answer;

/* The zone of everything: one variable, the reference. A tick is `tick_us` long (1000: a
 * millisecond). */
zone *zone_new(int64_t tick_us);
zone *zone_copy(const zone *from);
/* Makes `to` what `from` is, reusing its memory. */
void zone_assign(zone *to, const zone *from);
/* NULL is fine. */
void zone_free(zone *zone);

/* A variable of which nothing is known. */
zone_variable zone_add_variable(zone *zone);
/* The tick of a variable that is none itself (the reference, being 0, is one). */
zone_variable zone_add_tick(zone *zone, zone_variable of);
/* Leaves a variable out and keeps all that follows from it for the others. It may no longer be
 * named; it can still appear in an explanation. Exact for what is no tick, and for a tick that no
 * constraint names but those that make it one; with another tick what is kept may say less. */
void zone_forget(zone *zone, zone_variable variable);
/* How many variables are not forgotten: what the cost depends on. */
size_t zone_size(const zone *zone);

/* Adds a constraint. False: it contradicts what is known, or that was so already; the zone is
 * empty then and stays empty. */
bool zone_add(zone *zone, zone_constraint constraint);
/* Adds constraints that all name `fresh`, a variable of which nothing is known yet, at the price of
 * about one: how a new moment is tied to all earlier ones. False as zone_add. */
bool zone_attach(zone *zone, zone_variable fresh, size_t count, const zone_constraint *constraints);
bool zone_is_empty(const zone *zone);

/* Is x - y <= bound_us? The zone must not be empty. */
zone_answer zone_ask(const zone *zone, zone_variable x, zone_variable y, int64_t bound_us);
/* The largest value of x - y; ZONE_INFINITY: it has none. The smallest is -zone_upper(y, x).
 * The zone must not be empty. */
int64_t zone_upper(const zone *zone, zone_variable x, zone_variable y);

/* A contradiction as a circle of constraints: the y of each is the x of the next, of the last it is
 * the x of the first. Added up, the left sides cancel: 0 <= total_us, which is below 0. Where the
 * circle passes ticks the sum between two of them was rounded down to a multiple. */
typedef struct zone_chain {
    size_t count;
    zone_constraint *constraints; /* what made the contradiction stands last */
    int64_t total_us;             /* below 0: by so much the constraints miss */
} zone_chain;

/* Why is the zone empty? The circle of the fewest steps, those of ticks not counted; of equal ones
 * the most contradicting. Where ticks round, a constraint may stand in it twice. A chain begins as
 * {0} and is given back with zone_chain_free. False: the zone is not empty; or no circle could be
 * shown, because sums on its way passed four times ZONE_LIMIT. */
bool zone_explain(const zone *zone, zone_chain *chain);
/* Why is this constraint impossible? False: it is possible. The zone must not be empty. To ask why
 * x - y <= c is implied, ask why y - x <= -c - 1 is impossible. */
bool zone_refute(const zone *zone, zone_constraint constraint, zone_chain *chain);
void zone_chain_free(zone_chain *chain);

#endif
