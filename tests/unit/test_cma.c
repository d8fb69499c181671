#include "support/test.h"

#include "base/rng.h"
#include "math/cma.h"
#include "math/eigen.h"
#include "support/vectors.h"

enum { D_MAX = 40, LAMBDA_MAX = 40 };

static double number(const json_t *array, size_t index)
{
    const json_t *value = json_array_get(array, index);
    assert_non_null(value);
    return json_number_value(value);
}

static void check(const json_t *expected, const char *key, double actual)
{
    const json_t *value = json_object_get(expected, key);
    assert_non_null(value);
    assert_close(actual, json_number_value(value), 1e-9, 1e-9);
}

static void constants_are_those_of_the_reference(void **state)
{
    (void)state;
    static const char *const ids[] = {"defaults_d2",       "defaults_d3",  "defaults_d5",
                                      "defaults_d10",      "defaults_d20", "defaults_d40",
                                      "defaults_d10_lam40"};
    json_t *vectors = vectors_load("cmaes");
    for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
        const json_t *expected = json_object_get(vectors_case(vectors, ids[k]), "expected");
        const size_t d = (size_t)json_integer_value(vectors_input(vectors, ids[k], "d"));
        const json_t *given = vectors_input(vectors, ids[k], "lam");
        const size_t lambda = given ? (size_t)json_integer_value(given) : dln_cma_lambda(d);
        struct dln_cma cma = {0};
        struct dln_error err = {0};
        assert_ok(dln_cma_init(&cma, d, lambda, (const double[D_MAX]){0}, 0.3, &err), err);
        check(expected, "lam", (double)cma.lambda);
        check(expected, "mu", (double)cma.mu);
        check(expected, "mu_eff", cma.mu_eff);
        check(expected, "mu_eff_minus", cma.mu_eff_minus);
        check(expected, "c1", cma.c1);
        check(expected, "cmu", cma.cmu);
        check(expected, "c_sigma", cma.c_sigma);
        check(expected, "d_sigma", cma.d_sigma);
        check(expected, "cc", cma.cc);
        check(expected, "chi_n", cma.chi_n);
        const json_t *weights = json_object_get(expected, "weights");
        assert_int_equal(json_array_size(weights), lambda);
        for (size_t i = 0; i < lambda; i++)
            assert_close(cma.weights[i], number(weights, i), 1e-9, 1e-9);
        dln_cma_release(&cma);
    }
    json_decref(vectors);
}

/* Rows of X in the order of f. */
static void sort_rows(const json_t *x, const json_t *f, size_t d, double *out)
{
    const size_t n = json_array_size(f);
    bool taken[LAMBDA_MAX] = {false};
    for (size_t k = 0; k < n; k++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < n; i++) {
            if (!taken[i] && (best == SIZE_MAX || number(f, i) < number(f, best))) best = i;
        }
        taken[best] = true;
        for (size_t i = 0; i < d; i++)
            out[k * d + i] = number(json_array_get(x, best), i);
    }
}

static void check_updates(const json_t *vectors, const char *id)
{
    const size_t d = (size_t)json_integer_value(vectors_input(vectors, id, "d"));
    const json_t *all_x = vectors_input(vectors, id, "X");
    const json_t *all_f = vectors_input(vectors, id, "f");
    const json_t *after = vectors_expected(vectors, id, "after_each_generation");
    double mean[D_MAX];
    for (size_t i = 0; i < d; i++)
        mean[i] = number(vectors_input(vectors, id, "mean0"), i);
    struct dln_cma cma = {0};
    struct dln_error err = {0};
    assert_ok(dln_cma_init(&cma, d, dln_cma_lambda(d), mean,
                           json_number_value(vectors_input(vectors, id, "sigma0")), &err),
              err);
    assert_int_equal(json_array_size(after), 3);
    for (size_t g = 0; g < 3; g++) {
        double x[LAMBDA_MAX * D_MAX];
        const json_t *expected = json_array_get(after, g);
        sort_rows(json_array_get(all_x, g), json_array_get(all_f, g), d, x);
        assert_true(dln_cma_tell(&cma, x));
        check(expected, "sigma", cma.sigma);
        check(expected, "generation", (double)cma.generation);
        for (size_t i = 0; i < d; i++) {
            assert_close(cma.mean[i], number(json_object_get(expected, "mean"), i), 1e-9, 1e-9);
            assert_close(cma.p_sigma[i], number(json_object_get(expected, "p_sigma"), i), 1e-9,
                         1e-9);
            assert_close(cma.p_c[i], number(json_object_get(expected, "p_c"), i), 1e-9, 1e-9);
            const json_t *row = json_array_get(json_object_get(expected, "C"), i);
            for (size_t j = 0; j < d; j++)
                assert_close(cma.c[i * d + j], number(row, j), 1e-9, 1e-9);
        }
    }
    dln_cma_release(&cma);
}

