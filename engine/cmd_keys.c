/* Keys whatever they hold: removing, moving, copying, listing; whole databases. */
#include "engine/blocked.h"
#include "engine/copy.h"
#include "engine/db.h"
#include "engine/engine.h"
#include "engine/glob.h"
#include "engine/hash.h"
#include "engine/number.h"
#include "engine/object.h"
#include "engine/rule.h"
#include "engine/scan.h"
#include "engine/session.h"

/* ---- one by one */

ttl_status del_command(struct call *call) {
    int64_t removed = 0;
    for (size_t i = 1; i < call->argc; i++) {
        struct key key = db_delete(call, call->argv[i]);
        if (key.record == NULL) {
            RULE("del.dead-counts-zero");
            continue;
        }
        RULE("del.drops-deadline", "event.del");
        db_remove(call, key);
        db_announce(call, EVENT_GENERIC, "del", call->argv[i]);
        removed++;
    }
    return reply_integer(call, removed);
}

ttl_status unlink_command(struct call *call) {
    return del_command(call);
}

ttl_status exists_command(struct call *call) {
    int64_t found = 0;
    RULE("exists.counts-repeats", "exists.dead-counts-zero");
    for (size_t i = 1; i < call->argc; i++)
        if (db_read(call, call->argv[i]).record != NULL) found++;
    return reply_integer(call, found);
}

ttl_status touch_command(struct call *call) {
    RULE("touch.dead-counts-zero");
    return exists_command(call);
}

ttl_status type_command(struct call *call) {
    struct key key = db_read(call, call->argv[1]);
    const char *name = key.record == NULL ? "none" : value_type_name(key.record->type);
    ttl_reply_add_status(call->reply, name);
    return TTL_OK;
}

/* ---- from one name to another */

/* Puts the value and the deadline of `from` under `name` in `db`, where no such key is. On
 * TTL_NO_MEMORY nothing has changed. */
static ttl_status carry(struct call *call, struct key from, struct database *db, ttl_bytes name,
                        struct key replaced) {
    bool is_volatile = record_is_volatile(from.record);
    if (is_volatile && keyspace_reserve_deadline(&db->keyspace) != TTL_OK) return TTL_NO_MEMORY;
    struct collection *hash = from.record->type == VALUE_HASH ? record_outside(from.record) : NULL;
    bool has_fields_due = hash != NULL && hash->due != NULL;
    if (has_fields_due && due_reserve(&call->engine->memory, &db->due, hash) != TTL_OK)
        return TTL_NO_MEMORY;
    struct key draft = keyspace_draft_renamed(&db->keyspace, name, from);
    if (draft.record == NULL) return TTL_NO_MEMORY;
    ttl_instant deadline = {0, TTL_ORIGIN_EPOCH};
    if (is_volatile) deadline = record_deadline(from.record);
    if (replaced.record != NULL) db_remove_in(call, db, replaced);
    db_put_in(call, db, (struct key){NULL, SLAB_NONE}, draft);
    RULE("rename.moves-deadline", "rename.target-deadline-is-lost");
    if (is_volatile) keyspace_arm(&db->keyspace, draft, deadline);
    if (has_fields_due) {
        RULE("hash-field.moves-with-key");
        due_carry(&db->due, draft.handle, hash);
    }
    keyspace_forget_value(from);
    db_remove(call, from);
    return TTL_OK;
}

static ttl_status rename_generic(struct call *call, bool only_if_free) {
    ttl_bytes from_name = call->argv[1], to_name = call->argv[2];
    struct key from = db_write(call, from_name);
    if (from.record == NULL) {
        RULE("rename.missing-is-an-error");
        return reply_error(call, "ERR no such key");
    }
    if (ttl_bytes_equal(from_name, to_name)) {
        RULE("rename.same-name");
        return only_if_free ? reply_integer(call, 0) : reply_ok(call);
    }
    struct key to = db_write(call, to_name);
    if (to.record != NULL && only_if_free) {
        RULE("renamenx.existing-target");
        return reply_integer(call, 0);
    }
    RULE("renamenx.moves-deadline", "renamenx.dead-target");
    bool replaces = to.record != NULL;
    bool type_changes = replaces && to.record->type != from.record->type;
    if (carry(call, from, call->db, to_name, to) != TTL_OK) return TTL_NO_MEMORY;
    RULE("event.rename");
    db_announce(call, EVENT_GENERIC, "rename_from", from_name);
    db_announce(call, EVENT_GENERIC, "rename_to", to_name);
    if (replaces) db_announce_overwrite(call, call->db, to_name, type_changes);
    return only_if_free ? reply_integer(call, 1) : reply_ok(call);
}

