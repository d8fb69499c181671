/* "did you mean": the word of a list that was probably meant. */
#ifndef UI_NEAREST_H
#define UI_NEAREST_H

#include <stddef.h>

/*
 * The word of words[0..n) that is fewest edits (insert, delete, replace, swap of neighbours) from
 * `word`, NULL if all of them are further than a third of its length, and at least 1, away.
 */
const char *nearest_word(const char *word, const char *const *words, size_t n);

#endif
