/* The histories of worlds, put to the judge: what each client sent and heard, and when, as a
 * recorder beside the clients would have written it down. The worlds' servers are right, so a
 * verdict that is no pass is a mistake of the judge, or of the world. */
#include "cli/sim_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The clocks of worlds drift by less than this; one that jumps ends the part that is judged. */
enum { RATE_PPM = 1000, RUNS_MAX = 2000, CONNECTION_TEXT = 40 };

/* A command that was sent. */
struct said {
    sim_message_name message;
    uint32_t connection;
    bool is_copy;
    int64_t sent_us, received_us;
    judge_hint hint;
    size_t argc;
    ttl_bytes *argv;
    ttl_reply reply;
};

struct sim_recorder {
    sim_witness witness;
    arena arena;
    struct said *said;
    size_t count, capacity;
    int64_t ran, cycled_us;
    const char *dialect;
    bool has_ended; /* what comes now is not for the judge */
};

/* ---- listening */

static bool is_same_message(const struct said *said, const sim_sight *sight) {
    return said->message.number == sight->message.number &&
           said->message.node == sight->message.node &&
           said->message.attempt == sight->message.attempt &&
           said->connection == sight->connection && said->is_copy == sight->is_copy;
}

static struct said *find_said(sim_recorder *recorder, const sim_sight *sight) {
    for (size_t i = recorder->count; i > 0; i--)
        if (is_same_message(&recorder->said[i - 1], sight)) return &recorder->said[i - 1];
    return NULL;
}

static void add_said(sim_recorder *recorder, const sim_sight *sight) {
    if (recorder->count == recorder->capacity) {
        recorder->capacity = recorder->capacity == 0 ? 256 : recorder->capacity * 2;
        recorder->said = realloc(recorder->said, recorder->capacity * sizeof *recorder->said);
        if (recorder->said == NULL) abort();
    }
    struct said *said = &recorder->said[recorder->count++];
    *said = (struct said){.message = sight->message,
                          .connection = sight->connection,
                          .is_copy = sight->is_copy,
                          .sent_us = sight->at_us,
                          .received_us = HISTORY_NO_REPLY,
                          .hint = {.rank = INT64_MAX},
                          .argc = sight->argc};
    said->argv = arena_take_array(&recorder->arena, sight->argc, sizeof *said->argv);
    for (size_t i = 0; i < sight->argc; i++)
        said->argv[i] =
            arena_copy_bytes(&recorder->arena, sight->argv[i].data, sight->argv[i].length);
    ttl_reply_init(&said->reply, ttl_allocator_libc());
}

/* Whether it had to be served turns on how a key came to be while it waited: to the judge it runs
 * at one moment. */
static bool has_waited_in_vain(const sim_sight *sight) {
    static const char *const words[] = {"BLPOP",    "BRPOP",    "BLMOVE", "BLMPOP",
                                        "BZPOPMIN", "BZPOPMAX", "BZMPOP"};
    if (sight->reply->nodes[0].type != TTL_REPLY_NIL_ARRAY) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (ttl_bytes_is_word(sight->argv[0], words[i])) return true;
    return false;
}

/* The judge takes a clock of a steady rate, and a server that forgets nothing. */
static bool ends_history(const sim_sight *sight) {
    if (sight->kind == SIM_RAN && has_waited_in_vain(sight)) return true;
    if (sight->kind == SIM_CRASH || sight->kind == SIM_PROMOTE) return true;
    if (sight->kind != SIM_BEGAN) return false;
    switch (sight->fault->kind) {
    case SIM_FAULT_JUMP_AHEAD:
    case SIM_FAULT_JUMP_BACK:
    case SIM_FAULT_STROBE:
    case SIM_FAULT_CLOCK_STALL: return true;
    default: return false;
    }
}

