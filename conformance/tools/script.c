#include "conformance/tools/script.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/mix.h"

enum { START_S = 1700000000 };

/* ---- the grammar ----
 *
 * The pattern of a command's arguments, one letter each:
 *   k key   v value   t relative time   S absolute seconds   M absolute milliseconds   n integer
 *   o offset in a string   f floating point   h field   z member   s score   d database
 *   p pattern   c cursor   C channel   w one of the words, as it stands
 *   r time of RESTORE: none whose sum overflows, since what then comes is the compiler's affair
 *   y payload of RESTORE   # how many keys follow   B pattern of SORT   i small integer
 *   g degrees   R length   u its unit   I id of a stream   G group or consumer   Y GROUP
 *   b offset of a bit   T type of a field of bits
 *   F fields, with FIELDS and their number before them   P the same with values
 * An option is a word and the patterns of its arguments. Options stand at the end, those of ZADD,
 * and those of what takes fields, in the middle too. */

typedef struct command_shape {
    const char *name, *pattern;
    const char *options; /* "EX t|PX t|NX", NULL: none */
    reply_order order;
} command_shape;

#define EXPIRE_OPTIONS "NX|XX|GT|LT"
#define TIME_OPTIONS   "EX t|PX t|EXAT S|PXAT M"
#define FIELD_OPTIONS  "FNX|FXX|NX|XX|KEEPTTL"
#define FLUSH_OPTIONS  "ASYNC|SYNC"
#define ZADD_OPTIONS   "NX|XX|GT|LT|CH|INCR"
#define ZSTORE_OPTIONS "WEIGHTS s s|AGGREGATE w"
#define BITFIELD_OPTIONS                                                                           \
    "OVERFLOW w|GET T b|SET T b n|SET T b n|INCRBY T b n|INCRBY T b n|INCRBY T b n"
#define GEO_OPTIONS "WITHDIST|WITHCOORD|WITHHASH|ASC|DESC|COUNT n"
#define GEOSEARCH_OPTIONS                                                                          \
    GEO_OPTIONS "|FROMMEMBER z|FROMLONLAT g g|BYRADIUS R u|BYBOX R R u|FROMMEMBER z|BYRADIUS R u"
#define SORT_OPTIONS   "ALPHA|ALPHA|ASC|DESC|LIMIT n n|BY B|GET B|GET B"
#define ZRANGE_OPTIONS "BYSCORE|BYLEX|REV|LIMIT n n"

