#include "export/svg.h"

#include <math.h>

#include "export/markup.h"

void svg_begin(struct svg *svg, struct dln_strbuf *out, int width, int height, const char *title)
{
    *svg = (struct svg){
        .out = out,
        .width = width,
        .height = height,
        .left = 58,
        .top = 12,
        .right = width - 14,
        .bottom = height - 38,
    };
    dln_strbuf_addf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", width, height);
    html_text(out, title);
    dln_strbuf_add(out, "</title>\n");
}

void svg_end(struct svg *svg)
{
    dln_strbuf_add(svg->out, "</svg>\n");
}

static double inside(double unit)
{
    return unit < 0 ? 0 : unit > 1 ? 1 : unit;
}

double svg_x(const struct svg *svg, double x)
{
    return svg->left + inside(scale_unit(&svg->x, x)) * (svg->right - svg->left);
}

double svg_y(const struct svg *svg, double y)
{
    return svg->bottom - inside(scale_unit(&svg->y, y)) * (svg->bottom - svg->top);
}

static void add_hint(const struct svg *svg, const char *hint, const char *element)
{
    if (!hint) {
        dln_strbuf_add(svg->out, "/>\n");
        return;
    }
    dln_strbuf_add(svg->out, "><title>");
    html_text(svg->out, hint);
    dln_strbuf_addf(svg->out, "</title></%s>\n", element);
}

void svg_words(const struct svg *svg, double x, double y, const char *anchor, const char *css,
               const char *words)
{
    dln_strbuf_addf(svg->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y,
                    anchor, css);
    html_text(svg->out, words);
    dln_strbuf_add(svg->out, "</text>\n");
}

void svg_stroke(const struct svg *svg, double x1, double y1, double x2, double y2, const char *css)
{
    dln_strbuf_addf(svg->out,
                    "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1,
                    y1, x2, y2, css);
}

void svg_box(const struct svg *svg, double x, double y, double width, double height,
             const char *css, const char *hint)
{
    dln_strbuf_addf(svg->out,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"", x, y,
                    width, height, css);
    add_hint(svg, hint, "rect");
}

void svg_point(const struct svg *svg, double x, double y, double radius, const char *css,
               const char *hint)
{
    if (isnan(x) || isnan(y)) return;
    dln_strbuf_addf(svg->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"",
                    svg_x(svg, x), svg_y(svg, y), radius, css);
    add_hint(svg, hint, "circle");
}

void svg_line(const struct svg *svg, size_t n, const double *x, const double *y, bool stairs,
              const char *css, const char *hint)
{
    bool pen_is_down = false;
    double last = 0;
    dln_strbuf_addf(svg->out, "<path class=\"%s\" d=\"", css);
    for (size_t i = 0; i < n; i++) {
        if (isnan(y[i]) || isnan(x[i])) {
            pen_is_down = false;
            continue;
        }
        const double at_x = svg_x(svg, x[i]);
        const double at_y = svg_y(svg, y[i]);
        if (!pen_is_down) {
            dln_strbuf_addf(svg->out, "M%.1f %.1f", at_x, at_y);
        } else if (stairs && at_y != last) {
            dln_strbuf_addf(svg->out, "H%.1fV%.1f", at_x, at_y);
        } else if (stairs) {
            dln_strbuf_addf(svg->out, "H%.1f", at_x);
        } else {
            dln_strbuf_addf(svg->out, "L%.1f %.1f", at_x, at_y);
        }
        last = at_y;
        pen_is_down = true;
    }
    dln_strbuf_add(svg->out, "\"");
    add_hint(svg, hint, "path");
}

void svg_axes(const struct svg *svg, const char *x_title, bool x_is_whole, const char *y_title)
{
    struct ticks ticks;
    ticks_make(&ticks, &svg->y, 6, false);
    for (int i = 0; i < ticks.n; i++) {
        const double y = svg_y(svg, ticks.at[i]);
        svg_stroke(svg, svg->left, y, svg->right, y, "grid");
        svg_words(svg, svg->left - 6, y + 4, "end", "tick", ticks.label[i]);
    }
    ticks_make(&ticks, &svg->x, svg->width > 400 ? 8 : 4, x_is_whole);
    for (int i = 0; i < ticks.n && !svg->has_no_x_ticks; i++) {
        const double x = svg_x(svg, ticks.at[i]);
        svg_stroke(svg, x, svg->bottom, x, svg->bottom + 4, "axis");
        svg_words(svg, x, svg->bottom + 17, "middle", "tick", ticks.label[i]);
    }
    svg_stroke(svg, svg->left, svg->bottom, svg->right, svg->bottom, "axis");
    svg_words(svg, (svg->left + svg->right) / 2, svg->height - 5, "middle", "name", x_title);
    dln_strbuf_addf(svg->out,
                    "<text transform=\"translate(13 %.1f) rotate(-90)\" text-anchor=\"middle\" "
                    "class=\"name\">",
                    (svg->top + svg->bottom) / 2);
    html_text(svg->out, y_title);
    dln_strbuf_add(svg->out, "</text>\n");
}
