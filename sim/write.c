#include "sim/write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/text.h"

#define US_PER_MS   INT64_C(1000)
#define US_PER_S    INT64_C(1000000)
#define MS_PER_S    INT64_C(1000)
#define EXACT_MOST  (INT64_C(1) << 53)
#define NEAR_MS     (INT64_C(1) << 40) /* an absolute time within this of T0 counts from T0 */
#define OTHER_T0_MS INT64_C(1767225600000)

#define FIELD_SOON_S  (INT64_C(5) * 365 * 86400)
#define FIELD_LATER_S (INT64_C(20) * 365 * 86400)

enum { SCANS_ALL = 64 }; /* a SCAN with this COUNT comes to its end at once */

/* Does it give a field a deadline that a story lives to see? When a dead field is reclaimed is the
 * server's own affair, and shows. */
static bool lets_field_die(const sim_step *step, int64_t *later) {
    const sim_op *op = &step->op;
    int64_t unit = sim_op_is_in_seconds(op) ? 1 : MS_PER_S, now = step->wall_us / US_PER_S * unit;
    if (step->kind != SIM_STEP_COMMAND || !sim_op_is_of_field(op->kind) || !sim_op_has_time(op))
        return false;
    int64_t from = sim_op_is_absolute(op) ? now : 0;
    *later = FIELD_LATER_S * unit;
    return op->amount > from && op->amount < from + FIELD_SOON_S * unit;
}

static bool draws_member(sim_op_kind kind) {
    switch (kind) {
    case SIM_OP_SPOP:
    case SIM_OP_HRANDFIELD:
    case SIM_OP_SRANDMEMBER:
    case SIM_OP_SRANDMEMBER_SOME:
    case SIM_OP_SRANDMEMBER_AGAIN:
    case SIM_OP_ZRANDMEMBER:
    case SIM_OP_ZRANDMEMBER_SOME: return true;
    default: return false;
    }
}

static bool can_be_told(const sim_op *op, uint8_t dialect, const char **why) {
    bool is_odd = op->kind == SIM_OP_ODD;
    bool is_list = op->kind == SIM_OP_KEYS || op->kind == SIM_OP_SCAN;
    if (op->kind == SIM_OP_EXEC && op->amount != 0) *why = "time goes on within a transaction";
    else if (is_list && op->extra % SIM_WANTS_TYPE == SIM_TENS)
        *why = "keys are asked for by a part of their name in it";
    else if (op->kind == SIM_OP_SCAN && op->value < SCANS_ALL) *why = "a scan goes on in it";
    else if (op->kind >= SIM_OP_NOTIFY && op->kind <= SIM_OP_PUNSUBSCRIBE)
        *why = "somebody listens to events in it";
    else if (draws_member(op->kind)) *why = "a member is drawn in it";
    else if (op->kind == SIM_OP_XTRIM_ABOUT) *why = "a stream is trimmed about to a length in it";
    else if (!sim_dialect_knows(sim_dialect_traits(dialect), op->kind) ||
             (is_odd && sim_odd_of(op)->is_unknown))
        *why = "a command is in it that the dialect does not have";
    else if (is_odd && sim_odd_of(op)->reply == NULL)
        *why = "something is asked in it that a server may answer as it likes";
    else return true;
    return false;
}

void sim_write_make_tellable(sim_recording *steps) {
    size_t kept = 0;
    int64_t later;
    for (size_t i = 0; i < steps->count; i++) {
        sim_op *op = &steps->steps[i].op;
        if (steps->steps[i].session >= SIM_LISTENER) continue;
        bool is_list = op->kind == SIM_OP_KEYS || op->kind == SIM_OP_SCAN;
        if (is_list && op->extra % SIM_WANTS_TYPE == SIM_TENS) op->extra -= SIM_TENS;
        if (op->kind == SIM_OP_SCAN) op->value = SCANS_ALL;
        if (op->kind == SIM_OP_EXEC) op->amount = 0;
        if (lets_field_die(&steps->steps[i], &later)) op->amount += later;
        const char *why;
        if (steps->steps[i].kind == SIM_STEP_COMMAND && !can_be_told(op, steps->dialect, &why))
            continue;
        steps->steps[kept++] = steps->steps[i];
    }
    steps->count = kept;
}

