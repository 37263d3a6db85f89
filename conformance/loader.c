#include "conformance/loader.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/loading.h"
#include "conformance/text.h"

static const char rules_file[] = "rules.json", schema_directory[] = "schema";

/* A file that was read: by identity, because one file has many names. */
typedef struct seen_file {
    dev_t device;
    ino_t inode;
} seen_file;

typedef struct loader {
    loading loading;
    size_t seen_count;
    seen_file *seen;
} loader;

static void tell_path(loader *self, const char *path, const char *sentence) {
    problem_add(self->loading.problems, PROBLEM_ERROR, path, NULL, 0, "%s", sentence);
    self->loading.faults++;
}

static void tell_unreadable(loader *self, const char *path) {
    char *sentence = text_format("cannot be read: %s", strerror(errno));
    tell_path(self, path, sentence);
    free(sentence);
}

/* True the first time that it is asked for this file. */
static bool is_new_file(loader *self, const struct stat *about) {
    for (size_t i = 0; i < self->seen_count; i++)
        if (self->seen[i].device == about->st_dev && self->seen[i].inode == about->st_ino)
            return false;
    self->seen = memory_grown(self->seen, self->seen_count, sizeof *self->seen);
    self->seen[self->seen_count++] = (seen_file){about->st_dev, about->st_ino};
    return true;
}

/* Reads a document and hands it to `use`. */
static void with_document(loader *self, const char *path,
                          void (*use)(loading *self, const cJSON *root)) {
    json_document document;
    size_t problems = self->loading.problems->count;
    const char *file = arena_copy(&self->loading.set->arena, path);
    bool read = json_read_file(&document, file, self->loading.problems);
    if (self->loading.problems->count != problems) self->loading.faults++;
    if (!read) return;
    self->loading.document = &document;
    use(&self->loading, document.root);
    self->loading.document = NULL;
    json_free(&document);
}

static void load_suite(loading *self, const cJSON *root) {
    static const char *const known[] = {"$schema", "suite", "about", "vectors", NULL};
    if (!loading_check_object(self, root, known)) return;
    vector_set *set = self->set;
    vector_suite *suite = arena_take(&set->arena, sizeof *suite);
    loading_text(self, root, "$schema", false);
    const char *name = loading_id(self, root, "suite", false);
    suite->name = name == NULL ? "" : name; /* told; its vectors are looked at all the same */
    suite->about = loading_text(self, root, "about", false);
    suite->file = self->document->file;
    if (set->suite_count == set->suite_capacity) {
        set->suite_capacity = set->suite_capacity == 0 ? 16 : 2 * set->suite_capacity;
        set->suites = memory_resized(set->suites, set->suite_capacity, sizeof *set->suites);
    }
    set->suites[set->suite_count++] = suite;
    const cJSON *vectors = loading_list(self, root, "vectors", true);
    if (vectors == NULL) return;
    for (const cJSON *item = vectors->child; item != NULL; item = item->next)
        loading_vector(self, item, suite);
}

/* The directory above, as a path: "a/b" -> "a", "a" -> ".", "." -> "..", ".." -> "../..". */
static char *directory_above(const char *directory) {
    size_t length = strlen(directory);
    while (length > 1 && directory[length - 1] == '/') length--;
    const char *name = directory + length;
    while (name > directory && name[-1] != '/') name--;
    size_t name_length = (size_t)(directory + length - name);
    if (name_length == 1 && name[0] == '.' && name == directory) return text_copy("..");
    if (name_length <= 2 && strncmp(name, "..", name_length) == 0)
        return text_format("%.*s/..", (int)length, directory);
    while (name > directory && name[-1] == '/') name--;
    if (name == directory) return text_copy(directory[0] == '/' ? "/" : ".");
    return text_format("%.*s", (int)(name - directory), directory);
}

static bool same_directory(const char *a, const char *b) {
    struct stat left, right;
    return stat(a, &left) != 0 || stat(b, &right) != 0 ||
           (left.st_dev == right.st_dev && left.st_ino == right.st_ino);
}

