/* Lists, hashes, sets and sorted sets through the public API: their laws where deadlines meet them,
 * the order of their members and events, and what separates the dialects. */
#include "support.h"

/* One command, its reply and its events. */
struct row {
    const char *line, *reply, *events;
};

/* Plays rows on a new engine; what `events` leaves NULL is not looked at. */
static void play(const char *dialect, const struct row *rows, size_t count) {
    struct world w;
    world_open(&w, dialect);
    for (size_t i = 0; i < count; i++) {
        w.events[0] = '\0';
        const char *reply = world_do(&w, rows[i].line);
        ck_assert_msg(strcmp(reply, rows[i].reply) == 0, "%s: %s: '%s', expected '%s'", dialect,
                      rows[i].line, reply, rows[i].reply);
        if (rows[i].events == NULL) continue;
        ck_assert_msg(strcmp(w.events, rows[i].events) == 0, "%s: %s: events '%s', expected '%s'",
                      dialect, rows[i].line, w.events, rows[i].events);
    }
    world_close(&w);
}

#define PLAY(dialect, ...)                                                                         \
    do {                                                                                           \
        static const struct row rows[] = {__VA_ARGS__};                                            \
        play((dialect), rows, sizeof rows / sizeof *rows);                                         \
    } while (0)

#define WRONG_TYPE "-WRONGTYPE Operation against a key holding the wrong kind of value "

/* ---- deadlines */

