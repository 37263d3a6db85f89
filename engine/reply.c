#include "ttlspec/reply.h"

#include <string.h>

#include "engine/number.h"
#include "engine/require.h"

enum { NODES_FIRST = 8, TEXT_FIRST = 64 };

void ttl_reply_init(ttl_reply *reply, ttl_allocator allocator) {
    *reply = (ttl_reply){.allocator = allocator};
}

void ttl_reply_free(ttl_reply *reply) {
    const ttl_allocator *a = &reply->allocator;
    if (reply->nodes != NULL)
        a->release(a->context, reply->nodes, reply->node_capacity * sizeof *reply->nodes);
    if (reply->text != NULL) a->release(a->context, reply->text, reply->text_capacity);
    ttl_reply_init(reply, reply->allocator);
}

void ttl_reply_clear(ttl_reply *reply) {
    reply->node_count = 0;
    reply->text_length = 0;
    reply->failed = false;
}

/* ---- building */

/* Grows a buffer to hold `needed` units of `unit` bytes; NULL: it stays as it was. */
static void *buffer_grow(const ttl_allocator *allocator, void *buffer, size_t *capacity,
                         size_t needed, size_t unit, size_t first) {
    size_t grown = *capacity == 0 ? first : *capacity;
    while (grown < needed) grown *= 2;
    void *moved = buffer == NULL ? allocator->allocate(allocator->context, grown * unit)
                                 : allocator->resize(allocator->context, buffer, *capacity * unit,
                                                     grown * unit);
    if (moved != NULL) *capacity = grown;
    return moved;
}

static ttl_node *reply_node(ttl_reply *reply) {
    if (reply->failed) return NULL;
    if (reply->node_count == reply->node_capacity) {
        ttl_node *nodes = buffer_grow(&reply->allocator, reply->nodes, &reply->node_capacity,
                                      reply->node_count + 1, sizeof *nodes, NODES_FIRST);
        if (nodes == NULL) {
            reply->failed = true;
            return NULL;
        }
        reply->nodes = nodes;
    }
    return &reply->nodes[reply->node_count++];
}

static bool reply_text_room(ttl_reply *reply, size_t length) {
    size_t needed = reply->text_length + length;
    if (needed <= reply->text_capacity) return true;
    char *text =
        buffer_grow(&reply->allocator, reply->text, &reply->text_capacity, needed, 1, TEXT_FIRST);
    if (text == NULL) {
        reply->failed = true;
        return false;
    }
    reply->text = text;
    return true;
}

void ttl_reply_add_node(ttl_reply *reply, ttl_reply_type type, size_t length) {
    ttl_node *node = reply_node(reply);
    if (node != NULL) *node = (ttl_node){type, (uint32_t)length, {.integer = 0}};
}

void ttl_reply_add_integer(ttl_reply *reply, int64_t integer) {
    ttl_node *node = reply_node(reply);
    if (node != NULL) *node = (ttl_node){TTL_REPLY_INTEGER, 0, {.integer = integer}};
}

void ttl_reply_add_boolean(ttl_reply *reply, bool value) {
    ttl_node *node = reply_node(reply);
    if (node != NULL) *node = (ttl_node){TTL_REPLY_BOOLEAN, 0, {.integer = value}};
}

void ttl_reply_add_told(ttl_reply *reply, uint32_t relation) {
    ttl_node *node = reply_node(reply);
    if (node != NULL) *node = (ttl_node){TTL_REPLY_TOLD, 0, {.integer = relation}};
}

void ttl_reply_add_nil(ttl_reply *reply) {
    ttl_reply_add_node(reply, TTL_REPLY_NIL, 0);
}

void ttl_reply_add_text(ttl_reply *reply, ttl_reply_type type, ttl_bytes text) {
    if (!reply_text_room(reply, text.length)) return;
    ttl_node *node = reply_node(reply);
    if (node == NULL) return;
    *node = (ttl_node){type, (uint32_t)text.length, {.offset = reply->text_length}};
    if (text.length > 0) memcpy(reply->text + reply->text_length, text.data, text.length);
    reply->text_length += text.length;
}

void ttl_reply_add_status(ttl_reply *reply, const char *status) {
    ttl_reply_add_text(reply, TTL_REPLY_STATUS, ttl_bytes_of(status));
}

void ttl_reply_add_error(ttl_reply *reply, const char *error) {
    ttl_reply_add_text(reply, TTL_REPLY_ERROR, ttl_bytes_of(error));
}

void ttl_reply_add_bulk(ttl_reply *reply, ttl_bytes bytes) {
    ttl_reply_add_text(reply, TTL_REPLY_BULK, bytes);
}

void ttl_reply_set_length(ttl_reply *reply, size_t index, size_t length) {
    if (!reply->failed) reply->nodes[index].length = (uint32_t)length;
}

void ttl_reply_add_copy(ttl_reply *reply, const ttl_reply *from, size_t index) {
    size_t end = ttl_reply_next(from, index);
    for (; index < end; index++) {
        const ttl_node *node = &from->nodes[index];
        if (ttl_reply_has_text(node->type)) {
            ttl_reply_add_text(reply, node->type, ttl_reply_text(from, index));
        } else {
            ttl_node *copy = reply_node(reply);
            if (copy != NULL) *copy = *node;
        }
    }
}

