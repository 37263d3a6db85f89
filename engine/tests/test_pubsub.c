/* Messages and keyspace events: who gets them, in which order, and what a subscriber may do. */
#include "support.h"

/* A session that writes down what it is told, each message on a line of its own. */
struct listener {
    ttl_session *session;
    ttl_reply reply;
    char heard[4096];
};

static bool listener_write(void *context, const char *data, size_t length) {
    struct listener *listener = context;
    size_t at = strlen(listener->heard);
    for (size_t i = 0; i < length && at + 1 < sizeof listener->heard; i++)
        if (data[i] != '\n') listener->heard[at++] = data[i] == '\r' ? ' ' : data[i];
    listener->heard[at] = '\0';
    return true;
}

static void listener_on_push(void *context, ttl_session *session, const ttl_reply *message) {
    ck_assert(ttl_reply_encode(message, ttl_session_protocol(session), listener_write, context));
    listener_write(context, "|", 1);
}

static void listener_open(struct listener *listener, struct world *world) {
    *listener = (struct listener){0};
    ttl_session_options options = {.on_push = listener_on_push, .push_context = listener};
    listener->session = ttl_session_new(world->engine, &options);
    ck_assert_ptr_nonnull(listener->session);
    ttl_reply_init(&listener->reply, ttl_allocator_libc());
}

static void listener_close(struct listener *listener) {
    ttl_reply_free(&listener->reply);
    ttl_session_free(listener->session);
}

/* Everything that the listener was sent since the last question, the reply last. */
static const char *listener_do(struct listener *listener, const char *line) {
    char copy[512];
    ttl_bytes argv[32];
    snprintf(copy, sizeof copy, "%s", line);
    size_t argc = words_of(copy, argv, 32);
    listener->heard[0] = '\0';
    ck_assert_int_eq(ttl_session_execute(listener->session, argc, argv, &listener->reply), TTL_OK);
    listener_on_push(listener, listener->session, &listener->reply);
    return listener->heard;
}

#define tells(listener, line, text) ck_assert_str_eq(listener_do(listener, line), text)
#define heard(listener, text)                                                                      \
    do {                                                                                           \
        ck_assert_str_eq((listener)->heard, text);                                                 \
        (listener)->heard[0] = '\0';                                                               \
    } while (0)

static struct world world;
static struct listener a, b;

static void open_as(const char *dialect) {
    world_open(&world, dialect);
    listener_open(&a, &world);
    listener_open(&b, &world);
}

static void close_all(void) {
    listener_close(&a);
    listener_close(&b);
    world_close(&world);
}

START_TEST(each_channel_of_subscribe_is_confirmed_with_the_count_so_far) {
    open_as("redis-7.0");
    tells(&a, "SUBSCRIBE x y x",
          "*3 $9 subscribe $1 x :1 |*3 $9 subscribe $1 y :2 |*3 $9 subscribe $1 x :2 |");
    tells(&a, "PSUBSCRIBE p*", "*3 $10 psubscribe $2 p* :3 |");
    tells(&a, "UNSUBSCRIBE", "*3 $11 unsubscribe $1 x :2 |*3 $11 unsubscribe $1 y :1 |");
    tells(&a, "PUNSUBSCRIBE no p*", "*3 $12 punsubscribe $2 no :1 |*3 $12 punsubscribe $2 p* :0 |");
    tells(&a, "PUNSUBSCRIBE", "*3 $12 punsubscribe $-1 :0 |");
    close_all();
}
END_TEST

START_TEST(resp3_confirms_and_tells_with_pushes) {
    open_as("redis-7.0");
    listener_do(&a, "HELLO 3");
    tells(&a, "SUBSCRIBE x", ">3 $9 subscribe $1 x :1 |");
    expect(&world, "PUBLISH x hi", ":1 ");
    ck_assert_str_eq(a.heard, ">3 $9 subscribe $1 x :1 |>3 $7 message $1 x $2 hi |");
    tells(&a, "GET k", "_ |");
    close_all();
}
END_TEST

START_TEST(publish_reaches_channels_then_patterns_and_counts_both) {
    open_as("redis-7.0");
    listener_do(&a, "PSUBSCRIBE n* news");
    listener_do(&b, "SUBSCRIBE news");
    listener_do(&a, "SUBSCRIBE news other");
    a.heard[0] = b.heard[0] = '\0';
    expect(&world, "PUBLISH news m", ":4 ");
    heard(&b, "*3 $7 message $4 news $1 m |");
    heard(&a, "*3 $7 message $4 news $1 m |*4 $8 pmessage $2 n* $4 news $1 m |"
              "*4 $8 pmessage $4 news $4 news $1 m |");
    expect(&world, "PUBLISH nothing m", ":1 ");
    heard(&a, "*4 $8 pmessage $2 n* $7 nothing $1 m |");
    heard(&b, "");
    expect(&world, "PUBLISH absent m", ":0 ");
    close_all();
}
END_TEST

