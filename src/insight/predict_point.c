/* One point: completed, coded, and everything that the models and the trials near it say. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/num.h"
#include "insight/predictor.h"
#include "math/normal.h"

#define Z90         1.6448536269514722
#define FAR_LENGTHS 2.0  /* from the nearest trial: it says nothing about the point */
#define FAR_BEYOND  0.05 /* of the range, beyond what was tried */
#define SEEN_MARGIN 0.5  /* of the range of values seen, beyond it */
#define CUBE_MAX    1e3  /* so many ranges away is as far as anything */

/* ── completing ────────────────────────────────────────────────────────────────────────────────*/

static double default_of(const struct dln_param *param)
{
    if (param->has_initial) return param->initial;
    const bool is_choice = param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG;
    return is_choice ? 0 : dln_param_decode(param, 0.5);
}

static bool may_lack(const struct dln_predictor *predictor, size_t i)
{
    return predictor->allows_gaps && predictor->is_optional[i];
}

void dln_predictor_fill(const struct dln_predictor *predictor, const struct dln_view_trial *base,
                        double *x)
{
    for (size_t i = 0; i < predictor->space->n; i++) {
        if (!isnan(x[i])) continue;
        const bool has = base && !isnan(base->x[i]);
        if (base && !has && may_lack(predictor, i)) continue;
        x[i] = has ? base->x[i] : default_of(&predictor->space->params[i]);
    }
    (void)dln_space_activate(predictor->space, x);
}

bool dln_predictor_complete(dln_predictor *predictor, int64_t base, double *x,
                            enum dln_origin *origins, int64_t *base_taken, struct dln_error *err)
{
    if (!dln_predictor_check(predictor, x, err) || !dln_predictor_fit(predictor, err)) return false;
    const struct dln_view_trial *trial = dln_predictor_trial(predictor, base);
    if (!trial && base >= 0) {
        return dln_fail(err, DLN_NOT_FOUND, "there is no trial #%" PRId64, base);
    }
    double *given = predictor->x;
    const size_t d = predictor->space->n;
    if (d > 0) memcpy(given, x, d * sizeof *x);
    dln_predictor_fill(predictor, trial, x);
    for (size_t i = 0; origins && i < d; i++) {
        const bool was_given = !isnan(given[i]);
        if (isnan(x[i])) {
            origins[i] = was_given ? DLN_ORIGIN_IGNORED : DLN_ORIGIN_ABSENT;
        } else if (was_given) {
            origins[i] = DLN_ORIGIN_GIVEN;
        } else {
            origins[i] = trial && !isnan(trial->x[i]) ? DLN_ORIGIN_BASE : DLN_ORIGIN_DEFAULT;
        }
    }
    if (base_taken) *base_taken = trial ? trial->number : -1;
    return true;
}

/* ── coding ────────────────────────────────────────────────────────────────────────────────────*/

void dln_predictor_code(struct dln_predictor *predictor, const double *x, double *columns)
{
    for (size_t i = 0; i < predictor->space->n; i++) {
        const double u = dln_param_place(&predictor->space->params[i], x[i]);
        predictor->u[i] = isnan(u) ? u : fmin(fmax(u, -CUBE_MAX), CUBE_MAX);
    }
    dln_gp_code(&predictor->coding, x, predictor->u, columns);
}

/* An active parameter of x without a value; space->n: there is none. */
static size_t find_missing(struct dln_predictor *predictor, const double *x)
{
    for (size_t i = 0; i < predictor->space->n; i++) {
        if (!isnan(x[i]) || may_lack(predictor, i)) continue;
        double *probe = predictor->u;
        memcpy(probe, x, predictor->space->n * sizeof *x);
        probe[i] = default_of(&predictor->space->params[i]);
        (void)dln_space_activate(predictor->space, probe);
        if (!isnan(probe[i])) return i;
    }
    return predictor->space->n;
}

/* Outside the range is fine; what the parameter can never be is not. */
static bool check_value(const struct dln_param *param, double x, struct dln_error *err)
{
    if (isnan(x)) return true;
    if (param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG) {
        if (x >= 0 && x < (double)param->n_choices && x == floor(x)) return true;
        return dln_fail(err, DLN_INVALID, "'%.80s' has no such choice", param->name);
    }
    if (!isfinite(x)) return dln_fail(err, DLN_INVALID, "'%.80s' must be finite", param->name);
    if (!isnan(dln_param_place(param, x))) return true;
    return dln_fail(err, DLN_INVALID, "'%.80s' must be above 0: its scale is logarithmic",
                    param->name);
}

