/* EVAL and its kin, SCRIPT. */
#include "engine/digest.h"
#include "engine/rule.h"
#include "engine/script.h"
#include "engine/session.h"
#include "engine/subcommand.h"

/* ---- the commands that a script calls */

struct running {
    struct call *call;
    bool read_only;
    size_t calls; /* commands that were executed */
};

/* Of a command with subcommands the flags of the one that is called; false: there is no such one,
 * and the command itself is not to say so. */
static bool called_flags(const struct running *running, const struct command *command, size_t argc,
                         const ttl_bytes *argv, uint32_t *flags) {
    const ttl_dialect *dialect = &running->call->engine->dialect;
    *flags = command->flags;
    bool looks = call_has(running->call, TRAIT_SUBCOMMANDS) && argc > 1;
    if (!looks || !command_has_subcommands(command)) return true;
    const struct subcommand *subcommand = subcommand_find(dialect, command, argv[1]);
    if (subcommand != NULL) *flags = subcommand->flags;
    return subcommand != NULL || call_has(running->call, TRAIT_SCRIPT_ERROR_IS_SHORT);
}

/* What no timeline can tell: a number that nobody knows, or what a server may choose as it likes.
 * The script might do this or that then. */
static bool is_beyond_judging(const struct command *command, const ttl_reply *reply) {
    bool tells_time = command->run == ttl_command || command->run == pttl_command;
    if (!tells_time && (command->flags & (COMMAND_RANDOM | COMMAND_SORT)) != 0) return true;
    for (size_t i = 0; i < reply->node_count; i++)
        if (reply->nodes[i].type == TTL_REPLY_TOLD) return true;
    return false;
}

static void script_lacks(void *context) {
    const struct running *running = context;
    call_leave_open(running->call,
                    "a script is given a time, or what the server chose, and might act upon it");
}

static ttl_called script_call(void *context, size_t argc, const ttl_bytes *argv, ttl_reply *reply) {
    struct running *running = context;
    ttl_session *session = running->call->session;
    ttl_engine *engine = running->call->engine;
    uint32_t flags;
    ttl_reply_clear(reply);
    const struct command *command = command_find(engine, argv[0]);
    if (command == NULL || !called_flags(running, command, argc, argv, &flags))
        return TTL_CALL_UNKNOWN;
    if (!command_arity_fits(command, &engine->dialect, argc)) return TTL_CALL_ARITY;
    if ((flags & COMMAND_NOSCRIPT) != 0) {
        RULE("script.refused-inside");
        return TTL_CALL_NOT_ALLOWED;
    }
    if (running->read_only && (flags & COMMAND_WRITE) != 0) {
        RULE("script.read-only");
        return TTL_CALL_WRITES;
    }
    if (session_refuses(session, flags, reply))
        return call_has(running->call, TRAIT_SCRIPT_ERROR_TELLS) ? TTL_CALLED : TTL_CALL_ON_REPLICA;
    RULE("script.one-instant", "script.events-of-its-commands", "script.stops-at-an-error");
    if (session_run(session, command, argc, argv, reply) != TTL_OK) return TTL_CALL_NO_MEMORY;
    running->calls++;
    if (reply->failed) return TTL_CALL_NO_MEMORY;
    if (engine->timeline != NULL && is_beyond_judging(command, reply)) script_lacks(running);
    return TTL_CALLED;
}

/* ---- EVAL, EVALSHA, EVAL_RO, EVALSHA_RO */

static void script_fill(struct call *call, const struct script *from, ttl_script *script) {
    script->text = script_text(from);
    script->digest = from->digest;
    script->dialect = &call->engine->dialect;
    script->allocator = call->engine->memory.allocator;
    script->call = script_call;
    script->lacks = script_lacks;
    script->digest_of = digest_of;
}

/* Reads how many keys there are; false: an error was answered. */
static bool eval_parse_keys(struct call *call, ttl_script *script) {
    int64_t count, most = (int64_t)call->argc - 3;
    RULE("script.counts-its-keys");
    if (!call_integer(call, 2, &count)) return false;
    if (count > most || count < 0) {
        reply_error(call, count < 0 ? "ERR Number of keys can't be negative"
                                    : "ERR Number of keys can't be greater than number of args");
        return false;
    }
    script->keys = call->argv + 3;
    script->key_count = (size_t)count;
    script->arguments = script->keys + script->key_count;
    script->argument_count = (size_t)(most - count);
    return true;
}

