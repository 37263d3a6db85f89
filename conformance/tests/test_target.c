/* Targets: addresses, the engine in virtual time, live servers, and peers that are none. */
#include "conformance/target.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/live.h"
#include "conformance/process.h"
#include "conformance/text.h"

static char error[TARGET_ERROR_SIZE];

/* -- addresses --------------------------------------------------------------------------- */

START_TEST(an_address_is_shown_without_its_password) {
    static const struct {
        const char *url, *shown;
    } rows[] = {
        {"redis://127.0.0.1:7000", "redis://127.0.0.1:7000"},
        {"redis://host", "redis://host:6379"},
        {"redis://host:1/3", "redis://host:1/3"},
        {"redis://me:se%40cret@host:1", "redis://me@host:1"},
        {"redis://:secret@host:1", "redis://host:1"},
        {"redis://a:b@c@host:1", "redis://a@host:1"},
        {"redis://[::1]:7000", "redis://[::1]:7000"},
        {"unix:///tmp/s.sock", "unix:///tmp/s.sock"},
    };
    live_address address;
    char shown[TARGET_NAME_SIZE];
    ck_assert_msg(live_address_parse(&address, rows[_i].url, error), "%s", error);
    live_address_name(&address, shown, sizeof shown);
    ck_assert_str_eq(shown, rows[_i].shown);
    live_address_free(&address);
}
END_TEST

START_TEST(a_password_may_hold_any_character_as_a_percent_code) {
    live_address address;
    ck_assert(live_address_parse(&address, "redis://u:p%40%3a%25%2@host", error));
    ck_assert_str_eq(address.password, "p@:%%2");
    ck_assert_str_eq(address.user, "u");
    live_address_free(&address);
}
END_TEST

START_TEST(what_is_no_target_is_a_mistake_of_the_command_line) {
    static const char *const wrong[] = {
        "",           "redis",          "redis://",      "redis://h:0", "redis://h:65536",
        "unix://",    "redis://h:12ab", "redis://h:1/x", "engine:",     "engine:oracle-7",
        "rediss://h", "redis://[::1",
    };
    target_options options = {0};
    bool is_usage = false;
    error[0] = '\0';
    ck_assert_ptr_null(target_open(wrong[_i], &options, &is_usage, error));
    ck_assert_msg(is_usage, "%s: %s", wrong[_i], error);
    ck_assert_str_ne(error, "");
}
END_TEST

/* -- talking ------------------------------------------------------------------------------ */

/* Executes words parted by blanks and gives the reply's first node. */
static ttl_node say(target *on, const char *line, target_moments *moments) {
    static ttl_reply reply;
    char words[256], *rest = NULL;
    ttl_bytes argv[8];
    size_t argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = ttl_bytes_of(word);
    ttl_reply_init(&reply, ttl_allocator_libc());
    ck_assert_msg(target_execute(on, 0, argc, argv, &reply, moments, error), "%s", error);
    ttl_node node = reply.nodes[0];
    ttl_reply_free(&reply);
    return node;
}

static const target_turn usual_turn = {
    .key_prefix = {"ttlspec:test:0:", 15}, .connection_count = 1, .wants_events = true};

/* How often this was announced; nothing may be for any other key than the turn's. */
static size_t count_events(const ttl_reply *events, const char *name) {
    size_t count = 0;
    for (size_t node = 1; node < events->node_count; node = ttl_reply_next(events, node)) {
        ck_assert(
            ttl_bytes_equal(ttl_reply_text(events, node + 2), ttl_bytes_of("ttlspec:test:0:k")));
        count += ttl_bytes_is_word(ttl_reply_text(events, node + 1), name);
    }
    return count;
}

