/* Two objectives against each other, with the trials that no other one beats. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/best.h"
#include "export/charts.h"
#include "format.h"

struct bounds {
    double low, high;
};

static void widen(struct bounds *bounds, double value)
{
    if (!isfinite(value)) return;
    bounds->low = fmin(bounds->low, value);
    bounds->high = fmax(bounds->high, value);
}

static struct scale scale_of(const struct bounds *bounds)
{
    const bool log = bounds->low > 0 && bounds->high / bounds->low > 30;
    const double room = log ? 0 : 0.03 * (bounds->high - bounds->low);
    return scale_make(bounds->low - room, bounds->high + room, log);
}

static void draw(const struct svg *svg, const struct dln_trial *trial, bool is_front,
                 struct dln_strbuf *hint)
{
    char a[FORMAT_MAX], b[FORMAT_MAX];
    dln_strbuf_reset(hint);
    dln_strbuf_addf(hint, "#%" PRId64 ": %s, %s", trial->number, format_detail(a, trial->values[0]),
                    format_detail(b, trial->values[1]));
    svg_point(svg, trial->values[0], trial->values[1], is_front ? 5 : 2.6,
              is_front ? "best" : "dot", dln_strbuf_text(hint));
}

void chart_front(struct dln_strbuf *out, const struct chart_data *data)
{
    struct opened *const study = data->ask->study;
    const struct trial_list *const list = data->ask->list;
    struct trial_list front;
    struct bounds x = {(double)NAN, (double)NAN}, y = {(double)NAN, (double)NAN};
    struct dln_strbuf hint = {0};
    if (study->summary.n_objectives < 2 || !best_find(study, &front, NULL)) return;
    for (size_t i = 0; i < list->n; i++) {
        if (list->trials[i].state != DLN_TRIAL_COMPLETE) continue;
        widen(&x, list->trials[i].values[0]);
        widen(&y, list->trials[i].values[1]);
    }
    if (!isnan(x.low) && !isnan(y.low)) {
        struct svg svg;
        svg_begin(&svg, out, 720, 340, "The first two objectives of all trials, and the front");
        svg.x = scale_of(&x);
        svg.y = scale_of(&y);
        svg_axes(&svg, study->summary.metric_names[0], false, study->summary.metric_names[1]);
        for (size_t i = 0; i < list->n; i++) {
            if (list->trials[i].state != DLN_TRIAL_COMPLETE ||
                !chart_keeps(i, list->n, CHART_POINTS_MAX))
                continue;
            draw(&svg, &list->trials[i], false, &hint);
        }
        for (size_t i = 0; i < front.n; i++)
            draw(&svg, &front.trials[i], true, &hint);
        svg_end(&svg);
    }
    dln_strbuf_release(&hint);
    trial_list_release(&front);
}