ttl_status rename_command(struct call *call) {
    return rename_generic(call, false);
}

ttl_status renamenx_command(struct call *call) {
    return rename_generic(call, true);
}

static ttl_status reply_no_such_database(struct call *call) {
    return reply_error(call, "ERR DB index is out of range");
}

static ttl_status reply_same_object(struct call *call) {
    return reply_error(call, "ERR source and destination objects are the same");
}

/* Reads the index of a database; answers `complaint`, or the usual errors where that is NULL, and
 * returns false where it is none. */
static bool call_index(struct call *call, size_t at, const char *complaint, int64_t *index) {
    bool is_integer = argument_integer(call->argv[at], index);
    bool fits = is_integer && *index >= INT32_MIN && *index <= INT32_MAX;
    RULE("database.long-index");
    if (fits || (is_integer && !call_has(call, TRAIT_INDEX_IS_AN_INT))) return true;
    if (complaint != NULL) reply_error(call, complaint);
    else if (!is_integer) reply_not_integer(call);
    else
        reply_error(call, "ERR value is out of range, value must between -2147483648 and "
                          "2147483647");
    return false;
}

static bool index_exists(const struct call *call, int64_t index) {
    return index >= 0 && index < call->engine->database_count;
}

ttl_status move_command(struct call *call) {
    ttl_bytes name = call->argv[1];
    int64_t index;
    const char *old_complaint = "ERR index out of range";
    bool modern = call_has(call, TRAIT_INDEX_IS_AN_INT);
    if (!call_index(call, 2, modern ? NULL : old_complaint, &index)) return TTL_OK;
    if (!index_exists(call, index))
        return modern ? reply_no_such_database(call) : reply_error(call, old_complaint);
    if (index == call->db->id) return reply_same_object(call);
    struct database *db = engine_database(call->engine, (int)index);
    if (db == NULL) return TTL_NO_MEMORY;
    struct key from = db_write(call, name);
    if (from.record == NULL) {
        RULE("move.missing-source");
        return reply_integer(call, 0);
    }
    if (db_write_in(call, db, name).record != NULL) {
        RULE("move.existing-target");
        return reply_integer(call, 0);
    }
    RULE("move.moves-deadline", "move.dead-target");
    if (carry(call, from, db, name, (struct key){NULL, SLAB_NONE}) != TTL_OK) return TTL_NO_MEMORY;
    RULE("event.move");
    event_emit(call->engine, call->db->id, EVENT_GENERIC, "move_from", name);
    event_emit(call->engine, db->id, EVENT_GENERIC, "move_to", name);
    return reply_integer(call, 1);
}

struct copy_options {
    int64_t database;
    bool replace;
};

static bool copy_options_parse(struct call *call, struct copy_options *options) {
    *options = (struct copy_options){call->db->id, false};
    for (size_t i = 3; i < call->argc; i++) {
        if (call_is_word(call, i, "REPLACE")) {
            options->replace = true;
        } else if (call_is_word(call, i, "DB") && i + 1 < call->argc) {
            if (!call_index(call, ++i, NULL, &options->database)) return false;
            if (!index_exists(call, options->database)) {
                reply_no_such_database(call);
                return false;
            }
        } else {
            reply_syntax_error(call);
            return false;
        }
    }
    return true;
}

/* Valkey takes over what lives, even if that is nothing at all. */
static void leave_dead_fields(const struct call *call, const struct record *draft) {
    if (draft->type != VALUE_HASH || !call_has(call, TRAIT_COPY_LEAVES_DEAD_FIELDS)) return;
    RULE("hash-field.copy-of-dead");
    struct collection *hash = record_outside(draft);
    for (size_t i = hash->count; i-- > 0;)
        if (field_is_dead(call, hash, i)) collection_remove(&call->engine->memory, hash, i, 1);
}

