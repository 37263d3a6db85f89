#include "conformance/json_scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/number.h"
#include "conformance/text.h"
#include "conformance/utf8.h"

/* Some versions of cJSON give up on numbers longer than 63 bytes. */
enum { NUMBER_LENGTH_MAX = 63 };

typedef struct scanner {
    json_document *document;
    problem_list *problems;
    const char *at, *end;
    int line;
    int depth;
} scanner;

/* Tells a problem at the line where the scanner is, inside the value at `place`. */
static void tell(scanner *scan, int place, const char *sentence) {
    arena scratch = {NULL};
    problem_add(scan->problems, PROBLEM_ERROR, scan->document->file,
                json_pointer_of_place(scan->document, place, &scratch), scan->line, "%s", sentence);
    arena_free(&scratch);
}

/* The text cannot be JSON: scanning ends here. */
static bool fail(scanner *scan, int place, const char *sentence) {
    tell(scan, place, sentence);
    return false;
}

static int add_place(scanner *scan, int parent, const char *key, int index) {
    json_document *document = scan->document;
    if (document->place_count == document->place_capacity) {
        size_t capacity = document->place_capacity == 0 ? 256 : 2 * document->place_capacity;
        document->places = memory_resized(document->places, capacity, sizeof *document->places);
        document->place_capacity = capacity;
    }
    document->places[document->place_count] = (json_place){scan->line, parent, key, index};
    return (int)document->place_count++;
}

static bool at_end(const scanner *scan) {
    return scan->at == scan->end;
}

static bool next_is(const scanner *scan, char byte) {
    return !at_end(scan) && *scan->at == byte;
}

static void skip_space(scanner *scan) {
    for (; !at_end(scan); scan->at++) {
        if (*scan->at == '\n') scan->line++;
        else if (*scan->at != ' ' && *scan->at != '\t' && *scan->at != '\r') return;
    }
}

static bool take(scanner *scan, char byte) {
    skip_space(scan);
    if (!next_is(scan, byte)) return false;
    scan->at++;
    return true;
}

/* Reads four hexadecimal digits of \uXXXX. */
static bool scan_code_unit(scanner *scan, unsigned *unit) {
    *unit = 0;
    if (scan->end - scan->at < 4) return false;
    for (int i = 0; i < 4; i++, scan->at++) {
        unsigned char c = (unsigned char)*scan->at;
        unsigned digit = c >= '0' && c <= '9'   ? c - (unsigned)'0'
                         : c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10
                         : c >= 'A' && c <= 'F' ? c - (unsigned)'A' + 10
                                                : 16;
        if (digit == 16) return false;
        *unit = *unit << 4 | digit;
    }
    return true;
}

/* A \u escape behind its "u": writes its character to `into`, which moves on. */
static bool scan_unicode(scanner *scan, int place, char **into) {
    unsigned unit = 0, low = 0;
    if (!scan_code_unit(scan, &unit))
        return fail(scan, place, "expected four hexadecimal digits after \\u");
    if (unit >= 0xD800 && unit <= 0xDFFF) {
        bool pair = unit <= 0xDBFF && scan->end - scan->at >= 2 && scan->at[0] == '\\' &&
                    scan->at[1] == 'u';
        if (pair) scan->at += 2;
        if (!pair || !scan_code_unit(scan, &low) || low < 0xDC00 || low > 0xDFFF)
            return fail(scan, place,
                        "half of a surrogate pair is no character; raw bytes are "
                        "written {\"hex\": \"...\"}");
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    if (unit == 0)
        tell(scan, place, "a text cannot hold NUL; raw bytes are written {\"hex\": \"00\"}");
    *into += utf8_encode(unit, *into);
    return true;
}

static bool scan_escape(scanner *scan, int place, char **into) {
    static const char names[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
    if (at_end(scan)) return fail(scan, place, "the file ends inside a string");
    char name = *scan->at++;
    if (name == 'u') return scan_unicode(scan, place, into);
    const char *known = name == '\0' ? NULL : strchr(names, name);
    if (known == NULL)
        return fail(scan, place, "expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    *(*into)++ = characters[known - names];
    return true;
}

/* One character of a string that is not escaped. */
static bool scan_character(scanner *scan, int place, char **into) {
    unsigned char byte = (unsigned char)*scan->at;
    if (byte == '\n') return fail(scan, place, "a string ends on the line where it began");
    if (byte == 0) return fail(scan, place, "the file holds a NUL byte; it must be text");
    if (byte < 0x20)
        return fail(scan, place, "a control character in a string is written \\t or \\u00XX");
    size_t size = utf8_character_length(scan->at, (size_t)(scan->end - scan->at));
    if (size == 0)
        return fail(scan, place,
                    "malformed UTF-8; raw bytes are written "
                    "{\"hex\": \"...\"}");
    memcpy(*into, scan->at, size);
    *into += size;
    scan->at += size;
    return true;
}

/* A string behind its opening quote, decoded into a buffer of the caller; the buffer is as long as
 * the rest of the line, which no decoded string exceeds. */
static bool scan_string(scanner *scan, int place, char *into) {
    for (;;) {
        if (at_end(scan)) return fail(scan, place, "the file ends inside a string");
        if (*scan->at == '"') break;
        bool sound = *scan->at == '\\' ? (scan->at++, scan_escape(scan, place, &into))
                                       : scan_character(scan, place, &into);
        if (!sound) return false;
    }
    scan->at++;
    *into = '\0';
    return true;
}

/* The bytes to the closing quote, escapes counted whole: what a decoded string needs at most. */
static size_t string_room(const scanner *scan) {
    const char *at = scan->at;
    while (at < scan->end && *at != '"' && *at != '\n') at += *at == '\\' ? 2 : 1;
    return (size_t)(at - scan->at) + 4;
}

static size_t scan_digits(scanner *scan) {
    const char *start = scan->at;
    while (!at_end(scan) && *scan->at >= '0' && *scan->at <= '9') scan->at++;
    return (size_t)(scan->at - start);
}

/* Numbers follow JSON's grammar, and the format's: whole, and exact as a double. */
static bool scan_number(scanner *scan, int place) {
    const char *start = scan->at;
    bool whole = true;
    if (next_is(scan, '-')) scan->at++;
    const char *first = scan->at;
    size_t digits = scan_digits(scan);
    if (digits == 0) return fail(scan, place, "expected a value");
    if (digits > 1 && *first == '0') return fail(scan, place, "a number does not begin with 0");
    if (next_is(scan, '.')) {
        whole = false;
        scan->at++;
        if (scan_digits(scan) == 0) return fail(scan, place, "expected digits after the point");
    }
    if (next_is(scan, 'e') || next_is(scan, 'E')) {
        whole = false;
        scan->at++;
        if (next_is(scan, '+') || next_is(scan, '-')) scan->at++;
        if (scan_digits(scan) == 0) return fail(scan, place, "expected digits in the exponent");
    }
    size_t length = (size_t)(scan->at - start);
    int64_t number = 0;
    if (!whole)
        tell(scan, place,
             "expected a whole number without point or exponent; a double is "
             "written {\"double\": \"1.5\"}");
    else if (!number_parse(start, length, &number) || number > NUMBER_EXACT_MAX ||
             number < -NUMBER_EXACT_MAX)
        tell(scan, place,
             "a double does not hold this number exactly; write it as a string: "
             "{\"integer\": \"...\"}");
    if (length <= NUMBER_LENGTH_MAX) return true;
    return fail(scan, place, "no number is this long");
}

static bool scan_word(scanner *scan, int place) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, words[i], length) != 0)
            continue;
        scan->at += length;
        return true;
    }
    return fail(scan, place,
                *scan->at == '\0' ? "the file holds a NUL byte; it must be text"
                                  : "expected a value");
}

