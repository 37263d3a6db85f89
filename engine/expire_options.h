/* NX, XX, GT and LT: on which deadlines EXPIRE, HEXPIRE and their kin act. */
#ifndef ENGINE_EXPIRE_OPTIONS_H
#define ENGINE_EXPIRE_OPTIONS_H

#include "engine/command.h"

struct expire_options {
    bool nx, xx, gt, lt;
};

/* Reads them from arguments 3 up to `end`: repeated as often as one likes, but not against each
 * other. Otherwise answers what is wrong and returns false. */
bool expire_options_parse(struct call *call, size_t end, struct expire_options *options);

/* May the deadline be set in the place of the present one? NULL: there is none, which counts as one
 * that is infinitely far. */
bool expire_condition_holds(const struct call *call, const struct expire_options *options,
                            const ttl_instant *present, ttl_instant deadline);

#endif
