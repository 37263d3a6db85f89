#include "conformance/target.h"

#include <stdio.h>
#include <string.h>

#include "conformance/live.h"

bool target_check(const char *text, char *error) {
    ttl_dialect dialect;
    live_address address;
    if (strncmp(text, "redis://", 8) == 0 || strncmp(text, "unix://", 7) == 0) {
        bool sound = live_address_parse(&address, text, error);
        live_address_free(&address);
        return sound;
    }
    bool is_known = strcmp(text, "engine") == 0 || strncmp(text, "exec:", 5) == 0;
    if (strncmp(text, "engine:", 7) == 0) {
        is_known = ttl_dialect_parse(text + 7, &dialect);
        snprintf(error, TARGET_ERROR_SIZE,
                 "\"%.64s\" is no dialect: one is redis-7.0, valkey-8.1.1", text + 7);
    } else {
        snprintf(error, TARGET_ERROR_SIZE,
                 "a target is engine[:DIALECT], redis://[user:pass@]host:port[/db], unix://PATH or "
                 "exec:COMMAND");
    }
    return is_known;
}

target *target_open(const char *text, const target_options *options, bool *is_usage, char *error) {
    *is_usage = false;
    if (strcmp(text, "engine") == 0) return target_open_engine(NULL, options, is_usage, error);
    if (strncmp(text, "engine:", 7) == 0)
        return target_open_engine(text + 7, options, is_usage, error);
    if (strncmp(text, "redis://", 8) == 0 || strncmp(text, "unix://", 7) == 0)
        return target_open_live(text, options, is_usage, error);
    if (strncmp(text, "exec:", 5) == 0) return target_open_exec(text + 5, options, is_usage, error);
    *is_usage = true;
    target_check(text, error);
    return NULL;
}

void target_close(target *base) {
    if (base != NULL) base->operations->close(base);
}
