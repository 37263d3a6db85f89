#include "engine/stream_call.h"

#include <string.h>

#include "engine/change.h"
#include "engine/db.h"
#include "engine/number.h"
#include "engine/rule.h"

struct stream *key_stream(struct key key) {
    return record_outside(key.record);
}

/* ---- reading ids */

enum { ID_TEXT_MOST = 127 };

static bool parse_part(ttl_bytes text, uint64_t *part) {
    int64_t integer;
    if (text.length == 0) return false;
    if (!argument_integer(text, &integer)) return number_parse_unsigned(text, part);
    *part = (uint64_t)integer;
    return integer >= 0;
}

/* `missing` is the sequence of an id without one; `has_sequence` may be NULL: it must have one. */
static bool parse_id(ttl_bytes text, uint64_t missing, struct stream_id *id, bool *has_sequence) {
    if (text.length == 0 || text.length > ID_TEXT_MOST) return false;
    const char *dash = memchr(text.data, '-', text.length);
    size_t length = dash == NULL ? text.length : (size_t)(dash - text.data);
    id->sequence = missing;
    if (has_sequence != NULL) *has_sequence = true;
    if (!parse_part((ttl_bytes){text.data, length}, &id->ms)) return false;
    if (dash == NULL) return true;
    ttl_bytes rest = {dash + 1, text.length - length - 1};
    if (has_sequence == NULL || !ttl_bytes_is_word(rest, "*"))
        return parse_part(rest, &id->sequence);
    id->sequence = 0;
    *has_sequence = false;
    return true;
}

static bool refuse_id(struct call *call) {
    RULE("stream.bad-id");
    return call_refuse(call, "ERR Invalid stream ID specified as stream command argument");
}

bool stream_id_is_at(const struct call *call, size_t index) {
    struct stream_id id;
    return parse_id(call->argv[index], 0, &id, NULL);
}

struct stream_id stream_id_at(const struct call *call, size_t index) {
    struct stream_id id = STREAM_ID_FIRST;
    (void)parse_id(call->argv[index], 0, &id, NULL);
    return id;
}

bool call_stream_id(struct call *call, size_t index, struct stream_id *id) {
    return parse_id(call->argv[index], 0, id, NULL) || refuse_id(call);
}

bool call_stream_new_id(struct call *call, size_t index, struct stream_id *id, bool *has_sequence) {
    *has_sequence = true;
    bool may_be_open = call_has(call, TRAIT_STREAM_OPEN_SEQUENCE);
    return parse_id(call->argv[index], 0, id, may_be_open ? has_sequence : NULL) || refuse_id(call);
}

bool call_stream_ids(struct call *call, size_t first) {
    for (size_t i = first; i < call->argc; i++)
        if (!stream_id_is_at(call, i)) return refuse_id(call);
    return true;
}

/* One end of a range. */
static bool parse_end(struct call *call, size_t index, uint64_t missing, struct stream_id *id,
                      bool *is_exclusive) {
    ttl_bytes text = call->argv[index];
    bool may_exclude = call_has(call, TRAIT_STREAM_FORMS);
    *is_exclusive = may_exclude && text.length > 1 && text.data[0] == '(';
    if (*is_exclusive) text = (ttl_bytes){text.data + 1, text.length - 1};
    bool is_first = ttl_bytes_is_word(text, "-"), is_last = ttl_bytes_is_word(text, "+");
    *id = is_last ? STREAM_ID_LAST : STREAM_ID_FIRST;
    if (is_first || is_last) return !*is_exclusive || refuse_id(call);
    return parse_id(text, missing, id, NULL) || refuse_id(call);
}

bool call_stream_start(struct call *call, size_t index, struct stream_id *start) {
    bool is_exclusive;
    if (!parse_end(call, index, 0, start, &is_exclusive)) return false;
    if (!is_exclusive || stream_id_next(start)) return true;
    return call_refuse(call, "ERR invalid start ID for the interval");
}

