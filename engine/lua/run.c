#include "engine/lua/run.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char chunk_name[] = "@user_script";

/* ---- answers */

/* A status or an error is one line. */
static void add_line(lua_State *L, ttl_reply *reply, ttl_reply_type type, const char *text,
                     size_t length) {
    char *line = lua_newuserdata(L, length + 1);
    for (size_t i = 0; i < length; i++)
        line[i] = text[i] == '\r' || text[i] == '\n' ? ' ' : text[i];
    ttl_reply_add_text(reply, type, (ttl_bytes){line, length});
    lua_pop(L, 1);
}

/* Is there a string in this field of the table on top of the stack? Then it is answered. */
static bool answer_field(lua_State *L, ttl_reply *reply, const char *name, ttl_reply_type type) {
    lua_getfield(L, -1, name);
    bool is_there = lua_type(L, -1) == LUA_TSTRING;
    if (is_there) {
        size_t length;
        const char *text = lua_tolstring(L, -1, &length);
        add_line(L, reply, type, text, length);
    }
    lua_pop(L, 1);
    return is_there;
}

/* The whole part, as a processor of the servers' kind makes an integer of it. */
static int64_t whole_part(lua_Number number) {
    bool fits = number >= -9223372036854775808.0 && number < 9223372036854775808.0;
    return fits ? (int64_t)number : INT64_MIN;
}

static void answer_value(lua_State *L, struct lua_run *run);

/* Tables with one of these fields are replies of RESP3, which are not made here. */
static bool is_of_resp3(lua_State *L) {
    static const char *const fields[] = {"map", "set", "double", "big_number", "verbatim_string"};
    bool is_one = false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        lua_getfield(L, -1, fields[i]);
        is_one = is_one || !lua_isnil(L, -1);
        lua_pop(L, 1);
    }
    return is_one;
}

/* An array up to its first nil. */
static void answer_table(lua_State *L, struct lua_run *run) {
    ttl_reply *reply = run->reply;
    if (answer_field(L, reply, "err", TTL_REPLY_ERROR)) return;
    if (answer_field(L, reply, "ok", TTL_REPLY_STATUS)) return;
    if (is_of_resp3(L)) run->script->lacks(run->script->context);
    size_t head = reply->node_count, count = 0;
    ttl_reply_add_node(reply, TTL_REPLY_ARRAY, 0);
    for (;; count++) {
        lua_rawgeti(L, -1, (int)count + 1);
        if (lua_isnil(L, -1)) break;
        answer_value(L, run);
    }
    lua_pop(L, 1);
    ttl_reply_set_length(reply, head, count);
}

/* Answers the value on top of the stack, which goes. */
static void answer_value(lua_State *L, struct lua_run *run) {
    ttl_reply *reply = run->reply;
    luaL_checkstack(L, LUA_LEVELS, "reached lua stack limit");
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: {
        ttl_bytes text;
        text.data = lua_tolstring(L, -1, &text.length);
        ttl_reply_add_bulk(reply, text);
        break;
    }
    case LUA_TNUMBER: ttl_reply_add_integer(reply, whole_part(lua_tonumber(L, -1))); break;
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, -1) != 0) ttl_reply_add_integer(reply, 1);
        else ttl_reply_add_nil(reply);
        break;
    case LUA_TTABLE: answer_table(L, run); break;
    default: ttl_reply_add_nil(reply); break;
    }
    lua_pop(L, 1);
}

/* ---- errors */

/* Where the script was: the innermost function that is not one of ours. */
static bool find_line(lua_State *L, lua_Debug *where) {
    for (int level = 1; level <= 2; level++) {
        if (lua_getstack(L, level, where) == 0) return false;
        lua_getinfo(L, "Sl", where);
        if (strcmp(where->what, "C") != 0) return true;
    }
    return true;
}

/* Without the line ends at its end. */
static const char *push_trimmed(lua_State *L, const char *text) {
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == '\n')) length--;
    lua_pushlstring(L, text, length);
    return lua_tostring(L, -1);
}

/* Turns what was raised into the line that ends the script, as its version words it. */
static int handle_error(lua_State *L) {
    const struct lua_run *run = lua_touserdata(L, lua_upvalueindex(1));
    const char *digest = run->script->digest;
    lua_Debug where;
    bool is_known = find_line(L, &where);
    if (lua_istable(L, 1)) lua_getfield(L, 1, "err");
    else lua_pushvalue(L, 1);
    const char *text = lua_isstring(L, -1) ? lua_tostring(L, -1)
                       : lua_istable(L, 1) ? "ERR unknown error"
                                           : "nil";
    const char *code = lua_istable(L, 1) ? "" : "ERR ";
    if (!is_known) lua_pushfstring(L, "%s%s", code, text);
    else if (!lua_run_has(run, TRAIT_SCRIPT_ERROR_TELLS))
        lua_pushfstring(L, "ERR Error running script (call to f_%s): %s:%d: %s", digest,
                        where.source, where.currentline, push_trimmed(L, text));
    else if (lua_run_has(run, TRAIT_SCRIPT_ERROR_IS_SHORT))
        lua_pushfstring(L, "%s%s script: on %s:%d.", code, text, where.source, where.currentline);
    else
        lua_pushfstring(L, "%s%s script: %s, on %s:%d.", code, text, digest, where.source,
                        where.currentline);
    return 1;
}