bool dln_predictor_check(const struct dln_predictor *predictor, const double *x,
                         struct dln_error *err)
{
    for (size_t i = 0; i < predictor->space->n; i++) {
        if (!check_value(&predictor->space->params[i], x[i], err)) return false;
    }
    return true;
}

/* x into predictor->x and the first row of predictor->columns. */
static bool take_point(struct dln_predictor *predictor, const double *x, struct dln_error *err)
{
    const struct dln_space *space = predictor->space;
    if (!dln_predictor_check(predictor, x, err)) return false;
    if (space->n > 0) memcpy(predictor->x, x, space->n * sizeof *x);
    if (!dln_space_activate(space, predictor->x)) {
        const size_t missing = find_missing(predictor, predictor->x);
        if (missing < space->n) {
            return dln_fail(err, DLN_INVALID, "'%.80s' has no value", space->params[missing].name);
        }
    }
    dln_predictor_code(predictor, predictor->x, predictor->columns);
    return true;
}

/* ── values ────────────────────────────────────────────────────────────────────────────────────*/

/*
 * Back to the objective's units. A bend that squeezed values together pulls predictions apart on
 * the way back, beyond all reason where no value was seen: they are held near those that were.
 */
static double unbent(const struct dln_warp *warp, double z)
{
    const double margin = SEEN_MARGIN * (warp->y_high - warp->y_low);
    return fmin(fmax(dln_warp_back(warp, z), warp->y_low - margin), warp->y_high + margin);
}

/*
 * The scale of the model is bent, so its normals are skewed here, some with a tail that has no mean
 * worth the name. The middle and half of the width that 68 % lie in stand for mean and sd.
 */
void dln_predictor_units(const struct dln_predictor *predictor, size_t objective, double mean,
                         double sd, struct dln_expected *out)
{
    const struct dln_warp *warp = &predictor->values[objective].model->warp;
    const double worse = unbent(warp, mean - Z90 * sd);
    const double better = unbent(warp, mean + Z90 * sd);
    const double middle = unbent(warp, mean);
    const bool maximize = predictor->maximize[objective];
    out->mean = maximize ? middle : -middle;
    out->sd = (unbent(warp, mean + sd) - unbent(warp, mean - sd)) / 2;
    out->low = maximize ? worse : -better;
    out->high = maximize ? better : -worse;
}

/* P(y > value) in the model's units, where more is better. */
static double chance_of(const struct dln_predictor *predictor, size_t objective, double value,
                        double mean, double sd)
{
    const struct dln_warp *warp = &predictor->values[objective].model->warp;
    const double y = predictor->maximize[objective] ? value : -value;
    return dln_normal_cdf((mean - dln_warp_apply(warp, y)) / sd);
}

static void expect(struct dln_predictor *predictor, size_t objective, struct dln_expected *out)
{
    const struct dln_belief *belief = &predictor->values[objective];
    const struct dln_trust *trust = &predictor->trusts[objective];
    *out = (struct dln_expected){.mean = NAN,
                                 .sd = NAN,
                                 .low = NAN,
                                 .high = NAN,
                                 .best = trust->best,
                                 .best_number = trust->best_number,
                                 .chance = NAN};
    if (!belief->model) return;
    double mean;
    double sd;
    dln_belief_ask(belief, &predictor->query, 1, predictor->columns, &mean, &sd);
    out->is_known = true;
    dln_predictor_units(predictor, objective, mean, sd, out);
    if (!isnan(out->best)) out->chance = chance_of(predictor, objective, out->best, mean, sd);
}

static double chance_to_pass(struct dln_predictor *predictor, const struct dln_belief *belief,
                             double rate)
{
    if (!belief->model) return rate;
    double mean;
    double sd;
    dln_belief_ask(belief, &predictor->query, 1, predictor->columns, &mean, &sd);
    return dln_normal_cdf(mean / sd);
}

static void expect_time(struct dln_predictor *predictor, struct dln_prediction *out)
{
    const struct dln_belief *belief = &predictor->time;
    out->run_s = predictor->time_s;
    out->run_low_s = out->run_high_s = NAN;
    if (!belief->model) return;
    double mean;
    double sd;
    dln_belief_ask(belief, &predictor->query, 1, predictor->columns, &mean, &sd);
    const struct dln_warp *warp = &belief->model->warp;
    out->run_s = exp(dln_warp_back(warp, mean));
    out->run_low_s = exp(dln_warp_back(warp, mean - Z90 * sd));
    out->run_high_s = exp(dln_warp_back(warp, mean + Z90 * sd));
}

/* ── the nearest trials ────────────────────────────────────────────────────────────────────────*/

