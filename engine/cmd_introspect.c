/* COMMAND: what the server says of its commands.
 *
 * The answers come from the tables of commands and subcommands; what only COMMAND INFO looks at
 * (the words for flags and categories, hints, key specs) is here. */
#include <string.h>

#include "engine/rule.h"
#include "engine/subcommand.h"

/* ---- what is told of a command or a subcommand */

struct described {
    const char *name;
    int arity;
    uint32_t flags;
    enum command_group group;
    int first_key, last_key, key_step;
    enum key_access access;
};

static struct described describe_command(const struct call *call, const struct command *command) {
    return (struct described){command->name,      command_arity(command, &call->engine->dialect),
                              command->flags,     command->group,
                              command->first_key, command->last_key,
                              command->key_step,  command->access};
}

/* What the subcommands that have a key, as argument 2, do to it. */
static enum key_access subcommand_access(const struct subcommand *subcommand) {
    static const struct {
        const char *name;
        enum key_access access;
    } rows[] = {
        {"object|idletime", KEYS_EXISTENCE},
        {"object|freq", KEYS_EXISTENCE},
        {"xgroup|create", KEYS_INSERT},
        {"xgroup|setid", KEYS_UPDATE},
        {"xgroup|createconsumer", KEYS_INSERT},
        {"xgroup|delconsumer", KEYS_SHRINK},
        {"xgroup|destroy", KEYS_SHRINK},
        {"xinfo|consumers", KEYS_READ},
        {"xinfo|groups", KEYS_READ},
        {"xinfo|stream", KEYS_READ},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, subcommand->name) == 0) return rows[i].access;
    return KEYS_NONE;
}

static struct described describe_subcommand(const struct subcommand *subcommand) {
    enum key_access access = subcommand_access(subcommand);
    bool has_key = access != KEYS_NONE;
    int place = has_key ? 2 : 0;
    return (struct described){.name = subcommand->name,
                              .arity = subcommand->arity,
                              .flags = subcommand->flags,
                              .group = subcommand->group,
                              .first_key = place,
                              .last_key = place,
                              .key_step = has_key,
                              .access = access};
}

static void add_status(struct call *call, const char *word) {
    ttl_reply_add_status(call->reply, word);
}

static void add_word(struct call *call, const char *word) {
    reply_bulk(call, ttl_bytes_of(word));
}

static void add_set(struct call *call, size_t length) {
    ttl_reply_add_node(call->reply, TTL_REPLY_SET, length);
}

/* ---- flags */

static const struct flag_word {
    uint32_t flag;
    const char *word;
} flag_words[] = {
    {COMMAND_WRITE, "write"},
    {COMMAND_READONLY, "readonly"},
    {COMMAND_DENYOOM, "denyoom"},
    {COMMAND_ADMIN, "admin"},
    {COMMAND_PUBSUB, "pubsub"},
    {COMMAND_NOSCRIPT, "noscript"},
    {COMMAND_BLOCKING, "blocking"},
    {COMMAND_RANDOM, "random"},
    {COMMAND_SORT, "sort_for_script"},
    {COMMAND_LOADING, "loading"},
    {COMMAND_STALE, "stale"},
    {COMMAND_SKIP_MONITOR, "skip_monitor"},
    {COMMAND_SKIP_SLOWLOG, "skip_slowlog"},
    {COMMAND_SKIP_COMMANDLOG, "skip_commandlog"},
    {COMMAND_FAST, "fast"},
    {COMMAND_NO_AUTH, "no_auth"},
    {COMMAND_NO_ASYNC_LOADING, "no_async_loading"},
    {COMMAND_NO_MULTI, "no_multi"},
    {COMMAND_MOVABLEKEYS, "movablekeys"},
    {COMMAND_NO_MANDATORY_KEYS, "no_mandatory_keys"},
    {COMMAND_ALLOW_BUSY, "allow_busy"},
};

static void add_flags(struct call *call, uint32_t flags) {
    uint32_t untold = call_has(call, TRAIT_SUBCOMMANDS) ? COMMAND_RANDOM | COMMAND_SORT
                                                        : COMMAND_ALLOW_BUSY | COMMAND_BLOCKING;
    size_t head = call->reply->node_count, count = 0;
    add_set(call, 0);
    for (size_t i = 0; i < sizeof flag_words / sizeof *flag_words; i++) {
        if ((flags & ~untold & flag_words[i].flag) == 0) continue;
        add_status(call, flag_words[i].word);
        count++;
    }
    ttl_reply_set_length(call->reply, head, count);
}

/* ---- categories */

/* In the order of the servers' own list. One applies to a group, to commands with one of some
 * flags, or to commands without a flag. */