static void updates_are_those_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("cmaes");
    check_updates(vectors, "tell_d2");
    check_updates(vectors, "tell_d4");
    json_decref(vectors);
}

static void a_warm_start_is_that_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("cmaes");
    const char *id = "warm_start";
    const json_t *f = vectors_input(vectors, id, "f");
    double x[LAMBDA_MAX * 3];
    sort_rows(vectors_input(vectors, id, "X"), f, 3, x);
    const double gamma = json_number_value(vectors_input(vectors, id, "gamma"));
    const size_t n = (size_t)(gamma * (double)json_array_size(f));
    double mean[3];
    double c[9];
    double work[21];
    double sigma = 0;
    assert_true(dln_cma_warm_start(n, 3, x, json_number_value(vectors_input(vectors, id, "alpha")),
                                   mean, &sigma, c, work));
    assert_close(sigma, json_number_value(vectors_expected(vectors, id, "sigma")), 1e-9, 1e-9);
    for (size_t i = 0; i < 3; i++) {
        assert_close(mean[i], number(vectors_expected(vectors, id, "mean"), i), 1e-9, 1e-9);
        const json_t *row = json_array_get(vectors_expected(vectors, id, "C"), i);
        for (size_t j = 0; j < 3; j++)
            assert_close(c[i * 3 + j], number(row, j), 1e-9, 1e-9);
    }
    struct dln_cma cma = {0};
    struct dln_error err = {0};
    assert_ok(dln_cma_init(&cma, 3, 7, mean, 0.3, &err), err);
    assert_true(dln_cma_set_covariance(&cma, sigma, c));
    double product = 1;
    for (size_t i = 0; i < 3; i++)
        product *= cma.scale[i];
    assert_close(product, 1, 1e-9, 0);
    dln_cma_release(&cma);
    assert_false(dln_cma_warm_start(0, 3, x, 0.1, mean, &sigma, c, work));
    json_decref(vectors);
}

static void the_margin_is_that_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("cmaes");
    const double alpha = json_number_value(vectors_input(vectors, "margin", "alpha"));
    const json_t *results = vectors_expected(vectors, "margin", "result");
    size_t index;
    json_t *result;
    json_array_foreach(results, index, result)
    {
        double mean = json_number_value(json_object_get(result, "m"));
        double spread = json_number_value(json_object_get(result, "A"));
        dln_cma_margin(alpha, json_number_value(json_object_get(result, "lim_low")),
                       json_number_value(json_object_get(result, "lim_up")),
                       json_number_value(json_object_get(result, "s")), &mean, &spread);
        check(result, "new_m", mean);
        check(result, "new_A", spread);
    }
    assert_int_equal(index, 5);
    json_decref(vectors);
}

static void eigenvectors_rebuild_the_matrix(void **state)
{
    (void)state;
    enum { N = 30 };
    static double a[N * N];
    static double spoilt[N * N];
    static double vectors[N * N];
    double values[N];
    struct dln_rng rng;
    dln_rng_init(&rng, 2);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j <= i; j++)
            a[i * N + j] = a[j * N + i] = dln_rng_normal(&rng);
    }
    memcpy(spoilt, a, sizeof a);
    assert_true(dln_eigen_symmetric(N, spoilt, vectors, values));
    for (size_t i = 0; i < N; i++) {
        assert_true(i == 0 || values[i] >= values[i - 1]);
        for (size_t j = 0; j < N; j++) {
            double sum = 0;
            for (size_t k = 0; k < N; k++)
                sum += values[k] * vectors[k * N + i] * vectors[k * N + j];
            assert_close(sum, a[i * N + j], 1e-12, 0);
        }
    }
}