/* ---- reading */

ttl_bytes ttl_reply_text(const ttl_reply *reply, size_t index) {
    const ttl_node *node = &reply->nodes[index];
    if (!ttl_reply_has_text(node->type)) return (ttl_bytes){"", 0};
    return (ttl_bytes){reply->text + node->is.offset, node->length};
}

size_t ttl_reply_next(const ttl_reply *reply, size_t index) {
    for (size_t pending = 1; pending > 0 && index < reply->node_count; index++, pending--)
        if (ttl_reply_is_aggregate(reply->nodes[index].type)) pending += reply->nodes[index].length;
    return index;
}

static bool node_equal(const ttl_reply *a, const ttl_reply *b, size_t index) {
    const ttl_node *left = &a->nodes[index], *right = &b->nodes[index];
    if (left->type != right->type || left->length != right->length) return false;
    if (ttl_reply_has_text(left->type))
        return ttl_bytes_equal(ttl_reply_text(a, index), ttl_reply_text(b, index));
    return left->is.integer == right->is.integer;
}

bool ttl_reply_equal(const ttl_reply *a, const ttl_reply *b) {
    if (a->node_count != b->node_count) return false;
    for (size_t i = 0; i < a->node_count; i++)
        if (!node_equal(a, b, i)) return false;
    return true;
}

/* ---- encoding */

struct encoder {
    int protocol;
    ttl_write *write;
    void *context;
};

static bool encode_line(const struct encoder *out, char mark, int64_t number) {
    char line[32];
    line[0] = mark;
    size_t length = 1 + number_format_integer(number, line + 1);
    line[length++] = '\r';
    line[length++] = '\n';
    return out->write(out->context, line, length);
}

static bool encode_text(const struct encoder *out, ttl_bytes text, const char *tail) {
    return (text.length == 0 || out->write(out->context, text.data, text.length)) &&
           out->write(out->context, tail, strlen(tail));
}

static bool encode_bulk(const struct encoder *out, ttl_bytes text) {
    return encode_line(out, '$', (int64_t)text.length) && encode_text(out, text, "\r\n");
}

static bool encode_marked(const struct encoder *out, const char *mark, ttl_bytes text) {
    return out->write(out->context, mark, 1) && encode_text(out, text, "\r\n");
}

static bool encode_aggregate(const struct encoder *out, const ttl_node *node) {
    bool three = out->protocol >= 3;
    switch (node->type) {
    case TTL_REPLY_MAP:
        return three ? encode_line(out, '%', node->length / 2)
                     : encode_line(out, '*', node->length);
    case TTL_REPLY_SET: return encode_line(out, three ? '~' : '*', node->length);
    case TTL_REPLY_PUSH: return encode_line(out, three ? '>' : '*', node->length);
    default: return encode_line(out, '*', node->length);
    }
}

static bool encode_verbatim(const struct encoder *out, ttl_bytes text) {
    if (out->protocol < 3) return encode_bulk(out, text);
    return encode_line(out, '=', (int64_t)text.length + 4) && out->write(out->context, "txt:", 4) &&
           encode_text(out, text, "\r\n");
}

static bool encode_node(const struct encoder *out, const ttl_reply *reply, size_t index) {
    const ttl_node *node = &reply->nodes[index];
    ttl_bytes text = ttl_reply_text(reply, index);
    bool three = out->protocol >= 3;
    switch (node->type) {
    case TTL_REPLY_STATUS: return encode_marked(out, "+", text);
    case TTL_REPLY_ERROR: return encode_marked(out, "-", text);
    case TTL_REPLY_INTEGER: return encode_line(out, ':', node->is.integer);
    case TTL_REPLY_BULK: return encode_bulk(out, text);
    case TTL_REPLY_NIL: return out->write(out->context, three ? "_\r\n" : "$-1\r\n", three ? 3 : 5);
    case TTL_REPLY_NIL_ARRAY:
        return out->write(out->context, three ? "_\r\n" : "*-1\r\n", three ? 3 : 5);
    case TTL_REPLY_DOUBLE: return three ? encode_marked(out, ",", text) : encode_bulk(out, text);
    case TTL_REPLY_BOOLEAN:
        if (!three) return encode_line(out, ':', node->is.integer);
        return out->write(out->context, node->is.integer != 0 ? "#t\r\n" : "#f\r\n", 4);
    case TTL_REPLY_VERBATIM: return encode_verbatim(out, text);
    case TTL_REPLY_ARRAY:
    case TTL_REPLY_MAP:
    case TTL_REPLY_SET:
    case TTL_REPLY_PUSH: return encode_aggregate(out, node);
    case TTL_REPLY_TOLD:
    case TTL_REPLY_PENDING: require(false);
    }
    return false;
}

bool ttl_reply_encode(const ttl_reply *reply, int protocol, ttl_write *write, void *context) {
    struct encoder out = {protocol, write, context};
    for (size_t i = 0; i < reply->node_count; i++)
        if (!encode_node(&out, reply, i)) return false;
    return true;
}