START_TEST(the_engine_answers_in_the_exact_millisecond) {
    target_options options = {0};
    bool is_usage;
    target *on = target_open("engine:redis-7.2", &options, &is_usage, error);
    ck_assert_msg(on != NULL, "%s", error);
    target_moments moments;
    ck_assert(target_begin(on, &usual_turn, error));
    say(on, "PSETEX ttlspec:test:0:k 100 v", &moments);
    ck_assert(target_wait(on, 100));
    ck_assert_int_eq(say(on, "PTTL ttlspec:test:0:k", &moments).is.integer, 0);
    ck_assert_int_eq(moments.sent_us, 100000);
    ck_assert(target_wait(on, 101));
    ck_assert_int_eq(say(on, "PTTL ttlspec:test:0:k", &moments).is.integer, -2);
    ttl_reply events;
    ttl_reply_init(&events, ttl_allocator_libc());
    ck_assert(target_events(on, &events, error));
    ck_assert_uint_eq(count_events(&events, "set"), 1);
    ck_assert_uint_eq(count_events(&events, "expire"), 1);
    ck_assert_uint_eq(count_events(&events, "expired"), 1);
    ttl_reply_free(&events);
    target_end(on, 0, NULL);
    target_close(on);
}
END_TEST

/* A real server in real time. */
typedef struct fixture {
    const char *command[2];
    server_options options;
    server_process process;
    char url[128];
} fixture;

static void fixture_start(fixture *self) {
    char wrong[SERVER_ERROR_SIZE];
    *self = (fixture){.command = {"redis-server", NULL}};
    self->options = (server_options){.command = self->command};
    ck_assert_msg(server_start(&self->process, &self->options, wrong), "%s", wrong);
    snprintf(self->url, sizeof self->url, "unix://%s", self->process.socket);
}

START_TEST(a_live_moment_lies_in_its_bracket) {
    fixture server;
    fixture_start(&server);
    target_options options = {0};
    bool is_usage;
    target *on = target_open(server.url, &options, &is_usage, error);
    ck_assert_msg(on != NULL, "%s", error);
    ck_assert(on->has_dialect && !on->is_virtual);
    ck_assert_msg(strncmp(on->server, "redis ", 6) == 0, "%s", on->server);
    target_turn turn = usual_turn;
    turn.wants_events = false;
    turn.needs_whole_second = true;
    target_moments moments;
    ck_assert_msg(target_begin(on, &turn, error), "%s", error);
    ck_assert_int_eq(on->t0_ms % 1000, 0);
    ck_assert(target_wait(on, 20));
    say(on, "PSETEX ttlspec:test:0:k 100000 v", &moments);
    ck_assert(moments.sent_us >= 20000 && moments.received_us >= moments.sent_us);
    target_moments later;
    int64_t deadline_ms = say(on, "PEXPIRETIME ttlspec:test:0:k", &later).is.integer;
    ck_assert_msg(target_settle(on, error), "%s", error);
    /* Between its readings a clock on the same machine moves as ours. */
    ck_assert_uint_eq(on->reading_count, 2);
    for (size_t i = 0; i < 2; i++) {
        clock_reading it = on->readings[i];
        int64_t ahead_us = (deadline_ms - 100000) * 1000 - it.server_us;
        ck_assert_int_le(ahead_us, moments.received_us - it.sent_us);
        ck_assert_int_gt(ahead_us + 1000, moments.sent_us - it.received_us);
    }
    ttl_bytes key = ttl_bytes_of("ttlspec:test:0:k");
    target_end(on, 1, &key);
    ck_assert_msg(target_begin(on, &turn, error), "%s", error);
    ck_assert_int_eq(say(on, "EXISTS ttlspec:test:0:k", &moments).is.integer, 0);
    target_end(on, 0, NULL);
    target_close(on);
    server_stop(&server.process);
}
END_TEST

