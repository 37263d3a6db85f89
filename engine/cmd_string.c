/* Strings: SET and its many forms, GET and its, counters, ranges. */
#include <string.h>

#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/number.h"
#include "engine/rule.h"
#include "engine/set_options.h"
#include "engine/string_edit.h"

static const int64_t STRING_MOST = 512 * 1024 * 1024; /* bytes a value may have */

/* ---- SET */

/* Answers the old value, as GET would; false when the answer is an error. */
static bool reply_old_string(struct call *call, ttl_bytes name) {
    struct key key = db_read(call, name);
    if (!db_check_type(call, key, VALUE_STRING)) return false;
    if (key.record == NULL) ttl_reply_add_nil(call->reply);
    else ttl_reply_add_bulk(call->reply, record_string(key.record));
    return true;
}

/* Does the value that IFEQ or IFNE asks for stand there? `*refused` is set when WRONGTYPE was
 * answered. */
static bool comparison_holds(struct call *call, const struct set_options *options, struct key old,
                             bool *refused) {
    if (old.record == NULL) return options->comparison == COMPARE_UNEQUAL;
    if (old.record->type != VALUE_STRING) {
        if (!options->get) reply_wrong_type(call);
        *refused = true;
        return false;
    }
    bool equal = ttl_bytes_equal(record_string(old.record), options->comparand);
    return equal == (options->comparison == COMPARE_EQUAL);
}

/* Do NX, XX, IFEQ and IFNE let SET go on? */
static bool set_condition_holds(struct call *call, const struct set_options *options,
                                struct key old, bool *refused) {
    bool found = old.record != NULL;
    *refused = false;
    if ((options->only_new && found) || (options->only_present && !found)) return false;
    return options->comparison == COMPARE_NOTHING || comparison_holds(call, options, old, refused);
}

/* Valkey: a deadline that is not ahead deletes what there was. */
static ttl_status set_in_the_past(struct call *call, struct key old, ttl_bytes name) {
    RULE("set.now-is-past-in-valkey");
    if (old.record == NULL) return TTL_OK;
    db_delete_past(call, old, name);
    return TTL_OK;
}

static ttl_status set_write(struct call *call, const struct set_options *options, struct key old,
                            ttl_bytes name, ttl_bytes value) {
    const ttl_instant *deadline = options->has_deadline ? &options->deadline : NULL;
    if (deadline != NULL && call_has(call, TRAIT_SET_PAST_DELETES) &&
        deadline_is_not_ahead(call->engine, *deadline))
        return set_in_the_past(call, old, name);
    ttl_instant kept;
    if (options->keep_deadline && old.record != NULL && record_is_volatile(old.record)) {
        kept = record_deadline(old.record);
        deadline = &kept;
    }
    if (db_set_string(call, old, name, value, deadline) != TTL_OK) return TTL_NO_MEMORY;
    RULE("event.set", "set.now-is-not-past", "set.past-deadline-leaves-no-key");
    db_announce(call, EVENT_STRING, "set", name);
    if (options->has_deadline) {
        change_tell_set(call, name, value, options->deadline);
        RULE("set.px-renews-deadline", "event.past-set");
        db_announce(call, EVENT_GENERIC, "expire", name);
    }
    return TTL_OK;
}

ttl_status set_command(struct call *call) {
    struct set_options options;
    if (!set_options_parse(call, 3, OPTIONS_OF_SET, &options)) return TTL_OK;
    if (!set_options_read_deadline(call, &options)) return TTL_OK;
    ttl_bytes name = call->argv[1];
    if (options.get && !reply_old_string(call, name)) {
        RULE("set.get-wrong-type");
        return TTL_OK;
    }
    RULE("set.time-before-condition");
    struct key old = db_write(call, name);
    bool refused;
    if (!set_condition_holds(call, &options, old, &refused)) {
        if (!options.get && !refused) ttl_reply_add_nil(call->reply);
        return TTL_OK;
    }
    if (set_write(call, &options, old, name, call->argv[2]) != TTL_OK) return TTL_NO_MEMORY;
    return options.get ? TTL_OK : reply_ok(call);
}

