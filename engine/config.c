#include "engine/config.h"

#include "engine/event.h"
#include "engine/number.h"

static size_t value_write(char value[CONFIG_VALUE_ROOM], const char *text) {
    size_t length = strlen(text);
    memcpy(value, text, length);
    return length;
}

static size_t databases_read(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]) {
    return number_format_integer(engine->database_count, value);
}

static size_t no_read(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]) {
    (void)engine;
    return value_write(value, "no");
}

static size_t empty_read(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]) {
    (void)engine;
    (void)value;
    return 0;
}

static size_t zero_read(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]) {
    (void)engine;
    return value_write(value, "0");
}

static size_t policy_read(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]) {
    (void)engine;
    return value_write(value, "noeviction");
}

static size_t string_most_read(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]) {
    (void)engine;
    return value_write(value, "536870912");
}

static size_t notify_read(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]) {
    return event_flags_format(&engine->dialect, engine->notify, value);
}

static bool notify_write(ttl_engine *engine, ttl_bytes value) {
    return event_flags_parse(&engine->dialect, value, &engine->notify);
}

static size_t read_only_read(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]) {
    return value_write(value, engine->is_writable ? "no" : "yes");
}

static bool read_only_write(ttl_engine *engine, ttl_bytes value) {
    bool is_no = ttl_bytes_is_word(value, "no");
    if (!is_no && !ttl_bytes_is_word(value, "yes")) return false;
    engine->is_writable = is_no;
    return true;
}

const struct setting config_settings[] = {
    {"appendonly", no_read, NULL, NULL, false},
    {"databases", databases_read, NULL, NULL, false},
    {"maxmemory", zero_read, NULL, NULL, false},
    {"maxmemory-policy", policy_read, NULL, NULL, false},
    {"notify-keyspace-events", notify_read, notify_write,
     "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.", false},
    {"proto-max-bulk-len", string_most_read, NULL, NULL, false},
    {"replica-read-only", read_only_read, read_only_write, "argument must be 'yes' or 'no'", true},
    {"save", empty_read, NULL, NULL, false},
};
const size_t config_setting_count = sizeof config_settings / sizeof *config_settings;

const struct setting *config_find(ttl_bytes name) {
    for (size_t i = 0; i < config_setting_count; i++)
        if (ttl_bytes_is_word(name, config_settings[i].name)) return &config_settings[i];
    return NULL;
}

ttl_bytes config_version(const ttl_dialect *dialect, char room[CONFIG_VALUE_ROOM]) {
    ttl_dialect_name(dialect, room, CONFIG_VALUE_ROOM);
    return ttl_bytes_of(strchr(room, '-') + 1);
}