/* Loads the rules.json of the directory, or of the nearest one above that has any. False: none. */
static bool load_nearest_rules(loader *self, const char *directory) {
    char *here = text_copy(directory);
    for (;;) {
        struct stat about;
        char *path = text_format("%s%s%s", here, strcmp(here, "/") == 0 ? "" : "/", rules_file);
        bool found = stat(path, &about) == 0;
        if (found && is_new_file(self, &about)) with_document(self, path, loading_rules);
        free(path);
        char *above = directory_above(here);
        bool top = same_directory(here, above);
        free(here);
        here = above;
        if (found || top) {
            free(here);
            return found;
        }
    }
}

static void load_file(loader *self, const char *path, const struct stat *about) {
    if (!is_new_file(self, about)) return;
    const char *slash = strrchr(path, '/');
    char *directory = slash == NULL   ? text_copy(".")
                      : slash == path ? text_copy("/")
                                      : text_format("%.*s", (int)(slash - path), path);
    if (load_nearest_rules(self, directory)) with_document(self, path, load_suite);
    else
        tell_path(self, path,
                  "there is no rules.json beside it or in a directory above: its "
                  "rules cannot be looked up");
    free(directory);
}

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Entries in order of their names, whatever the locale. */
static int compare_entries(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* Returns how many vector files there were, deep down. */
static size_t load_directory(loader *self, const char *path) {
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, compare_entries);
    if (count < 0) {
        tell_unreadable(self, path);
        return 0;
    }
    size_t files = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char *inside = text_format("%s%s%s", path, ends_with(path, "/") ? "" : "/", name);
        struct stat about;
        if (stat(inside, &about) != 0) {
            tell_unreadable(self, inside);
        } else if (S_ISDIR(about.st_mode)) {
            if (strcmp(name, schema_directory) != 0) files += load_directory(self, inside);
        } else if (ends_with(name, ".json") && strcmp(name, rules_file) != 0) {
            files++;
            load_file(self, inside, &about);
        }
        free(inside);
        free(entries[i]);
    }
    free(entries);
    return files;
}

static void load_path(loader *self, const char *path) {
    struct stat about;
    if (stat(path, &about) != 0) {
        tell_unreadable(self, path);
    } else if (S_ISDIR(about.st_mode)) {
        size_t faults = self->loading.faults;
        if (load_directory(self, path) == 0 && self->loading.faults == faults)
            tell_path(self, path, "a directory without vectors: expected files named *.json");
    } else {
        load_file(self, path, &about);
    }
}

static int compare_vectors(const void *a, const void *b) {
    const vector *left = *(const vector *const *)a, *right = *(const vector *const *)b;
    int order = strcmp(left->id, right->id);
    if (order == 0) order = strcmp(left->place.file, right->place.file);
    return order != 0 ? order : left->place.line - right->place.line;
}

/* An id belongs to one vector, in whichever file. */
static void tell_duplicates(loader *self) {
    const vector_set *set = self->loading.set;
    const vector **sorted = memory_zeroed(set->count + 1, sizeof *sorted);
    for (size_t i = 0; i < set->count; i++) sorted[i] = set->vectors[i];
    qsort(sorted, set->count, sizeof *sorted, compare_vectors);
    for (size_t i = 1; i < set->count; i++) {
        const vector *one = sorted[i - 1], *other = sorted[i];
        if (strcmp(one->id, other->id) != 0) continue;
        problem_add(self->loading.problems, PROBLEM_ERROR, other->place.file, other->place.pointer,
                    other->place.line, "duplicate id \"%s\": %s:%d has it too", other->id,
                    one->place.file, one->place.line);
        self->loading.faults++;
    }
    free(sorted);
}

bool loader_load(vector_set *set, const char *const *paths, size_t count,
                 const loader_options *options, problem_list *problems) {
    loader self = {.loading = {.set = set, .options = options, .problems = problems}};
    for (size_t i = 0; i < count; i++) load_path(&self, paths[i]);
    tell_duplicates(&self);
    free(self.seen);
    return self.loading.faults == 0;
}
