#define _GNU_SOURCE /* nftw, syscall */

#include "conformance/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conformance/virtual-clock/page.h"

extern char **environ;

enum { POLL_MS = 2, WORD_SIZE = 4096, LAST_WORDS_SIZE = 700, LAST_WORDS_LINES = 4 };

static int64_t monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_ms(int ms) {
    struct timespec pause = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&pause, NULL);
}

/* ---- the scratch directory ---- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)type;
    (void)walk;
    remove(path);
    return 0;
}

static void remove_tree(const char *path) {
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Leaves a child that has just been forked standard input, output and error and this one, whose
 * number becomes 3. What others of our threads have open is not its business: a connection is only
 * closed when nobody holds it any more. */
static int descriptors_keep(int kept) {
    enum { FIRST = 3, MOST = 65536 };
    if (kept != FIRST) dup2(kept, FIRST);
#ifdef SYS_close_range
    if (syscall(SYS_close_range, FIRST + 1, ~0U, 0) == 0) return FIRST;
#endif
    long limit = sysconf(_SC_OPEN_MAX);
    for (int i = FIRST + 1; i < (limit < 0 || limit > MOST ? MOST : limit); i++) close(i);
    return FIRST;
}

/* The keeper's whole life. A byte says that we removed the directory ourselves; the end of the
 * pipe says that we died. It leaves our session, so that no Ctrl-C reaches it before us. */
static void scratch_keep(const char *path, int pipe_end) {
    char byte;
    setsid();
    pipe_end = descriptors_keep(pipe_end);
    while (true) {
        ssize_t length = read(pipe_end, &byte, 1);
        if (length < 0 && errno == EINTR) continue;
        if (length == 0) {
            sleep_ms(100); /* the servers die at the same moment; let them finish their files */
            remove_tree(path);
        }
        _exit(0);
    }
}

