/* XCLAIM and XAUTOCLAIM: what was delivered to one consumer long ago goes to another. */
#include "engine/db.h"
#include "engine/deadline.h"
#include "engine/engine.h"
#include "engine/rule.h"
#include "engine/stream_call.h"

struct claim {
    struct stream *stream;
    struct stream_group *group;
    struct stream_consumer *consumer; /* NULL: it is not there yet */
    ttl_instant now, delivered;
    int64_t idle_ms;    /* the least */
    int64_t deliveries; /* -1: one more */
    struct stream_id last;
    bool forces, only_ids;
};

/* Answers `error` where the argument is no integer. */
static bool call_number(struct call *call, size_t index, const char *error, int64_t *number) {
    return argument_integer(call->argv[index], number) || call_refuse(call, error);
}

/* ---- one entry */

/* The consumer that claims, made when it is not there; NULL: there is no memory. */
static struct stream_consumer *claimer(struct call *call, struct claim *claim) {
    ttl_bytes name = call->argv[3];
    if (claim->consumer == NULL) claim->consumer = stream_find_consumer(claim->group, name);
    if (claim->consumer == NULL) {
        claim->consumer =
            stream_add_consumer(&call->engine->memory, claim->group, name, claim->now);
        if (claim->consumer == NULL) return NULL;
        if (call_has(call, TRAIT_STREAM_CREATES_ALOUD))
            db_announce(call, EVENT_STREAM, "xgroup-createconsumer", call->argv[1]);
    }
    claim->consumer->seen = claim->now;
    return claim->consumer;
}

/* Has it been pending for long enough? */
static bool is_ripe(struct call *call, const struct claim *claim,
                    const struct stream_pending *pending) {
    if (pending->consumer == NULL || claim->idle_ms == 0) return true;
    RULE("xclaim.min-idle");
    return deadline_has_elapsed(call->engine, pending->delivered, claim->now, claim->idle_ms);
}

static void claim_pending(struct call *call, struct claim *claim, struct stream_pending *pending) {
    pending->consumer = claim->consumer;
    pending->delivered = claim->delivered;
    if (claim->deliveries >= 0) pending->deliveries = claim->deliveries;
    else if (!claim->only_ids) pending->deliveries++;
    claim->consumer->active = claim->now;
    claim->consumer->was_active = true;
    RULE("xclaim.resets-idle");
    stream_note_change(call);
    stream_tell_pending(call, call->argv[1], claim->group, pending);
}

static void reply_claimed(struct call *call, const struct claim *claim, struct stream_id id) {
    const struct stream_entry *entry = stream_find(claim->stream, id);
    if (claim->only_ids) reply_stream_id(call, id);
    else if (entry == NULL) reply_nil(call);
    else reply_stream_entry(call, id, entry);
}

/* What is pending and was deleted is pending no more. */
static bool claim_forgets(struct call *call, const struct claim *claim, size_t place) {
    struct stream_pending *pending = &claim->group->pending[place];
    bool is_there = stream_find(claim->stream, pending->id) != NULL;
    RULE("xclaim.forgets-deleted");
    if (is_there || !call_has(call, TRAIT_STREAM_CLAIM_FORGETS)) return false;
    stream_note_change(call);
    stream_tell_pending(call, call->argv[1], claim->group, pending);
    stream_forget_pending(claim->group, place);
    return true;
}

/* ---- XCLAIM */

static bool claim_option(struct call *call, size_t *index, struct claim *claim) {
    size_t i = *index;
    bool has_more = i + 1 < call->argc;
    int64_t amount_ms;
    if (call_is_word(call, i, "FORCE")) {
        claim->forces = true;
        return true;
    }
    if (call_is_word(call, i, "JUSTID")) {
        claim->only_ids = true;
        return true;
    }
    ++*index;
    bool is_idle = call_is_word(call, i, "IDLE");
    if (has_more && (is_idle || call_is_word(call, i, "TIME"))) {
        const char *error = is_idle ? "ERR Invalid IDLE option argument for XCLAIM"
                                    : "ERR Invalid TIME option argument for XCLAIM";
        if (!call_number(call, i + 1, error, &amount_ms)) return false;
        claim->delivered = deadline_of_claim(call->engine, claim->now, amount_ms, !is_idle);
        return true;
    }
    if (has_more && call_is_word(call, i, "RETRYCOUNT"))
        return call_number(call, i + 1, "ERR Invalid RETRYCOUNT option argument for XCLAIM",
                           &claim->deliveries);
    if (has_more && call_is_word(call, i, "LASTID"))
        return call_stream_id(call, i + 1, &claim->last);
    ttl_bytes parts[] = {ttl_bytes_of("ERR Unrecognized XCLAIM option '"), call->argv[i],
                         ttl_bytes_of("'")};
    reply_error_parts(call, parts, 3);
    return false;
}

