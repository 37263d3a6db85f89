/* Worlds and what they are made of: the same seed is the same world, time jumps, laws hold. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/queue.h"
#include "sim/random.h"
#include "sim/shrink.h"
#include "sim/text.h"
#include "sim/wall.h"
#include "sim/workload.h"
#include "sim/write.h"

enum { US_PER_S = 1000000 };

/* ---- randomness */

START_TEST(a_stream_depends_on_seed_name_and_index_and_nothing_else) {
    sim_random one = sim_random_stream(7, "network", 1);
    sim_random other = sim_random_stream(7, "client", 1);
    for (int i = 0; i < 100; i++) sim_random_next(&other);
    sim_random again = sim_random_stream(7, "network", 1);
    ck_assert_uint_eq(sim_random_next(&one), sim_random_next(&again));
    sim_random seed = sim_random_stream(8, "network", 1), next = sim_random_stream(7, "network", 2);
    sim_random name = sim_random_stream(7, "networl", 1);
    uint64_t first = (one = sim_random_stream(7, "network", 1), sim_random_next(&one));
    ck_assert_uint_ne(first, sim_random_next(&seed));
    ck_assert_uint_ne(first, sim_random_next(&next));
    ck_assert_uint_ne(first, sim_random_next(&name));
}
END_TEST

START_TEST(draws_stay_within_their_bounds_and_reach_both) {
    sim_random stream = sim_random_stream(1, "bounds", 0);
    bool low = false, high = false;
    for (int i = 0; i < 1000; i++) {
        int64_t drawn = sim_random_between(&stream, -3, 3);
        ck_assert(drawn >= -3 && drawn <= 3);
        low = low || drawn == -3;
        high = high || drawn == 3;
    }
    ck_assert(low && high);
}
END_TEST

/* ---- the queue, against an array that is searched */

/* Takes the next event and compares it with the first of the array that is still to come. */
static void take_and_compare(sim_queue *queue, int64_t *at_us, bool *taken, size_t planned) {
    sim_event event;
    size_t first = planned;
    for (size_t i = 0; i < planned; i++)
        if (!taken[i] && (first == planned || at_us[i] < at_us[first])) first = i;
    ck_assert_int_eq(sim_queue_take(queue, &event), first < planned);
    if (first == planned) return;
    ck_assert_uint_eq(event.node, first);
    ck_assert_int_eq(event.at_us, at_us[first]);
    taken[first] = true;
}

/* Bursts and lulls, so that it fills and empties again and again. */
START_TEST(events_come_in_order_of_their_moment_then_of_planning) {
    enum { EVENTS = 2000, BURST = 150 };
    sim_random stream = sim_random_stream(3, "queue", 0);
    sim_queue queue = {0};
    int64_t at_us[EVENTS], now_us = 0;
    bool taken[EVENTS] = {false};
    size_t planned = 0;
    while (planned < EVENTS) {
        int64_t span_us = INT64_C(1) << sim_random_below(&stream, 10);
        for (uint64_t n = sim_random_below(&stream, BURST); n > 0 && planned < EVENTS; n--) {
            at_us[planned] = now_us + (int64_t)sim_random_below(&stream, (uint64_t)span_us);
            sim_queue_add(&queue, (sim_event){.at_us = at_us[planned], .node = (uint32_t)planned});
            planned++;
        }
        for (uint64_t n = sim_random_below(&stream, BURST); n > 0; n--)
            take_and_compare(&queue, at_us, taken, planned);
        now_us += span_us / 2;
    }
    for (size_t i = 0; i <= EVENTS; i++) take_and_compare(&queue, at_us, taken, planned);
    sim_queue_free(&queue);
}
END_TEST

/* ---- wall clocks */

