#include "engine/stream.h"

#include <string.h>

#include "engine/number.h"
#include "engine/require.h"
#include "engine/zrange.h"

enum { ROOM_FIRST = 4 };

/* ---- ids */

int stream_id_order(struct stream_id a, struct stream_id b) {
    if (a.ms != b.ms) return a.ms < b.ms ? -1 : 1;
    return (a.sequence > b.sequence) - (a.sequence < b.sequence);
}

bool stream_id_next(struct stream_id *id) {
    if (++id->sequence != 0) return true;
    return ++id->ms != 0;
}

bool stream_id_previous(struct stream_id *id) {
    if (id->sequence-- != 0) return true;
    return id->ms-- != 0;
}

static size_t format_unsigned(uint64_t number, char *text) {
    char digits[STREAM_ID_ROOM];
    size_t length = 0;
    do digits[length++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    for (size_t i = 0; i < length; i++) text[i] = digits[length - 1 - i];
    return length;
}

size_t stream_id_format(struct stream_id id, char text[STREAM_ID_ROOM]) {
    size_t length = format_unsigned(id.ms, text);
    text[length++] = '-';
    return length + format_unsigned(id.sequence, text + length);
}

/* ---- room */

/* Makes room in an array of `size` each; the array and its capacity are renewed. */
static ttl_status reserve(struct memory *memory, void **array, size_t *capacity, size_t needed,
                          size_t size) {
    if (needed <= *capacity) return TTL_OK;
    size_t more = *capacity == 0 ? ROOM_FIRST : *capacity * 2;
    if (more < needed) more = needed;
    void *grown = memory_resize(memory, *array, *capacity * size, more * size);
    if (grown == NULL) return TTL_NO_MEMORY;
    *array = grown;
    *capacity = more;
    return TTL_OK;
}

ttl_status stream_reserve(struct memory *memory, struct stream *stream) {
    void *array = stream->entries;
    ttl_status status =
        reserve(memory, &array, &stream->capacity, stream->count + 1, sizeof *stream->entries);
    stream->entries = array;
    return status;
}

ttl_status stream_reserve_pending(struct memory *memory, struct stream_group *group, size_t more) {
    void *array = group->pending;
    ttl_status status = reserve(memory, &array, &group->pending_capacity,
                                group->pending_count + more, sizeof *group->pending);
    group->pending = array;
    return status;
}

static ttl_status reserve_group(struct memory *memory, struct stream *stream) {
    void *array = stream->groups;
    ttl_status status = reserve(memory, &array, &stream->group_capacity, stream->group_count + 1,
                                sizeof(struct stream_group *));
    stream->groups = array;
    return status;
}

static ttl_status reserve_consumer(struct memory *memory, struct stream_group *group) {
    void *array = group->consumers;
    ttl_status status = reserve(memory, &array, &group->consumer_capacity,
                                group->consumer_count + 1, sizeof(struct stream_consumer *));
    group->consumers = array;
    return status;
}

/* ---- entries */

ttl_status stream_entry_new(struct memory *memory, struct stream_id id, size_t count,
                            const ttl_bytes *words, struct stream_entry *entry) {
    size_t size = count * sizeof *words;
    for (size_t i = 0; i < count; i++) size += words[i].length;
    *entry = (struct stream_entry){id, count, memory_take(memory, size), size};
    if (entry->words == NULL) return TTL_NO_MEMORY;
    char *at = (char *)(entry->words + count);
    for (size_t i = 0; i < count; i++) {
        if (words[i].length > 0) memcpy(at, words[i].data, words[i].length);
        entry->words[i] = (ttl_bytes){at, words[i].length};
        at += words[i].length;
    }
    return TTL_OK;
}

void stream_entry_release(struct memory *memory, struct stream_entry *entry) {
    memory_give(memory, entry->words, entry->size);
}

void stream_append(struct stream *stream, struct stream_entry entry) {
    require(stream->count < stream->capacity);
    require(stream_id_order(entry.id, stream->last) > 0);
    stream->entries[stream->count++] = entry;
    stream->last = entry.id;
}

void stream_remove(struct memory *memory, struct stream *stream, struct stream_span span) {
    if (span.first == span.end) return; /* an empty one may have no entries to point at */
    for (size_t i = span.first; i < span.end; i++)
        stream_entry_release(memory, &stream->entries[i]);
    memmove(&stream->entries[span.first], &stream->entries[span.end],
            (stream->count - span.end) * sizeof *stream->entries);
    stream->count -= span.end - span.first;
}

/* ---- groups and consumers */

static void consumer_free(struct memory *memory, struct stream_consumer *consumer) {
    memory_give_bytes(memory, &consumer->name);
    memory_give(memory, consumer, sizeof *consumer);
}

static void group_free(struct memory *memory, struct stream_group *group) {
    for (size_t i = 0; i < group->consumer_count; i++) consumer_free(memory, group->consumers[i]);
    memory_give(memory, group->consumers, group->consumer_capacity * sizeof *group->consumers);
    memory_give(memory, group->pending, group->pending_capacity * sizeof *group->pending);
    memory_give_bytes(memory, &group->name);
    memory_give(memory, group, sizeof *group);
}

struct stream_group *stream_add_group(struct memory *memory, struct stream *stream, ttl_bytes name,
                                      struct stream_id last) {
    if (reserve_group(memory, stream) != TTL_OK) return NULL;
    struct stream_group *group = memory_take_zeroed(memory, sizeof *group);
    if (group == NULL) return NULL;
    if (memory_copy_bytes(memory, name, &group->name) != TTL_OK) {
        memory_give(memory, group, sizeof *group);
        return NULL;
    }
    group->last = last;
    stream->groups[stream->group_count++] = group;
    return group;
}

struct stream_consumer *stream_add_consumer(struct memory *memory, struct stream_group *group,
                                            ttl_bytes name, ttl_instant now) {
    if (reserve_consumer(memory, group) != TTL_OK) return NULL;
    struct stream_consumer *consumer = memory_take_zeroed(memory, sizeof *consumer);
    if (consumer == NULL) return NULL;
    if (memory_copy_bytes(memory, name, &consumer->name) != TTL_OK) {
        memory_give(memory, consumer, sizeof *consumer);
        return NULL;
    }
    consumer->seen = now;
    size_t place = group->consumer_count++;
    for (; place > 0 && bytes_order(name, group->consumers[place - 1]->name) < 0; place--)
        group->consumers[place] = group->consumers[place - 1];
    group->consumers[place] = consumer;
    return consumer;
}

void stream_remove_group(struct memory *memory, struct stream *stream, struct stream_group *group) {
    size_t place = 0;
    while (stream->groups[place] != group) place++;
    stream->groups[place] = stream->groups[--stream->group_count];
    group_free(memory, group);
}

size_t stream_remove_consumer(struct memory *memory, struct stream_group *group,
                              struct stream_consumer *consumer) {
    size_t before = group->pending_count, place = 0;
    for (size_t i = before; i-- > 0;)
        if (group->pending[i].consumer == consumer) stream_forget_pending(group, i);
    while (group->consumers[place] != consumer) place++;
    group->consumer_count--;
    for (; place < group->consumer_count; place++)
        group->consumers[place] = group->consumers[place + 1];
    consumer_free(memory, consumer);
    return before - group->pending_count;
}

/* ---- what is pending */

struct stream_pending *stream_pend(struct stream_group *group, struct stream_id id) {
    size_t place = stream_pending_between(group, id, STREAM_ID_LAST).first;
    struct stream_pending *at = &group->pending[place];
    if (place < group->pending_count && stream_id_order(at->id, id) == 0) return at;
    require(group->pending_count < group->pending_capacity);
    memmove(at + 1, at, (group->pending_count - place) * sizeof *at);
    group->pending_count++;
    *at = (struct stream_pending){.id = id};
    return at;
}

void stream_forget_pending(struct stream_group *group, size_t place) {
    struct stream_pending *at = &group->pending[place];
    memmove(at, at + 1, (group->pending_count - place - 1) * sizeof *at);
    group->pending_count--;
}

size_t stream_pending_of(const struct stream_group *group, const struct stream_consumer *consumer) {
    size_t count = 0;
    for (size_t i = 0; i < group->pending_count; i++)
        count += group->pending[i].consumer == consumer;
    return count;
}

/* ---- finding */

/* The first of `count` things of `size`, each beginning with its id, that is not before `id`. */
static size_t first_from(const void *things, size_t count, size_t size, struct stream_id id) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct stream_id other;
        memcpy(&other, (const char *)things + middle * size, sizeof other);
        if (stream_id_order(other, id) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static struct stream_span span_of(const void *things, size_t count, size_t size,
                                  struct stream_id first, struct stream_id last) {
    struct stream_span span = {first_from(things, count, size, first), count};
    if (stream_id_next(&last)) span.end = first_from(things, count, size, last);
    if (span.end < span.first) span.end = span.first;
    return span;
}

struct stream_span stream_between(const struct stream *stream, struct stream_id first,
                                  struct stream_id last) {
    return span_of(stream->entries, stream->count, sizeof *stream->entries, first, last);
}

struct stream_span stream_pending_between(const struct stream_group *group, struct stream_id first,
                                          struct stream_id last) {
    return span_of(group->pending, group->pending_count, sizeof *group->pending, first, last);
}

const struct stream_entry *stream_find(const struct stream *stream, struct stream_id id) {
    struct stream_span span = stream_between(stream, id, id);
    return span.first == span.end ? NULL : &stream->entries[span.first];
}

struct stream_group *stream_find_group(const struct stream *stream, ttl_bytes name) {
    for (size_t i = 0; i < stream->group_count; i++)
        if (ttl_bytes_equal(stream->groups[i]->name, name)) return stream->groups[i];
    return NULL;
}

struct stream_consumer *stream_find_consumer(const struct stream_group *group, ttl_bytes name) {
    for (size_t i = 0; i < group->consumer_count; i++)
        if (ttl_bytes_equal(group->consumers[i]->name, name)) return group->consumers[i];
    return NULL;
}

/* ---- whole streams */

struct stream *stream_new(struct memory *memory) {
    return memory_take_zeroed(memory, sizeof(struct stream));
}

void stream_free(struct memory *memory, struct stream *stream) {
    for (size_t i = 0; i < stream->count; i++) stream_entry_release(memory, &stream->entries[i]);
    for (size_t i = 0; i < stream->group_count; i++) group_free(memory, stream->groups[i]);
    memory_give(memory, stream->entries, stream->capacity * sizeof *stream->entries);
    memory_give(memory, stream->groups, stream->group_capacity * sizeof *stream->groups);
    memory_give(memory, stream, sizeof *stream);
}

static ttl_status copy_entries(struct memory *memory, struct stream *to,
                               const struct stream *from) {
    for (size_t i = 0; i < from->count; i++) {
        const struct stream_entry *entry = &from->entries[i];
        struct stream_entry copy;
        if (stream_reserve(memory, to) != TTL_OK) return TTL_NO_MEMORY;
        if (stream_entry_new(memory, entry->id, entry->count, entry->words, &copy) != TTL_OK)
            return TTL_NO_MEMORY;
        stream_append(to, copy);
    }
    return TTL_OK;
}

static ttl_status copy_group(struct memory *memory, struct stream *to,
                             const struct stream_group *from) {
    struct stream_group *group = stream_add_group(memory, to, from->name, from->last);
    if (group == NULL) return TTL_NO_MEMORY;
    for (size_t i = 0; i < from->consumer_count; i++) {
        const struct stream_consumer *consumer = from->consumers[i];
        struct stream_consumer *copy =
            stream_add_consumer(memory, group, consumer->name, consumer->seen);
        if (copy == NULL) return TTL_NO_MEMORY;
        copy->active = consumer->active;
        copy->was_active = consumer->was_active;
    }
    if (stream_reserve_pending(memory, group, from->pending_count) != TTL_OK) return TTL_NO_MEMORY;
    for (size_t i = 0; i < from->pending_count; i++) {
        struct stream_pending *copy = stream_pend(group, from->pending[i].id);
        *copy = from->pending[i];
        copy->consumer = stream_find_consumer(group, from->pending[i].consumer->name);
    }
    return TTL_OK;
}

struct stream *stream_copy(struct memory *memory, const struct stream *stream) {
    struct stream *copy = stream_new(memory);
    if (copy == NULL) return NULL;
    ttl_status status = copy_entries(memory, copy, stream);
    for (size_t i = 0; i < stream->group_count && status == TTL_OK; i++)
        status = copy_group(memory, copy, stream->groups[i]);
    copy->last = stream->last;
    copy->deleted = stream->deleted;
    if (status == TTL_OK) return copy;
    stream_free(memory, copy);
    return NULL;
}
