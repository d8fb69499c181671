#include "nearest.h"

#include <stdbool.h>
#include <string.h>

enum { WORD_MAX = 40 };

static size_t min3(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Optimal string alignment distance; words of up to WORD_MAX bytes. */
static size_t edits(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[3][WORD_MAX + 1];
    size_t *before = row[0];
    size_t *above = row[1];
    size_t *here = row[2];
    for (size_t j = 0; j <= b_len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        here[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            const size_t cost = a[i - 1] != b[j - 1];
            here[j] = min3(above[j] + 1, here[j - 1] + 1, above[j - 1] + cost);
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && before[j - 2] + 1 < here[j]) here[j] = before[j - 2] + 1;
        }
        size_t *const free_row = before;
        before = above;
        above = here;
        here = free_row;
    }
    return above[b_len];
}

const char *nearest_word(const char *word, const char *const *words, size_t n)
{
    const size_t len = strlen(word);
    if (len == 0 || len > WORD_MAX) return NULL;
    size_t best = len / 3 > 1 ? len / 3 : 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        const size_t other = strlen(words[i]);
        if (other > WORD_MAX) continue;
        const size_t distance = edits(word, len, words[i], other);
        if (distance < best || (distance == best && !nearest)) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
