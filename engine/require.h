/* Assertions that stay on in release: they state what only a mistake in this code can break.
 * What a caller, a client or the machine may do wrong is an error value, never an assertion. */
#ifndef ENGINE_REQUIRE_H
#define ENGINE_REQUIRE_H

#include <stdlib.h>

#define require(condition) ((condition) ? (void)0 : abort())

#endif
