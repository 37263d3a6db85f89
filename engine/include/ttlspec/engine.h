/* The reference engine: a keyspace that treats time as Redis does, behind a clock you inject.
 *
 *        your clock ----.
 *                        v
 *      session ---> [ engine: 16 databases, deadlines ] ---> replies, keyspace events
 *      session ---'      ^
 *        your allocator -'
 *
 * The engine is pure: no I/O, no threads, no globals, no clock and no randomness of its own. It
 * reads time only from the clock it was given, when it is made and once for each executed unit (a
 * command, or a MULTI/EXEC block as one), so time stands still while a unit runs; unless the clock
 * may run meanwhile, and the dialect is one of those before Redis 7.2 that looked again. The same
 * calls with the same clock and seed give the same replies, always.
 *
 * A key whose deadline has passed is dead: no command sees it. Dead keys are reclaimed lazily,
 * when a command meets one, and actively, when the caller drives ttl_engine_expire.
 *
 * Ownership: an engine owns its sessions' state and everything in the keyspace; free the sessions
 * before the engine. Arguments are only read during the call.
 */
#ifndef TTLSPEC_ENGINE_H
#define TTLSPEC_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ttlspec/bytes.h"
#include "ttlspec/dialect.h"
#include "ttlspec/instant.h"
#include "ttlspec/memory.h"
#include "ttlspec/reply.h"
#include "ttlspec/scripting.h"

typedef struct ttl_engine ttl_engine;
typedef struct ttl_session ttl_session;

/* Wall-clock time in microseconds since the epoch. A deadline counts whole milliseconds: the
 * engine takes the floor. */
typedef struct ttl_clock {
    void *context;
    int64_t (*now_us)(void *context);
    bool runs; /* it may show another time to who asks again within a unit */
} ttl_clock;

/* A keyspace event, as Redis announces it. */
typedef struct ttl_event {
    const char *name; /* "expire", "expired", "rename_from" ... */
    char kind;        /* its letter in notify-keyspace-events: g $ l s h z x e t m n o c */
    ttl_bytes key;
    int database;
} ttl_event;

typedef struct ttl_engine_options {
    ttl_clock clock;
    ttl_allocator allocator;
    ttl_dialect dialect;
    uint64_t seed; /* of the hash and of RANDOMKEY: with the seed a run can be repeated */
    int databases; /* 0: the usual 16 */
    /* Told of each keyspace event, in order, whatever notify-keyspace-events says. May be NULL. */
    void (*on_event)(void *context, const ttl_event *event);
    void *event_context;
    /* Told of each change of a key as replicas are told of it: a command to be executed in this
     * database by a session that is_primary. Deadlines are moments (before Redis 7.0 they are as
     * the client gave them), and a key that died is deleted. In order; good only during the call.
     * May be NULL. */
    void (*on_change)(void *context, int database, size_t argc, const ttl_bytes *argv);
    void *change_context;
    /* For who judges a history: takes the place of the clock. NULL: a concrete engine. The active
     * cycle is not to be driven then. */
    const ttl_timeline *timeline;
    /* Keep when each key was used last, in 4 bytes a key: without it there is no OBJECT. */
    bool keeps_ages;
    /* Runs the scripts of EVAL. NULL: there are no scripts. */
    const ttl_scripting *scripting;
} ttl_engine_options;

/* NULL: there is no memory. */
ttl_engine *ttl_engine_new(const ttl_engine_options *options);
void ttl_engine_free(ttl_engine *engine);

/* The active cycle, driven by the caller: reclaims every key that is dead at the clock's present,
 * in (deadline, arming) order, announcing `expired` for each; then the fields of hashes that are
 * due, announcing `hexpired` for each hash. `removed` (may be NULL) is told how many keys and
 * hashes these are. Does nothing after DEBUG SET-ACTIVE-EXPIRE 0, nor on a replica. */
