/* Settings: what CONFIG GET tells and CONFIG SET changes.
 *
 * Only settings that the engine can answer for are here. Most say how it is and cannot be changed;
 * notify-keyspace-events and replica-read-only can.
 * Ownership: nothing is allocated; values are kept where the engine uses them. */
#ifndef ENGINE_CONFIG_H
#define ENGINE_CONFIG_H

#include "engine/state.h"

enum { CONFIG_VALUE_ROOM = 32 };

struct setting {
    const char *name;
    /* Writes the value, returns its length. */
    size_t (*read)(const ttl_engine *engine, char value[CONFIG_VALUE_ROOM]);
    /* NULL: it cannot be changed. False: it cannot be this. */
    bool (*write)(ttl_engine *engine, ttl_bytes value);
    const char *complaint; /* why not, since Redis 7.0 */
    bool complained_before;
};

extern const struct setting config_settings[];
extern const size_t config_setting_count;

/* The setting of this name, in any case; NULL: there is none. */
const struct setting *config_find(ttl_bytes name);

/* The version that INFO and HELLO claim: "7.0.15", or "7.0" where the patch is left open. */
ttl_bytes config_version(const ttl_dialect *dialect, char room[CONFIG_VALUE_ROOM]);

#endif