enum { NO_GROUP = -1 };
static const struct category {
    const char *word;
    int group;
    uint32_t with, without;
} categories[] = {
    {"@keyspace", GROUP_KEYSPACE, 0, 0},
    {"@read", NO_GROUP, COMMAND_READONLY, 0},
    {"@write", NO_GROUP, COMMAND_WRITE, 0},
    {"@set", GROUP_SET, 0, 0},
    {"@set", GROUP_SORTABLE, 0, 0},
    {"@sortedset", GROUP_ZSET, 0, 0},
    {"@sortedset", GROUP_SORTABLE, 0, 0},
    {"@list", GROUP_LIST, 0, 0},
    {"@list", GROUP_SORTABLE, 0, 0},
    {"@hash", GROUP_HASH, 0, 0},
    {"@string", GROUP_STRING, 0, 0},
    {"@bitmap", GROUP_BITMAP, 0, 0},
    {"@hyperloglog", GROUP_HYPERLOGLOG, 0, 0},
    {"@geo", GROUP_GEO, 0, 0},
    {"@stream", GROUP_STREAM, 0, 0},
    {"@pubsub", GROUP_PUBSUB, 0, 0},
    {"@admin", NO_GROUP, COMMAND_ADMIN, 0},
    {"@fast", NO_GROUP, COMMAND_FAST, 0},
    {"@slow", NO_GROUP, 0, COMMAND_FAST},
    {"@blocking", NO_GROUP, COMMAND_BLOCKING, 0},
    {"@dangerous", NO_GROUP, COMMAND_ADMIN | COMMAND_DANGEROUS, 0},
    {"@connection", GROUP_CONNECTION, 0, 0},
    {"@transaction", GROUP_TRANSACTION, 0, 0},
    {"@scripting", GROUP_SCRIPTING, 0, 0},
};

static bool category_holds(const struct category *category, const struct described *it) {
    if (category->group != NO_GROUP) return category->group == (int)it->group;
    if (category->without != 0) return (it->flags & category->without) == 0;
    return (it->flags & category->with) != 0;
}

static void add_categories(struct call *call, const struct described *it) {
    RULE("command-info.psetex-acl");
    size_t head = call->reply->node_count, count = 0;
    add_set(call, 0);
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
        if (!category_holds(&categories[i], it)) continue;
        add_status(call, categories[i].word);
        count++;
    }
    ttl_reply_set_length(call->reply, head, count);
}

/* ---- hints for clients and proxies */

#define RANDOM_OUTPUT "nondeterministic_output"
#define RANDOM_ORDER  "nondeterministic_output_order"
#define ALL_NODES     "request_policy:all_nodes"
#define ALL_SHARDS    "request_policy:all_shards"
#define MULTI_SHARD   "request_policy:multi_shard"
#define SPECIAL       "request_policy:special"
#define SUCCEEDED     "response_policy:all_succeeded"
#define SUM           "response_policy:agg_sum"
#define ALL           "response_policy:agg_logical_and"
#define MINIMUM       "response_policy:agg_min"
#define ANSWER        "response_policy:special"

