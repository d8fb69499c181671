/* Parameters: how much they matter, value by parameter, and all of them side by side. */
#include <math.h>
#include <stdlib.h>

#include "cli/report.h"
#include "export/charts.h"
#include "format.h"

enum {
    BARS_MAX = 20,
    SLICES_MAX = 12,
    AXES_MAX = 9,
    LINES_MAX = 600,
};

/* The parameters in the order in which they are shown. */
static size_t shown(const struct chart_data *data, size_t place)
{
    return data->list ? data->list[place].param : place;
}

static size_t limited(size_t n, size_t most)
{
    return n < most ? n : most;
}

/* ── importance ────────────────────────────────────────────────────────────────────────────────*/

void chart_importance(struct dln_strbuf *out, const struct chart_data *data)
{
    const struct dln_space *const space = data->ask->study->space;
    const size_t n = limited(space->n, BARS_MAX);
    char share[FORMAT_MAX];
    struct svg svg;
    if (!data->list || n == 0) return;
    svg_begin(&svg, out, 720, (int)(24 * n + 16), "Importance of the parameters");
    const double left = 200, full = svg.width - left - 70;
    for (size_t i = 0; i < n; i++) {
        const struct dln_importance *const entry = &data->list[i];
        struct dln_strbuf name = {0};
        const double y = 8 + 24 * (double)i;
        harmless(&name, space->params[entry->param].name, 26);
        svg_words(&svg, left - 8, y + 15, "end", "name", dln_strbuf_text(&name));
        dln_strbuf_release(&name);
        svg_box(&svg, left, y + 3, full * entry->share, 16, "bar", NULL);
        svg_stroke(&svg, left + full * entry->low, y + 11, left + full * entry->high, y + 11,
                   "range");
        svg_words(&svg, left + full * fmax(entry->share, entry->high) + 8, y + 15, "start", "tick",
                  format_share(share, entry->share));
    }
    svg_end(&svg);
}

/* ── axes of parameters ────────────────────────────────────────────────────────────────────────*/

static struct scale param_scale(const struct dln_param *param)
{
    if (param->n_choices > 0) return scale_make(-0.5, (double)param->n_choices - 0.5, false);
    return scale_make(param->low, param->high, param->log);
}

/* A choice's points are spread a little, by their number, so that they do not hide each other. */
static double spread(const struct dln_param *param, double x, int64_t number)
{
    if (param->n_choices == 0) return x;
    return x + 0.5 * ((double)(number % 17) / 16 - 0.5);
}

static const char *shade_class(int shade)
{
    static const char *const names[CHART_SHADES] = {"s0", "s1", "s2", "s3", "s4"};
    return names[shade];
}

/* ── slices ────────────────────────────────────────────────────────────────────────────────────*/

static void choice_ticks(const struct svg *svg, const struct dln_param *param)
{
    struct dln_strbuf text = {0}, cut = {0};
    const size_t stride = param->n_choices / 6 + 1;
    for (size_t c = 0; c < param->n_choices; c += stride) {
        dln_strbuf_reset(&text);
        dln_strbuf_reset(&cut);
        dln_param_text(param, (double)c, &text);
        harmless(&cut, dln_strbuf_text(&text), 40 / limited(param->n_choices, 6) + 2);
        svg_words(svg, svg_x(svg, (double)c), svg->bottom + 17, "middle", "tick",
                  dln_strbuf_text(&cut));
    }
    dln_strbuf_release(&text);
    dln_strbuf_release(&cut);
}

static void slice(struct dln_strbuf *out, const struct chart_data *data, size_t index,
                  const struct scale *values)
{
    const struct dln_evidence *const of = &data->evidence->of;
    const struct dln_param *const param = &of->space->params[index];
    struct dln_strbuf hint = {0}, name = {0};
    struct svg svg;
    harmless(&name, param->name, 40);
    svg_begin(&svg, out, 360, 220, param->name);
    svg.x = param_scale(param);
    svg.y = *values;
    svg.has_no_x_ticks = param->n_choices > 0;
    svg_axes(&svg, dln_strbuf_text(&name), param->kind == DLN_PARAM_INT, "");
    if (param->n_choices > 0) choice_ticks(&svg, param);
    for (size_t i = of->n; i-- > 0;) {
        if (isnan(of->x[i][index])) continue;
        if (data->shade[i] > 0 && !chart_keeps(i, of->n, CHART_SMALL_MAX)) continue;
        if (!chart_keeps(i, of->n, 4 * CHART_SMALL_MAX)) continue; /* the best fifth is denser */
        chart_hint(&hint, data, i);
        const double x = spread(param, of->x[i][index], data->evidence->trial[i]->number);
        svg_point(&svg, x, chart_value(data, i), 2.6, shade_class(data->shade[i]),
                  dln_strbuf_text(&hint));
    }
    svg_end(&svg);
    dln_strbuf_release(&hint);
    dln_strbuf_release(&name);
}

