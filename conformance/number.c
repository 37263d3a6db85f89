#include "conformance/number.h"

/* Counts down from zero, because only the negatives reach as far as INT64_MIN. */
static bool parse_negated(const char *text, size_t length, int64_t *number) {
    if (length == 0 || (length > 1 && text[0] == '0')) return false;
    int64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        int digit = text[i] - '0';
        if (value < (INT64_MIN + digit) / 10) return false;
        value = value * 10 - digit;
    }
    *number = value;
    return true;
}

bool number_parse_digits(const char *text, size_t length, int64_t max, int64_t *number) {
    int64_t negated = 0;
    if (!parse_negated(text, length, &negated) || negated < -max) return false;
    *number = -negated;
    return true;
}

bool number_parse(const char *text, size_t length, int64_t *number) {
    if (length == 0 || text[0] != '-') return number_parse_digits(text, length, INT64_MAX, number);
    return parse_negated(text + 1, length - 1, number) && *number != 0;
}