START_TEST(a_change_in_place_keeps_the_deadline) {
    static const char *const lines[][3] = {
        {"RPUSH k a b c", "LPUSH k z", "RPOP k"},
        {"RPUSH k a b c", "LSET k 0 z", "LPOP k 2"},
        {"RPUSH k a b c", "LMOVE k k LEFT RIGHT", "RPOPLPUSH k k"},
        {"HSET k f 1 g 2", "HSET k f 3", "HDEL k g"},
        {"HSET k f 1 g 2", "HINCRBY k f 3", "HMSET k n 1"},
        {"SADD k a b c", "SADD k d", "SREM k a"},
        {"SADD k a b c d", "SPOP k", "SPOP k 2"},
        {"ZADD k 1 a 2 b", "ZADD k 3 a", "ZREM k b"},
        {"ZADD k 1 a 2 b", "ZINCRBY k 1 a", "ZADD k INCR 1 b"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct world w;
        world_open(&w, "redis-7.0");
        world_do(&w, lines[i][0]);
        expect(&w, "PEXPIRE k 12345", ":1 ");
        world_do(&w, lines[i][1]);
        expect(&w, "PTTL k", ":12345 ");
        world_do(&w, lines[i][2]);
        expect(&w, "PTTL k", ":12345 ");
        world_close(&w);
    }
}
END_TEST

START_TEST(emptying_removes_the_key_and_its_deadline) {
    PLAY("redis-7.0", {"RPUSH k a", ":1 ", "rpush k"}, {"EXPIRE k 100", ":1 ", NULL},
         {"LPOP k", "$1 a ", "lpop k, del k"}, {"EXISTS k", ":0 ", NULL},
         {"RPUSH k a b", ":2 ", NULL}, {"TTL k", ":-1 ", NULL},
         {"RPOP k 9", "*2 $1 b $1 a ", "rpop k, del k"}, {"HSET k f v", ":1 ", "hset k"},
         {"HDEL k f nothing", ":1 ", "hdel k, del k"}, {"SADD k a", ":1 ", "sadd k"},
         {"SREM k b a", ":1 ", "srem k, del k"}, {"SADD k a", ":1 ", NULL},
         {"SPOP k", "$1 a ", "spop k, del k"}, {"SADD k 2 1", ":2 ", NULL},
         {"SPOP k 5", "*2 $1 1 $1 2 ", "spop k, del k"}, {"ZADD k 1 a", ":1 ", "zadd k"},
         {"ZREM k a", ":1 ", "zrem k, del k"}, {"RPUSH k a", ":1 ", NULL},
         {"RPOPLPUSH k to", "$1 a ", "lpush to, rpop k, del k"},
         {"LMOVE to k LEFT RIGHT", "$1 a ", "rpush k, lpop to, del to"}, {"DBSIZE", ":1 ", NULL});
}
END_TEST

START_TEST(a_stored_result_replaces_value_type_and_deadline) {
    PLAY("redis-7.0", {"SADD a 1 2 3", ":3 ", NULL}, {"SADD b 2 3 4", ":3 ", NULL},
         {"ZADD z 1 x 2 y", ":2 ", NULL}, {"SET k v EX 100", "+OK ", NULL},
         {"SINTERSTORE k a b", ":2 ", "sinterstore k"}, {"TTL k", ":-1 ", NULL},
         {"SMEMBERS k", "*2 $1 2 $1 3 ", NULL}, {"EXPIRE k 100", ":1 ", NULL},
         {"SUNIONSTORE k a b", ":4 ", "sunionstore k"}, {"TTL k", ":-1 ", NULL},
         {"EXPIRE k 100", ":1 ", NULL}, {"SDIFFSTORE k a b", ":1 ", "sdiffstore k"},
         {"TTL k", ":-1 ", NULL}, {"EXPIRE k 100", ":1 ", NULL},
         {"ZRANGESTORE k z 0 -1", ":2 ", "zrangestore k"}, {"TTL k", ":-1 ", NULL},
         {"TYPE k", "+zset ", NULL}, {"EXPIRE a 100", ":1 ", NULL},
         {"SUNIONSTORE a a b", ":4 ", NULL}, {"TTL a", ":-1 ", NULL});
}
END_TEST

START_TEST(an_empty_result_deletes_the_destination) {
    PLAY("redis-7.0", {"SADD a 1", ":1 ", NULL}, {"ZADD z 1 x", ":1 ", NULL},
         {"SET k v EX 100", "+OK ", NULL}, {"SINTERSTORE k a nothing", ":0 ", "del k"},
         {"SINTERSTORE k a nothing", ":0 ", ""}, {"SET k v", "+OK ", NULL},
         {"SUNIONSTORE k n1 n2", ":0 ", "del k"}, {"SET k v", "+OK ", NULL},
         {"SDIFFSTORE k a a", ":0 ", "del k"}, {"SET k v", "+OK ", NULL},
         {"ZRANGESTORE k z 5 9", ":0 ", "del k"}, {"SET k v", "+OK ", NULL},
         {"ZRANGESTORE k nothing 0 -1", ":0 ", "del k"}, {"EXISTS k", ":0 ", NULL});
}
END_TEST

START_TEST(a_dead_collection_is_not_there) {
    static const char *const readers[][2] = {
        {"HGETALL k", "*0 "},
        {"LRANGE k 0 -1", "*0 "},
        {"SMEMBERS k", "*0 "},
        {"ZRANGE k 0 -1", "*0 "},
        {"HLEN k", ":0 "},
        {"LPOP k", "$-1 "},
        {"SPOP k", "$-1 "},
        {"HDEL k f", ":0 "},
        {"LPUSHX k a", ":0 "},
        {"ZADD k XX 1 a", ":0 "},
        {"LSET k 0 a", "-ERR no such key "},
    };
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        struct world w;
        world_open(&w, "redis-7.0");
        world_do(&w, "RPUSH k a");
        world_do(&w, "PEXPIRE k 10");
        world_advance_ms(&w, 11);
        w.events[0] = '\0';
        expect(&w, readers[i][0], readers[i][1]);
        ck_assert_str_eq(w.events, "expired k");
        world_close(&w);
    }
}
END_TEST

