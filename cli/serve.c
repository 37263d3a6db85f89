/* ttlspec serve: the reference engine over TCP or a Unix socket, for any client of Redis. */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <uv.h>

#include "cli/cli.h"
#include "cli/serve_connection.h"
#include "ttlspec/ttlspec.h"

enum { STATUS_OK = STATUS_CONFORMANT };
enum {
    PORT_DEFAULT = 6379,
    PORT_NONE = -1,
    BACKLOG = 511,
    FROZEN_CHECK_MS = 1000,
    FROZEN_CHECKS = 5, /* keys have waited through so many before it is said */
};

static const char usage[] =
    "usage: ttlspec serve [--port N] [--bind ADDRESS] [--unixsocket PATH]\n"
    "                     [--spec DIALECT] [--clock real|manual] [--seed N]\n"
    "\n"
    "The reference engine for any Redis client, until it is interrupted.\n"
    "\n"
    "  --port N           TCP port; 0 picks a free one (default 6379; none with --unixsocket "
    "alone)\n"
    "  --bind ADDRESS     numeric address to listen on (default 127.0.0.1)\n"
    "  --unixsocket PATH  listen on this socket\n"
    "  --spec DIALECT     which server, in which version, to be like (default redis-7.0)\n"
    "  --clock real       the machine's time (default)\n"
    "  --clock manual     time stands still until a client moves it:\n"
    "                       TTLSPEC CLOCK ADVANCE ms | SET ms | GET\n"
    "  --seed N           of the hash and of RANDOMKEY (default 0): a run can be repeated\n"
    "\n"
    "Says `ready: URL` for each address once it accepts clients there.\n";

typedef struct serve_options {
    int port;
    const char *bind;
    const char *unix_path;
    ttl_dialect dialect;
    bool manual;
    uint64_t seed;
} serve_options;

typedef struct serve_process {
    serve_server server;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
    uv_signal_t interrupt, terminate;
    uv_timer_t frozen; /* looks whether somebody waits for a clock that nobody moves */
    int frozen_checks; /* in a row at which keys waited */
} serve_process;

/* -- options ---------------------------------------------------------------------------------- */

static int complain_memory(void) {
    cli_complain("serve", "there is no memory left");
    return STATUS_UNUSABLE;
}

static bool parse_number(const char *text, uint64_t most, uint64_t *number) {
    if (*text < '0' || *text > '9') return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    *number = value;
    return errno == 0 && *end == 0 && value <= most;
}

static int complain_dialect(const char *name) {
    cli_complain("serve", "\"%s\" is not a dialect. These are tested:", name);
    for (size_t i = 0; ttl_dialect_names[i]; i++) fprintf(stderr, "  %s\n", ttl_dialect_names[i]);
    return STATUS_WRONG;
}

static int take_option(serve_options *options, int option, const char *value) {
    uint64_t number;
    switch (option) {
    case 'p':
        if (!parse_number(value, 65535, &number)) {
            return cli_complain("serve", "--port wants a number from 0 to 65535, not \"%s\"",
                                value);
        }
        options->port = (int)number;
        return STATUS_OK;
    case 'b': options->bind = value; return STATUS_OK;
    case 'u':
        if (!*value || strlen(value) >= sizeof((struct sockaddr_un *)0)->sun_path) {
            return cli_complain("serve", "--unixsocket wants a path of 1 to %zu bytes",
                                sizeof((struct sockaddr_un *)0)->sun_path - 1);
        }
        options->unix_path = value;
        return STATUS_OK;
    case 's':
        return ttl_dialect_parse(value, &options->dialect) ? STATUS_OK : complain_dialect(value);
    case 'c':
        options->manual = strcmp(value, "manual") == 0;
        if (options->manual || strcmp(value, "real") == 0) return STATUS_OK;
        return cli_complain("serve", "--clock is real or manual, not \"%s\"", value);
    case 'e':
        if (parse_number(value, UINT64_MAX, &options->seed)) return STATUS_OK;
        return cli_complain("serve", "--seed wants a number from 0 to 2^64-1, not \"%s\"", value);
    default: abort(); /* every option has its case */
    }
}