static const command_shape shapes[] = {
    {"SET", "kv", TIME_OPTIONS "|KEEPTTL|NX|XX|GET|IFEQ v", ORDER_EXACT},
    {"GET", "k", NULL, ORDER_EXACT},
    {"SETEX", "ktv", NULL, ORDER_EXACT},
    {"PSETEX", "ktv", NULL, ORDER_EXACT},
    {"SETNX", "kv", NULL, ORDER_EXACT},
    {"GETEX", "k", TIME_OPTIONS "|PERSIST", ORDER_EXACT},
    {"GETDEL", "k", NULL, ORDER_EXACT},
    {"GETSET", "kv", NULL, ORDER_EXACT},
    {"MSET", "kvkv", NULL, ORDER_EXACT},
    {"MSETNX", "kvkv", NULL, ORDER_EXACT},
    {"MSETEX", "#kvkv", TIME_OPTIONS "|KEEPTTL|NX|XX", ORDER_EXACT},
    {"BITOP", "wkkk", NULL, ORDER_EXACT},
    {"LCS", "kk", "IDX|LEN|WITHMATCHLEN|MINMATCHLEN n", ORDER_EXACT},
    {"DIGEST", "k", NULL, ORDER_EXACT},
    {"DELEX", "kwv", NULL, ORDER_EXACT},
    {"DELIFEQ", "kv", NULL, ORDER_EXACT},
    {"GETBIT", "kb", NULL, ORDER_EXACT},
    {"SETBIT", "kbi", NULL, ORDER_EXACT},
    {"BITCOUNT", "kn", NULL, ORDER_EXACT},
    {"BITCOUNT", "knnw", NULL, ORDER_EXACT},
    {"BITPOS", "kin", NULL, ORDER_EXACT},
    {"BITPOS", "kinnw", NULL, ORDER_EXACT},
    {"BITFIELD", "k", BITFIELD_OPTIONS, ORDER_EXACT},
    {"BITFIELD_RO", "k", "GET T b|GET T b|GET T b|SET T b n|OVERFLOW w", ORDER_EXACT},
    {"PFADD", "kvv", NULL, ORDER_EXACT},
    {"PFCOUNT", "k", NULL, ORDER_EXACT},
    {"PFCOUNT", "kk", NULL, ORDER_EXACT},
    {"PFMERGE", "kkk", NULL, ORDER_EXACT},
    {"MGET", "kkk", NULL, ORDER_EXACT},
    {"APPEND", "kv", NULL, ORDER_EXACT},
    {"STRLEN", "k", NULL, ORDER_EXACT},
    {"SETRANGE", "kov", NULL, ORDER_EXACT},
    {"GETRANGE", "knn", NULL, ORDER_EXACT},
    {"INCR", "k", NULL, ORDER_EXACT},
    {"DECR", "k", NULL, ORDER_EXACT},
    {"INCRBY", "kn", NULL, ORDER_EXACT},
    {"DECRBY", "kn", NULL, ORDER_EXACT},
    {"INCRBYFLOAT", "kf", NULL, ORDER_EXACT},
    {"EXPIRE", "kt", EXPIRE_OPTIONS, ORDER_EXACT},
    {"PEXPIRE", "kt", EXPIRE_OPTIONS, ORDER_EXACT},
    {"EXPIREAT", "kS", EXPIRE_OPTIONS, ORDER_EXACT},
    {"PEXPIREAT", "kM", EXPIRE_OPTIONS, ORDER_EXACT},
    {"TTL", "k", NULL, ORDER_EXACT},
    {"PTTL", "k", NULL, ORDER_EXACT},
    {"EXPIRETIME", "k", NULL, ORDER_EXACT},
    {"PEXPIRETIME", "k", NULL, ORDER_EXACT},
    {"PERSIST", "k", NULL, ORDER_EXACT},
    {"DEL", "kk", NULL, ORDER_EXACT},
    {"UNLINK", "kk", NULL, ORDER_EXACT},
    {"EXISTS", "kk", NULL, ORDER_EXACT},
    {"TOUCH", "kk", NULL, ORDER_EXACT},
    {"TYPE", "k", NULL, ORDER_EXACT},
    {"RENAME", "kk", NULL, ORDER_EXACT},
    {"RENAMENX", "kk", NULL, ORDER_EXACT},
    {"COPY", "kk", "DB d|REPLACE", ORDER_EXACT},
    {"MOVE", "kd", NULL, ORDER_EXACT},
    {"DUMP", "k", NULL, ORDER_OPAQUE},
    {"RESTORE", "kry", "REPLACE|ABSTTL|IDLETIME n|FREQ n", ORDER_EXACT},
    {"KEYS", "p", NULL, ORDER_FREE},
    {"SCAN", "c", "MATCH p|COUNT n|TYPE w", ORDER_SCAN},
    {"OBJECT", "wk", NULL, ORDER_OPAQUE}, /* a server's idea of the time is a little late */
    {"RANDOMKEY", "", NULL, ORDER_TYPE_ONLY},
    {"DBSIZE", "", NULL, ORDER_EXACT},
    {"FLUSHDB", "", FLUSH_OPTIONS, ORDER_EXACT},
    {"FLUSHALL", "", FLUSH_OPTIONS, ORDER_EXACT},
    {"SELECT", "d", NULL, ORDER_EXACT},
    {"SWAPDB", "dd", NULL, ORDER_EXACT},
    {"HSET", "khv", NULL, ORDER_EXACT},
    {"HGET", "kh", NULL, ORDER_EXACT},
    {"HDEL", "khh", NULL, ORDER_EXACT},
    {"HINCRBY", "khn", NULL, ORDER_EXACT},
    {"HGETALL", "k", NULL, ORDER_FREE_PAIRS},
    {"HLEN", "k", NULL, ORDER_EXACT},
    {"HSETNX", "khv", NULL, ORDER_EXACT},
    {"HMSET", "khvhv", NULL, ORDER_EXACT},
    {"HMGET", "khhh", NULL, ORDER_EXACT},
    {"HEXISTS", "kh", NULL, ORDER_EXACT},
    {"HSTRLEN", "kh", NULL, ORDER_EXACT},
    {"HINCRBYFLOAT", "khf", NULL, ORDER_EXACT},
    {"HKEYS", "k", NULL, ORDER_FREE},
    {"HVALS", "k", NULL, ORDER_FREE},
    {"HRANDFIELD", "ki", "WITHVALUES", ORDER_OPAQUE},
    {"HSCAN", "kc", "MATCH p|COUNT n|NOVALUES|NOSCORES", ORDER_SCAN},
    {"HEXPIRE", "ktF", EXPIRE_OPTIONS, ORDER_EXACT},
    {"HPEXPIRE", "ktF", EXPIRE_OPTIONS, ORDER_EXACT},
    {"HEXPIREAT", "kSF", EXPIRE_OPTIONS, ORDER_EXACT},
    {"HPEXPIREAT", "kMF", EXPIRE_OPTIONS, ORDER_EXACT},
    {"HTTL", "kF", NULL, ORDER_EXACT},
    {"HPTTL", "kF", NULL, ORDER_EXACT},
    {"HEXPIRETIME", "kF", NULL, ORDER_EXACT},
    {"HPEXPIRETIME", "kF", NULL, ORDER_EXACT},
    {"HPERSIST", "kF", NULL, ORDER_EXACT},
    {"HGETDEL", "kF", NULL, ORDER_EXACT},
    {"HGETEX", "kF", TIME_OPTIONS "|PERSIST|PERSIST|KEEPTTL", ORDER_EXACT},
    {"HSETEX", "kP", TIME_OPTIONS "|" FIELD_OPTIONS "|PERSIST", ORDER_EXACT},
    {"LPUSH", "kvv", NULL, ORDER_EXACT},
    {"RPUSH", "kvv", NULL, ORDER_EXACT},
    {"LPOP", "kn", NULL, ORDER_EXACT},
    {"RPOP", "kn", NULL, ORDER_EXACT},
    {"LLEN", "k", NULL, ORDER_EXACT},
    {"LRANGE", "knn", NULL, ORDER_EXACT},
    {"LTRIM", "knn", NULL, ORDER_EXACT},
    {"LREM", "knv", NULL, ORDER_EXACT},
    {"LINSERT", "kwvv", NULL, ORDER_EXACT},
    {"LPOS", "kv", "RANK n|COUNT n|MAXLEN n", ORDER_EXACT},
    {"LMPOP", "#kkw", "COUNT n", ORDER_EXACT},
    {"SADD", "kzz", NULL, ORDER_EXACT},
    {"SREM", "kzz", NULL, ORDER_EXACT},
    {"SCARD", "k", NULL, ORDER_EXACT},
    {"SMEMBERS", "k", NULL, ORDER_FREE},
    {"SISMEMBER", "kz", NULL, ORDER_EXACT},
    {"SMISMEMBER", "kzz", NULL, ORDER_EXACT},
    {"SMOVE", "kkz", NULL, ORDER_EXACT},
    {"SINTER", "kkk", NULL, ORDER_FREE},
    {"SUNION", "kkk", NULL, ORDER_FREE},
    {"SDIFF", "kkk", NULL, ORDER_FREE},
    {"SINTERCARD", "#kk", "LIMIT n", ORDER_EXACT},
    {"SRANDMEMBER", "ki", NULL, ORDER_OPAQUE},
    {"SSCAN", "kc", "MATCH p|COUNT n|NOVALUES|NOSCORES", ORDER_SCAN},
    {"SORT", "k", SORT_OPTIONS "|STORE k", ORDER_EXACT},
    {"SORT_RO", "k", SORT_OPTIONS, ORDER_EXACT},
    {"SINTERSTORE", "kkk", NULL, ORDER_EXACT},
    {"SUNIONSTORE", "kkk", NULL, ORDER_EXACT},
    {"SDIFFSTORE", "kkk", NULL, ORDER_EXACT},
    {"ZADD", "ksz", NULL, ORDER_EXACT},
    {"ZREM", "kzz", NULL, ORDER_EXACT},
    {"ZCARD", "k", NULL, ORDER_EXACT},
    {"ZSCORE", "kz", NULL, ORDER_EXACT},
    {"ZPOPMIN", "kn", NULL, ORDER_EXACT},
    {"ZPOPMAX", "kn", NULL, ORDER_EXACT},
    {"ZMPOP", "#kkw", "COUNT n", ORDER_EXACT},
    {"ZREMRANGEBYRANK", "knn", NULL, ORDER_EXACT},
    {"ZREMRANGEBYSCORE", "kss", NULL, ORDER_EXACT},
    {"ZREMRANGEBYLEX", "kzz", NULL, ORDER_EXACT},
    {"ZCOUNT", "kss", NULL, ORDER_EXACT},
    {"ZLEXCOUNT", "kzz", NULL, ORDER_EXACT},
    {"ZMSCORE", "kzz", NULL, ORDER_EXACT},
    {"ZRANGE", "knn", ZRANGE_OPTIONS "|WITHSCORES", ORDER_EXACT},
    {"ZRANGESTORE", "kknn", ZRANGE_OPTIONS, ORDER_EXACT},
    {"ZREVRANGE", "knn", "WITHSCORES|LIMIT n n", ORDER_EXACT},
    {"ZRANGEBYSCORE", "kss", "WITHSCORES|LIMIT n n|REV", ORDER_EXACT},
    {"ZREVRANGEBYSCORE", "kss", "WITHSCORES|LIMIT n n", ORDER_EXACT},
    {"ZRANGEBYLEX", "knn", "LIMIT n n|WITHSCORES", ORDER_EXACT},
    {"ZREVRANGEBYLEX", "knn", "LIMIT n n", ORDER_EXACT},
    {"ZRANK", "kz", "WITHSCORE", ORDER_EXACT},
    {"ZREVRANK", "kz", "WITHSCORE", ORDER_EXACT},
    {"ZRANDMEMBER", "ki", "WITHSCORES", ORDER_OPAQUE},
    {"ZSCAN", "kc", "MATCH p|COUNT n|NOSCORES|NOVALUES", ORDER_SCAN},
    {"ZUNION", "#kk", ZSTORE_OPTIONS "|WITHSCORES", ORDER_EXACT},
    {"ZINTER", "#kk", ZSTORE_OPTIONS "|WITHSCORES", ORDER_EXACT},
    {"ZDIFF", "#kk", "WITHSCORES|AGGREGATE w", ORDER_EXACT},
    {"ZINTERCARD", "#kk", "LIMIT n|WITHSCORES", ORDER_EXACT},
    {"ZUNIONSTORE", "k#kk", ZSTORE_OPTIONS, ORDER_EXACT},
    {"ZINTERSTORE", "k#kk", ZSTORE_OPTIONS, ORDER_EXACT},
    {"ZDIFFSTORE", "k#kk", "WITHSCORES", ORDER_EXACT},
    {"GEOADD", "kggz", NULL, ORDER_EXACT},
    {"GEOPOS", "kzz", NULL, ORDER_EXACT},
    {"GEODIST", "kzzu", NULL, ORDER_EXACT},
    {"GEOHASH", "kzz", NULL, ORDER_EXACT},
    {"GEORADIUS", "kggRu", GEO_OPTIONS "|STORE k|STOREDIST k", ORDER_FREE},
    {"GEORADIUS_RO", "kggRu", GEO_OPTIONS, ORDER_FREE},
    {"GEORADIUSBYMEMBER", "kzRu", GEO_OPTIONS "|STORE k|STOREDIST k", ORDER_FREE},
    {"GEORADIUSBYMEMBER_RO", "kzRu", GEO_OPTIONS, ORDER_FREE},
    {"GEOSEARCH", "k", GEOSEARCH_OPTIONS, ORDER_FREE},
    {"GEOSEARCHSTORE", "kk", GEOSEARCH_OPTIONS "|STOREDIST", ORDER_FREE},
    {"XADD", "kIhv", NULL, ORDER_EXACT},
    {"XADD", "kwIhv", NULL, ORDER_EXACT},
    {"XLEN", "k", NULL, ORDER_EXACT},
    {"XRANGE", "kII", "COUNT n", ORDER_EXACT},
    {"XREVRANGE", "kII", "COUNT n", ORDER_EXACT},
    {"XDEL", "kII", NULL, ORDER_EXACT},
    {"XTRIM", "kwi", NULL, ORDER_EXACT},
    {"XSETID", "kI", NULL, ORDER_EXACT},
    {"XREAD", "wkI", NULL, ORDER_EXACT},
    {"XREAD", "wkkII", NULL, ORDER_EXACT},
    {"XREADGROUP", "YGGwkI", NULL, ORDER_EXACT},
    {"XREADGROUP", "YGGwkkII", NULL, ORDER_EXACT},
    {"XGROUP", "wkGI", NULL, ORDER_EXACT},
    {"XGROUP", "wkGIw", NULL, ORDER_EXACT},
    {"XACK", "kGII", NULL, ORDER_EXACT},
    {"XPENDING", "kG", NULL, ORDER_EXACT},
    {"XPENDING", "kGIIn", NULL, ORDER_EXACT},
    {"XPENDING", "kGwnIIi", NULL, ORDER_EXACT},
    {"XCLAIM", "kGGiI", "IDLE n|TIME M|RETRYCOUNT i|FORCE|JUSTID|LASTID I", ORDER_EXACT},
    {"XAUTOCLAIM", "kGGiI", "COUNT i|JUSTID", ORDER_EXACT},
    {"XINFO", "wkG", NULL, ORDER_EXACT},
    {"PUBLISH", "Cv", NULL, ORDER_EXACT},
    {"PING", "v", NULL, ORDER_EXACT},
    {"ECHO", "v", NULL, ORDER_EXACT},
    {"TIME", "", NULL, ORDER_EXACT},
    {"INFO", "w", NULL, ORDER_EXACT},
    {"CONFIG", "ww", NULL, ORDER_FREE_PAIRS},
    {"CLIENT", "ww", NULL, ORDER_EXACT},
    {"COMMAND", "ww", NULL, ORDER_DEEP},
    {"HELLO", "w", "SETNAME v", ORDER_IDENTITY},
    {"RESET", "", NULL, ORDER_EXACT},
    {"EVAL", "", NULL, ORDER_EXACT},
    {"MULTI", "", NULL, ORDER_EXACT},
    {"EXEC", "", NULL, ORDER_QUEUED},
    {"DISCARD", "", NULL, ORDER_EXACT},
    {"WATCH", "kk", NULL, ORDER_EXACT},
    {"UNWATCH", "", NULL, ORDER_EXACT},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* Words that stand where the pattern says w: chosen by the command and the place. */
static const struct {
    const char *command;
    const char *words[9];
} word_lists[] = {
    {"BITOP", {"AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE"}},
    {"DELEX", {"IFEQ", "IFNE", "ifeq", "IFDEQ", "IFDNE", "NX"}},
    {"BITCOUNT", {"BIT", "BYTE", "bit", "bits"}},
    {"BITPOS", {"BIT", "BYTE", "byte", "BITE"}},
    {"BITFIELD", {"SAT", "FAIL", "WRAP", "fail", "FAIL", "sat", "NONE"}},
    {"BITFIELD_RO", {"SAT", "FAIL", "NONE"}},
    {"SCAN", {"string", "list", "hash", "set", "zset", "STRING", "nosuch"}},
    {"INFO", {"keyspace"}},
    {"ZUNIONSTORE", {"SUM", "MIN", "MAX", "min", "avg"}},
    {"ZUNION", {"SUM", "MIN", "MAX", "min", "avg"}},
    {"ZINTER", {"SUM", "MIN", "MAX", "min", "avg"}},
    {"ZDIFF", {"SUM"}},
    {"ZINTERSTORE", {"SUM", "MIN", "MAX", "min", "avg"}},
    {"LINSERT", {"BEFORE", "AFTER", "before", "beside"}},
    {"LMPOP", {"LEFT", "RIGHT", "left", "up"}},
    {"ZMPOP", {"MIN", "MAX", "min", "most"}},
    {"XADD", {"NOMKSTREAM", "*", "LIMIT"}},
    {"XTRIM", {"MAXLEN", "maxlen", "MINID", "LIMIT"}},
    {"XREAD", {"STREAMS", "STREAMS", "streams", "NOACK"}},
    {"XREADGROUP", {"STREAMS", "STREAMS", "STREAMS", "NOACK"}},
    {"XGROUP",
     {"CREATE", "CREATE", "SETID", "DESTROY", "CREATECONSUMER", "DELCONSUMER", "MKSTREAM"}},
    {"XPENDING", {"IDLE"}},
    {"XINFO", {"CONSUMERS"}},
    {"OBJECT", {"IDLETIME", "FREQ", "idletime"}},
    {"CONFIG", {"GET"}},
    {"CLIENT", {"GETNAME", "SETNAME"}},
    {"COMMAND", {"INFO", "GETKEYS"}},
    {"HELLO", {"2", "3", "1", "4", "x", ""}},
};
static const char *const config_names[] = {"notify-keyspace-events", "NOTIFY-keyspace-EVENTS",
                                           "databases", "nosuch-option", "notify*"};
static const char *const client_names[] = {"me", "", "two words", "a\nb"};

/* ---- values ---- */

static uint64_t generator_next(diff_generator *generator) {
    return mix_bits(generator->state += UINT64_C(0x9e3779b97f4a7c15));
}

static size_t below(diff_generator *generator, size_t bound) {
    return (size_t)(generator_next(generator) % bound);
}

static bool chance(diff_generator *generator, unsigned percent) {
    return generator_next(generator) % 100 < percent;
}

#define PICK(generator, array) ((array)[below(generator, sizeof(array) / sizeof *(array))])

static const char *const usual_times[] = {"1",   "2",    "10",   "11",   "100",  "101",
                                          "500", "1000", "1500", "1999", "2000", "100000"};
static const char *const odd_numbers[] = {"0",
                                          "-1",
                                          "1",
                                          "-0",
                                          "00",
                                          "010",
                                          "+5",
                                          " 5",
                                          "5 ",
                                          "5\n",
                                          "\t5",
                                          "1e3",
                                          "0x10",
                                          "",
                                          "1.0",
                                          "1.5",
                                          "abc",
                                          "-",
                                          "+",
                                          "5_0",
                                          "-1000",
                                          "2147483647",
                                          "2147483648",
                                          "-2147483648",
                                          "-2147483649",
                                          "4294967295",
                                          "4294967296",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "9223372036854775806",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "-9223372036854775807",
                                          "-9223372036854775808",
                                          "-9223372036854775809",
                                          "9223372036854775",
                                          "9223372036854774",
                                          "9223372036854776",
                                          "-9223372036854775",
                                          "-9223372036854776",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "99999999999999999999",
                                          "2305843009213693951",
                                          "2305843009213693952",
                                          "281474976710655",
                                          "281474976710656",
                                          "4611686018427387904",
                                          "1700000000",
                                          "1700000000000",
                                          "922337203685477",
                                          "9223372036854775000"};
static const char *const usual_integers[] = {"0", "1", "-1", "2", "3", "-2", "10", "-100"};
static const char *const offsets[] = {"0",
                                      "1",
                                      "3",
                                      "10",
                                      "-1",
                                      "536870912",
                                      "4294967296",
                                      "abc",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "1.0",
                                      ""};
static const char *const floats[] = {"1",
                                     "1.5",
                                     "-1",
                                     "0",
                                     "3.0e3",
                                     "0.1",
                                     "1e-5",
                                     "1e308",
                                     "1e309",
                                     "-1e308",
                                     "inf",
                                     "-inf",
                                     "+inf",
                                     "nan",
                                     "abc",
                                     "",
                                     " 1",
                                     "1 ",
                                     "0x10",
                                     "1e17",
                                     "100000000000000000",
                                     "5e-324",
                                     "1.",
                                     ".5",
                                     "-0",
                                     "3.14159265358979323846",
                                     "1e",
                                     "Infinity",
                                     "1e4932",
                                     "9007199254740993"};
static const char *const scores[] = {
    "1",   "2",   "0", "-1",    "1.5", "inf", "-inf", "+inf",
    "nan", "abc", "",  "1e308", "-0",  "3.0", "0x10", "100000000000000000"};
static const char *const values[] = {
    "v",   "w",   "",   "10",  "5",         "-3", "9223372036854775807", "-9223372036854775808",
    "1.5", "abc", " 1", "010", "long value"};
static const char *const keys[] = {"a", "b", "c"};
static const char *const fields[] = {"f", "g", "n"};
static const char *const members[] = {"m", "n", "o", "1", ""};
static const char *const databases[] = {"0",  "1",   "1", "15",         "16",
                                        "-1", "abc", "",  "4294967296", "01"};
static const char *const patterns[] = {"*",   "a",   "[ab]", "?", "",       "a*", "[^a]",
                                       "\\a", "[a-", "b*",   "[", "nosuch", "**", "\\*"};
static const char *const sort_patterns[] = {"*", "*", "*->f", "a*", "b*->f", "#", "nosort", "*->"};
static const char *const degrees[] = {"0",         "1",  "2.5", "-10", "13.361389",
                                      "38.115556", "85", "180", "-85", "86",
                                      "-181",      "x",  "",    "1e-9"};
static const char *const lengths[] = {"100", "0", "10", "1000", "2000", "-1", "x", "0.5"};
static const char *const stream_ids[] = {"*",
                                         "*",
                                         "0",
                                         "-",
                                         "+",
                                         "$",
                                         ">",
                                         "1-1",
                                         "1-2",
                                         "2-0",
                                         "3-3",
                                         "5",
                                         "(1-1",
                                         "5-*",
                                         "x",
                                         "0-0",
                                         "1700000000000-0",
                                         "1700000000005",
                                         "9-9"};
static const char *const groups[] = {"g", "g", "h", "c"};
static const char *const bit_offsets[] = {"0",  "1",  "7",  "8",  "9",  "17", "100",
                                          "#0", "#1", "#2", "#x", "-1", "x",  "4294967296"};
static const char *const bit_types[] = {"u8", "i8",  "u4",  "i4",  "u1",  "i1",
                                        "u3", "i64", "u63", "i33", "u64", "x8"};
static const char *const units[] = {"km", "km", "m", "ft", "mi", "KM", "ly"};
static const char *const cursors[] = {"0",
                                      "0",
                                      "0",
                                      "0",
                                      "abc",
                                      "-1",
                                      "",
                                      "18446744073709551616",
                                      "00",
                                      " 0",
                                      "99999999999999999999"};
static const char *const channels[] = {"ch", "news", ""};
static const char *const range_bounds[] = {"(1", "[m", "-", "+", "(inf", "-inf", "1.5", "(a"};
static const char *const event_flags[] = {"KEA",       "AKE",    "KEA",  "Ex",    "Kx",    "KEg$",
                                          "",          "K",      "A",    "KEn",   "KEAnm", "KEmd",
                                          "KElshzxet", "nosuch", "KEAo", "KEAoc", "KEc"};

/* Payloads of RESTORE, in hexadecimal. */
static const char *const payloads[] = {
    "000176060007e5a632ec6db65d",                                   /* a string */
    "000176060007e5a632ec6db65d",                                   /* more often than others */
    "00c00a0900be6d06895a28000a",                                   /* a string of digits */
    "0102017801790600f61b54b3dad1b1ea",                             /* a list */
    "0b0c0200000002000000010002000600f9945031c1be1cbd",             /* a set of integers */
    "0202016d016e06002fec2c679b9ed314",                             /* a set */
    "0301016d03312e35060022a6fe58e0e0e778",                         /* a sorted set */
    "040101660131060062c8452a7d95ff08",                             /* a hash */
    "0e0111110000000d0000000200000161030162ff0900543608ec9704644a", /* a list as a ziplist */
    "100d0d0000000200816602817602ff0a0020f13d442354089d",           /* a hash as a listpack */
    "0001760b00f8d773c1e4a76347",                                   /* version 11 */
    "00017650005e220723876aed3a",                                   /* version 80 */
    "16020166c00164a8da769b0100000167c002ffffffffffffffff5000bf358dc33948d994", /* fields: Valkey */
    "1964a8da769b0100001d1d00000006008166020101f464a8da"
    "769b0100000981670202010001ff0c00b3b673498618af0e", /* Redis */
    "6301760600ebdbb276d9ee65ef",                       /* no such type */
    "00097606009bb03333bdb7d997",                       /* reaches into the footer */
    "000176060007e5a632ec6db65e",                       /* a wrong checksum */
    "00",                                               /* no payload */
};

/* A time around an absolute present: the present itself and its neighbours most of all. */
static void absolute_time(diff_generator *generator, int64_t now, int64_t unit, char *text,
                          size_t size) {
    static const int64_t steps[] = {0, 1, -1, 2, 10, 100, 1000, -1000, 1000000000};
    int64_t limit = INT64_MAX / unit;
    if (chance(generator, 70)) {
        snprintf(text, size, "%" PRId64, now + PICK(generator, steps));
    } else if (chance(generator, 20)) {
        snprintf(text, size, "%" PRId64, limit - (int64_t)below(generator, 3));
    } else {
        snprintf(text, size, "%s", PICK(generator, odd_numbers));
    }
}

/* A time from now on; also the greatest that added to the present still fits. */
static void relative_time(diff_generator *generator, int64_t now_ms, char *text, size_t size) {
    int64_t room_ms = INT64_MAX - now_ms;
    if (chance(generator, 55)) {
        snprintf(text, size, "%s", PICK(generator, usual_times));
    } else if (chance(generator, 25)) {
        int64_t limit = chance(generator, 50) ? room_ms : room_ms / 1000;
        if (chance(generator, 20)) limit = -now_ms;
        if (chance(generator, 20)) limit = -now_ms / 1000;
        snprintf(text, size, "%" PRId64, limit + (int64_t)below(generator, 5) - 2);
    } else {
        snprintf(text, size, "%s", PICK(generator, odd_numbers));
    }
}

/* ---- building ---- */

typedef struct diff_builder {
    diff_generator *generator;
    diff_script *script;
    int64_t now_ms;
    diff_step *step;   /* under construction */
    bool is_of_hashes; /* the command that the script is about takes one */
    int connection;
    int64_t move_ms;
} diff_builder;

static void argument_add(diff_builder *builder, const char *text, size_t length) {
    diff_script *script = builder->script;
    diff_step *step = builder->step;
    if (step == NULL || step->count == STEP_ARGUMENTS_MAX) return;
    if (script->text_length + length > SCRIPT_TEXT_SIZE) length = 0;
    step->offset[step->count] = (uint16_t)script->text_length;
    step->length[step->count++] = (uint16_t)length;
    memcpy(script->text + script->text_length, text, length);
    script->text_length += length;
}

static void word_add(diff_builder *builder, const char *word) {
    argument_add(builder, word, strlen(word));
}

static void payload_add(diff_builder *builder, const char *hex) {
    char bytes[64];
    size_t length = strlen(hex) / 2;
    for (size_t i = 0; i < length && i < sizeof bytes; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], 0};
        bytes[i] = (char)strtol(digits, NULL, 16);
    }
    argument_add(builder, bytes, length);
}

