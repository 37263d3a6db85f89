/* Where the engine implements each rule: a table that the build makes of the marks in its sources,
 * ordered as they stand there, an id of NULL behind the last. Nobody owns it: it is constant. */
#ifndef TTLSPEC_RULES_H
#define TTLSPEC_RULES_H

typedef struct rule_mark {
    const char *id; /* "ttl.rounds-half-up" */
    const char *file;
    int line;
} rule_mark;

extern const rule_mark rule_marks[];

#endif
