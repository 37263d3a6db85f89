/* Commands: a table (commands.def) of names, arities, flags and key positions, each with the
 * function that runs it.
 *
 * A command function reads its arguments, checks them in the order in which the server of the
 * dialect does, changes the keyspace through db.h and answers into call->reply. It answers
 * TTL_NO_MEMORY exactly when it changed nothing; so it drafts and reserves first and changes last.
 */
#ifndef ENGINE_COMMAND_H
#define ENGINE_COMMAND_H

#include <stdint.h>

#include "engine/dialect.h"
#include "engine/state.h"

/* One command being executed. */
struct call {
    ttl_engine *engine;
    ttl_session *session;
    struct database *db; /* the selected one */
    const struct command *command;
    size_t argc;
    const ttl_bytes *argv; /* argv[0] is the command's name */
    ttl_reply *reply;
    bool is_told;    /* replicas know what it came to: change.h */
    size_t woken_by; /* it has waited, for the key at this argument: blocked.h; 0: it has not */
};

typedef ttl_status command_run(struct call *call);

/* Flags as COMMAND INFO tells them. */
enum command_flag {
    COMMAND_WRITE = 1 << 0,
    COMMAND_READONLY = 1 << 1,
    COMMAND_DENYOOM = 1 << 2,
    COMMAND_ADMIN = 1 << 3,
    COMMAND_PUBSUB = 1 << 4,
    COMMAND_NOSCRIPT = 1 << 5,
    COMMAND_LOADING = 1 << 6,
    COMMAND_STALE = 1 << 7,
    COMMAND_FAST = 1 << 8,
    COMMAND_NO_AUTH = 1 << 9,
    COMMAND_NO_MULTI = 1 << 10,
    COMMAND_MOVABLEKEYS = 1 << 11,
    COMMAND_BLOCKING = 1 << 12,
    COMMAND_SKIP_MONITOR = 1 << 13,
    COMMAND_NO_ASYNC_LOADING = 1 << 14,
    COMMAND_ALLOW_BUSY = 1 << 15,
    COMMAND_RANDOM = 1 << 16, /* until 6.2 */
    COMMAND_SORT = 1 << 17,   /* until 6.2: sort_for_script */
    COMMAND_SKIP_SLOWLOG = 1 << 18,
    COMMAND_SKIP_COMMANDLOG = 1 << 19,
    COMMAND_NO_MANDATORY_KEYS = 1 << 21,
    COMMAND_DANGEROUS = 1 << 20, /* no flag there, but the category @dangerous */
};

/* The @category of data it belongs to; @write, @read, @fast, @slow follow from the flags. */
enum command_group {
    GROUP_KEYSPACE,
    GROUP_STRING,
    GROUP_BITMAP,
    GROUP_HYPERLOGLOG,
    GROUP_LIST,
    GROUP_HASH,
    GROUP_SET,
    GROUP_ZSET,
    GROUP_GEO,
    GROUP_STREAM,
    GROUP_TRANSACTION,
    GROUP_PUBSUB,
    GROUP_CONNECTION,
    GROUP_SCRIPTING,
    GROUP_SORTABLE, /* of lists, sets and sorted sets at once */
    GROUP_SERVER,   /* no category of its own */
};

/* What a command does to the value of its keys, as the key specs of COMMAND INFO say it. */
enum key_access {
    KEYS_NONE,
    KEYS_READ,        /* RO access */
    KEYS_EXISTENCE,   /* RO: EXISTS, TYPE, STRLEN: nothing of the value */
    KEYS_UPDATE,      /* RW update */
    KEYS_READ_UPDATE, /* RW access update */
    KEYS_READ_DELETE, /* RW access delete */
    KEYS_INSERT,      /* RW insert */
    KEYS_SHRINK,      /* RW delete */
    KEYS_OVERWRITE,   /* OW update */
    KEYS_CREATE,      /* OW insert */
    KEYS_DELETE,      /* RM delete */
    KEYS_SET,         /* RW access update variable_flags, with a note */
    KEYS_GETEX,       /* RW access update, with a note */
    KEYS_RENAME,      /* RW access delete, then OW update */
    KEYS_RENAMENX,    /* RW access delete, then OW insert */
    KEYS_COPY,        /* RO access, then OW update */
    KEYS_POP_PUSH,    /* RW access delete, then RW insert */
    KEYS_STORE,       /* OW update, then RO access up to the last argument */
    KEYS_STORE_ONE,   /* OW update, then RO access of one */
    KEYS_OF_SCRIPT,   /* as many as argument 2 says, from there on: RW access update, with a note */
    KEYS_OF_DIGEST,   /* the same without a note */
    KEYS_OF_READER,   /* the same: RO access, with a note */
    KEYS_OF_READER_DIGEST,
    KEYS_STORE_RW,      /* RW update, then RO access up to the last argument */
    KEYS_STORE_COUNTED, /* OW update, then RO access of as many as argument 2 says */
    KEYS_OF_PAIRS,      /* OW update of as many as argument 1 says, a value behind each */
    KEYS_SORT,          /* RO access, then keys that nobody can tell: RO access, and OW update */
    KEYS_SORT_READ,     /* the same without those of OW update */
    KEYS_KEYWORD,       /* RO access, then OW update behind STORE and behind STOREDIST */
    KEYS_KEYWORD_INCOMPLETE, /* the same, with notes */
    KEYS_KEYWORD_VARIABLE,   /* the same with variable_flags */
    KEYS_COUNTED_POP,        /* RW access delete of as many as argument 1 says */
    KEYS_COUNTED_READ,       /* RO access of them */
    KEYS_COUNTED_POP_TIMED,  /* RW access delete of as many as argument 2 says */
    KEYS_ADD,                /* RW update, with a note */
    KEYS_STREAMS,            /* RO access of what follows STREAMS, the first half of it */
    KEYS_STREAMS_INCOMPLETE, /* the same, with a note */
    KEYS_STREAMS_OF_GROUP,   /* the same behind a group */
    KEYS_STREAMS_OF_GROUP_INCOMPLETE,
    KEYS_COUNT,     /* RW access, with a note */
    KEYS_DELETE_IF, /* RW delete variable_flags */
    KEYS_BITFIELD,  /* RW access update variable_flags, with a note */
    KEYS_MERGE,     /* RW access insert, then RO access up to the last argument */
};

