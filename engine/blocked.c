#include "engine/blocked.h"

#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/engine.h"
#include "engine/number.h"
#include "engine/rule.h"
#include "engine/session.h"

static const struct key NO_KEY = {NULL, SLAB_NONE};

/* ---- how long */

/* In whole milliseconds; what does not fit is what older servers make of it: the least number. */
static int64_t timeout_ms(const struct call *call, long double seconds) {
    long double ms = seconds * MS_PER_SECOND;
    if (ms < -0x1p63L || ms >= 0x1p63L) return INT64_MIN;
    int64_t whole = (int64_t)ms;
    RULE("blocking.timeout-rounds-up");
    return (long double)whole < ms && call_has(call, TRAIT_TIMEOUT_ROUNDS_UP) ? whole + 1 : whole;
}

/* In a transaction or a script nobody waits. */
static bool is_part_of_unit(const ttl_session *session) {
    RULE("blocking.not-in-multi", "blocking.not-in-scripts");
    return session->queue_count > 0 || session->in_script;
}

/* When a history is judged the command is run at whatever moment it could have been served, which
 * says less than is known. What it took from the key that woke it, it might not take then, if
 * another of its keys is there too. */
static void leave_key_open(const struct call *call, const struct wait *wait) {
    bool may_differ = !call_has(call, TRAIT_BLOCKED_RUNS_AGAIN) && !is_part_of_unit(call->session);
    size_t there = 0;
    for (size_t i = 0; i < wait->key_count && may_differ; i++)
        there += keyspace_find(&call->db->keyspace, call->argv[wait->first_key + i]).record != NULL;
    if (there > 1)
        call_leave_open(call, "before Redis 7.2 a command that waited takes from the key that woke "
                              "it, and which one that was is not searched for");
}

/* It waits so many milliseconds; false: an error was answered. */
static bool wait_for(struct call *call, int64_t ms, bool is_too_long, struct wait *wait) {
    int64_t now_ms = call->engine->now.ms;
    is_too_long = is_too_long || (ms > 0 && ms > INT64_MAX - now_ms);
    RULE("blocking.timeout-out-of-range", "blocking.timeout-is-a-number");
    if (is_too_long && call_has(call, TRAIT_TIMEOUT_OVERFLOW_REFUSED))
        return call_refuse(call, "ERR timeout is out of range");
    if (ms < 0) return call_refuse(call, "ERR timeout is negative");
    RULE("blocking.zero-is-for-ever", "blocking.timeout-counts-from-the-command");
    wait->is_endless = ms == 0 || is_too_long;
    leave_key_open(call, wait);
    if (ms > INT64_MAX / 2)
        call_leave_open(call, "whether a timeout so long fits depends on what the clock shows");
    if (!wait->is_endless) wait->until = (ttl_instant){now_ms + ms, call->engine->now.origin};
    return true;
}

bool call_timeout(struct call *call, size_t index, struct wait *wait) {
    long double seconds;
    if (!number_parse_long_double(call->argv[index], &seconds))
        return call_refuse(call, "ERR timeout is not a float or out of range");
    int64_t ms = timeout_ms(call, seconds);
    return wait_for(call, ms, ms == INT64_MIN && seconds > 0, wait);
}

bool call_timeout_ms(struct call *call, size_t index, struct wait *wait) {
    int64_t ms;
    if (!argument_integer(call->argv[index], &ms))
        return call_refuse(call, "ERR timeout is not an integer or out of range");
    return wait_for(call, ms, false, wait);
}

/* ---- to wait */

static ttl_status begin_to_wait(struct call *call, const struct wait *wait) {
    ttl_engine *engine = call->engine;
    struct blocked *blocked = &call->session->blocked;
    size_t size = wait->key_count * sizeof *blocked->came;
    uint64_t *came = memory_take_zeroed(&engine->session_memory, size);
    if (came == NULL) return TTL_NO_MEMORY;
    struct queued kept;
    if (!session_keep(call->session, call->command, call->argc, call->argv, &kept)) {
        memory_give(&engine->session_memory, came, size);
        return TTL_NO_MEMORY;
    }
    *blocked = (struct blocked){*wait, kept, call->db->id, ++engine->blocked_order, came};
    engine->blocked_count++;
    return TTL_OK;
}

