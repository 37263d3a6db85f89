#include <string.h>

#include "engine/lua/run.h"
#include "engine/number.h"

static struct lua_run *run_of(lua_State *L) {
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* ---- errors */

static const struct lua_words words_redis_6 = {
    .unknown = "Unknown Redis command called from Lua script",
    .arity = "Wrong number of args calling Redis command From Lua script",
    .not_allowed = "This Redis command is not allowed from scripts",
    .on_replica = "-READONLY You can't write against a read only replica.\r\n",
    .no_argument = "Please specify at least one argument for redis.call()",
    .bad_argument = "Lua redis() command arguments must be strings or integers",
};
static const struct lua_words words_redis = {
    .unknown = "Unknown Redis command called from script",
    .arity = "Wrong number of args calling Redis command from script",
    .not_allowed = "This Redis command is not allowed from script",
    .writes = "Write commands are not allowed from read-only scripts.",
    .no_argument = "Please specify at least one argument for this redis lib call",
    .bad_argument = "Lua redis lib command arguments must be strings or integers",
};
static const struct lua_words words_redict = {
    .unknown = "Unknown Redict command called from script",
    .arity = "Wrong number of args calling Redict command from script",
    .not_allowed = "This Redict command is not allowed from script",
    .writes = "Write commands are not allowed from read-only scripts.",
    .no_argument = "Please specify at least one argument for this redict lib call",
    .bad_argument = "Lua redict lib command arguments must be strings or integers",
};
static const struct lua_words words_valkey_8 = {
    .unknown = "Unknown command called from script",
    .arity = "Wrong number of args calling command from script",
    .not_allowed = "This Redis command is not allowed from script",
    .writes = "Write commands are not allowed from read-only scripts.",
    .no_argument = "Please specify at least one argument for this call",
    .bad_argument = "Command arguments must be strings or integers",
};
static const struct lua_words words_valkey = {
    .unknown = "Unknown command called from script",
    .arity = "Wrong number of args calling command from script",
    .not_allowed = "This Valkey command is not allowed from script",
    .writes = "Write commands are not allowed from read-only scripts.",
    .no_argument = "Please specify at least one argument for this call",
    .bad_argument = "Command arguments must be strings or integers",
};

const struct lua_words *lua_words_of(const struct lua_run *run) {
    switch (run->script->dialect->family) {
    case TTL_FAMILY_REDIS:
        return lua_run_has(run, TRAIT_SCRIPT_ERROR_TELLS) ? &words_redis : &words_redis_6;
    case TTL_FAMILY_VALKEY:
        return lua_run_has(run, TRAIT_SCRIPT_ERROR_IS_SHORT) ? &words_valkey : &words_valkey_8;
    case TTL_FAMILY_REDICT: return &words_redict;
    }
    return &words_redis;
}

/* Makes the text on top of the stack {err = text}. */
static void wrap_error(lua_State *L) {
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, "err");
}

/* Pushes a complaint of the interpreter, as the error {err = text} that it is. */
static int push_complaint(lua_State *L, const struct lua_run *run, const char *complaint) {
    lua_Debug where;
    if (lua_run_has(run, TRAIT_SCRIPT_ERROR_TELLS)) {
        lua_pushfstring(L, "ERR %s", complaint);
    } else if (lua_getstack(L, 1, &where) != 0 && lua_getinfo(L, "Sl", &where) != 0) {
        lua_pushfstring(L, "%s: %d: %s", where.source, where.currentline, complaint);
    } else {
        lua_pushstring(L, complaint);
    }
    wrap_error(L);
    return 1;
}

/* Raises the error on top of the stack: as the table that it is, or as its text alone. */
static int raise(lua_State *L, const struct lua_run *run) {
    if (!lua_run_has(run, TRAIT_SCRIPT_ERROR_TELLS)) lua_getfield(L, -1, "err");
    return lua_error(L);
}

/* ---- replies as values */

static void push_text(lua_State *L, ttl_bytes text) {
    lua_pushlstring(L, text.data, text.length);
}

static void push_field(lua_State *L, const char *name, ttl_bytes text) {
    lua_createtable(L, 0, 1);
    push_text(L, text);
    lua_setfield(L, -2, name);
}