bool call_stream_end(struct call *call, size_t index, struct stream_id *end) {
    bool is_exclusive;
    if (!parse_end(call, index, UINT64_MAX, end, &is_exclusive)) return false;
    if (!is_exclusive || stream_id_previous(end)) return true;
    return call_refuse(call, "ERR invalid end ID for the interval");
}

/* ---- groups */

ttl_status reply_no_group(struct call *call, ttl_bytes key, ttl_bytes group, const char *rest) {
    ttl_bytes parts[] = {ttl_bytes_of("NOGROUP No such key '"),
                         key,
                         ttl_bytes_of("' or consumer group '"),
                         group,
                         ttl_bytes_of("'"),
                         ttl_bytes_of(rest)};
    RULE("stream.dead-has-no-group");
    return reply_error_parts(call, parts, sizeof parts / sizeof *parts);
}

struct stream_group *call_stream_group(struct call *call, size_t index, struct stream **stream) {
    return stream_group_of(call, db_read(call, call->argv[1]), index, stream);
}

struct stream_group *stream_group_of(struct call *call, struct key key, size_t index,
                                     struct stream **stream) {
    if (!db_check_type(call, key, VALUE_STREAM)) return NULL;
    struct stream_group *group = NULL;
    if (key.record != NULL) group = stream_find_group(key_stream(key), call->argv[index]);
    if (group == NULL) reply_no_group(call, call->argv[1], call->argv[index], "");
    else *stream = key_stream(key);
    return group;
}

/* ---- answering */

ttl_status reply_stream_id(struct call *call, struct stream_id id) {
    char text[STREAM_ID_ROOM];
    return reply_bulk(call, (ttl_bytes){text, stream_id_format(id, text)});
}

ttl_status reply_stream_entry(struct call *call, struct stream_id id,
                              const struct stream_entry *entry) {
    reply_array(call, 2);
    reply_stream_id(call, id);
    if (entry == NULL) {
        ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
        return TTL_OK;
    }
    reply_array(call, entry->count);
    for (size_t i = 0; i < entry->count; i++) reply_bulk(call, entry->words[i]);
    return TTL_OK;
}

/* ---- changing */

void stream_note_change(const struct call *call) {
    RULE("stream.groups-break-no-watch");
    call->engine->changes++;
}

static ttl_bytes number_text(int64_t number, char text[NUMBER_INTEGER_ROOM]) {
    return (ttl_bytes){text, number_format_integer(number, text)};
}

void stream_tell_pending(struct call *call, ttl_bytes key, const struct stream_group *group,
                         const struct stream_pending *pending) {
    char id[STREAM_ID_ROOM], last[STREAM_ID_ROOM];
    char moment[NUMBER_INTEGER_ROOM], count[NUMBER_INTEGER_ROOM];
    if (call->engine->on_change == NULL) return;
    RULE("stream.replica-told-deliveries");
    const ttl_bytes words[] = {ttl_bytes_of("XCLAIM"),
                               key,
                               group->name,
                               pending->consumer->name,
                               ttl_bytes_of("0"),
                               {id, stream_id_format(pending->id, id)},
                               ttl_bytes_of("TIME"),
                               number_text(pending->delivered.ms, moment),
                               ttl_bytes_of("RETRYCOUNT"),
                               number_text(pending->deliveries, count),
                               ttl_bytes_of("FORCE"),
                               ttl_bytes_of("JUSTID"),
                               ttl_bytes_of("LASTID"),
                               {last, stream_id_format(group->last, last)}};
    change_tell(call, sizeof words / sizeof *words, words);
}

void stream_tell_read(struct call *call, ttl_bytes key, const struct stream_group *group) {
    char last[STREAM_ID_ROOM];
    if (call->engine->on_change == NULL) return;
    const ttl_bytes words[] = {ttl_bytes_of("XGROUP"),
                               ttl_bytes_of("SETID"),
                               key,
                               group->name,
                               {last, stream_id_format(group->last, last)}};
    change_tell(call, sizeof words / sizeof *words, words);
}
