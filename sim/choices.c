#include "sim/choices.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[CHOICE_KINDS] = {
    "latency-to", "latency-back", "wait",     "lost-to",     "lost-back",
    "pause",      "crash",        "offset",   "drift",       "server-pause",
    "clock-jump", "lag",          "failover", "fewer-rounds"};

const char *choice_kind_name(choice_kind kind) {
    return names[kind];
}

bool choice_kind_is_fault(choice_kind kind) {
    return kind > CHOICE_WAIT && kind != CHOICE_LAG && kind != CHOICE_FEWER;
}

/* ---- lists */

void choice_list_add(choice_list *list, choice one) {
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->choices = realloc(list->choices, list->capacity * sizeof *list->choices);
        if (list->choices == NULL) abort();
    }
    list->choices[list->count++] = one;
}

static int compare(const void *left, const void *right) {
    const choice *a = left, *b = right;
    if (a->who != b->who) return a->who < b->who ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return a->nth < b->nth ? -1 : a->nth > b->nth;
}

void choice_list_sort(choice_list *list) {
    if (list->count > 1) qsort(list->choices, list->count, sizeof *list->choices, compare);
}

void choice_list_insert(choice_list *list, choice one) {
    choice_list_add(list, one);
    size_t at = list->count - 1;
    for (; at > 0 && compare(&list->choices[at - 1], &one) > 0; at--)
        list->choices[at] = list->choices[at - 1];
    list->choices[at] = one;
}

void choice_list_free(choice_list *list) {
    free(list->choices);
    *list = (choice_list){0};
}

/* ---- choosing */

/* Where a seed decides of some only, losses come once in three to seven in half of all plays: a
 * short play has to show what a long one shows seldom. */
enum { OFTEN = 3, SELDOM = 64 };

void choices_begin(choices *self, uint64_t seed, const choice_list *given, choice_list *taken) {
    memset(self, 0, sizeof *self);
    self->seed = seed;
    self->given = given;
    self->taken = taken;
    sim_random stream = sim_random_stream(seed, "rates", 0);
    for (int kind = 0; kind < CHOICE_KINDS; kind++)
        self->rates[kind] = UINT64_C(4) << sim_random_below(&stream, 8);
    for (size_t i = 0; given != NULL && i < given->count; i++) {
        const choice *one = &given->choices[given->count - 1 - i];
        self->cursor[one->who][one->kind] = given->count - 1 - i;
    }
}

/* Does the seed decide? */
static bool is_drawn(const choices *self, unsigned who) {
    return self->given == NULL || (self->redrawn >> who & 1) != 0;
}

static sim_random *stream_of(choices *self, unsigned who, choice_kind kind) {
    if (!self->is_ready[who][kind]) {
        self->is_ready[who][kind] = true;
        self->streams[who][kind] = sim_random_stream(self->seed, names[kind], who);
    }
    return &self->streams[who][kind];
}

/* What was given for this choice; nothing was: what is usual. */
static int64_t look_up(choices *self, unsigned who, choice_kind kind, uint32_t nth, int64_t usual) {
    const choice_list *given = self->given;
    for (size_t *at = &self->cursor[who][kind]; *at < given->count; (*at)++) {
        const choice *one = &given->choices[*at];
        if (one->who != who || one->kind != kind || one->nth > nth) return usual;
        if (one->nth == nth) return one->value;
    }
    return usual;
}

/* What is given stays within what the scenario allows here. */
static int64_t take(choices *self, unsigned who, choice_kind kind, int64_t drawn, int64_t usual,
                    int64_t low, int64_t high) {
    uint32_t nth = self->count[who][kind]++;
    int64_t value = usual;
    if (is_drawn(self, who)) value = drawn;
    else value = look_up(self, who, kind, nth, usual);
    if (value < low) value = low;
    if (value > high) value = high;
    if (value != usual && self->taken != NULL)
        choice_list_add(self->taken, (choice){nth, (uint8_t)who, (uint8_t)kind, value});
    return value;
}

/* Half of all near the low end, a quarter at the high one. */
static int64_t draw_between(sim_random *stream, int64_t low, int64_t high) {
    uint64_t shape = sim_random_below(stream, 8);
    int64_t drawn = sim_random_between(stream, low, high);
    if (shape < 2) return high;
    if (shape < 4) return low + (drawn - low) / 16;
    if (shape < 6) return low + (drawn - low) / 256;
    return drawn;
}

int64_t choices_span(choices *self, unsigned who, choice_kind kind, int64_t low, int64_t high) {
    int64_t drawn = low;
    if (is_drawn(self, who) && high > low)
        drawn = draw_between(stream_of(self, who, kind), low, high);
    return take(self, who, kind, drawn, low, low, high);
}

int64_t choices_fault(choices *self, unsigned who, choice_kind kind, int64_t low, int64_t high) {
    if (low == 0 && high == 0) return 0;
    int64_t drawn = 0;
    if (is_drawn(self, who)) {
        sim_random *stream = stream_of(self, who, kind);
        bool comes = sim_random_chance(stream, 1, self->rates[kind]);
        bool is_back = low < 0 && (high == 0 || sim_random_chance(stream, 1, 2));
        int64_t far = draw_between(stream, 1, is_back ? -low : high);
        if (comes) drawn = is_back ? -far : far;
    }
    return take(self, who, kind, drawn, 0, low, high);
}

bool choices_chance(choices *self, unsigned who, choice_kind kind, int64_t per_1000) {
    if (per_1000 == 0) return false;
    uint64_t times = (uint64_t)per_1000, of = 1000;
    if (self->given != NULL && self->rates[kind] < SELDOM)
        times = 1, of = OFTEN + self->rates[kind] / 8;
    bool comes = is_drawn(self, who) && sim_random_chance(stream_of(self, who, kind), times, of);
    return take(self, who, kind, comes, 0, 0, 1) != 0;
}

int64_t choices_given(choices *self, unsigned who, choice_kind kind, int64_t high) {
    return take(self, who, kind, 0, 0, 0, high);
}