ttl_status copy_command(struct call *call) {
    ttl_bytes from_name = call->argv[1], to_name = call->argv[2];
    struct copy_options options;
    if (!copy_options_parse(call, &options)) return TTL_OK;
    if (options.database == call->db->id && ttl_bytes_equal(from_name, to_name)) {
        RULE("copy.same-object");
        return reply_same_object(call);
    }
    struct database *db = engine_database(call->engine, (int)options.database);
    if (db == NULL) return TTL_NO_MEMORY;
    struct key from = db_read(call, from_name);
    if (from.record == NULL) {
        RULE("copy.missing-source");
        return reply_integer(call, 0);
    }
    struct key to = db_write_in(call, db, to_name);
    if (to.record != NULL && !options.replace) {
        RULE("copy.existing-target");
        return reply_integer(call, 0);
    }
    RULE("copy.dead-target");
    bool is_volatile = record_is_volatile(from.record);
    if (is_volatile && keyspace_reserve_deadline(&db->keyspace) != TTL_OK) return TTL_NO_MEMORY;
    struct key draft = copy_draft(&db->keyspace, to_name, from.record);
    if (draft.record == NULL) return TTL_NO_MEMORY;
    if (copy_fields_reserve(db, draft.record) != TTL_OK) {
        keyspace_discard(&db->keyspace, draft);
        return TTL_NO_MEMORY;
    }
    leave_dead_fields(call, draft.record);
    bool replaces = to.record != NULL;
    bool type_changes = replaces && to.record->type != from.record->type;
    if (to.record != NULL) {
        RULE("copy.replace");
        db_remove_in(call, db, to);
    }
    db_put_in(call, db, (struct key){NULL, SLAB_NONE}, draft);
    RULE("copy.copies-deadline");
    if (is_volatile) keyspace_arm(&db->keyspace, draft, record_deadline(from.record));
    copy_fields_settle(db, draft);
    RULE("event.copy");
    event_emit(call->engine, db->id, EVENT_GENERIC, "copy_to", to_name);
    if (replaces) db_announce_overwrite(call, db, to_name, type_changes);
    return reply_integer(call, 1);
}

/* ---- listing: the dead are left out */

/* What KEYS and SCAN look for. */
struct wanted {
    const ttl_bytes *pattern; /* NULL: any name */
    const ttl_bytes *type;    /* NULL: any type */
};

static bool name_is_wanted(const struct wanted *wanted, const struct record *record) {
    return wanted->pattern == NULL || glob_matches(*wanted->pattern, record_name(record));
}

static bool type_is_wanted(const struct wanted *wanted, const struct record *record) {
    return wanted->type == NULL || ttl_bytes_is_word(*wanted->type, value_type_name(record->type));
}

struct listing {
    struct call *call;
    struct wanted wanted;
    size_t listed;
};

static void list_key(void *context, uint32_t handle) {
    struct listing *listing = context;
    const struct record *record = keyspace_at(&listing->call->db->keyspace, handle).record;
    if (!name_is_wanted(&listing->wanted, record) || !db_is_alive(listing->call, record)) return;
    db_note_hollow(listing->call, record);
    ttl_reply_add_bulk(listing->call->reply, record_name(record));
    listing->listed++;
}

ttl_status keys_command(struct call *call) {
    RULE("keys.leaves-out-dead");
    struct listing listing = {.call = call, .wanted = {.pattern = &call->argv[1]}};
    size_t head = call->reply->node_count;
    reply_array(call, 0);
    uint32_t cursor = 0;
    do cursor = table_scan(&call->db->keyspace.table, cursor, list_key, &listing);
    while (cursor != 0);
    ttl_reply_set_length(call->reply, head, listing.listed);
    return TTL_OK;
}

struct scan_options {
    uint32_t cursor;
    int64_t count;
    struct wanted wanted;
};

enum { SCAN_COUNT_USUAL = 10, SCAN_SLOTS_PER_KEY = 10 };

bool scan_cursor_parse(const struct call *call, ttl_bytes text, uint64_t *cursor) {
    int64_t integer;
    RULE("scan.cursor");
    if (!call_has(call, TRAIT_SCAN_CURSOR_IS_STRICT)) return number_parse_unsigned(text, cursor);
    if (argument_integer(text, &integer)) {
        *cursor = (uint64_t)integer;
        return integer >= 0;
    }
    while (text.length > 0 && (*text.data == ' ' || (*text.data >= '\t' && *text.data <= '\r'))) {
        text.data++;
        text.length--;
    }
    return text.length > 0 && number_parse_unsigned(text, cursor);
}

static bool type_exists(ttl_bytes word) {
    for (int type = 0; type < VALUE_TYPES; type++)
        if (ttl_bytes_is_word(word, value_type_name((enum value_type)type))) return true;
    return ttl_bytes_is_word(word, "stream");
}

static bool scan_type_parse(struct call *call, size_t at, struct wanted *wanted) {
    wanted->type = &call->argv[at];
    RULE("scan.unknown-type");
    if (!call_has(call, TRAIT_SCAN_TYPE_IS_CHECKED) || type_exists(*wanted->type)) return true;
    ttl_bytes parts[] = {ttl_bytes_of("ERR unknown type name '"), *wanted->type, ttl_bytes_of("'")};
    reply_error_parts(call, parts, 3);
    return false;
}

