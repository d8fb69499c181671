/* Values by trial with the best so far; learning curves. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export/charts.h"
#include "format.h"

double chart_value(const struct chart_data *data, size_t index)
{
    const double loss = data->evidence->of.loss[index];
    return data->evidence->maximize ? -loss : loss;
}

void chart_hint(struct dln_strbuf *out, const struct chart_data *data, size_t index)
{
    char text[FORMAT_MAX];
    dln_strbuf_reset(out);
    dln_strbuf_addf(out, "#%" PRId64 ": %s", data->evidence->trial[index]->number,
                    format_detail(text, chart_value(data, index)));
}

bool chart_keeps(size_t index, size_t n, size_t most)
{
    if (n <= most || index == 0 || index + 1 == n) return true;
    const size_t stride = (n + most - 1) / most;
    return index % stride == 0;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

struct scale chart_value_scale(const struct chart_data *data)
{
    const size_t n = data->evidence->of.n;
    double *const sorted = calloc(n + 1, sizeof *sorted);
    if (!sorted || n == 0) {
        free(sorted);
        return scale_make(0, 1, false);
    }
    memcpy(sorted, data->evidence->of.loss, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, ascending);
    const double best = sorted[0];
    const double middle = sorted[n / 2];
    const double tail = sorted[n - 1 - n / 20]; /* one in twenty may lie beyond */
    double worst = sorted[n - 1];
    free(sorted);
    const double low = data->evidence->maximize ? -worst : best;
    const double high = data->evidence->maximize ? -best : worst;
    if (low > 0 && high / low > 30) return scale_make(low, high, true);
    if (worst - best > 4 * (tail - best) && tail > best) worst = tail + 0.5 * (tail - best);
    if (worst - best > 20 * (middle - best) && middle > best) worst = best + 8 * (middle - best);
    return data->evidence->maximize ? scale_make(-worst, -best, false)
                                    : scale_make(best, worst, false);
}

void chart_history(struct dln_strbuf *out, const struct chart_data *data)
{
    const struct evidence *const evidence = data->evidence;
    const size_t n = evidence->of.n;
    const struct opened *const study = data->ask->study;
    double *const number = calloc(n + 1, sizeof *number);
    double *const best = calloc(n + 1, sizeof *best);
    struct dln_strbuf hint = {0};
    struct svg svg;
    if (n == 0 || !number || !best) goto done;
    size_t least = 0;
    for (size_t i = 0; i < n; i++) {
        if (evidence->of.loss[i] < evidence->of.loss[least]) least = i;
        number[i] = (double)evidence->trial[i]->number;
        best[i] = chart_value(data, least);
    }
    svg_begin(&svg, out, 720, 300, "History: value by trial, and the best so far");
    svg.x = scale_make(number[0], number[n - 1], false);
    svg.y = chart_value_scale(data);
    svg_axes(&svg, "trial", true, study->summary.metric_names[evidence->objective]);
    for (size_t i = 0; i < n; i++) {
        if (!chart_keeps(i, n, CHART_POINTS_MAX) && i != least) continue;
        chart_hint(&hint, data, i);
        svg_point(&svg, number[i], chart_value(data, i), i == least ? 5 : 2.6,
                  i == least ? "best" : "dot", dln_strbuf_text(&hint));
    }
    svg_line(&svg, n, number, best, true, "line", "best so far");
    svg_end(&svg);
done:
    dln_strbuf_release(&hint);
    free(number);
    free(best);
}

enum { CURVES_MAX = 80 };

void chart_curves(struct dln_strbuf *out, const struct chart_data *data)
{
    const struct trial_list *const list = data->ask->list;
    double low = (double)NAN, high = (double)NAN, last_step = 0;
    size_t n = 0, longest = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct dln_trial *const trial = &list->trials[i];
        if (trial->n_steps < 2 || n == CURVES_MAX) continue;
        n++;
        if (trial->n_steps > longest) longest = trial->n_steps;
        last_step = fmax(last_step, (double)trial->steps[trial->n_steps - 1]);
        for (size_t s = 0; s < trial->n_steps; s++) {
            if (!isfinite(trial->curve[s])) continue;
            low = fmin(low, trial->curve[s]);
            high = fmax(high, trial->curve[s]);
        }
    }
    double *const x = calloc(longest + 1, sizeof *x);
    double *const y = calloc(longest + 1, sizeof *y);
    struct dln_strbuf hint = {0};
    if (n > 0 && x && y && !isnan(low)) {
        struct svg svg;
        svg_begin(&svg, out, 720, 300, "Learning curves");
        svg.x = scale_make(0, last_step, false);
        svg.y = scale_make(low, high, low > 0 && high / low > 30);
        svg_axes(&svg, "step", true, "reported value");
        n = 0;
        for (size_t i = 0; i < list->n && n < CURVES_MAX; i++) {
            const struct dln_trial *const trial = &list->trials[i];
            if (trial->n_steps < 2) continue;
            n++;
            for (size_t s = 0; s < trial->n_steps; s++) {
                x[s] = (double)trial->steps[s];
                y[s] = isfinite(trial->curve[s]) ? trial->curve[s] : (double)NAN;
            }
            const bool is_best = trial->number == data->ask->study->summary.best_number;
            dln_strbuf_reset(&hint);
            dln_strbuf_addf(&hint, "#%" PRId64 " %s", trial->number,
                            dln_trial_state_word(trial->state));
            svg_line(&svg, trial->n_steps, x, y, false,
                     is_best                              ? "line"
                     : trial->state == DLN_TRIAL_COMPLETE ? "curve"
                                                          : "curve cut",
                     dln_strbuf_text(&hint));
        }
        svg_end(&svg);
    }
    dln_strbuf_release(&hint);
    free(x);
    free(y);
}