bool scratch_open(scratch_directory *scratch, char *error) {
    const char *root = getenv("TMPDIR");
    if (root == NULL || root[0] == 0) root = "/tmp";
    int length = snprintf(scratch->path, sizeof scratch->path, "%s/ttlspec-XXXXXX", root);
    int ends[2] = {-1, -1};
    if (length < 0 || (size_t)length >= sizeof scratch->path) {
        scratch->path[0] = 0;
        snprintf(error, SERVER_ERROR_SIZE, "TMPDIR is too long for a unix socket's path: %s", root);
        return false;
    }
    if (mkdtemp(scratch->path) == NULL) {
        snprintf(error, SERVER_ERROR_SIZE, "cannot make a directory in %s: %s", root,
                 strerror(errno));
        scratch->path[0] = 0;
        return false;
    }
    scratch->keeper = pipe(ends) == 0 ? fork() : -1;
    if (scratch->keeper < 0) {
        snprintf(error, SERVER_ERROR_SIZE, "cannot start a process: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        remove_tree(scratch->path);
        scratch->path[0] = 0;
        return false;
    }
    if (scratch->keeper == 0) scratch_keep(scratch->path, ends[0]);
    close(ends[0]);
    scratch->keeper_pipe = ends[1];
    return true;
}

void scratch_close(scratch_directory *scratch) {
    if (scratch->path[0] == 0) return;
    remove_tree(scratch->path);
    if (write(scratch->keeper_pipe, "x", 1) != 1) kill(scratch->keeper, SIGKILL);
    close(scratch->keeper_pipe);
    while (waitpid(scratch->keeper, NULL, 0) < 0 && errno == EINTR) {
    }
    scratch->path[0] = 0;
}

/* ---- the command line ---- */

/* Replaces {port}, {socket} and {dir} in `word`. NULL: it got too long. */
static char *word_expand(const server_process *server, const char *word, bool *named) {
    char expanded[WORD_SIZE], port[16];
    size_t length = 0;
    snprintf(port, sizeof port, "%d", server->port);
    const struct {
        const char *name, *value;
        bool address;
    } places[] = {{"{port}", port, true},
                  {"{socket}", server->socket, true},
                  {"{dir}", server->scratch.path, false}};
    while (*word != 0) {
        const char *value = NULL;
        for (size_t i = 0; i < sizeof places / sizeof *places && value == NULL; i++) {
            if (strncmp(word, places[i].name, strlen(places[i].name)) != 0) continue;
            value = places[i].value;
            word += strlen(places[i].name);
            if (places[i].address) *named = true;
        }
        size_t added = value == NULL ? 1 : strlen(value);
        if (length + added >= sizeof expanded) return NULL;
        memcpy(expanded + length, value == NULL ? word++ : value, added);
        length += added;
    }
    expanded[length] = 0;
    return strdup(expanded);
}

static bool command_mentions(const char *const *command, const char *place) {
    for (; *command != NULL; command++) {
        if (strstr(*command, place) != NULL) return true;
    }
    return false;
}

enum { ARGUMENTS_MAX = 128 };

typedef struct arguments {
    char *words[ARGUMENTS_MAX + 1];
    size_t count;
    bool failed; /* too many, too long, or no memory */
} arguments;

static void arguments_add(arguments *list, char *word) {
    if (word == NULL || list->count == ARGUMENTS_MAX) {
        free(word);
        list->failed = true;
        return;
    }
    list->words[list->count++] = word;
}

static void arguments_free(arguments *list) {
    for (size_t i = 0; i < list->count; i++) free(list->words[i]);
}

/* What makes a Redis-compatible server ours: its addresses, its directory, nothing kept. */
static void arguments_add_redis(arguments *list, const server_process *server) {
    char port[16];
    snprintf(port, sizeof port, "%d", server->port);
    const char *const words[] = {"--port",       port,
                                 "--bind",       "127.0.0.1",
                                 "--unixsocket", server->socket,
                                 "--dir",        server->scratch.path,
                                 "--daemonize",  "no",
                                 "--save",       "",
                                 "--appendonly", "no"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) arguments_add(list, strdup(words[i]));
    if (server->debug) {
        arguments_add(list, strdup("--enable-debug-command"));
        arguments_add(list, strdup("yes"));
    }
}

static bool arguments_build(arguments *list, const server_process *server, char *error) {
    bool addressed = false;
    for (const char *const *word = server->options->command; *word != NULL; word++) {
        arguments_add(list, word_expand(server, *word, &addressed));
    }
    if (!addressed) arguments_add_redis(list, server);
    const char *const *word = server->options->arguments;
    for (; word != NULL && *word != NULL; word++) arguments_add(list, strdup(*word));
    if (!list->failed) return true;
    snprintf(error, SERVER_ERROR_SIZE, "the command line of %s has too many or too long words",
             server->options->command[0]);
    return false;
}

/* A free port of the loopback. It may be taken before the server binds it: then the server's last
 * words say so, and server_start tries another. 0: there is none. */
static int port_find(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    if (probe < 0) return 0;
    bool found = bind(probe, (struct sockaddr *)&address, length) == 0 &&
                 getsockname(probe, (struct sockaddr *)&address, &length) == 0;
    close(probe);
    return found ? ntohs(address.sin_port) : 0;
}

/* ---- the process ---- */

static char *text_join(const char *a, const char *b, const char *c) {
    size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
    char *text = malloc(size);
    if (text != NULL) snprintf(text, size, "%s%s%s", a, b, c);
    return text;
}

/* The environment with the two variables that put a process under the clock. The first two
 * entries are the caller's to free, then the array. NULL: no memory. */
static char **environment_of_clock(const server_process *server) {
    const char *loaded = getenv("LD_PRELOAD");
    size_t count = 0;
    while (environ[count] != NULL) count++;
    char **environment = calloc(count + 3, sizeof *environment);
    if (environment == NULL) return NULL;
    bool more = loaded != NULL && loaded[0] != 0;
    environment[0] = text_join(CLOCK_PAGE_VARIABLE "=", server->options->clock->path, "");
    char *preload = text_join("LD_PRELOAD=", server->preload, more ? ":" : "");
    environment[1] = preload == NULL ? NULL : text_join(preload, more ? loaded : "", "");
    free(preload);
    size_t at = 2;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "LD_PRELOAD=", 11) == 0) continue;
        if (strncmp(environ[i], CLOCK_PAGE_VARIABLE "=", sizeof CLOCK_PAGE_VARIABLE) == 0) continue;
        environment[at++] = environ[i];
    }
    if (environment[0] != NULL && environment[1] != NULL) return environment;
    free(environment[0]);
    free(environment[1]);
    free(environment);
    return NULL;
}

