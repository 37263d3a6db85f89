/* The steps of a vector. */
#include <inttypes.h>
#include <string.h>

#include "conformance/known_commands.h"
#include "conformance/loading.h"
#include "conformance/number.h"

static const char main_connection[] = "main", replica_name[] = "replica";

/* --- do --- */

/* The argument as a C string; NULL: it has placeholders, is empty or binary. */
static const char *plain_text(const vector_text *text) {
    if (text->count != 1 || text->pieces[0].kind != VECTOR_TEXT_BYTES) return NULL;
    ttl_bytes bytes = text->pieces[0].bytes;
    return strlen(bytes.data) == bytes.length ? bytes.data : NULL;
}

/* The rest of the bytes that follow a key belong to its name, so the key must come first. */
static bool begins_with_key(const vector_text *text) {
    return text->count > 0 && text->pieces[0].kind == VECTOR_TEXT_KEY;
}

static size_t distance_of_keys(const known_command *command) {
    if (command->key_step == -2) return 2;
    return command->key_step <= 0 ? 1 : (size_t)command->key_step;
}

/* The index of the last key. Where keys are counted and the count is none, there are no keys. */
static size_t last_key(const known_command *command, const vector_step *step) {
    if (command->key_step <= 0 && command->first_key > 0) {
        size_t before = (size_t)command->first_key - 1;
        const char *text = before < step->argc ? plain_text(&step->argv[before]) : NULL;
        int64_t count = 0;
        if (text == NULL || !number_parse(text, strlen(text), &count) || count < 0) count = 0;
        size_t keys = (size_t)count < step->argc ? (size_t)count : step->argc;
        return before + keys * distance_of_keys(command);
    }
    size_t from_end = command->last_key < 0 ? (size_t)-command->last_key : 0;
    if (from_end > step->argc) return 0;
    return from_end > 0 ? step->argc - from_end : (size_t)command->last_key;
}

static bool is_argument(const vector_step *step, size_t index, const char *word) {
    if (index >= step->argc) return false;
    const char *text = plain_text(&step->argv[index]);
    return text != NULL && ttl_bytes_is_word(ttl_bytes_of(text), word);
}

/* Does the argument stand behind a word that makes a destination of it? */
static bool is_destination(const known_command *command, const vector_step *step, size_t index) {
    static const char *const words[][2] = {
        {"GEORADIUS", "STORE"},
        {"GEORADIUS", "STOREDIST"},
        {"GEORADIUSBYMEMBER", "STORE"},
        {"GEORADIUSBYMEMBER", "STOREDIST"},
        {"SORT", "STORE"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(command->name, words[i][0]) == 0 && index > 1 &&
            is_argument(step, index - 1, words[i][1]))
            return true;
    return false;
}

/* The keys behind the word STREAMS: the first half of what follows. */
static void find_streams(const vector_step *step, size_t *first, size_t *last) {
    *first = 1;
    while (*first < step->argc && !is_argument(step, *first - 1, "STREAMS")) ++*first;
    *last = *first + (step->argc - *first + 1) / 2 - 1;
}

static void check_keys(loading *self, const cJSON *list, const known_command *command,
                       const vector_step *step) {
    size_t first = (size_t)command->first_key, last = last_key(command, step);
    size_t key_step = distance_of_keys(command);
    if (command->key_step == -3) find_streams(step, &first, &last);
    const cJSON *item = list->child;
    for (size_t i = 0; i < step->argc; i++, item = item->next) {
        bool is_key = first > 0 && i >= first && i <= last && (i - first) % key_step == 0;
        if (command->key_step == -1 && i == 1) is_key = true;
        if (is_destination(command, step, i)) is_key = true;
        if (is_key && !begins_with_key(&step->argv[i]))
            loading_error(self, item,
                          "expected a key of the run's own, which begins with {k}: %s touches it, "
                          "and other keys are not ours unless the vector needs \"exclusive-db\"",
                          command->name);
    }
}

/* Of these commands only some subcommands leave the server as it was. */
static bool is_harmless(const vector_step *step) {
    static const char *const harmless[][8] = {
        {"CONFIG", "GET", "HELP", NULL},
        {"CLIENT", "ID", "INFO", "LIST", "GETNAME", "SETNAME", "HELP", NULL},
        {"SCRIPT", "LOAD", "EXISTS", "HELP", NULL},
    };
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        if (!is_argument(step, 0, harmless[i][0]) || step->argc == 1) continue;
        for (size_t s = 1; harmless[i][s] != NULL; s++)
            if (is_argument(step, 1, harmless[i][s])) return true;
        return false;
    }
    return true;
}

