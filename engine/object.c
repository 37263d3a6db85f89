#include "engine/object.h"

#include <string.h>

#include "engine/due.h"
#include "engine/require.h"
#include "engine/stream.h"

enum { MEMBERS_FIRST = 4 };

/* ---- members */

ttl_status member_copy(struct memory *memory, const struct member *from, struct member *copy) {
    *copy = *from;
    copy->bytes = copy->value = (ttl_bytes){NULL, 0};
    if (memory_copy_bytes(memory, from->bytes, &copy->bytes) != TTL_OK) return TTL_NO_MEMORY;
    if (memory_copy_bytes(memory, from->value, &copy->value) == TTL_OK) return TTL_OK;
    member_release(memory, copy);
    return TTL_NO_MEMORY;
}

void member_release(struct memory *memory, struct member *member) {
    memory_give_bytes(memory, &member->bytes);
    memory_give_bytes(memory, &member->value);
    *member = (struct member){.score = 0};
}

struct member member_move(struct member *member) {
    struct member moved = *member;
    *member = (struct member){.score = 0};
    return moved;
}

/* ---- collections */

struct collection *collection_new(struct memory *memory, size_t room) {
    struct collection *collection = memory_take_zeroed(memory, sizeof *collection);
    if (collection == NULL) return NULL;
    collection->only_integers = true;
    if (collection_reserve(memory, collection, room) == TTL_OK) return collection;
    collection_free(memory, collection);
    return NULL;
}

void collection_free(struct memory *memory, struct collection *collection) {
    if (collection->due != NULL) due_forget(memory, collection);
    for (size_t i = 0; i < collection->count; i++) member_release(memory, &collection->members[i]);
    memory_give(memory, collection->members, collection->capacity * sizeof *collection->members);
    memory_give(memory, collection, sizeof *collection);
}

void object_release(struct memory *memory, enum value_type type, void *object) {
    require(type != VALUE_STRING);
    if (type == VALUE_STREAM) stream_free(memory, object);
    else collection_free(memory, object);
}

struct collection *collection_copy(struct memory *memory, const struct collection *collection) {
    struct collection *copy = collection_new(memory, collection->count);
    if (copy == NULL) return NULL;
    copy->only_integers = collection->only_integers;
    for (size_t i = 0; i < collection->count; i++) {
        if (collection_append_copy(memory, copy, &collection->members[i]) == TTL_OK) continue;
        collection_free(memory, copy);
        return NULL;
    }
    return copy;
}

ttl_status collection_reserve(struct memory *memory, struct collection *collection, size_t more) {
    size_t needed = collection->count + more;
    if (needed <= collection->capacity) return TTL_OK;
    size_t capacity = collection->capacity == 0 ? MEMBERS_FIRST : collection->capacity * 2;
    if (capacity < needed) capacity = needed;
    struct member *members =
        memory_resize(memory, collection->members, collection->capacity * sizeof *members,
                      capacity * sizeof *members);
    if (members == NULL) return TTL_NO_MEMORY;
    collection->members = members;
    collection->capacity = capacity;
    return TTL_OK;
}

ttl_status collection_append_copy(struct memory *memory, struct collection *collection,
                                  const struct member *from) {
    struct member copy;
    if (member_copy(memory, from, &copy) != TTL_OK) return TTL_NO_MEMORY;
    collection_insert(collection, collection->count, copy);
    return TTL_OK;
}

void collection_insert(struct collection *collection, size_t index, struct member member) {
    require(collection->count < collection->capacity && index <= collection->count);
    struct member *at = &collection->members[index];
    memmove(at + 1, at, (collection->count - index) * sizeof *at);
    *at = member;
    collection->count++;
    collection->volatile_count += member.is_volatile;
}

/* Closes the gap of `count` members whose bytes belong to somebody else by now. */
static void collection_close(struct collection *collection, size_t index, size_t count) {
    require(index + count <= collection->count);
    if (count == 0) return; /* an empty one may have no members to point at */
    struct member *at = &collection->members[index];
    memmove(at, at + count, (collection->count - index - count) * sizeof *at);
    collection->count -= count;
}

struct member collection_take(struct collection *collection, size_t index) {
    require(index < collection->count);
    struct member taken = collection->members[index];
    collection->volatile_count -= taken.is_volatile;
    collection_close(collection, index, 1);
    return taken;
}

void collection_remove(struct memory *memory, struct collection *collection, size_t index,
                       size_t count) {
    for (size_t i = index; i < index + count; i++) {
        collection->volatile_count -= collection->members[i].is_volatile;
        member_release(memory, &collection->members[i]);
    }
    collection_close(collection, index, count);
}

void collection_replace(struct memory *memory, struct collection *collection, size_t index,
                        struct member member) {
    struct member *at = &collection->members[index];
    collection->volatile_count += member.is_volatile;
    collection->volatile_count -= at->is_volatile;
    member_release(memory, at);
    *at = member;
}

void collection_set_deadline(struct collection *hash, size_t index, const ttl_instant *deadline) {
    struct member *field = &hash->members[index];
    hash->volatile_count += deadline != NULL;
    hash->volatile_count -= field->is_volatile;
    field->is_volatile = deadline != NULL;
    field->deadline_ms = deadline == NULL ? 0 : deadline->ms;
    field->origin = deadline == NULL ? 0 : deadline->origin;
}

size_t collection_find(const struct collection *collection, ttl_bytes bytes) {
    size_t i = 0;
    while (i < collection->count && !ttl_bytes_equal(collection->members[i].bytes, bytes)) i++;
    return i;
}

bool collection_has(const struct collection *collection, ttl_bytes bytes) {
    return collection_find(collection, bytes) < collection->count;
}

struct span collection_span(const struct collection *collection, int64_t start, int64_t end) {
    int64_t count = (int64_t)collection->count;
    if (start < 0) start = start < -count ? 0 : start + count;
    if (end < 0) end += count;
    if (end >= count) end = count - 1;
    if (start > end) return (struct span){0, 0};
    return (struct span){(size_t)start, (size_t)(end - start + 1)};
}
