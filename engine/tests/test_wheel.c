/* The wheel against an array that is searched from end to end and cannot be wrong. */
#include "engine/wheel.h"
#include "support.h"

enum { HANDLES = 400 };

/* The truth: what each handle is armed for, and by which arming. */
struct truth {
    bool armed[HANDLES];
    int64_t deadline_ms[HANDLES];
    uint64_t sequence[HANDLES];
    size_t fetched;
};

static bool truth_is_live(const void *context, const struct wheel_entry *entry) {
    const struct truth *truth = context;
    return truth->armed[entry->handle] && (uint32_t)truth->sequence[entry->handle] == entry->arm;
}

static void truth_fetch(const void *context, const struct wheel_entry *entry) {
    (void)context;
    ck_assert_uint_lt(entry->handle, HANDLES);
}

/* The first of the armed handles in (deadline, sequence) order that is due; HANDLES: none. */
static size_t truth_first(const struct truth *truth, int64_t limit_ms) {
    size_t first = HANDLES;
    for (size_t i = 0; i < HANDLES; i++) {
        if (!truth->armed[i] || truth->deadline_ms[i] > limit_ms) continue;
        if (first == HANDLES || truth->deadline_ms[i] < truth->deadline_ms[first] ||
            (truth->deadline_ms[i] == truth->deadline_ms[first] &&
             truth->sequence[i] < truth->sequence[first]))
            first = i;
    }
    return first;
}

struct rig {
    struct test_memory source;
    struct memory memory;
    struct truth truth;
    struct wheel wheel;
    uint64_t sequence, random;
};

static void rig_open(struct rig *rig, int64_t base_ms, uint64_t seed) {
    *rig = (struct rig){.random = seed};
    rig->memory.allocator = test_allocator(&rig->source);
    struct wheel_owner owner = {&rig->truth, truth_is_live, truth_fetch};
    wheel_init(&rig->wheel, &rig->memory, owner, base_ms);
}

static void rig_close(struct rig *rig) {
    wheel_free(&rig->wheel);
    ck_assert_uint_eq(rig->memory.held, 0);
    ck_assert_uint_eq(rig->source.held, 0);
}

static void rig_disarm(struct rig *rig, size_t handle) {
    if (!rig->truth.armed[handle]) return;
    rig->truth.armed[handle] = false;
    wheel_note_stale(&rig->wheel);
}

static void rig_arm(struct rig *rig, size_t handle, int64_t deadline_ms) {
    ck_assert_int_eq(wheel_reserve(&rig->wheel, 1), TTL_OK);
    rig_disarm(rig, handle);
    rig->truth.armed[handle] = true;
    rig->truth.deadline_ms[handle] = deadline_ms;
    rig->truth.sequence[handle] = ++rig->sequence;
    wheel_arm(&rig->wheel, deadline_ms, (uint32_t)handle, rig->sequence);
}

