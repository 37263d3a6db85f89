/* The reference engine beside a drawing: it runs what is drawn, and says which deadlines stand.
 *
 * There are two of them. The first runs the commands and nothing else; the second is asked for
 * deadlines after each, which reclaims what is dead, and that must not show in a reply.
 */
#ifndef TTLSPEC_CLI_DRAWING_ENGINE_H
#define TTLSPEC_CLI_DRAWING_ENGINE_H

#include "cli/drawing.h"
#include "ttlspec/engine.h"

typedef struct drawing_engine drawing_engine;

/* Two databases are looked at when `has_second`. */
drawing_engine *drawing_engine_new(drawing *line, const ttl_dialect *dialect,
                                   size_t connection_count, bool has_second);
void drawing_engine_free(drawing_engine *self);
/* From now on this key's deadline is drawn. */
void drawing_engine_watch(drawing_engine *self, ttl_bytes key);
/* The wall clock shows this now, in microseconds since the epoch. */
void drawing_engine_set_clock(drawing_engine *self, int64_t wall_us);
/* Runs a command; the reply is cleared first. */
void drawing_engine_execute(drawing_engine *self, size_t connection, size_t argc,
                            const ttl_bytes *argv, ttl_reply *reply);
/* The reply of a command that was pending on the connection; it may be still. */
void drawing_engine_await(drawing_engine *self, size_t connection, ttl_reply *reply);
/* What happens by itself at this moment: timeouts pass, the active cycle runs. */
void drawing_engine_expire(drawing_engine *self);
/* The server ends and begins anew with the same keys. */
void drawing_engine_restart(drawing_engine *self);
/* The keys whose `expired` was announced since this was last asked, as words; NULL: none. */
const char *drawing_engine_expired(drawing_engine *self);
/* Draws the deadlines as they stand at a point. */
void drawing_engine_read(drawing_engine *self, size_t point);

#endif
