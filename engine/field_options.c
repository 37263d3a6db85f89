#include "engine/field_options.h"

#include "engine/rule.h"
#include "engine/set_options.h"

static const char NUMBER_WRONG[] =
    "ERR numfields should be greater than 0 and match the provided number of fields";
static const char NUMBER_UNMATCHED[] =
    "ERR The `numfields` parameter must match the number of arguments";
static const char FIELDS_MISSING[] =
    "ERR Mandatory argument FIELDS is missing or not at the right position";

static bool refuse_arity(struct call *call) {
    reply_wrong_arity(call);
    return false;
}

static bool refuse_argument(struct call *call, size_t index) {
    ttl_bytes parts[] = {ttl_bytes_of("ERR unknown argument: "), call->argv[index]};
    reply_error_parts(call, parts, 2);
    return false;
}

/* Redis: a number of fields from 1 to `most`. */
static bool number_parse(struct call *call, size_t index, int64_t most, const char *complaint,
                         size_t *count) {
    int64_t number;
    if (!argument_integer(call->argv[index], &number) || number < 1 || number > most)
        return call_refuse(call, complaint);
    *count = (size_t)number;
    return true;
}

/* Valkey: any integer. */
static bool number_parse_plain(struct call *call, size_t index, const char *complaint,
                               struct field_list *list) {
    int64_t number;
    if (!call_integer(call, index, &number)) return false;
    size_t given = call->argc - index - 1;
    list->first = index + 1;
    list->count = given / list->step;
    if (number > 0 && given % list->step == 0 && (uint64_t)number == list->count) return true;
    return call_refuse(call, complaint);
}

/* ---- the fields alone */

/* FIELDS at `at`, the number, and all the rest: as Redis had it at first. */
static bool rest_parse(struct call *call, size_t at, const char *complaint,
                       struct field_list *list) {
    if (!call_is_word(call, at, "FIELDS")) return call_refuse(call, FIELDS_MISSING);
    if (!number_parse(call, at + 1, INT64_MAX, complaint, &list->count)) return false;
    list->first = at + 2;
    return list->count == call->argc - list->first || call_refuse(call, NUMBER_UNMATCHED);
}

bool field_list_parse(struct call *call, bool are_counted, struct field_list *list) {
    static const char syntax[] = "ERR syntax error";
    *list = (struct field_list){.step = 1};
    RULE("hash-field.count-of-fields", "hgetdel.syntax", "hash-field.fields-word");
    if (call_has(call, TRAIT_FIELD_OWN_ERRORS))
        return rest_parse(call, 2, "ERR Number of fields must be a positive integer", list);
    if (!call_is_word(call, 2, "FIELDS")) return call_refuse(call, syntax);
    return number_parse_plain(call, 3, are_counted ? NUMBER_WRONG : syntax, list);
}

/* ---- HEXPIRE */

static const char NUMBER_NOT_POSITIVE[] = "ERR Parameter `numFields` should be greater than 0";

/* Takes one of NX, XX, GT and LT. */
static bool take_condition(const struct call *call, size_t index, struct expire_options *options) {
    struct {
        const char *word;
        bool *flag;
    } words[] = {
        {"NX", &options->nx}, {"XX", &options->xx}, {"GT", &options->gt}, {"LT", &options->lt}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!call_is_word(call, index, words[i].word)) continue;
        *words[i].flag = true;
        return true;
    }
    return false;
}

static bool is_one_condition(const struct expire_options *options) {
    return options->nx + options->xx + options->gt + options->lt <= 1;
}

/* Takes FIELDS at `*at`, the number and so many fields, and moves on to the last of them. */
static bool take_fields(struct call *call, size_t *at, const char *complaint,
                        struct field_list *list) {
    if (list->count > 0) return call_refuse(call, "ERR FIELDS keyword specified multiple times");
    if (!number_parse(call, *at + 1, INT32_MAX, complaint, &list->count)) return false;
    list->first = *at + 2;
    size_t words = list->count * list->step;
    if (words > call->argc - list->first) return call_refuse(call, "ERR wrong number of arguments");
    *at = list->first + words - 1;
    return true;
}

