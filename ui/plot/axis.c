#include "plot/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { Y_TICKS_MAX = 6, LOG_SPAN_MIN = 2 };

struct scale scale_make(double low, double high, bool log)
{
    static const double far = 8e307; /* so that high - low stays finite */
    if (isnan(low)) low = isnan(high) ? 0 : high;
    if (isnan(high)) high = low;
    if (low > high) {
        const double swap = low;
        low = high;
        high = swap;
    }
    low = fmin(fmax(low, -far), far);
    high = fmin(fmax(high, -far), far);
    const double size = fmax(fabs(low), fabs(high));
    if (high - low <= 1e-12 * size || size < 1e-300) { /* one value: some room around it */
        const double room = size < 1e-300 ? 1 : 0.05 * size;
        low -= room;
        high += room;
    }
    return (struct scale){low, high, log && low > 0};
}

double scale_unit(const struct scale *scale, double x)
{
    if (isnan(x)) return x;
    if (!scale->log) return (x - scale->low) / (scale->high - scale->low);
    if (x <= 0) return 0;
    return (log(x) - log(scale->low)) / (log(scale->high) - log(scale->low));
}

double scale_value(const struct scale *scale, double unit)
{
    if (!scale->log) return scale->low + unit * (scale->high - scale->low);
    return exp(log(scale->low) + unit * (log(scale->high) - log(scale->low)));
}

static int position(double unit, int size)
{
    if (isnan(unit) || size <= 0) return -1;
    const double clamped = unit < 0 ? 0 : unit > 1 ? 1 : unit;
    return (int)lround(clamped * (size - 1));
}

int scale_row(const struct scale *scale, double x, int size)
{
    return position(1 - scale_unit(scale, x), size);
}

int scale_col(const struct scale *scale, double x, int size)
{
    return position(scale_unit(scale, x), size);
}

/* ── ticks ─────────────────────────────────────────────────────────────────────────────────────*/

/* "1e-5": no zero before the exponent. */
static void short_exponent(char *text)
{
    char *e = strchr(text, 'e');
    if (!e) return;
    char *from = e + 1;
    char *to = e + 1;
    if (*from == '-') to++;
    from++;
    while (*from == '0' && from[1])
        from++;
    memmove(to, from, strlen(from) + 1);
}

/* Labels of linear ticks: as many decimals as the step has. */
static void label_linear(struct ticks *ticks, double step, double size)
{
    const int decimals = (int)fmax(0, -floor(log10(step) + 1e-9));
    const bool scientific = size >= 1e6 || decimals > 6;
    const int digits = (int)fmin(6, fmax(0, floor(log10(size) + 1e-9) - floor(log10(step) + 1e-9)));
    for (int i = 0; i < ticks->n; i++) {
        const double x = fabs(ticks->at[i]) < step / 2 ? 0 : ticks->at[i];
        snprintf(ticks->label[i], FORMAT_MAX, scientific ? "%.*e" : "%.*f",
                 scientific ? digits : decimals, x);
        if (scientific && x == 0) snprintf(ticks->label[i], FORMAT_MAX, "0");
        short_exponent(ticks->label[i]);
    }
}

static void ticks_linear(struct ticks *ticks, const struct scale *scale, int max, bool integer)
{
    static const double factors[] = {1, 2, 5, 10};
    const double span = scale->high - scale->low;
    const double decade = pow(10, floor(log10(span / max)));
    if (!(decade > 0) || !isfinite(decade)) return;
    for (size_t f = 0; f < sizeof factors / sizeof factors[0]; f++) {
        const double step = integer ? fmax(1, factors[f] * decade) : factors[f] * decade;
        const double first = ceil(scale->low / step - 1e-9);
        const double last = floor(scale->high / step + 1e-9);
        if (last - first + 1 > max) continue;
        for (int i = 0; first + i <= last && ticks->n < max; i++)
            ticks->at[ticks->n++] = (first + i) * step;
        label_linear(ticks, step, fmax(fabs(scale->low), fabs(scale->high)));
        return;
    }
}

/* All the same way: 0.01 0.1 1, or 1e-5 1e-4 … 1e-1. */
static void label_log(struct ticks *ticks)
{
    const bool plain = ticks->at[0] > 0.0009 && ticks->at[ticks->n - 1] < 99999;
    for (int i = 0; i < ticks->n; i++) {
        snprintf(ticks->label[i], FORMAT_MAX, plain ? "%.6g" : "%.0e", ticks->at[i]);
        short_exponent(ticks->label[i]);
    }
}

