/* Payloads: what is dumped is restored, what real servers wrote is read, and nothing that anybody
 * writes breaks the reader. */
#include "engine/dump.h"
#include "support.h"

/* ---- what real servers wrote */

static const struct {
    const char *dialect, *payload, *look, *reply;
} real_payloads[] = {
    {"redis-8.0",
     "1964a8da769b0100001d1d00000006008166020101f464a8da769b0100000981670202010001ff0c00b3b67349861"
     "8af0e",
     "HPEXPIRETIME k FIELDS 2 f g", "*2 :1767225600100 :-1 "},
    {"valkey-9.1", "16020166c00164a8da769b0100000167c002ffffffffffffffff5000bf358dc33948d994",
     "HPEXPIRETIME k FIELDS 2 f g", "*2 :1767225600100 :-1 "},
    {"redis-6.0", "00c30a405002616261e042010161620900446f0ec2e558c7f4", "STRLEN k", ":80 "},
    {"redis-6.0", "00c30a405002616261e042010161620900446f0ec2e558c7f4", "GETRANGE k 77 -1",
     "$3 bab "},
    {"redis-6.0", "00c0fb09009936973883a05cd9", "GET k", "$2 -5 "},
    {"redis-6.0", "00c1d4fe09001636d7efaa38bd9f", "GET k", "$4 -300 "},
    {"redis-6.0", "00c290eefeff0900f8878fb7476d4bb1", "GET k", "$6 -70000 "},
    {"redis-6.0", "000f31323334353637383930313233343509007ad1814c98be0b87", "GET k",
     "$15 123456789012345 "},
    {"redis-6.0",
     "0e01c34052409304930000004920031d0f0000016103f102fd02fe0d03fe7f03c0800004feff03c000f004c0ff0f2"
     "0"
     "030eef04f000800005d0ffff7fff06e0ff40062000020ae001203c07000020000a404678e03b000178ff09008c81e"
     "6"
     "1140521644",
     "LRANGE k 0 13",
     "*14 $1 a $1 0 $2 12 $2 13 $3 127 $3 128 $2 -1 $5 -4096 $4 4095 $5 -4097 $5 32768 $8 -8388609 "
     "$11 -2147483649 $16 9007199254740993 "},
    {"redis-7.0",
     "120102c34049408a1f8a0000000f0081610200010c010d017f01c08002dfff02d00002cfff02f1ffef0d03f200800"
     "0"
     "04f3ffff7fff05f4ff400620000209f4012036070000200009e04678e03c000148ff0a005981673c1f493978",
     "LRANGE k 0 13",
     "*14 $1 a $1 0 $2 12 $2 13 $3 127 $3 128 $2 -1 $5 -4096 $4 4095 $5 -4097 $5 32768 $8 -8388609 "
     "$11 -2147483649 $16 9007199254740993 "},
    {"redis-6.0", "0e01c31540d604d60000000a20030501000040c879e0bd000179ff09003d704ff33ac759ac",
     "LLEN k", ":1 "},
    {"redis-7.0", "120102c31140d308d30000000100e0c879e0be000201caff0a009f72490b3928ad7e", "LLEN k",
     ":1 "},
    {"redis-6.0", "0d181800000013000000040000016603017603016e03c02c01ff090068092ad1e5c5870b",
     "HGETALL k", "*4 $1 f $1 v $1 n $3 300 "},
    {"redis-7.0", "1013130000000400816602817602816e02c12c02ff0a00b4bc2f6c5b5cb139", "HGETALL k",
     "*4 $1 f $1 v $1 n $3 300 "},
    {"redis-6.0", "0b140400000003000000fdffffff050000007011010009004d42360e62203c8e", "SMEMBERS k",
     "*3 $2 -3 $1 5 $5 70000 "},
    {"redis-6.0", "0bc31318040800000002200300012003400080070120000900cdf5443e28b73a59",
     "SMEMBERS k", "*2 $1 1 $16 9007199254740993 "},
    {"redis-6.0", "0202016dc0070900af70ba31bb51effa", "SMEMBERS k", "*2 $1 m $1 7 "},
    {"redis-8.6", "140c0c0000000200816d020701ff0d00e11e318f9eb86176", "SMEMBERS k",
     "*2 $1 m $1 7 "},
    {"redis-6.0",
     "0c23230000001b000000060000016203fefe0301610303312e35050163030531652b3230ff0900802c6c460b555cc"
     "1",
     "ZRANGE k 0 -1", "*3 $1 b $1 a $1 c "},
    {"redis-7.0",
     "111f1f0000000600816202dffe0281610283312e35048163028531652b323006ff0a00bdec2ac6bd8f"
     "2d62",
     "ZSCORE k a", "$3 1.5 "},
};

START_TEST(what_real_servers_dump_is_restored) {
    for (size_t i = 0; i < sizeof real_payloads / sizeof *real_payloads; i++) {
        struct world w;
        char line[1024];
        world_open(&w, real_payloads[i].dialect);
        snprintf(line, sizeof line, "RESTORE k 0 hex:%s", real_payloads[i].payload);
        expect(&w, line, "+OK ");
        expect(&w, real_payloads[i].look, real_payloads[i].reply);
        world_close(&w);
    }
}
END_TEST

/* ---- what the engine writes */

