#include "engine/set_options.h"
#include "engine/rule.h"

#include <string.h>

static const struct {
    const char *word;
    struct deadline_spelling spelling;
    bool is_since_6_2; /* the absolute forms */
} time_words[] = {
    {"EX", {.in_seconds = true, .is_absolute = false}, false},
    {"PX", {.in_seconds = false, .is_absolute = false}, false},
    {"EXAT", {.in_seconds = true, .is_absolute = true}, true},
    {"PXAT", {.in_seconds = false, .is_absolute = true}, true},
};

bool set_options_is_time(const struct call *call, size_t index,
                         struct deadline_spelling *spelling) {
    for (size_t i = 0; i < sizeof time_words / sizeof *time_words; i++) {
        if (!call_is_word(call, index, time_words[i].word)) continue;
        *spelling = time_words[i].spelling;
        return true;
    }
    return false;
}

/* Takes a word that gives a time, with the argument after it. The same word may come twice: the
 * last time counts. */
static bool take_time(const struct call *call, size_t *index, struct set_options *options) {
    for (size_t i = 0; i < sizeof time_words / sizeof *time_words; i++) {
        if (!call_is_word(call, *index, time_words[i].word)) continue;
        if (time_words[i].is_since_6_2 && !call_has(call, TRAIT_SET_ABSOLUTE)) {
            RULE("set.absolute-since-6.2");
            return false;
        }
        if (options->keep_deadline || options->persist) {
            RULE("set.keepttl-excludes-times", "getex.options-exclude-each-other");
            return false;
        }
        if (options->time_word != NULL && options->time_word != time_words[i].word) {
            RULE("set.times-exclude-each-other");
            return false;
        }
        if (*index + 1 >= call->argc) return false;
        RULE("set.ex", "set.px", "set.exat", "set.pxat");
        options->time_word = time_words[i].word;
        options->spelling = time_words[i].spelling;
        RULE("set.repeated-option", "getex.repeated-option");
        options->time_index = ++*index;
        return true;
    }
    return false;
}

/* IFEQ and IFNE, with the value after them. Redis takes the last of several of one kind. */
static bool take_comparison(const struct call *call, size_t *index, struct set_options *options) {
    bool equal = call_has(call, TRAIT_SET_IFEQ) && call_is_word(call, *index, "IFEQ");
    bool unequal = call_has(call, TRAIT_SET_IFNE) && call_is_word(call, *index, "IFNE");
    if ((!equal && !unequal) || *index + 1 >= call->argc) return false;
    RULE("set.ifeq", "set.ifne");
    enum set_comparison comparison = equal ? COMPARE_EQUAL : COMPARE_UNEQUAL;
    bool repeats = options->comparison == comparison && call_has(call, TRAIT_SET_IFNE);
    if (options->only_new || options->only_present) return false;
    if (options->comparison != COMPARE_NOTHING && !repeats) return false;
    options->comparison = comparison;
    options->comparand = call->argv[++*index];
    return true;
}

/* NX or XX. Redis takes them after a comparison, though not before; Valkey neither way. */
static bool take_existence(const struct call *call, const struct set_options *options, bool *own,
                           bool other) {
    if (other) {
        RULE("set.nx-xx-exclude");
        return false;
    }
    if (options->comparison != COMPARE_NOTHING && !call_has(call, TRAIT_SET_IFNE)) return false;
    RULE("set.nx", "set.xx");
    *own = true;
    return true;
}

/* Takes one option that SET and MSETEX have. */
static bool take_write_option(const struct call *call, size_t index, struct set_options *options) {
    bool with_get = call_has(call, TRAIT_SET_NX_GET);
    if (call_is_word(call, index, "NX"))
        return (with_get || !options->get) &&
               take_existence(call, options, &options->only_new, options->only_present);
    if (call_is_word(call, index, "XX"))
        return take_existence(call, options, &options->only_present, options->only_new);
    if (call_is_word(call, index, "KEEPTTL")) {
        RULE("set.keepttl");
        options->keep_deadline = true;
        return options->time_word == NULL;
    }
    return false;
}

/* Takes one option that only SET has. */
static bool take_set_option(const struct call *call, size_t *index, struct set_options *options) {
    if (call_is_word(call, *index, "GET")) {
        if (!call_has(call, TRAIT_SET_ABSOLUTE)) return false;
        RULE("set.get", "set.nx-get");
        options->get = true;
        return !options->only_new || call_has(call, TRAIT_SET_NX_GET);
    }
    return take_comparison(call, index, options);
}

/* Takes FNX or FXX. */
static bool take_field_option(const struct call *call, size_t index, struct set_options *options) {
    if (call_is_word(call, index, "FNX")) {
        options->only_new_fields = true;
        return !options->only_present_fields;
    }
    if (!call_is_word(call, index, "FXX")) return false;
    options->only_present_fields = true;
    return !options->only_new_fields;
}

bool set_options_parse(struct call *call, size_t first, enum options_of whose,
                       struct set_options *options) {
    *options = (struct set_options){0};
    for (size_t i = first; i < call->argc; i++) {
        if (take_time(call, &i, options)) continue;
        bool taken = false;
        if (whose != OPTIONS_OF_GETEX) {
            taken = take_write_option(call, i, options) ||
                    (whose == OPTIONS_OF_SET && take_set_option(call, &i, options)) ||
                    (whose == OPTIONS_OF_HSETEX && take_field_option(call, i, options));
        } else if (call_is_word(call, i, "PERSIST")) {
            options->persist = true;
            taken = options->time_word == NULL;
        }
        if (taken) continue;
        RULE("set.syntax-error", "getex.syntax-error", "set.syntax-before-time",
             "getex.syntax-before-key");
        reply_syntax_error(call);
        return false;
    }
    return true;
}

bool set_options_read_deadline(struct call *call, struct set_options *options) {
    if (options->time_index == 0 || options->has_deadline) return true;
    options->has_deadline =
        deadline_parse_positive(call, options->time_index, options->spelling, &options->deadline);
    return options->has_deadline;
}
