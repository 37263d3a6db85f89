#include "engine/session.h"

#include <string.h>

#include "engine/blocked.h"
#include "engine/change.h"
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/engine.h"
#include "engine/hash.h"
#include "engine/pubsub.h"
#include "engine/require.h"
#include "engine/rule.h"
#include "engine/subcommand.h"

/* ---- life */

ttl_session *ttl_session_new(ttl_engine *engine, const ttl_session_options *options) {
    if (engine_database(engine, 0) == NULL) return NULL;
    ttl_session *session = memory_take_zeroed(&engine->session_memory, sizeof *session);
    if (session == NULL) return NULL;
    session->engine = engine;
    session->id = ++engine->last_session_id;
    session->protocol = 2;
    if (options != NULL) session->options = *options;
    session->next = engine->sessions;
    engine->sessions = session;
    engine->statistics.connections++;
    return session;
}

void ttl_session_free(ttl_session *session) {
    if (session == NULL) return;
    ttl_engine *engine = session->engine;
    struct memory *memory = &engine->session_memory;
    session_leave_multi(session);
    pubsub_unsubscribe_all(session);
    blocked_forget(session);
    memory_give(memory, session->queue, session->queue_capacity * sizeof *session->queue);
    memory_give(memory, session->watches, session->watch_capacity * sizeof *session->watches);
    memory_give_bytes(memory, &session->name);
    memory_give_bytes(memory, &session->library_name);
    memory_give_bytes(memory, &session->library_version);
    ttl_session **link = &engine->sessions;
    while (*link != session) link = &(*link)->next;
    *link = session->next;
    memory_give(memory, session, sizeof *session);
}

int ttl_session_protocol(const ttl_session *session) {
    return session->protocol;
}

bool ttl_session_is_closing(const ttl_session *session) {
    return session->closing;
}

bool ttl_session_is_blocked(const ttl_session *session) {
    return session->blocked.queued.command != NULL;
}

/* ---- watched keys */

static void watch_note(ttl_session *session, struct watch *watch, bool reclaimed) {
    if (reclaimed && watch->was_expired) watch->was_expired = false;
    else session->watch_broken = true;
}

void session_key_touched(ttl_engine *engine, struct database *db, ttl_bytes name, bool reclaimed) {
    if (engine->blocked_count > 0 && reclaimed) blocked_key_goes(engine, db, name);
    if (engine->watch_count == 0) return;
    for (ttl_session *session = engine->sessions; session != NULL; session = session->next)
        for (size_t i = 0; i < session->watch_count; i++) {
            struct watch *watch = &session->watches[i];
            if (watch->database == db->id && ttl_bytes_equal(watch->name, name))
                watch_note(session, watch, reclaimed);
        }
}

static bool record_is_dead(const ttl_engine *engine, const struct record *record) {
    return record_is_volatile(record) && deadline_has_passed(engine, record_deadline(record));
}

/* A watched key is dead already: is that no change by the time of EXEC? */
static bool death_is_excused(const ttl_session *session) {
    if (!ttl_dialect_has(&session->engine->dialect, TRAIT_WATCH_EXPIRED_ABORTS)) return true;
    RULE("watch.already-dead-in-6");
    return false;
}

/* What the change of a whole database means for one watched key. */
static void watch_database_changed(ttl_session *session, struct watch *watch,
                                   const struct database *db, const struct database *successor) {
    bool was_there = keyspace_find(&db->keyspace, watch->name).record != NULL;
    const struct record *next =
        successor == NULL ? NULL : keyspace_find(&successor->keyspace, watch->name).record;
    if (!was_there && next == NULL) return;
    if (ttl_dialect_has(&session->engine->dialect, TRAIT_WATCH_EXPIRED_ABORTS)) {
        session->watch_broken = true;
        return;
    }
    bool next_is_dead = next != NULL && record_is_dead(session->engine, next);
    if (watch->was_expired && next == NULL) watch->was_expired = false;
    else if (next_is_dead && (watch->was_expired || !was_there)) watch->was_expired = true;
    else session->watch_broken = true;
}

void session_database_touched(ttl_engine *engine, const struct database *db,
                              const struct database *successor) {
    engine->changes++;
    if (engine->blocked_count > 0) blocked_database_goes(engine, db);
    if (engine->watch_count == 0) return;
    for (ttl_session *session = engine->sessions; session != NULL; session = session->next)
        for (size_t i = 0; i < session->watch_count; i++)
            if (session->watches[i].database == db->id)
                watch_database_changed(session, &session->watches[i], db, successor);
}

void session_unwatch(ttl_session *session) {
    ttl_engine *engine = session->engine;
    for (size_t i = 0; i < session->watch_count; i++)
        memory_give_bytes(&engine->session_memory, &session->watches[i].name);
    engine->watch_count -= session->watch_count;
    session->watch_count = 0;
    session->watch_broken = false;
}

