/* Streams: XADD, XTRIM, XDEL, XSETID, XLEN, XRANGE, XREVRANGE. */
#include <string.h>

#include "engine/blocked.h"
#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/rule.h"
#include "engine/stream_call.h"

/* What XADD and XTRIM are given before an id. */
struct adding {
    bool by_length, by_id, is_approximate, has_limit, makes_no_key;
    int64_t most, limit;
    struct stream_id least;
    size_t id_place; /* of XADD; no place: there was none */
    bool has_id, has_sequence;
    struct stream_id id;
};

/* ---- options of XADD and XTRIM */

/* MAXLEN or MINID, at `*index`, with its "=" or "~"; `*index` becomes that of its argument. */
static bool parse_strategy(struct call *call, size_t *index, struct adding *adding) {
    bool is_length = call_is_word(call, *index, "MAXLEN"), has_more = *index + 2 < call->argc;
    if ((adding->by_length || adding->by_id) && call_has(call, TRAIT_STREAM_FORMS))
        return call_refuse(call,
                           "ERR syntax error, MAXLEN and MINID options at the same time are not "
                           "compatible");
    ++*index;
    adding->is_approximate = has_more && call_is_word(call, *index, "~");
    if (adding->is_approximate || (has_more && call_is_word(call, *index, "="))) ++*index;
    adding->by_length = is_length;
    adding->by_id = !is_length;
    if (!is_length) return call_stream_id(call, *index, &adding->least);
    if (!call_integer(call, *index, &adding->most)) return false;
    return adding->most >= 0 || call_refuse(call, "ERR The MAXLEN argument must be >= 0.");
}

static bool is_strategy(const struct call *call, size_t index) {
    if (index + 1 == call->argc) return false;
    if (call_is_word(call, index, "MAXLEN")) return true;
    return call_has(call, TRAIT_STREAM_FORMS) && call_is_word(call, index, "MINID");
}

static bool parse_limit(struct call *call, size_t *index, struct adding *adding) {
    if (!call_integer(call, ++*index, &adding->limit)) return false;
    adding->has_limit = true;
    return adding->limit >= 0 || call_refuse(call, "ERR The LIMIT argument must be >= 0.");
}

/* Do they go together? */
static bool check_options(struct call *call, const struct adding *adding, bool is_xadd) {
    bool has_strategy = adding->by_length || adding->by_id;
    if (adding->limit != 0 && !has_strategy)
        return call_refuse(call,
                           "ERR syntax error, LIMIT cannot be used without specifying a trimming "
                           "strategy");
    if (!is_xadd && !has_strategy)
        return call_refuse(call,
                           call_has(call, TRAIT_STREAM_FORMS)
                               ? "ERR syntax error, XTRIM must be called with a trimming strategy"
                               : "ERR syntax error");
    return !adding->has_limit || adding->is_approximate ||
           call_refuse(call, "ERR syntax error, LIMIT cannot be used without the special ~ option");
}

static bool parse_options(struct call *call, struct adding *adding, bool is_xadd) {
    bool has_forms = call_has(call, TRAIT_STREAM_FORMS);
    *adding = (struct adding){.id_place = call->argc};
    for (size_t i = 2; i < call->argc && adding->id_place == call->argc; i++) {
        if (is_xadd && call_is_word(call, i, "*")) {
            adding->id_place = i;
        } else if (is_strategy(call, i)) {
            if (!parse_strategy(call, &i, adding)) return false;
        } else if (has_forms && i + 1 < call->argc && call_is_word(call, i, "LIMIT")) {
            if (!parse_limit(call, &i, adding)) return false;
        } else if (has_forms && is_xadd && call_is_word(call, i, "NOMKSTREAM")) {
            adding->makes_no_key = true;
        } else if (is_xadd) {
            if (!call_stream_new_id(call, i, &adding->id, &adding->has_sequence)) return false;
            adding->has_id = true;
            adding->id_place = i;
        } else {
            return call_refuse(call, "ERR syntax error");
        }
    }
    return check_options(call, adding, is_xadd);
}

/* ---- trimming */

/* Removes what is too much; true: there was something. How much more than that is kept where "~" is
 * said is the server's affair: here, everything. */
