/* Lua 5.1 for the engine's scripts: one state for each script that runs, gone when it ends.
 *
 *      run.c      a script from its text to its reply; its errors
 *      redis.c    the table `redis`: commands, and replies as values
 *      world.c    what else a script sees: Lua's harmless libraries, behind a lock
 *
 * Everything runs inside lua_cpcall: an allocation that fails anywhere comes out as LUA_ERRMEM, and
 * no function here that may raise owns anything but what Lua itself or struct lua_run holds. */
#ifndef ENGINE_LUA_RUN_H
#define ENGINE_LUA_RUN_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "engine/dialect.h"
#include "ttlspec/scripting.h"

enum { LUA_LEVELS = 20 }; /* room on Lua's stack for what one function pushes */

/* A script that is run, or checked. */
struct lua_run {
    const ttl_script *script;
    ttl_reply called; /* of the last command */
    ttl_reply *reply; /* of the script */
    bool only_check, is_sound;
    ttl_status status;
};

static inline bool lua_run_has(const struct lua_run *run, enum trait trait) {
    return ttl_dialect_has(run->script->dialect, trait);
}

/* Opens the libraries, sets KEYS and ARGV, and locks the globals. */
void lua_world_open(lua_State *L, struct lua_run *run);
/* Pushes the table `redis`. */
void lua_redis_open(lua_State *L, struct lua_run *run);

/* What servers say of a script's mistakes: each family and version in its own words. */
struct lua_words {
    const char *unknown, *arity, *not_allowed, *writes, *on_replica, *no_argument, *bad_argument;
};
const struct lua_words *lua_words_of(const struct lua_run *run);

#endif
