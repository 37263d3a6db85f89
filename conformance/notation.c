#include "conformance/notation.h"

#include <stdbool.h>

#include "conformance/utf8.h"

static bool is_text(ttl_bytes bytes) {
    return bytes.length == 0 || (memchr(bytes.data, '\0', bytes.length) == NULL &&
                                 utf8_valid_length(bytes.data, bytes.length) == bytes.length);
}

static void write_string(FILE *out, ttl_bytes text) {
    fputc('"', out);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        switch (byte) {
        case '"': fputs("\\\"", out); break;
        case '\\': fputs("\\\\", out); break;
        case '\n': fputs("\\n", out); break;
        case '\r': fputs("\\r", out); break;
        case '\t': fputs("\\t", out); break;
        default:
            if (byte < 0x20 || byte == 0x7F) fprintf(out, "\\u%04x", byte);
            else fputc(byte, out);
        }
    }
    fputc('"', out);
}

void notation_write_bytes(FILE *out, ttl_bytes bytes) {
    if (is_text(bytes)) {
        write_string(out, bytes);
        return;
    }
    fputs("{\"hex\": \"", out);
    for (size_t i = 0; i < bytes.length; i++) fprintf(out, "%02x", (unsigned char)bytes.data[i]);
    fputs("\"}", out);
}
