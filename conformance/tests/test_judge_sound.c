/* The judge never accuses a right server. Histories of the reference engine itself, on clocks of
 * any offset and rate, with latencies up to half a second, pauses, pipelines, connections that
 * overlap and a listener who hears of keyspace events, are judged: not one may fail.
 *
 *      JUDGE_HISTORIES=10000 build/tests/conformance/test_judge_sound
 *
 * judges so many, JUDGE_SEED=N begins with another one. A history that fails is printed.
 */
#include <check.h>
#include <inttypes.h>
#include <strings.h>

#include "conformance/judge.h"
#include "conformance/tests/simulated.h"
#include "engine/command.h"

enum { USUAL_HISTORIES = 2000, TIMEOUT_S = 3600 };

/* ---- random traffic */

typedef struct sim_client {
    int64_t sent_us, runs_us; /* of the command that is under way */
    size_t argc;
    ttl_bytes argv[SIM_WORDS];
    char text[SIM_TEXT];
    bool in_multi, is_gone;
    int left; /* commands until EXEC */
} sim_client;

typedef struct traffic {
    simulation sim;
    bool has_listener;
    int64_t pinged_us; /* when the listener sent the last PING that was answered */
    int64_t heard_us;  /* when it read the last event */
    int64_t ran_us;    /* when the command runs that is running */
    uint64_t *random;
    sim_client clients[SIM_CONNECTIONS];
    size_t client_count;
    bool shares_keys;
    bool wraps;      /* its deadlines wrap around, which is not judged */
    int64_t pace_us; /* about how long it waits between commands */
} traffic;

static const char *const dialects[] = {"redis-6.0.16", "redis-6.2.14", "redis-7.0.15",
                                       "redis-7.2.4",  "redis-8.0",    "valkey-8.1",
                                       "redis-8.6",    "valkey-9.1"};
enum { DIALECTS = sizeof dialects / sizeof *dialects };

/* Each # becomes a key, each % milliseconds about as long as the pace, each @ a moment, each $ a
 * second of the epoch. */
static const char *const timely[] = {
    "XADD # * f 1",
    "XGROUP CREATE # g 0 MKSTREAM",
    "XREADGROUP GROUP g c STREAMS # >",
    "XPENDING # g - + 9",
    "XCLAIM # g d % 1-1",
    "XAUTOCLAIM # g e % 0",
    "GET #",
    "GET #",
    "GET #",
    "SET # v PX %",
    "SET # w PX %",
    "PSETEX # % v",
    "PEXPIRE # %",
    "PEXPIRE # %",
    "PTTL #",
    "PTTL #",
    "TTL #",
    "EXISTS # #",
    "SET # v",
    "SET # w KEEPTTL",
    "SET # u PX % NX",
    "SET # u PX % XX",
    "PERSIST #",
    "DEL #",
    "RENAME # #",
    "EXPIRE # 1",
    "PEXPIREAT # @",
    "EXPIREAT # $",
    "TIME",
    "DBSIZE",
    "APPEND # x",
    "INCR #",
    "MGET # # #",
    "TYPE #",
    "KEYS *",
    "RANDOMKEY",
    "SETNX # v",
    "GETSET # v",
    "PEXPIRE # 0",
    "PEXPIRE # -5",
    "TTL #",
    "PEXPIRE # % GT",
    "PEXPIRE # % LT",
    "PEXPIRE # % NX",
    "PEXPIRETIME #",
    "EXPIRETIME #",
    "GETEX # PX %",
    "GETDEL #",
    "COPY # #",
    "SET # v PXAT @",
    "RENAMENX # #",
    "SADD # m n",
    "SPOP #",
    "SCAN 0",
    "UNLINK #",
    "STRLEN #",
    "PEXPIRE # 9223372036854775000",
    "WATCH #",
    "FLUSHALL",
    "SMEMBERS #",
    "MSET # a # b",
    "SETEX # 1 v",
    "EXPIRE # 2",
    "LPUSH # a",
    "LPOP #",
    "INFO server",
    "HSET # f 1 g 2",
    "HSET # f 1 g 2",
    "HPEXPIRE # % FIELDS 1 f",
    "HPEXPIRE # % FIELDS 2 f g",
    "HPEXPIRE # % GT FIELDS 1 f",
    "HPEXPIREAT # @ FIELDS 1 g",
    "HEXPIREAT # $ FIELDS 1 g",
    "HGET # f",
    "HPTTL # FIELDS 2 f g",
    "HTTL # FIELDS 1 f",
    "HPEXPIRETIME # FIELDS 1 g",
    "HEXPIRETIME # FIELDS 1 f",
    "HPERSIST # FIELDS 1 f",
    "HLEN #",
    "HGETALL #",
    "HINCRBY # f 1",
    "HDEL # f",
    "HGETEX # PX % FIELDS 1 g",
    "HSETEX # PX % FIELDS 1 f 3",
    "HGETDEL # FIELDS 1 g",
    "HPEXPIRE # 0 FIELDS 1 f",
};
enum { TIMELY = sizeof timely / sizeof *timely, TIMELY_PERCENT = 80 };

