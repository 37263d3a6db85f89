/* Runs the vectors on mutants of the engine: the other half of scripts/mutants.py, which builds one
 * of the engine's files with all of its mutants in it and links it with this.
 *
 *      mutant_runner DIALECT... -- LONG-FILE...
 *
 * Each line of its input is the number of a mutant, and 1 when the long files may tell something of
 * it, else 0. A mutant runs in a process of its own, forked when the vectors were read, until the
 * first vector fails: first those of the short files in the first dialect, then in the others, then
 * those of the long files in the first four. The answer is a line, "NUMBER WHAT": the vector's id,
 * "crash", "time" (of the processor), or "-" when all passed. A difference in what nothing promises
 * counts too. The mutant 0 is none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/loader.h"
#include "conformance/runner.h"

enum { BATCH = 32, LONG_DIALECTS = 4, CPU_LIMIT_S = 10, ID_SIZE = 256 };
#define MEMORY_LIMIT (UINT64_C(2) << 30)

/* Asked by the file that is mutated. */
int mutant_chosen;

typedef struct suite_part {
    const vector **vectors;
    size_t count;
} suite_part;

static vector_set set;
static suite_part part_short, part_long;
static const char *const *dialects;
static size_t dialect_count;

static void fail(const char *why) {
    fprintf(stderr, "mutant_runner: %s\n", why);
    exit(2);
}

static bool is_long(const vector *one, char **files, int count) {
    const char *name = strrchr(one->suite->file, '/');
    name = name == NULL ? one->suite->file : name + 1;
    for (int i = 0; i < count; i++)
        if (strcmp(files[i], name) == 0) return true;
    return false;
}

static void read_vectors(char **long_files, int long_count) {
    static const char *const path = "vectors";
    problem_list problems = {0};
    if (!loader_load(&set, &path, 1, NULL, &problems))
        fail("the vectors are wrong: see ttlspec lint");
    part_short.vectors = calloc(set.count, sizeof *part_short.vectors);
    part_long.vectors = calloc(set.count, sizeof *part_long.vectors);
    if (part_short.vectors == NULL || part_long.vectors == NULL) fail("there is no memory");
    for (size_t i = 0; i < set.count; i++) {
        suite_part *part =
            is_long(set.vectors[i], long_files, long_count) ? &part_long : &part_short;
        part->vectors[part->count++] = set.vectors[i];
    }
}

/* ---- one mutant */

static bool is_kill(verdict value) {
    return value == VERDICT_FAIL || value == VERDICT_WARNING || value == VERDICT_ERROR;
}

/* True: `killer` is the first of them that fails. */
static bool batch_fails(const runner *how, const vector **vectors, size_t count, char *killer) {
    results all = {0};
    result_run *run = results_add_run(&all);
    bool fails = false;
    runner_run(how, vectors, count, run);
    for (size_t i = 0; i < run->count && !fails; i++) {
        fails = is_kill(run->vectors[i].verdict);
        if (fails) snprintf(killer, ID_SIZE, "%s", run->vectors[i].id);
    }
    results_free(&all);
    return fails;
}

static bool part_fails(const char *dialect, const suite_part *part, char *killer) {
    char error[TARGET_ERROR_SIZE], name[64];
    target_options options = {.exclusive = true};
    bool is_usage, fails = false;
    snprintf(name, sizeof name, "engine:%s", dialect);
    target *on = target_open(name, &options, &is_usage, error);
    if (on == NULL) fail(error);
    runner how = {.target = on, .spec = on->dialect, .run_id = "mutants"};
    for (size_t i = 0; i < part->count && !fails; i += BATCH) {
        size_t count = part->count - i < BATCH ? part->count - i : BATCH;
        fails = batch_fails(&how, part->vectors + i, count, killer);
    }
    target_close(on);
    return fails;
}

static void run_mutant(bool with_long, char *killer) {
    for (size_t i = 0; i < dialect_count; i++)
        if (part_fails(dialects[i], &part_short, killer)) return;
    for (size_t i = 0; with_long && i < dialect_count && i < LONG_DIALECTS; i++)
        if (part_fails(dialects[i], &part_long, killer)) return;
    snprintf(killer, ID_SIZE, "-");
}

static void limit(int what, rlim_t most) {
    struct rlimit limits = {most, most};
    if (setrlimit(what, &limits) != 0) fail("cannot limit a mutant");
}

/* What the child wrote, or what became of it. */
static void judge_mutant(bool with_long, char killer[ID_SIZE]) {
    int ends[2], status = 0;
    fflush(stdout);
    if (pipe(ends) != 0) fail("no pipe");
    pid_t child = fork();
    if (child < 0) fail("no process");
    if (child == 0) {
        limit(RLIMIT_CPU, CPU_LIMIT_S);
        limit(RLIMIT_AS, MEMORY_LIMIT);
        limit(RLIMIT_CORE, 0);
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(1);
        run_mutant(with_long, killer);
        _exit(write(ends[1], killer, ID_SIZE) == ID_SIZE ? 0 : 1);
    }
    close(ends[1]);
    bool told = read(ends[0], killer, ID_SIZE) == ID_SIZE;
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (told) return;
    bool is_late =
        WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL);
    snprintf(killer, ID_SIZE, is_late ? "time" : "crash");
}

int main(int argc, char **argv) {
    int last = 1, with_long;
    while (last < argc && strcmp(argv[last], "--") != 0) last++;
    if (last < 2 || last == argc) fail("usage: mutant_runner DIALECT... -- LONG-FILE...");
    dialects = (const char *const *)argv + 1;
    dialect_count = (size_t)last - 1;
    read_vectors(argv + last + 1, argc - last - 1);
    while (scanf("%d %d", &mutant_chosen, &with_long) == 2) {
        char killer[ID_SIZE] = "";
        judge_mutant(with_long != 0, killer);
        printf("%d %s\n", mutant_chosen, killer);
        fflush(stdout);
    }
    return 0;
}
