#include "engine/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/require.h"

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A C string of the bytes, for the C library; NULL: longer than any number is read. */
static const char *text_of(ttl_bytes bytes, char text[NUMBER_TEXT_MOST + 1]) {
    if (bytes.length > NUMBER_TEXT_MOST) return NULL;
    if (bytes.length > 0) memcpy(text, bytes.data, bytes.length);
    text[bytes.length] = '\0';
    return text;
}

/* ---- reading */

bool number_parse_double(ttl_bytes bytes, double *number) {
    char room[NUMBER_TEXT_MOST + 1], *end;
    const char *text = text_of(bytes, room);
    if (text == NULL || bytes.length == 0 || is_blank(text[0])) return false;
    errno = 0;
    double value = strtod(text, &end);
    if (end != text + bytes.length || isnan(value)) return false;
    if (errno == ERANGE && (isinf(value) || fpclassify(value) == FP_ZERO)) return false;
    *number = value;
    return true;
}

bool number_parse_long_double(ttl_bytes bytes, long double *number) {
    char room[NUMBER_TEXT_MOST + 1], *end;
    const char *text = text_of(bytes, room);
    if (text == NULL || bytes.length == 0 || is_blank(text[0])) return false;
    errno = 0;
    long double value = strtold(text, &end);
    if (end != text + bytes.length || isnan(value)) return false;
    if (errno == ERANGE && (isinf(value) || fpclassify(value) == FP_ZERO)) return false;
    *number = value;
    return true;
}

bool number_parse_bound(ttl_bytes bytes, double *number) {
    char room[NUMBER_TEXT_MOST + 1], *end;
    const char *text = text_of(bytes, room);
    if (text == NULL) return false;
    double value = strtod(text, &end);
    if (*end != '\0' || isnan(value)) return false;
    *number = value;
    return true;
}

bool number_is_decimal(ttl_bytes bytes) {
    if (bytes.length > 0 && is_blank(bytes.data[0])) return false;
    for (size_t i = 0; i < bytes.length && bytes.data[i] != '\0'; i++)
        if (bytes.data[i] == 'x' || bytes.data[i] == 'X') return false;
    return true;
}

bool number_parse_unsigned(ttl_bytes bytes, uint64_t *number) {
    char room[NUMBER_TEXT_MOST + 1], *end;
    const char *text = text_of(bytes, room);
    if (text == NULL || is_blank(text[0])) return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end != '\0' || errno == ERANGE) return false;
    *number = value;
    return true;
}

/* ---- writing */

size_t number_format_integer(int64_t number, char text[NUMBER_INTEGER_ROOM]) {
    char digits[20];
    size_t count = 0, length = 0;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (number < 0) text[length++] = '-';
    while (count > 0) text[length++] = digits[--count];
    return length;
}

static size_t format_word(const char *word, char *text) {
    size_t length = strlen(word);
    memcpy(text, word, length);
    return length;
}

static size_t format_infinity(double number, char *text) {
    return format_word(number < 0 ? "-inf" : "inf", text);
}

size_t number_format_double(double number, char text[NUMBER_DOUBLE_ROOM]) {
    if (isinf(number)) return format_infinity(number, text);
    int length = snprintf(text, NUMBER_DOUBLE_ROOM, "%.17g", number);
    require(length > 0 && length < NUMBER_DOUBLE_ROOM);
    return (size_t)length;
}

/* A positive number: 0.DIGITS times ten to the power of `point`. */
struct decimal {
    char digits[18];
    int count, point;
};

static struct decimal decimal_shortest(double number) {
    struct decimal decimal = {.count = 0};
    char text[NUMBER_DOUBLE_ROOM];
    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, number);
        if (strtod(text, NULL) == number) break;
    }
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at != '.') decimal.digits[decimal.count++] = *at;
    decimal.point = (int)strtol(at + 1, NULL, 10) + 1;
    return decimal;
}

static size_t format_zeros(int count, char *text) {
    for (int i = 0; i < count; i++) text[i] = '0';
    return count > 0 ? (size_t)count : 0;
}

static size_t format_digits(const struct decimal *decimal, int from, int until, char *text) {
    memcpy(text, decimal->digits + from, (size_t)(until - from));
    return (size_t)(until - from);
}

static size_t format_with_exponent(const struct decimal *decimal, char *text) {
    size_t length = format_digits(decimal, 0, 1, text);
    if (decimal->count > 1) {
        text[length++] = '.';
        length += format_digits(decimal, 1, decimal->count, text + length);
    }
    text[length++] = 'e';
    if (decimal->point > 0) text[length++] = '+';
    return length + number_format_integer(decimal->point - 1, text + length);
}

/* Without an exponent where that is not much longer; the borders are those of the servers. */
static size_t format_decimal(const struct decimal *decimal, char *text) {
    enum { ZEROS_MOST = 7 };
    int count = decimal->count, point = decimal->point;
    if (point >= count && point - 1 < count + ZEROS_MOST) {
        size_t length = format_digits(decimal, 0, count, text);
        return length + format_zeros(point - count, text + length);
    }
    bool is_near_one = point - 1 > -4 && point - 1 < 4;
    if (point >= count || (count - point >= ZEROS_MOST && !is_near_one))
        return format_with_exponent(decimal, text);
    size_t length = point > 0 ? format_digits(decimal, 0, point, text) : format_zeros(1, text);
    text[length++] = '.';
    length += format_zeros(-point, text + length);
    return length + format_digits(decimal, point > 0 ? point : 0, count, text + length);
}

size_t number_format_shortest(double number, char text[NUMBER_DOUBLE_ROOM]) {
    static const double WHOLE_MOST = 4611686018427387904.0; /* 2^62 */
    if (isinf(number)) return format_infinity(number, text);
    if (fpclassify(number) == FP_ZERO) return format_word(signbit(number) ? "-0" : "0", text);
    if (fabs(number) <= WHOLE_MOST && (double)(int64_t)number == number)
        return number_format_integer((int64_t)number, text);
    struct decimal decimal = decimal_shortest(fabs(number));
    size_t length = 0;
    if (number < 0) text[length++] = '-';
    return length + format_decimal(&decimal, text + length);
}

size_t number_format_fixed(double number, int digits, char text[NUMBER_LONG_DOUBLE_ROOM]) {
    int printed = snprintf(text, NUMBER_LONG_DOUBLE_ROOM, "%.*f", digits, number);
    require(printed > 0 && printed < NUMBER_LONG_DOUBLE_ROOM);
    return (size_t)printed;
}

size_t number_format_long_double(long double number, char text[NUMBER_LONG_DOUBLE_ROOM]) {
    if (isnan(number) || isinf(number)) return 0;
    int printed = snprintf(text, NUMBER_LONG_DOUBLE_ROOM, "%.17Lf", number);
    require(printed > 0 && printed < NUMBER_LONG_DOUBLE_ROOM);
    size_t length = (size_t)printed;
    while (text[length - 1] == '0') length--;
    if (text[length - 1] == '.') length--;
    if (length == 2 && text[0] == '-' && text[1] == '0') return format_word("0", text);
    return length;
}
