#include "cli/serve_request.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

enum {
    LINE_MAX_BYTES = 64 * 1024,         /* an inline command, or the line of a length */
    ARGUMENTS_MAX = 1024 * 1024,        /* of one request */
    BULK_MAX_BYTES = 512 * 1024 * 1024, /* of one argument: proto-max-bulk-len of Redis */
};

/* hiredis 1.0 counts an array's elements in a size_t. */
#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

bool request_buffer_add(request_buffer *buffer, const char *data, size_t length) {
    if (length > buffer->capacity - buffer->length) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (capacity - buffer->length < length) capacity *= 2;
        char *grown = realloc(buffer->data, capacity);
        if (!grown) return false;
        buffer->data = grown;
        buffer->capacity = capacity;
    }
    if (length) memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    return true;
}

void request_buffer_free(request_buffer *buffer) {
    free(buffer->data);
    *buffer = (request_buffer){0};
}

static request_state request_break(request_reader *reader, const char *why) {
    /* The first reason is the one to tell. */
    if (!reader->error[0]) {
        snprintf(reader->error, sizeof reader->error, "ERR Protocol error: %s", why);
    }
    return REQUEST_BROKEN;
}

static void request_break_on(request_reader *reader, char type) {
    char why[32];
    snprintf(why, sizeof why, "expected '$', got '%c'", isprint((unsigned char)type) ? type : '?');
    request_break(reader, why);
}

/* Arguments lie one behind the other in `text`, which may move as it grows: their places are
 * filled in when the request is whole. */
static bool argument_end(request_reader *reader, size_t length) {
    if (reader->argc == reader->argv_capacity) {
        size_t capacity = reader->argv_capacity ? reader->argv_capacity * 2 : 16;
        ttl_bytes *grown = realloc(reader->argv, capacity * sizeof *grown);
        if (!grown) return false;
        reader->argv = grown;
        reader->argv_capacity = capacity;
    }
    reader->argv[reader->argc++] = (ttl_bytes){NULL, length};
    return true;
}

static request_state request_ready(request_reader *reader) {
    size_t offset = 0;
    for (size_t i = 0; i < reader->argc; i++) {
        reader->argv[i].data = reader->text.data ? reader->text.data + offset : "";
        offset += reader->argv[i].length;
    }
    return REQUEST_READY;
}

static void request_begin(request_reader *reader) {
    reader->argc = 0;
    reader->text.length = 0;
}

/* What hiredis' reader calls for each element. It wants an object back: the reader itself is one
 * as good as any. NULL stands for "no memory". */

static void *on_string(const redisReadTask *task, char *data, size_t length) {
    request_reader *reader = task->privdata;
    if (task->type != REDIS_REPLY_STRING || !task->parent) {
        request_break_on(reader, task->type == REDIS_REPLY_STATUS  ? '+'
                                 : task->type == REDIS_REPLY_ERROR ? '-'
                                                                   : '?');
        return reader;
    }
    if (!request_buffer_add(&reader->text, data, length)) return NULL;
    return argument_end(reader, length) ? reader : NULL;
}

static void *on_array(const redisReadTask *task, element_count count) {
    request_reader *reader = task->privdata;
    if (task->parent) request_break_on(reader, '*');
    if (count > ARGUMENTS_MAX) request_break(reader, "invalid multibulk length");
    return reader;
}

static void *on_integer(const redisReadTask *task, long long value) {
    (void)value;
    request_break_on(task->privdata, ':');
    return task->privdata;
}

static void *on_nil(const redisReadTask *task) {
    if (task->parent) request_break(task->privdata, "invalid bulk length");
    return task->privdata;
}

static void on_free(void *object) {
    (void)object; /* the objects are the reader, which stays */
}

#if HIREDIS_MAJOR >= 1
static void *on_double(const redisReadTask *task, double value, char *text, size_t length) {
    (void)value, (void)text, (void)length;
    request_break_on(task->privdata, ',');
    return task->privdata;
}

