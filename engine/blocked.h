/* Clients that wait: BLPOP and its kin, where there is nothing to take.
 *
 *      BLPOP k 1 ---> nothing at k ---> the session waits, its command is kept
 *                                          |-- a list comes to be at k: the command runs, after the
 *                                          |   unit that made the list, and is answered
 *                                          '-- the millisecond of its deadline has passed: nil
 *
 * Who waits longer is served first. Only what comes to be at a key wakes: a list that takes the
 * place of something else in the way that SET does it is not looked at.
 * A session whose owner takes no late replies never waits: it is answered as in a transaction.
 * Cost: nothing while nobody waits; then each new list or sorted set is held against all who do.
 * Ownership: a session owns what it waits with; blocked_forget gives it back. */
#ifndef ENGINE_BLOCKED_H
#define ENGINE_BLOCKED_H

#include "engine/command.h"

/* Reads for how many seconds the command may wait, 0 is for ever; false: an error was answered. */
bool call_timeout(struct call *call, size_t index, struct wait *wait);
/* The same of XREAD, in milliseconds. */
bool call_timeout_ms(struct call *call, size_t index, struct wait *wait);

/* There was nothing to take: the session waits for a value of this type at one of the keys, or
 * goes on waiting. Where it may not wait it answers `nil`. */
ttl_status call_block(struct call *call, const struct wait *wait, ttl_reply_type nil);
/* Is this key, argument `index`, to be looked at? Before Redis 7.2 a command that has waited takes
 * from the key that woke it only. */
bool call_may_take(const struct call *call, size_t index);

/* A key came to be, or a stream got an entry. */
void blocked_key_came(ttl_engine *engine, const struct database *db, struct key key);
/* All keys of this database came to be. */
void blocked_database_came(ttl_engine *engine, const struct database *db);
/* A stream at this name went, or a group of it: who waits in a group hears of it. */
void blocked_stream_went(ttl_engine *engine, const struct database *db, ttl_bytes name);
/* The same of the key that is about to go, whatever it is. */
void blocked_key_goes(ttl_engine *engine, const struct database *db, ttl_bytes name);
/* The same of all keys of this database. */
void blocked_database_goes(ttl_engine *engine, const struct database *db);
/* After a unit: serves those whose keys came to be. */
void blocked_serve(ttl_engine *engine);
/* Answers nil to those whose time has passed. */
void blocked_time_out(ttl_engine *engine);
/* Ends the wait of a session with this error, or with nil. False: it does not wait. */
bool blocked_end(ttl_session *session, const char *error);
/* The session waits no more, unanswered. */
void blocked_forget(ttl_session *session);

#endif
