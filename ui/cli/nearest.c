#include "cli/nearest.h"

#include <string.h>

#define WORD_MAX 64 /* longer words are compared by their first bytes */

static size_t smallest(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Optimal string alignment (Damerau-Levenshtein without edits inside a swap), three rows of it. */
size_t word_distance(const char *a, const char *b)
{
    const size_t n = strnlen(a, WORD_MAX);
    const size_t m = strnlen(b, WORD_MAX);
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = smallest(replaced, last[j] + 1, now[j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < now[j]) {
                now[j] = before[j - 2] + 1;
            }
        }
        size_t *const spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
    const size_t typed = strlen(nearest->word);
    const size_t limit = typed < 4 ? 1 : typed < 8 ? 2 : 3;
    size_t distance = word_distance(nearest->word, candidate);
    if (distance > 0 && typed >= 2 && strncmp(candidate, nearest->word, typed) == 0) distance = 1;
    if (distance > limit || (nearest->found && distance >= nearest->distance)) return;
    nearest->found = candidate;
    nearest->distance = distance;
}