START_TEST(a_new_value_over_a_dead_one_has_no_deadline) {
    static const char *const writers[] = {"HSET k f v", "RPUSH k a",     "SADD k a",
                                          "ZADD k 1 a", "HINCRBY k f 1", "SUNIONSTORE k other"};
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        struct world w;
        world_open(&w, "redis-7.0");
        world_do(&w, "SADD other a");
        world_do(&w, "PSETEX k 10 v");
        world_advance_ms(&w, 11);
        expect(&w, writers[i], ":1 ");
        expect(&w, "TTL k", ":-1 ");
        world_close(&w);
    }
}
END_TEST

/* An empty result is stored by a plain delete, which looks at no deadline. */
START_TEST(a_dead_destination_of_an_empty_result_is_announced_as_deleted) {
    struct world w;
    world_open(&w, "redis-7.0");
    world_do(&w, "PSETEX k 10 v");
    world_advance_ms(&w, 11);
    w.events[0] = '\0';
    expect(&w, "SUNIONSTORE k nothing", ":0 ");
    ck_assert_str_eq(w.events, "del k");
    world_close(&w);
}
END_TEST

/* ---- watched keys */

/* Makes k, watches it, runs the line, and says what becomes of the transaction. */
static void watch(const char *setup, const char *line, bool aborts) {
    struct world w;
    world_open(&w, "redis-7.0");
    world_do(&w, "SADD other 1");
    world_do(&w, "ZADD zother 1 a");
    world_do(&w, "RPUSH lother a");
    world_do(&w, setup);
    world_do(&w, "WATCH k");
    world_do(&w, line);
    world_do(&w, "MULTI");
    const char *reply = world_do(&w, "EXEC");
    ck_assert_msg(strcmp(reply, aborts ? "*-1 " : "*0 ") == 0, "%s, %s: '%s'", setup, line, reply);
    world_close(&w);
}

START_TEST(a_change_breaks_the_transactions_that_watch) {
    watch("HSET k f 1", "HSET k f 1", true);
    watch("HSET k f 1", "HINCRBY k f 0", true);
    watch("HSET k f 1 g 2", "HDEL k f", true);
    watch("RPUSH k a b", "LPUSH k c", true);
    watch("RPUSH k a b", "LPOP k", true);
    watch("RPUSH k a b", "LSET k 0 a", true);
    watch("RPUSH k a b", "RPOPLPUSH k k", true);
    watch("RPUSH k a b", "LMOVE lother k LEFT LEFT", true);
    watch("SADD k a b", "SADD k c", true);
    watch("SADD k a b", "SREM k a", true);
    watch("SADD k a b", "SPOP k", true);
    watch("SADD k 1", "SUNIONSTORE k other", true);
    watch("SADD k 1", "SUNIONSTORE k nothing", true);
    watch("ZADD k 1 a 2 b", "ZADD k 2 a", true);
    watch("ZADD k 1 a 2 b", "ZREM k a", true);
    watch("ZADD k 1 a", "ZRANGESTORE k zother 0 -1", true);
    watch("SET other 1", "HSET k f 1", true);
    watch("RPUSH k a", "LPOP k", true);
}
END_TEST

START_TEST(what_changes_nothing_breaks_no_transaction) {
    watch("HSET k f 1", "HDEL k g", false);
    watch("HSET k f x", "HINCRBY k f 1", false);
    watch("RPUSH k a b", "LPOP k 0", false);
    watch("RPUSH k a b", "LSET k 7 a", false);
    watch("SADD k a b", "SADD k a", false);
    watch("SADD k a b", "SREM k c", false);
    watch("ZADD k 1 a", "ZADD k 1 a", false);
    watch("ZADD k 1 a", "ZADD k NX 2 a", false);
    watch("ZADD k 1 a", "ZREM k b", false);
    watch("SET other 1", "SUNIONSTORE k nothing", false);
    watch("SET other 1", "LPUSHX k a", false);
}
END_TEST

/* ---- types and errors */

