/* Sessions: what a connection is to a server. Dispatch, MULTI and its queue, watched keys. */
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "engine/command.h"

/* A key was changed, or reclaimed because it was dead: transactions that watch it will not run.
 * A key that was already dead when it was watched is no change when it is reclaimed. */
void session_key_touched(ttl_engine *engine, struct database *db, ttl_bytes name, bool reclaimed);
/* Said before all keys of a database go and those of `successor` come in their place (SWAPDB), or
 * none (FLUSHDB: NULL). */
void session_database_touched(ttl_engine *engine, const struct database *db,
                              const struct database *successor);

/* Forgets queue and watches, as DISCARD and RESET do. */
void session_leave_multi(ttl_session *session);
void session_unwatch(ttl_session *session);

/* A copy of a command's words; false: there is no memory. session_forget gives it back. */
bool session_keep(ttl_session *session, const struct command *command, size_t argc,
                  const ttl_bytes *argv, struct queued *kept);
void session_forget(ttl_session *session, struct queued *kept);
/* Does a replica refuse a command of these flags to the session? Then it answers the error. */
bool session_refuses(const ttl_session *session, uint32_t flags, ttl_reply *reply);
/* Runs one command that was found and has the right arity, outside MULTI or out of its queue. */
ttl_status session_run(ttl_session *session, const struct command *command, size_t argc,
                       const ttl_bytes *argv, ttl_reply *reply);

#endif