/* A word of the language, now and then in another case. */
static void keyword_add(diff_builder *builder, const char *word, size_t length) {
    char text[32];
    bool other_case = chance(builder->generator, 12);
    for (size_t i = 0; i < length && i < sizeof text; i++) {
        text[i] = word[i];
        if (other_case && chance(builder->generator, 50)) text[i] = (char)tolower(word[i]);
    }
    argument_add(builder, text, length);
}

static void step_begin(diff_builder *builder) {
    diff_script *script = builder->script;
    builder->step = NULL;
    if (script->count == SCRIPT_STEPS_MAX) return;
    builder->step = &script->steps[script->count++];
    *builder->step = (diff_step){.connection = builder->connection, .move_ms = builder->move_ms};
    builder->now_ms += builder->move_ms;
    builder->move_ms = 0;
}

/* A whole step, of words parted by blanks. */
static void line_add(diff_builder *builder, const char *line) {
    step_begin(builder);
    while (*line != 0) {
        size_t length = strcspn(line, " ");
        argument_add(builder, line, length);
        line += length + (line[length] == ' ');
    }
}

/* A command without subcommands. Of those that have some, the engine has only the subcommands that
 * deadlines need, and says so when asked. */
static const char *plain_command(diff_generator *generator) {
    static const char *const containers[] = {"COMMAND", "CONFIG", "CLIENT", "OBJECT"};
    for (;;) {
        const char *name = shapes[below(generator, SHAPES)].name;
        bool plain = true;
        for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
            plain = plain && strcmp(name, containers[i]) != 0;
        if (plain) return name;
    }
}

