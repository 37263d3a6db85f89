#include "sim/phrase.h"

#define PHRASE(kind, name, words, type, effect, missing) {words, type, effect, missing},
const sim_phrase sim_phrases[] = {SIM_PHRASES(PHRASE)};
#undef PHRASE

const char *const sim_type_names[SIM_TYPES] = {"string", "list", "hash", "set", "zset", "stream"};
