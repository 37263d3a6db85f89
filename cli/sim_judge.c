/* The histories of worlds, put to the judge: what each client sent and heard, what its subscribers
 * were told, and when, as a recorder beside the clients would have written it down. The worlds'
 * servers are right, so a verdict that is no pass is a mistake of the judge, or of the world. */
#include "cli/sim_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The clocks of worlds drift by less than this; one that goes back ends the part that is judged. */
enum { RATE_PPM = 1000, RUNS_MAX = 2000, CONNECTION_TEXT = 40 };

/* A command that was sent; or an event that was announced to a subscriber. */
struct said {
    sim_message_name message;
    uint32_t connection;
    bool is_copy, is_event;
    bool has_waited; /* it found nothing to take, and may yet be served */
    int64_t seen_us; /* when it was sent, or announced */
    int64_t sent_us, received_us;
    size_t heard_before; /* the entry that came next when its answer came */
    judge_hint hint;
    size_t argc;
    ttl_bytes *argv; /* of an event its name and its key */
    ttl_reply reply;
    int database;     /* of an event: the key's */
    const char *text; /* and the message that told of it */
};

/* From here on the recorder's clock tells this; or it tells this and stands still. */
struct bend {
    int64_t true_us, told_us;
    bool stands;
};

struct sim_recorder {
    sim_witness witness;
    struct bend *bends; /* the first one is of the beginning */
    size_t bend_count;
    int64_t last_us; /* true time of what was seen last */
    arena arena;
    struct said *said;
    size_t count, capacity;
    int64_t rank, cycled_us; /* rank: of what runs next */
    size_t ranked;           /* events before this one have theirs */
    const char *dialect;
    bool has_restarted;
    bool has_ended; /* what comes now is not for the judge */
};

/* ---- listening */

static bool is_same_message(const struct said *said, const sim_sight *sight) {
    bool is_event = sight->kind == SIM_TOLD;
    return said->is_event == is_event && said->message.number == sight->message.number &&
           said->message.node == sight->message.node &&
           said->message.attempt == sight->message.attempt &&
           said->connection == sight->connection && said->is_copy == sight->is_copy;
}

static struct said *find_said(sim_recorder *recorder, const sim_sight *sight) {
    for (size_t i = recorder->count; i > 0; i--)
        if (is_same_message(&recorder->said[i - 1], sight)) return &recorder->said[i - 1];
    return NULL;
}

static struct said *add_entry(sim_recorder *recorder, const sim_sight *sight) {
    if (recorder->count == recorder->capacity) {
        recorder->capacity = recorder->capacity == 0 ? 256 : recorder->capacity * 2;
        recorder->said = realloc(recorder->said, recorder->capacity * sizeof *recorder->said);
        if (recorder->said == NULL) abort();
    }
    struct said *said = &recorder->said[recorder->count++];
    *said = (struct said){.message = sight->message,
                          .connection = sight->connection,
                          .is_copy = sight->is_copy,
                          .seen_us = sight->at_us,
                          .sent_us = sight->at_us,
                          .received_us = HISTORY_NO_REPLY,
                          .hint = {.rank = INT64_MAX}};
    ttl_reply_init(&said->reply, ttl_allocator_libc());
    return said;
}

static struct said *add_said(sim_recorder *recorder, const sim_sight *sight) {
    struct said *said = add_entry(recorder, sight);
    said->argc = sight->argc;
    said->argv = arena_take_array(&recorder->arena, sight->argc, sizeof *said->argv);
    for (size_t i = 0; i < sight->argc; i++)
        said->argv[i] =
            arena_copy_bytes(&recorder->arena, sight->argv[i].data, sight->argv[i].length);
    return said;
}

