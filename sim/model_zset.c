/* Sorted sets of the model: members in the order of their scores, then of their names. */
#include <string.h>

#include "sim/model_inside.h"

/* Members in order. */
struct row {
    uint8_t numbers[SIM_MEMBERS];
    int32_t scores[SIM_MEMBERS];
    int count;
};

static bool is_before(int32_t a_score, uint8_t a, int32_t b_score, uint8_t b) {
    return a_score < b_score || (a_score == b_score && a < b);
}

static void insert(struct row *row, uint8_t number, int32_t score) {
    int at = row->count++;
    for (; at > 0 && is_before(score, number, row->scores[at - 1], row->numbers[at - 1]); at--) {
        row->numbers[at] = row->numbers[at - 1];
        row->scores[at] = row->scores[at - 1];
    }
    row->numbers[at] = number;
    row->scores[at] = score;
}

static struct row in_order(const struct group *group) {
    struct row row = {0};
    for (uint8_t i = 0; i < SIM_MEMBERS; i++)
        if (group->members >> i & 1) insert(&row, i, group->scores[i]);
    return row;
}

static struct row row_of(const sim_model_key *key) {
    struct group group = {.members = key->members};
    memcpy(group.scores, key->values, sizeof group.scores);
    return in_order(&group);
}

static struct row backwards(struct row row) {
    struct row turned = {.count = row.count};
    for (int i = 0; i < row.count; i++) {
        turned.numbers[i] = row.numbers[row.count - 1 - i];
        turned.scores[i] = row.scores[row.count - 1 - i];
    }
    return turned;
}

/* Those of the row from one score to another, at most so many. */
static struct row part_of(struct row row, int32_t least, int32_t most, int limit) {
    struct row part = {0};
    for (int i = 0; i < row.count && part.count < limit; i++) {
        if (row.scores[i] < least || row.scores[i] > most) continue;
        part.numbers[part.count] = row.numbers[i];
        part.scores[part.count++] = row.scores[i];
    }
    return part;
}

/* ---- answers */

void model_answer_score(struct act *act, int32_t score) {
    char text[24];
    size_t length = sim_integer_text(score, text);
    ttl_reply_add_text(act->reply, TTL_REPLY_DOUBLE, (ttl_bytes){text, length});
}

static void answer_row(struct act *act, const struct row *row, bool with_scores) {
    size_t count = (size_t)row->count;
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, with_scores ? 2 * count : count);
    for (int i = 0; i < row->count; i++) {
        ttl_reply_add_bulk(act->reply, sim_member_name(row->numbers[i]));
        if (with_scores) model_answer_score(act, row->scores[i]);
    }
}

/* ---- members come and go */

bool model_put_score(struct act *act, sim_model_key *key, uint8_t number, int32_t score) {
    uint32_t bit = UINT32_C(1) << number;
    bool changes = !(key->members & bit) || key->values[number] != score;
    key->members |= bit;
    key->values[number] = score;
    if (changes) model_touch(act->model, (uint8_t)(key - act->model->keys), false);
    return changes;
}

static void do_zincrby(struct act *act) {
    uint8_t slot = model_slot(act, act->op->key), number = act->op->value % SIM_MEMBERS;
    if (!model_has_type(act, model_find(act, slot), SIM_ZSET)) return;
    sim_model_key *key = model_made(act, slot, SIM_ZSET);
    int32_t old = key->members >> number & 1 ? key->values[number] : 0;
    model_put_score(act, key, number, old + 1);
    model_answer_score(act, old + 1);
}

static void take(struct act *act, sim_model_key *key, const struct row *taken) {
    for (int i = 0; i < taken->count; i++) key->members &= ~(UINT32_C(1) << taken->numbers[i]);
    if (taken->count > 0) model_shrink(act, key);
}

/* So many, from one end. */
static struct row from_end(const sim_model_key *key, int count, bool is_last) {
    struct row row = is_last ? backwards(row_of(key)) : row_of(key);
    if (row.count > count) row.count = count;
    return row;
}

static void do_zpop(struct act *act, int count, bool is_last) {
    sim_model_key *key = model_open(act);
    if (key == NULL) return;
    struct row taken = from_end(key, count, is_last);
    answer_row(act, &taken, true);
    take(act, key, &taken);
}

/* BZPOPMIN, BZPOPMAX: one, behind the name; ZMPOP, BZMPOP: two, in arrays of their own. */
void model_pop_from_zset(struct act *act, sim_model_key *key) {
    sim_op_kind kind = act->op->kind;
    bool takes_one = kind == SIM_OP_BZPOPMIN || kind == SIM_OP_BZPOPMAX;
    struct row taken = from_end(key, takes_one ? 1 : 2, kind == SIM_OP_BZPOPMAX);
    model_answer_name(act, key, takes_one ? 3 : 2);
    if (!takes_one) ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, (size_t)taken.count);
    for (int i = 0; i < taken.count; i++) {
        if (!takes_one) ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2);
        ttl_reply_add_bulk(act->reply, sim_member_name(taken.numbers[i]));
        model_answer_score(act, taken.scores[i]);
    }
    take(act, key, &taken);
}

/* [f1 [f2. Names are in order only where all scores are the same; elsewhere a server finds what it
 * meets on its way, from the first that is far enough on to the first that is too far. */
static struct row between_names(struct row row) {
    struct row found = {0};
    int first = 0;
    if (row.numbers[row.count - 1] < 1 || row.numbers[0] > 2) return found;
    while (first < row.count && row.numbers[first] < 1) first++;
    for (int i = first; i < row.count && row.numbers[i] <= 2; i++)
        insert(&found, row.numbers[i], row.scores[i]);
    return found;
}