/* Runs a script for the session, which speaks RESP2 meanwhile and has its own database back
 * afterwards. */
static ttl_status eval_run(struct call *call, ttl_script *script, bool read_only) {
    ttl_session *session = call->session;
    int protocol = session->protocol, selected = session->selected;
    size_t nodes = call->reply->node_count, text = call->reply->text_length;
    struct running running = {call, read_only, 0};
    script->context = &running;
    session->protocol = 2;
    session->in_script = true;
    ttl_status status = call->engine->scripting->run(script, call->reply);
    session->in_script = false;
    RULE("script.select-is-its-own");
    session->protocol = protocol;
    session->selected = selected;
    if (status == TTL_OK || running.calls == 0) return status;
    call->reply->node_count = nodes;
    call->reply->text_length = text;
    return reply_error(call, "OOM there is no memory for the rest of this script: what its "
                             "commands did stays done");
}

/* The script of this text, kept from now on. NULL: the answer has been given, or `status` says
 * why. */
static const struct script *script_load(struct call *call, ttl_bytes text, ttl_status *status) {
    ttl_engine *engine = call->engine;
    char digest[TTL_DIGEST_LENGTH + 1];
    digest_of(text, digest);
    const struct script *known = script_find(engine, ttl_bytes_of(digest));
    if (known != NULL) return known;
    struct script *script = script_new(engine, text);
    if (script == NULL) {
        *status = TTL_NO_MEMORY;
        return NULL;
    }
    struct running running = {call, true, 0};
    ttl_script given = {.context = &running};
    script_fill(call, script, &given);
    bool is_sound = false;
    *status = engine->scripting->check(&given, &is_sound, call->reply);
    if (*status == TTL_OK && is_sound) {
        script_keep(engine, script);
        return script;
    }
    RULE("script.unsound-is-an-error");
    script_free(engine, script);
    return NULL;
}

static ttl_status eval_text(struct call *call, bool read_only) {
    ttl_script script = {.key_count = 0};
    ttl_status status = TTL_OK;
    if (!eval_parse_keys(call, &script)) return TTL_OK;
    const struct script *kept = script_load(call, call->argv[1], &status);
    if (kept == NULL) return status;
    script_fill(call, kept, &script);
    return eval_run(call, &script, read_only);
}

static ttl_status reply_no_script(struct call *call) {
    RULE("script.unknown-digest");
    bool is_valkey = call->engine->dialect.family == TTL_FAMILY_VALKEY;
    return reply_error(call, is_valkey ? "NOSCRIPT No matching script."
                                       : "NOSCRIPT No matching script. Please use EVAL.");
}

static ttl_status eval_digest(struct call *call, bool read_only) {
    if (call->argv[1].length != TTL_DIGEST_LENGTH) return reply_no_script(call);
    ttl_script script = {.key_count = 0};
    if (!eval_parse_keys(call, &script)) return TTL_OK;
    const struct script *kept = script_find(call->engine, call->argv[1]);
    if (kept == NULL) return reply_no_script(call);
    RULE("script.by-digest");
    script_fill(call, kept, &script);
    return eval_run(call, &script, read_only);
}

ttl_status eval_command(struct call *call) {
    return eval_text(call, false);
}

ttl_status eval_ro_command(struct call *call) {
    return eval_text(call, true);
}

ttl_status evalsha_command(struct call *call) {
    return eval_digest(call, false);
}

ttl_status evalsha_ro_command(struct call *call) {
    return eval_digest(call, true);
}

/* ---- SCRIPT */

ttl_status script_command(struct call *call) {
    return subcommand_run(call);
}

ttl_status script_load_command(struct call *call) {
    ttl_status status = TTL_OK;
    const struct script *script = script_load(call, call->argv[2], &status);
    if (script == NULL) return status;
    return reply_bulk(call, ttl_bytes_of(script->digest));
}

ttl_status script_exists_command(struct call *call) {
    reply_array(call, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++)
        reply_integer(call, script_find(call->engine, call->argv[i]) != NULL);
    return TTL_OK;
}

ttl_status script_flush_command(struct call *call) {
    RULE("script.flush-modes");
    bool is_known =
        call->argc == 2 || call_is_word(call, 2, "SYNC") || call_is_word(call, 2, "ASYNC");
    if (call->argc > 3 || !is_known)
        return reply_error(call, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
    script_forget_all(call->engine);
    return reply_ok(call);
}
