/* Against NumPy and SciPy, which agree with Optuna's GP to ten digits. */
#include "support/test.h"

#include "base/rng.h"
#include "math/acquisition.h"
#include "math/blas.h"
#include "math/gp_fit.h"
#include "support/vectors.h"

enum { N_MAX = 16, D_MAX = 10 };

struct process {
    struct dln_gp gp;
    struct dln_gp_layout layout;
    struct dln_arena arena;
    size_t ell_of[D_MAX];
    bool is_category[D_MAX];
    size_t n, d;
    double theta[D_MAX + 2];
};

static void load(struct process *p, const json_t *vectors, const char *id, const char *y_key)
{
    *p = (struct process){0};
    double x[N_MAX * D_MAX];
    double y[N_MAX];
    p->d = vectors_numbers(vectors_input(vectors, id, "ell"), p->theta, D_MAX);
    p->n = vectors_numbers(vectors_input(vectors, id, y_key), y, N_MAX);
    const json_t *categories =
        json_object_get(json_object_get(vectors_case(vectors, id), "inputs"), "categorical_dims");
    for (size_t k = 0; k < p->d; k++) {
        p->theta[k] = log(p->theta[k]);
        p->ell_of[k] = k;
        for (size_t i = 0; categories && i < json_array_size(categories); i++)
            p->is_category[k] |= json_integer_value(json_array_get(categories, i)) == (json_int_t)k;
    }
    p->theta[p->d] = log(json_number_value(vectors_input(vectors, id, "sf2")));
    p->theta[p->d + 1] = log(json_number_value(vectors_input(vectors, id, "sn2")));
    p->layout = (struct dln_gp_layout){
        .n_ell = p->d, .n_columns = p->d, .ell_of = p->ell_of, .is_category = p->is_category};
    assert_true(dln_gp_init(&p->gp, &p->layout, N_MAX));
    assert_true(vectors_numbers(vectors_input(vectors, id, "X"), x, N_MAX * D_MAX) >= p->n * p->d);
    for (size_t i = 0; i < p->n; i++) {
        dln_gp_set_row(&p->gp, i, x + i * p->d);
        p->gp.y[i] = y[i];
    }
    p->gp.n = p->n;
    dln_gp_set_theta(&p->gp, p->theta);
}

static void release(struct process *p)
{
    dln_gp_release(&p->gp);
    dln_arena_release(&p->arena);
}

static void check_posterior(struct process *p, const json_t *vectors, const char *id, double tol)
{
    double q[N_MAX * D_MAX];
    const size_t m = vectors_numbers(vectors_input(vectors, id, "Q"), q, N_MAX * D_MAX) / p->d;
    struct dln_gp_query query;
    assert_true(dln_gp_query_init(&query, m, N_MAX, &p->arena));
    dln_gp_predict(&p->gp, &query, m, q);
    vectors_assert_close(vectors_expected(vectors, id, "post_mean"), query.mean, tol, tol);
    vectors_assert_close(vectors_expected(vectors, id, "post_var"), query.var, tol, tol);

    double best = -HUGE_VAL;
    for (size_t i = 0; i < p->n; i++)
        best = fmax(best, p->gp.y[i]);
    double log_ei[N_MAX];
    for (size_t i = 0; i < m; i++)
        log_ei[i] = dln_log_ei(query.mean[i], query.var[i], best).value;
    vectors_assert_close(vectors_expected(vectors, id, "log_ei_max"), log_ei, tol, tol);

    double d_mean[N_MAX * D_MAX] = {0};
    double d_var[N_MAX * D_MAX] = {0};
    const size_t numeric = json_array_size(
        json_array_get(vectors_expected(vectors, id, "dmean_dx"), 0)); /* they come first */
    for (size_t i = 0; i < m; i++) {
        double by_mean[D_MAX] = {0};
        double by_var[D_MAX] = {0};
        for (int of_var = 0; of_var < 2; of_var++) {
            dln_gp_predict(&p->gp, &query, m, q);
            dln_gp_prepare_gradients(&p->gp, &query, m);
            dln_gp_gradient(&p->gp, &query, i, q + i * p->d, of_var ? 0 : 1, of_var ? 1 : 0,
                            of_var ? by_var : by_mean);
        }
        memcpy(d_mean + i * numeric, by_mean, numeric * sizeof *by_mean);
        memcpy(d_var + i * numeric, by_var, numeric * sizeof *by_var);
    }
    vectors_assert_close(vectors_expected(vectors, id, "dmean_dx"), d_mean, tol, tol);
    vectors_assert_close(vectors_expected(vectors, id, "dvar_dx"), d_var, tol, tol);
}

