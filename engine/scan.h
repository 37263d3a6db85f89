/* What the commands that scan share. */
#ifndef ENGINE_SCAN_H
#define ENGINE_SCAN_H

#include "engine/command.h"

/* Redis since 7.2 reads a cursor as a number that is not negative, or as strtoull does; false: it
 * is none. */
bool scan_cursor_parse(const struct call *call, ttl_bytes text, uint64_t *cursor);

#endif