static ttl_status set_with_time(struct call *call, bool in_seconds) {
    struct set_options options = {.time_index = 2, .spelling = {in_seconds, false}};
    if (!set_options_read_deadline(call, &options)) {
        RULE("psetex.error-changes-nothing");
        return TTL_OK;
    }
    ttl_bytes name = call->argv[1];
    RULE("psetex.overwrites-value", "psetex.overwrites-deadline", "psetex.overwrites-any-type",
         "setex.overwrites");
    if (set_write(call, &options, db_write(call, name), name, call->argv[3]) != TTL_OK)
        return TTL_NO_MEMORY;
    return reply_ok(call);
}

ttl_status setex_command(struct call *call) {
    RULE("setex.sets-value-and-deadline", "setex.unit-is-seconds", "setex.same-as-set-ex");
    return set_with_time(call, true);
}

ttl_status psetex_command(struct call *call) {
    RULE("psetex.sets-value-and-deadline", "psetex.unit-is-milliseconds", "psetex.same-as-set-px",
         "psetex.argument-order", "psetex.reply-ok", "psetex.one-millisecond-is-legal");
    return set_with_time(call, false);
}

ttl_status setnx_command(struct call *call) {
    ttl_bytes name = call->argv[1];
    if (db_write(call, name).record != NULL) {
        RULE("setnx.keeps-existing");
        return reply_integer(call, 0);
    }
    RULE("setnx.takes-dead");
    struct set_options options = {0};
    if (set_write(call, &options, (struct key){NULL, SLAB_NONE}, name, call->argv[2]) != TTL_OK)
        return TTL_NO_MEMORY;
    return reply_integer(call, 1);
}

/* ---- GET */

ttl_status get_command(struct call *call) {
    reply_old_string(call, call->argv[1]);
    return TTL_OK;
}

/* What GETEX does to the deadline, once the value is answered. */
static void getex_apply(struct call *call, const struct set_options *options, struct key key) {
    ttl_bytes name = call->argv[1];
    if (options->has_deadline) {
        if (deadline_is_not_ahead(call->engine, options->deadline)) {
            RULE("getex.past-deletes");
            db_delete_past(call, key, name);
            return;
        }
        RULE("getex.sets-deadline", "event.getex");
        db_arm(call, key, options->deadline);
        change_tell_deadline(call, name, options->deadline);
        db_announce(call, EVENT_GENERIC, "expire", name);
    } else if (options->persist && record_is_volatile(key.record)) {
        RULE("getex.persist");
        keyspace_persist(&call->db->keyspace, key);
        db_touch(call, name);
        change_tell_short(call, "PERSIST", name);
        db_announce(call, EVENT_GENERIC, "persist", name);
    }
}

ttl_status getex_command(struct call *call) {
    struct set_options options;
    if (!set_options_parse(call, 2, OPTIONS_OF_GETEX, &options)) return TTL_OK;
    bool time_first = call_has(call, TRAIT_GETEX_TIME_FIRST);
    if (time_first && !set_options_read_deadline(call, &options)) return TTL_OK;
    struct key key = db_read(call, call->argv[1]);
    if (key.record == NULL) {
        RULE("getex.missing-is-nil");
        return reply_nil(call);
    }
    if (!db_check_type(call, key, VALUE_STRING)) {
        RULE("getex.wrong-type");
        return TTL_OK;
    }
    RULE("getex.time-checked-after-key");
    if (!time_first && !set_options_read_deadline(call, &options)) return TTL_OK;
    if (options.has_deadline && keyspace_reserve_deadline(&call->db->keyspace) != TTL_OK)
        return TTL_NO_MEMORY;
    ttl_reply_add_bulk(call->reply, record_string(key.record));
    if (call->reply->failed) return TTL_NO_MEMORY;
    RULE("getex.plain-keeps-deadline");
    getex_apply(call, &options, key);
    return TTL_OK;
}

ttl_status getdel_command(struct call *call) {
    ttl_bytes name = call->argv[1];
    struct key key = db_read(call, name);
    if (key.record == NULL) return reply_nil(call);
    if (!db_check_type(call, key, VALUE_STRING)) {
        RULE("getdel.wrong-type");
        return TTL_OK;
    }
    RULE("getdel.deletes");
    ttl_reply_add_bulk(call->reply, record_string(key.record));
    if (call->reply->failed) return TTL_NO_MEMORY;
    db_remove(call, key);
    db_announce(call, EVENT_GENERIC, "del", name);
    return TTL_OK;
}

