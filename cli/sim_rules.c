#include "cli/sim_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rules.h"

enum { PLACES = 1024, PLACE_SHIFT = 54, IDS_MOST = 16 };

/* ---- worlds of either engine; see the Makefile */

sim_world *marked_sim_world_new(const sim_world_options *options);
bool marked_sim_world_step(sim_world *world);
sim_world_report marked_sim_world_tell(const sim_world *world);
void marked_sim_world_free(sim_world *world);

const sim_world_kind sim_usual_world = {sim_world_new, sim_world_step, sim_world_tell,
                                        sim_world_free};
const sim_world_kind sim_marked_world = {marked_sim_world_new, marked_sim_world_step,
                                         marked_sim_world_tell, marked_sim_world_free};

/* ---- counting */

/* A mark of the engine: its first text, by whose address it is found, and its rules. There are more
 * places than marks: scripts/marks.sh lists them. */
struct place {
    const char *text;
    size_t rules[IDS_MOST], count;
};

static struct place places[PLACES];
static uint64_t *counts_of_process; /* NULL: nobody asks */

void sim_rules_count(uint64_t counts[SIM_RULES]) {
    counts_of_process = counts;
}

static size_t rule_number(const char *id) {
    for (size_t i = 0; rule_marks[i].id != NULL; i++)
        if (strcmp(rule_marks[i].id, id) == 0) return i;
    abort();
}

static void fill(struct place *place, const char *const *ids) {
    place->text = ids[0];
    for (; *ids != NULL; ids++) {
        if (place->count == IDS_MOST) abort();
        place->rules[place->count++] = rule_number(*ids);
        if (place->rules[place->count - 1] >= SIM_RULES) abort();
    }
}

/* What the marks of the marked engine call. */
void marked_rule_reached(const char *const *ids);

void marked_rule_reached(const char *const *ids) {
    if (counts_of_process == NULL) return;
    size_t at = (size_t)((uintptr_t)ids[0] * UINT64_C(0x9e3779b97f4a7c15) >> PLACE_SHIFT);
    while (places[at].text != ids[0] && places[at].text != NULL) at = (at + 1) % PLACES;
    if (places[at].text == NULL) fill(&places[at], ids);
    for (size_t i = 0; i < places[at].count; i++) counts_of_process[places[at].rules[i]]++;
}

/* ---- what worlds cannot reach */

enum reason { REASON_WAIT, REASON_PROTOCOL, REASON_REPLICA, REASON_SCRIPT, REASON_OLD, REASONS };

static const char *const reasons[REASONS] = {
    [REASON_WAIT] = "a world's clients do not wait for entries of streams",
    [REASON_PROTOCOL] = "a world's connections speak RESP2",
    [REASON_REPLICA] = "a world's replicas take no writes of clients",
    [REASON_SCRIPT] = "a world's scripts are few: sound, and allowed what they do",
    [REASON_OLD] = "worlds have no dialect so old",
};

/* A name that ends with a point is all that begin so. */
static const struct {
    const char *rules;
    enum reason reason;
} out_of_reach[] = {
    {"blocking.last-id-is-of-the-beginning", REASON_WAIT},
    {"hincrbyfloat.infinite", REASON_OLD},
    {"geo.nothing-stored-in-6.0", REASON_OLD},
    {"command-info.subcommands", REASON_PROTOCOL},
    {"number.overflow-wrapped-before-6.2", REASON_OLD},
    {"set.absolute-since-6.2", REASON_OLD},
    {"watch.already-dead-in-6", REASON_OLD},
    {"watch.empty-store-in-6.0", REASON_OLD},
    {"replica.write-meets-the-dead", REASON_REPLICA},
    {"script.read-only", REASON_SCRIPT},
    {"script.refused-inside", REASON_SCRIPT},
    {"script.unsound-is-an-error", REASON_SCRIPT},
};
enum { OUT_OF_REACH = sizeof out_of_reach / sizeof *out_of_reach };

/* REASONS: worlds can reach it. */
static enum reason reason_of(const char *rule) {
    for (size_t i = 0; i < OUT_OF_REACH; i++) {
        const char *rules = out_of_reach[i].rules;
        size_t length = strlen(rules);
        bool is_group = rules[length - 1] == '.';
        if (strncmp(rule, rules, length) == 0 && (is_group || rule[length] == '\0'))
            return out_of_reach[i].reason;
    }
    return REASONS;
}

/* ---- telling */

void sim_rules_print(const uint64_t counts[SIM_RULES], uint64_t worlds) {
    size_t reached = 0, missed = 0, unreachable = 0, unreachable_by[REASONS] = {0};
    const char *missed_ids[SIM_RULES];
    if (worlds == 0) return;
    for (size_t i = 0; rule_marks[i].id != NULL; i++) {
        enum reason reason = reason_of(rule_marks[i].id);
        reached += counts[i] > 0;
        if (counts[i] > 0 && reason != REASONS)
            printf("  called out of reach, but reached: %s\n", rule_marks[i].id);
        if (counts[i] > 0) continue;
        if (reason == REASONS) missed_ids[missed++] = rule_marks[i].id;
        else unreachable_by[reason]++, unreachable++;
    }
    printf("  rules of the engine: %zu of %zu were reached, in %" PRIu64 " world%s", reached,
           reached + missed + unreachable, worlds, worlds == 1 ? "" : "s");
    for (size_t i = 0; i < missed; i++)
        printf("%s%s", i == 0 ? "\n  never reached: " : ", ", missed_ids[i]);
    for (size_t i = 0; i < REASONS; i++)
        if (unreachable_by[i] > 0)
            printf("\n  out of reach: %zu, %s", unreachable_by[i], reasons[i]);
    putchar('\n');
}
