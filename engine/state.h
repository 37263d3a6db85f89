/* What an engine and a session hold. Private to engine/. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/due.h"
#include "engine/keyspace.h"
#include "engine/memory.h"
#include "ttlspec/engine.h"

struct database {
    struct keyspace keyspace;
    struct due_index due; /* hashes with volatile fields */
    int id;
    bool was_sampled; /* the active cycle has been through: only then INFO tells avg_ttl */
};

struct statistics {
    int64_t expired_keys, expired_fields, keyspace_hits, keyspace_misses, commands, connections;
};

struct ttl_engine {
    struct memory memory;
    struct memory session_memory; /* what sessions hold, counted apart */
    ttl_clock clock;
    ttl_dialect dialect;
    uint64_t seed;
    uint64_t random; /* state of the engine's own generator */
    ttl_instant now; /* the one instant of the unit being executed */
    int64_t now_us;
    const ttl_timeline *timeline; /* NULL: a concrete engine */
    bool reads_again;             /* time goes on within a unit (trait exec.time-is-frozen) */
    bool keeps_ages;
    const ttl_scripting *scripting; /* NULL: there is no EVAL */
    struct script *scripts;         /* that are known, newest first */
    struct database **databases;    /* by index; SWAPDB swaps the pointers */
    int database_count;
    void (*on_event)(void *context, const ttl_event *event);
    void *event_context;
    void (*on_change)(void *context, int database, size_t argc, const ttl_bytes *argv);
    void *change_context;
    uint64_t changes; /* of keys, counted, so that a command can be seen to have made some */
    bool is_replica;  /* what is dead stays until the primary says that it goes */
    bool is_writable; /* replica-read-only is no */
    unsigned notify;  /* notify-keyspace-events, of enum event_kind */
    bool active_expire;
    bool looks_at_field; /* the deadline that is asked about is that of a field, not of a key */
    struct statistics statistics;
    ttl_session *sessions; /* all of them, newest first */
    uint64_t last_session_id;
    size_t watch_count;
    size_t blocked_count;   /* sessions that wait */
    uint64_t blocked_order; /* of what happened to them last: one began to wait, a key came */
    struct subscription *subscriptions; /* of all sessions, oldest first */
    uint16_t command_slots[512];        /* hash of a name -> index into commands + 1; command.c */
};

/* A command waiting for EXEC: its arguments, copied. */
struct queued {
    const struct command *command;
    size_t argc;
    ttl_bytes *argv; /* one block: the array, then the bytes */
    size_t size;     /* of the block */
};

/* What a session waits for: a value of a type at one of some keys, which its arguments name. */
struct wait {
    enum value_type type;
    size_t first_key, key_count;
    bool is_endless;
    bool ends_with_key; /* XREADGROUP: it does not wait for a stream that is gone */
    ttl_instant until;  /* answered when this has passed, unless it is endless */
};

/* A session that waits: its command, to be run again. */
struct blocked {
    struct wait wait;
    struct queued queued; /* no command: the session does not wait */
    int database;
    uint64_t order; /* of all that wait */
    uint64_t *came; /* of each key: when it came to be; 0: not since it was looked at */
};

struct watch {
    int database;
    ttl_bytes name;   /* owned */
    bool was_expired; /* already dead when it was watched */
};

/* What a session listens to: a channel, or a pattern of channels. */
struct subscription {
    struct subscription *next; /* of the engine's list: the order in which messages are given out */
    ttl_session *session;
    bool is_pattern;
    size_t length;
    char name[];
};

/* So many hints later, the slot of the first may be there. */
enum { SESSION_HINTS = 8 };

struct ttl_session {
    ttl_engine *engine;
    ttl_session *next;
    ttl_session_options options;
    uint64_t id;
    int selected;
    int protocol;
    uint32_t hints[SESSION_HINTS]; /* hashes of the names last hinted at, in a ring */
    unsigned hint;
    bool closing;
    bool in_script; /* a script of this session runs */
    bool in_multi;
    bool multi_failed; /* a queued command was refused: EXEC answers EXECABORT */
    bool watch_broken; /* a watched key was changed: EXEC answers nil */
    struct queued *queue;
    size_t queue_count, queue_capacity;
    size_t part; /* of EXEC: the index of the queued command that runs */
    struct watch *watches;
    size_t watch_count, watch_capacity;
    struct blocked blocked;
    size_t channel_count, pattern_count;     /* what it is subscribed to */
    ttl_bytes name;                          /* CLIENT SETNAME; owned, empty when unset */
    ttl_bytes library_name, library_version; /* CLIENT SETINFO; owned */
};

#endif
