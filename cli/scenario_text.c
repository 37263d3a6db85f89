/* Texts, terms and conditions of a scenario. */
#include <inttypes.h>
#include <string.h>

#include "cli/scenario_loading.h"

size_t scenario_variable(const scenario_loading *self, const char *name, size_t length) {
    for (size_t i = 0; i < self->variable_count; i++)
        if (strlen(self->variables[i]) == length && memcmp(self->variables[i], name, length) == 0)
            return i;
    return SCENARIO_VARIABLES;
}

bool scenario_read_whole(scenario_loading *self, const cJSON *at, int64_t low, int64_t high,
                         const char *what, int64_t *into) {
    if (cJSON_IsNumber(at) && at->valuedouble >= (double)low && at->valuedouble <= (double)high) {
        *into = (int64_t)at->valuedouble;
        return true;
    }
    const char *expected = arena_format(
        &self->base.set->arena, "%s: a whole number from %" PRId64 " to %" PRId64, what, low, high);
    return loading_expected(&self->base, at, expected);
}

/* One piece of the text; how long it is there. 0: it is wrong, and told. */
static size_t read_piece(scenario_loading *self, const cJSON *at, const char *text,
                         scenario_piece *piece) {
    if (*text != '{') {
        size_t length = strcspn(text, "{");
        piece->text = arena_copy_bytes(&self->base.set->arena, text, length).data;
        return length;
    }
    size_t length = strcspn(text, "}");
    if (text[length] == '\0') {
        loading_error(&self->base, at, "expected a } behind the variable in \"%s\"", text);
        return 0;
    }
    piece->variable = scenario_variable(self, text + 1, length - 1);
    if (piece->variable < SCENARIO_VARIABLES) return length + 1;
    loading_error(&self->base, at,
                  "there is no variable %.*s}: none of these programs sets it, and it is not "
                  "{me}, {number}, {now} or {wall}",
                  (int)length, text);
    return 0;
}

bool scenario_read_template(scenario_loading *self, const cJSON *at, const char *text,
                            scenario_template *into) {
    *into = (scenario_template){0};
    if (strlen(text) >= SCENARIO_TEXT_SIZE)
        return loading_expected(&self->base, at, "a text of at most 63 bytes");
    scenario_piece *pieces =
        arena_take_array(&self->base.set->arena, strlen(text) + 1, sizeof *pieces);
    into->pieces = pieces;
    for (size_t length; *text != '\0'; text += length) {
        length = read_piece(self, at, text, &pieces[into->count++]);
        if (length == 0) return false;
    }
    return true;
}

/* ---- terms */

/* The words of a text, which are parted by single blanks. */
typedef struct words {
    size_t count;
    const char *words[2 * SCENARIO_OPERANDS + 2];
} words;

static bool split(scenario_loading *self, const cJSON *at, words *into) {
    const char *text = at->valuestring;
    *into = (words){0};
    for (;;) {
        size_t length = strcspn(text, " ");
        if (length == 0 || into->count == sizeof into->words / sizeof *into->words)
            return loading_expected(&self->base, at,
                                    "a few words with single blanks between them, such as "
                                    "\"{begun} + 900\"");
        into->words[into->count++] = arena_copy_bytes(&self->base.set->arena, text, length).data;
        if (text[length] == '\0') return true;
        text += length + 1;
    }
}

static bool is_operator(const char *word) {
    return word[0] != '\0' && strchr("+-*/", word[0]) != NULL && word[1] == '\0';
}

static bool read_terms(scenario_loading *self, const cJSON *at, const char *const *terms,
                       size_t count, scenario_expression *into) {
    *into = (scenario_expression){.count = (count + 1) / 2};
    bool is_sound = count % 2 == 1 && into->count <= SCENARIO_OPERANDS;
    for (size_t i = 1; i < count && is_sound; i += 2) is_sound = is_operator(terms[i]);
    if (!is_sound)
        return loading_expected(&self->base, at,
                                "an operand, or up to eight with +, -, * or / between them");
    scenario_template *operands =
        arena_take_array(&self->base.set->arena, into->count, sizeof *operands);
    into->operands = operands;
    for (size_t i = 0; i < into->count; i++) {
        if (i > 0) into->operators[i] = terms[2 * i - 1][0];
        if (!scenario_read_template(self, at, terms[2 * i], &operands[i])) return false;
    }
    return true;
}

bool scenario_read_expression(scenario_loading *self, const cJSON *at, scenario_expression *into) {
    words split_words;
    if (cJSON_IsNumber(at)) {
        const char *number =
            arena_format(&self->base.set->arena, "%" PRId64, (int64_t)at->valuedouble);
        return read_terms(self, at, &number, 1, into);
    }
    if (!cJSON_IsString(at))
        return loading_expected(&self->base, at,
                                "a whole number or a text such as \"{begun} + 900\"");
    return split(self, at, &split_words) &&
           read_terms(self, at, split_words.words, split_words.count, into);
}

bool scenario_read_condition(scenario_loading *self, const cJSON *at, scenario_condition *into) {
    static const char *const comparisons[] = {"=", "!=", "<", "<=", ">", ">="};
    words found;
    size_t comparison = 0, where = 0;
    if (!cJSON_IsString(at))
        return loading_expected(&self->base, at, "a condition such as \"{got} = OK\"");
    if (!split(self, at, &found)) return false;
    for (size_t i = 0; i < found.count; i++)
        for (size_t c = 0; c < sizeof comparisons / sizeof *comparisons; c++)
            if (strcmp(found.words[i], comparisons[c]) == 0) where = i, comparison = c;
    if (where == 0)
        return loading_expected(&self->base, at,
                                "a condition such as \"{got} = OK\", with =, !=, <, <=, > or >=");
    into->comparison = (scenario_comparison)comparison;
    return read_terms(self, at, found.words, where, &into->left) &&
           read_terms(self, at, found.words + where + 1, found.count - where - 1, &into->right);
}
