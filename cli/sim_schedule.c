#include "cli/sim_schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/loading.h"
#include "conformance/number.h"

enum { TRIES_MAX = 1500 };

/* ---- the least world */

struct trial {
    const sim_arguments *arguments;
    uint64_t seed;
    sim_law law;
};

/* Runs the world with a schedule; its law, and what it sent (may be NULL). */
static sim_law run_with(const struct trial *trial, const sim_schedule *schedule,
                        sim_schedule *decided, sim_schedule *sent) {
    planted fault;
    sim_world_options options = {.seed = trial->seed,
                                 .commands = trial->arguments->commands,
                                 .hooks = sim_plant(trial->arguments, &fault),
                                 .dialect = trial->arguments->dialect,
                                 .schedule = schedule,
                                 .decided = decided};
    sim_world *world = sim_world_new(&options);
    while (sim_world_step(world)) continue;
    sim_law law = sim_world_tell(world).law;
    if (sent != NULL) sim_world_list_sent(world, sent);
    sim_world_free(world);
    return law;
}

static bool still_fails(void *context, const sim_schedule *schedule) {
    const struct trial *trial = context;
    return run_with(trial, schedule, NULL, NULL) == trial->law;
}

static bool write_world(const struct trial *trial, const sim_schedule *schedule,
                        const sim_schedule *sent, const char *path) {
    const sim_arguments *arguments = trial->arguments;
    FILE *out = fopen(path, "w");
    if (out != NULL) {
        fprintf(out,
                "{\n  \"world\": \"1\",\n  \"seed\": \"%" PRIu64 "\",\n  \"commands\": \"%" PRIu64
                "\",\n",
                trial->seed, arguments->commands);
        if (arguments->dialect != NULL) fprintf(out, "  \"spec\": \"%s\",\n", arguments->dialect);
        if (arguments->plant != NULL)
            fprintf(out, "  \"plant\": \"%s\",\n", arguments->plant->name);
        sim_schedule_write(schedule, sent, out);
        fputs("}\n", out);
    }
    bool is_whole = out != NULL && !ferror(out);
    if (out != NULL && fclose(out) != 0) is_whole = false;
    if (!is_whole) cli_complain("sim", "%s cannot be written: %s", path, strerror(errno));
    return is_whole;
}

bool sim_schedule_save(const sim_arguments *arguments, uint64_t seed, sim_law law, const char *path,
                       size_t *faults, size_t *commands) {
    struct trial trial = {arguments, seed, law};
    sim_schedule schedule = {0}, sent = {0};
    (void)run_with(&trial, NULL, &schedule, &sent);
    sim_schedule_order(&schedule);
    sim_schedule_shrink(&schedule, &sent, TRIES_MAX, still_fails, &trial);
    *faults = schedule.count;
    *commands = sent.unsent_count;
    bool done = write_world(&trial, &schedule, &sent, path);
    sim_schedule_free(&schedule);
    sim_schedule_free(&sent);
    return done;
}

/* ---- reading */

bool sim_schedule_is_file(const char *path) {
    problem_list problems = {0};
    json_document document;
    bool is_one = false;
    if (json_read_file(&document, path, &problems)) {
        is_one = loading_field(document.root, "world") != NULL;
        json_free(&document);
    }
    problem_list_free(&problems);
    return is_one;
}

/* A number as a string of digits, maybe with a minus. False: told. */
static bool read_number(loading *self, const cJSON *object, const char *name, int64_t least,
                        int64_t *number) {
    const cJSON *item = loading_field(object, name);
    bool is_one = cJSON_IsString(item) &&
                  number_parse(item->valuestring, strlen(item->valuestring), number) &&
                  *number >= least;
    if (is_one) return true;
    if (item == NULL) loading_error(self, object, "expected a field \"%s\"", name);
    else
        loading_expected(self, item,
                         least > 0 ? "a whole number from 1, as a string"
                                   : "a whole number, as a string");
    return false;
}

static bool read_seed(loading *self, const cJSON *root, uint64_t *seed) {
    const cJSON *item = loading_field(root, "seed");
    char *end = NULL;
    errno = 0;
    if (cJSON_IsString(item)) *seed = strtoull(item->valuestring, &end, 10);
    bool is_one = end != NULL && end != item->valuestring && *end == '\0' && errno == 0 &&
                  *item->valuestring >= '0' && *item->valuestring <= '9';
    if (!is_one && item != NULL) loading_expected(self, item, "a seed, as a string of digits");
    if (item == NULL) loading_error(self, root, "expected a field \"seed\"");
    return is_one;
}

static void read_message(loading *self, const cJSON *item, sim_fault *fault) {
    int64_t number = 0;
    const cJSON *attempt = loading_field(item, "attempt"), *way = loading_field(item, "way");
    (void)read_number(self, item, "message", 1, &number);
    bool is_answer = cJSON_IsString(way) && strcmp(way->valuestring, "answer") == 0;
    bool is_request = cJSON_IsString(way) && strcmp(way->valuestring, "request") == 0;
    if (!is_answer && !is_request)
        loading_expected(self, way == NULL ? item : way, "a way, request or answer");
    if (!cJSON_IsNumber(attempt) || attempt->valuedouble < 0 || attempt->valuedouble > UINT8_MAX)
        loading_expected(self, attempt == NULL ? item : attempt, "an attempt, 0 to 255");
    else fault->message.attempt = (uint8_t)attempt->valuedouble;
    fault->message.number = (uint64_t)number;
    fault->message.node = fault->node;
    fault->message.way = is_answer ? SIM_ANSWER : SIM_REQUEST;
}

