#include "strategy/gp_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum {
    BLOCK = 64,      /* rows between two factors made in one go */
    ROWS_MAX = 1000, /* beyond, a subset stands for all */
    SUBSET = 768,
    SUBSET_BEST = 256,
    SUBSET_NEWEST = 128,
    FIT_MAX = 384, /* rows that theta is fitted to */
    FIT_BEST = 128,
    PENDING_MAX = 64, /* newest ones beyond are left out */
};

void dln_gp_model_release(struct dln_gp_model *model)
{
    dln_gp_release(&model->gp);
    free(model->row_keys);
    *model = (struct dln_gp_model){0};
}

size_t dln_gp_milestone(size_t n, size_t settled)
{
    /* A trial that runs for ever must not hold the fit back. */
    const size_t known = settled > n - n / 5 ? settled : n - n / 5;
    if (known <= 30) return known;
    size_t at = 30;
    for (;;) {
        const size_t step = at < 100 ? at / 20 : at / 10;
        if (at + step > known) return at;
        at += step;
    }
}

/* ── which rows ────────────────────────────────────────────────────────────────────────────────*/

struct ranked {
    double y;
    size_t row;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    if (left->y != right->y) return left->y > right->y ? -1 : 1;
    return (left->row > right->row) - (left->row < right->row);
}

/*
 * At most `cap` of the first n rows, ascending: the best, the newest, and the rest evenly. NULL: no
 * memory.
 */
static size_t *choose_rows(const struct dln_gp_task *task, size_t n, size_t cap, size_t n_best,
                           size_t n_newest, size_t *n_chosen, struct dln_arena *scratch)
{
    size_t *chosen = DLN_ARENA_ARRAY(scratch, size_t, n);
    bool *is_chosen = DLN_ARENA_ARRAY(scratch, bool, n);
    struct ranked *ranked = DLN_ARENA_ARRAY(scratch, struct ranked, n);
    if (!chosen || !is_chosen || !ranked) return NULL;
    size_t count = 0;
    if (n > cap) {
        for (size_t i = 0; i < n; i++)
            ranked[i] = (struct ranked){.y = task->y[i], .row = i};
        qsort(ranked, n, sizeof *ranked, by_rank);
        for (size_t i = 0; i < n_best; i++)
            is_chosen[ranked[i].row] = true;
        for (size_t i = n - n_newest; i < n; i++)
            is_chosen[i] = true;
        for (size_t i = 0; i < n; i++)
            count += is_chosen[i];
        const size_t others = n - count;
        const size_t wanted = cap - count;
        size_t seen = 0;
        for (size_t i = 0; i < n; i++) {
            if (is_chosen[i]) continue;
            is_chosen[i] = (seen + 1) * wanted / others > seen * wanted / others;
            seen++;
        }
    }
    count = 0;
    for (size_t i = 0; i < n; i++) {
        if (n <= cap || is_chosen[i]) chosen[count++] = i;
    }
    *n_chosen = count;
    return chosen;
}

static uint64_t key_of_row(const struct dln_gp_task *task, const struct dln_view_trial *trial,
                           double noise)
{
    const uint64_t key = dln_hash_bytes(trial->x, task->coding->space->n * sizeof *trial->x);
    return dln_splitmix64(key ^ dln_splitmix64((uint64_t)trial->number) ^
                          dln_hash_bytes(&noise, sizeof noise));
}

static void set_row(struct dln_gp *gp, const struct dln_gp_coding *coding, size_t i,
                    const struct dln_view_trial *trial, double *columns)
{
    dln_gp_code(coding, trial->x, trial->u, columns);
    dln_gp_set_row(gp, i, columns);
}

/* ── theta ─────────────────────────────────────────────────────────────────────────────────────*/

static bool fail_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for a Gaussian process");
}

/* The theta of these rows. */
static bool fit(const struct dln_gp_task *task, const size_t *rows, size_t n, double *theta,
                struct dln_arena *scratch, struct dln_error *err)
{
    struct dln_gp gp;
    struct dln_warp warp;
    struct dln_error why = {0};
    const size_t n_columns = task->coding->layout.n_columns;
    double *columns = DLN_ARENA_ARRAY(scratch, double, n_columns + n);
    if (!columns || !dln_gp_init(&gp, &task->coding->layout, n)) return fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        set_row(&gp, task->coding, i, task->trials[rows[i]], columns);
        gp.y[i] = task->y[rows[i]];
        gp.noise[i] = task->noise[rows[i]];
    }
    gp.n = n;
    bool ok = true;
    if (task->warps && !dln_warp_fit(&warp, task->damps, n, gp.y, columns + n_columns)) {
        dln_gp_prior_mode(task->prior, task->coding->layout.n_ell, theta); /* nothing to fit to */
    } else {
        ok = dln_gp_fit(&gp, task->prior, theta, scratch, &why);
    }
    dln_gp_release(&gp);
    return ok || why.code == DLN_NUMERIC || fail_memory(err);
}

