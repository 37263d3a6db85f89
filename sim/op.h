/* Commands as data: what a client of a world sends.
 *
 * Sixteen bytes that can be drawn, recorded, compared, shrunk and written out, and rendered as the
 * arguments that an engine or a server takes. Values and names are small on purpose: the subject is
 * time.
 */
#ifndef TTLSPEC_SIM_OP_H
#define TTLSPEC_SIM_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/odd.h"
#include "sim/phrase.h"
#include "sim/script.h"
#include "ttlspec/bytes.h"

/* kind, name, shape of the arguments */
#define SIM_OPS(OP)                                                                                \
    OP(SET, "SET", SET)                                                                            \
    OP(SETNX, "SETNX", VALUE)                                                                      \
    OP(SETEX, "SETEX", TIME_VALUE)                                                                 \
    OP(PSETEX, "PSETEX", TIME_VALUE)                                                               \
    OP(GET, "GET", KEY)                                                                            \
    OP(GETEX, "GETEX", GETEX)                                                                      \
    OP(GETDEL, "GETDEL", KEY)                                                                      \
    OP(GETSET, "GETSET", VALUE)                                                                    \
    OP(STRLEN, "STRLEN", KEY)                                                                      \
    OP(SETRANGE, "SETRANGE", SETRANGE)                                                             \
    OP(INCR, "INCR", KEY)                                                                          \
    OP(DECR, "DECR", KEY)                                                                          \
    OP(INCRBY, "INCRBY", INCRBY)                                                                   \
    OP(EXPIRE, "EXPIRE", EXPIRE)                                                                   \
    OP(PEXPIRE, "PEXPIRE", EXPIRE)                                                                 \
    OP(EXPIREAT, "EXPIREAT", EXPIRE)                                                               \
    OP(PEXPIREAT, "PEXPIREAT", EXPIRE)                                                             \
    OP(PERSIST, "PERSIST", KEY)                                                                    \
    OP(TTL, "TTL", KEY)                                                                            \
    OP(PTTL, "PTTL", KEY)                                                                          \
    OP(EXPIRETIME, "EXPIRETIME", KEY)                                                              \
    OP(PEXPIRETIME, "PEXPIRETIME", KEY)                                                            \
    OP(EXISTS, "EXISTS", KEYS)                                                                     \
    OP(TYPE, "TYPE", KEY)                                                                          \
    OP(DEL, "DEL", KEYS)                                                                           \
    OP(UNLINK, "UNLINK", KEY)                                                                      \
    OP(TOUCH, "TOUCH", KEY)                                                                        \
    OP(RENAME, "RENAME", KEYS)                                                                     \
    OP(RENAMENX, "RENAMENX", KEYS)                                                                 \
    OP(COPY, "COPY", COPY)                                                                         \
    OP(DBSIZE, "DBSIZE", NOTHING)                                                                  \
    OP(MGET, "MGET", KEYS)                                                                         \
    OP(MSET, "MSET", PAIRS)                                                                        \
    OP(MSETNX, "MSETNX", PAIRS)                                                                    \
    OP(LPUSH, "LPUSH", ELEMENT)                                                                    \
    OP(LPOP, "LPOP", KEY)                                                                          \
    OP(LLEN, "LLEN", KEY)                                                                          \
    OP(HSET, "HSET", FIELD_VALUE)                                                                  \
    OP(HGET, "HGET", MEMBER)                                                                       \
    OP(HDEL, "HDEL", MEMBER)                                                                       \
    OP(SADD, "SADD", MEMBER)                                                                       \
    OP(SREM, "SREM", MEMBER)                                                                       \
    OP(SISMEMBER, "SISMEMBER", MEMBER)                                                             \
    OP(ZADD, "ZADD", SCORE_MEMBER)                                                                 \
    OP(ZREM, "ZREM", MEMBER)                                                                       \
    OP(ZCARD, "ZCARD", KEY)                                                                        \
    OP(DECRBY, "DECRBY", INCRBY)                                                                   \
    OP(RPUSH, "RPUSH", ELEMENT)                                                                    \
    OP(LPUSHX, "LPUSHX", ELEMENT)                                                                  \
    OP(RPUSHX, "RPUSHX", ELEMENT)                                                                  \
    OP(RPOP, "RPOP", KEY)                                                                          \
    OP(HLEN, "HLEN", KEY)                                                                          \
    OP(HEXISTS, "HEXISTS", MEMBER)                                                                 \
    OP(SCARD, "SCARD", KEY)                                                                        \
    OP(ZSCORE, "ZSCORE", MEMBER)                                                                   \
    OP(MULTI, "MULTI", NOTHING)                                                                    \
    OP(EXEC, "EXEC", NOTHING)                                                                      \
    OP(DISCARD, "DISCARD", NOTHING)                                                                \
    OP(WATCH, "WATCH", KEYS)                                                                       \
    OP(UNWATCH, "UNWATCH", NOTHING)                                                                \
    OP(NOTIFY, "CONFIG", NOTIFY)                                                                   \
    OP(SUBSCRIBE, "SUBSCRIBE", CHANNEL)                                                            \
    OP(PSUBSCRIBE, "PSUBSCRIBE", CHANNEL)                                                          \
    OP(UNSUBSCRIBE, "UNSUBSCRIBE", CHANNEL)                                                        \
    OP(PUNSUBSCRIBE, "PUNSUBSCRIBE", CHANNEL)                                                      \
    OP(SELECT, "SELECT", DATABASE)                                                                 \
    OP(MOVE, "MOVE", KEY_DATABASE)                                                                 \
    OP(SWAPDB, "SWAPDB", DATABASES)                                                                \
    OP(FLUSHDB, "FLUSHDB", NOTHING)                                                                \
    OP(FLUSHALL, "FLUSHALL", NOTHING)                                                              \
    OP(KEYS, "KEYS", PATTERN)                                                                      \
    OP(SCAN, "SCAN", SCAN)                                                                         \
    OP(RANDOMKEY, "RANDOMKEY", NOTHING)                                                            \
    OP(COPY_TO, "COPY", COPY_TO)                                                                   \
    OP(DUMP, "DUMP", KEY)                                                                          \
    OP(RESTORE, "RESTORE", RESTORE)                                                                \
    OP(EVAL, "EVAL", EVAL)                                                                         \
    OP(ODD, "what is said badly", ODD)                                                             \
    OP(SUNIONSTORE, "SUNIONSTORE", SOURCES)                                                        \
    OP(SINTERSTORE, "SINTERSTORE", SOURCES)                                                        \
    OP(SDIFFSTORE, "SDIFFSTORE", SOURCES)                                                          \
    OP(ZUNIONSTORE, "ZUNIONSTORE", COUNTED_SOURCES)                                                \
    OP(ZINTERSTORE, "ZINTERSTORE", COUNTED_SOURCES)                                                \
    OP(ZDIFFSTORE, "ZDIFFSTORE", COUNTED_SOURCES)                                                  \
    OP(SPOP, "SPOP", KEY)                                                                          \
    OP(LSET, "LSET", LSET)                                                                         \
    OP(APPEND, "APPEND", EMPTY)                                                                    \
    OP(INCRMOST, "INCRBY", MOST)                                                                   \
    OP(BITOP, "BITOP", BITOP)                                                                      \
    OP(MSETEX, "MSETEX", MSETEX)                                                                   \
    OP(GEOADD, "GEOADD", PLACE)                                                                    \
    OP(RESET, "RESET", NOTHING)                                                                    \
    OP(HEXPIRE, "HEXPIRE", FIELD_EXPIRE)                                                           \
    OP(HPEXPIRE, "HPEXPIRE", FIELD_EXPIRE)                                                         \
    OP(HEXPIREAT, "HEXPIREAT", FIELD_EXPIRE)                                                       \
    OP(HPEXPIREAT, "HPEXPIREAT", FIELD_EXPIRE)                                                     \
    OP(HTTL, "HTTL", FIELD)                                                                        \
    OP(HPTTL, "HPTTL", FIELD)                                                                      \
    OP(HEXPIRETIME, "HEXPIRETIME", FIELD)                                                          \
    OP(HPEXPIRETIME, "HPEXPIRETIME", FIELD)                                                        \
    OP(HPERSIST, "HPERSIST", FIELD)                                                                \
    OP(HGETDEL, "HGETDEL", FIELD)                                                                  \
    OP(HGETEX, "HGETEX", FIELD_GETEX)                                                              \
    OP(HSETEX, "HSETEX", FIELD_SETEX)

