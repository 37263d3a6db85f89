#include "engine/event.h"

#include "engine/dialect.h"
#include "engine/number.h"
#include "engine/pubsub.h"
#include "engine/rule.h"
#include "engine/state.h"

/* The classes in the order in which CONFIG GET names them; K, E and m come behind all others. */
static const struct event_letter {
    unsigned flag;
    char letter;
} letters[] = {
    {EVENT_GENERIC, 'g'},      {EVENT_STRING, '$'},   {EVENT_LIST, 'l'},
    {EVENT_SET, 's'},          {EVENT_HASH, 'h'},     {EVENT_ZSET, 'z'},
    {EVENT_EXPIRED, 'x'},      {EVENT_EVICTED, 'e'},  {EVENT_STREAM, 't'},
    {EVENT_MODULE, 'd'},       {EVENT_NEW, 'n'},      {EVENT_OVERWRITTEN, 'o'},
    {EVENT_TYPE_CHANGED, 'c'}, {EVENT_KEYSPACE, 'K'}, {EVENT_KEYEVENT, 'E'},
    {EVENT_MISS, 'm'},
};
enum { LETTERS = sizeof letters / sizeof *letters };

static const unsigned APART = EVENT_KEYSPACE | EVENT_KEYEVENT | EVENT_MISS;

/* What A stands for. */
static unsigned event_flags_all(const ttl_dialect *dialect) {
    unsigned all = EVENT_GENERIC | EVENT_STRING | EVENT_LIST | EVENT_SET | EVENT_HASH | EVENT_ZSET |
                   EVENT_EXPIRED | EVENT_EVICTED | EVENT_STREAM;
    return ttl_dialect_has(dialect, TRAIT_EVENT_MODULE) ? all | EVENT_MODULE : all;
}

static bool event_flag_exists(const ttl_dialect *dialect, unsigned flag) {
    RULE("events.flag-d");
    switch (flag) {
    case EVENT_MODULE: return ttl_dialect_has(dialect, TRAIT_EVENT_MODULE);
    case EVENT_NEW: return ttl_dialect_has(dialect, TRAIT_EVENT_NEW);
    case EVENT_OVERWRITTEN:
    case EVENT_TYPE_CHANGED: return ttl_dialect_has(dialect, TRAIT_EVENT_OVERWRITTEN);
    default: return true;
    }
}

/* 0: the letter is none of the dialect's. */
static unsigned event_flag_of(const ttl_dialect *dialect, char letter) {
    if (letter == 'A') return event_flags_all(dialect);
    for (size_t i = 0; i < LETTERS; i++)
        if (letters[i].letter == letter)
            return event_flag_exists(dialect, letters[i].flag) ? letters[i].flag : 0;
    return 0;
}

bool event_flags_parse(const ttl_dialect *dialect, ttl_bytes text, unsigned *flags) {
    unsigned parsed = 0;
    for (size_t i = 0; i < text.length && text.data[i] != '\0'; i++) {
        unsigned flag = event_flag_of(dialect, text.data[i]);
        if (flag == 0) return false;
        parsed |= flag;
    }
    *flags = parsed;
    return true;
}

/* Where all classes are on, n, o and c are not told, though they are not among "all". */
size_t event_flags_format(const ttl_dialect *dialect, unsigned flags, char text[EVENT_FLAGS_ROOM]) {
    unsigned all = event_flags_all(dialect);
    size_t length = 0;
    RULE("events.classes-are-told");
    if ((flags & all) == all) {
        text[length++] = 'A';
        flags &= APART;
    }
    for (size_t i = 0; i < LETTERS; i++)
        if ((flags & letters[i].flag) != 0) text[length++] = letters[i].letter;
    return length;
}

/* ---- announcing */

static char event_letter_of(enum event_kind kind) {
    for (size_t i = 0; i < LETTERS; i++)
        if (letters[i].flag == (unsigned)kind) return letters[i].letter;
    return '?';
}

/* Publishes to the channel "__keyspace@0__:KEY" or "__keyevent@0__:NAME". */
static void event_publish(ttl_engine *engine, const char *prefix, int database, ttl_bytes topic,
                          ttl_bytes message) {
    char number[NUMBER_INTEGER_ROOM];
    ttl_bytes parts[] = {ttl_bytes_of(prefix),
                         {number, number_format_integer(database, number)},
                         ttl_bytes_of("__:"),
                         topic};
    size_t size = 0, length = 0;
    for (size_t i = 0; i < 4; i++) size += parts[i].length;
    char *channel = memory_take(&engine->session_memory, size);
    if (channel == NULL) return;
    for (size_t i = 0; i < 4; i++) {
        if (parts[i].length > 0) memcpy(channel + length, parts[i].data, parts[i].length);
        length += parts[i].length;
    }
    pubsub_publish(engine, (ttl_bytes){channel, size}, message);
    memory_give(&engine->session_memory, channel, size);
}

/* The observer is told of everything; subscribers of what they asked for, by
 * key first. */
void event_emit(ttl_engine *engine, int database, enum event_kind kind, const char *name,
                ttl_bytes key) {
    if (engine->on_event != NULL) {
        RULE("event.database");
        ttl_event event = {name, event_letter_of(kind), key, database};
        engine->on_event(engine->event_context, &event);
    }
    if ((engine->notify & kind) == 0 || engine->subscriptions == NULL) return;
    if ((engine->notify & EVENT_KEYSPACE) != 0)
        event_publish(engine, "__keyspace@", database, key, ttl_bytes_of(name));
    if ((engine->notify & EVENT_KEYEVENT) != 0)
        event_publish(engine, "__keyevent@", database, ttl_bytes_of(name), key);
}
