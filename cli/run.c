/* ttlspec run: vectors on targets, and reports of what came out. */
#include "cli/run.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conformance/live.h"
#include "conformance/number.h"
#include "conformance/runner.h"
#include "conformance/text.h"

static const char usage[] =
    "usage: ttlspec run [TARGET...] [OPTION...]\n"
    "\n"
    "Runs vectors on each target and reports what differs.\n"
    "\n"
    "targets (default: engine)\n"
    "  engine[:DIALECT]                        the reference engine, in virtual time\n"
    "  redis://[user:pass@]host:port[/db]      a live server; a password may also come from\n"
    "  unix://PATH                             TTLSPEC_PASSWORD\n"
    "  exec:COMMAND ...                        a server that is started for the run, under a\n"
    "                                          virtual clock: exact milliseconds, no waiting\n"
    "\n"
    "which vectors\n"
    "  --vectors PATH     a file or directory (default: vectors here, else those installed)\n"
    "  --run GLOB         those with such an id; * is one segment, ** any\n"
    "  --skip GLOB        not these: they are reported as skipped\n"
    "  --rule ID          those that exercise the rule\n"
    "  --tag TAG          those with the tag\n"
    "  --shard I/N        the I-th of N equal parts\n"
    "\n"
    "how\n"
    "  --spec DIALECT     hold targets to this behaviour (default: the version they claim)\n"
    "  --exclusive        the whole server is ours: it is emptied, and set as vectors need it\n"
    "  --jobs N           for vectors that run side by side: connections to a live server at most\n"
    "                     (64), processes of one that is started (one for each processor)\n"
    "  --timeout SECONDS  how long a live server may take to answer (5)\n"
    "  --known FILE       accepted differences; --update-known FILE writes them\n"
    "  --strict           a difference in what nothing promises fails too\n"
    "\n"
    "reports\n"
    "  --report FORMAT[=FILE]   text (default), json, junit, tap, markdown, github, html\n"
    "  --out DIR                all of them, and badge.json\n"
    "  --verbose                list what passed, too\n"
    "\n"
    "Options that name vectors or reports may be given several times.\n"
    "Exit status: 0 conformant, 1 a difference, 2 a mistake on the command line, in a vector or "
    "in\n"
    "a baseline, 3 a target could not be used, 4 nothing was decided.\n";

enum {
    OPTION_VECTORS = 256,
    OPTION_RUN,
    OPTION_SKIP,
    OPTION_RULE,
    OPTION_TAG,
    OPTION_SHARD,
    OPTION_SPEC,
    OPTION_EXCLUSIVE,
    OPTION_JOBS,
    OPTION_TIMEOUT,
    OPTION_KNOWN,
    OPTION_UPDATE_KNOWN,
    OPTION_STRICT,
    OPTION_REPORT,
    OPTION_OUT,
    OPTION_VERBOSE,
    OPTION_HELP,
};

static const struct option known_options[] = {
    {"vectors", required_argument, NULL, OPTION_VECTORS},
    {"run", required_argument, NULL, OPTION_RUN},
    {"skip", required_argument, NULL, OPTION_SKIP},
    {"rule", required_argument, NULL, OPTION_RULE},
    {"tag", required_argument, NULL, OPTION_TAG},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"spec", required_argument, NULL, OPTION_SPEC},
    {"exclusive", no_argument, NULL, OPTION_EXCLUSIVE},
    {"jobs", required_argument, NULL, OPTION_JOBS},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"known", required_argument, NULL, OPTION_KNOWN},
    {"update-known", required_argument, NULL, OPTION_UPDATE_KNOWN},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"report", required_argument, NULL, OPTION_REPORT},
    {"out", required_argument, NULL, OPTION_OUT},
    {"verbose", no_argument, NULL, OPTION_VERBOSE},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

/* -- options ----------------------------------------------------------------------------------- */

