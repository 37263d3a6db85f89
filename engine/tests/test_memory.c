/* Every allocation fails once: for each command of a script and each n, the n-th allocation that
 * the command makes is refused. Afterwards the keyspace is as it was, or as the command leaves it;
 * never between. */
#include "support.h"

static const char *const SCRIPT[] = {
    "SET s value",
    "SET long aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaa"
    "aaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbb"
    "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb",
    "PSETEX p 5000 value",
    "SETEX p 50 other",
    "SET s v PX 70000 GET",
    "SET s w KEEPTTL",
    "SETNX new 1",
    "GETSET new 2",
    "GETEX new PX 9000",
    "GETEX new PERSIST",
    "GETDEL new",
    "MSET a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8 i 9 j 10 k 11 l 12 m 13 n 14",
    "MSETNX y 1 z 2",
    "MSETEX 3 y 1 u 2 v 3 PX 100000",
    "MSETEX 2 y 1 u 2 KEEPTTL XX",
    "BITOP OR bits a b",
    "BITOP NOT bits nothing",
    "SETBIT a 3000 1",
    "SETBIT bits2 9 1",
    "BITFIELD a INCRBY u8 #500 7 GET u8 0",
    "BITFIELD bits3 SET i8 0 -3",
    "BITFIELD_RO bits3 GET i8 0",
    "LCS a b",
    "LCS a bits IDX",
    "DIGEST a",
    "SET deleted v PX 100000",
    "DELEX deleted IFEQ v",
    "MGET a b c nothing",
    "APPEND a tail",
    "APPEND fresh tail",
    "SETRANGE a 300 x",
    "SETRANGE hole 10 x",
    "INCR b",
    "INCRBY counter 40",
    "DECRBY b 3",
    "INCRBYFLOAT b 1.5",
    "PEXPIRE a 90000",
    "EXPIRE b 90 NX",
    "EXPIREAT c 1999999999",
    "PEXPIREAT d 1999999999000",
    "PERSIST a",
    "RENAME a renamed",
    "RENAME d long",
    "RENAMENX b moved",
    "COPY c copied",
    "COPY c copied REPLACE",
    "COPY c copied DB 2",
    "MOVE e 1",
    "SWAPDB 0 3",
    "SWAPDB 0 3",
    "RPUSH list a b c",
    "LPUSH list z y",
    "LPOP list",
    "RPOP list",
    "PEXPIRE list 80000",
    "COPY list list2",
    "RENAME list2 list3",
    "HSET hash f v g w",
    "HSET hash f v2 h x",
    "HINCRBY hash n 7",
    "HDEL hash g",
    "HSET fields a 1 b 2 c 3",
    "HPEXPIRE fields 60000 FIELDS 2 a b",
    "HINCRBY fields a 5",
    "HINCRBYFLOAT fields d 1.5",
    "HSETNX fields e 6",
    "HGETEX fields PX 90000 FIELDS 1 c",
    "HSETEX fields2 PX 80000 FIELDS 2 a 1 b 2",
    "HSETEX fields KEEPTTL FIELDS 2 a 7 x 8",
    "HSETEX fields3 PXAT 1 FIELDS 1 a 1",
    "HPERSIST fields FIELDS 1 b",
    "COPY fields fields4",
    "RENAME fields4 fields5",
    "MOVE fields5 1",
    "HGETDEL fields2 FIELDS 1 a",
    "HSET fields2 b 3",
    "DUMP fields",
    ("RESTORE fields6 0 hex:1964a8da769b0100001d1d00000006008166020101f464a8da769b01000009816702"
     "02010001ff0c00b3b673498618af0e"),
    "SADD set a b c",
    "SADD set2 b c d",
    "SREM set a",
    "SUNIONSTORE set3 set set2",
    "SINTERSTORE set3 set set2",
    "SDIFFSTORE set3 set2 set",
    "ZADD zset 1 a 2 b 3 c",
    "ZADD zset 5 a 4 d",
    "ZREM zset b",
    "ZRANGESTORE zset2 zset 0 -1",
    "SORT set ALPHA DESC",
    "SORT set ALPHA LIMIT 0 2 STORE sorted",
    "SORT set BY a* GET hash*->f GET #",
    "SORT set BY *list ALPHA GET * GET # STORE sorted",
    "ZUNIONSTORE zset3 2 zset set WEIGHTS 2 3 AGGREGATE MAX",
    "ZINTERSTORE zset3 2 zset zset2",
    "ZDIFFSTORE zset3 2 zset set",
    "ZUNION 2 zset set WITHSCORES",
    "ZINTER 2 zset zset2",
    "ZDIFF 2 zset set",
    "ZINTERCARD 2 zset zset2",
    "ZREVRANGEBYSCORE zset +inf -inf WITHSCORES",
    "ZRANDMEMBER zset 3",
    "SRANDMEMBER set -3",
    "ZSCAN zset 0",
    "PFADD hll a b c",
    "PFADD hll2 c d",
    "PFCOUNT hll",
    "PFCOUNT hll hll2",
    "PFMERGE hll3 hll hll2",
    "XADD stream 1-1 f v",
    "XADD stream MAXLEN 4 2-* f v g w",
    "XADD stream * f v",
    "XGROUP CREATE stream g 0",
    "XGROUP CREATE stream2 g 0 MKSTREAM",
    "XGROUP CREATECONSUMER stream g a",
    "XREADGROUP GROUP g c STREAMS stream stream2 > >",
    "XCLAIM stream g d 0 1-1 2-0 FORCE",
    "XAUTOCLAIM stream g e 0 0 COUNT 1",
    "XPENDING stream g - + 10",
    "XINFO CONSUMERS stream g",
    "COPY stream stream3",
    "RENAME stream3 stream4",
    "XDEL stream 1-1",
    "XACK stream g 2-0",
    "XGROUP DELCONSUMER stream g e",
    "XREAD STREAMS stream 0",
    "XTRIM stream MAXLEN 0",
    "XGROUP DESTROY stream g",
    "RPUSH cut a b a c",
    "LINSERT cut BEFORE b x",
    "LPOS cut a COUNT 0",
    "LMPOP 2 nosuch cut RIGHT COUNT 2",
    "RPUSH waited a b c d e",
    "BLPOP nosuch waited 0",
    "BLMOVE waited waited2 LEFT RIGHT 0",
    "BRPOPLPUSH waited waited2 0",
    "BLMPOP 0 2 nosuch waited2 LEFT COUNT 2",
    "ZADD waited3 1 a 2 b 3 c 4 d",
    "BZPOPMAX nosuch waited3 0",
    "BZMPOP 0 1 waited3 MIN COUNT 2",
    "SMOVE set set9 m1",
    "SADD set9 q",
    "SMOVE set9 set8 q",
    "SUNION set set8",
    "SINTERCARD 2 set set8",
    "ZMPOP 1 zset3 MIN",
    "GEOADD map 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
    "GEOPOS map Palermo",
    "GEOSEARCH map FROMMEMBER Palermo BYRADIUS 200 km ASC WITHDIST WITHCOORD",
    "GEORADIUS map 15 37 200 km STOREDIST map2",
    "DUMP zset",
    "DUMP s",
    "RESTORE restored 5000 hex:000176060007e5a632ec6db65d",
    "RESTORE restored 0 hex:0102017801790600f61b54b3dad1b1ea REPLACE",
    ("RESTORE zset 7000 "
     "hex:111f1f0000000600816202dffe0281610283312e35048163028531652b323006ff0a00bd"
     "ec2ac6bd8f2d62 REPLACE"),
    "RESTORE packed 0 hex:00c30a405002616261e042010161620900446f0ec2e558c7f4",
    "RESTORE zset 1 hex:000176060007e5a632ec6db65d REPLACE ABSTTL",
    "SCAN 0 COUNT 100",
    "KEYS *",
    "MULTI",
    "SET in-multi 1",
    "PEXPIRE in-multi 1000",
    "EXEC",
    "WATCH s p",
    "UNWATCH",
    "SUBSCRIBE channel",
    "UNSUBSCRIBE channel",
    "PSUBSCRIBE pattern*",
    "PUNSUBSCRIBE",
    "CONFIG SET notify-keyspace-events KEA",
    "INFO",
    "COMMAND INFO psetex",
    "CLIENT SETNAME tester",
    "DEL s p long",
    "FLUSHDB",
    "SET after flush",
    "FLUSHALL",
};
enum { SCRIPT_LENGTH = sizeof SCRIPT / sizeof *SCRIPT };

