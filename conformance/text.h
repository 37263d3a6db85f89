/* Strings on the heap, for whoever builds sentences, names and reports.
 *
 * Running out of memory while a sentence is written leaves nothing useful to say: these functions
 * print one line and leave the program with status 3, so that callers read straight down.
 * Ownership: what a function returns belongs to the caller, who frees it with free().
 */
#ifndef CONFORMANCE_TEXT_H
#define CONFORMANCE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ttlspec/bytes.h"

#if defined(__GNUC__)
#define TEXT_FORMAT(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define TEXT_FORMAT(text, first)
#endif

/* As calloc and realloc, never NULL. */
void *memory_zeroed(size_t count, size_t size);
void *memory_resized(void *memory, size_t count, size_t size);
/* Makes room for one more item in an array of `count` that grows by doubling. */
void *memory_grown(void *memory, size_t count, size_t size);

/* A copy; NULL of NULL. */
char *text_copy(const char *text);
char *text_copy_bytes(ttl_bytes bytes);
/* As sprintf, into a string of the right size. */
char *text_format(const char *format, ...) TEXT_FORMAT(1, 2);
char *text_format_list(const char *format, va_list arguments) TEXT_FORMAT(1, 0);
/* Frees `*text` and puts the formatted string there. */
void text_replace(char **text, const char *format, ...) TEXT_FORMAT(2, 3);

/* `text` as one word of a POSIX shell: quoted only when it has to be. */
void text_shell_word(FILE *to, ttl_bytes text);
/* How many columns `text` takes on a terminal: code points of UTF-8, not bytes. */
size_t text_width(const char *text);
/* How many bytes of a paragraph fit into a line of so many columns: broken at a blank, at least one
 * word. */
size_t text_line_length(const char *text, size_t columns);

/* Everything in a file, NUL after it. NULL: `error` says why, in a sentence. */
char *text_read_file(const char *path, size_t *length, char **error);
/* Replaces the file at `path` by these bytes: written beside it, synced, renamed, so that a full
 * disk leaves the old file as it was. False: `error` says why, in a sentence. */
bool text_write_file(const char *path, const char *data, size_t length, char **error);

#endif