START_TEST(a_wall_clock_jumps_drifts_swings_and_stalls) {
    sim_wall wall = {.base_us = 1000};
    ck_assert_int_eq(sim_wall_at(&wall, 500), 1500);
    sim_wall_jump(&wall, 500, -2000);
    ck_assert_int_eq(sim_wall_at(&wall, 600), -400);
    sim_wall_set_drift(&wall, 600, 100);
    ck_assert_int_eq(sim_wall_at(&wall, 600 + 10 * US_PER_S), -400 + 10 * US_PER_S + 1000);
    sim_wall_set_drift(&wall, 600, 0);
    sim_wall_stall(&wall, 600, true);
    ck_assert_int_eq(sim_wall_at(&wall, 99999), -400);
    sim_wall_stall(&wall, 99999, false);
    ck_assert_int_eq(sim_wall_at(&wall, 100000), -399);
    sim_wall_strobe(&wall, 100000, 50, 10);
    ck_assert_int_eq(sim_wall_at(&wall, 100005), -394);
    ck_assert_int_eq(sim_wall_at(&wall, 100015), -384 + 50);
    ck_assert_int_eq(sim_wall_at(&wall, 100025), -374);
}
END_TEST

START_TEST(a_clock_is_asked_when_it_will_show_a_moment) {
    sim_wall wall = {.base_us = 5000000};
    ck_assert_int_eq(sim_wall_when(&wall, 100, 6000000), 1000000);
    ck_assert_int_eq(sim_wall_when(&wall, 100, 4000000), 100);
}
END_TEST

/* ---- worlds */

static sim_law run(const sim_world_options *options, uint64_t *digest, int64_t *span_us) {
    sim_world *world = sim_world_new(options);
    while (sim_world_step(world)) continue;
    sim_world_report report = sim_world_tell(world);
    *digest = report.digest;
    *span_us = report.span_us;
    if (report.law != SIM_LAWS_HOLD) printf("# seed %" PRIu64 ": %s\n", options->seed, report.what);
    sim_world_free(world);
    return report.law;
}

START_TEST(all_laws_hold_in_the_worlds_of_the_right_engine) {
    uint64_t digest;
    int64_t span_us;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        sim_world_options options = {.seed = seed, .commands = 500};
        ck_assert_int_eq(run(&options, &digest, &span_us), SIM_LAWS_HOLD);
    }
}
END_TEST

START_TEST(every_profile_holds_and_repeats) {
    for (int profile = SIM_PROFILE_SWARM; profile <= SIM_PROFILE_FULL; profile++) {
        sim_world_options options = {.seed = 11, .commands = 2000, .profile = (sim_profile)profile};
        uint64_t first, second;
        int64_t span_us;
        ck_assert_int_eq(run(&options, &first, &span_us), SIM_LAWS_HOLD);
        ck_assert_int_eq(run(&options, &second, &span_us), SIM_LAWS_HOLD);
        ck_assert_uint_eq(first, second);
        options.seed++;
        run(&options, &second, &span_us);
        ck_assert_uint_ne(first, second);
    }
}
END_TEST

START_TEST(a_recorded_world_replays_without_its_network) {
    sim_recording steps = {0};
    uint64_t digest;
    int64_t span_us;
    sim_world_options options = {.seed = 5, .commands = 800, .recording = &steps};
    run(&options, &digest, &span_us);
    sim_replayed once = sim_replay(&steps, NULL, NULL, NULL);
    sim_replayed twice = sim_replay(&steps, NULL, NULL, NULL);
    ck_assert_int_eq(once.law, SIM_LAWS_HOLD);
    ck_assert_uint_eq(once.digest, twice.digest);
    ck_assert_uint_ge(steps.count, 800);
    sim_recording_free(&steps);
}
END_TEST

START_TEST(a_thousand_worlds_reach_every_command_fault_and_rare_state) {
    uint64_t ops[SIM_OP_KINDS] = {0}, marks[SIM_SITE_MARKS] = {0};
    uint64_t faults[SIM_FAULT_KINDS] = {0}, chances[SIM_CHANCES] = {0};
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        sim_world_options options = {.seed = seed, .commands = 300};
        sim_world *world = sim_world_new(&options);
        while (sim_world_step(world)) continue;
        sim_world_report report = sim_world_tell(world);
        for (int i = 0; i < SIM_OP_KINDS; i++) ops[i] += report.ops[i];
        for (int i = 0; i < SIM_SITE_MARKS; i++) marks[i] += report.marks[i];
        for (int i = 0; i < SIM_FAULT_KINDS; i++) faults[i] += report.faults[i];
        for (int i = 0; i < SIM_CHANCES; i++) chances[i] += report.chances[i];
        sim_world_free(world);
    }
    for (int i = 0; i < SIM_OP_KINDS; i++)
        ck_assert_msg(ops[i] > 0, "never: %s", sim_op_name((sim_op_kind)i));
    for (int i = 0; i < SIM_SITE_MARKS; i++)
        ck_assert_msg(marks[i] > 0, "never: %s", sim_mark_name((sim_mark)i));
    for (int i = 0; i < SIM_FAULT_KINDS; i++)
        ck_assert_msg(faults[i] > 0, "never: %s", sim_fault_name((sim_fault_kind)i));
    for (int i = 0; i < SIM_CHANCES; i++)
        ck_assert_msg(chances[i] > 0, "never: %s", sim_chance_name((sim_chance)i));
}
END_TEST

