/* Strings kept once: equal strings get the same number, counted from 0 in order of arrival.
 *
 * Cost: a lookup is one hash and about one comparison.
 * Ownership: the set owns its copies until interned_free. It begins as {0}.
 */
#ifndef CONFORMANCE_INTERNED_H
#define CONFORMANCE_INTERNED_H

#include <stddef.h>

typedef struct interned {
    size_t count, slot_count;
    char **strings;
    size_t *slots; /* of the hash table: a number and 1; 0: free */
} interned;

size_t interned_add(interned *set, const char *text);
void interned_free(interned *set);

#endif
