#include "sim/workload.h"

enum { MS_PER_SECOND = 1000, ODD_RARE = 6, ODD_PLACES = 2 };
#define MS_PER_YEAR (INT64_C(365) * 86400 * MS_PER_SECOND)
#define FAR_MS      (INT64_C(1) << 46) /* RESTORE lets what is too much wrap around */

/* ---- what a world is like */

/* Kinds of commands from..to-1, as often as their weights; some are left out. */
static void draw_slots(sim_random *stream, int from, int to, const sim_op_kind *always,
                       size_t always_count, uint8_t *slots, uint32_t slot_count) {
    uint32_t weights[SIM_OP_KINDS] = {0}, total = 0;
    for (int i = from; i < to; i++) {
        bool is_left_out = sim_random_chance(stream, 1, 3);
        weights[i] = is_left_out ? 0 : (uint32_t)sim_random_between(stream, 1, 100);
        total += weights[i];
    }
    for (size_t i = 0; i < always_count; i++) weights[always[i]] += 40, total += 40;
    uint32_t kind = (uint32_t)from, reached = weights[from];
    for (uint32_t i = 0; i < slot_count; i++) {
        while (reached * slot_count <= i * total) reached += weights[++kind];
        slots[i] = (uint8_t)kind;
    }
}

static void draw_others(sim_workload *workload, sim_random *stream) {
    static const sim_op_kind always[] = {SIM_OP_SCAN, SIM_OP_ODD};
    draw_slots(stream, SIM_OP_OTHERS, SIM_OP_PHRASES, always, 2, workload->other_slots,
               SIM_WORKLOAD_OTHERS);
    if (sim_random_chance(stream, 1, 2))
        workload->others = (uint8_t)sim_random_between(stream, 1, 90);
    if (sim_random_chance(stream, 1, 2))
        workload->transactions = (uint8_t)sim_random_between(stream, 1, 40);
    workload->has_databases = sim_random_chance(stream, 1, 2);
}

static void draw_phrases(sim_workload *workload, sim_random *stream) {
    static const sim_op_kind always[] = {SIM_OP_XADD, SIM_OP_XREADGROUP};
    draw_slots(stream, SIM_OP_PHRASES, SIM_OP_WAITS, always, 2, workload->phrase_slots,
               SIM_WORKLOAD_PHRASES);
    if (sim_random_chance(stream, 1, 2))
        workload->phrases = (uint8_t)sim_random_between(stream, 1, 90);
}