START_TEST(what_else_a_world_draws_never_shifts_its_plain_commands) {
    sim_random one = sim_random_stream(1, "world", 0), two = one;
    sim_random others = sim_random_stream(1, "others", 0), more = sim_random_stream(2, "others", 0);
    sim_random phrases = sim_random_stream(1, "phrase weights", 0), differ = others;
    sim_workload left = sim_workload_draw(&one, &others, &phrases);
    sim_workload right = sim_workload_draw(&two, &more, &differ);
    ck_assert_mem_eq(left.slots, right.slots, sizeof left.slots);
    ck_assert_mem_ne(left.other_slots, right.other_slots, sizeof left.other_slots);
    ck_assert_mem_ne(left.phrase_slots, right.phrase_slots, sizeof left.phrase_slots);
    for (int i = 0; i < 100; i++) {
        sim_op plain = sim_workload_op(&left, &one, 1000);
        sim_op same = sim_workload_op(&right, &two, 1000);
        ck_assert_mem_eq(&plain, &same, sizeof plain);
    }
}
END_TEST

/* ---- transactions, databases, listings */

static void add_op(sim_recording *steps, uint8_t session, int64_t at_ms, sim_op op) {
    sim_step step = {.wall_us = (1000 + at_ms) * 1000, .op = op, .session = session};
    step.client = session / SIM_SESSIONS_EACH;
    sim_recording_add(steps, step);
}

/* The reply to the last step, as a person reads it; the steps must hold all laws. */
static void replay_last(void *context, const sim_step *step, const sim_site *site) {
    (void)step;
    sim_text_reply(&site->reply, context);
}

static void last_reply(sim_recording *steps, char text[SIM_REPLY_TEXT]) {
    sim_replayed replayed = sim_replay(steps, NULL, replay_last, text);
    ck_assert_msg(replayed.law == SIM_LAWS_HOLD, "%s", replayed.what);
    sim_recording_free(steps);
}

START_TEST(a_watched_key_that_dies_aborts_and_one_that_was_dead_does_not) {
    char text[SIM_REPLY_TEXT];
    for (int dies_before = 0; dies_before < 2; dies_before++) {
        sim_recording steps = {.dialect = 4};
        add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_PSETEX, .amount = 5});
        add_op(&steps, 4, dies_before ? 9 : 5, (sim_op){.kind = SIM_OP_WATCH});
        add_op(&steps, 4, 9, (sim_op){.kind = SIM_OP_MULTI});
        add_op(&steps, 4, 9, (sim_op){.kind = SIM_OP_DBSIZE});
        add_op(&steps, 4, 9, (sim_op){.kind = SIM_OP_EXEC});
        last_reply(&steps, text);
        ck_assert_str_eq(text, dies_before ? "array of 1: 1" : "nil");
    }
}
END_TEST

START_TEST(a_connection_that_ends_leaves_its_transaction_and_its_database) {
    char text[SIM_REPLY_TEXT];
    sim_recording steps = {0};
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_SELECT, .database = 1});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_SET, .value = 7});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_MULTI});
    sim_recording_add(&steps, (sim_step){.wall_us = 1000000, .kind = SIM_STEP_HANG_UP});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_GET});
    last_reply(&steps, text);
    ck_assert_str_eq(text, "nil");
}
END_TEST

