/* CONFIG, DEBUG, INFO, TIME. */
#include <string.h>

#include "engine/config.h"
#include "engine/deadline.h"
#include "engine/engine.h"
#include "engine/glob.h"
#include "engine/number.h"
#include "engine/pubsub.h"
#include "engine/rule.h"
#include "engine/subcommand.h"
#include "engine/text.h"

/* ---- CONFIG */

ttl_status config_command(struct call *call) {
    return subcommand_run(call);
}

static bool has_wildcard(ttl_bytes bytes) {
    for (size_t i = 0; i < bytes.length; i++)
        if (bytes.data[i] == '*' || bytes.data[i] == '?' || bytes.data[i] == '[') return true;
    return false;
}

/* From 7.0 on only an argument with a wildcard is a pattern. */
static bool is_exact_name(const struct call *call, ttl_bytes argument) {
    return call_has(call, TRAIT_SUBCOMMANDS) && !has_wildcard(argument);
}

static bool argument_names(const struct call *call, size_t index, const struct setting *setting) {
    ttl_bytes argument = call->argv[index];
    if (is_exact_name(call, argument)) return ttl_bytes_is_word(argument, setting->name);
    return glob_matches_any_case(argument, ttl_bytes_of(setting->name));
}

/* Is this the first of the arguments that names the setting? */
static bool is_first_to_name(const struct call *call, size_t index, const struct setting *setting) {
    for (size_t i = 2; i < index; i++)
        if (argument_names(call, i, setting)) return false;
    return argument_names(call, index, setting);
}

/* A setting that was asked for by its very name is called as the client spelt it. */
ttl_status config_get(struct call *call) {
    size_t head = call->reply->node_count, found = 0;
    RULE("config.settings");
    ttl_reply_add_node(call->reply, TTL_REPLY_MAP, 0);
    for (size_t i = 2; i < call->argc; i++) {
        bool as_spelt = is_exact_name(call, call->argv[i]);
        for (size_t j = 0; j < config_setting_count; j++) {
            const struct setting *setting = &config_settings[j];
            char value[CONFIG_VALUE_ROOM];
            if (!is_first_to_name(call, i, setting)) continue;
            reply_bulk(call, as_spelt ? call->argv[i] : ttl_bytes_of(setting->name));
            reply_bulk(call, (ttl_bytes){value, setting->read(call->engine, value)});
            found++;
        }
    }
    ttl_reply_set_length(call->reply, head, 2 * found);
    return TTL_OK;
}

static ttl_status reply_config_failed(struct call *call, ttl_bytes name, const char *why) {
    ttl_bytes parts[] = {ttl_bytes_of("ERR CONFIG SET failed (possibly related to argument '"),
                         name, ttl_bytes_of("') - "), ttl_bytes_of(why)};
    return reply_error_parts(call, parts, 4);
}

/* Before 7.0: one setting at a time. */
static ttl_status config_set_one(struct call *call) {
    const struct setting *setting = config_find(call->argv[2]);
    if (setting == NULL || setting->write == NULL) {
        ttl_bytes parts[] = {ttl_bytes_of("ERR Unsupported CONFIG parameter: "), call->argv[2]};
        return reply_error_parts(call, parts, 2);
    }
    if (setting->write(call->engine, call->argv[3])) return reply_ok(call);
    ttl_bytes value = call->argv[3];
    const char *nul = value.length == 0 ? NULL : memchr(value.data, '\0', value.length);
    if (nul != NULL) value.length = (size_t)(nul - value.data);
    ttl_bytes parts[] = {ttl_bytes_of("ERR Invalid argument '"),
                         value,
                         ttl_bytes_of("' for CONFIG SET '"),
                         call->argv[2],
                         ttl_bytes_of("'"),
                         ttl_bytes_of(" - "),
                         ttl_bytes_of(setting->complaint)};
    return reply_error_parts(call, parts, setting->complained_before ? 7 : 5);
}

/* Are these settings that may be set together? If not, answers about the first that is not. */
static bool config_check_names(struct call *call) {
    for (size_t i = 2; i < call->argc; i += 2) {
        const struct setting *setting = config_find(call->argv[i]);
        if (setting == NULL) {
            ttl_bytes parts[] = {
                ttl_bytes_of("ERR Unknown option or number of arguments for CONFIG SET - '"),
                call->argv[i], ttl_bytes_of("'")};
            reply_error_parts(call, parts, 3);
            return false;
        }
        if (setting->write == NULL) {
            reply_config_failed(call, call->argv[i], "can't set immutable config");
            return false;
        }
        for (size_t j = 2; j < i; j += 2) {
            if (config_find(call->argv[j]) != setting) continue;
            reply_config_failed(call, call->argv[i], "duplicate parameter");
            return false;
        }
    }
    return true;
}