/* ---- what the keyspace holds, as text */

struct snapshot {
    char text[32768];
};

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void snapshot_add(struct snapshot *snapshot, struct world *w, const char *line) {
    size_t length = strlen(snapshot->text);
    snprintf(snapshot->text + length, sizeof snapshot->text - length, "%s -> %s\n", line,
             world_do(w, line));
}

static void snapshot_key(struct snapshot *snapshot, struct world *w, const char *name) {
    static const struct {
        const char *type, *command;
    } readers[] = {{"+string ", "GET %s"},   {"+list ", "LRANGE %s 0 -1"},
                   {"+hash ", "HGETALL %s"}, {"+hash ", "HPEXPIRETIME %s FIELDS 7 a b c d e f x"},
                   {"+set ", "SMEMBERS %s"}, {"+zset ", "ZRANGE %s 0 -1 WITHSCORES"}};
    char line[256];
    snprintf(line, sizeof line, "TYPE %s", name);
    char type[32] = "";
    const char *answer = world_do(w, line);
    memcpy(type, answer, strlen(answer) < sizeof type ? strlen(answer) : sizeof type - 1);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (strcmp(type, readers[i].type) != 0) continue;
        snprintf(line, sizeof line, readers[i].command, name);
        snapshot_add(snapshot, w, line);
    }
    snprintf(line, sizeof line, "PEXPIRETIME %s", name);
    snapshot_add(snapshot, w, line);
}

