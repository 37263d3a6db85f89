/* Commands of streams, of elements and of places, as whole phrases: what is said, and what a naive
 * model has to know of it. Data; each row is a kind of command of its own (op.h).
 *
 *      @ the key   # the other key   % a member   $ a small number, also before more: $-0
 *      & a time in milliseconds   = a time in seconds, of which eighths are told
 *      ? a value, as SET says it
 */
#ifndef TTLSPEC_SIM_PHRASE_H
#define TTLSPEC_SIM_PHRASE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum sim_type {
    SIM_STRING,
    SIM_LIST,
    SIM_HASH,
    SIM_SET_TYPE,
    SIM_ZSET,
    SIM_STREAM,
    SIM_TYPES
} sim_type;

typedef enum sim_effect {
    SIM_SAYS,      /* an error, before any key is looked at */
    SIM_COMPLAINS, /* an error, after a look for the key */
    SIM_READS,     /* the key */
    SIM_NOTES,     /* what belongs to the key, which breaks no watch */
    SIM_CUTS,      /* as many entries of a stream as it answers */
    SIM_EXACT,     /* what the model knows exactly */
    SIM_WAITS,     /* for something to take */
} sim_effect;

/* What is answered where there is no key: "-ERR x" an error that begins so, ":0" an integer, "+OK",
 * "nil", "*nil", "*0" an array without anything, "*scanned" a scan that is at its end. */
