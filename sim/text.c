#include "sim/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(char *text, size_t size, const char *format, ...)
    __attribute__((__format__(__printf__, 3, 4)));

static void append(char *text, size_t size, const char *format, ...) {
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

void sim_text_command(const sim_op *op, char text[SIM_COMMAND_TEXT]) {
    sim_rendered rendered;
    sim_op_render(op, &rendered);
    text[0] = '\0';
    for (size_t i = 0; i < rendered.argc; i++)
        append(text, SIM_COMMAND_TEXT, "%s%.*s", i == 0 ? "" : " ", (int)rendered.argv[i].length,
               rendered.argv[i].data);
}

/* Bytes that cannot be printed are dots. */
static void append_quoted(char *text, ttl_bytes bytes) {
    append(text, SIM_REPLY_TEXT, "\"");
    for (size_t i = 0; i < bytes.length; i++) {
        char byte = bytes.data[i];
        append(text, SIM_REPLY_TEXT, "%c", byte >= ' ' && byte <= '~' ? byte : '.');
    }
    append(text, SIM_REPLY_TEXT, "\"");
}

void sim_text_reply(const ttl_reply *reply, char text[SIM_REPLY_TEXT]) {
    text[0] = '\0';
    for (size_t i = 0; i < reply->node_count; i++) {
        const ttl_node *node = &reply->nodes[i];
        if (i > 0) append(text, SIM_REPLY_TEXT, " ");
        if (node->type == TTL_REPLY_INTEGER)
            append(text, SIM_REPLY_TEXT, "%" PRId64, node->is.integer);
        else if (node->type == TTL_REPLY_NIL || node->type == TTL_REPLY_NIL_ARRAY)
            append(text, SIM_REPLY_TEXT, "nil");
        else if (node->type == TTL_REPLY_ARRAY || node->type == TTL_REPLY_PUSH)
            append(text, SIM_REPLY_TEXT, "%s of %" PRIu32 ":",
                   node->type == TTL_REPLY_PUSH ? "push" : "array", node->length);
        else if (node->type == TTL_REPLY_BULK) append_quoted(text, ttl_reply_text(reply, i));
        else
            append(text, SIM_REPLY_TEXT, "%.*s", (int)ttl_reply_text(reply, i).length,
                   ttl_reply_text(reply, i).data);
    }
}

void sim_text_span(int64_t us, char text[SIM_SPAN_TEXT]) {
    static const struct {
        double us;
        const char *name;
    } units[] = {
        {31557600e6, "years"}, {86400e6, "days"}, {3600e6, "hours"}, {60e6, "minutes"}, {1e6, "s"},
        {1e3, "ms"},           {1, "us"}};
    size_t unit = 0;
    while (unit + 1 < sizeof units / sizeof *units && (double)us < units[unit].us) unit++;
    snprintf(text, SIM_SPAN_TEXT, "%.3g %s", (double)us / units[unit].us, units[unit].name);
}