enum { HINTS_MOST = 3 };
static const struct hints {
    const char *command;
    ttl_versions redis, valkey;
    const char *words[HINTS_MOST];
} hint_rows[] = {
    {"mset", ALWAYS, ALWAYS, {MULTI_SHARD, SUCCEEDED}},
    {"msetex", ALWAYS, ALWAYS, {MULTI_SHARD, SUCCEEDED}},
    {"msetnx", BEFORE(7, 2, 0), NEVER, {MULTI_SHARD, MINIMUM}},
    {"mget", ALWAYS, ALWAYS, {MULTI_SHARD}},
    {"ttl", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"pttl", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"dump", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"del", ALWAYS, ALWAYS, {MULTI_SHARD, SUM}},
    {"unlink", ALWAYS, ALWAYS, {MULTI_SHARD, SUM}},
    {"exists", ALWAYS, ALWAYS, {MULTI_SHARD, SUM}},
    {"touch", ALWAYS, ALWAYS, {MULTI_SHARD, SUM}},
    {"keys", ALWAYS, ALWAYS, {ALL_SHARDS, RANDOM_ORDER}},
    {"scan", BEFORE(7, 2, 0), NEVER, {RANDOM_OUTPUT, SPECIAL}},
    {"scan", SINCE(7, 2, 0), ALWAYS, {RANDOM_OUTPUT, SPECIAL, ANSWER}},
    {"randomkey", BEFORE(7, 2, 0), NEVER, {ALL_SHARDS, RANDOM_OUTPUT}},
    {"randomkey", SINCE(7, 2, 0), ALWAYS, {ALL_SHARDS, ANSWER, RANDOM_OUTPUT}},
    {"dbsize", ALWAYS, ALWAYS, {ALL_SHARDS, SUM}},
    {"flushdb", ALWAYS, ALWAYS, {ALL_SHARDS, SUCCEEDED}},
    {"flushall", ALWAYS, ALWAYS, {ALL_SHARDS, SUCCEEDED}},
    {"hgetall", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"hkeys", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"hvals", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"httl", ALWAYS, NEVER, {RANDOM_OUTPUT}},
    {"hpttl", ALWAYS, NEVER, {RANDOM_OUTPUT}},
    {"hrandfield", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"hscan", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"smembers", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"spop", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"srandmember", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"sscan", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"zrandmember", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"zscan", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"sinter", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"sunion", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"sdiff", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"xadd", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"xtrim", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"xpending", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"xclaim", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"xautoclaim", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"ping", ALWAYS, ALWAYS, {ALL_SHARDS, SUCCEEDED}},
    {"time", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"info", ALWAYS, ALWAYS, {RANDOM_OUTPUT, ALL_SHARDS, ANSWER}},
    {"command", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"object|idletime", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"object|freq", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"xinfo|consumers", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"command|info", ALWAYS, ALWAYS, {RANDOM_ORDER}},
    {"config|set", ALWAYS, ALWAYS, {ALL_NODES, SUCCEEDED}},
    {"config|resetstat", SINCE(7, 2, 0), ALWAYS, {ALL_NODES, SUCCEEDED}},
    {"config|rewrite", SINCE(7, 2, 0), ALWAYS, {ALL_NODES, SUCCEEDED}},
    {"client|setname", SINCE(7, 2, 0), ALWAYS, {ALL_NODES, SUCCEEDED}},
    {"client|setinfo", ALWAYS, ALWAYS, {ALL_NODES, SUCCEEDED}},
    {"client|info", ALWAYS, ALWAYS, {RANDOM_OUTPUT}},
    {"script|load", ALWAYS, ALWAYS, {ALL_NODES, SUCCEEDED}},
    {"script|flush", ALWAYS, ALWAYS, {ALL_NODES, SUCCEEDED}},
    {"script|exists", ALWAYS, ALWAYS, {ALL_SHARDS, ALL}},
};

static void add_hints(struct call *call, const char *name) {
    for (size_t i = 0; i < sizeof hint_rows / sizeof *hint_rows; i++) {
        const struct hints *row = &hint_rows[i];
        if (strcmp(row->command, name) != 0) continue;
        if (!dialect_in(&call->engine->dialect, row->redis, row->valkey)) continue;
        size_t count = 0;
        while (count < HINTS_MOST && row->words[count] != NULL) count++;
        add_set(call, count);
        for (size_t j = 0; j < count; j++) add_word(call, row->words[j]);
        return;
    }
    add_set(call, 0);
}

/* ---- key specs */

enum {
    KEY_FLAGS_MOST = 4,
    KEY_SPECS_MOST = 3,
    KEY_COUNT_PLACE = 2,
    FIRST_COUNT_PLACE = 1, /* of MSETEX, LMPOP and their like */
    PAIR_STEP = 2,
};

/* What is done to a run of keys. The first run begins at the first argument and ends at the
 * command's last key, unless there is a second one: then each run is one key, or the second goes
 * up to the last argument. */
struct key_spec {
    const char *note;
    const char *flags[KEY_FLAGS_MOST];
};

#define KEYWORD_NOTE(word)                                                                         \
    "Incomplete because duplicate " word " options use last-wins; fall back to georadiusGetKeys"
#define SORT_PATTERNS                                                                              \
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from "   \
    "the content of the key we sort"

