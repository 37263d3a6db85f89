/* Scripting: what runs the scripts of EVAL, where the caller gives the engine such a thing.
 *
 *      EVAL text ---> engine: counts keys, remembers the text ---> scripting->run
 *                     engine: executes one command        <------- script->call
 *
 * libttlspec has no interpreter, so whoever needs no scripts needs no other library; without
 * `scripting` in the engine's options there are no EVAL and no SCRIPT. libttlspec-lua has Lua 5.1,
 * as every server has it: ttl_scripting_lua.
 *
 * A script is one executed unit: the present does not move while it runs.
 * Ownership: all that a script shows is good during the call only. */
#ifndef TTLSPEC_SCRIPTING_H
#define TTLSPEC_SCRIPTING_H

#include <stdbool.h>
#include <stddef.h>

#include "ttlspec/bytes.h"
#include "ttlspec/dialect.h"
#include "ttlspec/memory.h"
#include "ttlspec/reply.h"

enum { TTL_DIGEST_LENGTH = 40 };

/* How a command that a script calls has come out. */
typedef enum ttl_called {
    TTL_CALLED,           /* it was executed: the reply is its own, an error perhaps */
    TTL_CALL_UNKNOWN,     /* there is no such command */
    TTL_CALL_ARITY,       /* not with this number of arguments */
    TTL_CALL_NOT_ALLOWED, /* not from a script */
    TTL_CALL_WRITES,      /* it may write, and this script may not */
    TTL_CALL_ON_REPLICA,  /* it may write, and this is a replica that takes no writes */
    TTL_CALL_NO_MEMORY,   /* the command changed nothing, or its reply could not be built */
} ttl_called;

typedef struct ttl_script {
    ttl_bytes text;
    const char *digest; /* SHA-1 of the text, TTL_DIGEST_LENGTH hexadecimal digits and a NUL */
    const ttl_bytes *keys, *arguments;
    size_t key_count, argument_count;
    const ttl_dialect *dialect;
    ttl_allocator allocator;
    void *context; /* of `call` and `lacks` */
    /* Executes one command of the script. `reply` is cleared first. */
    ttl_called (*call)(void *context, size_t argc, const ttl_bytes *argv, ttl_reply *reply);
    /* To be told when a script asks for something that servers have and this interpreter has not:
     * whoever compares the two would compare the wrong thing. */
    void (*lacks)(void *context);
    /* The digest of any text. */
    void (*digest_of)(ttl_bytes text, char digest[TTL_DIGEST_LENGTH + 1]);
} ttl_script;

/* Both append one tree to `reply`. TTL_NO_MEMORY: what they appended is void. */
typedef struct ttl_scripting {
    /* Can the text be run? If not, `*is_sound` is false and the reply says why. */
    ttl_status (*check)(const ttl_script *script, bool *is_sound, ttl_reply *reply);
    /* Runs a text that was found to be sound; an error that it ends with is its reply. */
    ttl_status (*run)(const ttl_script *script, ttl_reply *reply);
} ttl_scripting;

/* Lua 5.1, as far as scripts about keys need it: redis.call, redis.pcall, redis.error_reply,
 * redis.status_reply, redis.sha1hex, KEYS, ARGV, and of Lua's own libraries what is harmless.
 * In libttlspec-lua. */
extern const ttl_scripting ttl_scripting_lua;

#endif