bool sim_write_leaves_waiting(const sim_recording *steps, size_t at) {
    const sim_step *end = &steps->steps[at], *last = end;
    if (end->kind != SIM_STEP_HANG_UP) return false;
    while (last > steps->steps && (last->kind != SIM_STEP_COMMAND || last->session != end->session))
        last--;
    return last->session == end->session && sim_op_waits(last->op.kind);
}

bool sim_write_can_be_vector(const sim_recording *steps, const char **why) {
    int64_t last_us = INT64_MIN;
    bool has_command = false;
    for (size_t i = 0; i < steps->count; i++) {
        const sim_step *step = &steps->steps[i];
        has_command = has_command || step->kind == SIM_STEP_COMMAND;
        if (step->kind >= SIM_STEP_SAVE && step->kind <= SIM_STEP_PROMOTE) {
            *why = "a server restarts or is promoted in it";
            return false;
        }
        if (sim_write_leaves_waiting(steps, i)) {
            *why = "a client that may wait gives up in it";
            return false;
        }
        if (step->kind == SIM_STEP_READ && i + 1 == steps->count) {
            *why = "a replica is asked in it";
            return false;
        }
        if (step->kind == SIM_STEP_COMMAND && !can_be_told(&step->op, steps->dialect, why))
            return false;
        int64_t later;
        if (lets_field_die(step, &later)) {
            *why = "a field dies in it";
            return false;
        }
        if (step->wall_us < last_us) {
            *why = "the clock goes back in it";
            return false;
        }
        last_us = step->wall_us;
    }
    if (!has_command) *why = "there is no command in it";
    return has_command;
}

/* ---- right replies, at two beginnings: what differs between them counts from T0 */

/* Who waited and was answered in a step: nil before its command, else after it. */
struct heard {
    size_t step;
    uint8_t session;
    bool is_before;
    ttl_reply reply;
};

struct rights {
    ttl_reply *replies; /* one a step */
    size_t count;
    bool *are_mute; /* steps of a connection that waits: they are not said */
    bool waits[SIM_PEERS];
    struct heard *heard;
    size_t heard_count;
    uint32_t *alive;  /* keys at each step, of the connection's database: a bit for each */
    int64_t *present; /* how many there may be, with the dead */
    uint64_t spared;  /* slots of dead keys that were met by chance: elsewhere they may stay */
};

/* A dead key that such a command meets here another server may not meet, and keep. */
static bool meets_by_chance(sim_op_kind kind) {
    return kind == SIM_OP_RANDOMKEY || kind == SIM_OP_SCAN || kind == SIM_OP_EXEC;
}

static uint64_t spared_now(uint64_t spared, const sim_step *step, const sim_model *model) {
    bool is_chance = step->kind == SIM_STEP_COMMAND && meets_by_chance(step->op.kind);
    for (size_t i = 0; is_chance && i < model->met_count; i++)
        spared |= UINT64_C(1) << model->met[i];
    for (size_t i = 0; i < SIM_SLOTS; i++)
        if (model->keys[i].is_present) spared &= ~(UINT64_C(1) << i);
    return spared;
}