ttl_status config_set(struct call *call) {
    if (!call_has(call, TRAIT_SUBCOMMANDS)) return config_set_one(call);
    if (call->argc % 2 != 0) return reply_syntax_error(call);
    if (!config_check_names(call)) return TTL_OK;
    ttl_engine *engine = call->engine;
    unsigned notify = engine->notify;
    bool is_writable = engine->is_writable;
    for (size_t i = 2; i < call->argc; i += 2) {
        const struct setting *setting = config_find(call->argv[i]);
        if (setting->write(engine, call->argv[i + 1])) continue;
        engine->notify = notify; /* all are set or none */
        engine->is_writable = is_writable;
        return reply_config_failed(call, ttl_bytes_of(setting->name), setting->complaint);
    }
    return reply_ok(call);
}

ttl_status config_resetstat(struct call *call) {
    call->engine->statistics = (struct statistics){0};
    return reply_ok(call);
}

ttl_status config_rewrite(struct call *call) {
    return reply_error(call, "ERR The server is running without a config file");
}

/* ---- DEBUG */

/* Is this a number that begins with another digit than 0, as atoi reads it? */
static bool is_not_zero(ttl_bytes text) {
    size_t i = 0;
    while (i < text.length && strchr(" \t\n\v\f\r", text.data[i]) != NULL && text.data[i] != '\0')
        i++;
    if (i < text.length && (text.data[i] == '-' || text.data[i] == '+')) i++;
    while (i < text.length && text.data[i] == '0') i++;
    return i < text.length && text.data[i] >= '1' && text.data[i] <= '9';
}

ttl_status debug_command(struct call *call) {
    if (!call_is_word(call, 1, "set-active-expire") || call->argc != 3)
        return reply_subcommand_syntax(call);
    call->engine->active_expire = is_not_zero(call->argv[2]);
    return reply_ok(call);
}

/* ---- TIME */

enum { US_PER_SECOND = 1000000 };

/* The time of an instant that only a timeline knows: two numbers, told. */
static ttl_status reply_time_told(struct call *call) {
    const ttl_timeline *timeline = call->engine->timeline;
    ttl_told told = {.kind = TTL_TOLD_NOW_S, .now = engine_now_again(call->engine)};
    reply_array(call, 2);
    ttl_reply_add_told(call->reply, timeline->tell(timeline->context, &told));
    told.kind = TTL_TOLD_NOW_US;
    ttl_reply_add_told(call->reply, timeline->tell(timeline->context, &told));
    return TTL_OK;
}

ttl_status time_command(struct call *call) {
    if (call->engine->timeline != NULL) return reply_time_told(call);
    int64_t now_us = engine_now_us_again(call->engine);
    int64_t us = now_us % US_PER_SECOND, seconds = now_us / US_PER_SECOND;
    if (us < 0) {
        us += US_PER_SECOND;
        seconds--;
    }
    RULE("time.tells-the-moment");
    char digits[NUMBER_INTEGER_ROOM];
    reply_array(call, 2);
    reply_bulk(call, (ttl_bytes){digits, number_format_integer(seconds, digits)});
    return reply_bulk(call, (ttl_bytes){digits, number_format_integer(us, digits)});
}

/* ---- INFO */

static void info_line(struct text *text, const char *name, int64_t value) {
    text_add(text, name);
    text_add(text, ":");
    text_add_integer(text, value);
    text_add(text, "\r\n");
}

static void info_server(struct text *text, const ttl_engine *engine) {
    char room[CONFIG_VALUE_ROOM];
    ttl_bytes version = config_version(&engine->dialect, room);
    switch (engine->dialect.family) {
    case TTL_FAMILY_REDIS:
        text_add(text, "redis_version:");
        text_add_bytes(text, version);
        text_add(text, "\r\nredis_mode:standalone\r\n");
        break;
    case TTL_FAMILY_VALKEY:
        text_add(text, "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:");
        text_add_bytes(text, version);
        text_add(text, "\r\nserver_mode:standalone\r\n");
        break;
    case TTL_FAMILY_REDICT:
        text_add(text, "redict_version:");
        text_add_bytes(text, version);
        text_add(text, "\r\nredict_mode:standalone\r\nredis_version:7.2.4\r\n");
        break;
    }
    if (ttl_dialect_has(&engine->dialect, TRAIT_SUBCOMMANDS))
        info_line(text, "server_time_usec", engine->now_us);
}

static void info_clients(struct text *text, const ttl_engine *engine) {
    int64_t sessions = 0, subscribed = 0, watching = 0;
    for (const ttl_session *each = engine->sessions; each != NULL; each = each->next) {
        sessions++;
        subscribed += pubsub_count(each) > 0;
        watching += each->watch_count > 0;
    }
    info_line(text, "connected_clients", sessions);
    if (engine->blocked_count > 0) RULE("blocking.counted-in-info");
    info_line(text, "blocked_clients", (int64_t)engine->blocked_count);
    if (!ttl_dialect_has(&engine->dialect, TRAIT_CLIENT_WATCH)) return;
    info_line(text, "pubsub_clients", subscribed);
    info_line(text, "watching_clients", watching);
}

