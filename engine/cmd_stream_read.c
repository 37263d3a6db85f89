/* XREAD and XREADGROUP. */
#include <string.h>

#include "engine/blocked.h"
#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/engine.h"
#include "engine/rule.h"
#include "engine/stream_call.h"

struct reading {
    size_t first, streams; /* the first key, and how many; their ids follow */
    size_t group;          /* the argument that names it, the consumer behind it; 0: XREAD */
    bool is_group, forgets, waits;
    int64_t count; /* 0: all */
    struct wait wait;
};

static bool refuse_syntax(struct call *call) {
    reply_syntax_error(call);
    return false;
}

/* ---- options */

/* Before 7.2 it speaks of XREAD alone. */
static bool refuse_unbalanced(struct call *call, bool is_group) {
    bool is_exact = call_has(call, TRAIT_XREAD_ERROR_IS_EXACT);
    bool names_last = call_has(call, TRAIT_XREAD_ERROR_NAMES_LAST) && !is_group;
    const char *name = is_group ? "'xreadgroup'" : "'xread'";
    ttl_bytes parts[] = {ttl_bytes_of("ERR Unbalanced "),
                         ttl_bytes_of(is_exact ? name : "XREAD"),
                         ttl_bytes_of(" list of streams: for each stream key an ID"),
                         ttl_bytes_of(names_last ? ", '+'," : ""),
                         ttl_bytes_of(is_group && is_exact ? " or '>'" : " or '$'"),
                         ttl_bytes_of(" must be specified.")};
    reply_error_parts(call, parts, sizeof parts / sizeof *parts);
    return false;
}

/* Reads the option at `*index`, which becomes that of its last argument. */
static bool parse_option(struct call *call, size_t *index, struct reading *reading) {
    size_t i = *index, more = call->argc - i - 1;
    if (call_is_word(call, i, "BLOCK") && more > 0) {
        reading->waits = true;
        return call_timeout_ms(call, ++*index, &reading->wait);
    }
    if (call_is_word(call, i, "COUNT") && more > 0) {
        if (!call_integer(call, ++*index, &reading->count)) return false;
        if (reading->count < 0) reading->count = 0;
        return true;
    }
    if (call_is_word(call, i, "GROUP") && more >= 2) {
        if (!reading->is_group)
            return call_refuse(call,
                               "ERR The GROUP option is only supported by XREADGROUP. You called "
                               "XREAD instead.");
        reading->group = i + 1;
        *index += 2;
        return true;
    }
    if (!call_is_word(call, i, "NOACK")) return refuse_syntax(call);
    reading->forgets = true;
    return reading->is_group ||
           call_refuse(call,
                       "ERR The NOACK option is only supported by XREADGROUP. You called XREAD "
                       "instead.");
}

static bool parse(struct call *call, struct reading *reading) {
    for (size_t i = 1; i < call->argc && reading->first == 0; i++) {
        if (!call_is_word(call, i, "STREAMS") || i + 1 == call->argc) {
            if (!parse_option(call, &i, reading)) return false;
            continue;
        }
        reading->first = i + 1;
        reading->streams = (call->argc - reading->first) / 2;
        if ((call->argc - reading->first) % 2 != 0)
            return refuse_unbalanced(call, reading->is_group);
    }
    if (reading->first == 0) return refuse_syntax(call);
    return !reading->is_group || reading->group > 0 ||
           call_refuse(call, "ERR Missing GROUP option for XREADGROUP");
}

/* ---- streams and ids */

/* ">", or the greatest id, which servers take it for. */
static bool is_new_only(const struct call *call, size_t index) {
    RULE("xreadgroup.greatest-id-is-new");
    return call_is_word(call, index, ">") ||
           stream_id_order(stream_id_at(call, index), STREAM_ID_LAST) == 0;
}

static bool check_group(struct call *call, const struct reading *reading, ttl_bytes name,
                        struct key key) {
    if (!reading->is_group) return true;
    if (key.record != NULL &&
        stream_find_group(key_stream(key), call->argv[reading->group]) != NULL)
        return true;
    if (call->woken_by != 0 && !call_has(call, TRAIT_BLOCKED_RUNS_AGAIN))
        return call_refuse(call, "NOGROUP the consumer group this client was blocked on no longer "
                                 "exists");
    reply_no_group(call, name, call->argv[reading->group], " in XREADGROUP with GROUP option");
    return false;
}

/* Valkey before 9.0 has no last entry of a stream that never had one; one that was emptied has. */
static bool has_last(struct call *call, const struct stream *stream) {
    if (stream == NULL || !call_has(call, TRAIT_XREAD_LAST_OF_NOTHING_REFUSED)) return true;
    RULE("xread.last");
    return stream_id_order(stream->last, STREAM_ID_FIRST) != 0 ||
           call_refuse(call, "ERR the stream last element ID is 0-0");
}