/* The rest of what is judged, so that all of it is. */
static const char *const others[] = {
    "OBJECT IDLETIME #",
    "ZADD # 1 a 2 b",
    "ZUNIONSTORE # 2 # #",
    "ZINTERSTORE # 1 #",
    "ZRANGE # 0 -1",
    "ZUNION 2 # #",
    "ZRANGESTORE # # 0 0",
    "ZREM # a",
    "SINTERSTORE # # #",
    "SDIFF # #",
    "SMOVE # # m",
    "RPUSH # 2 1",
    "LMOVE # # LEFT RIGHT",
    "SORT #",
    "SORT # STORE #",
    "SORT # BY # ALPHA",
    "GEOADD # 1 1 m",
    "GEORADIUS # 1 1 9 km STORE #",
    "BITOP OR # # #",
    "MSETNX # a # b",
    "DECR #",
    "INCRBY # 3",
    "DECRBY # 2",
    "INCRBYFLOAT # 0.5",
    "GETRANGE # 0 -1",
    "SUBSTR # 0 0",
    "SETRANGE # 1 x",
    "LCS # #",
    "DELEX # IFEQ a",
    "DELIFEQ # a",
    "DIGEST #",
    "GETBIT # 1",
    "SETBIT # 1 1",
    "BITCOUNT #",
    "BITPOS # 1",
    "BITFIELD # GET u8 0",
    "BITFIELD_RO # GET u8 0",
    "MSETEX 2 # a # b PX %",
    "TOUCH # #",
    "MOVE # 1",
    "COPY # # DB 1",
    "SELECT 1",
    "SELECT 0",
    "SWAPDB 0 1",
    "FLUSHDB",
    "PING",
    "ECHO x",
    "UNWATCH",
    "HEXPIRE # 1 FIELDS 1 f",
    "HSETNX # g 4",
    "HMSET # f 5",
    "HMGET # f g",
    "HEXISTS # f",
    "HKEYS #",
    "HVALS #",
    "HSTRLEN # f",
    "HINCRBYFLOAT # f 0.5",
    "HRANDFIELD # 3",
    "HSCAN # 0",
    "SCARD #",
    "SISMEMBER # m",
    "SREM # m",
    "SMISMEMBER # m n",
    "SINTER # #",
    "SUNION # #",
    "SINTERCARD 2 # #",
    "SUNIONSTORE # # #",
    "SDIFFSTORE # # #",
    "LPUSHX # b",
    "BLPOP # # 0",
    "BRPOP # 0",
    "BLMOVE # # LEFT RIGHT 0",
    "BRPOPLPUSH # # 0",
    "BLMPOP 0 2 # # LEFT",
    "BZPOPMIN # # 0",
    "BZPOPMAX # 0",
    "BZMPOP 0 1 # MIN COUNT 2",
    "RPUSHX # b",
    "RPOP #",
    "RPOPLPUSH # #",
    "LLEN #",
    "LRANGE # 0 -1",
    "LINDEX # 0",
    "LSET # 0 c",
    "ZCARD #",
    "ZSCORE # a",
    "ZINCRBY # 1 a",
    "ZDIFFSTORE # 2 # #",
    "XADD # 1-1 f 1",
    "XADD # NOMKSTREAM MAXLEN 2 * f 1",
    "XLEN #",
    "XRANGE # - +",
    "XREVRANGE # + -",
    "XDEL # 1-1",
    "XTRIM # MAXLEN 1",
    "XSETID # 0-9",
    "XREAD STREAMS # 0",
    "XREADGROUP GROUP g c STREAMS # 0",
    "XGROUP CREATE # g 0 MKSTREAM",
    "XGROUP SETID # g 0",
    "XGROUP DELCONSUMER # g c",
    "XACK # g 1-1",
    "XPENDING # g",
    "XPENDING # g IDLE % - + 9",
    "XCLAIM # g d 0 1-1 FORCE",
    "XCLAIM # g d 0 1-1 FORCE IDLE %",
    "XCLAIM # g d 0 1-1 TIME @",
    "XINFO CONSUMERS # g",
    "PFADD # a b",
    "PFCOUNT #",
    "PFCOUNT # #",
    "PFMERGE # #",
    "LTRIM # 0 1",
    "LREM # 1 b",
    "LINSERT # BEFORE a z",
    "LPOS # a",
    "LMPOP 2 # # LEFT",
    "ZPOPMIN #",
    "ZPOPMAX # 2",
    "ZMPOP 2 # # MIN",
    "ZREMRANGEBYRANK # 0 0",
    "ZREMRANGEBYSCORE # 0 1",
    "ZREMRANGEBYLEX # - +",
    "ZCOUNT # 0 9",
    "ZLEXCOUNT # - +",
    "ZMSCORE # a b",
    "ZRANK # a",
    "ZREVRANK # b",
    "ZREVRANGE # 0 -1",
    "ZRANGEBYSCORE # 0 9",
    "ZREVRANGEBYSCORE # 9 0",
    "ZRANGEBYLEX # - +",
    "ZREVRANGEBYLEX # + -",
    "ZINTER 2 # #",
    "ZDIFF 2 # #",
    "ZINTERCARD 2 # #",
    "ZRANDMEMBER # 2",
    "ZSCAN # 0",
    "SRANDMEMBER #",
    "SSCAN # 0",
    "SORT_RO #",
    "GEOPOS # m",
    "GEOHASH # m",
    "GEODIST # m m",
    "GEORADIUS_RO # 1 1 9 km",
    "GEORADIUSBYMEMBER # m 9 km",
    "GEORADIUSBYMEMBER_RO # m 9 km",
    "GEOSEARCH # FROMLONLAT 1 1 BYRADIUS 9 km",
    "GEOSEARCHSTORE # # FROMLONLAT 1 1 BYRADIUS 9 km",
    "EVAL return(redis.call('GET',KEYS[1])) 1 #",
    "EVAL redis.call('SET',KEYS[1],'s','PX',%) 1 #",
    "EVAL_RO return(redis.call('EXISTS',KEYS[1],KEYS[2])) 2 # #",
    "RESTORE # % \\0 REPLACE",
    "DUMP #",
};
enum { OTHERS = sizeof others / sizeof *others };

