#include "ttlspec/bytes.h"

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ttl_bytes_is_word(ttl_bytes bytes, const char *word) {
    for (size_t i = 0; i < bytes.length; i++)
        if (word[i] == '\0' || lower(bytes.data[i]) != lower(word[i])) return false;
    return word[bytes.length] == '\0';
}
