#include "support/test.h"

#include "base/rng.h"
#include "math/blas.h"
#include "math/matrix.h"
#include "support/vectors.h"

enum { N = 12, LD = 15 };

/* B Bᵀ + 0.1 on the diagonal, both triangles. */
static void draw(double *a, uint64_t seed)
{
    struct dln_rng rng;
    double b[N][N];
    dln_rng_init(&rng, seed);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++)
            b[i][j] = dln_rng_normal(&rng);
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i * LD + j] = i == j ? 0.1 : 0;
            for (int k = 0; k < N; k++)
                a[i * LD + j] += b[i][k] * b[j][k];
        }
    }
}

static void a_factor_times_itself_is_the_matrix(void **state)
{
    (void)state;
    double a[N * LD];
    double l[N * LD];
    draw(a, 1);
    memcpy(l, a, sizeof a);
    assert_true(dln_cholesky(N, l, LD));
    for (int i = 0; i < N; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = 0;
            for (int k = 0; k <= j; k++)
                sum += l[i * LD + k] * l[j * LD + k];
            assert_close(sum, a[i * LD + j], 1e-12, 1e-12);
        }
        for (int j = i + 1; j < N; j++)
            assert_close(l[i * LD + j], a[i * LD + j], 0, 0); /* above stays as it was */
    }
}

static void appended_rows_make_the_factor_of_the_whole(void **state)
{
    (void)state;
    double a[N * LD];
    double whole[N * LD];
    draw(a, 2);
    memcpy(whole, a, sizeof a);
    assert_true(dln_cholesky(N, whole, LD));
    for (size_t from = 0; from < N; from++) {
        double l[N * LD];
        memcpy(l, a, sizeof a);
        assert_true(dln_cholesky(from, l, LD));
        for (size_t i = from; i < N; i++)
            assert_true(dln_cholesky_append(i, l, LD));
        for (int i = 0; i < N; i++) {
            for (int j = 0; j <= i; j++)
                assert_close(l[i * LD + j], whole[i * LD + j], 1e-12, 1e-12);
        }
    }
}

static void an_appended_row_is_that_of_the_vectors(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("gp_update");
    const char *id = "cholesky_append_row";
    double x[14];
    double ell[2];
    double first[36];
    double l[7 * 7] = {0};
    assert_int_equal(vectors_numbers(vectors_input(vectors, id, "X"), x, 14), 14);
    vectors_numbers(vectors_input(vectors, id, "ell"), ell, 2);
    vectors_numbers(vectors_input(vectors, id, "L_first6"), first, 36);
    for (int i = 0; i < 6; i++)
        memcpy(l + i * 7, first + i * 6, 6 * sizeof *l);
    for (int j = 0; j < 7; j++) {
        const double a = (x[12] - x[j * 2]) / ell[0];
        const double b = (x[13] - x[j * 2 + 1]) / ell[1];
        const double r = sqrt(5 * (a * a + b * b));
        l[42 + j] = (1 + r + r * r / 3) * exp(-r) + (j == 6 ? 0.01 : 0);
    }
    assert_true(dln_cholesky_append(6, l, 7));
    vectors_assert_close(vectors_expected(vectors, id, "L7_last_row"), l + 42, 1e-9, 1e-9);
    json_decref(vectors);
}

static void solving_and_inverting_agree_with_the_matrix(void **state)
{
    (void)state;
    double a[N * LD];
    double l[N * LD];
    draw(a, 3);
    memcpy(l, a, sizeof a);
    assert_true(dln_cholesky(N, l, LD));
    struct dln_rng rng;
    dln_rng_init(&rng, 4);
    for (size_t m = 1; m <= 3; m++) {
        double b[3 * LD];
        double x[3 * LD];
        for (size_t i = 0; i < 3 * LD; i++)
            b[i] = x[i] = dln_rng_normal(&rng);
        dln_solve_lower(N, l, LD, m, x, LD);
        dln_solve_lower_transposed(N, l, LD, m, x, LD);
        for (size_t row = 0; row < m; row++) {
            for (int i = 0; i < N; i++) {
                double sum = 0;
                for (int j = 0; j < N; j++)
                    sum += a[i * LD + j] * x[row * LD + (size_t)j];
                assert_close(sum, b[row * LD + (size_t)i], 1e-9, 1e-9);
            }
        }
    }
    double log_det = 0;
    for (int i = 0; i < N; i++)
        log_det += log(l[i * LD + i]);
    assert_close(dln_cholesky_log_det_half(N, l, LD), log_det, 1e-12, 1e-12);
    assert_true(dln_cholesky_invert(N, l, LD));
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++)
                sum += a[i * LD + k] * (k >= j ? l[k * LD + j] : l[j * LD + k]);
            assert_close(sum, i == j ? 1 : 0, 1e-9, 0);
        }
    }
}

/* Rank one: every row the same. */
static void singular_matrices_get_as_much_jitter_as_they_need(void **state)
{
    (void)state;
    double a[N * LD];
    double diagonal[N];
    for (int i = 0; i < N * LD; i++)
        a[i] = 2;
    for (int i = 0; i < N; i++)
        diagonal[i] = 2;
    double jitter = -1;
    assert_false(dln_cholesky(N, a, LD));
    assert_true(dln_cholesky_jittered(N, a, LD, diagonal, &jitter));
    assert_true(jitter >= 2e-10 && jitter <= 2e-4);
    assert_close(a[0], sqrt(2 + jitter), 1e-12, 0);

    for (int i = 0; i < N; i++)
        diagonal[i] = -1;
    assert_false(dln_cholesky_jittered(N, a, LD, diagonal, &jitter));
    draw(a, 5);
    for (int i = 0; i < N; i++)
        diagonal[i] = a[i * LD + i];
    assert_true(dln_cholesky_jittered(N, a, LD, diagonal, &jitter));
    assert_close(jitter, 0, 0, 0);
}

static void a_row_that_breaks_the_matrix_is_refused(void **state)
{
    (void)state;
    double l[] = {1, 0, 0, 2, 0, 0, NAN, 0, 0}; /* 3 × 3 */
    double two[] = {1, 0, 1, 1};
    assert_false(dln_cholesky_append(1, two, 2)); /* 1 1; 1 1 */
    assert_false(dln_cholesky_append(0, l + 6, 3));
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
        cmocka_unit_test(a_factor_times_itself_is_the_matrix),
        cmocka_unit_test(appended_rows_make_the_factor_of_the_whole),
        cmocka_unit_test(an_appended_row_is_that_of_the_vectors),
        cmocka_unit_test(solving_and_inverting_agree_with_the_matrix),
        cmocka_unit_test(singular_matrices_get_as_much_jitter_as_they_need),
        cmocka_unit_test(a_row_that_breaks_the_matrix_is_refused),
    };
    return cmocka_run_group_tests(tests, load_library, NULL);
}