/* Reads what follows the group; `*end` is the place behind the last id. */
static bool claim_parse(struct call *call, struct claim *claim, size_t *end) {
    size_t at = 5;
    if (!call_number(call, 4, "ERR Invalid min-idle-time argument for XCLAIM", &claim->idle_ms))
        return false;
    if (claim->idle_ms < 0) claim->idle_ms = 0;
    while (at < call->argc && stream_id_is_at(call, at)) at++;
    *end = at;
    for (; at < call->argc; at++)
        if (!claim_option(call, &at, claim)) return false;
    return true;
}

/* Claims what stands at argument `index`, if it can be; true: it was, and answered. */
static bool claim_id(struct call *call, struct claim *claim, size_t index) {
    struct stream_group *group = claim->group;
    struct stream_id id = stream_id_at(call, index);
    struct stream_span span = stream_pending_between(group, id, id);
    bool is_pending = span.first < span.end;
    if (is_pending && claim_forgets(call, claim, span.first)) return false;
    if (!is_pending && (!claim->forces || stream_find(claim->stream, id) == NULL)) return false;
    if (is_pending && !is_ripe(call, claim, &group->pending[span.first])) return false;
    claim->consumer->seen = claim->now;
    claim_pending(call, claim, stream_pend(group, id));
    reply_claimed(call, claim, id);
    return true;
}

/* Would the command claim anything? Before 7.2 the consumer is made only then. */
static bool claims_any(struct call *call, const struct claim *claim, size_t end) {
    for (size_t i = 5; i < end; i++) {
        struct stream_id id = stream_id_at(call, i);
        struct stream_span span = stream_pending_between(claim->group, id, id);
        bool is_there = stream_find(claim->stream, id) != NULL;
        if (!is_there && call_has(call, TRAIT_STREAM_CLAIM_FORGETS)) continue;
        if (span.first == span.end ? claim->forces && is_there
                                   : is_ripe(call, claim, &claim->group->pending[span.first]))
            return true;
    }
    return false;
}

ttl_status xclaim_command(struct call *call) {
    struct claim claim = {.deliveries = -1};
    size_t end;
    claim.group = call_stream_group(call, 2, &claim.stream);
    if (claim.group == NULL) return TTL_OK;
    claim.now = claim.delivered = engine_now_again(call->engine);
    if (!claim_parse(call, &claim, &end)) return TTL_OK;
    if (stream_reserve_pending(&call->engine->memory, claim.group, end - 5) != TTL_OK)
        return TTL_NO_MEMORY;
    RULE("stream.sees-the-consumer");
    bool needs_consumer =
        call_has(call, TRAIT_STREAM_SEES_CONSUMER) || claims_any(call, &claim, end);
    if (needs_consumer && claimer(call, &claim) == NULL) return TTL_NO_MEMORY;
    if (stream_id_order(claim.last, claim.group->last) > 0) {
        claim.group->last = claim.last;
        stream_note_change(call);
        stream_tell_read(call, call->argv[1], claim.group);
    }
    size_t head = call->reply->node_count, count = 0;
    reply_array(call, 0);
    for (size_t i = 5; i < end; i++) count += claim_id(call, &claim, i);
    ttl_reply_set_length(call->reply, head, count);
    return TTL_OK;
}

/* ---- XAUTOCLAIM */

enum { CLAIM_COUNT = 100, ATTEMPTS_EACH = 10 };

static bool autoclaim_parse(struct call *call, struct claim *claim, struct stream_id *start,
                            int64_t *count) {
    const int64_t most = INT64_MAX / 16; /* ids that fit into memory */
    if (!call_number(call, 4, "ERR Invalid min-idle-time argument for XAUTOCLAIM", &claim->idle_ms))
        return false;
    if (claim->idle_ms < 0) claim->idle_ms = 0;
    if (!call_stream_start(call, 5, start)) return false;
    for (size_t i = 6; i < call->argc; i++) {
        if (i + 1 < call->argc && call_is_word(call, i, "COUNT")) {
            bool is_integer = argument_integer(call->argv[++i], count);
            if (!is_integer || *count < 1 || *count > most)
                return call_refuse(call, "ERR COUNT must be > 0");
        } else if (call_is_word(call, i, "JUSTID")) {
            claim->only_ids = true;
        } else {
            reply_syntax_error(call);
            return false;
        }
    }
    return true;
}

