/* Runs the vectors on mutants of the engine: the other half of scripts/mutants.py, which builds one
 * of the engine's files with all of its mutants in it and links it with this.
 *
 *      mutant_runner DIALECT...
 *
 * Each line of its input is the number of a mutant, what killed it the last time ("DIALECT/ID", or
 * "-"), and which vectors get to its function ("-" for all), in hexadecimal digits: the bit n is
 * that of the vector n % COUNT in the dialect n / COUNT. A mutant runs in a process of its own,
 * forked when the vectors were read, until the first vector fails: first the one that did the last
 * time, then all that get there, in the order of the dialects. The answer is a line, "NUMBER WHY
 * DIALECT/ID", where WHY is "vector" when it fails, "crash", or "time" (of the processor), and
 * "NUMBER - -" when all passed. A difference in what nothing promises counts too. The mutant 0 is
 * none.
 *
 *      mutant_runner --reach DIALECT...
 *
 * Tells for each function of an engine that was built with -finstrument-functions where it lies, in
 * bytes from tell_reached(), and which vectors get there, in such digits. The exit status is 1 when
 * one fails. A vector that gets to the same functions in two dialects, and is given the same
 * replies, is told of for the first alone: on a mutant it may go different ways all the same, so
 * that some that are killed may be missed, but none is killed that should not be.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/loader.h"
#include "conformance/runner.h"
#include "engine/dialect.h"

enum { VECTOR_LIMIT_S = 1, ID_SIZE = 256, FUNCTIONS = 1 << 13 };
#define MEMORY_LIMIT (UINT64_C(2) << 30)

/* Asked by the file that is mutated. */
int mutant_chosen;

/* What runs now: written by the mutant's process, and read by the other when that has ended. */
typedef struct killing {
    bool is_failed;
    char by[ID_SIZE];
} killing;

/* A function of the engine, and the bits of the vectors that get there. */
typedef struct reached {
    uintptr_t place;
    unsigned char *vectors;
} reached;

static vector_set set;
static killing *now;
static char **dialects;
static size_t dialect_count;
static reached functions[FUNCTIONS];
static size_t running; /* the bit of the vector that runs, when functions are noted */
static bool is_noting;
static uint64_t way; /* a hash of the functions that it gets to and the replies that it is given */

static void fail(const char *why) {
    fprintf(stderr, "mutant_runner: %s\n", why);
    exit(2);
}

static void read_vectors(void) {
    static const char *const path = "vectors";
    problem_list problems = {0};
    if (!loader_load(&set, &path, 1, NULL, &problems))
        fail("the vectors are wrong: see ttlspec lint");
}

static size_t bits_size(void) {
    return (set.count * dialect_count + 7) / 8;
}

/* ---- a vector */

static bool is_kill(verdict value) {
    return value == VERDICT_FAIL || value == VERDICT_WARNING || value == VERDICT_ERROR;
}

static target *dialect_open(const char *dialect) {
    char error[TARGET_ERROR_SIZE], name[64];
    target_options options = {.exclusive = true};
    bool is_usage;
    snprintf(name, sizeof name, "engine:%s", dialect);
    target *on = target_open(name, &options, &is_usage, error);
    if (on == NULL) fail(error);
    return on;
}

/* A vector that takes this long goes round in circles. */
static void limit_processor(void) {
    const struct itimerval limit = {.it_value = {.tv_sec = VECTOR_LIMIT_S}};
    if (setitimer(ITIMER_PROF, &limit, NULL) != 0) fail("cannot limit a mutant");
}

