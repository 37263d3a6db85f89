/* Groups of consumers of a stream: XGROUP, XACK, XPENDING, XINFO CONSUMERS. */
#include "engine/blocked.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/engine.h"
#include "engine/number.h"
#include "engine/rule.h"
#include "engine/stream_call.h"
#include "engine/subcommand.h"

/* ---- XGROUP */

/* Options of XGROUP CREATE and SETID. ENTRIESREAD is checked, and not kept: XINFO GROUPS would tell
 * it. */
static bool parse_options(struct call *call, bool takes_mkstream, bool *makes_stream) {
    int64_t entries;
    bool has_counts = call_has(call, TRAIT_STREAM_OPEN_SEQUENCE);
    for (size_t i = 5; i < call->argc; i++) {
        if (takes_mkstream && call_is_word(call, i, "MKSTREAM")) {
            *makes_stream = true;
        } else if (has_counts && i + 1 < call->argc && call_is_word(call, i, "ENTRIESREAD")) {
            if (!call_integer(call, ++i, &entries)) return false;
            if (entries < -1)
                return call_refuse(call, "ERR value for ENTRIESREAD must be positive or -1");
        } else {
            reply_subcommand_syntax(call);
            return false;
        }
    }
    size_t most = !has_counts ? 6 : takes_mkstream ? 8 : 7;
    bool is_too_long = call->argc > most;
    if (is_too_long) reply_subcommand_syntax(call);
    return !is_too_long;
}

/* The stream of argument 2, which must be there; NULL: the answer has been given. */
static struct stream *group_stream(struct call *call) {
    struct key key = db_write(call, call->argv[2]);
    if (!db_check_type(call, key, VALUE_STREAM)) return NULL;
    if (key.record != NULL) return key_stream(key);
    reply_error(call, "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE "
                      "you may want to use the MKSTREAM option to create an empty stream "
                      "automatically.");
    return NULL;
}

/* The same and its group, which argument 3 names. */
static struct stream_group *group_of(struct call *call, ttl_bytes key, struct stream *stream) {
    struct stream_group *group = stream_find_group(stream, call->argv[3]);
    if (group != NULL) return group;
    ttl_bytes parts[] = {ttl_bytes_of("NOGROUP No such consumer group '"), call->argv[3],
                         ttl_bytes_of("' for key name '"), key, ttl_bytes_of("'")};
    reply_error_parts(call, parts, sizeof parts / sizeof *parts);
    return NULL;
}

/* Before 7.0 key and group were looked up first, but for CREATE with an option. False: the answer
 * has been given. */
static bool look_up_first(struct call *call) {
    bool is_create = call_is_word(call, 1, "CREATE") && call->argc == 6;
    RULE("stream.key-first-before-7");
    if (call_has(call, TRAIT_SUBCOMMANDS) || call->argc < 4 || is_create) return true;
    struct stream *stream = group_stream(call);
    if (stream == NULL) return false;
    bool needs_group =
        call_is_word(call, 1, "SETID") || call_is_word(call, 1, "DELCONSUMER") ||
        (call_is_word(call, 1, "CREATECONSUMER") && call_has(call, TRAIT_STREAM_FORMS));
    return !needs_group || group_of(call, call->argv[2], stream) != NULL;
}

ttl_status xgroup_command(struct call *call) {
    return look_up_first(call) ? subcommand_run(call) : TTL_OK;
}

/* "$" is the last id that the stream gave. */
static bool call_last_id(struct call *call, size_t index, const struct stream *stream,
                         struct stream_id *id) {
    if (!call_is_word(call, index, "$")) return call_stream_id(call, index, id);
    *id = stream == NULL ? STREAM_ID_FIRST : stream->last;
    return true;
}

static ttl_status group_changed(struct call *call, const char *event) {
    stream_note_change(call);
    db_announce(call, EVENT_STREAM, event, call->argv[2]);
    return TTL_OK;
}

/* A new, empty stream with the group. */
static ttl_status create_with_stream(struct call *call, struct stream_id id) {
    struct memory *memory = &call->engine->memory;
    struct stream *stream = stream_new(memory);
    if (stream == NULL) return TTL_NO_MEMORY;
    struct key draft = {NULL, SLAB_NONE};
    if (stream_add_group(memory, stream, call->argv[3], id) != NULL)
        draft = keyspace_draft_object(&call->db->keyspace, call->argv[2], VALUE_STREAM, stream);
    if (draft.record == NULL) {
        stream_free(memory, stream);
        return TTL_NO_MEMORY;
    }
    RULE("xgroup.mkstream");
    db_put(call, (struct key){NULL, SLAB_NONE}, draft);
    group_changed(call, "xgroup-create");
    return reply_ok(call);
}