#define OP(kind, name, shape)                            SIM_OP_##kind,
#define PHRASE(kind, name, words, type, effect, missing) SIM_OP_##kind,
typedef enum sim_op_kind { SIM_OPS(OP) SIM_PHRASES(PHRASE) SIM_OP_KINDS } sim_op_kind;
#undef OP
#undef PHRASE
/* Those before are what every world draws from; the others come by streams of their own. */
enum {
    SIM_OP_PLAIN = SIM_OP_MULTI,
    SIM_OP_OTHERS = SIM_OP_SELECT,
    SIM_OP_PHRASES = SIM_OP_XADD,
    SIM_OP_WAITS = SIM_OP_BLPOP
};

/* Options of SET, GETEX, COPY and the EXPIRE family, each where it belongs. */
enum {
    SIM_NX = 1,
    SIM_XX = 2,
    SIM_GT = 4,
    SIM_LT = 8,
    SIM_GET = 16,
    SIM_KEEPTTL = 32,
    SIM_PERSIST = 64,
    SIM_REPLACE = 128,
};

/* How SET and GETEX say a time. */
typedef enum sim_form { SIM_NO_TIME, SIM_EX, SIM_PX, SIM_EXAT, SIM_PXAT, SIM_FORMS } sim_form;

/* What KEYS and SCAN look for: the type is above the bits of the pattern. */
enum { SIM_ANY_NAME, SIM_STAR, SIM_TENS, SIM_PATTERNS, SIM_WANTS_TYPE = 4 };

