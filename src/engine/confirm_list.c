/* Whom to confirm: a short list by a model of all trials, the raw best, the default. */
#include <math.h>
#include <string.h>

#include "dialin/predict.h"
#include "engine/confirm_parts.h"

bool dln_confirm_read_trials(dln_store *store, int64_t study_id, const struct dln_study *study,
                             struct dln_arena *arena, struct dln_confirm_trials *t,
                             struct dln_error *err)
{
    const size_t m = study->n_objectives;
    const size_t objective = dln_confirm_objective(study);
    if (!dln_store_history(store, study_id, &study->space, m, 0, arena, &t->rows, &t->n, err)) {
        return false;
    }
    t->loss = DLN_ARENA_ARRAY(arena, double, t->n);
    t->expected = DLN_ARENA_ARRAY(arena, double, t->n);
    if (!t->loss || !t->expected) return dln_confirm_no_memory(err);
    for (size_t i = 0; i < t->n; i++) {
        struct dln_history_row *row = &t->rows[i];
        row->values += objective; /* as if it were the only one */
        const bool counts =
            row->state == DLN_TRIAL_COMPLETE && isfinite(row->values[0]) && !(row->violation > 0);
        t->loss[i] = !counts                                 ? (double)NAN
                     : study->objectives[objective].maximize ? -row->values[0]
                                                             : row->values[0];
        t->expected[i] = (double)NAN;
        t->n_complete += counts;
    }
    return true;
}

/* By a model of all trials, which does not fall for a single lucky value. None: by value alone. */
static bool expect(const struct dln_study *study, struct dln_confirm_trials *t,
                   struct dln_error *err)
{
    struct dln_error why = {0};
    dln_predictor *predictor = NULL;
    const bool maximize = study->objectives[dln_confirm_objective(study)].maximize;
    bool ok = dln_predictor_new(&study->space, 1, &maximize, &predictor, &why);
    struct dln_trust trust = {0};
    ok = ok && dln_predictor_learn(predictor, t->n, t->rows, NULL, &why) &&
         dln_predictor_trust(predictor, 0, &trust, &why);
    for (size_t i = 0; ok && trust.is_known && i < t->n; i++) {
        struct dln_prediction answer;
        if (isnan(t->loss[i])) continue;
        ok = dln_predictor_point(predictor, t->rows[i].x, &answer, &why);
        if (ok && answer.expected[0].is_known) {
            t->expected[i] = maximize ? -answer.expected[0].mean : answer.expected[0].mean;
        }
    }
    dln_predictor_free(predictor);
    if (ok || why.code != DLN_NOMEM) return true; /* no OpenBLAS, or a trial that fits no space */
    return dln_fail(err, why.code, "%s", why.text);
}

static bool copy_point(struct dln_confirmation *c, const struct dln_space *space, const double *x,
                       struct dln_confirm_row *row, struct dln_error *err)
{
    double *copy = DLN_ARENA_ARRAY(&c->arena, double, space->n + 1);
    if (!copy) return dln_confirm_no_memory(err);
    if (space->n > 0) memcpy(copy, x, space->n * sizeof *x);
    row->x = copy;
    return true;
}

/* The default as a control, unless it is a candidate itself or breaks a constraint. */
static bool add_control(const struct dln_study *study, struct dln_confirmation *c,
                        struct dln_error *err)
{
    double *x = DLN_ARENA_ARRAY(&c->arena, double, study->space.n + 1);
    if (!x) return dln_confirm_no_memory(err);
    dln_space_initial(&study->space, x);
    (void)dln_space_activate(&study->space, x);
    if (!dln_space_allows(&study->space, x, NULL)) return true;
    for (size_t i = 0; i < c->n; i++) {
        if (dln_space_same(&study->space, c->rows[i].x, x)) return true;
    }
    c->rows[c->n] = (struct dln_confirm_row){.number = -1, .x = x};
    c->rows[c->n].result.is_control = true;
    c->rows[c->n++].result.search = (double)NAN;
    return true;
}

bool dln_confirm_make_list(const struct dln_study *study, struct dln_confirm_trials *t,
                           struct dln_confirmation *c, struct dln_error *err)
{
    const size_t top = (size_t)c->top;
    size_t *picked = DLN_ARENA_ARRAY(&c->arena, size_t, top + 1);
    c->rows = DLN_ARENA_ARRAY(&c->arena, struct dln_confirm_row, top + 2);
    if (!picked || !c->rows) return dln_confirm_no_memory(err);
    if (!expect(study, t, err)) return false;
    const size_t n = dln_shortlist(t->n, t->expected, t->loss, top, picked);
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        if (t->loss[picked[i]] < t->loss[picked[best]]) best = i;
    }
    for (c->n = 0; c->n < n; c->n++) {
        const struct dln_history_row *trial = &t->rows[picked[c->n]];
        struct dln_confirm_row *row = &c->rows[c->n];
        *row = (struct dln_confirm_row){.number = trial->number, .is_best = c->n == best};
        row->result.search = trial->values[0];
        if (!copy_point(c, &study->space, trial->x, row, err)) return false;
    }
    c->best = best;
    return add_control(study, c, err);
}

bool dln_confirm_find_points(const struct dln_study *study, const struct dln_confirm_trials *t,
                             struct dln_confirmation *c, bool *found, struct dln_error *err)
{
    *found = true;
    for (size_t i = 0; i < c->n; i++) {
        struct dln_confirm_row *row = &c->rows[i];
        size_t at = 0;
        if (row->result.is_control) {
            double *x = DLN_ARENA_ARRAY(&c->arena, double, study->space.n + 1);
            if (!x) return dln_confirm_no_memory(err);
            dln_space_initial(&study->space, x);
            (void)dln_space_activate(&study->space, x);
            row->x = x;
            continue;
        }
        while (at < t->n && t->rows[at].number != row->number)
            at++;
        if (at == t->n) {
            *found = false;
        } else if (!copy_point(c, &study->space, t->rows[at].x, row, err)) {
            return false;
        }
    }
    return true;
}
