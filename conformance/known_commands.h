/* The commands that vectors may use, and what the loader must know of them.
 *
 * Nothing outside the run's own keys may be touched, so the loader looks where a command has its
 * keys, and which commands a target must allow first. Pure; owns nothing.
 */
#ifndef CONFORMANCE_KNOWN_COMMANDS_H
#define CONFORMANCE_KNOWN_COMMANDS_H

#include "conformance/vector.h"

typedef struct known_command {
    const char *name; /* upper case */
    int first_key;    /* 0: no argument is a key */
    int last_key;     /* -1: the last argument; -2: the one before */
    int key_step;     /* from one key to the next; 0: the argument before the first says how many;
                       * -1: it does, and argument 1 is a key too; -2: it does, and a value stands
                       * behind each key; -3: they are the first half behind the word STREAMS */
    unsigned needs;   /* capabilities without which the command is not allowed */
    bool answers_a_time; /* an integer reply says when, or how long still */
} known_command;

/* NULL: there is no such command. Any case. */
const known_command *known_command_find(const char *name);
/* May it wait for something to take? */
bool known_command_may_block(const known_command *command);

#endif
