/* The matrix: the vectors of several runs side by side.
 *
 *                      redis 6.0.16   redis 8.6.3   valkey 9.1.2   engine ...
 *      moments.now.set      skip          pass          pass          pass
 *                                         story 0       story 1       story 0
 *
 * A row is a vector, a cell is how it went in one run. Cells that went the same way, step by step,
 * share a story. What is worth reading comes first: see matrix_kind.
 *
 * Cost: linear in steps of all runs.
 * Ownership: a matrix owns its rows and stories and borrows the results.
 */
#ifndef CONFORMANCE_MATRIX_H
#define CONFORMANCE_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conformance/interned.h"
#include "conformance/results.h"

/* What a row has to tell, in order of interest. */
typedef enum matrix_kind {
    MATRIX_DIFFERS, /* some run fails, breaks or was not decided */
    MATRIX_VARIES,  /* all do as their versions do, and the versions do not do the same */
    MATRIX_PARTIAL, /* some versions do not have it */
    MATRIX_SAME,    /* all do the same */
} matrix_kind;
enum { MATRIX_KINDS = MATRIX_SAME + 1 };

typedef struct matrix_row {
    matrix_kind kind;
    const result_vector *vector; /* of the first run that has it */
    const result_vector **cells; /* one for each run; NULL: it is not in that run */
    size_t *stories;             /* of each cell: a number in `story_texts` */
    size_t story_count;
    char **story_texts; /* JSON: [reason or 0, [numbers of steps]] */
} matrix_row;

typedef struct matrix_run {
    const result_run *run;
    size_t pair; /* of a server: the engine's run in the same dialect; MATRIX_NO_PAIR */
    bool is_engine, is_paired;
    bool is_live;            /* in real time: what it answers depends on when it was asked */
    size_t compared, agreed; /* with the pair: vectors that both decided */
    char *name;              /* "redis 7.0.15", "redis 7.0.15 in real time", "engine 7.0" */
} matrix_run;
#define MATRIX_NO_PAIR ((size_t)-1)

typedef struct matrix {
    const results *all;
    size_t run_count, row_count;
    matrix_run *runs;
    matrix_row *rows; /* by kind, then as they came */
    size_t of_kind[MATRIX_KINDS];
    interned steps; /* JSON texts of all steps */
} matrix;

void matrix_build(matrix *self, const results *all);
void matrix_free(matrix *self);
/* True when a server and the engine of its dialect came to different verdicts. */
bool matrix_disagrees(const matrix *self, const matrix_row *row, size_t run);

/* matrix.json: the verdicts, one line for each vector. */
void matrix_write_json(const matrix *self, FILE *out);
/* matrix.md: the table of servers, the differences, and where versions do not do the same. */
void matrix_write_markdown(const matrix *self, FILE *out);

#endif