static void keep_waits(struct rights *rights, const sim_step *step, const sim_site *site) {
    const sim_server *server = &site->servers[site->primary];
    bool is_command = step->kind == SIM_STEP_COMMAND;
    bool may_unblock = is_command || step->kind == SIM_STEP_TIME_OUT;
    rights->are_mute[rights->count] = is_command && rights->waits[step->session];
    for (size_t i = 0; i < server->unblocked_count && may_unblock; i++) {
        rights->heard = realloc(rights->heard, (rights->heard_count + 1) * sizeof *rights->heard);
        if (rights->heard == NULL) abort();
        struct heard *heard = &rights->heard[rights->heard_count++];
        const ttl_reply *reply = &server->unblocked[i].reply;
        *heard = (struct heard){.step = rights->count,
                                .session = server->unblocked[i].session,
                                .is_before = reply->nodes[0].type == TTL_REPLY_NIL_ARRAY};
        ttl_reply_init(&heard->reply, ttl_allocator_libc());
        ttl_reply_add_copy(&heard->reply, reply, 0);
    }
    for (size_t i = 0; i < SIM_PEERS; i++) rights->waits[i] = site->peers[i].wait.is_on;
}

static void keep_right(void *context, const sim_step *step, const sim_site *site) {
    struct rights *rights = context;
    keep_waits(rights, step, site);
    size_t at = rights->count++;
    uint8_t database = site->peers[step->session].database;
    const sim_model *model = &site->servers[site->primary].model;
    ttl_reply_init(&rights->replies[at], ttl_allocator_libc());
    rights->alive[at] = 0;
    rights->spared = spared_now(rights->spared, step, model);
    rights->present[at] =
        (int64_t)sim_model_count(model, database) + __builtin_popcountll(rights->spared);
    for (size_t i = 0; i < SIM_KEYS; i++) {
        const sim_model_key *key = &model->keys[database * SIM_KEYS + i];
        bool is_alive = key->is_present && !sim_model_is_dead(key, step->wall_us / US_PER_MS);
        rights->alive[at] |= (uint32_t)is_alive << i;
    }
    if (step->kind == SIM_STEP_COMMAND)
        ttl_reply_add_copy(&rights->replies[at], &site->expected, 0);
}

static struct rights rights_of(const sim_recording *steps) {
    struct rights rights = {.replies = calloc(steps->count, sizeof *rights.replies),
                            .are_mute = calloc(steps->count, sizeof *rights.are_mute),
                            .alive = calloc(steps->count, sizeof *rights.alive),
                            .present = calloc(steps->count, sizeof *rights.present)};
    if (rights.replies == NULL || rights.alive == NULL || rights.present == NULL ||
        rights.are_mute == NULL)
        abort();
    sim_replay(steps, NULL, keep_right, &rights);
    return rights;
}

static void rights_free(struct rights *rights) {
    for (size_t i = 0; i < rights->count; i++) ttl_reply_free(&rights->replies[i]);
    for (size_t i = 0; i < rights->heard_count; i++) ttl_reply_free(&rights->heard[i].reply);
    free(rights->heard);
    free(rights->replies);
    free(rights->are_mute);
    free(rights->alive);
    free(rights->present);
}

/* ---- JSON */

static int64_t t0_of(const sim_recording *steps) {
    return steps->steps[0].wall_us / US_PER_S * MS_PER_S;
}

static void put_text(FILE *out, ttl_bytes text) {
    bool is_plain = true;
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < ' ' || text.data[i] > '~') is_plain = false;
    if (is_plain) {
        putc('"', out);
        for (size_t i = 0; i < text.length; i++) {
            if (text.data[i] == '"' || text.data[i] == '\\') putc('\\', out);
            putc(text.data[i], out);
        }
        putc('"', out);
        return;
    }
    fputs("{\"hex\": \"", out);
    for (size_t i = 0; i < text.length; i++) fprintf(out, "%02x", (unsigned char)text.data[i]);
    fputs("\"}", out);
}

static void put_key(FILE *out, uint8_t key) {
    if (key == 0) fputs("\"{k}\"", out);
    else fprintf(out, "\"{k%d}\"", key + 1);
}

