/* The crew: many vectors at once on one live server, in real time.
 *
 *      asleep, by due moment      at work: a link each            done, until the clock was read
 *        [ step at 100 ms ]  --->  [ steps of one moment ]  --->    [ judged, in a thread ]
 *        [ step at 101 ms ]  <---   pipelined, in flight
 *
 * Each vector has keys of its own. The steps of one moment go out together; a vector that waits for
 * its next moment holds no connection, unless what its commands did to the connection has to last
 * (MULTI, WATCH, SELECT ...): then it keeps its own ones and they are closed behind it.
 *
 * A vector that needs the database to itself has one of the server's other ones, emptied before
 * and after. One that needs the server to itself, because a reply counts what everybody did, begins
 * when nothing else stirs until it is over: all others sleep, and none of their keys dies then.
 * One that switches the active cycle off begins when the others are over, or sleep for as long.
 *
 * While one polls, none begins that could as well come later. What was missed, and has to be tried
 * again, comes last, when all others are over, or sleep for as long; but where much was missed only
 * what is in its last turn does, because the machine is busy and will not be quiet then either.
 *
 * A command that waits on the server holds up no other vector; whether it waits is asked for (see
 * crew_await.c).
 *
 * The judge may think for longer than a vector may be kept waiting, so he has a thread of his own.
 *
 * Moments. A vector begins at a whole millisecond of the server's clock, and its steps are sent
 * within the first part of their millisecond, those of different vectors at different parts, so
 * that they do not stand in each other's way. Vectors that never wait begin at once.
 *
 * The clock is read all the while. When it is not one that verdicts can rest on, everything that is
 * not yet decided becomes an error with that reason.
 *
 * Cost: two system calls for each moment of a vector. Ownership: a crew borrows the target and the
 * vectors; an attempt that is handed over belongs to the receiver until he returns.
 */
#ifndef CONFORMANCE_CREW_H
#define CONFORMANCE_CREW_H

#include <signal.h>

#include "conformance/attempt.h"

enum { CREW_JOBS = 64 };

typedef struct crew crew;

typedef struct crew_options {
    target *target; /* of a live server in real time */
    const ttl_dialect *spec;
    const char *run_id;
    size_t jobs; /* connections at most, beside three of the crew's own; 0: CREW_JOBS */
    const volatile sig_atomic_t *is_interrupted; /* may be NULL */
    /* Judges an attempt that is over; `number` is what crew_run was given. Called in the judge's
     * thread, one at a time, while all else goes on. */
    void *(*decide)(void *context, size_t number, const attempt *turn);
    /* Then, in the thread of crew_run: `decided` is what `decide` made. */
    void (*on_done)(void *context, size_t number, const attempt *turn, void *decided);
    void *context;
} crew_options;

typedef struct crew_task {
    const vector *what;
    size_t number; /* of the caller's; the key prefix has it */
    bool is_last;  /* nothing shall get in its way, as where it will not be tried again */
} crew_task;

crew *crew_new(const crew_options *options);
/* Runs them all. False: interrupted; of those that were not over on_done was not told. */
bool crew_run(crew *crew, const crew_task *tasks, size_t count);
/* Adds one to those that wait to begin, from within on_done. */
void crew_again(crew *crew, const crew_task *task);
void crew_free(crew *crew);

/* Can the vector run beside others? Not if it sets or tells what is everybody's, or empties the
 * server. */
bool crew_can_run(const target *on, const ttl_dialect *spec, const vector *what);

#endif