static bool scan_options_parse(struct call *call, struct scan_options *options) {
    *options = (struct scan_options){.count = SCAN_COUNT_USUAL};
    uint64_t cursor;
    if (!scan_cursor_parse(call, call->argv[1], &cursor)) {
        reply_error(call, "ERR invalid cursor");
        return false;
    }
    options->cursor = (uint32_t)cursor;
    for (size_t i = 2; i < call->argc; i += 2) {
        bool has_value = i + 1 < call->argc;
        if (has_value && call_is_word(call, i, "COUNT")) {
            if (!call_integer(call, i + 1, &options->count)) return false;
            if (options->count >= 1) continue;
        } else if (has_value && call_is_word(call, i, "MATCH")) {
            options->wanted.pattern = &call->argv[i + 1];
            continue;
        } else if (has_value && call_is_word(call, i, "TYPE")) {
            if (!scan_type_parse(call, i + 1, &options->wanted)) return false;
            continue;
        }
        reply_syntax_error(call);
        return false;
    }
    return true;
}

/* The keys that a SCAN came across: collected first, since looking at one may reclaim it. */
struct found {
    struct memory *memory;
    uint32_t *handles;
    size_t count, capacity;
    bool failed;
};

static void found_add(void *context, uint32_t handle) {
    struct found *found = context;
    if (found->failed) return;
    if (found->count == found->capacity) {
        size_t capacity = found->capacity == 0 ? 16 : found->capacity * 2;
        uint32_t *handles =
            memory_resize(found->memory, found->handles, found->capacity * sizeof *handles,
                          capacity * sizeof *handles);
        if (handles == NULL) {
            found->failed = true;
            return;
        }
        found->handles = handles;
        found->capacity = capacity;
    }
    found->handles[found->count++] = handle;
}

static void found_free(struct found *found) {
    memory_give(found->memory, found->handles, found->capacity * sizeof *found->handles);
}

static uint32_t scan_collect(const struct call *call, const struct scan_options *options,
                             struct found *found) {
    uint32_t cursor = options->cursor;
    int64_t slots = options->count > INT64_MAX / SCAN_SLOTS_PER_KEY
                        ? INT64_MAX
                        : options->count * SCAN_SLOTS_PER_KEY;
    do cursor = table_scan(&call->db->keyspace.table, cursor, found_add, found);
    while (cursor != 0 && (int64_t)found->count < options->count && --slots > 0);
    return cursor;
}

/* Is this key to be listed? A dead one is reclaimed on the way: by Redis whatever its type, since
 * it looks the type up, by Valkey only if it has the wanted one. */
static bool scan_shows(struct call *call, const struct wanted *wanted, struct key key) {
    bool type_first = call_has(call, TRAIT_SCAN_TYPE_IS_CHECKED);
    bool type_fits = type_is_wanted(wanted, key.record);
    if (!name_is_wanted(wanted, key.record) || (type_first && !type_fits)) return false;
    bool alive = db_is_alive(call, key.record);
    RULE("scan.type-counts");
    if (wanted->type != NULL && call_has(call, TRAIT_SCAN_TYPE_COUNTS)) {
        struct statistics *statistics = &call->engine->statistics;
        ++*(alive ? &statistics->keyspace_hits : &statistics->keyspace_misses);
    }
    if (alive) return type_fits;
    RULE("scan.type-announces");
    bool announces = wanted->type != NULL && call_has(call, TRAIT_SCAN_TYPE_ANNOUNCES);
    RULE("scan.leaves-out-dead");
    db_reclaim_read(call, key, announces);
    return false;
}

ttl_status scan_command(struct call *call) {
    struct scan_options options;
    if (!scan_options_parse(call, &options)) return TTL_OK;
    struct found found = {.memory = &call->engine->memory};
    uint32_t cursor = scan_collect(call, &options, &found);
    if (found.failed) {
        found_free(&found);
        return TTL_NO_MEMORY;
    }
    char text[24];
    reply_array(call, 2);
    reply_bulk(call, (ttl_bytes){text, number_format_integer(cursor, text)});
    size_t head = call->reply->node_count, listed = 0;
    reply_array(call, 0);
    for (size_t i = 0; i < found.count; i++) {
        struct key key = keyspace_at(&call->db->keyspace, found.handles[i]);
        if (!scan_shows(call, &options.wanted, key)) continue;
        reply_bulk(call, record_name(key.record));
        listed++;
    }
    ttl_reply_set_length(call->reply, head, listed);
    found_free(&found);
    return TTL_OK;
}

