/* The plan: what each entry of a history means to the judge. */
#include "conformance/judge_inside.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/expectation_reply.h"
#include "conformance/number.h"
#include "conformance/text.h"
#include "engine/command.h"

/* ---- kinds of commands */

static bool is_one_of(ttl_bytes name, const char *const *words) {
    for (; *words != NULL; words++)
        if (ttl_bytes_is_word(name, *words)) return true;
    return false;
}

/* They tell of the server's own affairs, and change nothing that a judged reply shows. */
static bool is_unjudged(ttl_bytes name) {
    static const char *const words[] = {
        "scan",  "info",       "command", "client",  "config",      "debug",       "pubsub",
        "auth",  "acl",        "object",  "memory",  "dump",        "wait",        "role",
        "save",  "bgsave",     "slowlog", "latency", "cluster",     "module",      "lastsave",
        "hscan", "hrandfield", "sscan",   "zscan",   "srandmember", "zrandmember", NULL};
    return is_one_of(name, words);
}

/* Without keys, and yet no concern of anybody's keys. */
static bool meets_nothing(ttl_bytes name) {
    static const char *const words[] = {"ping",  "echo",    "time",    "select", "hello", "quit",
                                        "multi", "discard", "unwatch", "reset",  NULL};
    return is_one_of(name, words);
}

static bool is_of_messages(ttl_bytes name) {
    static const char *const words[] = {"subscribe",    "unsubscribe", "psubscribe",
                                        "punsubscribe", "publish",     NULL};
    return is_one_of(name, words);
}

static judge_mode mode_of(ttl_bytes name) {
    static const char *const unordered[] = {"keys",   "smembers", "hkeys", "hvals",
                                            "sinter", "sunion",   "sdiff", NULL};
    if (is_one_of(name, unordered)) return JUDGE_UNORDERED;
    if (ttl_bytes_is_word(name, "hgetall")) return JUDGE_PAIRS;
    return ttl_bytes_is_word(name, "hello") ? JUDGE_ANYTHING : JUDGE_EXACT;
}

/* Is this a command of some version that the engine knows? */
static bool is_known(ttl_bytes name) {
    for (size_t i = 0; i < command_count; i++)
        if (ttl_bytes_is_word(name, commands[i].name)) return true;
    return false;
}

/* ---- what was observed */

static bool is_status(const ttl_reply *reply, const char *text) {
    return reply->node_count == 1 && reply->nodes[0].type == TTL_REPLY_STATUS &&
           ttl_bytes_is_word(ttl_reply_text(reply, 0), text);
}

static bool is_error(const ttl_reply *reply) {
    return reply->node_count == 1 && reply->nodes[0].type == TTL_REPLY_ERROR;
}

/* ---- commands that choose at random: what they chose is put to the engine instead */

/* How many words an option of XADD takes that stands there; 0: none does. */
static size_t option_words(const judge_unit *unit, size_t at) {
    static const char *const alone[] = {"nomkstream", "keepref", "delref", "acked"};
    static const char *const numbered[] = {"maxlen", "minid", "limit"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (ttl_bytes_is_word(unit->argv[at], alone[i])) return 1;
    for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++) {
        if (!ttl_bytes_is_word(unit->argv[at], numbered[i])) continue;
        bool is_marked = at + 1 < unit->argc && (ttl_bytes_is_word(unit->argv[at + 1], "=") ||
                                                 ttl_bytes_is_word(unit->argv[at + 1], "~"));
        return is_marked ? 3 : 2;
    }
    return 0;
}

/* XADD that made an id of the clock: the same with that id, which must be a legal one. What it
 * tells of the clock is not asked. A "*" behind the id is a word of the entry. */
static bool plan_id(judge *self, judge_unit *unit, const ttl_reply *seen, size_t node,
                    ttl_reply *expected) {
    size_t at = 2;
    if (seen->nodes[node].type != TTL_REPLY_BULK) return false;
    for (size_t words; at < unit->argc && (words = option_words(unit, at)) > 0;) at += words;
    if (at >= unit->argc || !ttl_bytes_is_word(unit->argv[at], "*")) return false;
    ttl_bytes *words = arena_take_array(&self->arena, unit->argc, sizeof *words);
    memcpy(words, unit->argv, unit->argc * sizeof *words);
    words[at] = ttl_reply_text(seen, node);
    unit->argv = words;
    ttl_reply_add_copy(expected, seen, node);
    return true;
}

