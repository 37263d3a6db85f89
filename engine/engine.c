#include "engine/engine.h"
#include "engine/blocked.h"

#include "engine/command.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/hash.h"
#include "engine/object.h"
#include "engine/require.h"
#include "engine/rule.h"
#include "engine/script.h"

enum { DATABASES_USUAL = 16, US_PER_MS = 1000 };

/* ---- life */

ttl_engine *ttl_engine_new(const ttl_engine_options *options) {
    struct memory memory = {options->allocator, 0};
    ttl_engine *engine = memory_take_zeroed(&memory, sizeof *engine);
    if (engine == NULL) return NULL;
    engine->memory = memory;
    engine->session_memory = (struct memory){options->allocator, 0};
    engine->clock = options->clock;
    engine->dialect = options->dialect;
    engine->seed = engine->random = options->seed;
    engine->on_event = options->on_event;
    engine->event_context = options->event_context;
    engine->on_change = options->on_change;
    engine->change_context = options->change_context;
    engine->timeline = options->timeline;
    engine->reads_again = (options->timeline != NULL || options->clock.runs) &&
                          !ttl_dialect_has(&options->dialect, TRAIT_TIME_FROZEN_IN_EXEC);
    engine->scripting = options->scripting;
    engine->keeps_ages = options->keeps_ages;
    engine->active_expire = true;
    engine->database_count = options->databases > 0 ? options->databases : DATABASES_USUAL;
    command_index(engine);
    /* Deadlines are indexed by their distance from here: the present, not the epoch. */
    if (engine->timeline == NULL) engine_begin_unit(engine);
    engine->databases = memory_take_zeroed(&engine->memory, (size_t)engine->database_count *
                                                                sizeof *engine->databases);
    if (engine->databases == NULL) {
        ttl_engine_free(engine);
        return NULL;
    }
    return engine;
}

void ttl_engine_free(ttl_engine *engine) {
    if (engine == NULL) return;
    require(engine->sessions == NULL);
    struct memory *memory = &engine->memory;
    script_forget_all(engine);
    for (int i = 0; engine->databases != NULL && i < engine->database_count; i++) {
        struct database *db = engine->databases[i];
        if (db == NULL) continue;
        keyspace_reset(&db->keyspace, 0);
        due_free(memory, &db->due);
        memory_give(memory, db, sizeof *db);
    }
    memory_give(memory, engine->databases,
                (size_t)engine->database_count * sizeof *engine->databases);
    struct memory last = *memory;
    memory_give(&last, engine, sizeof *engine);
    require(last.held == 0);
}

struct database *engine_database(ttl_engine *engine, int index) {
    require(index >= 0 && index < engine->database_count);
    struct database *db = engine->databases[index];
    if (db != NULL) return db;
    db = memory_take_zeroed(&engine->memory, sizeof *db);
    if (db == NULL) return NULL;
    db->id = index;
    keyspace_init(&db->keyspace, &engine->memory, engine->seed, engine->now.ms, object_release);
    if (engine->keeps_ages) keyspace_keep_ages(&db->keyspace);
    engine->databases[index] = db;
    return db;
}

/* ---- time and chance */

static int64_t floor_ms(int64_t us) {
    return us / US_PER_MS - (us % US_PER_MS < 0);
}

void engine_begin_unit(ttl_engine *engine) {
    if (engine->timeline != NULL) {
        engine->now = engine->timeline->now(engine->timeline->context, false);
        return;
    }
    engine->now_us = engine->clock.now_us(engine->clock.context);
    engine->now = ttl_instant_at(floor_ms(engine->now_us));
}

int64_t engine_now_us_again(const ttl_engine *engine) {
    if (!engine->reads_again) return engine->now_us;
    RULE("exec.time-goes-on-before-7.2");
    return engine->clock.now_us(engine->clock.context);
}

ttl_instant engine_read_again(const ttl_engine *engine) {
    if (engine->timeline != NULL) return engine->timeline->now(engine->timeline->context, true);
    return ttl_instant_at(floor_ms(engine_now_us_again(engine)));
}