START_TEST(the_wrong_type_is_refused_and_nothing_changes) {
    static const char *const lines[] = {
        "HSET k f v",
        "HMSET k f v",
        "HGET k f",
        "HMGET k f",
        "HDEL k f",
        "HINCRBY k f 1",
        "HGETALL k",
        "HLEN k",
        "HEXISTS k f",
        "HKEYS k",
        "HVALS k",
        "LPUSH k a",
        "RPUSH k a",
        "LPUSHX k a",
        "RPUSHX k a",
        "LPOP k",
        "RPOP k 2",
        "LLEN k",
        "LRANGE k 0 -1",
        "LSET k 0 a",
        "LINDEX k 0",
        "RPOPLPUSH k l",
        "RPOPLPUSH l k",
        "LMOVE l k LEFT LEFT",
        "SADD k a",
        "SREM k a",
        "SCARD k",
        "SMEMBERS k",
        "SISMEMBER k a",
        "SPOP k",
        "SPOP k 1",
        "SINTERSTORE to k",
        "SUNIONSTORE to k",
        "SDIFFSTORE to nothing k",
        "ZADD k 1 a",
        "ZREM k a",
        "ZCARD k",
        "ZSCORE k a",
        "ZINCRBY k 1 a",
        "ZRANGE k 0 -1",
        "ZRANGESTORE to k 0 -1",
    };
    struct world w;
    world_open(&w, "redis-7.0");
    world_do(&w, "SET k v EX 100");
    world_do(&w, "SET to v EX 100");
    world_do(&w, "RPUSH l a");
    w.events[0] = '\0';
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) expect(&w, lines[i], WRONG_TYPE);
    ck_assert_str_eq(w.events, "");
    expect(&w, "TTL k", ":100 ");
    expect(&w, "TTL to", ":100 ");
    expect(&w, "LRANGE l 0 -1", "*1 $1 a ");
    world_close(&w);
}
END_TEST

START_TEST(arguments_are_checked_in_the_order_of_the_servers) {
    PLAY(
        "redis-7.0", {"SET s v", "+OK ", NULL},
        {"HSET s f v g", "-ERR wrong number of arguments for 'hset' command ", NULL},
        {"HINCRBY s f x", "-ERR value is not an integer or out of range ", NULL},
        {"LPOP s x", "-ERR value is out of range, must be positive ", NULL},
        {"LPOP s 1 2", "-ERR wrong number of arguments for 'lpop' command ", NULL},
        {"LRANGE s x 1", "-ERR value is not an integer or out of range ", NULL},
        {"LSET s x v", WRONG_TYPE, NULL}, {"LSET nothing x v", "-ERR no such key ", NULL},
        {"LMOVE s s LEFT UP", "-ERR syntax error ", NULL},
        {"SPOP s 1 2", "-ERR syntax error ", NULL},
        {"SPOP s -1", "-ERR value is out of range, must be positive ", NULL},
        {"ZADD s XX NX 1 a", "-ERR XX and NX options at the same time are not compatible ", NULL},
        {"ZADD s XX NX 1", "-ERR syntax error ", NULL},
        {"ZADD s GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible ",
         NULL},
        {"ZADD s INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair ", NULL},
        {"ZADD s x a", "-ERR value is not a valid float ", NULL},
        {"ZRANGE s 0 -1 LIMIT 0 1",
         "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX ",
         NULL},
        {"ZRANGE s - + BYLEX WITHSCORES",
         "-ERR syntax error, WITHSCORES not supported in combination with BYLEX ", NULL},
        {"ZRANGE s x 1 BYSCORE", "-ERR min or max is not a float ", NULL},
        {"ZRANGE s a b BYLEX", "-ERR min or max not valid string range item ", NULL});
}
END_TEST

START_TEST(counters_do_not_overflow_and_read_only_integers) {
    PLAY("redis-7.0", {"HSET h max 9223372036854775807 word x", ":2 ", NULL},
         {"HINCRBY h max 1", "-ERR increment or decrement would overflow ", ""},
         {"HINCRBY h max -9223372036854775808", ":-1 ", "hincrby h"},
         {"HINCRBY h word 1", "-ERR hash value is not an integer ", ""},
         {"HINCRBY h new -5", ":-5 ", "hincrby h"}, {"ZADD z inf a", ":1 ", NULL},
         {"ZADD z INCR -inf a", "-ERR resulting score is not a number (NaN) ", ""},
         {"ZADD z NX INCR -inf a", "$-1 ", ""}, {"ZSCORE z a", "$3 inf ", NULL});
}
END_TEST