static void list_word_add(diff_builder *builder, const char *command) {
    diff_generator *generator = builder->generator;
    if (builder->step != NULL && builder->step->count > 1) {
        const char *word = NULL;
        if (strcmp(command, "CONFIG") == 0) word = PICK(generator, config_names);
        if (strcmp(command, "CLIENT") == 0) word = PICK(generator, client_names);
        if (strcmp(command, "COMMAND") == 0) word = plain_command(generator);
        if (word != NULL) {
            word_add(builder, word);
            return;
        }
    }
    for (size_t i = 0; i < sizeof word_lists / sizeof *word_lists; i++) {
        if (strcmp(word_lists[i].command, command) != 0) continue;
        size_t count = 0;
        while (word_lists[i].words[count] != NULL) count++;
        word_add(builder, word_lists[i].words[below(generator, count)]);
    }
}

/* FIELDS, how many there are, and the fields, each with a value if that is asked for. */
static void fields_add(diff_builder *builder, bool with_values) {
    diff_generator *generator = builder->generator;
    size_t count = 1 + below(generator, 3);
    char number[24];
    keyword_add(builder, "FIELDS", 6);
    snprintf(number, sizeof number, "%zu", count);
    word_add(builder, chance(generator, 92) ? number : PICK(generator, odd_numbers));
    if (chance(generator, 4)) count--;
    for (size_t i = 0; i < count; i++) {
        word_add(builder, PICK(generator, fields));
        if (with_values) word_add(builder, PICK(generator, values));
    }
}

