/* A scenario for tests, made without a file: two workers and a lock.
 *
 *      do SET lock {me} NX PX 100; if it was given: enter "lock" until {begun} + `trusts_ms`,
 *      mark "gets", wait, leave
 */
#ifndef TTLSPEC_SIM_MADE_SCENARIO_H
#define TTLSPEC_SIM_MADE_SCENARIO_H

#include <string.h>

#include "sim/scenario.h"

enum { MADE_BEGUN = SCENARIO_BUILT_IN, MADE_GOT };

typedef struct made_scenario {
    scenario script;
    scenario_piece pieces[16];
    scenario_template texts[16], argv[6];
    scenario_instruction program[12];
    size_t piece_count, text_count;
} made_scenario;

static inline const scenario_template *made_text(made_scenario *made, const char *text,
                                                 size_t variable) {
    scenario_piece *piece = &made->pieces[made->piece_count++];
    *piece = (scenario_piece){.text = text, .variable = variable};
    scenario_template *into = &made->texts[made->text_count++];
    *into = (scenario_template){.count = 1, .pieces = piece};
    return into;
}

static inline scenario_expression made_number(made_scenario *made, const char *digits) {
    return (scenario_expression){.count = 1, .operands = made_text(made, digits, 0)};
}

/* How long a worker trusts its lease of 100 ms, in milliseconds, as digits. */
static inline void made_scenario_lock(made_scenario *made, const char *trusts_ms) {
    static const char *const words[] = {"SET", "lock", NULL, "NX", "PX", "100"};
    memset(made, 0, sizeof *made);
    for (size_t i = 0; i < 6; i++)
        made->argv[i] = *made_text(made, words[i], words[i] == NULL ? SCENARIO_ME : 0);
    made->argv[1].is_key = true;
    const scenario_template *begun = made_text(made, NULL, MADE_BEGUN);
    made_text(made, trusts_ms, 0); /* the next in the array: the second operand */
    scenario_instruction *p = made->program;
    p[0] = (scenario_instruction){.verb = SCENARIO_COUNT};
    p[1] = (scenario_instruction){.verb = SCENARIO_AGAIN, .rounds = 6, .target = 9};
    p[2] = (scenario_instruction){
        .verb = SCENARIO_WAIT, .low = made_number(made, "0"), .high = made_number(made, "150")};
    p[3] = (scenario_instruction){.verb = SCENARIO_DO,
                                  .argc = 6,
                                  .argv = made->argv,
                                  .into = MADE_GOT,
                                  .sent = MADE_BEGUN,
                                  .timeout_ms = 500};
    p[4] = (scenario_instruction){.verb = SCENARIO_UNLESS, .target = 8};
    p[4].condition.left =
        (scenario_expression){.count = 1, .operands = made_text(made, NULL, MADE_GOT)};
    p[4].condition.right = made_number(made, "OK");
    p[5] = (scenario_instruction){.verb = SCENARIO_ENTER, .has_limit = true};
    p[5].low = (scenario_expression){.count = 2, .operands = begun, .operators = {0, '+'}};
    p[6] = (scenario_instruction){
        .verb = SCENARIO_WAIT, .low = made_number(made, "1"), .high = made_number(made, "150")};
    p[7] = (scenario_instruction){.verb = SCENARIO_LEAVE};
    p[8] = (scenario_instruction){.verb = SCENARIO_JUMP, .target = 1};
    p[9] = (scenario_instruction){.verb = SCENARIO_END};
    made->script = (scenario){
        .id = "made",
        .title = "a lock for tests",
        .file = "made",
        .client_count = 1,
        .clients = {{.name = "worker", .count = 2, .length = 10, .program = made->program}},
        .promise_count = 1,
        .promises = {{.kind = SCENARIO_NEVER_TOGETHER,
                      .id = "one-holder",
                      .title = "two workers never hold the lock",
                      .name = "lock"}},
        .place_count = 1,
        .places = {"lock"},
        .bounds = {.latency_us = {100, 5000},
                   .loss_per_1000 = 10,
                   .client_pause_ms = 5,
                   .server_pause_ms = 5,
                   .client_drift_ppm = 500},
    };
    (void)ttl_dialect_parse("redis-7.0", &made->script.dialect);
}

#endif