static const struct key_spec key_specs[][KEY_SPECS_MOST] = {
    [KEYS_NONE] = {{NULL, {NULL}}},
    [KEYS_READ] = {{NULL, {"RO", "access"}}},
    [KEYS_EXISTENCE] = {{NULL, {"RO"}}},
    [KEYS_UPDATE] = {{NULL, {"RW", "update"}}},
    [KEYS_READ_UPDATE] = {{NULL, {"RW", "access", "update"}}},
    [KEYS_READ_DELETE] = {{NULL, {"RW", "access", "delete"}}},
    [KEYS_INSERT] = {{NULL, {"RW", "insert"}}},
    [KEYS_SHRINK] = {{NULL, {"RW", "delete"}}},
    [KEYS_OVERWRITE] = {{NULL, {"OW", "update"}}},
    [KEYS_CREATE] = {{NULL, {"OW", "insert"}}},
    [KEYS_DELETE] = {{NULL, {"RM", "delete"}}},
    [KEYS_SET] = {{"RW and ACCESS due to the optional `GET` argument",
                   {"RW", "access", "update", "variable_flags"}}},
    [KEYS_DELETE_IF] = {{NULL, {"RW", "delete", "variable_flags"}}},
    [KEYS_BITFIELD] = {{"This command allows both access and modification of the key",
                        {"RW", "access", "update", "variable_flags"}}},
    [KEYS_GETEX] = {{"RW and UPDATE because it changes the TTL", {"RW", "access", "update"}}},
    [KEYS_RENAME] = {{NULL, {"RW", "access", "delete"}}, {NULL, {"OW", "update"}}},
    [KEYS_RENAMENX] = {{NULL, {"RW", "access", "delete"}}, {NULL, {"OW", "insert"}}},
    [KEYS_COPY] = {{NULL, {"RO", "access"}}, {NULL, {"OW", "update"}}},
    [KEYS_POP_PUSH] = {{NULL, {"RW", "access", "delete"}}, {NULL, {"RW", "insert"}}},
    [KEYS_STORE] = {{NULL, {"OW", "update"}}, {NULL, {"RO", "access"}}},
    [KEYS_STORE_ONE] = {{NULL, {"OW", "update"}}, {NULL, {"RO", "access"}}},
    [KEYS_OF_SCRIPT] = {{"We cannot tell how the keys will be used so we assume the worst, RW and "
                         "UPDATE",
                         {"RW", "access", "update"}}},
    [KEYS_OF_DIGEST] = {{NULL, {"RW", "access", "update"}}},
    [KEYS_OF_READER] = {{"We cannot tell how the keys will be used so we assume the worst, RO and "
                         "ACCESS",
                         {"RO", "access"}}},
    [KEYS_OF_PAIRS] = {{NULL, {"OW", "update"}}},
    [KEYS_COUNTED_POP] = {{NULL, {"RW", "access", "delete"}}},
    [KEYS_COUNTED_READ] = {{NULL, {"RO", "access"}}},
    [KEYS_COUNTED_POP_TIMED] = {{NULL, {"RW", "access", "delete"}}},
    [KEYS_ADD] = {{"UPDATE instead of INSERT because of the optional trimming feature",
                   {"RW", "update"}}},
    [KEYS_STREAMS] = {{NULL, {"RO", "access"}}},
    [KEYS_STREAMS_INCOMPLETE] =
        {{"Incomplete because a stream key named STREAMS (or options before "
          "it) can shift the STREAMS keyword; fall back to xreadGetKeys",
          {"RO", "access", "incomplete"}}},
    [KEYS_STREAMS_OF_GROUP] = {{NULL, {"RO", "access"}}},
    [KEYS_STREAMS_OF_GROUP_INCOMPLETE] = {{"Incomplete because a consumer/group named STREAMS (or "
                                           "options before GROUP) can shift the "
                                           "STREAMS keyword; fall back to xreadGetKeys",
                                           {"RO", "access", "incomplete"}}},
    [KEYS_COUNT] =
        {{"RW because it may change the internal representation of the key, and propagate "
          "to replicas",
          {"RW", "access"}}},
    [KEYS_MERGE] = {{NULL, {"RW", "access", "insert"}}, {NULL, {"RO", "access"}}},
    [KEYS_OF_READER_DIGEST] = {{NULL, {"RO", "access"}}},
    [KEYS_STORE_RW] = {{NULL, {"RW", "update"}}, {NULL, {"RO", "access"}}},
    [KEYS_STORE_COUNTED] = {{NULL, {"OW", "update"}}, {NULL, {"RO", "access"}}},
    [KEYS_KEYWORD] = {{NULL, {"RO", "access"}}, {NULL, {"OW", "update"}}, {NULL, {"OW", "update"}}},
    [KEYS_KEYWORD_INCOMPLETE] = {{NULL, {"RO", "access"}},
                                 {KEYWORD_NOTE("STORE"), {"OW", "update", "incomplete"}},
                                 {KEYWORD_NOTE("STOREDIST"), {"OW", "update", "incomplete"}}},
    [KEYS_KEYWORD_VARIABLE] = {{NULL, {"RO", "access"}},
                               {NULL, {"OW", "update", "variable_flags"}},
                               {NULL, {"OW", "update", "variable_flags"}}},
    [KEYS_SORT_READ] = {{NULL, {"RO", "access"}}, {SORT_PATTERNS, {"RO", "access"}}},
    [KEYS_SORT] =
        {{NULL, {"RO", "access"}},
         {SORT_PATTERNS, {"RO", "access"}},
         {"For the optional STORE keyword. It is marked 'unknown' because the keyword can "
          "appear anywhere in the argument array",
          {"OW", "update"}}},
};

