#include "format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/clock.h"

enum { MIN_DIGITS = 3, MAX_DIGITS = 6, FIXED_CHARS_MAX = 9 };

static char *missing(char out[FORMAT_MAX])
{
    snprintf(out, FORMAT_MAX, "%s", FORMAT_MISSING);
    return out;
}

/* Words for what is no number; false for finite ones. */
static bool special(char out[FORMAT_MAX], double x)
{
    if (isfinite(x)) return false;
    snprintf(out, FORMAT_MAX, "%s", isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
    return true;
}

/* printf rounds, so -0.0001 may come out as "-0.000": the sign goes where nothing is left of it. */
static void drop_sign_of_zero(char *text)
{
    if (text[0] == '-' && !text[1 + strspn(text + 1, "0.")]) memmove(text, text + 1, strlen(text));
}

/* Exponent of the first digit as printed with `digits` significant ones. */
static int exponent_of(double x, int digits)
{
    char text[FORMAT_MAX];
    if (x == 0 || !isfinite(x)) return 0;
    snprintf(text, sizeof text, "%.*e", digits - 1, x);
    const char *e = strchr(text, 'e');
    int exponent = 0;
    for (const char *c = e ? e + 2 : ""; *c; c++)
        exponent = exponent * 10 + (*c - '0');
    return e && e[1] == '-' ? -exponent : exponent;
}

struct number_style number_objective(double best, double second)
{
    int digits = MIN_DIGITS;
    char one[FORMAT_MAX], two[FORMAT_MAX];
    if (!isfinite(best)) return (struct number_style){NUMBER_FIXED, MIN_DIGITS};
    for (; digits < MAX_DIGITS && isfinite(second) && best != second; digits++) {
        snprintf(one, sizeof one, "%.*e", digits - 1, best);
        snprintf(two, sizeof two, "%.*e", digits - 1, second);
        if (strcmp(one, two) != 0) break;
    }
    const int exponent = exponent_of(best, digits);
    const int decimals = digits - 1 - exponent;
    const int chars = decimals > 0 ? (exponent > 0 ? exponent : 0) + 2 + decimals : exponent + 1;
    if (chars > FIXED_CHARS_MAX) return (struct number_style){NUMBER_SCIENTIFIC, digits - 1};
    return (struct number_style){NUMBER_FIXED, decimals > 0 ? decimals : 0};
}

/* Decimals that a step needs: 0.25 has 2. */
static int decimals_of_step(double step)
{
    char text[FORMAT_MAX];
    snprintf(text, sizeof text, "%.6f", step);
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '0')
        len--;
    const char *point = strchr(text, '.');
    return point ? (int)(text + len - point - 1) : 0;
}

struct number_style number_param(double low, double high, double step, bool log, bool integer,
                                 bool wide)
{
    if (integer) return (struct number_style){NUMBER_INT, 0};
    if (log) return (struct number_style){NUMBER_SCIENTIFIC, wide ? 2 : 1};
    const double range = high - low;
    int decimals = range < 1 ? 3 : range < 10 ? 2 : range < 100 ? 1 : 0;
    if (step > 0 && isfinite(step)) decimals = decimals_of_step(step);
    const double largest = fmax(fabs(low), fabs(high));
    if (!isfinite(range) || largest >= 1e7 || (range > 0 && range < 0.01)) {
        return (struct number_style){NUMBER_SCIENTIFIC, wide ? 2 : 1};
    }
    return (struct number_style){NUMBER_FIXED, decimals};
}

char *format_number(char out[FORMAT_MAX], struct number_style style, double x)
{
    if (special(out, x)) return out;
    const int digits = style.digits < 0 ? 0 : style.digits > 17 ? 17 : style.digits;
    const bool too_long = fabs(x) >= 1e9; /* would push a column apart */
    switch (style.kind) {
    case NUMBER_INT: snprintf(out, FORMAT_MAX, fabs(x) >= 1e15 ? "%.1e" : "%.0f", x); break;
    case NUMBER_FIXED:
        snprintf(out, FORMAT_MAX, too_long ? "%.*e" : "%.*f", too_long ? 2 : digits, x);
        break;
    case NUMBER_SCIENTIFIC: snprintf(out, FORMAT_MAX, "%.*e", digits, x); break;
    }
    drop_sign_of_zero(out);
    return out;
}

int number_width(struct number_style style, double low, double high)
{
    char text[FORMAT_MAX];
    const size_t a = strlen(format_number(text, style, low));
    const size_t b = strlen(format_number(text, style, high));
    return (int)(a > b ? a : b);
}

char *format_detail(char out[FORMAT_MAX], double x)
{
    if (special(out, x)) return out;
    snprintf(out, FORMAT_MAX, "%.6g", x);
    drop_sign_of_zero(out);
    return out;
}