static bool watch_is_dead(const ttl_session *session, const struct watch *watch) {
    const struct database *db = session->engine->databases[watch->database];
    struct key key = keyspace_find(&db->keyspace, watch->name);
    return key.record != NULL && record_is_dead(session->engine, key.record);
}

/* Has a watched key died since? */
static bool session_has_dead_watch(const ttl_session *session) {
    for (size_t i = 0; i < session->watch_count; i++) {
        const struct watch *watch = &session->watches[i];
        if (watch->was_expired) {
            RULE("watch.already-dead");
            continue;
        }
        if (watch_is_dead(session, watch)) {
            RULE("watch.expiry-aborts");
            return true;
        }
    }
    return false;
}

static ttl_status session_watch(ttl_session *session, const struct database *db, ttl_bytes name) {
    struct memory *memory = &session->engine->session_memory;
    for (size_t i = 0; i < session->watch_count; i++)
        if (session->watches[i].database == db->id &&
            ttl_bytes_equal(session->watches[i].name, name))
            return TTL_OK;
    if (session->watch_count == session->watch_capacity) {
        size_t capacity = session->watch_capacity == 0 ? 4 : session->watch_capacity * 2;
        struct watch *watches =
            memory_resize(memory, session->watches, session->watch_capacity * sizeof *watches,
                          capacity * sizeof *watches);
        if (watches == NULL) return TTL_NO_MEMORY;
        session->watches = watches;
        session->watch_capacity = capacity;
    }
    struct watch watch = {.database = db->id};
    if (memory_copy_bytes(memory, name, &watch.name) != TTL_OK) return TTL_NO_MEMORY;
    watch.was_expired = watch_is_dead(session, &watch) && death_is_excused(session);
    session->watches[session->watch_count++] = watch;
    session->engine->watch_count++;
    return TTL_OK;
}

/* When a history is judged: the death of a field breaks a watch when it is reclaimed. */
static void watch_note_dead_fields(const struct call *call) {
    const ttl_session *session = call->session;
    for (size_t i = 0; i < session->watch_count && call->engine->timeline != NULL; i++) {
        const struct database *db = call->engine->databases[session->watches[i].database];
        struct key key = keyspace_find(&db->keyspace, session->watches[i].name);
        if (key.record == NULL || key.record->type != VALUE_HASH) continue;
        const struct collection *hash = key_collection(key);
        if (hash_count_living(call, hash) < hash->count) call_leave_open(call, HASH_WATCH_IS_OPEN);
    }
}

ttl_status watch_command(struct call *call) {
    ttl_session *session = call->session;
    if (session->in_multi) return reply_error(call, "ERR WATCH inside MULTI is not allowed");
    size_t before = session->watch_count;
    for (size_t i = 1; i < call->argc; i++) {
        if (session_watch(session, call->db, call->argv[i]) == TTL_OK) continue;
        while (session->watch_count > before) {
            session->watch_count--;
            session->engine->watch_count--;
            memory_give_bytes(&session->engine->session_memory,
                              &session->watches[session->watch_count].name);
        }
        return TTL_NO_MEMORY;
    }
    watch_note_dead_fields(call);
    return reply_ok(call);
}

ttl_status unwatch_command(struct call *call) {
    RULE("watch.unwatch");
    session_unwatch(call->session);
    return reply_ok(call);
}

/* ---- MULTI */

bool session_keep(ttl_session *session, const struct command *command, size_t argc,
                  const ttl_bytes *argv, struct queued *kept) {
    size_t size = argc * sizeof *argv;
    for (size_t i = 0; i < argc; i++) size += argv[i].length;
    ttl_bytes *copy = memory_take(&session->engine->session_memory, size);
    if (copy == NULL) return false;
    char *bytes = (char *)(copy + argc);
    for (size_t i = 0; i < argc; i++) {
        if (argv[i].length > 0) memcpy(bytes, argv[i].data, argv[i].length);
        copy[i] = (ttl_bytes){bytes, argv[i].length};
        bytes += argv[i].length;
    }
    *kept = (struct queued){command, argc, copy, size};
    return true;
}

void session_forget(ttl_session *session, struct queued *kept) {
    memory_give(&session->engine->session_memory, kept->argv, kept->size);
    *kept = (struct queued){0};
}

static void queue_clear(ttl_session *session) {
    for (size_t i = 0; i < session->queue_count; i++) session_forget(session, &session->queue[i]);
    session->queue_count = 0;
}

void session_leave_multi(ttl_session *session) {
    queue_clear(session);
    session->in_multi = session->multi_failed = false;
    session_unwatch(session);
}