static void value_add(diff_builder *builder, char kind, const char *command) {
    diff_generator *generator = builder->generator;
    char text[64];
    switch (kind) {
    case 'k': word_add(builder, chance(generator, 60) ? "a" : PICK(generator, keys)); return;
    case 'v': word_add(builder, PICK(generator, values)); return;
    case 'h': word_add(builder, PICK(generator, fields)); return;
    case 'z': word_add(builder, PICK(generator, members)); return;
    case 'o': word_add(builder, PICK(generator, offsets)); return;
    case 'f': word_add(builder, PICK(generator, floats)); return;
    case 's': word_add(builder, PICK(generator, scores)); return;
    case 'd': word_add(builder, PICK(generator, databases)); return;
    case 'p': word_add(builder, PICK(generator, patterns)); return;
    case 'B': word_add(builder, PICK(generator, sort_patterns)); return;
    case 'c': word_add(builder, PICK(generator, cursors)); return;
    case 'b': word_add(builder, PICK(generator, bit_offsets)); return;
    case 'T': word_add(builder, PICK(generator, bit_types)); return;
    case 'g': word_add(builder, PICK(generator, degrees)); return;
    case 'R': word_add(builder, PICK(generator, lengths)); return;
    case 'u': word_add(builder, PICK(generator, units)); return;
    case 'I': word_add(builder, PICK(generator, stream_ids)); return;
    case 'Y': word_add(builder, "GROUP"); return;
    case 'G': word_add(builder, PICK(generator, groups)); return;
    case 'C': word_add(builder, PICK(generator, channels)); return;
    case 'w': list_word_add(builder, command); return;
    case 'i': word_add(builder, PICK(generator, usual_integers)); return;
    case 'F':
    case 'P': fields_add(builder, kind == 'P'); return;
    case '#':
        word_add(builder, chance(generator, 85) ? "2" : PICK(generator, usual_integers));
        return;
    case 'y': payload_add(builder, PICK(generator, payloads)); return;
    case 'r':
        if (chance(generator, 30)) absolute_time(generator, builder->now_ms, 1, text, sizeof text);
        else relative_time(generator, builder->now_ms, text, sizeof text);
        if (strtoll(text, NULL, 10) > INT64_MAX - INT64_C(2000) * START_S) return;
        break;
    case 't': relative_time(generator, builder->now_ms, text, sizeof text); break;
    case 'S': absolute_time(generator, builder->now_ms / 1000, 1000, text, sizeof text); break;
    case 'M': absolute_time(generator, builder->now_ms, 1, text, sizeof text); break;
    default:
        if (command[0] == 'Z' && chance(generator, 30)) {
            word_add(builder, PICK(generator, range_bounds));
        } else {
            word_add(builder, chance(generator, 70) ? PICK(generator, usual_integers)
                                                    : PICK(generator, odd_numbers));
        }
        return;
    }
    word_add(builder, text);
}