/* Does it take a whole database away from somebody? */
static bool takes_all(const char *form) {
    return strncmp(form, "FLUSH", 5) == 0 || strcmp(form, "SWAPDB 0 1") == 0 ||
           strcmp(form, "SELECT 1") == 0;
}

static const char *any_form(traffic *self) {
    if (sim_chance(self->random, TIMELY_PERCENT)) return timely[sim_below(self->random, TIMELY)];
    return others[sim_below(self->random, OTHERS)];
}

static size_t put_key(traffic *self, size_t owner, char *to) {
    int key = (int)sim_below(self->random, 3);
    return (size_t)sprintf(to, "k%d", self->shares_keys ? key : key + 10 * (int)owner);
}

static size_t put_span(traffic *self, char *to) {
    int64_t ms = self->pace_us / 1000;
    int64_t span = sim_chance(self->random, 20) ? 1 + sim_below(self->random, 3)
                                                : 1 + sim_below(self->random, 6 * ms + 3);
    return (size_t)sprintf(to, "%" PRId64, span);
}

static size_t put_moment(traffic *self, int64_t at_us, bool in_seconds, char *to) {
    int64_t ms = sim_wall_us(&self->sim, at_us) / 1000;
    ms += sim_below(self->random, 8 * self->pace_us / 1000 + 6) - 3;
    return (size_t)sprintf(to, "%" PRId64, in_seconds ? ms / 1000 + 1 : ms);
}

