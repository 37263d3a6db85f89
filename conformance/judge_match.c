/* Is this reply what was observed? */
#include <stdlib.h>
#include <string.h>

#include "conformance/expectation_reply.h"
#include "conformance/judge_inside.h"
#include "conformance/number.h"
#include "conformance/text.h"
#include "engine/state.h"

/* Two replies, as the connection's protocol carries them. */
typedef struct judge_pair {
    judge *judge;
    const ttl_reply *made, *seen;
    int protocol;
} judge_pair;

static bool first_words_equal(ttl_bytes a, ttl_bytes b) {
    size_t i = 0;
    while (i < a.length && i < b.length && a.data[i] != ' ' && a.data[i] == b.data[i]) i++;
    return (i == a.length || a.data[i] == ' ') && (i == b.length || b.data[i] == ' ');
}

static ttl_reply_type type_of(const judge_pair *pair, const ttl_reply *reply, size_t node) {
    ttl_reply_type type = expectation_type_on_wire(reply->nodes[node].type, pair->protocol);
    return type == TTL_REPLY_NIL_ARRAY ? TTL_REPLY_NIL : type;
}

/* A number that the engine could not know: PTTL answers it as an integer, TIME as text. */
static bool told_matches(const judge_pair *pair, size_t made, size_t seen) {
    const ttl_node *node = &pair->seen->nodes[seen];
    int64_t value = node->is.integer;
    if (node->type == TTL_REPLY_BULK) {
        ttl_bytes text = ttl_reply_text(pair->seen, seen);
        if (!number_parse(text.data, text.length, &value)) return false;
    } else if (node->type != TTL_REPLY_INTEGER) {
        return false;
    }
    return judge_tell(pair->judge, (uint32_t)pair->made->nodes[made].is.integer, value);
}

static bool node_matches(const judge_pair *pair, size_t made, size_t seen) {
    if (pair->made->nodes[made].type == TTL_REPLY_TOLD) return told_matches(pair, made, seen);
    ttl_reply_type type = type_of(pair, pair->made, made);
    if (type != type_of(pair, pair->seen, seen)) return false;
    const ttl_node *a = &pair->made->nodes[made], *b = &pair->seen->nodes[seen];
    if (ttl_reply_is_aggregate(type)) return a->length == b->length;
    if (type == TTL_REPLY_NIL) return true;
    if (!ttl_reply_has_text(type)) return a->is.integer == b->is.integer;
    ttl_bytes left = ttl_reply_text(pair->made, made), right = ttl_reply_text(pair->seen, seen);
    return type == TTL_REPLY_ERROR ? first_words_equal(left, right) : ttl_bytes_equal(left, right);
}

/* The trees at these nodes; those of one shape stand node for node. */
static bool tree_matches(const judge_pair *pair, size_t made, size_t seen) {
    size_t end = ttl_reply_next(pair->made, made);
    if (end - made != ttl_reply_next(pair->seen, seen) - seen) return false;
    for (size_t i = 0; made + i < end; i++)
        if (!node_matches(pair, made + i, seen + i)) return false;
    return true;
}

/* `count` trees in a row. */
static bool group_matches(const judge_pair *pair, size_t made, size_t seen, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!tree_matches(pair, made, seen)) return false;
        made = ttl_reply_next(pair->made, made);
        seen = ttl_reply_next(pair->seen, seen);
    }
    return true;
}

static size_t after_group(const ttl_reply *reply, size_t node, size_t count) {
    while (count-- > 0) node = ttl_reply_next(reply, node);
    return node;
}

/* Arrays that hold the same groups of `size` children, in any order. */
static bool unordered_matches(const judge_pair *pair, size_t made, size_t seen, size_t size) {
    if (!ttl_reply_is_aggregate(pair->made->nodes[made].type))
        return tree_matches(pair, made, seen);
    if (!node_matches(pair, made, seen)) return false;
    size_t count = pair->made->nodes[made].length / size;
    bool *taken = memory_zeroed(count, sizeof *taken);
    bool all = true;
    size_t at = made + 1;
    for (size_t i = 0; i < count && all; i++) {
        size_t other = seen + 1, j = 0;
        while (j < count && (taken[j] || !group_matches(pair, at, other, size))) {
            other = after_group(pair->seen, other, size);
            j++;
        }
        all = j < count;
        if (all) taken[j] = true;
        at = after_group(pair->made, at, size);
    }
    free(taken);
    return all;
}

static bool mode_matches(const judge_pair *pair, judge_mode mode, size_t made, size_t seen) {
    switch (mode) {
    case JUDGE_ANYTHING: return true;
    case JUDGE_EXACT: return tree_matches(pair, made, seen);
    case JUDGE_UNORDERED: return unordered_matches(pair, made, seen, 1);
    case JUDGE_PAIRS: return unordered_matches(pair, made, seen, 2);
    }
    return false;
}

bool judge_matches(judge *self, size_t index) {
    const judge_unit *unit = &self->units[index];
    if (unit->is_left_out || !unit->is_answered) return true;
    const judge_pair pair = {self, &self->reply, unit->expected,
                             self->history->entries[index].protocol};
    if (unit->part_count == 0) return mode_matches(&pair, unit->mode, 0, 0);
    if (!node_matches(&pair, 0, 0)) return false;
    size_t made = 1, seen = 1;
    for (size_t i = 0; made < pair.made->node_count; i++) {
        if (!mode_matches(&pair, self->units[unit->parts[i]].mode, made, seen)) return false;
        made = ttl_reply_next(pair.made, made);
        seen = ttl_reply_next(pair.seen, seen);
    }
    return true;
}

/* The part of a block that is running. */
static size_t part_running(const judge *self, size_t exec) {
    return self->sessions[self->history->entries[exec].connection]->part;
}

const ttl_node *judge_expected_node(const judge *self, size_t index, size_t *part) {
    const judge_unit *unit = &self->units[index];
    const ttl_reply *made = &self->reply, *expected = unit->expected;
    *part = index;
    bool is_inside = unit->part_count > 0 && made->node_count > 0;
    size_t running = is_inside ? part_running(self, index) : 0;
    if (running < unit->part_count && is_inside) *part = unit->parts[running];
    if (!unit->is_answered || expected->node_count == 0) return NULL;
    if (!is_inside)
        return made->node_count < expected->node_count ? &expected->nodes[made->node_count] : NULL;
    if (!ttl_reply_is_aggregate(expected->nodes[0].type) || running >= expected->nodes[0].length)
        return NULL;
    size_t from = 1, to = 1; /* parts that are done may differ in length: they are not judged */
    for (size_t i = 0; i < running; i++) {
        from = ttl_reply_next(made, from);
        to = ttl_reply_next(expected, to);
    }
    size_t at = to + (made->node_count - from);
    return at < ttl_reply_next(expected, to) ? &expected->nodes[at] : NULL;
}