struct command {
    const char *name; /* lower case */
    command_run *run;
    int arity;            /* as Redis counts: negative is "at least" */
    int arity_before_7_0; /* the same before Redis 7.0; EXPIRE took no options then */
    uint32_t flags;
    enum command_group group;
    int first_key, last_key, key_step; /* as COMMAND INFO tells them */
    enum key_access access;
    ttl_versions redis, valkey; /* where it exists */
};

/* The table, in no particular order; its length. */
extern const struct command commands[];
extern const size_t command_count;

/* Fills the engine's index of the commands that its dialect has. */
void command_index(ttl_engine *engine);
/* The command of this name in the engine's dialect; NULL: unknown there. */
const struct command *command_find(const ttl_engine *engine, ttl_bytes name);
bool command_exists_in(const struct command *command, const ttl_dialect *dialect);
/* The same in an engine, which may have no scripts and no ages. */
bool command_exists(const ttl_engine *engine, const struct command *command);
/* Does this number of arguments (the name counts) fit? */
bool command_arity_fits(const struct command *command, const ttl_dialect *dialect, size_t argc);
int command_arity(const struct command *command, const ttl_dialect *dialect);
/* EXEC, DISCARD and their like act at once between MULTI and EXEC; all others are queued. */
bool command_runs_in_multi(const struct command *command);

#define COMMAND(name, run, arity, arity_before, flags, group, first, last, step, access, redis,    \
                valkey)                                                                            \
    command_run run;
#include "engine/commands.def"
#undef COMMAND

static inline bool call_has(const struct call *call, enum trait trait) {
    return ttl_dialect_has(&call->engine->dialect, trait);
}

/* ---- reading arguments */

/* The integer that the bytes spell exactly as Redis reads one: optional minus, no leading zeros,
 * no blanks, within int64. */
bool argument_integer(ttl_bytes bytes, int64_t *integer);
/* The same, answering "-ERR value is not an integer or out of range" where it is none. */
bool call_integer(struct call *call, size_t index, int64_t *integer);
bool call_is_word(const struct call *call, size_t index, const char *word);

/* ---- answering: each returns TTL_OK, so that a command can `return` it */

ttl_status reply_ok(struct call *call);
ttl_status reply_integer(struct call *call, int64_t integer);
ttl_status reply_nil(struct call *call);
ttl_status reply_bulk(struct call *call, ttl_bytes bytes);
ttl_status reply_error(struct call *call, const char *error);
/* The same, and false: the call goes no further. */
static inline bool call_refuse(struct call *call, const char *error) {
    reply_error(call, error);
    return false;
}
/* An error of several pieces, put together; line ends at its end go, those within become blanks. */
ttl_status reply_error_parts(struct call *call, const ttl_bytes *parts, size_t count);
ttl_status reply_syntax_error(struct call *call);
ttl_status reply_wrong_type(struct call *call);
ttl_status reply_not_integer(struct call *call);
/* "ERR wrong number of arguments for 'get' command" */
ttl_status reply_wrong_arity(struct call *call);
/* Tells who judges by this engine that what is answered now is the server's own affair. `why` is a
 * sentence, and outlives everything. */
void call_leave_open(const struct call *call, const char *why);
/* The head of an array. */
ttl_status reply_array(struct call *call, size_t length);

#endif
