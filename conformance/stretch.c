#include "conformance/stretch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/attempt.h"
#include "conformance/attempt_inside.h"
#include "conformance/known_commands.h"
#include "conformance/number.h"
#include "conformance/text.h"

/* Longer than any vector waits: such a number is there to be refused, or to overflow. */
#define DURATION_MAX INT64_C(1000000000000)

typedef struct stretching {
    const ttl_dialect *spec;
    int64_t times;
    arena *memory;
} stretching;

/* -- arguments ------------------------------------------------------------------------------- */

static ttl_bytes words_of(const vector_text *text) {
    bool is_plain = text->count == 1 && text->pieces[0].kind == VECTOR_TEXT_BYTES;
    return is_plain ? text->pieces[0].bytes : (ttl_bytes){"", 0};
}

static bool is_any_word(ttl_bytes word, const char *const *words) {
    for (; *words != NULL; words++)
        if (ttl_bytes_is_word(word, *words)) return true;
    return false;
}

/* Is the argument at this place a time? */
static bool is_time(const vector_step *step, size_t place) {
    static const char *const second[] = {"EXPIRE",  "PEXPIRE", "EXPIREAT", "PEXPIREAT",
                                         "RESTORE", "SETEX",   "PSETEX",   NULL};
    static const char *const optional[] = {"SET", "GETEX", NULL};
    static const char *const options[] = {"EX", "PX", "EXAT", "PXAT", NULL};
    ttl_bytes name = words_of(&step->argv[0]);
    if (is_any_word(name, second)) return place == 2;
    return is_any_word(name, optional) && place >= 3 &&
           is_any_word(words_of(&step->argv[place - 1]), options);
}

static bool is_absolute(const vector_step *step, size_t place) {
    static const char *const absolute[] = {"EXPIREAT", "PEXPIREAT", "EXAT", "PXAT", NULL};
    if (is_any_word(words_of(&step->argv[0]), absolute)) return true;
    return is_any_word(words_of(&step->argv[place - 1]), absolute);
}

/* A number that is written otherwise is there to be refused. */
static bool is_duration(ttl_bytes word, int64_t *number) {
    return number_parse(word.data, word.length, number) && *number > 0 && *number <= DURATION_MAX;
}

static vector_text stretch_text(const stretching *self, const vector_text *text, bool is_number) {
    vector_text_piece *pieces = arena_take_array(self->memory, text->count, sizeof *pieces);
    for (size_t i = 0; i < text->count; i++) {
        vector_text_piece *piece = &pieces[i];
        *piece = text->pieces[i];
        bool is_t0 = piece->kind == VECTOR_TEXT_T0_MS || piece->kind == VECTOR_TEXT_T0_S;
        int64_t number;
        if (is_t0 && piece->number > -DURATION_MAX && piece->number < DURATION_MAX)
            piece->number *= self->times;
        if (is_number && is_duration(words_of(text), &number))
            piece->bytes =
                ttl_bytes_of(arena_format(self->memory, "%" PRId64, number * self->times));
    }
    return (vector_text){text->count, pieces};
}

static void stretch_arguments(const stretching *self, vector_step *step) {
    vector_text *argv = arena_take_array(self->memory, step->argc, sizeof *argv);
    for (size_t i = 0; i < step->argc; i++) {
        bool is_number = i > 0 && is_time(step, i) && !is_absolute(step, i);
        argv[i] = stretch_text(self, &step->argv[i], is_number);
    }
    step->argv = argv;
}

/* -- replies --------------------------------------------------------------------------------- */

static expectation stretch_reply(const stretching *self, const expectation *from,
                                 bool is_time_told) {
    expectation to = *from;
    bool is_integer = from->kind == EXPECTATION_INTEGER;
    bool counts = from->base != EXPECTATION_FROM_ZERO || (is_time_told && from->low > 0);
    if (is_integer && counts && from->low > -DURATION_MAX && from->low < DURATION_MAX)
        to.low = to.high = from->low * self->times;
    to.text = stretch_text(self, &from->text, false);
    expectation *children = arena_take_array(self->memory, from->count, sizeof *children);
    for (size_t i = 0; i < from->count; i++)
        children[i] = stretch_reply(self, &from->children[i], is_time_told);
    to.children = children;
    return to;
}

static bool tells_time(const vector_step *step) {
    const known_command *known = known_command_find(words_of(&step->argv[0]).data);
    return known != NULL && known->answers_a_time;
}

