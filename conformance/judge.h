/* The judge: could a right server have answered like this?
 *
 *      history ----> [ judge ] ----> pass | fail, with the smallest contradicting chain | undecided
 *                     |     ^
 *       run this unit v     |  now?  is a after b?  what does this reply tell?
 *                    [ engine ]         the same code as everywhere, with a timeline for a clock
 *
 * A history fails exactly when no assignment of moments, within what was observed, makes the
 * reference engine give the replies that were given. docs/verdicts.md says it in words.
 *
 * UNITS. One command, as one line of the history, is one unit. Commands between MULTI and EXEC are
 * units too: they only fill the queue of their session. EXEC runs the block, at one moment. So no
 * grouping is needed: the engine's sessions do it, one for each connection of the history.
 *
 * MOMENTS. The judge has one zone. Its reference is the epoch of the server's wall clock. A unit n
 * that asks for the time has
 *
 *      wall[n]   what the server's wall clock showed, in microseconds; no integer is excluded
 *      tick[n]   zone_add_tick(wall[n]): the milliseconds of it, which is all the engine sees;
 *                tick[n] <= wall[n] < tick[n] + 1 ms, and tick[n] is a whole millisecond
 *
 * and an instant {ms, origin n} of the engine is the moment tick[n] + ms. Nothing is known of where
 * our clock lies against the server's: wall clocks are compared only with each other. Of two units
 * i and j with brackets [sent, received] on our clock, and a rate that differs by at most `rate`,
 *
 *      wall[j] - wall[i] <= (1 + rate) * (received[j] - sent[i])     rounded up
 *
 * or with (1 - rate) where that is negative, because then i ran after j for certain. They are all
 * that brackets say: any wall times that satisfy them for each pair belong to some clock of such a
 * rate. A connection, and the order that is being tried, add wall[i] - wall[j] <= 0 for i before j.
 *
 * The wall clock is taken to show a year between 1970 and 6429 (JUDGE_CLOCK_MS_MAX), without which
 * nothing could be said of whether a deadline overflows.
 *
 * QUESTIONS. The engine compares instants of different origins through its timeline. "Is {p, j}
 * after {q, i}?" is
 *
 *      yes       tick[i] - tick[j] <= (p - q - 1) ms
 *      no        tick[j] - tick[i] <= (q - p) ms
 *
 * Where the brackets of the two decide, that is the answer, and the zone never hears of it. Else
 * both moments are attached to the zone (zone_attach: all their pairs at the price of about one)
 * and it says which answers are possible. If both are, the judge takes the one that would explain
 * the observed reply (dead, if it is nil, 0, -2 or an empty array), adds it to the zone, and
 * remembers that the other has to be tried. Because questions put to *ticks* share variables, what
 * was once decided binds: two keys given one deadline in one EXEC cannot be found one dead, one
 * alive in a later EXEC, since both questions are the same two ticks and the same distance.
 *
 * WHAT A REPLY TELLS. PTTL, TTL, PEXPIRETIME, EXPIRETIME and TIME answer numbers that the engine
 * cannot know when origins differ. It puts a node TTL_REPLY_TOLD into the reply, with the number of
 * a relation that it has told the timeline; comparing replies then asserts the relation with the
 * number that was observed. For an observed v (with d the deadline, n the moment of the reading):
 *
 *      LEFT_MS   v > 0: d - n = v ms                               v = 0: d - n <= 0
 *      LEFT_S    v > 0: v*1000 - 500 <= d - n <= v*1000 + 499      v = 0: d - n <= 499
 *      MOMENT_MS d = v ms                         MOMENT_S as LEFT_S, against the epoch
 *      NOW_S, NOW_US   wall[n] = s * 1000000 + us, the one relation that names a microsecond
 *      COUNT     low <= v <= high
 *
 * An instant of the origin that is asked (PSETEX and PTTL in one EXEC) is a plain number, and the
 * engine answers it itself.
 *
 * TWO READINGS IN ONE UNIT. Until 7.2 a server reads its clock again for a relative deadline, for
 * the test whether a new deadline is past, for TTL, PTTL and TIME; what is dead is decided by the
 * reading at the beginning of the unit. Then the engine asks the timeline for the present once
 * more, and the unit has another wall and tick, in the same bracket, not before the last one.
 *
 * SEARCH. Depth first over two kinds of choices: which unit runs next, and the answers within it.
 *
 *      order     A unit may be next if no unit that waits was answered before this one was sent,
 *                and none of its own connection waits before it. One that meets none of those that
 *                could overtake it (they share no key with it, and none touches all keys) is taken
 *                at once. An order adds the order of moments only between units that meet.
 *      answers   The log of all answers so far. To go back to a choice the engine is run again from
 *                the beginning along the log (it is deterministic: same seed, same answers, same
 *                questions), which costs a fraction of a microsecond for each unit; the zone is not
 *                recomputed but copied at each choice.
 *      pruning   A unit whose reply cannot be what was observed ends the branch at once.
 *      memory    A state that was tried (the units that ran, of those that meet and overlap which
 *                came first, the answers) is not tried again.
 *      room      Moments that no deadline in the keyspace counts from, and that nothing connects
 *                with one that does or with the epoch, leave the zone: it grows with what is alive,
 *                not with the history. Past 64 moments the one that was needed the longest ago
 *                leaves too. That can only make a verdict milder, never a pass into a fail.
 *
 * A command that no reply came to may have run at any moment after its sending, or never: both are
 * tried, "never" first.
 *
 * WHAT IS COMPARED. Replies are equal as the connection's protocol carries them, errors by their
 * first word. Replies whose order is the server's own (KEYS, SMEMBERS, HGETALL ...) are compared as
 * multisets. What was chosen at random is put to the engine: the key that RANDOMKEY named has to
 * be alive, the members that SPOP took have to be there. SCAN, INFO, COMMAND, CLIENT, CONFIG and
 * their like are not judged, and a history with a command that the engine does not have (and that
 * was no error) is not decided. When a server reclaims dead keys is its own affair, so DBSIZE is a
 * range, from what can be alive to all that may not have been reclaimed. Where a dialect's active
 * cycle comes in the millisecond of the deadline, a key may be found dead in it.
 *
 * A FAILURE. Among the branches the one that explains most units is reported. In its last unit the
 * judge looks for the answers, or the relation, with which the reply would have been right, and
 * asks the zone to refute them: the circle of constraints that comes back is the chain. The tag of
 * each is the number of a fact (a bracket, an order, an answer that a reply forced, a relation that
 * a reply told), so the chain is written out fact by fact, with the sum that misses. A reply that
 * no answer would have made right needs no chain: it says what was expected.
 *
 * Cost: without questions of two answers one run of the engine, about a microsecond a command, and
 * some microseconds for each reply that tells a time (bench_judge). The limit on engine runs ends a
 * search that is not to end otherwise: then nothing is decided.
 * Ownership: the result owns its texts until judge_result_free; the history is only read.
 */
