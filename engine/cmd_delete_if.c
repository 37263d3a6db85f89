/* Keys deleted if they hold what they should: DELEX of Redis, DELIFEQ of Valkey; DIGEST. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/db.h"
#include "engine/rule.h"

enum { DIGEST_LENGTH = 16 };

/* ---- digests: a hash of the value, in hexadecimal digits */

static void digest_string(ttl_bytes value, char digest[DIGEST_LENGTH]) {
    XXH64_hash_t hash = XXH3_64bits(value.data, value.length);
    for (size_t i = DIGEST_LENGTH; i-- > 0; hash >>= 4) digest[i] = "0123456789abcdef"[hash & 15];
}

ttl_status digest_command(struct call *call) {
    char digest[DIGEST_LENGTH];
    struct key key = db_read(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    if (key.record == NULL) return reply_nil(call);
    RULE("digest.of-the-value");
    digest_string(record_string(key.record), digest);
    return reply_bulk(call, (ttl_bytes){digest, DIGEST_LENGTH});
}

/* ---- DELEX, DELIFEQ */

static ttl_status delete_found(struct call *call, struct key key) {
    RULE("delex.deletes-with-deadline");
    db_remove(call, key);
    db_announce(call, EVENT_GENERIC, "del", call->argv[1]);
    return reply_integer(call, 1);
}

/* IFEQ and IFNE compare with the value, IFDEQ and IFDNE with its digest. */
static const struct condition {
    const char *word;
    bool of_digest, is_equal;
} conditions[] = {
    {"IFEQ", false, true}, {"IFNE", false, false}, {"IFDEQ", true, true}, {"IFDNE", true, false}};

static const struct condition *condition_at(const struct call *call, size_t index) {
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (call_is_word(call, index, conditions[i].word)) return &conditions[i];
    return NULL;
}

/* Digits are the same in either case. */
static bool condition_holds(const struct call *call, const struct condition *condition,
                            ttl_bytes value) {
    char digest[DIGEST_LENGTH + 1] = {0};
    if (!condition->of_digest) return ttl_bytes_equal(value, call->argv[3]) == condition->is_equal;
    digest_string(value, digest);
    return call_is_word(call, 3, digest) == condition->is_equal;
}

ttl_status delex_command(struct call *call) {
    if (call->argc == 2) return del_command(call);
    RULE("delex.error-order");
    if (call->argc != 4) return reply_wrong_arity(call);
    struct key key = db_read(call, call->argv[1]);
    if (key.record == NULL) return reply_integer(call, 0);
    if (key.record->type != VALUE_STRING)
        return reply_error(call, "ERR Key should be of string type if conditions are specified");
    const struct condition *condition = condition_at(call, 2);
    if (condition == NULL)
        return reply_error(call, "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
    if (condition->of_digest && call->argv[3].length != DIGEST_LENGTH)
        return reply_error(call, "ERR must be exactly 16 hexadecimal characters");
    bool holds = condition_holds(call, condition, record_string(key.record));
    return holds ? delete_found(call, key) : reply_integer(call, 0);
}

ttl_status delifeq_command(struct call *call) {
    struct key key = db_write(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_STRING)) return TTL_OK;
    RULE("delifeq.only-if-equal");
    bool holds = key.record != NULL && ttl_bytes_equal(record_string(key.record), call->argv[2]);
    return holds ? delete_found(call, key) : reply_integer(call, 0);
}
