/* Keyspace events: what is announced when a key changes, expires or is missed.
 *
 * Every event goes to the observer of the engine's options. It is published to the subscribers of
 * __keyspace@N__:KEY and __keyevent@N__:NAME as far as notify-keyspace-events asks for it. */
#ifndef ENGINE_EVENT_H
#define ENGINE_EVENT_H

#include <stdbool.h>

#include "ttlspec/bytes.h"
#include "ttlspec/engine.h"

/* The classes of notify-keyspace-events, and K and E. */
enum event_kind {
    EVENT_KEYSPACE = 1 << 0,     /* K */
    EVENT_KEYEVENT = 1 << 1,     /* E */
    EVENT_GENERIC = 1 << 2,      /* g */
    EVENT_STRING = 1 << 3,       /* $ */
    EVENT_LIST = 1 << 4,         /* l */
    EVENT_SET = 1 << 5,          /* s */
    EVENT_HASH = 1 << 6,         /* h */
    EVENT_ZSET = 1 << 7,         /* z */
    EVENT_EXPIRED = 1 << 8,      /* x */
    EVENT_EVICTED = 1 << 9,      /* e */
    EVENT_STREAM = 1 << 10,      /* t */
    EVENT_MISS = 1 << 11,        /* m */
    EVENT_MODULE = 1 << 12,      /* d */
    EVENT_NEW = 1 << 13,         /* n */
    EVENT_OVERWRITTEN = 1 << 14, /* o */
    EVENT_TYPE_CHANGED = 1 << 15 /* c */
};

/* Announces an event about a key of a database. Never fails: a subscriber that cannot be told for
 * want of memory misses it. */
void event_emit(ttl_engine *engine, int database, enum event_kind kind, const char *name,
                ttl_bytes key);

/* Reads the value of notify-keyspace-events ("KEA", "gxE"); false where a letter is none of the
 * dialect's. */
bool event_flags_parse(const ttl_dialect *dialect, ttl_bytes text, unsigned *flags);
/* Writes flags as CONFIG GET answers them: the classes, "A" for all of them, then K, E and m. */
enum { EVENT_FLAGS_ROOM = 24 };
size_t event_flags_format(const ttl_dialect *dialect, unsigned flags, char text[EVENT_FLAGS_ROOM]);

#endif
