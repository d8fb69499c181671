#include "plot/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "widget/dialog.h"
#include "widget/spark.h"

void plot_sparkline(struct cells *cells, struct rect rect, const double *values, size_t n,
                    enum role role)
{
    double low = INFINITY;
    double high = -INFINITY;
    double last = NAN;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) continue;
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
        last = values[i];
    }
    if (rect.rows <= 0 || isnan(last)) return;
    char a[FORMAT_MAX], b[FORMAT_MAX], c[FORMAT_MAX], text[3 * FORMAT_MAX];
    const struct number_style style = number_objective(low, NAN);
    snprintf(text, sizeof text, " %s..%s last %s", format_number(a, style, low),
             format_number(b, style, high), format_number(c, style, last));
    const int len = cells_text_width(cells, text);
    int width = rect.cols - len;
    if (width > (int)n && n < 1000) width = (int)n;
    if (width < 4) { /* too narrow for the picture */
        cells_text(cells, rect.row, rect.col, rect.cols, ROLE_TEXT, text + 1);
        return;
    }
    spark_draw(cells, rect.row, rect.col, width, role, values, n, low, high);
    cells_text(cells, rect.row, rect.col + width, len, ROLE_TEXT, text);
}

void plot_empty(struct cells *cells, struct rect rect, const char *sentence)
{
    const int margin = rect.cols > 24 ? 2 : 0;
    struct rect inside = {rect.row, rect.col + margin, rect.rows, rect.cols - 2 * margin};
    if (inside.rows > 2) inside.row += (inside.rows - 1) / 2;
    inside.rows -= inside.row - rect.row;
    const int len = cells_text_width(cells, sentence);
    if (len < inside.cols) inside.col += (inside.cols - len) / 2;
    if (len < inside.cols) inside.cols = len;
    wrap_draw(cells, inside, ROLE_DIM, sentence, 0);
}

/* Hoare's selection: values[k] becomes what it would be in sorted order. */
static double select_kth(double *values, size_t n, size_t k)
{
    size_t low = 0;
    size_t high = n - 1;
    while (low < high) {
        const double pivot = values[low + (high - low) / 2];
        size_t i = low;
        size_t j = high;
        for (;;) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j) break;
            const double swap = values[i];
            values[i++] = values[j];
            values[j--] = swap;
        }
        if (k <= j) {
            high = j;
        } else {
            low = j + 1;
        }
    }
    return values[k];
}

bool plot_quantile(const double *values, size_t n, double q, double *out)
{
    double *finite = calloc(n ? n : 1, sizeof *finite);
    if (!finite) return false;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i])) finite[count++] = values[i];
    }
    *out = NAN;
    if (count) *out = select_kth(finite, count, (size_t)(q * (double)(count - 1)));
    free(finite);
    return true;
}
