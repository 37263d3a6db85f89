#include "engine/expire_options.h"

#include "engine/deadline.h"
#include "engine/rule.h"

bool expire_options_parse(struct call *call, size_t end, struct expire_options *options) {
    *options = (struct expire_options){0};
    RULE("expire.repeated-option");
    for (size_t i = 3; i < end; i++) {
        if (call_is_word(call, i, "NX")) {
            options->nx = true;
        } else if (call_is_word(call, i, "XX")) {
            options->xx = true;
        } else if (call_is_word(call, i, "GT")) {
            options->gt = true;
        } else if (call_is_word(call, i, "LT")) {
            options->lt = true;
        } else {
            RULE("expire.unknown-option");
            ttl_bytes parts[] = {ttl_bytes_of("ERR Unsupported option "), call->argv[i]};
            reply_error_parts(call, parts, 2);
            return false;
        }
    }
    if (options->nx && (options->xx || options->gt || options->lt)) {
        RULE("expire.nx-excludes-others");
        reply_error(call, "ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if (options->gt && options->lt) {
        RULE("expire.gt-excludes-lt");
        reply_error(call, "ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

bool expire_condition_holds(const struct call *call, const struct expire_options *options,
                            const ttl_instant *present, ttl_instant deadline) {
    const ttl_engine *engine = call->engine;
    if (present == NULL) {
        RULE("expire.gt-infinite", "expire.lt-infinite", "expire.xx");
        return !options->xx && !options->gt;
    }
    if (options->nx) {
        RULE("expire.nx");
        return false;
    }
    if (options->gt && !deadline_is_later(engine, deadline, *present)) {
        RULE("expire.gt");
        return false;
    }
    if (options->lt && !deadline_is_later(engine, *present, deadline)) {
        RULE("expire.lt");
        return false;
    }
    RULE("expire.xx-with-gt-or-lt");
    return true;
}
