#include "engine/script.h"

#include <string.h>

#include "engine/digest.h"

static size_t script_size(size_t length) {
    return sizeof(struct script) + length;
}

const struct script *script_find(const ttl_engine *engine, ttl_bytes digest) {
    for (const struct script *script = engine->scripts; script != NULL; script = script->next)
        if (ttl_bytes_is_word(digest, script->digest)) return script;
    return NULL;
}

struct script *script_new(ttl_engine *engine, ttl_bytes text) {
    struct script *script = memory_take(&engine->memory, script_size(text.length));
    if (script == NULL) return NULL;
    digest_of(text, script->digest);
    script->next = NULL;
    script->length = text.length;
    if (text.length > 0) memcpy(script->text, text.data, text.length);
    return script;
}

void script_free(ttl_engine *engine, struct script *script) {
    memory_give(&engine->memory, script, script_size(script->length));
}

void script_keep(ttl_engine *engine, struct script *script) {
    script->next = engine->scripts;
    engine->scripts = script;
}

void script_forget_all(ttl_engine *engine) {
    while (engine->scripts != NULL) {
        struct script *script = engine->scripts;
        engine->scripts = script->next;
        script_free(engine, script);
    }
}