#ifndef CONFORMANCE_JUDGE_H
#define CONFORMANCE_JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "conformance/history.h"
#include "ttlspec/dialect.h"

enum { JUDGE_RATE_PPM = 500, JUDGE_RUNS_MAX = 100000 };

/* 2^47 ms: the year 6429. */
#define JUDGE_CLOCK_MS_MAX ((int64_t)1 << 47)

/* What really happened, told by somebody who knows. It only says what to try first: the judge
 * checks each step of it as it checks all others. Then the question is not whether the judge can
 * find an explanation, but whether it takes the true one. */
typedef struct judge_hint {
    int64_t rank;    /* the how manieth it ran; INT64_MAX: it never did */
    int64_t wall_us; /* what the server's clock showed then */
    /* And when keys were last reclaimed before it, without anybody's command: 0: never. Where that
     * comes in the millisecond of a deadline, the key is gone in it, or still there. */
    int64_t cycled_us;
    int64_t again_us; /* what the clock showed to a unit that asked again; 0: the same */
} judge_hint;

typedef struct judge_options {
    ttl_dialect dialect;     /* the behaviour that the history is held to */
    int64_t rate_ppm;        /* how much the server's clock may run faster or slower than ours */
    size_t runs_max;         /* engine runs; 0: JUDGE_RUNS_MAX */
    const judge_hint *hints; /* one for each entry; NULL: the judge is left to itself */
} judge_options;

typedef enum judge_answer {
    JUDGE_PASS,      /* some assignment explains every reply */
    JUDGE_FAIL,      /* none does */
    JUDGE_UNDECIDED, /* the limit was reached before either was known */
} judge_answer;

/* One link of the chain: `formula` is a bound on the difference of two unknowns, as
 * docs/verdicts.md writes them; `text` says for a person where it comes from. */
typedef struct judge_link {
    size_t entries[2]; /* of the history; SIZE_MAX: none */
    char *formula;
    char *text;
    int64_t bound_us; /* what it contributes to the sum */
} judge_link;

typedef struct judge_result {
    judge_answer answer;
    char *reason; /* one sentence, with the numbers; NULL of a pass */
    size_t entry; /* of a failure: the entry whose reply cannot be explained */
    /* Undecided, because from `entry` on it is the server's own affair what is right: up to there
     * the history can be judged. */
    bool is_beyond;
    size_t link_count;
    judge_link *links; /* of a failure that needs a chain: it closes, and misses by miss_us */
    int64_t miss_us;
    bool rounds; /* the sum was rounded to whole milliseconds on the way */
    /* How much later or earlier a moment would have had to be for the nearest question to be open;
     * 0: there was one that was. INT64_MAX: no question was asked. */
    int64_t slack_us;
    /* The same of questions whose answer no reply shows that is judged: a deadline that is written
     * over. What is not judged may show it. */
    int64_t idle_slack_us;
    size_t questions, open_questions;
    size_t runs; /* of the engine */
    size_t peak; /* the largest number of variables in the zone */
} judge_result;

judge_result judge_history(const history *history, const judge_options *options);
void judge_result_free(judge_result *result);

/* "pass", "fail", "undecided" */
const char *judge_answer_name(judge_answer answer);

#endif