static void add_map(struct call *call, size_t pairs) {
    ttl_reply_add_node(call->reply, TTL_REPLY_MAP, 2 * pairs);
}

static void add_key_flags(struct call *call, const struct key_spec *spec) {
    size_t count = 0;
    while (count < KEY_FLAGS_MOST && spec->flags[count] != NULL) count++;
    add_word(call, "flags");
    add_set(call, count);
    for (size_t i = 0; i < count; i++) add_status(call, spec->flags[i]);
}

/* A type of search, and what it needs: so many numbers, which follow. */
static void add_search(struct call *call, const char *what, const char *type, size_t numbers) {
    add_word(call, what);
    add_map(call, 2);
    add_word(call, "type");
    add_word(call, type);
    add_word(call, "spec");
    add_map(call, numbers);
}

static void add_number(struct call *call, const char *name, int number) {
    add_word(call, name);
    reply_integer(call, number);
}

static void add_key_spec_begin(struct call *call, const struct key_spec *spec) {
    add_map(call, spec->note == NULL ? 3 : 4);
    if (spec->note != NULL) {
        add_word(call, "notes");
        add_word(call, spec->note);
    }
    add_key_flags(call, spec);
}

static void add_key_spec_head(struct call *call, const struct key_spec *spec, int first) {
    add_key_spec_begin(call, spec);
    add_search(call, "begin_search", "index", 1);
    add_number(call, "index", first);
}

/* Of keys that nobody can tell from the arguments. */
static void add_unknown_keys(struct call *call, const struct key_spec *spec) {
    add_key_spec_begin(call, spec);
    add_search(call, "begin_search", "unknown", 0);
    add_search(call, "find_keys", "unknown", 0);
}

/* `limit`: the keys are the first one of so many parts. */
static void add_range(struct call *call, int last_key, int step, int limit) {
    add_search(call, "find_keys", "range", 3);
    add_number(call, "lastkey", last_key);
    add_number(call, "keystep", step);
    add_number(call, "limit", limit);
}

/* `last_key`: 0 one key, -1 up to the last argument. */
static void add_key_spec(struct call *call, const struct key_spec *spec, int first, int last_key,
                         int step) {
    add_key_spec_head(call, spec, first);
    add_range(call, last_key, step, 0);
}

static void add_keyword(struct call *call, const struct key_spec *spec, const char *word,
                        int first) {
    add_key_spec_begin(call, spec);
    add_search(call, "begin_search", "keyword", 2);
    add_word(call, "keyword");
    add_word(call, word);
    add_number(call, "startfrom", first);
}

/* The key behind a word among the options, which begin at `first`. */
static void add_key_of_word(struct call *call, const struct key_spec *spec, const char *word,
                            int first) {
    add_keyword(call, spec, word, first);
    add_range(call, 0, 1, 0);
}

static bool has_streams(enum key_access access) {
    return access >= KEYS_STREAMS && access <= KEYS_STREAMS_OF_GROUP_INCOMPLETE;
}

/* The keys behind STREAMS: half of what follows. */
static void add_streams(struct call *call, const struct key_spec *spec, enum key_access access) {
    add_keyword(call, spec, "STREAMS", access < KEYS_STREAMS_OF_GROUP ? 1 : 4);
    add_range(call, -1, 1, 2);
}

static bool is_counted_pop_or_read(enum key_access access) {
    return access == KEYS_COUNTED_POP || access == KEYS_COUNTED_READ ||
           access == KEYS_COUNTED_POP_TIMED;
}

/* The argument that says how many keys there are, and that stands before them. */
static int count_place(enum key_access access) {
    bool is_first =
        access == KEYS_OF_PAIRS || access == KEYS_COUNTED_POP || access == KEYS_COUNTED_READ;
    return is_first ? FIRST_COUNT_PLACE : KEY_COUNT_PLACE;
}

static void add_counted_keys(struct call *call, const struct key_spec *spec,
                             enum key_access access) {
    bool in_pairs = access == KEYS_OF_PAIRS;
    add_key_spec_head(call, spec, count_place(access));
    add_search(call, "find_keys", "keynum", 3);
    add_number(call, "keynumidx", 0);
    add_number(call, "firstkey", 1);
    add_number(call, "keystep", in_pairs ? PAIR_STEP : 1);
}

static bool has_keywords(enum key_access access) {
    return access >= KEYS_KEYWORD && access <= KEYS_KEYWORD_VARIABLE;
}

