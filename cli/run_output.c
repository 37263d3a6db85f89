/* What a run writes: reports, a progress bar; and how it hears that it shall end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/run.h"
#include "conformance/text.h"

enum { BAR_WIDTH = 24, BAR_EVERY_MS = 50 };

/* -- reports ----------------------------------------------------------------------------------- */

/* A sentence for each line of an error. */
static void complain_lines(char *error) {
    for (char *line = error; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) *end = '\0';
        cli_complain("run", "%s", line);
        line = end == NULL ? NULL : end + 1;
    }
    free(error);
}

/* GitHub shows what is appended to this file on the page of the workflow run. */
static bool write_github_summary(const results *all) {
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (path == NULL || *path == '\0') return true;
    FILE *out = fopen(path, "a");
    if (out != NULL) report_write_markdown(all, NULL, out);
    bool done = out != NULL && !ferror(out);
    if (out != NULL && fclose(out) != 0) done = false;
    if (!done) cli_complain("run", "%s: cannot be written: %s", path, strerror(errno));
    return done;
}

bool run_write_reports(const run_options *options, results *all) {
    char *error = NULL;
    bool done = true;
    if (options->out != NULL && !report_save_histories(all, options->out, &error)) {
        complain_lines(error);
        done = false;
    }
    if (options->out != NULL && !report_save_all(all, options->out, &error)) {
        complain_lines(error);
        done = false;
    }
    for (size_t i = 0; i < options->file_count; i++) {
        if (report_save(all, options->files[i].format, options->files[i].path, &error)) continue;
        complain_lines(error);
        done = false;
    }
    if (options->wants_github_summary && !write_github_summary(all)) done = false;
    if (options->printed == NULL) return done;
    options->printed->write(all, &options->style, stdout);
    return cli_flush_stdout("run") && done;
}

/* -- progress ---------------------------------------------------------------------------------- */

/* True when the bar was last drawn so long ago that a person would see it move: drawing it for
 * each of thousands of vectors would take longer than running them. */
static bool is_due(void) {
    static struct timespec drawn;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t since_ms =
        (int64_t)(now.tv_sec - drawn.tv_sec) * 1000 + (now.tv_nsec - drawn.tv_nsec) / 1000000;
    if (since_ms < BAR_EVERY_MS) return false;
    drawn = now;
    return true;
}

void run_show_progress(void *context, size_t done, size_t total, const result_run *run) {
    (void)context;
    if (total == 0 || !isatty(STDERR_FILENO)) return;
    if (done == total) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        return;
    }
    if (!is_due()) return;
    size_t filled = done * BAR_WIDTH / total, notable = 0;
    for (size_t i = 0; i < run->count; i++) notable += report_is_notable(&run->vectors[i]);
    fputs("\r\033[K[", stderr);
    for (size_t i = 0; i < BAR_WIDTH; i++) putc(i < filled ? '#' : '.', stderr);
    fprintf(stderr, "] %zu/%zu %.30s", done, total, run->target);
    if (notable > 0) fprintf(stderr, ", %zu to look at", notable);
    fflush(stderr);
}

/* -- interruption ------------------------------------------------------------------------------ */

static volatile sig_atomic_t interrupted;

static void note_interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

void run_listen_for_interrupts(void) {
    struct sigaction action = {.sa_handler = note_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

const volatile sig_atomic_t *run_interrupted(void) {
    return &interrupted;
}