static bool take_report(run_options *options, const char *value) {
    const char *equals = strchr(value, '=');
    char *name = text_copy_bytes(
        (ttl_bytes){value, equals == NULL ? strlen(value) : (size_t)(equals - value)});
    const report_format *format = report_find(name);
    bool is_printed = equals == NULL || equals[1] == '\0';
    if (format == NULL)
        cli_complain("run",
                     "there is no report %s: one is text, json, junit, tap, markdown, github, html",
                     name);
    else if (is_printed && options->printed != NULL)
        cli_complain("run", "two reports on standard output: write one to a file, %s=FILE", name);
    else if (is_printed) options->printed = format;
    free(name);
    if (format == NULL || (is_printed && options->printed != format)) return false;
    options->wants_github_summary =
        options->wants_github_summary || strcmp(format->name, "github") == 0;
    if (is_printed) return true;
    options->files = memory_grown(options->files, options->file_count, sizeof *options->files);
    options->files[options->file_count++] = (run_report_file){format, equals + 1};
    return true;
}

/* False: it was said what is wrong. */
static bool take_option(run_options *options, int option, const char *value) {
    switch (option) {
    case OPTION_VECTORS: cli_list_add(&options->vectors, value); return true;
    case OPTION_RUN: cli_list_add(&options->selection.run, value); return true;
    case OPTION_SKIP: cli_list_add(&options->selection.skip, value); return true;
    case OPTION_RULE: cli_list_add(&options->selection.rules, value); return true;
    case OPTION_TAG: cli_list_add(&options->selection.tags, value); return true;
    case OPTION_EXCLUSIVE: options->exclusive = true; return true;
    case OPTION_KNOWN: options->known = value; return true;
    case OPTION_UPDATE_KNOWN: options->update_known = value; return true;
    case OPTION_STRICT: options->strict = true; return true;
    case OPTION_OUT: options->out = value; return true;
    case OPTION_VERBOSE: options->style.verbose = true; return true;
    case OPTION_REPORT: return take_report(options, value);
    case OPTION_JOBS:
        if (number_parse_digits(value, strlen(value), RUN_JOBS_MAX, &options->jobs) &&
            options->jobs > 0)
            return true;
        cli_complain("run", "--jobs wants a number from 1 to %d, not %s", RUN_JOBS_MAX, value);
        return false;
    case OPTION_TIMEOUT:
        if (number_parse_digits(value, strlen(value), RUN_TIMEOUT_MAX_S, &options->timeout_s) &&
            options->timeout_s > 0)
            return true;
        cli_complain("run", "--timeout wants seconds from 1 to %d, not %s", RUN_TIMEOUT_MAX_S,
                     value);
        return false;
    case OPTION_SHARD:
        if (cli_parse_shard(value, &options->selection)) return true;
        cli_complain("run", "--shard wants I/N, I from 1 to N, not %s", value);
        return false;
    default: break;
    }
    options->spec_name = value;
    if (ttl_dialect_parse(value, &options->spec)) return true;
    cli_complain("run", "%s is no dialect: one is redis-7.0, valkey-8.1.1", value);
    return false;
}

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0';
}

/* Returns an exit status; `*is_done` when there is nothing more to do. */
static int parse(run_options *options, int argc, char **argv, bool *is_done) {
    *options = (run_options){0};
    *is_done = true;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":", known_options, NULL)) != -1;) {
        if (option == ':' || option == '?') return cli_complain_option("run", option, argv);
        if (option == OPTION_HELP) {
            fputs(usage, stdout);
            return STATUS_CONFORMANT;
        }
        if (!take_option(options, option, optarg)) return STATUS_WRONG;
    }
    for (int i = optind; i < argc; i++) cli_list_add(&options->targets, argv[i]);
    if (options->targets.count == 0) cli_list_add(&options->targets, "engine");
    if (options->printed == NULL && options->file_count == 0)
        options->printed = report_find("text");
    if (options->known != NULL && options->update_known != NULL)
        return cli_complain("run", "--update-known reads its file too: leave --known out");
    options->style.color = isatty(STDOUT_FILENO) && !is_set("NO_COLOR");
    *is_done = false;
    return STATUS_CONFORMANT;
}

