#include "sim/op.h"

#include <stdio.h>
#include <string.h>

enum shape {
    SHAPE_NOTHING,
    SHAPE_KEY,
    SHAPE_KEYS,
    SHAPE_VALUE,
    SHAPE_TIME_VALUE,
    SHAPE_SET,
    SHAPE_GETEX,
    SHAPE_EXPIRE,
    SHAPE_COPY,
    SHAPE_COPY_TO,
    SHAPE_PAIRS,
    SHAPE_SETRANGE,
    SHAPE_INCRBY,
    SHAPE_MEMBER,
    SHAPE_ELEMENT,
    SHAPE_FIELD_VALUE,
    SHAPE_SCORE_MEMBER,
    SHAPE_DATABASE,
    SHAPE_DATABASES,
    SHAPE_KEY_DATABASE,
    SHAPE_PATTERN,
    SHAPE_SCAN,
    SHAPE_RESTORE,
    SHAPE_EVAL,
    SHAPE_ODD,
    SHAPE_LSET,
    SHAPE_EMPTY,
    SHAPE_MOST,
    SHAPE_BITOP,
    SHAPE_MSETEX,
    SHAPE_SOURCES,
    SHAPE_COUNTED_SOURCES,
    SHAPE_NOTIFY,
    SHAPE_CHANNEL,
    SHAPE_PLACE,
    SHAPE_PHRASE,
    SHAPE_FIELD_EXPIRE,
    SHAPE_FIELD,
    SHAPE_FIELD_GETEX,
    SHAPE_FIELD_SETEX,
};

#define OP(kind, name, shape)                            {name, sizeof name - 1, SHAPE_##shape},
#define PHRASE(kind, name, words, type, effect, missing) {name, sizeof name - 1, SHAPE_PHRASE},
static const struct {
    const char *name;
    size_t length;
    enum shape shape;
} ops[] = {SIM_OPS(OP) SIM_PHRASES(PHRASE)};
#undef OP
#undef PHRASE

static const char key_names[SIM_KEYS][4] = {"k0",  "k1",  "k2",  "k3",  "k4",  "k5",  "k6",  "k7",
                                            "k8",  "k9",  "k10", "k11", "k12", "k13", "k14", "k15",
                                            "k16", "k17", "k18", "k19", "k20", "k21", "k22", "k23",
                                            "k24", "k25", "k26", "k27", "k28", "k29", "k30", "k31"};

static const char member_names[SIM_MEMBERS][3] = {"f0", "f1", "f2", "f3"};
static const char *const form_words[SIM_FORMS] = {
    [SIM_EX] = "EX", [SIM_PX] = "PX", [SIM_EXAT] = "EXAT", [SIM_PXAT] = "PXAT"};

/* ---- names */

const char *sim_op_name(sim_op_kind kind) {
    return ops[kind].name;
}

ttl_bytes sim_key_name(uint8_t key) {
    return (ttl_bytes){key_names[key], key < 10 ? 2 : 3};
}

uint8_t sim_key_number(ttl_bytes name) {
    if (name.length < 2 || name.length > 3 || name.data[0] != 'k') return SIM_KEYS;
    int number = name.data[1] - '0';
    if (name.length == 3) number = number * 10 + name.data[2] - '0';
    return number >= 0 && number < SIM_KEYS ? (uint8_t)number : SIM_KEYS;
}

ttl_bytes sim_member_name(uint8_t value) {
    return (ttl_bytes){member_names[value % SIM_MEMBERS], 2};
}

size_t sim_integer_text(int64_t integer, char *text) {
    char digits[20], *first = digits + sizeof digits;
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do *--first = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (integer < 0) *text++ = '-';
    size_t count = (size_t)(digits + sizeof digits - first);
    memcpy(text, first, count);
    return count + (integer < 0);
}

size_t sim_value_text(uint8_t value, char *text) {
    if (value < 128) return sim_integer_text(value, text);
    text[0] = 'v';
    return 1 + sim_integer_text(value, text + 1);
}

/* ---- what kind of command */

static bool is_expire(sim_op_kind kind) {
    return ops[kind].shape == SHAPE_EXPIRE;
}