ttl_status call_block(struct call *call, const struct wait *wait, ttl_reply_type nil) {
    bool has_waited = call->woken_by != 0;
    if (!has_waited && is_part_of_unit(call->session)) {
        ttl_reply_add_node(call->reply, nil, 0);
        return TTL_OK;
    }
    bool may_wait = call->session->options.on_unblock != NULL;
    if (!has_waited && may_wait && begin_to_wait(call, wait) != TTL_OK) return TTL_NO_MEMORY;
    ttl_reply_add_node(call->reply, may_wait ? TTL_REPLY_PENDING : nil, 0);
    return TTL_OK;
}

bool call_may_take(const struct call *call, size_t index) {
    if (call->woken_by != 0) RULE("blocking.key-that-woke-before-7.2");
    return call->woken_by == 0 || call->woken_by == index ||
           call_has(call, TRAIT_BLOCKED_RUNS_AGAIN);
}

void blocked_forget(ttl_session *session) {
    struct blocked *blocked = &session->blocked;
    if (!ttl_session_is_blocked(session)) return;
    memory_give(&session->engine->session_memory, blocked->came,
                blocked->wait.key_count * sizeof *blocked->came);
    session_forget(session, &blocked->queued);
    session->engine->blocked_count--;
}

static void answer(ttl_session *session, const ttl_reply *reply) {
    blocked_forget(session);
    session->options.on_unblock(session->options.unblock_context, session, reply);
}

bool blocked_end(ttl_session *session, const char *error) {
    if (!ttl_session_is_blocked(session)) return false;
    ttl_reply reply;
    ttl_reply_init(&reply, session->engine->memory.allocator);
    if (error != NULL) ttl_reply_add_error(&reply, error);
    else ttl_reply_add_node(&reply, TTL_REPLY_NIL_ARRAY, 0);
    answer(session, &reply);
    ttl_reply_free(&reply);
    return true;
}

/* ---- what they wait for */

static ttl_bytes key_name(const struct blocked *blocked, size_t key) {
    return blocked->queued.argv[blocked->wait.first_key + key];
}

/* What is there, dead or alive, if it is what the session waits for. */
static struct key key_awaited(const ttl_engine *engine, const struct blocked *blocked, size_t key) {
    const struct database *db = engine->databases[blocked->database];
    struct key found = keyspace_find(&db->keyspace, key_name(blocked, key));
    bool is_it = found.record != NULL && found.record->type == blocked->wait.type;
    return is_it ? found : NO_KEY;
}

/* A key of this name and this type, or one that is gone, is to be looked at. */
static void wake(ttl_engine *engine, const struct database *db, ttl_bytes name,
                 enum value_type type, bool is_gone) {
    uint64_t order = ++engine->blocked_order;
    for (ttl_session *each = engine->sessions; each != NULL; each = each->next) {
        struct blocked *blocked = &each->blocked;
        if (!ttl_session_is_blocked(each) || blocked->database != db->id) continue;
        if (blocked->wait.type != type || (is_gone && !blocked->wait.ends_with_key)) continue;
        for (size_t i = 0; i < blocked->wait.key_count; i++)
            if (blocked->came[i] == 0 && ttl_bytes_equal(key_name(blocked, i), name))
                blocked->came[i] = order;
    }
}

void blocked_key_came(ttl_engine *engine, const struct database *db, struct key key) {
    RULE("blocking.woken-by-what-makes-a-key");
    wake(engine, db, record_name(key.record), key.record->type, false);
}

void blocked_stream_went(ttl_engine *engine, const struct database *db, ttl_bytes name) {
    if (engine->blocked_count > 0) wake(engine, db, name, VALUE_STREAM, true);
}

void blocked_key_goes(ttl_engine *engine, const struct database *db, ttl_bytes name) {
    RULE("blocking.group-dies-with-its-stream");
    if (!ttl_dialect_has(&engine->dialect, TRAIT_STREAM_DEATH_WAKES)) return;
    blocked_stream_went(engine, db, name);
}

void blocked_database_goes(ttl_engine *engine, const struct database *db) {
    for (ttl_session *each = engine->sessions; each != NULL; each = each->next) {
        const struct blocked *blocked = &each->blocked;
        if (!ttl_session_is_blocked(each) || blocked->database != db->id) continue;
        for (size_t i = 0; i < blocked->wait.key_count; i++)
            blocked_key_goes(engine, db, key_name(blocked, i));
    }
}

