#include "sim/promise.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_MS 1000

void promise_watch_begin(promise_watch *watch, const scenario *script, const char *const *clients) {
    memset(watch, 0, sizeof *watch);
    watch->scenario = script;
    watch->clients = clients;
}

void promise_watch_end(promise_watch *watch) {
    for (size_t i = 0; i < SCENARIO_PROMISES; i++) free(watch->promises[i].notes);
}

static void broke(promise_watch *watch, const scenario_promise *promise, unsigned client,
                  const char *format, ...) __attribute__((__format__(__printf__, 4, 5)));

static void broke(promise_watch *watch, const scenario_promise *promise, unsigned client,
                  const char *format, ...) {
    if (watch->broken != NULL) return;
    va_list arguments;
    watch->broken = promise;
    watch->breaker = client;
    va_start(arguments, format);
    vsnprintf(watch->what, sizeof watch->what, format, arguments);
    va_end(arguments);
}

static double ms(int64_t us) {
    return (double)us / US_PER_MS;
}

/* ---- places */

void promise_enter(promise_watch *watch, size_t place, unsigned client, int64_t at_us) {
    const scenario *script = watch->scenario;
    if (watch->places[place][client].is_in) return;
    watch->places[place][client].is_in = true;
    watch->places[place][client].since_us = at_us;
    for (size_t i = 0; i < script->promise_count; i++) {
        const scenario_promise *promise = &script->promises[i];
        if (promise->kind != SCENARIO_NEVER_TOGETHER ||
            strcmp(promise->name, script->places[place]) != 0)
            continue;
        for (unsigned other = 0; other < SCENARIO_CLIENTS; other++)
            if (other != client && watch->places[place][other].is_in)
                broke(watch, promise, client,
                      "%s is in \"%s\" from %.3f ms on, and %s has been there since %.3f ms",
                      watch->clients[client], promise->name, ms(at_us), watch->clients[other],
                      ms(watch->places[place][other].since_us));
    }
}

void promise_leave(promise_watch *watch, size_t place, unsigned client) {
    watch->places[place][client].is_in = false;
}

/* ---- marks */

static void note_add(promise_watch *watch, size_t promise, const char *of, unsigned client,
                     int64_t at_us) {
    size_t count = watch->promises[promise].count;
    if (count == watch->promises[promise].capacity) {
        size_t capacity = count == 0 ? 16 : count * 2;
        promise_note *notes = realloc(watch->promises[promise].notes, capacity * sizeof *notes);
        if (notes == NULL) abort();
        watch->promises[promise].notes = notes;
        watch->promises[promise].capacity = capacity;
    }
    promise_note *note = &watch->promises[promise].notes[watch->promises[promise].count++];
    *note = (promise_note){.client = client, .at_us = at_us};
    snprintf(note->of, sizeof note->of, "%s", of);
}

/* What all notes of this name waited for has come. */
static void note_waits(promise_watch *watch, size_t promise, const char *of, int64_t at_us) {
    const promise_note *notes = watch->promises[promise].notes;
    for (size_t i = 0; i < watch->promises[promise].count; i++)
        if (strcmp(notes[i].of, of) == 0 && at_us - notes[i].at_us > watch->longest_us)
            watch->longest_us = at_us - notes[i].at_us;
}

/* Forgets the notes that are of this name (NULL: of any) or client, as `is_client` says. */
static void notes_drop(promise_watch *watch, size_t promise, const char *of, unsigned client) {
    promise_note *notes = watch->promises[promise].notes;
    size_t kept = 0;
    for (size_t i = 0; i < watch->promises[promise].count; i++) {
        bool goes = of != NULL ? strcmp(notes[i].of, of) == 0 : notes[i].client == client;
        if (!goes) notes[kept++] = notes[i];
    }
    watch->promises[promise].count = kept;
}

static void mark_at_most(promise_watch *watch, size_t index, unsigned client, int64_t at_us) {
    const scenario_promise *promise = &watch->scenario->promises[index];
    size_t most = (size_t)promise->count, count = watch->promises[index].count;
    const promise_note *notes = watch->promises[index].notes;
    if (count <= most || at_us - notes[count - 1 - most].at_us >= promise->within_ms * US_PER_MS)
        return;
    broke(watch, promise, client,
          "\"%s\" happened %zu times within %.3f ms, from %.3f ms on; %" PRId64 " times in %" PRId64
          " ms is the most",
          promise->name, most + 1, ms(at_us - notes[count - 1 - most].at_us),
          ms(notes[count - 1 - most].at_us), promise->count, promise->within_ms);
}

static void mark_once(promise_watch *watch, size_t index, const char *of, unsigned client,
                      int64_t at_us) {
    const scenario_promise *promise = &watch->scenario->promises[index];
    const promise_note *notes = watch->promises[index].notes;
    for (size_t i = 0; i + 1 < watch->promises[index].count; i++)
        if (strcmp(notes[i].of, of) == 0)
            broke(watch, promise, client,
                  "\"%s\" happened to %s at %.3f ms, by %s, and again at %.3f ms, by %s",
                  promise->name, of, ms(notes[i].at_us), watch->clients[notes[i].client], ms(at_us),
                  watch->clients[client]);
}

void promise_mark(promise_watch *watch, const char *name, const char *of, unsigned client,
                  int64_t at_us) {
    const scenario *script = watch->scenario;
    for (size_t i = 0; i < script->promise_count; i++) {
        const scenario_promise *promise = &script->promises[i];
        bool follows = promise->then != NULL && strcmp(promise->then, name) == 0;
        if (follows) note_waits(watch, i, of, at_us);
        if (follows) notes_drop(watch, i, of, client);
        if (strcmp(promise->name, name) != 0 || promise->kind == SCENARIO_NEVER_TOGETHER) continue;
        if (promise->kind == SCENARIO_NEVER) {
            broke(watch, promise, client, "\"%s\" happened to %s at %.3f ms", name,
                  of[0] == '\0' ? watch->clients[client] : of, ms(at_us));
            continue;
        }
        note_add(watch, i, of, client, at_us);
        if (promise->kind == SCENARIO_AT_MOST_WITHIN) mark_at_most(watch, i, client, at_us);
        if (promise->kind == SCENARIO_ONCE) mark_once(watch, i, of, client, at_us);
    }
}

void promise_client_gone(promise_watch *watch, unsigned client) {
    for (size_t place = 0; place < SCENARIO_PLACES; place++) promise_leave(watch, place, client);
    for (size_t i = 0; i < watch->scenario->promise_count; i++)
        if (watch->scenario->promises[i].kind == SCENARIO_LEADS_TO)
            notes_drop(watch, i, NULL, client);
}

void promise_finish(promise_watch *watch, int64_t cut_us) {
    char until[80] = "until all programs had ended";
    if (cut_us > 0)
        snprintf(until, sizeof until, "until %.3f ms, where the play is cut short", ms(cut_us));
    for (size_t i = 0; i < watch->scenario->promise_count; i++) {
        const scenario_promise *promise = &watch->scenario->promises[i];
        if (promise->kind != SCENARIO_LEADS_TO || watch->promises[i].count == 0) continue;
        const promise_note *note = &watch->promises[i].notes[0];
        if (watch->broken == NULL) watch->owed_us = note->at_us;
        broke(watch, promise, note->client,
              "\"%s\" happened to %s at %.3f ms, and \"%s\" never did %s", promise->name,
              note->of[0] == '\0' ? watch->clients[note->client] : note->of, ms(note->at_us),
              promise->then, until);
    }
}
