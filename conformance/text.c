#include "conformance/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATUS_NO_MEMORY = 3, FIRST_CAPACITY = 8 };

static void *memory_or_exit(void *memory) {
    if (memory == NULL) {
        fputs("ttlspec: there is no memory left\n", stderr);
        exit(STATUS_NO_MEMORY);
    }
    return memory;
}

void *memory_zeroed(size_t count, size_t size) {
    return memory_or_exit(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

void *memory_resized(void *memory, size_t count, size_t size) {
    if (count == 0) count = 1;
    return memory_or_exit(size > SIZE_MAX / count ? NULL : realloc(memory, count * size));
}

void *memory_grown(void *memory, size_t count, size_t size) {
    if (count == 0) return memory_resized(memory, FIRST_CAPACITY, size);
    bool is_full = count >= FIRST_CAPACITY && (count & (count - 1)) == 0;
    return is_full ? memory_resized(memory, count * 2, size) : memory;
}

char *text_copy_bytes(ttl_bytes bytes) {
    char *copy = memory_zeroed(bytes.length + 1, 1);
    if (bytes.length > 0) memcpy(copy, bytes.data, bytes.length);
    return copy;
}

char *text_copy(const char *text) {
    return text == NULL ? NULL : text_copy_bytes(ttl_bytes_of(text));
}

char *text_format_list(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) return text_copy("");
    char *text = memory_zeroed((size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *text_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = text_format_list(format, arguments);
    va_end(arguments);
    return text;
}

void text_replace(char **text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *made = text_format_list(format, arguments);
    va_end(arguments);
    free(*text);
    *text = made;
}

static bool is_plain_in_shell(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_-./:=@%+,", c) != NULL);
}

void text_shell_word(FILE *to, ttl_bytes text) {
    bool plain = text.length > 0;
    for (size_t i = 0; i < text.length; i++) plain = plain && is_plain_in_shell(text.data[i]);
    if (plain) {
        fwrite(text.data, 1, text.length, to);
        return;
    }
    putc('\'', to);
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\'') fputs("'\\''", to);
        else putc(text.data[i], to);
    }
    putc('\'', to);
}

size_t text_width(const char *text) {
    size_t width = 0;
    for (; *text != '\0'; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

size_t text_line_length(const char *text, size_t columns) {
    size_t length = strcspn(text, " ");
    while (text[length] != '\0') {
        size_t with_word = length + 1 + strcspn(text + length + 1, " ");
        if (with_word > columns) break;
        length = with_word;
    }
    return length;
}

char *text_read_file(const char *path, size_t *length, char **error) {
    FILE *file = fopen(path, "rb");
    struct stat about;
    if (file != NULL && fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode)) {
        fclose(file);
        *error = text_format("%s: is a directory, not a file", path);
        return NULL;
    }
    if (file == NULL) {
        *error = text_format("%s: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    char *data = NULL;
    size_t used = 0, capacity = 0, got;
    do {
        if (capacity - used < BUFSIZ + 1)
            data = memory_resized(data, capacity += capacity + BUFSIZ + 1, 1);
        got = fread(data + used, 1, capacity - used - 1, file);
        used += got;
    } while (got > 0);
    bool failed = ferror(file) != 0;
    if (failed) *error = text_format("%s: cannot be read: %s", path, strerror(errno));
    fclose(file);
    data[used] = '\0';
    *length = used;
    if (!failed) return data;
    free(data);
    return NULL;
}

/* Writes and syncs; the cause is in errno when it answers false. */
static bool descriptor_write(int descriptor, const char *data, size_t length) {
    while (length > 0) {
        ssize_t written = write(descriptor, data, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        data += written;
        length -= (size_t)written;
    }
    /* Some file systems and all devices cannot sync, and say so with EINVAL. */
    return fsync(descriptor) == 0 || errno == EINVAL;
}

/* A pipe, a terminal or /dev/full has no name to swap: those are written in place. */
static bool device_write(const char *path, const char *data, size_t length) {
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    bool done = descriptor_write(descriptor, data, length);
    int cause = errno;
    close(descriptor);
    errno = cause;
    return done;
}

static bool regular_write(const char *path, const char *data, size_t length) {
    char *beside = text_format("%s.%ld.tmp", path, (long)getpid());
    int descriptor = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool done = descriptor >= 0 && descriptor_write(descriptor, data, length);
    int cause = errno;
    if (descriptor >= 0 && close(descriptor) != 0 && done) {
        cause = errno;
        done = false;
    }
    if (done && rename(beside, path) != 0) {
        cause = errno;
        done = false;
    }
    if (!done && descriptor >= 0) unlink(beside);
    free(beside);
    errno = cause;
    return done;
}

bool text_write_file(const char *path, const char *data, size_t length, char **error) {
    struct stat about;
    bool is_device = stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
    bool done = is_device ? device_write(path, data, length) : regular_write(path, data, length);
    if (!done) *error = text_format("%s: cannot be written: %s", path, strerror(errno));
    return done;
}