/* A replica, which may not reclaim, gives up looking for a living key after so many draws where
 * each key has a deadline. */
enum { REPLICA_DRAWS = 100 };

ttl_status randomkey_command(struct call *call) {
    const struct keyspace *keyspace = &call->db->keyspace;
    bool is_replica = call->engine->is_replica;
    for (int draws = 1;; draws++) {
        struct key key = keyspace_pick(keyspace, engine_random(call->engine));
        if (key.record == NULL) return reply_nil(call);
        if (db_is_alive(call, key.record)) {
            db_note_hollow(call, key.record);
            return reply_bulk(call, record_name(key.record));
        }
        if (is_replica) {
            RULE("replica.randomkey-may-be-dead");
            bool gives_up = keyspace->volatile_count == keyspace_count(keyspace);
            if (gives_up && draws == REPLICA_DRAWS)
                return reply_bulk(call, record_name(key.record));
            continue;
        }
        RULE("randomkey.never-dead");
        db_reclaim(call->engine, call->db, key, record_name(key.record));
    }
}

/* ---- whole databases */

/* The dead that nobody has met yet are counted. */
ttl_status dbsize_command(struct call *call) {
    const struct keyspace *keyspace = &call->db->keyspace;
    const ttl_timeline *timeline = call->engine->timeline;
    size_t unsure = keyspace->volatile_count + call->db->due.count;
    if (timeline != NULL && unsure > 0) {
        int64_t all = (int64_t)keyspace_count(keyspace);
        int64_t least = unsure > (size_t)all ? 0 : all - (int64_t)unsure;
        const ttl_told told = {.kind = TTL_TOLD_COUNT, .low = least, .high = all};
        ttl_reply_add_told(call->reply, timeline->tell(timeline->context, &told));
        return TTL_OK;
    }
    RULE("dbsize.counts-unreclaimed");
    return reply_integer(call, (int64_t)keyspace_count(keyspace));
}

static void database_flush(struct call *call, struct database *db) {
    if (db == NULL) return;
    session_database_touched(call->engine, db, NULL);
    keyspace_reset(&db->keyspace, call->engine->now.ms);
}

static bool flush_options_parse(struct call *call) {
    if (call->argc == 1) return true;
    bool sync = call_has(call, TRAIT_SET_ABSOLUTE) && call_is_word(call, 1, "SYNC");
    if (call->argc == 2 && (sync || call_is_word(call, 1, "ASYNC"))) return true;
    reply_syntax_error(call);
    return false;
}

ttl_status flushdb_command(struct call *call) {
    if (!flush_options_parse(call)) return TTL_OK;
    RULE("flushdb.drops-deadlines");
    database_flush(call, call->db);
    return reply_ok(call);
}

ttl_status flushall_command(struct call *call) {
    if (!flush_options_parse(call)) return TTL_OK;
    RULE("flushall.drops-deadlines");
    for (int i = 0; i < call->engine->database_count; i++)
        database_flush(call, call->engine->databases[i]);
    return reply_ok(call);
}

ttl_status select_command(struct call *call) {
    int64_t index;
    bool modern = call_has(call, TRAIT_INDEX_IS_AN_INT);
    if (!call_index(call, 1, modern ? NULL : "ERR invalid DB index", &index)) return TTL_OK;
    if (!modern) index = (int32_t)(uint32_t)(uint64_t)index;
    if (!index_exists(call, index)) return reply_no_such_database(call);
    if (engine_database(call->engine, (int)index) == NULL) return TTL_NO_MEMORY;
    RULE("db.deadlines-are-separate");
    call->session->selected = (int)index;
    return reply_ok(call);
}

ttl_status swapdb_command(struct call *call) {
    ttl_engine *engine = call->engine;
    int64_t first, second;
    if (!call_index(call, 1, "ERR invalid first DB index", &first)) return TTL_OK;
    if (!call_index(call, 2, "ERR invalid second DB index", &second)) return TTL_OK;
    if (!index_exists(call, first) || !index_exists(call, second))
        return reply_no_such_database(call);
    struct database *a = engine_database(engine, (int)first);
    struct database *b = engine_database(engine, (int)second);
    if (a == NULL || b == NULL) return TTL_NO_MEMORY;
    if (a == b) return reply_ok(call);
    session_database_touched(engine, a, b);
    session_database_touched(engine, b, a);
    RULE("swapdb.moves-deadlines");
    a->id = (int)second;
    b->id = (int)first;
    engine->databases[first] = b;
    engine->databases[second] = a;
    blocked_database_came(engine, a);
    blocked_database_came(engine, b);
    return reply_ok(call);
}
