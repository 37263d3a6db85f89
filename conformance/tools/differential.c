/* Two sides execute the same random scripts at the same virtual milliseconds; every distinct
 * difference is made as short as it gets and printed, grouped by command.
 *
 *      differential [--seed N] [--scripts N] [--seconds N] [--only COMMAND] REFERENCE TARGET
 *
 * A side is `engine:DIALECT` or the program of a real server, which is started under the virtual
 * clock, its active expiry off. A server against itself must show no difference: that tests the
 * check. The same seed makes the same scripts.
 *
 * A difference is a class: the command, its option words, and the shapes of both answers. Only the
 * first difference of a script counts, what follows may follow from it. A difference that does not
 * come again when the script is run again is not the script's doing, and is only counted; so is a
 * script that the reference itself does not survive.
 *
 * Exit status: 0 no difference, 1 differences, 2 the command line, 3 a side could not be used.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conformance/tools/script.h"
#include "conformance/tools/side.h"

enum { CLASS_SIZE = 320, CLASSES_MAX = 4096, RERUNS = 2 };

typedef struct diff_found {
    char class[CLASS_SIZE]; /* of the script as it was made */
    char
        shortest[CLASS_SIZE]; /* and when it had been made short: those of one kind are told once */
    unsigned count;
    char *report;
} diff_found;

typedef struct diff_check {
    diff_generator generator;
    uint64_t seed;
    long scripts, seconds;
    const char *names[2];
    diff_side sides[2];
    diff_found differences[CLASSES_MAX];
    size_t difference_count;
    unsigned long run, steps, unsteady, deaths;
} diff_check;

/* ---- what differs ---- */

static ttl_bytes answer_reply(const diff_side *side, size_t step) {
    const diff_answer *answer = &side->answers[step];
    return (ttl_bytes){side->bytes.data + answer->reply, answer->reply_length};
}

static ttl_bytes answer_events(const diff_side *side, size_t step) {
    const diff_answer *answer = &side->answers[step];
    return (ttl_bytes){side->bytes.data + answer->events, answer->events_length};
}

/* The first step that the sides answer differently; SCRIPT_STEPS_MAX: none. What comes after a
 * RANDOMKEY depends on the dead keys that it met. */
static size_t first_difference(const diff_check *check, const diff_script *script) {
    const diff_side *a = &check->sides[0], *b = &check->sides[1];
    for (size_t i = 0; i < script->count; i++) {
        if (i >= a->answered) return SCRIPT_STEPS_MAX;
        if (i >= b->answered) return i;
        if (!ttl_bytes_equal(answer_reply(a, i), answer_reply(b, i))) return i;
        if (step_order(script, &script->steps[i]) == ORDER_TYPE_ONLY) return SCRIPT_STEPS_MAX;
        if (!ttl_bytes_equal(answer_events(a, i), answer_events(b, i))) return i;
    }
    return SCRIPT_STEPS_MAX;
}

static size_t run_both(diff_check *check, const diff_script *script) {
    for (int i = 0; i < 2; i++) side_run(&check->sides[i], script);
    check->steps += script->count;
    return first_difference(check, script);
}

/* ---- its class ---- */

typedef struct diff_text {
    char *data;
    size_t size, length;
} diff_text;

static void text_add(diff_text *text, const char *data, size_t length) {
    for (size_t i = 0; i < length && text->length + 1 < text->size; i++) {
        text->data[text->length++] = data[i];
    }
    text->data[text->length] = 0;
}

static void text_say(diff_text *text, const char *words) {
    text_add(text, words, strlen(words));
}

/* The shape of an answer: an error's words without what it quotes, small integers as they are,
 * of the rest the type. */
static void shape_add(diff_text *text, ttl_bytes reply) {
    if (reply.length == 0) {
        text_say(text, "nothing");
        return;
    }
    size_t line = reply.length < 2 ? reply.length : reply.length - 2;
    switch (reply.data[0]) {
    case '-':
        for (size_t i = 0; i < line && i < 90; i++) {
            if (reply.data[i] == '`') break;
            text_add(text, reply.data + i, 1);
        }
        return;
    case '+': text_add(text, reply.data, line < 20 ? line : 20); return;
    case ':':
        if (line <= 3) text_add(text, reply.data, line);
        else text_say(text, reply.data[1] == '-' ? ":-n" : ":n");
        return;
    case '$': text_say(text, reply.data[1] == '-' ? "$nil" : "$"); return;
    default: text_add(text, reply.data, strcspn(reply.data, "\r")); return;
    }
}

/* The command and, if they are asked for, its option words, in capitals. */
static void command_shape_add(diff_text *text, const diff_script *script, const diff_step *step,
                              bool with_options) {
    for (size_t i = 0; i < (with_options ? step->count : 1); i++) {
        ttl_bytes word = step_argument(script, step, i);
        bool option = word.length > 1 && !islower((unsigned char)word.data[0]);
        for (size_t j = 0; j < word.length; j++) {
            option = option && isalpha((unsigned char)word.data[j]);
        }
        if (i > 0 && !option) continue;
        if (i > 0) text_say(text, " ");
        for (size_t j = 0; j < word.length; j++) {
            text_add(text, &(char){(char)toupper((unsigned char)word.data[j])}, 1);
        }
    }
}