static bool scan_value(scanner *scan, int parent, const char *key, int index);

static bool scan_array(scanner *scan, int place) {
    if (take(scan, ']')) return true;
    for (int index = 0;; index++) {
        if (!scan_value(scan, place, NULL, index)) return false;
        if (take(scan, ']')) return true;
        if (!take(scan, ',')) return fail(scan, place, "expected ',' or ']' after an element");
    }
}

/* The keys of one object, newest first. */
typedef struct member {
    const char *key;
    int line;
    const struct member *older;
} member;

static void check_key(scanner *scan, int place, const member *members, const char *key) {
    for (; members != NULL; members = members->older) {
        if (strcmp(members->key, key) != 0) continue;
        char *sentence =
            text_format("duplicate key \"%s\": it already stands on line %d", key, members->line);
        tell(scan, place, sentence);
        free(sentence);
        return;
    }
}

static bool scan_object(scanner *scan, int place) {
    const member *members = NULL;
    if (take(scan, '}')) return true;
    for (;;) {
        if (!take(scan, '"')) return fail(scan, place, "expected a key: a string in double quotes");
        char *key = arena_take(&scan->document->arena, string_room(scan));
        if (!scan_string(scan, place, key)) return false;
        check_key(scan, place, members, key);
        member *this_member = arena_take(&scan->document->arena, sizeof *this_member);
        *this_member = (member){key, scan->line, members};
        members = this_member;
        if (!take(scan, ':')) return fail(scan, place, "expected ':' after a key");
        if (!scan_value(scan, place, key, 0)) return false;
        if (take(scan, '}')) return true;
        if (!take(scan, ',')) return fail(scan, place, "expected ',' or '}' after a member");
    }
}

static bool scan_container(scanner *scan, int place, bool (*scan_inside)(scanner *, int)) {
    scan->at++;
    if (scan->depth == JSON_DEPTH_MAX) return fail(scan, place, "nested deeper than 64 levels");
    scan->depth++;
    bool sound = scan_inside(scan, place);
    scan->depth--;
    return sound;
}

static bool scan_value(scanner *scan, int parent, const char *key, int index) {
    skip_space(scan);
    if (at_end(scan))
        return fail(scan, parent,
                    parent < 0 ? "the file is empty: expected an object"
                               : "the file ends too early: expected a value");
    int place = add_place(scan, parent, key, index);
    switch (*scan->at) {
    case '{': return scan_container(scan, place, scan_object);
    case '[': return scan_container(scan, place, scan_array);
    case '"': {
        scan->at++;
        char *text = memory_zeroed(string_room(scan), 1);
        bool sound = scan_string(scan, place, text);
        free(text);
        return sound;
    }
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return scan_number(scan, place);
    default: return scan_word(scan, place);
    }
}

bool json_scan(json_document *document, const char *text, size_t length, problem_list *problems) {
    scanner scan = {document, problems, text, text + length, 1, 0};
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        return fail(&scan, -1, "the file begins with a byte order mark; save it without");
    if (!scan_value(&scan, -1, NULL, 0)) return false;
    skip_space(&scan);
    if (at_end(&scan)) return true;
    return fail(&scan, -1, "expected nothing after the document");
}