/* Reads "... __keyevent@0__:expired k3", or the same by key. */
static void read_message(sim_recorder *recorder, struct said *said, const char *text) {
    const char *payload = strrchr(text, ' ') + 1, *channel = payload - 1;
    while (channel[-1] != ' ') channel--;
    const char *subject = strstr(channel, "__:") + 3;
    ttl_bytes words[] = {{.data = subject, .length = (size_t)(payload - 1 - subject)},
                         ttl_bytes_of(payload)};
    bool is_by_key = strncmp(channel, "__keyspace", sizeof "__keyspace" - 1) == 0;
    said->database = atoi(strchr(channel, '@') + 1);
    said->argc = 2;
    said->argv = arena_take_array(&recorder->arena, said->argc, sizeof *said->argv);
    for (size_t i = 0; i < said->argc; i++)
        said->argv[is_by_key ? 1 - i : i] =
            arena_copy_bytes(&recorder->arena, words[i].data, words[i].length);
    said->text = arena_copy_bytes(&recorder->arena, text, strlen(text) + 1).data;
}

static bool is_same_event(const struct said *one, const struct said *other) {
    return other->is_event && one->message.node == other->message.node &&
           one->connection == other->connection && one->seen_us == other->seen_us &&
           one->database == other->database && ttl_bytes_equal(one->argv[0], other->argv[0]) &&
           ttl_bytes_equal(one->argv[1], other->argv[1]);
}

/* Who listens in several ways is told in several messages of one event; the first one counts. */
static bool is_told_otherwise(const sim_recorder *recorder, const struct said *said) {
    const struct said *last = said;
    while (last > recorder->said && last[-1].is_event) last--;
    for (; last < said; last++)
        if (is_same_event(said, last) && strcmp(said->text, last->text) != 0) return true;
    return false;
}

/* Events stand behind the commands that they are of: these are told after them, in the same
 * moment. */
static void rank_events(sim_recorder *recorder) {
    for (; recorder->ranked < recorder->count; recorder->ranked++) {
        struct said *said = &recorder->said[recorder->ranked];
        if (said->is_event) said->hint.rank = recorder->rank++;
    }
}

static void add_published(sim_recorder *recorder, const sim_sight *sight) {
    struct said *said = add_entry(recorder, sight);
    said->is_event = true;
    said->sent_us = sight->since_us;
    said->hint.wall_us = sight->wall_us;
    said->hint.cycled_us = recorder->cycled_us;
    read_message(recorder, said, sight->text);
    if (is_told_otherwise(recorder, said)) recorder->count--;
}

/* ---- the clock: it jumps ahead and stands still with the server's, which the judge takes for one
 * of a steady rate then, and all that was seen for what was seen in that order */

static int64_t told_from(const struct bend *bend, int64_t true_us) {
    return bend->told_us + (bend->stands ? 0 : true_us - bend->true_us);
}

/* Of a moment at which there was a bend it is the sooner one. */
static int64_t told_us(const sim_recorder *recorder, int64_t true_us) {
    size_t at = recorder->bend_count - 1;
    while (at > 0 && recorder->bends[at].true_us >= true_us) at--;
    return told_from(&recorder->bends[at], true_us);
}

static void bend_clock(sim_recorder *recorder, int64_t true_us, int64_t ahead_us, bool stands) {
    size_t count = recorder->bend_count;
    recorder->bends = realloc(recorder->bends, (count + 1) * sizeof *recorder->bends);
    if (recorder->bends == NULL) abort();
    int64_t told = count == 0 ? true_us : told_from(&recorder->bends[count - 1], true_us);
    recorder->bends[recorder->bend_count++] = (struct bend){true_us, told + ahead_us, stands};
}

static bool stands_still(const sim_recorder *recorder) {
    return recorder->bends[recorder->bend_count - 1].stands;
}

/* A fault begins, or is healed; without one all are. */
static void follow_clock(sim_recorder *recorder, const sim_sight *sight) {
    const sim_fault *fault = sight->fault;
    bool begins = sight->kind == SIM_BEGAN;
    if (begins && fault->kind == SIM_FAULT_JUMP_AHEAD)
        bend_clock(recorder, sight->at_us, fault->amount, stands_still(recorder));
    if (fault == NULL || fault->kind == SIM_FAULT_CLOCK_STALL)
        bend_clock(recorder, sight->at_us, 0, begins);
}

