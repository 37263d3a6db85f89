/* For tests: a real server under the virtual clock, and short ways to talk to it. */
#ifndef TTLSPEC_CONFORMANCE_TESTS_REAL_SERVER_H
#define TTLSPEC_CONFORMANCE_TESTS_REAL_SERVER_H

#include <check.h>
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conformance/process.h"
#include "conformance/virtual-clock/clock.h"

typedef struct real_server {
    scratch_directory scratch; /* of the clock */
    virtual_clock clock;
    char preload[4096];
    const char *command[2];
    server_options options;
    server_process process;
    redisContext *context;
} real_server;

/* `arguments` end with NULL. */
static inline void real_server_start_with(real_server *server, const char *program,
                                          const char *const *arguments, int64_t start_ms) {
    char error[SERVER_ERROR_SIZE];
    *server = (real_server){.command = {program, NULL}};
    ck_assert_msg(scratch_open(&server->scratch, error), "%s", error);
    ck_assert_msg(virtual_clock_init(&server->clock, server->scratch.path, start_ms * 1000, error),
                  "%s", error);
    ck_assert_msg(preload_find(server->preload, sizeof server->preload), "no libttlclock.so");
    server->options = (server_options){.command = server->command,
                                       .clock = &server->clock,
                                       .preload = server->preload,
                                       .arguments = arguments};
    ck_assert_msg(server_start(&server->process, &server->options, error), "%s", error);
    server->context = server_connect(&server->process, error);
    ck_assert_msg(server->context != NULL, "%s", error);
}

static inline void real_server_start(real_server *server, const char *program, int64_t start_ms) {
    real_server_start_with(server, program, NULL, start_ms);
}

static inline void real_server_stop(real_server *server) {
    redisFree(server->context);
    server_stop(&server->process);
    virtual_clock_free(&server->clock);
    scratch_close(&server->scratch);
}

/* Sends the words of `line` (parted by single blanks) and writes the reply as text: an integer as
 * its digits, a nil as "(nil)". */
static inline const char *real_server_say(real_server *server, const char *line) {
    static char text[512];
    char words[512], *rest = NULL;
    const char *argv[16];
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = word;
    }
    redisReply *reply = redisCommandArgv(server->context, argc, argv, NULL);
    ck_assert_msg(reply != NULL, "%s: %s", line, server->context->errstr);
    if (reply->type == REDIS_REPLY_INTEGER) snprintf(text, sizeof text, "%lld", reply->integer);
    else snprintf(text, sizeof text, "%s", reply->str == NULL ? "(nil)" : reply->str);
    freeReplyObject(reply);
    return text;
}

#endif
