#include "widget/spark.h"

#include <math.h>

enum { HEIGHTS = 8 };

/* Height of a value, -1 for NaN. */
static int height_of(double value, double low, double high)
{
    if (isnan(value)) return -1;
    if (!(high > low)) return 0;
    const double unit = (value / 2 - low / 2) / (high / 2 - low / 2); /* halves cannot overflow */
    if (!(unit > 0)) return 0;
    return unit >= 1 ? HEIGHTS - 1 : (int)(unit * HEIGHTS);
}

static void put_height(struct cells *cells, int row, int col, enum role role, int height)
{
    if (height >= 0) cells_put(cells, row, col, glyph_spark(cells->level, height), role);
}

void spark_draw(struct cells *cells, int row, int col, int width, enum role role,
                const double *values, size_t n, double low, double high)
{
    if (width <= 0 || n == 0) return;
    const size_t cols = n < (size_t)width ? n : (size_t)width;
    for (size_t i = 0; i < cols; i++) {
        const size_t begin = i * n / cols;
        const size_t end = (i + 1) * n / cols;
        double mean = 0;
        size_t count = 0;
        for (size_t k = begin; k < end; k++) {
            if (isnan(values[k])) continue;
            count++;
            mean += (values[k] - mean) / (double)count;
        }
        if (count == 1) { /* the value itself, also an infinite one */
            for (size_t k = begin; k < end; k++) {
                if (!isnan(values[k])) mean = values[k];
            }
        }
        put_height(cells, row, col + (int)i, role, count ? height_of(mean, low, high) : -1);
    }
}

void spark_curve(struct cells *cells, int row, int col, int width, enum role role,
                 const double *values, size_t n, size_t total, double low, double high)
{
    if (width <= 0 || n == 0) return;
    if (total < n) total = n;
    const size_t cols = total < (size_t)width ? total : (size_t)width;
    for (size_t i = 0; i < cols; i++) {
        const size_t begin = i * total / cols;
        const size_t end = (i + 1) * total / cols;
        if (begin >= n) return;
        const size_t last = end <= n ? end - 1 : n - 1;
        put_height(cells, row, col + (int)i, role, height_of(values[last], low, high));
    }
}

/* Eighths of `cols` columns; all of them only for the whole. */
static int eighths_of(double share, int cols)
{
    if (!(share > 0) || cols <= 0) return 0;
    if (share >= 1) return 8 * cols;
    const int eighths = (int)lround(share * 8 * cols);
    return eighths >= 8 * cols ? 8 * cols - 1 : eighths;
}

void progress_draw(struct cells *cells, int row, int col, int width, double share, bool paused)
{
    if (width < 3) return;
    const int inner = width - 2;
    const int eighths = eighths_of(share, inner);
    cells_put(cells, row, col, '[', ROLE_PROGRESS_REST);
    for (int i = 0; i < inner; i++) {
        const int rest = eighths - 8 * i;
        if (paused && rest >= 4) {
            cells_glyph(cells, row, col + 1 + i, GLYPH_SHADE_2, ROLE_PROGRESS);
        } else {
            cells_put(cells, row, col + 1 + i, paused ? ' ' : glyph_bar(cells->level, rest),
                      ROLE_PROGRESS);
        }
    }
    cells_put(cells, row, col + width - 1, ']', ROLE_PROGRESS_REST);
}

void bar_draw(struct cells *cells, int row, int col, int width, double share, enum role role)
{
    const int sliver = cells->level == GLYPHS_ASCII ? 4 : 1; /* the least that can be seen */
    int eighths = eighths_of(share, width);
    if (share > 0 && eighths < sliver) eighths = sliver;
    for (int i = 0; i < width && eighths > 8 * i; i++) {
        cells_put(cells, row, col + i, glyph_bar(cells->level, eighths - 8 * i), role);
    }
}