/* splitmix64: one addition and a mix; the state is the seed and a counter. */
uint64_t engine_random(ttl_engine *engine) {
    uint64_t z = engine->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* ---- the active cycle: keys by their deadlines, then hashes whose fields are due */

/* Has this database keys that the wheel knows of? */
static bool database_waits(const struct database *db) {
    return db != NULL && db->keyspace.volatile_count > db->keyspace.resting_count;
}

/* Where and when the next key is due; `where` is NULL when none is at `limit_ms` or before. Among
 * equal deadlines the lower database is first. `until_ms` is told how far that database may be
 * emptied before another one is to be asked. */
struct next_due {
    struct database *where;
    int64_t deadline_ms, until_ms;
};

static ttl_status engine_next_due(ttl_engine *engine, int64_t limit_ms, struct next_due *next) {
    *next = (struct next_due){NULL, limit_ms, limit_ms};
    for (int i = 0; i < engine->database_count; i++) {
        struct database *db = engine->databases[i];
        struct key key;
        if (!database_waits(db)) continue;
        if (keyspace_first_due(&db->keyspace, limit_ms, &key) != TTL_OK) return TTL_NO_MEMORY;
        if (key.record == NULL) continue;
        int64_t deadline_ms = key.record->deadline_ms;
        if (next->where == NULL || deadline_ms < next->deadline_ms) {
            if (next->where != NULL) next->until_ms = next->deadline_ms - 1;
            next->where = db;
            next->deadline_ms = deadline_ms;
        } else if (deadline_ms < next->until_ms) {
            next->until_ms = deadline_ms;
        }
    }
    return TTL_OK;
}

static bool engine_expires_at_deadline(const ttl_engine *engine) {
    RULE("active.at-the-deadline", "active.deadline");
    return ttl_dialect_has(&engine->dialect, TRAIT_ACTIVE_AT_DEADLINE);
}

/* Reclaims what is due in one database up to a moment. */
static ttl_status database_expire(ttl_engine *engine, struct database *db, int64_t until_ms,
                                  size_t *removed) {
    struct key_batch batch = {.more = true};
    ttl_status status = TTL_OK;
    while (batch.more && status == TTL_OK) {
        status = keyspace_take_due(&db->keyspace, until_ms, &batch);
        for (size_t i = 0; i < batch.count; i++) {
            RULE("active.reclaims-without-access");
            db_reclaim(engine, db, batch.keys[i], record_name(batch.keys[i].record));
        }
        *removed += batch.count;
    }
    return status;
}

/* Reclaims the fields that are due in one database. */
static size_t database_expire_fields(ttl_engine *engine, struct database *db) {
    struct due_hash *next;
    size_t count = 0;
    for (; (next = due_first(&db->due, engine->now.ms)) != NULL; count++)
        hash_expire(engine, db, keyspace_at(&db->keyspace, next->key), engine->now.ms);
    return count;
}

ttl_status ttl_engine_expire(ttl_engine *engine, size_t *removed) {
    size_t count = 0;
    ttl_status status = TTL_OK;
    if (removed != NULL) *removed = 0;
    if (!engine->active_expire || engine->is_replica) return TTL_OK;
    engine_begin_unit(engine);
    int64_t limit_ms = engine->now.ms - (engine_expires_at_deadline(engine) ? 0 : 1);
    for (;;) {
        struct next_due next;
        status = engine_next_due(engine, limit_ms, &next);
        if (status != TTL_OK || next.where == NULL) break;
        RULE("active.every-database");
        status = database_expire(engine, next.where, next.until_ms, &count);
        if (status != TTL_OK) break;
    }
    for (int i = 0; i < engine->database_count; i++) {
        struct database *db = engine->databases[i];
        if (db == NULL) continue;
        db->was_sampled = true;
        if (status == TTL_OK) count += database_expire_fields(engine, db);
    }
    if (engine->blocked_count > 0) blocked_serve(engine);
    if (removed != NULL) *removed = count;
    return status;
}

void ttl_engine_set_replica(ttl_engine *engine, bool is_replica) {
    engine->is_replica = is_replica;
}

/* When the first field of a hash is due; INT64_MAX: none is. */
static int64_t first_field_ms(const ttl_engine *engine) {
    int64_t first_ms = INT64_MAX;
    for (int i = 0; i < engine->database_count; i++) {
        const struct database *db = engine->databases[i];
        if (db == NULL) continue;
        const struct due_hash *next = due_first(&db->due, first_ms);
        if (next != NULL) first_ms = next->at_ms;
    }
    return first_ms;
}

bool ttl_engine_next_expiry(ttl_engine *engine, int64_t *at_ms) {
    struct next_due next;
    int64_t field_ms = first_field_ms(engine);
    if (engine_next_due(engine, INT64_MAX, &next) != TTL_OK) {
        /* There is no memory to look with: say "now", and let the cycle itself report it. */
        *at_ms = engine->now.ms;
        return true;
    }
    *at_ms = field_ms;
    if (next.where == NULL) return field_ms < INT64_MAX;
    int64_t key_ms = next.deadline_ms;
    if (!engine_expires_at_deadline(engine) && key_ms < INT64_MAX) ++key_ms;
    if (key_ms < field_ms) *at_ms = key_ms;
    return true;
}

/* ---- looking in */

size_t ttl_engine_volatile_keys(const ttl_engine *engine) {
    size_t count = 0;
    for (int i = 0; i < engine->database_count; i++)
        if (engine->databases[i] != NULL) count += engine->databases[i]->keyspace.volatile_count;
    return count;
}

size_t ttl_engine_memory(const ttl_engine *engine) {
    return engine->memory.held;
}

const ttl_dialect *ttl_engine_dialect(const ttl_engine *engine) {
    return &engine->dialect;
}
