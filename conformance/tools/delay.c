/* A slow way to a server: what goes through here arrives whole and in order, but late.
 *
 *      delay --to PORT [--port PORT] [--min MS] [--max MS] [--seed N]
 *
 *      client  --->  [ delay line ]  --->  server        each direction of each connection
 *              <---  [ delay line ]  <---                has a line of its own
 *
 * Listens on a port of 127.0.0.1 and connects to another one there. Each chunk that is read is late
 * by MS drawn at random, the n-th connection's by the seed and n alone. When it is ready it prints
 * "ready: redis://127.0.0.1:PORT". On SIGINT or SIGTERM it closes everything, says how much it
 * carried, and ends with 0.
 *
 * Exit status: 0 told to end, 2 the command line, 3 the port cannot be listened on.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "conformance/number.h"
#include "conformance/text.h"
#include "conformance/tools/delay_line.h"

enum {
    BACKLOG = 256,
    LINE_PAUSE_BYTES = 1024 * 1024, /* so much on its way: read no more for a while */
    MS_MAX = 60000,
    PORT_MAX = 65535,
};

typedef struct delay_options {
    int64_t to, port, min_ms, max_ms, seed;
} delay_options;

typedef struct proxy {
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_signal_t interrupt, terminate;
    delay_options options;
    uint64_t connections, chunks;
    struct pair *pairs;
} proxy;

/* One direction: from one stream of a pair to the other. */
typedef struct way {
    struct pair *pair;
    uv_tcp_t from; /* read from; the other way writes to it */
    uv_timer_t due;
    delay_line line;
    bool is_paused;
} way;

/* A client and the connection to the server that was opened for it. */
typedef struct pair {
    proxy *owner;
    struct pair *next, *previous;
    uv_connect_t connect;
    way ways[2];             /* [0] reads the client, [1] the server */
    int open_handles, ended; /* ended: ways whose last byte has left */
    bool is_closing;
} pair;

typedef struct delivery {
    uv_write_t write;
    delay_chunk *chunk;
} delivery;

static int64_t now_us(void) {
    return (int64_t)(uv_hrtime() / 1000);
}

/* -- closing ---------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle) {
    pair *self = ((way *)handle->data)->pair;
    if (--self->open_handles > 0) return;
    for (int i = 0; i < 2; i++) delay_line_free(&self->ways[i].line);
    free(self);
}

static void pair_close(pair *self) {
    if (self->is_closing) return;
    self->is_closing = true;
    if (self->previous != NULL) self->previous->next = self->next;
    else self->owner->pairs = self->next;
    if (self->next != NULL) self->next->previous = self->previous;
    for (int i = 0; i < 2; i++) {
        uv_close((uv_handle_t *)&self->ways[i].from, on_closed);
        uv_close((uv_handle_t *)&self->ways[i].due, on_closed);
    }
}

/* -- carrying --------------------------------------------------------------------------------- */

static uv_stream_t *way_to(way *self) {
    way *other = &self->pair->ways[self == &self->pair->ways[0]];
    return (uv_stream_t *)&other->from;
}

static void on_delivered(uv_write_t *write, int status) {
    delivery *done = write->data;
    way *self = write->handle->data;
    if (status != 0) pair_close(self->pair);
    free(done->chunk);
    free(done);
}

static void on_shut_down(uv_shutdown_t *shutdown, int status) {
    pair *self = ((way *)shutdown->handle->data)->pair;
    free(shutdown);
    if (status != 0 || ++self->ended == 2) pair_close(self);
}

/* The chunk, or the end, reaches the other side. */
static void way_deliver(way *self, delay_chunk *chunk) {
    if (chunk->length == 0) {
        free(chunk);
        uv_shutdown_t *shutdown = memory_zeroed(1, sizeof *shutdown);
        if (uv_shutdown(shutdown, way_to(self), on_shut_down) == 0) return;
        free(shutdown);
        pair_close(self->pair);
        return;
    }
    self->pair->owner->chunks++;
    delivery *late = memory_zeroed(1, sizeof *late);
    *late = (delivery){.write = {.data = late}, .chunk = chunk};
    uv_buf_t buffer = uv_buf_init(chunk->data, (unsigned)chunk->length);
    if (uv_write(&late->write, way_to(self), &buffer, 1, on_delivered) == 0) return;
    free(chunk);
    free(late);
    pair_close(self->pair);
}

