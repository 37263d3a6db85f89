/* Scenarios in files: read, checked, and made into programs (sim/scenario.h).
 *
 *      lease-lock.json --> document --> scenario_file --> scenario: as it stands,
 *                                           |             or beyond its bounds in one way,
 *                                           |             or with one mistake planted
 *                                           `-- its ways and mistakes, by name
 *
 * Every mistake in a file is told with line and JSON pointer, not only the first.
 * Ownership: a scenario lives as long as the file that it came from.
 */
#ifndef TTLSPEC_CLI_SCENARIO_H
#define TTLSPEC_CLI_SCENARIO_H

#include "conformance/json.h"
#include "conformance/vector.h"
#include "sim/scenario.h"

enum { SCENARIO_VARIANTS = 16 };

typedef struct scenario_file {
    json_document document;
    vector_set set; /* only its arena is used */
    const char *path;
    const cJSON *root; /* of the scenario in the document */
    size_t way_count, wrong_count;
    const char *ways[SCENARIO_VARIANTS], *wrongs[SCENARIO_VARIANTS];
} scenario_file;

/* Where a scenario of this name lies: NAME itself if it is a path, else in sim/scenarios, else
 * where they are installed. Good until the next call. */
const char *scenario_path(const char *name);
/* The names of all that lie there, in order. NULL at the end. The caller frees names and list. */
char **scenario_names(void);

/* Reads and checks a file with all its variants. False: `problems` says why; the file is closed. */
bool scenario_file_open(scenario_file *file, const char *path, problem_list *problems);
/* The same of the field `scenario` of a document that has been read; takes the document. */
bool scenario_file_take(scenario_file *file, json_document *document, const cJSON *root,
                        problem_list *problems);
void scenario_file_close(scenario_file *file);
/* The scenario with a way or a mistake, each NULL for none. They must be among the file's. */
void scenario_compile(scenario_file *file, const char *way, const char *wrong, scenario *into);

#endif
