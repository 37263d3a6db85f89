/* Hashes: what looks at all of their fields. What draws and scans members, of sets and sorted sets
 * too. */
#include "engine/db.h"
#include "engine/engine.h"
#include "engine/glob.h"
#include "engine/hash.h"
#include "engine/member_walk.h"
#include "engine/rule.h"
#include "engine/scan.h"
#include "engine/score.h"

/* ---- all of them */

enum { GIVE_FIELDS = 1, GIVE_VALUES = 2, GIVE_SCORES = 4 };

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
    enum value_type type;
    int64_t wanted;
    bool repeats, pairs;
};

/* Servers draw until their memory ends. */
enum { DRAWN_MOST = 10 * 1000 * 1000 };

/* Reads the count and the word for pairs; false: the answer has been given. */
static bool draw_parse(struct call *call, const char *word, struct draw *draw) {
    int64_t count;
    if (!call_integer(call, 2, &count)) return false;
    if (count < -INT64_MAX) {
        reply_error(call, "ERR value is out of range, value must between -9223372036854775807 and "
                          "9223372036854775807");
        return false;
    }
    draw->pairs = call->argc == 4 && call_is_word(call, 3, word);
    if (call->argc > 4 || (call->argc == 4 && !draw->pairs)) {
        reply_syntax_error(call);
        return false;
    }
    if (draw->pairs && (count < -INT64_MAX / 2 || count > INT64_MAX / 2)) {
        reply_error(call, "ERR value is out of range");
        return false;
    }
    RULE("draw.count");
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
static void reply_drawn(struct call *call, const struct member *field, const struct draw *draw) {
    if (draw->pairs && call->session->protocol > 2) reply_array(call, 2);
    bool has_value = draw->pairs && draw->type == VALUE_HASH;
    reply_member(call, field, has_value ? GIVE_FIELDS | GIVE_VALUES : GIVE_FIELDS);
    if (draw->pairs && draw->type == VALUE_ZSET) reply_score(call, field->score);
}

/* Each living field, of those that are left, is taken with the same chance. */
static void reply_distinct(struct call *call, const struct collection *hash, size_t living,
                           size_t wanted, const struct draw *draw) {
    for (size_t i = 0; wanted > 0; i++) {
        if (field_is_dead(call, hash, i)) continue;
        if (wanted == living || engine_random(call->engine) % living < wanted) {
            reply_drawn(call, &hash->members[i], draw);
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
    RULE("srandmember.was-a-set");
    bool is_set = draw->type == VALUE_SET && call_has(call, TRAIT_SRANDMEMBER_GIVES_SET);
    ttl_reply_add_node(call->reply, is_set ? TTL_REPLY_SET : TTL_REPLY_ARRAY,
                       flat ? 2 * count : count);
    if (!draw->repeats) {
        reply_distinct(call, hash, living, count, draw);
        return TTL_OK;
    }
    for (size_t i = 0; i < count; i++) {
        size_t number = (size_t)(engine_random(call->engine) % living);
        reply_drawn(call, living_at(call, hash, number), draw);
    }
    return TTL_OK;
}

/* A look of HRANDFIELD reclaims the dead fields. */
static const struct collection *drawn_from(struct call *call, struct key key) {
    if (key.record == NULL || key.record->type != VALUE_HASH)
        return key.record == NULL ? NULL : key_collection(key);
    struct fields fields;
    fields_open(&fields, call, key);
    fields_reclaim_all(&fields);
    fields_close(&fields);
    return fields.hash;
}

ttl_status draw_members(struct call *call, enum value_type type, const char *word) {
    struct draw draw = {0};
    if (call->argc > 2 && !draw_parse(call, word, &draw)) return TTL_OK;
    draw.type = type;
    struct key key = db_read(call, call->argv[1]);
    if (!db_check_type(call, key, type)) return TTL_OK;
    const struct collection *members = drawn_from(call, key);
    if (call->argc > 2) return reply_draw(call, members, &draw);
    size_t living = members == NULL ? 0 : hash_count_living(call, members);
    if (living == 0) return reply_nil(call);
    size_t number = (size_t)(engine_random(call->engine) % living);
    return reply_bulk(call, living_at(call, members, number)->bytes);
}

ttl_status hrandfield_command(struct call *call) {
    return draw_members(call, VALUE_HASH, "WITHVALUES");
}

/* ---- HSCAN, SSCAN, ZSCAN: small ones are told at once, wherever the cursor is */

struct hscan_options {
    enum value_type type;
    const ttl_bytes *pattern;
    int gives;
};

/* What leaves the values, or the scores, away, and of which type. */
static const struct names_only {
    const char *word;
    enum trait trait;
    enum value_type type;
    const char *refusal;
} names_only[] = {
    {"NOVALUES", TRAIT_HSCAN_NOVALUES, VALUE_HASH, "ERR NOVALUES option can only be used in HSCAN"},
    {"NOSCORES", TRAIT_ZSCAN_NOSCORES, VALUE_ZSET,
     "ERR NOSCORES option can only be used in ZSCAN"}};

static const struct names_only *names_only_at(const struct call *call, size_t index) {
    for (size_t i = 0; i < sizeof names_only / sizeof *names_only; i++)
        if (call_has(call, names_only[i].trait) && call_is_word(call, index, names_only[i].word))
            return &names_only[i];
    return NULL;
}

static bool hscan_options_parse(struct call *call, struct hscan_options *options) {
    int64_t count = 1;
    for (size_t i = 3; i < call->argc; i++) {
        bool has_value = i + 1 < call->argc;
        if (has_value && call_is_word(call, i, "MATCH")) {
            options->pattern = &call->argv[++i];
            continue;
        }
        const struct names_only *only = names_only_at(call, i);
        RULE("scan.names-only");
        if (only != NULL && only->type != options->type) return call_refuse(call, only->refusal);
        if (only != NULL) {
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
        if ((options->gives & GIVE_SCORES) != 0) reply_score_bulk(call, field->score);
        listed += options->gives == GIVE_FIELDS ? 1 : 2;
    }
    ttl_reply_set_length(call->reply, head, listed);
    return TTL_OK;
}

ttl_status scan_members(struct call *call, enum value_type type) {
    static const int gives[VALUE_TYPES] = {[VALUE_HASH] = GIVE_FIELDS | GIVE_VALUES,
                                           [VALUE_SET] = GIVE_FIELDS,
                                           [VALUE_ZSET] = GIVE_FIELDS | GIVE_SCORES};
    uint64_t cursor;
    const struct collection *members;
    struct hscan_options options = {.type = type, .gives = gives[type]};
    if (!scan_cursor_parse(call, call->argv[2], &cursor))
        return reply_error(call, "ERR invalid cursor");
    if (!call_read(call, type, &members)) return TTL_OK;
    if (members != NULL && !hscan_options_parse(call, &options)) return TTL_OK;
    return reply_scanned(call, members, &options);
}

ttl_status hscan_command(struct call *call) {
    return scan_members(call, VALUE_HASH);
}