/* RANDOMKEY that answered k: EXISTS k has to answer 1. SPOP that answered m: SREM of m has to
 * remove that many. Then true, and `expected` gets what must come instead of the tree at `node`. */
static bool plan_choice(judge *self, judge_unit *unit, const ttl_reply *seen, size_t node,
                        ttl_reply *expected) {
    const ttl_node *head = &seen->nodes[node];
    bool is_random = ttl_bytes_is_word(unit->argv[0], "randomkey") && unit->argc == 1;
    if (is_random && head->type == TTL_REPLY_BULK) {
        ttl_bytes *words = arena_take_array(&self->arena, 2, sizeof *words);
        words[0] = ttl_bytes_of("EXISTS");
        words[1] = ttl_reply_text(seen, node);
        unit->argv = words;
        unit->argc = 2;
        ttl_reply_add_integer(expected, 1);
        return true;
    }
    if (ttl_bytes_is_word(unit->argv[0], "xadd")) return plan_id(self, unit, seen, node, expected);
    bool is_many = ttl_reply_is_aggregate(head->type);
    size_t count = is_many ? head->length : head->type == TTL_REPLY_BULK;
    if (!ttl_bytes_is_word(unit->argv[0], "spop") || unit->argc < 2 || count == 0) return false;
    ttl_bytes *words = arena_take_array(&self->arena, count + 2, sizeof *words);
    words[0] = ttl_bytes_of("SREM");
    words[1] = unit->argv[1];
    for (size_t i = 0; i < count; i++) words[2 + i] = ttl_reply_text(seen, node + is_many + i);
    unit->argv = words;
    unit->argc = count + 2;
    ttl_reply_add_integer(expected, (int64_t)count);
    return true;
}

/* ---- blocks */

/* It waits for EXEC, or DISCARD, or may do so. What is not judged still takes a place. */
static void plan_waiting(judge_unit *unit) {
    static const ttl_bytes ping = {"PING", 4};
    if (!is_unjudged(unit->argv[0])) return;
    unit->argv = &ping;
    unit->argc = 1;
    unit->mode = JUDGE_ANYTHING;
}

/* What it is run as, now that what EXEC answered for it is known. */
static void plan_part(judge *self, judge_unit *part, const ttl_reply *seen, size_t node,
                      ttl_reply *expected) {
    if (!plan_choice(self, part, seen, node, expected)) ttl_reply_add_copy(expected, seen, node);
}

/* The parts of an EXEC that ran: those entries between it and its MULTI that were queued. */
static void plan_block(judge *self, size_t exec, size_t *queued, size_t count) {
    judge_unit *unit = &self->units[exec];
    const ttl_reply *seen = &self->history->entries[exec].reply;
    unit->part_count = count;
    unit->parts = memory_zeroed(count, sizeof *queued);
    if (count > 0) memcpy(unit->parts, queued, count * sizeof *queued);
    bool ran = seen->node_count > 0 && ttl_reply_is_aggregate(seen->nodes[0].type);
    if (!ran || seen->nodes[0].length != count) return;
    unit->expected = &unit->own;
    ttl_reply_add_node(&unit->own, TTL_REPLY_ARRAY, count);
    size_t node = 1;
    for (size_t i = 0; i < count; i++) {
        plan_part(self, &self->units[queued[i]], seen, node, &unit->own);
        node = ttl_reply_next(seen, node);
    }
}

/* Before 7.0 a key that was dead when it was watched makes EXEC answer nil, unless it was reclaimed
 * before, and when that happens is the server's own affair. EXEC ran: so it was, if it was dead. */