/* ---- order */

START_TEST(members_have_a_defined_order) {
    PLAY("redis-8.0", {"RPUSH l b c", ":2 ", NULL}, {"LPUSH l a z", ":4 ", NULL},
         {"LRANGE l -100 100", "*4 $1 z $1 a $1 b $1 c ", NULL}, {"LRANGE l 2 1", "*0 ", NULL},
         {"LRANGE l -2 -1", "*2 $1 b $1 c ", NULL}, {"LINDEX l -4", "$1 z ", NULL},
         {"LINDEX l -5", "$-1 ", NULL}, {"HSET h b 1 a 2 b 3", ":2 ", NULL},
         {"HGETALL h", "*4 $1 b $1 3 $1 a $1 2 ", NULL}, {"SADD s 10 9 -1 9", ":3 ", NULL},
         {"SMEMBERS s", "*3 $2 -1 $1 9 $2 10 ", NULL}, {"SADD s x 0", ":2 ", NULL},
         {"SMEMBERS s", "*5 $2 -1 $1 9 $2 10 $1 x $1 0 ", NULL},
         {"ZADD z 2 b 1 c 2 a 1 cc", ":4 ", NULL},
         {"ZRANGE z 0 -1", "*4 $1 c $2 cc $1 a $1 b ", NULL}, {"ZADD z 0 b", ":0 ", NULL},
         {"ZRANGE z 0 -1", "*4 $1 b $1 c $2 cc $1 a ", NULL});
}
END_TEST

START_TEST(ranges_select_what_lies_between_their_ends) {
    PLAY("redis-7.0", {"ZADD z 1 a 2 b 3 c 4 d 5 e", ":5 ", NULL},
         {"ZRANGE z 1 2", "*2 $1 b $1 c ", NULL}, {"ZRANGE z 1 2 REV", "*2 $1 d $1 c ", NULL},
         {"ZRANGE z (1 3 BYSCORE", "*2 $1 b $1 c ", NULL},
         {"ZRANGE z 3 (1 BYSCORE REV", "*2 $1 c $1 b ", NULL},
         {"ZRANGE z -inf +inf BYSCORE LIMIT 1 2", "*2 $1 b $1 c ", NULL},
         {"ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2", "*2 $1 d $1 c ", NULL},
         {"ZRANGE z -inf +inf BYSCORE LIMIT -1 2", "*0 ", NULL},
         {"ZRANGE z -inf +inf BYSCORE LIMIT 3 -1", "*2 $1 d $1 e ", NULL},
         {"ZRANGE z (2 (2 BYSCORE", "*0 ", NULL}, {"ZRANGE z 9 8 BYSCORE", "*0 ", NULL},
         {"ZADD l 0 a 0 b 0 bb 0 c", ":4 ", NULL}, {"ZRANGE l [b (c BYLEX", "*2 $1 b $2 bb ", NULL},
         {"ZRANGE l + (b BYLEX REV", "*2 $1 c $2 bb ", NULL}, {"ZRANGE l + - BYLEX", "*0 ", NULL},
         {"ZRANGE l - + BYLEX LIMIT 1 1", "*1 $1 b ", NULL},
         {"ZRANGESTORE k z 4 2 BYSCORE REV LIMIT 0 2", ":2 ", NULL},
         {"ZRANGE k 0 -1 WITHSCORES", "*4 $1 c $1 3 $1 d $1 4 ", NULL});
}
END_TEST