/* One of the options "WORD x y|WORD", with its arguments. */
static void option_add(diff_builder *builder, const command_shape *shape) {
    size_t count = 1;
    for (const char *at = shape->options; *at != 0; at++) count += *at == '|';
    const char *option = shape->options;
    for (size_t skip = below(builder->generator, count); skip > 0; skip--) {
        option = strchr(option, '|') + 1;
    }
    size_t length = strcspn(option, " |");
    keyword_add(builder, option, length);
    bool is_count = strncmp(option, "COUNT", 5) == 0; /* small ones split a scan at will */
    for (option += length; *option == ' '; option += 2) {
        if (chance(builder->generator, 3)) return; /* left out */
        if (is_count && chance(builder->generator, 80)) word_add(builder, "1000");
        else if (is_count) word_add(builder, chance(builder->generator, 50) ? "0" : "abc");
        else value_add(builder, option[1], shape->name);
    }
}

static void words_add(diff_builder *builder, const command_shape *shape) {
    diff_generator *generator = builder->generator;
    keyword_add(builder, shape->name, strlen(shape->name));
    size_t arguments = strlen(shape->pattern);
    if (arguments > 0 && chance(generator, 15)) arguments -= 1 + below(generator, arguments);
    bool is_zadd = strcmp(shape->name, "ZADD") == 0; /* its options come in the middle */
    bool has_fields = false;
    for (size_t i = 0; i < arguments; i++) {
        if (is_zadd && i == 1) {
            static const command_shape zadd = {"ZADD", "", ZADD_OPTIONS, ORDER_EXACT};
            while (chance(generator, 40)) option_add(builder, &zadd);
        }
        bool is_fields = shape->pattern[i] == 'F' || shape->pattern[i] == 'P';
        while (is_fields && shape->options != NULL && chance(generator, 35))
            option_add(builder, shape);
        has_fields = has_fields || is_fields;
        value_add(builder, shape->pattern[i], shape->name);
    }
    if (shape->options != NULL && (!has_fields || chance(generator, 12))) {
        for (size_t i = 0; i < 4 && chance(generator, 55); i++) option_add(builder, shape);
    }
    if (strcmp(shape->name, "COMMAND") == 0) {
        for (size_t i = below(generator, 5); i > 0; i--) value_add(builder, 'k', shape->name);
    }
    if (chance(generator, 4)) value_add(builder, chance(generator, 50) ? 'v' : 'n', shape->name);
}

