/* Subcommands: CONFIG GET, CLIENT ID, PUBSUB NUMSUB ...: a table (subcommands.def) of names,
 * arities and flags, each with the function that runs it.
 *
 * From Redis 7.0 on a subcommand is a command of its own: it is looked up and its arguments are
 * counted before it is queued or executed. Before, the command itself found out when it ran. */
#ifndef ENGINE_SUBCOMMAND_H
#define ENGINE_SUBCOMMAND_H

#include "engine/command.h"

struct subcommand {
    const char *name; /* "config|get" */
    command_run *run;
    int arity; /* the command's name counts */
    uint32_t flags;
    enum command_group group;
    ttl_versions redis, valkey;
};

extern const struct subcommand subcommands[];
extern const size_t subcommand_count;

/* The subcommand `name` of a command in a dialect; NULL: there is none. */
const struct subcommand *subcommand_find(const ttl_dialect *dialect, const struct command *command,
                                         ttl_bytes name);
/* Is this row one of the command's, in this dialect? */
bool subcommand_belongs(const struct subcommand *subcommand, const struct command *command,
                        const ttl_dialect *dialect);
bool command_has_subcommands(const struct command *command);
/* The flags of what is called: the subcommand's, where there is one. */
uint32_t subcommand_flags(const struct call *call);
/* What error messages call the command being executed: "get", "config|get". */
const char *subcommand_full_name(const struct call *call);
/* Where a dialect checks subcommands ahead of queueing: is there one, with as many arguments? If
 * not, answers the error. True for a command without subcommands. */
bool subcommand_fits(struct call *call);
/* Runs the subcommand that the first argument names, or answers that there is none. */
ttl_status subcommand_run(struct call *call);
/* "ERR unknown subcommand or wrong number of arguments for 'GET'. Try CONFIG HELP." */
ttl_status reply_subcommand_syntax(struct call *call);

#define SUBCOMMAND(name, run, arity, flags, group, redis, valkey) command_run run;
#include "engine/subcommands.def"
#undef SUBCOMMAND

#endif