/* Returns an exit status; `*is_done` when there is nothing left to do but to end with it. */
static int parse_options(serve_options *options, int argc, char **argv, bool *is_done) {
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},
        {"bind", required_argument, NULL, 'b'},
        {"unixsocket", required_argument, NULL, 'u'},
        {"spec", required_argument, NULL, 's'},
        {"clock", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    *is_done = true;
    *options = (serve_options){.port = PORT_NONE, .bind = "127.0.0.1"};
    bool is_known = ttl_dialect_parse(ttl_dialect_default, &options->dialect);
    assert(is_known);
    (void)is_known;

    optind = 1;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "+:h", known, NULL)) != -1;) {
        if (option == 'h') return fputs(usage, stdout), STATUS_OK;
        if (option == ':' || option == '?') return cli_complain_option("serve", option, argv);
        int status = take_option(options, option, optarg);
        if (status != STATUS_OK) return status;
    }
    if (optind < argc) {
        return cli_complain("serve", "what is \"%s\"? See ttlspec serve --help", argv[optind]);
    }
    if (options->port == PORT_NONE && !options->unix_path) options->port = PORT_DEFAULT;
    *is_done = false;
    return STATUS_OK;
}

/* -- listening -------------------------------------------------------------------------------- */

static void on_client(uv_stream_t *listener, int status) {
    if (status == 0) connection_accept(listener);
}

static bool is_loopback(const struct sockaddr_storage *address) {
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        return (ntohl(in->sin_addr.s_addr) >> 24) == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static int listen_tcp(serve_process *process, const serve_options *options) {
    struct sockaddr_storage address = {0};
    bool is_ip6 = strchr(options->bind, ':') != NULL;
    int error = is_ip6 ? uv_ip6_addr(options->bind, options->port, (struct sockaddr_in6 *)&address)
                       : uv_ip4_addr(options->bind, options->port, (struct sockaddr_in *)&address);
    if (error) {
        return cli_complain("serve", "--bind wants a numeric address such as 127.0.0.1, not \"%s\"",
                            options->bind);
    }
    uv_tcp_init(&process->server.loop, &process->tcp);
    process->tcp.data = &process->server;
    error = uv_tcp_bind(&process->tcp, (struct sockaddr *)&address, 0);
    if (!error) error = uv_listen((uv_stream_t *)&process->tcp, BACKLOG, on_client);
    if (error) {
        cli_complain("serve", "cannot listen on %s port %d: %s%s", options->bind, options->port,
                     uv_strerror(error),
                     error == UV_EADDRINUSE ? "; --port 0 picks a free one" : "");
        return STATUS_UNUSABLE;
    }
    int length = sizeof address;
    uv_tcp_getsockname(&process->tcp, (struct sockaddr *)&address, &length);
    int port = ntohs(is_ip6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                            : ((struct sockaddr_in *)&address)->sin_port);
    if (!is_loopback(&address)) {
        cli_complain("serve",
                     "listening beyond loopback, on %s: whoever reaches it may use it, "
                     "there is no password",
                     options->bind);
    }
    printf(is_ip6 ? "ready: redis://[%s]:%d\n" : "ready: redis://%s:%d\n", options->bind, port);
    return STATUS_OK;
}

/* A socket that a killed server left behind is in the way; one that answers is somebody's. */
static void remove_stale_socket(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) return;
    int probe = socket(AF_UNIX, SOCK_STREAM, 0);
    if (probe < 0) return;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(probe, (struct sockaddr *)&address, sizeof address) != 0 && errno == ECONNREFUSED) {
        unlink(path);
    }
    close(probe);
}

static int listen_unix(serve_process *process, const char *path) {
    remove_stale_socket(path);
    uv_pipe_init(&process->server.loop, &process->pipe, 0);
    process->pipe.data = &process->server;
    int error = uv_pipe_bind(&process->pipe, path);
    if (!error) error = uv_listen((uv_stream_t *)&process->pipe, BACKLOG, on_client);
    if (error) {
        cli_complain("serve", "cannot listen on %s: %s", path, uv_strerror(error));
        return STATUS_UNUSABLE;
    }
    printf("ready: unix://%s\n", path);
    return STATUS_OK;
}