static void info_stats(struct text *text, const ttl_engine *engine) {
    const struct statistics *statistics = &engine->statistics;
    info_line(text, "total_connections_received", statistics->connections);
    info_line(text, "total_commands_processed", statistics->commands);
    if (ttl_dialect_has(&engine->dialect, TRAIT_INFO_SUBEXPIRY))
        info_line(text, "expired_subkeys", statistics->expired_fields);
    info_line(text, "expired_keys", statistics->expired_keys);
    if (ttl_dialect_has(&engine->dialect, TRAIT_INFO_VOLATILE_ITEMS))
        info_line(text, "expired_fields", statistics->expired_fields);
    info_line(text, "evicted_keys", 0);
    info_line(text, "keyspace_hits", statistics->keyspace_hits);
    info_line(text, "keyspace_misses", statistics->keyspace_misses);
    info_line(text, "pubsub_channels", (int64_t)pubsub_count_names(engine, false));
    info_line(text, "pubsub_patterns", (int64_t)pubsub_count_names(engine, true));
}

static void info_replication(struct text *text, const ttl_engine *engine) {
    if (engine->is_replica) text_add(text, "role:slave\r\n");
    else text_add(text, "role:master\r\n");
    text_add(text, "connected_slaves:0\r\n");
}

static void info_cluster(struct text *text, const ttl_engine *engine) {
    (void)engine;
    text_add(text, "cluster_enabled:0\r\n");
}

struct average {
    const ttl_engine *engine;
    const struct keyspace *keyspace;
    double sum;
    int64_t count;
};

static void average_add(void *context, uint32_t handle) {
    struct average *average = context;
    const struct record *record = keyspace_at(average->keyspace, handle).record;
    if (!record_is_volatile(record)) return;
    if (deadline_has_passed(average->engine, record_deadline(record))) return;
    average->sum += (double)deadline_left_ms(average->engine, record_deadline(record));
    average->count++;
}

/* What is left to the volatile keys that live, on the average. Redis samples; this is exact. */
static int64_t average_left_ms(const ttl_engine *engine, const struct database *db) {
    if (!db->was_sampled || db->keyspace.resting_count > 0) return 0;
    struct average average = {engine, &db->keyspace, 0, 0};
    uint32_t cursor = 0;
    do cursor = table_scan(&db->keyspace.table, cursor, average_add, &average);
    while (cursor != 0);
    return average.count == 0 ? 0 : (int64_t)(average.sum / (double)average.count);
}

static void info_keyspace(struct text *text, const ttl_engine *engine) {
    for (int i = 0; i < engine->database_count; i++) {
        const struct database *db = engine->databases[i];
        if (db == NULL || keyspace_count(&db->keyspace) == 0) continue;
        text_add(text, "db");
        text_add_integer(text, i);
        text_add(text, ":keys=");
        text_add_integer(text, (int64_t)keyspace_count(&db->keyspace));
        RULE("info.counts-deadlines");
        text_add(text, ",expires=");
        text_add_integer(text, (int64_t)db->keyspace.volatile_count);
        text_add(text, ",avg_ttl=");
        text_add_integer(text, average_left_ms(engine, db));
        RULE("info.keyspace");
        bool subexpiry = ttl_dialect_has(&engine->dialect, TRAIT_INFO_SUBEXPIRY);
        bool items = ttl_dialect_has(&engine->dialect, TRAIT_INFO_VOLATILE_ITEMS);
        if (subexpiry || items) {
            text_add(text, subexpiry ? ",subexpiry=" : ",keys_with_volatile_items=");
            text_add_integer(text, (int64_t)db->due.count);
        }
        text_add(text, "\r\n");
    }
}

static const struct section {
    const char *name, *title;
    void (*write)(struct text *text, const ttl_engine *engine);
} sections[] = {
    {"server", "# Server\r\n", info_server},
    {"clients", "# Clients\r\n", info_clients},
    {"stats", "# Stats\r\n", info_stats},
    {"replication", "# Replication\r\n", info_replication},
    {"cluster", "# Cluster\r\n", info_cluster},
    {"keyspace", "# Keyspace\r\n", info_keyspace},
};

static bool section_is_asked_for(const struct call *call, const struct section *section) {
    for (size_t i = 1; i < call->argc; i++)
        if (call_is_word(call, i, section->name) || call_is_word(call, i, "default") ||
            call_is_word(call, i, "all") || call_is_word(call, i, "everything"))
            return true;
    return call->argc == 1;
}

ttl_status info_command(struct call *call) {
    if (call->argc > 2 && !call_has(call, TRAIT_SUBCOMMANDS)) return reply_syntax_error(call);
    RULE("info.sections");
    struct text text = {.memory = &call->engine->session_memory};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (!section_is_asked_for(call, &sections[i])) continue;
        if (text.length > 0) text_add(&text, "\r\n");
        text_add(&text, sections[i].title);
        sections[i].write(&text, call->engine);
    }
    ttl_status status = text.failed ? TTL_NO_MEMORY : TTL_OK;
    if (status == TTL_OK) ttl_reply_add_text(call->reply, TTL_REPLY_VERBATIM, text_bytes(&text));
    text_free(&text);
    return status;
}