enum { SIM_CHANNEL_TEXT = 48 };
enum { SIM_DATABASES = 2, SIM_KEYS = 32, SIM_MEMBERS = 4, SIM_ARGUMENTS = 12, SIM_PAYLOADS = 5 };
enum { SIM_SMALL = 8 }; /* the small numbers of phrases are below this */

typedef struct sim_op {
    uint8_t kind, key, other; /* keys are numbers below SIM_KEYS */
    uint8_t flags, form;
    uint8_t value;    /* below 128 a decimal number, else a word; its low bits choose a member */
    uint8_t database; /* that is named */
    uint8_t extra;    /* KEYS and SCAN: what is looked for; SUBSCRIBE: what is listened to */
    int64_t amount; /* of time, as it is written; of SCAN the cursor; of EXEC the microseconds that
                         its clock goes on by */
} sim_op;

/* A keyspace event. */
typedef struct sim_happening {
    const char *name;
    char kind;    /* its letter in notify-keyspace-events */
    uint8_t slot; /* which key (model.h) */
} sim_happening;

typedef struct sim_rendered {
    size_t argc, used;
    ttl_bytes argv[SIM_ARGUMENTS];
    char text[128];
} sim_rendered;

/* The arguments of a command; they point into `out` and into constants. */
void sim_op_render(const sim_op *op, sim_rendered *out);
const char *sim_op_name(sim_op_kind kind);
/* Does the command say a time, is it one since the epoch, and is it in seconds? */
bool sim_op_has_time(const sim_op *op);
bool sim_op_is_absolute(const sim_op *op);
bool sim_op_is_in_seconds(const sim_op *op);
/* Is it about the deadline of a field? */
bool sim_op_is_of_field(sim_op_kind kind);
/* Has it a phrase, and which? */
bool sim_op_is_phrase(sim_op_kind kind);
const sim_phrase *sim_phrase_of(const sim_op *op);
/* May its client have to wait for the answer? */
bool sim_op_waits(sim_op_kind kind);
/* Does it name a key? */
bool sim_op_has_key(const sim_op *op);
/* Does KEYS or SCAN look for a key of this number and type? */
bool sim_op_wants(uint8_t wants, uint8_t key, uint8_t type);
/* Does it name a second key? */
bool sim_op_has_other(const sim_op *op);
/* Which argument the time is; 0: none. */
size_t sim_op_time_index(const sim_op *op);

/* Of SUBSCRIBE and its kin: "__keyevent@0__:expired". `text` has room for SIM_CHANNEL_TEXT. */
const char *sim_channel_text(const sim_op *op, char *text);
/* The channel of a key, or that of an event, in a database. */
const char *sim_keyspace_channel(uint8_t database, bool is_by_key, const char *what, char *text);
/* Does a subscription bring what happened, on the channel of the key, or on that of the event? */
bool sim_channel_fits(const sim_op *heeded, const sim_happening *event, bool is_by_key);
enum { SIM_OR, SIM_AND, SIM_XOR, SIM_BIT_OPERATIONS }; /* of BITOP, by sim_op.extra */
int64_t sim_lset_index(const sim_op *op);
/* Which of those it is. */
sim_script sim_script_of(const sim_op *op);
const sim_odd *sim_odd_of(const sim_op *op);
/* What CONFIG SET notify-keyspace-events is given. */
const char *sim_notify_flags(const sim_op *op);

/* The text of a value, and its length. `text` has room for 8 bytes. */
size_t sim_value_text(uint8_t value, char *text);
ttl_bytes sim_key_name(uint8_t key); /* ends with a NUL */
/* Writes a word and a NUL. Where the NUL is. */
char *sim_put_word(char *at, const char *word);
/* The number of a key's name; SIM_KEYS: it is none. */
uint8_t sim_key_number(ttl_bytes name);
ttl_bytes sim_member_name(uint8_t value);
/* Decimal digits of a number. `text` has room for 21 bytes. */
size_t sim_integer_text(int64_t integer, char *text);

#endif
