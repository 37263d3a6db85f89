#include "conformance/live.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "conformance/number.h"
#include "conformance/target.h"
#include "conformance/text.h"

enum { USUAL_PORT = 6379, PORT_MAX = 65535, DATABASE_MAX = 65535, ARGUMENTS_MAX = 16 };

int64_t live_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* -- addresses ------------------------------------------------------------------------------ */

static int hex_value(char c) {
    const char *digits = "0123456789abcdef0123456789ABCDEF", *at = strchr(digits, c);
    return c == '\0' || at == NULL ? -1 : (int)(at - digits) % 16;
}

/* What %41 stands for; a user or a password may hold any character that way. */
static char *percent_decoded(const char *from, size_t length) {
    char *text = memory_zeroed(length + 1, 1), *to = text;
    for (size_t i = 0; i < length; i++) {
        bool is_code = from[i] == '%' && i + 2 < length && hex_value(from[i + 1]) >= 0 &&
                       hex_value(from[i + 2]) >= 0;
        if (is_code) {
            *to++ = (char)(hex_value(from[i + 1]) * 16 + hex_value(from[i + 2]));
            i += 2;
        } else {
            *to++ = from[i];
        }
    }
    return text;
}

static void parse_login(live_address *address, const char *login, size_t length) {
    const char *colon = memchr(login, ':', length);
    size_t user_length = colon == NULL ? length : (size_t)(colon - login);
    if (user_length > 0) address->user = percent_decoded(login, user_length);
    if (colon != NULL) address->password = percent_decoded(colon + 1, length - user_length - 1);
}

static bool parse_number(const char *text, int max, int *number) {
    int64_t wide;
    if (!number_parse_digits(text, strlen(text), max, &wide)) return false;
    *number = (int)wide;
    return true;
}

/* host[:port], where the host may be [an IPv6 address]. */
static bool parse_host(live_address *address, char *text) {
    char *end = *text == '[' ? strchr(text, ']') : NULL;
    if (*text == '[' && end == NULL) return false;
    char *colon = end != NULL ? end + 1 : strchr(text, ':');
    if (end != NULL) {
        *end = '\0';
        text++;
    }
    address->port = USUAL_PORT;
    if (colon != NULL && *colon == ':') {
        *colon = '\0';
        if (!parse_number(colon + 1, PORT_MAX, &address->port) || address->port == 0) return false;
    } else if (colon != NULL && *colon != '\0') {
        return false;
    }
    address->host = text_copy(text);
    return *text != '\0';
}

static bool parse_tcp(live_address *address, const char *text) {
    const char *at = strrchr(text, '@');
    if (at != NULL) {
        parse_login(address, text, (size_t)(at - text));
        text = at + 1;
    }
    char *rest = text_copy(text), *slash = strchr(rest, '/');
    if (slash != NULL) *slash = '\0';
    bool sound = slash == NULL || slash[1] == '\0' ||
                 parse_number(slash + 1, DATABASE_MAX, &address->database);
    sound = sound && parse_host(address, rest);
    free(rest);
    return sound;
}

bool live_address_parse(live_address *address, const char *url, char *error) {
    memset(address, 0, sizeof *address);
    bool sound;
    if (strncmp(url, "unix://", 7) == 0) {
        address->path = text_copy(url + 7);
        sound = url[7] != '\0';
    } else {
        sound = parse_tcp(address, url + strlen("redis://"));
    }
    if (!sound)
        snprintf(error, TARGET_ERROR_SIZE,
                 "not an address: one is redis://[user:pass@]host:port[/db] or unix://PATH");
    return sound;
}

void live_address_free(live_address *address) {
    free(address->path);
    free(address->host);
    free(address->user);
    free(address->password);
    memset(address, 0, sizeof *address);
}

void live_address_name(const live_address *address, char *buffer, size_t size) {
    if (address->path != NULL) {
        snprintf(buffer, size, "unix://%s", address->path);
        return;
    }
    const char *user = address->user == NULL ? "" : address->user;
    bool is_v6 = strchr(address->host, ':') != NULL;
    int length = snprintf(buffer, size, "redis://%s%s%s%s%s:%d", user, *user ? "@" : "",
                          is_v6 ? "[" : "", address->host, is_v6 ? "]" : "", address->port);
    if (address->database > 0 && length > 0 && (size_t)length < size)
        snprintf(buffer + length, size - (size_t)length, "/%d", address->database);
}

/* -- connections ---------------------------------------------------------------------------- */

int live_answer_ms(const live_address *address) {
    return address->answer_ms > 0 ? address->answer_ms : TARGET_ANSWER_MS;
}

/* What the connection waits for an answer, as it was told by redisSetTimeout. */
static int patience_s(const redisContext *connection) {
    struct timeval patience = {0};
    socklen_t size = sizeof patience;
    getsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, &size);
    return (int)patience.tv_sec;
}

void live_complain(const redisContext *connection, char *error) {
    bool is_late = connection->err == REDIS_ERR_IO &&
                   (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETIMEDOUT);
#ifdef REDIS_ERR_TIMEOUT
    is_late = is_late || connection->err == REDIS_ERR_TIMEOUT;
#endif
    if (is_late)
        snprintf(error, TARGET_ERROR_SIZE, "did not answer within %d s", patience_s(connection));
    else if (connection->err == REDIS_ERR_EOF)
        snprintf(error, TARGET_ERROR_SIZE, "closed the connection");
    else if (connection->err == REDIS_ERR_PROTOCOL)
        snprintf(error, TARGET_ERROR_SIZE, "sent what is not RESP: %s", connection->errstr);
    else if (connection->err == REDIS_ERR_IO)
        snprintf(error, TARGET_ERROR_SIZE, "broke the connection: %s", connection->errstr);
    else snprintf(error, TARGET_ERROR_SIZE, "could not be reached: %s", connection->errstr);
}

