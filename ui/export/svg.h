/*
 * One picture as SVG text: a plot area with two axes, and points, lines and words in it. Colours
 * are classes that the page's style sheet fills.
 */
#ifndef UI_EXPORT_SVG_H
#define UI_EXPORT_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/strbuf.h"
#include "plot/axis.h"

struct svg {
    struct dln_strbuf *out;
    int width, height;
    double left, top, right, bottom; /* edges of the plot area */
    struct scale x, y;
    bool has_no_x_ticks; /* the caller writes names there */
};

/* `title` is what a screen reader says; it is foreign text. */
void svg_begin(struct svg *svg, struct dln_strbuf *out, int width, int height, const char *title);
void svg_end(struct svg *svg);
/* Ticks, labels and the titles of the axes. Set x and y first. */
void svg_axes(const struct svg *svg, const char *x_title, bool x_is_whole, const char *y_title);

/* In units of the scales, clamped to the area. `hint` (may be NULL) is shown under a pointer. */
void svg_point(const struct svg *svg, double x, double y, double radius, const char *css,
               const char *hint);
/* A line through n points; NaN in y breaks it. `stairs`: each value holds until the next. */
void svg_line(const struct svg *svg, size_t n, const double *x, const double *y, bool stairs,
              const char *css, const char *hint);

/* In units of the picture. anchor: "start", "middle", "end". */
void svg_words(const struct svg *svg, double x, double y, const char *anchor, const char *css,
               const char *words);
void svg_box(const struct svg *svg, double x, double y, double width, double height,
             const char *css, const char *hint);
void svg_stroke(const struct svg *svg, double x1, double y1, double x2, double y2, const char *css);

double svg_x(const struct svg *svg, double x);
double svg_y(const struct svg *svg, double y);

#endif
