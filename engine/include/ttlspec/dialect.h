/* Dialects: which server, in which version, the engine behaves like.
 *
 * A dialect is a family and a version; what follows from them is data, a table of traits with the
 * versions in which each holds (engine/traits.def). Any version of a known family is a dialect:
 * `redis-7.0` is the newest 7.0 that there is, `redis-7.0.15` that one.
 */
#ifndef TTLSPEC_DIALECT_H
#define TTLSPEC_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum ttl_family { TTL_FAMILY_REDIS, TTL_FAMILY_VALKEY, TTL_FAMILY_REDICT } ttl_family;

typedef struct ttl_version {
    uint16_t major, minor, patch;
} ttl_version;

/* Traits are bits: number n is bit n % 64 of word n / 64. */
enum { TTL_TRAIT_WORDS = 4, TTL_TRAITS_IN_WORD = 64 };

typedef struct ttl_dialect {
    ttl_family family;
    ttl_version version;
    uint64_t traits[TTL_TRAIT_WORDS]; /* bit n: trait n of engine/traits.def holds */
} ttl_dialect;

/* The dialect of a family's version. */
ttl_dialect ttl_dialect_of(ttl_family family, ttl_version version);
/* Reads "redis-7.0" or "valkey-8.1.1"; a missing patch is the newest. False: not such a name. */
bool ttl_dialect_parse(const char *name, ttl_dialect *dialect);
/* Writes "redis-7.0.15" (a patch that was left open is left out). Returns what snprintf would. */
int ttl_dialect_name(const ttl_dialect *dialect, char *buffer, size_t size);
/* "redis", "valkey", "redict"; NULL past the last. */
const char *ttl_family_name(ttl_family family);
bool ttl_family_parse(const char *name, size_t length, ttl_family *family);
/* Reads "7", "7.0" or "7.0.15"; parts that are missing are `missing` (0 for a lower bound,
 * TTL_VERSION_ANY for an upper one). False: not a version. */
bool ttl_version_parse(const char *text, size_t length, uint16_t missing, ttl_version *version);
int ttl_version_compare(ttl_version a, ttl_version b);

#define TTL_VERSION_ANY UINT16_MAX

/* The dialects that the project names and tests; the last one is followed by NULL. */
extern const char *const ttl_dialect_names[];
/* The one that is meant when nobody says: the Redis of Debian 12. */
extern const char ttl_dialect_default[];

/* The traits themselves, for whoever lists them: what it is, and in which versions it holds. */
typedef struct ttl_versions {
    ttl_version since, until; /* [since, until); until TTL_VERSION_ANY: to this day */
} ttl_versions;

typedef struct ttl_trait {
    const char *id;   /* "expire.options" */
    const char *text; /* one sentence */
    ttl_versions redis, valkey;
} ttl_trait;
size_t ttl_trait_count(void);
ttl_trait ttl_trait_at(size_t index);
static inline bool ttl_dialect_has(const ttl_dialect *dialect, size_t trait) {
    return (dialect->traits[trait / TTL_TRAITS_IN_WORD] >> trait % TTL_TRAITS_IN_WORD & 1) != 0;
}
/* The other way round in this one trait: no server's dialect, but it shows what the trait does. */
static inline void ttl_dialect_flip(ttl_dialect *dialect, size_t trait) {
    dialect->traits[trait / TTL_TRAITS_IN_WORD] ^= UINT64_C(1) << trait % TTL_TRAITS_IN_WORD;
}

#endif