static void on_due(uv_timer_t *timer);
static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer);

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    (void)handle;
    *buffer = uv_buf_init(memory_zeroed(wanted, 1), (unsigned)wanted);
}

/* Delivers what is due, and wakes up for what comes next: never before its moment. */
static void way_work(way *self) {
    for (delay_chunk *chunk;
         !self->pair->is_closing && (chunk = delay_line_take(&self->line, now_us())) != NULL;)
        way_deliver(self, chunk);
    if (self->pair->is_closing) return;
    if (self->is_paused && self->line.length < LINE_PAUSE_BYTES) {
        self->is_paused = false;
        uv_read_start((uv_stream_t *)&self->from, on_room, on_read);
    }
    int64_t due_us = delay_line_due_us(&self->line);
    if (due_us == INT64_MAX) return;
    int64_t wait_us = due_us - now_us();
    uv_update_time(&self->pair->owner->loop);
    uv_timer_start(&self->due, on_due, wait_us <= 0 ? 0 : (uint64_t)(wait_us + 999) / 1000, 0);
}

static void on_due(uv_timer_t *timer) {
    way_work(timer->data);
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    way *self = stream->data;
    if (length > 0) delay_line_add(&self->line, buffer->base, (size_t)length, now_us());
    free(buffer->base);
    if (length == 0) return;
    if (length < 0 && length != UV_EOF) {
        pair_close(self->pair);
        return;
    }
    if (length == UV_EOF) delay_line_add(&self->line, NULL, 0, now_us());
    if (length == UV_EOF || self->line.length >= LINE_PAUSE_BYTES) uv_read_stop(stream);
    self->is_paused = length != UV_EOF && self->line.length >= LINE_PAUSE_BYTES;
    way_work(self);
}

/* -- connections ------------------------------------------------------------------------------ */

static void on_connected(uv_connect_t *connect, int status) {
    pair *self = connect->data;
    if (status != 0) {
        if (!self->is_closing)
            fprintf(stderr, "delay: 127.0.0.1:%" PRId64 " cannot be reached: %s\n",
                    self->owner->options.to, uv_strerror(status));
        pair_close(self);
        return;
    }
    for (int i = 0; i < 2; i++) uv_read_start((uv_stream_t *)&self->ways[i].from, on_room, on_read);
}

static pair *pair_new(proxy *owner) {
    const delay_options *options = &owner->options;
    pair *self = memory_zeroed(1, sizeof *self);
    self->owner = owner;
    self->open_handles = 4;
    self->connect.data = self;
    self->next = owner->pairs;
    if (self->next != NULL) self->next->previous = self;
    owner->pairs = self;
    for (int i = 0; i < 2; i++) {
        way *one = &self->ways[i];
        one->pair = self;
        uv_tcp_init(&owner->loop, &one->from);
        uv_timer_init(&owner->loop, &one->due);
        one->from.data = one->due.data = one;
        delay_line_init(&one->line, (uint64_t)options->seed, 2 * owner->connections + (uint64_t)i,
                        options->min_ms * 1000, options->max_ms * 1000);
    }
    owner->connections++;
    return self;
}

static void on_client(uv_stream_t *listener, int status) {
    if (status != 0) return;
    proxy *owner = listener->data;
    pair *self = pair_new(owner);
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", (int)owner->options.to, &address);
    bool is_open = uv_accept(listener, (uv_stream_t *)&self->ways[0].from) == 0 &&
                   uv_tcp_connect(&self->connect, &self->ways[1].from, (struct sockaddr *)&address,
                                  on_connected) == 0;
    if (!is_open) {
        pair_close(self);
        return;
    }
    for (int i = 0; i < 2; i++) uv_tcp_nodelay(&self->ways[i].from, 1);
}

/* -- beginning and end ------------------------------------------------------------------------ */

static void on_signal(uv_signal_t *signal, int number) {
    (void)number;
    uv_stop(signal->loop);
}