static void add_key_specs(struct call *call, const struct described *it) {
    RULE("command-info.psetex-keys", "command-info.pexpire-keys");
    const struct key_spec *specs = key_specs[it->access];
    size_t count = 0;
    while (count < KEY_SPECS_MOST && specs[count].flags[0] != NULL) count++;
    bool is_run = it->last_key < 0 || count == 1;
    int last = it->last_key < 0 ? it->last_key : it->last_key - it->first_key;
    if (!is_run) last = 0;
    add_set(call, count);
    bool is_counted = count == 1 && it->first_key == 0;
    if (has_streams(it->access)) add_streams(call, &specs[0], it->access);
    else if (is_counted) add_counted_keys(call, &specs[0], it->access);
    else if (count == 1) add_key_spec(call, &specs[0], it->first_key, last, it->key_step);
    if (count < 2) return;
    add_key_spec(call, &specs[0], it->first_key, 0, 1);
    if (it->access == KEYS_SORT || it->access == KEYS_SORT_READ) {
        for (size_t i = 1; i < count; i++) add_unknown_keys(call, &specs[i]);
        return;
    }
    if (has_keywords(it->access)) {
        add_key_of_word(call, &specs[1], "STORE", -it->arity);
        add_key_of_word(call, &specs[2], "STOREDIST", -it->arity);
        return;
    }
    if (it->access == KEYS_STORE_COUNTED) add_counted_keys(call, &specs[1], it->access);
    else add_key_spec(call, &specs[1], it->first_key + 1, last, 1);
}

/* ---- COMMAND, COMMAND INFO */

enum { ELEMENTS_BEFORE_7_0 = 7, ELEMENTS = 10 };

/* One command without its subcommands. */
static void add_described(struct call *call, const struct described *it) {
    RULE("command-info.psetex", "command-info.pexpire", "command-info.before-7",
         "command-info.others");
    bool modern = call_has(call, TRAIT_SUBCOMMANDS);
    reply_array(call, modern ? ELEMENTS : ELEMENTS_BEFORE_7_0);
    add_word(call, it->name);
    reply_integer(call, it->arity);
    add_flags(call, it->flags);
    reply_integer(call, it->first_key);
    reply_integer(call, it->last_key);
    reply_integer(call, it->key_step);
    add_categories(call, it);
    if (!modern) return;
    add_hints(call, it->name);
    add_key_specs(call, it);
}

/* Of a command that has none. */
static void add_no_subcommands(struct call *call) {
    RULE("command-info.no-subcommands");
    bool in_array = call_has(call, TRAIT_SUBCOMMANDS_IN_ARRAY);
    ttl_reply_add_node(call->reply, in_array ? TTL_REPLY_ARRAY : TTL_REPLY_SET, 0);
}

static void add_subcommand(struct call *call, const struct subcommand *subcommand) {
    struct described it = describe_subcommand(subcommand);
    add_described(call, &it);
    add_no_subcommands(call);
}

static void add_command(struct call *call, const struct command *command) {
    const ttl_dialect *dialect = &call->engine->dialect;
    struct described it = describe_command(call, command);
    add_described(call, &it);
    if (!call_has(call, TRAIT_SUBCOMMANDS)) return;
    size_t head = call->reply->node_count, count = 0;
    add_no_subcommands(call);
    for (size_t i = 0; i < subcommand_count; i++) {
        if (!subcommand_belongs(&subcommands[i], command, dialect)) continue;
        add_subcommand(call, &subcommands[i]);
        count++;
    }
    if (count == 0 || call->reply->failed) return;
    RULE("command-info.subcommands");
    call->reply->nodes[head].type = TTL_REPLY_ARRAY;
    ttl_reply_set_length(call->reply, head, count);
}

/* Before 7.0 QUIT is no command like the others: COMMAND does not know it. */
static bool is_told(const struct call *call, const struct command *command) {
    return command->run != quit_command || call_has(call, TRAIT_SUBCOMMANDS);
}

/* Rows of the table that are told in this dialect. */
static bool row_is_told(const struct call *call, const struct command *command) {
    return command_exists(call->engine, command) && is_told(call, command);
}

static const struct command *find_told(const struct call *call, ttl_bytes name) {
    const struct command *command = command_find(call->engine, name);
    return command != NULL && is_told(call, command) ? command : NULL;
}

static size_t count_told(const struct call *call) {
    size_t count = 0;
    for (size_t i = 0; i < command_count; i++) count += row_is_told(call, &commands[i]);
    return count;
}

static ttl_status tell_all(struct call *call) {
    reply_array(call, count_told(call));
    for (size_t i = 0; i < command_count; i++)
        if (row_is_told(call, &commands[i])) add_command(call, &commands[i]);
    return TTL_OK;
}