/* A word in the place of an id, that may stand there; `stream` NULL: there is none. */
static bool check_id(struct call *call, const struct reading *reading, size_t index,
                     const struct stream *stream) {
    struct stream_id id;
    bool is_last = call_is_word(call, index, "+") && call_has(call, TRAIT_XREAD_LAST);
    if (call_is_word(call, index, "$"))
        return !reading->is_group ||
               call_refuse(call,
                           "ERR The $ ID is meaningless in the context of XREADGROUP: you want to "
                           "read the history of this consumer by specifying a proper ID, or use "
                           "the > ID to get new messages. The $ ID would just return an empty "
                           "result set.");
    if (is_last && !reading->is_group) return has_last(call, stream);
    if (is_last)
        return call_refuse(call,
                           "ERR The + ID is meaningless in the context of XREADGROUP: you want to "
                           "read the history of this consumer by specifying a proper ID, or use "
                           "the > ID to get new messages. The + ID would just return an empty "
                           "result set.");
    if (call_is_word(call, index, ">"))
        return reading->is_group ||
               call_refuse(call,
                           "ERR The > ID can be specified only when calling XREADGROUP using the "
                           "GROUP <group> <consumer> option.");
    return call_stream_id(call, index, &id);
}

static bool check_streams(struct call *call, const struct reading *reading) {
    for (size_t i = 0; i < reading->streams; i++) {
        if (!call_may_take(call, reading->first + i)) continue;
        ttl_bytes name = call->argv[reading->first + i];
        struct key key = db_read(call, name);
        if (!db_check_type(call, key, VALUE_STREAM)) return false;
        if (!check_group(call, reading, name, key)) return false;
        const struct stream *stream = key.record == NULL ? NULL : key_stream(key);
        size_t index = reading->first + reading->streams + i;
        if (!check_id(call, reading, index, stream)) return false;
    }
    return true;
}

/* The stream at this place, without a look at what a look-up counts; NULL: there is none, or it is
 * not to be looked at. */
static struct stream *stream_at(struct call *call, const struct reading *reading, size_t i) {
    if (!call_may_take(call, reading->first + i)) return NULL;
    struct key key = keyspace_find(&call->db->keyspace, call->argv[reading->first + i]);
    return key.record == NULL ? NULL : key_stream(key);
}

static struct stream_group *group_at(struct call *call, const struct reading *reading,
                                     const struct stream *stream) {
    return stream_find_group(stream, call->argv[reading->group]);
}

/* The same by a look-up: servers do a second one, so that what is missing is missed twice. */
static struct stream *stream_again(struct call *call, const struct reading *reading, size_t i) {
    RULE("xread.looks-twice");
    if (!call_may_take(call, reading->first + i)) return NULL;
    struct key key = db_read(call, call->argv[reading->first + i]);
    return key.record == NULL ? NULL : key_stream(key);
}

/* ---- XREAD */

/* The entries of one stream that XREAD is asked for. */
static struct stream_span wanted(struct call *call, const struct reading *reading, size_t i,
                                 const struct stream *stream) {
    size_t index = reading->first + reading->streams + i;
    struct stream_id after = stream->last;
    if (call_is_word(call, index, "+") && call_has(call, TRAIT_XREAD_LAST)) {
        RULE("xread.last-deleted");
        if (call_has(call, TRAIT_XREAD_LAST_IS_OF_LAST_ID))
            return stream_between(stream, after, STREAM_ID_LAST);
        return (struct stream_span){stream->count > 0 ? stream->count - 1 : 0, stream->count};
    }
    RULE("xread.behind-the-id");
    if (!call_is_word(call, index, "$")) after = stream_id_at(call, index);
    if (!stream_id_next(&after)) return (struct stream_span){0, 0};
    return stream_between(stream, after, STREAM_ID_LAST);
}

static void limit_span(struct stream_span *span, int64_t count) {
    if (count > 0 && (uint64_t)count < span->end - span->first)
        span->end = span->first + (size_t)count;
}

/* The name of a stream, before its entries. */
static void reply_stream_name(struct call *call, const struct reading *reading, size_t i) {
    if (call->session->protocol < 3) reply_array(call, 2);
    reply_bulk(call, call->argv[reading->first + i]);
}

static void reply_entries(struct call *call, const struct stream *stream, struct stream_span span) {
    reply_array(call, span.end - span.first);
    for (size_t e = span.first; e < span.end; e++)
        reply_stream_entry(call, stream->entries[e].id, &stream->entries[e]);
}

