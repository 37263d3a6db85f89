/* Expectations: what a reply must be, as a parsed pattern, and how a reply differs from it.
 *
 * Written in a vector       holds for
 *   "v"                     a bulk string                     {"hex": "00ff"}  the same, any bytes
 *   7, {"integer": "7"}     an integer; {"integer": "{t0+100}"} relative to the vector's beginning
 *   null                    a nil, of a bulk string or of an array
 *   ["a", 7]                an array, in this order
 *   {"status": "OK"}        a simple string
 *   {"error": "ERR ..."}    an error
 *   {"unordered": [...]}    an array with these elements in some order
 *   {"any-of": [...]}       whatever one of these holds for
 *   {"between": ["0","3"]}  an integer from 0 to 3: a count, never a time
 *   {"contains": "x"}       a bulk string that has x in it
 *   {"anything": true}      any reply
 *   {"map": [[k, v], ...]}  a map in RESP3, an array of keys and values in RESP2; in some order
 *   {"set": [...]}          a set in RESP3, an array in RESP2; in some order
 *   {"push": [...]}         a push in RESP3, an array in RESP2
 *   {"double": "1.5"}       a double in RESP3, a bulk string in RESP2
 *   {"boolean": true}       a boolean in RESP3, an integer in RESP2
 *   {"verbatim": "x"}       a verbatim string in RESP3, a bulk string in RESP2
 *   {"pending": true}       no reply yet: the command blocks
 *
 * The engine keeps the RESP3 type of what it answers even to a RESP2 session; a live RESP2 server
 * cannot. So a reply is first read as the session's protocol would have sent it.
 *
 * Cost: linear in the reply, but for `unordered`, a matching of n elements in at most n^3 steps.
 * Ownership: an expectation lives in the arena of the set it was loaded into; a mismatch owns its
 * texts until expectation_mismatch_free.
 */
#ifndef CONFORMANCE_EXPECTATION_H
#define CONFORMANCE_EXPECTATION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "conformance/vector_text.h"
#include "ttlspec/reply.h"

typedef enum expectation_kind {
    EXPECTATION_BULK,
    EXPECTATION_STATUS,
    EXPECTATION_ERROR,
    EXPECTATION_DOUBLE,
    EXPECTATION_VERBATIM,
    EXPECTATION_CONTAINS,
    EXPECTATION_INTEGER,
    EXPECTATION_BETWEEN,
    EXPECTATION_BOOLEAN,
    EXPECTATION_NIL,
    EXPECTATION_ANYTHING,
    EXPECTATION_ARRAY,
    EXPECTATION_UNORDERED,
    EXPECTATION_ANY_OF,
    EXPECTATION_MAP, /* children: key, value, key, value ... */
    EXPECTATION_SET,
    EXPECTATION_PUSH,
    EXPECTATION_PENDING,
} expectation_kind;

/* Which number an expected integer counts from. */
typedef enum expectation_base {
    EXPECTATION_FROM_ZERO,
    EXPECTATION_FROM_T0_MS,
    EXPECTATION_FROM_T0_S,
} expectation_base;

typedef struct expectation {
    expectation_kind kind;
    vector_text text;      /* of those that have one */
    expectation_base base; /* of an integer */
    int64_t low, high;     /* of between; of an integer and a boolean: low is the value */
    size_t count;          /* children */
    const struct expectation *children;
} expectation;

/* From the mildest to the gravest. A nil is the absent value of a bulk string or an array, so
 * nil against those is a difference of value; a reply of another type is one of type. */
typedef enum expectation_class {
    EXPECTATION_MATCHES,
    EXPECTATION_WORDING,    /* an error of the right code in other words */
    EXPECTATION_ERROR_CODE, /* an error, with another first word */
    EXPECTATION_VALUE,
    EXPECTATION_TYPE,
} expectation_class;

/* "value", "type", "error code", "wording"; "match". */
const char *expectation_class_name(expectation_class class);

/* The gravest difference, the first of those if there are several. */
typedef struct expectation_mismatch {
    char *path;     /* where in the reply: "" is the whole of it, "[2][0]" an element */
    char *expected; /* what was wanted there, as a vector writes it, placeholders filled */
    char *actual;   /* what came */
} expectation_mismatch;

/* Judges a reply by an expectation. `protocol` (2 or 3) is that of the session which received the
 * reply. `mismatch` may be NULL; it is filled unless the reply matches. */
expectation_class expectation_match(const expectation *expected, const ttl_reply *actual,
                                    int protocol, const vector_world *world,
                                    expectation_mismatch *mismatch);
void expectation_mismatch_free(expectation_mismatch *mismatch);

/* The whole expectation as a vector writes it. With a world the placeholders are filled; with
 * NULL they stay. The caller frees the text. */
char *expectation_text(const expectation *expected, const vector_world *world);
/* A whole reply in the same notation; an empty reply is "(no reply)". The caller frees the text. */
char *expectation_text_of_reply(const ttl_reply *reply, int protocol);
/* The same as JSON on a stream: valid JSON for any bytes. For reports. */
void expectation_write_reply(FILE *out, const ttl_reply *reply, int protocol);

/* In which unit it names T0, anywhere in it; seconds, where it does in both. */
vector_t0 expectation_t0(const expectation *expected);
/* True when it names {db} or {db2} anywhere. */
bool expectation_uses_database(const expectation *expected);

#endif