/* What wheel_peek showed is what wheel_take takes. */
static void rig_take(struct rig *rig, const struct wheel_entry *shown, int64_t limit_ms) {
    struct wheel_entry taken;
    size_t count;
    ck_assert_int_eq(wheel_take(&rig->wheel, limit_ms, &taken, 1, &count), TTL_OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(taken.handle, shown->handle);
    ck_assert_uint_eq(taken.arm, shown->arm);
}

/* Takes everything that is due and checks each against the truth. */
static void rig_drain(struct rig *rig, int64_t limit_ms) {
    for (;;) {
        struct wheel_entry entry;
        bool found;
        ck_assert_int_eq(wheel_peek(&rig->wheel, limit_ms, &entry, &found), TTL_OK);
        size_t first = truth_first(&rig->truth, limit_ms);
        ck_assert_int_eq(found, first < HANDLES);
        if (!found) return;
        ck_assert_uint_eq(entry.handle, first);
        ck_assert_int_eq(entry.deadline_ms, rig->truth.deadline_ms[first]);
        rig_take(rig, &entry, limit_ms);
        rig->truth.armed[first] = false;
    }
}

/* A deadline near or far, before or after now, often equal to another. */
static int64_t interesting_deadline(struct rig *rig, int64_t now_ms) {
    static const int64_t spans[] = {1, 2, 10, 300, 70000, 20000000, INT64_C(1) << 40};
    int64_t span = spans[random_below(&rig->random, 7)];
    int64_t offset = (int64_t)random_below(&rig->random, (uint64_t)span);
    switch (random_below(&rig->random, 20)) {
    case 0: return INT64_MAX;
    case 1: return INT64_MIN + offset;
    case 2: return now_ms - offset;
    case 3: return now_ms;
    default: return now_ms + offset;
    }
}

START_TEST(wheel_gives_deadlines_in_order_of_deadline_then_arming) {
    struct rig rig;
    rig_open(&rig, 1000, 0x9e3779b9u + (uint64_t)_i * 77);
    int64_t now_ms = 1000;
    for (int step = 0; step < 20000; step++) {
        size_t handle = random_below(&rig.random, HANDLES);
        switch (random_below(&rig.random, 8)) {
        case 0: rig_disarm(&rig, handle); break;
        case 1:
            now_ms += (int64_t)random_below(&rig.random, 2000);
            rig_drain(&rig, now_ms);
            break;
        case 2:
            if (random_below(&rig.random, 50) == 0)
                now_ms += (int64_t)random_below(&rig.random, INT64_C(1) << 36);
            else if (random_below(&rig.random, 10) == 0)
                now_ms -= (int64_t)random_below(&rig.random, 5000);
            break;
        default: rig_arm(&rig, handle, interesting_deadline(&rig, now_ms)); break;
        }
    }
    rig_drain(&rig, INT64_MAX);
    ck_assert_uint_eq(rig.wheel.count, 0);
    ck_assert_uint_eq(rig.wheel.stale, 0);
    rig_close(&rig);
}
END_TEST

START_TEST(wheel_peeking_far_ahead_does_not_disturb_what_is_armed_before) {
    struct rig rig;
    rig_open(&rig, 0, 42);
    for (int64_t i = 0; i < 300; i++) rig_arm(&rig, (size_t)i, 1000000 + i * 7919);
    struct wheel_entry entry;
    bool found;
    ck_assert_int_eq(wheel_peek(&rig.wheel, INT64_MAX, &entry, &found), TTL_OK);
    ck_assert(found);
    ck_assert_int_eq(entry.deadline_ms, 1000000);
    for (size_t i = 300; i < HANDLES; i++) rig_arm(&rig, i, 500 + (int64_t)(i % 3));
    rig_drain(&rig, INT64_MAX);
    rig_close(&rig);
}
END_TEST

START_TEST(wheel_sweeps_what_is_stale) {
    struct rig rig;
    rig_open(&rig, 0, 4);
    for (int64_t i = 0; i < 200000; i++) rig_arm(&rig, (size_t)(i % HANDLES), 5000 + i % 100000);
    ck_assert_uint_le(rig.wheel.count, 2 * HANDLES + 1100);
    rig_drain(&rig, INT64_MAX);
    rig_close(&rig);
}
END_TEST

START_TEST(wheel_keeps_everything_when_memory_runs_out_while_it_spreads) {
    struct rig rig;
    rig_open(&rig, 0, 5);
    for (size_t i = 0; i < HANDLES; i++) rig_arm(&rig, i, 70000 + (int64_t)i * 3);
    struct wheel_entry entry;
    bool found;
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        rig.source.calls = 0;
        rig.source.fail_at = n;
        ttl_status status = wheel_peek(&rig.wheel, INT64_MAX, &entry, &found);
        if (status == TTL_OK) break;
        failures++;
    }
    rig.source.fail_at = 0;
    ck_assert_uint_gt(failures, 0);
    rig_drain(&rig, INT64_MAX);
    rig_close(&rig);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("wheel");
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 60);
    tcase_add_loop_test(laws, wheel_gives_deadlines_in_order_of_deadline_then_arming, 0, 12);
    tcase_add_test(laws, wheel_peeking_far_ahead_does_not_disturb_what_is_armed_before);
    tcase_add_test(laws, wheel_sweeps_what_is_stale);
    tcase_add_test(laws, wheel_keeps_everything_when_memory_runs_out_while_it_spreads);
    suite_add_tcase(suite, laws);
    return run_suite(suite);
}