#define SIM_PHRASES(PHRASE)                                                                        \
    PHRASE(XADD, "XADD", "@ * f v", SIM_STREAM, SIM_EXACT, "")                                     \
    PHRASE(XADD_AT, "XADD", "@ $-* f v", SIM_STREAM, SIM_EXACT, "")                                \
    PHRASE(XADD_MAXLEN, "XADD", "@ MAXLEN 3 * f v", SIM_STREAM, SIM_EXACT, "")                     \
    PHRASE(XADD_NOMKSTREAM, "XADD", "@ NOMKSTREAM * f v", SIM_STREAM, SIM_EXACT, "nil")            \
    PHRASE(XADD_ODD, "XADD", "@ 1-x f v", SIM_STREAM, SIM_SAYS, "-ERR Invalid stream ID")          \
    PHRASE(XTRIM, "XTRIM", "@ MAXLEN 2", SIM_STREAM, SIM_CUTS, ":0")                               \
    PHRASE(XTRIM_MINID, "XTRIM", "@ MINID $", SIM_STREAM, SIM_CUTS, ":0")                          \
    PHRASE(XTRIM_ABOUT, "XTRIM", "@ MAXLEN ~ 1", SIM_STREAM, SIM_CUTS, ":0")                       \
    PHRASE(XTRIM_ODD, "XTRIM", "@ MAXLEN 1 MINID 1", SIM_STREAM, SIM_SAYS, "-ERR syntax error")    \
    PHRASE(XDEL, "XDEL", "@ $-0", SIM_STREAM, SIM_CUTS, ":0")                                      \
    PHRASE(XLEN, "XLEN", "@", SIM_STREAM, SIM_EXACT, ":0")                                         \
    PHRASE(XRANGE, "XRANGE", "@ - +", SIM_STREAM, SIM_EXACT, "*0")                                 \
    PHRASE(XREVRANGE, "XREVRANGE", "@ + - COUNT 1", SIM_STREAM, SIM_READS, "*0")                   \
    PHRASE(XSETID, "XSETID", "@ $-0", SIM_STREAM, SIM_EXACT, "-ERR no such key")                   \
    PHRASE(XREAD, "XREAD", "COUNT 2 STREAMS @ 0", SIM_STREAM, SIM_READS, "*nil")                   \
    PHRASE(XREAD_LAST, "XREAD", "STREAMS @ +", SIM_STREAM, SIM_EXACT, "*nil")                      \
    PHRASE(XREAD_ODD, "XREAD", "STREAMS @ # 0", SIM_STREAM, SIM_SAYS, "-ERR Unbalanced")           \
    PHRASE(XGROUP_CREATE, "XGROUP", "CREATE @ g 0", SIM_STREAM, SIM_NOTES, "-ERR The XGROUP")      \
    PHRASE(XGROUP_MAKE, "XGROUP", "CREATE @ g 0 MKSTREAM", SIM_STREAM, SIM_EXACT, "")              \
    PHRASE(XGROUP_SETID, "XGROUP", "SETID @ g $-0", SIM_STREAM, SIM_NOTES, "-ERR The XGROUP")      \
    PHRASE(XGROUP_DESTROY, "XGROUP", "DESTROY @ g", SIM_STREAM, SIM_NOTES, "-ERR The XGROUP")      \
    PHRASE(XGROUP_CONSUMER, "XGROUP", "CREATECONSUMER @ g %", SIM_STREAM, SIM_NOTES,               \
           "-ERR The XGROUP")                                                                      \
    PHRASE(XGROUP_LEAVE, "XGROUP", "DELCONSUMER @ g %", SIM_STREAM, SIM_NOTES, "-ERR The XGROUP")  \
    PHRASE(XREADGROUP, "XREADGROUP", "GROUP g % COUNT 2 STREAMS @ >", SIM_STREAM, SIM_NOTES,       \
           "-NOGROUP")                                                                             \
    PHRASE(XREADGROUP_AGAIN, "XREADGROUP", "GROUP g % STREAMS @ 0", SIM_STREAM, SIM_NOTES,         \
           "-NOGROUP")                                                                             \
    PHRASE(XREADGROUP_NOACK, "XREADGROUP", "GROUP g % NOACK STREAMS @ >", SIM_STREAM, SIM_NOTES,   \
           "-NOGROUP")                                                                             \
    PHRASE(XACK, "XACK", "@ g $-0", SIM_STREAM, SIM_NOTES, ":0")                                   \
    PHRASE(XPENDING, "XPENDING", "@ g", SIM_STREAM, SIM_READS, "-NOGROUP")                         \
    PHRASE(XPENDING_IDLE, "XPENDING", "@ g IDLE & - + 5", SIM_STREAM, SIM_READS, "-NOGROUP")       \
    PHRASE(XCLAIM, "XCLAIM", "@ g % & $-0", SIM_STREAM, SIM_NOTES, "-NOGROUP")                     \
    PHRASE(XCLAIM_FORCE, "XCLAIM", "@ g % 0 $-0 FORCE RETRYCOUNT 3 LASTID 5-0", SIM_STREAM,        \
           SIM_NOTES, "-NOGROUP")                                                                  \
    PHRASE(XCLAIM_IDLE, "XCLAIM", "@ g % 0 $-0 IDLE & JUSTID", SIM_STREAM, SIM_NOTES, "-NOGROUP")  \
    PHRASE(XCLAIM_TIME, "XCLAIM", "@ g % 0 $-0 TIME &", SIM_STREAM, SIM_NOTES, "-NOGROUP")         \
    PHRASE(XAUTOCLAIM, "XAUTOCLAIM", "@ g % & 0 COUNT 2", SIM_STREAM, SIM_NOTES, "-NOGROUP")       \
    PHRASE(XAUTOCLAIM_ODD, "XAUTOCLAIM", "@ g % x 0", SIM_STREAM, SIM_COMPLAINS,                   \
           "-ERR Invalid min-idle-time")                                                           \
    PHRASE(XINFO, "XINFO", "CONSUMERS @ g", SIM_STREAM, SIM_READS, "-ERR no such key")             \
    PHRASE(LTRIM, "LTRIM", "@ 0 1", SIM_LIST, SIM_EXACT, "+OK")                                    \
    PHRASE(LTRIM_ALL, "LTRIM", "@ 1 0", SIM_LIST, SIM_EXACT, "+OK")                                \
    PHRASE(LREM, "LREM", "@ 1 x", SIM_LIST, SIM_EXACT, ":0")                                       \
    PHRASE(LREM_NONE, "LREM", "@ 0 y", SIM_LIST, SIM_EXACT, ":0")                                  \
    PHRASE(LINSERT, "LINSERT", "@ BEFORE x x", SIM_LIST, SIM_EXACT, ":0")                          \
    PHRASE(LINSERT_NONE, "LINSERT", "@ AFTER y x", SIM_LIST, SIM_EXACT, ":0")                      \
    PHRASE(LPOS, "LPOS", "@ x", SIM_LIST, SIM_EXACT, "nil")                                        \
    PHRASE(LPOS_LEAST, "LPOS", "@ x RANK -9223372036854775808", SIM_LIST, SIM_EXACT, "nil")        \
    PHRASE(LPOS_ODD, "LPOS", "@ x COUNT -1", SIM_LIST, SIM_SAYS, "-ERR COUNT can't be negative")   \
    PHRASE(LRANGE, "LRANGE", "@ 0 -1", SIM_LIST, SIM_EXACT, "*0")                                  \
    PHRASE(LMPOP, "LMPOP", "2 @ # LEFT COUNT 2", SIM_LIST, SIM_EXACT, "*nil")                      \
    PHRASE(LMPOP_ODD, "LMPOP", "0 @ LEFT", SIM_LIST, SIM_SAYS, "-ERR numkeys")                     \
    PHRASE(LMOVE, "LMOVE", "@ # LEFT RIGHT", SIM_LIST, SIM_EXACT, "nil")                           \
    PHRASE(SMOVE, "SMOVE", "@ # %", SIM_SET_TYPE, SIM_EXACT, ":0")                                 \
    PHRASE(ZPOPMIN, "ZPOPMIN", "@", SIM_ZSET, SIM_EXACT, "*0")                                     \
    PHRASE(ZPOPMAX, "ZPOPMAX", "@ 2", SIM_ZSET, SIM_EXACT, "*0")                                   \
    PHRASE(ZPOPMIN_NONE, "ZPOPMIN", "@ 0", SIM_ZSET, SIM_READS, "*0")                              \
    PHRASE(ZPOPMIN_ODD, "ZPOPMIN", "@ -1", SIM_ZSET, SIM_SAYS, "-ERR value is out of range")       \
    PHRASE(ZMPOP, "ZMPOP", "2 @ # MIN COUNT 2", SIM_ZSET, SIM_EXACT, "*nil")                       \
    PHRASE(ZREMRANGEBYRANK, "ZREMRANGEBYRANK", "@ 0 0", SIM_ZSET, SIM_EXACT, ":0")                 \
    PHRASE(ZREMRANGEBYSCORE, "ZREMRANGEBYSCORE", "@ 1 1", SIM_ZSET, SIM_EXACT, ":0")               \
    PHRASE(ZREMRANGE_MORE, "ZREMRANGEBYSCORE", "@ 2 3", SIM_ZSET, SIM_EXACT, ":0")                 \
    PHRASE(ZREMRANGEBYLEX, "ZREMRANGEBYLEX", "@ [f1 [f2", SIM_ZSET, SIM_EXACT, ":0")               \
    PHRASE(ZRANGESTORE, "ZRANGESTORE", "@ # 0 -1", SIM_ZSET, SIM_EXACT, ":0")                      \
    PHRASE(GEOSEARCHSTORE, "GEOSEARCHSTORE", "@ # FROMLONLAT 0 0 BYRADIUS 40000 km", SIM_ZSET,     \
           SIM_EXACT, ":0")                                                                        \
    PHRASE(GEORADIUS, "GEORADIUS", "# 0 0 40000 km STORE @", SIM_ZSET, SIM_EXACT, ":0")            \
    PHRASE(HSETNX, "HSETNX", "@ % 1", SIM_HASH, SIM_EXACT, "")                                     \
    PHRASE(HINCRBY, "HINCRBY", "@ % 1", SIM_HASH, SIM_EXACT, "")                                   \
    PHRASE(HINCRBYFLOAT, "HINCRBYFLOAT", "@ % 1", SIM_HASH, SIM_EXACT, "")                         \
    PHRASE(HINCRBYFLOAT_ODD, "HINCRBYFLOAT", "@ % inf", SIM_HASH, SIM_SAYS,                        \
           "-ERR value is NaN or Infinity")                                                        \
    PHRASE(HGETALL, "HGETALL", "@", SIM_HASH, SIM_EXACT, "*0")                                     \
    PHRASE(HKEYS, "HKEYS", "@", SIM_HASH, SIM_EXACT, "*0")                                         \
    PHRASE(HRANDFIELD, "HRANDFIELD", "@", SIM_HASH, SIM_EXACT, "nil")                              \
    PHRASE(GETRANGE, "GETRANGE", "@ 0 15", SIM_STRING, SIM_EXACT, "")                              \
    PHRASE(SUBSTR, "SUBSTR", "@ -2 -1", SIM_STRING, SIM_EXACT, "")                                 \
    PHRASE(INCRBYFLOAT, "INCRBYFLOAT", "@ 1", SIM_STRING, SIM_EXACT, "")                           \
    PHRASE(LCS, "LCS", "@ #", SIM_STRING, SIM_EXACT, "")                                           \
    PHRASE(LCS_LEN, "LCS", "@ # LEN", SIM_STRING, SIM_EXACT, "")                                   \
    PHRASE(DIGEST, "DIGEST", "@", SIM_STRING, SIM_EXACT, "nil")                                    \
    PHRASE(DELEX, "DELEX", "@ IFEQ ?", SIM_STRING, SIM_EXACT, ":0")                                \
    PHRASE(DELEX_OTHERS, "DELEX", "@ IFNE ?", SIM_STRING, SIM_EXACT, ":0")                         \
    PHRASE(DELIFEQ, "DELIFEQ", "@ ?", SIM_STRING, SIM_EXACT, ":0")                                 \
    PHRASE(GETBIT, "GETBIT", "@ $", SIM_STRING, SIM_EXACT, ":0")                                   \
    PHRASE(SETBIT, "SETBIT", "@ $ 1", SIM_STRING, SIM_EXACT, "")                                   \
    PHRASE(SETBIT_OFF, "SETBIT", "@ $ 0", SIM_STRING, SIM_EXACT, "")                               \
    PHRASE(BITCOUNT, "BITCOUNT", "@", SIM_STRING, SIM_EXACT, ":0")                                 \
    PHRASE(BITCOUNT_OF, "BITCOUNT", "@ 1 9 BIT", SIM_STRING, SIM_EXACT, ":0")                      \
    PHRASE(BITPOS, "BITPOS", "@ 1", SIM_STRING, SIM_EXACT, "")                                     \
    PHRASE(BITFIELD_GET, "BITFIELD", "@ GET i4 $", SIM_STRING, SIM_EXACT, "")                      \
    PHRASE(BITFIELD, "BITFIELD", "@ INCRBY u4 $ 3", SIM_STRING, SIM_EXACT, "")                     \
    PHRASE(BITFIELD_FAIL, "BITFIELD", "@ OVERFLOW FAIL INCRBY i4 0 7", SIM_STRING, SIM_EXACT, "")  \
    PHRASE(BITFIELD_RO, "BITFIELD_RO", "@ GET u8 $", SIM_STRING, SIM_EXACT, "")                    \
    PHRASE(PFADD, "PFADD", "@ %", SIM_STRING, SIM_EXACT, "")                                       \
    PHRASE(PFADD_NONE, "PFADD", "@", SIM_STRING, SIM_EXACT, "")                                    \
    PHRASE(PFCOUNT, "PFCOUNT", "@", SIM_STRING, SIM_EXACT, "")                                     \
    PHRASE(PFCOUNT_BOTH, "PFCOUNT", "@ #", SIM_STRING, SIM_EXACT, "")                              \
    PHRASE(PFMERGE, "PFMERGE", "@ #", SIM_STRING, SIM_EXACT, "")                                   \
    PHRASE(LINDEX, "LINDEX", "@ -1", SIM_LIST, SIM_EXACT, "nil")                                   \
    PHRASE(RPOPLPUSH, "RPOPLPUSH", "@ #", SIM_LIST, SIM_EXACT, "nil")                              \
    PHRASE(HMSET, "HMSET", "@ % 1", SIM_HASH, SIM_EXACT, "")                                       \
    PHRASE(HMGET, "HMGET", "@ % f0", SIM_HASH, SIM_EXACT, "")                                      \
    PHRASE(HVALS, "HVALS", "@", SIM_HASH, SIM_EXACT, "*0")                                         \
    PHRASE(HSTRLEN, "HSTRLEN", "@ %", SIM_HASH, SIM_EXACT, ":0")                                   \
    PHRASE(HSCAN, "HSCAN", "@ 0", SIM_HASH, SIM_EXACT, "*scanned")                                 \
    PHRASE(HSCAN_NAMES, "HSCAN", "@ 0 NOVALUES", SIM_HASH, SIM_EXACT, "*scanned")                  \
    PHRASE(SMEMBERS, "SMEMBERS", "@", SIM_SET_TYPE, SIM_EXACT, "*0")                               \
    PHRASE(SMISMEMBER, "SMISMEMBER", "@ % f0", SIM_SET_TYPE, SIM_EXACT, "")                        \
    PHRASE(SINTER, "SINTER", "@ #", SIM_SET_TYPE, SIM_EXACT, "")                                   \
    PHRASE(SUNION, "SUNION", "@ #", SIM_SET_TYPE, SIM_EXACT, "")                                   \
    PHRASE(SDIFF, "SDIFF", "@ #", SIM_SET_TYPE, SIM_EXACT, "")                                     \
    PHRASE(SINTERCARD, "SINTERCARD", "2 @ # LIMIT 2", SIM_SET_TYPE, SIM_EXACT, "")                 \
    PHRASE(SRANDMEMBER, "SRANDMEMBER", "@", SIM_SET_TYPE, SIM_EXACT, "nil")                        \
    PHRASE(SRANDMEMBER_SOME, "SRANDMEMBER", "@ 2", SIM_SET_TYPE, SIM_EXACT, "*0")                  \
    PHRASE(SRANDMEMBER_AGAIN, "SRANDMEMBER", "@ -3", SIM_SET_TYPE, SIM_EXACT, "*0")                \
    PHRASE(SSCAN, "SSCAN", "@ 0", SIM_SET_TYPE, SIM_EXACT, "*scanned")                             \
    PHRASE(ZINCRBY, "ZINCRBY", "@ 1 %", SIM_ZSET, SIM_EXACT, "")                                   \
    PHRASE(ZCOUNT, "ZCOUNT", "@ (1 2", SIM_ZSET, SIM_EXACT, ":0")                                  \
    PHRASE(ZLEXCOUNT, "ZLEXCOUNT", "@ - +", SIM_ZSET, SIM_EXACT, ":0")                             \
    PHRASE(ZMSCORE, "ZMSCORE", "@ % f0", SIM_ZSET, SIM_EXACT, "")                                  \
    PHRASE(ZRANGE, "ZRANGE", "@ 0 -1", SIM_ZSET, SIM_EXACT, "*0")                                  \
    PHRASE(ZRANGE_REV, "ZRANGE", "@ 2 1 BYSCORE REV LIMIT 0 2", SIM_ZSET, SIM_EXACT, "*0")         \
    PHRASE(ZREVRANGE, "ZREVRANGE", "@ 0 0 WITHSCORES", SIM_ZSET, SIM_EXACT, "*0")                  \
    PHRASE(ZRANGEBYSCORE, "ZRANGEBYSCORE", "@ 1 1", SIM_ZSET, SIM_EXACT, "*0")                     \
    PHRASE(ZREVRANGEBYSCORE, "ZREVRANGEBYSCORE", "@ +inf (1 WITHSCORES", SIM_ZSET, SIM_EXACT,      \
           "*0")                                                                                   \
    PHRASE(ZRANGEBYLEX, "ZRANGEBYLEX", "@ - +", SIM_ZSET, SIM_EXACT, "*0")                         \
    PHRASE(ZREVRANGEBYLEX, "ZREVRANGEBYLEX", "@ + - LIMIT 0 1", SIM_ZSET, SIM_EXACT, "*0")         \
    PHRASE(ZRANK, "ZRANK", "@ %", SIM_ZSET, SIM_EXACT, "nil")                                      \
    PHRASE(ZREVRANK, "ZREVRANK", "@ %", SIM_ZSET, SIM_EXACT, "nil")                                \
    PHRASE(ZRANDMEMBER, "ZRANDMEMBER", "@", SIM_ZSET, SIM_EXACT, "nil")                            \
    PHRASE(ZRANDMEMBER_SOME, "ZRANDMEMBER", "@ 2", SIM_ZSET, SIM_EXACT, "*0")                      \
    PHRASE(ZSCAN, "ZSCAN", "@ 0", SIM_ZSET, SIM_EXACT, "*scanned")                                 \
    PHRASE(ZUNION, "ZUNION", "2 @ #", SIM_ZSET, SIM_EXACT, "")                                     \
    PHRASE(ZINTER, "ZINTER", "2 @ # WITHSCORES", SIM_ZSET, SIM_EXACT, "")                          \
    PHRASE(ZDIFF, "ZDIFF", "2 @ # WITHSCORES", SIM_ZSET, SIM_EXACT, "")                            \
    PHRASE(ZINTERCARD, "ZINTERCARD", "2 @ #", SIM_ZSET, SIM_EXACT, "")                             \
    PHRASE(BLPOP_ODD, "BLPOP", "@ -1", SIM_LIST, SIM_SAYS, "-ERR timeout is negative")             \
    PHRASE(BLPOP, "BLPOP", "@ # =", SIM_LIST, SIM_WAITS, "")                                       \
    PHRASE(BRPOP, "BRPOP", "@ =", SIM_LIST, SIM_WAITS, "")                                         \
    PHRASE(BLMOVE, "BLMOVE", "@ # LEFT RIGHT =", SIM_LIST, SIM_WAITS, "")                          \
    PHRASE(BRPOPLPUSH, "BRPOPLPUSH", "@ # =", SIM_LIST, SIM_WAITS, "")                             \
    PHRASE(BLMPOP, "BLMPOP", "= 2 @ # LEFT COUNT 2", SIM_LIST, SIM_WAITS, "")                      \
    PHRASE(BZPOPMIN, "BZPOPMIN", "@ # =", SIM_ZSET, SIM_WAITS, "")                                 \
    PHRASE(BZPOPMAX, "BZPOPMAX", "@ =", SIM_ZSET, SIM_WAITS, "")                                   \
    PHRASE(BZMPOP, "BZMPOP", "= 2 @ # MIN COUNT 2", SIM_ZSET, SIM_WAITS, "")

typedef struct sim_phrase {
    const char *words;
    uint8_t type, effect;
    const char *missing;
} sim_phrase;

/* In the order of their kinds. */
extern const sim_phrase sim_phrases[];
extern const char *const sim_type_names[SIM_TYPES];

#endif