bool sim_op_has_time(const sim_op *op) {
    return is_expire(op->kind) || ops[op->kind].shape == SHAPE_RESTORE ||
           ops[op->kind].shape == SHAPE_FIELD_EXPIRE || ops[op->kind].shape == SHAPE_TIME_VALUE ||
           op->form != SIM_NO_TIME;
}

bool sim_op_is_absolute(const sim_op *op) {
    return op->kind == SIM_OP_EXPIREAT || op->kind == SIM_OP_PEXPIREAT ||
           op->kind == SIM_OP_HEXPIREAT || op->kind == SIM_OP_HPEXPIREAT || op->form == SIM_EXAT ||
           op->form == SIM_PXAT;
}

bool sim_op_is_in_seconds(const sim_op *op) {
    return op->kind == SIM_OP_EXPIRE || op->kind == SIM_OP_EXPIREAT || op->kind == SIM_OP_SETEX ||
           op->kind == SIM_OP_HEXPIRE || op->kind == SIM_OP_HEXPIREAT || op->form == SIM_EX ||
           op->form == SIM_EXAT;
}

bool sim_op_is_of_field(sim_op_kind kind) {
    return ops[kind].shape >= SHAPE_FIELD_EXPIRE;
}

bool sim_op_is_phrase(sim_op_kind kind) {
    return ops[kind].shape == SHAPE_PHRASE;
}

bool sim_op_waits(sim_op_kind kind) {
    return kind >= SIM_OP_BLPOP && kind <= SIM_OP_BZMPOP;
}

const sim_phrase *sim_phrase_of(const sim_op *op) {
    return &sim_phrases[op->kind - SIM_OP_PHRASES];
}

bool sim_op_has_key(const sim_op *op) {
    enum shape shape = ops[op->kind].shape;
    return shape != SHAPE_NOTHING && shape != SHAPE_DATABASE && shape != SHAPE_DATABASES &&
           shape != SHAPE_PATTERN && shape != SHAPE_SCAN && shape != SHAPE_NOTIFY &&
           shape != SHAPE_CHANNEL && shape != SHAPE_EVAL && shape != SHAPE_ODD &&
           shape != SHAPE_BITOP && shape != SHAPE_MSETEX && shape != SHAPE_PHRASE;
}

bool sim_op_has_other(const sim_op *op) {
    enum shape shape = ops[op->kind].shape;
    return shape == SHAPE_KEYS || shape == SHAPE_COPY || shape == SHAPE_COPY_TO ||
           shape == SHAPE_PAIRS;
}

/* ---- channels */

enum { CHANNELS = 3 };

static bool is_pattern(const sim_op *op) {
    return op->kind == SIM_OP_PSUBSCRIBE || op->kind == SIM_OP_PUNSUBSCRIBE;
}

char *sim_put_word(char *at, const char *word) {
    size_t length = strlen(word);
    memcpy(at, word, length + 1);
    return at + length;
}

const char *sim_keyspace_channel(uint8_t database, bool is_by_key, const char *what, char *text) {
    char *at = sim_put_word(text, is_by_key ? "__keyspace@" : "__keyevent@");
    at += sim_integer_text(database, at);
    sim_put_word(sim_put_word(at, "__:"), what);
    return text;
}

const char *sim_channel_text(const sim_op *op, char *text) {
    static const char *const patterns[CHANNELS] = {"__key*__:*", "__keyevent@*__:expired",
                                                   "__keyspace@0__:*"};
    static const char *const events[] = {"expired", "set"};
    uint8_t channel = op->extra % CHANNELS;
    if (is_pattern(op)) return strcpy(text, patterns[channel]);
    bool is_by_key = channel == CHANNELS - 1;
    return sim_keyspace_channel(op->database, is_by_key,
                                is_by_key ? key_names[op->key] : events[channel], text);
}

bool sim_channel_fits(const sim_op *heeded, const sim_happening *event, bool is_by_key) {
    int database = event->slot / SIM_KEYS, key = event->slot % SIM_KEYS;
    bool is_expired = !is_by_key && strcmp(event->name, "expired") == 0;
    switch (heeded->extra % CHANNELS + (is_pattern(heeded) ? CHANNELS : 0)) {
    case 0: return is_expired && database == heeded->database;
    case 1: return !is_by_key && strcmp(event->name, "set") == 0 && database == heeded->database;
    case 2: return is_by_key && database == heeded->database && key == heeded->key;
    case CHANNELS: return true;
    case CHANNELS + 1: return is_expired;
    default: return is_by_key && database == 0;
    }
}

