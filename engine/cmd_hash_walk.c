/* Hashes: what looks at all of their fields. */
#include "engine/db.h"
#include "engine/engine.h"
#include "engine/glob.h"
#include "engine/hash.h"
#include "engine/number.h"
#include "engine/rule.h"
#include "engine/scan.h"

/* ---- all of them */

enum { GIVE_FIELDS = 1, GIVE_VALUES = 2 };

static void reply_member(struct call *call, const struct member *field, int gives) {
    if ((gives & GIVE_FIELDS) != 0) reply_bulk(call, field->bytes);
    if ((gives & GIVE_VALUES) != 0) reply_bulk(call, field->value);
}

/* Answers the fields that live; reclaims none. */
static ttl_status reply_living(struct call *call, ttl_reply_type type, int gives) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    size_t each = gives == (GIVE_FIELDS | GIVE_VALUES) ? 2 : 1, listed = 0;
    size_t head = call->reply->node_count;
    ttl_reply_add_node(call->reply, type, 0);
    for (size_t i = 0; hash != NULL && i < hash->count; i++) {
        if (field_is_dead(call, hash, i)) continue;
        reply_member(call, &hash->members[i], gives);
        listed++;
    }
    ttl_reply_set_length(call->reply, head, each * listed);
    return TTL_OK;
}

ttl_status hgetall_command(struct call *call) {
    return reply_living(call, TTL_REPLY_MAP, GIVE_FIELDS | GIVE_VALUES);
}

ttl_status hkeys_command(struct call *call) {
    return reply_living(call, TTL_REPLY_ARRAY, GIVE_FIELDS);
}

ttl_status hvals_command(struct call *call) {
    return reply_living(call, TTL_REPLY_ARRAY, GIVE_VALUES);
}

/* The dead that nobody has reclaimed are counted. */
ttl_status hlen_command(struct call *call) {
    const struct collection *hash;
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    if (hash == NULL) return reply_integer(call, 0);
    if (hash->volatile_count > 0) RULE("hash-field.hlen-counts-dead");
    size_t unsure =
        call->engine->timeline == NULL ? 0 : hash->count - hash_count_living(call, hash);
    return reply_unsure(call, (int64_t)(hash->count - unsure), (int64_t)unsure);
}

/* ---- some of them, at random */

struct draw {
    int64_t wanted;
    bool repeats, pairs;
};

/* Servers draw until their memory ends. */
enum { DRAWN_MOST = 10 * 1000 * 1000 };

/* Reads the count and WITHVALUES; false: the answer has been given. */
static bool draw_parse(struct call *call, struct draw *draw) {
    int64_t count;
    if (!call_integer(call, 2, &count)) return false;
    if (count < -INT64_MAX) {
        reply_error(call, "ERR value is out of range, value must between -9223372036854775807 and "
                          "9223372036854775807");
        return false;
    }
    draw->pairs = call->argc == 4 && call_is_word(call, 3, "WITHVALUES");
    if (call->argc > 4 || (call->argc == 4 && !draw->pairs)) {
        reply_syntax_error(call);
        return false;
    }
    if (draw->pairs && (count < -INT64_MAX / 2 || count > INT64_MAX / 2)) {
        reply_error(call, "ERR value is out of range");
        return false;
    }
    draw->repeats = count < 0;
    draw->wanted = count < 0 ? -count : count;
    return true;
}

/* The living field that so many others come before. */
static const struct member *living_at(const struct call *call, const struct collection *hash,
                                      size_t number) {
    size_t i = 0;
    for (;; i++) {
        if (field_is_dead(call, hash, i)) continue;
        if (number-- == 0) return &hash->members[i];
    }
}

/* With RESP3 each pair is an array of its own. */
static void reply_drawn(struct call *call, const struct member *field, bool pairs) {
    if (pairs && call->session->protocol > 2) reply_array(call, 2);
    reply_member(call, field, pairs ? GIVE_FIELDS | GIVE_VALUES : GIVE_FIELDS);
}

/* Each living field, of those that are left, is taken with the same chance. */
static void reply_distinct(struct call *call, const struct collection *hash, size_t living,
                           size_t wanted, bool pairs) {
    for (size_t i = 0; wanted > 0; i++) {
        if (field_is_dead(call, hash, i)) continue;
        if (wanted == living || engine_random(call->engine) % living < wanted) {
            reply_drawn(call, &hash->members[i], pairs);
            wanted--;
        }
        living--;
    }
}

