/* What is said badly, and what is asked beside: commands as a client may write them, each with its
 * only right answer, or with none where a server may say what it likes. Data.
 */
#ifndef TTLSPEC_SIM_ODD_H
#define TTLSPEC_SIM_ODD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct sim_odd {
    const char *words; /* with blanks between; @ is the key, "" the empty word */
    const char *reply; /* an error; NULL: anything */
    bool reads;        /* it may meet the key, if it is dead */
    bool is_refused;   /* before it is queued */
    bool is_unknown;   /* there is no such command */
} sim_odd;

extern const sim_odd sim_odds[];
extern const size_t sim_odd_count;

#endif