char *format_with_sd(char out[FORMAT_MAX], double x, double sd)
{
    if (special(out, x)) return out;
    if (!isfinite(sd) || sd <= 0) return format_detail(out, x);
    /* two digits of an error of 0.0010 to 0.0035, one of 0.004 to 0.0094, as physicists do */
    char error[FORMAT_MAX];
    snprintf(error, sizeof error, "%.1e", sd);
    const bool is_one_digit = error[0] > '3' || (error[0] == '3' && error[2] >= '6');
    int decimals = (is_one_digit ? 0 : 1) - exponent_of(sd, is_one_digit ? 1 : 2);
    if (decimals > 9 || fabs(x) >= 1e9) {
        snprintf(out, FORMAT_MAX, "%.5g ± %.1e", x, sd);
        return out;
    }
    if (decimals < 0) decimals = 0;
    char value[FORMAT_MAX / 2];
    snprintf(value, sizeof value, "%.*f", decimals, x);
    drop_sign_of_zero(value);
    if (sd < 1e9) {
        snprintf(out, FORMAT_MAX, "%s ± %.*f", value, decimals, sd);
    } else {
        snprintf(out, FORMAT_MAX, "%s ± %.1e", value, sd);
    }
    return out;
}

char *format_spread(char out[FORMAT_MAX], struct number_style style, double sd, int n)
{
    char error[FORMAT_MAX];
    out[0] = '\0';
    if (n < 1) return out;
    if (isfinite(sd)) {
        snprintf(out, FORMAT_MAX, " ±%.40s (n=%d)", format_number(error, style, sd), n);
    } else {
        snprintf(out, FORMAT_MAX, " (n=%d)", n);
    }
    return out;
}

char *format_runs(char out[FORMAT_MAX], double x, double sd, int n)
{
    static const char between[] = " ± ";
    char text[FORMAT_MAX];
    if (n < 1) return format_detail(out, x);
    char *const sign = strstr(format_with_sd(text, x, sd), between);
    if (sign) { /* the sign stands at the number, so that both are one word */
        char *const space = sign + sizeof between - 2;
        memmove(space, space + 1, strlen(space));
    }
    snprintf(out, FORMAT_MAX, "%.48s (n=%d)", text, n);
    return out;
}

char *format_change(char out[FORMAT_MAX], double x, int decimals)
{
    if (special(out, x)) return out;
    const int digits = decimals < 0 ? 0 : decimals > 17 ? 17 : decimals;
    snprintf(out, FORMAT_MAX, fabs(x) >= 1e9 ? "%+.*e" : "%+.*f", digits, x);
    if (!out[1 + strspn(out + 1, "0.")]) out[0] = '+';
    return out;
}

void format_interval(char low[FORMAT_MAX], char high[FORMAT_MAX], double from, double to)
{
    /* two digits of the width: 0.8937 … 0.9312 is 0.894 … 0.931 */
    const double width = to - from;
    const double digits = width > 0 && isfinite(width) ? 1 - floor(log10(width)) : 6;
    const double largest = fmax(fabs(from), fabs(to));
    if (digits > 9 || largest >= 1e9) {
        snprintf(low, FORMAT_MAX, "%.4g", from);
        snprintf(high, FORMAT_MAX, "%.4g", to);
        return;
    }
    const struct number_style style = {NUMBER_FIXED, digits < 0 ? 0 : (int)digits};
    format_number(low, style, from);
    format_number(high, style, to);
}

char *format_share(char out[FORMAT_MAX], double share)
{
    if (!isfinite(share)) return missing(out);
    double percent = 100 * share;
    /* neither all nor nothing is said before it is so */
    if (percent > 0 && percent < 1) percent = 1;
    if (percent > 99 && percent < 100) percent = 99;
    if (fabs(percent) >= 1e6) percent = copysign(999999, percent);
    if (fabs(percent) < 0.5) percent = 0; /* no "-0 %" */
    snprintf(out, FORMAT_MAX, "%.0f %%", percent);
    return out;
}

char *format_count(char out[FORMAT_MAX], int64_t n)
{
    char digits[32];
    const int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    const char *from = digits;
    char *to = out;
    if (*from == '-') *to++ = *from++;
    const int n_digits = len - (int)(from - digits);
    for (int i = 0; i < n_digits; i++) {
        if (i > 0 && (n_digits - i) % 3 == 0) *to++ = ' ';
        *to++ = from[i];
    }
    *to = '\0';
    return out;
}

/* Three digits and a unit: "12.5k". Steps of `base` from the first unit on. */
static char *scaled(char out[FORMAT_MAX], double x, double base, const char *const *units,
                    const char *gap)
{
    size_t unit = 0;
    while (fabs(x) >= base - base / 2000 && units[unit + 1]) {
        x /= base;
        unit++;
    }
    const double size = fabs(x);
    snprintf(out, FORMAT_MAX, "%.*f%s%s", unit > 0 && size < 9.95 ? 1 : 0, x, gap, units[unit]);
    return out;
}

