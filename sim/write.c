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
    sim_recording commands = {0};
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
    for (size_t i = 0; i < steps->count; i++)
        if (steps->steps[i].kind == SIM_STEP_COMMAND && steps->steps[i].op.kind == SIM_OP_DBSIZE)
            needs_database = true;
    fprintf(out,
            "{\n  \"suite\": \"sim\",\n  \"about\": \"What ttlspec sim found with seed 0x%" PRIx64
            "\",\n  \"vectors\": [\n    { \"id\": \"sim.seed-%" PRIx64 "\",\n"
            "      \"title\": \"%s\",\n      \"rules\": [\"sim.%s\"],\n"
            "      \"since\": {\"redis\": \"7.0\"},\n",
            seed, seed, sim_law_promise(law), sim_law_name(law));
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
    if (step->kind == SIM_STEP_COMMAND) {
        char command[SIM_COMMAND_TEXT], reply[SIM_REPLY_TEXT];
        sim_text_command(&step->op, command);
        sim_text_reply(&site->reply, reply);
        fprintf(table->out, "client %d  %s -> %s", step->client, command, reply);
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

/* ---- a drawing */

enum {
    SVG_LEFT = 90,
    SVG_TOP = 40,
    SVG_ROW = 34,
    SVG_LANE = 110,
    SVG_LANES = 8,
    SVG_BARS = 560, /* where the lanes of keys begin, right of the server's */
    SVG_KEY = 46,
};

struct drawing {
    FILE *out;
    int64_t t0_us;
    size_t row, rows;
    int lanes;
    int server_x;
    size_t began[SIM_KEYS]; /* the row in which a key got its deadline, plus one */
};

static int row_y(size_t row) {
    return SVG_TOP + SVG_ROW / 2 + (int)row * SVG_ROW;
}

static void put_xml(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '<') fputs("&lt;", out);
        else if (*text == '>') fputs("&gt;", out);
        else if (*text == '&') fputs("&amp;", out);
        else putc(*text, out);
    }
}

static void draw_bar(struct drawing *d, uint8_t key, size_t until) {
    int x = d->server_x + SVG_BARS + key % 8 * SVG_KEY, from_y = row_y(d->began[key] - 1);
    fprintf(d->out,
            "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"%d\" rx=\"3\" class=\"bar\"/>"
            "<text x=\"%d\" y=\"%d\" class=\"small\">k%d</text>\n",
            x, from_y, row_y(until) - from_y + 1, x + 16, from_y + 10, key);
    d->began[key] = 0;
}

/* A bar begins with a deadline, and ends when the key is dead, gone or persistent. */
static void draw_bars(struct drawing *d, const sim_step *step, const sim_site *site) {
    const sim_model *model = &site->servers[site->primary].model;
    for (uint8_t key = 0; key < SIM_KEYS; key++) {
        bool waits = model->keys[key].is_volatile &&
                     !sim_model_is_dead(&model->keys[key], step->wall_us / US_PER_MS);
        if (waits && d->began[key] == 0) d->began[key] = d->row + 1;
        if (!waits && d->began[key] > 0) draw_bar(d, key, d->row);
    }
}

static void draw_step(void *context, const sim_step *step, const sim_site *site) {
    struct drawing *d = context;
    char text[SIM_COMMAND_TEXT], reply[SIM_REPLY_TEXT];
    int y = row_y(d->row), x = SVG_LEFT + step->client * SVG_LANE;
    int64_t at_us = step->wall_us - d->t0_us;
    fprintf(d->out, "<text x=\"4\" y=\"%d\" class=\"small\">%" PRId64 " ms</text>\n", y + 4,
            at_us / US_PER_MS);
    fprintf(d->out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\"/><text x=\"%d\" y=\"%d\">", d->server_x, y,
            d->server_x + 12, y + 4);
    if (step->kind == SIM_STEP_COMMAND) {
        sim_text_command(&step->op, text);
        sim_text_reply(&site->reply, reply);
        put_xml(d->out, text);
        fputs(" → ", d->out);
        put_xml(d->out, reply);
    } else {
        put_xml(d->out, sim_step_kind_name(step->kind));
    }
    fputs("</text>\n", d->out);
    if (step->kind == SIM_STEP_COMMAND)
        fprintf(d->out,
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" marker-end=\"url(#tip)\"/>\n", x,
                y - 8, d->server_x - 5, y);
    draw_bars(d, step, site);
    d->row++;
}

static void draw_lanes(const struct drawing *d) {
    int bottom = SVG_TOP + (int)d->rows * SVG_ROW;
    for (int lane = 0; lane <= d->lanes; lane++) {
        bool is_server = lane == d->lanes;
        int x = is_server ? d->server_x : SVG_LEFT + lane * SVG_LANE;
        fprintf(d->out,
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" class=\"lane\"/>"
                "<text x=\"%d\" y=\"20\" text-anchor=\"middle\">",
                x, SVG_TOP - 10, x, bottom, x);
        if (is_server) fputs("server", d->out);
        else fprintf(d->out, "client %d", lane);
        fputs("</text>\n", d->out);
    }
}

void sim_write_svg(FILE *out, const sim_recording *steps, const sim_hooks *hooks) {
    if (steps->count == 0) return;
    struct drawing d = {.out = out, .t0_us = t0_of(steps) * US_PER_MS, .rows = steps->count};
    for (size_t i = 0; i < steps->count; i++)
        if (steps->steps[i].client >= d.lanes) d.lanes = steps->steps[i].client + 1;
    d.server_x = SVG_LEFT + d.lanes * SVG_LANE;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"13\">\n"
            "<style>line{stroke:#357;stroke-width:1.5} .lane{stroke:#bbb} .bar{fill:#e9a}"
            " circle{fill:#357} .small{font-size:11px;fill:#555}</style>\n"
            "<defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" "
            "orient=\"auto\"><path d=\"M0,0 L8,4 L0,8 z\" fill=\"#357\"/></marker></defs>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            d.server_x + SVG_BARS + SVG_LANES * SVG_KEY,
            SVG_TOP + (int)steps->count * SVG_ROW + 20);
    draw_lanes(&d);
    sim_replay(steps, hooks, draw_step, &d);
    for (uint8_t key = 0; key < SIM_KEYS; key++)
        if (d.began[key] > 0) draw_bar(&d, key, d.row == 0 ? 0 : d.row - 1);
    fputs("</svg>\n", out);
}