void chart_slices(struct dln_strbuf *out, const struct chart_data *data)
{
    const struct scale values = chart_value_scale(data);
    const size_t n = limited(data->ask->study->space->n, SLICES_MAX);
    if (data->evidence->of.n == 0) return;
    for (size_t i = 0; i < n; i++)
        slice(out, data, shown(data, i), &values);
}

/* ── parallel coordinates ──────────────────────────────────────────────────────────────────────*/

struct fan {  /* the axes: parameters, then the value */
    size_t n; /* of parameters */
    size_t param[AXES_MAX];
    struct scale scale[AXES_MAX + 1];
};

static double axis_x(const struct svg *svg, const struct fan *fan, size_t axis)
{
    return svg->left + (svg->right - svg->left) * (double)axis / (double)fan->n;
}

static void end_labels(const struct svg *svg, const struct chart_data *data, const struct fan *fan,
                       size_t axis)
{
    struct dln_strbuf low = {0}, high = {0}, name = {0};
    char text[FORMAT_MAX];
    const double x = axis_x(svg, fan, axis);
    const char *title;
    if (axis < fan->n) {
        const struct dln_param *const param = &data->evidence->of.space->params[fan->param[axis]];
        title = param->name;
        param_text(param, param->low, &low);
        param_text(param, param->high, &high);
    } else {
        title = data->ask->study->summary.metric_names[data->evidence->objective];
        dln_strbuf_add(&low, format_detail(text, fan->scale[axis].low));
        dln_strbuf_add(&high, format_detail(text, fan->scale[axis].high));
    }
    harmless(&name, title, 14);
    svg_stroke(svg, x, svg->top, x, svg->bottom, "axis");
    svg_words(svg, x, svg->top - 20, "middle", "name", dln_strbuf_text(&name));
    dln_strbuf_reset(&name);
    harmless(&name, dln_strbuf_text(&high), 12);
    svg_words(svg, x, svg->top - 6, "middle", "tick", dln_strbuf_text(&name));
    dln_strbuf_reset(&name);
    harmless(&name, dln_strbuf_text(&low), 12);
    svg_words(svg, x, svg->bottom + 16, "middle", "tick", dln_strbuf_text(&name));
    dln_strbuf_release(&low);
    dln_strbuf_release(&high);
    dln_strbuf_release(&name);
}

static void fan_line(const struct svg *svg, const struct chart_data *data, const struct fan *fan,
                     size_t i, struct dln_strbuf *hint)
{
    double x[AXES_MAX + 1], y[AXES_MAX + 1];
    struct svg unit = *svg; /* both axes run from 0 to 1 */
    unit.x = (struct scale){0, (double)fan->n, false};
    unit.y = (struct scale){0, 1, false};
    for (size_t axis = 0; axis <= fan->n; axis++) {
        const double value =
            axis < fan->n ? data->evidence->of.x[i][fan->param[axis]] : chart_value(data, i);
        x[axis] = (double)axis;
        y[axis] = scale_unit(&fan->scale[axis], value);
    }
    chart_hint(hint, data, i);
    struct dln_strbuf css = {0};
    dln_strbuf_addf(&css, "fan %s", shade_class(data->shade[i]));
    svg_line(&unit, fan->n + 1, x, y, false, dln_strbuf_text(&css), dln_strbuf_text(hint));
    dln_strbuf_release(&css);
}

void chart_parallel(struct dln_strbuf *out, const struct chart_data *data)
{
    const struct dln_evidence *const of = &data->evidence->of;
    struct fan fan = {.n = 0};
    struct dln_strbuf hint = {0};
    for (size_t i = 0; i < of->space->n && fan.n < AXES_MAX; i++) {
        const struct dln_param *const param = &of->space->params[shown(data, i)];
        if (dln_param_is_single(param)) continue;
        fan.scale[fan.n] = param_scale(param);
        fan.param[fan.n++] = shown(data, i);
    }
    if (of->n == 0 || fan.n < 2) return;
    fan.scale[fan.n] = chart_value_scale(data);
    struct svg svg;
    svg_begin(&svg, out, 960, 360, "Parallel coordinates: a line is a trial");
    svg.left = 60;
    svg.right = svg.width - 60;
    svg.top = 44;
    svg.bottom = svg.height - 28;
    const size_t stride = of->n / LINES_MAX + 1;
    for (int shade = CHART_SHADES; shade-- > 0;) { /* the best ones lie on top */
        for (size_t i = 0; i < of->n; i++) {
            if (data->shade[i] != shade || i % stride != 0) continue;
            fan_line(&svg, data, &fan, i, &hint);
        }
    }
    for (size_t axis = 0; axis <= fan.n; axis++)
        end_labels(&svg, data, &fan, axis);
    svg_end(&svg);
    dln_strbuf_release(&hint);
}