static bool read_stream(struct call *call, const struct reading *reading, size_t i) {
    const struct stream *stream = stream_again(call, reading, i);
    if (stream == NULL) return false;
    struct stream_span span = wanted(call, reading, i, stream);
    if (span.first == span.end) return false;
    limit_span(&span, reading->count);
    reply_stream_name(call, reading, i);
    reply_entries(call, stream, span);
    return true;
}

/* ---- XREADGROUP */

/* What the consumer was given before and has not acknowledged: told again, and counted. */
static void read_history(struct call *call, const struct reading *reading, size_t i,
                         const struct stream *stream, struct stream_consumer *consumer) {
    struct stream_group *group = group_at(call, reading, stream);
    struct stream_id after = stream_id_at(call, reading->first + reading->streams + i);
    struct stream_span span = {0, 0};
    int64_t count = 0;
    if (stream_id_next(&after)) span = stream_pending_between(group, after, STREAM_ID_LAST);
    size_t head = call->reply->node_count;
    reply_array(call, 0);
    for (size_t p = span.first; p < span.end; p++) {
        struct stream_pending *pending = &group->pending[p];
        if (pending->consumer != consumer) continue;
        const struct stream_entry *entry = stream_find(stream, pending->id);
        reply_stream_entry(call, pending->id, entry);
        if (entry != NULL) {
            RULE("xreadgroup.history-is-a-delivery");
            pending->delivered = engine_now_again(call->engine);
            pending->deliveries++;
        }
        if (++count == reading->count) break;
    }
    ttl_reply_set_length(call->reply, head, (size_t)count);
}

/* Delivers what nobody in the group has been given yet. */
static void deliver(struct call *call, const struct reading *reading, size_t i,
                    const struct stream *stream, struct stream_span span,
                    struct stream_consumer *consumer) {
    struct stream_group *group = group_at(call, reading, stream);
    ttl_bytes name = call->argv[reading->first + i];
    for (size_t e = span.first; e < span.end; e++) {
        struct stream_id id = stream->entries[e].id;
        group->last = id;
        if (reading->forgets) continue;
        struct stream_pending *pending = stream_pend(group, id);
        RULE("xreadgroup.delivers");
        pending->consumer = consumer;
        pending->delivered = consumer->active = engine_now_again(call->engine);
        pending->deliveries = 1;
        consumer->was_active = true;
        stream_tell_pending(call, name, group, pending);
    }
    stream_note_change(call);
    if (reading->forgets) stream_tell_read(call, name, group);
    reply_entries(call, stream, span);
}

static struct stream_span undelivered(const struct stream *stream,
                                      const struct stream_group *group) {
    struct stream_id after = group->last;
    if (!stream_id_next(&after)) return (struct stream_span){0, 0};
    return stream_between(stream, after, STREAM_ID_LAST);
}

/* Does the consumer count as asking? Before 7.2 only where there is something for him. */
static bool sees_consumer(struct call *call, const struct reading *reading, size_t i,
                          const struct stream *stream) {
    struct stream_span span = undelivered(stream, group_at(call, reading, stream));
    bool is_history = !is_new_only(call, reading->first + reading->streams + i);
    return is_history || span.first < span.end || call_has(call, TRAIT_STREAM_SEES_CONSUMER);
}

static bool read_group(struct call *call, const struct reading *reading, size_t i) {
    struct stream *stream = stream_again(call, reading, i);
    if (stream == NULL || !sees_consumer(call, reading, i, stream)) return false;
    struct stream_group *group = group_at(call, reading, stream);
    struct stream_consumer *consumer = stream_find_consumer(group, call->argv[reading->group + 1]);
    consumer->seen = engine_now_again(call->engine);
    if (!is_new_only(call, reading->first + reading->streams + i)) {
        reply_stream_name(call, reading, i);
        read_history(call, reading, i, stream, consumer);
        return true;
    }
    struct stream_span span = undelivered(stream, group);
    if (span.first == span.end) return false;
    limit_span(&span, reading->count);
    reply_stream_name(call, reading, i);
    deliver(call, reading, i, stream, span, consumer);
    return true;
}

/* A replica comes to know a consumer by what is pending for him: with NOACK that is nothing. */
static void tell_consumer(struct call *call, ttl_bytes key, const struct reading *reading) {
    const ttl_bytes words[] = {ttl_bytes_of("XGROUP"), ttl_bytes_of("CREATECONSUMER"), key,
                               call->argv[reading->group], call->argv[reading->group + 1]};
    RULE("xreadgroup.replica-told-consumer");
    stream_note_change(call);
    change_tell(call, sizeof words / sizeof *words, words);
}