const char *sim_notify_flags(const sim_op *op) {
    static const char *const flags[] = {"KEA", "Ex", "Kx", "KE$x", "KEg"};
    return flags[op->value % (sizeof flags / sizeof *flags)];
}

/* ---- rendering */

static void add(sim_rendered *out, ttl_bytes argument) {
    out->argv[out->argc++] = argument;
}

static void add_word(sim_rendered *out, const char *word) {
    add(out, (ttl_bytes){word, strlen(word)});
}

static void add_integer(sim_rendered *out, int64_t integer) {
    char *text = out->text + out->used;
    size_t length = sim_integer_text(integer, text);
    out->used += length;
    add(out, (ttl_bytes){text, length});
}

static void add_value(sim_rendered *out, uint8_t value) {
    char *text = out->text + out->used;
    size_t length = sim_value_text(value, text);
    out->used += length;
    add(out, (ttl_bytes){text, length});
}

static void add_flags(sim_rendered *out, uint8_t flags) {
    static const char *const words[] = {"NX",  "XX",      "GT",      "LT",
                                        "GET", "KEEPTTL", "PERSIST", "REPLACE"};
    for (int i = 0; flags >> i != 0; i++)
        if (flags >> i & 1) add_word(out, words[i]);
}

static void add_form(sim_rendered *out, const sim_op *op) {
    if (op->form == SIM_NO_TIME) return;
    add_word(out, form_words[op->form]);
    add_integer(out, op->amount);
}

static const char *const patterns[SIM_PATTERNS] = {"*", "*", "k1*"};

static void add_scan(sim_rendered *out, const sim_op *op) {
    static const char *const types[] = {"string", "list", "hash", "set", "zset"};
    uint8_t pattern = op->extra % SIM_WANTS_TYPE, type = op->extra / SIM_WANTS_TYPE;
    add_integer(out, op->amount);
    if (pattern != SIM_ANY_NAME) add_word(out, "MATCH"), add_word(out, patterns[pattern]);
    if (op->value != 0) add_word(out, "COUNT"), add_integer(out, op->value);
    if (type != 0) add_word(out, "TYPE"), add_word(out, types[type - 1]);
}

bool sim_op_wants(uint8_t wants, uint8_t key, uint8_t type) {
    bool name_fits = wants % SIM_WANTS_TYPE != SIM_TENS || key == 1 || (key >= 10 && key < 20);
    return name_fits && (wants < SIM_WANTS_TYPE || wants / SIM_WANTS_TYPE - 1 == type);
}

/* ---- payloads, scripts, what is said badly */

/* As DUMP gives them, of a version that every server takes: one of each type. */
#define PAYLOAD(bytes)                                                                             \
    { bytes, sizeof bytes - 1 }
static const ttl_bytes payloads[] = {
    PAYLOAD("\x00\x01\x31\x06\x00\x5e\x32\xc8\xce\xd5\x2b\x7b\x3a"),
    PAYLOAD("\x01\x01\x01\x78\x06\x00\xfe\x23\x53\xd7\x4a\x4b\xed\x95"),
    PAYLOAD("\x04\x01\x02\x66\x30\x01\x31\x06\x00\x2c\xdb\xc3\xde\x1f\x17\x54\x07"),
    PAYLOAD("\x02\x01\x02\x66\x30\x06\x00\x94\x44\x3b\x1e\xa2\x6e\x1e\xa5"),
    PAYLOAD("\x03\x01\x02\x66\x30\x01\x31\x06\x00\x50\x14\x73\x19\x77\xfb\x32\x5b")};

sim_script sim_script_of(const sim_op *op) {
    return (sim_script)(op->extra % SIM_SCRIPTS);
}

const sim_odd *sim_odd_of(const sim_op *op) {
    return &sim_odds[op->value % sim_odd_count];
}

static const char *const bit_operations[SIM_BIT_OPERATIONS] = {"OR", "AND", "XOR"};

/* The first element; or one so far away that newer servers cut it to the first. */
int64_t sim_lset_index(const sim_op *op) {
    return op->extra % 2 == 0 ? 0 : INT64_C(1) << 32;
}

