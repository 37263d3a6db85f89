/* Replies: what a command answers, as data.
 *
 * A reply is a tree written flat: nodes in the order in which RESP sends them, an aggregate
 * followed by its children.
 *
 *      *2            nodes:  ARRAY 2 | BULK "a" | INTEGER 7
 *      $1 a
 *      :7
 *
 * The same type carries what the engine answered and what a server sent, so that both are
 * compared by the same code. Text (bulk strings, statuses, errors) lies in one buffer beside the
 * nodes; a node holds its place in there.
 *
 * Invariants: a reply holds exactly one tree, or nothing; `count` of an aggregate is the number of
 * its direct children (of a map: keys and values, so twice its pairs).
 * Cost: building allocates only when the buffers grow, and ttl_reply_clear keeps them.
 * Ownership: the reply owns nodes and text; what ttl_reply_text returns is good until the next
 * change of that reply.
 */
#ifndef TTLSPEC_REPLY_H
#define TTLSPEC_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ttlspec/bytes.h"
#include "ttlspec/memory.h"

typedef enum ttl_reply_type {
    TTL_REPLY_STATUS,    /* +OK */
    TTL_REPLY_ERROR,     /* -ERR ... */
    TTL_REPLY_INTEGER,   /* :1 */
    TTL_REPLY_BULK,      /* $1 */
    TTL_REPLY_NIL,       /* $-1 in RESP2, _ in RESP3 */
    TTL_REPLY_NIL_ARRAY, /* *-1 in RESP2, _ in RESP3 */
    TTL_REPLY_ARRAY,     /* *n */
    TTL_REPLY_MAP,       /* %n in RESP3; in RESP2 an array of keys and values */
    TTL_REPLY_SET,       /* ~n in RESP3; in RESP2 an array */
    TTL_REPLY_PUSH,      /* >n in RESP3; in RESP2 an array */
    TTL_REPLY_DOUBLE,    /* ,1.5 in RESP3; in RESP2 a bulk string. Its text is the number's */
    TTL_REPLY_BOOLEAN,   /* #t in RESP3; in RESP2 an integer */
    TTL_REPLY_VERBATIM,  /* =n txt: in RESP3; in RESP2 a bulk string */
    TTL_REPLY_TOLD,      /* a number that only a timeline knows: never sent (instant.h) */
    TTL_REPLY_PENDING,   /* the command blocks: the reply is yet to come. Never sent */
} ttl_reply_type;

typedef struct ttl_node {
    ttl_reply_type type;
    uint32_t length; /* bytes of text; of an aggregate: the number of direct children */
    union {
        int64_t integer; /* of an integer or a boolean; the relation's number of what is told */
        size_t offset;   /* of a text: where it begins in the reply's text */
    } is;
} ttl_node;

typedef struct ttl_reply {
    ttl_allocator allocator;
    ttl_node *nodes;
    size_t node_count, node_capacity;
    char *text;
    size_t text_length, text_capacity;
    bool failed; /* an allocation failed: what the reply holds is not whole */
} ttl_reply;

/* An empty reply. Allocates nothing yet. */
void ttl_reply_init(ttl_reply *reply, ttl_allocator allocator);
/* Gives the memory back; the reply may be initialised again. */
void ttl_reply_free(ttl_reply *reply);
/* Forgets the content and keeps the buffers. */
void ttl_reply_clear(ttl_reply *reply);

/* Appending. Each call adds one node; when memory runs out the reply is marked `failed` and stays
 * well formed to free and to clear, so a builder may append without asking and look once, at the
 * end. An aggregate is added before its children, with their number. */
void ttl_reply_add_status(ttl_reply *reply, const char *status);
void ttl_reply_add_error(ttl_reply *reply, const char *error);
void ttl_reply_add_integer(ttl_reply *reply, int64_t integer);
void ttl_reply_add_boolean(ttl_reply *reply, bool value);
void ttl_reply_add_told(ttl_reply *reply, uint32_t relation);
void ttl_reply_add_nil(ttl_reply *reply);
void ttl_reply_add_bulk(ttl_reply *reply, ttl_bytes bytes);
/* Any type that has text: status, error, bulk, double, verbatim. */
void ttl_reply_add_text(ttl_reply *reply, ttl_reply_type type, ttl_bytes text);
/* Any type that has none: aggregates with their number of direct children, nils with 0. */
void ttl_reply_add_node(ttl_reply *reply, ttl_reply_type type, size_t length);
/* Sets the number of children of the aggregate at node `index`, known only after they were added.
 */
void ttl_reply_set_length(ttl_reply *reply, size_t index, size_t length);
/* Appends a copy of the tree that begins at node `index` of `from`. */
void ttl_reply_add_copy(ttl_reply *reply, const ttl_reply *from, size_t index);

/* Reading. */
static inline bool ttl_reply_is_aggregate(ttl_reply_type type) {
    return type == TTL_REPLY_ARRAY || type == TTL_REPLY_MAP || type == TTL_REPLY_SET ||
           type == TTL_REPLY_PUSH;
}
static inline bool ttl_reply_has_text(ttl_reply_type type) {
    return type == TTL_REPLY_STATUS || type == TTL_REPLY_ERROR || type == TTL_REPLY_BULK ||
           type == TTL_REPLY_DOUBLE || type == TTL_REPLY_VERBATIM;
}
ttl_bytes ttl_reply_text(const ttl_reply *reply, size_t index);
/* The node after the tree that begins at `index`: the next sibling, if there is one. */
size_t ttl_reply_next(const ttl_reply *reply, size_t index);
/* The same tree: same types, same values. */
bool ttl_reply_equal(const ttl_reply *a, const ttl_reply *b);

/* The reply as RESP bytes, protocol 2 or 3, given piecewise to `write`. Returns false when `write`
 * did, and then stops. */
typedef bool ttl_write(void *context, const char *data, size_t length);
bool ttl_reply_encode(const ttl_reply *reply, int protocol, ttl_write *write, void *context);

#endif