static void read_fault(loading *self, const cJSON *item, sim_schedule *schedule) {
    static const char *const known[] = {"fault",   "node",    "at_us", "for_us", "amount",
                                        "message", "attempt", "way",   NULL};
    if (!loading_check_object(self, item, known)) return;
    const cJSON *kind = loading_field(item, "fault"), *node = loading_field(item, "node");
    sim_fault fault = {.kind = SIM_FAULT_KINDS};
    if (cJSON_IsString(kind)) fault.kind = sim_fault_of_name(kind->valuestring);
    if (fault.kind == SIM_FAULT_KINDS) {
        loading_expected(self, kind == NULL ? item : kind, "the name of a fault");
        return;
    }
    if (!cJSON_IsNumber(node) || node->valuedouble < 0 || node->valuedouble > 63)
        loading_expected(self, node == NULL ? item : node, "a node, 0 to 63");
    else fault.node = (uint32_t)node->valuedouble;
    if (fault.kind >= SIM_FAULT_TIMED) {
        read_message(self, item, &fault);
    } else {
        (void)read_number(self, item, "at_us", 0, &fault.at_us);
        (void)read_number(self, item, "for_us", 0, &fault.for_us);
    }
    if (loading_field(item, "amount") != NULL)
        (void)read_number(self, item, "amount", INT64_MIN, &fault.amount);
    sim_schedule_add(schedule, fault);
}

/* "0:17": a client and the number of its command. */
static void read_sent(loading *self, const cJSON *item, sim_schedule *sent) {
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    const char *colon = strchr(text, ':');
    int64_t node, number;
    bool is_one = colon != NULL && number_parse_digits(text, (size_t)(colon - text), 63, &node) &&
                  number_parse_digits(colon + 1, strlen(colon + 1), INT64_MAX, &number);
    if (is_one) sim_schedule_add_unsent(sent, (uint32_t)node, (uint64_t)number);
    else loading_expected(self, item, "a client and the number of its command, as \"0:17\"");
}

static void read_world(loading *self, const cJSON *root, sim_arguments *arguments,
                       sim_schedule *schedule, sim_schedule *sent) {
    static const char *const known[] = {"world", "seed",   "commands", "plant",
                                        "spec",  "faults", "sent",     NULL};
    int64_t commands = 1;
    if (!loading_check_object(self, root, known)) return;
    (void)read_seed(self, root, &arguments->seed);
    if (read_number(self, root, "commands", 1, &commands)) arguments->commands = (uint64_t)commands;
    const cJSON *plant = loading_field(root, "plant"), *item;
    if (plant != NULL && cJSON_IsString(plant))
        arguments->plant = sim_find_planted(plant->valuestring);
    if (plant != NULL && arguments->plant == NULL)
        loading_expected(self, plant, "the name of a planted fault");
    const cJSON *spec = loading_field(root, "spec");
    if (spec != NULL && cJSON_IsString(spec)) {
        uint8_t dialect = sim_dialect_of_name(spec->valuestring);
        if (dialect < SIM_DIALECTS) arguments->dialect = sim_dialects[dialect];
    }
    if (spec != NULL && arguments->dialect == NULL)
        loading_expected(self, spec, "a dialect of worlds");
    cJSON_ArrayForEach(item, loading_field(root, "faults")) read_fault(self, item, schedule);
    cJSON_ArrayForEach(item, loading_field(root, "sent")) read_sent(self, item, sent);
}

/* All that the world would send, but what is named. */
static void invert(const sim_arguments *arguments, sim_schedule *schedule, sim_schedule *sent) {
    struct trial trial = {.arguments = arguments, .seed = arguments->seed};
    sim_schedule calm = {0}, all = {0};
    (void)run_with(&trial, &calm, NULL, &all);
    sim_schedule_order(sent);
    for (size_t i = 0; i < all.unsent_count; i++)
        if (!sim_schedule_is_unsent(sent, all.unsent[i].node, all.unsent[i].number))
            sim_schedule_add_unsent(schedule, all.unsent[i].node, all.unsent[i].number);
    sim_schedule_free(&all);
}

bool sim_schedule_load(const char *path, sim_arguments *arguments, sim_schedule *schedule) {
    problem_list problems = {0};
    json_document document;
    vector_set set = {0};
    sim_schedule sent = {0};
    if (json_read_file(&document, path, &problems)) {
        loading self = {.set = &set, .problems = &problems, .document = &document};
        read_world(&self, document.root, arguments, schedule, &sent);
        json_free(&document);
    }
    bool is_fine = problems.count == 0;
    for (size_t i = 0; i < problems.count; i++) {
        problem_print(&problems.problems[i], stderr);
        fputc('\n', stderr);
    }
    if (is_fine) {
        invert(arguments, schedule, &sent);
        sim_schedule_order(schedule);
        arguments->schedule = schedule;
    }
    vector_set_free(&set);
    problem_list_free(&problems);
    sim_schedule_free(&sent);
    return is_fine;
}
