/* Why nothing explains a history. */
#include "conformance/judge_inside.h"

#include "conformance/text.h"

void judge_explain(judge *self, judge_result *result) {
    result->entry = self->best_unit;
    result->reason = text_copy("nothing explains its reply");
}
