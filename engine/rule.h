/* Marks: where in the engine a rule of vectors/rules.json is implemented.
 *
 *      RULE("ttl.rounds-half-up");
 *
 * Invariants, held by conformance/tests/rules.bats: a mark names rules that exist, a rule has at
 * most one mark, and some vector reaches it. Costs nothing: only a build with -DTTLSPEC_MARKS,
 * whose linker brings rule_reached, has code for it. Owns nothing. */
#ifndef ENGINE_RULE_H
#define ENGINE_RULE_H

#ifdef TTLSPEC_MARKS
#include <stddef.h>

/* Takes ids up to a NULL. */
void rule_reached(const char *const *ids);
#define RULE(...) rule_reached((const char *const[]){__VA_ARGS__, NULL})
#else
#define RULE(...) ((void)0)
#endif

#endif