static void snapshot_take(struct snapshot *snapshot, struct world *w) {
    ttl_session *own = w->session;
    w->session = ttl_session_new(w->engine, NULL);
    ck_assert_ptr_nonnull(w->session);
    snapshot->text[0] = '\0';
    for (int db = 0; db < 4; db++) {
        char line[64];
        snprintf(line, sizeof line, "SELECT %d", db);
        snapshot_add(snapshot, w, line);
        world_do(w, "KEYS *");
        char *names[128];
        size_t count = 0;
        for (size_t i = 1; i < w->reply.node_count; i++) {
            ttl_bytes name = ttl_reply_text(&w->reply, i);
            names[count] = malloc(name.length + 1);
            memcpy(names[count], name.data, name.length);
            names[count++][name.length] = '\0';
        }
        qsort(names, count, sizeof *names, compare_texts);
        for (size_t i = 0; i < count; i++) {
            snapshot_key(snapshot, w, names[i]);
            free(names[i]);
        }
    }
    ttl_session_free(w->session);
    w->session = own;
}

/* ---- the law */

static void play(struct world *w, size_t until) {
    world_open(w, "redis-8.6");
    for (size_t i = 0; i < until; i++) world_do(w, SCRIPT[i]);
}

/* Refuses the n-th allocation of one command; false when it makes fewer. */
static bool refuse(size_t command, size_t n, const struct snapshot *before,
                   const struct snapshot *after) {
    static struct snapshot now;
    struct world w;
    play(&w, command);
    w.memory.calls = 0;
    w.memory.fail_at = n;
    ttl_status status = world_try(&w, SCRIPT[command]);
    bool reached = w.memory.calls >= n;
    w.memory.fail_at = 0;
    snapshot_take(&now, &w);
    bool whole = strcmp(now.text, after->text) == 0;
    bool none = strcmp(now.text, before->text) == 0;
    if (status == TTL_OK && strcmp(SCRIPT[command], "EXEC") != 0)
        ck_assert_msg(whole, "%s, allocation %zu: done, but not as it should be:\n%s",
                      SCRIPT[command], n, now.text);
    else if (strcmp(SCRIPT[command], "EXEC") != 0)
        ck_assert_msg(whole || none, "%s, allocation %zu: half done:\n%s", SCRIPT[command], n,
                      now.text);
    world_close(&w);
    return reached;
}

START_TEST(every_allocation_may_fail_once) {
    static struct snapshot before, after;
    struct world w;
    size_t refused = 0;
    for (size_t command = 0; command < SCRIPT_LENGTH; command++) {
        play(&w, command);
        snapshot_take(&before, &w);
        world_do(&w, SCRIPT[command]);
        snapshot_take(&after, &w);
        world_close(&w);
        for (size_t n = 1; refuse(command, n, &before, &after); n++) refused++;
    }
    ck_assert_uint_gt(refused, SCRIPT_LENGTH / 2);
}
END_TEST

START_TEST(a_new_engine_survives_every_allocation_failing) {
    for (size_t n = 1;; n++) {
        struct test_memory memory = {.fail_at = n};
        int64_t now_us = 0;
        ttl_engine_options options = {.clock = {.context = &now_us, .now_us = world_now_us},
                                      .allocator = test_allocator(&memory)};
        ck_assert(ttl_dialect_parse("redis-8.6", &options.dialect));
        ttl_engine *engine = ttl_engine_new(&options);
        ttl_session *session = engine == NULL ? NULL : ttl_session_new(engine, NULL);
        bool done = session != NULL;
        ttl_session_free(session);
        ttl_engine_free(engine);
        ck_assert_uint_eq(memory.held, 0);
        if (done) break;
        ck_assert_uint_lt(n, 100);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 120);
    tcase_add_test(laws, every_allocation_may_fail_once);
    tcase_add_test(laws, a_new_engine_survives_every_allocation_failing);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
