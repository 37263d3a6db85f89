/* Streams and HyperLogLogs, each against a table that cannot be wrong. */
#include "engine/hyperloglog.h"
#include "engine/stream.h"
#include "engine/tests/support.h"

enum { IDS = 60, ROUNDS = 20000, ELEMENTS = 3000 };

/* Every id that there is, by number: three to a millisecond. */
static struct stream_id id_of(size_t number) {
    return (struct stream_id){1 + number / 3, number % 3};
}

struct rig {
    struct test_memory source;
    struct memory memory;
    struct stream *stream;
    struct stream_group *group;
    bool has[IDS], pends[IDS];
    size_t next; /* the first that was never given */
};

static size_t count_between(const bool *has, size_t first, size_t last) {
    size_t count = 0;
    for (size_t i = first; i < IDS && i <= last; i++) count += has[i];
    return count;
}

static void expect_the_same(const struct rig *rig, size_t first, size_t last) {
    struct stream_id from = id_of(first), to = id_of(last);
    struct stream_span span = stream_between(rig->stream, from, to);
    ck_assert_uint_eq(span.end - span.first, count_between(rig->has, first, last));
    span = stream_pending_between(rig->group, from, to);
    ck_assert_uint_eq(span.end - span.first, count_between(rig->pends, first, last));
    ck_assert_int_eq(stream_find(rig->stream, from) != NULL, rig->has[first]);
}

static void change(struct rig *rig, uint64_t *random) {
    size_t which = random_below(random, IDS);
    struct stream_id id = id_of(which);
    struct stream_span span = stream_between(rig->stream, id, id);
    if (random_below(random, 3) == 0) {
        stream_remove(&rig->memory, rig->stream, span);
        rig->has[which] = false;
    } else if (rig->pends[which] && random_below(random, 2) == 0) {
        stream_forget_pending(rig->group, stream_pending_between(rig->group, id, id).first);
        rig->pends[which] = false;
    } else if (which < rig->next) {
        ck_assert_int_eq(stream_reserve_pending(&rig->memory, rig->group, 1), TTL_OK);
        ck_assert_int_eq(stream_id_order(stream_pend(rig->group, id)->id, id), 0);
        rig->pends[which] = true;
    } else {
        struct stream_entry entry;
        const ttl_bytes words[] = {{"f", 1}, {"", 0}};
        ck_assert_int_eq(stream_reserve(&rig->memory, rig->stream), TTL_OK);
        ck_assert_int_eq(stream_entry_new(&rig->memory, id, 2, words, &entry), TTL_OK);
        stream_append(rig->stream, entry);
        rig->has[which] = true;
        rig->next = which + 1;
    }
}

START_TEST(a_stream_has_what_was_put_into_it_and_gives_all_memory_back) {
    struct rig rig = {.next = 0};
    uint64_t random = 88172645463325252u + (uint64_t)_i;
    rig.memory.allocator = test_allocator(&rig.source);
    rig.stream = stream_new(&rig.memory);
    ck_assert_ptr_nonnull(rig.stream);
    rig.group = stream_add_group(&rig.memory, rig.stream, (ttl_bytes){"g", 1}, STREAM_ID_FIRST);
    ck_assert_ptr_nonnull(rig.group);
    for (int round = 0; round < ROUNDS; round++) {
        change(&rig, &random);
        expect_the_same(&rig, random_below(&random, IDS), random_below(&random, IDS));
    }
    stream_free(&rig.memory, rig.stream);
    ck_assert_uint_eq(rig.memory.held, 0);
    ck_assert_uint_eq(rig.source.held, 0);
}
END_TEST

START_TEST(ids_follow_one_another_up_to_the_last) {
    struct stream_id id = {7, UINT64_MAX};
    ck_assert(stream_id_next(&id));
    ck_assert(id.ms == 8 && id.sequence == 0);
    ck_assert(stream_id_previous(&id));
    ck_assert(id.ms == 7 && id.sequence == UINT64_MAX);
    id = STREAM_ID_LAST;
    ck_assert(!stream_id_next(&id));
    id = STREAM_ID_FIRST;
    ck_assert(!stream_id_previous(&id));
    char text[STREAM_ID_ROOM];
    ck_assert_uint_eq(stream_id_format(STREAM_ID_LAST, text), 41);
    ck_assert_int_eq(memcmp(text, "18446744073709551615-18446744073709551615", 41), 0);
}
END_TEST

/* ---- HyperLogLogs */

START_TEST(registers_are_the_greatest_that_they_were_raised_to_sparse_or_dense) {
    static struct hyperloglog hll, read;
    static unsigned char known[HLL_REGISTERS], registers[HLL_REGISTERS];
    uint64_t random = 88172645463325252u + (uint64_t)_i;
    unsigned most = _i % 2 == 0 ? 32 : 51; /* above 32 it becomes dense at once */
    memset(known, 0, sizeof known);
    hll_clear(&hll);
    for (int round = 0; round < ELEMENTS; round++) {
        size_t index = random_below(&random, 4) == 0 ? random_below(&random, HLL_REGISTERS)
                                                     : random_below(&random, 64);
        unsigned value = 1 + (unsigned)random_below(&random, most);
        ck_assert_int_eq(hll_raise(&hll, index, value), value > known[index]);
        if (value > known[index]) known[index] = (unsigned char)value;
        if (round % 50 != 0) continue;
        memset(registers, 0, sizeof registers);
        ck_assert(hll_read(&read, hll_bytes(&hll)));
        ck_assert(hll_merge(&read, registers));
        ck_assert_int_eq(memcmp(registers, known, sizeof known), 0);
    }
    ck_assert(hll_densify(&hll));
    memset(registers, 0, sizeof registers);
    ck_assert(hll_merge(&hll, registers));
    ck_assert_int_eq(memcmp(registers, known, sizeof known), 0);
}
END_TEST

START_TEST(broken_bytes_are_refused_and_read_no_further) {
    static struct hyperloglog hll;
    static unsigned char registers[HLL_REGISTERS];
    ck_assert(!hll_read(&hll, (ttl_bytes){"HYLL", 4}));
    ck_assert(!hll_read(&hll, (ttl_bytes){"HYLL\0\0\0\0\0\0\0\0\0\0\0\0", 16}));
    ck_assert(hll_read(&hll, (ttl_bytes){"HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x7f", 17}));
    ck_assert(!hll_merge(&hll, registers) || registers[0] == 0);
    ck_assert(hll_read(&hll, (ttl_bytes){"HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x05", 17}));
    ck_assert(!hll_merge(&hll, registers));
    ck_assert_int_eq(hll_raise(&hll, 100, 3), -1);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("stream");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 60);
    tcase_add_loop_test(laws, a_stream_has_what_was_put_into_it_and_gives_all_memory_back, 0, 4);
    tcase_add_test(laws, ids_follow_one_another_up_to_the_last);
    tcase_add_loop_test(laws, registers_are_the_greatest_that_they_were_raised_to_sparse_or_dense,
                        0, 4);
    tcase_add_test(laws, broken_bytes_are_refused_and_read_no_further);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
