/* DUMP and RESTORE. */
#include <string.h>

#include "engine/change.h"
#include "engine/copy.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/dump.h"
#include "engine/rule.h"

/* ---- payloads of streams, which servers have */

static ttl_status reply_no_streams(struct call *call) {
    call_leave_open(call, "payloads of streams are not in this engine");
    return reply_error(call, "ERR this engine has no payloads of streams");
}

static bool is_of_stream(ttl_bytes payload) {
    static const unsigned char types[] = {15, 19, 21, 26};
    return memchr(types, (unsigned char)payload.data[0], sizeof types) != NULL;
}

/* ---- DUMP */

ttl_status dump_command(struct call *call) {
    struct key key = db_read(call, call->argv[1]);
    if (key.record == NULL) {
        RULE("dump.dead-is-nil");
        return reply_nil(call);
    }
    if (key.record->type == VALUE_STREAM) return reply_no_streams(call);
    RULE("dump.has-no-deadline");
    struct text payload = {.memory = &call->engine->session_memory};
    dump_write(&payload, &call->engine->dialect, key.record);
    ttl_status status = payload.failed ? TTL_NO_MEMORY : TTL_OK;
    if (status == TTL_OK) reply_bulk(call, text_bytes(&payload));
    text_free(&payload);
    return status;
}

/* ---- RESTORE */

struct restore {
    bool replace, absolute;
    bool has_idle, has_frequency; /* a frequency is only checked: nothing is evicted here */
    int64_t idle_s;
    int64_t ttl_ms;
    struct key busy; /* the key of this name, where it was looked for */
};

enum { FREQUENCY_MOST = 255 };

/* Reads the number after IDLETIME or FREQ; false: an error was answered. */
static bool restore_read_age(struct call *call, size_t index, int64_t most, const char *complaint,
                             int64_t *age) {
    if (!call_integer(call, index, age)) return false;
    if (*age >= 0 && *age <= most) return true;
    RULE("restore.age-is-checked");
    reply_error(call, complaint);
    return false;
}

static bool restore_parse_options(struct call *call, struct restore *restore) {
    int64_t frequency;
    *restore = (struct restore){0};
    RULE("restore.options-first");
    for (size_t i = 4; i < call->argc; i++) {
        bool has_value = i + 1 < call->argc;
        if (call_is_word(call, i, "REPLACE")) {
            restore->replace = true;
        } else if (call_is_word(call, i, "ABSTTL")) {
            restore->absolute = true;
        } else if (call_is_word(call, i, "IDLETIME") && has_value && !restore->has_frequency) {
            restore->has_idle = true;
            if (!restore_read_age(call, ++i, INT64_MAX, "ERR Invalid IDLETIME value, must be >= 0",
                                  &restore->idle_s))
                return false;
        } else if (call_is_word(call, i, "FREQ") && has_value && !restore->has_idle) {
            restore->has_frequency = true;
            if (!restore_read_age(call, ++i, FREQUENCY_MOST,
                                  "ERR Invalid FREQ value, must be >= 0 and <= 255", &frequency))
                return false;
        } else {
            reply_syntax_error(call);
            return false;
        }
    }
    return true;
}

static bool restore_parse_ttl(struct call *call, struct restore *restore) {
    if (!call_integer(call, 2, &restore->ttl_ms)) return false;
    if (restore->ttl_ms >= 0) return true;
    RULE("restore.negative-is-an-error");
    reply_error(call, "ERR Invalid TTL value, must be >= 0");
    return false;
}

/* Looks for a key of this name. With REPLACE only newer versions do: older ones take away what
 * there is without a look, be it dead or alive. */
static void restore_look(struct call *call, struct restore *restore) {
    RULE("restore.replace-of-the-dead");
    bool looks = !restore->replace || call_has(call, TRAIT_RESTORE_LOOKS);
    restore->busy =
        looks ? db_write(call, call->argv[1]) : keyspace_find(&call->db->keyspace, call->argv[1]);
}