sim_workload sim_workload_draw(sim_random *stream, sim_random *others, sim_random *phrases) {
    /* Without these there is nothing to see. */
    static const sim_op_kind always[] = {SIM_OP_SET, SIM_OP_GET, SIM_OP_PTTL, SIM_OP_PEXPIRE};
    sim_workload workload = {0};
    draw_slots(stream, 0, SIM_OP_PLAIN, always, 4, workload.slots, SIM_WORKLOAD_SLOTS);
    workload.keys = (uint8_t)sim_random_between(stream, 1, SIM_KEYS);
    workload.hot_keys = (uint8_t)sim_random_between(stream, 1, workload.keys);
    workload.extremes = (uint8_t)sim_random_between(stream, 0, 40);
    workload.span_ms = INT64_C(1) << sim_random_below(stream, 24);
    draw_others(&workload, others);
    draw_phrases(&workload, phrases);
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

/* Decades from now, which no world lasts; or not ahead at all. */
static int64_t field_amount(const sim_op *op, sim_random *stream, int64_t now_ms) {
    bool is_absolute = sim_op_is_absolute(op);
    int64_t years = sim_random_between(stream, 10, 40),
            off_ms = sim_random_between(stream, 0, 9999);
    if (sim_random_chance(stream, 1, 8)) return is_absolute;
    int64_t amount_ms = years * MS_PER_YEAR + off_ms + (is_absolute ? now_ms : 0);
    return sim_op_is_in_seconds(op) ? amount_ms / MS_PER_SECOND : amount_ms;
}

static void draw_time(const sim_workload *workload, sim_random *stream, int64_t now_ms,
                      sim_op *op) {
    if (sim_op_is_of_field(op->kind)) {
        op->amount = field_amount(op, stream, now_ms);
        return;
    }
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
    case SIM_OP_HEXPIRE:
    case SIM_OP_HPEXPIRE:
    case SIM_OP_HEXPIREAT:
    case SIM_OP_HPEXPIREAT:
        op->flags = (const uint8_t[]){0, 0, 0, 0, SIM_NX, SIM_XX, SIM_GT, SIM_LT}[bits % 8];
        break;
    case SIM_OP_HGETEX:
        op->form = (uint8_t)(bits % 8 < 5 ? bits % 8 : SIM_NO_TIME);
        if (bits % 8 == 7) op->flags = SIM_PERSIST;
        break;
    case SIM_OP_HSETEX:
        op->flags = (const uint8_t[]){0, 0, SIM_NX, SIM_XX}[bits / 8 % 4];
        op->form = (uint8_t)(bits % 8 < 5 ? bits % 8 : SIM_NO_TIME);
        if (bits % 8 > 5) op->flags |= SIM_KEEPTTL;
        break;
    case SIM_OP_MSETEX:
        op->flags = (const uint8_t[]){0, 0, SIM_NX, SIM_XX, SIM_KEEPTTL}[bits % 5];
        if (!(op->flags & SIM_KEEPTTL)) op->form = (uint8_t)(bits / 8 % 5);
        break;
    case SIM_OP_RESTORE:
        op->flags = bits % 2 == 0 ? 0 : SIM_REPLACE;
        if (bits / 2 % 2 == 0) op->form = SIM_PXAT;
        break;
    case SIM_OP_COPY:
    case SIM_OP_COPY_TO: op->flags = bits % 2 == 0 ? 0 : SIM_REPLACE; break;
    default: break;
    }
}

/* A command of this kind; `bits` choose its keys and its value. */
static sim_op make_op(const sim_workload *workload, sim_random *stream, int64_t now_ms,
                      uint8_t kind, uint64_t bits) {
    bool is_hot = (bits >> 8 & 3) != 0;
    uint8_t keys = is_hot ? workload->hot_keys : workload->keys;
    sim_op op = {.kind = kind,
                 .key = (uint8_t)((bits >> 16 & 255) * keys >> 8),
                 .other = (uint8_t)((bits >> 24 & 255) * workload->keys >> 8),
                 .value = (uint8_t)(bits >> 32)};
    draw_options(&op, bits >> 40);
    if (sim_op_has_time(&op)) draw_time(workload, stream, now_ms, &op);
    return op;
}

sim_op sim_workload_op(const sim_workload *workload, sim_random *stream, int64_t now_ms) {
    uint64_t bits = sim_random_next(stream);
    return make_op(workload, stream, now_ms, workload->slots[bits & 255], bits);
}

sim_op sim_workload_kept(const sim_workload *workload, sim_op op) {
    if (!workload->goes_astray) return op;
    if (op.kind == SIM_OP_COPY || op.kind == SIM_OP_COPY_TO)
        return (sim_op){.kind = SIM_OP_RENAME, .key = op.key, .other = op.other};
    if (op.kind == SIM_OP_HPERSIST) op.kind = SIM_OP_HTTL;
    return op;
}

/* ---- what comes between */