ttl_status xgroup_create(struct call *call) {
    bool makes_stream = false;
    struct stream_id id;
    if (!parse_options(call, true, &makes_stream)) return TTL_OK;
    struct stream *stream = NULL;
    struct key key = makes_stream ? db_write(call, call->argv[2]) : (struct key){NULL, SLAB_NONE};
    if (!makes_stream && (stream = group_stream(call)) == NULL) return TTL_OK;
    if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
    if (key.record != NULL) stream = key_stream(key);
    if (!call_last_id(call, 4, stream, &id)) return TTL_OK;
    if (stream == NULL) return create_with_stream(call, id);
    if (stream_find_group(stream, call->argv[3]) != NULL)
        return reply_error(call, "BUSYGROUP Consumer Group name already exists");
    if (stream_add_group(&call->engine->memory, stream, call->argv[3], id) == NULL)
        return TTL_NO_MEMORY;
    group_changed(call, "xgroup-create");
    return reply_ok(call);
}

ttl_status xgroup_setid(struct call *call) {
    bool makes_stream = false;
    struct stream_id id;
    struct stream *stream;
    struct stream_group *group;
    if (!parse_options(call, false, &makes_stream)) return TTL_OK;
    if ((stream = group_stream(call)) == NULL) return TTL_OK;
    if ((group = group_of(call, call->argv[2], stream)) == NULL) return TTL_OK;
    if (!call_last_id(call, 4, stream, &id)) return TTL_OK;
    group->last = id;
    group_changed(call, "xgroup-setid");
    return reply_ok(call);
}

ttl_status xgroup_destroy(struct call *call) {
    struct stream *stream = group_stream(call);
    if (stream == NULL) return TTL_OK;
    struct stream_group *group = stream_find_group(stream, call->argv[3]);
    if (group == NULL) return reply_integer(call, 0);
    stream_remove_group(&call->engine->memory, stream, group);
    blocked_stream_went(call->engine, call->db, call->argv[2]);
    group_changed(call, "xgroup-destroy");
    return reply_integer(call, 1);
}

ttl_status xgroup_createconsumer(struct call *call) {
    struct stream *stream = group_stream(call);
    struct stream_group *group = stream == NULL ? NULL : group_of(call, call->argv[2], stream);
    if (group == NULL) return TTL_OK;
    if (stream_find_consumer(group, call->argv[4]) != NULL) return reply_integer(call, 0);
    if (stream_add_consumer(&call->engine->memory, group, call->argv[4],
                            engine_now_again(call->engine)) == NULL)
        return TTL_NO_MEMORY;
    group_changed(call, "xgroup-createconsumer");
    return reply_integer(call, 1);
}

ttl_status xgroup_delconsumer(struct call *call) {
    struct stream *stream = group_stream(call);
    struct stream_group *group = stream == NULL ? NULL : group_of(call, call->argv[2], stream);
    if (group == NULL) return TTL_OK;
    struct stream_consumer *consumer = stream_find_consumer(group, call->argv[4]);
    size_t pending = 0;
    RULE("event.xgroup-delconsumer");
    if (consumer == NULL && !call_has(call, TRAIT_STREAM_DELETES_NOBODY_ALOUD))
        return reply_integer(call, 0);
    if (consumer != NULL) pending = stream_remove_consumer(&call->engine->memory, group, consumer);
    group_changed(call, "xgroup-delconsumer");
    return reply_integer(call, (int64_t)pending);
}

/* ---- XACK */

