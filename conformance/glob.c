#include "conformance/glob.h"

#include <string.h>

static bool matches_here(const char *start, const char *glob, const char *id);

/* `glob` is behind its star or stars: tries every length that these may stand for. */
static bool matches_behind_star(const char *start, const char *glob, const char *id,
                                bool over_dots) {
    for (;; id++) {
        if (matches_here(start, glob, id)) return true;
        if (*id == '\0' || (*id == '.' && !over_dots)) return false;
    }
}

/* "**" as a whole segment may stand for no segment: then one of its dots goes with it. */
static const char *without_empty_segment(const char *start, const char *glob) {
    if (strncmp(glob, ".**", 3) == 0 && (glob[3] == '.' || glob[3] == '\0')) return glob + 3;
    if (glob == start && strncmp(glob, "**.", 3) == 0) return glob + 3;
    return NULL;
}

static bool matches_here(const char *start, const char *glob, const char *id) {
    for (;; glob++, id++) {
        const char *shorter = without_empty_segment(start, glob);
        if (shorter != NULL && matches_here(start, shorter, id)) return true;
        if (glob[0] == '*' && glob[1] == '*') return matches_behind_star(start, glob + 2, id, true);
        if (glob[0] == '*') return matches_behind_star(start, glob + 1, id, false);
        if (*glob != *id) return false;
        if (*glob == '\0') return true;
    }
}

bool glob_matches_id(const char *glob, const char *id) {
    return matches_here(glob, glob, id);
}