START_TEST(zadd_counts_what_its_options_let_through) {
    PLAY("redis-7.0", {"ZADD z 1 a 2 b", ":2 ", "zadd z"}, {"ZADD z 1 a", ":0 ", ""},
         {"ZADD z CH 1 a 3 b 4 c", ":2 ", "zadd z"}, {"ZADD z NX 9 a 5 d", ":1 ", "zadd z"},
         {"ZADD z XX CH 9 a 5 e", ":1 ", "zadd z"}, {"ZADD z GT CH 8 a 5 f", ":1 ", "zadd z"},
         {"ZADD z LT CH 8 a", ":1 ", "zadd z"}, {"ZADD z INCR 1 a", "$1 9 ", "zincr z"},
         {"ZADD z INCR 0 a", "$1 9 ", ""}, {"ZADD z GT INCR -1 a", "$-1 ", ""},
         {"ZADD nothing XX 1 a", ":0 ", ""}, {"ZADD nothing XX INCR 1 a", "$-1 ", ""},
         {"EXISTS nothing", ":0 ", NULL}, {"ZINCRBY z 1.5 new", "$3 1.5 ", "zincr z"});
}
END_TEST

/* ---- dialects */

START_TEST(scores_are_written_as_the_dialect_does) {
    PLAY("redis-6.0", {"ZADD z 0.1 a 1e17 b -0 c", ":3 ", NULL},
         {"ZSCORE z a", "$19 0.10000000000000001 ", NULL}, {"ZSCORE z b", "$5 1e+17 ", NULL},
         {"ZSCORE z c", "$2 -0 ", NULL});
    PLAY("redis-7.0", {"ZADD z 0.1 a 1e17 b -0 c", ":3 ", NULL},
         {"ZSCORE z a", "$19 0.10000000000000001 ", NULL}, {"ZSCORE z b", "$5 1e+17 ", NULL},
         {"ZSCORE z c", "$1 0 ", NULL});
    PLAY("redis-8.0", {"ZADD z 0.1 a 1e17 b -0 c 0x10 d", ":4 ", NULL},
         {"ZSCORE z a", "$3 0.1 ", NULL}, {"ZSCORE z b", "$18 100000000000000000 ", NULL},
         {"ZSCORE z c", "$1 0 ", NULL});
    PLAY("valkey-9.1", {"ZADD z 0x10 d", "-ERR value is not a valid float ", NULL},
         {"ZADD z 2.5e-7 a", ":1 ", NULL}, {"ZSCORE z a", "$6 2.5e-7 ", NULL});
}
END_TEST

START_TEST(counts_of_pops_are_read_as_the_dialect_does) {
    PLAY("redis-6.0", {"SPOP s x", "-ERR value is not an integer or out of range ", NULL},
         {"SPOP s -1", "-ERR index out of range ", NULL},
         {"LPOP l 1", "-ERR wrong number of arguments for 'lpop' command ", NULL});
    PLAY("redis-6.2", {"RPUSH l a", ":1 ", NULL}, {"LPOP l 0", "*-1 ", NULL},
         {"LPOP nothing 1", "$-1 ", NULL}, {"LPOP l 1", "*1 $1 a ", NULL});
    PLAY("redis-7.0", {"RPUSH l a", ":1 ", NULL}, {"LPOP l 0", "*0 ", ""},
         {"LPOP nothing 1", "*-1 ", NULL}, {"LPOP l 1", "*1 $1 a ", NULL});
}
END_TEST

START_TEST(lset_cuts_its_index_where_the_dialect_does) {
    PLAY("redis-7.0", {"RPUSH l a b", ":2 ", NULL},
         {"LSET l 4294967296 z", "-ERR index out of range ", ""});
    PLAY("valkey-8.1", {"RPUSH l a b", ":2 ", NULL}, {"LSET l 4294967296 z", "+OK ", "lset l"},
         {"LSET l 2 z", "-ERR index out of range ", ""}, {"LINDEX l 0", "$1 z ", NULL},
         {"LINDEX l 4294967296", "$-1 ", NULL});
}
END_TEST