redisReply *live_ask(redisContext *connection, char *error, ...) {
    const char *argv[ARGUMENTS_MAX];
    int argc = 0;
    va_list arguments;
    va_start(arguments, error);
    for (const char *next; (next = va_arg(arguments, const char *)) != NULL;) argv[argc++] = next;
    va_end(arguments);
    errno = 0;
    redisReply *reply = redisCommandArgv(connection, argc, argv, NULL);
    if (reply == NULL) live_complain(connection, error);
    return reply;
}

char *live_setting(redisContext *connection, const char *name) {
    char ignored[TARGET_ERROR_SIZE];
    redisReply *reply = live_ask(connection, ignored, "CONFIG", "GET", name, NULL);
    bool sound = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
                 reply->element[1]->type == REDIS_REPLY_STRING;
    char *value = sound ? text_copy(reply->element[1]->str) : NULL;
    if (reply != NULL) freeReplyObject(reply);
    return value;
}

/* Asks for something that must succeed; the server's own words when it does not. */
static bool must(redisReply *reply, const char *what, char *error) {
    if (reply == NULL) return false;
    bool done = reply->type != REDIS_REPLY_ERROR;
    if (!done) snprintf(error, TARGET_ERROR_SIZE, "refused %s: %.160s", what, reply->str);
    freeReplyObject(reply);
    return done;
}

static bool log_in(redisContext *connection, const live_address *address, char *error) {
    const char *password = address->password;
    if (password == NULL) return true;
    if (address->user != NULL)
        return must(live_ask(connection, error, "AUTH", address->user, password, NULL),
                    "the user and password", error);
    return must(live_ask(connection, error, "AUTH", password, NULL), "the password", error);
}

redisContext *live_connect(const live_address *address, char *error) {
    int answer_ms = live_answer_ms(address);
    struct timeval patience = {answer_ms / 1000, answer_ms % 1000 * 1000};
    errno = 0;
    redisContext *connection =
        address->path != NULL ? redisConnectUnixWithTimeout(address->path, patience)
                              : redisConnectWithTimeout(address->host, address->port, patience);
    if (connection == NULL) {
        snprintf(error, TARGET_ERROR_SIZE, "could not be reached: there is no memory");
        return NULL;
    }
    char database[16];
    snprintf(database, sizeof database, "%d", address->database);
    bool usable = connection->err == 0 && redisSetTimeout(connection, patience) == REDIS_OK;
    if (!usable) snprintf(error, TARGET_ERROR_SIZE, "could not be reached: %s", connection->errstr);
    usable = usable && log_in(connection, address, error) &&
             (address->database == 0 ||
              must(live_ask(connection, error, "SELECT", database, NULL), "the database", error));
    if (usable) return connection;
    redisFree(connection);
    return NULL;
}

/* -- replies -------------------------------------------------------------------------------- */

#if HIREDIS_MAJOR >= 1
static ttl_reply_type aggregate_type(int type) {
    if (type == REDIS_REPLY_MAP) return TTL_REPLY_MAP;
    if (type == REDIS_REPLY_SET) return TTL_REPLY_SET;
    return type == REDIS_REPLY_PUSH ? TTL_REPLY_PUSH : TTL_REPLY_ARRAY;
}
/* True when the reply is of a type that only RESP3 has and that holds no others. */
static bool convert_resp3_scalar(ttl_reply *to, const redisReply *from, ttl_bytes text) {
    if (from->type == REDIS_REPLY_DOUBLE) ttl_reply_add_text(to, TTL_REPLY_DOUBLE, text);
    else if (from->type == REDIS_REPLY_BOOL) ttl_reply_add_boolean(to, from->integer != 0);
    else if (from->type == REDIS_REPLY_BIGNUM) ttl_reply_add_bulk(to, text);
    else if (from->type == REDIS_REPLY_VERB) ttl_reply_add_text(to, TTL_REPLY_VERBATIM, text);
    else return false;
    return true;
}
#else
static ttl_reply_type aggregate_type(int type) {
    (void)type;
    return TTL_REPLY_ARRAY;
}
static bool convert_resp3_scalar(ttl_reply *to, const redisReply *from, ttl_bytes text) {
    (void)to, (void)from, (void)text;
    return false;
}
#endif

void live_convert(ttl_reply *to, const redisReply *from) {
    ttl_bytes text = {from->str, from->str == NULL ? 0 : (size_t)from->len};
    if (convert_resp3_scalar(to, from, text)) return;
    switch (from->type) {
    case REDIS_REPLY_STRING: ttl_reply_add_bulk(to, text); return;
    case REDIS_REPLY_STATUS: ttl_reply_add_text(to, TTL_REPLY_STATUS, text); return;
    case REDIS_REPLY_ERROR: ttl_reply_add_text(to, TTL_REPLY_ERROR, text); return;
    case REDIS_REPLY_INTEGER: ttl_reply_add_integer(to, from->integer); return;
    case REDIS_REPLY_NIL: ttl_reply_add_nil(to); return;
    default: break;
    }
    ttl_reply_add_node(to, aggregate_type(from->type), from->elements);
    for (size_t i = 0; i < from->elements; i++) live_convert(to, from->element[i]);
}
