/* What the commands of streams share: ids in arguments, entries in replies, how long ago something
 * was, and what replicas are told. */
#ifndef ENGINE_STREAM_CALL_H
#define ENGINE_STREAM_CALL_H

#include "engine/command.h"
#include "engine/keyspace.h"
#include "engine/stream.h"

/* The stream of a key that is there. */
struct stream *key_stream(struct key key);

/* ---- reading: each answers its error itself and returns false */

/* An id as it stands: "5-1", or "5" for 5-0. */
bool call_stream_id(struct call *call, size_t index, struct stream_id *id);
/* The same where the sequence may be left to the stream: "5-*". */
bool call_stream_new_id(struct call *call, size_t index, struct stream_id *id, bool *has_sequence);
/* All the ids from argument `first` on. */
bool call_stream_ids(struct call *call, size_t first);
/* An id that argument `index` spells, as call_stream_id checked it before. */
struct stream_id stream_id_at(const struct call *call, size_t index);
/* Is it one? */
bool stream_id_is_at(const struct call *call, size_t index);
/* The two ends of a range: "-", "+", "5" for all of millisecond 5, "(5-1" for what lies beyond. */
bool call_stream_start(struct call *call, size_t index, struct stream_id *start);
bool call_stream_end(struct call *call, size_t index, struct stream_id *end);

/* The group that argument `index` names, in the stream of argument 1, looked up by a command that
 * reads; NULL: WRONGTYPE or NOGROUP was answered. */
struct stream_group *call_stream_group(struct call *call, size_t index, struct stream **stream);
/* The same of a key that was looked up. */
struct stream_group *stream_group_of(struct call *call, struct key key, size_t index,
                                     struct stream **stream);
/* "NOGROUP No such key 'k' or consumer group 'g'", and what follows. */
ttl_status reply_no_group(struct call *call, ttl_bytes key, ttl_bytes group, const char *rest);

/* ---- answering */

ttl_status reply_stream_id(struct call *call, struct stream_id id);
/* Id and words; `entry` NULL: the id and a nil, for what is not there any more. */
ttl_status reply_stream_entry(struct call *call, struct stream_id id,
                              const struct stream_entry *entry);

/* ---- changing */

/* Says that something changed that breaks no WATCH: groups, consumers, what is pending. */
void stream_note_change(const struct call *call);
/* What is pending under this id, as XCLAIM makes it on a replica. */
void stream_tell_pending(struct call *call, ttl_bytes key, const struct stream_group *group,
                         const struct stream_pending *pending);
/* How far the group has read, as XGROUP SETID makes it on a replica. */
void stream_tell_read(struct call *call, ttl_bytes key, const struct stream_group *group);

#endif