/* What a target must allow before this command may be sent to it. */
static unsigned needs_of(const known_command *command, const vector_step *step) {
    unsigned needs = command->needs;
    if (!is_harmless(step)) needs |= VECTOR_NEEDS_EXCLUSIVE_DB;
    if (is_argument(step, 0, "HELLO") && is_argument(step, 1, "3")) needs |= VECTOR_NEEDS_RESP3;
    return needs;
}

static void check_command(loading *self, const cJSON *list, vector_step *step, const vector *of) {
    const char *name = plain_text(&step->argv[0]);
    const known_command *command = name == NULL ? NULL : known_command_find(name);
    const loader_options *options = self->options;
    bool known = name != NULL && (options != NULL && options->knows_command != NULL
                                      ? options->knows_command(options->context, name)
                                      : command != NULL);
    if (!known) {
        loading_expected(self, list->child, "the name of a command that vectors may use");
        return;
    }
    if (command == NULL) return;
    step->may_block = known_command_may_block(command);
    unsigned missing = needs_of(command, step) & ~of->needs;
    for (unsigned bit = 1; bit <= missing; bit <<= 1)
        if (missing & bit)
            loading_error(self, list, "this %s is only for vectors that need \"%s\"", command->name,
                          vector_capability_name(bit));
    if (!(of->needs & VECTOR_NEEDS_EXCLUSIVE_DB)) check_keys(self, list, command, step);
}

static void note_t0(vector *of, vector_t0 use) {
    if (use > of->t0) of->t0 = use;
}

static void read_do(loading *self, const cJSON *json, const char *field, vector_step *step,
                    vector *of) {
    const cJSON *list = loading_list(self, json, field, true);
    if (list == NULL) return;
    step->argc = (size_t)cJSON_GetArraySize(list);
    vector_text *argv = arena_take_array(&self->set->arena, step->argc, sizeof *argv);
    step->argv = argv;
    size_t faults = self->faults, i = 0;
    for (const cJSON *item = list->child; item != NULL; item = item->next, i++) {
        loading_vector_text(self, item, &argv[i]);
        note_t0(of, vector_text_t0(&argv[i]));
        if (vector_text_uses_second_database(&argv[i])) of->needs |= VECTOR_NEEDS_DATABASES;
    }
    if (self->faults == faults) check_command(self, list, step, of);
}

/* --- at, on --- */

static void read_at(loading *self, const cJSON *json, vector_step *step, int64_t previous_ms) {
    const cJSON *at = loading_field(json, "at");
    step->at_ms = previous_ms;
    if (at == NULL) return;
    step->has_at = true;
    int64_t at_ms = 0;
    if (!cJSON_IsString(at) ||
        !number_parse_digits(at->valuestring, strlen(at->valuestring), NUMBER_EXACT_MAX, &at_ms))
        loading_expected(self, at,
                         "milliseconds since the vector began, as a string of digits "
                         "such as \"100\"");
    else if (at_ms < previous_ms)
        loading_error(self, at,
                      "expected %" PRId64 " or later, found %" PRId64
                      ": time does not go backwards",
                      previous_ms, at_ms);
    else step->at_ms = at_ms;
}