static sim_op other_op(const sim_workload *workload, sim_random *stream, int64_t now_ms) {
    uint64_t bits = sim_random_next(stream);
    uint8_t kind = workload->other_slots[bits % SIM_WORKLOAD_OTHERS];
    bool is_missing = kind >= SIM_OP_HGETDEL ? !workload->has_hsetex : !workload->has_fields;
    if (sim_op_is_of_field(kind) && is_missing) kind = SIM_OP_HLEN;
    sim_op op = make_op(workload, stream, now_ms, kind, bits);
    op.database = workload->has_databases && (bits >> 40 & 1);
    op.extra = (uint8_t)((bits >> 48) % SIM_PATTERNS);
    if (bits >> 52 & 1) op.extra += (uint8_t)(SIM_WANTS_TYPE * ((bits >> 53) % 6));
    bool flushes = kind == SIM_OP_FLUSHDB || kind == SIM_OP_FLUSHALL;
    if (flushes && bits >> 60 != 0) op.kind = SIM_OP_KEYS; /* or there would be little to see */
    /* What asks for a collection, and often meets none, stands last. */
    bool asks_more = kind == SIM_OP_ODD && (bits >> 44 & 1) == 0;
    if (asks_more) op.value = (uint8_t)(sim_odd_count - 1 - op.value % ODD_RARE);
    if (kind == SIM_OP_RESTORE && (bits >> 44 & 3) == 0) op.amount = 0;
    if (kind == SIM_OP_EVAL) op.amount = ordinary_amount(workload, stream) + 1;
    if (kind == SIM_OP_RESTORE && (op.amount > FAR_MS || op.amount < -FAR_MS)) op.amount %= FAR_MS;
    if (op.kind == SIM_OP_SCAN) op.value = (uint8_t)(op.value < 128 ? 100 : op.value % 8);
    return op;
}

static void add(sim_program *program, sim_op op) {
    if (program->count < SIM_PROGRAM_OPS) program->ops[program->count++] = op;
}

/* WATCH, a look, MULTI, some commands, EXEC; not each time all of them. */
static void draw_transaction(const sim_workload *workload, sim_random *stream, int64_t now_ms,
                             sim_program *program) {
    uint64_t bits = sim_random_next(stream);
    sim_op first = sim_workload_op(workload, stream, now_ms);
    bool watches = bits & 1;
    if (watches) {
        uint8_t other = (bits >> 1 & 3) == 0 ? first.other : first.key;
        bool is_short = (bits >> 32 & 3) == 0; /* it may be dead already when it is watched */
        if (is_short) add(program, (sim_op){.kind = SIM_OP_PSETEX, .key = first.key, .amount = 1});
        add(program, (sim_op){.kind = SIM_OP_WATCH, .key = first.key, .other = other});
        if (!is_short) add(program, (sim_op){.kind = SIM_OP_GET, .key = first.key});
        if ((bits >> 3 & 7) == 0) add(program, (sim_op){.kind = SIM_OP_UNWATCH});
    }
    add(program, (sim_op){.kind = SIM_OP_MULTI});
    add(program, first);
    for (uint64_t i = bits >> 6 & 3; i > 0; i--) {
        bool is_other = (sim_random_next(stream) & 7) < 2;
        add(program, is_other ? other_op(workload, stream, now_ms)
                              : sim_workload_op(workload, stream, now_ms));
    }
    if ((bits >> 8 & 15) == 0) add(program, (sim_op){.kind = SIM_OP_MULTI});
    if ((bits >> 12 & 15) == 0) add(program, (sim_op){.kind = SIM_OP_WATCH});
    int64_t goes_on_ms = (bits >> 16 & 3) == 0 ? (int64_t)(bits >> 18 & 7) : 0;
    uint8_t end = (bits >> 24 & 7) == 0 ? SIM_OP_DISCARD : SIM_OP_EXEC;
    if (end == SIM_OP_DISCARD) goes_on_ms = 0;
    add(program, (sim_op){.kind = end, .amount = goes_on_ms * 1000});
}

/* A hash with the field that is asked for, and sometimes with a deadline for it. */
static void add_fields(sim_program *program, sim_op op, uint64_t bits) {
    if (bits & 1) add(program, (sim_op){.kind = SIM_OP_UNLINK, .key = op.key});
    add(program, (sim_op){.kind = SIM_OP_HSET, .key = op.key, .value = op.value});
    if (bits & 2) add(program, (sim_op){.kind = SIM_OP_HSET, .key = op.key, .value = op.value ^ 1});
    int64_t far_ms = 20 * MS_PER_YEAR;
    sim_op arm = {.kind = SIM_OP_HPEXPIRE, .key = op.key, .value = op.value, .amount = far_ms};
    if (bits & 4) add(program, arm);
}

