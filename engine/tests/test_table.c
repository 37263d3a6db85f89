/* The table and the slab against arrays that cannot be wrong. */
#include "engine/slab.h"
#include "engine/table.h"
#include "support.h"

enum { ENTRIES = 3000 };

struct bed {
    struct test_memory source;
    struct memory memory;
};

static void bed_open(struct bed *bed) {
    *bed = (struct bed){0};
    bed->memory.allocator = test_allocator(&bed->source);
}

static bool any_handle(const void *context, uint32_t handle) {
    return *(const uint32_t *)context == handle;
}

START_TEST(table_finds_exactly_what_is_in_it) {
    struct bed bed;
    bed_open(&bed);
    struct table table;
    table_init(&table, &bed.memory);
    bool in[ENTRIES + 1] = {false};
    uint64_t random = 99 + (uint64_t)_i;
    size_t count = 0;
    for (int step = 0; step < 60000; step++) {
        uint32_t handle = 1 + (uint32_t)random_below(&random, ENTRIES);
        /* Few different hashes at the ends of the space: long runs, and runs that wrap around. */
        uint32_t hash = handle % 3 == 0 ? 0xffffffffu - handle % 7 : handle * 2654435761u;
        bool grows = step / 15000 % 2 == 0;
        if (!in[handle] && (grows || random_below(&random, 8) == 0)) {
            ck_assert_int_eq(table_reserve(&table, 1), TTL_OK);
            table_insert(&table, hash, handle);
            in[handle] = true;
            count++;
        } else if (in[handle] && (!grows || random_below(&random, 8) == 0)) {
            table_remove(&table, table_slot_of(&table, hash, handle));
            table_trim(&table);
            in[handle] = false;
            count--;
        }
        ck_assert_uint_eq(table.count, count);
        ck_assert_uint_eq(table_find(&table, hash, any_handle, &handle), in[handle] ? handle : 0);
    }
    table_free(&table);
    ck_assert_uint_eq(bed.source.held, 0);
}
END_TEST

struct seen {
    uint8_t times[ENTRIES + 1];
};

static void see(void *context, uint32_t handle) {
    ((struct seen *)context)->times[handle]++;
}

START_TEST(scan_returns_all_that_was_there_throughout_while_the_table_grows_and_shrinks) {
    struct bed bed;
    bed_open(&bed);
    struct table table;
    table_init(&table, &bed.memory);
    uint64_t random = 1 + (uint64_t)_i;
    for (uint32_t handle = 1; handle <= ENTRIES / 2; handle++) {
        ck_assert_int_eq(table_reserve(&table, 1), TTL_OK);
        table_insert(&table, handle * 2654435761u, handle);
    }
    struct seen seen = {.times = {0}};
    uint32_t cursor = 0, next = ENTRIES / 2 + 1, gone = 1;
    do {
        cursor = table_scan(&table, cursor, see, &seen);
        if (next <= ENTRIES && random_below(&random, 2) == 0) {
            ck_assert_int_eq(table_reserve(&table, 1), TTL_OK);
            table_insert(&table, next * 2654435761u, next);
            next++;
        }
        if (gone < ENTRIES / 3 && _i % 2 == 0) {
            table_remove(&table, table_slot_of(&table, gone * 2654435761u, gone));
            table_trim(&table);
            gone++;
        }
    } while (cursor != 0);
    for (uint32_t handle = ENTRIES / 3; handle <= ENTRIES / 2; handle++)
        ck_assert_uint_ge(seen.times[handle], 1);
    table_free(&table);
}
END_TEST

START_TEST(slab_blocks_do_not_overlap_and_all_memory_comes_back) {
    enum { BLOCKS = 600 };
    struct bed bed;
    bed_open(&bed);
    struct slab slab;
    slab_init(&slab, &bed.memory);
    slab_handle handles[BLOCKS] = {0};
    size_t sizes[BLOCKS] = {0};
    uint64_t random = 5 + (uint64_t)_i;
    for (int step = 0; step < 20000; step++) {
        size_t i = random_below(&random, BLOCKS);
        if (handles[i] != SLAB_NONE) {
            const unsigned char *bytes = slab_at(&slab, handles[i]);
            for (size_t b = 0; b < sizes[i]; b++) ck_assert_uint_eq(bytes[b], (i * 31) & 0xff);
            slab_give(&slab, handles[i]);
            handles[i] = SLAB_NONE;
        } else {
            sizes[i] = 1 + random_below(&random, random_below(&random, 9) == 0 ? 5000 : 200);
            handles[i] = slab_take(&slab, sizes[i]);
            ck_assert_uint_ne(handles[i], SLAB_NONE);
            ck_assert_uint_ge(slab_block_size(&slab, handles[i]), sizes[i]);
            memset(slab_at(&slab, handles[i]), (int)((i * 31) & 0xff), sizes[i]);
        }
    }
    slab_reset(&slab);
    ck_assert_uint_eq(bed.source.held, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("table");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 60);
    tcase_add_loop_test(laws, table_finds_exactly_what_is_in_it, 0, 4);
    tcase_add_loop_test(
        laws, scan_returns_all_that_was_there_throughout_while_the_table_grows_and_shrinks, 0, 6);
    tcase_add_loop_test(laws, slab_blocks_do_not_overlap_and_all_memory_comes_back, 0, 4);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