static void hear(void *context, const sim_sight *sight) {
    sim_recorder *recorder = context;
    struct said *said;
    recorder->has_ended = recorder->has_ended || ends_history(sight);
    if (recorder->has_ended) return;
    switch (sight->kind) {
    case SIM_SENT: add_said(recorder, sight); break;
    case SIM_RAN:
        said = find_said(recorder, sight);
        if (said == NULL) break;
        said->hint = (judge_hint){recorder->ran++, sight->wall_us, recorder->cycled_us};
        ttl_reply_add_copy(&said->reply, sight->reply, 0);
        break;
    case SIM_CYCLE: recorder->cycled_us = sight->wall_us; break;
    case SIM_HEARD:
        said = find_said(recorder, sight);
        if (said != NULL) said->received_us = sight->at_us;
        break;
    default: break;
    }
}

sim_recorder *sim_recorder_new(void) {
    sim_recorder *recorder = calloc(1, sizeof *recorder);
    if (recorder == NULL) abort();
    recorder->witness = (sim_witness){recorder, hear};
    recorder->dialect = sim_dialects[0];
    return recorder;
}

void sim_recorder_set_dialect(sim_recorder *recorder, const char *dialect) {
    recorder->dialect = dialect;
}

void sim_recorder_free(sim_recorder *recorder) {
    for (size_t i = 0; i < recorder->count; i++) ttl_reply_free(&recorder->said[i].reply);
    free(recorder->said);
    arena_free(&recorder->arena);
    free(recorder);
}

const sim_witness *sim_recorder_witness(sim_recorder *recorder) {
    return &recorder->witness;
}

bool sim_recorder_was_cut(const sim_recorder *recorder, const history *traffic) {
    return recorder->has_ended || traffic->count < recorder->count;
}

/* ---- the history */

/* What was sent before entry `count`, and heard by then. */
static void make_history(const sim_recorder *recorder, size_t count, history *traffic) {
    int64_t end_us = count < recorder->count ? recorder->said[count].sent_us : INT64_MAX;
    history_init(traffic);
    traffic->spec = recorder->dialect;
    traffic->rate_ppm = RATE_PPM;
    for (size_t i = 0; i < count; i++) {
        const struct said *said = &recorder->said[i];
        bool is_heard = said->received_us != HISTORY_NO_REPLY && said->received_us <= end_us;
        char name[CONNECTION_TEXT];
        snprintf(name, sizeof name, "client-%" PRIu32 "%s%" PRIu32, said->message.node,
                 said->is_copy ? "-again-" : "-", said->connection);
        history_entry entry = {.connection = history_connection(traffic, name),
                               .sent_us = said->sent_us,
                               .received_us = is_heard ? said->received_us : HISTORY_NO_REPLY,
                               .argc = said->argc,
                               .argv = said->argv,
                               .protocol = 2};
        if (is_heard) entry.reply = said->reply;
        const char *expected = history_append(traffic, &entry);
        if (expected != NULL) {
            fprintf(stderr, "a world's history is none: expected %s\n", expected);
            abort();
        }
    }
}

void sim_recorder_history(const sim_recorder *recorder, history *traffic) {
    make_history(recorder, recorder->count, traffic);
}

judge_result sim_recorder_judge(const sim_recorder *recorder, history *traffic) {
    judge_options options = {.rate_ppm = RATE_PPM, .runs_max = RUNS_MAX};
    if (!ttl_dialect_parse(recorder->dialect, &options.dialect)) abort();
    judge_hint *hints = calloc(recorder->count + 1, sizeof *hints);
    if (hints == NULL) abort();
    for (size_t i = 0; i < recorder->count; i++) hints[i] = recorder->said[i].hint;
    options.hints = hints;
    make_history(recorder, recorder->count, traffic);
    judge_result result = judge_history(traffic, &options);
    while (result.answer == JUDGE_UNDECIDED && result.is_beyond) {
        size_t count = result.entry;
        judge_result_free(&result);
        history_free(traffic);
        make_history(recorder, count, traffic);
        result = judge_history(traffic, &options);
    }
    free(hints);
    return result;
}