static bool expire_parse_any_order(struct call *call, struct expire_options *options,
                                   struct field_list *list) {
    for (size_t i = 3; i < call->argc; i++) {
        if (take_condition(call, i, options)) continue;
        if (!call_is_word(call, i, "FIELDS")) return refuse_argument(call, i);
        if (list->count == 0 && call->argc - i < 3)
            return call_refuse(call,
                               "ERR FIELDS requires at least numfields and one field argument");
        if (!take_fields(call, &i, NUMBER_NOT_POSITIVE, list)) return false;
    }
    if (list->count == 0) return call_refuse(call, "ERR missing FIELDS argument");
    RULE("hash-field.arguments-in-any-order", "hash-field.one-condition");
    return is_one_condition(options) || call_refuse(call, "ERR Multiple condition flags specified");
}

static bool expire_parse_valkey(struct call *call, struct expire_options *options,
                                struct field_list *list) {
    size_t at = 3;
    while (at + 1 < call->argc && !call_is_word(call, at, "FIELDS")) at++;
    if (at + 1 >= call->argc) return call_refuse(call, NUMBER_WRONG);
    RULE("hash-field.conditions-together");
    return expire_options_parse(call, at, options) &&
           number_parse_plain(call, at + 1, NUMBER_WRONG, list);
}

bool field_expire_parse(struct call *call, struct deadline_spelling spelling,
                        struct expire_options *options, ttl_instant *deadline,
                        struct field_list *list) {
    *options = (struct expire_options){0};
    *list = (struct field_list){.step = 1};
    RULE("hash-field.fields-last", "hash-field.time-is-an-integer");
    if (!call_has(call, TRAIT_FIELD_OWN_ERRORS))
        return expire_parse_valkey(call, options, list) &&
               deadline_parse_of_field(call, 2, spelling, deadline);
    if (!deadline_parse_of_field(call, 2, spelling, deadline)) return false;
    if (call_has(call, TRAIT_FIELD_ANY_ORDER)) return expire_parse_any_order(call, options, list);
    size_t at = take_condition(call, 3, options) ? 4 : 3;
    return rest_parse(call, at, NUMBER_NOT_POSITIVE, list);
}

/* ---- HGETEX, HSETEX */

/* Has something been said about deadlines? */
static bool has_time_option(const struct field_options *options) {
    return options->time_index > 0 || options->keep_deadline || options->persist;
}

static bool refuse_second_time(struct call *call, bool of_hsetex) {
    return call_refuse(call, of_hsetex
                                 ? "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can "
                                   "be specified"
                                 : "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can "
                                   "be specified");
}

bool field_options_read_deadline(struct call *call, struct field_options *options) {
    if (options->time_index == 0 || options->has_deadline) return true;
    options->has_deadline =
        deadline_parse_of_field(call, options->time_index, options->spelling, &options->deadline);
    return options->has_deadline;
}

/* The word at `*at` gives a time: takes it with the argument after it, and reads that. */
static bool take_field_time(struct call *call, size_t *at, struct deadline_spelling spelling,
                            struct field_options *options) {
    if (*at + 1 >= call->argc) return call_refuse(call, "ERR missing expire time");
    options->time_index = ++*at;
    options->spelling = spelling;
    return field_options_read_deadline(call, options);
}

/* HGETEX of Redis up to 8.2: one option at most, then the fields. */
static bool getex_parse_in_order(struct call *call, struct field_options *options) {
    struct deadline_spelling spelling;
    size_t at = 2;
    if (set_options_is_time(call, at, &spelling)) {
        if (!take_field_time(call, &at, spelling, options)) return false;
        at++;
    } else if (call_is_word(call, at, "PERSIST")) {
        options->persist = true;
        at++;
    }
    if (at + 1 >= call->argc) return refuse_arity(call);
    return rest_parse(call, at, "ERR Number of fields must be a positive integer", &options->list);
}