static void fill(traffic *self, size_t owner, const char *form) {
    sim_client *client = &self->clients[owner];
    char *to = client->text;
    for (; *form != '\0'; form++) {
        switch (*form) {
        case '#': to += put_key(self, owner, to); break;
        case '%': to += put_span(self, to); break;
        case '@': to += put_moment(self, client->sent_us, false, to); break;
        case '$': to += put_moment(self, client->sent_us, true, to); break;
        default: *to++ = *form;
        }
    }
    *to = '\0';
    client->argc = words_of(client->text, client->argv);
}

static void next_command(traffic *self, size_t owner) {
    sim_client *client = &self->clients[owner];
    bool begins = !client->in_multi && sim_chance(self->random, 8);
    if (begins) {
        client->in_multi = true;
        client->left = 1 + (int)sim_below(self->random, 5);
        fill(self, owner, "MULTI");
    } else if (client->in_multi && client->left-- == 0) {
        client->in_multi = false;
        fill(self, owner, sim_chance(self->random, 8) ? "DISCARD" : "EXEC");
    } else {
        const char *form = any_form(self);
        bool is_rare = takes_all(form) && sim_chance(self->random, 70);
        bool is_refused = (client->in_multi && strcmp(form, "WATCH #") == 0) ||
                          (self->wraps && strstr(form, "9223372036854775000") != NULL);
        fill(self, owner, is_rare || is_refused ? "GET #" : form);
    }
}

/* Mostly short, sometimes as long as it may be. */
static int64_t latency(traffic *self) {
    int64_t most = self->sim.latency_us;
    return sim_chance(self->random, 30) ? sim_below(self->random, most + 1)
                                        : sim_below(self->random, most / 16 + 2);
}

/* An event travels to the listener, who misses some. It was announced after the last PING whose
 * answer came before it. */
static void hear(void *context, const ttl_event *event) {
    traffic *self = context;
    simulation *sim = &self->sim;
    int64_t announced_by_us = self->ran_us + sim->server.took_us + sim->server.took_us / 1000 + 1;
    int64_t read_us = announced_by_us + latency(self);
    if (read_us > self->heard_us) self->heard_us = read_us;
    if (sim_chance(self->random, 30)) self->pinged_us = self->ran_us;
    if (!self->has_listener || sim_chance(self->random, 20)) return;
    const ttl_bytes words[] = {ttl_bytes_of(event->name), event->key};
    const history_entry entry = {.connection = history_connection(sim->history, "ear"),
                                 .sent_us = self->pinged_us,
                                 .received_us = self->heard_us,
                                 .argc = 2,
                                 .argv = words,
                                 .protocol = 2,
                                 .is_event = true,
                                 .database = event->database};
    if (history_append(sim->history, &entry) != NULL) abort();
}

static void send_next(traffic *self, size_t owner) {
    sim_client *client = &self->clients[owner];
    simulation *sim = &self->sim;
    int64_t earliest = sim->sent_us[owner], answered = sim->received_us[owner];
    bool is_pipelined = sim_chance(self->random, 20);
    client->sent_us = is_pipelined ? earliest + sim_below(self->random, answered - earliest + 1)
                                   : answered + sim_below(self->random, 2 * self->pace_us);
    int64_t arrives = client->sent_us + latency(self);
    client->runs_us = arrives > client->runs_us ? arrives : client->runs_us;
    sim->sent_us[owner] = client->sent_us;
    next_command(self, owner);
}

