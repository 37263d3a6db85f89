/* What a replica is told: each change as a command that makes the same change there.
 *
 *      SET k v EX 10   --->  SET k v PXAT 1767225610000     a moment, however late it arrives
 *      EXPIRE k -1     --->  DEL k
 *      GET k (dead)    --->  DEL k
 *      SPOP s          --->  SREM s m                       what came of chance is said
 *
 * A command that changed something and said nothing of it here is told as it was given. Before 7.0
 * times were told as they were given, too. (trait replica.told-moments)
 * Cost: nothing when the engine's owner does not ask for changes. Nothing is allocated. */
#ifndef ENGINE_CHANGE_H
#define ENGINE_CHANGE_H

#include "engine/command.h"

/* SET name value with this deadline. */
void change_tell_set(struct call *call, ttl_bytes name, ttl_bytes value, ttl_instant deadline);
/* MSETEX and its pairs, the first `count` words, with this deadline; there is room for two more. */
void change_tell_many(struct call *call, ttl_bytes *words, size_t count, ttl_instant deadline);
/* PEXPIREAT name deadline. */
void change_tell_deadline(struct call *call, ttl_bytes name, ttl_instant deadline);
/* RESTORE name deadline payload, with ABSTTL. */
void change_tell_restored(struct call *call, ttl_bytes name, ttl_bytes payload,
                          ttl_instant deadline);
/* COMMAND argv[1] field, and the same with what makes a deadline of its own of it. */
void change_tell_field(struct call *call, const char *command, ttl_bytes field);
void change_tell_persisted(struct call *call, ttl_bytes field);
void change_tell_field_deadline(struct call *call, ttl_bytes field, ttl_instant deadline);
/* A field got a value, and this deadline; NULL: it has none. */
void change_tell_field_value(struct call *call, ttl_bytes field, ttl_bytes value,
                             const ttl_instant *deadline);
/* A field that died, as change_tell_expired: HDEL. */
void change_tell_field_expired(ttl_engine *engine, int database, ttl_bytes name, ttl_bytes field);
/* The command that was executed came to this one, of two words. */
void change_tell_short(struct call *call, const char *command, ttl_bytes name);
/* The same, of any words. */
void change_tell(struct call *call, size_t argc, const ttl_bytes *argv);
/* A key that died, met by whichever command or by the active cycle: DEL. */
void change_tell_expired(ttl_engine *engine, int database, ttl_bytes name);
/* After a command that was executed: tells it as it was given, when it changed something and has
 * not said what. `changes` is the engine's count from before it. */
void change_tell_rest(struct call *call, uint64_t changes);

#endif
