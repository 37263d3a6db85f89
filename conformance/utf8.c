#include "conformance/utf8.h"

size_t utf8_character_length(const char *data, size_t length) {
    const unsigned char *bytes = (const unsigned char *)data;
    if (length == 0) return 0;
    unsigned char first = bytes[0];
    if (first < 0x80) return 1;
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || length < size) return 0;
    for (size_t i = 1; i < size; i++)
        if ((bytes[i] & 0xC0) != 0x80) return 0;
    if (first == 0xE0 && bytes[1] < 0xA0) return 0; /* overlong */
    if (first == 0xED && bytes[1] > 0x9F) return 0; /* a surrogate */
    if (first == 0xF0 && bytes[1] < 0x90) return 0; /* overlong */
    if (first == 0xF4 && bytes[1] > 0x8F) return 0; /* above U+10FFFF */
    return size;
}

size_t utf8_valid_length(const char *data, size_t length) {
    size_t at = 0;
    while (at < length) {
        size_t size = utf8_character_length(data + at, length - at);
        if (size == 0) break;
        at += size;
    }
    return at;
}

size_t utf8_encode(unsigned code_point, char *buffer) {
    if (code_point < 0x80) {
        buffer[0] = (char)code_point;
        return 1;
    }
    size_t size = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, code_point >>= 6)
        buffer[i] = (char)(0x80 | (code_point & 0x3F));
    unsigned lead = size == 2 ? 0xC0 : size == 3 ? 0xE0 : 0xF0;
    buffer[0] = (char)(lead | code_point);
    return size;
}