/* An error, which may name a key: 'k3'. */
static void put_error(FILE *out, ttl_bytes text) {
    putc('"', out);
    for (size_t i = 0; i < text.length; i++) {
        const char *end =
            text.data[i] == '\'' ? memchr(text.data + i + 1, '\'', text.length - i - 1) : NULL;
        const char *name = text.data + i + 1;
        uint8_t key = SIM_KEYS;
        if (end != NULL) key = sim_key_number((ttl_bytes){name, (size_t)(end - name)});
        if (text.data[i] == '"' || text.data[i] == '\\') putc('\\', out);
        putc(text.data[i], out);
        if (key == SIM_KEYS) continue;
        if (key == 0) fputs("{k}", out);
        else fprintf(out, "{k%d}", key + 1);
        i = (size_t)(end - text.data) - 1;
    }
    putc('"', out);
}

/* Does this absolute time count from T0? Then the offset, in its own unit. */
static bool counts_from_t0(const sim_op *op, int64_t t0_ms, int64_t *offset) {
    if (!sim_op_has_time(op) || !sim_op_is_absolute(op)) return false;
    bool in_seconds = sim_op_is_in_seconds(op);
    int64_t t0 = in_seconds ? t0_ms / MS_PER_S : t0_ms;
    if (__builtin_sub_overflow(op->amount, t0, offset)) return false;
    int64_t near = in_seconds ? NEAR_MS / MS_PER_S : NEAR_MS;
    return *offset >= -near && *offset <= near;
}

static void put_offset(FILE *out, bool in_seconds, int64_t offset) {
    fprintf(out, "\"{t0%s", in_seconds ? "s" : "");
    if (offset != 0) fprintf(out, "%+" PRId64, offset);
    fputs("}\"", out);
}

/* Is the argument the index of a database? */
static bool is_database(const sim_op *op, size_t at) {
    switch ((sim_op_kind)op->kind) {
    case SIM_OP_SELECT:
    case SIM_OP_SWAPDB: return at > 0;
    case SIM_OP_MOVE: return at == 2;
    case SIM_OP_COPY_TO: return at == 4;
    default: return false;
    }
}

static void put_command(FILE *out, const sim_op *op, int64_t t0_ms) {
    sim_rendered rendered;
    int64_t offset;
    sim_op_render(op, &rendered);
    size_t time_index = sim_op_time_index(op);
    putc('[', out);
    for (size_t i = 0; i < rendered.argc; i++) {
        if (i > 0) fputs(", ", out);
        uint8_t key = sim_key_number(rendered.argv[i]);
        if (key < SIM_KEYS) put_key(out, key);
        else if (is_database(op, i))
            fputs(rendered.argv[i].data[0] == '0' ? "\"{db}\"" : "\"{db2}\"", out);
        else if (i == time_index && i > 0 && counts_from_t0(op, t0_ms, &offset))
            put_offset(out, sim_op_is_in_seconds(op), offset);
        else put_text(out, rendered.argv[i]);
    }
    putc(']', out);
}

/* An integer as it is at this beginning and at another one, so many milliseconds later. */
static void put_integer(FILE *out, int64_t here, int64_t there, int64_t t0_ms, int64_t later_ms) {
    if (here == there) {
        bool is_exact = here >= -EXACT_MOST && here <= EXACT_MOST;
        fprintf(out, is_exact ? "%" PRId64 : "{\"integer\": \"%" PRId64 "\"}", here);
    } else if (there - here == later_ms || there - here == later_ms / MS_PER_S) {
        bool in_seconds = there - here != later_ms;
        int64_t offset = here - (in_seconds ? t0_ms / MS_PER_S : t0_ms);
        bool can_be_said = offset >= -EXACT_MOST && offset <= EXACT_MOST;
        fputs(can_be_said ? "{\"integer\": " : "{\"anything\": true", out);
        if (can_be_said) put_offset(out, in_seconds, offset);
        putc('}', out);
    } else {
        fputs("{\"anything\": true}", out);
    }
}

