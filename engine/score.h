/* Scores of sorted sets, as commands read, keep and tell them. */
#ifndef ENGINE_SCORE_H
#define ENGINE_SCORE_H

#include "engine/command.h"

/* The score that argument `index` spells; answers `error` and returns false where it is none. */
bool call_score(struct call *call, size_t index, const char *error, double *score);
/* A score as it is kept. */
double score_kept(const struct call *call, double score);

#endif
