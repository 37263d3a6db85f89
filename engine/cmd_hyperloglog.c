/* PFADD, PFCOUNT, PFMERGE. */
#include <string.h>

#include "engine/change.h"
#include "engine/db.h"
#include "engine/hyperloglog.h"
#include "engine/rule.h"

/* What a command works with. */
struct counting {
    struct hyperloglog hll;
    unsigned char registers[HLL_REGISTERS];
};

typedef ttl_status counting_run(struct call *call, struct counting *counting);

/* Runs with room to work in. */
static ttl_status with_room(struct call *call, counting_run *run) {
    struct memory *memory = &call->engine->session_memory;
    struct counting *counting = memory_take_zeroed(memory, sizeof *counting);
    if (counting == NULL) return TTL_NO_MEMORY;
    ttl_status status = run(call, counting);
    memory_give(memory, counting, sizeof *counting);
    return status;
}

static ttl_status reply_broken(struct call *call) {
    RULE("hyperloglog.broken");
    return reply_error(call, "INVALIDOBJ Corrupted HLL object detected");
}

/* Reads the value of a key, nothing where there is none; false: the answer has been given. */
static bool read_key(struct call *call, struct key key, struct hyperloglog *hll) {
    hll_clear(hll);
    if (!db_check_type(call, key, VALUE_STRING)) return false;
    if (key.record == NULL || hll_read(hll, record_string(key.record))) return true;
    RULE("hyperloglog.is-a-string");
    reply_error(call, "WRONGTYPE Key is not a valid HyperLogLog string value.");
    return false;
}

/* Puts it into the key of this name, where there is one in its place: the deadline stays. */
static ttl_status write_key(struct call *call, ttl_bytes name, struct key key,
                            const struct hyperloglog *hll) {
    struct keyspace *keyspace = &call->db->keyspace;
    ttl_bytes bytes = hll_bytes(hll);
    if (key.record == NULL) {
        key = keyspace_draft_string(keyspace, name, bytes);
        if (key.record == NULL) return TTL_NO_MEMORY;
        db_put(call, (struct key){NULL, SLAB_NONE}, key);
        return TTL_OK;
    }
    if (keyspace_reserve_string(keyspace, key, bytes.length) != TTL_OK) return TTL_NO_MEMORY;
    memcpy(keyspace_resize_string(key, bytes.length), bytes.data, bytes.length);
    RULE("hyperloglog.change-keeps-deadline", "hyperloglog.same-bytes");
    db_touch(call, name);
    return TTL_OK;
}

/* ---- PFADD */

static ttl_status pfadd_run(struct call *call, struct counting *counting) {
    struct key key = db_write(call, call->argv[1]);
    bool has_changed = key.record == NULL;
    if (!read_key(call, key, &counting->hll)) return TTL_OK;
    for (size_t i = 2; i < call->argc; i++) {
        int raised = hll_add(&counting->hll, call->argv[i]);
        if (raised < 0) return reply_broken(call);
        has_changed |= raised > 0;
    }
    RULE("hyperloglog.nothing-new-is-no-change");
    if (!has_changed) return reply_integer(call, 0);
    hll_forget_cached(&counting->hll);
    if (write_key(call, call->argv[1], key, &counting->hll) != TTL_OK) return TTL_NO_MEMORY;
    db_announce(call, EVENT_STRING, "pfadd", call->argv[1]);
    return reply_integer(call, 1);
}

ttl_status pfadd_command(struct call *call) {
    return with_room(call, pfadd_run);
}

/* ---- PFCOUNT */

/* Of one key: the count is kept in it, which is a change. */
static ttl_status count_one(struct call *call, struct counting *counting) {
    struct key key = db_read(call, call->argv[1]);
    uint64_t count;
    if (!read_key(call, key, &counting->hll)) return TTL_OK;
    if (key.record == NULL || hll_cached(&counting->hll, &count))
        return reply_integer(call, key.record == NULL ? 0 : (int64_t)count);
    if (!hll_merge(&counting->hll, counting->registers)) return reply_broken(call);
    count = hll_estimate(counting->registers);
    hll_cache(&counting->hll, count);
    RULE("pfcount.may-be-a-change");
    if (write_key(call, call->argv[1], key, &counting->hll) != TTL_OK) return TTL_NO_MEMORY;
    change_tell(call, call->argc, call->argv);
    return reply_integer(call, (int64_t)count);
}

/* Raises the registers to those of each key that is named; false: the answer has been given. */
static bool merge_keys(struct call *call, struct counting *counting, bool *is_dense) {
    for (size_t i = 1; i < call->argc; i++) {
        struct key key = db_read(call, call->argv[i]);
        if (!read_key(call, key, &counting->hll)) return false;
        RULE("hyperloglog.dead-counts-nothing");
        if (key.record == NULL) continue;
        *is_dense |= hll_is_dense(&counting->hll);
        if (hll_merge(&counting->hll, counting->registers)) continue;
        reply_broken(call);
        return false;
    }
    return true;
}

static ttl_status pfcount_run(struct call *call, struct counting *counting) {
    bool is_dense = false;
    if (call->argc == 2) return count_one(call, counting);
    if (!merge_keys(call, counting, &is_dense)) return TTL_OK;
    return reply_integer(call, (int64_t)hll_estimate(counting->registers));
}

ttl_status pfcount_command(struct call *call) {
    return with_room(call, pfcount_run);
}

/* ---- PFMERGE */

static ttl_status pfmerge_run(struct call *call, struct counting *counting) {
    bool is_dense = false;
    struct hyperloglog *hll = &counting->hll;
    if (!merge_keys(call, counting, &is_dense)) return TTL_OK;
    struct key key = db_write(call, call->argv[1]);
    if (!read_key(call, key, hll)) return TTL_OK;
    if (is_dense && !hll_densify(hll)) return reply_broken(call);
    for (size_t i = 0; i < HLL_REGISTERS; i++)
        if (counting->registers[i] > 0) hll_raise(hll, i, counting->registers[i]);
    hll_forget_cached(hll);
    if (write_key(call, call->argv[1], key, hll) != TTL_OK) return TTL_NO_MEMORY;
    RULE("event.pfmerge");
    db_announce(call, EVENT_STRING, "pfadd", call->argv[1]);
    return reply_ok(call);
}

ttl_status pfmerge_command(struct call *call) {
    return with_room(call, pfmerge_run);
}