/* Commands, one after another, the last one later; and what that one answers. */
enum { STORY_OPS = 5 };
static const struct story {
    const char *law;
    size_t count;
    sim_op ops[STORY_OPS];
    int64_t last_ms;
    const char *reply;
} stories[] = {
    {"whom two sketches counted is counted once",
     4,
     {{.kind = SIM_OP_PFADD, .key = 0, .value = 1},
      {.kind = SIM_OP_PFADD, .key = 1, .value = 1},
      {.kind = SIM_OP_PFADD, .key = 1, .value = 2},
      {.kind = SIM_OP_PFCOUNT_BOTH, .key = 0, .other = 1}},
     0,
     "2"},
    {"a dead sketch counts nobody",
     4,
     {{.kind = SIM_OP_PFADD, .value = 1},
      {.kind = SIM_OP_PEXPIRE, .amount = 5},
      {.kind = SIM_OP_PFADD, .key = 1, .value = 2},
      {.kind = SIM_OP_PFCOUNT_BOTH, .key = 1, .other = 0}},
     6,
     "1"},
    {"a sketch with another first byte is none",
     3,
     {{.kind = SIM_OP_PFADD, .value = 1},
      {.kind = SIM_OP_SETBIT, .value = 0},
      {.kind = SIM_OP_PFCOUNT}},
     0,
     "WRONGTYPE Key is not a valid HyperLogLog string value."},
    {"a sketch whose first byte is as it was is one again",
     4,
     {{.kind = SIM_OP_PFADD, .value = 1},
      {.kind = SIM_OP_SETBIT, .value = 0},
      {.kind = SIM_OP_SETBIT_OFF, .value = 0},
      {.kind = SIM_OP_PFCOUNT}},
     0,
     "1"},
    {"members stand in the order of their scores",
     4,
     {{.kind = SIM_OP_ZADD, .value = 0},
      {.kind = SIM_OP_ZADD, .value = 3},
      {.kind = SIM_OP_ZINCRBY, .value = 0},
      {.kind = SIM_OP_ZRANGE}},
     0,
     "array of 2: \"f3\" \"f0\""},
    {"ZUNION adds scores, and a dead key has none",
     4,
     {{.kind = SIM_OP_ZADD, .value = 1},
      {.kind = SIM_OP_ZADD, .key = 1, .value = 1},
      {.kind = SIM_OP_PEXPIRE, .key = 1, .amount = 5},
      {.kind = SIM_OP_ZINTER, .other = 1}},
     6,
     "array of 0:"},
    {"a field of bits wraps around",
     3,
     {{.kind = SIM_OP_BITFIELD, .value = 4},
      {.kind = SIM_OP_BITFIELD, .value = 4},
      {.kind = SIM_OP_BITFIELD_GET, .value = 4}},
     0,
     "array of 1: 6"},
    {"a field of bits that would overflow stays as it is",
     3,
     {{.kind = SIM_OP_BITFIELD_FAIL}, {.kind = SIM_OP_BITFIELD_FAIL}, {.kind = SIM_OP_GETRANGE}},
     0,
     "\"p\""},
    {"what two texts have in common is as long as can be",
     3,
     {{.kind = SIM_OP_SET, .value = 123},
      {.kind = SIM_OP_SET, .key = 1, .value = 213},
      {.kind = SIM_OP_LCS, .other = 1}},
     0,
     "\"23\""},
    {"a number that is counted on as a fraction is an integer still",
     3,
     {{.kind = SIM_OP_SET, .value = 1}, {.kind = SIM_OP_INCRBYFLOAT}, {.kind = SIM_OP_INCR}},
     0,
     "3"},
};

START_TEST(what_a_story_comes_to_is_what_it_says) {
    const struct story *story = &stories[_i];
    sim_recording steps = {.dialect = 1};
    char text[SIM_REPLY_TEXT];
    for (size_t i = 0; i < story->count; i++)
        add_op(&steps, 0, i + 1 == story->count ? story->last_ms : 0, story->ops[i]);
    last_reply(&steps, text);
    ck_assert_msg(strcmp(text, story->reply) == 0, "%s: got %s", story->law, text);
}
END_TEST

START_TEST(databases_that_are_swapped_keep_their_deadlines) {
    char text[SIM_REPLY_TEXT];
    sim_recording steps = {0};
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_PSETEX, .amount = 50});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_SWAPDB, .database = 1});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_SELECT, .database = 1});
    add_op(&steps, 0, 10, (sim_op){.kind = SIM_OP_PTTL});
    last_reply(&steps, text);
    ck_assert_str_eq(text, "40");
}
END_TEST