START_TEST(redis_6_0_knows_only_the_first_forms) {
    PLAY("redis-6.0", {"ZADD z GT 1 a", "-ERR syntax error ", NULL},
         {"ZADD z 1 a 2 b", ":2 ", NULL}, {"ZRANGE z 0 -1 REV", "-ERR syntax error ", NULL},
         {"ZRANGE z x 1 REV", "-ERR value is not an integer or out of range ", NULL},
         {"ZRANGE z 0 -1 WITHSCORES", "*4 $1 a $1 1 $1 b $1 2 ", NULL});
}
END_TEST

/* ---- memory */

/* Everything that the script below may touch, as text. */
static void state_take(struct world *w, char *state, size_t size) {
    static const char *const readers[] = {
        "LRANGE l 0 -1", "LRANGE to 0 -1", "HGETALL h", "SMEMBERS s", "ZRANGE z 0 -1 WITHSCORES",
        "PTTL l",        "PTTL h",         "PTTL s",    "PTTL z",     "DBSIZE",
    };
    size_t length = 0;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        length += (size_t)snprintf(state + length, size - length, "%s\n", world_do(w, readers[i]));
    ck_assert_uint_lt(length, size);
}

static void state_prepare(struct world *w) {
    static const char *const lines[] = {
        "RPUSH l a b c d", "HSET h f 1 g 2", "SADD s 1 2 3 4", "ZADD z 1 a 2 b 3 c 4 d",
        "EXPIRE l 100",    "EXPIRE h 100",   "EXPIRE s 100",
    };
    world_open(w, "redis-7.0");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) world_do(w, lines[i]);
}

/* Refuses the n-th allocation of the command; false when it makes fewer. */
static bool refuse(const char *line, size_t n) {
    static char before[4096], after[4096], now[4096];
    struct world w;
    state_prepare(&w);
    state_take(&w, before, sizeof before);
    world_do(&w, line);
    state_take(&w, after, sizeof after);
    world_close(&w);
    state_prepare(&w);
    w.memory.calls = 0;
    w.memory.fail_at = n;
    ttl_status status = world_try(&w, line);
    bool reached = w.memory.calls >= n;
    w.memory.fail_at = 0;
    state_take(&w, now, sizeof now);
    bool whole = strcmp(now, after) == 0;
    ck_assert_msg(whole || (status == TTL_NO_MEMORY && strcmp(now, before) == 0),
                  "%s, allocation %zu of it refused:\n%s", line, n, now);
    world_close(&w);
    return reached;
}

START_TEST(every_command_is_done_wholly_or_not_at_all) {
    static const char *const lines[] = {
        "LPUSH l x y z u v w",
        "RPUSHX l x y z u v w",
        "LPOP l 3",
        "RPOP l",
        "LSET l 1 longer",
        "RPOPLPUSH l to",
        "LMOVE l to LEFT LEFT",
        "LMOVE l l LEFT RIGHT",
        "HMSET h f 9 n 1 m 2 o 3 p 4",
        "HINCRBY h f 41",
        "HINCRBY h new 1",
        "HDEL h f g",
        "SADD s 3 x y z u",
        "SPOP s 4",
        "SPOP s 9",
        "SUNIONSTORE s s",
        "SDIFFSTORE s s s",
        "SINTERSTORE to s s",
        "ZADD z 9 a 8 x 7 y 6 u 5 v",
        "ZADD z INCR 3 a",
        "ZINCRBY z 1 new",
        "ZREM z a b c d",
        "ZRANGESTORE to z 0 -1",
        "ZRANGESTORE z z 5 9",
    };
    size_t refused = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        for (size_t n = 1; refuse(lines[i], n); n++) refused++;
    ck_assert_uint_gt(refused, 50);
}
END_TEST

/* ---- against a naive model */

enum { MODEL_MEMBERS = 40 };