/* What asks for places stands last of all. */
static sim_op ask_for_place(sim_op op, uint64_t bits) {
    uint8_t number = (uint8_t)(sim_odd_count - 1 - bits % ODD_PLACES);
    return (sim_op){.kind = SIM_OP_ODD, .key = op.key, .value = number};
}

void sim_workload_program(const sim_workload *workload, sim_random *stream, int64_t now_ms,
                          sim_program *program) {
    program->count = 0;
    if (workload->transactions == 0 && workload->others == 0) return;
    uint64_t bits = sim_random_next(stream);
    if ((bits & 255) < workload->transactions) {
        draw_transaction(workload, stream, now_ms, program);
    } else if ((bits >> 8 & 255) < workload->others) {
        sim_op op = other_op(workload, stream, now_ms);
        size_t times = op.kind == SIM_OP_SCAN ? 1 + (bits >> 16 & 7) : 1;
        if (sim_op_is_of_field(op.kind) && bits >> 20 & 1) add_fields(program, op, bits >> 21);
        while (times-- > 0) add(program, op);
        if (op.kind == SIM_OP_GEOADD) add(program, ask_for_place(op, bits >> 24));
    }
}

/* A stream by the clock has ids that nobody can say; so the even keys have others. */
static uint8_t kind_for_key(uint8_t kind, uint8_t key) {
    bool is_by_clock = kind == SIM_OP_XADD || kind == SIM_OP_XADD_NOMKSTREAM;
    return is_by_clock && key % 2 == 0 ? SIM_OP_XADD_AT : kind;
}

/* Groups are nothing without their streams, and what is pending. */
static void add_group(sim_program *program, sim_op op, uint64_t bits) {
    sim_op add_one = op, make = op, read = op;
    add_one.kind = kind_for_key(SIM_OP_XADD, op.key);
    make.kind = SIM_OP_XGROUP_MAKE;
    read.kind = SIM_OP_XREADGROUP;
    if (bits & 1) add(program, (sim_op){.kind = SIM_OP_UNLINK, .key = op.key});
    add(program, add_one);
    if (bits & 2) add(program, make);
    if (bits & 4) add(program, read);
}

/* What a list, a set, a sketch or such needs to be there. */
static void add_value(sim_program *program, sim_op op, uint64_t bits) {
    static const uint8_t makers[SIM_TYPES] = {[SIM_STRING] = SIM_OP_SET,
                                              [SIM_LIST] = SIM_OP_RPUSH,
                                              [SIM_HASH] = SIM_OP_HSET,
                                              [SIM_SET_TYPE] = SIM_OP_SADD,
                                              [SIM_ZSET] = SIM_OP_ZADD};
    bool is_of_sketch = op.kind >= SIM_OP_PFADD && op.kind <= SIM_OP_PFMERGE;
    uint8_t maker = is_of_sketch ? SIM_OP_PFADD : makers[sim_phrase_of(&op)->type];
    if (bits & 1) add(program, (sim_op){.kind = SIM_OP_UNLINK, .key = op.key});
    add(program, (sim_op){.kind = maker, .key = op.key, .value = op.value});
    if (bits & 2) add(program, (sim_op){.kind = maker, .key = op.other, .value = op.value ^ 1});
    sim_op mix = {.kind = SIM_OP_BITOP, .key = op.key, .other = op.key, .value = op.other};
    if (is_of_sketch && (bits >> 2 & 7) == 0) add(program, mix);
    if ((bits >> 5 & 3) == 0)
        add(program, (sim_op){.kind = SIM_OP_PEXPIRE, .key = op.key, .amount = op.amount});
}

