#include "conformance/expectation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation_reply.h"

/* One judgement: what all of its parts look at. */
typedef struct judging {
    const ttl_reply *reply;
    int protocol;
    const vector_world *world;
    arena scratch;
} judging;

const char *expectation_class_name(expectation_class class) {
    switch (class) {
    case EXPECTATION_MATCHES: return "match";
    case EXPECTATION_WORDING: return "wording";
    case EXPECTATION_ERROR_CODE: return "error code";
    case EXPECTATION_VALUE: return "value";
    case EXPECTATION_TYPE: return "type";
    }
    return "match";
}

static expectation_class judge(judging *judgement, const expectation *expected, size_t index);

static ttl_reply_type type_at(const judging *judgement, size_t index) {
    return expectation_type_on_wire(judgement->reply->nodes[index].type, judgement->protocol);
}

/* The type of reply that an expectation of this kind asks for. Only for kinds that ask for one. */
static ttl_reply_type type_wanted(const judging *judgement, expectation_kind kind) {
    ttl_reply_type type = TTL_REPLY_ARRAY;
    switch (kind) {
    case EXPECTATION_BULK: type = TTL_REPLY_BULK; break;
    case EXPECTATION_STATUS: type = TTL_REPLY_STATUS; break;
    case EXPECTATION_ERROR: type = TTL_REPLY_ERROR; break;
    case EXPECTATION_DOUBLE: type = TTL_REPLY_DOUBLE; break;
    case EXPECTATION_VERBATIM: type = TTL_REPLY_VERBATIM; break;
    case EXPECTATION_CONTAINS: type = TTL_REPLY_BULK; break;
    case EXPECTATION_INTEGER:
    case EXPECTATION_BETWEEN: type = TTL_REPLY_INTEGER; break;
    case EXPECTATION_BOOLEAN: type = TTL_REPLY_BOOLEAN; break;
    case EXPECTATION_NIL: type = TTL_REPLY_NIL; break;
    case EXPECTATION_MAP: type = TTL_REPLY_MAP; break;
    case EXPECTATION_SET: type = TTL_REPLY_SET; break;
    case EXPECTATION_PUSH: type = TTL_REPLY_PUSH; break;
    case EXPECTATION_PENDING: type = TTL_REPLY_PENDING; break;
    case EXPECTATION_ARRAY:
    case EXPECTATION_UNORDERED:
    case EXPECTATION_ANYTHING:
    case EXPECTATION_ANY_OF: break;
    }
    return expectation_type_on_wire(type, judgement->protocol);
}

static bool is_nil(ttl_reply_type type) {
    return type == TTL_REPLY_NIL || type == TTL_REPLY_NIL_ARRAY;
}

/* Types whose absent value is a nil: strings of bytes and aggregates. */
static bool may_be_nil(ttl_reply_type type) {
    return type == TTL_REPLY_BULK || type == TTL_REPLY_DOUBLE || type == TTL_REPLY_VERBATIM ||
           ttl_reply_is_aggregate(type);
}

static bool ttl_bytes_contain(ttl_bytes whole, ttl_bytes part) {
    if (part.length == 0) return true;
    for (size_t at = 0; at + part.length <= whole.length; at++)
        if (memcmp(whole.data + at, part.data, part.length) == 0) return true;
    return false;
}

/* The first word of an error is its code. */
static ttl_bytes error_code(ttl_bytes error) {
    const char *space = error.length == 0 ? NULL : memchr(error.data, ' ', error.length);
    return (ttl_bytes){error.data, space == NULL ? error.length : (size_t)(space - error.data)};
}

static expectation_class judge_text(judging *judgement, const expectation *expected, size_t index) {
    ttl_bytes actual = ttl_reply_text(judgement->reply, index);
    ttl_bytes wanted = vector_text_filled(&expected->text, judgement->world, &judgement->scratch);
    if (expected->kind == EXPECTATION_CONTAINS)
        return ttl_bytes_contain(actual, wanted) ? EXPECTATION_MATCHES : EXPECTATION_VALUE;
    if (ttl_bytes_equal(actual, wanted)) return EXPECTATION_MATCHES;
    if (expected->kind != EXPECTATION_ERROR) return EXPECTATION_VALUE;
    return ttl_bytes_equal(error_code(actual), error_code(wanted)) ? EXPECTATION_WORDING
                                                                   : EXPECTATION_ERROR_CODE;
}

static expectation_class graver(expectation_class a, expectation_class b) {
    return a > b ? a : b;
}