static void read_connection(loading *self, const cJSON *json, const char *field, vector_step *step,
                            vector *of, const char **connections) {
    const char *name =
        loading_field(json, field) == NULL ? main_connection : loading_id(self, json, field, false);
    if (name == NULL) return;
    size_t i = 0;
    while (i < of->connection_count && strcmp(connections[i], name) != 0) i++;
    if (i == of->connection_count) connections[of->connection_count++] = name;
    step->connection = i;
    if (!(of->needs & VECTOR_NEEDS_REPLICA) && vector_is_on_replica(of, i))
        loading_error(self, loading_field(json, field),
                      "a connection to the replica is only for vectors that need \"replica\"");
}

/* --- steps that are no command --- */

/* The words are for who reads the vector; there is nothing to compare. */
static void fill_action(loading *self, vector_step *step, const char *name, const char *how,
                        const char *more) {
    arena *memory = &self->set->arena;
    vector_text *argv = arena_take_array(memory, 3, sizeof *argv);
    argv[0] = vector_text_of_bytes(memory, name, strlen(name));
    argv[1] = vector_text_of_bytes(memory, how, strlen(how));
    if (more != NULL) argv[2] = vector_text_of_bytes(memory, more, strlen(more));
    step->argc = more == NULL ? 2 : 3;
    step->argv = argv;
    expectation *reply = arena_take(memory, sizeof *reply);
    reply->kind = EXPECTATION_ANYTHING;
    step->outcome.reply = reply;
}

static void read_restart(loading *self, const cJSON *how, vector_step *step, const vector *of) {
    static const struct {
        const char *name;
        vector_action action;
    } kinds[] = {{"aof", VECTOR_RESTART_AOF},
                 {"rewritten", VECTOR_RESTART_REWRITTEN},
                 {"rdb", VECTOR_RESTART_RDB},
                 {"killed", VECTOR_RESTART_KILLED}};
    for (size_t i = 0; cJSON_IsString(how) && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(how->valuestring, kinds[i].name) == 0) step->action = kinds[i].action;
    if (step->action == VECTOR_COMMAND) {
        loading_expected(self, how, "how: \"aof\", \"rewritten\", \"rdb\" or \"killed\"");
        return;
    }
    if (!(of->needs & VECTOR_NEEDS_RESTART))
        loading_error(self, how, "a restart is only for vectors that need \"restart\"");
    fill_action(self, step, "restart", how->valuestring, NULL);
}

/* {"rate": "60"} */
static void read_rate(loading *self, const cJSON *clock, vector_step *step, const vector *of) {
    static const char *const known[] = {"rate", NULL};
    if (!loading_check_object(self, clock, known)) return;
    const cJSON *rate = loading_field(clock, "rate");
    step->action = VECTOR_RUN_CLOCK;
    if (!cJSON_IsString(rate) || !number_parse_digits(rate->valuestring, strlen(rate->valuestring),
                                                      VECTOR_RATE_MAX, &step->rate)) {
        loading_expected(self, rate == NULL ? clock : rate,
                         "how many times as fast as real time the wall clock runs, as a string of "
                         "digits up to 10^9 such as \"60\"; \"0\" stops it");
        return;
    }
    if (!(of->needs & VECTOR_NEEDS_CLOCK_RATE))
        loading_error(self, clock, "a running clock is only for vectors that need \"clock-rate\"");
    if (of->needs & VECTOR_NEEDS_REPLICA)
        loading_error(self, clock, "where there is a replica no clock runs");
    fill_action(self, step, "clock", "rate", rate->valuestring);
}

/* Whom a step is about: the replica, and nobody else. */
static bool names_replica(loading *self, const cJSON *whom, const vector *of) {
    if (!cJSON_IsString(whom) || strcmp(whom->valuestring, replica_name) != 0)
        return loading_expected(self, whom, "\"replica\"");
    if (!(of->needs & VECTOR_NEEDS_REPLICA))
        loading_error(self, whom, "there is a replica only in vectors that need \"replica\"");
    return true;
}

