#include "dialin/nearest.h"

#include <stdint.h>
#include <string.h>

enum { WORD_MAX = 48 }; /* longer words are not compared: no typo of a short one */

static unsigned char fold(char c)
{
    if (c == '-') return '_';
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static size_t min3(size_t a, size_t b, size_t c)
{
    const size_t least = a < b ? a : b;
    return least < c ? least : c;
}

static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        above[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t differs = fold(a[i - 1]) != fold(b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + differs);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]) && before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[m];
}

void dln_nearest_offer(struct dln_nearest *search, const char *word)
{
    const size_t n = strlen(search->wanted);
    const size_t m = strlen(word);
    if (n == 0 || m == 0 || n > WORD_MAX || m > WORD_MAX) return;
    size_t distance = edit_distance(search->wanted, n, word, m);
    const size_t longer = n > m ? n : m;
    const size_t shorter = n < m ? n : m;
    if (distance > (longer < 6 ? 1 : longer / 3) || distance >= shorter) {
        if (shorter < 3 || memcmp(search->wanted, word, shorter) != 0) return;
        distance += WORD_MAX; /* one begins with the other: a guess after all typos */
    }
    if (search->best && distance >= search->distance) return;
    search->best = word;
    search->distance = distance;
}

const char *dln_nearest_word(const char *wanted, const char *const *words, size_t n)
{
    struct dln_nearest search = {.wanted = wanted};
    for (size_t i = 0; i < n; i++)
        dln_nearest_offer(&search, words[i]);
    return search.best;
}
