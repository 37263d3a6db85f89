/* Comparing two runs: where did two targets behave differently?
 *
 * Vectors are paired by id. One that either run left undecided (skipped, inconclusive) is counted
 * and not compared. Of the others differ: those whose verdicts do, and those with a step to which
 * the targets replied differently. Keys of a run and T0 are taken out before replies are compared;
 * and two replies that are both right by the same expectation are no difference: then the vector
 * leaves the choice to the server, or it is the time that differs.
 *
 * Ownership: a diff owns its entries until diff_free; the runs must outlive it.
 */
#ifndef CONFORMANCE_DIFF_H
#define CONFORMANCE_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conformance/results.h"

typedef struct diff_entry {
    const result_vector *left, *right;
    const result_step *left_step, *right_step; /* NULL: only the verdicts differ */
} diff_entry;

typedef struct diff {
    const result_run *left, *right;
    size_t compared, undecided, only_left, only_right;
    size_t count;
    diff_entry *entries;
} diff;

diff diff_runs(const result_run *left, const result_run *right);
void diff_free(diff *self);
void diff_print(const diff *self, FILE *out);

#endif
