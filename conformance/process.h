/* Real servers as child processes: started in a private directory, stopped without a trace.
 *
 *      scratch directory            removed by us, or by its keeper when we die
 *        |- server.sock, log, the server's own files
 *      server process               SIGTERM, then SIGKILL; SIGKILL also when we die
 *
 * A command line that names no `{port}` and no `{socket}` is taken for a Redis-compatible server:
 * Redis' own options are appended (a unix socket, no persistence, DEBUG where it must be allowed).
 * In any other, `{port}` becomes a free loopback port, `{socket}` and `{dir}` paths in the scratch
 * directory, and nothing is appended but the caller's own arguments.
 *
 * Cost: starting a server takes what the server takes, a few milliseconds with Redis; nothing ever
 * waits longer than the options allow.
 * Ownership: a server_process owns its directory, its process and its keeper until server_stop; the
 * options and what they point to must outlive it. On Linux a server dies with the thread that
 * started it: start servers from one that lives as long as they shall.
 *
 * Where a function answers false, `error` (SERVER_ERROR_SIZE bytes) holds a sentence that says what
 * failed and, if the server ended, its last words.
 */
#ifndef TTLSPEC_CONFORMANCE_PROCESS_H
#define TTLSPEC_CONFORMANCE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conformance/virtual-clock/clock.h"

struct redisContext;

enum {
    SERVER_ERROR_SIZE = VIRTUAL_CLOCK_ERROR_SIZE,
    SCRATCH_PATH_SIZE = 80,    /* a socket's path may have 107 bytes in all */
    SERVER_START_MS = 10000,   /* how long a server may take to answer, when nobody says */
    SERVER_SHUTDOWN_MS = 1000, /* how long it may take to end after SIGTERM */
    SERVER_ANSWER_MS = 5000,   /* how long one reply may take */
};

/* A directory of our own under TMPDIR (or /tmp). Its keeper, a small process that only waits for
 * us to end, removes it when we could not. */
typedef struct scratch_directory {
    char path[SCRATCH_PATH_SIZE];
    int keeper_pipe;
    pid_t keeper;
} scratch_directory;

bool scratch_open(scratch_directory *scratch, char *error);
/* Removes the directory and all that is in it. */
void scratch_close(scratch_directory *scratch);

typedef struct server_options {
    const char *const *command;   /* the program and its arguments, then NULL */
    const char *const *arguments; /* more of them, after those we append; may be NULL */
    virtual_clock *clock;         /* NULL: the server lives in real time */
    const char *preload;          /* path of libttlclock.so; needed with a clock */
    bool tcp;                     /* a loopback port too, for a server that gets Redis' options */
    int start_ms;                 /* 0: SERVER_START_MS */
} server_options;

typedef struct server_process {
    const server_options *options;
    scratch_directory scratch;
    char socket[SCRATCH_PATH_SIZE + 16]; /* "": it listens on the port only */
    char log[SCRATCH_PATH_SIZE + 16];
    char preload[SCRATCH_PATH_SIZE + 16]; /* what LD_PRELOAD says to it */
    int port;                             /* 0: it listens on the socket only */
    pid_t pid;                            /* 0: not running */
    int status;                           /* as wait gives it, once it has ended */
    bool debug;                           /* enable-debug-command is passed */
} server_process;

/* Where libttlclock.so lies, seen from the running program: beside it, where `make install` puts
 * it, or above it in the build directory. False: in none of these. */
bool preload_find(char *path, size_t size);

/* Starts a server and waits until it answers. False: nothing is left of it. */
bool server_start(server_process *server, const server_options *options, char *error);
/* Ends the process with `signal` (SIGKILL if that is not heeded) and keeps its directory. */
void server_end(server_process *server, int signal);
/* Starts it again in its directory, at the same addresses, after server_end or its own end. */
bool server_start_again(server_process *server, char *error);
/* The same at new addresses, after the options have changed. */
bool server_start_elsewhere(server_process *server, char *error);
/* True when Redis' own options are appended to its command line, so that `arguments` may have more
 * of them. */
bool server_takes_options(const server_process *server);
/* Ends it and removes everything. May be called in any state, also twice. */
void server_stop(server_process *server);

/* False: it has ended; `status` says how. */
bool server_is_running(server_process *server);
/* The last lines of its log, at most `size` - 1 bytes, joined by " | ". */
void server_last_words(const server_process *server, char *text, size_t size);
/* A connection of its own, whose commands wait SERVER_ANSWER_MS at most. NULL: see `error`. */
struct redisContext *server_connect(const server_process *server, char *error);
/* True when the server tells the virtual clock's time to the microsecond, before and after a move.
 * The clock is as it was afterwards. */
bool server_obeys_clock(const server_process *server, char *error);

#endif
