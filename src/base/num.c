#include "dialin/num.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The program sets LC_CTYPE only, so strtod and printf use a dot; a host of the library may have
 * set LC_NUMERIC, hence the repair of the decimal point on both ways.
 */
static char decimal_point(void)
{
    const struct lconv *conv = localeconv();
    return conv && conv->decimal_point && conv->decimal_point[0] ? conv->decimal_point[0] : '.';
}

static double read_digits(const char *text, size_t len)
{
    char small[128];
    char *copy = len < sizeof small ? small : malloc(len + 1);
    if (!copy) return NAN;
    memcpy(copy, text, len);
    copy[len] = '\0';
    const char point = decimal_point();
    if (point != '.') {
        char *dot = strchr(copy, '.');
        if (dot) *dot = point;
    }
    const double x = strtod(copy, NULL);
    if (copy != small) free(copy);
    return x;
}

/* Takes the zeros at the end of "1.500e+00" out. */
static void strip_zeros(char *text)
{
    char *const e = strchr(text, 'e');
    char *const dot = strchr(text, '.');
    if (!e || !dot) return;
    char *end = e;
    while (end > dot && end[-1] == '0')
        end--;
    if (end == dot + 1) end = dot;
    memmove(end, e, strlen(e) + 1);
}

/*
 * Shortest %e text of a finite x that reads back to the same bits. A text of up to 15 digits comes
 * back from a double as it was: where 15 do, they are the shortest one and zeros.
 */
static void shortest(double x, char out[DLN_NUM_TEXT_MAX])
{
    const int first = fabs(x) < DBL_MIN ? 1 : DBL_DIG; /* the smallest ones have fewer digits */
    for (int digits = first; digits <= 17; digits++) {
        if (snprintf(out, DLN_NUM_TEXT_MAX, "%.*e", digits - 1, x) < 0) out[0] = '\0';
        const char point = decimal_point();
        char *dot = strchr(out, point);
        if (dot) *dot = '.';
        if (read_digits(out, strlen(out)) != x && digits < 17) continue;
        if (digits == DBL_DIG) strip_zeros(out);
        return;
    }
}

static size_t layout(double x, bool whole_has_point, char out[DLN_NUM_TEXT_MAX])
{
    if (isnan(x)) return (size_t)snprintf(out, DLN_NUM_TEXT_MAX, "nan");
    if (isinf(x)) return (size_t)snprintf(out, DLN_NUM_TEXT_MAX, x > 0 ? "inf" : "-inf");

    char e_text[DLN_NUM_TEXT_MAX];
    shortest(x, e_text);
    char digits[24] = {0};
    size_t n = 0;
    const char *p = e_text;
    const bool negative = *p == '-';
    if (negative) p++;
    for (; *p && *p != 'e'; p++) {
        if (*p != '.') digits[n++] = *p;
    }
    const int exponent = *p == 'e' ? (int)strtol(p + 1, NULL, 10) : 0;

    size_t len = 0;
    if (negative) out[len++] = '-';
    if (exponent < -4 || exponent >= 16) {
        out[len++] = digits[0];
        if (n > 1) {
            out[len++] = '.';
            memcpy(out + len, digits + 1, n - 1);
            len += n - 1;
        }
        return len + (size_t)snprintf(out + len, DLN_NUM_TEXT_MAX - len, "e%c%02d",
                                      exponent < 0 ? '-' : '+', abs(exponent));
    }
    if (exponent < 0) {
        out[len++] = '0';
        out[len++] = '.';
        for (int i = -1; i > exponent; i--)
            out[len++] = '0';
        memcpy(out + len, digits, n);
        len += n;
    } else {
        const size_t before = (size_t)exponent + 1;
        for (size_t i = 0; i < before; i++)
            out[len++] = i < n ? digits[i] : '0';
        if (n > before) {
            out[len++] = '.';
            memcpy(out + len, digits + before, n - before);
            len += n - before;
        } else if (whole_has_point) {
            out[len++] = '.';
            out[len++] = '0';
        }
    }
    out[len] = '\0';
    return len;
}

size_t dln_num_repr(double x, char out[DLN_NUM_TEXT_MAX])
{
    return layout(x, true, out);
}

size_t dln_num_short(double x, char out[DLN_NUM_TEXT_MAX])
{
    return layout(x, false, out);
}

static size_t match_word(const char *text, size_t len, const char *word)
{
    size_t i = 0;
    for (; word[i]; i++) {
        if (i >= len || (text[i] | 0x20) != word[i]) return 0;
    }
    return i;
}

static size_t count_digits(const char *text, size_t len)
{
    size_t i = 0;
    while (i < len && text[i] >= '0' && text[i] <= '9')
        i++;
    return i;
}

size_t dln_num_scan(const char *text, size_t len, double *out)
{
    size_t i = 0;
    const bool negative = len > 0 && text[0] == '-';
    if (len > 0 && (text[0] == '-' || text[0] == '+')) i++;

    size_t word = match_word(text + i, len - i, "infinity");
    if (word == 0) word = match_word(text + i, len - i, "inf");
    if (word > 0) {
        *out = negative ? -INFINITY : INFINITY;
        return i + word;
    }
    word = match_word(text + i, len - i, "nan");
    if (word > 0) {
        *out = NAN;
        return i + word;
    }

    const size_t whole = count_digits(text + i, len - i);
    i += whole;
    size_t fraction = 0;
    if (i < len && text[i] == '.') {
        fraction = count_digits(text + i + 1, len - i - 1);
        if (whole + fraction > 0) i += 1 + fraction;
    }
    if (whole + fraction == 0) return 0;
    if (i < len && (text[i] | 0x20) == 'e') {
        size_t j = i + 1;
        if (j < len && (text[j] == '-' || text[j] == '+')) j++;
        const size_t power = count_digits(text + j, len - j);
        if (power > 0) i = j + power;
    }
    *out = read_digits(text, i);
    return i;
}

bool dln_num_parse(const char *text, size_t len, double *out)
{
    double x;
    if (len == 0 || dln_num_scan(text, len, &x) != len) return false;
    *out = x;
    return true;
}

bool dln_num_parse_int(const char *text, size_t len, int64_t *out)
{
    size_t i = 0;
    const bool negative = len > 0 && text[0] == '-';
    if (len > 0 && (text[0] == '-' || text[0] == '+')) i++;
    if (i == len) return false;
    uint64_t sum = 0;
    for (; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (sum > (UINT64_MAX - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    if (sum > (uint64_t)INT64_MAX + (negative ? 1 : 0)) return false;
    if (negative) {
        *out = sum == (uint64_t)INT64_MAX + 1 ? INT64_MIN : -(int64_t)sum;
    } else {
        *out = (int64_t)sum;
    }
    return true;
}