/* False: it was said why not. */
static bool proxy_listen(proxy *self) {
    struct sockaddr_in address;
    int length = sizeof address;
    uv_ip4_addr("127.0.0.1", (int)self->options.port, &address);
    int error = uv_tcp_bind(&self->listener, (struct sockaddr *)&address, 0);
    if (error == 0) error = uv_listen((uv_stream_t *)&self->listener, BACKLOG, on_client);
    if (error != 0) {
        fprintf(stderr, "delay: cannot listen on 127.0.0.1 port %" PRId64 ": %s\n",
                self->options.port, uv_strerror(error));
        return false;
    }
    uv_tcp_getsockname(&self->listener, (struct sockaddr *)&address, &length);
    printf("ready: redis://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return true;
}

static void close_handle(uv_handle_t *handle, void *context) {
    (void)context;
    if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static int proxy_run(const delay_options *options) {
    proxy self = {.options = *options};
    uv_loop_init(&self.loop);
    uv_tcp_init(&self.loop, &self.listener);
    uv_signal_init(&self.loop, &self.interrupt);
    uv_signal_init(&self.loop, &self.terminate);
    self.listener.data = &self;
    uv_signal_start(&self.interrupt, on_signal, SIGINT);
    uv_signal_start(&self.terminate, on_signal, SIGTERM);
    bool listens = proxy_listen(&self);
    if (listens) {
        uv_run(&self.loop, UV_RUN_DEFAULT);
        printf("carried %" PRIu64 " chunks of %" PRIu64 " connections\n", self.chunks,
               self.connections);
    }
    while (self.pairs != NULL) pair_close(self.pairs);
    uv_walk(&self.loop, close_handle, NULL);
    uv_run(&self.loop, UV_RUN_DEFAULT);
    uv_loop_close(&self.loop);
    return listens ? 0 : 3;
}

static const char usage[] =
    "usage: delay --to PORT [--port PORT] [--min MS] [--max MS] [--seed N]\n"
    "\n"
    "A way to 127.0.0.1:PORT on which everything is late by --min (0) to --max (10) milliseconds,\n"
    "drawn at random. Without --port any free one is taken; it is printed.\n";

static int refuse(const char *option, const char *text, int64_t least, int64_t most) {
    fprintf(stderr,
            "delay: --%s takes a whole number from %" PRId64 " to %" PRId64 ", not \"%s\"\n",
            option, least, most, text);
    return 2;
}

/* Zero: go on. */
static int options_read(delay_options *self, int argc, char **argv) {
    static const struct option known[] = {{"to", 1, NULL, 0},   {"port", 1, NULL, 1},
                                          {"min", 1, NULL, 2},  {"max", 1, NULL, 3},
                                          {"seed", 1, NULL, 4}, {0}};
    static const int64_t least[] = {1, 0, 0, 0, 0};
    static const int64_t most[] = {PORT_MAX, PORT_MAX, MS_MAX, MS_MAX, NUMBER_EXACT_MAX};
    int64_t *const fields[] = {&self->to, &self->port, &self->min_ms, &self->max_ms, &self->seed};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":", known, NULL)) != -1;) {
        if (option < 0 || option > 4) {
            fputs(usage, stderr);
            return 2;
        }
        bool is_number = number_parse_digits(optarg, strlen(optarg), most[option], fields[option]);
        if (!is_number || *fields[option] < least[option])
            return refuse(known[option].name, optarg, least[option], most[option]);
    }
    if (self->to == 0 || optind != argc) {
        fputs(usage, stderr);
        return 2;
    }
    if (self->min_ms <= self->max_ms) return 0;
    fprintf(stderr, "delay: --min %" PRId64 " is more than --max %" PRId64 "\n", self->min_ms,
            self->max_ms);
    return 2;
}

int main(int argc, char **argv) {
    delay_options options = {.max_ms = 10, .seed = 1};
    int status = options_read(&options, argc, argv);
    if (status != 0) return status;
    signal(SIGPIPE, SIG_IGN); /* a side that is gone is seen where it is written to */
    return proxy_run(&options);
}