static void add_script(sim_rendered *out, const sim_op *op) {
    add_word(out, sim_script_texts[sim_script_of(op)]);
    add_word(out, "1"), add(out, sim_key_name(op->key));
    add_integer(out, op->amount), add_value(out, op->value);
}

static void add_odd(sim_rendered *out, const sim_op *op) {
    out->argc = 0;
    for (const char *at = sim_odd_of(op)->words; *at != '\0';) {
        size_t length = strcspn(at, " ");
        bool is_empty = at[0] == '"';
        if (at[0] == '@') add(out, sim_key_name(op->key));
        else add(out, (ttl_bytes){at, is_empty ? 0 : length});
        at += length;
        if (*at == ' ') at++;
    }
}

/* Options stand before the fields: all versions take them there. */
static void add_field(sim_rendered *out, const sim_op *op) {
    bool is_setex = ops[op->kind].shape == SHAPE_FIELD_SETEX;
    if (ops[op->kind].shape == SHAPE_FIELD_EXPIRE) add_integer(out, op->amount);
    add_form(out, op);
    if (is_setex && op->flags & SIM_NX) add_word(out, "FNX");
    if (is_setex && op->flags & SIM_XX) add_word(out, "FXX");
    add_flags(out, is_setex ? op->flags & (uint8_t) ~(SIM_NX | SIM_XX) : op->flags);
    add_word(out, "FIELDS"), add_word(out, "1"), add(out, sim_member_name(op->value));
    if (is_setex) add_word(out, "1");
}

static void add_payload(sim_rendered *out, const sim_op *op) {
    add_integer(out, op->amount);
    add(out, payloads[op->value % (sizeof payloads / sizeof *payloads)]);
    if (op->form == SIM_PXAT) add_word(out, "ABSTTL");
}

static void add_bitop(sim_rendered *out, const sim_op *op) {
    add_word(out, bit_operations[op->extra % SIM_BIT_OPERATIONS]);
    add(out, sim_key_name(op->key)), add(out, sim_key_name(op->other));
    add(out, sim_key_name(op->value % SIM_KEYS));
}

static void add_msetex(sim_rendered *out, const sim_op *op) {
    add_word(out, "2"), add(out, sim_key_name(op->key)), add_value(out, op->value);
    add(out, sim_key_name(op->other)), add_value(out, op->value);
    add_form(out, op);
}

/* "$-0": the number, and what stands behind it. */
static void add_number_before(sim_rendered *out, const sim_op *op, const char *rest,
                              size_t length) {
    char *text = out->text + out->used;
    size_t digits = sim_integer_text(op->value % SIM_SMALL, text);
    memcpy(text + digits, rest, length);
    out->used += digits + length;
    add(out, (ttl_bytes){text, digits + length});
}

/* Milliseconds as seconds; eighths of a second are the same to whoever reads them. */
static void add_seconds(sim_rendered *out, int64_t ms) {
    char *text = out->text + out->used;
    size_t length = sim_integer_text(ms / 1000, text);
    text[length++] = '.';
    for (int64_t unit = 100; unit > 0; unit /= 10) text[length++] = (char)('0' + ms / unit % 10);
    out->used += length;
    add(out, (ttl_bytes){text, length});
}

static void add_phrase(sim_rendered *out, const sim_op *op) {
    for (const char *at = sim_phrase_of(op)->words; *at != '\0';) {
        size_t length = strcspn(at, " ");
        switch (*at) {
        case '@': add(out, sim_key_name(op->key)); break;
        case '#': add(out, sim_key_name(op->other)); break;
        case '%': add(out, sim_member_name(op->value)); break;
        case '&': add_integer(out, op->amount); break;
        case '=': add_seconds(out, op->amount); break;
        case '?': add_value(out, op->value); break;
        case '$': add_number_before(out, op, at + 1, length - 1); break;
        default: add(out, (ttl_bytes){at, length});
        }
        at += length;
        if (*at == ' ') at++;
    }
}

/* The place whose score is 1, as of all members. */
static void add_place(sim_rendered *out, const sim_op *op) {
    add_word(out, "CH"), add_word(out, "-179.9999973"), add_word(out, "-85.051125");
    add(out, sim_member_name(op->value));
}