START_TEST(events_come_only_when_granted_and_the_setting_is_put_back) {
    fixture server;
    fixture_start(&server);
    target_options options = {0};
    bool is_usage;
    target *on = target_open(server.url, &options, &is_usage, error);
    ck_assert_msg(on != NULL && !on->has_events && on->no_events != NULL, "%s", error);
    target_close(on);
    options.exclusive = true;
    on = target_open(server.url, &options, &is_usage, error);
    ck_assert_msg(on != NULL && on->has_events, "%s", error);
    ck_assert_msg(target_begin(on, &usual_turn, error), "%s", error);
    target_moments moments;
    say(on, "SET elsewhere v", &moments);
    say(on, "PSETEX ttlspec:test:0:k 1 v", &moments);
    ck_assert(target_wait(on, 20));
    say(on, "EXISTS ttlspec:test:0:k", &moments);
    ttl_reply events;
    ttl_reply_init(&events, ttl_allocator_libc());
    ck_assert_msg(target_events(on, &events, error), "%s", error);
    ck_assert_uint_eq(count_events(&events, "set"), 1);
    ck_assert_uint_eq(count_events(&events, "expired"), 1);
    ttl_reply_free(&events);
    target_end(on, 0, NULL);
    target_close(on);
    char wrong[SERVER_ERROR_SIZE];
    redisContext *direct = server_connect(&server.process, wrong);
    redisReply *reply = redisCommand(direct, "CONFIG GET notify-keyspace-events");
    ck_assert_str_eq(reply->element[1]->str, "");
    freeReplyObject(reply);
    redisFree(direct);
    server_stop(&server.process);
}
END_TEST

/* -- peers that are no servers ------------------------------------------------------------ */

/* A child that accepts connections on a socket and says `words` to each; NULL: it says nothing. */
static pid_t peer_start(const char *path, const char *words) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    while (child == 0) {
        int client = accept(listener, NULL, NULL);
        char asked[256];
        bool answers = words != NULL && client >= 0 && read(client, asked, sizeof asked) > 0;
        if (answers && write(client, words, strlen(words)) >= 0) close(client);
    }
    close(listener);
    return child;
}

static void check_peer(const char *words, const char *wanted) {
    char directory[] = "/tmp/ttlspec-peer-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(directory));
    char *path = text_format("%s/s", directory), *url = text_format("unix://%s", path);
    pid_t child = peer_start(path, words);
    target_options options = {0};
    bool is_usage = true;
    target *on = target_open(url, &options, &is_usage, error);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    unlink(path);
    rmdir(directory);
    free(path);
    free(url);
    ck_assert_ptr_null(on);
    ck_assert(!is_usage);
    ck_assert_msg(strstr(error, wanted) != NULL, "%s", error);
}

START_TEST(a_peer_that_closes_is_said_to_close) {
    check_peer("", "closed the connection");
}
END_TEST

START_TEST(a_peer_that_talks_garbage_is_said_to_talk_no_resp) {
    check_peer("HTTP/1.1 400 Bad Request\r\n\r\n", "what is not RESP");
}
END_TEST

START_TEST(a_peer_that_never_answers_is_given_up) {
    check_peer(NULL, "did not answer within 5 s");
}
END_TEST

START_TEST(a_socket_that_is_not_there_could_not_be_reached) {
    target_options options = {0};
    bool is_usage = true;
    ck_assert_ptr_null(target_open("unix:///nonexistent/s", &options, &is_usage, error));
    ck_assert(!is_usage);
    ck_assert_msg(strstr(error, "could not be reached: ") != NULL, "%s", error);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("target");
    TCase *tests = tcase_create("target");
    tcase_set_timeout(tests, 30); /* one of them waits until a peer is given up */
    tcase_add_loop_test(tests, an_address_is_shown_without_its_password, 0, 8);
    tcase_add_test(tests, a_password_may_hold_any_character_as_a_percent_code);
    tcase_add_loop_test(tests, what_is_no_target_is_a_mistake_of_the_command_line, 0, 12);
    tcase_add_test(tests, the_engine_answers_in_the_exact_millisecond);
    tcase_add_test(tests, a_live_moment_lies_in_its_bracket);
    tcase_add_test(tests, events_come_only_when_granted_and_the_setting_is_put_back);
    tcase_add_test(tests, a_peer_that_closes_is_said_to_close);
    tcase_add_test(tests, a_peer_that_talks_garbage_is_said_to_talk_no_resp);
    tcase_add_test(tests, a_peer_that_never_answers_is_given_up);
    tcase_add_test(tests, a_socket_that_is_not_there_could_not_be_reached);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
