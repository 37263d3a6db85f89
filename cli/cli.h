/* The command line: one function for each subcommand, and what they share.
 *
 * A subcommand gets its own name as argv[0], prints what was asked for on stdout and sentences
 * about trouble on stderr, and returns the exit status.
 */
#ifndef TTLSPEC_CLI_H
#define TTLSPEC_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "conformance/vector.h"

enum {
    STATUS_CONFORMANT = 0,
    STATUS_DIFFERENCE = 1,
    STATUS_WRONG = 2,    /* the command line, a vector, a baseline or a report's place */
    STATUS_UNUSABLE = 3, /* a target could not be used */
    STATUS_UNDECIDED = 4,
    STATUS_INTERRUPTED = 130,
};

int run_main(int argc, char **argv);
int diff_main(int argc, char **argv);
int matrix_main(int argc, char **argv);
int lint_main(int argc, char **argv);
int list_main(int argc, char **argv);
int show_main(int argc, char **argv);
int rules_main(int argc, char **argv);
int dialects_main(int argc, char **argv);
int judge_main(int argc, char **argv);
int sim_main(int argc, char **argv);
int serve_main(int argc, char **argv);

/* A sentence on stderr: "ttlspec run: ...". Returns STATUS_WRONG. */
int cli_complain(const char *command, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));
/* What getopt_long saw and did not like, as a sentence. Returns STATUS_WRONG. */
int cli_complain_option(const char *command, int option, char **argv);
/* Makes sure that everything printed has arrived. False: it was said on stderr. */
bool cli_flush_stdout(const char *command);

/* A list of values of an option that may be given several times. */
typedef struct cli_list {
    size_t count;
    const char **values;
} cli_list;
void cli_list_add(cli_list *list, const char *value);
void cli_list_free(cli_list *list);

/* Loads vectors from these places; where there are none from ./vectors, else from those that are
 * installed. False: what is wrong was said on stderr. */
bool cli_load(const char *command, const cli_list *places, vector_set *set);
/* Where vectors are looked for when nobody says. */
const char *cli_usual_place(void);

/* Which vectors are meant. */
typedef struct cli_selection {
    cli_list run, skip, rules, tags; /* run and skip: globs over ids */
    size_t shard, shard_count;       /* 1 of 1: all */
} cli_selection;

/* Reads I/N. False: it is not that. */
bool cli_parse_shard(const char *text, cli_selection *selection);
void cli_selection_free(cli_selection *selection);
/* A rule or tag that is not in the set is a mistake of the command line: false, said on stderr. */
bool cli_selection_check(const char *command, const cli_selection *selection,
                         const vector_set *set);
/* The vectors that are meant, in the set's order; --skip leaves none out, because a run reports
 * what it skips. The caller frees. */
const vector **cli_select(const cli_selection *selection, const vector_set *set, size_t *count);

#endif
