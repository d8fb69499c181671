/* A command line cut into words as a POSIX shell does, once, at load; nothing is expanded. */
#ifndef DLN_STUDY_WORDS_H
#define DLN_STUDY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"

enum dln_split_result {
    DLN_SPLIT_OK,
    DLN_SPLIT_OPEN_QUOTE,      /* *offset: of the quote */
    DLN_SPLIT_OPEN_BRACE,      /* *offset: of "{args:" without a closing brace */
    DLN_SPLIT_TRAILING_ESCAPE, /* *offset: of the backslash */
    DLN_SPLIT_NO_MEMORY
};

/*
 * Blanks part words; '…' and "…" join them; a backslash takes the next character as it is (inside
 * "…" only before " \ $ `). `{args:--k v}` is one piece though there is a blank in it.
 */
enum dln_split_result dln_words_split(const char *text, struct dln_arena *arena, size_t *n,
                                      const char *const **words, size_t *offset);

/* A word that a shell would act on, such as | or >, or NULL: for a warning that there is no shell.
 */
const char *dln_words_shell_sign(size_t n, const char *const *words);

#endif