static void read_promotion(loading *self, const cJSON *whom, vector_step *step, const vector *of) {
    step->action = VECTOR_PROMOTE;
    if (names_replica(self, whom, of)) fill_action(self, step, "promote", replica_name, NULL);
}

static void read_resync(loading *self, const cJSON *whom, vector_step *step, const vector *of) {
    step->action = VECTOR_RESYNC;
    if (names_replica(self, whom, of)) fill_action(self, step, "resync", replica_name, NULL);
}

static void read_clock(loading *self, const cJSON *json, vector_step *step, const vector *of) {
    const cJSON *by = loading_field(json, "clock"), *whose = loading_field(json, "of");
    int64_t by_ms = 0;
    if (cJSON_IsObject(by)) {
        read_rate(self, by, step, of);
        return;
    }
    step->action = VECTOR_MOVE_CLOCK;
    if (!cJSON_IsString(by) || !number_parse(by->valuestring, strlen(by->valuestring), &by_ms) ||
        by_ms > NUMBER_EXACT_MAX || by_ms < -NUMBER_EXACT_MAX) {
        loading_expected(self, by,
                         "by how many milliseconds the wall clock is moved, as a string such as "
                         "\"1000\" or \"-1000\"; or at what rate it runs, {\"rate\": \"60\"}");
        return;
    }
    if (!(of->needs & VECTOR_NEEDS_VIRTUAL_CLOCK))
        loading_error(self, by, "moving the clock is only for vectors that need \"virtual-clock\"");
    bool is_replica = whose != NULL;
    if (is_replica && !names_replica(self, whose, of)) return;
    if (!is_replica) step->wall_ms += by_ms;
    step->replica_wall_ms += by_ms;
    fill_action(self, step, "clock", by->valuestring, is_replica ? replica_name : NULL);
}

/* A server that came up from its snapshot has not written its append-only file meanwhile. One that
 * ends and comes again would have to be followed anew: no vector does both. */
static void check_restarts(loading *self, const cJSON *list, const vector *of) {
    vector_action first = VECTOR_COMMAND;
    const cJSON *item = list->child;
    for (size_t i = 0; i < of->step_count; i++, item = item->next) {
        vector_action action = of->steps[i].action;
        if (!vector_action_restarts(action)) continue;
        if (first == VECTOR_COMMAND) first = action;
        if (of->needs & VECTOR_NEEDS_REPLICA)
            loading_error(self, item, "a vector that needs \"replica\" restarts nothing");
        if ((action == VECTOR_RESTART_RDB) != (first == VECTOR_RESTART_RDB))
            loading_error(self, item, "a vector restarts with \"rdb\" each time, or never");
    }
}

static void check_wall_clock(loading *self, const cJSON *json, const char *whose, int64_t at_ms,
                             int64_t *wall_ms) {
    if (*wall_ms <= NUMBER_EXACT_MAX && *wall_ms >= -VECTOR_PAST_MAX_MS) return;
    loading_error(self, json,
                  "the %s would show T0%+" PRId64 ": expected from 30 years before T0 to T0+2^53",
                  whose, *wall_ms);
    *wall_ms = at_ms;
}

static void check_wall_clocks(loading *self, const cJSON *json, vector_step *step,
                              const vector *of) {
    check_wall_clock(self, json, "wall clock", step->at_ms, &step->wall_ms);
    if (of->needs & VECTOR_NEEDS_REPLICA)
        check_wall_clock(self, json, "replica's wall clock", step->at_ms, &step->replica_wall_ms);
}

/* Where a running clock stands nobody knows exactly, so it is stopped before it is moved; and
 * while it runs its time has to be waited for. */
static void check_running_clock(loading *self, const cJSON *json, const vector_step *step,
                                const vector_step *previous) {
    if (previous->rate == 0) return;
    if (step->action == VECTOR_MOVE_CLOCK || vector_action_restarts(step->action))
        loading_error(self, json, "the clock runs: expected {\"clock\": {\"rate\": \"0\"}} before");
    int64_t wait_ms = (step->at_ms - previous->at_ms) / previous->rate;
    if (wait_ms > VECTOR_RUN_MAX_MS)
        loading_error(self, json,
                      "the clock would take %" PRId64
                      " ms of real time to get there: expected %d at most",
                      wait_ms, VECTOR_RUN_MAX_MS);
}

