#include "sim/workload.h"

enum { MS_PER_SECOND = 1000 };

/* ---- what a world is like */

sim_workload sim_workload_draw(sim_random *stream) {
    sim_workload workload = {0};
    uint32_t weights[SIM_OP_KINDS], total = 0;
    for (int i = 0; i < SIM_OP_KINDS; i++) {
        bool is_left_out = sim_random_chance(stream, 1, 3);
        weights[i] = is_left_out ? 0 : (uint32_t)sim_random_between(stream, 1, 100);
        total += weights[i];
    }
    /* Without these there is nothing to see. */
    const sim_op_kind always[] = {SIM_OP_SET, SIM_OP_GET, SIM_OP_PTTL, SIM_OP_PEXPIRE};
    for (int i = 0; i < 4; i++) weights[always[i]] += 40, total += 40;
    uint32_t kind = 0, reached = weights[0];
    for (uint32_t i = 0; i < SIM_WORKLOAD_SLOTS; i++) {
        while (reached * SIM_WORKLOAD_SLOTS <= i * total) reached += weights[++kind];
        workload.slots[i] = (uint8_t)kind;
    }
    workload.keys = (uint8_t)sim_random_between(stream, 1, SIM_KEYS);
    workload.hot_keys = (uint8_t)sim_random_between(stream, 1, workload.keys);
    workload.extremes = (uint8_t)sim_random_between(stream, 0, 40);
    workload.span_ms = INT64_C(1) << sim_random_below(stream, 24);
    return workload;
}

/* ---- times */

/* The ends of the range and what overflows on the way to them. */
static int64_t extreme_amount(sim_random *stream, int64_t now_ms) {
    const int64_t extremes[] = {0,
                                -1,
                                1,
                                INT64_MAX,
                                INT64_MIN,
                                INT64_MAX / MS_PER_SECOND,
                                INT64_MIN / MS_PER_SECOND,
                                INT64_MAX - now_ms,
                                (INT64_MAX - now_ms) / MS_PER_SECOND,
                                INT64_C(1) << 31,
                                INT64_C(1) << 32,
                                INT64_C(1) << 53,
                                now_ms,
                                -now_ms};
    int64_t amount = extremes[sim_random_below(stream, sizeof extremes / sizeof *extremes)];
    int64_t off = sim_random_between(stream, -1, 1);
    if ((off > 0 && amount == INT64_MAX) || (off < 0 && amount == INT64_MIN)) off = 0;
    return amount + off;
}

/* From now, in milliseconds. */
static int64_t ordinary_amount(const sim_workload *workload, sim_random *stream) {
    switch (sim_random_below(stream, 8)) {
    case 0: return sim_random_between(stream, 0, 3);
    case 1: return workload->span_ms;
    case 2: return sim_random_between(stream, 1, 9) * MS_PER_SECOND / 2;
    case 3: return 1 + (int64_t)sim_random_below(stream, (uint64_t)workload->span_ms * 16);
    default: return 1 + (int64_t)sim_random_below(stream, (uint64_t)workload->span_ms * 2);
    }
}

static void draw_time(const sim_workload *workload, sim_random *stream, int64_t now_ms,
                      sim_op *op) {
    if (sim_random_below(stream, 256) < workload->extremes) {
        op->amount = extreme_amount(stream, now_ms);
        return;
    }
    int64_t amount_ms = ordinary_amount(workload, stream);
    if (sim_op_is_absolute(op)) amount_ms += now_ms;
    op->amount = amount_ms;
    if (sim_op_is_in_seconds(op)) op->amount = amount_ms / MS_PER_SECOND + 1;
}

/* ---- options */

static uint8_t set_flags(uint64_t bits) {
    static const uint8_t choices[] = {0,
                                      0,
                                      0,
                                      0,
                                      SIM_NX,
                                      SIM_XX,
                                      SIM_GET,
                                      SIM_KEEPTTL,
                                      SIM_XX | SIM_KEEPTTL,
                                      SIM_GET | SIM_NX,
                                      SIM_GET | SIM_KEEPTTL,
                                      SIM_KEEPTTL};
    return choices[bits % sizeof choices];
}

static uint8_t expire_flags(uint64_t bits) {
    static const uint8_t choices[] = {0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      0,
                                      SIM_NX,
                                      SIM_NX,
                                      SIM_XX,
                                      SIM_XX,
                                      SIM_GT,
                                      SIM_GT,
                                      SIM_LT,
                                      SIM_LT,
                                      SIM_XX | SIM_GT,
                                      SIM_XX | SIM_LT,
                                      SIM_NX | SIM_XX,
                                      SIM_GT | SIM_LT};
    return choices[bits % sizeof choices];
}

static void draw_options(sim_op *op, uint64_t bits) {
    switch ((sim_op_kind)op->kind) {
    case SIM_OP_SET:
        op->flags = set_flags(bits >> 8);
        if (!(op->flags & SIM_KEEPTTL)) op->form = bits % 2 == 0 ? SIM_NO_TIME : bits / 2 % 4 + 1;
        break;
    case SIM_OP_GETEX:
        op->form = (uint8_t)(bits % 6 < 4 ? bits % 6 + 1 : SIM_NO_TIME);
        if (bits % 6 == 4) op->flags = SIM_PERSIST;
        break;
    case SIM_OP_EXPIRE:
    case SIM_OP_PEXPIRE:
    case SIM_OP_EXPIREAT:
    case SIM_OP_PEXPIREAT: op->flags = expire_flags(bits); break;
    case SIM_OP_COPY: op->flags = bits % 2 == 0 ? 0 : SIM_REPLACE; break;
    default: break;
    }
}

sim_op sim_workload_op(const sim_workload *workload, sim_random *stream, int64_t now_ms) {
    uint64_t bits = sim_random_next(stream);
    bool is_hot = (bits >> 8 & 3) != 0;
    uint8_t keys = is_hot ? workload->hot_keys : workload->keys;
    sim_op op = {.kind = workload->slots[bits & 255],
                 .key = (uint8_t)((bits >> 16 & 255) * keys >> 8),
                 .other = (uint8_t)((bits >> 24 & 255) * workload->keys >> 8),
                 .value = (uint8_t)(bits >> 32)};
    draw_options(&op, bits >> 40);
    if (sim_op_has_time(&op)) draw_time(workload, stream, now_ms, &op);
    return op;
}

sim_op sim_workload_read(const sim_workload *workload, sim_random *stream) {
    static const uint8_t reads[] = {SIM_OP_GET,  SIM_OP_EXISTS, SIM_OP_TTL,   SIM_OP_PTTL,
                                    SIM_OP_TYPE, SIM_OP_STRLEN, SIM_OP_MGET,  SIM_OP_EXPIRETIME,
                                    SIM_OP_LLEN, SIM_OP_HLEN,   SIM_OP_SCARD, SIM_OP_ZCARD};
    uint64_t bits = sim_random_next(stream);
    return (sim_op){.kind = reads[(bits & 255) * sizeof reads >> 8],
                    .key = (uint8_t)((bits >> 16 & 255) * workload->keys >> 8),
                    .other = (uint8_t)((bits >> 24 & 255) * workload->keys >> 8)};
}
