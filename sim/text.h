/* Commands, replies and moments as a person reads them. */
#ifndef TTLSPEC_SIM_TEXT_H
#define TTLSPEC_SIM_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "sim/op.h"
#include "ttlspec/reply.h"

enum { SIM_COMMAND_TEXT = 160, SIM_REPLY_TEXT = 120, SIM_SPAN_TEXT = 32 };

/* Each has room for as many bytes as its constant says, and says less where that is not enough. */
void sim_text_command(const sim_op *op, char text[SIM_COMMAND_TEXT]);
void sim_text_reply(const ttl_reply *reply, char text[SIM_REPLY_TEXT]);
/* "1.5 ms", "3.2 days": a span of time by its largest unit. */
void sim_text_span(int64_t us, char text[SIM_SPAN_TEXT]);

#endif