/* The names of the events, without their channels. */
static void events_shape_add(diff_text *text, ttl_bytes events) {
    for (size_t i = 0; i < events.length; i++) {
        if (events.data[i] == '_') i += strcspn(events.data + i, ":");
        if (isalpha((unsigned char)events.data[i])) text_add(text, events.data + i, 1);
    }
}

static void class_make(const diff_check *check, const diff_script *script, size_t at,
                       bool with_options, char *class) {
    const diff_side *sides = check->sides;
    diff_text text = {class, CLASS_SIZE, 0};
    class[0] = 0;
    command_shape_add(&text, script, &script->steps[at], with_options);
    if (at >= sides[1].answered) {
        text_say(&text, " | target died");
        return;
    }
    bool same_reply = ttl_bytes_equal(answer_reply(&sides[0], at), answer_reply(&sides[1], at));
    for (int i = 0; i < 2; i++) {
        text_say(&text, " | ");
        if (same_reply) events_shape_add(&text, answer_events(&sides[i], at));
        else shape_add(&text, answer_reply(&sides[i], at));
    }
}

/* ---- making it short ---- */

static bool still_differs(diff_check *check, const diff_script *script, const char *kind) {
    char now[CLASS_SIZE];
    size_t at = run_both(check, script);
    if (at != script->count - 1) return false;
    class_make(check, script, at, false, now);
    return strcmp(now, kind) == 0;
}

static void step_remove(diff_script *script, size_t at) {
    int64_t move_ms = script->steps[at].move_ms;
    script->count--;
    memmove(&script->steps[at], &script->steps[at + 1],
            (script->count - at) * sizeof *script->steps);
    if (at < script->count) script->steps[at].move_ms += move_ms;
}

static void arguments_remove(diff_step *step, size_t at, size_t count) {
    step->count -= count;
    for (size_t i = at; i < step->count; i++) {
        step->offset[i] = step->offset[i + count];
        step->length[i] = step->length[i + count];
    }
}

static bool steps_shorten(diff_check *check, diff_script *script, const char *kind) {
    bool shorter = false;
    for (size_t i = script->count - 1; i-- > 0;) {
        diff_script without = *script;
        step_remove(&without, i);
        if (!still_differs(check, &without, kind)) continue;
        *script = without;
        shorter = true;
    }
    for (size_t i = 0; i < script->count; i++) {
        diff_script without = *script;
        if (script->steps[i].move_ms == 0) continue;
        without.steps[i].move_ms = 0;
        if (still_differs(check, &without, kind)) *script = without;
    }
    return shorter;
}

/* Arguments go alone or in pairs, an option with its value. */
static bool arguments_shorten(diff_check *check, diff_script *script, const char *kind) {
    bool shorter = false;
    for (size_t i = 0; i < script->count; i++) {
        for (size_t count = 2; count > 0; count--) {
            for (size_t j = script->steps[i].count; j-- > 1;) {
                diff_script without = *script;
                if (j + count > script->steps[i].count) continue;
                arguments_remove(&without.steps[i], j, count);
                if (!still_differs(check, &without, kind)) continue;
                *script = without;
                shorter = true;
            }
        }
    }
    return shorter;
}

/* Leaves out what is not needed for the difference: steps, moves of the clock, arguments. */
static void script_shorten(diff_check *check, diff_script *script, const char *kind) {
    enum { ROUNDS = 4 };
    bool shorter = true;
    for (int round = 0; shorter && round < ROUNDS; round++) {
        shorter = steps_shorten(check, script, kind);
        shorter = arguments_shorten(check, script, kind) || shorter;
    }
    if (!script->listens) return;
    diff_script without = *script;
    without.listens = false;
    if (still_differs(check, &without, kind)) *script = without;
}

/* ---- reporting ---- */

static void bytes_print(ttl_bytes bytes, FILE *file) {
    enum { SHOWN = 600 };
    for (size_t i = 0; i < bytes.length && i < SHOWN; i++) {
        unsigned char byte = (unsigned char)bytes.data[i];
        if (byte == '\r') continue;
        if (byte == '\n') putc(' ', file);
        else if (isprint(byte)) putc(byte, file);
        else fprintf(file, "\\x%02x", byte);
    }
    if (bytes.length > SHOWN) fputs("...", file);
}

/* Messages of the listener without what is the same in all of them: "keyspace@0:a set". */
static void events_print(ttl_bytes events, FILE *file) {
    static const char *const dull[] = {"pmessage", "__key*__:*"};
    const char *at = events.data, *end = at + events.length;
    while (at < end) {
        char type = *at;
        long length = type == '$' ? strtol(at + 1, NULL, 10) : 0;
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        if (type != '$') fputs(" |", file);
        if (type != '$' || length < 0) continue;
        ttl_bytes word = {at, (size_t)length};
        at += length + 2;
        if (ttl_bytes_equal(word, ttl_bytes_of(dull[0]))) continue;
        if (ttl_bytes_equal(word, ttl_bytes_of(dull[1]))) continue;
        putc(' ', file);
        bytes_print(word, file);
    }
}