START_TEST(what_an_old_dialect_reads_again_within_a_transaction_is_later) {
    char text[SIM_REPLY_TEXT];
    sim_recording steps = {0};
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_PSETEX, .amount = 50});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_MULTI});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_PTTL});
    add_op(&steps, 0, 10, (sim_op){.kind = SIM_OP_EXEC, .amount = 3000});
    last_reply(&steps, text);
    ck_assert_str_eq(text, "array of 1: 37");
}
END_TEST

START_TEST(a_restart_leaves_entries_pending_since_they_were_delivered) {
    char text[SIM_REPLY_TEXT];
    for (int64_t idle_ms = 20; idle_ms <= 21; idle_ms++) {
        sim_recording steps = {0};
        add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_XGROUP_MAKE});
        add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_XADD});
        add_op(&steps, 0, 10, (sim_op){.kind = SIM_OP_XREADGROUP});
        sim_recording_add(&steps, (sim_step){.wall_us = 1020000, .kind = SIM_STEP_RESTART});
        add_op(&steps, 0, 30, (sim_op){.kind = SIM_OP_XPENDING_IDLE, .amount = idle_ms});
        last_reply(&steps, text);
        ck_assert_str_eq(text, idle_ms == 20 ? "array of 1: array of 4: \"1000-0\" \"f0\" 20 1"
                                             : "array of 0:");
    }
}
END_TEST

struct at_server {
    size_t blocked, in_vain, later;
    bool stands; /* its clock */
};

static void see_at_server(void *context, const sim_sight *sight) {
    struct at_server *seen = context;
    const sim_fault *fault = sight->fault;
    bool is_of_clock = sight->kind == SIM_BEGAN || sight->kind == SIM_HEALED;
    if (is_of_clock && (fault == NULL || fault->kind == SIM_FAULT_CLOCK_STALL))
        seen->stands = sight->kind == SIM_BEGAN;
    seen->blocked += sight->kind == SIM_BLOCKED;
    if (sight->kind != SIM_RAN) return;
    ck_assert_int_ge(sight->again_us, sight->wall_us);
    if (seen->stands) ck_assert_int_eq(sight->again_us, sight->wall_us);
    seen->later += sight->again_us > sight->wall_us;
    bool may_wait = ttl_bytes_is_word(sight->argv[0], "BLPOP");
    seen->in_vain += may_wait && sight->reply->nodes[0].type == TTL_REPLY_NIL_ARRAY;
}

START_TEST(a_witness_sees_who_begins_to_wait_and_when_a_unit_asks_again_unless_its_clock_stands) {
    struct at_server seen = {0};
    const sim_witness witness = {&seen, see_at_server};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        seen.stands = false;
        sim_world *world = sim_world_new(&(sim_world_options){
            .seed = seed, .commands = 500, .dialect = "redis-7.0", .witness = &witness});
        while (sim_world_step(world)) continue;
        sim_world_free(world);
    }
    ck_assert_uint_ge(seen.blocked, seen.in_vain);
    ck_assert_uint_gt(seen.in_vain, 0);
    ck_assert_uint_gt(seen.later, 0);
}
END_TEST

struct heard {
    size_t count;
    char last[sizeof(sim_push)];
};

static void note_heard(void *context, const sim_step *step, const sim_site *site) {
    struct heard *heard = context;
    const sim_server *server = &site->servers[site->primary];
    if (step->kind > SIM_STEP_CYCLE || server->push_count == 0) return;
    heard->count += server->push_count;
    strcpy(heard->last, server->pushes[server->push_count - 1].text);
}