/* Pushes the tree at a node, as RESP2 would carry it. */
static void push_reply(lua_State *L, const ttl_reply *reply, size_t index) {
    const ttl_node *node = &reply->nodes[index];
    luaL_checkstack(L, LUA_LEVELS, "a reply is nested too deeply");
    switch (node->type) {
    case TTL_REPLY_STATUS: push_field(L, "ok", ttl_reply_text(reply, index)); return;
    case TTL_REPLY_ERROR: push_field(L, "err", ttl_reply_text(reply, index)); return;
    case TTL_REPLY_INTEGER:
    case TTL_REPLY_BOOLEAN: lua_pushnumber(L, (lua_Number)node->is.integer); return;
    case TTL_REPLY_BULK:
    case TTL_REPLY_DOUBLE:
    case TTL_REPLY_VERBATIM: push_text(L, ttl_reply_text(reply, index)); return;
    case TTL_REPLY_NIL:
    case TTL_REPLY_NIL_ARRAY:
    case TTL_REPLY_PENDING:
    case TTL_REPLY_TOLD: lua_pushboolean(L, false); return;
    case TTL_REPLY_ARRAY:
    case TTL_REPLY_MAP:
    case TTL_REPLY_SET:
    case TTL_REPLY_PUSH: break;
    }
    lua_createtable(L, (int)node->length, 0);
    size_t child = index + 1;
    for (uint32_t i = 0; i < node->length; i++, child = ttl_reply_next(reply, child)) {
        push_reply(L, reply, child);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

/* ---- commands */

static size_t format_number(const struct lua_run *run, double number, char *text) {
    if (!lua_run_has(run, TRAIT_SCRIPT_NUMBER_SHORTEST)) return number_format_double(number, text);
    return number_format_shortest(number == 0 ? 0 : number, text); /* without the sign of -0 */
}

/* The arguments as bytes, in memory of Lua's; NULL: one is neither a string nor a number. */
static ttl_bytes *read_arguments(lua_State *L, const struct lua_run *run, int count) {
    size_t each = sizeof(ttl_bytes) + NUMBER_DOUBLE_ROOM;
    ttl_bytes *argv = lua_newuserdata(L, (size_t)count * each);
    char *room = (char *)(argv + count);
    for (int i = 0; i < count; i++, room += NUMBER_DOUBLE_ROOM) {
        int type = lua_type(L, i + 1);
        if (type == LUA_TNUMBER) {
            argv[i] = (ttl_bytes){room, format_number(run, lua_tonumber(L, i + 1), room)};
        } else if (type == LUA_TSTRING) {
            argv[i].data = lua_tolstring(L, i + 1, &argv[i].length);
        } else {
            return NULL;
        }
    }
    return argv;
}

/* Memory is a matter for who runs the script: nothing in it may catch that. */
static int raise_no_memory(lua_State *L, struct lua_run *run) {
    run->status = TTL_NO_MEMORY;
    lua_pushliteral(L, "OOM there is no memory");
    return lua_error(L);
}

/* Calls the command that the arguments are and pushes what came of it; an error is a table with
 * `err`. */
static int call_command(lua_State *L) {
    struct lua_run *run = run_of(L);
    const struct lua_words *words = lua_words_of(run);
    int count = lua_gettop(L);
    if (count == 0) return push_complaint(L, run, words->no_argument);
    const ttl_bytes *argv = read_arguments(L, run, count);
    if (argv == NULL) return push_complaint(L, run, words->bad_argument);
    switch (run->script->call(run->script->context, (size_t)count, argv, &run->called)) {
    case TTL_CALLED: break;
    case TTL_CALL_UNKNOWN: return push_complaint(L, run, words->unknown);
    case TTL_CALL_ARITY: return push_complaint(L, run, words->arity);
    case TTL_CALL_NOT_ALLOWED: return push_complaint(L, run, words->not_allowed);
    case TTL_CALL_WRITES: return push_complaint(L, run, words->writes);
    case TTL_CALL_ON_REPLICA: return push_complaint(L, run, words->on_replica);
    case TTL_CALL_NO_MEMORY: return raise_no_memory(L, run);
    }
    push_reply(L, &run->called, 0);
    return 1;
}

static bool is_error(lua_State *L) {
    if (!lua_istable(L, -1)) return false;
    lua_getfield(L, -1, "err");
    bool is = lua_isstring(L, -1) != 0;
    lua_pop(L, 1);
    return is;
}

static int redis_pcall(lua_State *L) {
    return call_command(L);
}

static int redis_call(lua_State *L) {
    call_command(L);
    return is_error(L) ? raise(L, run_of(L)) : 1;
}

/* ---- the rest of the table */

static bool is_one_string(lua_State *L) {
    return lua_gettop(L) == 1 && lua_type(L, 1) == LUA_TSTRING;
}

static int refuse_arguments(lua_State *L) {
    return push_complaint(L, run_of(L), "wrong number or type of arguments");
}

/* From 7.0 on a minus sign before the code is not needed, and ERR is put where there is no code. */
static int redis_error_reply(lua_State *L) {
    if (!is_one_string(L)) return refuse_arguments(L);
    const char *text = lua_tostring(L, 1);
    if (lua_run_has(run_of(L), TRAIT_SCRIPT_ERROR_TELLS)) {
        if (*text == '-') text++;
        if (strchr(text, ' ') == NULL) lua_pushfstring(L, "ERR %s", text);
        else lua_pushstring(L, text);
    }
    wrap_error(L);
    return 1;
}

static int redis_status_reply(lua_State *L) {
    if (!is_one_string(L)) return refuse_arguments(L);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "ok");
    return 1;
}

static int redis_sha1hex(lua_State *L) {
    if (lua_gettop(L) != 1) return refuse_arguments(L);
    char digest[TTL_DIGEST_LENGTH + 1];
    ttl_bytes text;
    text.data = lua_tolstring(L, 1, &text.length);
    run_of(L)->script->digest_of(text, digest);
    lua_pushstring(L, digest);
    return 1;
}

/* What a script wishes for its effects on replicas: granted, there are none. */
static int redis_replicate_commands(lua_State *L) {
    lua_pushboolean(L, true);
    return 1;
}

/* There is no log: what a script writes into it is dropped. */
static int redis_log(lua_State *L) {
    (void)L;
    return 0;
}

void lua_redis_open(lua_State *L, struct lua_run *run) {
    static const luaL_Reg functions[] = {
        {"call", redis_call},
        {"pcall", redis_pcall},
        {"error_reply", redis_error_reply},
        {"status_reply", redis_status_reply},
        {"sha1hex", redis_sha1hex},
        {"replicate_commands", redis_replicate_commands},
        {"log", redis_log},
    };
    static const char *const levels[] = {"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"};
    lua_createtable(L, 0, sizeof functions / sizeof *functions);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        lua_pushlightuserdata(L, run);
        lua_pushcclosure(L, functions[i].func, 1);
        lua_setfield(L, -2, functions[i].name);
    }
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        lua_pushnumber(L, (lua_Number)i);
        lua_setfield(L, -2, levels[i]);
    }
}