ttl_status ttl_engine_expire(ttl_engine *engine, size_t *removed);
/* Makes the engine a replica, or no longer one. A replica does not let anybody see a dead key, but
 * keeps it: the primary's DEL reclaims it, or the engine itself once it is no replica any more. It
 * refuses writes unless CONFIG SET replica-read-only no was said. */
void ttl_engine_set_replica(ttl_engine *engine, bool is_replica);
/* What a replica gets when it begins to follow: all keys of `from`, the dead too, with their
 * deadlines; what it had is gone. Announces nothing. On TTL_NO_MEMORY some are missing. */
ttl_status ttl_engine_copy(const ttl_engine *from, ttl_engine *to);
/* The first instant, in milliseconds since the epoch, at which ttl_engine_expire would have
 * something to reclaim. False: no key and no field has a deadline. */
bool ttl_engine_next_expiry(ttl_engine *engine, int64_t *at_ms);
/* Answers each blocked session whose time has passed. The caller drives it when time has moved; the
 * next command does the same before it is executed. */
void ttl_engine_time_out(ttl_engine *engine);
/* The first instant, in milliseconds since the epoch, at which ttl_engine_time_out would have
 * somebody to answer. False: nobody's time is limited. */
bool ttl_engine_next_timeout(const ttl_engine *engine, int64_t *at_ms);
/* Keys that wait for their deadline, in all databases, the dead that are not yet reclaimed too. */
size_t ttl_engine_volatile_keys(const ttl_engine *engine);
/* Bytes held from the allocator by the engine, its sessions left out. */
size_t ttl_engine_memory(const ttl_engine *engine);
const ttl_dialect *ttl_engine_dialect(const ttl_engine *engine);

/* A session is what a connection is to a server: selected database, MULTI queue, watches,
 * subscriptions, protocol version. */
typedef struct ttl_session_options {
    /* Told of each message that no command of this session answers: pub/sub messages. May be
     * NULL: they are dropped. `message` is good only during the call. */
    void (*on_push)(void *context, ttl_session *session, const ttl_reply *message);
    void *push_context;
    /* Told of the reply of a command that blocked, when it has come: after the command of another
     * session, or in ttl_engine_time_out. From then on the session takes commands again; not during
     * the call, which must not use the engine. NULL: the session never blocks, its commands are
     * answered as within MULTI. */
    void (*on_unblock)(void *context, ttl_session *session, const ttl_reply *reply);
    void *unblock_context;
    /* Says to a replica what its primary did: it may write, and to it the dead are alive. */
    bool is_primary;
} ttl_session_options;

/* NULL: there is no memory. `options` may be NULL. */
ttl_session *ttl_session_new(ttl_engine *engine, const ttl_session_options *options);
void ttl_session_free(ttl_session *session);

/* Executes one command: `argv[0]` is its name. `reply` is cleared, then holds the answer, errors
 * included. A command that answers several messages (SUBSCRIBE of several channels) gives the
 * first ones to on_push and the last as the reply. One that blocks (BLPOP) is answered by
 * TTL_REPLY_PENDING: on_unblock is told the reply. Until then the session takes no commands.
 * TTL_NO_MEMORY: nothing was changed, or all of it was and only the reply could not be built. */
ttl_status ttl_session_execute(ttl_session *session, size_t argc, const ttl_bytes *argv,
                               ttl_reply *reply);

/* A hint: this command will be executed soon. Fetches the memory that holds its first key, in two
 * steps eight hints apart, so that a caller with a pipeline hides the latency of memory: it hints
 * at each command some 16 commands ahead. Never changes anything. */
void ttl_session_prefetch(ttl_session *session, size_t argc, const ttl_bytes *argv);

/* True while a command of the session waits for something to take. */
bool ttl_session_is_blocked(const ttl_session *session);
/* 2 or 3, as HELLO set it: how replies to this session are to be encoded. */
int ttl_session_protocol(const ttl_session *session);
/* True after QUIT: send the reply, then close. */
bool ttl_session_is_closing(const ttl_session *session);

#endif