/* Redis: one option that is neither a time nor FIELDS. */
static bool take_flag(struct call *call, size_t at, bool of_hsetex, struct field_options *options) {
    bool *conditions[] = {&options->only_new_fields, &options->only_present_fields};
    bool any_order = call_has(call, TRAIT_FIELD_ANY_ORDER);
    for (size_t i = 0; i < 2; i++) {
        if (!call_is_word(call, at, i == 0 ? "FNX" : "FXX")) continue;
        if (*conditions[0] || *conditions[1])
            return call_refuse(call, "ERR Only one of FXX or FNX arguments can be specified");
        *conditions[i] = true;
        return true;
    }
    bool keeps = call_is_word(call, at, "KEEPTTL");
    bool persists = any_order && call_is_word(call, at, "PERSIST");
    if (!keeps && !persists) return refuse_argument(call, at);
    bool *own = keeps ? &options->keep_deadline : &options->persist;
    if (options->time_index > 0 || *own) return refuse_second_time(call, of_hsetex);
    *own = true;
    return true;
}

/* HSETEX of Redis up to 8.2: options in any order, then the fields, up to the end. */
static bool setex_take_fields(struct call *call, size_t *at, struct field_list *list) {
    if (*at + 3 >= call->argc) return refuse_arity(call);
    if (!number_parse(call, *at + 1, INT32_MAX, "ERR invalid number of fields", &list->count))
        return false;
    list->first = *at + 2;
    if (2 * list->count != call->argc - list->first) return refuse_arity(call);
    *at = call->argc;
    return true;
}

static bool options_parse_redis(struct call *call, bool of_hsetex, struct field_options *options) {
    bool any_order = call_has(call, TRAIT_FIELD_ANY_ORDER);
    for (size_t i = 2; i < call->argc; i++) {
        struct deadline_spelling spelling;
        bool fine;
        if (call_is_word(call, i, "FIELDS")) {
            if (any_order && i + 1 >= call->argc && options->list.count == 0)
                return refuse_arity(call);
            fine = any_order ? take_fields(call, &i, "ERR invalid number of fields", &options->list)
                             : setex_take_fields(call, &i, &options->list);
        } else if (set_options_is_time(call, i, &spelling)) {
            if (has_time_option(options)) return refuse_second_time(call, of_hsetex);
            fine = take_field_time(call, &i, spelling, options);
        } else {
            fine = take_flag(call, i, of_hsetex, options);
        }
        if (!fine) return false;
    }
    bool is_odd = of_hsetex ? options->persist
                            : options->keep_deadline || options->only_new_fields ||
                                  options->only_present_fields;
    return !is_odd || call_refuse(call, "ERR unknown argument");
}

/* What stands before FIELDS is read as the options of SET are. */
static bool options_parse_valkey(struct call *call, bool of_hsetex, struct field_options *options) {
    struct set_options before;
    size_t at = 2;
    while (at + 1 < call->argc && !call_is_word(call, at, "FIELDS")) at++;
    if (at + 1 >= call->argc) return call_refuse(call, NUMBER_WRONG);
    struct call head = *call;
    head.argc = at;
    if (!set_options_parse(&head, 2, of_hsetex ? OPTIONS_OF_HSETEX : OPTIONS_OF_GETEX, &before))
        return false;
    options->only_new = before.only_new;
    options->only_present = before.only_present;
    options->only_new_fields = before.only_new_fields;
    options->only_present_fields = before.only_present_fields;
    options->keep_deadline = before.keep_deadline;
    options->persist = before.persist;
    options->time_index = before.time_index;
    options->spelling = before.spelling;
    return number_parse_plain(call, at + 1, NUMBER_WRONG, &options->list);
}

bool field_options_parse(struct call *call, bool of_hsetex, struct field_options *options) {
    *options = (struct field_options){.list = {.step = of_hsetex ? 2 : 1}};
    RULE("hgetex.syntax", "hsetex.syntax", "hsetex.order-of-errors", "hgetex.time-is-an-integer",
         "hsetex.time-is-an-integer");
    if (!call_has(call, TRAIT_FIELD_OWN_ERRORS))
        return options_parse_valkey(call, of_hsetex, options);
    if (!of_hsetex && !call_has(call, TRAIT_FIELD_ANY_ORDER))
        return getex_parse_in_order(call, options);
    return options_parse_redis(call, of_hsetex, options);
}
