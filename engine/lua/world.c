#include "engine/lua/run.h"

/* ---- the libraries, without what reaches outside, compiles text or draws at random */

static const struct library {
    const char *name;
    lua_CFunction open;
} libraries[] = {
    {"", luaopen_base},
    {LUA_TABLIBNAME, luaopen_table},
    {LUA_STRLIBNAME, luaopen_string},
    {LUA_MATHLIBNAME, luaopen_math},
};

static const char *const taken_away[] = {
    "collectgarbage", "dofile",   "gcinfo", "getfenv", "load",   "loadfile",
    "loadstring",     "newproxy", "print",  "setfenv", "xpcall",
};

static void open_libraries(lua_State *L) {
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        lua_pushcfunction(L, libraries[i].open);
        lua_pushstring(L, libraries[i].name);
        lua_call(L, 1, 0);
    }
    for (size_t i = 0; i < sizeof taken_away / sizeof *taken_away; i++) {
        lua_pushnil(L);
        lua_setglobal(L, taken_away[i]);
    }
}

/* pcall, as servers have it: an error that is a table is given as its text, and one that comes of
 * memory is not to be caught. */
static int world_pcall(lua_State *L) {
    const struct lua_run *run = lua_touserdata(L, lua_upvalueindex(1));
    luaL_checkany(L, 1);
    int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    if (status == LUA_ERRMEM || run->status != TTL_OK) return lua_error(L);
    lua_pushboolean(L, status == 0);
    lua_insert(L, 1);
    bool as_text = lua_run_has(run, TRAIT_SCRIPT_ERROR_TELLS);
    if (status != 0 && as_text && lua_istable(L, -1)) {
        lua_getfield(L, -1, "err");
        if (lua_isstring(L, -1)) lua_replace(L, -2);
        else lua_pop(L, 1);
    }
    return lua_gettop(L);
}

/* ---- globals */

static int refuse_read(lua_State *L) {
    const struct lua_run *run = lua_touserdata(L, lua_upvalueindex(1));
    const char *name = lua_tostring(L, 2);
    run->script->lacks(run->script->context);
    return luaL_error(L, "Script attempted to access nonexistent global variable '%s'",
                      name == NULL ? "" : name);
}

static int refuse_write(lua_State *L) {
    const struct lua_run *run = lua_touserdata(L, lua_upvalueindex(1));
    const char *name = lua_tostring(L, 2);
    if (lua_run_has(run, TRAIT_SCRIPT_ERROR_TELLS))
        return luaL_error(L, "Attempt to modify a readonly table");
    return luaL_error(L, "Script attempted to create global variable '%s'",
                      name == NULL ? "" : name);
}

static void lock_globals(lua_State *L, struct lua_run *run) {
    lua_createtable(L, 0, 3);
    lua_pushlightuserdata(L, run);
    lua_pushcclosure(L, refuse_read, 1);
    lua_setfield(L, -2, "__index");
    lua_pushlightuserdata(L, run);
    lua_pushcclosure(L, refuse_write, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, LUA_GLOBALSINDEX);
}

/* A field that a library of ours does not have may be one of the servers' own. */
static int note_lack(lua_State *L) {
    const struct lua_run *run = lua_touserdata(L, lua_upvalueindex(1));
    run->script->lacks(run->script->context);
    return 0;
}

/* Of the table on top of the stack. */
static void note_lacks(lua_State *L, struct lua_run *run) {
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, run);
    lua_pushcclosure(L, note_lack, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

static void take_chance_away(lua_State *L, struct lua_run *run) {
    lua_getglobal(L, LUA_MATHLIBNAME);
    lua_pushnil(L);
    lua_setfield(L, -2, "random");
    lua_pushnil(L);
    lua_setfield(L, -2, "randomseed");
    note_lacks(L, run);
    lua_pop(L, 1);
}

static void set_list(lua_State *L, const char *name, const ttl_bytes *values, size_t count) {
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushlstring(L, values[i].data, values[i].length);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setglobal(L, name);
}

void lua_world_open(lua_State *L, struct lua_run *run) {
    open_libraries(L);
    take_chance_away(L, run);
    lua_pushlightuserdata(L, run);
    lua_pushcclosure(L, world_pcall, 1);
    lua_setglobal(L, "pcall");
    set_list(L, "KEYS", run->script->keys, run->script->key_count);
    set_list(L, "ARGV", run->script->arguments, run->script->argument_count);
    lua_redis_open(L, run);
    note_lacks(L, run);
    lua_setglobal(L, "redis");
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    lock_globals(L, run);
    lua_pop(L, 1);
}