static void plan_watches(judge *self, size_t exec, const size_t *watches, size_t count) {
    const judge_unit *unit = &self->units[exec];
    bool matters = ttl_dialect_has(&self->options.dialect, TRAIT_WATCH_EXPIRED_ABORTS);
    bool ran = unit->is_answered && ttl_reply_is_aggregate(unit->expected->nodes[0].type);
    for (size_t i = 0; i < count && matters && ran; i++) self->units[watches[i]].reclaims = true;
}

/* ---- keys */

static uint64_t hash_of(ttl_bytes name) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.length; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void add_key(judge_unit *unit, uint64_t key) {
    unit->keys = memory_grown(unit->keys, unit->key_count, sizeof *unit->keys);
    unit->keys[unit->key_count++] = key;
}

/* Adds to `unit` the keys that a command names. */
static void plan_keys(const judge *self, judge_unit *unit, const judge_unit *from) {
    if (from->is_event && !from->is_left_out) add_key(unit, hash_of(from->argv[1]));
    if (from->is_event || from->is_left_out || meets_nothing(from->argv[0])) return;
    if (is_of_messages(from->argv[0])) {
        add_key(unit, 0);
        return;
    }
    const struct command *command = command_find(self->engine, from->argv[0]);
    if (command == NULL) return; /* an error, and nothing else */
    if (command->first_key == 0 || (command->flags & COMMAND_MOVABLEKEYS) != 0) {
        unit->meets_all = true; /* it has none, or they may stand anywhere */
        return;
    }
    size_t last = from->argc - 1;
    if (command->last_key > 0 && (size_t)command->last_key < last) last = (size_t)command->last_key;
    for (size_t i = (size_t)command->first_key; i <= last; i += (size_t)command->key_step)
        add_key(unit, hash_of(from->argv[i]));
}

static void plan_keys_of_all(const judge *self, judge_unit *unit, const size_t *from,
                             size_t count) {
    for (size_t i = 0; i < count; i++) plan_keys(self, unit, &self->units[from[i]]);
}

bool judge_units_meet(const judge *self, size_t a, size_t b) {
    const judge_unit *one = &self->units[a], *other = &self->units[b];
    if (self->history->entries[a].connection == self->history->entries[b].connection) return true;
    if (one->meets_all && (other->meets_all || other->key_count > 0)) return true;
    if (other->meets_all && one->key_count > 0) return true;
    for (size_t i = 0; i < one->key_count; i++)
        for (size_t j = 0; j < other->key_count; j++)
            if (one->keys[i] == other->keys[j]) return true;
    return false;
}

/* ---- the whole */

typedef struct judge_entries {
    size_t *entries, count;
} judge_entries;

/* What a connection is in the middle of. */
typedef struct judge_place {
    judge_entries queued, watches;
    judge_entries unanswered; /* they may have been queued */
    size_t last;              /* its last entry; SIZE_MAX: none */
} judge_place;

/* Is there a number in it with which a deadline may not fit into 64 bits? */
static bool may_overflow(const history_entry *entry) {
    const int64_t safe = INT64_MAX / 1000 / 2;
    for (size_t i = 2; i < entry->argc; i++) {
        int64_t amount;
        if (!number_parse(entry->argv[i].data, entry->argv[i].length, &amount)) continue;
        if (amount > safe || amount < -safe) return true;
    }
    return false;
}

/* Where deadlines wrap around, an unknown moment cannot be added to such a number. With RESTORE
 * they do to this day. */
static bool may_wrap_around(const judge *self, const history_entry *entry) {
    if (ttl_bytes_is_word(entry->argv[0], "restore")) return may_overflow(entry);
    static const char *const takes_deadline[] = {"expire", "pexpire", "expireat", "pexpireat",
                                                 "set",    "setex",   "psetex",   NULL};
    return !ttl_dialect_has(&self->options.dialect, TRAIT_EXPIRE_OVERFLOW_REFUSED) &&
           is_one_of(entry->argv[0], takes_deadline) && may_overflow(entry);
}

/* Options of the latest versions, as Redis documents them, that the engine does not have: by what
 * it knows of them a right reply would be a wrong one. */
