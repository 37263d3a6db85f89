#include "conformance/tools/canonical.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, ELEMENTS_MAX = 1024 };

/* The end of the line that begins at `data`, past its CRLF. NULL: not there yet. */
static const char *line_end(const char *data, const char *end) {
    const char *newline = memchr(data, '\n', (size_t)(end - data));
    return newline == NULL ? NULL : newline + 1;
}

/* How many elements follow the header of an aggregate; -1: it is not one. */
static long element_count(const char *data) {
    if (strchr("*~>%", data[0]) == NULL) return -1;
    long count = strtol(data + 1, NULL, 10);
    if (count < 0) return 0;
    return data[0] == '%' ? 2 * count : count;
}

static long measure(const char *data, const char *end, int depth) {
    if (data == end) return 0;
    if (depth > DEPTH_MAX || strchr("+-:$*_,#=(~>%!", data[0]) == NULL) return -1;
    const char *at = line_end(data, end);
    if (at == NULL) return 0;
    if (strchr("$=!", data[0]) != NULL) {
        long text = strtol(data + 1, NULL, 10);
        if (text < 0) return at - data;
        return end - at < text + 2 ? 0 : at - data + text + 2;
    }
    for (long left = element_count(data); left > 0; left--) {
        long length = measure(at, end, depth + 1);
        if (length <= 0) return length;
        at += length;
    }
    return at - data;
}

long resp_length(const char *data, size_t length) {
    return measure(data, data + length, 0);
}

typedef struct resp_slice {
    const char *data;
    size_t length;
} resp_slice;

static int slice_compare(const void *a, const void *b) {
    const resp_slice *left = a, *right = b;
    size_t shorter = left->length < right->length ? left->length : right->length;
    int difference = memcmp(left->data, right->data, shorter);
    if (difference != 0) return difference;
    return (left->length > right->length) - (left->length < right->length);
}

/* Sorts the elements that begin at `data`, `group` together as one. */
static void sort_elements(char *data, size_t length, long count, long group) {
    static resp_slice slices[ELEMENTS_MAX];
    if (count / group > ELEMENTS_MAX || count % group != 0) return;
    char *copy = malloc(length + 1);
    if (copy == NULL) abort();
    memcpy(copy, data, length);
    const char *at = copy;
    for (long i = 0; i < count; i++) {
        long size = measure(at, copy + length, 0);
        resp_slice *slice = &slices[i / group];
        if (i % group == 0) *slice = (resp_slice){at, 0};
        slice->length += (size_t)size;
        at += size;
    }
    qsort(slices, (size_t)(count / group), sizeof *slices, slice_compare);
    for (long i = 0; i < count / group; i++) {
        memcpy(data, slices[i].data, slices[i].length);
        data += slices[i].length;
    }
    free(copy);
}

/* Of INFO's statistics only the number of expired keys is comparable. */
static size_t canonical_text(char *data, size_t length) {
    static const char section[] = "# Stats", field[] = "expired_keys:";
    data[length - 1] = 0; /* the last byte is the line's end: nothing is lost */
    const char *text = strchr(data, '\n') + 1;
    const char *at = strstr(text, section) == NULL ? NULL : strstr(text, field);
    data[length - 1] = '\n';
    if (at == NULL) return length;
    size_t kept = strcspn(at, "\r");
    memmove(data + 1, at, kept);
    data[0] = '+';
    memcpy(data + 1 + kept, "\r\n", 2);
    return kept + 3;
}

static size_t canonical_elements(char *data, size_t length, reply_order order,
                                 const reply_order *queued, size_t queued_count);

/* HELLO tells the connection's id, which goes, and at its end the modules that happen to be there.
 */
static size_t canonical_identity(char *data, size_t length) {
    static const char id[] = "$2\r\nid\r\n:", modules[] = "$7\r\nmodules\r\n";
    for (char *at = data; at + sizeof modules < data + length; at++) {
        if (memcmp(at, modules, sizeof modules - 1) == 0) return (size_t)(at - data);
        if (memcmp(at, id, sizeof id - 1) != 0) continue;
        char *digits = at + sizeof id - 1;
        size_t count = strcspn(digits, "\r");
        memmove(digits, digits + count, (size_t)(data + length - digits) - count);
        length -= count;
    }
    return length;
}

size_t resp_canonical(char *data, size_t length, reply_order order, const reply_order *queued,
                      size_t queued_count) {
    if (data[0] == '-') return length;
    if (order == ORDER_TYPE_ONLY || order == ORDER_OPAQUE) {
        bool nothing = data[0] == '_' || strncmp(data, "$-1", 3) == 0;
        memcpy(data, nothing ? "_\r\n" : "$\r\n", 3);
        return 3;
    }
    if (order == ORDER_IDENTITY) return canonical_identity(data, length);
    if (strchr("$=", data[0]) != NULL && length > 5) return canonical_text(data, length);
    if (element_count(data) <= 0) return length;
    return canonical_elements(data, length, order, queued, queued_count);
}

static size_t canonical_elements(char *data, size_t length, reply_order order,
                                 const reply_order *queued, size_t queued_count) {
    char *first = data + (line_end(data, data + length) - data), *from = first, *to = first;
    char *end = data + length;
    long count = element_count(data);
    for (long i = 0; i < count; i++) {
        size_t size = (size_t)measure(from, end, 0);
        reply_order inner = ORDER_EXACT;
        if (order == ORDER_DEEP) inner = ORDER_DEEP;
        if (order == ORDER_SCAN && i == 1) inner = ORDER_FREE;
        if (order == ORDER_QUEUED && (size_t)i < queued_count) inner = queued[i];
        memmove(to, from, size);
        from += size;
        to += resp_canonical(to, size, inner, NULL, 0);
    }
    length = (size_t)(to - data);
    size_t body = (size_t)(to - first);
    if (order == ORDER_FREE || order == ORDER_DEEP) sort_elements(first, body, count, 1);
    if (order == ORDER_FREE_PAIRS) sort_elements(first, body, count, 2);
    return length;
}
