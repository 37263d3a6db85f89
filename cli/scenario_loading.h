/* What the parts of the reader of scenarios share. */
#ifndef TTLSPEC_CLI_SCENARIO_LOADING_H
#define TTLSPEC_CLI_SCENARIO_LOADING_H

#include "cli/scenario.h"
#include "conformance/loading.h"

enum {
    SCENARIO_CALLS = 8,
    SCENARIO_ROUNDS_MAX = 10000,
    SCENARIO_STEPS_MAX = 100000, /* that a client may take */
    SCENARIO_LENGTH_MAX = 4000,  /* of a program */
    SCENARIO_MS_MAX = 86400000,
};

typedef struct scenario_loading {
    loading base;
    scenario *script;
    const char *variables[SCENARIO_VARIABLES];
    size_t variable_count;
    const cJSON *procedures, *instead; /* `instead`: those of a mistake; may be NULL */
} scenario_loading;

/* The number of a variable; SCENARIO_VARIABLES: there is none of this name. */
size_t scenario_variable(const scenario_loading *self, const char *name, size_t length);

/* A text with variables in braces; `at` is what is told of. False: told. */
bool scenario_read_template(scenario_loading *self, const cJSON *at, const char *text,
                            scenario_template *into);
/* A number, or a text such as "{begun} + 900". False: told. */
bool scenario_read_expression(scenario_loading *self, const cJSON *at, scenario_expression *into);
/* "{got} = OK". False: told. */
bool scenario_read_condition(scenario_loading *self, const cJSON *at, scenario_condition *into);
/* A whole number from low to high. False: told. */
bool scenario_read_whole(scenario_loading *self, const cJSON *at, int64_t low, int64_t high,
                         const char *what, int64_t *into);
/* The place of this name; a new one, if there was none. */
size_t scenario_place(scenario_loading *self, const cJSON *at, const char *name);
/* The program of a client. */
void scenario_read_program(scenario_loading *self, const cJSON *steps, scenario_client *client);
/* A command's arguments. False: told. */
bool scenario_read_command(scenario_loading *self, const cJSON *step, scenario_instruction *into);

#endif