static ttl_status queue_room(ttl_session *session) {
    if (session->queue_count < session->queue_capacity) return TTL_OK;
    size_t capacity = session->queue_capacity == 0 ? 4 : session->queue_capacity * 2;
    struct queued *queue =
        memory_resize(&session->engine->session_memory, session->queue,
                      session->queue_capacity * sizeof *queue, capacity * sizeof *queue);
    if (queue == NULL) return TTL_NO_MEMORY;
    session->queue = queue;
    session->queue_capacity = capacity;
    return TTL_OK;
}

static ttl_status queue_add(ttl_session *session, const struct command *command, size_t argc,
                            const ttl_bytes *argv) {
    if (queue_room(session) != TTL_OK) return TTL_NO_MEMORY;
    if (!session_keep(session, command, argc, argv, &session->queue[session->queue_count]))
        return TTL_NO_MEMORY;
    session->queue_count++;
    return TTL_OK;
}

ttl_status multi_command(struct call *call) {
    if (call->session->in_multi) return reply_error(call, "ERR MULTI calls can not be nested");
    call->session->in_multi = true;
    return reply_ok(call);
}

ttl_status discard_command(struct call *call) {
    if (!call->session->in_multi) return reply_error(call, "ERR DISCARD without MULTI");
    RULE("discard.changes-nothing");
    session_leave_multi(call->session);
    return reply_ok(call);
}

/* Runs the queue as one unit: time was read once, before. */
static void exec_queue(struct call *call, struct queued *queue, size_t count) {
    RULE("exec.runs-in-order", "exec.one-instant", "exec.deadline-counts-from-exec",
         "exec.runtime-error-does-not-abort", "exec.life-is-decided-at-its-beginning",
         "event.order-in-exec");
    reply_array(call, count);
    for (size_t i = 0; i < count; i++) {
        size_t nodes = call->reply->node_count, text = call->reply->text_length;
        call->session->part = i;
        ttl_status status =
            session_run(call->session, queue[i].command, queue[i].argc, queue[i].argv, call->reply);
        if (status == TTL_OK) continue;
        call->reply->node_count = nodes;
        call->reply->text_length = text;
        reply_error(call, "OOM there is no memory for this command: it changed nothing");
    }
}

ttl_status exec_command(struct call *call) {
    ttl_session *session = call->session;
    if (!session->in_multi) return reply_error(call, "ERR EXEC without MULTI");
    watch_note_dead_fields(call);
    bool failed = session->multi_failed;
    bool broken = session->watch_broken || session_has_dead_watch(session);
    if (failed || broken) {
        session_leave_multi(session);
        if (failed) {
            RULE("exec.arity-aborts");
            return reply_error(call, "EXECABORT Transaction discarded because of previous errors.");
        }
        ttl_reply_add_node(call->reply, TTL_REPLY_NIL_ARRAY, 0);
        return TTL_OK;
    }
    RULE("watch.no-change");
    session_unwatch(session);
    session->in_multi = false;
    exec_queue(call, session->queue, session->queue_count);
    queue_clear(session);
    return TTL_OK;
}

/* ---- dispatch */

enum {
    UNKNOWN_SHOWN = 128
}; /* bytes of an unknown command, and of its arguments, that are shown */

static size_t shown_length(ttl_bytes bytes, size_t most) {
    const char *nul = memchr(bytes.data, '\0', bytes.length);
    size_t length = nul == NULL ? bytes.length : (size_t)(nul - bytes.data);
    return length < most ? length : most;
}

static size_t text_append(char *text, size_t at, const char *data, size_t length) {
    memcpy(text + at, data, length);
    return at + length;
}

/* "ERR unknown command 'x', with args beginning with: 'a' 'b' " */
static ttl_status reply_unknown_command(struct call *call) {
    bool modern = call_has(call, TRAIT_COMMAND_IS_QUOTED);
    const char *open = modern ? "'" : "`", *close = modern ? "' " : "`, ";
    char shown[2 * UNKNOWN_SHOWN];
    size_t length = 0;
    for (size_t i = 1; i < call->argc && length < UNKNOWN_SHOWN; i++) {
        size_t taken = shown_length(call->argv[i], UNKNOWN_SHOWN - length);
        length = text_append(shown, length, open, 1);
        length = text_append(shown, length, call->argv[i].data, taken);
        length = text_append(shown, length, close, strlen(close));
    }
    bool alone = call->argc == 1 && call_has(call, TRAIT_UNKNOWN_COMMAND_ALONE);
    const char *tail = modern ? "', with args beginning with: " : "`, with args beginning with: ";
    ttl_bytes name = {call->argv[0].data,
                      shown_length(call->argv[0], modern ? UNKNOWN_SHOWN : SIZE_MAX)};
    ttl_bytes parts[] = {ttl_bytes_of(modern ? "ERR unknown command '" : "ERR unknown command `"),
                         name,
                         ttl_bytes_of(alone ? "'" : tail),
                         {shown, length}};
    RULE("error.unknown-command");
    return reply_error_parts(call, parts, 4);
}