/* The child between fork and exec. What goes wrong is told through `report`, which a successful
 * exec closes. */
static void child_run(char *const *words, char **environment, int log, pid_t parent, int report) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0); /* a Ctrl-C is for us; we end the server ourselves */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    int input = open("/dev/null", O_RDONLY);
    if (input >= 0 && dup2(input, 0) == 0 && dup2(log, 1) == 1 && dup2(log, 2) == 2) {
        report = descriptors_keep(report);
        fcntl(report, F_SETFD, FD_CLOEXEC);
        if (environment != NULL) environ = environment;
        execvp(words[0], words);
    }
    int reason = errno;
    if (write(report, &reason, sizeof reason) < 0) _exit(2);
    _exit(127);
}

/* Starts the process. Returns 0, or the errno that says why not. */
static int process_spawn(server_process *server, const arguments *list, char **environment) {
    int report[2], reason = 0;
    int log = open(server->log, O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
    if (log < 0) return errno;
    if (pipe(report) != 0) {
        reason = errno;
        close(log);
        return reason;
    }
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid == 0) child_run(list->words, environment, log, parent, report[1]);
    if (server->pid < 0) reason = errno;
    close(log);
    close(report[1]);
    ssize_t length = 0;
    if (reason == 0) {
        do length = read(report[0], &reason, sizeof reason);
        while (length < 0 && errno == EINTR);
        if (length != sizeof reason) reason = 0;
    }
    close(report[0]);
    if (reason != 0 && server->pid > 0) {
        while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (reason != 0) server->pid = 0;
    return reason;
}

bool server_is_running(server_process *server) {
    if (server->pid == 0) return false;
    if (waitpid(server->pid, &server->status, WNOHANG) != server->pid) return true;
    server->pid = 0;
    return false;
}

void server_last_words(const server_process *server, char *text, size_t size) {
    char tail[2048];
    size_t length = 0, lines = 0, written = 0;
    text[0] = 0;
    FILE *log = fopen(server->log, "rb");
    if (log == NULL) return;
    if (fseek(log, -(long)(sizeof tail - 1), SEEK_END) != 0) rewind(log);
    length = fread(tail, 1, sizeof tail - 1, log);
    fclose(log);
    while (length > 0 && strchr("\r\n ", tail[length - 1]) != NULL) length--;
    size_t start = length;
    while (start > 0 && lines < LAST_WORDS_LINES && length - start < size / 2) {
        if (tail[--start] == '\n' && ++lines == LAST_WORDS_LINES) start++;
        if (lines == LAST_WORDS_LINES) break;
    }
    for (size_t i = start; i < length && written + 4 < size; i++) {
        if (tail[i] == '\r' || tail[i] == 0) continue;
        if (tail[i] == '\n' && written == 0) continue;
        const char *bytes = tail[i] == '\n' ? " | " : &tail[i];
        size_t count = tail[i] == '\n' ? 3 : 1;
        memcpy(text + written, bytes, count);
        written += count;
    }
    text[written] = 0;
}

void server_end(server_process *server, int signal) {
    if (!server_is_running(server)) return;
    kill(signal == SIGKILL ? -server->pid : server->pid, signal);
    int64_t deadline_ms = monotonic_ms() + (signal == SIGKILL ? INT32_MAX : SERVER_SHUTDOWN_MS);
    while (server_is_running(server)) {
        if (monotonic_ms() > deadline_ms) kill(-server->pid, SIGKILL);
        sleep_ms(POLL_MS);
    }
}

void server_stop(server_process *server) {
    server_end(server, SIGTERM);
    scratch_close(&server->scratch);
}

/* ---- the handshake ---- */

static redisContext *context_open(const server_process *server, int wait_ms) {
    struct timeval wait = {wait_ms / 1000, (wait_ms % 1000) * 1000};
    redisContext *context = server->socket[0] != 0
                                ? redisConnectUnixWithTimeout(server->socket, wait)
                                : redisConnectWithTimeout("127.0.0.1", server->port, wait);
    if (context != NULL && context->err == 0 && redisSetTimeout(context, wait) == REDIS_OK) {
        return context;
    }
    if (context != NULL) redisFree(context);
    return NULL;
}

redisContext *server_connect(const server_process *server, char *error) {
    redisContext *context = context_open(server, SERVER_ANSWER_MS);
    if (context != NULL) return context;
    if (server->socket[0] != 0) {
        snprintf(error, SERVER_ERROR_SIZE, "cannot connect to the server at %s", server->socket);
    } else {
        snprintf(error, SERVER_ERROR_SIZE, "cannot connect to the server at 127.0.0.1:%d",
                 server->port);
    }
    return NULL;
}

/* Does the server answer PING? Any answer will do (it may want a password) but that it is loading
 * its data. */
static bool server_answers(const server_process *server, int wait_ms) {
    redisContext *context = context_open(server, wait_ms);
    if (context == NULL) return false;
    const char *ping[] = {"PING"};
    redisReply *reply = redisCommandArgv(context, 1, ping, NULL);
    bool answers = reply != NULL &&
                   (reply->type != REDIS_REPLY_ERROR || strncmp(reply->str, "LOADING", 7) != 0);
    if (reply != NULL) freeReplyObject(reply);
    redisFree(context);
    return answers;
}

static void explain_end(const server_process *server, char *error) {
    char words[LAST_WORDS_SIZE], how[64];
    server_last_words(server, words, sizeof words);
    if (WIFSIGNALED(server->status)) {
        snprintf(how, sizeof how, "was killed by signal %d", WTERMSIG(server->status));
    } else {
        snprintf(how, sizeof how, "ended with status %d", WEXITSTATUS(server->status));
    }
    snprintf(error, SERVER_ERROR_SIZE, "%s %s before it answered; its last words: %s",
             server->options->command[0], how, words[0] == 0 ? "(none)" : words);
}

static bool server_await(server_process *server, char *error) {
    int wait_ms = server->options->start_ms > 0 ? server->options->start_ms : SERVER_START_MS;
    int64_t deadline_ms = monotonic_ms() + wait_ms;
    while (server_is_running(server)) {
        int64_t left_ms = deadline_ms - monotonic_ms();
        if (left_ms <= 0) {
            char words[LAST_WORDS_SIZE];
            server_last_words(server, words, sizeof words);
            snprintf(error, SERVER_ERROR_SIZE, "%s does not answer after %d ms; its last words: %s",
                     server->options->command[0], wait_ms, words[0] == 0 ? "(none)" : words);
            server_end(server, SIGKILL);
            return false;
        }
        if (server_answers(server, (int)left_ms)) return true;
        sleep_ms(POLL_MS);
    }
    explain_end(server, error);
    return false;
}

bool server_start_again(server_process *server, char *error) {
    const server_options *options = server->options;
    arguments list = {.count = 0};
    char **environment = NULL;
    if (options->clock != NULL) {
        environment = environment_of_clock(server);
        list.failed = environment == NULL;
    }
    bool built = arguments_build(&list, server, error);
    if (built && server->socket[0] != 0) unlink(server->socket);
    int reason = built ? process_spawn(server, &list, environment) : 0;
    arguments_free(&list);
    if (environment != NULL) {
        free(environment[0]);
        free(environment[1]);
        free(environment);
    }
    if (!built) return false;
    if (reason == 0) return server_await(server, error);
    snprintf(error, SERVER_ERROR_SIZE, "cannot run %s: %s", options->command[0], strerror(reason));
    return false;
}

bool server_takes_options(const server_process *server) {
    return !command_mentions(server->options->command, "{port}") &&
           !command_mentions(server->options->command, "{socket}");
}

/* Chooses the addresses. False: there is no port. */
static bool server_address(server_process *server, char *error) {
    const server_options *options = server->options;
    bool by_port = command_mentions(options->command, "{port}");
    bool by_socket = command_mentions(options->command, "{socket}");
    server->socket[0] = 0;
    if (by_socket || !by_port) {
        snprintf(server->socket, sizeof server->socket, "%s/socket", server->scratch.path);
    }
    server->port = by_port || (options->tcp && !by_socket) ? port_find() : 0;
    if (server->port != 0 || !(by_port || options->tcp)) return true;
    snprintf(error, SERVER_ERROR_SIZE, "no free port on 127.0.0.1: %s", strerror(errno));
    return false;
}

/* When it turns out that it knows no enable-debug-command (Redis before 7.0) or that somebody was
 * quicker to take the port, tries once more. */
bool server_start_elsewhere(server_process *server, char *error) {
    enum { TRIES = 4 };
    for (int i = 0; i < TRIES; i++) {
        if (!server_address(server, error)) return false;
        if (server_start_again(server, error)) return true;
        if (server->debug && strstr(error, "enable-debug-command") != NULL) {
            server->debug = false;
        } else if (server->port == 0 || strstr(error, "Address already in use") == NULL) {
            return false;
        }
        unlink(server->log);
    }
    return false;
}

/* LD_PRELOAD takes blanks and colons for separators: a link in the scratch directory has neither,
 * wherever the library lies. */
static bool server_link_preload(server_process *server, char *error) {
    const char *library = server->options->preload;
    char *path = realpath(library, NULL);
    snprintf(server->preload, sizeof server->preload, "%s/clock.so", server->scratch.path);
    bool linked = path != NULL && symlink(path, server->preload) == 0;
    if (!linked) {
        snprintf(error, SERVER_ERROR_SIZE, "cannot use the virtual clock's library %s: %s", library,
                 strerror(errno));
    }
    free(path);
    return linked;
}

bool server_start(server_process *server, const server_options *options, char *error) {
    *server = (server_process){.options = options, .debug = true};
    if (!scratch_open(&server->scratch, error)) return false;
    snprintf(server->log, sizeof server->log, "%s/log", server->scratch.path);
    bool ready = options->clock == NULL || server_link_preload(server, error);
    if (ready && server_start_elsewhere(server, error)) return true;
    server_stop(server);
    return false;
}

bool preload_find(char *path, size_t size) {
    /* from build/ttlspec, from PREFIX/bin/ttlspec, from a test or a tool below build/ */
    static const char *const places[] = {"", "../lib/ttlspec/", "../../", "../"};
    char program[WORD_SIZE];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0) return false;
    program[length] = 0;
    *(strrchr(program, '/') + 1) = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int written = snprintf(path, size, "%s%slibttlclock.so", program, places[i]);
        if (written > 0 && (size_t)written < size && access(path, R_OK) == 0) return true;
    }
    return false;
}