/* --- what the step must lead to --- */

static bool is_event_name(const char *name) {
    return strspn(name, "abcdefghijklmnopqrstuvwxyz_-") == strlen(name) && name[0] != '\0';
}

/* {"expired": "{k}"}, with "db" beside it where the database matters. */
static void read_event(loading *self, const cJSON *item, vector_event *event) {
    const cJSON *name = NULL;
    if (cJSON_IsObject(item))
        for (const cJSON *member = item->child; member != NULL; member = member->next)
            if (strcmp(member->string, "db") != 0) name = member;
    const cJSON *db = name == NULL ? NULL : loading_field(item, "db");
    if (name == NULL || !is_event_name(name->string) ||
        cJSON_GetArraySize(item) != (db == NULL ? 1 : 2)) {
        loading_expected(self, item,
                         "an event and its key, such as {\"expired\": \"{k}\"}, with "
                         "\"db\" beside it where the database matters");
        return;
    }
    event->name = arena_copy(&self->set->arena, name->string);
    loading_vector_text(self, name, &event->key);
    if (db == NULL) return;
    vector_text *database = arena_take(&self->set->arena, sizeof *database);
    if (!loading_vector_text(self, db, database)) return;
    if (database->count != 1 || database->pieces[0].kind != VECTOR_TEXT_DATABASE)
        loading_expected(self, db, "\"{db}\" or \"{db2}\"");
    event->database = database;
}

static void read_events(loading *self, const cJSON *json, vector_outcome *outcome, vector *of) {
    const cJSON *list = loading_field(json, "events");
    if (list == NULL) return;
    if (!cJSON_IsArray(list)) {
        loading_expected(self, list, "an array of events");
        return;
    }
    outcome->checks_events = of->has_events = true;
    outcome->event_count = (size_t)cJSON_GetArraySize(list);
    vector_event *events =
        arena_take_array(&self->set->arena, outcome->event_count, sizeof *events);
    outcome->events = events;
    for (const cJSON *item = list->child; item != NULL; item = item->next)
        read_event(self, item, events++);
}

static void read_outcome(loading *self, const cJSON *json, vector_outcome *outcome, vector *of) {
    const cJSON *reply = loading_field(json, "reply");
    if (reply != NULL) outcome->reply = loading_expectation(self, reply);
    if (outcome->reply != NULL) note_t0(of, expectation_t0(outcome->reply));
    read_events(self, json, outcome, of);
}

static void read_variant(loading *self, const cJSON *json, vector_variant *variant, vector *of) {
    static const char *const known[] = {"since", "until", "only", "reply", "events", NULL};
    if (!loading_check_object(self, json, known)) return;
    if (!loading_field(json, "since") && !loading_field(json, "until") &&
        !loading_field(json, "only"))
        loading_error(self, json, "expected for whom it varies: `since`, `until` or `only`");
    if (!loading_field(json, "reply") && !loading_field(json, "events"))
        loading_error(self, json, "expected what varies: `reply` or `events`");
    variant->scope = loading_scope(self, json);
    read_outcome(self, json, &variant->outcome, of);
}

static void read_variants(loading *self, const cJSON *json, vector_step *step, vector *of) {
    const cJSON *list = loading_list(self, json, "for", false);
    if (list == NULL) return;
    step->variant_count = (size_t)cJSON_GetArraySize(list);
    vector_variant *variants =
        arena_take_array(&self->set->arena, step->variant_count, sizeof *variants);
    step->variants = variants;
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        variants->outcome = step->outcome; /* what it does not vary stays */
        read_variant(self, item, variants++, of);
    }
}