/* Claims from `start` on; answers what was claimed, and lists what was forgotten. Returns the place
 * at which the next call goes on. */
static size_t autoclaim_run(struct call *call, struct claim *claim, struct stream_id start,
                            int64_t count, struct stream_id *deleted, size_t *deleted_count) {
    struct stream_group *group = claim->group;
    size_t place = stream_pending_between(group, start, STREAM_ID_LAST).first, claimed = 0;
    size_t head = call->reply->node_count;
    int64_t attempts = count * ATTEMPTS_EACH;
    reply_array(call, 0);
    while (attempts-- > 0 && count > 0 && place < group->pending_count) {
        struct stream_pending *pending = &group->pending[place];
        struct stream_id id = pending->id;
        if (claim_forgets(call, claim, place)) {
            deleted[(*deleted_count)++] = id;
            count--;
            continue;
        }
        place++;
        if (!is_ripe(call, claim, pending)) continue;
        claim_pending(call, claim, pending);
        reply_claimed(call, claim, id);
        claimed++;
        count--;
    }
    ttl_reply_set_length(call->reply, head, claimed);
    return place;
}

/* Is there anything to claim? Before 7.2 the consumer is made only then. */
static bool autoclaims_any(struct call *call, const struct claim *claim, struct stream_id start) {
    size_t i = stream_pending_between(claim->group, start, STREAM_ID_LAST).first;
    for (; i < claim->group->pending_count; i++) {
        const struct stream_pending *pending = &claim->group->pending[i];
        bool is_there = stream_find(claim->stream, pending->id) != NULL;
        if ((is_there || !call_has(call, TRAIT_STREAM_CLAIM_FORGETS)) &&
            is_ripe(call, claim, pending))
            return true;
    }
    return false;
}

/* The answer: where to go on, which is known last and stands first; what was claimed; since 7.0
 * what was deleted. */
static ttl_status autoclaim_answer(struct call *call, struct claim *claim, struct stream_id start,
                                   int64_t count, struct stream_id *deleted) {
    size_t deleted_count = 0;
    ttl_reply claimed;
    bool tells_deleted = call_has(call, TRAIT_STREAM_CLAIM_FORGETS);
    ttl_reply *reply = call->reply;
    ttl_reply_init(&claimed, reply->allocator);
    call->reply = &claimed;
    size_t place = autoclaim_run(call, claim, start, count, deleted, &deleted_count);
    call->reply = reply;
    struct stream_id next = STREAM_ID_FIRST;
    if (place < claim->group->pending_count) next = claim->group->pending[place].id;
    reply_array(call, tells_deleted ? 3 : 2);
    reply_stream_id(call, next);
    if (claimed.failed) reply->failed = true;
    else ttl_reply_add_copy(reply, &claimed, 0);
    ttl_reply_free(&claimed);
    if (!tells_deleted) return TTL_OK;
    reply_array(call, deleted_count);
    for (size_t i = 0; i < deleted_count; i++) reply_stream_id(call, deleted[i]);
    return TTL_OK;
}

ttl_status xautoclaim_command(struct call *call) {
    struct claim claim = {.deliveries = -1};
    struct stream_id start;
    int64_t count = CLAIM_COUNT;
    struct memory *memory = &call->engine->session_memory;
    struct key key = db_read(call, call->argv[1]); /* before anything else */
    if (!autoclaim_parse(call, &claim, &start, &count)) return TTL_OK;
    claim.group = stream_group_of(call, key, 2, &claim.stream);
    if (claim.group == NULL) return TTL_OK;
    claim.now = claim.delivered = engine_now_again(call->engine);
    size_t size = (claim.group->pending_count + 1) * sizeof(struct stream_id);
    struct stream_id *deleted = memory_take(memory, size);
    if (deleted == NULL) return TTL_NO_MEMORY;
    bool needs_consumer =
        call_has(call, TRAIT_STREAM_SEES_CONSUMER) || autoclaims_any(call, &claim, start);
    bool has_memory = !needs_consumer || claimer(call, &claim) != NULL;
    ttl_status status =
        has_memory ? autoclaim_answer(call, &claim, start, count, deleted) : TTL_NO_MEMORY;
    memory_give(memory, deleted, size);
    return status;
}
