/* The traits by name, for the code that asks for them. The table is traits.def. */
#ifndef ENGINE_DIALECT_H
#define ENGINE_DIALECT_H

#include "ttlspec/dialect.h"

enum trait {
#define TRAIT(name, id, redis, valkey, text) TRAIT_##name,
#include "engine/traits.def"
#undef TRAIT
    TRAITS
};

#define VERSION(a, b, c) ((ttl_version){(a), (b), (c)})
#define VERSION_LAST     VERSION(TTL_VERSION_ANY, TTL_VERSION_ANY, TTL_VERSION_ANY)
#define ALWAYS                                                                                     \
    {                                                                                              \
        {0, 0, 0}, {                                                                               \
            TTL_VERSION_ANY, TTL_VERSION_ANY, TTL_VERSION_ANY                                      \
        }                                                                                          \
    }
#define NEVER                                                                                      \
    {                                                                                              \
        {0, 0, 0}, {                                                                               \
            0, 0, 0                                                                                \
        }                                                                                          \
    }
#define SINCE(a, b, c)                                                                             \
    {                                                                                              \
        {(a), (b), (c)}, {                                                                         \
            TTL_VERSION_ANY, TTL_VERSION_ANY, TTL_VERSION_ANY                                      \
        }                                                                                          \
    }
#define BEFORE(a, b, c)                                                                            \
    {                                                                                              \
        {0, 0, 0}, {                                                                               \
            (a), (b), (c)                                                                          \
        }                                                                                          \
    }
#define BETWEEN(a, b, c, d, e, f)                                                                  \
    {                                                                                              \
        {(a), (b), (c)}, {                                                                         \
            (d), (e), (f)                                                                          \
        }                                                                                          \
    }

/* Does the dialect's version lie in the range of its family? */
bool dialect_in(const ttl_dialect *dialect, ttl_versions redis, ttl_versions valkey);

#endif