static const struct dln_gp *ruler(const struct dln_predictor *predictor)
{
    if (predictor->m == 0 || !predictor->values[0].model) return NULL;
    return &predictor->values[0].model->gp;
}

/* Squared distances of the first row of columns to every known trial. */
static void measure(struct dln_predictor *predictor)
{
    const struct dln_gp_layout *layout = &predictor->coding.layout;
    const struct dln_gp *gp = ruler(predictor);
    for (size_t i = 0; i < predictor->n_known; i++) {
        const double *trial = predictor->known_columns + i * layout->n_columns;
        double plain = 0;
        double scaled = 0;
        for (size_t c = 0; c < layout->n_columns; c++) {
            const double gap = trial[c] - predictor->columns[c];
            const double square = layout->is_category[c] ? gap != 0 : gap * gap;
            plain += square;
            if (gp) scaled += square * gp->weight[c];
        }
        predictor->distance[i] = plain;
        predictor->scaled[i] = gp ? scaled : plain;
    }
}

static void find_nearest(struct dln_predictor *predictor, struct dln_prediction *out,
                         size_t *places)
{
    size_t n = 0;
    for (size_t i = 0; i < predictor->n_known; i++) {
        size_t at = n;
        while (at > 0 && predictor->scaled[i] < predictor->scaled[places[at - 1]])
            at--;
        if (at == DLN_PREDICT_NEAREST_MAX) continue;
        if (n < DLN_PREDICT_NEAREST_MAX) n++;
        memmove(places + at + 1, places + at, (n - 1 - at) * sizeof *places);
        places[at] = i;
    }
    out->n_nearest = n;
    for (size_t k = 0; k < n; k++) {
        const struct dln_view_trial *trial = predictor->known[places[k]];
        const bool has = trial->state == DLN_TRIAL_COMPLETE && predictor->m > 0;
        const double loss = has ? trial->loss[0] : (double)NAN;
        out->nearest[k] = (struct dln_neighbour){
            .number = trial->number,
            .state = trial->state,
            .value = has && predictor->maximize[0] ? -loss : loss,
            .distance = sqrt(predictor->distance[places[k]]),
            .lengths = ruler(predictor) ? sqrt(predictor->scaled[places[k]]) : (double)NAN,
        };
    }
}

/* ── extrapolating ─────────────────────────────────────────────────────────────────────────────*/

static void blame(const struct dln_predictor *predictor, struct dln_prediction *out,
                  enum dln_far far, size_t param, double from, double to)
{
    const struct dln_param *which = &predictor->space->params[param];
    char low[DLN_NUM_TEXT_MAX];
    char high[DLN_NUM_TEXT_MAX];
    char number[DLN_NUM_TEXT_MAX];
    struct dln_strbuf choice = {0};
    snprintf(low, sizeof low, "%.6g", from);
    snprintf(high, sizeof high, "%.6g", to);
    snprintf(number, sizeof number, "%.6g", predictor->x[param]);
    if (which->n_choices > 0) dln_param_text(which, predictor->x[param], &choice);
    const char *text = which->n_choices > 0 ? dln_strbuf_text(&choice) : number;
    out->far = far;
    out->far_param = param;
    switch (far) {
    case DLN_FAR_RANGE:
        snprintf(out->far_text, sizeof out->far_text, "%.60s %.40s is outside its range %s … %s",
                 which->name, text, low, high);
        break;
    case DLN_FAR_CHOICE:
        snprintf(out->far_text, sizeof out->far_text, "no complete trial has %.60s %.40s",
                 which->name, text);
        break;
    case DLN_FAR_TRIED:
        snprintf(out->far_text, sizeof out->far_text,
                 "%.60s %.40s is beyond the values tried, %s … %s", which->name, text, low, high);
        break;
    case DLN_FAR_TRIALS:
        snprintf(out->far_text, sizeof out->far_text, "no trial is near, %.60s %.40s least of all",
                 which->name, text);
        break;
    case DLN_FAR_NOT: break;
    }
    dln_strbuf_release(&choice);
}

static bool is_outside(const struct dln_predictor *predictor, size_t i)
{
    const struct dln_param *param = &predictor->space->params[i];
    const double x = predictor->x[i];
    return !isnan(x) && param->n_choices == 0 && (x < param->low || x > param->high);
}

static bool is_new_choice(const struct dln_predictor *predictor, size_t i)
{
    const struct dln_param *param = &predictor->space->params[i];
    const double x = predictor->x[i];
    if (isnan(x) || predictor->coding.column_of[i] == SIZE_MAX) return false;
    if (predictor->tried_low[i] > predictor->tried_high[i]) return true;
    return param->n_choices > 0 && !param->ordered && !predictor->has_choice[i][(size_t)x];
}