/* Decades, every k-th where there are many; 1-2-5 within them where there are few. */
static void ticks_log(struct ticks *ticks, const struct scale *scale, int max)
{
    static const double factors[] = {1, 2, 5};
    const double low = log10(scale->low) - 1e-9;
    const double high = log10(scale->high) + 1e-9;
    const int first = (int)ceil(low);
    const int last = (int)floor(high);
    if (last - first + 1 >= LOG_SPAN_MIN + 1 || high - low > LOG_SPAN_MIN) {
        const int stride = (last - first) / max + 1;
        for (int k = first; k <= last && ticks->n < max; k += stride)
            ticks->at[ticks->n++] = pow(10, k);
        return;
    }
    for (int k = first - 1; k <= last; k++) {
        for (int f = 0; f < 3; f++) {
            const double x = factors[f] * pow(10, k);
            const bool inside = log10(x) >= low && log10(x) <= high;
            if (inside && ticks->n < max) ticks->at[ticks->n++] = x;
        }
    }
}

void ticks_make(struct ticks *ticks, const struct scale *scale, int max, bool integer)
{
    ticks->n = 0;
    if (max > AXIS_TICKS_MAX) max = AXIS_TICKS_MAX;
    if (max <= 0) return;
    if (scale->log) {
        ticks_log(ticks, scale, max);
        if (ticks->n >= 2) {
            label_log(ticks);
            return;
        }
        ticks->n = 0;
    }
    ticks_linear(ticks, scale, max, integer);
}

int ticks_width(const struct ticks *ticks)
{
    size_t width = 0;
    for (int i = 0; i < ticks->n; i++) {
        const size_t len = strlen(ticks->label[i]);
        if (len > width) width = len;
    }
    return (int)width;
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

static void y_ticks(struct ticks *ticks, const struct scale *scale, int rows)
{
    const int most = rows < 4 ? 2 : rows / 2 + 1;
    const int max = most > Y_TICKS_MAX ? Y_TICKS_MAX : most;
    ticks_make(ticks, scale, max, false);
    if (ticks->n >= 2) return;
    ticks->n = 2;
    ticks->at[0] = scale->low;
    ticks->at[1] = scale->high;
    for (int i = 0; i < 2; i++) {
        snprintf(ticks->label[i], FORMAT_MAX, "%.3g", ticks->at[i]);
        short_exponent(ticks->label[i]);
    }
}

int axis_left_width(const struct scale *scale, int rows)
{
    struct ticks ticks;
    y_ticks(&ticks, scale, rows);
    return ticks_width(&ticks);
}

void axis_left(struct cells *cells, struct rect plot, int col, int width, const struct scale *scale)
{
    enum { FINE = 4 }; /* so that a label stands in the row of its dots */
    struct ticks ticks;
    y_ticks(&ticks, scale, plot.rows);
    for (int row = 0; row < plot.rows; row++) {
        cells_glyph(cells, plot.row + row, col + width, GLYPH_VLINE, ROLE_AXIS);
    }
    int taken = -1;
    for (int i = 0; i < ticks.n; i++) {
        const int row = scale_row(scale, ticks.at[i], plot.rows * FINE) / FINE;
        if (row == taken) continue;
        cells_right(cells, plot.row + row, col, width, ROLE_AXIS, ticks.label[i]);
        taken = row;
    }
}

void axis_bottom(struct cells *cells, struct rect plot, const struct scale *scale, bool integer)
{
    enum { COLS_PER_TICK = 12 };
    const int row = plot.row + plot.rows;
    struct ticks ticks;
    const int max = plot.cols / COLS_PER_TICK;
    ticks_make(&ticks, scale, max < 2 ? 2 : max > 8 ? 8 : max, integer);
    cells_glyph(cells, row, plot.col - 1, GLYPH_BOTTOM_LEFT, ROLE_AXIS);
    cells_hline(cells, row, plot.col, plot.cols, ROLE_AXIS);
    int end = -1; /* last column with a label */
    for (int i = 0; i < ticks.n; i++) {
        const int len = (int)strlen(ticks.label[i]);
        int start = scale_col(scale, ticks.at[i], plot.cols) - (len - 1) / 2;
        if (start < 0) start = 0;
        if (start + len > plot.cols) start = plot.cols - len;
        if (start < 0 || (end >= 0 && start <= end + 1)) continue;
        cells_text(cells, row, plot.col + start, len, ROLE_AXIS, ticks.label[i]);
        end = start + len - 1;
    }
}