static void read_outcomes(loading *self, const cJSON *json, vector_step *step, vector *of) {
    if (loading_field(json, "reply") == NULL)
        loading_error(self, json,
                      "expected a field \"reply\"; where any reply is right, write "
                      "{\"anything\": true}");
    read_outcome(self, json, &step->outcome, of);
    read_variants(self, json, step, of);
}

static void read_command(loading *self, const cJSON *json, vector_step *step, vector *of,
                         const char **connections) {
    read_connection(self, json, "on", step, of, connections);
    read_do(self, json, "do", step, of);
    read_outcomes(self, json, step, of);
}

/* Sent again and again until the reply turns. */
static void read_poll(loading *self, const cJSON *json, vector_step *step, vector *of,
                      const char **connections) {
    const cJSON *turns = loading_field(json, "turns"), *until = loading_field(json, "until");
    read_connection(self, json, "on", step, of, connections);
    read_do(self, json, "poll", step, of);
    step->turns_ms = step->at_ms + 1;
    if (turns == NULL) loading_error(self, json, "expected `turns`, when the reply turns");
    else if (!cJSON_IsString(turns) ||
             !number_parse_digits(turns->valuestring, strlen(turns->valuestring), NUMBER_EXACT_MAX,
                                  &step->turns_ms) ||
             step->turns_ms <= step->at_ms || step->turns_ms > step->at_ms + VECTOR_POLL_MAX_MS)
        loading_expected(self, turns,
                         "the millisecond at which the reply turns, as a string of digits: after "
                         "`at`, and at most a second");
    if (until == NULL) {
        loading_error(self, json, "expected `until`, the reply that ends the poll");
        return;
    }
    step->outcome.reply = loading_expectation(self, until);
    if (step->outcome.reply != NULL) note_t0(of, expectation_t0(step->outcome.reply));
    if (of->needs & (VECTOR_NEEDS_REPLICA | VECTOR_NEEDS_CLOCK_RATE))
        loading_error(self, json,
                      "a poll is not for vectors that need \"replica\" or \"clock-rate\"");
}

/* The reply of the command that is pending on a connection. */
static void read_await(loading *self, const cJSON *json, vector_step *step, vector *of,
                       const char **connections) {
    step->action = VECTOR_AWAIT;
    read_connection(self, json, "await", step, of, connections);
    vector_text *argv = arena_take_array(&self->set->arena, 1, sizeof *argv);
    argv[0] = vector_text_of_bytes(&self->set->arena, "await", strlen("await"));
    step->argc = 1;
    step->argv = argv;
    read_outcomes(self, json, step, of);
}

/* By every variant, or by none: what comes after depends on it. */
static void check_pending_everywhere(loading *self, const cJSON *item, const vector_step *step) {
    for (size_t i = 0; i < step->variant_count; i++) {
        const expectation *reply = step->variants[i].outcome.reply;
        if (reply != NULL && (reply->kind == EXPECTATION_PENDING) != vector_step_is_pending(step))
            loading_error(self, item, "a reply is pending on all servers, or on none");
    }
}

/* Nothing else can be done on a connection while its command waits. */
static void check_waits(loading *self, const cJSON *list, vector *into) {
    bool *waits = arena_take_array(&self->set->arena, into->connection_count + 1, sizeof *waits);
    const cJSON *item = list->child;
    const unsigned unfit = VECTOR_NEEDS_CLOCK_RATE | VECTOR_NEEDS_RESTART;
    for (size_t i = 0; i < into->step_count; i++, item = item->next) {
        const vector_step *step = &into->steps[i];
        bool is_await = step->action == VECTOR_AWAIT;
        if (!is_await && step->action != VECTOR_COMMAND) continue;
        check_pending_everywhere(self, item, step);
        if (is_await && !waits[step->connection])
            loading_error(self, item, "no reply is pending there");
        if (!is_await && waits[step->connection])
            loading_error(self, item,
                          "a reply is pending on this connection: expected an `await` before");
        waits[step->connection] = vector_step_is_pending(step);
        if (!waits[step->connection]) continue;
        into->needs |= VECTOR_NEEDS_BLOCKING;
        if (vector_step_polls(step) || (into->needs & unfit) != 0)
            loading_error(
                self, item,
                "no reply is left pending by a poll, or in vectors that need \"restart\" or "
                "\"clock-rate\"");
    }
}