ttl_status getset_command(struct call *call) {
    ttl_bytes name = call->argv[1];
    if (!reply_old_string(call, name)) {
        RULE("getset.wrong-type");
        return TTL_OK;
    }
    RULE("getset.drops-deadline");
    if (call->reply->failed) return TTL_NO_MEMORY;
    if (db_set_string(call, db_write(call, name), name, call->argv[2], NULL) != TTL_OK)
        return TTL_NO_MEMORY;
    db_announce(call, EVENT_STRING, "set", name);
    return TTL_OK;
}

/* ---- many at once */

ttl_status mget_command(struct call *call) {
    reply_array(call, call->argc - 1);
    for (size_t i = 1; i < call->argc; i++) {
        struct key key = db_read(call, call->argv[i]);
        if (key.record == NULL || key.record->type != VALUE_STRING) reply_nil(call);
        else reply_bulk(call, record_string(key.record));
    }
    return TTL_OK;
}

/* ---- changing a string in place: the deadline stays */

char *string_extend_quietly(struct call *call, struct key key, ttl_bytes name, size_t length) {
    struct keyspace *keyspace = &call->db->keyspace;
    size_t old_length = 0;
    if (key.record == NULL) {
        struct key draft = keyspace_draft_string(keyspace, name, (ttl_bytes){"", 0});
        if (draft.record == NULL) return NULL;
        if (keyspace_reserve_string(keyspace, draft, length) != TTL_OK) {
            keyspace_discard(keyspace, draft);
            return NULL;
        }
        RULE("in-place.new-key-is-persistent");
        db_put_quietly(call, draft);
        key = draft;
    } else {
        if (keyspace_reserve_string(keyspace, key, length) != TTL_OK) return NULL;
        RULE("in-place.keeps-deadline");
        old_length = key.record->value_length;
    }
    char *bytes = keyspace_resize_string(key, length);
    if (length > old_length) memset(bytes + old_length, 0, length - old_length);
    return bytes;
}

/* The same, and says that the key has changed. */
static char *string_extend(struct call *call, struct key key, ttl_bytes name, size_t length) {
    char *bytes = string_extend_quietly(call, key, name, length);
    if (bytes != NULL) db_touch(call, name);
    return bytes;
}

