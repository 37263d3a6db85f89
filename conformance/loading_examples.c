/* Tables of examples: one vector for each row, `<column>` replaced by the row's cell.
 *
 *      "columns": ["id",   "ms"]         {"do": ["PSETEX", "{k}", "<ms>", "v"], ...}
 *      "rows":   [["zero", "0"], ...]
 *
 * A string that is nothing but `<ms>` becomes the cell, whatever its type; inside a longer string
 * the cell must be a string or a number. The work is done on the JSON tree: what is made from it
 * is checked like any other vector.
 */
#include <stdlib.h>
#include <string.h>

#include "conformance/loading.h"
#include "conformance/text.h"

typedef struct table {
    loading *loading;
    const cJSON *columns, *row;
    size_t column_count;
    bool *used; /* by column */
} table;

/* The length of a `<name>` at this place; 0: there is none. */
static size_t placeholder_length(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (text[0] != '<' || text[1] < 'a' || text[1] > 'z') return 0;
    size_t name = strspn(text + 1, letters);
    return text[1 + name] == '>' ? name + 2 : 0;
}

/* The cell that a placeholder means; NULL: told. */
static const cJSON *find_cell(table *self, const cJSON *at, const char *placeholder,
                              size_t length) {
    const cJSON *cell = self->row->child;
    size_t index = 0;
    for (const cJSON *column = self->columns->child; column != NULL;
         column = column->next, cell = cell->next, index++) {
        if (strlen(column->valuestring) != length - 2 ||
            memcmp(column->valuestring, placeholder + 1, length - 2) != 0)
            continue;
        self->used[index] = true;
        return cell;
    }
    loading_error(self->loading, at, "no column \"%.*s\" in the table of examples", (int)length - 2,
                  placeholder + 1);
    return NULL;
}

/* Makes the item a copy of the cell; its key and its place among its siblings stay. */
static void become_cell(cJSON *item, const cJSON *cell) {
    cJSON *copy = cJSON_Duplicate(cell, true);
    if (copy == NULL) arena_out_of_memory();
    cJSON_free(item->valuestring);
    item->type = copy->type;
    item->valueint = copy->valueint;
    item->valuedouble = copy->valuedouble;
    item->valuestring = copy->valuestring;
    item->child = copy->child;
    copy->valuestring = NULL;
    copy->child = NULL;
    cJSON_Delete(copy);
}

static void write_cell(table *self, const cJSON *cell, const char *column, FILE *out) {
    if (cJSON_IsString(cell)) fputs(cell->valuestring, out);
    else if (cJSON_IsNumber(cell)) fprintf(out, "%.0f", cell->valuedouble);
    else
        loading_error(self->loading, cell,
                      "expected a string or a number, because %s stands inside a longer text",
                      column);
}

/* Replaces the placeholders inside a longer string. */
static void fill_string(table *self, cJSON *item) {
    char *filled = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&filled, &size);
    if (out == NULL) arena_out_of_memory();
    for (const char *at = item->valuestring; *at != '\0';) {
        size_t length = placeholder_length(at);
        const cJSON *cell = length == 0 ? NULL : find_cell(self, item, at, length);
        if (cell == NULL) {
            fputc(*at++, out);
            continue;
        }
        char *column = text_format("%.*s", (int)length, at);
        write_cell(self, cell, column, out);
        free(column);
        at += length;
    }
    if (fclose(out) != 0) arena_out_of_memory();
    if (cJSON_SetValuestring(item, filled) == NULL) arena_out_of_memory();
    free(filled);
}

static void fill_item(table *self, cJSON *item) {
    for (cJSON *child = item->child; child != NULL; child = child->next) fill_item(self, child);
    if (!cJSON_IsString(item) || strchr(item->valuestring, '<') == NULL) return;
    size_t length = placeholder_length(item->valuestring);
    if (length == 0 || item->valuestring[length] != '\0') {
        fill_string(self, item);
        return;
    }
    const cJSON *cell = find_cell(self, item, item->valuestring, length);
    if (cell != NULL) become_cell(item, cell);
}