static void check_case(const json_t *vectors, const char *id)
{
    const json_t *tolerance = json_object_get(vectors_case(vectors, id), "tol");
    const double tol = tolerance ? json_number_value(json_object_get(tolerance, "abs")) : 1e-8;
    struct process p;
    load(&p, vectors, id, "y");
    assert_true(dln_gp_factorise(&p.gp, p.n, 0));
    dln_gp_solve(&p.gp);
    double l[N_MAX * N_MAX] = {0};
    for (size_t i = 0; i < p.n; i++)
        memcpy(l + i * p.n, p.gp.l + i * N_MAX, (i + 1) * sizeof *l);
    vectors_assert_close(vectors_expected(vectors, id, "L"), l, tol, tol);
    vectors_assert_close(vectors_expected(vectors, id, "alpha"), p.gp.alpha, tol, tol);
    check_posterior(&p, vectors, id, tol);

    double work[N_MAX * N_MAX];
    double rows[N_MAX * (D_MAX + 2)];
    double value;
    double gradient[D_MAX + 2];
    assert_true(dln_gp_likelihood(&p.gp, work, rows, &value, gradient));
    vectors_assert_close(vectors_expected(vectors, id, "log_marginal_likelihood"), &value, tol,
                         tol);
    vectors_assert_close(vectors_expected(vectors, id, "grad_log_ell_log_sf2_log_sn2"), gradient,
                         tol, tol);

    const json_t *priors = vectors_expected(vectors, id, "log_prior");
    const double of_short =
        json_number_value(json_object_get(priors, "gamma36_on_ell_model_A_unnormalised")) +
        json_number_value(json_object_get(priors, "log_sf2_model_A")) +
        json_number_value(json_object_get(priors, "log_sn2_model_A"));
    assert_close(dln_gp_log_prior(DLN_GP_SHORT, p.d, p.theta, gradient), of_short, 1e-8, 1e-8);
    assert_close(dln_gp_log_prior(DLN_GP_WIDE, p.d, p.theta, gradient),
                 json_number_value(json_object_get(priors, "optuna_model_B_unnormalised")), 1e-8,
                 1e-8);
    release(&p);
}

static void every_case_of_the_vectors_comes_out(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("gp");
    size_t index;
    json_t *entry;
    json_array_foreach(json_object_get(vectors, "cases"), index, entry)
        check_case(vectors, json_string_value(json_object_get(entry, "id")));
    assert_true(index >= 8);
    json_decref(vectors);
}

static void rows_appended_later_give_the_same_bits(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("gp");
    struct process p;
    load(&p, vectors, "ten_d_twelve_points", "y");
    double fresh[N_MAX * N_MAX];
    assert_true(dln_gp_factorise(&p.gp, 8, 0));
    memcpy(fresh, p.gp.l, sizeof fresh);
    p.gp.n = 9;
    assert_true(dln_gp_factorise(&p.gp, 8, 0));
    dln_gp_solve(&p.gp);
    p.gp.n = 12;
    assert_true(dln_gp_factorise(&p.gp, 8, 9));
    assert_memory_equal(p.gp.l, fresh, sizeof fresh);
    release(&p);
    json_decref(vectors);
}

static void a_pending_row_takes_uncertainty_and_leaves_the_mean(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("gp_update");
    struct process p;
    load(&p, vectors, "kriging_believer", "y_first6");
    double x[14];
    vectors_numbers(vectors_input(vectors, "kriging_believer", "X"), x, 14);
    assert_true(dln_gp_factorise(&p.gp, p.n, 0));
    dln_gp_solve(&p.gp);
    struct dln_gp_query query;
    assert_true(dln_gp_query_init(&query, 7, N_MAX, &p.arena));
    dln_gp_predict(&p.gp, &query, 7, x);
    double mean[7];
    memcpy(mean, query.mean, sizeof mean);
    vectors_assert_close(vectors_expected(vectors, "kriging_believer", "fantasy_value_at_row7"),
                         &mean[6], 1e-9, 1e-9);
    const double before = query.var[6];

    dln_gp_set_row(&p.gp, 6, x + 12);
    dln_gp_append_pending(&p.gp, 1);
    assert_int_equal(p.gp.n_pending, 1);
    dln_gp_predict(&p.gp, &query, 7, x);
    for (int i = 0; i < 7; i++)
        assert_close(query.mean[i], mean[i], 0, 0);
    assert_close(query.var[6], before - before * before / (before + p.gp.sn2), 1e-9, 0);

    /* the same as telling the believed value */
    p.gp.n = 7;
    p.gp.y[6] = mean[6];
    assert_true(dln_gp_factorise(&p.gp, 7, 0));
    dln_gp_solve(&p.gp);
    const double believed = query.var[6];
    dln_gp_predict(&p.gp, &query, 7, x);
    for (int i = 0; i < 7; i++)
        assert_close(query.mean[i], mean[i], 1e-9, 0);
    assert_close(query.var[6], believed, 1e-12, 0);
    release(&p);
    json_decref(vectors);
}

