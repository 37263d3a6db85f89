#include "engine/subcommand.h"

#include <string.h>

const struct subcommand subcommands[] = {
#define SUBCOMMAND(name, run, arity, flags, group, redis, valkey)                                  \
    {name, run, arity, flags, group, redis, valkey},
#include "engine/subcommands.def"
#undef SUBCOMMAND
};
const size_t subcommand_count = sizeof subcommands / sizeof *subcommands;

/* ---- finding */

static bool name_is_of(const char *full_name, const char *command) {
    if (full_name[0] != command[0] || full_name[1] != command[1]) return false; /* most end here */
    size_t length = strlen(command);
    return strncmp(full_name, command, length) == 0 && full_name[length] == '|';
}

bool subcommand_belongs(const struct subcommand *subcommand, const struct command *command,
                        const ttl_dialect *dialect) {
    return name_is_of(subcommand->name, command->name) &&
           dialect_in(dialect, subcommand->redis, subcommand->valkey);
}

const struct subcommand *subcommand_find(const ttl_dialect *dialect, const struct command *command,
                                         ttl_bytes name) {
    for (size_t i = 0; i < subcommand_count; i++)
        if (subcommand_belongs(&subcommands[i], command, dialect) &&
            ttl_bytes_is_word(name, subcommands[i].name + strlen(command->name) + 1))
            return &subcommands[i];
    return NULL;
}

bool command_has_subcommands(const struct command *command) {
    if (command->first_key == 1) return false; /* a key stands where a subcommand would */
    for (size_t i = 0; i < subcommand_count; i++)
        if (name_is_of(subcommands[i].name, command->name)) return true;
    return false;
}

static const struct subcommand *subcommand_of(const struct call *call) {
    if (call->argc < 2) return NULL;
    return subcommand_find(&call->engine->dialect, call->command, call->argv[1]);
}

uint32_t subcommand_flags(const struct call *call) {
    bool has_any = call_has(call, TRAIT_SUBCOMMANDS) && command_has_subcommands(call->command);
    const struct subcommand *subcommand = has_any ? subcommand_of(call) : NULL;
    return subcommand == NULL ? call->command->flags : subcommand->flags;
}

const char *subcommand_full_name(const struct call *call) {
    const struct subcommand *subcommand = subcommand_of(call);
    if (subcommand == NULL || !call_has(call, TRAIT_SUBCOMMANDS)) return call->command->name;
    return subcommand->name;
}

/* ---- answering */

/* How much of what was asked for is shown in an error. */
enum { SUBCOMMAND_SHOWN = 128, NAME_MOST = 32 };

static ttl_bytes shown(ttl_bytes bytes) {
    const char *nul = bytes.length == 0 ? NULL : memchr(bytes.data, '\0', bytes.length);
    size_t length = nul == NULL ? bytes.length : (size_t)(nul - bytes.data);
    return (ttl_bytes){bytes.data, length < SUBCOMMAND_SHOWN ? length : SUBCOMMAND_SHOWN};
}

/* "... 'GET'. Try CONFIG HELP." */
static ttl_status reply_try_help(struct call *call, const char *complaint, const char *end) {
    char name[NAME_MOST];
    size_t length = strlen(call->command->name);
    for (size_t i = 0; i < length; i++) {
        char c = call->command->name[i];
        name[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    ttl_bytes parts[] = {ttl_bytes_of(complaint),
                         shown(call->argv[1]),
                         ttl_bytes_of("'. Try "),
                         {name, length},
                         ttl_bytes_of(end)};
    return reply_error_parts(call, parts, 5);
}

ttl_status reply_subcommand_syntax(struct call *call) {
    if (call_has(call, TRAIT_SUBCOMMANDS))
        return reply_try_help(call, "ERR unknown subcommand or wrong number of arguments for '",
                              " HELP.");
    bool is_client = call->command->run == client_command;
    return reply_try_help(call, "ERR Unknown subcommand or wrong number of arguments for '",
                          is_client ? " HELP" : " HELP.");
}

static bool arity_fits(const struct subcommand *subcommand, size_t argc) {
    int arity = subcommand->arity;
    return arity >= 0 ? argc == (size_t)arity : argc >= (size_t)-arity;
}

bool subcommand_fits(struct call *call) {
    if (!call_has(call, TRAIT_SUBCOMMANDS) || call->argc < 2) return true;
    if (!command_has_subcommands(call->command)) return true;
    const struct subcommand *subcommand = subcommand_of(call);
    if (subcommand == NULL) {
        reply_try_help(call, "ERR unknown subcommand '", " HELP.");
        return false;
    }
    if (arity_fits(subcommand, call->argc)) return true;
    ttl_bytes parts[] = {ttl_bytes_of("ERR wrong number of arguments for '"),
                         ttl_bytes_of(subcommand->name), ttl_bytes_of("' command")};
    reply_error_parts(call, parts, 3);
    return false;
}

ttl_status subcommand_run(struct call *call) {
    if (!subcommand_fits(call)) return TTL_OK;
    const struct subcommand *subcommand = subcommand_of(call);
    if (subcommand == NULL || !arity_fits(subcommand, call->argc))
        return reply_subcommand_syntax(call);
    return subcommand->run(call);
}
