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

enum reason { REASON_COMMAND, REASON_RIGHT, REASON_ALONE, REASON_OLD, REASON_SMALL, REASONS };

static const char *const reasons[REASONS] = {
    [REASON_COMMAND] = "worlds do not use their command",
    [REASON_RIGHT] = "a world's clients write their commands well",
    [REASON_ALONE] = "a world has no subscriptions and flags of events",
    [REASON_OLD] = "worlds have no dialect so old or so new",
    [REASON_SMALL] = "a world's values are small",
};

/* A name that ends with a point is all that begin so. */
static const struct {
    const char *rules;
    enum reason reason;
} out_of_reach[] = {
    {"bitop.", REASON_COMMAND},
    {"client.", REASON_COMMAND},
    {"command-getkeys", REASON_COMMAND},
    {"command-info.", REASON_COMMAND},
    {"dump.", REASON_COMMAND},
    {"event.bitop", REASON_COMMAND},
    {"event.in-place", REASON_COMMAND},
    {"event.msetex", REASON_COMMAND},
    {"event.restore", REASON_COMMAND},
    {"event.sortstore", REASON_COMMAND},
    {"event.store", REASON_COMMAND},
    {"hello.", REASON_COMMAND},
    {"info.counts-deadlines", REASON_COMMAND},
    {"info.keyspace", REASON_COMMAND},
    {"info.past-restore", REASON_COMMAND},
    {"lpop.count-zero", REASON_COMMAND},
    {"lset.index-is-cut", REASON_COMMAND},
    {"object.", REASON_COMMAND},
    {"replica.is-read-only", REASON_COMMAND},
    {"msetex.", REASON_COMMAND},
    {"replica.write-meets-the-dead", REASON_COMMAND},
    {"replica.loses-what-was-drawn", REASON_COMMAND},
    {"restore.", REASON_COMMAND},
    {"script.", REASON_COMMAND},
    {"set.ifeq", REASON_COMMAND},
    {"set.ifne", REASON_COMMAND},
    {"sort.", REASON_COMMAND},
    {"spop.bad-count", REASON_COMMAND},
    {"store.", REASON_COMMAND},
    {"zstore.", REASON_COMMAND},
    {"time.tells-the-moment", REASON_COMMAND},
    {"error.unknown-command", REASON_RIGHT},
    {"expire.arity", REASON_RIGHT},
    {"expire.non-integer-is-an-error", REASON_RIGHT},
    {"expire.unknown-option", REASON_RIGHT},
    {"expiretime.arity", REASON_RIGHT},
    {"getex.arity", REASON_RIGHT},
    {"getex.options-exclude-each-other", REASON_RIGHT},
    {"getex.syntax-before-key", REASON_RIGHT},
    {"getex.syntax-error", REASON_RIGHT},
    {"getex.time-is-checked", REASON_RIGHT},
    {"persist.arity", REASON_RIGHT},
    {"psetex.arity", REASON_RIGHT},
    {"psetex.non-integer-is-an-error", REASON_RIGHT},
    {"set.arity", REASON_RIGHT},
    {"set.keepttl-excludes-times", REASON_RIGHT},
    {"set.nx-xx-exclude", REASON_RIGHT},
    {"set.syntax-before-time", REASON_RIGHT},
    {"set.syntax-error", REASON_RIGHT},
    {"set.time-is-checked", REASON_RIGHT},
    {"set.times-exclude-each-other", REASON_RIGHT},
    {"setex.arity", REASON_RIGHT},
    {"setex.non-integer-is-an-error", REASON_RIGHT},
    {"ttl.arity", REASON_RIGHT},
    {"zset.hexadecimal-bound", REASON_RIGHT},
    {"events.classes-are-told", REASON_ALONE},
    {"pubsub.numpat", REASON_ALONE},
    {"reset.ends-transaction", REASON_ALONE},
    {"watch.empty-store-in-6.0", REASON_OLD},
    {"expire.options-since-7", REASON_OLD},
    {"expiretime.since-7", REASON_OLD},
    {"number.overflow-wrapped-before-6.2", REASON_OLD},
    {"set.absolute-since-6.2", REASON_OLD},
    {"decrby.least", REASON_SMALL},
    {"in-place.failure-keeps-deadline", REASON_SMALL},
    {"number.beyond-int64-is-refused", REASON_SMALL},
    {"number.empty-is-refused", REASON_SMALL},
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
