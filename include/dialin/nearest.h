/* "Did you mean": the word of a list that is closest to what somebody wrote. */
#ifndef DIALIN_NEAREST_H
#define DIALIN_NEAREST_H

#include <stddef.h>

#include "dialin/export.h"

/* A search for the nearest word; offer the valid words one by one. Start with {.wanted = word}. */
struct dln_nearest {
    const char *wanted;
    const char *best; /* NULL while nothing is close enough; borrowed from what was offered */
    size_t distance;
};

/*
 * Edit distance with swaps of neighbours (restricted Damerau–Levenshtein), letter case aside. A
 * word counts as close within a third of its length, at least one edit, or as an abbreviation of
 * it.
 */
DLN_API void dln_nearest_offer(struct dln_nearest *search, const char *word);

/* The nearest of words[0..n), NULL if none is close enough. */
DLN_API const char *dln_nearest_word(const char *wanted, const char *const *words, size_t n);

#endif