static bool stream_trim(struct call *call, struct stream *stream, const struct adding *adding) {
    struct stream_span span = {0, 0};
    if (adding->is_approximate) {
        if (stream->count > 0)
            call_leave_open(call, "how many entries ~ leaves in a stream is the server's own "
                                  "affair");
        return false;
    }
    if (adding->by_length && (uint64_t)adding->most < stream->count)
        span.end = stream->count - (size_t)adding->most;
    if (adding->by_id) span.end = stream_between(stream, adding->least, STREAM_ID_LAST).first;
    stream_remove(&call->engine->memory, stream, span);
    return span.end > 0;
}

static ttl_status xtrim_stream(struct call *call, const struct adding *adding, struct key key) {
    if (key.record == NULL) return reply_integer(call, 0);
    struct stream *stream = key_stream(key);
    size_t before = stream->count;
    if (stream_trim(call, stream, adding)) {
        RULE("stream.emptied-stays");
        db_touch(call, call->argv[1]);
        db_announce(call, EVENT_STREAM, "xtrim", call->argv[1]);
    }
    return reply_integer(call, (int64_t)(before - stream->count));
}

ttl_status xtrim_command(struct call *call) {
    struct adding adding;
    struct key key;
    RULE("stream.key-first-in-6.0");
    if (call_has(call, TRAIT_STREAM_FORMS)) {
        if (!parse_options(call, &adding, false)) return TTL_OK;
        key = db_write(call, call->argv[1]);
        if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
    } else {
        key = db_write(call, call->argv[1]);
        if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
        if (key.record == NULL) return reply_integer(call, 0);
        if (!parse_options(call, &adding, false)) return TTL_OK;
    }
    return xtrim_stream(call, &adding, key);
}

/* ---- XADD */

/* The id that a new entry gets; false: no id comes after the stream's last. */
static bool next_id(struct call *call, const struct adding *adding, struct stream_id last,
                    struct stream_id *id) {
    *id = adding->id;
    if (!adding->has_id) {
        RULE("xadd.id-from-the-clock", "xadd.id-never-falls");
        uint64_t now_ms = deadline_present_ms(call);
        *id = (struct stream_id){now_ms, 0};
        if (now_ms > last.ms) return true;
        *id = last;
        return stream_id_next(id);
    }
    if (!adding->has_sequence && id->ms == last.ms) {
        RULE("xadd.open-sequence");
        if (last.sequence == UINT64_MAX) return false;
        id->sequence = last.sequence + 1;
    }
    return stream_id_order(*id, last) > 0;
}

/* A replica is told the id that the clock made. */
static void tell_added(struct call *call, const struct adding *adding, struct stream_id id,
                       ttl_bytes *words) {
    char text[STREAM_ID_ROOM];
    if (words == NULL) return;
    memcpy(words, call->argv, call->argc * sizeof *words);
    words[adding->id_place] = (ttl_bytes){text, stream_id_format(id, text)};
    RULE("xadd.replica-told-the-id");
    change_tell(call, call->argc, words);
}

/* Appends to the stream of `key`, or of a draft; `words` has room for the arguments. */
static ttl_status xadd_run(struct call *call, const struct adding *adding, struct key key,
                           struct stream_id id, ttl_bytes *words) {
    struct memory *memory = &call->engine->memory;
    struct stream_entry entry;
    bool is_new = key.record == NULL;
    struct stream *stream = is_new ? stream_new(memory) : key_stream(key);
    size_t first = adding->id_place + 1;
    if (stream == NULL) return TTL_NO_MEMORY;
    if (is_new)
        key = keyspace_draft_object(&call->db->keyspace, call->argv[1], VALUE_STREAM, stream);
    if (key.record == NULL) {
        stream_free(memory, stream);
        return TTL_NO_MEMORY;
    }
    if (stream_reserve(memory, stream) != TTL_OK ||
        stream_entry_new(memory, id, call->argc - first, &call->argv[first], &entry) != TTL_OK) {
        if (is_new) keyspace_discard(&call->db->keyspace, key);
        return TTL_NO_MEMORY;
    }
    stream_append(stream, entry);
    RULE("stream.change-keeps-deadline", "stream.change-is-a-change");
    if (is_new) db_put(call, (struct key){NULL, SLAB_NONE}, key);
    else db_touch(call, call->argv[1]);
    RULE("blocking.woken-by-each-entry");
    if (!is_new && call->engine->blocked_count > 0) blocked_key_came(call->engine, call->db, key);
    db_announce(call, EVENT_STREAM, "xadd", call->argv[1]);
    RULE("event.stream");
    if (stream_trim(call, stream, adding)) db_announce(call, EVENT_STREAM, "xtrim", call->argv[1]);
    if (!adding->has_id || !adding->has_sequence) tell_added(call, adding, id, words);
    return reply_stream_id(call, id);
}