char *format_count_short(char out[FORMAT_MAX], int64_t n)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E", NULL};
    if (n > -10000 && n < 10000) {
        snprintf(out, FORMAT_MAX, "%lld", (long long)n);
        return out;
    }
    const double x = (double)n;
    if (fabs(x) < 99950) {
        snprintf(out, FORMAT_MAX, "%.1fk", x / 1000);
        return out;
    }
    return scaled(out, x, 1000, units, "");
}

char *format_bytes(char out[FORMAT_MAX], int64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB", NULL};
    if (bytes < 0) return missing(out);
    return scaled(out, (double)bytes, 1024, units, " ");
}

char *format_duration(char out[FORMAT_MAX], int64_t ms)
{
    if (ms < 0) return missing(out);
    const long long s = (long long)(ms / 1000);
    if (ms < 10000) {
        snprintf(out, FORMAT_MAX, "%lld.%llds", s, (long long)(ms % 1000 / 100));
    } else if (s < 60) {
        snprintf(out, FORMAT_MAX, "%llds", s);
    } else if (s < 3600) {
        snprintf(out, FORMAT_MAX, "%lldm%02lld", s / 60, s % 60);
    } else if (s < 86400) {
        snprintf(out, FORMAT_MAX, "%lldh%02lld", s / 3600, s / 60 % 60);
    } else if (s < 100 * 86400LL) {
        snprintf(out, FORMAT_MAX, "%lldd%02lld", s / 86400, s / 3600 % 24);
    } else if (s < 10000 * 86400LL) {
        snprintf(out, FORMAT_MAX, "%lldd", s / 86400);
    } else {
        const long long years = s / (365 * 86400LL);
        snprintf(out, FORMAT_MAX, "%lldy", years > 9999 ? 9999 : years);
    }
    return out;
}

char *format_minutes(char out[FORMAT_MAX], int64_t ms)
{
    if (ms < 0 || ms >= 3600000) return format_duration(out, ms);
    snprintf(out, FORMAT_MAX, "%dm", (int)(ms / 60000));
    return out;
}

char *format_ago(char out[FORMAT_MAX], int64_t seconds, bool ago)
{
    if (seconds < 0) seconds = 0;
    const long long s = seconds;
    if (s < 5) {
        snprintf(out, FORMAT_MAX, "now");
        return out;
    }
    if (s < 60) {
        snprintf(out, FORMAT_MAX, "%llds", s);
    } else if (s < 3600) {
        snprintf(out, FORMAT_MAX, "%lldm", s / 60);
    } else if (s < 10 * 3600) {
        snprintf(out, FORMAT_MAX, "%lldh%02lld", s / 3600, s / 60 % 60);
    } else if (s < 86400) {
        snprintf(out, FORMAT_MAX, "%lldh", s / 3600);
    } else {
        snprintf(out, FORMAT_MAX, "%lldd", s / 86400);
    }
    if (ago) snprintf(out + strlen(out), FORMAT_MAX - strlen(out), " ago");
    return out;
}

char *format_eta(char out[FORMAT_MAX], int64_t ms, int64_t n_finished)
{
    enum { FINISHED_MIN = 5 };
    if (ms < 0 || n_finished < FINISHED_MIN) return missing(out);
    /* the largest of 1, 2, 5 × 10^k of the shown unit that is within 5 % */
    const int64_t unit = ms < 60000 ? 1000 : ms < 36000000 ? 60000 : 3600000;
    int64_t step = unit;
    for (int64_t decade = unit; decade <= ms / 20; decade *= 10) {
        static const int64_t factors[] = {1, 2, 5};
        for (int i = 0; i < 3; i++) {
            if (decade * factors[i] <= ms / 20) step = decade * factors[i];
        }
    }
    const int64_t rounded = (ms + step / 2) / step * step;
    return format_ago(out, (rounded < unit ? unit : rounded) / 1000, false);
}

char *format_time(char out[FORMAT_MAX], int64_t wall_us, int64_t now_us)
{
    enum { DAY = 10 }; /* "2026-11-24" */
    char time[DLN_TIME_TEXT_MAX], now[DLN_TIME_TEXT_MAX];
    const size_t len = dln_time_format(wall_us, true, time);
    dln_time_format(now_us, true, now);
    if (wall_us <= 0 || len < DAY + 9) return missing(out);
    if (strncmp(time, now, DAY) == 0) {
        snprintf(out, FORMAT_MAX, "%.8s", time + DAY + 1);
    } else if (strncmp(time, now, 4) == 0) {
        snprintf(out, FORMAT_MAX, "%.11s", time + 5);
    } else {
        snprintf(out, FORMAT_MAX, "%.10s", time);
    }
    return out;
}
