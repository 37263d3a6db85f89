#include "conformance/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "conformance/crew_inside.h"
#include "conformance/text.h"

enum {
    TICK_MS = 20,
    LOST_AFTER = 3,
    TAKING_US = 300, /* in one go, before replies and what is due are looked at again */
};

/* -- what is due ---------------------------------------------------------------------------- */

static void wake_at(crew *self, int64_t due_us) {
    struct itimerspec when = {.it_value = {due_us / 1000000, due_us % 1000000 * 1000}};
    if (when.it_value.tv_sec == 0 && when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1;
    timerfd_settime(self->alarm_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Those asleep stand in a heap by their moments. */
static void sift(crew *self, size_t place) {
    crew_hand **heap = self->asleep;
    while (place > 0 && heap[(place - 1) / 2]->due_us > heap[place]->due_us) {
        crew_hand *up = heap[place];
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
        heap[place] = up;
    }
    for (;;) {
        size_t least = place, left = 2 * place + 1;
        for (size_t i = left; i < left + 2 && i < self->asleep_count; i++)
            if (heap[i]->due_us < heap[least]->due_us) least = i;
        if (least == place) return;
        crew_hand *down = heap[place];
        heap[place] = heap[least];
        heap[least] = down;
        place = least;
    }
}

void crew_sleep(crew *self, crew_hand *hand, int64_t due_us) {
    hand->due_us = due_us;
    hand->is_asleep = true;
    self->asleep = memory_grown(self->asleep, self->asleep_count, sizeof(crew_hand *));
    self->asleep[self->asleep_count++] = hand;
    sift(self, self->asleep_count - 1);
    if (self->asleep[0] == hand) wake_at(self, due_us);
}

static crew_hand *take_first(crew *self) {
    crew_hand *first = self->asleep[0];
    self->asleep[0] = self->asleep[--self->asleep_count];
    if (self->asleep_count > 0) sift(self, 0);
    first->is_asleep = false;
    return first;
}

static bool is_interrupted(const crew *self) {
    return self->options.is_interrupted != NULL && *self->options.is_interrupted;
}

/* Sends all that is due, and sets the alarm for what comes next. */
static void run_due(crew *self) {
    bool woke = false;
    while (self->asleep_count > 0 && self->asleep[0]->due_us <= live_now_us()) {
        woke = true;
        crew_hand_work(self, take_first(self));
    }
    if (woke && self->asleep_count > 0) wake_at(self, self->asleep[0]->due_us);
}

/* -- taking on ------------------------------------------------------------------------------- */

/* True: there may be more, for another go. */
static bool take_on(crew *self) {
    crew_task task;
    bool is_silent;
    int64_t until_us = live_now_us() + TAKING_US;
    while (crew_next(self, &task, &is_silent)) {
        crew_hand *hand = crew_hand_new(self, &task);
        if (self->lost >= LOST_AFTER) {
            crew_hand_fail(self, hand, "was lost when others began, so this was not tried");
            continue;
        }
        crew_hand_begin(self, hand, is_silent);
        if (live_now_us() >= until_us) return true;
    }
    return false;
}

/* -- judging --------------------------------------------------------------------------------- */

/* One that is done can be judged when the clock was read after it, and is sound. */
static bool may_judge(crew *self, crew_hand *hand) {
    return hand->turn.error[0] != '\0' || crew_clock_covers(self, hand);
}

/* In a thread of its own. */
static void judge(uv_work_t *work) {
    crew *self = work->data;
    for (size_t i = 0; i < self->judging_count; i++) {
        crew_hand *hand = self->judging[i];
        hand->decided = self->options.decide(self->options.context, hand->number, &hand->turn);
    }
}

static void on_judged(uv_work_t *work, int status) {
    (void)status;
    crew *self = work->data;
    size_t count = self->judging_count;
    self->judging_count = 0;
    for (size_t i = 0; i < count; i++) {
        crew_hand *hand = self->judging[i];
        self->options.on_done(self->options.context, hand->number, &hand->turn, hand->decided);
        crew_hand_free(self, hand);
    }
    crew_look_around(self);
}

/* Hands the first of those that are done to the judge, unless he is at it. */
static void have_judged(crew *self) {
    if (self->judging_count > 0) return;
    size_t kept = 0;
    for (size_t i = 0; i < self->done_count; i++) {
        crew_hand *hand = self->done[i];
        bool goes = self->judging_count < CREW_JUDGED_AT_ONCE && may_judge(self, hand);
        if (goes) self->judging[self->judging_count++] = hand;
        else self->done[kept++] = hand;
    }
    self->done_count = kept;
    if (self->judging_count > 0) uv_queue_work(&self->loop, &self->judging_work, judge, on_judged);
}

/* Takes it out of those asleep, if it is one. */
static void wake_up(crew *self, const crew_hand *hand) {
    for (size_t i = 0; i < self->asleep_count; i++) {
        if (self->asleep[i] != hand) continue;
        self->asleep[i]->is_asleep = false;
        self->asleep[i] = self->asleep[--self->asleep_count];
        for (size_t at = self->asleep_count; at-- > 0;) sift(self, at);
        return;
    }
}

void crew_hand_break(crew *self, crew_hand *hand, const char *error) {
    wake_up(self, hand);
    for (size_t i = 0; i < self->waiting_count; i++)
        if (self->waiting[i] == hand) self->waiting[i] = self->waiting[--self->waiting_count];
    crew_hand_fail(self, hand, error);
}

static void on_idle(uv_idle_t *handle) {
    crew *self = handle->data;
    run_due(self);
    if (!take_on(self)) uv_idle_stop(handle);
}

/* After everything that may have changed something. */
void crew_look_around(crew *self) {
    run_due(self);
    crew_serve_waiting(self);
    have_judged(self);
    if (take_on(self)) uv_idle_start(&self->idle, on_idle);
    bool is_over = self->left == 0 || self->is_closing;
    if (is_over && self->hand_count == 0) uv_stop(&self->loop);
}

/* -- the loop -------------------------------------------------------------------------------- */

static void on_alarm(uv_poll_t *handle, int status, int events) {
    (void)status, (void)events;
    crew *self = handle->data;
    uint64_t times;
    if (read(self->alarm_fd, &times, sizeof times) > 0) crew_look_around(self);
}

/* Interrupted: what sleeps goes, what is in flight may come back, what is done is judged. */
static void give_up_sleepers(crew *self) {
    self->is_closing = true;
    while (self->asleep_count > 0) crew_hand_drop(self, take_first(self));
    crew_drop_waiting(self);
}

/* Nothing that is not decided can be: the reason is the clock's. */
static void accuse_clock(crew *self) {
    while (self->asleep_count > 0) crew_hand_fail(self, take_first(self), self->clock.fault);
    for (size_t i = 0; i < self->done_count; i++)
        if (self->done[i]->turn.error[0] == '\0')
            snprintf(self->done[i]->turn.error, TARGET_ERROR_SIZE, "%s", self->clock.fault);
    crew_task task;
    while (crew_take_any(self, &task))
        crew_hand_fail(self, crew_hand_new(self, &task), self->clock.fault);
}

static void on_tick(uv_timer_t *handle) {
    crew *self = handle->data;
    if (is_interrupted(self) && !self->is_closing) give_up_sleepers(self);
    if (self->clock.fault[0] != '\0') accuse_clock(self);
    crew_break_late_links(self);
    crew_await_late(self);
    crew_read_clock(self);
    crew_look_around(self);
}

bool crew_run(crew *self, const crew_task *tasks, size_t count) {
    crew_line_up(self, tasks, count);
    self->next_t0_us = self->next_poll_us = 0;
    if (count == 0 || is_interrupted(self)) return !is_interrupted(self);
    uv_timer_start(&self->tick, on_tick, 0, TICK_MS);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&self->tick);
    crew_forget_queues(self);
    return !is_interrupted(self);
}

crew *crew_new(const crew_options *options) {
    crew *self = memory_zeroed(1, sizeof *self);
    self->options = *options;
    if (self->options.jobs == 0) self->options.jobs = CREW_JOBS;
    uv_loop_init(&self->loop);
    uv_timer_init(&self->loop, &self->tick);
    uv_idle_init(&self->loop, &self->idle);
    self->alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    uv_poll_init(&self->loop, &self->alarm, self->alarm_fd);
    self->tick.data = self->idle.data = self->alarm.data = self->judging_work.data = self;
    uv_poll_start(&self->alarm, UV_READABLE, on_alarm);
    crew_give_back_databases(self);
    return self;
}

void crew_free(crew *self) {
    crew_finish_cleaning(self);
    crew_close_links(self);
    uv_close((uv_handle_t *)&self->tick, NULL);
    uv_close((uv_handle_t *)&self->idle, NULL);
    uv_close((uv_handle_t *)&self->alarm, NULL);
    uv_run(&self->loop, UV_RUN_DEFAULT);
    uv_loop_close(&self->loop);
    close(self->alarm_fd);
    free(self->asleep);
    free(self->done);
    free(self->waiting);
    free(self->working);
    free(self->links);
    free(self->idle_links);
    free(self);
}