/* What EXEC answers is what the steps that its connection queued are answered. */
static expectation stretch_block(const stretching *self, const vector *what, size_t exec,
                                 const expectation *from) {
    expectation to = *from;
    expectation *children = arena_take_array(self->memory, from->count, sizeof *children);
    size_t count = from->count;
    for (size_t i = exec; i-- > 0 && count > 0;) {
        const vector_step *step = &what->steps[i];
        if (step->connection != what->steps[exec].connection) continue;
        if (ttl_bytes_is_word(words_of(&step->argv[0]), "MULTI")) break;
        count--;
        children[count] = stretch_reply(self, &from->children[count], tells_time(step));
    }
    while (count-- > 0) children[count] = stretch_reply(self, &from->children[count], false);
    to.children = children;
    return to;
}

static const expectation *stretch_expected(const stretching *self, const vector *what, size_t step,
                                           const expectation *from) {
    if (from == NULL) return NULL;
    const vector_step *of = &what->steps[step];
    expectation *to = arena_take(self->memory, sizeof *to);
    bool is_block =
        ttl_bytes_is_word(words_of(&of->argv[0]), "EXEC") && from->kind == EXPECTATION_ARRAY;
    *to = is_block ? stretch_block(self, what, step, from)
                   : stretch_reply(self, from, tells_time(of));
    return to;
}

/* -- the vector ------------------------------------------------------------------------------ */

static vector *stretch_vector(const stretching *self, const vector *what) {
    vector *longer = arena_take(self->memory, sizeof *longer);
    vector_step *steps = arena_take_array(self->memory, what->step_count, sizeof *steps);
    *longer = *what;
    longer->steps = steps;
    longer->length_ms = what->length_ms * self->times;
    for (size_t i = 0; i < what->step_count; i++) {
        vector_step *step = &steps[i];
        *step = what->steps[i];
        step->at_ms *= self->times;
        step->wall_ms *= self->times;
        /* Only what holds for this dialect is needed. */
        step->outcome = *vector_step_outcome(step, self->spec);
        step->variant_count = 0;
        step->outcome.reply = stretch_expected(self, what, i, step->outcome.reply);
        stretch_arguments(self, step);
    }
    return longer;
}

/* Does the reference follow it in every step, when those of one moment come `by_ms` later? */
static bool is_followed(const vector *what, const ttl_dialect *spec, int64_t moment_ms,
                        int64_t by_ms) {
    attempt given = {.vector = what, .spec = spec};
    int64_t *at_us = memory_zeroed(what->step_count, sizeof *at_us), last_us = 0;
    for (size_t i = 0; i < what->step_count; i++) {
        int64_t at_ms = what->steps[i].at_ms;
        int64_t us = (at_ms + (at_ms == moment_ms ? by_ms : 0)) * 1000;
        if (us > last_us) last_us = us;
        at_us[i] = last_us;
    }
    bool *agrees = attempt_reference(&given, at_us), all = true;
    for (size_t i = 0; i < what->step_count; i++) all = all && agrees[i];
    free(agrees);
    free(at_us);
    return all;
}

static bool is_about_a_millisecond(const vector *what, const ttl_dialect *spec) {
    int64_t last_ms = 0;
    for (size_t i = 0; i < what->step_count; i++) {
        int64_t at_ms = what->steps[i].at_ms;
        if (at_ms == last_ms) continue;
        last_ms = at_ms;
        if (!is_followed(what, spec, at_ms, STRETCH_LEEWAY_MS) ||
            !is_followed(what, spec, at_ms, -STRETCH_LEEWAY_MS))
            return true;
    }
    return false;
}

const vector *vector_stretched(const vector *what, const ttl_dialect *spec, int times,
                               arena *memory) {
    if (what->length_ms == 0 || what->length_ms * times > STRETCH_LENGTH_MAX_MS) return NULL;
    for (size_t i = 0; i < what->step_count; i++)
        if (what->steps[i].action != VECTOR_COMMAND || vector_step_polls(&what->steps[i]))
            return NULL;
    if (!is_followed(what, spec, 0, 0) || is_about_a_millisecond(what, spec)) return NULL;
    const stretching self = {spec, times, memory};
    const vector *longer = stretch_vector(&self, what);
    return is_followed(longer, spec, 0, 0) ? longer : NULL;
}