static const char *option_beyond(const history_entry *entry) {
    static const struct {
        const char *command, *option;
    } beyond[] = {{"xadd", "keepref"}, {"xadd", "delref"},   {"xadd", "acked"},
                  {"xadd", "idmp"},    {"xadd", "idmpauto"}, {"xtrim", "keepref"},
                  {"xtrim", "delref"}, {"xtrim", "acked"},   {"xreadgroup", "claim"},
                  {"set", "ifdeq"},    {"set", "ifdne"}};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        if (!ttl_bytes_is_word(entry->argv[0], beyond[i].command)) continue;
        for (size_t a = 2; a < entry->argc; a++)
            if (ttl_bytes_is_word(entry->argv[a], beyond[i].option)) return beyond[i].option;
    }
    return NULL;
}

/* Does it write over whatever is there? Then nothing shows whether that was dead. */
static bool writes_blindly(const history_entry *entry) {
    static const char *const always[] = {"setex", "psetex", "mset", NULL};
    static const char *const deadlines[] = {"ex", "px", "exat", "pxat", NULL};
    bool is_set = ttl_bytes_is_word(entry->argv[0], "set");
    bool is_plain = entry->argc == 3 || (entry->argc == 5 && is_one_of(entry->argv[3], deadlines));
    return (is_one_of(entry->argv[0], always) || (is_set && is_plain)) && !may_overflow(entry);
}

/* The server refused it. In a transaction that spoils it, and the engine's too. */
static void plan_refusal(judge_unit *unit) {
    static const ttl_bytes unknown = {"NOSUCHCOMMAND", 13};
    unit->argv = &unknown;
    unit->argc = 1;
    unit->mode = JUDGE_ANYTHING;
}

/* It waited, and was told by CLIENT UNBLOCK to do so no more: it did nothing. */
static bool was_unblocked(const history_entry *entry) {
    static const char code[] = "UNBLOCKED ";
    if (!is_error(&entry->reply)) return false;
    ttl_bytes text = ttl_reply_text(&entry->reply, 0);
    return text.length >= sizeof code - 1 && memcmp(text.data, code, sizeof code - 1) == 0;
}

/* An event is expected to have been announced. */
static void plan_event(judge *self, const history_entry *entry, judge_unit *unit) {
    *unit = (judge_unit){.is_event = true,
                         .is_answered = true,
                         .is_left_out = !judge_knows_event(entry->argv[0]),
                         .argc = entry->argc,
                         .argv = entry->argv,
                         .expected = &unit->own,
                         .next_of_connection = SIZE_MAX};
    ttl_reply_init(&unit->own, ttl_allocator_libc());
    ttl_reply_add_integer(&unit->own, 1);
    size_t *ear = &self->ears[entry->connection];
    if (*ear == SIZE_MAX) *ear = self->ear_count++;
}

static bool plan_entry(judge *self, size_t index, char **reason) {
    const history_entry *entry = &self->history->entries[index];
    judge_unit *unit = &self->units[index];
    if (entry->is_event) {
        plan_event(self, entry, unit);
        return true;
    }
    ttl_bytes name = entry->argv[0];
    *unit = (judge_unit){.is_answered = entry->received_us != HISTORY_NO_REPLY,
                         .mode = mode_of(name),
                         .writes_blindly = writes_blindly(entry),
                         .argc = entry->argc,
                         .argv = entry->argv,
                         .expected = &entry->reply,
                         .next_of_connection = SIZE_MAX};
    ttl_reply_init(&unit->own, ttl_allocator_libc());
    if (!is_known(name) && !is_unjudged(name)) {
        if (is_error(&entry->reply)) plan_refusal(unit);
        else unit->is_left_out = true;
        if (!unit->is_answered || is_error(&entry->reply)) return true;
        char *text = text_copy_bytes(name);
        *reason = text_format("%s is a command that the reference engine does not have", text);
        free(text);
        return false;
    }
    if (may_wrap_around(self, entry)) {
        *reason = text_copy("in this dialect such a deadline wraps around, which is not judged");
        return false;
    }
    const char *option = is_error(&entry->reply) ? NULL : option_beyond(entry);
    if (option != NULL) {
        *reason = text_format("%s is an option that the reference engine does not have", option);
        return false;
    }
    if (was_unblocked(entry)) unit->is_left_out = true;
    else if (!unit->is_answered || is_status(&entry->reply, "QUEUED")) plan_waiting(unit);
    else if (is_unjudged(name) && is_error(&entry->reply)) plan_refusal(unit);
    else if (is_unjudged(name)) unit->is_left_out = true;
    else if (plan_choice(self, unit, &entry->reply, 0, &unit->own)) unit->expected = &unit->own;
    return true;
}

