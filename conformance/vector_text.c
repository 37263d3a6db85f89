#include "conformance/vector_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/notation.h"
#include "conformance/number.h"

enum { MS_PER_S = 1000 };

/* Reads the sign and digits of an offset from T0. */
static bool parse_offset(const char *text, size_t length, int64_t *offset) {
    *offset = 0;
    if (length == 0) return true;
    if (length < 2 || (text[0] != '+' && text[0] != '-')) return false;
    if (!number_parse_digits(text + 1, length - 1, NUMBER_EXACT_MAX, offset)) return false;
    if (text[0] == '-') *offset = -*offset;
    return true;
}

/* "", "2", "3" ... "999": what may follow the letter of a key. */
static bool is_ordinal(const char *text, size_t length) {
    if (length == 0) return true;
    int64_t number = 0;
    return number_parse_digits(text, length, 999, &number) && number >= 2;
}

/* Reads what stands between two braces. */
static bool parse_placeholder(arena *memory, const char *name, size_t length,
                              vector_text_piece *piece) {
    *piece = (vector_text_piece){.kind = VECTOR_TEXT_BYTES};
    if (length >= 3 && memcmp(name, "t0s", 3) == 0) {
        piece->kind = VECTOR_TEXT_T0_S;
        return parse_offset(name + 3, length - 3, &piece->number);
    }
    if (length >= 2 && memcmp(name, "t0", 2) == 0) {
        piece->kind = VECTOR_TEXT_T0_MS;
        return parse_offset(name + 2, length - 2, &piece->number);
    }
    if ((length == 2 && memcmp(name, "db", 2) == 0) ||
        (length == 3 && memcmp(name, "db2", 3) == 0)) {
        piece->kind = VECTOR_TEXT_DATABASE;
        piece->number = length == 3;
        return true;
    }
    piece->kind = VECTOR_TEXT_KEY;
    piece->bytes = arena_copy_bytes(memory, name, length);
    return length >= 1 && name[0] == 'k' && is_ordinal(name + 1, length - 1);
}

static size_t count_pieces(const char *source) {
    size_t braces = 0;
    for (const char *at = source; *at != '\0'; at++) braces += *at == '{';
    return 2 * braces + 1;
}

bool vector_text_parse(arena *memory, const char *source, vector_text *text, const char **wrong) {
    vector_text_piece *pieces =
        arena_take_array(memory, count_pieces(source), sizeof(vector_text_piece));
    *text = (vector_text){0, pieces};
    while (*source != '\0') {
        size_t plain = strcspn(source, "{");
        if (plain > 0) {
            pieces[text->count++] =
                (vector_text_piece){VECTOR_TEXT_BYTES, arena_copy_bytes(memory, source, plain), 0};
            source += plain;
            continue;
        }
        const char *end = strchr(source, '}');
        size_t length = end == NULL ? 0 : (size_t)(end - source) - 1;
        if (end == NULL || !parse_placeholder(memory, source + 1, length, &pieces[text->count])) {
            *wrong = "a brace opens a placeholder: {k}, {k2}, {db}, {db2}, {t0+100} or {t0s+1}; "
                     "any other text with braces is written {\"hex\": \"...\"}";
            return false;
        }
        text->count++;
        source = end + 1;
    }
    return true;
}

vector_text vector_text_of_bytes(arena *memory, const char *data, size_t length) {
    if (length == 0) return (vector_text){0, NULL};
    vector_text_piece *piece = arena_take(memory, sizeof *piece);
    *piece = (vector_text_piece){VECTOR_TEXT_BYTES, arena_copy_bytes(memory, data, length), 0};
    return (vector_text){1, piece};
}

/* A buffer that counts what does not fit. */
typedef struct fill_buffer {
    char *buffer;
    size_t size, length;
} fill_buffer;

static void fill_bytes(fill_buffer *fill, const char *data, size_t length) {
    if (fill->length < fill->size) {
        size_t room = fill->size - fill->length;
        memcpy(fill->buffer + fill->length, data, length < room ? length : room);
    }
    fill->length += length;
}

static void fill_number(fill_buffer *fill, int64_t number) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    fill_bytes(fill, digits, (size_t)length);
}

size_t vector_text_fill(const vector_text *text, const vector_world *world, char *buffer,
                        size_t size) {
    fill_buffer out = {buffer, size, 0};
    for (size_t i = 0; i < text->count; i++) {
        const vector_text_piece *piece = &text->pieces[i];
        switch (piece->kind) {
        case VECTOR_TEXT_KEY:
            fill_bytes(&out, world->key_prefix.data, world->key_prefix.length);
            fill_bytes(&out, piece->bytes.data, piece->bytes.length);
            break;
        case VECTOR_TEXT_BYTES: fill_bytes(&out, piece->bytes.data, piece->bytes.length); break;
        case VECTOR_TEXT_DATABASE: fill_number(&out, world->databases[piece->number]); break;
        case VECTOR_TEXT_T0_MS: fill_number(&out, world->t0_ms + piece->number); break;
        case VECTOR_TEXT_T0_S:
            assert(world->t0_ms % MS_PER_S == 0);
            fill_number(&out, world->t0_ms / MS_PER_S + piece->number);
            break;
        }
    }
    return out.length;
}

ttl_bytes vector_text_filled(const vector_text *text, const vector_world *world, arena *memory) {
    size_t length = vector_text_fill(text, world, NULL, 0);
    char *bytes = arena_take(memory, length + 1);
    vector_text_fill(text, world, bytes, length);
    return (ttl_bytes){bytes, length};
}

static void print_placeholder(const vector_text_piece *piece, FILE *out) {
    switch (piece->kind) {
    case VECTOR_TEXT_BYTES: break;
    case VECTOR_TEXT_KEY:
        fprintf(out, "{%.*s}", (int)piece->bytes.length, piece->bytes.data);
        break;
    case VECTOR_TEXT_DATABASE: fputs(piece->number == 1 ? "{db2}" : "{db}", out); break;
    case VECTOR_TEXT_T0_MS:
    case VECTOR_TEXT_T0_S:
        fputs(piece->kind == VECTOR_TEXT_T0_S ? "{t0s" : "{t0", out);
        if (piece->number != 0) fprintf(out, "%+" PRId64, piece->number);
        fputc('}', out);
        break;
    }
}

void vector_text_print(const vector_text *text, FILE *out) {
    char *source = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&source, &length);
    if (stream == NULL) arena_out_of_memory();
    for (size_t i = 0; i < text->count; i++) {
        const vector_text_piece *piece = &text->pieces[i];
        if (piece->kind == VECTOR_TEXT_BYTES)
            fwrite(piece->bytes.data, 1, piece->bytes.length, stream);
        else print_placeholder(piece, stream);
    }
    if (fclose(stream) != 0) arena_out_of_memory();
    notation_write_bytes(out, (ttl_bytes){source, length});
    free(source);
}

vector_t0 vector_text_t0(const vector_text *text) {
    vector_t0 most = VECTOR_T0_UNNAMED;
    for (size_t i = 0; i < text->count; i++) {
        if (text->pieces[i].kind == VECTOR_TEXT_T0_S) return VECTOR_T0_IN_SECONDS;
        if (text->pieces[i].kind == VECTOR_TEXT_T0_MS) most = VECTOR_T0_IN_MS;
    }
    return most;
}

bool vector_text_uses_second_database(const vector_text *text) {
    for (size_t i = 0; i < text->count; i++)
        if (text->pieces[i].kind == VECTOR_TEXT_DATABASE && text->pieces[i].number == 1)
            return true;
    return false;
}
