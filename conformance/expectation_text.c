/* Expectations and replies as text, in the notation of the vectors. */
#include <inttypes.h>
#include <stdlib.h>

#include "conformance/expectation.h"
#include "conformance/expectation_reply.h"
#include "conformance/notation.h"
#include "conformance/number.h"

enum { MS_PER_S = 1000 };

static void write_text(FILE *out, const vector_text *text, const vector_world *world) {
    if (world == NULL) {
        vector_text_print(text, out);
        return;
    }
    arena scratch = {NULL};
    notation_write_bytes(out, vector_text_filled(text, world, &scratch));
    arena_free(&scratch);
}

/* A number that a JSON reader may have to round is written as a string. */
static void write_integer(FILE *out, int64_t number) {
    if (number >= -NUMBER_EXACT_MAX && number <= NUMBER_EXACT_MAX) fprintf(out, "%" PRId64, number);
    else fprintf(out, "{\"integer\": \"%" PRId64 "\"}", number);
}

int64_t expectation_integer(const expectation *expected, const vector_world *world) {
    switch (expected->base) {
    case EXPECTATION_FROM_ZERO: break;
    case EXPECTATION_FROM_T0_MS: return world->t0_ms + expected->low;
    case EXPECTATION_FROM_T0_S: return world->t0_ms / MS_PER_S + expected->low;
    }
    return expected->low;
}

static void write_expected_integer(FILE *out, const expectation *expected,
                                   const vector_world *world) {
    if (expected->base == EXPECTATION_FROM_ZERO || world != NULL) {
        write_integer(out, expectation_integer(expected, world));
        return;
    }
    fprintf(out, "{\"integer\": \"{t0%s", expected->base == EXPECTATION_FROM_T0_S ? "s" : "");
    if (expected->low != 0) fprintf(out, "%+" PRId64, expected->low);
    fputs("}\"}", out);
}

/* The member by which a vector names the kind; NULL: it needs none. */
static const char *member_of(expectation_kind kind) {
    switch (kind) {
    case EXPECTATION_STATUS: return "status";
    case EXPECTATION_ERROR: return "error";
    case EXPECTATION_DOUBLE: return "double";
    case EXPECTATION_VERBATIM: return "verbatim";
    case EXPECTATION_CONTAINS: return "contains";
    case EXPECTATION_BETWEEN: return "between";
    case EXPECTATION_BOOLEAN: return "boolean";
    case EXPECTATION_ANYTHING: return "anything";
    case EXPECTATION_UNORDERED: return "unordered";
    case EXPECTATION_ANY_OF: return "any-of";
    case EXPECTATION_MAP: return "map";
    case EXPECTATION_SET: return "set";
    case EXPECTATION_PUSH: return "push";
    case EXPECTATION_PENDING: return "pending";
    case EXPECTATION_BULK:
    case EXPECTATION_INTEGER:
    case EXPECTATION_NIL:
    case EXPECTATION_ARRAY: return NULL;
    }
    return NULL;
}

static void write_expectation(FILE *out, const expectation *expected, const vector_world *world);

static void write_children(FILE *out, const expectation *expected, const vector_world *world) {
    bool pairs = expected->kind == EXPECTATION_MAP;
    fputc('[', out);
    for (size_t i = 0; i < expected->count; i++) {
        if (i > 0) fputs(pairs && i % 2 == 0 ? "], " : ", ", out);
        if (pairs && i % 2 == 0) fputc('[', out);
        write_expectation(out, &expected->children[i], world);
    }
    if (pairs && expected->count > 0) fputc(']', out);
    fputc(']', out);
}

static void write_expectation(FILE *out, const expectation *expected, const vector_world *world) {
    const char *member = member_of(expected->kind);
    if (member != NULL) fprintf(out, "{\"%s\": ", member);
    switch (expected->kind) {
    case EXPECTATION_BULK:
    case EXPECTATION_STATUS:
    case EXPECTATION_ERROR:
    case EXPECTATION_DOUBLE:
    case EXPECTATION_VERBATIM:
    case EXPECTATION_CONTAINS: write_text(out, &expected->text, world); break;
    case EXPECTATION_INTEGER: write_expected_integer(out, expected, world); break;
    case EXPECTATION_BETWEEN:
        fprintf(out, "[\"%" PRId64 "\", \"%" PRId64 "\"]", expected->low, expected->high);
        break;
    case EXPECTATION_BOOLEAN: fputs(expected->low != 0 ? "true" : "false", out); break;
    case EXPECTATION_NIL: fputs("null", out); break;
    case EXPECTATION_PENDING:
    case EXPECTATION_ANYTHING: fputs("true", out); break;
    case EXPECTATION_ARRAY:
    case EXPECTATION_UNORDERED:
    case EXPECTATION_ANY_OF:
    case EXPECTATION_MAP:
    case EXPECTATION_SET:
    case EXPECTATION_PUSH: write_children(out, expected, world); break;
    }
    if (member != NULL) fputc('}', out);
}

