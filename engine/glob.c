#include "engine/glob.h"

#include <stddef.h>
#include <stdint.h>

struct pattern {
    const signed char *bytes;
    size_t length;
    bool any_case;
};

static int folded(const struct pattern *pattern, int byte) {
    return pattern->any_case && byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte;
}

static bool same(const struct pattern *pattern, int a, int b) {
    return folded(pattern, a) == folded(pattern, b);
}

static bool in_range(const struct pattern *pattern, int byte, int start, int end) {
    byte = folded(pattern, byte);
    start = folded(pattern, start);
    end = folded(pattern, end);
    return start <= end ? byte >= start && byte <= end : byte >= end && byte <= start;
}

/* Does the set that opens at `*at` hold the byte? Moves `*at` behind the set. */
static bool set_holds(const struct pattern *pattern, size_t *at, int byte) {
    const signed char *bytes = pattern->bytes;
    size_t i = *at + 1, length = pattern->length;
    bool negated = i < length && bytes[i] == '^', found = false;
    if (negated) i++;
    while (i < length && bytes[i] != ']') {
        if (bytes[i] == '\\' && length - i >= 2) {
            found |= bytes[i + 1] == byte;
            i += 2;
        } else if (length - i >= 3 && bytes[i + 1] == '-') {
            found |= in_range(pattern, byte, bytes[i], bytes[i + 2]);
            i += 3;
        } else {
            found |= same(pattern, bytes[i], byte);
            i++;
        }
    }
    *at = i < length ? i + 1 : length;
    return found != negated;
}

/* Does the element at `*at`, which is no star, match the byte? Moves `*at` behind it. */
static bool element_matches(const struct pattern *pattern, size_t *at, int byte) {
    const signed char *bytes = pattern->bytes;
    if (bytes[*at] == '[') return set_holds(pattern, at, byte);
    if (bytes[*at] == '?') {
        ++*at;
        return true;
    }
    if (bytes[*at] == '\\' && pattern->length - *at >= 2) ++*at;
    return same(pattern, bytes[(*at)++], byte);
}

/* Every element but the star takes exactly one byte, so only the last star need ever be widened. */
static bool pattern_matches(const struct pattern *pattern, ttl_bytes text) {
    const signed char *bytes = (const signed char *)text.data;
    size_t at = 0, star = SIZE_MAX, here = 0, widened = 0;
    while (here < text.length) {
        if (at < pattern->length && pattern->bytes[at] == '*') {
            star = ++at;
            widened = here;
        } else if (at < pattern->length && element_matches(pattern, &at, bytes[here])) {
            here++;
        } else if (star == SIZE_MAX) {
            return false;
        } else {
            at = star;
            here = ++widened;
        }
    }
    while (at < pattern->length && pattern->bytes[at] == '*') at++;
    return at == pattern->length;
}

bool glob_matches(ttl_bytes pattern, ttl_bytes text) {
    struct pattern exact = {(const signed char *)pattern.data, pattern.length, false};
    return pattern_matches(&exact, text);
}

bool glob_matches_any_case(ttl_bytes pattern, ttl_bytes text) {
    struct pattern loose = {(const signed char *)pattern.data, pattern.length, true};
    return pattern_matches(&loose, text);
}