static void do_zremrange(struct act *act) {
    sim_model_key *key = model_open(act);
    struct row taken;
    if (key == NULL) return;
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_ZREMRANGEBYRANK: taken = from_end(key, 1, false); break;
    case SIM_OP_ZREMRANGEBYLEX: taken = between_names(row_of(key)); break;
    case SIM_OP_ZREMRANGEBYSCORE: taken = part_of(row_of(key), 1, 1, SIM_MEMBERS); break;
    default: taken = part_of(row_of(key), 2, 3, SIM_MEMBERS);
    }
    model_answer_integer(act, taken.count);
    take(act, key, &taken);
}

static void do_range_store(struct act *act) {
    const sim_model_key *from = model_find(act, model_slot(act, act->op->other));
    struct group group = {0};
    if (!model_has_type(act, from, SIM_ZSET)) return;
    if (from != NULL) model_read_group(act, act->op->other, SIM_ZSET, &group);
    model_store(act, SIM_ZSET, &group);
}

/* ---- looks at one */

static void do_zmscore(struct act *act) {
    const uint8_t numbers[2] = {act->op->value % SIM_MEMBERS, 0};
    const sim_model_key *key = model_find(act, model_slot(act, act->op->key));
    if (!model_has_type(act, key, SIM_ZSET)) return;
    ttl_reply_add_node(act->reply, TTL_REPLY_ARRAY, 2);
    for (int i = 0; i < 2; i++) {
        bool has = key != NULL && key->members >> numbers[i] & 1;
        if (has) model_answer_score(act, key->values[numbers[i]]);
        else ttl_reply_add_nil(act->reply);
    }
}

static void answer_rank(struct act *act, struct row row) {
    int rank = 0;
    while (rank < row.count && row.numbers[rank] != act->op->value % SIM_MEMBERS) rank++;
    if (rank < row.count) model_answer_integer(act, rank);
    else ttl_reply_add_nil(act->reply);
}

static void answer_scanned(struct act *act, const struct row *row) {
    model_begin_scanned(act, 2 * (size_t)row->count);
    for (int i = 0; i < row->count; i++) {
        char text[24];
        ttl_reply_add_bulk(act->reply, sim_member_name(row->numbers[i]));
        ttl_reply_add_bulk(act->reply, (ttl_bytes){text, sim_integer_text(row->scores[i], text)});
    }
}

static void answer_part(struct act *act, struct row row, int32_t least, int32_t most, int limit) {
    struct row part = part_of(row, least, most, limit);
    sim_op_kind kind = act->op->kind;
    answer_row(act, &part, kind == SIM_OP_ZREVRANGE || kind == SIM_OP_ZREVRANGEBYSCORE);
}

static void do_look(struct act *act) {
    const sim_model_key *key = model_open(act);
    if (key == NULL) return;
    struct row row = row_of(key), back = backwards(row);
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_ZCOUNT: model_answer_integer(act, part_of(row, 2, 2, SIM_MEMBERS).count); break;
    case SIM_OP_ZLEXCOUNT: model_answer_integer(act, row.count); break;
    case SIM_OP_ZRANGE:
    case SIM_OP_ZRANGEBYLEX: answer_row(act, &row, false); break;
    case SIM_OP_ZRANGE_REV: answer_part(act, back, 1, 2, 2); break;
    case SIM_OP_ZREVRANGE: answer_part(act, back, INT32_MIN, INT32_MAX, 1); break;
    case SIM_OP_ZRANGEBYSCORE: answer_part(act, row, 1, 1, SIM_MEMBERS); break;
    case SIM_OP_ZREVRANGEBYSCORE: answer_part(act, back, 2, INT32_MAX, SIM_MEMBERS); break;
    case SIM_OP_ZREVRANGEBYLEX: answer_part(act, back, INT32_MIN, INT32_MAX, 1); break;
    case SIM_OP_ZRANK: answer_rank(act, row); break;
    case SIM_OP_ZREVRANK: answer_rank(act, back); break;
    case SIM_OP_ZRANDMEMBER: model_answer_one_of(act, key->members); break;
    case SIM_OP_ZRANDMEMBER_SOME:
        model_answer_some_of(act, TTL_REPLY_ARRAY, key->members, 2);
        break;
    default: answer_scanned(act, &row);
    }
}

/* ---- looks at two */

static void do_joined(struct act *act) {
    struct group group;
    if (!model_join(act, act->op->key, act->op->other, SIM_ZSET, &group)) return;
    struct row row = in_order(&group);
    if (act->op->kind == SIM_OP_ZINTERCARD) model_answer_integer(act, row.count);
    else answer_row(act, &row, act->op->kind != SIM_OP_ZUNION);
}

/* ---- all of them */

void model_do_zset(struct act *act) {
    switch ((sim_op_kind)act->op->kind) {
    case SIM_OP_ZINCRBY: do_zincrby(act); break;
    case SIM_OP_ZPOPMIN: do_zpop(act, 1, false); break;
    case SIM_OP_ZPOPMAX: do_zpop(act, 2, true); break;
    case SIM_OP_ZMPOP: model_do_mpop(act); break;
    case SIM_OP_ZREMRANGEBYRANK:
    case SIM_OP_ZREMRANGEBYSCORE:
    case SIM_OP_ZREMRANGEBYLEX:
    case SIM_OP_ZREMRANGE_MORE: do_zremrange(act); break;
    case SIM_OP_ZRANGESTORE:
    case SIM_OP_GEOSEARCHSTORE:
    case SIM_OP_GEORADIUS: do_range_store(act); break;
    case SIM_OP_ZMSCORE: do_zmscore(act); break;
    case SIM_OP_ZUNION:
    case SIM_OP_ZINTER:
    case SIM_OP_ZDIFF:
    case SIM_OP_ZINTERCARD: do_joined(act); break;
    default: do_look(act);
    }
}