static void side_print(const diff_side *side, size_t at, FILE *file) {
    fprintf(file, "\n      %-22.60s ", side->name);
    if (at >= side->answered) {
        fprintf(file, "(broke: %s)", side->error);
        return;
    }
    bytes_print(answer_reply(side, at), file);
    if (answer_events(side, at).length == 0) return;
    fputs(" events", file);
    events_print(answer_events(side, at), file);
}

static char *report_make(diff_check *check, const diff_script *script) {
    char *report = NULL;
    size_t size = 0, at = run_both(check, script);
    FILE *file = open_memstream(&report, &size);
    if (file == NULL) abort();
    script_print(script, file);
    for (int i = 0; i < 2 && at < script->count; i++) side_print(&check->sides[i], at, file);
    fclose(file);
    return report;
}

static void difference_note(diff_check *check, const diff_script *found, size_t at) {
    char class[CLASS_SIZE], kind[CLASS_SIZE];
    class_make(check, found, at, true, class);
    for (size_t i = 0; i < check->difference_count; i++) {
        if (strcmp(check->differences[i].class, class) != 0) continue;
        check->differences[i].count++;
        return;
    }
    class_make(check, found, at, false, kind);
    diff_script script = *found;
    script.count = at + 1;
    for (int i = 0; i < RERUNS; i++) {
        if (still_differs(check, &script, kind)) continue;
        check->unsteady++;
        return;
    }
    if (check->difference_count == CLASSES_MAX) return;
    script_shorten(check, &script, kind);
    diff_found *difference = &check->differences[check->difference_count++];
    memcpy(difference->class, class, sizeof class);
    difference->count = 1;
    difference->report = report_make(check, &script);
    class_make(check, &script, script.count - 1, true, difference->shortest);
}

static int difference_compare(const void *a, const void *b) {
    const diff_found *left = a, *right = b;
    return strcmp(left->shortest, right->shortest);
}

static size_t differences_print(diff_check *check) {
    size_t distinct = 0;
    diff_found *found = check->differences, *end = found + check->difference_count;
    qsort(found, check->difference_count, sizeof *found, difference_compare);
    for (const char *before = ""; found < end; distinct++) {
        unsigned count = 0;
        diff_found *first = found;
        size_t length = strcspn(first->shortest, " |");
        for (; found < end && strcmp(found->shortest, first->shortest) == 0; found++) {
            count += found->count;
        }
        if (strncmp(before, first->shortest, length + 1) != 0) {
            printf("\n## %.*s\n", (int)length, first->shortest);
        }
        before = first->shortest;
        printf("%5u x %s\n", count, first->report);
    }
    for (size_t i = 0; i < check->difference_count; i++) free(check->differences[i].report);
    printf("\n%s against %s, seed %" PRIu64 ": %lu scripts, %lu steps, %zu distinct differences, "
           "%lu unsteady, %lu that the reference did not survive\n",
           check->names[1], check->names[0], check->seed, check->run, check->steps, distinct,
           check->unsteady, check->deaths);
    return distinct;
}

static void check_run(diff_check *check) {
    static diff_script script;
    time_t start = time(NULL);
    for (; check->scripts == 0 || (long)check->run < check->scripts; check->run++) {
        if (check->seconds != 0 && time(NULL) - start >= check->seconds) break;
        script_generate(&check->generator, &script);
        size_t at = run_both(check, &script);
        if (at < SCRIPT_STEPS_MAX) difference_note(check, &script, at);
        else if (check->sides[0].answered < script.count) check->deaths++;
    }
}

static bool options_read(diff_check *check, int argc, char **argv) {
    int names = 0;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--seed") == 0 && has_value) {
            check->seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--scripts") == 0 && has_value) {
            check->scripts = strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seconds") == 0 && has_value) {
            check->seconds = strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0 && has_value) {
            check->generator.only = argv[++i];
        } else if (argv[i][0] != '-' && names < 2) {
            check->names[names++] = argv[i];
        } else {
            return false;
        }
    }
    if (check->scripts == 0 && check->seconds == 0) check->seconds = 30;
    check->generator.state = check->seed;
    return names == 2;
}

int main(int argc, char **argv) {
    static diff_check check = {.seed = 1};
    if (!options_read(&check, argc, argv)) {
        fprintf(stderr,
                "usage: %s [--seed N] [--scripts N] [--seconds N] [--only COMMAND] "
                "REFERENCE TARGET\n",
                argv[0]);
        return 2;
    }
    for (int i = 0; i < 2; i++) {
        if (side_open(&check.sides[i], check.names[i])) continue;
        fprintf(stderr, "%s\n", check.sides[i].error);
        if (i > 0) side_close(&check.sides[0]);
        return 3;
    }
    check_run(&check);
    for (int i = 0; i < 2; i++) side_close(&check.sides[i]);
    return differences_print(&check) == 0 ? 0 : 1;
}