/* The client whose command the server gets next; SIM_CONNECTIONS: all are gone. */
static size_t first_to_run(const traffic *self) {
    size_t first = SIM_CONNECTIONS;
    for (size_t c = 0; c < self->client_count; c++) {
        if (self->clients[c].is_gone) continue;
        if (first == SIM_CONNECTIONS || self->clients[c].runs_us < self->clients[first].runs_us)
            first = c;
    }
    return first;
}

/* A connection breaks: what was sent last has no reply. Some of it ran, up to one command. */
static void lose(traffic *self, size_t owner, int64_t runs_us, ttl_reply *reply) {
    sim_client *client = &self->clients[owner];
    int64_t left = sim_below(self->random, 7), run = sim_below(self->random, left + 2);
    self->ran_us = runs_us;
    for (;; next_command(self, owner)) {
        if (run-- > 0) sim_execute(&self->sim, owner, runs_us, client->argc, client->argv, reply);
        sim_record(&self->sim, owner, client->sent_us, HISTORY_NO_REPLY, client->argc, client->argv,
                   NULL);
        if (left-- == 0) break;
    }
    client->is_gone = true;
}

static void run_one(traffic *self, size_t owner, ttl_reply *reply) {
    sim_client *client = &self->clients[owner];
    simulation *sim = &self->sim;
    if (sim_chance(self->random, 2)) sim->busy_until_us += sim_below(self->random, 500000);
    int64_t runs_us = client->runs_us > sim->busy_until_us ? client->runs_us : sim->busy_until_us;
    if (self->client_count > 1 && sim_chance(self->random, 1)) {
        lose(self, owner, runs_us, reply);
        return;
    }
    self->ran_us = runs_us;
    sim->server.reading_us = sim_chance(self->random, 10) ? sim_below(self->random, 900) : 0;
    sim_execute(sim, owner, runs_us, client->argc, client->argv, reply);
    int64_t received_us = sim->busy_until_us + latency(self);
    if (received_us < sim->received_us[owner]) received_us = sim->received_us[owner];
    sim_record(sim, owner, client->sent_us, received_us, client->argc, client->argv, reply);
    sim->received_us[owner] = received_us;
    client->runs_us = sim->busy_until_us;
    if (sim_chance(self->random, 10) && ttl_engine_expire(sim->server.engine, NULL) != TTL_OK)
        abort();
    send_next(self, owner);
}

static void simulate(history *to, uint64_t seed, ttl_dialect *dialect) {
    static const int64_t latencies[] = {20, 200, 2000, 20000, 500000};
    traffic *self = calloc(1, sizeof *self);
    if (self == NULL) abort();
    uint64_t chance = seed;
    self->random = &self->sim.random;
    if (!ttl_dialect_parse(dialects[sim_below(&chance, DIALECTS)], dialect)) abort();
    sim_open(&self->sim, to, *dialect, NULL, seed);
    self->sim.server.hear = hear;
    self->sim.server.ear = self;
    self->has_listener = sim_chance(self->random, 50);
    self->wraps = dialect->family == TTL_FAMILY_REDIS && dialect->version.major == 6 &&
                  dialect->version.minor < 2;
    self->sim.rate_ppm = sim_below(self->random, 901) - 450;
    self->sim.latency_us = latencies[sim_below(self->random, 5)];
    self->client_count = sim_chance(self->random, 40) ? 1 : 2 + (size_t)sim_below(self->random, 4);
    self->shares_keys = sim_chance(self->random, 60);
    self->pace_us = sim_chance(self->random, 50) ? 3000 : 60000;
    self->pinged_us = self->heard_us = self->sim.now_us;
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    for (size_t c = 0; c < self->client_count; c++) {
        self->sim.sent_us[c] = self->sim.received_us[c] = self->sim.now_us;
        send_next(self, c);
    }
    size_t length = 10 + (size_t)sim_below(self->random, 50);
    while (to->count < length) {
        size_t owner = first_to_run(self);
        if (owner == SIM_CONNECTIONS) break;
        run_one(self, owner, &reply);
    }
    ttl_reply_free(&reply);
    sim_close(&self->sim);
    free(self);
}

