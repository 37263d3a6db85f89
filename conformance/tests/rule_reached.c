/* What the marks of the engine call in a build with -DTTLSPEC_MARKS: writes each id that is reached
 * as a line into the file that TTLSPEC_MARKS names, once in a process. Owns its list. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/rule.h"

enum { CALLS_MOST = 1024 };

void rule_reached(const char *const *ids) {
    static const char *seen[CALLS_MOST];
    static size_t count;
    /* The texts of a mark are its own, and stay where they are. */
    for (size_t i = 0; i < count; i++)
        if (seen[i] == ids[0]) return;
    FILE *file = count < CALLS_MOST ? fopen(getenv("TTLSPEC_MARKS"), "a") : NULL;
    if (file == NULL) abort();
    seen[count++] = ids[0];
    for (; *ids != NULL; ids++) fprintf(file, "%s\n", *ids);
    if (fclose(file) != 0) abort();
}
