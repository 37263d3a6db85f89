/* Scripts of worlds: real Lua, for a vector and for a real server, and beside each what it comes to
 * in C, so that a world needs no interpreter.
 *
 * Cost: a comparison of pointers, and the commands. */
#ifndef TTLSPEC_SIM_SCRIPT_H
#define TTLSPEC_SIM_SCRIPT_H

#include "ttlspec/scripting.h"

typedef enum sim_script {
    SIM_SCRIPT_TELLS,   /* what remains */
    SIM_SCRIPT_EXTENDS, /* a deadline where there is one: read, check, write */
    SIM_SCRIPT_TAKES,   /* a lease, where nobody has it */
    SIM_SCRIPT_SELECTS, /* another database, for itself alone */
    SIM_SCRIPTS
} sim_script;

extern const char *const sim_script_texts[SIM_SCRIPTS];
/* What becomes of an integer that a script is told and tells: Lua's numbers are doubles. */
int64_t sim_script_integer(int64_t integer);
/* Runs those scripts, and no other. */
extern const ttl_scripting sim_scripting;

#endif