static void *on_boolean(const redisReadTask *task, int value) {
    (void)value;
    request_break_on(task->privdata, '#');
    return task->privdata;
}
#endif

static redisReplyObjectFunctions request_functions = {
    .createString = on_string,
    .createArray = on_array,
    .createInteger = on_integer,
    .createNil = on_nil,
    .freeObject = on_free,
#if HIREDIS_MAJOR >= 1
    .createDouble = on_double,
    .createBool = on_boolean,
#endif
};

static bool resp_renew(request_reader *reader) {
    if (reader->resp) redisReaderFree(reader->resp);
    reader->resp = redisReaderCreateWithFunctions(&request_functions);
    if (!reader->resp) return false;
    reader->resp->privdata = reader;
    return true;
}

bool request_reader_init(request_reader *reader) {
    *reader = (request_reader){0};
    return resp_renew(reader);
}

void request_reader_free(request_reader *reader) {
    if (reader->resp) redisReaderFree(reader->resp);
    request_buffer_free(&reader->line);
    request_buffer_free(&reader->text);
    free(reader->argv);
    *reader = (request_reader){0};
}

bool request_reader_feed(request_reader *reader, const char *data, size_t length) {
    if (reader->reads_resp) return redisReaderFeed(reader->resp, data, length) == REDIS_OK;
    return request_buffer_add(&reader->line, data, length);
}

/* One word of an inline command, from `at`, quotes and escapes taken away, onto `text`. Returns
 * where it ends, or NULL when a quote is left open or there is no memory. */
static const char *line_word(request_reader *reader, const char *at, const char *end) {
    size_t begin = reader->text.length;
    char quote = 0;
    for (; at < end; at++) {
        char byte = *at;
        if (!quote && isspace((unsigned char)byte)) break;
        if (!quote && (byte == '"' || byte == '\'')) {
            quote = byte;
            continue;
        }
        if (quote && byte == quote) {
            /* A closing quote ends its word. */
            if (at + 1 < end && !isspace((unsigned char)at[1])) return NULL;
            quote = 0;
            continue;
        }
        if (quote == '\'' && byte == '\\' && at + 1 < end && at[1] == '\'') byte = *++at;
        if (quote == '"' && byte == '\\' && at + 1 < end) {
            static const char names[] = "nrtba", meanings[] = "\n\r\t\b\a";
            byte = *++at;
            const char *name = memchr(names, byte, sizeof names - 1);
            if (name) byte = meanings[name - names];
            if (byte == 'x' && end - at > 2 && isxdigit((unsigned char)at[1]) &&
                isxdigit((unsigned char)at[2])) {
                byte = (char)strtol((char[]){at[1], at[2], 0}, NULL, 16);
                at += 2;
            }
        }
        if (!request_buffer_add(&reader->text, &byte, 1)) return NULL;
    }
    if (quote || !argument_end(reader, reader->text.length - begin)) return NULL;
    return at;
}

static request_state line_split(request_reader *reader, const char *at, const char *end) {
    request_begin(reader);
    for (;;) {
        while (at < end && isspace((unsigned char)*at)) at++;
        if (at == end) return request_ready(reader);
        at = line_word(reader, at, end);
        if (!at) return request_break(reader, "unbalanced quotes in request");
    }
}

static request_state line_next(request_reader *reader) {
    const char *begin = reader->line.data + reader->line_begin;
    size_t length = reader->line.length - reader->line_begin;
    const char *newline = memchr(begin, '\n', length);
    if (!newline) {
        if (length > LINE_MAX_BYTES) return request_break(reader, "too big inline request");
        return REQUEST_INCOMPLETE;
    }
    request_state state = line_split(reader, begin, newline);
    reader->line_begin += (size_t)(newline + 1 - begin);
    return state;
}

