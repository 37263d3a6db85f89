/* MSET, MSETNX and MSETEX: many strings at once, and with MSETEX one deadline for all of them. */
#include <limits.h>
#include <string.h>

#include "engine/change.h"
#include "engine/db.h"
#include "engine/rule.h"
#include "engine/set_options.h"

/* Names and values in turn. */
struct pairs {
    const ttl_bytes *words;
    size_t count;
};

/* Drafts of all values, so that all are put or none is; NULL: no memory. */
static struct key *pairs_draft(struct call *call, struct pairs pairs) {
    struct memory *memory = &call->engine->memory;
    struct keyspace *keyspace = &call->db->keyspace;
    struct key *drafts = memory_take(memory, pairs.count * sizeof *drafts);
    if (drafts == NULL) return NULL;
    size_t drafted = 0;
    while (drafted < pairs.count) {
        const ttl_bytes *pair = &pairs.words[2 * drafted];
        drafts[drafted] = keyspace_draft_string(keyspace, pair[0], pair[1]);
        if (drafts[drafted].record == NULL) break;
        drafted++;
    }
    if (drafted == pairs.count) return drafts;
    while (drafted > 0) keyspace_discard(keyspace, drafts[--drafted]);
    memory_give(memory, drafts, pairs.count * sizeof *drafts);
    return NULL;
}

/* ---- MSET, MSETNX */

static ttl_status mset_write(struct call *call) {
    struct pairs pairs = {&call->argv[1], (call->argc - 1) / 2};
    struct key *drafts = pairs_draft(call, pairs);
    if (drafts == NULL) return TTL_NO_MEMORY;
    for (size_t i = 0; i < pairs.count; i++) {
        ttl_bytes name = pairs.words[2 * i];
        db_put(call, db_write(call, name), drafts[i]);
        db_announce(call, EVENT_STRING, "set", name);
    }
    memory_give(&call->engine->memory, drafts, pairs.count * sizeof *drafts);
    return TTL_OK;
}

static ttl_status reply_mset_arity(struct call *call) {
    if (call_has(call, TRAIT_COMMAND_IS_QUOTED)) return reply_wrong_arity(call);
    return reply_error(call, "ERR wrong number of arguments for MSET");
}

ttl_status mset_command(struct call *call) {
    if (call->argc % 2 == 0) return reply_mset_arity(call);
    if (mset_write(call) != TTL_OK) return TTL_NO_MEMORY;
    return reply_ok(call);
}

ttl_status msetnx_command(struct call *call) {
    if (call->argc % 2 == 0) return reply_mset_arity(call);
    for (size_t i = 1; i < call->argc; i += 2)
        if (db_write(call, call->argv[i]).record != NULL) {
            RULE("msetnx.all-or-nothing");
            return reply_integer(call, 0);
        }
    RULE("msetnx.dead-does-not-count");
    if (mset_write(call) != TTL_OK) return TTL_NO_MEMORY;
    return reply_integer(call, 1);
}

/* ---- MSETEX */

enum { FIRST_PAIR = 2 };

/* The pairs, as many as argument 1 says; false: its error was answered. */
static bool pairs_read(struct call *call, struct pairs *pairs) {
    bool has_own_errors = call_has(call, TRAIT_MSETEX_OWN_ERRORS);
    int64_t count;
    RULE("msetex.count-is-checked");
    if (!argument_integer(call->argv[1], &count) || count <= 0 || count > INT_MAX) {
        reply_error(call, has_own_errors ? "ERR invalid numkeys value"
                                         : "ERR invalid numkeys value or out of range");
        return false;
    }
    if ((call->argc - FIRST_PAIR) / 2 < (size_t)count) {
        if (has_own_errors) reply_error(call, "ERR wrong number of key-value pairs");
        else reply_syntax_error(call);
        return false;
    }
    *pairs = (struct pairs){&call->argv[FIRST_PAIR], (size_t)count};
    return true;
}

/* Do NX and XX let all the keys be written? */
static bool conditions_hold(struct call *call, struct pairs pairs,
                            const struct set_options *options) {
    RULE("msetex.nx", "msetex.xx");
    if (!options->only_new && !options->only_present) return true;
    for (size_t i = 0; i < pairs.count; i++) {
        bool found = db_write(call, pairs.words[2 * i]).record != NULL;
        if (found == options->only_new) return false;
    }
    return true;
}

static void announce_pair(struct call *call, ttl_bytes name, bool has_deadline) {
    RULE("event.msetex");
    bool expire_first = call_has(call, TRAIT_MSETEX_EXPIRE_FIRST);
    if (has_deadline && expire_first) db_announce(call, EVENT_GENERIC, "expire", name);
    db_announce(call, EVENT_STRING, "set", name);
    if (has_deadline && !expire_first) db_announce(call, EVENT_GENERIC, "expire", name);
}

/* Puts a value; a deadline in the past is set as any other, unlike in SET of Valkey. */
static void pair_put(struct call *call, const struct set_options *options, ttl_bytes name,
                     struct key draft) {
    struct key old = db_write(call, name);
    RULE("msetex.keepttl", "msetex.drops-deadline");
    bool keeps = options->keep_deadline && old.record != NULL && record_is_volatile(old.record);
    ttl_instant deadline = keeps ? record_deadline(old.record) : options->deadline;
    db_put(call, old, draft);
    RULE("msetex.one-deadline-for-all", "msetex.past-is-stored");
    if (keeps || options->has_deadline) db_arm(call, draft, deadline);
    announce_pair(call, name, options->has_deadline);
}

/* `words` have room for all arguments. */
static void tell_moment_of_all(struct call *call, struct pairs pairs, ttl_instant deadline,
                               ttl_bytes *words) {
    size_t count = FIRST_PAIR + 2 * pairs.count;
    memcpy(words, call->argv, count * sizeof *words);
    change_tell_many(call, words, count, deadline);
}

static ttl_status msetex_write(struct call *call, struct pairs pairs,
                               const struct set_options *options) {
    struct memory *memory = &call->engine->memory;
    struct keyspace *keyspace = &call->db->keyspace;
    if (keyspace_reserve_deadlines(keyspace, pairs.count) != TTL_OK) return TTL_NO_MEMORY;
    ttl_bytes *words = memory_take(memory, call->argc * sizeof *words);
    if (words == NULL) return TTL_NO_MEMORY;
    struct key *drafts = pairs_draft(call, pairs);
    if (drafts != NULL) {
        for (size_t i = 0; i < pairs.count; i++)
            pair_put(call, options, pairs.words[2 * i], drafts[i]);
        if (options->has_deadline) tell_moment_of_all(call, pairs, options->deadline, words);
        memory_give(memory, drafts, pairs.count * sizeof *drafts);
    }
    memory_give(memory, words, call->argc * sizeof *words);
    return drafts == NULL ? TTL_NO_MEMORY : TTL_OK;
}

ttl_status msetex_command(struct call *call) {
    struct pairs pairs;
    struct set_options options;
    if (!pairs_read(call, &pairs)) return TTL_OK;
    size_t first = FIRST_PAIR + 2 * pairs.count;
    if (!set_options_parse(call, first, OPTIONS_OF_MSETEX, &options)) return TTL_OK;
    RULE("msetex.time-before-condition");
    if (!set_options_read_deadline(call, &options)) return TTL_OK;
    if (!conditions_hold(call, pairs, &options)) return reply_integer(call, 0);
    if (msetex_write(call, pairs, &options) != TTL_OK) return TTL_NO_MEMORY;
    return reply_integer(call, 1);
}
