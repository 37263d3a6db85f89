/* The engine's own parts that commands use: its databases and its random numbers. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/state.h"

/* The database of an index that exists; made when it is first used. NULL: there is no memory. */
struct database *engine_database(ttl_engine *engine, int index);
/* Reads the clock: one instant for the unit that begins now. */
void engine_begin_unit(ttl_engine *engine);
/* What engine_now_again answers where time goes on within a unit. */
ttl_instant engine_read_again(const ttl_engine *engine);
/* Another reading of the clock within a unit, for what dialects before 7.2 do not freeze: the
 * remaining time, the base of a relative deadline. The unit's own instant where time is frozen, or
 * where the clock stands still anyway. (trait exec.time-is-frozen) */
static inline ttl_instant engine_now_again(const ttl_engine *engine) {
    return engine->reads_again ? engine_read_again(engine) : engine->now;
}
/* The same in microseconds. Not for an engine on a timeline. */
int64_t engine_now_us_again(const ttl_engine *engine);
/* The next number of the engine's own stream. */
uint64_t engine_random(ttl_engine *engine);

#endif