static void note(judge_entries *to, size_t index) {
    to->entries = memory_grown(to->entries, to->count, sizeof *to->entries);
    to->entries[to->count++] = index;
}

/* Nothing is known of an EXEC that was not answered, so it has the keys of all that may have waited
 * for it. */
static void plan_exec(judge *self, size_t index, const judge_place *place) {
    judge_unit *unit = &self->units[index];
    plan_block(self, index, place->queued.entries, place->queued.count);
    plan_watches(self, index, place->watches.entries, place->watches.count);
    plan_keys_of_all(self, unit, unit->parts, unit->part_count);
    plan_keys_of_all(self, unit, place->watches.entries, place->watches.count);
    plan_keys_of_all(self, unit, place->unanswered.entries, place->unanswered.count);
}

/* Follows MULTI, WATCH and EXEC. */
static void plan_place(judge *self, size_t index, judge_place *place) {
    const history_entry *entry = &self->history->entries[index];
    judge_unit *unit = &self->units[index];
    ttl_bytes name = entry->argv[0];
    if (place->last == SIZE_MAX) self->first_of_connection[entry->connection] = index;
    else self->units[place->last].next_of_connection = index;
    place->last = index;
    if (entry->is_event) {
        plan_keys(self, unit, unit);
        return;
    }
    if (is_status(&entry->reply, "QUEUED")) {
        note(&place->queued, index);
        return;
    }
    if (ttl_bytes_is_word(name, "exec")) plan_exec(self, index, place);
    else plan_keys(self, unit, unit);
    if (ttl_bytes_is_word(name, "watch") && !is_error(&entry->reply)) note(&place->watches, index);
    else if (!unit->is_answered) note(&place->unanswered, index);
    static const char *const ends[] = {"exec", "discard", "reset", NULL};
    if (is_one_of(name, ends))
        place->queued.count = place->watches.count = place->unanswered.count = 0;
}

/* Is any entry sent before all that stand above it were answered? */
static bool history_overlaps(const history *given) {
    int64_t latest = -1;
    for (size_t i = 0; i < given->count && given->connection_count > 1; i++) {
        const history_entry *entry = &given->entries[i];
        if (latest >= entry->sent_us || entry->received_us == HISTORY_NO_REPLY) return true;
        if (entry->received_us > latest) latest = entry->received_us;
    }
    return false;
}

bool judge_plan(judge *self, char **reason, size_t *entry) {
    size_t count = self->history->count, connections = self->history->connection_count;
    self->units = memory_zeroed(count, sizeof *self->units);
    self->first_of_connection = memory_zeroed(connections, sizeof *self->first_of_connection);
    self->ears = memory_zeroed(connections, sizeof *self->ears);
    judge_place *places = memory_zeroed(connections, sizeof *places);
    for (size_t i = 0; i < connections; i++) {
        places[i].last = SIZE_MAX;
        self->first_of_connection[i] = self->ears[i] = SIZE_MAX;
    }
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++) {
        fine = plan_entry(self, i, reason);
        *entry = i;
    }
    for (size_t i = 0; i < count && fine; i++)
        plan_place(self, i, &places[self->history->entries[i].connection]);
    for (size_t i = 0; i < connections; i++) {
        free(places[i].queued.entries);
        free(places[i].watches.entries);
        free(places[i].unanswered.entries);
    }
    free(places);
    self->is_concurrent = history_overlaps(self->history);
    return fine;
}

void judge_plan_free(judge *self) {
    for (size_t i = 0; self->units != NULL && i < self->history->count; i++) {
        ttl_reply_free(&self->units[i].own);
        free(self->units[i].parts);
        free(self->units[i].keys);
    }
    free(self->units);
    free(self->first_of_connection);
    free(self->ears);
}