/* Minimises by the distribution alone: fevals used until below 1e-8, or `most`. */
static size_t minimise(size_t d, double (*f)(size_t, const double *), double *reached, size_t most)
{
    struct dln_cma cma = {0};
    struct dln_error err = {0};
    double *mean = calloc(d, sizeof *mean);
    struct dln_rng rng;
    dln_rng_init(&rng, d);
    assert_ok(dln_cma_init(&cma, d, dln_cma_lambda(d), mean, 0.5, &err), err);
    double *x = calloc(cma.lambda * d, sizeof *x);
    double *z = calloc(d, sizeof *z);
    double value[LAMBDA_MAX];
    assert_true(mean && x && z && cma.lambda <= LAMBDA_MAX);
    size_t evals = 0;
    *reached = HUGE_VAL;
    while (evals<most && * reached> 1e-8) {
        for (size_t k = 0; k < cma.lambda; k++) {
            for (size_t i = 0; i < d; i++)
                z[i] = dln_rng_normal(&rng);
            dln_cma_sample(&cma, z, mean);
            const double v = f(d, mean);
            evals++;
            size_t at = k; /* by insertion */
            for (; at > 0 && value[at - 1] > v; at--) {
                value[at] = value[at - 1];
                memcpy(x + at * d, x + (at - 1) * d, d * sizeof *x);
            }
            value[at] = v;
            memcpy(x + at * d, mean, d * sizeof *x);
        }
        *reached = fmin(*reached, value[0]);
        assert_true(dln_cma_tell(&cma, x));
    }
    dln_cma_release(&cma);
    free(mean);
    free(x);
    free(z);
    return evals;
}

static double sphere(size_t d, const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += (x[i] - 1) * (x[i] - 1);
    return sum;
}

/* Axes a thousand times as long as others. */
static double ellipsoid(size_t d, const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += pow(1e6, (double)i / (double)(d - 1)) * (x[i] - 1) * (x[i] - 1);
    return sum;
}

static void distributions_find_minima_at_the_usual_pace(void **state)
{
    (void)state;
    double reached = 0;
    assert_true(minimise(10, sphere, &reached, 3000) < 2500); /* pycma: about 1800 */
    assert_true(reached <= 1e-8);
    assert_true(minimise(10, ellipsoid, &reached, 12000) < 8000); /* pycma: about 5500 */
    assert_true(reached <= 1e-8);
    assert_true(minimise(150, ellipsoid, &reached, 60000) < 60000); /* the diagonal alone */
    assert_true(reached <= 1e-8);
}

static void a_strange_point_is_brought_nearer(void **state)
{
    (void)state;
    struct dln_cma cma = {0};
    struct dln_error err = {0};
    assert_ok(dln_cma_init(&cma, 2, 6, (const double[]){0.5, 0.5}, 0.1, &err), err);
    double far[] = {3.5, 0.5};
    double near[] = {0.55, 0.5};
    dln_cma_shorten(&cma, far);
    dln_cma_shorten(&cma, near);
    assert_close(far[0], 0.5 + 0.1 * (cma.chi_n + 1), 1e-12, 0);
    assert_close(near[0], 0.55, 0, 0);
    dln_cma_release(&cma);
}

static void a_collapsed_distribution_has_ended(void **state)
{
    (void)state;
    struct dln_cma cma = {0};
    struct dln_error err = {0};
    assert_ok(dln_cma_init(&cma, 2, 6, (const double[]){0.5, 0.5}, 0.1, &err), err);
    assert_false(dln_cma_has_ended(&cma));
    cma.sigma = 1e-17; /* no step moves 0.5 any more */
    assert_true(dln_cma_has_ended(&cma));
    cma.sigma = 1e4;
    assert_true(dln_cma_has_ended(&cma));
    cma.sigma = 0.1;
    assert_true(dln_cma_set_covariance(&cma, 0.1, (const double[]){1e10, 0, 0, 1e-5}));
    assert_true(dln_cma_has_ended(&cma));
    assert_false(dln_cma_set_covariance(&cma, 0.1, (const double[]){NAN, 0, 0, 1}));
    dln_cma_release(&cma);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_those_of_the_reference),
        cmocka_unit_test(updates_are_those_of_the_reference),
        cmocka_unit_test(a_warm_start_is_that_of_the_reference),
        cmocka_unit_test(the_margin_is_that_of_the_reference),
        cmocka_unit_test(eigenvectors_rebuild_the_matrix),
        cmocka_unit_test(distributions_find_minima_at_the_usual_pace),
        cmocka_unit_test(a_strange_point_is_brought_nearer),
        cmocka_unit_test(a_collapsed_distribution_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