START_TEST(pubsub_tells_channels_and_counts) {
    open_as("redis-7.0");
    listener_do(&a, "SUBSCRIBE x y");
    listener_do(&b, "SUBSCRIBE x");
    listener_do(&a, "PSUBSCRIBE *");
    listener_do(&b, "PSUBSCRIBE * z");
    expect(&world, "PUBSUB CHANNELS", "*2 $1 x $1 y ");
    expect(&world, "PUBSUB CHANNELS [x]", "*1 $1 x ");
    expect(&world, "PUBSUB NUMSUB x z", "*4 $1 x :2 $1 z :0 ");
    expect(&world, "PUBSUB NUMPAT", ":2 ");
    close_all();
    open_as("redis-6.0");
    listener_do(&a, "PSUBSCRIBE *");
    listener_do(&b, "PSUBSCRIBE * z");
    expect(&world, "PUBSUB NUMPAT", ":3 ");
    close_all();
}
END_TEST

START_TEST(subscriber_in_resp2_may_execute_only_what_concerns_subscriptions) {
    static const struct {
        const char *dialect, *complaint;
    } cases[] = {
        {"redis-6.0", "-ERR Can't execute 'get': only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT "
                      "are allowed in this context |"},
        {"redis-6.2", "-ERR Can't execute 'get': only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT "
                      "/ RESET are allowed in this context |"},
        {"redis-7.0", "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
                      "QUIT / RESET are allowed in this context |"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_as(cases[i].dialect);
        listener_do(&a, "SUBSCRIBE x");
        tells(&a, "GET k", cases[i].complaint);
        tells(&a, "GET", "-ERR wrong number of arguments for 'get' command |");
        tells(&a, "PING", "*2 $4 pong $0  |");
        tells(&a, "PING hi", "*2 $4 pong $2 hi |");
        listener_do(&a, "UNSUBSCRIBE");
        tells(&a, "GET k", "$-1 |");
        tells(&a, "PING", "+PONG |");
        close_all();
    }
}
END_TEST

START_TEST(exec_of_a_subscriber_is_aborted) {
    open_as("redis-7.0");
    listener_do(&a, "SUBSCRIBE x");
    ck_assert_ptr_nonnull(
        strstr(listener_do(&a, "EXEC"),
               "-EXECABORT Transaction discarded because of: Can't execute 'exec': only"));
    ck_assert_ptr_nonnull(strstr(listener_do(&a, "CONFIG GET x"), "Can't execute 'config|get'"));
    close_all();
}
END_TEST

START_TEST(reset_and_the_end_of_a_session_end_subscriptions) {
    open_as("redis-7.0");
    listener_do(&a, "SUBSCRIBE x y");
    listener_do(&a, "PSUBSCRIBE *");
    tells(&a, "RESET", "+RESET |");
    expect(&world, "PUBLISH x m", ":0 ");
    listener_do(&b, "SUBSCRIBE x");
    listener_close(&b);
    expect(&world, "PUBLISH x m", ":0 ");
    listener_open(&b, &world);
    close_all();
}
END_TEST

START_TEST(valkey_8_0_0_refuses_to_unsubscribe_who_is_not_subscribed) {
    open_as("valkey-8.0.1");
    tells(&a, "UNSUBSCRIBE", "-NOSUB 'unsubscribe' command executed not in subscribed mode |");
    close_all();
    open_as("valkey-8.0.2");
    tells(&a, "UNSUBSCRIBE", "*3 $11 unsubscribe $-1 :0 |");
    close_all();
}
END_TEST

/* ---- keyspace events */

START_TEST(events_are_published_by_key_then_by_name_as_far_as_asked_for) {
    open_as("redis-7.0");
    listener_do(&a, "PSUBSCRIBE __key*__:*");
    a.heard[0] = '\0';
    expect(&world, "SET k v", "+OK ");
    heard(&a, "");
    expect(&world, "CONFIG SET notify-keyspace-events KEA", "+OK ");
    expect(&world, "SELECT 3", "+OK ");
    expect(&world, "SET k v", "+OK ");
    heard(&a, "*4 $8 pmessage $10 __key*__:* $16 __keyspace@3__:k $3 set |"
              "*4 $8 pmessage $10 __key*__:* $18 __keyevent@3__:set $1 k |");
    expect(&world, "CONFIG SET notify-keyspace-events Kg", "+OK ");
    expect(&world, "SET k w", "+OK ");
    heard(&a, "");
    expect(&world, "PEXPIRE k 100", ":1 ");
    heard(&a, "*4 $8 pmessage $10 __key*__:* $16 __keyspace@3__:k $6 expire |");
    close_all();
}
END_TEST

START_TEST(expired_is_published_when_the_dead_key_is_met) {
    open_as("redis-7.0");
    listener_do(&a, "SUBSCRIBE __keyevent@0__:expired");
    a.heard[0] = '\0';
    expect(&world, "CONFIG SET notify-keyspace-events Ex", "+OK ");
    expect(&world, "PSETEX k 100 v", "+OK ");
    world_advance_ms(&world, 101);
    heard(&a, "");
    expect(&world, "GET k", "$-1 ");
    heard(&a, "*3 $7 message $22 __keyevent@0__:expired $1 k |");
    close_all();
}
END_TEST

START_TEST(event_classes_are_read_and_told_in_the_servers_order) {
    static const struct {
        const char *dialect, *set, *told;
    } cases[] = {
        {"redis-7.0", "KEA", "$3 AKE "},
        {"redis-7.0", "K$", "$2 $K "},
        {"redis-7.0", "KEAmn", "$4 AKEm "},
        {"redis-7.0", "nmdtexhsl$gEK", "$13 g$lshxetdnKEm "},
        {"redis-7.0", "g$lshzxetd", "$1 A "},
        {"redis-7.0", "mtexzhsl$gEK", "$12 g$lshzxetKEm "},
        {"redis-6.0", "mtexzhsl$gEK", "$4 AKEm "},
        {"redis-8.2", "Kcgnod", "$6 gdnocK "},
        {"valkey-9.1", "Eno", NULL},
        {"redis-7.0", "o", NULL},
        {"redis-6.0", "d", NULL},
        {"redis-6.2", "n", NULL},
        {"redis-7.0", "b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128], reply[128];
        open_as(cases[i].dialect);
        snprintf(line, sizeof line, "CONFIG SET notify-keyspace-events %s", cases[i].set);
        ck_assert_int_eq(world_do(&world, line)[0], cases[i].told == NULL ? '-' : '+');
        snprintf(reply, sizeof reply, "*2 $22 notify-keyspace-events %s",
                 cases[i].told == NULL ? "$0  " : cases[i].told);
        expect(&world, "CONFIG GET notify-keyspace-events", reply);
        close_all();
    }
}
END_TEST

/* ---- memory */

START_TEST(message_that_finds_no_memory_is_lost_and_nothing_else) {
    open_as("redis-7.0");
    listener_do(&a, "PSUBSCRIBE *");
    expect(&world, "CONFIG SET notify-keyspace-events KEA", "+OK ");
    for (size_t n = 1; n < 40; n++) {
        char line[64];
        snprintf(line, sizeof line, "APPEND k%zu v", n);
        world.memory.calls = 0;
        world.memory.fail_at = n;
        ttl_status status = world_try(&world, line);
        world.memory.fail_at = 0;
        snprintf(line, sizeof line, "EXISTS k%zu", n);
        expect(&world, line, status == TTL_OK ? ":1 " : ":0 ");
        expect(&world, "PUBLISH x m", ":1 ");
    }
    close_all();
}
END_TEST

START_TEST(subscribe_without_memory_subscribes_to_nothing) {
    open_as("redis-7.0");
    size_t refused = 0;
    for (size_t n = 1; n < 20; n++) {
        ttl_bytes argv[] = {ttl_bytes_of("SUBSCRIBE"), ttl_bytes_of("x"), ttl_bytes_of("y")};
        world.memory.calls = 0;
        world.memory.fail_at = n;
        ttl_status status = ttl_session_execute(a.session, 3, argv, &a.reply);
        world.memory.fail_at = 0;
        refused += status != TTL_OK;
        expect(&world, "PUBSUB CHANNELS", status == TTL_OK ? "*2 $1 x $1 y " : "*0 ");
        listener_do(&a, "UNSUBSCRIBE");
    }
    ck_assert_uint_eq(refused, 2);
    close_all();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("pubsub");
    TCase *messages = tcase_create("messages");
    tcase_add_test(messages, each_channel_of_subscribe_is_confirmed_with_the_count_so_far);
    tcase_add_test(messages, resp3_confirms_and_tells_with_pushes);
    tcase_add_test(messages, publish_reaches_channels_then_patterns_and_counts_both);
    tcase_add_test(messages, pubsub_tells_channels_and_counts);
    tcase_add_test(messages, subscriber_in_resp2_may_execute_only_what_concerns_subscriptions);
    tcase_add_test(messages, exec_of_a_subscriber_is_aborted);
    tcase_add_test(messages, reset_and_the_end_of_a_session_end_subscriptions);
    tcase_add_test(messages, valkey_8_0_0_refuses_to_unsubscribe_who_is_not_subscribed);
    suite_add_tcase(suite, messages);
    TCase *events = tcase_create("events");
    tcase_add_test(events, events_are_published_by_key_then_by_name_as_far_as_asked_for);
    tcase_add_test(events, expired_is_published_when_the_dead_key_is_met);
    tcase_add_test(events, event_classes_are_read_and_told_in_the_servers_order);
    suite_add_tcase(suite, events);
    TCase *memory = tcase_create("memory");
    tcase_add_test(memory, message_that_finds_no_memory_is_lost_and_nothing_else);
    tcase_add_test(memory, subscribe_without_memory_subscribes_to_nothing);
    suite_add_tcase(suite, memory);
    return run_suite(suite);
}
