#include "dialin/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t dln_clock_mono_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t dln_clock_wall_us(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return 0;
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

size_t dln_time_format(int64_t wall_us, bool local, char out[DLN_TIME_TEXT_MAX])
{
    int64_t seconds = wall_us / 1000000;
    int64_t micros = wall_us % 1000000;
    if (micros < 0) {
        micros += 1000000;
        seconds--;
    }
    const time_t when = (time_t)seconds;
    struct tm parts;
    out[0] = '\0';
    if (!(local ? localtime_r(&when, &parts) : gmtime_r(&when, &parts))) return 0;
    char stamp[DLN_TIME_TEXT_MAX];
    if (strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &parts) == 0) return 0;
    const int len = snprintf(out, DLN_TIME_TEXT_MAX, "%.24s.%06d", stamp, (int)micros);
    return len > 0 && len < DLN_TIME_TEXT_MAX ? (size_t)len : 0;
}

static bool take_digits(const char **text, int count, int *out)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        const char c = (*text)[i];
        if (c < '0' || c > '9') return false;
        sum = sum * 10 + (c - '0');
    }
    *text += count;
    *out = sum;
    return true;
}

static bool take_char(const char **text, char c)
{
    if (**text != c) return false;
    (*text)++;
    return true;
}

/* Days since 1970-01-01 of a civil date (Howard Hinnant, "chrono-compatible date algorithms"). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

bool dln_time_parse(const char *text, bool local, int64_t *wall_us)
{
    struct tm parts = {.tm_isdst = -1};
    int year;
    int month;
    if (!take_digits(&text, 4, &year) || !take_char(&text, '-')) return false;
    if (!take_digits(&text, 2, &month) || !take_char(&text, '-')) return false;
    if (!take_digits(&text, 2, &parts.tm_mday)) return false;
    if (*text != ' ' && *text != 'T') return false;
    text++;
    if (!take_digits(&text, 2, &parts.tm_hour) || !take_char(&text, ':')) return false;
    if (!take_digits(&text, 2, &parts.tm_min) || !take_char(&text, ':')) return false;
    if (!take_digits(&text, 2, &parts.tm_sec)) return false;
    if (month < 1 || month > 12 || parts.tm_mday < 1 || parts.tm_mday > 31) return false;
    if (parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 60) return false;

    int64_t micros = 0;
    if (take_char(&text, '.')) {
        int64_t scale = 100000;
        int count = 0;
        for (; *text >= '0' && *text <= '9'; text++, count++) {
            micros += (*text - '0') * scale;
            scale /= 10;
        }
        if (count == 0 || count > 9) return false;
    }
    if (strcmp(text, "") != 0 && strcmp(text, "Z") != 0 && strcmp(text, "+00:00") != 0) return false;

    int64_t seconds;
    if (local) {
        parts.tm_year = year - 1900;
        parts.tm_mon = month - 1;
        seconds = (int64_t)mktime(&parts);
    } else {
        seconds = days_from_civil(year, month, parts.tm_mday) * 86400 + parts.tm_hour * 3600 +
                  parts.tm_min * 60 + parts.tm_sec;
    }
    *wall_us = seconds * 1000000 + micros;
    return true;
}