/* A deadline that has passed already: there will be no key, and if there was one it is deleted. */
static ttl_status restore_past(struct call *call, const struct restore *restore) {
    ttl_bytes name = call->argv[1];
    RULE("restore.past-makes-no-key", "info.past-restore");
    if (call_has(call, TRAIT_RESTORE_PAST_COUNTS)) call->engine->statistics.expired_keys++;
    if (restore->busy.record != NULL) {
        db_remove(call, restore->busy);
        change_tell_short(call, "DEL", name);
        db_announce(call, EVENT_GENERIC, "del", name);
    }
    return reply_ok(call);
}

static ttl_status restore_put(struct call *call, const struct restore *restore,
                              struct dump_value *value, const ttl_instant *deadline) {
    struct keyspace *keyspace = &call->db->keyspace;
    ttl_bytes name = call->argv[1];
    if (deadline != NULL && keyspace_reserve_deadline(keyspace) != TTL_OK) return TTL_NO_MEMORY;
    struct key draft = dump_draft(keyspace, name, value);
    if (draft.record == NULL) return TTL_NO_MEMORY;
    if (copy_fields_reserve(call->db, draft.record) != TTL_OK) {
        keyspace_discard(keyspace, draft);
        return TTL_NO_MEMORY;
    }
    struct key old = restore->busy;
    bool replaces = old.record != NULL, type_changes = replaces && old.record->type != value->type;
    RULE("restore.replace");
    if (replaces) db_remove(call, old);
    db_put(call, (struct key){NULL, SLAB_NONE}, draft);
    RULE("hash-field.dumped", "hash-field.survives-restart");
    copy_fields_settle(call->db, draft);
    RULE("restore.idletime");
    uint32_t now_s = deadline_present_s(call->engine);
    uint32_t idle_s = restore->idle_s < now_s ? (uint32_t)restore->idle_s : now_s;
    keyspace_set_used(keyspace, draft, now_s - idle_s);
    RULE("restore.zero-is-no-deadline", "restore.sets-deadline");
    if (deadline != NULL) {
        db_arm(call, draft, *deadline);
        change_tell_restored(call, name, call->argv[3], *deadline);
    }
    RULE("event.restore");
    db_announce(call, EVENT_GENERIC, "restore", name);
    if (replaces) db_announce_overwrite(call, call->db, name, type_changes);
    return reply_ok(call);
}

static ttl_status restore_value(struct call *call, const struct restore *restore,
                                struct dump_value *value) {
    if (restore->ttl_ms == 0) return restore_put(call, restore, value, NULL);
    RULE("restore.absttl");
    ttl_instant deadline = deadline_of_restore(call, restore->ttl_ms, restore->absolute);
    if (deadline_is_not_ahead(call->engine, deadline)) return restore_past(call, restore);
    return restore_put(call, restore, value, &deadline);
}

ttl_status restore_command(struct call *call) {
    struct restore restore;
    if (!restore_parse_options(call, &restore)) return TTL_OK;
    restore_look(call, &restore);
    if (!restore.replace && restore.busy.record != NULL) {
        RULE("restore.busy-key");
        return reply_error(call, "BUSYKEY Target key name already exists.");
    }
    RULE("restore.error-order");
    if (!restore_parse_ttl(call, &restore)) return TTL_OK;
    if (!dump_is_whole(&call->engine->dialect, call->argv[3])) {
        RULE("restore.payload-is-checked");
        return reply_error(call, "ERR DUMP payload version or checksum are wrong");
    }
    struct memory *memory = &call->engine->memory;
    struct dump_value value;
    enum dump_status read = dump_read(memory, &call->engine->dialect, call->argv[3], &value);
    if (read == DUMP_NO_MEMORY) return TTL_NO_MEMORY;
    if (read == DUMP_BAD && is_of_stream(call->argv[3])) return reply_no_streams(call);
    if (read == DUMP_BAD) return reply_error(call, "ERR Bad data format");
    ttl_status status = restore_value(call, &restore, &value);
    dump_release(memory, &value);
    return status;
}
