/* The order of hashes whose fields are due, against a walk over all of them. */
#include "engine/due.h"
#include "engine/tests/support.h"

enum { HASHES = 40, ROUNDS = 4000, MOMENTS = 25 };

struct rig {
    struct memory memory;
    struct due_index index;
    struct collection *hashes[HASHES];
    uint64_t entered[HASHES], entries; /* when each entered last; 0: it is not in */
};

static struct collection *hash_of_three(struct memory *memory) {
    struct collection *hash = collection_new(memory, 3);
    ck_assert_ptr_nonnull(hash);
    for (int i = 0; i < 3; i++) collection_insert(hash, 0, (struct member){.score = 0});
    return hash;
}

/* When the next field is due; INT64_MAX: none. */
static int64_t next_of(const struct collection *hash) {
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < hash->count; i++)
        if (hash->members[i].is_volatile && hash->members[i].deadline_ms < next_ms)
            next_ms = hash->members[i].deadline_ms;
    return next_ms;
}

static void settle(struct rig *rig, size_t which) {
    struct collection *hash = rig->hashes[which];
    ck_assert_int_eq(due_reserve(&rig->memory, &rig->index, hash), TTL_OK);
    due_settle(&rig->index, (slab_handle)which + 1, hash, false);
    bool is_in = next_of(hash) < INT64_MAX;
    if (!is_in) rig->entered[which] = 0;
    else if (rig->entered[which] == 0) rig->entered[which] = ++rig->entries;
}

/* The first by (moment, order of entry); HASHES: none is due. */
static size_t naive_first(const struct rig *rig, int64_t limit_ms) {
    size_t first = HASHES;
    for (size_t i = 0; i < HASHES; i++) {
        int64_t at_ms = next_of(rig->hashes[i]);
        if (rig->entered[i] == 0 || at_ms > limit_ms) continue;
        bool is_before =
            first == HASHES || at_ms < next_of(rig->hashes[first]) ||
            (at_ms == next_of(rig->hashes[first]) && rig->entered[i] < rig->entered[first]);
        if (is_before) first = i;
    }
    return first;
}

START_TEST(the_first_that_is_due_is_the_first_that_a_walk_finds) {
    struct rig rig = {.memory = {ttl_allocator_libc(), 0}};
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < HASHES; i++) rig.hashes[i] = hash_of_three(&rig.memory);
    for (int round = 0; round < ROUNDS; round++) {
        size_t which = random_below(&state, HASHES);
        ttl_instant deadline = ttl_instant_at((int64_t)random_below(&state, MOMENTS));
        bool drops = random_below(&state, 3) == 0;
        collection_set_deadline(rig.hashes[which], random_below(&state, 3),
                                drops ? NULL : &deadline);
        settle(&rig, which);
        if (random_below(&state, 20) == 0) { /* it is freed, and another one takes its place */
            collection_free(&rig.memory, rig.hashes[which]);
            rig.hashes[which] = hash_of_three(&rig.memory);
            rig.entered[which] = 0;
        }
        int64_t limit_ms = (int64_t)random_below(&state, MOMENTS);
        const struct due_hash *first = due_first(&rig.index, limit_ms);
        size_t wanted = naive_first(&rig, limit_ms);
        ck_assert_uint_eq(first == NULL ? HASHES : first->key - 1, wanted);
    }
    for (size_t i = 0; i < HASHES; i++) collection_free(&rig.memory, rig.hashes[i]);
    due_free(&rig.memory, &rig.index);
    ck_assert_uint_eq(rig.memory.held, 0);
}
END_TEST

START_TEST(a_hash_that_moves_to_another_index_is_in_that_one_alone) {
    struct memory memory = {ttl_allocator_libc(), 0};
    struct due_index from = {0}, to = {0};
    struct collection *hash = hash_of_three(&memory);
    const ttl_instant deadline = ttl_instant_at(7);
    collection_set_deadline(hash, 1, &deadline);
    ck_assert_int_eq(due_reserve(&memory, &from, hash), TTL_OK);
    due_settle(&from, 1, hash, false);
    ck_assert_int_eq(due_reserve(&memory, &to, hash), TTL_OK);
    due_carry(&to, 2, hash);
    ck_assert_ptr_null(due_first(&from, 100));
    ck_assert_uint_eq(due_first(&to, 100)->key, 2);
    ck_assert_ptr_null(due_first(&to, 6));
    collection_free(&memory, hash);
    ck_assert_uint_eq(to.count, 0);
    due_free(&memory, &from);
    due_free(&memory, &to);
    ck_assert_uint_eq(memory.held, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("due");
    TCase *tests = tcase_create("due");
    tcase_add_test(tests, the_first_that_is_due_is_the_first_that_a_walk_finds);
    tcase_add_test(tests, a_hash_that_moves_to_another_index_is_in_that_one_alone);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