static ttl_status reply_draw(struct call *call, const struct collection *hash,
                             const struct draw *draw) {
    size_t living = hash == NULL ? 0 : hash_count_living(call, hash);
    bool takes_all = !draw->repeats && (uint64_t)draw->wanted > living;
    size_t count = takes_all ? living : (size_t)draw->wanted;
    if (living == 0) count = 0;
    if (count > DRAWN_MOST) {
        call_leave_open(call, "so many fields are more than the reference engine draws");
        return reply_error(call, "ERR value is out of range");
    }
    bool flat = draw->pairs && call->session->protocol == 2;
    reply_array(call, flat ? 2 * count : count);
    if (!draw->repeats) {
        reply_distinct(call, hash, living, count, draw->pairs);
        return TTL_OK;
    }
    for (size_t i = 0; i < count; i++) {
        size_t number = (size_t)(engine_random(call->engine) % living);
        reply_drawn(call, living_at(call, hash, number), draw->pairs);
    }
    return TTL_OK;
}

ttl_status hrandfield_command(struct call *call) {
    struct draw draw = {0};
    struct fields fields;
    if (call->argc > 2 && !draw_parse(call, &draw)) return TTL_OK;
    struct key key = db_read(call, call->argv[1]);
    if (!db_check_type(call, key, VALUE_HASH)) return TTL_OK;
    fields_open(&fields, call, key);
    fields_reclaim_all(&fields);
    fields_close(&fields);
    if (call->argc > 2) return reply_draw(call, fields.hash, &draw);
    size_t living = fields.hash == NULL ? 0 : hash_count_living(call, fields.hash);
    if (living == 0) return reply_nil(call);
    size_t number = (size_t)(engine_random(call->engine) % living);
    return reply_bulk(call, living_at(call, fields.hash, number)->bytes);
}

/* ---- HSCAN: small hashes are told at once, wherever the cursor is */

struct hscan_options {
    const ttl_bytes *pattern;
    int gives;
};

static bool hscan_options_parse(struct call *call, struct hscan_options *options) {
    int64_t count = 1;
    *options = (struct hscan_options){NULL, GIVE_FIELDS | GIVE_VALUES};
    for (size_t i = 3; i < call->argc; i++) {
        bool has_value = i + 1 < call->argc;
        if (has_value && call_is_word(call, i, "MATCH")) {
            options->pattern = &call->argv[++i];
            continue;
        }
        if (call_has(call, TRAIT_HSCAN_NOVALUES) && call_is_word(call, i, "NOVALUES")) {
            options->gives = GIVE_FIELDS;
            continue;
        }
        bool is_count = has_value && call_is_word(call, i, "COUNT");
        if (is_count && !call_integer(call, ++i, &count)) return false;
        if (is_count && count >= 1) continue;
        reply_syntax_error(call);
        return false;
    }
    return true;
}

static ttl_status reply_scanned(struct call *call, const struct collection *hash,
                                const struct hscan_options *options) {
    reply_array(call, 2);
    reply_bulk(call, ttl_bytes_of("0"));
    size_t head = call->reply->node_count, listed = 0;
    reply_array(call, 0);
    for (size_t i = 0; hash != NULL && i < hash->count; i++) {
        const struct member *field = &hash->members[i];
        if (options->pattern != NULL && !glob_matches(*options->pattern, field->bytes)) continue;
        if (field_is_dead(call, hash, i)) continue;
        reply_member(call, field, options->gives);
        listed += options->gives == GIVE_FIELDS ? 1 : 2;
    }
    ttl_reply_set_length(call->reply, head, listed);
    return TTL_OK;
}

ttl_status hscan_command(struct call *call) {
    uint64_t cursor;
    const struct collection *hash;
    struct hscan_options options = {0};
    if (!scan_cursor_parse(call, call->argv[2], &cursor))
        return reply_error(call, "ERR invalid cursor");
    if (!call_read(call, VALUE_HASH, &hash)) return TTL_OK;
    if (hash != NULL && !hscan_options_parse(call, &options)) return TTL_OK;
    return reply_scanned(call, hash, &options);
}