/* ---- the clock's test ---- */

/* The server's TIME in microseconds; -1: it did not say. */
static int64_t context_time_us(redisContext *context) {
    const char *command[] = {"TIME"};
    redisReply *reply = redisCommandArgv(context, 1, command, NULL);
    int64_t time_us = -1;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        time_us = strtoll(reply->element[0]->str, NULL, 10) * 1000000 +
                  strtoll(reply->element[1]->str, NULL, 10);
    }
    if (reply != NULL) freeReplyObject(reply);
    return time_us;
}

bool server_obeys_clock(const server_process *server, char *error) {
    static const int64_t moves_us[] = {0, 1, 86400000000, -1000};
    virtual_clock *clock = server->options->clock;
    int64_t start_us = virtual_clock_now_us(clock);
    redisContext *context = server_connect(server, error);
    if (context == NULL) return false;
    bool obeys = true;
    for (size_t i = 0; i < sizeof moves_us / sizeof *moves_us && obeys; i++) {
        virtual_clock_set(clock, start_us + moves_us[i]);
        int64_t said_us = context_time_us(context);
        obeys = said_us == start_us + moves_us[i];
        if (obeys) continue;
        snprintf(error, SERVER_ERROR_SIZE,
                 "%s does not obey the virtual clock (set to %lld us, TIME says %lld): is it a "
                 "static or set-user-id program, or one with another C library?",
                 server->options->command[0], (long long)(start_us + moves_us[i]),
                 (long long)said_us);
    }
    virtual_clock_set(clock, start_us);
    redisFree(context);
    return obeys;
}