static expectation_class judge_ordered(judging *judgement, const expectation *expected,
                                       size_t index) {
    if (judgement->reply->nodes[index].length != expected->count) return EXPECTATION_VALUE;
    expectation_class gravest = EXPECTATION_MATCHES;
    size_t child = index + 1;
    for (size_t i = 0; i < expected->count; i++) {
        gravest = graver(gravest, judge(judgement, &expected->children[i], child));
        child = ttl_reply_next(judgement->reply, child);
    }
    return gravest;
}

/* Elements in some order: is there a pairing of expected and actual groups in which all match?
 * A group is one element, or key and value of a map. */
typedef struct pairing_search {
    size_t groups;
    const bool *fits; /* [expected * groups + actual] */
    size_t *partner;  /* of an actual group: its expected one, or `groups` */
    bool *visited;    /* actual groups that this search has tried */
} pairing_search;

/* Finds a partner for one expected group, moving others to free one if need be. */
static bool find_partner(pairing_search *pairing, size_t wanted) {
    for (size_t actual = 0; actual < pairing->groups; actual++) {
        if (pairing->visited[actual] || !pairing->fits[wanted * pairing->groups + actual]) continue;
        pairing->visited[actual] = true;
        size_t rival = pairing->partner[actual];
        if (rival == pairing->groups || find_partner(pairing, rival)) {
            pairing->partner[actual] = wanted;
            return true;
        }
    }
    return false;
}

static bool group_fits(judging *judgement, const expectation *expected, size_t size, size_t child) {
    for (size_t i = 0; i < size; i++) {
        if (judge(judgement, &expected[i], child) != EXPECTATION_MATCHES) return false;
        child = ttl_reply_next(judgement->reply, child);
    }
    return true;
}

static expectation_class judge_unordered(judging *judgement, const expectation *expected,
                                         size_t index) {
    if (judgement->reply->nodes[index].length != expected->count) return EXPECTATION_VALUE;
    size_t group_size = expected->kind == EXPECTATION_MAP ? 2 : 1;
    size_t groups = expected->count / group_size;
    arena *scratch = &judgement->scratch;
    bool *fits = arena_take_array(scratch, groups * groups, sizeof *fits);
    size_t child = index + 1;
    for (size_t actual = 0; actual < groups; actual++) {
        for (size_t wanted = 0; wanted < groups; wanted++)
            fits[wanted * groups + actual] =
                group_fits(judgement, &expected->children[wanted * group_size], group_size, child);
        for (size_t i = 0; i < group_size; i++) child = ttl_reply_next(judgement->reply, child);
    }
    pairing_search pairing = {groups, fits, NULL, NULL};
    pairing.partner = arena_take_array(scratch, groups, sizeof *pairing.partner);
    for (size_t i = 0; i < groups; i++) pairing.partner[i] = groups;
    for (size_t wanted = 0; wanted < groups; wanted++) {
        pairing.visited = arena_take_array(scratch, groups, sizeof *pairing.visited);
        if (!find_partner(&pairing, wanted)) return EXPECTATION_VALUE;
    }
    return EXPECTATION_MATCHES;
}

static expectation_class judge_any_of(judging *judgement, const expectation *expected,
                                      size_t index) {
    expectation_class mildest = EXPECTATION_TYPE;
    for (size_t i = 0; i < expected->count; i++) {
        expectation_class class = judge(judgement, &expected->children[i], index);
        if (class < mildest) mildest = class;
    }
    return mildest;
}

/* The types agree: do the values? */
static expectation_class judge_value(judging *judgement, const expectation *expected,
                                     size_t index) {
    int64_t actual = judgement->reply->nodes[index].is.integer;
    bool holds = true;
    switch (expected->kind) {
    case EXPECTATION_BULK:
    case EXPECTATION_STATUS:
    case EXPECTATION_ERROR:
    case EXPECTATION_DOUBLE:
    case EXPECTATION_VERBATIM:
    case EXPECTATION_CONTAINS: return judge_text(judgement, expected, index);
    case EXPECTATION_INTEGER:
        holds = actual == expectation_integer(expected, judgement->world);
        break;
    case EXPECTATION_BETWEEN: holds = expected->low <= actual && actual <= expected->high; break;
    case EXPECTATION_BOOLEAN: holds = (actual != 0) == (expected->low != 0); break;
    case EXPECTATION_ARRAY:
    case EXPECTATION_PUSH: return judge_ordered(judgement, expected, index);
    case EXPECTATION_UNORDERED:
    case EXPECTATION_MAP:
    case EXPECTATION_SET: return judge_unordered(judgement, expected, index);
    case EXPECTATION_NIL:
    case EXPECTATION_PENDING:
    case EXPECTATION_ANYTHING:
    case EXPECTATION_ANY_OF: break;
    }
    return holds ? EXPECTATION_MATCHES : EXPECTATION_VALUE;
}