void sim_workload_phrase(const sim_workload *workload, sim_random *stream, sim_program *program) {
    if (workload->phrases == 0 || program->count > 0) return;
    uint64_t bits = sim_random_next(stream);
    if ((bits & 255) >= workload->phrases) return;
    bool is_hot = (bits >> 8 & 3) != 0;
    sim_op op = {
        .key = (uint8_t)((bits >> 16 & 255) * (is_hot ? workload->hot_keys : workload->keys) >> 8),
        .other = (uint8_t)((bits >> 24 & 255) * workload->keys >> 8),
        .value = (uint8_t)(bits >> 32)};
    op.kind = kind_for_key(workload->phrase_slots[(bits >> 40) % SIM_WORKLOAD_PHRASES], op.key);
    op.amount = ordinary_amount(workload, stream);
    bool is_of_stream = sim_phrase_of(&op)->type == SIM_STREAM;
    if ((bits >> 48 & 3) == 0) {
        if (is_of_stream) add_group(program, op, bits >> 50);
        else add_value(program, op, bits >> 50);
    }
    add(program, op);
}

static int64_t mortal_amount(const sim_workload *workload, sim_random *stream, const sim_op *op,
                             int64_t now_ms) {
    bool is_extreme = sim_random_below(stream, 256) < workload->extremes;
    if (is_extreme) return extreme_amount(stream, now_ms);
    int64_t amount_ms = ordinary_amount(workload, stream);
    /* Until about the next of its commands. */
    if (sim_random_chance(stream, 1, 2))
        amount_ms = 1 + (int64_t)sim_random_below(stream, (uint64_t)workload->gap_ms * 2 + 1);
    if (sim_op_is_absolute(op)) amount_ms += now_ms;
    return sim_op_is_in_seconds(op) ? amount_ms / MS_PER_SECOND + 1 : amount_ms;
}

void sim_workload_draw_waits(sim_workload *workload, sim_random *stream) {
    if (sim_random_chance(stream, 1, 3))
        workload->waits = (uint8_t)sim_random_between(stream, 1, 40);
}

/* Something to take, where there may be none: a push, and what else makes a key. */
static void add_something(sim_program *program, sim_op op, uint64_t bits) {
    static const uint8_t ways[] = {SIM_OP_RPUSH, SIM_OP_ZADD,  SIM_OP_RENAME,
                                   SIM_OP_COPY,  SIM_OP_RPUSH, SIM_OP_LMOVE};
    uint8_t way = ways[bits % sizeof ways], from = op.other;
    bool is_made_there = way == SIM_OP_RPUSH || way == SIM_OP_ZADD, in_multi = (bits >> 8 & 7) == 0;
    if (bits >> 11 & 1) add(program, (sim_op){.kind = SIM_OP_UNLINK, .key = op.key});
    if (in_multi) add(program, (sim_op){.kind = SIM_OP_MULTI});
    if (!is_made_there) add(program, (sim_op){.kind = SIM_OP_RPUSH, .key = from});
    op.kind = way;
    if (!is_made_there) op.other = op.key, op.key = from;
    add(program, op);
    if (is_made_there && bits >> 12 & 1) op.value ^= 1, add(program, op);
    if (in_multi) add(program, (sim_op){.kind = SIM_OP_EXEC});
}

void sim_workload_wait(const sim_workload *workload, sim_random *stream, sim_program *program) {
    if (workload->waits == 0 || program->count > 0) return;
    uint64_t bits = sim_random_next(stream);
    if ((bits & 255) >= workload->waits) return;
    sim_op op = {.kind = (uint8_t)(SIM_OP_WAITS + (bits >> 8) % (SIM_OP_KINDS - SIM_OP_WAITS)),
                 .key = (uint8_t)((bits >> 16 & 255) * workload->hot_keys >> 8),
                 .other = (uint8_t)((bits >> 24 & 255) * workload->hot_keys >> 8),
                 .value = (uint8_t)(bits >> 32)};
    bool makes = bits >> 40 & 1, in_multi = (bits >> 41 & 7) == 0;
    if (makes) {
        add_something(program, op, bits >> 44);
        return;
    }
    if ((bits >> 56 & 7) != 0) op.amount = (int64_t)(1 + (bits >> 48 & 15)) * MS_PER_SECOND / 8;
    if (bits >> 60 & 1) add(program, (sim_op){.kind = SIM_OP_UNLINK, .key = op.key});
    if (in_multi) add(program, (sim_op){.kind = SIM_OP_MULTI});
    add(program, op);
    if (in_multi) add(program, (sim_op){.kind = SIM_OP_EXEC});
}