/* A name like "config|get" is a subcommand's, from 7.0 on. */
static void tell_one(struct call *call, ttl_bytes name) {
    const char *bar = name.length == 0 ? NULL : memchr(name.data, '|', name.length);
    size_t length = bar == NULL ? name.length : (size_t)(bar - name.data);
    const struct command *command = find_told(call, (ttl_bytes){name.data, length});
    const struct subcommand *subcommand = NULL;
    if (command != NULL && bar != NULL && call_has(call, TRAIT_SUBCOMMANDS))
        subcommand = subcommand_find(&call->engine->dialect, command,
                                     (ttl_bytes){bar + 1, name.length - length - 1});
    if (subcommand != NULL) add_subcommand(call, subcommand);
    else if (command != NULL && bar == NULL) add_command(call, command);
    else {
        RULE("command-info.unknown-is-nil");
        reply_nil(call);
    }
}

ttl_status command_command(struct call *call) {
    return call->argc == 1 ? tell_all(call) : subcommand_run(call);
}

ttl_status command_tell_info(struct call *call) {
    if (call->argc == 2 && call_has(call, TRAIT_SUBCOMMANDS)) return tell_all(call);
    reply_array(call, call->argc - 2);
    for (size_t i = 2; i < call->argc; i++) tell_one(call, call->argv[i]);
    return TTL_OK;
}

ttl_status command_tell_count(struct call *call) {
    return reply_integer(call, (int64_t)count_told(call));
}

/* ---- COMMAND GETKEYS */

/* Does the command that is asked about exist? From 7.0 on that goes for subcommands too. */
static const struct command *command_asked_about(const struct call *call) {
    const struct command *command = find_told(call, call->argv[2]);
    if (command == NULL || call->argc < 4 || !call_has(call, TRAIT_SUBCOMMANDS)) return command;
    if (!command_has_subcommands(command)) return command;
    return subcommand_find(&call->engine->dialect, command, call->argv[3]) != NULL ? command : NULL;
}

/* What is to be known of it, or of the subcommand that is asked about. */
static struct described describe_asked_about(const struct call *call,
                                             const struct command *command) {
    const struct subcommand *subcommand = NULL;
    if (call->argc > 3 && call_has(call, TRAIT_SUBCOMMANDS) && command_has_subcommands(command))
        subcommand = subcommand_find(&call->engine->dialect, command, call->argv[3]);
    return subcommand == NULL ? describe_command(call, command) : describe_subcommand(subcommand);
}

/* The keys of ZUNIONSTORE and its like: the destination, which came last before 7.0, and as many
 * sources as an argument says. */
static ttl_status tell_stored_keys(struct call *call) {
    const size_t first = 2 + KEY_COUNT_PLACE; /* behind COMMAND GETKEYS */
    int64_t count, most = (int64_t)(call->argc - first - 1);
    bool fits = argument_integer(call->argv[first], &count) && count >= 1 && count <= most;
    if (!fits) return reply_error(call, "ERR Invalid arguments specified for command");
    bool modern = call_has(call, TRAIT_SUBCOMMANDS);
    reply_array(call, (size_t)count + 1);
    if (modern) reply_bulk(call, call->argv[first - 1]);
    for (int64_t i = 0; i < count; i++) reply_bulk(call, call->argv[first + 1 + (size_t)i]);
    if (!modern) reply_bulk(call, call->argv[first - 1]);
    return TTL_OK;
}

/* The keys of SORT: the one that is sorted and the last that STORE names. */
static ttl_status tell_sort_keys(struct call *call) {
    static const struct {
        const char *word;
        size_t arguments;
    } skipped[] = {{"LIMIT", 2}, {"GET", 1}, {"BY", 1}};
    size_t store = 0;
    for (size_t i = 4; i < call->argc; i++) { /* behind COMMAND GETKEYS SORT key */
        if (call_is_word(call, i, "STORE") && i + 1 < call->argc) store = ++i;
        for (size_t w = 0; w < sizeof skipped / sizeof *skipped; w++) {
            if (store == i || !call_is_word(call, i, skipped[w].word)) continue;
            i += skipped[w].arguments;
            break; /* i may be beyond the end */
        }
    }
    reply_array(call, store > 0 ? 2 : 1);
    reply_bulk(call, call->argv[3]);
    if (store > 0) reply_bulk(call, call->argv[store]);
    return TTL_OK;
}

/* The keys of GEORADIUS: its own and those behind STORE and STOREDIST; where the key specs say too
 * little, the last one of those alone. */
