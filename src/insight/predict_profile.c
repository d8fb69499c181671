/* Many points at once: one parameter over its range, or two. */
#include <math.h>
#include <string.h>

#include "insight/predictor.h"

/*
 * Values of a parameter, ascending: all of them where they fit in n, else evenly over the cube.
 * Returns how many.
 */
static size_t spread(const struct dln_param *param, size_t n, double *values)
{
    const double count = dln_param_count(param);
    if (count > 0 && count <= (double)n) {
        for (size_t i = 0; i < (size_t)count; i++)
            values[i] = dln_param_nth(param, (double)i);
        return (size_t)count;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const double x = dln_param_decode(param, n > 1 ? (double)i / (double)(n - 1) : 0.5);
        if (kept == 0 || x > values[kept - 1]) values[kept++] = x;
    }
    return kept;
}

struct sheet { /* points in a row, filled batch by batch */
    dln_predictor *predictor;
    size_t objective;
    size_t n, from;                 /* points so far, and the first that is not predicted yet */
    double *mean, *sd, *low, *high; /* low, high may be NULL */
    bool *is_allowed;
};

static void flush(struct sheet *sheet)
{
    dln_predictor *predictor = sheet->predictor;
    const size_t m = sheet->n - sheet->from;
    dln_belief_ask(&predictor->values[sheet->objective], &predictor->query, m, predictor->columns,
                   predictor->mean, predictor->sd);
    for (size_t i = 0; i < m; i++) {
        struct dln_expected expected;
        dln_predictor_units(predictor, sheet->objective, predictor->mean[i], predictor->sd[i],
                            &expected);
        sheet->mean[sheet->from + i] = expected.mean;
        sheet->sd[sheet->from + i] = expected.sd;
        if (!sheet->low) continue;
        sheet->low[sheet->from + i] = expected.low;
        sheet->high[sheet->from + i] = expected.high;
    }
    sheet->from = sheet->n;
}

/* predictor->x holds a point, perhaps with gaps. */
static void add(struct sheet *sheet, const struct dln_view_trial *base)
{
    dln_predictor *predictor = sheet->predictor;
    size_t broken;
    dln_predictor_fill(predictor, base, predictor->x);
    sheet->is_allowed[sheet->n] = dln_space_allows(predictor->space, predictor->x, &broken);
    const size_t at = sheet->n - sheet->from;
    dln_predictor_code(predictor, predictor->x,
                       predictor->columns + at * predictor->coding.layout.n_columns);
    sheet->n++;
    if (at + 1 == DLN_PREDICT_BATCH) flush(sheet);
}

static void set_point(dln_predictor *predictor, const double *x)
{
    memcpy(predictor->x, x, predictor->space->n * sizeof *x);
}

static bool fail_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for a curve");
}

static bool check(const dln_predictor *predictor, size_t objective, const double *x, size_t param,
                  struct dln_error *err)
{
    if (objective < predictor->m && param < predictor->space->n) {
        return dln_predictor_check(predictor, x, err);
    }
    return dln_fail(err, DLN_INVALID, "no such objective or parameter");
}

bool dln_predictor_profile(dln_predictor *predictor, size_t objective, const double *x,
                           size_t param, size_t n_max, struct dln_arena *arena,
                           struct dln_profile *out, struct dln_error *err)
{
    if (!check(predictor, objective, x, param, err) || !dln_predictor_fit(predictor, err)) {
        return false;
    }
    *out = (struct dln_profile){0};
    if (!predictor->values[objective].model || n_max == 0) return true;
    double *numbers = DLN_ARENA_ARRAY(arena, double, 5 * n_max);
    bool *is_allowed = DLN_ARENA_ARRAY(arena, bool, n_max);
    if (!numbers || !is_allowed) return fail_memory(err);
    const size_t n = spread(&predictor->space->params[param], n_max, numbers);
    struct sheet sheet = {.predictor = predictor,
                          .objective = objective,
                          .mean = numbers + n_max,
                          .sd = numbers + 2 * n_max,
                          .low = numbers + 3 * n_max,
                          .high = numbers + 4 * n_max,
                          .is_allowed = is_allowed};
    const struct dln_view_trial *base = dln_predictor_trial(predictor, -1);
    for (size_t i = 0; i < n; i++) {
        set_point(predictor, x);
        predictor->x[param] = numbers[i];
        add(&sheet, base);
    }
    if (sheet.from < sheet.n) flush(&sheet);
    *out = (struct dln_profile){.n = n,
                                .at = numbers,
                                .mean = sheet.mean,
                                .sd = sheet.sd,
                                .low = sheet.low,
                                .high = sheet.high,
                                .is_allowed = is_allowed,
                                .best = n};
    const double sign = predictor->maximize[objective] ? -1 : 1;
    for (size_t i = 0; i < n; i++) {
        if (!is_allowed[i]) continue;
        if (out->best == n || sign * sheet.mean[i] < sign * sheet.mean[out->best]) out->best = i;
    }
    return true;
}

bool dln_predictor_map(dln_predictor *predictor, size_t objective, const double *x,
                       size_t param_across, size_t n_across, size_t param_down, size_t n_down,
                       struct dln_arena *arena, struct dln_map *out, struct dln_error *err)
{
    if (!check(predictor, objective, x, param_across, err) ||
        !check(predictor, objective, x, param_down, err) || !dln_predictor_fit(predictor, err)) {
        return false;
    }
    *out = (struct dln_map){0};
    if (!predictor->values[objective].model || n_across == 0 || n_down == 0) return true;
    double *axes = DLN_ARENA_ARRAY(arena, double, n_across + n_down);
    if (!axes) return fail_memory(err);
    double *down = axes + n_across;
    n_across = spread(&predictor->space->params[param_across], n_across, axes);
    n_down = spread(&predictor->space->params[param_down], n_down, down);
    double *mean = DLN_ARENA_ARRAY(arena, double, n_across *n_down);
    double *sd = DLN_ARENA_ARRAY(arena, double, n_across *n_down);
    bool *is_allowed = DLN_ARENA_ARRAY(arena, bool, n_across *n_down);
    if (!mean || !sd || !is_allowed) return fail_memory(err);
    struct sheet sheet = {.predictor = predictor,
                          .objective = objective,
                          .mean = mean,
                          .sd = sd,
                          .is_allowed = is_allowed};
    const struct dln_view_trial *base = dln_predictor_trial(predictor, -1);
    for (size_t row = 0; row < n_down; row++) {
        for (size_t column = 0; column < n_across; column++) {
            set_point(predictor, x);
            predictor->x[param_across] = axes[column];
            predictor->x[param_down] = down[row];
            add(&sheet, base);
        }
    }
    if (sheet.from < sheet.n) flush(&sheet);
    *out = (struct dln_map){.n_across = n_across,
                            .n_down = n_down,
                            .across = axes,
                            .down = down,
                            .mean = mean,
                            .sd = sd,
                            .is_allowed = is_allowed};
    return true;
}