static ttl_status reply_not_in_multi(struct call *call) {
    RULE("multi.refused-inside");
    if (!call_has(call, TRAIT_NOT_IN_MULTI_NAMED))
        return reply_error(call, "ERR Command not allowed inside a transaction");
    ttl_bytes parts[] = {ttl_bytes_of("ERR Command '"), ttl_bytes_of(call->command->name),
                         ttl_bytes_of("' not allowed inside a transaction")};
    return reply_error_parts(call, parts, 3);
}

ttl_status session_run(ttl_session *session, const struct command *command, size_t argc,
                       const ttl_bytes *argv, ttl_reply *reply) {
    struct call call = {.engine = session->engine,
                        .session = session,
                        .db = session->engine->databases[session->selected],
                        .command = command,
                        .argc = argc,
                        .argv = argv,
                        .reply = reply};
    uint64_t changes = session->engine->changes;
    ttl_status status = command->run(&call);
    change_tell_rest(&call, changes);
    session->engine->statistics.commands++;
    return status;
}

/* A command that cannot be executed spoils the transaction that it was meant for. */
static ttl_status refused(struct call *call) {
    if (call->session->in_multi) call->session->multi_failed = true;
    return TTL_OK;
}

/* An EXEC that cannot be executed ends the transaction, if there is one. */
static ttl_status exec_refused(struct call *call) {
    session_leave_multi(call->session);
    return reply_error(call, "EXECABORT Transaction discarded because of: wrong number of "
                             "arguments for 'exec' command");
}

/* A transaction was refused command by command, and a script is as it calls them. */
bool session_refuses(const ttl_session *session, uint32_t flags, ttl_reply *reply) {
    const ttl_engine *engine = session->engine;
    bool takes_writes = !engine->is_replica || engine->is_writable || session->options.is_primary;
    if (takes_writes || (flags & COMMAND_WRITE) == 0) return false;
    RULE("replica.is-read-only");
    ttl_reply_add_error(reply, "READONLY You can't write against a read only replica.");
    return true;
}

static ttl_status session_dispatch(struct call *call) {
    ttl_session *session = call->session;
    const struct command *command = command_find(call->engine, call->argv[0]);
    if (command == NULL) {
        RULE("expiretime.since-7");
        reply_unknown_command(call);
        return refused(call);
    }
    call->command = command;
    if (!command_arity_fits(command, &call->engine->dialect, call->argc)) {
        if (command->run == exec_command) return exec_refused(call);
        RULE("psetex.arity", "setex.arity", "set.arity", "expire.arity", "expire.options-since-7",
             "ttl.arity", "expiretime.arity", "persist.arity", "getex.arity");
        reply_wrong_arity(call);
        return refused(call);
    }
    if (!subcommand_fits(call)) return refused(call);
    if (session->in_multi && (command->flags & COMMAND_NO_MULTI) != 0) {
        reply_not_in_multi(call);
        return refused(call);
    }
    if (session_refuses(session, subcommand_flags(call), call->reply)) return refused(call);
    if (!pubsub_allows(call)) return refused(call);
    if (session->in_multi && !command_runs_in_multi(command)) {
        if (queue_add(session, command, call->argc, call->argv) != TTL_OK) return TTL_NO_MEMORY;
        ttl_reply_add_status(call->reply, "QUEUED");
        return TTL_OK;
    }
    return session_run(session, command, call->argc, call->argv, call->reply);
}

ttl_status ttl_session_execute(ttl_session *session, size_t argc, const ttl_bytes *argv,
                               ttl_reply *reply) {
    ttl_engine *engine = session->engine;
    require(argc > 0 && !ttl_session_is_blocked(session));
    ttl_reply_clear(reply);
    engine_begin_unit(engine);
    if (engine->blocked_count > 0) blocked_time_out(engine);
    struct call call = {
        .engine = engine, .session = session, .argc = argc, .argv = argv, .reply = reply};
    ttl_status status = session_dispatch(&call);
    if (engine->blocked_count > 0) blocked_serve(engine);
    if (status == TTL_OK && reply->failed) status = TTL_NO_MEMORY;
    if (status != TTL_OK) ttl_reply_clear(reply);
    return status;
}

void ttl_session_prefetch(ttl_session *session, size_t argc, const ttl_bytes *argv) {
    if (argc < 2) return;
    const struct keyspace *keyspace = &session->engine->databases[session->selected]->keyspace;
    uint32_t *hint = &session->hints[session->hint++ % SESSION_HINTS];
    keyspace_prefetch_record(keyspace, *hint);
    *hint = keyspace_prefetch_slot(keyspace, argv[1]);
}
