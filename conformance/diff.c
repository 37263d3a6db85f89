#include "conformance/diff.h"

#include <stdlib.h>
#include <string.h>

#include "conformance/expectation.h"
#include "conformance/text.h"

/* -- comparing --------------------------------------------------------------------------------- */

static int64_t distance(int64_t a, int64_t b) {
    return a > b ? a - b : b - a;
}

/* A moment counted from T0, whether it was told in milliseconds or in seconds. */
static int64_t since_t0(int64_t moment, int64_t t0_ms) {
    int64_t t0_s = t0_ms / 1000;
    bool is_seconds = distance(moment, t0_s) < distance(moment, t0_ms);
    return moment - (is_seconds ? t0_s : t0_ms);
}

static bool same_node(const ttl_reply *a, int64_t a_t0_ms, const ttl_reply *b, int64_t b_t0_ms,
                      size_t i, bool uses_t0) {
    ttl_reply_type type = a->nodes[i].type;
    if (type != b->nodes[i].type) return false;
    if (ttl_reply_has_text(type))
        return ttl_bytes_equal(ttl_reply_text(a, i), ttl_reply_text(b, i));
    if (type != TTL_REPLY_INTEGER && type != TTL_REPLY_BOOLEAN)
        return a->nodes[i].length == b->nodes[i].length;
    int64_t x = a->nodes[i].is.integer, y = b->nodes[i].is.integer;
    return x == y || (uses_t0 && since_t0(x, a_t0_ms) == since_t0(y, b_t0_ms));
}

static bool same_reply(const result_vector *left, const result_step *a, const result_vector *right,
                       const result_step *b) {
    if (a->answered != b->answered || a->reply.node_count != b->reply.node_count) return false;
    for (size_t i = 0; i < a->reply.node_count; i++)
        if (!same_node(&a->reply, left->t0_ms, &b->reply, right->t0_ms, i,
                       a->uses_t0 && b->uses_t0))
            return false;
    return true;
}

/* Does the reply differ from moment to moment on a right server? */
static bool tells_time(const result_step *step) {
    static const char *const words[] = {"TTL", "PTTL", "TIME", "INFO"};
    if (step->uses_t0 || step->command.node_count < 2) return step->uses_t0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (ttl_bytes_is_word(ttl_reply_text(&step->command, 1), words[i])) return true;
    return false;
}

/* Both are right, and for the same reason. */
static bool both_right(const result_step *a, const result_step *b) {
    bool pass = a->judged && b->judged && a->verdict == VERDICT_PASS && b->verdict == VERDICT_PASS;
    if (!pass || a->expected == NULL || b->expected == NULL) return false;
    return tells_time(a) || strcmp(a->expected, b->expected) == 0;
}

static bool is_decided(const result_vector *one) {
    return one->verdict != VERDICT_SKIP && one->verdict != VERDICT_INCONCLUSIVE;
}

static void add(diff *self, diff_entry entry) {
    self->entries = memory_grown(self->entries, self->count, sizeof *self->entries);
    self->entries[self->count++] = entry;
}

static void compare(diff *self, const result_vector *left, const result_vector *right) {
    size_t common = left->step_count < right->step_count ? left->step_count : right->step_count;
    for (size_t i = 0; i < common; i++) {
        const result_step *a = &left->steps[i], *b = &right->steps[i];
        if (same_reply(left, a, right, b) || both_right(a, b)) continue;
        add(self, (diff_entry){left, right, a, b});
        return;
    }
    if (left->verdict != right->verdict || left->step_count != right->step_count)
        add(self, (diff_entry){left, right, NULL, NULL});
}

static const result_vector *find(const result_run *run, const char *id) {
    for (size_t i = 0; i < run->count; i++)
        if (strcmp(run->vectors[i].id, id) == 0) return &run->vectors[i];
    return NULL;
}

diff diff_runs(const result_run *left, const result_run *right) {
    diff self = {.left = left, .right = right};
    size_t paired = 0;
    for (size_t i = 0; i < left->count; i++) {
        const result_vector *one = &left->vectors[i], *other = find(right, one->id);
        paired += other != NULL;
        if (other == NULL) {
            self.only_left++;
        } else if (!is_decided(one) || !is_decided(other)) {
            self.undecided++;
        } else {
            self.compared++;
            compare(&self, one, other);
        }
    }
    self.only_right = right->count - paired;
    return self;
}

void diff_free(diff *self) {
    free(self->entries);
    *self = (diff){0};
}

/* -- printing ---------------------------------------------------------------------------------- */

static void print_name(const result_run *run, FILE *out) {
    fprintf(out, "%s", run->target);
    if (run->dialect != NULL) fprintf(out, " (held to %s)", run->dialect);
}

static void print_command(const result_step *step, FILE *out) {
    for (size_t i = 1; i < step->command.node_count; i++) {
        if (i > 1) putc(' ', out);
        text_shell_word(out, ttl_reply_text(&step->command, i));
    }
}

static void print_reply(const char *mark, const result_step *step, FILE *out) {
    char *text = step->answered ? expectation_text_of_reply(&step->reply, step->protocol)
                                : text_copy("(no reply)");
    fprintf(out, "    %s %s\n", mark, text);
    free(text);
}

static void print_entry(const diff_entry *entry, FILE *out) {
    fprintf(out, "  %s: %s\n", entry->left->id, entry->left->title);
    if (entry->left_step != NULL) {
        fprintf(out, "    step %zu: ", (size_t)(entry->left_step - entry->left->steps) + 1);
        print_command(entry->left_step, out);
        putc('\n', out);
        print_reply("<", entry->left_step, out);
        print_reply(">", entry->right_step, out);
    } else if (entry->left->step_count != entry->right->step_count) {
        fprintf(out, "    < %zu steps\n    > %zu steps: the runs had other vectors\n",
                entry->left->step_count, entry->right->step_count);
    }
    if (entry->left->verdict != entry->right->verdict)
        fprintf(out, "    < %s\n    > %s\n", verdict_name(entry->left->verdict),
                verdict_name(entry->right->verdict));
}

void diff_print(const diff *self, FILE *out) {
    fputs("< ", out);
    print_name(self->left, out);
    fputs("\n> ", out);
    print_name(self->right, out);
    putc('\n', out);
    for (size_t i = 0; i < self->count; i++) print_entry(&self->entries[i], out);
    fprintf(out, "  %zu vectors compared, %zu differ", self->compared, self->count);
    if (self->undecided > 0) fprintf(out, ", %zu undecided by one of them", self->undecided);
    if (self->only_left > 0) fprintf(out, ", %zu only in the first", self->only_left);
    if (self->only_right > 0) fprintf(out, ", %zu only in the second", self->only_right);
    putc('\n', out);
}
