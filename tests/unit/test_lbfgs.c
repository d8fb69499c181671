#include "support/test.h"

#include "math/lbfgs.h"

enum { D_MAX = 10 };

/* Rosenbrock's valley, minimum 0 at ones. */
static double valley(size_t d, const double *x, double *g)
{
    double f = 0;
    memset(g, 0, d * sizeof *g);
    for (size_t i = 0; i + 1 < d; i++) {
        const double a = x[i + 1] - x[i] * x[i];
        const double b = 1 - x[i];
        f += 100 * a * a + b * b;
        g[i] -= 400 * a * x[i] + 2 * b;
        g[i + 1] += 200 * a;
    }
    return f;
}

static const struct dln_lbfgs_stop thorough = {
    .gradient = 1e-8, .gain = 0, .iterations = 500, .evaluations = 1000};

static void a_curved_valley_is_followed_to_its_end(void **state)
{
    (void)state;
    for (size_t d = 2; d <= D_MAX; d++) {
        double low[D_MAX];
        double high[D_MAX];
        double start[D_MAX];
        double g[D_MAX];
        for (size_t i = 0; i < d; i++) {
            low[i] = -5;
            high[i] = 5;
            start[i] = i % 2 ? 1 : -1.2;
        }
        struct dln_arena arena = {0};
        struct dln_lbfgs search;
        assert_true(dln_lbfgs_init(&search, d, low, high, thorough, &arena));
        dln_lbfgs_start(&search, start);
        double f;
        do {
            f = valley(d, search.trial, g);
        } while (dln_lbfgs_tell(&search, f, g));
        assert_true(search.f < 1e-12 || d >= 4); /* from 4 on there is a second, poor minimum */
        assert_true(search.f < 4);
        assert_true(search.evaluations < 200);
        valley(d, search.x, g);
        for (size_t i = 0; i < d; i++)
            assert_close(g[i], 0, 1e-4, 0);
        dln_arena_release(&arena);
    }
}

static void a_minimum_outside_the_box_is_met_on_its_wall(void **state)
{
    (void)state;
    /* (x - 3)² + (y + 2)² + xy/4 in [0, 1] × [-1, 1]: x = 1, y = -1 */
    const double low[] = {0, -1};
    const double high[] = {1, 1};
    struct dln_arena arena = {0};
    struct dln_lbfgs search;
    assert_true(dln_lbfgs_init(&search, 2, low, high, thorough, &arena));
    const double starts[][2] = {{0.5, 0.5}, {0, 1}, {1, -1}, {7, 7}};
    for (int k = 0; k < 4; k++) {
        dln_lbfgs_start(&search, starts[k]);
        double g[2];
        double f;
        do {
            const double *x = search.trial;
            for (int i = 0; i < 2; i++)
                assert_true(x[i] >= low[i] && x[i] <= high[i]);
            f = (x[0] - 3) * (x[0] - 3) + (x[1] + 2) * (x[1] + 2) + x[0] * x[1] / 4;
            g[0] = 2 * (x[0] - 3) + x[1] / 4;
            g[1] = 2 * (x[1] + 2) + x[0] / 4;
        } while (dln_lbfgs_tell(&search, f, g));
        assert_close(search.x[0], 1, 0, 0);
        assert_close(search.x[1], -1, 0, 0);
        assert_true(search.evaluations < 12);
    }
    dln_arena_release(&arena);
}

/* log is not defined left of 0, where a long first step ends. */
static void values_that_are_not_finite_send_it_back(void **state)
{
    (void)state;
    const double low[] = {-10};
    const double high[] = {10};
    struct dln_arena arena = {0};
    struct dln_lbfgs search;
    assert_true(dln_lbfgs_init(&search, 1, low, high, thorough, &arena));
    dln_lbfgs_start(&search, (const double[]){0.05});
    double g;
    double f;
    do {
        const double x = search.trial[0];
        f = x > 0 ? x - log(x) : (double)NAN;
        g = 1 - 1 / x;
    } while (dln_lbfgs_tell(&search, f, &g));
    assert_close(search.x[0], 1, 1e-6, 0);

    dln_lbfgs_start(&search, (const double[]){-3});
    assert_false(dln_lbfgs_tell(&search, NAN, &g));
    dln_arena_release(&arena);
}

static void limits_are_kept(void **state)
{
    (void)state;
    const double low[] = {-5, -5};
    const double high[] = {5, 5};
    struct dln_arena arena = {0};
    for (int limit = 1; limit < 20; limit++) {
        const struct dln_lbfgs_stop stop = {.iterations = 500, .evaluations = limit};
        struct dln_lbfgs search;
        double g[2];
        int n = 0;
        assert_true(dln_lbfgs_init(&search, 2, low, high, stop, &arena));
        dln_lbfgs_start(&search, (const double[]){-1.2, 1});
        double f;
        do {
            f = valley(2, search.trial, g);
            n++;
        } while (dln_lbfgs_tell(&search, f, g));
        assert_int_equal(n, limit);
    }
    dln_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_curved_valley_is_followed_to_its_end),
        cmocka_unit_test(a_minimum_outside_the_box_is_met_on_its_wall),
        cmocka_unit_test(values_that_are_not_finite_send_it_back),
        cmocka_unit_test(limits_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
