#include "conformance/squad.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "conformance/text.h"

typedef struct squad {
    const squad_options *options;
    const size_t *places;
    size_t count;
    pthread_mutex_t lock; /* of what follows, and around `keep` */
    size_t next;
    bool interrupted;
} squad;

/* False: there is nothing more to do. */
static bool take_place(squad *self, size_t *place) {
    const volatile sig_atomic_t *is_interrupted = self->options->is_interrupted;
    pthread_mutex_lock(&self->lock);
    if (is_interrupted != NULL && *is_interrupted && self->next < self->count)
        self->interrupted = true;
    bool taken = self->next < self->count && !self->interrupted;
    if (taken) *place = self->places[self->next++];
    pthread_mutex_unlock(&self->lock);
    return taken;
}

static void keep(squad *self, size_t place, squad_end end, const result_vector *result) {
    pthread_mutex_lock(&self->lock);
    if (end == SQUAD_INTERRUPTED) self->interrupted = true;
    else self->options->keep(self->options->context, place, result);
    pthread_mutex_unlock(&self->lock);
}

static void run_member(squad *self, target *on) {
    const squad_options *options = self->options;
    size_t place, lost = 0;
    while (lost < SQUAD_LOST_AFTER && take_place(self, &place)) {
        result_vector result;
        squad_end end = options->run(options->context, on, place, &result);
        lost = end == SQUAD_NEVER_BEGAN ? lost + 1 : 0;
        keep(self, place, end, &result);
    }
}

static void *begin_member(void *context) {
    squad *self = context;
    char ignored[TARGET_ERROR_SIZE];
    target *first = self->options->target, *on = first->another(first, ignored);
    if (on != NULL) run_member(self, on);
    target_close(on);
    return NULL;
}

static size_t member_count(const squad *self) {
    size_t jobs = self->options->jobs, count = jobs;
    if (self->options->target->another == NULL) return 1;
    if (jobs == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        jobs = processors < 1 ? 1 : (size_t)processors;
        count = 1 + self->count / SQUAD_WORTH;
    }
    if (count > jobs) count = jobs;
    return count > self->count ? self->count : count;
}

size_t squad_run(const squad_options *options, const size_t *places, size_t count,
                 bool *interrupted) {
    squad self = {.options = options, .places = places, .count = count};
    pthread_mutex_init(&self.lock, NULL);
    size_t members = member_count(&self), started = 1;
    pthread_t *threads = memory_zeroed(members + 1, sizeof *threads);
    while (started < members && pthread_create(&threads[started], NULL, begin_member, &self) == 0)
        started++;
    run_member(&self, options->target);
    for (size_t i = 1; i < started; i++) pthread_join(threads[i], NULL);
    free(threads);
    pthread_mutex_destroy(&self.lock);
    *interrupted = self.interrupted;
    return self.next;
}
