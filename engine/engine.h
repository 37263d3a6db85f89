/* The engine's own parts that commands use: its databases and its random numbers. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/state.h"

/* The database of an index that exists; made when it is first used. NULL: there is no memory. */
struct database *engine_database(ttl_engine *engine, int index);
/* Reads the clock: one instant for the unit that begins now. */
void engine_begin_unit(ttl_engine *engine);
/* The next number of the engine's own stream. */
uint64_t engine_random(ttl_engine *engine);

#endif
