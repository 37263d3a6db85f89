/* One of the two sides of a differential check: something that executes a script and answers, byte
 * for byte, at exact virtual milliseconds. It is the engine in process, or a real server under the
 * virtual clock.
 *
 * What a step answers is kept in a canonical form: the bytes that came, with the freedoms of the
 * step's order taken out, so that two right answers are equal.
 *
 * Ownership: a side owns its process or its engine until side_close; answers are good until the
 * side runs its next script.
 */
#ifndef TTLSPEC_CONFORMANCE_TOOLS_SIDE_H
#define TTLSPEC_CONFORMANCE_TOOLS_SIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "conformance/process.h"
#include "conformance/tools/script.h"
#include "ttlspec/dialect.h"

typedef struct diff_buffer {
    char *data;
    size_t length, capacity;
} diff_buffer;

/* Stops the program when there is no memory: a tool may. */
void buffer_add(diff_buffer *buffer, const void *data, size_t length);

typedef struct diff_answer {
    size_t reply, reply_length;   /* in the side's bytes: what the connection was answered */
    size_t events, events_length; /* and what the listener heard */
} diff_answer;

typedef struct diff_side {
    const char *name;
    bool is_engine;
    ttl_dialect dialect; /* of an engine */
    /* of a server */
    scratch_directory scratch;
    virtual_clock clock;
    char preload[4096];
    const char *command[2];
    server_options options;
    server_process server;
    int connections[SCRIPT_CONNECTIONS];
    diff_buffer incoming[SCRIPT_CONNECTIONS];
    /* of both */
    diff_buffer bytes;
    diff_answer answers[SCRIPT_STEPS_MAX];
    size_t answered; /* steps: fewer than the script has when the side broke */
    char error[SERVER_ERROR_SIZE];
} diff_side;

/* `name` is "engine:DIALECT" or a server's program. False: see side->error. */
bool side_open(diff_side *side, const char *name);
void side_close(diff_side *side);
/* Executes the script on an empty keyspace. False: the side broke at step `answered`; it is ready
 * for another script. */
bool side_run(diff_side *side, const diff_script *script);

#endif