/* The members of a sorted set that are there, in order, as the reply to ZRANGE WITHSCORES. */
static void model_reply(const int *scores, char *text, size_t size) {
    size_t length = 0, count = 0;
    for (int i = 0; i < MODEL_MEMBERS; i++) count += scores[i] >= 0;
    length += (size_t)snprintf(text, size, "*%zu ", 2 * count);
    for (int score = 0; score < 10; score++)
        for (int i = 0; i < MODEL_MEMBERS; i++)
            if (scores[i] == score)
                length +=
                    (size_t)snprintf(text + length, size - length, "$3 m%02d $1 %d ", i, score);
}

START_TEST(a_sorted_set_agrees_with_a_naive_one) {
    uint64_t random = 1 + (uint64_t)_i;
    int scores[MODEL_MEMBERS];
    struct world w;
    char line[64], expected[4096];
    for (int i = 0; i < MODEL_MEMBERS; i++) scores[i] = -1;
    world_open(&w, "redis-7.0");
    for (int step = 0; step < 2000; step++) {
        int member = (int)random_below(&random, MODEL_MEMBERS);
        int score = (int)random_below(&random, 20) - 10;
        if (score >= 0) snprintf(line, sizeof line, "ZADD z %d m%02d", score, member);
        else snprintf(line, sizeof line, "ZREM z m%02d", member);
        bool was_there = scores[member] >= 0;
        scores[member] = score >= 0 ? score : -1;
        expect(&w, line, was_there == (score < 0) ? ":1 " : ":0 ");
        model_reply(scores, expected, sizeof expected);
        expect(&w, "ZRANGE z 0 -1 WITHSCORES", expected);
    }
    world_close(&w);
}
END_TEST

START_TEST(fields_are_not_drawn_without_end) {
    struct world w;
    world_open(&w, "redis-8.6");
    world_do(&w, "HSET k f v");
    expect(&w, "HRANDFIELD k -9223372036854775807", "-ERR value is out of range ");
    expect(&w, "HRANDFIELD k -10000001", "-ERR value is out of range ");
    expect(&w, "HRANDFIELD k -2", "*2 $1 f $1 f ");
    expect(&w, "HRANDFIELD none -9223372036854775807", "*0 ");
    world_close(&w);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("collections");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 60);
    tcase_add_test(laws, a_change_in_place_keeps_the_deadline);
    tcase_add_test(laws, emptying_removes_the_key_and_its_deadline);
    tcase_add_test(laws, a_stored_result_replaces_value_type_and_deadline);
    tcase_add_test(laws, an_empty_result_deletes_the_destination);
    tcase_add_test(laws, a_dead_collection_is_not_there);
    tcase_add_test(laws, a_new_value_over_a_dead_one_has_no_deadline);
    tcase_add_test(laws, a_dead_destination_of_an_empty_result_is_announced_as_deleted);
    tcase_add_test(laws, a_change_breaks_the_transactions_that_watch);
    tcase_add_test(laws, what_changes_nothing_breaks_no_transaction);
    tcase_add_test(laws, the_wrong_type_is_refused_and_nothing_changes);
    tcase_add_test(laws, arguments_are_checked_in_the_order_of_the_servers);
    tcase_add_test(laws, counters_do_not_overflow_and_read_only_integers);
    tcase_add_test(laws, members_have_a_defined_order);
    tcase_add_test(laws, ranges_select_what_lies_between_their_ends);
    tcase_add_test(laws, zadd_counts_what_its_options_let_through);
    tcase_add_test(laws, scores_are_written_as_the_dialect_does);
    tcase_add_test(laws, counts_of_pops_are_read_as_the_dialect_does);
    tcase_add_test(laws, lset_cuts_its_index_where_the_dialect_does);
    tcase_add_test(laws, fields_are_not_drawn_without_end);
    tcase_add_test(laws, redis_6_0_knows_only_the_first_forms);
    tcase_add_test(laws, every_command_is_done_wholly_or_not_at_all);
    tcase_add_loop_test(laws, a_sorted_set_agrees_with_a_naive_one, 0, 3);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