/* EVAL of a script that runs the command which its arguments are. */
static void eval_add(diff_builder *builder) {
    static const char *const texts[] = {
        "return redis.pcall(unpack(ARGV))",
        "return redis.call(unpack(ARGV))",
        "redis.pcall(unpack(ARGV)) return redis.pcall('PTTL', 'a')",
        "local r = redis.pcall(unpack(ARGV)) return type(r) == 'number' and r + 1 or r",
        "redis.call('PEXPIRE', 'a', 10) return redis.pcall(unpack(ARGV))",
        "redis.call(unpack(ARGV)) redis.call(unpack(ARGV)) return redis.call('TTL', 'b')",
    };
    const command_shape *shape;
    do shape = &shapes[below(builder->generator, SHAPES)];
    while (strcmp(shape->name, "COMMAND") == 0 || strcmp(shape->name, "EVAL") == 0);
    step_begin(builder);
    keyword_add(builder, "EVAL", 4);
    word_add(builder, PICK(builder->generator, texts));
    word_add(builder, "0");
    words_add(builder, shape);
}

static void command_add(diff_builder *builder, const command_shape *shape) {
    if (strcmp(shape->name, "EVAL") == 0) {
        eval_add(builder);
        return;
    }
    step_begin(builder);
    words_add(builder, shape);
}

/* Key states: missing, or one of these, persistent, volatile, or dead and not reclaimed. */
static void state_add(diff_builder *builder, const char *key) {
    static const char *const makers[] = {
        "SET %s v",           "SET %s 10",       "SET %s 1.5",
        "RPUSH %s x y",       "HSET %s f 1 g w", "SADD %s m n",
        "ZADD %s 1 m 2 n",    "RPUSH %s x",      "RPUSH %s b c a",
        "SADD %s m",          "HSET %s n 5",     "ZADD %s inf m -inf n 0.1 o 1e300 1",
        "HSET %s f 1 g 2 n 3"};
    static const char *const limits[] = {"PEXPIRE %s 10", "PEXPIRE %s 100", "PEXPIRE %s 1500",
                                         "EXPIRE %s 100", "PEXPIRE %s 1"};
    static const char *const field_limits[] = {
        "HPEXPIRE %s 10 FIELDS 1 f", "HPEXPIRE %s 10 FIELDS 2 f g", "HPEXPIRE %s 10 FIELDS 1 n",
        "HPEXPIRE %s 1 FIELDS 1 g",  "HEXPIRE %s 100 FIELDS 1 f",   "HPEXPIRE %s 1500 FIELDS 1 n"};
    char line[64];
    diff_generator *generator = builder->generator;
    if (chance(generator, 20)) return;
    size_t maker = chance(generator, builder->is_of_hashes ? 0 : 50)
                       ? 0
                       : below(generator, sizeof makers / sizeof *makers);
    snprintf(line, sizeof line, makers[maker], key);
    line_add(builder, line);
    bool is_hash = strncmp(makers[maker], "HSET", 4) == 0;
    for (size_t i = is_hash ? below(generator, 3) : 0; i > 0; i--) {
        snprintf(line, sizeof line, PICK(generator, field_limits), key);
        line_add(builder, line);
    }
    if (chance(generator, is_hash ? 70 : 35)) return;
    snprintf(line, sizeof line, PICK(generator, limits), key);
    line_add(builder, line);
}

static void move_choose(diff_builder *builder) {
    static const int64_t moves_ms[] = {1,   9,    10,   11,   99,   100,  101, 499, 500, 501,
                                       999, 1000, 1001, 1500, 1501, 2000, -1,  1,   10,  11};
    if (chance(builder->generator, 30)) builder->move_ms = PICK(builder->generator, moves_ms);
}

static const command_shape *shape_named(const char *name, size_t length) {
    for (size_t i = 0; i < SHAPES; i++) {
        if (ttl_bytes_is_word((ttl_bytes){name, length}, shapes[i].name)) return &shapes[i];
    }
    return NULL;
}

/* A command of any kind but those that end what the script is about. */
static void any_command_add(diff_builder *builder) {
    const command_shape *shape;
    do shape = &shapes[below(builder->generator, SHAPES)];
    while (strcmp(shape->name, "RESET") == 0 || strcmp(shape->name, "HELLO") == 0 ||
           strcmp(shape->name, "FLUSHALL") == 0 || strcmp(shape->name, "RANDOMKEY") == 0 ||
           strcmp(shape->name, "COMMAND") == 0);
    command_add(builder, shape);
}

