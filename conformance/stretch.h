/* Stretching: the same vector with all its times longer, for a machine that is too busy for it.
 *
 *      SET k v PX 60                       SET k v PX 480
 *      at 20   PTTL k    40      x 8       at 160  PTTL k    320
 *      at 140  GET k     nil               at 1120 GET k     nil
 *
 * Every moment, every duration that an argument says and every time that a reply tells are
 * multiplied: durations of the expire family, SETEX, PSETEX, RESTORE and of EX, PX and their like,
 * offsets from T0, replies of TTL, PTTL, EXPIRETIME and PEXPIRETIME. What a server does between two
 * of them then lies as many times as far from what it must not do.
 *
 * It is not done where it would make another vector of it:
 *
 *      - the vector is about a millisecond: the reference does not follow it any more when the
 *        steps of one moment come some milliseconds earlier or later (a longer one would let a
 *        server pass that is wrong by one millisecond);
 *      - the reference does not follow the longer one in every step: a time is rounded to seconds,
 *        or stands somewhere that is not known;
 *      - nothing in it waits, or it would take longer than STRETCH_LENGTH_MAX_MS.
 *
 * Cost: some runs of the engine. Ownership: the longer vector lives in the arena and shares what
 * did not change with the given one.
 */
#ifndef CONFORMANCE_STRETCH_H
#define CONFORMANCE_STRETCH_H

#include "conformance/vector.h"

enum {
    STRETCH_LENGTH_MAX_MS = 20000,
    STRETCH_LEEWAY_MS = 5, /* a vector that bears less is about a millisecond */
};

/* NULL: it has to stay as it is. */
const vector *vector_stretched(const vector *what, const ttl_dialect *spec, int times,
                               arena *memory);

#endif