static void add_rest(sim_rendered *out, const sim_op *op) {
    if (sim_op_is_of_field(op->kind)) {
        add_field(out, op);
        return;
    }
    switch (ops[op->kind].shape) {
    case SHAPE_NOTHING:
    case SHAPE_FIELD_EXPIRE:
    case SHAPE_FIELD:
    case SHAPE_FIELD_GETEX:
    case SHAPE_FIELD_SETEX:
    case SHAPE_KEY: break;
    case SHAPE_COPY_TO:
        add(out, sim_key_name(op->other)), add_word(out, "DB"), add_integer(out, op->database);
        break;
    case SHAPE_COPY:
    case SHAPE_KEYS: add(out, sim_key_name(op->other)); break;
    case SHAPE_KEY_DATABASE:
    case SHAPE_DATABASE: add_integer(out, op->database); break;
    case SHAPE_DATABASES: add_integer(out, 0), add_integer(out, op->database); break;
    case SHAPE_PATTERN: add_word(out, patterns[op->extra % SIM_WANTS_TYPE]); break;
    case SHAPE_SCAN: add_scan(out, op); break;
    case SHAPE_RESTORE: add_payload(out, op); break;
    case SHAPE_EVAL: add_script(out, op); break;
    case SHAPE_ODD: add_odd(out, op); break;
    case SHAPE_LSET: add_integer(out, sim_lset_index(op)), add_word(out, "x"); break;
    case SHAPE_EMPTY: add_word(out, ""); break;
    case SHAPE_MOST: add_integer(out, INT64_MAX); break;
    case SHAPE_BITOP: add_bitop(out, op); break;
    case SHAPE_MSETEX: add_msetex(out, op); break;
    case SHAPE_COUNTED_SOURCES: add_word(out, "2"); /* fall through */
    case SHAPE_SOURCES:
        add(out, sim_key_name(op->other)), add(out, sim_key_name(op->value % SIM_KEYS));
        if (op->kind == SIM_OP_ZUNIONSTORE || op->kind == SIM_OP_ZINTERSTORE)
            add_word(out, "AGGREGATE"), add_word(out, "MIN");
        break;
    case SHAPE_NOTIFY:
        add_word(out, "SET"), add_word(out, "notify-keyspace-events");
        add_word(out, sim_notify_flags(op));
        break;
    case SHAPE_CHANNEL:
        sim_channel_text(op, out->text);
        add_word(out, out->text);
        break;
    case SHAPE_VALUE: add_value(out, op->value); break;
    case SHAPE_TIME_VALUE: add_integer(out, op->amount), add_value(out, op->value); break;
    case SHAPE_SET: add_value(out, op->value), add_form(out, op); break;
    case SHAPE_GETEX: add_form(out, op); break;
    case SHAPE_EXPIRE: add_integer(out, op->amount); break;
    case SHAPE_PAIRS:
        add_value(out, op->value);
        add(out, sim_key_name(op->other));
        add_value(out, op->value);
        break;
    case SHAPE_SETRANGE: add_integer(out, op->value % 8), add_word(out, "7"); break;
    case SHAPE_INCRBY: add_integer(out, (int64_t)op->value - 128); break;
    case SHAPE_MEMBER: add(out, sim_member_name(op->value)); break;
    case SHAPE_ELEMENT: add_word(out, "x"); break;
    case SHAPE_FIELD_VALUE: add(out, sim_member_name(op->value)), add_word(out, "1"); break;
    case SHAPE_PLACE: add_place(out, op); break;
    case SHAPE_PHRASE: add_phrase(out, op); break;
    case SHAPE_SCORE_MEMBER: add_word(out, "1"), add(out, sim_member_name(op->value)); break;
    }
    add_flags(out, op->flags);
}

void sim_op_render(const sim_op *op, sim_rendered *out) {
    out->argc = out->used = 0;
    add(out, (ttl_bytes){ops[op->kind].name, ops[op->kind].length});
    if (sim_op_has_key(op)) add(out, sim_key_name(op->key));
    add_rest(out, op);
}

size_t sim_op_time_index(const sim_op *op) {
    if (!sim_op_has_time(op)) return 0;
    if (ops[op->kind].shape == SHAPE_SET) return 4;
    if (ops[op->kind].shape == SHAPE_MSETEX) return 7;
    if (ops[op->kind].shape == SHAPE_FIELD_EXPIRE) return 2;
    return ops[op->kind].shape == SHAPE_GETEX || sim_op_is_of_field(op->kind) ? 3 : 2;
}