static void put_node(FILE *out, const ttl_reply *here, const ttl_reply *there, size_t index,
                     int64_t t0_ms, int64_t later_ms) {
    const ttl_node *node = &here->nodes[index];
    bool has_text = ttl_reply_has_text(node->type);
    if (has_text && !ttl_bytes_equal(ttl_reply_text(here, index), ttl_reply_text(there, index))) {
        fputs("{\"anything\": true}", out);
        return;
    }
    switch (node->type) {
    case TTL_REPLY_INTEGER:
        put_integer(out, node->is.integer, there->nodes[index].is.integer, t0_ms, later_ms);
        break;
    case TTL_REPLY_NIL: fputs("null", out); break;
    case TTL_REPLY_STATUS:
    case TTL_REPLY_ERROR:
        fprintf(out, "{\"%s\": ", node->type == TTL_REPLY_STATUS ? "status" : "error");
        put_error(out, ttl_reply_text(here, index));
        putc('}', out);
        break;
    case TTL_REPLY_NIL_ARRAY: fputs("null", out); break;
    default: {
        uint8_t key = sim_key_number(ttl_reply_text(here, index));
        if (key < SIM_KEYS) put_key(out, key);
        else put_text(out, ttl_reply_text(here, index));
    }
    }
}

static bool has_same_shape(const ttl_reply *a, const ttl_reply *b) {
    bool is_same = a->node_count == b->node_count;
    for (size_t i = 0; is_same && i < a->node_count; i++)
        is_same = a->nodes[i].type == b->nodes[i].type;
    return is_same;
}

/* Two replies to the same command, at two beginnings. */
struct twin {
    const ttl_reply *here, *there;
    int64_t t0_ms, later_ms;
};

/* The order of what is in an array of this kind of command is the server's own. */
static bool has_no_order(sim_op_kind kind) {
    return kind == SIM_OP_KEYS || kind == SIM_OP_HKEYS || kind == SIM_OP_HVALS;
}

/* What it answers second has no order. */
static bool is_scan(sim_op_kind kind) {
    return kind == SIM_OP_SCAN || kind == SIM_OP_SSCAN || kind == SIM_OP_HSCAN ||
           kind == SIM_OP_HSCAN_NAMES || kind == SIM_OP_ZSCAN;
}

/* The tree at a node, an array as `kind` answers it. */
static void put_tree(FILE *out, const struct twin *twin, size_t index, sim_op_kind kind) {
    const ttl_node *node = &twin->here->nodes[index];
    bool is_set = node->type == TTL_REPLY_SET || node->type == TTL_REPLY_MAP || has_no_order(kind);
    if (node->type != TTL_REPLY_ARRAY && node->type != TTL_REPLY_MAP &&
        node->type != TTL_REPLY_SET) {
        put_node(out, twin->here, twin->there, index, twin->t0_ms, twin->later_ms);
        return;
    }
    fputs(is_set ? "{\"unordered\": [" : "[", out);
    size_t child = index + 1;
    for (size_t i = 0; i < node->length; i++) {
        if (i > 0) fputs(", ", out);
        put_tree(out, twin, child, is_scan(kind) ? SIM_OP_KEYS : SIM_OP_GET);
        child = ttl_reply_next(twin->here, child);
    }
    fputs(is_set ? "]}" : "]", out);
}

/* When a server reclaims is its own affair, and so is what it draws, and how it packs a value. */
static bool is_vague(sim_op_kind kind) {
    return kind == SIM_OP_DBSIZE || kind == SIM_OP_RANDOMKEY || kind == SIM_OP_DUMP;
}

/* What EXEC answers to what waited for it. */
static void put_executed(FILE *out, const struct twin *twin, const sim_peer *peer) {
    size_t child = 1;
    putc('[', out);
    for (size_t i = 0; i < peer->queue_count; i++) {
        sim_op_kind kind = peer->queue[i].kind;
        if (i > 0) fputs(", ", out);
        if (is_vague(kind)) fputs("{\"anything\": true}", out);
        else put_tree(out, twin, child, kind);
        child = ttl_reply_next(twin->here, child);
    }
    putc(']', out);
}