static expectation_class judge(judging *judgement, const expectation *expected, size_t index) {
    bool is_pending = judgement->reply->nodes[index].type == TTL_REPLY_PENDING;
    if (expected->kind == EXPECTATION_ANYTHING)
        return is_pending ? EXPECTATION_TYPE : EXPECTATION_MATCHES;
    if (expected->kind == EXPECTATION_ANY_OF) return judge_any_of(judgement, expected, index);
    ttl_reply_type actual = type_at(judgement, index);
    ttl_reply_type wanted = type_wanted(judgement, expected->kind);
    if (is_nil(wanted) && is_nil(actual)) return EXPECTATION_MATCHES;
    if ((is_nil(actual) && may_be_nil(wanted)) || (is_nil(wanted) && may_be_nil(actual)))
        return EXPECTATION_VALUE;
    /* RESP3 sends the text of INFO as a verbatim string. */
    if (expected->kind == EXPECTATION_CONTAINS && actual == TTL_REPLY_VERBATIM) wanted = actual;
    if (actual != wanted) return EXPECTATION_TYPE;
    return judge_value(judgement, expected, index);
}

/* A command has one reply: none at all, or a second one behind it, is no reply of its type. */
static bool is_one_reply(const ttl_reply *reply) {
    return reply->node_count > 0 && ttl_reply_next(reply, 0) == reply->node_count;
}

/* Walks down to the first element of the gravest class, writing its path. */
static const expectation *locate(judging *judgement, const expectation *expected,
                                 expectation_class class, size_t *index, FILE *path) {
    for (;;) {
        bool ordered = expected->kind == EXPECTATION_ARRAY || expected->kind == EXPECTATION_PUSH;
        if (!ordered || type_at(judgement, *index) != type_wanted(judgement, expected->kind) ||
            judgement->reply->nodes[*index].length != expected->count)
            return expected;
        size_t child = *index + 1, i = 0;
        while (judge(judgement, &expected->children[i], child) != class) {
            child = ttl_reply_next(judgement->reply, child);
            i++;
            assert(i < expected->count);
        }
        fprintf(path, "[%zu]", i);
        *index = child;
        expected = &expected->children[i];
    }
}

static void describe(judging *judgement, const expectation *expected, expectation_class class,
                     expectation_mismatch *mismatch) {
    size_t length = 0, index = 0;
    FILE *path = open_memstream(&mismatch->path, &length);
    if (path == NULL) arena_out_of_memory();
    if (is_one_reply(judgement->reply)) expected = locate(judgement, expected, class, &index, path);
    if (fclose(path) != 0) arena_out_of_memory();
    mismatch->expected = expectation_text(expected, judgement->world);
    mismatch->actual = expectation_text_of_node(judgement->reply, index, judgement->protocol);
}

expectation_class expectation_match(const expectation *expected, const ttl_reply *actual,
                                    int protocol, const vector_world *world,
                                    expectation_mismatch *mismatch) {
    judging judgement = {actual, protocol, world, {NULL}};
    expectation_class class =
        is_one_reply(actual) ? judge(&judgement, expected, 0) : EXPECTATION_TYPE;
    if (mismatch != NULL) {
        *mismatch = (expectation_mismatch){NULL, NULL, NULL};
        if (class != EXPECTATION_MATCHES) describe(&judgement, expected, class, mismatch);
    }
    arena_free(&judgement.scratch);
    return class;
}

void expectation_mismatch_free(expectation_mismatch *mismatch) {
    free(mismatch->path);
    free(mismatch->expected);
    free(mismatch->actual);
    *mismatch = (expectation_mismatch){NULL, NULL, NULL};
}

vector_t0 expectation_t0(const expectation *expected) {
    vector_t0 most = vector_text_t0(&expected->text);
    if (expected->base == EXPECTATION_FROM_T0_S) return VECTOR_T0_IN_SECONDS;
    if (expected->base == EXPECTATION_FROM_T0_MS && most == VECTOR_T0_UNNAMED)
        most = VECTOR_T0_IN_MS;
    for (size_t i = 0; i < expected->count; i++) {
        vector_t0 child = expectation_t0(&expected->children[i]);
        if (child > most) most = child;
    }
    return most;
}

bool expectation_uses_database(const expectation *expected) {
    for (size_t i = 0; i < expected->text.count; i++)
        if (expected->text.pieces[i].kind == VECTOR_TEXT_DATABASE) return true;
    for (size_t i = 0; i < expected->count; i++)
        if (expectation_uses_database(&expected->children[i])) return true;
    return false;
}