static bool string_length_fits(struct call *call, size_t offset, size_t length) {
    if (length <= (size_t)STRING_MOST && offset <= (size_t)STRING_MOST - length) return true;
    reply_error(call, "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    return false;
}

ttl_status append_command(struct call *call) {
    ttl_bytes name = call->argv[1], tail = call->argv[2];
    struct key key = db_write(call, name);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    size_t old_length = key.record == NULL ? 0 : key.record->value_length;
    if (key.record != NULL && !string_length_fits(call, old_length, tail.length)) return TTL_OK;
    char *bytes = string_extend(call, key, name, old_length + tail.length);
    if (bytes == NULL) return TTL_NO_MEMORY;
    if (tail.length > 0) memcpy(bytes + old_length, tail.data, tail.length);
    RULE("event.in-place");
    db_announce(call, EVENT_STRING, "append", name);
    return reply_integer(call, (int64_t)(old_length + tail.length));
}

ttl_status setrange_command(struct call *call) {
    ttl_bytes name = call->argv[1], part = call->argv[3];
    int64_t offset;
    if (!call_integer(call, 2, &offset)) return TTL_OK;
    if (offset < 0) return reply_error(call, "ERR offset is out of range");
    struct key key = db_write(call, name);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    size_t length = key.record == NULL ? 0 : key.record->value_length;
    if (part.length == 0) return reply_integer(call, (int64_t)length);
    if (!string_length_fits(call, (size_t)offset, part.length)) return TTL_OK;
    size_t end = (size_t)offset + part.length;
    if (end > length) length = end;
    char *bytes = string_extend(call, key, name, length);
    if (bytes == NULL) return TTL_NO_MEMORY;
    memcpy(bytes + offset, part.data, part.length);
    db_announce(call, EVENT_STRING, "setrange", name);
    return reply_integer(call, (int64_t)length);
}

/* Overwrites a counter's text; the deadline stays. */
static ttl_status string_rewrite(struct call *call, struct key key, ttl_bytes name,
                                 ttl_bytes text) {
    char *bytes = string_extend(call, key, name, text.length);
    if (bytes == NULL) return TTL_NO_MEMORY;
    memcpy(bytes, text.data, text.length);
    return TTL_OK;
}

static ttl_status increment_by(struct call *call, int64_t amount) {
    ttl_bytes name = call->argv[1];
    struct key key = db_write(call, name);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    int64_t value = 0;
    if (key.record != NULL && !argument_integer(record_string(key.record), &value))
        return reply_not_integer(call);
    if ((amount < 0 && value < INT64_MIN - amount) || (amount > 0 && value > INT64_MAX - amount)) {
        RULE("in-place.failure-keeps-deadline");
        return reply_error(call, "ERR increment or decrement would overflow");
    }
    char text[24];
    size_t length = number_format_integer(value + amount, text);
    if (string_rewrite(call, key, name, (ttl_bytes){text, length}) != TTL_OK) return TTL_NO_MEMORY;
    db_announce(call, EVENT_STRING, "incrby", name);
    return reply_integer(call, value + amount);
}

ttl_status incr_command(struct call *call) {
    return increment_by(call, 1);
}

ttl_status decr_command(struct call *call) {
    return increment_by(call, -1);
}

ttl_status incrby_command(struct call *call) {
    int64_t amount;
    return call_integer(call, 2, &amount) ? increment_by(call, amount) : TTL_OK;
}

ttl_status decrby_command(struct call *call) {
    int64_t amount;
    if (!call_integer(call, 2, &amount)) return TTL_OK;
    if (amount != INT64_MIN) return increment_by(call, -amount);
    RULE("decrby.least");
    if (call_has(call, TRAIT_DECRBY_LEAST_REFUSED))
        return reply_error(call, "ERR decrement would overflow");
    return increment_by(call, INT64_MIN); /* which is what its negative wraps to */
}

ttl_status incrbyfloat_command(struct call *call) {
    ttl_bytes name = call->argv[1];
    struct key key = db_write(call, name);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    long double value = 0, amount;
    if ((key.record != NULL && !number_parse_long_double(record_string(key.record), &value)) ||
        !number_parse_long_double(call->argv[2], &amount))
        return reply_error(call, "ERR value is not a valid float");
    char text[NUMBER_LONG_DOUBLE_ROOM];
    size_t length = number_format_long_double(value + amount, text);
    if (length == 0) return reply_error(call, "ERR increment would produce NaN or Infinity");
    ttl_bytes written = {text, length};
    if (string_rewrite(call, key, name, written) != TTL_OK) return TTL_NO_MEMORY;
    db_announce(call, EVENT_STRING, "incrbyfloat", name);
    return reply_bulk(call, written);
}

/* ---- looking at a string */

ttl_status strlen_command(struct call *call) {
    struct key key = db_read(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    return reply_integer(call, key.record == NULL ? 0 : key.record->value_length);
}

/* Negative indices count from the end; what lies before the start is the start. */
static int64_t index_from_start(int64_t index, int64_t length) {
    if (index < 0) index += length;
    return index < 0 ? 0 : index;
}

ttl_status getrange_command(struct call *call) {
    int64_t start, end;
    if (!call_integer(call, 2, &start) || !call_integer(call, 3, &end)) return TTL_OK;
    struct key key = db_read(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    ttl_bytes string = key.record == NULL ? (ttl_bytes){"", 0} : record_string(key.record);
    int64_t length = (int64_t)string.length;
    bool backwards = start < 0 && end < 0 && start > end;
    start = index_from_start(start, length);
    end = index_from_start(end, length);
    if (end >= length) end = length - 1;
    if (backwards || start > end || length == 0) return reply_bulk(call, (ttl_bytes){"", 0});
    return reply_bulk(call, (ttl_bytes){string.data + start, (size_t)(end - start + 1)});
}
