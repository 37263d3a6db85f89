#include "ttlspec/bytes.h"

/* Two letters that differ by case alone differ in this bit, as do some signs. */
enum { CASE_BIT = 'a' ^ 'A' };

static bool is_letter(char c) {
    char lower = (char)(c | CASE_BIT);
    return lower >= 'a' && lower <= 'z';
}

bool ttl_bytes_is_word(ttl_bytes bytes, const char *word) {
    for (size_t i = 0; i < bytes.length; i++) {
        char mine = bytes.data[i], its = word[i];
        if (its == '\0') return false;
        if (mine != its && ((mine ^ its) != CASE_BIT || !is_letter(its))) return false;
    }
    return word[bytes.length] == '\0';
}
