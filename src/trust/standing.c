#include <math.h>

#include "dialin/trust.h"

#define CROWD_SPREAD 0.5 /* of the noise: expected values of a crowd differ by less */

static double loss_of(const struct dln_history_row *row, bool maximize)
{
    const bool counts =
        row->state == DLN_TRIAL_COMPLETE && isfinite(row->values[0]) && !(row->violation > 0);
    return !counts ? (double)NAN : maximize ? -row->values[0] : row->values[0];
}

struct seen { /* by the model, of trials near the best */
    size_t n;
    double sum, squares;
};

static double spread(const struct seen *seen)
{
    if (seen->n < 2) return 0;
    const double n = (double)seen->n;
    return sqrt(fmax(seen->squares - seen->sum * seen->sum / n, 0) / (n - 1));
}

/* The candidates, best value first: what the model expects of each. */
static bool choose(dln_predictor *predictor, const struct dln_history_row *rows, const double *loss,
                   const size_t *picks, size_t n, bool maximize, struct dln_standing *out,
                   struct seen *near, struct dln_error *err)
{
    double least = (double)INFINITY;
    const double best = n > 0 ? loss[picks[0]] : 0;
    for (size_t i = 0; i < n; i++) {
        const struct dln_history_row *const row = &rows[picks[i]];
        struct dln_prediction answer;
        if (!dln_predictor_point(predictor, row->x, &answer, err)) return false;
        const struct dln_expected *const expected = &answer.expected[0];
        const double mean = maximize ? -expected->mean : expected->mean;
        if (i == 0) out->best_mean = expected->mean;
        if (loss[picks[i]] <= best + 2 * out->noise_sd) {
            near->n++;
            near->sum += mean - best;
            near->squares += (mean - best) * (mean - best);
        }
        if (mean >= least) continue;
        least = mean;
        out->pick = row->number;
        out->pick_mean = expected->mean;
        out->pick_sd = expected->sd;
    }
    return true;
}

bool dln_standing_find(dln_predictor *predictor, size_t n, const struct dln_history_row *rows,
                       bool maximize, struct dln_arena *arena, struct dln_standing *out,
                       struct dln_error *err)
{
    struct dln_standing found = {.noise_sd = NAN,
                                 .luck = NAN,
                                 .best = -1,
                                 .pick = -1,
                                 .pick_mean = NAN,
                                 .pick_sd = NAN,
                                 .best_mean = NAN};
    struct dln_trust trust;
    double *loss = DLN_ARENA_ARRAY(arena, double, n);
    double *none = DLN_ARENA_ARRAY(arena, double, n);
    size_t *picks = DLN_ARENA_ARRAY(arena, size_t, DLN_STANDING_PICKS + 1);
    if (!loss || !none || !picks) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!dln_predictor_trust(predictor, 0, &trust, err)) return false;
    double best = (double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        loss[i] = loss_of(&rows[i], maximize);
        none[i] = (double)NAN;
        found.n += !isnan(loss[i]);
        if (!(loss[i] < best)) continue;
        best = loss[i];
        found.best = rows[i].number;
    }
    found.is_known = trust.is_known && !isnan(trust.noise_sd);
    if (found.is_known) {
        struct seen near = {0};
        const size_t n_picks = dln_shortlist(n, none, loss, DLN_STANDING_PICKS, picks);
        found.noise_sd = trust.noise_sd;
        found.luck = dln_expected_luck(found.noise_sd, n, loss);
        for (size_t i = 0; i < n; i++)
            found.n_near += loss[i] <= best + 2 * found.noise_sd;
        if (!choose(predictor, rows, loss, picks, n_picks, maximize, &found, &near, err)) {
            return false;
        }
        found.explains_nothing = found.n >= DLN_STANDING_MIN && trust.r2 < DLN_PREDICT_R2_MIN;
        if (found.explains_nothing) { /* as far as anybody knows all are equal */
            found.n_near = found.n;
            found.luck = found.noise_sd * dln_expected_max(found.n);
        }
        found.is_crowded =
            near.n >= DLN_STANDING_CROWD && spread(&near) < CROWD_SPREAD * found.noise_sd;
    }
    *out = found;
    return true;
}

void dln_standing_warning(const struct dln_standing *standing, struct dln_strbuf *out)
{
    if (standing->explains_nothing) {
        dln_strbuf_addf(out, "no parameter explains these %zu values: the best may be luck",
                        standing->n);
    } else if (standing->is_crowded) {
        dln_strbuf_addf(out, "%zu trials are within the noise of the best: their order is luck",
                        standing->n_near);
    }
}
