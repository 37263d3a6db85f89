/* Requests: bytes from a client in, one command after the other out.
 *
 *      *2 $3 GET $1 k      a request of RESP: read by hiredis' reader
 *      GET "a key"         an inline command, as a person types it: words, quoted where needed
 *
 * Both may follow each other on one connection, cut into pieces anywhere. An empty request (an
 * empty line, an array of none) is passed over, as Redis does.
 *
 * Invariants: nothing is executed out of order; no more is buffered than one request of the sizes
 * that Redis allows; after REQUEST_BROKEN the reader is of no more use.
 * Cost: each byte of a request is copied twice, into hiredis' buffer and into the arguments.
 * Ownership: the reader owns everything; `argv` is good until the next call with that reader.
 */
#ifndef TTLSPEC_CLI_SERVE_REQUEST_H
#define TTLSPEC_CLI_SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "ttlspec/bytes.h"

struct redisReader;

typedef enum request_state {
    REQUEST_READY,      /* argc and argv hold a command */
    REQUEST_INCOMPLETE, /* more bytes are needed */
    REQUEST_BROKEN,     /* not the protocol: `error` says why; send it and hang up */
} request_state;

typedef struct request_buffer {
    char *data;
    size_t length, capacity;
} request_buffer;

typedef struct request_reader {
    size_t argc;
    ttl_bytes *argv;
    char error[128]; /* "ERR Protocol error: ..." */

    /* Bytes wait in `line` until they are known to begin a request of RESP; then hiredis has
     * them, until a request ends and something else than a request of RESP follows. */
    request_buffer line;
    size_t line_begin;
    struct redisReader *resp;
    bool reads_resp; /* whose buffer takes what comes next */
    bool in_request; /* hiredis has seen the beginning of a request and not its end */

    request_buffer text; /* the arguments, one behind the other */
    size_t argv_capacity;
} request_reader;

/* False: there is no memory. */
bool request_reader_init(request_reader *reader);
void request_reader_free(request_reader *reader);
/* Takes bytes as they come. False: there is no memory. */
bool request_reader_feed(request_reader *reader, const char *data, size_t length);
/* The next request of what was fed. */
request_state request_reader_next(request_reader *reader);

/* Appends bytes. False: there is no memory, and the buffer is unchanged. */
bool request_buffer_add(request_buffer *buffer, const char *data, size_t length);
void request_buffer_free(request_buffer *buffer);

#endif