static void put_reply(FILE *out, const struct twin *twin, const sim_op *op, const sim_peer *peer) {
    bool is_array = twin->here->nodes[0].type == TTL_REPLY_ARRAY;
    if (twin->here->nodes[0].type == TTL_REPLY_PENDING) fputs("{\"pending\": true}", out);
    else if (!has_same_shape(twin->here, twin->there)) fputs("{\"anything\": true}", out);
    else if (op->kind == SIM_OP_EXEC && is_array) put_executed(out, twin, peer);
    else put_tree(out, twin, 0, op->kind);
}

static void put_alive(FILE *out, uint32_t alive) {
    if (alive == 0) fputs("null", out);
    for (uint8_t i = 0, first = 1; i < SIM_KEYS; i++) {
        if (!(alive >> i & 1)) continue;
        fputs(first ? "{\"any-of\": [" : ", ", out);
        put_key(out, i);
        first = 0;
    }
    if (alive != 0) fputs("]}", out);
}

/* The commands alone, with all that counts from T0 moved. Without the cycle every dead key that no
 * command meets stays, which is the most that a DBSIZE may count. */
static sim_recording commands_moved(const sim_recording *steps, int64_t later_ms) {
    sim_recording commands = {.dialect = steps->dialect, .seed = steps->seed};
    int64_t t0_ms = t0_of(steps), offset;
    for (size_t i = 0; i < steps->count; i++) {
        sim_step step = steps->steps[i];
        if (step.kind != SIM_STEP_COMMAND && step.kind != SIM_STEP_HANG_UP &&
            step.kind != SIM_STEP_TIME_OUT)
            continue;
        step.wall_us += later_ms * US_PER_MS;
        if (counts_from_t0(&step.op, t0_ms, &offset))
            step.op.amount += sim_op_is_in_seconds(&step.op) ? later_ms / MS_PER_S : later_ms;
        sim_recording_add(&commands, step);
    }
    return commands;
}

struct telling {
    FILE *out;
    struct rights here, there;
    int64_t t0_ms, later_ms;
    bool has_begun;
    /* What waits for EXEC on each connection, and how manieth it is in its place. */
    sim_peer peers[SIM_PEERS];
    int hung_up[SIM_PEERS];
};

static bool leaves_transaction(sim_op_kind kind) {
    return kind == SIM_OP_EXEC || kind == SIM_OP_DISCARD || kind == SIM_OP_RESET;
}

/* A literal time that is ahead at one beginning is past at another: then the keys differ, too. */
static bool has_same_keys(const struct rights *here, const struct rights *there, size_t at) {
    return here->alive[at] == there->alive[at] && here->present[at] == there->present[at];
}

/* Begins a step; `does`: "on" or "await". */
static void put_head(struct telling *telling, const sim_step *step, uint8_t session,
                     const char *does) {
    FILE *out = telling->out;
    int number = telling->hung_up[session] * SIM_SESSIONS_EACH + session % SIM_SESSIONS_EACH;
    fprintf(out, "%s\n        {\"at\": \"%" PRId64 "\", \"%s\": \"client-%d",
            telling->has_begun ? "," : "", step->wall_us / US_PER_MS - telling->t0_ms, does,
            session / SIM_SESSIONS_EACH);
    if (number > 0) fprintf(out, "-%d", number);
    telling->has_begun = true;
}

/* What those were answered who waited, before the command of the step, or after it. */
static void put_heard(struct telling *telling, const sim_step *step, size_t at, bool is_before) {
    const struct rights *here = &telling->here, *there = &telling->there;
    const sim_op op = {.kind = SIM_OP_BLPOP};
    for (size_t i = 0; i < here->heard_count && i < there->heard_count; i++) {
        const struct heard *heard = &here->heard[i];
        if (heard->step != at || heard->is_before != is_before) continue;
        const struct twin twin = {&heard->reply, &there->heard[i].reply, telling->t0_ms,
                                  telling->later_ms};
        put_head(telling, step, heard->session, "await");
        fputs("\", \"reply\": ", telling->out);
        put_reply(telling->out, &twin, &op, &telling->peers[heard->session]);
        putc('}', telling->out);
    }
}

