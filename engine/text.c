#include "engine/text.h"

#include "engine/number.h"

enum { TEXT_FIRST = 256 };

static bool text_room(struct text *text, size_t needed) {
    if (text->failed) return false;
    if (needed <= text->capacity) return true;
    size_t capacity = text->capacity == 0 ? TEXT_FIRST : text->capacity;
    while (capacity < needed) capacity *= 2;
    char *data = memory_resize(text->memory, text->data, text->capacity, capacity);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_add_bytes(struct text *text, ttl_bytes piece) {
    if (piece.length == 0 || !text_room(text, text->length + piece.length)) return;
    memcpy(text->data + text->length, piece.data, piece.length);
    text->length += piece.length;
}

void text_add(struct text *text, const char *piece) {
    text_add_bytes(text, ttl_bytes_of(piece));
}

void text_add_integer(struct text *text, int64_t number) {
    char digits[NUMBER_INTEGER_ROOM];
    text_add_bytes(text, (ttl_bytes){digits, number_format_integer(number, digits)});
}

void text_free(struct text *text) {
    memory_give(text->memory, text->data, text->capacity);
    text->data = NULL;
    text->length = text->capacity = 0;
}
