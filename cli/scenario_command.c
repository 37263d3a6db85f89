/* The commands of a scenario's programs. */
#include <string.h>

#include "cli/scenario_loading.h"
#include "conformance/known_commands.h"

/* Of keys that are strings, whose state a replica can be told in a word. */
static const char *const with_replica[] = {
    "SET",    "SETNX",   "SETEX",    "PSETEX",     "GET",         "GETEX",      "GETDEL", "GETSET",
    "INCR",   "INCRBY",  "DECR",     "DECRBY",     "APPEND",      "STRLEN",     "MGET",   "MSET",
    "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT",  "PERSIST",     "TTL",        "PTTL",   "DEL",
    "UNLINK", "EXISTS",  "TYPE",     "EXPIRETIME", "PEXPIRETIME", "MULTI",      "EXEC",   "DISCARD",
    "WATCH",  "UNWATCH", "PING",     "TIME",       "SUBSCRIBE",   "PSUBSCRIBE", NULL};

/* What a replica is asked. */
static const char *const of_replica[] = {"GET", "EXISTS", "TTL", "PTTL", "STRLEN", "TYPE", NULL};

static const char *const listening[] = {"SUBSCRIBE", "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE",
                                        NULL};

static bool is_among(const char *const *names, const char *name) {
    while (*names != NULL && !ttl_bytes_is_word(ttl_bytes_of(name), *names)) names++;
    return *names != NULL;
}

static void mark_keys(const known_command *command, scenario_template *argv, size_t argc) {
    size_t last = command->last_key < 0 ? argc - 1 : (size_t)command->last_key;
    if (command->first_key == 0) return;
    for (size_t i = (size_t)command->first_key; i <= last && i < argc;
         i += (size_t)command->key_step)
        argv[i].is_key = true;
}

/* Commands that reach beyond keys are nothing for a client among others. */
static const known_command *find_command(scenario_loading *self, const cJSON *name) {
    static const char *const forbidden[] = {"CONFIG", "CLIENT", "SELECT", "HELLO", "QUIT",
                                            "RESET",  "KEYS",   "SCAN",   "MOVE",  NULL};
    const known_command *command = known_command_find(name->valuestring);
    if (command != NULL && command->needs == 0 && !is_among(forbidden, name->valuestring))
        return command;
    loading_expected(&self->base, name, "the name of a command that scenarios may use");
    return NULL;
}

bool scenario_read_command(scenario_loading *self, const cJSON *step, scenario_instruction *into) {
    loading *base = &self->base;
    const cJSON *list = loading_list(base, step, "do", true), *on = loading_field(step, "on");
    if (list == NULL) return false;
    size_t argc = (size_t)cJSON_GetArraySize(list), i = 0;
    if (argc > SCENARIO_ARGUMENTS) return loading_expected(base, list, "at most twelve words");
    scenario_template *argv = arena_take_array(&base->set->arena, argc, sizeof *argv);
    for (const cJSON *word = list->child; word != NULL; word = word->next, i++) {
        if (!cJSON_IsString(word)) return loading_expected(base, word, "a word of the command");
        if (!scenario_read_template(self, word, word->valuestring, &argv[i])) return false;
    }
    const known_command *command = find_command(self, list->child);
    if (command == NULL) return false;
    mark_keys(command, argv, argc);
    into->argc = argc;
    into->argv = argv;
    into->listens = is_among(listening, command->name);
    if (self->script->has_replica && !is_among(with_replica, command->name))
        return loading_expected(base, list->child,
                                "a command on strings, because the scenario has a replica");
    if (on == NULL) return true;
    into->asks_replica = true;
    if (!cJSON_IsString(on) || strcmp(on->valuestring, "replica") != 0)
        return loading_expected(base, on, "\"replica\"");
    if (!self->script->has_replica)
        return loading_expected(base, on,
                                "a scenario with a replica, \"server\": "
                                "{\"replica\": true}");
    if (argc != 2 || !is_among(of_replica, command->name))
        return loading_expected(base, list->child,
                                "a command that only reads one key, because a replica is asked");
    return true;
}