static void put_step(struct telling *telling, const sim_step *step, size_t at) {
    const struct rights *here = &telling->here, *there = &telling->there;
    const struct twin twin = {&here->replies[at], &there->replies[at], telling->t0_ms,
                              telling->later_ms};
    FILE *out = telling->out;
    sim_peer *peer = &telling->peers[step->session];
    put_head(telling, step, step->session, "on");
    fputs("\", \"do\": ", out);
    put_command(out, &step->op, telling->t0_ms);
    fputs(", \"reply\": ", out);
    bool is_queued = twin.here->nodes[0].type == TTL_REPLY_STATUS &&
                     ttl_bytes_is_word(ttl_reply_text(twin.here, 0), "QUEUED");
    bool is_payload = step->op.kind == SIM_OP_DUMP && twin.here->nodes[0].type != TTL_REPLY_NIL;
    bool is_of_all = step->op.kind == SIM_OP_DBSIZE || step->op.kind == SIM_OP_RANDOMKEY;
    bool is_told = !is_payload && (!is_of_all || has_same_keys(here, there, at));
    if (is_queued || (is_told && !is_of_all)) put_reply(out, &twin, &step->op, peer);
    else if (!is_told) fputs("{\"anything\": true}", out);
    else if (step->op.kind == SIM_OP_RANDOMKEY) put_alive(out, here->alive[at]);
    else
        fprintf(out, "{\"between\": [\"%d\", \"%" PRId64 "\"]}",
                __builtin_popcount(here->alive[at]), here->present[at]);
    putc('}', out);
    if (is_queued) sim_peer_enqueue(peer, &step->op);
    else if (leaves_transaction(step->op.kind)) sim_peer_reset(peer);
}

static void put_steps(FILE *out, const sim_recording *steps) {
    int64_t t0_ms = t0_of(steps), later_ms = OTHER_T0_MS - t0_ms;
    if (later_ms == 0) later_ms = MS_PER_S;
    sim_recording commands = commands_moved(steps, 0), moved = commands_moved(steps, later_ms);
    struct telling *telling = calloc(1, sizeof *telling);
    if (telling == NULL) abort();
    *telling = (struct telling){.out = out,
                                .here = rights_of(&commands),
                                .there = rights_of(&moved),
                                .t0_ms = t0_ms,
                                .later_ms = later_ms};
    for (size_t i = 0; i < telling->here.count && i < telling->there.count; i++) {
        const sim_step *step = &commands.steps[i];
        if (step->kind == SIM_STEP_HANG_UP) {
            telling->hung_up[step->session]++;
            sim_peer_reset(&telling->peers[step->session]);
            continue;
        }
        put_heard(telling, step, i, true);
        if (step->kind == SIM_STEP_COMMAND && !telling->here.are_mute[i])
            put_step(telling, step, i);
        put_heard(telling, step, i, false);
    }
    for (size_t i = 0; i < SIM_PEERS; i++) sim_peer_reset(&telling->peers[i]);
    rights_free(&telling->here);
    rights_free(&telling->there);
    free(telling);
    sim_recording_free(&commands);
    sim_recording_free(&moved);
}

/* What the commands need of a target. */
static void put_needs(FILE *out, const sim_recording *steps) {
    bool exclusive = false, databases = false;
    for (size_t i = 0; i < steps->count; i++) {
        sim_op_kind kind = steps->steps[i].op.kind;
        if (steps->steps[i].kind != SIM_STEP_COMMAND) continue;
        exclusive = exclusive || kind == SIM_OP_DBSIZE || kind == SIM_OP_SWAPDB ||
                    (kind >= SIM_OP_FLUSHDB && kind <= SIM_OP_RANDOMKEY);
        databases = databases || is_database(&steps->steps[i].op, 1) || kind == SIM_OP_MOVE ||
                    kind == SIM_OP_COPY_TO;
    }
    if (exclusive || databases)
        fprintf(out, "      \"needs\": [%s%s%s],\n", exclusive ? "\"exclusive-db\"" : "",
                exclusive && databases ? ", " : "", databases ? "\"databases\"" : "");
}