static void answer_error(lua_State *L, ttl_reply *reply) {
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    add_line(L, reply, TTL_REPLY_ERROR, text, length);
    lua_pop(L, 1);
}

/* ---- a script */

/* Pushes the script as a function; what it is not is answered. Old versions wrap the text into a
 * function, which shows in what they say of it. */
static bool load_script(lua_State *L, struct lua_run *run) {
    ttl_bytes text = run->script->text;
    bool has_flags = text.length >= 2 && memcmp(text.data, "#!", 2) == 0;
    if (has_flags) run->script->lacks(run->script->context); /* a line that we do not read */
    bool wraps = !lua_run_has(run, TRAIT_SCRIPT_ERROR_TELLS);
    if (wraps) {
        lua_pushliteral(L, "return function() ");
        lua_pushlstring(L, text.data, text.length);
        lua_pushliteral(L, "\nend");
        lua_concat(L, 3);
        text.data = lua_tolstring(L, -1, &text.length);
    }
    int status = luaL_loadbuffer(L, text.data, text.length, chunk_name);
    if (status == LUA_ERRMEM) lua_error(L);
    if (status == 0) {
        if (wraps) lua_call(L, 0, 1);
        return true;
    }
    lua_pushfstring(L, "ERR Error compiling script (new function): %s", lua_tostring(L, -1));
    answer_error(L, run->reply);
    return false;
}

static int run_protected(lua_State *L) {
    struct lua_run *run = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_world_open(L, run);
    lua_pushlightuserdata(L, run);
    lua_pushcclosure(L, handle_error, 1);
    run->is_sound = load_script(L, run);
    if (!run->is_sound || run->only_check) return 0;
    int status = lua_pcall(L, 0, 1, 1);
    if (status == LUA_ERRMEM) run->status = TTL_NO_MEMORY;
    if (run->status != TTL_OK) return 0;
    if (status == 0) answer_value(L, run);
    else answer_error(L, run->reply);
    return 0;
}

/* A block of Lua's knows its size: Lua takes for granted that a block can always become smaller,
 * and here it then stays as large as it is. */
union block_head {
    size_t size; /* with the head */
    max_align_t alignment;
};

/* Lua's one function for memory: a size of nothing gives it back. */
static void *allocate(void *context, void *block, size_t old_size, size_t new_size) {
    const ttl_allocator *memory = context;
    union block_head *head = block == NULL ? NULL : (union block_head *)block - 1, *moved;
    (void)old_size;
    if (new_size == 0) {
        if (head != NULL) memory->release(memory->context, head, head->size);
        return NULL;
    }
    size_t size = sizeof *head + new_size;
    if (head != NULL && size <= head->size) return block;
    moved = head == NULL ? memory->allocate(memory->context, size)
                         : memory->resize(memory->context, head, head->size, size);
    if (moved == NULL) return NULL;
    moved->size = size;
    return moved + 1;
}

static ttl_status run_script(struct lua_run *run) {
    ttl_allocator memory = run->script->allocator;
    lua_State *L = lua_newstate(allocate, &memory);
    if (L == NULL) return TTL_NO_MEMORY;
    ttl_reply_init(&run->called, memory);
    size_t nodes = run->reply->node_count, text = run->reply->text_length;
    int status = lua_cpcall(L, run_protected, run);
    if (status == LUA_ERRMEM) run->status = TTL_NO_MEMORY;
    if (status == LUA_ERRRUN) {
        /* The answer was nested too deeply. */
        run->reply->node_count = nodes;
        run->reply->text_length = text;
        ttl_reply_add_error(run->reply, "ERR reached lua stack limit");
    }
    ttl_reply_free(&run->called);
    lua_close(L);
    return run->status;
}

static ttl_status scripting_check(const ttl_script *script, bool *is_sound, ttl_reply *reply) {
    struct lua_run run = {.script = script, .reply = reply, .only_check = true};
    ttl_status status = run_script(&run);
    *is_sound = run.is_sound;
    return status;
}

static ttl_status scripting_run(const ttl_script *script, ttl_reply *reply) {
    struct lua_run run = {.script = script, .reply = reply};
    return run_script(&run);
}

const ttl_scripting ttl_scripting_lua = {scripting_check, scripting_run};