static uint64_t hash(uint64_t seed, const void *bytes, size_t length) {
    uint64_t value = seed + UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        value = (value ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
    return value;
}

static uint64_t reply_hash(uint64_t seed, const ttl_reply *reply) {
    for (size_t i = 0; i < reply->node_count; i++) {
        const ttl_node *node = &reply->nodes[i];
        const int64_t said[] = {(int64_t)node->type, node->is.integer, (int64_t)node->length};
        seed = hash(seed, said, sizeof said);
    }
    return hash(seed, reply->text, reply->text_length);
}

static bool vector_fails(target *on, const char *dialect, const vector *one) {
    runner how = {.target = on, .spec = on->dialect, .run_id = "mutants"};
    results all = {0};
    result_run *run = results_add_run(&all);
    snprintf(now->by, sizeof now->by, "%s/%s", dialect, one->id);
    runner_run(&how, &one, 1, run);
    now->is_failed = run->count == 1 && is_kill(run->vectors[0].verdict);
    for (size_t i = 0; i < run->vectors[0].step_count; i++) {
        way = reply_hash(way, &run->vectors[0].steps[i].reply);
        way = reply_hash(way, &run->vectors[0].steps[i].events);
    }
    results_free(&all);
    return now->is_failed;
}

/* ---- a mutant */

static bool last_killer_fails(const char *last) {
    for (size_t i = 0; i < dialect_count; i++) {
        size_t length = strlen(dialects[i]);
        if (strncmp(last, dialects[i], length) != 0 || last[length] != '/') continue;
        for (size_t n = 0; n < set.count; n++) {
            if (strcmp(set.vectors[n]->id, last + length + 1) != 0) continue;
            target *on = dialect_open(dialects[i]);
            bool fails = vector_fails(on, dialects[i], set.vectors[n]);
            target_close(on);
            return fails;
        }
    }
    return false;
}

static int digit_value(char digit) {
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static bool is_asked(const char *digits, size_t bit) {
    if (digits[0] == '-') return true;
    return (digit_value(digits[bit / 4]) >> (bit % 4) & 1) != 0;
}

static bool some_vector_fails(const char *last, const char *digits) {
    bool fails = last_killer_fails(last);
    for (size_t i = 0; i < dialect_count && !fails; i++) {
        target *on = dialect_open(dialects[i]);
        for (size_t n = 0; n < set.count && !fails; n++) {
            if (!is_asked(digits, i * set.count + n)) continue;
            limit_processor();
            fails = vector_fails(on, dialects[i], set.vectors[n]);
        }
        target_close(on);
    }
    return fails;
}

static void limit(int what, rlim_t most) {
    struct rlimit limits = {most, most};
    if (setrlimit(what, &limits) != 0) fail("cannot limit a mutant");
}

static void judge_mutant(const char *last, const char *digits) {
    int status = 0;
    *now = (killing){.is_failed = false};
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) fail("no process");
    if (child == 0) {
        limit(RLIMIT_AS, MEMORY_LIMIT);
        limit(RLIMIT_CORE, 0);
        limit_processor();
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(1);
        _exit(some_vector_fails(last, digits) ? 1 : 0);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    bool is_late = WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) printf("%d - -\n", mutant_chosen);
    else
        printf("%d %s %s\n", mutant_chosen,
               now->is_failed ? "vector"
               : is_late      ? "time"
                              : "crash",
               now->by);
}

static int judge_mutants(void) {
    char last[ID_SIZE];
    char *digits = malloc(bits_size() * 2 + 2);
    char form[64];
    if (digits == NULL) fail("there is no memory");
    snprintf(form, sizeof form, "%%d %%%ds %%%zus", ID_SIZE - 1, bits_size() * 2);
    while (scanf(form, &mutant_chosen, last, digits) == 3) judge_mutant(last, digits);
    free(digits);
    return 0;
}

/* ---- which vectors get where */

static reached *function_at(uintptr_t place) {
    size_t at = place / 4 % FUNCTIONS;
    while (functions[at].vectors != NULL && functions[at].place != place) at = (at + 1) % FUNCTIONS;
    if (functions[at].vectors == NULL) {
        functions[at] = (reached){place, calloc(bits_size(), 1)};
        if (functions[at].vectors == NULL) fail("there is no memory");
    }
    return &functions[at];
}

void __cyg_profile_func_enter(void *function, void *site);
void __cyg_profile_func_exit(void *function, void *site);

void __cyg_profile_func_enter(void *function, void *site) {
    (void)site;
    if (!is_noting) return;
    unsigned char *byte = &function_at((uintptr_t)function)->vectors[running / 8];
    const unsigned char bit = (unsigned char)(1 << running % 8);
    if ((*byte & bit) != 0) return;
    *byte |= bit;
    way += hash(0, &function, sizeof function);
}

void __cyg_profile_func_exit(void *function, void *site) {
    (void)function, (void)site;
}

static void forget_running(void) {
    for (size_t at = 0; at < FUNCTIONS; at++)
        if (functions[at].vectors != NULL)
            functions[at].vectors[running / 8] &= (unsigned char)~(1 << running % 8);
}

static bool went_before(const uint64_t *ways, size_t dialect, size_t n) {
    for (size_t i = 0; i < dialect; i++)
        if (ways[i * set.count + n] == way) return true;
    return false;
}

static bool note_all(uint64_t *ways) {
    for (size_t i = 0; i < dialect_count; i++) {
        target *on = dialect_open(dialects[i]);
        for (size_t n = 0; n < set.count; n++) {
            running = i * set.count + n;
            way = 0;
            is_noting = true;
            bool fails = vector_fails(on, dialects[i], set.vectors[n]);
            is_noting = false;
            if (fails) return false;
            ways[running] = way;
            if (went_before(ways, i, n)) forget_running();
        }
        target_close(on);
    }
    return true;
}

static int tell_reached(void) {
    uint64_t *ways = calloc(set.count * dialect_count, sizeof *ways);
    if (ways == NULL) fail("there is no memory");
    if (!note_all(ways)) return 1;
    for (size_t at = 0; at < FUNCTIONS; at++) {
        if (functions[at].vectors == NULL) continue;
        printf("%" PRIdPTR " ", (intptr_t)(functions[at].place - (uintptr_t)tell_reached));
        for (size_t i = 0; i < bits_size(); i++)
            printf("%x%x", functions[at].vectors[i] & 15, functions[at].vectors[i] >> 4);
        printf("\n");
    }
    free(ways);
    return 0;
}

int main(int argc, char **argv) {
    bool is_reach = argc > 1 && strcmp(argv[1], "--reach") == 0;
    int first = is_reach ? 2 : 1;
    if (argc <= first) fail("usage: mutant_runner [--reach] DIALECT...");
    dialects = argv + first;
    dialect_count = (size_t)(argc - first);
    now = mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (now == MAP_FAILED) fail("there is no memory");
    read_vectors();
    return is_reach ? tell_reached() : judge_mutants();
}
