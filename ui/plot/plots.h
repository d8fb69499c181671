/*
 * The registry of plots: what the plot screen turns through and `dialin plot` prints. Each draws a
 * study's trials into cells, says below what it shows, what it left out and what it means, and
 * leaves its points behind: for the cursor, and for export.
 */
#ifndef UI_PLOT_PLOTS_H
#define UI_PLOT_PLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "dialin/export.h"
#include "dialin/space.h"
#include "dialin/strbuf.h"
#include "model.h"
#include "plot/axis.h"
#include "plot/guess.h"

/* What a study gives to its plots. Borrowed. */
struct plot_study {
    const char *name;
    const struct model *model;
    const struct dln_space *space; /* model->d parameters */
    const char *const *metric;     /* model->m names */
    const bool *maximize;          /* model->m */
    const bool *hidden;            /* model->n: left out by a filter; NULL: none is */
    int64_t budget;                /* trials; 0: none */
    int64_t now_us;
    const struct plot_guess *guess; /* for PLOT_USES_GUESS; NULL: there is none */
    const char *guess_why;          /* then: a sentence, or NULL */
    bool is_guessing;               /* it is on its way */
};

enum plot_map_show { PLOT_MAP_MEAN, PLOT_MAP_SD, PLOT_MAP_CHANCE, PLOT_MAP_COUNT };

enum { PLOT_SHARE_TOP = 10 }; /* per cent */

/* What the person asked for. Indexes beyond the study's are taken as 0. */
struct plot_ask {
    size_t goal, other_goal;   /* objectives */
    size_t param, other_param; /* parameters */
    bool log_y;
    bool show_pruned; /* at their last value */
    bool show_all;    /* no clipping of outliers */
    int share;        /* per cent of the trials that count as the best; 0: PLOT_SHARE_TOP */
    enum plot_map_show map_show;
    int64_t selected; /* number of the trial that is marked in the plot, -1: none */
};

/* A point of a plot: where it stands, and what it stands for. */
struct plot_spot {
    int row, col; /* cell; col -1: beyond the edge */
    size_t trial; /* row of the model */
    double x, y;
};

enum { PLOT_LINES_MAX = 4, PLOT_LINE_MAX = 320 };

/* What came of it; plot_result_release() frees the spots. */
struct plot_result {
    char x_name[64], y_name[64];
    size_t n_spots, cap_spots;
    struct plot_spot *spots;
    int n_lines;
    char line[PLOT_LINES_MAX][PLOT_LINE_MAX]; /* sentences below the plot */
    bool no_memory;                           /* something is missing */
    bool has_map;                             /* the cells of the guess are shown */
    struct rect map_rect;
    struct scale map_x, map_y;
};

/* For the file of a plot: where it draws. */
struct plot_job {
    struct cells *cells;
    struct rect rect;
    const struct plot_study *study;
    const struct plot_ask *ask; /* indexes are in range */
    struct plot_result *out;
};

enum plot_uses {
    PLOT_USES_PARAM = 1,
    PLOT_USES_OTHER_PARAM = 2,
    PLOT_USES_GOAL = 4,
    PLOT_USES_SPACE = 8, /* nothing to plot without a parameter */
    PLOT_USES_GUESS = 16 /* the model of the trials */
};

struct plot_kind {
    const char *name;  /* "slice" */
    const char *title; /* "value against one parameter" */
    unsigned uses;     /* of plot_ask */
    void (*draw)(struct plot_job *job);
};

/* All of them, in the order of the screen. */
const struct plot_kind *const *plots(size_t *n);
const struct plot_kind *plot_find(const char *name); /* NULL: none of this name */

/* Draws plot and sentences into the rectangle. */
void plot_draw(const struct plot_kind *kind, struct cells *cells, struct rect rect,
               const struct plot_study *study, const struct plot_ask *ask, struct plot_result *out);
void plot_result_release(struct plot_result *result);
/*
 * The spot to go to from the selected trial: the nearest in this direction (-1, 0, 1), SIZE_MAX:
 * none.
 */
size_t plot_neighbour(const struct plot_result *result, size_t trial, int d_row, int d_col);
/* "lr 9.1e-04  dropout 0.12: 0.0391 ± 0.0011, …": a cell of the guess's map. */
void plot_map_point_text(const struct plot_study *study, size_t cell, char *out, size_t cap);
/* "trial,state,x,y" and its rows: every point of the plot; of a map, its cells. */
void plot_csv(const struct plot_result *result, const struct plot_study *study,
              struct dln_strbuf *out);
/* The same, with the sentences and whatever the model says, as one object. */
void plot_json(const struct plot_kind *kind, const struct plot_result *result,
               const struct plot_study *study, struct dln_strbuf *out);

/* ── for the files of the plots ────────────────────────────────────────────────────────────────*/

void plot_say(struct plot_job *job, const char *format, ...) DLN_PRINTF(2, 3);
void plot_names(struct plot_job *job, const char *x, const char *y);
/* col -1: beyond the edge. Marks the cell if it is the selected trial's. */
void plot_spot_add(struct plot_job *job, int row, int col, size_t trial, double x, double y);

/* The values of an objective as they are drawn: NaN for trials that are not. */
struct plot_values {
    size_t n; /* of the model */
    double *value;
    size_t n_shown, n_not_finite, n_pruned;
};
bool plot_values_init(struct plot_values *values, struct plot_job *job, size_t goal);
void plot_values_release(struct plot_values *values);
/*
 * The rows that are drawn, best first; n_shown of them, to be freed. NULL: no memory.
 */
size_t *plot_best_first(const struct plot_values *values, bool maximize);
/* How many trials the asked share is of n: at least 1 of 1. */
size_t plot_share_of(const struct plot_job *job, size_t n);
/* "3 not finite, 64 pruned left out (i)": what the reader does not see; nothing if nothing. */
void plot_say_left_out(struct plot_job *job, const struct plot_values *values, size_t n_clipped);

extern const struct plot_kind plot_kind_history, plot_kind_curves, plot_kind_importance,
    plot_kind_slice, plot_kind_contour, plot_kind_rank, plot_kind_parallel, plot_kind_pareto,
    plot_kind_edf, plot_kind_timeline;

#endif