ttl_status xack_command(struct call *call) {
    int64_t count = 0;
    struct key key = db_read(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
    struct stream_group *group =
        key.record == NULL ? NULL : stream_find_group(key_stream(key), call->argv[2]);
    if (group == NULL) return reply_integer(call, 0);
    if (!call_stream_ids(call, 3)) return TTL_OK;
    for (size_t i = 3; i < call->argc; i++) {
        struct stream_id id = stream_id_at(call, i);
        struct stream_span span = stream_pending_between(group, id, id);
        if (span.first == span.end) continue;
        stream_forget_pending(group, span.first);
        count++;
    }
    if (count > 0) stream_note_change(call);
    return reply_integer(call, count);
}

/* ---- XPENDING */

struct pending_query {
    struct stream_id start, end;
    int64_t count, idle_ms;
    size_t consumer; /* the argument; 0: any */
};

static bool parse_query(struct call *call, struct pending_query *query) {
    size_t first = 3;
    *query = (struct pending_query){.consumer = 0};
    if (call_has(call, TRAIT_STREAM_FORMS) && call_is_word(call, 3, "IDLE")) {
        if (!call_integer(call, 4, &query->idle_ms)) return false;
        if (call->argc < 8) {
            reply_syntax_error(call);
            return false;
        }
        first += 2;
    }
    if (!call_integer(call, first + 2, &query->count)) return false;
    if (!call_stream_start(call, first, &query->start)) return false;
    if (!call_stream_end(call, first + 1, &query->end)) return false;
    if (first + 3 < call->argc) query->consumer = first + 3;
    return true;
}

static ttl_status reply_summary(struct call *call, const struct stream_group *group) {
    reply_array(call, 4);
    reply_integer(call, (int64_t)group->pending_count);
    if (group->pending_count == 0) {
        reply_nil(call);
        reply_nil(call);
        ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
        return TTL_OK;
    }
    reply_stream_id(call, group->pending[0].id);
    reply_stream_id(call, group->pending[group->pending_count - 1].id);
    size_t head = call->reply->node_count, count = 0;
    reply_array(call, 0);
    for (size_t i = 0; i < group->consumer_count; i++) {
        char digits[NUMBER_INTEGER_ROOM];
        size_t pending = stream_pending_of(group, group->consumers[i]);
        if (pending == 0) continue;
        reply_array(call, 2);
        reply_bulk(call, group->consumers[i]->name);
        reply_bulk(call, (ttl_bytes){digits, number_format_integer((int64_t)pending, digits)});
        count++;
    }
    ttl_reply_set_length(call->reply, head, count);
    return TTL_OK;
}

static ttl_status reply_pending(struct call *call, const struct stream_group *group,
                                const struct pending_query *query) {
    const struct stream_consumer *consumer = NULL;
    if (query->consumer > 0) {
        consumer = stream_find_consumer(group, call->argv[query->consumer]);
        if (consumer == NULL) return reply_array(call, 0);
    }
    ttl_instant now = engine_now_again(call->engine);
    struct stream_span span = stream_pending_between(group, query->start, query->end);
    size_t head = call->reply->node_count;
    int64_t count = 0;
    reply_array(call, 0);
    for (size_t i = span.first; i < span.end && count < query->count; i++) {
        const struct stream_pending *pending = &group->pending[i];
        if (consumer != NULL && pending->consumer != consumer) continue;
        RULE("xpending.idle-filter");
        if (query->idle_ms != 0 &&
            !deadline_has_elapsed(call->engine, pending->delivered, now, query->idle_ms))
            continue;
        reply_array(call, 4);
        reply_stream_id(call, pending->id);
        reply_bulk(call, pending->consumer->name);
        reply_elapsed(call, pending->delivered, now);
        reply_integer(call, pending->deliveries);
        count++;
    }
    ttl_reply_set_length(call->reply, head, (size_t)count);
    return TTL_OK;
}

ttl_status xpending_command(struct call *call) {
    struct pending_query query;
    struct stream *stream;
    size_t most = call_has(call, TRAIT_STREAM_FORMS) ? 9 : 7;
    bool is_summary = call->argc == 3;
    if (!is_summary && (call->argc < 6 || call->argc > most)) return reply_syntax_error(call);
    if (!is_summary && !parse_query(call, &query)) return TTL_OK;
    const struct stream_group *group = call_stream_group(call, 2, &stream);
    if (group == NULL) return TTL_OK;
    return is_summary ? reply_summary(call, group) : reply_pending(call, group, &query);
}

/* ---- XINFO */

/* Before 7.0 the key was looked up first. */
ttl_status xinfo_command(struct call *call) {
    if (call_has(call, TRAIT_SUBCOMMANDS)) return subcommand_run(call);
    if (call->argc < 3) return reply_error(call, "ERR syntax error, try 'XINFO HELP'");
    struct key key = db_write(call, call->argv[2]);
    if (key.record == NULL) return reply_error(call, "ERR no such key");
    if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
    return subcommand_run(call);
}

ttl_status xinfo_untold(struct call *call) {
    call_leave_open(call, "what XINFO tells of a stream and its groups is not in this engine");
    return reply_error(call, "ERR XINFO of this engine tells of consumers only");
}

ttl_status xinfo_consumers(struct call *call) {
    struct key key = db_read(call, call->argv[2]);
    if (key.record == NULL) return reply_error(call, "ERR no such key");
    if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
    const struct stream_group *group = group_of(call, call->argv[2], key_stream(key));
    if (group == NULL) return TTL_OK;
    ttl_instant now = engine_now_again(call->engine);
    bool tells_inactive = call_has(call, TRAIT_STREAM_INACTIVE);
    RULE("xinfo.consumer-idle", "xinfo.consumer-inactive");
    reply_array(call, group->consumer_count);
    for (size_t i = 0; i < group->consumer_count; i++) {
        const struct stream_consumer *consumer = group->consumers[i];
        ttl_reply_add_node(call->reply, TTL_REPLY_MAP, tells_inactive ? 8 : 6);
        reply_bulk(call, ttl_bytes_of("name"));
        reply_bulk(call, consumer->name);
        reply_bulk(call, ttl_bytes_of("pending"));
        reply_integer(call, (int64_t)stream_pending_of(group, consumer));
        reply_bulk(call, ttl_bytes_of("idle"));
        reply_elapsed(call, consumer->seen, now);
        if (!tells_inactive) continue;
        reply_bulk(call, ttl_bytes_of("inactive"));
        if (consumer->was_active) reply_elapsed(call, consumer->active, now);
        else reply_integer(call, -1);
    }
    return TTL_OK;
}