START_TEST(a_subscriber_hears_of_a_death_once_and_of_nothing_on_a_connection_that_ended) {
    for (int is_gone = 0; is_gone < 2; is_gone++) {
        struct heard heard = {0};
        sim_recording steps = {0};
        add_op(&steps, SIM_LISTENER, 0, (sim_op){.kind = SIM_OP_NOTIFY});
        add_op(&steps, SIM_LISTENER, 0, (sim_op){.kind = SIM_OP_PSUBSCRIBE, .extra = 1});
        add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_PSETEX, .amount = 5});
        if (is_gone)
            sim_recording_add(
                &steps,
                (sim_step){.wall_us = 1000000, .kind = SIM_STEP_HANG_UP, .session = SIM_LISTENER});
        sim_recording_add(&steps, (sim_step){.wall_us = 1010000, .kind = SIM_STEP_CYCLE});
        add_op(&steps, 0, 11, (sim_op){.kind = SIM_OP_GET});
        ck_assert_int_eq(sim_replay(&steps, NULL, note_heard, &heard).law, SIM_LAWS_HOLD);
        ck_assert_uint_eq(heard.count, is_gone ? 0 : 1);
        if (!is_gone)
            ck_assert_str_eq(heard.last,
                             "pmessage __keyevent@*__:expired __keyevent@0__:expired k0");
        sim_recording_free(&steps);
    }
}
END_TEST

START_TEST(the_cycle_jumps_to_the_next_deadline_however_far) {
    sim_recording steps = {0};
    sim_recording_add(&steps, (sim_step){.op = {.kind = SIM_OP_SETEX, .amount = 315360000}});
    sim_recording_add(&steps, (sim_step){.kind = SIM_STEP_CYCLE, .wall_us = 1});
    sim_recording_add(&steps,
                      (sim_step){.kind = SIM_STEP_QUIET, .wall_us = INT64_C(315360001) * US_PER_S});
    ck_assert_int_eq(sim_replay(&steps, NULL, NULL, NULL).law, SIM_LAWS_HOLD);
    sim_recording_free(&steps);
}
END_TEST

/* ---- on paper */

static char *written(void (*write)(FILE *, const sim_recording *), const sim_recording *steps) {
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(file);
    write(file, steps);
    fclose(file);
    return text;
}

static void write_vector(FILE *file, const sim_recording *steps) {
    sim_write_vector(file, steps, 0xabc, SIM_LAW_REPLY);
}

static void write_steps(FILE *file, const sim_recording *steps) {
    sim_write_steps(file, steps, NULL);
}

START_TEST(times_that_count_from_the_beginning_are_written_so) {
    const int64_t t0_ms = INT64_C(2000000000000);
    const char *why;
    sim_recording steps = {0};
    sim_recording_add(
        &steps,
        (sim_step){
            .wall_us = t0_ms * 1000,
            .op = {.kind = SIM_OP_SET, .form = SIM_PXAT, .value = 1, .amount = t0_ms + 100}});
    sim_recording_add(&steps,
                      (sim_step){.wall_us = (t0_ms + 30) * 1000, .op = {.kind = SIM_OP_PTTL}});
    sim_recording_add(
        &steps, (sim_step){.wall_us = (t0_ms + 30) * 1000, .op = {.kind = SIM_OP_PEXPIRETIME}});
    ck_assert(sim_write_can_be_vector(&steps, &why));
    char *text = written(write_vector, &steps);
    ck_assert_ptr_nonnull(strstr(text, "[\"SET\", \"{k}\", \"1\", \"PXAT\", \"{t0+100}\"]"));
    ck_assert_ptr_nonnull(strstr(text, "\"do\": [\"PTTL\", \"{k}\"], \"reply\": 70}"));
    ck_assert_ptr_nonnull(strstr(text, "\"reply\": {\"integer\": \"{t0+100}\"}}"));
    free(text);
    text = written(write_steps, &steps);
    ck_assert_ptr_nonnull(strstr(text, "30.000 ms  client 0  PTTL k0 -> 70"));
    free(text);
    sim_recording_free(&steps);
}
END_TEST