/* A server that begins anew has its keys, but not its scripts. */
static bool misses_script(const ttl_reply *reply) {
    static const char code[] = "NOSCRIPT ";
    for (size_t i = 0; i < reply->node_count; i++) {
        if (reply->nodes[i].type != TTL_REPLY_ERROR) continue;
        ttl_bytes text = ttl_reply_text(reply, i);
        if (text.length >= sizeof code - 1 && memcmp(text.data, code, sizeof code - 1) == 0)
            return true;
    }
    return false;
}

/* The judge takes a clock that never goes back, and a server that forgets nothing. */
static bool ends_history(const sim_recorder *recorder, const sim_sight *sight) {
    if (sight->kind == SIM_RAN && recorder->has_restarted) return misses_script(sight->reply);
    if (sight->kind == SIM_CRASH || sight->kind == SIM_PROMOTE) return true;
    if (sight->kind != SIM_BEGAN) return false;
    switch (sight->fault->kind) {
    case SIM_FAULT_JUMP_BACK:
    case SIM_FAULT_STROBE: return true;
    default: return false;
    }
}

/* One that has waited in vain ran when it found nothing; afterwards it does not look again. Copies
 * come in an order of their own: each counts as sent when it ran. */
static void add_run(sim_recorder *recorder, const sim_sight *sight) {
    struct said *said = find_said(recorder, sight);
    if (said == NULL && sight->is_copy) said = add_said(recorder, sight);
    if (said == NULL) return;
    bool is_in_vain = said->has_waited && sight->reply->nodes[0].type == TTL_REPLY_NIL_ARRAY;
    if (!is_in_vain)
        said->hint =
            (judge_hint){recorder->rank++, sight->wall_us, recorder->cycled_us, sight->again_us};
    said->has_waited = sight->kind == SIM_BLOCKED;
    if (sight->kind == SIM_RAN) ttl_reply_add_copy(&said->reply, sight->reply, 0);
}

static void hear_told(sim_recorder *recorder, const sim_sight *sight) {
    struct said *said;
    switch (sight->kind) {
    case SIM_SENT:
        if (!sight->is_copy) add_said(recorder, sight);
        break;
    case SIM_BLOCKED:
    case SIM_RAN: add_run(recorder, sight); break;
    case SIM_CYCLE: recorder->cycled_us = sight->wall_us; break;
    case SIM_PUBLISHED: add_published(recorder, sight); break;
    case SIM_HEARD:
    case SIM_TOLD:
        said = find_said(recorder, sight);
        if (said == NULL) break;
        said->received_us = sight->at_us;
        said->heard_before = recorder->count;
        break;
    case SIM_BEGAN:
    case SIM_HEALED: follow_clock(recorder, sight); break;
    default: break;
    }
}

static void hear(void *context, const sim_sight *sight) {
    sim_recorder *recorder = context;
    if (recorder->has_ended) return;
    recorder->has_restarted = recorder->has_restarted || sight->kind == SIM_RESTART;
    recorder->has_ended = ends_history(recorder, sight);
    if (sight->at_us != recorder->last_us || recorder->has_ended) rank_events(recorder);
    if (recorder->has_ended) return;
    recorder->last_us = sight->at_us;
    sim_sight told = *sight;
    bool is_of_clock = sight->kind == SIM_BEGAN || sight->kind == SIM_HEALED;
    if (!is_of_clock)
        told.at_us = told_from(&recorder->bends[recorder->bend_count - 1], sight->at_us);
    told.since_us = told_us(recorder, sight->since_us);
    hear_told(recorder, &told);
}

sim_recorder *sim_recorder_new(void) {
    sim_recorder *recorder = calloc(1, sizeof *recorder);
    if (recorder == NULL) abort();
    recorder->witness = (sim_witness){recorder, hear};
    recorder->dialect = sim_dialects[0];
    bend_clock(recorder, 0, 0, false);
    return recorder;
}