void sim_write_vector(FILE *out, const sim_recording *steps, uint64_t seed, sim_law law) {
    const char *dialect = sim_dialects[steps->dialect];
    int family = (int)strcspn(dialect, "-");
    fprintf(out,
            "{\n  \"suite\": \"sim\",\n  \"about\": \"What ttlspec sim found with seed 0x%" PRIx64
            "\",\n  \"vectors\": [\n    { \"id\": \"sim.seed-%" PRIx64 "\",\n"
            "      \"title\": \"%s\",\n      \"rules\": [\"sim.%s\"],\n"
            "      \"since\": {\"%.*s\": \"%s\"}, \"only\": [\"%.*s\"],\n",
            seed, seed, sim_law_promise(law), sim_law_name(law), family, dialect,
            dialect + family + 1, family, dialect);
    put_needs(out, steps);
    fputs("      \"steps\": [", out);
    put_steps(out, steps);
    fputs(" ] } ] }\n", out);
}

void sim_write_rules(FILE *out) {
    fputs("{\n  \"rules\": [", out);
    for (sim_law law = SIM_LAWS_HOLD; law < SIM_LAWS; law++)
        fprintf(out,
                "%s\n    {\"id\": \"sim.%s\", \"text\": \"In a world: %s.\",\n"
                "     \"source\": {\"title\": \"ttlspec sim\"}}",
                law == SIM_LAWS_HOLD ? "" : ",", sim_law_name(law), sim_law_promise(law));
    fputs(" ] }\n", out);
}

/* ---- a table */

struct table {
    FILE *out;
    int64_t t0_us;
};

static void put_row(void *context, const sim_step *step, const sim_site *site) {
    struct table *table = context;
    const sim_server *server = &site->servers[site->primary];
    int64_t at_us = step->wall_us - table->t0_us;
    fprintf(table->out, "  %10" PRId64 ".%03d ms  ", at_us / US_PER_MS,
            (int)(at_us % US_PER_MS < 0 ? -(at_us % US_PER_MS) : at_us % US_PER_MS));
    if (step->kind == SIM_STEP_COMMAND || step->kind == SIM_STEP_READ) {
        char command[SIM_COMMAND_TEXT], reply[SIM_REPLY_TEXT];
        sim_text_command(&step->op, command);
        sim_text_reply(&site->reply, reply);
        if (step->kind == SIM_STEP_READ) fprintf(table->out, "replica   %s -> %s", command, reply);
        else fprintf(table->out, "client %d  %s -> %s", step->client, command, reply);
    } else if (step->kind == SIM_STEP_HANG_UP) {
        fprintf(table->out, "client %d  has another connection", step->client);
    } else {
        fprintf(table->out, "server    %s", sim_step_kind_name(step->kind));
        if (step->kind == SIM_STEP_SYNC) fprintf(table->out, " of %" PRId64, step->op.amount);
    }
    char name[SIM_SLOT_TEXT];
    for (size_t i = 0; i < server->announced_count && step->kind <= SIM_STEP_CYCLE; i++)
        fprintf(table->out, "%s %s", i == 0 ? "   expired" : ",",
                sim_slot_text(server->announced[i], name));
    putc('\n', table->out);
}

void sim_write_steps(FILE *out, const sim_recording *steps, const sim_hooks *hooks) {
    if (steps->count == 0) return;
    struct table table = {out, t0_of(steps) * US_PER_MS};
    sim_replay(steps, hooks, put_row, &table);
}
