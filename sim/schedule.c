#include "sim/schedule.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[SIM_FAULT_KINDS] = {
    [SIM_FAULT_PARTITION] = "partition",
    [SIM_FAULT_LOSS] = "loss",
    [SIM_FAULT_SLOW] = "slow links",
    [SIM_FAULT_DOUBLES] = "doubles",
    [SIM_FAULT_PAUSE] = "server pause",
    [SIM_FAULT_CYCLE_STALL] = "stalled cycle",
    [SIM_FAULT_JUMP_AHEAD] = "clock ahead",
    [SIM_FAULT_JUMP_BACK] = "clock back",
    [SIM_FAULT_DRIFT] = "clock drift",
    [SIM_FAULT_STROBE] = "clock strobe",
    [SIM_FAULT_CLOCK_STALL] = "clock stall",
    [SIM_FAULT_CLIENT_CLOCK] = "client clock",
    [SIM_FAULT_SAVE] = "snapshot",
    [SIM_FAULT_RESTART] = "restart",
    [SIM_FAULT_CRASH] = "crash",
    [SIM_FAULT_PROMOTE] = "promotion",
    [SIM_FAULT_LOST] = "lost",
    [SIM_FAULT_LATE] = "late",
    [SIM_FAULT_TWICE] = "twice",
};

const char *sim_fault_name(sim_fault_kind kind) {
    return names[kind];
}

sim_fault_kind sim_fault_of_name(const char *name) {
    int kind = 0;
    while (kind < SIM_FAULT_KINDS && strcmp(names[kind], name) != 0) kind++;
    return (sim_fault_kind)kind;
}

/* ---- lists */

/* A list of `count` elements with room for one more. */
static void *grown(void *list, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity) return list;
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    list = realloc(list, *capacity * size);
    if (list == NULL) abort();
    return list;
}

void sim_schedule_free(sim_schedule *schedule) {
    free(schedule->faults);
    free(schedule->unsent);
    *schedule = (sim_schedule){0};
}

void sim_schedule_add(sim_schedule *schedule, sim_fault fault) {
    schedule->faults = grown(schedule->faults, schedule->count, &schedule->capacity, sizeof fault);
    schedule->faults[schedule->count++] = fault;
}

void sim_schedule_add_unsent(sim_schedule *schedule, uint32_t node, uint64_t number) {
    sim_message_name name = {.node = node, .number = number};
    schedule->unsent =
        grown(schedule->unsent, schedule->unsent_count, &schedule->unsent_capacity, sizeof name);
    schedule->unsent[schedule->unsent_count++] = name;
}

/* ---- order */

static int compare_numbers(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int compare_names(const void *left, const void *right) {
    const sim_message_name *a = left, *b = right;
    if (a->node != b->node) return compare_numbers(a->node, b->node);
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    if (a->attempt != b->attempt) return compare_numbers(a->attempt, b->attempt);
    return compare_numbers(a->way, b->way);
}

/* Faults of a time keep the order in which they began, which their kind must not change. */
static int compare_faults(const void *left, const void *right) {
    const sim_fault *a = left, *b = right;
    bool is_timed = a->kind < SIM_FAULT_TIMED, other_is = b->kind < SIM_FAULT_TIMED;
    if (is_timed != other_is) return is_timed ? -1 : 1;
    if (is_timed && a->at_us != b->at_us) return compare_numbers(a->at_us, b->at_us);
    int order = is_timed ? 0 : compare_names(&a->message, &b->message);
    if (order == 0) order = compare_numbers(a->kind, b->kind);
    if (order == 0) order = compare_numbers(a->node, b->node);
    if (order == 0) order = compare_numbers(a->for_us, b->for_us);
    return order != 0 ? order : compare_numbers(a->amount, b->amount);
}

void sim_schedule_order(sim_schedule *schedule) {
    if (schedule->count > 0)
        qsort(schedule->faults, schedule->count, sizeof *schedule->faults, compare_faults);
    if (schedule->unsent_count > 0)
        qsort(schedule->unsent, schedule->unsent_count, sizeof *schedule->unsent, compare_names);
}

size_t sim_schedule_timed(const sim_schedule *schedule) {
    size_t low = 0, high = schedule->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (schedule->faults[middle].kind < SIM_FAULT_TIMED) low = middle + 1;
        else high = middle;
    }
    return low;
}

const sim_fault *sim_schedule_find(const sim_schedule *schedule, sim_fault_kind kind,
                                   sim_message_name message) {
    size_t low = sim_schedule_timed(schedule), high = schedule->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const sim_fault *fault = &schedule->faults[middle];
        int order = compare_names(&fault->message, &message);
        if (order == 0) order = compare_numbers(fault->kind, kind);
        if (order == 0) return fault;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

bool sim_schedule_is_unsent(const sim_schedule *schedule, uint32_t node, uint64_t number) {
    sim_message_name name = {.node = node, .number = number};
    return schedule->unsent_count > 0 &&
           bsearch(&name, schedule->unsent, schedule->unsent_count, sizeof name, compare_names);
}

/* ---- on paper */

static void write_fault(const sim_fault *fault, FILE *out) {
    fprintf(out, "{\"fault\": \"%s\", \"node\": %" PRIu32, names[fault->kind], fault->node);
    if (fault->kind < SIM_FAULT_TIMED)
        fprintf(out, ", \"at_us\": \"%" PRId64 "\", \"for_us\": \"%" PRId64 "\"", fault->at_us,
                fault->for_us);
    else
        fprintf(out, ", \"message\": \"%" PRIu64 "\", \"attempt\": %d, \"way\": \"%s\"",
                fault->message.number, fault->message.attempt,
                fault->message.way == SIM_REQUEST ? "request" : "answer");
    if (fault->amount != 0) fprintf(out, ", \"amount\": \"%" PRId64 "\"", fault->amount);
    putc('}', out);
}

void sim_schedule_write(const sim_schedule *schedule, const sim_schedule *sent, FILE *out) {
    fputs("  \"faults\": [", out);
    for (size_t i = 0; i < schedule->count; i++) {
        fputs(i == 0 ? "\n    " : ",\n    ", out);
        write_fault(&schedule->faults[i], out);
    }
    fputs("],\n  \"sent\": [", out);
    for (size_t i = 0; i < sent->unsent_count; i++)
        fprintf(out, "%s\"%" PRIu32 ":%" PRIu64 "\"",
                i == 0       ? ""
                : i % 8 == 0 ? ",\n    "
                             : ", ",
                sent->unsent[i].node, sent->unsent[i].number);
    fputs("]\n", out);
}