static void the_rough_variance_is_never_too_small(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("gp");
    struct process p;
    load(&p, vectors, "ten_d_twelve_points", "y");
    assert_true(dln_gp_factorise(&p.gp, p.n, 0));
    dln_gp_solve(&p.gp);
    struct dln_gp_query exact;
    struct dln_gp_query rough;
    assert_true(dln_gp_query_init(&exact, 50, N_MAX, &p.arena));
    assert_true(dln_gp_query_init(&rough, 50, N_MAX, &p.arena));
    double q[50 * 10];
    struct dln_rng rng;
    dln_rng_init(&rng, 1);
    for (int i = 0; i < 500; i++)
        q[i] = dln_rng_uniform(&rng);
    dln_gp_predict(&p.gp, &exact, 50, q);
    dln_gp_predict_roughly(&p.gp, &rough, 50, q);
    for (int i = 0; i < 50; i++) {
        assert_close(rough.mean[i], exact.mean[i], 1e-12, 1e-12);
        assert_true(rough.var[i] >= exact.var[i] - 1e-12);
    }
    release(&p);
    json_decref(vectors);
}

/* A function of the first of two inputs alone. */
static void the_fit_finds_which_input_matters(void **state)
{
    (void)state;
    size_t ell_of[] = {0, 1};
    bool is_category[] = {false, false};
    const struct dln_gp_layout layout = {
        .n_ell = 2, .n_columns = 2, .ell_of = ell_of, .is_category = is_category};
    for (int prior = DLN_GP_SHORT; prior <= DLN_GP_WIDE; prior++) {
        struct dln_gp gp;
        struct dln_arena arena = {0};
        assert_true(dln_gp_init(&gp, &layout, 40));
        struct dln_rng rng;
        dln_rng_init(&rng, 7);
        for (size_t i = 0; i < 40; i++) {
            const double x[] = {dln_rng_uniform(&rng), dln_rng_uniform(&rng)};
            dln_gp_set_row(&gp, i, x);
            gp.y[i] = 1.4 * sin(6 * x[0]);
        }
        gp.n = 40;
        double theta[4];
        double mode[4];
        double gradient[4] = {0};
        double work[40 * 40];
        double rows[40 * 4];
        double at_mode;
        double at_best;
        struct dln_error err = {0};
        assert_ok(dln_gp_fit(&gp, (enum dln_gp_prior)prior, theta, &arena, &err), err);
        assert_true(theta[1] - theta[0] > 0.7); /* at least twice as long */
        assert_true(theta[3] < -6);             /* there is no noise */
        dln_gp_prior_mode((enum dln_gp_prior)prior, 2, mode);
        dln_gp_set_theta(&gp, mode);
        assert_true(dln_gp_likelihood(&gp, work, rows, &at_mode, gradient));
        at_mode += dln_gp_log_prior((enum dln_gp_prior)prior, 2, mode, gradient);
        dln_gp_set_theta(&gp, theta);
        assert_true(dln_gp_likelihood(&gp, work, rows, &at_best, gradient));
        at_best += dln_gp_log_prior((enum dln_gp_prior)prior, 2, theta, gradient);
        assert_true(at_best > at_mode + 10);
        dln_gp_release(&gp);
        dln_arena_release(&arena);
    }
}

static int load_library(void **state)
{
    (void)state;
    struct dln_error err = {0};
    assert_ok(dln_blas_open(&err), err);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_vectors_comes_out),
        cmocka_unit_test(rows_appended_later_give_the_same_bits),
        cmocka_unit_test(a_pending_row_takes_uncertainty_and_leaves_the_mean),
        cmocka_unit_test(the_rough_variance_is_never_too_small),
        cmocka_unit_test(the_fit_finds_which_input_matters),
    };
    return cmocka_run_group_tests(tests, load_library, NULL);
}