/* What shows the state of the keys when all is over. */
static void observers_add(diff_builder *builder) {
    char line[64];
    builder->connection = 0;
    move_choose(builder);
    if (chance(builder->generator, 30)) line_add(builder, "INFO keyspace");
    for (size_t i = 0; i < 2 && builder->is_of_hashes; i++) {
        static const char *const observers[] = {"HGETALL %s", "HLEN %s", "HPTTL %s FIELDS 3 f g n",
                                                "HPEXPIRETIME %s FIELDS 2 g f", "HEXISTS %s f"};
        snprintf(line, sizeof line, PICK(builder->generator, observers), keys[0]);
        line_add(builder, line);
    }
    for (size_t i = 0; i < 2; i++) {
        static const char *const observers[] = {"TYPE %s",      "PTTL %s",   "TTL %s",
                                                "GET %s",       "EXISTS %s", "PEXPIRETIME %s",
                                                "EXPIRETIME %s"};
        size_t count = i == 0 ? 4 : 2;
        for (size_t j = 0; j < count; j++) {
            snprintf(line, sizeof line, PICK(builder->generator, observers), keys[i]);
            line_add(builder, line);
        }
    }
    line_add(builder, "DBSIZE");
    line_add(builder, "INFO stats");
}

static void transaction_add(diff_builder *builder, const command_shape *focus) {
    diff_generator *generator = builder->generator;
    bool watches = chance(generator, 50);
    if (watches) command_add(builder, shape_named("WATCH", 5));
    if (watches && chance(generator, 60)) {
        builder->connection = chance(generator, 70) ? 1 : 0;
        move_choose(builder);
        any_command_add(builder);
        builder->connection = 0;
    }
    move_choose(builder);
    line_add(builder, "MULTI");
    for (size_t i = below(generator, 3); i > 0; i--) any_command_add(builder);
    command_add(builder, focus);
    if (chance(generator, 50)) line_add(builder, "PTTL a");
    move_choose(builder);
    line_add(builder, chance(generator, 95) ? "EXEC" : "DISCARD");
}

static const command_shape *focus_next(diff_generator *generator) {
    bool is_asked_for =
        generator->only != NULL && shape_named(generator->only, strlen(generator->only)) != NULL;
    const command_shape *next;
    do next = &shapes[generator->turn++ % SHAPES];
    while (is_asked_for && !ttl_bytes_is_word(ttl_bytes_of(generator->only), next->name));
    return next;
}

void script_generate(diff_generator *generator, diff_script *script) {
    const command_shape *focus = focus_next(generator);
    script->start_ms = START_S * INT64_C(1000) + (int64_t)below(generator, 1000);
    script->listens = chance(generator, 50);
    script->count = script->text_length = 0;
    diff_builder builder = {.generator = generator,
                            .script = script,
                            .now_ms = script->start_ms,
                            .is_of_hashes = focus->name[0] == 'H'};
    if (script->listens) {
        line_add(&builder, "CONFIG SET notify-keyspace-events");
        word_add(&builder, PICK(generator, event_flags));
    }
    if (chance(generator, 10)) line_add(&builder, "HELLO 3");
    state_add(&builder, "a");
    if (chance(generator, 60)) state_add(&builder, "b");
    if (chance(generator, 20)) state_add(&builder, "c");
    if (chance(generator, 25)) {
        builder.connection = 2;
        line_add(&builder, chance(generator, 50) ? "SUBSCRIBE ch" : "PSUBSCRIBE __key*__:* n*");
        builder.connection = 0;
    }
    /* Within EXEC, HELLO would change the protocol in the middle of a reply. */
    if (chance(generator, 20) && focus->order != ORDER_IDENTITY) {
        transaction_add(&builder, focus);
    } else {
        for (size_t i = below(generator, 3); i > 0; i--) {
            move_choose(&builder);
            any_command_add(&builder);
        }
        move_choose(&builder);
        command_add(&builder, focus);
    }
    observers_add(&builder);
}

/* ---- reading ---- */

ttl_bytes step_argument(const diff_script *script, const diff_step *step, size_t index) {
    return (ttl_bytes){script->text + step->offset[index], step->length[index]};
}

/* SORT by texts that may be equal, or of a set that is not to be sorted. */
static bool order_is_open(const diff_script *script, const diff_step *step) {
    bool has_alpha = false, has_by = false, is_unsorted = false;
    for (size_t i = 0; i < step->count; i++) {
        ttl_bytes word = step_argument(script, step, i);
        bool is_by = ttl_bytes_is_word(word, "BY") && i + 1 < step->count;
        if (ttl_bytes_is_word(word, "ALPHA")) has_alpha = true;
        if (is_by) word = step_argument(script, step, i + 1);
        has_by = has_by || is_by;
        if (is_by && (word.length == 0 || memchr(word.data, '*', word.length) == NULL))
            is_unsorted = true;
    }
    return (has_by && has_alpha) || is_unsorted;
}

reply_order step_order(const diff_script *script, const diff_step *step) {
    enum { EVAL_WORDS = 3 }; /* what a script runs comes behind them */
    ttl_bytes name = step_argument(script, step, 0);
    size_t first = ttl_bytes_is_word(name, "EVAL") && step->count > EVAL_WORDS ? EVAL_WORDS : 0;
    if (first > 0) name = step_argument(script, step, first);
    size_t count = step->count - first;
    const command_shape *shape = shape_named(name.data, name.length);
    if (shape == NULL) return ORDER_EXACT;
    if (shape->order == ORDER_DEEP && count < 3) return ORDER_TYPE_ONLY; /* every command */
    if (strncmp(shape->name, "SORT", 4) == 0 && order_is_open(script, step)) return ORDER_TYPE_ONLY;
    if (shape->order != ORDER_SCAN || count < 2) return shape->order;
    /* where another cursor than 0 leads depends on the server's table */
    size_t cursor = shape->pattern[0] == 'k' ? 2 : 1;
    bool from_start =
        count > cursor && ttl_bytes_is_word(step_argument(script, step, first + cursor), "0");
    return from_start ? ORDER_SCAN : ORDER_TYPE_ONLY;
}

static void argument_print(ttl_bytes bytes, FILE *file) {
    bool plain = bytes.length > 0;
    for (size_t i = 0; i < bytes.length; i++) {
        plain = plain && isgraph((unsigned char)bytes.data[i]) && bytes.data[i] != ';';
    }
    if (!plain) putc('"', file);
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        if (isprint(byte)) putc(byte, file);
        else fprintf(file, "\\x%02x", byte);
    }
    if (!plain) putc('"', file);
}

void script_print(const diff_script *script, FILE *file) {
    for (size_t i = 0; i < script->count; i++) {
        const diff_step *step = &script->steps[i];
        fputs(i == 0 ? "" : "; ", file);
        if (step->move_ms != 0) fprintf(file, "%+" PRId64 "ms ", step->move_ms);
        if (step->connection != 0) fprintf(file, "[%d] ", step->connection);
        for (size_t j = 0; j < step->count; j++) {
            if (j > 0) putc(' ', file);
            argument_print(step_argument(script, step, j), file);
        }
    }
}
