/*
 * What curses could leave out, because it uses what the description of the terminal offers and
 * looks at one change of attributes at a time:
 *
 *   ESC ( B                     goes with each change of attributes; no other set of characters is
 *                               ever chosen, so the first of a frame is enough
 *   ESC [ 39 m ESC [ m          a default colour right before everything is reset
 *   ESC [ a m ESC [ b m         is ESC [ a ; b m, or only the second where that begins with a reset
 *   ESC [ 0 ; a m, ESC [ m      need no reset where nothing is set
 */
#include "tighten.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Emulators keep room for 16 numbers at least; some do not look when there are more. */
enum { NUMBERS_MAX = 12 };

struct writer {
    char *bytes;
    size_t kept;
    bool has_charset;
    bool is_plain;                           /* no attribute is set: known, not guessed */
    size_t attributes_start, attributes_end; /* of the change that was written last */
    size_t n_numbers;                        /* in it */
    bool was_plain;                          /* before it */
};

static bool starts_at(const char *bytes, size_t len, size_t at, const char *word)
{
    const size_t word_len = strlen(word);
    return at < len && len - at >= word_len && memcmp(bytes + at, word, word_len) == 0;
}

/* The length of a change of attributes, ESC [ numbers m, that begins here; 0: none does. */
static size_t attributes_at(const char *bytes, size_t len, size_t at)
{
    if (!starts_at(bytes, len, at, "\033[")) return 0;
    size_t end = at + 2;
    while (end < len && ((bytes[end] >= '0' && bytes[end] <= '9') || bytes[end] == ';'))
        end++;
    return end < len && bytes[end] == 'm' ? end + 1 - at : 0;
}

/* The source lies behind or at the target, always. */
static void keep(struct writer *w, const char *from, size_t len)
{
    memmove(w->bytes + w->kept, from, len);
    w->kept += len;
}

/* `numbers` with the final m. */
static void put_attributes(struct writer *w, const char *numbers, size_t len)
{
    const bool resets_only = numbers[0] == 'm' || starts_at(numbers, len, 0, "0m");
    const bool resets = resets_only || numbers[0] == ';' || starts_at(numbers, len, 0, "0;");
    const bool is_next = w->attributes_end == w->kept;
    if (is_next && resets) { /* what was just set does not matter */
        w->kept = w->attributes_start;
        w->is_plain = w->was_plain;
        w->attributes_end = SIZE_MAX;
    }
    if (w->is_plain && resets) {
        const size_t skipped = resets_only ? len : numbers[0] == ';' ? 1 : 2;
        numbers += skipped;
        len -= skipped;
        if (len == 0) return;
    }
    size_t n = 1;
    for (size_t i = 0; i < len; i++)
        n += numbers[i] == ';';
    if (is_next && !resets && w->n_numbers + n <= NUMBERS_MAX) {
        w->bytes[w->kept - 1] = ';'; /* "ESC [ a m" and "ESC [ b m" are "ESC [ a ; b m" */
        w->n_numbers += n;
    } else {
        w->was_plain = w->is_plain;
        w->attributes_start = w->kept;
        w->n_numbers = n;
        keep(w, "\033[", 2);
    }
    keep(w, numbers, len);
    w->attributes_end = w->kept;
    w->is_plain = resets_only;
}

static bool is_idle_colour(const char *bytes, size_t len, size_t at)
{
    static const char colour[] = "\033[39m";
    if (!starts_at(bytes, len, at, colour)) return false;
    size_t next = at + strlen(colour);
    if (starts_at(bytes, len, next, "\033(B")) next += 3;
    return starts_at(bytes, len, next, "\033[m") || starts_at(bytes, len, next, "\033[0;");
}

size_t tighten(char *bytes, size_t len)
{
    struct writer w = {.bytes = bytes, .attributes_end = SIZE_MAX};
    for (size_t i = 0; i < len;) {
        if (starts_at(bytes, len, i, "\033(B")) {
            if (!w.has_charset) keep(&w, "\033(B", 3);
            w.has_charset = true;
            i += 3;
            continue;
        }
        const size_t part = attributes_at(bytes, len, i);
        if (part == 0) {
            bytes[w.kept++] = bytes[i++];
        } else {
            if (!is_idle_colour(bytes, len, i)) put_attributes(&w, bytes + i + 2, part - 2);
            i += part;
        }
    }
    return w.kept;
}