START_TEST(a_transaction_is_written_with_its_connection_and_its_replies) {
    sim_recording steps = {0};
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_PSETEX, .amount = 50, .value = 3});
    add_op(&steps, 4, 0, (sim_op){.kind = SIM_OP_SELECT, .database = 1});
    add_op(&steps, 5, 0, (sim_op){.kind = SIM_OP_MULTI});
    add_op(&steps, 5, 0, (sim_op){.kind = SIM_OP_PTTL});
    add_op(&steps, 5, 0, (sim_op){.kind = SIM_OP_KEYS});
    add_op(&steps, 5, 0, (sim_op){.kind = SIM_OP_DBSIZE});
    add_op(&steps, 5, 20, (sim_op){.kind = SIM_OP_EXEC});
    char *text = written(write_vector, &steps);
    ck_assert_ptr_nonnull(strstr(text, "\"needs\": [\"exclusive-db\", \"databases\"]"));
    ck_assert_ptr_nonnull(strstr(text, "\"on\": \"client-1\", \"do\": [\"SELECT\", \"{db2}\"]"));
    ck_assert_ptr_nonnull(strstr(text, "\"on\": \"client-1-1\", \"do\": [\"EXEC\"], \"reply\": "
                                       "[30, {\"unordered\": [\"{k}\"]}, {\"anything\": true}]}"));
    free(text);
    sim_recording_free(&steps);
}
END_TEST

START_TEST(what_a_reset_took_back_is_no_part_of_the_next_transaction) {
    sim_recording steps = {0};
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_MULTI});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_PTTL});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_RESET});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_MULTI});
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_EXEC});
    char *text = written(write_vector, &steps);
    ck_assert_ptr_nonnull(strstr(text, "\"do\": [\"EXEC\"], \"reply\": []}"));
    free(text);
    sim_recording_free(&steps);
}
END_TEST

START_TEST(a_dead_key_that_chance_met_may_be_counted_elsewhere) {
    sim_recording steps = {0};
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_PSETEX, .amount = 50, .value = 3});
    add_op(&steps, 0, 60, (sim_op){.kind = SIM_OP_RANDOMKEY});
    add_op(&steps, 0, 60, (sim_op){.kind = SIM_OP_DBSIZE});
    char *text = written(write_vector, &steps);
    ck_assert_ptr_nonnull(
        strstr(text, "\"do\": [\"DBSIZE\"], \"reply\": {\"between\": [\"0\", \"1\"]}}"));
    free(text);
    sim_recording_free(&steps);
}
END_TEST

START_TEST(keys_are_not_counted_where_a_time_means_another_thing_at_another_beginning) {
    const int64_t t0_ms = INT64_C(4000000000000), before_ms = INT64_C(2500000000000);
    sim_recording steps = {0};
    sim_recording_add(
        &steps,
        (sim_step){.wall_us = t0_ms * 1000,
                   .op = {.kind = SIM_OP_SET, .form = SIM_PXAT, .value = 1, .amount = before_ms}});
    sim_recording_add(&steps, (sim_step){.wall_us = t0_ms * 1000, .op = {.kind = SIM_OP_DBSIZE}});
    char *text = written(write_vector, &steps);
    ck_assert_ptr_nonnull(strstr(text, "\"do\": [\"DBSIZE\"], \"reply\": {\"anything\": true}}"));
    free(text);
    sim_recording_free(&steps);
}
END_TEST

START_TEST(a_clock_that_goes_back_cannot_be_a_vector) {
    const char *why;
    sim_recording steps = {0};
    sim_recording_add(&steps, (sim_step){.wall_us = 2000, .op = {.kind = SIM_OP_GET}});
    sim_recording_add(&steps, (sim_step){.wall_us = 1000, .op = {.kind = SIM_OP_GET}});
    ck_assert(!sim_write_can_be_vector(&steps, &why));
    ck_assert_str_eq(why, "the clock goes back in it");
    sim_recording_free(&steps);
}
END_TEST

START_TEST(a_client_that_waits_is_written_with_what_it_was_answered_then) {
    sim_recording steps = {0};
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_BRPOP, .amount = 100});
    add_op(&steps, 0, 10, (sim_op){.kind = SIM_OP_GET, .key = 1}); /* not said while it waits */
    add_op(&steps, 4, 20, (sim_op){.kind = SIM_OP_RPUSH});
    add_op(&steps, 0, 30, (sim_op){.kind = SIM_OP_BRPOP, .amount = 100});
    add_op(&steps, 4, 131, (sim_op){.kind = SIM_OP_RPUSH});
    char *text = written(write_vector, &steps);
    const char *order[] = {
        "\"do\": [\"BRPOP\", \"{k}\", \"0.100\"], \"reply\": {\"pending\": true}}",
        "\"do\": [\"RPUSH\", \"{k}\", \"x\"], \"reply\": 1}",
        "{\"at\": \"20\", \"await\": \"client-0\", \"reply\": [\"{k}\", \"x\"]}",
        "\"reply\": {\"pending\": true}}",
        "{\"at\": \"131\", \"await\": \"client-0\", \"reply\": null}",
        "\"do\": [\"RPUSH\", \"{k}\", \"x\"], \"reply\": 1}"};
    const char *at = text;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        at = strstr(at, order[i]);
        ck_assert_msg(at != NULL, "not where it belongs: %s\n%s", order[i], text);
        at += strlen(order[i]);
    }
    ck_assert_ptr_null(strstr(text, "GET"));
    free(text);
    sim_recording_free(&steps);
}
END_TEST