static void options_free(run_options *options) {
    cli_list_free(&options->targets);
    cli_list_free(&options->vectors);
    cli_selection_free(&options->selection);
    free(options->files);
}

/* -- what a run needs -------------------------------------------------------------------------- */

/* Reads the baseline. One that is to be updated may not be there yet. */
static bool read_baseline(const run_options *options, const vector_set *set, known *baseline) {
    const char *path = options->known != NULL ? options->known : options->update_known;
    *baseline = (known){0};
    if (path == NULL || (options->known == NULL && access(path, F_OK) != 0)) return true;
    char *error = NULL;
    bool sound = known_read(baseline, path, &error);
    /* What is stale is what an update is for. */
    if (sound && options->update_known == NULL) sound = known_check(baseline, set, &error);
    if (!sound) cli_complain("run", "%s", error);
    free(error);
    return sound;
}

static char *utc_now(void) {
    char text[32];
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text_copy(text);
}

/* The arguments that run vectors on this target again, as words of a shell. */
static char *arguments_of(const run_options *options, const char *named) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return NULL;
    text_shell_word(out, ttl_bytes_of(named));
    if (options->spec_name != NULL) fprintf(out, " --spec %s", options->spec_name);
    if (options->exclusive) fputs(" --exclusive", out);
    for (size_t i = 0; i < options->vectors.count; i++) {
        fputs(" --vectors ", out);
        text_shell_word(out, ttl_bytes_of(options->vectors.values[i]));
    }
    fclose(out);
    return text;
}

/* -- one target -------------------------------------------------------------------------------- */

/* The target as far as it may be shown, also when it could not be opened or even read. */
static char *shown_target(const char *text) {
    char name[TARGET_NAME_SIZE], ignored[TARGET_ERROR_SIZE];
    const char *at = strrchr(text, '@');
    if (strncmp(text, "redis", 5) != 0 || at == NULL) return text_copy(text);
    snprintf(name, sizeof name, "redis://%s", at + 1);
    if (strncmp(text, "redis://", 8) == 0) {
        live_address address;
        if (live_address_parse(&address, text, ignored))
            live_address_name(&address, name, sizeof name);
        live_address_free(&address);
    }
    return text_copy(name);
}

static void run_on(run_session *session, target *on, result_run *run) {
    const run_options *options = session->options;
    char name[64];
    runner how = {.target = on,
                  .spec = options->spec_name != NULL ? options->spec : on->dialect,
                  .run_id = session->run_id,
                  .jobs = (size_t)options->jobs,
                  .baseline = session->baseline,
                  .skip_count = options->selection.skip.count,
                  .skip_globs = options->selection.skip.values,
                  .is_interrupted = run_interrupted(),
                  .on_progress = run_show_progress};
    ttl_dialect_name(&how.spec, name, sizeof name);
    run->target = text_copy(on->name);
    run->dialect = text_copy(name);
    run->server = text_copy(on->server);
    run->arguments = arguments_of(options, on->name);
    runner_run(&how, session->vectors, session->vector_count, run);
}

