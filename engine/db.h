/* The keys as commands see them: a keyspace in which dead keys are not there.
 *
 * Here, and only here, a key meets the present: a look-up that finds a key whose deadline has
 * passed reclaims it, announces `expired` and answers "no such key". (rule
 * expire.dead-is-never-read)
 *
 * Order of work in a writing command: look up, check, draft and reserve (may fail, change
 * nothing), then change, then announce. */
#ifndef ENGINE_DB_H
#define ENGINE_DB_H

#include "engine/command.h"
#include "engine/event.h"

/* ---- looking up */

/* For a command that reads the key: counts a hit or a miss, announces `keymiss`. */
struct key db_read(struct call *call, ttl_bytes name);
/* For OBJECT: announces no miss, and older versions do not count it. */
struct key db_look(struct call *call, ttl_bytes name);
/* For a command that writes: neither. */
struct key db_write(struct call *call, ttl_bytes name);
/* For DEL: the same, but on a replica it finds the dead. */
struct key db_delete(struct call *call, ttl_bytes name);
/* As db_write, in a database that is not the selected one. */
struct key db_write_in(struct call *call, struct database *db, ttl_bytes name);
/* For what lists keys: a hash that may be there or not is no matter to judge. */
void db_note_hollow(const struct call *call, const struct record *record);
/* Is it there and alive? Reclaims nothing, counts nothing. */
bool db_is_alive(const struct call *call, const struct record *record);
/* True when the key is missing or of this type; otherwise answers WRONGTYPE. */
bool db_check_type(struct call *call, struct key key, enum value_type type);

/* Removes a dead key: counts it, announces `expired`. `name` is the key's, from elsewhere than its
 * record or from there. */
void db_reclaim(ttl_engine *engine, struct database *db, struct key key, ttl_bytes name);

/* The same for a dead key that a command came across while reading. */
void db_reclaim_read(struct call *call, struct key key, bool announce_miss);

/* ---- changing; none of these can fail */

/* Puts a draft into the selected database, in the place of `old` (the key of the same name that
 * db_write has just given, or none): the old value and the old deadline are lost. Announces `new`,
 * `overwritten` and `type_changed`, which come before the command's own events. */
void db_put(struct call *call, struct key old, struct key draft);
void db_put_in(struct call *call, struct database *db, struct key old, struct key draft);
/* The same where there was none, and nobody who watches it or follows is told. */
void db_put_quietly(struct call *call, struct key draft);
/* Announces that a value took the place of another, as far as the dialect does: db_put does it for
 * a command, RENAME and COPY say it after their own events. */
void db_announce_overwrite(struct call *call, struct database *db, ttl_bytes name,
                           bool type_changes);
/* Makes `name` a string with this value and this deadline (NULL: none), whatever `old` was (the
 * key of this name that db_write has just given). On TTL_NO_MEMORY nothing has changed. */
ttl_status db_set_string(struct call *call, struct key old, ttl_bytes name, ttl_bytes value,
                         const ttl_instant *deadline);
/* Removes a key that was given a deadline in the past; announces what the dialect says. (rule
 * expire.past-deletes) */
void db_delete_past(struct call *call, struct key key, ttl_bytes name);
/* Removes a key; announces nothing. */
void db_remove(struct call *call, struct key key);
void db_remove_in(struct call *call, struct database *db, struct key key);
/* Says that a key was changed in place: breaks the transactions that watch it. db_put, db_remove
 * and the setting of deadlines say so themselves. */
void db_touch(struct call *call, ttl_bytes name);
/* Sets a deadline; keyspace_reserve_deadline of this database came before. */
void db_arm(struct call *call, struct key key, ttl_instant deadline);
/* Announces an event about a key of the selected database. */
void db_announce(struct call *call, enum event_kind kind, const char *name, ttl_bytes key);

/* The class of events, and the name, of a type: EVENT_STRING "string". */
enum event_kind value_event_kind(enum value_type type);
const char *value_type_name(enum value_type type);

#endif
