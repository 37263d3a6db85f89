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
        if (step->kind == SIM_STEP_READ && i + 1 == steps->count) {
            *why = "a replica is asked in it";
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

struct rights {
    ttl_reply *replies; /* one a step */
    size_t count;
    int64_t *alive, *present; /* keys at each step: a DBSIZE is between them */
};

static void keep_right(void *context, const sim_step *step, const sim_site *site) {
    struct rights *rights = context;
    size_t at = rights->count++;
    const sim_model *model = &site->servers[site->primary].model;
    ttl_reply_init(&rights->replies[at], ttl_allocator_libc());
    rights->alive[at] = rights->present[at] = 0;
    for (size_t i = 0; i < SIM_KEYS; i++) {
        const sim_model_key *key = &model->keys[i];
        rights->present[at] += key->is_present;
        rights->alive[at] += key->is_present && !sim_model_is_dead(key, step->wall_us / US_PER_MS);
    }
    if (step->kind == SIM_STEP_COMMAND)
        ttl_reply_add_copy(&rights->replies[at], &site->expected, 0);
}

static struct rights rights_of(const sim_recording *steps) {
    struct rights rights = {.replies = calloc(steps->count, sizeof *rights.replies),
                            .alive = calloc(steps->count, sizeof *rights.alive),
                            .present = calloc(steps->count, sizeof *rights.present)};
    if (rights.replies == NULL || rights.alive == NULL || rights.present == NULL) abort();
    sim_replay(steps, NULL, keep_right, &rights);
    return rights;
}

static void rights_free(struct rights *rights) {
    for (size_t i = 0; i < rights->count; i++) ttl_reply_free(&rights->replies[i]);
    free(rights->replies);
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
        fputs("{\"integer\": ", out);
        put_offset(out, in_seconds, here - (in_seconds ? t0_ms / MS_PER_S : t0_ms));
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
        put_text(out, ttl_reply_text(here, index));
        putc('}', out);
        break;
    default: put_text(out, ttl_reply_text(here, index));
    }
}

static bool has_same_shape(const ttl_reply *a, const ttl_reply *b) {
    bool is_same = a->node_count == b->node_count;
    for (size_t i = 0; is_same && i < a->node_count; i++)
        is_same = a->nodes[i].type == b->nodes[i].type;
    return is_same;
}

static void put_reply(FILE *out, const ttl_reply *here, const ttl_reply *there, int64_t t0_ms,
                      int64_t later_ms) {
    if (!has_same_shape(here, there)) {
        fputs("{\"anything\": true}", out);
    } else if (here->nodes[0].type == TTL_REPLY_ARRAY) {
        putc('[', out);
        for (size_t i = 1; i < here->node_count; i++) {
            if (i > 1) fputs(", ", out);
            put_node(out, here, there, i, t0_ms, later_ms);
        }
        putc(']', out);
    } else {
        put_node(out, here, there, 0, t0_ms, later_ms);
    }
}

/* The commands alone, with all that counts from T0 moved. Without the cycle every dead key that no
 * command meets stays, which is the most that a DBSIZE may count. */
static sim_recording commands_moved(const sim_recording *steps, int64_t later_ms) {
    sim_recording commands = {.dialect = steps->dialect};
    int64_t t0_ms = t0_of(steps), offset;
    for (size_t i = 0; i < steps->count; i++) {
        sim_step step = steps->steps[i];
        if (step.kind != SIM_STEP_COMMAND) continue;
        step.wall_us += later_ms * US_PER_MS;
        if (counts_from_t0(&step.op, t0_ms, &offset))
            step.op.amount += sim_op_is_in_seconds(&step.op) ? later_ms / MS_PER_S : later_ms;
        sim_recording_add(&commands, step);
    }
    return commands;
}

static void put_steps(FILE *out, const sim_recording *steps) {
    int64_t t0_ms = t0_of(steps), later_ms = OTHER_T0_MS - t0_ms;
    if (later_ms == 0) later_ms = MS_PER_S;
    sim_recording commands = commands_moved(steps, 0), moved = commands_moved(steps, later_ms);
    struct rights here = rights_of(&commands), there = rights_of(&moved);
    for (size_t i = 0; i < here.count && i < there.count; i++) {
        const sim_step *step = &commands.steps[i];
        fprintf(out, "%s\n        {\"at\": \"%" PRId64 "\", \"on\": \"client-%d\", \"do\": ",
                i == 0 ? "" : ",", step->wall_us / US_PER_MS - t0_ms, step->client);
        put_command(out, &step->op, t0_ms);
        fputs(", \"reply\": ", out);
        if (step->op.kind == SIM_OP_DBSIZE)
            fprintf(out, "{\"between\": [\"%" PRId64 "\", \"%" PRId64 "\"]}", here.alive[i],
                    here.present[i]);
        else put_reply(out, &here.replies[i], &there.replies[i], t0_ms, later_ms);
        putc('}', out);
    }
    rights_free(&here);
    rights_free(&there);
    sim_recording_free(&commands);
    sim_recording_free(&moved);
}

void sim_write_vector(FILE *out, const sim_recording *steps, uint64_t seed, sim_law law) {
    bool needs_database = false;
    const char *dialect = sim_dialects[steps->dialect];
    int family = (int)strcspn(dialect, "-");
    for (size_t i = 0; i < steps->count; i++)
        if (steps->steps[i].kind == SIM_STEP_COMMAND && steps->steps[i].op.kind == SIM_OP_DBSIZE)
            needs_database = true;
    fprintf(out,
            "{\n  \"suite\": \"sim\",\n  \"about\": \"What ttlspec sim found with seed 0x%" PRIx64
            "\",\n  \"vectors\": [\n    { \"id\": \"sim.seed-%" PRIx64 "\",\n"
            "      \"title\": \"%s\",\n      \"rules\": [\"sim.%s\"],\n"
            "      \"since\": {\"%.*s\": \"%s\"}, \"only\": [\"%.*s\"],\n",
            seed, seed, sim_law_promise(law), sim_law_name(law), family, dialect,
            dialect + family + 1, family, dialect);
    if (needs_database) fputs("      \"needs\": [\"exclusive-db\"],\n", out);
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
    } else {
        fprintf(table->out, "server    %s", sim_step_kind_name(step->kind));
        if (step->kind == SIM_STEP_SYNC) fprintf(table->out, " of %" PRId64, step->op.amount);
    }
    for (size_t i = 0; i < server->announced_count && step->kind <= SIM_STEP_CYCLE; i++)
        fprintf(table->out, "%s k%d", i == 0 ? "   expired" : ",", server->announced[i]);
    putc('\n', table->out);
}

void sim_write_steps(FILE *out, const sim_recording *steps, const sim_hooks *hooks) {
    if (steps->count == 0) return;
    struct table table = {out, t0_of(steps) * US_PER_MS};
    sim_replay(steps, hooks, put_row, &table);
}