/* Returns STATUS_WRONG when the text names no target that can be run at all. */
static int run_target(run_session *session, const char *text, results *all) {
    char error[TARGET_ERROR_SIZE] = "";
    bool is_usage = false;
    const run_options *options = session->options;
    target_options how = {.spec = options->spec_name != NULL ? &options->spec : NULL,
                          .exclusive = options->exclusive,
                          .answer_ms = (int)options->timeout_s * 1000,
                          .password =
                              is_set("TTLSPEC_PASSWORD") ? getenv("TTLSPEC_PASSWORD") : NULL,
                          .is_interrupted = run_interrupted()};
    target *on = target_open(text, &how, &is_usage, error);
    char *shown = shown_target(text);
    int status = STATUS_CONFORMANT;
    if (on == NULL && is_usage) {
        status = cli_complain("run", "%s: %s", shown, error);
    } else if (on != NULL && !on->has_dialect && options->spec_name == NULL) {
        status = cli_complain("run", "%s does not say which version it is: --spec DIALECT says it",
                              shown);
    } else {
        result_run *run = results_add_run(all);
        run->started = utc_now();
        run->strict = options->strict;
        if (on != NULL) run_on(session, on, run);
        else {
            run->target = text_copy(shown);
            run->unusable = text_copy(error);
            cli_complain("run", "%s %s", shown, error);
        }
    }
    free(shown);
    target_close(on);
    return status;
}

/* -- the whole --------------------------------------------------------------------------------- */

/* The worse of what the results say and what happened to the reports. */
static int final_status(const run_session *session, const results *all, bool all_written) {
    if (*run_interrupted()) return STATUS_INTERRUPTED;
    int status = results_status(all);
    bool was_accepted = session->options->update_known != NULL && status == STATUS_DIFFERENCE;
    if (was_accepted) status = STATUS_CONFORMANT;
    return status == STATUS_CONFORMANT && !all_written ? STATUS_WRONG : status;
}

static bool update_baseline(const run_session *session, const results *all) {
    const char *path = session->options->update_known;
    char *error = NULL;
    if (path == NULL || *run_interrupted()) return true;
    bool done = known_update(session->baseline, all, path, &error);
    if (!done) cli_complain("run", "%s", error);
    free(error);
    return done;
}

static int run_all(run_session *session) {
    const run_options *options = session->options;
    results all = {.made_by = text_copy(TTLSPEC_VERSION)};
    int status = STATUS_CONFORMANT;
    run_listen_for_interrupts();
    for (size_t i = 0; i < options->targets.count && !*run_interrupted(); i++) {
        int wrong = run_target(session, options->targets.values[i], &all);
        if (wrong != STATUS_CONFORMANT) status = wrong;
    }
    if (all.count > 0 && session->vector_count == 0)
        cli_complain("run", "no vector is meant by these options: nothing was run");
    bool all_written = run_write_reports(options, &all);
    all_written = update_baseline(session, &all) && all_written;
    if (status == STATUS_CONFORMANT) status = final_status(session, &all, all_written);
    results_free(&all);
    return status;
}

/* Before anything runs: does every target have a name that means one? */
static bool check_targets(const run_options *options) {
    char error[TARGET_ERROR_SIZE] = "";
    for (size_t i = 0; i < options->targets.count; i++) {
        if (target_check(options->targets.values[i], error)) continue;
        char *shown = shown_target(options->targets.values[i]);
        cli_complain("run", "%s: %s", shown, error);
        free(shown);
        return false;
    }
    return true;
}

/* Loads, selects and runs. */
static int run_with(const run_options *options) {
    vector_set set = {0};
    known baseline = {0};
    int status = STATUS_WRONG;
    if (check_targets(options) && cli_load("run", &options->vectors, &set) &&
        cli_selection_check("run", &options->selection, &set) &&
        read_baseline(options, &set, &baseline)) {
        run_session session = {.options = options, .baseline = &baseline};
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(session.run_id, sizeof session.run_id, "%08lx%05lx",
                 (unsigned long)now.tv_sec & 0xffffffff,
                 ((unsigned long)getpid() ^ (unsigned long)now.tv_nsec) & 0xfffff);
        session.vectors = cli_select(&options->selection, &set, &session.vector_count);
        status = run_all(&session);
        free(session.vectors);
    }
    known_free(&baseline);
    vector_set_free(&set);
    return status;
}

int run_main(int argc, char **argv) {
    run_options options;
    bool is_done;
    int status = parse(&options, argc, argv, &is_done);
    if (!is_done) status = run_with(&options);
    options_free(&options);
    return status;
}