/* Looks at a field, or does something to it. */
static sim_op look_at_field(const sim_workload *workload, sim_random *stream, const sim_op *armed) {
    static const uint8_t looks[] = {
        SIM_OP_HGET,     SIM_OP_HGET,      SIM_OP_HEXISTS, SIM_OP_HLEN,   SIM_OP_EXISTS,
        SIM_OP_HDEL,     SIM_OP_HSET,      SIM_OP_COPY,    SIM_OP_HTTL,   SIM_OP_HPTTL,
        SIM_OP_HPERSIST, SIM_OP_HEXPIRE,   SIM_OP_HINCRBY, SIM_OP_HSETNX, SIM_OP_HINCRBYFLOAT,
        SIM_OP_HGETALL,  SIM_OP_HRANDFIELD};
    uint64_t bits = sim_random_next(stream);
    sim_op op = {.kind = looks[bits % sizeof looks],
                 .key = armed->key,
                 .other = (uint8_t)((bits >> 24 & 255) * workload->keys >> 8),
                 .value = armed->value};
    if (op.kind == SIM_OP_HEXPIRE) op.amount = 1;
    return op;
}

void sim_workload_let_fields_die(const sim_workload *workload, sim_random *stream, int64_t now_ms,
                                 sim_program *program) {
    const sim_op *armed = NULL;
    for (size_t i = 0; i < program->count; i++) {
        sim_op *op = &program->ops[i];
        if (!sim_op_is_of_field(op->kind) || !sim_op_has_time(op)) continue;
        if (!sim_random_chance(stream, 3, 4)) continue;
        op->amount = mortal_amount(workload, stream, op, now_ms);
        armed = op;
    }
    if (armed == NULL) return;
    for (uint64_t looks = sim_random_below(stream, 4); looks > 0; looks--)
        add(program, look_at_field(workload, stream, armed));
}

sim_op sim_workload_read(const sim_workload *workload, sim_random *stream, const sim_op *armed) {
    static const uint8_t reads[] = {
        SIM_OP_GET,       SIM_OP_EXISTS, SIM_OP_TTL,        SIM_OP_PTTL,      SIM_OP_TYPE,
        SIM_OP_STRLEN,    SIM_OP_MGET,   SIM_OP_EXPIRETIME, SIM_OP_LLEN,      SIM_OP_HLEN,
        SIM_OP_SCARD,     SIM_OP_ZCARD,  SIM_OP_KEYS,       SIM_OP_RANDOMKEY, SIM_OP_RANDOMKEY,
        SIM_OP_RANDOMKEY, SIM_OP_DBSIZE, SIM_OP_DEL,        SIM_OP_HTTL,      SIM_OP_HGET,
        SIM_OP_HGET,      SIM_OP_HGET,   SIM_OP_HEXISTS,    SIM_OP_HEXISTS};
    uint64_t bits = sim_random_next(stream);
    sim_op op = {.kind = reads[(bits & 255) * sizeof reads >> 8],
                 .database = workload->has_databases && (bits >> 32 & 1),
                 .key = (uint8_t)((bits >> 16 & 255) * workload->keys >> 8),
                 .other = (uint8_t)((bits >> 24 & 255) * workload->keys >> 8),
                 .value = (uint8_t)(bits >> 40)};
    if (sim_op_is_of_field(op.kind) && !workload->has_fields) op.kind = SIM_OP_HLEN;
    bool is_of_hash = op.kind == SIM_OP_HGET || op.kind == SIM_OP_HEXISTS || op.kind == SIM_OP_HTTL;
    if (is_of_hash && (bits >> 48 & 3) != 0) op.key = armed->key, op.value = armed->value;
    return op;
}