/* How far a number lies beyond what complete trials had, in ranges. */
static double beyond(const struct dln_predictor *predictor, size_t i)
{
    if (isnan(predictor->x[i]) || predictor->coding.column_of[i] == SIZE_MAX) return 0;
    return fmax(predictor->tried_low[i] - predictor->u[i],
                predictor->u[i] - predictor->tried_high[i]);
}

/* The parameter with the largest share in the distance to the nearest trial. */
static size_t farthest_param(const struct dln_predictor *predictor, size_t place)
{
    const struct dln_gp_layout *layout = &predictor->coding.layout;
    const double *trial = predictor->known_columns + place * layout->n_columns;
    const struct dln_gp *gp = ruler(predictor);
    size_t worst = predictor->space->n;
    double most = -1;
    for (size_t i = 0; i < predictor->space->n; i++) {
        const size_t first = predictor->coding.column_of[i];
        if (first == SIZE_MAX || isnan(predictor->x[i])) continue;
        double share = 0;
        for (size_t c = first; c < layout->n_columns && layout->ell_of[c] == layout->ell_of[first];
             c++) {
            const double gap = trial[c] - predictor->columns[c];
            share += gp->weight[c] * (layout->is_category[c] ? gap != 0 : gap * gap);
        }
        if (share <= most) continue;
        most = share;
        worst = i;
    }
    return worst;
}

static void look_how_far(struct dln_predictor *predictor, struct dln_prediction *out,
                         const size_t *places)
{
    const struct dln_space *space = predictor->space;
    size_t worst = space->n;
    double most = FAR_BEYOND;
    out->far_param = space->n;
    for (size_t i = 0; i < space->n; i++) {
        if (!is_outside(predictor, i)) continue;
        blame(predictor, out, DLN_FAR_RANGE, i, space->params[i].low, space->params[i].high);
        return;
    }
    if (!ruler(predictor)) return; /* nothing is predicted */
    for (size_t i = 0; i < space->n; i++) {
        if (!is_new_choice(predictor, i)) continue;
        blame(predictor, out, DLN_FAR_CHOICE, i, 0, 0);
        return;
    }
    for (size_t i = 0; i < space->n; i++) {
        const double by = beyond(predictor, i);
        if (by <= most) continue;
        most = by;
        worst = i;
    }
    if (worst < space->n) {
        const struct dln_param *param = &space->params[worst];
        blame(predictor, out, DLN_FAR_TRIED, worst,
              dln_param_decode(param, predictor->tried_low[worst]),
              dln_param_decode(param, predictor->tried_high[worst]));
        return;
    }
    if (out->n_nearest == 0 || out->nearest[0].lengths <= FAR_LENGTHS) return;
    worst = farthest_param(predictor, places[0]);
    if (worst < space->n) blame(predictor, out, DLN_FAR_TRIALS, worst, 0, 0);
}

/* ── all of it ─────────────────────────────────────────────────────────────────────────────────*/

bool dln_predictor_point(dln_predictor *predictor, const double *x, struct dln_prediction *out,
                         struct dln_error *err)
{
    if (!dln_predictor_fit(predictor, err) || !take_point(predictor, x, err)) return false;
    size_t places[DLN_PREDICT_NEAREST_MAX + 1] = {0};
    *out = (struct dln_prediction){0};
    for (size_t k = 0; k < predictor->m; k++)
        expect(predictor, k, &out->expected[k]);
    out->n_trials = predictor->m > 0 ? predictor->trusts[0].n_used : 0;
    out->is_allowed = dln_space_allows(predictor->space, predictor->x, &out->broken);
    out->chance_runs = chance_to_pass(predictor, &predictor->runs, predictor->rate_runs);
    out->chance_limits = chance_to_pass(predictor, &predictor->limits, predictor->rate_limits);
    out->chance_works = out->is_allowed ? out->chance_runs * out->chance_limits : 0;
    expect_time(predictor, out);
    measure(predictor);
    find_nearest(predictor, out, places);
    look_how_far(predictor, out, places);
    return true;
}

bool dln_predictor_chance(dln_predictor *predictor, size_t objective, const double *x, double value,
                          double *chance, struct dln_error *err)
{
    if (!dln_predictor_fit(predictor, err) || !take_point(predictor, x, err)) return false;
    const struct dln_belief *belief = &predictor->values[objective];
    double mean;
    double sd;
    *chance = NAN;
    if (!belief->model) return true;
    dln_belief_ask(belief, &predictor->query, 1, predictor->columns, &mean, &sd);
    *chance = chance_of(predictor, objective, value, mean, sd);
    return true;
}