void blocked_database_came(ttl_engine *engine, const struct database *db) {
    for (ttl_session *each = engine->sessions; each != NULL; each = each->next) {
        const struct blocked *blocked = &each->blocked;
        if (!ttl_session_is_blocked(each) || blocked->database != db->id) continue;
        for (size_t i = 0; i < blocked->wait.key_count; i++) {
            struct key key = key_awaited(engine, blocked, i);
            RULE("blocking.woken-by-swapdb");
            if (key.record != NULL) blocked_key_came(engine, db, key);
        }
    }
}

/* ---- to be served */

/* Whose turn it is: of the key that came first, who has waited longest. NULL: nobody's. */
static ttl_session *next_woken(const ttl_engine *engine, size_t *key) {
    ttl_session *next = NULL;
    uint64_t came = UINT64_MAX, order = 0;
    for (ttl_session *each = engine->sessions; each != NULL; each = each->next) {
        const struct blocked *blocked = &each->blocked;
        for (size_t i = 0; ttl_session_is_blocked(each) && i < blocked->wait.key_count; i++) {
            bool is_earlier =
                blocked->came[i] < came || (blocked->came[i] == came && blocked->order < order);
            if (blocked->came[i] == 0 || !is_earlier) continue;
            next = each;
            *key = i;
            came = blocked->came[i];
            order = blocked->order;
        }
    }
    return next;
}

/* Runs the command of a session that was woken by one of its keys. It may have to wait on: who was
 * before it took what there was. */
static void serve(ttl_session *session, size_t key) {
    ttl_engine *engine = session->engine;
    const struct blocked *blocked = &session->blocked;
    blocked->came[key] = 0;
    RULE("blocking.wrong-type");
    bool is_there = key_awaited(engine, blocked, key).record != NULL;
    if (!is_there && !blocked->wait.ends_with_key) return;
    if (!is_there && !ttl_dialect_has(&engine->dialect, TRAIT_BLOCKED_RUNS_AGAIN)) {
        blocked_end(session, "UNBLOCKED the stream key no longer exists");
        return;
    }
    RULE("blocking.served-after-the-unit", "blocking.served-in-order", "blocking.keeps-deadline");
    ttl_reply reply;
    ttl_reply_init(&reply, engine->memory.allocator);
    struct call call = {.engine = engine,
                        .session = session,
                        .db = engine->databases[blocked->database],
                        .command = blocked->queued.command,
                        .argc = blocked->queued.argc,
                        .argv = blocked->queued.argv,
                        .reply = &reply,
                        .woken_by = blocked->wait.first_key + key};
    uint64_t changes = engine->changes;
    if (call.command->run(&call) != TTL_OK) {
        ttl_reply_clear(&reply);
        ttl_reply_add_error(&reply, "OOM there is no memory for this command: it changed nothing");
    }
    change_tell_rest(&call, changes);
    if (reply.node_count == 0 || reply.nodes[0].type != TTL_REPLY_PENDING) answer(session, &reply);
    ttl_reply_free(&reply);
}

void blocked_serve(ttl_engine *engine) {
    size_t key;
    for (ttl_session *next; (next = next_woken(engine, &key)) != NULL;) serve(next, key);
}

/* ---- to have waited long enough */

/* Whose time ends first; NULL: nobody's. */
static ttl_session *first_to_end(const ttl_engine *engine) {
    ttl_session *first = NULL;
    for (ttl_session *each = engine->sessions; each != NULL; each = each->next) {
        const struct blocked *blocked = &each->blocked;
        if (!ttl_session_is_blocked(each) || blocked->wait.is_endless) continue;
        if (first == NULL ||
            !deadline_is_later(engine, blocked->wait.until, first->blocked.wait.until))
            first = each;
    }
    return first;
}

void blocked_time_out(ttl_engine *engine) {
    for (ttl_session *first; (first = first_to_end(engine)) != NULL;) {
        RULE("blocking.nil-after-its-millisecond", "blocking.timeout-is-of-the-wall-clock");
        if (!deadline_has_passed(engine, first->blocked.wait.until)) return;
        blocked_end(first, NULL);
    }
}

void ttl_engine_time_out(ttl_engine *engine) {
    if (engine->blocked_count == 0) return;
    engine_begin_unit(engine);
    blocked_time_out(engine);
}

bool ttl_engine_next_timeout(const ttl_engine *engine, int64_t *at_ms) {
    const ttl_session *first = first_to_end(engine);
    if (first == NULL) return false;
    int64_t until_ms = first->blocked.wait.until.ms;
    *at_ms = until_ms == INT64_MAX ? until_ms : until_ms + 1;
    return true;
}
