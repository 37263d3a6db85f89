#include "conformance/dialects.h"

#include <stdio.h>
#include <string.h>

#include "conformance/runner.h"

/* ---- versions for people */

static void version_text(ttl_version version, char *text, size_t size) {
    if (version.patch == 0) snprintf(text, size, "%u.%u", version.major, version.minor);
    else snprintf(text, size, "%u.%u.%u", version.major, version.minor, version.patch);
}

void dialects_versions_text(ttl_versions versions, char text[DIALECTS_VERSIONS_SIZE]) {
    char since[24], until[24];
    version_text(versions.since, since, sizeof since);
    version_text(versions.until, until, sizeof until);
    bool begins = versions.since.major > 0, ends = versions.until.major != TTL_VERSION_ANY;
    if (ends && ttl_version_compare(versions.since, versions.until) >= 0)
        snprintf(text, DIALECTS_VERSIONS_SIZE, "never");
    else if (begins && ends)
        snprintf(text, DIALECTS_VERSIONS_SIZE, "%s to before %s", since, until);
    else if (begins) snprintf(text, DIALECTS_VERSIONS_SIZE, "since %s", since);
    else if (ends) snprintf(text, DIALECTS_VERSIONS_SIZE, "before %s", until);
    else snprintf(text, DIALECTS_VERSIONS_SIZE, "always");
}

/* ---- the witness */

/* The first vector that an engine which has become `bent` fails when it is held to `spec`. */
static const vector *first_failure(const vector_set *set, ttl_dialect spec, ttl_dialect bent) {
    char error[TARGET_ERROR_SIZE];
    bool is_usage;
    const target_options options = {.spec = &bent};
    target *engine = target_open("engine", &options, &is_usage, error);
    if (engine == NULL) return NULL;
    results all = {0};
    result_run *run = results_add_run(&all);
    const runner one = {.target = engine, .spec = spec, .run_id = "dialects"};
    runner_run(&one, set->vectors, set->count, run);
    const vector *found = NULL;
    for (size_t i = 0; i < run->count && found == NULL; i++)
        if (run->vectors[i].verdict == VERDICT_FAIL || run->vectors[i].verdict == VERDICT_WARNING)
            found = vector_set_find(set, run->vectors[i].id);
    results_free(&all);
    target_close(engine);
    return found;
}

/* The named dialects that stand on either side of where the trait begins or ends are where it can
 * be seen: the last without it before one with it, and so on. */
static bool is_at_border(size_t index, size_t trait) {
    ttl_dialect here, next;
    ttl_dialect_parse(ttl_dialect_names[index], &here);
    for (size_t other = 0; ttl_dialect_names[other] != NULL; other++) {
        if (other + 1 != index && other != index + 1) continue;
        ttl_dialect_parse(ttl_dialect_names[other], &next);
        if (next.family == here.family &&
            ttl_dialect_has(&next, trait) != ttl_dialect_has(&here, trait))
            return true;
    }
    return false;
}

const vector *dialects_witness(const vector_set *set, size_t trait) {
    const vector *found = NULL;
    for (int borders = 1; borders >= 0 && found == NULL; borders--)
        for (size_t i = 0; ttl_dialect_names[i] != NULL && found == NULL; i++) {
            if (is_at_border(i, trait) != (borders == 1)) continue;
            ttl_dialect spec, bent;
            ttl_dialect_parse(ttl_dialect_names[i], &spec);
            bent = spec;
            ttl_dialect_flip(&bent, trait);
            found = first_failure(set, spec, bent);
        }
    return found;
}