void sim_recorder_set_dialect(sim_recorder *recorder, const char *dialect) {
    recorder->dialect = dialect;
}

void sim_recorder_free(sim_recorder *recorder) {
    for (size_t i = 0; i < recorder->count; i++) ttl_reply_free(&recorder->said[i].reply);
    free(recorder->said);
    free(recorder->bends);
    arena_free(&recorder->arena);
    free(recorder);
}

const sim_witness *sim_recorder_witness(sim_recorder *recorder) {
    return &recorder->witness;
}

sim_recorder_sum sim_recorder_tell(const sim_recorder *recorder, const history *traffic) {
    sim_recorder_sum sum = {0};
    size_t commands = 0;
    for (size_t i = 0; i < recorder->count; i++) commands += !recorder->said[i].is_event;
    for (size_t i = 0; i < traffic->count; i++) sum.events += traffic->entries[i].is_event;
    sum.commands = traffic->count - sum.events;
    sum.was_cut = recorder->has_ended || sum.commands < commands;
    return sum;
}

/* ---- the history */

/* Of a history that ends before entry `count`. The order in which things were seen says so, not
 * their moments: the clock may have stood still. */
static bool is_heard(const struct said *said, size_t count) {
    return said->received_us != HISTORY_NO_REPLY && said->heard_before <= count;
}

/* A command that was not answered is in it; an event that was not heard is nothing. */
static bool is_in_history(const struct said *said, size_t count) {
    return is_heard(said, count) || !said->is_event;
}

static void append(const struct said *said, size_t count, history *traffic) {
    static const char *const kinds[] = {"client", "subscriber"};
    bool was_heard = is_heard(said, count);
    char name[CONNECTION_TEXT];
    snprintf(name, sizeof name, "%s-%" PRIu32 "%s%" PRIu32, kinds[said->is_event],
             said->message.node, said->is_copy ? "-again-" : "-", said->connection);
    history_entry entry = {.connection = history_connection(traffic, name),
                           .sent_us = said->sent_us,
                           .received_us = was_heard ? said->received_us : HISTORY_NO_REPLY,
                           .argc = said->argc,
                           .argv = said->argv,
                           .protocol = 2,
                           .is_event = said->is_event,
                           .database = said->database};
    if (was_heard && !said->is_event) entry.reply = said->reply;
    const char *expected = history_append(traffic, &entry);
    if (expected != NULL) {
        fprintf(stderr, "a world's history is none: expected %s\n", expected);
        abort();
    }
}

/* What was sent and announced before `count`, and heard by then; `numbers` are those of it. */
static void make_history(const sim_recorder *recorder, size_t count, history *traffic,
                         size_t *numbers) {
    history_init(traffic);
    traffic->spec = recorder->dialect;
    traffic->rate_ppm = RATE_PPM;
    for (size_t i = 0; i < count; i++) {
        if (!is_in_history(&recorder->said[i], count)) continue;
        numbers[traffic->count] = i;
        append(&recorder->said[i], count, traffic);
    }
}

judge_result sim_recorder_judge(const sim_recorder *recorder, history *traffic) {
    judge_options options = {.rate_ppm = RATE_PPM, .runs_max = RUNS_MAX};
    if (!ttl_dialect_parse(recorder->dialect, &options.dialect)) abort();
    judge_hint *hints = calloc(recorder->count + 1, sizeof *hints);
    size_t *numbers = calloc(recorder->count + 1, sizeof *numbers), count = recorder->count;
    if (hints == NULL || numbers == NULL) abort();
    options.hints = hints;
    for (;;) {
        make_history(recorder, count, traffic, numbers);
        for (size_t i = 0; i < traffic->count; i++) hints[i] = recorder->said[numbers[i]].hint;
        judge_result result = judge_history(traffic, &options);
        bool is_beyond = result.answer == JUDGE_UNDECIDED && result.is_beyond;
        if (!is_beyond) {
            free(hints);
            free(numbers);
            return result;
        }
        count = numbers[result.entry];
        judge_result_free(&result);
        history_free(traffic);
    }
}