/* Moves what is left in `line` to hiredis, whose turn it is. */
static bool line_to_resp(request_reader *reader) {
    if (redisReaderFeed(reader->resp, reader->line.data + reader->line_begin,
                        reader->line.length - reader->line_begin) != REDIS_OK) {
        return false;
    }
    reader->line.length = reader->line_begin = 0;
    reader->reads_resp = true;
    return true;
}

/* The way back. hiredis cannot give bytes up, so it is replaced. */
static bool resp_to_line(request_reader *reader) {
    const redisReader *resp = reader->resp;
    reader->line.length = reader->line_begin = 0;
    if (!request_buffer_add(&reader->line, resp->buf + resp->pos, resp->len - resp->pos)) {
        return false;
    }
    reader->reads_resp = false;
    return resp_renew(reader);
}

/* hiredis waits for as many bytes as a length announces: a length that nobody should send is
 * refused as soon as it is there. What it waits for begins with a length, its type already
 * read. */
static request_state resp_wait(request_reader *reader) {
    const redisReader *resp = reader->resp;
    size_t length = resp->len - resp->pos;
    if (!length) return REQUEST_INCOMPLETE;

    const char *begin = resp->buf + resp->pos;
    if (!memchr(begin, '\n', length)) {
        if (length > LINE_MAX_BYTES) return request_break(reader, "too big bulk count string");
        return REQUEST_INCOMPLETE;
    }
    /* The buffer of hiredis ends with a NUL. */
    if (isdigit((unsigned char)*begin) && strtoll(begin, NULL, 10) > BULK_MAX_BYTES) {
        return request_break(reader, "invalid bulk length");
    }
    return REQUEST_INCOMPLETE;
}

/* The sentence of Redis for what hiredis complains about, in any of its releases. */
static request_state resp_error(request_reader *reader) {
    const char *text = reader->resp->errstr;
    const char *byte = strstr(text, "got \"");
    if (reader->resp->err == REDIS_ERR_OOM) return request_break(reader, "out of memory");
    if (byte) {
        request_break_on(reader, byte[5] == '\\' ? '?' : byte[5]);
    } else if (strstr(text, "ulti")) {
        request_break(reader, "invalid multibulk length");
    } else if (strstr(text, "nested")) {
        request_break_on(reader, '*');
    }
    return request_break(reader, "invalid bulk length");
}

static request_state resp_next(request_reader *reader) {
    void *whole = NULL;
    if (!reader->in_request) request_begin(reader);
    int status = redisReaderGetReply(reader->resp, &whole);
    if (reader->error[0]) return REQUEST_BROKEN;
    if (status != REDIS_OK) return resp_error(reader);
    reader->in_request = !whole;
    return whole ? request_ready(reader) : resp_wait(reader);
}

/* One step: a request (perhaps of no arguments), or the change of whose turn it is. */
static request_state reader_step(request_reader *reader, bool *turned) {
    *turned = false;
    if (!reader->reads_resp) {
        if (reader->line_begin == reader->line.length) {
            reader->line.length = reader->line_begin = 0;
            return REQUEST_INCOMPLETE;
        }
        if (reader->line.data[reader->line_begin] != '*') return line_next(reader);
        *turned = true;
        return line_to_resp(reader) ? REQUEST_INCOMPLETE : request_break(reader, "out of memory");
    }
    const redisReader *resp = reader->resp;
    if (!reader->in_request && resp->pos < resp->len && resp->buf[resp->pos] != '*') {
        *turned = true;
        return resp_to_line(reader) ? REQUEST_INCOMPLETE : request_break(reader, "out of memory");
    }
    if (!reader->in_request && resp->pos == resp->len) return REQUEST_INCOMPLETE;
    return resp_next(reader);
}

request_state request_reader_next(request_reader *reader) {
    if (reader->error[0]) return REQUEST_BROKEN;
    for (;;) {
        bool turned;
        request_state state = reader_step(reader, &turned);
        if (turned && state != REQUEST_BROKEN) continue;
        if (state == REQUEST_READY && reader->argc == 0) continue;
        return state;
    }
}