static ttl_status tell_keyword_keys(struct call *call, const struct command *command) {
    bool all = command->access == KEYS_KEYWORD && call_has(call, TRAIT_SUBCOMMANDS);
    size_t stores[2] = {0, 0}, first = (size_t)(2 - command->arity);
    for (size_t i = first; i + 1 < call->argc; i++) {
        bool is_distance = call_is_word(call, i, "STOREDIST");
        if (!is_distance && !call_is_word(call, i, "STORE")) continue;
        size_t *place = &stores[all && is_distance];
        if (!all || *place == 0) *place = i + 1;
        if (!all) i++;
    }
    size_t count = 1;
    for (size_t i = 0; i < 2; i++) count += stores[i] > 0;
    reply_array(call, count);
    reply_bulk(call, call->argv[3]);
    for (size_t i = 0; i < 2; i++)
        if (stores[i] > 0) reply_bulk(call, call->argv[stores[i]]);
    return TTL_OK;
}

/* The keys of XREAD: the first half of what follows STREAMS. Who goes by key specs alone does not
 * see that an id is missing. */
static ttl_status tell_streams(struct call *call, enum key_access access) {
    bool goes_by_specs = call_has(call, TRAIT_SUBCOMMANDS) &&
                         (access == KEYS_STREAMS || access == KEYS_STREAMS_OF_GROUP);
    size_t first = 3; /* behind COMMAND GETKEYS XREAD */
    while (first < call->argc && !call_is_word(call, first, "STREAMS")) first++;
    size_t rest = first < call->argc ? call->argc - first - 1 : 0;
    if (rest == 0 || (rest % 2 != 0 && !goes_by_specs))
        return reply_error(call, "ERR Invalid arguments specified for command");
    reply_array(call, rest / 2);
    for (size_t i = 1; i <= rest / 2; i++) reply_bulk(call, call->argv[first + i]);
    return TTL_OK;
}

/* The keys of a script, the count of which is one of the arguments; a count that cannot be counts
 * none, and before 7.0 was an error. */
static ttl_status tell_counted_keys(struct call *call, enum key_access access) {
    const size_t first = 2 + (size_t)count_place(access); /* behind COMMAND GETKEYS */
    bool needs_one = is_counted_pop_or_read(access);
    int64_t count, most = (int64_t)(call->argc - first - 1);
    bool fits = argument_integer(call->argv[first], &count) && count >= 0 && count <= most;
    if ((!fits || count == 0) && (needs_one || !call_has(call, TRAIT_SUBCOMMANDS)))
        return reply_error(call, "ERR Invalid arguments specified for command");
    reply_array(call, fits ? (size_t)count : 0);
    for (int64_t i = 0; fits && i < count; i++) reply_bulk(call, call->argv[first + 1 + (size_t)i]);
    return TTL_OK;
}

/* The keys of MSETEX: there must be as many as it says. */
static ttl_status tell_paired_keys(struct call *call) {
    const size_t first = 2 + FIRST_COUNT_PLACE; /* behind COMMAND GETKEYS */
    int64_t count, most = (int64_t)(call->argc - first) / PAIR_STEP;
    if (!argument_integer(call->argv[first], &count) || count <= 0 || count > most)
        return reply_error(call, "ERR Invalid arguments specified for command");
    reply_array(call, (size_t)count);
    for (size_t i = 0; i < (size_t)count; i++)
        reply_bulk(call, call->argv[first + 1 + PAIR_STEP * i]);
    return TTL_OK;
}

ttl_status command_tell_keys(struct call *call) {
    const struct command *command = command_asked_about(call);
    if (command == NULL) return reply_error(call, "ERR Invalid command specified");
    bool of_script = command->group == GROUP_SCRIPTING && command->run != script_command;
    bool is_counted = of_script || is_counted_pop_or_read(command->access);
    bool in_pairs = command->access == KEYS_OF_PAIRS;
    struct described it = describe_asked_about(call, command);
    bool in_streams = has_streams(command->access);
    if (it.first_key == 0 && !is_counted && !in_pairs && !in_streams)
        return reply_error(call, "ERR The command has no key arguments");
    RULE("command-getkeys");
    int argc = (int)call->argc - 2;
    if (it.arity < 0 ? argc < -it.arity : argc != it.arity)
        return reply_error(call, "ERR Invalid number of arguments specified for command");
    if (is_counted) return tell_counted_keys(call, command->access);
    if (command->access == KEYS_STORE_COUNTED) return tell_stored_keys(call);
    if (in_pairs) return tell_paired_keys(call);
    if (in_streams) return tell_streams(call, command->access);
    if (command->access == KEYS_SORT) return tell_sort_keys(call);
    if (has_keywords(command->access)) return tell_keyword_keys(call, command);
    int last = it.last_key < 0 ? argc + it.last_key : it.last_key;
    size_t head = call->reply->node_count, count = 0;
    reply_array(call, 0);
    for (int i = it.first_key; i <= last && i < argc; i += it.key_step) {
        reply_bulk(call, call->argv[i + 2]);
        count++;
    }
    ttl_reply_set_length(call->reply, head, count);
    return TTL_OK;
}
