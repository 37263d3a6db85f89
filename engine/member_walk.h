/* What goes through the members of a hash, a set or a sorted set: drawn at random, or scanned. The
 * fields of a hash that are dead are not among them. */
#ifndef ENGINE_MEMBER_WALK_H
#define ENGINE_MEMBER_WALK_H

#include "engine/command.h"
#include "engine/object.h"

/* HRANDFIELD and its like. `word` asks for the values, or the scores, too. */
ttl_status draw_members(struct call *call, enum value_type type, const char *word);
/* HSCAN and its like. */
ttl_status scan_members(struct call *call, enum value_type type);

#endif
