/* The word that was probably meant, for every "unknown …" sentence of the command line. */
#ifndef UI_CLI_NEAREST_H
#define UI_CLI_NEAREST_H

#include <stddef.h>

/* Insertions, deletions, replacements and swaps of neighbours between two short words, in bytes. */
size_t word_distance(const char *a, const char *b);

/* Keeps the best candidate of a search; `= {.word = …}` is an empty one. */
struct nearest {
    const char *word;  /* as typed */
    const char *found; /* borrowed from the caller's list; NULL: nothing is near enough */
    size_t distance;
};
void nearest_offer(struct nearest *nearest, const char *candidate);

#endif
