#include "engine/dialect.h"

#include <string.h>

#include "engine/number.h"
#include "engine/require.h"

struct trait_row {
    const char *id;
    ttl_versions redis, valkey;
    const char *text;
};

static const struct trait_row trait_rows[TRAITS] = {
#define TRAIT(name, id, redis, valkey, text) {id, redis, valkey, text},
#include "engine/traits.def"
#undef TRAIT
};

_Static_assert((size_t)TRAITS <= (size_t)TTL_TRAIT_WORDS * TTL_TRAITS_IN_WORD,
               "each trait has its bit");

static const char *const family_names[] = {"redis", "valkey", "redict"};
enum { FAMILIES = sizeof family_names / sizeof *family_names };

/* The Redis that Redict and Valkey were forked from. */
static const ttl_version FORKED_FROM = {7, 2, 4};
/* What Redict has taken over since. */
static const enum trait REDICT_TOOK[] = {TRAIT_HSCAN_NOVALUES, TRAIT_XREAD_LAST,
                                         TRAIT_XREAD_LAST_OF_NOTHING_REFUSED,
                                         TRAIT_XREAD_LAST_IS_OF_LAST_ID};

const char *const ttl_dialect_names[] = {
    "redis-6.0", "redis-6.2",  "redis-7.0",  "redis-7.2",  "redis-7.4",  "redis-8.0", "redis-8.2",
    "redis-8.6", "valkey-8.0", "valkey-8.1", "valkey-9.1", "redict-7.3", NULL};
const char ttl_dialect_default[] = "redis-7.0";

/* ---- versions */

int ttl_version_compare(ttl_version a, ttl_version b) {
    if (a.major != b.major) return a.major < b.major ? -1 : 1;
    if (a.minor != b.minor) return a.minor < b.minor ? -1 : 1;
    if (a.patch != b.patch) return a.patch < b.patch ? -1 : 1;
    return 0;
}

/* Reads digits up to a dot or the end; false when there are none, or too many. */
static bool version_part(const char **text, const char *end, uint16_t *part) {
    unsigned value = 0;
    const char *start = *text;
    while (*text < end && **text >= '0' && **text <= '9' && *text - start < 5)
        value = value * 10 + (unsigned)(*(*text)++ - '0');
    *part = (uint16_t)value;
    return *text > start && value < TTL_VERSION_ANY;
}

bool ttl_version_parse(const char *text, size_t length, uint16_t missing, ttl_version *version) {
    uint16_t parts[3] = {missing, missing, missing};
    const char *end = text + length;
    for (size_t i = 0; i < 3; i++) {
        if (!version_part(&text, end, &parts[i])) return false;
        if (text == end) break;
        if (*text++ != '.' || i == 2) return false;
    }
    *version = (ttl_version){parts[0], parts[1], parts[2]};
    return true;
}

static bool version_in(ttl_version version, ttl_versions range) {
    return ttl_version_compare(version, range.since) >= 0 &&
           (ttl_version_compare(version, range.until) < 0 || range.until.major == TTL_VERSION_ANY);
}

bool dialect_in(const ttl_dialect *dialect, ttl_versions redis, ttl_versions valkey) {
    switch (dialect->family) {
    case TTL_FAMILY_REDIS: return version_in(dialect->version, redis);
    case TTL_FAMILY_VALKEY: return version_in(dialect->version, valkey);
    case TTL_FAMILY_REDICT: return version_in(FORKED_FROM, redis);
    }
    return false;
}

/* ---- dialects */

ttl_dialect ttl_dialect_of(ttl_family family, ttl_version version) {
    ttl_dialect dialect = {family, version, {0}};
    for (size_t i = 0; i < TRAITS; i++)
        if (dialect_in(&dialect, trait_rows[i].redis, trait_rows[i].valkey))
            ttl_dialect_flip(&dialect, i);
    for (size_t i = 0; family == TTL_FAMILY_REDICT && i < sizeof REDICT_TOOK / sizeof *REDICT_TOOK;
         i++)
        ttl_dialect_flip(&dialect, REDICT_TOOK[i]);
    return dialect;
}

const char *ttl_family_name(ttl_family family) {
    return (size_t)family < FAMILIES ? family_names[family] : NULL;
}

bool ttl_family_parse(const char *name, size_t length, ttl_family *family) {
    for (size_t i = 0; i < FAMILIES; i++) {
        if (strlen(family_names[i]) != length || memcmp(family_names[i], name, length) != 0)
            continue;
        *family = (ttl_family)i;
        return true;
    }
    return false;
}

bool ttl_dialect_parse(const char *name, ttl_dialect *dialect) {
    const char *dash = strchr(name, '-');
    ttl_family family;
    ttl_version version;
    if (dash == NULL || !ttl_family_parse(name, (size_t)(dash - name), &family)) return false;
    if (!ttl_version_parse(dash + 1, strlen(dash + 1), TTL_VERSION_ANY, &version)) return false;
    *dialect = ttl_dialect_of(family, version);
    return true;
}

static size_t append_text(char *out, size_t at, const char *text) {
    size_t length = strlen(text);
    memcpy(out + at, text, length);
    return at + length;
}

int ttl_dialect_name(const ttl_dialect *dialect, char *buffer, size_t size) {
    char name[64];
    uint16_t parts[3] = {dialect->version.major, dialect->version.minor, dialect->version.patch};
    size_t length = append_text(name, 0, ttl_family_name(dialect->family));
    for (size_t i = 0; i < 3 && parts[i] != TTL_VERSION_ANY; i++) {
        name[length++] = i == 0 ? '-' : '.';
        length += number_format_integer(parts[i], name + length);
    }
    if (size > 0) {
        size_t kept = length < size ? length : size - 1;
        memcpy(buffer, name, kept);
        buffer[kept] = '\0';
    }
    return (int)length;
}

/* ---- traits */

size_t ttl_trait_count(void) {
    return TRAITS;
}

ttl_trait ttl_trait_at(size_t index) {
    require(index < TRAITS);
    const struct trait_row *row = &trait_rows[index];
    return (ttl_trait){row->id, row->text, row->redis, row->valkey};
}