/* Theta for the task: the one kept, if it was fitted to the same rows. */
static bool find_theta(struct dln_gp_model *model, const struct dln_gp_task *task, double *theta,
                       uint64_t *theta_key, struct dln_arena *scratch, struct dln_error *err)
{
    size_t n = dln_gp_milestone(task->n, task->settled);
    const size_t *rows = choose_rows(task, n, FIT_MAX, FIT_BEST, 0, &n, scratch);
    if (!rows) return fail_memory(err);
    uint64_t key = n;
    for (size_t i = 0; i < n; i++) {
        const uint64_t y = dln_hash_bytes(&task->y[rows[i]], sizeof(double));
        key =
            dln_splitmix64(key ^ y) ^ key_of_row(task, task->trials[rows[i]], task->noise[rows[i]]);
    }
    *theta_key = key;
    if (model->gp.theta && key == model->theta_key) {
        memcpy(theta, model->gp.theta, (task->coding->layout.n_ell + 2) * sizeof *theta);
        return true;
    }
    model->n_kept = 0;
    return fit(task, rows, n, theta, scratch, err);
}

/* ── the factor ────────────────────────────────────────────────────────────────────────────────*/

static bool make_room(struct dln_gp_model *model, const struct dln_gp_task *task, size_t n,
                      struct dln_error *err)
{
    if (model->gp.l && n <= model->gp.cap) return true;
    dln_gp_model_release(model);
    const size_t cap = (n / BLOCK + 2) * BLOCK;
    model->row_keys = calloc(cap, sizeof *model->row_keys);
    if (!model->row_keys || !dln_gp_init(&model->gp, &task->coding->layout, cap)) {
        dln_gp_model_release(model);
        return fail_memory(err);
    }
    return true;
}

static bool factorise(struct dln_gp_model *model, const uint64_t *keys)
{
    struct dln_gp *gp = &model->gp;
    const size_t base = gp->n < 2 * BLOCK ? gp->n : gp->n / BLOCK * BLOCK;
    size_t same = 0;
    while (same < model->n_kept && same < gp->n && keys[same] == model->row_keys[same])
        same++;
    if (base != model->kept_base || same < base) same = 0;
    memcpy(model->row_keys, keys, gp->n * sizeof *keys);
    model->n_kept = 0;
    if (dln_gp_factorise(gp, base, same)) {
        model->n_kept = gp->n;
        model->kept_base = base;
        return true;
    }
    return dln_gp_factorise_jittered(gp);
}

/* Appends the pending rows and finds the highest mean among them. False: no memory. */
static bool set_pending(struct dln_gp_model *model, const struct dln_gp_task *task, double *columns,
                        struct dln_arena *scratch)
{
    const size_t n = task->n_pending < PENDING_MAX ? task->n_pending : PENDING_MAX;
    struct dln_gp_query query;
    model->expected = -HUGE_VAL;
    if (n > 0 && !dln_gp_query_init(&query, 1, model->gp.n, scratch)) return false;
    for (size_t i = 0; i < n; i++) {
        set_row(&model->gp, task->coding, model->gp.n + i, task->pending[i], columns);
        dln_gp_predict_roughly(&model->gp, &query, 1, columns); /* the mean is exact */
        model->expected = fmax(model->expected, query.mean[0]);
    }
    dln_gp_append_pending(&model->gp, n);
    return true;
}

bool dln_gp_model_update(struct dln_gp_model *model, const struct dln_gp_task *task,
                         struct dln_arena *scratch, struct dln_error *err)
{
    const struct dln_gp_layout *layout = &task->coding->layout;
    double *theta = DLN_ARENA_ARRAY(scratch, double, layout->n_ell + 2);
    if (!theta) return fail_memory(err);
    uint64_t theta_key = 0;
    if (!find_theta(model, task, theta, &theta_key, scratch, err)) return false;

    size_t n = task->n;
    const size_t cap = n > ROWS_MAX ? SUBSET : n;
    const size_t *rows = choose_rows(task, n, cap, SUBSET_BEST, SUBSET_NEWEST, &n, scratch);
    double *columns = DLN_ARENA_ARRAY(scratch, double, layout->n_columns + n);
    uint64_t *keys = DLN_ARENA_ARRAY(scratch, uint64_t, n);
    if (!rows || !columns || !keys) return fail_memory(err);
    if (!make_room(model, task, n + PENDING_MAX, err)) return false;

    struct dln_gp *gp = &model->gp;
    gp->n = n;
    dln_gp_set_theta(gp, theta);
    model->theta_key = theta_key;
    for (size_t i = 0; i < n; i++) {
        const struct dln_view_trial *trial = task->trials[rows[i]];
        set_row(gp, task->coding, i, trial, columns);
        gp->y[i] = task->y[rows[i]];
        gp->noise[i] = task->noise[rows[i]];
        keys[i] = key_of_row(task, trial, gp->noise[i]);
    }
    double *spare = columns + layout->n_columns;
    if (task->warps && !dln_warp_fit(&model->warp, task->damps, n, gp->y, spare)) {
        return dln_fail(err, DLN_NUMERIC, "all values are equal");
    }
    if (!factorise(model, keys)) {
        dln_gp_prior_mode(task->prior, layout->n_ell, theta);
        dln_gp_set_theta(gp, theta);
        model->theta_key = 0;
        if (!factorise(model, keys)) {
            return dln_fail(err, DLN_NUMERIC, "the kernel matrix is singular");
        }
        model->n_kept = 0;
    }
    dln_gp_solve(gp);
    model->believed = -HUGE_VAL;
    for (size_t i = 0; i < n; i++) { /* K⁻¹y by what K has on its diagonal beyond the kernel */
        const double residual = (gp->sn2 + gp->noise[i] + gp->jitter) * gp->alpha[i];
        if (task->is_real && task->is_real[rows[i]]) {
            model->believed = fmax(model->believed, gp->y[i] - residual);
        }
    }
    return set_pending(model, task, columns, scratch) || fail_memory(err);
}
