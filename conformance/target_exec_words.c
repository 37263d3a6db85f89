/* The command line of exec:, cut into words. */
#include <stdlib.h>
#include <string.h>

#include "conformance/target_exec.h"
#include "conformance/text.h"

typedef struct word_cutter {
    const char *at;
    char *word; /* as long as all that is left */
    size_t length;
} word_cutter;

/* Takes what stands between two quotes. False: the second one is missing. */
static bool take_quoted(word_cutter *cut, char quote) {
    for (cut->at++; *cut->at != quote; cut->at++) {
        if (quote == '"' && *cut->at == '\\' && cut->at[1] != '\0') cut->at++;
        if (*cut->at == '\0') return false;
        cut->word[cut->length++] = *cut->at;
    }
    cut->at++;
    return true;
}

static bool take_word(word_cutter *cut) {
    cut->length = 0;
    while (*cut->at != '\0' && strchr(" \t\n", *cut->at) == NULL) {
        if (*cut->at == '\'' || *cut->at == '"') {
            if (!take_quoted(cut, *cut->at)) return false;
            continue;
        }
        if (*cut->at == '\\' && cut->at[1] != '\0') cut->at++;
        cut->word[cut->length++] = *cut->at++;
    }
    return true;
}

char **exec_words_split(const char *text) {
    word_cutter cut = {text, memory_zeroed(strlen(text) + 1, 1), 0};
    /* Two bytes of text hold one word at most. */
    char **words = memory_zeroed(strlen(text) / 2 + 2, sizeof *words);
    size_t count = 0;
    bool whole = true;
    for (cut.at += strspn(cut.at, " \t\n"); whole && *cut.at != '\0';
         cut.at += strspn(cut.at, " \t\n")) {
        whole = take_word(&cut);
        words[count++] = text_copy_bytes((ttl_bytes){cut.word, cut.length});
    }
    free(cut.word);
    if (whole && count > 0) return words;
    exec_words_free(words);
    return NULL;
}

void exec_words_free(char **words) {
    for (char **word = words; word != NULL && *word != NULL; word++) free(*word);
    free(words);
}