static void world_restore_dumped(struct world *w, const char *from, const char *to) {
    char line[64];
    snprintf(line, sizeof line, "DUMP %s", from);
    ck_assert_int_eq(world_try(w, line), TTL_OK);
    ttl_bytes payload = ttl_reply_text(&w->reply, 0);
    ck_assert_uint_gt(payload.length, 10);
    ttl_reply reply;
    ttl_reply_init(&reply, ttl_allocator_libc());
    const ttl_bytes words[] = {ttl_bytes_of("RESTORE"), ttl_bytes_of(to), ttl_bytes_of("0"),
                               payload};
    ck_assert_int_eq(ttl_session_execute(w->session, 4, words, &reply), TTL_OK);
    ck_assert_int_eq(reply.nodes[0].type, TTL_REPLY_STATUS);
    ttl_reply_free(&reply);
}

START_TEST(what_is_dumped_is_restored_without_its_deadline) {
    static const struct {
        const char *make, *look;
    } values[] = {
        {"SET k v", "GET"},
        {"SET k ''", "GET"},
        {"SET k 12345", "GET"},
        {"SETRANGE k 63 x", "STRLEN"},
        {"SETRANGE k 20000 x", "STRLEN"},
        {"RPUSH k a '' b a", "LRANGE 0 -1"},
        {"HSET k f v g '' n 1", "HGETALL"},
        {"SADD k 5 3 1", "SMEMBERS"},
        {"SADD k m 1 n", "SMEMBERS"},
        {"ZADD k 1.5 a -inf b inf c -0.1 d 1e300 e", "ZRANGE 0 -1 WITHSCORES"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct world w;
        char line[128], first[sizeof w.text];
        const char *rest = strchr(values[i].look, ' ');
        int length = (int)(rest == NULL ? strlen(values[i].look) : (size_t)(rest - values[i].look));
        world_open(&w, "redis-7.0");
        world_do(&w, values[i].make);
        expect(&w, "EXPIRE k 100", ":1 ");
        world_restore_dumped(&w, "k", "other");
        snprintf(line, sizeof line, "%.*s k%s", length, values[i].look, rest == NULL ? "" : rest);
        snprintf(first, sizeof first, "%s", world_do(&w, line));
        snprintf(line, sizeof line, "%.*s other%s", length, values[i].look,
                 rest == NULL ? "" : rest);
        expect(&w, line, first);
        expect(&w, "TTL other", ":-1 ");
        expect(&w, "TTL k", ":100 ");
        world_close(&w);
    }
}
END_TEST

/* ---- what anybody may write */

static void read_and_forget(struct memory *memory, ttl_bytes payload) {
    static const char *const names[] = {"redis-8.6", "valkey-9.1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ttl_dialect dialect;
        struct dump_value value;
        ck_assert(ttl_dialect_parse(names[i], &dialect));
        if (dump_read(memory, &dialect, payload, &value) == DUMP_OK) dump_release(memory, &value);
        ck_assert_uint_eq(memory->held, 0);
    }
}

START_TEST(no_payload_breaks_the_reader) {
    uint64_t state = 88172645463325252u;
    struct memory memory = {ttl_allocator_libc(), 0};
    for (size_t i = 0; i < sizeof real_payloads / sizeof *real_payloads; i++) {
        char text[1024];
        snprintf(text, sizeof text, "hex:%s", real_payloads[i].payload);
        ttl_bytes whole = word_bytes(text);
        for (int round = 0; round < 2000; round++) {
            /* In memory of its own length, so that a sanitizer sees who reads past it. */
            size_t length = 10 + random_below(&state, whole.length - 9);
            char *bytes = malloc(length);
            memcpy(bytes, whole.data, length);
            for (uint64_t n = random_below(&state, 4); n > 0; n--)
                bytes[random_below(&state, length)] = (char)random_next(&state);
            read_and_forget(&memory, (ttl_bytes){bytes, length});
            free(bytes);
        }
    }
}
END_TEST

START_TEST(a_value_that_contradicts_itself_is_refused) {
    static const char *const bad[] = {
        "02006f6f6f6f6f6f6f6f6f6f", /* a set of nothing */
        "020201780178"
        "6f6f6f6f6f6f6f6f6f6f", /* a set with one member twice */
        "0301016dfd"
        "6f6f6f6f6f6f6f6f6f6f", /* a score that is no number */
        "0b0300000001000000ff"
        "6f6f6f6f6f6f6f6f6f6f",               /* integers of three bytes */
        "00c303056162636f6f6f6f6f6f6f6f6f6f", /* compressed, and not as long as it says */
        "00c4"
        "6f6f6f6f6f6f6f6f6f6f", /* an encoding that there is not */
        "0082"
        "6f6f6f6f6f6f6f6f6f6f", /* a length that there is not */
        "0f"
        "6f6f6f6f6f6f6f6f6f6f", /* a stream */
    };
    struct memory memory = {ttl_allocator_libc(), 0};
    const ttl_dialect dialect = ttl_dialect_of(TTL_FAMILY_REDIS, (ttl_version){7, 0, 0});
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        struct dump_value value;
        snprintf(text, sizeof text, "hex:%s", bad[i]);
        ck_assert_int_eq(dump_read(&memory, &dialect, word_bytes(text), &value), DUMP_BAD);
        ck_assert_uint_eq(memory.held, 0);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("dump");
    TCase *laws = tcase_create("laws");
    tcase_add_test(laws, what_real_servers_dump_is_restored);
    tcase_add_test(laws, what_is_dumped_is_restored_without_its_deadline);
    tcase_add_test(laws, no_payload_breaks_the_reader);
    tcase_add_test(laws, a_value_that_contradicts_itself_is_refused);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
