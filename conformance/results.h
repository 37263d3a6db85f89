/* Results: what was asked of a target, what it answered, and what follows from that.
 *
 *      results                       one file
 *        `- runs                     one for each target
 *             `- vectors             in the order of the suite
 *                  `- steps          with moments, reply, verdict and reason
 *
 * Results are complete: every report is rendered from them, and they are compared with others,
 * without the vectors and without the server. Keys stand as the vector wrote them ({k}), so that
 * two runs can be compared; a password never gets here.
 *
 * Invariants: a vector that failed has a failing step, unless the reason is its own; a step without
 * an answer has no reply; times of a step count from T0 of its vector.
 * Ownership: results own everything in them until results_free.
 */
#ifndef CONFORMANCE_RESULTS_H
#define CONFORMANCE_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ttlspec/reply.h"

typedef enum verdict {
    VERDICT_PASS,
    VERDICT_FAIL,         /* nothing explains what was answered */
    VERDICT_WARNING,      /* the same, where nothing promises the behaviour */
    VERDICT_INCONCLUSIVE, /* explained, but the moments that it is about were missed */
    VERDICT_SKIP,         /* did not run, and says why */
    VERDICT_ERROR,        /* the target broke: refused, closed, hung, talked garbage */
} verdict;
enum { VERDICT_COUNT = VERDICT_ERROR + 1 };

/* "pass", "fail" ... */
const char *verdict_name(verdict value);
bool verdict_parse(const char *name, verdict *value);

/* What the baseline says of a vector. */
typedef enum known_state {
    KNOWN_NOT,    /* nothing */
    KNOWN_FAILS,  /* an accepted difference: it fails as it should */
    KNOWN_FLAKES, /* may pass and may fail */
    KNOWN_FIXED,  /* an accepted difference that passes: the baseline is stale */
} known_state;

typedef struct result_step {
    char *connection; /* NULL: the usual one */
    int64_t at_ms;    /* when it should be sent */
    int64_t sent_us, received_us;
    ttl_reply command; /* an array of bulk strings, as RESP has it */
    ttl_reply reply;
    bool answered;
    int protocol;   /* 2 or 3: how the reply came */
    bool uses_t0;   /* what was expected counts from T0 */
    char *expected; /* JSON, as a vector writes it */
    bool checks_events;
    ttl_reply events;        /* "expire {k}" ..., seen since the step before */
    ttl_reply wanted_events; /* of a step that checks them */
    size_t polls;            /* how often it was answered before, until its reply turned */
    bool judged;             /* false: it was never reached */
    verdict verdict;
    char *class;  /* of the mismatch: "value", "type", "error code", "wording", "time", "events" */
    char *reason; /* NULL: there is nothing to say */
} result_step;

typedef struct result_rule {
    char *id, *text, *source;
} result_rule;

typedef struct result_vector {
    char *id, *title, *suite, *file;
    int line;
    bool is_should; /* level: a difference is a warning */
    size_t rule_count;
    result_rule *rules;
    size_t tag_count;
    char **tags;
    verdict verdict;
    char *class, *reason; /* NULL where there is nothing to say */
    int attempts;
    int stretch; /* its times were so many times as long in the last of them; 0: they were not */
    /* Of a live target that differs: what was seen, as `ttlspec judge` takes it. NULL: nothing. */
    char *history;
    bool is_proven;     /* the judge finds it wrong from the history alone */
    char *history_file; /* where it was saved; NULL: nowhere */
    int64_t t0_ms, duration_us;
    bool has_slack;   /* of a live target: questions of time were asked; the nearest to being */
    int64_t slack_us; /* undecidable was so far from it */
    known_state known;
    char *known_reason;
    size_t step_count;
    result_step *steps;
} result_vector;

typedef struct result_run {
    char *target;    /* as it was named, without a password */
    char *dialect;   /* which behaviour it was held to */
    char *server;    /* what it says it is: "redis 7.0.15" */
    char *started;   /* 2026-11-21T00:50:00Z */
    char *unusable;  /* NULL, or why the target could not be used */
    char *arguments; /* of `ttlspec run`, to run one vector of it again */
    bool interrupted, strict;
    int64_t duration_us;
    size_t count;
    result_vector *vectors;
} result_run;

typedef struct results {
    char *made_by; /* the version of ttlspec */
    size_t count;
    result_run *runs;
} results;

/* How many vectors of a run came out how. */
typedef struct result_counts {
    size_t of[VERDICT_COUNT];
    size_t total, known, flaky, fixed;
    size_t gate; /* how many fail the gate: unexpected failures and fixed ones, not errors */
} result_counts;

void results_free(results *all);
/* An empty run at the end of them, good until the next one is added. */
result_run *results_add_run(results *all);
result_vector *result_run_add(result_run *run);
void result_vector_free(result_vector *vector);
void result_step_init(result_step *step);

/* How finely a run on a live target could tell moments apart. */
typedef struct result_resolution {
    bool is_known;                         /* false: no question of time was asked */
    const result_vector *narrowest;        /* the pass that was decided with the least room */
    size_t open;                           /* passes of which a reply could have been another */
    int64_t bracket_us, widest_bracket_us; /* from sending to reply: median, 99th percentile */
    size_t again;                          /* vectors that were tried more than once */
} result_resolution;

result_counts result_run_count(const result_run *run);
result_resolution result_run_resolution(const result_run *run);
/* True when this vector alone would fail the gate. */
bool result_vector_gates(const result_vector *vector, bool strict);
/* The step that the verdict is about; NULL: none is. */
const result_step *result_vector_culprit(const result_vector *vector);
/* The exit status of a run as the command line promises: 0, 1, 3 or 4. */
int results_status(const results *all);

/* The whole of it as JSON; a file of results. */
void results_write(const results *all, FILE *out);
/* False: `error` says what is wrong with the file, in a sentence. `all` is then empty. */
bool results_read(results *all, const char *path, char **error);

#endif