static FILE *open_text(char **text, size_t *length) {
    FILE *out = open_memstream(text, length);
    if (out == NULL) arena_out_of_memory();
    return out;
}

static void close_text(FILE *out) {
    if (fclose(out) != 0) arena_out_of_memory();
}

char *expectation_text(const expectation *expected, const vector_world *world) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_text(&text, &length);
    write_expectation(out, expected, world);
    close_text(out);
    return text;
}

static void write_node(FILE *out, const ttl_reply *reply, size_t index, int protocol);

static void write_elements(FILE *out, const ttl_reply *reply, size_t index, bool pairs,
                           int protocol) {
    size_t child = index + 1;
    fputc('[', out);
    for (uint32_t i = 0; i < reply->nodes[index].length; i++) {
        if (i > 0) fputs(pairs && i % 2 == 0 ? "], " : ", ", out);
        if (pairs && i % 2 == 0) fputc('[', out);
        write_node(out, reply, child, protocol);
        child = ttl_reply_next(reply, child);
    }
    if (pairs && reply->nodes[index].length > 0) fputc(']', out);
    fputc(']', out);
}

static void write_node(FILE *out, const ttl_reply *reply, size_t index, int protocol) {
    static const char *const members[] = {
        [TTL_REPLY_STATUS] = "status",   [TTL_REPLY_ERROR] = "error",
        [TTL_REPLY_DOUBLE] = "double",   [TTL_REPLY_VERBATIM] = "verbatim",
        [TTL_REPLY_MAP] = "map",         [TTL_REPLY_SET] = "set",
        [TTL_REPLY_PUSH] = "push",       [TTL_REPLY_BOOLEAN] = "boolean",
        [TTL_REPLY_PENDING] = "pending",
    };
    const ttl_node *node = &reply->nodes[index];
    ttl_reply_type type = expectation_type_on_wire(node->type, protocol);
    const char *member = (size_t)type < sizeof members / sizeof *members ? members[type] : NULL;
    if (member != NULL) fprintf(out, "{\"%s\": ", member);
    switch (type) {
    case TTL_REPLY_STATUS:
    case TTL_REPLY_ERROR:
    case TTL_REPLY_BULK:
    case TTL_REPLY_DOUBLE:
    case TTL_REPLY_VERBATIM: notation_write_bytes(out, ttl_reply_text(reply, index)); break;
    case TTL_REPLY_INTEGER: write_integer(out, node->is.integer); break;
    case TTL_REPLY_BOOLEAN: fputs(node->is.integer != 0 ? "true" : "false", out); break;
    case TTL_REPLY_NIL:
    case TTL_REPLY_NIL_ARRAY: fputs("null", out); break;
    case TTL_REPLY_PENDING: fputs("true", out); break;
    case TTL_REPLY_MAP: write_elements(out, reply, index, true, protocol); break;
    case TTL_REPLY_ARRAY:
    case TTL_REPLY_SET:
    case TTL_REPLY_PUSH: write_elements(out, reply, index, false, protocol); break;
    case TTL_REPLY_TOLD: fputs("\"(a number of the judge's)\"", out); break;
    }
    if (member != NULL) fputc('}', out);
}

static void write_reply_from(FILE *out, const ttl_reply *reply, size_t index, int protocol) {
    if (reply->node_count == 0) fputs("\"(no reply)\"", out);
    else write_node(out, reply, index, protocol);
}

void expectation_write_reply(FILE *out, const ttl_reply *reply, int protocol) {
    write_reply_from(out, reply, 0, protocol);
}

char *expectation_text_of_node(const ttl_reply *reply, size_t index, int protocol) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_text(&text, &length);
    write_reply_from(out, reply, index, protocol);
    close_text(out);
    return text;
}

char *expectation_text_of_reply(const ttl_reply *reply, int protocol) {
    return expectation_text_of_node(reply, 0, protocol);
}
