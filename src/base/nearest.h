/* "Did you mean": the word of a list that is closest to what somebody wrote. */
#ifndef DLN_BASE_NEAREST_H
#define DLN_BASE_NEAREST_H

#include <stddef.h>

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
void dln_nearest_offer(struct dln_nearest *search, const char *word);

#endif