/* What a row may change: not the identity of the vector, nor what it is filed under. */
static void fill_vector(table *self, cJSON *json) {
    static const char *const filled[] = {"title", "about", "since", "until", "only", "steps"};
    for (size_t i = 0; i < sizeof filled / sizeof *filled; i++) {
        cJSON *item = cJSON_GetObjectItemCaseSensitive(json, filled[i]);
        if (item != NULL) fill_item(self, item);
    }
}

static bool check_columns(loading *self, const cJSON *columns) {
    size_t faults = self->faults;
    for (const cJSON *column = columns->child; column != NULL; column = column->next) {
        if (!cJSON_IsString(column) || !loading_is_id(column->valuestring, false) ||
            column->valuestring[0] < 'a') {
            loading_expected(self, column,
                             "a column: lower-case letters, digits and hyphens, a "
                             "letter first");
            continue;
        }
        for (const cJSON *other = columns->child; other != column; other = other->next)
            if (cJSON_IsString(other) && strcmp(other->valuestring, column->valuestring) == 0)
                loading_error(self, column, "duplicate column \"%s\"", column->valuestring);
    }
    if (self->faults == faults && strcmp(columns->child->valuestring, "id") != 0)
        loading_expected(self, columns->child, "\"id\" as the first column: rows have stable ids");
    return self->faults == faults;
}

static bool check_row(table *self, const cJSON *rows) {
    const cJSON *row = self->row;
    if (!cJSON_IsArray(row))
        return loading_expected(self->loading, row, "a row: an array of cells");
    int cells = cJSON_GetArraySize(row);
    if ((size_t)cells != self->column_count) {
        loading_error(self->loading, row, "expected %zu cells, one for each column, found %d",
                      self->column_count, cells);
        return false;
    }
    const cJSON *id = row->child;
    if (!cJSON_IsString(id) || !loading_is_id(id->valuestring, false))
        return loading_expected(self->loading, id,
                                "the row's id: lower-case letters, digits and "
                                "hyphens");
    for (const cJSON *other = rows->child; other != row; other = other->next)
        if (cJSON_IsArray(other) && cJSON_IsString(other->child) &&
            strcmp(other->child->valuestring, id->valuestring) == 0) {
            loading_error(self->loading, id, "duplicate row \"%s\"", id->valuestring);
            return false;
        }
    return true;
}

static void tell_unused(table *self) {
    size_t index = 1; /* the ids use the first */
    for (const cJSON *column = self->columns->child->next; column != NULL;
         column = column->next, index++)
        if (!self->used[index])
            loading_error(self->loading, column, "no text of the vector names the column <%s>",
                          column->valuestring);
}

/* The table stays behind: copied into each of its rows it would cost their square. */
static cJSON *copy_without_table(const cJSON *json) {
    cJSON *copy = cJSON_Duplicate(json, false);
    if (copy == NULL) arena_out_of_memory();
    for (const cJSON *member = json->child; member != NULL; member = member->next) {
        if (strcmp(member->string, "examples") == 0) continue;
        cJSON *field = cJSON_Duplicate(member, true);
        if (field == NULL || !cJSON_AddItemToObject(copy, member->string, field))
            arena_out_of_memory();
    }
    return copy;
}

void loading_expand_examples(loading *self, const cJSON *json, const vector_suite *suite,
                             loading_each_row *each) {
    static const char *const known[] = {"columns", "rows", NULL};
    const cJSON *examples = loading_field(json, "examples");
    if (!loading_check_object(self, examples, known)) return;
    const cJSON *rows = loading_list(self, examples, "rows", true);
    table table_of = {.loading = self, .columns = loading_list(self, examples, "columns", true)};
    if (rows == NULL || table_of.columns == NULL || !check_columns(self, table_of.columns)) return;
    table_of.column_count = (size_t)cJSON_GetArraySize(table_of.columns);
    table_of.used = memory_zeroed(table_of.column_count, sizeof *table_of.used);
    bool filled = false;
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        table_of.row = row;
        if (!check_row(&table_of, rows)) continue;
        cJSON *copy = copy_without_table(json);
        fill_vector(&table_of, copy);
        each(self, copy, suite, row->child->valuestring);
        cJSON_Delete(copy);
        filled = true;
    }
    if (filled) tell_unused(&table_of);
    free(table_of.used);
}
