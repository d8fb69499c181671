/* The pictures of the HTML page. Each writes one <svg>, or nothing where there is nothing to see.
 */
#ifndef UI_EXPORT_CHARTS_H
#define UI_EXPORT_CHARTS_H

#include "cli/evidence.h"
#include "export/exporters.h"
#include "export/svg.h"

struct chart_data {
    const struct export_ask *ask;
    const struct evidence *evidence;   /* of the objective that the page is about */
    const struct dln_importance *list; /* largest share first; NULL: too few trials */
    const int *shade;                  /* of each trial of the evidence: 0 best fifth … 4 worst */
};

#define CHART_SHADES 5
/* In one picture; more are thinned evenly, the best always drawn. */
#define CHART_POINTS_MAX 4000
#define CHART_SMALL_MAX  600

void chart_history(struct dln_strbuf *out, const struct chart_data *data);
void chart_curves(struct dln_strbuf *out, const struct chart_data *data);
void chart_front(struct dln_strbuf *out, const struct chart_data *data);
void chart_importance(struct dln_strbuf *out, const struct chart_data *data);
/* Small pictures, one for each parameter, those that matter first. */
void chart_slices(struct dln_strbuf *out, const struct chart_data *data);
void chart_parallel(struct dln_strbuf *out, const struct chart_data *data);

/* "#17: 0.0412" */
void chart_hint(struct dln_strbuf *out, const struct chart_data *data, size_t index);
/* A value of the evidence as the person sees it. */
double chart_value(const struct chart_data *data, size_t index);
/*
 * A scale for values: logarithmic where they span decades, and without the far tail of bad ones,
 * which would hide what matters at the good end.
 */
struct scale chart_value_scale(const struct chart_data *data);
/* Whether the index-th of n is drawn where `most` have room; the first and the last always are. */
bool chart_keeps(size_t index, size_t n, size_t most);

#endif
