/* LCS: what two strings have in common, in order. */
#include "engine/db.h"
#include "engine/rule.h"

enum { FIRST_OPTION = 3 };

struct lcs {
    ttl_bytes a, b;
    bool wants_length, wants_places, with_lengths;
    int64_t least;     /* length of a match that is told */
    uint32_t *lengths; /* of what the first i bytes of a and the first j of b have in common */
};

/* A run of bytes that both have, up to before these places. */
struct match {
    size_t a_end, b_end, length;
};

/* ---- reading: each answers its error itself and returns false */

static bool read_sources(struct call *call, struct lcs *lcs) {
    ttl_bytes *strings[] = {&lcs->a, &lcs->b};
    bool fits = true;
    for (size_t i = 0; i < 2; i++) {
        struct key key = db_read(call, call->argv[i + 1]);
        *strings[i] = (ttl_bytes){"", 0};
        if (key.record == NULL) continue;
        if (key.record->type == VALUE_STRING) *strings[i] = record_string(key.record);
        else fits = false;
    }
    RULE("lcs.dead-is-empty");
    return fits || call_refuse(call, "ERR The specified keys must contain string values");
}

static bool parse_options(struct call *call, struct lcs *lcs) {
    RULE("lcs.error-order");
    for (size_t i = FIRST_OPTION; i < call->argc; i++) {
        if (call_is_word(call, i, "IDX")) {
            lcs->wants_places = true;
        } else if (call_is_word(call, i, "LEN")) {
            lcs->wants_length = true;
        } else if (call_is_word(call, i, "WITHMATCHLEN")) {
            lcs->with_lengths = true;
        } else if (call_is_word(call, i, "MINMATCHLEN") && i + 1 < call->argc) {
            if (!call_integer(call, ++i, &lcs->least)) return false;
        } else {
            return call_refuse(call, "ERR syntax error");
        }
    }
    return !(lcs->wants_places && lcs->wants_length) ||
           call_refuse(call, "ERR If you want both the length and indexes, please just use IDX.");
}

/* ---- the table of lengths */

static uint32_t *length_at(const struct lcs *lcs, size_t i, size_t j) {
    return &lcs->lengths[i * (lcs->b.length + 1) + j];
}

static uint32_t greater(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static void fill_lengths(const struct lcs *lcs) {
    for (size_t i = 0; i <= lcs->a.length; i++)
        for (size_t j = 0; j <= lcs->b.length; j++) {
            uint32_t length = 0;
            if (i > 0 && j > 0)
                length = lcs->a.data[i - 1] == lcs->b.data[j - 1]
                             ? *length_at(lcs, i - 1, j - 1) + 1
                             : greater(*length_at(lcs, i - 1, j), *length_at(lcs, i, j - 1));
            *length_at(lcs, i, j) = length;
        }
}

static uint32_t length_of_all(const struct lcs *lcs) {
    return *length_at(lcs, lcs->a.length, lcs->b.length);
}

/* The last match that ends before `match` begins; at first that is behind the ends. false: none. */
static bool match_before(const struct lcs *lcs, struct match *match) {
    size_t i = match->a_end - match->length, j = match->b_end - match->length;
    while (i > 0 && j > 0 && lcs->a.data[i - 1] != lcs->b.data[j - 1]) {
        if (*length_at(lcs, i - 1, j) > *length_at(lcs, i, j - 1)) i--;
        else j--;
    }
    *match = (struct match){i, j, 0};
    while (i > 0 && j > 0 && lcs->a.data[i - 1] == lcs->b.data[j - 1]) {
        match->length++;
        i--;
        j--;
    }
    return match->length > 0;
}

/* ---- answering */

static void reply_place(struct call *call, size_t end, size_t length) {
    reply_array(call, 2);
    reply_integer(call, (int64_t)(end - length));
    reply_integer(call, (int64_t)end - 1);
}

/* From the last match to the first. */
static ttl_status reply_places(struct call *call, const struct lcs *lcs) {
    struct match match = {lcs->a.length, lcs->b.length, 0};
    size_t told = 0;
    ttl_reply_add_node(call->reply, TTL_REPLY_MAP, 4);
    reply_bulk(call, ttl_bytes_of("matches"));
    size_t head = call->reply->node_count;
    reply_array(call, 0);
    while (match_before(lcs, &match)) {
        if ((int64_t)match.length < lcs->least) continue;
        reply_array(call, lcs->with_lengths ? 3 : 2);
        reply_place(call, match.a_end, match.length);
        reply_place(call, match.b_end, match.length);
        if (lcs->with_lengths) reply_integer(call, (int64_t)match.length);
        told++;
    }
    ttl_reply_set_length(call->reply, head, told);
    reply_bulk(call, ttl_bytes_of("len"));
    return reply_integer(call, length_of_all(lcs));
}

static ttl_status reply_common(struct call *call, const struct lcs *lcs) {
    struct memory *memory = &call->engine->memory;
    size_t length = length_of_all(lcs), left = length;
    char *bytes = memory_take(memory, length + 1);
    if (bytes == NULL) return TTL_NO_MEMORY;
    struct match match = {lcs->a.length, lcs->b.length, 0};
    while (match_before(lcs, &match))
        for (size_t i = 1; i <= match.length; i++) bytes[--left] = lcs->a.data[match.a_end - i];
    reply_bulk(call, (ttl_bytes){bytes, length});
    memory_give(memory, bytes, length + 1);
    return TTL_OK;
}

ttl_status lcs_command(struct call *call) {
    struct memory *memory = &call->engine->memory;
    struct lcs lcs = {0};
    if (!read_sources(call, &lcs) || !parse_options(call, &lcs)) return TTL_OK;
    size_t size = (lcs.a.length + 1) * (lcs.b.length + 1) * sizeof *lcs.lengths;
    lcs.lengths = memory_take(memory, size);
    if (lcs.lengths == NULL) return TTL_NO_MEMORY;
    fill_lengths(&lcs);
    ttl_status status = TTL_OK;
    if (lcs.wants_places) status = reply_places(call, &lcs);
    else if (lcs.wants_length) status = reply_integer(call, length_of_all(&lcs));
    else status = reply_common(call, &lcs);
    memory_give(memory, lcs.lengths, size);
    return status;
}
