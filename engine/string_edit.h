/* A string that is changed in place: for SETRANGE, SETBIT and BITFIELD. The deadline stays. */
#ifndef ENGINE_STRING_EDIT_H
#define ENGINE_STRING_EDIT_H

#include "engine/command.h"
#include "engine/keyspace.h"

/* Makes the string at `name` (`key` is what db_write gave for it) `length` bytes long, a new key
 * when there is none, and returns its bytes to be written: old ones kept, new ones zero. Nobody is
 * told of the change but with db_touch, which is the caller's. NULL: no memory, nothing changed. */
char *string_extend_quietly(struct call *call, struct key key, ttl_bytes name, size_t length);

#endif
