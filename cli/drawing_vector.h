/* Timelines of vectors and of histories. */
#ifndef TTLSPEC_CLI_DRAWING_VECTOR_H
#define TTLSPEC_CLI_DRAWING_VECTOR_H

#include "cli/drawing.h"
#include "conformance/judge.h"
#include "conformance/vector.h"

/* As the reference engine runs it, in the usual dialect, or in the first for which it holds. */
void drawing_of_vector(drawing *line, const vector *one);

/* What was sent and answered. Where in its bracket a command ran nobody knows: it is drawn in the
 * middle, and deadlines are those of the reference engine had it run there. A command that the
 * judge's result blames is marked; `result` may be NULL. */
void drawing_of_history(drawing *line, const history *traffic, const ttl_dialect *dialect,
                        const judge_result *result);

#endif
