#include "sim/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "sim/op.h"

static const char *const promise_names[] = {"never-together", "at-most", "once", "never",
                                            "leads-to"};

const char *scenario_promise_kind_name(scenario_promise_kind kind) {
    return promise_names[kind];
}

bool scenario_promise_is_liveness(const scenario_promise *promise) {
    return promise->kind == SCENARIO_LEADS_TO;
}

/* ---- values */

scenario_value scenario_value_of_integer(int64_t integer) {
    scenario_value value = {.kind = SCENARIO_INTEGER, .integer = integer};
    sim_integer_text(integer, value.text);
    return value;
}

scenario_value scenario_value_of_text(const char *text, size_t length, bool *fits) {
    scenario_value value = {.kind = SCENARIO_TEXT};
    if (length >= sizeof value.text) {
        *fits = false;
        length = sizeof value.text - 1;
    }
    memcpy(value.text, text, length);
    return value;
}

void scenario_fill(const scenario_template *text, const scenario_value *variables,
                   char out[SCENARIO_TEXT_SIZE], bool *fits) {
    size_t used = 0;
    for (size_t i = 0; i < text->count; i++) {
        const scenario_piece *piece = &text->pieces[i];
        const char *more = piece->text != NULL ? piece->text : variables[piece->variable].text;
        size_t length = strlen(more);
        if (used + length >= SCENARIO_TEXT_SIZE) {
            *fits = false;
            length = SCENARIO_TEXT_SIZE - 1 - used;
        }
        memcpy(out + used, more, length);
        used += length;
    }
    out[used] = '\0';
}

/* ---- expressions */

static const char too_long[] = "a text gets longer than 63 bytes";

/* A variable alone is its value; `nil`, `error` and `lost` are words for values. */
static const char *operand_value(const scenario_template *operand, const scenario_value *variables,
                                 scenario_value *value) {
    static const struct {
        const char *word;
        scenario_value_kind kind;
    } words[] = {{"nil", SCENARIO_NIL}, {"error", SCENARIO_ERROR}, {"lost", SCENARIO_LOST}};
    if (operand->count == 1 && operand->pieces[0].text == NULL) {
        *value = variables[operand->pieces[0].variable];
        return NULL;
    }
    bool fits = true;
    *value = (scenario_value){.kind = SCENARIO_TEXT};
    scenario_fill(operand, variables, value->text, &fits);
    bool is_literal = operand->count == 1;
    for (size_t i = 0; is_literal && i < sizeof words / sizeof *words; i++)
        if (strcmp(value->text, words[i].word) == 0) value->kind = words[i].kind;
    return fits ? NULL : too_long;
}

/* What is missing counts nothing. */
static bool value_is_number(const scenario_value *value, int64_t *number) {
    char *end;
    *number = value->integer;
    if (value->kind == SCENARIO_INTEGER) return true;
    *number = 0;
    if (value->kind == SCENARIO_NIL) return true;
    if (value->kind != SCENARIO_TEXT || value->text[0] == '\0') return false;
    *number = strtoll(value->text, &end, 10);
    return *end == '\0';
}

static const char *apply(char operator, int64_t right, int64_t *left) {
    bool overflows = false;
    switch (operator) {
    case '+': overflows = __builtin_add_overflow(*left, right, left); break;
    case '-': overflows = __builtin_sub_overflow(*left, right, left); break;
    case '*': overflows = __builtin_mul_overflow(*left, right, left); break;
    default:
        if (right <= 0) return "a number is divided by one that is not positive";
        *left /= right;
    }
    return overflows ? "a number gets too large" : NULL;
}

const char *scenario_evaluate(const scenario_expression *expression,
                              const scenario_value *variables, scenario_value *value) {
    int64_t sum = 0, number = 0;
    const char *wrong = operand_value(&expression->operands[0], variables, value);
    if (expression->count == 1 || wrong != NULL) return wrong;
    for (size_t i = 0; i < expression->count; i++) {
        wrong = operand_value(&expression->operands[i], variables, value);
        if (wrong != NULL) return wrong;
        if (!value_is_number(value, &number)) return "what is reckoned with is no number";
        if (i == 0) sum = number;
        else wrong = apply(expression->operators[i], number, &sum);
        if (wrong != NULL) return wrong;
    }
    *value = scenario_value_of_integer(sum);
    return NULL;
}

const char *scenario_number(const scenario_expression *expression, const scenario_value *variables,
                            int64_t *number) {
    scenario_value value;
    const char *wrong = scenario_evaluate(expression, variables, &value);
    if (wrong != NULL) return wrong;
    return value_is_number(&value, number) ? NULL : "a number is needed";
}

/* ---- conditions */

static bool values_are_equal(const scenario_value *a, const scenario_value *b) {
    int64_t left, right;
    bool are_words = a->kind != SCENARIO_INTEGER && a->kind != SCENARIO_TEXT;
    if (are_words || (b->kind != SCENARIO_INTEGER && b->kind != SCENARIO_TEXT))
        return a->kind == b->kind;
    if (value_is_number(a, &left) && value_is_number(b, &right)) return left == right;
    return strcmp(a->text, b->text) == 0;
}

const char *scenario_holds(const scenario_condition *condition, const scenario_value *variables,
                           bool *holds) {
    scenario_value left, right;
    int64_t a, b;
    const char *wrong = scenario_evaluate(&condition->left, variables, &left);
    if (wrong == NULL) wrong = scenario_evaluate(&condition->right, variables, &right);
    if (wrong != NULL) return wrong;
    if (condition->comparison == SCENARIO_EQUAL || condition->comparison == SCENARIO_UNEQUAL) {
        *holds = values_are_equal(&left, &right) == (condition->comparison == SCENARIO_EQUAL);
        return NULL;
    }
    /* What never came is not less and not more than anything. */
    *holds = false;
    if (!value_is_number(&left, &a) || !value_is_number(&right, &b)) return NULL;
    switch (condition->comparison) {
    case SCENARIO_LESS: *holds = a < b; break;
    case SCENARIO_AT_MOST: *holds = a <= b; break;
    case SCENARIO_GREATER: *holds = a > b; break;
    default: *holds = a >= b;
    }
    return NULL;
}