/* Makes room for what may become pending, and the consumer where it is not there. */
static ttl_status prepare(struct call *call, const struct reading *reading) {
    struct memory *memory = &call->engine->memory;
    ttl_bytes name = call->argv[reading->group + 1];
    for (size_t i = 0; i < reading->streams; i++) {
        struct stream *stream = stream_at(call, reading, i);
        if (stream == NULL) continue;
        struct stream_group *group = group_at(call, reading, stream);
        if (stream_reserve_pending(memory, group, stream->count) != TTL_OK) return TTL_NO_MEMORY;
    }
    for (size_t i = 0; i < reading->streams; i++) {
        struct stream *stream = stream_at(call, reading, i);
        if (stream == NULL) continue;
        struct stream_group *group = group_at(call, reading, stream);
        if (stream_find_consumer(group, name) != NULL) continue;
        if (!sees_consumer(call, reading, i, stream)) continue;
        if (stream_add_consumer(memory, group, name, engine_now_again(call->engine)) == NULL)
            return TTL_NO_MEMORY;
        RULE("event.xgroup-createconsumer");
        if (!call_has(call, TRAIT_STREAM_CREATES_ALOUD)) continue;
        db_announce(call, EVENT_STREAM, "xgroup-createconsumer", call->argv[reading->first + i]);
        if (reading->forgets) tell_consumer(call, call->argv[reading->first + i], reading);
    }
    return TTL_OK;
}

/* ---- waiting */

/* The last id that the stream ever gave. */
static struct stream_id last_id(struct call *call, const struct reading *reading, size_t i) {
    const struct stream *stream = stream_at(call, reading, i);
    return stream == NULL ? STREAM_ID_FIRST : stream->last;
}

/* The command as it will be run again: in the place of each "$" the id that it is now. */
static void settle_ids(struct call *call, const struct reading *reading, ttl_bytes *words,
                       char (*texts)[STREAM_ID_ROOM]) {
    memcpy(words, call->argv, call->argc * sizeof *words);
    for (size_t i = 0; i < reading->streams; i++) {
        size_t index = reading->first + reading->streams + i;
        RULE("blocking.last-id-is-of-the-beginning");
        if (!call_is_word(call, index, "$")) continue;
        size_t length = stream_id_format(last_id(call, reading, i), texts[i]);
        words[index] = (ttl_bytes){texts[i], length};
    }
}

static ttl_status wait_for_entries(struct call *call, const struct reading *reading) {
    struct memory *memory = &call->engine->session_memory;
    struct wait wait = reading->wait;
    wait.type = VALUE_STREAM;
    wait.first_key = reading->first;
    wait.key_count = reading->streams;
    wait.ends_with_key = reading->is_group;
    size_t words_size = call->argc * sizeof(ttl_bytes);
    size_t size = words_size + reading->streams * STREAM_ID_ROOM;
    char *room = memory_take(memory, size);
    if (room == NULL) return TTL_NO_MEMORY;
    struct call again = *call;
    again.argv = (ttl_bytes *)(void *)room;
    settle_ids(call, reading, (ttl_bytes *)(void *)room,
               (char(*)[STREAM_ID_ROOM])(room + words_size));
    ttl_status status = call_block(&again, &wait, TTL_REPLY_NIL_ARRAY);
    memory_give(memory, room, size);
    return status;
}

/* ---- both */

static ttl_status reply_nothing(struct call *call, const struct reading *reading) {
    bool may_wait = !call->session->in_multi && !call->session->in_script;
    bool can_wait = call->session->options.on_unblock != NULL;
    if (reading->waits && can_wait) return wait_for_entries(call, reading);
    if (reading->waits && may_wait)
        call_leave_open(call, "whether it waited for what came, and when, is not searched for");
    ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
    return TTL_OK;
}

static ttl_status read_generic(struct call *call, struct reading *reading) {
    if (!parse(call, reading) || !check_streams(call, reading)) return TTL_OK;
    if (reading->is_group && prepare(call, reading) != TTL_OK) return TTL_NO_MEMORY;
    size_t head = call->reply->node_count, count = 0;
    bool is_map = call->session->protocol >= 3;
    ttl_reply_add_node(call->reply, is_map ? TTL_REPLY_MAP : TTL_REPLY_ARRAY, 0);
    for (size_t i = 0; i < reading->streams; i++)
        count += reading->is_group ? read_group(call, reading, i) : read_stream(call, reading, i);
    ttl_reply_set_length(call->reply, head, is_map ? 2 * count : count);
    if (count > 0) return TTL_OK;
    if (!call->reply->failed) call->reply->node_count = head;
    return reply_nothing(call, reading);
}

ttl_status xread_command(struct call *call) {
    return read_generic(call, &(struct reading){.is_group = false});
}

ttl_status xreadgroup_command(struct call *call) {
    return read_generic(call, &(struct reading){.is_group = true});
}