static ttl_status xadd_stream(struct call *call, const struct adding *adding, struct key key) {
    static const struct stream_id none = {0, 0};
    struct memory *memory = &call->engine->session_memory;
    struct stream_id last = key.record == NULL ? none : key_stream(key)->last, id;
    if (stream_id_order(last, STREAM_ID_LAST) == 0)
        return reply_error(call, "ERR The stream has exhausted the last possible ID, unable to add "
                                 "more items");
    if (!next_id(call, adding, last, &id))
        return reply_error(call, "ERR The ID specified in XADD is equal or smaller than the target "
                                 "stream top item");
    size_t size = call->argc * sizeof(ttl_bytes);
    bool is_told = call->engine->on_change != NULL;
    ttl_bytes *words = is_told ? memory_take(memory, size) : NULL;
    if (is_told && words == NULL) return TTL_NO_MEMORY;
    ttl_status status = xadd_run(call, adding, key, id, words);
    if (is_told) memory_give(memory, words, size);
    return status;
}

ttl_status xadd_command(struct call *call) {
    struct adding adding;
    struct key key;
    if (!parse_options(call, &adding, true)) return TTL_OK;
    size_t words = adding.id_place < call->argc ? call->argc - adding.id_place - 1 : 0;
    if (words == 0 || words % 2 != 0) {
        if (call_has(call, TRAIT_STREAM_FORMS)) return reply_wrong_arity(call);
        return reply_error(call, "ERR wrong number of arguments for XADD");
    }
    if (adding.has_id && adding.has_sequence && stream_id_order(adding.id, STREAM_ID_FIRST) == 0)
        return reply_error(call, "ERR The ID specified in XADD must be greater than 0-0");
    key = db_write(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
    RULE("xadd.nomkstream");
    if (key.record == NULL && adding.makes_no_key) return reply_nil(call);
    return xadd_stream(call, &adding, key);
}

/* ---- XDEL, XSETID */

ttl_status xdel_command(struct call *call) {
    struct key key = db_write(call, call->argv[1]);
    int64_t removed = 0;
    if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
    if (key.record == NULL) return reply_integer(call, 0);
    if (!call_stream_ids(call, 2)) return TTL_OK;
    struct stream *stream = key_stream(key);
    for (size_t i = 2; i < call->argc; i++) {
        struct stream_id id = stream_id_at(call, i);
        struct stream_span span = stream_between(stream, id, id);
        if (span.first == span.end) continue;
        stream_remove(&call->engine->memory, stream, span);
        if (stream_id_order(id, stream->deleted) > 0) stream->deleted = id;
        removed++;
    }
    if (removed > 0) {
        db_touch(call, call->argv[1]);
        db_announce(call, EVENT_STREAM, "xdel", call->argv[1]);
    }
    return reply_integer(call, removed);
}

struct setting {
    struct stream_id id, deleted;
    int64_t added; /* -1: not given. It is checked, and not kept */
};

static bool xsetid_option(struct call *call, size_t index, struct setting *setting) {
    if (index + 1 < call->argc && call_is_word(call, index, "ENTRIESADDED")) {
        if (!call_integer(call, index + 1, &setting->added)) return false;
        return setting->added >= 0 || call_refuse(call, "ERR entries_added must be positive");
    }
    if (index + 1 == call->argc || !call_is_word(call, index, "MAXDELETEDID"))
        return call_refuse(call, "ERR syntax error");
    if (!call_stream_id(call, index + 1, &setting->deleted)) return false;
    return stream_id_order(setting->id, setting->deleted) >= 0 ||
           call_refuse(call, "ERR The ID specified in XSETID is smaller than the provided "
                             "max_deleted_entry_id");
}

static bool xsetid_parse(struct call *call, struct setting *setting) {
    *setting = (struct setting){.added = -1};
    if (!call_stream_id(call, 2, &setting->id)) return false;
    for (size_t i = 3; i < call->argc; i += 2)
        if (!xsetid_option(call, i, setting)) return false;
    return true;
}

/* May the stream's last id become this one? */
static bool xsetid_fits(struct call *call, const struct stream *stream,
                        const struct setting *setting) {
    if (call_has(call, TRAIT_XSETID_SEES_DELETED) &&
        stream_id_order(setting->id, stream->deleted) < 0)
        return call_refuse(call, "ERR The ID specified in XSETID is smaller than current "
                                 "max_deleted_entry_id");
    if (stream->count == 0) return true;
    if (stream_id_order(setting->id, stream->entries[stream->count - 1].id) < 0)
        return call_refuse(call,
                           "ERR The ID specified in XSETID is smaller than the target stream top "
                           "item");
    return setting->added < 0 || (uint64_t)setting->added >= stream->count ||
           call_refuse(call, "ERR The entries_added specified in XSETID is smaller than the target "
                             "stream length");
}

ttl_status xsetid_command(struct call *call) {
    struct setting setting;
    bool key_first = !call_has(call, TRAIT_STREAM_FORMS);
    if (!key_first && !xsetid_parse(call, &setting)) return TTL_OK;
    struct key key = db_write(call, call->argv[1]);
    if (key.record == NULL) return reply_error(call, "ERR no such key");
    if (!db_check_type(call, key, VALUE_STREAM)) return TTL_OK;
    if (key_first && !xsetid_parse(call, &setting)) return TTL_OK;
    struct stream *stream = key_stream(key);
    if (!xsetid_fits(call, stream, &setting)) return TTL_OK;
    stream->last = setting.id;
    if (stream_id_order(setting.deleted, STREAM_ID_FIRST) > 0) stream->deleted = setting.deleted;
    RULE("xsetid.moves-the-last-id");
    stream_note_change(call);
    db_announce(call, EVENT_STREAM, "xsetid", call->argv[1]);
    return reply_ok(call);
}

/* ---- looking */

static struct stream *call_stream_read(struct call *call, bool *is_answered) {
    struct key key = db_read(call, call->argv[1]);
    *is_answered = !db_check_type(call, key, VALUE_STREAM);
    return key.record == NULL || *is_answered ? NULL : key_stream(key);
}

ttl_status xlen_command(struct call *call) {
    bool is_answered;
    const struct stream *stream = call_stream_read(call, &is_answered);
    if (is_answered) return TTL_OK;
    return reply_integer(call, stream == NULL ? 0 : (int64_t)stream->count);
}

/* Reads COUNT; -1: there is none. */
static bool range_count(struct call *call, int64_t *count) {
    *count = -1;
    for (size_t i = 4; i < call->argc; i += 2) {
        if (i + 1 == call->argc || !call_is_word(call, i, "COUNT"))
            return call_refuse(call, "ERR syntax error");
        if (!call_integer(call, i + 1, count)) return false;
        if (*count < 0) *count = 0;
    }
    return true;
}

static ttl_status range_generic(struct call *call, bool is_reversed) {
    struct stream_id start, end;
    int64_t count;
    bool is_answered;
    if (!call_stream_start(call, is_reversed ? 3 : 2, &start)) return TTL_OK;
    if (!call_stream_end(call, is_reversed ? 2 : 3, &end)) return TTL_OK;
    if (!range_count(call, &count)) return TTL_OK;
    const struct stream *stream = call_stream_read(call, &is_answered);
    if (is_answered) return TTL_OK;
    if (stream == NULL) return reply_array(call, 0);
    if (count == 0) {
        ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
        return TTL_OK;
    }
    RULE("stream.ranges");
    struct stream_span span = stream_between(stream, start, end);
    size_t length = span.end - span.first;
    if (count > 0 && (uint64_t)count < length) length = (size_t)count;
    reply_array(call, length);
    for (size_t i = 0; i < length; i++) {
        size_t place = is_reversed ? span.end - 1 - i : span.first + i;
        reply_stream_entry(call, stream->entries[place].id, &stream->entries[place]);
    }
    return TTL_OK;
}

ttl_status xrange_command(struct call *call) {
    return range_generic(call, false);
}

ttl_status xrevrange_command(struct call *call) {
    return range_generic(call, true);
}