/* The fields that a step may have, by the one that says what it does. */
static const char *const *step_fields(const cJSON *json) {
    static const char *const command_fields[] = {"at",     "on",    "do",      "reply", "events",
                                                 "for",    "about", "restart", "clock", "promote",
                                                 "resync", "poll",  "await",   NULL};
    static const char *const restart_fields[] = {"at", "restart", "about", NULL};
    static const char *const clock_fields[] = {"at", "clock", "of", "about", NULL};
    static const char *const promote_fields[] = {"at", "promote", "about", NULL};
    static const char *const resync_fields[] = {"at", "resync", "about", NULL};
    static const char *const await_fields[] = {"at",  "await", "reply", "events",
                                               "for", "about", NULL};
    static const char *const poll_fields[] = {"at", "on", "poll", "until", "turns", "about", NULL};
    if (loading_field(json, "restart") != NULL) return restart_fields;
    if (loading_field(json, "clock") != NULL) return clock_fields;
    if (loading_field(json, "promote") != NULL) return promote_fields;
    if (loading_field(json, "resync") != NULL) return resync_fields;
    if (loading_field(json, "poll") != NULL) return poll_fields;
    if (loading_field(json, "await") != NULL) return await_fields;
    return command_fields;
}

static void read_step(loading *self, const cJSON *json, vector_step *step, vector *of,
                      const char **connections, const vector_step *previous) {
    const cJSON *restart = loading_field(json, "restart"), *clock = loading_field(json, "clock");
    const cJSON *promote = loading_field(json, "promote"), *resync = loading_field(json, "resync");
    int64_t since_ms = vector_step_end_ms(previous), polled_ms = since_ms - previous->at_ms;
    step->at_ms = since_ms;
    step->wall_ms = previous->wall_ms + polled_ms;
    step->replica_wall_ms = previous->replica_wall_ms + polled_ms;
    step->rate = previous->rate;
    if (!loading_check_object(self, json, step_fields(json))) return;
    step->place = loading_place(self, json);
    loading_text(self, json, "about", false);
    read_at(self, json, step, since_ms);
    step->wall_ms += step->at_ms - since_ms;
    step->replica_wall_ms += step->at_ms - since_ms;
    if (restart != NULL) read_restart(self, restart, step, of);
    else if (clock != NULL) read_clock(self, json, step, of);
    else if (promote != NULL) read_promotion(self, promote, step, of);
    else if (resync != NULL) read_resync(self, resync, step, of);
    else if (loading_field(json, "poll") != NULL) read_poll(self, json, step, of, connections);
    else if (loading_field(json, "await") != NULL) read_await(self, json, step, of, connections);
    else read_command(self, json, step, of, connections);
    check_wall_clocks(self, json, step, of);
    check_running_clock(self, json, step, previous);
}

void loading_steps(loading *self, const cJSON *list, vector *into) {
    into->step_count = (size_t)cJSON_GetArraySize(list);
    vector_step *steps = arena_take_array(&self->set->arena, into->step_count, sizeof *steps);
    const char **connections =
        arena_take_array(&self->set->arena, into->step_count, sizeof *connections);
    into->steps = steps;
    into->connections = connections;
    static const vector_step beginning = {.at_ms = 0};
    size_t faults = self->faults;
    const vector_step *previous = &beginning;
    for (const cJSON *item = list->child; item != NULL; item = item->next, steps++) {
        read_step(self, item, steps, into, connections, previous);
        previous = steps;
    }
    into->length_ms = vector_step_end_ms(previous);
    check_restarts(self, list, into);
    if (self->faults == faults) check_waits(self, list, into);
}
