#include "engine/command.h"

#include <string.h>

#include "engine/number.h"
#include "engine/require.h"
#include "engine/rule.h"

const struct command commands[] = {
#define COMMAND(name, run, arity, arity_before, flags, group, first, last, step, access, redis,    \
                valkey)                                                                            \
    {name, run, arity, arity_before, flags, group, first, last, step, access, redis, valkey},
#include "engine/commands.def"
#undef COMMAND
};
const size_t command_count = sizeof commands / sizeof *commands;

enum { COMMAND_SLOTS = sizeof((ttl_engine *)0)->command_slots / sizeof(uint16_t) };

/* ---- finding */

/* Of its first and its last letters, which may overlap, and of its length: no two names share all
 * that. Bit 5 is what upper and lower case differ by. */
static size_t word_hash(ttl_bytes word) {
    const uint32_t lower = 0x20202020;
    uint32_t head = 0, tail = 0;
    size_t taken = word.length < sizeof head ? word.length : sizeof head;
    if (taken == sizeof head) {
        memcpy(&head, word.data, sizeof head);
        memcpy(&tail, word.data + word.length - sizeof tail, sizeof tail);
    } else {
        for (size_t i = 0; i < taken; i++) head = head << 8 | (unsigned char)word.data[i];
    }
    uint64_t hash = (uint64_t)(head | lower) << 32 | (tail | lower);
    hash = (hash ^ word.length) * UINT64_C(0x9e3779b97f4a7c15);
    return (hash >> 32) % COMMAND_SLOTS;
}

void command_index(ttl_engine *engine) {
    require(command_count < COMMAND_SLOTS);
    for (size_t i = 0; i < command_count; i++) {
        if (!command_exists(engine, &commands[i])) continue;
        size_t slot = word_hash(ttl_bytes_of(commands[i].name));
        while (engine->command_slots[slot] != 0) slot = (slot + 1) % COMMAND_SLOTS;
        engine->command_slots[slot] = (uint16_t)(i + 1);
    }
}

const struct command *command_find(const ttl_engine *engine, ttl_bytes name) {
    for (size_t slot = word_hash(name); engine->command_slots[slot] != 0;
         slot = (slot + 1) % COMMAND_SLOTS) {
        const struct command *command = &commands[engine->command_slots[slot] - 1];
        if (ttl_bytes_is_word(name, command->name)) {
            RULE("command.name-ignores-case");
            return command;
        }
    }
    return NULL;
}

bool command_exists_in(const struct command *command, const ttl_dialect *dialect) {
    return dialect_in(dialect, command->redis, command->valkey);
}

bool command_exists(const ttl_engine *engine, const struct command *command) {
    bool is_of_scripts = command->group == GROUP_SCRIPTING || command->run == script_command;
    if (is_of_scripts && engine->scripting == NULL) return false;
    if (command->run == object_command && !engine->keeps_ages) return false;
    return command_exists_in(command, &engine->dialect);
}

int command_arity(const struct command *command, const ttl_dialect *dialect) {
    bool old = dialect->family == TTL_FAMILY_REDIS && dialect->version.major < 7;
    return old ? command->arity_before_7_0 : command->arity;
}

bool command_arity_fits(const struct command *command, const ttl_dialect *dialect, size_t argc) {
    int arity = command_arity(command, dialect);
    return arity >= 0 ? argc == (size_t)arity : argc >= (size_t)-arity;
}

bool command_runs_in_multi(const struct command *command) {
    return command->run == exec_command || command->run == discard_command ||
           command->run == multi_command || command->run == watch_command ||
           command->run == quit_command || command->run == reset_command;
}

/* ---- arguments */

bool argument_integer(ttl_bytes bytes, int64_t *integer) {
    bool negative = bytes.length > 0 && bytes.data[0] == '-';
    size_t first = negative ? 1 : 0, digits = bytes.length - first;
    if (digits == 0 || digits > 19) {
        RULE("number.empty-is-refused");
        return false;
    }
    if (bytes.data[first] == '0' && bytes.length > 1) {
        RULE("number.sign-and-zeros-are-refused");
        return false;
    }
    uint64_t value = 0;
    for (size_t i = first; i < bytes.length; i++) {
        if (bytes.data[i] < '0' || bytes.data[i] > '9') {
            RULE("number.fraction-is-refused", "number.blanks-are-refused",
                 "number.other-notations-are-refused", "number.nul-is-refused");
            return false;
        }
        value = value * 10 + (uint64_t)(bytes.data[i] - '0');
    }
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        RULE("number.beyond-int64-is-refused");
        return false;
    }
    *integer = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool call_integer(struct call *call, size_t index, int64_t *integer) {
    if (argument_integer(call->argv[index], integer)) return true;
    reply_not_integer(call);
    return false;
}

bool call_is_word(const struct call *call, size_t index, const char *word) {
    RULE("option.ignores-case");
    return ttl_bytes_is_word(call->argv[index], word);
}

/* ---- answers */

ttl_status reply_ok(struct call *call) {
    ttl_reply_add_status(call->reply, "OK");
    return TTL_OK;
}

ttl_status reply_integer(struct call *call, int64_t integer) {
    ttl_reply_add_integer(call->reply, integer);
    return TTL_OK;
}

ttl_status reply_nil(struct call *call) {
    ttl_reply_add_nil(call->reply);
    return TTL_OK;
}

ttl_status reply_bulk(struct call *call, ttl_bytes bytes) {
    ttl_reply_add_bulk(call->reply, bytes);
    return TTL_OK;
}

ttl_status reply_array(struct call *call, size_t length) {
    ttl_reply_add_node(call->reply, TTL_REPLY_ARRAY, length);
    return TTL_OK;
}

ttl_status reply_error(struct call *call, const char *error) {
    ttl_reply_add_error(call->reply, error);
    return TTL_OK;
}

ttl_status reply_syntax_error(struct call *call) {
    return reply_error(call, "ERR syntax error");
}

ttl_status reply_wrong_type(struct call *call) {
    return reply_error(call, "WRONGTYPE Operation against a key holding the wrong kind of value");
}

void call_leave_open(const struct call *call, const char *why) {
    const ttl_timeline *timeline = call->engine->timeline;
    if (timeline != NULL) timeline->give_up(timeline->context, why);
}

ttl_status reply_not_integer(struct call *call) {
    return reply_error(call, "ERR value is not an integer or out of range");
}

ttl_status reply_wrong_arity(struct call *call) {
    ttl_bytes parts[] = {ttl_bytes_of("ERR wrong number of arguments for '"),
                         ttl_bytes_of(call->command->name), ttl_bytes_of("' command")};
    return reply_error_parts(call, parts, 3);
}

/* Room for the longest message: an unknown command with its arguments, cut as Redis cuts them. */
enum { ERROR_MOST = 512 };

ttl_status reply_error_parts(struct call *call, const ttl_bytes *parts, size_t count) {
    char text[ERROR_MOST];
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        size_t room = ERROR_MOST - length;
        size_t taken = parts[i].length < room ? parts[i].length : room;
        if (taken > 0) memcpy(text + length, parts[i].data, taken);
        length += taken;
    }
    while (length > 0 && (text[length - 1] == '\r' || text[length - 1] == '\n')) length--;
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\r' || text[i] == '\n') text[i] = ' ';
    ttl_reply_add_text(call->reply, TTL_REPLY_ERROR, (ttl_bytes){text, length});
    return TTL_OK;
}
