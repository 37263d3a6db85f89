#include "conformance/target.h"

#include <stdio.h>
#include <string.h>

target *target_open(const char *text, const target_options *options, bool *is_usage, char *error) {
    *is_usage = false;
    if (strcmp(text, "engine") == 0) return target_open_engine(NULL, options, is_usage, error);
    if (strncmp(text, "engine:", 7) == 0)
        return target_open_engine(text + 7, options, is_usage, error);
    if (strncmp(text, "redis://", 8) == 0 || strncmp(text, "unix://", 7) == 0)
        return target_open_live(text, options, is_usage, error);
    if (strncmp(text, "exec:", 5) == 0) return target_open_exec(text + 5, options, is_usage, error);
    *is_usage = true;
    snprintf(error, TARGET_ERROR_SIZE,
             "a target is engine[:DIALECT], redis://[user:pass@]host:port[/db], "
             "unix://PATH or exec:COMMAND");
    return NULL;
}

void target_close(target *base) {
    if (base != NULL) base->operations->close(base);
}