START_TEST(a_client_that_gives_up_waiting_cannot_be_in_a_vector) {
    const char *why;
    sim_recording steps = {0};
    add_op(&steps, 0, 0, (sim_op){.kind = SIM_OP_BRPOP});
    sim_recording_add(&steps, (sim_step){.wall_us = 2000000, .kind = SIM_STEP_HANG_UP});
    ck_assert(!sim_write_can_be_vector(&steps, &why));
    ck_assert_str_eq(why, "a client that may wait gives up in it");
    sim_recording_free(&steps);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("world");
    TCase *parts = tcase_create("parts");
    tcase_add_test(parts, a_stream_depends_on_seed_name_and_index_and_nothing_else);
    tcase_add_test(parts, draws_stay_within_their_bounds_and_reach_both);
    tcase_add_test(parts, events_come_in_order_of_their_moment_then_of_planning);
    tcase_add_test(parts, a_wall_clock_jumps_drifts_swings_and_stalls);
    tcase_add_test(parts, a_clock_is_asked_when_it_will_show_a_moment);
    suite_add_tcase(suite, parts);
    TCase *worlds = tcase_create("worlds");
    tcase_set_timeout(worlds, 60);
    tcase_add_test(worlds, all_laws_hold_in_the_worlds_of_the_right_engine);
    tcase_add_test(worlds, every_profile_holds_and_repeats);
    tcase_add_test(worlds, a_recorded_world_replays_without_its_network);
    tcase_add_test(worlds, a_thousand_worlds_reach_every_command_fault_and_rare_state);
    tcase_add_test(worlds, what_else_a_world_draws_never_shifts_its_plain_commands);
    tcase_add_test(worlds, a_watched_key_that_dies_aborts_and_one_that_was_dead_does_not);
    tcase_add_test(worlds, a_connection_that_ends_leaves_its_transaction_and_its_database);
    tcase_add_loop_test(worlds, what_a_story_comes_to_is_what_it_says, 0,
                        sizeof stories / sizeof *stories);
    tcase_add_test(worlds, databases_that_are_swapped_keep_their_deadlines);
    tcase_add_test(worlds, what_an_old_dialect_reads_again_within_a_transaction_is_later);
    tcase_add_test(worlds, a_restart_leaves_entries_pending_since_they_were_delivered);
    tcase_add_test(
        worlds,
        a_witness_sees_who_begins_to_wait_and_when_a_unit_asks_again_unless_its_clock_stands);
    tcase_add_test(worlds,
                   a_subscriber_hears_of_a_death_once_and_of_nothing_on_a_connection_that_ended);
    tcase_add_test(worlds, the_cycle_jumps_to_the_next_deadline_however_far);
    suite_add_tcase(suite, worlds);
    TCase *paper = tcase_create("paper");
    tcase_add_test(paper, times_that_count_from_the_beginning_are_written_so);
    tcase_add_test(paper, a_transaction_is_written_with_its_connection_and_its_replies);
    tcase_add_test(paper, what_a_reset_took_back_is_no_part_of_the_next_transaction);
    tcase_add_test(paper, a_dead_key_that_chance_met_may_be_counted_elsewhere);
    tcase_add_test(paper,
                   keys_are_not_counted_where_a_time_means_another_thing_at_another_beginning);
    tcase_add_test(paper, a_client_that_waits_is_written_with_what_it_was_answered_then);
    tcase_add_test(paper, a_client_that_gives_up_waiting_cannot_be_in_a_vector);
    tcase_add_test(paper, a_clock_that_goes_back_cannot_be_a_vector);
    suite_add_tcase(suite, paper);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