/* -- the clock that stands still -------------------------------------------------------------- */

static void complain_frozen(const serve_process *process) {
    size_t keys = ttl_engine_volatile_keys(process->server.engine);
    cli_complain(
        "serve",
        "THE CLOCK STANDS STILL: %zu key%s a deadline, and nobody has ever moved the manual "
        "clock, so nothing expires. Send TTLSPEC CLOCK ADVANCE ms, or start with --clock real.",
        keys, keys == 1 ? " has" : "s have");
}

static bool is_frozen(const serve_process *process) {
    const serve_clock *clock = &process->server.clock;
    return clock->manual && !clock->moved && ttl_engine_volatile_keys(process->server.engine) > 0;
}

static void on_frozen_check(uv_timer_t *timer) {
    serve_process *process = timer->data;
    process->frozen_checks = is_frozen(process) ? process->frozen_checks + 1 : 0;
    if (process->frozen_checks == FROZEN_CHECKS) complain_frozen(process);
}

/* -- beginning and end ------------------------------------------------------------------------ */

static void on_signal(uv_signal_t *signal, int number) {
    (void)number;
    uv_stop(signal->loop);
}

static void close_handle(uv_handle_t *handle, void *context) {
    (void)context;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void loop_start(serve_process *process) {
    serve_server *server = &process->server;
    uv_loop_init(&server->loop);
    uv_timer_init(&server->loop, &server->expiry);
    uv_timer_init(&server->loop, &process->frozen);
    uv_signal_init(&server->loop, &process->interrupt);
    uv_signal_init(&server->loop, &process->terminate);
    server->expiry.data = server;
    process->frozen.data = process;
    uv_signal_start(&process->interrupt, on_signal, SIGINT);
    uv_signal_start(&process->terminate, on_signal, SIGTERM);
    if (server->clock.manual) {
        uv_timer_start(&process->frozen, on_frozen_check, FROZEN_CHECK_MS, FROZEN_CHECK_MS);
    }
}

/* Closes whatever is open; libuv removes the Unix socket with its handle. */
static void loop_end(serve_process *process) {
    serve_server *server = &process->server;
    while (server->connections) connection_close(server->connections);
    uv_walk(&server->loop, close_handle, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    int error = uv_loop_close(&server->loop);
    assert(error == 0);
    (void)error;
}

static int serve_loop(serve_process *process, const serve_options *options) {
    loop_start(process);
    int status = STATUS_OK;
    if (options->port != PORT_NONE) status = listen_tcp(process, options);
    if (status == STATUS_OK && options->unix_path) {
        status = listen_unix(process, options->unix_path);
    }
    if (status == STATUS_OK) {
        fflush(stdout);
        uv_run(&process->server.loop, UV_RUN_DEFAULT);
        if (is_frozen(process)) complain_frozen(process);
    }
    if (process->server.has_failed) status = complain_memory();
    loop_end(process);
    return status;
}

int serve_main(int argc, char **argv) {
    serve_options options;
    bool is_done;
    int status = parse_options(&options, argc, argv, &is_done);
    if (is_done) return status;

    signal(SIGPIPE, SIG_IGN); /* a client that is gone is seen where it is written to */
    serve_process *process = calloc(1, sizeof *process);
    if (!process) return complain_memory();
    serve_server *server = &process->server;
    serve_clock_init(&server->clock, options.manual);
    ttl_reply_init(&server->reply, ttl_allocator_libc());
    ttl_engine_options engine_options = {
        .clock = serve_clock_for_engine(&server->clock),
        .allocator = ttl_allocator_libc(),
        .dialect = options.dialect,
        .seed = options.seed,
        .keeps_ages = true,
        .scripting = &ttl_scripting_lua,
    };
    server->engine = ttl_engine_new(&engine_options);
    if (server->engine) {
        status = serve_loop(process, &options);
        ttl_engine_free(server->engine);
    } else {
        status = complain_memory();
    }
    ttl_reply_free(&server->reply);
    free(process);
    return status;
}