/* ---- judging it */

static int64_t number_of(const char *name, int64_t usual) {
    const char *text = getenv(name);
    return text == NULL ? usual : strtoll(text, NULL, 10);
}

typedef struct tally {
    int64_t judged, questions, open;
    int64_t given_up;  /* too many ways to search */
    int64_t left_open; /* it turns on what is the server's own affair */
    size_t runs_most;
} tally;

static void judge_one(uint64_t seed, tally *to) {
    history recorded;
    judge_options options = {.rate_ppm = JUDGE_RATE_PPM};
    history_init(&recorded);
    simulate(&recorded, seed, &options.dialect);
    judge_result result = judge_history(&recorded, &options);
    if (result.answer == JUDGE_FAIL) {
        char name[64];
        ttl_dialect_name(&options.dialect, name, sizeof name);
        history_write(&recorded, stderr);
        fprintf(stderr, "seed %" PRIu64 ", %s: entry %zu: %s\n", seed, name, result.entry + 1,
                result.reason);
    }
    ck_assert_msg(result.answer != JUDGE_FAIL, "a right server was accused: seed %" PRIu64, seed);
    to->judged++;
    bool is_undecided = result.answer == JUDGE_UNDECIDED;
    bool was_searched = is_undecided && strncmp(result.reason, "given up", 8) == 0;
    to->given_up += was_searched;
    to->left_open += is_undecided && !was_searched;
    to->open += (int64_t)result.open_questions;
    to->questions += (int64_t)result.questions;
    if (result.runs > to->runs_most) to->runs_most = result.runs;
    judge_result_free(&result);
    history_free(&recorded);
}

START_TEST(a_right_server_is_never_accused) {
    int64_t count = number_of("JUDGE_HISTORIES", USUAL_HISTORIES);
    uint64_t seed = (uint64_t)number_of("JUDGE_SEED", 1);
    tally sum = {0};
    for (int64_t i = 0; i < count; i++) judge_one(seed + (uint64_t)i, &sum);
    if (getenv("JUDGE_HISTORIES") != NULL)
        printf("%" PRId64 " histories, not one fail; %" PRId64 " given up, %" PRId64
               " turn on the server's own affair; %" PRId64 " questions, %" PRId64
               " of them open; at most %zu runs of the engine\n",
               sum.judged, sum.given_up, sum.left_open, sum.questions, sum.open, sum.runs_most);
    ck_assert_int_eq(sum.judged, count);
    ck_assert_int_le(sum.given_up * 1000, count);
    ck_assert_int_le(sum.left_open * 10, count);
    ck_assert_int_gt(sum.open, 0);
}
END_TEST

static bool begins_any(const char *const *lines, size_t count, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < count; i++)
        if (strncasecmp(lines[i], name, length) == 0 &&
            (lines[i][length] == ' ' || lines[i][length] == '\0'))
            return true;
    return false;
}

START_TEST(no_command_is_left_out_of_the_histories) {
    /* Made by the traffic itself, or of one connection or the server only. */
    static const char *const elsewhere[] = {
        "MULTI",      "EXEC",        "DISCARD",      "EVALSHA", "EVALSHA_RO", "SCRIPT", "SUBSCRIBE",
        "PSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "PUBLISH", "PUBSUB",     "CLIENT", "COMMAND",
        "CONFIG",     "DEBUG",       "HELLO",        "QUIT",    "RESET"};
    for (size_t i = 0; i < command_count; i++)
        ck_assert_msg(
            begins_any(timely, TIMELY, commands[i].name) ||
                begins_any(others, OTHERS, commands[i].name) ||
                begins_any(elsewhere, sizeof elsewhere / sizeof *elsewhere, commands[i].name),
            "%s: the judge is not tried on it", commands[i].name);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("judge: sound");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, TIMEOUT_S);
    tcase_add_test(all, no_command_is_left_out_of_the_histories);
    tcase_add_test(all, a_right_server_is_never_accused);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
