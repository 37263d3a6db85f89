/* The scripts that an engine knows, by their digests: what EVAL has run and SCRIPT LOAD was given.
 *
 * They outlive sessions and FLUSHALL; SCRIPT FLUSH forgets them.
 * Cost: a look-up walks the list. Ownership: the engine owns the scripts. */
#ifndef ENGINE_SCRIPT_H
#define ENGINE_SCRIPT_H

#include "engine/state.h"
#include "ttlspec/scripting.h"

struct script {
    struct script *next;
    char digest[TTL_DIGEST_LENGTH + 1];
    size_t length;
    char text[];
};

/* The script of this digest, in any case; NULL: the engine knows none. */
const struct script *script_find(const ttl_engine *engine, ttl_bytes digest);
/* A script in nobody's list yet; NULL: there is no memory. */
struct script *script_new(ttl_engine *engine, ttl_bytes text);
void script_free(ttl_engine *engine, struct script *script);
/* Puts a new script into the list. */
void script_keep(ttl_engine *engine, struct script *script);
void script_forget_all(ttl_engine *engine);

static inline ttl_bytes script_text(const struct script *script) {
    return (ttl_bytes){script->text, script->length};
}

#endif
