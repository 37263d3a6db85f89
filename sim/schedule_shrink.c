/* From the faults of a run that fails to the fewest and smallest with which it still does. */
#include <stdlib.h>
#include <string.h>

#include "sim/schedule.h"

struct shrinking {
    sim_schedule *best, *sent;
    sim_schedule draft;
    sim_schedule_fails *fails;
    void *context;
    size_t tries, tries_max;
};

static void copy(sim_schedule *to, const sim_schedule *from) {
    to->count = to->unsent_count = 0;
    for (size_t i = 0; i < from->count; i++) sim_schedule_add(to, from->faults[i]);
    for (size_t i = 0; i < from->unsent_count; i++)
        sim_schedule_add_unsent(to, from->unsent[i].node, from->unsent[i].number);
}

/* Keeps the draft when the run still fails with it. */
static bool keep(struct shrinking *s) {
    if (s->tries >= s->tries_max) return false;
    s->tries++;
    sim_schedule_order(&s->draft);
    if (!s->fails(s->context, &s->draft)) return false;
    sim_schedule old = *s->best;
    *s->best = s->draft;
    s->draft = old;
    return true;
}

/* ---- faults */

static bool remove_kind(struct shrinking *s, sim_fault_kind kind) {
    copy(&s->draft, s->best);
    size_t kept = 0;
    for (size_t i = 0; i < s->draft.count; i++)
        if (s->draft.faults[i].kind != kind) s->draft.faults[kept++] = s->draft.faults[i];
    bool is_fewer = kept < s->draft.count;
    s->draft.count = kept;
    return is_fewer && keep(s);
}

static bool remove_faults(struct shrinking *s) {
    bool smaller = false;
    for (int kind = 0; kind < SIM_FAULT_KINDS; kind++)
        smaller = remove_kind(s, (sim_fault_kind)kind) || smaller;
    for (size_t size = s->best->count; size > 0; size /= 2)
        for (size_t end = s->best->count; end > 0;) {
            size_t from = end > size ? end - size : 0;
            copy(&s->draft, s->best);
            memmove(&s->draft.faults[from], &s->draft.faults[end],
                    (s->draft.count - end) * sizeof *s->draft.faults);
            s->draft.count -= end - from;
            smaller = keep(s) || smaller;
            end = from < s->best->count ? from : s->best->count;
        }
    return smaller;
}

/* Halves a number of a fault as long as the run fails. */
static bool halve(struct shrinking *s, size_t index, int64_t *(*number)(sim_fault *fault)) {
    bool smaller = false;
    for (bool goes_on = true; goes_on && index < s->best->count;) {
        copy(&s->draft, s->best);
        int64_t *value = number(&s->draft.faults[index]);
        goes_on = *value > 1 || *value < -1;
        *value /= 2;
        goes_on = goes_on && keep(s);
        smaller = smaller || goes_on;
    }
    return smaller;
}

static int64_t *duration(sim_fault *fault) {
    return &fault->for_us;
}

static int64_t *amount(sim_fault *fault) {
    return &fault->amount;
}

static bool make_smaller(struct shrinking *s) {
    bool smaller = false;
    for (size_t i = 0; i < s->best->count; i++) {
        smaller = halve(s, i, duration) || smaller;
        smaller = halve(s, i, amount) || smaller;
    }
    return smaller;
}

/* ---- commands */

static bool is_in(const sim_schedule *schedule, sim_message_name name) {
    return sim_schedule_is_unsent(schedule, name.node, name.number);
}

/* Does not send the commands from..to of those that still are. */
static bool leave_out(struct shrinking *s, size_t from, size_t to) {
    copy(&s->draft, s->best);
    for (size_t i = from; i < to; i++)
        sim_schedule_add_unsent(&s->draft, s->sent->unsent[i].node, s->sent->unsent[i].number);
    return keep(s);
}

static bool remove_commands(struct shrinking *s) {
    bool smaller = false;
    for (size_t size = s->sent->unsent_count; size > 0; size /= 2)
        for (size_t end = s->sent->unsent_count; end > 0;) {
            size_t from = end > size ? end - size : 0;
            if (leave_out(s, from, end)) {
                smaller = true;
                size_t kept = 0;
                for (size_t i = 0; i < s->sent->unsent_count; i++)
                    if (!is_in(s->best, s->sent->unsent[i]))
                        s->sent->unsent[kept++] = s->sent->unsent[i];
                s->sent->unsent_count = kept;
            }
            end = from < s->sent->unsent_count ? from : s->sent->unsent_count;
        }
    return smaller;
}

size_t sim_schedule_shrink(sim_schedule *schedule, sim_schedule *sent, size_t tries_max,
                           sim_schedule_fails *fails, void *context) {
    struct shrinking s = {
        .best = schedule, .sent = sent, .fails = fails, .context = context, .tries_max = tries_max};
    sim_schedule_order(sent);
    for (bool smaller = true; smaller && s.tries < tries_max;) {
        smaller = remove_faults(&s);
        smaller = remove_commands(&s) || smaller;
        smaller = make_smaller(&s) || smaller;
    }
    sim_schedule_free(&s.draft);
    return s.tries;
}
